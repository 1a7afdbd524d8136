// SPDX-License-Identifier: MIT
// The addon's JavaScript face. Moves bytes and thinks nothing; src/platform/addon.ts states its types.
#include <bpf/bpf.h>
#include <napi.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "bpf_session.h"
#include "clocks.h"
#include "file_lock.h"
#include "make_folder.h"
#include "open_in_root.h"
#include "record_pump.h"
#include "second_signal.h"
#include "unix_peer.h"

namespace {

Napi::Error to_js(Napi::Env env, const dit::BpfError& error) {
  Napi::Error thrown = Napi::Error::New(env, error.message);
  thrown.Set("errno", Napi::Number::New(env, error.code));
  return thrown;
}

class Session : public Napi::ObjectWrap<Session> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Session",
                       {
                           InstanceMethod<&Session::load>("load"),
                           InstanceMethod<&Session::add>("add"),
                           InstanceMethod<&Session::attach>("attach"),
                           InstanceMethod<&Session::detach>("detach"),
                           InstanceMethod<&Session::update_map>("updateMap"),
                           InstanceMethod<&Session::delete_from_map>("deleteFromMap"),
                           InstanceMethod<&Session::read_counters>("readCounters"),
                           InstanceMethod<&Session::start>("start"),
                           InstanceMethod<&Session::finish>("finish"),
                           InstanceMethod<&Session::dropped>("dropped"),
                           InstanceMethod<&Session::missed_runs>("missedRuns"),
                           InstanceMethod<&Session::close>("close"),
                       });
  }

  explicit Session(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Session>(info) {
    try {
      session_ = std::make_unique<dit::BpfSession>(info[0].As<Napi::String>(),
                                                   info[1].As<Napi::Number>().Uint32Value());
    } catch (const dit::BpfError& error) {
      throw to_js(info.Env(), error);
    }
  }

 private:
  dit::BpfSession& session(Napi::Env env) {
    if (!session_) throw Napi::Error::New(env, "the BPF session is closed");
    return *session_;
  }

  void load(const Napi::CallbackInfo& info) {
    try {
      session(info.Env()).load();
    } catch (const dit::BpfError& error) {
      throw to_js(info.Env(), error);
    }
  }

  Napi::Value add(const Napi::CallbackInfo& info) {
    try {
      return Napi::Boolean::New(info.Env(), session(info.Env()).add(info[0].As<Napi::String>()));
    } catch (const dit::BpfError& error) {
      throw to_js(info.Env(), error);
    }
  }

  Napi::Value attach(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    const auto& programs = session(env).attach();
    Napi::Array states = Napi::Array::New(env, programs.size());
    for (size_t i = 0; i < programs.size(); i++) {
      Napi::Object state = Napi::Object::New(env);
      state.Set("program", programs[i].name);
      state.Set("attachPoint", programs[i].attach_point);
      state.Set("attached", programs[i].attached);
      state.Set("refusal", programs[i].refusal);
      state.Set("attachedNs", Napi::BigInt::New(env, programs[i].attached_ns));
      states.Set(static_cast<uint32_t>(i), state);
    }
    return states;
  }

  void detach(const Napi::CallbackInfo& info) { session(info.Env()).detach(); }

  void update_map(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    const std::string name = info[0].As<Napi::String>();
    const auto key = info[1].As<Napi::Uint8Array>();
    const auto value = info[2].As<Napi::Uint8Array>();
    try {
      dit::BpfSession& bpf = session(env);
      if (key.ByteLength() != bpf.map_key_size(name) || value.ByteLength() != bpf.map_value_size(name)) {
        throw Napi::TypeError::New(env, "key or value of map '" + name + "' has the wrong size");
      }
      const int failed = bpf_map_update_elem(bpf.map_descriptor(name), key.Data(), value.Data(), BPF_ANY);
      if (failed) throw dit::BpfError{-failed, "cannot update map '" + name + "'"};
    } catch (const dit::BpfError& error) {
      throw to_js(env, error);
    }
  }

  // A key that is not there is no error: its process may have ended meanwhile.
  void delete_from_map(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    const std::string name = info[0].As<Napi::String>();
    const auto key = info[1].As<Napi::Uint8Array>();
    try {
      dit::BpfSession& bpf = session(env);
      if (key.ByteLength() != bpf.map_key_size(name)) {
        throw Napi::TypeError::New(env, "the key of map '" + name + "' has the wrong size");
      }
      const int failed = bpf_map_delete_elem(bpf.map_descriptor(name), key.Data());
      if (failed && failed != -ENOENT) throw dit::BpfError{-failed, "cannot delete from map '" + name + "'"};
    } catch (const dit::BpfError& error) {
      throw to_js(env, error);
    }
  }

  // A per-CPU array of u64: the sums over all CPUs.
  Napi::Value read_counters(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    const std::string name = info[0].As<Napi::String>();
    const uint32_t count = info[1].As<Napi::Number>().Uint32Value();
    try {
      const int map = session(env).map_descriptor(name);
      std::vector<uint64_t> values(static_cast<size_t>(libbpf_num_possible_cpus()));
      Napi::Array sums = Napi::Array::New(env, count);
      for (uint32_t key = 0; key < count; key++) {
        const int failed = bpf_map_lookup_elem(map, &key, values.data());
        if (failed) throw dit::BpfError{-failed, "cannot read map '" + name + "'"};
        double sum = 0;
        for (uint64_t value : values) sum += static_cast<double>(value);
        sums.Set(key, sum);
      }
      return sums;
    } catch (const dit::BpfError& error) {
      throw to_js(env, error);
    }
  }

  Napi::Value missed_runs(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    const auto missed = session(env).missed_runs();
    Napi::Array list = Napi::Array::New(env, missed.size());
    for (uint32_t i = 0; i < missed.size(); i++) {
      Napi::Object each = Napi::Object::New(env);
      each.Set("program", missed[i].first);
      each.Set("runs", static_cast<double>(missed[i].second));
      list.Set(i, each);
    }
    return list;
  }

  void start(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    const auto options = info[1].As<Napi::Object>();
    const auto number = [&options](const char* name) {
      return options.Get(name).As<Napi::Number>().Int64Value();
    };
    const dit::RecordPump::Options pump_options{
        static_cast<uint32_t>(number("drainEveryMs")), static_cast<uint32_t>(number("deliverEveryMs")),
        static_cast<size_t>(number("batchBytes")), static_cast<size_t>(number("queueBytes"))};
    try {
      pump_ = std::make_unique<dit::RecordPump>(
          env, session(env).map_descriptor(info[0].As<Napi::String>()), pump_options,
          info[2].As<Napi::Function>(), info[3].As<Napi::Function>());
    } catch (const dit::BpfError& error) {
      throw to_js(env, error);
    }
  }

  void finish(const Napi::CallbackInfo&) {
    if (pump_) pump_->finish();
  }

  Napi::Value dropped(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), pump_ ? static_cast<double>(pump_->dropped()) : 0);
  }

  // Only after `done`: joins the pump's thread and frees everything.
  void close(const Napi::CallbackInfo&) {
    pump_.reset();
    session_.reset();
  }

  std::unique_ptr<dit::BpfSession> session_;
  std::unique_ptr<dit::RecordPump> pump_;
};

Napi::Value read_clocks(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const dit::ClockReading reading = dit::clocks_read(16);
  Napi::Object clocks = Napi::Object::New(env);
  clocks.Set("monotonicNs", Napi::BigInt::New(env, reading.monotonic_ns));
  clocks.Set("realtimeNs", Napi::BigInt::New(env, reading.realtime_ns));
  clocks.Set("boottimeNs", Napi::BigInt::New(env, reading.boottime_ns));
  clocks.Set("uncertaintyNs", Napi::BigInt::New(env, reading.uncertainty_ns));
  return clocks;
}

Napi::Error to_js(Napi::Env env, const std::system_error& error) {
  Napi::Error thrown = Napi::Error::New(env, error.what());
  thrown.Set("errno", Napi::Number::New(env, error.code().value()));
  return thrown;
}

Napi::Value peer_pid(const Napi::CallbackInfo& info) {
  try {
    return Napi::Number::New(info.Env(), dit::unix_peer_pid(info[0].As<Napi::String>()));
  } catch (const std::system_error& error) {
    throw to_js(info.Env(), error);
  }
}

Napi::Value lock_file(const Napi::CallbackInfo& info) {
  try {
    return Napi::Boolean::New(info.Env(), dit::lock_file(info[0].As<Napi::Number>().Int32Value()));
  } catch (const std::system_error& error) {
    throw to_js(info.Env(), error);
  }
}

Napi::Value open_in_root(const Napi::CallbackInfo& info) {
  const auto number = [&info](size_t at) {
    return static_cast<uint64_t>(info[at].As<Napi::Number>().Int64Value());
  };
  const std::string path = info[1].As<Napi::String>();
  try {
    const int root = info[0].As<Napi::Number>().Int32Value();
    return Napi::Number::New(info.Env(), dit::open_in_root(root, path, number(2), number(3), number(4)));
  } catch (const std::system_error& error) {
    throw to_js(info.Env(), error);
  }
}

void make_folder_as(const Napi::CallbackInfo& info) {
  const auto number = [&info](size_t at) { return info[at].As<Napi::Number>().Uint32Value(); };
  const std::string name = info[1].As<Napi::String>();
  try {
    const int parent = info[0].As<Napi::Number>().Int32Value();
    dit::make_folder_as(parent, name, number(2), number(3), number(4));
  } catch (const std::system_error& error) {
    throw to_js(info.Env(), error);
  }
}

void end_at_second_signal(const Napi::CallbackInfo& info) {
  const auto numbers = info[0].As<Napi::Array>();
  std::vector<int> signals;
  for (uint32_t i = 0; i < numbers.Length(); i++) {
    signals.push_back(numbers.Get(i).As<Napi::Number>().Int32Value());
  }
  try {
    dit::end_at_second_signal(signals, info[1].As<Napi::String>());
  } catch (const std::system_error& error) {
    throw to_js(info.Env(), error);
  }
}

// Without Node's way out, which waits for threads that wait for the network.
void end_now(const Napi::CallbackInfo& info) { _exit(info[0].As<Napi::Number>().Int32Value()); }

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  exports.Set("Session", Session::define(env));
  exports.Set("readClocks", Napi::Function::New(env, read_clocks));
  exports.Set("peerPid", Napi::Function::New(env, peer_pid));
  exports.Set("lockFile", Napi::Function::New(env, lock_file));
  exports.Set("openInRoot", Napi::Function::New(env, open_in_root));
  exports.Set("makeFolderAs", Napi::Function::New(env, make_folder_as));
  exports.Set("endAtSecondSignal", Napi::Function::New(env, end_at_second_signal));
  exports.Set("endNow", Napi::Function::New(env, end_now));
  exports.Set("libbpfVersion", Napi::String::New(env, libbpf_version_string()));
  return exports;
}

}  // namespace

NODE_API_MODULE(dit_native, initialise)
