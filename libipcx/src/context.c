// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The context, and the choke point for ioctls.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ipcx/context.h>

#include "internal.h"

#define STRINGIFY_1(x) #x
#define STRINGIFY(x)   STRINGIFY_1(x)

struct ipcx {
	int fd;
};

/* What the C library made of the kernel's answer; errno was @saved before. */
static long answer(long ret, int saved)
{
	if (IPCX_LIKELY(ret >= 0))
		return ret;
	ret = -errno;
	errno = saved;
	return ret;
}

int ipcx_ioctl(int fd, unsigned long request, void *arg)
{
	int saved = errno;

	return (int)answer(ioctl(fd, request, arg), saved);
}

long ipcx_read(int fd, void *data, size_t size)
{
	int saved = errno;

	return answer(syscall(SYS_read, fd, data, size), saved);
}

long ipcx_write(int fd, const void *data, size_t size)
{
	int saved = errno;

	return answer(syscall(SYS_write, fd, data, size), saved);
}

void ipcx_close_fd(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

int ipcx_name_fill(char dest[IPCX_NAME_SIZE], const char *name)
{
	size_t len;

	memset(dest, 0, IPCX_NAME_SIZE);
	if (!name)
		return 0;

	len = strnlen(name, IPCX_NAME_SIZE);
	if (!len)
		return -EINVAL;
	if (len == IPCX_NAME_SIZE)
		return -ENAMETOOLONG;
	memcpy(dest, name, len);
	return 0;
}

IPCX_EXPORT int ipcx_open(const char *path, struct ipcx **ret_ipcx)
{
	struct ipcx_info info = { 0 };
	int saved = errno;
	struct ipcx *ipcx;
	int err;

	ipcx = malloc(sizeof(*ipcx));
	if (!ipcx) {
		errno = saved;
		return -ENOMEM;
	}

	ipcx->fd = open(path ? path : IPCX_DEVICE, O_RDWR | O_CLOEXEC);
	if (ipcx->fd < 0) {
		err = -errno;
		errno = saved;
		free(ipcx);
		return err;
	}

	err = ipcx_ioctl(ipcx->fd, IPCX_IOC_INFO, &info);
	if (err) {
		ipcx_close(ipcx);
		return err;
	}

	*ret_ipcx = ipcx;
	return 0;
}

IPCX_EXPORT void ipcx_close(struct ipcx *ipcx)
{
	int saved = errno;

	if (!ipcx)
		return;
	close(ipcx->fd);
	free(ipcx);
	errno = saved;
}

IPCX_EXPORT int ipcx_fd(const struct ipcx *ipcx)
{
	assert(ipcx);
	return ipcx->fd;
}

IPCX_EXPORT int ipcx_info(struct ipcx *ipcx, struct ipcx_info *ret_info)
{
	struct ipcx_info info = { 0 };
	int err;

	assert(ipcx);
	err = ipcx_ioctl(ipcx->fd, IPCX_IOC_INFO, &info);
	if (!err)
		*ret_info = info;
	return err;
}

IPCX_EXPORT int ipcx_quota(struct ipcx *ipcx, struct ipcx_quota *ret_quota)
{
	struct ipcx_quota quota = { 0 };
	int err;

	assert(ipcx);
	err = ipcx_ioctl(ipcx->fd, IPCX_IOC_QUOTA, &quota);
	if (!err)
		*ret_quota = quota;
	return err;
}

IPCX_EXPORT int ipcx_unlink(struct ipcx *ipcx, const char *name)
{
	struct ipcx_unlink arg = { 0 };
	int err;

	assert(ipcx);
	if (!name)
		return -EINVAL;
	err = ipcx_name_fill(arg.name, name);
	if (err)
		return err;
	return ipcx_ioctl(ipcx->fd, IPCX_IOC_UNLINK, &arg);
}

IPCX_EXPORT const char *ipcx_version(void)
{
	return STRINGIFY(LIBIPCX_VERSION);
}
