// SPDX-License-Identifier: MIT
//
// Filters that are as expensive to attach as their author can make them: the longest there are,
// made of a few instructions over and over.
//
//     for (const Gadget gadget : all_gadgets)
//         attach(hostile_program({&gadget, 1}));
//
// Every program is one that cbpf::check() accepts, and allows every call that it can decide.

#pragma once

#include "cbpf/program.h"

#include <array>
#include <span>
#include <string_view>
#include <vector>

namespace bench {

// Each is hard for another way to analyse a filter.
enum class Gadget {
    number_list,   // every number goes through all of it
    number_hits,   // each number leaves the list at another place, and all meet again
    jset_ladder,   // bits of the number, each test reached by another set of numbers
    ranges,        // sets of numbers fall apart and come together again
    masks,         // A is the number without a bit or two
    arithmetic,    // a different result for each number
    divisions,     // the same with an X that is 0 for one number, which ends the program
    scratch_joins, // a word of memory is a constant on one way and something else on the other
    scratch_sums,  // values in memory grow, and all remain different
    diamonds,      // tests of arguments, both outcomes of which go on
    registers,     // comparisons with X
    architectures, // nothing is known of the number for half of the way
};

inline constexpr std::array all_gadgets = {
    Gadget::number_list,  Gadget::number_hits, Gadget::jset_ladder, Gadget::ranges,
    Gadget::masks,        Gadget::arithmetic,  Gadget::divisions,   Gadget::scratch_joins,
    Gadget::scratch_sums, Gadget::diamonds,    Gadget::registers,   Gadget::architectures};

std::string_view name(Gadget gadget);

// The gadgets of `pattern` one after the other, with changing constants, until no more fit into
// cbpf::max_instructions.
cbpf::Program hostile_program(std::span<const Gadget> pattern);

// Five instructions, of which two have a different result for each number.
cbpf::Program short_hostile_program();

} // namespace bench
