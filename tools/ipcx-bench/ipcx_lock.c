// SPDX-License-Identifier: GPL-2.0-or-later
/* Locks of ipcx. */
#include "bench.h"
#include "ipcx_bench.h"

static struct ipcx_lock *the_lock;

static int lock_make(struct ipcx_lock **ret_lock)
{
	return ipcx_lock_create(bench_ipcx(), NULL, NULL, ret_lock);
}

static int lock_open(const struct run *run)
{
	(void)run;
	return lock_make(&the_lock);
}

static int lock_acquire(void)
{
	return ipcx_lock_acquire(the_lock);
}

static int lock_release(void)
{
	return ipcx_lock_release(the_lock);
}

static void lock_close(void)
{
	ipcx_lock_free(the_lock);
}

static int create_open(const struct run *run)
{
	(void)run;
	bench_ipcx();
	return 0;
}

static int create(void)
{
	struct ipcx_lock *lock;
	int err;

	err = lock_make(&lock);
	if (!err)
		ipcx_lock_free(lock);
	return err;
}

static const struct lock ipcx_lock = {
	.cost = COST_USER,
	.open = lock_open,
	.acquire = lock_acquire,
	.release = lock_release,
	.close = lock_close,
};

static const struct single creation = {
	.cost = COST_CALL,
	.open = create_open,
	.once = create,
};

const struct mechanism ipcx_lock_mechanisms[] = {
	{
		.name = "ipcx-lock",
		.group = GROUP_IPCX,
		.text = "lock",
		.missing = bench_ipcx_missing,
		.lock = &ipcx_lock,
		.create = &creation,
	},
	{ .name = NULL },
};
