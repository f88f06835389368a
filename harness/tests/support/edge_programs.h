// SPDX-License-Identifier: MIT
//
// Short random filters about what those of real shapes keep away from: constants and ways at which
// an emulator's cases end. Each instruction may decide about some number.

#pragma once

#include "cbpf/program.h"
#include "tests/support/random.h"

namespace support {

// Half of them of nothing but the eight instructions that every form of the cache understands.
// cbpf::check() accepts all.
cbpf::Program edge_program(Random &random);

} // namespace support
