// SPDX-License-Identifier: MIT
#include "bench/workloads.h"

#include "analysis/reference_emulator.h"
#include "bench/found_filters.h"
#include "bench/hostile.h"
#include "cbpf/builder.h"
#include "cbpf/interpreter.h"
#include "cbpf/loader.h"
#include "cbpf/oci_profile.h"
#include "tests/support/filter_shapes.h"

#include <fmt/format.h>
#include <linux/audit.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

namespace bench {
namespace {

// Of the hostile family, as measured; and the one for which a part of the work was not counted.
constexpr std::array<std::string_view, 3> worst = {"found-2", "found-5", "number-hits"};

const std::vector<Measure> hits = {{"getpid", "hit"}, {"getpid-compat", "hit-compat"}};

std::vector<Measure> with_hits(std::vector<Measure> more) {
    more.insert(more.begin(), hits.begin(), hits.end());
    return more;
}

const std::vector<Measure> container = with_hits({{"personality", "argument-checked"},
                                                  {"personality-compat", "argument-checked-compat"},
                                                  {"swapon", "denied"}});

void add_plain(std::vector<Workload> &all) {
    Workload native{.id = "native", .title = "no filter", .chain = {}};
    native.measures = with_hits({{"open-read-close", "open-read-close"}});
    native.quick = true;
    all.push_back(native);

    Workload allow{.id = "allow-all", .title = "one filter that allows", .chain = {}};
    allow.chain = {{cbpf::ret_allow()}};
    allow.measures = hits;
    allow.memory = true;
    all.push_back(allow);
}

void add_container(std::vector<Workload> &all, const std::filesystem::path &profile) {
    for (const bool tree : {false, true}) {
        cbpf::OciOptions options;
        options.binary_tree = tree;
        const auto program = cbpf::load_oci_profile(profile, options);
        for (const unsigned times : {1, 2, 8}) {
            Workload workload{.id = fmt::format("podman-{}{}", tree ? "tree" : "linear",
                                                times == 1 ? "" : fmt::format("-{}", times)),
                              .title = fmt::format("podman's profile, {}, {} time{}",
                                                   tree ? "as a binary tree" : "linear", times,
                                                   times == 1 ? "" : "s"),
                              .chain = {program},
                              .times = times};
            workload.measures = container;
            workload.memory = times == 1;
            workload.quick = times == 1 && !tree;
            all.push_back(workload);
        }
    }
}

void add_service(std::vector<Workload> &all, const std::filesystem::path &directory) {
    Workload workload{.id = "systemd", .title = "", .chain = load_stack(directory)};
    workload.title =
        fmt::format("the {} filters of {}", workload.chain.size(), directory.filename().string());
    // SystemCallArchitectures=native kills who makes a compat call.
    workload.measures = {{"getpid", "hit"},
                         {"openat", "openat"},
                         {"mprotect", "mprotect"},
                         {"open-read-close", "open-read-close"}};
    workload.memory = true;
    workload.quick = true;
    all.push_back(workload);
}

void add_chromium(std::vector<Workload> &all) {
    Workload workload{
        .id = "chromium-like", .title = "a tree with tests of arguments", .chain = {}};
    workload.chain = {chromium_like()};
    workload.measures = {{"getpid", "hit"}, {"mprotect", "argument-checked"}};
    workload.memory = true;
    all.push_back(workload);
}

void add_hostile(std::vector<Workload> &all, std::string_view name, const cbpf::Program &program) {
    Workload workload{.id = fmt::format("hostile-{}", name),
                      .title = fmt::format("hostile: {}", name),
                      .chain = {program}};
    workload.hostile = true;
    workload.quick = std::find(worst.begin(), worst.end(), name) != worst.end();
    all.push_back(workload);
}

void add_family(std::vector<Workload> &all) {
    for (const Gadget gadget : all_gadgets)
        add_hostile(all, name(gadget), hostile_program({&gadget, 1}));
    add_hostile(all, "short", short_hostile_program());
    unsigned count = 0;
    for (const Recipe &recipe : found_filters())
        add_hostile(all, fmt::format("found-{}", ++count), cook(recipe));
}

std::uint32_t verdict(const cbpf::Program &program, int number, std::uint64_t third = 0) {
    seccomp_data data{};
    data.nr = number;
    data.arch = AUDIT_ARCH_X86_64;
    data.args[0] = 1;
    data.args[2] = third;
    return cbpf::run(program, data);
}

bool is_like_chromium(const cbpf::Program &program) {
    if (program.size() < 300 || program.size() > 900)
        return false;
    const auto cached = analysis::allowed_numbers({program}, AUDIT_ARCH_X86_64, 441);
    return cached[SYS_getpid] && !cached[SYS_mprotect] &&
           verdict(program, SYS_mprotect, PROT_READ) == SECCOMP_RET_ALLOW;
}

} // namespace

cbpf::Chain load_stack(const std::filesystem::path &directory) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(directory, error))
        if (entry.path().extension() == ".bpf")
            files.push_back(entry.path());
    if (files.empty())
        throw cbpf::LoadError(fmt::format("{}: no filters (*.bpf) are there", directory.string()));
    std::sort(files.begin(), files.end());
    cbpf::Chain chain;
    for (const auto &file : files)
        chain.push_back(cbpf::load_raw(file));
    return chain;
}

cbpf::Program chromium_like() {
    support::Aim aim;
    aim.arches = {AUDIT_ARCH_X86_64};
    aim.returns = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1};
    constexpr unsigned seeds = 100'000;
    for (unsigned seed = 0; seed < seeds; seed++) {
        support::Random random(seed);
        auto program = support::shaped_program(random, support::Shape::argument_tree, aim);
        if (is_like_chromium(program))
            return program;
    }
    throw std::logic_error("no filter of chromium's shape has been found");
}

std::vector<Workload> all_workloads(const Sources &sources) {
    std::vector<Workload> all;
    add_plain(all);
    add_container(all, sources.profile);
    add_service(all, sources.stack);
    add_chromium(all);
    add_family(all);
    return all;
}

} // namespace bench
