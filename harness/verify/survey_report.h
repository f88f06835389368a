// SPDX-License-Identifier: MIT
//
// The results of a survey, for people and for programs.

#pragma once

#include "verify/survey.h"

#include <span>
#include <string>

namespace verify {

// A table, then what stopped the cache where it could have said more, then every unsound bit.
std::string human_report(std::span<const GroupResult> groups, const Setting &setting);
std::string json_report(std::span<const GroupResult> groups, const Setting &setting);

// No bit is unsound, and of none that is set the oracle could not tell.
bool all_sound(std::span<const GroupResult> groups);

} // namespace verify
