// SPDX-License-Identifier: MIT
//
// Filters for human eyes: one line per instruction, jump targets resolved, fields of struct
// seccomp_data by name, and, where it can be inferred, what a constant means.
//
//     0000: A = arch
//     0001: if (A == 0xc000003e) goto 0002 else goto 0005   ; x86_64
//     0002: A = nr
//     0003: if (A == 0x27) goto 0004 else goto 0005         ; getpid
//     0004: return ALLOW
//     0005: return KILL_PROCESS

#pragma once

#include "cbpf/program.h"

#include <cstdint>
#include <span>
#include <string>

namespace cbpf {

// The whole program, each line ended by '\n'. Takes anything, programs the kernel would refuse
// included: an unknown instruction is printed as its four numbers, a jump out of the program with
// its target as it stands.
std::string disassemble(std::span<const Instruction> program);

// "nr", "arch", "instruction_pointer (low)", "args[2] (high)", ... for an offset in bytes;
// "data[N]" for one that is no field's start.
std::string field_name(std::uint32_t offset);

} // namespace cbpf
