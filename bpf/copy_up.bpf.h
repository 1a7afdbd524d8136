/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Copy-up measured at overlayfs's own function, ovl_copy_up_one(): called once for each level of a path that has
 * to be copied, for directories and metadata too. The same (parent, dentry, flags) from 4.19 to 6.12.
 */

struct copy_up_in_progress {
	u64 entry_ns;
	struct dentry *dentry;
	u64 bytes;
	u32 flags;
	u32 reserved;
};

/* By thread id. The kernel may skip an exit's program: what stays then makes room for others, oldest first. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct copy_up_in_progress);
} copy_ups_in_progress SEC(".maps");

static __always_inline int copy_up_begin(struct dentry *dentry, int flags)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	u32 tid = (u32)pid_tgid;
	struct copy_up_in_progress begun = { .dentry = dentry, .flags = (u32)flags };
	struct inode *inode;

	if (!participant_find(pid_tgid >> 32, tid))
		return 0;
	inode = BPF_CORE_READ(dentry, d_inode);
	/* A file that is opened to be truncated is copied without its data. */
	if (inode && !(flags & DIT_O_TRUNC) && (BPF_CORE_READ(inode, i_mode) & DIT_S_IFMT) == DIT_S_IFREG)
		begun.bytes = (u64)BPF_CORE_READ(inode, i_size);
	begun.entry_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&copy_ups_in_progress, &tid, &begun, BPF_ANY))
		loss_count(DIT_PROGRAM_OVL_COPY_UP);
	return 0;
}

static __always_inline int copy_up_end(int result)
{
	u64 pid_tgid = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();
	u32 pid = pid_tgid >> 32, tid = (u32)pid_tgid, offset = 0;
	struct copy_up_in_progress *entry = bpf_map_lookup_elem(&copy_ups_in_progress, &tid), begun;
	struct scratch *scratch;
	struct dit_copy_up *record;

	if (!entry)
		return 0;
	/* Before anything can fail: nobody else would take it away. */
	begun = *entry;
	bpf_map_delete_elem(&copy_ups_in_progress, &tid);
	scratch = scratch_take(DIT_PROGRAM_OVL_COPY_UP);
	if (!scratch)
		return 0;
	record = (struct dit_copy_up *)scratch->bytes;
	header_fill(&record->header, begun.entry_ns, pid, tid, DIT_COPY_UP, begun.flags);
	record->duration_ns = now - begun.entry_ns;
	record->bytes = begun.bytes;
	record->result = result;
	record->path_names = path_record(record->path, &offset, begun.dentry);
	record->path_bytes = (u16)offset;
	scratch_send(scratch, sizeof(*record) + (offset & 4095), DIT_PROGRAM_OVL_COPY_UP);
	return 0;
}
