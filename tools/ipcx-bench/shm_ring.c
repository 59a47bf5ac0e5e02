// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rings in shared memory, from one producer to one consumer, with futexes for
 * those who sleep. Two byte streams, copied in and out: one that sleeps at
 * once and one that spins before. And a ring of slots that are written and
 * read in place.
 */
#include <string.h>

#include "bench.h"
#include "position.h"

/* And so many slots at least, however large they are. */
#define MIN_SLOTS 16

#define SPINS 10000

enum {
	SLEEPS = 0,
	SPINS_FIRST = 1
};

struct ring {
	struct position written;
	struct position read;
	char data[];
};

/* Indexed by who writes. */
static struct ring *rings[2];
static size_t capacity, ring_size;
static size_t slot_size;
static uint32_t slots;
static unsigned int spins;

static const char *stream_refuses(const struct run *run)
{
	if (run->variant == SPINS_FIRST && run->place != PLACE_APART)
		return "spinning is for two CPUs";
	return run->size ? NULL : "a stream has no empty messages";
}

static int rings_make(size_t size)
{
	capacity = size;
	ring_size = sizeof(struct ring) + size;
	rings[WORKER] = shared_alloc(ring_size);
	rings[PARTNER] = shared_alloc(ring_size);
	return rings[WORKER] && rings[PARTNER] ? 0 : -ENOMEM;
}

/* Counts wrap, so the capacity is a power of two. */
static int stream_open(const struct run *run)
{
	size_t size = USUAL_CAPACITY;

	while (size < 2 * run->size)
		size *= 2;
	spins = run->variant == SPINS_FIRST ? SPINS : 0;
	return rings_make(size);
}

/* As many bytes as a stream has, in slots whose number is a power of two. */
static int slots_open(const struct run *run)
{
	slot_size = (run->size + 63) / 64 * 64;
	if (!slot_size)
		slot_size = 64;
	slots = MIN_SLOTS;
	while (2 * slots * slot_size <= USUAL_CAPACITY)
		slots *= 2;
	spins = 0;
	return rings_make(slots * slot_size);
}

static void rings_close(void)
{
	shared_free(rings[WORKER], ring_size);
	shared_free(rings[PARTNER], ring_size);
}

/* Spins first where it may. */
static int ring_await(struct position *position, uint32_t wanted)
{
	unsigned int i;

	for (i = 0; i < spins; i++) {
		if (position_reaches(position_own(position), wanted))
			return 0;
		__builtin_ia32_pause();
	}
	return position_await(position, wanted);
}

/* Bytes from @at that lie in one piece. */
static size_t piece(uint32_t at, size_t size)
{
	size_t left = capacity - (at & (capacity - 1));

	return size < left ? size : left;
}

/* Most pieces do not cross the end of the data: they are one copy. */
static void copy_in(struct ring *ring, uint32_t at, const char *from, size_t n)
{
	size_t first = piece(at, n);

	memcpy(ring->data + (at & (capacity - 1)), from, first);
	if (__builtin_expect(first < n, 0))
		memcpy(ring->data, from + first, n - first);
}

static void copy_out(const struct ring *ring, uint32_t at, char *to, size_t n)
{
	size_t first = piece(at, n);

	memcpy(to, ring->data + (at & (capacity - 1)), first);
	if (__builtin_expect(first < n, 0))
		memcpy(to + first, ring->data, n - first);
}

static int stream_send(enum side side, const void *buf, size_t size)
{
	struct ring *ring = rings[side];
	const char *from = buf;
	uint32_t at = position_own(&ring->written);
	size_t n;
	int err;

	while (size) {
		n = capacity - (at - position_other(&ring->read));
		if (!n) {
			err = ring_await(&ring->read,
					 at - (uint32_t)capacity / 2);
			if (err)
				return err;
			continue;
		}
		if (n > size)
			n = size;
		copy_in(ring, at, from, n);
		at += (uint32_t)n;
		position_set(&ring->written, at);
		from += n;
		size -= n;
	}
	return 0;
}

static int stream_receive(enum side side, void *buf, size_t size)
{
	struct ring *ring = rings[!side];
	uint32_t at = position_own(&ring->read);
	size_t n;
	char *to = buf;
	int err;

	while (size) {
		n = position_other(&ring->written) - at;
		if (!n) {
			err = ring_await(&ring->written, at + 1);
			if (err)
				return err;
			continue;
		}
		if (n > size)
			n = size;
		copy_out(ring, at, to, n);
		at += (uint32_t)n;
		position_set(&ring->read, at);
		to += n;
		size -= n;
	}
	return 0;
}

static char *slot_of(struct ring *ring, uint32_t count)
{
	return ring->data + (count & (slots - 1)) * slot_size;
}

/* The message is made in its slot; its length stands for making it. */
static int slot_send(enum side side, const void *buf, size_t size)
{
	struct ring *ring = rings[side];
	uint32_t at = position_own(&ring->written);
	int err;

	(void)buf;
	while (at - position_other(&ring->read) == slots) {
		err = ring_await(&ring->read, at - slots / 2);
		if (err)
			return err;
	}
	*(volatile uint64_t *)slot_of(ring, at) = size;
	position_set(&ring->written, at + 1);
	return 0;
}

static int slot_receive(enum side side, void *buf, size_t size)
{
	struct ring *ring = rings[!side];
	uint32_t at = position_own(&ring->read);
	int err;

	(void)buf;
	while (position_other(&ring->written) == at) {
		err = ring_await(&ring->written, at + 1);
		if (err)
			return err;
	}
	if (*(volatile uint64_t *)slot_of(ring, at) != size)
		return -EMSGSIZE;
	position_set(&ring->read, at + 1);
	return 0;
}

static const struct channel stream_channel = {
	.has_payload = true,
	.cost = COST_USER,
	.refuses = stream_refuses,
	.open = stream_open,
	.send = stream_send,
	.receive = stream_receive,
	.close = rings_close,
};

static const struct channel spin_channel = {
	.has_payload = true,
	/* One process would spin for itself. */
	.cannot = BIT_OF(MEASURE_OP),
	.cost = COST_USER,
	.refuses = stream_refuses,
	.open = stream_open,
	.send = stream_send,
	.receive = stream_receive,
	.close = rings_close,
};

static const struct channel slot_channel = {
	.has_payload = true,
	.in_place = true,
	.cost = COST_USER,
	.open = slots_open,
	.send = slot_send,
	.receive = slot_receive,
	.close = rings_close,
};

const struct mechanism shm_ring_mechanisms[] = {
	{
		.name = "shm-ring-futex",
		.group = GROUP_PEERS,
		.text = "ring in shared memory, with futexes",
		.channel = &stream_channel,
		.variant = SLEEPS,
	},
	{
		.name = "shm-ring-spin",
		.group = GROUP_PEERS,
		.text = "the same, spinning before it sleeps",
		.channel = &spin_channel,
		.variant = SPINS_FIRST,
	},
	{
		.name = "shm-zerocopy",
		.group = GROUP_PEERS,
		.text = "ring of slots in shared memory, nothing is copied",
		.channel = &slot_channel,
	},
	{ .name = NULL },
};
