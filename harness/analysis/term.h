// SPDX-License-Identifier: MIT
//
// Expressions over the arguments and the instruction pointer of a syscall: what a filter computes
// when these are not known. 32-bit unsigned numbers, as in BPF, and truth values.
//
// Terms live in a Terms, which makes no two alike: equal structure, equal id. They are simplified
// as they are built, by rules each of which holds for every input, so that what does not depend
// on the input after all mostly ends up as a constant. How far that goes is a matter of speed
// only; what is left is for a solver.
//
// An operand's id is always smaller than that of the term it is part of.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace analysis {

// A type of its own, so that a number is never taken for the term of that number.
enum class TermId : std::uint32_t {};

constexpr std::size_t index_of(TermId id) { return static_cast<std::size_t>(id); }

// The 32-bit words of struct seccomp_data by index, offset / 4: 0 is nr, 1 is arch.
inline constexpr unsigned data_words = 16;
using Words = std::array<std::uint32_t, data_words>;

enum class Op : std::uint8_t {
    // numbers
    constant, // of value `k`
    word,     // number `k` of the input
    add,
    sub,
    mul,
    divide,    // by zero: all ones, as in SMT-LIB; programs never get there
    remainder, // by zero: the first operand, likewise
    bit_and,
    bit_or,
    bit_xor,
    shift_left, // by 0 to 31, which is up to who builds the term
    shift_right,
    choose, // `c` ? `a` : `b`
    // truth values; those of constants are `constant` with k 0 and 1
    equal,
    less, // unsigned
    negate,
    both,
    either,
};

struct Term {
    Op op;
    TermId a{}, b{}, c{};
    std::uint32_t k = 0;

    bool operator==(const Term &) const = default;
};

// The terms that a term is made of.
struct Operands {
    std::array<TermId, 3> ids;
    std::size_t count;

    const TermId *begin() const { return ids.data(); }
    const TermId *end() const { return ids.data() + count; }
};
Operands operands(const Term &term);

// What is known of a number whatever the input is.
struct Bounds {
    std::uint32_t zeros = 0; // bits that are clear
    std::uint32_t ones = 0;  // bits that are set
    std::uint32_t low = 0;   // the least it can be
    std::uint32_t high = UINT32_MAX;
};

class Terms {
public:
    Terms();

    static constexpr TermId no{0};  // false, and the number 0
    static constexpr TermId yes{1}; // true, and the number 1

    TermId constant(std::uint32_t value);
    TermId word(unsigned index);
    // For add to shift_right.
    TermId binary(Op op, TermId a, TermId b);
    TermId choose(TermId condition, TermId a, TermId b);

    TermId equal(TermId a, TermId b);
    TermId less(TermId a, TermId b);
    TermId negate(TermId a);
    TermId both(TermId a, TermId b);
    TermId either(TermId a, TermId b);

    const Term &operator[](TermId id) const { return terms_[index_of(id)]; }
    std::optional<std::uint32_t> value(TermId id) const;
    std::size_t size() const { return terms_.size(); }

private:
    struct Hash {
        std::size_t operator()(const Term &term) const;
    };

    const Bounds &bounds(TermId id) const { return bounds_[index_of(id)]; }
    TermId make(const Term &term, const Bounds &bounds);
    std::optional<TermId> with_constant(Op op, TermId a, std::uint32_t k);
    std::optional<TermId> with_itself(Op op, TermId a);
    TermId equal_to_choice(const Term &choice, TermId b);
    bool chain_contains(TermId chain, TermId part) const;
    std::optional<TermId> with_common_part(TermId a, TermId b);

    std::vector<Term> terms_;
    std::vector<Bounds> bounds_;
    std::unordered_map<Term, TermId, Hash> ids_;
};

// What `op` (add to shift_right) makes of two numbers; also the definition of the operators.
std::uint32_t compute(Op op, std::uint32_t a, std::uint32_t b);

// Values of terms for one input. Each term is computed once.
class Evaluation {
public:
    Evaluation(const Terms &terms, const Words &input) : terms_(terms), input_(input) {}
    std::uint32_t operator()(TermId id);
    // How many terms that took so far.
    std::size_t work() const { return known_.size(); }
    // To be called when the input has changed.
    void forget() { known_.clear(); }

private:
    std::uint32_t compute_term(const Term &term) const;
    bool operands_ready(const Term &term);

    const Terms &terms_;
    const Words &input_;
    std::unordered_map<TermId, std::uint32_t> known_;
    std::vector<TermId> stack_;
};

} // namespace analysis
