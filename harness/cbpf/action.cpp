// SPDX-License-Identifier: MIT
#include "cbpf/action.h"

#include <fmt/format.h>
#include <linux/seccomp.h>

#include <array>
#include <charconv>
#include <utility>

namespace cbpf {

namespace {

constexpr std::array<std::pair<std::uint32_t, std::string_view>, 8> names = {{
    {SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS"},
    {SECCOMP_RET_KILL_THREAD, "KILL_THREAD"},
    {SECCOMP_RET_TRAP, "TRAP"},
    {SECCOMP_RET_ERRNO, "ERRNO"},
    {SECCOMP_RET_USER_NOTIF, "USER_NOTIF"},
    {SECCOMP_RET_TRACE, "TRACE"},
    {SECCOMP_RET_LOG, "LOG"},
    {SECCOMP_RET_ALLOW, "ALLOW"},
}};

std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t highest) {
    int base = 10;
    if (text.starts_with("0x")) {
        base = 16;
        text.remove_prefix(2);
    }
    std::uint32_t number = 0;
    const char *end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, number, base);
    if (error != std::errc() || stop != end || number > highest)
        return std::nullopt;
    return number;
}

std::optional<std::uint32_t> action_of(std::string_view name) {
    for (const auto &[action, known] : names)
        if (name == known)
            return action;
    return std::nullopt;
}

} // namespace

std::string action_name(std::uint32_t value) {
    const std::uint32_t data = value & SECCOMP_RET_DATA;
    for (const auto &[action, name] : names) {
        if (action != (value & SECCOMP_RET_ACTION_FULL))
            continue;
        if (data == 0 && action != SECCOMP_RET_ERRNO)
            return std::string(name);
        return fmt::format("{}({})", name, data);
    }
    return fmt::format("{:#010x}", value);
}

std::optional<std::uint32_t> parse_action(std::string_view text) {
    if (text.starts_with("0x"))
        return parse_number(text, UINT32_MAX);
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos)
        return action_of(text);
    if (!text.ends_with(')'))
        return std::nullopt;
    const auto action = action_of(text.substr(0, open));
    const auto data = parse_number(text.substr(open + 1, text.size() - open - 2), SECCOMP_RET_DATA);
    if (!action || !data)
        return std::nullopt;
    return *action | *data;
}

std::int32_t action_rank(std::uint32_t value) {
    return static_cast<std::int32_t>(value & SECCOMP_RET_ACTION_FULL);
}

} // namespace cbpf
