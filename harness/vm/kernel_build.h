// SPDX-License-Identifier: MIT
//
// A finished kernel as scripts/build-kernel leaves it: a directory with bzImage, buildinfo.json
// and kselftest/.

#pragma once

#include "cbpf/syscall_table.h"
#include "vm/machine_spec.h"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vm {

struct KernelBuildError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What its config says that a machine for this kernel needs, in lines "# Machine:"
// (scripts/build-kernel --help). Most say nothing.
struct MachineHints {
    unsigned memory_mib = 0; // at least
    unsigned cpus = 0;       // at least
    unsigned slowness = 1;   // of a kernel full of checks: multiplies deadlines
    std::string command_line;
};

struct KernelBuild {
    std::filesystem::path directory;
    std::string version; // "5.10.262"
    std::string series;  // "none", "full", or how many patches
    std::string config;  // "base"
    std::vector<cbpf::SyscallTable> tables;
    MachineHints machine;

    std::filesystem::path image() const { return directory / "bzImage"; }
    // Is it "=y" in the kernel's .config? Throws KernelBuildError where there is none.
    bool has_option(std::string_view name) const;
    std::string description() const; // "Linux 5.10.262, series full, config base"
};

// Throws KernelBuildError, which names the file and what is wrong with it.
KernelBuild load_kernel_build(const std::filesystem::path &directory);

// Has `spec` boot this kernel, with at least what it needs.
void use_kernel(const KernelBuild &build, MachineSpec &spec);

} // namespace vm
