// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes: sending.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "call.h"
#include "compat.h"
#include "mailbox.h"
#include "ucopy.h"

/*
 * A call that sends, in the queue of senders. It puts @mail in, or with @probe
 * only waits until it could.
 */
struct sender {
	struct ipcx_wait_entry e;
	struct ipcx_mail *mail;
	bool probe;
};

static struct ipcx_mailbox *senders_to_mailbox(struct ipcx_waitq *q)
{
	return container_of(q, struct ipcx_mailbox, obj.waitq[MAILBOX_SENDERS]);
}

static int send_try(struct ipcx_waitq *q, struct ipcx_wait_entry *e, bool arm)
{
	struct sender *snd = container_of(e, struct sender, e);
	struct ipcx_mailbox *mbox = senders_to_mailbox(q);

	if (mailbox_unreachable(mbox))
		return -ENXIO;
	if (!ipcx_mailq_fits_locked(&mbox->q, snd->mail))
		return -EAGAIN;
	if (!snd->probe && ipcx_mailq_put_locked(&mbox->q, snd->mail))
		ipcx_mailbox_arm_locked(mbox);
	return 0;
}

static void send_undo(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	struct sender *snd = container_of(e, struct sender, e);

	if (!snd->probe)
		ipcx_mailq_unput_locked(&senders_to_mailbox(q)->q, snd->mail);
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

const struct ipcx_waitq_ops ipcx_mailbox_send_ops = {
	.try = send_try,
	.undo = send_undo,
	.passed = send_passed,
	.label = send_label,
};

/* ---- Messages ---------------------------------------------------------- */

static __always_inline int message_in(struct ipcx_send_message *m,
				      const void __user *uptr)
{
	BUILD_BUG_ON(sizeof(*m) % sizeof(u64));
	if (ipcx_words_in((u64 *)m, uptr, sizeof(*m) / sizeof(u64)))
		return -EFAULT;
	if (m->priority > IPCX_PRIORITY_MAX || m->lifetime_ns > KTIME_MAX ||
	    m->flags & ~IPCX_MESSAGE_F_PARTS ||
	    m->nr_fds > IPCX_MESSAGE_FDS_MAX)
		return -EINVAL;
	return 0;
}

/**
 * ipcx_mailbox_message_in() - What a sender says of a message
 * @m: Gets it
 * @uptr: Where it is
 *
 * Context: Sleeps. Touches user memory.
 * Return: 0, -EFAULT, -EINVAL.
 */
int ipcx_mailbox_message_in(struct ipcx_send_message *m,
			    const void __user *uptr)
{
	return message_in(m, uptr);
}

/**
 * ipcx_mailbox_message_check() - Does a mailbox take such a message?
 * @mbox: The mailbox
 * @m: The message; its size is that of the payload when it is in one piece
 *
 * Context: Any.
 * Return: 0, -EMSGSIZE, -EOPNOTSUPP.
 */
int ipcx_mailbox_message_check(const struct ipcx_mailbox *mbox,
			       const struct ipcx_send_message *m)
{
	if (m->nr_fds && !(mbox->flags & IPCX_MAILBOX_F_FDS))
		return -EOPNOTSUPP;
	if (!(m->flags & IPCX_MESSAGE_F_PARTS) && m->size > mbox->max_size)
		return -EMSGSIZE;
	return 0;
}

static noinline struct ipcx_mail *
mail_of_parts(struct ipcx_mailbox *mbox, struct ipcx_user *likely,
	      const struct ipcx_send_message *m)
{
	struct ipcx_mailbox_parts parts;
	struct ipcx_payload from;
	struct ipcx_mail *mail;
	int r;

	r = ipcx_mailbox_parts(ITER_SOURCE, m->data, m->size, &parts, &from);
	if (!r && from.size > mbox->max_size)
		r = -EMSGSIZE;
	mail = r ? ERR_PTR(r) : ipcx_mail_new(&mbox->q, likely, &from);
	kfree(parts.heap);
	return mail;
}

static noinline struct ipcx_mail *
mail_with_files(const struct ipcx_handle *handle, struct ipcx_mailbox *mbox,
		struct ipcx_mail *mail, const struct ipcx_send_message *m)
{
	int r;

	r = ipcx_mailbox_attach_files(handle, &mail->msg, m->fds, m->nr_fds);
	if (!r)
		return mail;
	ipcx_mail_free(&mbox->q, mail);
	return ERR_PTR(r);
}

static __always_inline struct ipcx_mail *
mail_new(const struct ipcx_handle *handle, struct ipcx_mailbox *mbox,
	 const struct ipcx_send_message *m)
{
	struct ipcx_payload from = { .user = u64_to_user_ptr(m->data),
				     .size = m->size };
	struct ipcx_mail *mail;

	if (unlikely(m->flags & IPCX_MESSAGE_F_PARTS))
		mail = mail_of_parts(mbox, handle->user, m);
	else
		mail = ipcx_mail_new(&mbox->q, handle->user, &from);
	if (IS_ERR(mail))
		return mail;
	mail->tag = m->tag;
	mail->priority = m->priority;
	mail->lifetime = m->lifetime_ns;
	return likely(!m->nr_fds) ? mail :
				    mail_with_files(handle, mbox, mail, m);
}

/**
 * ipcx_mailbox_mail_new() - Make a message for a mailbox
 * @handle: Through which it is sent
 * @mbox: The mailbox, which takes such a message
 * @m: What the sender says of it
 *
 * Context: Sleeps. Touches user memory. Takes the object's lock.
 * Return: The message, or an ERR_PTR: of ipcx_mail_new(), of
 * ipcx_mailbox_attach_files(), -EMSGSIZE.
 */
struct ipcx_mail *ipcx_mailbox_mail_new(const struct ipcx_handle *handle,
					struct ipcx_mailbox *mbox,
					const struct ipcx_send_message *m)
{
	return mail_new(handle, mbox, m);
}

/* ---- Putting in -------------------------------------------------------- */

/**
 * ipcx_mailbox_refuse_locked() - There was no room, and nobody waits for it
 * @mbox: The mailbox
 * @mail: The message
 *
 * Context: Under the object's lock.
 * Return: For which reason: -EAGAIN or -EDQUOT.
 */
int ipcx_mailbox_refuse_locked(struct ipcx_mailbox *mbox,
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
		r = ipcx_mailbox_refuse_locked(mbox, snd->mail);
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
	ipcx_mailbox_serve(mbox);
	return r;
}

/* There is no room, or somebody waits, for room or for the message. */
static noinline int send_among_others(struct ipcx_mailbox *mbox,
				      struct ipcx_mail *mail, u32 when_full,
				      const struct ipcx_deadline *deadline)
{
	struct sender snd = { .e = { .units = 1 }, .mail = mail };
	struct ipcx_wakeups wakeups __uninitialized;
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
		more = ipcx_mailbox_show_locked(mbox, &wakeups) ||
		       (when_full == IPCX_FULL_DROP && senders_of(mbox)->nr);
		events = mailbox_changed_locked(mbox);
	}
	ipcx_mailq_unlock(&mbox->q);
	mailbox_tell(mbox, &wakeups, events);
	if (unlikely(more))
		ipcx_mailbox_serve(mbox);
	return r == -EAGAIN && when_full == IPCX_FULL_WAIT ?
		       send_slow(mbox, &snd, deadline) :
		       r;
}

/* There is room, and nobody waits for it. */
static bool send_free_locked(struct ipcx_mailbox *mbox,
			     const struct ipcx_mail *mail)
{
	struct ipcx_waitq *senders = senders_of(mbox);

	return !senders->dead && ipcx_waitq_empty_locked(senders) &&
	       !mailbox_unreachable(mbox) &&
	       ipcx_mailq_fits_locked(&mbox->q, mail);
}

/* A receiver waits. The lock is held, and dropped. */
static noinline bool send_to_receiver(struct ipcx_mailbox *mbox,
				      struct ipcx_mail *mail)
	__releases(mbox->q.lock)
{
	struct ipcx_wakeups wakeups __uninitialized;
	bool done;

	wakeups.nr = 0;
	done = send_free_locked(mbox, mail) &&
	       ipcx_mailbox_hand_over_locked(mbox, mail, &wakeups);
	ipcx_mailq_unlock(&mbox->q);
	if (likely(wakeups.nr))
		ipcx_wakeups_flush(&wakeups);
	return done;
}

/* What is quick: it needs none of what the rest has on the stack. */
static __always_inline bool mailbox_send_quickly(struct ipcx_mailbox *mbox,
						 struct ipcx_mail *mail)
{
	__poll_t events = 0;
	bool done;

	spin_lock(&mbox->obj.lock);
	if (!ipcx_waitq_empty_locked(receivers_of(mbox)))
		return send_to_receiver(mbox, mail);
	done = send_free_locked(mbox, mail);
	if (likely(done)) {
		if (ipcx_mailq_put_locked(&mbox->q, mail))
			ipcx_mailbox_arm_locked(mbox);
		events = mailbox_changed_locked(mbox);
	}
	ipcx_mailq_unlock(&mbox->q);
	if (unlikely(events))
		ipcx_object_wake_pollers(&mbox->obj, events);
	return done;
}

/* Puts @mail in. It is the mailbox's from then on; without success it is not. */
static int mailbox_send_mail(struct ipcx_mailbox *mbox, struct ipcx_mail *mail,
			     u32 when_full,
			     const struct ipcx_deadline *deadline)
{
	if (likely(mailbox_send_quickly(mbox, mail)))
		return 0;
	return send_among_others(mbox, mail, when_full, deadline);
}

/**
 * ipcx_mailbox_has_room_locked() - Could a message be put in now?
 * @mbox: The mailbox
 * @mail: The message
 *
 * Context: Under the object's lock.
 * Return: 0, -EAGAIN: there is no room, or others wait for it; -ENXIO, -EIDRM.
 */
int ipcx_mailbox_has_room_locked(struct ipcx_mailbox *mbox,
				 struct ipcx_mail *mail)
{
	struct sender snd = { .e = { .units = 1 },
			      .mail = mail,
			      .probe = true };

	return ipcx_wait_try_locked(senders_of(mbox), &snd.e, false);
}

/**
 * ipcx_mailbox_wait_for_room() - Wait until a message could be put in
 * @mbox: The mailbox
 * @mail: The message
 * @deadline: Until when
 *
 * It waits among the senders, in its turn. When it is served the room is not
 * kept for it.
 *
 * Context: Sleeps, see ipcx_wait_tried(). Takes the object's lock.
 * Return: As ipcx_wait_tried(), -ENXIO, -EIDRM.
 */
int ipcx_mailbox_wait_for_room(struct ipcx_mailbox *mbox,
			       struct ipcx_mail *mail,
			       const struct ipcx_deadline *deadline)
{
	struct sender snd = { .e = { .units = 1 },
			      .mail = mail,
			      .probe = true };

	return send_slow(mbox, &snd, deadline);
}

static int message_send(struct ipcx_call *call, const void __user *uptr,
			const struct ipcx_deadline *deadline, u32 when_full)
{
	struct ipcx_mailbox *mbox = to_mailbox(call->obj);
	struct ipcx_send_message m __uninitialized;
	struct ipcx_mail *mail;
	int r;

	r = message_in(&m, uptr);
	if (!r)
		r = ipcx_mailbox_message_check(mbox, &m);
	if (r)
		return r;
	mail = mail_new(call->handle, mbox, &m);
	if (IS_ERR(mail))
		return PTR_ERR(mail);
	r = mailbox_send_mail(mbox, mail, when_full, deadline);
	if (r)
		ipcx_mail_free(&mbox->q, mail);
	return r;
}

/**
 * ipcx_mailbox_send() - IPCX_IOC_MAILBOX_SEND
 * @call: The call
 *
 * Context: Sleeps.
 * Return: How many, or the error of the first.
 */
int ipcx_mailbox_send(struct ipcx_call *call)
{
	const struct ipcx_mailbox_send *arg = call->arg;
	const struct ipcx_send_message __user *uptr =
		u64_to_user_ptr(arg->messages);
	u32 when_full = arg->when_full;
	struct ipcx_deadline deadline __uninitialized;
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
		if (done + 1 == arg->count)
			continue;
		deadline.nowait = true;
		if (done % MAILBOX_BREATH == 0)
			cond_resched();
	}
	return done ? done : r;
}

/**
 * ipcx_mailbox_write() - write(), writev()
 * @obj: The mailbox
 * @iocb: The call
 * @from: The payload
 *
 * Context: Sleeps.
 * Return: Its size, or an error of a send.
 */
ssize_t ipcx_mailbox_write(struct ipcx_object *obj, struct kiocb *iocb,
			   struct iov_iter *from)
{
	struct ipcx_payload payload = ipcx_payload_of(from);
	struct ipcx_deadline deadline __uninitialized;
	struct ipcx_mailbox *mbox = to_mailbox(obj);
	struct ipcx_mail *mail;
	int r;

	if (payload.size > mbox->max_size)
		return -EMSGSIZE;
	mail = ipcx_mail_new(&mbox->q, obj->user, &payload);
	if (IS_ERR(mail))
		return PTR_ERR(mail);
	mail->tag = 0;
	mail->priority = 0;
	mail->lifetime = 0;
	if (likely(mailbox_send_quickly(mbox, mail)))
		return payload.size;
	ipcx_mailbox_file_deadline(iocb, &deadline);
	r = send_among_others(mbox, mail, mbox->when_full, &deadline);
	if (!r)
		return payload.size;
	ipcx_mail_free(&mbox->q, mail);
	return r;
}
