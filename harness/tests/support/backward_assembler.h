// SPDX-License-Identifier: MIT
//
// Writes a program from its end to its start. cBPF only jumps forward, so every target is there
// already when a jump to it is written, and no fix-up is needed:
//
//     BackwardAssembler code;
//     const auto allow = code.emit(ret_allow());
//     const auto deny = code.emit(ret_errno(1));
//     code.branch(BPF_JEQ, SYS_getpid, allow, deny);
//     code.emit(load_nr());
//     Program program = code.finish();

#pragma once

#include "cbpf/builder.h"
#include "cbpf/program.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace support {

class BackwardAssembler {
public:
    // An instruction by its distance from the end of the program.
    using Label = std::size_t;

    // Control reaches the instruction written before this one.
    Label emit(cbpf::Instruction instruction) {
        reversed_.push_back(instruction);
        return reversed_.size();
    }

    // JMP | `condition` (BPF_JEQ, ..., with BPF_X where wanted). Conditional jumps reach 255
    // instructions: what is further away is jumped to by way of a JA.
    Label branch(unsigned condition, std::uint32_t k, Label taken, Label otherwise) {
        // The trampoline of one moves the other a step away, so leave room for it.
        taken = near(taken);
        otherwise = near(otherwise);
        return emit(cbpf::jump(BPF_JMP | condition, k, static_cast<unsigned>(size() - taken),
                               static_cast<unsigned>(size() - otherwise)));
    }

    Label jump_to(Label target) {
        return emit(cbpf::ja(static_cast<std::uint32_t>(size() - target)));
    }

    std::size_t size() const { return reversed_.size(); }

    cbpf::Program finish() && {
        std::reverse(reversed_.begin(), reversed_.end());
        return std::move(reversed_);
    }

private:
    Label near(Label target) { return size() - target > 254 ? jump_to(target) : target; }

    cbpf::Program reversed_;
};

} // namespace support
