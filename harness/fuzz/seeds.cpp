// SPDX-License-Identifier: MIT
//
// Writes the seed corpus (harness/fuzz/corpus): a few filters of each shape, chains of them, and
// one small filter for each thing the emulator does. The same files on every machine.

#include "cbpf/builder.h"
#include "fuzz/chain_input.h"
#include "fuzz/properties.h"
#include "tests/support/filter_shapes.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <linux/audit.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

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
        aim.numbers.push_back(support::pick(random, fuzz::small_table_size));
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
    write(directory, "one-jge-all", {if_nr(jge(0, 0, 1))});
    write(directory, "one-jgt-none", {if_nr(jgt(0xffffffff, 0, 1))});
    write(directory, "one-jset", {if_nr(jset(0x28, 0, 1))});
    write(directory, "one-ja", {{ja(1), ret_errno(1), ret_allow()}});
    write(directory, "one-and", {{load_nr(), alu_and(3), jeq(2, 0, 1), ret_allow(), ret_errno(1)}});
    write(directory, "one-arch",
          {{load_arch(), jeq(AUDIT_ARCH_X86_64, 0, 1), ret_allow(), ret_errno(1)}});
    write(directory, "one-argument",
          {{load_nr(), jeq(1, 0, 1), load_arg_low(0), jeq(0, 0, 1), ret_allow(), ret_errno(1)}});
    write(directory, "one-start", {{jeq(0, 0, 1), ret_allow(), ret_errno(1)}});
    // The third comparison is where a number comes from the first, too.
    write(directory, "one-jeq-run",
          {{load_nr(), jeq(1, 1, 0), jeq(2, 1, 0), jeq(3, 0, 1), ret_allow(), ret_errno(1)}});
    write(directory, "one-x32", {{load_nr(), jset(0x40000000, 0, 1), ret_errno(38), ret_allow()}});
}

Program joined(std::initializer_list<Program> parts) {
    Program program;
    for (const Program &part : parts)
        program.insert(program.end(), part.begin(), part.end());
    return program;
}

const Instruction tax = stmt(BPF_MISC | BPF_TAX);
const Instruction txa = stmt(BPF_MISC | BPF_TXA);
const Program verdict = {ret_allow(), ret_errno(1)};

// One seed for each operation, on the number of a few calls.
void write_arithmetic(const fs::path &directory) {
    constexpr std::array<std::pair<const char *, unsigned>, 10> operations = {{{"add", BPF_ADD},
                                                                               {"sub", BPF_SUB},
                                                                               {"mul", BPF_MUL},
                                                                               {"div", BPF_DIV},
                                                                               {"and", BPF_AND},
                                                                               {"or", BPF_OR},
                                                                               {"xor", BPF_XOR},
                                                                               {"lsh", BPF_LSH},
                                                                               {"rsh", BPF_RSH},
                                                                               {"neg", BPF_NEG}}};
    const Program few = {load_nr(), jgt(5, 0, 1), ret_errno(1)};
    for (const auto &[name, op] : operations) {
        const unsigned source = op == BPF_NEG ? BPF_K : BPF_X;
        write(directory, fmt::format("alu-{}", name),
              {joined({few, {stmt(BPF_ALU | op | BPF_K, 3), jset(6, 0, 1)}, verdict}),
               joined({few, {tax, stmt(BPF_ALU | op | source), jset(6, 0, 1)}, verdict})});
    }
    write(directory, "alu-unknown",
          {joined({{load_arg_low(0), tax, load_nr(), stmt(BPF_ALU | BPF_OR | BPF_X), jeq(5, 0, 1)},
                   verdict})});
    write(directory, "alu-div-of-unknown",
          {joined({{load_arg_low(0), stmt(BPF_ALU | BPF_DIV | BPF_K, 3), jeq(5, 0, 0)}, verdict}),
           joined({{load_nr(), tax, load_arg_low(0), stmt(BPF_ALU | BPF_DIV | BPF_X)}, verdict})});
    write(directory, "alu-shift-too-far",
          {joined({{stmt(BPF_LDX | BPF_W | BPF_LEN), load_nr(), stmt(BPF_ALU | BPF_LSH | BPF_X),
                    jset(1, 0, 1)},
                   verdict})});
    write(directory, "alu-div-by-zero",
          {joined({{stmt(BPF_LDX | BPF_IMM, 0), load_nr(), stmt(BPF_ALU | BPF_DIV | BPF_X)},
                   verdict})});
    write(directory, "alu-div-by-unknown",
          {joined({{load_arg_low(0), tax, load_nr(), stmt(BPF_ALU | BPF_DIV | BPF_X)}, verdict})});
}

void write_registers(const fs::path &directory) {
    for (const unsigned op : {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET})
        write(
            directory, fmt::format("x-jump-{:#x}", op),
            {joined({{stmt(BPF_LDX | BPF_IMM, 39), load_nr(), jump(BPF_JMP | op | BPF_X, 0, 0, 1)},
                     verdict}),
             joined({{load_nr(), tax, alu_and(7), jump(BPF_JMP | op | BPF_X, 0, 0, 1)}, verdict})});
    write(directory, "x-moves",
          {joined({{stmt(BPF_LDX | BPF_W | BPF_LEN), txa, stmt(BPF_LD | BPF_W | BPF_LEN), tax,
                    stmt(BPF_LD | BPF_IMM, 64), jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1)},
                   verdict})});
    write(directory, "memory",
          {joined({{load_nr(), stmt(BPF_ST, 0), tax, stmt(BPF_STX, 15), stmt(BPF_LDX | BPF_MEM, 0),
                    stmt(BPF_LD | BPF_MEM, 15), jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1)},
                   verdict})});
    write(directory, "memory-of-two-ways",
          {joined({{load_nr(), stmt(BPF_ST, 0), jge(100, 0, 2), stmt(BPF_LD | BPF_IMM, 39),
                    stmt(BPF_ST, 0), stmt(BPF_LD | BPF_IMM, 0), stmt(BPF_LD | BPF_MEM, 0),
                    jeq(39, 0, 1)},
                   verdict})});
    write(directory, "return-a",
          {{load_nr(), jgt(5, 0, 1), ret_errno(1), stmt(BPF_ALU | BPF_ADD | BPF_K, 0x7ffefffd),
            ret_a()}});
    write(directory, "return-unknown", {{load_arg_low(0), ret_a()}});
}

// Condition that nobody knows, `then` where it holds.
Program maybe(const Program &then) {
    return joined({{load_arg_low(0), jeq(1, 0, static_cast<unsigned>(then.size()))}, then});
}

// The same filter, but for the error that it returns, such that it is tried with a large table.
Chain for_large_table(Program program) {
    constexpr unsigned large = 40;
    do {
        program.back().k++;
    } while (fuzz::table_size_for({program}) < large);
    return {program};
}

// More work than an emulator may want to do: for each store the registers are compared with those
// of all ways. What is left then is done for all of these ways.
Program after_much_work(const Program &rest) {
    constexpr std::uint32_t ways = 3, stores = 19;
    Program program;
    for (std::uint32_t i = 0; i < ways; i++)
        program = joined({program, maybe({stmt(BPF_LD | BPF_IMM, 1), stmt(BPF_ST, i)})});
    for (std::uint32_t i = 0; i < stores; i++)
        program = joined({program, {stmt(BPF_LD | BPF_IMM, i), stmt(BPF_ST, ways)}});
    return joined({program, {load_nr()}, rest, verdict});
}

// Each way with registers of its own until all of them meet: more than there is room for. The last
// one is refused by what it writes to X, where ALLOW was before.
Program after_many_registers() {
    constexpr std::uint32_t ways = 20, block = 4;
    Program program = {stmt(BPF_LDX | BPF_IMM, SECCOMP_RET_ALLOW), load_arg_low(0)}, blocks;
    for (std::uint32_t way = 0; way < ways; way++) {
        const std::uint32_t left = ways - 1 - way;
        program.push_back(jeq(way, static_cast<std::uint8_t>(left + 1 + block * way), 0));
        blocks =
            joined({blocks,
                    {stmt(BPF_LD | BPF_IMM, way), stmt(BPF_ST, 0),
                     stmt(BPF_LDX | BPF_IMM, left > 0 ? SECCOMP_RET_ALLOW : 0), ja(block * left)}});
    }
    return joined(
        {program, {ja(block * ways)}, blocks, {txa, jeq(SECCOMP_RET_ALLOW, 0, 1)}, verdict});
}

void write_bounds(const fs::path &directory) {
    write(directory, "bounds-registers", {after_many_registers()});
    Program list;
    for (std::uint32_t i = 0; i < 120; i++)
        list.push_back(jeq(1000 + i, 0, 0));
    for (Instruction &insn : list)
        insn.jt = static_cast<std::uint8_t>(list.data() + list.size() - 1 - &insn);
    write(directory, "bounds-list", {after_much_work(list)});
    write(directory, "bounds-arithmetic",
          for_large_table(after_much_work({stmt(BPF_ALU | BPF_MUL | BPF_K, 3), jset(6, 0, 1)})));
    // Two numbers, in two words of a bitmap.
    write(directory, "bounds-words",
          for_large_table(joined(
              {{load_nr(), jgt(64, 4, 0), jge(63, 0, 3), jeq(63, 1, 0), jeq(64, 0, 1)}, verdict})));
    // 16 results, and then the same again.
    write(
        directory, "bounds-results",
        for_large_table(joined(
            {{load_nr(), stmt(BPF_ALU | BPF_LSH | BPF_K, 28), jset(0x10000000, 0, 1)}, verdict})));
}

// What makes an emulator keep track of much, or do much.
void write_hostile(const fs::path &directory) {
    Program diamonds, sums = {load_arg_low(1), tax, stmt(BPF_LD | BPF_IMM, 0)};
    Program masks = {load_nr()}, banks, by_number, arithmetic;
    for (std::uint32_t i = 0; i < 24; i++) {
        diamonds = joined({diamonds, maybe({load_nr()}), {load_nr()}});
        sums = joined(
            {sums,
             {jump(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0), stmt(BPF_ALU | BPF_ADD | BPF_K, 1u << i)}});
        banks = joined({banks, maybe({stmt(BPF_LD | BPF_IMM, i), stmt(BPF_ST, i % 16)})});
        by_number = joined({by_number, {load_nr(), alu_and(i), jset(i / 2, 0, 0)}});
        arithmetic = joined({arithmetic, {load_nr(), stmt(BPF_ALU | BPF_MUL | BPF_K, i), tax}});
    }
    // Each number is on a way of its own, with one bit less than the one before.
    for (std::uint32_t i = 0; i < 40; i++)
        masks = joined({masks, {jeq(i, 0, 1), alu_and(~i)}});
    write(directory, "hostile-diamonds", {joined({diamonds, {jeq(39, 0, 1)}, verdict})});
    write(directory, "hostile-sums", {joined({sums, {jeq(39, 0, 1)}, verdict})});
    write(directory, "hostile-banks", {joined({banks, {load_nr(), jeq(39, 0, 1)}, verdict})});
    write(directory, "hostile-masks", {joined({masks, {jeq(39, 0, 1)}, verdict})});
    write(directory, "hostile-numbers", {joined({by_number, {jeq(39, 0, 1)}, verdict})});
    write(directory, "hostile-arithmetic", {joined({arithmetic, {jeq(39, 0, 1)}, verdict})});
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
        write_arithmetic(directory);
        write_registers(directory);
        write_hostile(directory);
        write_bounds(directory);
        write_shapes(directory);
    } catch (const std::exception &error) {
        fmt::print(stderr, "fuzz_seeds: {}\n", error.what());
        return 1;
    }
    return 0;
}
