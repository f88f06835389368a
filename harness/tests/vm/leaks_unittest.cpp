// SPDX-License-Identifier: MIT
#include "vm/leaks.h"

#include <gtest/gtest.h>

namespace {

const std::string of_boot = "unreferenced object 0xffff888004bbf980 (size 96):\n"
                            "  comm \"swapper/0\", pid 1, jiffies 4294893735 (age 36.800s)\n"
                            "  backtrace:\n    [<0>] pci_add_resource_offset+0x19/0x124\n";
const std::string of_a_test = "unreferenced object 0xffff888004bbfa00 (size 512):\n"
                              "  comm \"stress\", pid 81, jiffies 4294893735 (age 36.804s)\n"
                              "  backtrace:\n    [<0>] do_seccomp+0x19/0x124\n";

TEST(Leaks, ThoseOfTheBootAreLeftOut) {
    EXPECT_EQ(vm::leaks_after_boot(of_boot + of_boot), "");
    EXPECT_EQ(vm::leaks_after_boot(""), "");
}

TEST(Leaks, AllOthersCount) {
    EXPECT_EQ(vm::leaks_after_boot(of_boot + of_a_test + of_boot), of_a_test);
    EXPECT_EQ(vm::leaks_after_boot(of_a_test + of_a_test), of_a_test + of_a_test);
    EXPECT_EQ(vm::leaks_after_boot("scan\n"), "scan\n") << "what cannot be read";
}

} // namespace
