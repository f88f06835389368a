// SPDX-License-Identifier: MIT
//
// What the kernel says it has cached, and what it should have.

#pragma once

#include "cbpf/program.h"
#include "cbpf/syscall_table.h"
#include "kernel/proc_file.h"

#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace guest {

// The running kernel's tables, from the environment variable SECCOMP_CACHE_TABLES.
const std::vector<cbpf::SyscallTable> &tables();
const cbpf::SyscallTable &native_table();
const cbpf::SyscallTable &compat_table(); // throws std::runtime_error where there is none

// The file's text, read in one go. Throws std::system_error with the errno of open(2) or read(2).
std::string read_file(const std::string &path);
std::string cache_path(pid_t pid);
std::string cache_path(pid_t pid, pid_t tid);
std::string read_cache(pid_t pid);

// `text` is a well-formed proc file that shows what the models find for `chain` (see
// cross_check.h). An empty chain: an empty file.
testing::AssertionResult shows_cache_of(const std::string &text, const cbpf::Chain &chain);

// `text` is a well-formed proc file with ALLOW for exactly the (arch, number) that `allow` names.
using AllowRule = std::function<bool(std::uint32_t arch, std::uint32_t number)>;
testing::AssertionResult shows_exactly(const std::string &text, const AllowRule &allow);

// How many lines of a table are ALLOW.
std::size_t allow_count(const std::string &text, const cbpf::SyscallTable &table);

// By the kernel's emulator in user space, which is quick, and which the reference emulator is
// compared with elsewhere: is this number served from the cache under `chain`?
bool emulator_allows(const cbpf::Chain &chain, std::uint32_t arch, std::uint32_t number);

} // namespace guest
