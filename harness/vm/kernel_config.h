// SPDX-License-Identifier: MIT
//
// The options a kernel was built with, from the file `config` beside it (a .config of the
// kernel's): what can be tested there, and what cannot.
//
//     const auto config = vm::load_kernel_config(build.directory / "config");
//     if (!config.enabled("CONFIG_IA32_EMULATION")) ...

#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace vm {

class KernelConfig {
public:
    KernelConfig() = default;
    // `text` is that of a .config.
    explicit KernelConfig(std::string_view text);

    // Is the option y? For m, n, a value or an option that does not exist: no.
    bool enabled(std::string_view option) const;

private:
    std::set<std::string, std::less<>> enabled_;
};

// Throws KernelBuildError (vm/kernel_build.h) when there is no such file, or it is no .config.
KernelConfig load_kernel_config(const std::filesystem::path &file);

} // namespace vm
