// SPDX-License-Identifier: MIT
#include "tests/differential/generate.h"

#include "cbpf/builder.h"
#include "tests/guest/cache.h"
#include "tests/guest/probe_job.h"
#include "tests/support/stacks.h"

#include <linux/audit.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <stdexcept>
#include <utility>

namespace differential {

namespace {

using guest::Path;
using support::chance;
using support::one_of;
using support::pick;
using support::Random;
using support::Shape;

constexpr std::uint32_t x32_bit = 0x40000000;

// getpid, getppid, gettid, getuid, geteuid, getgid, getegid, getpgrp, sched_yield, munlockall: by
// number, as the two tables have them. None reads an argument.
constexpr std::array<std::uint32_t, 10> native_harmless = {39,  110, 186, 102, 107,
                                                           104, 108, 111, 24,  152};
constexpr std::array<std::uint32_t, 10> compat_harmless = {20,  64,  224, 199, 201,
                                                           200, 202, 65,  158, 153};

std::vector<Number> make_numbers(bool native, std::uint32_t size) {
    using Kind = Number::Kind;
    std::vector<Number> all;
    for (const std::uint32_t value : native ? native_harmless : compat_harmless)
        all.push_back({Kind::harmless, value});
    for (const std::uint32_t value : native ? std::array{400U, 336U} : std::array{223U, 17U})
        all.push_back({Kind::unassigned, value});
    // Whatever it is, it takes no arguments like these.
    const std::array<std::uint64_t, 6> of_nothing = {~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL};
    all.push_back({Kind::last, size - 1, of_nothing});
    for (const std::uint32_t value : {size, size + 1, size + 6, size + 7, size + 40, 512U, 1023U,
                                      4096U, 0x10000U | 39U, 0x3fffffffU, 0x7fffffffU})
        all.push_back({Kind::beyond, value});
    // Where there is x32 these are calls, and two of them look at their arguments.
    for (const std::uint32_t value : {39U, 110U, 20U})
        all.push_back({Kind::x32, x32_bit | value});
    for (const std::uint32_t value : {0U, 440U})
        all.push_back({Kind::x32, x32_bit | value, of_nothing});
    for (const std::uint32_t value :
         {0xffffffffU, 0xfffffffeU, 0x80000000U, 0x80000000U | 39U, 0xffffffffU - 38U})
        all.push_back({Kind::negative, value});
    return all;
}

const std::vector<Number> &of_kind(Path path, Number::Kind kind) {
    static std::map<std::pair<std::uint32_t, Number::Kind>, std::vector<Number>> known;
    auto &some = known[{guest::path_arch(path), kind}];
    if (some.empty())
        for (const auto &number : numbers(path))
            if (number.kind == kind)
                some.push_back(number);
    return some;
}

const Number &random_number(Random &random, Path path) {
    using Kind = Number::Kind;
    static constexpr Kind kinds[] = {Kind::harmless, Kind::harmless,   Kind::harmless,
                                     Kind::harmless, Kind::harmless,   Kind::harmless,
                                     Kind::harmless, Kind::unassigned, Kind::last,
                                     Kind::beyond,   Kind::x32,        Kind::negative};
    return one_of(random, of_kind(path, one_of(random, kinds)));
}

// The upper half of the register is not looked at, whatever it is.
std::uint64_t with_garbage(Random &random, std::uint32_t number) {
    static constexpr std::uint64_t halves[] = {1ULL << 32, 1ULL << 63, 0xffffffffULL << 32,
                                               0xdeadbeefULL << 32};
    return chance(random, 5) ? one_of(random, halves) | number : number;
}

const Number *known_number(Path path, std::uint32_t value) {
    const auto known =
        std::ranges::find_if(numbers(path), [=](const Number &one) { return one.value == value; });
    return known != numbers(path).end() ? &*known : nullptr;
}

// --- filters ---

constexpr std::uint32_t grim[] = {SECCOMP_RET_KILL_THREAD,  SECCOMP_RET_KILL_THREAD | 3,
                                  SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS | 9,
                                  0x00010000 /* unknown */, 0x7ffe1234 /* unknown */};

constexpr std::uint32_t one_of_each[] = {SECCOMP_RET_ERRNO | 78, SECCOMP_RET_TRAP | 3,
                                         SECCOMP_RET_LOG, SECCOMP_RET_USER_NOTIF,
                                         SECCOMP_RET_TRACE | 8};

std::vector<std::uint32_t> random_returns(Random &random, Attendance attendance, bool logging) {
    std::vector<std::uint32_t> returns(3, SECCOMP_RET_ALLOW);
    for (std::uint32_t more = 1 + pick(random, 3); more > 0; more--)
        returns.push_back(chance(random, attendance == Attendance::tracer ? 4 : 8)
                              ? one_of(random, grim)
                              : one_of(random, support::mild_returns));
    if (attendance == Attendance::tracer)
        returns.push_back(SECCOMP_RET_TRACE | pick(random, 0x10000));
    if (attendance == Attendance::listener)
        returns.push_back(SECCOMP_RET_USER_NOTIF | pick(random, 4));
    if (logging)
        returns.insert(returns.end(), 4, SECCOMP_RET_LOG);
    return returns;
}

// A few numbers, of either architecture: with all of them in every filter nothing would be left.
std::vector<std::uint32_t> random_aim(Random &random, guest::Bits bits) {
    std::vector<std::uint32_t> aim;
    const auto candidates = paths(bits);
    for (std::uint32_t count = 3 + pick(random, 10); count > 0; count--)
        aim.push_back(random_number(random, one_of(random, candidates)).value);
    return aim;
}

Shape random_shape(Random &random, std::size_t depth) {
    // Deep stacks are made of restrictions in real life; and a random program that hits everything
    // would drown what the others say.
    if (depth > 4 && !chance(random, 6))
        return Shape::restriction;
    const Shape shape = one_of(random, support::all_shapes);
    return shape == Shape::random && depth > 2 ? Shape::scratch : shape;
}

// A verdict of its own for each number, that for which somebody is in attendance more often.
cbpf::Program switchboard(Random &random, const std::vector<std::uint32_t> &numbers,
                          Attendance attendance) {
    cbpf::Program program = {cbpf::load_nr()};
    for (const std::uint32_t number : numbers) {
        std::uint32_t value = one_of(random, one_of_each);
        if (chance(random, 5))
            value = one_of(random, grim);
        if (attendance != Attendance::nobody && chance(random, 3))
            value =
                (attendance == Attendance::tracer ? SECCOMP_RET_TRACE : SECCOMP_RET_USER_NOTIF) |
                pick(random, 0x10000);
        program.push_back(cbpf::jeq(number, 0, 1));
        program.push_back(cbpf::ret(value));
    }
    program.push_back(cbpf::ret_allow());
    return program;
}

// --- calls ---

// A number the filters are about, or any; with arguments of no account.
std::uint32_t random_change(Random &random, Path path, const std::vector<std::uint32_t> &aim) {
    // Others are more often cached.
    for (int tries = chance(random, 3) ? 8 : 0; tries < 8; tries++) {
        const std::uint32_t value = one_of(random, aim);
        const Number *known = known_number(path, value);
        if (known != nullptr && !known->arguments)
            return value;
    }
    return one_of(random, of_kind(path, chance(random, 4) ? Number::Kind::negative
                                                          : Number::Kind::harmless))
        .value;
}

Number random_call_number(Random &random, Path path, const std::vector<std::uint32_t> &aim) {
    const std::uint32_t value = one_of(random, aim);
    const Number *known = known_number(path, value);
    return known != nullptr && chance(random, 2) ? *known : random_number(random, path);
}

TracerPlan random_tracer_plan(Random &random, Path path, const std::vector<std::uint32_t> &aim) {
    switch (pick(random, 5)) {
    case 0:
        return {};
    case 1:
        return {.kind = TracerPlan::Kind::skip,
                .value = chance(random, 2) ? 100'000'000 + pick(random, 1000)
                                           : -static_cast<std::int64_t>(1 + pick(random, 4000))};
    default:
        break;
    }
    return {.kind = TracerPlan::Kind::change,
            .number = with_garbage(random, random_change(random, path, aim))};
}

ListenerPlan random_listener_plan(Random &random) {
    switch (pick(random, 3)) {
    case 0:
        return {.value = 200'000'000 + pick(random, 1000)};
    case 1:
        return {.kind = ListenerPlan::Kind::error,
                .error = -static_cast<int>(1 + pick(random, 4095))};
    default:
        return {.kind = ListenerPlan::Kind::go_on};
    }
}

PlannedCall random_call(Random &random, Path path, const cbpf::Program &program,
                        const std::vector<std::uint32_t> &aim) {
    const Number number = random_call_number(random, path, aim);
    const auto data = support::random_data(random, program, guest::path_arch(path), number.value);
    PlannedCall planned{.call = {path, with_garbage(random, number.value), {}},
                        .tracer = random_tracer_plan(random, path, aim),
                        .listener = random_listener_plan(random)};
    for (std::size_t i = 0; i < planned.call.args.size(); i++)
        planned.call.args[i] = number.arguments ? (*number.arguments)[i] : data.args[i];
    return planned;
}

// As the filters will be shown it, but for an instruction pointer that is not known yet.
seccomp_data preview(const guest::Call &call) {
    static const probe_job nothing_known{};
    return guest::shown_to_filters(nothing_known, call);
}

} // namespace

const char *kind_name(Number::Kind kind) {
    switch (kind) {
    case Number::Kind::harmless:
        return "harmless";
    case Number::Kind::unassigned:
        return "unassigned";
    case Number::Kind::last:
        return "last";
    case Number::Kind::beyond:
        return "beyond";
    case Number::Kind::x32:
        return "x32";
    case Number::Kind::negative:
        return "negative";
    }
    return "?";
}

std::vector<std::string> kind_names() {
    return {"harmless", "unassigned", "last", "beyond", "x32", "negative"};
}

const std::vector<Number> &numbers(Path path) {
    static const std::vector<Number> native = make_numbers(true, guest::native_table().size);
    static const std::vector<Number> compat = make_numbers(false, guest::compat_table().size);
    return guest::path_arch(path) == AUDIT_ARCH_X86_64 ? native : compat;
}

Number::Kind kind_of(Path path, std::uint32_t number) {
    if (const Number *known = known_number(path, number))
        return known->kind;
    throw std::logic_error("not a number of this test");
}

bool needs_arguments(Path path, std::uint32_t number) {
    const Number *known = known_number(path, number);
    return known != nullptr && known->arguments.has_value();
}

std::vector<Path> paths(guest::Bits bits) {
    return bits == guest::Bits::b64 ? std::vector{Path::syscall, Path::int80_from_64}
                                    : std::vector{Path::int80_from_32, Path::vdso32};
}

std::vector<guest::Call> all_numbers(guest::Bits bits) {
    std::vector<guest::Call> calls;
    for (const Path path : paths(bits))
        for (const auto &number : numbers(path))
            calls.push_back(
                {path, number.value, number.arguments.value_or(std::array<std::uint64_t, 6>{})});
    return calls;
}

Scenario random_scenario(Random &random, guest::Bits bits, const Unfiltered &unfiltered,
                         const Favour &favour) {
    static constexpr Attendance attendances[] = {Attendance::nobody, Attendance::tracer,
                                                 Attendance::listener};
    Scenario scenario;
    scenario.bits = bits;
    scenario.attendance = one_of(random, attendances);
    const std::size_t depth = support::random_depth(random);
    support::Aim aim;
    aim.numbers = random_aim(random, bits);
    for (std::size_t i = 0; i < depth; i++) {
        aim.returns = random_returns(random, scenario.attendance, favour.logging);
        scenario.chain.push_back(support::shaped_program(random, random_shape(random, depth), aim));
    }

    support::put_in_a_short_one(random, scenario.chain);
    support::put_in_all_instructions(random, scenario.chain);
    if (chance(random, 2))
        scenario.chain.back() = switchboard(random, aim.numbers, scenario.attendance);

    const auto ways = paths(bits);
    std::size_t deaths[2] = {0, 0}; // of themselves, and by what a tracer makes of a call
    // Where everything is deadly, few calls are left.
    for (std::size_t tries = 0; tries < favour.calls; tries++) {
        const auto planned =
            random_call(random, one_of(random, ways), one_of(random, scenario.chain), aim.numbers);
        const auto seen = expected(scenario, planned, preview(planned.call), unfiltered);
        if (seen.outcome.kind == guest::Outcome::Kind::killed &&
            deaths[seen.tracer_message ? 1 : 0]++ >= favour.deaths)
            continue;
        scenario.calls.push_back(planned);
    }
    return scenario;
}

} // namespace differential
