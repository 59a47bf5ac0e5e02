/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words that count units or name a holder, and that user space may map.
 */
#ifndef IPCX_WORD_H
#define IPCX_WORD_H

#include <linux/atomic.h>
#include <linux/ipcx.h>
#include <linux/mm_types.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * DOC: Words
 *
 * A word counts units (&IPCX_SEM_WORD_VALUE) or has the id of a holder
 * (&IPCX_LOCK_WORD_HOLDER), with flags above. User space may have it mapped and
 * change it at any moment. So every access is atomic, and nothing that is read
 * is believed: whatever the word says, the kernel only adds to it, takes from
 * it, or hands it over. Who can write to it has the right to take and to give
 * anyway; by scribbling it can withhold or make up units of this one object,
 * and no more.
 *
 * Loops of compare-and-exchange are bounded: a scribbler on another processor
 * could win races for ever while the object's lock is held. After half of the
 * losses NOTIFY is set: if it is but a crowd of honest users that wins, it comes
 * through the kernel from then on, and the next exchange succeeds. After all of
 * them the kernel writes without asking what was there.
 *
 * The flags make user space come through the kernel. SLEEPERS is set by the
 * attempt that ends in sleep, by compare-and-exchange against the very word that
 * did not suffice: units that are given in user space before make the exchange
 * fail, and are seen; who gives them later sees the flag. NOTIFY does the same
 * for pollers.
 */

#define IPCX_WORD_FLAGS (IPCX_SEM_WORD_SLEEPERS | IPCX_SEM_WORD_NOTIFY)
#define IPCX_WORD_TRIES 1000

/**
 * struct ipcx_word - A word
 * @at: Where it is: @local, or in @page. Moves once, under the object's lock
 * @local: The word until it is mapped
 * @page: What is mapped; NULL until then. Set once, under the object's lock
 */
struct ipcx_word {
	u32 *at;
	u32 local;
	struct page *page;
};

struct ipcx_user;
struct vm_area_struct;

void ipcx_word_init(struct ipcx_word *word, u32 value);
void ipcx_word_release(struct ipcx_word *word);
int ipcx_word_map(struct ipcx_word *word, struct vm_area_struct *vma,
		  spinlock_t *lock, struct ipcx_user *user, u64 *bytes);

int ipcx_word_take(struct ipcx_word *word, u32 n, bool arm);
int ipcx_word_give(struct ipcx_word *word, u32 n, u32 max);
void ipcx_word_give_back(struct ipcx_word *word, u32 n, u32 max);
int ipcx_word_unlock(struct ipcx_word *word, u32 id, u32 set);

static inline u32 ipcx_word_read(const struct ipcx_word *word)
{
	return READ_ONCE(*word->at);
}

/*
 * Without the lock. A word that is just moving may look as it did before, or as
 * a fresh page: good enough to choose a way by, and nothing else.
 */
static inline u32 ipcx_word_peek(const struct ipcx_word *word)
{
	return READ_ONCE(*READ_ONCE(word->at));
}

static inline bool ipcx_word_cmpxchg(struct ipcx_word *word, u32 *old, u32 next)
{
	return try_cmpxchg(word->at, old, next);
}

static inline void ipcx_word_set(struct ipcx_word *word, u32 bits)
{
	atomic_or(bits, (atomic_t *)word->at);
}

/* An exchange was lost, and @v read anew. For loops that count in @tries. */
static inline void ipcx_word_lost(struct ipcx_word *word, u32 *v, int *tries)
{
	if (++*tries != IPCX_WORD_TRIES / 2)
		return;
	/* Goes with the next change when there is no poller. */
	ipcx_word_set(word, IPCX_SEM_WORD_NOTIFY);
	*v = ipcx_word_read(word);
}

static inline void ipcx_word_clear(struct ipcx_word *word, u32 bits)
{
	atomic_andnot(bits, (atomic_t *)word->at);
}

static inline void ipcx_word_write(struct ipcx_word *word, u32 value)
{
	xchg(word->at, value);
}

#endif /* IPCX_WORD_H */
