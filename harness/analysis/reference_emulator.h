// SPDX-License-Identifier: MIT
//
// Which syscall numbers can the patched kernel cache as ALLOW? Written from the feature's contract,
// not from the kernel's code, and by another algorithm, so that the two do not share a mistake:
// the kernel pushes sets of numbers through the program, in one pass, with registers that are
// functions of the number; this walks the program once for each number, with registers that hold
// a constant or nobody knows what.
//
// The contract: a number is ALLOW if every way it may take, in this filter and in every older one,
// ends in a return of exactly SECCOMP_RET_ALLOW. Which ways are those? The number and the
// architecture are known, as are constants, the length, and what is computed from nothing but
// those. Arguments and the instruction pointer are not, nor is anything that is computed with
// them (also where it makes no difference, as in "and 0"), and a condition on that may go both
// ways. A division by what is unknown may be one by zero, which kills. A shift by more than 31
// bits, which X can ask for, gives what nobody knows.
//
// The kernel has bounds on time and memory, and gives up beyond them. So what it says is always a
// part of what this says; and all of it for programs that are small in the sense of Size.

#pragma once

#include "cbpf/program.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace analysis {

// How much there is to keep track of for whoever looks at all numbers of a table at once, counted
// as if nobody shared anything but equal states.
struct Size {
    std::size_t states = 0; // of the machine, waiting at once
    std::size_t banks = 0;  // different contents of X and the memory among these
    std::size_t steps = 0;  // instructions, once for each state and for some each number
    // The divisor depends on the number, and the dividend is unknown: the kernel does not look at
    // each number then.
    bool hard_division = false;

    // No bound may be hit by a program like this. Not the kernel's bounds, which may be changed
    // without asking; but real filters are well below these and must be decided in full.
    bool is_small() const;
    Size &operator+=(const Size &other); // of a chain: the largest of each
};

struct Provable {
    std::vector<bool> allowed;   // result[nr] for nr in 0..size-1
    std::vector<bool> undecided; // too many ways to look at
    Size size;

    // Must the kernel allow all of `allowed`?
    bool is_demanded() const { return size.is_small(); }
    // Is it wrong to say `allow` of a number? It is where that is not proved, and not to say so
    // where it is proved and demanded.
    bool refutes(unsigned number, bool allow) const;
    // The first number for which this refutes `allow`, which has as many.
    std::optional<unsigned> first_refuted(const std::vector<bool> &allow) const;
};

// An empty chain is a task without filter, which has no cache: all false. Throws
// std::invalid_argument when a program of the chain is not one that cbpf::check() accepts.
Provable provable_numbers(const cbpf::Chain &chain, std::uint32_t arch, unsigned size);

// The same without further remarks.
std::vector<bool> allowed_numbers(const cbpf::Chain &chain, std::uint32_t arch, unsigned size);

} // namespace analysis
