// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inboxes: mailboxes that are found by the process which receives from them.
 *
 * An inbox is a mailbox that its process holds, in the ledger: by that holding
 * it is found, seen, and brought to its end. The tracepoints of exit and exec
 * take the record of the process away before its pid can be used anew, so nobody
 * finds the inbox of a dead process, or that of a program which has gone; a
 * moment later the holding's end kills the mailbox, and whoever has it open, or
 * waits for room in it, is told EIDRM.
 */
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "call.h"
#include "mailbox.h"

/**
 * ipcx_mailbox_become_inbox() - Make it the inbox of the calling process
 * @mbox: A mailbox that was made for that, which has no handle yet
 *
 * Context: Sleeps. Takes the object's lock.
 * Return: 0, -EEXIST when the process has one, -EIDRM, or an error of
 * ipcx_holding_pin().
 */
int ipcx_mailbox_become_inbox(struct ipcx_mailbox *mbox)
{
	struct ipcx_holding *h;
	int r;

	h = ipcx_holding_pin(&mbox->obj.ledger);
	if (IS_ERR(h))
		return PTR_ERR(h);
	r = ipcx_inbox_set(h);
	ipcx_holding_unpin(h);
	return r;
}

/**
 * ipcx_inbox_may_receive() - May the calling process receive from it?
 * @mbox: The mailbox, an inbox
 *
 * Only the program that made it, of which an exec may have left
 * the descriptor.
 *
 * Context: Sleeps. Takes the object's lock.
 * Return: 0, -EPERM, or -EIDRM.
 */
int ipcx_inbox_may_receive(struct ipcx_mailbox *mbox)
{
	if (mbox->process != task_tgid(current))
		return -EPERM;
	ipcx_settle(&mbox->obj.ledger);
	return READ_ONCE(mbox->obj.dead) ? -EIDRM : 0;
}

/**
 * ipcx_mailbox_holder_gone() - The process of an inbox has died
 * @obj: The mailbox
 * @id: Of its record
 *
 * Context: Sleeps. Takes the object's lock.
 */
void ipcx_mailbox_holder_gone(struct ipcx_object *obj, u32 id)
{
	bool dead;

	spin_lock(&obj->lock);
	dead = ipcx_holding_dead_locked(&obj->ledger, id);
	spin_unlock(&obj->lock);
	/* The holding is unlinked and freed with the others, see there. */
	if (dead)
		ipcx_object_kill(obj);
}

/* What there is instead of an inbox. */
static int no_inbox(struct pid *pid)
{
	bool lives;

	rcu_read_lock();
	lives = ipcx_process_rcu(pid);
	rcu_read_unlock();
	return lives ? -ENXIO : -ESRCH;
}

/*
 * Has its process a descriptor of it yet? If the call that makes it fails at the
 * descriptor, nobody else may have it either, for it is to go then. A process
 * that closes its last one kills it, which who has seen it before that notices
 * in ipcx_object_hold().
 */
static bool inbox_is_whole(struct ipcx_object *obj)
{
	bool whole;

	spin_lock(&obj->lock);
	whole = to_mailbox(obj)->readers;
	spin_unlock(&obj->lock);
	return whole;
}

/* A reference to the inbox of a process, or an ERR_PTR. */
static struct ipcx_object *inbox_of(struct pid *pid, const struct ipcx_ns *ns)
{
	struct ipcx_ledger *ledger = ipcx_inbox_get(pid);
	struct ipcx_object *obj;

	if (!ledger)
		return ERR_PTR(no_inbox(pid));
	obj = container_of(ledger, struct ipcx_object, ledger);
	if (obj->entry.name.ns == ns && inbox_is_whole(obj))
		return obj;
	ipcx_object_put(obj);
	return ERR_PTR(-ENXIO);
}

/**
 * ipcx_mailbox_find_inbox() - IPCX_IOC_INBOX_FIND
 * @call: The call
 *
 * Context: Sleeps.
 * Return: 0, -EINVAL, -ESRCH, -ENXIO, -EACCES.
 */
int ipcx_mailbox_find_inbox(struct ipcx_call *call)
{
	struct ipcx_inbox_find *arg = call->arg;
	struct ipcx_object *obj;
	struct pid *pid;
	int r;

	if (arg->flags || arg->pid <= 0)
		return -EINVAL;
	pid = find_get_pid(arg->pid);
	if (!pid)
		return -ESRCH;
	obj = inbox_of(pid, call->handle->ns);
	if (IS_ERR(obj)) {
		r = PTR_ERR(obj);
		goto out;
	}
	r = ipcx_access_object(obj, IPCX_RIGHT_WRITE, false);
	if (!r && ipcx_object_hold(obj))
		r = no_inbox(pid); /* It has just gone. */
	if (!r) {
		arg->out_id = obj->entry.id;
		call->new_obj = obj;
		call->new_rights = IPCX_RIGHT_WRITE;
	}
	ipcx_object_put(obj);
out:
	put_pid(pid);
	return r;
}
