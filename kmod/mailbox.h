/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mailboxes, as the files of their room know them.
 */
#ifndef IPCX_MAILBOX_H
#define IPCX_MAILBOX_H

#include <linux/pid.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "mailq.h"
#include "object.h"

struct ipcx_call;
struct ipcx_handle;

/* Queues of a mailbox. */
#define MAILBOX_RECEIVERS 0
#define MAILBOX_SENDERS	  1

/* An array of so many parts is not copied to the heap. */
#define MAILBOX_PARTS 8

/*
 * In a batch others may run behind so many messages. The long ones see to that
 * themselves.
 */
#define MAILBOX_BREATH 16

/**
 * struct ipcx_mailbox - A mailbox
 * @obj: The base
 * @flags: &enum ipcx_mailbox_flags; constant
 * @order: &enum ipcx_order; constant
 * @when_full: &enum ipcx_when_full; constant
 * @max_size: Longest message; constant
 * @process: Whose inbox it is, with a reference; NULL when it is none; constant
 * @q: Its messages
 * @readers: Handles that may receive
 * @received: How many messages were received
 * @refused: How many sends found no room and did not wait
 * @denied: How many of them because of the share
 * @expire: Takes out what has expired; holds a reference while pending
 *
 * What is not constant is protected by the object's lock.
 */
struct ipcx_mailbox {
	struct ipcx_object obj;
	u32 flags;
	u32 order;
	u32 when_full;
	u32 max_size;
	struct pid *process;
	struct ipcx_mailq q;
	u32 readers;
	u64 received;
	u64 refused;
	u32 denied;
	struct delayed_work expire;
};

/**
 * struct ipcx_mailbox_parts - The parts of a payload
 * @iter: They
 * @iov: The kernel's copy of the array
 * @heap: The same, when it was too long for that; to be freed
 */
struct ipcx_mailbox_parts {
	struct iov_iter iter;
	struct iovec iov[MAILBOX_PARTS];
	struct iovec *heap;
};

static inline struct ipcx_mailbox *to_mailbox(struct ipcx_object *obj)
{
	return container_of(obj, struct ipcx_mailbox, obj);
}

static inline struct ipcx_waitq *receivers_of(struct ipcx_mailbox *mbox)
{
	return &mbox->obj.waitq[MAILBOX_RECEIVERS];
}

static inline struct ipcx_waitq *senders_of(struct ipcx_mailbox *mbox)
{
	return &mbox->obj.waitq[MAILBOX_SENDERS];
}

/* A receiver is needed, and there is none. */
static inline bool mailbox_unreachable(const struct ipcx_mailbox *mbox)
{
	return mbox->flags & IPCX_MAILBOX_F_NEED_RECEIVER && !mbox->readers;
}

/* mailbox.c: what sending and receiving have in common. */
void ipcx_mailbox_arm_locked(struct ipcx_mailbox *mbox);
__poll_t ipcx_mailbox_events_locked(struct ipcx_mailbox *mbox);
bool ipcx_mailbox_show_locked(struct ipcx_mailbox *mbox,
			      struct ipcx_wakeups *wakeups);
void ipcx_mailbox_serve(struct ipcx_mailbox *mbox);
int ipcx_mailbox_parts(unsigned int dir, u64 data, u32 nr,
		       struct ipcx_mailbox_parts *parts,
		       struct ipcx_payload *payload);

/* How long read() and write() wait. */
static inline void ipcx_mailbox_file_deadline(const struct kiocb *iocb,
					      struct ipcx_deadline *deadline)
{
	deadline->clockid = CLOCK_MONOTONIC;
	deadline->time = KTIME_MAX;
	deadline->forever = true;
	deadline->nowait = iocb->ki_filp->f_flags & O_NONBLOCK;
}

/* What to tell pollers after a change, see ipcx_object_wake_pollers(). */
static inline __poll_t mailbox_changed_locked(struct ipcx_mailbox *mbox)
{
	/* Without a barrier: see there. */
	if (likely(!waitqueue_active(&mbox->obj.poll)))
		return 0;
	return ipcx_mailbox_events_locked(mbox);
}

static inline void mailbox_tell(struct ipcx_mailbox *mbox,
				struct ipcx_wakeups *wakeups, __poll_t events)
{
	if (wakeups->nr)
		ipcx_wakeups_flush(wakeups);
	if (unlikely(events))
		ipcx_object_wake_pollers(&mbox->obj, events);
}

/* mailbox_send.c */
extern const struct ipcx_waitq_ops ipcx_mailbox_send_ops;
int ipcx_mailbox_send(struct ipcx_call *call);
ssize_t ipcx_mailbox_write(struct ipcx_object *obj, struct kiocb *iocb,
			   struct iov_iter *from);
int ipcx_mailbox_message_in(struct ipcx_send_message *m,
			    const void __user *uptr);
int ipcx_mailbox_message_check(const struct ipcx_mailbox *mbox,
			       const struct ipcx_send_message *m);
struct ipcx_mail *ipcx_mailbox_mail_new(const struct ipcx_handle *handle,
					struct ipcx_mailbox *mbox,
					const struct ipcx_send_message *m);
int ipcx_mailbox_refuse_locked(struct ipcx_mailbox *mbox,
			       const struct ipcx_mail *mail);
int ipcx_mailbox_has_room_locked(struct ipcx_mailbox *mbox,
				 struct ipcx_mail *mail);
int ipcx_mailbox_wait_for_room(struct ipcx_mailbox *mbox,
			       struct ipcx_mail *mail,
			       const struct ipcx_deadline *deadline);

/* mailbox_all.c */
int ipcx_mailbox_send_all(struct ipcx_call *call);

/* mailbox_recv.c */
bool ipcx_mailbox_hand_over_locked(struct ipcx_mailbox *mbox,
				   struct ipcx_mail *mail,
				   struct ipcx_wakeups *wakeups);
extern const struct ipcx_waitq_ops ipcx_mailbox_recv_ops;
int ipcx_mailbox_recv(struct ipcx_call *call);
ssize_t ipcx_mailbox_read(struct ipcx_object *obj, struct kiocb *iocb,
			  struct iov_iter *to);

/* mailbox_files.c */
int ipcx_mailbox_attach_files(const struct ipcx_handle *handle,
			      struct ipcx_msg *msg, u64 fds, u32 nr);
int ipcx_mailbox_install_files(const struct ipcx_msg *msg, u64 fds,
			       int **installed);
void ipcx_mailbox_take_back_files(const struct ipcx_msg *msg,
				  const int *installed, u32 nr);

/* mailbox_map.c */
struct file *ipcx_mailbox_map(struct ipcx_msg *msg, unsigned long *addr);
void ipcx_mailbox_unmap(struct file *file, unsigned long addr, size_t size);

/* mailbox_inbox.c */
int ipcx_mailbox_become_inbox(struct ipcx_mailbox *mbox);
int ipcx_inbox_may_receive(struct ipcx_mailbox *mbox);
void ipcx_mailbox_holder_gone(struct ipcx_object *obj, u32 id);
int ipcx_mailbox_find_inbox(struct ipcx_call *call);

static inline int mailbox_may_receive(struct ipcx_mailbox *mbox)
{
	return likely(!mbox->process) ? 0 : ipcx_inbox_may_receive(mbox);
}

#endif /* IPCX_MAILBOX_H */
