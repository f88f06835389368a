// SPDX-License-Identifier: MIT
#include "probe_job.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <system_error>

namespace guest {

namespace {

constexpr std::uint64_t vsyscall_page = 0xffffffffff600000;

std::uint32_t probe_path_of(Path path) {
    switch (path) {
    case Path::syscall:
    case Path::x32:
    case Path::x32_from_64:
        return PROBE_SYSCALL;
    case Path::int80_from_64:
    case Path::int80_from_32:
        return PROBE_INT80;
    case Path::vdso32:
        return PROBE_VDSO32;
    case Path::vsyscall:
        return PROBE_VSYSCALL;
    }
    throw std::logic_error("no such path");
}

std::uint64_t vsyscall_offset(std::uint64_t number) {
    switch (number) {
    case SYS_gettimeofday:
        return 0;
    case SYS_time:
        return 0x400;
    case SYS_getcpu:
        return 0x800;
    default:
        throw std::logic_error("not a number of the vsyscall page");
    }
}

// Results that are right but differ from run to run.
std::int64_t normalised(std::int64_t value, const Call &call, std::uint32_t pid) {
    if (value == pid)
        return own_pid;
    if (call.path == Path::vsyscall && call.number == SYS_time &&
        std::abs(value - std::time(nullptr)) < 60)
        return 0;
    return value;
}

} // namespace

const char *probe_name(Bits bits) {
    switch (bits) {
    case Bits::b64:
        return "syscall_probe64";
    case Bits::b32:
        return "syscall_probe32";
    case Bits::x32:
        return "syscall_probex32";
    }
    throw std::logic_error("no such probe");
}

std::string probe_program(Bits bits) {
    char self[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof(self));
    if (length < 0)
        throw std::system_error(errno, std::generic_category(), "/proc/self/exe");
    const std::string path(self, static_cast<std::size_t>(length));
    return path.substr(0, path.rfind('/') + 1) + probe_name(bits);
}

void fill_in(probe_job &job, const cbpf::Chain &chain, const std::vector<Call> &calls,
             std::uint32_t flags, const std::vector<std::uint32_t> &filter_flags) {
    std::size_t instructions = 0;

    if (chain.size() > PROBE_MAX_FILTERS || calls.size() > PROBE_MAX_CALLS)
        throw std::logic_error("too many filters or calls for a probe");
    job.flags = flags;
    job.filter_count = static_cast<std::uint32_t>(chain.size());
    for (std::size_t i = 0; i < chain.size(); i++) {
        if (instructions + chain[i].size() > PROBE_MAX_INSNS)
            throw std::logic_error("too many instructions for a probe");
        job.filters[i].first = static_cast<std::uint32_t>(instructions);
        job.filters[i].length = static_cast<std::uint32_t>(chain[i].size());
        if (i < filter_flags.size())
            job.filters[i].flags = filter_flags[i];
        for (const auto &instruction : chain[i])
            job.insns[instructions++] = instruction;
    }
    job.call_count = static_cast<std::uint32_t>(calls.size());
    for (std::size_t i = 0; i < calls.size(); i++) {
        job.calls[i].path = probe_path_of(calls[i].path);
        job.calls[i].nr = calls[i].number;
        for (std::size_t a = 0; a < 6; a++)
            job.calls[i].args[a] = calls[i].args[a];
    }
}

Outcome outcome_of(const probe_result &result, const Call &call, std::uint32_t pid) {
    if (result.kind == PROBE_RETURNED)
        return returned(normalised(result.value, call, pid));
    Outcome outcome{};
    outcome.kind = Outcome::Kind::signalled;
    outcome.code = result.sig_code;
    outcome.error = result.sig_errno;
    outcome.arch = result.sig_arch;
    outcome.syscall = result.sig_syscall;
    outcome.address = result.sig_call_addr;
    return outcome;
}

seccomp_data shown_to_filters(const probe_job &job, const Call &call) {
    seccomp_data data{};
    data.nr = static_cast<int>(static_cast<std::uint32_t>(call.number));
    data.arch = path_arch(call.path);
    data.instruction_pointer = job.ip[probe_path_of(call.path)];
    if (call.path == Path::vsyscall)
        data.instruction_pointer = vsyscall_page + vsyscall_offset(call.number);
    for (std::size_t a = 0; a < 6; a++)
        data.args[a] = path_bits(call.path) == Bits::b32 ? static_cast<std::uint32_t>(call.args[a])
                                                         : call.args[a];
    return data;
}

} // namespace guest
