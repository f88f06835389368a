// SPDX-License-Identifier: MIT
//
// The syscall tables a kernel was built with, and the names in them.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cbpf {

// One table of a kernel. `size` is that build's own (__NR_syscall_max + 1 and the like), never a
// constant of ours: it changes from version to version.
struct SyscallTable {
    std::string name;   // as /proc/PID/seccomp_cache prints it: "x86_64", "ia32"
    std::uint32_t arch; // AUDIT_ARCH_*, as in seccomp_data.arch
    unsigned size;      // the numbers 0 to size-1 are in the table

    bool operator==(const SyscallTable &) const = default;
};

// "x86_64:0xc000003e:441,ia32:0x40000003:441", the native table first: how the runner tells
// guest programs (environment variable SECCOMP_CACHE_TABLES). Throws std::invalid_argument, which
// quotes the entry at fault. At least one entry; no name and no arch twice; sizes 1 to 65536.
std::vector<SyscallTable> parse_tables(std::string_view text);
std::string format_tables(std::span<const SyscallTable> tables);

// "x86_64", "ia32", ... x32 has no value of its own: it shares that of x86_64. Nothing if unknown.
std::optional<std::string> arch_name(std::uint32_t arch);

// Syscall names, from libseccomp, which may know more of them than the kernel at hand. With
// AUDIT_ARCH_X86_64, numbers with __X32_SYSCALL_BIT set are looked up among x32's.
std::optional<std::string> syscall_name(std::uint32_t arch, std::uint32_t number);
std::optional<std::uint32_t> syscall_number(std::uint32_t arch, const std::string &name);

} // namespace cbpf
