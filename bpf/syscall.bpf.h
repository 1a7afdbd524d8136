/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Syscalls of participants: one record on exit (number, duration, result), and before it, for the syscalls
 * that the table `syscall_details` asks for, one on entry with the arguments, because execve's are gone at
 * the exit and a call that never returns has none.
 *
 * The programs themselves are in recorder.bpf.c, and once more in second_chance.bpf.c.
 */

struct syscall_in_progress {
	u64 entry_ns; /* 0: none */
	u32 number;
	u32 may_copy_up;
	/* What dirty.bpf.h saw so far inside this call. */
	struct inode *dirty_inode;
	u64 dirty_first_ns;
	u64 dirty_last_ns;
	u32 dirty_folios;
	/* What cache_fill.bpf.h saw since the last syscall's entry or exit. */
	u32 fill_folios;
	u64 fill_first_ns;
	u64 fill_last_ns;
	/* What the first program did, for the second one; see second_chance.bpf.c. */
	u32 entry_handled;
	u32 exit_handled;
	u32 entered; /* an entry was seen at all */
	u32 reserved;
};

/* By thread id. Entries stay for the life of the thread: one look-up a tracepoint, no allocation. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DIT_MAX_THREADS);
	__type(key, u32);
	__type(value, struct syscall_in_progress);
} syscalls_in_progress SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DIT_SYSCALLS);
	__type(key, u32);
	__type(value, struct dit_syscall_detail);
} syscall_details SEC(".maps");

/* The entry of a followed thread, made where there is none. */
static __always_inline struct syscall_in_progress *syscall_of_thread(u32 tid)
{
	struct syscall_in_progress *call = bpf_map_lookup_elem(&syscalls_in_progress, &tid);
	struct syscall_in_progress none = {};

	if (call)
		return call;
	if (bpf_map_update_elem(&syscalls_in_progress, &tid, &none, BPF_ANY)) {
		loss_count(DIT_PROGRAM_SYS_ENTER);
		return 0;
	}
	return bpf_map_lookup_elem(&syscalls_in_progress, &tid);
}

/* Sends what the thread added to the page cache, and begins anew. */
static __always_inline void fill_flush(struct syscall_in_progress *call, u32 pid, u32 tid)
{
	struct dit_cache_fill *record;

	if (!call->fill_folios)
		return;
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (record) {
		header_fill(&record->header, call->fill_first_ns, pid, tid, DIT_CACHE_FILL, call->fill_folios);
		record->last_ns = call->fill_last_ns;
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	} else {
		loss_count(DIT_PROGRAM_CACHE_FILL);
	}
	call->fill_folios = 0;
}

static __always_inline void syscall_forget_thread(u32 pid, u32 tid)
{
	struct syscall_in_progress *call = bpf_map_lookup_elem(&syscalls_in_progress, &tid);

	if (!call)
		return;
	fill_flush(call, pid, tid);
	bpf_map_delete_elem(&syscalls_in_progress, &tid);
}

/* A thread that execs takes over its leader's id (de_thread); its execve is still in progress. */
static __always_inline void syscall_rename_thread(u32 old_tid, u32 tid)
{
	struct syscall_in_progress *call;

	if (old_tid == tid)
		return;
	call = bpf_map_lookup_elem(&syscalls_in_progress, &old_tid);
	if (!call)
		return;
	bpf_map_update_elem(&syscalls_in_progress, &tid, call, BPF_ANY);
	bpf_map_delete_elem(&syscalls_in_progress, &old_tid);
}

static __always_inline struct file *file_of_descriptor(u32 descriptor)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = 0;

	if (descriptor >= BPF_CORE_READ(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), &files[descriptor]);
	return file;
}

static __always_inline void arguments_record(u64 now, u32 pid, u32 tid, u32 number, const u64 *values,
					     const struct dit_syscall_detail *detail)
{
	struct scratch *scratch;
	struct dit_arguments *record;
	struct file *file = 0;
	u32 offset = 0, texts = 0, wanted_texts = detail->text_arguments;
	bool is_request = false;
	u16 names = 0;
	long copied;

	if (detail->request) {
		u32 at = (detail->request - 1) & 3, verb = 0;

		bpf_probe_read_user(&verb, sizeof(verb), (void *)values[at]);
		is_request = verb == DIT_POST;
		if (is_request)
			wanted_texts |= 1u << at;
	}
	if (detail->descriptor && !is_request) {
		file = file_of_descriptor((u32)values[(detail->descriptor - 1) & 3]);
		if (detail->cgroup_files_only) {
			unsigned long magic = file ? BPF_CORE_READ(file, f_inode, i_sb, s_magic) : 0;

			if (magic != DIT_CGROUP_MAGIC && magic != DIT_CGROUP2_MAGIC)
				return;
		}
	}

	scratch = scratch_take(DIT_PROGRAM_SYS_ENTER);
	if (!scratch)
		return;
	record = (struct dit_arguments *)scratch->bytes;
	header_fill(&record->header, now, pid, tid, DIT_ARGUMENTS, number);

#pragma unroll
	for (int i = 0; i < 6; i++)
		record->values[i] = values[i];
	if (detail->pointer) {
		u32 at = (detail->pointer - 1) & 3;

		bpf_probe_read_user(&record->values[at], sizeof(u64), (void *)values[at]);
	}

#pragma unroll
	for (int i = 0; i < 6; i++) {
		if (!(wanted_texts & (1 << i)) || !values[i])
			continue;
		offset &= DIT_TEXTS * DIT_TEXT_BYTES - 1;
		if (offset > (DIT_TEXTS - 1) * DIT_TEXT_BYTES)
			continue;
		copied = bpf_probe_read_user_str(record->text + offset, DIT_TEXT_BYTES, (void *)values[i]);
		if (copied < 1) {
			texts |= 1u << (24 + i);
			continue;
		}
		texts |= 1u << i;
		if (copied == DIT_TEXT_BYTES)
			texts |= 1u << (16 + i);
		offset += (u32)copied;
	}

	if (file) {
		texts |= 1u << (8 + ((detail->descriptor - 1) & 3));
		names = path_record(record->text, &offset, BPF_CORE_READ(file, f_path.dentry));
	}
	record->texts = texts;
	record->text_bytes = (u16)offset;
	record->path_names = names;
	scratch_send(scratch, sizeof(*record) + (offset & 4095), DIT_PROGRAM_SYS_ENTER);
}

/* Sends what the thread dirtied, and begins anew. */
static __always_inline void dirty_flush(struct syscall_in_progress *call, u32 pid, u32 tid)
{
	struct dit_dirty *record;

	if (!call->dirty_folios)
		return;
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (record) {
		struct inode *inode = call->dirty_inode;

		header_fill(&record->header, call->dirty_first_ns, pid, tid, DIT_DIRTY, call->dirty_folios);
		record->last_ns = call->dirty_last_ns;
		record->inode = BPF_CORE_READ(inode, i_ino);
		record->bytes = (u64)BPF_CORE_READ(inode, i_size);
		record->device = BPF_CORE_READ(inode, i_sb, s_dev);
		record->reserved = 0;
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	} else {
		loss_count(DIT_PROGRAM_WRITEBACK_DIRTY);
	}
	call->dirty_folios = 0;
	call->dirty_inode = 0;
}

/* openat's flags: a file that is only read is opened thousands of times, and tells little. */
static __always_inline bool read_only(struct pt_regs *regs)
{
	return !(PT_REGS_PARM3_SYSCALL(regs) & (DIT_O_ACCMODE | DIT_O_CREAT | DIT_O_TRUNC));
}

/* These two run at every syscall of the machine: one look-up each for a thread that is known. Threads have an
 * entry only if they are followed. */
static __always_inline struct syscall_in_progress *syscall_begin(struct pt_regs *regs, long id)
{
	u64 pid_tgid = bpf_get_current_pid_tgid(), now;
	u32 pid = pid_tgid >> 32, tid = (u32)pid_tgid, number = (u32)id;
	struct syscall_in_progress *call;
	struct dit_syscall_detail *detail = bpf_map_lookup_elem(&syscall_details, &number);
	u32 zero = 0;
	struct dit_settings *setting = bpf_map_lookup_elem(&settings, &zero);

	/* Look-ups in arrays are inlined: what is not wanted costs the rest of the machine next to nothing. */
	if (setting && setting->named_calls_only && !(detail && detail->wanted))
		return 0;
	call = bpf_map_lookup_elem(&syscalls_in_progress, &tid);
	if (!call) {
		if (!participant_find(pid, tid))
			return 0;
		call = syscall_of_thread(tid);
		if (!call)
			return 0;
	}
	fill_flush(call, pid, tid);
	if (call->entry_ns) /* the return of the one before was not seen */
		loss_count(DIT_PROGRAM_SYS_EXIT);
	now = bpf_ktime_get_ns();
	call->entry_ns = now;
	call->entered = 1;
	call->number = number;
	call->may_copy_up = 0;
	call->dirty_folios = 0;

	if (detail && detail->wanted && !(detail->skip_read_only && read_only(regs))) {
		u64 values[6] = {
			PT_REGS_PARM1_SYSCALL(regs), PT_REGS_PARM2_SYSCALL(regs),
			PT_REGS_PARM3_SYSCALL(regs), PT_REGS_PARM4_SYSCALL(regs),
			PT_REGS_PARM5_SYSCALL(regs), DIT_PARM6_SYSCALL(regs),
		};

		call->may_copy_up = detail->may_copy_up;
		arguments_record(now, pid, tid, number, values, detail);
	}
	return call;
}

static __always_inline void syscall_end(struct syscall_in_progress *call, u32 pid, u32 tid, long result)
{
	u64 now = bpf_ktime_get_ns();
	struct dit_syscall *record;

	dirty_flush(call, pid, tid);
	fill_flush(call, pid, tid);
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (record) {
		header_fill(&record->header, now, pid, tid, DIT_SYSCALL, call->number);
		record->duration_ns = now - call->entry_ns;
		record->result = result;
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	} else {
		loss_count(DIT_PROGRAM_SYS_EXIT);
	}
	call->entry_ns = 0;
}
