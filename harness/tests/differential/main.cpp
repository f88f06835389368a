// SPDX-License-Identifier: MIT
//
// differential: generated filters and syscalls on the kernel this runs on, against the models.

#include <gtest/gtest.h>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace {

// Ids that differ from each other, and from every process's: a wrong syscall gives another result.
constexpr unsigned real_user = 100'001;
constexpr unsigned real_group = 100'002;
constexpr unsigned effective_group = 100'003;

// Everything here waits for each other anyway; on two emulated processors most of the time would go
// into waking the other one up (three quarters of it, measured).
void stay_on_one_processor() {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0)
        perror("sched_setaffinity");
}

// Thousands of processes die by design: without cores, and without a word in the kernel's log.
void prepare() {
    stay_on_one_processor();
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    std::ofstream("/proc/sys/debug/exception-trace") << "0\n";
    if (geteuid() == 0 && (setresgid(real_group, effective_group, effective_group) != 0 ||
                           setresuid(real_user, 0, 0) != 0))
        perror("setresuid");
}

} // namespace

int main(int argc, char **argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!GTEST_FLAG_GET(list_tests))
        prepare();
    return RUN_ALL_TESTS();
}
