// SPDX-License-Identifier: MIT
//
// The machines of a test run: one of each kind, booted when first needed, kept for all tests, and
// replaced after one of them has harmed it.

#pragma once

#include "tests/vm/options.h"
#include "vm/kernel_build.h"
#include "vm/machine.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

enum class Kind {
    patched,        // the kernel under test; vsyscall=emulate
    vsyscall_xonly, // the same with vsyscall=xonly
    stock,          // the kernel without the patches
    counting,       // patched, with a clock that counts instructions
    counting_stock, // the same without the patches
    auditing,       // patched, for tests that switch auditing on: it cannot be undone
    sysenter,       // patched, with a processor whose 32-bit programs enter by SYSENTER
    stress,         // patched, with four processors
    stress_stock,   // the same without the patches
    faults,         // patched, for fault injection: kmemleak's allocations would count as well
    faults_stock,   // the same without the patches
};

class MachinePool {
public:
    explicit MachinePool(Options options);

    // Never throws for what a machine does: that is in the outcome.
    vm::Outcome run(Kind kind, const vm::Command &command);

    // A file of the shared machine. Throw vm::MachineError.
    void put(Kind kind, const std::string &path, std::string_view content);
    std::string get(Kind kind, const std::string &path);

    // For a machine of one's own. `suffix` becomes part of the log's name.
    vm::MachineSpec spec(Kind kind, const std::string &suffix);

    // The kernel's syscall tables, as guest programs want them in their environment.
    std::vector<std::string> environment(Kind kind);

    const vm::KernelBuild &build(Kind kind);

    const Options &options() const { return options_; }

    // Ends all machines; what was found to be wrong with them only now, memory leaks among it.
    std::vector<vm::Failure> power_off();

    // The data races that are not ours (vm/kcsan.h), a line for each title: how often the machines
    // that are off by now have shown it, with and without the patches.
    std::vector<std::string> foreign_races() const;

private:
    struct Slot {
        std::unique_ptr<vm::Machine> machine;
        unsigned boots = 0;
        unsigned boot_failures = 0; // in a row
        unsigned failures = 0;
        std::string last_reason;
    };

    std::optional<std::string> given_up(const Slot &slot) const;
    void boot(Kind kind, Slot &slot);
    vm::Machine &machine(Kind kind);
    template <typename Use> auto with_machine(Kind kind, Use use);
    void discard_machine(Kind kind, Slot &slot);

    Options options_;
    std::optional<vm::Accel> accel_;
    std::map<Kind, vm::KernelBuild> builds_;
    std::map<Kind, Slot> slots_;
    struct RaceCount {
        unsigned patched = 0;
        unsigned stock = 0;
    };
    std::map<std::string, RaceCount> races_; // by title
};

// The one of this run; there is none while tests are merely listed.
MachinePool &pool();
void set_pool(std::unique_ptr<MachinePool> pool);

} // namespace tests
