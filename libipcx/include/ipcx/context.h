/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The context: an open /dev/ipcx. It fixes the namespace of names.
 *
 * Conventions of the whole library
 *
 * A call returns 0, or a negative errno and then has left all ret_* outputs and
 * errno alone. -EOWNERDEAD is the exception that the interface makes: the call
 * has succeeded, its outputs are set, and somebody died before it. A NULL
 * handle is a bug of the caller and ends the program; freeing NULL does
 * nothing. Every handle owns one descriptor, which is close-on-exec.
 *
 * A signal that comes while a call sleeps makes it return -EINTR with nothing
 * taken, unless the handler was installed with SA_RESTART: then the kernel goes
 * on with the call. The library never repeats one by itself.
 *
 * Calls on one handle may come from several threads at once, except where a
 * header says otherwise; free a handle only when no other thread uses it. After
 * fork both processes may use the handles, but what the parent holds is not
 * held by the child. Do not fork in a signal handler that interrupts a call of
 * the library and then return from it in the child.
 */
#ifndef LIBIPCX_CONTEXT_H
#define LIBIPCX_CONTEXT_H

#include <linux/ipcx.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ipcx;

/* Where ipcx_open() looks when it is given no path. */
#define IPCX_DEVICE "/dev/ipcx"

/**
 * ipcx_open() - Open the device
 * @path: The device, or NULL for IPCX_DEVICE
 * @ret_ipcx: The context; free it with ipcx_close()
 *
 * Return: 0; -ENOTTY when @path is not the device of ipcx; -ENOMEM; or what
 * open(2) says: -ENOENT when the module is not loaded, -EACCES.
 * Since: 0.1
 */
int ipcx_open(const char *path, struct ipcx **ret_ipcx);

/**
 * ipcx_close() - Close the device and free the context
 * @ipcx: The context, or NULL
 *
 * Objects that were opened with it live on.
 *
 * Since: 0.1
 */
void ipcx_close(struct ipcx *ipcx);

/**
 * ipcx_fd() - The descriptor of the device
 * @ipcx: The context
 *
 * Return: the descriptor, which stays the context's.
 * Since: 0.1
 */
int ipcx_fd(const struct ipcx *ipcx);

/**
 * ipcx_info() - What the kernel offers
 * @ipcx: The context
 * @ret_info: Version, features and limits, see &struct ipcx_info
 *
 * Return: 0.
 * Since: 0.1
 */
int ipcx_info(struct ipcx *ipcx, struct ipcx_info *ret_info);

/**
 * ipcx_quota() - What the calling user uses, and the limits
 * @ipcx: The context
 * @ret_quota: Use, limits and refusals, see &struct ipcx_quota
 *
 * Return: 0.
 * Since: 0.1
 */
int ipcx_quota(struct ipcx *ipcx, struct ipcx_quota *ret_quota);

/**
 * ipcx_unlink() - Free a name
 * @ipcx: The context
 * @name: The name, '/' and 1 to 62 letters, digits, '.', '_' or '-'
 *
 * The object lives on while it has handles; without any it goes at once.
 *
 * Return: 0; -ENOENT; -EACCES when the mode does not grant CONTROL; -EINVAL
 * when
 * @name cannot be a name; -ENAMETOOLONG.
 * Since: 0.1
 */
int ipcx_unlink(struct ipcx *ipcx, const char *name);

/**
 * ipcx_version() - The version of the library
 *
 * Return: a string such as "0.1.0", not to be freed.
 * Since: 0.1
 */
const char *ipcx_version(void);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_CONTEXT_H */
