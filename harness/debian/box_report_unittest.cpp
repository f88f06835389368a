// SPDX-License-Identifier: MIT
#include "debian/box_report.h"

#include "cbpf/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<cbpf::SyscallTable> tables = {{"x86_64", AUDIT_ARCH_X86_64, 2},
                                                {"ia32", AUDIT_ARCH_I386, 1}};
const char *const all_allowed = "x86_64 0 ALLOW\nx86_64 1 ALLOW\nia32 0 ALLOW\n";
const char *const one_filtered = "x86_64 0 ALLOW\nx86_64 1 FILTER\nia32 0 ALLOW\n";

// Refuses number 1, on either architecture.
const cbpf::Program refuses_one = {cbpf::load_nr(), cbpf::jeq(1, 0, 1), cbpf::ret_errno(1),
                                   cbpf::ret_allow()};

debian::TaskSnapshot task(const std::string &unit, pid_t tid, const cbpf::Chain &chain,
                          const std::string &cache) {
    debian::TaskSnapshot made;
    made.task = {.pid = tid,
                 .tid = tid,
                 .command = "daemon",
                 .unit = unit,
                 .filters = static_cast<unsigned>(chain.size())};
    made.chain = chain;
    made.cache = cache;
    return made;
}

debian::Row check(const cbpf::Chain &chain, const std::string &cache) {
    return debian::check_tasks({task("a.service", 1, chain, cache)}, tables).at(0);
}

TEST(BoxReport, AnEqualCacheAgrees) {
    const auto row = check({{cbpf::ret_allow()}, refuses_one}, one_filtered);
    EXPECT_TRUE(row.agrees);
    EXPECT_EQ(row.instructions, 5U);
    EXPECT_THAT(row.allow, ElementsAre(1U, 1U));
    EXPECT_EQ(row.agreement, "3 of 3 lines agree");
    EXPECT_THAT(debian::problems({&row, 1}, {}), IsEmpty());
}

TEST(BoxReport, EverySingleWrongLineIsAProblem) {
    for (const auto &[chain, cache] :
         {std::pair<cbpf::Chain, std::string>{{refuses_one}, all_allowed},
          std::pair<cbpf::Chain, std::string>{{{cbpf::ret_allow()}}, one_filtered}}) {
        const auto row = check(chain, cache);
        EXPECT_FALSE(row.agrees);
        const auto problems = debian::problems({&row, 1}, {});
        ASSERT_EQ(problems.size(), 1U);
        EXPECT_THAT(problems[0], HasSubstr("a.service, task 1 (daemon): 2 of 3 lines agree"));
        EXPECT_THAT(problems[0], HasSubstr("x86_64 1 (write)"));
    }
}

TEST(BoxReport, ManyWrongLinesAreCutShort) {
    debian::Row row;
    for (int line = 0; line < 23; line++)
        row.details += fmt::format("line {}\n", line);
    const auto problem = debian::problems({&row, 1}, {}).at(0);
    EXPECT_THAT(problem, HasSubstr("line 19\nand 3 more\n"));
    EXPECT_EQ(problem.find("line 20"), problem.npos);
}

TEST(BoxReport, AFileThatIsNotOneIsAProblemAndNoException) {
    for (const char *cache : {"", "x86_64 0 ALLOW\n", "nonsense\n"}) {
        const auto row = check({refuses_one}, cache);
        EXPECT_FALSE(row.agrees) << cache;
        EXPECT_EQ(debian::problems({&row, 1}, {}).size(), 1U) << cache;
    }
}

TEST(BoxReport, FiltersNoKernelTakesAreAProblem) {
    const auto row = check({{cbpf::load_nr()}}, all_allowed);
    EXPECT_FALSE(row.agrees);
    EXPECT_EQ(debian::problems({&row, 1}, {}).size(), 1U);
}

TEST(BoxReport, AnEmptyBoxIsNotAllWell) {
    EXPECT_THAT(debian::problems({}, std::vector<debian::Expectation>{{"a.service", 1}}),
                ElementsAre(HasSubstr("a.service: no task with at least 1 filter ")));
}

TEST(BoxReport, TooFewFiltersAreNotWhatWasExpected) {
    const auto row = check({refuses_one}, one_filtered);
    EXPECT_THAT(debian::problems({&row, 1}, std::vector<debian::Expectation>{{"a.service", 1}}),
                IsEmpty());
    EXPECT_THAT(debian::problems({&row, 1}, std::vector<debian::Expectation>{{"a.service", 2}}),
                ElementsAre(HasSubstr("at least 2 filters")));
    EXPECT_EQ(
        debian::problems({&row, 1}, std::vector<debian::Expectation>{{"b.service", 1}}).size(), 1U);
}

TEST(BoxReport, TheTableIsSortedAndAligned) {
    const auto rows = debian::check_tasks({task("b.service", 3, {refuses_one}, one_filtered),
                                           task("a.service", 12, {refuses_one}, one_filtered),
                                           task("a.service", 5, {refuses_one}, "")},
                                          tables);
    EXPECT_EQ(debian::table_text(rows, tables),
              "unit       pid  tid  command  filters  instructions  ALLOW x86_64  ALLOW ia32  "
              "agreement\n"
              "a.service    5    5  daemon         1             4             -           -  "
              "0 of 3 lines agree\n"
              "a.service   12   12  daemon         1             4             1           1  "
              "3 of 3 lines agree\n"
              "b.service    3    3  daemon         1             4             1           1  "
              "3 of 3 lines agree\n");
}

} // namespace
