// SPDX-License-Identifier: MIT
//
// By which instruction 32-bit programs enter through the vdso is the processor's choice: SYSCALL on
// AMD's, and so on the emulated one, SYSENTER on Intel's. Suites named Sysenter* run on a machine
// whose processor says that it is Intel's. The others there are instances of suites that make
// calls by the vdso.

#include "probe.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>

namespace guest {
namespace {

TEST(Sysenter, IsHowTheVdsoEnters) {
    Probe probe({}, {}, {.bits = Bits::b32, .flags = PROBE_STOP_ATTACHED});
    ASSERT_EQ(probe.run(), Child::breakpoint);
    const auto behind_int80 = probe.job().ip[PROBE_VDSO32];
    ASSERT_NE(behind_int80, 0U);

    std::array<unsigned char, 4> code{};
    std::ifstream memory("/proc/" + std::to_string(probe.pid()) + "/mem", std::ios::binary);
    memory.seekg(static_cast<std::streamoff>(behind_int80 - code.size()));
    ASSERT_TRUE(memory.read(reinterpret_cast<char *>(code.data()), code.size()));
    // `sysenter`, and the `int $0x80` for processors that have neither.
    EXPECT_EQ(code, (std::array<unsigned char, 4>{0x0f, 0x34, 0xcd, 0x80}));
}

} // namespace
} // namespace guest
