// SPDX-License-Identifier: MIT
//
// Random bytes are hardly ever a program that the kernel takes, and what it does not take never
// reaches the emulator. This makes one of them, with as few changes as will do.

#pragma once

#include "cbpf/program.h"

namespace fuzz {

// A program that cbpf::check() accepts, of the same length (cut to the longest allowed). One that
// it accepts already comes back unchanged. An empty program stays empty: there is no mending that.
cbpf::Program repaired(cbpf::Program program);

// The same for each filter of a chain; empty ones are dropped.
cbpf::Chain repaired(cbpf::Chain chain);

} // namespace fuzz
