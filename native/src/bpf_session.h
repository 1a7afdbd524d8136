// SPDX-License-Identifier: MIT
// Loaded BPF objects that share their maps: open, load by trying, attach, maps, detach. Knows nothing of what the programs do.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dit {

struct ProgramState {
  std::string name;
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
  // the rest. Throws BpfError if nothing can be loaded.
  void load();
  // Loads another object whose maps of the same names are this one's. All or nothing: false, and the
  // reason in its programs' states, where the kernel refuses it or it cannot be attached.
  bool add(const std::string& object_path);
  // Attaches what was loaded. Never throws: a refusal is in the program's state.
  const std::vector<ProgramState>& attach();
  void detach();

  int map_descriptor(const std::string& name) const;  // throws BpfError
  uint32_t map_key_size(const std::string& name) const;
  uint32_t map_value_size(const std::string& name) const;

 private:
  void open();
  bool attach_to(bpf_object* object, ProgramState& state);
  bpf_map* find_map(const std::string& name) const;

  std::string object_path_;
  uint32_t ring_bytes_;
  bpf_object* object_ = nullptr;
  std::vector<bpf_object*> added_;
  std::vector<bpf_link*> links_;
  std::vector<ProgramState> programs_;
};

}  // namespace dit
