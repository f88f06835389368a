// SPDX-License-Identifier: MIT
//
// Generated stacks of filters, attached one by one; after each the proc file must be what the
// kernel's emulator says in user space, on every line. What that says of a filter must be nothing
// that the reference emulator has not proved, and all of it where the filter is small: asked for
// each filter in a long run, for one in eight in the short one.

#include "tests/differential/checker.h"
#include "tests/differential/generate.h"
#include "tests/differential/options.h"

#include "analysis/reference_emulator.h"
#include "kernel/emulator/kernel_emulator.h"
#include "tests/guest/attach.h"
#include "tests/guest/cache.h"
#include "tests/support/stacks.h"
#include "verify/guest_bits.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace differential {
namespace {

constexpr unsigned long suspend_seccomp = 1UL << 21; // PTRACE_O_SUSPEND_SECCOMP
constexpr std::uint64_t many_filters = 5000;         // make a long run

// What a child has to say. Also after each filter how much was cached then.
struct Progress {
    std::uint32_t agreed;
    std::uint32_t nothing, some, everything;
    std::uint32_t demanded, bounded; // had the kernel to find all that there is?
    std::uint32_t undecided;         // numbers called ALLOW of which the reference cannot tell
};

Progress &shared_progress() {
    static void *const memory =
        mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw std::runtime_error("no shared memory");
    return *static_cast<Progress *>(memory);
}

// What the reference says of the emulator's copy in user space is the same everywhere, and asked of
// many more filters on the host, where it takes a tenth of the time.
std::uint32_t one_in(const Options &options) { return options.filters >= many_filters ? 1 : 8; }

// Follows a chain as it grows. The models are asked about each filter alone, for time's sake: a
// chain's numbers are those that all of its filters allow.
class Expected {
public:
    explicit Expected(std::uint32_t one_in) : one_in_(one_in) {
        for (const auto &table : guest::tables()) {
            allowed_.emplace_back(table.size, true);
            std::vector<std::string> lines;
            for (unsigned number = 0; number < table.size; number++)
                lines.push_back(fmt::format("{} {} ", table.name, number));
            lines_.push_back(std::move(lines));
        }
    }

    void add(const cbpf::Program &program, Progress &progress) {
        for (std::size_t t = 0; t < allowed_.size(); t++) {
            const auto &table = guest::tables()[t];
            const auto alone = kernel::emulated_numbers({program}, table.arch, table.size);
            if (progress.agreed % one_in_ == 0)
                compare_with_reference(program, table, alone, progress);
            for (std::size_t number = 0; number < alone.size(); number++)
                allowed_[t][number] = allowed_[t][number] && alone[number];
        }
    }

    static void compare_with_reference(const cbpf::Program &program,
                                       const cbpf::SyscallTable &table,
                                       const std::vector<bool> &alone, Progress &progress) {
        const auto provable = analysis::provable_numbers({program}, table.arch, table.size);
        guest::require(!provable.first_refuted(alone), "the reference refutes the emulator");
        (provable.is_demanded() ? progress.demanded : progress.bounded)++;
        for (std::size_t number = 0; number < alone.size(); number++)
            progress.undecided += alone[number] && provable.undecided[number] ? 1 : 0;
    }

    std::string text() const {
        std::string all;
        for (std::size_t t = 0; t < allowed_.size(); t++)
            for (std::size_t number = 0; number < allowed_[t].size(); number++)
                all += lines_[t][number] + (allowed_[t][number] ? "ALLOW\n" : "FILTER\n");
        return all;
    }

    void count(Progress &progress) const {
        std::size_t cached = 0;
        std::size_t all = 0;
        for (const auto &table : allowed_) {
            cached += static_cast<std::size_t>(std::count(table.begin(), table.end(), true));
            all += table.size();
        }
        (cached == 0 ? progress.nothing : cached == all ? progress.everything : progress.some)++;
    }

private:
    std::uint32_t one_in_;
    std::vector<std::vector<bool>> allowed_;
    std::vector<std::vector<std::string>> lines_;
};

// What the kernel showed in the end, for the host to ask the oracle about.
void print_bits(std::uint64_t seed, const cbpf::Chain &chain, const std::string &text) {
    std::vector<bool> bits;
    for (const auto &listing : kernel::parse(text, guest::tables()).tables)
        bits.insert(bits.end(), listing.allow.begin(), listing.allow.end());
    dprintf(STDOUT_FILENO, "%s\n", verify::format_guest_bits(seed, chain, bits).c_str());
}

// Runs in a child whose seccomp is suspended: it can attach what it likes and still read files.
void follow(std::uint64_t seed, const cbpf::Chain &chain, const Options &options,
            Progress &progress) {
    static const Expected none(one_in(options));
    Expected expected = none;
    std::string text;
    for (const auto &program : chain) {
        guest::require(guest::attach(program) == 0, "attach");
        expected.add(program, progress);
        text = guest::read_file("/proc/thread-self/seccomp_cache");
        guest::require(text == expected.text(), "the proc file differs");
        expected.count(progress);
        progress.agreed++;
    }
    if (options.bits)
        print_bits(seed, chain, text);
}

TEST(Differential, ProcFileIsWhatTheModelsSay) {
    const Options options = differential::options();
    support::Distribution seen;
    expect_all_filters(seen);
    seen.expect("cached after an attach", {"nothing", "some", "everything"});
    seen.expect("must be found in a table", {"all that there is", "what the bounds allow"});
    Progress &progress = shared_progress();
    progress = {};

    std::uint64_t filters = 0;
    std::uint64_t stacks = 0;
    for (; filters < options.filters; stacks++) {
        const std::uint64_t seed = options.seed + stacks;
        support::Random random(seed);
        const cbpf::Chain chain = support::random_stack(random);
        const std::uint32_t before = progress.agreed;
        guest::Child child([&] { follow(seed, chain, options, progress); }, suspend_seccomp);
        child.run();
        const std::uint32_t agreed = progress.agreed - before;
        if (child.wait_status() != 0) {
            // The filters that agreed, and the one that did not.
            const auto count = std::min<std::size_t>(agreed + 1, chain.size());
            // What to do about it comes last: of a long output only the end is shown.
            FAIL() << shrunk_proc_report(
                          cbpf::Chain(chain.begin(),
                                      chain.begin() + static_cast<std::ptrdiff_t>(count)),
                          fmt::format("ProcFileSeed{}", seed))
                   << "SEED=" << seed << " FILTERS=1 shows it again; after " << filters + agreed
                   << " filters in " << stacks << " stacks: " << child.message() << " (status "
                   << child.wait_status() << ")";
        }
        filters += chain.size();
        count_chain(chain, seen);
    }
    seen.count("cached after an attach", "nothing", progress.nothing);
    seen.count("cached after an attach", "some", progress.some);
    seen.count("cached after an attach", "everything", progress.everything);
    seen.count("must be found in a table", "all that there is", progress.demanded);
    seen.count("must be found in a table", "what the bounds allow", progress.bounded);

    fmt::print("SEED={}: {} filters in {} stacks; after each, all {} lines agree\n{}"
               "the reference cannot tell of {} numbers that are called ALLOW\n",
               options.seed, filters, stacks,
               guest::native_table().size + guest::compat_table().size, seen.text(),
               progress.undecided);
    if (is_demanding(options, filters, many_filters)) {
        EXPECT_THAT(seen.empty(), testing::IsEmpty()) << "categories without a case";
    }
    EXPECT_EQ(progress.agreed, filters);
}

} // namespace
} // namespace differential
