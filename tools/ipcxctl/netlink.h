/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generic netlink family of ipcx, as arrays of records. */
#ifndef IPCXCTL_NETLINK_H
#define IPCXCTL_NETLINK_H

#include <stddef.h>
#include <stdint.h>

#include <linux/ipcx.h>

/* One answer: an object, a holder or a waiter. What is absent is 0 or "". */
struct record {
	uint64_t value[__IPCX_A_COUNT];
	char name[IPCX_NAME_SIZE];
	char queue[32];
};

struct records {
	struct record *items;
	size_t count;
};

/* These return 0 or -errno; -ENODEV: the kernel has no such family. */

/* All objects that the caller may see. */
int netlink_objects(struct records *ret);

/* One object by its name, or by its id when @name is NULL. */
int netlink_object(const char *name, uint32_t id, struct record *ret);

/* Who holds something of object @id; who sleeps on it. */
int netlink_holders(uint32_t id, struct records *ret);
int netlink_waiters(uint32_t id, struct records *ret);

void records_free(struct records *records);

#endif /* IPCXCTL_NETLINK_H */
