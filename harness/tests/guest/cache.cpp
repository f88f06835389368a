// SPDX-License-Identifier: MIT
#include "cache.h"

#include "kernel/cross_check.h"
#include "kernel/emulator/kernel_emulator.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace guest {

namespace {

std::vector<cbpf::SyscallTable> tables_from_environment() {
    const char *text = std::getenv("SECCOMP_CACHE_TABLES");
    if (text == nullptr)
        throw std::runtime_error("SECCOMP_CACHE_TABLES is not set: set it to the kernel's syscall "
                                 "tables, as in x86_64:0xc000003e:441,ia32:0x40000003:441");
    return cbpf::parse_tables(text);
}

[[noreturn]] void throw_errno(const std::string &what) {
    throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

const std::vector<cbpf::SyscallTable> &tables() {
    static const std::vector<cbpf::SyscallTable> parsed = tables_from_environment();
    return parsed;
}

const cbpf::SyscallTable &native_table() { return tables().at(0); }

const cbpf::SyscallTable &compat_table() {
    if (tables().size() < 2)
        throw std::runtime_error("this kernel has no compat table: the test needs CONFIG_COMPAT");
    return tables()[1];
}

std::string read_file(const std::string &path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        throw_errno(path);

    std::string text;
    char buffer[32768];
    ssize_t length;
    while ((length = read(fd, buffer, sizeof(buffer))) > 0)
        text.append(buffer, static_cast<std::size_t>(length));
    const int error = errno;
    close(fd);
    if (length < 0) {
        errno = error;
        throw_errno("read " + path);
    }
    return text;
}

std::string cache_path(pid_t pid) { return "/proc/" + std::to_string(pid) + "/seccomp_cache"; }

std::string cache_path(pid_t pid, pid_t tid) {
    return "/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/seccomp_cache";
}

std::string read_cache(pid_t pid) { return read_file(cache_path(pid)); }

testing::AssertionResult shows_cache_of(const std::string &text, const cbpf::Chain &chain) {
    try {
        const auto checked = kernel::cross_check(kernel::parse(text, tables()), chain, tables());
        if (checked.all_agree() && !checked.filter_presence_differs)
            return testing::AssertionSuccess();
        return testing::AssertionFailure() << checked.summary() << "\n" << checked.details();
    } catch (const kernel::ParseError &error) {
        return testing::AssertionFailure() << "seccomp_cache: " << error.what();
    }
}

testing::AssertionResult shows_exactly(const std::string &text, const AllowRule &allow) {
    try {
        const auto listing = kernel::parse(text, tables());
        if (!listing.has_filter)
            return testing::AssertionFailure() << "seccomp_cache is empty";
        for (const auto &table : listing.tables)
            for (unsigned number = 0; number < table.table.size; number++)
                if (table.allow[number] != allow(table.table.arch, number))
                    return testing::AssertionFailure()
                           << table.table.name << " " << number << ": the kernel says "
                           << (table.allow[number] ? "ALLOW" : "FILTER");
        return testing::AssertionSuccess();
    } catch (const kernel::ParseError &error) {
        return testing::AssertionFailure() << "seccomp_cache: " << error.what();
    }
}

std::size_t allow_count(const std::string &text, const cbpf::SyscallTable &table) {
    for (const auto &listed : kernel::parse(text, tables()).tables)
        if (listed.table == table)
            return listed.allow_count();
    throw std::runtime_error("seccomp_cache has no table " + table.name);
}

bool emulator_allows(const cbpf::Chain &chain, std::uint32_t arch, std::uint32_t number) {
    for (const auto &table : tables())
        if (table.arch == arch)
            return number < table.size && kernel::emulated_numbers(chain, arch, table.size)[number];
    return false;
}

} // namespace guest
