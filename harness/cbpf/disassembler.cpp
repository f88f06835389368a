// SPDX-License-Identifier: MIT
#include "cbpf/disassembler.h"

#include "cbpf/action.h"
#include "cbpf/syscall_table.h"

#include <fmt/format.h>
#include <linux/audit.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace cbpf {

namespace {

constexpr std::uint32_t nr_offset = offsetof(seccomp_data, nr);
constexpr std::uint32_t arch_offset = offsetof(seccomp_data, arch);
constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::size_t comment_column = 60;

// What is known when control reaches an instruction, over all ways there.
struct Knowledge {
    bool reached = false;
    std::optional<std::uint32_t> loaded; // A holds the field at this offset, unchanged
    std::optional<std::uint32_t> arch;   // seccomp_data.arch has been compared and is this

    void join(const Knowledge &other) {
        if (!reached) {
            *this = other;
            return;
        }
        if (loaded != other.loaded)
            loaded.reset();
        if (arch != other.arch)
            arch.reset();
    }
};

bool writes_a(std::uint16_t code) {
    switch (BPF_CLASS(code)) {
    case BPF_LD:
    case BPF_ALU:
        return true;
    case BPF_MISC:
        return BPF_MISCOP(code) == BPF_TXA;
    default:
        return false;
    }
}

bool is_jump(std::uint16_t code) { return BPF_CLASS(code) == BPF_JMP; }

bool is_always(std::uint16_t code) { return code == (BPF_JMP | BPF_JA); }

Knowledge after(const Instruction &insn, Knowledge known) {
    if (insn.code == (BPF_LD | BPF_W | BPF_ABS))
        known.loaded = insn.k;
    else if (writes_a(insn.code))
        known.loaded.reset();
    return known;
}

// All jumps go forward, so one pass from the top meets every way to an instruction before the
// instruction itself.
std::vector<Knowledge> analyse(std::span<const Instruction> program) {
    std::vector<Knowledge> known(program.size());
    if (program.empty())
        return known;
    known[0].reached = true;

    for (std::size_t pc = 0; pc < program.size(); pc++) {
        const Instruction &insn = program[pc];
        if (!known[pc].reached || BPF_CLASS(insn.code) == BPF_RET)
            continue;
        const Knowledge next = after(insn, known[pc]);
        const auto flow_to = [&](std::size_t distance, const Knowledge &what) {
            if (pc + 1 + distance < program.size())
                known[pc + 1 + distance].join(what);
        };

        if (!is_jump(insn.code)) {
            flow_to(0, next);
        } else if (is_always(insn.code)) {
            flow_to(insn.k, next);
        } else {
            Knowledge equal = next;
            if (insn.code == (BPF_JMP | BPF_JEQ | BPF_K) && next.loaded == arch_offset)
                equal.arch = insn.k;
            flow_to(insn.jt, equal);
            flow_to(insn.jf, next);
        }
    }
    return known;
}

std::string operand(const Instruction &insn) {
    return BPF_SRC(insn.code) == BPF_X ? "X" : fmt::format("{:#x}", insn.k);
}

std::optional<std::string> load_text(const Instruction &insn) {
    switch (insn.code) {
    case BPF_LD | BPF_W | BPF_ABS:
        return "A = " + field_name(insn.k);
    case BPF_LD | BPF_W | BPF_LEN:
        return "A = sizeof(data)";
    case BPF_LDX | BPF_W | BPF_LEN:
        return "X = sizeof(data)";
    case BPF_LD | BPF_IMM:
        return fmt::format("A = {:#x}", insn.k);
    case BPF_LDX | BPF_IMM:
        return fmt::format("X = {:#x}", insn.k);
    case BPF_LD | BPF_MEM:
        return fmt::format("A = M[{}]", insn.k);
    case BPF_LDX | BPF_MEM:
        return fmt::format("X = M[{}]", insn.k);
    case BPF_ST:
        return fmt::format("M[{}] = A", insn.k);
    case BPF_STX:
        return fmt::format("M[{}] = X", insn.k);
    case BPF_MISC | BPF_TAX:
        return "X = A";
    case BPF_MISC | BPF_TXA:
        return "A = X";
    default:
        return std::nullopt;
    }
}

// The operator of an arithmetic instruction, or of the condition of a jump.
std::optional<std::string_view> arithmetic_operator(std::uint16_t code) {
    switch (BPF_OP(code)) {
    case BPF_ADD:
        return "+";
    case BPF_SUB:
        return "-";
    case BPF_MUL:
        return "*";
    case BPF_DIV:
        return "/";
    case BPF_MOD:
        return "%";
    case BPF_AND:
        return "&";
    case BPF_OR:
        return "|";
    case BPF_XOR:
        return "^";
    case BPF_LSH:
        return "<<";
    case BPF_RSH:
        return ">>";
    default:
        return std::nullopt;
    }
}

std::optional<std::string_view> condition_operator(std::uint16_t code) {
    switch (BPF_OP(code)) {
    case BPF_JEQ:
        return "==";
    case BPF_JGT:
        return ">";
    case BPF_JGE:
        return ">=";
    case BPF_JSET:
        return "&";
    default:
        return std::nullopt;
    }
}

std::optional<std::string> alu_text(const Instruction &insn) {
    if (insn.code == (BPF_ALU | BPF_NEG))
        return "A = -A";
    if (const auto op = arithmetic_operator(insn.code))
        return fmt::format("A {}= {}", *op, operand(insn));
    return std::nullopt;
}

std::optional<std::string> jump_text(const Instruction &insn, std::size_t pc) {
    const std::size_t next = pc + 1;
    if (is_always(insn.code))
        return fmt::format("goto {:04}", next + insn.k);
    if (const auto op = condition_operator(insn.code))
        return fmt::format("if (A {} {}) goto {:04} else goto {:04}", *op, operand(insn),
                           next + insn.jt, next + insn.jf);
    return std::nullopt;
}

std::optional<std::string> return_text(const Instruction &insn) {
    if (insn.code == (BPF_RET | BPF_K))
        return "return " + action_name(insn.k);
    if (insn.code == (BPF_RET | BPF_A))
        return "return A";
    return std::nullopt;
}

std::string text(const Instruction &insn, std::size_t pc) {
    // A code with bits outside of its low byte is none the kernel knows.
    std::optional<std::string> known;
    if (insn.code > 0xff)
        known = std::nullopt;
    else if (BPF_CLASS(insn.code) == BPF_ALU)
        known = alu_text(insn);
    else if (is_jump(insn.code))
        known = jump_text(insn, pc);
    else if (BPF_CLASS(insn.code) == BPF_RET)
        known = return_text(insn);
    else
        known = load_text(insn);
    return known.value_or(
        fmt::format("unknown {{{:#06x}, {}, {}, {:#x}}}", insn.code, insn.jt, insn.jf, insn.k));
}

// What the constant of a comparison stands for.
std::string meaning(const Instruction &insn, const Knowledge &known) {
    if (!known.reached || !is_jump(insn.code) || is_always(insn.code) ||
        BPF_SRC(insn.code) == BPF_X)
        return {};
    if (known.loaded == arch_offset)
        return arch_name(insn.k).value_or("");
    if (known.loaded != nr_offset || !known.arch)
        return {};
    if (insn.k == x32_bit && BPF_OP(insn.code) != BPF_JEQ)
        return "x32 numbers";
    if (BPF_OP(insn.code) == BPF_JSET)
        return {};
    const auto name = syscall_name(*known.arch, insn.k);
    if (!name)
        return {};
    const bool x32 = known.arch == AUDIT_ARCH_X86_64 && (insn.k & x32_bit) != 0;
    return x32 ? *name + " (x32)" : *name;
}

} // namespace

std::string field_name(std::uint32_t offset) {
    constexpr std::uint32_t pointer = offsetof(seccomp_data, instruction_pointer);
    constexpr std::uint32_t args = offsetof(seccomp_data, args);

    if (offset == nr_offset)
        return "nr";
    if (offset == arch_offset)
        return "arch";
    if (offset >= sizeof(seccomp_data) || offset % 4 != 0)
        return fmt::format("data[{}]", offset);
    const char *half = offset % 8 == 0 ? "low" : "high";
    if (offset < args)
        return fmt::format("instruction_pointer ({})", half);
    static_assert(pointer + 8 == args);
    return fmt::format("args[{}] ({})", (offset - args) / 8, half);
}

std::string disassemble(std::span<const Instruction> program) {
    const std::vector<Knowledge> known = analyse(program);
    std::string out;
    for (std::size_t pc = 0; pc < program.size(); pc++) {
        std::string line = fmt::format("{:04}: {}", pc, text(program[pc], pc));
        if (const std::string comment = meaning(program[pc], known[pc]); !comment.empty())
            line = fmt::format("{:<{}} ; {}", line, comment_column, comment);
        out += line + '\n';
    }
    return out;
}

} // namespace cbpf
