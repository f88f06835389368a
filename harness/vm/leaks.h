// SPDX-License-Identifier: MIT
//
// Memory that nothing in the guest points to any more, as found by kmemleak.

#pragma once

#include "vm/machine.h"

#include <optional>
#include <string>
#include <string_view>

namespace vm {

// Has kmemleak scan the machine's memory, twice: an object must be five seconds old, and what is in
// a register during one scan is not in the next. Nothing if there are no leaks but the boot's, or
// if the kernel has no kmemleak, or was booted without it (kmemleak=off). A kmemleak that has given
// up is a failure. Takes about ten seconds where there is something to scan.
std::optional<Failure> find_leaks(Machine &machine);

// The objects of a kmemleak report that are not the boot's. What "swapper" allocated was there
// before user space, and so before any filter (two resources of a PCI bus, for instance).
std::string leaks_after_boot(std::string_view report);

} // namespace vm
