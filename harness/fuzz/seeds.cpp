// SPDX-License-Identifier: MIT
//
// Writes the seed corpus (harness/fuzz/corpus): a few filters of each shape, chains of them, and
// one small filter for each thing the emulator does. The same files on every machine.

#include "cbpf/builder.h"
#include "fuzz/chain_input.h"
#include "tests/support/filter_shapes.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <linux/audit.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using namespace cbpf;
namespace fs = std::filesystem;

void write(const fs::path &directory, const std::string &name, const Chain &chain) {
    const auto bytes = fuzz::encode(chain);
    std::ofstream file(directory / (name + ".bpf"), std::ios::binary);
    file.write(reinterpret_cast<const char *>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file)
        throw std::runtime_error(
            fmt::format("cannot write {}", (directory / (name + ".bpf")).string()));
}

// Filters of realistic shapes are for a dozen numbers: small inputs are quick to run and to change.
support::Aim aim_of(support::Random &random) {
    support::Aim aim;
    for (int i = 0; i < 12; i++)
        aim.numbers.push_back(support::pick(random, 441));
    return aim;
}

void write_shapes(const fs::path &directory) {
    support::Random random(2020);
    for (const support::Shape shape : support::all_shapes) {
        std::string name(support::shape_name(shape));
        std::replace(name.begin(), name.end(), ' ', '-');
        for (int i = 1; i <= 3; i++)
            write(directory, fmt::format("{}-{}", name, i),
                  {support::shaped_program(random, shape, aim_of(random))});
    }
    for (const unsigned depth : {2, 3, 5, 8})
        write(directory, fmt::format("chain-{}", depth),
              support::shaped_chain(random, depth, aim_of(random)));
}

Program if_nr(Instruction condition) { return {load_nr(), condition, ret_allow(), ret_errno(1)}; }

void write_instructions(const fs::path &directory) {
    write(directory, "one-allow", {{ret_allow()}});
    write(directory, "one-errno", {{ret_errno(1)}});
    write(directory, "one-allow-with-data", {{ret(SECCOMP_RET_ALLOW | 1)}});
    write(directory, "one-jeq", {if_nr(jeq(39, 0, 1))});
    write(directory, "one-jgt", {if_nr(jgt(39, 0, 1))});
    write(directory, "one-jge", {if_nr(jge(39, 0, 1))});
    write(directory, "one-jset", {if_nr(jset(0x28, 0, 1))});
    write(directory, "one-ja", {{ja(1), ret_errno(1), ret_allow()}});
    write(directory, "one-and", {{load_nr(), alu_and(3), jeq(2, 0, 1), ret_allow(), ret_errno(1)}});
    write(directory, "one-arch",
          {{load_arch(), jeq(AUDIT_ARCH_X86_64, 0, 1), ret_allow(), ret_errno(1)}});
    write(directory, "one-argument",
          {{load_nr(), jeq(1, 0, 1), load_arg_low(0), jeq(0, 0, 1), ret_allow(), ret_errno(1)}});
    write(directory, "one-start", {{jeq(0, 0, 1), ret_allow(), ret_errno(1)}});
    write(directory, "one-x32", {{load_nr(), jset(0x40000000, 0, 1), ret_errno(38), ret_allow()}});
}

} // namespace

int main(int argc, char **argv) {
    CLI::App app{"Writes the seed corpus of the fuzzer."};
    fs::path directory;
    app.add_option("directory", directory, "where to (made if it is not there)")->required();
    CLI11_PARSE(app, argc, argv);
    try {
        fs::create_directories(directory);
        write_instructions(directory);
        write_shapes(directory);
    } catch (const std::exception &error) {
        fmt::print(stderr, "fuzz_seeds: {}\n", error.what());
        return 1;
    }
    return 0;
}
