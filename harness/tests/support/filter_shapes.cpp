// SPDX-License-Identifier: MIT
#include "tests/support/filter_shapes.h"

#include "tests/support/backward_assembler.h"

#include <linux/audit.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace support {
namespace {

using cbpf::Program;
using Label = BackwardAssembler::Label;

constexpr std::uint32_t x32_bit = 0x40000000;

const std::vector<std::uint32_t> &default_returns() {
    static const std::vector<std::uint32_t> values = {SECCOMP_RET_ALLOW,
                                                      SECCOMP_RET_ALLOW,
                                                      SECCOMP_RET_ALLOW,
                                                      SECCOMP_RET_ALLOW,
                                                      SECCOMP_RET_ALLOW,
                                                      SECCOMP_RET_ERRNO | 1,
                                                      SECCOMP_RET_ERRNO | 38,
                                                      SECCOMP_RET_ERRNO,
                                                      SECCOMP_RET_ERRNO | 0xffff,
                                                      SECCOMP_RET_TRAP,
                                                      SECCOMP_RET_TRAP | 9,
                                                      SECCOMP_RET_TRACE | 7,
                                                      SECCOMP_RET_LOG,
                                                      SECCOMP_RET_USER_NOTIF,
                                                      SECCOMP_RET_KILL_THREAD,
                                                      SECCOMP_RET_KILL_PROCESS,
                                                      SECCOMP_RET_ALLOW | 1,
                                                      SECCOMP_RET_ALLOW | 0xffff,
                                                      SECCOMP_RET_LOG | 5,
                                                      0x00010000 /* unknown */};
    return values;
}

Aim complete(Aim aim) {
    if (aim.arches.empty())
        aim.arches = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386};
    if (aim.numbers.empty()) {
        aim.numbers.resize(450);
        std::iota(aim.numbers.begin(), aim.numbers.end(), 0u);
    }
    if (aim.returns.empty())
        aim.returns = default_returns();
    return aim;
}

// Writes one filter. Each function returns the entry of the code it has written; `allow` and
// `other` are what that code may go to.
class Author {
public:
    Author(Random &random, const Aim &aim) : random_(random), aim_(aim) {
        for (const std::uint32_t value : aim_.returns)
            outcomes_.push_back(code_.emit(cbpf::ret(value)));
        // Last, so that it is the nearest.
        allow_ = code_.emit(cbpf::ret(SECCOMP_RET_ALLOW));
    }

    Program list() {
        return for_each_arch([&] { return number_list(1 + pick(random_, 60), outcome(), 4); });
    }

    Program tree() {
        return for_each_arch([&] { return number_tree(1 + pick(random_, 90), 4); });
    }

    Program restriction() {
        const std::vector<std::uint32_t> numbers = some_numbers(1 + pick(random_, 8));
        const Label refuse = outcome();
        // The rest of its kind load the architecture, and let foreign ones go.
        const bool all_arches = chance(random_, 3);
        Label next = allow_;
        for (const std::uint32_t number : numbers) {
            const Label hit = chance(random_, 3) ? argument_test(refuse, allow_) : refuse;
            next = code_.branch(BPF_JEQ, number, hit, next);
        }
        Label body = code_.emit(cbpf::load_nr());
        if (!all_arches) {
            body = code_.branch(BPF_JEQ, one_of(random_, aim_.arches), body, allow_);
            code_.emit(cbpf::load_arch());
        }
        return std::move(code_).finish();
    }

    Program argument_tree() {
        return for_each_arch([&] { return number_tree(4 + pick(random_, 40), 2); });
    }

    Program masks() {
        Label next = outcome();
        for (std::uint32_t steps = 1 + pick(random_, 24); steps > 0; steps--) {
            const Label target = chance(random_, 3) ? outcome() : next;
            switch (pick(random_, 5)) {
            case 0:
                next = code_.branch(BPF_JSET, bits(), target, next);
                break;
            case 1:
                next = code_.branch(BPF_JSET, bits(), next, target);
                break;
            case 2:
                next = code_.branch(BPF_JEQ, number() & bits(), target, next);
                break;
            case 3:
                next = code_.emit(cbpf::alu_and(chance(random_, 4) ? bits() : ~bits()));
                break;
            default:
                next = code_.emit(chance(random_, 6) ? cbpf::load_arch() : cbpf::load_nr());
                break;
            }
            next = reach(next);
        }
        code_.emit(cbpf::load_nr());
        return std::move(code_).finish();
    }

    // The number goes through registers and memory before it is compared.
    Program scratch() {
        Label next = outcome();
        for (std::uint32_t tests = 1 + pick(random_, 8); tests > 0; tests--) {
            next = code_.branch(compare(), arithmetic_constant(), outcome(), next);
            next = reach(computation());
        }
        // Every word is written before any can be read, on every path.
        for (std::uint32_t word = 0; word < BPF_MEMWORDS; word++) {
            code_.emit(cbpf::stmt(chance(random_, 2) ? BPF_ST : BPF_STX, word));
            if (chance(random_, 4))
                code_.emit(cbpf::stmt(BPF_MISC | BPF_TAX));
        }
        code_.emit(cbpf::load_nr());
        return std::move(code_).finish();
    }

private:
    // --- what filters are made of ---

    std::uint32_t number() {
        const std::uint32_t value = one_of(random_, aim_.numbers);
        return chance(random_, 12) ? value | x32_bit : value;
    }

    // Sorted, each once: libraries sort.
    std::vector<std::uint32_t> some_numbers(std::uint32_t count) {
        std::vector<std::uint32_t> numbers;
        for (std::uint32_t i = 0; i < count; i++)
            numbers.push_back(number());
        std::sort(numbers.begin(), numbers.end());
        numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
        return numbers;
    }

    // A mask of one bit or several, of those that syscall numbers have.
    std::uint32_t bits() {
        std::uint32_t mask = 1u << pick(random_, 9);
        while (chance(random_, 2))
            mask |= 1u << pick(random_, chance(random_, 8) ? 32 : 9);
        return mask;
    }

    std::uint32_t argument_constant() {
        switch (pick(random_, 4)) {
        case 0:
            return pick(random_, 4);
        case 1:
            return 1u << pick(random_, 32);
        case 2:
            return UINT32_MAX - pick(random_, 2);
        default:
            return static_cast<std::uint32_t>(random_());
        }
    }

    Label outcome() {
        return chance(random_, 3)
                   ? allow_
                   : outcomes_[pick(random_, static_cast<std::uint32_t>(outcomes_.size()))];
    }

    // So that code behind `label` may be left out of the way: a fall-through must be to the last
    // instruction written.
    Label reach(Label label) { return label == code_.size() ? label : code_.jump_to(label); }

    // --- conditions on arguments, as libseccomp writes them: high word, then low word ---

    Label word_test(bool low, unsigned index, Label match, Label otherwise) {
        if (low && chance(random_, 3)) {
            // Masked: argument & mask == value.
            const std::uint32_t mask = argument_constant();
            code_.branch(BPF_JEQ, argument_constant() & mask, match, otherwise);
            code_.emit(cbpf::alu_and(mask));
        } else {
            const unsigned relation[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
            code_.branch(low ? relation[pick(random_, 4)] : unsigned{BPF_JEQ},
                         low ? argument_constant() : 0, match, otherwise);
        }
        return code_.emit(low ? cbpf::load_arg_low(index) : cbpf::load_arg_high(index));
    }

    Label argument_test(Label match, Label otherwise) {
        if (chance(random_, 16))
            return instruction_pointer_test(match, otherwise);
        const unsigned index = pick(random_, 6);
        const Label low = word_test(true, index, match, otherwise);
        return chance(random_, 3) ? low : word_test(false, index, low, otherwise);
    }

    Label instruction_pointer_test(Label match, Label otherwise) {
        code_.branch(BPF_JGE, argument_constant(), match, otherwise);
        return code_.emit(chance(random_, 2) ? cbpf::load_ip_low() : cbpf::load_ip_high());
    }

    // What becomes of one number: a constant in most cases, or something about its arguments.
    Label verdict(std::uint32_t constant_of) {
        if (!chance(random_, constant_of))
            return outcome();
        Label match = outcome();
        Label otherwise = outcome();
        for (std::uint32_t tests = 1 + pick(random_, 3); tests > 0; tests--) {
            match = argument_test(match, otherwise);
            if (chance(random_, 3))
                std::swap(match, otherwise);
        }
        return chance(random_, 2) ? match : otherwise;
    }

    // --- ways to find a number ---

    Label number_list(std::uint32_t count, Label fallback, std::uint32_t constant_of) {
        Label next = fallback;
        for (const std::uint32_t value : some_numbers(count)) {
            const Label found = verdict(constant_of);
            next = code_.branch(BPF_JEQ, value, found, next);
        }
        return next;
    }

    Label number_tree(std::uint32_t count, std::uint32_t constant_of) {
        const auto numbers = some_numbers(count);
        return subtree(numbers.data(), numbers.size(), outcome(), constant_of);
    }

    Label subtree(const std::uint32_t *numbers, std::size_t count, Label fallback,
                  std::uint32_t constant_of) {
        if (count == 0)
            return fallback;
        if (count <= 2) {
            Label next = fallback;
            for (std::size_t i = 0; i < count; i++) {
                const Label found = verdict(constant_of);
                next = code_.branch(BPF_JEQ, numbers[i], found, next);
            }
            return next;
        }
        const std::size_t half = count / 2;
        const Label upper = subtree(numbers + half, count - half, fallback, constant_of);
        const Label lower = subtree(numbers, half, fallback, constant_of);
        return chance(random_, 2) ? code_.branch(BPF_JGE, numbers[half], upper, lower)
                                  : code_.branch(BPF_JGT, numbers[half] - 1, upper, lower);
    }

    // --- one body for each architecture, or none checked at all ---

    template <typename Body> Program for_each_arch(Body body) {
        Label next = outcome();
        const bool unchecked = chance(random_, 8);
        const std::size_t count = unchecked ? 1 : 1 + pick(random_, 2);
        for (std::size_t i = 0; i < count; i++) {
            Label entry = body();
            if (chance(random_, 3))
                entry = code_.branch(BPF_JGE, x32_bit, outcome(), entry);
            // The accumulator's loads fall through to what was written last.
            reach(entry);
            entry = code_.emit(cbpf::load_nr());
            if (unchecked)
                break;
            next = code_.branch(BPF_JEQ, aim_.arches[(i + aim_.arches.size()) % aim_.arches.size()],
                                entry, next);
        }
        if (!unchecked) {
            reach(next);
            code_.emit(cbpf::load_arch());
        }
        return std::move(code_).finish();
    }

    // --- arithmetic ---

    unsigned compare() {
        const unsigned relation[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
        return relation[pick(random_, 4)] | (chance(random_, 4) ? BPF_X : BPF_K);
    }

    std::uint32_t arithmetic_constant() {
        return chance(random_, 4) ? static_cast<std::uint32_t>(random_()) : number();
    }

    // A few instructions that leave something in A, mostly a function of the number.
    Label computation() {
        for (std::uint32_t steps = 1 + pick(random_, 6); steps > 0; steps--)
            code_.emit(step());
        return code_.emit(chance(random_, 8) ? cbpf::load_arg_low(pick(random_, 6))
                                             : cbpf::load_nr());
    }

    cbpf::Instruction step() {
        const std::uint32_t word = pick(random_, BPF_MEMWORDS);
        const std::uint32_t small = 1 + pick(random_, 31);
        switch (pick(random_, 12)) {
        case 0:
            return cbpf::stmt(BPF_ST, word);
        case 1:
            return cbpf::stmt(BPF_STX, word);
        case 2:
            return cbpf::stmt(BPF_LD | BPF_MEM, word);
        case 3:
            return cbpf::stmt(BPF_LDX | BPF_MEM, word);
        case 4:
            return cbpf::stmt(BPF_MISC | (chance(random_, 2) ? BPF_TAX : BPF_TXA));
        case 5:
            return cbpf::stmt(BPF_ALU | (chance(random_, 2) ? BPF_LSH : BPF_RSH) | BPF_K,
                              small % 8);
        case 6:
            return cbpf::stmt(BPF_ALU | (chance(random_, 2) ? BPF_ADD : BPF_SUB) | source(), small);
        case 7:
            return cbpf::stmt(BPF_ALU | (chance(random_, 2) ? BPF_OR : BPF_XOR) | source(), bits());
        case 8:
            return cbpf::stmt(BPF_ALU | (chance(random_, 2) ? BPF_MUL : BPF_DIV) | source(), small);
        case 9:
            return cbpf::stmt(BPF_LDX | BPF_IMM, chance(random_, 4) ? 0 : small);
        case 10:
            return cbpf::stmt(BPF_ALU | BPF_NEG);
        default:
            return cbpf::alu_and(~bits());
        }
    }

    unsigned source() { return chance(random_, 3) ? BPF_X : BPF_K; }

    Random &random_;
    const Aim &aim_;
    BackwardAssembler code_;
    std::vector<Label> outcomes_;
    Label allow_ = 0;
};

std::size_t random_length(Random &random) {
    return chance(random, 10) ? 1 + pick(random, 400) : 1 + pick(random, 40);
}

} // namespace

std::string_view shape_name(Shape shape) {
    switch (shape) {
    case Shape::list:
        return "list";
    case Shape::tree:
        return "tree";
    case Shape::restriction:
        return "restriction";
    case Shape::argument_tree:
        return "argument tree";
    case Shape::masks:
        return "masks";
    case Shape::scratch:
        return "scratch";
    case Shape::random:
        return "random";
    }
    return "?";
}

Program shaped_program(Random &random, Shape shape, const Aim &aim) {
    const Aim whole = complete(aim);
    switch (shape) {
    case Shape::list:
        return Author(random, whole).list();
    case Shape::tree:
        return Author(random, whole).tree();
    case Shape::restriction:
        return Author(random, whole).restriction();
    case Shape::argument_tree:
        return Author(random, whole).argument_tree();
    case Shape::masks:
        return Author(random, whole).masks();
    case Shape::scratch:
        if (!aim.only_understood)
            return Author(random, whole).scratch();
        break;
    case Shape::random:
        if (!aim.only_understood)
            return random_valid_program(random, random_length(random));
        break;
    }
    return random_cacheable_program(random, random_length(random), true);
}

cbpf::Chain shaped_chain(Random &random, std::size_t depth, const Aim &aim) {
    cbpf::Chain chain;
    for (std::size_t i = 0; i < depth; i++) {
        const bool small = depth > 4 && !chance(random, 6);
        chain.push_back(shaped_program(
            random, small ? Shape::restriction : all_shapes[pick(random, all_shapes.size())], aim));
    }
    return chain;
}

} // namespace support
