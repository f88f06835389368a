// SPDX-License-Identifier: MIT
#include "tests/differential/scenario.h"

#include "tests/support/program_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace differential {

namespace {

using guest::Path;

const char *path_source(Path path) {
    switch (path) {
    case Path::syscall:
        return "Path::syscall";
    case Path::int80_from_64:
        return "Path::int80_from_64";
    case Path::int80_from_32:
        return "Path::int80_from_32";
    case Path::vdso32:
        return "Path::vdso32";
    case Path::vsyscall:
        return "Path::vsyscall";
    }
    return "?";
}

std::string tracer_source(const TracerPlan &plan) {
    switch (plan.kind) {
    case TracerPlan::Kind::go_on:
        return "{}";
    case TracerPlan::Kind::skip:
        return fmt::format("{{.kind = TracerPlan::Kind::skip, .value = {}}}", plan.value);
    case TracerPlan::Kind::change:
        return fmt::format("{{.kind = TracerPlan::Kind::change, .number = {:#x}}}", plan.number);
    }
    return "?";
}

std::string listener_source(const ListenerPlan &plan) {
    switch (plan.kind) {
    case ListenerPlan::Kind::value:
        return fmt::format("{{.value = {}}}", plan.value);
    case ListenerPlan::Kind::error:
        return fmt::format("{{.kind = ListenerPlan::Kind::error, .error = {}}}", plan.error);
    case ListenerPlan::Kind::go_on:
        return "{.kind = ListenerPlan::Kind::go_on}";
    }
    return "?";
}

std::string call_source(const PlannedCall &planned) {
    const auto &call = planned.call;
    return fmt::format("{{.call = {{{}, {:#x}, {{{:#x}}}}},\n      .tracer = {},\n      "
                       ".listener = {}}}",
                       path_source(call.path), call.number, fmt::join(call.args, ", "),
                       tracer_source(planned.tracer), listener_source(planned.listener));
}

} // namespace

const char *attendance_name(Attendance attendance) {
    switch (attendance) {
    case Attendance::nobody:
        return "nobody";
    case Attendance::tracer:
        return "tracer";
    case Attendance::listener:
        return "listener";
    }
    return "?";
}

std::vector<guest::Call> calls_of(const Scenario &scenario) {
    std::vector<guest::Call> calls;
    for (const auto &planned : scenario.calls)
        calls.push_back(planned.call);
    return calls;
}

std::string describe(const PlannedCall &planned, Attendance attendance) {
    std::string text = guest::describe(planned.call);
    if (attendance == Attendance::tracer)
        text += ", tracer " + tracer_source(planned.tracer);
    if (attendance == Attendance::listener)
        text += ", listener " + listener_source(planned.listener);
    return text;
}

std::string source(const Scenario &scenario) {
    std::string calls;
    for (const auto &planned : scenario.calls)
        calls += (calls.empty() ? "" : ",\n     ") + call_source(planned);
    return fmt::format("{{.chain =\n    {},\n .bits = Bits::{},\n .attendance = "
                       "Attendance::{},\n .calls =\n    {{{}}}}}",
                       support::chain_source(scenario.chain),
                       scenario.bits == guest::Bits::b64 ? "b64" : "b32",
                       attendance_name(scenario.attendance), calls);
}

} // namespace differential
