// SPDX-License-Identifier: MIT
#include "tests/vm/expectation.h"

#include <algorithm>

namespace tests {
namespace {

using guest::Path;

constexpr std::string_view compat = "CONFIG_COMPAT";
constexpr std::string_view ia32 = "CONFIG_IA32_EMULATION";
constexpr std::string_view x32 = "CONFIG_X86_X32";
constexpr std::string_view native_64 = "CONFIG_X86_64";
constexpr std::string_view proc_file = "CONFIG_SECCOMP_CACHE_DEBUG";
constexpr std::string_view checkpoint = "CONFIG_CHECKPOINT_RESTORE";

const std::vector<std::string_view> both_tables = {"x86_64", "ia32"};
const std::vector<Path> usual_ways = {Path::syscall, Path::int80_from_64, Path::int80_from_32,
                                      Path::vdso32};

const Expectation expectations[] = {
    {"base",
     both_tables,
     true,
     usual_ways,
     {native_64, compat, ia32, proc_file, checkpoint},
     {x32}},
    {"no-compat", {"x86_64"}, true, {Path::syscall}, {native_64, proc_file}, {compat, ia32, x32}},
    {"x86-32",
     {"ia32"},
     true,
     {Path::int80_from_32, Path::vdso32},
     {"CONFIG_X86_32", proc_file},
     {native_64, compat}},
    {"no-proc-file", both_tables, false, usual_ways, {native_64, compat, ia32}, {proc_file, x32}},
    {"no-checkpoint-restore",
     both_tables,
     true,
     usual_ways,
     {native_64, compat, ia32, proc_file},
     {checkpoint, x32}},
    {"preempt", both_tables, true, usual_ways, {compat, proc_file, "CONFIG_PREEMPTION"}, {x32}},
    {"audit", both_tables, true, usual_ways, {compat, proc_file, "CONFIG_AUDITSYSCALL"}, {x32}},
    {"trace", both_tables, true, usual_ways, {compat, proc_file, "CONFIG_FTRACE_SYSCALLS"}, {x32}},
    {"x32",
     both_tables,
     true,
     {Path::syscall, Path::int80_from_64, Path::int80_from_32, Path::vdso32, Path::x32,
      Path::x32_from_64},
     {compat, ia32, x32, proc_file},
     {}},
    {"x32-no-ia32",
     both_tables,
     true,
     {Path::syscall, Path::x32_from_64},
     {compat, x32, proc_file},
     {ia32}},
};

const Expectation any_other = {"", both_tables, true, usual_ways, {}, {}};

} // namespace

const Expectation &expectation_for(std::string_view config) {
    const auto found =
        std::find_if(std::begin(expectations), std::end(expectations),
                     [&](const Expectation &expected) { return expected.config == config; });
    return found == std::end(expectations) ? any_other : *found;
}

} // namespace tests
