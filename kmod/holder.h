/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: which process holds what, and what follows when it dies.
 */
#ifndef IPCX_HOLDER_H
#define IPCX_HOLDER_H

#include <linux/list.h>
#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/**
 * DOC: Holders
 *
 * A process that holds anything has one &struct ipcx_proc, known by its
 * &struct pid, and one &struct ipcx_holding in the ledger of each object that
 * it holds something of.
 *
 * *Death* is seen by two scheduler tracepoints. sched_process_exit is called
 * for each thread; the last one finds the process without living threads. By
 * then no thread of it is in a system call any more, so nothing can be added to
 * its holdings. sched_process_exec is called by the only thread that is left
 * when an exec can no longer fail; to the ledger the old image has died. Both
 * only unhash the record (a new image gets a record, and an id, of its own) and
 * queue a work item, for they run with preemption off. The work item goes
 * through the holdings and calls the rooms. A process of which the last thread
 * has exited is reported to its parent after the tracepoint, so who was told of
 * a death and then calls ipcx_settle() finds its consequences for that object
 * complete.
 *
 * *Locks.* The lock of the object protects the ledger and the fields of its
 * holdings; inside it nests the lock of the process record, which protects the
 * list of its holdings. The work item goes the other way round: it looks at the
 * list under the record's lock, takes a reference to the object (which exists,
 * for a dying object removes its holdings before its last reference goes), and
 * drops the lock before it takes the object's.
 *
 * The calling process cannot die, or exec, in the middle of its own call. So
 * the record of the current process may be used without a reference.
 *
 * *Inboxes.* One holding of a process may be its inbox: by it others find the
 * object behind it, for as long as the process lives as the program that made
 * it. Records are known by &struct pid, so a pid that is used anew leads to
 * nobody else's inbox.
 */

struct ipcx_ledger;
struct ipcx_user;
struct task_struct;

/**
 * struct ipcx_proc - A process that holds something
 * @node: In the hash; protected by its lock, read under RCU
 * @pid: Of the thread group, with a reference; constant
 * @id: In lock words; unique among records; constant
 * @user: Who pays for the records; constant
 * @dead: The process has died: set once, before @work is queued
 * @lock: Protects @holdings and @inbox
 * @holdings: All of the process
 * @inbox: That one of them that is its inbox, or NULL
 * @work: Goes through @holdings after death
 * @rcu: To free it
 */
struct ipcx_proc {
	struct hlist_node node;
	struct pid *pid;
	u32 id;
	struct ipcx_user *user;
	bool dead;
	spinlock_t lock; /* See above for what it protects. */
	struct list_head holdings;
	struct ipcx_holding *inbox;
	struct work_struct work;
	struct rcu_head rcu;
};

/**
 * struct ipcx_holding - What one process holds of one object
 * @node: In the ledger, by @id; protected by the object's lock
 * @proc_node: In the list of the process; protected by the record's lock
 * @ledger: Where it stands; constant
 * @proc: Of the holder; only while it stands in the ledger
 * @pid: Of the holder, with a reference; constant
 * @id: Of the holder; constant
 * @user: Who pays, with a reference; constant
 * @units: What is held; protected by the object's lock
 * @mode: How, in words of the room; protected by the object's lock
 * @pins: Calls that sleep and will get something; protected by the object's lock
 * @since: When the first unit was taken, CLOCK_BOOTTIME to the tick
 * @node_dead: For a room that keeps records of deaths
 */
struct ipcx_holding {
	struct rb_node node;
	struct list_head proc_node;
	struct ipcx_ledger *ledger;
	struct ipcx_proc *proc;
	struct pid *pid;
	u32 id;
	struct ipcx_user *user;
	u32 units;
	u32 mode;
	u32 pins;
	u64 since;
	struct list_head node_dead;
};

/**
 * struct ipcx_ledger_ops - What the object behind a ledger does
 * @get: Take a reference to it. It exists
 * @put: Give the reference back
 * @gone: The holder with this id is dead. Called without locks. If the ledger
 *	still has its holding, that must be unlinked, and freed or kept as a record
 */
struct ipcx_ledger_ops {
	void (*get)(struct ipcx_ledger *ledger);
	void (*put)(struct ipcx_ledger *ledger);
	void (*gone)(struct ipcx_ledger *ledger, u32 id);
};

/**
 * struct ipcx_ledger - Who holds something of an object
 * @root: Holdings by id
 * @lock: The lock of the object; protects everything here
 * @ops: What the object does
 * @dead: Nothing is entered any more
 */
struct ipcx_ledger {
	struct rb_root root;
	spinlock_t *lock; /* The object's. */
	const struct ipcx_ledger_ops *ops;
	bool dead;
};

void ipcx_ledger_init(struct ipcx_ledger *ledger, spinlock_t *lock,
		      const struct ipcx_ledger_ops *ops);
void ipcx_ledger_clear(struct ipcx_ledger *ledger);

struct ipcx_proc *ipcx_proc_find(void);
struct ipcx_holding *ipcx_holding_find_locked(struct ipcx_ledger *ledger,
					      u32 id);
struct ipcx_holding *ipcx_holding_dead_locked(struct ipcx_ledger *ledger,
					      u32 id);
struct ipcx_holding *ipcx_holding_current_locked(struct ipcx_ledger *ledger);
struct ipcx_holding *ipcx_holding_pin(struct ipcx_ledger *ledger);
void ipcx_holding_unpin(struct ipcx_holding *h);
void ipcx_holding_tidy(struct ipcx_ledger *ledger);
void ipcx_holding_unlink_locked(struct ipcx_holding *h);
void ipcx_holding_free(struct ipcx_holding *h);

void ipcx_settle(struct ipcx_ledger *ledger);

int ipcx_inbox_set(struct ipcx_holding *h);
struct ipcx_ledger *ipcx_inbox_get(const struct pid *pid);

int ipcx_holder_init(void);
void ipcx_holder_exit(void);

static inline struct ipcx_holding *
ipcx_ledger_next_locked(const struct ipcx_ledger *ledger,
			struct ipcx_holding *h)
{
	struct rb_node *node;

	lockdep_assert_held(ledger->lock);
	node = h ? rb_next(&h->node) : rb_first(&ledger->root);
	return rb_entry_safe(node, struct ipcx_holding, node);
}

/**
 * ipcx_process_rcu() - The first thread of a process that lives
 * @pid: Of the process
 *
 * That thread itself may have ended long before the others.
 *
 * Context: Under RCU.
 * Return: The thread, or NULL when the process has died.
 */
static inline struct task_struct *ipcx_process_rcu(struct pid *pid)
{
	struct task_struct *task = pid_task(pid, PIDTYPE_TGID);

	return task && !(task->exit_state && thread_group_empty(task)) ? task :
									 NULL;
}

#endif /* IPCX_HOLDER_H */
