// SPDX-License-Identifier: MIT
#include "audit_rule.h"

#include <linux/audit.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <ostream>
#include <string>
#include <system_error>

namespace guest {

namespace {

constexpr unsigned backlog_limit = 1024;

std::uint64_t hexadecimal(const std::string &text) {
    return std::strtoull(text.c_str(), nullptr, 16);
}

std::vector<char> rule_for(std::uint32_t arch, const std::vector<std::uint32_t> &numbers) {
    audit_rule_data data{};
    data.flags = AUDIT_FILTER_EXIT;
    data.action = AUDIT_ALWAYS;
    data.field_count = 1;
    data.fields[0] = AUDIT_ARCH;
    data.values[0] = arch;
    data.fieldflags[0] = AUDIT_EQUAL;
    for (const auto number : numbers)
        data.mask[AUDIT_WORD(number)] |= static_cast<std::uint32_t>(AUDIT_BIT(number));
    std::vector<char> bytes(sizeof(data));
    std::memcpy(bytes.data(), &data, sizeof(data));
    return bytes;
}

} // namespace

void PrintTo(const SyscallRecord &record, std::ostream *stream) {
    *stream << "pid " << record.pid << " arch " << std::hex << record.arch << std::dec
            << " syscall " << record.number << " = " << record.result << std::hex;
    for (const auto argument : record.arguments)
        *stream << " " << argument;
    *stream << std::dec;
}

SyscallRecord parse_syscall_record(std::string_view text) {
    SyscallRecord record;
    record.pid = std::atoi(support::audit_field(text, "pid").c_str());
    record.arch = static_cast<std::uint32_t>(hexadecimal(support::audit_field(text, "arch")));
    record.number = std::atoll(support::audit_field(text, "syscall").c_str());
    record.result = std::atoll(support::audit_field(text, "exit").c_str());
    for (const char *name : {"a0", "a1", "a2", "a3"})
        record.arguments.push_back(hexadecimal(support::audit_field(text, name)));
    return record;
}

AuditRule::AuditRule(std::uint32_t arch, const std::vector<std::uint32_t> &numbers)
    : audit_(support::AuditSocket::open(AUDIT_SYSCALL)), rule_(rule_for(arch, numbers)) {
    if (audit_ == nullptr)
        throw std::system_error(EPROTONOSUPPORT, std::generic_category(), "an audit socket");
    set_enabled(true);
    audit_->request(AUDIT_ADD_RULE, rule_.data(), rule_.size());
    records();
}

AuditRule::~AuditRule() {
    try {
        audit_->request(AUDIT_DEL_RULE, rule_.data(), rule_.size());
        set_enabled(false);
    } catch (const std::exception &) {
        // The next test will say so.
    }
}

void AuditRule::set_enabled(bool enabled) {
    audit_status status{};
    status.mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_PID | AUDIT_STATUS_BACKLOG_LIMIT;
    status.enabled = enabled ? 1 : 0;
    status.pid = enabled ? static_cast<std::uint32_t>(getpid()) : 0;
    status.backlog_limit = backlog_limit;
    audit_->set(status);
}

std::vector<SyscallRecord> AuditRule::records() {
    std::vector<SyscallRecord> parsed;
    for (const auto &text : audit_->records())
        parsed.push_back(parse_syscall_record(text));
    return parsed;
}

} // namespace guest
