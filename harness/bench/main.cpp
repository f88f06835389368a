// SPDX-License-Identifier: MIT
//
// bench: what seccomp costs on several kernels, side by side.

#include "bench/collect.h"
#include "bench/limits.h"
#include "bench/options.h"
#include "bench/page.h"
#include "bench/siglock.h"
#include "bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fnmatch.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace {

namespace fs = std::filesystem;
using bench::Options;
using bench::Results;
using bench::Subject;
using bench::Workload;

enum Status { well = 0, limit_broken = 1, bad = 2, not_repeatable = 3, no_kvm = 4 };

void phase(const std::string &what) {
    fmt::print(stderr, "bench: {}\n", what);
    std::fflush(stderr);
}

std::vector<Subject> subjects(const Options &options) {
    std::vector<Subject> all;
    for (const auto &word : options.kernels)
        all.push_back(bench::parse_subject(word));
    return all;
}

bool wanted(const Options &options, const std::string &id) {
    return options.only.empty() || fnmatch(options.only.c_str(), id.c_str(), 0) == 0;
}

std::vector<Workload> quick_ones(std::vector<Workload> all) {
    std::erase_if(all, [](const Workload &workload) { return !workload.quick; });
    return all;
}

// A set's rows are about calls.
std::vector<Workload> those_of_sets(std::vector<Workload> all) {
    std::erase_if(all, [](const Workload &workload) { return workload.hostile; });
    return quick_ones(all);
}

const Workload &named(const std::vector<Workload> &all, const std::string &id) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Workload &workload) { return workload.id == id; });
    if (found == all.end())
        throw std::logic_error("there is no workload " + id);
    return *found;
}

// What is done with each kernel.
struct Plan {
    std::vector<Workload> workloads;
    bool siglock = true;
    // For siglock: a filter, and a stack to put it on.
    cbpf::Program filter{};
    cbpf::Chain stack{};
};

Plan make_plan(const Options &options) {
    Plan plan{.workloads = bench::all_workloads(options.sources),
              .siglock = wanted(options, "siglock")};
    plan.filter = named(plan.workloads, "podman-linear").chain.front();
    plan.stack = named(plan.workloads, "systemd").chain;
    std::erase_if(plan.workloads,
                  [&](const Workload &workload) { return !wanted(options, workload.id); });
    if (options.quick)
        plan.workloads = quick_ones(plan.workloads);
    return plan;
}

// Only what is counted there has the same digits each time.
std::vector<std::string> notes(const Options &options) {
    std::vector<std::string> notes;
    if (options.settings.accel == vm::Accel::tcg)
        notes.push_back("An instruction is one that the emulated processor executes (QEMU, TCG, "
                        "-icount shift=0,sleep=off -smp 1): stalls, cache misses and speculation "
                        "barriers are not in the figures.");
    else
        notes.push_back("Measured in nanoseconds under KVM: these figures change from run to run, "
                        "and with the machine.");
    notes.push_back(
        fmt::format("Medians of {} repetitions in one boot.", options.settings.repetitions));
    notes.push_back("Costs of calls are over the same call without filters; rows of 'native' are "
                    "absolute.");
    return notes;
}

void measure_subject(const Options &options, const Subject &subject, const Plan &plan,
                     Results &results) {
    phase(fmt::format("booting    {}{}", subject.build.description(),
                      subject.command_line.empty() ? "" : ", " + subject.command_line));
    const bool main_set = subject.set.empty();
    bench::measure(
        subject, main_set ? plan.workloads : those_of_sets(plan.workloads), options.settings,
        [](const std::string &what) { phase("measuring  " + what); }, results);
    if (plan.siglock && main_set && options.settings.accel == vm::Accel::tcg) {
        phase("probing    siglock");
        bench::measure_siglock(subject, plan.filter, plan.stack, options.settings, results);
    }
}

Results one_run(const Options &options, const std::vector<Subject> &all, const Plan &plan) {
    Results results;
    results.notes = notes(options);
    for (const auto &subject : all)
        if (subject.set.empty())
            results.columns.push_back({subject.column, subject.build.description()});
    for (const auto &subject : all)
        measure_subject(options, subject, plan, results);
    bench::add_worst_hostile(results);
    return results;
}

void write(const fs::path &path, const std::string &text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file)
        throw std::runtime_error(fmt::format("{}: cannot be written", path.string()));
}

void save(const Options &options, const Results &results) {
    fs::create_directories(options.output);
    write(options.output / "results.json", bench::to_json(results));
    write(options.output / "results.md", bench::markdown_table(results));
    write(options.output / "results.html", bench::html_page(results));
    phase(fmt::format("wrote      {}/results.json, .md and .html", options.output.string()));
}

std::string content(const fs::path &path) {
    std::ifstream file(path);
    if (!file)
        throw std::runtime_error(fmt::format("{}: cannot be read", path.string()));
    return {std::istreambuf_iterator<char>(file), {}};
}

// Boots everything again, and says what came out differently.
bool repeatable(const Options &options, const std::vector<Subject> &all, const Plan &plan,
                const Results &results) {
    bool same = true;
    for (unsigned boot = 2; boot <= options.boots; boot++)
        for (const auto &line : bench::differences(results, one_run(options, all, plan))) {
            phase("not the same in another boot: " + line);
            same = false;
        }
    return same;
}

bool limits_broken(const Options &options, const Results &results) {
    if (options.limits.empty())
        return false;
    const auto judgements = bench::judge(results, bench::parse_limits(content(options.limits)));
    fmt::print("\n{}", bench::judgement_lines(judgements, options.quick));
    const auto broken = bench::failures(judgements, options.quick);
    const auto left = options.quick ? bench::unmeasured(judgements) : 0;
    const auto judged = judgements.size() - left;
    fmt::print("{} of {} limits kept", judged - broken, judged);
    fmt::print("{}\n", left == 0 ? "" : fmt::format(", {} are for make bench to measure", left));
    return broken > 0;
}

Status run(Options options) {
    const auto all = subjects(options);
    const auto plan = make_plan(options);
    const char *accel = std::getenv("ACCEL");
    if (accel != nullptr && std::string(accel) == "kvm") {
        if (!vm::kvm_works(bench::machine_spec(options.settings, all.at(0), "bench"))) {
            phase("ACCEL=kvm: no machine boots under KVM here");
            return no_kvm;
        }
        options.settings.accel = vm::Accel::kvm;
    }

    const auto results = one_run(options, all, plan);
    fmt::print("{}", bench::terminal_table(results));
    std::fflush(stdout);
    save(options, results);
    phase(fmt::format("{} figures vary by more than an instruction inside of one boot, as memory "
                      "is allocated: their spread is in results.json",
                      bench::unsteady_figures(results)));

    const bool same = repeatable(options, all, plan, results);
    if (limits_broken(options, results))
        return limit_broken;
    return same ? well : not_repeatable;
}

} // namespace

int main(int argc, char **argv) {
    try {
        return run(bench::parse_options(argc, argv));
    } catch (const std::exception &error) {
        fmt::print(stderr, "bench: {}\n", error.what());
        return bad;
    }
}
