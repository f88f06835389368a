// SPDX-License-Identifier: MIT
#include "tests/vm/guest_suite.h"

#include "tests/vm/machine_pool.h"
#include "verify/guest_bits.h"
#include "vm/gtest_output.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tests {
namespace {

constexpr const char *guest_directory = "/opt/seccomp-cache/bin/";
constexpr std::size_t shown_lines = 200;
// Of the time that a test gets: the differential suites attach a thousand filters, by default.
constexpr unsigned differential_takes = 3;
// Of the host's environment: how much the guest's programs are to do.
constexpr const char *passed_on[] = {"SEED", "FILTERS", "CALLS"};

// What these suites test depends on the kernel's command line, or on the machine's clock.
Kind kind_for(const std::string &suite) {
    const auto slash = suite.find('/');
    const auto base = slash == suite.npos ? suite : suite.substr(slash + 1);
    const auto starts_with = [&](const char *prefix) {
        return base.starts_with(prefix) || suite.starts_with(prefix);
    };
    if (suite.starts_with("Sysenter"))
        return Kind::sysenter;
    if (starts_with("VsyscallXonly"))
        return Kind::vsyscall_xonly;
    if (starts_with("Counting") || starts_with("EntryCost"))
        return Kind::counting;
    if (starts_with("EntryAudit"))
        return Kind::auditing;
    return Kind::patched;
}

std::chrono::seconds timeout_for(const std::string &suite) {
    const std::chrono::seconds usual(pool().options().test_timeout);
    return suite.starts_with("Differential") ? usual * differential_takes : usual;
}

bool is_googletests(const std::string &line) {
    return line.empty() || line.front() == '[' || line.starts_with("Note: ");
}

bool is_bits(const std::string &line) { return line.starts_with(verify::guest_bits_prefix); }

template <typename Predicate> std::string lines_of(const std::string &output, Predicate wanted) {
    std::istringstream lines(output);
    std::string all;
    for (std::string line; std::getline(lines, line);)
        if (wanted(line))
            all += line + "\n";
    return all;
}

// What the test itself has printed: figures that are worth seeing of a success as well.
std::string told(const std::string &output) {
    return lines_of(
        output, [](const std::string &line) { return !is_googletests(line) && !is_bits(line); });
}

void save_bits(const std::filesystem::path &path, const std::string &output) {
    const std::string bits = lines_of(output, is_bits);
    std::ofstream file(path, std::ios::app);
    if (!(file << bits).flush())
        throw std::runtime_error(fmt::format("{}: cannot be written", path.string()));
}

class GuestTest : public testing::Test {
public:
    GuestTest(std::string program, vm::ListedTest test)
        : program_(std::move(program)), test_(std::move(test)) {}

    void TestBody() override {
        const Kind kind = kind_for(test_.suite);
        vm::Command command;
        command.argv = {guest_directory + program_, "--gtest_color=no",
                        "--gtest_filter=" + test_.full_name()};
        if (GTEST_FLAG_GET(also_run_disabled_tests))
            command.argv.emplace_back("--gtest_also_run_disabled_tests");
        command.env = pool().environment(kind);
        for (const char *name : passed_on)
            if (const char *value = std::getenv(name))
                command.env.push_back(fmt::format("{}={}", name, value));
        if (!pool().options().guest_bits.empty())
            command.env.emplace_back("BITS=1");
        command.timeout = timeout_for(test_.suite);
        judge(pool().run(kind, command));
    }

private:
    void judge(const vm::Outcome &outcome) {
        using Result = vm::SingleTestResult::Kind;
        const auto result = vm::parse_single_test(outcome.output, test_.full_name());
        if (!outcome.success() || result.kind == Result::failed)
            FAIL() << explain(outcome);
        if (result.kind == Result::missing)
            FAIL() << "the guest's program ended without a verdict on this test\n"
                   << explain(outcome);
        if (result.kind == Result::skipped)
            GTEST_SKIP() << result.skip_reason;
        if (!pool().options().guest_bits.empty())
            save_bits(pool().options().guest_bits, outcome.output);
        fmt::print("{}", told(outcome.output));
    }

    std::string program_;
    vm::ListedTest test_;
};

const char *or_null(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

} // namespace

std::string explain(const vm::Outcome &outcome) {
    std::string text = outcome.ending() + "\n";
    if (outcome.failure)
        text = outcome.failure->text() + "\n";
    if (!outcome.output.empty())
        text += "--- output of the guest's program (its end) ---\n" +
                vm::last_lines(outcome.output, shown_lines);
    return text;
}

namespace {

// Returns the tests' full names.
std::vector<std::string> register_program(const std::filesystem::path &program) {
    const auto listing = vm::capture({program.string(), "--gtest_list_tests"});
    if (listing.status != 0)
        throw std::runtime_error(fmt::format("{} --gtest_list_tests {}", program.string(),
                                             vm::describe_wait_status(listing.status)));
    const auto tests = vm::parse_test_list(listing.out);
    if (tests.empty())
        throw std::runtime_error(fmt::format("{} lists no tests", program.string()));
    const std::string name = program.filename().string();
    std::vector<std::string> names;
    for (const vm::ListedTest &test : tests) {
        names.push_back(test.full_name());
        testing::RegisterTest(
            test.suite.c_str(), test.name.c_str(), or_null(test.type), or_null(test.value),
            __FILE__, __LINE__,
            [name, test]() -> testing::Test * { return new GuestTest(name, test); });
    }
    return names;
}

} // namespace

std::vector<std::string> register_guest_tests(const Options &options) {
    std::vector<std::string> names;
    for (const auto &program : options.guest_tests)
        for (std::string &name : register_program(program))
            names.push_back(std::move(name));
    return names;
}

} // namespace tests
