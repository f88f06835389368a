// SPDX-License-Identifier: MIT
//
// The checker and the interpreter against the kernel this test runs on. It need not be 5.10: what
// classic BPF is and what seccomp takes of it has not changed since.

#include "cbpf/builder.h"
#include "cbpf/checker.h"
#include "cbpf/disassembler.h"
#include "cbpf/interpreter.h"
#include "tests/support/random_program.h"
#include "tests/support/seccomp_probe.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace {

using namespace cbpf;
using support::Random;

class HostKernel : public testing::Test {
protected:
    void SetUp() override {
        if (const auto obstacle = support::probe_obstacle())
            GTEST_SKIP() << "this machine cannot serve as a reference: " << *obstacle;
        // SC_TEST_SEED=N tries other programs than the usual.
        if (const char *given = std::getenv("SC_TEST_SEED"))
            seed = std::strtoull(given, nullptr, 0);
        RecordProperty("seed", std::to_string(seed));
        random.seed(seed);
    }

    void expect_same_judgement(const std::vector<Program> &programs) {
        const std::vector<bool> accepted = support::accepted_by_kernel(programs);
        std::size_t refused = 0;
        for (std::size_t i = 0; i < programs.size(); i++) {
            const auto error = check(programs[i]);
            refused += error ? 1 : 0;
            ASSERT_EQ(!error, accepted[i])
                << "seed " << seed << ", program " << i << ": the checker says "
                << (error ? error->reason : "nothing") << '\n'
                << disassemble(programs[i]);
        }
        RecordProperty("refused", std::to_string(refused));
    }

    std::uint64_t seed = 510;
    Random random;
};

TEST_F(HostKernel, TakesTheSameInstructions) {
    std::vector<Program> programs;
    for (unsigned code = 0; code <= 0x1ff; code++)
        for (const std::uint32_t k :
             {0u, 1u, 3u, 4u, 15u, 16u, 31u, 32u, 60u, 63u, 64u, UINT32_MAX})
            programs.push_back({stmt(BPF_ST, k % 16), jump(code, k, 1, 2), ret_allow(), ret_allow(),
                                ret_allow(), ret_allow()});
    expect_same_judgement(programs);
}

TEST_F(HostKernel, TakesTheSameRandomPrograms) {
    std::vector<Program> programs;
    for (int i = 0; i < 20000; i++) {
        Program program = support::random_valid_program(random, 1 + support::pick(random, 30));
        if (i % 4 != 0)
            program = support::mutate(random, std::move(program));
        programs.push_back(std::move(program));
    }
    expect_same_judgement(programs);
}

// Nothing but stores, loads, jumps and returns, so that many programs are decided by
// check_load_and_stores() and by its peculiarities.
TEST_F(HostKernel, TracksMemoryTheSameWay) {
    std::vector<Program> programs;
    for (int i = 0; i < 20000; i++) {
        Program program;
        const std::uint32_t length = 3 + support::pick(random, 8);
        while (program.size() + 1 < length) {
            const auto behind = static_cast<std::uint32_t>(length - program.size() - 1);
            const std::uint32_t word = support::pick(random, 2);
            const std::array<Instruction, 7> choices = {
                stmt(BPF_ST, word),
                stmt(BPF_STX, word),
                stmt(BPF_LD | BPF_MEM, word),
                stmt(BPF_LDX | BPF_MEM, word),
                ja(support::pick(random, behind)),
                jeq(0, support::pick(random, behind), support::pick(random, behind)),
                ret_allow(),
            };
            program.push_back(choices[support::pick(random, choices.size())]);
        }
        program.push_back(ret_allow());
        programs.push_back(std::move(program));
    }
    expect_same_judgement(programs);
}

TEST_F(HostKernel, TakesTheSameLengths) {
    Program with_store(4096, stmt(BPF_ST, 0));
    with_store.back() = ret_allow();
    expect_same_judgement(
        {{}, {ret_allow()}, Program(4096, ret_allow()), Program(4097, ret_allow()), with_store});
}

std::int64_t expected_value(std::uint32_t verdict) {
    if ((verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
        return -static_cast<std::int64_t>(verdict & SECCOMP_RET_DATA);
    return -ENOSYS; // allowed, but there is no such syscall
}

TEST_F(HostKernel, RunsProgramsTheSameWay) {
    std::size_t kills = 0;
    for (int round = 0; round < 400; round++) {
        const Program body = support::random_valid_program(random, 1 + support::pick(random, 80));
        const Program program = support::make_observable(body);
        ASSERT_FALSE(check(program));

        std::vector<seccomp_data> calls;
        for (int i = 0; i < 40; i++) {
            const auto random_call = support::random_data(random, body, 0, 0);
            std::array<std::uint64_t, 6> args{};
            for (std::size_t arg = 0; arg < args.size(); arg++)
                args[arg] = random_call.args[arg];
            calls.push_back(
                support::probe_data(support::probe_numbers + support::pick(random, 1000), args));
        }
        const auto seen = support::observe(program, calls);
        for (std::size_t i = 0; i < seen.size(); i++) {
            const std::uint32_t verdict = run(program, calls[i]);
            ASSERT_EQ(seen[i].killed, verdict == SECCOMP_RET_KILL_THREAD)
                << "seed " << seed << ", round " << round << '\n'
                << disassemble(program);
            if (seen[i].killed) {
                kills++;
                break;
            }
            ASSERT_EQ(seen[i].value, expected_value(verdict))
                << "seed " << seed << ", round " << round << '\n'
                << disassemble(program);
        }
    }
    EXPECT_GT(kills, 0u) << "no division by zero was among the programs";
}

TEST_F(HostKernel, DivisionByAZeroXKills) {
    const Program program =
        support::make_observable({stmt(BPF_ALU | BPF_DIV | BPF_X), ret_allow()});
    const std::array<std::uint64_t, 6> args{};
    const std::vector<seccomp_data> calls = {support::probe_data(support::probe_numbers, args)};
    const auto seen = support::observe(program, calls);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_TRUE(seen[0].killed);
    EXPECT_EQ(run(program, calls[0]), 0u);
}

} // namespace
