// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: ends that are mapped. See channel.h for why nothing goes wrong.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "call.h"
#include "channel.h"
#include "compat.h"
#include "quota.h"

/* What the pages with the words cost. */
#define CONTROL_BYTES (CHANNEL_ENDS * PAGE_SIZE)

/**
 * ipcx_channel_arm_locked() - Who uses an end is about to sleep
 * @ch: A channel of which an end was mapped
 * @end: The end
 *
 * The caller looks once more behind it.
 *
 * Context: Under the object's lock.
 */
void ipcx_channel_arm_locked(struct ipcx_channel *ch, int end)
{
	lockdep_assert_held(&ch->obj.lock);

	WRITE_ONCE(ch->side[end].words->sleeps, 1);
	/* Pairs with the barrier of who has moved the other number. */
	smp_mb();
}

/**
 * ipcx_channel_tell_gone_locked() - Say whether an end is gone
 * @ch: The channel
 * @end: The end
 *
 * Context: Under the object's lock.
 */
void ipcx_channel_tell_gone_locked(struct ipcx_channel *ch, int end)
{
	const struct ipcx_channel_side *side = &ch->side[end];

	lockdep_assert_held(&ch->obj.lock);

	if (!channel_is_shared(ch))
		return;
	/* Behind what it has moved last. */
	smp_store_release(&side->words->gone, channel_end_gone(side));
}

/* ---- Pages with words -------------------------------------------------- */

static int alloc_control(struct page *page[CHANNEL_ENDS])
{
	int end;

	for (end = 0; end < CHANNEL_ENDS; end++) {
		page[end] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!page[end])
			return -ENOMEM;
	}
	return 0;
}

static void free_control(struct page *const page[CHANNEL_ENDS])
{
	int end;

	for (end = 0; end < CHANNEL_ENDS; end++)
		if (page[end])
			__free_page(page[end]);
}

static void move_words_locked(struct ipcx_channel *ch,
			      struct page *const page[CHANNEL_ENDS])
{
	struct ipcx_channel_side *side;
	int end;

	lockdep_assert_held(&ch->obj.lock);

	for (end = 0; end < CHANNEL_ENDS; end++) {
		side = &ch->side[end];
		side->words = page_address(page[end]);
		*side->words = side->own;
		ch->control[end] = page[end];
		ipcx_channel_tell_gone_locked(ch, end);
		/* There may be some who sleep already. */
		side->words->sleeps = 1;
	}
	ch->obj.bytes += CONTROL_BYTES;
}

/* They are made once, and stay. */
static int make_control(struct ipcx_channel *ch)
{
	struct page *page[CHANNEL_ENDS] = {};
	bool made = false;
	int r;

	if (READ_ONCE(ch->control[CHANNEL_SECOND]))
		return 0;
	r = ipcx_charge(ch->obj.user, IPCX_RESOURCE_BYTES, CONTROL_BYTES);
	if (r)
		return r;
	r = alloc_control(page);
	if (!r) {
		spin_lock(&ch->obj.lock);
		made = !channel_is_shared(ch);
		if (made)
			move_words_locked(ch, page);
		spin_unlock(&ch->obj.lock);
	}
	if (made)
		return 0;
	free_control(page);
	ipcx_uncharge(ch->obj.user, IPCX_RESOURCE_BYTES, CONTROL_BYTES);
	return r;
}

/**
 * ipcx_channel_free_control() - Free the pages with the words
 * @ch: The channel, which nobody uses any more
 *
 * Context: Sleeps.
 */
void ipcx_channel_free_control(struct ipcx_channel *ch)
{
	free_control(ch->control);
}

/* ---- Mappings ---------------------------------------------------------- */

static struct ipcx_channel *vma_to_channel(struct vm_area_struct *vma)
{
	const struct ipcx_handle *handle = vma->vm_file->private_data;

	return to_channel(handle->obj);
}

static int vma_to_end(struct vm_area_struct *vma)
{
	return channel_end(vma->vm_file->private_data);
}

/* A part of a mapping became one of its own, or it was moved. */
static void map_open(struct vm_area_struct *vma)
{
	struct ipcx_channel *ch = vma_to_channel(vma);

	spin_lock(&ch->obj.lock);
	ch->side[vma_to_end(vma)].mapped++;
	spin_unlock(&ch->obj.lock);
}

static void end_unmap(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_side *side = &ch->side[end];

	spin_lock(&ch->obj.lock);
	/* Any process may write where nobody has mapped the end. */
	if (!--side->mapped && !channel_end_reads(ch, end))
		ipcx_channel_drop_place_locked(side, end);
	else
		ipcx_channel_close_place_locked(side, end);
	spin_unlock(&ch->obj.lock);
	ipcx_holding_tidy(&ch->obj.ledger);
}

static void map_close(struct vm_area_struct *vma)
{
	end_unmap(vma_to_channel(vma), vma_to_end(vma));
}

/* The capacity does not change while there are mappings, nor do the pages. */
static vm_fault_t map_fault(struct vm_fault *vmf)
{
	const struct ipcx_channel *ch = vma_to_channel(vmf->vma);
	unsigned long nr = 2UL * (ch->ring.capacity >> PAGE_SHIFT);
	pgoff_t at = vmf->pgoff;
	struct page *page;

	if (at < IPCX_CHANNEL_MAP_DATA)
		page = ch->control[at];
	else if (at - IPCX_CHANNEL_MAP_DATA < nr)
		page = ch->ring.pages[at - IPCX_CHANNEL_MAP_DATA];
	else
		return VM_FAULT_SIGBUS;
	get_page(page);
	vmf->page = page;
	return 0;
}

/* The mapping pins the file, the file the handle, the handle the channel. */
static const struct vm_operations_struct map_vm_ops = {
	.open = map_open,
	.close = map_close,
	.fault = map_fault,
};

static int end_map(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_side *side = &ch->side[end];
	int r;

	r = make_control(ch);
	if (!r)
		r = min(ipcx_channel_take_place(ch, end, true), 0);
	if (r)
		return r;
	spin_lock(&ch->obj.lock);
	/* Whoever is in the middle of a write, of whatever process. */
	if (ch->resizers || (!side->mapped && side->inside))
		r = -EBUSY;
	side->mapped++;
	spin_unlock(&ch->obj.lock);
	if (r)
		end_unmap(ch, end);
	return r;
}

static bool range_is_sane(const struct ipcx_channel *ch,
			  struct vm_area_struct *vma)
{
	if (vma->vm_pgoff < IPCX_CHANNEL_MAP_DATA)
		return vma_pages(vma) == 1;
	return vma->vm_pgoff == IPCX_CHANNEL_MAP_DATA &&
	       vma_pages(vma) <=
		       2UL * (READ_ONCE(ch->ring.capacity) >> PAGE_SHIFT);
}

static bool may_write(const struct ipcx_channel *ch, int end, pgoff_t at)
{
	return at < IPCX_CHANNEL_MAP_DATA ? at == end :
					    channel_end_writes(ch, end);
}

/**
 * ipcx_channel_mmap() - mmap()
 * @obj: The channel
 * @file: Of a handle
 * @rights: Its rights
 * @vma: What is to be mapped
 *
 * Context: Sleeps.
 * Return: 0; -EBADF, -EINVAL, -EACCES, -EBUSY, -ENOMEM, or an error of
 * ipcx_channel_take_place().
 */
int ipcx_channel_mmap(struct ipcx_object *obj, struct file *file, u32 rights,
		      struct vm_area_struct *vma)
{
	struct ipcx_channel *ch = to_channel(obj);
	int end = channel_end(file->private_data), r;

	if (end < 0)
		return end;
	if (!(vma->vm_flags & VM_SHARED) || !range_is_sane(ch, vma))
		return -EINVAL;
	if (!may_write(ch, end, vma->vm_pgoff)) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	r = end_map(ch, end);
	if (r)
		return r;
	/* It may have changed before it could not any more. */
	if (!range_is_sane(ch, vma)) {
		end_unmap(ch, end);
		return -EINVAL;
	}
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &map_vm_ops;
	return 0;
}

/**
 * ipcx_channel_file_rights() - What the file of a handle is opened for
 * @obj: The channel
 * @part: Of the handle
 * @rights: Of the handle
 *
 * The kernel maps no file that is not open for reading, and not for writing what is
 * not open for that. So a file of an end that can be mapped is open for both; what
 * may be done with the end its room says.
 *
 * Context: Any.
 * Return: IPCX_RIGHT_*.
 */
u32 ipcx_channel_file_rights(struct ipcx_object *obj, u32 part, u32 rights)
{
	const struct ipcx_channel *ch = to_channel(obj);
	int end = (int)(part & CHANNEL_PART_END) - 1;
	u32 need;

	if (end < 0 || channel_turns(ch))
		return rights;
	need = end == CHANNEL_FIRST ? IPCX_RIGHT_WRITE : IPCX_RIGHT_READ;
	return rights & need ? rights | IPCX_RIGHT_READ | IPCX_RIGHT_WRITE :
			       rights & ~(IPCX_RIGHT_READ | IPCX_RIGHT_WRITE);
}

/* ---- Calls ------------------------------------------------------------- */

/*
 * Before there is anybody in the queue, so that the other end need not wake anybody:
 * between two processes that talk to one another on one processor.
 */
static bool await_by_yield(struct ipcx_channel *ch, struct ipcx_waitq *q,
			   struct ipcx_channel_entry *wait)
{
	enum ipcx_yield yielded = ipcx_waitq_yield(q);
	int r;

	if (yielded == IPCX_YIELD_NO)
		return false;
	spin_lock(&ch->obj.lock);
	r = ipcx_wait_try_locked(q, &wait->e, false);
	spin_unlock(&ch->obj.lock);
	ipcx_waitq_learn(q, !r && yielded == IPCX_YIELD_SHORT);
	return !r;
}

/**
 * ipcx_channel_wait() - IPCX_IOC_CHANNEL_WAIT
 * @call: The call
 *
 * Context: Sleeps.
 * Return: 0 or -errno.
 */
int ipcx_channel_wait(struct ipcx_call *call)
{
	const struct ipcx_channel_wait *arg = call->arg;
	struct ipcx_channel *ch = to_channel(call->obj);
	struct ipcx_channel_entry wait = { .need = max(arg->need, 1U) };
	struct ipcx_deadline deadline;
	int r, queue;

	wait.end = channel_end(call->handle);
	if (arg->flags & ~IPCX_CHANNEL_WAIT_F_WRITE || arg->__reserved ||
	    arg->need > READ_ONCE(ch->ring.capacity))
		return -EINVAL;
	if (wait.end < 0)
		return wait.end;
	queue = arg->flags || !channel_end_reads(ch, wait.end) ?
			CHANNEL_WRITERS :
			CHANNEL_READERS;
	if (queue == CHANNEL_WRITERS && !channel_end_writes(ch, wait.end))
		return -EBADF;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (r)
		return r;
	ipcx_wait_entry_init(&wait.e, 1);
	wait.e.mode = CHANNEL_READY;
	if (deadline.forever &&
	    await_by_yield(ch, channel_queue(ch, queue), &wait))
		return 0;
	r = ipcx_channel_begin(ch, queue, &wait, &deadline);
	return r == -EPIPE && ipcx_channel_told_of_death(ch, call->handle,
							 wait.end) ?
		       -EOWNERDEAD :
		       r;
}

/**
 * ipcx_channel_wake() - IPCX_IOC_CHANNEL_WAKE
 * @call: The call
 *
 * Context: Takes the object's lock. Wakes.
 * Return: 0 or -errno.
 */
int ipcx_channel_wake(struct ipcx_call *call)
{
	const struct ipcx_channel_wake *arg = call->arg;
	struct ipcx_channel *ch = to_channel(call->obj);
	int end = channel_end(call->handle);

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	if (end < 0)
		return end;
	spin_lock(&ch->obj.lock);
	/* Who goes on waiting sets it again. */
	WRITE_ONCE(ch->side[!end].words->sleeps, 0);
	if (channel_end_reads(ch, !end))
		ch->news |= CHANNEL_IN;
	if (channel_end_writes(ch, !end))
		ch->news |= CHANNEL_OUT;
	ipcx_channel_unlock(ch);
	return 0;
}
