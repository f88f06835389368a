// SPDX-License-Identifier: MIT
#include "cbpf/oci_rules.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace cbpf {

namespace {

using Json = nlohmann::json;

constexpr unsigned last_argument = 5;
constexpr std::uint32_t largest_errno = 4095; // MAX_ERRNO, linux/err.h

// How `includes.arches` names an architecture (Go's and libseccomp-golang's spelling) and how
// `archMap` does.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> arch_spellings = {{
    {"amd64", "SCMP_ARCH_X86_64"},
    {"x86", "SCMP_ARCH_X86"},
    {"386", "SCMP_ARCH_X86"},
    {"x32", "SCMP_ARCH_X32"},
    {"arm", "SCMP_ARCH_ARM"},
    {"arm64", "SCMP_ARCH_AARCH64"},
    {"mips64", "SCMP_ARCH_MIPS64"},
    {"mipsel64", "SCMP_ARCH_MIPSEL64"},
    {"ppc64le", "SCMP_ARCH_PPC64LE"},
    {"riscv64", "SCMP_ARCH_RISCV64"},
    {"s390", "SCMP_ARCH_S390"},
    {"s390x", "SCMP_ARCH_S390X"},
}};

[[noreturn]] void fail(const std::string &where, const std::string &what) {
    throw LoadError(where + ": " + what);
}

// A member of an object; null, as absent members are, when there is none.
const Json &member(const Json &object, const char *key) {
    static const Json null;
    const auto found = object.find(key);
    return found == object.end() ? null : *found;
}

std::string text(const Json &value, const std::string &where) {
    if (value.is_null())
        return {};
    if (!value.is_string())
        fail(where, "must be a string");
    return value.get<std::string>();
}

std::uint64_t number(const Json &value, const std::string &where, std::uint64_t highest) {
    if (value.is_null())
        return 0;
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > highest)
        fail(where, fmt::format("must be a whole number from 0 to {}", highest));
    return value.get<std::uint64_t>();
}

const Json &list(const Json &value, const std::string &where) {
    static const Json empty = Json::array();
    if (value.is_null())
        return empty;
    if (!value.is_array())
        fail(where, "must be a list");
    return value;
}

const Json &object(const Json &value, const std::string &where) {
    static const Json empty = Json::object();
    if (value.is_null())
        return empty;
    if (!value.is_object())
        fail(where, "must be an object");
    return value;
}

std::vector<std::string> texts(const Json &value, const std::string &where) {
    std::vector<std::string> out;
    for (const Json &each : list(value, where)) {
        if (!each.is_string())
            fail(where, "must be a list of strings");
        out.push_back(each.get<std::string>());
    }
    return out;
}

bool contains(const std::vector<std::string> &all, std::string_view wanted) {
    return std::ranges::find(all, wanted) != all.end();
}

// `errno` is a name or a number, and wins over `errnoRet`.
std::optional<std::uint32_t> parse_error(const Json &parent, const char *number_key,
                                         const char *name_key, const std::string &where) {
    const std::string name = text(member(parent, name_key), where + name_key);
    if (!name.empty()) {
        std::uint32_t value = 0;
        const char *end = name.data() + name.size();
        const auto [stop, error] = std::from_chars(name.data(), end, value);
        if (error == std::errc() && stop == end && value <= largest_errno)
            return value;
        for (int candidate = 1; candidate <= static_cast<int>(largest_errno); candidate++) {
            const char *known = ::strerrorname_np(candidate);
            if (known != nullptr && name == known)
                return static_cast<std::uint32_t>(candidate);
        }
        fail(where + name_key, fmt::format("unknown error \"{}\"", name));
    }
    const Json &value = member(parent, number_key);
    if (value.is_null())
        return std::nullopt;
    // TRACE takes its data from here as well, hence 16 bits.
    return static_cast<std::uint32_t>(number(value, where + number_key, 0xffff));
}

// "5.10" -> {5, 10}; what follows the second number ("5.10.0-21-amd64") is ignored.
std::pair<unsigned, unsigned> kernel_version(const std::string &version, const std::string &where) {
    std::pair<unsigned, unsigned> parsed{};
    const char *end = version.data() + version.size();
    const auto major = std::from_chars(version.data(), end, parsed.first);
    if (major.ec == std::errc() && major.ptr != end && *major.ptr == '.') {
        const auto minor = std::from_chars(major.ptr + 1, end, parsed.second);
        if (minor.ec == std::errc())
            return parsed;
    }
    fail(where, fmt::format("\"{}\" is not a kernel version such as 5.10", version));
}

// The conditions of `includes` and `excludes` have the same form.
struct Condition {
    std::vector<std::string> arches;
    std::vector<std::string> capabilities;
    std::string minimum_kernel;

    Condition(const Json &value, const std::string &where) {
        const Json &body = object(value, where);
        arches = texts(member(body, "arches"), where + ".arches");
        capabilities = texts(member(body, "caps"), where + ".caps");
        minimum_kernel = text(member(body, "minKernel"), where + ".minKernel");
    }
};

bool kernel_is_at_least(const std::string &minimum, const OciOptions &options,
                        const std::string &where) {
    return kernel_version(options.kernel, "options.kernel") >= kernel_version(minimum, where);
}

bool is_excluded(const Json &rule, const OciOptions &options, const std::string &where) {
    const std::string here = where + ".excludes";
    const Condition excludes(member(rule, "excludes"), here);
    if (contains(excludes.arches, options.arch))
        return true;
    for (const std::string &capability : excludes.capabilities)
        if (contains(options.capabilities, capability))
            return true;
    return !excludes.minimum_kernel.empty() &&
           kernel_is_at_least(excludes.minimum_kernel, options, here + ".minKernel");
}

bool is_included(const Json &rule, const OciOptions &options, const std::string &where) {
    const std::string here = where + ".includes";
    const Condition includes(member(rule, "includes"), here);
    if (!includes.arches.empty() && !contains(includes.arches, options.arch))
        return false;
    for (const std::string &capability : includes.capabilities)
        if (!contains(options.capabilities, capability))
            return false;
    return includes.minimum_kernel.empty() ||
           kernel_is_at_least(includes.minimum_kernel, options, here + ".minKernel");
}

// `names`, or in old profiles one `name`.
std::vector<std::string> parse_names(const Json &rule, const std::string &where) {
    std::vector<std::string> names = texts(member(rule, "names"), where + ".names");
    const std::string single = text(member(rule, "name"), where + ".name");
    if (!single.empty() && !names.empty())
        fail(where, "has both `name` and `names`");
    if (!single.empty())
        names.push_back(single);
    if (names.empty())
        fail(where, "names no syscall");
    return names;
}

std::vector<OciCondition> parse_conditions(const Json &rule, const std::string &where) {
    std::vector<OciCondition> conditions;
    for (const Json &each : list(member(rule, "args"), where + ".args")) {
        const std::string here = fmt::format("{}.args[{}]", where, conditions.size());
        const Json &arg = object(each, here);
        const auto index = number(member(arg, "index"), here + ".index", last_argument);
        conditions.push_back({
            .argument = static_cast<unsigned>(index),
            .op = text(member(arg, "op"), here + ".op"),
            .value = number(member(arg, "value"), here + ".value", UINT64_MAX),
            .value_two = number(member(arg, "valueTwo"), here + ".valueTwo", UINT64_MAX),
        });
    }
    return conditions;
}

std::vector<OciRule> parse_rules(const Json &profile, const OciOptions &options) {
    std::vector<OciRule> rules;
    std::size_t index = 0;
    for (const Json &each : list(member(profile, "syscalls"), "syscalls")) {
        const std::string where = fmt::format("syscalls[{}]", index++);
        const Json &rule = object(each, where);
        // Parsed even if it will not be used: a mistake in it is one all the same.
        OciRule parsed{
            .where = where,
            .names = parse_names(rule, where),
            .action = {.name = text(member(rule, "action"), where + ".action"),
                       .error = parse_error(rule, "errnoRet", "errno", where + ".")},
            .conditions = parse_conditions(rule, where),
        };
        const bool excluded = is_excluded(rule, options, where);
        if (is_included(rule, options, where) && !excluded)
            rules.push_back(std::move(parsed));
    }
    return rules;
}

std::string native_architecture(const OciOptions &options) {
    for (const auto &[spelling, name] : arch_spellings)
        if (spelling == options.arch)
            return std::string(name);
    fail("options.arch", fmt::format("unknown architecture \"{}\"", options.arch));
}

std::vector<std::string> parse_architectures(const Json &profile, const OciOptions &options) {
    const std::string native = native_architecture(options);
    auto listed = texts(member(profile, "architectures"), "architectures");
    const Json &map = list(member(profile, "archMap"), "archMap");
    if (!listed.empty() && !map.empty())
        fail("architectures", "stands beside `archMap`: a profile has one or the other");
    if (!listed.empty())
        return listed;

    std::size_t index = 0;
    for (const Json &each : map) {
        const std::string where = fmt::format("archMap[{}]", index++);
        const Json &entry = object(each, where);
        if (text(member(entry, "architecture"), where + ".architecture") != native)
            continue;
        auto all = texts(member(entry, "subArchitectures"), where + ".subArchitectures");
        all.insert(all.begin(), native);
        return all;
    }
    return {native};
}

} // namespace

OciRules resolve_oci_rules(std::string_view json, const OciOptions &options) {
    Json profile;
    try {
        profile = Json::parse(json);
    } catch (const Json::parse_error &error) {
        throw LoadError(fmt::format("is not JSON: {}", error.what()));
    }
    if (!profile.is_object())
        throw LoadError("is not a seccomp profile: not a JSON object");
    if (member(profile, "defaultAction").is_null())
        throw LoadError("is not a seccomp profile: has no `defaultAction`");
    return {
        .default_action = {.name = text(member(profile, "defaultAction"), "defaultAction"),
                           .error = parse_error(profile, "defaultErrnoRet", "defaultErrno", "")},
        .architectures = parse_architectures(profile, options),
        .rules = parse_rules(profile, options),
    };
}

} // namespace cbpf
