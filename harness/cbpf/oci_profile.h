// SPDX-License-Identifier: MIT
//
// Container seccomp profiles (JSON), compiled to a filter by libseccomp.
//
// Both kinds are read: the `linux.seccomp` object of the OCI runtime specification
// (`architectures`), and the templates of podman and docker (`archMap`, `includes`, `excludes`),
// which are first resolved for one container as their tools do it:
// - a rule is left out when `includes` names an architecture list without ours, a capability we do
//   not have, or a newer kernel than ours; and when `excludes` names our architecture, a
//   capability we have, or a kernel no newer than ours;
// - of `archMap`, the entry of our architecture counts: it and its subArchitectures;
// - a rule with the same action as the default is redundant, and left out;
// - syscall names libseccomp does not know are skipped (they are reported);
// - conditions on different arguments must all hold; when one argument is named twice, each
//   condition becomes a rule of its own (runc's reading of old profiles).

#pragma once

#include "cbpf/loader.h"
#include "cbpf/program.h"

#include <filesystem>
#include <string>
#include <vector>

namespace cbpf {

// What Docker grants a container by default.
std::vector<std::string> docker_default_capabilities();

struct OciOptions {
    std::vector<std::string> capabilities = docker_default_capabilities();
    bool binary_tree = false;    // libseccomp's SCMP_FLTATR_CTL_OPTIMIZE=2
    std::string arch = "amd64";  // as `includes.arches` spells it
    std::string kernel = "5.10"; // VERSION.PATCHLEVEL, for `minKernel`
};

struct OciFilter {
    Program program;
    std::vector<std::string> unknown_syscalls; // names skipped, sorted, each once
};

// Throws LoadError, whose what() names the file and the rule or key at fault.
OciFilter compile_oci_profile(const std::filesystem::path &path, const OciOptions &options = {});

// The same when only the program is of interest.
Program load_oci_profile(const std::filesystem::path &path, const OciOptions &options = {});

} // namespace cbpf
