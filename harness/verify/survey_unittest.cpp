// SPDX-License-Identifier: MIT
#include "verify/survey.h"
#include "verify/survey_report.h"

#include "analysis/reference_emulator.h"
#include "cbpf/builder.h"
#include "cbpf/checker.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <set>
#include <utility>

namespace {

using namespace cbpf;
using verify::Emulator;
using verify::generated_chain;
using verify::Generation;
using verify::GroupResult;
using verify::Setting;
using verify::survey_chain;
using verify::survey_generated;

const Setting setting{.tables = parse_tables("x86_64:0xc000003e:441,ia32:0x40000003:441"),
                      .limits = {.resources = 1'000'000}};

TEST(Survey, AnEmulatorsBits) {
    const Chain chain = {{load_nr(), jeq(39, 0, 1), ret_allow(), ret_errno(1)}};
    for (const auto &[emulator, name] :
         {std::pair{Emulator::kernel, "emulator"}, {Emulator::reference, "reference"}}) {
        Setting with = setting;
        with.emulator = emulator;
        const GroupResult result = survey_chain("one", chain, {}, with);
        EXPECT_EQ(result.cache, name);
        EXPECT_EQ(result.filters, 1U);
        EXPECT_EQ(result.instructions, 4U);
        EXPECT_EQ(result.coverage.numbers, 882U);
        EXPECT_EQ(result.coverage.allowed, 2U);
        EXPECT_EQ(result.coverage.cached, 2U);
    }
}

// A program that the kernel gives up on, whatever its bounds are, and the reference does not.
TEST(Survey, TheEmulatorsDiffer) {
    Program many = {load_nr()};
    for (std::uint32_t i = 0; i < 4000; i++)
        many.push_back(stmt(BPF_ALU | BPF_MUL | BPF_K, 3));
    many.insert(many.end(), {jset(1, 0, 1), ret_allow(), ret_errno(1)});
    Setting with = setting;
    const GroupResult emulator = survey_chain("many", {many}, {}, with);
    with.emulator = Emulator::reference;
    const GroupResult reference = survey_chain("many", {many}, {}, with);
    EXPECT_EQ(reference.coverage.cached, 440U) << "the odd numbers of both tables";
    EXPECT_LT(emulator.coverage.cached, reference.coverage.cached);
    EXPECT_EQ(emulator.coverage.missed.at(analysis::Miss::bound),
              reference.coverage.cached - emulator.coverage.cached);
}

TEST(Survey, AKernelsBits) {
    const Chain chain = {{load_nr(), jeq(39, 0, 1), ret_allow(), ret_errno(1)}};
    kernel::CacheListing listing{.has_filter = true, .tables = {}};
    for (const SyscallTable &table : setting.tables)
        listing.tables.push_back({table, analysis::allowed_numbers(chain, table.arch, table.size)});
    GroupResult result = survey_chain("one", chain, listing, setting);
    EXPECT_EQ(result.cache, "kernel");
    EXPECT_EQ(result.coverage.precision(), 100.0);
    EXPECT_TRUE(verify::all_sound(std::vector{result}));

    listing.tables[1].allow[40] = true;
    result = survey_chain("one", chain, listing, setting);
    ASSERT_EQ(result.coverage.unsound.size(), 1U);
    EXPECT_EQ(result.coverage.unsound[0].table.name, "ia32");
    EXPECT_EQ(result.coverage.unsound[0].number, 40U);
    EXPECT_FALSE(verify::all_sound(std::vector{result}));
}

TEST(Survey, GeneratedChainsAreAFunctionOfSeedAndIndex) {
    EXPECT_TRUE(same_program(generated_chain(3, 4)[0], generated_chain(3, 4)[0]));
    std::size_t same = 0;
    for (std::size_t index = 0; index < 50; index++)
        same += same_program(generated_chain(3, index)[0], generated_chain(4, index)[0]) ? 1 : 0;
    EXPECT_LT(same, 5U);
}

TEST(Survey, GeneratedChainsAreOfEveryShapeAndDepth) {
    const Generation generation{.filters = 300, .seed = 1, .threads = 1, .progress = {}};
    std::set<std::string> groups;
    std::set<std::size_t> depths;
    std::size_t filters = 0;
    for (std::size_t index = 0; index < verify::generated_chain_count(generation); index++) {
        const Chain chain = generated_chain(1, index);
        for (const Program &program : chain)
            ASSERT_FALSE(check(program));
        groups.insert(verify::generated_chain_group(index));
        depths.insert(chain.size());
        filters += chain.size();
    }
    EXPECT_EQ(groups.size(), 8U);
    EXPECT_EQ(depths, (std::set<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_GE(filters, 300U);
    EXPECT_LT(filters, 308U);
}

TEST(Survey, ThreadsMakeNoDifference) {
    const auto survey = [](unsigned threads) {
        auto results = survey_generated(
            {.filters = 60, .seed = 9, .threads = threads, .progress = {}}, setting);
        for (GroupResult &result : results)
            result.seconds = 0;
        return verify::json_report(results, setting);
    };
    EXPECT_EQ(survey(1), survey(3));
}

// The quick part of `make oracle`.
class SurveyOf : public testing::TestWithParam<Emulator> {};

TEST_P(SurveyOf, GeneratedFiltersFindsNothingUnsound) {
    constexpr std::uint64_t seed = 20261125;
    RecordProperty("seed", std::to_string(seed));
    Setting with = setting;
    with.emulator = GetParam();
    const auto results =
        survey_generated({.filters = 2000, .seed = seed, .threads = 2, .progress = {}}, with);
    GroupResult all{.name = "all"};
    for (const GroupResult &result : results)
        all += result;
    EXPECT_TRUE(verify::all_sound(results)) << verify::human_report(results, with);
    EXPECT_GE(all.filters, 2000U);
    EXPECT_GT(all.coverage.cached, 300'000U);
    EXPECT_GT(all.coverage.allowed, all.coverage.cached) << "precision without anything to miss";
    EXPECT_GT(all.coverage.numbers - all.coverage.allowed, 300'000U);
    EXPECT_EQ(all.coverage.unknown_cached, 0U);
    EXPECT_LT(all.coverage.unknown(), all.coverage.numbers / 100);
    EXPECT_GT(all.work.by_solver, 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, SurveyOf, testing::Values(Emulator::kernel, Emulator::reference),
                         [](const auto &emulator) {
                             return emulator.param == Emulator::kernel ? "Kernel" : "Reference";
                         });

} // namespace
