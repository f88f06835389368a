// SPDX-License-Identifier: MIT
#include "bench/workloads.h"

#include "analysis/reference_emulator.h"
#include "bench/chain_file.h"
#include "bench/hostile.h"
#include "cbpf/checker.h"
#include "cbpf/interpreter.h"
#include "cbpf/loader.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <set>

namespace bench {
namespace {

TEST(Hostile, ProgramsAreTheLongestThatKernelsTake) {
    for (const Gadget gadget : all_gadgets) {
        const auto program = hostile_program({&gadget, 1});
        EXPECT_EQ(program.size(), cbpf::max_instructions) << name(gadget);
        EXPECT_FALSE(cbpf::check(program)) << name(gadget);
    }
}

TEST(Hostile, GadgetsMix) {
    const auto program = hostile_program(all_gadgets);
    EXPECT_EQ(program.size(), cbpf::max_instructions);
    EXPECT_FALSE(cbpf::check(program));
}

// Or the published design would give up at once, and be cheap.
TEST(Hostile, ListsOfNumbersAreMadeOfWhatThePublishedDesignUnderstands) {
    for (const Gadget gadget : {Gadget::number_list, Gadget::jset_ladder, Gadget::ranges,
                                Gadget::masks, Gadget::architectures}) {
        const auto cached =
            analysis::allowed_numbers({hostile_program({&gadget, 1})}, AUDIT_ARCH_X86_64, 441);
        EXPECT_TRUE(cached[39]) << name(gadget);
    }
}

// A division by an X of 0 returns 0, which kills.
TEST(Hostile, ProgramsAllowWhatTheyDoNotDivideBy) {
    for (const Gadget gadget : all_gadgets) {
        seccomp_data data{};
        data.nr = 39;
        data.arch = AUDIT_ARCH_X86_64;
        EXPECT_EQ(cbpf::run(hostile_program({&gadget, 1}), data), SECCOMP_RET_ALLOW)
            << name(gadget);
    }
}

TEST(Hostile, NamesAreDistinct) {
    std::set<std::string_view> names;
    for (const Gadget gadget : all_gadgets)
        names.insert(name(gadget));
    EXPECT_EQ(names.size(), all_gadgets.size());
    EXPECT_FALSE(names.contains("?"));
}

TEST(Workloads, HaveNamesOfTheirOwnAndAcceptableFilters) {
    std::set<std::string> ids;
    for (const Workload &workload : all_workloads({SC_PROFILE, SC_STACK})) {
        EXPECT_TRUE(ids.insert(workload.id).second) << workload.id;
        EXPECT_NO_THROW(cbpf::require_acceptable(workload.chain)) << workload.id;
    }
    for (const char *id : {"native", "allow-all", "podman-linear", "podman-tree-8", "systemd",
                           "chromium-like", "hostile-jset-ladder"})
        EXPECT_TRUE(ids.contains(id)) << id;
}

TEST(Workloads, HaveTheServicesStackWhole) { EXPECT_EQ(load_stack(SC_STACK).size(), 31U); }

TEST(Workloads, NeedAStack) {
    EXPECT_THROW(load_stack("/nonexistent"), cbpf::LoadError);
    EXPECT_THROW(load_stack(SC_STACK "/.."), cbpf::LoadError);
}

TEST(ChainFile, GivesTheChainBack) {
    const auto chain = load_stack(SC_STACK);
    const auto back = decode_chain(encode_chain(chain));
    ASSERT_EQ(back.size(), chain.size());
    for (std::size_t i = 0; i < chain.size(); i++)
        EXPECT_TRUE(cbpf::same_program(back[i], chain[i])) << i;
    EXPECT_TRUE(decode_chain("").empty());
}

TEST(ChainFile, MustBeWhole) {
    const auto bytes = encode_chain({chromium_like()});
    EXPECT_THROW(decode_chain(bytes.substr(0, 3)), std::invalid_argument);
    EXPECT_THROW(decode_chain(bytes.substr(0, bytes.size() - 1)), std::invalid_argument);
    EXPECT_THROW(decode_chain(std::string(4, '\0')), std::invalid_argument);
    EXPECT_THROW(decode_chain(std::string(4, '\xff')), std::invalid_argument);
}

} // namespace
} // namespace bench
