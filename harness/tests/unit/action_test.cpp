// SPDX-License-Identifier: MIT
#include "cbpf/action.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>

#include <array>

namespace {

using cbpf::action_name;
using cbpf::action_rank;
using cbpf::parse_action;

TEST(Action, NamesEveryActionOfTheKernel) {
    EXPECT_EQ(action_name(SECCOMP_RET_KILL_PROCESS), "KILL_PROCESS");
    EXPECT_EQ(action_name(SECCOMP_RET_KILL_THREAD), "KILL_THREAD");
    EXPECT_EQ(action_name(SECCOMP_RET_TRAP), "TRAP");
    EXPECT_EQ(action_name(SECCOMP_RET_ERRNO), "ERRNO(0)");
    EXPECT_EQ(action_name(SECCOMP_RET_USER_NOTIF), "USER_NOTIF");
    EXPECT_EQ(action_name(SECCOMP_RET_TRACE), "TRACE");
    EXPECT_EQ(action_name(SECCOMP_RET_LOG), "LOG");
    EXPECT_EQ(action_name(SECCOMP_RET_ALLOW), "ALLOW");
}

TEST(Action, ShowsDataBits) {
    EXPECT_EQ(action_name(SECCOMP_RET_ERRNO | 1), "ERRNO(1)");
    EXPECT_EQ(action_name(SECCOMP_RET_ALLOW | 0xffff), "ALLOW(65535)");
    EXPECT_EQ(action_name(7), "KILL_THREAD(7)");
}

TEST(Action, ShowsUnknownActionsInHexadecimal) {
    EXPECT_EQ(action_name(0x12340000), "0x12340000");
    EXPECT_EQ(action_name(0x00010000), "0x00010000");
}

TEST(Action, ParsingIsTheInverseOfNaming) {
    constexpr std::array<std::uint32_t, 7> values = {
        0, 5, SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW | 1, SECCOMP_RET_ERRNO, 0x12345678, UINT32_MAX};
    for (const std::uint32_t value : values)
        EXPECT_EQ(parse_action(action_name(value)), value) << action_name(value);
    EXPECT_EQ(parse_action("TRACE(0x10)"), SECCOMP_RET_TRACE | 0x10u);
}

TEST(Action, RefusesWhatIsNotAnAction) {
    for (const char *text : {"", "allow", "ALLOW ", "ALLOW(", "ALLOW()", "ALLOW(1", "ALLOW(-1)",
                             "ERRNO(65536)", "(1)", "KILL", "0x", "0x123456789", "12", "ERRNO(1)x"})
        EXPECT_EQ(parse_action(text), std::nullopt) << text;
}

TEST(Action, RanksSignedAndWithoutData) {
    EXPECT_LT(action_rank(SECCOMP_RET_KILL_PROCESS), action_rank(SECCOMP_RET_KILL_THREAD));
    EXPECT_LT(action_rank(SECCOMP_RET_KILL_THREAD), action_rank(SECCOMP_RET_TRAP));
    EXPECT_LT(action_rank(SECCOMP_RET_LOG), action_rank(SECCOMP_RET_ALLOW));
    EXPECT_EQ(action_rank(SECCOMP_RET_ERRNO | 1), action_rank(SECCOMP_RET_ERRNO | 2));
}

} // namespace
