// SPDX-License-Identifier: MIT
//
// What the reference emulator knows of the machine on one way of one syscall number.

#pragma once

#include <linux/filter.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace analysis::reference {

// A register's content, with where it comes from: the same for all numbers that got it by the same
// computation from the number, which is what Size counts.
struct Value {
    std::optional<std::uint32_t> bits; // nothing: unknown
    bool depends_on_number = false;
    std::uint64_t origin = 0;

    static Value constant(std::uint32_t bits);
    static Value number(std::uint32_t number);
    static Value unknown();

    bool is_number() const; // itself, unchanged
    bool operator==(const Value &) const = default;
};

// The result of an instruction of class BPF_ALU; not for a division by zero.
Value computed(unsigned op, const Value &a, const Value &b);

// Is that result each number's own, and no function that bits of it can express?
bool needs_number(unsigned op, const Value &a, const Value &b);

class State {
public:
    // A and X are cleared. Memory is not, but no program that reads it unwritten is accepted.
    State();

    std::size_t pc = 0;
    Value a = Value::constant(0);

    const Value &x() const { return bank_[0]; }
    const Value &memory(std::uint32_t index) const { return bank_.at(1 + index); }
    void set_x(const Value &value) { set(0, value); }
    void set_memory(std::uint32_t index, const Value &value) { set(1 + index, value); }

    // Names of where all of this comes from: equal for equal origins.
    std::uint64_t bank_origin() const { return bank_origin_; }
    std::uint64_t origin() const;

    bool operator==(const State &other) const;

private:
    void set(std::size_t index, const Value &value);

    // X and the memory.
    std::array<Value, 1 + BPF_MEMWORDS> bank_;
    std::uint64_t bank_origin_ = 0;
};

} // namespace analysis::reference
