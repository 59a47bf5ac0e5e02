// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes: bounded queues of messages, each for exactly one receiver.
 *
 * Reserve, copy, commit. A sender makes its message whole before it takes the
 * lock. A receiver takes a message out of the queue under the lock, copies it
 * to user memory without, and comes back to commit or to put it in its old
 * place. What is taken still counts against the capacity, so it always fits.
 *
 * Messages and receivers. A receiver that waits wants none of the messages that
 * it has seen: it would have got it. So it looks at the news only, and what a
 * message costs is not the product of those who wait and of what is there.
 *
 * Senders wait in order for room, but whose share is used up does not hold up
 * others; who waits for room that a long message needs does.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "call.h"
#include "mailbox.h"
#include "quota.h"
#include "rooms.h"

#define MAILBOX_FLAGS (IPCX_MAILBOX_F_NEED_RECEIVER | IPCX_MAILBOX_F_INBOX)

#define MAILBOX_MESSAGES_DEFAULT 4096
#define MAILBOX_SIZE_DEFAULT	 65536

/* An array of so many parts is not copied to the heap. */
#define PARTS_ON_STACK 8

/* A call that sends, in the queue of senders. */
struct sender {
	struct ipcx_wait_entry e;
	struct ipcx_mail *mail;
};

/* A call that receives, in the queue of receivers. */
struct receiver {
	struct ipcx_wait_entry e;
	struct ipcx_mail_filter filter;
	u64 seen; /* of the news */
	size_t room;
	u32 size; /* of the message that did not fit */
	struct ipcx_mail *mail;
};

static struct ipcx_waitq *receivers_of(struct ipcx_mailbox *mbox)
{
	return &mbox->obj.waitq[MAILBOX_RECEIVERS];
}

static struct ipcx_waitq *senders_of(struct ipcx_mailbox *mbox)
{
	return &mbox->obj.waitq[MAILBOX_SENDERS];
}

/* ---- Queues of calls --------------------------------------------------- */

static struct ipcx_mailbox *senders_to_mailbox(struct ipcx_waitq *q)
{
	return container_of(q, struct ipcx_mailbox, obj.waitq[MAILBOX_SENDERS]);
}

static struct ipcx_mailbox *receivers_to_mailbox(struct ipcx_waitq *q)
{
	return container_of(q, struct ipcx_mailbox,
			    obj.waitq[MAILBOX_RECEIVERS]);
}

/* Look again when the next message expires. */
static void mailbox_arm_locked(struct ipcx_mailbox *mbox)
{
	u64 ns;

	if (ipcx_mailq_next_expiry_locked(&mbox->q, &ns))
		ipcx_object_arm_locked(&mbox->obj, &mbox->expire, ns);
}

static bool mailbox_unreachable(const struct ipcx_mailbox *mbox)
{
	return mbox->flags & IPCX_MAILBOX_F_NEED_RECEIVER && !mbox->readers;
}

static void mailbox_untake_locked(struct ipcx_mailbox *mbox,
				  struct ipcx_mail *mail)
{
	if (ipcx_mailq_untake_locked(&mbox->q, mail))
		mailbox_arm_locked(mbox);
}

static int send_try(struct ipcx_waitq *q, struct ipcx_wait_entry *e, bool arm)
{
	struct ipcx_mail *mail = container_of(e, struct sender, e)->mail;
	struct ipcx_mailbox *mbox = senders_to_mailbox(q);

	if (mailbox_unreachable(mbox))
		return -ENXIO;
	if (!ipcx_mailq_fits_locked(&mbox->q, mail))
		return -EAGAIN;
	if (ipcx_mailq_put_locked(&mbox->q, mail))
		mailbox_arm_locked(mbox);
	return 0;
}

static void send_undo(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	struct ipcx_mail *mail = container_of(e, struct sender, e)->mail;

	ipcx_mailq_unput_locked(&senders_to_mailbox(q)->q, mail);
}

static bool send_passed(struct ipcx_waitq *q, const struct ipcx_wait_entry *e)
{
	const struct ipcx_mail *mail = container_of(e, struct sender, e)->mail;

	return !ipcx_mailq_share_fits_locked(&senders_to_mailbox(q)->q, mail);
}

static const char *send_label(const struct ipcx_wait_entry *e)
{
	return "send";
}

static const struct ipcx_waitq_ops send_ops = {
	.try = send_try,
	.undo = send_undo,
	.passed = send_passed,
	.label = send_label,
};

static struct ipcx_mail *recv_find_locked(const struct ipcx_mailq *q,
					  const struct receiver *rcv)
{
	if (rcv->e.queued)
		return ipcx_mailq_find_news_locked(q, &rcv->filter, rcv->seen);
	return ipcx_mailq_find_locked(q, &rcv->filter, 0);
}

static int recv_try(struct ipcx_waitq *q, struct ipcx_wait_entry *e, bool arm)
{
	struct receiver *rcv = container_of(e, struct receiver, e);
	struct ipcx_mailbox *mbox = receivers_to_mailbox(q);
	struct ipcx_mail *mail = recv_find_locked(&mbox->q, rcv);

	if (!mail) {
		rcv->seen = mbox->q.next_news;
		return -EAGAIN;
	}
	if (mail->msg.size > rcv->room) {
		rcv->size = mail->msg.size;
		return -EMSGSIZE;
	}
	ipcx_mailq_take_locked(&mbox->q, mail);
	rcv->mail = mail;
	return 0;
}

static void recv_undo(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	struct receiver *rcv = container_of(e, struct receiver, e);

	mailbox_untake_locked(receivers_to_mailbox(q), rcv->mail);
	rcv->mail = NULL;
}

static bool recv_passed(struct ipcx_waitq *q, const struct ipcx_wait_entry *e)
{
	return true;
}

static const char *recv_label(const struct ipcx_wait_entry *e)
{
	return "receive";
}

static const struct ipcx_waitq_ops recv_ops = {
	.try = recv_try,
	.undo = recv_undo,
	.passed = recv_passed,
	.label = recv_label,
};

static __poll_t mailbox_events_locked(struct ipcx_mailbox *mbox)
{
	__poll_t events = 0;

	lockdep_assert_held(&mbox->obj.lock);

	if (!ipcx_mailq_empty_locked(&mbox->q))
		events |= EPOLLIN | EPOLLRDNORM;
	if (mailbox_unreachable(mbox) ||
	    (mbox->q.messages < mbox->q.max_messages &&
	     mbox->q.bytes < mbox->q.max_bytes &&
	     ipcx_waitq_empty_locked(senders_of(mbox))))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

/* What to tell pollers after a change, see ipcx_object_wake_pollers(). */
static __poll_t mailbox_changed_locked(struct ipcx_mailbox *mbox)
{
	/* Without a barrier: see ipcx_object_wake_pollers(). */
	if (likely(!waitqueue_active(&mbox->obj.poll)))
		return 0;
	return mailbox_events_locked(mbox);
}

static void mailbox_tell(struct ipcx_mailbox *mbox,
			 struct ipcx_wakeups *wakeups, __poll_t events)
{
	if (wakeups->nr)
		ipcx_wakeups_flush(wakeups);
	if (unlikely(events))
		ipcx_object_wake_pollers(&mbox->obj, events);
}

/*
 * Serve everybody: senders, for there may be room, then receivers, who get what
 * those have put in.
 */
static noinline void mailbox_serve(struct ipcx_mailbox *mbox)
{
	struct ipcx_wakeups wakeups = {};
	__poll_t events;
	bool more;

	do {
		spin_lock(&mbox->obj.lock);
		more = ipcx_mailq_expire_locked(&mbox->q);
		more |= ipcx_waitq_run_locked(senders_of(mbox), &wakeups) ||
			ipcx_waitq_run_locked(receivers_of(mbox), &wakeups);
		events = more ? 0 : mailbox_changed_locked(mbox);
		ipcx_mailq_unlock(&mbox->q);
		mailbox_tell(mbox, &wakeups, events);
		cond_resched();
	} while (more);
}

/*
 * A message has been put in: show it to those who wait. True when that was not
 * possible at once: then the caller, without the lock, calls mailbox_serve().
 */
static bool mailbox_show_locked(struct ipcx_mailbox *mbox,
				struct ipcx_wakeups *wakeups)
{
	lockdep_assert_held(&mbox->obj.lock);

	return receivers_of(mbox)->nr &&
	       ipcx_waitq_run_locked(receivers_of(mbox), wakeups);
}

static void mailbox_expire_work(struct work_struct *work)
{
	struct ipcx_mailbox *mbox = container_of(to_delayed_work(work),
						 struct ipcx_mailbox, expire);

	mailbox_serve(mbox);
	spin_lock(&mbox->obj.lock);
	mailbox_arm_locked(mbox);
	spin_unlock(&mbox->obj.lock);
	ipcx_object_put(&mbox->obj);
}

/* ---- Sending ----------------------------------------------------------- */

/* There was no room: say for which reason. */
static int mailbox_refuse_locked(struct ipcx_mailbox *mbox,
				 const struct ipcx_mail *mail)
{
	mbox->refused++;
	if (ipcx_mailq_share_fits_locked(&mbox->q, mail))
		return -EAGAIN;
	mbox->denied++;
	return -EDQUOT;
}

static int send_try_locked(struct ipcx_mailbox *mbox, struct sender *snd,
			   u32 when_full)
{
	struct ipcx_waitq *q = senders_of(mbox);
	int r;

	r = ipcx_wait_try_locked(q, &snd->e, false);
	if (r != -EAGAIN)
		return r;
	if (unlikely(ipcx_mailq_expire_locked(&mbox->q)))
		r = ipcx_wait_try_locked(q, &snd->e, false);
	if (r == -EAGAIN && when_full == IPCX_FULL_DROP &&
	    ipcx_mailq_make_room_locked(&mbox->q, snd->mail))
		r = send_try(q, &snd->e, false);
	if (r == -EAGAIN && when_full != IPCX_FULL_WAIT)
		r = mailbox_refuse_locked(mbox, snd->mail);
	return r;
}

static noinline int send_slow(struct ipcx_mailbox *mbox, struct sender *snd,
			      const struct ipcx_deadline *deadline)
{
	int r;

	r = ipcx_wait_tried(senders_of(mbox), &snd->e, deadline);
	if (r == -EAGAIN && READ_ONCE(mbox->obj.dead))
		r = -EIDRM;
	/*
	 * It may have been put in by the attempt before the sleep; and who
	 * leaves the queue may let others in behind it. Neither shows what was
	 * put in to the receivers.
	 */
	mailbox_serve(mbox);
	return r;
}

/* Puts @mail in. It is the mailbox's from then on; without success it is not. */
static int mailbox_send_mail(struct ipcx_mailbox *mbox, struct ipcx_mail *mail,
			     u32 when_full,
			     const struct ipcx_deadline *deadline)
{
	struct sender snd = { .e = { .units = 1 }, .mail = mail };
	struct ipcx_wakeups wakeups;
	__poll_t events = 0;
	bool more = false;
	int r;

	if (deadline->nowait && when_full == IPCX_FULL_WAIT)
		when_full = IPCX_FULL_FAIL;
	wakeups.nr = 0;
	spin_lock(&mbox->obj.lock);
	r = send_try_locked(mbox, &snd, when_full);
	if (!r) {
		/* What was dropped may leave room for those who wait, too. */
		more = mailbox_show_locked(mbox, &wakeups) ||
		       (when_full == IPCX_FULL_DROP && senders_of(mbox)->nr);
		events = mailbox_changed_locked(mbox);
	}
	ipcx_mailq_unlock(&mbox->q);
	mailbox_tell(mbox, &wakeups, events);
	if (unlikely(more))
		mailbox_serve(mbox);
	return r == -EAGAIN && when_full == IPCX_FULL_WAIT ?
		       send_slow(mbox, &snd, deadline) :
		       r;
}

static struct ipcx_mail *mailbox_mail_new(struct ipcx_mailbox *mbox,
					  struct ipcx_user *likely,
					  struct iov_iter *from)
{
	size_t size = iov_iter_count(from);

	if (size > mbox->max_size)
		return ERR_PTR(-EMSGSIZE);
	return ipcx_mail_new(&mbox->q, size, likely, from);
}

/*
 * The payload, as user memory. @iov is the kernel's copy of the parts where
 * there are any, to be freed behind the use, or NULL.
 */
static int payload_import(unsigned int dir, u64 data, u32 size, u32 flags,
			  struct iovec *fast, struct iovec **iov,
			  struct iov_iter *iter)
{
	void __user *user = u64_to_user_ptr(data);
	ssize_t total;

	*iov = NULL;
	if (flags & ~IPCX_MESSAGE_F_PARTS)
		return -EINVAL;
	if (!(flags & IPCX_MESSAGE_F_PARTS)) {
		if (!access_ok(user, size))
			return -EFAULT;
		iov_iter_ubuf(iter, dir, user, size);
		return 0;
	}
	if (!size || size > IPCX_PARTS_MAX)
		return -EINVAL;
	*iov = fast;
	total = import_iovec(dir, user, size, PARTS_ON_STACK, iov, iter);
	return total < 0 ? total : 0;
}

static int message_send(struct ipcx_call *call,
			const struct ipcx_send_message __user *uptr,
			const struct ipcx_deadline *deadline, u32 when_full)
{
	struct ipcx_mailbox *mbox = to_mailbox(call->obj);
	struct iovec fast[PARTS_ON_STACK], *iov;
	struct ipcx_send_message m;
	struct iov_iter iter;
	struct ipcx_mail *mail;
	int r;

	if (copy_from_user(&m, uptr, sizeof(m)))
		return -EFAULT;
	if (m.priority > IPCX_PRIORITY_MAX || m.__reserved ||
	    m.lifetime_ns > KTIME_MAX)
		return -EINVAL;
	r = payload_import(ITER_SOURCE, m.data, m.size, m.flags, fast, &iov,
			   &iter);
	if (r)
		return r;
	mail = mailbox_mail_new(mbox, call->handle->user, &iter);
	kfree(iov);
	if (IS_ERR(mail))
		return PTR_ERR(mail);
	mail->tag = m.tag;
	mail->priority = m.priority;
	mail->lifetime = m.lifetime_ns;
	r = mailbox_send_mail(mbox, mail, when_full, deadline);
	if (r)
		ipcx_mail_free(&mbox->q, mail);
	return r;
}

static int mailbox_send(struct ipcx_call *call)
{
	const struct ipcx_mailbox_send *arg = call->arg;
	const struct ipcx_send_message __user *uptr =
		u64_to_user_ptr(arg->messages);
	u32 when_full = arg->when_full;
	struct ipcx_deadline deadline;
	u32 done;
	int r;

	if (arg->flags || when_full > IPCX_FULL_DROP || !arg->count ||
	    arg->count > IPCX_BATCH_MAX)
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (r)
		return r;
	if (when_full == IPCX_FULL_DEFAULT)
		when_full = to_mailbox(call->obj)->when_full;
	for (done = 0; done < arg->count; done++) {
		r = message_send(call, uptr + done, &deadline, when_full);
		if (r)
			break;
		deadline.nowait = true;
		cond_resched();
	}
	return done ? done : r;
}

/* ---- Receiving --------------------------------------------------------- */

/* It has been copied out: then it is gone, and there is room. */
static void mailbox_commit(struct ipcx_mailbox *mbox, struct ipcx_mail *mail)
{
	__poll_t events;
	bool serve;

	spin_lock(&mbox->obj.lock);
	ipcx_mailq_end_locked(&mbox->q, mail);
	mbox->received++;
	serve = senders_of(mbox)->nr;
	events = serve ? 0 : mailbox_changed_locked(mbox);
	ipcx_mailq_unlock(&mbox->q);
	if (unlikely(events))
		ipcx_object_wake_pollers(&mbox->obj, events);
	if (unlikely(serve))
		mailbox_serve(mbox);
	ipcx_msg_put(&mail->msg);
}

/* It could not be copied out: then it is where it was, or goes to another. */
static void mailbox_put_back(struct ipcx_mailbox *mbox, struct ipcx_mail *mail)
{
	struct ipcx_wakeups wakeups = {};
	__poll_t events = 0;
	bool more = false;

	spin_lock(&mbox->obj.lock);
	if (mbox->obj.dead) {
		ipcx_mailq_discard_locked(&mbox->q, mail);
	} else {
		mailbox_untake_locked(mbox, mail);
		more = mailbox_show_locked(mbox, &wakeups);
		events = mailbox_changed_locked(mbox);
	}
	ipcx_mailq_unlock(&mbox->q);
	mailbox_tell(mbox, &wakeups, events);
	if (more)
		mailbox_serve(mbox);
}

/*
 * @r says whether it was copied out. Who is being killed does not come back to
 * user space, and would take along what it never saw.
 */
static int mailbox_finish(struct ipcx_mailbox *mbox, struct ipcx_mail *mail,
			  int r)
{
	if (!r && fatal_signal_pending(current))
		r = -EINTR;
	if (r)
		mailbox_put_back(mbox, mail);
	else
		mailbox_commit(mbox, mail);
	return r;
}

/* A message of its own for the caller, to be given to mailbox_finish(). */
static int mailbox_take(struct ipcx_mailbox *mbox, struct receiver *rcv,
			const struct ipcx_deadline *deadline)
{
	struct ipcx_waitq *q = receivers_of(mbox);
	int r;

	spin_lock(&mbox->obj.lock);
	r = ipcx_wait_try_locked(q, &rcv->e, false);
	spin_unlock(&mbox->obj.lock);
	if (r != -EAGAIN)
		return r;
	r = ipcx_wait_tried(q, &rcv->e, deadline);
	return r == -EAGAIN && READ_ONCE(mbox->obj.dead) ? -EIDRM : r;
}

static void message_tell(const struct ipcx_mail *mail,
			 struct ipcx_recv_message *m)
{
	struct user_namespace *user_ns = current_user_ns();
	const struct ipcx_msg *msg = &mail->msg;

	m->out_size = msg->size;
	m->out_priority = mail->priority;
	m->out_tag = mail->tag;
	m->out_sent_ns = msg->sent_ns;
	m->out_pid = pid_vnr(msg->pid);
	m->out_uid = from_kuid_munged(user_ns, msg->uid);
	m->out_gid = from_kgid_munged(user_ns, msg->gid);
	m->out_flags =
		ipcx_msg_sender_gone(msg) ? IPCX_MESSAGE_OUT_SENDER_GONE : 0;
}

static int message_copy_out(const struct ipcx_mail *mail,
			    struct ipcx_recv_message *m,
			    struct ipcx_recv_message __user *uptr,
			    struct iov_iter *to)
{
	const size_t from = offsetof(struct ipcx_recv_message, out_size);

	message_tell(mail, m);
	if (ipcx_msg_copy_out(&mail->msg, to))
		return -EFAULT;
	if (copy_to_user((void __user *)uptr + from, (void *)m + from,
			 sizeof(*m) - from))
		return -EFAULT;
	return 0;
}

/* The message that is copied stays. */
static int mailbox_peek(struct ipcx_mailbox *mbox, struct receiver *rcv,
			u32 index)
{
	int r = -EAGAIN;

	spin_lock(&mbox->obj.lock);
	if (mbox->obj.dead)
		r = -EIDRM;
	else
		rcv->mail =
			ipcx_mailq_find_locked(&mbox->q, &rcv->filter, index);
	if (rcv->mail) {
		r = 0;
		if (rcv->mail->msg.size > rcv->room) {
			rcv->size = rcv->mail->msg.size;
			r = -EMSGSIZE;
		} else {
			ipcx_msg_get(&rcv->mail->msg);
		}
	}
	spin_unlock(&mbox->obj.lock);
	return r;
}

static int message_recv(struct ipcx_call *call, struct receiver *rcv,
			struct ipcx_recv_message __user *uptr,
			const struct ipcx_deadline *deadline, u32 index)
{
	const struct ipcx_mailbox_recv *arg = call->arg;
	struct ipcx_mailbox *mbox = to_mailbox(call->obj);
	bool peek = arg->flags & IPCX_RECV_F_PEEK;
	struct iovec fast[PARTS_ON_STACK], *iov;
	struct ipcx_recv_message m;
	struct iov_iter iter;
	int r;

	if (copy_from_user(&m, uptr,
			   offsetof(struct ipcx_recv_message, out_size)))
		return -EFAULT;
	r = payload_import(ITER_DEST, m.data, m.size, m.flags, fast, &iov,
			   &iter);
	if (r)
		return r;
	rcv->room = iov_iter_count(&iter);
	rcv->mail = NULL;
	r = peek ? mailbox_peek(mbox, rcv, index) :
		   mailbox_take(mbox, rcv, deadline);
	if (r == -EMSGSIZE && put_user(rcv->size, &uptr->out_size))
		r = -EFAULT;
	if (r)
		goto out;
	r = message_copy_out(rcv->mail, &m, uptr, &iter);
	if (peek)
		ipcx_msg_put(&rcv->mail->msg);
	else
		r = mailbox_finish(mbox, rcv->mail, r);
out:
	kfree(iov);
	return r;
}

static bool recv_check(const struct ipcx_mailbox_recv *arg)
{
	if (arg->flags & ~IPCX_RECV_F_PEEK || arg->__reserved)
		return false;
	if (!arg->count || arg->count > IPCX_BATCH_MAX)
		return false;
	if (arg->flags & IPCX_RECV_F_PEEK ? arg->deadline : arg->index)
		return false;
	switch (arg->match) {
	case IPCX_MATCH_ANY:
		return !arg->tag && !arg->tag_arg;
	case IPCX_MATCH_TAG:
		return !arg->tag_arg;
	case IPCX_MATCH_MASK:
		return !(arg->tag & ~arg->tag_arg);
	case IPCX_MATCH_RANGE:
		return arg->tag <= arg->tag_arg;
	default:
		return false;
	}
}

static int mailbox_recv(struct ipcx_call *call)
{
	const struct ipcx_mailbox_recv *arg = call->arg;
	struct ipcx_recv_message __user *uptr = u64_to_user_ptr(arg->messages);
	struct receiver rcv = {
		.e = { .units = 1 },
		.filter = { .match = arg->match,
			    .tag = arg->tag,
			    .tag_arg = arg->tag_arg },
	};
	struct ipcx_deadline deadline;
	u32 done;
	int r;

	if (!recv_check(arg))
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (!r)
		r = ipcx_mailbox_may_receive(to_mailbox(call->obj));
	if (r)
		return r;
	for (done = 0; done < arg->count; done++) {
		r = message_recv(call, &rcv, uptr + done, &deadline,
				 arg->index + done);
		if (r)
			break;
		deadline.nowait = true;
		cond_resched();
	}
	return done ? done : r;
}

/* ---- read() and write() ------------------------------------------------ */

static void file_deadline(const struct kiocb *iocb,
			  struct ipcx_deadline *deadline)
{
	deadline->clockid = CLOCK_MONOTONIC;
	deadline->time = KTIME_MAX;
	deadline->forever = true;
	deadline->nowait = iocb->ki_filp->f_flags & O_NONBLOCK;
}

static ssize_t mailbox_read(struct ipcx_object *obj, struct kiocb *iocb,
			    struct iov_iter *to)
{
	struct receiver rcv = { .e = { .units = 1 },
				.room = iov_iter_count(to) };
	struct ipcx_mailbox *mbox = to_mailbox(obj);
	struct ipcx_deadline deadline;
	ssize_t size;
	int r;

	file_deadline(iocb, &deadline);
	r = ipcx_mailbox_may_receive(mbox);
	if (!r)
		r = mailbox_take(mbox, &rcv, &deadline);
	if (r)
		return r;
	size = rcv.mail->msg.size;
	r = ipcx_msg_copy_out(&rcv.mail->msg, to);
	r = mailbox_finish(mbox, rcv.mail, r);
	return r ? r : size;
}

static ssize_t mailbox_write(struct ipcx_object *obj, struct kiocb *iocb,
			     struct iov_iter *from)
{
	struct ipcx_mailbox *mbox = to_mailbox(obj);
	ssize_t size = iov_iter_count(from);
	struct ipcx_deadline deadline;
	struct ipcx_mail *mail;
	int r;

	file_deadline(iocb, &deadline);
	mail = mailbox_mail_new(mbox, obj->user, from);
	if (IS_ERR(mail))
		return PTR_ERR(mail);
	r = mailbox_send_mail(mbox, mail, mbox->when_full, &deadline);
	if (!r)
		return size;
	ipcx_mail_free(&mbox->q, mail);
	return r;
}

static __poll_t mailbox_poll(struct ipcx_object *obj, u64 mark)
{
	struct ipcx_mailbox *mbox = to_mailbox(obj);
	__poll_t events;

	spin_lock(&obj->lock);
	ipcx_mailq_expire_locked(&mbox->q);
	events = mailbox_events_locked(mbox);
	ipcx_mailq_unlock(&mbox->q);
	return events;
}

/* ---- Life -------------------------------------------------------------- */

static void mailbox_init_queues(struct ipcx_mailbox *mbox)
{
	struct ipcx_object *obj = &mbox->obj;
	int i;

	ipcx_waitq_init(receivers_of(mbox), &obj->lock, obj->user, &recv_ops);
	ipcx_waitq_init(senders_of(mbox), &obj->lock, obj->user, &send_ops);
	for (i = 0; i < IPCX_OBJECT_QUEUES; i++)
		obj->waitq[i].by_prio = mbox->order == IPCX_ORDER_PRIO;
}

/* What is asked for, with the defaults where nothing is. */
static struct ipcx_mailbox_create
mailbox_wanted(const struct ipcx_mailbox_create *arg)
{
	struct ipcx_mailbox_create w = *arg;

	if (w.when_full == IPCX_FULL_DEFAULT)
		w.when_full = IPCX_FULL_WAIT;
	if (!w.max_messages)
		w.max_messages = MAILBOX_MESSAGES_DEFAULT;
	if (!w.max_size) {
		w.max_size = MAILBOX_SIZE_DEFAULT;
		if (w.max_bytes && w.max_bytes < w.max_size)
			w.max_size = w.max_bytes;
	}
	if (!w.max_bytes)
		w.max_bytes = (u64)w.max_messages * w.max_size;
	return w;
}

static bool mailbox_create_ok(const struct ipcx_mailbox_create *arg)
{
	const struct ipcx_mailbox_create w = mailbox_wanted(arg);

	/* An inbox goes by its process. */
	if (arg->flags & IPCX_MAILBOX_F_INBOX && arg->name[0])
		return false;
	return !arg->__reserved && !arg->__reserved2 &&
	       arg->order <= IPCX_ORDER_PRIO &&
	       arg->when_full <= IPCX_FULL_DROP &&
	       arg->max_messages <= IPCX_MAILBOX_MESSAGES_MAX &&
	       arg->max_size <= IPCX_MESSAGE_SIZE_MAX &&
	       arg->max_bytes <= S64_MAX && w.max_size <= w.max_bytes;
}

static struct ipcx_object *mailbox_new(const struct ipcx_create *create,
				       const void *call_arg)
{
	const struct ipcx_mailbox_create w = mailbox_wanted(call_arg);
	struct ipcx_mailbox *mbox;
	struct ipcx_object *obj;

	obj = ipcx_object_alloc(create, 0);
	if (IS_ERR(obj))
		return obj;
	mbox = to_mailbox(obj);
	mbox->flags = w.flags & MAILBOX_FLAGS;
	if (mbox->flags & IPCX_MAILBOX_F_INBOX)
		mbox->process = get_pid(task_tgid(current));
	mbox->order = w.order;
	mbox->when_full = w.when_full;
	mbox->max_size = w.max_size;
	ipcx_mailq_init(&mbox->q, &obj->lock, obj->user, w.max_messages,
			w.max_bytes);
	INIT_DELAYED_WORK(&mbox->expire, mailbox_expire_work);
	mailbox_init_queues(mbox);
	return obj;
}

/* Before anybody has a handle, and after nothing of the object can fail. */
static int mailbox_become_inbox(struct ipcx_call *call)
{
	struct ipcx_object *obj = call->new_obj;
	int r;

	r = ipcx_mailbox_become_inbox(to_mailbox(obj));
	if (!r)
		return 0;
	call->new_obj = NULL;
	ipcx_object_unhold(obj);
	return r;
}

static int mailbox_create(struct ipcx_call *call)
{
	struct ipcx_mailbox_create *arg = call->arg;
	struct ipcx_create create = {
		.type = &ipcx_mailbox_type,
		.ns = call->handle->ns,
		.payer = call->handle->user,
		.name = arg->name,
		.flags = arg->flags & ~MAILBOX_FLAGS,
		.mode = arg->mode,
		.rights = arg->rights,
		.lease_ns = arg->lease_ns,
	};
	int r;

	if (!mailbox_create_ok(arg))
		return -EINVAL;
	r = ipcx_call_create(call, &create, mailbox_new);
	if (!r && arg->flags & IPCX_MAILBOX_F_INBOX)
		r = mailbox_become_inbox(call);
	if (r)
		return r;
	arg->out_flags = call->created ? IPCX_CREATE_OUT_CREATED : 0;
	arg->out_id = call->new_obj->entry.id;
	return 0;
}

/*
 * Without the last receiver those who need one wait in vain. An inbox, which
 * nobody can open anew, is dead then.
 */
static void mailbox_handle(struct ipcx_object *obj, u32 rights, int change)
{
	struct ipcx_mailbox *mbox = to_mailbox(obj);
	bool serve, last;

	if (!(rights & IPCX_RIGHT_READ))
		return;
	spin_lock(&obj->lock);
	mbox->readers += change;
	last = mbox->process && !mbox->readers;
	serve = mailbox_unreachable(mbox);
	spin_unlock(&obj->lock);
	if (last)
		ipcx_object_kill(obj);
	else if (serve)
		mailbox_serve(mbox);
}

static void mailbox_killed(struct ipcx_object *obj)
{
	struct ipcx_mailbox *mbox = to_mailbox(obj);

	if (cancel_delayed_work(&mbox->expire))
		ipcx_object_put(obj);
	ipcx_mailq_drain(&mbox->q);
}

static void mailbox_release(struct ipcx_object *obj)
{
	struct ipcx_mailbox *mbox = to_mailbox(obj);

	ipcx_mailq_release(&mbox->q);
	put_pid(mbox->process);
}

/* ---- Facts ------------------------------------------------------------- */

/* What a user has in it, and what it may have as things stand. */
static void mailbox_share_stat_locked(struct ipcx_mailbox *mbox,
				      const struct ipcx_user *user,
				      struct ipcx_mailbox_stat *stat)
{
	const struct ipcx_mailq *q = &mbox->q;
	u32 messages;
	u64 bytes;

	ipcx_mailq_share_locked(q, user, &messages, &bytes);
	stat->out_share_messages = messages;
	stat->out_share_bytes = bytes;
	stat->out_share_limit_messages =
		q->max_messages - (q->messages - messages);
	stat->out_share_limit_bytes = q->max_bytes - (q->bytes - bytes);
	if (user == q->owner)
		return;
	stat->out_share_limit_messages /= 2;
	stat->out_share_limit_bytes /= 2;
}

static void mailbox_stat_locked(struct ipcx_mailbox *mbox,
				struct ipcx_mailbox_stat *stat)
{
	const struct ipcx_mail_filter any = { .match = IPCX_MATCH_ANY };
	const struct ipcx_mailq *q = &mbox->q;
	const struct ipcx_mail *next = ipcx_mailq_find_locked(q, &any, 0);

	lockdep_assert_held(&mbox->obj.lock);

	stat->out_flags = mbox->flags;
	stat->out_order = mbox->order;
	stat->out_when_full = mbox->when_full;
	stat->out_max_messages = q->max_messages;
	stat->out_max_size = mbox->max_size;
	stat->out_max_bytes = q->max_bytes;
	stat->out_messages = q->messages;
	stat->out_next_size = next ? next->msg.size : 0;
	stat->out_bytes = q->bytes;
	stat->out_oldest_ns = ipcx_mailq_age_locked(q);
	stat->out_senders = senders_of(mbox)->nr;
	stat->out_receivers = receivers_of(mbox)->nr;
	stat->out_readers = mbox->readers;
	stat->out_share_denied = mbox->denied;
	stat->out_sent = q->put;
	stat->out_received = mbox->received;
	stat->out_dropped = q->dropped;
	stat->out_expired = q->expired;
	stat->out_refused = mbox->refused;
}

static int mailbox_stat(struct ipcx_call *call)
{
	struct ipcx_mailbox_stat *arg = call->arg;
	struct ipcx_mailbox *mbox = to_mailbox(call->obj);
	struct ipcx_user *user;

	if (arg->flags)
		return -EINVAL;
	user = ipcx_user_current(call->handle->user);
	if (IS_ERR(user))
		return PTR_ERR(user);
	memset(arg, 0, sizeof(*arg));
	spin_lock(&mbox->obj.lock);
	ipcx_mailq_expire_locked(&mbox->q);
	mailbox_stat_locked(mbox, arg);
	mailbox_share_stat_locked(mbox, user, arg);
	ipcx_mailq_unlock(&mbox->q);
	ipcx_user_put(user);
	return 0;
}

static void mailbox_describe(struct ipcx_object *obj, struct ipcx_facts *facts)
{
	struct ipcx_mailbox_stat stat = {};

	mailbox_stat_locked(to_mailbox(obj), &stat);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_MESSAGES, "messages",
		       stat.out_messages);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_BYTES, "payload_bytes",
		       stat.out_bytes);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_MAX_MESSAGES, "max_messages",
		       stat.out_max_messages);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_MAX_BYTES, "max_bytes",
		       stat.out_max_bytes);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_MAX_SIZE, "max_size",
		       stat.out_max_size);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_OLDEST_NS, "oldest_ns",
		       stat.out_oldest_ns);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_SENT, "sent", stat.out_sent);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_RECEIVED, "received",
		       stat.out_received);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_DROPPED, "dropped",
		       stat.out_dropped);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_EXPIRED, "expired",
		       stat.out_expired);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_REFUSED, "refused",
		       stat.out_refused);
	ipcx_facts_add(facts, IPCX_A_MAILBOX_FLAGS, "mailbox_flags",
		       stat.out_flags);
}

/* Of a mailbox only an inbox is held, by its process. */
static u32 mailbox_held(struct ipcx_object *obj, const struct ipcx_holding *h)
{
	return h->units;
}

static const char *mailbox_hold_label(struct ipcx_object *obj,
				      const struct ipcx_holding *h)
{
	return "inbox";
}

static const struct ipcx_call_desc mailbox_calls[] = {
	IPCX_CALL_FD(IPCX_IOC_MAILBOX_CREATE, ipcx_mailbox_create, 0,
		     IPCX_CALL_DEVICE, mailbox_create),
	IPCX_CALL(IPCX_IOC_MAILBOX_SEND, ipcx_mailbox_send, IPCX_RIGHT_WRITE,
		  IPCX_CALL_OBJECT, mailbox_send),
	IPCX_CALL(IPCX_IOC_MAILBOX_RECV, ipcx_mailbox_recv, IPCX_RIGHT_READ,
		  IPCX_CALL_OBJECT, mailbox_recv),
	IPCX_CALL(IPCX_IOC_MAILBOX_STAT, ipcx_mailbox_stat, 0,
		  IPCX_CALL_OBJECT | IPCX_CALL_ANSWERS, mailbox_stat),
	IPCX_CALL_FD(IPCX_IOC_INBOX_FIND, ipcx_inbox_find, 0, IPCX_CALL_DEVICE,
		     ipcx_mailbox_find_inbox),
};

const struct ipcx_type ipcx_mailbox_type = {
	.id = IPCX_TYPE_MAILBOX,
	.name = "mailbox",
	.file_name = "[ipcx-mailbox]",
	.size = sizeof(struct ipcx_mailbox),
	.calls = mailbox_calls,
	.nr_calls = ARRAY_SIZE(mailbox_calls),
	.first_call = _IOC_NR(IPCX_IOC_MAILBOX_CREATE),
	.handle = mailbox_handle,
	.killed = mailbox_killed,
	.release = mailbox_release,
	.gone = ipcx_mailbox_holder_gone,
	.held = mailbox_held,
	.hold_label = mailbox_hold_label,
	.describe = mailbox_describe,
	.poll = mailbox_poll,
	.read = mailbox_read,
	.write = mailbox_write,
};
