// SPDX-License-Identifier: MIT
#include "demo/report.h"

#include "cbpf/syscall_table.h"
#include "demo/explain.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>

namespace demo {
namespace {

// Syscalls most readers have an opinion on. What is said about them is found out.
constexpr const char *examples[] = {"read",  "openat",     "futex",
                                    "clone", "mount",      "personality",
                                    "bpf",   "kexec_load", "open_by_handle_at"};
constexpr std::size_t shown_disagreements = 50;

struct Colours {
    const char *green = "", *yellow = "", *red = "", *bold = "", *off = "";
};

Colours colours(bool wanted) {
    if (!wanted)
        return {};
    return {"\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[1m", "\x1b[0m"};
}

std::optional<unsigned> number_in(const cbpf::SyscallTable &table, const char *name) {
    const auto number = cbpf::syscall_number(table.arch, name);
    return number && *number < table.size ? number : std::nullopt;
}

std::string name_of(const cbpf::SyscallTable &table, unsigned number) {
    return cbpf::syscall_name(table.arch, number).value_or("?");
}

std::string counts(const Findings &findings) {
    std::string text = fmt::format("{:18} {:>6} {:>7}\n", "", "ALLOW", "FILTER");
    for (const auto &table : findings.listing.tables)
        text += fmt::format("{:18} {:>6} {:>7}\n", table.table.name, table.allow_count(),
                            table.table.size - table.allow_count());
    return text;
}

std::string some_examples(const Findings &findings, const Colours &colour) {
    if (findings.listing.tables.empty())
        return "";
    const auto &native = findings.listing.tables.front();
    std::string text;
    for (const char *name : examples) {
        const auto number = number_in(native.table, name);
        if (!number)
            continue;
        if (native.allow[*number])
            text += fmt::format("{:18} {}ALLOW{}\n", name, colour.green, colour.off);
        else
            text += fmt::format(
                "{:18} {}FILTER{} ({})\n", name, colour.yellow, colour.off,
                describe(possible_verdicts(findings.program, native.table.arch, *number)));
    }
    return text;
}

std::string word(bool allow) { return allow ? "ALLOW" : "FILTER"; }

std::string disagreements(const kernel::CrossCheck &check) {
    if (check.filter_presence_differs)
        return "the file is empty, as for a task without filter\n";
    std::string text;
    std::size_t shown = 0;
    for (const auto &one : check.disagreements) {
        if (shown++ == shown_disagreements)
            return text + fmt::format("... and {} more\n",
                                      check.disagreements.size() - shown_disagreements);
        text += fmt::format("{} {} {}: the kernel says {}, the reference {}\n", one.table.name,
                            one.number, name_of(one.table, one.number), word(one.kernel),
                            word(one.reference));
    }
    return text;
}

} // namespace

std::string human_report(const Findings &findings, bool colour_wanted) {
    const Colours colour = colours(colour_wanted);
    const bool good = findings.check.all_agree();
    return fmt::format("\n{}{}{}\n{}: {} instructions\n\n"
                       "What /proc/PID/seccomp_cache says (ALLOW: the filter is not run):\n{}\n"
                       "{}\n"
                       "Checked against the reference emulator in user space:\n{}{}{}{}\n{}",
                       colour.bold, findings.kernel, colour.off, findings.profile,
                       findings.program.size(), counts(findings), some_examples(findings, colour),
                       colour.bold, good ? colour.green : colour.red, findings.check.summary(),
                       colour.off, good ? "" : disagreements(findings.check));
}

std::string json_report(const Findings &findings) {
    nlohmann::ordered_json json;
    json["kernel"] = findings.kernel;
    json["profile"] = findings.profile;
    json["instructions"] = findings.program.size();
    json["tables"] = nlohmann::ordered_json::array();
    for (const auto &table : findings.listing.tables) {
        nlohmann::ordered_json entry = {{"name", table.table.name},
                                        {"arch", table.table.arch},
                                        {"size", table.table.size},
                                        {"allow", table.allow_count()},
                                        {"filter", table.table.size - table.allow_count()}};
        for (unsigned number = 0; number < table.table.size; number++) {
            nlohmann::ordered_json line = {{"number", number},
                                           {"name", name_of(table.table, number)},
                                           {"verdict", word(table.allow[number])}};
            if (!table.allow[number])
                line["reason"] =
                    describe(possible_verdicts(findings.program, table.table.arch, number));
            entry["syscalls"].push_back(std::move(line));
        }
        json["tables"].push_back(std::move(entry));
    }
    json["lines"] = findings.check.lines;
    json["agreeing"] = findings.check.agreeing();
    json["disagreements"] = nlohmann::ordered_json::array();
    for (const auto &one : findings.check.disagreements)
        json["disagreements"].push_back({{"table", one.table.name},
                                         {"number", one.number},
                                         {"name", name_of(one.table, one.number)},
                                         {"kernel", word(one.kernel)},
                                         {"reference", word(one.reference)}});
    return json.dump(2) + "\n";
}

} // namespace demo
