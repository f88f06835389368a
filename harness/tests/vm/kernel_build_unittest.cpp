// SPDX-License-Identifier: MIT
#include "vm/kernel_build.h"

#include <gtest/gtest.h>

#include <fstream>

namespace {

class KernelBuild : public testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directories(dir_); }
    void TearDown() override { std::filesystem::remove_all(dir_); }

    void write(const char *name, const char *text) { std::ofstream(dir_ / name) << text; }
    std::string error() {
        try {
            vm::load_kernel_build(dir_);
        } catch (const vm::KernelBuildError &e) {
            return e.what();
        }
        return "";
    }

    std::filesystem::path dir_ = std::filesystem::path(testing::TempDir()) / "sc-kernel-build";
};

TEST_F(KernelBuild, ReadsWhatTheBuildWrote) {
    write("bzImage", "x");
    write("buildinfo.json", R"({"version":"5.10.262","base":"linux-5.10","series":"full",
        "config":"base","compiler":"gcc","tables":[
        {"name":"x86_64","arch":3221225534,"size":441},{"name":"ia32","arch":1073741827,"size":441}]})");
    const auto build = vm::load_kernel_build(dir_);
    EXPECT_EQ(build.description(), "Linux 5.10.262, series full, config base");
    EXPECT_EQ(build.image(), dir_ / "bzImage");
    EXPECT_EQ(cbpf::format_tables(build.tables), "x86_64:0xc000003e:441,ia32:0x40000003:441");
}

TEST_F(KernelBuild, SaysWhatItsMachineNeeds) {
    write("bzImage", "x");
    write("buildinfo.json", R"({"version":"5.10.262","base":"linux-5.10","series":"full",
        "config":"kcsan","compiler":"gcc","machine":{"memory_mib":768,"cpus":4,"slowness":5,
        "command_line":"a=1 b=2"},"tables":[]})");
    const auto build = vm::load_kernel_build(dir_);
    vm::MachineSpec spec;
    spec.extra_command_line = "c";
    spec.extra_scale = 2;
    vm::use_kernel(build, spec);
    EXPECT_EQ(spec.kernel, build.image());
    EXPECT_EQ(spec.memory_mib, 768U);
    EXPECT_EQ(spec.cpus, 4U);
    EXPECT_EQ(spec.extra_scale, 10U);
    EXPECT_EQ(spec.extra_command_line, "c a=1 b=2");
    spec.memory_mib = 2048;
    vm::use_kernel(build, spec);
    EXPECT_EQ(spec.memory_mib, 2048U) << "more than it needs is its user's wish";
}

TEST_F(KernelBuild, KnowsItsOptions) {
    write("bzImage", "x");
    write("buildinfo.json", R"({"version":"1","series":"full","config":"x","tables":[]})");
    const auto build = vm::load_kernel_build(dir_);
    EXPECT_THROW(build.has_option("CONFIG_A"), vm::KernelBuildError);
    write("config", "CONFIG_BINFMT_ELF=y\nCONFIG_AB=y\n# CONFIG_B is not set\nCONFIG_C=y\n");
    EXPECT_FALSE(build.has_option("CONFIG_A"));
    EXPECT_FALSE(build.has_option("CONFIG_B"));
    EXPECT_TRUE(build.has_option("CONFIG_C"));
}

TEST_F(KernelBuild, AMisspeltNeedIsAnError) {
    write("bzImage", "x");
    write("buildinfo.json", R"({"version":"5.10.262","series":"full","config":"x","tables":[],
        "machine":{"memory":768}})");
    EXPECT_NE(error().find("'memory'"), std::string::npos) << error();
}

TEST_F(KernelBuild, SaysWhatIsMissing) {
    EXPECT_NE(error().find("bzImage: no such kernel"), std::string::npos) << error();
    write("bzImage", "x");
    EXPECT_NE(error().find("buildinfo.json: cannot be read"), std::string::npos) << error();
    write("buildinfo.json", R"({"version":"5.10.262"})");
    EXPECT_NE(error().find("series"), std::string::npos) << error();
    write("buildinfo.json", "{");
    EXPECT_NE(error(), "");
}

} // namespace
