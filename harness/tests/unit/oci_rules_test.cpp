// SPDX-License-Identifier: MIT
#include "cbpf/oci_rules.h"

#include <gtest/gtest.h>

namespace {

using namespace cbpf;

// A profile around one rule; `rule` is what comes after its names.
OciRules resolve_rule(const std::string &rule, const OciOptions &options = {}) {
    return resolve_oci_rules(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["mount", "umount"], "action": "SCMP_ACT_ALLOW")" +
                                 rule + "}]}",
                             options);
}

bool holds(const std::string &rule, const OciOptions &options = {}) {
    return resolve_rule(", " + rule, options).rules.size() == 1;
}

std::string error(const std::string &json, const OciOptions &options = {}) {
    try {
        resolve_oci_rules(json, options);
    } catch (const LoadError &caught) {
        return caught.what();
    }
    return "accepted";
}

std::string second_rule_error(const std::string &rule) {
    return error(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"]}, )" +
                 rule + "]}");
}

TEST(OciRules, ReadsARule) {
    const OciRules rules = resolve_rule(R"(, "errnoRet": 7, "args":
        [{"index": 1, "value": 18446744073709551615, "valueTwo": 3, "op": "SCMP_CMP_MASKED_EQ"}])");
    EXPECT_EQ(rules.default_action, (OciAction{"SCMP_ACT_ERRNO", std::nullopt}));
    ASSERT_EQ(rules.rules.size(), 1u);
    const OciRule &rule = rules.rules[0];
    EXPECT_EQ(rule.names, (std::vector<std::string>{"mount", "umount"}));
    EXPECT_EQ(rule.action, (OciAction{"SCMP_ACT_ALLOW", 7}));
    ASSERT_EQ(rule.conditions.size(), 1u);
    EXPECT_EQ(rule.conditions[0].argument, 1u);
    EXPECT_EQ(rule.conditions[0].value, UINT64_MAX);
    EXPECT_EQ(rule.conditions[0].value_two, 3u);
    EXPECT_EQ(rule.conditions[0].op, "SCMP_CMP_MASKED_EQ");
}

TEST(OciRules, NullIsAsGoodAsAbsent) {
    EXPECT_TRUE(holds(R"("args": null, "includes": null, "excludes": null, "errnoRet": null,
                         "comment": null)"));
}

TEST(OciRules, TakesTheOldSingleName) {
    const OciRules rules = resolve_oci_rules(
        R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "read"}]})", {});
    EXPECT_EQ(rules.rules.at(0).names, std::vector<std::string>{"read"});
}

TEST(OciRules, IncludesArches) {
    EXPECT_TRUE(holds(R"("includes": {"arches": ["amd64", "x32"]})"));
    EXPECT_FALSE(holds(R"("includes": {"arches": ["arm64"]})"));
    EXPECT_TRUE(holds(R"("includes": {"arches": ["arm64"]})", {.arch = "arm64"}));
    EXPECT_TRUE(holds(R"("includes": {"arches": []})"));
}

TEST(OciRules, ExcludesArches) {
    EXPECT_FALSE(holds(R"("excludes": {"arches": ["amd64"]})"));
    EXPECT_TRUE(holds(R"("excludes": {"arches": ["arm64"]})"));
}

TEST(OciRules, IncludesNeedsEveryCapability) {
    const OciOptions two{.capabilities = {"CAP_A", "CAP_B"}};
    EXPECT_TRUE(holds(R"("includes": {"caps": ["CAP_A", "CAP_B"]})", two));
    EXPECT_FALSE(holds(R"("includes": {"caps": ["CAP_A", "CAP_C"]})", two));
}

TEST(OciRules, ExcludesOnAnyCapability) {
    const OciOptions two{.capabilities = {"CAP_A", "CAP_B"}};
    EXPECT_FALSE(holds(R"("excludes": {"caps": ["CAP_C", "CAP_B"]})", two));
    EXPECT_TRUE(holds(R"("excludes": {"caps": ["CAP_C"]})", two));
    EXPECT_TRUE(holds(R"("excludes": {"caps": ["CAP_A"]})", {.capabilities = {}}));
}

TEST(OciRules, KernelVersionsAreNumbers) {
    EXPECT_TRUE(holds(R"("includes": {"minKernel": "4.8"})"));
    EXPECT_TRUE(holds(R"("includes": {"minKernel": "5.10"})"));
    EXPECT_FALSE(holds(R"("includes": {"minKernel": "5.11"})"));
    EXPECT_TRUE(holds(R"("includes": {"minKernel": "5.9"})")) << "9 is less than 10";
    EXPECT_FALSE(holds(R"("excludes": {"minKernel": "5.10"})"));
    EXPECT_TRUE(holds(R"("excludes": {"minKernel": "6.0"})"));
    EXPECT_FALSE(holds(R"("includes": {"minKernel": "5.11"})", {.kernel = "5.10.0-21-amd64"}));
}

TEST(OciRules, IncludesAndExcludesMustBothLetItPass) {
    EXPECT_FALSE(
        holds(R"("includes": {"arches": ["amd64"]}, "excludes": {"caps": ["CAP_CHOWN"]})"));
    EXPECT_FALSE(
        holds(R"("includes": {"arches": ["s390"]}, "excludes": {"caps": ["CAP_SYS_ADMIN"]})"));
}

TEST(OciRules, Architectures) {
    const auto architectures = [](const std::string &keys, const std::string &arch) {
        return resolve_oci_rules(R"({"defaultAction": "SCMP_ACT_ALLOW")" + keys + "}",
                                 {.arch = arch})
            .architectures;
    };
    const std::string map = R"(, "archMap": [
        {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
        {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}])";
    using Names = std::vector<std::string>;
    EXPECT_EQ(architectures(map, "amd64"), (Names{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}));
    EXPECT_EQ(architectures(map, "arm64"), (Names{"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"}));
    EXPECT_EQ(architectures(map, "s390x"), Names{"SCMP_ARCH_S390X"});
    EXPECT_EQ(architectures("", "amd64"), Names{"SCMP_ARCH_X86_64"});
    EXPECT_EQ(architectures(R"(, "architectures": ["SCMP_ARCH_X32"])", "amd64"),
              Names{"SCMP_ARCH_X32"});
}

TEST(OciRules, ErrorsByNameWinOverNumbers) {
    EXPECT_EQ(resolve_rule(R"(, "errno": "ENOSYS", "errnoRet": 1)").rules[0].action.error, 38u);
    EXPECT_EQ(resolve_rule(R"(, "errno": "5")").rules[0].action.error, 5u);
    EXPECT_EQ(resolve_rule(R"(, "errno": "")").rules[0].action.error, std::nullopt);
    EXPECT_EQ(resolve_oci_rules(R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
                                    "defaultErrno": "EINVAL"})",
                                {})
                  .default_action.error,
              22u);
}

TEST(OciRules, ErrorsSayWhereAndWhat) {
    EXPECT_EQ(error("[]"), "is not a seccomp profile: not a JSON object");
    EXPECT_EQ(error("{}"), "is not a seccomp profile: has no `defaultAction`");
    EXPECT_EQ(error("{").substr(0, 13), "is not JSON: ");
    EXPECT_EQ(error(R"({"defaultAction": 5})"), "defaultAction: must be a string");
    EXPECT_EQ(error(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}})"),
              "syscalls: must be a list");
    EXPECT_EQ(error(R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"],
                       "archMap": [{}]})"),
              "architectures: stands beside `archMap`: a profile has one or the other");
    EXPECT_EQ(error(R"({"defaultAction": "SCMP_ACT_ALLOW"})", {.arch = "vax"}),
              "options.arch: unknown architecture \"vax\"");
}

TEST(OciRules, ErrorsNameTheRule) {
    EXPECT_EQ(second_rule_error("5"), "syscalls[1]: must be an object");
    EXPECT_EQ(second_rule_error("{}"), "syscalls[1]: names no syscall");
    EXPECT_EQ(second_rule_error(R"({"names": "read"})"), "syscalls[1].names: must be a list");
    EXPECT_EQ(second_rule_error(R"({"names": [1]})"),
              "syscalls[1].names: must be a list of strings");
    EXPECT_EQ(second_rule_error(R"({"names": ["a"], "name": "b"})"),
              "syscalls[1]: has both `name` and `names`");
    EXPECT_EQ(second_rule_error(R"({"names": ["a"], "errnoRet": -1})"),
              "syscalls[1].errnoRet: must be a whole number from 0 to 65535");
    EXPECT_EQ(second_rule_error(R"({"names": ["a"], "errno": "EWHAT"})"),
              "syscalls[1].errno: unknown error \"EWHAT\"");
    EXPECT_EQ(second_rule_error(R"({"names": ["a"], "args": [{}, {"index": 6}]})"),
              "syscalls[1].args[1].index: must be a whole number from 0 to 5");
    EXPECT_EQ(second_rule_error(R"({"names": ["a"], "args": [{"value": 1.5}]})"),
              "syscalls[1].args[0].value: must be a whole number from 0 to 18446744073709551615");
    EXPECT_EQ(second_rule_error(R"({"names": ["a"], "includes": {"minKernel": "new"}})"),
              "syscalls[1].includes.minKernel: \"new\" is not a kernel version such as 5.10");
    EXPECT_EQ(second_rule_error(R"({"names": ["a"], "excludes": []})"),
              "syscalls[1].excludes: must be an object");
}

} // namespace
