// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of the library that sleep, after looking at the word and spinning,
 * and every way in which their sleep can end. The ways are in sleep_matrix.h.
 *
 * Rows: A3 A5 A6 D4 E1 H1 H4 H5 H7 H8 K1. Classes: V2 V4 V23 V24 V26 V27.
 */
#include "sleep_matrix.h"

#include <ipcx.h>

#include "kselftest_harness.h"

/* NULL for ever; else @deadline, which the library wants in two parts. */
static const struct ipcx_deadline *
until(struct ipcx_deadline *d, unsigned int clock, unsigned long long deadline)
{
	struct timespec ts = {
		.tv_sec = deadline / T_SEC,
		.tv_nsec = deadline % T_SEC,
	};

	if (deadline == IPCX_FOREVER)
		return NULL;
	if (!deadline)
		return IPCX_NOWAIT;
	return ipcx_deadline_at(clock, &ts, d) ? NULL : d;
}

static int make(struct sleep_obj *o, unsigned int kind, unsigned int initial)
{
	struct ipcx_sem_create c;

	t_sem_args(&c, o->name, kind, initial, 1);
	if (kind == IPCX_SEM_LOCK)
		c.on_death = IPCX_DEATH_REPORT;
	o->fd = t_sem_create(o->dev, &c);
	return o->fd < 0 ? o->fd : 0;
}

/* ---- Semaphores --------------------------------------------------------- */

static int make_plain(struct sleep_obj *o)
{
	return make(o, IPCX_SEM_PLAIN, 0);
}

static int sem_from_fd(struct sleep_obj *o)
{
	struct ipcx_sem *sem;
	int r = ipcx_sem_from_fd(o->fd, &sem);

	o->lib = sem;
	return r;
}

static void sem_free(struct sleep_obj *o)
{
	ipcx_sem_free(o->lib);
}

static int sem_block(struct sleep_obj *o, unsigned int clock,
		     unsigned long long deadline)
{
	struct ipcx_deadline d;

	return ipcx_sem_timedwait(o->lib, until(&d, clock, deadline));
}

static int sem_give(struct sleep_obj *o)
{
	return ipcx_sem_post(o->lib);
}

static int sem_back(struct sleep_obj *o, int result)
{
	return result ? result : ipcx_sem_post(o->lib);
}

static bool sem_whole(struct sleep_obj *o)
{
	return t_sem_value(o->fd) == 1;
}

static const struct sleep_call sem = {
	.create = make_plain,
	.open = sem_from_fd,
	.close = sem_free,
	.block = sem_block,
	.give = sem_give,
	.back = sem_back,
	.whole = sem_whole,
	.type = IPCX_TYPE_SEM,
	.on_death = SLEEP_STAYS,
};

FIXTURE_VARIANT_ADD(sleep, sem) { .call = &sem };

/* ---- Locks -------------------------------------------------------------- */

static int make_lock(struct sleep_obj *o)
{
	return make(o, IPCX_SEM_LOCK, 1);
}

static int lock_from_fd(struct sleep_obj *o)
{
	struct ipcx_lock *lock;
	int r = ipcx_lock_from_fd(o->fd, &lock);

	o->lib = lock;
	return r;
}

static void lock_free(struct sleep_obj *o)
{
	ipcx_lock_free(o->lib);
}

static int lock_block(struct sleep_obj *o, unsigned int clock,
		      unsigned long long deadline)
{
	struct ipcx_deadline d;

	return ipcx_lock_acquire_until(o->lib, until(&d, clock, deadline),
				       NULL);
}

static int lock_hold(struct sleep_obj *o)
{
	return ipcx_lock_acquire(o->lib);
}

static int lock_give(struct sleep_obj *o)
{
	return ipcx_lock_release(o->lib);
}

static int lock_back(struct sleep_obj *o, int result)
{
	if (result == -EOWNERDEAD)
		result = ipcx_lock_consistent(o->lib);
	return result ? result : ipcx_lock_release(o->lib);
}

static bool lock_whole(struct sleep_obj *o)
{
	return t_sem_value(o->fd) == 1 && !t_sem_held(o->fd);
}

static const struct sleep_call lock = {
	.create = make_lock,
	.open = lock_from_fd,
	.close = lock_free,
	.hold = lock_hold,
	.block = lock_block,
	.give = lock_give,
	.back = lock_back,
	.whole = lock_whole,
	.type = IPCX_TYPE_SEM,
	.on_death = -EOWNERDEAD,
	.after_taker = -EOWNERDEAD,
	.ledger = true,
};

FIXTURE_VARIANT_ADD(sleep, lock) { .call = &lock };

TEST_HARNESS_MAIN
