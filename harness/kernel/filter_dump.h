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
#include <functional>
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

// A task that stands still.
class HaltedTask {
public:
    // Its filters as of now: other threads may still synchronise theirs to it. Throws DumpError.
    virtual cbpf::Chain filters() const = 0;

protected:
    ~HaltedTask() = default;
};

// Halts the thread `tid`, calls `look`, in a thread of its own, and lets the task go on. Waits
// `patience` at most for it to halt. Whatever happens, the task is traced no more afterwards; when
// it did not halt, a moment after the return. Throws DumpError, and what `look` throws.
void while_halted(pid_t tid, std::chrono::milliseconds patience,
                  const std::function<void(const HaltedTask &)> &look);

// The filters of the thread `tid` (a process's id is that of its first thread), oldest first;
// empty for a task without any; of a halted task, as above. Throws DumpError.
cbpf::Chain dump_filters(pid_t tid,
                         std::chrono::milliseconds patience = std::chrono::milliseconds(5000));

} // namespace kernel
