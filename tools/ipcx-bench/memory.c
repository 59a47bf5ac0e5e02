// SPDX-License-Identifier: GPL-2.0-or-later
/* Shared memory as such: made, mapped, touched, unmapped and given back. */
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "bench.h"

#define MEMORY_SIZE ((size_t)64 << 10)

static int touch_mapping(int fd)
{
	volatile char *memory;

	memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      0);
	if (memory == MAP_FAILED)
		return -errno;
	*memory = 1;
	return checked(munmap((void *)memory, MEMORY_SIZE));
}

/* Sized, mapped, touched and closed. */
static int use_file(int fd)
{
	int err;

	if (fd < 0)
		return -errno;
	err = checked(ftruncate(fd, (off_t)MEMORY_SIZE));
	if (!err)
		err = touch_mapping(fd);
	close(fd);
	return err;
}

static int memfd_once(void)
{
	return use_file(memfd_create("ipcx-bench", MFD_CLOEXEC));
}

static int posix_shm_once(void)
{
	int err;

	err = use_file(
		shm_open(leftover_name(), O_RDWR | O_CREAT | O_EXCL, 0600));
	return checked(shm_unlink(leftover_name())) ?: err;
}

static int posix_shm_open(const struct run *run)
{
	int fd;
	int err;

	(void)run;
	fd = shm_open(leftover_name(), O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return -errno;
	err = checked(ftruncate(fd, (off_t)MEMORY_SIZE));
	if (!err)
		err = touch_mapping(fd);
	close(fd);
	return err;
}

static int posix_shm_use(void)
{
	int fd = shm_open(leftover_name(), O_RDWR, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = touch_mapping(fd);
	close(fd);
	return err;
}

static int sysv_shm_once(void)
{
	volatile char *memory;
	int id;

	id = shmget(IPC_PRIVATE, MEMORY_SIZE, IPC_CREAT | 0600);
	if (id < 0)
		return -errno;
	memory = shmat(id, NULL, 0);
	if (memory != (void *)-1) {
		*memory = 1;
		shmdt((void *)memory);
	}
	return checked(shmctl(id, IPC_RMID, NULL)) ?:
		       (memory == (void *)-1 ? -ENOMEM : 0);
}

static const struct single memfd_creation = {
	.cost = COST_HEAVY,
	.once = memfd_once,
};

static const struct single posix_shm_creation = {
	.cost = COST_HEAVY,
	.once = posix_shm_once,
};

static const struct single posix_shm_opening = {
	.cost = COST_HEAVY,
	.open = posix_shm_open,
	.once = posix_shm_use,
};

static const struct single sysv_shm_creation = {
	.cost = COST_HEAVY,
	.once = sysv_shm_once,
};

const struct mechanism memory_mechanisms[] = {
	{
		.name = "memfd",
		.group = GROUP_PEERS,
		.text = "memfd_create(), 64 KiB, mapped and touched",
		.create = &memfd_creation,
	},
	{
		.name = "posix-shm",
		.group = GROUP_PEERS,
		.text = "shm_open(), the same; op opens one that exists",
		.create = &posix_shm_creation,
		.op = &posix_shm_opening,
	},
	{
		.name = "sysv-shm",
		.group = GROUP_PEERS,
		.text = "shmget(), the same",
		.create = &sysv_shm_creation,
	},
	{ .name = NULL },
};
