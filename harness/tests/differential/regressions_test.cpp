// SPDX-License-Identifier: MIT
//
// What differential runs have found, or would find if something broke: reports end with a test to
// be put here.

#include "tests/differential/audit_log.h"
#include "tests/differential/checker.h"
#include "tests/differential/generate.h"
#include "tests/differential/scenario.h"
#include "tests/differential/session.h"

#include "cbpf/builder.h"

#include <gtest/gtest.h>

namespace differential {
namespace {

using namespace cbpf;
using guest::Bits;
using guest::Path;

void expect_agreement(const Scenario &scenario) {
    Session session(scenario.bits);
    session.learn(all_numbers(scenario.bits));
    const auto audit = AuditLog::open();
    SyscallChecker checker(session, audit.get());
    if (const auto found = checker.check(scenario))
        FAIL() << describe(scenario.calls[found->index], scenario.attendance)
               << "\n  the interpreter says " << found->verdict
               << "\n  expected: " << describe(found->expected)
               << "\n  seen:     " << describe(found->seen);
}

void expect_proc_file_agrees(const Chain &chain) {
    const auto found = proc_file_disagreement(chain);
    EXPECT_FALSE(found) << *found;
}

// A filter that starts without a load compares 0.
TEST(DifferentialRegressions, TheAccumulatorStartsAsZero) {
    expect_proc_file_agrees({{jset(0xffffffff, 1, 0), ret_allow(), ret(SECCOMP_RET_ERRNO | 1)}});
}

// The tracer makes a cached number of a traced one, in 32-bit code: what is executed is getpid.
TEST(DifferentialRegressions, ATracerChangesToACachedNumber) {
    expect_agreement(
        {.chain = {{load_nr(), jeq(64, 0, 1), ret(SECCOMP_RET_TRACE | 7), ret_allow()}},
         .bits = Bits::b32,
         .attendance = Attendance::tracer,
         .calls = {{.call = {Path::vdso32, 64, {1, 2, 3, 4, 5, 6}},
                    .tracer = {.kind = TracerPlan::Kind::change, .number = 20},
                    .listener = {}}}});
}

// The listener lets the call go on: it is made, with the high halves it was asked about.
TEST(DifferentialRegressions, AListenerLetsGoOn) {
    expect_agreement({.chain = {{load_arg_high(0), jeq(0xdeadbeef, 0, 1),
                                 ret(SECCOMP_RET_USER_NOTIF), ret_allow()}},
                      .bits = Bits::b64,
                      .attendance = Attendance::listener,
                      .calls = {{.call = {Path::int80_from_64, 20, {0xdeadbeef'00000001}},
                                 .tracer = {},
                                 .listener = {.kind = ListenerPlan::Kind::go_on}}}});
}

} // namespace
} // namespace differential
