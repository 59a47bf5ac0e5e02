/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far one side has got, in memory that both share, and a futex for those
 * who wait until it gets further. Nobody is woken who does not sleep.
 */
#ifndef IPCX_BENCH_POSITION_H
#define IPCX_BENCH_POSITION_H

#include <stdatomic.h>

#include "bench.h"

/*
 * A count of bytes or messages, whether somebody sleeps, and until which count.
 * The sleep is on the flag: who clears it thereby wakes also those who have
 * announced their sleep and are not asleep yet.
 */
struct position {
	_Atomic uint32_t count;
	_Atomic uint32_t awaited;
	_Atomic uint32_t wanted;
	char line[52];
};

_Static_assert(sizeof(struct position) == 64, "a cache line for each side");

static inline bool position_reaches(uint32_t count, uint32_t wanted)
{
	return (int32_t)(count - wanted) >= 0;
}

static inline void position_set(struct position *position, uint32_t count)
{
	atomic_store_explicit(&position->count, count, memory_order_release);
	/* Pairs with position_await(): who announces a sleep sees the count. */
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&position->awaited, memory_order_acquire))
		return;
	if (!position_reaches(count,
			      atomic_load_explicit(&position->wanted,
						   memory_order_relaxed)))
		return;
	atomic_store_explicit(&position->awaited, 0, memory_order_relaxed);
	futex_wake(&position->awaited);
}

/*
 * Until it has reached @wanted, or for no reason. Who waits for room wants half
 * of it: woken for every message, it would send one and sleep again.
 */
static inline int position_await(struct position *position, uint32_t wanted)
{
	atomic_store_explicit(&position->wanted, wanted, memory_order_relaxed);
	atomic_store_explicit(&position->awaited, 1, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	if (position_reaches(atomic_load_explicit(&position->count,
						  memory_order_relaxed),
			     wanted))
		return 0;
	return futex_wait(&position->awaited, 1);
}

/* As who sets it knows it. */
static inline uint32_t position_own(const struct position *position)
{
	return atomic_load_explicit(&position->count, memory_order_relaxed);
}

/* As the other side sees it. */
static inline uint32_t position_other(const struct position *position)
{
	return atomic_load_explicit(&position->count, memory_order_acquire);
}

#endif /* IPCX_BENCH_POSITION_H */
