// SPDX-License-Identifier: MIT
//
// libFuzzer's side of it. https://llvm.org/docs/LibFuzzer.html

#include "fuzz/chain_input.h"
#include "fuzz/mutator.h"
#include "fuzz/properties.h"
#include "fuzz/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" {
std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t max_size);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t max_size,
                                    unsigned seed);
int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);
}

// Half of the time the raw bytes are changed, by libFuzzer's own ways.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t max_size,
                                    unsigned seed) {
    support::Random random(seed);
    if (support::pick(random, 2) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    const auto bytes = fuzz::encode(fuzz::mutated(random, fuzz::decode({data, size})));
    if (bytes.size() > max_size)
        return LLVMFuzzerMutate(data, size, max_size);
    std::copy(bytes.begin(), bytes.end(), data);
    return bytes.size();
}

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const cbpf::Chain chain = fuzz::repaired(fuzz::decode({data, size}));
    if (chain.empty())
        return -1; // not for the corpus
    if (const auto what = fuzz::violation(chain)) {
        fmt::print(stderr, "violation: {}\n", *what);
        std::abort();
    }
    return 0;
}
