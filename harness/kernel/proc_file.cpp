// SPDX-License-Identifier: MIT
#include "kernel/proc_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace kernel {

namespace {

using cbpf::SyscallTable;

constexpr std::size_t longest_quote = 40;

// Text from the file for an error message: on one line, and not endless.
std::string quote(std::string_view text) {
    std::string out = "\"";
    for (const char c : text.substr(0, longest_quote)) {
        if (c >= ' ' && c <= '~')
            out += c;
        else
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return out + (text.size() > longest_quote ? "...\"" : "\"");
}

struct Line {
    std::string_view arch;
    unsigned number;
    bool allow;
};

class Parser {
public:
    Parser(std::string_view text, std::span<const SyscallTable> tables)
        : rest_(text), tables_(tables) {}

    CacheListing parse() {
        CacheListing listing;
        if (rest_.empty())
            return listing;
        listing.has_filter = true;
        for (const SyscallTable &table : tables_)
            listing.tables.push_back(parse_table(table));
        if (!rest_.empty()) {
            const Line extra = split(next_line());
            fail(fmt::format("{} {} after the last line that should be there", extra.arch,
                             extra.number));
        }
        return listing;
    }

private:
    [[noreturn]] void fail(const std::string &reason) const { throw ParseError(line_, reason); }

    TableListing parse_table(const SyscallTable &table) {
        TableListing listing{table, {}};
        for (unsigned number = 0; number < table.size; number++) {
            if (rest_.empty()) {
                line_++;
                fail(fmt::format("the file ends where {} {} should be", table.name, number));
            }
            const Line line = split(next_line());
            if (line.arch != table.name || line.number != number)
                fail(explain(line, table, number));
            listing.allow.push_back(line.allow);
        }
        return listing;
    }

    std::string_view next_line() {
        line_++;
        const std::size_t end = rest_.find('\n');
        if (end == std::string_view::npos)
            fail(fmt::format("{} is cut short: no newline at its end", quote(rest_)));
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return line;
    }

    Line split(std::string_view line) const {
        const std::size_t first = line.find(' ');
        const std::size_t second = line.find(' ', first + 1);
        if (first == std::string_view::npos || second == std::string_view::npos)
            fail(fmt::format("{} is not ARCH NUMBER VERDICT", quote(line)));
        const std::string_view arch = line.substr(0, first);
        const unsigned number = parse_number(line.substr(first + 1, second - first - 1));
        const bool allow = parse_verdict(line.substr(second + 1));
        if (std::ranges::find(tables_, arch, &SyscallTable::name) == tables_.end())
            fail(fmt::format("unknown architecture {}", quote(arch)));
        return {arch, number, allow};
    }

    unsigned parse_number(std::string_view text) const {
        unsigned number = 0;
        const char *end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        if (error != std::errc() || stop != end)
            fail(fmt::format("{} is not a syscall number", quote(text)));
        if (text.size() > 1 && text.front() == '0')
            fail(fmt::format("syscall number {} has leading zeros", quote(text)));
        return number;
    }

    bool parse_verdict(std::string_view text) const {
        if (text != "ALLOW" && text != "FILTER")
            fail(fmt::format("{} is neither ALLOW nor FILTER", quote(text)));
        return text == "ALLOW";
    }

    std::string explain(const Line &line, const SyscallTable &table, unsigned expected) const {
        const char *what = "lines are missing";
        if (line.arch == table.name && line.number + 1 == expected)
            what = "the line before is repeated";
        else if (line.arch == table.name ? line.number < expected : comes_before(line, table))
            what = "the order is wrong";
        return fmt::format("{} {} where {} {} should be: {}", line.arch, line.number, table.name,
                           expected, what);
    }

    bool comes_before(const Line &line, const SyscallTable &table) const {
        const auto named = std::ranges::find(tables_, line.arch, &SyscallTable::name);
        const auto current = std::ranges::find(tables_, table.name, &SyscallTable::name);
        return named < current;
    }

    std::string_view rest_;
    std::span<const SyscallTable> tables_;
    std::size_t line_ = 0; // the one being parsed
};

} // namespace

ParseError::ParseError(std::size_t line, const std::string &reason)
    : std::runtime_error(fmt::format("line {}: {}", line, reason)), line_(line) {}

std::size_t TableListing::allow_count() const {
    return static_cast<std::size_t>(std::ranges::count(allow, true));
}

CacheListing parse(std::string_view text, std::span<const SyscallTable> tables) {
    return Parser(text, tables).parse();
}

} // namespace kernel
