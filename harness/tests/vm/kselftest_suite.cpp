// SPDX-License-Identifier: MIT
#include "tests/vm/kselftest_suite.h"

#include "tests/vm/function_test.h"
#include "tests/vm/guest_suite.h"
#include "tests/vm/machine_pool.h"
#include "vm/ktap.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace tests {
namespace {

using namespace std::chrono_literals;

constexpr const char *bin = "/opt/seccomp-cache/bin/";
constexpr const char *kselftest = "/opt/seccomp-cache/kselftest/";

vm::Outcome run(Kind kind, std::vector<std::string> argv, std::chrono::milliseconds timeout) {
    return pool().run(
        kind, {.argv = std::move(argv), .env = pool().environment(kind), .timeout = timeout});
}

void ktap_test(const std::string &program) {
    const auto outcome =
        run(Kind::patched, {bin + program}, std::chrono::seconds(pool().options().test_timeout));
    ASSERT_FALSE(outcome.failure.has_value()) << explain(outcome);
    ASSERT_TRUE(outcome.exit_code.has_value()) << explain(outcome);
    const auto problems =
        vm::ktap_problems(vm::parse_ktap(outcome.out), static_cast<int>(*outcome.exit_code),
                          pool().options().ktap_allowed_skips);
    EXPECT_TRUE(problems.empty()) << fmt::format("{}\n", fmt::join(problems, "\n"))
                                  << explain(outcome);
}

// Its tracers look at a flag that a signal sets, and then wait for the tracee: if the signal comes
// in between they wait forever, for a tracee that waits for them. The program gives up on such a
// test after 30 seconds. A slow machine sees that now and then, with and without the patches; what
// hangs for another reason hangs again.
vm::Outcome run_seccomp_bpf(Kind kind) {
    constexpr int attempts = 3;
    for (int attempt = 1;; attempt++) {
        auto outcome = run(kind, {fmt::format("{}seccomp_bpf", kselftest)}, 60s);
        if (attempt == attempts ||
            outcome.out.find("Test terminated by timeout") == std::string::npos)
            return outcome;
        fmt::print("seccomp_bpf: a test of it hung on the {} kernel, it is run again\n",
                   kind == Kind::stock ? "unpatched" : "patched");
    }
}

// The tree's own test of seccomp must not notice the patches: the same results, one by one.
void seccomp_bpf_same_as_stock() {
    const auto stock = run_seccomp_bpf(Kind::stock);
    ASSERT_FALSE(stock.failure.has_value()) << "unpatched: " << explain(stock);
    const auto patched = run_seccomp_bpf(Kind::patched);
    ASSERT_FALSE(patched.failure.has_value()) << "patched: " << explain(patched);

    const auto stock_report = vm::parse_ktap(stock.out);
    const auto patched_report = vm::parse_ktap(patched.out);
    ASSERT_FALSE(stock_report.tests.empty()) << explain(stock);
    EXPECT_EQ(stock_report.plan, stock_report.tests.size());
    EXPECT_EQ(patched_report.plan, patched_report.tests.size());
    EXPECT_EQ(stock.exit_code, patched.exit_code);
    const auto differences =
        vm::ktap_differences(stock_report, "unpatched", patched_report, "patched");
    EXPECT_TRUE(differences.empty())
        << fmt::format("{}\n", fmt::join(differences, "\n")) << explain(patched);

    const auto passed = std::count_if(
        patched_report.tests.begin(), patched_report.tests.end(),
        [](const vm::KtapTest &test) { return test.result == vm::KtapTest::Result::ok; });
    // What cannot be tested at all on this configuration is the same on both.
    EXPECT_GT(passed * 2, static_cast<std::ptrdiff_t>(patched_report.tests.size()))
        << explain(patched);
    testing::Test::RecordProperty("tests", static_cast<int>(patched_report.tests.size()));
    testing::Test::RecordProperty("passed", static_cast<int>(passed));
    fmt::print("seccomp_bpf: {} of {} pass, as without the patches\n", passed,
               patched_report.tests.size());
}

// On a machine whose clock counts instructions the benchmark's expectations must hold to the digit.
// A kernel without the cache meets what is left of them, but is found out to have no bitmaps.
void seccomp_benchmark() {
    const auto outcome =
        run(Kind::counting, {std::string(kselftest) + "seccomp_benchmark", "20000"}, 60s);
    ASSERT_TRUE(outcome.success()) << explain(outcome);
    for (const char *line : {"1 bitmap ~ 2 bitmaps", "All expectations met."})
        EXPECT_NE(outcome.out.find(line), std::string::npos) << "it does not say '" << line << "'\n"
                                                             << explain(outcome);
    fmt::print("{}", outcome.out);
}

// "seccomp-cache_32" as a test's name.
std::string as_test_name(std::string name) {
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
    return name;
}

} // namespace

void register_kselftests(const Options &options) {
    for (const std::string &program : options.ktap)
        register_test("Selftests", as_test_name(program), [program] { ktap_test(program); });
    register_test("Kselftest", "SeccompBpfSameAsStock", seccomp_bpf_same_as_stock);
    register_test("Kselftest", "SeccompBenchmark", seccomp_benchmark);
}

} // namespace tests
