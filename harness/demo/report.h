// SPDX-License-Identifier: MIT
//
// What the demonstration found, for people and for programs.

#pragma once

#include "cbpf/program.h"
#include "kernel/cross_check.h"
#include "kernel/proc_file.h"

#include <cstddef>
#include <string>

namespace demo {

struct Findings {
    std::string kernel;  // "Linux 5.10.262, series full, config base"
    std::string profile; // path
    cbpf::Program program;
    kernel::CacheListing listing;
    kernel::CrossCheck check;
};

std::string human_report(const Findings &findings, bool colour);
std::string json_report(const Findings &findings);

} // namespace demo
