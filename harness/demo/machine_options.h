// SPDX-License-Identifier: MIT
//
// What vm_demo and vm_shell want to know about the machine to boot.

#pragma once

#include "command_line/program.h"
#include "vm/kernel_build.h"
#include "vm/machine_spec.h"

#include <CLI/CLI.hpp>

#include <filesystem>

namespace demo {

struct MachineOptions {
    command_line::KernelOptions build;
    std::filesystem::path initramfs;
};

void add_machine_options(CLI::App &app, MachineOptions &options);

// `spec.accel` is still to be chosen. Throws std::runtime_error for what is missing.
vm::MachineSpec machine_spec(const MachineOptions &options, const vm::KernelBuild &build,
                             const std::string &name);

} // namespace demo
