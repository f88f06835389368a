// SPDX-License-Identifier: MIT
#include "audit_rule.h"

#include <linux/audit.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace guest {

namespace {

constexpr int patience_seconds = 10;
constexpr unsigned backlog_limit = 1024;

[[noreturn]] void fail(const char *what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// The text behind " name=".
std::string field(std::string_view text, std::string_view name) {
    const std::string key = " " + std::string(name) + "=";
    const auto at = text.find(key);
    if (at == text.npos)
        throw std::runtime_error("an audit record without " + std::string(name) + ": " +
                                 std::string(text));
    const auto value = text.substr(at + key.size());
    return std::string(value.substr(0, value.find(' ')));
}

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
    record.pid = std::atoi(field(text, "pid").c_str());
    record.arch = static_cast<std::uint32_t>(hexadecimal(field(text, "arch")));
    record.number = std::atoll(field(text, "syscall").c_str());
    record.result = std::atoll(field(text, "exit").c_str());
    for (const char *name : {"a0", "a1", "a2", "a3"})
        record.arguments.push_back(hexadecimal(field(text, name)));
    return record;
}

AuditRule::AuditRule(std::uint32_t arch, const std::vector<std::uint32_t> &numbers)
    : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT)),
      rule_(rule_for(arch, numbers)) {
    if (fd_ < 0)
        fail("an audit socket");
    const timeval patience = {patience_seconds, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    set_enabled(true);
    request(AUDIT_ADD_RULE, rule_.data(), rule_.size());
    records();
}

AuditRule::~AuditRule() {
    try {
        request(AUDIT_DEL_RULE, rule_.data(), rule_.size());
        set_enabled(false);
    } catch (const std::exception &) {
        // The next test will say so.
    }
    close(fd_);
}

void AuditRule::set_enabled(bool enabled) {
    audit_status status{};
    status.mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_PID | AUDIT_STATUS_BACKLOG_LIMIT;
    status.enabled = enabled ? 1 : 0;
    status.pid = enabled ? static_cast<std::uint32_t>(getpid()) : 0;
    status.backlog_limit = backlog_limit;
    request(AUDIT_SET, &status, sizeof(status));
}

unsigned AuditRule::send(unsigned type, const void *payload, std::size_t size, unsigned flags) {
    std::array<char, 2048> buffer{};
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(size));
    header.nlmsg_type = static_cast<std::uint16_t>(type);
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header.nlmsg_seq = ++sequence_;
    if (header.nlmsg_len > buffer.size())
        throw std::logic_error("too long for an audit message");
    std::memcpy(buffer.data(), &header, sizeof(header));
    std::memcpy(buffer.data() + NLMSG_HDRLEN, payload, size);
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (sendto(fd_, buffer.data(), header.nlmsg_len, 0, reinterpret_cast<sockaddr *>(&kernel),
               sizeof(kernel)) < 0)
        fail("send to audit");
    return sequence_;
}

// The next message's payload; records of syscalls are set aside.
std::vector<char> AuditRule::receive(unsigned &type, unsigned &sequence) {
    std::array<char, 9000> buffer{};
    for (;;) {
        const ssize_t length = recv(fd_, buffer.data(), buffer.size(), 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            fail("receive from audit");
        if (length < NLMSG_HDRLEN)
            throw std::runtime_error("a short message from audit");
        nlmsghdr header{};
        std::memcpy(&header, buffer.data(), sizeof(header));
        type = header.nlmsg_type;
        sequence = header.nlmsg_seq;
        // nlmsg_len does not count the header in a record.
        std::vector<char> payload(buffer.begin() + NLMSG_HDRLEN, buffer.begin() + length);
        if (type != AUDIT_SYSCALL)
            return payload;
        received_.push_back(parse_syscall_record({payload.data(), payload.size()}));
    }
}

// Waits for the kernel's acknowledgement.
void AuditRule::request(unsigned type, const void *payload, std::size_t size) {
    const unsigned sent = send(type, payload, size, NLM_F_ACK);
    for (;;) {
        unsigned got = 0;
        unsigned sequence = 0;
        const auto answer = receive(got, sequence);
        if (got != NLMSG_ERROR || sequence != sent)
            continue;
        int error = 0;
        std::memcpy(&error, answer.data(), sizeof(error));
        if (error == 0)
            return;
        errno = -error;
        fail("a request to audit");
    }
}

std::vector<SyscallRecord> AuditRule::records() {
    // All records go through one queue: behind a mark of our own there is none from before.
    const std::string mark = "entry-mark-" + std::to_string(sequence_ + 1) + "-";
    send(AUDIT_USER_AVC, mark.c_str(), mark.size() + 1, 0);
    for (;;) {
        unsigned type = 0;
        unsigned sequence = 0;
        const auto payload = receive(type, sequence);
        if (type == AUDIT_USER_AVC &&
            std::string_view(payload.data(), payload.size()).find(mark) != std::string_view::npos)
            return std::exchange(received_, {});
    }
}

} // namespace guest
