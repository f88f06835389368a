// SPDX-License-Identifier: MIT
//
// More than one filter, the ways to attach them, and what becomes of them in new processes.

#include "attach.h"
#include "cache.h"
#include "filters.h"
#include "probe.h"

#include "tests/support/random_program.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace guest {
namespace {

using namespace cbpf;

// Attaches the chain filter by filter: after each, the file shows the filters so far, and no bit
// that was clear is set.
void expect_only_cleared(const Chain &chain, ProbeOptions options = {}) {
    options.flags |= PROBE_STOP_EACH;
    Probe probe(chain, {}, options);
    std::string before;

    for (std::size_t count = 1; count <= chain.size(); count++) {
        ASSERT_EQ(probe.run(), Child::breakpoint)
            << "filter " << count - 1 << ": " << probe.job().filters[count - 1].result;
        const std::string text = read_cache(probe.pid());
        ASSERT_TRUE(shows_cache_of(
            text, Chain(chain.begin(), chain.begin() + static_cast<std::ptrdiff_t>(count))));
        if (!before.empty()) {
            const auto was = kernel::parse(before, tables());
            const auto is = kernel::parse(text, tables());
            for (std::size_t t = 0; t < is.tables.size(); t++)
                for (std::size_t nr = 0; nr < is.tables[t].allow.size(); nr++)
                    ASSERT_TRUE(was.tables[t].allow[nr] || !is.tables[t].allow[nr])
                        << is.tables[t].table.name << " " << nr << " came back";
        }
        before = text;
    }
}

const Chain three_filters = {answer(SYS_getuid, SECCOMP_RET_ERRNO | 1),
                             look_at_argument(SYS_getgid), answer(SYS_getppid, SECCOMP_RET_TRAP)};

TEST(Stacks, BitsAreOnlyEverCleared) { expect_only_cleared(three_filters); }

TEST(Stacks, AnAllowingFilterBringsNothingBack) {
    expect_only_cleared({answer(SYS_getuid, SECCOMP_RET_ERRNO | 1), allow_all(),
                         look_at_argument(SYS_getgid), allow_all(), allow_all()});
}

TEST(Stacks, OrderDoesNotMatter) {
    Chain chain = three_filters;
    const std::string text = cache_under(chain);
    std::reverse(chain.begin(), chain.end());
    EXPECT_EQ(cache_under(chain), text);
}

TEST(Stacks, DisjointFiltersLeaveNothing) {
    const Program low = {load_nr(), jge(200, 0, 1), ret_errno(1), ret_allow()};
    // Must let the probe attach the next: seccomp(2) is above 200 on both architectures.
    const Program high = {load_nr(), jge(200, 1, 0), ret_errno(1), ret_allow()};
    EXPECT_TRUE(shows_exactly(cache_under({high, low}), [](auto, auto) { return false; }));
}

// What was refused on one architecture says nothing about the other.
TEST(Stacks, EachTableHasItsOwnPredecessor) {
    for (const std::uint32_t arch :
         std::initializer_list<std::uint32_t>{AUDIT_ARCH_X86_64, AUDIT_ARCH_I386}) {
        const Program refuse_there = {load_arch(),    jeq(arch, 0, 3), load_nr(),
                                      jeq(400, 0, 1), ret_errno(1),    ret_allow()};
        expect_only_cleared({refuse_there, allow_all()});
        EXPECT_TRUE(shows_exactly(cache_under({refuse_there, allow_all()}),
                                  [arch](std::uint32_t of, std::uint32_t number) {
                                      return of != arch || number != 400;
                                  }));
    }
}

TEST(Stacks, SixtyFilters) {
    Chain chain;
    for (std::uint32_t i = 0; i < 60; i++)
        chain.push_back(answer(400 + i % 16, SECCOMP_RET_ERRNO | i));
    EXPECT_TRUE(shows_cache_of(cache_under(chain), chain));
}

TEST(Stacks, SeveralOfTheLongestFilters) {
    Program longest = {load_nr()};
    while (longest.size() < 4090)
        longest.push_back(jeq(static_cast<std::uint32_t>(0x10000 + longest.size()), 0, 0));
    longest.insert(longest.end(), {jeq(400, 0, 1), ret_errno(1), ret_allow()});
    const Chain chain(3, longest);
    EXPECT_TRUE(shows_cache_of(cache_under(chain), chain));
}

TEST(Stacks, AttachedBy32BitProcess) {
    expect_only_cleared(three_filters, {.bits = Bits::b32});
    EXPECT_EQ(cache_under(three_filters, {.bits = Bits::b32}), cache_under(three_filters));
}

TEST(Stacks, AttachedByPrctl) {
    expect_only_cleared(three_filters, {.flags = PROBE_USE_PRCTL});
    EXPECT_EQ(cache_under(three_filters, {.flags = PROBE_USE_PRCTL}), cache_under(three_filters));
}

TEST(Stacks, AttachedWithPrivilegeInsteadOfNoNewPrivs) {
    EXPECT_EQ(cache_under(three_filters, {.flags = PROBE_STAY_PRIVILEGED}),
              cache_under(three_filters));
}

struct Flags {
    const char *name;
    unsigned value;
};

void PrintTo(const Flags &flags, std::ostream *stream) { *stream << flags.name; }

class StackFlags : public testing::TestWithParam<Flags> {
protected:
    void expect_no_difference(Bits bits) {
        // A task may have one listener.
        const std::vector<std::uint32_t> on_last = {0, 0, GetParam().value};
        EXPECT_TRUE(shows_cache_of(
            cache_under(three_filters, {.bits = bits, .filter_flags = on_last}), three_filters));
    }
};

TEST_P(StackFlags, DoNotChangeWhatIsCached) { expect_no_difference(Bits::b64); }

TEST_P(StackFlags, DoNotChangeWhatIsCachedFor32BitProcesses) { expect_no_difference(Bits::b32); }

INSTANTIATE_TEST_SUITE_P(
    , StackFlags,
    testing::Values(Flags{"Log", SECCOMP_FILTER_FLAG_LOG},
                    Flags{"SpecAllow", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
                    Flags{"NewListener", SECCOMP_FILTER_FLAG_NEW_LISTENER},
                    Flags{"Tsync", SECCOMP_FILTER_FLAG_TSYNC},
                    Flags{"TsyncEsrchListener", SECCOMP_FILTER_FLAG_TSYNC |
                                                    SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
                                                    SECCOMP_FILTER_FLAG_NEW_LISTENER},
                    Flags{"All", SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG |
                                     SECCOMP_FILTER_FLAG_SPEC_ALLOW}),
    [](const auto &test) { return std::string(test.param.name); });

TEST(Stacks, ARefusedFilterChangesNothing) {
    const Program bad = {load_nr()}; // does not end in a return
    Child child([&] {
        require(attach(three_filters[0]) == 0, "attach");
        breakpoint();
        require(attach(bad) == -EINVAL, "attach a bad filter");
        breakpoint();
        require(attach(allow_all(), 1u << 31) == -EINVAL, "attach with unknown flags");
        breakpoint();
    });
    for (int i = 0; i < 3; i++) {
        ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
        EXPECT_TRUE(shows_cache_of(read_cache(child.pid()), {three_filters[0]}));
    }
    child.expect_success();
}

TEST(Stacks, TooManyInstructionsChangeNothing) {
    Program longest(4095, jeq(1, 0, 0));
    longest.push_back(ret_allow());
    Child child([&] {
        long result = 0;
        for (int i = 0; i < 20 && result == 0; i++)
            result = attach(longest);
        require(result == -ENOMEM, "attach until it is too much");
        require(getppid() > 0, "getppid");
        breakpoint();
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    EXPECT_TRUE(shows_cache_of(read_cache(child.pid()), {longest}));
    child.expect_success();
}

TEST(Stacks, ForkInherits) {
    Child child([] {
        for (const auto &filter : three_filters)
            require(attach(filter) == 0, "attach");
        const pid_t grandchild = fork();
        if (grandchild == 0) {
            for (;;)
                pause();
        }
        require(prctl(PR_SET_NAME, std::to_string(grandchild).c_str()) == 0, "tell its id");
        breakpoint();
        kill(grandchild, SIGKILL);
        waitpid(grandchild, nullptr, 0);
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    const pid_t grandchild = std::stoi(read_file("/proc/" + std::to_string(child.pid()) + "/comm"));
    EXPECT_TRUE(shows_cache_of(read_cache(grandchild), three_filters));
    EXPECT_EQ(read_cache(grandchild), read_cache(child.pid()));
    child.expect_success();
}

// What the child adds is its own.
TEST(Stacks, FiltersOfTheChildAreNotItsParents) {
    Child child([] {
        require(attach(three_filters[0]) == 0, "attach");
        const pid_t grandchild = fork();
        if (grandchild == 0) {
            if (attach(three_filters[1]) != 0)
                _exit(1);
            for (;;)
                pause();
        }
        require(prctl(PR_SET_NAME, std::to_string(grandchild).c_str()) == 0, "tell its id");
        breakpoint();
        kill(grandchild, SIGKILL);
        waitpid(grandchild, nullptr, 0);
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    const pid_t grandchild = std::stoi(read_file("/proc/" + std::to_string(child.pid()) + "/comm"));
    const Chain both = {three_filters[0], three_filters[1]};
    for (int i = 0; i < 1000 && !shows_cache_of(read_cache(grandchild), both); i++)
        usleep(1000);
    EXPECT_TRUE(shows_cache_of(read_cache(grandchild), both));
    EXPECT_TRUE(shows_cache_of(read_cache(child.pid()), {three_filters[0]}));
    child.expect_success();
}

void expect_exec_keeps(Bits before, Bits after) {
    EXPECT_TRUE(shows_cache_of(
        cache_under(three_filters, {.bits = before, .flags = PROBE_EXEC, .exec = after}),
        three_filters));
}

TEST(Stacks, ExecKeeps) { expect_exec_keeps(Bits::b64, Bits::b64); }

TEST(Stacks, ExecOf32BitProgramsKeeps) { expect_exec_keeps(Bits::b64, Bits::b32); }

TEST(Stacks, ExecBy32BitProgramsKeeps) { expect_exec_keeps(Bits::b32, Bits::b64); }

// Random stacks, against the reference. A prologue lets the probe attach the next filter.
Program let_attach(const Program &program) {
    Program whole = {load_nr(), jeq(SYS_seccomp, 0, 1), ret_allow(), alu_and(0)};
    whole.insert(whole.end(), program.begin(), program.end());
    return whole;
}

TEST(Stacks, RandomStacksAgreeWithTheReference) {
    for (std::uint64_t seed = 1; seed <= 24; seed++) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        support::Random random(seed);
        Chain chain;
        const unsigned filters = 1 + support::pick(random, 4);
        for (unsigned i = 0; i < filters; i++) {
            const std::size_t length = 1 + support::pick(random, 200);
            chain.push_back(
                let_attach(support::pick(random, 4) == 0
                               ? support::random_valid_program(random, length)
                               : support::random_cacheable_program(random, length, i % 2 == 1)));
        }
        ASSERT_TRUE(shows_cache_of(cache_under(chain), chain));
    }
}

} // namespace
} // namespace guest
