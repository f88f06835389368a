// SPDX-License-Identifier: MIT
//
// vm_tests: every test that needs a running kernel, as one GoogleTest program on the host.
//
// Each case of the guest's programs becomes a case here, under its own name, so that GoogleTest's
// filters, sharding, XML and --gtest_list_tests work as for any other program. Machines are
// booted when the first case that is to run needs one, and serve all that follow.

#include "tests/vm/applicability.h"
#include "tests/vm/configuration_suite.h"
#include "tests/vm/entry_cost_suite.h"
#include "tests/vm/fault_suite.h"
#include "tests/vm/guest_suite.h"
#include "tests/vm/kselftest_suite.h"
#include "tests/vm/machine_pool.h"
#include "tests/vm/options.h"
#include "tests/vm/stress_suite.h"
#include "vm/kernel_build.h"
#include "vm/kernel_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

// What a machine did after its last test, and while it was shut down, fails the run as well.
class PowerOff : public testing::Environment {
public:
    void TearDown() override {
        for (const vm::Failure &failure : tests::pool().power_off())
            ADD_FAILURE() << "after the last test: " << failure.text();
        for (const std::string &line : tests::pool().foreign_races())
            fmt::print("{}\n", line);
    }
};

void require_file(const std::filesystem::path &path, std::string_view option) {
    if (path.empty())
        throw std::runtime_error(fmt::format("{} is missing: see --help", option));
    if (!std::filesystem::exists(path))
        throw std::runtime_error(fmt::format("{} {}: no such file: make it with `make initramfs`",
                                             option, path.string()));
}

// Everything that is missing is said before the first test, not by each test that needs it.
void require_all(const tests::Options &options) {
    if (options.kernel.empty())
        throw std::runtime_error("--kernel is missing: see --help");
    vm::load_kernel_build(options.kernel);
    // Few tests compare with it: without, they fail.
    if (!options.stock_kernel.empty())
        vm::load_kernel_build(options.stock_kernel);
    require_file(options.initramfs, "--initramfs");
    require_file(options.profile, "--profile");
    std::ignore = vm::parse_accel_request(std::getenv("ACCEL") ? std::getenv("ACCEL") : "");
}

std::vector<std::string> registered_tests() {
    std::vector<std::string> names;
    const auto &all = *testing::UnitTest::GetInstance();
    for (int s = 0; s < all.total_test_suite_count(); s++)
        for (int t = 0; t < all.GetTestSuite(s)->total_test_count(); t++)
            names.push_back(fmt::format("{}.{}", all.GetTestSuite(s)->name(),
                                        all.GetTestSuite(s)->GetTestInfo(t)->name()));
    return names;
}

// Leaves out of the run, and says so, what the kernel cannot do. `guest_tests` are the names of
// the tests that are part of the guest's own program, which is one of 64 bits.
void leave_out_what_does_not_apply(const tests::Options &options,
                                   const std::vector<std::string> &guest_tests) {
    const auto all = registered_tests();
    std::vector<tests::Need> needs;
    for (const std::string &test : guest_tests)
        needs.push_back({test, "CONFIG_X86_64"});
    const auto listed = tests::all_needs();
    if (const auto stale = tests::stale_patterns(all, listed); !stale.empty())
        throw std::runtime_error(
            fmt::format("tests/vm/applicability.cpp: no test matches {}", fmt::join(stale, ", ")));
    needs.insert(needs.end(), listed.begin(), listed.end());
    const auto left_out =
        tests::not_applicable(all, needs, vm::load_kernel_config(options.kernel / "config"));
    if (left_out.empty())
        return;
    GTEST_FLAG_SET(filter, tests::without(GTEST_FLAG_GET(filter), left_out));
    fmt::print("What does not apply to this kernel, and is left out:\n{}",
               tests::describe(left_out));
}

bool asks_for_help(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (std::string_view(argv[i]) == "--help" || std::string_view(argv[i]) == "-h")
            return true;
    return false;
}

int run(int argc, char **argv) {
    // GoogleTest takes --help for itself, and would not mention our options.
    if (asks_for_help(argc, argv))
        tests::parse_options(argc, argv);
    testing::InitGoogleTest(&argc, argv);
    const tests::Options options = tests::parse_options(argc, argv);

    if (options.guest_tests.empty())
        throw std::runtime_error("--guest-tests is missing: see --help");
    for (const auto &program : options.guest_tests)
        require_file(program, "--guest-tests");
    const auto guest_tests = tests::register_guest_tests(options);
    tests::register_kselftests(options);
    tests::register_configuration_tests(options);
    tests::register_entry_cost_tests();
    tests::register_stress_tests();
    tests::register_fault_tests();
    if (!GTEST_FLAG_GET(list_tests)) {
        require_all(options);
        leave_out_what_does_not_apply(options, guest_tests);
        tests::set_pool(std::make_unique<tests::MachinePool>(options));
        testing::AddGlobalTestEnvironment(new PowerOff);
    }
    const int result = RUN_ALL_TESTS();
    // A filter with a typing error must not look like success. An empty shard may.
    if (!GTEST_FLAG_GET(list_tests) && !std::getenv("GTEST_TOTAL_SHARDS") &&
        testing::UnitTest::GetInstance()->test_to_run_count() == 0)
        throw std::runtime_error("no test has that name, or none of them applies to this kernel: "
                                 "see --gtest_list_tests");
    tests::set_pool(nullptr);
    return result;
}

} // namespace

int main(int argc, char **argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception &error) {
        fmt::print(stderr, "vm_tests: {}\n", error.what());
        return 2;
    }
}
