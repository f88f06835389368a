// SPDX-License-Identifier: MIT
#include "vm/accel.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

constexpr const char *with_vmx =
    "processor\t: 0\nflags\t\t: fpu vme vmx ssse3\nbugs\t\t: spectre\n";
constexpr const char *with_svm = "processor\t: 0\nflags\t\t: fpu svm\n";
constexpr const char *without = "processor\t: 0\nflags\t\t: fpu vme svme vmxnot hypervisor\n"
                                "model name\t: vmx svm\n";

TEST(Accel, ReadsTheProcessorsFlags) {
    EXPECT_TRUE(vm::processor_virtualises(with_vmx));
    EXPECT_TRUE(vm::processor_virtualises(with_svm));
    EXPECT_FALSE(vm::processor_virtualises(without));
    EXPECT_FALSE(vm::processor_virtualises(""));
}

TEST(Accel, WithoutTheFlagNothingIsProbed) {
    const auto never = [] {
        ADD_FAILURE() << "probed";
        return true;
    };
    EXPECT_EQ(vm::choose_accel(vm::AccelRequest::automatic, without, never), vm::Accel::tcg);
}

TEST(Accel, TheFlagAloneIsNotEnough) {
    EXPECT_EQ(vm::choose_accel(vm::AccelRequest::automatic, with_vmx, [] { return false; }),
              vm::Accel::tcg);
    EXPECT_EQ(vm::choose_accel(vm::AccelRequest::automatic, with_vmx, [] { return true; }),
              vm::Accel::kvm);
}

TEST(Accel, ARequestIsObeyedWithoutProbe) {
    const auto never = [] {
        ADD_FAILURE() << "probed";
        return true;
    };
    EXPECT_EQ(vm::choose_accel(vm::AccelRequest::kvm, without, never), vm::Accel::kvm);
    EXPECT_EQ(vm::choose_accel(vm::AccelRequest::tcg, with_vmx, never), vm::Accel::tcg);
}

TEST(Accel, ParsesTheEnvironmentsWords) {
    EXPECT_EQ(vm::parse_accel_request(""), vm::AccelRequest::automatic);
    EXPECT_EQ(vm::parse_accel_request("auto"), vm::AccelRequest::automatic);
    EXPECT_EQ(vm::parse_accel_request("kvm"), vm::AccelRequest::kvm);
    EXPECT_EQ(vm::parse_accel_request("tcg"), vm::AccelRequest::tcg);
    EXPECT_THROW(vm::parse_accel_request("KVM"), std::invalid_argument);
}

} // namespace
