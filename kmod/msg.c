// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages. What they promise is in msg.h.
 */
#include "msg.h"

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "holder.h"
#include "quota.h"

/* Structure and payload in one allocation up to this; it is one page's worth. */
#define MSG_TOGETHER PAGE_SIZE

#define MSG_GFP (GFP_KERNEL_ACCOUNT | __GFP_NOWARN)

/* A long message is refused rather than that somebody is killed for it. */
#define PAGES_GFP (MSG_GFP | __GFP_RETRY_MAYFAIL)

static u32 pages_for(size_t head, size_t size)
{
	return head + size <= MSG_TOGETHER ? 0 : DIV_ROUND_UP(size, PAGE_SIZE);
}

/* What it costs the kernel. */
static u64 bytes_for(size_t head, size_t size)
{
	u64 nr_pages = pages_for(head, size);

	if (!nr_pages)
		return head + size;
	return head + nr_pages * (PAGE_SIZE + sizeof(struct page *));
}

static void *msg_data(const struct ipcx_msg *msg)
{
	return (void *)msg + msg->head;
}

static void free_pages_of(struct ipcx_msg *msg)
{
	u32 i;

	for (i = 0; i < msg->nr_pages; i++)
		if (msg->pages[i])
			__free_page(msg->pages[i]);
	kvfree(msg->pages);
}

/* What is there already goes with the message when a page cannot be had. */
static int alloc_pages_of(struct ipcx_msg *msg, u32 nr_pages)
{
	u32 i;

	msg->pages = kvcalloc(nr_pages, sizeof(*msg->pages), MSG_GFP);
	if (!msg->pages)
		return -ENOMEM;
	msg->nr_pages = nr_pages;
	for (i = 0; i < nr_pages; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		msg->pages[i] = alloc_page(PAGES_GFP);
		if (!msg->pages[i])
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

static int copy_in_pages(struct ipcx_msg *msg, struct iov_iter *from)
{
	size_t left = msg->size, part;
	u32 i;

	for (i = 0; i < msg->nr_pages; i++) {
		part = min_t(size_t, left, PAGE_SIZE);
		if (copy_page_from_iter(msg->pages[i], 0, part, from) != part)
			return -EFAULT;
		left -= part;
		cond_resched();
	}
	return 0;
}

static int copy_in(struct ipcx_msg *msg, struct iov_iter *from)
{
	if (msg->nr_pages)
		return copy_in_pages(msg, from);
	if (copy_from_iter(msg_data(msg), msg->size, from) != msg->size)
		return -EFAULT;
	return 0;
}

static void msg_stamp(struct ipcx_msg *msg)
{
	const struct cred *cred = current_cred();

	msg->pid = get_pid(task_tgid(current));
	msg->exec_id = READ_ONCE(current->self_exec_id);
	msg->uid = cred->euid;
	msg->gid = cred->egid;
	msg->sent_ns = ktime_get_real_ns();
}

/**
 * ipcx_msg_new() - Make a message of what the caller sends
 * @head: Size of the room's structure, whose own fields are zeroed
 * @size: Bytes of payload
 * @likely: See ipcx_user_current()
 * @from: The payload
 *
 * Context: Sleeps. Touches user memory.
 * Return: The message with one reference, or an ERR_PTR: -EFAULT, -ENOMEM,
 * -EDQUOT, -ENOSPC, -EINTR.
 */
struct ipcx_msg *ipcx_msg_new(size_t head, size_t size,
			      struct ipcx_user *likely, struct iov_iter *from)
{
	u32 nr_pages = pages_for(head, size);
	u64 bytes = bytes_for(head, size);
	struct ipcx_user *user;
	struct ipcx_msg *msg;
	int r;

	user = ipcx_user_current(likely);
	if (IS_ERR(user))
		return ERR_CAST(user);
	r = ipcx_charge(user, IPCX_RESOURCE_BYTES, bytes);
	if (r)
		goto err_user;
	r = -ENOMEM;
	msg = kmalloc(nr_pages ? head : head + size, MSG_GFP);
	if (!msg)
		goto err_bytes;
	memset(msg, 0, head);
	refcount_set(&msg->refs, 1);
	msg->size = size;
	msg->head = head;
	msg->user = user;
	msg->bytes = bytes;
	msg_stamp(msg);
	r = nr_pages ? alloc_pages_of(msg, nr_pages) : 0;
	if (!r)
		r = copy_in(msg, from);
	if (!r)
		return msg;
	ipcx_msg_put(msg);
	return ERR_PTR(r);

err_bytes:
	ipcx_uncharge(user, IPCX_RESOURCE_BYTES, bytes);
err_user:
	ipcx_user_put(user);
	return ERR_PTR(r);
}

/**
 * ipcx_msg_put() - Give a reference back
 * @msg: The message
 *
 * Context: Sleeps. Not under a lock: it may be the last one.
 */
void ipcx_msg_put(struct ipcx_msg *msg)
{
	struct ipcx_user *user = msg->user;
	u64 bytes = msg->bytes;

	if (!refcount_dec_and_test(&msg->refs))
		return;
	if (msg->nr_pages)
		free_pages_of(msg);
	put_pid(msg->pid);
	kfree(msg);
	ipcx_uncharge(user, IPCX_RESOURCE_BYTES, bytes);
	ipcx_user_put(user);
}

static int copy_out_pages(const struct ipcx_msg *msg, struct iov_iter *to)
{
	size_t left = msg->size, part;
	u32 i;

	for (i = 0; i < msg->nr_pages; i++) {
		part = min_t(size_t, left, PAGE_SIZE);
		if (copy_page_to_iter(msg->pages[i], 0, part, to) != part)
			return -EFAULT;
		left -= part;
		cond_resched();
	}
	return 0;
}

/**
 * ipcx_msg_copy_out() - Copy the payload to user memory
 * @msg: The message, to which the caller has a reference
 * @to: Where to; there is room for all of it
 *
 * Context: Sleeps, for as long as a page of user memory takes to come.
 * Return: 0 or -EFAULT.
 */
int ipcx_msg_copy_out(const struct ipcx_msg *msg, struct iov_iter *to)
{
	if (msg->nr_pages)
		return copy_out_pages(msg, to);
	if (copy_to_iter(msg_data(msg), msg->size, to) != msg->size)
		return -EFAULT;
	return 0;
}

/**
 * ipcx_msg_sender_gone() - Has the sender died, or called exec, since?
 * @msg: What it sent
 *
 * A process that has died, and whose parent has not been told yet, may be gone
 * or not.
 *
 * Context: Any.
 * Return: True when it cannot be asked any more.
 */
bool ipcx_msg_sender_gone(const struct ipcx_msg *msg)
{
	struct task_struct *task;
	bool gone;

	rcu_read_lock();
	task = ipcx_process_rcu(msg->pid);
	gone = !task || READ_ONCE(task->self_exec_id) != msg->exec_id;
	rcu_read_unlock();
	return gone;
}
