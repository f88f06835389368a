// SPDX-License-Identifier: MIT
#include "vm/machine.h"

#include "vm/taint.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace vm {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t console_lines = 30;
// More than any test prints; a command that prints for ever must not fill our memory.
constexpr std::size_t output_limit = 16 << 20;
constexpr auto console_grace = 5s;
constexpr auto transfer_deadline = 20s;
constexpr auto power_off_deadline = 10s;
constexpr auto probe_deadline = 10s;

void append_limited(std::string &to, std::string_view text) {
    to.append(text.substr(0, output_limit - std::min(output_limit, to.size())));
}

std::string seconds(std::chrono::milliseconds time) {
    return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

struct Connection {
    FileDescriptor ours, theirs;
};

Connection connection() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        throw std::system_error(errno, std::generic_category(), "socketpair");
    return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::string read_all(int fd) {
    std::array<char, 4096> buffer;
    std::string text;
    for (ssize_t got;
         (got = pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(text.size()))) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    return text;
}

} // namespace

std::string Failure::text() const {
    return fmt::format("{}\n--- last lines of the console ({}) ---\n{}--- end of console ---",
                       reason, log.string(), console);
}

std::string Outcome::ending() const {
    if (signal)
        return fmt::format("killed by signal {} ({})", *signal,
                           strsignal(static_cast<int>(*signal)));
    if (exit_code)
        return fmt::format("exit status {}", *exit_code);
    return failure ? failure->reason : "did not end";
}

Machine::Machine(MachineSpec spec)
    : spec_(std::move(spec)), console_(spec_.log_directory / (spec_.name + ".console.log")) {
    start_qemu();
    wait_for_hello();
}

Machine::Clock::time_point Machine::from_now(std::chrono::milliseconds time) const {
    return Clock::now() + time * spec_.deadline_scale();
}

Failure Machine::failure(std::string reason) const {
    return {std::move(reason), last_lines(console_.read_from(0), console_lines), console_.path()};
}

void Machine::fail(std::string reason) {
    usable_ = false;
    throw MachineError(failure(std::move(reason)));
}

void Machine::start_qemu() {
    Connection agent = connection();
    Connection monitor = connection();
    agent_ = std::move(agent.ours);
    monitor_.emplace(std::move(monitor.ours));
    const MachineEnds ends{agent.theirs.get(), monitor.theirs.get(), console_.fd()};
    qemu_output_ = FileDescriptor(memfd_create("qemu-output", MFD_CLOEXEC));
    try {
        qemu_.emplace(test_machine(spec_, ends),
                      std::vector<int>{ends.agent, ends.monitor, ends.console}, qemu_output_.get());
    } catch (const std::system_error &error) {
        fail(fmt::format("cannot start QEMU: {}: install the package qemu-system-x86",
                         error.what()));
    }
}

void Machine::wait_for_hello() {
    const auto late = fmt::format("the guest did not boot within {}",
                                  seconds(spec_.boot_deadline * spec_.deadline_scale()));
    const Frame frame = receive(from_now(spec_.boot_deadline), late);
    if (frame.type != SC_HELLO)
        fail(fmt::format("the guest's first frame is of type {}, not HELLO", frame.type));
    try {
        const Hello hello = parse_hello(frame.payload);
        if (hello.version != SC_PROTOCOL_VERSION)
            fail(fmt::format("the guest speaks protocol {}, we {}: make the initramfs again",
                             hello.version, +SC_PROTOCOL_VERSION));
        taint_ = hello.taint;
        release_ = hello.release;
    } catch (const ProtocolError &error) {
        fail(error.what());
    }
    up_ = true;
    check_console("while booting");
}

std::uint32_t Machine::send(std::uint32_t type, std::string payload) {
    go_on();
    const Frame frame{type, ++seq_, std::move(payload)};
    const std::string bytes = encode(frame);
    const auto deadline = from_now(transfer_deadline);
    for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t put = ::send(agent_.get(), bytes.data() + sent, bytes.size() - sent,
                                   MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put > 0) {
            sent += static_cast<std::size_t>(put);
        } else if (errno == EAGAIN) {
            pollfd writable{agent_.get(), POLLOUT, 0};
            if (Clock::now() >= deadline)
                fail("the guest's agent does not take requests any more");
            poll(&writable, 1, 100);
        } else if (errno != EINTR) {
            fail_for_lost_guest();
        }
    }
    return frame.seq;
}

// The next frame. `late` is the reason if there is none before the deadline.
Frame Machine::receive(Clock::time_point deadline, const std::string &late) {
    std::array<char, 65536> buffer;
    for (;;) {
        try {
            if (auto frame = reader_.next())
                return std::move(*frame);
        } catch (const ProtocolError &error) {
            fail(fmt::format("the guest's agent is not in its right mind: {}", error.what()));
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0)
            fail(late);
        pollfd readable{agent_.get(), POLLIN, 0};
        if (poll(&readable, 1, static_cast<int>(std::min<long>(left, 60'000)) + 1) <= 0)
            continue;
        const ssize_t got = read(agent_.get(), buffer.data(), buffer.size());
        if (got > 0)
            reader_.feed({buffer.data(), static_cast<std::size_t>(got)});
        else if (got == 0 || errno != EINTR)
            fail_for_lost_guest();
    }
}

// QEMU has closed the agent's channel. Why?
void Machine::fail_for_lost_guest() {
    const auto status = qemu_->wait_for(5s);
    const std::string text = console_.read_from(console_seen_);
    const std::string when = up_ ? "" : " before the guest was up";
    if (const auto splat = find_splat(text))
        fail(fmt::format("{} ended the machine{}: {}", splat->kind, when, splat->line));
    if (!status)
        fail("QEMU has closed the agent's channel and runs on");
    if (*status != 0) {
        const std::string output = last_lines(read_all(qemu_output_.get()), 1);
        fail(fmt::format("QEMU {}{}: {}", describe_wait_status(*status), when,
                         output.empty() ? "it said nothing" : output.substr(0, output.size() - 1)));
    }
    if (find_message(text, "reboot: Restarting system"))
        fail(fmt::format("the guest rebooted unasked{}", when));
    if (find_message(text, "reboot: Power down"))
        fail(fmt::format("the guest powered off unasked{}", when));
    fail(fmt::format("the guest reset itself without a word{}: a triple fault?", when));
}

Frame Machine::answer(std::uint32_t seq, Clock::time_point deadline, const std::string &late) {
    Frame frame = receive(deadline, late);
    if (frame.type == SC_HELLO)
        fail("the guest rebooted unasked");
    if (frame.seq != seq)
        fail(fmt::format("the guest's agent answered request {}, not {}", frame.seq, seq));
    if (frame.type == SC_ERROR)
        // Such as "no such file": the machine is none the worse for it.
        throw MachineError(
            failure(fmt::format("the guest's agent refused a request: {}", frame.payload)));
    return frame;
}

void Machine::check_console(const char *when) {
    const std::string text = console_.read_from(console_seen_);
    // A line that is not whole yet is left for the next time.
    const std::size_t whole = text.rfind('\n') == text.npos ? 0 : text.rfind('\n') + 1;
    const auto splat = find_splat(std::string_view(text).substr(0, whole));
    console_seen_ += whole;
    if (splat)
        fail(fmt::format("{} on the console {}: {}", splat->kind, when, splat->line));
}

// The console is slower than the agent's channel: what the command caused has been seen only
// once the agent's own mark behind it has. (Nothing is marked as seen here: the mark itself could
// be what comes next.)
void Machine::wait_for_end_mark(std::uint32_t seq) {
    const std::string mark = fmt::format(SC_LOG_PREFIX "end {}", seq);
    const auto deadline = from_now(console_grace);
    while (!find_message(console_.read_from(console_seen_), mark)) {
        if (Clock::now() >= deadline)
            fail("the console has fallen silent: the end of the command is not in the log");
        std::this_thread::sleep_for(1ms);
    }
}

void Machine::collect(std::uint32_t seq, Clock::time_point deadline, Outcome &outcome,
                      sc_exit &exit) {
    for (;;) {
        const Frame frame =
            answer(seq, deadline, "the guest hangs: its agent did not report the command's end");
        switch (frame.type) {
        case SC_STDOUT:
            append_limited(outcome.out, frame.payload);
            append_limited(outcome.output, frame.payload);
            break;
        case SC_STDERR:
            append_limited(outcome.err, frame.payload);
            append_limited(outcome.output, frame.payload);
            break;
        case SC_EXIT:
            exit = parse_exit(frame.payload);
            return;
        default:
            fail(fmt::format("unexpected frame of type {}", frame.type));
        }
    }
}

void Machine::finish(std::uint32_t seq, const Command &command, const sc_exit &exit,
                     Outcome &outcome) {
    outcome.strays = exit.strays;
    if (exit.how == SC_EXITED)
        outcome.exit_code = exit.code;
    else if (exit.how == SC_SIGNALED)
        outcome.signal = exit.code;

    wait_for_end_mark(seq);
    check_console("during the command");
    if (exit.taint != taint_)
        fail(fmt::format("the kernel's taint flags changed from {} to {}", describe_taint(taint_),
                         describe_taint(exit.taint)));
    if (exit.unkillable)
        fail("processes of the command do not die of SIGKILL");
    if (exit.how == SC_TIMED_OUT)
        fail(fmt::format("the command did not end within {} and was killed",
                         seconds(command.timeout * spec_.deadline_scale())));
}

Outcome Machine::run(const Command &command) {
    Outcome outcome;
    try {
        if (!usable_)
            fail("the machine failed before this command");
        check_console("before the command began");
        std::vector<std::string> env = {"PATH=/opt/seccomp-cache/bin:/bin", "HOME=/tmp",
                                        "TMPDIR=/tmp"};
        env.insert(env.end(), command.env.begin(), command.env.end());
        const auto timeout = command.timeout * spec_.deadline_scale();
        const auto seq = send(
            SC_RUN, run_payload(command.argv, env, static_cast<std::uint32_t>(timeout.count())));
        sc_exit exit{};
        collect(seq, from_now(command.timeout + spec_.agent_grace), outcome, exit);
        finish(seq, command, exit, outcome);
    } catch (const MachineError &error) {
        outcome.failure = error.failure;
    }
    return outcome;
}

void Machine::put(const std::string &path, std::string_view content, unsigned mode) {
    const auto seq = send(SC_PUT, put_payload(path, mode, content));
    answer(seq, from_now(transfer_deadline), "the guest hangs: no answer to PUT " + path);
}

std::string Machine::get(const std::string &path) {
    const auto seq = send(SC_GET, path);
    return answer(seq, from_now(transfer_deadline), "the guest hangs: no answer to GET " + path)
        .payload;
}

void Machine::hold() noexcept {
    if (held_ || !usable_)
        return;
    try {
        monitor_->execute("stop");
        held_ = true;
    } catch (const std::exception &) {
        // Whatever it is will be noticed by the next command.
    }
}

void Machine::go_on() {
    if (!held_)
        return;
    held_ = false;
    try {
        monitor_->execute("cont");
    } catch (const QmpError &error) {
        fail(fmt::format("the machine was held, and does not go on: {}", error.what()));
    }
}

std::optional<Failure> Machine::power_off() {
    if (!usable_)
        return {};
    try {
        send(SC_POWEROFF, "");
        usable_ = false;
        if (!qemu_->wait_for(power_off_deadline * spec_.deadline_scale()))
            fail("the guest does not power off");
        check_console("after the last command");
    } catch (const MachineError &error) {
        return error.failure;
    }
    return {};
}

namespace {

std::string cpuinfo() {
    std::ifstream file("/proc/cpuinfo");
    return {std::istreambuf_iterator<char>(file), {}};
}

bool boots_under_kvm(const MachineSpec &spec) {
    MachineSpec probe = spec;
    probe.name += "-kvm-probe";
    probe.accel = Accel::kvm;
    probe.count_instructions = false;
    probe.extra_scale = 1;
    probe.boot_deadline = probe_deadline;
    try {
        Machine machine(probe);
        return true;
    } catch (const MachineError &) {
        return false;
    }
}

} // namespace

Accel accel_for(const MachineSpec &spec) {
    const char *wish = std::getenv("ACCEL");
    return choose_accel(parse_accel_request(wish ? wish : ""), cpuinfo(),
                        [&] { return boots_under_kvm(spec); });
}

bool kvm_works(const MachineSpec &spec) {
    return choose_accel(AccelRequest::automatic, cpuinfo(),
                        [&] { return boots_under_kvm(spec); }) == Accel::kvm;
}

} // namespace vm
