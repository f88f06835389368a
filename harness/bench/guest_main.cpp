// SPDX-License-Identifier: MIT
//
// bench_guest: what the benchmarks do inside of the machine.
//
//     bench_guest costs CHAIN TIMES CHILDREN CALL...   what attaching and calling costs
//     bench_guest attach CHAIN                         attaches, and nothing else
//     bench_guest memory CHAIN TIMES CHILDREN          what the filters take of the memory
//
// CHAIN is a file (chain_file.h), its filters are attached TIMES times over, in each of CHILDREN
// processes. Prints a line of JSON for each figure: {"measure": NAME, "values": [one per child]}.

#include "bench/chain_file.h"
#include "bench/guest_calls.h"
#include "bench/guest_child.h"
#include "bench/guest_clock.h"
#include "bench/guest_memory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace {

struct Job {
    cbpf::Chain chain;
    unsigned times = 1;
    unsigned children = 5;
    std::vector<bench::Call> calls{};
};

unsigned number(const char *text) {
    unsigned value = 0;
    const char *end = text + std::strlen(text);
    const auto result = std::from_chars(text, end, value);
    if (result.ec != std::errc{} || result.ptr != end || value == 0)
        throw std::invalid_argument(fmt::format("'{}' is not a positive number", text));
    return value;
}

cbpf::Chain load(const char *path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw std::runtime_error(fmt::format("{} cannot be read", path));
    return bench::decode_chain(std::string(std::istreambuf_iterator<char>(file), {}));
}

void print(const std::string &measure, const std::vector<double> &values) {
    fmt::print("{{\"measure\": \"{}\", \"values\": [{}]}}\n", measure, fmt::join(values, ", "));
}

long attach(const cbpf::Program &program) {
    const sock_fprog raw = {static_cast<unsigned short>(program.size()),
                            const_cast<sock_filter *>(program.data())};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &raw);
}

// An attach that fails is no cost: ends the child.
void attach_all(const Job &job) {
    for (unsigned i = 0; i < job.times; i++)
        for (const auto &program : job.chain)
            if (attach(program) != 0)
                __builtin_trap();
}

// The figures of one child, in order: attach, and for each call what it costs without filters,
// over that with them, and the first such call over the hundredth.
constexpr std::size_t figures_of_call = 3;

void costs_in_child(const Job &job, std::span<double> figures) {
    // Waking up on time, not when it suits.
    prctl(PR_SET_TIMERSLACK, 1);
    const auto clock_cost = bench::clock_cost();
    attach({}); // refused, but its pages are there from now on
    for (std::size_t i = 0; i < job.calls.size(); i++)
        figures[1 + i * figures_of_call] = job.calls[i].measure(clock_cost).each;

    bench::wait_for_tick();
    const auto start = bench::now();
    attach_all(job);
    figures[0] = static_cast<double>(bench::now() - start - clock_cost);

    for (std::size_t i = 0; i < job.calls.size(); i++) {
        const auto cost = job.calls[i].measure(clock_cost);
        double *figure = &figures[1 + i * figures_of_call];
        figure[1] = cost.each - figure[0];
        figure[2] = cost.first - cost.hundredth;
    }
}

int costs(const Job &job) {
    const std::size_t size = 1 + job.calls.size() * figures_of_call;
    std::vector<std::vector<double>> figures(size);
    for (unsigned child = 0; child < job.children; child++) {
        bench::let_the_kernel_rest();
        const auto found =
            bench::in_child(size, [&](std::span<double> to) { costs_in_child(job, to); });
        for (std::size_t i = 0; i < size; i++)
            figures[i].push_back(found[i]);
    }
    print("attach", figures[0]);
    for (std::size_t i = 0; i < job.calls.size(); i++) {
        const std::string name(job.calls[i].name);
        print(name + " without", figures[1 + i * figures_of_call]);
        print(name, figures[2 + i * figures_of_call]);
        print(name + " first", figures[3 + i * figures_of_call]);
    }
    return 0;
}

int attach_only(const Job &job) {
    bench::in_child(1, [&](std::span<double>) { attach_all(job); });
    return 0;
}

int memory(const Job &job) {
    bench::Crowd crowd(job.children, [&] { attach_all(job); });
    const auto before = bench::kernel_memory();
    crowd.start();
    const auto after = bench::kernel_memory();
    const auto filters =
        static_cast<double>(std::size_t{job.children} * job.times * job.chain.size());
    print("memory", {(after.used - before.used) / filters});
    print("memory-pages", {(after.vmalloc - before.vmalloc) / filters});
    return 0;
}

int run(const std::vector<char *> &words) {
    const std::string_view mode = words.size() > 2 ? words[1] : "";
    Job job;
    if (!mode.empty())
        job.chain = load(words[2]);
    if (mode == "attach" && words.size() == 3)
        return attach_only(job);
    if (words.size() < 5 || (mode != "costs" && (mode != "memory" || words.size() != 5)))
        throw std::invalid_argument("usage: bench_guest costs|memory CHAIN TIMES CHILDREN [CALL...]"
                                    ", or bench_guest attach CHAIN");
    job.times = number(words[3]);
    job.children = number(words[4]);
    for (std::size_t i = 5; i < words.size(); i++)
        job.calls.push_back(bench::call_named(words[i]));
    return mode == "costs" ? costs(job) : memory(job);
}

} // namespace

int main(int argc, char **argv) {
    try {
        return run({argv, argv + argc});
    } catch (const std::exception &error) {
        fmt::print(stderr, "bench_guest: {}\n", error.what());
        return 2;
    }
}
