/**
 * The layouts of bpf/dit_events.h, as offsets in bytes from a record's beginning. A test compiles that
 * header and compares every figure here.
 */

/**
 * Kinds of record, as enum dit_kind numbers them. Two numberings, because two contracts: model's KIND is the trace file's, which
 * old files are read by; this one may change with the BPF programs, and has kinds (arguments) of which no event is made.
 */
export const RECORD_KIND = {
  syscall: 1,
  arguments: 2,
  fork: 3,
  exec: 4,
  exit: 5,
  rename: 6,
  cgroupMkdir: 7,
  cgroupAttach: 8,
  switch: 9,
  waking: 10,
  dirty: 11,
  copyUp: 12,
  cacheFill: 13,
} as const;

/** In the order of enum dit_program: the counters of the map `losses`. */
export const LOSS_COUNTERS: readonly string[] = [
  'sys_enter',
  'sys_exit',
  'sched_process_fork',
  'sched_process_exec',
  'sched_process_exit',
  'task_rename',
  'cgroup_mkdir',
  'cgroup_attach_task',
  'sched_switch',
  'sched_waking',
  'writeback_dirty',
  'ovl_copy_up',
  'cache_fill',
  'participants',
];

export const SIZE = {
  header: 24,
  syscall: 40,
  arguments: 80,
  fork: 48,
  exec: 56,
  exit: 32,
  rename: 40,
  cgroup: 48,
  switch: 40,
  waking: 48,
  dirty: 56,
  copyUp: 48,
  cacheFill: 32,
  participant: 8,
  syscallDetail: 8,
  settings: 8,
  comm: 16,
  syscalls: 1024,
} as const;

/** By kind of record: what is shorter lacks some of its fields. Behind them there may be texts. */
export const LEAST_BYTES: Readonly<Record<number, number>> = {
  [RECORD_KIND.syscall]: SIZE.syscall,
  [RECORD_KIND.arguments]: SIZE.arguments,
  [RECORD_KIND.fork]: SIZE.fork,
  [RECORD_KIND.exec]: SIZE.exec,
  [RECORD_KIND.exit]: SIZE.exit,
  [RECORD_KIND.rename]: SIZE.rename,
  [RECORD_KIND.cgroupMkdir]: SIZE.cgroup,
  [RECORD_KIND.cgroupAttach]: SIZE.cgroup,
  [RECORD_KIND.switch]: SIZE.switch,
  [RECORD_KIND.waking]: SIZE.waking,
  [RECORD_KIND.dirty]: SIZE.dirty,
  [RECORD_KIND.copyUp]: SIZE.copyUp,
  [RECORD_KIND.cacheFill]: SIZE.cacheFill,
};

export const OFFSET = {
  header: { time_ns: 0, pid: 8, tid: 12, kind: 16, cpu: 18, aux: 20 },
  syscall: { duration_ns: 24, result: 32 },
  arguments: { values: 24, texts: 72, text_bytes: 76, path_names: 78, text: 80 },
  fork: { child_pid: 24, child_tid: 28, child_comm: 32 },
  exec: {
    cgroup_id: 24,
    argv_bytes: 32,
    old_tid: 40,
    filename_bytes: 44,
    argv_recorded: 48,
    text: 56,
  },
  exit: { code: 24 },
  rename: { comm: 24 },
  cgroup: {
    cgroup_id: 24,
    hierarchy_id: 32,
    target_pid: 36,
    target_tid: 40,
    path_bytes: 44,
    path: 48,
  },
  switch: { next_pid: 24, next_tid: 28, flags: 32 },
  waking: { target_pid: 24, target_tid: 28, waker_comm: 32 },
  dirty: { inode: 24, bytes: 32, last_ns: 40, device: 48 },
  copyUp: { duration_ns: 24, bytes: 32, result: 40, path_bytes: 44, path_names: 46, path: 48 },
  cacheFill: { last_ns: 24 },
  participant: { only_tid: 0, follow_children: 4 },
  syscallDetail: {
    wanted: 0,
    text_arguments: 1,
    descriptor: 2,
    cgroup_files_only: 3,
    pointer: 4,
    may_copy_up: 5,
    skip_read_only: 6,
    request: 7,
  },
  settings: { named_calls_only: 0 },
} as const;

/** DIT_PATH_NAMES: a path of as many components may have more in front. */
export const PATH_NAMES = 4;
