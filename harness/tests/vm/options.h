// SPDX-License-Identifier: MIT
//
// What vm_tests is told on its command line, or by its environment.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tests {

struct Options {
    std::filesystem::path kernel;       // directory of the patched kernel
    std::filesystem::path stock_kernel; // the same without patches, or nothing
    std::filesystem::path initramfs;
    std::vector<std::filesystem::path> guest_tests; // the guest's GoogleTest programs, on the host
    std::filesystem::path profile;                  // an OCI profile, on the host
    std::filesystem::path logs = "build/logs";
    std::filesystem::path guest_bits; // where to put what the caches of generated stacks were
    std::vector<std::string> ktap;    // names of KTAP programs in the guest
    std::vector<std::string> ktap_allowed_skips; // names of tests, or reasons
    unsigned test_timeout = 20;                  // seconds, on a fast machine
    unsigned deadline_scale = 1;
    unsigned memory_mib = 512;
    unsigned stress_seconds = 3; // of the guest's time
};

// Takes what GoogleTest has left in argv. Prints help, or an error, and exits (2) where there is
// nothing else to do.
Options parse_options(int argc, char **argv);

} // namespace tests
