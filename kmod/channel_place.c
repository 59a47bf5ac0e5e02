// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: their ends: who has them open, which process has the place of who
 * reads, and what follows when they go.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "call.h"
#include "channel.h"

#define OPEN_FLAGS                                                \
	(IPCX_CHANNEL_OPEN_F_WAIT | IPCX_CHANNEL_OPEN_F_SIGPIPE | \
	 IPCX_CHANNEL_OPEN_F_DEATH)

#define EVENTS_ALL (CHANNEL_IN | CHANNEL_OUT | EPOLLHUP | EPOLLRDHUP | EPOLLERR)

/**
 * ipcx_channel_drop_place_locked() - Nobody has the place any more
 * @side: Of which end
 * @end: The end
 *
 * Context: Under the object's lock.
 */
void ipcx_channel_drop_place_locked(struct ipcx_channel_side *side, int end)
{
	struct ipcx_holding *h = side->holder;

	if (!h)
		return;
	h->units--;
	h->mode &= ~(1U << end);
	side->holder = NULL;
	side->used = false;
	side->closing = false;
}

/**
 * ipcx_channel_close_place_locked() - Give up a place that was closed, if it can be
 * @side: Of which end
 * @end: The end
 *
 * Not in the middle of what another thread writes, nor while the end is mapped: who
 * ends that comes here again.
 *
 * Context: Under the object's lock.
 */
void ipcx_channel_close_place_locked(struct ipcx_channel_side *side, int end)
{
	if (side->closing && !side->inside && !side->mapped)
		ipcx_channel_drop_place_locked(side, end);
}

static int place_take_locked(struct ipcx_channel *ch, int end,
			     struct ipcx_holding *h, bool use)
{
	struct ipcx_channel_side *side = &ch->side[end];
	int taken = side->holder != h;

	if (ch->obj.dead)
		return -EIDRM;
	if (taken) {
		if (side->holder && (side->used || !use))
			return -EBUSY;
		ipcx_channel_drop_place_locked(side, end);
		h->mode |= 1U << end;
		if (!h->units++)
			h->since = ktime_get_coarse_boottime_ns();
		side->holder = h;
	}
	side->used |= use;
	/* Who uses the end has what comes with it. */
	if (use)
		side->orphaned = false;
	return taken;
}

/**
 * ipcx_channel_take_place() - Let the calling process have the place at an end
 * @ch: The channel
 * @end: The end
 * @use: It is about to use it; else it has opened it
 *
 * Context: Sleeps. Takes the object's lock.
 * Return: 1 when it did not have it before, 0 when it did; -EBUSY, -EIDRM, or an
 * error of ipcx_holding_pin().
 */
int ipcx_channel_take_place(struct ipcx_channel *ch, int end, bool use)
{
	struct ipcx_holding *h;
	int r;

	/* Whom the caller knows to be dead must not keep it out. */
	ipcx_settle(&ch->obj.ledger);
	h = ipcx_holding_pin(&ch->obj.ledger);
	if (IS_ERR(h))
		return PTR_ERR(h);
	spin_lock(&ch->obj.lock);
	r = place_take_locked(ch, end, h, use);
	spin_unlock(&ch->obj.lock);
	ipcx_holding_unpin(h);
	if (r < 0)
		ipcx_holding_tidy(&ch->obj.ledger);
	return r;
}

/**
 * ipcx_channel_leave_place() - The calling process does not want it after all
 * @ch: The channel
 * @end: The end
 *
 * Unless another thread of it has used it meanwhile.
 *
 * Context: Takes the object's lock.
 */
void ipcx_channel_leave_place(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_side *side = &ch->side[end];

	spin_lock(&ch->obj.lock);
	if (channel_is_mine(side) && !side->used)
		ipcx_channel_drop_place_locked(side, end);
	spin_unlock(&ch->obj.lock);
	ipcx_holding_tidy(&ch->obj.ledger);
}

/*
 * The process that had an end has died. If it had the turn, the other end gets it,
 * and is told why; or, when nobody has opened that yet, will get it then.
 */
static bool place_inherit_locked(struct ipcx_channel *ch, int end,
				 struct ipcx_holding *h,
				 struct ipcx_holding **old)
{
	struct ipcx_channel_side *other = &ch->side[!end];

	if (!ipcx_channel_inherit_locked(ch, end, true)) {
		ch->side[end].orphaned =
			ipcx_channel_turn_is_at_locked(ch, end);
		return false;
	}
	*old = other->death;
	other->death = h;
	other->inherited = true;
	other->inherited_at = channel_passes(other);
	return true;
}

/**
 * ipcx_channel_gone() - A process that had a place is dead
 * @obj: The channel
 * @id: Of its record
 *
 * No call of it is inside: it would not be dead, and what it does since an exec it
 * does with another record, see channel_is_mine(). Nor is a call of another process
 * that has given up the place in the middle: that one gives it up when it leaves.
 *
 * Context: Sleeps. Takes the object's lock.
 */
void ipcx_channel_gone(struct ipcx_object *obj, u32 id)
{
	struct ipcx_channel *ch = to_channel(obj);
	struct ipcx_holding *h, *old = NULL;
	bool kept = false;
	int end;

	spin_lock(&obj->lock);
	h = ipcx_holding_dead_locked(&obj->ledger, id);
	if (h)
		ipcx_holding_unlink_locked(h);
	for (end = 0; h && end < CHANNEL_ENDS; end++) {
		if (ch->side[end].holder != h)
			continue;
		ipcx_channel_drop_place_locked(&ch->side[end], end);
		ch->side[end].asks = false;
		if (!kept)
			kept = place_inherit_locked(ch, end, h, &old);
	}
	ipcx_channel_unlock(ch);
	ipcx_holding_free(old);
	if (!kept)
		ipcx_holding_free(h);
}

/* Killed by a signal, or on the way out because the whole process is. */
static bool current_is_killed(void)
{
	return current->flags & PF_EXITING && current->exit_code & 0x7f;
}

/**
 * ipcx_channel_flush_file() - A process closes a descriptor
 * @obj: The channel
 * @handle: What the descriptor stands for
 *
 * Context: Takes the object's lock.
 */
void ipcx_channel_flush_file(struct ipcx_object *obj,
			     const struct ipcx_handle *handle)
{
	struct ipcx_channel *ch = to_channel(obj);
	int end = channel_end(handle);
	struct ipcx_channel_side *side;

	if (end < 0)
		return;
	side = &ch->side[end];
	spin_lock(&obj->lock);
	side->killed = current_is_killed();
	/* A death has consequences of its own, see ipcx_channel_gone(). */
	if (!(current->flags & PF_EXITING) && channel_is_mine(side)) {
		side->closing = true;
		ipcx_channel_close_place_locked(side, end);
	}
	spin_unlock(&obj->lock);
}

/* Nobody has it open. */
static void end_is_gone_locked(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_side *side = &ch->side[end];

	/* A place at an end that nobody has open: its opening failed. */
	ipcx_channel_drop_place_locked(side, end);
	side->asks = false;
	if (channel_end_writes(ch, end))
		ipcx_channel_publish_locked(ch, end);
	/* An end that was only tried has given nothing away. */
	if (side->opened)
		ipcx_channel_inherit_locked(ch, end, false);
	ipcx_channel_tell_gone_locked(ch, end);
	ch->news |= EVENTS_ALL;
}

static void end_opened_locked(struct ipcx_channel *ch, int end)
{
	const struct ipcx_channel_side *other = &ch->side[!end];
	struct ipcx_channel_side *side = &ch->side[end];

	side->opened = true;
	side->openings++;
	side->killed = false;
	ipcx_channel_tell_gone_locked(ch, end);
	/* Who had the turn went when there was nobody to leave it to. */
	if (channel_end_gone(other) || other->orphaned)
		ipcx_channel_inherit_locked(ch, !end, false);
	/* The descriptor is known, and may be closed already. */
	if (!side->handles)
		end_is_gone_locked(ch, end);
}

/**
 * ipcx_channel_handle() - A handle comes or goes
 * @obj: The channel
 * @handle: The handle
 * @change: 1 or -1
 *
 * Context: Sleeps. Takes the object's lock.
 */
void ipcx_channel_handle(struct ipcx_object *obj,
			 const struct ipcx_handle *handle, int change)
{
	struct ipcx_channel *ch = to_channel(obj);
	int end = channel_end(handle);
	struct ipcx_channel_side *side;

	if (end < 0)
		return;
	side = &ch->side[end];
	/* Who died with the turn has left it before this. */
	if (change < 0)
		ipcx_settle(&obj->ledger);
	spin_lock(&obj->lock);
	side->handles += change;
	ipcx_channel_tell_gone_locked(ch, end);
	ch->news |= CHANNEL_IN | CHANNEL_OUT;
	if (!side->handles)
		end_is_gone_locked(ch, end);
	ipcx_channel_unlock(ch);
}

static u32 end_rights(const struct ipcx_channel *ch, int end)
{
	return (channel_end_reads(ch, end) ? IPCX_RIGHT_READ : 0) |
	       (channel_end_writes(ch, end) ? IPCX_RIGHT_WRITE : 0);
}

/* A channel with one handle more, for which it may have these rights. */
static struct ipcx_object *open_find(struct ipcx_call *call, u32 *rights)
{
	const struct ipcx_channel_open *arg = call->arg;
	struct ipcx_object *obj = call->obj;
	int r;

	if (!obj) {
		obj = ipcx_object_open(call->handle->ns, arg->name,
				       IPCX_TYPE_CHANNEL, arg->rights);
		if (IS_ERR(obj))
			return obj;
		*rights |= end_rights(to_channel(obj), (int)arg->end - 1);
		r = ipcx_access_object(obj, *rights, false);
		if (!r)
			return obj;
		ipcx_object_unhold(obj);
		return ERR_PTR(r);
	}
	if (memchr_inv(arg->name, 0, sizeof(arg->name)))
		return ERR_PTR(-EINVAL);
	*rights |= end_rights(to_channel(obj), (int)arg->end - 1);
	if (*rights & ~call->handle->rights)
		return ERR_PTR(-EACCES);
	r = ipcx_object_hold(obj);
	return r ? ERR_PTR(r) : obj;
}

/* Until then it has been tried. */
static void open_done(struct ipcx_call *call, bool delivered)
{
	const struct ipcx_channel_open *arg = call->arg;
	struct ipcx_channel *ch = to_channel(call->new_obj);
	int end = (int)arg->end - 1;

	if (delivered) {
		spin_lock(&ch->obj.lock);
		end_opened_locked(ch, end);
		ipcx_channel_unlock(ch);
	} else if (call->done_units) {
		ipcx_channel_leave_place(ch, end);
	}
}

/* Whom somebody has waited for, and met, is gone when it goes, however early. */
static void end_met(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_side *side = &ch->side[end];

	spin_lock(&ch->obj.lock);
	side->opened = true;
	if (!side->handles)
		end_is_gone_locked(ch, end);
	ipcx_channel_unlock(ch);
}

/*
 * Take the place, where the end has one, and wait for the other end, which had been
 * opened @openings times before this one was there. 1 when the process did not have
 * the place before.
 */
static int open_settle(struct ipcx_channel *ch, int end, u32 flags,
		       u32 openings, const struct ipcx_deadline *deadline)
{
	struct ipcx_channel_entry wait = { .end = end, .need = openings };
	int r, taken = 0;

	if (channel_end_reads(ch, end))
		taken = ipcx_channel_take_place(ch, end, false);
	if (taken < 0 || !(flags & IPCX_CHANNEL_OPEN_F_WAIT))
		return taken;
	ipcx_wait_entry_init(&wait.e, 1);
	wait.e.mode = CHANNEL_PEER;
	r = ipcx_channel_begin(ch, CHANNEL_WRITERS, &wait, deadline);
	if (!r)
		end_met(ch, !end);
	else if (taken)
		ipcx_channel_leave_place(ch, end);
	return r ? r : taken;
}

/**
 * ipcx_channel_open() - IPCX_IOC_CHANNEL_OPEN
 * @call: The call
 *
 * The file comes first, so that the end is open while the call waits for the
 * other one.
 *
 * Context: Sleeps.
 * Return: 0 or -errno.
 */
int ipcx_channel_open(struct ipcx_call *call)
{
	struct ipcx_channel_open *arg = call->arg;
	u32 rights = arg->rights, part, openings;
	struct ipcx_deadline deadline;
	struct ipcx_object *obj;
	struct file *file;
	int r;

	if (arg->flags & ~OPEN_FLAGS || arg->end < IPCX_CHANNEL_WRITER ||
	    arg->end > IPCX_CHANNEL_READER || arg->rights & ~IPCX_RIGHT_CONTROL)
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (r)
		return r;
	obj = open_find(call, &rights);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	/* Who died before has died without this end. */
	ipcx_settle(&obj->ledger);
	/*
	 * Without the lock: whom this one is to meet opens the other end when
	 * this end is there, and is counted behind this.
	 */
	openings = READ_ONCE(to_channel(obj)->side[2 - arg->end].openings);
	part = arg->end | arg->flags << CHANNEL_PART_FLAG;
	file = ipcx_handle_file(obj, call->handle, rights, part);
	if (IS_ERR(file))
		return PTR_ERR(file);

	r = open_settle(to_channel(obj), (int)arg->end - 1, arg->flags,
			openings, &deadline);
	if (r < 0) {
		fput(file);
		return r;
	}
	call->done_units = r;
	arg->out_id = obj->entry.id;
	call->new_obj = obj;
	call->new_file = file;
	call->done = open_done;
	return 0;
}
