// SPDX-License-Identifier: MIT
#include "bench/emulation_cost.h"

#include "kernel/emulator/adapter.h"

#include <linux/audit.h>

#include <cstddef>
#include <vector>

namespace {
std::uint64_t blocks = 0;
}

// Called at the beginning of each basic block of the emulator.
extern "C" void __sanitizer_cov_trace_pc() { // NOLINT(bugprone-reserved-identifier)
    blocks++;
}

namespace bench {

std::uint64_t emulation_cost(const cbpf::Program &program) {
    // The size of the tables of Linux 5.10, the native one and that of the i386.
    constexpr unsigned table_size = 441;
    const auto length = static_cast<unsigned>(program.size());
    std::vector<std::max_align_t> memory(emulator_size(length) / sizeof(std::max_align_t) + 1);
    std::vector<unsigned long> bitmap(emulator_bitmap_words(table_size));
    auto *emulation = reinterpret_cast<seccomp_emu *>(memory.data());

    blocks = 0;
    emulator_init(emulation, program.data(), length);
    for (const std::uint32_t arch :
         {std::uint32_t{AUDIT_ARCH_X86_64}, std::uint32_t{AUDIT_ARCH_I386}})
        emulator_allowed(emulation, arch, table_size, bitmap.data());
    return blocks;
}

} // namespace bench
