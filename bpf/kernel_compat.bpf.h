/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * Every difference between kernels that the programs must know, each with the commit that made it.
 */
#ifndef DIT_KERNEL_COMPAT_BPF_H
#define DIT_KERNEL_COMPAT_BPF_H

/* task_struct.state became __state in 5.14 (2f064a59a11f). */
struct task_struct___before_5_14 {
	volatile long state;
} __attribute__((preserve_access_index));

static __always_inline unsigned int task_state(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return (unsigned int)((struct task_struct___before_5_14 *)task)->state;
}

/* bpf_get_current_task_btf() came in 5.11 (3ca1032ab7ab); without it the flags take a probe read. */
static __always_inline unsigned int current_task_flags(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return bpf_get_current_task_btf()->flags;
	return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), flags);
}

/* libbpf before 1.2 has no macro for the sixth argument. */
#if defined(__TARGET_ARCH_x86)
#define DIT_PARM6_SYSCALL(regs) ((regs)->r9)
#else
#define DIT_PARM6_SYSCALL(regs) ((regs)->regs[5])
#endif

#define DIT_S_IFMT 0170000
#define DIT_S_IFREG 0100000
#define DIT_O_ACCMODE 03
#define DIT_O_CREAT 0100
#define DIT_O_TRUNC 01000
#define DIT_PF_KTHREAD 0x00200000
#define DIT_CGROUP_MAGIC 0x27e0eb
#define DIT_CGROUP2_MAGIC 0x63677270
#define DIT_POST 0x54534f50 /* "POST", little-endian */

#endif
