// SPDX-License-Identifier: MIT
//
// fault_injection: runs in the guest, as root. Has each allocation that attaching a filter makes
// fail, one after the other, and looks at what comes of it:
//
//   slab jit 300: ENOMEM*7 0*12
//
// says for one way of attaching what the result was when the first, the second, ... allocation
// failed. The kernel without the patches says the same of the same attach: the host compares the
// lines. In any case the task has to keep its old filters, and the new one is in force if, and only
// if, the result says so. With --proc-file (the kernel has the patches) also the cache has to be
// right, and a line tells how often it was empty, for want of memory:
//
//   cache slab jit 300: empty*1

#include "tests/faults/scenario.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <sched.h>
#include <stdexcept>
#include <string>

namespace {

using namespace faults;

constexpr unsigned max_allocations = 2000;

struct Options {
    bool proc_file = false;
};

Options parse_options(int argc, char **argv) {
    Options options;
    CLI::App app{"Fails each allocation of an attach in turn; see the head of main.cpp.",
                 "fault_injection"};
    app.add_flag("--proc-file", options.proc_file, "check the cache as well");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        std::exit(app.exit(error));
    }
    return options;
}

void write_file(const std::string &path, const std::string &text) {
    std::ofstream file(path);
    file << text << std::flush;
    if (!file)
        throw std::runtime_error("cannot write to " + path +
                                 ": is this a kernel with fault injection?");
}

// By default neither fails an allocation that may sleep, and pages only in pairs or more.
void choose_allocator(Allocator allocator) {
    const std::string slab = "/sys/kernel/debug/failslab/";
    const std::string pages = "/sys/kernel/debug/fail_page_alloc/";
    const bool is_slab = allocator == Allocator::slab;
    write_file(slab + "ignore-gfp-wait", is_slab ? "N" : "Y");
    write_file(pages + "ignore-gfp-wait", is_slab ? "Y" : "N");
    write_file(pages + "ignore-gfp-highmem", is_slab ? "Y" : "N");
    write_file(pages + "min-order", is_slab ? "20" : "0");
}

void prepare(const Scenario &scenario) {
    choose_allocator(scenario.allocator);
    write_file("/proc/sys/net/core/bpf_jit_enable", scenario.jit ? "1" : "0");
}

// What is allocated once and kept (per processor, or a page more for a slab) must not be counted.
void stay_on_one_processor() {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0)
        throw std::runtime_error("sched_setaffinity failed");
}

// "ENOMEM*3 0*2"
class Sequence {
public:
    void add(const std::string &result) {
        if (result != last_) {
            flush();
            last_ = result;
        }
        times_++;
    }
    std::string text() {
        flush();
        return text_;
    }

private:
    void flush() {
        if (times_ > 0)
            text_ += fmt::format("{}{}*{}", text_.empty() ? "" : " ", last_, times_);
        times_ = 0;
    }

    std::string last_;
    unsigned times_ = 0;
    std::string text_;
};

// Returns how many attempts went wrong.
unsigned walk(const Scenario &scenario, const Options &options) {
    Sequence sequence;
    unsigned wrong = 0, empty = 0, nth = 1;
    prepare(scenario);
    for (bool injected = true; injected; nth++) {
        if (nth > max_allocations)
            throw std::runtime_error(scenario.name() + ": there is no end of allocations");
        // The first attempt is for getting warm.
        const unsigned now = nth - 1;
        const Attempt attempt = faults::attempt(scenario, now, options.proc_file);
        const std::string bad = problem(scenario, attempt, options.proc_file);
        if (!bad.empty()) {
            fmt::print("FAILED: {}, allocation {}: {} (result {})\n", scenario.name(), now, bad,
                       result_name(attempt.result));
            wrong++;
        }
        injected = now == 0 || attempt.injected;
        if (attempt.injected)
            sequence.add(result_name(attempt.result));
        empty += attempt.cache == Cache::empty;
    }
    const std::string text = sequence.text();
    if (text.empty()) {
        fmt::print("FAILED: {}: no allocation failed\n", scenario.name());
        wrong++;
    }
    fmt::print("{}: {}\n", scenario.name(), text);
    if (options.proc_file)
        fmt::print("cache {}: empty*{}\n", scenario.name(), empty);
    // What the emulator works in comes from slabs unless the filter is long.
    if (options.proc_file && scenario.allocator == Allocator::slab &&
        scenario.length == short_program && empty == 0) {
        fmt::print("FAILED: {}: the emulator's memory is never missing\n", scenario.name());
        wrong++;
    }
    return wrong;
}

} // namespace

int main(int argc, char **argv) {
    try {
        const Options options = parse_options(argc, argv);
        stay_on_one_processor();
        unsigned wrong = 0;
        for (const Scenario &scenario : all_scenarios())
            wrong += walk(scenario, options);
        return wrong == 0 ? 0 : 1;
    } catch (const std::exception &error) {
        fmt::print("fault_injection: {}\n", error.what());
        return 2;
    }
}
