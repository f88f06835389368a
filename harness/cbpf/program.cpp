// SPDX-License-Identifier: MIT
#include "cbpf/program.h"

#include <algorithm>

namespace cbpf {

bool same_program(std::span<const Instruction> a, std::span<const Instruction> b) {
    return std::ranges::equal(a, b, [](const Instruction &x, const Instruction &y) {
        return x.code == y.code && x.jt == y.jt && x.jf == y.jf && x.k == y.k;
    });
}

} // namespace cbpf
