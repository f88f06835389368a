// SPDX-License-Identifier: MIT
//
// For how long attaching a filter keeps interrupts off: instructions between taking and releasing
// siglock in seccomp_set_mode_filter().
//
// Probed from outside, by QEMU's gdb stub, so that the kernel is the one that is measured
// elsewhere: halted where _raw_spin_lock_irq() returns to do_seccomp(), and then at the STI with
// which that one releases the lock, or where it calls what does. In between QEMU has counted the
// instructions. (The clock will not do: it jumps whenever the machine is halted.)

#pragma once

#include "bench/collect.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// System.map.
class Symbols {
public:
    // Throws ResultsError for a text that is none.
    explicit Symbols(std::string_view system_map);

    std::uint64_t address(const std::string &name) const; // throws ResultsError
    // Of all functions of this name, whatever underscores it begins with and whatever
    // ".constprop.0" it ends with: compilers make copies of what is inline in a header.
    std::vector<std::uint64_t> all_copies(std::string_view name) const;

    struct Range {
        std::string name;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };
    // The functions whose names begin with one of these: compilers split functions.
    std::vector<Range> all_with(std::string_view one, std::string_view other) const;
    // The function that the address is in. Throws ResultsError.
    Range at(std::uint64_t address) const;

private:
    std::map<std::string, std::uint64_t> addresses_;
    std::map<std::uint64_t, std::string> names_;
};

// Every kernel looks at each filter below the new one while it has the lock, and those that emulate
// meanwhile leave out what the filters below do not allow anyway: throws ResultsError if the hold
// time of one that is `depth` deep shows nothing of that, so that a probe that halts elsewhere does
// not go unnoticed.
void check_hold_times(double alone, double deep, std::size_t depth);

// Boots a machine and adds the rows "siglock/depth-1" (the filter alone) and "siglock/depth-32"
// (the filter on top of the stack, 31 filters deep). Throws as measure() does, and vm::GdbError.
void measure_siglock(const Subject &subject, const cbpf::Program &filter, const cbpf::Chain &stack,
                     const Settings &settings, Results &results);

} // namespace bench
