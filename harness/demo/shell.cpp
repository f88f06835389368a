// SPDX-License-Identifier: MIT
//
// vm_shell: an interactive shell in the guest, on this terminal.

#include "command_line/program.h"
#include "demo/machine_options.h"
#include "vm/machine.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace {

// QEMU takes our place: the terminal and its signals are then its business alone.
[[noreturn]] void become(const std::vector<std::string> &argv) {
    std::vector<char *> pointers;
    pointers.reserve(argv.size() + 1);
    for (const std::string &argument : argv)
        pointers.push_back(const_cast<char *>(argument.c_str()));
    pointers.push_back(nullptr);
    execvp(pointers[0], pointers.data());
    throw std::system_error(errno, std::generic_category(), argv[0]);
}

[[noreturn]] void run(const demo::MachineOptions &options) {
    const auto build = vm::load_kernel_build(options.build.kernel);
    auto spec = demo::machine_spec(options, build, "shell");
    spec.extra_command_line = "vsyscall=emulate";
    spec.accel = vm::accel_for(spec);
    command_line::phase(
        fmt::format("booting {} in QEMU ({})\n"
                    "The tests are in /opt/seccomp-cache. Leave with `exit`, or with Ctrl-A X.",
                    build.description(), vm::name(spec.accel)));
    become(vm::shell_machine(spec));
}

} // namespace

int main(int argc, char **argv) {
    demo::MachineOptions options;
    CLI::App app{"Opens a shell in a virtual machine.", "vm_shell"};
    demo::add_machine_options(app, options);
    return command_line::run_program(app, argc, argv, [&]() -> int { run(options); });
}
