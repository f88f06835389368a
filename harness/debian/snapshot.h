// SPDX-License-Identifier: MIT
//
// What the guest tells the host about its filtered tasks.

#pragma once

#include "cbpf/program.h"
#include "kernel/task_list.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace debian {

struct SnapshotError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct TaskSnapshot {
    kernel::FilteredTask task;
    cbpf::Chain chain; // dumped
    std::string cache; // the text of its /proc/PID/task/TID/seccomp_cache
};

using Snapshot = std::vector<TaskSnapshot>;

// In the guest: all filtered tasks of the system. A task that ends meanwhile is left out; one that
// gets another filter meanwhile is looked at again. Throws SnapshotError, which names the task,
// for one that cannot be dumped or read.
Snapshot take_snapshot();

// JSON, for the way from the guest to the host. from_json() throws SnapshotError for anything that
// to_json() does not write.
std::string to_json(const Snapshot &snapshot);
Snapshot from_json(std::string_view text);

} // namespace debian
