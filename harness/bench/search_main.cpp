// SPDX-License-Identifier: MIT
//
// hostile_search: looks for filters that are expensive for the kernel's emulator, and prints them
// as found_filters.cpp has them.

#include "bench/emulation_cost.h"
#include "bench/hostile.h"
#include "bench/search.h"
#include "command_line/program.h"

#include <fmt/format.h>

#include <cstdio>

namespace {

struct Options {
    std::uint64_t seed = 1;
    unsigned searches = 6;
    unsigned steps = 6000;
};

// The family's own, to compare with.
void print_family() {
    for (const bench::Gadget gadget : bench::all_gadgets)
        command_line::phase(fmt::format(
            "{:9}  {}", bench::emulation_cost(bench::hostile_program({&gadget, 1})), name(gadget)));
    command_line::phase(
        fmt::format("{:9}  short", bench::emulation_cost(bench::short_hostile_program())));
}

int run(const Options &options) {
    command_line::phase("basic blocks of the emulator, both tables:");
    print_family();
    for (unsigned i = 0; i < options.searches; i++) {
        const auto found =
            bench::find_expensive(options.seed + i, options.steps, bench::emulation_cost);
        command_line::phase(fmt::format("{:9}  found with seed {}", found.cost, options.seed + i));
        fmt::print("    // {} blocks\n    {},\n", found.cost, source(found.recipe));
        std::fflush(stdout);
    }
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    Options options;
    CLI::App app{"Looks for filters that are expensive to attach, guided by what they cost the\n"
                 "kernel's emulator in user space, and prints recipes of them. The same options\n"
                 "find the same.",
                 "hostile_search"};
    app.add_option("--seed", options.seed, "of the first search; the next has the next")
        ->capture_default_str();
    app.add_option("--searches", options.searches, "how many, each with a filter as its result")
        ->capture_default_str();
    app.add_option("--steps", options.steps, "changes that each of them tries")
        ->capture_default_str();
    return command_line::run_program(app, argc, argv, [&] { return run(options); });
}
