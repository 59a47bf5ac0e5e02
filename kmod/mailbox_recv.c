// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes: receiving.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "call.h"
#include "compat.h"
#include "mailbox.h"
#include "quota.h"
#include "ucopy.h"

/**
 * struct wish - What a call wants to receive, and what it got
 * @filter: Which messages
 * @room: Bytes
 * @room_fds: Descriptors
 * @map: What is longer than @room is to be mapped
 * @peek: The message stays, and the caller gets a reference
 * @index: With @peek: which of the messages; else 0
 * @mail: The message; only after success
 * @size: Of the message that did not fit
 * @nr_fds: Of the message that did not fit
 */
struct wish {
	struct ipcx_mail_filter filter;
	size_t room;
	u32 room_fds;
	bool map;
	bool peek;
	u32 index;
	struct ipcx_mail *mail;
	u32 size;
	u32 nr_fds;
};

/**
 * struct receiver - A call that waits to receive, in the queue of receivers
 * @e: The base
 * @wish: What it wants
 * @seen: Of the news
 */
struct receiver {
	struct ipcx_wait_entry e;
	struct wish *wish;
	u64 seen;
};

/* What is written back, as words. */
#define RECV_OUT     offsetof(struct ipcx_recv_message, out_data)
#define RECV_OUT_END sizeof(struct ipcx_recv_message)

static struct ipcx_mailbox *receivers_to_mailbox(struct ipcx_waitq *q)
{
	return container_of(q, struct ipcx_mailbox,
			    obj.waitq[MAILBOX_RECEIVERS]);
}

static void mailbox_untake_locked(struct ipcx_mailbox *mbox,
				  struct ipcx_mail *mail)
{
	if (ipcx_mailq_untake_locked(&mbox->q, mail))
		ipcx_mailbox_arm_locked(mbox);
}

/*
 * Who peeks is told whatever there is to be told. Two errors: for who gives a
 * longer buffer after each -EMSGSIZE would do so for ever.
 */
static int wish_fits(struct wish *wish, const struct ipcx_msg *msg)
{
	int r = 0;

	if (wish->peek)
		return 0;
	if (msg->size > wish->room && !wish->map)
		r = -EMSGSIZE;
	else if (msg->nr_files > wish->room_fds)
		r = -ENOBUFS;
	if (r) {
		wish->size = msg->size;
		wish->nr_fds = msg->nr_files;
	}
	return r;
}

/* Take what was found for it, if anything was. */
static __always_inline int wish_take_locked(struct ipcx_mailbox *mbox,
					    struct wish *wish,
					    struct ipcx_mail *mail)
{
	int r;

	if (!mail)
		return -EAGAIN;
	r = wish_fits(wish, &mail->msg);
	if (r)
		return r;
	if (wish->peek)
		ipcx_msg_get(&mail->msg);
	else
		ipcx_mailq_take_locked(&mbox->q, mail);
	wish->mail = mail;
	return 0;
}

static int recv_try(struct ipcx_waitq *q, struct ipcx_wait_entry *e, bool arm)
{
	struct receiver *rcv = container_of(e, struct receiver, e);
	struct ipcx_mailbox *mbox = receivers_to_mailbox(q);
	const struct wish *wish = rcv->wish;
	struct ipcx_mail *mail;

	if (e->queued)
		mail = ipcx_mailq_find_news_locked(&mbox->q, &wish->filter,
						   rcv->seen);
	else
		mail = ipcx_mailq_find_locked(&mbox->q, &wish->filter,
					      wish->index);
	if (!mail)
		rcv->seen = mbox->q.next_news;
	return wish_take_locked(mbox, rcv->wish, mail);
}

static void recv_undo(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	struct wish *wish = container_of(e, struct receiver, e)->wish;

	if (wish->peek)
		refcount_dec(&wish->mail->msg.refs); /* The queue has one. */
	else
		mailbox_untake_locked(receivers_to_mailbox(q), wish->mail);
}

static const char *recv_label(const struct ipcx_wait_entry *e)
{
	return container_of(e, struct receiver, e)->wish->peek ? "peek" :
								 "receive";
}

const struct ipcx_waitq_ops ipcx_mailbox_recv_ops = {
	.try = recv_try,
	.undo = recv_undo,
	.unordered = true, /* Who waits wants none of what is there. */
	.label = recv_label,
};

/**
 * ipcx_mailbox_hand_over_locked() - Give a message to who waits for it
 * @mbox: The mailbox, where receivers wait
 * @mail: The message, for which there is room
 * @wakeups: Gets the receiver, to be woken
 *
 * It is as if it were put in and taken, but goes past the queue. To the first in
 * line only, if it has looked at all that is there, and does not want it: for the
 * others, and for who peeks, the message is put in.
 *
 * Context: Under the object's lock.
 * Return: True when it is the receiver's.
 */
bool ipcx_mailbox_hand_over_locked(struct ipcx_mailbox *mbox,
				   struct ipcx_mail *mail,
				   struct ipcx_wakeups *wakeups)
{
	struct ipcx_waitq *q = receivers_of(mbox);
	struct ipcx_wait_entry *e = ipcx_waitq_next_locked(q, NULL);
	struct receiver *rcv = container_of(e, struct receiver, e);
	struct wish *wish = rcv->wish;

	/* An older message may be on its way to it, see IPCX_WAKE_BATCH. */
	if (rcv->seen != mbox->q.next_news)
		return false;
	/* It has no number yet, but perhaps one of another life. */
	if (wish->filter.match == IPCX_MATCH_ID)
		return false;
	if (wish->filter.match != IPCX_MATCH_ANY &&
	    !ipcx_mail_matches(mail, &wish->filter))
		return false;
	if (wish->peek || wish_fits(wish, &mail->msg))
		return false;
	/* Before the exchange, behind which the receiver reads all of it. */
	ipcx_mailq_pass_locked(&mbox->q, mail);
	wish->mail = mail;
	if (likely(ipcx_waitq_end_locked(q, e, 0, wakeups)))
		return true;
	ipcx_mailq_unpass_locked(&mbox->q, mail);
	return false;
}

/* ---- Taking out -------------------------------------------------------- */

/* There is none: wait for one. The lock is held, and dropped. */
static noinline int mailbox_wait_locked(struct ipcx_mailbox *mbox,
					struct wish *wish,
					const struct ipcx_deadline *deadline)
	__releases(mbox->obj.lock)
{
	struct receiver rcv __uninitialized;
	int r;

	ipcx_wait_entry_init(&rcv.e, 1);
	rcv.e.yields = true;
	rcv.wish = wish;
	rcv.seen = mbox->q.next_news;
	r = ipcx_wait_tried_locked(receivers_of(mbox), &rcv.e, deadline);
	return r == -EAGAIN && READ_ONCE(mbox->obj.dead) ? -EIDRM : r;
}

/*
 * A message of its own for the caller, to be given to mailbox_finish(); or with
 * @wish->peek a reference to one. Nobody is overtaken: who waits wants none of
 * the messages that are there.
 */
static __always_inline int mailbox_take(struct ipcx_mailbox *mbox,
					struct wish *wish,
					const struct ipcx_deadline *deadline)
{
	int r;

	spin_lock(&mbox->obj.lock);
	r = receivers_of(mbox)->dead;
	if (likely(!r))
		r = wish_take_locked(mbox, wish,
				     ipcx_mailq_find_locked(&mbox->q,
							    &wish->filter,
							    wish->index));
	if (unlikely(r == -EAGAIN))
		return mailbox_wait_locked(mbox, wish, deadline);
	spin_unlock(&mbox->obj.lock);
	return r;
}

/* It has been delivered: then it is gone, and there is room. */
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
		ipcx_mailbox_serve(mbox);
	ipcx_msg_put(&mail->msg);
}

/* It could not be delivered: then it is where it was, or goes to another. */
static noinline void mailbox_put_back(struct ipcx_mailbox *mbox,
				      struct ipcx_mail *mail)
{
	struct ipcx_wakeups wakeups = {};
	__poll_t events = 0;
	bool more = false;

	spin_lock(&mbox->obj.lock);
	if (mbox->obj.dead) {
		ipcx_mailq_discard_locked(&mbox->q, mail);
	} else {
		mailbox_untake_locked(mbox, mail);
		more = ipcx_mailbox_show_locked(mbox, &wakeups);
		events = mailbox_changed_locked(mbox);
	}
	ipcx_mailq_unlock(&mbox->q);
	mailbox_tell(mbox, &wakeups, events);
	if (more)
		ipcx_mailbox_serve(mbox);
}

static __always_inline void mailbox_end(struct ipcx_mailbox *mbox,
					struct ipcx_mail *mail, int r)
{
	if (unlikely(r))
		mailbox_put_back(mbox, mail);
	else
		mailbox_commit(mbox, mail);
}

/*
 * @r says whether it was delivered. Who is being killed does not come back to
 * user space, and would take along what it never saw.
 */
static int mailbox_finish(struct ipcx_mailbox *mbox, struct ipcx_mail *mail,
			  int r)
{
	if (!r && fatal_signal_pending(current))
		r = -EINTR;
	mailbox_end(mbox, mail, r);
	return r;
}

/* ---- Delivering -------------------------------------------------------- */

/* In the initial namespace, of level 0, every process has a number. */
static pid_t message_pid(const struct ipcx_msg *msg)
{
	return likely(!task_pid(current)->level) ? pid_nr(msg->pid) :
						   pid_vnr(msg->pid);
}

/* Nearly always it is the initial namespace, where there is nothing to map. */
static void message_tell_ids(const struct ipcx_msg *msg,
			     struct ipcx_recv_message *m)
{
	struct user_namespace *user_ns = current_user_ns();

	if (likely(user_ns == &init_user_ns)) {
		m->out_uid = __kuid_val(msg->uid);
		m->out_gid = __kgid_val(msg->gid);
	} else {
		m->out_uid = from_kuid_munged(user_ns, msg->uid);
		m->out_gid = from_kgid_munged(user_ns, msg->gid);
	}
}

static __always_inline int message_tell(const struct ipcx_mail *mail,
					struct ipcx_recv_message *m,
					struct ipcx_recv_message __user *uptr)
{
	const struct ipcx_msg *msg = &mail->msg;

	m->out_id = mail->order;
	m->out_tag = mail->tag;
	m->out_sent_ns = msg->sent_ns;
	m->out_size = msg->size;
	m->out_nr_fds = msg->nr_files;
	m->out_priority = mail->priority;
	m->out_pid = message_pid(msg);
	message_tell_ids(msg, m);
	if (ipcx_msg_sender_gone(msg))
		m->out_flags |= IPCX_MESSAGE_OUT_SENDER_GONE;
	m->__reserved2 = 0;
	return ipcx_words_out(&uptr->out_data, &m->out_data,
			      (RECV_OUT_END - RECV_OUT) / sizeof(u64));
}

static int message_tell_size(const struct wish *wish,
			     struct ipcx_recv_message __user *uptr)
{
	return put_user(wish->size, &uptr->out_size) ||
			       put_user(wish->nr_fds, &uptr->out_nr_fds) ?
		       -EFAULT :
		       0;
}

/**
 * struct keep - Pages that the receiver keeps
 * @msg: They, with a reference; NULL when it keeps none
 * @user: Who will pay for them, with a reference; NULL when that was arranged
 * @charged: It has been charged, beside the one who pays for them now
 * @file: Through which they are mapped, with a reference, or NULL
 * @addr: Where they are
 */
struct keep {
	struct ipcx_msg *msg;
	struct ipcx_user *user;
	bool charged;
	struct file *file;
	unsigned long addr;
};

/* The pages of @msg itself, which the sender pays for until now. */
static int keep_own(struct keep *keep, struct ipcx_msg *msg)
{
	struct ipcx_user *user = ipcx_user_current(msg->user);
	int r;

	if (IS_ERR(user))
		return PTR_ERR(user);
	if (user != msg->user) {
		r = ipcx_charge(user, IPCX_RESOURCE_BYTES, msg->bytes);
		if (r) {
			ipcx_user_put(user);
			return r;
		}
		keep->charged = true;
	}
	ipcx_msg_get(msg);
	keep->msg = msg;
	keep->user = user;
	return 0;
}

static int keep_begin(struct keep *keep, struct ipcx_msg *msg)
{
	struct ipcx_msg *copy;
	struct file *file;
	int r;

	if (msg->nr_chunks && !msg->shared) {
		r = keep_own(keep, msg);
		if (r)
			return r;
	} else {
		copy = ipcx_msg_in_pages(msg);
		if (IS_ERR(copy))
			return PTR_ERR(copy);
		keep->msg = copy;
	}
	file = ipcx_mailbox_map(keep->msg, &keep->addr);
	if (IS_ERR(file))
		return PTR_ERR(file);
	keep->file = file;
	return 0;
}

/* The message was delivered, or, with @r, was not, and is mapped nowhere. */
static void keep_end(struct keep *keep, int r)
{
	if (keep->file)
		fput(keep->file);
	if (keep->user && !r)
		ipcx_msg_hand_over(keep->msg, keep->user);
	else if (keep->charged)
		ipcx_uncharge(keep->user, IPCX_RESOURCE_BYTES,
			      keep->msg->bytes);
	if (keep->user)
		ipcx_user_put(keep->user);
	if (keep->msg)
		ipcx_msg_put(keep->msg);
}

/*
 * A message that carries files, or is to be mapped. What another thread has not
 * been told of it does not touch, so it can be taken back; but for somebody who
 * closes or unmaps what it does not know, and who gets what it deserves. So does
 * who is being killed: it does not come back to user space.
 */
static int deliver_with(const struct wish *wish, struct keep *keep,
			struct ipcx_recv_message *m,
			struct ipcx_recv_message __user *uptr,
			const struct ipcx_payload *to)
{
	const struct ipcx_msg *msg = &wish->mail->msg;
	int *installed = NULL;
	int r;

	if (msg->size <= wish->room)
		r = ipcx_msg_copy_out(msg, to);
	else
		r = keep_begin(keep, &wish->mail->msg);
	if (!r && msg->nr_files)
		r = ipcx_mailbox_install_files(msg, m->fds, &installed);
	if (!r) {
		m->out_data = keep->addr;
		if (keep->addr)
			m->out_flags |= IPCX_MESSAGE_OUT_MAPPED;
		r = message_tell(wish->mail, m, uptr);
	}
	if (!r && fatal_signal_pending(current))
		r = -EINTR;
	if (r && installed)
		ipcx_mailbox_take_back_files(msg, installed, msg->nr_files);
	if (r && keep->file)
		ipcx_mailbox_unmap(keep->file, keep->addr, msg->size);
	kfree(installed);
	return r;
}

static noinline int message_deliver_with(struct ipcx_mailbox *mbox,
					 const struct wish *wish,
					 struct ipcx_recv_message *m,
					 struct ipcx_recv_message __user *uptr,
					 const struct ipcx_payload *to)
{
	struct keep keep = {};
	int r;

	/* Behind this it is not ours: what was not delivered is taken back there. */
	r = deliver_with(wish, &keep, m, uptr, to);
	mailbox_end(mbox, wish->mail, r);
	keep_end(&keep, r);
	return r;
}

static noinline int message_show(const struct wish *wish,
				 struct ipcx_recv_message *m,
				 struct ipcx_recv_message __user *uptr,
				 const struct ipcx_payload *to)
{
	struct ipcx_msg *msg = &wish->mail->msg;
	bool fits = msg->size <= wish->room;
	int r;

	r = fits ? ipcx_msg_copy_out(msg, to) : 0;
	if (!r)
		r = message_tell(wish->mail, m, uptr);
	ipcx_msg_put(msg);
	return r ? r : fits ? 0 : -EMSGSIZE;
}

static __always_inline int
message_deliver(struct ipcx_mailbox *mbox, const struct wish *wish,
		struct ipcx_recv_message *m,
		struct ipcx_recv_message __user *uptr,
		const struct ipcx_payload *to)
{
	const struct ipcx_msg *msg = &wish->mail->msg;
	int r;

	m->out_data = 0;
	m->out_flags = 0;
	if (unlikely(wish->peek))
		return message_show(wish, m, uptr, to);
	if (unlikely(msg->nr_files || msg->size > wish->room))
		return message_deliver_with(mbox, wish, m, uptr, to);
	r = ipcx_msg_copy_out(msg, to);
	if (!r)
		r = message_tell(wish->mail, m, uptr);
	return mailbox_finish(mbox, wish->mail, r);
}

/* ---- The call ---------------------------------------------------------- */

static __always_inline int message_recv_to(
	struct ipcx_mailbox *mbox, struct wish *wish,
	struct ipcx_recv_message *m, struct ipcx_recv_message __user *uptr,
	const struct ipcx_payload *to, const struct ipcx_deadline *deadline)
{
	int r;

	wish->room = to->size;
	wish->room_fds = m->nr_fds;
	wish->map = m->flags & IPCX_MESSAGE_F_MAP;
	r = mailbox_take(mbox, wish, deadline);
	if ((r == -EMSGSIZE || r == -ENOBUFS) && message_tell_size(wish, uptr))
		r = -EFAULT;
	return r ? r : message_deliver(mbox, wish, m, uptr, to);
}

static noinline int message_recv_parts(struct ipcx_mailbox *mbox,
				       struct wish *wish,
				       struct ipcx_recv_message *m,
				       struct ipcx_recv_message __user *uptr,
				       const struct ipcx_deadline *deadline)
{
	struct ipcx_mailbox_parts parts;
	struct ipcx_payload to;
	int r;

	r = ipcx_mailbox_parts(ITER_DEST, m->data, m->size, &parts, &to);
	if (!r)
		r = message_recv_to(mbox, wish, m, uptr, &to, deadline);
	kfree(parts.heap);
	return r;
}

static int message_recv(struct ipcx_mailbox *mbox, struct wish *wish,
			struct ipcx_recv_message __user *uptr,
			const struct ipcx_deadline *deadline)
{
	/* What is read of it is copied in; what is told is written before. */
	struct ipcx_recv_message m __uninitialized;
	struct ipcx_payload to __uninitialized;

	BUILD_BUG_ON(RECV_OUT % sizeof(u64) || RECV_OUT_END % sizeof(u64));
	if (ipcx_words_in((u64 *)&m, uptr, RECV_OUT / sizeof(u64)))
		return -EFAULT;
	if (m.flags & ~(IPCX_MESSAGE_F_PARTS | IPCX_MESSAGE_F_MAP) ||
	    m.__reserved || (m.flags & IPCX_MESSAGE_F_MAP && wish->peek))
		return -EINVAL;
	if (unlikely(m.flags & IPCX_MESSAGE_F_PARTS))
		return message_recv_parts(mbox, wish, &m, uptr, deadline);
	to.user = u64_to_user_ptr(m.data);
	to.size = m.size;
	to.iter = NULL;
	return message_recv_to(mbox, wish, &m, uptr, &to, deadline);
}

static bool recv_check(const struct ipcx_mailbox_recv *arg)
{
	if (arg->flags & ~IPCX_RECV_F_PEEK || arg->__reserved)
		return false;
	if (!arg->count || arg->count > IPCX_BATCH_MAX)
		return false;
	if (!(arg->flags & IPCX_RECV_F_PEEK) && arg->index)
		return false;
	switch (arg->match) {
	case IPCX_MATCH_ANY:
		return !arg->tag && !arg->tag_arg;
	case IPCX_MATCH_TAG:
	case IPCX_MATCH_ID:
		return !arg->tag_arg;
	case IPCX_MATCH_MASK:
		return !(arg->tag & ~arg->tag_arg);
	case IPCX_MATCH_RANGE:
		return arg->tag <= arg->tag_arg;
	default:
		return false;
	}
}

/**
 * ipcx_mailbox_recv() - IPCX_IOC_MAILBOX_RECV
 * @call: The call
 *
 * Context: Sleeps.
 * Return: How many, or the error of the first.
 */
int ipcx_mailbox_recv(struct ipcx_call *call)
{
	const struct ipcx_mailbox_recv *arg = call->arg;
	struct ipcx_recv_message __user *uptr = u64_to_user_ptr(arg->messages);
	struct ipcx_mailbox *mbox = to_mailbox(call->obj);
	struct ipcx_deadline deadline __uninitialized;
	struct wish wish __uninitialized;
	u32 done;
	int r;

	if (!recv_check(arg))
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (!r)
		r = mailbox_may_receive(mbox);
	if (r)
		return r;
	wish.filter.match = arg->match;
	wish.filter.tag = arg->tag;
	wish.filter.tag_arg = arg->tag_arg;
	wish.peek = arg->flags & IPCX_RECV_F_PEEK;
	wish.index = arg->index;
	/* How many are before it, the news alone do not say. */
	if (arg->index)
		deadline.nowait = true;
	for (done = 0; done < arg->count; done++) {
		r = message_recv(mbox, &wish, uptr + done, &deadline);
		if (r)
			break;
		if (done + 1 == arg->count)
			continue;
		if (wish.peek)
			wish.index++;
		deadline.nowait = true;
		if (done % MAILBOX_BREATH == 0)
			cond_resched();
	}
	return done ? done : r;
}

/**
 * ipcx_mailbox_read() - read(), readv()
 * @obj: The mailbox
 * @iocb: The call
 * @to: Where to
 *
 * Context: Sleeps.
 * Return: Size of the message, or an error of a receive.
 */
ssize_t ipcx_mailbox_read(struct ipcx_object *obj, struct kiocb *iocb,
			  struct iov_iter *to)
{
	struct ipcx_payload payload = ipcx_payload_of(to);
	struct ipcx_deadline deadline __uninitialized;
	struct ipcx_mailbox *mbox = to_mailbox(obj);
	struct wish wish __uninitialized;
	ssize_t size;
	int r;

	r = mailbox_may_receive(mbox);
	if (r)
		return r;
	wish.filter.match = IPCX_MATCH_ANY;
	wish.room = payload.size;
	wish.room_fds = 0;
	wish.map = false;
	wish.peek = false;
	wish.index = 0;
	ipcx_mailbox_file_deadline(iocb, &deadline);
	r = mailbox_take(mbox, &wish, &deadline);
	if (unlikely(r))
		return r;
	size = wish.mail->msg.size;
	r = ipcx_msg_copy_out(&wish.mail->msg, &payload);
	r = mailbox_finish(mbox, wish.mail, r);
	return r ? r : size;
}
