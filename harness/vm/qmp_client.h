// SPDX-License-Identifier: MIT
//
// QEMU's machine protocol, as far as it is needed: one JSON object per line, a greeting first, then
// for each command a "return" or an "error" with the command's id, with events in between
// (https://www.qemu.org/docs/master/interop/qmp-spec.html).

#pragma once

#include "vm/process.h"

#include <stdexcept>
#include <string>

namespace vm {

struct QmpError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class QmpClient {
public:
    // Our end of the connection. Nothing is said before the first command.
    explicit QmpClient(FileDescriptor socket) : socket_(std::move(socket)) {}

    // A command without arguments. Throws QmpError if QEMU refuses it, or does not answer.
    void execute(const std::string &command);

private:
    void ask(const std::string &command);
    std::string receive_line();

    FileDescriptor socket_;
    std::string buffer_;
    bool negotiated_ = false;
    int last_id_ = 0;
};

} // namespace vm
