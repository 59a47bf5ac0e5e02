// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes: one message for many, all or none.
 *
 * One instant. All mailboxes are locked together while it is seen whether each
 * of them has room, and while the message is put in. Whoever sees it in one of
 * them has had that one's lock behind us; if it looks into, or sends to, another
 * one it waits for that one's lock, and finds the message there, too. So no
 * order of events can be told by which it was here before it was there.
 *
 * No deadlock. Whoever holds more than one of the locks holds all_mutex;
 * whoever holds a single one waits for no other.
 *
 * Who waits for room waits at one mailbox, with nothing in its hands, and then
 * tries all of them again: two calls that kept what they had, and waited for what
 * the other has, would wait for ever.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "call.h"
#include "mailbox.h"

/* Held while several mailboxes are locked. Nothing sleeps under it. */
static DEFINE_MUTEX(all_mutex);

/**
 * struct target - One of the mailboxes
 * @mbox: The mailbox, valid as long as @file
 * @file: Its handle, with a reference
 * @mail: The message for it; not ours any more when it was put in
 */
struct target {
	struct ipcx_mailbox *mbox;
	struct file *file;
	struct ipcx_mail *mail;
};

/**
 * struct delivery - What is to go to where
 * @target: The mailboxes
 * @nr: How many
 * @index: Which of them is being looked at: that of an error
 */
struct delivery {
	struct target *target;
	u32 nr;
	u32 index;
};

static bool delivery_has(const struct delivery *d,
			 const struct ipcx_object *obj)
{
	u32 i;

	for (i = 0; i < d->index; i++)
		if (&d->target[i].mbox->obj == obj)
			return true;
	return false;
}

static int target_open(struct delivery *d, const struct ipcx_handle *handle,
		       const s32 __user *ufd)
{
	struct target *t = &d->target[d->index];
	struct ipcx_object *obj;
	s32 fd;

	if (get_user(fd, ufd))
		return -EFAULT;
	obj = ipcx_handle_other(handle, fd, IPCX_TYPE_MAILBOX, IPCX_RIGHT_WRITE,
				&t->file);
	if (IS_ERR(obj)) {
		t->file = NULL;
		return PTR_ERR(obj);
	}
	if (delivery_has(d, obj))
		return -EINVAL;
	t->mbox = to_mailbox(obj);
	return 0;
}

static int delivery_open(struct delivery *d, const struct ipcx_handle *handle,
			 u64 fds)
{
	const s32 __user *ufds = u64_to_user_ptr(fds);
	int r;

	for (d->index = 0; d->index < d->nr; d->index++) {
		r = target_open(d, handle, ufds + d->index);
		if (r)
			return r;
	}
	return 0;
}

static void delivery_close(struct delivery *d)
{
	struct target *t;

	for (t = d->target; t < d->target + d->nr; t++) {
		if (t->mail)
			ipcx_mail_free(&t->mbox->q, t->mail);
		if (t->file)
			fput(t->file);
	}
	kfree(d->target);
}

/* A message for each: the first has the payload and the files of all. */
static int delivery_fill(struct delivery *d, const struct ipcx_handle *handle,
			 const struct ipcx_send_message *m)
{
	struct ipcx_mail *mail;
	struct target *t;
	size_t size;
	int r;

	for (d->index = 0; d->index < d->nr; d->index++) {
		r = ipcx_mailbox_message_check(d->target[d->index].mbox, m);
		if (r)
			return r;
	}
	mail = ipcx_mailbox_mail_new(handle, d->target->mbox, m);
	if (IS_ERR(mail)) {
		if (PTR_ERR(mail) == -EMSGSIZE)
			d->index = 0; /* In parts: it was not known before. */
		return PTR_ERR(mail);
	}
	d->target->mail = mail;
	size = mail->msg.size;
	for (d->index = 1; d->index < d->nr; d->index++) {
		t = &d->target[d->index];
		if (size > t->mbox->max_size)
			return -EMSGSIZE; /* The same. */
		mail = ipcx_mail_copy(&t->mbox->q, d->target->mail);
		if (IS_ERR(mail)) {
			d->index = d->nr;
			return PTR_ERR(mail);
		}
		t->mail = mail;
	}
	return 0;
}

static void delivery_lock(struct delivery *d)
{
	struct target *t;

	mutex_lock(&all_mutex);
	for (t = d->target; t < d->target + d->nr; t++) {
		spin_lock_nest_lock(&t->mbox->obj.lock, &all_mutex);
		/* Until delivery_unlock(): a checker cannot count in loops. */
		__release(&t->mbox->obj.lock);
	}
}

/* What was thrown away is freed by who serves the mailbox next. */
static void delivery_unlock(struct delivery *d)
{
	struct target *t;

	for (t = d->target; t < d->target + d->nr; t++) {
		__acquire(&t->mbox->obj.lock);
		spin_unlock(&t->mbox->obj.lock);
	}
	mutex_unlock(&all_mutex);
}

static int target_check_locked(struct target *t, u32 when_full, u32 *looks)
{
	struct ipcx_mailbox *mbox = t->mbox;
	int r;

	r = ipcx_mailbox_has_room_locked(mbox, t->mail);
	if (r != -EAGAIN)
		return r;
	if (ipcx_mailq_expire_locked(&mbox->q))
		r = ipcx_mailbox_has_room_locked(mbox, t->mail);
	if (r == -EAGAIN && when_full == IPCX_FULL_DROP &&
	    ipcx_mailq_can_make_room_locked(&mbox->q, t->mail, looks))
		r = 0;
	if (r == -EAGAIN && when_full != IPCX_FULL_WAIT)
		r = ipcx_mailbox_refuse_locked(mbox, t->mail);
	return r;
}

/* There is room, or it can be made. */
static void target_put_locked(struct target *t)
{
	struct ipcx_mailq *q = &t->mbox->q;

	if (!ipcx_mailq_fits_locked(q, t->mail))
		ipcx_mailq_make_room_locked(q, t->mail);
	if (ipcx_mailq_put_locked(q, t->mail))
		ipcx_mailbox_arm_locked(t->mbox);
	t->mail = NULL;
}

/* All or none. -EAGAIN: not now, because of the mailbox at the index. */
static int delivery_try(struct delivery *d, u32 when_full)
{
	u32 i, looks = IPCX_VICTIMS_MAX; /* in all of them together */
	int r = 0;

	delivery_lock(d);
	for (d->index = 0; d->index < d->nr; d->index++) {
		r = target_check_locked(&d->target[d->index], when_full,
					&looks);
		if (r)
			break;
	}
	if (!r)
		for (i = 0; i < d->nr; i++)
			target_put_locked(&d->target[i]);
	delivery_unlock(d);
	return r;
}

static int delivery_send(struct delivery *d, u32 when_full,
			 const struct ipcx_deadline *deadline)
{
	struct target *t;
	int r;

	if (deadline->nowait && when_full == IPCX_FULL_WAIT)
		when_full = IPCX_FULL_FAIL;
	for (;;) {
		r = delivery_try(d, when_full);
		if (r != -EAGAIN || when_full != IPCX_FULL_WAIT)
			break;
		t = &d->target[d->index];
		r = ipcx_mailbox_wait_for_room(t->mbox, t->mail, deadline);
		/* There may be some each time, and never everywhere. */
		if (!r && signal_pending(current))
			r = -ERESTARTSYS;
		if (r)
			break;
		cond_resched();
	}
	/* What has expired is gone, also without success. */
	for (t = d->target; t < d->target + d->nr; t++)
		ipcx_mailbox_serve(t->mbox);
	return r;
}

static int delivery_run(struct delivery *d, const struct ipcx_call *call,
			const struct ipcx_deadline *deadline)
{
	const struct ipcx_mailbox_send_all *arg = call->arg;
	u32 when_full = arg->when_full;
	struct ipcx_send_message m;
	int r;

	if (when_full == IPCX_FULL_DEFAULT)
		when_full = IPCX_FULL_WAIT;
	r = ipcx_mailbox_message_in(&m, u64_to_user_ptr(arg->message));
	if (!r)
		r = delivery_open(d, call->handle, arg->mailboxes);
	if (!r)
		r = delivery_fill(d, call->handle, &m);
	return r ? r : delivery_send(d, when_full, deadline);
}

/**
 * ipcx_mailbox_send_all() - IPCX_IOC_MAILBOX_SEND_ALL
 * @call: The call
 *
 * Context: Sleeps.
 * Return: 0, or an error.
 */
int ipcx_mailbox_send_all(struct ipcx_call *call)
{
	struct ipcx_mailbox_send_all *arg = call->arg;
	struct ipcx_deadline deadline;
	struct delivery d = { .nr = arg->count, .index = arg->count };
	int r;

	if (arg->flags || arg->__reserved || arg->when_full > IPCX_FULL_DROP ||
	    !arg->count || arg->count > IPCX_SEND_ALL_MAX)
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (r)
		return r;
	d.target = kcalloc(d.nr, sizeof(*d.target), GFP_KERNEL_ACCOUNT);
	if (!d.target)
		return -ENOMEM;
	r = delivery_run(&d, call, &deadline);
	delivery_close(&d);
	arg->out_index = d.index;
	call->answer = r && d.index < d.nr;
	return r;
}
