/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * The maps that all programs share: whom to follow, where records go, what was lost.
 */
#ifndef DIT_MAPS_BPF_H
#define DIT_MAPS_BPF_H

#define DIT_MAX_PARTICIPANTS 16384
#define DIT_MAX_THREADS 65536
#define DIT_SCRATCHES 8

/* Folios further apart belong to different reads. */
#define DIT_FILL_GAP_NS 50000

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 20); /* the addon sets the real size */
} records SEC(".maps");

/* Processes that are followed, by thread group id. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DIT_MAX_PARTICIPANTS);
	__type(key, u32);
	__type(value, struct dit_participant);
} participants SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct dit_settings);
} settings SEC(".maps");

/* Cgroups whose members are followed, by cgroup_key(): made or entered by a participant, and not removed yet. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u8);
} followed_cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DIT_PROGRAM_COUNT);
	__type(key, u32);
	__type(value, u64);
} losses SEC(".maps");

struct scratch {
	u32 busy;
	u32 reserved;
	char bytes[sizeof(struct dit_exec) + DIT_TEXT_BYTES + DIT_ARGV_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DIT_SCRATCHES);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline void loss_count(u32 program)
{
	u64 *count = bpf_map_lookup_elem(&losses, &program);

	if (count)
		*count += 1;
}

/* The buffer for a record of varying length, by thread, because newer kernels preempt tracepoint programs (see
 * second_chance.bpf.c). Should another thread of this CPU hold it, the record counts as lost. */
static __always_inline struct scratch *scratch_take(u32 program)
{
	u32 slot = (u32)bpf_get_current_pid_tgid() % DIT_SCRATCHES;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &slot);

	if (!scratch)
		return 0;
	if (scratch->busy) {
		loss_count(program);
		return 0;
	}
	scratch->busy = 1;
	return scratch;
}

static __always_inline void scratch_send(struct scratch *scratch, u32 size, u32 program)
{
	size &= 0x7fff;
	if (size > sizeof(scratch->bytes))
		size = sizeof(scratch->bytes);
	if (bpf_ringbuf_output(&records, scratch->bytes, size, BPF_RB_NO_WAKEUP))
		loss_count(program);
	scratch->busy = 0;
}

static __always_inline void header_fill(struct dit_header *header, u64 now, u32 pid, u32 tid, u16 kind,
					u32 aux)
{
	header->time_ns = now;
	header->pid = pid;
	header->tid = tid;
	header->kind = kind;
	header->cpu = (u16)bpf_get_smp_processor_id();
	header->aux = aux;
}

/* Writes the last components of a path, leaf first, at *offset of a scratch's text; returns how many. */
static __always_inline u16 path_record(char *text, u32 *offset, struct dentry *dentry)
{
	u16 names = 0;

#pragma unroll
	for (int i = 0; i < DIT_PATH_NAMES; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		long copied;

		if (!dentry || parent == dentry)
			break;
		*offset &= 4095;
		copied = bpf_probe_read_kernel_str(text + *offset, DIT_NAME_BYTES,
						   BPF_CORE_READ(dentry, d_name.name));
		if (copied < 1)
			break;
		*offset += (u32)copied;
		names++;
		dentry = parent;
	}
	return names;
}

static __always_inline struct dit_participant *participant_find(u32 pid, u32 tid)
{
	struct dit_participant *participant = bpf_map_lookup_elem(&participants, &pid);

	if (!participant)
		return 0;
	if (participant->only_tid && participant->only_tid != tid)
		return 0;
	return participant;
}

#define DIT_E2BIG 7 /* what an update of a full map returns */

static __always_inline void participant_add(u32 pid)
{
	struct dit_participant participant = { .only_tid = 0, .follow_children = 1 };

	if (bpf_map_update_elem(&participants, &pid, &participant, BPF_NOEXIST) == -DIT_E2BIG)
		loss_count(DIT_PROGRAM_PARTICIPANTS);
}

/* One that does not fit counts as a participant that does not: those who enter it are not followed. */
static __always_inline void cgroup_follow(u64 key)
{
	u8 followed = 1;

	if (bpf_map_update_elem(&followed_cgroups, &key, &followed, BPF_ANY) == -DIT_E2BIG)
		loss_count(DIT_PROGRAM_PARTICIPANTS);
}

#endif
