// SPDX-License-Identifier: MIT
//
// SECCOMP_RET_USER_NOTIF with somebody who listens.

#include "cache.h"
#include "filters.h"
#include "probe.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace guest {
namespace {

using namespace cbpf;

// The listener of a probe's last filter, fetched out of the probe.
int listener_of(const Probe &probe) {
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, probe.pid(), 0));
    const int remote = probe.job().filters[probe.job().filter_count - 1].result;
    const int listener = static_cast<int>(syscall(438 /* pidfd_getfd */, pidfd, remote, 0));
    close(pidfd);
    return listener;
}

// Waits for a notification and answers it.
seccomp_notif answer_next(int listener, seccomp_notif_resp response) {
    seccomp_notif notification{};
    pollfd waiting = {listener, POLLIN, 0};
    EXPECT_EQ(poll(&waiting, 1, 10'000), 1);
    EXPECT_EQ(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification), 0);
    response.id = notification.id;
    EXPECT_EQ(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response), 0);
    return notification;
}

class UserNotification : public testing::TestWithParam<Path> {
protected:
    std::uint32_t getppid_number() const {
        return path_arch(GetParam()) == AUDIT_ARCH_X86_64 ? SYS_getppid : 64;
    }
    std::uint32_t getpid_number() const {
        return path_arch(GetParam()) == AUDIT_ARCH_X86_64 ? SYS_getpid : 20;
    }
};

// Cached numbers go by the listener, others go to it.
TEST_P(UserNotification, ListenersHearOfUncachedNumbersOnly) {
    const Chain chain = {answer(getppid_number(), SECCOMP_RET_USER_NOTIF)};
    const Call notified = {GetParam(), getppid_number(), {1, 2, 3, 4, 5, 6}};
    const Call cached = {GetParam(), getpid_number(), {1, 2, 3, 4, 5, 6}};
    ASSERT_TRUE(emulator_allows(chain, path_arch(GetParam()), getpid_number()));

    Probe probe(chain, {cached, notified, cached, notified, notified},
                {.bits = path_bits(GetParam()),
                 .flags = PROBE_STOP_ATTACHED,
                 .filter_flags = {SECCOMP_FILTER_FLAG_NEW_LISTENER}});
    ASSERT_EQ(probe.run(), Child::breakpoint) << probe.child().message();
    ASSERT_TRUE(shows_cache_of(read_cache(probe.pid()), chain));
    const int listener = listener_of(probe);
    ASSERT_GE(listener, 0) << errno;

    probe.child().resume();
    const auto seen = answer_next(listener, {.id = 0, .val = 41, .error = 0, .flags = 0});
    const seccomp_data expected = probe.data(notified);
    EXPECT_EQ(seen.data.nr, expected.nr);
    EXPECT_EQ(seen.data.arch, expected.arch);
    EXPECT_EQ(seen.data.instruction_pointer, expected.instruction_pointer);
    for (int i = 0; i < 6; i++)
        EXPECT_EQ(seen.data.args[i], expected.args[i]);
    answer_next(listener, {.id = 0, .val = 0, .error = -42, .flags = 0});
    answer_next(listener,
                {.id = 0, .val = 0, .error = 0, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE});
    close(listener);

    ASSERT_EQ(probe.run(), Child::ended);
    EXPECT_EQ(probe.outcomes(), (std::vector{returned(own_pid), returned(41), returned(own_pid),
                                             returned(-42), returned(getpid())}));
}

INSTANTIATE_TEST_SUITE_P(, UserNotification, testing::ValuesIn(general_paths()),
                         [](const auto &test) { return std::string(path_name(test.param)); });

} // namespace
} // namespace guest
