// SPDX-License-Identifier: MIT
#include "vm/console.h"

#include "qemu/agent_protocol.h"
#include "vm/kcsan.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <regex>
#include <span>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace vm {
namespace {

struct Pattern {
    const char *kind;
    std::regex regex;
};

// Searched anywhere in a message unless anchored. The order is that of naming: the first that
// fits gives the kind.
const std::vector<Pattern> &patterns() {
    static const std::vector<Pattern> all = [] {
        const auto flags = std::regex::ECMAScript | std::regex::optimize;
        const std::pair<const char *, const char *> table[] = {
            {"kernel panic", "Kernel panic - not syncing"},
            {"lockdep",
             "possible (recursive|circular|irq) lock|inconsistent lock state|bad unlock balance|"
             "irq lock inversion|lock held when returning to user space|held lock freed|"
             "trying to register non-static key|Invalid wait context|DEBUG_LOCKS_WARN_ON"},
            {"RCU misuse", "suspicious RCU usage"},
            {"KASAN", "\\bKASAN: "},
            {"KCSAN", "\\bKCSAN: "},
            {"UBSAN", "\\bUBSAN: "},
            {"memory leak", "kmemleak: .*suspected memory leak"},
            {"RCU stall", "detected stalls? on|self-detected stall|detected expedited stalls|"
                          "rcu.* kthread starved"},
            {"lockup", "soft lockup|hard LOCKUP"},
            {"hung task", "INFO: task .* blocked for more than"},
            {"out of memory", "[Oo]ut of memory|invoked oom-killer|page allocation failure"},
            {"kernel oops", "\\bOops: |: [0-9a-f]{4} \\[#[0-9]+\\]|^general protection fault|"
                            "^unchecked MSR access"},
            {"kernel bug", "\\bBUG: |kernel BUG at "},
            {"kernel warning", "\\bWARNING: "},
            {"guest agent", "^" SC_LOG_PREFIX "cannot go on"},
        };
        std::vector<Pattern> made;
        for (const auto &[kind, regex] : table)
            made.push_back({kind, std::regex(regex, flags)});
        return made;
    }();
    return all;
}

// A cheap look before the regular expressions: most of a console is boot messages.
bool worth_a_closer_look(std::string_view message) {
    static constexpr std::array<std::string_view, 16> words = {
        "panic",  "lock",    "RCU",  "rcu",     "SAN", "kmemleak", "stall", "LOCKUP",
        "memory", "blocked", "Oops", "general", "BUG", "WARNING",  "[#",    "non-static key"};
    return std::any_of(words.begin(), words.end(),
                       [&](auto word) { return message.find(word) != message.npos; }) ||
           message.starts_with(SC_LOG_PREFIX "cannot") ||
           message.find("Invalid wait") != message.npos ||
           message.find("oom-killer") != message.npos ||
           message.find("allocation failure") != message.npos ||
           message.find("MSR access") != message.npos;
}

std::optional<Splat> splat_in(std::string_view message) {
    if (!worth_a_closer_look(message))
        return {};
    // The agent quotes command names, which can be anything; and user space's own faults are its
    // own business.
    const bool agent = message.starts_with(SC_LOG_PREFIX);
    if (message.starts_with("traps: ") || (agent && !message.starts_with(SC_LOG_PREFIX "cannot")))
        return {};
    for (const Pattern &pattern : patterns())
        if (std::regex_search(message.begin(), message.end(), pattern.regex))
            return Splat{pattern.kind, std::string(message)};
    return {};
}

std::string_view take_line(std::string_view &text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty())
        lines.push_back(take_line(text));
    return lines;
}

std::vector<std::string_view> messages_of(std::string_view console) {
    auto lines = split_lines(console);
    for (std::string_view &line : lines)
        line = message_of(line);
    return lines;
}

} // namespace

std::string_view message_of(std::string_view line) {
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n'))
        line.remove_suffix(1);
    // "[   12.345678] ", and with CONFIG_PRINTK_CALLER "[   12.345678][  T123] ".
    while (line.starts_with('[')) {
        const std::size_t end = line.find(']');
        if (end == line.npos ||
            line.substr(1, end - 1).find_first_not_of(" 0123456789.TC") != line.npos)
            break;
        line.remove_prefix(end + 1);
        if (line.starts_with(' ')) {
            line.remove_prefix(1);
            break;
        }
    }
    return line;
}

std::optional<Splat> find_splat(std::string_view console) {
    const auto messages = messages_of(console);
    for (std::size_t i = 0; i < messages.size(); i++) {
        if (is_race_title(messages[i]) && !parse_race(std::span(messages).subspan(i)).ours())
            continue;
        if (auto splat = splat_in(messages[i]))
            return splat;
    }
    return {};
}

std::vector<std::string> foreign_races(std::string_view console) {
    std::vector<std::string> titles;
    const auto messages = messages_of(console);
    for (std::size_t i = 0; i < messages.size(); i++) {
        if (!is_race_title(messages[i]))
            continue;
        const auto report = parse_race(std::span(messages).subspan(i));
        if (!report.ours())
            titles.push_back(report.title);
    }
    return titles;
}

std::optional<std::size_t> find_message(std::string_view console, std::string_view message) {
    const std::size_t size = console.size();
    while (!console.empty()) {
        // A line that is still being written may be longer than what we see of it.
        if (console.find('\n') == console.npos)
            return {};
        if (message_of(take_line(console)) == message)
            return size - console.size();
    }
    return {};
}

std::string last_lines(std::string_view text, std::size_t count) {
    auto lines = split_lines(text);
    for (std::string_view &line : lines)
        while (line.ends_with('\r'))
            line.remove_suffix(1);
    std::string result;
    for (std::size_t i = lines.size() > count ? lines.size() - count : 0; i < lines.size(); i++)
        result.append(lines[i]).append("\n");
    return result;
}

ConsoleLog::ConsoleLog(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_.parent_path());
    std::filesystem::remove(path_);
    fd_ = FileDescriptor(open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (fd_.get() < 0)
        throw std::system_error(errno, std::generic_category(), path_.string());
}

std::string ConsoleLog::read_from(std::size_t offset) const {
    std::string text;
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = pread(fd_.get(), buffer.data(), buffer.size(),
                                  static_cast<off_t>(offset + text.size()));
        if (got <= 0)
            return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

} // namespace vm
