// SPDX-License-Identifier: MIT
#include "open_in_root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace dit {

// A rename somewhere on the machine makes a path with ".." fail with EAGAIN: the kernel asks for another try.
constexpr int kMostTries = 100;

int open_in_root(int root, const std::string& path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.mode = mode;
  how.resolve = resolve;
  for (int tries = 1;; tries++) {
    const long descriptor = syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how));
    if (descriptor >= 0) return static_cast<int>(descriptor);
    const bool again = errno == EINTR || (errno == EAGAIN && tries < kMostTries);
    if (!again) throw std::system_error(errno, std::generic_category(), path);
  }
}

}  // namespace dit
