// SPDX-License-Identifier: MIT
//
// Asks the exact oracle about groups of filter chains: every number of every table.

#pragma once

#include "analysis/coverage.h"
#include "analysis/oracle.h"
#include "cbpf/program.h"
#include "cbpf/syscall_table.h"
#include "kernel/proc_file.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace verify {

// Whose bits, where there is no proc file: those of the kernel's emulator, compiled for user space,
// or those of the reference emulator, which are never fewer.
enum class Emulator { kernel, reference };

// What is said of one group of chains.
struct GroupResult {
    std::string name{};
    bool total = false;  // the sum of groups that are in the same report
    std::string cache{}; // whose bits: "emulator", "reference", "kernel", or "mixed"
    std::size_t chains = 0;
    std::size_t filters = 0;
    std::size_t instructions = 0;
    analysis::Coverage coverage{};
    analysis::OracleWork work{};
    double seconds = 0; // of processors, all threads together

    GroupResult &operator+=(const GroupResult &other);
};

struct Setting {
    std::vector<cbpf::SyscallTable> tables;
    analysis::SolverLimits limits;
    Emulator emulator = Emulator::kernel;
};

// One chain. The bits are those of `listing`, or, without one, of the setting's emulator.
GroupResult survey_chain(const std::string &name, const cbpf::Chain &chain,
                         const std::optional<kernel::CacheListing> &listing,
                         const Setting &setting);

struct Generation {
    std::size_t filters = 0; // at least so many, in chains
    std::uint64_t seed = 1;
    unsigned threads = 1;
    std::function<void(std::size_t)> progress; // how many filters are done; from any thread
};

// The chains that `generation` stands for: seven in eight are single filters, each shape of
// tests/support/filter_shapes.h in turn; the others are chains of two to eight filters of mixed
// shapes. A function of the seed and of the index.
std::size_t generated_chain_count(const Generation &generation);
cbpf::Chain generated_chain(std::uint64_t seed, std::size_t index);
std::string generated_chain_group(std::size_t index); // "list", ..., "chains"

// One result for each shape, one for chains. The same whatever the number of threads, but for the
// time. What is thrown about a chain names its index and the seed.
std::vector<GroupResult> survey_generated(const Generation &generation, const Setting &setting);

} // namespace verify
