// SPDX-License-Identifier: MIT
#include "vm/machine_spec.h"
#include "vm/taint.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

constexpr vm::MachineEnds ends{5, 6, 7};

bool has(const std::vector<std::string> &argv, const std::string &word) {
    return std::find(argv.begin(), argv.end(), word) != argv.end();
}

TEST(MachineSpec, WarningsMustReachTheConsole) {
    const std::string line = vm::kernel_command_line({});
    EXPECT_NE(line.find("loglevel=7"), line.npos);
    EXPECT_EQ(line.find("quiet"), line.npos);
}

TEST(MachineSpec, ARebootAlwaysEndsQemu) {
    EXPECT_TRUE(has(vm::test_machine({}, ends), "-no-reboot"));
    EXPECT_NE(vm::kernel_command_line({}).find("panic=-1"), std::string::npos);
}

TEST(MachineSpec, TheAcceleratorDecidesTheProcessor) {
    vm::MachineSpec spec;
    spec.accel = vm::Accel::kvm;
    EXPECT_TRUE(has(vm::test_machine(spec, ends), "host"));
    EXPECT_EQ(spec.deadline_scale(), 1U);
    spec.accel = vm::Accel::tcg;
    EXPECT_TRUE(has(vm::test_machine(spec, ends), "max"));
    EXPECT_EQ(spec.deadline_scale(), 3U);
    spec.extra_scale = 4;
    EXPECT_EQ(spec.deadline_scale(), 12U);
}

TEST(MachineSpec, AnInitramfsIsTheRootWithoutADisk) {
    vm::MachineSpec spec;
    spec.initramfs = "/a.cpio";
    const auto argv = vm::test_machine(spec, ends);
    EXPECT_TRUE(has(argv, "/a.cpio"));
    EXPECT_FALSE(has(argv, "-drive"));
    EXPECT_EQ(vm::kernel_command_line(spec).find("root="), std::string::npos);
}

TEST(MachineSpec, ADiskIsTheRootAndIsNeverWrittenTo) {
    vm::MachineSpec spec;
    spec.root_disk = "/a,b.ext4";
    const auto argv = vm::test_machine(spec, ends);
    EXPECT_TRUE(has(argv, "if=virtio,format=raw,snapshot=on,file=/a,,b.ext4"));
    EXPECT_FALSE(has(argv, "-initrd"));
    EXPECT_NE(vm::kernel_command_line(spec).find("root=/dev/vda rw"), std::string::npos);
}

TEST(MachineSpec, CountingInstructionsIsEmulatedOnOneProcessor) {
    vm::MachineSpec spec;
    spec.accel = vm::Accel::kvm;
    spec.cpus = 4;
    spec.count_instructions = true;
    const auto argv = vm::test_machine(spec, ends);
    EXPECT_TRUE(has(argv, "shift=0,sleep=off"));
    EXPECT_TRUE(has(argv, "tcg"));
    EXPECT_TRUE(has(argv, "1"));
    EXPECT_FALSE(has(argv, "kvm"));
    EXPECT_FALSE(has(argv, "4"));
}

TEST(MachineSpec, ResultsAndConsoleHaveChannelsOfTheirOwn) {
    const auto argv = vm::test_machine({}, ends);
    EXPECT_TRUE(has(argv, "socket,id=agent,fd=5"));
    EXPECT_TRUE(has(argv, "socket,id=monitor,fd=6"));
    EXPECT_TRUE(has(argv, "chardev=monitor,mode=control"));
    EXPECT_TRUE(has(argv, "file,id=console,path=/dev/fd/7,append=on"));
}

TEST(MachineSpec, ADebuggerIsLetInOnlyWhereAskedFor) {
    vm::MachineSpec spec;
    EXPECT_FALSE(has(vm::test_machine(spec, ends), "-gdb"));
    spec.gdb_socket = "/a,b/gdb";
    EXPECT_TRUE(has(vm::test_machine(spec, ends), "unix:/a,,b/gdb,server=on,wait=off"));
    // Without a record QEMU would not tell how many instructions there were.
    spec.count_instructions = true;
    EXPECT_TRUE(
        has(vm::test_machine(spec, ends), "shift=0,sleep=off,rr=record,rrfile=/a,,b/gdb.rr"));
}

TEST(MachineSpec, AnEmulatedProcessorMayBeOfAnotherMaker) {
    vm::MachineSpec spec;
    EXPECT_TRUE(has(vm::test_machine(spec, ends), "max"));
    spec.cpu_vendor = "GenuineIntel";
    EXPECT_TRUE(has(vm::test_machine(spec, ends), "max,vendor=GenuineIntel"));
    spec.count_instructions = true;
    EXPECT_TRUE(has(vm::test_machine(spec, ends), "max,vendor=GenuineIntel"));
}

TEST(MachineSpec, ExtraWordsComeLastSoThatTheyWin) {
    vm::MachineSpec spec;
    spec.extra_command_line = "vsyscall=xonly";
    EXPECT_TRUE(vm::kernel_command_line(spec).ends_with(" vsyscall=xonly"));
}

TEST(Taint, IsExplained) {
    EXPECT_EQ(vm::describe_taint(0), "0");
    EXPECT_EQ(vm::describe_taint(512), "512 (W: a warning)");
    EXPECT_EQ(vm::describe_taint(128 | 512), "640 (D: an oops, W: a warning)");
    EXPECT_EQ(vm::describe_taint(1ULL << 40), "1099511627776 (bit 40)");
}

} // namespace
