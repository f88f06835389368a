// SPDX-License-Identifier: MIT
//
// vm_demo: shows the action cache at work. Boots a patched kernel, attaches a real container
// profile to a process in it, reads /proc/PID/seccomp_cache, and compares every line with what
// the reference emulator says. Exit status: 0 all lines agree, 1 some do not, 2 an error.

#include "cbpf/oci_profile.h"
#include "command_line/program.h"
#include "demo/machine_options.h"
#include "demo/report.h"
#include "kernel/cross_check.h"
#include "kernel/proc_file.h"
#include "vm/machine.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <unistd.h>

namespace {

using command_line::phase;

constexpr const char *guest_filter = "/tmp/filter.bpf";
constexpr const char *guest_program = "/opt/seccomp-cache/bin/cache_snapshot";

struct Options {
    demo::MachineOptions machine;
    std::string profile;
    bool json = false;
};

std::string raw_bytes(const cbpf::Program &program) {
    return {reinterpret_cast<const char *>(program.data()),
            program.size() * sizeof(cbpf::Instruction)};
}

std::string read_cache(vm::Machine &machine, const cbpf::Program &program) {
    phase("attaching  the filter, to a process in the guest");
    machine.put(guest_filter, raw_bytes(program));
    phase("reading    /proc/PID/seccomp_cache of that process");
    const auto outcome = machine.run({.argv = {guest_program, guest_filter}, .env = {}});
    if (outcome.failure)
        throw vm::MachineError(*outcome.failure);
    if (!outcome.success())
        throw std::runtime_error(
            fmt::format("in the guest: {} ({})\nIs this a patched kernel, with "
                        "CONFIG_SECCOMP_CACHE_DEBUG?",
                        vm::last_lines(outcome.err, 1), outcome.ending()));
    return outcome.out;
}

demo::Findings find_out(const Options &options) {
    const auto build = vm::load_kernel_build(options.machine.build.kernel);
    auto spec = demo::machine_spec(options.machine, build, "demo");

    phase("compiling  " + options.profile + ", with libseccomp");
    demo::Findings findings;
    findings.kernel = build.description();
    findings.profile = options.profile;
    findings.program = cbpf::load_oci_profile(options.profile);

    spec.accel = vm::accel_for(spec);
    phase(fmt::format("booting    {} in QEMU ({})", build.description(), vm::name(spec.accel)));
    vm::Machine machine(spec);
    const std::string text = read_cache(machine, findings.program);
    if (const auto failure = machine.power_off())
        throw vm::MachineError(*failure);

    phase("checking   every line against the reference emulator");
    findings.listing = kernel::parse(text, build.tables);
    findings.check = kernel::cross_check(findings.listing, {findings.program}, build.tables);
    return findings;
}

int run(const Options &options) {
    const demo::Findings findings = find_out(options);
    const bool colour = isatty(STDOUT_FILENO) != 0;
    fmt::print("{}",
               options.json ? demo::json_report(findings) : demo::human_report(findings, colour));
    return findings.check.all_agree() ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
    Options options;
    CLI::App app{"Attaches a container profile in a virtual machine and checks what the kernel's "
                 "cache says about it.",
                 "vm_demo"};
    demo::add_machine_options(app, options.machine);
    command_line::add_profile_option(app, options.profile);
    app.add_flag("--json", options.json, "print everything as JSON");
    return command_line::run_program(app, argc, argv, [&] { return run(options); });
}
