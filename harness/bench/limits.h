// SPDX-License-Identifier: MIT
//
// Limits that results must keep, as committed in limits.json:
//
//     {"limits": [
//       {"row": "podman-linear/hit", "column": "full", "max": 20},
//       {"row": "podman-linear/attach", "column": "full", "over": "stock", "max": 150000}]}
//
// With "over" it is the difference to another column that has the limit, and it may be below 0.
// Where a row has no figures because its machine was not asked for, a quick run passes over it.

#pragma once

#include "bench/results.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Limit {
    std::string row;
    std::string column;
    std::optional<std::string> over;
    double max = 0;

    std::string name() const; // "podman-linear/attach: full over stock"
};

struct Judgement {
    Limit limit;
    std::optional<double> value; // nothing: not measured

    // To the tenth of an instruction that tables show.
    bool kept() const { return value && *value < limit.max + 0.05; }
};

// Throws ResultsError, which names the entry at fault: an unknown key is a typing error.
std::vector<Limit> parse_limits(std::string_view json);

std::vector<Judgement> judge(const Results &results, const std::vector<Limit> &limits);

// "ok      NAME: 127 (at most 130)", and so on. What was not measured is a failure unless `quick`,
// and named in any case.
std::string judgement_lines(const std::vector<Judgement> &judgements, bool quick);

// How many are not as they should be.
std::size_t failures(const std::vector<Judgement> &judgements, bool quick);

std::size_t unmeasured(const std::vector<Judgement> &judgements);

} // namespace bench
