// SPDX-License-Identifier: MIT
//
// What the programs that boot a machine for people have in common: some options, how they tell of
// their progress, and how they end.

#pragma once

#include <CLI/CLI.hpp>

#include <filesystem>
#include <functional>
#include <string>

namespace command_line {

struct KernelOptions {
    std::filesystem::path kernel;
    std::filesystem::path logs = "build/logs";
};

// Also says, in the help's footer, what the environment decides.
void add_kernel_options(CLI::App &app, KernelOptions &options);

// A profile that comes with Debian's packages, unless another is named.
void add_profile_option(CLI::App &app, std::string &profile);

// One line per phase on standard error, so that the result can be piped.
void phase(const std::string &what);

// Parses the command line. Prints help, or an error, and exits (0 or 2) where there is nothing else
// to do.
void parse_or_exit(CLI::App &app, int argc, char **argv);

// Parses the command line, runs `body`, and returns the exit status: that of `body`, or 2 for an
// error, of which it says one line.
int run_program(CLI::App &app, int argc, char **argv, const std::function<int()> &body);

} // namespace command_line
