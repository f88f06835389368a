// SPDX-License-Identifier: MIT
//
// guest::perform() for tests of the host: for kernels that cannot run the guest's own tests, as
// they are programs of 64 bits. The probe's job travels as a file.

#pragma once

#include "cbpf/program.h"
#include "tests/guest/probe.h"
#include "tests/vm/machine_pool.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace tests {

// The machine failed, or the probe did not do what it was asked to.
struct RemoteProbeError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Performed {
    std::vector<guest::Outcome> outcomes; // one for each call
    std::vector<seccomp_data> data;       // what the filters were shown of each
};

// Attaches `chain` and makes the calls in the guest; a new process takes over where one was
// killed. All calls must be of one program (guest::path_bits()). Throws RemoteProbeError.
Performed perform(Kind kind, const cbpf::Chain &chain, const std::vector<guest::Call> &calls);

// One process, one call, no filters: for a way in that the kernel may not have.
struct Attempt {
    vm::Outcome outcome;
    bool returned; // from the call
};
Attempt try_call(Kind kind, const guest::Call &call);

} // namespace tests
