// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Regions.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ipcx/object.h>
#include <ipcx/region.h>

#include "internal.h"

#define REGION_MODE_DEFAULT 0600

struct ipcx_region {
	int fd;
	bool is_new;
};

static struct ipcx_region *region_new(int fd)
{
	struct ipcx_region *region;
	int saved = errno;

	region = calloc(1, sizeof(*region));
	errno = saved;
	if (region)
		region->fd = fd;
	return region;
}

static bool region_config_is_sane(const struct ipcx_region_config *config)
{
	return config && !config->reserved[0] && !config->reserved[1] &&
	       !config->reserved[2] && !config->reserved[3];
}

IPCX_EXPORT int ipcx_region_create(struct ipcx *ipcx, const char *name,
				   const struct ipcx_region_config *config,
				   struct ipcx_region **ret_region)
{
	struct ipcx_region_create arg = { 0 };
	struct ipcx_region *region;
	int err;

	assert(ipcx);
	if (!region_config_is_sane(config))
		return -EINVAL;
	err = ipcx_name_fill(arg.name, name);
	if (err)
		return err;
	arg.flags = config->flags;
	arg.mode = config->mode ? config->mode : REGION_MODE_DEFAULT;
	arg.rights = config->rights;
	arg.order = config->order;
	arg.size = config->size;
	arg.lease_ns = config->lease_ns;

	region = region_new(-1);
	if (!region)
		return -ENOMEM;
	err = ipcx_ioctl(ipcx_fd(ipcx), IPCX_IOC_REGION_CREATE, &arg);
	if (err) {
		free(region);
		return err;
	}

	region->fd = arg.out_fd;
	region->is_new = arg.out_flags & IPCX_CREATE_OUT_CREATED;
	*ret_region = region;
	return 0;
}

IPCX_EXPORT int ipcx_region_open(struct ipcx *ipcx, const char *name,
				 uint32_t rights,
				 struct ipcx_region **ret_region)
{
	struct ipcx_region *region;
	int err;

	assert(ipcx);
	region = region_new(-1);
	if (!region)
		return -ENOMEM;
	err = ipcx_object_open(ipcx, name, IPCX_TYPE_REGION, rights,
			       &region->fd);
	if (err) {
		free(region);
		return err;
	}
	*ret_region = region;
	return 0;
}

IPCX_EXPORT int ipcx_region_from_fd(int fd, struct ipcx_region **ret_region)
{
	struct ipcx_region *region;
	int err;

	err = ipcx_object_check(fd, IPCX_TYPE_REGION);
	if (err)
		return err;
	region = region_new(fd);
	if (!region)
		return -ENOMEM;
	*ret_region = region;
	return 0;
}

void ipcx_region_disown(struct ipcx_region *region)
{
	free(region);
}

IPCX_EXPORT void ipcx_region_free(struct ipcx_region *region)
{
	int saved = errno;

	if (!region)
		return;
	close(region->fd);
	free(region);
	errno = saved;
}

IPCX_EXPORT int ipcx_region_fd(const struct ipcx_region *region)
{
	assert(region);
	return region->fd;
}

IPCX_EXPORT int ipcx_region_is_new(const struct ipcx_region *region)
{
	assert(region);
	return region->is_new;
}

IPCX_EXPORT int ipcx_region_size(struct ipcx_region *region, uint64_t *ret_size)
{
	struct ipcx_region_stat stat;
	int err;

	err = ipcx_region_stat(region, &stat);
	if (!err)
		*ret_size = stat.out_size;
	return err;
}

IPCX_EXPORT int ipcx_region_map(struct ipcx_region *region, int prot,
				void **ret_addr, size_t *ret_size)
{
	int saved = errno;
	uint64_t size;
	void *addr;
	int err;

	err = ipcx_region_size(region, &size);
	if (err)
		return err;
	if (size > PTRDIFF_MAX)
		return -EFBIG;

	addr = mmap(NULL, (size_t)size, prot, MAP_SHARED, region->fd, 0);
	if (addr == MAP_FAILED) {
		err = -errno;
		errno = saved;
		return err;
	}

	*ret_addr = addr;
	if (ret_size)
		*ret_size = (size_t)size;
	return 0;
}

IPCX_EXPORT void ipcx_region_unmap(void *addr, size_t size)
{
	int saved = errno;

	if (addr)
		munmap(addr, size);
	errno = saved;
}

IPCX_EXPORT int ipcx_region_seal(struct ipcx_region *region, uint32_t seals)
{
	struct ipcx_region_seal arg = { .seals = seals };

	assert(region);
	return ipcx_ioctl(region->fd, IPCX_IOC_REGION_SEAL, &arg);
}

IPCX_EXPORT int ipcx_region_lock(struct ipcx_region *region, uint32_t mode,
				 const struct ipcx_deadline *deadline,
				 pid_t *ret_dead_pid)
{
	struct ipcx_region_lock arg = { .mode = mode };
	__u64 ns;
	int err;

	assert(region);
	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;

	err = ipcx_ioctl(region->fd, IPCX_IOC_REGION_LOCK, &arg);
	if (err == -EOWNERDEAD && ret_dead_pid)
		*ret_dead_pid = arg.out_dead_pid;
	return err;
}

IPCX_EXPORT int ipcx_region_lock_read(struct ipcx_region *region)
{
	return ipcx_region_lock(region, IPCX_LOCK_READ, NULL, NULL);
}

IPCX_EXPORT int ipcx_region_lock_write(struct ipcx_region *region)
{
	return ipcx_region_lock(region, IPCX_LOCK_WRITE, NULL, NULL);
}

IPCX_EXPORT int ipcx_region_unlock(struct ipcx_region *region)
{
	struct ipcx_region_unlock arg = { 0 };

	assert(region);
	return ipcx_ioctl(region->fd, IPCX_IOC_REGION_UNLOCK, &arg);
}

IPCX_EXPORT int ipcx_region_consistent(struct ipcx_region *region)
{
	struct ipcx_region_consistent arg = { 0 };

	assert(region);
	return ipcx_ioctl(region->fd, IPCX_IOC_REGION_CONSISTENT, &arg);
}

IPCX_EXPORT int ipcx_region_ring(struct ipcx_region *region,
				 uint64_t *ret_count)
{
	struct ipcx_region_ring arg = { 0 };
	int err;

	assert(region);
	err = ipcx_ioctl(region->fd, IPCX_IOC_REGION_RING, &arg);
	if (!err && ret_count)
		*ret_count = arg.out_count;
	return err;
}

IPCX_EXPORT int ipcx_region_wait(struct ipcx_region *region, uint64_t since,
				 const struct ipcx_deadline *deadline,
				 uint64_t *ret_count)
{
	struct ipcx_region_wait arg = { .since = since };
	__u64 ns;
	int err;

	assert(region);
	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;

	err = ipcx_ioctl(region->fd, IPCX_IOC_REGION_WAIT, &arg);
	if (!err && ret_count)
		*ret_count = arg.out_count;
	return err;
}

IPCX_EXPORT int ipcx_region_stat(struct ipcx_region *region,
				 struct ipcx_region_stat *ret_stat)
{
	struct ipcx_region_stat stat = { 0 };
	int err;

	assert(region);
	err = ipcx_ioctl(region->fd, IPCX_IOC_REGION_STAT, &stat);
	if (!err)
		*ret_stat = stat;
	return err;
}

/*
 * No wake-up is lost: the creator sets the word before it rings. Either the
 * word is seen here, or the ring comes after the look and is above @seen, which
 * is a count from before the look.
 */
int ipcx_region_await(struct ipcx_region *region, const ipcx_word *word,
		      const struct ipcx_deadline *deadline, uint32_t *ret_value)
{
	uint64_t seen = 0;
	uint32_t value;
	int err;

	value = atomic_load_explicit(word, memory_order_acquire);
	while (!value) {
		err = ipcx_region_wait(region, seen, deadline, &seen);
		if (err)
			return err;
		value = atomic_load_explicit(word, memory_order_acquire);
		err = ipcx_deadline_check(deadline);
		if (!value && err)
			return err;
	}
	*ret_value = value;
	return 0;
}
