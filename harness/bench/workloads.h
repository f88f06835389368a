// SPDX-License-Identifier: MIT
//
// The filters the benchmarks attach, and the calls they then make.

#pragma once

#include "cbpf/program.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bench {

// A call (guest_calls.h) and what it stands for under these filters.
struct Measure {
    std::string call;
    std::string id; // "hit", "argument-checked", ...
};

struct Workload {
    std::string id; // "podman-linear-8"
    std::string title;
    cbpf::Chain chain; // empty: nothing is attached
    unsigned times = 1;
    std::vector<Measure> measures{};
    bool memory = false; // measure that as well
    // Others are for a full run only.
    bool quick = false;
    // Of these only the attach is of interest, and the worst of them.
    bool hostile = false;
};

struct Sources {
    std::filesystem::path profile; // podman's
    std::filesystem::path stack;   // a folder of raw filters, oldest first: a systemd service's
};

// Throws cbpf::LoadError.
std::vector<Workload> all_workloads(const Sources &sources);

// Filters of a folder, in the order of their names. Throws cbpf::LoadError.
cbpf::Chain load_stack(const std::filesystem::path &directory);

// A filter of chromium's shape: a tree over the numbers with tests of arguments at its leaves. It
// caches getpid, and allows mprotect after a look at its arguments.
cbpf::Program chromium_like();

} // namespace bench
