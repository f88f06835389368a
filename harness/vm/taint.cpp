// SPDX-License-Identifier: MIT
#include "vm/taint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace vm {

std::string describe_taint(std::uint64_t taint) {
    static constexpr const char *flags[] = {"P: a proprietary module",
                                            "F: a module loaded by force",
                                            "S: a CPU out of spec",
                                            "R: a module unloaded by force",
                                            "M: a machine check",
                                            "B: a bad page",
                                            "U: user space asked for it",
                                            "D: an oops",
                                            "A: an ACPI table overridden",
                                            "W: a warning",
                                            "C: a staging driver",
                                            "I: a firmware bug",
                                            "O: an out-of-tree module",
                                            "E: an unsigned module",
                                            "L: a soft lockup",
                                            "K: a live patch",
                                            "X: the distribution",
                                            "T: randomised structs"};
    std::vector<std::string> names;
    for (unsigned bit = 0; bit < 64; bit++)
        if (taint >> bit & 1)
            names.emplace_back(bit < std::size(flags) ? flags[bit] : fmt::format("bit {}", bit));
    return names.empty() ? "0" : fmt::format("{} ({})", taint, fmt::join(names, ", "));
}

} // namespace vm
