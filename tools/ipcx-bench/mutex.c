// SPDX-License-Identifier: GPL-2.0-or-later
/* Mutexes of the C library that processes share. */
#include <pthread.h>

#include "bench.h"

static pthread_mutex_t *mutex;

static int mutex_open(const struct run *run)
{
	pthread_mutexattr_t attr;
	int err;

	mutex = shared_alloc(sizeof(*mutex));
	if (!mutex)
		return -ENOMEM;
	err = pthread_mutexattr_init(&attr);
	if (!err)
		err = pthread_mutexattr_setpshared(&attr,
						   PTHREAD_PROCESS_SHARED);
	if (!err)
		err = pthread_mutexattr_setrobust(&attr, run->variant);
	if (!err)
		err = pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return -err;
}

static int mutex_acquire(void)
{
	return -pthread_mutex_lock(mutex);
}

static int mutex_release(void)
{
	return -pthread_mutex_unlock(mutex);
}

static void mutex_close(void)
{
	pthread_mutex_destroy(mutex);
	shared_free(mutex, sizeof(*mutex));
}

static const struct lock mutex_lock = {
	.cost = COST_USER,
	.open = mutex_open,
	.acquire = mutex_acquire,
	.release = mutex_release,
	.close = mutex_close,
};

const struct mechanism mutex_mechanisms[] = {
	{
		.name = "mutex",
		.group = GROUP_PEERS,
		.text = "pthread mutex, process-shared",
		.lock = &mutex_lock,
		.variant = PTHREAD_MUTEX_STALLED,
	},
	{
		.name = "mutex-robust",
		.group = GROUP_PEERS,
		.text = "pthread mutex, process-shared and robust",
		.lock = &mutex_lock,
		.variant = PTHREAD_MUTEX_ROBUST,
	},
	{ .name = NULL },
};
