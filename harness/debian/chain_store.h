// SPDX-License-Identifier: MIT
//
// The filters of a real system as files, for whoever wants real input:
//
//     DIRECTORY/systemd-logind/00.bpf             the oldest filter, raw (cbpf/loader.h)
//     DIRECTORY/systemd-logind/01.bpf             the next, ...
//     DIRECTORY/systemd-logind/seccomp_cache.txt  what the kernel showed for this chain

#pragma once

#include "debian/snapshot.h"

#include <cstddef>
#include <filesystem>

namespace debian {

// Replaces the directory, and returns how many chains are in it now. A chain that several tasks
// of a unit share is there once; a further one of the same unit is NAME.2, then NAME.3. Throws
// std::filesystem::filesystem_error, cbpf::LoadError or std::system_error.
std::size_t save_chains(const Snapshot &snapshot, const std::filesystem::path &directory);

} // namespace debian
