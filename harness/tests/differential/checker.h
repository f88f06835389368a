// SPDX-License-Identifier: MIT
//
// Compares what a kernel does with what the models say, and tells about the differences so that a
// person can do something about them.

#pragma once

#include "tests/differential/audit_log.h"
#include "tests/differential/session.h"
#include "tests/support/distribution.h"

#include <cstddef>
#include <optional>
#include <string>

namespace differential {

// Of the syscalls of scenarios.
class SyscallChecker {
public:
    // `audit` may be null: records are not looked at then.
    SyscallChecker(Session &session, AuditLog *audit) : session_(session), audit_(audit) {}

    struct Disagreement {
        std::size_t index; // of the call
        Seen expected;
        Seen seen;
        std::string verdict; // the interpreter's, and whether the number is cached
    };

    // The first one. Without any, `distribution` (may be null) has counted the calls.
    std::optional<Disagreement> check(const Scenario &scenario,
                                      support::Distribution *distribution = nullptr);
    // What `distribution` must have met in the end.
    void expect_everything(support::Distribution &distribution) const;

    // A scenario that still disagrees, and its report with a ready-made regression test.
    std::string shrunk_report(const Scenario &scenario, const std::string &name);

private:
    void add_records(std::vector<Happened> &happened, const std::vector<Seen> &wanted);
    Scenario shrunk(Scenario scenario);

    Session &session_;
    AuditLog *audit_;
};

// Of the proc file of a task with `chain`: nothing, or what differs.
std::optional<std::string> proc_file_disagreement(const cbpf::Chain &chain);
std::string shrunk_proc_report(cbpf::Chain chain, const std::string &name);

// What the filters of a run were made of.
void count_chain(const cbpf::Chain &chain, support::Distribution &distribution);
void expect_all_filters(support::Distribution &distribution);

} // namespace differential
