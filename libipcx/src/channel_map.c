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

/* What has batches or turns is looked at closely. */
#define NOT_PLAIN (IPCX_CHANNEL_F_TURN | IPCX_CHANNEL_F_STRICT)

/* Where this end reads, or writes. */
static inline uint32_t map_at(const struct channel_map *map)
{
	return atomic_load_explicit(map->at, memory_order_relaxed);
}

static inline char *ring_at(const struct channel_map *map, uint32_t at)
{
	return map->data + (at & map->mask);
}

/* What a packet takes. */
static inline uint64_t packet_size(uint64_t size)
{
	const uint64_t mask = IPCX_CHANNEL_PACKET_HEAD - 1;

	return IPCX_CHANNEL_PACKET_HEAD + ((size + mask) & ~mask);
}

/* ---- Looking ----------------------------------------------------------- */

/* What cannot be: more than any capacity. */
#define LIE UINT32_MAX

/* In a channel with turns: whether this end has it; -EPROTO for what cannot be. */
static int turn_is_mine(const struct channel_map *map)
{
	/* Acquire: what was written before it was handed over is seen. */
	uint32_t theirs =
		atomic_load_explicit(&map->peer->passes, memory_order_acquire);
	uint32_t mine =
		atomic_load_explicit(&map->mine->passes, memory_order_relaxed);
	uint32_t more = map->second ? theirs - mine : mine - theirs;

	return IPCX_LIKELY(more <= 1) ? more == map->second : -EPROTO;
}

/* Bytes that the other end does not see yet. */
static uint32_t map_staged(const struct channel_map *map)
{
	return atomic_load_explicit(&map->mine->next, memory_order_relaxed) -
	       channel_my_pos(map);
}

static uint32_t look_for_room(const struct channel_map *map)
{
	int mine = map->flags & IPCX_CHANNEL_F_TURN ? turn_is_mine(map) : 1;
	uint32_t pos =
		atomic_load_explicit(&map->peer->pos, memory_order_acquire);
	uint32_t used = channel_my_pos(map) - pos;

	if (mine < 0)
		return LIE;
	/* Behind: there is something to read first. */
	if (map->flags & IPCX_CHANNEL_F_TURN && (int32_t)used < 0)
		return -used > map->capacity ? LIE : 0;
	if (used > map->capacity)
		return LIE;
	if (!mine || (map->flags & IPCX_CHANNEL_F_STRICT && used))
		return 0;
	if (map->flags & IPCX_CHANNEL_F_STRICT)
		used = map_staged(map);
	return map->capacity - used;
}

static uint32_t look_for_bytes(const struct channel_map *map)
{
	uint32_t pos =
		atomic_load_explicit(&map->peer->pos, memory_order_acquire);
	uint32_t avail = pos - channel_my_pos(map);

	/* Ahead: what is there is for the other end. */
	if (map->flags & IPCX_CHANNEL_F_TURN && (int32_t)avail < 0)
		return -avail > map->capacity ? LIE : 0;
	return avail;
}

static __attribute__((noinline)) uint32_t
map_look_closely(struct channel_map *map)
{
	uint32_t avail = map->writes ? look_for_room(map) : look_for_bytes(map);

	if (IPCX_LIKELY(avail <= map->capacity))
		map->limit = map_at(map) + avail;
	return avail;
}

/* Bytes that can be read, or room; more than the capacity is a lie. */
static inline uint32_t map_look(struct channel_map *map)
{
	uint32_t limit, avail;

	if (IPCX_UNLIKELY(map->flags & NOT_PLAIN))
		return map_look_closely(map);
	limit = atomic_load_explicit(&map->peer->pos, memory_order_acquire) +
		(map->writes ? map->capacity : 0);
	avail = limit - channel_my_pos(map);
	/* Only what is true is kept for the next time. */
	if (IPCX_LIKELY(avail <= map->capacity))
		map->limit = limit;
	return avail;
}

/* By the last look. Nothing makes it less: a turn that is here stays here. */
static inline uint32_t map_avail(const struct channel_map *map)
{
	int32_t avail = channel_avail(map, map_at(map));

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

/* ---- Moving ------------------------------------------------------------ */

static void map_face_to(struct channel_map *map, bool writes)
{
	map->writes = writes;
	map->at = writes && map->flags & IPCX_CHANNEL_F_STRICT ?
			  &map->mine->next :
			  &map->mine->pos;
	map->limit = map_at(map);
	map->lent = 0;
}

/* From now on it writes, or reads; false where it never does. */
static inline bool map_face(struct channel_map *map, bool writes)
{
	if (IPCX_LIKELY(map->writes == writes))
		return true;
	if (!(map->flags & IPCX_CHANNEL_F_TURN))
		return false;
	map_face_to(map, writes);
	return true;
}

/* The end of a batch: there is no room until all of it is read. */
static void map_publish(struct channel_map *map)
{
	uint32_t next =
		atomic_load_explicit(&map->mine->next, memory_order_relaxed);

	if (next == channel_my_pos(map))
		return;
	map->limit = next;
	channel_map_move(map, next);
}

/*
 * The end of a batch, and of the turn: that it is behind the bytes is what keeps them
 * apart. The last look is over with it.
 */
static void map_hand_over(struct channel_map *map, uint32_t to)
{
	uint32_t passes =
		atomic_load_explicit(&map->mine->passes, memory_order_relaxed);

	if (map->flags & IPCX_CHANNEL_F_STRICT)
		atomic_store_explicit(&map->mine->next, to,
				      memory_order_relaxed);
	atomic_store_explicit(&map->mine->pos, to, memory_order_release);
	atomic_store_explicit(&map->mine->passes, passes + 1,
			      memory_order_release);
	map->limit = to;
	map->lent = 0;
	channel_map_tell(map);
}

/* This end has come to @to; @flags say what comes behind it. */
static void map_go_to(struct channel_map *map, uint32_t to, uint32_t flags)
{
	if (flags & IPCX_CHANNEL_WRITE_F_PASS) {
		map_hand_over(map, to);
	} else if (map->writes && map->flags & IPCX_CHANNEL_F_STRICT) {
		/* Behind the bytes: the kernel ends the batch of who dies. */
		atomic_store_explicit(&map->mine->next, to,
				      memory_order_release);
		if (flags & IPCX_CHANNEL_WRITE_F_FLUSH ||
		    map_staged(map) == map->capacity)
			map_publish(map);
	} else {
		channel_map_move(map, to);
	}
}

/* What was before @to is read. Where this end writes next is never behind. */
static inline void map_take(struct channel_map *map, uint32_t to)
{
	if (IPCX_UNLIKELY(map->flags & NOT_PLAIN))
		atomic_store_explicit(&map->mine->next, to,
				      memory_order_relaxed);
	channel_map_move(map, to);
}

/* ---- Waiting ----------------------------------------------------------- */

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
	struct ipcx_channel_wait arg = {
		.need = need,
		.flags = channel->map->writes ? IPCX_CHANNEL_WAIT_F_WRITE : 0,
	};
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
		/* What does not fit any more is the end of a batch. */
		if (map->writes && map->flags & IPCX_CHANNEL_F_STRICT)
			map_publish(map);
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

static void packet_begin(const struct channel_map *map, uint32_t at,
			 size_t size)
{
	struct packet_head *head = (struct packet_head *)ring_at(map, at);

	atomic_store_explicit(&head->size, (uint32_t)size,
			      memory_order_relaxed);
	head->zero = 0;
}

static int packet_write(struct ipcx_channel *channel, const void *data,
			size_t size, uint32_t flags,
			const struct ipcx_deadline *deadline)
{
	struct channel_map *map = channel->map;
	uint64_t taken = packet_size(size);
	uint32_t at;
	int err;

	if (size > map->capacity || taken > map->capacity)
		return -EMSGSIZE;
	err = map_get(channel, (uint32_t)taken, deadline);
	if (err)
		return err;
	at = map_at(map);
	packet_begin(map, at, size);
	memcpy(ring_at(map, at) + IPCX_CHANNEL_PACKET_HEAD, data, size);
	map_go_to(map, at + (uint32_t)taken, flags);
	return 0;
}

/* Room to begin with, or to go on: half a ring, not each few bytes. */
static uint32_t write_need(const struct channel_map *map, size_t left,
			   size_t done)
{
	uint32_t most = done ? map->capacity / 2 : WHOLE;

	/* A batch is filled, however little room is left of it. */
	if (map->flags & IPCX_CHANNEL_F_STRICT)
		return 1;
	if (left <= most)
		return (uint32_t)left;
	return done ? most : 1;
}

static int stream_write(struct ipcx_channel *channel, const char *data,
			size_t size, uint32_t flags,
			const struct ipcx_deadline *deadline, size_t *done)
{
	struct channel_map *map = channel->map;
	uint32_t room, at;
	size_t left, part;
	int err;

	for (left = size; left; left -= part) {
		err = map_get(channel, write_need(map, left, size - left),
			      deadline);
		if (IPCX_UNLIKELY(err))
			return err;
		room = map_avail(map);
		part = left < room ? left : room;
		at = map_at(map);
		memcpy(ring_at(map, at), data + size - left, part);
		map_go_to(map, at + (uint32_t)part, part == left ? flags : 0);
		*done += part;
	}
	return 0;
}

/* What can be said of @flags and @size before anything is written. */
static int write_check(const struct channel_map *map, size_t size,
		       uint32_t flags)
{
	if (flags & ~(IPCX_CHANNEL_WRITE_F_PASS | IPCX_CHANNEL_WRITE_F_FLUSH))
		return -EINVAL;
	if (flags && !size)
		return -EINVAL;
	return flags & IPCX_CHANNEL_WRITE_F_PASS &&
			       !(map->flags & IPCX_CHANNEL_F_TURN) ?
		       -EPERM :
		       0;
}

int ipcx_channel_map_write(struct ipcx_channel *channel, const void *data,
			   size_t size, uint32_t flags,
			   const struct ipcx_deadline *deadline,
			   size_t *ret_written)
{
	struct channel_map *map = channel->map;
	size_t done = 0;
	int err;

	if (!map_face(map, true))
		return -EACCES;
	err = write_check(map, size, flags);
	if (err)
		return err;
	if (map->flags & IPCX_CHANNEL_F_PACKET && size) {
		err = packet_write(channel, data, size, flags, deadline);
		done = err ? 0 : size;
	} else {
		err = stream_write(channel, data, size, flags, deadline, &done);
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
	pos = map_at(map);
	avail = map->limit - pos;
	map->lent_at = pos;
	*ret_at = ring_at(map, pos);
	*ret_size = avail;
	map->taken = avail;
	if (IPCX_LIKELY(!(map->flags & IPCX_CHANNEL_F_PACKET)))
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

	if (!map_face(map, false))
		return -EACCES;
	/* Whatever was viewed is not any more: its place is noted anew. */
	map->lent = 0;
	*ret_read = 0;
	if (!size)
		return 0;
	err = read_next(channel, 1, deadline, &at, &next);
	if (IPCX_UNLIKELY(err || !map->taken))
		return err;
	if (next > size && map->flags & IPCX_CHANNEL_F_PACKET) {
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
		map_take(map, map->lent_at + map->taken);
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
	if (!map_face(map, true))
		return -EACCES;
	map->lent = 0;
	head = map->flags & IPCX_CHANNEL_F_PACKET ? IPCX_CHANNEL_PACKET_HEAD :
						    0;
	taken = head ? packet_size(size) : size;
	if (size > map->capacity || taken > map->capacity)
		return -EMSGSIZE;
	err = map_get(channel, (uint32_t)taken, deadline);
	if (err)
		return err;
	pos = map_at(map);
	map->lent_at = pos;
	map->lent = map->limit - pos - head;
	*ret_data = ring_at(map, pos) + head;
	if (ret_size)
		*ret_size = map->lent;
	return 0;
}

/*
 * Of what was reserved, or viewed: nothing is used, there was nothing, or less, or it
 * was the other of the two.
 */
static IPCX_COLD int lent_none(struct ipcx_channel *channel, size_t size,
			       bool writes)
{
	struct channel_map *map = channel->map;

	if (!channel_is_mapped(channel) || map->writes != writes || size)
		return -EINVAL;
	map->lent = 0;
	return 0;
}

/*
 * It may be used, and is at its end. Where this end is not where it was then, somebody
 * has used the same in between.
 */
static inline bool lent_end(struct channel_map *map)
{
	map->lent = 0;
	return IPCX_LIKELY(map_at(map) == map->lent_at);
}

/* Of a packet, or in a batch. */
static __attribute__((noinline)) int commit_closely(struct channel_map *map,
						    size_t size)
{
	if (map->flags & IPCX_CHANNEL_F_PACKET) {
		packet_begin(map, map->lent_at, size);
		size = packet_size(size);
	}
	map_go_to(map, map->lent_at + (uint32_t)size, 0);
	return 0;
}

IPCX_EXPORT int ipcx_channel_commit(struct ipcx_channel *channel, size_t size)
{
	struct channel_map *map;

	assert(channel);
	map = channel->map;
	/* Also 0, and what is not mapped, to which nothing was lent. */
	if (IPCX_UNLIKELY(size - 1 >= map->lent || !map->writes))
		return lent_none(channel, size, true);
	if (!lent_end(map))
		return -EINVAL;
	if (IPCX_UNLIKELY(map->flags))
		return commit_closely(map, size);
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
	if (!map_face(map, false))
		return -EACCES;
	map->lent = 0;
	*ret_size = 0;
	if (size > map->capacity)
		return -EMSGSIZE;
	if (IPCX_UNLIKELY(map->flags & IPCX_CHANNEL_F_PACKET))
		size = 1;
	err = read_next(channel, (uint32_t)size, deadline, &at, &next);
	if (err || !map->taken)
		return err;
	map->lent = next;
	*ret_data = at;
	*ret_size = next;
	return 0;
}

/* Of a packet, which is taken as a whole, or where this end also writes. */
static __attribute__((noinline)) int consume_closely(struct channel_map *map,
						     size_t size)
{
	if (map->flags & IPCX_CHANNEL_F_PACKET && size != map->lent)
		return -EINVAL;
	if (!lent_end(map))
		return -EINVAL;
	if (map->flags & IPCX_CHANNEL_F_PACKET)
		size = map->taken;
	map_take(map, map->lent_at + (uint32_t)size);
	return 0;
}

IPCX_EXPORT int ipcx_channel_consume(struct ipcx_channel *channel, size_t size)
{
	struct channel_map *map;

	assert(channel);
	map = channel->map;
	if (IPCX_UNLIKELY(size - 1 >= map->lent || map->writes))
		return lent_none(channel, size, false);
	if (IPCX_UNLIKELY(map->flags))
		return consume_closely(map, size);
	if (!lent_end(map))
		return -EINVAL;
	channel_map_move(map, map->lent_at + (uint32_t)size);
	return 0;
}

/* ---- Turns and batches ------------------------------------------------- */

/* The turn, and nothing left to read before it. */
static int map_has_turn(const struct channel_map *map)
{
	int mine = turn_is_mine(map);
	int32_t behind = (int32_t)(atomic_load_explicit(&map->peer->pos,
							memory_order_acquire) -
				   channel_my_pos(map));

	return mine > 0 ? behind <= 0 : mine;
}

/* 0, or why this end cannot end a batch, or hand over the turn. */
static int map_may_end(struct channel_map *map)
{
	int mine;

	if (!map_face(map, true))
		return -EACCES;
	if (!(map->flags & IPCX_CHANNEL_F_TURN))
		return 0;
	mine = map_has_turn(map);
	return mine < 0 ? mine : mine ? 0 : -EPERM;
}

int ipcx_channel_map_pass(struct ipcx_channel *channel)
{
	struct channel_map *map = channel->map;
	int err;

	if (!(map->flags & IPCX_CHANNEL_F_TURN))
		return -EPERM;
	err = map_may_end(map);
	if (!err)
		map_hand_over(map, map_at(map));
	return err;
}

int ipcx_channel_map_flush(struct ipcx_channel *channel)
{
	struct channel_map *map = channel->map;
	int err = map_may_end(map);

	if (!err && map->flags & IPCX_CHANNEL_F_STRICT)
		map_publish(map);
	return err;
}

/*
 * Whether it is here, and came by no death, of which the kernel has to tell. Who
 * does not get it at once asks the kernel for it.
 */
bool ipcx_channel_map_take(struct ipcx_channel *channel,
			   const struct ipcx_deadline *deadline)
{
	struct channel_map *map = channel->map;

	if (!map_face(map, true) || !(map->flags & IPCX_CHANNEL_F_TURN))
		return false;
	if (map_has_turn(map) <= 0) {
		if (ipcx_deadline_is_nowait(deadline))
			return false;
		map_spin(map, 1);
		if (map_has_turn(map) <= 0)
			return false;
	}
	return atomic_load_explicit(&map->peer->left, memory_order_relaxed) !=
	       atomic_load_explicit(&map->peer->passes, memory_order_relaxed);
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
	const bool turns = stat->out_flags & IPCX_CHANNEL_F_TURN;

	map->fd = channel->fd;
	map->capacity = stat->out_capacity;
	map->mask = map->capacity - 1;
	map->second = !writes;
	map->flags = stat->out_flags & (NOT_PLAIN | IPCX_CHANNEL_F_PACKET);
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
			     IPCX_CHANNEL_MAP_DATA, writes || turns);
	if (!map->data)
		return -errno;
	if (!map->flags && writes)
		map->out = map->data;
	else if (!(map->flags & ~IPCX_CHANNEL_F_STRICT) && !writes)
		map->in = map->data;
	/* Nothing to begin with: it is looked at when it is wanted. */
	map_face_to(map, writes);
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
