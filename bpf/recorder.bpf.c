/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * The recorder: all programs in one object, because they share their maps. One concern a header.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "dit_events.h"
#include "kernel_compat.bpf.h"
#include "maps.bpf.h"
#include "syscall.bpf.h"
#include "dirty.bpf.h"
#include "cache_fill.bpf.h"
#include "process.bpf.h"
#include "cgroup.bpf.h"
#include "sched.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";
