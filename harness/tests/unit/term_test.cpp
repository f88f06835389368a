// SPDX-License-Identifier: MIT
//
// Terms simplify themselves, and the solver translates them: whatever they become must have the
// value of what was asked for. Random expressions are built once as terms and once as plain
// numbers, for a handful of inputs.
#include "analysis/input_search.h"
#include "analysis/solver.h"
#include "analysis/term.h"
#include "tests/support/random_program.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace {

using analysis::Evaluation;
using analysis::GaveUp;
using analysis::NoInput;
using analysis::Op;
using analysis::solve;
using analysis::TermId;
using analysis::Terms;
using analysis::Words;
using support::pick;
using support::Random;

constexpr std::size_t inputs = 24;
using Values = std::array<std::uint32_t, inputs>;

struct Built {
    TermId id;
    Values values;
};

// Constants and inputs at which arithmetic has its edges, so that rules about them are used.
std::uint32_t edge(Random &random) {
    constexpr std::array<std::uint32_t, 10> edges = {
        0, 1, 2, 3, 31, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0xffff0000};
    if (pick(random, 3) == 0)
        return static_cast<std::uint32_t>(random());
    return pick(random, 4) == 0 ? 1U << pick(random, 32)
                                : edges[pick(random, static_cast<unsigned>(edges.size()))];
}

class Expressions {
public:
    Expressions(Terms &terms, Random &random) : terms_(terms), random_(random) {
        for (Words &input : inputs_)
            for (std::uint32_t &word : input)
                word = edge(random);
        // Equal words, so that comparisons come out either way.
        inputs_[1].fill(0);
        inputs_[2].fill(UINT32_MAX);
        inputs_[3].fill(7);
        for (unsigned word = 2; word < 6; word++) {
            Values values;
            for (std::size_t i = 0; i < inputs; i++)
                values[i] = inputs_[i][word];
            numbers_.push_back({terms.word(word), values});
        }
        truths_.push_back({Terms::yes, all(1)});
        truths_.push_back({Terms::no, all(0)});
    }

    void grow() {
        switch (pick(random_, 10)) {
        case 0: {
            const std::uint32_t k = edge(random_);
            numbers_.push_back({terms_.constant(k), all(k)});
            return;
        }
        case 1:
            return grow_choice();
        case 2:
        case 3:
            return grow_comparison();
        case 4:
        case 5:
            return grow_truth();
        default:
            return grow_number();
        }
    }

    const std::vector<Built> &numbers() const { return numbers_; }
    const std::vector<Built> &truths() const { return truths_; }
    const std::array<Words, inputs> &all_inputs() const { return inputs_; }

private:
    static Values all(std::uint32_t value) {
        Values values;
        values.fill(value);
        return values;
    }
    // Mostly a recent one: expressions get deep.
    const Built &any(const std::vector<Built> &from) {
        const auto size = static_cast<std::uint32_t>(from.size());
        return from[pick(random_, 3) == 0 ? pick(random_, size)
                                          : size - 1 - pick(random_, std::min(size, 4U))];
    }

    template <typename Function> static Values map(Function function) {
        Values values;
        for (std::size_t i = 0; i < inputs; i++)
            values[i] = function(i);
        return values;
    }

    // Not by compute(): that is under test.
    static std::uint32_t plain(Op op, std::uint32_t a, std::uint32_t b) {
        switch (op) {
        case Op::add:
            return a + b;
        case Op::sub:
            return a - b;
        case Op::mul:
            return a * b;
        case Op::divide:
            return b == 0 ? UINT32_MAX : a / b;
        case Op::remainder:
            return b == 0 ? a : a % b;
        case Op::bit_and:
            return a & b;
        case Op::bit_or:
            return a | b;
        case Op::bit_xor:
            return a ^ b;
        case Op::shift_left:
            return a << b;
        default:
            return a >> b;
        }
    }

    void grow_number() {
        constexpr Op operations[] = {Op::add,        Op::sub,        Op::mul,    Op::divide,
                                     Op::remainder,  Op::bit_and,    Op::bit_or, Op::bit_xor,
                                     Op::shift_left, Op::shift_right};
        const Op op = operations[pick(random_, std::size(operations))];
        const Built a = any(numbers_);
        Built b = any(numbers_);
        if (pick(random_, 2) == 0) {
            const std::uint32_t k = edge(random_);
            b = {terms_.constant(k), all(k)};
        }
        if (op == Op::shift_left || op == Op::shift_right)
            b = {terms_.binary(Op::bit_and, b.id, terms_.constant(31)),
                 map([&](std::size_t i) { return b.values[i] & 31; })};
        numbers_.push_back({terms_.binary(op, a.id, b.id), map([&](std::size_t i) {
                                return plain(op, a.values[i], b.values[i]);
                            })});
    }

    void grow_choice() {
        const Built c = any(truths_), a = any(numbers_), b = any(numbers_);
        numbers_.push_back({terms_.choose(c.id, a.id, b.id), map([&](std::size_t i) {
                                return c.values[i] != 0 ? a.values[i] : b.values[i];
                            })});
    }

    void grow_comparison() {
        const Built a = any(numbers_), b = any(numbers_);
        if (pick(random_, 2) == 0)
            truths_.push_back({terms_.equal(a.id, b.id), map([&](std::size_t i) {
                                   return a.values[i] == b.values[i] ? 1U : 0U;
                               })});
        else
            truths_.push_back({terms_.less(a.id, b.id), map([&](std::size_t i) {
                                   return a.values[i] < b.values[i] ? 1U : 0U;
                               })});
    }

    void grow_truth() {
        const Built a = any(truths_), b = any(truths_);
        switch (pick(random_, 3)) {
        case 0:
            truths_.push_back(
                {terms_.negate(a.id), map([&](std::size_t i) { return 1 - a.values[i]; })});
            return;
        case 1:
            truths_.push_back({terms_.both(a.id, b.id),
                               map([&](std::size_t i) { return a.values[i] & b.values[i]; })});
            return;
        default:
            truths_.push_back({terms_.either(a.id, b.id),
                               map([&](std::size_t i) { return a.values[i] | b.values[i]; })});
            return;
        }
    }

    Terms &terms_;
    Random &random_;
    std::array<Words, inputs> inputs_;
    std::vector<Built> numbers_, truths_;
};

TEST(Terms, EqualOnesAreOne) {
    Terms terms;
    const TermId word = terms.word(4);
    EXPECT_EQ(terms.binary(Op::add, word, terms.constant(3)),
              terms.binary(Op::add, terms.constant(3), word));
    EXPECT_EQ(terms.constant(0), Terms::no);
    EXPECT_EQ(terms.constant(1), Terms::yes);
}

TEST(Terms, WhatIsKnownOfBitsAndRangesDecides) {
    Terms terms;
    const TermId word = terms.word(4);
    const TermId byte = terms.binary(Op::bit_and, word, terms.constant(0xff));
    EXPECT_EQ(terms.less(byte, terms.constant(0x100)), Terms::yes);
    EXPECT_EQ(terms.less(terms.constant(0xfe), byte) == Terms::no, false);
    EXPECT_EQ(terms.equal(terms.binary(Op::bit_or, word, terms.constant(1)), terms.constant(2)),
              Terms::no);
    EXPECT_EQ(terms.binary(Op::shift_right, byte, terms.constant(8)), terms.constant(0));
}

TEST(Terms, TheOtherHalfOfAConditionMakesItWhole) {
    Terms terms;
    const TermId path = terms.equal(terms.word(4), terms.word(5));
    const TermId turn = terms.less(terms.word(6), terms.word(7));
    EXPECT_EQ(terms.either(terms.both(path, turn), terms.both(path, terms.negate(turn))), path);
    EXPECT_EQ(terms.both(terms.both(path, turn), terms.negate(path)), Terms::no);
}

TEST(Terms, SimplifyingChangesNoValue) {
    constexpr std::uint64_t seed = 32;
    RecordProperty("seed", std::to_string(seed));
    Random random(seed);
    for (int round = 0; round < 3000; round++) {
        Terms terms;
        Expressions expressions(terms, random);
        for (int step = 0; step < 40; step++)
            expressions.grow();
        for (std::size_t i = 0; i < inputs; i++) {
            Evaluation value(terms, expressions.all_inputs()[i]);
            for (const auto *built : {&expressions.numbers(), &expressions.truths()})
                for (const Built &one : *built)
                    ASSERT_EQ(value(one.id), one.values[i])
                        << "seed " << seed << ", round " << round << ", term "
                        << analysis::index_of(one.id) << ", input " << i;
        }
    }
}

TEST(Evaluation, DeepTermsNeedNoDeepStack) {
    Terms terms;
    TermId sum = terms.word(4);
    for (std::uint32_t step = 0; step < 200'000; step++)
        sum = terms.binary(step % 2 == 0 ? Op::add : Op::bit_xor, sum, terms.word(5));
    Words input{};
    input[4] = 1;
    EXPECT_EQ(Evaluation(terms, input)(sum), 1U);
}

TEST(Solver, FindsWhatThereIsAndNothingElse) {
    constexpr std::uint64_t seed = 33;
    RecordProperty("seed", std::to_string(seed));
    Random random(seed);
    std::size_t found = 0, none = 0, gave_up = 0;
    for (int round = 0; round < 150; round++) {
        Terms terms;
        Expressions expressions(terms, random);
        for (int step = 0; step < 40; step++)
            expressions.grow();
        const Built &truth = expressions.truths().back();
        const auto answer = solve(terms, truth.id, {.resources = 300'000});
        if (const auto *words = std::get_if<Words>(&answer)) {
            found++;
            ASSERT_EQ(Evaluation(terms, *words)(truth.id), 1U) << "seed " << seed << ' ' << round;
        } else if (std::holds_alternative<NoInput>(answer)) {
            none++;
            for (const std::uint32_t value : truth.values)
                ASSERT_EQ(value, 0U) << "seed " << seed << ", round " << round;
        } else {
            gave_up++;
        }
    }
    EXPECT_GT(found, 50U);
    EXPECT_GT(none, 15U);
    EXPECT_LT(gave_up, 25U);
}

TEST(Solver, ConditionsWithOneSolution) {
    for (const Op op : {Op::add, Op::sub, Op::bit_xor}) {
        Terms terms;
        const TermId result = terms.binary(op, terms.word(9), terms.word(15));
        const TermId condition =
            terms.both(terms.equal(result, terms.constant(0xdeadbeef)),
                       terms.equal(terms.word(15), terms.constant(0x12345678)));
        const auto answer = solve(terms, condition, {});
        const auto *words = std::get_if<Words>(&answer);
        ASSERT_NE(words, nullptr);
        EXPECT_EQ(Evaluation(terms, *words)(result), 0xdeadbeefU);
        EXPECT_EQ((*words)[15], 0x12345678U);
    }
}

TEST(Solver, ConstantsNeedNoSolver) {
    Terms terms;
    EXPECT_TRUE(std::holds_alternative<Words>(solve(terms, Terms::yes, {.resources = 1})));
    EXPECT_TRUE(std::holds_alternative<NoInput>(solve(terms, Terms::no, {.resources = 1})));
}

TEST(Solver, GivesUpAtEachOfItsLimits) {
    // Two factors of 16 bits make no prime of 31: true, but a lot of work.
    Terms terms;
    const TermId mask = terms.constant(0xffff);
    const TermId product = terms.binary(Op::mul, terms.binary(Op::bit_and, terms.word(4), mask),
                                        terms.binary(Op::bit_and, terms.word(5), mask));
    const TermId condition = terms.equal(product, terms.constant(0x7fffffff));
    const auto reason = [&](const analysis::SolverLimits &limits) {
        const auto answer = solve(terms, condition, limits);
        const auto *gave_up = std::get_if<GaveUp>(&answer);
        return gave_up != nullptr ? gave_up->reason : "";
    };
    EXPECT_EQ(reason({.operations = 0}), "1 multiplications and divisions");
    EXPECT_EQ(reason({.terms = 4}), "more than 4 terms");
    EXPECT_EQ(reason({.resources = 10'000}).substr(0, 4), "z3: ");
}

TEST(Solver, DeepConditions) {
    Terms terms;
    TermId number = terms.constant(0);
    TermId any = Terms::no;
    for (std::uint32_t step = 0; step < 4096; step++) {
        const TermId turn = terms.equal(terms.word(4 + step % 12), terms.constant(step));
        any = terms.either(any, turn);
        number = terms.choose(turn, terms.constant(step), number);
    }
    const TermId condition = terms.both(any, terms.equal(number, terms.constant(4095)));
    EXPECT_TRUE(std::holds_alternative<Words>(solve(terms, condition, {})));
}

// What make_hold() says it did, it did, where a field occurs once.
TEST(InputSearch, TurnsConditionsOnOneField) {
    Random random(34);
    std::size_t turned = 0;
    for (int round = 0; round < 20'000; round++) {
        Terms terms;
        TermId number = terms.word(2 + pick(random, 14));
        constexpr Op operations[] = {Op::add,     Op::sub,        Op::mul,
                                     Op::divide,  Op::bit_and,    Op::bit_or,
                                     Op::bit_xor, Op::shift_left, Op::shift_right};
        for (std::uint32_t steps = pick(random, 3); steps > 0; steps--) {
            const Op op = operations[pick(random, std::size(operations))];
            const bool shift = op == Op::shift_left || op == Op::shift_right;
            number = terms.binary(op, number,
                                  terms.constant(shift ? pick(random, 32) : edge(random) | 1));
        }
        const TermId k = terms.constant(edge(random));
        const TermId condition = pick(random, 3) == 0   ? terms.equal(number, k)
                                 : pick(random, 2) == 0 ? terms.less(number, k)
                                                        : terms.less(k, number);
        Words input{};
        const bool before = Evaluation(terms, input)(condition) != 0;
        if (!analysis::make_hold(terms, condition, !before, input))
            continue;
        turned++;
        ASSERT_EQ(Evaluation(terms, input)(condition) != 0, !before) << round;
    }
    EXPECT_GT(turned, 8000U);
}

} // namespace
