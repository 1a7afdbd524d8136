/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Reads that miss the page cache, inside syscalls and in page faults: the CPU time that a cold start spends on
 * them is not the program's own. The tracepoint fires only where a folio is added, so a warm start pays
 * nothing. Its argument changed from page to folio in 5.16; it is not looked at.
 */

SEC("tp_btf/mm_filemap_add_to_page_cache")
int BPF_PROG(mm_filemap_add_to_page_cache)
{
	u64 pid_tgid = bpf_get_current_pid_tgid(), now;
	u32 pid = pid_tgid >> 32, tid = (u32)pid_tgid;
	struct syscall_in_progress *call;

	if (!participant_find(pid, tid))
		return 0;
	call = syscall_of_thread(tid);
	if (!call)
		return 0;
	now = bpf_ktime_get_ns();
	if (call->fill_folios && now - call->fill_last_ns > DIT_FILL_GAP_NS)
		fill_flush(call, pid, tid);
	if (!call->fill_folios)
		call->fill_first_ns = now;
	call->fill_last_ns = now;
	call->fill_folios++;
	return 0;
}
