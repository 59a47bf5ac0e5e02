// SPDX-License-Identifier: GPL-2.0-or-later
/* Semaphores of ipcx. */
#include <ipcx.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "ipcx_bench.h"

/* Descriptors that the program has open besides those of MEASURE_GROWTH. */
#define OTHER_FDS 64

/* Indexed by who gives; what is used as a lock is the first. */
static struct ipcx_sem *sems[2];

/* The same semaphore, by handles that must ask the kernel. */
static struct ipcx_sem *takers[2], *givers[2];

static int sem_make(uint32_t kind, uint32_t initial, struct ipcx_sem **ret_sem)
{
	struct ipcx_sem_config config = {
		.kind = kind,
		.initial = initial,
		.max = initial,
	};

	return ipcx_sem_create(bench_ipcx(), NULL, &config, ret_sem);
}

static int sem_open_channel(const struct run *run)
{
	int err;

	(void)run;
	err = sem_make(IPCX_SEM_PLAIN, 0, &sems[WORKER]);
	if (!err)
		err = sem_make(IPCX_SEM_PLAIN, 0, &sems[PARTNER]);
	return err;
}

static int sem_send(enum side side, const void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return ipcx_sem_post(sems[side]);
}

static int sem_receive(enum side side, void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return ipcx_sem_wait(sems[!side]);
}

static int sem_handoff(enum side side)
{
	uint32_t units = 1;

	return ipcx_sem_handoff(sems[side], &units, sems[!side], 1, NULL, NULL);
}

static int sem_open_lock(const struct run *run)
{
	return sem_make((uint32_t)run->variant, 1, &sems[0]);
}

static int sem_acquire(void)
{
	return ipcx_sem_wait(sems[0]);
}

static int sem_release(void)
{
	return ipcx_sem_post(sems[0]);
}

static void sems_close(void)
{
	ipcx_sem_free(sems[WORKER]);
	ipcx_sem_free(sems[PARTNER]);
}

/* A handle that may not map the word. */
static int weak_handle(struct ipcx_sem *sem, uint32_t rights,
		       struct ipcx_sem **ret_sem)
{
	int err;
	int fd;

	err = ipcx_object_reduce(ipcx_sem_fd(sem), rights, &fd);
	if (err)
		return err;
	err = ipcx_sem_from_fd(fd, ret_sem);
	if (err)
		close(fd);
	return err;
}

static int weak_handles(int i)
{
	int err;

	err = weak_handle(sems[i], IPCX_RIGHT_READ, &takers[i]);
	if (!err)
		err = weak_handle(sems[i], IPCX_RIGHT_WRITE, &givers[i]);
	return err;
}

static int kernel_open_lock(const struct run *run)
{
	int err;

	(void)run;
	err = sem_make(IPCX_SEM_PLAIN, 1, &sems[0]);
	if (!err)
		err = weak_handles(0);
	return err;
}

static int kernel_acquire(void)
{
	return ipcx_sem_wait(takers[0]);
}

static int kernel_release(void)
{
	return ipcx_sem_post(givers[0]);
}

static int kernel_open_channel(const struct run *run)
{
	int err;

	err = sem_open_channel(run);
	if (!err)
		err = weak_handles(WORKER);
	if (!err)
		err = weak_handles(PARTNER);
	return err;
}

static int kernel_send(enum side side, const void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return ipcx_sem_post(givers[side]);
}

static int kernel_receive(enum side side, void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return ipcx_sem_wait(takers[!side]);
}

static void kernel_close(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		ipcx_sem_free(takers[i]);
		ipcx_sem_free(givers[i]);
	}
	sems_close();
}

static int create_open(const struct run *run)
{
	(void)run;
	bench_ipcx();
	return 0;
}

static int create(uint32_t kind)
{
	struct ipcx_sem *sem;
	int err;

	err = sem_make(kind, 1, &sem);
	if (!err)
		ipcx_sem_free(sem);
	return err;
}

static int create_plain(void)
{
	return create(IPCX_SEM_PLAIN);
}

static int create_owned(void)
{
	return create(IPCX_SEM_OWNED);
}

/*
 * Objects live as long as their descriptors, so these go with the process,
 * however it ends.
 */
static int growth_open(const struct run *run)
{
	struct rlimit limit = {
		.rlim_cur = run->size + OTHER_FDS,
		.rlim_max = run->size + OTHER_FDS,
	};
	struct ipcx_sem *sem;
	size_t i;
	int err;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	err = sem_open_lock(run);
	for (i = 1; i < run->size && !err; i++)
		err = sem_make(IPCX_SEM_OWNED, 1, &sem);
	return err;
}

static int growth_once(void)
{
	int err = ipcx_sem_wait(sems[0]);

	return err ? err : ipcx_sem_post(sems[0]);
}

static const struct channel sem_channel = {
	.cost = COST_USER,
	.open = sem_open_channel,
	.send = sem_send,
	.receive = sem_receive,
	.close = sems_close,
};

static const struct channel handoff_channel = {
	.cannot = BIT_OF(MEASURE_OP) | BIT_OF(MEASURE_ONE_WAY),
	.cost = COST_SWITCH,
	.open = sem_open_channel,
	.receive = sem_receive,
	.exchange = sem_handoff,
	.close = sems_close,
};

static const struct channel kernel_channel = {
	.cost = COST_CALL,
	.open = kernel_open_channel,
	.send = kernel_send,
	.receive = kernel_receive,
	.close = kernel_close,
};

static const struct lock plain_lock = {
	.cost = COST_USER,
	.open = sem_open_lock,
	.acquire = sem_acquire,
	.release = sem_release,
	.close = sems_close,
};

static const struct lock owned_lock = {
	.cost = COST_CALL,
	.open = sem_open_lock,
	.acquire = sem_acquire,
	.release = sem_release,
	.close = sems_close,
};

static const struct lock kernel_lock = {
	.cost = COST_CALL,
	.open = kernel_open_lock,
	.acquire = kernel_acquire,
	.release = kernel_release,
	.close = kernel_close,
};

static const struct single plain_creation = {
	.cost = COST_CALL,
	.open = create_open,
	.once = create_plain,
};

static const struct single owned_creation = {
	.cost = COST_CALL,
	.open = create_open,
	.once = create_owned,
};

static const struct single owned_growth = {
	.cost = COST_CALL,
	.open = growth_open,
	.once = growth_once,
};

const struct mechanism ipcx_sem_mechanisms[] = {
	{
		.name = "ipcx-sem",
		.group = GROUP_IPCX,
		.text = "plain semaphore",
		.missing = bench_ipcx_missing,
		.channel = &sem_channel,
		.lock = &plain_lock,
		.create = &plain_creation,
		.variant = IPCX_SEM_PLAIN,
	},
	{
		.name = "ipcx-sem-kernel",
		.group = GROUP_IPCX,
		.text = "plain semaphore, by handles that may not map its word",
		.missing = bench_ipcx_missing,
		.channel = &kernel_channel,
		.lock = &kernel_lock,
	},
	{
		.name = "ipcx-sem-owned",
		.group = GROUP_IPCX,
		.text = "owned semaphore",
		.missing = bench_ipcx_missing,
		.lock = &owned_lock,
		.create = &owned_creation,
		.growth = &owned_growth,
		.variant = IPCX_SEM_OWNED,
	},
	{
		.name = "ipcx-sem-handoff",
		.group = GROUP_IPCX,
		.text = "plain semaphores, given and taken by one call",
		.missing = bench_ipcx_missing,
		.channel = &handoff_channel,
	},
	{ .name = NULL },
};
