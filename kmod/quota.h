/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What users use, and how much they may.
 */
#ifndef IPCX_QUOTA_H
#define IPCX_QUOTA_H

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/ipcx.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>

/**
 * DOC: Quota
 *
 * Every resource of &enum ipcx_resource is counted twice: for the user (the
 * real uid, as resource limits are) and in total. A charge succeeds in both or
 * in neither, and is exact at the boundary: the counters move by
 * compare-and-exchange and are never above their limit, not even for a moment.
 * Who charges keeps the pointer to the &struct ipcx_user and uncharges through
 * it, so a change of credentials cannot move a debt.
 *
 * The memory itself is allocated with GFP_KERNEL_ACCOUNT, so the memory cgroup
 * of the caller pays as well.
 */

/**
 * struct ipcx_user - What one user uses
 * @node: In the hash of users; protected by its lock
 * @uid: Who; constant
 * @refs: One for each object, handle, process record and waiter of the user
 * @used: By &enum ipcx_resource
 * @denied: How often EDQUOT was given, by &enum ipcx_resource
 */
struct ipcx_user {
	struct hlist_node node;
	kuid_t uid;
	refcount_t refs;
	atomic_long_t used[IPCX_RESOURCE_COUNT];
	atomic_long_t denied[IPCX_RESOURCE_COUNT];
};

struct ipcx_user *ipcx_user_current(struct ipcx_user *likely);
struct ipcx_user *ipcx_user_get(struct ipcx_user *user);
void ipcx_user_put(struct ipcx_user *user);

int ipcx_charge_over(struct ipcx_user *user, enum ipcx_resource res, u64 n);

void ipcx_quota_report(struct ipcx_quota *quota, struct ipcx_user *user);
u64 ipcx_quota_total(enum ipcx_resource res);

void ipcx_quota_init(void);
void ipcx_quota_exit(void);

/* For what is below: what all users use, and the limits. */
extern atomic_long_t ipcx_quota_used[IPCX_RESOURCE_COUNT];
extern unsigned long ipcx_quota_user_limit[IPCX_RESOURCE_COUNT];
extern unsigned long ipcx_quota_total_limit[IPCX_RESOURCE_COUNT];

/* Add @n unless that is more than @limit. @n may be any user's number. */
static __always_inline bool ipcx_counter_add(atomic_long_t *counter, u64 n,
					     unsigned long limit)
{
	long old = atomic_long_read(counter);

	do {
		if (n > limit || (unsigned long)old > limit - n)
			return false;
	} while (!atomic_long_try_cmpxchg(counter, &old, old + (long)n));
	return true;
}

static __always_inline void ipcx_counter_sub(atomic_long_t *counter, u64 n)
{
	WARN_ON_ONCE(atomic_long_sub_return((long)n, counter) < 0);
}

static inline unsigned long ipcx_quota_limit(const unsigned long *limits,
					     enum ipcx_resource res)
{
	return min_t(unsigned long, READ_ONCE(limits[res]), LONG_MAX);
}

/* Of a use of a few bytes, or of one, there cannot be so many as overflow. */
#define ipcx_quota_limit_for(limits, res, n)                  \
	(__builtin_constant_p(n) ? READ_ONCE((limits)[res]) : \
				   ipcx_quota_limit(limits, res))

/**
 * ipcx_charge_quick() - Count a use where that is beyond doubt
 * @user: Who uses
 * @res: What
 * @n: How much
 *
 * Context: Any.
 * Return: False when it was not counted: then ipcx_charge() has to say.
 */
static __always_inline bool ipcx_charge_quick(struct ipcx_user *user,
					      enum ipcx_resource res, u64 n)
{
	unsigned long limit;

	limit = ipcx_quota_limit_for(ipcx_quota_user_limit, res, n);
	if (!ipcx_counter_add(&user->used[res], n, limit))
		return false;
	limit = ipcx_quota_limit_for(ipcx_quota_total_limit, res, n);
	if (likely(ipcx_counter_add(&ipcx_quota_used[res], n, limit)))
		return true;
	ipcx_counter_sub(&user->used[res], n);
	return false;
}

/**
 * ipcx_charge() - Count a use
 * @user: Who uses
 * @res: What
 * @n: How much
 *
 * Context: The user's own process.
 * Return: 0, -EDQUOT (the user's limit), or -ENOSPC (the total one).
 */
static __always_inline int ipcx_charge(struct ipcx_user *user,
				       enum ipcx_resource res, u64 n)
{
	return likely(ipcx_charge_quick(user, res, n)) ?
		       0 :
		       ipcx_charge_over(user, res, n);
}

/**
 * ipcx_uncharge() - End a use
 * @user: As it was charged
 * @res: As it was charged
 * @n: As it was charged
 *
 * Context: Any.
 */
static inline void ipcx_uncharge(struct ipcx_user *user, enum ipcx_resource res,
				 u64 n)
{
	ipcx_counter_sub(&ipcx_quota_used[res], n);
	ipcx_counter_sub(&user->used[res], n);
}

static inline bool ipcx_user_is_current(const struct ipcx_user *user)
{
	return uid_eq(user->uid, current_uid());
}

#endif /* IPCX_QUOTA_H */
