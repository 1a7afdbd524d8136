/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Processes: fork, exec with argv, rename; the exit is in exit.bpf.h. These programs also decide who is followed:
 * every descendant of a participant.
 */

SEC("tp_btf/sched_process_fork")
int BPF_PROG(sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 pid = parent->tgid, tid = parent->pid;
	u32 child_pid = child->tgid;
	struct dit_participant *participant = participant_find(pid, tid);
	struct dit_fork *record;

	if (!participant || !participant->follow_children)
		return 0;
	if (child_pid != pid)
		participant_add(child_pid);

	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		loss_count(DIT_PROGRAM_SCHED_PROCESS_FORK);
		return 0;
	}
	header_fill(&record->header, bpf_ktime_get_ns(), pid, tid, DIT_FORK, 0);
	record->child_pid = child_pid;
	record->child_tid = child->pid;
	bpf_probe_read_kernel(record->child_comm, sizeof(record->child_comm), child->comm);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *task, pid_t old_tid, struct linux_binprm *bprm)
{
	u32 pid = task->tgid, tid = task->pid, offset, length;
	struct scratch *scratch;
	struct dit_exec *record;
	unsigned long start, end;
	long copied;

	/* Of one that was let go meanwhile too: the old id has no exit with which its entry would go. */
	syscall_rename_thread(old_tid, tid);
	if (!participant_find(pid, tid))
		return 0;

	scratch = scratch_take(DIT_PROGRAM_SCHED_PROCESS_EXEC);
	if (!scratch)
		return 0;
	record = (struct dit_exec *)scratch->bytes;
	header_fill(&record->header, bpf_ktime_get_ns(), pid, tid, DIT_EXEC, 0);
	record->cgroup_id = bpf_get_current_cgroup_id();
	record->old_tid = old_tid;
	record->reserved = 0;

	copied = bpf_probe_read_kernel_str(record->text, DIT_TEXT_BYTES, BPF_CORE_READ(bprm, filename));
	if (copied < 1) {
		record->text[0] = 0;
		copied = 1;
	}
	offset = (u32)copied & (DIT_TEXT_BYTES - 1);
	if (offset == 0) /* exactly DIT_TEXT_BYTES: the name fills its place */
		offset = DIT_TEXT_BYTES - 1;
	record->filename_bytes = offset;

	start = BPF_CORE_READ(task, mm, arg_start);
	end = BPF_CORE_READ(task, mm, arg_end);
	record->argv_bytes = end - start;
	length = end - start < DIT_ARGV_BYTES ? (u32)(end - start) : DIT_ARGV_BYTES;
	if (length > DIT_ARGV_BYTES)
		length = DIT_ARGV_BYTES;
	if (bpf_probe_read_user(record->text + offset, length, (void *)start))
		length = 0;
	record->argv_recorded = length;
	scratch_send(scratch, sizeof(*record) + offset + length, DIT_PROGRAM_SCHED_PROCESS_EXEC);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(task_rename, struct task_struct *task, const char *comm)
{
	u32 pid = task->tgid, tid = task->pid;
	struct dit_rename *record;

	if (!participant_find(pid, tid))
		return 0;
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		loss_count(DIT_PROGRAM_TASK_RENAME);
		return 0;
	}
	header_fill(&record->header, bpf_ktime_get_ns(), pid, tid, DIT_RENAME, 0);
	__builtin_memset(record->comm, 0, sizeof(record->comm));
	bpf_probe_read_kernel_str(record->comm, sizeof(record->comm), comm);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}
