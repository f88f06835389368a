// SPDX-License-Identifier: MIT
//
// Does the kernel's cache say what it should, line for line? It is asked twice: the kernel's own
// emulator, compiled for user space, must say the same, always; the reference emulator must have
// proved whatever the kernel allows, and for filters that are small (all real ones) also the
// reverse.

#pragma once

#include "cbpf/program.h"
#include "cbpf/syscall_table.h"
#include "kernel/proc_file.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace kernel {

// Who says what of a number; true: ALLOW.
struct Disagreement {
    cbpf::SyscallTable table;
    unsigned number;
    bool kernel;
    bool emulator;
    bool reference;
};

struct CrossCheck {
    std::size_t lines = 0; // how many were expected: the sum of the tables' sizes
    // The kernel shows a filter and the chain is empty, or the reverse: then no line agrees, and
    // `disagreements`, having nothing to compare, is empty.
    bool filter_presence_differs = false;
    std::vector<Disagreement> disagreements; // in the file's order

    std::size_t agreeing() const;
    bool all_agree() const { return !filter_presence_differs && disagreements.empty(); }
    std::string summary() const; // "882 of 882 lines agree"
    std::string details() const; // one line per disagreement, with the syscall's name
};

// A chain without filters agrees with an empty file: 0 of 0 lines. Throws std::invalid_argument
// for a chain that no kernel accepts (see reference_emulator.h).
CrossCheck cross_check(const CacheListing &listing, const cbpf::Chain &chain,
                       std::span<const cbpf::SyscallTable> tables);

} // namespace kernel
