// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Byte rings in a region, from one producer to one consumer.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ipcx/object.h>
#include <ipcx/ring.h>

#include "internal.h"

#define RING_MAGIC 0x31727869U
#define RING_FLAGS (IPCX_CREATE_F_PERSISTENT | IPCX_REGION_F_HUGE)
#define RING_DATA  4096

enum ring_state {
	RING_UNUSED = 0,
	RING_OPEN = 1,
	RING_CLOSED = 2,
};

/*
 * One end as the other sees it. @position counts bytes and wraps; only the end
 * itself writes it, and never reads it back while open. @waiting: the end
 * sleeps or is about to, and wants the doorbell.
 */
struct ring_end {
	_Atomic uint32_t position;
	_Atomic uint32_t state;
	_Atomic uint32_t waiting;
	uint32_t pad[29];
};

/* The head of the region; @magic is written last. Data starts at RING_DATA. */
struct ring_head {
	ipcx_word magic;
	_Atomic uint32_t capacity;
	uint32_t pad[30];
	struct ring_end ends[2];
};

_Static_assert(sizeof(struct ring_head) == 384, "shared layout");

struct ipcx_ring {
	char *data;
	struct ring_end *mine;
	struct ring_end *peer;
	uint32_t position;
	uint32_t capacity;
	uint32_t role;
	pid_t owner;
	uint64_t seen;
	struct ipcx_region *region;
	struct ring_head *head;
	size_t map_size;
};

/* What one look at the peer found. */
struct ring_view {
	uint32_t state;
	uint32_t position;
	uint32_t used;
};

/*
 * The state is read before the position, so that the position of a closed peer
 * is its last one. -EPROTO: no position from which the peer can have got here.
 */
static inline int ring_look(const struct ipcx_ring *ring,
			    struct ring_view *ret_view)
{
	struct ring_view view;

	view.state =
		atomic_load_explicit(&ring->peer->state, memory_order_acquire);
	view.position = atomic_load_explicit(&ring->peer->position,
					     memory_order_acquire);
	if (ring->role == IPCX_RING_PRODUCER)
		view.used = ring->position - view.position;
	else
		view.used = view.position - ring->position;
	if (IPCX_UNLIKELY(view.used > ring->capacity))
		return -EPROTO;
	*ret_view = view;
	return 0;
}

static IPCX_COLD void ring_wake(struct ipcx_ring *ring)
{
	atomic_store_explicit(&ring->peer->waiting, 0, memory_order_relaxed);
	ipcx_region_ring(ring->region, NULL);
}

/*
 * Tells the peer of a new position or state, which was stored before. The fence
 * pairs with the one in ring_sleep(). Whoever clears @waiting rings afterwards.
 */
static inline void ring_notify(struct ipcx_ring *ring)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (IPCX_UNLIKELY(atomic_load_explicit(&ring->peer->waiting,
					       memory_order_relaxed)))
		ring_wake(ring);
}

/* Whether the peer has done nothing since @view. */
static bool ring_is_as(const struct ipcx_ring *ring,
		       const struct ring_view *view)
{
	return atomic_load_explicit(&ring->peer->position,
				    memory_order_relaxed) == view->position &&
	       atomic_load_explicit(&ring->peer->state, memory_order_relaxed) ==
		       view->state;
}

/*
 * Sleeps until the peer has done something since @view, or for no reason.
 *
 * No wake-up is lost. @seen is a count of the doorbell from before @waiting is
 * set. Between the two fences one side comes first: either the peer's store is
 * seen by the second look here, and nobody sleeps; or the peer sees @waiting
 * and rings. That ring comes after @waiting was set, so it is above @seen, and
 * ipcx_region_wait() returns, however late it is called.
 *
 * A peer may see @waiting of an earlier sleep and clear it just after it was
 * set for this one. It rings after that, which again is above @seen.
 */
static int ring_sleep(struct ipcx_ring *ring, const struct ring_view *view,
		      const struct ipcx_deadline *deadline)
{
	bool nowait = ipcx_deadline_is_nowait(deadline);
	int err = 0;

	if (!nowait)
		atomic_store_explicit(&ring->mine->waiting, 1,
				      memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	if (ring_is_as(ring, view))
		err = ipcx_region_wait(ring->region, ring->seen, deadline,
				       &ring->seen);
	if (!nowait)
		atomic_store_explicit(&ring->mine->waiting, 0,
				      memory_order_relaxed);
	if (!err && ring_is_as(ring, view))
		err = ipcx_deadline_check(deadline);
	return err;
}

static void ring_publish(struct ipcx_ring *ring, uint32_t len)
{
	ring->position += len;
	atomic_store_explicit(&ring->mine->position, ring->position,
			      memory_order_release);
	ring_notify(ring);
}

/* Bytes from the own position to the end of the data or @len. */
static uint32_t ring_run(const struct ipcx_ring *ring, uint32_t len)
{
	uint32_t left =
		ring->capacity - (ring->position & (ring->capacity - 1));

	return len < left ? len : left;
}

static char *ring_at(const struct ipcx_ring *ring)
{
	return ring->data + (ring->position & (ring->capacity - 1));
}

/* Most pieces do not cross the end of the data: they are one copy. */
static void ring_copy_in(struct ipcx_ring *ring, const char *from, uint32_t n)
{
	uint32_t run = ring_run(ring, n);

	memcpy(ring_at(ring), from, run);
	if (IPCX_UNLIKELY(run < n))
		memcpy(ring->data, from + run, n - run);
}

static void ring_copy_out(const struct ipcx_ring *ring, char *to, uint32_t n)
{
	uint32_t run = ring_run(ring, n);

	memcpy(to, ring_at(ring), run);
	if (IPCX_UNLIKELY(run < n))
		memcpy(to + run, ring->data, n - run);
}

IPCX_EXPORT int ipcx_ring_write(struct ipcx_ring *ring, const void *buf,
				size_t len,
				const struct ipcx_deadline *deadline,
				size_t *ret_written)
{
	const char *from = buf;
	struct ring_view view;
	size_t done = 0;
	int err = 0;
	uint32_t n;

	assert(ring);
	if (ring->role != IPCX_RING_PRODUCER)
		return -EPERM;

	while (done < len) {
		err = ring_look(ring, &view);
		if (!err && view.state == RING_CLOSED)
			err = -EPIPE;
		if (err)
			break;

		n = ring->capacity - view.used;
		if (!n) {
			err = ring_sleep(ring, &view, deadline);
			if (err)
				break;
			continue;
		}
		if (n > len - done)
			n = (uint32_t)(len - done);
		ring_copy_in(ring, from + done, n);
		ring_publish(ring, n);
		done += n;
	}
	if (err && !done)
		return err;
	*ret_written = done;
	return 0;
}

IPCX_EXPORT int ipcx_ring_read(struct ipcx_ring *ring, void *ret_buf,
			       size_t len, const struct ipcx_deadline *deadline,
			       size_t *ret_read)
{
	struct ring_view view;
	char *to = ret_buf;
	uint32_t n = 0;
	int err;

	assert(ring);
	if (ring->role != IPCX_RING_CONSUMER)
		return -EPERM;

	while (len) {
		err = ring_look(ring, &view);
		if (err)
			return err;
		if (view.used || view.state == RING_CLOSED) {
			n = view.used < len ? view.used : (uint32_t)len;
			break;
		}
		err = ring_sleep(ring, &view, deadline);
		if (err)
			return err;
	}
	if (n) {
		ring_copy_out(ring, to, n);
		ring_publish(ring, n);
	}
	*ret_read = n;
	return 0;
}

static bool ring_capacity_is_sane(uint32_t capacity)
{
	return capacity && capacity <= IPCX_RING_CAPACITY_MAX &&
	       !(capacity & (capacity - 1));
}

/* Maps the region. On success it is the ring's. */
static int ring_new(struct ipcx_region *region, uint32_t role,
		    struct ipcx_ring **ret_ring)
{
	struct ipcx_ring *ring;
	int saved = errno;
	void *addr;
	int err;

	ring = calloc(1, sizeof(*ring));
	errno = saved;
	if (!ring)
		return -ENOMEM;
	err = ipcx_region_map(region, PROT_READ | PROT_WRITE, &addr,
			      &ring->map_size);
	if (err) {
		free(ring);
		return err;
	}

	ring->region = region;
	ring->role = role;
	ring->owner = getpid();
	ring->head = addr;
	ring->data = (char *)addr + RING_DATA;
	ring->mine = &ring->head->ends[role];
	ring->peer = &ring->head->ends[!role];
	*ret_ring = ring;
	return 0;
}

/* Frees all but the region. */
static void ring_delete(struct ipcx_ring *ring)
{
	ipcx_region_unmap(ring->head, ring->map_size);
	free(ring);
}

static int ring_claim(struct ipcx_ring *ring, uint32_t flags)
{
	uint32_t state = atomic_load(&ring->mine->state);

	do {
		if (state == RING_OPEN && !(flags & IPCX_RING_F_TAKEOVER))
			return -EBUSY;
	} while (!atomic_compare_exchange_weak(&ring->mine->state, &state,
					       RING_OPEN));
	return 0;
}

static void ring_close(struct ipcx_ring *ring)
{
	atomic_store_explicit(&ring->mine->state, RING_CLOSED,
			      memory_order_release);
	ring_notify(ring);
}

/* Believes the capacity once; positions are checked at each use. */
static int ring_adopt(struct ipcx_ring *ring, uint32_t flags,
		      const struct ipcx_deadline *deadline)
{
	struct ring_view view;
	uint32_t capacity;
	uint32_t magic;
	int err;

	if (ring->map_size < RING_DATA)
		return -EMEDIUMTYPE;
	err = ipcx_region_await(ring->region, &ring->head->magic, deadline,
				&magic);
	if (err)
		return err;
	if (magic != RING_MAGIC)
		return -EMEDIUMTYPE;
	capacity = atomic_load(&ring->head->capacity);
	if (!ring_capacity_is_sane(capacity) ||
	    capacity > ring->map_size - RING_DATA)
		return -EPROTO;
	ring->capacity = capacity;

	err = ring_claim(ring, flags);
	if (err)
		return err;
	ring->position = atomic_load(&ring->mine->position);
	atomic_store(&ring->mine->waiting, 0);
	err = ring_look(ring, &view);
	if (err)
		ring_close(ring);
	return err;
}

/* On success the region is the ring's. */
static int ring_from_region(struct ipcx_region *region, uint32_t role,
			    uint32_t flags,
			    const struct ipcx_deadline *deadline,
			    struct ipcx_ring **ret_ring)
{
	struct ipcx_ring *ring;
	int err;

	err = ring_new(region, role, &ring);
	if (err)
		return err;
	err = ring_adopt(ring, flags, deadline);
	if (err) {
		ring_delete(ring);
		return err;
	}
	*ret_ring = ring;
	return 0;
}

static bool ring_config_is_sane(const struct ipcx_ring_config *config)
{
	return config && ring_capacity_is_sane(config->capacity) &&
	       config->role <= IPCX_RING_CONSUMER &&
	       !(config->flags & ~(uint32_t)(RING_FLAGS | IPCX_CREATE_F_EXCL |
					     IPCX_REGION_F_RESERVE)) &&
	       !config->reserved[0] && !config->reserved[1] &&
	       !config->reserved[2] && !config->reserved[3];
}

IPCX_EXPORT int ipcx_ring_create(struct ipcx *ipcx, const char *name,
				 const struct ipcx_ring_config *config,
				 struct ipcx_ring **ret_ring)
{
	struct ipcx_region_config region_config = { 0 };
	struct ipcx_region *region;
	struct ipcx_ring *ring;
	int err;

	assert(ipcx);
	if (!ring_config_is_sane(config))
		return -EINVAL;

	region_config.size = (uint64_t)RING_DATA + config->capacity;
	region_config.flags = config->flags | IPCX_REGION_F_RESERVE;
	/* What has no name is new anyway. */
	if (name)
		region_config.flags |= IPCX_CREATE_F_EXCL;
	else
		region_config.flags &= ~IPCX_CREATE_F_EXCL;
	region_config.mode = config->mode;
	region_config.lease_ns = config->lease_ns;
	err = ipcx_region_create(ipcx, name, &region_config, &region);
	if (err)
		return err;
	err = ring_new(region, config->role, &ring);
	if (err)
		goto err_unlink;

	ring->capacity = config->capacity;
	atomic_store(&ring->head->capacity, config->capacity);
	atomic_store(&ring->mine->state, RING_OPEN);
	atomic_store_explicit(&ring->head->magic, RING_MAGIC,
			      memory_order_release);
	err = ipcx_region_ring(region, NULL);
	if (err)
		goto err_delete;

	*ret_ring = ring;
	return 0;

err_delete:
	ring_delete(ring);
err_unlink:
	ipcx_object_unlink(ipcx_region_fd(region));
	ipcx_region_free(region);
	return err;
}

static bool ring_args_are_sane(uint32_t role, uint32_t flags)
{
	return role <= IPCX_RING_CONSUMER &&
	       !(flags & ~(uint32_t)IPCX_RING_F_TAKEOVER);
}

IPCX_EXPORT int ipcx_ring_open(struct ipcx *ipcx, const char *name,
			       uint32_t role, uint32_t flags,
			       const struct ipcx_deadline *deadline,
			       struct ipcx_ring **ret_ring)
{
	struct ipcx_region *region;
	int err;

	assert(ipcx);
	if (!ring_args_are_sane(role, flags))
		return -EINVAL;
	err = ipcx_region_open(ipcx, name, 0, &region);
	if (err)
		return err;
	err = ring_from_region(region, role, flags, deadline, ret_ring);
	if (err)
		ipcx_region_free(region);
	return err;
}

IPCX_EXPORT int ipcx_ring_from_fd(int fd, uint32_t role, uint32_t flags,
				  const struct ipcx_deadline *deadline,
				  struct ipcx_ring **ret_ring)
{
	struct ipcx_region *region;
	int err;

	if (!ring_args_are_sane(role, flags))
		return -EINVAL;
	err = ipcx_region_from_fd(fd, &region);
	if (err)
		return err;
	err = ring_from_region(region, role, flags, deadline, ret_ring);
	if (err)
		ipcx_region_disown(region);
	return err;
}

IPCX_EXPORT void ipcx_ring_free(struct ipcx_ring *ring)
{
	struct ipcx_region *region;

	if (!ring)
		return;
	if (ring->owner == getpid())
		ring_close(ring);
	region = ring->region;
	ring_delete(ring);
	ipcx_region_free(region);
}

IPCX_EXPORT int ipcx_ring_fd(const struct ipcx_ring *ring)
{
	assert(ring);
	return ipcx_region_fd(ring->region);
}

IPCX_EXPORT size_t ipcx_ring_capacity(const struct ipcx_ring *ring)
{
	assert(ring);
	return ring->capacity;
}
