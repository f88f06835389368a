// SPDX-License-Identifier: MIT
//
// Real syscalls with random arguments under generated stacks of filters: what user space, a tracer,
// a listener and the audit log see is what the interpreter's verdict leads to.

#include "tests/differential/checker.h"
#include "tests/differential/generate.h"
#include "tests/differential/options.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace differential {
namespace {

using guest::Bits;

struct Share {
    Bits bits;
    const char *name;
    double part;  // of the calls asked for
    bool logging; // favour SECCOMP_RET_LOG
};

void run_share(const Share &share, AuditLog *audit) {
    const Options options = differential::options();
    // CALLS=1 is one stack, to repeat a failure.
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(static_cast<double>(options.calls) * share.part));
    Session session(share.bits);
    session.learn(all_numbers(share.bits));
    SyscallChecker checker(session, audit);
    const Unfiltered unfiltered = [&](guest::Path path, std::uint32_t number) {
        return session.unfiltered(path, number);
    };
    support::Distribution seen;
    checker.expect_everything(seen);

    std::uint64_t calls = 0;
    std::uint64_t filters = 0;
    std::uint64_t stacks = 0;
    for (; calls < wanted; stacks++) {
        const std::uint64_t seed = options.seed + stacks;
        support::Random random(seed);
        const Scenario scenario =
            random_scenario(random, share.bits, unfiltered, {.logging = share.logging});
        if (checker.check(scenario, &seen))
            FAIL() << checker.shrunk_report(scenario, fmt::format("{}Seed{}", share.name, seed))
                   << "SEED=" << seed << " CALLS=1 shows it again; after " << calls
                   << " calls under " << filters << " filters in " << stacks << " stacks";
        calls += scenario.calls.size();
        filters += scenario.chain.size();
    }
    fmt::print("SEED={}: {} calls under {} filters in {} stacks, all as interpreted{}\n{}",
               options.seed, calls, filters, stacks,
               audit != nullptr ? ", and logged exactly where they should be"
                                : " (no audit in this kernel: LOG is not told from ALLOW)",
               seen.text());
    if (is_demanding(options, calls, 100'000)) {
        EXPECT_THAT(seen.empty(), testing::IsEmpty()) << "categories without a case";
    }
}

class DifferentialSyscalls : public testing::TestWithParam<Share> {};

void PrintTo(const Share &share, std::ostream *stream) { *stream << share.name; }

TEST_P(DifferentialSyscalls, AreAsInterpreted) {
    const auto audit = AuditLog::open();
    run_share(GetParam(), audit.get());
}

INSTANTIATE_TEST_SUITE_P(, DifferentialSyscalls,
                         testing::Values(Share{Bits::b64, "From64BitCode", 0.6, false},
                                         Share{Bits::b32, "From32BitCode", 0.4, false}),
                         [](const auto &test) { return std::string(test.param.name); });

// Both look the same to the task.
TEST(DifferentialAudit, LogIsToldFromAllow) {
    const auto audit = AuditLog::open();
    if (!audit)
        GTEST_SKIP() << "this kernel has no audit: KCONFIG=audit builds one that has";
    run_share({Bits::b64, "Logged", 0.1, true}, audit.get());
}

} // namespace
} // namespace differential
