/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small copies between kernel and user memory.
 */
#ifndef IPCX_UCOPY_H
#define IPCX_UCOPY_H

#include <linux/errno.h>
#include <linux/types.h>
#include <linux/uaccess.h>

/**
 * DOC: Small copies
 *
 * A general copy of a few words costs several times what the words do: it is
 * called, checks what it is about to write to, and copies by a string
 * instruction that takes its time to start. These go word by word. They are for
 * sizes that are known, or short: the kernel's side is not checked, so it has to
 * be plain to the reader that it has the room.
 */

/**
 * ipcx_words_in() - Copy words from user memory
 * @to: Where to; room for @nr words
 * @from: Where from, need not be aligned
 * @nr: How many
 *
 * Context: Sleeps. Touches user memory.
 * Return: 0 or -EFAULT.
 */
static __always_inline int ipcx_words_in(u64 *to, const void __user *from,
					 size_t nr)
{
	const u64 __user *words = from;
	size_t i;

	if (!user_access_begin(words, nr * sizeof(*words)))
		return -EFAULT;
	for (i = 0; i < nr; i++)
		unsafe_get_user(to[i], &words[i], err_fault);
	user_access_end();
	return 0;

err_fault:
	user_access_end();
	return -EFAULT;
}

/**
 * ipcx_words_out() - Copy words to user memory
 * @to: Where to, need not be aligned
 * @from: Where from
 * @nr: How many
 *
 * Context: Sleeps. Touches user memory.
 * Return: 0 or -EFAULT.
 */
static __always_inline int ipcx_words_out(void __user *to, const u64 *from,
					  size_t nr)
{
	u64 __user *words = to;
	size_t i;

	if (!user_access_begin(words, nr * sizeof(*words)))
		return -EFAULT;
	for (i = 0; i < nr; i++)
		unsafe_put_user(from[i], &words[i], err_fault);
	user_access_end();
	return 0;

err_fault:
	user_access_end();
	return -EFAULT;
}

#endif /* IPCX_UCOPY_H */
