// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wait engine. The protocol is in wait.h.
 */
#include "wait.h"

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/ipcx.h>
#include <linux/minmax.h>
#include <linux/sched/rt.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/time.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "quota.h"
#include "tick.h"

/* Of so many sleeps at least one is tried another way: see ipcx_waitq_yield(). */
#define SKIP_MAX 65535U

/**
 * ipcx_deadline_set() - Check and translate a deadline from user space
 * @deadline: What to fill
 * @clockid: CLOCK_REALTIME, CLOCK_MONOTONIC or CLOCK_BOOTTIME
 * @time: Nanoseconds, 0 or IPCX_FOREVER
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int ipcx_deadline_set(struct ipcx_deadline *deadline, u32 clockid, u64 time)
{
	if (clockid != CLOCK_REALTIME && clockid != CLOCK_MONOTONIC &&
	    clockid != CLOCK_BOOTTIME)
		return -EINVAL;
	if (time > KTIME_MAX && time != IPCX_FOREVER)
		return -EINVAL;

	deadline->clockid = clockid;
	deadline->nowait = time == 0;
	deadline->forever = time == IPCX_FOREVER;
	deadline->time = deadline->forever ? KTIME_MAX : (ktime_t)time;
	return 0;
}

/**
 * ipcx_waitq_init() - Make a queue
 * @q: The queue
 * @lock: The lock of the object
 * @payer: Who will probably pay for the sleeps; lives as long as the queue
 * @ops: What the room does in it
 *
 * Context: Before the object is published.
 */
void ipcx_waitq_init(struct ipcx_waitq *q, spinlock_t *lock,
		     struct ipcx_user *payer, const struct ipcx_waitq_ops *ops)
{
	q->root = RB_ROOT_CACHED;
	q->lock = lock;
	q->payer = payer;
	q->ops = ops;
}

static bool entry_before(const struct ipcx_wait_entry *a,
			 const struct ipcx_wait_entry *b)
{
	if (a->prio != b->prio)
		return a->prio > b->prio;
	if (a->since != b->since)
		return a->since < b->since;
	return a->seq < b->seq;
}

static bool entry_node_before(struct rb_node *a, const struct rb_node *b)
{
	return entry_before(rb_entry(a, struct ipcx_wait_entry, node),
			    rb_entry(b, struct ipcx_wait_entry, node));
}

static void waitq_add_locked(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	lockdep_assert_held(q->lock);

	e->queued = true;
	WRITE_ONCE(q->nr, q->nr + 1);
	rb_add_cached(&e->node, &q->root, entry_node_before);
}

static void waitq_del_locked(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	lockdep_assert_held(q->lock);

	if (!e->queued)
		return;
	e->queued = false;
	WRITE_ONCE(q->nr, q->nr - 1);
	if (q->nr)
		rb_erase_cached(&e->node, &q->root);
	else
		q->root = RB_ROOT_CACHED;
}

/* After deletions, and after what was taken in vain has been given back. */
static void waitq_idle_locked(struct ipcx_waitq *q)
{
	lockdep_assert_held(q->lock);

	if (!q->nr && q->ops->idle)
		q->ops->idle(q);
}

/**
 * ipcx_waitq_end_locked() - End the wait of an entry
 * @q: The queue
 * @e: An entry that is in it
 * @result: How it ends
 * @wakeups: Gets the task to wake
 *
 * After a successful exchange the waiter may return and its stack with @e be
 * reused, so that is the last touch; the task stays through its reference. A
 * failed exchange leaves @e valid: a waiter that was served elsewhere, or left,
 * has to take this lock to be sure that no entry of it is queued here.
 *
 * Context: Under the lock of the queue.
 * Return: False when the waiter had left: then what was taken for it is still
 * with the caller.
 */
bool ipcx_waitq_end_locked(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
			   int result, struct ipcx_wakeups *wakeups)
{
	struct ipcx_waiter *waiter = e->waiter;
	struct task_struct *task = get_task_struct(waiter->task);
	int expected = IPCX_WAITING;

	waitq_del_locked(q, e);
	q->served_on = raw_smp_processor_id();
	e->result = result;
	if (!try_cmpxchg_release(&waiter->state, &expected, e->index)) {
		put_task_struct(task);
		return false;
	}
	wakeups->task[wakeups->nr++] = task;
	return true;
}

static void waitq_poke_locked(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
			      struct ipcx_wakeups *wakeups)
{
	int r;

	if (e->poked)
		return;
	/* Would it succeed? Then let it, in its own time. */
	r = q->ops->try(q, e, true);
	if (r == -EAGAIN)
		return;
	if (!r || r == -EOWNERDEAD)
		q->ops->undo(q, e);
	WRITE_ONCE(e->poked, true);
	wakeups->task[wakeups->nr++] = get_task_struct(e->waiter->task);
}

static bool entry_passed(struct ipcx_waitq *q, const struct ipcx_wait_entry *e)
{
	return q->ops->unordered || (q->ops->passed && q->ops->passed(q, e));
}

/**
 * ipcx_waitq_run_locked() - Serve those whose turn has come
 * @q: The queue
 * @wakeups: Gets the tasks to wake; the caller flushes it after unlocking
 *
 * Context: Under the lock of the queue.
 * Return: True when the batch is full: flush, lock again and call again.
 */
bool ipcx_waitq_run_locked(struct ipcx_waitq *q, struct ipcx_wakeups *wakeups)
{
	struct ipcx_wait_entry *e, *next;
	int r;

	lockdep_assert_held(q->lock);

	if (q->dead)
		return false;
	for (e = ipcx_waitq_next_locked(q, NULL); e; e = next) {
		next = ipcx_waitq_next_locked(q, e);
		if (wakeups->nr == IPCX_WAKE_BATCH)
			return true;
		if (q->barging) {
			waitq_poke_locked(q, e, wakeups);
			return false;
		}
		r = q->ops->try(q, e, true);
		if (r == -EAGAIN && entry_passed(q, e))
			continue;
		if (r == -EAGAIN)
			return false;
		if (!ipcx_waitq_end_locked(q, e, r, wakeups) &&
		    (!r || r == -EOWNERDEAD))
			q->ops->undo(q, e);
		waitq_idle_locked(q);
	}
	return false;
}

/**
 * ipcx_waitq_kill_locked() - End every wait, and every later one
 * @q: The queue
 * @error: With this error
 * @wakeups: Gets the tasks to wake
 *
 * Context: Under the lock of the queue.
 * Return: True when the batch is full, see ipcx_waitq_run_locked().
 */
bool ipcx_waitq_kill_locked(struct ipcx_waitq *q, int error,
			    struct ipcx_wakeups *wakeups)
{
	struct ipcx_wait_entry *e;

	lockdep_assert_held(q->lock);

	q->dead = error;
	while ((e = ipcx_waitq_next_locked(q, NULL))) {
		if (wakeups->nr == IPCX_WAKE_BATCH)
			return true;
		ipcx_waitq_end_locked(q, e, error, wakeups);
	}
	return false;
}

/**
 * ipcx_wakeups_flush() - Wake them
 * @wakeups: Whom
 *
 * Context: Without the lock.
 */
void ipcx_wakeups_flush(struct ipcx_wakeups *wakeups)
{
	unsigned int i;

	for (i = 0; i < wakeups->nr; i++) {
		wake_up_process(wakeups->task[i]);
		put_task_struct(wakeups->task[i]);
	}
	wakeups->nr = 0;
}

/* By policy, not by rt_task(), which also says what was lent to the task. */
static int current_prio(void)
{
	switch (current->policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return current->rt_priority;
	case SCHED_DEADLINE:
		return MAX_RT_PRIO;
	default:
		return 0;
	}
}

/* May @e try at all, or would it overtake somebody? */
static bool entry_may_try(struct ipcx_waitq *q, const struct ipcx_wait_entry *e)
{
	struct ipcx_wait_entry *first;

	if (q->barging || q->ops->unordered)
		return true;
	first = ipcx_waitq_next_locked(q, NULL);
	while (first && entry_passed(q, first))
		first = ipcx_waitq_next_locked(q, first);
	return !first || entry_before(e, first);
}

static void waitq_tried(struct ipcx_waitq *q)
{
	if (unlikely(q->ops->tried))
		q->ops->tried(q);
}

/**
 * ipcx_wait_try_locked() - Take without waiting
 * @q: The queue
 * @e: What is wanted
 * @arm: The caller will sleep on failure, see &struct ipcx_waitq_ops
 *
 * Context: Under the lock of the queue.
 * Return: 0, -EOWNERDEAD, -EAGAIN, or an error.
 */
int ipcx_wait_try_locked(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
			 bool arm)
{
	lockdep_assert_held(q->lock);

	if (q->dead)
		return q->dead;
	e->seq = q->next_seq;
	e->prio = q->by_prio ? current_prio() : 0;
	if (!entry_may_try(q, e))
		return -EAGAIN;
	return q->ops->try(q, e, arm);
}

/* Let a poked waiter of a barging queue try. True when its wait has ended. */
static bool wait_poked(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	struct ipcx_wakeups wakeups = {};
	int expected = IPCX_WAITING;
	int r = -EAGAIN;

	spin_lock(q->lock);
	e->poked = false;
	/* A dead object is not tried: a word without holder would look free. */
	if (e->queued)
		r = q->dead ? q->dead : q->ops->try(q, e, true);
	if (r != -EAGAIN) {
		waitq_del_locked(q, e);
		waitq_idle_locked(q);
		e->result = r;
		try_cmpxchg(&e->waiter->state, &expected, e->index);
		ipcx_waitq_run_locked(q, &wakeups);
	}
	spin_unlock(q->lock);
	ipcx_wakeups_flush(&wakeups);
	return r != -EAGAIN;
}

/*
 * Give up with @error, unless somebody was faster. Runs the queue: those behind
 * may have waited only because of this entry, or its poke must be passed on.
 */
static int wait_leave(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
		      int error)
{
	struct ipcx_wakeups wakeups = {};
	int expected = IPCX_WAITING;
	bool more;

	if (!try_cmpxchg(&e->waiter->state, &expected, IPCX_LEFT)) {
		/* A failed exchange orders nothing; the result comes behind. */
		smp_acquire__after_ctrl_dep();
		return e->result;
	}
	do {
		spin_lock(q->lock);
		waitq_del_locked(q, e);
		waitq_idle_locked(q);
		more = ipcx_waitq_run_locked(q, &wakeups);
		spin_unlock(q->lock);
		ipcx_wakeups_flush(&wakeups);
		cond_resched();
	} while (more);
	waitq_tried(q);
	return error;
}

/**
 * ipcx_waitq_yield() - Let who may serve this queue run, instead of sleeping
 * @q: The queue
 *
 * Two processes that talk to one another on one processor: who served this queue
 * last did so here, and does it again as soon as it gets the processor. To let it
 * have that spares the scheduler a sleep and a wake-up. But it is a guess, and who
 * guesses wrong lets others run who have nothing to do with it: so each guess that
 * does not pay makes the next ones rarer.
 *
 * Not for SCHED_DEADLINE, where a yield gives up the rest of a period, nor for
 * real-time tasks, which yield to their like only.
 *
 * The fields are hints, read and written without a lock: nothing but speed depends
 * on them.
 *
 * Context: Process context, without a lock.
 * Return: Whether it was worth a try, and how long it took. The caller sees what it
 * was good for, and tells it to ipcx_waitq_learn().
 */
enum ipcx_yield ipcx_waitq_yield(struct ipcx_waitq *q)
{
	u32 skip = READ_ONCE(q->skip), skipped = READ_ONCE(q->skipped);
	u64 began;

	if (READ_ONCE(q->served_on) != raw_smp_processor_id() ||
	    (current->policy != SCHED_NORMAL &&
	     current->policy != SCHED_BATCH) ||
	    single_task_running())
		return IPCX_YIELD_NO;
	if (skipped < skip) {
		WRITE_ONCE(q->skipped, skipped + 1);
		return IPCX_YIELD_NO;
	}
	WRITE_ONCE(q->skipped, 0);
	began = ipcx_tick();
	yield();
	return ipcx_tick() == began ? IPCX_YIELD_SHORT : IPCX_YIELD_LONG;
}

/**
 * ipcx_waitq_learn() - Did it pay?
 * @q: The queue
 * @paid: What was waited for has come, and soon
 *
 * Context: Any.
 */
void ipcx_waitq_learn(struct ipcx_waitq *q, bool paid)
{
	u32 skip = READ_ONCE(q->skip);

	if (paid && !skip)
		return;
	WRITE_ONCE(q->skip, paid ? skip / 2 : min(2 * skip + 1, SKIP_MAX));
}

/* In the queue all the while: so it is served there, and keeps its place. */
static bool wait_yield(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	enum ipcx_yield yielded = ipcx_waitq_yield(q);
	bool served;

	if (yielded == IPCX_YIELD_NO)
		return false;
	/* Pairs with the release in ipcx_waitq_end_locked(): the result. */
	served = smp_load_acquire(&e->waiter->state) != IPCX_WAITING;
	ipcx_waitq_learn(q, served && yielded == IPCX_YIELD_SHORT);
	return served;
}

static int wait_sleep(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
		      const struct ipcx_deadline *deadline)
{
	ktime_t time = deadline->time;
	int r = 0;

	if (e->yields && wait_yield(q, e))
		return e->result;
	for (;;) {
		/*
		 * Full barrier between the task state and the reads below; it
		 * pairs with the one in wake_up_process(), which comes after
		 * the write of waiter->state or e->poked.
		 */
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		/* Pairs with the release in ipcx_waitq_end_locked(): the result. */
		if (smp_load_acquire(&e->waiter->state) != IPCX_WAITING)
			break;
		if (READ_ONCE(e->poked)) {
			__set_current_state(TASK_RUNNING);
			if (wait_poked(q, e))
				break;
			continue;
		}
		if (signal_pending(current)) {
			r = -ERESTARTSYS;
			break;
		}
		if (deadline->forever) {
			schedule();
		} else if (!schedule_hrtimeout_range_clock(
				   &time, current->timer_slack_ns,
				   HRTIMER_MODE_ABS, deadline->clockid)) {
			r = -ETIMEDOUT;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);
	return r ? wait_leave(q, e, r) : e->result;
}

/* In the queue; somebody has been charged for the sleep. */
static void wait_begin_locked(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
			      struct ipcx_waiter *waiter)
{
	lockdep_assert_held(q->lock);

	waiter->task = current;
	waiter->state = IPCX_WAITING;
	e->waiter = waiter;
	e->start = ipcx_tick();
	q->next_seq++;
	waitq_add_locked(q, e);
}

/**
 * ipcx_wait_tried() - Sleep until it can be taken
 * @q: The queue
 * @e: What is wanted; on the caller's stack
 * @deadline: Until when
 *
 * For a caller that has just tried in vain: otherwise a sleep would be charged
 * that is none.
 *
 * Deadlines are absolute, so -ERESTARTSYS is harmless: the call that is made
 * anew waits until the same moment.
 *
 * Context: Sleeps: interruptible, killable, freezable. Holds no lock.
 * Return: 0, -EOWNERDEAD, -EAGAIN, -ETIMEDOUT, -ERESTARTSYS, an error of the
 * room, or one of ipcx_charge().
 */
int ipcx_wait_tried(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
		    const struct ipcx_deadline *deadline)
{
	struct ipcx_user *user = q->payer, *other = NULL;
	struct ipcx_waiter waiter __uninitialized;
	int r;

	if (deadline->nowait)
		return -EAGAIN;
	/* Nearly always it is the payer, who stays as long as the queue. */
	if (unlikely(!ipcx_user_is_current(user))) {
		other = ipcx_user_current(NULL);
		if (IS_ERR(other))
			return PTR_ERR(other);
		user = other;
	}
	r = ipcx_charge(user, IPCX_RESOURCE_WAITERS, 1);
	if (r)
		goto out_put;

	spin_lock(q->lock);
	r = ipcx_wait_try_locked(q, e, true);
	if (r == -EAGAIN)
		wait_begin_locked(q, e, &waiter);
	spin_unlock(q->lock);
	waitq_tried(q);
	if (r == -EAGAIN)
		r = wait_sleep(q, e, deadline);

	ipcx_uncharge(user, IPCX_RESOURCE_WAITERS, 1);
out_put:
	if (unlikely(other))
		ipcx_user_put(other);
	return r;
}

/**
 * ipcx_wait_tried_locked() - The same, for who has tried under the lock
 * @q: The queue
 * @e: What is wanted; on the caller's stack
 * @deadline: Until when
 *
 * What was tried in vain, as by &ipcx_waitq_ops.try with its argument arm, cannot
 * have become possible: the lock was not dropped since. So it is not tried again,
 * but where it is not plain who pays for the sleep.
 *
 * Context: Under the lock of the queue, which is dropped. Sleeps, see
 * ipcx_wait_tried().
 * Return: As ipcx_wait_tried().
 */
int ipcx_wait_tried_locked(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
			   const struct ipcx_deadline *deadline)
	__releases(q->lock)
{
	struct ipcx_waiter waiter __uninitialized;
	struct ipcx_user *user = q->payer;
	int r;

	if (deadline->nowait || !ipcx_user_is_current(user) ||
	    !ipcx_charge_quick(user, IPCX_RESOURCE_WAITERS, 1)) {
		spin_unlock(q->lock);
		return ipcx_wait_tried(q, e, deadline);
	}
	e->seq = q->next_seq;
	e->prio = q->by_prio ? current_prio() : 0;
	wait_begin_locked(q, e, &waiter);
	spin_unlock(q->lock);
	r = wait_sleep(q, e, deadline);
	ipcx_uncharge(user, IPCX_RESOURCE_WAITERS, 1);
	return r;
}

/**
 * ipcx_wait() - Take, and sleep until it can be done
 * @q: The queue
 * @e: What is wanted; on the caller's stack
 * @deadline: Until when
 *
 * Context: Sleeps, see ipcx_wait_tried().
 * Return: As ipcx_wait_tried().
 */
int ipcx_wait(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
	      const struct ipcx_deadline *deadline)
{
	int r;

	spin_lock(q->lock);
	r = ipcx_wait_try_locked(q, e, false);
	spin_unlock(q->lock);
	return r == -EAGAIN ? ipcx_wait_tried(q, e, deadline) : r;
}
