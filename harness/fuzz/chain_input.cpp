// SPDX-License-Identifier: MIT
#include "fuzz/chain_input.h"

#include <cstring>

namespace fuzz {

namespace {

using cbpf::Instruction;

constexpr std::uint16_t separator = 0xffff;

void append(Bytes &bytes, const Instruction &insn) {
    const std::size_t end = bytes.size();
    bytes.resize(end + sizeof(insn));
    std::memcpy(bytes.data() + end, &insn, sizeof(insn));
}

} // namespace

cbpf::Chain decode(std::span<const std::uint8_t> input) {
    cbpf::Chain chain;
    bool fresh = true; // the next instruction starts a filter
    for (; input.size() >= sizeof(Instruction); input = input.subspan(sizeof(Instruction))) {
        Instruction insn;
        std::memcpy(&insn, input.data(), sizeof(insn));
        if (insn.code == separator) {
            fresh = true;
            continue;
        }
        if (fresh)
            chain.emplace_back();
        fresh = false;
        chain.back().push_back(insn);
    }
    return chain;
}

Bytes encode(const cbpf::Chain &chain) {
    Bytes bytes;
    for (const cbpf::Program &program : chain) {
        if (!bytes.empty())
            append(bytes, {.code = separator, .jt = 0, .jf = 0, .k = 0});
        for (const Instruction &insn : program)
            append(bytes, insn);
    }
    return bytes;
}

} // namespace fuzz
