// SPDX-License-Identifier: MIT
#include "analysis/reference_state.h"

namespace analysis::reference {

namespace {

// The finalizer of splitmix64. Two origins that collide by chance make a program look smaller by
// one state: nothing depends on that being exact.
std::uint64_t mix(std::uint64_t word) {
    word += 0x9e3779b97f4a7c15;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

// Those of constants are below: the constant itself.
constexpr std::uint64_t origin_of_number = std::uint64_t{1} << 32;
constexpr std::uint64_t origin_of_unknown = std::uint64_t{2} << 32;

std::uint32_t arithmetic(unsigned op, std::uint32_t a, std::uint32_t b) {
    switch (op) {
    case BPF_ADD:
        return a + b;
    case BPF_SUB:
        return a - b;
    case BPF_MUL:
        return a * b;
    case BPF_DIV:
        return a / b;
    case BPF_AND:
        return a & b;
    case BPF_OR:
        return a | b;
    case BPF_XOR:
        return a ^ b;
    case BPF_LSH:
        return a << b;
    case BPF_RSH:
        return a >> b;
    default: // BPF_NEG
        return 0u - a;
    }
}

// The interpreter and the kernel's JITs do not agree on what that gives.
bool shifts_too_far(unsigned op, std::uint32_t bits) {
    return (op == BPF_LSH || op == BPF_RSH) && bits > 31;
}

bool is_bitwise(unsigned op, const Value &a, const Value &b) {
    return op == BPF_XOR ||
           ((op == BPF_AND || op == BPF_OR) && !(a.depends_on_number && b.depends_on_number));
}

} // namespace

Value Value::constant(std::uint32_t bits) { return {bits, false, bits}; }
Value Value::number(std::uint32_t number) { return {number, true, origin_of_number}; }
Value Value::unknown() { return {std::nullopt, false, origin_of_unknown}; }

bool Value::is_number() const { return origin == origin_of_number; }

bool needs_number(unsigned op, const Value &a, const Value &b) {
    return a.bits && b.bits && (a.depends_on_number || b.depends_on_number) &&
           !is_bitwise(op, a, b);
}

Value computed(unsigned op, const Value &a, const Value &b) {
    if (!a.bits || !b.bits || shifts_too_far(op, *b.bits))
        return Value::unknown();
    const std::uint32_t bits = arithmetic(op, *a.bits, *b.bits);
    const bool depends = a.depends_on_number || b.depends_on_number;
    if (!depends || !is_bitwise(op, a, b))
        return Value::constant(bits);
    return {bits, true, mix(mix(mix(a.origin) + op) ^ b.origin)};
}

State::State() {
    bank_.fill(Value::unknown());
    bank_[0] = Value::constant(0);
}

void State::set(std::size_t index, const Value &value) {
    Value &old = bank_.at(index);
    if (old == value)
        return;
    bank_origin_ ^= mix(mix(old.origin) + index) ^ mix(mix(value.origin) + index);
    old = value;
}

// Once for each step, so no more than that: the constant of Fibonacci hashing.
std::uint64_t State::origin() const { return a.origin * 0x9e3779b97f4a7c15 ^ bank_origin_; }

bool State::operator==(const State &other) const {
    return pc == other.pc && bank_origin_ == other.bank_origin_ && a == other.a &&
           bank_ == other.bank_;
}

} // namespace analysis::reference
