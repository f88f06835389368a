// SPDX-License-Identifier: MIT
//
// Reads the filters of a running task, by PTRACE_SECCOMP_GET_FILTER (ptrace(2)): what user space
// once passed to seccomp(2), byte for byte. Needs a kernel with CONFIG_CHECKPOINT_RESTORE, and of
// the caller CAP_SYS_ADMIN in the initial user namespace, the right to trace the task, and not to
// be under seccomp itself.
//
//     const cbpf::Chain chain = kernel::dump_filters(tid);
//
// The task is halted for the moment this takes and goes on as if nothing had happened: it keeps
// pending signals, and stays stopped if it was.

#pragma once

#include "cbpf/program.h"

#include <chrono>
#include <stdexcept>
#include <string>
#include <sys/types.h>

namespace kernel {

class DumpError : public std::runtime_error {
public:
    enum class Reason {
        gone,          // the task has ended, before or meanwhile
        not_permitted, // what() says what is missing
        not_halting,   // it did not halt in time: it sleeps where no signal reaches it
        unsupported,   // the kernel cannot dump filters
    };

    DumpError(Reason reason, const std::string &what) : std::runtime_error(what), reason_(reason) {}
    Reason reason() const { return reason_; }

private:
    Reason reason_;
};

// The filters of the thread `tid` (a process's id is that of its first thread), oldest first;
// empty for a task without any. Waits `patience` at most for the task to halt. Whatever happens,
// the task is traced no more afterwards; when it did not halt, a moment after the return.
// Throws DumpError.
cbpf::Chain dump_filters(pid_t tid,
                         std::chrono::milliseconds patience = std::chrono::milliseconds(5000));

} // namespace kernel
