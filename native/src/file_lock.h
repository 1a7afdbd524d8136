// SPDX-License-Identifier: MIT
// flock(2), which Node lacks.
#pragma once

namespace dit {

// Locks the open file for this descriptor's open file description alone, without waiting: the lock ends when the
// description is closed, by the end of its process too. False where another one holds it. Throws std::system_error.
bool lock_file(int descriptor);

}  // namespace dit
