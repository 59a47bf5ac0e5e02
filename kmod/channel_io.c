// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: reading and writing.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "call.h"
#include "channel.h"
#include "compat.h"
#include "ucopy.h"

#define WRITE_FLAGS                                               \
	(IPCX_CHANNEL_WRITE_F_FLUSH | IPCX_CHANNEL_WRITE_F_PASS | \
	 IPCX_CHANNEL_WRITE_F_SIGPIPE)

/* What is in front of a packet, and keeps what follows aligned. */
struct packet_head {
	u32 size;
	u32 zero;
};

static_assert(sizeof(struct packet_head) == IPCX_CHANNEL_PACKET_HEAD);

/* ---- Copying ----------------------------------------------------------- */

/*
 * Nearly always the user's memory is in one piece. What is copied in part counts
 * as not copied.
 */
static bool copy_in(void *to, size_t size, struct iov_iter *from)
{
	size_t done;

	pagefault_disable();
	if (likely(iter_is_ubuf(from))) {
		done = ipcx_bytes_in(to, from->ubuf + from->iov_offset, size) ?
			       0 :
			       size;
		iov_iter_advance(from, done);
	} else {
		done = copy_from_iter(to, size, from);
	}
	pagefault_enable();
	if (likely(done == size))
		return true;
	iov_iter_revert(from, done);
	return false;
}

static bool copy_out(const void *from, size_t size, struct iov_iter *to)
{
	size_t done;

	pagefault_disable();
	if (likely(iter_is_ubuf(to))) {
		done = ipcx_bytes_out(to->ubuf + to->iov_offset, from, size) ?
			       0 :
			       size;
		iov_iter_advance(to, done);
	} else {
		done = copy_to_iter(from, size, to);
	}
	pagefault_enable();
	if (likely(done == size))
		return true;
	iov_iter_revert(to, done);
	return false;
}

/* Bring in what was missing, outside of everything. */
static int fault_in(struct iov_iter *iter, size_t size, bool write)
{
	/* Nothing has moved: and a page that never stays must not keep it here. */
	if (signal_pending(current))
		return -ERESTARTSYS;
	/* The kernel's own memory does not come by waiting. */
	if (!user_backed_iter(iter))
		return -ENOMEM;
	if (write ? fault_in_iov_iter_writeable(iter, size) :
		    fault_in_iov_iter_readable(iter, size))
		return -EFAULT;
	return 0;
}

static void file_deadline(const struct kiocb *iocb,
			  struct ipcx_deadline *deadline)
{
	deadline->clockid = CLOCK_MONOTONIC;
	deadline->time = KTIME_MAX;
	deadline->forever = true;
	deadline->nowait = iocb->ki_flags & IOCB_NOWAIT ||
			   iocb->ki_filp->f_flags & O_NONBLOCK;
}

/* The place is the calling process's from now on; or see who has it. */
static int use_place(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_side *side = &ch->side[end];
	bool mine;

	spin_lock(&ch->obj.lock);
	mine = channel_is_mine(side);
	if (mine)
		side->used = true;
	spin_unlock(&ch->obj.lock);
	return likely(mine) ? 0 :
			      min(ipcx_channel_take_place(ch, end, true), 0);
}

/* ---- Short cuts -------------------------------------------------------- */

/*
 * What is short, and need not wait, is copied under the object's lock: with page
 * faults disabled that takes no longer than what it replaces, which is to be
 * inside, and to take the lock once more. Whatever is not plain goes the long way,
 * which does all that is done here.
 */
#define QUICK_SIZE 256

/* No turns, no batches, no packets, and nobody is before the caller. */
static bool quick_locked(const struct ipcx_channel *ch, int end, int queue)
{
	const struct ipcx_waitq *q = &ch->obj.waitq[queue];

	return !q->nr && !q->dead && !ch->resizers && !ch->side[end].inside;
}

static __always_inline bool quick_possible(const struct ipcx_channel *ch,
					   const struct iov_iter *iter)
{
	return likely(!ch->flags) && iter_is_ubuf(iter) &&
	       iov_iter_count(iter) <= QUICK_SIZE;
}

/* Tell those who wait at the other end, if there are any. */
static __always_inline void quick_unlock(struct ipcx_channel *ch, int queue,
					 __poll_t news)
{
	if (unlikely(ch->obj.waitq[queue].nr) ||
	    unlikely(ipcx_object_watched(&ch->obj))) {
		ch->news |= news;
		ipcx_channel_unlock(ch);
	} else {
		spin_unlock(&ch->obj.lock);
	}
}

/* The number of bytes, or 0 when it has to go the long way. */
static size_t write_quickly(struct ipcx_channel *ch,
			    const struct iov_iter *from)
{
	struct ipcx_channel_side *w = &ch->side[CHANNEL_FIRST];
	const struct ipcx_channel_side *rd = &ch->side[CHANNEL_SECOND];
	size_t size = iov_iter_count(from);
	u32 pos;
	char *at;
	int r;

	spin_lock(&ch->obj.lock);
	pos = channel_pos(w);
	if (unlikely(!quick_locked(ch, CHANNEL_FIRST, CHANNEL_WRITERS)) ||
	    unlikely(channel_end_gone(rd)) || unlikely(w->mapped) ||
	    unlikely(pos - channel_pos(rd) + size > ch->ring.capacity))
		goto slow;
	at = ch->ring.data + (pos & (ch->ring.capacity - 1));
	pagefault_disable();
	r = ipcx_bytes_in(at, from->ubuf + from->iov_offset, size);
	pagefault_enable();
	if (unlikely(r))
		goto slow;
	channel_move(w, pos + size);
	w->written += size;
	channel_queue(ch, CHANNEL_READERS)->served_on = raw_smp_processor_id();
	quick_unlock(ch, CHANNEL_READERS, CHANNEL_IN);
	return size;

slow:
	spin_unlock(&ch->obj.lock);
	return 0;
}

/* With 0, @hope says whether there was only nothing to read yet. */
static size_t read_quickly(struct ipcx_channel *ch, const struct iov_iter *to,
			   bool *hope)
{
	struct ipcx_channel_side *rd = &ch->side[CHANNEL_SECOND];
	const struct ipcx_channel_side *w = &ch->side[CHANNEL_FIRST];
	u32 pos, queued;
	const char *at;
	size_t size;
	int r;

	spin_lock(&ch->obj.lock);
	pos = channel_pos(rd);
	queued = channel_pos(w) - pos;
	size = min_t(size_t, queued, iov_iter_count(to));
	if (unlikely(queued > ch->ring.capacity) ||
	    unlikely(!quick_locked(ch, CHANNEL_SECOND, CHANNEL_READERS)) ||
	    unlikely(!channel_is_mine(rd)) || !size)
		goto slow;
	at = ch->ring.data + (pos & (ch->ring.capacity - 1));
	pagefault_disable();
	r = ipcx_bytes_out(to->ubuf + to->iov_offset, at, size);
	pagefault_enable();
	if (unlikely(r))
		goto slow;
	rd->used = true;
	channel_move(rd, pos + size);
	rd->read += size;
	quick_unlock(ch, CHANNEL_WRITERS, CHANNEL_OUT);
	return size;

slow:
	*hope = !size && channel_is_mine(rd) && !channel_end_gone(w);
	spin_unlock(&ch->obj.lock);
	return 0;
}

/*
 * Before there is anybody in the queue: who reads is one process, and it does not
 * matter which of its threads comes first.
 */
static noinline size_t read_after_yield(struct ipcx_channel *ch,
					const struct iov_iter *to)
{
	struct ipcx_waitq *q = channel_queue(ch, CHANNEL_READERS);
	enum ipcx_yield yielded = ipcx_waitq_yield(q);
	size_t size;
	bool hope;

	if (yielded == IPCX_YIELD_NO)
		return 0;
	size = read_quickly(ch, to, &hope);
	ipcx_waitq_learn(q, size && yielded == IPCX_YIELD_SHORT);
	return size;
}

/* ---- Writing ----------------------------------------------------------- */

/**
 * struct writer - A write
 * @wait: What it waits for next
 * @ch: To what
 * @from: What is left of it
 * @deadline: Until when it waits
 * @packet: It is a packet
 * @flags: What to do behind it, &enum ipcx_channel_write_flags
 * @done: Bytes written
 */
struct writer {
	struct ipcx_channel_entry wait;
	struct ipcx_channel *ch;
	struct iov_iter *from;
	const struct ipcx_deadline *deadline;
	bool packet;
	u32 flags;
	size_t done;
};

/* How much room it needs to begin, or to go on. */
static u32 write_need(const struct writer *w, size_t left)
{
	const struct ipcx_channel *ch = w->ch;

	if (w->packet)
		return channel_packet_size(left);
	if (ch->flags & IPCX_CHANNEL_F_STRICT)
		return 1;
	/* Half a ring at a time: not a wake-up for each few bytes read. */
	if (w->done)
		return min_t(size_t, left, READ_ONCE(ch->ring.capacity) / 2);
	return left <= PIPE_BUF ? left : 1;
}

/* Fill what room there is. How many bytes of payload, or -EFAULT. */
static ssize_t write_copy(struct writer *w)
{
	size_t left = iov_iter_count(w->from);
	char *at = w->wait.at;
	size_t size;

	if (!w->packet) {
		size = min_t(size_t, left, w->wait.room);
		return copy_in(at, size, w->from) ? size : -EFAULT;
	}
	*(struct packet_head *)at = (struct packet_head) { .size = left };
	at += IPCX_CHANNEL_PACKET_HEAD;
	return copy_in(at, left, w->from) ? left : -EFAULT;
}

static void write_commit_locked(struct writer *w, size_t size)
{
	struct ipcx_channel *ch = w->ch;
	struct ipcx_channel_side *side = &ch->side[w->wait.end];
	u32 taken = w->packet ? channel_packet_size(size) : size;

	lockdep_assert_held(&ch->obj.lock);

	side->copying = false;
	side->written += size;
	if (ch->flags & IPCX_CHANNEL_F_STRICT) {
		WRITE_ONCE(side->words->next, w->wait.pos + taken);
		if (w->wait.room == taken)
			ipcx_channel_publish_locked(ch, w->wait.end);
		return;
	}
	channel_move(side, w->wait.pos + taken);
	ch->news |= CHANNEL_IN;
}

/* Behind the last byte, still inside. */
static void write_finish_locked(struct writer *w)
{
	struct ipcx_channel *ch = w->ch;
	int end = w->wait.end;

	if (unlikely(w->flags & IPCX_CHANNEL_WRITE_F_PASS) &&
	    ipcx_channel_turn_is_at_locked(ch, end))
		ipcx_channel_pass_locked(ch, end);
	else if (unlikely(w->flags & IPCX_CHANNEL_WRITE_F_FLUSH))
		ipcx_channel_publish_locked(ch, end);
	ipcx_channel_leave_locked(ch, end);
}

/* A page is missing: outside of the end, unless the write has begun. */
static int write_fault(struct writer *w, size_t size)
{
	int end = w->wait.end;

	spin_lock(&w->ch->obj.lock);
	if (w->done)
		w->ch->side[end].copying = false;
	else
		ipcx_channel_leave_locked(w->ch, end);
	ipcx_channel_unlock(w->ch);
	return fault_in(w->from, size, false);
}

/* One entry, one copy. 1 when there is more to write. */
static int write_part(struct writer *w)
{
	size_t left = iov_iter_count(w->from);
	ssize_t size;
	int r;

	size = write_copy(w);
	if (unlikely(size < 0)) {
		size = w->packet ? left : min_t(size_t, left, w->wait.room);
		r = write_fault(w, size);
		return r ? r : 1;
	}
	spin_lock(&w->ch->obj.lock);
	write_commit_locked(w, size);
	w->done += size;
	if (likely(size == left))
		write_finish_locked(w);
	ipcx_channel_unlock(w->ch);
	return size != left;
}

/* From the moment when something is written it is inside until it is all. */
static int write_all(struct writer *w)
{
	int r;

	ipcx_wait_entry_init(&w->wait.e, 1);
	do {
		w->wait.e.mode = w->done ? CHANNEL_GO_ON : CHANNEL_ENTER;
		w->wait.need = write_need(w, iov_iter_count(w->from));
		r = ipcx_channel_begin(w->ch, CHANNEL_WRITERS, &w->wait,
				       w->deadline);
		if (likely(!r))
			r = write_part(w);
	} while (r > 0);
	if (unlikely(r && w->done))
		ipcx_channel_leave(w->ch, w->wait.end);
	return r;
}

/**
 * ipcx_channel_told_of_death() - Was who closed the other end last killed?
 * @ch: The channel
 * @handle: Of this end
 * @end: This end
 *
 * Context: Any.
 * Return: True when it was, and this one is to know.
 */
bool ipcx_channel_told_of_death(struct ipcx_channel *ch,
				const struct ipcx_handle *handle, int end)
{
	return channel_opened_with(handle, IPCX_CHANNEL_OPEN_F_DEATH) &&
	       READ_ONCE(ch->side[!end].killed);
}

static ssize_t channel_write(const struct ipcx_handle *handle,
			     struct iov_iter *from,
			     const struct ipcx_deadline *deadline, u32 flags)
{
	struct ipcx_channel *ch = to_channel(handle->obj);
	struct writer w __uninitialized;
	int end = channel_end(handle), r;
	size_t done;

	if (end < 0 || !channel_end_writes(ch, end))
		return -EBADF;
	if (likely(!(flags & ~IPCX_CHANNEL_WRITE_F_SIGPIPE)) &&
	    quick_possible(ch, from)) {
		done = write_quickly(ch, from);
		if (likely(done))
			return done;
	}
	if (flags & IPCX_CHANNEL_WRITE_F_PASS && !channel_turns(ch))
		return -EPERM;
	if (!iov_iter_count(from))
		return 0;
	w.packet = ch->flags & IPCX_CHANNEL_F_PACKET;
	if (w.packet && channel_packet_size(iov_iter_count(from)) >
				READ_ONCE(ch->ring.capacity))
		return -EMSGSIZE;
	r = channel_turns(ch) || READ_ONCE(ch->side[end].mapped) ?
		    use_place(ch, end) :
		    0;
	if (r)
		return r;
	w.ch = ch;
	w.wait.end = end;
	w.wait.who = task_tgid(current);
	w.from = from;
	w.deadline = deadline;
	w.flags = flags;
	w.done = 0;
	r = write_all(&w);
	if (likely(!r))
		return w.done;
	if (r == -EPIPE && flags & IPCX_CHANNEL_WRITE_F_SIGPIPE)
		send_sig(SIGPIPE, current, 0);
	if (w.done)
		return w.done;
	return r == -EPIPE && ipcx_channel_told_of_death(ch, handle, end) ?
		       -EOWNERDEAD :
		       r;
}

/**
 * ipcx_channel_write() - write(), writev(), splice() into it
 * @obj: The channel
 * @iocb: The call
 * @from: What
 *
 * Context: Sleeps.
 * Return: How many bytes, or -errno.
 */
ssize_t ipcx_channel_write(struct ipcx_object *obj, struct kiocb *iocb,
			   struct iov_iter *from)
{
	const struct ipcx_handle *handle = iocb->ki_filp->private_data;
	struct ipcx_deadline deadline __uninitialized;
	u32 flags = 0;

	if (channel_opened_with(handle, IPCX_CHANNEL_OPEN_F_SIGPIPE))
		flags = IPCX_CHANNEL_WRITE_F_SIGPIPE;
	file_deadline(iocb, &deadline);
	return channel_write(handle, from, &deadline, flags);
}

/**
 * ipcx_channel_write_call() - IPCX_IOC_CHANNEL_WRITE
 * @call: The call
 *
 * Context: Sleeps.
 * Return: How many bytes, or -errno.
 */
int ipcx_channel_write_call(struct ipcx_call *call)
{
	struct ipcx_channel_write *arg = call->arg;
	struct ipcx_deadline deadline;
	u32 flags = arg->flags;
	struct iov_iter iter;
	int r;

	if (arg->flags & ~WRITE_FLAGS)
		return -EINVAL;
	/* What comes behind nothing has calls of its own. */
	if (!arg->size && arg->flags & ~IPCX_CHANNEL_WRITE_F_SIGPIPE)
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (r)
		return r;
	iov_iter_ubuf(&iter, ITER_SOURCE, u64_to_user_ptr(arg->data),
		      min_t(u64, arg->size, MAX_RW_COUNT));
	/* More than one call writes: then nothing comes behind it. */
	if (arg->size > MAX_RW_COUNT)
		flags &= IPCX_CHANNEL_WRITE_F_SIGPIPE;
	return channel_write(call->handle, &iter, &deadline, flags);
}

/* ---- Reading ----------------------------------------------------------- */

/**
 * struct reader - A read
 * @wait: What it waits for
 * @ch: From what
 * @to: Where to
 * @peek: What is read stays
 * @size: Bytes of payload that it gets, or, with -EMSGSIZE, that there are
 * @taken: Bytes of the ring that they take
 */
struct reader {
	struct ipcx_channel_entry wait;
	struct ipcx_channel *ch;
	struct iov_iter *to;
	bool peek;
	size_t size;
	u32 taken;
};

/*
 * How much can be read now. The other end may write to the ring all the time, so
 * the head of a packet is read once.
 */
static int read_measure(struct reader *rd)
{
	size_t count = iov_iter_count(rd->to);
	u32 size;

	if (!(rd->ch->flags & IPCX_CHANNEL_F_PACKET)) {
		rd->size = min_t(size_t, count, rd->wait.room);
		rd->taken = rd->size;
		return 0;
	}
	size = READ_ONCE(((const struct packet_head *)rd->wait.at)->size);
	if (channel_packet_size(size) > rd->wait.room)
		return -EPROTO;
	rd->size = size;
	rd->taken = channel_packet_size(size);
	rd->wait.at += IPCX_CHANNEL_PACKET_HEAD;
	return size <= count ? 0 : -EMSGSIZE;
}

static void read_commit(struct reader *rd)
{
	struct ipcx_channel *ch = rd->ch;
	struct ipcx_channel_side *side = &ch->side[rd->wait.end];

	spin_lock(&ch->obj.lock);
	ipcx_channel_leave_locked(ch, rd->wait.end);
	if (!rd->peek) {
		/* Where this end writes next is never behind. */
		WRITE_ONCE(side->words->next, rd->wait.pos + rd->taken);
		channel_move(side, rd->wait.pos + rd->taken);
		side->read += rd->size;
		ch->news |= CHANNEL_OUT;
	}
	ipcx_channel_unlock(ch);
}

static int read_once(struct reader *rd, const struct ipcx_deadline *deadline)
{
	struct ipcx_channel *ch = rd->ch;
	int r;

	ipcx_wait_entry_init(&rd->wait.e, 1);
	rd->wait.e.mode = CHANNEL_ENTER;
	for (;;) {
		r = ipcx_channel_begin(ch, CHANNEL_READERS, &rd->wait,
				       deadline);
		if (unlikely(r))
			return r;
		r = read_measure(rd);
		if (likely(!r) &&
		    likely(copy_out(rd->wait.at, rd->size, rd->to))) {
			read_commit(rd);
			return 0;
		}
		ipcx_channel_leave(ch, rd->wait.end);
		if (!r)
			r = fault_in(rd->to, rd->size, true);
		if (r)
			return r;
	}
}

static ssize_t channel_read(const struct ipcx_handle *handle,
			    struct iov_iter *to,
			    const struct ipcx_deadline *deadline, bool peek,
			    u64 *ret_size)
{
	struct ipcx_channel *ch = to_channel(handle->obj);
	struct reader rd __uninitialized;
	int end = channel_end(handle), r;
	size_t done;
	bool hope;

	if (end < 0 || !channel_end_reads(ch, end))
		return -EBADF;
	if (!peek && quick_possible(ch, to)) {
		done = read_quickly(ch, to, &hope);
		if (!done && hope && deadline->forever)
			done = read_after_yield(ch, to);
		if (likely(done))
			return done;
	}
	if (!iov_iter_count(to))
		return 0;
	r = use_place(ch, end);
	if (unlikely(r))
		return r;
	rd.ch = ch;
	rd.wait.end = end;
	rd.wait.who = task_tgid(current);
	rd.wait.need = 0;
	rd.to = to;
	rd.peek = peek;
	r = read_once(&rd, deadline);
	if (likely(!r))
		return rd.size;
	if (r == -EMSGSIZE)
		*ret_size = rd.size;
	if (r == -ENODATA)
		r = ipcx_channel_told_of_death(ch, handle, end) ? -EOWNERDEAD :
								  0;
	return r;
}

/**
 * ipcx_channel_read() - read(), readv(), splice() out of it
 * @obj: The channel
 * @iocb: The call
 * @to: Where to
 *
 * Context: Sleeps.
 * Return: How many bytes, 0 at the end of the stream, or -errno.
 */
ssize_t ipcx_channel_read(struct ipcx_object *obj, struct kiocb *iocb,
			  struct iov_iter *to)
{
	struct ipcx_deadline deadline __uninitialized;
	u64 size;

	file_deadline(iocb, &deadline);
	return channel_read(iocb->ki_filp->private_data, to, &deadline, false,
			    &size);
}

/**
 * ipcx_channel_read_call() - IPCX_IOC_CHANNEL_READ
 * @call: The call
 *
 * Context: Sleeps.
 * Return: How many bytes, 0 at the end of the stream, or -errno.
 */
int ipcx_channel_read_call(struct ipcx_call *call)
{
	struct ipcx_channel_read *arg = call->arg;
	struct ipcx_deadline deadline;
	struct iov_iter iter;
	u64 size;
	int r;

	if (arg->flags & ~IPCX_CHANNEL_READ_F_PEEK || arg->__reserved)
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (r)
		return r;
	iov_iter_ubuf(&iter, ITER_DEST, u64_to_user_ptr(arg->data),
		      min_t(u64, arg->size, MAX_RW_COUNT));
	r = channel_read(call->handle, &iter, &deadline,
			 arg->flags & IPCX_CHANNEL_READ_F_PEEK, &size);
	call->answer = r == -EMSGSIZE;
	if (call->answer)
		arg->out_size = size;
	return r;
}

/**
 * ipcx_channel_queued() - FIONREAD
 * @obj: The channel
 * @handle: The handle
 *
 * Context: Takes the object's lock.
 * Return: How many bytes the next read can get: all, or those of one packet. On
 * another descriptor than one that reads: how many there are.
 */
int ipcx_channel_queued(struct ipcx_object *obj,
			const struct ipcx_handle *handle)
{
	struct ipcx_channel *ch = to_channel(obj);
	const struct packet_head *head;
	int end = channel_end(handle);
	struct ipcx_channel_view view;
	u32 queued = 0;

	spin_lock(&obj->lock);
	if (!channel_look_locked(ch, &view))
		queued = end < 0 || !channel_end_reads(ch, end) ?
				 view.queued :
				 channel_readable(&view, end);
	if (queued && ch->flags & IPCX_CHANNEL_F_PACKET) {
		head = (void *)ch->ring.data +
		       (view.pos[!view.from] & (ch->ring.capacity - 1));
		queued = min(READ_ONCE(head->size), queued);
	}
	spin_unlock(&obj->lock);
	return queued;
}
