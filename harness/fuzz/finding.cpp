// SPDX-License-Identifier: MIT
#include "fuzz/finding.h"

#include "cbpf/disassembler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace fuzz {

namespace {

// A name that C++ takes, of whatever the input's file was called.
std::string identifier(std::string_view name) {
    std::string text(name);
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return text;
}

std::string filter_literal(const cbpf::Program &program) {
    std::string text = "        {\n";
    for (const cbpf::Instruction &insn : program)
        text += fmt::format("            {{{:#04x}, {}, {}, {:#x}}},\n", insn.code, insn.jt,
                            insn.jf, insn.k);
    return text + "        },\n";
}

} // namespace

std::string disassembled(const cbpf::Chain &chain) {
    std::string text;
    for (std::size_t index = 0; index < chain.size(); index++)
        text += fmt::format("filter {} of {}, {} instructions\n{}", index + 1, chain.size(),
                            chain[index].size(), cbpf::disassemble(chain[index]));
    return text;
}

std::string regression_test(const cbpf::Chain &chain, std::string_view name,
                            std::string_view what) {
    std::string filters;
    for (const cbpf::Program &program : chain)
        filters += filter_literal(program);
    return fmt::format("// {}\n"
                       "TEST(FuzzFindings, Input_{}) {{\n"
                       "    const cbpf::Chain chain = {{\n"
                       "{}"
                       "    }};\n"
                       "    EXPECT_EQ(fuzz::violation(chain), std::nullopt);\n"
                       "}}\n",
                       what, identifier(name), filters);
}

} // namespace fuzz
