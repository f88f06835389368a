// SPDX-License-Identifier: MIT
//
// Just enough of GDB's remote protocol to halt a machine at an address and look at it: QEMU's stub
// does not change the guest's memory for a breakpoint, and its clock stands still meanwhile.
//
//     GdbClient gdb(spec.gdb_socket);      // connecting halts the machine
//     gdb.set_breakpoint(address);
//     if (gdb.run_until_halt(deadline))    // runs until it halts by itself
//         fmt::print("at {:x}", gdb.registers().rip);
//     gdb.detach();                        // runs on, without breakpoints
//
// For machines of one processor in 64-bit mode. All of it throws GdbError.

#pragma once

#include "vm/process.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vm {

struct GdbError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Those that we look at, and the whole set as the stub writes it.
struct GdbRegisters {
    std::string all; // hexadecimal, in the stub's order
    std::uint64_t value(std::size_t index) const;

    static constexpr std::size_t rsp = 7;
    static constexpr std::size_t rip = 16;
};

class GdbClient {
public:
    explicit GdbClient(const std::filesystem::path &socket);

    void set_breakpoint(std::uint64_t address);
    void clear_breakpoint(std::uint64_t address);

    // False when the machine is still running at the deadline; it is halted then. A breakpoint at
    // which it is halted already may halt it once more: an interrupt that has been waiting is taken
    // first, and returns there.
    bool run_until_halt(std::chrono::milliseconds timeout);
    void step(); // one instruction

    GdbRegisters registers();
    std::string memory(std::uint64_t address, std::size_t size);
    // What a command of QEMU's monitor prints.
    std::string monitor(std::string_view command);
    // Executed so far, on a machine that counts them.
    std::uint64_t instructions();
    void detach();

private:
    std::string request(const std::string &text);
    std::string receive_answer(const std::string &text);
    void expect_ok(const std::string &text);
    void send(const std::string &text);
    std::string receive(std::chrono::milliseconds timeout); // empty at the deadline
    bool fill(std::chrono::milliseconds timeout);

    FileDescriptor socket_;
    std::string buffer_;
};

// The protocol's envelope: "$TEXT#SUM". Apart for its tests.
std::string gdb_packet(std::string_view text);
// Takes the first whole packet out of `buffer`, and acknowledgements before it; empty if there is
// none yet. Throws GdbError if its sum is wrong.
std::string take_gdb_packet(std::string &buffer);
// Bytes as hexadecimal digits and back.
std::string gdb_hex(std::string_view bytes);
std::string gdb_bytes(std::string_view hex);

} // namespace vm
