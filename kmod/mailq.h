/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Queues of messages: order, room, shares, lifetimes.
 */
#ifndef IPCX_MAILQ_H
#define IPCX_MAILQ_H

#include <linux/err.h>
#include <linux/ipcx.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "msg.h"

/**
 * DOC: Queues of messages
 *
 * *Order.* The highest priority first, and inside one the message that was put
 * in first. A message that is taken keeps its place: one that could not be
 * delivered is put back to where it was. The messages of a priority are a ring,
 * and the first one of each ring is in a tree: nearly always there are few
 * priorities, and many messages of each.
 *
 * *Room.* A message counts from when it is put in until it has ended, so also
 * while it is taken, and always fits when it is put back. The owner of the queue
 * may use all of its room. Any other user may use at most half of what the
 * others have left, but always one message, where there is room. What a user
 * has is its share; the record of it is there while there are messages or
 * sending calls of the user.
 *
 * *News.* Each message that can be found from now on, because it was put in or
 * put back, is news. Who has looked at all messages in vain remembers how much
 * news there had been, and looks only at what is newer the next time. While
 * nobody waits for news there is none: who begins to wait looks at all first.
 *
 * *Lifetimes.* A message that has expired is never found. It counts until
 * ipcx_mailq_expire_locked() has taken it out.
 *
 * *Garbage.* Nothing is freed under the lock. What is to be freed is collected,
 * and freed by ipcx_mailq_unlock(), which whoever may have made garbage unlocks
 * with.
 */

struct ipcx_user;

/**
 * struct ipcx_mail_share - What one user has in a queue that is not its own
 * @node: By @user; protected by the queue's lock
 * @link: In the garbage
 * @user: Who, with a reference, and with the charge for this; constant
 * @refs: Messages of it, and calls that are sending one
 * @messages: Messages that count
 * @bytes: Of their payload
 */
struct ipcx_mail_share {
	struct rb_node node;
	struct list_head link;
	struct ipcx_user *user;
	u32 refs;
	u32 messages;
	u64 bytes;
};

/**
 * struct ipcx_mail - A message in a queue
 * @msg: The base
 * @node: Of the first one of a priority: in the queue, by @priority; else empty
 * @level: Those of the same priority, by @order
 * @expiry: In the tree of those with a lifetime, by @expires
 * @link: Among the news, the newest last; or in the garbage; else empty
 * @share: Of the sender, with a reference; NULL for the owner
 * @tag: For filters; constant
 * @order: In which order they were put in, from 1
 * @news: In which order they became news
 * @arrived: When, see ipcx_tick()
 * @lifetime: In nanoseconds, 0 for none; constant
 * @expires: CLOCK_BOOTTIME, 0 for never
 * @priority: Constant
 *
 * What is not constant is protected by the queue's lock.
 */
struct ipcx_mail {
	struct ipcx_msg msg;
	struct rb_node node;
	struct list_head level;
	struct rb_node expiry;
	struct list_head link;
	struct ipcx_mail_share *share;
	u64 tag;
	u64 order;
	u64 news;
	u64 arrived;
	u64 lifetime;
	u64 expires;
	u32 priority;
};

/**
 * struct ipcx_mail_filter - Which messages are wanted
 * @match: &enum ipcx_match
 * @tag: See there; for IPCX_MATCH_ID the &ipcx_mail.order
 * @tag_arg: See there
 */
struct ipcx_mail_filter {
	u32 match;
	u64 tag;
	u64 tag_arg;
};

/**
 * struct ipcx_mailq - A queue of messages
 * @lock: The lock of the object; protects everything that is not constant
 * @owner: May use all of the room; valid as long as the queue; constant
 * @listeners: How many wait for news; protected by the lock
 * @max_messages: Room; constant
 * @max_bytes: Room; constant
 * @root: Messages that can be found: the first one of each priority
 * @by_expiry: Those of them that have a lifetime
 * @by_news: Those of them that were news when somebody waited for it
 * @next_order: For the next message
 * @next_news: For the next news
 * @messages: Messages that count
 * @bytes: Of their payload
 * @shares: By user
 * @put: How many were put in
 * @dropped: How many made room for others
 * @expired: How many have expired
 * @garbage: There is some
 * @dead_mail: Garbage
 * @dead_shares: Garbage
 */
struct ipcx_mailq {
	spinlock_t *lock; /* The object's. */
	struct ipcx_user *owner;
	const u32 *listeners;
	u32 max_messages;
	u64 max_bytes;
	struct rb_root_cached root;
	struct rb_root_cached by_expiry;
	struct list_head by_news;
	u64 next_order;
	u64 next_news;
	u32 messages;
	u64 bytes;
	struct rb_root shares;
	u64 put;
	u64 dropped;
	u64 expired;
	bool garbage;
	struct list_head dead_mail;
	struct list_head dead_shares;
};

void ipcx_mailq_init(struct ipcx_mailq *q, spinlock_t *lock,
		     struct ipcx_user *owner, const u32 *listeners,
		     u32 max_messages, u64 max_bytes);
void ipcx_mailq_drain(struct ipcx_mailq *q);
void ipcx_mailq_release(struct ipcx_mailq *q);
void ipcx_mailq_unlock_garbage(struct ipcx_mailq *q) __releases(q->lock);

struct ipcx_mail *ipcx_mail_share(struct ipcx_mailq *q, struct ipcx_mail *mail);
struct ipcx_mail *ipcx_mail_copy(struct ipcx_mailq *q, struct ipcx_mail *mail);
void ipcx_mail_free(struct ipcx_mailq *q, struct ipcx_mail *mail);

/* So many messages are looked at, and dropped at most, to make room under a lock. */
#define IPCX_VICTIMS_MAX 4096

bool ipcx_mailq_share_fits_locked(const struct ipcx_mailq *q,
				  const struct ipcx_mail *mail);
bool ipcx_mailq_can_make_room_locked(const struct ipcx_mailq *q,
				     const struct ipcx_mail *mail, u32 *looks);
bool ipcx_mailq_make_room_locked(struct ipcx_mailq *q,
				 const struct ipcx_mail *mail);

void ipcx_mailq_pass_locked(struct ipcx_mailq *q, struct ipcx_mail *mail);
void ipcx_mailq_unpass_locked(struct ipcx_mailq *q, struct ipcx_mail *mail);
bool ipcx_mailq_put_locked(struct ipcx_mailq *q, struct ipcx_mail *mail);
void ipcx_mailq_unput_locked(struct ipcx_mailq *q, struct ipcx_mail *mail);
void ipcx_mailq_take_locked(struct ipcx_mailq *q, struct ipcx_mail *mail);
bool ipcx_mailq_untake_locked(struct ipcx_mailq *q, struct ipcx_mail *mail);
void ipcx_mailq_end_share_locked(struct ipcx_mailq *q, struct ipcx_mail *mail);
void ipcx_mailq_discard_locked(struct ipcx_mailq *q, struct ipcx_mail *mail);

bool ipcx_mail_matches(const struct ipcx_mail *mail,
		       const struct ipcx_mail_filter *filter);
struct ipcx_mail *
ipcx_mailq_search_locked(const struct ipcx_mailq *q,
			 const struct ipcx_mail_filter *filter, u32 skip);
struct ipcx_mail *
ipcx_mailq_find_news_locked(const struct ipcx_mailq *q,
			    const struct ipcx_mail_filter *filter, u64 since);

bool ipcx_mailq_expire_locked(struct ipcx_mailq *q);
bool ipcx_mailq_next_expiry_locked(const struct ipcx_mailq *q, u64 *ns);

u64 ipcx_mailq_age_locked(const struct ipcx_mailq *q);
void ipcx_mailq_share_locked(const struct ipcx_mailq *q,
			     const struct ipcx_user *user, u32 *messages,
			     u64 *bytes);

static inline bool ipcx_mailq_empty_locked(const struct ipcx_mailq *q)
{
	lockdep_assert_held(q->lock);
	return RB_EMPTY_ROOT(&q->root.rb_root);
}

/**
 * ipcx_mail_of_msg() - What the queue has in a new message
 * @q: The queue
 * @msg: The message, or an ERR_PTR
 *
 * Context: Sleeps. Takes the lock, if the sender is not the owner.
 * Return: The message, of which tag, priority and lifetime are to be set, or an
 * ERR_PTR.
 */
static inline struct ipcx_mail *ipcx_mail_of_msg(struct ipcx_mailq *q,
						 struct ipcx_msg *msg)
{
	struct ipcx_mail *mail;

	if (IS_ERR(msg))
		return ERR_CAST(msg);
	mail = container_of(msg, struct ipcx_mail, msg);
	mail->share = NULL;
	mail->expires = 0;
	return likely(msg->user == q->owner) ? mail : ipcx_mail_share(q, mail);
}

/**
 * ipcx_mail_new() - Make a message for a queue
 * @q: The queue
 * @likely: See ipcx_user_current()
 * @from: The payload
 *
 * Context: Sleeps. Touches user memory. May take the lock.
 * Return: The message, of which tag, priority and lifetime are to be set, or an
 * ERR_PTR of ipcx_msg_new().
 */
static inline struct ipcx_mail *ipcx_mail_new(struct ipcx_mailq *q,
					      struct ipcx_user *likely,
					      const struct ipcx_payload *from)
{
	return ipcx_mail_of_msg(q, ipcx_msg_new(sizeof(struct ipcx_mail),
						likely, from));
}

/**
 * ipcx_mailq_fits_locked() - Is there room for a message?
 * @q: In which queue
 * @mail: The message
 *
 * Context: Under the lock.
 * Return: True when it can be put in.
 */
static inline bool ipcx_mailq_fits_locked(const struct ipcx_mailq *q,
					  const struct ipcx_mail *mail)
{
	lockdep_assert_held(q->lock);
	return q->messages < q->max_messages &&
	       q->bytes + mail->msg.size <= q->max_bytes &&
	       (likely(!mail->share) || ipcx_mailq_share_fits_locked(q, mail));
}

/**
 * ipcx_mailq_end_locked() - A message that was taken does not count any more
 * @q: In which queue
 * @mail: The message, which is the caller's, to be freed by ipcx_msg_put()
 *
 * Context: Under the lock.
 */
static inline void ipcx_mailq_end_locked(struct ipcx_mailq *q,
					 struct ipcx_mail *mail)
{
	lockdep_assert_held(q->lock);
	q->messages--;
	q->bytes -= mail->msg.size;
	if (unlikely(mail->share))
		ipcx_mailq_end_share_locked(q, mail);
}

/**
 * ipcx_mailq_find_locked() - The message that comes next
 * @q: Of which queue
 * @filter: Of those that match
 * @skip: And behind so many of them
 *
 * Context: Under the lock. Looks at the messages one after the other.
 * Return: The message, or NULL.
 */
static inline struct ipcx_mail *
ipcx_mailq_find_locked(const struct ipcx_mailq *q,
		       const struct ipcx_mail_filter *filter, u32 skip)
{
	struct rb_node *node = rb_first_cached(&q->root);
	struct ipcx_mail *mail = rb_entry_safe(node, struct ipcx_mail, node);

	lockdep_assert_held(q->lock);
	/* Nearly always any message is wanted, and there the first one is it. */
	if (!mail ||
	    likely(filter->match == IPCX_MATCH_ANY && !skip && !mail->expires))
		return mail;
	return ipcx_mailq_search_locked(q, filter, skip);
}

static inline void ipcx_mailq_unlock(struct ipcx_mailq *q) __releases(q->lock)
{
	if (likely(!q->garbage))
		spin_unlock(q->lock);
	else
		ipcx_mailq_unlock_garbage(q);
}

#endif /* IPCX_MAILQ_H */
