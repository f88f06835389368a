// SPDX-License-Identifier: MIT
//
// vm_debian: boots a Debian with the patched kernel, dumps the filters of every task in it, and
// compares what the reference emulator finds for them with the task's seccomp_cache file, line by
// line. Exit status: 0 all lines agree, 1 some do not or tasks that should be there are missing,
// 2 an error.

#include "cbpf/oci_profile.h"
#include "command_line/program.h"
#include "debian/box_report.h"
#include "debian/chain_store.h"
#include "debian/snapshot.h"
#include "vm/kernel_build.h"
#include "vm/machine.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using command_line::phase;

constexpr const char *guest_program = "/opt/seccomp-cache/bin/debian_guest";
constexpr const char *container_filter = "/run/seccomp-cache/container.bpf";

// Services that are on every Debian, each with a filter for nearly every restriction its unit
// file has, and the two tasks of our own making.
const std::vector<debian::Expectation> expectations = {
    {"systemd-journald.service", 20},
    {"systemd-logind.service", 20},
    {"systemd-networkd.service", 20},
    {"systemd-timesyncd.service", 20},
    {"systemd-udevd.service", 20},
    {"systemd-hostnamed.service", 20},
    {"systemd-localed.service", 20},
    {"systemd-timedated.service", 20},
    {"ssh.service", 1},
    {"sc-container.service", 1},
};

// Started by whoever asks them something, and gone again half a minute later.
const std::vector<std::string> short_lived = {"systemd-hostnamed", "systemd-localed",
                                              "systemd-timedated"};

struct Options {
    command_line::KernelOptions build;
    std::filesystem::path root;
    std::filesystem::path chains = "build/debian/chains";
    std::string profile;
};

vm::MachineSpec machine_spec(const Options &options, const vm::KernelBuild &build) {
    if (!std::filesystem::exists(options.root))
        throw std::runtime_error(fmt::format("{}: no such file: make it with "
                                             "scripts/make-debian-root",
                                             options.root.string()));
    vm::MachineSpec spec;
    spec.name = "debian";
    spec.kernel = build.image();
    spec.root_disk = options.root;
    spec.log_directory = options.build.logs;
    // systemd's messages as records of the kernel's log, whole lines: what it writes to the
    // console itself would mix with the kernel's.
    spec.extra_command_line = "systemd.show_status=no systemd.log_target=kmsg";
    spec.memory_mib = 1024;
    // Of a boot of half a minute, when emulated: the machine may have other things to do.
    spec.boot_deadline = 200s;
    spec.accel = vm::accel_for(spec);
    return spec;
}

std::string must_run(vm::Machine &machine, const std::vector<std::string> &argv,
                     std::chrono::milliseconds timeout = 30s) {
    const auto outcome = machine.run({.argv = argv, .env = {}, .timeout = timeout});
    if (outcome.failure)
        throw vm::MachineError(*outcome.failure);
    if (!outcome.success())
        throw std::runtime_error(fmt::format("in the guest: {}: {}\n{}", fmt::join(argv, " "),
                                             outcome.ending(), vm::last_lines(outcome.output, 20)));
    return outcome.out;
}

// A service that fails may do so because of what the kernel answers to its syscalls.
void wait_until_up(vm::Machine &machine) {
    const auto outcome = machine.run(
        {.argv = {"/bin/systemctl", "is-system-running", "--wait"}, .env = {}, .timeout = 200s});
    if (outcome.failure)
        throw vm::MachineError(*outcome.failure);
    if (outcome.success())
        return;
    const std::string failed =
        must_run(machine, {"/bin/systemctl", "list-units", "--failed", "--plain", "--no-legend"});
    throw std::runtime_error(fmt::format(
        "the guest's system is not well: failed units:\n{}and from its journal:\n{}", failed,
        must_run(machine, {"/bin/journalctl", "--boot", "--no-pager", "--priority", "warning",
                           "--lines", "40"})));
}

void start_container(vm::Machine &machine, const std::string &profile) {
    const auto program = cbpf::load_oci_profile(profile);
    machine.put(container_filter, {reinterpret_cast<const char *>(program.data()),
                                   program.size() * sizeof(cbpf::Instruction)});
    must_run(machine, {"/bin/systemctl", "start", "sc-container"});
}

debian::Snapshot look_inside(const Options &options, const vm::KernelBuild &build) {
    const auto spec = machine_spec(options, build);
    phase(fmt::format("booting    a Debian on {} in QEMU ({})", build.description(),
                      vm::name(spec.accel)));
    vm::Machine machine(spec);
    phase("waiting    until all its services are up");
    wait_until_up(machine);
    phase(fmt::format("starting   a container-like process under {}, and services that sleep "
                      "until asked",
                      options.profile));
    start_container(machine, options.profile);
    std::vector<std::string> start = {"/bin/systemctl", "start"};
    start.insert(start.end(), short_lived.begin(), short_lived.end());
    must_run(machine, start);
    phase("dumping    the filters of every task, and reading its seccomp_cache");
    const std::string text = must_run(machine, {guest_program, "snapshot"}, 60s);
    if (const auto failure = machine.power_off())
        throw vm::MachineError(*failure);
    return debian::from_json(text);
}

int run(const Options &options) {
    const auto build = vm::load_kernel_build(options.build.kernel);
    const auto snapshot = look_inside(options, build);
    const auto saved = debian::save_chains(snapshot, options.chains);
    phase(fmt::format("saved      {} different stacks of filters in {}", saved,
                      options.chains.string()));
    phase("checking   every line against the reference emulator");
    const auto rows = debian::check_tasks(snapshot, build.tables);
    fmt::print("{}", debian::table_text(rows, build.tables));

    const auto problems = debian::problems(rows, expectations);
    for (const std::string &problem : problems)
        fmt::print("WRONG: {}\n", problem);
    if (problems.empty())
        fmt::print("{} tasks, all agree with the reference emulator\n", rows.size());
    return problems.empty() ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
    Options options;
    CLI::App app{"Boots a Debian and checks the seccomp cache of every filtered task in it.",
                 "vm_debian"};
    command_line::add_kernel_options(app, options.build);
    app.add_option("--root", options.root, "what scripts/make-debian-root made")->required();
    app.add_option("--chains", options.chains, "directory for the filters found, replaced")
        ->capture_default_str();
    command_line::add_profile_option(app, options.profile);
    return command_line::run_program(app, argc, argv, [&] { return run(options); });
}
