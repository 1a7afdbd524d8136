// SPDX-License-Identifier: MIT
#include "bpf_session.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <ctime>
#include <mutex>

namespace dit {
namespace {

// libbpf logs through one global callback; only warnings are kept, bounded.
constexpr size_t kLogBytes = 4096;
std::mutex log_mutex;
std::string log_text;

int log_append(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  char line[1024];
  const int length = vsnprintf(line, sizeof(line), format, arguments);
  std::lock_guard<std::mutex> lock(log_mutex);
  log_text.append(line);
  if (log_text.size() > kLogBytes) log_text.erase(0, log_text.size() - kLogBytes);
  return length;
}

std::string log_take() {
  std::lock_guard<std::mutex> lock(log_mutex);
  std::string taken;
  taken.swap(log_text);
  return taken;
}

BpfError error_of(int code, const std::string& what) {
  const std::string log = log_take();
  std::string message = what + ": " + std::strerror(code < 0 ? -code : code);
  if (!log.empty()) message += "\n" + log;
  return BpfError{code < 0 ? -code : code, message};
}

constexpr char kStandIn[] = "___";

ProgramState state_of(const bpf_program* program) {
  ProgramState state;
  state.function = bpf_program__name(program);
  state.name = state.function.substr(0, state.function.find(kStandIn));
  state.attach_point = bpf_program__section_name(program);
  return state;
}

uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000ull + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

BpfSession::BpfSession(const std::string& object_path, uint32_t ring_bytes)
    : object_path_(object_path), ring_bytes_(ring_bytes) {
  libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
  libbpf_set_print(log_append);
  open();
  bpf_program* program;
  bpf_object__for_each_program(program, object_) {
    const ProgramState state = state_of(program);
    if (state.name == state.function) {
      programs_.push_back(state);
    } else {
      bpf_program__set_autoload(program, false);
      stand_ins_.push_back(state);
    }
  }
}

BpfSession::~BpfSession() {
  detach();
  for (bpf_object* object : added_) bpf_object__close(object);
  if (object_) bpf_object__close(object_);
}

void BpfSession::open() {
  if (object_) bpf_object__close(object_);
  object_ = bpf_object__open_file(object_path_.c_str(), nullptr);
  if (!object_) throw error_of(errno, "cannot open '" + object_path_ + "'");
  bpf_map* ring = bpf_object__find_map_by_name(object_, "records");
  if (ring) bpf_map__set_max_entries(ring, ring_bytes_);
}

void BpfSession::load() {
  const int all = bpf_object__load(object_);
  if (all == 0) return;
  const BpfError first = error_of(all, "cannot load the BPF programs");

  size_t loadable = 0;
  for (ProgramState& candidate : programs_) {
    candidate.refusal = refusal_of(candidate.function);
    if (candidate.refusal.empty() || replace(candidate)) loadable++;
  }
  if (loadable == 0) throw first;

  open();
  bpf_program* program;
  bpf_object__for_each_program(program, object_) bpf_program__set_autoload(program, false);
  for (const ProgramState& state : programs_) {
    program = bpf_object__find_program_by_name(object_, state.function.c_str());
    bpf_program__set_autoload(program, state.refusal.empty());
  }
  const int rest = bpf_object__load(object_);
  if (rest != 0) throw error_of(rest, "cannot load the BPF programs");
}

std::string BpfSession::refusal_of(const std::string& function) {
  open();
  bpf_program* program;
  bpf_object__for_each_program(program, object_) {
    bpf_program__set_autoload(program, function == bpf_program__name(program));
  }
  const int alone = bpf_object__load(object_);
  return alone == 0 ? "" : error_of(alone, "not loaded").message;
}

bool BpfSession::replace(ProgramState& refused) {
  for (const ProgramState& stand_in : stand_ins_) {
    if (stand_in.name != refused.name || !refusal_of(stand_in.function).empty()) continue;
    refused = stand_in;
    return true;
  }
  return false;
}

bool BpfSession::add(const std::string& object_path) {
  bpf_object* object = bpf_object__open_file(object_path.c_str(), nullptr);
  if (!object) throw error_of(errno, "cannot open '" + object_path + "'");
  bpf_map* map;
  bpf_object__for_each_map(map, object) {
    bpf_map* shared = bpf_object__find_map_by_name(object_, bpf_map__name(map));
    if (shared) bpf_map__reuse_fd(map, bpf_map__fd(shared));
  }
  std::vector<ProgramState> states;
  bpf_program* program;
  bpf_object__for_each_program(program, object) states.push_back(state_of(program));

  const size_t links_before = links_.size();
  const int loaded = bpf_object__load(object);
  std::string refusal = loaded == 0 ? "" : error_of(loaded, "not loaded").message;
  for (ProgramState& state : states) {
    if (!refusal.empty()) break;
    if (!attach_to(object, state)) refusal = state.refusal;
  }
  if (refusal.empty()) {
    added_.push_back(object);
  } else {
    while (links_.size() > links_before) {
      bpf_link__destroy(links_.back());
      links_.pop_back();
    }
    for (ProgramState& state : states) {
      state.attached = false;
      state.attached_ns = 0;
      state.refusal = refusal;
    }
    bpf_object__close(object);
  }
  programs_.insert(programs_.end(), states.begin(), states.end());
  return refusal.empty();
}

const std::vector<ProgramState>& BpfSession::attach() {
  for (ProgramState& state : programs_) {
    if (state.refusal.empty() && !state.attached) attach_to(object_, state);
  }
  return programs_;
}

bool BpfSession::attach_to(bpf_object* object, ProgramState& state) {
  bpf_program* program = bpf_object__find_program_by_name(object, state.function.c_str());
  bpf_link* link = bpf_program__attach(program);
  if (!link) {
    state.refusal = error_of(errno, "not attached").message;
    return false;
  }
  links_.push_back(link);
  state.attached = true;
  state.attached_ns = monotonic_ns();
  return true;
}

void BpfSession::detach() {
  for (bpf_link* link : links_) bpf_link__destroy(link);
  links_.clear();
}

bool BpfSession::has_namesake(const bpf_program* program) const {
  size_t number = 0;
  for (const ProgramState& state : programs_) {
    if (state.attached && state.function == bpf_program__name(program)) number++;
  }
  return number > 1;
}

std::vector<std::pair<std::string, uint64_t>> BpfSession::missed_runs() const {
  std::vector<std::pair<std::string, uint64_t>> missed;
  std::vector<bpf_object*> objects = added_;
  objects.push_back(object_);
  for (bpf_object* object : objects) {
    bpf_program* program;
    bpf_object__for_each_program(program, object) {
      const int descriptor = bpf_program__fd(program);
      bpf_prog_info info{};
      uint32_t size = sizeof(info);
      // A kernel before 5.12 does not count them; one that was not loaded has no descriptor.
      if (descriptor < 0 || bpf_obj_get_info_by_fd(descriptor, &info, &size)) continue;
      if (info.recursion_misses == 0 || has_namesake(program)) continue;
      missed.emplace_back(bpf_program__name(program), info.recursion_misses);
    }
  }
  return missed;
}

bpf_map* BpfSession::find_map(const std::string& name) const {
  bpf_map* map = bpf_object__find_map_by_name(object_, name.c_str());
  if (!map) throw BpfError{ENOENT, "no BPF map '" + name + "'"};
  return map;
}

int BpfSession::map_descriptor(const std::string& name) const { return bpf_map__fd(find_map(name)); }
uint32_t BpfSession::map_key_size(const std::string& name) const {
  return bpf_map__key_size(find_map(name));
}
uint32_t BpfSession::map_value_size(const std::string& name) const {
  return bpf_map__value_size(find_map(name));
}

}  // namespace dit
