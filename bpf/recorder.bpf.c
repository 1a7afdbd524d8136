/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * The recorder: all programs in one object, because they share their maps. One concern a header.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "dit_events.h"
#include "kernel_compat.bpf.h"
#include "maps.bpf.h"
#include "syscall.bpf.h"
#include "dirty.bpf.h"
#include "cache_fill.bpf.h"
#include "process.bpf.h"
#include "exit.bpf.h"
#include "cgroup.bpf.h"
#include "sched.bpf.h"

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long id)
{
	struct syscall_in_progress *call = syscall_begin(regs, id);

	if (call)
		call->entry_handled = 1;
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long result)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	u32 tid = (u32)pid_tgid;
	struct syscall_in_progress *call = bpf_map_lookup_elem(&syscalls_in_progress, &tid);

	if (!call || !call->entry_ns)
		return 0; /* not followed, or entered before the recording began */
	syscall_end(call, pid_tgid >> 32, tid, result);
	call->exit_handled = 1;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	thread_end(task);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
