// SPDX-License-Identifier: MIT
//
// Programs as C++ expressions, for tests:
//
//     Program p = {load_arch(), jeq(AUDIT_ARCH_X86_64, 0, 2), load_nr(), jeq(39, 1, 0),
//                  ret(SECCOMP_RET_KILL_PROCESS), ret_allow()};
//
// Jump distances count the instructions skipped, as in struct sock_filter. Nothing is checked
// here: tests want to write bad programs as well.

#pragma once

#include "cbpf/program.h"

#include <cstdint>

namespace cbpf {

Instruction stmt(unsigned code, std::uint32_t k = 0);
Instruction jump(unsigned code, std::uint32_t k, unsigned jt, unsigned jf);

// LD|W|ABS of a byte offset in struct seccomp_data, and of its fields by name. Argument words and
// the instruction pointer have two halves (little endian: the low one comes first).
Instruction load(std::uint32_t offset);
Instruction load_nr();
Instruction load_arch();
Instruction load_ip_low();
Instruction load_ip_high();
Instruction load_arg_low(unsigned index);
Instruction load_arg_high(unsigned index);

Instruction ja(std::uint32_t distance);
Instruction jeq(std::uint32_t k, unsigned jt, unsigned jf);
Instruction jgt(std::uint32_t k, unsigned jt, unsigned jf);
Instruction jge(std::uint32_t k, unsigned jt, unsigned jf);
Instruction jset(std::uint32_t k, unsigned jt, unsigned jf);
Instruction alu_and(std::uint32_t mask);

Instruction ret(std::uint32_t value);
Instruction ret_a();
Instruction ret_allow();
Instruction ret_errno(unsigned error);

} // namespace cbpf
