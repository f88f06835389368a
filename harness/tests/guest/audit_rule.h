// SPDX-License-Identifier: MIT
//
// Auditing of syscalls, with this program in place of auditd: a rule for some numbers, and the
// records (AUDIT_SYSCALL, type 1300) of the calls it applies to. Only tasks that begin their life
// while auditing is on are audited at all, and those are until the machine's end: for a machine of
// its own.
//
//     AuditRule rule(AUDIT_ARCH_X86_64, {SYS_getpid});
//     ... start a task that calls getpid() ...
//     for (const auto &record : rule.records()) ...

#pragma once

#include "tests/support/audit_socket.h"

#include <sys/types.h>

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string_view>
#include <vector>

namespace guest {

struct SyscallRecord {
    pid_t pid = 0;
    std::uint32_t arch = 0;
    std::int64_t number = 0;
    std::int64_t result = 0;
    std::vector<std::uint64_t> arguments{}; // the four that a record has

    bool operator==(const SyscallRecord &) const = default;
};

void PrintTo(const SyscallRecord &record, std::ostream *stream);

// "audit(...): arch=c000003e syscall=39 success=yes exit=77 a0=1 a1=2 a2=3 a3=4 ... pid=77 ...".
// Throws std::runtime_error when a field is missing.
SyscallRecord parse_syscall_record(std::string_view text);

class AuditRule {
public:
    // Throws std::system_error where the kernel does not audit.
    AuditRule(std::uint32_t arch, const std::vector<std::uint32_t> &numbers);
    ~AuditRule();
    AuditRule(const AuditRule &) = delete;
    AuditRule &operator=(const AuditRule &) = delete;

    // Of everything that has happened before this call, since the last one.
    std::vector<SyscallRecord> records();

private:
    void set_enabled(bool enabled);

    std::unique_ptr<support::AuditSocket> audit_;
    std::vector<char> rule_; // a struct audit_rule_data
};

} // namespace guest
