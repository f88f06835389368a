// SPDX-License-Identifier: MIT
#include "verify/survey.h"

#include "analysis/reference_emulator.h"
#include "kernel/emulator/kernel_emulator.h"
#include "tests/support/filter_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

namespace verify {

namespace {

constexpr std::size_t one_chain_in = 8;
constexpr std::size_t depths = 7; // 2 to 8

bool is_chain(std::size_t index) { return index % one_chain_in == one_chain_in - 1; }

std::size_t depth_of(std::size_t index) {
    return is_chain(index) ? 2 + index / one_chain_in % depths : 1;
}

support::Shape shape_of(std::size_t index) {
    // Single filters are numbered without the chains between them, so that all shapes get a turn.
    const std::size_t single = index - index / one_chain_in;
    return support::all_shapes[single % support::all_shapes.size()];
}

// The time this thread was running. On a machine with other work, time on the wall says little.
double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::vector<bool> bits_of(const cbpf::SyscallTable &table, const cbpf::Chain &chain,
                          const std::optional<kernel::CacheListing> &listing, Emulator emulator) {
    if (!listing)
        return emulator == Emulator::kernel
                   ? kernel::emulated_numbers(chain, table.arch, table.size)
                   : analysis::allowed_numbers(chain, table.arch, table.size);
    const auto entry = std::ranges::find(listing->tables, table,
                                         [](const kernel::TableListing &one) { return one.table; });
    return entry->allow;
}

std::string cache_name(bool listed, Emulator emulator) {
    if (listed)
        return "kernel";
    return emulator == Emulator::kernel ? "emulator" : "reference";
}

class GeneratedSurvey {
public:
    GeneratedSurvey(const Generation &generation, const Setting &setting)
        : generation_(generation), setting_(setting), count_(generated_chain_count(generation)) {}

    std::vector<GroupResult> run() {
        std::vector<std::thread> threads;
        for (unsigned number = 0; number < generation_.threads; number++)
            threads.emplace_back([this] { work(); });
        for (std::thread &thread : threads)
            thread.join();
        if (failure_)
            std::rethrow_exception(failure_);
        std::vector<GroupResult> results;
        for (auto &[order, result] : groups_)
            results.push_back(std::move(result));
        return results;
    }

private:
    void work() {
        try {
            for (std::size_t index = next_++; index < count_ && !stop_; index = next_++)
                one(index);
        } catch (...) {
            const std::lock_guard lock(mutex_);
            stop_ = true;
            if (!failure_)
                failure_ = std::current_exception();
        }
    }

    void one(std::size_t index) {
        const std::string group = generated_chain_group(index);
        GroupResult result;
        try {
            result = survey_chain(group, generated_chain(generation_.seed, index), {}, setting_);
        } catch (const analysis::OracleError &error) {
            throw analysis::OracleError(fmt::format("generated chain {} of seed {}: {}", index,
                                                    generation_.seed, error.what()));
        }
        const std::lock_guard lock(mutex_);
        done_ += result.filters;
        // In the order of the shapes, chains last.
        const std::size_t order = is_chain(index) ? support::all_shapes.size()
                                                  : static_cast<std::size_t>(shape_of(index));
        groups_
            .try_emplace(order, GroupResult{.name = "generated: " + group, .cache = result.cache})
            .first->second += result;
        if (generation_.progress)
            generation_.progress(done_);
    }

    const Generation &generation_;
    const Setting &setting_;
    const std::size_t count_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<bool> stop_ = false;
    std::mutex mutex_; // for all below
    std::size_t done_ = 0;
    std::map<std::size_t, GroupResult> groups_;
    std::exception_ptr failure_;
};

} // namespace

GroupResult &GroupResult::operator+=(const GroupResult &other) {
    if (cache.empty())
        cache = other.cache;
    else if (cache != other.cache)
        cache = "mixed";
    chains += other.chains;
    filters += other.filters;
    instructions += other.instructions;
    coverage += other.coverage;
    work += other.work;
    seconds += other.seconds;
    return *this;
}

GroupResult survey_chain(const std::string &name, const cbpf::Chain &chain,
                         const std::optional<kernel::CacheListing> &listing,
                         const Setting &setting) {
    const double before = thread_seconds();
    GroupResult result{.name = name, .cache = cache_name(listing.has_value(), setting.emulator)};
    result.chains = 1;
    result.filters = chain.size();
    for (const cbpf::Program &program : chain)
        result.instructions += program.size();
    analysis::Oracle oracle(chain, setting.limits);
    for (const cbpf::SyscallTable &table : setting.tables)
        result.coverage +=
            measure_coverage(oracle, table, bits_of(table, chain, listing, setting.emulator));
    result.work = oracle.work();
    result.seconds = thread_seconds() - before;
    return result;
}

std::size_t generated_chain_count(const Generation &generation) {
    std::size_t index = 0;
    for (std::size_t filters = 0; filters < generation.filters; index++)
        filters += depth_of(index);
    return index;
}

cbpf::Chain generated_chain(std::uint64_t seed, std::size_t index) {
    // Neighbouring seeds of this generator have nothing in common.
    support::Random random(seed * 1'000'003 + index);
    if (is_chain(index))
        return support::shaped_chain(random, depth_of(index));
    return {support::shaped_program(random, shape_of(index))};
}

std::string generated_chain_group(std::size_t index) {
    return is_chain(index) ? "chains" : std::string(support::shape_name(shape_of(index)));
}

std::vector<GroupResult> survey_generated(const Generation &generation, const Setting &setting) {
    return GeneratedSurvey(generation, setting).run();
}

} // namespace verify
