// SPDX-License-Identifier: MIT
#include "file_lock.h"

#include <sys/file.h>

#include <cerrno>
#include <system_error>

namespace dit {

bool lock_file(int descriptor) {
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK || errno == EINTR) return false;
  throw std::system_error(errno, std::generic_category(), "flock");
}

}  // namespace dit
