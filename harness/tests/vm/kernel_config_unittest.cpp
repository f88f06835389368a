// SPDX-License-Identifier: MIT
#include "vm/kernel_config.h"

#include "vm/kernel_build.h"

#include <gtest/gtest.h>

#include <fstream>

namespace {

constexpr const char *text = "# Linux/x86 5.10.262 Kernel Configuration\n"
                             "CONFIG_BINFMT_ELF=y\n"
                             "CONFIG_COMPAT_32=y\n"
                             "# CONFIG_SECCOMP_CACHE_DEBUG is not set\n"
                             "CONFIG_NR_CPUS=8\n"
                             "CONFIG_DUMMY=m\n"
                             "CONFIG_NAME=\"y=y\"\n";

TEST(KernelConfig, OnlyYesIsEnabled) {
    const vm::KernelConfig config(text);
    EXPECT_TRUE(config.enabled("CONFIG_COMPAT_32"));
    for (const char *option : {"CONFIG_COMPAT", "CONFIG_COMPAT_32=y", "COMPAT_32", "CONFIG_NR_CPUS",
                               "CONFIG_DUMMY", "CONFIG_SECCOMP_CACHE_DEBUG", "CONFIG_NAME", ""})
        EXPECT_FALSE(config.enabled(option)) << option;
}

TEST(KernelConfig, AFileThatIsNoneIsRefused) {
    const auto file = std::filesystem::path(testing::TempDir()) / "sc-kernel-config";
    EXPECT_THROW(vm::load_kernel_config(file), vm::KernelBuildError);
    std::ofstream(file) << "something else\n";
    EXPECT_THROW(vm::load_kernel_config(file), vm::KernelBuildError);
    std::ofstream(file) << text;
    EXPECT_TRUE(vm::load_kernel_config(file).enabled("CONFIG_BINFMT_ELF"));
    std::filesystem::remove(file);
}

} // namespace
