// SPDX-License-Identifier: MIT
#include "bench/search.h"

#include "bench/emulation_cost.h"
#include "bench/found_filters.h"
#include "bench/hostile.h"
#include "cbpf/builder.h"
#include "cbpf/checker.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bench {
namespace {

std::uint64_t returns_of(const cbpf::Program &program) {
    return static_cast<std::uint64_t>(
        std::count_if(program.begin(), program.end(), [](const cbpf::Instruction &instruction) {
            return BPF_CLASS(instruction.code) == BPF_RET;
        }));
}

TEST(Search, FindsTheSameWithTheSameSeed) {
    const auto found = find_expensive(7, 200, returns_of);
    EXPECT_EQ(find_expensive(7, 200, returns_of).recipe, found.recipe);
    EXPECT_NE(find_expensive(8, 200, returns_of).recipe, found.recipe);
}

TEST(Search, GetsBetterWithMoreSteps) {
    const auto few = find_expensive(1, 0, returns_of);
    const auto many = find_expensive(1, 2000, returns_of);
    EXPECT_GT(many.cost, few.cost);
    EXPECT_EQ(many.cost, returns_of(cook(many.recipe)));
}

TEST(Search, AsksOnlyAboutWhatKernelsTake) {
    find_expensive(3, 500, [](const cbpf::Program &program) {
        EXPECT_FALSE(cbpf::check(program));
        return returns_of(program);
    });
}

TEST(EmulationCost, CountsWhatIsDone) {
    const auto little = emulation_cost({cbpf::ret_allow()});
    EXPECT_GT(little, 0U);
    EXPECT_EQ(emulation_cost({cbpf::ret_allow()}), little);
    EXPECT_GT(
        emulation_cost({cbpf::load_nr(), cbpf::jset(4, 0, 1), cbpf::ret(0), cbpf::ret_allow()}),
        little);
}

// Or the list is not worth its place: the search found what people did not.
TEST(FoundFilters, CostMoreThanThoseMadeByHand) {
    std::uint64_t made = 0;
    for (const Gadget gadget : all_gadgets)
        made = std::max(made, emulation_cost(hostile_program({&gadget, 1})));
    std::uint64_t found = 0;
    for (const Recipe &recipe : found_filters())
        found = std::max(found, emulation_cost(cook(recipe)));
    EXPECT_GT(found, made);
}

} // namespace
} // namespace bench
