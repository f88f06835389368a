// SPDX-License-Identifier: MIT
#include "tests/differential/audit_log.h"

#include <fmt/format.h>

#include <linux/audit.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace differential {

namespace {

constexpr unsigned backlog_limit = 8192;

// A number, in the base its prefix or `base` says.
std::uint64_t number(std::string_view text, std::string_view name, int base) {
    const std::string value = support::audit_field(text, name);
    return value.starts_with('-')
               ? static_cast<std::uint64_t>(std::strtoll(value.c_str(), nullptr, base))
               : std::strtoull(value.c_str(), nullptr, base);
}

} // namespace

AuditRecord parse_record(std::string_view text) {
    AuditRecord parsed{};
    parsed.pid = static_cast<pid_t>(number(text, "pid", 10));
    parsed.record.signal = static_cast<int>(number(text, "sig", 10));
    parsed.record.arch = static_cast<std::uint32_t>(number(text, "arch", 16));
    parsed.record.number = static_cast<std::int64_t>(number(text, "syscall", 10));
    parsed.record.ip = number(text, "ip", 16);
    parsed.record.code = static_cast<std::uint32_t>(number(text, "code", 16));
    return parsed;
}

std::unique_ptr<AuditLog> AuditLog::open() {
    auto audit = support::AuditSocket::open(AUDIT_SECCOMP);
    if (audit == nullptr)
        return nullptr;
    return std::unique_ptr<AuditLog>(new AuditLog(std::move(audit)));
}

AuditLog::AuditLog(std::unique_ptr<support::AuditSocket> audit) : audit_(std::move(audit)) {
    audit_status status{};
    status.mask = AUDIT_STATUS_PID | AUDIT_STATUS_RATE_LIMIT | AUDIT_STATUS_BACKLOG_LIMIT;
    status.pid = static_cast<std::uint32_t>(getpid());
    status.rate_limit = 0; // none
    status.backlog_limit = backlog_limit;
    audit_->set(status);
    lost_before_ = audit_->status().lost;
    records();
}

AuditLog::~AuditLog() {
    audit_status status{};
    status.mask = AUDIT_STATUS_PID; // 0: nobody
    try {
        audit_->set(status);
    } catch (const std::exception &) {
        // The kernel will find out by itself.
    }
}

std::vector<AuditRecord> AuditLog::records() {
    std::vector<AuditRecord> parsed;
    for (const auto &text : audit_->records())
        parsed.push_back(parse_record(text));
    if (const unsigned now = audit_->status().lost; now != lost_before_)
        throw std::runtime_error(
            fmt::format("the kernel has lost {} audit records", now - lost_before_));
    return parsed;
}

} // namespace differential
