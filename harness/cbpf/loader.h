// SPDX-License-Identifier: MIT
//
// Raw filters: a file of nothing but struct sock_filter (8 bytes each, this machine's byte
// order), as written by seccomp_export_bpf(3), by save_raw() and by PTRACE_SECCOMP_GET_FILTER
// dumps.

#pragma once

#include "cbpf/program.h"

#include <filesystem>
#include <span>
#include <stdexcept>

namespace cbpf {

// A file that cannot be read, or does not hold what it should. what() names the file first.
struct LoadError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Throws LoadError for a file that is missing or unreadable, empty, not a multiple of 8 bytes
// long, or longer than any filter can be. Does not call check().
Program load_raw(const std::filesystem::path &path);

// Writes under a temporary name and renames: a file at `path` is whole, or not there. Throws
// LoadError.
void save_raw(const std::filesystem::path &path, std::span<const Instruction> program);

} // namespace cbpf
