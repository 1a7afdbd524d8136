// SPDX-License-Identifier: MIT
// A folder that is another user's from its first moment on.
#pragma once

#include <sys/types.h>

#include <string>

namespace dit {

// mkdirat(2) with that user's rights and as that user, for this thread alone. `parent` is a descriptor of a folder.
// Throws std::system_error: EACCES where that user may not, EINVAL where there is no such user in this namespace.
void make_folder_as(int parent, const std::string& name, mode_t mode, uid_t uid, gid_t gid);

}  // namespace dit
