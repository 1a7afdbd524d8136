// SPDX-License-Identifier: MIT
// The second Ctrl-C: ends the process whatever its threads do.
#pragma once

#include <string>
#include <vector>

namespace dit {

// Node's handlers of these signals run on the main thread when it is idle; with these before them the second signal,
// of whichever kind, writes `message` to standard error and ends the process with 128 + n from inside the handler.
// To be called when Node's handlers are in place. Throws std::system_error.
void end_at_second_signal(const std::vector<int>& signals, const std::string& message);

}  // namespace dit
