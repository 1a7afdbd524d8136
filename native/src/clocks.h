// SPDX-License-Identifier: MIT
// Reads of CLOCK_MONOTONIC, REALTIME and BOOTTIME that belong together.
#pragma once

#include <cstdint>

namespace dit {

struct ClockReading {
  uint64_t monotonic_ns;    // the middle between the reads before and after
  int64_t realtime_ns;
  uint64_t boottime_ns;
  uint64_t uncertainty_ns;  // half the distance of those two reads
};

// The narrowest of `tries` sandwiches.
ClockReading clocks_read(int tries);

}  // namespace dit
