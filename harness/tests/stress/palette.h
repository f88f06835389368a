// SPDX-License-Identifier: MIT
//
// The filters of the stress test, and what a cache made by any of them looks like.
//
// Each filter leaves a mark: it takes away the bits of a few syscall numbers that no other filter
// takes away, some at the low and some at the high end of both bitmaps, and no others. So a legal
// text of the proc file is the same as a set of marks; each is wholly there or not at all. A task's
// marks only ever become more.

#pragma once

#include "cbpf/program.h"
#include "kernel/proc_file.h"

#include <bitset>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <vector>

namespace stress {

constexpr std::size_t harmless_filters = 20;
enum : std::size_t {
    oldest = harmless_filters, // what every task begins with: refuses `refused_number`
    kills_thread,              // ... upon `deadly_number(kills_thread)`
    kills_process,
    filters // how many there are
};
using Marks = std::bitset<filters>;

// Refused by the oldest filter, with `refused_errno`; harmless, and never failing by itself, in
// both tables (getppid natively; iopl in the compat table, to be called with 0).
constexpr unsigned refused_number = 110;
constexpr int refused_errno = 77;

// Numbers of calls that the two deadly filters answer by killing.
unsigned deadly_number(std::size_t filter);

// A harmless filter allows what it marks as well, but has to look at an argument to know that.
const cbpf::Program &program(std::size_t filter);
std::optional<std::size_t> recognise(const cbpf::Program &program);

struct IllegalText : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The marks in a proc file that shows filters. Throws IllegalText where it cannot be the cache of
// any chain that begins with the oldest filter.
Marks marks_of(const kernel::CacheListing &listing);

// The marks of a chain, oldest first. Throws IllegalText for a program that is none of ours.
Marks marks_of(const std::vector<cbpf::Program> &chain);

} // namespace stress
