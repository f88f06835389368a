// SPDX-License-Identifier: MIT
#include "verify/dumped_chain.h"

#include "cbpf/checker.h"
#include "cbpf/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <system_error>

namespace verify {

namespace {

namespace fs = std::filesystem;

constexpr const char *cache_file = "seccomp_cache.txt";

std::size_t digits_at(std::string_view text, std::size_t from) {
    std::size_t to = from;
    while (to < text.size() && std::isdigit(static_cast<unsigned char>(text[to])) != 0)
        to++;
    return to - from;
}

// "2" before "10", and everything else as usual.
bool comes_before(const std::string &a, const std::string &b) {
    std::size_t at = 0;
    while (at < a.size() && at < b.size() && a[at] == b[at])
        at++;
    // Where they part may be in the middle of a number.
    while (at > 0 && std::isdigit(static_cast<unsigned char>(a[at - 1])) != 0)
        at--;
    const std::size_t length_a = digits_at(a, at), length_b = digits_at(b, at);
    if (length_a != 0 && length_b != 0 && length_a != length_b)
        return length_a < length_b;
    return a < b;
}

std::vector<fs::path> filters_in(const fs::path &directory) {
    std::vector<fs::path> filters;
    for (const auto &entry : fs::directory_iterator(directory))
        if (entry.is_regular_file() && entry.path().extension() == ".bpf")
            filters.push_back(entry.path());
    std::ranges::sort(filters, [](const fs::path &a, const fs::path &b) {
        return comes_before(a.filename().string(), b.filename().string());
    });
    return filters;
}

cbpf::Program load_filter(const fs::path &path) {
    cbpf::Program program = cbpf::load_raw(path);
    if (const auto error = cbpf::check(program))
        throw cbpf::LoadError(
            fmt::format("{}: instruction {}: {}", path.string(), error->pc, error->reason));
    return program;
}

kernel::CacheListing load_listing(const fs::path &path,
                                  std::span<const cbpf::SyscallTable> tables) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file)
        throw cbpf::LoadError(fmt::format("{}: cannot be read", path.string()));
    try {
        auto listing = kernel::parse(text, tables);
        if (!listing.has_filter)
            throw cbpf::LoadError(fmt::format(
                "{}: is empty, as for a task without filters, beside a filter", path.string()));
        return listing;
    } catch (const kernel::ParseError &error) {
        throw cbpf::LoadError(fmt::format("{}: {} (is --tables that of the kernel it is from?)",
                                          path.string(), error.what()));
    }
}

// Turns what the file system says into what the loader says.
template <typename Function> auto with_directory(const fs::path &directory, Function function) {
    try {
        return function();
    } catch (const fs::filesystem_error &error) {
        throw cbpf::LoadError(fmt::format("{}: {}", directory.string(), error.code().message()));
    }
}

} // namespace

DumpedChain load_chain(const fs::path &directory, std::span<const cbpf::SyscallTable> tables) {
    return with_directory(directory, [&] {
        const fs::path absolute = fs::canonical(directory);
        DumpedChain dumped{.name = absolute.filename().string(), .chain = {}, .listing = {}};
        for (const fs::path &filter : filters_in(absolute))
            dumped.chain.push_back(load_filter(filter));
        if (dumped.chain.empty())
            throw cbpf::LoadError(fmt::format("{}: no *.bpf in it", directory.string()));
        if (fs::exists(absolute / cache_file))
            dumped.listing = load_listing(absolute / cache_file, tables);
        return dumped;
    });
}

std::vector<fs::path> chain_directories(const fs::path &directory) {
    return with_directory(directory, [&] {
        if (!filters_in(directory).empty())
            return std::vector{directory};
        std::vector<fs::path> found;
        for (const auto &entry : fs::directory_iterator(directory))
            if (entry.is_directory() && !filters_in(entry.path()).empty())
                found.push_back(entry.path());
        if (found.empty())
            throw cbpf::LoadError(fmt::format("{}: neither *.bpf in it nor directories with some",
                                              directory.string()));
        std::ranges::sort(found, [](const fs::path &a, const fs::path &b) {
            return comes_before(a.filename().string(), b.filename().string());
        });
        return found;
    });
}

} // namespace verify
