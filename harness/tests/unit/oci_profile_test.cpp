// SPDX-License-Identifier: MIT
#include "analysis/reference_emulator.h"
#include "cbpf/action.h"
#include "cbpf/checker.h"
#include "cbpf/interpreter.h"
#include "cbpf/oci_profile.h"
#include "cbpf/syscall_table.h"
#include "tests/unit/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <seccomp.h>

#include <algorithm>

namespace {

using namespace cbpf;
using testing::HasSubstr;

constexpr const char *podman_profile = "/usr/share/containers/seccomp.json";
constexpr unsigned table_size = 441; // of both tables in Linux 5.10

std::ptrdiff_t allowed(const Program &program, std::uint32_t arch) {
    return std::ranges::count(analysis::allowed_numbers({program}, arch, table_size), true);
}

bool libseccomp_is_2_5_4() {
    const scmp_version *version = seccomp_version();
    return version->major == 2 && version->minor == 5 && version->micro == 4;
}

TEST(PodmanProfile, Linear) {
    const OciFilter filter = compile_oci_profile(podman_profile);
    EXPECT_FALSE(check(filter.program));
    EXPECT_EQ(allowed(filter.program, AUDIT_ARCH_X86_64), 304);
    EXPECT_EQ(allowed(filter.program, AUDIT_ARCH_I386), 361);
    if (libseccomp_is_2_5_4()) {
        EXPECT_EQ(filter.program.size(), 1125u);
    }
}

TEST(PodmanProfile, BinaryTree) {
    const OciFilter filter = compile_oci_profile(podman_profile, {.binary_tree = true});
    EXPECT_FALSE(check(filter.program));
    EXPECT_EQ(allowed(filter.program, AUDIT_ARCH_X86_64), 304);
    EXPECT_EQ(allowed(filter.program, AUDIT_ARCH_I386), 361);
    if (libseccomp_is_2_5_4()) {
        EXPECT_EQ(filter.program.size(), 1408u);
    }
}

TEST(PodmanProfile, CapabilitiesOpenMore) {
    OciOptions options;
    options.capabilities.push_back("CAP_SYS_TIME");
    EXPECT_GT(allowed(load_oci_profile(podman_profile, options), AUDIT_ARCH_X86_64), 304);
}

class OciProfile : public testing::Test {
protected:
    OciFilter compile(const std::string &json, const OciOptions &options = {}) {
        return compile_oci_profile(directory.write("profile.json", json), options);
    }

    // What the profile does with one x86-64 syscall.
    std::string action(const OciFilter &filter, const std::string &name,
                       std::initializer_list<std::uint64_t> args = {}) {
        seccomp_data data{};
        data.nr = static_cast<int>(syscall_number(AUDIT_ARCH_X86_64, name).value());
        data.arch = AUDIT_ARCH_X86_64;
        std::ranges::copy(args, data.args);
        return action_name(run(filter.program, data));
    }

    std::string error(const std::string &json) {
        try {
            compile(json);
        } catch (const LoadError &caught) {
            const std::string prefix = (directory.path() / "profile.json").string() + ": ";
            EXPECT_THAT(caught.what(), testing::StartsWith(prefix));
            return std::string(caught.what()).substr(prefix.size());
        }
        return "accepted";
    }

    std::string rules(const std::string &list, const std::string &fallback = "SCMP_ACT_ERRNO") {
        return R"({"defaultAction": ")" + fallback + R"(", "syscalls": [)" + list + "]}";
    }

    TemporaryDirectory directory;
};

TEST_F(OciProfile, EveryAction) {
    const OciFilter filter = compile(rules(R"(
        {"names": ["read"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["write"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
        {"names": ["open"], "action": "SCMP_ACT_KILL"},
        {"names": ["close"], "action": "SCMP_ACT_KILL_PROCESS"},
        {"names": ["stat"], "action": "SCMP_ACT_TRAP"},
        {"names": ["fstat"], "action": "SCMP_ACT_TRACE", "errnoRet": 99},
        {"names": ["lstat"], "action": "SCMP_ACT_LOG"},
        {"names": ["poll"], "action": "SCMP_ACT_NOTIFY"},
        {"names": ["lseek"], "action": "SCMP_ACT_KILL_THREAD"})"));
    EXPECT_EQ(action(filter, "read"), "ALLOW");
    EXPECT_EQ(action(filter, "write"), "ERRNO(38)");
    EXPECT_EQ(action(filter, "open"), "KILL_THREAD");
    EXPECT_EQ(action(filter, "close"), "KILL_PROCESS");
    EXPECT_EQ(action(filter, "stat"), "TRAP");
    EXPECT_EQ(action(filter, "fstat"), "TRACE(99)");
    EXPECT_EQ(action(filter, "lstat"), "LOG");
    EXPECT_EQ(action(filter, "poll"), "USER_NOTIF");
    EXPECT_EQ(action(filter, "lseek"), "KILL_THREAD");
    EXPECT_EQ(action(filter, "mmap"), "ERRNO(1)") << "EPERM, where the profile gives no errno";
}

TEST_F(OciProfile, EveryComparison) {
    const auto with = [&](const char *op, const char *rest = "") {
        return compile(rules(std::string(R"({"names": ["dup"], "action": "SCMP_ACT_ALLOW", "args":
            [{"index": 0, "value": 5, "op": ")") +
                             op + "\"" + rest + "}]}"));
    };
    const auto verdicts = [&](const OciFilter &filter) {
        std::string text;
        for (const std::uint64_t arg : {4u, 5u, 6u})
            text += action(filter, "dup", {arg}) == "ALLOW" ? 'y' : 'n';
        return text;
    };
    EXPECT_EQ(verdicts(with("SCMP_CMP_NE")), "yny");
    EXPECT_EQ(verdicts(with("SCMP_CMP_LT")), "ynn");
    EXPECT_EQ(verdicts(with("SCMP_CMP_LE")), "yyn");
    EXPECT_EQ(verdicts(with("SCMP_CMP_EQ")), "nyn");
    EXPECT_EQ(verdicts(with("SCMP_CMP_GE")), "nyy");
    EXPECT_EQ(verdicts(with("SCMP_CMP_GT")), "nny");
    // value is the mask: arg & 5 == 4.
    EXPECT_EQ(verdicts(with("SCMP_CMP_MASKED_EQ", R"(, "valueTwo": 4)")), "yny");
}

TEST_F(OciProfile, ConditionsOnDifferentArgumentsMustAllHold) {
    const OciFilter filter = compile(rules(R"({"names": ["dup2"], "action": "SCMP_ACT_ALLOW",
        "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"},
                 {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]})"));
    EXPECT_EQ(action(filter, "dup2", {1, 2}), "ALLOW");
    EXPECT_EQ(action(filter, "dup2", {1, 3}), "ERRNO(1)");
    EXPECT_EQ(action(filter, "dup2", {2, 2}), "ERRNO(1)");
}

TEST_F(OciProfile, ConditionsOnOneArgumentAreAlternatives) {
    const OciFilter filter = compile(rules(R"({"names": ["dup"], "action": "SCMP_ACT_ALLOW",
        "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"},
                 {"index": 0, "value": 3, "op": "SCMP_CMP_EQ"}]})"));
    EXPECT_EQ(action(filter, "dup", {1}), "ALLOW");
    EXPECT_EQ(action(filter, "dup", {2}), "ERRNO(1)");
    EXPECT_EQ(action(filter, "dup", {3}), "ALLOW");
}

TEST_F(OciProfile, ReportsUnknownSyscallsAndGoesOn) {
    const OciFilter filter = compile(
        rules(R"({"names": ["zz_new", "read", "aa_new", "zz_new"], "action": "SCMP_ACT_ALLOW"})"));
    EXPECT_EQ(filter.unknown_syscalls, (std::vector<std::string>{"aa_new", "zz_new"}));
    EXPECT_EQ(action(filter, "read"), "ALLOW");
}

TEST_F(OciProfile, RulesThatRepeatTheDefaultAreLeftOut) {
    const OciFilter filter = compile(rules(R"(
        {"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
        {"names": ["write"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2})"));
    EXPECT_EQ(action(filter, "read"), "ERRNO(1)");
    EXPECT_EQ(action(filter, "write"), "ERRNO(2)");
}

TEST_F(OciProfile, OtherArchitecturesAreKilledUnlessListed) {
    seccomp_data compat{};
    compat.nr = 3; // read
    compat.arch = AUDIT_ARCH_I386;
    const std::string read = R"(, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})";
    const std::string head = R"({"defaultAction": "SCMP_ACT_ERRNO")";
    EXPECT_EQ(action_name(run(compile(head + read).program, compat)), "KILL_THREAD");
    EXPECT_EQ(
        action_name(
            run(compile(head + R"(, "architectures": ["SCMP_ARCH_X86"])" + read).program, compat)),
        "ALLOW");
}

TEST_F(OciProfile, ErrorsNameFileAndPlace) {
    EXPECT_EQ(error(rules("", "SCMP_ACT_MAYBE")),
              "defaultAction: unknown action \"SCMP_ACT_MAYBE\"");
    EXPECT_EQ(error(rules(R"({"names": ["read"], "action": "ALLOW"})")),
              "syscalls[0].action: unknown action \"ALLOW\"");
    EXPECT_EQ(error(rules(R"({"names": ["read"], "action": "SCMP_ACT_ALLOW",
                              "args": [{"op": "EQ"}]})")),
              "syscalls[0].args[0]: unknown operator \"EQ\"");
    EXPECT_EQ(error(R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_VAX"]})"),
              "architectures: unknown architecture \"SCMP_ARCH_VAX\"");
    EXPECT_THAT(error("nonsense"), HasSubstr("is not JSON"));
    EXPECT_THROW(load_oci_profile(directory.path() / "missing"), LoadError);
    EXPECT_THROW(load_oci_profile(directory.path()), LoadError);
}

} // namespace
