// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles: what descriptors stand for.
 */
#include "handle.h"

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "quota.h"

/**
 * ipcx_handle_new() - What a descriptor stands for
 * @obj: The object, of which the new handle takes over one count of handles; or
 *	NULL for a device handle
 * @net: The network namespace; gets a reference
 * @rights: Of the handle
 * @part: Which part of the object it is for, in words of the room
 * @fops: The tables for objects that are opened through it
 *
 * Context: Sleeps.
 * Return: The handle, or an ERR_PTR (then the count is still the caller's).
 */
struct ipcx_handle *ipcx_handle_new(struct ipcx_object *obj, struct net *net,
				    u32 rights, u32 part,
				    const struct file_operations *fops)
{
	struct ipcx_handle *handle;
	struct ipcx_user *user;
	int r;

	user = ipcx_user_current(obj ? obj->user : NULL);
	if (IS_ERR(user))
		return ERR_CAST(user);
	r = ipcx_charge(user, IPCX_RESOURCE_HANDLES, 1);
	if (r)
		goto err_user;
	r = ipcx_charge(user, IPCX_RESOURCE_BYTES, sizeof(*handle));
	if (r)
		goto err_handles;
	r = -ENOMEM;
	handle = kzalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (!handle)
		goto err_bytes;
	handle->obj = obj;
	handle->net = get_net(net);
	handle->ns = ipcx_ns_of(net);
	handle->rights = rights;
	handle->part = part;
	handle->fops = fops;
	handle->user = user;
	if (obj && obj->type->handle)
		obj->type->handle(obj, handle, 1);
	return handle;

err_bytes:
	ipcx_uncharge(user, IPCX_RESOURCE_BYTES, sizeof(*handle));
err_handles:
	ipcx_uncharge(user, IPCX_RESOURCE_HANDLES, 1);
err_user:
	ipcx_user_put(user);
	return ERR_PTR(r);
}

/**
 * ipcx_handle_free() - The descriptor was closed
 * @handle: What it stood for
 *
 * Context: Sleeps.
 */
void ipcx_handle_free(struct ipcx_handle *handle)
{
	struct ipcx_object *obj = handle->obj;

	if (obj && obj->type->handle)
		obj->type->handle(obj, handle, -1);
	if (obj)
		ipcx_object_unhold(obj);
	ipcx_uncharge(handle->user, IPCX_RESOURCE_BYTES, sizeof(*handle));
	ipcx_uncharge(handle->user, IPCX_RESOURCE_HANDLES, 1);
	ipcx_user_put(handle->user);
	put_net(handle->net);
	kfree(handle);
}

/* The kernel's own checks of read, write and mmap follow the rights. */
static int file_flags(u32 rights)
{
	switch (rights & (IPCX_RIGHT_READ | IPCX_RIGHT_WRITE)) {
	case IPCX_RIGHT_READ | IPCX_RIGHT_WRITE:
		return O_RDWR;
	case IPCX_RIGHT_WRITE:
		return O_WRONLY;
	case IPCX_RIGHT_READ:
		return O_RDONLY;
	default:
		/* Neither: that is what all of these bits say. */
		return O_ACCMODE;
	}
}

static int handle_file_flags(const struct ipcx_handle *handle)
{
	struct ipcx_object *obj = handle->obj;
	u32 rights = handle->rights;

	if (obj->type->file_rights)
		rights = obj->type->file_rights(obj, handle->part, rights);
	return file_flags(rights);
}

static const struct file_operations *
handle_fops(const struct ipcx_handle *handle)
{
	const struct ipcx_type *type = handle->obj->type;

	if (type->streams)
		return &handle->fops[IPCX_FOPS_STREAM];
	return &handle->fops[type->map_area ? IPCX_FOPS_MAP_AREA :
					      IPCX_FOPS_ANYWHERE];
}

static bool file_is_object(const struct file *file,
			   const struct ipcx_handle *handle)
{
	return file->f_op == &handle->fops[IPCX_FOPS_ANYWHERE] ||
	       file->f_op == &handle->fops[IPCX_FOPS_MAP_AREA] ||
	       file->f_op == &handle->fops[IPCX_FOPS_STREAM];
}

/**
 * ipcx_handle_file() - A file for a new handle
 * @obj: The object; the file takes over one count of handles, also on failure
 * @from: The handle through which it was opened
 * @rights: Of the new handle
 * @part: Which part of the object it is for, in words of the room
 *
 * Context: Sleeps.
 * Return: The file, or an ERR_PTR.
 */
struct file *ipcx_handle_file(struct ipcx_object *obj,
			      const struct ipcx_handle *from, u32 rights,
			      u32 part)
{
	struct ipcx_handle *handle;
	struct file *file;

	handle = ipcx_handle_new(obj, from->net, rights, part, from->fops);
	if (IS_ERR(handle)) {
		ipcx_object_unhold(obj);
		return ERR_CAST(handle);
	}
	file = anon_inode_getfile(obj->type->file_name, handle_fops(handle),
				  handle, handle_file_flags(handle));
	if (IS_ERR(file)) {
		ipcx_handle_free(handle);
		return file;
	}
	/* Who must not wait may ask: io_uring then needs no thread for it. */
	if (obj->type->streams)
		file->f_mode |= FMODE_NOWAIT | FMODE_STREAM;
	return file;
}

/**
 * ipcx_handle_other() - Another object that a call names
 * @handle: On which it is carried out
 * @fd: By this descriptor
 * @type: &enum ipcx_type_id that it must have
 * @rights: Rights that its handle must have
 * @file: Gets a reference, which the caller gives back when it is done
 *
 * Context: Process context.
 * Return: The object, valid as long as @file, or an ERR_PTR: -EBADF, -EACCES,
 * -EIDRM.
 */
struct ipcx_object *ipcx_handle_other(const struct ipcx_handle *handle, int fd,
				      u32 type, u32 rights, struct file **file)
{
	struct ipcx_handle *other;
	int r = -EBADF;

	*file = fget(fd);
	if (!*file)
		return ERR_PTR(r);
	if (!file_is_object(*file, handle))
		goto err_put;
	other = (*file)->private_data;
	if (other->obj->type->id != type)
		goto err_put;
	r = -EACCES;
	if ((other->rights & rights) != rights)
		goto err_put;
	r = -EIDRM;
	if (READ_ONCE(other->obj->dead))
		goto err_put;
	return other->obj;

err_put:
	fput(*file);
	return ERR_PTR(r);
}

/**
 * ipcx_handle_carries() - Could a file keep other files through an object?
 * @handle: Any handle
 * @file: The file
 *
 * Context: Any.
 * Return: True for a handle of an object that can have files in it.
 */
bool ipcx_handle_carries(const struct ipcx_handle *handle,
			 const struct file *file)
{
	const struct ipcx_handle *other = file->private_data;

	return file_is_object(file, handle) && other->obj->type->carries_files;
}
