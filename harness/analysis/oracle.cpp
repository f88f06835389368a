// SPDX-License-Identifier: MIT
#include "analysis/oracle.h"

#include "analysis/input_search.h"
#include "cbpf/checker.h"
#include "cbpf/disassembler.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace analysis {

namespace {

static_assert(sizeof(seccomp_data) == sizeof(Words));

// Memory for terms is kept from number to number, as they share most of them, up to so many.
constexpr std::size_t max_terms = 400'000;
constexpr std::size_t max_hints = 8;

seccomp_data data_of(const Words &words) { return std::bit_cast<seccomp_data>(words); }

Words words_of(std::uint32_t arch, std::uint32_t number) {
    Words words{};
    words[offsetof(seccomp_data, nr) / 4] = number;
    words[offsetof(seccomp_data, arch) / 4] = arch;
    return words;
}

// An input found for one number, for another.
Words with_number_of(const Words &start, Words input) {
    std::copy_n(start.begin(), 2, input.begin());
    return input;
}

// All ones, instead of all zeros.
Words filled(Words start) {
    std::fill(start.begin() + 2, start.end(), UINT32_MAX);
    return start;
}

} // namespace

OracleWork &OracleWork::operator+=(const OracleWork &other) {
    by_folding += other.by_folding;
    by_memory += other.by_memory;
    by_search += other.by_search;
    by_solver += other.by_solver;
    given_up += other.given_up;
    return *this;
}

Oracle::Oracle(cbpf::Chain chain, SolverLimits limits, Interpreter interpreter)
    : chain_(std::move(chain)), limits_(limits), interpreter_(std::move(interpreter)) {
    cbpf::require_acceptable(chain_);
    runs_.resize(chain_.size());
}

Oracle::~Oracle() = default;

void Oracle::forget_if_large() {
    if (terms_ && terms_->size() < max_terms)
        return;
    memory_.clear();
    terms_ = std::make_unique<Terms>();
    for (std::size_t index = 0; index < chain_.size(); index++)
        runs_[index] = std::make_unique<SymbolicRun>(chain_[index], *terms_);
}

const Outcomes &Oracle::run_filter(std::size_t index, std::uint32_t arch, std::uint32_t number) {
    return runs_[index]->run(arch, number);
}

Verdict Oracle::filter_verdict(std::size_t index, std::uint32_t arch, std::uint32_t number) {
    forget_if_large();
    const cbpf::Program &program = chain_.at(index);
    const Outcomes &outcomes = run_filter(index, arch, number);
    return decide_verdict(
        outcomes, {runs_[index].get()},
        [&](const seccomp_data &data) { return interpreter_.run(program, data); },
        words_of(arch, number));
}

Verdict Oracle::verdict(std::uint32_t arch, std::uint32_t number) {
    forget_if_large();
    Outcomes outcomes = {{.when = Terms::yes, .value = terms_->constant(SECCOMP_RET_ALLOW)}};
    std::vector<const SymbolicRun *> runs;
    for (std::size_t index = chain_.size(); index-- > 0;) {
        outcomes = combine(outcomes, run_filter(index, arch, number));
        runs.push_back(runs_[index].get());
    }
    return decide_verdict(
        outcomes, std::move(runs),
        [&](const seccomp_data &data) { return interpreter_.run_chain(chain_, data); },
        words_of(arch, number));
}

// The signed order of cbpf::action_rank(), as an unsigned one.
TermId Oracle::rank(TermId value) {
    const TermId action =
        terms_->binary(Op::bit_and, value, terms_->constant(SECCOMP_RET_ACTION_FULL));
    return terms_->binary(Op::bit_xor, action, terms_->constant(0x80000000));
}

// A filter's return takes over where it ranks strictly below what the newer filters came to.
Outcomes Oracle::combine(const Outcomes &newer, const Outcomes &older) {
    Terms &terms = *terms_;
    const auto takes_over = [&](const Outcome &late, const Outcome &early) {
        return terms.less(rank(late.value), rank(early.value));
    };
    // Under which conditions one side's outcome meets one of the other's that does `beat` it.
    const auto meets = [&](const Outcomes &others, const auto &beat) {
        TermId when = Terms::no;
        bool always = true; // whichever it meets
        for (const Outcome &other : others) {
            const TermId beaten = beat(other);
            always = always && beaten == Terms::yes;
            when = terms.either(when, terms.both(other.when, beaten));
        }
        return always ? Terms::yes : when;
    };

    Outcomes combined;
    for (const Outcome &early : newer) {
        const TermId lost = meets(older, [&](const auto &late) { return takes_over(late, early); });
        add_outcome(combined, terms, {terms.both(early.when, terms.negate(lost)), early.value});
    }
    for (const Outcome &late : older) {
        const TermId won = meets(newer, [&](const auto &early) { return takes_over(late, early); });
        add_outcome(combined, terms, {terms.both(late.when, won), late.value});
    }
    return combined;
}

Verdict Oracle::decide_verdict(const Outcomes &outcomes, std::vector<const SymbolicRun *> runs,
                               const Run &run, const Words &start) {
    const seccomp_data one = data_of(start);
    const std::uint32_t value = run(one);
    const auto answer = other_input({outcomes, std::move(runs), run, value, start});
    if (const auto *words = std::get_if<Words>(&answer)) {
        const seccomp_data other = data_of(with_number_of(start, *words));
        return Varies{.one = one, .other = other, .one_value = value, .other_value = run(other)};
    }
    if (const auto *gave_up = std::get_if<GaveUp>(&answer))
        return Unknown{gave_up->reason};
    return Constant{value};
}

Permission Oracle::always_allowed(std::uint32_t arch, std::uint32_t number) {
    forget_if_large();
    const Words start = words_of(arch, number);
    std::optional<Unknown> unknown;
    for (std::size_t index = 0; index < chain_.size(); index++) {
        const Run run = [&](const seccomp_data &data) {
            return interpreter_.run(chain_[index], data);
        };
        const Outcomes &outcomes = run_filter(index, arch, number);
        const auto answer =
            other_input({outcomes, {runs_[index].get()}, run, SECCOMP_RET_ALLOW, start});
        if (const auto *words = std::get_if<Words>(&answer)) {
            const seccomp_data data = data_of(with_number_of(start, *words));
            return Refused{.filter = index, .data = data, .value = run(data)};
        }
        if (const auto *gave_up = std::get_if<GaveUp>(&answer))
            unknown = Unknown{gave_up->reason};
    }
    // A filter that refuses settles it, whatever is unknown of others: hence last.
    if (unknown)
        return *unknown;
    return Allowed{};
}

SolverAnswer Oracle::other_input(const Question &question) {
    const auto key = std::pair(question.outcomes, question.value);
    const auto known = memory_.find(key);
    if (known != memory_.end())
        work_.by_memory++;
    SolverAnswer answer = known != memory_.end() ? known->second : find_other_input(question);
    distrust(question, answer);
    if (known == memory_.end())
        memory_.emplace(key, answer);
    return answer;
}

SolverAnswer Oracle::find_other_input(const Question &question) {
    const TermId condition = gives_other(question);
    if (const auto value = terms_->value(condition)) {
        work_.by_folding++;
        return *value != 0 ? SolverAnswer(question.start) : SolverAnswer(NoInput{});
    }
    const auto found =
        search_input(*terms_, question.runs, starts(question.start), [&](const Words &words) {
            return question.run(data_of(words)) != question.value;
        });
    if (found) {
        work_.by_search++;
        return *found;
    }
    SolverAnswer answer = solve(*terms_, condition, limits_);
    (std::holds_alternative<GaveUp>(answer) ? work_.given_up : work_.by_solver)++;
    if (const auto *words = std::get_if<Words>(&answer)) {
        hints_.push_front(*words);
        if (hints_.size() > max_hints)
            hints_.pop_back();
    }
    return answer;
}

std::vector<Words> Oracle::starts(const Words &start) const {
    std::vector<Words> all = {start, filled(start)};
    for (const Words &hint : hints_)
        all.push_back(with_number_of(start, hint));
    return all;
}

TermId Oracle::gives_other(const Question &question) {
    const TermId value = terms_->constant(question.value);
    TermId other = Terms::no;
    bool always = true;
    for (const Outcome &outcome : question.outcomes) {
        const TermId differs = terms_->negate(terms_->equal(outcome.value, value));
        always = always && differs == Terms::yes;
        other = terms_->either(other, terms_->both(outcome.when, differs));
    }
    return always ? Terms::yes : other;
}

// An answer is believed if the interpreter agrees as far as it can: with the input that makes the
// difference, or, where there is said to be none, with two for which there should be none.
void Oracle::distrust(const Question &question, const SolverAnswer &answer) const {
    if (std::holds_alternative<GaveUp>(answer))
        return;
    const auto *words = std::get_if<Words>(&answer);
    const std::vector<Words> inputs = words != nullptr
                                          ? std::vector{with_number_of(question.start, *words)}
                                          : std::vector{question.start, filled(question.start)};
    for (const Words &input : inputs)
        if ((question.run(data_of(input)) != question.value) != (words != nullptr))
            throw OracleError(
                fmt::format("the oracle and the interpreter disagree on syscall {} of "
                            "architecture {:#x}: {} is {}returned\n{}",
                            input[0], input[1], question.value, words != nullptr ? "" : "not ",
                            chain_.size() == 1 ? cbpf::disassemble(chain_[0]) : ""));
}

} // namespace analysis
