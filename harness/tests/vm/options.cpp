// SPDX-License-Identifier: MIT
#include "tests/vm/options.h"

#include "command_line/program.h"

namespace tests {

Options parse_options(int argc, char **argv) {
    Options options;
    CLI::App app{"Runs the guest's tests in virtual machines, as GoogleTest cases of the host.\n"
                 "ACCEL=kvm|tcg in the environment overrides the choice of accelerator.\n"
                 "Options of GoogleTest (--gtest_help) work as usual.",
                 "vm_tests"};
    app.add_option("--kernel", options.kernel, "directory of the patched kernel's build")
        ->envname("SECCOMP_CACHE_KERNEL");
    app.add_option("--stock-kernel", options.stock_kernel, "the same of the unpatched kernel")
        ->envname("SECCOMP_CACHE_STOCK_KERNEL");
    app.add_option("--initramfs", options.initramfs, "what qemu/make-initramfs made")
        ->envname("SECCOMP_CACHE_INITRAMFS");
    app.add_option("--guest-tests", options.guest_tests,
                   "the guest's GoogleTest programs, as found on the host, comma separated")
        ->delimiter(',')
        ->envname("SECCOMP_CACHE_GUEST_TESTS");
    app.add_option("--profile", options.profile, "the OCI profile to test with: podman's default")
        ->envname("SECCOMP_CACHE_PROFILE");
    app.add_option("--logs", options.logs, "directory for console logs")
        ->envname("SECCOMP_CACHE_LOGS")
        ->capture_default_str();
    app.add_option("--guest-bits", options.guest_bits,
                   "have the differential test tell its caches, for oracle_report --guest-bits, "
                   "and add them to this file")
        ->envname("SECCOMP_CACHE_GUEST_BITS");
    app.add_option("--ktap", options.ktap, "names of the guest's KTAP programs, comma separated")
        ->delimiter(',')
        ->envname("SECCOMP_CACHE_KTAP");
    app.add_option("--ktap-allow-skip", options.ktap_allowed_skips,
                   "KTAP tests (by name, or by the reason they give) that may be skipped");
    app.add_option("--test-timeout", options.test_timeout,
                   "seconds that a guest test may take (tripled under emulation)")
        ->capture_default_str();
    app.add_option("--deadline-scale", options.deadline_scale,
                   "multiplies all deadlines, beside what the kernel's config asks for")
        ->capture_default_str();
    app.add_option("--memory", options.memory_mib,
                   "the machines' memory in MiB, if the kernel does not ask for more")
        ->capture_default_str();
    app.add_option("--stress-seconds", options.stress_seconds,
                   "seconds of the guest's time that the stress test lasts")
        ->envname("SECCOMP_CACHE_STRESS_SECONDS")
        ->capture_default_str();
    command_line::parse_or_exit(app, argc, argv);
    return options;
}

} // namespace tests
