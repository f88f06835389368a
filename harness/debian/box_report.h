// SPDX-License-Identifier: MIT
//
// The verdict on a whole system: does the cache of every filtered task hold what the reference
// emulator finds for the task's filters, and were the tasks there for whose sake we looked?

#pragma once

#include "cbpf/syscall_table.h"
#include "debian/snapshot.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace debian {

struct Row {
    kernel::FilteredTask task;
    std::size_t instructions = 0;   // of all its filters
    std::vector<std::size_t> allow; // ALLOW lines, per table
    bool agrees = false;
    std::string agreement; // "882 of 882 lines agree", or why there is nothing to compare
    std::string details;   // the lines that disagree, one a line; empty where none do
};

// Sorted by unit, then pid and tid. What the kernel says is never an exception here: a proc file
// that cannot be parsed is a task that disagrees.
std::vector<Row> check_tasks(const Snapshot &snapshot, std::span<const cbpf::SyscallTable> tables);

// One line per task under a headline, all columns aligned.
std::string table_text(std::span<const Row> rows, std::span<const cbpf::SyscallTable> tables);

// A unit that must have a task with at least so many filters.
struct Expectation {
    std::string unit;
    unsigned filters;
};

// Everything that is wrong, in sentences; empty: all is well.
std::vector<std::string> problems(std::span<const Row> rows,
                                  std::span<const Expectation> expectations);

} // namespace debian
