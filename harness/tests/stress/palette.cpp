// SPDX-License-Identifier: MIT
#include "tests/stress/palette.h"

#include "cbpf/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <linux/seccomp.h>

namespace stress {
namespace {

constexpr std::uint32_t magic = 0x5ec0ffee; // in no argument
constexpr unsigned first_low = 120;
constexpr unsigned first_high = 400;
constexpr unsigned padding = 250;

// In either table.
std::vector<unsigned> marked_numbers(std::size_t filter) {
    const auto index = static_cast<unsigned>(filter);
    switch (filter) {
    case oldest:
        return {refused_number};
    case kills_thread:
    case kills_process:
        return {deadly_number(filter)};
    default:
        return {first_low + index, first_high + index};
    }
}

cbpf::Program harmless(std::size_t filter) {
    const auto numbers = marked_numbers(filter);
    cbpf::Program program = {cbpf::load_nr()};
    // One of them is long: a wider window while it is attached.
    if (filter == 0)
        for (unsigned i = 0; i < padding; i++)
            program.push_back(cbpf::jeq(magic + i, 0, 0));
    for (const auto instruction :
         {cbpf::jeq(numbers[0], 1, 0), cbpf::jeq(numbers[1], 0, 3), cbpf::load_arg_low(5),
          cbpf::jeq(magic, 0, 1), cbpf::ret_errno(1), cbpf::ret_allow()})
        program.push_back(instruction);
    return program;
}

cbpf::Program answering(unsigned number, std::uint32_t value) {
    return {cbpf::load_nr(), cbpf::jeq(number, 0, 1), cbpf::ret(value), cbpf::ret_allow()};
}

cbpf::Program make(std::size_t filter) {
    switch (filter) {
    case oldest:
        return answering(refused_number, SECCOMP_RET_ERRNO | refused_errno);
    case kills_thread:
        return answering(deadly_number(filter), SECCOMP_RET_KILL_THREAD);
    case kills_process:
        return answering(deadly_number(filter), SECCOMP_RET_KILL_PROCESS);
    default:
        return harmless(filter);
    }
}

const std::array<cbpf::Program, filters> &programs() {
    static const auto all = [] {
        std::array<cbpf::Program, filters> made;
        for (std::size_t i = 0; i < filters; i++)
            made[i] = make(i);
        return made;
    }();
    return all;
}

} // namespace

unsigned deadly_number(std::size_t filter) { return filter == kills_thread ? 111 : 112; }

const cbpf::Program &program(std::size_t filter) { return programs().at(filter); }

std::optional<std::size_t> recognise(const cbpf::Program &candidate) {
    const auto same = [&](const cbpf::Program &other) {
        return std::equal(candidate.begin(), candidate.end(), other.begin(), other.end(),
                          [](const auto &a, const auto &b) {
                              return a.code == b.code && a.jt == b.jt && a.jf == b.jf && a.k == b.k;
                          });
    };
    const auto found = std::find_if(programs().begin(), programs().end(), same);
    if (found == programs().end())
        return {};
    return static_cast<std::size_t>(found - programs().begin());
}

Marks marks_of(const kernel::CacheListing &listing) {
    Marks marks;
    std::vector<std::vector<bool>> explained;
    for (const auto &table : listing.tables)
        explained.emplace_back(table.allow.size(), true);
    for (std::size_t filter = 0; filter < filters; filter++) {
        std::size_t cleared = 0, of = 0;
        for (std::size_t t = 0; t < listing.tables.size(); t++)
            for (const unsigned number : marked_numbers(filter)) {
                of++;
                cleared += !listing.tables[t].allow.at(number);
                explained[t].at(number) = listing.tables[t].allow.at(number);
            }
        if (cleared != 0 && cleared != of)
            throw IllegalText(
                fmt::format("{} of the {} bits of filter {} are cleared", cleared, of, filter));
        marks[filter] = cleared != 0;
    }
    for (std::size_t t = 0; t < listing.tables.size(); t++)
        if (listing.tables[t].allow != explained[t])
            throw IllegalText(fmt::format("a bit of {} is cleared that no filter clears",
                                          listing.tables[t].table.name));
    if (!marks[oldest])
        throw IllegalText(fmt::format("number {} is cached as allowed", refused_number));
    return marks;
}

Marks marks_of(const std::vector<cbpf::Program> &chain) {
    Marks marks;
    for (const auto &program : chain) {
        const auto filter = recognise(program);
        if (!filter)
            throw IllegalText("a filter that nobody attached");
        marks[*filter] = true;
    }
    return marks;
}

} // namespace stress
