// SPDX-License-Identifier: MIT
#include "tests/differential/audit_log.h"

#include <fmt/format.h>

#include <linux/audit.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace differential {

namespace {

// Many more than one scenario makes: nothing may be lost while nobody reads.
constexpr int receive_buffer = 16 << 20;
constexpr unsigned backlog_limit = 8192;

[[noreturn]] void fail(const char *what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// The number behind " name=", in the base its prefix or `base` says.
std::uint64_t field(std::string_view text, std::string_view name, int base) {
    const std::string key = fmt::format(" {}=", name);
    const auto at = text.find(key);
    if (at == text.npos)
        throw std::runtime_error(fmt::format("an audit record without {}: {}", name, text));
    const std::string value(text.substr(at + key.size(), 32));
    return value.front() == '-'
               ? static_cast<std::uint64_t>(std::strtoll(value.c_str(), nullptr, base))
               : std::strtoull(value.c_str(), nullptr, base);
}

} // namespace

AuditRecord parse_record(std::string_view text) {
    AuditRecord parsed{};
    parsed.pid = static_cast<pid_t>(field(text, "pid", 10));
    parsed.record.signal = static_cast<int>(field(text, "sig", 10));
    parsed.record.arch = static_cast<std::uint32_t>(field(text, "arch", 16));
    parsed.record.number = static_cast<std::int64_t>(field(text, "syscall", 10));
    parsed.record.ip = field(text, "ip", 16);
    parsed.record.code = static_cast<std::uint32_t>(field(text, "code", 16));
    return parsed;
}

std::unique_ptr<AuditLog> AuditLog::open() {
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
    if (fd < 0 && errno == EPROTONOSUPPORT)
        return nullptr;
    if (fd < 0)
        fail("an audit socket");
    std::unique_ptr<AuditLog> log(new AuditLog(fd));
    log->set_up();
    return log;
}

AuditLog::AuditLog(int fd) : fd_(fd) {}

AuditLog::~AuditLog() {
    audit_status status{};
    status.mask = AUDIT_STATUS_PID; // 0: nobody
    try {
        request(AUDIT_SET, &status, sizeof(status));
    } catch (const std::exception &) {
        // The kernel will find out by itself.
    }
    close(fd_);
}

void AuditLog::set_up() {
    if (setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer)) != 0)
        fail("a buffer for audit records");
    const timeval patience = {10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    audit_status status{};
    status.mask = AUDIT_STATUS_PID | AUDIT_STATUS_RATE_LIMIT | AUDIT_STATUS_BACKLOG_LIMIT;
    status.pid = static_cast<std::uint32_t>(getpid());
    status.rate_limit = 0; // none
    status.backlog_limit = backlog_limit;
    request(AUDIT_SET, &status, sizeof(status));
    lost_before_ = lost();
    records();
}

unsigned AuditLog::send(unsigned type, const void *payload, std::size_t size, unsigned flags) {
    std::array<char, 512> buffer{};
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(size));
    header.nlmsg_type = static_cast<std::uint16_t>(type);
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header.nlmsg_seq = ++sequence_;
    std::memcpy(buffer.data(), &header, sizeof(header));
    if (size != 0)
        std::memcpy(buffer.data() + NLMSG_HDRLEN, payload, size);
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (sendto(fd_, buffer.data(), header.nlmsg_len, 0, reinterpret_cast<sockaddr *>(&kernel),
               sizeof(kernel)) < 0)
        fail("send to audit");
    return sequence_;
}

// The next message's payload. Records are set aside.
std::string AuditLog::receive(unsigned &type, unsigned &sequence) {
    std::array<char, 9000> buffer{};
    for (;;) {
        const ssize_t length = recv(fd_, buffer.data(), buffer.size(), 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            fail("receive from audit"); // ENOBUFS among others: records were dropped
        nlmsghdr header{};
        if (static_cast<std::size_t>(length) < sizeof(header))
            throw std::runtime_error("a short message from audit");
        std::memcpy(&header, buffer.data(), sizeof(header));
        type = header.nlmsg_type;
        sequence = header.nlmsg_seq;
        // nlmsg_len is not to be trusted: audit has set it without the header at times.
        std::string payload(buffer.data() + NLMSG_HDRLEN,
                            static_cast<std::size_t>(length) - NLMSG_HDRLEN);
        if (type != AUDIT_SECCOMP)
            return payload;
        received_.push_back(parse_record(payload));
    }
}

// Waits for the kernel's acknowledgement.
void AuditLog::request(unsigned type, const void *payload, std::size_t size) {
    const unsigned sent = send(type, payload, size, NLM_F_ACK);
    for (;;) {
        unsigned got = 0;
        unsigned sequence = 0;
        const std::string answer = receive(got, sequence);
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

unsigned AuditLog::lost() {
    send(AUDIT_GET, nullptr, 0, 0);
    for (;;) {
        unsigned type = 0;
        unsigned sequence = 0;
        const std::string answer = receive(type, sequence);
        if (type != AUDIT_GET)
            continue;
        audit_status status{};
        std::memcpy(&status, answer.data(), std::min(answer.size(), sizeof(status)));
        return status.lost;
    }
}

std::vector<AuditRecord> AuditLog::records() {
    // A record of our own behind all there are: all records go through one queue, and this kind is
    // written with auditing off as well.
    const std::string mark = fmt::format("differential-mark-{}-", sequence_ + 1);
    send(AUDIT_USER_AVC, mark.c_str(), mark.size() + 1, 0);
    for (;;) {
        unsigned type = 0;
        unsigned sequence = 0;
        const std::string text = receive(type, sequence);
        if (type == AUDIT_USER_AVC && text.find(mark) != text.npos)
            break;
    }
    if (const unsigned now = lost(); now != lost_before_)
        throw std::runtime_error(
            fmt::format("the kernel has lost {} audit records", now - lost_before_));
    return std::exchange(received_, {});
}

} // namespace differential
