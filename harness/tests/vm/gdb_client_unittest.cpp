// SPDX-License-Identifier: MIT
#include "vm/gdb_client.h"

#include <gtest/gtest.h>

namespace vm {
namespace {

TEST(GdbPacket, HasASumOfItsBytes) {
    EXPECT_EQ(gdb_packet("OK"), "$OK#9a");
    EXPECT_EQ(gdb_packet(""), "$#00");
}

TEST(GdbPacket, IsTakenOutOfTheStreamWithAcknowledgementsBeforeIt) {
    std::string buffer = "++$OK#9a$T05#b9+";
    EXPECT_EQ(take_gdb_packet(buffer), "OK");
    EXPECT_EQ(take_gdb_packet(buffer), "T05");
    EXPECT_EQ(take_gdb_packet(buffer), "");
}

TEST(GdbPacket, IsNotTakenBeforeItIsWhole) {
    const std::string whole = gdb_packet("T05thread:01;");
    for (std::size_t size = 0; size < whole.size(); size++) {
        std::string buffer = whole.substr(0, size);
        EXPECT_EQ(take_gdb_packet(buffer), "") << size;
        buffer += whole.substr(size);
        EXPECT_EQ(take_gdb_packet(buffer), "T05thread:01;") << size;
    }
}

TEST(GdbPacket, ThatIsDamagedIsAnError) {
    std::string sum = "$OK#9b";
    EXPECT_THROW(take_gdb_packet(sum), GdbError);
    std::string begin = "OK#9a";
    EXPECT_THROW(take_gdb_packet(begin), GdbError);
    std::string digits = "$OK#9x";
    EXPECT_THROW(take_gdb_packet(digits), GdbError);
}

TEST(GdbPacket, HasBytesAsDigits) {
    EXPECT_EQ(gdb_hex("info\xff"), "696e666fff");
    EXPECT_EQ(gdb_bytes("696e666fff"), "info\xff");
    EXPECT_THROW(gdb_bytes("696"), GdbError);
    EXPECT_THROW(gdb_bytes("6x"), GdbError);
}

TEST(GdbRegisters, AreLittleEndian) {
    const GdbRegisters registers{std::string(7 * 16, '0') + "efcdab8967452301" +
                                 std::string(9 * 16, '0')};
    EXPECT_EQ(registers.value(GdbRegisters::rsp), 0x0123456789abcdefU);
    EXPECT_EQ(registers.value(GdbRegisters::rip), 0U);
}

TEST(GdbRegisters, ThatAreMissingAreAnError) {
    const GdbRegisters registers{"0123"};
    EXPECT_THROW(registers.value(GdbRegisters::rip), GdbError);
    EXPECT_THROW(registers.value(GdbRegisters::rsp), GdbError);
    EXPECT_THROW(registers.value(0), GdbError);
}

} // namespace
} // namespace vm
