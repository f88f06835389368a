// SPDX-License-Identifier: MIT
#include "vm/kernel_config.h"

#include "vm/kernel_build.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace vm {

KernelConfig::KernelConfig(std::string_view text) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("CONFIG_") && line.ends_with("=y"))
            enabled_.insert(line.substr(0, line.size() - 2));
}

bool KernelConfig::enabled(std::string_view option) const {
    return enabled_.find(option) != enabled_.end();
}

KernelConfig load_kernel_config(const std::filesystem::path &file) {
    std::ifstream stream(file);
    std::stringstream text;
    text << stream.rdbuf();
    KernelConfig config(text.str());
    // Every kernel that runs programs has this one.
    if (!config.enabled("CONFIG_BINFMT_ELF"))
        throw KernelBuildError(fmt::format(
            "{}: not the .config of a kernel: make it with `make kernel`", file.string()));
    return config;
}

} // namespace vm
