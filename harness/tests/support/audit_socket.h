// SPDX-License-Identifier: MIT
//
// The kernel's audit, with this program in place of auditd: requests (struct audit_status, struct
// audit_rule_data: linux/audit.h), and the records of one type as texts.

#pragma once

#include <linux/audit.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace support {

// The value behind " name=" in a record. Throws std::runtime_error when there is none.
std::string audit_field(std::string_view record, std::string_view name);

class AuditSocket {
public:
    // For records of `record_type`, as AUDIT_SECCOMP. Null where the kernel has no audit. Throws
    // std::system_error where it has but lets us not, as does everything here that asks the kernel.
    static std::unique_ptr<AuditSocket> open(unsigned record_type);
    ~AuditSocket();
    AuditSocket(const AuditSocket &) = delete;
    AuditSocket &operator=(const AuditSocket &) = delete;

    // Returns when the kernel has done it.
    void request(unsigned type, const void *payload, std::size_t size);
    void set(const audit_status &status);
    audit_status status();

    // All records since the last time, of everything that has happened before this call.
    std::vector<std::string> records();

private:
    struct Message {
        unsigned type;
        unsigned sequence;
        std::string payload;
    };

    AuditSocket(int fd, unsigned record_type);
    unsigned send(unsigned type, const void *payload, std::size_t size, unsigned flags);
    Message receive();

    int fd_;
    unsigned record_type_;
    unsigned sequence_ = 0;
    std::vector<std::string> received_;
};

} // namespace support
