/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages: payload in kernel memory, who sent it, and who pays for it.
 */
#ifndef IPCX_MSG_H
#define IPCX_MSG_H

#include <linux/ipcx.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/uio.h>

#include "holder.h"
#include "ucopy.h"

/**
 * DOC: Messages
 *
 * A message is filled by its sender before anybody else can see it, and is
 * constant from then on. So it can be copied out without a lock, by several at
 * once, and a page of user memory that does not come stalls only the process
 * that named it. References keep it: of who has it in a queue, of whoever copies
 * it out, and of the mapping in which its receiver reads it.
 *
 * A short payload lies behind the structure, in one allocation; a longer one in
 * chunks of whole pages, large ones where they can be had. All of it, the
 * structure included, is charged to the sending user, and to the sender's memory
 * cgroup, until the last reference is given back; only a receiver that keeps the
 * pages takes over the charge. Room after room puts its own fields in a
 * structure that begins with &struct ipcx_msg.
 *
 * *Copies.* A message for several receivers exists once in each queue, and its
 * payload and its files exist once: they are those of the first one, to which
 * the others have a reference.
 *
 * *Files.* They are closed with the message, which nobody does under a lock.
 *
 * *Spares.* A short message that has come to its end is kept, by the processor on
 * which it did, for the next short one that is sent there.
 */

struct file;
struct ipcx_user;
struct page;
struct pid;

/**
 * struct ipcx_payload - Payload in user memory
 * @user: Where, when it is in one piece
 * @size: Bytes in all
 * @iter: The pieces, or NULL when it is one
 */
struct ipcx_payload {
	void __user *user;
	size_t size;
	struct iov_iter *iter;
};

/*
 * The payload of read() or write(), nearly always in one piece. Then the iterator
 * is not moved on: all of it is transferred, or nothing.
 */
static inline struct ipcx_payload ipcx_payload_of(struct iov_iter *iter)
{
	struct ipcx_payload payload;

	payload.size = iov_iter_count(iter);
	payload.user = NULL;
	payload.iter = iter;
	if (likely(iter_is_ubuf(iter))) {
		payload.user = iter->ubuf + iter->iov_offset;
		payload.iter = NULL;
	}
	return payload;
}

/* What a short message costs, the structure and a room's fields included. */
#define IPCX_MSG_SHORT 512

/**
 * struct ipcx_msg - A message
 * @refs: References
 * @size: Bytes of payload
 * @nr_chunks: Chunks of payload, 0 when it is at @data
 * @nr_pages: Pages of them
 * @nr_files: Files that it carries
 * @shared: There are copies, of which one may be this
 * @again: It is a short one, and may be used again
 * @data: Payload, when it lies behind the structure
 * @chunks: Payload, when it has pages: the first page of each chunk
 * @files: Files, each with a reference
 * @origin: Whose @data, @chunks and @files these are, with a reference; NULL when
 *	they are its own. Of a spare one: the next
 * @group: With @again: which tasks may use it again
 * @user: Who pays, with a reference
 * @bytes: What is charged
 * @pid: Process of the sender, with a reference
 * @exec_id: Which of the programs that it has run in turn
 * @uid: Its effective user
 * @gid: Its effective group
 * @sent_ns: When, CLOCK_REALTIME
 *
 * All of it is constant once the message is whole, but @user and @files: see
 * ipcx_msg_hand_over().
 */
struct ipcx_msg {
	refcount_t refs;
	u32 size;
	u32 nr_chunks;
	u32 nr_pages;
	u32 nr_files;
	bool shared;
	bool again;
	void *data;
	struct page **chunks;
	struct file **files;
	struct ipcx_msg *origin;
	unsigned long group;
	struct ipcx_user *user;
	u64 bytes;
	struct pid *pid;
	u64 exec_id;
	kuid_t uid;
	kgid_t gid;
	u64 sent_ns;
};

struct ipcx_msg *ipcx_msg_new(size_t head, struct ipcx_user *likely,
			      const struct ipcx_payload *from);
struct ipcx_msg *ipcx_msg_copy(size_t head, struct ipcx_msg *msg);
struct ipcx_msg *ipcx_msg_in_pages(const struct ipcx_msg *msg);
int ipcx_msg_keep_files(struct ipcx_msg *msg, struct file **files, u32 nr);
void ipcx_msg_put(struct ipcx_msg *msg);
int ipcx_msg_copy_out_long(const struct ipcx_msg *msg,
			   const struct ipcx_payload *to);
void ipcx_msg_clear_behind(const struct ipcx_msg *msg);
const void *ipcx_msg_at(const struct ipcx_msg *msg, size_t offset,
			size_t *size);
void ipcx_msg_hand_over(struct ipcx_msg *msg, struct ipcx_user *user);
void ipcx_msg_exit(void);

static inline void ipcx_msg_get(struct ipcx_msg *msg)
{
	refcount_inc(&msg->refs);
}

/**
 * ipcx_msg_copy_out() - Copy the payload to user memory
 * @msg: The message, to which the caller has a reference
 * @to: Where to; there is room for all of it
 *
 * Context: Sleeps, for as long as a page of user memory takes to come.
 * Return: 0 or -EFAULT.
 */
static inline int ipcx_msg_copy_out(const struct ipcx_msg *msg,
				    const struct ipcx_payload *to)
{
	/* What has no files, no pages and no origin lies behind it. */
	if (likely(msg->again && !to->iter))
		return ipcx_bytes_out(to->user, msg->data, msg->size);
	return ipcx_msg_copy_out_long(msg, to);
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
static inline bool ipcx_msg_sender_gone(const struct ipcx_msg *msg)
{
	struct task_struct *task;
	bool gone;

	rcu_read_lock();
	task = ipcx_process_rcu(msg->pid);
	gone = !task || READ_ONCE(task->self_exec_id) != msg->exec_id;
	rcu_read_unlock();
	return gone;
}

#endif /* IPCX_MSG_H */
