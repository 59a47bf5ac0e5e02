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

/**
 * DOC: Messages
 *
 * A message is filled by its sender before anybody else can see it, and is
 * constant from then on. So it can be copied out without a lock, by several at
 * once, and a page of user memory that does not come stalls only the process
 * that named it. References keep it: of who has it in a queue, and of whoever
 * copies it out.
 *
 * A short payload lies behind the structure, in one allocation; a longer one in
 * pages of its own. All of it, the structure included, is charged to the
 * sending user, and to the sender's memory cgroup, until the last reference is
 * given back. Room after room puts its own fields in a structure that begins
 * with &struct ipcx_msg.
 */

struct ipcx_user;
struct page;
struct pid;
struct pid_namespace;
struct user_namespace;

/**
 * struct ipcx_msg - A message
 * @refs: References
 * @size: Bytes of payload
 * @nr_pages: Pages of payload, 0 when it lies behind the structure
 * @head: Size of the room's structure, which begins with this one
 * @pages: They
 * @user: Who pays, with a reference
 * @bytes: What is charged
 * @pid: Process of the sender, with a reference
 * @exec_id: Which of the programs that it has run in turn
 * @uid: Its effective user
 * @gid: Its effective group
 * @sent_ns: When, CLOCK_REALTIME
 *
 * All of it is constant once the message is whole.
 */
struct ipcx_msg {
	refcount_t refs;
	u32 size;
	u32 nr_pages;
	u32 head;
	struct page **pages;
	struct ipcx_user *user;
	u64 bytes;
	struct pid *pid;
	u64 exec_id;
	kuid_t uid;
	kgid_t gid;
	u64 sent_ns;
};

struct ipcx_msg *ipcx_msg_new(size_t head, size_t size,
			      struct ipcx_user *likely, struct iov_iter *from);
void ipcx_msg_put(struct ipcx_msg *msg);
int ipcx_msg_copy_out(const struct ipcx_msg *msg, struct iov_iter *to);
bool ipcx_msg_sender_gone(const struct ipcx_msg *msg);

static inline void ipcx_msg_get(struct ipcx_msg *msg)
{
	refcount_inc(&msg->refs);
}

#endif /* IPCX_MSG_H */
