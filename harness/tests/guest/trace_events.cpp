// SPDX-License-Identifier: MIT
#include "trace_events.h"

#include "cache.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <ostream>
#include <sstream>
#include <system_error>

namespace guest {

namespace {

constexpr const char *root = "/sys/kernel/tracing";

void write_file(const std::string &name, const std::string &text) {
    const std::string path = std::string(root) + "/" + name;
    const int fd = open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    const bool written =
        fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int error = errno;
    if (fd >= 0)
        close(fd);
    if (!written)
        throw std::system_error(error, std::generic_category(), path);
}

void mount_once() {
    if (mount("tracefs", root, "tracefs", 0, nullptr) != 0 && errno != EBUSY)
        throw std::system_error(errno, std::generic_category(), root);
}

constexpr const char *both_events = "events/raw_syscalls/enable";

} // namespace

void PrintTo(const TraceEvent &event, std::ostream *stream) {
    *stream << (event.enter ? "enter " : "exit ") << event.number;
    if (!event.enter) {
        *stream << " = " << event.result;
        return;
    }
    *stream << std::hex;
    for (const std::uint64_t argument : event.arguments)
        *stream << " " << argument;
    *stream << std::dec;
}

TraceEvent entered(std::int64_t number, const std::array<std::uint64_t, 6> &arguments) {
    return {.enter = true, .number = number, .arguments = arguments, .result = 0};
}

TraceEvent left(std::int64_t number, std::int64_t result) {
    return {.enter = false, .number = number, .arguments = {}, .result = result};
}

std::vector<TraceEvent> parse_trace(const std::string &text) {
    std::vector<TraceEvent> events;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        TraceEvent event;
        auto &a = event.arguments;
        if (const auto at = line.find(" sys_enter: NR "); at != line.npos) {
            event.enter = std::sscanf(line.c_str() + at,
                                      " sys_enter: NR %" SCNd64 " (%" SCNx64 ", %" SCNx64
                                      ", %" SCNx64 ", %" SCNx64 ", %" SCNx64 ", %" SCNx64 ")",
                                      &event.number, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]) == 7;
            if (event.enter)
                events.push_back(event);
        } else if (const auto end = line.find(" sys_exit: NR "); end != line.npos) {
            if (std::sscanf(line.c_str() + end, " sys_exit: NR %" SCNd64 " = %" SCNd64,
                            &event.number, &event.result) == 2)
                events.push_back(event);
        }
    }
    return events;
}

TraceEvents::TraceEvents(pid_t task) {
    mount_once();
    write_file("trace", "");
    write_file("events/raw_syscalls/filter", "common_pid == " + std::to_string(task));
    write_file(both_events, "1");
    write_file("tracing_on", "1");
}

TraceEvents::~TraceEvents() {
    try {
        write_file(both_events, "0");
        write_file("events/raw_syscalls/filter", "0");
    } catch (const std::exception &) {
        // The machine is not worth much then, and the next test will say so.
    }
}

std::vector<TraceEvent> TraceEvents::stop() {
    write_file(both_events, "0");
    return parse_trace(read_file(std::string(root) + "/trace"));
}

} // namespace guest
