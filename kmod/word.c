// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words that user space may map. Their rules are in word.h.
 */
#include "word.h"

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>

#include "compat.h"
#include "quota.h"

/**
 * ipcx_word_init() - Make a word
 * @word: The word
 * @value: What it says
 *
 * Context: Before the object is published.
 */
void ipcx_word_init(struct ipcx_word *word, u32 value)
{
	word->local = value;
	word->at = &word->local;
	word->page = NULL;
}

/**
 * ipcx_word_release() - Free what a word has
 * @word: The word, which nobody maps any more
 *
 * Context: Any.
 */
void ipcx_word_release(struct ipcx_word *word)
{
	if (word->page)
		put_page(word->page);
}

/**
 * ipcx_word_take() - Take units
 * @word: A word that counts
 * @n: How many
 * @arm: On failure, make user space come through the kernel
 *
 * Context: Under the object's lock.
 * Return: 0 or -EAGAIN.
 */
int ipcx_word_take(struct ipcx_word *word, u32 n, bool arm)
{
	u32 v = ipcx_word_read(word);
	int tries;

	for (tries = 0; tries < IPCX_WORD_TRIES;
	     ipcx_word_lost(word, &v, &tries)) {
		if ((v & IPCX_SEM_WORD_VALUE) >= n) {
			if (ipcx_word_cmpxchg(word, &v, v - n))
				return 0;
		} else if (!arm || v & IPCX_SEM_WORD_SLEEPERS) {
			return -EAGAIN;
		} else if (ipcx_word_cmpxchg(word, &v,
					     v | IPCX_SEM_WORD_SLEEPERS)) {
			return -EAGAIN;
		}
	}
	if (arm)
		ipcx_word_set(word, IPCX_SEM_WORD_SLEEPERS);
	return -EAGAIN;
}

/**
 * ipcx_word_give() - Give units
 * @word: A word that counts
 * @n: How many
 * @max: What it must not exceed
 *
 * Context: Under the object's lock.
 * Return: 0 or -EOVERFLOW.
 */
int ipcx_word_give(struct ipcx_word *word, u32 n, u32 max)
{
	u32 v = ipcx_word_read(word);
	u32 value;
	int tries;

	for (tries = 0; tries < IPCX_WORD_TRIES;
	     ipcx_word_lost(word, &v, &tries)) {
		value = v & IPCX_SEM_WORD_VALUE;
		if (value > max || n > max - value)
			return -EOVERFLOW;
		if (ipcx_word_cmpxchg(word, &v, v + n))
			return 0;
	}
	return -EOVERFLOW;
}

/**
 * ipcx_word_give_back() - Give back what was taken
 * @word: A word that counts
 * @n: How many
 * @max: Where to stop: a scribbler, or somebody who gave in user space between
 *	the taking and this, may have filled it up
 *
 * Context: Under the object's lock.
 */
void ipcx_word_give_back(struct ipcx_word *word, u32 n, u32 max)
{
	u32 v = ipcx_word_read(word);
	u32 value, next;
	int tries;

	for (tries = 0; tries < IPCX_WORD_TRIES;
	     ipcx_word_lost(word, &v, &tries)) {
		value = v & IPCX_SEM_WORD_VALUE;
		next = (v & IPCX_WORD_FLAGS) | min(value + n, max);
		if (ipcx_word_cmpxchg(word, &v, next))
			return;
	}
	ipcx_word_write(word, min(n, max) | IPCX_WORD_FLAGS);
}

/**
 * ipcx_word_unlock() - Take the holder out of a lock's word
 * @word: The word
 * @id: Who must be the holder
 * @set: What to put in its place
 *
 * Context: Under the object's lock. The caller serves those who sleep.
 * Return: 0, or -EPERM when the holder is somebody else.
 */
int ipcx_word_unlock(struct ipcx_word *word, u32 id, u32 set)
{
	u32 v = ipcx_word_read(word);
	int tries;

	for (tries = 0; tries < IPCX_WORD_TRIES;
	     ipcx_word_lost(word, &v, &tries)) {
		if ((v & IPCX_LOCK_WORD_HOLDER) != id)
			return -EPERM;
		if (ipcx_word_cmpxchg(word, &v,
				      (v & ~IPCX_LOCK_WORD_HOLDER) | set))
			return 0;
	}
	ipcx_word_write(word, IPCX_WORD_FLAGS | set);
	return 0;
}

static vm_fault_t word_fault(struct vm_fault *vmf)
{
	struct ipcx_word *word = vmf->vma->vm_private_data;

	get_page(word->page);
	vmf->page = word->page;
	return 0;
}

/* The mapping pins the file, the file the handle, the handle the object. */
static const struct vm_operations_struct word_vm_ops = {
	.fault = word_fault,
};

/* Move the word into a page that can be mapped, once, with its flags. */
static int word_to_page(struct ipcx_word *word, spinlock_t *lock,
			struct ipcx_user *user, u64 *bytes)
{
	struct page *page;
	int r;

	if (READ_ONCE(word->page))
		return 0;
	r = ipcx_charge(user, IPCX_RESOURCE_BYTES, PAGE_SIZE);
	if (r)
		return r;
	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!page) {
		ipcx_uncharge(user, IPCX_RESOURCE_BYTES, PAGE_SIZE);
		return -ENOMEM;
	}

	spin_lock(lock);
	if (!word->page) {
		*(u32 *)page_address(page) = *word->at;
		WRITE_ONCE(word->at, page_address(page));
		WRITE_ONCE(word->page, page);
		*bytes += PAGE_SIZE;
		page = NULL;
	}
	spin_unlock(lock);
	if (page) {
		__free_page(page);
		ipcx_uncharge(user, IPCX_RESOURCE_BYTES, PAGE_SIZE);
	}
	return 0;
}

/**
 * ipcx_word_map() - Map a word
 * @word: The word
 * @vma: One shared page at offset 0; its file pins @word
 * @lock: The object's lock
 * @user: Who pays for the page
 * @bytes: Gets the charge, under @lock
 *
 * Context: Sleeps.
 * Return: 0, -EINVAL, -ENOMEM, -EDQUOT, -ENOSPC.
 */
int ipcx_word_map(struct ipcx_word *word, struct vm_area_struct *vma,
		  spinlock_t *lock, struct ipcx_user *user, u64 *bytes)
{
	int r;

	if (vma->vm_pgoff || vma_pages(vma) != 1 ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	r = word_to_page(word, lock, user, bytes);
	if (r)
		return r;
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &word_vm_ops;
	vma->vm_private_data = word;
	return 0;
}
