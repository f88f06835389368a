// SPDX-License-Identifier: MIT
#include "command_line/program.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace command_line {

void add_kernel_options(CLI::App &app, KernelOptions &options) {
    app.add_option("--kernel", options.kernel, "directory of the kernel's build")
        ->envname("SECCOMP_CACHE_KERNEL")
        ->required();
    app.add_option("--logs", options.logs, "directory for console logs")
        ->envname("SECCOMP_CACHE_LOGS")
        ->capture_default_str();
    app.footer("ACCEL=kvm|tcg in the environment overrides the choice of accelerator.");
}

void add_profile_option(CLI::App &app, std::string &profile) {
    profile = "/usr/share/containers/seccomp.json";
    app.add_option("--profile", profile, "OCI seccomp profile")->capture_default_str();
}

void phase(const std::string &what) {
    fmt::print(stderr, "{}\n", what);
    std::fflush(stderr);
}

namespace {

constexpr int error_status = 2;

} // namespace

void parse_or_exit(CLI::App &app, int argc, char **argv) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp &help) {
        std::exit(app.exit(help));
    } catch (const CLI::ParseError &error) {
        app.exit(error);
        std::exit(error_status);
    }
}

int run_program(CLI::App &app, int argc, char **argv, const std::function<int()> &body) {
    parse_or_exit(app, argc, argv);
    try {
        return body();
    } catch (const std::exception &error) {
        fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
        return error_status;
    }
}

} // namespace command_line
