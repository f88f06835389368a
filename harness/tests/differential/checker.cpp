// SPDX-License-Identifier: MIT
#include "tests/differential/checker.h"

#include "cbpf/action.h"
#include "cbpf/disassembler.h"
#include "cbpf/interpreter.h"
#include "kernel/cross_check.h"
#include "kernel/emulator/kernel_emulator.h"
#include "tests/differential/generate.h"
#include "tests/guest/attach.h"
#include "tests/guest/cache.h"
#include "tests/guest/names.h"
#include "tests/support/program_source.h"
#include "tests/support/shrink.h"

#include <fmt/format.h>
#include <linux/audit.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <map>
#include <utility>

namespace differential {

namespace {

using guest::Path;

// Each try takes some milliseconds, and the report must be out before the test's own time is over.
constexpr std::size_t shrink_tries = 1500;
constexpr std::chrono::seconds shrink_time(15);
// Of a proc file that differs: a filter that is misunderstood shows on hundreds of lines.
constexpr std::size_t shown_lines = 8;
constexpr unsigned long suspend_seccomp = 1UL << 21; // PTRACE_O_SUSPEND_SECCOMP

const std::vector<std::size_t> &depths() {
    static const std::vector<std::size_t> starts = {1, 2, 5, 13, 32};
    return starts;
}

const std::vector<std::size_t> &lengths() {
    static const std::vector<std::size_t> starts = {1, 2, 5, 10, 20, 50, 100, 200};
    return starts;
}

// All that seccomp_check_filter() knows.
constexpr unsigned instruction_codes[] = {BPF_LD | BPF_W | BPF_ABS,
                                          BPF_LD | BPF_W | BPF_LEN,
                                          BPF_LDX | BPF_W | BPF_LEN,
                                          BPF_LD | BPF_IMM,
                                          BPF_LDX | BPF_IMM,
                                          BPF_LD | BPF_MEM,
                                          BPF_LDX | BPF_MEM,
                                          BPF_ST,
                                          BPF_STX,
                                          BPF_MISC | BPF_TAX,
                                          BPF_MISC | BPF_TXA,
                                          BPF_RET | BPF_K,
                                          BPF_RET | BPF_A,
                                          BPF_ALU | BPF_ADD | BPF_K,
                                          BPF_ALU | BPF_ADD | BPF_X,
                                          BPF_ALU | BPF_SUB | BPF_K,
                                          BPF_ALU | BPF_SUB | BPF_X,
                                          BPF_ALU | BPF_MUL | BPF_K,
                                          BPF_ALU | BPF_MUL | BPF_X,
                                          BPF_ALU | BPF_DIV | BPF_K,
                                          BPF_ALU | BPF_DIV | BPF_X,
                                          BPF_ALU | BPF_AND | BPF_K,
                                          BPF_ALU | BPF_AND | BPF_X,
                                          BPF_ALU | BPF_OR | BPF_K,
                                          BPF_ALU | BPF_OR | BPF_X,
                                          BPF_ALU | BPF_XOR | BPF_K,
                                          BPF_ALU | BPF_XOR | BPF_X,
                                          BPF_ALU | BPF_LSH | BPF_K,
                                          BPF_ALU | BPF_LSH | BPF_X,
                                          BPF_ALU | BPF_RSH | BPF_K,
                                          BPF_ALU | BPF_RSH | BPF_X,
                                          BPF_ALU | BPF_NEG,
                                          BPF_JMP | BPF_JA,
                                          BPF_JMP | BPF_JEQ | BPF_K,
                                          BPF_JMP | BPF_JEQ | BPF_X,
                                          BPF_JMP | BPF_JGE | BPF_K,
                                          BPF_JMP | BPF_JGE | BPF_X,
                                          BPF_JMP | BPF_JGT | BPF_K,
                                          BPF_JMP | BPF_JGT | BPF_X,
                                          BPF_JMP | BPF_JSET | BPF_K,
                                          BPF_JMP | BPF_JSET | BPF_X};

const std::vector<std::string> &verdicts() {
    static const std::vector<std::string> names = {"ALLOW",       "ERRNO",        "TRAP",
                                                   "TRACE",       "LOG",          "USER_NOTIF",
                                                   "KILL_THREAD", "KILL_PROCESS", "unknown"};
    return names;
}

std::string verdict_name(std::uint32_t value) {
    const std::string name = cbpf::action_name(value & SECCOMP_RET_ACTION_FULL);
    const std::string bare = name.substr(0, name.find('('));
    return std::count(verdicts().begin(), verdicts().end(), bare) > 0 ? bare : "unknown";
}

// By the kernel's emulator in user space, for all numbers of both architectures.
class Cached {
public:
    explicit Cached(const cbpf::Chain &chain) : chain_(chain) {}

    bool operator()(const seccomp_data &data) {
        const auto number = static_cast<std::uint32_t>(data.nr);
        const auto &table =
            data.arch == AUDIT_ARCH_X86_64 ? guest::native_table() : guest::compat_table();
        auto &bits = allowed_[data.arch];
        if (bits.empty())
            bits = kernel::emulated_numbers(chain_, data.arch, table.size);
        return number < bits.size() && bits[number];
    }

private:
    const cbpf::Chain &chain_;
    std::map<std::uint32_t, std::vector<bool>> allowed_;
};

std::string on(const char *what, Path path) {
    return fmt::format("{}, {}", what, guest::path_name(path));
}

// What a tracer did, and what the filters said of the changed number.
std::string tracer_category(const Scenario &scenario, const PlannedCall &planned, seccomp_data data,
                            Cached &cached) {
    if (planned.tracer.kind == TracerPlan::Kind::go_on)
        return "go on";
    if (planned.tracer.kind == TracerPlan::Kind::skip)
        return "skip";
    data.nr = static_cast<int>(static_cast<std::uint32_t>(planned.tracer.number));
    if (data.nr < 0)
        return "change: negative";
    if (cached(data))
        return "change: cached";
    const auto verdict = cbpf::run_chain(scenario.chain, data).value;
    return "change: " + (deadly(verdict) ? "deadly" : verdict_name(verdict));
}

std::string listener_category(const ListenerPlan &plan) {
    return plan.kind == ListenerPlan::Kind::value   ? "value"
           : plan.kind == ListenerPlan::Kind::error ? "error"
                                                    : "go on";
}

// Counts a scenario's calls. By number first, as there are many, and by name at the end.
class CallCounts {
public:
    CallCounts(const Scenario &scenario, Cached &cached, support::Distribution &distribution)
        : scenario_(scenario), cached_(cached), distribution_(distribution) {}

    ~CallCounts() {
        for (const auto &[path, counts] : paths_)
            hand_over(path, counts);
    }
    CallCounts(const CallCounts &) = delete;
    CallCounts &operator=(const CallCounts &) = delete;

    void add(const PlannedCall &planned, const Happened &happened, std::uint32_t verdict) {
        auto &counts = paths_[planned.call.path];
        counts.actions[verdict & SECCOMP_RET_ACTION_FULL]++;
        counts.served[cached_(happened.data) ? 1 : 0]++;
        counts.kinds[kind_of(planned.call.path, static_cast<std::uint32_t>(planned.call.number))]++;
        counts.garbage[planned.call.number >> 32 == 0 ? 0 : 1]++;
        if (happened.seen.tracer_message)
            distribution_.count("tracer",
                                tracer_category(scenario_, planned, happened.data, cached_));
        if (happened.seen.notification)
            distribution_.count("listener", listener_category(planned.listener));
        if (happened.seen.record)
            distribution_.count("record", verdict_name(happened.seen.record->code));
    }

private:
    struct Counts {
        std::map<std::uint32_t, std::uint64_t> actions;
        std::map<Number::Kind, std::uint64_t> kinds;
        std::array<std::uint64_t, 2> served{};
        std::array<std::uint64_t, 2> garbage{};
    };

    void hand_over(Path path, const Counts &counts) {
        for (const auto &[action, times] : counts.actions)
            distribution_.count(on("verdict", path), verdict_name(action), times);
        distribution_.count(on("served", path), "from the cache", counts.served[1]);
        distribution_.count(on("served", path), "by filters", counts.served[0]);
        for (const auto &[kind, times] : counts.kinds)
            distribution_.count(on("number", path), kind_name(kind), times);
        if (path_bits(path) == guest::Bits::b64) {
            distribution_.count(on("upper half of the number", path), "clear", counts.garbage[0]);
            distribution_.count(on("upper half of the number", path), "garbage", counts.garbage[1]);
        }
    }

    const Scenario &scenario_;
    Cached &cached_;
    support::Distribution &distribution_;
    std::map<Path, Counts> paths_;
};

std::string disassembly(const cbpf::Chain &chain) {
    std::string text;
    for (std::size_t i = 0; i < chain.size(); i++)
        text += fmt::format("filter {}:\n{}", i, cbpf::disassemble(chain[i]));
    return text;
}

std::string first_lines(const std::string &text, std::size_t count) {
    std::size_t end = 0;
    for (; count > 0 && end != text.npos; count--)
        end = text.find('\n', end == 0 ? 0 : end + 1);
    return end == text.npos ? text : text.substr(0, end) + "\n...\n";
}

std::string test_source(const std::string &name, const std::string &body) {
    return fmt::format("As a regression test (harness/tests/differential/regressions_test.cpp):\n\n"
                       "TEST(DifferentialRegressions, {}) {{\n{}}}\n",
                       name, body);
}

} // namespace

// --- syscalls ---

// In the order they came. What nobody wants is given to the call before it, or the first.
void SyscallChecker::add_records(std::vector<Happened> &happened, const std::vector<Seen> &wanted) {
    const auto records = audit_->records();
    std::size_t next = 0;
    for (std::size_t i = 0; i < happened.size(); i++)
        if (wanted[i].record && next < records.size() && records[next].pid == happened[i].pid)
            happened[i].seen.record = records[next++].record;
    if (next == records.size())
        return;
    for (std::size_t i = 0; i < happened.size(); i++) {
        if (happened[i].pid == records[next].pid && !wanted[i].record &&
            happened[i].data.nr == records[next].record.number) {
            happened[i].seen.record = records[next].record;
            return;
        }
    }
    happened.front().seen.record = records[next].record;
}

std::optional<SyscallChecker::Disagreement>
SyscallChecker::check(const Scenario &scenario, support::Distribution *distribution) {
    if (scenario.calls.empty())
        return std::nullopt;
    const Unfiltered unfiltered = [&](Path path, std::uint32_t number) {
        return session_.unfiltered(path, number);
    };
    auto happened = session_.run(scenario);
    std::vector<Seen> wanted;
    for (std::size_t i = 0; i < happened.size(); i++)
        wanted.push_back(expected(scenario, scenario.calls[i], happened[i].data, unfiltered));
    if (audit_ != nullptr)
        add_records(happened, wanted);
    else
        for (auto &one : wanted)
            one.record.reset();

    Cached cached(scenario.chain);
    for (std::size_t i = 0; i < happened.size(); i++) {
        if (wanted[i] == happened[i].seen)
            continue;
        const auto value = cbpf::run_chain(scenario.chain, happened[i].data).value;
        return Disagreement{i, wanted[i], happened[i].seen,
                            fmt::format("{}, {}", cbpf::action_name(value),
                                        cached(happened[i].data) ? "cached" : "not cached")};
    }
    if (distribution != nullptr) {
        count_chain(scenario.chain, *distribution);
        distribution->count("attendance", attendance_name(scenario.attendance));
        CallCounts counts(scenario, cached, *distribution);
        for (std::size_t i = 0; i < happened.size(); i++)
            counts.add(scenario.calls[i], happened[i],
                       cbpf::run_chain(scenario.chain, happened[i].data).value);
    }
    return std::nullopt;
}

void SyscallChecker::expect_everything(support::Distribution &distribution) const {
    expect_all_filters(distribution);
    distribution.expect("attendance", {"nobody", "tracer", "listener"});
    for (const Path path : paths(session_.bits())) {
        distribution.expect(on("verdict", path), verdicts());
        distribution.expect(on("served", path), {"from the cache", "by filters"});
        distribution.expect(on("number", path), kind_names());
        if (path_bits(path) == guest::Bits::b64)
            distribution.expect(on("upper half of the number", path), {"clear", "garbage"});
    }
    distribution.expect("tracer",
                        {"go on", "skip", "change: negative", "change: cached", "change: ALLOW",
                         "change: ERRNO", "change: TRAP", "change: TRACE", "change: LOG",
                         "change: USER_NOTIF", "change: deadly"});
    distribution.expect("listener", {"value", "error", "go on"});
    if (audit_ != nullptr)
        distribution.expect("record", {"LOG", "KILL_THREAD", "KILL_PROCESS", "unknown"});
}

// A smaller one that disagrees: one call if that is enough, few and short filters, plain arguments.
Scenario SyscallChecker::shrunk(Scenario scenario) {
    support::Budget budget(shrink_tries, shrink_time);
    const auto with_calls = [&](const std::vector<PlannedCall> &calls) {
        Scenario smaller = scenario;
        smaller.calls = calls;
        return check(smaller).has_value();
    };
    if (const auto found = check(scenario); found && with_calls({scenario.calls[found->index]}))
        scenario.calls = {scenario.calls[found->index]};
    scenario.calls = support::shrink_list<PlannedCall>(scenario.calls, with_calls, budget);
    scenario.chain = support::shrink_chain(
        scenario.chain,
        [&](const cbpf::Chain &chain) {
            Scenario smaller = scenario;
            smaller.chain = chain;
            return check(smaller).has_value();
        },
        budget);
    for (auto &planned : scenario.calls) {
        const auto number = static_cast<std::uint32_t>(planned.call.number);
        if (needs_arguments(planned.call.path, number))
            continue;
        for (auto &argument : planned.call.args) {
            const auto before = std::exchange(argument, 0);
            if (before != 0 && budget.take() && !check(scenario))
                argument = before;
        }
    }
    return scenario;
}

std::string SyscallChecker::shrunk_report(const Scenario &scenario, const std::string &name) {
    try {
        const Scenario small = shrunk(scenario);
        if (const auto found = check(small))
            return fmt::format(
                "{}\n  the interpreter says {}\n  expected: {}\n  seen:     {}\n{}{}",
                describe(small.calls[found->index], small.attendance), found->verdict,
                describe(found->expected), describe(found->seen), disassembly(small.chain),
                test_source(name, fmt::format("    expect_agreement(\n{});\n", source(small))));
        return "It did not happen again: the same calls under the same filters agreed later.\n" +
               disassembly(scenario.chain);
    } catch (const std::exception &error) {
        return fmt::format("It could not be made smaller: {}\n{}", error.what(),
                           disassembly(scenario.chain));
    }
}

// --- the proc file ---

std::optional<std::string> proc_file_disagreement(const cbpf::Chain &chain) {
    guest::Child child(
        [&] {
            for (const auto &program : chain)
                guest::require(guest::attach(program) == 0, "attach");
            guest::breakpoint();
        },
        suspend_seccomp);
    if (child.run() != guest::Child::breakpoint)
        return "a filter was not attached: " + child.message();
    const auto result = guest::shows_cache_of(guest::read_cache(child.pid()), chain);
    if (result)
        return std::nullopt;
    return first_lines(result.message(), shown_lines);
}

std::string shrunk_proc_report(cbpf::Chain chain, const std::string &name) {
    support::Budget budget(shrink_tries, shrink_time);
    chain = support::shrink_chain(
        chain,
        [](const cbpf::Chain &smaller) { return proc_file_disagreement(smaller).has_value(); },
        budget);
    const auto found = proc_file_disagreement(chain);
    return fmt::format("{}\n{}{}", found.value_or("It did not happen again."), disassembly(chain),
                       test_source(name, fmt::format("    expect_proc_file_agrees(\n    {});\n",
                                                     support::chain_source(chain))));
}

// --- filters ---

void count_chain(const cbpf::Chain &chain, support::Distribution &distribution) {
    distribution.count("depth of stacks", support::range_name(chain.size(), depths()));
    std::map<std::uint16_t, std::uint64_t> codes;
    for (const auto &program : chain) {
        distribution.count("length of filters", support::range_name(program.size(), lengths()));
        for (const auto &instruction : program)
            codes[instruction.code]++;
    }
    for (const auto &[code, times] : codes)
        distribution.count("instruction", guest::code_name(code), times);
}

void expect_all_filters(support::Distribution &distribution) {
    distribution.expect("depth of stacks", support::range_names(depths()));
    distribution.expect("length of filters", support::range_names(lengths()));
    std::vector<std::string> names;
    for (const unsigned code : instruction_codes)
        names.push_back(guest::code_name(code));
    distribution.expect("instruction", names);
}

} // namespace differential
