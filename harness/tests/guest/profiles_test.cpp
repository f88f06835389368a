// SPDX-License-Identifier: MIT
//
// The filter of every podman container, as large and as real as filters get.

#include "cache.h"
#include "probe.h"

#include "analysis/reference_emulator.h"
#include "cbpf/oci_profile.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

namespace guest {
namespace {

std::string profile_path() {
    const char *path = std::getenv("SECCOMP_CACHE_PROFILE");
    return path != nullptr ? path : "/opt/seccomp-cache/profiles/seccomp.json";
}

// A value under /proc/sys, for as long as this lives.
class Sysctl {
public:
    Sysctl(const std::string &name, const std::string &value) : path_("/proc/sys/" + name) {
        std::getline(std::ifstream(path_), before_);
        write(value);
    }
    ~Sysctl() { std::ofstream(path_) << before_; }
    Sysctl(const Sysctl &) = delete;
    Sysctl &operator=(const Sysctl &) = delete;

private:
    void write(const std::string &value) {
        std::ofstream(path_) << value << std::flush;
        std::string now;
        std::getline(std::ifstream(path_), now);
        if (now != value)
            throw std::runtime_error(path_ + " is '" + now + "', not " + value);
    }

    std::string path_;
    std::string before_;
};

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

// Constant blinding makes another program of it, for the JIT. The cache is about what was given,
// and the calls get what that says. (1 blinds the programs of all users but this one.)
TEST_P(Profiles, PodmansDefaultIsCachedTheSameUnderAHardenedJit) {
    const Sysctl jit("net/core/bpf_jit_enable", "1");
    const cbpf::Chain chain = {program()};
    for (const char *hardening : {"0", "1", "2"}) {
        const Sysctl harden("net/core/bpf_jit_harden", hardening);
        EXPECT_TRUE(shows_cache_of(cache_under(chain), chain)) << "bpf_jit_harden " << hardening;
        expect_as_interpreted(chain, {{Path::syscall, SYS_getpid, {}},
                                      {Path::syscall, SYS_personality, {0xffffffff}},
                                      {Path::syscall, SYS_swapon, {}}});
    }
}

INSTANTIATE_TEST_SUITE_P(, Profiles, testing::Values(Shape::linear, Shape::binary_tree),
                         shape_name);

} // namespace
} // namespace guest
