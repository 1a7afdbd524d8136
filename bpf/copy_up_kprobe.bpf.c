/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Exact copy-up, second choice: kprobe and kretprobe. Shares the recorder's maps.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "dit_events.h"
#include "kernel_compat.bpf.h"
#include "maps.bpf.h"
#include "copy_up.bpf.h"

SEC("kprobe/ovl_copy_up_one")
int BPF_KPROBE(ovl_copy_up_one_entry, struct dentry *parent, struct dentry *dentry, int flags)
{
	return copy_up_begin(dentry, flags);
}

SEC("kretprobe/ovl_copy_up_one")
int BPF_KRETPROBE(ovl_copy_up_one_exit, int result)
{
	return copy_up_end(result);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
