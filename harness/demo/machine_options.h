// SPDX-License-Identifier: MIT
//
// What vm_demo and vm_shell want to know about the machine to boot.

#pragma once

#include "vm/kernel_build.h"
#include "vm/machine_spec.h"

#include <CLI/CLI.hpp>

#include <filesystem>

namespace demo {

struct MachineOptions {
    std::filesystem::path kernel;
    std::filesystem::path initramfs;
    std::filesystem::path logs = "build/logs";
};

void add_machine_options(CLI::App &app, MachineOptions &options);

// `spec.accel` is still to be chosen. Throws std::runtime_error for what is missing.
vm::MachineSpec machine_spec(const MachineOptions &options, const vm::KernelBuild &build,
                             const std::string &name);

} // namespace demo
