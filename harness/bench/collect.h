// SPDX-License-Identifier: MIT
//
// Boots kernels and has the guest's half of the benchmarks (guest_main.cpp) measure workloads.

#pragma once

#include "bench/results.h"
#include "bench/workloads.h"
#include "vm/kernel_build.h"
#include "vm/machine.h"

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace bench {

// A kernel that is measured, and how it is booted. Results go to the column; a set other than ""
// has rows of its own, as "SET/podman-linear/hit".
struct Subject {
    std::string column;
    std::string set;
    vm::KernelBuild build;
    std::string command_line;
};

struct Settings {
    std::filesystem::path initramfs;
    std::filesystem::path logs;
    unsigned repetitions = 5;
    // The unit, too: instructions are counted where this is TCG.
    vm::Accel accel = vm::Accel::tcg;
};

std::string unit(const Settings &settings);
vm::MachineSpec machine_spec(const Settings &settings, const Subject &subject,
                             const std::string &name);

// Runs bench_guest with the filters in a file, whose path in the guest replaces "CHAIN". Returns
// what it prints. Throws vm::MachineError or std::runtime_error.
std::string run_guest(vm::Machine &machine, const cbpf::Chain &chain,
                      std::vector<std::string> words);

// One boot. `progress` is told of each workload.
void measure(const Subject &subject, std::span<const Workload> workloads, const Settings &settings,
             const std::function<void(const std::string &)> &progress, Results &results);

// From what bench_guest prints to rows; apart for its tests. Throws ResultsError.
void add_costs(const Subject &subject, const Workload &workload, const std::string &unit,
               std::string_view output, Results &results);
void add_memory(const Subject &subject, const Workload &workload, std::string_view output,
                Results &results);

// The row "hostile-worst/attach": that of the family for which the full series takes most over
// stock, once more.
void add_worst_hostile(Results &results);

} // namespace bench
