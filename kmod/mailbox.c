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
#include <linux/uio.h>

#include "call.h"
#include "mailbox.h"
#include "quota.h"
#include "rooms.h"

#define MAILBOX_FLAGS                                          \
	(IPCX_MAILBOX_F_NEED_RECEIVER | IPCX_MAILBOX_F_INBOX | \
	 IPCX_MAILBOX_F_FDS)

#define MAILBOX_MESSAGES_DEFAULT 4096
#define MAILBOX_SIZE_DEFAULT	 65536

/* ---- Queues of calls --------------------------------------------------- */

/**
 * ipcx_mailbox_arm_locked() - Look again when the next message expires
 * @mbox: The mailbox
 *
 * Context: Under the object's lock.
 */
void ipcx_mailbox_arm_locked(struct ipcx_mailbox *mbox)
{
	u64 ns;

	if (ipcx_mailq_next_expiry_locked(&mbox->q, &ns))
		ipcx_object_arm_locked(&mbox->obj, &mbox->expire, ns);
}

/**
 * ipcx_mailbox_events_locked() - What a poller would be told
 * @mbox: The mailbox
 *
 * Context: Under the object's lock.
 * Return: The events that hold now.
 */
__poll_t ipcx_mailbox_events_locked(struct ipcx_mailbox *mbox)
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

/**
 * ipcx_mailbox_serve() - Serve everybody
 * @mbox: The mailbox
 *
 * Senders, for there may be room, then receivers, who get what those have put
 * in.
 *
 * Context: Sleeps. Takes the object's lock.
 */
void ipcx_mailbox_serve(struct ipcx_mailbox *mbox)
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

/**
 * ipcx_mailbox_show_locked() - A message has been put in: show it to receivers
 * @mbox: The mailbox
 * @wakeups: Gets the tasks to wake
 *
 * Context: Under the object's lock.
 * Return: True when that was not possible at once: then the caller, without the
 * lock, calls ipcx_mailbox_serve().
 */
bool ipcx_mailbox_show_locked(struct ipcx_mailbox *mbox,
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

	ipcx_mailbox_serve(mbox);
	spin_lock(&mbox->obj.lock);
	ipcx_mailbox_arm_locked(mbox);
	spin_unlock(&mbox->obj.lock);
	ipcx_object_put(&mbox->obj);
}

/* ---- For both sides ---------------------------------------------------- */

/**
 * ipcx_mailbox_parts() - A payload that has parts
 * @dir: ITER_SOURCE or ITER_DEST
 * @data: Pointer to the array of struct iovec
 * @nr: How many
 * @parts: What @payload refers to; @parts->heap is to be freed by kfree() behind
 *	the use, also after an error
 * @payload: Gets the payload
 *
 * Context: Sleeps. Touches user memory.
 * Return: 0, -EINVAL, -EFAULT, -ENOMEM.
 */
int ipcx_mailbox_parts(unsigned int dir, u64 data, u32 nr,
		       struct ipcx_mailbox_parts *parts,
		       struct ipcx_payload *payload)
{
	ssize_t size;

	parts->heap = NULL;
	if (!nr || nr > IPCX_PARTS_MAX)
		return -EINVAL;
	parts->heap = parts->iov;
	size = import_iovec(dir, u64_to_user_ptr(data), nr, MAILBOX_PARTS,
			    &parts->heap, &parts->iter);
	if (size < 0)
		return size;
	payload->user = NULL;
	payload->size = size;
	payload->iter = &parts->iter;
	return 0;
}

static __poll_t mailbox_poll(struct ipcx_object *obj,
			     const struct ipcx_handle *handle)
{
	struct ipcx_mailbox *mbox = to_mailbox(obj);
	__poll_t events;

	spin_lock(&obj->lock);
	ipcx_mailq_expire_locked(&mbox->q);
	events = ipcx_mailbox_events_locked(mbox);
	ipcx_mailq_unlock(&mbox->q);
	return events;
}

/* ---- Life -------------------------------------------------------------- */

static void mailbox_init_queues(struct ipcx_mailbox *mbox)
{
	struct ipcx_object *obj = &mbox->obj;
	int i;

	ipcx_waitq_init(receivers_of(mbox), &obj->lock, obj->user,
			&ipcx_mailbox_recv_ops);
	ipcx_waitq_init(senders_of(mbox), &obj->lock, obj->user,
			&ipcx_mailbox_send_ops);
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
	/*
	 * Files keep things: a network namespace, say, whose end would end this
	 * mailbox. So they must not outlast the last handle.
	 */
	if (arg->flags & IPCX_MAILBOX_F_FDS &&
	    arg->flags & IPCX_CREATE_F_PERSISTENT)
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
	ipcx_mailq_init(&mbox->q, &obj->lock, obj->user,
			&receivers_of(mbox)->nr, w.max_messages, w.max_bytes);
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
static void mailbox_handle(struct ipcx_object *obj,
			   const struct ipcx_handle *handle, int change)
{
	struct ipcx_mailbox *mbox = to_mailbox(obj);
	bool serve, last;

	if (!(handle->rights & IPCX_RIGHT_READ))
		return;
	spin_lock(&obj->lock);
	mbox->readers += change;
	last = mbox->process && !mbox->readers;
	serve = mailbox_unreachable(mbox);
	spin_unlock(&obj->lock);
	if (last)
		ipcx_object_kill(obj);
	else if (serve)
		ipcx_mailbox_serve(mbox);
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
		  IPCX_CALL_OBJECT, ipcx_mailbox_send),
	IPCX_CALL(IPCX_IOC_MAILBOX_RECV, ipcx_mailbox_recv, IPCX_RIGHT_READ,
		  IPCX_CALL_OBJECT, ipcx_mailbox_recv),
	IPCX_CALL(IPCX_IOC_MAILBOX_STAT, ipcx_mailbox_stat, 0,
		  IPCX_CALL_OBJECT | IPCX_CALL_ANSWERS, mailbox_stat),
	IPCX_CALL_FD(IPCX_IOC_INBOX_FIND, ipcx_inbox_find, 0, IPCX_CALL_DEVICE,
		     ipcx_mailbox_find_inbox),
	IPCX_CALL(IPCX_IOC_MAILBOX_SEND_ALL, ipcx_mailbox_send_all, 0,
		  IPCX_CALL_DEVICE, ipcx_mailbox_send_all),
};

const struct ipcx_type ipcx_mailbox_type = {
	.id = IPCX_TYPE_MAILBOX,
	.name = "mailbox",
	.file_name = "[ipcx-mailbox]",
	.size = sizeof(struct ipcx_mailbox),
	.carries_files = true,
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
	.read = ipcx_mailbox_read,
	.write = ipcx_mailbox_write,
};
