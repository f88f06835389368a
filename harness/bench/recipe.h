// SPDX-License-Identifier: MIT
//
// Filters of 4096 instructions in a few numbers: a handful of instructions, over and over, with
// constants that change from round to round. It is what the search for expensive filters changes,
// and how those it has found are kept.
//
//     Recipe recipe{.phases = {{.rounds = 1, .steps = {{BPF_JMP | BPF_JSET | BPF_K, 0, 1,
//                                                       Constant::bit, 0, 1}}}}};
//     cbpf::Program program = cook(recipe);

#pragma once

#include "cbpf/program.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

// What becomes of n = k + round * stride.
enum class Constant {
    plain,     // n
    number,    // n as the number of a syscall
    bit,       // one of the bits that such numbers have
    other_bits // all but that one
};

inline constexpr std::array all_constants = {Constant::plain, Constant::number, Constant::bit,
                                             Constant::other_bits};

struct Step {
    std::uint16_t code = 0;
    std::uint8_t jt = 0;
    std::uint8_t jf = 0;
    Constant constant = Constant::plain;
    std::uint32_t k = 0;
    std::uint32_t stride = 0;
    // From round to round jt gets less by as much as is needed to lead to the same place, from as
    // far as it can.
    bool meets = false;

    bool operator==(const Step &) const = default;
};

struct Phase {
    unsigned rounds = 1; // the last one goes on to the end
    std::vector<Step> steps;

    bool operator==(const Phase &) const = default;
};

struct Recipe {
    std::vector<Phase> phases;

    bool operator==(const Recipe &) const = default;
};

// Begins with a load of the number, and with a store to every word of memory if any is read. Ends
// with as many returns of ALLOW as its jumps need. Not every recipe makes a program that
// cbpf::check() accepts. Returns an empty one where a phase has no steps.
cbpf::Program cook(const Recipe &recipe);

// As C++ that makes it.
std::string source(const Recipe &recipe);

} // namespace bench
