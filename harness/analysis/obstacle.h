// SPDX-License-Identifier: MIT
//
// Why does the reference emulator (reference_emulator.h) not decide a number? What it meets on
// the number's way that is not one of the eight instructions it understands.

#pragma once

#include "cbpf/program.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace analysis {

enum class Obstacle {
    argument,            // a load of args[0] to args[5], or a part of one
    instruction_pointer, // a load of it
    constant,            // LD or LDX of a constant or of the length
    scratch_memory,      // a load or store of it
    arithmetic,          // other than AND with a constant
    register_x,          // a move to or from it, or a comparison with it
    computed_return,     // RET|A
};

std::string_view obstacle_name(Obstacle obstacle);

// The first on the way, or nothing if it gets to the end. The program must be one that
// cbpf::check() accepts.
std::optional<Obstacle> first_obstacle(std::span<const cbpf::Instruction> program,
                                       std::uint32_t arch, std::uint32_t number);

} // namespace analysis
