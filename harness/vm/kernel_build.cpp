// SPDX-License-Identifier: MIT
#include "vm/kernel_build.h"

#include "vm/kernel_config.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

namespace vm {

std::string KernelBuild::description() const {
    return fmt::format("Linux {}, series {}, config {}", version, series, config);
}

bool KernelBuild::has_option(std::string_view name) const {
    return load_kernel_config(directory / "config").enabled(name);
}

namespace {

// Kernels that were built before there were hints have none. An unknown one is a typing error.
MachineHints parse_hints(const nlohmann::json &json) {
    MachineHints hints;
    for (const auto &[name, value] : json.items()) {
        if (name == "memory_mib")
            hints.memory_mib = value;
        else if (name == "cpus")
            hints.cpus = value;
        else if (name == "slowness")
            hints.slowness = value;
        else if (name == "command_line")
            hints.command_line = value;
        else
            throw KernelBuildError(fmt::format("no machine hint is called '{}'", name));
    }
    return hints;
}

} // namespace

KernelBuild load_kernel_build(const std::filesystem::path &directory) {
    const auto info = directory / "buildinfo.json";
    KernelBuild build{directory, {}, {}, {}, {}, {}};
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
        build.machine = parse_hints(json.value("machine", nlohmann::json::object()));
    } catch (const std::exception &error) {
        throw KernelBuildError(fmt::format("{}: {}", info.string(), error.what()));
    }
    return build;
}

void use_kernel(const KernelBuild &build, MachineSpec &spec) {
    spec.kernel = build.image();
    spec.memory_mib = std::max(spec.memory_mib, build.machine.memory_mib);
    spec.cpus = std::max(spec.cpus, build.machine.cpus);
    spec.extra_scale *= build.machine.slowness;
    if (!build.machine.command_line.empty())
        spec.extra_command_line +=
            (spec.extra_command_line.empty() ? "" : " ") + build.machine.command_line;
}

} // namespace vm
