// SPDX-License-Identifier: MIT
#include "tests/differential/options.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace differential {

namespace {

// So that all of it takes 20 to 30 seconds on an emulated machine.
constexpr Options quick = {.seed = 1, .filters = 1000, .calls = 60'000, .bits = false};

std::uint64_t number(const char *name, std::uint64_t otherwise) {
    const char *text = std::getenv(name);
    if (text == nullptr || *text == '\0')
        return otherwise;
    std::size_t used = 0;
    try {
        const std::uint64_t value = std::stoull(text, &used, 0);
        if (used == std::string(text).size())
            return value;
    } catch (const std::exception &) {
        // The message below says all.
    }
    throw std::runtime_error(fmt::format("{}={}: not a number", name, text));
}

} // namespace

bool is_demanding(const Options &options, std::uint64_t cases, std::uint64_t many) {
    return cases >= many || (cases >= many / 10 && options.seed == quick.seed &&
                             options.filters >= quick.filters && options.calls >= quick.calls);
}

Options options() {
    return {.seed = number("SEED", quick.seed),
            .filters = number("FILTERS", quick.filters),
            .calls = number("CALLS", quick.calls),
            .bits = number("BITS", 0) != 0};
}

} // namespace differential
