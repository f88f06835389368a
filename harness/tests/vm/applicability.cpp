// SPDX-License-Identifier: MIT
#include "tests/vm/applicability.h"

#include <fmt/format.h>

#include <algorithm>

namespace tests {
namespace {

// The guest's own tests need CONFIG_X86_64 as well, all of them: see main.cpp. The first need that
// is not met is the reason given.
constexpr Need needs_of_tests[] = {
    // The shell of the guest is a 64-bit program.
    {"HarnessSelfCheck.*", "CONFIG_X86_64"},
    {"Stress.*", "CONFIG_X86_64"},
    {"FaultInjection.*", "CONFIG_X86_64"},

    // Syscalls of 32-bit programs, and by the 32-bit entry.
    {"*/Int80From64", "CONFIG_IA32_EMULATION"},
    {"*/Int80From32", "CONFIG_IA32_EMULATION"},
    {"*/Vdso32", "CONFIG_IA32_EMULATION"},
    {"*32Bit*", "CONFIG_IA32_EMULATION"},
    {"Sysenter*.*", "CONFIG_IA32_EMULATION"},
    {"CountingServed.*", "CONFIG_IA32_EMULATION"},
    {"EntryCost*.*", "CONFIG_IA32_EMULATION"},
    {"Entry*Int80From64*", "CONFIG_IA32_EMULATION"},
    {"EntryDead.*Int80From32", "CONFIG_IA32_EMULATION"},
    {"EntryDead.*Vdso32", "CONFIG_IA32_EMULATION"},
    {"SyscallsMixed.Int80From64*", "CONFIG_IA32_EMULATION"},
    {"SyscallsMixed.BothEntriesInOneProcess", "CONFIG_IA32_EMULATION"},
    {"SyscallsMixed.TheSameNumberByBothEntriesInTurn", "CONFIG_IA32_EMULATION"},
    {"SyscallsMixed.FiltersSurviveExecIntoTheOtherWordSize", "CONFIG_IA32_EMULATION"},
    {"Selftests.compat_test", "CONFIG_IA32_EMULATION"},
    {"Differential*.*", "CONFIG_IA32_EMULATION"}, // by all three entries
    {"Stress.*", "CONFIG_IA32_EMULATION"},

    // The proc file, of itself or as the way to look at the cache.
    {"Differential*.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"EmulatorBounds.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"Instructions.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"Privileges.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"ProcFile.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"ProcFileReading.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"Profiles.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"Selftests.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"StackFlags.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"Stress.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"FaultInjection.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"Stacks.*", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"Threads.EachHasItsOwnFilters", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"Threads.TsyncSharesTheCache", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"Threads.FailingTsync*ChangesNothing", "CONFIG_SECCOMP_CACHE_DEBUG"},
    {"UserNotification.*", "CONFIG_SECCOMP_CACHE_DEBUG"},

    // What instruments the code adds to what it costs, now and then as well.
    {"EntryCost*.*", "CONFIG_KASAN=n"},
    {"EntryCost*.*", "CONFIG_KCSAN=n"},
    {"Kselftest.SeccompBenchmark", "CONFIG_KASAN=n"},
    {"Kselftest.SeccompBenchmark", "CONFIG_KCSAN=n"},
    // Where time is instructions, KCSAN's delays take for ever: such a machine does not boot.
    {"CountingServed.*", "CONFIG_KCSAN=n"},
    {"HarnessSelfCheck.AMachineThatCountsInstructionsIsHeldAsWell", "CONFIG_KCSAN=n"},

    {"FaultInjection.*", "CONFIG_FAILSLAB"},
    // Nothing but an audit record tells LOG from ALLOW.
    {"DifferentialAudit.LogIsToldFromAllow", "CONFIG_AUDIT"},
    // What else looks at a syscall's entry.
    {"EntryAudit.*", "CONFIG_AUDITSYSCALL"},
    {"EntryTracepoints.*", "CONFIG_FTRACE_SYSCALLS"},

    // PTRACE_O_SUSPEND_SECCOMP, PTRACE_SECCOMP_GET_FILTER.
    {"SuspendSeccomp.*", "CONFIG_CHECKPOINT_RESTORE"},
    {"EntrySuspended.*", "CONFIG_CHECKPOINT_RESTORE"},
    {"FilterDump.*", "CONFIG_CHECKPOINT_RESTORE"},
    {"Differential*.*", "CONFIG_CHECKPOINT_RESTORE"}, // what attaches must not be filtered itself
};

std::string suite_of(const std::string &test) { return test.substr(0, test.find('.')); }

bool is_met(const Need &need, const vm::KernelConfig &config) {
    constexpr std::string_view off = "=n";
    if (need.option.ends_with(off))
        return !config.enabled(need.option.substr(0, need.option.size() - off.size()));
    return config.enabled(need.option);
}

bool needed_by(const Need &need, std::string_view test) { return matches(test, need.pattern); }

} // namespace

std::span<const Need> all_needs() { return needs_of_tests; }

bool matches(std::string_view text, std::string_view pattern) {
    if (pattern.empty())
        return text.empty();
    if (pattern.front() == '*')
        return matches(text, pattern.substr(1)) ||
               (!text.empty() && matches(text.substr(1), pattern));
    return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
           matches(text.substr(1), pattern.substr(1));
}

NotApplicable not_applicable(std::span<const std::string> tests, std::span<const Need> needs,
                             const vm::KernelConfig &config) {
    NotApplicable left_out;
    for (const std::string &test : tests) {
        const auto lacking = std::find_if(needs.begin(), needs.end(), [&](const Need &need) {
            return !is_met(need, config) && needed_by(need, test);
        });
        if (lacking != needs.end())
            left_out[std::string(lacking->option)].push_back(test);
    }
    return left_out;
}

std::vector<std::string> stale_patterns(std::span<const std::string> tests,
                                        std::span<const Need> needs) {
    std::vector<std::string> stale;
    for (const Need &need : needs)
        if (std::none_of(tests.begin(), tests.end(),
                         [&](const std::string &test) { return needed_by(need, test); }))
            stale.emplace_back(need.pattern);
    return stale;
}

std::string without(const std::string &filter, const NotApplicable &left_out) {
    std::string text = filter;
    char separator = text.find('-') == text.npos ? '-' : ':';
    for (const auto &[option, tests] : left_out) {
        for (const std::string &test : tests) {
            text += separator + test;
            separator = ':';
        }
    }
    return text;
}

std::string describe(const NotApplicable &left_out) {
    std::string text;
    for (const auto &[option, tests] : left_out) {
        std::map<std::string, unsigned> suites;
        for (const std::string &test : tests)
            suites[suite_of(test)]++;
        for (const auto &[suite, count] : suites)
            text += fmt::format("{}.* ({} test{}): needs {}\n", suite, count, count == 1 ? "" : "s",
                                option);
    }
    return text;
}

} // namespace tests
