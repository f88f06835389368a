// SPDX-License-Identifier: MIT
//
// Our models on filters that we did not write: those of a real Debian (tests/data/debian12).

#include "analysis/reference_emulator.h"
#include "cbpf/checker.h"
#include "cbpf/interpreter.h"
#include "cbpf/loader.h"
#include "tests/support/random_program.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr unsigned table_size = 441; // of the kernel that the figures are from
const fs::path data = fs::path(SC_TEST_DATA) / "debian12";

// A line of figures.txt.
struct Stack {
    std::string unit;
    std::size_t filters = 0;
    std::size_t instructions = 0;
    std::size_t allow_native = 0;
    std::size_t allow_compat = 0;
};

void PrintTo(const Stack &stack, std::ostream *out) { *out << stack.unit; }

std::vector<Stack> stacks() {
    std::vector<Stack> found;
    std::ifstream file(data / "figures.txt");
    for (std::string line; std::getline(file, line);) {
        Stack stack;
        std::istringstream words(line);
        if (!line.starts_with('#') && words >> stack.unit >> stack.filters >> stack.instructions >>
                                          stack.allow_native >> stack.allow_compat)
            found.push_back(stack);
    }
    return found;
}

cbpf::Chain load(const Stack &stack) {
    cbpf::Chain chain;
    for (std::size_t i = 0; i < stack.filters; i++)
        chain.push_back(cbpf::load_raw(data / stack.unit / fmt::format("{:02}.bpf", i)));
    return chain;
}

std::size_t allow_count(const cbpf::Chain &chain, std::uint32_t arch) {
    const auto allowed = analysis::allowed_numbers(chain, arch, table_size);
    return static_cast<std::size_t>(std::ranges::count(allowed, true));
}

class RealFilters : public testing::TestWithParam<Stack> {};

TEST_P(RealFilters, AreWhatTheFiguresSay) {
    std::size_t files = 0;
    for (const auto &entry : fs::directory_iterator(data / GetParam().unit))
        files += entry.path().extension() == ".bpf";
    EXPECT_EQ(files, GetParam().filters);
    std::size_t instructions = 0;
    for (const cbpf::Program &program : load(GetParam())) {
        instructions += program.size();
        EXPECT_FALSE(cbpf::check(program));
    }
    EXPECT_EQ(instructions, GetParam().instructions);
}

TEST_P(RealFilters, TheReferenceFindsAsManyNumbersAsTheKernel) {
    const auto chain = load(GetParam());
    EXPECT_EQ(allow_count(chain, AUDIT_ARCH_X86_64), GetParam().allow_native);
    EXPECT_EQ(allow_count(chain, AUDIT_ARCH_I386), GetParam().allow_compat);
}

TEST_P(RealFilters, WhatTheReferenceCachesTheInterpreterAlwaysAllows) {
    constexpr int calls = 20;
    support::Random random(39);
    const auto chain = load(GetParam());
    for (const auto arch : std::to_array<std::uint32_t>({AUDIT_ARCH_X86_64, AUDIT_ARCH_I386})) {
        const auto allowed = analysis::allowed_numbers(chain, arch, table_size);
        for (std::uint32_t number = 0; number < table_size; number++)
            for (int call = 0; allowed[number] && call < calls; call++) {
                const auto &program =
                    chain[support::pick(random, static_cast<std::uint32_t>(chain.size()))];
                const auto sd = support::random_data(random, program, arch, number);
                ASSERT_EQ(cbpf::run_chain(chain, sd).value, SECCOMP_RET_ALLOW)
                    << "number " << number << " of arch " << std::hex << arch;
            }
    }
}

INSTANTIATE_TEST_SUITE_P(Debian12, RealFilters, testing::ValuesIn(stacks()), [](const auto &test) {
    std::string name = test.param.unit;
    std::ranges::replace(name, '-', '_');
    return name;
});

TEST(RealFiltersData, AreThere) { EXPECT_EQ(stacks().size(), 10U); }

} // namespace
