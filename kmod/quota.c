// SPDX-License-Identifier: GPL-2.0-only
/*
 * What users use, and how much they may.
 */
#include "quota.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>

#define USER_HASH_BITS 7

static DEFINE_SPINLOCK(users_lock);
static struct hlist_head users[1 << USER_HASH_BITS];

atomic_long_t ipcx_quota_used[IPCX_RESOURCE_COUNT];
static atomic_long_t total_denied[IPCX_RESOURCE_COUNT];

/* 0 in a bytes limit stands for a share of the memory, set at load. */
unsigned long ipcx_quota_user_limit[IPCX_RESOURCE_COUNT] = {
	[IPCX_RESOURCE_OBJECTS] = 65536,
	[IPCX_RESOURCE_HANDLES] = 131072,
	[IPCX_RESOURCE_WAITERS] = 65536,
	[IPCX_RESOURCE_FDS] = 4096,
};

unsigned long ipcx_quota_total_limit[IPCX_RESOURCE_COUNT] = {
	[IPCX_RESOURCE_OBJECTS] = 1048576,
	[IPCX_RESOURCE_HANDLES] = 2097152,
	[IPCX_RESOURCE_WAITERS] = 1048576,
	[IPCX_RESOURCE_FDS] = 65536,
};

module_param_named(max_objects_per_user,
		   ipcx_quota_user_limit[IPCX_RESOURCE_OBJECTS], ulong, 0644);
MODULE_PARM_DESC(max_objects_per_user, "Objects that one user may have");
module_param_named(max_handles_per_user,
		   ipcx_quota_user_limit[IPCX_RESOURCE_HANDLES], ulong, 0644);
MODULE_PARM_DESC(max_handles_per_user, "Open handles that one user may have");
module_param_named(max_bytes_per_user,
		   ipcx_quota_user_limit[IPCX_RESOURCE_BYTES], ulong, 0644);
MODULE_PARM_DESC(max_bytes_per_user,
		 "Bytes that one user may use (default: half of the memory)");
module_param_named(max_waiters_per_user,
		   ipcx_quota_user_limit[IPCX_RESOURCE_WAITERS], ulong, 0644);
MODULE_PARM_DESC(max_waiters_per_user, "Sleeping calls that one user may have");
module_param_named(max_fds_per_user, ipcx_quota_user_limit[IPCX_RESOURCE_FDS],
		   ulong, 0644);
MODULE_PARM_DESC(max_fds_per_user,
		 "Descriptors that one user may have in messages");

module_param_named(max_objects, ipcx_quota_total_limit[IPCX_RESOURCE_OBJECTS],
		   ulong, 0644);
MODULE_PARM_DESC(max_objects, "Objects that all users together may have");
module_param_named(max_handles, ipcx_quota_total_limit[IPCX_RESOURCE_HANDLES],
		   ulong, 0644);
MODULE_PARM_DESC(max_handles, "Open handles that all users may have");
module_param_named(max_bytes, ipcx_quota_total_limit[IPCX_RESOURCE_BYTES],
		   ulong, 0644);
MODULE_PARM_DESC(max_bytes,
		 "Bytes that all users may use (default: 3/4 of the memory)");
module_param_named(max_waiters, ipcx_quota_total_limit[IPCX_RESOURCE_WAITERS],
		   ulong, 0644);
MODULE_PARM_DESC(max_waiters, "Sleeping calls that all users may have");
module_param_named(max_fds, ipcx_quota_total_limit[IPCX_RESOURCE_FDS], ulong,
		   0644);
MODULE_PARM_DESC(max_fds, "Descriptors that all users may have in messages");

static struct hlist_head *users_bucket(kuid_t uid)
{
	return &users[hash_32(__kuid_val(uid), USER_HASH_BITS)];
}

static struct ipcx_user *users_find_locked(kuid_t uid)
{
	struct ipcx_user *user;

	lockdep_assert_held(&users_lock);

	hlist_for_each_entry(user, users_bucket(uid), node)
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

/**
 * ipcx_user_get() - Another reference to a user
 * @user: Whose
 *
 * Context: Any.
 * Return: @user.
 */
struct ipcx_user *ipcx_user_get(struct ipcx_user *user)
{
	refcount_inc(&user->refs);
	return user;
}

/**
 * ipcx_user_current() - The record of the calling user
 * @likely: A user whom the caller has at hand, valid during the call, or NULL:
 *	nearly always it is that one, and need not be looked for
 *
 * Context: May sleep.
 * Return: A reference, or ERR_PTR(-ENOMEM).
 */
struct ipcx_user *ipcx_user_current(struct ipcx_user *likely)
{
	kuid_t uid = current_uid();
	struct ipcx_user *user, *fresh;

	if (likely && ipcx_user_is_current(likely))
		return ipcx_user_get(likely);
	spin_lock(&users_lock);
	user = users_find_locked(uid);
	if (user)
		refcount_inc(&user->refs);
	spin_unlock(&users_lock);
	if (user)
		return user;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return ERR_PTR(-ENOMEM);
	fresh->uid = uid;
	refcount_set(&fresh->refs, 1);

	spin_lock(&users_lock);
	user = users_find_locked(uid);
	if (user)
		refcount_inc(&user->refs);
	else
		hlist_add_head(&fresh->node, users_bucket(uid));
	spin_unlock(&users_lock);

	if (!user)
		return fresh;
	kfree(fresh);
	return user;
}

/**
 * ipcx_user_put() - Give a reference back
 * @user: Whose
 *
 * Context: Process context or a work item. Takes the lock of the users.
 */
void ipcx_user_put(struct ipcx_user *user)
{
	enum ipcx_resource res;

	if (!refcount_dec_and_lock(&user->refs, &users_lock))
		return;
	hlist_del(&user->node);
	spin_unlock(&users_lock);

	for (res = 0; res < IPCX_RESOURCE_COUNT; res++)
		WARN_ON_ONCE(atomic_long_read(&user->used[res]));
	kfree(user);
}

/**
 * ipcx_charge_over() - A limit was hit, or nearly
 * @user: Who uses
 * @res: What
 * @n: How much
 *
 * CAP_SYS_RESOURCE in the initial user namespace lifts the user's limit, not
 * the total one. It is asked for only when the limit is hit, so that no audit
 * record is made without need.
 *
 * Context: The user's own process.
 * Return: As ipcx_charge().
 */
int ipcx_charge_over(struct ipcx_user *user, enum ipcx_resource res, u64 n)
{
	if (!ipcx_counter_add(&user->used[res], n,
			      ipcx_quota_limit(ipcx_quota_user_limit, res)) &&
	    !(capable(CAP_SYS_RESOURCE) &&
	      ipcx_counter_add(&user->used[res], n, LONG_MAX))) {
		atomic_long_inc(&user->denied[res]);
		return -EDQUOT;
	}
	if (!ipcx_counter_add(&ipcx_quota_used[res], n,
			      ipcx_quota_limit(ipcx_quota_total_limit, res))) {
		ipcx_counter_sub(&user->used[res], n);
		atomic_long_inc(&total_denied[res]);
		return -ENOSPC;
	}
	return 0;
}

/**
 * ipcx_quota_report() - Fill in the answer of IPCX_IOC_QUOTA
 * @quota: The answer
 * @user: Whose use
 *
 * Context: Any.
 */
void ipcx_quota_report(struct ipcx_quota *quota, struct ipcx_user *user)
{
	enum ipcx_resource res;

	for (res = 0; res < IPCX_RESOURCE_COUNT; res++) {
		quota->out_used[res] = atomic_long_read(&user->used[res]);
		quota->out_limit[res] =
			ipcx_quota_limit(ipcx_quota_user_limit, res);
		quota->out_denied[res] = atomic_long_read(&user->denied[res]);
		quota->out_total_used[res] = ipcx_quota_total(res);
		quota->out_total_limit[res] =
			ipcx_quota_limit(ipcx_quota_total_limit, res);
		quota->out_total_denied[res] =
			atomic_long_read(&total_denied[res]);
	}
}

/**
 * ipcx_quota_total() - What all users use
 * @res: Of what
 *
 * Context: Any.
 * Return: The sum.
 */
u64 ipcx_quota_total(enum ipcx_resource res)
{
	return atomic_long_read(&ipcx_quota_used[res]);
}

/**
 * ipcx_quota_init() - Choose the limits that depend on the machine
 *
 * Context: Module init.
 */
void ipcx_quota_init(void)
{
	unsigned long memory = totalram_pages() << PAGE_SHIFT;

	if (!ipcx_quota_user_limit[IPCX_RESOURCE_BYTES])
		ipcx_quota_user_limit[IPCX_RESOURCE_BYTES] = memory / 2;
	if (!ipcx_quota_total_limit[IPCX_RESOURCE_BYTES])
		ipcx_quota_total_limit[IPCX_RESOURCE_BYTES] = memory / 4 * 3;
}

/**
 * ipcx_quota_exit() - Everything must have been given back
 *
 * Context: Module exit.
 */
void ipcx_quota_exit(void)
{
	enum ipcx_resource res;

	for (res = 0; res < IPCX_RESOURCE_COUNT; res++)
		WARN_ON(atomic_long_read(&ipcx_quota_used[res]));
}
