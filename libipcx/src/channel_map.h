/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ends of channels that are mapped, as channel.c knows them.
 */
#ifndef LIBIPCX_CHANNEL_MAP_H
#define LIBIPCX_CHANNEL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "internal.h"

/* As the kernel has it, with the semantics of C. */
struct channel_words {
	ipcx_word pos;
	ipcx_word next;
	ipcx_word passes;
	ipcx_word sleeps;
	ipcx_word gone;
	ipcx_word left;
};

/*
 * Lies in a page that a child finds empty (MADV_WIPEONFORK), as it finds nothing
 * mapped: there @data is NULL, and its calls are system calls.
 */
struct channel_map {
	char *out; /* @data of an end that only writes, a plain stream; else NULL */
	char *in; /* the same of one that only reads */
	struct channel_words *mine;
	const struct channel_words *peer;
	uint32_t mask; /* capacity - 1 */
	uint32_t limit; /* how far this end may go, when somebody looked last */
	uint32_t capacity;
	uint32_t spins; /* looks before a sleep */
	uint32_t lent; /* bytes that are reserved, or viewed */
	uint32_t lent_at; /* where this end was then */
	uint32_t taken; /* what those take of the ring */
	uint32_t flags; /* enum ipcx_channel_flags */
	ipcx_word *at; /* where this end is: a number of @mine */
	char *data; /* the ring, twice in a row */
	int fd; /* of the end, not owned */
	bool writes; /* it was used to write last, which @limit and @at are about */
	bool second;
};

struct ipcx_channel {
	int fd;
	bool is_new;
	struct channel_map *map; /* never NULL */
};

/* Of an end that is not mapped, and never written to. */
extern const struct channel_map ipcx_channel_no_map;

static inline bool channel_is_mapped(const struct ipcx_channel *channel)
{
	return channel->map->data;
}

/* ---- What is quick: plain pipes, and nobody has to wait or be woken ----- */

/* Nobody else moves it but the kernel, for calls of this process. */
static inline uint32_t channel_my_pos(const struct channel_map *map)
{
	return atomic_load_explicit(&map->mine->pos, memory_order_relaxed);
}

/*
 * Bytes that can be read, or room, by the last look: never more than there really
 * is, for the other end only moves on; one that goes back lies, and harms its own
 * stream. Less than 0 when the kernel has moved this end since, for a call.
 */
static inline int32_t channel_avail(const struct channel_map *map, uint32_t pos)
{
	return (int32_t)(map->limit - pos);
}

void ipcx_channel_map_wake(const struct channel_map *map);

/* Something was moved: if the other end sleeps it is woken. */
static inline void channel_map_tell(const struct channel_map *map)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (IPCX_UNLIKELY(atomic_load_explicit(&map->peer->sleeps,
					       memory_order_relaxed)))
		ipcx_channel_map_wake(map);
}

/* This end has come to @pos. */
static inline void channel_map_move(const struct channel_map *map, uint32_t pos)
{
	atomic_store_explicit(&map->mine->pos, pos, memory_order_release);
	channel_map_tell(map);
}

/*
 * Of an end that has @out: whether all of it was written. That is said before it is
 * so, which spares what would have to be remembered.
 */
static inline bool channel_map_write_quickly(struct channel_map *map,
					     const void *data, size_t size,
					     size_t *ret_written)
{
	uint32_t pos = channel_my_pos(map);

	if (IPCX_UNLIKELY((int64_t)size > channel_avail(map, pos) ||
			  atomic_load_explicit(&map->peer->gone,
					       memory_order_relaxed)))
		return false;
	if (ret_written)
		*ret_written = size;
	memcpy(map->out + (pos & map->mask), data, size);
	channel_map_move(map, pos + (uint32_t)size);
	return true;
}

/* Of an end that has @in: whether at least one was read. */
static inline bool channel_map_read_quickly(struct channel_map *map, void *data,
					    size_t size, size_t *ret_read)
{
	uint32_t pos = channel_my_pos(map);
	int64_t avail = channel_avail(map, pos);

	if (avail <= 0) {
		map->limit = atomic_load_explicit(&map->peer->pos,
						  memory_order_acquire);
		avail = map->limit - pos;
	}
	if (IPCX_UNLIKELY((uint64_t)avail > map->capacity))
		return false;
	if (size > (uint64_t)avail)
		size = (size_t)avail;
	if (IPCX_UNLIKELY(!size))
		return false;
	*ret_read = size;
	memcpy(data, map->in + (pos & map->mask), size);
	channel_map_move(map, pos + (uint32_t)size);
	return true;
}

/* The kernel may have moved this end: what was seen of the other one is looked at anew. */
static inline void ipcx_channel_map_forget(struct ipcx_channel *channel)
{
	if (channel_is_mapped(channel))
		channel->map->limit = atomic_load_explicit(
			channel->map->at, memory_order_relaxed);
}

int ipcx_channel_map_write(struct ipcx_channel *channel, const void *data,
			   size_t size, uint32_t flags,
			   const struct ipcx_deadline *deadline,
			   size_t *ret_written);
int ipcx_channel_map_read(struct ipcx_channel *channel, void *data, size_t size,
			  bool take, const struct ipcx_deadline *deadline,
			  size_t *ret_read);
int ipcx_channel_map_pass(struct ipcx_channel *channel);
bool ipcx_channel_map_take(struct ipcx_channel *channel,
			   const struct ipcx_deadline *deadline);
int ipcx_channel_map_flush(struct ipcx_channel *channel);

#endif /* LIBIPCX_CHANNEL_MAP_H */
