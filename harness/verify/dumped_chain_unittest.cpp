// SPDX-License-Identifier: MIT
#include "verify/dumped_chain.h"

#include "cbpf/builder.h"
#include "cbpf/loader.h"
#include "tests/unit/temporary_directory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace cbpf;
using verify::chain_directories;
using verify::load_chain;

const std::vector<SyscallTable> tables = parse_tables("x86_64:0xc000003e:2,ia32:0x40000003:1");
constexpr const char *listing = "x86_64 0 ALLOW\nx86_64 1 FILTER\nia32 0 FILTER\n";

std::string error_of(const std::function<void()> &function) {
    try {
        function();
    } catch (const LoadError &error) {
        return error.what();
    }
    return "";
}

TEST(DumpedChain, FiltersStandInTheOrderOfTheirNumbers) {
    const TemporaryDirectory directory;
    for (const unsigned index : {0U, 1U, 2U, 9U, 10U, 11U, 100U})
        save_raw(directory.path() / fmt::format("filter-{}.bpf", index), Program{ret_errno(index)});
    directory.write("README", "not a filter");
    const auto dumped = load_chain(directory.path(), tables);
    ASSERT_EQ(dumped.chain.size(), 7U);
    std::vector<unsigned> order;
    for (const Program &program : dumped.chain)
        order.push_back(program[0].k & SECCOMP_RET_DATA);
    EXPECT_EQ(order, (std::vector{0U, 1U, 2U, 9U, 10U, 11U, 100U}));
    EXPECT_FALSE(dumped.listing);
    EXPECT_EQ(dumped.name, directory.path().filename().string());
}

TEST(DumpedChain, ItsProcFile) {
    const TemporaryDirectory directory;
    save_raw(directory.path() / "0.bpf", Program{ret_allow()});
    directory.write("seccomp_cache.txt", listing);
    const auto dumped = load_chain(directory.path(), tables);
    ASSERT_TRUE(dumped.listing);
    EXPECT_EQ(dumped.listing->tables[0].allow, (std::vector{true, false}));
}

TEST(DumpedChain, WhatIsWrongIsSaid) {
    const TemporaryDirectory directory;
    const auto load = [&] { load_chain(directory.path(), tables); };
    EXPECT_NE(error_of(load).find("no *.bpf in it"), std::string::npos);
    save_raw(directory.path() / "0.bpf", Program{load_nr()});
    EXPECT_NE(error_of(load).find("0.bpf: instruction 0: "), std::string::npos);
    save_raw(directory.path() / "0.bpf", Program{ret_allow()});
    directory.write("seccomp_cache.txt", "x86_64 0 ALLOW\n");
    EXPECT_NE(error_of(load).find("seccomp_cache.txt: line 2: "), std::string::npos);
    directory.write("seccomp_cache.txt", "");
    EXPECT_NE(error_of(load).find("seccomp_cache.txt: is empty"), std::string::npos);
    EXPECT_NE(error_of([&] { load_chain(directory.path() / "none", tables); }).find("No such"),
              std::string::npos);
}

TEST(DumpedChain, DirectoriesOfChains) {
    const TemporaryDirectory directory;
    EXPECT_NE(error_of([&] { chain_directories(directory.path()); }).find("neither"),
              std::string::npos);
    for (const char *name : {"task10", "task9", "empty"})
        std::filesystem::create_directory(directory.path() / name);
    for (const char *name : {"task10", "task9"})
        save_raw(directory.path() / name / "0.bpf", Program{ret_allow()});
    const auto found = chain_directories(directory.path());
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].filename(), "task9");
    EXPECT_EQ(found[1].filename(), "task10");
    EXPECT_EQ(chain_directories(found[0]), std::vector{found[0]});
}

} // namespace
