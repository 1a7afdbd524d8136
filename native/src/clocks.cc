// SPDX-License-Identifier: MIT
#include "clocks.h"

#include <ctime>

namespace dit {
namespace {

int64_t read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000ll + now.tv_nsec;
}

}  // namespace

ClockReading clocks_read(int tries) {
  ClockReading best{0, 0, 0, UINT64_MAX};
  for (int i = 0; i < tries; i++) {
    const int64_t before = read_clock(CLOCK_MONOTONIC);
    const int64_t realtime = read_clock(CLOCK_REALTIME);
    const int64_t boottime = read_clock(CLOCK_BOOTTIME);
    const int64_t after = read_clock(CLOCK_MONOTONIC);
    const auto uncertainty = static_cast<uint64_t>((after - before + 1) / 2);
    if (uncertainty < best.uncertainty_ns) {
      best = {static_cast<uint64_t>(before + (after - before) / 2), realtime,
              static_cast<uint64_t>(boottime), uncertainty};
    }
  }
  return best;
}

}  // namespace dit
