// SPDX-License-Identifier: MIT
#include "vm/qmp_client.h"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace {

constexpr std::string_view greeting = R"({"QMP": {"version": {}, "capabilities": []}})"
                                      "\n";

std::string done(int id) { return "{\"return\": {}, \"id\": " + std::to_string(id) + "}\n"; }

// A QEMU that has said everything before it was asked.
class Qemu {
public:
    explicit Qemu(const std::string &says) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
            throw std::runtime_error("socketpair");
        ours_ = vm::FileDescriptor(ends[0]);
        theirs_ = vm::FileDescriptor(ends[1]);
        if (write(theirs_.get(), says.data(), says.size()) != static_cast<ssize_t>(says.size()))
            throw std::runtime_error("write");
    }

    vm::QmpClient client() { return vm::QmpClient(std::move(ours_)); }
    void leave() { theirs_.reset(); }

    std::string asked() const {
        std::array<char, 4096> bytes;
        const ssize_t got = recv(theirs_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        return {bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
    }

private:
    vm::FileDescriptor ours_, theirs_;
};

std::string text(std::initializer_list<std::string_view> parts) {
    std::string all;
    for (const auto part : parts)
        all += part;
    return all;
}

TEST(QmpClient, NegotiatesOnceAndWaitsForTheAnswer) {
    Qemu qemu(text({greeting, done(1), "{\"event\": \"STOP\"}\n", done(2), done(3)}));
    auto client = qemu.client();
    client.execute("stop");
    client.execute("cont");
    EXPECT_EQ(qemu.asked(), "{\"execute\":\"qmp_capabilities\",\"id\":1}\n"
                            "{\"execute\":\"stop\",\"id\":2}\n"
                            "{\"execute\":\"cont\",\"id\":3}\n");
}

// It comes when the next one is asked already, and says nothing about that.
TEST(QmpClient, AnAnswerToAnEarlierCommandIsNotTaken) {
    Qemu qemu(text(
        {greeting, done(1), done(1), "{\"error\": {\"class\": \"GenericError\"}, \"id\": 2}\n"}));
    auto client = qemu.client();
    EXPECT_THROW(client.execute("stop"), vm::QmpError);
}

TEST(QmpClient, ARefusalIsAnError) {
    Qemu qemu(
        text({greeting, done(1), "{\"error\": {\"class\": \"CommandNotFound\"}, \"id\": 2}\n"}));
    auto client = qemu.client();
    EXPECT_THROW(client.execute("stop"), vm::QmpError);
}

TEST(QmpClient, WhatIsNoJsonIsAnError) {
    Qemu qemu(text({greeting, "hello\n"}));
    auto client = qemu.client();
    EXPECT_THROW(client.execute("stop"), vm::QmpError);
}

TEST(QmpClient, AQemuThatHasGoneIsAnError) {
    Qemu qemu(text({greeting, done(1), "{\"retu"}));
    auto client = qemu.client();
    qemu.leave();
    EXPECT_THROW(client.execute("stop"), vm::QmpError);
}

} // namespace
