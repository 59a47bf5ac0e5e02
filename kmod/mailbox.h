/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mailboxes, as the files of their room know them.
 */
#ifndef IPCX_MAILBOX_H
#define IPCX_MAILBOX_H

#include <linux/pid.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "mailq.h"
#include "object.h"

struct ipcx_call;

/* Queues of a mailbox. */
#define MAILBOX_RECEIVERS 0
#define MAILBOX_SENDERS	  1

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

int ipcx_mailbox_become_inbox(struct ipcx_mailbox *mbox);
int ipcx_mailbox_may_receive(struct ipcx_mailbox *mbox);
void ipcx_mailbox_holder_gone(struct ipcx_object *obj, u32 id);
int ipcx_mailbox_find_inbox(struct ipcx_call *call);

static inline struct ipcx_mailbox *to_mailbox(struct ipcx_object *obj)
{
	return container_of(obj, struct ipcx_mailbox, obj);
}

#endif /* IPCX_MAILBOX_H */
