// SPDX-License-Identifier: MIT
//
// Which tasks of the running system have seccomp filters? From /proc alone.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace kernel {

// A file of a task in /proc. Nothing if it cannot be opened or read, as a task may end in between,
// or is empty, as none is of a task that lives.
std::optional<std::string> read_text(const std::filesystem::path &path);

// What we want to know of /proc/TID/status.
struct TaskStatus {
    bool ended = false;   // a zombie, or less
    pid_t tracer = 0;     // 0: none
    unsigned filters = 0; // "Seccomp_filters", there since Linux 5.9
};

// Throws std::runtime_error, which names the line that is missing or not understood.
TaskStatus parse_task_status(std::string_view text);

// Nothing if there is no such task (any more).
std::optional<TaskStatus> read_task_status(pid_t tid, const std::filesystem::path &proc = "/proc");

// The systemd unit in /proc/PID/cgroup: "systemd-udevd.service" for
// "0::/system.slice/systemd-udevd.service/udev". Without one, the whole path.
std::string unit_of_cgroup(std::string_view text);

struct FilteredTask {
    pid_t pid = 0;
    pid_t tid = 0;
    std::string command; // /proc/PID/task/TID/comm
    std::string unit;    // empty where the kernel has no control groups
    unsigned filters = 0;

    bool operator==(const FilteredTask &) const = default;
};

// Every thread of every process that has filters now, in the order of pid and tid. What ends
// meanwhile is left out. Throws std::runtime_error where `proc` is no such directory.
std::vector<FilteredTask> filtered_tasks(const std::filesystem::path &proc = "/proc");

} // namespace kernel
