// SPDX-License-Identifier: MIT
#include "tests/differential/audit_log.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <csignal>
#include <stdexcept>

namespace differential {
namespace {

TEST(DifferentialAudit, RecordsAreRead) {
    const auto [pid, record] = parse_record(
        "audit(1795600000.123:45): auid=4294967295 uid=100001 gid=100002 ses=4294967295 pid=77 "
        "comm=\"syscall_probe\" exe=\"/opt/pid=3\" sig=31 arch=40000003 syscall=-1 compat=1 "
        "ip=0xf7ffb549 code=0x80000000");
    EXPECT_EQ(pid, 77);
    EXPECT_EQ(record, (Record{AUDIT_ARCH_I386, -1, SECCOMP_RET_KILL_PROCESS, 0xf7ffb549, SIGSYS}));
}

TEST(DifferentialAudit, ARecordWithoutAFieldIsAnError) {
    EXPECT_THROW(parse_record("audit(1:2): pid=77 sig=0 arch=c000003e syscall=39 compat=0 ip=0x1"),
                 std::runtime_error);
}

} // namespace
} // namespace differential
