// SPDX-License-Identifier: MIT
#include "cbpf/oci_profile.h"

#include "cbpf/oci_rules.h"

#include <fmt/format.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace cbpf {

namespace {

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;
using Conditions = std::vector<scmp_arg_cmp>;

constexpr std::array<std::pair<std::string_view, scmp_compare>, 7> comparisons = {{
    {"SCMP_CMP_NE", SCMP_CMP_NE},
    {"SCMP_CMP_LT", SCMP_CMP_LT},
    {"SCMP_CMP_LE", SCMP_CMP_LE},
    {"SCMP_CMP_EQ", SCMP_CMP_EQ},
    {"SCMP_CMP_GE", SCMP_CMP_GE},
    {"SCMP_CMP_GT", SCMP_CMP_GT},
    {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
}};

[[noreturn]] void fail(const std::string &where, const std::string &what) {
    throw LoadError(where + ": " + what);
}

// libseccomp returns negated errno values.
void require(int result, const std::string &where, const char *what) {
    if (result < 0)
        fail(where, fmt::format("libseccomp cannot {}: {}", what, std::strerror(-result)));
}

std::uint32_t action_value(const OciAction &action, const std::string &where) {
    // Both tools take EPERM where the profile gives no number.
    const auto data = static_cast<std::uint16_t>(action.error.value_or(EPERM));
    const std::string_view name = action.name;
    if (name == "SCMP_ACT_ALLOW")
        return SCMP_ACT_ALLOW;
    if (name == "SCMP_ACT_ERRNO")
        return SCMP_ACT_ERRNO(data);
    if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD")
        return SCMP_ACT_KILL_THREAD;
    if (name == "SCMP_ACT_KILL_PROCESS")
        return SCMP_ACT_KILL_PROCESS;
    if (name == "SCMP_ACT_TRAP")
        return SCMP_ACT_TRAP;
    if (name == "SCMP_ACT_TRACE")
        return SCMP_ACT_TRACE(data);
    if (name == "SCMP_ACT_LOG")
        return SCMP_ACT_LOG;
    if (name == "SCMP_ACT_NOTIFY")
        return SCMP_ACT_NOTIFY;
    fail(where, fmt::format("unknown action \"{}\"", name));
}

scmp_arg_cmp comparison(const OciCondition &condition, const std::string &where) {
    const auto *found = std::ranges::find(comparisons, std::string_view(condition.op),
                                          &decltype(comparisons)::value_type::first);
    if (found == comparisons.end())
        fail(where, fmt::format("unknown operator \"{}\"", condition.op));
    return {condition.argument, found->second, condition.value, condition.value_two};
}

// Each element is one rule for libseccomp, all conditions of which must hold.
std::vector<Conditions> alternatives(const OciRule &rule) {
    Conditions all;
    std::set<unsigned> arguments;
    for (const OciCondition &condition : rule.conditions) {
        all.push_back(comparison(condition, fmt::format("{}.args[{}]", rule.where, all.size())));
        arguments.insert(condition.argument);
    }
    // libseccomp cannot compare one argument twice in one rule.
    if (arguments.size() == all.size())
        return {all};
    std::vector<Conditions> single;
    for (const scmp_arg_cmp &condition : all)
        single.push_back({condition});
    return single;
}

void add_rule(void *context, const OciRule &rule, std::uint32_t action,
              std::set<std::string> &unknown) {
    const std::vector<Conditions> ways = alternatives(rule);
    for (const std::string &name : rule.names) {
        const int syscall = seccomp_syscall_resolve_name(name.c_str());
        if (syscall == __NR_SCMP_ERROR) {
            unknown.insert(name);
            continue;
        }
        for (const Conditions &conditions : ways)
            require(seccomp_rule_add_array(context, action, syscall,
                                           static_cast<unsigned>(conditions.size()),
                                           conditions.data()),
                    rule.where, fmt::format("add a rule for {}", name).c_str());
    }
}

// "SCMP_ARCH_X86_64" -> libseccomp's token, whose own name for it is "x86_64".
std::uint32_t arch_token(const std::string &name) {
    constexpr std::string_view prefix = "SCMP_ARCH_";
    std::string own = name.starts_with(prefix) ? name.substr(prefix.size()) : std::string();
    std::ranges::transform(own, own.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const std::uint32_t token = own.empty() ? 0 : seccomp_arch_resolve_name(own.c_str());
    if (token == 0)
        fail("architectures", fmt::format("unknown architecture \"{}\"", name));
    return token;
}

void set_architectures(void *context, const std::vector<std::string> &names) {
    const std::uint32_t host = seccomp_arch_native();
    bool host_wanted = false;
    for (const std::string &name : names) {
        const std::uint32_t token = arch_token(name);
        host_wanted |= token == host;
        const int result = seccomp_arch_add(context, token);
        if (result != -EEXIST)
            require(result, name, "add the architecture");
    }
    // A new context has the host's in it.
    if (!host_wanted)
        require(seccomp_arch_remove(context, host), "architectures", "leave out the host's");
}

Program export_program(void *context) {
    const int file = ::memfd_create("seccomp-filter", MFD_CLOEXEC);
    if (file < 0)
        fail("export", std::strerror(errno));
    const int exported = seccomp_export_bpf(context, file);
    const off_t bytes = ::lseek(file, 0, SEEK_END);
    Program program(bytes > 0 ? static_cast<std::size_t>(bytes) / sizeof(Instruction) : 0);
    const ssize_t got = ::pread(file, program.data(), program.size() * sizeof(Instruction), 0);
    ::close(file);
    require(exported, "export", "generate the filter");
    if (got <= 0 || got != bytes)
        fail("export", "the generated filter cannot be read back");
    return program;
}

OciFilter compile(const OciRules &rules, bool binary_tree) {
    // Without this, libseccomp asks the running kernel what it knows, and the same profile would
    // compile on one machine and not on another. It refuses levels it has no idea of.
    for (unsigned level = 6; level >= 4 && seccomp_api_set(level) != 0; level--) {
    }
    const std::uint32_t default_action = action_value(rules.default_action, "defaultAction");
    const Context context(seccomp_init(default_action), &seccomp_release);
    if (!context)
        fail("defaultAction",
             fmt::format("libseccomp cannot have {} as the default", rules.default_action.name));
    set_architectures(context.get(), rules.architectures);
    if (binary_tree)
        require(seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2), "options",
                "build a binary tree");

    std::set<std::string> unknown;
    for (const OciRule &rule : rules.rules) {
        const std::uint32_t action = action_value(rule.action, rule.where + ".action");
        // libseccomp takes no rule that changes nothing.
        if (action != default_action)
            add_rule(context.get(), rule, action, unknown);
    }
    return {export_program(context.get()), {unknown.begin(), unknown.end()}};
}

std::string read_text(const std::filesystem::path &path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        throw LoadError("is a directory");
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw LoadError(fmt::format("cannot be opened: {}", std::strerror(errno)));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

} // namespace

std::vector<std::string> docker_default_capabilities() {
    return {"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
            "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
            "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
            "CAP_KILL",    "CAP_AUDIT_WRITE"};
}

OciFilter compile_oci_profile(const std::filesystem::path &path, const OciOptions &options) {
    try {
        return compile(resolve_oci_rules(read_text(path), options), options.binary_tree);
    } catch (const LoadError &error) {
        throw LoadError(fmt::format("{}: {}", path.string(), error.what()));
    }
}

Program load_oci_profile(const std::filesystem::path &path, const OciOptions &options) {
    return compile_oci_profile(path, options).program;
}

} // namespace cbpf
