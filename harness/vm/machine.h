// SPDX-License-Identifier: MIT
//
// A booted virtual machine that runs commands, and that notices when its kernel is not well.
//
//     vm::Machine machine(spec);                      // boots; throws MachineError
//     auto outcome = machine.run({.argv = {"/bin/true"}});
//     if (outcome.failure) ...                        // hang, panic, warning, taint, reboot, ...
//     else if (!outcome.success()) ...                // the command itself failed
//
// After a failure the machine is not fit for further commands: make a new one. QEMU dies with
// this object, and with this process, however it ends.

#pragma once

#include "vm/console.h"
#include "vm/frames.h"
#include "vm/machine_spec.h"
#include "vm/process.h"
#include "vm/qmp_client.h"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace vm {

struct Failure {
    std::string reason;  // one line
    std::string console; // its last lines
    std::filesystem::path log;

    std::string text() const; // all of it, for a person
};

struct MachineError : std::runtime_error {
    explicit MachineError(Failure f) : std::runtime_error(f.text()), failure(std::move(f)) {}
    Failure failure;
};

struct Command {
    std::vector<std::string> argv; // argv[0] is a path
    std::vector<std::string> env;  // "NAME=value"; PATH, HOME and TMPDIR are there anyway
    std::chrono::milliseconds timeout{30'000};
};

struct Outcome {
    // When set, nothing below can be relied upon except as a hint.
    std::optional<Failure> failure;

    std::optional<unsigned> exit_code; // when it exited
    std::optional<unsigned> signal;    // when it was killed by one
    unsigned strays = 0;               // processes it left behind, killed since
    std::string out;                   // standard output
    std::string err;                   // standard error
    std::string output;                // both, in the order of arrival

    bool success() const { return !failure && exit_code == 0U; }
    std::string ending() const; // "exit status 1", "killed by signal 11 (...)"
};

class Machine {
public:
    // Boots, and waits until the guest takes commands. Throws MachineError.
    explicit Machine(MachineSpec spec);
    Machine(const Machine &) = delete;
    Machine &operator=(const Machine &) = delete;
    ~Machine() = default;

    Outcome run(const Command &command);

    // Throw MachineError, also for what is merely an error in the guest ("No such file").
    void put(const std::string &path, std::string_view content, unsigned mode = 0644);
    std::string get(const std::string &path);

    // Ends the machine in an orderly way and says whether anything was wrong until then.
    std::optional<Failure> power_off();

    // Halts all of it until something is asked of it again, its clocks as well, so that it notices
    // nothing: an idle machine takes a good part of a processor. One that cannot be held goes on.
    void hold() noexcept;

    // False once something went wrong with the machine itself.
    bool usable() const { return usable_; }
    const MachineSpec &spec() const { return spec_; }
    const std::string &kernel_release() const { return release_; }
    const ConsoleLog &console() const { return console_; }
    pid_t qemu_pid() const { return qemu_->pid(); }

private:
    using Clock = std::chrono::steady_clock;

    Failure failure(std::string reason) const;
    [[noreturn]] void fail(std::string reason);
    [[noreturn]] void fail_for_lost_guest();

    void start_qemu();
    void wait_for_hello();
    void go_on();
    std::uint32_t send(std::uint32_t type, std::string payload);
    Frame receive(Clock::time_point deadline, const std::string &late);
    Frame answer(std::uint32_t seq, Clock::time_point deadline, const std::string &late);
    void collect(std::uint32_t seq, Clock::time_point deadline, Outcome &outcome, sc_exit &exit);
    void finish(std::uint32_t seq, const Command &command, const sc_exit &exit, Outcome &outcome);
    void check_console(const char *when);
    void wait_for_end_mark(std::uint32_t seq);

    Clock::time_point from_now(std::chrono::milliseconds time) const;

    MachineSpec spec_;
    ConsoleLog console_;
    FileDescriptor agent_;
    FileDescriptor qemu_output_;
    std::optional<ChildProcess> qemu_;
    std::optional<QmpClient> monitor_;
    bool held_ = false;
    FrameReader reader_;
    std::string release_;
    std::uint64_t taint_ = 0;
    std::uint32_t seq_ = 0;
    std::size_t console_seen_ = 0; // up to here the console has been checked
    bool up_ = false;
    bool usable_ = true;
};

// What to use on this machine: the environment's ACCEL= if set, else KVM if it is proved to work,
// by booting `spec` with it, else TCG. Throws std::invalid_argument for a bad ACCEL.
Accel accel_for(const MachineSpec &spec);

// Whether `spec` boots with it, on a processor that has what it takes.
bool kvm_works(const MachineSpec &spec);

} // namespace vm
