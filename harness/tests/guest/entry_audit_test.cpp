// SPDX-License-Identifier: MIT
//
// Where syscalls are audited, those from the cache leave the records that all others leave.

#include "audit_rule.h"
#include "cache.h"
#include "filters.h"
#include "harmless.h"
#include "probe.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

namespace guest {
namespace {

using namespace cbpf;

constexpr int error = 118;

class EntryAudit : public testing::TestWithParam<Path> {
protected:
    Path path() const { return GetParam(); }
    const Harmless &number() const { return harmless(path()); }
    Call call(std::uint64_t nr, const std::array<std::uint64_t, 6> &arguments) const {
        return {path(), nr, arguments};
    }

    // Getpid twice, getuid, which no rule is about, and getppid, which the filters refuse: that one
    // never gets as far as auditing.
    void expect_records(const Chain &chain, bool cached) const {
        const auto &n = number();
        const std::uint32_t arch = path_arch(path());
        ASSERT_EQ(emulator_allows(chain, arch, n.getpid), cached);
        AuditRule rule(arch, {n.getpid, n.getppid});
        Probe probe(chain,
                    {call(n.getpid, {1, 2, 3, 4}), call(n.getuid, {}), call(n.getppid, {}),
                     call(n.getpid, {5, 6, 7, 0x89abcdef})},
                    {.bits = path_bits(path()), .flags = PROBE_STOP_ATTACHED});
        ASSERT_EQ(probe.run(), Child::breakpoint);
        // It asks for its own id, too, before the filters are there.
        rule.records();
        ASSERT_EQ(probe.run(), Child::ended);
        std::vector<SyscallRecord> of_probe;
        for (const SyscallRecord &record : rule.records())
            if (record.pid == probe.pid())
                of_probe.push_back(record);
        const std::vector<SyscallRecord> expected = {
            {probe.pid(), arch, n.getpid, probe.pid(), {1, 2, 3, 4}},
            {probe.pid(), arch, n.getpid, probe.pid(), {5, 6, 7, 0x89abcdef}}};
        EXPECT_EQ(of_probe, expected);
        EXPECT_EQ(probe.outcomes(), (std::vector{returned(own_pid), returned(0), returned(-error),
                                                 returned(own_pid)}));
    }
};

TEST_P(EntryAudit, CachedCallsAreRecorded) {
    expect_records({answer(number().getppid, SECCOMP_RET_ERRNO | error)}, true);
}

TEST_P(EntryAudit, CallsThatTheFiltersAllowAreRecorded) {
    expect_records(
        {answer(number().getppid, SECCOMP_RET_ERRNO | error), look_at_argument(number().getpid)},
        false);
}

TEST_P(EntryAudit, ForbiddenCallsAreStillForbidden) {
    AuditRule rule(path_arch(path()), {number().getpid, number().getppid});
    expect_as_interpreted(
        {answer(number().getppid, SECCOMP_RET_TRAP | error)},
        {call(number().getpid, {}), call(number().getppid, {1, 2, 3}), call(number().getpid, {4})});
}

INSTANTIATE_TEST_SUITE_P(, EntryAudit, testing::ValuesIn(general_paths()),
                         [](const auto &test) { return std::string(path_name(test.param)); });

TEST(AuditRecord, IsRead) {
    const auto record = parse_syscall_record(
        "audit(1795600000.1:45): arch=40000003 syscall=64 success=no exit=-51 a0=1 a1=ff "
        "a2=deadbeef a3=0 items=0 ppid=1 pid=77 auid=4294967295 uid=0 comm=\"x\"");
    EXPECT_EQ(record, (SyscallRecord{77, AUDIT_ARCH_I386, 64, -51, {1, 0xff, 0xdeadbeef, 0}}));
    EXPECT_THROW(parse_syscall_record("audit(1:2): arch=40000003 syscall=64"), std::runtime_error);
}

} // namespace
} // namespace guest
