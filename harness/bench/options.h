// SPDX-License-Identifier: MIT
//
// What bench is told on its command line, or by its environment.

#pragma once

#include "bench/collect.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bench {

struct Options {
    std::vector<std::string> kernels; // [SET:]COLUMN=DIRECTORY, see parse_subject()
    Sources sources;
    Settings settings{.initramfs = {}, .logs = "build/logs"};
    std::filesystem::path output = "build/bench";
    std::filesystem::path limits; // to check against, or nothing
    std::string only;             // a shell pattern for the names of workloads, or nothing
    unsigned boots = 2;
    bool quick = false;
};

// Prints help, or an error, and exits (2) where there is nothing else to do.
Options parse_options(int argc, char **argv);

// Throws std::invalid_argument or vm::KernelBuildError.
Subject parse_subject(const std::string &word);

// What the kernel is told in a set: "mitigations" has the default ones, "audit" has auditing
// enabled. Throws std::invalid_argument for a set that is not known.
std::string command_line_of_set(const std::string &set);

} // namespace bench
