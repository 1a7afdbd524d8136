/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * THE wire contract between the BPF programs and src/capture/ebpf/decode.ts: record kinds and layouts.
 * Little-endian as the host is; all times CLOCK_MONOTONIC in ns. The addon moves these bytes unread.
 * src/capture/ebpf/wire.ts states the same offsets; a test compiles this header and compares.
 */
#ifndef DIT_EVENTS_H
#define DIT_EVENTS_H

#define DIT_WIRE_VERSION 1

enum dit_kind {
	DIT_SYSCALL = 1,      /* on exit; aux = syscall number */
	DIT_ARGUMENTS = 2,    /* on entry of a syscall worth decoding; aux = syscall number */
	DIT_FORK = 3,
	DIT_EXEC = 4,
	DIT_EXIT = 5,         /* aux = 1: the process's last thread */
	DIT_RENAME = 6,
	DIT_CGROUP_MKDIR = 7,
	DIT_CGROUP_ATTACH = 8,
	DIT_SWITCH = 9,       /* aux = state of the task switched out */
	DIT_WAKING = 10,      /* aux = context | vector << 8 | flags << 16 */
	DIT_DIRTY = 11,       /* aux = folios dirtied */
	DIT_COPY_UP = 12,     /* aux = copy-up's open flags */
	DIT_CACHE_FILL = 13,  /* aux = folios added */
};

/* Which counter of `losses` belongs to which program. */
enum dit_program {
	DIT_PROGRAM_SYS_ENTER,
	DIT_PROGRAM_SYS_EXIT,
	DIT_PROGRAM_SCHED_PROCESS_FORK,
	DIT_PROGRAM_SCHED_PROCESS_EXEC,
	DIT_PROGRAM_SCHED_PROCESS_EXIT,
	DIT_PROGRAM_TASK_RENAME,
	DIT_PROGRAM_CGROUP_MKDIR,
	DIT_PROGRAM_CGROUP_ATTACH_TASK,
	DIT_PROGRAM_SCHED_SWITCH,
	DIT_PROGRAM_SCHED_WAKING,
	DIT_PROGRAM_WRITEBACK_DIRTY,
	DIT_PROGRAM_OVL_COPY_UP,
	DIT_PROGRAM_CACHE_FILL,
	DIT_PROGRAM_PARTICIPANTS, /* a process that should be followed did not fit into the map */
	DIT_PROGRAM_COUNT,
};

#define DIT_COMM_BYTES 16
#define DIT_TEXT_BYTES 512        /* a text argument, with its NUL; longer ones are cut and marked */
#define DIT_TEXTS 4               /* texts of one syscall at most */
#define DIT_PATH_NAMES 4          /* path components recorded of a descriptor's file, from the leaf up */
#define DIT_NAME_BYTES 80
#define DIT_ARGV_BYTES 16384
#define DIT_SYSCALLS 1024         /* size of the table of syscall numbers */

/* Begins every record. */
struct dit_header {
	unsigned long long time_ns;
	unsigned int pid;         /* thread group id */
	unsigned int tid;
	unsigned short kind;      /* enum dit_kind */
	unsigned short cpu;
	unsigned int aux;
};

struct dit_syscall {
	struct dit_header header; /* time_ns: the exit */
	unsigned long long duration_ns;
	long long result;
};

struct dit_arguments {
	struct dit_header header; /* time_ns: the entry, equal to the exit record's time - duration */
	unsigned long long values[6];
	/* bits 0-5: argument n has a text; bits 8-13: argument n is a descriptor with path components;
	 * bits 16-21: the text of argument n was cut; bits 24-29: it could not be read */
	unsigned int texts;
	unsigned short text_bytes;
	unsigned short path_names; /* NUL-terminated components, leaf first, behind the texts */
	char text[];               /* NUL-terminated, in the order of the arguments */
};

struct dit_fork {
	struct dit_header header;
	unsigned int child_pid;
	unsigned int child_tid;
	char child_comm[DIT_COMM_BYTES];
};

struct dit_exec {
	struct dit_header header;
	unsigned long long cgroup_id; /* of the default hierarchy */
	unsigned long long argv_bytes; /* in the process's memory */
	unsigned int old_tid;
	unsigned int filename_bytes;   /* with NUL */
	unsigned int argv_recorded;
	unsigned int reserved;
	char text[];                   /* filename, then argv as it lies in memory */
};

struct dit_exit {
	struct dit_header header;
	int code;                      /* as wait(2) reports it */
	unsigned int reserved;
};

struct dit_rename {
	struct dit_header header;
	char comm[DIT_COMM_BYTES];
};

struct dit_cgroup {
	struct dit_header header;
	unsigned long long cgroup_id;
	unsigned int hierarchy_id;
	unsigned int target_pid;       /* attach only */
	unsigned int target_tid;
	unsigned int path_bytes;
	char path[];
};

struct dit_switch {
	struct dit_header header;      /* pid, tid: the task switched out */
	unsigned int next_pid;
	unsigned int next_tid;
	unsigned int flags;            /* bit 0 preempted, bit 1 waits for block I/O */
	unsigned int reserved;
};

struct dit_waking {
	struct dit_header header;      /* pid, tid: current on the waking CPU */
	unsigned int target_pid;
	unsigned int target_tid;
	char waker_comm[DIT_COMM_BYTES];
};

/* File data that a thread dirtied inside a syscall that may copy a file up, until the syscall's exit. */
struct dit_dirty {
	struct dit_header header;      /* time_ns: the first folio */
	unsigned long long inode;
	unsigned long long bytes;      /* size of the file when the syscall returned */
	unsigned long long last_ns;    /* the last folio */
	unsigned int device;           /* kernel dev_t */
	unsigned int reserved;
};

/* Folios that a thread added to the page cache in one go: what it needed was not in memory. */
struct dit_cache_fill {
	struct dit_header header;      /* time_ns: the first folio */
	unsigned long long last_ns;    /* the last folio */
};

/* One copy-up, measured at the kernel's own function. */
struct dit_copy_up {
	struct dit_header header;      /* time_ns: the entry */
	unsigned long long duration_ns;
	unsigned long long bytes;      /* 0: a directory, or without its data */
	int result;
	unsigned short path_bytes;
	unsigned short path_names;     /* NUL-terminated components, leaf first */
	char path[];
};

/* Value of the map `participants`, key: thread group id. */
struct dit_participant {
	unsigned int only_tid;         /* 0: every thread */
	unsigned int follow_children;
};

/* Value of the array `syscall_details`, key: syscall number. */
struct dit_syscall_detail {
	unsigned char wanted;          /* record the arguments */
	unsigned char text_arguments;  /* bit n: argument n is a NUL-terminated string */
	unsigned char descriptor;      /* 1 + the argument that is a descriptor whose path is wanted; 0: none */
	unsigned char cgroup_files_only; /* only where that descriptor is a file of a cgroup file system */
	unsigned char pointer;         /* 1 + the argument that points to a u64: its value is recorded instead */
	unsigned char may_copy_up;     /* data dirtied inside it on another file system is an overlay's copy-up */
	unsigned char skip_read_only;  /* not where argument 2, open flags, asks for reading alone */
	unsigned char request;         /* 1 + the argument whose bytes are a text where they begin with "POST" */
};

/* Value of the one entry of the array `settings`. */
struct dit_settings {
	unsigned int named_calls_only; /* nothing is recorded of syscalls that `syscall_details` does not want */
	unsigned int reserved;
};

#define DIT_WAKE_HRTIMER 1
#define DIT_WAKE_BLOCK_COMPLETION 2
#define DIT_WAKE_KERNEL_THREAD 4
#define DIT_WAKE_UNKNOWN_INTERRUPT 8

#endif
