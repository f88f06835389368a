// SPDX-License-Identifier: MIT
//
// What the caches of generated stacks were on a running kernel. The guest's differential test
// prints a line for each stack ("make differential" collects them):
//
//     bits: SEED FILTERS INSTRUCTIONS HEX
//
// The stack is support::random_stack() of that seed, made anew here; how many filters and
// instructions it has says whether it is the same one. HEX is a digit for each four lines of the
// proc file, the first line in the lowest bit of the first digit; 1 is ALLOW.

#pragma once

#include "cbpf/program.h"
#include "cbpf/syscall_table.h"
#include "kernel/proc_file.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace verify {

inline constexpr std::string_view guest_bits_prefix = "bits: ";

struct GuestBits {
    std::uint64_t seed = 0;
    cbpf::Chain chain;
    kernel::CacheListing listing;
};

// what() names the line and what is wrong with it.
class GuestBitsError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Without the newline. `allow` has a bit for each line of the proc file, in its order.
std::string format_guest_bits(std::uint64_t seed, const cbpf::Chain &chain,
                              const std::vector<bool> &allow);

// Throws GuestBitsError for a line that is not like that, for another stack than the seed's, and
// for another number of bits than `tables` have lines.
GuestBits parse_guest_bits(std::string_view line, std::span<const cbpf::SyscallTable> tables);

// All lines of a file, of which there must be some.
std::vector<GuestBits> load_guest_bits(const std::filesystem::path &file,
                                       std::span<const cbpf::SyscallTable> tables);

} // namespace verify
