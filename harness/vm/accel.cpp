// SPDX-License-Identifier: MIT
#include "vm/accel.h"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>

namespace vm {

std::string_view name(Accel accel) { return accel == Accel::kvm ? "kvm" : "tcg"; }

AccelRequest parse_accel_request(std::string_view text) {
    if (text.empty() || text == "auto")
        return AccelRequest::automatic;
    if (text == "kvm")
        return AccelRequest::kvm;
    if (text == "tcg")
        return AccelRequest::tcg;
    throw std::invalid_argument(
        fmt::format("ACCEL is '{}': use kvm or tcg, or leave it out", text));
}

bool processor_virtualises(std::string_view cpuinfo) {
    std::istringstream lines{std::string(cpuinfo)};
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("flags"))
            continue;
        std::istringstream words{line};
        for (std::string word; words >> word;)
            if (word == "vmx" || word == "svm")
                return true;
    }
    return false;
}

Accel choose_accel(AccelRequest request, std::string_view cpuinfo,
                   const std::function<bool()> &probe_boot) {
    switch (request) {
    case AccelRequest::kvm:
        return Accel::kvm;
    case AccelRequest::tcg:
        return Accel::tcg;
    case AccelRequest::automatic:
        break;
    }
    return processor_virtualises(cpuinfo) && probe_boot() ? Accel::kvm : Accel::tcg;
}

} // namespace vm
