/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * The exit of a participant's thread, with which it is forgotten. The program itself is in recorder.bpf.c, and once
 * more in second_chance.bpf.c.
 */

static __always_inline void thread_end(struct task_struct *task)
{
	u32 pid = task->tgid, tid = task->pid;
	/* do_exit() has taken this thread off the count before the tracepoint. */
	bool last = BPF_CORE_READ(task, signal, live.counter) == 0;
	struct dit_exit *record;

	/* Two threads that end at once are both the last: whichever comes first takes the process off the list, and
	 * the other is known by its own entry. */
	if (!participant_find(pid, tid) && !bpf_map_lookup_elem(&syscalls_in_progress, &tid))
		return;
	syscall_forget_thread(pid, tid);
	if (last)
		bpf_map_delete_elem(&participants, &pid);

	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		loss_count(DIT_PROGRAM_SCHED_PROCESS_EXIT);
		return;
	}
	header_fill(&record->header, bpf_ktime_get_ns(), pid, tid, DIT_EXIT, last);
	record->code = task->exit_code;
	record->reserved = 0;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}
