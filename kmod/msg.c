// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages. What they promise is in msg.h.
 */
#include "msg.h"

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "chunk.h"
#include "holder.h"
#include "quota.h"
#include "spare.h"
#include "ucopy.h"

/* Structure and payload in one allocation up to this; it is one page's worth. */
#define MSG_TOGETHER PAGE_SIZE

#define MSG_GFP (GFP_KERNEL_ACCOUNT | __GFP_NOWARN)

static u32 pages_for(size_t head, size_t size)
{
	return head + size <= MSG_TOGETHER ? 0 : DIV_ROUND_UP(size, PAGE_SIZE);
}

/* What a long one costs the kernel. */
static u64 bytes_for(size_t head, size_t size, u64 nr_pages)
{
	if (!nr_pages)
		return head + size;
	return head + nr_pages * (PAGE_SIZE + sizeof(struct page *));
}

/* ---- Chunks ------------------------------------------------------------ */

/* A place in the payload, which goes from chunk to chunk. */
struct place {
	const struct ipcx_msg *msg;
	u32 chunk;
	size_t offset; /* in the chunk */
	size_t left; /* of the payload */
};

static struct place place_of(const struct ipcx_msg *msg)
{
	return (struct place) { .msg = msg, .left = msg->size };
}

/* Where it is, and for how many bytes from there on; 0 at the end. */
static void *place_at(const struct place *place, size_t *size)
{
	const struct ipcx_msg *msg = place->msg;
	struct page *page;

	if (!msg->nr_chunks || !place->left) {
		*size = place->left;
		return msg->data + place->offset;
	}
	page = msg->chunks[place->chunk];
	*size = min_t(size_t, place->left, page_size(page) - place->offset);
	return page_address(page) + place->offset;
}

static void place_go_on(struct place *place, size_t size)
{
	const struct ipcx_msg *msg = place->msg;

	place->left -= size;
	place->offset += size;
	if (msg->nr_chunks && place->left &&
	    place->offset == page_size(msg->chunks[place->chunk])) {
		place->chunk++;
		place->offset = 0;
	}
}

static void free_chunks(struct ipcx_msg *msg)
{
	ipcx_chunks_put(msg->chunks, msg->nr_chunks);
	kvfree(msg->chunks);
}

/* What is there already goes with the message when one cannot be had. */
static int alloc_chunks(struct ipcx_msg *msg, u32 nr_pages)
{
	msg->nr_pages = nr_pages;
	msg->chunks = kvmalloc_array(nr_pages, sizeof(*msg->chunks), MSG_GFP);
	if (!msg->chunks)
		return -ENOMEM;
	if (!ipcx_chunks_get(msg->chunks, nr_pages, &msg->nr_chunks))
		return 0;
	return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
}

/* ---- In ---------------------------------------------------------------- */

static int part_in(void *to, const struct ipcx_payload *from, size_t offset,
		   size_t size)
{
	if (from->iter)
		return copy_from_iter(to, size, from->iter) == size ? 0 :
								      -EFAULT;
	return copy_from_user(to, from->user + offset, size) ? -EFAULT : 0;
}

static int copy_in(struct ipcx_msg *msg, const struct ipcx_payload *from)
{
	struct place place = place_of(msg);
	size_t size;
	void *to;
	int r;

	if (!msg->nr_chunks)
		return part_in(msg->data, from, 0, msg->size);
	for (; place.left; place_go_on(&place, size)) {
		to = place_at(&place, &size);
		r = part_in(to, from, msg->size - place.left, size);
		if (r)
			return r;
		cond_resched();
	}
	return 0;
}

/* A spare one has a process already, or none. */
static __always_inline void msg_stamp(struct ipcx_msg *msg)
{
	const struct cred *cred = current_cred();
	struct pid *pid = task_tgid(current);

	if (msg->pid != pid) {
		put_pid(msg->pid);
		msg->pid = get_pid(pid);
	}
	msg->exec_id = READ_ONCE(current->self_exec_id);
	msg->uid = cred->euid;
	msg->gid = cred->egid;
	msg->sent_ns = ktime_get_real_ns();
}

static void msg_stamp_as(struct ipcx_msg *msg, const struct ipcx_msg *other)
{
	msg->pid = get_pid(other->pid);
	msg->exec_id = other->exec_id;
	msg->uid = other->uid;
	msg->gid = other->gid;
	msg->sent_ns = other->sent_ns;
}

/* ---- Spares ------------------------------------------------------------ */

/* So many for each processor. */
#define SPARES 32

struct spares {
	struct ipcx_msg *first;
	unsigned int nr;
};

/* Used in process context only: who does not preempt has its own to itself. */
static DEFINE_PER_CPU(struct spares, spares);

static struct ipcx_msg *spare_get(void)
{
	struct spares *s = get_cpu_ptr(&spares);
	struct ipcx_msg *msg = s->first;

	if (msg) {
		s->first = msg->origin;
		s->nr--;
	}
	put_cpu_ptr(&spares);
	return msg;
}

static bool spare_put(struct ipcx_msg *msg)
{
	struct spares *s = get_cpu_ptr(&spares);
	bool room = s->nr < SPARES && ipcx_spares_wanted();

	if (room) {
		msg->origin = s->first;
		s->first = msg;
		s->nr++;
	}
	put_cpu_ptr(&spares);
	return room;
}

static void spare_free(struct ipcx_msg *msg)
{
	ipcx_user_put(msg->user);
	put_pid(msg->pid);
	kfree(msg);
}

/**
 * ipcx_msg_exit() - Free what is spare
 *
 * Context: Module exit: there is no message.
 */
void ipcx_msg_exit(void)
{
	struct ipcx_msg *msg, *next;
	int cpu;

	for_each_possible_cpu(cpu) {
		for (msg = per_cpu(spares, cpu).first; msg; msg = next) {
			next = msg->origin;
			spare_free(msg);
		}
	}
}

/* ---- New ones ---------------------------------------------------------- */

static void msg_init(struct ipcx_msg *msg, u64 bytes)
{
	msg->pid = NULL;
	msg->nr_chunks = 0;
	msg->nr_pages = 0;
	msg->nr_files = 0;
	msg->shared = false;
	msg->again = false;
	msg->chunks = NULL;
	msg->files = NULL;
	msg->origin = NULL;
	msg->bytes = bytes;
}

/* One that is not spare, with a user. */
static noinline struct ipcx_msg *short_new(struct ipcx_user *likely)
{
	struct ipcx_user *user = ipcx_user_current(likely);
	unsigned long group = ipcx_spare_group();
	struct ipcx_msg *msg;

	if (IS_ERR(user))
		return ERR_CAST(user);
	msg = kmalloc(IPCX_MSG_SHORT, MSG_GFP);
	if (!msg) {
		ipcx_user_put(user);
		return ERR_PTR(-ENOMEM);
	}
	msg_init(msg, IPCX_MSG_SHORT);
	msg->again = true;
	msg->group = group;
	msg->user = user;
	return msg;
}

/* A spare one was another's: of another user, or of another group. */
static noinline struct ipcx_msg *short_others(struct ipcx_msg *msg,
					      struct ipcx_user *likely)
{
	struct ipcx_user *user;

	if (msg->group != ipcx_spare_group()) {
		spare_free(msg);
		return short_new(likely);
	}
	user = ipcx_user_current(likely);
	if (IS_ERR(user)) {
		spare_free(msg);
		return ERR_CAST(user);
	}
	ipcx_user_put(msg->user);
	msg->user = user;
	return msg;
}

/* Of the current user, who is not charged yet. */
static struct ipcx_msg *short_get(struct ipcx_user *likely)
{
	struct ipcx_msg *msg = spare_get();

	if (unlikely(!msg))
		return short_new(likely);
	if (unlikely(msg->group != ipcx_spare_group() ||
		     !ipcx_user_is_current(msg->user)))
		msg = short_others(msg, likely);
	if (!IS_ERR(msg)) {
		msg->origin = NULL;
		msg->shared = false;
	}
	return msg;
}

static void short_put(struct ipcx_msg *msg)
{
	if (!spare_put(msg))
		spare_free(msg);
}

static struct ipcx_msg *msg_new_short(size_t head, struct ipcx_user *likely,
				      const struct ipcx_payload *from)
{
	struct ipcx_msg *msg = short_get(likely);
	int r;

	if (IS_ERR(msg))
		return msg;
	r = ipcx_charge(msg->user, IPCX_RESOURCE_BYTES, IPCX_MSG_SHORT);
	if (unlikely(r))
		goto err_msg;
	msg->data = (void *)msg + head;
	msg->size = from->size;
	r = likely(!from->iter) ?
		    ipcx_bytes_in(msg->data, from->user, from->size) :
		    part_in(msg->data, from, 0, from->size);
	if (unlikely(r))
		goto err_bytes;
	refcount_set(&msg->refs, 1);
	msg_stamp(msg);
	return msg;

err_bytes:
	ipcx_uncharge(msg->user, IPCX_RESOURCE_BYTES, IPCX_MSG_SHORT);
err_msg:
	short_put(msg);
	return ERR_PTR(r);
}

/*
 * A structure with room for so much behind it, paid by @user, whose reference
 * it takes over, also on failure. The room's own fields are not set.
 */
static struct ipcx_msg *msg_alloc(size_t head, size_t behind, u64 bytes,
				  struct ipcx_user *user)
{
	struct ipcx_msg *msg;
	int r;

	r = ipcx_charge(user, IPCX_RESOURCE_BYTES, bytes);
	if (r)
		goto err_user;
	r = -ENOMEM;
	msg = kmalloc(head + behind, MSG_GFP);
	if (!msg)
		goto err_bytes;
	msg_init(msg, bytes);
	refcount_set(&msg->refs, 1);
	msg->data = (void *)msg + head;
	msg->user = user;
	return msg;

err_bytes:
	ipcx_uncharge(user, IPCX_RESOURCE_BYTES, bytes);
err_user:
	ipcx_user_put(user);
	return ERR_PTR(r);
}

static noinline struct ipcx_msg *msg_new_long(size_t head,
					      struct ipcx_user *likely,
					      const struct ipcx_payload *from)
{
	size_t size = from->size;
	u32 nr_pages = pages_for(head, size);
	struct ipcx_user *user;
	struct ipcx_msg *msg;
	int r;

	user = ipcx_user_current(likely);
	if (IS_ERR(user))
		return ERR_CAST(user);
	msg = msg_alloc(head, nr_pages ? 0 : size,
			bytes_for(head, size, nr_pages), user);
	if (IS_ERR(msg))
		return msg;
	msg->size = size;
	msg_stamp(msg);
	r = nr_pages ? alloc_chunks(msg, nr_pages) : 0;
	if (!r)
		r = copy_in(msg, from);
	if (!r)
		return msg;
	ipcx_msg_put(msg);
	return ERR_PTR(r);
}

/**
 * ipcx_msg_new() - Make a message of what the caller sends
 * @head: Size of the room's structure, whose own fields are left to it
 * @likely: See ipcx_user_current()
 * @from: The payload
 *
 * Context: Sleeps. Touches user memory.
 * Return: The message with one reference, or an ERR_PTR: -EFAULT, -ENOMEM,
 * -EDQUOT, -ENOSPC, -EINTR.
 */
struct ipcx_msg *ipcx_msg_new(size_t head, struct ipcx_user *likely,
			      const struct ipcx_payload *from)
{
	if (likely(head + from->size <= IPCX_MSG_SHORT))
		return msg_new_short(head, likely, from);
	return msg_new_long(head, likely, from);
}

/**
 * ipcx_msg_copy() - The same message once more
 * @head: As for ipcx_msg_new()
 * @msg: The message, which nobody else has seen yet
 *
 * Payload and files are shared.
 *
 * Context: Sleeps.
 * Return: The copy with one reference, or an ERR_PTR: -ENOMEM, -EDQUOT,
 * -ENOSPC.
 */
struct ipcx_msg *ipcx_msg_copy(size_t head, struct ipcx_msg *msg)
{
	struct ipcx_msg *copy;

	copy = msg_alloc(head, 0, head, ipcx_user_get(msg->user));
	if (IS_ERR(copy))
		return copy;
	copy->size = msg->size;
	copy->data = msg->data;
	copy->nr_chunks = msg->nr_chunks;
	copy->nr_pages = msg->nr_pages;
	copy->chunks = msg->chunks;
	copy->nr_files = msg->nr_files;
	copy->files = msg->files;
	copy->origin = msg;
	copy->shared = true;
	msg->shared = true;
	msg_stamp_as(copy, msg);
	ipcx_msg_get(msg);
	return copy;
}

/**
 * ipcx_msg_keep_files() - Give files to a message
 * @msg: The message, which nobody else has seen yet
 * @files: Files with a reference each, in an allocated array; the message's
 *	afterwards, but not after an error
 * @nr: How many, not 0
 *
 * Context: Sleeps.
 * Return: 0, -EDQUOT, -ENOSPC.
 */
int ipcx_msg_keep_files(struct ipcx_msg *msg, struct file **files, u32 nr)
{
	int r;

	r = ipcx_charge(msg->user, IPCX_RESOURCE_FDS, nr);
	if (r)
		return r;
	msg->files = files;
	msg->nr_files = nr;
	msg->again = false;
	return 0;
}

/* ---- The end ----------------------------------------------------------- */

static void close_files(struct ipcx_msg *msg)
{
	u32 i;

	if (!msg->files)
		return;
	for (i = 0; i < msg->nr_files; i++)
		fput(msg->files[i]);
	kfree(msg->files);
	msg->files = NULL;
	ipcx_uncharge(msg->user, IPCX_RESOURCE_FDS, msg->nr_files);
}

static noinline void msg_end_long(struct ipcx_msg *msg)
{
	struct ipcx_msg *origin = msg->origin;
	struct ipcx_user *user = msg->user;
	u64 bytes = msg->bytes;

	if (!origin) {
		close_files(msg);
		if (msg->chunks)
			free_chunks(msg);
	}
	put_pid(msg->pid);
	kfree(msg);
	ipcx_uncharge(user, IPCX_RESOURCE_BYTES, bytes);
	ipcx_user_put(user);
	/* Which has none itself. */
	if (origin)
		ipcx_msg_put(origin);
}

/**
 * ipcx_msg_put() - Give a reference back
 * @msg: The message
 *
 * Context: Sleeps. Not under a lock: it may be the last one.
 */
void ipcx_msg_put(struct ipcx_msg *msg)
{
	if (!refcount_dec_and_test(&msg->refs))
		return;
	if (unlikely(!msg->again)) {
		msg_end_long(msg);
		return;
	}
	/* What is spare keeps no namespace of processes. */
	if (unlikely(msg->pid->level)) {
		put_pid(msg->pid);
		msg->pid = NULL;
	}
	ipcx_uncharge(msg->user, IPCX_RESOURCE_BYTES, IPCX_MSG_SHORT);
	short_put(msg);
}

/* ---- Out --------------------------------------------------------------- */

static int part_out(const struct ipcx_payload *to, const void *from,
		    size_t offset, size_t size)
{
	if (to->iter)
		return copy_to_iter(from, size, to->iter) == size ? 0 : -EFAULT;
	return copy_to_user(to->user + offset, from, size) ? -EFAULT : 0;
}

/**
 * ipcx_msg_copy_out_long() - ipcx_msg_copy_out(), of whatever payload
 * @msg: The message, to which the caller has a reference
 * @to: Where to; there is room for all of it
 *
 * Context: Sleeps, for as long as a page of user memory takes to come.
 * Return: 0 or -EFAULT.
 */
int ipcx_msg_copy_out_long(const struct ipcx_msg *msg,
			   const struct ipcx_payload *to)
{
	struct place place = place_of(msg);
	const void *from;
	size_t size;
	int r;

	for (; place.left; place_go_on(&place, size)) {
		from = place_at(&place, &size);
		r = part_out(to, from, msg->size - place.left, size);
		if (r)
			return r;
		cond_resched();
	}
	return 0;
}

static void copy_across(const struct ipcx_msg *to, const struct ipcx_msg *from)
{
	struct place source = place_of(from), target = place_of(to);
	size_t size, room;
	const void *data;
	void *dest;

	while (source.left) {
		data = place_at(&source, &size);
		dest = place_at(&target, &room);
		size = min(size, room);
		memcpy(dest, data, size);
		place_go_on(&source, size);
		place_go_on(&target, size);
		cond_resched();
	}
}

/**
 * ipcx_msg_in_pages() - The payload in pages that are the caller's own
 * @msg: The message, to which the caller has a reference
 *
 * For who wants to keep the pages of a message that has none, or shares them.
 *
 * Context: Sleeps.
 * Return: A message of the calling user without files, with one reference, or an
 * ERR_PTR: -ENOMEM, -EDQUOT, -ENOSPC, -EINTR.
 */
struct ipcx_msg *ipcx_msg_in_pages(const struct ipcx_msg *msg)
{
	u32 nr_pages = DIV_ROUND_UP(msg->size, PAGE_SIZE);
	struct ipcx_user *user;
	struct ipcx_msg *copy;
	int r;

	user = ipcx_user_current(msg->user);
	if (IS_ERR(user))
		return ERR_CAST(user);
	copy = msg_alloc(sizeof(*copy), 0,
			 bytes_for(sizeof(*copy), msg->size, nr_pages), user);
	if (IS_ERR(copy))
		return copy;
	copy->size = msg->size;
	msg_stamp_as(copy, msg);
	r = alloc_chunks(copy, nr_pages);
	if (r) {
		ipcx_msg_put(copy);
		return ERR_PTR(r);
	}
	copy_across(copy, msg);
	return copy;
}

/**
 * ipcx_msg_clear_behind() - Make the pages fit to be shown to user space
 * @msg: The message, which has pages that are its own
 *
 * What is behind the payload in the last one was another's.
 *
 * Context: Sleeps.
 */
void ipcx_msg_clear_behind(const struct ipcx_msg *msg)
{
	struct page *last = msg->chunks[msg->nr_chunks - 1];
	size_t used = offset_in_page(msg->size);

	if (used)
		memset(page_address(last) + page_size(last) - PAGE_SIZE + used,
		       0, PAGE_SIZE - used);
}

/**
 * ipcx_msg_at() - Where a byte of the pages is
 * @msg: The message, which has pages
 * @offset: Which byte
 * @size: Gets for how many bytes from there on
 *
 * Context: Any.
 * Return: A pointer to it, or NULL behind the end of the pages.
 */
const void *ipcx_msg_at(const struct ipcx_msg *msg, size_t offset, size_t *size)
{
	size_t chunk;
	u32 i;

	for (i = 0; i < msg->nr_chunks; i++) {
		chunk = page_size(msg->chunks[i]);
		if (offset < chunk) {
			*size = chunk - offset;
			return page_address(msg->chunks[i]) + offset;
		}
		offset -= chunk;
	}
	return NULL;
}

/**
 * ipcx_msg_hand_over() - Another user pays from now on
 * @msg: The message, which only the caller receives, and does not share
 * @user: Who was charged with &ipcx_msg.bytes for that, or pays already
 *
 * Its files are closed: they have been received. Others may be copying the
 * message out still, and one of them may give the last reference back; who does
 * reads @msg->user behind its decrement, which comes after ours.
 *
 * Context: Sleeps.
 */
void ipcx_msg_hand_over(struct ipcx_msg *msg, struct ipcx_user *user)
{
	struct ipcx_user *old = msg->user;

	close_files(msg);
	if (user == old)
		return;
	msg->user = ipcx_user_get(user);
	ipcx_uncharge(old, IPCX_RESOURCE_BYTES, msg->bytes);
	ipcx_user_put(old);
}
