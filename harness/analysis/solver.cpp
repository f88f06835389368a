// SPDX-License-Identifier: MIT
#include "analysis/solver.h"

#include <fmt/format.h>
#include <z3++.h>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace analysis {

namespace {

constexpr unsigned width = 32;

// A term and all that it is made of, operands first. Nothing if those are more than `limit`.
std::optional<std::vector<TermId>> parts(const Terms &terms, TermId whole, std::size_t limit) {
    std::set<TermId> found = {whole};
    std::vector<TermId> waiting = {whole};
    while (!waiting.empty()) {
        const Term &term = terms[waiting.back()];
        waiting.pop_back();
        for (const TermId operand : operands(term))
            if (found.insert(operand).second)
                waiting.push_back(operand);
        if (found.size() > limit)
            return std::nullopt;
    }
    // By id, and an operand's is smaller.
    return std::vector<TermId>(found.begin(), found.end());
}

// Those that become thousands of gates each.
bool is_heavy(const Terms &terms, TermId id) {
    const Op op = terms[id].op;
    return op == Op::mul || op == Op::divide || op == Op::remainder;
}

class Translation {
public:
    Translation(const Terms &terms, z3::context &context) : terms_(terms), context_(context) {}

    void add(TermId id) {
        const Term &term = terms_[id];
        // A constant is a number or a truth value; which, is up to who uses it.
        if (term.op != Op::constant)
            done_.emplace(id, translate(term));
    }

    z3::expr truth(TermId id) const {
        if (const auto value = terms_.value(id))
            return context_.bool_val(*value != 0);
        return done_.at(id);
    }

    static std::string name(unsigned word) { return fmt::format("word{}", word); }

private:
    z3::expr number(TermId id) const {
        if (const auto value = terms_.value(id))
            return context_.bv_val(*value, width);
        return done_.at(id);
    }

    z3::expr translate(const Term &term) const {
        switch (term.op) {
        case Op::word:
            return context_.bv_const(name(term.k).c_str(), width);
        case Op::choose:
            return z3::ite(truth(term.c), number(term.a), number(term.b));
        case Op::negate:
            return !truth(term.a);
        case Op::both:
            return truth(term.a) && truth(term.b);
        case Op::either:
            return truth(term.a) || truth(term.b);
        default:
            return translate_numbers(term.op, number(term.a), number(term.b));
        }
    }

    static z3::expr translate_numbers(Op op, const z3::expr &a, const z3::expr &b) {
        switch (op) {
        case Op::add:
            return a + b;
        case Op::sub:
            return a - b;
        case Op::mul:
            return a * b;
        case Op::divide:
            return z3::udiv(a, b);
        case Op::remainder:
            return z3::urem(a, b);
        case Op::bit_and:
            return a & b;
        case Op::bit_or:
            return a | b;
        case Op::bit_xor:
            return a ^ b;
        case Op::shift_left:
            return z3::shl(a, b);
        case Op::shift_right:
            return z3::lshr(a, b);
        case Op::equal:
            return a == b;
        case Op::less:
            return z3::ult(a, b);
        default:
            throw std::logic_error("oracle: a term without translation");
        }
    }

    const Terms &terms_;
    z3::context &context_;
    std::unordered_map<TermId, z3::expr> done_;
};

Words input_of(z3::context &context, const z3::model &model) {
    Words input{};
    for (unsigned word = 2; word < data_words; word++) {
        const z3::expr constant = context.bv_const(Translation::name(word).c_str(), width);
        input[word] = static_cast<std::uint32_t>(
            model.eval(constant, true /* make up what is open */).get_numeral_uint64());
    }
    return input;
}

SolverAnswer ask(const Terms &terms, const std::vector<TermId> &ordered, TermId condition,
                 const SolverLimits &limits) {
    // A context of its own for each question: what z3 does must not depend on earlier ones.
    z3::context context;
    Translation translation(terms, context);
    for (const TermId id : ordered)
        translation.add(id);

    z3::solver solver(context, "QF_BV");
    z3::params parameters(context);
    parameters.set("rlimit", limits.resources);
    solver.set(parameters);
    solver.add(translation.truth(condition));
    switch (solver.check()) {
    case z3::sat:
        return input_of(context, solver.get_model());
    case z3::unsat:
        return NoInput{};
    default:
        return GaveUp{"z3: " + solver.reason_unknown()};
    }
}

bool is_about_limits(std::string_view message) {
    constexpr std::string_view known[] = {"memory", "resource", "canceled"};
    return std::ranges::any_of(
        known, [&](std::string_view word) { return message.find(word) != std::string_view::npos; });
}

} // namespace

SolverAnswer solve(const Terms &terms, TermId condition, const SolverLimits &limits) {
    if (const auto value = terms.value(condition))
        return *value != 0 ? SolverAnswer(Words{}) : SolverAnswer(NoInput{});
    const auto ordered = parts(terms, condition, limits.terms);
    if (!ordered)
        return GaveUp{fmt::format("more than {} terms", limits.terms)};
    const auto heavy =
        std::ranges::count_if(*ordered, [&](TermId id) { return is_heavy(terms, id); });
    if (static_cast<std::size_t>(heavy) > limits.operations)
        return GaveUp{fmt::format("{} multiplications and divisions", heavy)};
    try {
        return ask(terms, *ordered, condition, limits);
    } catch (const z3::exception &error) {
        if (is_about_limits(error.msg()))
            return GaveUp{fmt::format("z3: {}", error.msg())};
        throw std::logic_error(fmt::format("oracle: z3 refuses a question: {}", error.msg()));
    }
}

} // namespace analysis
