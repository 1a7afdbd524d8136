// SPDX-License-Identifier: MIT
// Opens a path below a folder that somebody else fills, as if that folder were "/".
#pragma once

#include <cstdint>
#include <string>

namespace dit {

// openat2(2), with O_CLOEXEC. `root` is a descriptor of a folder; `resolve` are RESOLVE_* bits.
// Throws std::system_error; ENOSYS where the kernel is older than Linux 5.6.
int open_in_root(int root, const std::string& path, uint64_t flags, uint64_t mode, uint64_t resolve);

}  // namespace dit
