// SPDX-License-Identifier: MIT
//
// Child processes that measure. A filter cannot be taken off again, so each repetition has a
// process of its own, and what it finds out comes back through memory that is shared.

#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace bench {

// Forks, and has the child fill in `size` figures. It needs no system call to come back, not even
// exit(2): the filters may refuse everything. Throws std::runtime_error if it does not finish.
std::vector<double> in_child(std::size_t size, const std::function<void(std::span<double>)> &body);

// Several that stand still in between, so that their memory can be looked at.
class Crowd {
public:
    // `body` is run by each child, when all are there and start() has been called.
    Crowd(std::size_t size, const std::function<void()> &body);
    ~Crowd(); // kills them
    Crowd(const Crowd &) = delete;
    Crowd &operator=(const Crowd &) = delete;

    // Returns when all have run `body`. Throws std::runtime_error if one has died.
    void start();

private:
    struct Shared;
    void wait_for_all(int stage);

    Shared *shared_;
    std::vector<int> children_;
};

} // namespace bench
