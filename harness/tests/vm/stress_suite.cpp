// SPDX-License-Identifier: MIT
#include "tests/vm/stress_suite.h"

#include "tests/vm/function_test.h"
#include "tests/vm/guest_suite.h"
#include "tests/vm/machine_pool.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

namespace tests {
namespace {

constexpr const char *program = "/opt/seccomp-cache/bin/stress";
// For what the program adds by itself: overtime, and the end of the last tasks.
constexpr auto margin = std::chrono::seconds(60);

void stress(Kind kind) {
    const auto seconds = pool().options().stress_seconds;
    vm::Command command;
    command.argv = {program, "--seconds", fmt::to_string(seconds)};
    if (kind == Kind::stress_stock)
        command.argv.emplace_back("--stock");
    if (!pool().build(kind).has_option("CONFIG_CHECKPOINT_RESTORE"))
        command.argv.emplace_back("--no-dumps");
    command.env = pool().environment(kind);
    command.timeout = std::chrono::seconds(seconds) + margin;
    const auto outcome = pool().run(kind, command);
    EXPECT_TRUE(outcome.success()) << explain(outcome);
    fmt::print("{}", outcome.out);
}

} // namespace

void register_stress_tests() {
    register_test("Stress", "Patched", [] { stress(Kind::stress); });
    register_test("Stress", "Stock", [] { stress(Kind::stress_stock); });
}

} // namespace tests
