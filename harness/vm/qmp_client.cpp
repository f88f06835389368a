// SPDX-License-Identifier: MIT
#include "vm/qmp_client.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vm {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds answer_deadline = 60s; // of a busy host

} // namespace

void QmpClient::execute(const std::string &command) {
    // Until then it takes no other command.
    if (!negotiated_)
        ask("qmp_capabilities");
    negotiated_ = true;
    ask(command);
}

void QmpClient::ask(const std::string &command) {
    const int id = ++last_id_;
    const std::string line = nlohmann::json{{"execute", command}, {"id", id}}.dump() + "\n";
    if (::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(line.size()))
        throw QmpError(fmt::format("QEMU takes no '{}'", command));
    for (;;) {
        const auto answer = nlohmann::json::parse(receive_line(), nullptr, false);
        if (!answer.is_object())
            throw QmpError(fmt::format("QEMU's answer to '{}' is no object", command));
        // To a command that was given up.
        if (answer.contains("id") && answer["id"] != id)
            continue;
        if (answer.contains("return"))
            return;
        if (answer.contains("error"))
            throw QmpError(fmt::format("QEMU refuses '{}': {}", command, answer["error"].dump()));
    }
}

std::string QmpClient::receive_line() {
    const auto deadline = std::chrono::steady_clock::now() + answer_deadline;
    for (;;) {
        if (const auto end = buffer_.find('\n'); end != buffer_.npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd readable{socket_.get(), POLLIN, 0};
        if (left <= 0ms || poll(&readable, 1, static_cast<int>(left.count())) == 0)
            throw QmpError("QEMU does not answer");
        std::array<char, 4096> bytes;
        const ssize_t got = read(socket_.get(), bytes.data(), bytes.size());
        if (got <= 0)
            throw QmpError("QEMU has gone away");
        buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    }
}

} // namespace vm
