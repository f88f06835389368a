// SPDX-License-Identifier: MIT
//
// debian_guest: what vm_debian needs done inside.
//
//     debian_guest snapshot                       all filtered tasks, as JSON (snapshot.h)
//     debian_guest filter FILE PROGRAM ARGS...    attaches the raw filter in FILE, then execs
//     debian_guest hold-connection PORT           connects to the sshd there, and no more

#include "cbpf/loader.h"
#include "debian/snapshot.h"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace {

constexpr int usage_error = 2;

[[noreturn]] void throw_errno(const std::string &what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int print_snapshot() {
    const std::string text = debian::to_json(debian::take_snapshot());
    for (std::size_t written = 0; written < text.size();) {
        const ssize_t put = write(STDOUT_FILENO, text.data() + written, text.size() - written);
        if (put < 0)
            throw_errno("standard output");
        written += static_cast<std::size_t>(put);
    }
    return 0;
}

int run_filtered(const char *filter, char **command) {
    cbpf::Program program = cbpf::load_raw(filter);
    const sock_fprog raw = {static_cast<unsigned short>(program.size()), program.data()};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &raw) != 0)
        throw_errno(fmt::format("attaching {}", filter));
    execv(command[0], command);
    throw_errno(command[0]);
}

int connect_to(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        throw_errno(fmt::format("connecting to port {}", port));
    return fd;
}

// sshd's first line comes from the process that listens. What comes after it is the offer of key
// exchanges, and that comes from the child, which is in its sandbox by then.
void wait_for_child(int fd) {
    const std::string_view banner = "SSH-2.0-seccomp-cache\r\n";
    if (write(fd, banner.data(), banner.size()) != static_cast<ssize_t>(banner.size()))
        throw_errno("sending the banner");
    std::string received;
    while (received.find('\n') == received.npos || received.back() == '\n') {
        char buffer[4096];
        const ssize_t got = read(fd, buffer, sizeof(buffer));
        if (got <= 0)
            throw std::runtime_error("sshd has closed the connection");
        received.append(buffer, static_cast<std::size_t>(got));
    }
}

// Tells systemd that the service is up (sd_notify(3)); nothing where nobody wants to know.
void say_ready() {
    const char *path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr)
        return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t length = std::strlen(path);
    if (length >= sizeof(address.sun_path))
        throw std::runtime_error("NOTIFY_SOCKET is too long");
    std::memcpy(address.sun_path, path, length);
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const std::string_view message = "READY=1";
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    if (fd < 0 || sendto(fd, message.data(), message.size(), 0,
                         reinterpret_cast<const sockaddr *>(&address), size) < 0)
        throw_errno("telling systemd");
    close(fd);
}

int hold_connection(std::string_view text) {
    std::uint16_t port = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || stop != text.data() + text.size())
        throw std::runtime_error(fmt::format("\"{}\" is not a port", text));
    const int fd = connect_to(port);
    wait_for_child(fd);
    say_ready();
    char byte = 0;
    while (read(fd, &byte, 1) > 0) {
        // Not a word from us: sshd is left where it is.
    }
    throw std::runtime_error("sshd has closed the connection");
}

int run(int argc, char **argv) {
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if (verb == "snapshot" && argc == 2)
        return print_snapshot();
    if (verb == "filter" && argc > 3)
        return run_filtered(argv[2], argv + 3);
    if (verb == "hold-connection" && argc == 3)
        return hold_connection(argv[2]);
    fmt::print(stderr, "usage: debian_guest snapshot | filter FILE PROGRAM ARGS... | "
                       "hold-connection PORT\n");
    return usage_error;
}

} // namespace

int main(int argc, char **argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception &error) {
        fmt::print(stderr, "debian_guest: {}\n", error.what());
        return 1;
    }
}
