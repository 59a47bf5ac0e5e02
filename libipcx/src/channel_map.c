// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Ends of channels that are mapped: system calls only to sleep, and to wake.
 *
 * Nobody sleeps for ever. The kernel sets @sleeps of an end whose user waits, passes
 * a full barrier, and looks at the other number once more; channel_map_move() moves
 * its own number, passes a full barrier, and looks at @sleeps. Whichever barrier comes
 * first, the other side sees what was before it.
 *
 * The other side may be hostile, and write anything at any time. Its number is read
 * once, compared with the capacity, and what came out is used; what it has written
 * to the ring is copied or shown as it is, and the size of a packet is read once.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ipcx/channel.h>
#include <ipcx/deadline.h>

#include "channel_map.h"

/* Writes of up to so many bytes are whole, or not at all. */
#define WHOLE 4096U

/* So often it looks before it sleeps, at least and at most. */
#define SPINS_MIN 16U
#define SPINS_MAX 4096U

_Static_assert(sizeof(struct channel_words) <=
		       sizeof(struct ipcx_channel_words),
	       "the words are the kernel's");
_Static_assert(offsetof(struct channel_words, gone) ==
		       offsetof(struct ipcx_channel_words, gone),
	       "the words are the kernel's");

struct packet_head {
	_Atomic uint32_t size;
	uint32_t zero;
};

static inline char *ring_at(const struct channel_map *map)
{
	return map->data + (channel_my_pos(map) & map->mask);
}

/* What a packet takes. */
static inline uint64_t packet_size(uint64_t size)
{
	const uint64_t mask = IPCX_CHANNEL_PACKET_HEAD - 1;

	return IPCX_CHANNEL_PACKET_HEAD + ((size + mask) & ~mask);
}

/* Bytes that can be read, or room; more than the capacity is a lie. */
static inline uint32_t map_look(struct channel_map *map)
{
	uint32_t limit =
		atomic_load_explicit(&map->peer->pos, memory_order_acquire) +
		(map->writes ? map->capacity : 0);
	uint32_t avail = limit - channel_my_pos(map);

	/* Only what is true is kept for the next time. */
	if (IPCX_LIKELY(avail <= map->capacity))
		map->limit = limit;
	return avail;
}

/* By the last look. */
static inline uint32_t map_avail(const struct channel_map *map)
{
	int32_t avail = channel_avail(map, channel_my_pos(map));

	return avail > 0 ? (uint32_t)avail : 0;
}

static inline bool peer_is_gone(const struct channel_map *map)
{
	return atomic_load_explicit(&map->peer->gone, memory_order_acquire);
}

const struct channel_map ipcx_channel_no_map;

IPCX_COLD void ipcx_channel_map_wake(const struct channel_map *map)
{
	struct ipcx_channel_wake arg = { 0 };

	ipcx_ioctl(map->fd, IPCX_IOC_CHANNEL_WAKE, &arg);
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

/* So many bytes have gone through this end. */
static void map_go_on(const struct ipcx_channel *channel, uint32_t size)
{
	const struct channel_map *map = channel->map;

	channel_map_move(map, channel_my_pos(map) + size);
}

/* Looks for a while; how long, that is learnt from whether it has paid. */
static uint32_t map_spin(struct channel_map *map, uint32_t need)
{
	uint32_t i, avail = map_look(map);

	for (i = 0; avail < need && i < map->spins; i++) {
		relax();
		avail = map_look(map);
	}
	if (avail >= need && map->spins < SPINS_MAX)
		map->spins *= 2;
	else if (avail < need && map->spins > SPINS_MIN)
		map->spins /= 2;
	return avail;
}

static int map_sleep(struct ipcx_channel *channel, uint32_t need,
		     const struct ipcx_deadline *deadline)
{
	struct ipcx_channel_wait arg = { .need = need };
	__u64 ns;
	int err;

	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;
	return ipcx_ioctl(channel->fd, IPCX_IOC_CHANNEL_WAIT, &arg);
}

/*
 * Until there is so much, or, for who reads, the end and something before it. Who
 * does not wait goes through the kernel all the same: whoever is told "not now" is
 * woken by events from then on.
 */
static IPCX_COLD int map_wait(struct ipcx_channel *channel, uint32_t need,
			      const struct ipcx_deadline *deadline)
{
	struct channel_map *map = channel->map;
	uint32_t avail;
	int err;

	for (;;) {
		avail = ipcx_deadline_is_nowait(deadline) ? map_look(map) :
							    map_spin(map, need);
		if (avail > map->capacity)
			return -EPROTO;
		if (avail >= need)
			return 0;
		err = map_sleep(channel, need, deadline);
		if (err)
			return err;
		/* It is there, or it is what is left. */
		avail = map_look(map);
		if (avail > map->capacity)
			return -EPROTO;
		if (avail >= need ||
		    (!map->writes && avail && peer_is_gone(map)))
			return 0;
		/* A peer that takes its word back must not keep us here. */
		err = ipcx_deadline_check(deadline);
		if (err)
			return err;
	}
}

static int map_get(struct ipcx_channel *channel, uint32_t need,
		   const struct ipcx_deadline *deadline)
{
	struct channel_map *map = channel->map;
	uint32_t avail = map_avail(map);
	int err;

	if (avail < need)
		avail = map_look(map);
	if (avail < need || avail > map->capacity) {
		err = map_wait(channel, need, deadline);
		if (err)
			return err;
	}
	/* As for a pipe: there may be room, and nobody who will ever read. */
	if (map->writes && IPCX_UNLIKELY(peer_is_gone(map)))
		return map_sleep(channel, need, deadline);
	return 0;
}

/* ---- Writing ----------------------------------------------------------- */

static void packet_begin(const struct channel_map *map, size_t size)
{
	struct packet_head *head = (struct packet_head *)ring_at(map);

	atomic_store_explicit(&head->size, (uint32_t)size,
			      memory_order_relaxed);
	head->zero = 0;
}

static int packet_write(struct ipcx_channel *channel, const void *data,
			size_t size, const struct ipcx_deadline *deadline)
{
	struct channel_map *map = channel->map;
	uint64_t taken = packet_size(size);
	int err;

	if (size > map->capacity || taken > map->capacity)
		return -EMSGSIZE;
	err = map_get(channel, (uint32_t)taken, deadline);
	if (err)
		return err;
	packet_begin(map, size);
	memcpy(ring_at(map) + IPCX_CHANNEL_PACKET_HEAD, data, size);
	map_go_on(channel, (uint32_t)taken);
	return 0;
}

/* Room to begin with, or to go on: half a ring, not each few bytes. */
static uint32_t write_need(const struct channel_map *map, size_t left,
			   size_t done)
{
	uint32_t most = done ? map->capacity / 2 : WHOLE;

	if (left <= most)
		return (uint32_t)left;
	return done ? most : 1;
}

int ipcx_channel_map_write(struct ipcx_channel *channel, const void *data,
			   size_t size, const struct ipcx_deadline *deadline,
			   size_t *ret_written)
{
	struct channel_map *map = channel->map;
	size_t done = 0, part;
	uint32_t room;
	int err = 0;

	if (!map->writes)
		return -EBADF;
	if (map->packet && size) {
		err = packet_write(channel, data, size, deadline);
		done = err ? 0 : size;
	}
	while (!err && done < size) {
		err = map_get(channel, write_need(map, size - done, done),
			      deadline);
		if (IPCX_UNLIKELY(err))
			break;
		room = map_avail(map);
		part = size - done < room ? size - done : room;
		memcpy(ring_at(map), (const char *)data + done, part);
		map_go_on(channel, (uint32_t)part);
		done += part;
	}
	if (err && !done)
		return err;
	if (ret_written)
		*ret_written = done;
	return 0;
}

/* ---- Reading ----------------------------------------------------------- */

/*
 * What is next: where, how many bytes, and what they take. With an error that is
 * the end of the stream, 0 bytes.
 */
static int read_next(struct ipcx_channel *channel, uint32_t need,
		     const struct ipcx_deadline *deadline, char **ret_at,
		     uint32_t *ret_size)
{
	struct channel_map *map = channel->map;
	const struct packet_head *head;
	uint32_t avail, size, pos;
	int err;

	*ret_size = 0;
	map->taken = 0;
	err = map_get(channel, need, deadline);
	if (IPCX_UNLIKELY(err))
		return err == -EPIPE ? 0 : err;
	/* By the look that was behind it: not more than the capacity. */
	pos = channel_my_pos(map);
	avail = map->limit - pos;
	map->lent_at = pos;
	*ret_at = map->data + (pos & map->mask);
	*ret_size = avail;
	map->taken = avail;
	if (!map->packet)
		return 0;
	head = (const struct packet_head *)*ret_at;
	size = atomic_load_explicit(&head->size, memory_order_relaxed);
	if (packet_size(size) > avail)
		return -EPROTO;
	*ret_at += IPCX_CHANNEL_PACKET_HEAD;
	*ret_size = size;
	map->taken = (uint32_t)packet_size(size);
	return 0;
}

int ipcx_channel_map_read(struct ipcx_channel *channel, void *data, size_t size,
			  bool take, const struct ipcx_deadline *deadline,
			  size_t *ret_read)
{
	struct channel_map *map = channel->map;
	uint32_t next;
	char *at;
	int err;

	if (map->writes)
		return -EBADF;
	*ret_read = 0;
	if (!size)
		return 0;
	err = read_next(channel, 1, deadline, &at, &next);
	if (IPCX_UNLIKELY(err || !map->taken))
		return err;
	if (next > size && map->packet) {
		*ret_read = next;
		return -EMSGSIZE;
	}
	if (next > size) {
		next = (uint32_t)size;
		map->taken = next;
	}
	memcpy(data, at, next);
	*ret_read = next;
	if (take)
		map_go_on(channel, map->taken);
	return 0;
}

/* ---- Without a copy ---------------------------------------------------- */

IPCX_EXPORT int ipcx_channel_reserve(struct ipcx_channel *channel, size_t size,
				     const struct ipcx_deadline *deadline,
				     void **ret_data, size_t *ret_size)
{
	struct channel_map *map;
	uint32_t pos, head;
	uint64_t taken;
	int err;

	assert(channel);
	map = channel->map;
	if (!channel_is_mapped(channel) || !size)
		return -EINVAL;
	if (!map->writes)
		return -EBADF;
	map->lent = 0;
	taken = map->packet ? packet_size(size) : size;
	if (size > map->capacity || taken > map->capacity)
		return -EMSGSIZE;
	err = map_get(channel, (uint32_t)taken, deadline);
	if (err)
		return err;
	pos = channel_my_pos(map);
	head = map->packet ? IPCX_CHANNEL_PACKET_HEAD : 0;
	map->lent_at = pos;
	map->lent = map->limit - pos - head;
	*ret_data = map->data + (pos & map->mask) + head;
	if (ret_size)
		*ret_size = map->lent;
	return 0;
}

/*
 * Ends what was reserved, or viewed: with 0 it may be used. Where this end is not
 * where it was then, somebody has used the same in between.
 */
static inline int lent_end(struct channel_map *map, size_t size)
{
	uint32_t lent = map->lent;

	if (IPCX_UNLIKELY(size > lent))
		return -EINVAL;
	map->lent = 0;
	return IPCX_LIKELY(!size || channel_my_pos(map) == map->lent_at) ?
		       0 :
		       -EINVAL;
}

IPCX_EXPORT int ipcx_channel_commit(struct ipcx_channel *channel, size_t size)
{
	struct channel_map *map;
	int err;

	assert(channel);
	map = channel->map;
	if (!channel_is_mapped(channel) || !map->writes)
		return -EINVAL;
	err = lent_end(map, size);
	if (err || !size)
		return err;
	if (map->packet) {
		packet_begin(map, size);
		size = packet_size(size);
	}
	channel_map_move(map, map->lent_at + (uint32_t)size);
	return 0;
}

IPCX_EXPORT int ipcx_channel_view(struct ipcx_channel *channel, size_t size,
				  const struct ipcx_deadline *deadline,
				  const void **ret_data, size_t *ret_size)
{
	struct channel_map *map;
	char *at = NULL;
	uint32_t next;
	int err;

	assert(channel);
	map = channel->map;
	if (!channel_is_mapped(channel) || !size)
		return -EINVAL;
	if (map->writes)
		return -EBADF;
	map->lent = 0;
	*ret_size = 0;
	if (size > map->capacity)
		return -EMSGSIZE;
	err = read_next(channel, map->packet ? 1 : (uint32_t)size, deadline,
			&at, &next);
	if (err || !map->taken)
		return err;
	map->lent = next;
	*ret_data = at;
	*ret_size = next;
	return 0;
}

IPCX_EXPORT int ipcx_channel_consume(struct ipcx_channel *channel, size_t size)
{
	struct channel_map *map;
	int err;

	assert(channel);
	map = channel->map;
	if (!channel_is_mapped(channel) || map->writes ||
	    (map->packet && size != map->lent))
		return -EINVAL;
	err = lent_end(map, size);
	if (err || !size)
		return err;
	channel_map_move(map, map->lent_at + (map->packet ? map->taken :
							    (uint32_t)size));
	return 0;
}

/* ---- Mapping ----------------------------------------------------------- */

static void *map_part(const struct ipcx_channel *channel, size_t size,
		      unsigned int offset, bool write)
{
	void *p = mmap(NULL, size, write ? PROT_READ | PROT_WRITE : PROT_READ,
		       MAP_SHARED, channel->fd,
		       (off_t)offset * sysconf(_SC_PAGESIZE));

	return p == MAP_FAILED ? NULL : p;
}

static void map_free(struct channel_map *map)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (map->mine)
		munmap(map->mine, page);
	if (map->peer)
		munmap((void *)map->peer, page);
	if (map->data)
		munmap(map->data, 2 * (size_t)map->capacity);
	munmap(map, page);
}

static struct channel_map *map_alloc(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct channel_map *map = mmap(NULL, page, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	if (!madvise(map, page, MADV_WIPEONFORK))
		return map;
	munmap(map, page);
	return NULL;
}

/* 0, or the errno of what could not be mapped. */
static int map_all(const struct ipcx_channel *channel, struct channel_map *map,
		   const struct ipcx_channel_stat *stat)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const bool writes = stat->out_end == IPCX_CHANNEL_WRITER;

	map->fd = channel->fd;
	map->capacity = stat->out_capacity;
	map->mask = map->capacity - 1;
	map->writes = writes;
	map->packet = stat->out_flags & IPCX_CHANNEL_F_PACKET;
	map->spins = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? SPINS_MIN : 0;
	map->mine = map_part(channel, page,
			     writes ? IPCX_CHANNEL_MAP_FIRST :
				      IPCX_CHANNEL_MAP_SECOND,
			     true);
	if (!map->mine)
		return -errno;
	map->peer = map_part(channel, page,
			     writes ? IPCX_CHANNEL_MAP_SECOND :
				      IPCX_CHANNEL_MAP_FIRST,
			     false);
	if (!map->peer)
		return -errno;
	map->data = map_part(channel, 2 * (size_t)map->capacity,
			     IPCX_CHANNEL_MAP_DATA, writes);
	if (!map->data)
		return -errno;
	if (!map->packet && writes)
		map->out = map->data;
	else if (!map->packet)
		map->in = map->data;
	/* Nothing to begin with: it is looked at when it is wanted. */
	map->limit = channel_my_pos(map);
	return 0;
}

IPCX_EXPORT int ipcx_channel_map(struct ipcx_channel *channel)
{
	struct ipcx_channel_stat stat;
	struct channel_map *map;
	int saved, err;

	assert(channel);
	if (IPCX_LIKELY(channel_is_mapped(channel)))
		return 0;
	saved = errno;
	err = ipcx_channel_stat(channel, &stat);
	if (err)
		return err;
	if (stat.out_end == IPCX_CHANNEL_NO_END)
		return -EBADF;
	map = map_alloc();
	err = map ? map_all(channel, map, &stat) : -ENOMEM;
	errno = saved;
	if (err) {
		if (map)
			map_free(map);
		errno = saved;
		return err;
	}
	ipcx_channel_unmap(channel);
	channel->map = map;
	return 0;
}

IPCX_EXPORT void ipcx_channel_unmap(struct ipcx_channel *channel)
{
	int saved = errno;

	assert(channel);
	if (channel->map != &ipcx_channel_no_map)
		map_free(channel->map);
	channel->map = (struct channel_map *)&ipcx_channel_no_map;
	errno = saved;
}
