// SPDX-License-Identifier: MIT
//
// A syscall of this very thread, by either entry and with whole registers: nothing of the C library
// comes in between. Gives what the kernel left in the accumulator, so errors are negative.
//
// By the 32-bit entry, the sixth argument (rbp) is left out: compilers keep their frames there.

#pragma once

#include "probe.h"

#include <array>
#include <cstdint>

namespace guest {

inline long direct_call(Path path, std::uint64_t number,
                        const std::array<std::uint64_t, 6> &arguments = {}) {
    long result;
    if (path == Path::syscall) {
        asm volatile("mov %[r10], %%r10\n\t"
                     "mov %[r8], %%r8\n\t"
                     "mov %[r9], %%r9\n\t"
                     "syscall"
                     : "=a"(result)
                     : "a"(number), "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]),
                       [r10] "m"(arguments[3]), [r8] "m"(arguments[4]), [r9] "m"(arguments[5])
                     : "rcx", "r8", "r9", "r10", "r11", "memory");
    } else {
        asm volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(arguments[0]), "c"(arguments[1]), "d"(arguments[2]),
                       "S"(arguments[3]), "D"(arguments[4])
                     : "r8", "r9", "r10", "r11", "memory");
        // As 64-bit code sees a 32-bit result.
        result = static_cast<std::int32_t>(result);
    }
    return result;
}

} // namespace guest
