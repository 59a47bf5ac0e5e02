/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be done to an object of any type, by its descriptor: the one that
 * ipcx_sem_fd() and its like return, or one that came from elsewhere.
 *
 * All calls add -EBADF (no such descriptor) and -ENOTTY (not one of ipcx) to
 * what they list.
 */
#ifndef LIBIPCX_OBJECT_H
#define LIBIPCX_OBJECT_H

#include <ipcx/context.h>
#include <linux/ipcx.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * ipcx_object_open() - Open an object of any type by its name
 * @ipcx: The context
 * @name: Its name
 * @type: &enum ipcx_type_id it must have, or IPCX_TYPE_ANY
 * @rights: &enum ipcx_rights of the new handle; 0 stands for READ and WRITE
 * @ret_fd: The descriptor; the caller closes it, or gives it to the
 *	ipcx_*_from_fd() of its type
 *
 * Return: 0; -ENOENT; -EMEDIUMTYPE when it has another type; -EACCES when the
 * mode does not grant all of @rights; -EDQUOT, -ENOSPC, -EMFILE, -ENFILE,
 * -ENOMEM; -EINVAL, -ENAMETOOLONG for what cannot be a name.
 * Since: 0.1
 */
int ipcx_object_open(struct ipcx *ipcx, const char *name, uint32_t type,
		     uint32_t rights, int *ret_fd);

/**
 * ipcx_object_stat() - Facts that every object has
 * @fd: A handle, with any right
 * @ret_stat: Type, name, owner, mode, use, see &struct ipcx_stat
 *
 * Works on an object that was destroyed, too.
 *
 * Return: 0.
 * Since: 0.1
 */
int ipcx_object_stat(int fd, struct ipcx_stat *ret_stat);

/**
 * ipcx_object_reduce() - Make a weaker handle, to give away
 * @fd: A handle
 * @rights: &enum ipcx_rights of the new one, not 0, a subset of those of @fd
 * @ret_fd: The new descriptor; the caller closes it
 *
 * Return: 0; -EACCES when @rights holds more than @fd has; -EINVAL; -EIDRM;
 * -EDQUOT, -ENOSPC, -EMFILE, -ENFILE, -ENOMEM.
 * Since: 0.1
 */
int ipcx_object_reduce(int fd, uint32_t rights, int *ret_fd);

/**
 * ipcx_object_destroy() - Let the object die now
 * @fd: A handle with CONTROL
 *
 * Whoever waits for it, and every later call on it, gets -EIDRM. Handles still
 * have to be freed.
 *
 * Return: 0; -EACCES; -EIDRM when it is dead already.
 * Since: 0.1
 */
int ipcx_object_destroy(int fd);

/**
 * ipcx_object_unlink() - Take the object's name away
 * @fd: A handle with CONTROL
 *
 * The object lives on while it has handles.
 *
 * Return: 0; -EACCES; -ENOENT when it has no name; -EIDRM.
 * Since: 0.1
 */
int ipcx_object_unlink(int fd);

/**
 * ipcx_object_set_mode() - Change who may open the object
 * @fd: A handle with CONTROL
 * @mode: Mode bits, 0 to 0777; the umask does not matter
 *
 * Handles that exist keep their rights.
 *
 * Return: 0; -EACCES; -EINVAL; -EIDRM.
 * Since: 0.1
 */
int ipcx_object_set_mode(int fd, uint32_t mode);

/**
 * ipcx_object_set_owner() - Change owner and group
 * @fd: A handle with CONTROL
 * @uid: New owner, or (uid_t)-1 to leave it
 * @gid: New group, or (gid_t)-1 to leave it
 *
 * Return: 0; -EACCES; -EPERM: the owner needs CAP_CHOWN, the group must be one
 * of the caller's or needs CAP_CHOWN; -EINVAL: both left, or an id that is not
 * mapped; -EIDRM.
 * Since: 0.1
 */
int ipcx_object_set_owner(int fd, uid_t uid, gid_t gid);

/**
 * ipcx_object_set_lease() - Change how long a persistent object stays unused
 * @fd: A handle with CONTROL
 * @lease_ns: Nanoseconds, 0 for no limit
 *
 * Return: 0; -EACCES; -EINVAL: not persistent; -EIDRM.
 * Since: 0.1
 */
int ipcx_object_set_lease(int fd, uint64_t lease_ns);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_OBJECT_H */
