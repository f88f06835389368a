// SPDX-License-Identifier: MIT
#include "cbpf/builder.h"

#include <cstddef>

namespace cbpf {

namespace {
constexpr std::uint32_t first_argument = offsetof(seccomp_data, args);
}

Instruction stmt(unsigned code, std::uint32_t k) {
    return {static_cast<std::uint16_t>(code), 0, 0, k};
}

Instruction jump(unsigned code, std::uint32_t k, unsigned jt, unsigned jf) {
    return {static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(jt),
            static_cast<std::uint8_t>(jf), k};
}

Instruction load(std::uint32_t offset) { return stmt(BPF_LD | BPF_W | BPF_ABS, offset); }

Instruction load_nr() { return load(offsetof(seccomp_data, nr)); }

Instruction load_arch() { return load(offsetof(seccomp_data, arch)); }

Instruction load_ip_low() { return load(offsetof(seccomp_data, instruction_pointer)); }

Instruction load_ip_high() { return load(offsetof(seccomp_data, instruction_pointer) + 4); }

Instruction load_arg_low(unsigned index) { return load(first_argument + 8 * index); }

Instruction load_arg_high(unsigned index) { return load(first_argument + 8 * index + 4); }

Instruction ja(std::uint32_t distance) { return stmt(BPF_JMP | BPF_JA, distance); }

Instruction jeq(std::uint32_t k, unsigned jt, unsigned jf) {
    return jump(BPF_JMP | BPF_JEQ | BPF_K, k, jt, jf);
}

Instruction jgt(std::uint32_t k, unsigned jt, unsigned jf) {
    return jump(BPF_JMP | BPF_JGT | BPF_K, k, jt, jf);
}

Instruction jge(std::uint32_t k, unsigned jt, unsigned jf) {
    return jump(BPF_JMP | BPF_JGE | BPF_K, k, jt, jf);
}

Instruction jset(std::uint32_t k, unsigned jt, unsigned jf) {
    return jump(BPF_JMP | BPF_JSET | BPF_K, k, jt, jf);
}

Instruction alu_and(std::uint32_t mask) { return stmt(BPF_ALU | BPF_AND | BPF_K, mask); }

Instruction ret(std::uint32_t value) { return stmt(BPF_RET | BPF_K, value); }

Instruction ret_a() { return stmt(BPF_RET | BPF_A); }

Instruction ret_allow() { return ret(SECCOMP_RET_ALLOW); }

Instruction ret_errno(unsigned error) {
    return ret(SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA));
}

} // namespace cbpf
