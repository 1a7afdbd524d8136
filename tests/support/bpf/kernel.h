/*
 * As much of the kernel as the headers of bpf/ need to be compiled for this machine and called one program after the
 * other: maps that can be full, a ring that can be, and the current thread. For faults that a kernel cannot be made to
 * have at a given moment.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define SEC(name)
#define __uint(name, number) int (*name)[number]
#define __type(name, type) __typeof__(type) *name

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_RB_NO_WAKEUP = 1 };

#define BPF_CORE_READ(object, field) ((object)->field)

struct inode {
	u32 i_mode;
	u64 i_size;
};
struct dentry {
	struct dentry *d_parent;
	struct {
		const char *name;
	} d_name;
	struct inode *d_inode;
};

/* Entries of all maps; an array's are there from the beginning, as zeros. */
static struct entry {
	const void *map;
	u64 key;
	_Alignas(8) char value[1 << 16];
} entries[256];
static unsigned int entry_count;
static bool ring_is_full;
static unsigned int sent;
static u64 current;

static struct entry *find(const void *map, const void *key, size_t key_size)
{
	u64 wanted = 0;

	memcpy(&wanted, key, key_size);
	for (unsigned int i = 0; i < entry_count; i++)
		if (entries[i].map == map && entries[i].key == wanted)
			return &entries[i];
	return 0;
}

static long put(const void *map, const void *key, size_t key_size, const void *value, size_t size)
{
	struct entry *entry = find(map, key, key_size);

	if (!entry) {
		entry = &entries[entry_count++];
		entry->map = map;
		entry->key = 0;
		memcpy(&entry->key, key, key_size);
	}
	memcpy(entry->value, value, size);
	return 0;
}

static void *look_up(const void *map, size_t type, const void *key, size_t key_size, size_t size)
{
	static const char zeros[1 << 16];
	struct entry *entry = find(map, key, key_size);

	if (!entry && (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY)) {
		put(map, key, key_size, zeros, size);
		entry = find(map, key, key_size);
	}
	return entry ? entry->value : 0;
}

static long delete_entry(const void *map, const void *key, size_t key_size)
{
	struct entry *entry = find(map, key, key_size);

	if (!entry)
		return -2;
	*entry = entries[--entry_count];
	return 0;
}

static unsigned int count_of(const void *map)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < entry_count; i++)
		count += entries[i].map == map;
	return count;
}

#define TYPE_OF(m) (sizeof(*(m)->type) / sizeof(int))
#define bpf_map_lookup_elem(m, k) look_up(m, TYPE_OF(m), k, sizeof(*(m)->key), sizeof(*(m)->value))
#define bpf_map_update_elem(m, k, v, flags) put(m, k, sizeof(*(m)->key), v, sizeof(*(m)->value))
#define bpf_map_delete_elem(m, k) delete_entry(m, k, sizeof(*(m)->key))

static long bpf_ringbuf_output(void *ring, void *data, u64 size, u64 flags)
{
	sent += !ring_is_full;
	return ring_is_full ? -11 : 0;
}

static u64 bpf_get_current_pid_tgid(void)
{
	return current;
}

static u64 bpf_ktime_get_ns(void)
{
	static u64 now;

	return now += 1000;
}

static u32 bpf_get_smp_processor_id(void)
{
	return 0;
}

static long bpf_probe_read_kernel_str(void *to, u32 size, const void *from)
{
	return snprintf(to, size, "%s", (const char *)from) + 1;
}
