// SPDX-License-Identifier: MIT
#include "debian/chain_store.h"

#include "cbpf/builder.h"
#include "cbpf/loader.h"
#include "tests/unit/temporary_directory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace {

debian::TaskSnapshot task(const std::string &unit, const cbpf::Chain &chain,
                          const std::string &cache = "cache\n") {
    debian::TaskSnapshot made;
    made.task.unit = unit;
    made.chain = chain;
    made.cache = cache;
    return made;
}

const cbpf::Program first = {cbpf::load_nr(), cbpf::ret_allow()};
const cbpf::Program second = {cbpf::ret_allow()};

TEST(ChainStore, AChainIsAFilePerFilterOldestFirst) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "chains";
    EXPECT_EQ(debian::save_chains({task("a.service", {first, second})}, path), 1U);
    EXPECT_TRUE(cbpf::same_program(cbpf::load_raw(path / "a" / "00.bpf"), first));
    EXPECT_TRUE(cbpf::same_program(cbpf::load_raw(path / "a" / "01.bpf"), second));
    EXPECT_FALSE(std::filesystem::exists(path / "a" / "02.bpf"));
    std::ifstream file(path / "a" / "seccomp_cache.txt");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "cache\n");
}

TEST(ChainStore, WhatTasksShareIsThereOnce) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "chains";
    EXPECT_EQ(debian::save_chains({task("a.service", {first}), task("a.service", {second}),
                                   task("a.service", {first}), task("b.service", {first}),
                                   task("a.service", {first}, "another\n")},
                                  path),
              4U);
    for (const char *name : {"a", "a.2", "a.3", "b"})
        EXPECT_TRUE(std::filesystem::exists(path / name)) << name;
    EXPECT_FALSE(std::filesystem::exists(path / "a.4"));
}

TEST(ChainStore, NothingOfAnEarlierRunIsLeft) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "chains";
    debian::save_chains({task("a.service", {first, second})}, path);
    debian::save_chains({task("a.service", {second})}, path);
    EXPECT_FALSE(std::filesystem::exists(path / "a" / "01.bpf"));
}

TEST(ChainStore, AUnitIsNoPath) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "chains";
    debian::save_chains({task("/user.slice/../x", {first})}, path);
    EXPECT_TRUE(std::filesystem::exists(path / "_user.slice_.._x" / "00.bpf"));
}

} // namespace
