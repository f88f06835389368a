// SPDX-License-Identifier: MIT
#include "tests/support/shrink.h"

#include "cbpf/builder.h"
#include "cbpf/checker.h"

#include <algorithm>
#include <utility>

namespace support {

namespace {

using cbpf::Chain;
using cbpf::Instruction;
using cbpf::Program;

bool is_conditional(const Instruction &insn) {
    return BPF_CLASS(insn.code) == BPF_JMP && BPF_OP(insn.code) != BPF_JA;
}

bool is_plain_jump(const Instruction &insn) { return insn.code == (BPF_JMP | BPF_JA); }

bool same(const Instruction &a, const Instruction &b) {
    return cbpf::same_program(Program{a}, Program{b});
}

// What could stand for an instruction, plainest first.
std::vector<Instruction> simpler(const Instruction &insn) {
    std::vector<Instruction> choices;
    if (is_conditional(insn)) {
        choices.push_back(cbpf::ja(insn.jt));
        choices.push_back(cbpf::ja(insn.jf));
        if (BPF_SRC(insn.code) == BPF_X)
            choices.push_back(
                cbpf::jump((insn.code & ~unsigned{BPF_X}) | BPF_K, 0, insn.jt, insn.jf));
    }
    if (insn.code == (BPF_RET | BPF_K) || insn.code == (BPF_RET | BPF_A)) {
        for (const std::uint32_t value :
             {std::uint32_t{SECCOMP_RET_ALLOW}, std::uint32_t{SECCOMP_RET_ERRNO} | 1U,
              insn.k & SECCOMP_RET_ACTION_FULL})
            choices.push_back(cbpf::ret(value));
    }
    if (insn.code == (BPF_LD | BPF_W | BPF_ABS)) {
        choices.push_back(cbpf::load_nr());
    } else if (!is_plain_jump(insn) && BPF_CLASS(insn.code) != BPF_RET && insn.k > 1) {
        for (const std::uint32_t k : {0U, 1U})
            choices.push_back({insn.code, insn.jt, insn.jf, k});
    }
    return choices;
}

class ChainShrinker {
public:
    ChainShrinker(Chain chain, const ChainFails &still_fails, Budget &budget)
        : chain_(std::move(chain)), still_fails_(still_fails), budget_(budget) {}

    Chain run() {
        bool smaller = true;
        while (smaller) {
            smaller = drop_filters();
            for (std::size_t i = 0; i < chain_.size(); i++) {
                smaller |= drop_instructions(i);
                smaller |= simplify(i);
            }
        }
        return chain_;
    }

private:
    bool fails(const Chain &candidate) {
        const bool accepted = std::all_of(candidate.begin(), candidate.end(),
                                          [](const Program &one) { return !cbpf::check(one); });
        return !candidate.empty() && accepted && budget_.take() && still_fails_(candidate);
    }

    bool try_program(std::size_t index, Program program) {
        Chain candidate = chain_;
        candidate[index] = std::move(program);
        if (!fails(candidate))
            return false;
        chain_ = std::move(candidate);
        return true;
    }

    bool drop_filters() {
        const std::size_t before = chain_.size();
        for (std::size_t piece = (before + 1) / 2; piece > 0; piece /= 2) {
            for (std::size_t at = 0; at < chain_.size();) {
                Chain candidate = chain_;
                const auto first = candidate.begin() + static_cast<std::ptrdiff_t>(at);
                const auto count = std::min(piece, candidate.size() - at);
                candidate.erase(first, first + static_cast<std::ptrdiff_t>(count));
                if (fails(candidate))
                    chain_ = std::move(candidate);
                else
                    at += piece;
            }
        }
        return chain_.size() < before;
    }

    bool drop_instructions(std::size_t index) {
        const std::size_t before = chain_[index].size();
        for (std::size_t piece = (before + 1) / 2; piece > 0; piece /= 2)
            for (std::size_t at = 0; at < chain_[index].size();)
                if (!try_program(index, without_instructions(chain_[index], at, piece)))
                    at += piece;
        return chain_[index].size() < before;
    }

    bool simplify(std::size_t index) {
        bool changed = false;
        for (std::size_t at = 0; at < chain_[index].size(); at++) {
            for (const Instruction &choice : simpler(chain_[index][at])) {
                // Choices come plainest first: what is there already ends the search.
                if (same(choice, chain_[index][at]))
                    break;
                Program program = chain_[index];
                program[at] = choice;
                if (try_program(index, std::move(program))) {
                    changed = true;
                    break;
                }
            }
        }
        return changed;
    }

    Chain chain_;
    const ChainFails &still_fails_;
    Budget &budget_;
};

// The distance from what was instruction `from` to what was `to`, when those in between are fewer.
std::size_t shortened(std::size_t from, std::size_t distance, std::size_t first,
                      std::size_t count) {
    const std::size_t target = from + 1 + distance;
    if (from >= first || target <= first)
        return distance;
    return distance - std::min(count, target - first);
}

} // namespace

Program without_instructions(const Program &program, std::size_t first, std::size_t count) {
    Program rest;
    for (std::size_t pc = 0; pc < program.size(); pc++) {
        if (pc >= first && pc < first + count)
            continue;
        Instruction insn = program[pc];
        if (is_plain_jump(insn)) {
            insn.k = static_cast<std::uint32_t>(shortened(pc, insn.k, first, count));
        } else if (is_conditional(insn)) {
            insn.jt = static_cast<std::uint8_t>(shortened(pc, insn.jt, first, count));
            insn.jf = static_cast<std::uint8_t>(shortened(pc, insn.jf, first, count));
        }
        rest.push_back(insn);
    }
    return rest;
}

Chain shrink_chain(Chain chain, const ChainFails &still_fails, Budget &budget) {
    return ChainShrinker(std::move(chain), still_fails, budget).run();
}

} // namespace support
