/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Scheduling: when a participant's thread runs and stops, and who wakes it, from which context. The
 * critical path is walked on these two.
 */

/* What this CPU is doing besides its current task, told by the entries and exits of interrupt handlers.
 * The preemption count would say it too, but as a symbol it is out of reach on kernels without
 * KALLSYMS_ALL. An interrupt without a tracepoint of its own (an IPI) is seen only while the CPU idles. */
struct cpu_context {
	u64 block_completion_ns; /* when a block request last completed here */
	u32 softirq_vector;      /* 1 + vector; 0: none */
	u32 in_hardirq;          /* hard interrupts do not nest */
	u32 in_hrtimer;
	u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_context);
} cpu_contexts SEC(".maps");

/* A wake-up this soon after a completion on the same CPU, in interrupt context, is the completion's. */
#define BLOCK_COMPLETION_WINDOW_NS 100000

static __always_inline struct cpu_context *cpu_context_here(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&cpu_contexts, &zero);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *previous, struct task_struct *next)
{
	u32 pid = previous->tgid, tid = previous->pid;
	u32 next_pid = next->tgid, next_tid = next->pid;
	struct dit_switch *record;

	if (!participant_find(pid, tid) && !participant_find(next_pid, next_tid))
		return 0;
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		loss_count(DIT_PROGRAM_SCHED_SWITCH);
		return 0;
	}
	header_fill(&record->header, bpf_ktime_get_ns(), pid, tid, DIT_SWITCH,
		    preempt ? 0 : task_state(previous));
	record->next_pid = next_pid;
	record->next_tid = next_tid;
	record->flags = (preempt ? 1 : 0) | (BPF_CORE_READ_BITFIELD(previous, in_iowait) ? 2 : 0);
	record->reserved = 0;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(sched_waking, struct task_struct *target)
{
	u32 target_pid = target->tgid, target_tid = target->pid;
	struct cpu_context *cpu;
	struct dit_waking *record;
	u64 pid_tgid, now;
	u32 context = 0, vector = 0, flags = 0;

	if (!participant_find(target_pid, target_tid))
		return 0;
	now = bpf_ktime_get_ns();
	pid_tgid = bpf_get_current_pid_tgid();
	cpu = cpu_context_here();

	if (cpu) {
		if (cpu->in_hardirq || cpu->in_hrtimer) {
			context = 2;
		} else if (cpu->softirq_vector) {
			context = 1;
			vector = cpu->softirq_vector - 1;
		} else if (!(u32)pid_tgid) {
			context = 2;
			flags |= DIT_WAKE_UNKNOWN_INTERRUPT;
		}
		if (cpu->in_hrtimer)
			flags |= DIT_WAKE_HRTIMER;
		if (context && now - cpu->block_completion_ns < BLOCK_COMPLETION_WINDOW_NS)
			flags |= DIT_WAKE_BLOCK_COMPLETION;
	}
	if (current_task_flags() & DIT_PF_KTHREAD)
		flags |= DIT_WAKE_KERNEL_THREAD;

	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		loss_count(DIT_PROGRAM_SCHED_WAKING);
		return 0;
	}
	header_fill(&record->header, now, pid_tgid >> 32, (u32)pid_tgid, DIT_WAKING,
		    context | vector << 8 | flags << 16);
	record->target_pid = target_pid;
	record->target_tid = target_tid;
	/* Names matter for wakers that are not followed; bpf_get_current_comm() costs less than a probe read. */
	bpf_get_current_comm(record->waker_comm, sizeof(record->waker_comm));
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

/* Exits come before entries, because programs are attached in this order: an entry without its exit would
 * leave the CPU marked for good. */
SEC("tp_btf/softirq_exit")
int BPF_PROG(softirq_exit, unsigned int vector)
{
	struct cpu_context *cpu = cpu_context_here();

	if (cpu)
		cpu->softirq_vector = 0;
	return 0;
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(softirq_entry, unsigned int vector)
{
	struct cpu_context *cpu = cpu_context_here();

	if (cpu)
		cpu->softirq_vector = vector + 1;
	return 0;
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(irq_handler_exit)
{
	struct cpu_context *cpu = cpu_context_here();

	if (cpu)
		cpu->in_hardirq = 0;
	return 0;
}

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(irq_handler_entry)
{
	struct cpu_context *cpu = cpu_context_here();

	if (cpu)
		cpu->in_hardirq = 1;
	return 0;
}

SEC("tp_btf/hrtimer_expire_exit")
int BPF_PROG(hrtimer_expire_exit)
{
	struct cpu_context *cpu = cpu_context_here();

	if (cpu)
		cpu->in_hrtimer = 0;
	return 0;
}

SEC("tp_btf/hrtimer_expire_entry")
int BPF_PROG(hrtimer_expire_entry)
{
	struct cpu_context *cpu = cpu_context_here();

	if (cpu)
		cpu->in_hrtimer = 1;
	return 0;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(block_rq_complete)
{
	struct cpu_context *cpu = cpu_context_here();

	if (cpu)
		cpu->block_completion_ns = bpf_ktime_get_ns();
	return 0;
}
