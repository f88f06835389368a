// SPDX-License-Identifier: MIT
#include "vm/kernel_build.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace vm {

std::string KernelBuild::description() const {
    return fmt::format("Linux {}, series {}, config {}", version, series, config);
}

KernelBuild load_kernel_build(const std::filesystem::path &directory) {
    const auto info = directory / "buildinfo.json";
    KernelBuild build{directory, {}, {}, {}, {}};
    if (!std::filesystem::exists(build.image()))
        throw KernelBuildError(
            fmt::format("{}: no such kernel: make it with `make kernel`", build.image().string()));
    std::ifstream file(info);
    if (!file)
        throw KernelBuildError(
            fmt::format("{}: cannot be read: make it with `make kernel`", info.string()));
    try {
        const auto json = nlohmann::json::parse(file);
        build.version = json.at("version");
        build.series = json.at("series");
        build.config = json.at("config");
        for (const auto &table : json.at("tables"))
            build.tables.push_back({table.at("name"), table.at("arch"), table.at("size")});
    } catch (const nlohmann::json::exception &error) {
        throw KernelBuildError(fmt::format("{}: {}", info.string(), error.what()));
    }
    return build;
}

} // namespace vm
