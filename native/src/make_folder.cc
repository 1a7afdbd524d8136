// SPDX-License-Identifier: MIT
#include "make_folder.h"

#include <sys/fsuid.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace dit {
namespace {

// An id that no process can have: the call changes nothing and returns the one in force.
constexpr uid_t kNone = static_cast<uid_t>(-1);

// Who this thread is to file systems, until the end of the scope. Both calls are the thread's alone, unlike setuid(2).
class FileUser {
 public:
  FileUser(uid_t uid, gid_t gid)
      : gid_(static_cast<gid_t>(setfsgid(gid))), uid_(static_cast<uid_t>(setfsuid(uid))) {}
  ~FileUser() {
    setfsuid(uid_);
    setfsgid(gid_);
  }
  FileUser(const FileUser&) = delete;
  FileUser& operator=(const FileUser&) = delete;

  // The calls themselves return no error.
  static bool is(uid_t uid, gid_t gid) {
    return static_cast<uid_t>(setfsuid(kNone)) == uid && static_cast<gid_t>(setfsgid(kNone)) == gid;
  }

 private:
  const gid_t gid_;
  const uid_t uid_;
};

}  // namespace

void make_folder_as(int parent, const std::string& name, mode_t mode, uid_t uid, gid_t gid) {
  const FileUser user(uid, gid);
  if (!FileUser::is(uid, gid)) throw std::system_error(EINVAL, std::generic_category(), name);
  if (mkdirat(parent, name.c_str(), mode) == 0) return;
  throw std::system_error(errno, std::generic_category(), name);
}

}  // namespace dit
