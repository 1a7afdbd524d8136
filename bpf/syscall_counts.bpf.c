/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Counts the syscalls of chosen cgroups by number. No record leaves the kernel: user space reads the sums. Costs every
 * syscall of the machine one or two look-ups, and those that are counted one addition more.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* What the shared declarations of the kernel leave out. */
struct cgroup_subsys_state {
	struct cgroup *cgroup;
} __attribute__((preserve_access_index));

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
} __attribute__((preserve_access_index));

struct task_struct___in_cgroups {
	struct css_set *cgroups;
} __attribute__((preserve_access_index));

#define COUNTED_CONTAINERS 16
#define COUNTED_SYSCALLS 1024

/* By cgroup_key(): which container's count a cgroup's calls go to. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, u32);
} counted_cgroups SEC(".maps");

/* By container * COUNTED_SYSCALLS + syscall number. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTED_CONTAINERS * COUNTED_SYSCALLS);
	__type(key, u32);
	__type(value, u64);
} calls SEC(".maps");

/* On cgroup v1 ids are unique only within their hierarchy. */
static __always_inline u32 *container_of_cgroup(struct cgroup *cgroup)
{
	u64 key = BPF_CORE_READ(cgroup, kn, id) ^ (u64)BPF_CORE_READ(cgroup, root, hierarchy_id) << 56;

	return bpf_map_lookup_elem(&counted_cgroups, &key);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(count_sys_enter, struct pt_regs *regs, long id)
{
	struct task_struct___in_cgroups *task = (void *)bpf_get_current_task();
	struct css_set *groups = BPF_CORE_READ(task, cgroups);
	u32 *container, at;
	u64 *count;

	if (id < 0 || id >= COUNTED_SYSCALLS)
		return 0;
	container = container_of_cgroup(BPF_CORE_READ(groups, dfl_cgrp));
	if (!container) /* cgroup v1: the hierarchy of the first controller */
		container = container_of_cgroup(BPF_CORE_READ(groups, subsys[0], cgroup));
	if (!container || *container >= COUNTED_CONTAINERS)
		return 0;
	at = *container * COUNTED_SYSCALLS + (u32)id;
	count = bpf_map_lookup_elem(&calls, &at);
	/* Newer kernels preempt tracepoint programs: a plain addition may lose another thread's. */
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
