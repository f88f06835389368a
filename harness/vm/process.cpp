// SPDX-License-Identifier: MIT
#include "vm/process.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace vm {
namespace {

using namespace std::chrono_literals;

[[noreturn]] void fail(const std::string &what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// Runs between fork() and exec(): nothing here may allocate. An error goes back through `report`.
[[noreturn]] void become(char *const *argv, const std::vector<int> &keep, int output, int report,
                         pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have died before the line above.
    if (getppid() != parent)
        _exit(127);
    // Ctrl-C is for the parent to hear; it takes us along.
    setpgid(0, 0);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    for (const int fd : keep)
        fcntl(fd, F_SETFD, 0);
    execvp(argv[0], argv);
    const int error = errno;
    if (write(report, &error, sizeof(error)) < 0)
        _exit(126);
    _exit(127);
}

} // namespace

void FileDescriptor::reset() {
    if (fd_ >= 0)
        close(fd_);
    fd_ = -1;
}

ChildProcess::ChildProcess(const std::vector<std::string> &argv, const std::vector<int> &keep,
                           int output) {
    std::vector<char *> pointers;
    pointers.reserve(argv.size() + 1);
    for (const std::string &argument : argv)
        pointers.push_back(const_cast<char *>(argument.c_str()));
    pointers.push_back(nullptr);

    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC))
        fail("pipe");
    FileDescriptor read_end(pipe_ends[0]), write_end(pipe_ends[1]);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0)
        fail("fork");
    if (pid_ == 0)
        become(pointers.data(), keep, output, write_end.get(), parent);
    write_end.reset();

    int error = 0;
    if (read(read_end.get(), &error, sizeof(error)) == sizeof(error)) {
        waitpid(pid_, nullptr, 0);
        pid_ = -1;
        errno = error;
        fail(argv[0]);
    }
}

ChildProcess::~ChildProcess() { kill(); }

void ChildProcess::kill() {
    if (pid_ < 0 || status_)
        return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    status_ = status;
}

std::optional<int> ChildProcess::wait_for(std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!status_) {
        int status = 0;
        if (waitpid(pid_, &status, WNOHANG) == pid_) {
            status_ = status;
        } else if (std::chrono::steady_clock::now() >= deadline) {
            break;
        } else {
            std::this_thread::sleep_for(2ms);
        }
    }
    return status_;
}

std::string describe_wait_status(int status) {
    if (WIFSIGNALED(status))
        return fmt::format("was killed by signal {} ({})", WTERMSIG(status),
                           strsignal(WTERMSIG(status)));
    return fmt::format("ended with status {}", WEXITSTATUS(status));
}

ProgramOutput capture(const std::vector<std::string> &argv) {
    // A file and not a pipe: it cannot fill up while nobody reads.
    FileDescriptor file(memfd_create("output", MFD_CLOEXEC));
    if (file.get() < 0)
        fail("memfd_create");
    ChildProcess child(argv, {}, file.get());
    ProgramOutput result;
    result.status = child.wait_for(60s).value_or(SIGKILL);

    std::array<char, 65536> buffer;
    off_t offset = 0;
    for (ssize_t got; (got = pread(file.get(), buffer.data(), buffer.size(), offset)) > 0;) {
        result.out.append(buffer.data(), static_cast<std::size_t>(got));
        offset += got;
    }
    return result;
}

} // namespace vm
