// SPDX-License-Identifier: GPL-2.0-or-later
/* POSIX semaphores that processes share. */
#include <fcntl.h>
#include <semaphore.h>

#include "bench.h"

/* Indexed by who gives. */
static sem_t *sems;

static int posix_open(unsigned int value)
{
	sems = shared_alloc(2 * sizeof(sems[0]));
	if (!sems)
		return -ENOMEM;
	if (sem_init(&sems[WORKER], 1, value))
		return -errno;
	return checked(sem_init(&sems[PARTNER], 1, value));
}

static int posix_open_channel(const struct run *run)
{
	(void)run;
	return posix_open(0);
}

static int posix_open_lock(const struct run *run)
{
	(void)run;
	return posix_open(1);
}

static int posix_send(enum side side, const void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return sem_post(&sems[side]);
}

static int posix_receive(enum side side, void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return sem_wait(&sems[!side]) ? -errno : 0;
}

static int posix_acquire(void)
{
	return sem_wait(sems) ? -errno : 0;
}

static int posix_release(void)
{
	return sem_post(sems) ? -errno : 0;
}

static void posix_close(void)
{
	shared_free(sems, 2 * sizeof(sems[0]));
}

static int posix_create(void)
{
	sem_t *sem;

	sem = sem_open(leftover_name(), O_CREAT | O_EXCL, 0600, 0);
	if (sem == SEM_FAILED)
		return -errno;
	sem_close(sem);
	return checked(sem_unlink(leftover_name()));
}

static const struct channel posix_channel = {
	.cost = COST_USER,
	.open = posix_open_channel,
	.send = posix_send,
	.receive = posix_receive,
	.close = posix_close,
};

static const struct lock posix_lock = {
	.cost = COST_USER,
	.open = posix_open_lock,
	.acquire = posix_acquire,
	.release = posix_release,
	.close = posix_close,
};

static const struct single posix_creation = {
	.cost = COST_HEAVY,
	.once = posix_create,
};

const struct mechanism posix_sem_mechanisms[] = {
	{
		.name = "posix-sem",
		.group = GROUP_PEERS,
		.text = "POSIX semaphore, process-shared; sem_open() to create",
		.channel = &posix_channel,
		.lock = &posix_lock,
		.create = &posix_creation,
	},
	{ .name = NULL },
};
