// SPDX-License-Identifier: MIT
//
// What the bytes of a fuzzing input mean: raw filters as loader.h has them (8 bytes an
// instruction), oldest first, with a separator between two filters: a record whose code is 0xffff.
// So a filter dumped from a program is an input as it stands.

#pragma once

#include "cbpf/program.h"

#include <cstdint>
#include <span>
#include <vector>

namespace fuzz {

using Bytes = std::vector<std::uint8_t>;

// Every input means some chain. Filters without instructions are left out, as are up to seven
// bytes at the end that make no record. Nothing is checked: see repair.h.
cbpf::Chain decode(std::span<const std::uint8_t> input);

// decode(encode(chain)) is `chain`, if no filter of it is empty or has an instruction 0xffff.
Bytes encode(const cbpf::Chain &chain);

} // namespace fuzz
