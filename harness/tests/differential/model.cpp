// SPDX-License-Identifier: MIT
#include "tests/differential/model.h"

#include "cbpf/action.h"
#include "cbpf/interpreter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <csignal>

namespace differential {

namespace {

using guest::Outcome;
using guest::returned;

class Model {
public:
    Model(const Scenario &scenario, const PlannedCall &planned, const Unfiltered &unfiltered)
        : scenario_(scenario), planned_(planned), unfiltered_(unfiltered) {}

    Seen first(const seccomp_data &data) {
        const auto verdict = cbpf::run_chain(scenario_.chain, data);
        switch (verdict.value & SECCOMP_RET_ACTION_FULL) {
        case SECCOMP_RET_TRACE:
            if (scenario_.attendance == Attendance::tracer)
                return traced(verdict.value & SECCOMP_RET_DATA, data);
            break;
        case SECCOMP_RET_USER_NOTIF:
            // The newest filter has the listener, and only its own verdicts go there.
            if (scenario_.attendance == Attendance::listener &&
                verdict.match == scenario_.chain.size() - 1)
                return notified(data);
            break;
        default:
            break;
        }
        return plain(verdict.value, data);
    }

private:
    Outcome executed(const seccomp_data &data) const {
        return unfiltered_(planned_.call.path, static_cast<std::uint32_t>(data.nr));
    }

    Seen plain(std::uint32_t value, const seccomp_data &data) const {
        const std::uint32_t action = value & SECCOMP_RET_ACTION_FULL;
        Seen seen;
        seen.outcome = guest::predicted_for(value, data, executed(data));
        seen.only_the_thread_died = action == SECCOMP_RET_KILL_THREAD;
        if (deadly(value))
            seen.record = record(action, data, SIGSYS);
        else if (action == SECCOMP_RET_LOG)
            seen.record = record(action, data, 0);
        return seen;
    }

    static Record record(std::uint32_t action, const seccomp_data &data, int signal) {
        return {data.arch, data.nr, action, data.instruction_pointer, signal};
    }

    // The tracer may skip the call. Otherwise the filters are asked once more, and should they say
    // SECCOMP_RET_TRACE again, then the call is made.
    Seen traced(std::uint32_t message, seccomp_data data) const {
        Seen seen;
        const TracerPlan &plan = planned_.tracer;
        if (plan.kind == TracerPlan::Kind::change)
            data.nr = static_cast<int>(static_cast<std::uint32_t>(plan.number));
        if (plan.kind == TracerPlan::Kind::skip) {
            seen.outcome = returned(plan.value);
        } else if (data.nr < 0) {
            seen.outcome = returned(-ENOSYS); // what stands in the register at the entry
        } else {
            const std::uint32_t value = cbpf::run_chain(scenario_.chain, data).value;
            if ((value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE)
                seen.outcome = executed(data);
            else
                seen = plain(value, data);
        }
        seen.tracer_message = message;
        return seen;
    }

    Seen notified(const seccomp_data &data) const {
        Seen seen;
        const ListenerPlan &plan = planned_.listener;
        switch (plan.kind) {
        case ListenerPlan::Kind::value:
            seen.outcome = returned(plan.value);
            break;
        case ListenerPlan::Kind::error:
            seen.outcome = returned(plan.error);
            break;
        case ListenerPlan::Kind::go_on:
            seen.outcome = executed(data);
            break;
        }
        Shown shown{data.nr, data.arch, data.instruction_pointer, {}};
        for (std::size_t i = 0; i < shown.args.size(); i++)
            shown.args[i] = data.args[i];
        seen.notification = shown;
        return seen;
    }

    const Scenario &scenario_;
    const PlannedCall &planned_;
    const Unfiltered &unfiltered_;
};

} // namespace

bool deadly(std::uint32_t verdict) {
    switch (verdict & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_TRACE:
    case SECCOMP_RET_USER_NOTIF:
    case SECCOMP_RET_ERRNO:
    case SECCOMP_RET_TRAP:
        return false;
    default:
        return true;
    }
}

Seen expected(const Scenario &scenario, const PlannedCall &planned, const seccomp_data &data,
              const Unfiltered &unfiltered) {
    return Model(scenario, planned, unfiltered).first(data);
}

std::string describe(const Seen &seen) {
    std::string text = guest::describe(seen.outcome);
    if (seen.only_the_thread_died)
        text += " (the thread alone)";
    if (seen.tracer_message)
        text += fmt::format(", tracer asked with {:#x}", *seen.tracer_message);
    if (seen.notification)
        text += fmt::format(", listener asked about {} of {:#x} at {:#x} with {:#x}",
                            seen.notification->number, seen.notification->arch,
                            seen.notification->ip, fmt::join(seen.notification->args, ", "));
    if (seen.record)
        text +=
            fmt::format(", logged {} of {:#x} as {} at {:#x} with signal {}", seen.record->number,
                        seen.record->arch, cbpf::action_name(seen.record->code), seen.record->ip,
                        seen.record->signal);
    return text;
}

} // namespace differential
