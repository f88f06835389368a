// SPDX-License-Identifier: MIT
#include "tests/vm/configuration_suite.h"

#include "analysis/reference_emulator.h"
#include "cbpf/action.h"
#include "cbpf/builder.h"
#include "cbpf/interpreter.h"
#include "cbpf/oci_profile.h"
#include "kernel/cross_check.h"
#include "kernel/proc_file.h"
#include "tests/guest/filters.h"
#include "tests/vm/expectation.h"
#include "tests/vm/function_test.h"
#include "tests/vm/guest_suite.h"
#include "tests/vm/machine_pool.h"
#include "tests/vm/remote_probe.h"
#include "vm/kernel_build.h"
#include "vm/kernel_config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <linux/audit.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

namespace tests {
namespace {

using namespace cbpf;
using guest::Call;
using guest::Path;

constexpr const char *snapshot_program = "/opt/seccomp-cache/bin/cache_snapshot";
constexpr const char *proc_files[] = {"/proc/1/seccomp_cache", "/proc/1/task/1/seccomp_cache"};

const std::vector<SyscallTable> &tables() { return pool().build(Kind::patched).tables; }

// ---- the kernel is what its name says

void is_what_its_name_says(const Expectation &expected) {
    const auto &build = pool().build(Kind::patched);
    const auto config = vm::load_kernel_config(build.directory / "config");
    for (const auto option : expected.options_on)
        EXPECT_TRUE(config.enabled(option)) << option;
    for (const auto option : expected.options_off)
        EXPECT_FALSE(config.enabled(option)) << option;
    std::vector<std::string_view> names;
    for (const SyscallTable &table : build.tables)
        names.push_back(table.name);
    EXPECT_EQ(names, expected.tables) << "buildinfo.json";
}

// ---- the proc file

void the_file_is_absent() {
    for (const std::string file : proc_files) {
        // Its neighbour is there, so this is where it would be.
        EXPECT_FALSE(
            pool().get(Kind::patched, file.substr(0, file.rfind('/')) + "/status").empty());
        try {
            pool().get(Kind::patched, file);
            ADD_FAILURE() << file << " is there";
        } catch (const vm::MachineError &error) {
            EXPECT_NE(error.failure.reason.find("No such file"), std::string::npos)
                << error.failure.reason;
        }
    }
}

void the_file_is_empty_without_filters() {
    for (const char *file : proc_files)
        EXPECT_EQ(pool().get(Kind::patched, file), "") << file;
}

// The proc file of a process that has attached `chain`.
std::string snapshot(const Chain &chain) {
    vm::Command command{.argv = {snapshot_program}, .env = {}};
    for (std::size_t i = 0; i < chain.size(); i++) {
        command.argv.push_back(fmt::format("/tmp/{}.bpf", i));
        pool().put(Kind::patched, command.argv.back(),
                   {reinterpret_cast<const char *>(chain[i].data()),
                    chain[i].size() * sizeof(Instruction)});
    }
    const auto outcome = pool().run(Kind::patched, command);
    if (!outcome.success())
        throw std::runtime_error(explain(outcome));
    return outcome.out;
}

// The architectures in the order of their first lines, whatever the build says about tables.
std::vector<std::string> architectures_in(const std::string &text) {
    std::vector<std::string> names;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (const auto name = line.substr(0, line.find(' ')); names.empty() || names.back() != name)
            names.push_back(name);
    return names;
}

// Every line is as the reference emulator says. `what` is for the figures on standard output.
void expect_agreement(const char *what, const Chain &chain, const Expectation &expected) {
    const std::string text = snapshot(chain);
    const auto names = architectures_in(text);
    EXPECT_TRUE(
        std::equal(names.begin(), names.end(), expected.tables.begin(), expected.tables.end()))
        << text.substr(0, 200);
    const auto listing = kernel::parse(text, tables());
    const auto checked = kernel::cross_check(listing, chain, tables());
    EXPECT_TRUE(checked.all_agree()) << checked.summary() << "\n" << checked.details();
    std::string counts;
    for (const auto &table : listing.tables)
        counts += fmt::format(", {} {} of {} ALLOW", table.table.name, table.allow_count(),
                              table.table.size);
    fmt::print("{}: {}{}\n", what, checked.summary(), counts);
}

void allowing_all_sets_every_bit() {
    const auto listing = kernel::parse(snapshot({guest::allow_all()}), tables());
    for (const auto &table : listing.tables)
        EXPECT_EQ(table.allow_count(), table.table.size) << table.table.name;
    EXPECT_EQ(listing.tables.size(), tables().size());
}

void stacks_agree(const Expectation &expected) {
    const Chain chain = {guest::answer(SYS_getuid, SECCOMP_RET_ERRNO | 1),
                         guest::look_at_argument(20), guest::allow_all(),
                         guest::answer(0, SECCOMP_RET_LOG)};
    expect_agreement("a stack of four", chain, expected);
}

void podmans_profile_agrees(const Expectation &expected) {
    for (const bool tree : {false, true}) {
        OciOptions options;
        options.binary_tree = tree;
        expect_agreement(tree ? "podman's profile as a tree" : "podman's profile",
                         {load_oci_profile(pool().options().profile, options)}, expected);
    }
}

// ---- real syscalls

// Of calls that do no harm, whatever their arguments, and always return the same.
struct Harmless {
    std::uint32_t getpid, getppid, getuid, getgid, unassigned;
};

constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::uint32_t magic_argument = 0x5ec0ffee; // guest::look_at_argument() refuses it

bool is_x32(Path path) { return path == Path::x32 || path == Path::x32_from_64; }

Harmless harmless(Path path) {
    if (guest::path_arch(path) == AUDIT_ARCH_I386)
        return {20, 64, 199, 200, 223};
    const std::uint32_t bit = is_x32(path) ? x32_bit : 0;
    return {bit | SYS_getpid, bit | SYS_getppid, bit | SYS_getuid, bit | SYS_getgid, bit | 400};
}

std::uint32_t table_size(Path path) {
    for (const SyscallTable &table : tables())
        if (table.arch == guest::path_arch(path))
            return table.size;
    throw std::logic_error(fmt::format("{}: no table", guest::path_name(path)));
}

std::vector<Call> calls_for(Path path) {
    const Harmless number = harmless(path);
    std::vector<Call> calls;
    for (const std::uint32_t nr :
         {number.getpid, number.getppid, number.getuid, number.getgid, number.unassigned}) {
        calls.push_back({path, nr, {1, 2, 3, 4, 5, 6}});
        calls.push_back({path, nr, {0, 0, 0, 0, 0, 0xdeadbeef'00000000 | magic_argument}});
    }
    // At and beyond the ends of the table, with garbage above, and of the other table.
    const std::uint32_t size = table_size(path);
    for (const std::uint64_t nr :
         {std::uint64_t{size}, std::uint64_t{size} + 7, std::uint64_t{0xffffffff},
          std::uint64_t{0x80000000} | number.getpid, std::uint64_t{x32_bit} ^ number.getpid,
          std::uint64_t{0x1'0000'0000} | number.getpid,
          std::uint64_t{0x1'0000'0000} | number.unassigned})
        calls.push_back({path, nr, {1, 2, 3, 4, 5, 6}});
    return calls;
}

std::vector<Chain> chains_for(Path path) {
    const Harmless number = harmless(path);
    std::vector<Chain> chains = {
        {guest::allow_all()},
        {guest::look_at_argument(number.getpid)},
        {guest::answer(number.getppid, SECCOMP_RET_ERRNO | 7),
         guest::look_at_argument(number.getpid)},
        {{load_nr(), jge(table_size(path), 0, 1), ret_errno(8), ret_allow()}}};
    for (const std::uint32_t action :
         {SECCOMP_RET_ERRNO | 9U, SECCOMP_RET_TRAP | 10U, SECCOMP_RET_TRACE | 11U,
          SECCOMP_RET_USER_NOTIF | 0U, SECCOMP_RET_LOG | 0U, SECCOMP_RET_KILL_THREAD | 0U,
          SECCOMP_RET_KILL_PROCESS | 0U})
        chains.push_back({guest::answer(number.getuid, action)});
    Chain many(20, guest::allow_all());
    many.push_back(guest::answer(number.getgid, SECCOMP_RET_ERRNO | 12));
    chains.push_back(many);
    return chains;
}

bool cached(const Chain &chain, const seccomp_data &data) {
    for (const SyscallTable &table : tables())
        if (table.arch == data.arch)
            return static_cast<std::uint32_t>(data.nr) < table.size &&
                   analysis::allowed_numbers(chain, table.arch,
                                             table.size)[static_cast<std::uint32_t>(data.nr)];
    return false;
}

// How many syscalls there were of each sort: a test of none would prove nothing.
struct Tally {
    unsigned cached = 0, filtered = 0, refused = 0;
};

void expect_as_interpreted(const Chain &chain, const std::vector<Call> &calls,
                           const std::vector<guest::Outcome> &unfiltered, Tally &tally) {
    const Performed performed = perform(Kind::patched, chain, calls);
    for (std::size_t i = 0; i < calls.size(); i++) {
        const seccomp_data &data = performed.data[i];
        const std::uint32_t verdict = run_chain(chain, data).value;
        const bool hit = cached(chain, data);
        (hit ? tally.cached : verdict == SECCOMP_RET_ALLOW ? tally.filtered : tally.refused)++;
        ASSERT_EQ(performed.outcomes[i], guest::predicted(chain, data, unfiltered[i]))
            << guest::describe(calls[i]) << (hit ? ", cached" : ", not cached")
            << ": the interpreter says " << action_name(verdict);
    }
}

// Without filters `syscall` takes the whole register: compare with what is left of it with them.
std::vector<guest::Outcome> without_filters(std::vector<Call> calls) {
    for (Call &call : calls)
        call.number = static_cast<std::uint32_t>(call.number);
    return perform(Kind::patched, {}, calls).outcomes;
}

void syscalls_are_as_interpreted(Path path) {
    const auto calls = calls_for(path);
    const auto unfiltered = without_filters(calls);
    // The program really gets where it wants.
    ASSERT_EQ(unfiltered[0], guest::returned(guest::own_pid));
    Tally tally;
    const auto chains = chains_for(path);
    for (const Chain &chain : chains)
        expect_as_interpreted(chain, calls, unfiltered, tally);
    EXPECT_GT(tally.filtered, 0U);
    EXPECT_GT(tally.refused, 0U);
    // Of the numbers used for x32, only the one without x32's bit can be in a table.
    if (is_x32(path)) {
        EXPECT_EQ(tally.cached, chains.size());
    } else {
        EXPECT_GT(tally.cached, chains.size());
    }
    fmt::print("{}: {} syscalls from the cache, {} allowed by filters, {} refused or logged\n",
               guest::path_name(path), tally.cached, tally.filtered, tally.refused);
}

void there_is_no_such_way_in(Path path) {
    if (path == Path::x32_from_64) {
        const auto performed = perform(Kind::patched, {}, {{path, x32_bit | SYS_getpid, {}}});
        EXPECT_EQ(performed.outcomes.at(0), guest::returned(-ENOSYS));
        return;
    }
    const std::uint64_t getpid = path == Path::x32 ? x32_bit | SYS_getpid : 20;
    const Attempt attempt = try_call(Kind::patched, {path, getpid, {}});
    EXPECT_FALSE(attempt.returned);
    EXPECT_FALSE(attempt.outcome.success());
    fmt::print("{}: {}\n", guest::path_name(path), attempt.outcome.ending());
}

// A body that throws fails by what() alone; these are errors of the machine, long and worth
// reading.
std::function<void()> guarded(std::function<void()> body) {
    return [body] {
        try {
            body();
        } catch (const std::exception &error) {
            FAIL() << error.what();
        }
    };
}

void add(const std::string &name, std::function<void()> body) {
    register_test("Configuration", name, guarded(std::move(body)));
}

void add_proc_file_tests(const Expectation &expected) {
    if (!expected.proc_file) {
        add("TheProcFileIsAbsent", the_file_is_absent);
        return;
    }
    add("TheProcFileIsEmptyWithoutFilters", the_file_is_empty_without_filters);
    add("AllowingAllSetsEveryBit", allowing_all_sets_every_bit);
    add("AStackAgreesLineByLine", [&] { stacks_agree(expected); });
    add("PodmansProfileAgreesLineByLine", [&] { podmans_profile_agrees(expected); });
}

} // namespace

void register_configuration_tests(const Options &options) {
    // Tests may be listed without a kernel.
    const Expectation &expected = expectation_for(
        options.kernel.empty() ? "base" : vm::load_kernel_build(options.kernel).config);
    add("IsWhatItsNameSays", [&] { is_what_its_name_says(expected); });
    add_proc_file_tests(expected);
    const bool runs_64_bit_probes = expected.tables.front() != "ia32";
    for (const Path path : {Path::syscall, Path::int80_from_64, Path::int80_from_32, Path::vdso32,
                            Path::x32, Path::x32_from_64}) {
        const std::string name = guest::path_name(path);
        if (std::find(expected.ways_in.begin(), expected.ways_in.end(), path) !=
            expected.ways_in.end())
            add("SyscallsBy" + name, [path] { syscalls_are_as_interpreted(path); });
        else if (runs_64_bit_probes)
            add("NoWayInBy" + name, [path] { there_is_no_such_way_in(path); });
    }
}

} // namespace tests
