// SPDX-License-Identifier: MIT
#include "cbpf/builder.h"
#include "kernel/cross_check.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <stdexcept>

namespace {

using namespace cbpf;
using kernel::CacheListing;
using kernel::cross_check;
using kernel::CrossCheck;

const std::vector<SyscallTable> tables = {{"x86_64", AUDIT_ARCH_X86_64, 3},
                                          {"ia32", AUDIT_ARCH_I386, 2}};

// Allows number 1 on both architectures.
const Chain chain = {{load_nr(), jeq(1, 0, 1), ret_allow(), ret_errno(1)}};

CacheListing listing(std::vector<bool> native, std::vector<bool> compat) {
    return {true, {{tables[0], std::move(native)}, {tables[1], std::move(compat)}}};
}

TEST(CrossCheck, AllLinesAgree) {
    const CrossCheck result =
        cross_check(listing({false, true, false}, {false, true}), chain, tables);
    EXPECT_TRUE(result.all_agree());
    EXPECT_EQ(result.summary(), "5 of 5 lines agree");
    EXPECT_EQ(result.details(), "");
}

TEST(CrossCheck, NamesEveryDisagreement) {
    const CrossCheck result =
        cross_check(listing({true, true, false}, {false, false}), chain, tables);
    EXPECT_FALSE(result.all_agree());
    EXPECT_EQ(result.summary(), "3 of 5 lines agree");
    EXPECT_EQ(result.details(),
              "x86_64 0 (read): the kernel says ALLOW, its emulator FILTER, the reference FILTER\n"
              "ia32 1 (exit): the kernel says FILTER, its emulator ALLOW, the reference ALLOW\n");
}

TEST(CrossCheck, AFilterThatOnlyOneSideHas) {
    const CrossCheck missing = cross_check(CacheListing{}, chain, tables);
    EXPECT_FALSE(missing.all_agree());
    EXPECT_EQ(missing.summary(), "0 of 5 lines agree");
    EXPECT_NE(missing.details(), "");
    EXPECT_FALSE(
        cross_check(listing({false, false, false}, {false, false}), {}, tables).all_agree());
    EXPECT_TRUE(cross_check(CacheListing{}, {}, tables).all_agree());
}

TEST(CrossCheck, TablesNobodyListedDoNotCountAsAgreeing) {
    CacheListing partial = listing({false, true, false}, {false, true});
    partial.tables.pop_back();
    EXPECT_THROW(cross_check(partial, chain, tables), std::invalid_argument);
}

TEST(CrossCheck, RefusesAChainNoKernelHas) {
    EXPECT_THROW(cross_check(listing({false, true, false}, {false, true}), {{load_nr()}}, tables),
                 std::invalid_argument);
}

} // namespace
