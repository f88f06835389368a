// SPDX-License-Identifier: MIT
#include "kernel/task_list.h"

#include "temporary_directory.h"

#include <gtest/gtest.h>

#include <unistd.h>

namespace {

using kernel::FilteredTask;

const std::string no_filters = "Name:\tx\nState:\tS (sleeping)\nTracerPid:\t0\nSeccomp:\t0\n"
                               "Seccomp_filters:\t0\n";
const std::string three_filters = "Name:\tx\nState:\tS (sleeping)\nTracerPid:\t0\nSeccomp:\t2\n"
                                  "Seccomp_filters:\t3\n";

class FakeProc {
public:
    void add(pid_t pid, pid_t tid, const std::string &status, const std::string &command = "x",
             const std::string &cgroup = "0::/system.slice/a.service") const {
        const auto task = std::filesystem::path(std::to_string(pid)) / "task" / std::to_string(tid);
        std::filesystem::create_directories(directory_.path() / task);
        directory_.write(task / "status", status);
        directory_.write(task / "comm", command + "\n");
        directory_.write(task / "cgroup", cgroup + "\n");
    }
    const TemporaryDirectory &directory() const { return directory_; }
    std::vector<FilteredTask> tasks() const { return kernel::filtered_tasks(directory_.path()); }

private:
    TemporaryDirectory directory_;
};

TEST(TaskList, FindsEveryFilteredThreadInOrder) {
    const FakeProc proc;
    proc.add(10, 10, three_filters, "main");
    proc.add(10, 12, no_filters, "free");
    proc.add(10, 11, three_filters, "other");
    proc.add(9, 9, three_filters, "first", "0::/system.slice/b.service");
    proc.add(8, 8, no_filters);
    std::filesystem::create_directories(proc.directory().path() / "self" / "task" / "10");
    EXPECT_EQ(proc.tasks(), (std::vector<FilteredTask>{{9, 9, "first", "b.service", 3},
                                                       {10, 10, "main", "a.service", 3},
                                                       {10, 11, "other", "a.service", 3}}));
}

TEST(TaskList, ATaskThatEndsMeanwhileIsLeftOut) {
    const FakeProc proc;
    proc.add(10, 10, three_filters);
    std::filesystem::remove(proc.directory().path() / "10/task/10/comm");
    proc.add(11, 11, three_filters);
    std::filesystem::remove(proc.directory().path() / "11/task/11/status");
    std::filesystem::create_directories(proc.directory().path() / "12");
    EXPECT_TRUE(proc.tasks().empty());
}

// Opening works, reading does not: here a directory, in /proc a task that ends in between.
TEST(TaskList, AFileThatCannotBeReadIsLeftOut) {
    const FakeProc proc;
    proc.add(10, 10, three_filters);
    const auto status = proc.directory().path() / "10/task/10/status";
    std::filesystem::remove(status);
    std::filesystem::create_directories(status);
    EXPECT_TRUE(proc.tasks().empty());
    EXPECT_FALSE(kernel::read_text(status));
}

// Our own small kernel is one of these.
TEST(TaskList, ATaskWithoutControlGroupIsThere) {
    const FakeProc proc;
    proc.add(10, 10, three_filters, "main");
    std::filesystem::remove(proc.directory().path() / "10/task/10/cgroup");
    EXPECT_EQ(proc.tasks(), (std::vector<FilteredTask>{{10, 10, "main", "", 3}}));
}

TEST(TaskList, AnEmptyDirectoryIsNoProc) {
    const TemporaryDirectory directory;
    EXPECT_THROW(kernel::filtered_tasks(directory.path()), std::runtime_error);
    EXPECT_THROW(kernel::filtered_tasks(directory.path() / "missing"), std::runtime_error);
}

TEST(TaskList, StatusIsReadLineByLine) {
    const auto status = kernel::parse_task_status(
        "Name:\tSeccomp_filters:\t9\nState:\tt (tracing stop)\nTracerPid:\t77\n"
        "Seccomp_filters:\t31\n");
    EXPECT_FALSE(status.ended);
    EXPECT_EQ(status.tracer, 77);
    EXPECT_EQ(status.filters, 31U);
    EXPECT_TRUE(
        kernel::parse_task_status("State:\tZ (zombie)\nTracerPid:\t0\nSeccomp_filters:\t0\n")
            .ended);
}

// A kernel before 5.9 does not count filters: then we do not know, which is not "none".
TEST(TaskList, StatusWithoutTheNumberOfFiltersIsAnError) {
    EXPECT_THROW(kernel::parse_task_status("State:\tS\nTracerPid:\t0\nSeccomp:\t2\n"),
                 std::runtime_error);
    EXPECT_THROW(kernel::parse_task_status("State:\tS\nTracerPid:\t0\nSeccomp_filters:\tmany\n"),
                 std::runtime_error);
    EXPECT_THROW(kernel::parse_task_status(""), std::runtime_error);
}

TEST(TaskList, StatusOfTheRunningKernel) {
    const auto self = kernel::read_task_status(getpid());
    ASSERT_TRUE(self);
    EXPECT_FALSE(self->ended);
    EXPECT_FALSE(kernel::read_task_status(1 << 30));
}

TEST(TaskList, UnitIsTheInnermostOne) {
    EXPECT_EQ(kernel::unit_of_cgroup("0::/system.slice/systemd-logind.service\n"),
              "systemd-logind.service");
    EXPECT_EQ(kernel::unit_of_cgroup("0::/system.slice/systemd-udevd.service/udev\n"),
              "systemd-udevd.service");
    EXPECT_EQ(kernel::unit_of_cgroup("0::/user.slice/user-0.slice/user@0.service/app.slice/"
                                     "x.service\n"),
              "x.service");
    EXPECT_EQ(kernel::unit_of_cgroup("0::/user.slice/user-0.slice/session-1.scope\n"),
              "session-1.scope");
    EXPECT_EQ(kernel::unit_of_cgroup("12:pids:/other.service\n1:name=systemd:/a.service\n"),
              "a.service");
}

TEST(TaskList, WithoutUnitThePathStandsForIt) {
    EXPECT_EQ(kernel::unit_of_cgroup("0::/\n"), "/");
    EXPECT_EQ(kernel::unit_of_cgroup("0::/init.scopes/x\n"), "/init.scopes/x");
    EXPECT_EQ(kernel::unit_of_cgroup(""), "");
}

} // namespace
