// SPDX-License-Identifier: MIT
#include "tests/vm/function_test.h"

#include <gtest/gtest.h>

namespace tests {
namespace {

class FunctionTest : public testing::Test {
public:
    explicit FunctionTest(std::function<void()> body) : body_(std::move(body)) {}
    void TestBody() override { body_(); }

private:
    std::function<void()> body_;
};

} // namespace

void register_test(const char *suite, const std::string &name, std::function<void()> body) {
    testing::RegisterTest(suite, name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [body]() -> testing::Test * { return new FunctionTest(body); });
}

} // namespace tests
