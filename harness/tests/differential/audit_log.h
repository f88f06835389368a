// SPDX-License-Identifier: MIT
//
// The kernel's audit records of seccomp (AUDIT_SECCOMP, type 1326), received in place of auditd.
// They are what tells SECCOMP_RET_LOG from SECCOMP_RET_ALLOW. Auditing as such stays off: it would
// change how syscalls are entered, and seccomp's records do not depend on it.

#pragma once

#include "tests/differential/model.h"
#include "tests/support/audit_socket.h"

#include <sys/types.h>

#include <memory>
#include <string_view>
#include <vector>

namespace differential {

struct AuditRecord {
    pid_t pid;
    Record record;
};

// A record's text, "audit(...): auid=... pid=7 ... sig=0 arch=c000003e syscall=39 ...". Throws
// std::runtime_error when a field is missing.
AuditRecord parse_record(std::string_view text);

class AuditLog {
public:
    // Null where the kernel has no audit. Throws std::system_error where it has but lets us not.
    static std::unique_ptr<AuditLog> open();
    ~AuditLog();
    AuditLog(const AuditLog &) = delete;
    AuditLog &operator=(const AuditLog &) = delete;

    // All records since the last time, of everything that has happened before this call. Throws
    // std::runtime_error when the kernel has lost any.
    std::vector<AuditRecord> records();

private:
    explicit AuditLog(std::unique_ptr<support::AuditSocket> audit);

    std::unique_ptr<support::AuditSocket> audit_;
    unsigned lost_before_ = 0;
};

} // namespace differential
