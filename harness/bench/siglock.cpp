// SPDX-License-Identifier: MIT
#include "bench/siglock.h"

#include "vm/gdb_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <future>
#include <iterator>
#include <sstream>
#include <system_error>

namespace bench {

Symbols::Symbols(std::string_view system_map) {
    std::istringstream lines{std::string(system_map)};
    std::uint64_t address = 0;
    std::string kind;
    std::string name;
    while (lines >> std::hex >> address >> kind >> name) {
        // Of functions only: other symbols may lie in between.
        if (kind != "T" && kind != "t" && kind != "W" && kind != "w")
            continue;
        addresses_[name] = address;
        names_.emplace(address, name);
    }
    if (names_.empty())
        throw ResultsError("this is no System.map");
}

std::uint64_t Symbols::address(const std::string &name) const {
    const auto found = addresses_.find(name);
    if (found == addresses_.end())
        throw ResultsError(fmt::format("the kernel has no function {}()", name));
    return found->second;
}

std::vector<std::uint64_t> Symbols::all_copies(std::string_view name) const {
    std::vector<std::uint64_t> copies;
    for (const auto &[address, full_name] : names_) {
        std::string_view bare = full_name;
        bare.remove_prefix(std::min(bare.find_first_not_of('_'), bare.size()));
        if (bare.substr(0, bare.find('.')) == name)
            copies.push_back(address);
    }
    return copies;
}

Symbols::Range Symbols::at(std::uint64_t address) const {
    const auto next = names_.upper_bound(address);
    if (next == names_.begin() || next == names_.end())
        throw ResultsError(fmt::format("no function of the kernel is at {:#x}", address));
    const auto found = std::prev(next);
    return {found->second, found->first, next->first};
}

std::vector<Symbols::Range> Symbols::all_with(std::string_view one, std::string_view other) const {
    std::vector<Range> ranges;
    for (const auto &[address, name] : names_)
        if (name.starts_with(one) || name.starts_with(other))
            ranges.push_back(at(address));
    return ranges;
}

namespace {

using namespace std::chrono_literals;

constexpr auto halt_deadline = 120s;
constexpr char call = '\xe8'; // with a distance of 32 bits
constexpr std::size_t call_size = 5;
constexpr char sti = '\xfb';

std::string content(const std::filesystem::path &path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A folder for the socket, as socket names are short.
class SocketFolder {
public:
    SocketFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "bench.XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr)
            throw std::system_error(errno, std::generic_category(), name);
        path_ = name;
    }
    ~SocketFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    SocketFolder(const SocketFolder &) = delete;
    SocketFolder &operator=(const SocketFolder &) = delete;

    std::filesystem::path socket() const { return path_ / "gdb"; }

private:
    std::filesystem::path path_;
};

class Probe {
public:
    Probe(vm::GdbClient &gdb, const Symbols &symbols) : gdb_(gdb), symbols_(symbols) {}

    // Lets the machine run until the `nth` seccomp(2) from now on has had siglock, and returns for
    // how many instructions.
    std::uint64_t hold_time_of(std::size_t nth) {
        const auto code = seccomp_code();
        const auto taken = after_calls(code, symbols_.all_copies("raw_spin_lock_irq"));
        const auto released = releases(code);
        // Each is halted in both places, and not just counted: to halt twice in a row in the same
        // place proves nothing, as an interrupt that had to wait for the halted machine returns
        // there.
        std::uint64_t held = 0;
        for (std::size_t i = 0; i < nth; i++) {
            run_to(taken, "the lock");
            const auto start = gdb_.instructions();
            run_to(released, "the release of the lock");
            held = gdb_.instructions() - start;
        }
        return held;
    }

private:
    struct Code {
        std::uint64_t begin = 0;
        std::string bytes;
    };

    void run_to(const std::vector<std::uint64_t> &places, const char *towards) {
        for (const auto place : places)
            gdb_.set_breakpoint(place);
        if (!gdb_.run_until_halt(halt_deadline))
            throw vm::GdbError(fmt::format("the guest does not come to {}", towards));
        for (const auto place : places)
            gdb_.clear_breakpoint(place);
    }

    // Of the functions that seccomp(2) is made of. Breakpoints are set in there alone: a machine
    // that is halted at every lock of the kernel would do nothing but tick.
    std::vector<Code> seccomp_code() {
        std::vector<Code> all;
        for (const auto &function : symbols_.all_with("do_seccomp", "seccomp_set_mode_filter"))
            all.push_back(
                {function.begin, gdb_.memory(function.begin, function.end - function.begin)});
        return all;
    }

    // Where `code` calls one of `functions`: the addresses of the CALL instructions.
    static std::vector<std::uint64_t> calls(const std::vector<Code> &code,
                                            const std::vector<std::uint64_t> &functions) {
        std::vector<std::uint64_t> places;
        for (const Code &part : code)
            for (std::size_t i = 0; i + call_size <= part.bytes.size(); i++) {
                std::int32_t distance = 0;
                std::memcpy(&distance, part.bytes.data() + i + 1, sizeof(distance));
                const auto target =
                    part.begin + i + call_size + static_cast<std::uint64_t>(distance);
                if (part.bytes[i] == call &&
                    std::find(functions.begin(), functions.end(), target) != functions.end())
                    places.push_back(part.begin + i);
            }
        return places;
    }

    static std::vector<std::uint64_t> after_calls(const std::vector<Code> &code,
                                                  const std::vector<std::uint64_t> &functions) {
        auto places = calls(code, functions);
        for (auto &place : places)
            place += call_size;
        return places;
    }

    // Calls of what releases, and each STI. A byte that only looks like one is no instruction, so
    // that nothing halts there.
    std::vector<std::uint64_t> releases(const std::vector<Code> &code) const {
        auto places = calls(code, symbols_.all_copies("raw_spin_unlock_irq"));
        for (const Code &part : code)
            for (std::size_t i = 0; i < part.bytes.size(); i++)
                if (part.bytes[i] == sti)
                    places.push_back(part.begin + i);
        return places;
    }

    vm::GdbClient &gdb_;
    const Symbols &symbols_;
};

// The stack as something to attach more filters on: the last one, with which the service shuts the
// door, refuses seccomp(2).
cbpf::Chain below(cbpf::Chain stack) {
    if (!stack.empty())
        stack.back() = stack.front();
    return stack;
}

// The hold time of the last attach of the chain.
double hold_time(vm::Machine &machine, const Symbols &symbols, const cbpf::Chain &chain) {
    vm::GdbClient gdb(machine.spec().gdb_socket);
    std::exception_ptr failure;
    double instructions = 0;
    auto guest = std::async(std::launch::async, [&] {
        return run_guest(machine, chain, {"attach", "CHAIN"});
    });
    try {
        Probe probe(gdb, symbols);
        instructions = static_cast<double>(probe.hold_time_of(chain.size()));
    } catch (...) {
        failure = std::current_exception();
    }
    // In any case: the guest has to come to its end.
    gdb.detach();
    guest.get();
    if (failure)
        std::rethrow_exception(failure);
    return instructions;
}

void add_hold_time(const Subject &subject, std::size_t depth, double instructions,
                   Results &results) {
    results
        .row(fmt::format("siglock/depth-{}", depth),
             fmt::format("under siglock, interrupts off: podman's profile, {} deep", depth),
             "instructions")
        .figures[subject.column] = {instructions, 0, 1};
}

} // namespace

void check_hold_times(double alone, double deep, std::size_t depth) {
    if (std::abs(deep - alone) < static_cast<double>(depth - 1))
        throw ResultsError(fmt::format(
            "siglock: {} instructions with one filter and {} with {}, but the filters below make a "
            "difference: these are not the attaches that were meant",
            digits(alone), digits(deep), depth));
}

void measure_siglock(const Subject &subject, const cbpf::Program &filter, const cbpf::Chain &stack,
                     const Settings &settings, Results &results) {
    const SocketFolder folder;
    const Symbols symbols(content(subject.build.directory / "System.map"));
    auto spec = machine_spec(settings, subject, fmt::format("bench-{}-siglock", subject.column));
    spec.gdb_socket = folder.socket();
    vm::Machine machine(spec);
    cbpf::Chain deep_chain = below(stack);
    deep_chain.push_back(filter);
    const auto alone = hold_time(machine, symbols, {filter});
    const auto deep = hold_time(machine, symbols, deep_chain);
    check_hold_times(alone, deep, deep_chain.size());
    add_hold_time(subject, 1, alone, results);
    add_hold_time(subject, deep_chain.size(), deep, results);
    if (const auto failure = machine.power_off())
        throw vm::MachineError(*failure);
}

} // namespace bench
