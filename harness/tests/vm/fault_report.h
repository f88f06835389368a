// SPDX-License-Identifier: MIT
//
// Compares what the guest's fault injection program prints on two kernels:
//
//     slab jit 300 TSYNC: ENOMEM*7 0*12
//     pages jit 300 TSYNC: ENOMEM*20
//     cache slab jit 300 TSYNC: empty*1
//
// Only the lines about slab allocations: how many pages are allocated differs from run to run. Each
// allocation that stock does not make is for the cache, which is empty without it: so many
// successes more are no difference.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tests {

enum class Copy {
    stocks_too, // the original of a program is kept by stock as well: the same but for those
    ours_alone, // for the cache only: no more failures than stock has, whatever fails
};

// Where the kernel with the patches does not what stock does, one line each.
std::vector<std::string> fault_differences(std::string_view stock, std::string_view patched,
                                           Copy copy);

// What of `second` is about a way of attaching that `first` has a difference for, too. Something
// else may be allocated in between, now and then (a debug object, say): in that one attempt
// another allocation of the attach fails than is counted. What stays is no such thing.
std::vector<std::string> lasting_differences(const std::vector<std::string> &first,
                                             const std::vector<std::string> &second);

} // namespace tests
