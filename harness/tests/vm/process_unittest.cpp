// SPDX-License-Identifier: MIT
#include "vm/process.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;

TEST(Process, CapturesOutputAndStatus) {
    const auto result = vm::capture({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"});
    EXPECT_EQ(result.out, "out\nerr\n");
    EXPECT_EQ(vm::describe_wait_status(result.status), "ended with status 3");
}

TEST(Process, HasNoInput) { EXPECT_EQ(vm::capture({"cat"}).out, ""); }

TEST(Process, AProgramThatIsNotThereIsAnError) {
    EXPECT_THROW(vm::capture({"/no/such/program"}), std::system_error);
}

TEST(Process, IsKilledWithItsObject) {
    pid_t pid = -1;
    {
        vm::ChildProcess child({"sleep", "1000"}, {}, STDOUT_FILENO);
        pid = child.pid();
        EXPECT_FALSE(child.wait_for(10ms));
    }
    EXPECT_EQ(kill(pid, 0), -1) << "still there";
}

TEST(Process, ASignalIsNamed) {
    EXPECT_EQ(vm::describe_wait_status(vm::capture({"/bin/sh", "-c", "kill -9 $$"}).status),
              "was killed by signal 9 (Killed)");
}

} // namespace
