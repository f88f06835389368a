// SPDX-License-Identifier: MIT
//
// The kernel's own emulator, compiled for user space, against the reference emulator.
#include "analysis/reference_emulator.h"
#include "cbpf/builder.h"
#include "cbpf/disassembler.h"
#include "cbpf/interpreter.h"
#include "cbpf/loader.h"
#include "cbpf/oci_profile.h"
#include "kernel/emulator/kernel_emulator.h"
#include "tests/support/edge_programs.h"
#include "tests/support/filter_shapes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace {

using namespace cbpf;
using kernel::emulated_numbers;
using kernel::Emulation;

constexpr std::uint32_t native = AUDIT_ARCH_X86_64;
constexpr std::uint32_t compat = AUDIT_ARCH_I386;
constexpr unsigned size = 450;

std::string disassembled(const Chain &chain) {
    std::string filters;
    for (const Program &program : chain)
        filters += disassemble(program) + '\n';
    return filters;
}

struct Comparison {
    int cached = 0;        // how many numbers, or -1 with a failure where the two do not agree
    bool demanded = false; // had they to be all that can be proved?
};

Comparison compared(const Chain &chain, std::uint32_t arch) {
    const auto ours = emulated_numbers(chain, arch, size);
    const auto reference = analysis::provable_numbers(chain, arch, size);
    if (const auto number = reference.first_refuted(ours)) {
        ADD_FAILURE() << fmt::format("arch {:#x}, number {}: the kernel's emulator says {}\n{}",
                                     arch, *number, ours[*number] ? "ALLOW" : "FILTER",
                                     disassembled(chain));
        return {-1, true};
    }
    return {static_cast<int>(std::count(ours.begin(), ours.end(), true)), reference.is_demanded()};
}

// For filters of which all must be found that there is.
int agreed(const Chain &chain, std::uint32_t arch) {
    const Comparison comparison = compared(chain, arch);
    EXPECT_TRUE(comparison.demanded) << disassembled(chain);
    return comparison.cached;
}

TEST(KernelEmulator, NoFilterNoCache) {
    EXPECT_EQ(emulated_numbers({}, native, size), std::vector<bool>(size, false));
}

// The table's end is the caller's: no number beyond it is asked for.
TEST(KernelEmulator, SizesOfTheirOwn) {
    EXPECT_EQ(emulated_numbers({{ret_allow()}}, native, 3), std::vector<bool>(3, true));
    EXPECT_EQ(emulated_numbers({{ret_allow()}}, native, 0).size(), 0u);
    EXPECT_THROW(emulated_numbers({{ret_allow()}}, native, 100'000), std::invalid_argument);
}

TEST(KernelEmulator, LaterFiltersOnlyTakeAway) {
    const Program odd = {load_nr(), jset(1, 0, 1), ret_allow(), ret_errno(1)};
    for (const Chain &chain : {Chain{odd, {ret_allow()}}, Chain{{ret_allow()}, odd}})
        for (unsigned number = 0; number < 10; number++)
            EXPECT_EQ(emulated_numbers(chain, native, 10)[number], number % 2 == 1);
}

TEST(KernelEmulator, RefusesProgramsTheKernelNeverEmulates) {
    EXPECT_THROW(emulated_numbers({{load_nr()}}, native, size), std::invalid_argument);
    EXPECT_THROW(emulated_numbers({{}}, native, size), std::invalid_argument);
}

// The kernel keeps one emulation for both tables, in memory that it does not clear.
TEST(KernelEmulator, DependsOnNothingThatWasThereBefore) {
    support::Random random(512);
    for (int round = 0; round < 300; round++) {
        const Program program = support::shaped_program(
            random, support::all_shapes[support::pick(random, support::all_shapes.size())]);
        Emulation one(program, 0x00);
        Emulation other(program, 0xff);
        const auto first = one.allowed(native, size);
        EXPECT_EQ(other.allowed(compat, 441), Emulation(program).allowed(compat, 441));
        EXPECT_EQ(other.allowed(native, size), first) << disassemble(program);
        EXPECT_EQ(one.allowed(native, size), first) << disassemble(program);
    }
}

// Bounded by design: what an attach may take, for the longest program there is.
TEST(KernelEmulator, TakesLittleMemory) {
    EXPECT_LT(Emulation(Program(4096, ret_allow())).size(), 16384u);
}

// Comparisons of the number are what long filters consist of: as many as there can be are within
// the kernel's bounds.
TEST(KernelEmulator, TheLongestPrograms) {
    Program program = {load_nr()};
    while (program.size() < 4094)
        program.push_back(jeq(static_cast<std::uint32_t>(0x10000 + program.size()), 1, 0));
    program.push_back(ret_allow());
    program.push_back(ret_errno(1));
    EXPECT_EQ(compared({program}, native).cached, static_cast<int>(size));
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

TEST(KernelEmulator, AgreesOnTheFiltersOfARealSystem) {
    int files = 0;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(SC_TEST_DATA)) {
        if (entry.path().extension() != ".bpf")
            continue;
        files++;
        const Program program = load_raw(entry.path());
        EXPECT_GE(agreed({program}, native), 0) << entry.path();
        EXPECT_GE(agreed({program}, compat), 0) << entry.path();
    }
    EXPECT_GT(files, 100);
}

class KernelEmulatorShapes : public testing::TestWithParam<support::Shape> {};

// All but these two are what real filters look like: there the kernel must find everything.
bool is_realistic(support::Shape shape) {
    return shape != support::Shape::scratch && shape != support::Shape::random &&
           shape != support::Shape::masks;
}

TEST_P(KernelEmulatorShapes, AgreeWithTheReference) {
    support::Random random(20201011);
    int mixed = 0;
    int demanded = 0;
    int all = 0;
    for (int round = 0; round < 1500 && !HasFailure(); round++) {
        const Program program =
            support::shaped_program(random, GetParam(), {.only_understood = round % 2 == 0});
        for (const std::uint32_t arch : {native, compat}) {
            const Comparison comparison = compared({program}, arch);
            mixed += comparison.cached > 0 && comparison.cached < static_cast<int>(size) ? 1 : 0;
            demanded += comparison.demanded ? 1 : 0;
            all++;
        }
    }
    EXPECT_GT(mixed, 10) << "the test has tested nothing";
    EXPECT_GT(demanded, is_realistic(GetParam()) ? all - 1 : all / 2);
}

INSTANTIATE_TEST_SUITE_P(All, KernelEmulatorShapes, testing::ValuesIn(support::all_shapes),
                         [](const auto &shape) {
                             std::string name(support::shape_name(shape.param));
                             std::replace(name.begin(), name.end(), ' ', '_');
                             return name;
                         });

TEST(KernelEmulator, AgreesOnShortProgramsAboutEdges) {
    support::Random random(8086);
    int some = 0;
    for (int round = 0; round < 1000 && !HasFailure(); round++) {
        const Program program = support::edge_program(random);
        some += compared({program}, native).cached > 0 ? 1 : 0;
        some += compared({program}, compat).cached > 0 ? 1 : 0;
    }
    EXPECT_GT(some, 400) << "the test has tested nothing";
}

TEST(KernelEmulator, AgreesOnChains) {
    support::Random random(5102620);
    int some = 0;
    for (int round = 0; round < 500 && !HasFailure(); round++) {
        const Chain chain = support::shaped_chain(random, 1 + support::pick(random, 8));
        some += compared(chain, native).cached > 0 ? 1 : 0;
        some += compared(chain, compat).cached > 0 ? 1 : 0;
    }
    EXPECT_GT(some, 200) << "the test has tested nothing";
}

// Whatever the bounds, they are no reason to allow.
TEST(KernelEmulator, AllowsNothingThatTheFilterRefuses) {
    support::Random random(1955);
    int allowed = 0;
    for (int round = 0; round < 2000; round++) {
        const Program program = support::shaped_program(
            random, support::all_shapes[support::pick(random, support::all_shapes.size())]);
        const auto arch = support::pick(random, 2) == 0 ? native : compat;
        const auto numbers = emulated_numbers({program}, arch, size);
        for (unsigned number = support::pick(random, 40); number < size;
             number += 1 + support::pick(random, 40)) {
            if (!numbers[number])
                continue;
            allowed++;
            ASSERT_EQ(run(program, support::random_data(random, program, arch, number)),
                      SECCOMP_RET_ALLOW)
                << "number " << number << '\n'
                << disassemble(program);
        }
    }
    EXPECT_GT(allowed, 5000) << "the test has tested nothing";
}

} // namespace
