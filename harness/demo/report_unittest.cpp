// SPDX-License-Identifier: MIT
#include "demo/report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <linux/audit.h>

#include <cstddef>

namespace {

// A table of four numbers; personality would be 135, so the examples named are read and friends.
const cbpf::SyscallTable table = {"x86_64", AUDIT_ARCH_X86_64, 4};

// Refuses write (1), looks at the arguments of open (2), allows the rest.
const cbpf::Program program = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 3, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

demo::Findings findings(const char *text) {
    demo::Findings found;
    found.kernel = "Linux 5.10";
    found.profile = "profile.json";
    found.program = program;
    found.listing = kernel::parse(text, {&table, 1});
    found.check = kernel::cross_check(found.listing, {program}, {&table, 1});
    return found;
}

constexpr const char *right = "x86_64 0 ALLOW\nx86_64 1 FILTER\nx86_64 2 FILTER\nx86_64 3 ALLOW\n";
constexpr const char *wrong = "x86_64 0 ALLOW\nx86_64 1 FILTER\nx86_64 2 ALLOW\nx86_64 3 ALLOW\n";

bool contains(const std::string &text, const char *part) { return text.find(part) != text.npos; }

TEST(Report, AgreementIsALineOfItsOwn) {
    const auto text = demo::human_report(findings(right), false);
    EXPECT_TRUE(contains(text, "\n4 of 4 lines agree\n")) << text;
    EXPECT_FALSE(contains(text, "\x1b")) << "colour is for terminals";
    EXPECT_TRUE(contains(demo::human_report(findings(right), true), "\x1b[32m"));
}

TEST(Report, EachDisagreementIsNamed) {
    const auto text = demo::human_report(findings(wrong), false);
    EXPECT_TRUE(contains(text, "\n3 of 4 lines agree\n")) << text;
    EXPECT_TRUE(contains(text, "x86_64 2 open: the kernel says ALLOW, the reference FILTER\n"))
        << text;
}

TEST(Report, AnEmptyFileIsNotAgreement) {
    const auto found = findings("");
    EXPECT_FALSE(found.check.all_agree());
    EXPECT_TRUE(contains(demo::human_report(found, false), "as for a task without filter"));
}

TEST(Report, JsonHasEveryLine) {
    const auto json = nlohmann::json::parse(demo::json_report(findings(wrong)));
    EXPECT_EQ(json["lines"], 4);
    EXPECT_EQ(json["agreeing"], 3);
    EXPECT_EQ(json["disagreements"][0]["name"], "open");
    const auto &calls = json["tables"][0]["syscalls"];
    ASSERT_EQ(calls.size(), 4U);
    EXPECT_EQ(calls[1]["reason"], "always ERRNO(1)");
}

} // namespace
