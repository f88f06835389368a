// SPDX-License-Identifier: MIT
#include "tracee.h"

#include <linux/audit.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <ostream>
#include <system_error>

namespace guest {

namespace {

constexpr int syscall_stop = SIGTRAP | 0x80; // PTRACE_O_TRACESYSGOOD

void check(long result, const char *what) {
    if (result < 0)
        throw std::system_error(errno, std::generic_category(), what);
}

std::size_t first_argument(Path path) {
    return path_arch(path) == AUDIT_ARCH_X86_64 ? offsetof(user, regs.rdi)
                                                : offsetof(user, regs.rbx);
}

} // namespace

void PrintTo(Stop stop, std::ostream *stream) {
    constexpr const char *names[] = {"syscall", "trap", "event", "signal", "ended"};
    *stream << names[static_cast<int>(stop)];
}

Stop Tracee::go_on(__ptrace_request request, int signal) {
    check(ptrace(request, pid_, nullptr, static_cast<long>(signal)), "let a tracee go on");
    return wait();
}

Stop Tracee::wait() {
    check(waitpid(pid_, &status_, __WALL), "wait for a tracee");
    if (!WIFSTOPPED(status_))
        return Stop::ended;
    if (event() != 0)
        return Stop::event;
    if (signal() == syscall_stop)
        return Stop::syscall;
    return signal() == SIGTRAP ? Stop::trap : Stop::signal;
}

void Tracee::set_options(unsigned long options) const {
    check(ptrace(PTRACE_SETOPTIONS, pid_, nullptr, options), "set options of a tracee");
}

std::uint64_t Tracee::get(std::size_t offset) const {
    errno = 0;
    const long value = ptrace(PTRACE_PEEKUSER, pid_, offset, nullptr);
    if (errno != 0)
        check(-1, "read a register");
    return static_cast<std::uint64_t>(value);
}

void Tracee::set(std::size_t offset, std::uint64_t value) const {
    check(ptrace(PTRACE_POKEUSER, pid_, offset, value), "write a register");
}

std::uint64_t Tracee::number() const { return get(offsetof(user, regs.orig_rax)); }
std::uint64_t Tracee::result() const { return get(offsetof(user, regs.rax)); }
std::uint64_t Tracee::instruction_pointer() const { return get(offsetof(user, regs.rip)); }

void Tracee::set_number(std::uint64_t number) const { set(offsetof(user, regs.orig_rax), number); }
void Tracee::set_result(std::uint64_t result) const { set(offsetof(user, regs.rax), result); }

void Tracee::set_first_argument(Path path, std::uint64_t value) const {
    set(first_argument(path), value);
}

} // namespace guest
