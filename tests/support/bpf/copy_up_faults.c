/* Copy-ups of many threads, whose records cannot be sent for one reason or another. */
#include "kernel.h"
#include "dit_events.h"

#define DIT_S_IFMT 0170000
#define DIT_S_IFREG 0100000
#define DIT_O_TRUNC 01000
#include "maps.bpf.h"
#include "copy_up.bpf.h"

static void hold_scratches(u32 busy)
{
	for (u32 slot = 0; slot < DIT_SCRATCHES; slot++)
		((struct scratch *)bpf_map_lookup_elem(&scratches, &slot))->busy = busy;
}

static void copy_ups(const char *what)
{
	static struct inode inode = { .i_mode = DIT_S_IFREG, .i_size = 4096 };
	static struct dentry root = { .d_parent = &root, .d_name = { "/" } };
	static struct dentry file = { .d_parent = &root, .d_name = { "passwd" }, .d_inode = &inode };

	sent = 0;
	for (u32 tid = 100; tid < 150; tid++) {
		current = (u64)100 << 32 | tid;
		copy_up_begin(&file, 0);
		copy_up_end(0);
	}
	printf("%s: %u sent, %u left\n", what, sent, count_of(&copy_ups_in_progress));
}

int main(void)
{
	participant_add(100);
	copy_ups("as it should be");
	ring_is_full = true;
	copy_ups("the ring is full");
	ring_is_full = false;
	hold_scratches(1);
	copy_ups("the buffers are held");
	hold_scratches(0);
	copy_ups("as it should be");
	return 0;
}
