// SPDX-License-Identifier: MIT
//
// The filter of every podman container, as large and as real as filters get.

#include "cache.h"
#include "probe.h"

#include "analysis/reference_emulator.h"
#include "cbpf/oci_profile.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace guest {
namespace {

std::string profile_path() {
    const char *path = std::getenv("SECCOMP_CACHE_PROFILE");
    return path != nullptr ? path : "/opt/seccomp-cache/profiles/seccomp.json";
}

enum class Shape { linear, binary_tree };

class Profiles : public testing::TestWithParam<Shape> {
protected:
    cbpf::Program program() const {
        cbpf::OciOptions options;
        options.binary_tree = GetParam() == Shape::binary_tree;
        return cbpf::load_oci_profile(profile_path(), options);
    }
};

std::string shape_name(const testing::TestParamInfo<Shape> &info) {
    return info.param == Shape::linear ? "Linear" : "BinaryTree";
}

void PrintTo(Shape shape, std::ostream *stream) {
    *stream << (shape == Shape::linear ? "linear" : "binary tree");
}

TEST_P(Profiles, PodmansDefaultIsCachedAsTheReferenceSays) {
    const cbpf::Chain chain = {program()};
    EXPECT_TRUE(shows_cache_of(cache_under(chain), chain));
}

TEST_P(Profiles, PodmansDefaultIsCachedTheSameFor32BitProcesses) {
    const cbpf::Chain chain = {program()};
    EXPECT_TRUE(shows_cache_of(cache_under(chain, {.bits = Bits::b32}), chain));
}

// The two shapes are of the same policy, so that the counts do not depend on the shape. They are
// those of the published design for tables of 441 numbers; other tables have others.
TEST_P(Profiles, PodmansDefaultGivesTheKnownCounts) {
    const auto text = cache_under({program()});
    for (const auto &table : tables()) {
        const std::size_t known = table.name == "ia32" ? 361 : 304;
        if (table.size == 441)
            EXPECT_EQ(allow_count(text, table), known) << table.name;
        else
            EXPECT_GE(allow_count(text, table), known - 11) << table.name;
    }
}

TEST_P(Profiles, PodmansDefaultTwiceIsTheSameAsOnce) {
    const cbpf::Chain once = {program()};
    const cbpf::Chain twice = {program(), program()};
    EXPECT_EQ(cache_under(once), cache_under(twice));
}

INSTANTIATE_TEST_SUITE_P(, Profiles, testing::Values(Shape::linear, Shape::binary_tree),
                         shape_name);

} // namespace
} // namespace guest
