// SPDX-License-Identifier: MIT
#include "cbpf/loader.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <unistd.h>

namespace cbpf {

namespace {

[[noreturn]] void fail(const std::filesystem::path &path, const std::string &reason) {
    throw LoadError(fmt::format("{}: {}", path.string(), reason));
}

std::string read_file(const std::filesystem::path &path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
        fail(path, "is a directory");
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file)
        fail(path, fmt::format("cannot be opened: {}", std::strerror(errno)));
    // One byte more than the longest filter is enough to know that it is too long.
    std::string bytes(max_instructions * sizeof(Instruction) + 1, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (file.bad())
        fail(path, "cannot be read");
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return bytes;
}

} // namespace

Program load_raw(const std::filesystem::path &path) {
    const std::string bytes = read_file(path);
    if (bytes.empty())
        fail(path, "is empty, not a raw filter");
    if (bytes.size() > max_instructions * sizeof(Instruction))
        fail(path, fmt::format("is longer than {} instructions, which is the longest filter "
                               "the kernel takes",
                               max_instructions));
    if (bytes.size() % sizeof(Instruction) != 0)
        fail(path, fmt::format("is {} bytes long, not a multiple of {}: cut short, or not a raw "
                               "filter",
                               bytes.size(), sizeof(Instruction)));
    Program program(bytes.size() / sizeof(Instruction));
    std::memcpy(program.data(), bytes.data(), bytes.size());
    return program;
}

void save_raw(const std::filesystem::path &path, std::span<const Instruction> program) {
    std::filesystem::path temporary = path;
    temporary += fmt::format(".{}.tmp", ::getpid());
    std::error_code ignored;
    {
        errno = 0;
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        const auto bytes = std::as_bytes(program);
        file.write(reinterpret_cast<const char *>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        file.close();
        if (!file) {
            const int reason = errno;
            std::filesystem::remove(temporary, ignored);
            fail(path, fmt::format("cannot be written: {}", std::strerror(reason)));
        }
    }
    std::error_code error;
    std::filesystem::rename(temporary, path, error);
    if (error) {
        std::filesystem::remove(temporary, ignored);
        fail(path, fmt::format("cannot be written: {}", error.message()));
    }
}

} // namespace cbpf
