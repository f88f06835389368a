// SPDX-License-Identifier: MIT
#include "bench/options.h"

#include "command_line/program.h"

#include <fmt/format.h>

#include <stdexcept>

namespace bench {

Options parse_options(int argc, char **argv) {
    Options options;
    CLI::App app{"Measures what seccomp costs on several kernels, side by side.\n"
                 "Exit status: 0 all is well, 1 a limit is not kept, 2 an error, 3 another boot\n"
                 "gave other digits, 4 ACCEL=kvm, and KVM does not work here.",
                 "bench"};
    app.add_option("--kernel", options.kernels,
                   "[SET:]COLUMN=DIRECTORY of a kernel's build; the sets mitigations and audit "
                   "have rows of their own")
        ->required();
    app.add_option("--initramfs", options.settings.initramfs, "what qemu/make-initramfs made")
        ->required();
    app.add_option("--profile", options.sources.profile, "podman's OCI profile")
        ->envname("SECCOMP_CACHE_PROFILE")
        ->required();
    app.add_option("--stack", options.sources.stack, "folder of a systemd service's raw filters")
        ->required();
    app.add_option("--logs", options.settings.logs, "directory for logs and every repetition")
        ->envname("SECCOMP_CACHE_LOGS")
        ->capture_default_str();
    app.add_option("--output", options.output, "directory for results.json, .md and .html")
        ->capture_default_str();
    app.add_option("--limits", options.limits, "check the results against this file");
    app.add_option("--boots", options.boots, "boot each kernel that often, and compare the digits")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    app.add_option("--repetitions", options.settings.repetitions, "of everything, in one boot")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--only", options.only,
                   "only the workloads whose names match this shell pattern, as 'hostile-*'; one "
                   "more is called siglock");
    app.add_flag("--quick", options.quick, "only the workloads that matter most");
    app.footer("ACCEL=kvm in the environment measures nanoseconds instead of instructions.");
    command_line::parse_or_exit(app, argc, argv);
    return options;
}

std::string command_line_of_set(const std::string &set) {
    if (set.empty())
        return "";
    // After our own mitigations=off, and the last word counts.
    if (set == "mitigations")
        return "mitigations=auto";
    if (set == "audit")
        return "audit=1";
    throw std::invalid_argument(fmt::format("there is no set '{}': mitigations, audit", set));
}

Subject parse_subject(const std::string &word) {
    const auto equals = word.find('=');
    Subject subject;
    subject.column = word.substr(0, equals);
    if (const auto colon = subject.column.find(':'); colon != std::string::npos) {
        subject.set = subject.column.substr(0, colon);
        subject.column.erase(0, colon + 1);
    }
    if (equals == word.npos || subject.column.empty())
        throw std::invalid_argument(
            fmt::format("--kernel {}: [SET:]COLUMN=DIRECTORY is expected", word));
    subject.command_line = command_line_of_set(subject.set);
    subject.build = vm::load_kernel_build(word.substr(equals + 1));
    return subject;
}

} // namespace bench
