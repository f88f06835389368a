// SPDX-License-Identifier: MIT
#include "vm/leaks.h"

#include <fmt/format.h>

#include <algorithm>

namespace vm {
namespace {

using namespace std::chrono_literals;

constexpr unsigned not_there = 77;
constexpr std::size_t shown_lines = 120;

// Writing fails with EPERM once kmemleak has switched itself off.
constexpr const char *script = R"(
file=/sys/kernel/debug/kmemleak
[ -e $file ] || exit 77
! grep -qw kmemleak=off /proc/cmdline || exit 77
sleep 6
echo scan > $file || exit 1
sleep 1
echo scan > $file || exit 1
cat $file)";

constexpr std::string_view object_begin = "unreferenced object ";

} // namespace

std::string leaks_after_boot(std::string_view report) {
    std::string kept;
    while (!report.empty()) {
        const std::size_t end = std::min(report.find(object_begin, 1), report.size());
        const std::string_view object = report.substr(0, end);
        if (object.find("comm \"swapper/") == object.npos)
            kept.append(object);
        report.remove_prefix(end);
    }
    return kept;
}

std::optional<Failure> find_leaks(Machine &machine) {
    Outcome outcome = machine.run({.argv = {"/bin/sh", "-c", script}, .env = {}, .timeout = 60s});
    if (outcome.exit_code == not_there && !outcome.failure)
        return {};
    // The kernel counts them on the console, which fails the command; what was leaked it has
    // printed by then.
    const std::string leaks = leaks_after_boot(outcome.out);
    const bool only_counted =
        outcome.failure && outcome.failure->reason.starts_with("memory leak on the console");
    if (!outcome.out.empty() && leaks.empty() && (only_counted || outcome.success()))
        return {};
    if (!leaks.empty())
        return Failure{fmt::format("{}: memory leaks:\n{}", machine.spec().name,
                                   last_lines(leaks, shown_lines)),
                       last_lines(machine.console().read_from(0), 10), machine.console().path()};
    if (outcome.failure)
        return outcome.failure;
    if (!outcome.success())
        return Failure{fmt::format("{}: kmemleak does not scan: {} {}", machine.spec().name,
                                   outcome.ending(), outcome.err),
                       last_lines(machine.console().read_from(0), 10), machine.console().path()};
    return {};
}

} // namespace vm
