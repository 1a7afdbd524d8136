// SPDX-License-Identifier: MIT
#include "record_pump.h"

#include <bpf/libbpf.h>
#include <pthread.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>

namespace dit {

RecordPump::RecordPump(Napi::Env env, int ring_descriptor, Options options, Napi::Function deliver,
                       Napi::Function done)
    : options_(options) {
  ring_ = ring_buffer__new(ring_descriptor, append, this, nullptr);
  if (!ring_) {
    throw Napi::Error::New(env, std::string("cannot map the ring buffer: ") + std::strerror(errno));
  }
  auto done_reference = std::make_shared<Napi::FunctionReference>(Napi::Persistent(done));
  batches_ = Napi::ThreadSafeFunction::New(
      env, deliver, "dit record pump", 0, 1,
      [done_reference](Napi::Env, void*) { done_reference->Call({}); },
      static_cast<void*>(nullptr));
  thread_ = std::thread([this] { run(); });
}

RecordPump::~RecordPump() {
  finish();
  if (thread_.joinable()) thread_.join();
  if (ring_) ring_buffer__free(ring_);
  delete batch_;
}

int RecordPump::append(void* context, void* data, size_t size) {
  auto* pump = static_cast<RecordPump*>(context);
  if (pump->queued_bytes_ > pump->options_.queue_bytes) {
    pump->dropped_++;
    return 0;
  }
  if (!pump->batch_) {
    pump->batch_ = new std::vector<uint8_t>();
    pump->batch_->reserve(pump->options_.batch_bytes + 32768);
  }
  std::vector<uint8_t>& batch = *pump->batch_;
  const uint32_t prefix[2] = {static_cast<uint32_t>(size), 0};
  const auto* prefix_bytes = reinterpret_cast<const uint8_t*>(prefix);
  const auto* bytes = static_cast<const uint8_t*>(data);
  batch.insert(batch.end(), prefix_bytes, prefix_bytes + sizeof(prefix));
  batch.insert(batch.end(), bytes, bytes + size);
  batch.resize((batch.size() + 7) & ~static_cast<size_t>(7));
  if (batch.size() >= pump->options_.batch_bytes) pump->deliver();
  return 0;
}

void RecordPump::deliver() {
  if (!batch_ || batch_->empty()) return;
  std::vector<uint8_t>* batch = batch_;
  batch_ = nullptr;
  queued_bytes_ += batch->size();
  const auto status = batches_.NonBlockingCall(
      batch, [this](Napi::Env env, Napi::Function deliver, std::vector<uint8_t>* records) {
        queued_bytes_ -= records->size();
        auto buffer = Napi::Buffer<uint8_t>::New(
            env, records->data(), records->size(),
            [](Napi::Env, uint8_t*, std::vector<uint8_t>* owner) { delete owner; }, records);
        deliver.Call({buffer});
      });
  if (status != napi_ok) {
    // The environment is going away; there is nobody left to tell.
    queued_bytes_ -= batch->size();
    delete batch;
  }
}

void RecordPump::run() {
  pthread_setname_np(pthread_self(), "dit-pump");
  using Clock = std::chrono::steady_clock;
  auto delivered = Clock::now();
  while (!finishing_) {
    ring_buffer__consume(ring_);
    const auto now = Clock::now();
    if (now - delivered >= std::chrono::milliseconds(options_.deliver_every_ms)) {
      deliver();
      delivered = now;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(options_.drain_every_ms));
  }
  ring_buffer__consume(ring_);
  deliver();
  batches_.Release();
}

}  // namespace dit
