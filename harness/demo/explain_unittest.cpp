// SPDX-License-Identifier: MIT
#include "demo/explain.h"

#include <gtest/gtest.h>

#include <linux/audit.h>

#include <cstddef>
#include <stdexcept>

namespace {

constexpr std::uint32_t arch = AUDIT_ARCH_X86_64;
constexpr std::uint32_t eperm = SECCOMP_RET_ERRNO | 1;
using Values = std::set<std::uint32_t>;

sock_filter load(std::size_t offset) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter ret(std::uint32_t value) { return BPF_STMT(BPF_RET | BPF_K, value); }
sock_filter jeq(std::uint32_t k, unsigned char jt, unsigned char jf) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, jt, jf);
}

TEST(Explain, AConstantVerdictDependsOnTheNumberOnly) {
    const cbpf::Program program = {load(offsetof(seccomp_data, nr)), jeq(7, 0, 1), ret(eperm),
                                   ret(SECCOMP_RET_ALLOW)};
    EXPECT_EQ(demo::possible_verdicts(program, arch, 7).values, Values{eperm});
    EXPECT_EQ(demo::possible_verdicts(program, arch, 8).values, Values{SECCOMP_RET_ALLOW});
    EXPECT_EQ(demo::describe(demo::possible_verdicts(program, arch, 7)), "always ERRNO(1)");
}

TEST(Explain, AnArgumentLeavesBothWaysOpen) {
    const cbpf::Program program = {load(offsetof(seccomp_data, args)), jeq(7, 0, 1), ret(eperm),
                                   ret(SECCOMP_RET_ALLOW)};
    const auto verdicts = demo::possible_verdicts(program, arch, 1);
    EXPECT_EQ(verdicts.values, (Values{eperm, SECCOMP_RET_ALLOW}));
    EXPECT_EQ(demo::describe(verdicts), "checks arguments");
}

TEST(Explain, AnArgumentThatMakesNoDifferenceIsNone) {
    const cbpf::Program program = {load(offsetof(seccomp_data, args)), jeq(7, 0, 1), ret(eperm),
                                   ret(eperm)};
    EXPECT_EQ(demo::describe(demo::possible_verdicts(program, arch, 1)), "always ERRNO(1)");
}

TEST(Explain, ADivisionByAnUnknownXMayKill) {
    const cbpf::Program program = {load(offsetof(seccomp_data, args)),
                                   BPF_STMT(BPF_MISC | BPF_TAX, 0),
                                   BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), ret(SECCOMP_RET_ALLOW)};
    EXPECT_EQ(demo::possible_verdicts(program, arch, 1).values, (Values{0, SECCOMP_RET_ALLOW}));
}

TEST(Explain, AComputedVerdictIsNotConstant) {
    const cbpf::Program program = {load(offsetof(seccomp_data, args)),
                                   BPF_STMT(BPF_RET | BPF_A, 0)};
    EXPECT_FALSE(demo::possible_verdicts(program, arch, 1).complete);
    EXPECT_EQ(demo::describe(demo::possible_verdicts(program, arch, 1)), "checks arguments");
}

TEST(Explain, RefusesWhatNoKernelTakes) {
    EXPECT_THROW(demo::possible_verdicts({}, arch, 1), std::invalid_argument);
}

} // namespace
