// SPDX-License-Identifier: MIT
//
// A reader of KTAP, what kselftest programs print:
//
//     TAP version 13
//     1..3
//     ok 1 global.mode_strict_support
//     not ok 2 global.kcmp
//     ok 3 # SKIP no kcmp here
//
// Lines that begin with '#', and lines that are no KTAP at all (children of tests print what they
// like), say nothing about results.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vm {

struct KtapTest {
    enum class Result { ok, not_ok, skip };

    unsigned number = 0;
    Result result = Result::ok;
    std::string name;   // may be empty: the harness leaves it out of skips
    std::string reason; // of a skip

    std::string text() const; // "ok 3 global.kcmp"
    bool operator==(const KtapTest &) const = default;
};

struct KtapReport {
    bool version_seen = false;
    std::optional<unsigned> plan;
    std::vector<KtapTest> tests;
    bool bailed_out = false;
};

KtapReport parse_ktap(std::string_view text);

// Everything about a run that is not as it should be, one line each; empty: it passed. A skip is
// such a thing unless the test's name or the reason is in `allowed_skips`.
std::vector<std::string> ktap_problems(const KtapReport &report, int exit_code,
                                       const std::vector<std::string> &allowed_skips = {});

// Where two runs of the same program differ, one line each, in the order of the tests.
std::vector<std::string> ktap_differences(const KtapReport &left, std::string_view left_name,
                                          const KtapReport &right, std::string_view right_name);

} // namespace vm
