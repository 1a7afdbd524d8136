// SPDX-License-Identifier: MIT
// Who listens behind a unix socket.
#pragma once

#include <string>

namespace dit {

// The pid of the process that listens on the socket (SO_PEERCRED of a fresh connection), in this
// process's pid namespace. Throws std::system_error.
int unix_peer_pid(const std::string& path);

}  // namespace dit
