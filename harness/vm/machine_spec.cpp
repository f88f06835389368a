// SPDX-License-Identifier: MIT
#include "vm/machine_spec.h"

#include "qemu/agent_protocol.h"

#include <fmt/format.h>

namespace vm {
namespace {

void append(std::vector<std::string> &argv, const std::vector<std::string> &more) {
    argv.insert(argv.end(), more.begin(), more.end());
}

// A comma would end the value; doubled it is part of it.
std::string as_value(const std::filesystem::path &path) {
    std::string value;
    for (const char c : path.string())
        value += c == ',' ? std::string(2, c) : std::string(1, c);
    return value;
}

std::string emulated_processor(const MachineSpec &spec) {
    return spec.cpu_vendor.empty() ? "max" : fmt::format("max,vendor={}", spec.cpu_vendor);
}

std::vector<std::string> processors(const MachineSpec &spec) {
    if (spec.count_instructions) {
        std::string icount = "shift=0,sleep=off";
        // Recording is what makes QEMU tell how many instructions there were.
        if (!spec.gdb_socket.empty())
            icount += fmt::format(",rr=record,rrfile={}.rr", as_value(spec.gdb_socket));
        return {"-accel", "tcg", "-icount", icount, "-cpu", emulated_processor(spec), "-smp", "1"};
    }
    const bool kvm = spec.accel == Accel::kvm;
    return {"-accel", kvm ? "kvm" : "tcg,thread=multi",
            "-cpu",   kvm ? "host" : emulated_processor(spec),
            "-smp",   fmt::to_string(spec.cpus)};
}

std::vector<std::string> root(const MachineSpec &spec) {
    if (spec.root_disk.empty())
        return {"-initrd", spec.initramfs.string()};
    return {"-drive",
            fmt::format("if=virtio,format=raw,snapshot=on,file={}", as_value(spec.root_disk))};
}

std::vector<std::string> common(const MachineSpec &spec, const std::string &command_line) {
    // A reboot, asked for or not, ends QEMU: nothing restarts behind our back.
    std::vector<std::string> argv = {"qemu-system-x86_64", "-nodefaults", "-no-user-config",
                                     "-no-reboot",         "-display",    "none",
                                     "-machine",           "pc"};
    append(argv, processors(spec));
    append(argv, {"-m", fmt::format("{}M", spec.memory_mib), "-kernel", spec.kernel.string(),
                  "-append", command_line});
    append(argv, root(spec));
    return argv;
}

} // namespace

std::string kernel_command_line(const MachineSpec &spec) {
    // loglevel=7: warnings have to reach the console, and `quiet` would hide them.
    // printk.devkmsg=on: the agent's marks must not be dropped for coming too fast.
    // random.trust_cpu=on: nobody types here, and getrandom() must not wait.
    // no_timer_check: on a busy host the emulated timer is late, and the kernel would panic over
    // an IO-APIC that "doesn't work".
    // pty.legacy_count=0: making 512 device nodes nobody uses is half of the boot under TCG.
    std::string line = "console=ttyS0,115200 loglevel=7 printk.devkmsg=on panic=-1 oops=panic "
                       "mitigations=off random.trust_cpu=on no_timer_check pty.legacy_count=0";
    if (!spec.root_disk.empty())
        line += " root=/dev/vda rw";
    if (!spec.extra_command_line.empty())
        line += " " + spec.extra_command_line;
    return line;
}

std::vector<std::string> test_machine(const MachineSpec &spec, const MachineEnds &ends) {
    auto argv = common(spec, kernel_command_line(spec));
    append(argv,
           {"-chardev", fmt::format("file,id=console,path=/dev/fd/{},append=on", ends.console)});
    append(argv, {"-serial", "chardev:console"});
    append(argv, {"-device", "virtio-serial-pci"});
    append(argv, {"-chardev", fmt::format("socket,id=agent,fd={}", ends.agent)});
    append(argv, {"-device", "virtserialport,chardev=agent,name=" SC_PORT_NAME});
    append(argv, {"-chardev", fmt::format("socket,id=monitor,fd={}", ends.monitor)});
    append(argv, {"-mon", "chardev=monitor,mode=control"});
    if (!spec.gdb_socket.empty())
        append(argv,
               {"-gdb", fmt::format("unix:{},server=on,wait=off", as_value(spec.gdb_socket))});
    return argv;
}

std::vector<std::string> shell_machine(const MachineSpec &spec) {
    // Here the kernel's chatter would only be in the way.
    auto argv = common(spec, kernel_command_line(spec) + " loglevel=5 sc.shell");
    append(argv, {"-serial", "mon:stdio"});
    return argv;
}

} // namespace vm
