// SPDX-License-Identifier: MIT
#include "kernel/proc_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>

namespace {

using kernel::CacheListing;
using kernel::ParseError;

const std::vector<cbpf::SyscallTable> tables = {{"x86_64", AUDIT_ARCH_X86_64, 3},
                                                {"ia32", AUDIT_ARCH_I386, 2}};
// Two digits, for leading zeros and the order of numbers rather than of text.
const std::vector<cbpf::SyscallTable> longer = {{"x86_64", AUDIT_ARCH_X86_64, 12}};

constexpr std::string_view good = "x86_64 0 ALLOW\n"
                                  "x86_64 1 FILTER\n"
                                  "x86_64 2 ALLOW\n"
                                  "ia32 0 FILTER\n"
                                  "ia32 1 ALLOW\n";

std::string error(std::string_view text) {
    try {
        kernel::parse(text, tables);
    } catch (const ParseError &caught) {
        EXPECT_THAT(caught.what(),
                    testing::StartsWith("line " + std::to_string(caught.line()) + ": "));
        return caught.what();
    }
    return "accepted";
}

// `good` with line `number` (from 1) replaced.
std::string with_line(std::size_t number, std::string_view replacement) {
    std::string out;
    std::string_view rest = good;
    for (std::size_t line = 1; !rest.empty(); line++) {
        const std::size_t length = rest.find('\n') + 1;
        out += line == number ? replacement : rest.substr(0, length);
        rest.remove_prefix(length);
    }
    return out;
}

TEST(ProcFile, ReadsAGoodListing) {
    const CacheListing listing = kernel::parse(good, tables);
    EXPECT_TRUE(listing.has_filter);
    ASSERT_EQ(listing.tables.size(), 2u);
    EXPECT_EQ(listing.tables[0].table, tables[0]);
    EXPECT_EQ(listing.tables[0].allow, (std::vector<bool>{true, false, true}));
    EXPECT_EQ(listing.tables[1].allow, (std::vector<bool>{false, true}));
    EXPECT_EQ(listing.tables[0].allow_count(), 2u);
}

TEST(ProcFile, CountsInNumbersNotInText) {
    std::string text;
    for (int number = 0; number < 12; number++)
        text += "x86_64 " + std::to_string(number) + " ALLOW\n";
    EXPECT_EQ(kernel::parse(text, longer).tables[0].allow_count(), 12u);
}

TEST(ProcFile, EmptyMeansNoFilter) {
    const CacheListing listing = kernel::parse("", tables);
    EXPECT_FALSE(listing.has_filter);
    EXPECT_TRUE(listing.tables.empty());
    EXPECT_EQ(error("\n"), "line 1: \"\" is not ARCH NUMBER VERDICT");
}

TEST(ProcFile, WrongOrder) {
    EXPECT_EQ(error(with_line(3, "ia32 0 FILTER\n")),
              "line 3: ia32 0 where x86_64 2 should be: lines are missing");
    EXPECT_EQ(error("ia32 0 FILTER\nia32 1 ALLOW\nx86_64 0 ALLOW\nx86_64 1 ALLOW\n"),
              "line 1: ia32 0 where x86_64 0 should be: lines are missing");
    EXPECT_EQ(error(with_line(4, "x86_64 0 FILTER\n")),
              "line 4: x86_64 0 where ia32 0 should be: the order is wrong");
    EXPECT_EQ(error(with_line(3, "x86_64 0 FILTER\n")),
              "line 3: x86_64 0 where x86_64 2 should be: the order is wrong");
}

TEST(ProcFile, Gaps) {
    EXPECT_EQ(error(with_line(2, "")),
              "line 2: x86_64 2 where x86_64 1 should be: lines are missing");
    EXPECT_EQ(error(with_line(4, "")), "line 4: ia32 1 where ia32 0 should be: lines are missing");
}

TEST(ProcFile, Duplicates) {
    EXPECT_EQ(error(with_line(2, "x86_64 1 ALLOW\nx86_64 1 ALLOW\n")),
              "line 3: x86_64 1 where x86_64 2 should be: the line before is repeated");
}

TEST(ProcFile, UnknownWords) {
    EXPECT_EQ(error(with_line(2, "x86_64 1 DENY\n")),
              "line 2: \"DENY\" is neither ALLOW nor FILTER");
    EXPECT_EQ(error(with_line(2, "x86_64 1 allow\n")),
              "line 2: \"allow\" is neither ALLOW nor FILTER");
    EXPECT_EQ(error(with_line(2, "x86_64 1 ALLOW\r\n")),
              "line 2: \"ALLOW\\x0d\" is neither ALLOW nor FILTER");
    EXPECT_EQ(error(with_line(2, "x86_64 1 ALLOW \n")),
              "line 2: \"ALLOW \" is neither ALLOW nor FILTER");
    EXPECT_EQ(error(with_line(2, "x86_64 1\n")), "line 2: \"x86_64 1\" is not ARCH NUMBER VERDICT");
    EXPECT_EQ(error(with_line(2, "x86_64  1 ALLOW\n")), "line 2: \"\" is not a syscall number");
    EXPECT_EQ(error(with_line(2, "\n")), "line 2: \"\" is not ARCH NUMBER VERDICT");
}

TEST(ProcFile, UnknownArchitecture) {
    EXPECT_EQ(error(with_line(4, "x32 0 ALLOW\n")), "line 4: unknown architecture \"x32\"");
    EXPECT_EQ(error(with_line(1, " 0 ALLOW\n")), "line 1: unknown architecture \"\"");
}

TEST(ProcFile, BadNumbers) {
    for (const char *number : {"0x1", "-1", "+1", "one", "4294967296", "1.0"})
        EXPECT_EQ(error(with_line(2, std::string("x86_64 ") + number + " ALLOW\n")),
                  std::string("line 2: \"") + number + "\" is not a syscall number");
    EXPECT_EQ(error(with_line(2, "x86_64 01 ALLOW\n")),
              "line 2: syscall number \"01\" has leading zeros");
    EXPECT_EQ(error(with_line(1, "x86_64 00 ALLOW\n")),
              "line 1: syscall number \"00\" has leading zeros");
}

TEST(ProcFile, EveryTruncationIsAnError) {
    for (std::size_t length = 1; length < good.size(); length++)
        EXPECT_NE(error(good.substr(0, length)), "accepted") << length;
    EXPECT_EQ(error(good.substr(0, good.size() - 1)),
              "line 5: \"ia32 1 ALLOW\" is cut short: no newline at its end");
    EXPECT_EQ(error(with_line(5, "")), "line 5: the file ends where ia32 1 should be");
}

TEST(ProcFile, ExtraLines) {
    EXPECT_EQ(error(std::string(good) + "ia32 2 ALLOW\n"),
              "line 6: ia32 2 after the last line that should be there");
    EXPECT_EQ(error(std::string(good) + "\n"), "line 6: \"\" is not ARCH NUMBER VERDICT");
    EXPECT_EQ(error(std::string(good) + "x"), "line 6: \"x\" is cut short: no newline at its end");
}

TEST(ProcFile, QuotesAreShortAndPrintable) {
    EXPECT_EQ(error(std::string(100, '\1')).substr(0, 17), "line 1: \"\\x01\\x01");
    EXPECT_LT(error(std::string(100000, 'x')).size(), 120u);
}

} // namespace
