// SPDX-License-Identifier: MIT
#include "analysis/input_search.h"

#include <deque>
#include <set>
#include <utility>

namespace analysis {

namespace {

// Enough to take every branch of the filters people write; a solver is asked for the rest.
constexpr std::size_t max_tries = 200;
// Of solving one condition, whose parts can be had in more than one way.
constexpr int max_steps = 100;
// Of a whole search, in terms computed: a tenth of a second.
constexpr std::size_t max_work = 1'000'000;

// Solves conditions backwards, from the result to the fields.
class Backwards {
public:
    Backwards(const Terms &terms, Words &input) : terms_(terms), input_(input) {}

    std::size_t work() const { return work_ + values_.work(); }

    bool hold(TermId id, bool wanted) {
        const Term &term = terms_[id];
        if (++steps_ > max_steps)
            return false;
        switch (term.op) {
        case Op::constant:
            return (term.k != 0) == wanted;
        case Op::negate:
            return hold(term.a, !wanted);
        case Op::both:
            if (wanted)
                return hold(term.a, true) && hold(term.b, true);
            return hold(term.b, false) || hold(term.a, false);
        case Op::either:
            if (!wanted)
                return hold(term.a, false) && hold(term.b, false);
            return hold(term.b, true) || hold(term.a, true);
        case Op::equal:
            return hold_equal(term, wanted);
        case Op::less:
            return hold_less(term, wanted);
        default:
            return false;
        }
    }

private:
    std::uint32_t now(TermId id) { return values_(id); }

    void set(unsigned word, std::uint32_t value) {
        input_[word] = value;
        work_ += values_.work();
        values_.forget();
    }

    bool hold_equal(const Term &term, bool wanted) {
        const std::uint32_t a = now(term.a), b = now(term.b);
        if ((a == b) == wanted)
            return true;
        if (wanted)
            return give(term.a, b) || give(term.b, a);
        for (const std::uint32_t other : {b + 1, b ^ 0x80000000U, b - 1, ~b, 0U})
            if (other != b && give(term.a, other))
                return true;
        return give(term.b, a + 1);
    }

    bool hold_less(const Term &term, bool wanted) {
        const std::uint32_t a = now(term.a), b = now(term.b);
        if ((a < b) == wanted)
            return true;
        if (wanted)
            return (b != 0 && (give(term.a, b - 1) || give(term.a, 0))) ||
                   (a != UINT32_MAX && (give(term.b, a + 1) || give(term.b, UINT32_MAX)));
        return give(term.a, b) || give(term.a, UINT32_MAX) || give(term.b, a) || give(term.b, 0);
    }

    // Makes the number `id` come out as `value`.
    bool give(TermId id, std::uint32_t value) {
        const Term &term = terms_[id];
        if (++steps_ > max_steps)
            return false;
        if (term.op == Op::constant)
            return term.k == value;
        if (term.op == Op::word) {
            set(term.k, value);
            return true;
        }
        if (term.op == Op::choose)
            return give(now(term.c) != 0 ? term.a : term.b, value);
        if (const auto k = terms_.value(term.b))
            return give_with_constant(term, *k, value);
        return give_left(term, value) || (term.op == Op::sub && give(term.b, now(term.a) - value));
    }

    bool give_with_constant(const Term &term, std::uint32_t k, std::uint32_t value) {
        std::uint32_t left;
        switch (term.op) {
        case Op::bit_and:
            left = (now(term.a) & ~k) | value;
            break;
        case Op::bit_or:
            left = (now(term.a) & k) | (value & ~k);
            break;
        case Op::shift_left:
            left = value >> (k & 31);
            break;
        case Op::shift_right:
            left = value << (k & 31);
            break;
        case Op::divide:
            left = value * k;
            break;
        case Op::remainder:
            left = value;
            break;
        default:
            return give_left(term, value);
        }
        return compute(term.op, left, k) == value && give(term.a, left);
    }

    // The second operand stays as it is.
    bool give_left(const Term &term, std::uint32_t value) {
        const std::uint32_t right = now(term.b);
        switch (term.op) {
        case Op::add:
            return give(term.a, value - right);
        case Op::sub:
            return give(term.a, value + right);
        case Op::bit_xor:
            return give(term.a, value ^ right);
        case Op::mul:
            return right != 0 && value % right == 0 && give(term.a, value / right);
        default:
            return false;
        }
    }

    const Terms &terms_;
    Words &input_;
    Evaluation values_{terms_, input_};
    std::size_t work_ = 0; // of evaluations before
    int steps_ = 0;
};

class Search {
public:
    Search(const Terms &terms, std::span<const SymbolicRun *const> runs)
        : terms_(terms), runs_(runs) {}

    std::optional<Words> run(std::span<const Words> starts,
                             const std::function<bool(const Words &)> &goal) {
        waiting_.assign(starts.begin(), starts.end());
        for (std::size_t tries = 0; tries < max_tries && !waiting_.empty(); tries++) {
            if (work_ > max_work)
                break;
            const Words input = waiting_.front();
            waiting_.pop_front();
            if (goal(input))
                return input;
            spread(input);
        }
        return std::nullopt;
    }

private:
    // Queues inputs that take branches no input took so far.
    void spread(const Words &input) {
        Evaluation values(terms_, input);
        for (const SymbolicRun *run : runs_) {
            const auto decisions = run->decisions(values);
            for (const auto &decision : decisions)
                seen_.emplace(decision.condition, decision.holds);
            for (const auto &decision : decisions)
                turn(input, decision);
        }
        work_ += values.work();
    }

    void turn(Words input, const SymbolicRun::Decision &decision) {
        if (waiting_.size() >= max_tries || work_ > max_work ||
            !seen_.emplace(decision.condition, !decision.holds).second)
            return;
        Backwards backwards(terms_, input);
        if (backwards.hold(decision.condition, !decision.holds))
            waiting_.push_back(input);
        work_ += backwards.work();
    }

    const Terms &terms_;
    std::span<const SymbolicRun *const> runs_;
    std::set<std::pair<TermId, bool>> seen_;
    std::deque<Words> waiting_;
    std::size_t work_ = 0;
};

} // namespace

bool make_hold(const Terms &terms, TermId condition, bool wanted, Words &input) {
    return Backwards(terms, input).hold(condition, wanted);
}

std::optional<Words> search_input(const Terms &terms, std::span<const SymbolicRun *const> runs,
                                  std::span<const Words> starts,
                                  const std::function<bool(const Words &)> &goal) {
    return Search(terms, runs).run(starts, goal);
}

} // namespace analysis
