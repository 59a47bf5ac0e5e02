/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of objects: by number and by name.
 */
#ifndef IPCX_TABLE_H
#define IPCX_TABLE_H

#include <linux/ipcx.h>
#include <linux/kref.h>
#include <linux/rbtree.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * DOC: The tables
 *
 * *Numbers* are those of a namespace, and stand in a tree under its lock. They
 * are given in turn, so a number is not given again before all others were; who
 * destroys by number does not hit a newcomer. The node stands in the object: to
 * enter cannot fail for want of memory, and an object that comes and goes
 * allocates nothing for it. The table holds a reference to each object in it,
 * so what is found under the lock is alive.
 *
 * *Names* are in one hash table, found under RCU. It holds no reference, so
 * what is found may be on its way to be freed; what ever had a name is freed
 * behind a grace period.
 */

struct net;

/**
 * struct ipcx_ns - The objects of one network namespace
 * @net: The namespace; constant
 * @lock: Protects what follows
 * @objects: By number
 * @nr: How many
 * @last_id: The number that was given last
 */
struct ipcx_ns {
	struct net *net;
	spinlock_t lock; /* See above for what it protects. */
	struct rb_root objects;
	u32 nr;
	u32 last_id;
};

/**
 * struct ipcx_name - A name, as the table of names has it
 * @ns: In which namespace
 * @name: The name, filled up with NULs
 */
struct ipcx_name {
	struct ipcx_ns *ns;
	char name[IPCX_NAME_SIZE];
};

/**
 * struct ipcx_entry - What can be found, as a part of its structure
 * @ref: References to the whole
 * @id: Its number; constant once it is in the table
 * @name: Its name, also when it has lost it, and its namespace; constant
 * @id_node: In the table of numbers
 * @name_node: In the table of names
 */
struct ipcx_entry {
	struct kref ref;
	u32 id;
	struct ipcx_name name;
	struct rb_node id_node;
	struct rhash_head name_node;
};

int ipcx_table_add(struct ipcx_entry *entry);
void ipcx_table_del(struct ipcx_entry *entry);
struct ipcx_entry *ipcx_table_next(struct ipcx_ns *ns, u32 id);

int ipcx_table_add_name(struct ipcx_entry *entry);
void ipcx_table_del_name(struct ipcx_entry *entry);
struct ipcx_entry *ipcx_table_find_name(struct ipcx_ns *ns, const char *name);

void ipcx_ns_init(struct ipcx_ns *ns, struct net *net);
int ipcx_table_init(void);
void ipcx_table_exit(void);

#endif /* IPCX_TABLE_H */
