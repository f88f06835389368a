// SPDX-License-Identifier: MIT
//
// Children are born with the filters of who made them, and so with their cache; what they attach is
// theirs alone. A program that is executed keeps the filters, and brings the table it calls by.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "direct_call.h"
#include "filters.h"
#include "harmless.h"
#include "probe.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <tuple>

namespace guest {
namespace {

using namespace cbpf;

constexpr int parents_error = 114;
constexpr int childs_error = 115;

// Getppid by either entry, by its number there.
Program refuse_getppid(unsigned error) {
    return {load_nr(), jeq(SYS_getppid, 1, 0), jeq(64, 0, 1), ret_errno(error), ret_allow()};
}

const Program parents = refuse_getppid(parents_error);
// Getuid: 102 is a call that takes no such arguments in the other table (socketcall).
const Program childs = answer(SYS_getuid, SECCOMP_RET_ERRNO | childs_error);

void require_parents_filter() {
    require(direct_call(Path::syscall, SYS_getppid) == -parents_error, "getppid");
    require(direct_call(Path::int80_from_64, 64) == -parents_error, "getppid by int80");
    require(direct_call(Path::syscall, SYS_getegid) == 0, "getegid");
    require(direct_call(Path::int80_from_64, 202) == 0, "getegid by int80");
}

bool exits_with(pid_t pid, int code) {
    int status = 0;
    return waitpid(pid, &status, __WALL) == pid && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

// What each kind of child does, in a process of its own or in its parent's memory.
int childs_life() {
    require_parents_filter();
    require(direct_call(Path::syscall, SYS_getuid) == 0, "getuid before the child's filter");
    require(attach(childs) == 0, "attach in the child");
    require(direct_call(Path::syscall, SYS_getuid) == -childs_error, "getuid");
    require_parents_filter();
    return 0;
}

class EntryChildren : public testing::Test {
protected:
    // `make` makes a child that lives that life and gives its pid.
    static void expect_inheritance(const std::function<pid_t()> &make) {
        const Chain chain = {parents};
        ASSERT_TRUE(emulator_allows(chain, AUDIT_ARCH_X86_64, SYS_getuid));
        ASSERT_TRUE(emulator_allows(chain, AUDIT_ARCH_I386, 202));
        ASSERT_FALSE(emulator_allows(chain, AUDIT_ARCH_I386, 64));
        Child child(
            [&] {
                require(attach(parents) == 0, "attach");
                require_parents_filter();
                for (int i = 0; i < 3; i++) {
                    const pid_t pid = make();
                    require(pid > 0 && exits_with(pid, 0), "a child");
                    // The child's filter is not the parent's.
                    require(direct_call(Path::syscall, SYS_getuid) == 0, "getuid in the parent");
                    require_parents_filter();
                }
            },
            Child::Untraced{});
        child.expect_success();
    }
};

TEST_F(EntryChildren, ForkInt80From64) {
    expect_inheritance([] {
        const pid_t pid = fork();
        if (pid == 0)
            _exit(childs_life());
        return pid;
    });
}

TEST_F(EntryChildren, VforkInt80From64) {
    expect_inheritance([] {
        const pid_t pid = vfork();
        if (pid == 0)
            _exit(childs_life());
        return pid;
    });
}

TEST_F(EntryChildren, CloneWithSharedMemoryInt80From64) {
    expect_inheritance([] {
        alignas(16) static char stack[64 * 1024];
        return static_cast<pid_t>(clone([](void *) { return childs_life(); }, stack + sizeof(stack),
                                        CLONE_VM | CLONE_FILES | SIGCHLD, nullptr));
    });
}

// By the 32-bit entry: a fork there, and its child calls by both tables.
TEST_F(EntryChildren, ForkByTheOtherEntryInt80From64) {
    expect_inheritance([] {
        constexpr std::uint32_t compat_fork = 2;
        const auto pid = static_cast<pid_t>(direct_call(Path::int80_from_64, compat_fork));
        if (pid == 0)
            _exit(childs_life());
        return pid;
    });
}

// A grandchild has all filters of the line.
TEST(EntryLineage, FiltersAddUp) {
    constexpr std::uint32_t first = 335; // none of them is assigned
    constexpr std::uint32_t generations = 12;
    Child child(
        [] {
            for (std::uint32_t i = 0; i < generations; i++) {
                require(direct_call(Path::syscall, first + i) == -ENOSYS, "allowed before");
                require(attach(answer(first + i, SECCOMP_RET_ERRNO | parents_error)) == 0,
                        "attach");
                for (std::uint32_t n = 0; n < generations; n++)
                    require(direct_call(Path::syscall, first + n) ==
                                (n <= i ? -parents_error : -ENOSYS),
                            "the filters of all generations");
                const pid_t pid = fork();
                if (pid != 0) {
                    // The next one's filter is not ours.
                    require(exits_with(pid, 0), "the next generation");
                    require(i + 1 == generations ||
                                direct_call(Path::syscall, first + i + 1) == -ENOSYS,
                            "the child's filter in the parent");
                    _exit(0);
                }
            }
        },
        Child::Untraced{});
    child.expect_success();
}

// ---- exec, between programs of all word sizes

using Bitness = std::tuple<Bits, Bits>;

class EntryExec : public testing::TestWithParam<Bitness> {};

Path path_in(Bits bits) { return bits == Bits::b64 ? Path::syscall : Path::int80_from_32; }

// Number 199 is getuid by the one table and fremovexattr by the other, 102 is socketcall and
// getuid: each has a verdict by each.
TEST_P(EntryExec, TheTableIsThatOfTheNewProgram) {
    const auto [before, after] = GetParam();
    const Path path = path_in(after);
    const auto &n = harmless(path);
    const std::uint32_t mine = path_arch(path);
    const std::uint32_t other =
        mine == AUDIT_ARCH_I386 ? AUDIT_ARCH_X86_64 : std::uint32_t{AUDIT_ARCH_I386};
    for (const std::uint32_t refused_arch : {mine, other}) {
        const Program filter = {load_arch(),
                                jeq(refused_arch, 0, 5),
                                load_nr(),
                                jeq(n.getuid, 2, 0),
                                jeq(n.unassigned, 1, 0),
                                jeq(n.getegid, 0, 1),
                                ret_errno(parents_error),
                                ret_allow()};
        const bool cached = emulator_allows({filter}, mine, n.getuid);
        ASSERT_EQ(cached, refused_arch == other);
        Probe probe({filter},
                    {{path, n.getpid, {}},
                     {path, n.getuid, {}},
                     {path, n.unassigned, {}},
                     {path, n.getegid, {}},
                     {path, n.getpid, {}}},
                    {.bits = before, .flags = PROBE_EXEC, .traced = false, .exec = after});
        ASSERT_EQ(probe.run(), Child::ended);
        const Outcome no = returned(-parents_error);
        EXPECT_EQ(probe.outcomes(),
                  cached ? (std::vector{returned(own_pid), returned(0), returned(-ENOSYS),
                                        returned(0), returned(own_pid)})
                         : (std::vector{returned(own_pid), no, no, no, returned(own_pid)}));
    }
}

std::string exec_name(const testing::TestParamInfo<Bitness> &test) {
    const auto name = [](Bits bits) { return bits == Bits::b64 ? "64" : "32Bit"; };
    return std::string("From") + name(std::get<0>(test.param)) + "To" +
           name(std::get<1>(test.param));
}

INSTANTIATE_TEST_SUITE_P(, EntryExec,
                         testing::Combine(testing::Values(Bits::b64, Bits::b32),
                                          testing::Values(Bits::b64, Bits::b32)),
                         exec_name);

// Execve itself is judged by the table of the old program.
TEST(EntryExecItself, IsRefusedByTheTableOfTheOldProgram32Bit) {
    constexpr std::uint32_t compat_execveat = 358;
    for (const auto &[arch, number, allowed] :
         {std::tuple{std::uint32_t{AUDIT_ARCH_X86_64}, std::uint32_t{SYS_execveat}, false},
          std::tuple{std::uint32_t{AUDIT_ARCH_I386}, compat_execveat, true}}) {
        const Program filter = {load_arch(),       jeq(arch, 0, 3),          load_nr(),
                                jeq(number, 0, 1), ret_errno(parents_error), ret_allow()};
        const Path path = Path::int80_from_32;
        Probe probe({filter}, {{path, harmless(path).getpid, {}}},
                    {.bits = Bits::b64, .flags = PROBE_EXEC, .traced = false, .exec = Bits::b32});
        ASSERT_EQ(probe.run(), Child::ended);
        EXPECT_EQ(probe.outcomes().size(), allowed ? 1U : 0U);
    }
}

} // namespace
} // namespace guest
