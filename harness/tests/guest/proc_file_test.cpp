// SPDX-License-Identifier: MIT
//
// /proc/PID/seccomp_cache as a file: of what tasks, in what states, read in what ways.

#include "attach.h"
#include "cache.h"
#include "child.h"
#include "filters.h"
#include "probe.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace guest {
namespace {

using cbpf::Chain;
using cbpf::Program;

const Chain chain = {answer(SYS_getuid, SECCOMP_RET_ERRNO | 1), look_at_argument(SYS_getgid)};

// In the child: attach all of `chain` and halt.
void attach_chain_and_halt() {
    for (const auto &filter : chain)
        require(attach(filter) == 0, "attach");
    breakpoint();
}

TEST(ProcFile, ModeIs0400) {
    Child child(attach_chain_and_halt);
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    for (const auto &path : {cache_path(child.pid()), cache_path(child.pid(), child.pid())}) {
        struct stat status {};
        ASSERT_EQ(stat(path.c_str(), &status), 0) << path;
        EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFREG | 0400)) << path;
        EXPECT_EQ(status.st_size, 0) << path;
    }
}

TEST(ProcFile, IsEmptyWithoutFilter) {
    EXPECT_EQ(read_cache(getpid()), "");
    EXPECT_EQ(read_file(cache_path(getpid(), getpid())), "");
    EXPECT_EQ(read_cache(1), "");
}

TEST(ProcFile, IsEmptyForKernelThreads) { EXPECT_EQ(read_cache(2), ""); }

TEST(ProcFile, IsEmptyInStrictMode) {
    Child child([] {
        require(enter_strict_mode() == 0, "strict mode");
        breakpoint();
        syscall(SYS_exit, 0); // exit_group() is not allowed
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    EXPECT_EQ(read_cache(child.pid()), "");
    child.expect_success();
}

TEST(ProcFile, StrictModeStillKills) {
    Child child(
        [] {
            enter_strict_mode();
            syscall(SYS_getpid);
            syscall(SYS_exit, 0);
        },
        Child::Untraced{});
    child.run();
    EXPECT_TRUE(child.killed_by(SIGKILL)) << child.wait_status();
}

TEST(ProcFile, IsThereForTheReaderItself) {
    Child child([] {
        for (const auto &filter : chain)
            require(attach(filter) == 0, "attach");
        require(static_cast<bool>(shows_cache_of(read_file("/proc/self/seccomp_cache"), chain)),
                "/proc/self/seccomp_cache");
        require(
            static_cast<bool>(shows_cache_of(read_file("/proc/thread-self/seccomp_cache"), chain)),
            "/proc/thread-self/seccomp_cache");
    });
    child.expect_success();
}

TEST(ProcFile, ShowsWhatIsAttachedWhenItIsRead) {
    Child child([] {
        breakpoint();
        for (const auto &filter : chain) {
            require(attach(filter) == 0, "attach");
            breakpoint();
        }
    });
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    const int fd = open(cache_path(child.pid()).c_str(), O_RDONLY);
    ASSERT_GE(fd, 0);
    for (std::size_t filters = 0; filters <= chain.size(); filters++) {
        std::string text(65536, '\0');
        const ssize_t length = pread(fd, text.data(), text.size(), 0);
        ASSERT_GE(length, 0);
        text.resize(static_cast<std::size_t>(length));
        EXPECT_TRUE(shows_cache_of(
            text, Chain(chain.begin(), chain.begin() + static_cast<std::ptrdiff_t>(filters))));
        child.run();
    }
    close(fd);
}

// ---- the end of a task

TEST(ProcFile, ZombiesPrintInFull) {
    Child child(
        [] {
            for (const auto &filter : chain)
                require(attach(filter) == 0, "attach");
        },
        Child::Untraced{});
    child.become_zombie();
    EXPECT_TRUE(shows_cache_of(read_cache(child.pid()), chain));
    EXPECT_TRUE(shows_cache_of(read_file(cache_path(child.pid(), child.pid())), chain));
    child.expect_success();
}

TEST(ProcFile, ZombiesKilledByTheirFilterPrintInFull) {
    const Chain deadly = {answer(SYS_getuid, SECCOMP_RET_KILL_PROCESS)};
    Child child(
        [&] {
            require(attach(deadly[0]) == 0, "attach");
            syscall(SYS_getuid);
        },
        Child::Untraced{});
    child.become_zombie();
    EXPECT_TRUE(shows_cache_of(read_cache(child.pid()), deadly));
    child.run();
    EXPECT_TRUE(child.killed_by(SIGSYS));
}

TEST(ProcFile, ReapedTasksAreGone) {
    Child child(attach_chain_and_halt);
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    const std::string path = cache_path(child.pid());
    const int fd = open(path.c_str(), O_RDONLY);
    ASSERT_GE(fd, 0);
    child.expect_success();

    char byte = 0;
    EXPECT_EQ(read(fd, &byte, 1), -1);
    EXPECT_EQ(errno, ESRCH);
    close(fd);
    EXPECT_EQ(open(path.c_str(), O_RDONLY), -1);
    EXPECT_EQ(errno, ENOENT);
}

// What has begun to be read is read to its end: the text is made at the first read.
TEST(ProcFile, AReaderFinishesAfterTheTaskHasGone) {
    Child child(attach_chain_and_halt);
    ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
    const int fd = open(cache_path(child.pid()).c_str(), O_RDONLY);
    std::string text(1, '\0');
    ASSERT_EQ(read(fd, text.data(), 1), 1);
    child.expect_success();
    char buffer[4096];
    ssize_t length;
    while ((length = read(fd, buffer, sizeof(buffer))) > 0)
        text.append(buffer, static_cast<std::size_t>(length));
    close(fd);
    // Either all of the text, or a clear end with ESRCH.
    if (length == 0) {
        EXPECT_TRUE(shows_cache_of(text, chain));
    } else {
        EXPECT_EQ(errno, ESRCH);
    }
}

// ---- what is left

// Memory that belongs to programs of filters: each is an area of its own.
std::size_t programs_in_memory() {
    const std::string areas = read_file("/proc/vmallocinfo");
    std::size_t count = 0;
    for (auto at = areas.find("bpf_prog_alloc"); at != areas.npos;
         at = areas.find("bpf_prog_alloc", at + 1))
        count++;
    return count;
}

// They are freed a moment after the last task has gone. Waits for there to be no more than `most`.
bool programs_are_freed(std::size_t most) {
    for (int waited = 0; waited < 5000 && programs_in_memory() > most; waited += 10)
        usleep(10'000);
    return programs_in_memory() <= most;
}

TEST(ProcFile, ReadingLeavesNoFilterBehind) {
    usleep(100'000); // those of other tests
    const std::size_t before = programs_in_memory();
    for (int i = 0; i < 5; i++) {
        Child child(attach_chain_and_halt);
        ASSERT_EQ(child.run(), Child::breakpoint) << child.message();
        ASSERT_GE(programs_in_memory(), before + chain.size()) << "they cannot be seen";
        ASSERT_TRUE(shows_cache_of(read_cache(child.pid()), chain));
        ASSERT_TRUE(shows_cache_of(read_file(cache_path(child.pid(), child.pid())), chain));
        child.expect_success();
    }
    EXPECT_TRUE(programs_are_freed(before))
        << before << " programs before, " << programs_in_memory() << " after";
}

// ---- ways of reading

class ProcFileReading : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(child_.run(), Child::breakpoint) << child_.message();
        text_ = read_cache(child_.pid());
        ASSERT_TRUE(shows_cache_of(text_, chain));
        fd_ = open(cache_path(child_.pid()).c_str(), O_RDONLY);
        ASSERT_GE(fd_, 0);
    }
    void TearDown() override { close(fd_); }

    std::string read_in_pieces(std::size_t piece) {
        std::string all(piece, '\0');
        std::string text;
        ssize_t length;
        while ((length = read(fd_, all.data(), piece)) > 0)
            text.append(all, 0, static_cast<std::size_t>(length));
        EXPECT_EQ(length, 0);
        return text;
    }

    Child child_{attach_chain_and_halt};
    std::string text_;
    int fd_ = -1;
};

TEST_F(ProcFileReading, InPiecesOfAnySize) {
    for (const std::size_t piece : {1, 2, 13, 17, 100, 511, 4095, 4096, 4097, 100000}) {
        ASSERT_EQ(lseek(fd_, 0, SEEK_SET), 0);
        ASSERT_EQ(read_in_pieces(piece), text_) << piece;
    }
}

TEST_F(ProcFileReading, FromAnyOffset) {
    std::mt19937 random(1);
    for (int i = 0; i < 100; i++) {
        const std::size_t offset = random() % (text_.size() + 10);
        const std::size_t length = 1 + random() % 200;
        std::string piece(length, '\0');
        const ssize_t got = pread(fd_, piece.data(), length, static_cast<off_t>(offset));
        ASSERT_GE(got, 0);
        const std::string expected =
            offset < text_.size() ? text_.substr(offset, length) : std::string();
        piece.resize(static_cast<std::size_t>(got));
        // Short reads are allowed, wrong ones and empty ones before the end are not.
        ASSERT_EQ(piece, expected.substr(0, piece.size())) << offset;
        ASSERT_EQ(piece.empty(), expected.empty()) << offset;
    }
}

TEST_F(ProcFileReading, BackAndForth) {
    ASSERT_EQ(lseek(fd_, static_cast<off_t>(text_.size() / 2), SEEK_SET),
              static_cast<off_t>(text_.size() / 2));
    EXPECT_EQ(read_in_pieces(1000), text_.substr(text_.size() / 2));
    ASSERT_EQ(lseek(fd_, 0, SEEK_SET), 0);
    EXPECT_EQ(read_in_pieces(1000), text_);
    EXPECT_EQ(read_in_pieces(1000), "");
    ASSERT_EQ(lseek(fd_, 1 << 20, SEEK_SET), 1 << 20);
    EXPECT_EQ(read_in_pieces(1000), "");
}

TEST_F(ProcFileReading, CannotBeWritten) {
    const int fd = open(cache_path(child_.pid()).c_str(), O_WRONLY);
    if (fd >= 0) {
        EXPECT_EQ(write(fd, "x", 1), -1);
        close(fd);
    }
    EXPECT_EQ(read_cache(child_.pid()), text_);
}

// ---- at the same time

constexpr int stages = 5;

struct Progress {
    std::atomic<pid_t> tids[4];
    std::atomic<bool> finished;
};

// So long that it takes a while to fill the cache: nobody may see one that is half full.
Program long_answer(std::uint32_t number, std::uint32_t value) {
    Program program(1500, cbpf::ja(0));
    const Program end = answer(number, value);
    program.insert(program.end(), end.begin(), end.end());
    return program;
}

Chain first_filters(int count) {
    Chain filters;
    for (int i = 0; i < count; i++)
        filters.push_back(long_answer(static_cast<std::uint32_t>(300 + i), SECCOMP_RET_ERRNO | 1));
    return filters;
}

void *attach_to_all_again_and_again(void *argument) {
    auto *progress = static_cast<Progress *>(argument);
    progress->tids[0] = static_cast<pid_t>(syscall(SYS_gettid));
    for (const auto &filter : first_filters(stages)) {
        usleep(20'000);
        if (attach(filter, SECCOMP_FILTER_FLAG_TSYNC) != 0)
            _exit(1);
    }
    return nullptr;
}

void *come_and_go(void *) {
    usleep(1000);
    return nullptr;
}

// Every text is that of a whole number of filters, and their number never decreases. Judged when
// all is over: a reader that thinks meanwhile misses what is there for a moment.
class Reader {
public:
    void read(const std::string &path) {
        try {
            const std::string text = read_file(path);
            if (texts_.empty() || texts_.back() != text)
                texts_.push_back(text);
            reads_++;
        } catch (const std::system_error &error) {
            // The task has gone.
            if (error.code().value() != ESRCH && error.code().value() != ENOENT)
                failure_ = error.what();
        }
    }

    void judge() {
        for (const std::string &text : texts_) {
            const int stage = stage_of(text);
            if (stage < last_stage_)
                failure_ = "a text without filters that were there";
            last_stage_ = stage;
        }
    }

    std::string failure() const { return failure_; }
    int reads() const { return reads_; }
    int last_stage() const { return last_stage_; }

private:
    int stage_of(const std::string &text) {
        for (int stage = 0; stage <= stages; stage++)
            if (shows_cache_of(text, first_filters(stage)))
                return stage;
        failure_ = "a text that no number of filters gives: " + text.substr(0, 200);
        return last_stage_;
    }

    std::vector<std::string> texts_; // each differs from the one before
    std::string failure_;
    int last_stage_ = 0;
    int reads_ = 0;
};

// Alive, and not waiting to be reaped.
bool is_running(pid_t pid) {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
           info.si_pid == 0;
}

TEST(ProcFile, ConcurrentReadersWhileThreadsAttachAndExit) {
    void *memory =
        mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto *progress = new (memory) Progress{};
    Child child(
        [&] {
            pthread_t attacher;
            require(pthread_create(&attacher, nullptr, attach_to_all_again_and_again, progress) ==
                        0,
                    "pthread_create");
            for (int i = 0; i < 40; i++) {
                pthread_t visitor;
                if (pthread_create(&visitor, nullptr, come_and_go, nullptr) == 0)
                    pthread_join(visitor, nullptr);
            }
            pthread_join(attacher, nullptr);
            progress->finished = true;
            for (;;)
                pause();
        },
        Child::Untraced{});

    const std::string path = cache_path(child.pid());
    Reader readers[2];
    std::vector<std::thread> threads;
    for (auto &reader : readers)
        threads.emplace_back([&] {
            while (!progress->finished && is_running(child.pid()))
                reader.read(path);
            reader.read(path);
        });
    for (auto &thread : threads)
        thread.join();
    kill(child.pid(), SIGKILL);
    child.run();
    for (auto &reader : readers) {
        reader.judge();
        EXPECT_EQ(reader.failure(), "");
        EXPECT_GT(reader.reads(), 3);
        EXPECT_EQ(reader.last_stage(), stages);
    }
    munmap(memory, sizeof(Progress));
}

// Readers race with tasks that exit and are reaped: the text is whole, empty (not attached yet) or
// the task is gone. Tasks of two kinds take turns, so that memory which is used again while it is
// read gives a mixture. The kernel's own checks (refcounts, WARN_ON in seccomp_filter_release())
// watch as well.
TEST(ProcFile, TasksReapedWhileTheyAreRead) {
    std::atomic<pid_t> victim = 0;
    std::atomic<bool> finished = false;
    std::atomic<int> whole = 0;
    std::mutex lock;
    std::string failure;
    std::vector<std::thread> readers;

    const Chain other_chain = {answer(SYS_getppid, SECCOMP_RET_ERRNO | 1), answer(400, 0)};
    const std::set<std::string> complete = {cache_under(chain), cache_under(other_chain)};
    const std::set<std::string> possible = {"", cache_under({chain[0]}),
                                            cache_under({other_chain[0]})};
    for (int i = 0; i < 2; i++)
        readers.emplace_back([&] {
            while (!finished) {
                const pid_t pid = victim;
                sched_yield(); // there may be fewer processors than readers
                if (pid == 0)
                    continue;
                try {
                    const std::string text = read_cache(pid);
                    if (complete.contains(text))
                        whole++;
                    else if (!possible.contains(text)) {
                        const std::lock_guard guard(lock);
                        failure = text.substr(0, 200);
                    }
                } catch (const std::system_error &error) {
                    if (error.code().value() != ESRCH && error.code().value() != ENOENT) {
                        const std::lock_guard guard(lock);
                        failure = error.what();
                    }
                }
            }
        });
    for (int i = 0; i < 20; i++) {
        const pid_t pid = fork();
        if (pid == 0) {
            for (const auto &filter : i % 4 < 2 ? chain : other_chain)
                attach(filter);
            _exit(0);
        }
        const int before = whole;
        victim = pid;
        // Every other one is reaped in the middle of it all. The rest are left as zombies, which
        // print in full, until a reader has seen one: or no reader might ever win the race.
        for (int waited = 0; i % 2 == 0 && whole == before && waited < 5000; waited++)
            usleep(1000);
        waitpid(pid, nullptr, 0);
    }
    finished = true;
    for (auto &reader : readers)
        reader.join();
    EXPECT_EQ(failure, "");
    EXPECT_GE(whole, 10);
}

// Of a process whose main thread has ended before the others.
void *outlive_main(void *) {
    for (;;)
        pause();
}

TEST(ProcFile, AMainThreadThatEndedFirstPrintsInFull) {
    Child child(
        [] {
            pthread_t thread;
            for (const auto &filter : chain)
                require(attach(filter) == 0, "attach");
            require(pthread_create(&thread, nullptr, outlive_main, nullptr) == 0, "pthread_create");
            syscall(SYS_exit, 0);
        },
        Child::Untraced{});
    const std::string status = "/proc/" + std::to_string(child.pid()) + "/status";
    for (int i = 0; i < 2000 && read_file(status).find("Z (zombie)") == std::string::npos; i++)
        usleep(1000);
    ASSERT_NE(read_file(status).find("Z (zombie)"), std::string::npos);
    EXPECT_TRUE(shows_cache_of(read_cache(child.pid()), chain));
}

} // namespace
} // namespace guest
