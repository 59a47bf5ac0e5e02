/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What users use, and how much they may.
 */
#ifndef IPCX_QUOTA_H
#define IPCX_QUOTA_H

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/ipcx.h>
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

int ipcx_charge(struct ipcx_user *user, enum ipcx_resource res, u64 n);
void ipcx_uncharge(struct ipcx_user *user, enum ipcx_resource res, u64 n);

void ipcx_quota_report(struct ipcx_quota *quota, struct ipcx_user *user);
u64 ipcx_quota_total(enum ipcx_resource res);

void ipcx_quota_init(void);
void ipcx_quota_exit(void);

static inline bool ipcx_user_is_current(const struct ipcx_user *user)
{
	return uid_eq(user->uid, current_uid());
}

#endif /* IPCX_QUOTA_H */
