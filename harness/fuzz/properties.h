// SPDX-License-Identifier: MIT
//
// What must hold of the kernel's own emulator for every chain of filters:
// 1. for each number of both syscall tables, ALLOW has been proved by the reference emulator; and
//    what has been proved is ALLOW, if the chain is small enough that it has to be;
// 2. a number it calls ALLOW gives plain ALLOW from every filter of the chain, and from the chain,
//    whatever the arguments and the instruction pointer;
// 3. each answer is the same in fresh memory, whatever that contains, and after another table.
// That nothing is read out of bounds is for the sanitizers to see.

#pragma once

#include "cbpf/program.h"

#include <optional>
#include <string>

namespace fuzz {

// Of 5.10's x86_64 and i386 alike. Not a number that anything here depends on: hardly any input is
// tried with a whole table, as the reference takes its time for each number.
inline constexpr unsigned table_size = 441;
// The numbers that most inputs are tried with, and are about.
inline constexpr unsigned small_table_size = 24;
// More than two words of a bitmap: the sets of numbers have a middle, and ends of their own.
inline constexpr unsigned medium_table_size = 140;

// With how large a table a chain is tried: a function of the chain.
unsigned table_size_for(const cbpf::Chain &chain);

// What does not hold, in a line; nothing when all does. Property 2 is tried with random
// data, which is a function of the chain. Throws std::invalid_argument for filters that
// cbpf::check() refuses.
std::optional<std::string> violation(const cbpf::Chain &chain);

} // namespace fuzz
