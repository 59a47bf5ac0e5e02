// SPDX-License-Identifier: GPL-2.0-or-later
/* Semaphores and mutexes of /dev/ntsync. */
#include <fcntl.h>
#include <linux/types.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"

/* The part of <linux/ntsync.h> that is used here; most machines lack it. */
struct nt_sem {
	__u32 count;
	__u32 max;
};

struct nt_mutex {
	__u32 owner;
	__u32 count;
};

struct nt_wait {
	__u64 timeout;
	__u64 objs;
	__u32 count;
	__u32 index;
	__u32 flags;
	__u32 owner;
	__u32 alert;
	__u32 pad;
};

#define NT_CREATE_SEM	_IOW('N', 0x80, struct nt_sem)
#define NT_SEM_RELEASE	_IOWR('N', 0x81, __u32)
#define NT_WAIT_ANY	_IOWR('N', 0x82, struct nt_wait)
#define NT_CREATE_MUTEX _IOW('N', 0x84, struct nt_mutex)
#define NT_MUTEX_UNLOCK _IOWR('N', 0x85, struct nt_mutex)

#define NT_FOREVER (~(__u64)0)

#define NT_DEVICE "/dev/ntsync"

static int device = -1;

/* Indexed by who gives; a lock is the first. */
static int objects[2];

/* Who owns what this process takes. */
static __u32 owner;

static const char *ntsync_missing(void)
{
	return access(NT_DEVICE, F_OK) ? "no /dev/ntsync (needs Linux 6.14)" :
					 NULL;
}

static int device_open(void)
{
	device = open(NT_DEVICE, O_RDWR | O_CLOEXEC);
	return checked(device);
}

static int owner_set(enum side side)
{
	(void)side;
	owner = (__u32)getpid();
	return 0;
}

static int object_wait(int object)
{
	__u32 fd = (__u32)object;
	struct nt_wait wait = {
		.timeout = NT_FOREVER,
		.objs = (uintptr_t)&fd,
		.count = 1,
		.owner = owner,
	};

	return checked(ioctl(device, NT_WAIT_ANY, &wait));
}

static int sem_release_one(int object)
{
	__u32 count = 1;

	return checked(ioctl(object, NT_SEM_RELEASE, &count));
}

static int sems_open(__u32 count)
{
	struct nt_sem sem = { .count = count, .max = 1U << 30 };
	int err;
	int i;

	err = device_open();
	for (i = 0; i < 2 && !err; i++) {
		objects[i] = ioctl(device, NT_CREATE_SEM, &sem);
		err = checked(objects[i]);
	}
	return err;
}

static int sem_open_channel(const struct run *run)
{
	(void)run;
	return sems_open(0);
}

static int sem_open_lock(const struct run *run)
{
	(void)run;
	return sems_open(1);
}

static int sem_send(enum side side, const void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return sem_release_one(objects[side]);
}

static int sem_receive(enum side side, void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return object_wait(objects[!side]);
}

static int lock_acquire(void)
{
	return object_wait(objects[0]);
}

static int sem_release(void)
{
	return sem_release_one(objects[0]);
}

static void sems_close(void)
{
	close(objects[0]);
	close(objects[1]);
	close(device);
}

static int creation_open(const struct run *run)
{
	(void)run;
	return device_open();
}

static int sem_create(void)
{
	struct nt_sem sem = { .count = 0, .max = 1 };
	int fd = ioctl(device, NT_CREATE_SEM, &sem);

	return fd < 0 ? -errno : checked(close(fd));
}

static void creation_close(void)
{
	close(device);
}

static int mutex_open(const struct run *run)
{
	struct nt_mutex mutex = { 0 };
	int err;

	(void)run;
	err = device_open();
	if (err)
		return err;
	objects[0] = ioctl(device, NT_CREATE_MUTEX, &mutex);
	return checked(objects[0]);
}

static int mutex_release(void)
{
	struct nt_mutex mutex = { .owner = owner };

	return checked(ioctl(objects[0], NT_MUTEX_UNLOCK, &mutex));
}

static void mutex_close(void)
{
	close(objects[0]);
	close(device);
}

static const struct channel sem_channel = {
	.cost = COST_CALL,
	.open = sem_open_channel,
	.join = owner_set,
	.send = sem_send,
	.receive = sem_receive,
	.close = sems_close,
};

static const struct lock sem_lock = {
	.cost = COST_CALL,
	.open = sem_open_lock,
	.join = owner_set,
	.acquire = lock_acquire,
	.release = sem_release,
	.close = sems_close,
};

static const struct single sem_creation = {
	.cost = COST_CALL,
	.open = creation_open,
	.once = sem_create,
	.close = creation_close,
};

static const struct lock mutex_lock = {
	.cost = COST_CALL,
	.open = mutex_open,
	.join = owner_set,
	.acquire = lock_acquire,
	.release = mutex_release,
	.close = mutex_close,
};

const struct mechanism ntsync_mechanisms[] = {
	{
		.name = "ntsync",
		.group = GROUP_PEERS,
		.text = "semaphore of /dev/ntsync",
		.missing = ntsync_missing,
		.channel = &sem_channel,
		.lock = &sem_lock,
		.create = &sem_creation,
	},
	{
		.name = "ntsync-mutex",
		.group = GROUP_PEERS,
		.text = "mutex of /dev/ntsync",
		.missing = ntsync_missing,
		.lock = &mutex_lock,
	},
	{ .name = NULL },
};
