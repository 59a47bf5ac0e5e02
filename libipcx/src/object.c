// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What can be done to an object of any type.
 */
#include <assert.h>
#include <errno.h>

#include <ipcx/object.h>

#include "internal.h"

IPCX_EXPORT int ipcx_object_open(struct ipcx *ipcx, const char *name,
				 uint32_t type, uint32_t rights, int *ret_fd)
{
	struct ipcx_open arg = {
		.type = type,
		.rights = rights ? rights : IPCX_RIGHT_READ | IPCX_RIGHT_WRITE,
	};
	int err;

	assert(ipcx);
	if (!name)
		return -EINVAL;
	err = ipcx_name_fill(arg.name, name);
	if (err)
		return err;
	err = ipcx_ioctl(ipcx_fd(ipcx), IPCX_IOC_OPEN, &arg);
	if (!err)
		*ret_fd = arg.out_fd;
	return err;
}

IPCX_EXPORT int ipcx_object_stat(int fd, struct ipcx_stat *ret_stat)
{
	struct ipcx_stat stat = { 0 };
	int err;

	err = ipcx_ioctl(fd, IPCX_IOC_STAT, &stat);
	if (!err)
		*ret_stat = stat;
	return err;
}

int ipcx_object_check(int fd, uint32_t type)
{
	struct ipcx_stat stat;
	int err;

	err = ipcx_object_stat(fd, &stat);
	if (err)
		return err;
	return stat.out_type == type ? 0 : -EMEDIUMTYPE;
}

IPCX_EXPORT int ipcx_object_reduce(int fd, uint32_t rights, int *ret_fd)
{
	struct ipcx_reduce arg = { .rights = rights };
	int err;

	err = ipcx_ioctl(fd, IPCX_IOC_REDUCE, &arg);
	if (!err)
		*ret_fd = arg.out_fd;
	return err;
}

IPCX_EXPORT int ipcx_object_destroy(int fd)
{
	struct ipcx_destroy arg = { 0 };

	return ipcx_ioctl(fd, IPCX_IOC_DESTROY, &arg);
}

IPCX_EXPORT int ipcx_object_unlink(int fd)
{
	struct ipcx_unlink arg = { 0 };

	return ipcx_ioctl(fd, IPCX_IOC_UNLINK, &arg);
}

IPCX_EXPORT int ipcx_object_set_mode(int fd, uint32_t mode)
{
	struct ipcx_set arg = { .flags = IPCX_SET_F_MODE, .mode = mode };

	return ipcx_ioctl(fd, IPCX_IOC_SET, &arg);
}

IPCX_EXPORT int ipcx_object_set_owner(int fd, uid_t uid, gid_t gid)
{
	struct ipcx_set arg = { 0 };

	if (uid != (uid_t)-1) {
		arg.flags |= IPCX_SET_F_UID;
		arg.uid = uid;
	}
	if (gid != (gid_t)-1) {
		arg.flags |= IPCX_SET_F_GID;
		arg.gid = gid;
	}
	return ipcx_ioctl(fd, IPCX_IOC_SET, &arg);
}

IPCX_EXPORT int ipcx_object_set_lease(int fd, uint64_t lease_ns)
{
	struct ipcx_set arg = {
		.flags = IPCX_SET_F_LEASE,
		.lease_ns = lease_ns,
	};

	return ipcx_ioctl(fd, IPCX_IOC_SET, &arg);
}
