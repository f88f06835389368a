// SPDX-License-Identifier: MIT
//
// oracle_report: is the cache sound, and how much of what could be cached is? Compares the bits of
// an emulator, or those a kernel showed, with the exact oracle (analysis/oracle.h).
// Exit status: 0 sound, 1 an unsound bit, 2 an error, 3 the oracle contradicts the interpreter.

#include "analysis/oracle.h"
#include "cbpf/oci_profile.h"
#include "verify/dumped_chain.h"
#include "verify/guest_bits.h"
#include "verify/survey.h"
#include "verify/survey_report.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

enum Status { sound = 0, unsound = 1, error = 2, contradiction = 3 };

struct Options {
    std::string profile;
    std::size_t generated = 0;
    std::uint64_t seed = 1;
    unsigned threads = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::string> chains;
    std::string guest_bits;
    // What Linux 5.10 has; the kernels of later versions have more.
    std::string tables = "x86_64:0xc000003e:441,ia32:0x40000003:441";
    verify::Setting setting;
    std::string json;
};

// Progress goes to standard error, so that the result can be piped.
void say(const std::string &what) {
    fmt::print(stderr, "oracle_report: {}\n", what);
    std::fflush(stderr);
}

void survey_profile(const Options &options, std::vector<verify::GroupResult> &results) {
    say("asking about " + options.profile);
    for (const bool tree : {false, true})
        results.push_back(survey_chain(
            tree ? "profile, binary tree" : "profile, list",
            {cbpf::load_oci_profile(options.profile, {.binary_tree = tree})}, {}, options.setting));
}

void survey_dumps(const Options &options, std::vector<verify::GroupResult> &results) {
    for (const std::string &directory : options.chains) {
        say("asking about " + directory);
        for (const auto &path : verify::chain_directories(directory)) {
            const auto dumped = verify::load_chain(path, options.setting.tables);
            results.push_back(
                survey_chain(dumped.name, dumped.chain, dumped.listing, options.setting));
        }
    }
}

void survey_guest_bits(const Options &options, std::vector<verify::GroupResult> &results) {
    if (options.guest_bits.empty())
        return;
    say("asking about " + options.guest_bits);
    verify::GroupResult all{.name = "generated, in the guest"};
    for (const auto &seen : verify::load_guest_bits(options.guest_bits, options.setting.tables))
        all += survey_chain("", seen.chain, seen.listing, options.setting);
    results.push_back(std::move(all));
}

// A line every ten seconds.
class Progress {
public:
    explicit Progress(std::size_t total) : total_(total) {}

    void operator()(std::size_t done) {
        const auto now = std::chrono::steady_clock::now();
        if (now - last_ < std::chrono::seconds(10))
            return;
        last_ = now;
        say(fmt::format("{} of {} filters", done, total_));
    }

private:
    std::size_t total_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void survey_generated(const Options &options, std::vector<verify::GroupResult> &results) {
    say(fmt::format("asking about {} generated filters, seed {}", options.generated, options.seed));
    // The survey calls it from one thread at a time.
    const auto groups = verify::survey_generated({.filters = options.generated,
                                                  .seed = options.seed,
                                                  .threads = options.threads,
                                                  .progress = Progress(options.generated)},
                                                 options.setting);
    results.insert(results.end(), groups.begin(), groups.end());
    verify::GroupResult all{.name = "generated: all", .total = true};
    for (const auto &group : groups)
        all += group;
    results.push_back(all);
}

void write_file(const std::string &path, const std::string &text) {
    std::ofstream file(path, std::ios::binary);
    if (!(file << text).flush())
        throw std::runtime_error(path + ": cannot be written");
}

Status run(const Options &options) {
    std::vector<verify::GroupResult> results;
    if (!options.profile.empty())
        survey_profile(options, results);
    survey_dumps(options, results);
    survey_guest_bits(options, results);
    if (options.generated != 0)
        survey_generated(options, results);
    fmt::print("{}", human_report(results, options.setting));
    if (!options.json.empty())
        write_file(options.json, json_report(results, options.setting));
    return verify::all_sound(results) ? sound : unsound;
}

void add_options(CLI::App &app, Options &options) {
    app.add_option("--profile", options.profile, "an OCI seccomp profile, as list and as tree");
    app.add_option("--chain", options.chains,
                   "directories with the filters of a task (*.bpf, oldest first) and perhaps its "
                   "seccomp_cache.txt; or directories of such");
    app.add_option("--guest-bits", options.guest_bits,
                   "what the guest's differential test printed about its stacks (vm_tests "
                   "--guest-bits)");
    app.add_option("--generated", options.generated, "about so many generated filters");
    app.add_option("--seed", options.seed, "of these")->capture_default_str();
    app.add_option("--threads", options.threads, "for these")
        ->capture_default_str()
        ->check(CLI::Range(1U, 1024U));
    app.add_option("--tables", options.tables, "the kernel's syscall tables, NAME:ARCH:SIZE,...")
        ->envname("SECCOMP_CACHE_TABLES")
        ->capture_default_str();
    app.add_option("--bits-of", options.setting.emulator,
                   "whose bits to judge where there is no proc file: the kernel's emulator, "
                   "compiled for user space, or the reference emulator")
        ->transform(CLI::CheckedTransformer(std::map<std::string, verify::Emulator>{
            {"kernel", verify::Emulator::kernel}, {"reference", verify::Emulator::reference}}))
        ->default_str("kernel");
    app.add_option("--limit", options.setting.limits.resources,
                   "where the solver gives up on a question (z3's rlimit)")
        ->capture_default_str();
    app.add_option("--json", options.json, "write the results to this file, too");
}

} // namespace

int main(int argc, char **argv) {
    Options options;
    CLI::App app{"Compares caches with the exact oracle: unsound bits, and precision.",
                 "oracle_report"};
    add_options(app, options);
    try {
        app.parse(argc, argv);
        if (options.profile.empty() && options.chains.empty() && options.guest_bits.empty() &&
            options.generated == 0)
            throw CLI::ValidationError(
                "nothing to do",
                "give at least one of --profile, --chain, --guest-bits, --generated");
    } catch (const CLI::CallForHelp &help) {
        return app.exit(help);
    } catch (const CLI::ParseError &wrong) {
        app.exit(wrong);
        return error;
    }
    try {
        options.setting.tables = cbpf::parse_tables(options.tables);
        return run(options);
    } catch (const analysis::OracleError &wrong) {
        say(wrong.what());
        return contradiction;
    } catch (const std::exception &wrong) {
        say(wrong.what());
        return error;
    }
}
