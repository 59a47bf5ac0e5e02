// SPDX-License-Identifier: GPL-2.0-only
/*
 * Semaphores and locks.
 *
 * Units are counted in a word, a lock's word names its holder; see word.h. The
 * flag SLEEPERS is cleared when the queue is empty, NOTIFY when no poller is
 * left, both under the object's lock.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "call.h"
#include "rooms.h"
#include "word.h"

/* Holding.mode of a process that may have its id in a lock's word. */
#define SEM_ATTACHED 1

/* In a lock's word: kept for a dead process. Never given as an id. */
#define SEM_KEPT IPCX_LOCK_WORD_HOLDER

/**
 * struct ipcx_sem - A semaphore or lock
 * @obj: The base
 * @kind: &enum ipcx_sem_kind; constant
 * @max: Its maximum; constant
 * @order: &enum ipcx_order; constant
 * @on_death: &enum ipcx_on_death; constant
 * @flags: &enum ipcx_sem_flags; constant
 * @held: Owned: units held or kept; protected by the object's lock
 * @word: Units, or the holder
 * @deaths: Records of deaths: to be reported, or (KEEP) for show
 * @nr_deaths: How many of them are to be reported
 *
 * @deaths of a lock has at most one record: the last holder that died.
 */
struct ipcx_sem {
	struct ipcx_object obj;
	u32 kind;
	u32 max;
	u32 order;
	u32 on_death;
	u32 flags;
	u32 held;
	struct ipcx_word word;
	struct list_head deaths;
	u32 nr_deaths;
};

static struct ipcx_sem *to_sem(struct ipcx_object *obj)
{
	return container_of(obj, struct ipcx_sem, obj);
}

static struct ipcx_sem *q_to_sem(struct ipcx_waitq *q)
{
	return container_of(q, struct ipcx_sem, obj.waitq[0]);
}

/* The record of a death that the next taker shall get, or NULL. */
static struct ipcx_holding *sem_death_first(struct ipcx_sem *sem)
{
	lockdep_assert_held(&sem->obj.lock);

	return list_first_entry_or_null(&sem->deaths, struct ipcx_holding,
					node_dead);
}

static int sem_count_try(struct ipcx_sem *sem, struct ipcx_wait_entry *e,
			 bool arm)
{
	struct ipcx_holding *h = e->holding;
	int r;

	r = ipcx_word_take(&sem->word, e->units, arm);
	if (r || !h)
		return r;
	if (!h->units)
		h->since = ktime_get_coarse_boottime_ns();
	h->units += e->units;
	sem->held += e->units;
	if (!sem->nr_deaths)
		return 0;
	e->death = sem_death_first(sem);
	list_del_init(&e->death->node_dead);
	sem->nr_deaths--;
	return -EOWNERDEAD;
}

static void sem_count_undo(struct ipcx_sem *sem, struct ipcx_wait_entry *e)
{
	if (e->holding) {
		e->holding->units -= e->units;
		sem->held -= e->units;
	}
	if (e->death) {
		list_add(&e->death->node_dead, &sem->deaths);
		sem->nr_deaths++;
		e->death = NULL;
	}
	ipcx_word_give_back(&sem->word, e->units, sem->max);
}

/*
 * Does the id in the word belong to somebody? An id that nobody has was written
 * by a liar or is damage: waiting for it would never end, so it counts as dead.
 */
static bool lock_holder_known(struct ipcx_sem *sem, u32 id)
{
	if (id == SEM_KEPT)
		return sem->on_death == IPCX_DEATH_KEEP;
	return ipcx_holding_find_locked(&sem->obj.ledger, id);
}

static int lock_take(struct ipcx_sem *sem, struct ipcx_wait_entry *e, bool arm)
{
	u32 v = ipcx_word_read(&sem->word);
	u32 id, next;
	int tries;

	e->holding->mode = SEM_ATTACHED;
	for (tries = 0; tries < IPCX_WORD_TRIES;
	     ipcx_word_lost(&sem->word, &v, &tries)) {
		id = v & IPCX_LOCK_WORD_HOLDER;
		if (id && lock_holder_known(sem, id)) {
			if (!arm || v & IPCX_LOCK_WORD_SLEEPERS)
				return -EAGAIN;
			if (ipcx_word_cmpxchg(&sem->word, &v,
					      v | IPCX_LOCK_WORD_SLEEPERS))
				return -EAGAIN;
			continue;
		}
		next = (v & ~IPCX_LOCK_WORD_HOLDER) | e->holding->id;
		if (id && sem->on_death == IPCX_DEATH_REPORT)
			next |= IPCX_LOCK_WORD_HOLDER_DEAD;
		if (!ipcx_word_cmpxchg(&sem->word, &v, next))
			continue;
		e->holding->since = ktime_get_coarse_boottime_ns();
		if (!(next & IPCX_LOCK_WORD_HOLDER_DEAD))
			return 0;
		return -EOWNERDEAD;
	}
	if (arm)
		ipcx_word_set(&sem->word, IPCX_LOCK_WORD_SLEEPERS);
	return -EAGAIN;
}

static int sem_try(struct ipcx_waitq *q, struct ipcx_wait_entry *e, bool arm)
{
	struct ipcx_sem *sem = q_to_sem(q);

	if (sem->kind == IPCX_SEM_LOCK)
		return lock_take(sem, e, arm);
	return sem_count_try(sem, e, arm);
}

static void sem_undo(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	struct ipcx_sem *sem = q_to_sem(q);

	if (sem->kind == IPCX_SEM_LOCK)
		ipcx_word_unlock(&sem->word, e->holding->id, 0);
	else
		sem_count_undo(sem, e);
}

static void sem_idle(struct ipcx_waitq *q)
{
	struct ipcx_sem *sem = q_to_sem(q);

	/* The word of a dead one keeps sending user space here. */
	if (!sem->obj.dead)
		ipcx_word_clear(&sem->word, IPCX_SEM_WORD_SLEEPERS);
}

static const char *sem_label(const struct ipcx_wait_entry *e)
{
	return "take";
}

static const struct ipcx_waitq_ops sem_waitq_ops = {
	.try = sem_try,
	.undo = sem_undo,
	.idle = sem_idle,
	.label = sem_label,
};

static __poll_t sem_events_locked(struct ipcx_sem *sem)
{
	u32 v = ipcx_word_read(&sem->word);
	__poll_t events = 0;
	bool ready;

	lockdep_assert_held(&sem->obj.lock);

	if (sem->kind == IPCX_SEM_LOCK)
		ready = !(v & IPCX_LOCK_WORD_HOLDER);
	else
		ready = v & IPCX_SEM_WORD_VALUE;
	if (ready && (sem->obj.waitq[0].barging ||
		      ipcx_waitq_empty_locked(&sem->obj.waitq[0])))
		events |= EPOLLIN | EPOLLRDNORM;
	if (sem->kind == IPCX_SEM_PLAIN && (v & IPCX_SEM_WORD_VALUE) < sem->max)
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

/*
 * Events for pollers after a change. Without pollers the word need not make
 * user space come here any more; one that comes enters the queue of pollers
 * before it takes the lock and sets the flag again.
 */
static __poll_t sem_changed_locked(struct ipcx_sem *sem)
{
	/* Without a barrier: see ipcx_object_wake_pollers(). */
	if (!waitqueue_active(&sem->obj.poll)) {
		if (ipcx_word_read(&sem->word) & IPCX_SEM_WORD_NOTIFY &&
		    !sem->obj.dead)
			ipcx_word_clear(&sem->word, IPCX_SEM_WORD_NOTIFY);
		return 0;
	}
	return sem_events_locked(sem);
}

static void sem_wake_pollers(struct ipcx_sem *sem, __poll_t events)
{
	if (events)
		ipcx_object_wake_pollers(&sem->obj, events);
}

/* Serve waiters and pollers after something was given. */
static noinline void sem_serve(struct ipcx_sem *sem)
{
	struct ipcx_wakeups wakeups = {};
	__poll_t events;
	bool more;

	do {
		spin_lock(&sem->obj.lock);
		more = ipcx_waitq_run_locked(&sem->obj.waitq[0], &wakeups);
		events = more ? 0 : sem_changed_locked(sem);
		spin_unlock(&sem->obj.lock);
		ipcx_wakeups_flush(&wakeups);
		cond_resched();
	} while (more);
	sem_wake_pollers(sem, events);
}

static int sem_give_locked(struct ipcx_sem *sem, u32 units)
{
	struct ipcx_holding *h;

	lockdep_assert_held(&sem->obj.lock);

	if (sem->obj.dead)
		return -EIDRM;
	if (sem->kind == IPCX_SEM_PLAIN)
		return ipcx_word_give(&sem->word, units, sem->max);

	h = ipcx_holding_current_locked(&sem->obj.ledger);
	if (!h)
		return -EPERM;
	if (sem->kind == IPCX_SEM_LOCK)
		return units == 1 ? ipcx_word_unlock(&sem->word, h->id, 0) :
				    -EPERM;
	if (h->units < units)
		return -EPERM;
	h->units -= units;
	sem->held -= units;
	ipcx_word_give_back(&sem->word, units, sem->max);
	return 0;
}

/* Give, and serve those who wait, in one critical section. */
static noinline int sem_give_and_serve(struct ipcx_sem *sem, u32 units)
{
	struct ipcx_wakeups wakeups = {};
	__poll_t events = 0;
	bool more = false;
	int r;

	spin_lock(&sem->obj.lock);
	r = sem_give_locked(sem, units);
	if (!r) {
		more = ipcx_waitq_run_locked(&sem->obj.waitq[0], &wakeups);
		events = more ? 0 : sem_changed_locked(sem);
	}
	spin_unlock(&sem->obj.lock);
	ipcx_wakeups_flush(&wakeups);
	sem_wake_pollers(sem, events);
	if (unlikely(more))
		sem_serve(sem);
	return r;
}

/*
 * Who waits is served with the lock taken anew only if it came after the look
 * at the queue, which has no lock and decides nothing but the way. Nobody
 * overtakes it in between, for the queue is not empty.
 */
static int sem_give(struct ipcx_sem *sem, u32 units)
{
	__poll_t events = 0;
	bool waiters = false;
	int r;

	if (READ_ONCE(sem->obj.waitq[0].nr))
		return sem_give_and_serve(sem, units);
	spin_lock(&sem->obj.lock);
	r = sem_give_locked(sem, units);
	if (!r) {
		waiters = !ipcx_waitq_empty_locked(&sem->obj.waitq[0]);
		if (!waiters)
			events = sem_changed_locked(sem);
	}
	spin_unlock(&sem->obj.lock);
	if (unlikely(waiters))
		sem_serve(sem);
	else if (unlikely(events))
		sem_wake_pollers(sem, events);
	return r;
}

/* Give back what a call took but could not report. */
static void sem_untake(struct ipcx_sem *sem, struct ipcx_wait_entry *e)
{
	struct ipcx_holding *h;

	spin_lock(&sem->obj.lock);
	if (!sem->obj.dead) {
		h = ipcx_holding_current_locked(&sem->obj.ledger);
		e->holding = h;
		/* Another thread of the process may have given it already. */
		if (sem->kind == IPCX_SEM_PLAIN ||
		    (h && (sem->kind == IPCX_SEM_LOCK || h->units >= e->units)))
			sem_undo(&sem->obj.waitq[0], e);
	}
	spin_unlock(&sem->obj.lock);
	ipcx_holding_free(e->death);
	e->death = NULL;
	sem_serve(sem);
}

/* Wait behind a holding that is there, or made first. */
static noinline int sem_take_slow(struct ipcx_sem *sem,
				  struct ipcx_wait_entry *e,
				  const struct ipcx_deadline *deadline,
				  bool tried)
{
	struct ipcx_holding *h = NULL;
	int r;

	if (sem->kind != IPCX_SEM_PLAIN) {
		h = ipcx_holding_pin(&sem->obj.ledger);
		if (IS_ERR(h))
			return PTR_ERR(h);
		e->holding = h;
	}
	/* Unless units may also be given in a mapped word, see there. */
	e->yields |= sem->kind == IPCX_SEM_OWNED;
	if (tried)
		r = ipcx_wait_tried(&sem->obj.waitq[0], e, deadline);
	else
		r = ipcx_wait(&sem->obj.waitq[0], e, deadline);
	if (r == -EAGAIN && READ_ONCE(sem->obj.dead))
		r = -EIDRM;
	/* Who leaves the queue may leave it empty: then P would succeed. */
	if (r == -ETIMEDOUT || r == -ERESTARTSYS)
		sem_serve(sem);
	/*
	 * A unit that was handed to a task that is being killed. The ledger
	 * brings back what is owned; of a plain one nobody else knows.
	 */
	if (!r && !h && fatal_signal_pending(current)) {
		sem_untake(sem, e);
		r = -EINTR;
	}
	if (h)
		ipcx_holding_unpin(h);
	return r;
}

/*
 * Is it plain that the caller has to sleep? Then the attempt that comes before
 * a sleep is the first one. A look without the lock decides only the way.
 */
static bool sem_must_sleep(const struct ipcx_sem *sem,
			   const struct ipcx_wait_entry *e,
			   const struct ipcx_deadline *deadline)
{
	return sem->kind == IPCX_SEM_PLAIN && !deadline->nowait &&
	       (ipcx_word_peek(&sem->word) & IPCX_SEM_WORD_VALUE) < e->units;
}

/*
 * Take, and wait for it if need be. A death that the caller may know of comes
 * first, whatever is free: the units of the dead are back before the answer is
 * "would block", and who takes next is told.
 */
static int sem_take(struct ipcx_sem *sem, struct ipcx_wait_entry *e,
		    const struct ipcx_deadline *deadline)
{
	__poll_t events = 0;
	int r = -EAGAIN;
	bool tried = true;

	if (sem_must_sleep(sem, e, deadline))
		goto sleep;
	if (sem->kind != IPCX_SEM_PLAIN)
		ipcx_settle(&sem->obj.ledger);
	spin_lock(&sem->obj.lock);
	if (sem->kind != IPCX_SEM_PLAIN)
		e->holding = ipcx_holding_current_locked(&sem->obj.ledger);
	tried = sem->kind == IPCX_SEM_PLAIN || e->holding;
	if (tried)
		r = ipcx_wait_try_locked(&sem->obj.waitq[0], e, false);
	if (!r)
		events = sem_changed_locked(sem);
	spin_unlock(&sem->obj.lock);
	sem_wake_pollers(sem, events & EPOLLOUT);
	if (r != -EAGAIN)
		return r;
sleep:
	r = sem_take_slow(sem, e, deadline, tried);
	if (sem->kind == IPCX_SEM_PLAIN && !r)
		ipcx_object_wake_pollers(&sem->obj, EPOLLOUT | EPOLLWRNORM);
	return r;
}

static int sem_create_check(const struct ipcx_sem_create *arg)
{
	if (arg->__reserved)
		return -EINVAL;
	if (arg->kind > IPCX_SEM_LOCK || arg->order > IPCX_ORDER_PRIO ||
	    arg->on_death > IPCX_DEATH_KEEP)
		return -EINVAL;
	if (!arg->max || arg->max > IPCX_SEM_VALUE_MAX ||
	    arg->initial > arg->max)
		return -EINVAL;
	if (arg->kind == IPCX_SEM_LOCK && (arg->max != 1 || arg->initial != 1))
		return -EINVAL;
	if (arg->kind == IPCX_SEM_PLAIN && arg->on_death != IPCX_DEATH_RETURN)
		return -EINVAL;
	return 0;
}

static struct ipcx_object *sem_new(const struct ipcx_create *create,
				   const void *call_arg)
{
	const struct ipcx_sem_create *arg = call_arg;
	struct ipcx_object *obj;
	struct ipcx_waitq *q;
	struct ipcx_sem *sem;

	obj = ipcx_object_alloc(create, 0);
	if (IS_ERR(obj))
		return obj;
	sem = to_sem(obj);
	sem->kind = arg->kind;
	sem->max = arg->max;
	sem->order = arg->order;
	sem->on_death = arg->on_death;
	sem->flags = arg->flags & IPCX_SEM_F_BARGING;
	ipcx_word_init(&sem->word,
		       arg->kind == IPCX_SEM_LOCK ? 0 : arg->initial);
	INIT_LIST_HEAD(&sem->deaths);
	q = &obj->waitq[0];
	ipcx_waitq_init(q, &obj->lock, obj->user, &sem_waitq_ops);
	q->by_prio = arg->order == IPCX_ORDER_PRIO;
	q->barging = sem->flags & IPCX_SEM_F_BARGING;
	return obj;
}

static int sem_create(struct ipcx_call *call)
{
	struct ipcx_sem_create *arg = call->arg;
	struct ipcx_create create = {
		.type = &ipcx_sem_type,
		.ns = call->handle->ns,
		.payer = call->handle->user,
		.name = arg->name,
		.flags = arg->flags & ~IPCX_SEM_F_BARGING,
		.mode = arg->mode,
		.rights = arg->rights,
		.lease_ns = arg->lease_ns,
	};
	int r;

	r = sem_create_check(arg);
	if (!r)
		r = ipcx_call_create(call, &create, sem_new);
	if (r)
		return r;
	arg->out_flags = call->created ? IPCX_CREATE_OUT_CREATED : 0;
	arg->out_id = call->new_obj->entry.id;
	return 0;
}

/* The answer with the death was delivered, or could not be: commit or undo. */
static void sem_take_done(struct ipcx_call *call, bool delivered)
{
	struct ipcx_wait_entry e = {
		.units = call->done_units,
		.death = call->priv,
	};

	if (delivered)
		ipcx_holding_free(e.death);
	else
		sem_untake(to_sem(call->done_obj), &e);
	ipcx_object_put(call->done_obj);
}

/* Tell who died. What was taken is put back if that cannot be delivered. */
static void sem_tell_death(struct ipcx_call *call, struct ipcx_sem *sem,
			   struct ipcx_wait_entry *e, s32 *pid, u32 *units)
{
	struct ipcx_holding *death;

	spin_lock(&sem->obj.lock);
	death = e->death ? e->death : sem_death_first(sem);
	*pid = death ? pid_vnr(death->pid) : 0;
	*units = death ? death->units : 0;
	spin_unlock(&sem->obj.lock);

	ipcx_object_get(&sem->obj);
	call->done_obj = &sem->obj;
	call->done_units = e->units;
	call->priv = e->death;
	call->done = sem_take_done;
	call->answer = true;
}

static bool sem_units_ok(const struct ipcx_sem *sem, u32 units)
{
	return units && units <= sem->max;
}

static int sem_wait(struct ipcx_call *call)
{
	struct ipcx_sem_wait *arg = call->arg;
	struct ipcx_sem *sem = to_sem(call->obj);
	struct ipcx_wait_entry e = { .units = arg->units };
	struct ipcx_deadline deadline;
	int r;

	if (arg->flags || arg->__reserved || !sem_units_ok(sem, arg->units))
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (r)
		return r;
	r = sem_take(sem, &e, &deadline);
	if (r == -EOWNERDEAD)
		sem_tell_death(call, sem, &e, &arg->out_dead_pid,
			       &arg->out_dead_units);
	return r;
}

/* The right that giving needs: of a plain one to write, else to take. */
static u32 sem_give_right(const struct ipcx_sem *sem)
{
	return sem->kind == IPCX_SEM_PLAIN ? IPCX_RIGHT_WRITE : IPCX_RIGHT_READ;
}

static int sem_post(struct ipcx_call *call)
{
	struct ipcx_sem_post *arg = call->arg;
	struct ipcx_sem *sem = to_sem(call->obj);

	if (arg->flags || !arg->units)
		return -EINVAL;
	if (!(call->handle->rights & sem_give_right(sem)))
		return -EACCES;
	return sem_give(sem, arg->units);
}

/*
 * V, then P. The structure goes back to user space with the units that were
 * given struck out, so a call that is made anew after a signal only waits.
 */
static int sem_handoff(struct ipcx_call *call)
{
	struct ipcx_sem_handoff *arg = call->arg;
	struct ipcx_wait_entry e = { .units = arg->wait_units, .yields = true };
	struct ipcx_sem *sem = to_sem(call->obj), *other;
	struct ipcx_deadline deadline;
	struct ipcx_object *obj;
	struct file *file;
	int r;

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (r)
		return r;
	if (!(call->handle->rights & sem_give_right(sem)))
		return -EACCES;
	obj = ipcx_handle_other(call->handle, arg->wait_fd, IPCX_TYPE_SEM,
				IPCX_RIGHT_READ, &file);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	other = to_sem(obj);

	r = sem_units_ok(other, arg->wait_units) ? 0 : -EINVAL;
	if (!r && arg->post_units)
		r = sem_give(sem, arg->post_units);
	if (r)
		goto out;

	r = sem_take(other, &e, &deadline);
	arg->post_units = 0;
	call->answer = r;
	if (r == -EOWNERDEAD)
		sem_tell_death(call, other, &e, &arg->out_dead_pid,
			       &arg->out_dead_units);
out:
	fput(file);
	return r;
}

static void sem_stat_locked(struct ipcx_sem *sem, struct ipcx_sem_stat *stat)
{
	u32 v = ipcx_word_read(&sem->word);
	u32 holder = v & IPCX_LOCK_WORD_HOLDER;

	lockdep_assert_held(&sem->obj.lock);

	if (sem->kind == IPCX_SEM_LOCK) {
		stat->out_held = holder && !sem->obj.dead ? 1 : 0;
		stat->out_value = holder ? 0 : 1;
		stat->out_deaths = !!(v & IPCX_LOCK_WORD_HOLDER_DEAD);
	} else {
		stat->out_held = sem->held;
		/* Whatever a peer wrote there. */
		stat->out_value = min(v & IPCX_SEM_WORD_VALUE, sem->max);
		stat->out_deaths = sem->nr_deaths;
	}
	stat->out_max = sem->max;
	stat->out_kind = sem->kind;
	stat->out_order = sem->order;
	stat->out_on_death = sem->on_death;
	stat->out_flags = sem->flags;
	stat->out_waiters = sem->obj.waitq[0].nr;
}

static int sem_stat(struct ipcx_call *call)
{
	struct ipcx_sem_stat *arg = call->arg;
	struct ipcx_sem *sem = to_sem(call->obj);

	if (arg->flags)
		return -EINVAL;
	ipcx_settle(&call->obj->ledger);
	spin_lock(&sem->obj.lock);
	sem_stat_locked(sem, arg);
	spin_unlock(&sem->obj.lock);
	return 0;
}

static int sem_attach(struct ipcx_call *call)
{
	struct ipcx_sem_attach *arg = call->arg;
	struct ipcx_sem *sem = to_sem(call->obj);
	struct ipcx_holding *h;

	if (arg->flags)
		return -EINVAL;
	if (sem->kind != IPCX_SEM_LOCK)
		return -EOPNOTSUPP;
	h = ipcx_holding_pin(&sem->obj.ledger);
	if (IS_ERR(h))
		return PTR_ERR(h);
	spin_lock(&sem->obj.lock);
	h->mode = SEM_ATTACHED;
	arg->out_holder_id = h->id;
	spin_unlock(&sem->obj.lock);
	ipcx_holding_unpin(h);
	return 0;
}

static int sem_consistent(struct ipcx_call *call)
{
	struct ipcx_sem_consistent *arg = call->arg;
	struct ipcx_sem *sem = to_sem(call->obj);
	struct ipcx_holding *h, *death = NULL;
	int r = -EPERM;
	u32 v;

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	if (sem->kind != IPCX_SEM_LOCK)
		return -EOPNOTSUPP;

	spin_lock(&sem->obj.lock);
	h = ipcx_holding_current_locked(&sem->obj.ledger);
	v = ipcx_word_read(&sem->word);
	if (h && (v & IPCX_LOCK_WORD_HOLDER) == h->id) {
		r = v & IPCX_LOCK_WORD_HOLDER_DEAD ? 0 : -EINVAL;
		ipcx_word_clear(&sem->word, IPCX_LOCK_WORD_HOLDER_DEAD);
		death = sem_death_first(sem);
		if (death)
			list_del_init(&death->node_dead);
	}
	spin_unlock(&sem->obj.lock);
	ipcx_holding_free(death);
	return r;
}

/* The dead process held units of a counting semaphore. True: keep the record. */
static bool sem_count_gone(struct ipcx_sem *sem, struct ipcx_holding *h)
{
	if (!h->units)
		return false;
	if (sem->on_death != IPCX_DEATH_KEEP) {
		sem->held -= h->units;
		ipcx_word_give_back(&sem->word, h->units, sem->max);
	}
	if (sem->on_death == IPCX_DEATH_REPORT)
		sem->nr_deaths++;
	return sem->on_death != IPCX_DEATH_RETURN;
}

/* The dead process may have had the lock: the word says. True: keep the record. */
static bool lock_gone(struct ipcx_sem *sem, struct ipcx_holding *h)
{
	u32 set = 0;

	if (sem->on_death == IPCX_DEATH_REPORT)
		set = IPCX_LOCK_WORD_HOLDER_DEAD;
	else if (sem->on_death == IPCX_DEATH_KEEP)
		set = SEM_KEPT;
	if (ipcx_word_unlock(&sem->word, h->id, set))
		return false;
	h->units = 1;
	return sem->on_death != IPCX_DEATH_RETURN;
}

static void sem_gone(struct ipcx_object *obj, u32 id)
{
	struct ipcx_sem *sem = to_sem(obj);
	struct ipcx_holding *h, *old = NULL;
	bool keep = false;

	spin_lock(&obj->lock);
	h = ipcx_holding_dead_locked(&obj->ledger, id);
	if (h) {
		ipcx_holding_unlink_locked(h);
		if (obj->dead)
			keep = false;
		else if (sem->kind == IPCX_SEM_LOCK)
			keep = lock_gone(sem, h);
		else
			keep = sem_count_gone(sem, h);
	}
	if (keep) {
		if (sem->kind == IPCX_SEM_LOCK) {
			old = sem_death_first(sem);
			if (old)
				list_del_init(&old->node_dead);
		}
		list_add_tail(&h->node_dead, &sem->deaths);
		h = NULL;
	}
	spin_unlock(&obj->lock);
	ipcx_holding_free(old);
	ipcx_holding_free(h);
	sem_serve(sem);
}

/* A word that nobody can take from, give to, lock or unlock in user space. */
static void sem_kill(struct ipcx_object *obj)
{
	struct ipcx_sem *sem = to_sem(obj);

	if (sem->kind == IPCX_SEM_LOCK)
		ipcx_word_write(&sem->word, IPCX_WORD_FLAGS | SEM_KEPT);
	else
		ipcx_word_write(&sem->word, IPCX_WORD_FLAGS);
}

static void sem_release(struct ipcx_object *obj)
{
	struct ipcx_sem *sem = to_sem(obj);
	struct ipcx_holding *h, *next;

	list_for_each_entry_safe(h, next, &sem->deaths, node_dead)
		ipcx_holding_free(h);
	ipcx_word_release(&sem->word);
}

static u32 sem_held(struct ipcx_object *obj, const struct ipcx_holding *h)
{
	struct ipcx_sem *sem = to_sem(obj);

	if (sem->kind != IPCX_SEM_LOCK || !h->proc)
		return h->units;
	return (ipcx_word_read(&sem->word) & IPCX_LOCK_WORD_HOLDER) == h->id;
}

static const char *sem_hold_label(struct ipcx_object *obj,
				  const struct ipcx_holding *h)
{
	bool lock = to_sem(obj)->kind == IPCX_SEM_LOCK;

	if (!h->proc)
		return lock ? "lock (dead)" : "units (dead)";
	return lock ? "lock" : "units";
}

/* Records of the dead that still hold something. */
static struct list_head *sem_kept(struct ipcx_object *obj)
{
	struct ipcx_sem *sem = to_sem(obj);

	return sem->on_death == IPCX_DEATH_KEEP ? &sem->deaths : NULL;
}

static void sem_describe(struct ipcx_object *obj, struct ipcx_facts *facts)
{
	struct ipcx_sem_stat stat;

	sem_stat_locked(to_sem(obj), &stat);
	ipcx_facts_add(facts, IPCX_A_SEM_VALUE, "value", stat.out_value);
	ipcx_facts_add(facts, IPCX_A_SEM_MAX, "max", stat.out_max);
	ipcx_facts_add(facts, IPCX_A_SEM_HELD, "held", stat.out_held);
	ipcx_facts_add(facts, IPCX_A_SEM_KIND, "kind", stat.out_kind);
	ipcx_facts_add(facts, IPCX_A_SEM_ORDER, "order", stat.out_order);
	ipcx_facts_add(facts, IPCX_A_SEM_ON_DEATH, "on_death",
		       stat.out_on_death);
	ipcx_facts_add(facts, IPCX_A_SEM_FLAGS, "sem_flags", stat.out_flags);
	ipcx_facts_add(facts, IPCX_A_SEM_DEATHS, "deaths", stat.out_deaths);
}

/*
 * The caller has entered the queue of pollers. The flag makes user space come
 * here from now on; what happened before it was set is seen by the read of the
 * word behind it.
 */
static __poll_t sem_poll(struct ipcx_object *obj,
			 const struct ipcx_handle *handle)
{
	struct ipcx_sem *sem = to_sem(obj);
	__poll_t events;

	spin_lock(&obj->lock);
	/* Also before the word is mapped: it moves with its flags. */
	if (!obj->dead)
		ipcx_word_set(&sem->word, IPCX_SEM_WORD_NOTIFY);
	events = sem_events_locked(sem);
	spin_unlock(&obj->lock);
	return events;
}

static ssize_t sem_read(struct ipcx_object *obj, struct kiocb *iocb,
			struct iov_iter *to)
{
	struct ipcx_deadline deadline = {
		.clockid = CLOCK_MONOTONIC,
		.forever = true,
		.nowait = iocb->ki_filp->f_flags & O_NONBLOCK,
	};
	struct ipcx_sem *sem = to_sem(obj);
	struct ipcx_wait_entry e = { .units = 1 };
	u64 units = 1;
	int r;

	if (iov_iter_count(to) < sizeof(units))
		return -EINVAL;
	r = sem_take(sem, &e, &deadline);
	if (r && r != -EOWNERDEAD)
		return r;
	if (copy_to_iter(&units, sizeof(units), to) != sizeof(units)) {
		sem_untake(sem, &e);
		return -EFAULT;
	}
	ipcx_holding_free(e.death);
	return r ? r : sizeof(units);
}

static ssize_t sem_write(struct ipcx_object *obj, struct kiocb *iocb,
			 struct iov_iter *from)
{
	u64 units;
	int r;

	if (iov_iter_count(from) < sizeof(units))
		return -EINVAL;
	if (copy_from_iter(&units, sizeof(units), from) != sizeof(units))
		return -EFAULT;
	if (!units)
		return -EINVAL;
	if (units > IPCX_SEM_VALUE_MAX)
		return -EOVERFLOW;
	r = sem_give(to_sem(obj), units);
	return r ? r : sizeof(units);
}

static int sem_mmap(struct ipcx_object *obj, struct file *file, u32 rights,
		    struct vm_area_struct *vma)
{
	const u32 need = IPCX_RIGHT_READ | IPCX_RIGHT_WRITE;
	struct ipcx_sem *sem = to_sem(obj);

	if (sem->kind == IPCX_SEM_OWNED)
		return -EOPNOTSUPP;
	if ((rights & need) != need)
		return -EACCES;
	return ipcx_word_map(&sem->word, vma, &obj->lock, obj->user,
			     &obj->bytes);
}

static const struct ipcx_call_desc sem_calls[] = {
	IPCX_CALL_FD(IPCX_IOC_SEM_CREATE, ipcx_sem_create, 0, IPCX_CALL_DEVICE,
		     sem_create),
	IPCX_CALL(IPCX_IOC_SEM_WAIT, ipcx_sem_wait, IPCX_RIGHT_READ,
		  IPCX_CALL_OBJECT, sem_wait),
	IPCX_CALL(IPCX_IOC_SEM_POST, ipcx_sem_post, 0, IPCX_CALL_OBJECT,
		  sem_post),
	IPCX_CALL(IPCX_IOC_SEM_HANDOFF, ipcx_sem_handoff, 0, IPCX_CALL_OBJECT,
		  sem_handoff),
	IPCX_CALL(IPCX_IOC_SEM_STAT, ipcx_sem_stat, 0,
		  IPCX_CALL_OBJECT | IPCX_CALL_ANSWERS, sem_stat),
	IPCX_CALL(IPCX_IOC_SEM_ATTACH, ipcx_sem_attach,
		  IPCX_RIGHT_READ | IPCX_RIGHT_WRITE,
		  IPCX_CALL_OBJECT | IPCX_CALL_ANSWERS, sem_attach),
	IPCX_CALL(IPCX_IOC_SEM_CONSISTENT, ipcx_sem_consistent, IPCX_RIGHT_READ,
		  IPCX_CALL_OBJECT, sem_consistent),
};

const struct ipcx_type ipcx_sem_type = {
	.id = IPCX_TYPE_SEM,
	.name = "sem",
	.file_name = "[ipcx-sem]",
	.size = sizeof(struct ipcx_sem),
	.calls = sem_calls,
	.nr_calls = ARRAY_SIZE(sem_calls),
	.first_call = _IOC_NR(IPCX_IOC_SEM_CREATE),
	.kill = sem_kill,
	.release = sem_release,
	.gone = sem_gone,
	.held = sem_held,
	.hold_label = sem_hold_label,
	.kept = sem_kept,
	.describe = sem_describe,
	.poll = sem_poll,
	.read = sem_read,
	.write = sem_write,
	.mmap = sem_mmap,
};
