// SPDX-License-Identifier: MIT
//
// Data races as KCSAN reports them, and whose they are.
//
//     BUG: KCSAN: data-race in __seccomp_filter / seccomp_attach_filter
//
//     write to 0xffff888003a4c1c0 of 8 bytes by task 71 on cpu 1:
//      seccomp_attach_filter+0x1d5/0x3c0
//      do_seccomp+0x2a1/0x9d0
//      ...
//
// Stock 5.10 has races of its own (the scheduler, mutexes that spin), whose stacks run through
// do_seccomp() as often as not. So the rule, for each of the two accesses of a report:
//
//  - It is in the function that the title names: the innermost one that is not inlined.
//  - Where that is a helper that everybody uses (bit searches, string formatting), it is in the
//    innermost function of the stack that is none.
//  - It is ours if that function is part of seccomp: its name has "seccomp" or "secure_computing"
//    in it, or begins with "emu_" (the emulator) or "syscall_enter_from_user_mode" (the entry code,
//    which looks into the cache). These are all functions of the series and those they were added
//    to.
//
// A report is ours if one of its accesses is. What cannot be read, such as a report that is cut
// off, is ours. All others concern code that the series does not touch: they are counted and
// printed, not failed for. `make stress KCONFIG=kcsan` prints those of the unpatched kernel under
// the same load beside them.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vm {

struct RaceReport {
    std::string title;                 // "data-race in a / b"
    std::vector<std::string> accesses; // the functions to blame, one for each access
    std::size_t lines = 0;             // of the report, from its title on

    bool ours() const;
};

// Does this message (without time stamp) begin a report?
bool is_race_title(std::string_view message);

// The report that begins with the first of these messages, which is its title.
RaceReport parse_race(std::span<const std::string_view> messages);

} // namespace vm
