// SPDX-License-Identifier: MIT
// Loaded BPF objects that share their maps: open, load by trying, attach, maps, detach. Knows nothing of what the programs do.
// A program named NAME___WHATEVER stands in for the program NAME of the same object where the kernel refuses that one,
// as CO-RE's flavours of types do; elsewhere it does not exist.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dit {

struct ProgramState {
  std::string name;     // a stand-in goes by the name of the one it stands in for
  std::string function; // in the object
  std::string attach_point;
  bool attached = false;
  std::string refusal;      // the kernel's words; empty when attached
  uint64_t attached_ns = 0; // CLOCK_MONOTONIC
};

// What libbpf said: errno-style code and its log's last lines.
struct BpfError {
  int code;
  std::string message;
};

class BpfSession {
 public:
  // Throws BpfError.
  BpfSession(const std::string& object_path, uint32_t ring_bytes);
  ~BpfSession();
  BpfSession(const BpfSession&) = delete;
  BpfSession& operator=(const BpfSession&) = delete;

  // Loads all programs; where the kernel refuses some, finds out which by loading each alone, and loads
  // the rest with the stand-ins. Throws BpfError if nothing can be loaded.
  void load();
  // Loads another object whose maps of the same names are this one's. All or nothing: false, and the
  // reason in its programs' states, where the kernel refuses it or it cannot be attached.
  bool add(const std::string& object_path);
  // Attaches what was loaded. Never throws: a refusal is in the program's state.
  const std::vector<ProgramState>& attach();
  void detach();

  // How often the kernel did not run each program because it was under way on the same CPU already; only those
  // with any. Faultable tracepoints, as syscalls' since 6.13, may be preempted and meet themselves. Not those that
  // are there twice: what one misses is the other's, and they count themselves what both missed.
  std::vector<std::pair<std::string, uint64_t>> missed_runs() const;

  int map_descriptor(const std::string& name) const;  // throws BpfError
  uint32_t map_key_size(const std::string& name) const;
  uint32_t map_value_size(const std::string& name) const;

 private:
  void open();
  std::string refusal_of(const std::string& function);  // loads it alone; empty where that works
  bool replace(ProgramState& refused);
  bool has_namesake(const bpf_program* program) const;
  bool attach_to(bpf_object* object, ProgramState& state);
  bpf_map* find_map(const std::string& name) const;

  std::string object_path_;
  uint32_t ring_bytes_;
  bpf_object* object_ = nullptr;
  std::vector<bpf_object*> added_;
  std::vector<bpf_link*> links_;
  std::vector<ProgramState> programs_;
  std::vector<ProgramState> stand_ins_;
};

}  // namespace dit
