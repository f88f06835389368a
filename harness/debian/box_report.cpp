// SPDX-License-Identifier: MIT
#include "debian/box_report.h"

#include "kernel/cross_check.h"
#include "kernel/proc_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <tuple>

namespace debian {

namespace {

using cbpf::SyscallTable;

constexpr std::size_t details_limit = 20; // lines

void compare(const TaskSnapshot &seen, std::span<const SyscallTable> tables, Row &row) {
    try {
        const auto listing = kernel::parse(seen.cache, tables);
        for (const auto &table : listing.tables)
            row.allow.push_back(table.allow_count());
        const auto check = kernel::cross_check(listing, seen.chain, tables);
        row.agrees = check.all_agree();
        row.agreement = check.summary();
        row.details = check.details();
    } catch (const kernel::ParseError &error) {
        row.agreement = fmt::format("seccomp_cache is wrong: {}", error.what());
    } catch (const std::invalid_argument &error) {
        row.agreement = fmt::format("no kernel takes such filters: {}", error.what());
    }
}

Row check_task(const TaskSnapshot &seen, std::span<const SyscallTable> tables) {
    Row row;
    row.task = seen.task;
    for (const cbpf::Program &program : seen.chain)
        row.instructions += program.size();
    compare(seen, tables, row);
    return row;
}

// Cells, aligned: text to the left, numbers to the right.
std::string aligned(const std::vector<std::vector<std::string>> &lines,
                    const std::vector<bool> &right) {
    std::vector<std::size_t> widths(right.size(), 0);
    for (const auto &line : lines)
        for (std::size_t i = 0; i < line.size(); i++)
            widths[i] = std::max(widths[i], line[i].size());
    std::string text;
    for (const auto &line : lines) {
        for (std::size_t i = 0; i + 1 < line.size(); i++)
            text += right[i] ? fmt::format("{:>{}}  ", line[i], widths[i])
                             : fmt::format("{:<{}}  ", line[i], widths[i]);
        text += line.back() + "\n";
    }
    return text;
}

// Enough of a text to see what is wrong: a cache can be wrong in hundreds of lines.
std::string beginning(std::string_view text) {
    std::size_t end = 0;
    for (std::size_t line = 0; line < details_limit && end < text.size(); line++)
        end = std::min(text.find('\n', end), text.size() - 1) + 1;
    std::string shown(text.substr(0, end));
    if (const auto more = std::ranges::count(text.substr(end), '\n'))
        shown += fmt::format("and {} more\n", more);
    return shown;
}

bool is_there(const Expectation &expected, std::span<const Row> rows) {
    return std::ranges::any_of(rows, [&](const Row &row) {
        return row.task.unit == expected.unit && row.task.filters >= expected.filters;
    });
}

} // namespace

std::vector<Row> check_tasks(const Snapshot &snapshot, std::span<const SyscallTable> tables) {
    std::vector<Row> rows;
    rows.reserve(snapshot.size());
    for (const TaskSnapshot &seen : snapshot)
        rows.push_back(check_task(seen, tables));
    std::ranges::sort(rows, {}, [](const Row &row) {
        return std::tie(row.task.unit, row.task.pid, row.task.tid);
    });
    return rows;
}

std::string table_text(std::span<const Row> rows, std::span<const SyscallTable> tables) {
    std::vector<std::vector<std::string>> lines = {
        {"unit", "pid", "tid", "command", "filters", "instructions"}};
    std::vector<bool> right = {false, true, true, false, true, true};
    for (const SyscallTable &table : tables) {
        lines[0].push_back(fmt::format("ALLOW {}", table.name));
        right.push_back(true);
    }
    lines[0].emplace_back("agreement");
    right.push_back(false);
    for (const Row &row : rows) {
        std::vector<std::string> line = {
            row.task.unit,    fmt::to_string(row.task.pid),     fmt::to_string(row.task.tid),
            row.task.command, fmt::to_string(row.task.filters), fmt::to_string(row.instructions)};
        for (std::size_t i = 0; i < tables.size(); i++)
            line.push_back(i < row.allow.size() ? fmt::to_string(row.allow[i]) : "-");
        line.push_back(row.agreement);
        lines.push_back(std::move(line));
    }
    return aligned(lines, right);
}

std::vector<std::string> problems(std::span<const Row> rows,
                                  std::span<const Expectation> expectations) {
    std::vector<std::string> found;
    for (const Row &row : rows)
        if (!row.agrees)
            found.push_back(fmt::format("{}, task {} ({}): {}\n{}", row.task.unit, row.task.tid,
                                        row.task.command, row.agreement, beginning(row.details)));
    for (const Expectation &expected : expectations)
        if (!is_there(expected, rows))
            found.push_back(fmt::format("{}: no task with at least {} {} was there to look at",
                                        expected.unit, expected.filters,
                                        expected.filters == 1 ? "filter" : "filters"));
    return found;
}

} // namespace debian
