// SPDX-License-Identifier: MIT
//
// Real syscalls under real filters, made by a syscall_probe (selftests/), and what came of them.
//
//     Probe probe(chain, {}, {.flags = PROBE_STOP_ATTACHED});
//     ASSERT_EQ(probe.run(), Child::breakpoint);
//     EXPECT_TRUE(shows_cache_of(read_cache(probe.pid()), chain));
//
//     expect_as_interpreted(chain, {{Path::syscall, SYS_getpid, {1, 2, 3}}});

#pragma once

#include "cbpf/program.h"
#include "child.h"
#include "selftests/syscall_probe.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace guest {

enum class Bits { b64, b32, x32 };

// Which program makes the syscall, and how.
// The last two are `syscall` again, with x32's numbers. In x32 all of the program is x32, so that
// its filters come through the x32 entry, too.
enum class Path { syscall, int80_from_64, int80_from_32, vdso32, vsyscall, x32, x32_from_64 };

const char *path_name(Path path);
void PrintTo(Path path, std::ostream *stream);
Bits path_bits(Path path);
std::uint32_t path_arch(Path path);
// Those that every kernel of base.config has, but for vsyscall, which is for three numbers only.
std::vector<Path> general_paths();

struct Call {
    Path path;
    std::uint64_t number; // the whole register
    std::array<std::uint64_t, 6> args{};

    bool operator==(const Call &) const = default;
};

std::string describe(const Call &call);

// What the task sees of a syscall.
struct Outcome {
    enum class Kind { returned, signalled, killed };
    Kind kind;
    std::int64_t value = 0; // returned
    // signalled: the siginfo of SIGSYS
    int code = 0;
    int error = 0;
    std::uint32_t arch = 0;
    int syscall = 0;
    std::uint64_t address = 0;
    int signal = 0; // killed

    bool operator==(const Outcome &) const = default;
};

// A process's own id differs from run to run: outcomes have this instead.
constexpr std::int64_t own_pid = -1'000'000;

Outcome returned(std::int64_t value);
Outcome killed(int signal);

std::string describe(const Outcome &outcome);
void PrintTo(const Outcome &outcome, std::ostream *stream);

struct ProbeOptions {
    Bits bits = Bits::b64;
    std::uint32_t flags = 0;                   // PROBE_*
    std::vector<std::uint32_t> filter_flags{}; // SECCOMP_FILTER_FLAG_*, per filter
    unsigned long ptrace_options = 0;
    bool traced = true;
    std::optional<Bits> exec{}; // with PROBE_EXEC: the next program
};

class Probe {
public:
    Probe(const cbpf::Chain &chain, const std::vector<Call> &calls, ProbeOptions options = {});
    ~Probe();

    Child::Event run() { return child_->run(); }
    Child &child() { return *child_; }
    pid_t pid() const { return child_->pid(); }
    const probe_job &job() const { return *job_; }

    // After the end. As many as there were calls done, the one that killed it included.
    std::vector<Outcome> outcomes() const;
    // What the filters were shown for a call.
    seccomp_data data(const Call &call) const;

private:
    friend std::vector<Outcome> perform(const cbpf::Chain &, const std::vector<Call> &,
                                        ProbeOptions, std::vector<seccomp_data> *);

    void start();

    ProbeOptions options_;
    std::vector<Call> calls_;
    probe_job *job_ = nullptr;
    int job_fd_ = -1;
    std::unique_ptr<Child> child_;
};

// The outcome of every call under `chain`; a new process takes over where one was killed. All
// calls must be of one program (path_bits()).
std::vector<Outcome> perform(const cbpf::Chain &chain, const std::vector<Call> &calls,
                             ProbeOptions options = {}, std::vector<seccomp_data> *data = nullptr);

// What the interpreter says should become of a call. `unfiltered` is its outcome without filters.
// Tracers and listeners count as absent.
Outcome predicted(const cbpf::Chain &chain, const seccomp_data &data, const Outcome &unfiltered);
// The same for a verdict, data bits included, that is known already.
Outcome predicted_for(std::uint32_t value, const seccomp_data &data, const Outcome &unfiltered);

// Performs the calls with and without filters and expects the outcomes the interpreter predicts.
void expect_as_interpreted(const cbpf::Chain &chain, const std::vector<Call> &calls,
                           ProbeOptions options = {});

// The proc file of a process that has attached `chain`.
std::string cache_under(const cbpf::Chain &chain, ProbeOptions options = {});

} // namespace guest
