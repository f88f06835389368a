// SPDX-License-Identifier: MIT
#include "debian/chain_store.h"

#include "cbpf/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <string>
#include <system_error>
#include <vector>

namespace debian {

namespace {

namespace fs = std::filesystem;

bool same_chain(const cbpf::Chain &a, const cbpf::Chain &b) {
    return std::ranges::equal(
        a, b, [](const auto &x, const auto &y) { return cbpf::same_program(x, y); });
}

// "systemd-logind" of "systemd-logind.service", and fit for a file name.
std::string plain_name(std::string unit) {
    if (unit.ends_with(".service"))
        unit.resize(unit.size() - std::string_view(".service").size());
    std::ranges::replace(unit, '/', '_');
    return unit;
}

void write_text(const fs::path &path, const std::string &text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    if (!file.flush())
        throw std::system_error(errno, std::generic_category(), path.string());
}

void save_chain(const TaskSnapshot &task, const fs::path &directory) {
    fs::create_directories(directory);
    for (std::size_t i = 0; i < task.chain.size(); i++)
        cbpf::save_raw(directory / fmt::format("{:02}.bpf", i), task.chain[i]);
    write_text(directory / "seccomp_cache.txt", task.cache);
}

} // namespace

std::size_t save_chains(const Snapshot &snapshot, const fs::path &directory) {
    std::map<std::string, std::vector<const TaskSnapshot *>> distinct;
    for (const TaskSnapshot &task : snapshot) {
        auto &of_unit = distinct[plain_name(task.task.unit)];
        if (std::ranges::none_of(of_unit, [&](const TaskSnapshot *known) {
                return same_chain(known->chain, task.chain) && known->cache == task.cache;
            }))
            of_unit.push_back(&task);
    }

    std::size_t saved = 0;
    fs::remove_all(directory);
    for (const auto &[name, tasks] : distinct)
        for (std::size_t i = 0; i < tasks.size(); i++, saved++)
            save_chain(*tasks[i], directory / (i == 0 ? name : fmt::format("{}.{}", name, i + 1)));
    return saved;
}

} // namespace debian
