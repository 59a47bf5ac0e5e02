// SPDX-License-Identifier: GPL-2.0-only
/* Fail the n-th: mappings of every kind, and processes that have them. */
#define T_WITHOUT_TESTS
#include "fault.h"

#include <sys/uio.h>

#define SIZE (FAULT_REGION_PAGES * T_PAGE)
#define RW   (PROT_READ | PROT_WRITE)

static int map(struct fault_world *w, int object, size_t size, int prot,
	       int flags)
{
	void *p = mmap(NULL, size, prot, flags, w->obj[object], 0);

	if (p == MAP_FAILED)
		return -errno;
	w->map = p;
	w->map_size = size;
	return 0;
}

static void clean_map(struct fault_world *w)
{
	if (w->map)
		munmap(w->map, w->map_size);
	w->map = NULL;
}

/* The word moves into a page for the first mapping, and stays there. */
static void allow_page(struct fault_state *before,
		       const struct fault_state *now, int ret T_UNUSED)
{
	int i;

	for (i = FAULT_PLAIN; i <= FAULT_LOCK; i++) {
		if (now->stat[i].out_bytes !=
		    before->stat[i].out_bytes + T_PAGE)
			continue;
		before->stat[i].out_bytes += T_PAGE;
		before->used[IPCX_RESOURCE_BYTES] += T_PAGE;
	}
}

static int run_map_plain(struct fault_world *w)
{
	return map(w, FAULT_PLAIN, T_PAGE, RW, MAP_SHARED);
}

static int run_map_lock(struct fault_world *w)
{
	return map(w, FAULT_LOCK, T_PAGE, RW, MAP_SHARED);
}

static int run_map_region(struct fault_world *w)
{
	return map(w, FAULT_REGION, SIZE, RW, MAP_SHARED);
}

static int run_map_populated(struct fault_world *w)
{
	return map(w, FAULT_REGION, SIZE, RW, MAP_SHARED | MAP_POPULATE);
}

static int run_map_private(struct fault_world *w)
{
	return map(w, FAULT_REGION, SIZE, RW, MAP_PRIVATE);
}

static int run_map_read_only(struct fault_world *w)
{
	return map(w, FAULT_EXTRA, SIZE, PROT_READ, MAP_SHARED);
}

static int prepare_read_only(struct fault_world *w)
{
	w->obj[FAULT_EXTRA] = t_reduce(w->obj[FAULT_REGION], IPCX_RIGHT_READ);
	return w->obj[FAULT_EXTRA] < 0 ? w->obj[FAULT_EXTRA] : 0;
}

static void clean_read_only(struct fault_world *w)
{
	clean_map(w);
	close(w->obj[FAULT_EXTRA]);
	w->obj[FAULT_EXTRA] = -1;
}

static bool verify_word(struct fault_world *w)
{
	return *(volatile uint32_t *)w->map % (IPCX_SEM_WORD_NOTIFY) == 5;
}

static bool verify_lock_word(struct fault_world *w)
{
	return !(*(volatile uint32_t *)w->map & IPCX_LOCK_WORD_HOLDER);
}

static unsigned int writable_maps(struct fault_world *w)
{
	struct ipcx_region_stat s;

	return t_region_stat(w->obj[FAULT_REGION], &s) ? -1U :
							 s.out_writable_maps;
}

static bool verify_region(struct fault_world *w)
{
	volatile char *p = w->map;
	int i;

	for (i = 0; i < FAULT_REGION_PAGES; i++)
		p[i * T_PAGE] = i + 1;
	return p[T_PAGE] == 2 && writable_maps(w) == 1;
}

static bool verify_read_only(struct fault_world *w)
{
	return *(volatile char *)w->map == 0 && writable_maps(w) == 0;
}

static bool verify_private(struct fault_world *w)
{
	*(volatile char *)w->map = 1;
	return writable_maps(w) == 0;
}

/* What user space touches is tried again until there is memory. */
static int run_touch(struct fault_world *w)
{
	int i;

	for (i = 0; i < FAULT_REGION_PAGES; i++)
		*(volatile char *)(w->map + i * T_PAGE) = 1;
	return 0;
}

static int prepare_mapped(struct fault_world *w)
{
	return run_map_region(w);
}

static int prepare_word(struct fault_world *w)
{
	return run_map_plain(w);
}

static int run_touch_word(struct fault_world *w)
{
	return verify_word(w) ? 0 : -EPROTO;
}

/* What the kernel touches for it is an error, or cut short, as for any page. */
static int run_write_into(struct fault_world *w)
{
	return t_ioctl(w->dev, IPCX_IOC_QUOTA, w->map + T_PAGE);
}

static bool verify_written_into(struct fault_world *w)
{
	struct ipcx_quota *q = (struct ipcx_quota *)(w->map + T_PAGE);

	return q->out_total_used[IPCX_RESOURCE_OBJECTS] >= FAULT_WHOLE;
}

/* Pages that were made before the fault stay; that is what they are for. */
static void allow_resident(struct fault_state *before,
			   const struct fault_state *now, int ret T_UNUSED)
{
	before->region[FAULT_REGION].out_resident =
		now->region[FAULT_REGION].out_resident;
}

/* A mapping that was split before the second split failed stays split. */
static void allow_split(struct fault_state *before,
			const struct fault_state *now, int ret T_UNUSED)
{
	unsigned int maps = now->region[FAULT_REGION].out_writable_maps;

	if (maps == 2 || maps == 3)
		before->region[FAULT_REGION].out_writable_maps = maps;
}

static int run_unmap_middle(struct fault_world *w)
{
	return munmap(w->map + T_PAGE, T_PAGE) ? -errno : 0;
}

static bool verify_two_maps(struct fault_world *w)
{
	return writable_maps(w) == 2;
}

static int run_protect_middle(struct fault_world *w)
{
	return mprotect(w->map + T_PAGE, T_PAGE, PROT_READ) ? -errno : 0;
}

static bool verify_three_maps(struct fault_world *w)
{
	return writable_maps(w) == 3;
}

/* To where something else is. */
static int prepare_move(struct fault_world *w)
{
	w->map2 =
		mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	w->map2_size = SIZE;
	return run_map_region(w);
}

static int run_move(struct fault_world *w)
{
	void *p = mremap(w->map, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			 w->map2);

	return p == MAP_FAILED ? -errno : 0;
}

static bool verify_moved(struct fault_world *w)
{
	*(volatile char *)w->map2 = 1;
	return writable_maps(w) == 1;
}

static void clean_maps(struct fault_world *w)
{
	if (w->map2)
		munmap(w->map2, w->map2_size);
	w->map2 = NULL;
	clean_map(w);
}

static int run_madvise(struct fault_world *w)
{
	return madvise(w->map + T_PAGE, T_PAGE, MADV_DONTFORK) ? -errno : 0;
}

/* All kinds at once. */
static int prepare_all_mapped(struct fault_world *w)
{
	int ret = run_map_plain(w);

	w->map2 = w->map;
	w->map2_size = w->map_size;
	return ret ?: run_map_region(w);
}

/* Without the library's part, which allocates on its own account. */
static int run_fork(struct fault_world *w)
{
	w->pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!w->pid)
		syscall(SYS_exit_group, 0);
	return w->pid < 0 ? -errno : 0;
}

static bool verify_reaped(struct fault_world *w)
{
	return t_reap(w->pid) == 0 && writable_maps(w) == 1;
}

#define MAP_OP(text, what, check, ...)                                     \
	{                                                                  \
		.name = text, .run = run_##what, .verify = verify_##check, \
		.clean = clean_map, __VA_ARGS__                            \
	}

static const struct fault_op map_ops[] = {
	MAP_OP("map a semaphore", map_plain, word, .allow = allow_page),
	MAP_OP("map a lock", map_lock, lock_word, .allow = allow_page),
	MAP_OP("map a region", map_region, region),
	MAP_OP("map a region, with pages", map_populated, region,
	       .allow = allow_resident),
	MAP_OP("map a region, private", map_private, private),
	MAP_OP("map a region, read-only", map_read_only, read_only,
	       .prepare = prepare_read_only, .clean = clean_read_only),
	MAP_OP("touch a semaphore", touch_word, word, .prepare = prepare_word),
	MAP_OP("touch a region", touch, region, .prepare = prepare_mapped,
	       .allow = allow_resident),
	MAP_OP("QUOTA into a region", write_into, written_into,
	       .prepare = prepare_mapped, .allow = allow_resident),
	MAP_OP("unmap the middle", unmap_middle, two_maps,
	       .prepare = prepare_mapped, .allow = allow_split),
	MAP_OP("protect the middle", protect_middle, three_maps,
	       .prepare = prepare_mapped, .allow = allow_split),
	MAP_OP("move a mapping", move, moved, .prepare = prepare_move,
	       .clean = clean_maps),
	MAP_OP("advise the middle", madvise, three_maps, .also = { -EAGAIN },
	       .prepare = prepare_mapped, .allow = allow_split),
	{ .name = "fork with mappings",
	  .run = run_fork,
	  .also = { -EAGAIN },
	  .prepare = prepare_all_mapped,
	  .verify = verify_reaped,
	  .clean = clean_maps },
};

const struct fault_table fault_maps = { map_ops, ARRAY_SIZE(map_ops) };

/* ---- Death ------------------------------------------------------------- */

/* What a process can hold, all at once: it dies with that. */
static int hold_everything(struct fault_world *w)
{
	int ret = t_sem_p(w->obj[FAULT_OWNED], 2, 0)	    ?:
			  t_sem_p(w->obj[FAULT_LOCK], 1, 0) ?:
			  t_region_lock(w->obj[FAULT_REGION], IPCX_LOCK_READ, 0,
					NULL);

	return ret ?: run_map_plain(w) ?: run_map_region(w);
}

static int prepare_page(struct fault_world *w)
{
	int ret = run_map_plain(w);

	clean_map(w);
	return ret;
}

static int run_nothing(struct fault_world *w T_UNUSED)
{
	return 0;
}

static int enter_holding(struct fault_world *w)
{
	return hold_everything(w);
}

/* A program of 64 bits that does nothing but end. */
/* clang-format off */
static const unsigned char program[] = {
	/* The header: where to begin, and that one more header follows it. */
	0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	2, 0, 62, 0, 1, 0, 0, 0, 120, 0, 64, 0, 0, 0, 0, 0,
	64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 0, 0, 0, 0, 0, 0,
	/* All of the file, to 4 MiB. */
	1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0,
	129, 0, 0, 0, 0, 0, 0, 0, 129, 0, 0, 0, 0, 0, 0, 0,
	0, 16, 0, 0, 0, 0, 0, 0,
	/* exit(0) */
	0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05,
};

/* clang-format on */

static int enter_exec(struct fault_world *w)
{
	w->fd = memfd_create("program", MFD_CLOEXEC);
	if (write(w->fd, program, sizeof(program)) != sizeof(program))
		return -errno;
	return hold_everything(w);
}

/* There is a new image, and the old one's things are back; or neither. */
static int run_exec(struct fault_world *w)
{
	static char *const none[] = { NULL };
	int ret;

	syscall(SYS_execveat, w->fd, "", none, none, AT_EMPTY_PATH);
	ret = -errno;
	if (t_sem_held(w->obj[FAULT_OWNED]) != 2 ||
	    t_sem_value(w->obj[FAULT_LOCK]) != 0)
		return -EPROTO;
	return ret;
}

static const struct fault_op death_ops[] = {
	{ .name = "exit of a holder",
	  .where = FAULT_DEATH,
	  .prepare = prepare_page,
	  .enter = enter_holding,
	  .run = run_nothing },
	{ .name = "exec of a holder",
	  .where = FAULT_CHILD,
	  .prepare = prepare_page,
	  .enter = enter_exec,
	  .run = run_exec,
	  .also = { -EAGAIN, -E2BIG } },
};

const struct fault_table fault_deaths = { death_ops, ARRAY_SIZE(death_ops) };
