/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The wait engine: queues of calls that sleep, and how they are served.
 */
#ifndef IPCX_WAIT_H
#define IPCX_WAIT_H

#include <linux/ktime.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * DOC: The wait engine
 *
 * *The waker acquires.* A call that cannot have what it wants puts an entry in
 * the queue of the object and sleeps. Who gives something runs the queue under
 * the object's lock: it takes for the first entry what that wants, and decides
 * with one compare-and-exchange on the waiter's state whether the waiter still
 * wants it. The waiter ends its wait with a compare-and-exchange on the same
 * word. So a hand-over and a timeout, signal or kill cannot both happen; who
 * lost to a hand-over did acquire, and says so.
 *
 * *Last touch.* The entry stands on the stack of the sleeping call. Before the
 * compare-and-exchange the waker has taken the entry out of the queue, written
 * the result and taken a reference to the task; behind it, it touches neither
 * entry nor waiter, only the task.
 *
 * *No lost wake-up.* An entry is put in the queue under the lock under which
 * the attempt failed, so whoever gives comes either before the attempt or finds
 * the entry. The sleeper sets its task state before it reads the waiter's
 * state, and the waker writes the waiter's state before it wakes the task.
 *
 * *No wake-up under the lock.* Tasks to be woken are collected in &struct
 * ipcx_wakeups and woken after the lock is dropped. The batch has a fixed size;
 * when it is full the lock is dropped and taken again. Nobody can overtake in
 * between, for the queue is not empty.
 *
 * *Leaving matters.* Who leaves by timeout or signal may have been the reason
 * why those behind it waited (it wanted five units, they want one). So leaving
 * runs the queue.
 *
 * *Barging* queues do not hand over. The first waiter is poked: it wakes,
 * tries for itself, and sleeps again in its old place if somebody was faster.
 * It leaves under the lock and runs the queue, so a poke is never lost.
 *
 * *Not this one.* In a queue whose room has @passed, an entry that cannot be
 * served need not stop those behind it: what is there may be for them and not
 * for it. The room says of each entry whether it is so now.
 *
 * A waiter has a word of state of its own and names the entry that ended its
 * wait, so one waiter may have entries in several queues.
 */

struct ipcx_waitq;
struct ipcx_wait_entry;
struct ipcx_holding;
struct ipcx_user;

/**
 * struct ipcx_deadline - When a wait ends
 * @time: Absolute time
 * @clockid: On this clock
 * @nowait: Do not wait at all
 * @forever: Wait without limit
 */
struct ipcx_deadline {
	ktime_t time;
	clockid_t clockid;
	bool nowait;
	bool forever;
};

/**
 * struct ipcx_waiter - A call that sleeps
 * @task: Who sleeps
 * @state: IPCX_WAITING, IPCX_LEFT, or the index of the entry that was served.
 *	Moves once, by compare-and-exchange, from IPCX_WAITING
 */
struct ipcx_waiter {
	struct task_struct *task;
	int state;
};

#define IPCX_WAITING (-1)
#define IPCX_LEFT    (-2)

/**
 * struct ipcx_wait_entry - What a waiter wants of one queue
 * @node: In the queue; protected by its lock
 * @waiter: Whose entry
 * @index: Number of the entry among those of the waiter
 * @units: How much is wanted; constant
 * @mode: What is wanted, in words of the room; constant
 * @since: A number of the room: what the waiter has seen. Inside one priority
 *	the lowest is served first; constant
 * @seq: Order of coming; protected by the queue's lock
 * @prio: Real-time priority of the task, 0 for none; constant
 * @queued: In the queue; protected by its lock
 * @poked: The waiter shall try for itself; set under the lock
 * @yields: Nobody can serve it but through the kernel: then it may pay to begin
 *	with ipcx_waitq_yield(); constant
 * @result: How the wait ended: 0, -EOWNERDEAD, or an error
 * @start: When the sleep began, see ipcx_tick()
 * @holding: Record in the ledger that will get what is taken, or NULL
 * @death: Record of the death that is reported; NULL but with -EOWNERDEAD
 */
struct ipcx_wait_entry {
	struct rb_node node;
	struct ipcx_waiter *waiter;
	int index;
	u32 units;
	u32 mode;
	u64 since;
	u64 seq;
	int prio;
	bool queued;
	bool poked;
	bool yields;
	int result;
	u64 start;
	struct ipcx_holding *holding;
	struct ipcx_holding *death;
};

/**
 * struct ipcx_waitq_ops - What a room does in a queue
 * @try: Take for the entry, under the lock. 0, -EOWNERDEAD (taken, and there is
 *	something to report), -EAGAIN, or an error that ends the wait. With
 *	@arm, a failure must leave the object such that whoever makes success
 *	possible comes through the kernel
 * @undo: Give back what @try took, under the lock
 * @idle: The queue became empty, under the lock. May be NULL
 * @tried: The engine has tried entries by itself, by which those of another queue
 *	may have got something. Without the lock. May be NULL
 * @passed: Others may be served although this entry, which waits, is before
 *	them: what it lacks is nothing that they would take from it. NULL: never
 * @unordered: That is so of every entry, always
 * @label: What the entry waits for, for people
 */
struct ipcx_waitq_ops {
	int (*try)(struct ipcx_waitq *q, struct ipcx_wait_entry *e, bool arm);
	void (*undo)(struct ipcx_waitq *q, struct ipcx_wait_entry *e);
	void (*idle)(struct ipcx_waitq *q);
	void (*tried)(struct ipcx_waitq *q);
	bool (*passed)(struct ipcx_waitq *q, const struct ipcx_wait_entry *e);
	bool unordered;
	const char *(*label)(const struct ipcx_wait_entry *e);
};

/**
 * struct ipcx_waitq - A queue of entries
 * @root: Entries in order of service
 * @lock: The lock of the object; protects everything here
 * @payer: Who will probably pay for a sleep; valid as long as the queue;
 *	constant
 * @ops: Of the room; NULL while the queue is not used
 * @next_seq: For the next entry
 * @nr: Number of entries
 * @dead: Error that ends every wait, or 0
 * @by_prio: Order is by priority
 * @barging: What is free may be taken although others wait
 * @served_on: Processor on which somebody was served last
 * @skip: Behind so many sleeps comes one that may begin with a yield
 * @skipped: Sleeps since the last such one
 */
struct ipcx_waitq {
	struct rb_root_cached root;
	spinlock_t *lock; /* The object's. */
	struct ipcx_user *payer;
	const struct ipcx_waitq_ops *ops;
	u64 next_seq;
	u32 nr;
	int dead;
	bool by_prio;
	bool barging;
	int served_on;
	u32 skip;
	u32 skipped;
};

#define IPCX_WAKE_BATCH 16

/**
 * struct ipcx_wakeups - Tasks to wake after the lock is dropped
 * @nr: How many
 * @task: They, each with a reference
 */
struct ipcx_wakeups {
	unsigned int nr;
	struct task_struct *task[IPCX_WAKE_BATCH];
};

int ipcx_deadline_set(struct ipcx_deadline *deadline, u32 clockid, u64 time);

void ipcx_waitq_init(struct ipcx_waitq *q, spinlock_t *lock,
		     struct ipcx_user *payer, const struct ipcx_waitq_ops *ops);
bool ipcx_waitq_end_locked(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
			   int result, struct ipcx_wakeups *wakeups);
bool ipcx_waitq_run_locked(struct ipcx_waitq *q, struct ipcx_wakeups *wakeups);
bool ipcx_waitq_kill_locked(struct ipcx_waitq *q, int error,
			    struct ipcx_wakeups *wakeups);
void ipcx_wakeups_flush(struct ipcx_wakeups *wakeups);

/**
 * enum ipcx_yield - What came of ipcx_waitq_yield()
 * @IPCX_YIELD_NO: It was not worth a try
 * @IPCX_YIELD_SHORT: Others ran, not for long
 * @IPCX_YIELD_LONG: Others ran for a tick or longer
 */
enum ipcx_yield {
	IPCX_YIELD_NO,
	IPCX_YIELD_SHORT,
	IPCX_YIELD_LONG,
};

enum ipcx_yield ipcx_waitq_yield(struct ipcx_waitq *q);
void ipcx_waitq_learn(struct ipcx_waitq *q, bool paid);
int ipcx_wait_try_locked(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
			 bool arm);
int ipcx_wait(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
	      const struct ipcx_deadline *deadline);
int ipcx_wait_tried(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
		    const struct ipcx_deadline *deadline);
int ipcx_wait_tried_locked(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
			   const struct ipcx_deadline *deadline)
	__releases(q->lock);

/* What of an entry has to be set before a wait; the rest the wait itself sets. */
static inline void ipcx_wait_entry_init(struct ipcx_wait_entry *e, u32 units)
{
	e->index = 0;
	e->units = units;
	e->mode = 0;
	e->since = 0;
	e->queued = false;
	e->poked = false;
	e->yields = false;
	e->result = 0;
	e->holding = NULL;
	e->death = NULL;
}

static inline bool ipcx_waitq_empty_locked(const struct ipcx_waitq *q)
{
	lockdep_assert_held(q->lock);
	return RB_EMPTY_ROOT(&q->root.rb_root);
}

/* The entry behind @e in the order of service, the first one behind NULL. */
static inline struct ipcx_wait_entry *
ipcx_waitq_next_locked(const struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	struct rb_node *node;

	lockdep_assert_held(q->lock);
	node = e ? rb_next(&e->node) : rb_first_cached(&q->root);
	return rb_entry_safe(node, struct ipcx_wait_entry, node);
}

#endif /* IPCX_WAIT_H */
