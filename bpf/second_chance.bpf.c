/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Syscalls and exits once more, for kernels that let a tracepoint's program be preempted (seen on 7.2, not on 6.12).
 * They do not run a program while it is under way on that CPU, so as long as a thread is preempted inside sys_enter's,
 * those of all other threads there go by: some twenty a start on a slow machine. These run right after the recorder's,
 * on its maps, and do the work where those did not: only what passes by both is missing, and it is counted.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "dit_events.h"
#include "kernel_compat.bpf.h"
#include "maps.bpf.h"
#include "syscall.bpf.h"
#include "exit.bpf.h"

/* What seccomp turns away has an exit and no entry; these are the answers that filters give. */
static __always_inline bool turned_away(long result)
{
	return result == -1 /* EPERM */ || result == -38 /* ENOSYS */;
}

static __always_inline bool unwanted_calls(void)
{
	u32 zero = 0;
	struct dit_settings *setting = bpf_map_lookup_elem(&settings, &zero);

	return setting && setting->named_calls_only;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long id)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct syscall_in_progress *call = bpf_map_lookup_elem(&syscalls_in_progress, &tid);

	if (call && call->entry_handled)
		call->entry_handled = 0;
	else
		syscall_begin(regs, id);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long result)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	u32 tid = (u32)pid_tgid;
	struct syscall_in_progress *call = bpf_map_lookup_elem(&syscalls_in_progress, &tid);

	if (!call)
		return 0;
	if (call->exit_handled)
		call->exit_handled = 0;
	else if (call->entry_ns)
		syscall_end(call, pid_tgid >> 32, tid, result);
	else if (call->entered && !turned_away(result) && !unwanted_calls())
		loss_count(DIT_PROGRAM_SYS_ENTER);
	return 0;
}

/* A thread that made a syscall has an entry until its exit was seen. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	u32 tid = task->pid;

	if (bpf_map_lookup_elem(&syscalls_in_progress, &tid))
		thread_end(task);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
