// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls: one dispatcher, the calls that all objects have, and the tables
 * of the rooms.
 */
#include "ioctl.h"

#include <asm/ioctls.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>

#include "call.h"
#include "compat.h"
#include "quota.h"
#include "rooms.h"
#include "ucopy.h"

/* Largest structure of any call. Checked against each row at first use. */
#define CALL_SIZE_MAX 256

static int call_info(struct ipcx_call *call)
{
	struct ipcx_info *arg = call->arg;

	if (arg->flags)
		return -EINVAL;
	arg->out_abi_version = IPCX_ABI_VERSION;
	arg->out_features = IPCX_FEATURE_SEM | IPCX_FEATURE_REGION |
			    IPCX_FEATURE_EXEC_DEATH | IPCX_FEATURE_MAILBOX |
			    IPCX_FEATURE_CHANNEL;
	if (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
		arg->out_features |= IPCX_FEATURE_HUGE;
	arg->out_max_region = IPCX_REGION_MAX;
	arg->out_max_value = IPCX_SEM_VALUE_MAX;
	arg->out_name_size = IPCX_NAME_SIZE;
	return 0;
}

static int call_open(struct ipcx_call *call)
{
	struct ipcx_open *arg = call->arg;
	struct ipcx_object *obj;

	if (arg->flags || !arg->rights || arg->rights & ~IPCX_RIGHTS_MASK)
		return -EINVAL;
	if (arg->type > IPCX_TYPE_CHANNEL)
		return -EINVAL;
	obj = ipcx_object_open(call->handle->ns, arg->name, arg->type,
			       arg->rights);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	arg->out_type = obj->type->id;
	arg->out_id = obj->entry.id;
	call->new_obj = obj;
	call->new_rights = arg->rights;
	return 0;
}

static int call_unlink(struct ipcx_call *call)
{
	struct ipcx_unlink *arg = call->arg;

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	if (!call->obj)
		return ipcx_object_unlink_name(call->handle->ns, arg->name);
	if (memchr_inv(arg->name, 0, sizeof(arg->name)))
		return -EINVAL;
	if (!(call->handle->rights & IPCX_RIGHT_CONTROL))
		return -EACCES;
	return ipcx_object_unlink(call->obj);
}

static int call_reduce(struct ipcx_call *call)
{
	struct ipcx_reduce *arg = call->arg;
	int r;

	if (arg->flags || arg->__reserved || !arg->rights ||
	    arg->rights & ~IPCX_RIGHTS_MASK)
		return -EINVAL;
	if (arg->rights & ~call->handle->rights)
		return -EACCES;
	r = ipcx_object_hold(call->obj);
	if (r)
		return r;
	call->new_obj = call->obj;
	call->new_rights = arg->rights;
	call->new_part = call->handle->part;
	return 0;
}

static int call_destroy(struct ipcx_call *call)
{
	struct ipcx_destroy *arg = call->arg;

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	ipcx_object_kill(call->obj);
	return 0;
}

static u32 holders_locked(struct ipcx_object *obj)
{
	struct ipcx_holding *h = NULL;
	u32 nr = 0;

	while ((h = ipcx_ledger_next_locked(&obj->ledger, h)))
		nr += !!obj->type->held(obj, h);
	return nr;
}

static int call_stat(struct ipcx_call *call)
{
	struct ipcx_stat *arg = call->arg;
	struct ipcx_object *obj = call->obj;
	struct user_namespace *user_ns = current_user_ns();

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	ipcx_settle(&obj->ledger);
	arg->out_type = obj->type->id;
	arg->out_id = obj->entry.id;
	arg->out_rights = call->handle->rights;
	arg->out_age_ns = ktime_get_boottime_ns() - obj->created;
	memset(arg->out_name, 0, sizeof(arg->out_name));

	spin_lock(&obj->lock);
	arg->out_mode = obj->access.mode;
	arg->out_uid = from_kuid_munged(user_ns, obj->access.uid);
	arg->out_gid = from_kgid_munged(user_ns, obj->access.gid);
	arg->out_flags = (obj->persistent ? IPCX_STAT_F_PERSISTENT : 0) |
			 (obj->dead ? IPCX_STAT_F_DEAD : 0) |
			 (obj->named ? IPCX_STAT_F_NAMED : 0);
	arg->out_handles = obj->handles;
	arg->out_holders = holders_locked(obj);
	arg->out_waiters = obj->waitq[0].nr + obj->waitq[1].nr;
	arg->out_bytes = obj->bytes;
	arg->out_lease_ns = obj->lease_ns;
	if (obj->named)
		memcpy(arg->out_name, obj->entry.name.name, IPCX_NAME_SIZE);
	spin_unlock(&obj->lock);
	return 0;
}

/* May the caller change the owner as the call says? Nothing is changed. */
static int set_check_locked(const struct ipcx_set *arg,
			    const struct ipcx_object *obj, kuid_t uid,
			    kgid_t gid, bool chown)
{
	lockdep_assert_held(&obj->lock);

	if (obj->dead)
		return -EIDRM;
	if (arg->flags & IPCX_SET_F_UID && !uid_eq(uid, obj->access.uid) &&
	    !chown)
		return -EPERM;
	if (arg->flags & IPCX_SET_F_GID && !gid_eq(gid, obj->access.gid) &&
	    !in_group_p(gid) && !chown)
		return -EPERM;
	if (arg->flags & IPCX_SET_F_LEASE && !obj->persistent)
		return -EINVAL;
	return 0;
}

static int call_set(struct ipcx_call *call)
{
	struct ipcx_set *arg = call->arg;
	struct ipcx_object *obj = call->obj;
	kuid_t uid = make_kuid(current_user_ns(), arg->uid);
	kgid_t gid = make_kgid(current_user_ns(), arg->gid);
	bool chown = false;
	int r;

	if (!arg->flags || arg->flags & ~IPCX_SET_F_MASK)
		return -EINVAL;
	if (arg->flags & IPCX_SET_F_MODE && arg->mode & ~0777)
		return -EINVAL;
	if (arg->flags & IPCX_SET_F_LEASE && arg->lease_ns > KTIME_MAX)
		return -EINVAL;
	if (arg->flags & IPCX_SET_F_UID && !uid_valid(uid))
		return -EINVAL;
	if (arg->flags & IPCX_SET_F_GID && !gid_valid(gid))
		return -EINVAL;
	/* Asked for only where it can matter: it leaves a mark in the audit. */
	if (arg->flags & (IPCX_SET_F_UID | IPCX_SET_F_GID))
		chown = ns_capable(ipcx_object_user_ns(obj), CAP_CHOWN);

	spin_lock(&obj->lock);
	r = set_check_locked(arg, obj, uid, gid, chown);
	if (!r) {
		if (arg->flags & IPCX_SET_F_MODE)
			obj->access.mode = arg->mode;
		if (arg->flags & IPCX_SET_F_UID)
			obj->access.uid = uid;
		if (arg->flags & IPCX_SET_F_GID)
			obj->access.gid = gid;
		if (arg->flags & IPCX_SET_F_LEASE)
			obj->lease_ns = arg->lease_ns;
	}
	spin_unlock(&obj->lock);
	return r;
}

static int call_quota(struct ipcx_call *call)
{
	struct ipcx_quota *arg = call->arg;
	struct ipcx_user *user;

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	user = ipcx_user_current(call->handle->user);
	if (IS_ERR(user))
		return PTR_ERR(user);
	ipcx_quota_report(arg, user);
	ipcx_user_put(user);
	return 0;
}

#define ON_ANY (IPCX_CALL_DEVICE | IPCX_CALL_OBJECT | IPCX_CALL_DEAD_OK)

static const struct ipcx_call_desc common_calls[] = {
	IPCX_CALL(IPCX_IOC_INFO, ipcx_info, 0, ON_ANY | IPCX_CALL_ANSWERS,
		  call_info),
	IPCX_CALL_FD(IPCX_IOC_OPEN, ipcx_open, 0, IPCX_CALL_DEVICE, call_open),
	IPCX_CALL(IPCX_IOC_UNLINK, ipcx_unlink, 0,
		  IPCX_CALL_DEVICE | IPCX_CALL_OBJECT, call_unlink),
	IPCX_CALL_FD(IPCX_IOC_REDUCE, ipcx_reduce, 0, IPCX_CALL_OBJECT,
		     call_reduce),
	IPCX_CALL(IPCX_IOC_DESTROY, ipcx_destroy, IPCX_RIGHT_CONTROL,
		  IPCX_CALL_OBJECT, call_destroy),
	IPCX_CALL(IPCX_IOC_STAT, ipcx_stat, 0,
		  IPCX_CALL_OBJECT | IPCX_CALL_DEAD_OK | IPCX_CALL_ANSWERS,
		  call_stat),
	IPCX_CALL(IPCX_IOC_SET, ipcx_set, IPCX_RIGHT_CONTROL, IPCX_CALL_OBJECT,
		  call_set),
	IPCX_CALL(IPCX_IOC_QUOTA, ipcx_quota, 0, ON_ANY | IPCX_CALL_ANSWERS,
		  call_quota),
};

/* By the high four bits of a call's number; 0 is the calls that all have. */
static const struct ipcx_type *const types[] = {
	[1] = &ipcx_sem_type,
	[2] = &ipcx_region_type,
	[3] = &ipcx_mailbox_type,
	[4] = &ipcx_channel_type,
};

static const struct ipcx_call_desc *
call_in_table(const struct ipcx_call_desc *table, unsigned int nr_rows,
	      unsigned int cmd)
{
	const u32 fixed = ~((u32)_IOC_SIZEMASK << _IOC_SIZESHIFT);
	unsigned int row = _IOC_NR(cmd) & 15;

	if (row >= nr_rows)
		return NULL;
	table += array_index_nospec(row, nr_rows);
	if (!table->handler || (cmd ^ table->cmd) & fixed)
		return NULL;
	return table;
}

static const struct ipcx_call_desc *call_of_room(unsigned int room,
						 unsigned int cmd)
{
	const struct ipcx_type *type;

	if (room >= ARRAY_SIZE(types))
		return NULL;
	type = types[array_index_nospec(room, ARRAY_SIZE(types))];
	return call_in_table(type->calls, type->nr_calls, cmd);
}

/* The row for this call on this kind of handle, or NULL. */
static const struct ipcx_call_desc *call_find(const struct ipcx_object *obj,
					      unsigned int cmd)
{
	u32 block = _IOC_NR(cmd) & ~15U;
	const struct ipcx_call_desc *desc;

	/* First what has to be fast: the calls of the object's own room. */
	if (obj && block == obj->type->first_call)
		desc = call_in_table(obj->type->calls, obj->type->nr_calls,
				     cmd);
	else if (!block)
		desc = call_in_table(common_calls, ARRAY_SIZE(common_calls),
				     cmd);
	else
		desc = obj ? NULL : call_of_room(block >> 4, cmd);
	if (!desc)
		return NULL;
	return desc->flags & (obj ? IPCX_CALL_OBJECT : IPCX_CALL_DEVICE) ?
		       desc :
		       NULL;
}

/*
 * Make the descriptor of a new handle. Nobody sees it before the answer has
 * reached user space, for it is installed last.
 */
static int call_install_fd(struct ipcx_call *call,
			   const struct ipcx_call_desc *desc, void __user *uarg,
			   size_t size)
{
	struct file *file;
	int fd;

	file = call->new_file;
	if (!file)
		file = ipcx_handle_file(call->new_obj, call->handle,
					call->new_rights, call->new_part);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		fput(file);
		return fd;
	}
	*(s32 *)(call->arg + desc->fd_offset) = fd;
	if (copy_to_user(uarg, call->arg, size)) {
		put_unused_fd(fd);
		fput(file);
		return -EFAULT;
	}
	fd_install(fd, file);
	return 0;
}

/* A failure undoes everything: also the name that keeps a persistent object. */
static int call_answer_fd(struct ipcx_call *call,
			  const struct ipcx_call_desc *desc, void __user *uarg,
			  size_t size)
{
	struct ipcx_object *obj = call->new_obj;
	int r;

	ipcx_object_get(obj);
	r = call_install_fd(call, desc, uarg, size);
	if (r && call->created)
		ipcx_object_unlink(obj);
	if (call->done)
		call->done(call, !r);
	ipcx_object_put(obj);
	return r;
}

static int call_answer(struct ipcx_call *call,
		       const struct ipcx_call_desc *desc, int r,
		       void __user *uarg, size_t size)
{
	bool delivered;

	if (!r && desc->flags & IPCX_CALL_NEW_FD)
		return call_answer_fd(call, desc, uarg, size);
	if (!call->answer && (r || !(desc->flags & IPCX_CALL_ANSWERS)))
		return r;
	delivered = !copy_to_user(uarg, call->arg, size);
	if (call->done)
		call->done(call, delivered);
	return delivered ? r : -EFAULT;
}

/*
 * Copy the structure in. Nearly all callers have the size that this kernel
 * knows: then it is read word by word, which costs a small structure much less
 * than a general copy.
 */
static __always_inline int call_copy_in(u64 *buffer, size_t known,
					const void __user *uarg, size_t size)
{
	if (unlikely(size != known || known % sizeof(u64)))
		return copy_struct_from_user(buffer, known, uarg, size);
	return ipcx_words_in(buffer, uarg, known / sizeof(u64));
}

/* What the handler does not set is for answers that it does not ask for. */
static void call_init(struct ipcx_call *call, struct ipcx_handle *handle,
		      u64 *buffer)
{
	call->handle = handle;
	call->obj = handle->obj;
	call->arg = buffer;
	call->answer = false;
	call->done = NULL;
	call->new_obj = NULL;
	call->new_part = 0;
	call->new_file = NULL;
	call->created = false;
}

static int call_run(struct ipcx_handle *handle,
		    const struct ipcx_call_desc *desc, void __user *uarg,
		    size_t size)
{
	/* Of the buffer the handler sees what was copied in, and no more. */
	u64 buffer[CALL_SIZE_MAX / sizeof(u64)] __uninitialized;
	size_t known = _IOC_SIZE(desc->cmd);
	struct ipcx_call call __uninitialized;
	int r;

	if (WARN_ON_ONCE(known > sizeof(buffer)))
		return -EINVAL;
	r = call_copy_in(buffer, known, uarg, size);
	if (r)
		return r;
	if ((handle->rights & desc->rights) != desc->rights)
		return -EACCES;
	if (handle->obj && READ_ONCE(handle->obj->dead) &&
	    !(desc->flags & IPCX_CALL_DEAD_OK))
		return -EIDRM;
	call_init(&call, handle, buffer);
	r = desc->handler(&call);
	if (!call.answer && !(desc->flags & IPCX_CALL_ANSWERS))
		return r;
	return call_answer(&call, desc, r, uarg, min(size, known));
}

/* What is asked of every descriptor that can be read, in its usual form. */
static long file_queued(const struct ipcx_handle *handle, int __user *uarg)
{
	const struct ipcx_object *obj = handle->obj;

	if (!obj || !obj->type->queued)
		return -ENOTTY;
	return put_user(obj->type->queued(handle->obj, handle), uarg);
}

/**
 * ipcx_ioctl() - Carry out an ioctl
 * @file: On what
 * @cmd: Its number, with the size of the caller's structure
 * @arg: Pointer to the structure
 *
 * Context: Process context.
 * Return: 0 or -errno.
 */
long ipcx_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ipcx_handle *handle = file->private_data;
	void __user *uarg = (void __user *)arg;
	const struct ipcx_call_desc *desc;
	size_t size = _IOC_SIZE(cmd);

	desc = call_find(handle->obj, cmd);
	if (!desc && cmd == FIONREAD)
		return file_queued(handle, uarg);
	if (!desc)
		return -ENOTTY;
	if (size < desc->min_size)
		return -EINVAL;
	return call_run(handle, desc, uarg, size);
}
