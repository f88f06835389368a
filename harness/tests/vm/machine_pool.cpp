// SPDX-License-Identifier: MIT
#include "tests/vm/machine_pool.h"

#include "vm/console.h"
#include "vm/leaks.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace tests {
namespace {

// A kernel that does not boot will not boot the third time, and one that dies in every test
// should not make a run take hours.
constexpr unsigned max_boot_failures = 2;
constexpr unsigned max_failures = 12;

struct Description {
    const char *name;
    bool stock;
    const char *command_line;
    unsigned cpus;
};

Description describe(Kind kind) {
    switch (kind) {
    case Kind::patched:
        return {"patched", false, "vsyscall=emulate", 2};
    case Kind::vsyscall_xonly:
        return {"vsyscall-xonly", false, "vsyscall=xonly", 2};
    case Kind::stock:
        return {"stock", true, "vsyscall=emulate", 2};
    case Kind::counting:
        return {"counting", false, "vsyscall=emulate", 1};
    case Kind::counting_stock:
        return {"counting-stock", true, "vsyscall=emulate", 1};
    case Kind::auditing:
        return {"auditing", false, "vsyscall=emulate", 2};
    case Kind::sysenter:
        return {"sysenter", false, "vsyscall=emulate", 2};
    case Kind::stress:
        return {"stress", false, "vsyscall=emulate", 4};
    case Kind::stress_stock:
        return {"stress-stock", true, "vsyscall=emulate", 4};
    case Kind::faults:
        return {"faults", false, "vsyscall=emulate kmemleak=off", 2};
    case Kind::faults_stock:
        return {"faults-stock", true, "vsyscall=emulate kmemleak=off", 2};
    }
    throw std::logic_error("no such kind of machine");
}

// Shards of one run must not share log files.
std::string shard_suffix() {
    const char *shard = std::getenv("GTEST_SHARD_INDEX");
    return shard ? fmt::format("-shard{}", shard) : "";
}

std::unique_ptr<MachinePool> the_pool;

} // namespace

MachinePool &pool() {
    if (!the_pool)
        throw std::logic_error("no machine pool");
    return *the_pool;
}

void set_pool(std::unique_ptr<MachinePool> new_pool) { the_pool = std::move(new_pool); }

MachinePool::MachinePool(Options options) : options_(std::move(options)) {}

const vm::KernelBuild &MachinePool::build(Kind kind) {
    auto found = builds_.find(kind);
    if (found == builds_.end()) {
        const auto &directory = describe(kind).stock ? options_.stock_kernel : options_.kernel;
        found = builds_.emplace(kind, vm::load_kernel_build(directory)).first;
    }
    return found->second;
}

std::vector<std::string> MachinePool::environment(Kind kind) {
    return {"SECCOMP_CACHE_TABLES=" + cbpf::format_tables(build(kind).tables)};
}

vm::MachineSpec MachinePool::spec(Kind kind, const std::string &suffix) {
    vm::MachineSpec spec;
    spec.name = fmt::format("{}{}-{}", describe(kind).name, shard_suffix(), suffix);
    spec.initramfs = options_.initramfs;
    spec.log_directory = options_.logs;
    spec.extra_command_line = describe(kind).command_line;
    spec.cpus = describe(kind).cpus;
    spec.memory_mib = options_.memory_mib;
    spec.extra_scale = options_.deadline_scale;
    vm::use_kernel(build(kind), spec);
    if (!accel_)
        accel_ = vm::accel_for(spec);
    spec.accel = *accel_;
    if (kind == Kind::counting || kind == Kind::counting_stock) {
        spec.accel = vm::Accel::tcg;
        spec.count_instructions = true;
    }
    if (kind == Kind::sysenter) {
        spec.accel = vm::Accel::tcg;
        spec.cpu_vendor = "GenuineIntel";
    }
    return spec;
}

std::optional<std::string> MachinePool::given_up(const Slot &slot) const {
    if (slot.boot_failures >= max_boot_failures)
        return fmt::format("not run: the machine failed to boot {} times in a row, lastly: {}",
                           slot.boot_failures, slot.last_reason);
    if (slot.failures >= max_failures)
        return fmt::format("not run: given up after {} failures of the machine, lastly: {}",
                           slot.failures, slot.last_reason);
    return {};
}

void MachinePool::discard_machine(Kind kind, Slot &slot) {
    if (slot.machine)
        for (const auto &title : vm::foreign_races(slot.machine->console().read_from(0)))
            (describe(kind).stock ? races_[title].stock : races_[title].patched)++;
    slot.machine.reset();
}

void MachinePool::boot(Kind kind, Slot &slot) {
    discard_machine(kind, slot);
    slot.boot_failures++;
    slot.machine = std::make_unique<vm::Machine>(spec(kind, fmt::format("boot{}", ++slot.boots)));
    slot.boot_failures = 0;
}

// The one that is up, or a new one.
vm::Machine &MachinePool::machine(Kind kind) {
    Slot &slot = slots_[kind];
    if (const auto reason = given_up(slot))
        throw vm::MachineError({*reason, "", options_.logs});
    if (!slot.machine || !slot.machine->usable())
        boot(kind, slot);
    return *slot.machine;
}

// Held while there is nothing for it to do.
template <typename Use> auto MachinePool::with_machine(Kind kind, Use use) {
    struct Chosen {
        vm::Machine &machine;
        ~Chosen() { machine.hold(); }
    } chosen{machine(kind)};
    return use(chosen.machine);
}

void MachinePool::put(Kind kind, const std::string &path, std::string_view content) {
    with_machine(kind, [&](vm::Machine &machine) { machine.put(path, content); });
}

std::string MachinePool::get(Kind kind, const std::string &path) {
    return with_machine(kind, [&](vm::Machine &machine) { return machine.get(path); });
}

vm::Outcome MachinePool::run(Kind kind, const vm::Command &command) {
    Slot &slot = slots_[kind];
    vm::Outcome outcome;
    if (const auto reason = given_up(slot)) {
        outcome.failure = vm::Failure{*reason, "", options_.logs};
        return outcome;
    }
    try {
        outcome = with_machine(kind, [&](vm::Machine &machine) { return machine.run(command); });
    } catch (const vm::MachineError &error) {
        outcome.failure = error.failure;
    }
    if (outcome.failure) {
        slot.failures++;
        slot.last_reason = outcome.failure->reason;
    }
    return outcome;
}

std::vector<vm::Failure> MachinePool::power_off() {
    std::vector<vm::Failure> failures;
    for (auto &[kind, slot] : slots_) {
        if (!slot.machine)
            continue;
        // Where there is nothing to ask there may be no shell to ask with: a 32-bit guest has none.
        if (slot.machine->usable() && build(kind).has_option("CONFIG_DEBUG_KMEMLEAK"))
            if (auto failure = vm::find_leaks(*slot.machine))
                failures.push_back(std::move(*failure));
        if (auto failure = slot.machine->power_off())
            failures.push_back(std::move(*failure));
        discard_machine(kind, slot);
    }
    return failures;
}

std::vector<std::string> MachinePool::foreign_races() const {
    std::vector<std::string> lines;
    for (const auto &[title, count] : races_)
        lines.push_back(fmt::format("not about seccomp: {}: {} times patched, {} unpatched", title,
                                    count.patched, count.stock));
    return lines;
}

} // namespace tests
