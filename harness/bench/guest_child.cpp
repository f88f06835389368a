// SPDX-License-Identifier: MIT
#include "bench/guest_child.h"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <new>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace bench {
namespace {

void *shared_memory(std::size_t size) {
    void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        throw std::system_error(errno, std::generic_category(), "mmap");
    return memory;
}

pid_t start_child() {
    const pid_t pid = fork();
    if (pid < 0)
        throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

// The parent's copy of a page is the child's until it writes to it: a fault that would be measured.
void touch_stack() {
    volatile char room[64 << 10];
    for (std::size_t i = 0; i < sizeof(room); i += 512)
        room[i] = 0;
}

} // namespace

std::vector<double> in_child(std::size_t size, const std::function<void(std::span<double>)> &body) {
    const std::size_t bytes = (size + 1) * sizeof(double);
    auto *shared = static_cast<double *>(shared_memory(bytes));
    volatile double *done = shared + size;
    const pid_t pid = start_child();
    if (pid == 0) {
        touch_stack();
        body({shared, size});
        *done = 1;
        for (;;) // an invalid instruction ends it, whatever the filters say
            __builtin_trap();
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    const bool finished = *done != 0;
    std::vector<double> result(shared, shared + size);
    munmap(shared, bytes);
    if (!finished)
        throw std::runtime_error("a child died while it was measuring, of signal " +
                                 std::to_string(WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    return result;
}

struct Crowd::Shared {
    int stage = 0;
    int arrived[2] = {0, 0};
};

Crowd::Crowd(std::size_t size, const std::function<void()> &body)
    : shared_(new (shared_memory(sizeof(Shared))) Shared) {
    for (std::size_t i = 0; i < size; i++) {
        const pid_t pid = start_child();
        if (pid == 0) {
            touch_stack();
            __atomic_add_fetch(&shared_->arrived[0], 1, __ATOMIC_SEQ_CST);
            const timespec while_waiting{0, 1'000'000};
            while (__atomic_load_n(&shared_->stage, __ATOMIC_SEQ_CST) == 0)
                nanosleep(&while_waiting, nullptr);
            body();
            __atomic_add_fetch(&shared_->arrived[1], 1, __ATOMIC_SEQ_CST);
            for (;;)
                pause();
        }
        children_.push_back(pid);
    }
    wait_for_all(0);
}

Crowd::~Crowd() {
    for (const int pid : children_)
        kill(pid, SIGKILL);
    for (const int pid : children_)
        waitpid(pid, nullptr, 0);
    munmap(shared_, sizeof(Shared));
}

void Crowd::start() {
    __atomic_store_n(&shared_->stage, 1, __ATOMIC_SEQ_CST);
    wait_for_all(1);
}

void Crowd::wait_for_all(int stage) {
    const timespec while_waiting{0, 1'000'000};
    while (__atomic_load_n(&shared_->arrived[stage], __ATOMIC_SEQ_CST) <
           static_cast<int>(children_.size())) {
        for (const int pid : children_)
            if (waitpid(pid, nullptr, WNOHANG) > 0)
                throw std::runtime_error("a child died before its memory could be looked at");
        nanosleep(&while_waiting, nullptr);
    }
}

} // namespace bench
