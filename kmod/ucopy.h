/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small copies between kernel and user memory.
 */
#ifndef IPCX_UCOPY_H
#define IPCX_UCOPY_H

#include <linux/errno.h>
#include <linux/instrumented.h>
#include <linux/nospec.h>
#include <linux/types.h>
#include <linux/uaccess.h>

/**
 * DOC: Small copies
 *
 * A general copy of a few words costs several times what the words do: it is
 * called, and looks up what kind of memory it is about to write to. These do not:
 * the kernel's side is not checked, so it has to be plain to the reader that it
 * has the room. Words are for a number that the compiler knows, or that is small;
 * bytes for what is short.
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
#pragma GCC unroll 16
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
#pragma GCC unroll 16
	for (i = 0; i < nr; i++)
		unsafe_put_user(from[i], &words[i], err_fault);
	user_access_end();
	return 0;

err_fault:
	user_access_end();
	return -EFAULT;
}

/**
 * ipcx_bytes_in() - Copy bytes from user memory
 * @to: Where to; room for @size bytes
 * @from: Where from
 * @size: How many
 *
 * Context: Sleeps. Touches user memory.
 * Return: 0 or -EFAULT.
 */
static __always_inline int ipcx_bytes_in(void *to, const void __user *from,
					 size_t size)
{
	unsigned long left;

	might_fault();
	if (!access_ok(from, size))
		return -EFAULT;
	/* Nothing is read from where a wrong guess of the processor leads. */
	barrier_nospec();
	instrument_copy_from_user_before(to, from, size);
	left = raw_copy_from_user(to, from, size);
	instrument_copy_from_user_after(to, from, size, left);
	return left ? -EFAULT : 0;
}

/**
 * ipcx_bytes_out() - Copy bytes to user memory
 * @to: Where to
 * @from: Where from
 * @size: How many
 *
 * Context: Sleeps. Touches user memory.
 * Return: 0 or -EFAULT.
 */
static __always_inline int ipcx_bytes_out(void __user *to, const void *from,
					  size_t size)
{
	might_fault();
	if (!access_ok(to, size))
		return -EFAULT;
	instrument_copy_to_user(to, from, size);
	return raw_copy_to_user(to, from, size) ? -EFAULT : 0;
}

#endif /* IPCX_UCOPY_H */
