// SPDX-License-Identifier: MIT
#include "tests/support/audit_socket.h"

#include <fmt/format.h>

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace support {

namespace {

// Room for many more records than a test makes: nothing may be lost while nobody reads.
constexpr int receive_buffer = 16 << 20;
constexpr int patience_seconds = 10;

[[noreturn]] void fail(const char *what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// The kernel's answer to a request.
int error_of(const std::string &answer) {
    int error = 0;
    std::memcpy(&error, answer.data(), std::min(answer.size(), sizeof(error)));
    return -error;
}

} // namespace

std::string audit_field(std::string_view record, std::string_view name) {
    const std::string key = fmt::format(" {}=", name);
    const auto at = record.find(key);
    if (at == record.npos)
        throw std::runtime_error(fmt::format("an audit record without {}: {}", name, record));
    const auto value = record.substr(at + key.size());
    return std::string(value.substr(0, value.find(' ')));
}

std::unique_ptr<AuditSocket> AuditSocket::open(unsigned record_type) {
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
    if (fd < 0 && errno == EPROTONOSUPPORT)
        return nullptr;
    if (fd < 0)
        fail("an audit socket");
    std::unique_ptr<AuditSocket> opened(new AuditSocket(fd, record_type));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer)) != 0)
        fail("a buffer for audit records");
    const timeval patience = {patience_seconds, 0};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
        fail("a time limit for audit");
    return opened;
}

AuditSocket::AuditSocket(int fd, unsigned record_type) : fd_(fd), record_type_(record_type) {}

AuditSocket::~AuditSocket() { close(fd_); }

unsigned AuditSocket::send(unsigned type, const void *payload, std::size_t size, unsigned flags) {
    std::array<char, 2048> buffer{};
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(size));
    header.nlmsg_type = static_cast<std::uint16_t>(type);
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header.nlmsg_seq = ++sequence_;
    if (header.nlmsg_len > buffer.size())
        throw std::logic_error("too long for an audit message");
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

// The next message that is not a record; records are set aside.
AuditSocket::Message AuditSocket::receive() {
    std::array<char, 9000> buffer{};
    for (;;) {
        const ssize_t length = recv(fd_, buffer.data(), buffer.size(), 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            fail("receive from audit"); // ENOBUFS among others: records were dropped
        if (length < NLMSG_HDRLEN)
            throw std::runtime_error("a short message from audit");
        nlmsghdr header{};
        std::memcpy(&header, buffer.data(), sizeof(header));
        // nlmsg_len is not to be trusted: audit does not count the header in a record.
        std::string payload(buffer.data() + NLMSG_HDRLEN,
                            static_cast<std::size_t>(length) - NLMSG_HDRLEN);
        if (header.nlmsg_type != record_type_)
            return {header.nlmsg_type, header.nlmsg_seq, std::move(payload)};
        received_.push_back(std::move(payload));
    }
}

void AuditSocket::request(unsigned type, const void *payload, std::size_t size) {
    const unsigned sent = send(type, payload, size, NLM_F_ACK);
    Message answer = receive();
    while (answer.type != NLMSG_ERROR || answer.sequence != sent)
        answer = receive();
    errno = error_of(answer.payload);
    if (errno != 0)
        fail("a request to audit");
}

void AuditSocket::set(const audit_status &status) { request(AUDIT_SET, &status, sizeof(status)); }

audit_status AuditSocket::status() {
    send(AUDIT_GET, nullptr, 0, 0);
    Message answer = receive();
    while (answer.type != AUDIT_GET)
        answer = receive();
    audit_status status{};
    std::memcpy(&status, answer.payload.data(), std::min(answer.payload.size(), sizeof(status)));
    return status;
}

std::vector<std::string> AuditSocket::records() {
    // All records go through one queue: behind a mark of our own, whose kind is written with
    // auditing off as well, there is none from before.
    const std::string mark = fmt::format("test-mark-{}-", sequence_ + 1);
    send(AUDIT_USER_AVC, mark.c_str(), mark.size() + 1, 0);
    Message answer = receive();
    while (answer.type != AUDIT_USER_AVC || answer.payload.find(mark) == std::string::npos)
        answer = receive();
    return std::exchange(received_, {});
}

} // namespace support
