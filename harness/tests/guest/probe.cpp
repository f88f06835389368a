// SPDX-License-Identifier: MIT
#include "probe.h"

#include "cache.h"
#include "probe_job.h"

#include "cbpf/action.h"
#include "cbpf/disassembler.h"
#include "cbpf/interpreter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <linux/audit.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

namespace guest {

namespace {

constexpr unsigned max_errno = 4095;

[[noreturn]] void throw_errno(const std::string &what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int open_program(Bits bits) {
    const std::string path = probe_program(bits);
    const int fd = open(path.c_str(), O_RDONLY);
    if (fd < 0)
        throw_errno(path);
    return fd;
}

// On every path the kernel acts on the number as the filter has seen it. Without filters `syscall`
// takes the whole register, so that the call to compare with has the high half cleared.
Call with_number_cut(Call call) {
    call.number = static_cast<std::uint32_t>(call.number);
    return call;
}

// Tests try the same calls under many filters.
std::vector<Outcome> without_filters(const std::vector<Call> &calls) {
    static std::vector<Call> last_calls;
    static std::vector<Outcome> last_outcomes;

    std::vector<Call> cut;
    for (const auto &call : calls)
        cut.push_back(with_number_cut(call));
    if (cut != last_calls) {
        last_outcomes = perform({}, cut);
        last_calls = cut;
    }
    return last_outcomes;
}

std::string describe(const cbpf::Chain &chain) {
    std::string text;
    for (std::size_t i = 0; i < chain.size(); i++)
        text += fmt::format("filter {}:\n{}", i, cbpf::disassemble(chain[i]));
    return text;
}

} // namespace

const char *path_name(Path path) {
    switch (path) {
    case Path::syscall:
        return "Syscall64";
    case Path::int80_from_64:
        return "Int80From64";
    case Path::int80_from_32:
        return "Int80From32";
    case Path::vdso32:
        return "Vdso32";
    case Path::vsyscall:
        return "Vsyscall";
    case Path::x32:
        return "X32";
    case Path::x32_from_64:
        return "X32From64";
    }
    return "?";
}

void PrintTo(Path path, std::ostream *stream) { *stream << path_name(path); }

Bits path_bits(Path path) {
    if (path == Path::x32)
        return Bits::x32;
    return path == Path::int80_from_32 || path == Path::vdso32 ? Bits::b32 : Bits::b64;
}

std::uint32_t path_arch(Path path) {
    const bool i386 =
        path == Path::int80_from_64 || path == Path::int80_from_32 || path == Path::vdso32;
    return i386 ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
}

std::vector<Path> general_paths() {
    return {Path::syscall, Path::int80_from_64, Path::int80_from_32, Path::vdso32};
}

std::string describe(const Call &call) {
    return fmt::format("{} {:#x}({:#x})", path_name(call.path), call.number,
                       fmt::join(call.args, ", "));
}

std::string describe(const Outcome &outcome) {
    switch (outcome.kind) {
    case Outcome::Kind::returned:
        return outcome.value == own_pid ? "returned its pid"
                                        : fmt::format("returned {}", outcome.value);
    case Outcome::Kind::killed:
        return fmt::format("killed by signal {}", outcome.signal);
    case Outcome::Kind::signalled:
        return fmt::format("SIGSYS code {} errno {} arch {:#x} syscall {} address {:#x}",
                           outcome.code, outcome.error, outcome.arch, outcome.syscall,
                           outcome.address);
    }
    return "?";
}

void PrintTo(const Outcome &outcome, std::ostream *stream) { *stream << describe(outcome); }

Outcome returned(std::int64_t value) {
    Outcome outcome{};
    outcome.kind = Outcome::Kind::returned;
    outcome.value = value;
    return outcome;
}

Outcome killed(int signal) {
    Outcome outcome{};
    outcome.kind = Outcome::Kind::killed;
    outcome.signal = signal;
    return outcome;
}

Probe::Probe(const cbpf::Chain &chain, const std::vector<Call> &calls, ProbeOptions options)
    : options_(options), calls_(calls) {
    job_fd_ = memfd_create("probe_job", 0);
    if (job_fd_ < 0 || ftruncate(job_fd_, sizeof(probe_job)) != 0)
        throw_errno("memfd_create");
    void *memory = mmap(nullptr, sizeof(probe_job), PROT_READ | PROT_WRITE, MAP_SHARED, job_fd_, 0);
    if (memory == MAP_FAILED)
        throw_errno("mmap");
    job_ = static_cast<probe_job *>(memory);
    fill_in(*job_, chain, calls, options.flags, options.filter_flags);
    start();
}

Probe::~Probe() {
    child_.reset();
    munmap(job_, sizeof(probe_job));
    close(job_fd_);
}

void Probe::start() {
    const int program = open_program(options_.bits);
    const int next = options_.exec ? open_program(*options_.exec) : -1;
    const auto body = [this, program, next] {
        char name[] = "syscall_probe";
        char *const args[] = {name, nullptr};

        // Out of the way of the two numbers the probe expects.
        const int execute = fcntl(program, F_DUPFD_CLOEXEC, 10);
        const int job = fcntl(job_fd_, F_DUPFD_CLOEXEC, 10);
        const int follow = next < 0 ? -1 : fcntl(next, F_DUPFD_CLOEXEC, 10);
        require(dup2(job, PROBE_JOB_FD) == PROBE_JOB_FD, "hand over the job");
        if (follow >= 0)
            require(dup2(follow, PROBE_NEXT_PROGRAM_FD) >= 0, "hand over the next program");
        fexecve(execute, args, args + 1);
        require(false, "execute syscall_probe");
    };
    child_ = options_.traced ? std::make_unique<Child>(body, options_.ptrace_options)
                             : std::make_unique<Child>(body, Child::Untraced{});
    close(program);
    if (next >= 0)
        close(next);
}

std::vector<Outcome> Probe::outcomes() const {
    std::vector<Outcome> all;
    for (std::size_t i = 0; i < calls_.size(); i++) {
        if (job_->results[i].kind == PROBE_NOT_DONE) {
            if (i == job_->next_call && job_->state == PROBE_ATTACHED &&
                WIFSIGNALED(child_->wait_status()))
                all.push_back(killed(WTERMSIG(child_->wait_status())));
            break;
        }
        all.push_back(outcome_of(job_->results[i], calls_[i], job_->pid));
    }
    return all;
}

seccomp_data Probe::data(const Call &call) const { return shown_to_filters(*job_, call); }

std::vector<Outcome> perform(const cbpf::Chain &chain, const std::vector<Call> &calls,
                             ProbeOptions options, std::vector<seccomp_data> *data) {
    std::vector<Outcome> outcomes;

    while (outcomes.size() < calls.size()) {
        const std::vector<Call> rest(calls.begin() + static_cast<std::ptrdiff_t>(outcomes.size()),
                                     calls.end());
        options.bits = path_bits(rest.front().path);
        options.traced = false;
        Probe probe(chain, rest, options);
        probe.run();
        const auto more = probe.outcomes();
        if (more.empty())
            throw std::runtime_error(fmt::format("syscall_probe: state {}, wait status {}, {}",
                                                 probe.job().state, probe.child().wait_status(),
                                                 probe.child().message()));
        for (std::size_t i = 0; i < more.size(); i++)
            if (data != nullptr)
                data->push_back(probe.data(rest[i]));
        outcomes.insert(outcomes.end(), more.begin(), more.end());
    }
    return outcomes;
}

Outcome predicted(const cbpf::Chain &chain, const seccomp_data &data, const Outcome &unfiltered) {
    return predicted_for(cbpf::run_chain(chain, data).value, data, unfiltered);
}

Outcome predicted_for(std::uint32_t value, const seccomp_data &data, const Outcome &unfiltered) {
    const std::uint32_t low = value & SECCOMP_RET_DATA;

    switch (value & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
        return unfiltered;
    case SECCOMP_RET_ERRNO:
        return returned(-static_cast<std::int64_t>(std::min(low, max_errno)));
    case SECCOMP_RET_TRACE:
    case SECCOMP_RET_USER_NOTIF:
        return returned(-ENOSYS);
    case SECCOMP_RET_TRAP: {
        Outcome outcome{};
        outcome.kind = Outcome::Kind::signalled;
        outcome.code = 1; // SYS_SECCOMP
        outcome.error = static_cast<int>(low);
        outcome.arch = data.arch;
        outcome.syscall = data.nr;
        outcome.address = data.instruction_pointer;
        return outcome;
    }
    default: // KILL_THREAD, KILL_PROCESS and what the kernel does not know
        return killed(SIGSYS);
    }
}

void expect_as_interpreted(const cbpf::Chain &chain, const std::vector<Call> &calls,
                           ProbeOptions options) {
    const auto unfiltered = without_filters(calls);
    std::vector<seccomp_data> data;
    const auto outcomes = perform(chain, calls, options, &data);
    ASSERT_EQ(outcomes.size(), calls.size());
    for (std::size_t i = 0; i < calls.size(); i++) {
        const bool cached =
            emulator_allows(chain, data[i].arch, static_cast<std::uint32_t>(data[i].nr));
        ASSERT_EQ(outcomes[i], predicted(chain, data[i], unfiltered[i]))
            << describe(calls[i]) << (cached ? ", cached" : ", not cached")
            << ": the interpreter says " << cbpf::action_name(cbpf::run_chain(chain, data[i]).value)
            << "\n"
            << describe(chain);
    }
}

std::string cache_under(const cbpf::Chain &chain, ProbeOptions options) {
    options.flags |= PROBE_STOP_ATTACHED;
    Probe probe(chain, {}, options);
    if (probe.run() != Child::breakpoint)
        throw std::runtime_error(
            fmt::format("syscall_probe: wait status {}, state {}, last attach result {}, {}",
                        probe.child().wait_status(), probe.job().state,
                        chain.empty() ? 0 : probe.job().filters[chain.size() - 1].result,
                        probe.child().message()));
    return read_cache(probe.pid());
}

} // namespace guest
