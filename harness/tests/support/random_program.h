// SPDX-License-Identifier: MIT
//
// Random filters and random syscalls for tests.

#pragma once

#include "cbpf/program.h"
#include "tests/support/random.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace support {

// A program the kernel accepts, of `length` (1 to 4096) instructions out of all that seccomp
// allows.
cbpf::Program random_valid_program(Random &random, std::size_t length);

// One made of the eight instructions the cache's emulator must understand, plus, where
// `argument_loads`, loads of other fields. Compares with numbers near those of real syscalls.
cbpf::Program random_cacheable_program(Random &random, std::size_t length, bool argument_loads);

// A valid program with one to three fields changed at random: about half of them are refused.
cbpf::Program mutate(Random &random, cbpf::Program program);

// Arguments and instruction pointer of a syscall, favouring words at which filters change their
// mind: 0, 1, powers of two, all ones, and constants of `program`.
seccomp_data random_data(Random &random, std::span<const cbpf::Instruction> program,
                         std::uint32_t arch, std::uint32_t number);

} // namespace support
