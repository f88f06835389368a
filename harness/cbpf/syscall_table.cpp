// SPDX-License-Identifier: MIT
#include "cbpf/syscall_table.h"

#include <fmt/format.h>
#include <linux/audit.h>
#include <seccomp.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <utility>

namespace cbpf {

namespace {

constexpr unsigned largest_table = 65536;
constexpr std::uint32_t x32_bit = 0x40000000; // __X32_SYSCALL_BIT

constexpr std::array<std::pair<std::uint32_t, std::string_view>, 8> arch_names = {{
    {AUDIT_ARCH_X86_64, "x86_64"}, // the first two as the kernel spells them
    {AUDIT_ARCH_I386, "ia32"},
    {AUDIT_ARCH_AARCH64, "aarch64"},
    {AUDIT_ARCH_ARM, "arm"},
    {AUDIT_ARCH_PPC64LE, "ppc64le"},
    {AUDIT_ARCH_RISCV64, "riscv64"},
    {AUDIT_ARCH_S390X, "s390x"},
    {AUDIT_ARCH_S390, "s390"},
}};

// libseccomp's token for the table that a number belongs to. Its tokens are the AUDIT_ARCH_*
// values, but for x32, which it treats as an architecture of its own.
std::uint32_t token_for(std::uint32_t arch, std::uint32_t number) {
    const bool x32 = arch == AUDIT_ARCH_X86_64 && (number & x32_bit) != 0;
    return x32 ? static_cast<std::uint32_t>(SCMP_ARCH_X32) : arch;
}

template <typename Number> bool parse_number(std::string_view text, int base, Number &number) {
    const char *end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, number, base);
    return error == std::errc() && stop == end;
}

SyscallTable parse_entry(std::string_view entry) {
    const auto fail = [&](const char *reason) -> std::invalid_argument {
        return std::invalid_argument(
            fmt::format("syscall table \"{}\": {}, expected NAME:0xARCH:SIZE", entry, reason));
    };
    const std::size_t first = entry.find(':');
    const std::size_t second = entry.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos)
        throw fail("too few parts");

    SyscallTable table{.name = std::string(entry.substr(0, first)), .arch = 0, .size = 0};
    std::string_view arch = entry.substr(first + 1, second - first - 1);
    if (table.name.empty() || table.name.find_first_of(" \n\t") != std::string::npos)
        throw fail("bad name");
    if (!arch.starts_with("0x") || !parse_number(arch.substr(2), 16, table.arch))
        throw fail("bad architecture");
    if (!parse_number(entry.substr(second + 1), 10, table.size) || table.size == 0 ||
        table.size > largest_table)
        throw fail("bad size");
    return table;
}

} // namespace

std::vector<SyscallTable> parse_tables(std::string_view text) {
    std::vector<SyscallTable> tables;
    for (;;) {
        const std::size_t comma = text.find(',');
        SyscallTable table = parse_entry(text.substr(0, comma));
        for (const SyscallTable &other : tables)
            if (other.name == table.name || other.arch == table.arch)
                throw std::invalid_argument(
                    fmt::format("syscall table \"{}\" is given twice", table.name));
        tables.push_back(std::move(table));
        if (comma == std::string_view::npos)
            return tables;
        text.remove_prefix(comma + 1);
    }
}

std::string format_tables(std::span<const SyscallTable> tables) {
    std::string text;
    for (const SyscallTable &table : tables)
        text += fmt::format("{}{}:{:#x}:{}", text.empty() ? "" : ",", table.name, table.arch,
                            table.size);
    return text;
}

std::optional<std::string> arch_name(std::uint32_t arch) {
    for (const auto &[known, name] : arch_names)
        if (known == arch)
            return std::string(name);
    return std::nullopt;
}

std::optional<std::string> syscall_name(std::uint32_t arch, std::uint32_t number) {
    if (arch == SCMP_ARCH_NATIVE) // 0: libseccomp would take the host's
        return std::nullopt;
    const std::unique_ptr<char, decltype(&std::free)> name(
        seccomp_syscall_resolve_num_arch(token_for(arch, number), static_cast<int>(number)),
        &std::free);
    if (!name)
        return std::nullopt;
    return std::string(name.get());
}

std::optional<std::uint32_t> syscall_number(std::uint32_t arch, const std::string &name) {
    if (arch == SCMP_ARCH_NATIVE)
        return std::nullopt;
    const int number = seccomp_syscall_resolve_name_arch(arch, name.c_str());
    // Negative: unknown, or known to libseccomp but not to this architecture.
    if (number < 0)
        return std::nullopt;
    return static_cast<std::uint32_t>(number);
}

} // namespace cbpf
