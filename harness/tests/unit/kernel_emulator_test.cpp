// SPDX-License-Identifier: MIT
//
// The kernel's own emulator, compiled for user space, against the reference emulator.
#include "analysis/reference_emulator.h"
#include "cbpf/builder.h"
#include "cbpf/disassembler.h"
#include "cbpf/interpreter.h"
#include "cbpf/oci_profile.h"
#include "kernel/emulator/kernel_emulator.h"
#include "tests/support/filter_shapes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>
#include <stdexcept>

namespace {

using namespace cbpf;
using kernel::emulated_numbers;
using kernel::emulated_verdict;

constexpr std::uint32_t native = AUDIT_ARCH_X86_64;
constexpr std::uint32_t compat = AUDIT_ARCH_I386;
constexpr unsigned size = 450;

// How many numbers are cached, or -1 with a failure where the two do not agree.
int agreed(const Chain &chain, std::uint32_t arch) {
    const auto ours = emulated_numbers(chain, arch, size);
    const auto reference = analysis::allowed_numbers(chain, arch, size);
    for (unsigned number = 0; number < size; number++) {
        if (ours[number] == reference[number])
            continue;
        std::string filters;
        for (const Program &program : chain)
            filters += disassemble(program) + '\n';
        ADD_FAILURE() << fmt::format("arch {:#x}, number {}: the kernel's emulator says {}\n{}",
                                     arch, number, ours[number] ? "ALLOW" : "FILTER", filters);
        return -1;
    }
    return static_cast<int>(std::count(ours.begin(), ours.end(), true));
}

TEST(KernelEmulator, NoFilterNoCache) {
    EXPECT_EQ(emulated_numbers({}, native, size), std::vector<bool>(size, false));
}

TEST(KernelEmulator, KnowsAConstantVerdictOfAnyNumber) {
    const Program program = {load_nr(), jge(0x40000000, 0, 1), ret_errno(38), ret_allow()};
    EXPECT_EQ(emulated_verdict(program, native, 0x40000000), SECCOMP_RET_ERRNO | 38u);
    EXPECT_EQ(emulated_verdict(program, native, UINT32_MAX), SECCOMP_RET_ERRNO | 38u);
    EXPECT_EQ(emulated_verdict(program, 7, 0x3fffffff), SECCOMP_RET_ALLOW);
    EXPECT_EQ(emulated_verdict(Program{load_arg_low(0), ret_allow()}, native, 1), std::nullopt);
}

// The table's end is the caller's: no number beyond it is asked for.
TEST(KernelEmulator, SizesOfTheirOwn) {
    EXPECT_EQ(emulated_numbers({{ret_allow()}}, native, 3), std::vector<bool>(3, true));
    EXPECT_EQ(emulated_numbers({{ret_allow()}}, native, 0).size(), 0u);
}

TEST(KernelEmulator, LaterFiltersOnlyTakeAway) {
    const Program odd = {load_nr(), jset(1, 0, 1), ret_allow(), ret_errno(1)};
    for (const Chain &chain : {Chain{odd, {ret_allow()}}, Chain{{ret_allow()}, odd}})
        for (unsigned number = 0; number < 10; number++)
            EXPECT_EQ(emulated_numbers(chain, native, 10)[number], number % 2 == 1);
}

TEST(KernelEmulator, RefusesProgramsTheKernelNeverEmulates) {
    EXPECT_THROW(emulated_numbers({{load_nr()}}, native, size), std::invalid_argument);
    EXPECT_THROW(emulated_verdict(Program{}, native, 0), std::invalid_argument);
}

TEST(KernelEmulator, TheLongestPrograms) {
    Program program(4095, alu_and(0xff));
    program.push_back(ret_allow());
    EXPECT_EQ(agreed({program}, native), static_cast<int>(size));
}

TEST(KernelEmulator, AgreesOnPodmansProfile) {
    for (const bool tree : {false, true}) {
        const Program program =
            load_oci_profile("/usr/share/containers/seccomp.json", {.binary_tree = tree});
        EXPECT_GT(agreed({program}, native), 100) << tree;
        EXPECT_GT(agreed({program}, compat), 100) << tree;
        EXPECT_GT(agreed({program, {ret_allow()}, program}, native), 100) << tree;
    }
}

class KernelEmulatorShapes : public testing::TestWithParam<support::Shape> {};

TEST_P(KernelEmulatorShapes, AgreeWithTheReference) {
    support::Random random(20201011);
    int mixed = 0;
    for (int round = 0; round < 1500 && !HasFailure(); round++) {
        // Half of them without what the emulator gives up at: scratch and random shapes would
        // hardly ever get past it.
        const Program program =
            support::shaped_program(random, GetParam(), {.only_understood = round % 2 == 0});
        for (const std::uint32_t arch : {native, compat}) {
            const int cached = agreed({program}, arch);
            mixed += cached > 0 && cached < static_cast<int>(size) ? 1 : 0;
        }
    }
    EXPECT_GT(mixed, 10) << "the test has tested nothing";
}

INSTANTIATE_TEST_SUITE_P(All, KernelEmulatorShapes, testing::ValuesIn(support::all_shapes),
                         [](const auto &shape) {
                             std::string name(support::shape_name(shape.param));
                             std::replace(name.begin(), name.end(), ' ', '_');
                             return name;
                         });

TEST(KernelEmulator, AgreesOnChains) {
    support::Random random(5102620);
    int some = 0;
    for (int round = 0; round < 500 && !HasFailure(); round++) {
        const Chain chain = support::shaped_chain(random, 1 + support::pick(random, 8));
        some += agreed(chain, native) > 0 ? 1 : 0;
        some += agreed(chain, compat) > 0 ? 1 : 0;
    }
    EXPECT_GT(some, 200) << "the test has tested nothing";
}

// Not only ALLOW, and not only numbers of the tables: whatever the emulator claims to know.
TEST(KernelEmulator, ClaimsNoOtherValueThanTheFilterReturns) {
    support::Random random(1955);
    int claims = 0;
    for (int round = 0; round < 5000; round++) {
        const Program program = support::shaped_program(
            random, support::all_shapes[support::pick(random, support::all_shapes.size())]);
        const auto arch = support::pick(random, 2) == 0 ? native : compat;
        const auto number = support::pick(random, 2) == 0 ? support::pick(random, size)
                                                          : static_cast<std::uint32_t>(random());
        const auto claimed = emulated_verdict(program, arch, number);
        if (!claimed)
            continue;
        claims++;
        ASSERT_EQ(run(program, support::random_data(random, program, arch, number)), *claimed)
            << "number " << number << '\n'
            << disassemble(program);
    }
    EXPECT_GT(claims, 1000) << "the test has tested nothing";
}

} // namespace
