// SPDX-License-Identifier: MIT
//
// Can the checks fail? A harness that reports success whatever happens is easily written, so
// here real machines are hung, crashed, rebooted and starved, and each time the reason has to be
// the right one.

#include "tests/vm/machine_pool.h"
#include "vm/leaks.h"
#include "vm/machine.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

vm::Command shell(const std::string &script, std::chrono::milliseconds timeout = 10s) {
    return {.argv = {"/bin/sh", "-c", script}, .env = {}, .timeout = timeout};
}

vm::Outcome run_shared(const std::string &script, std::chrono::milliseconds timeout = 10s) {
    return tests::pool().run(tests::Kind::patched, shell(script, timeout));
}

vm::MachineSpec own(const std::string &suffix) {
    return tests::pool().spec(tests::Kind::patched, "selfcheck-" + suffix);
}

std::string reason(const vm::Outcome &outcome) {
    return outcome.failure ? outcome.failure->reason : "no failure";
}

void expect_reason(const vm::Outcome &outcome, std::string_view part) {
    EXPECT_NE(reason(outcome).find(part), std::string::npos)
        << "wanted: " << part << "\ngot: " << reason(outcome);
}

bool gone_or_zombie(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(stat, line))
        return true;
    return line.find(") Z ") != line.npos;
}

} // namespace

TEST(HarnessSelfCheck, ACommandsResultsArriveAsTheyAre) {
    const auto outcome = run_shared("echo out; echo err >&2; exit 7");
    EXPECT_FALSE(outcome.failure) << reason(outcome);
    EXPECT_EQ(outcome.exit_code, 7U);
    EXPECT_EQ(outcome.out, "out\n");
    EXPECT_EQ(outcome.err, "err\n");
}

TEST(HarnessSelfCheck, MuchOutputArrivesWhole) {
    const auto outcome = run_shared("seq 200000", 30s);
    ASSERT_TRUE(outcome.success()) << reason(outcome);
    std::string expected;
    for (int i = 1; i <= 200000; i++)
        expected += std::to_string(i) + "\n";
    EXPECT_TRUE(outcome.out == expected) << outcome.out.size() << " bytes";
}

TEST(HarnessSelfCheck, ASignalIsNotAnExitStatus) {
    const auto outcome = run_shared("kill -SEGV $$");
    EXPECT_FALSE(outcome.failure) << reason(outcome);
    EXPECT_EQ(outcome.signal, static_cast<unsigned>(SIGSEGV));
    EXPECT_FALSE(outcome.success());
}

TEST(HarnessSelfCheck, AProgramThatIsNotThereFails) {
    const auto outcome =
        tests::pool().run(tests::Kind::patched, {.argv = {"/no/such/program"}, .env = {}});
    EXPECT_FALSE(outcome.failure) << reason(outcome);
    EXPECT_EQ(outcome.exit_code, 127U);
    EXPECT_NE(outcome.err.find("/no/such/program: No such file"), std::string::npos);
}

TEST(HarnessSelfCheck, StraysAreCountedAndKilled) {
    const auto outcome = run_shared("sleep 1000 & setsid sleep 1000 & exit 0");
    ASSERT_TRUE(outcome.success()) << reason(outcome);
    EXPECT_EQ(outcome.strays, 2U);
    const auto after = run_shared("pidof sleep");
    EXPECT_EQ(after.exit_code, 1U) << after.output;
}

TEST(HarnessSelfCheck, TheAgentSurvivesACommandThatKillsEverything) {
    run_shared("kill -9 1; kill -STOP 1; kill -TERM 1; kill -9 -1");
    const auto after = run_shared("echo alive");
    EXPECT_TRUE(after.success()) << reason(after);
}

TEST(HarnessSelfCheck, AHangingCommandIsEndedAtItsDeadline) {
    const auto outcome = run_shared("echo begun; sleep 1000", 500ms);
    expect_reason(outcome, "the command did not end within");
    EXPECT_EQ(outcome.out, "begun\n") << "what it printed before is not lost";
}

TEST(HarnessSelfCheck, TheMachineIsBootedAnewAfterAFailure) {
    expect_reason(run_shared("echo '<4>WARNING: made up' > /dev/kmsg"), "WARNING: made up");
    const auto after = run_shared("dmesg | grep -c 'made up'");
    EXPECT_FALSE(after.failure) << reason(after);
    EXPECT_EQ(after.out, "0\n");
}

TEST(HarnessSelfCheck, AMessageBetweenTwoCommandsIsNotLost) {
    vm::Machine machine(own("between"));
    // The agent kills what a command leaves behind; a timer in the kernel would be the real
    // thing, the host's hand on the console's marks is near enough: nothing ran in between.
    const auto quiet = machine.run(shell("true"));
    ASSERT_FALSE(quiet.failure) << reason(quiet);
    {
        std::ofstream console(machine.console().path(), std::ios::app);
        console << "[    9.999999] BUG: made up\r\n";
    }
    expect_reason(machine.run(shell("true")), "kernel bug on the console before the command");
}

TEST(HarnessSelfCheck, TaintIsNoticed) {
    vm::Machine machine(own("taint"));
    expect_reason(machine.run(shell("echo 512 > /proc/sys/kernel/tainted")),
                  "taint flags changed from 0 to 512 (W: a warning)");
    EXPECT_FALSE(machine.usable());
}

TEST(HarnessSelfCheck, APanicIsNoticed) {
    vm::Machine machine(own("panic"));
    const auto outcome = machine.run(shell("echo c > /proc/sysrq-trigger"));
    expect_reason(outcome, "Kernel panic - not syncing: sysrq triggered crash");
    ASSERT_TRUE(outcome.failure);
    EXPECT_NE(outcome.failure->console.find("sysrq_handle_crash"), std::string::npos)
        << "the last console lines have the stack: " << outcome.failure->console;
}

TEST(HarnessSelfCheck, RunningOutOfMemoryIsNoticed) {
    auto spec = own("oom");
    // A small machine is full sooner, but a kernel that asks for memory does not boot in it.
    if (spec.memory_mib == tests::pool().options().memory_mib)
        spec.memory_mib = 128;
    vm::Machine machine(spec);
    // Pages of a tmpfs are not freed by killing anyone: not even the machine may survive this.
    expect_reason(machine.run(shell("mkdir /tmp/m; mount -t tmpfs -o size=200% none /tmp/m; "
                                    "dd if=/dev/zero of=/tmp/m/x bs=1M",
                                    30s)),
                  "out of memory");
}

// On a kernel that has kmemleak, this is a scan; on others, the proof that none is asked for. (A
// machine of its own: where kmemleak counts what the boot leaked, it is of no use afterwards.)
TEST(HarnessSelfCheck, AMachineThatHasJustBootedLeaksNothing) {
    vm::Machine machine(own("no-leaks"));
    const auto leaks = vm::find_leaks(machine);
    EXPECT_FALSE(leaks) << leaks->text();
}

// Otherwise it would take a whole processor while the other machines are at work.
// By its clock, which must stand still, too, or it would take itself for hung afterwards.
void expect_to_be_held(tests::Kind kind) {
    const auto pause = 10s; // longer than two commands take on any host
    vm::Machine machine(tests::pool().spec(kind, "held"));
    const auto uptime = [&] {
        const auto outcome = machine.run(shell("cat /proc/uptime"));
        EXPECT_TRUE(outcome.success()) << reason(outcome);
        return std::chrono::duration<double>(std::stod(outcome.out));
    };
    const auto before = uptime();
    machine.hold();
    std::this_thread::sleep_for(pause);
    EXPECT_LT(uptime() - before, pause);
}

TEST(HarnessSelfCheck, AMachineIsHeldUntilSomethingIsAskedOfIt) {
    expect_to_be_held(tests::Kind::patched);
}

TEST(HarnessSelfCheck, AMachineThatCountsInstructionsIsHeldAsWell) {
    expect_to_be_held(tests::Kind::counting);
}

// A file that has something to say after a scan, whatever it is, is what kmemleak has found.
TEST(HarnessSelfCheck, MemoryLeaksAreNoticed) {
    vm::Machine machine(own("leaks"));
    ASSERT_TRUE(machine
                    .run(shell("mount -t tmpfs none /sys/kernel; mkdir /sys/kernel/debug; "
                               "touch /sys/kernel/debug/kmemleak"))
                    .success());
    const auto leaks = vm::find_leaks(machine);
    ASSERT_TRUE(leaks);
    EXPECT_NE(leaks->reason.find("memory leaks:\nscan\n"), std::string::npos) << leaks->reason;
    // One that cannot be asked any more.
    ASSERT_TRUE(machine.run(shell("cd /sys/kernel/debug; rm kmemleak; mkdir kmemleak")).success());
    const auto broken = vm::find_leaks(machine);
    ASSERT_TRUE(broken);
    EXPECT_NE(broken->reason.find("kmemleak does not scan"), std::string::npos) << broken->reason;
}

TEST(HarnessSelfCheck, ARebootIsNoticed) {
    vm::Machine machine(own("reboot"));
    expect_reason(machine.run(shell("reboot -f")), "the guest rebooted unasked");
}

TEST(HarnessSelfCheck, APowerOffIsNoticed) {
    vm::Machine machine(own("poweroff"));
    expect_reason(machine.run(shell("poweroff -f")), "the guest powered off unasked");
}

TEST(HarnessSelfCheck, AFrozenMachineIsNoticed) {
    auto spec = own("frozen");
    spec.agent_grace = 500ms;
    vm::Machine machine(spec);
    kill(machine.qemu_pid(), SIGSTOP);
    expect_reason(machine.run(shell("true", 1ms)), "the guest hangs");
}

TEST(HarnessSelfCheck, TheEndOfQemuIsNoticed) {
    vm::Machine machine(own("killed"));
    kill(machine.qemu_pid(), SIGKILL);
    expect_reason(machine.run(shell("true")), "QEMU was killed by signal 9");
}

TEST(HarnessSelfCheck, AKernelThatFindsNoInitIsNoticed) {
    auto spec = own("no-init");
    spec.extra_command_line += " rdinit=/no/such/init init=/no/such/init";
    try {
        vm::Machine machine(spec);
        FAIL() << "it booted";
    } catch (const vm::MachineError &error) {
        EXPECT_NE(error.failure.reason.find("before the guest was up: Kernel panic"),
                  std::string::npos)
            << error.failure.reason;
    }
}

TEST(HarnessSelfCheck, ABootThatHangsIsNoticed) {
    auto spec = own("boot-hang");
    spec.boot_deadline = 2s;
    // Waits for ever for input from a console that has none.
    spec.extra_command_line += " rdinit=/bin/cat";
    try {
        vm::Machine machine(spec);
        FAIL() << "it booted";
    } catch (const vm::MachineError &error) {
        EXPECT_NE(error.failure.reason.find("the guest did not boot within"), std::string::npos)
            << error.failure.reason;
    }
}

TEST(HarnessSelfCheck, AFileThatIsNoKernelIsNoticed) {
    auto spec = own("no-kernel");
    spec.kernel = "/proc/self/exe";
    spec.boot_deadline = 2s;
    EXPECT_THROW(vm::Machine machine(spec), vm::MachineError);
}

TEST(HarnessSelfCheck, FilesArriveAndComeBack) {
    vm::Machine machine(own("files"));
    std::string content(300'000, '\0');
    for (std::size_t i = 0; i < content.size(); i++)
        content[i] = static_cast<char>(i * 7 + i / 256);
    machine.put("/tmp/some/new/dir/file", content, 0640);
    EXPECT_TRUE(machine.get("/tmp/some/new/dir/file") == content);
    EXPECT_EQ(machine.run(shell("stat -c '%a %s' /tmp/some/new/dir/file")).out, "640 300000\n");
    EXPECT_THROW(machine.get("/no/such/file"), vm::MachineError);
    EXPECT_TRUE(machine.usable()) << "that was the command's fault, not the machine's";
    EXPECT_FALSE(machine.power_off());
}

TEST(HarnessSelfCheck, QemuDoesNotOutliveAParentThatIsKilled) {
    const auto spec = own("orphan");
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        pid_t qemu = -1;
        try {
            vm::Machine machine(spec);
            qemu = machine.qemu_pid();
            if (write(ends[1], &qemu, sizeof(qemu)) == sizeof(qemu))
                pause();
        } catch (...) {
        }
        _exit(1);
    }
    close(ends[1]);
    pid_t qemu = -1;
    EXPECT_EQ(read(ends[0], &qemu, sizeof(qemu)), static_cast<ssize_t>(sizeof(qemu)));
    close(ends[0]);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    ASSERT_GT(qemu, 0);
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!gone_or_zombie(qemu) && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(gone_or_zombie(qemu));
}
