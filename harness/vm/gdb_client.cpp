// SPDX-License-Identifier: MIT
#include "vm/gdb_client.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace vm {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_deadline = 60s; // of a busy host
constexpr std::size_t digits_of_register = 16;
constexpr std::size_t largest_read = 1024;

unsigned sum_of(std::string_view text) {
    unsigned sum = 0;
    for (const char c : text)
        sum += static_cast<unsigned char>(c);
    return sum % 256;
}

unsigned byte_at(std::string_view text, std::size_t at) {
    unsigned byte = 0;
    const char *begin = text.data() + at;
    if (at + 2 > text.size() || std::from_chars(begin, begin + 2, byte, 16).ptr != begin + 2)
        throw GdbError(fmt::format("QEMU's gdb stub sent '{}' where numbers were expected", text));
    return byte;
}

FileDescriptor connect_to(const std::filesystem::path &path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof(address.sun_path))
        throw GdbError(fmt::format("{}: too long for the name of a socket", path.string()));
    path.native().copy(address.sun_path, sizeof(address.sun_path) - 1);
    FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        throw GdbError(fmt::format("{}: QEMU's gdb stub does not answer: {}", path.string(),
                                   std::strerror(errno)));
    return fd;
}

} // namespace

std::uint64_t GdbRegisters::value(std::size_t index) const {
    std::uint64_t value = 0;
    for (std::size_t byte = 0; byte < 8; byte++)
        value |= std::uint64_t{byte_at(all, index * digits_of_register + 2 * byte)} << (8 * byte);
    return value;
}

std::string gdb_hex(std::string_view bytes) {
    std::string hex;
    for (const char c : bytes)
        hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return hex;
}

std::string gdb_bytes(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes += static_cast<char>(byte_at(hex, i));
    return bytes;
}

std::string gdb_packet(std::string_view text) {
    return fmt::format("${}#{:02x}", text, sum_of(text));
}

std::string take_gdb_packet(std::string &buffer) {
    buffer.erase(0, buffer.find_first_not_of('+'));
    const auto hash = buffer.find('#');
    if (hash == buffer.npos || hash + 2 >= buffer.size())
        return {};
    std::string text = buffer.substr(0, hash);
    if (text.empty() || text[0] != '$' || byte_at(buffer, hash + 1) != sum_of(text.substr(1)))
        throw GdbError("QEMU's gdb stub sent a damaged packet");
    buffer.erase(0, hash + 3);
    return text.substr(1);
}

GdbClient::GdbClient(const std::filesystem::path &socket) : socket_(connect_to(socket)) {
    // The stub halts the machine for whoever connects, and may say so by itself: what it says up to
    // the answer to another question is of no interest.
    send("?");
    send("g");
    while (receive_answer("?").starts_with('T'))
        ;
}

bool GdbClient::fill(std::chrono::milliseconds timeout) {
    pollfd readable{socket_.get(), POLLIN, 0};
    if (poll(&readable, 1, static_cast<int>(timeout.count())) <= 0)
        return false;
    std::array<char, 4096> bytes;
    const ssize_t got = read(socket_.get(), bytes.data(), bytes.size());
    if (got <= 0)
        throw GdbError("QEMU's gdb stub has gone away");
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
}

void GdbClient::send(const std::string &text) {
    const std::string bytes = gdb_packet(text);
    if (::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size()))
        throw GdbError("QEMU's gdb stub takes no requests any more");
}

std::string GdbClient::receive(std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        std::string text = take_gdb_packet(buffer_);
        if (!text.empty()) {
            if (::send(socket_.get(), "+", 1, MSG_NOSIGNAL) != 1)
                throw GdbError("QEMU's gdb stub takes no answers any more");
            return text;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left <= 0ms)
            return {};
        fill(left);
    }
}

std::string GdbClient::request(const std::string &text) {
    send(text);
    return receive_answer(text);
}

std::string GdbClient::receive_answer(const std::string &text) {
    std::string answer = receive(answer_deadline);
    if (answer.empty() || answer[0] == 'E')
        throw GdbError(fmt::format("QEMU's gdb stub answers '{}' to '{}'", answer, text));
    return answer;
}

void GdbClient::expect_ok(const std::string &text) {
    const auto answer = request(text);
    if (answer != "OK")
        throw GdbError(fmt::format("QEMU's gdb stub answers '{}' to '{}'", answer, text));
}

void GdbClient::set_breakpoint(std::uint64_t address) {
    expect_ok(fmt::format("Z1,{:x},1", address));
}

void GdbClient::clear_breakpoint(std::uint64_t address) {
    expect_ok(fmt::format("z1,{:x},1", address));
}

bool GdbClient::run_until_halt(std::chrono::milliseconds timeout) {
    // Or a breakpoint here would halt it at once.
    step();
    send("c");
    if (!receive(timeout).empty())
        return true;
    // What Control-C is on a terminal. The machine may have halted by itself in between.
    if (::send(socket_.get(), "\x03", 1, MSG_NOSIGNAL) != 1 || receive(answer_deadline).empty())
        throw GdbError("QEMU does not halt the machine");
    return false;
}

void GdbClient::step() { request("s"); }

GdbRegisters GdbClient::registers() { return {request("g")}; }

std::string GdbClient::memory(std::uint64_t address, std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
        const auto part = std::min(size - bytes.size(), largest_read);
        bytes += gdb_bytes(request(fmt::format("m{:x},{:x}", address + bytes.size(), part)));
    }
    return bytes;
}

std::string GdbClient::monitor(std::string_view command) {
    std::string text;
    send("qRcmd," + gdb_hex(command));
    // Any number of pieces of output, then OK.
    for (std::string piece; (piece = receive_answer("qRcmd")) != "OK";)
        text += gdb_bytes(std::string_view(piece).substr(1));
    return text;
}

std::uint64_t GdbClient::instructions() {
    const auto text = monitor("info replay");
    constexpr std::string_view before = "instruction count = ";
    const auto at = text.find(before);
    std::uint64_t count = 0;
    const char *end = text.data() + text.size();
    if (at == text.npos ||
        std::from_chars(text.data() + at + before.size(), end, count).ec != std::errc{})
        throw GdbError(fmt::format("QEMU does not count instructions: it says '{}'", text));
    return count;
}

void GdbClient::detach() { expect_ok("D"); }

} // namespace vm
