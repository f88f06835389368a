// SPDX-License-Identifier: MIT
#include "bench/chain_file.h"

#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace bench {

std::string encode_chain(const cbpf::Chain &chain) {
    std::string bytes;
    for (const auto &program : chain) {
        const auto count = static_cast<std::uint32_t>(program.size());
        bytes.append(reinterpret_cast<const char *>(&count), sizeof(count));
        bytes.append(reinterpret_cast<const char *>(program.data()),
                     program.size() * sizeof(cbpf::Instruction));
    }
    return bytes;
}

cbpf::Chain decode_chain(std::string_view bytes) {
    cbpf::Chain chain;
    while (!bytes.empty()) {
        std::uint32_t count = 0;
        if (bytes.size() < sizeof(count))
            throw std::invalid_argument("the file ends in the middle of a filter's length");
        std::memcpy(&count, bytes.data(), sizeof(count));
        bytes.remove_prefix(sizeof(count));
        if (count == 0 || count > cbpf::max_instructions)
            throw std::invalid_argument("no filter has that many instructions");
        const std::size_t size = count * sizeof(cbpf::Instruction);
        if (bytes.size() < size)
            throw std::invalid_argument("the file ends in the middle of a filter");
        cbpf::Program program(count);
        std::memcpy(program.data(), bytes.data(), size);
        chain.push_back(std::move(program));
        bytes.remove_prefix(size);
    }
    return chain;
}

} // namespace bench
