// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues of messages. What they promise is in mailq.h.
 */
#include "mailq.h"

#include <linux/err.h>
#include <linux/ipcx.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "quota.h"
#include "tick.h"

/* So many messages are thrown away in one critical section. */
#define DISCARD_BATCH 64

/**
 * ipcx_mailq_init() - Make a queue
 * @q: The queue
 * @lock: The lock of the object
 * @owner: May use all of the room; lives as long as the queue
 * @listeners: How many wait for news, under the lock
 * @max_messages: Room, not 0
 * @max_bytes: Room, not 0
 *
 * Context: Before the object is published.
 */
void ipcx_mailq_init(struct ipcx_mailq *q, spinlock_t *lock,
		     struct ipcx_user *owner, const u32 *listeners,
		     u32 max_messages, u64 max_bytes)
{
	BUILD_BUG_ON(sizeof(struct ipcx_mail) >= IPCX_MSG_SHORT);

	q->listeners = listeners;
	q->lock = lock;
	q->owner = owner;
	q->max_messages = max_messages;
	q->max_bytes = max_bytes;
	q->root = RB_ROOT_CACHED;
	q->by_expiry = RB_ROOT_CACHED;
	q->shares = RB_ROOT;
	q->next_order = 1;
	INIT_LIST_HEAD(&q->by_news);
	INIT_LIST_HEAD(&q->dead_mail);
	INIT_LIST_HEAD(&q->dead_shares);
}

static struct ipcx_mail *node_to_mail(struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcx_mail, node);
}

/* Is it the first one of its priority? */
static bool mail_leads(const struct ipcx_mail *mail)
{
	return !RB_EMPTY_NODE(&mail->node);
}

/* In the order in which they are received. */
static struct ipcx_mail *mail_next(struct ipcx_mail *mail)
{
	struct ipcx_mail *next = list_next_entry(mail, level);

	return mail_leads(next) ? node_to_mail(rb_next(&next->node)) : next;
}

static struct ipcx_mail_share *node_to_share(struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcx_mail_share, node);
}

/* ---- Shares ------------------------------------------------------------ */

static struct ipcx_mail_share *share_find_locked(const struct ipcx_mailq *q,
						 const struct ipcx_user *user)
{
	struct rb_node *node = q->shares.rb_node;
	struct ipcx_mail_share *share;

	lockdep_assert_held(q->lock);

	while (node) {
		share = node_to_share(node);
		if (share->user == user)
			return share;
		node = user < share->user ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static bool share_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct ipcx_mail_share, node)->user <
	       rb_entry(b, struct ipcx_mail_share, node)->user;
}

static struct ipcx_mail_share *share_new(struct ipcx_user *user)
{
	struct ipcx_mail_share *share;
	int r;

	r = ipcx_charge(user, IPCX_RESOURCE_BYTES, sizeof(*share));
	if (r)
		return ERR_PTR(r);
	share = kzalloc(sizeof(*share), GFP_KERNEL_ACCOUNT);
	if (!share) {
		ipcx_uncharge(user, IPCX_RESOURCE_BYTES, sizeof(*share));
		return ERR_PTR(-ENOMEM);
	}
	share->user = ipcx_user_get(user);
	return share;
}

static void share_free(struct ipcx_mail_share *share)
{
	if (!share)
		return;
	ipcx_uncharge(share->user, IPCX_RESOURCE_BYTES, sizeof(*share));
	ipcx_user_put(share->user);
	kfree(share);
}

/* A reference to the share of @user, which is made if there is none. */
static struct ipcx_mail_share *share_get(struct ipcx_mailq *q,
					 struct ipcx_user *user)
{
	struct ipcx_mail_share *share, *fresh = NULL;

	for (;;) {
		spin_lock(q->lock);
		share = share_find_locked(q, user);
		if (!share && fresh) {
			rb_add(&fresh->node, &q->shares, share_before);
			share = fresh;
			fresh = NULL;
		}
		if (share)
			share->refs++;
		spin_unlock(q->lock);
		if (share)
			break;
		fresh = share_new(user);
		if (IS_ERR(fresh))
			return fresh;
	}
	share_free(fresh);
	return share;
}

static void share_unref_locked(struct ipcx_mailq *q,
			       struct ipcx_mail_share *share)
{
	lockdep_assert_held(q->lock);

	if (!share || --share->refs)
		return;
	rb_erase(&share->node, &q->shares);
	list_add(&share->link, &q->dead_shares);
	q->garbage = true;
}

/* ---- Garbage ----------------------------------------------------------- */

static void free_garbage(struct list_head *mails, struct list_head *shares)
{
	struct ipcx_mail_share *share, *next_share;
	struct ipcx_mail *mail, *next;

	list_for_each_entry_safe(mail, next, mails, link) {
		ipcx_msg_put(&mail->msg);
		cond_resched();
	}
	list_for_each_entry_safe(share, next_share, shares, link)
		share_free(share);
}

/**
 * ipcx_mailq_unlock_garbage() - Unlock, and free what there is to be freed
 * @q: The queue; see ipcx_mailq_unlock()
 *
 * Context: Under the lock, which is dropped; then it may sleep.
 */
void ipcx_mailq_unlock_garbage(struct ipcx_mailq *q) __releases(q->lock)
{
	LIST_HEAD(mails);
	LIST_HEAD(shares);

	list_splice_init(&q->dead_mail, &mails);
	list_splice_init(&q->dead_shares, &shares);
	q->garbage = false;
	spin_unlock(q->lock);
	free_garbage(&mails, &shares);
}

/**
 * ipcx_mailq_drain() - Throw all messages away
 * @q: The queue of an object that has died: nothing is put in any more
 *
 * Context: Sleeps. Takes the lock.
 */
void ipcx_mailq_drain(struct ipcx_mailq *q)
{
	struct ipcx_mail *mail;
	bool more;
	int n;

	do {
		spin_lock(q->lock);
		for (n = 0; n < DISCARD_BATCH; n++) {
			mail = node_to_mail(rb_first_cached(&q->root));
			if (!mail)
				break;
			ipcx_mailq_take_locked(q, mail);
			ipcx_mailq_discard_locked(q, mail);
		}
		more = !ipcx_mailq_empty_locked(q);
		ipcx_mailq_unlock(q);
		cond_resched();
	} while (more);
}

/**
 * ipcx_mailq_release() - The last reference to the object is gone
 * @q: The queue, which was drained
 *
 * Context: Sleeps.
 */
void ipcx_mailq_release(struct ipcx_mailq *q)
{
	free_garbage(&q->dead_mail, &q->dead_shares);
	WARN_ON_ONCE(q->messages || !RB_EMPTY_ROOT(&q->shares));
}

/* ---- Messages ---------------------------------------------------------- */

/**
 * ipcx_mail_share() - The share of who is not the owner
 * @q: The queue
 * @mail: A new message, which is freed on failure
 *
 * Context: Sleeps. Takes the lock.
 * Return: @mail, or an ERR_PTR: -ENOMEM, -EDQUOT, -ENOSPC.
 */
struct ipcx_mail *ipcx_mail_share(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	struct ipcx_mail_share *share = share_get(q, mail->msg.user);

	if (IS_ERR(share)) {
		ipcx_msg_put(&mail->msg);
		return ERR_CAST(share);
	}
	mail->share = share;
	return mail;
}

/**
 * ipcx_mail_copy() - The same message for another queue
 * @q: That queue
 * @mail: The message, which has not been put in
 *
 * Context: Sleeps. Takes the lock.
 * Return: The copy, or an ERR_PTR of ipcx_msg_copy().
 */
struct ipcx_mail *ipcx_mail_copy(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	struct ipcx_mail *copy;

	copy = ipcx_mail_of_msg(q, ipcx_msg_copy(sizeof(*copy), &mail->msg));
	if (IS_ERR(copy))
		return copy;
	copy->tag = mail->tag;
	copy->priority = mail->priority;
	copy->lifetime = mail->lifetime;
	return copy;
}

/**
 * ipcx_mail_free() - Free a message that was not put in
 * @q: For which queue it was made
 * @mail: The message
 *
 * Context: Sleeps. Takes the lock.
 */
void ipcx_mail_free(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	if (mail->share) {
		spin_lock(q->lock);
		share_unref_locked(q, mail->share);
		ipcx_mailq_unlock(q);
	}
	ipcx_msg_put(&mail->msg);
}

/* ---- Room -------------------------------------------------------------- */

/* Does its share allow it, when so much of the share was dropped? */
static bool share_fits(const struct ipcx_mailq *q, const struct ipcx_mail *mail,
		       u32 messages, u64 bytes)
{
	const struct ipcx_mail_share *share = mail->share;
	u32 left_messages;
	u64 left_bytes;

	if (!share || share->messages == messages)
		return true;
	left_messages = q->max_messages - (q->messages - share->messages);
	left_bytes = q->max_bytes - (q->bytes - share->bytes);
	return share->messages - messages < left_messages / 2 &&
	       share->bytes - bytes + mail->msg.size <= left_bytes / 2;
}

/* Would it fit, when so many messages of so many bytes were dropped? */
static bool mail_fits(const struct ipcx_mailq *q, const struct ipcx_mail *mail,
		      u32 messages, u64 bytes)
{
	return q->messages - messages < q->max_messages &&
	       q->bytes - bytes + mail->msg.size <= q->max_bytes &&
	       share_fits(q, mail, messages, bytes);
}

/**
 * ipcx_mailq_share_fits_locked() - Does the sender's share allow a message?
 * @q: In which queue
 * @mail: The message
 *
 * Context: Under the lock.
 * Return: False when the share is used up, whether there is room or not.
 */
bool ipcx_mailq_share_fits_locked(const struct ipcx_mailq *q,
				  const struct ipcx_mail *mail)
{
	lockdep_assert_held(q->lock);
	return share_fits(q, mail, 0, 0);
}

/* May the sender of @mail drop @victim? */
static bool mail_may_drop(const struct ipcx_mail *mail,
			  const struct ipcx_mail *victim)
{
	return !mail->share || victim->share == mail->share;
}

/* By priority, the lowest first, and by age inside one. */
static struct ipcx_mail *mailq_next_victim_locked(const struct ipcx_mailq *q,
						  struct ipcx_mail *last)
{
	struct ipcx_mail *next;

	lockdep_assert_held(q->lock);

	if (!last)
		return node_to_mail(rb_last(&q->root.rb_root));
	next = list_next_entry(last, level);
	return mail_leads(next) ? node_to_mail(rb_prev(&next->node)) : next;
}

/*
 * How many messages must go for @mail? False when it is not to be had, or only by
 * more than may be done under a lock; *@looks is what is left of that.
 */
static bool mailq_count_victims_locked(const struct ipcx_mailq *q,
				       const struct ipcx_mail *mail,
				       u32 *messages, u32 *looks)
{
	struct ipcx_mail *victim = NULL;
	u64 bytes = 0;

	*messages = 0;
	/* Who has nothing there has nothing to drop. */
	if (mail->share && !mail->share->messages)
		return mail_fits(q, mail, 0, 0);
	while (!mail_fits(q, mail, *messages, bytes)) {
		victim = mailq_next_victim_locked(q, victim);
		if (!victim || victim->priority > mail->priority || !*looks)
			return false;
		(*looks)--;
		if (!mail_may_drop(mail, victim))
			continue;
		(*messages)++;
		bytes += victim->msg.size;
	}
	return true;
}

/**
 * ipcx_mailq_can_make_room_locked() - Would ipcx_mailq_make_room_locked() do?
 * @q: In which queue
 * @mail: The message
 * @looks: How many messages may be looked at; those that were are subtracted
 *
 * Context: Under the lock.
 * Return: True when it would, as long as the lock is held.
 */
bool ipcx_mailq_can_make_room_locked(const struct ipcx_mailq *q,
				     const struct ipcx_mail *mail, u32 *looks)
{
	u32 messages;

	lockdep_assert_held(q->lock);
	return mailq_count_victims_locked(q, mail, &messages, looks);
}

/**
 * ipcx_mailq_make_room_locked() - Drop what stands in the way of a message
 * @q: In which queue
 * @mail: The message
 *
 * The oldest of the lowest priority go first, and none that is above the
 * message; who is not the owner drops only its own.
 *
 * Context: Under the lock.
 * Return: True when there is room now; false when nothing was dropped.
 */
bool ipcx_mailq_make_room_locked(struct ipcx_mailq *q,
				 const struct ipcx_mail *mail)
{
	u32 messages, looks = IPCX_VICTIMS_MAX;
	struct ipcx_mail *victim, *next;

	lockdep_assert_held(q->lock);

	if (!mailq_count_victims_locked(q, mail, &messages, &looks))
		return false;
	victim = mailq_next_victim_locked(q, NULL);
	for (; messages; victim = next) {
		next = mailq_next_victim_locked(q, victim);
		if (!mail_may_drop(mail, victim))
			continue;
		ipcx_mailq_take_locked(q, victim);
		ipcx_mailq_discard_locked(q, victim);
		q->dropped++;
		messages--;
	}
	return true;
}

/* ---- In and out -------------------------------------------------------- */

static bool mail_before(const struct ipcx_mail *x, const struct ipcx_mail *y)
{
	if (x->priority != y->priority)
		return x->priority > y->priority;
	return x->order < y->order;
}

/*
 * Put it among those of its priority, of which @first is the first. What is new
 * is the last one, and what comes back is nearly always the first. Else it walks
 * past those that are older, which its receiver has walked past, too, as it looked
 * for a message that it wants.
 */
static void level_add_locked(struct ipcx_mailq *q, struct ipcx_mail *first,
			     struct ipcx_mail *mail)
{
	struct ipcx_mail *next = first;

	lockdep_assert_held(q->lock);

	if (mail->order < first->order) {
		rb_replace_node_cached(&first->node, &mail->node, &q->root);
		RB_CLEAR_NODE(&first->node);
	} else {
		RB_CLEAR_NODE(&mail->node);
		if (mail->order < list_prev_entry(first, level)->order)
			while (next->order < mail->order)
				next = list_next_entry(next, level);
	}
	list_add_tail(&mail->level, &next->level);
}

static __always_inline void mailq_add_locked(struct ipcx_mailq *q,
					     struct ipcx_mail *mail)
{
	struct rb_node **place = &q->root.rb_root.rb_node, *parent = NULL;
	bool leftmost = true;
	struct ipcx_mail *m;

	lockdep_assert_held(q->lock);

	while (*place) {
		parent = *place;
		m = node_to_mail(parent);
		if (mail->priority == m->priority) {
			level_add_locked(q, m, mail);
			return;
		}
		if (mail->priority > m->priority) {
			place = &parent->rb_left;
		} else {
			place = &parent->rb_right;
			leftmost = false;
		}
	}
	INIT_LIST_HEAD(&mail->level);
	rb_link_node(&mail->node, parent, place);
	rb_insert_color_cached(&mail->node, &q->root, leftmost);
}

static __always_inline void mailq_del_locked(struct ipcx_mailq *q,
					     struct ipcx_mail *mail)
{
	lockdep_assert_held(q->lock);

	if (list_empty(&mail->level)) {
		if (&mail->node == q->root.rb_root.rb_node &&
		    !mail->node.rb_left && !mail->node.rb_right)
			q->root = RB_ROOT_CACHED;
		else
			rb_erase_cached(&mail->node, &q->root);
		return;
	}
	if (mail_leads(mail))
		rb_replace_node_cached(&mail->node,
				       &list_next_entry(mail, level)->node,
				       &q->root);
	list_del(&mail->level);
}

static bool mail_expires_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct ipcx_mail, expiry)->expires <
	       rb_entry(b, struct ipcx_mail, expiry)->expires;
}

static __always_inline bool mailq_insert_locked(struct ipcx_mailq *q,
						struct ipcx_mail *mail)
{
	lockdep_assert_held(q->lock);

	if (unlikely(*q->listeners)) {
		mail->news = q->next_news++;
		list_add_tail(&mail->link, &q->by_news);
	} else {
		INIT_LIST_HEAD(&mail->link);
	}
	mailq_add_locked(q, mail);
	return mail->expires &&
	       rb_add_cached(&mail->expiry, &q->by_expiry, mail_expires_before);
}

/**
 * ipcx_mailq_untake_locked() - Put a message back to where it was
 * @q: In which queue
 * @mail: The message
 *
 * Context: Under the lock.
 * Return: True when it is now the next one to expire.
 */
bool ipcx_mailq_untake_locked(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	return mailq_insert_locked(q, mail);
}

/**
 * ipcx_mailq_take_locked() - Take a message out; it counts until it has ended
 * @q: From which queue
 * @mail: The message
 *
 * Context: Under the lock.
 */
void ipcx_mailq_take_locked(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	lockdep_assert_held(q->lock);

	if (!list_empty(&mail->link))
		list_del(&mail->link);
	mailq_del_locked(q, mail);
	if (mail->expires)
		rb_erase_cached(&mail->expiry, &q->by_expiry);
}

static __always_inline void mailq_count_locked(struct ipcx_mailq *q,
					       struct ipcx_mail *mail)
{
	struct ipcx_mail_share *share = mail->share;

	lockdep_assert_held(q->lock);

	mail->order = q->next_order++;
	mail->arrived = ipcx_tick();
	if (unlikely(mail->lifetime))
		mail->expires = ktime_get_boottime_ns() + mail->lifetime;
	q->messages++;
	q->bytes += mail->msg.size;
	q->put++;
	if (unlikely(share)) {
		share->messages++;
		share->bytes += mail->msg.size;
	}
}

/**
 * ipcx_mailq_pass_locked() - Put a message in, and take it
 * @q: In which queue
 * @mail: The message
 *
 * Context: Under the lock.
 */
void ipcx_mailq_pass_locked(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	mailq_count_locked(q, mail);
}

/**
 * ipcx_mailq_unpass_locked() - It was not put in, and not taken, after all
 * @q: In which queue
 * @mail: The message, which is the caller's again
 *
 * Context: Under the lock, which was not dropped since.
 */
void ipcx_mailq_unpass_locked(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	struct ipcx_mail_share *share = mail->share;

	lockdep_assert_held(q->lock);

	mail->expires = 0;
	q->messages--;
	q->bytes -= mail->msg.size;
	q->put--;
	if (share) {
		share->messages--;
		share->bytes -= mail->msg.size;
	}
}

/**
 * ipcx_mailq_put_locked() - Put a message in
 * @q: In which queue
 * @mail: The message, which is the queue's from now on
 *
 * Context: Under the lock.
 * Return: True when it is now the next one to expire.
 */
bool ipcx_mailq_put_locked(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	mailq_count_locked(q, mail);
	return mailq_insert_locked(q, mail);
}

/**
 * ipcx_mailq_unput_locked() - It was not put in after all
 * @q: In which queue
 * @mail: The message, which is the caller's again
 *
 * Context: Under the lock, which was not dropped since.
 */
void ipcx_mailq_unput_locked(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	ipcx_mailq_take_locked(q, mail);
	ipcx_mailq_unpass_locked(q, mail);
}

/**
 * ipcx_mailq_end_share_locked() - The share of ipcx_mailq_end_locked()
 * @q: In which queue
 * @mail: The message, of who is not the owner
 *
 * Context: Under the lock.
 */
void ipcx_mailq_end_share_locked(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	mail->share->messages--;
	mail->share->bytes -= mail->msg.size;
	share_unref_locked(q, mail->share);
}

/**
 * ipcx_mailq_discard_locked() - The same, and it becomes garbage
 * @q: In which queue
 * @mail: The message
 *
 * Context: Under the lock.
 */
void ipcx_mailq_discard_locked(struct ipcx_mailq *q, struct ipcx_mail *mail)
{
	ipcx_mailq_end_locked(q, mail);
	list_add(&mail->link, &q->dead_mail);
	q->garbage = true;
}

/* ---- Lifetimes --------------------------------------------------------- */

static bool mail_expired(const struct ipcx_mail *mail)
{
	return mail->expires && mail->expires <= ktime_get_boottime_ns();
}

/**
 * ipcx_mailq_expire_locked() - Take out what has expired, a few at a time
 * @q: Of which queue
 *
 * Context: Under the lock.
 * Return: True when there was any: there is room now, and may be more of it.
 */
bool ipcx_mailq_expire_locked(struct ipcx_mailq *q)
{
	struct rb_node *node;
	struct ipcx_mail *mail;
	int n;

	lockdep_assert_held(q->lock);

	for (n = 0; n < DISCARD_BATCH; n++) {
		node = rb_first_cached(&q->by_expiry);
		if (!node)
			break;
		mail = rb_entry(node, struct ipcx_mail, expiry);
		if (!mail_expired(mail))
			break;
		ipcx_mailq_take_locked(q, mail);
		ipcx_mailq_discard_locked(q, mail);
		q->expired++;
	}
	return n;
}

/**
 * ipcx_mailq_next_expiry_locked() - When does the next message expire?
 * @q: Of which queue
 * @ns: Gets nanoseconds from now, 0 when it has expired
 *
 * Context: Under the lock.
 * Return: False when none ever does.
 */
bool ipcx_mailq_next_expiry_locked(const struct ipcx_mailq *q, u64 *ns)
{
	struct rb_node *node = rb_first_cached(&q->by_expiry);
	u64 now = ktime_get_boottime_ns();
	u64 expires;

	lockdep_assert_held(q->lock);

	if (!node)
		return false;
	expires = rb_entry(node, struct ipcx_mail, expiry)->expires;
	*ns = expires > now ? expires - now : 0;
	return true;
}

/* ---- Looking ----------------------------------------------------------- */

/**
 * ipcx_mail_matches() - Is this message wanted?
 * @mail: The message
 * @filter: What is wanted
 *
 * Context: Any.
 * Return: True when it matches, and has not expired.
 */
bool ipcx_mail_matches(const struct ipcx_mail *mail,
		       const struct ipcx_mail_filter *filter)
{
	if (mail_expired(mail))
		return false;
	switch (filter->match) {
	case IPCX_MATCH_TAG:
		return mail->tag == filter->tag;
	case IPCX_MATCH_MASK:
		return (mail->tag & filter->tag_arg) == filter->tag;
	case IPCX_MATCH_RANGE:
		return mail->tag >= filter->tag && mail->tag <= filter->tag_arg;
	case IPCX_MATCH_ID:
		return mail->order == filter->tag;
	default:
		return true;
	}
}

/**
 * ipcx_mailq_search_locked() - ipcx_mailq_find_locked(), from message to message
 * @q: Of which queue
 * @filter: Of those that match
 * @skip: And behind so many of them
 *
 * Context: Under the lock.
 * Return: The message, or NULL.
 */
struct ipcx_mail *
ipcx_mailq_search_locked(const struct ipcx_mailq *q,
			 const struct ipcx_mail_filter *filter, u32 skip)
{
	struct ipcx_mail *mail;

	lockdep_assert_held(q->lock);

	for (mail = node_to_mail(rb_first_cached(&q->root)); mail;
	     mail = mail_next(mail))
		if (ipcx_mail_matches(mail, filter) && !skip--)
			return mail;
	return NULL;
}

/**
 * ipcx_mailq_find_news_locked() - The message that comes next, of the news
 * @q: Of which queue
 * @filter: Of those that match
 * @since: What &ipcx_mailq.next_news was when there was none that did
 *
 * Context: Under the lock. Looks at the news only.
 * Return: The message, or NULL.
 */
struct ipcx_mail *
ipcx_mailq_find_news_locked(const struct ipcx_mailq *q,
			    const struct ipcx_mail_filter *filter, u64 since)
{
	struct ipcx_mail *mail, *found = NULL;

	lockdep_assert_held(q->lock);

	list_for_each_entry_reverse(mail, &q->by_news, link) {
		if (mail->news < since)
			break;
		if (ipcx_mail_matches(mail, filter) &&
		    (!found || mail_before(mail, found)))
			found = mail;
	}
	return found;
}

/**
 * ipcx_mailq_age_locked() - For how long is the oldest message there?
 * @q: Of which queue
 *
 * The first one of a priority is the oldest of it.
 *
 * Context: Under the lock. Looks at one message of each priority.
 * Return: Nanoseconds, 0 when there is none.
 */
u64 ipcx_mailq_age_locked(const struct ipcx_mailq *q)
{
	u64 oldest = U64_MAX;
	struct rb_node *node;

	lockdep_assert_held(q->lock);

	for (node = rb_first_cached(&q->root); node; node = rb_next(node))
		oldest = min(oldest, node_to_mail(node)->arrived);
	return oldest == U64_MAX ? 0 : ipcx_tick_age_ns(oldest);
}

/**
 * ipcx_mailq_share_locked() - What a user has in a queue
 * @q: The queue
 * @user: The user
 * @messages: Gets its messages
 * @bytes: Gets the bytes of their payload
 *
 * Context: Under the lock.
 */
void ipcx_mailq_share_locked(const struct ipcx_mailq *q,
			     const struct ipcx_user *user, u32 *messages,
			     u64 *bytes)
{
	struct ipcx_mail_share *share;
	struct rb_node *node;

	lockdep_assert_held(q->lock);

	if (user != q->owner) {
		share = share_find_locked(q, user);
		*messages = share ? share->messages : 0;
		*bytes = share ? share->bytes : 0;
		return;
	}
	/* The owner has what no other has. */
	*messages = q->messages;
	*bytes = q->bytes;
	for (node = rb_first(&q->shares); node; node = rb_next(node)) {
		share = node_to_share(node);
		*messages -= share->messages;
		*bytes -= share->bytes;
	}
}
