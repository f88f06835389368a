// SPDX-License-Identifier: MIT
//
// A finished kernel as scripts/build-kernel leaves it: a directory with bzImage, buildinfo.json
// and kselftest/.

#pragma once

#include "cbpf/syscall_table.h"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace vm {

struct KernelBuildError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct KernelBuild {
    std::filesystem::path directory;
    std::string version; // "5.10.262"
    std::string series;  // "none", "full", or how many patches
    std::string config;  // "base"
    std::vector<cbpf::SyscallTable> tables;

    std::filesystem::path image() const { return directory / "bzImage"; }
    std::string description() const; // "Linux 5.10.262, series full, config base"
};

// Throws KernelBuildError, which names the file and what is wrong with it.
KernelBuild load_kernel_build(const std::filesystem::path &directory);

} // namespace vm
