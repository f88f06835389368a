// SPDX-License-Identifier: MIT
#include "tests/vm/entry_cost_suite.h"

#include "tests/vm/function_test.h"
#include "tests/vm/guest_suite.h"
#include "tests/vm/machine_pool.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>

namespace tests {
namespace {

constexpr const char *program = "/opt/seccomp-cache/bin/guest_tests";
constexpr const char *measuring_test = "EntryCostFigures.WithoutFilters";
constexpr std::string_view prefix = "instructions of ";

using Costs = std::map<std::string, unsigned long>;

// From lines such as "instructions of getpid: 207".
Costs costs_in(const std::string &text) {
    Costs costs;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (const auto colon = line.rfind(": "); line.starts_with(prefix) && colon != line.npos)
            costs[line.substr(prefix.size(), colon - prefix.size())] =
                std::stoul(line.substr(colon + 2));
    return costs;
}

Costs measure(Kind kind) {
    vm::Command command;
    command.argv = {program, "--gtest_color=no", fmt::format("--gtest_filter={}", measuring_test)};
    command.env = pool().environment(kind);
    command.timeout = std::chrono::seconds(pool().options().test_timeout);
    const auto outcome = pool().run(kind, command);
    EXPECT_TRUE(outcome.success()) << explain(outcome);
    return costs_in(outcome.output);
}

void unfiltered_calls_cost_no_more_than_on_stock() {
    const Costs stock = measure(Kind::counting_stock);
    const Costs patched = measure(Kind::counting);
    ASSERT_GT(stock.size(), 3U);
    ASSERT_EQ(stock.size(), patched.size());
    for (const auto &[name, cost] : stock) {
        fmt::print("{}: {} instructions on stock, {} patched\n", name, cost, patched.at(name));
        EXPECT_GT(cost, 50U) << name;
        EXPECT_LE(patched.at(name), cost) << name;
    }
}

} // namespace

void register_entry_cost_tests() {
    register_test("EntryCost", "UnfilteredCallsCostNoMoreThanOnStock",
                  unfiltered_calls_cost_no_more_than_on_stock);
}

} // namespace tests
