// SPDX-License-Identifier: MIT
#include "demo/machine_options.h"

#include <fmt/format.h>

#include <stdexcept>

namespace demo {

void add_machine_options(CLI::App &app, MachineOptions &options) {
    command_line::add_kernel_options(app, options.build);
    app.add_option("--initramfs", options.initramfs, "what qemu/make-initramfs made")
        ->envname("SECCOMP_CACHE_INITRAMFS")
        ->required();
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
    spec.log_directory = options.build.logs;
    return spec;
}

} // namespace demo
