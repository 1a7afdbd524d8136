/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Exact copy-up, first choice: fentry and fexit. An object of its own, because a kernel that refuses them must still
 * load the recorder; it shares the recorder's maps.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "dit_events.h"
#include "kernel_compat.bpf.h"
#include "maps.bpf.h"
#include "copy_up.bpf.h"

SEC("fentry/ovl_copy_up_one")
int BPF_PROG(ovl_copy_up_one_entry, struct dentry *parent, struct dentry *dentry, int flags)
{
	return copy_up_begin(dentry, flags);
}

SEC("fexit/ovl_copy_up_one")
int BPF_PROG(ovl_copy_up_one_exit, struct dentry *parent, struct dentry *dentry, int flags, int result)
{
	return copy_up_end(result);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
