// SPDX-License-Identifier: MIT
#include "tests/support/seccomp_probe.h"

#include "cbpf/builder.h"

#include <fmt/format.h>
#include <linux/audit.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
// In assembly, because a filter sees the address behind the syscall instruction and so the test
// has to know it.
asm(R"(
    .text
    .globl sc_probe
    .type sc_probe, @function
sc_probe:
    mov %rdi, %rax
    mov %rsi, %r11
    mov 0(%r11), %rdi
    mov 8(%r11), %rsi
    mov 16(%r11), %rdx
    mov 24(%r11), %r10
    mov 32(%r11), %r8
    mov 40(%r11), %r9
    syscall
    .globl sc_probe_return
sc_probe_return:
    ret
    .size sc_probe, .-sc_probe
)");
extern "C" std::int64_t sc_probe(std::int64_t number, const void *args);
extern "C" const char sc_probe_return[];
#else
// probe_obstacle() keeps everybody from getting here.
static std::int64_t sc_probe(std::int64_t, const void *) { return -ENOSYS; }
static const char sc_probe_return[1] = {};
#endif

namespace support {

namespace {

using cbpf::Program;

// Memory that a child's results come back in.
template <typename Element> class Shared {
public:
    explicit Shared(std::size_t count) : bytes_(count * sizeof(Element) + 1) {
        void *memory =
            ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            throw std::runtime_error("no shared memory for a child's results");
        data_ = static_cast<Element *>(memory);
    }
    ~Shared() { ::munmap(data_, bytes_); }
    Shared(const Shared &) = delete;
    Shared &operator=(const Shared &) = delete;
    Element &operator[](std::size_t index) { return data_[index]; }

private:
    std::size_t bytes_;
    Element *data_;
};

int in_child(const std::function<void()> &work) {
    const pid_t child = ::fork();
    if (child < 0)
        throw std::runtime_error(fmt::format("cannot fork: {}", std::strerror(errno)));
    if (child == 0) {
        // Killing children is what is being tested; leave no cores behind.
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        ::prctl(PR_SET_DUMPABLE, 0);
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        work();
        ::_exit(0);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

// 0, or the errno. Makes no other syscall and allocates nothing.
int attach(const Program &program, unsigned flags) {
    const sock_fprog filter{static_cast<unsigned short>(program.size()),
                            const_cast<cbpf::Instruction *>(program.data())};
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) < 0)
        return errno;
    return 0;
}

const Program allow_everything = {cbpf::ret_allow()};

std::uint32_t error_for(std::size_t pc) {
    return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(pc + 1);
}

} // namespace

std::optional<std::string> probe_obstacle() {
#ifndef __x86_64__
    return "not an x86-64 machine";
#else
    Shared<int> error(1);
    in_child([&] { error[0] = attach(allow_everything, SECCOMP_FILTER_FLAG_NEW_LISTENER); });
    if (error[0] != 0)
        return fmt::format("seccomp(2) with a listener fails here: {}", std::strerror(error[0]));
    return std::nullopt;
#endif
}

std::vector<bool> accepted_by_kernel(std::span<const Program> programs) {
    Shared<int> errors(programs.size());
    const int status = in_child([&] {
        attach(allow_everything, SECCOMP_FILTER_FLAG_NEW_LISTENER);
        for (std::size_t i = 0; i < programs.size(); i++)
            errors[i] = attach(programs[i], SECCOMP_FILTER_FLAG_NEW_LISTENER);
    });
    if (status != 0)
        throw std::runtime_error(fmt::format("the attaching child ended with {:#x}", status));

    std::vector<bool> accepted;
    for (std::size_t i = 0; i < programs.size(); i++) {
        if (errors[i] != EBUSY && errors[i] != EINVAL)
            throw std::runtime_error(
                fmt::format("program {}: unexpected {}", i, std::strerror(errors[i])));
        accepted.push_back(errors[i] == EBUSY);
    }
    return accepted;
}

seccomp_data probe_data(std::uint32_t number, std::span<const std::uint64_t, 6> args) {
    seccomp_data data{};
    data.nr = static_cast<int>(number);
    data.arch = AUDIT_ARCH_X86_64;
    data.instruction_pointer = reinterpret_cast<std::uintptr_t>(&sc_probe_return);
    for (std::size_t i = 0; i < args.size(); i++)
        data.args[i] = args[i];
    return data;
}

Program make_observable(const Program &body) {
    Program program = {
        cbpf::load_nr(), cbpf::jge(probe_numbers, 1, 0), cbpf::ret_allow(),
        cbpf::stmt(BPF_LD | BPF_IMM, 0), // A starts as 0, for the body as well
    };
    for (std::size_t pc = 0; pc < body.size(); pc++) {
        cbpf::Instruction insn = body[pc];
        if (insn.code == (BPF_RET | BPF_K))
            insn = cbpf::ret(error_for(pc));
        else if (insn.code == (BPF_RET | BPF_A)) // to the hash behind the body
            insn = cbpf::ja(static_cast<std::uint32_t>(body.size() - pc - 1));
        program.push_back(insn);
    }
    // Bits 21 to 31 of a product with an odd number depend on all bits of A. Bit 11 keeps these
    // errors apart from those of constant returns.
    program.push_back(cbpf::stmt(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1));
    program.push_back(cbpf::stmt(BPF_ALU | BPF_RSH | BPF_K, 21));
    program.push_back(cbpf::stmt(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO | 0x800));
    program.push_back(cbpf::ret_a());
    return program;
}

std::vector<Observation> observe(const Program &program, std::span<const seccomp_data> calls) {
    Shared<std::int64_t> values(calls.size());
    Shared<std::size_t> done(1);
    Shared<int> error(1);
    const int status = in_child([&] {
        error[0] = attach(program, 0);
        if (error[0] != 0)
            return;
        for (const seccomp_data &call : calls) {
            values[done[0]] = sc_probe(call.nr, call.args);
            done[0]++;
        }
    });
    if (error[0] != 0)
        throw std::runtime_error(fmt::format("cannot attach: {}", std::strerror(error[0])));

    std::vector<Observation> seen;
    for (std::size_t i = 0; i < done[0]; i++)
        seen.push_back({.killed = false, .value = values[i]});
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        seen.push_back({.killed = true, .value = 0});
    else if (status != 0)
        throw std::runtime_error(fmt::format("the probing child ended with {:#x}", status));
    return seen;
}

} // namespace support
