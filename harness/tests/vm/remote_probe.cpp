// SPDX-License-Identifier: MIT
#include "tests/vm/remote_probe.h"

#include "tests/guest/probe_job.h"
#include "tests/vm/guest_suite.h"

#include <fmt/format.h>

#include <cstring>
#include <memory>

namespace tests {
namespace {

using guest::Call;

constexpr const char *bin = "/opt/seccomp-cache/bin/";
constexpr const char *job_file = "/tmp/probe_job";

std::string bytes_of(const probe_job &job) {
    return {reinterpret_cast<const char *>(&job), sizeof(job)};
}

std::unique_ptr<probe_job> job_of(const std::string &bytes) {
    if (bytes.size() != sizeof(probe_job))
        throw RemoteProbeError(
            fmt::format("{} has {} bytes, not {}", job_file, bytes.size(), sizeof(probe_job)));
    auto job = std::make_unique<probe_job>();
    std::memcpy(job.get(), bytes.data(), bytes.size());
    return job;
}

vm::Outcome start(Kind kind, const cbpf::Chain &chain, const std::vector<Call> &calls) {
    auto job = std::make_unique<probe_job>();
    guest::fill_in(*job, chain, calls, 0, {});
    pool().put(kind, job_file, bytes_of(*job));
    return pool().run(
        kind, {.argv = {bin + std::string(guest::probe_name(guest::path_bits(calls.front().path))),
                        job_file},
               .env = {}});
}

// One process does as many of the calls as it survives.
void perform_some(Kind kind, const cbpf::Chain &chain, const std::vector<Call> &calls,
                  Performed &performed) {
    const vm::Outcome outcome = start(kind, chain, calls);
    if (outcome.failure)
        throw RemoteProbeError(outcome.failure->text());
    const auto job = job_of(pool().get(kind, job_file));
    const std::size_t before = performed.outcomes.size();
    for (std::size_t i = 0; i < calls.size(); i++) {
        if (job->results[i].kind == PROBE_NOT_DONE) {
            if (i != job->next_call || job->state != PROBE_ATTACHED || !outcome.signal)
                break;
            performed.outcomes.push_back(guest::killed(static_cast<int>(*outcome.signal)));
        } else {
            performed.outcomes.push_back(guest::outcome_of(job->results[i], calls[i], job->pid));
        }
        performed.data.push_back(guest::shown_to_filters(*job, calls[i]));
        if (performed.outcomes.back().kind == guest::Outcome::Kind::killed)
            break;
    }
    if (performed.outcomes.size() == before)
        throw RemoteProbeError(fmt::format("the probe did none of its calls (state {}): {}",
                                           job->state, explain(outcome)));
}

} // namespace

Performed perform(Kind kind, const cbpf::Chain &chain, const std::vector<Call> &calls) {
    Performed performed;
    try {
        while (performed.outcomes.size() < calls.size())
            perform_some(kind, chain,
                         {calls.begin() + static_cast<std::ptrdiff_t>(performed.outcomes.size()),
                          calls.end()},
                         performed);
    } catch (const vm::MachineError &error) {
        throw RemoteProbeError(error.what());
    }
    return performed;
}

Attempt try_call(Kind kind, const Call &call) {
    const vm::Outcome outcome = start(kind, {}, {call});
    if (outcome.failure)
        throw RemoteProbeError(outcome.failure->text());
    return {outcome, job_of(pool().get(kind, job_file))->results[0].kind != PROBE_NOT_DONE};
}

} // namespace tests
