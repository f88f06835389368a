// SPDX-License-Identifier: MIT
#include "kernel/cross_check.h"

#include "analysis/reference_emulator.h"
#include "kernel/emulator/kernel_emulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace kernel {

namespace {

using cbpf::SyscallTable;

const char *verdict(bool allow) { return allow ? "ALLOW" : "FILTER"; }

void compare_table(const TableListing &listing, const cbpf::Chain &chain, CrossCheck &result) {
    const SyscallTable &table = listing.table;
    const auto reference = analysis::provable_numbers(chain, table.arch, table.size);
    const auto emulator = emulated_numbers(chain, table.arch, table.size);
    for (unsigned number = 0; number < table.size; number++) {
        const bool kernel = listing.allow.at(number);
        if (kernel != emulator[number] || reference.refutes(number, kernel))
            result.disagreements.push_back(
                {table, number, kernel, emulator[number], reference.allowed[number]});
    }
}

} // namespace

std::size_t CrossCheck::agreeing() const {
    return filter_presence_differs ? 0 : lines - disagreements.size();
}

std::string CrossCheck::summary() const {
    return fmt::format("{} of {} lines agree", agreeing(), lines);
}

std::string CrossCheck::details() const {
    std::string text;
    if (filter_presence_differs)
        text += "the kernel and the chain differ on whether there is a filter at all\n";
    for (const Disagreement &each : disagreements)
        text += fmt::format(
            "{} {} ({}): the kernel says {}, its emulator {}, the reference {}\n", each.table.name,
            each.number,
            cbpf::syscall_name(each.table.arch, each.number).value_or("no known syscall"),
            verdict(each.kernel), verdict(each.emulator), verdict(each.reference));
    return text;
}

CrossCheck cross_check(const CacheListing &listing, const cbpf::Chain &chain,
                       std::span<const SyscallTable> tables) {
    CrossCheck result;
    if (!listing.has_filter && chain.empty())
        return result;
    for (const SyscallTable &table : tables)
        result.lines += table.size;
    result.filter_presence_differs = listing.has_filter == chain.empty();
    if (result.filter_presence_differs)
        return result;

    // Tables that nobody compared must not count as agreeing.
    if (!std::ranges::equal(listing.tables, tables, {}, &TableListing::table))
        throw std::invalid_argument("the listing is of other syscall tables than those given");
    for (const TableListing &table : listing.tables)
        compare_table(table, chain, result);
    return result;
}

} // namespace kernel
