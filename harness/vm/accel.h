// SPDX-License-Identifier: MIT
//
// Hardware acceleration, or emulation?
//
// That /dev/kvm opens proves nothing: there are hosts where it does, where it answers its API
// version and creates a machine, and where a stock kernel then hangs for ever in it. So KVM is
// only used when the processor says that it can, and after a kernel has booted with it.

#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace vm {

enum class Accel { kvm, tcg };
enum class AccelRequest { automatic, kvm, tcg };

std::string_view name(Accel accel);

// "", "auto", "kvm" or "tcg"; throws std::invalid_argument for anything else.
AccelRequest parse_accel_request(std::string_view text);

// Does /proc/cpuinfo list vmx or svm among the processor's flags?
bool processor_virtualises(std::string_view cpuinfo);

// `probe_boot` boots something under KVM with a short deadline and says whether that worked. It
// is only called when the request leaves the choice to us and the processor can.
Accel choose_accel(AccelRequest request, std::string_view cpuinfo,
                   const std::function<bool()> &probe_boot);

} // namespace vm
