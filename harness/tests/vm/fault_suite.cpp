// SPDX-License-Identifier: MIT
#include "tests/vm/fault_suite.h"

#include "tests/vm/fault_report.h"
#include "tests/vm/function_test.h"
#include "tests/vm/guest_suite.h"
#include "tests/vm/machine_pool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

namespace tests {
namespace {

using namespace std::chrono_literals;

constexpr const char *program = "/opt/seccomp-cache/bin/fault_injection";
constexpr auto patience = 90s;

Copy copy() {
    return pool().build(Kind::faults).has_option("CONFIG_CHECKPOINT_RESTORE") ? Copy::stocks_too
                                                                              : Copy::ours_alone;
}

vm::Outcome run(Kind kind, bool patched) {
    vm::Command command;
    command.argv = {program};
    if (patched)
        command.argv.emplace_back("--proc-file");
    command.env = pool().environment(kind);
    command.timeout = patience;
    return pool().run(kind, command);
}

// What both kernels say, printed, and how they differ; throws if one of the programs fails.
std::vector<std::string> compare() {
    const auto stock = run(Kind::faults_stock, false);
    if (!stock.success())
        throw std::runtime_error("unpatched: " + explain(stock));
    const auto patched = run(Kind::faults, true);
    if (!patched.success())
        throw std::runtime_error("patched: " + explain(patched));
    fmt::print("unpatched:\n{}patched:\n{}", stock.out, patched.out);
    return fault_differences(stock.out, patched.out, copy());
}

void as_stock() {
    auto differences = compare();
    if (!differences.empty()) {
        fmt::print("once more, as there are differences:\n{}\n", fmt::join(differences, "\n"));
        differences = lasting_differences(differences, compare());
    }
    EXPECT_TRUE(differences.empty()) << fmt::format("{}\n", fmt::join(differences, "\n"));
}

void leaks_nothing() {
    const auto outcome = run(Kind::patched, true);
    EXPECT_TRUE(outcome.success()) << explain(outcome);
}

} // namespace

void register_fault_tests() {
    register_test("FaultInjection", "AsStock", as_stock);
    register_test("FaultInjection", "LeaksNothing", leaks_nothing);
}

} // namespace tests
