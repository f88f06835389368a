// SPDX-License-Identifier: MIT
//
// The two ends of a syscall_probe's job (selftests/syscall_probe.h), for whoever starts one.

#pragma once

#include "cbpf/program.h"
#include "probe.h"

#include <cstdint>
#include <string>
#include <vector>

namespace guest {

const char *probe_name(Bits bits);
// The program's path: the probes lie beside this program.
std::string probe_program(Bits bits);

// `flags` are PROBE_*, `filter_flags` SECCOMP_FILTER_FLAG_* of the first filters. Throws
// std::logic_error where the job has no room.
void fill_in(probe_job &job, const cbpf::Chain &chain, const std::vector<Call> &calls,
             std::uint32_t flags, const std::vector<std::uint32_t> &filter_flags);

// Of a call that was done, by the process `pid`.
Outcome outcome_of(const probe_result &result, const Call &call, std::uint32_t pid);

// What the filters of the probe are shown for a call.
seccomp_data shown_to_filters(const probe_job &job, const Call &call);

} // namespace guest
