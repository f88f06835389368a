// SPDX-License-Identifier: MIT
//
// Filters of a running task, as files.
//
// One directory is one chain. In it:
//   *.bpf              raw filters (cbpf/loader.h), ordered by the numbers in their names (2 before
//                      10), oldest first, which is the order of PTRACE_SECCOMP_GET_FILTER's index
//   seccomp_cache.txt  optional: the task's proc file, as read when the filters were dumped

#pragma once

#include "cbpf/program.h"
#include "cbpf/syscall_table.h"
#include "kernel/proc_file.h"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace verify {

struct DumpedChain {
    std::string name; // the directory's
    cbpf::Chain chain;
    std::optional<kernel::CacheListing> listing;
};

// Throws cbpf::LoadError, which names the file, for what cannot be read, is no filter that a
// kernel accepts, or is no proc file of a kernel with these tables.
DumpedChain load_chain(const std::filesystem::path &directory,
                       std::span<const cbpf::SyscallTable> tables);

// A directory with filters is itself returned; of any other, those below it that have some, in
// the order of their names. Throws cbpf::LoadError where there is none.
std::vector<std::filesystem::path> chain_directories(const std::filesystem::path &directory);

} // namespace verify
