// SPDX-License-Identifier: MIT
//
// Runs inputs of the fuzzer without it: a corpus, to see what it covers, or a finding, to see what
// it is.

#include "fuzz/chain_input.h"
#include "fuzz/finding.h"
#include "fuzz/properties.h"
#include "fuzz/repair.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

fuzz::Bytes read_file(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The files themselves and those in directories, each directory sorted.
std::vector<fs::path> input_files(const std::vector<fs::path> &paths) {
    std::vector<fs::path> files;
    for (const fs::path &path : paths) {
        if (!fs::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        const auto begin = static_cast<std::ptrdiff_t>(files.size());
        for (const auto &entry : fs::directory_iterator(path))
            files.push_back(entry.path());
        std::sort(files.begin() + begin, files.end());
    }
    return files;
}

// Printed before the chain is tried: a sanitizer ends the program.
void explain(const fs::path &file, const cbpf::Chain &chain) {
    fmt::print("{}\n{}\n{}\n", file.string(), fuzz::disassembled(chain),
               fuzz::regression_test(chain, file.filename().string(), "Found by fuzzing."));
    std::fflush(stdout);
}

} // namespace

int main(int argc, char **argv) {
    CLI::App app{"Runs inputs of the fuzzer. Exits 1 if a property does not hold for one of them."};
    std::vector<fs::path> paths;
    bool explaining = false;
    app.add_option("input", paths, "files, or directories of them")
        ->required()
        ->check(CLI::ExistingPath);
    app.add_flag("--explain", explaining,
                 "print each chain, disassembled and as a ready-made regression test");
    CLI11_PARSE(app, argc, argv);

    const auto files = input_files(paths);
    std::size_t broken = 0;
    for (const fs::path &file : files) {
        const cbpf::Chain chain = fuzz::repaired(fuzz::decode(read_file(file)));
        if (explaining)
            explain(file, chain);
        const auto what = fuzz::violation(chain);
        if (what)
            fmt::print("{}: {}\n", file.string(), *what);
        broken += what ? 1 : 0;
    }
    fmt::print("{} inputs, {} of them break a property\n", files.size(), broken);
    return files.empty() || broken > 0 ? 1 : 0;
}
