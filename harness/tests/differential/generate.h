// SPDX-License-Identifier: MIT
//
// Random scenarios. The calls are harmless and ignore their arguments, which are random therefore;
// the filters are aimed at the same few numbers, so that calls get verdicts of every kind.

#pragma once

#include "tests/differential/model.h"
#include "tests/differential/scenario.h"
#include "tests/support/filter_shapes.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace differential {

struct Number {
    enum class Kind {
        harmless,   // getpid() and the like
        unassigned, // a hole of the table
        last,       // of the table
        beyond,     // the table's end, or far behind it
        x32,        // with __X32_SYSCALL_BIT
        negative,
    };
    Kind kind;
    std::uint32_t value;
    std::optional<std::array<std::uint64_t, 6>> arguments{}; // harmless with these only
};

const char *kind_name(Number::Kind kind);
std::vector<std::string> kind_names();

// Numbers to call on a path. All of one kind's are as likely.
const std::vector<Number> &numbers(guest::Path path);
Number::Kind kind_of(guest::Path path, std::uint32_t number);
// Is it harmless with its own arguments only?
bool needs_arguments(guest::Path path, std::uint32_t number);

// The paths of a program: the 64-bit one has two of them, and so does the 32-bit one.
std::vector<guest::Path> paths(guest::Bits bits);
// Every number on every path, for Session::learn().
std::vector<guest::Call> all_numbers(guest::Bits bits);

// Where to favour what.
struct Favour {
    std::size_t calls = 192;
    // Calls that end a process or a thread take a new process each: not more than these, and as
    // many that a tracer has changed.
    std::size_t deaths = 2;
    // SECCOMP_RET_LOG more often than anything else.
    bool logging = false;
};

// `unfiltered` is what tells the deadly calls from others.
Scenario random_scenario(support::Random &random, guest::Bits bits, const Unfiltered &unfiltered,
                         const Favour &favour);

} // namespace differential
