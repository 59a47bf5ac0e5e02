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

/**
 * struct ipcx_msg - A message
 * @refs: References
 * @size: Bytes of payload
 * @nr_chunks: Chunks of payload, 0 when it is at @data
 * @nr_pages: Pages of them
 * @nr_files: Files that it carries
 * @shared: There are copies, of which one may be this
 * @data: Payload, when it lies behind the structure
 * @chunks: Payload, when it has pages: the first page of each chunk
 * @files: Files, each with a reference
 * @origin: Whose @data, @chunks and @files these are, with a reference; NULL when
 *	they are its own
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
	void *data;
	struct page **chunks;
	struct file **files;
	struct ipcx_msg *origin;
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
int ipcx_msg_copy_out(const struct ipcx_msg *msg,
		      const struct ipcx_payload *to);
void ipcx_msg_clear_behind(const struct ipcx_msg *msg);
const void *ipcx_msg_at(const struct ipcx_msg *msg, size_t offset,
			size_t *size);
void ipcx_msg_hand_over(struct ipcx_msg *msg, struct ipcx_user *user);
bool ipcx_msg_sender_gone(const struct ipcx_msg *msg);

static inline void ipcx_msg_get(struct ipcx_msg *msg)
{
	refcount_inc(&msg->refs);
}

#endif /* IPCX_MSG_H */
