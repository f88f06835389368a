// SPDX-License-Identifier: MIT
//
// A stack of filters as one file, for the way into the guest: for each filter, oldest first, the
// number of its instructions (32 bits, this machine's byte order) and the instructions.

#pragma once

#include "cbpf/program.h"

#include <string>
#include <string_view>

namespace bench {

std::string encode_chain(const cbpf::Chain &chain);

// Throws std::invalid_argument for what encode_chain() does not write.
cbpf::Chain decode_chain(std::string_view bytes);

} // namespace bench
