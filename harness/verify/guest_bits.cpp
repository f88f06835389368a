// SPDX-License-Identifier: MIT
#include "verify/guest_bits.h"

#include "tests/support/stacks.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace verify {

namespace {

constexpr std::size_t bits_of_digit = 4;
constexpr std::string_view digits = "0123456789abcdef";

std::size_t instructions_of(const cbpf::Chain &chain) {
    std::size_t all = 0;
    for (const cbpf::Program &program : chain)
        all += program.size();
    return all;
}

std::size_t lines_of(std::span<const cbpf::SyscallTable> tables) {
    std::size_t all = 0;
    for (const cbpf::SyscallTable &table : tables)
        all += table.size;
    return all;
}

std::string hexadecimal(const std::vector<bool> &bits) {
    std::string text;
    for (std::size_t i = 0; i < bits.size(); i += bits_of_digit) {
        std::size_t value = 0;
        for (std::size_t bit = 0; bit < bits_of_digit && i + bit < bits.size(); bit++)
            value |= std::size_t{bits[i + bit]} << bit;
        text += digits[value];
    }
    return text;
}

std::vector<bool> from_hexadecimal(const std::string &text, std::size_t count) {
    std::vector<bool> bits;
    for (const char digit : text) {
        const std::size_t value = digits.find(digit);
        if (value == digits.npos)
            throw GuestBitsError(fmt::format("'{}' is no hexadecimal digit", digit));
        for (std::size_t bit = 0; bit < bits_of_digit; bit++)
            bits.push_back((value >> bit & 1) != 0);
    }
    if (bits.size() < count || bits.size() >= count + bits_of_digit)
        throw GuestBitsError(fmt::format("{} digits for the {} lines of a proc file "
                                         "(is --tables that of the kernel it is from?)",
                                         text.size(), count));
    bits.resize(count);
    return bits;
}

kernel::CacheListing listing_of(const std::vector<bool> &bits,
                                std::span<const cbpf::SyscallTable> tables) {
    kernel::CacheListing listing{.has_filter = true, .tables = {}};
    auto at = bits.begin();
    for (const cbpf::SyscallTable &table : tables) {
        listing.tables.push_back({table, std::vector<bool>(at, at + table.size)});
        at += table.size;
    }
    return listing;
}

} // namespace

std::string format_guest_bits(std::uint64_t seed, const cbpf::Chain &chain,
                              const std::vector<bool> &allow) {
    return fmt::format("{}{} {} {} {}", guest_bits_prefix, seed, chain.size(),
                       instructions_of(chain), hexadecimal(allow));
}

GuestBits parse_guest_bits(std::string_view line, std::span<const cbpf::SyscallTable> tables) {
    if (!line.starts_with(guest_bits_prefix))
        throw GuestBitsError(fmt::format("does not begin with \"{}\"", guest_bits_prefix));
    std::istringstream words{std::string(line.substr(guest_bits_prefix.size()))};
    GuestBits result;
    std::size_t filters = 0, instructions = 0;
    std::string bits, more;
    if (!(words >> result.seed >> filters >> instructions >> bits) || words >> more)
        throw GuestBitsError("is not a seed, two counts and hexadecimal digits");
    support::Random random(result.seed);
    result.chain = support::random_stack(random);
    if (result.chain.size() != filters || instructions_of(result.chain) != instructions)
        throw GuestBitsError(fmt::format("has {} filters of {} instructions, where seed {} gives "
                                         "{} of {} (from another version?)",
                                         filters, instructions, result.seed, result.chain.size(),
                                         instructions_of(result.chain)));
    result.listing = listing_of(from_hexadecimal(bits, lines_of(tables)), tables);
    return result;
}

std::vector<GuestBits> load_guest_bits(const std::filesystem::path &file,
                                       std::span<const cbpf::SyscallTable> tables) {
    std::ifstream stream(file);
    std::vector<GuestBits> all;
    for (std::string line; std::getline(stream, line);) {
        try {
            all.push_back(parse_guest_bits(line, tables));
        } catch (const GuestBitsError &error) {
            throw GuestBitsError(
                fmt::format("{}: line {}: {}", file.string(), all.size() + 1, error.what()));
        }
    }
    if (stream.bad() || all.empty())
        throw GuestBitsError(fmt::format("{}: cannot be read, or has no line", file.string()));
    return all;
}

} // namespace verify
