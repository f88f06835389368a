// SPDX-License-Identifier: MIT
#include "vm/kcsan.h"

#include <algorithm>
#include <regex>

namespace vm {
namespace {

constexpr std::string_view title_mark = "BUG: KCSAN: ";
// A report ends with a line like this one; the limit is for one that does not.
constexpr std::string_view end_mark = "=====";
constexpr std::size_t max_lines = 120;

// "symbol+0x12/0x34" and, in titles, mere "symbol"; compilers add ".isra.0" and the like.
std::string function_of(std::string_view symbol) {
    return std::string(symbol.substr(0, symbol.find_first_of("+. ")));
}

bool is_helper(const std::string &function) {
    static const std::regex helper(
        "_*(find_(next|first|last)_.*|bitmap_.*|mem(cpy|set|move|cmp|chr)|str.*|seq_.*|v?sn?printf|"
        "vscnprintf|number|string|format_decode|put_dec.*|copy_(to|from)_user|kfree|kmalloc|"
        "kmem_cache_(alloc|free)|refcount_.*|(raw_)?(read|write|spin)_.*lock.*)",
        std::regex::ECMAScript | std::regex::optimize);
    return std::regex_match(function, helper);
}

bool is_seccomp(const std::string &function) {
    return function.find("seccomp") != function.npos ||
           function.find("secure_computing") != function.npos || function.starts_with("emu_") ||
           function.starts_with("syscall_enter_from_user_mode");
}

bool begins_access(std::string_view message) {
    static const std::regex access("^(race at unknown origin, with )?(read-write|read|write|assert "
                                   "no (accesses|writes))( \\(marked\\))? to 0x[0-9a-f]+ of .*",
                                   std::regex::ECMAScript | std::regex::optimize);
    return std::regex_match(message.begin(), message.end(), access);
}

std::vector<std::string> title_functions(std::string_view title) {
    std::vector<std::string> functions;
    const auto in = title.find(" in ");
    if (in == title.npos)
        return functions;
    title.remove_prefix(in + 4);
    const auto slash = title.find(" / ");
    functions.push_back(function_of(title.substr(0, slash)));
    if (slash != title.npos)
        functions.push_back(function_of(title.substr(slash + 3)));
    return functions;
}

// From the line after "write to ... by ...:" on. Empty if the stack ends with helpers.
std::string blamed(std::span<const std::string_view> stack) {
    for (const std::string_view message : stack) {
        if (!message.starts_with(' '))
            break;
        std::string function = function_of(message.substr(1));
        if (!is_helper(function))
            return function;
    }
    return "";
}

std::size_t length_of(std::span<const std::string_view> messages) {
    const std::size_t limit = std::min(messages.size(), max_lines);
    for (std::size_t i = 1; i < limit; i++)
        if (messages[i].starts_with(end_mark))
            return i;
    return limit;
}

} // namespace

bool RaceReport::ours() const {
    return accesses.empty() ||
           std::any_of(accesses.begin(), accesses.end(), [](const std::string &function) {
               return function.empty() || is_seccomp(function);
           });
}

bool is_race_title(std::string_view message) { return message.starts_with(title_mark); }

RaceReport parse_race(std::span<const std::string_view> messages) {
    RaceReport report;
    report.title = messages[0].substr(title_mark.size());
    report.lines = length_of(messages);
    const auto functions = title_functions(report.title);
    // What the title says is enough where it names no helper, however broken the rest is.
    if (std::none_of(functions.begin(), functions.end(), is_helper)) {
        report.accesses = functions;
        return report;
    }
    for (std::size_t i = 1; i < report.lines; i++)
        if (begins_access(messages[i]))
            report.accesses.push_back(blamed(messages.subspan(i + 1)));
    if (report.accesses.size() < functions.size())
        report.accesses.emplace_back();
    return report;
}

} // namespace vm
