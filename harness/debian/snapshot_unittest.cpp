// SPDX-License-Identifier: MIT
#include "debian/snapshot.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

namespace {

debian::TaskSnapshot sample() {
    debian::TaskSnapshot task;
    task.task = {.pid = 7, .tid = 8, .command = "a \"b\"\n", .unit = "c.service", .filters = 2};
    task.chain = {
        {cbpf::load_nr(), cbpf::jeq(0xffffffff, 255, 1), cbpf::ret_errno(1), cbpf::ret_allow()},
        {cbpf::ret_allow()}};
    task.cache = "x86_64 0 ALLOW\n";
    return task;
}

TEST(Snapshot, ComesOutOfJsonAsItWentIn) {
    const auto back = debian::from_json(debian::to_json({sample(), debian::TaskSnapshot{}}));
    ASSERT_EQ(back.size(), 2U);
    EXPECT_EQ(back[0].task, sample().task);
    EXPECT_EQ(back[0].cache, sample().cache);
    ASSERT_EQ(back[0].chain.size(), 2U);
    for (std::size_t i = 0; i < 2; i++)
        EXPECT_TRUE(cbpf::same_program(back[0].chain[i], sample().chain[i])) << i;
    EXPECT_EQ(back[1].task, kernel::FilteredTask{});
    EXPECT_TRUE(back[1].chain.empty());
}

// A program may give itself any name.
TEST(Snapshot, ANameThatIsNoTextIsNoObstacle) {
    auto task = sample();
    task.task.command = "\xff\xfe";
    EXPECT_EQ(debian::from_json(debian::to_json({task})).size(), 1U);
}

TEST(Snapshot, WhatIsNotOneIsAnError) {
    for (const char *text : {"", "[", "{}{}", "[1]", R"([{"pid": 1}])",
                             R"([{"pid": "x", "tid": 1, "command": "", "unit": "", "filters": 0,
                                 "chain": [], "cache": ""}])"})
        EXPECT_THROW(debian::from_json(text), debian::SnapshotError) << text;
}

} // namespace
