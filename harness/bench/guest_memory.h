// SPDX-License-Identifier: MIT
//
// How much memory the kernel has given out.

#pragma once

#include <string_view>

namespace bench {

struct KernelMemory {
    double used = 0;    // bytes, of all that is managed by the page
    double vmalloc = 0; // of these, what was asked for by the page: programs and JIT images
};

// From the texts of /proc/meminfo and /proc/vmallocinfo. Throws std::runtime_error for other texts.
KernelMemory kernel_memory(std::string_view meminfo, std::string_view vmallocinfo);

// As it is now.
KernelMemory kernel_memory();

} // namespace bench
