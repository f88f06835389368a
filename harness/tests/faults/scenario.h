// SPDX-License-Identifier: MIT
//
// What is attached while allocations fail, and what became of it.

#pragma once

#include "cbpf/program.h"

#include <string>
#include <vector>

namespace faults {

enum class Allocator {
    slab,  // kmalloc() and the like
    pages, // vmalloc(), and slabs that grow: how many differs from run to run
};

struct Scenario {
    Allocator allocator;
    bool jit;
    unsigned length; // of the program, in instructions
    unsigned flags;  // SECCOMP_FILTER_FLAG_*

    std::string name() const; // "slab jit 300 TSYNC"
};

std::vector<Scenario> all_scenarios();

// Refuses `new_number` with `new_errno`, and is as long as wanted.
cbpf::Program new_filter(unsigned length);

inline constexpr unsigned short_program = 300, long_program = 4096;
// In force already, oldest first; `old_number` is refused with `old_errno`.
cbpf::Chain old_filters();

constexpr long new_number = 102; // getuid
constexpr int new_errno = 44;
constexpr long old_number = 110; // getppid
constexpr int old_errno = 33;

// What the proc file shows afterwards, if there is one.
enum class Cache {
    unknown,   // no proc file
    unchanged, // as before the attach
    reference, // what the reference emulator finds for all filters
    empty,     // FILTER on each line
    wrong,
};

struct Attempt {
    long result = 0;       // of seccomp(2): 0, a descriptor, or -errno
    bool injected = false; // did an allocation fail at all?
    bool old_in_force = false;
    bool new_in_force = false;
    bool sibling_old_in_force = true; // in another thread, with TSYNC
    bool sibling_new_in_force = false;
    Cache cache = Cache::unknown;
};

// Runs in a child process: has the `nth` allocation of the attach fail (0: none).
Attempt attempt(const Scenario &scenario, unsigned nth, bool has_proc_file);

// "0", "listener", "ENOMEM", ...
std::string result_name(long result);

// What must not be, in a few words; empty if all is well. The cache may be empty where an
// allocation failed and the attach went on: what the cache alone needs memory for may be missing.
std::string problem(const Scenario &scenario, const Attempt &attempt, bool has_proc_file);

} // namespace faults
