// SPDX-License-Identifier: MIT
#include "analysis/term.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

namespace analysis {

namespace {

constexpr Bounds anything{};
constexpr Bounds truth{.zeros = ~1U, .high = 1};
// Looking for a condition among those that led here is worth this many steps.
constexpr int chain_steps = 64;

Bounds exactly(std::uint32_t value) {
    return {.zeros = ~value, .ones = value, .low = value, .high = value};
}

// Known bits and the range say the same in two ways, each more exactly in some cases: let either
// learn from the other.
Bounds refined(Bounds x) {
    x.low = std::max(x.low, x.ones);
    x.high = std::min(x.high, ~x.zeros);
    const int leading = std::countl_zero(x.high);
    x.zeros |= leading == 32 ? UINT32_MAX : ~(UINT32_MAX >> leading);
    return x.low == x.high ? exactly(x.low) : x;
}

bool fits(std::uint64_t value) { return value <= UINT32_MAX; }

// Bits at the low end that are known to be clear.
int trailing_zeros(const Bounds &x) { return std::countr_one(x.zeros); }

std::uint32_t low_bits(int count) { return count >= 32 ? UINT32_MAX : (1U << count) - 1; }

Bounds range_or_nothing(std::uint64_t low, std::uint64_t high) {
    if (!fits(high))
        return anything;
    return {.low = static_cast<std::uint32_t>(low), .high = static_cast<std::uint32_t>(high)};
}

Bounds of_sum(const Bounds &a, const Bounds &b) {
    Bounds sum = range_or_nothing(std::uint64_t{a.low} + b.low, std::uint64_t{a.high} + b.high);
    sum.zeros = low_bits(std::min(trailing_zeros(a), trailing_zeros(b)));
    return sum;
}

Bounds of_difference(const Bounds &a, const Bounds &b) {
    Bounds difference;
    if (a.low >= b.high)
        difference = {.low = a.low - b.high, .high = a.high - b.low};
    difference.zeros = low_bits(std::min(trailing_zeros(a), trailing_zeros(b)));
    return difference;
}

Bounds of_product(const Bounds &a, const Bounds &b) {
    Bounds product = range_or_nothing(std::uint64_t{a.low} * b.low, std::uint64_t{a.high} * b.high);
    product.zeros = low_bits(trailing_zeros(a) + trailing_zeros(b));
    return product;
}

Bounds of_quotient(const Bounds &a, const Bounds &b) {
    if (b.low == 0)
        return anything;
    return {.low = a.low / b.high, .high = a.high / b.low};
}

Bounds of_remainder(const Bounds &a, const Bounds &b) {
    if (b.low == 0)
        return {.high = a.high};
    return {.high = std::min(a.high, b.high - 1)};
}

Bounds of_left_shift(const Bounds &a, const Bounds &b) {
    if (b.low != b.high)
        return anything;
    const std::uint32_t by = b.low;
    Bounds shifted = range_or_nothing(std::uint64_t{a.low} << by, std::uint64_t{a.high} << by);
    shifted.zeros = (a.zeros << by) | low_bits(static_cast<int>(by));
    shifted.ones = a.ones << by;
    return shifted;
}

Bounds of_right_shift(const Bounds &a, const Bounds &b) {
    if (b.low != b.high)
        return {.high = a.high};
    const std::uint32_t by = b.low;
    return {.zeros = (a.zeros >> by) | ~(UINT32_MAX >> by),
            .ones = a.ones >> by,
            .low = a.low >> by,
            .high = a.high >> by};
}

Bounds of_operation(Op op, const Bounds &a, const Bounds &b) {
    switch (op) {
    case Op::add:
        return of_sum(a, b);
    case Op::sub:
        return of_difference(a, b);
    case Op::mul:
        return of_product(a, b);
    case Op::divide:
        return of_quotient(a, b);
    case Op::remainder:
        return of_remainder(a, b);
    case Op::bit_and:
        return {
            .zeros = a.zeros | b.zeros, .ones = a.ones & b.ones, .high = std::min(a.high, b.high)};
    case Op::bit_or:
        return {.zeros = a.zeros & b.zeros, .ones = a.ones | b.ones, .low = std::max(a.low, b.low)};
    case Op::bit_xor:
        return {.zeros = (a.zeros & b.zeros) | (a.ones & b.ones),
                .ones = (a.zeros & b.ones) | (a.ones & b.zeros)};
    case Op::shift_left:
        return of_left_shift(a, b);
    case Op::shift_right:
        return of_right_shift(a, b);
    default:
        return anything;
    }
}

Bounds of_either(const Bounds &a, const Bounds &b) {
    return {.zeros = a.zeros & b.zeros,
            .ones = a.ones & b.ones,
            .low = std::min(a.low, b.low),
            .high = std::max(a.high, b.high)};
}

bool commutes(Op op) {
    return op == Op::add || op == Op::mul || op == Op::bit_and || op == Op::bit_or ||
           op == Op::bit_xor;
}

} // namespace

std::uint32_t compute(Op op, std::uint32_t a, std::uint32_t b) {
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
        return a << (b & 31);
    case Op::shift_right:
        return a >> (b & 31);
    default:
        throw std::logic_error("oracle: not an operation on two numbers");
    }
}

Operands operands(const Term &term) {
    std::size_t count = 2;
    if (term.op == Op::constant || term.op == Op::word)
        count = 0;
    else if (term.op == Op::negate)
        count = 1;
    else if (term.op == Op::choose)
        count = 3;
    return {{term.a, term.b, term.c}, count};
}

std::size_t Terms::Hash::operator()(const Term &term) const {
    std::uint64_t hash = (index_of(term.a) << 32 | index_of(term.b)) * 0x9e3779b97f4a7c15U;
    hash ^= (index_of(term.c) << 32 | term.k) + static_cast<std::uint64_t>(term.op) + (hash >> 29);
    hash *= 0xbf58476d1ce4e5b9U;
    return hash ^ (hash >> 32);
}

Terms::Terms() {
    constant(0);
    constant(1);
}

TermId Terms::make(const Term &term, const Bounds &bounds) {
    const auto [place, is_new] = ids_.try_emplace(term, static_cast<TermId>(terms_.size()));
    if (is_new) {
        terms_.push_back(term);
        bounds_.push_back(bounds);
    }
    return place->second;
}

TermId Terms::constant(std::uint32_t value) {
    return make({.op = Op::constant, .k = value}, exactly(value));
}

TermId Terms::word(unsigned index) { return make({.op = Op::word, .k = index}, anything); }

std::optional<std::uint32_t> Terms::value(TermId id) const {
    if ((*this)[id].op != Op::constant)
        return std::nullopt;
    return (*this)[id].k;
}

// What simplifies when the second operand is the constant k.
std::optional<TermId> Terms::with_constant(Op op, TermId a, std::uint32_t k) {
    const bool neutral =
        (k == 0 && op != Op::mul && op != Op::bit_and && op != Op::divide && op != Op::remainder) ||
        (k == 1 && (op == Op::mul || op == Op::divide)) || (k == UINT32_MAX && op == Op::bit_and);
    if (neutral)
        return a;
    const Term inner = (*this)[a];
    if (op == Op::bit_and && inner.op == Op::bit_and)
        if (const auto mask = value(inner.b))
            return binary(Op::bit_and, inner.a, constant(*mask & k));
    return std::nullopt;
}

std::optional<TermId> Terms::with_itself(Op op, TermId a) {
    switch (op) {
    case Op::sub:
    case Op::bit_xor:
        return constant(0);
    case Op::bit_and:
    case Op::bit_or:
        return a;
    default:
        return std::nullopt;
    }
}

TermId Terms::binary(Op op, TermId a, TermId b) {
    const auto left = value(a);
    const auto right = value(b);
    if (left && right)
        return constant(compute(op, *left, *right));
    // A constant stands on the right, otherwise the older term on the left.
    if (commutes(op) && (left || (!right && a > b)))
        return binary(op, b, a);
    if (right)
        if (const auto simpler = with_constant(op, a, *right))
            return *simpler;
    if (a == b)
        if (const auto simpler = with_itself(op, a))
            return *simpler;
    const Bounds known = refined(of_operation(op, bounds(a), bounds(b)));
    if (known.low == known.high)
        return constant(known.low);
    return make({.op = op, .a = a, .b = b}, known);
}

TermId Terms::choose(TermId condition, TermId a, TermId b) {
    if (a == b || condition == yes)
        return a;
    if (condition == no)
        return b;
    if ((*this)[condition].op == Op::negate)
        return choose((*this)[condition].a, b, a);
    const Bounds known = refined(of_either(bounds(a), bounds(b)));
    return make({.op = Op::choose, .a = a, .b = b, .c = condition}, known);
}

// `choice` is between two constants.
TermId Terms::equal_to_choice(const Term &choice, TermId b) {
    const TermId condition = choice.c;
    if (choice.a == b)
        return condition;
    return choice.b == b ? negate(condition) : no;
}

TermId Terms::equal(TermId a, TermId b) {
    if (a == b)
        return yes;
    if (value(a) || (!value(b) && a > b))
        std::swap(a, b);
    const Bounds &x = bounds(a);
    const Bounds &y = bounds(b);
    if (((x.ones & y.zeros) | (x.zeros & y.ones)) != 0 || x.high < y.low || y.high < x.low)
        return no;
    const Term left = (*this)[a];
    if (value(b) && left.op == Op::choose && value(left.a) && value(left.b))
        return equal_to_choice(left, b);
    return make({.op = Op::equal, .a = a, .b = b}, truth);
}

TermId Terms::less(TermId a, TermId b) {
    const Bounds &x = bounds(a);
    const Bounds &y = bounds(b);
    if (x.high < y.low)
        return yes;
    if (a == b || x.low >= y.high)
        return no;
    return make({.op = Op::less, .a = a, .b = b}, truth);
}

TermId Terms::negate(TermId a) {
    if (a == no || a == yes)
        return a == no ? yes : no;
    if ((*this)[a].op == Op::negate)
        return (*this)[a].a;
    return make({.op = Op::negate, .a = a}, truth);
}

// Is `part` one of the conditions p1, p2, ... of both(both(p1, p2), p3)...?
bool Terms::chain_contains(TermId chain, TermId part) const {
    for (int step = 0; step < chain_steps; step++) {
        if (chain == part)
            return true;
        const Term &term = (*this)[chain];
        if (term.op != Op::both)
            return false;
        if (term.b == part)
            return true;
        chain = term.a;
    }
    return false;
}

TermId Terms::both(TermId a, TermId b) {
    if (a == no || b == no)
        return no;
    if (a == yes || a == b)
        return b;
    if (b == yes || chain_contains(a, b))
        return a;
    if (chain_contains(a, negate(b)))
        return no;
    return make({.op = Op::both, .a = a, .b = b}, truth);
}

// (p and x) or (p and y) is p and (x or y): where two ways part and meet again, nothing is left of
// the condition in between.
std::optional<TermId> Terms::with_common_part(TermId a, TermId b) {
    const Term x = (*this)[a];
    const Term y = (*this)[b];
    if (x.op == Op::both && (x.a == b || x.b == b))
        return b;
    if (y.op == Op::both && (y.a == a || y.b == a))
        return a;
    if (x.op == Op::both && y.op == Op::both && x.a == y.a)
        return both(x.a, either(x.b, y.b));
    return std::nullopt;
}

TermId Terms::either(TermId a, TermId b) {
    if (a == yes || b == yes)
        return yes;
    if (a == no || a == b)
        return b;
    if (b == no)
        return a;
    if (negate(a) == b)
        return yes;
    if (const auto simpler = with_common_part(a, b))
        return *simpler;
    return make({.op = Op::either, .a = a, .b = b}, truth);
}

std::uint32_t Evaluation::operator()(TermId id) {
    stack_.push_back(id);
    while (!stack_.empty()) {
        const TermId current = stack_.back();
        const Term &term = terms_[current];
        if (known_.contains(current)) {
            stack_.pop_back();
        } else if (operands_ready(term)) {
            known_[current] = compute_term(term);
            stack_.pop_back();
        }
    }
    return known_.at(id);
}

// If not, they are on the stack now. (Not by recursion: terms are as deep as programs are long.)
bool Evaluation::operands_ready(const Term &term) {
    bool ready = true;
    for (const TermId operand : operands(term)) {
        if (!known_.contains(operand)) {
            stack_.push_back(operand);
            ready = false;
        }
    }
    return ready;
}

std::uint32_t Evaluation::compute_term(const Term &term) const {
    const auto value = [&](TermId id) { return known_.at(id); };
    switch (term.op) {
    case Op::constant:
        return term.k;
    case Op::word:
        return input_[term.k];
    case Op::choose:
        return value(term.c) != 0 ? value(term.a) : value(term.b);
    case Op::equal:
        return value(term.a) == value(term.b) ? 1 : 0;
    case Op::less:
        return value(term.a) < value(term.b) ? 1 : 0;
    case Op::negate:
        return value(term.a) == 0 ? 1 : 0;
    case Op::both:
        return value(term.a) & value(term.b);
    case Op::either:
        return value(term.a) | value(term.b);
    default:
        return compute(term.op, value(term.a), value(term.b));
    }
}

} // namespace analysis
