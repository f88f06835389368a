// SPDX-License-Identifier: MIT
#include "analysis/coverage.h"

#include "cbpf/action.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <utility>
#include <variant>

namespace analysis {

namespace {

std::optional<Obstacle> obstacle_in(const cbpf::Chain &chain, std::uint32_t arch,
                                    std::uint32_t number) {
    for (const cbpf::Program &program : chain)
        if (const auto obstacle = first_obstacle(program, arch, number))
            return obstacle;
    return std::nullopt;
}

void count_allowed(Coverage &coverage, const cbpf::Chain &chain, std::uint32_t arch,
                   unsigned number, bool cached) {
    coverage.allowed++;
    if (cached)
        coverage.cached_allowed++;
    else
        coverage.missed[obstacle_in(chain, arch, number)]++;
}

} // namespace

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
    for (const auto &[obstacle, count] : other.missed)
        missed[obstacle] += count;
    return *this;
}

Coverage measure_coverage(Oracle &oracle, const cbpf::SyscallTable &table,
                          const std::vector<bool> &cached) {
    if (cached.size() != table.size)
        throw std::invalid_argument(
            fmt::format("{} bits for the {} numbers of {}", cached.size(), table.size, table.name));
    Coverage coverage;
    for (unsigned number = 0; number < table.size; number++) {
        const Permission answer = oracle.always_allowed(table.arch, number);
        coverage.numbers++;
        coverage.cached += cached[number] ? 1 : 0;
        if (std::holds_alternative<Allowed>(answer))
            count_allowed(coverage, oracle.chain(), table.arch, number, cached[number]);
        else if (std::holds_alternative<Unknown>(answer))
            (cached[number] ? coverage.unknown_cached : coverage.unknown_uncached)++;
        else if (cached[number])
            coverage.unsound.push_back({table, number, std::get<Refused>(answer)});
    }
    return coverage;
}

} // namespace analysis
