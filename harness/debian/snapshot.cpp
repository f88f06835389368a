// SPDX-License-Identifier: MIT
#include "debian/snapshot.h"

#include "kernel/filter_dump.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <optional>

namespace debian {

namespace {

using nlohmann::json;

// A service attaches its filters one after the other, all within an instant.
constexpr int attempts = 10;

std::string name_of(const kernel::FilteredTask &task) {
    return fmt::format("task {} ({} of {})", task.tid, task.command, task.unit);
}

bool has_ended(const kernel::FilteredTask &task) {
    const auto status = kernel::read_task_status(task.tid);
    return !status || status->ended;
}

// Nothing if the task has ended.
std::optional<std::string> read_cache(const kernel::FilteredTask &task) {
    const auto path = fmt::format("/proc/{}/task/{}/seccomp_cache", task.pid, task.tid);
    if (auto text = kernel::read_text(path))
        return text;
    if (has_ended(task))
        return {};
    throw SnapshotError(
        fmt::format("{}: {}: cannot be read, or is empty: does this kernel have our "
                    "patches, and CONFIG_SECCOMP_CACHE_DEBUG?",
                    name_of(task), path));
}

// Nothing if the task has ended.
std::optional<TaskSnapshot> look_at(kernel::FilteredTask task) {
    for (int attempt = 0; attempt < attempts; attempt++) {
        try {
            auto chain = kernel::dump_filters(task.tid);
            auto cache = read_cache(task);
            const auto status = kernel::read_task_status(task.tid);
            if (!cache || !status)
                return {};
            task.filters = status->filters;
            if (chain.size() == status->filters)
                return TaskSnapshot{task, std::move(chain), std::move(*cache)};
        } catch (const kernel::DumpError &error) {
            if (error.reason() == kernel::DumpError::Reason::gone)
                return {};
            throw SnapshotError(fmt::format("{}: {}", name_of(task), error.what()));
        }
    }
    throw SnapshotError(
        fmt::format("{}: its filters and their number do not fit together", name_of(task)));
}

json program_json(const cbpf::Program &program) {
    json out = json::array();
    for (const cbpf::Instruction &each : program)
        out.push_back({each.code, each.jt, each.jf, each.k});
    return out;
}

cbpf::Program program_of(const json &in) {
    cbpf::Program program;
    for (const json &each : in)
        program.push_back({each.at(0).get<std::uint16_t>(), each.at(1).get<std::uint8_t>(),
                           each.at(2).get<std::uint8_t>(), each.at(3).get<std::uint32_t>()});
    return program;
}

json task_json(const TaskSnapshot &each) {
    json chain = json::array();
    for (const cbpf::Program &program : each.chain)
        chain.push_back(program_json(program));
    return {{"pid", each.task.pid},         {"tid", each.task.tid},
            {"command", each.task.command}, {"unit", each.task.unit},
            {"filters", each.task.filters}, {"chain", chain},
            {"cache", each.cache}};
}

TaskSnapshot task_of(const json &in) {
    TaskSnapshot task;
    task.task.pid = in.at("pid").get<pid_t>();
    task.task.tid = in.at("tid").get<pid_t>();
    task.task.command = in.at("command").get<std::string>();
    task.task.unit = in.at("unit").get<std::string>();
    task.task.filters = in.at("filters").get<unsigned>();
    for (const json &program : in.at("chain"))
        task.chain.push_back(program_of(program));
    task.cache = in.at("cache").get<std::string>();
    return task;
}

} // namespace

Snapshot take_snapshot() {
    Snapshot snapshot;
    for (const kernel::FilteredTask &task : kernel::filtered_tasks())
        if (auto seen = look_at(task))
            snapshot.push_back(std::move(*seen));
    return snapshot;
}

std::string to_json(const Snapshot &snapshot) {
    json out = json::array();
    for (const TaskSnapshot &each : snapshot)
        out.push_back(task_json(each));
    // Names of commands can be any bytes.
    return out.dump(-1, ' ', true, json::error_handler_t::replace);
}

Snapshot from_json(std::string_view text) {
    try {
        Snapshot snapshot;
        for (const json &each : json::parse(text))
            snapshot.push_back(task_of(each));
        return snapshot;
    } catch (const json::exception &error) {
        throw SnapshotError(
            fmt::format("the guest's list of tasks cannot be read: {}", error.what()));
    }
}

} // namespace debian
