// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings. Operations map things at fixed windows only, so that the whole of
 * it is swept away by one call, and nothing else is ever hit. The windows are
 * far below where the kernel maps what has no address: a hole that is made in
 * them is not filled by somebody else. What begins in the last window may end
 * behind it, so there is one more that nothing begins in.
 */
#include "fuzz.h"

#include <errno.h>
#include <linux/ipcx.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	   4096UL
#define WINDOWS_AT ((char *)0x100000000000UL)

struct fuzz_places places;

static bool windows_used;

static char *map(size_t size, int prot, int flags, int fd)
{
	char *p = mmap(NULL, size, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

void memory_init(void)
{
	const int fresh = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, PAGE))
		abort();
	places.nothing = map(PAGE, PROT_NONE, fresh, -1);
	places.good = map(2 * PAGE, PROT_NONE, fresh, -1);
	places.good_end = places.good + PAGE;
	if (mmap(places.good, PAGE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		abort();
	places.read_only = map(PAGE, PROT_READ, MAP_SHARED, fd);
	close(fd);
	places.windows = WINDOWS_AT;
	windows_used = true;
	memory_reset();
}

void memory_reset(void)
{
	if (!windows_used)
		return;
	windows_used = false;
	if (mmap(places.windows, (WINDOWS + 2) * WINDOW_SIZE, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		abort();
}

char *memory_window(unsigned int window)
{
	return places.windows + window % WINDOWS * WINDOW_SIZE;
}

/* One to a few pages, seldom many. */
static size_t length(uint8_t byte)
{
	static const size_t pages[] = { 1, 1, 1, 1,  2,	  2,   3,    4,
					4, 5, 8, 16, 512, 513, 1024, 0 };
	size_t size = pages[byte & 15] * PAGE;

	return byte & 0x80 && size ? size - 1 - (byte & 0x70) : size;
}

static int protection(uint8_t byte)
{
	static const int prots[] = { PROT_READ | PROT_WRITE,
				     PROT_READ,
				     PROT_WRITE,
				     PROT_NONE,
				     PROT_READ | PROT_WRITE,
				     PROT_READ | PROT_EXEC,
				     PROT_READ | PROT_WRITE,
				     PROT_READ | PROT_WRITE | PROT_EXEC };

	return prots[byte & 7];
}

static int map_flags(uint8_t byte)
{
	static const int flags[] = { MAP_SHARED,
				     MAP_SHARED,
				     MAP_SHARED,
				     MAP_SHARED_VALIDATE,
				     MAP_PRIVATE,
				     MAP_SHARED | MAP_POPULATE,
				     MAP_SHARED | MAP_NORESERVE,
				     MAP_SHARED_VALIDATE | MAP_SYNC };

	return flags[byte & 7];
}

static off_t map_offset(uint8_t byte)
{
	if (byte < 0xe0)
		return byte & 0x40 ? (byte & 7) * PAGE : 0;
	return byte & 1 ? (off_t)(~0UL >> 1 & ~(PAGE - 1)) : 1L << (byte & 31);
}

/* Where the kernel likes it best: a moment only. */
static long map_anywhere(const struct fuzz_record *r, int fd)
{
	size_t size = length(r->p[1]);
	char *p = mmap(NULL, size, protection(r->p[2]), map_flags(r->p[3]), fd,
		       map_offset(r->p[4]));
	int error = errno;

	/* Nobody knows where it is, so it must not stay: the allocation may fail. */
	while (p != MAP_FAILED && munmap(p, size) && errno == ENOMEM)
		;
	errno = error;
	return p == MAP_FAILED ? -1 : 0;
}

long op_mmap(const struct fuzz_record *r)
{
	unsigned int slot = slot_pick(r->b, r->p[5] & 1 ? SLOT_SEM :
					    r->p[5] & 2 ? SLOT_CHANNEL :
							  SLOT_REGION);
	char *to = memory_window(r->a);
	void *p;

	if (r->p[0] >= 0xe0)
		return map_anywhere(r, slot_fd(slot));
	windows_used = true;
	/* Also behind the start: over a part of what is there. */
	p = mmap(to + (r->p[0] & 3) * PAGE, length(r->p[1]),
		 protection(r->p[2]), map_flags(r->p[3]) | MAP_FIXED,
		 slot_fd(slot), map_offset(r->p[4]));
	return p == MAP_FAILED ? -1 : 0;
}

static char *inside_window(const struct fuzz_record *r)
{
	return memory_window(r->a) + (r->p[0] & 3) * PAGE;
}

long op_munmap(const struct fuzz_record *r)
{
	windows_used = true;
	return munmap(inside_window(r), length(r->p[1]));
}

long op_mprotect(const struct fuzz_record *r)
{
	windows_used = true;
	return mprotect(inside_window(r), length(r->p[1]), protection(r->p[2]));
}

long op_mremap(const struct fuzz_record *r)
{
	static const int flags[] = { 0, MREMAP_MAYMOVE | MREMAP_FIXED,
				     MREMAP_MAYMOVE | MREMAP_FIXED |
					     MREMAP_DONTUNMAP,
				     0 };
	void *p;

	windows_used = true;
	p = mremap(inside_window(r), length(r->p[1]), length(r->p[2]),
		   flags[r->p[3] & 3], memory_window(r->b));
	return p == MAP_FAILED ? -1 : 0;
}

long op_madvise(const struct fuzz_record *r)
{
	static const int advices[] = {
		MADV_NORMAL,   MADV_WILLNEED,	   MADV_DONTNEED,
		MADV_REMOVE,   MADV_DONTFORK,	   MADV_DOFORK,
		MADV_HUGEPAGE, MADV_NOHUGEPAGE,	   MADV_COLD,
		MADV_PAGEOUT,  MADV_FREE,	   MADV_WIPEONFORK,
		MADV_DONTDUMP, MADV_POPULATE_READ, MADV_POPULATE_WRITE
	};
	char *at = inside_window(r);
	unsigned char core[1024];
	size_t size = length(r->p[1]);

	windows_used = true;
	switch (r->p[2] >> 5) {
	case 5:
		return msync(at, size, r->p[3] & 1 ? MS_SYNC : MS_INVALIDATE);
	case 6:
		return r->p[3] & 1 ? mlock(at, size) : munlock(at, size);
	case 7:
		return r->p[3] & 1 ?
			       mincore(at, size, core) :
			       remap_file_pages(at, size, 0, r->p[3] >> 1, 0);
	}
	return madvise(at, size, advices[r->p[2] % ARRAY_SIZE(advices)]);
}

/* What somebody hostile, or somebody mistaken, writes into mapped words. */
static uint32_t word(const struct fuzz_record *r)
{
	const uint32_t words[] = { 0,
				   1,
				   2,
				   lane->holder_id,
				   lane->holder_id + 1,
				   IPCX_LOCK_WORD_SLEEPERS,
				   IPCX_LOCK_WORD_NOTIFY,
				   IPCX_LOCK_WORD_HOLDER_DEAD,
				   IPCX_LOCK_WORD_SLEEPERS | lane->holder_id,
				   IPCX_LOCK_WORD_HOLDER,
				   IPCX_SEM_WORD_VALUE,
				   UINT32_MAX,
				   r->p[4] | (uint32_t)r->p[5] << 24 };

	return words[r->p[3] % ARRAY_SIZE(words)];
}

long op_store(const struct fuzz_record *r)
{
	uint32_t *at = (uint32_t *)inside_window(r) + (r->p[1] >> 4);
	uint32_t value = word(r);
	bool well;

	switch (r->p[2] & 7) {
	default:
		well = fuzz_guard(
			__atomic_store_n(at, value, __ATOMIC_SEQ_CST));
		break;
	case 1:
		well = fuzz_guard(
			__atomic_fetch_or(at, value, __ATOMIC_SEQ_CST));
		break;
	case 2:
		well = fuzz_guard(
			__atomic_fetch_add(at, value, __ATOMIC_SEQ_CST));
		break;
	case 3:
		well = fuzz_guard(memset(at, r->p[4], 64 * r->p[5]));
		break;
	case 4:
		well = fuzz_guard(__atomic_load_n(at, __ATOMIC_SEQ_CST));
		break;
	}
	errno = well ? 0 : EFAULT;
	return well ? 0 : -1;
}

/* Takes or leaves a lock, or a unit, as the library does it. */
long op_lock_word(const struct fuzz_record *r)
{
	uint32_t *at = (uint32_t *)memory_window(r->a);
	uint32_t id = lane->holder_id, zero = 0;
	bool done = false;

	switch (r->p[1] & 3) {
	case 0:
		fuzz_guard(done = __atomic_compare_exchange_n(
				   at, &zero, id, false, __ATOMIC_SEQ_CST,
				   __ATOMIC_SEQ_CST));
		break;
	case 1:
		fuzz_guard(done = __atomic_compare_exchange_n(
				   at, &id, 0, false, __ATOMIC_SEQ_CST,
				   __ATOMIC_SEQ_CST));
		break;
	case 2:
		fuzz_guard(
			done = (__atomic_fetch_add(at, 1, __ATOMIC_SEQ_CST) >>
				30) == 0);
		break;
	case 3:
		fuzz_guard(
			done = (__atomic_fetch_sub(at, 1, __ATOMIC_SEQ_CST) >>
				30) == 0);
		break;
	}
	errno = done ? 0 : EAGAIN;
	return done ? 0 : -1;
}

/* Through /proc/self/mem: what no mapping allows it must not allow either. */
long op_mem(const struct fuzz_record *r)
{
	char buffer[64] = {};
	off_t at = (off_t)(uintptr_t)inside_window(r);
	size_t size = r->p[1] % sizeof(buffer);

	memset(buffer, r->p[2], sizeof(buffer));
	if (r->p[3] & 1)
		return pwrite(world.mem, buffer, size, at);
	return pread(world.mem, buffer, size, at);
}
