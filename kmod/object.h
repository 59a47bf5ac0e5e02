/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects, handles and names: what all rooms have in common.
 */
#ifndef IPCX_OBJECT_H
#define IPCX_OBJECT_H

#include <linux/ipcx.h>
#include <linux/kref.h>
#include <linux/poll.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "access.h"
#include "holder.h"
#include "table.h"
#include "wait.h"

/**
 * DOC: Objects
 *
 * *Life.* An object is made by a room, published (it gets its number and its
 * name last, when it is whole), and has handles. It dies once, in
 * ipcx_object_kill(): by IPCX_IOC_DESTROY, or when nothing keeps it any more.
 * What keeps it is a handle, or, for a persistent object, its name. It is
 * retired, taken out of the table of its namespace, when it is dead and has no
 * handle; its memory goes with the last reference.
 *
 * *Locks*, outermost first::
 *
 *   ipcx_object.lock      state, rights, queues, ledger, all fields of the room
 *     ipcx_proc.lock      the holdings of one process
 *     wait_queue_head     pollers (never taken with the object's lock held by us)
 *   users_lock, procs_lock, the table of names, the pools of chunks: taken for
 *   themselves
 *
 * Nothing is allocated, nobody is woken, and no user memory is touched under the
 * object's lock; but by a short copy that cannot fault, for page faults are disabled
 * (channel_io.c). Who holds the lock of one object never waits for that of
 * another; but a room may have a mutex, outermost, whose holder takes the locks
 * of several objects together (mailbox_all.c).
 *
 * *References.* A handle, a mapping (through the file of its handle), a pending
 * lease or other delayed work, the work item of a death and the table of numbers
 * hold one each.
 */

struct ipcx_call_desc;
struct ipcx_handle;
struct ipcx_object;
struct fasync_struct;
struct file;
struct iov_iter;
struct kiocb;
struct vm_area_struct;

#define IPCX_OBJECT_QUEUES 2

#define IPCX_FACTS_MAX 12

/**
 * struct ipcx_facts - What a room tells about an object, for all faces
 * @nr: How many
 * @fact: They: attribute for netlink, name for fdinfo, value
 */
struct ipcx_facts {
	unsigned int nr;
	struct {
		u16 attr;
		const char *name;
		u64 value;
	} fact[IPCX_FACTS_MAX];
};

/**
 * struct ipcx_type - What a room is to the rest
 * @id: &enum ipcx_type_id
 * @name: For people
 * @file_name: For people who look at descriptors: "[ipcx-", @name, "]"
 * @exit: Give back what the room made for itself; at module exit, or NULL
 * @size: Of the room's structure, which begins with &struct ipcx_object
 * @streams: Is read and written as a pipe is: splice(), and no position
 * @carries_files: An object can have files in it, see ipcx_handle_carries()
 * @calls: The room's ioctls, by the low four bits of their number
 * @nr_calls: How many
 * @first_call: Number of the first, a multiple of 16
 * @handle: A handle came (1) or goes (-1), or NULL
 * @flush: A process closes a descriptor of the handle, or NULL
 * @kill: The object died: under its lock, before the queues are ended
 * @killed: The object died, and nobody waits any more, or NULL. Without a lock
 * @release: The last reference is gone: free what the room allocated
 * @gone: A holder died, see &struct ipcx_ledger_ops
 * @held: Units that the holding stands for now, under the object's lock
 * @hold_label: What is held, for people
 * @kept: List of records, by their node_dead, of the dead that still hold
 *	something, or NULL. Under the object's lock
 * @describe: Facts for the faces, under the object's lock
 * @poll: Events that hold now for the handle. Takes the lock itself
 * @queued: How many bytes FIONREAD finds, or NULL
 * @read: read(), or NULL
 * @write: write(), or NULL
 * @mmap: mmap(), or NULL
 * @file_rights: The rights that the file of a handle with these rights, and of this
 *	part, is to have for the kernel's own checks; NULL: the same
 * @map_area: Where to map, or NULL
 */
struct ipcx_type {
	u32 id;
	const char *name;
	const char *file_name;
	void (*exit)(void);
	size_t size;
	bool streams;
	bool carries_files;
	const struct ipcx_call_desc *calls;
	unsigned int nr_calls;
	unsigned int first_call;
	void (*handle)(struct ipcx_object *obj,
		       const struct ipcx_handle *handle, int change);
	void (*flush)(struct ipcx_object *obj,
		      const struct ipcx_handle *handle);
	void (*kill)(struct ipcx_object *obj);
	void (*killed)(struct ipcx_object *obj);
	void (*release)(struct ipcx_object *obj);
	void (*gone)(struct ipcx_object *obj, u32 id);
	u32 (*held)(struct ipcx_object *obj, const struct ipcx_holding *h);
	const char *(*hold_label)(struct ipcx_object *obj,
				  const struct ipcx_holding *h);
	struct list_head *(*kept)(struct ipcx_object *obj);
	void (*describe)(struct ipcx_object *obj, struct ipcx_facts *facts);
	__poll_t (*poll)(struct ipcx_object *obj,
			 const struct ipcx_handle *handle);
	int (*queued)(struct ipcx_object *obj,
		      const struct ipcx_handle *handle);
	ssize_t (*read)(struct ipcx_object *obj, struct kiocb *iocb,
			struct iov_iter *to);
	ssize_t (*write)(struct ipcx_object *obj, struct kiocb *iocb,
			 struct iov_iter *from);
	u32 (*file_rights)(struct ipcx_object *obj, u32 part, u32 rights);
	int (*mmap)(struct ipcx_object *obj, struct file *file, u32 rights,
		    struct vm_area_struct *vma);
	unsigned long (*map_area)(struct ipcx_object *obj, unsigned long addr,
				  unsigned long len, unsigned long pgoff,
				  unsigned long flags);
};

/**
 * struct ipcx_object - The base of every object
 * @entry: In the tables, with the references to the memory
 * @type: Its room; constant
 * @lock: Protects what follows, and the fields of the room
 * @handles: Open handles
 * @dead: Was killed. Set once
 * @retired: Is out of the table. Set once
 * @persistent: Stays without handles
 * @named: Its name is in the table of names
 * @access: Owner, group, mode
 * @waitq: Its queues; their meaning is the room's
 * @ledger: Who holds what
 * @poll: Pollers
 * @fasync: Who is told of events by a signal
 * @user: Who pays, with a reference; constant
 * @bytes: What is charged; grows under @lock
 * @created: CLOCK_BOOTTIME; constant
 * @lease_ns: Lease, 0 for none
 * @last_use: When the last handle was closed
 * @lease: Looks whether the lease has run out; holds a reference while pending
 * @rcu: To free it
 */
struct ipcx_object {
	struct ipcx_entry entry;
	const struct ipcx_type *type;
	spinlock_t lock; /* See above for what it protects. */
	u32 handles;
	bool dead;
	bool retired;
	bool persistent;
	bool named;
	struct ipcx_access access;
	struct ipcx_waitq waitq[IPCX_OBJECT_QUEUES];
	struct ipcx_ledger ledger;
	wait_queue_head_t poll;
	struct fasync_struct *fasync;
	struct ipcx_user *user;
	u64 bytes;
	u64 created;
	u64 lease_ns;
	u64 last_use;
	struct delayed_work lease;
	struct rcu_head rcu;
};

/**
 * struct ipcx_create - What every creating call says
 * @type: The room
 * @ns: In which namespace
 * @payer: Who will probably pay, see ipcx_user_current()
 * @name: Name field of the call
 * @named: The name is not blank; set by ipcx_create_check()
 * @flags: &enum ipcx_create_flags, the flags of the room taken out
 * @mode: Mode bits
 * @rights: Rights of the handle; 0 stands for all
 * @lease_ns: Lease
 */
struct ipcx_create {
	const struct ipcx_type *type;
	struct ipcx_ns *ns;
	struct ipcx_user *payer;
	const char *name;
	bool named;
	u32 flags;
	u32 mode;
	u32 rights;
	u64 lease_ns;
};

int ipcx_create_check(struct ipcx_create *create);
struct ipcx_object *ipcx_object_alloc(const struct ipcx_create *create,
				      u64 more_bytes);
struct ipcx_object *ipcx_create_open(const struct ipcx_create *create);
struct ipcx_object *ipcx_create_publish(const struct ipcx_create *create,
					struct ipcx_object *obj);
void ipcx_object_kill(struct ipcx_object *obj);
int ipcx_object_unlink(struct ipcx_object *obj);

struct ipcx_object *ipcx_object_open(struct ipcx_ns *ns, const char *name,
				     u32 type, u32 rights);
int ipcx_object_unlink_name(struct ipcx_ns *ns, const char *name);

int ipcx_object_hold(struct ipcx_object *obj);
void ipcx_object_unhold(struct ipcx_object *obj);
void ipcx_object_put(struct ipcx_object *obj);
void ipcx_object_arm_locked(struct ipcx_object *obj, struct delayed_work *work,
			    u64 ns);
struct ipcx_object *ipcx_object_find(struct ipcx_ns *ns, u32 id);
struct ipcx_object *ipcx_object_next(struct ipcx_ns *ns, u32 id);
struct ipcx_object *ipcx_object_find_name(struct ipcx_ns *ns, const char *name);

int ipcx_access_object(struct ipcx_object *obj, u32 rights, bool quiet);
void ipcx_object_wake_pollers(struct ipcx_object *obj, __poll_t events);

struct ipcx_ns *ipcx_ns_of(struct net *net);
int ipcx_object_init(void);
void ipcx_object_exit(void);

static inline void ipcx_object_get(struct ipcx_object *obj)
{
	kref_get(&obj->entry.ref);
}

/*
 * Is there anybody for ipcx_object_wake_pollers()? Asked under the object's lock,
 * in which the state has changed: so the proof there holds.
 */
static inline bool ipcx_object_watched(const struct ipcx_object *obj)
{
	/* Without a barrier: see above. */
	return waitqueue_active((wait_queue_head_t *)&obj->poll) ||
	       READ_ONCE(obj->fasync);
}

/* Whose capabilities count. */
static inline struct user_namespace *
ipcx_object_user_ns(const struct ipcx_object *obj)
{
	return obj->entry.name.ns->net->user_ns;
}

static inline void ipcx_facts_add(struct ipcx_facts *facts, u16 attr,
				  const char *name, u64 value)
{
	if (WARN_ON_ONCE(facts->nr == IPCX_FACTS_MAX))
		return;
	facts->fact[facts->nr].attr = attr;
	facts->fact[facts->nr].name = name;
	facts->fact[facts->nr].value = value;
	facts->nr++;
}

#endif /* IPCX_OBJECT_H */
