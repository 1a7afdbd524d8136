/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Copy-up by inference, for kernels that let nobody look at overlayfs's own functions: overlayfs copies a file
 * up inside another syscall, so file data that a thread dirties while it is inside open, truncate, rename, link,
 * chmod, chown, utimensat or setxattr is a copy-up. The one tracepoint it takes is there since 3.x.
 */

static __always_inline int dirty_note(struct address_space *mapping)
{
	u64 pid_tgid = bpf_get_current_pid_tgid(), now;
	u32 pid = pid_tgid >> 32, tid = (u32)pid_tgid;
	struct syscall_in_progress *call;
	struct inode *inode;

	if (!participant_find(pid, tid))
		return 0;
	call = bpf_map_lookup_elem(&syscalls_in_progress, &tid);
	if (!call || !call->entry_ns || !call->may_copy_up)
		return 0;
	/* Dirty blocks of a device or a directory are the file system's own. */
	if (!mapping)
		return 0;
	inode = BPF_CORE_READ(mapping, host);
	if (!inode || (BPF_CORE_READ(inode, i_mode) & DIT_S_IFMT) != DIT_S_IFREG)
		return 0;
	if (call->dirty_inode != inode)
		dirty_flush(call, pid, tid);
	now = bpf_ktime_get_ns();
	if (!call->dirty_folios) {
		call->dirty_inode = inode;
		call->dirty_first_ns = now;
	}
	call->dirty_last_ns = now;
	call->dirty_folios++;
	return 0;
}

SEC("tp_btf/writeback_dirty_folio")
int BPF_PROG(writeback_dirty_folio, struct folio *folio, struct address_space *mapping)
{
	return dirty_note(mapping);
}

/* Its name and first argument changed from page to folio in 5.16 (203a31516616). Loaded where the one above is
 * refused: see bpf_session.h. */
SEC("tp_btf/writeback_dirty_page")
int BPF_PROG(writeback_dirty_folio___before_5_16, struct page *page, struct address_space *mapping)
{
	return dirty_note(mapping);
}
