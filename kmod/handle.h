/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Handles: what descriptors stand for.
 */
#ifndef IPCX_HANDLE_H
#define IPCX_HANDLE_H

#include <linux/atomic.h>
#include <linux/types.h>

#include "object.h"

struct file;
struct file_operations;

/**
 * enum ipcx_fops - Tables of file operations of objects
 * @IPCX_FOPS_ANYWHERE: For types that can be mapped wherever there is room
 * @IPCX_FOPS_MAP_AREA: For types that choose where they are mapped
 * @IPCX_FOPS_STREAM: For types that are read and written as pipes are
 * @IPCX_FOPS: How many there are
 */
enum ipcx_fops {
	IPCX_FOPS_ANYWHERE = 0,
	IPCX_FOPS_MAP_AREA = 1,
	IPCX_FOPS_STREAM = 2,
	IPCX_FOPS = 3,
};

/**
 * struct ipcx_handle - What a descriptor stands for
 * @obj: The object, with a handle on it; NULL for a device handle
 * @ns: The namespace, pinned by @net
 * @net: The network namespace, with a reference
 * @rights: &enum ipcx_rights; constant
 * @part: Which part of the object it is for, in words of the room; constant
 * @user: Who pays for the handle, with a reference
 * @fops: The tables for objects that are opened through it
 * @mark: Number of the room: what was seen through this handle
 */
struct ipcx_handle {
	struct ipcx_object *obj;
	struct ipcx_ns *ns;
	struct net *net;
	u32 rights;
	u32 part;
	struct ipcx_user *user;
	const struct file_operations *fops;
	atomic64_t mark;
};

struct ipcx_handle *ipcx_handle_new(struct ipcx_object *obj, struct net *net,
				    u32 rights, u32 part,
				    const struct file_operations *fops);
void ipcx_handle_free(struct ipcx_handle *handle);

struct file *ipcx_handle_file(struct ipcx_object *obj,
			      const struct ipcx_handle *from, u32 rights,
			      u32 part);
struct ipcx_object *ipcx_handle_other(const struct ipcx_handle *handle, int fd,
				      u32 type, u32 rights, struct file **file);
bool ipcx_handle_carries(const struct ipcx_handle *handle,
			 const struct file *file);

#endif /* IPCX_HANDLE_H */
