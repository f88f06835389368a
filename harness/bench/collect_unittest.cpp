// SPDX-License-Identifier: MIT
#include "bench/collect.h"

#include "bench/guest_memory.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

const Subject full{"full", "", {}, {}};
const Workload podman{.id = "podman",
                      .title = "podman's",
                      .chain = {{}},
                      .measures = {{"getpid", "hit"}, {"swapon", "denied"}}};

constexpr const char *output = R"({"measure": "attach", "values": [30, 10, 20]}
{"measure": "getpid without", "values": [207, 207, 207]}
{"measure": "getpid", "values": [127, 128, 127]}
{"measure": "getpid first", "values": [1, 2, 3]}
{"measure": "swapon without", "values": [190, 190, 190]}
{"measure": "swapon", "values": [1356, 1356, 1356]}
{"measure": "swapon first", "values": [-8, -7, -9]}
)";

TEST(Costs, BecomeRowsOfTheirColumn) {
    Results results;
    add_costs(full, podman, "instructions", output, results);
    ASSERT_EQ(results.rows.size(), 4U);
    EXPECT_EQ(results.rows[0].id, "podman/hit");
    EXPECT_EQ(results.rows[0].title, "podman's: hit (getpid), over no filter");
    EXPECT_EQ(results.rows[0].figures.at("full"), (Figure{127, 1, 3}));
    EXPECT_EQ(results.rows[1].id, "podman/denied");
    EXPECT_EQ(results.rows[3].id, "podman/attach");
    EXPECT_EQ(results.rows[3].figures.at("full"), (Figure{20, 20, 3}));
}

TEST(Costs, OfTheFirstCallAreThoseThatDifferMost) {
    Results results;
    add_costs(full, podman, "instructions", output, results);
    EXPECT_EQ(results.rows[2].id, "podman/first-call");
    EXPECT_EQ(results.rows[2].figures.at("full"), (Figure{-8, 2, 3}));
}

TEST(Costs, WithoutFiltersAreAbsolute) {
    Workload native = podman;
    native.id = "native";
    native.chain.clear();
    Results results;
    add_costs(full, native, "instructions", output, results);
    ASSERT_EQ(results.rows.size(), 2U);
    EXPECT_EQ(results.rows[0].figures.at("full").median, 207);
}

TEST(Costs, OfAnotherSetAreRowsOfTheirOwn) {
    Subject audit = full;
    audit.set = "audit";
    Results results;
    add_costs(audit, podman, "instructions", output, results);
    EXPECT_EQ(results.rows[0].id, "audit/podman/hit");
}

TEST(Costs, ThatAreMissingOrNonsenseAreAnError) {
    Results results;
    EXPECT_THROW(add_costs(full, podman, "ns", "", results), ResultsError);
    EXPECT_THROW(add_costs(full, podman, "ns", "attach: 3\n", results), ResultsError);
    EXPECT_THROW(add_costs(full, podman, "ns", R"({"measure": "attach", "values": []})", results),
                 ResultsError);
}

Results with_hostile(std::map<std::string, Figure> a, std::map<std::string, Figure> b) {
    Results results;
    results.row("hostile-a/attach", "a", "instructions").figures = std::move(a);
    results.row("hostile-b/attach", "b", "instructions").figures = std::move(b);
    results.row("podman/attach", "", "instructions").figures = {{"full", {100, 0, 5}}};
    add_worst_hostile(results);
    return results;
}

TEST(WorstHostile, IsTheOneThatTakesMostOverStock) {
    const auto results = with_hostile({{"stock", {5, 0, 5}}, {"full", {9, 0, 5}}},
                                      {{"stock", {9, 0, 5}}, {"full", {12, 0, 5}}});
    const Row &worst = results.rows.back();
    EXPECT_EQ(worst.id, "hostile-worst/attach");
    EXPECT_EQ(worst.title, "the worst of the family, a");
    EXPECT_EQ(worst.figures, results.rows[0].figures);
}

TEST(WorstHostile, IsTheDearestWhereThereIsNothingToCompareWith) {
    const auto results = with_hostile({{"6.12", {9, 0, 5}}}, {{"6.12", {12, 0, 5}}});
    EXPECT_EQ(results.rows.back().figures.at("6.12").median, 12);
}

TEST(WorstHostile, IsNotThereWithoutTheFamily) {
    Results results;
    results.row("podman/attach", "", "instructions").figures = {{"full", {100, 0, 5}}};
    add_worst_hostile(results);
    EXPECT_EQ(results.rows.size(), 1U);
}

TEST(KernelMemory, IsReadFromTheKernelsOwnTexts) {
    const auto memory =
        kernel_memory("MemTotal:  1000 kB\nMemFree:    600 kB\n",
                      "0x01-0x02  8192 bpf_prog_alloc+0x3/0x9 pages=1 vmalloc N0=1\n"
                      "0x02-0x05  4096 ioremap phys=0x3 ioremap\n"
                      "0x05-0x09 16384 module_alloc+0x3/0x9 pages=3 vmalloc\n");
    EXPECT_EQ(memory.used, 400 * 1024);
    EXPECT_EQ(memory.vmalloc, 4 * 4096);
}

TEST(KernelMemory, OfOtherTextsIsAnError) {
    EXPECT_THROW(kernel_memory("MemTotal: 1000 kB\n", ""), std::runtime_error);
    EXPECT_THROW(kernel_memory("MemTotal: 1000 kB\nMemFree: much\n", ""), std::runtime_error);
}

} // namespace
} // namespace bench
