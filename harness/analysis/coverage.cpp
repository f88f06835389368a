// SPDX-License-Identifier: MIT
#include "analysis/coverage.h"

#include "analysis/reference_emulator.h"
#include "cbpf/action.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <utility>
#include <variant>

namespace analysis {

namespace {

// Asked only where something is missed: most caches miss nothing.
class Reasons {
public:
    Reasons(const cbpf::Chain &chain, const cbpf::SyscallTable &table)
        : chain_(chain), table_(table) {}

    Miss of(unsigned number) {
        if (!provable_)
            provable_ = provable_numbers(chain_, table_.arch, table_.size);
        if (provable_->allowed[number])
            return Miss::bound;
        return provable_->undecided[number] ? Miss::too_many : Miss::domain;
    }

private:
    const cbpf::Chain &chain_;
    const cbpf::SyscallTable &table_;
    std::optional<Provable> provable_;
};

} // namespace

std::string_view miss_name(Miss miss) {
    switch (miss) {
    case Miss::bound:
        return "a bound: the reference proves them";
    case Miss::domain:
        return "more than emulators know: the reference does not prove them either";
    case Miss::too_many:
        return "too many ways, for the reference as well";
    }
    return "?";
}

std::string UnsoundBit::text() const {
    return fmt::format("{} {} ({}) is cached, but filter {} returns {} for args {{{:#x}}}, "
                       "instruction pointer {:#x}",
                       table.name, number, cbpf::syscall_name(table.arch, number).value_or("?"),
                       because.filter, cbpf::action_name(because.value),
                       fmt::join(because.data.args, ", "), because.data.instruction_pointer);
}

std::optional<double> Coverage::precision() const {
    if (allowed == 0)
        return std::nullopt;
    return 100.0 * static_cast<double>(cached_allowed) / static_cast<double>(allowed);
}

Coverage &Coverage::operator+=(const Coverage &other) {
    numbers += other.numbers;
    allowed += other.allowed;
    cached += other.cached;
    cached_allowed += other.cached_allowed;
    unknown_cached += other.unknown_cached;
    unknown_uncached += other.unknown_uncached;
    unsound.insert(unsound.end(), other.unsound.begin(), other.unsound.end());
    for (const auto &[miss, count] : other.missed)
        missed[miss] += count;
    return *this;
}

Coverage measure_coverage(Oracle &oracle, const cbpf::SyscallTable &table,
                          const std::vector<bool> &cached) {
    if (cached.size() != table.size)
        throw std::invalid_argument(
            fmt::format("{} bits for the {} numbers of {}", cached.size(), table.size, table.name));
    Coverage coverage;
    Reasons reasons(oracle.chain(), table);
    for (unsigned number = 0; number < table.size; number++) {
        const Permission answer = oracle.always_allowed(table.arch, number);
        coverage.numbers++;
        coverage.cached += cached[number] ? 1 : 0;
        if (std::holds_alternative<Allowed>(answer)) {
            coverage.allowed++;
            if (cached[number])
                coverage.cached_allowed++;
            else
                coverage.missed[reasons.of(number)]++;
        } else if (std::holds_alternative<Unknown>(answer)) {
            (cached[number] ? coverage.unknown_cached : coverage.unknown_uncached)++;
        } else if (cached[number]) {
            coverage.unsound.push_back({table, number, std::get<Refused>(answer)});
        }
    }
    return coverage;
}

} // namespace analysis
