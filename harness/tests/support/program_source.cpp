// SPDX-License-Identifier: MIT
#include "tests/support/program_source.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>

namespace support {

namespace {

using cbpf::Instruction;

std::string load_source(std::uint32_t offset) {
    constexpr std::uint32_t ip = offsetof(seccomp_data, instruction_pointer);
    constexpr std::uint32_t args = offsetof(seccomp_data, args);
    if (offset == offsetof(seccomp_data, nr))
        return "load_nr()";
    if (offset == offsetof(seccomp_data, arch))
        return "load_arch()";
    if (offset == ip)
        return "load_ip_low()";
    if (offset == ip + 4)
        return "load_ip_high()";
    if (offset < args || offset % 4 != 0)
        return fmt::format("load({})", offset);
    return fmt::format("load_arg_{}({})", (offset - args) % 8 == 0 ? "low" : "high",
                       (offset - args) / 8);
}

std::string ret_source(std::uint32_t value) {
    if (value == SECCOMP_RET_ALLOW)
        return "ret_allow()";
    return fmt::format("ret({})", return_source(value));
}

std::string jump_source(const Instruction &insn) {
    static constexpr std::array names = {"ja", "jeq", "jgt", "jge", "jset"};
    const auto operation = static_cast<std::size_t>(BPF_OP(insn.code) >> 4);
    return fmt::format("{}({:#x}, {}, {})", names.at(operation), insn.k, insn.jt, insn.jf);
}

// Plain numbers for what the builder has no word for.
std::string source(const Instruction &insn) {
    switch (insn.code) {
    case BPF_LD | BPF_W | BPF_ABS:
        return load_source(insn.k);
    case BPF_JMP | BPF_JA:
        return fmt::format("ja({})", insn.k);
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
        return jump_source(insn);
    case BPF_ALU | BPF_AND | BPF_K:
        return fmt::format("alu_and({:#x})", insn.k);
    case BPF_RET | BPF_K:
        return ret_source(insn.k);
    case BPF_RET | BPF_A:
        return "ret_a()";
    default:
        if (BPF_CLASS(insn.code) == BPF_JMP)
            return fmt::format("jump({:#x}, {:#x}, {}, {})", insn.code, insn.k, insn.jt, insn.jf);
        return fmt::format("stmt({:#x}, {:#x})", insn.code, insn.k);
    }
}

} // namespace

std::string return_source(std::uint32_t value) {
    static constexpr std::pair<std::uint32_t, const char *> names[] = {
        {SECCOMP_RET_KILL_PROCESS, "SECCOMP_RET_KILL_PROCESS"},
        {SECCOMP_RET_KILL_THREAD, "SECCOMP_RET_KILL_THREAD"},
        {SECCOMP_RET_TRAP, "SECCOMP_RET_TRAP"},
        {SECCOMP_RET_ERRNO, "SECCOMP_RET_ERRNO"},
        {SECCOMP_RET_USER_NOTIF, "SECCOMP_RET_USER_NOTIF"},
        {SECCOMP_RET_TRACE, "SECCOMP_RET_TRACE"},
        {SECCOMP_RET_LOG, "SECCOMP_RET_LOG"},
        {SECCOMP_RET_ALLOW, "SECCOMP_RET_ALLOW"},
    };
    for (const auto &[action, name] : names) {
        if (action != (value & SECCOMP_RET_ACTION_FULL))
            continue;
        const std::uint32_t data = value & SECCOMP_RET_DATA;
        return data == 0 ? name : fmt::format("{} | {:#x}", name, data);
    }
    return fmt::format("{:#x}", value);
}

std::string program_source(const cbpf::Program &program) {
    std::string text = "{";
    for (std::size_t i = 0; i < program.size(); i++)
        text += (i == 0 ? "" : ", ") + source(program[i]);
    return text + "}";
}

std::string chain_source(const cbpf::Chain &chain) {
    std::string text = "{";
    for (std::size_t i = 0; i < chain.size(); i++)
        text += (i == 0 ? "" : ",\n     ") + program_source(chain[i]);
    return text + "}";
}

} // namespace support
