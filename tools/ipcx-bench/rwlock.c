// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Locks for many readers or one writer: the C library's, which nobody takes
 * from the dead, and flock(), which the kernel releases for them.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

static pthread_rwlock_t *rwlock;
static int flock_fd;

static int rwlock_open(const struct run *run)
{
	pthread_rwlockattr_t attr;
	int err;

	(void)run;
	rwlock = shared_alloc(sizeof(*rwlock));
	if (!rwlock)
		return -ENOMEM;
	err = pthread_rwlockattr_init(&attr);
	if (!err)
		err = pthread_rwlockattr_setpshared(&attr,
						    PTHREAD_PROCESS_SHARED);
	if (!err)
		err = pthread_rwlock_init(rwlock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return -err;
}

static int rwlock_read(void)
{
	return -pthread_rwlock_rdlock(rwlock);
}

static int rwlock_write(void)
{
	return -pthread_rwlock_wrlock(rwlock);
}

static int rwlock_release(void)
{
	return -pthread_rwlock_unlock(rwlock);
}

static void rwlock_close(void)
{
	pthread_rwlock_destroy(rwlock);
	shared_free(rwlock, sizeof(*rwlock));
}

static int flock_open(const struct run *run)
{
	(void)run;
	flock_fd = memfd_create("ipcx-bench", MFD_CLOEXEC);
	return checked(flock_fd);
}

/* Open files own these locks, so each side opens it for itself. */
static int flock_join(enum side side)
{
	char path[32];
	int fd;

	(void)side;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", flock_fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(flock_fd);
	flock_fd = fd;
	return 0;
}

static int flock_read(void)
{
	return checked(flock(flock_fd, LOCK_SH));
}

static int flock_write(void)
{
	return checked(flock(flock_fd, LOCK_EX));
}

static int flock_release(void)
{
	return checked(flock(flock_fd, LOCK_UN));
}

static void flock_close(void)
{
	close(flock_fd);
}

static const struct lock rwlock_read_lock = {
	.cost = COST_USER,
	.open = rwlock_open,
	.acquire = rwlock_read,
	.release = rwlock_release,
	.close = rwlock_close,
	.shared = true,
};

static const struct lock rwlock_write_lock = {
	.cost = COST_USER,
	.open = rwlock_open,
	.acquire = rwlock_write,
	.release = rwlock_release,
	.close = rwlock_close,
};

static const struct lock flock_read_lock = {
	.cost = COST_CALL,
	.open = flock_open,
	.join = flock_join,
	.acquire = flock_read,
	.release = flock_release,
	.close = flock_close,
	.shared = true,
};

static const struct lock flock_write_lock = {
	.cost = COST_CALL,
	.open = flock_open,
	.join = flock_join,
	.acquire = flock_write,
	.release = flock_release,
	.close = flock_close,
};

const struct mechanism rwlock_mechanisms[] = {
	{
		.name = "rwlock-read",
		.group = GROUP_PEERS,
		.text = "pthread rwlock, process-shared, for reading",
		.lock = &rwlock_read_lock,
	},
	{
		.name = "rwlock-write",
		.group = GROUP_PEERS,
		.text = "the same, for writing",
		.lock = &rwlock_write_lock,
	},
	{
		.name = "flock-read",
		.group = GROUP_PEERS,
		.text = "flock() on a memfd, for reading",
		.lock = &flock_read_lock,
	},
	{
		.name = "flock-write",
		.group = GROUP_PEERS,
		.text = "the same, for writing",
		.lock = &flock_write_lock,
	},
	{ .name = NULL },
};
