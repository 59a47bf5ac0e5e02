// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: who waits for what, and the calls that are neither reading nor writing.
 * See channel.h for how it works.
 */
#include "channel.h"

#include <linux/err.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/pid_namespace.h>
#include <linux/string.h>

#include "call.h"
#include "quota.h"
#include "rooms.h"

#define CHANNEL_FLAGS \
	(IPCX_CHANNEL_F_TURN | IPCX_CHANNEL_F_STRICT | IPCX_CHANNEL_F_PACKET)

#define CHANNEL_SET_FLAGS                                             \
	(IPCX_CHANNEL_SET_F_CAPACITY | IPCX_CHANNEL_SET_F_READ_MARK | \
	 IPCX_CHANNEL_SET_F_WRITE_MARK)

/* The turn, and nothing left to read before it. */
static bool has_turn(const struct ipcx_channel_view *view, int end)
{
	return view->turn == end && !channel_readable(view, end);
}

/* ---- Who waits for what ------------------------------------------------ */

static struct ipcx_channel *queue_to_channel(struct ipcx_waitq *q, int i)
{
	return container_of(q, struct ipcx_channel, obj.waitq[i]);
}

static bool may_enter(const struct ipcx_channel *ch, int end, u32 wish)
{
	return !ch->resizers &&
	       (wish == CHANNEL_GO_ON || !ch->side[end].inside);
}

static void enter(struct ipcx_channel *ch, int end)
{
	ch->side[end].inside = true;
	ch->side[end].copying = true;
}

static __always_inline int write_try(struct ipcx_channel *ch,
				     struct ipcx_channel_entry *w)
{
	struct ipcx_channel_side *side = &ch->side[w->end];
	struct ipcx_channel_view view __uninitialized;
	u32 need = w->need, room;
	int r;

	if (!may_enter(ch, w->end, w->e.mode))
		return -EAGAIN;
	if (unlikely(side->mapped) && side->holder &&
	    side->holder->pid != w->who)
		return -EBUSY;
	r = channel_look_locked(ch, &view);
	if (unlikely(r))
		return r;
	if (unlikely(channel_end_gone(&ch->side[!w->end])))
		return -EPIPE;
	if (unlikely(need > ch->ring.capacity)) {
		/* It has become smaller since. */
		if (ch->flags & IPCX_CHANNEL_F_PACKET)
			return -EMSGSIZE;
		need = ch->ring.capacity;
	}
	room = channel_writable(ch, &view, w->end);
	if (room < need) {
		/* What does not fit any more is the end of a batch. */
		ipcx_channel_publish_locked(ch, w->end);
		return -EAGAIN;
	}
	enter(ch, w->end);
	w->room = room;
	w->pos = view.pos[w->end] + view.staged[w->end];
	w->at = ch->ring.data + (w->pos & (ch->ring.capacity - 1));
	return 0;
}

/* Without being inside: nothing is taken. */
static int write_ready(struct ipcx_channel *ch,
		       const struct ipcx_channel_entry *w)
{
	struct ipcx_channel_view view __uninitialized;
	int r = channel_look_locked(ch, &view);

	if (r)
		return r;
	if (channel_end_gone(&ch->side[!w->end]))
		return -EPIPE;
	return channel_writable(ch, &view, w->end) >= w->need ? 0 : -EAGAIN;
}

static int turn_try(struct ipcx_channel *ch, struct ipcx_channel_entry *w)
{
	struct ipcx_channel_view view __uninitialized;
	int r = channel_look_locked(ch, &view);

	if (r)
		return r;
	return has_turn(&view, w->end) ? 0 : -EAGAIN;
}

/* There, or there was one that has gone already. */
static int peer_try(const struct ipcx_channel_side *peer, u32 openings)
{
	return peer->handles || peer->openings != openings ? 0 : -EAGAIN;
}

static __always_inline int writers_try_once(struct ipcx_channel *ch,
					    struct ipcx_channel_entry *w)
{
	switch (w->e.mode) {
	case CHANNEL_TURN:
		return turn_try(ch, w);
	case CHANNEL_PEER:
		return peer_try(&ch->side[!w->end], w->need);
	case CHANNEL_END_ALONE:
		if (!may_enter(ch, w->end, w->e.mode))
			return -EAGAIN;
		ch->side[w->end].inside = true;
		return 0;
	case CHANNEL_READY:
		return write_ready(ch, w);
	default:
		return write_try(ch, w);
	}
}

static noinline int writers_try_armed(struct ipcx_channel *ch,
				      struct ipcx_channel_entry *w)
{
	ipcx_channel_arm_locked(ch, w->end);
	return writers_try_once(ch, w);
}

static int writers_try(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
		       bool arm)
{
	struct ipcx_channel *ch = queue_to_channel(q, CHANNEL_WRITERS);
	struct ipcx_channel_entry *w =
		container_of(e, struct ipcx_channel_entry, e);
	int r = writers_try_once(ch, w);

	if (likely(r != -EAGAIN) || !arm || likely(!channel_is_shared(ch)))
		return r;
	return writers_try_armed(ch, w);
}

static void call_undo(struct ipcx_channel *ch, struct ipcx_wait_entry *e)
{
	struct ipcx_channel_entry *w =
		container_of(e, struct ipcx_channel_entry, e);
	struct ipcx_channel_side *side = &ch->side[w->end];

	switch (e->mode) {
	case CHANNEL_ENTER:
	case CHANNEL_END_ALONE:
		side->inside = false;
		fallthrough;
	case CHANNEL_GO_ON:
		side->copying = false;
		break;
	case CHANNEL_STILL:
		ch->frozen = false;
		break;
	default:
		break;
	}
}

static void writers_undo(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	call_undo(queue_to_channel(q, CHANNEL_WRITERS), e);
}

/*
 * Who waits for room keeps those behind it waiting. In a channel with turns an end
 * is one process's, and those of the other end wait for something else.
 */
static bool writers_passed(struct ipcx_waitq *q,
			   const struct ipcx_wait_entry *e)
{
	return e->mode != CHANNEL_ENTER ||
	       channel_turns(queue_to_channel(q, CHANNEL_WRITERS));
}

/*
 * Somebody is told "not now", because of a call that is inside, or of others in
 * line, and waits for an event that would not come otherwise.
 */
static void hide_locked(struct ipcx_channel *ch, const struct ipcx_waitq *q,
			int end)
{
	struct ipcx_channel_side *side = &ch->side[end];

	lockdep_assert_held(&ch->obj.lock);

	if (side->inside || q->nr)
		WRITE_ONCE(side->hidden, true);
}

/* Without the lock: who hides something has it when the line is looked at. */
static bool hidden_for_line(const struct ipcx_channel *ch)
{
	return READ_ONCE(ch->side[CHANNEL_FIRST].hidden) ||
	       READ_ONCE(ch->side[CHANNEL_SECOND].hidden);
}

static void tell_hidden_locked(struct ipcx_channel *ch)
{
	int end;

	for (end = 0; end < CHANNEL_ENDS; end++) {
		if (!ch->side[end].hidden || ch->side[end].inside)
			continue;
		ch->side[end].hidden = false;
		ch->news |= CHANNEL_IN | CHANNEL_OUT;
	}
}

static const char *wait_label(const struct ipcx_wait_entry *e)
{
	switch (e->mode) {
	case CHANNEL_TURN:
		return "turn";
	case CHANNEL_PEER:
		return "open";
	case CHANNEL_STILL:
		return "resize";
	case CHANNEL_END_ALONE:
		return "end";
	case CHANNEL_READY:
		return "mapped";
	default:
		return "write";
	}
}

/*
 * What did not fit may have ended a batch, which readers want. And who was in line
 * may be gone, for whom somebody was not told of room.
 */
static void writers_tried(struct ipcx_waitq *q)
{
	struct ipcx_channel *ch = queue_to_channel(q, CHANNEL_WRITERS);

	/* Without the lock: it is about what the caller itself has done. */
	if (likely(!READ_ONCE(ch->news) && !hidden_for_line(ch)))
		return;
	spin_lock(&ch->obj.lock);
	if (!channel_queue(ch, CHANNEL_WRITERS)->nr)
		tell_hidden_locked(ch);
	ipcx_channel_unlock(ch);
}

static const struct ipcx_waitq_ops writers_ops = {
	.try = writers_try,
	.undo = writers_undo,
	.tried = writers_tried,
	.passed = writers_passed,
	.label = wait_label,
};

static __always_inline int read_try(struct ipcx_channel *ch,
				    struct ipcx_channel_entry *w)
{
	struct ipcx_channel_view view __uninitialized;
	u32 room;
	int r;

	if (!may_enter(ch, w->end, w->e.mode))
		return -EAGAIN;
	r = channel_look_locked(ch, &view);
	if (unlikely(r))
		return r;
	room = channel_readable(&view, w->end);
	if (!room)
		return channel_end_gone(&ch->side[!w->end]) ? -ENODATA :
							      -EAGAIN;
	enter(ch, w->end);
	w->room = room;
	w->pos = view.pos[w->end];
	w->at = ch->ring.data + (w->pos & (ch->ring.capacity - 1));
	return 0;
}

static int read_ready(struct ipcx_channel *ch,
		      const struct ipcx_channel_entry *w)
{
	struct ipcx_channel_view view __uninitialized;
	int r = channel_look_locked(ch, &view);
	u32 size;

	if (r)
		return r;
	size = channel_readable(&view, w->end);
	if (size >= w->need)
		return 0;
	if (!channel_end_gone(&ch->side[!w->end]))
		return -EAGAIN;
	return size ? 0 : -EPIPE;
}

static __always_inline int readers_try_once(struct ipcx_channel *ch,
					    struct ipcx_channel_entry *w)
{
	return unlikely(w->e.mode == CHANNEL_READY) ? read_ready(ch, w) :
						      read_try(ch, w);
}

static int still_try(struct ipcx_channel *ch)
{
	/* Nobody begins: see may_enter(). */
	if (ch->frozen || ch->side[CHANNEL_FIRST].copying ||
	    ch->side[CHANNEL_SECOND].copying)
		return -EAGAIN;
	ch->frozen = true;
	return 0;
}

static noinline int readers_try_armed(struct ipcx_channel *ch,
				      struct ipcx_channel_entry *w)
{
	ipcx_channel_arm_locked(ch, w->end);
	return readers_try_once(ch, w);
}

static int readers_try(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
		       bool arm)
{
	struct ipcx_channel *ch = queue_to_channel(q, CHANNEL_READERS);
	struct ipcx_channel_entry *w =
		container_of(e, struct ipcx_channel_entry, e);
	int r;

	if (unlikely(e->mode == CHANNEL_STILL))
		return still_try(ch);
	r = readers_try_once(ch, w);
	if (likely(r != -EAGAIN) || !arm || likely(!channel_is_shared(ch)))
		return r;
	return readers_try_armed(ch, w);
}

static void readers_undo(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	call_undo(queue_to_channel(q, CHANNEL_READERS), e);
}

/* Who resizes waits for something that readers do not take from it. */
static bool readers_passed(struct ipcx_waitq *q,
			   const struct ipcx_wait_entry *e)
{
	return e->mode != CHANNEL_ENTER ||
	       channel_turns(queue_to_channel(q, CHANNEL_READERS));
}

static const char *read_label(const struct ipcx_wait_entry *e)
{
	return e->mode == CHANNEL_ENTER ? "read" : wait_label(e);
}

static const struct ipcx_waitq_ops readers_ops = {
	.try = readers_try,
	.undo = readers_undo,
	.passed = readers_passed,
	.label = read_label,
};

/**
 * ipcx_channel_unlock() - Serve those whose turn has come, and unlock
 * @ch: The channel
 *
 * Writers first: what does not fit may end a batch, which readers want.
 *
 * Context: Under the object's lock, which is dropped. Wakes.
 */
void ipcx_channel_unlock(struct ipcx_channel *ch) __releases(ch->obj.lock)
{
	struct ipcx_wakeups wakeups __uninitialized;
	__poll_t events;
	bool more;

	wakeups.nr = 0;
	for (;;) {
		more = channel_queue(ch, CHANNEL_WRITERS)->nr &&
		       ipcx_waitq_run_locked(channel_queue(ch, CHANNEL_WRITERS),
					     &wakeups);
		more |= channel_queue(ch, CHANNEL_READERS)->nr &&
			ipcx_waitq_run_locked(
				channel_queue(ch, CHANNEL_READERS), &wakeups);
		events = ipcx_object_watched(&ch->obj) ? ch->news : 0;
		ch->news = 0;
		spin_unlock(&ch->obj.lock);
		if (wakeups.nr)
			ipcx_wakeups_flush(&wakeups);
		if (unlikely(events))
			ipcx_object_wake_pollers(&ch->obj, events);
		if (likely(!more))
			return;
		cond_resched();
		spin_lock(&ch->obj.lock);
	}
}

/**
 * ipcx_channel_begin() - Get what a call waits for
 * @ch: The channel
 * @queue: CHANNEL_WRITERS or CHANNEL_READERS
 * @wait: What it wants
 * @deadline: Until when
 *
 * Context: Sleeps.
 * Return: 0, -EPIPE, -ENODATA (the end of the stream), -EMSGSIZE, -EPROTO, -EBUSY
 * (another process has mapped the end), or an error of ipcx_wait_tried().
 */
int ipcx_channel_begin(struct ipcx_channel *ch, int queue,
		       struct ipcx_channel_entry *wait,
		       const struct ipcx_deadline *deadline)
{
	struct ipcx_waitq *q = channel_queue(ch, queue);
	int r;

	/*
	 * In the order of coming is who wants to enter. The others take nothing
	 * from anybody, and must not wait for what those wait for.
	 */
	wait->e.since = wait->e.mode == CHANNEL_ENTER ||
			wait->e.mode == CHANNEL_END_ALONE;
	spin_lock(&ch->obj.lock);
	r = ipcx_wait_try_locked(q, &wait->e, true);
	if (likely(r != -EAGAIN)) {
		spin_unlock(&ch->obj.lock);
		return r;
	}
	if (deadline->nowait)
		hide_locked(ch, q, wait->end);
	/* The attempt may have ended a batch. */
	if (unlikely(ch->news)) {
		ipcx_channel_unlock(ch);
		return ipcx_wait_tried(q, &wait->e, deadline);
	}
	return ipcx_wait_tried_locked(q, &wait->e, deadline);
}

/**
 * ipcx_channel_leave_locked() - A call is not inside any more
 * @ch: The channel
 * @end: Which end
 *
 * Context: Under the object's lock.
 */
void ipcx_channel_leave_locked(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_side *side = &ch->side[end];

	lockdep_assert_held(&ch->obj.lock);

	side->inside = false;
	side->copying = false;
	if (unlikely(side->hidden))
		ch->news |= CHANNEL_IN | CHANNEL_OUT;
	side->hidden = false;
	if (unlikely(side->closing))
		ipcx_channel_close_place_locked(side, end);
}

/**
 * ipcx_channel_leave() - A call is not inside any more
 * @ch: The channel
 * @end: Which end
 *
 * Context: Takes the object's lock.
 */
void ipcx_channel_leave(struct ipcx_channel *ch, int end)
{
	spin_lock(&ch->obj.lock);
	ipcx_channel_leave_locked(ch, end);
	ipcx_channel_unlock(ch);
}

/* ---- Turns and batches ------------------------------------------------- */

static const struct ipcx_deadline no_deadline = {
	.time = KTIME_MAX,
	.clockid = CLOCK_MONOTONIC,
	.forever = true,
};

/*
 * To be inside an end that writes, for something that comes behind what is being
 * written. The place has to be the caller's where there is one.
 */
static int end_alone(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_entry wait = { .end = end };
	int r = 0;

	if (channel_turns(ch))
		r = ipcx_channel_take_place(ch, end, true);
	if (r < 0)
		return r;
	ipcx_wait_entry_init(&wait.e, 1);
	wait.e.mode = CHANNEL_END_ALONE;
	return ipcx_channel_begin(ch, CHANNEL_WRITERS, &wait, &no_deadline);
}

static int channel_flush(struct ipcx_call *call)
{
	struct ipcx_channel_flush *arg = call->arg;
	struct ipcx_channel *ch = to_channel(call->obj);
	int end = channel_end(call->handle);
	struct ipcx_channel_view view;
	int r;

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	if (end < 0 || !channel_end_writes(ch, end))
		return -EBADF;
	r = end_alone(ch, end);
	if (r)
		return r;
	spin_lock(&ch->obj.lock);
	r = channel_look_locked(ch, &view);
	if (!r && !has_turn(&view, end))
		r = -EPERM;
	if (!r)
		ipcx_channel_publish_locked(ch, end);
	ipcx_channel_leave_locked(ch, end);
	ipcx_channel_unlock(ch);
	return r;
}

static int turn_pass(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_view view;
	int r;

	r = end_alone(ch, end);
	if (r)
		return r;
	spin_lock(&ch->obj.lock);
	r = channel_look_locked(ch, &view);
	if (!r && !has_turn(&view, end))
		r = -EPERM;
	if (!r)
		ipcx_channel_pass_locked(ch, end);
	ipcx_channel_leave_locked(ch, end);
	ipcx_channel_unlock(ch);
	return r;
}

static void turn_ask(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_view view;

	spin_lock(&ch->obj.lock);
	if (!channel_look_locked(ch, &view) && view.turn != end) {
		ch->side[end].asks = true;
		ch->side[end].asked_at = view.passes[!end];
		ch->news |= EPOLLPRI;
	}
	ipcx_channel_unlock(ch);
}

/* Who told of a death was not told of it shall be told once more. */
static void turn_take_done(struct ipcx_call *call, bool delivered)
{
	struct ipcx_channel *ch = to_channel(call->obj);
	struct ipcx_channel_side *side = &ch->side[channel_end(call->handle)];
	struct ipcx_holding *death = NULL;

	if (!delivered)
		return;
	spin_lock(&ch->obj.lock);
	/* There may have been another one since. */
	if (side->death == call->priv) {
		side->inherited = false;
		swap(side->death, death);
	}
	spin_unlock(&ch->obj.lock);
	ipcx_holding_free(death);
}

static int turn_take(struct ipcx_call *call, struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_turn *arg = call->arg;
	struct ipcx_channel_entry wait = { .end = end };
	struct ipcx_deadline deadline;
	int r;

	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (!r)
		r = ipcx_channel_take_place(ch, end, true);
	if (r < 0)
		return r;
	turn_ask(ch, end);
	ipcx_wait_entry_init(&wait.e, 1);
	wait.e.mode = CHANNEL_TURN;
	r = ipcx_channel_begin(ch, CHANNEL_WRITERS, &wait, &deadline);
	if (r)
		return r;
	spin_lock(&ch->obj.lock);
	if (ch->side[end].inherited &&
	    ch->side[end].inherited_at == channel_passes(&ch->side[end])) {
		call->priv = ch->side[end].death;
		arg->out_dead_pid = pid_vnr(ch->side[end].death->pid);
		r = -EOWNERDEAD;
	}
	spin_unlock(&ch->obj.lock);
	if (r) {
		call->answer = true;
		call->done = turn_take_done;
	}
	return r;
}

static int channel_turn(struct ipcx_call *call)
{
	struct ipcx_channel_turn *arg = call->arg;
	struct ipcx_channel *ch = to_channel(call->obj);
	int end = channel_end(call->handle);

	if (arg->flags || arg->op > IPCX_CHANNEL_TURN_TAKE)
		return -EINVAL;
	if (end < 0)
		return -EBADF;
	if (!channel_turns(ch))
		return -EPERM;
	if (arg->op == IPCX_CHANNEL_TURN_TAKE)
		return turn_take(call, ch, end);
	if (arg->clockid || arg->deadline)
		return -EINVAL;
	return turn_pass(ch, end);
}

/* ---- Capacity and marks ------------------------------------------------ */

static u32 capacity_of(u32 wanted)
{
	if (!wanted)
		wanted = IPCX_CHANNEL_CAPACITY_DEFAULT;
	return max_t(u32, roundup_pow_of_two(wanted), PAGE_SIZE);
}

/* What a ring of this capacity is charged with. */
static u64 ring_bytes(u32 capacity)
{
	return capacity +
	       2 * sizeof(struct page *) * (u64)(capacity >> PAGE_SHIFT);
}

/*
 * Put what is in the ring into another one. Nobody copies or enters meanwhile, so
 * it stays where it is; an end that goes may publish what is staged, which is
 * behind what can be read.
 */
static int ring_move(struct ipcx_channel *ch, const struct ipcx_ring *fresh)
{
	struct ipcx_channel_view view;
	u32 begin, size, done, part;
	int r;

	spin_lock(&ch->obj.lock);
	r = channel_look_locked(ch, &view);
	/* Only one end writes, so only one has anything staged. */
	size = view.queued + view.staged[CHANNEL_FIRST] +
	       view.staged[CHANNEL_SECOND];
	begin = view.pos[!view.from];
	/* Who maps it knows where it is, and how long. */
	if (ch->side[CHANNEL_FIRST].mapped || ch->side[CHANNEL_SECOND].mapped)
		r = -EBUSY;
	spin_unlock(&ch->obj.lock);
	if (r)
		return r;
	if (size > fresh->capacity)
		return -EBUSY;
	for (done = 0; done < size; done += part) {
		part = min_t(u32, size - done, SZ_64K);
		memcpy(fresh->data + ((begin + done) & (fresh->capacity - 1)),
		       ch->ring.data +
			       ((begin + done) & (ch->ring.capacity - 1)),
		       part);
		cond_resched();
	}
	return 0;
}

static void set_marks_locked(struct ipcx_channel *ch,
			     const struct ipcx_channel_set *arg)
{
	const u32 capacity = ch->ring.capacity;

	if (arg->flags & IPCX_CHANNEL_SET_F_READ_MARK)
		ch->read_mark = max(arg->read_mark, 1U);
	if (arg->flags & IPCX_CHANNEL_SET_F_WRITE_MARK)
		ch->write_mark = max(arg->write_mark, 1U);
	ch->read_mark = min(ch->read_mark, capacity);
	ch->write_mark = min(ch->write_mark, capacity);
	ch->news |= CHANNEL_IN | CHANNEL_OUT;
}

/* A batch that fills the ring has ended, also when it is the ring that shrank. */
static void end_full_batch_locked(struct ipcx_channel *ch)
{
	struct ipcx_channel_view view;
	int end;

	channel_look_locked(ch, &view);
	for (end = 0; end < CHANNEL_ENDS; end++)
		if (view.staged[end] == ch->ring.capacity)
			ipcx_channel_publish_locked(ch, end);
}

/* Also without success: who was turned away meanwhile is told of what there is. */
static void resize_end_locked(struct ipcx_channel *ch)
{
	lockdep_assert_held(&ch->obj.lock);

	ch->resizers--;
	ch->news |= CHANNEL_IN | CHANNEL_OUT;
}

/* Whoever copies comes to its end, and nobody begins: so it is still, and soon. */
static int resize_begin(struct ipcx_channel *ch)
{
	struct ipcx_channel_entry wait = {};
	int r;

	spin_lock(&ch->obj.lock);
	ch->resizers++;
	spin_unlock(&ch->obj.lock);
	ipcx_wait_entry_init(&wait.e, 1);
	wait.e.mode = CHANNEL_STILL;
	r = ipcx_channel_begin(ch, CHANNEL_READERS, &wait, &no_deadline);
	if (!r)
		return 0;
	spin_lock(&ch->obj.lock);
	resize_end_locked(ch);
	ipcx_channel_unlock(ch);
	return r;
}

/* With another ring: nobody copies, and nobody enters until it is done. */
static int set_capacity(struct ipcx_channel *ch,
			const struct ipcx_channel_set *arg, u32 capacity)
{
	struct ipcx_ring ring = {};
	u64 before, after = ring_bytes(capacity);
	int r;

	r = ipcx_charge(ch->obj.user, IPCX_RESOURCE_BYTES, after);
	if (r)
		return r;
	r = ipcx_ring_alloc(&ring, capacity);
	if (r)
		goto out;
	r = resize_begin(ch);
	if (r)
		goto out;
	r = ring_move(ch, &ring);
	spin_lock(&ch->obj.lock);
	before = ring_bytes(ch->ring.capacity);
	if (!r) {
		swap(ch->ring, ring);
		ch->obj.bytes += after - before;
		after = before;
		end_full_batch_locked(ch);
		set_marks_locked(ch, arg);
	}
	ch->frozen = false;
	resize_end_locked(ch);
	ipcx_channel_unlock(ch);
out:
	ipcx_ring_free(&ring);
	ipcx_uncharge(ch->obj.user, IPCX_RESOURCE_BYTES, after);
	return r;
}

static int channel_set(struct ipcx_call *call)
{
	struct ipcx_channel_set *arg = call->arg;
	struct ipcx_channel *ch = to_channel(call->obj);
	u32 capacity = READ_ONCE(ch->ring.capacity);
	int r = 0;

	if (!arg->flags || arg->flags & ~CHANNEL_SET_FLAGS)
		return -EINVAL;
	if (arg->flags & IPCX_CHANNEL_SET_F_CAPACITY) {
		if (arg->capacity > IPCX_CHANNEL_CAPACITY_MAX)
			return -EINVAL;
		capacity = capacity_of(arg->capacity);
	}
	if ((arg->flags & IPCX_CHANNEL_SET_F_READ_MARK &&
	     arg->read_mark > capacity) ||
	    (arg->flags & IPCX_CHANNEL_SET_F_WRITE_MARK &&
	     arg->write_mark > capacity))
		return -EINVAL;
	if (arg->flags & IPCX_CHANNEL_SET_F_CAPACITY &&
	    capacity != READ_ONCE(ch->ring.capacity)) {
		r = set_capacity(ch, arg, capacity);
	} else {
		spin_lock(&ch->obj.lock);
		set_marks_locked(ch, arg);
		ipcx_channel_unlock(ch);
	}
	return r;
}

/* ---- Life -------------------------------------------------------------- */

static struct ipcx_object *channel_new(const struct ipcx_create *create,
				       const void *call_arg)
{
	const struct ipcx_channel_create *arg = call_arg;
	u32 capacity = capacity_of(arg->capacity);
	struct ipcx_channel *ch;
	struct ipcx_object *obj;
	int r, end;

	obj = ipcx_object_alloc(create, ring_bytes(capacity));
	if (IS_ERR(obj))
		return obj;
	ch = to_channel(obj);
	ch->flags = arg->flags & CHANNEL_FLAGS;
	ch->read_mark = max(arg->read_mark, 1U);
	ch->write_mark = max(arg->write_mark, 1U);
	for (end = 0; end < CHANNEL_ENDS; end++) {
		ch->side[end].words = &ch->side[end].own;
		/* Never yet. */
		ch->side[end].own.left = ch->side[end].own.passes - 1;
	}
	ipcx_waitq_init(channel_queue(ch, CHANNEL_WRITERS), &obj->lock,
			obj->user, &writers_ops);
	ipcx_waitq_init(channel_queue(ch, CHANNEL_READERS), &obj->lock,
			obj->user, &readers_ops);
	r = ipcx_ring_alloc(&ch->ring, capacity);
	if (r) {
		ipcx_object_put(obj);
		return ERR_PTR(r);
	}
	return obj;
}

static int channel_create(struct ipcx_call *call)
{
	struct ipcx_channel_create *arg = call->arg;
	struct ipcx_create create = {
		.type = &ipcx_channel_type,
		.ns = call->handle->ns,
		.payer = call->handle->user,
		.name = arg->name,
		.flags = arg->flags & ~CHANNEL_FLAGS,
		.mode = arg->mode,
		.rights = arg->rights,
		.lease_ns = arg->lease_ns,
	};
	int r;

	if (arg->__reserved || arg->capacity > IPCX_CHANNEL_CAPACITY_MAX ||
	    arg->read_mark > capacity_of(arg->capacity) ||
	    arg->write_mark > capacity_of(arg->capacity))
		return -EINVAL;
	r = ipcx_call_create(call, &create, channel_new);
	if (r)
		return r;
	arg->out_flags = call->created ? IPCX_CREATE_OUT_CREATED : 0;
	arg->out_id = call->new_obj->entry.id;
	return 0;
}

/* The holdings of places go with the ledger: nobody may look at them any more. */
static void channel_kill(struct ipcx_object *obj)
{
	struct ipcx_channel *ch = to_channel(obj);
	int end;

	for (end = 0; end < CHANNEL_ENDS; end++)
		ipcx_channel_drop_place_locked(&ch->side[end], end);
}

static void channel_release(struct ipcx_object *obj)
{
	struct ipcx_channel *ch = to_channel(obj);

	ipcx_holding_free(ch->side[CHANNEL_FIRST].death);
	ipcx_holding_free(ch->side[CHANNEL_SECOND].death);
	ipcx_channel_free_control(ch);
	ipcx_ring_free(&ch->ring);
}

/* ---- Facts ------------------------------------------------------------- */

/* Is this the end that has the turn, and does the other one want it? */
static bool is_asked(const struct ipcx_channel *ch,
		     const struct ipcx_channel_view *view, int end)
{
	const struct ipcx_channel_side *other = &ch->side[!end];

	return view->turn == end && other->asks &&
	       other->asked_at == view->passes[end];
}

/* Who polls may sleep then. */
static __poll_t end_events_locked(struct ipcx_channel *ch, int end)
{
	const struct ipcx_channel_side *other = &ch->side[!end];
	struct ipcx_channel_view view;
	__poll_t events = 0;
	u32 room;

	if (channel_is_shared(ch))
		ipcx_channel_arm_locked(ch, end);
	if (channel_look_locked(ch, &view))
		return EPOLLERR;
	if (channel_readable(&view, end) >= ch->read_mark)
		events |= CHANNEL_IN;
	room = channel_writable(ch, &view, end);
	/* Nobody writes while somebody is inside: who leaves tells of the room. */
	if (ch->side[end].inside)
		ch->side[end].hidden = true;
	else if (channel_end_writes(ch, end) && room >= ch->write_mark)
		events |= CHANNEL_OUT;
	if (is_asked(ch, &view, end))
		events |= EPOLLPRI;
	if (!channel_end_gone(other))
		return events;
	if (channel_end_reads(ch, end)) {
		events |= EPOLLHUP | EPOLLRDHUP;
		/* What is left is less than the mark, and nothing comes. */
		if (channel_readable(&view, end))
			events |= CHANNEL_IN;
	}
	if (channel_end_writes(ch, end))
		events |= EPOLLERR | CHANNEL_OUT;
	return events;
}

static __poll_t channel_poll(struct ipcx_object *obj,
			     const struct ipcx_handle *handle)
{
	struct ipcx_channel *ch = to_channel(obj);
	int end = channel_end(handle);
	__poll_t events = 0;

	if (end < 0)
		return 0;
	spin_lock(&obj->lock);
	events = end_events_locked(ch, end);
	spin_unlock(&obj->lock);
	return events;
}

static pid_t place_pid_locked(const struct ipcx_channel_side *side)
{
	return side->holder ? pid_vnr(side->holder->pid) : 0;
}

static u32 channel_state_locked(const struct ipcx_channel *ch,
				const struct ipcx_channel_view *view)
{
	const struct ipcx_channel_side *a = &ch->side[CHANNEL_FIRST];
	const struct ipcx_channel_side *b = &ch->side[CHANNEL_SECOND];
	u32 state = 0;

	if (is_asked(ch, view, view->turn))
		state |= IPCX_CHANNEL_STAT_F_ASKED;
	if (channel_readable(view, view->turn))
		state |= IPCX_CHANNEL_STAT_F_PASSED;
	if (ch->flags & IPCX_CHANNEL_F_STRICT && view->queued)
		state |= IPCX_CHANNEL_STAT_F_BATCH;
	if (channel_end_gone(a) && a->killed)
		state |= IPCX_CHANNEL_STAT_F_WRITER_KILLED;
	if (channel_end_gone(b) && b->killed)
		state |= IPCX_CHANNEL_STAT_F_READER_KILLED;
	if (a->mapped)
		state |= IPCX_CHANNEL_STAT_F_WRITER_MAPPED;
	if (b->mapped)
		state |= IPCX_CHANNEL_STAT_F_READER_MAPPED;
	return state;
}

static void channel_stat_locked(const struct ipcx_channel *ch,
				struct ipcx_channel_stat *stat)
{
	const struct ipcx_channel_side *a = &ch->side[CHANNEL_FIRST];
	const struct ipcx_channel_side *b = &ch->side[CHANNEL_SECOND];
	struct ipcx_channel_view view;

	channel_look_locked(ch, &view);
	stat->out_flags = ch->flags;
	stat->out_state = channel_state_locked(ch, &view);
	stat->out_capacity = ch->ring.capacity;
	stat->out_queued = view.queued;
	stat->out_staged =
		view.staged[CHANNEL_FIRST] + view.staged[CHANNEL_SECOND];
	stat->out_read_mark = ch->read_mark;
	stat->out_write_mark = ch->write_mark;
	stat->out_turn = (u32)view.turn + 1;
	stat->out_writer_handles = a->handles;
	stat->out_reader_handles = b->handles;
	stat->out_writers = ch->obj.waitq[CHANNEL_WRITERS].nr;
	stat->out_readers = ch->obj.waitq[CHANNEL_READERS].nr;
	stat->out_writer_pid = place_pid_locked(a);
	stat->out_reader_pid = place_pid_locked(b);
	stat->out_turns =
		(u32)(view.passes[CHANNEL_FIRST] + view.passes[CHANNEL_SECOND]);
	stat->out_batches = ch->batches;
	stat->out_written = a->written + b->written;
	stat->out_read = a->read + b->read;
}

static int channel_stat(struct ipcx_call *call)
{
	struct ipcx_channel_stat *arg = call->arg;

	if (arg->flags)
		return -EINVAL;
	ipcx_settle(&call->obj->ledger);
	memset(arg, 0, sizeof(*arg));
	arg->out_end = call->handle->part & CHANNEL_PART_END;
	spin_lock(&call->obj->lock);
	channel_stat_locked(to_channel(call->obj), arg);
	spin_unlock(&call->obj->lock);
	return 0;
}

static void channel_describe(struct ipcx_object *obj, struct ipcx_facts *facts)
{
	struct ipcx_channel_stat stat = {};

	channel_stat_locked(to_channel(obj), &stat);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_CAPACITY, "capacity",
		       stat.out_capacity);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_QUEUED, "queued", stat.out_queued);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_STAGED, "staged", stat.out_staged);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_TURN, "turn", stat.out_turn);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_TURNS, "turns", stat.out_turns);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_BATCHES, "batches",
		       stat.out_batches);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_WRITTEN, "written",
		       stat.out_written);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_READ, "read", stat.out_read);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_WRITER_HANDLES, "writer_handles",
		       stat.out_writer_handles);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_READER_HANDLES, "reader_handles",
		       stat.out_reader_handles);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_STATE, "channel_state",
		       stat.out_state);
	ipcx_facts_add(facts, IPCX_A_CHANNEL_FLAGS, "channel_flags",
		       stat.out_flags);
}

static u32 channel_held(struct ipcx_object *obj, const struct ipcx_holding *h)
{
	return h->units;
}

static const char *channel_hold_label(struct ipcx_object *obj,
				      const struct ipcx_holding *h)
{
	static const char *const turns[] = { "none", "first end", "second end",
					     "both ends" };

	return channel_turns(to_channel(obj)) ? turns[h->mode & 3] : "reader";
}

static const struct ipcx_call_desc channel_calls[] = {
	IPCX_CALL_FD(IPCX_IOC_CHANNEL_CREATE, ipcx_channel_create, 0,
		     IPCX_CALL_DEVICE, channel_create),
	IPCX_CALL_FD(IPCX_IOC_CHANNEL_OPEN, ipcx_channel_open, 0,
		     IPCX_CALL_DEVICE | IPCX_CALL_OBJECT, ipcx_channel_open),
	IPCX_CALL(IPCX_IOC_CHANNEL_WRITE, ipcx_channel_write, IPCX_RIGHT_WRITE,
		  IPCX_CALL_OBJECT, ipcx_channel_write_call),
	IPCX_CALL(IPCX_IOC_CHANNEL_READ, ipcx_channel_read, IPCX_RIGHT_READ,
		  IPCX_CALL_OBJECT, ipcx_channel_read_call),
	IPCX_CALL(IPCX_IOC_CHANNEL_TURN, ipcx_channel_turn, IPCX_RIGHT_WRITE,
		  IPCX_CALL_OBJECT, channel_turn),
	IPCX_CALL(IPCX_IOC_CHANNEL_FLUSH, ipcx_channel_flush, IPCX_RIGHT_WRITE,
		  IPCX_CALL_OBJECT, channel_flush),
	IPCX_CALL(IPCX_IOC_CHANNEL_SET, ipcx_channel_set, IPCX_RIGHT_CONTROL,
		  IPCX_CALL_OBJECT, channel_set),
	IPCX_CALL(IPCX_IOC_CHANNEL_STAT, ipcx_channel_stat, 0,
		  IPCX_CALL_OBJECT | IPCX_CALL_ANSWERS, channel_stat),
	IPCX_CALL(IPCX_IOC_CHANNEL_WAIT, ipcx_channel_wait, 0, IPCX_CALL_OBJECT,
		  ipcx_channel_wait),
	IPCX_CALL(IPCX_IOC_CHANNEL_WAKE, ipcx_channel_wake, 0, IPCX_CALL_OBJECT,
		  ipcx_channel_wake),
};

const struct ipcx_type ipcx_channel_type = {
	.id = IPCX_TYPE_CHANNEL,
	.name = "channel",
	.file_name = "[ipcx-channel]",
	.size = sizeof(struct ipcx_channel),
	.streams = true,
	.calls = channel_calls,
	.nr_calls = ARRAY_SIZE(channel_calls),
	.first_call = _IOC_NR(IPCX_IOC_CHANNEL_CREATE),
	.handle = ipcx_channel_handle,
	.flush = ipcx_channel_flush_file,
	.kill = channel_kill,
	.release = channel_release,
	.gone = ipcx_channel_gone,
	.held = channel_held,
	.hold_label = channel_hold_label,
	.describe = channel_describe,
	.poll = channel_poll,
	.queued = ipcx_channel_queued,
	.mmap = ipcx_channel_mmap,
	.file_rights = ipcx_channel_file_rights,
	.read = ipcx_channel_read,
	.write = ipcx_channel_write,
};
