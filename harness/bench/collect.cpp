// SPDX-License-Identifier: MIT
#include "bench/collect.h"

#include "bench/chain_file.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

namespace bench {
namespace {

constexpr const char *guest_program = "/opt/seccomp-cache/bin/bench_guest";
constexpr const char *guest_chain = "/tmp/bench.chain";
constexpr auto guest_timeout = std::chrono::minutes(10);
constexpr unsigned children_for_memory = 8;

using Figures = std::map<std::string, Figure>;

Figures parse_output(std::string_view output) {
    Figures figures;
    std::istringstream lines{std::string(output)};
    try {
        for (std::string line; std::getline(lines, line);) {
            const auto json = nlohmann::json::parse(line);
            figures[json.at("measure")] = summarize(json.at("values").get<std::vector<double>>());
        }
    } catch (const std::exception &error) {
        throw ResultsError(fmt::format("bench_guest printed what is no result: {}", error.what()));
    }
    return figures;
}

const Figure &figure(const Figures &figures, const std::string &name) {
    const auto found = figures.find(name);
    if (found == figures.end())
        throw ResultsError(fmt::format("bench_guest did not measure '{}'", name));
    return found->second;
}

std::string row_id(const Subject &subject, const Workload &workload, const std::string &measure) {
    const auto id = workload.id + "/" + measure;
    return subject.set.empty() ? id : subject.set + "/" + id;
}

void add(const Subject &subject, const Workload &workload, const std::string &measure,
         const std::string &title, const std::string &unit, const Figure &value, Results &results) {
    results
        .row(row_id(subject, workload, measure), fmt::format("{}: {}", workload.title, title), unit)
        .figures[subject.column] = value;
}

std::string call_title(const Measure &measure) {
    return measure.id == measure.call ? measure.call
                                      : fmt::format("{} ({})", measure.id, measure.call);
}

// Of the calls that were measured, the one whose first time differs most from its hundredth. (Not
// of whole sequences: the kernel has other caches as well.)
Figure worst_first(const Figures &figures, const std::vector<Measure> &measures) {
    Figure worst = figure(figures, measures[0].call + " first");
    for (const Measure &measure : measures) {
        if (measure.id == "open-read-close")
            continue;
        const auto &candidate = figure(figures, measure.call + " first");
        if (std::abs(candidate.median) > std::abs(worst.median))
            worst = candidate;
    }
    return worst;
}

} // namespace

std::string unit(const Settings &settings) {
    return settings.accel == vm::Accel::tcg ? "instructions" : "ns";
}

vm::MachineSpec machine_spec(const Settings &settings, const Subject &subject,
                             const std::string &name) {
    vm::MachineSpec spec;
    spec.name = name;
    spec.initramfs = settings.initramfs;
    spec.log_directory = settings.logs;
    spec.extra_command_line = subject.command_line;
    spec.cpus = 1;
    // A busy host makes it slow, and nothing else: what is counted are the guest's instructions.
    spec.boot_deadline = std::chrono::minutes(2);
    spec.accel = settings.accel;
    spec.count_instructions = settings.accel == vm::Accel::tcg;
    vm::use_kernel(subject.build, spec);
    return spec;
}

std::string run_guest(vm::Machine &machine, const cbpf::Chain &chain,
                      std::vector<std::string> words) {
    machine.put(guest_chain, encode_chain(chain));
    std::replace(words.begin(), words.end(), std::string("CHAIN"), std::string(guest_chain));
    words.insert(words.begin(), guest_program);
    const auto outcome = machine.run({.argv = words, .env = {}, .timeout = guest_timeout});
    if (outcome.failure)
        throw vm::MachineError(*outcome.failure);
    if (!outcome.success())
        throw std::runtime_error(
            fmt::format("in the guest: {} ({})", vm::last_lines(outcome.err, 1), outcome.ending()));
    return outcome.out;
}

void add_costs(const Subject &subject, const Workload &workload, const std::string &unit,
               std::string_view output, Results &results) {
    const auto figures = parse_output(output);
    const bool native = workload.chain.empty();
    for (const Measure &measure : workload.measures) {
        const auto name = native ? measure.call + " without" : measure.call;
        add(subject, workload, measure.id, call_title(measure) + (native ? "" : ", over no filter"),
            unit, figure(figures, name), results);
    }
    if (native)
        return;
    if (!workload.measures.empty())
        add(subject, workload, "first-call", "the first call over the hundredth, the worst", unit,
            worst_first(figures, workload.measures), results);
    add(subject, workload, "attach", "attach, in total", unit, figure(figures, "attach"), results);
}

void add_memory(const Subject &subject, const Workload &workload, std::string_view output,
                Results &results) {
    const auto figures = parse_output(output);
    add(subject, workload, "memory", "memory per filter", "bytes", figure(figures, "memory"),
        results);
    add(subject, workload, "memory-pages", "of it program and JIT image, by the page", "bytes",
        figure(figures, "memory-pages"), results);
}

void measure(const Subject &subject, std::span<const Workload> workloads, const Settings &settings,
             const std::function<void(const std::string &)> &progress, Results &results) {
    const auto name =
        fmt::format("bench-{}{}", subject.column, subject.set.empty() ? "" : "-" + subject.set);
    vm::Machine machine(machine_spec(settings, subject, name));
    // Every repetition, for who wonders about a median.
    std::ofstream raw(settings.logs / (name + ".jsonl"));
    for (const Workload &workload : workloads) {
        progress(workload.title);
        std::vector<std::string> words = {"costs", "CHAIN", fmt::to_string(workload.times),
                                          fmt::to_string(settings.repetitions)};
        for (const Measure &measure : workload.measures)
            words.push_back(measure.call);
        const auto output = run_guest(machine, workload.chain, words);
        raw << "# " << workload.id << '\n' << output;
        add_costs(subject, workload, unit(settings), output, results);
        if (workload.memory)
            add_memory(subject, workload,
                       run_guest(machine, workload.chain,
                                 {"memory", "CHAIN", fmt::to_string(workload.times),
                                  fmt::to_string(children_for_memory)}),
                       results);
    }
    if (const auto failure = machine.power_off())
        throw vm::MachineError(*failure);
}

namespace {

// What attaching this one costs more than without the patches: what the worst one is chosen by. The
// greatest figure where there is nothing to compare with.
double excess(const Row &row) {
    const auto full = row.figures.find("full");
    const auto stock = row.figures.find("stock");
    if (full != row.figures.end() && stock != row.figures.end())
        return full->second.median - stock->second.median;
    double most = 0;
    for (const auto &[column, figure] : row.figures)
        most = std::max(most, figure.median);
    return most;
}

} // namespace

void add_worst_hostile(Results &results) {
    const Row *worst = nullptr;
    for (const Row &row : results.rows)
        if (row.id.starts_with("hostile-") && (worst == nullptr || excess(row) > excess(*worst)))
            worst = &row;
    if (worst == nullptr)
        return;
    Row copy = *worst;
    copy.title = fmt::format("the worst of the family, {}", worst->title);
    copy.id = "hostile-worst/attach";
    results.rows.push_back(copy);
}

} // namespace bench
