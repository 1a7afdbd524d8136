// SPDX-License-Identifier: MIT
#include "unix_peer.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace dit {

int unix_peer_pid(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    throw std::system_error(ENAMETOOLONG, std::generic_category(), path);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);

  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "socket");
  ucred peer{};
  socklen_t size = sizeof(peer);
  int failed = connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  if (!failed) failed = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  const int code = errno;
  close(descriptor);
  if (failed) throw std::system_error(code, std::generic_category(), path);
  return peer.pid;
}

}  // namespace dit
