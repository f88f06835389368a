// SPDX-License-Identifier: MIT
#include "bench/guest_memory.h"

#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

constexpr double page_size = 4096;

std::string content(const char *path) {
    std::ifstream file(path);
    if (!file)
        throw std::runtime_error(std::string(path) + " cannot be read");
    return {std::istreambuf_iterator<char>(file), {}};
}

std::uint64_t number_after(std::string_view text, std::string_view name) {
    const auto at = text.find(name);
    if (at == text.npos)
        throw std::runtime_error("there is no '" + std::string(name) + "'");
    const auto digits = text.find_first_not_of(' ', at + name.size());
    std::uint64_t number = 0;
    if (digits == text.npos ||
        std::from_chars(text.data() + digits, text.data() + text.size(), number).ec != std::errc{})
        throw std::runtime_error("no number follows '" + std::string(name) + "'");
    return number;
}

} // namespace

KernelMemory kernel_memory(std::string_view meminfo, std::string_view vmallocinfo) {
    KernelMemory memory;
    memory.used = 1024.0 * static_cast<double>(number_after(meminfo, "MemTotal:") -
                                               number_after(meminfo, "MemFree:"));
    for (std::size_t begin = 0; begin < vmallocinfo.size();) {
        const auto end = std::min(vmallocinfo.find('\n', begin), vmallocinfo.size());
        const auto line = vmallocinfo.substr(begin, end - begin);
        // Only lines of areas with pages behind them have it.
        if (line.find(" pages=") != line.npos)
            memory.vmalloc += page_size * static_cast<double>(number_after(line, " pages="));
        begin = end + 1;
    }
    return memory;
}

KernelMemory kernel_memory() {
    return kernel_memory(content("/proc/meminfo"), content("/proc/vmallocinfo"));
}

} // namespace bench
