// SPDX-License-Identifier: MIT
#include "tests/faults/scenario.h"

#include "cbpf/builder.h"
#include "tests/guest/attach.h"
#include "tests/guest/cache.h"
#include "tests/guest/child.h"
#include "tests/guest/filters.h"

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <new>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace faults {
namespace {

constexpr long not_supported = 524; // ENOTSUPP, which is not for user space, and gets there
constexpr unsigned tsync = SECCOMP_FILTER_FLAG_TSYNC;
constexpr unsigned tsync_esrch = SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
constexpr unsigned listener = SECCOMP_FILTER_FLAG_NEW_LISTENER;

bool refused(long number, int error) { return syscall(number) == -1 && errno == error; }

// The switch by which this thread's allocations fail.
class FailNth {
public:
    FailNth() : fd_(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC)) {
        guest::require(fd_ >= 0, "open fail-nth");
    }
    ~FailNth() { close(fd_); }
    FailNth(const FailNth &) = delete;
    FailNth &operator=(const FailNth &) = delete;

    // The text is made beforehand: between this and the attach nothing may allocate.
    void arm(const std::string &nth) {
        guest::require(pwrite(fd_, nth.data(), nth.size(), 0) > 0, "write fail-nth");
    }
    // Has it failed one? Also switches it off.
    bool disarm() {
        char left[16] = "";
        const ssize_t got = pread(fd_, left, sizeof(left) - 1, 0);
        guest::require(pwrite(fd_, "0", 1, 0) == 1, "write fail-nth");
        guest::require(got > 0, "read fail-nth");
        return std::strcmp(left, "0\n") == 0;
    }

private:
    int fd_;
};

// Another thread, for TSYNC: says on request what is in force for it.
class Sibling {
public:
    Sibling() {
        guest::require(pthread_create(&thread_, nullptr, run, this) == 0, "pthread_create");
    }
    void look(Attempt &attempt) {
        asked_ = true;
        pthread_join(thread_, nullptr);
        attempt.sibling_old_in_force = old_in_force_;
        attempt.sibling_new_in_force = new_in_force_;
    }

private:
    static void *run(void *self) {
        static_cast<Sibling *>(self)->wait();
        return nullptr;
    }
    void wait() {
        while (!asked_)
            usleep(200);
        old_in_force_ = refused(old_number, old_errno);
        new_in_force_ = refused(new_number, new_errno);
    }

    pthread_t thread_{};
    std::atomic<bool> asked_ = false;
    bool old_in_force_ = false;
    bool new_in_force_ = false;
};

std::string own_cache() { return guest::read_file("/proc/thread-self/seccomp_cache"); }

Cache judge_cache(const std::string &before, const cbpf::Chain &chain) {
    const std::string now = own_cache();
    if (now == before)
        return Cache::unchanged;
    if (guest::shows_cache_of(now, chain))
        return Cache::reference;
    if (guest::shows_exactly(now, [](auto, auto) { return false; }))
        return Cache::empty;
    return Cache::wrong;
}

// The body of the child.
void attempt_here(const Scenario &scenario, unsigned nth, bool has_proc_file, Attempt &attempt) {
    for (const auto &filter : old_filters())
        guest::require(guest::attach(filter) == 0, "attach the old filters");
    const auto filter = new_filter(scenario.length);
    cbpf::Chain chain = old_filters();
    chain.push_back(filter);
    const std::string before = has_proc_file ? own_cache() : "";
    const std::string text = std::to_string(nth);
    // Also without TSYNC: a process with threads is not quite like one without.
    Sibling sibling;
    FailNth fail_nth;

    // All that follows was done once before, or the allocation that fails could be a page fault's,
    // whose answer is the OOM killer.
    fail_nth.arm("0");
    attempt.result = guest::attach(filter, ~0U);
    fail_nth.disarm();

    fail_nth.arm(text);
    attempt.result = guest::attach(filter, scenario.flags);
    attempt.injected = fail_nth.disarm() && nth != 0;

    attempt.old_in_force = refused(old_number, old_errno);
    attempt.new_in_force = refused(new_number, new_errno);
    sibling.look(attempt);
    if (has_proc_file)
        attempt.cache = judge_cache(before, chain);
}

} // namespace

std::string Scenario::name() const {
    return fmt::format("{} {} {}{}{}", allocator == Allocator::slab ? "slab" : "pages",
                       jit ? "jit" : "interpreter", length, flags & tsync ? " TSYNC" : "",
                       flags & listener ? " NEW_LISTENER" : "");
}

std::vector<Scenario> all_scenarios() {
    std::vector<Scenario> scenarios;
    for (const auto allocator : {Allocator::slab, Allocator::pages})
        for (const bool jit : {true, false})
            for (const unsigned length : {short_program, long_program})
                for (const unsigned flags : {0U, listener, tsync, tsync | listener | tsync_esrch})
                    scenarios.push_back({allocator, jit, length, flags});
    return scenarios;
}

cbpf::Program new_filter(unsigned length) {
    cbpf::Program program = {cbpf::load_nr(), cbpf::jeq(new_number, 0, 1),
                             cbpf::ret_errno(new_errno)};
    while (program.size() + 1 < length)
        program.push_back(cbpf::jeq(static_cast<std::uint32_t>(100'000 + program.size()), 0, 0));
    program.push_back(cbpf::ret_allow());
    return program;
}

cbpf::Chain old_filters() {
    return {guest::answer(old_number, SECCOMP_RET_ERRNO | old_errno), guest::look_at_argument(7)};
}

Attempt attempt(const Scenario &scenario, unsigned nth, bool has_proc_file) {
    void *memory =
        mmap(nullptr, sizeof(Attempt), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw std::bad_alloc();
    auto *shared = new (memory) Attempt;
    guest::Child child([&] { attempt_here(scenario, nth, has_proc_file, *shared); },
                       guest::Child::Untraced{});
    child.run();
    const Attempt result = *shared;
    munmap(memory, sizeof(Attempt));
    if (child.wait_status() != 0)
        throw std::runtime_error(
            fmt::format("{}, n = {}: the child ended with wait status {:#x}: {}", scenario.name(),
                        nth, child.wait_status(), child.message()));
    return result;
}

std::string result_name(long result) {
    if (result > 0)
        return "listener";
    switch (result) {
    case 0:
        return "0";
    case -ENOMEM:
        return "ENOMEM";
    case -not_supported:
        return "ENOTSUPP";
    default:
        return fmt::format("errno {}", -result);
    }
}

std::string problem(const Scenario &scenario, const Attempt &attempt, bool has_proc_file) {
    const bool attached = attempt.result >= 0;
    const bool in_sibling = attached && (scenario.flags & tsync);
    if ((attempt.result > 0) != (attached && (scenario.flags & listener)))
        return "the result is not of the kind that was asked for";
    if (!attached && !attempt.injected)
        return "it fails although no allocation did";
    if (!attempt.old_in_force || !attempt.sibling_old_in_force)
        return "the old filters are not in force any more";
    if (attempt.new_in_force != attached)
        return attached ? "it was attached and is not in force" : "it failed and is in force";
    if (attempt.sibling_new_in_force != in_sibling)
        return "TSYNC did to the other thread what the result does not say";
    if (!has_proc_file)
        return "";
    if (attempt.cache != (attached ? Cache::reference : Cache::unchanged) &&
        !(attached && attempt.injected && attempt.cache == Cache::empty))
        return attached ? "the cache is not that of the filters"
                        : "the cache is not what it was before the failure";
    return "";
}

} // namespace faults
