// SPDX-License-Identifier: MIT
#include "kernel/task_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <stdexcept>

namespace kernel {

namespace {

namespace fs = std::filesystem;

template <typename Number> std::optional<Number> parse_number(std::string_view text) {
    Number number = 0;
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc() || stop != end)
        return {};
    return number;
}

std::string_view take_line(std::string_view &text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

// The value of "NAME:\tVALUE".
std::string_view field(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        std::string_view line = take_line(text);
        if (!line.starts_with(name) || !line.substr(name.size()).starts_with(':'))
            continue;
        line.remove_prefix(name.size() + 1);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        return line;
    }
    throw std::runtime_error(fmt::format("/proc/PID/status has no line {}", name));
}

template <typename Number> Number number_field(std::string_view text, std::string_view name) {
    const std::string_view value = field(text, name);
    const auto number = parse_number<Number>(value);
    if (!number)
        throw std::runtime_error(
            fmt::format("/proc/PID/status: {}: \"{}\" is not a number", name, value));
    return *number;
}

// The entries of a directory that are numbers, sorted; none if it has vanished.
std::vector<pid_t> numbers_in(const fs::path &directory) {
    std::vector<pid_t> numbers;
    std::error_code error;
    for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
        if (const auto number = parse_number<pid_t>(at->path().filename().string()))
            numbers.push_back(*number);
    std::ranges::sort(numbers);
    return numbers;
}

std::optional<FilteredTask> look_at(const fs::path &task) {
    const auto status = read_text(task / "status");
    if (!status)
        return {};
    const unsigned filters = parse_task_status(*status).filters;
    const auto command = read_text(task / "comm");
    if (filters == 0 || !command)
        return {};
    FilteredTask found;
    found.command = command->substr(0, command->find('\n'));
    found.unit = unit_of_cgroup(read_text(task / "cgroup").value_or(""));
    found.filters = filters;
    return found;
}

} // namespace

std::optional<std::string> read_text(const fs::path &path) {
    // Not by std::istreambuf_iterator: that throws where a read fails.
    std::ifstream file(path, std::ios::binary);
    std::string text;
    std::array<char, 4096> buffer;
    while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0)
        text.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
    if (!file.is_open() || file.bad() || text.empty())
        return {};
    return text;
}

TaskStatus parse_task_status(std::string_view text) {
    TaskStatus status;
    const std::string_view state = field(text, "State");
    status.ended = state.starts_with('Z') || state.starts_with('X');
    status.tracer = number_field<pid_t>(text, "TracerPid");
    status.filters = number_field<unsigned>(text, "Seccomp_filters");
    return status;
}

std::optional<TaskStatus> read_task_status(pid_t tid, const fs::path &proc) {
    const auto text = read_text(proc / fmt::to_string(tid) / "status");
    if (!text)
        return {};
    return parse_task_status(*text);
}

std::string unit_of_cgroup(std::string_view text) {
    // "0::PATH", or with the old hierarchies one line each, of which systemd's own counts.
    std::string_view path;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const std::size_t colon = line.find(':', line.find(':') + 1);
        if (colon != line.npos &&
            (line.starts_with("0::") || line.find(":name=systemd:") != line.npos))
            path = line.substr(colon + 1);
    }
    // The innermost unit: a user's services are below the service that is his manager.
    for (std::string_view rest = path; !rest.empty();) {
        const std::size_t slash = rest.rfind('/');
        const std::string_view last = slash == rest.npos ? rest : rest.substr(slash + 1);
        if (last.ends_with(".service") || last.ends_with(".scope"))
            return std::string(last);
        rest = rest.substr(0, slash == rest.npos ? 0 : slash);
    }
    return std::string(path);
}

std::vector<FilteredTask> filtered_tasks(const fs::path &proc) {
    std::vector<FilteredTask> tasks;
    const auto processes = numbers_in(proc);
    if (processes.empty())
        throw std::runtime_error(fmt::format("{}: there is no process in it", proc.string()));
    for (const pid_t pid : processes) {
        const fs::path threads = proc / fmt::to_string(pid) / "task";
        for (const pid_t tid : numbers_in(threads))
            if (auto found = look_at(threads / fmt::to_string(tid))) {
                found->pid = pid;
                found->tid = tid;
                tasks.push_back(std::move(*found));
            }
    }
    return tasks;
}

} // namespace kernel
