// SPDX-License-Identifier: MIT
//
// The first half of oci_profile.h: from a profile's JSON to the list of rules that hold for one
// container. Knows the profile's grammar, and nothing of libseccomp.

#pragma once

#include "cbpf/oci_profile.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cbpf {

struct OciAction {
    std::string name;                   // "SCMP_ACT_..."
    std::optional<std::uint32_t> error; // `errnoRet`, or `errno` by name or number

    bool operator==(const OciAction &) const = default;
};

struct OciCondition {
    unsigned argument; // 0 to 5
    std::string op;    // "SCMP_CMP_..."
    std::uint64_t value;
    std::uint64_t value_two; // the masked value, for SCMP_CMP_MASKED_EQ; `value` is the mask
};

struct OciRule {
    std::string where; // "syscalls[3]", for error messages
    std::vector<std::string> names;
    OciAction action;
    std::vector<OciCondition> conditions;
};

struct OciRules {
    OciAction default_action;
    std::vector<std::string> architectures; // "SCMP_ARCH_..."; never empty
    std::vector<OciRule> rules;             // those that hold under the options
};

// Throws LoadError without the file's name: "syscalls[3].names: must be a list of strings".
OciRules resolve_oci_rules(std::string_view json, const OciOptions &options);

} // namespace cbpf
