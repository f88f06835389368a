// SPDX-License-Identifier: MIT
#include "demo/machine_options.h"

#include <fmt/format.h>

#include <stdexcept>

namespace demo {

void add_machine_options(CLI::App &app, MachineOptions &options) {
    app.add_option("--kernel", options.kernel, "directory of the kernel's build")
        ->envname("SECCOMP_CACHE_KERNEL")
        ->required();
    app.add_option("--initramfs", options.initramfs, "what qemu/make-initramfs made")
        ->envname("SECCOMP_CACHE_INITRAMFS")
        ->required();
    app.add_option("--logs", options.logs, "directory for console logs")
        ->envname("SECCOMP_CACHE_LOGS")
        ->capture_default_str();
    app.footer("ACCEL=kvm|tcg in the environment overrides the choice of accelerator.");
}

vm::MachineSpec machine_spec(const MachineOptions &options, const vm::KernelBuild &build,
                             const std::string &name) {
    if (!std::filesystem::exists(options.initramfs))
        throw std::runtime_error(fmt::format("{}: no such file: make it with `make initramfs`",
                                             options.initramfs.string()));
    vm::MachineSpec spec;
    spec.name = name;
    vm::use_kernel(build, spec);
    spec.initramfs = options.initramfs;
    spec.log_directory = options.logs;
    return spec;
}

} // namespace demo
