// SPDX-License-Identifier: MIT
//
// The page in a real browser, where one is installed (Debian: chromium-headless-shell, or chromium;
// they are large, so scripts/setup does not install them).

#include "bench/page.h"
#include "bench/page_cells.h"
#include "vm/process.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <vector>

namespace bench {
namespace {

namespace fs = std::filesystem;

fs::path find_browser() {
    const char *path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');)
        for (const char *name : {"chromium-headless-shell", "chromium", "google-chrome"})
            if (fs::exists(fs::path(folder) / name))
                return fs::path(folder) / name;
    return {};
}

class PageInABrowser : public testing::Test {
protected:
    void SetUp() override {
        if (browser_.empty())
            GTEST_SKIP() << "no chromium-headless-shell or chromium is installed";
        std::string name = testing::TempDir() + "bench-page.XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    // What the browser prints, its log included.
    std::string open(const std::string &html, const std::string &option) {
        const auto file = folder_ / "page.html";
        std::ofstream(file) << html;
        const auto result =
            vm::capture({browser_, "--headless", "--no-sandbox", "--disable-gpu",
                         "--user-data-dir=" + (folder_ / "profile").string(), option,
                         "--enable-logging=stderr", "file://" + file.string()});
        EXPECT_TRUE(WIFEXITED(result.status) && WEXITSTATUS(result.status) == 0)
            << vm::describe_wait_status(result.status) << '\n'
            << result.out;
        return result.out;
    }

    // The page as text again, as the browser has understood it.
    std::string understood(const std::string &html) { return open(html, "--dump-dom"); }

    // How much there is to see: the size of a picture of it.
    std::uintmax_t picture_size(const std::string &html) {
        const auto file = folder_ / "page.png";
        open(html, "--screenshot=" + file.string());
        return fs::exists(file) ? fs::file_size(file) : 0;
    }

private:
    fs::path browser_ = find_browser();
    fs::path folder_;
};

// As the browser logs what scripts and the page's own policy complain about.
bool has_errors(const std::string &log) { return log.find("CONSOLE") != log.npos; }

TEST_F(PageInABrowser, HasTheFiguresOfTheJson) {
    const auto page = understood(html_page(example_results()));
    EXPECT_EQ(cells_of_page(page), cells_of_json(to_json(example_results())));
}

TEST_F(PageInABrowser, HasNoErrors) {
    const auto page = understood(html_page(example_results()));
    EXPECT_FALSE(has_errors(page)) << page;
    // Would we be told?
    EXPECT_TRUE(has_errors(understood("<p>text</p><script>nothing.at.all()</script>")));
}

TEST_F(PageInABrowser, IsDrawn) {
    const auto blank = picture_size("<p></p>");
    EXPECT_GT(blank, 0U);
    EXPECT_GT(picture_size(html_page(example_results())), 2 * blank);
}

} // namespace
} // namespace bench
