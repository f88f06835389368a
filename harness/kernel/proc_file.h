// SPDX-License-Identifier: MIT
//
// A strict reader of /proc/PID/seccomp_cache:
//
//     x86_64 0 ALLOW
//     x86_64 1 FILTER
//     ...
//     ia32 440 ALLOW
//
// One line per number, native table first, all numbers from 0 to the table's size - 1, each line
// ended by '\n'; nothing at all for a task without filter. Whatever differs from that is an error
// here, because it would be a bug there.

#pragma once

#include "cbpf/syscall_table.h"

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {

// what() is "line N: reason". Lines count from 1.
class ParseError : public std::runtime_error {
public:
    ParseError(std::size_t line, const std::string &reason);
    std::size_t line() const { return line_; }

private:
    std::size_t line_;
};

struct TableListing {
    cbpf::SyscallTable table;
    std::vector<bool> allow; // table.size elements

    std::size_t allow_count() const;
};

struct CacheListing {
    bool has_filter = false;          // false: the file was empty
    std::vector<TableListing> tables; // in the file's order; empty without filter
};

// `tables` are those of the kernel that wrote the file, in its order. Throws ParseError.
CacheListing parse(std::string_view text, std::span<const cbpf::SyscallTable> tables);

} // namespace kernel
