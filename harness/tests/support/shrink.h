// SPDX-License-Identifier: MIT
//
// Makes failing inputs small, by delta debugging: leaves things out, and simplifies what is left,
// for as long as the failure stays.
//
//     const auto small = shrink_chain(chain, [](const cbpf::Chain &smaller) {
//         return kernel_and_model_disagree(smaller);
//     });
//
// A chain is only ever offered with programs that cbpf::check() accepts.

#pragma once

#include "cbpf/program.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

namespace support {

// How often, and for how long, the failure may be tried again. What is smallest by then is the
// result.
class Budget {
public:
    using Clock = std::chrono::steady_clock;

    explicit Budget(std::size_t tries, Clock::duration time = std::chrono::hours(1))
        : left_(tries), end_(Clock::now() + time) {}
    // One try less; false when there was none, or no time.
    bool take() { return left_ > 0 && Clock::now() < end_ && left_-- > 0; }
    std::size_t left() const { return left_; }

private:
    std::size_t left_;
    Clock::time_point end_;
};

// A shortest list found by leaving elements out of `list`, which fails. Also tries to leave out
// everything.
template <typename Element>
std::vector<Element>
shrink_list(std::vector<Element> list,
            const std::function<bool(const std::vector<Element> &)> &still_fails, Budget &budget) {
    for (std::size_t piece = list.size(); piece > 0; piece /= 2) {
        for (std::size_t at = 0; at < list.size();) {
            auto without = list;
            const auto first = without.begin() + static_cast<std::ptrdiff_t>(at);
            const std::size_t count = piece < list.size() - at ? piece : list.size() - at;
            without.erase(first, first + static_cast<std::ptrdiff_t>(count));
            if (!budget.take())
                return list;
            if (still_fails(without))
                list = std::move(without);
            else
                at += piece;
        }
    }
    return list;
}

using ChainFails = std::function<bool(const cbpf::Chain &)>;

// `chain` fails. The result does as well, and none of its programs is longer. Leaves out filters
// and instructions (jumps keep their targets), turns conditional jumps into plain ones or into
// none, and constants into 0 or the plainest value of their kind. An empty chain is never offered.
cbpf::Chain shrink_chain(cbpf::Chain chain, const ChainFails &still_fails, Budget &budget);

// `program` without `count` instructions from `first` on. A jump to one of them goes to what
// follows them. Need not be acceptable.
cbpf::Program without_instructions(const cbpf::Program &program, std::size_t first,
                                   std::size_t count);

} // namespace support
