// SPDX-License-Identifier: MIT
//
// What a virtual machine is made of, and the QEMU command line that makes it.

#pragma once

#include "vm/accel.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace vm {

struct MachineSpec {
    std::string name; // of the machine, and so of its logs
    std::filesystem::path kernel;
    // One of the two is the root: an archive for the guest's memory, or the image of a disk with a
    // system in it that starts our agent itself. The image stays as it is: what the guest writes
    // is gone with the machine.
    std::filesystem::path initramfs;
    std::filesystem::path root_disk;
    std::filesystem::path log_directory = ".";
    std::string extra_command_line; // for the kernel, after our own
    Accel accel = Accel::tcg;
    unsigned memory_mib = 512;
    unsigned cpus = 2;
    // Emulate one processor on which each instruction takes a nanosecond: clocks in the guest then
    // count instructions, exactly and repeatably. Overrides `accel` and `cpus`.
    bool count_instructions = false;
    // What CPUID says of the emulated processor's maker, if not AMD's "AuthenticAMD": it decides by
    // which instruction the 32-bit vdso enters the kernel.
    std::string cpu_vendor;
    // Where QEMU is to offer GDB's protocol (gdb_client.h): a socket to be made, or nothing.
    std::filesystem::path gdb_socket;

    // All deadlines are for a fast machine; on a slow one they are multiplied by deadline_scale().
    std::chrono::milliseconds boot_deadline{20'000};
    // After a command's own deadline the agent needs up to 5 s to kill what is left of it.
    std::chrono::milliseconds agent_grace{10'000};
    unsigned extra_scale = 1; // for kernels full of checks

    unsigned deadline_scale() const { return extra_scale * (accel == Accel::tcg ? 3 : 1); }
};

// What the kernel is told. A panic, and an oops is one, ends the machine at once; a mere warning
// lets it run on, so that the report on the console is whole: it is noticed after the command.
std::string kernel_command_line(const MachineSpec &spec);

// File descriptors that QEMU inherits: connected sockets, the agent's channel and that of QEMU's
// own monitor (qmp_client.h), and the file the console goes to.
struct MachineEnds {
    int agent, monitor, console;
};

// The machine for tests.
std::vector<std::string> test_machine(const MachineSpec &spec, const MachineEnds &ends);

// The machine for `make shell`: the console is our terminal.
std::vector<std::string> shell_machine(const MachineSpec &spec);

} // namespace vm
