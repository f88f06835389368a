// SPDX-License-Identifier: MIT
#include "verify/survey_report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using verify::GroupResult;
using verify::human_report;
using verify::json_report;
using verify::Setting;

const Setting setting{.tables = cbpf::parse_tables("x86_64:0xc000003e:441"), .limits = {}};

GroupResult example() {
    GroupResult group{.name = "example", .cache = "kernel"};
    group.chains = 1;
    group.filters = 3;
    group.coverage.numbers = 441;
    group.coverage.allowed = 200;
    group.coverage.cached = 151;
    group.coverage.cached_allowed = 150;
    group.coverage.missed[analysis::Miss::domain] = 48;
    group.coverage.missed[analysis::Miss::bound] = 2;
    group.work.by_solver = 7;
    return group;
}

bool contains(const std::string &text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(SurveyReport, OneLinePerGroup) {
    const std::string text = human_report(std::vector{example()}, setting);
    EXPECT_TRUE(contains(text, "example                  kernel          3       441        200"
                               "        151       0     75.00       0        7"))
        << text;
    EXPECT_TRUE(contains(text, "example                         48  more than emulators know: "))
        << text;
    EXPECT_TRUE(contains(text, "example                          2  a bound: ")) << text;
    EXPECT_FALSE(contains(text, "UNSOUND"));
    EXPECT_FALSE(contains(text, "among the unknown"));
}

TEST(SurveyReport, NearlyAllIsNotAll) {
    GroupResult group = example();
    group.coverage.allowed = 1'000'000;
    group.coverage.cached_allowed = 999'999;
    EXPECT_TRUE(contains(human_report(std::vector{group}, setting), " 99.99 "));
    group.coverage.cached_allowed = 1'000'000;
    EXPECT_TRUE(contains(human_report(std::vector{group}, setting), " 100.00 "));
}

TEST(SurveyReport, UnsoundAndUnprovedBitsAreLoud) {
    GroupResult group = example();
    group.coverage.unsound.push_back(
        {setting.tables[0], 39, {.filter = 1, .data = {}, .value = 0}});
    group.coverage.unknown_cached = 2;
    const std::string text = human_report(std::vector{group}, setting);
    EXPECT_TRUE(contains(text, "UNSOUND:\nexample: x86_64 39 (getpid) is cached")) << text;
    EXPECT_TRUE(contains(text, "2 cached numbers are among the unknown"));
    EXPECT_FALSE(verify::all_sound(std::vector{group}));
    group.coverage.unsound.clear();
    EXPECT_FALSE(verify::all_sound(std::vector{group})) << "of some it is not known";
    group.coverage.unknown_cached = 0;
    EXPECT_TRUE(verify::all_sound(std::vector{group}));
}

TEST(SurveyReport, ATotalRepeatsNothing) {
    GroupResult group = example();
    group.coverage.unknown_cached = 2;
    GroupResult total{.name = "all", .total = true};
    total += group;
    const std::string text = human_report(std::vector{group, total}, setting);
    EXPECT_TRUE(contains(text, "\n2 cached numbers"));
    EXPECT_FALSE(contains(text, "all                             48"));
}

TEST(SurveyReport, Json) {
    GroupResult group = example();
    auto json = nlohmann::json::parse(json_report(std::vector{group}, setting));
    EXPECT_EQ(json["sound"], true);
    EXPECT_EQ(json["groups"][0]["precision"], 75.0);
    EXPECT_EQ(json["groups"][0]["missed"]["a bound: the reference proves them"], 2);
    group.coverage.allowed = 0;
    group.coverage.unsound.push_back(
        {setting.tables[0], 39, {.filter = 1, .data = {}, .value = 0}});
    json = nlohmann::json::parse(json_report(std::vector{group}, setting));
    EXPECT_EQ(json["sound"], false);
    EXPECT_TRUE(json["groups"][0]["precision"].is_null());
    EXPECT_EQ(json["groups"][0]["unsound"][0]["number"], 39);
}

} // namespace
