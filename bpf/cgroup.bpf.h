/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Cgroups: who makes one, who is moved into one. Whoever enters a cgroup of a participant's is followed
 * from then on, whatever its parent is: with the systemd driver, and after `docker exec`.
 */

static __always_inline void cgroup_record(u16 kind, u32 program, struct cgroup *cgroup, const char *path,
					  u32 target_pid, u32 target_tid)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	struct scratch *scratch = scratch_take(program);
	struct dit_cgroup *record;
	long copied;

	if (!scratch)
		return;
	record = (struct dit_cgroup *)scratch->bytes;
	header_fill(&record->header, bpf_ktime_get_ns(), pid_tgid >> 32, (u32)pid_tgid, kind, 0);
	record->cgroup_id = BPF_CORE_READ(cgroup, kn, id);
	record->hierarchy_id = (u32)BPF_CORE_READ(cgroup, root, hierarchy_id);
	record->target_pid = target_pid;
	record->target_tid = target_tid;
	copied = bpf_probe_read_kernel_str(record->path, DIT_TEXT_BYTES, path);
	if (copied < 0)
		copied = 0;
	record->path_bytes = (u32)copied;
	scratch_send(scratch, sizeof(*record) + ((u32)copied & 1023), program);
}

/* The key in followed_cgroups: on cgroup v1 ids are unique only within their hierarchy. */
static __always_inline u64 cgroup_key(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, kn, id) ^ (u64)BPF_CORE_READ(cgroup, root, hierarchy_id) << 56;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();

	if (!participant_find(pid_tgid >> 32, (u32)pid_tgid))
		return 0;
	cgroup_follow(cgroup_key(cgroup));
	cgroup_record(DIT_CGROUP_MKDIR, DIT_PROGRAM_CGROUP_MKDIR, cgroup, path, 0, 0);
	return 0;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach_task, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	u64 key = cgroup_key(cgroup);
	u32 pid = task->tgid, tid = task->pid;
	bool member = bpf_map_lookup_elem(&participants, &pid) != 0;

	if (member) {
		/* systemd made the scope; a participant was moved into it. Levels 0 and 1 (slices) are everybody's. */
		if (BPF_CORE_READ(cgroup, level) > 1)
			cgroup_follow(key);
	} else if (bpf_map_lookup_elem(&followed_cgroups, &key)) {
		participant_add(pid);
	} else {
		return 0;
	}
	cgroup_record(DIT_CGROUP_ATTACH, DIT_PROGRAM_CGROUP_ATTACH_TASK, cgroup, path, pid, tid);
	return 0;
}

/* Whoever removes it: nobody can enter it any more. */
SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_rmdir, struct cgroup *cgroup)
{
	u64 key = cgroup_key(cgroup);

	bpf_map_delete_elem(&followed_cgroups, &key);
	return 0;
}
