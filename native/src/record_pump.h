// SPDX-License-Identifier: MIT
// The thread that drains the ring buffer and hands batches of records to JavaScript.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

struct ring_buffer;

namespace dit {

// A batch is a sequence of { u32 size; u32 zero; record of `size` bytes; padding to 8 }.
class RecordPump {
 public:
  struct Options {
    uint32_t drain_every_ms;  // the kernel never wakes the thread: it comes by itself
    uint32_t deliver_every_ms;
    size_t batch_bytes;
    size_t queue_bytes;       // records beyond this many undelivered bytes are dropped and counted
  };

  // `deliver` gets each batch as a Buffer; `done` is called once after the last one.
  RecordPump(Napi::Env env, int ring_descriptor, Options options, Napi::Function deliver,
             Napi::Function done);
  ~RecordPump();

  // Asks the thread to drain what is there, deliver it and end. Does not wait: the thread needs the
  // JavaScript thread to take its batches.
  void finish() { finishing_ = true; }

  // Records that did not fit into the queue.
  uint64_t dropped() const { return dropped_; }

 private:
  static int append(void* pump, void* data, size_t size);
  void run();
  void deliver();

  Options options_;
  ring_buffer* ring_ = nullptr;
  Napi::ThreadSafeFunction batches_;
  std::vector<uint8_t>* batch_ = nullptr;
  std::atomic<bool> finishing_{false};
  std::atomic<uint64_t> dropped_{0};
  std::atomic<size_t> queued_bytes_{0};
  std::thread thread_;
};

}  // namespace dit
