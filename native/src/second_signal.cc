// SPDX-License-Identifier: MIT
#include "second_signal.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

namespace dit {

namespace {

// timeout(1) sends its signal to the process and to its group: at once, it is one.
constexpr int64_t ONE_SIGNAL_NS = 50'000'000;

// What a handler reads is written before it is installed, and never again.
struct sigaction nodes_action[NSIG];
std::string farewell;
std::atomic<int64_t> first_ns{0};

int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// Only what signal-safety(7) allows.
void on_signal(int number, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  int64_t first = 0;
  const int64_t now = now_ns();
  if (!first_ns.compare_exchange_strong(first, now) && now - first > ONE_SIGNAL_NS) {
    const ssize_t ignored = write(STDERR_FILENO, farewell.data(), farewell.size());
    static_cast<void>(ignored);
    _exit(128 + number);
  }
  const struct sigaction& nodes = nodes_action[number];
  if (nodes.sa_flags & SA_SIGINFO) {
    nodes.sa_sigaction(number, info, context);
  } else if (nodes.sa_handler != SIG_DFL && nodes.sa_handler != SIG_IGN) {
    nodes.sa_handler(number);
  }
  errno = saved_errno;
}

}  // namespace

void end_at_second_signal(const std::vector<int>& signals, const std::string& message) {
  farewell = message;
  for (const int number : signals) {
    struct sigaction action{};
    if (sigaction(number, nullptr, &nodes_action[number]) != 0) {
      throw std::system_error(errno, std::generic_category(), "sigaction");
    }
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&action.sa_mask);
    if (sigaction(number, &action, nullptr) != 0) {
      throw std::system_error(errno, std::generic_category(), "sigaction");
    }
  }
}

}  // namespace dit
