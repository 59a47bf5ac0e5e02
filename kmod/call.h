/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an ioctl is to the room that carries it out.
 */
#ifndef IPCX_CALL_H
#define IPCX_CALL_H

#include <linux/ipcx.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include "handle.h"

/**
 * enum ipcx_call_flags - Facts about an ioctl
 * @IPCX_CALL_DEVICE: For device handles
 * @IPCX_CALL_OBJECT: For object handles
 * @IPCX_CALL_DEAD_OK: Works on a destroyed object
 * @IPCX_CALL_ANSWERS: Success is answered: the structure is copied back
 * @IPCX_CALL_NEW_FD: The handler sets @new_obj, of which a handle is made
 */
enum ipcx_call_flags {
	IPCX_CALL_DEVICE = 1 << 0,
	IPCX_CALL_OBJECT = 1 << 1,
	IPCX_CALL_DEAD_OK = 1 << 2,
	IPCX_CALL_ANSWERS = 1 << 3,
	IPCX_CALL_NEW_FD = 1 << 4,
};

/**
 * struct ipcx_call - An ioctl that is being carried out
 * @handle: On what
 * @obj: On what object; NULL on a device handle
 * @arg: The structure: a copy in kernel memory, filled up with zeros
 * @answer: Copy the structure back although the handler returns an error
 * @done: If set: called with the outcome of the copy, to commit or to undo
 * @done_obj: For @done: an object with a reference
 * @done_units: For @done
 * @priv: For @done
 * @new_obj: With IPCX_CALL_NEW_FD: an object with one handle counted for us
 * @new_rights: Rights of the handle that is to be made
 * @new_part: Its part, see &struct ipcx_handle
 * @new_file: If set, the file of the handle: it is made already
 * @created: @new_obj was made by this call: if it fails, its name goes again
 */
struct ipcx_call {
	struct ipcx_handle *handle;
	struct ipcx_object *obj;
	void *arg;
	bool answer;
	void (*done)(struct ipcx_call *call, bool delivered);
	struct ipcx_object *done_obj;
	u32 done_units;
	void *priv;
	struct ipcx_object *new_obj;
	u32 new_rights;
	u32 new_part;
	struct file *new_file;
	bool created;
};

/**
 * struct ipcx_call_desc - A row in the table of ioctls
 * @cmd: The number, with the size that this kernel knows
 * @min_size: Smallest size that is accepted: that of the first version
 * @rights: Rights that the handle must have
 * @flags: &enum ipcx_call_flags
 * @fd_offset: With IPCX_CALL_NEW_FD: where the descriptor is answered
 * @handler: Carries it out: 0, -errno, or, where nothing is answered, a number
 */
struct ipcx_call_desc {
	unsigned int cmd;
	unsigned int min_size;
	u32 rights;
	u32 flags;
	unsigned int fd_offset;
	int (*handler)(struct ipcx_call *call);
};

/* The size of the structure is that of its first version until it grows. */
#define IPCX_CALL(_cmd, _struct, _rights, _flags, _handler) \
	[_IOC_NR(_cmd) & 15] = {                            \
		.cmd = _cmd,                                \
		.min_size = sizeof(struct _struct),         \
		.rights = _rights,                          \
		.flags = _flags,                            \
		.handler = _handler,                        \
	}

#define IPCX_CALL_FD(_cmd, _struct, _rights, _flags, _handler)            \
	[_IOC_NR(_cmd) & 15] = {                                          \
		.cmd = _cmd,                                              \
		.min_size = sizeof(struct _struct),                       \
		.rights = _rights,                                        \
		.flags = (_flags) | IPCX_CALL_ANSWERS | IPCX_CALL_NEW_FD, \
		.fd_offset = offsetof(struct _struct, out_fd),            \
		.handler = _handler,                                      \
	}

int ipcx_call_create(struct ipcx_call *call, struct ipcx_create *create,
		     struct ipcx_object *(*make)(const struct ipcx_create *,
						 const void *call_arg));

#endif /* IPCX_CALL_H */
