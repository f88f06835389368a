// SPDX-License-Identifier: MIT
//
// Random filters of the shapes that real ones have: what libseccomp, systemd and chromium generate,
// and what they do not but the kernel takes. Like everything random here, a function of the seed.
//
//     Aim aim{.numbers = {SYS_getpid, SYS_getppid}};
//     for (const Shape shape : all_shapes)
//         run(shaped_program(random, shape, aim));
//
// Every program is one that cbpf::check() accepts.

#pragma once

#include "cbpf/program.h"
#include "tests/support/random_program.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace support {

// What the filters are about.
struct Aim {
    std::vector<std::uint32_t> arches{};  // tokens to test for; empty: x86_64 and i386
    std::vector<std::uint32_t> numbers{}; // syscall numbers to test for; empty: 0 to 449
    std::vector<std::uint32_t>
        returns{}; // whole values; empty: every action, ALLOW most of the time
    // Nothing but the eight instructions of the contract, and loads of any field.
    bool only_understood = false;
};

enum class Shape {
    list,          // libseccomp: a list of numbers for each architecture, some with arguments
    tree,          // libseccomp's binary tree
    restriction,   // systemd: one purpose, a handful of numbers, everything else allowed
    argument_tree, // chromium: ranges of numbers, masks and switches over arguments at the leaves
    masks,         // AND and JSET on the number
    scratch,       // scratch memory, X and arithmetic on the number
    random,        // random_valid_program()
};

inline constexpr std::array all_shapes = {Shape::list,          Shape::tree,  Shape::restriction,
                                          Shape::argument_tree, Shape::masks, Shape::scratch,
                                          Shape::random};

std::string_view shape_name(Shape shape);

// With `only_understood`, scratch and random are random_cacheable_program()s.
cbpf::Program shaped_program(Random &random, Shape shape, const Aim &aim = {});

// Filters of mixed shapes, oldest first; mostly restrictions where `depth` is more than a few, as
// on a real system.
cbpf::Chain shaped_chain(Random &random, std::size_t depth, const Aim &aim = {});

} // namespace support
