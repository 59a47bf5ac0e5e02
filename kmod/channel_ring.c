// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: the memory of the ring.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "channel.h"

static int ring_alloc_pages(struct ipcx_ring *ring, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		ring->pages[i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO |
					    __GFP_NOWARN);
		if (!ring->pages[i])
			return -ENOMEM;
		ring->pages[nr + i] = ring->pages[i];
		cond_resched();
	}
	return 0;
}

/**
 * ipcx_ring_alloc() - Make a ring
 * @ring: What to fill; freed by ipcx_ring_free(), also after an error
 * @capacity: Bytes, a power of two, whole pages
 *
 * Context: Sleeps.
 * Return: 0, -ENOMEM, or -EINTR when the caller is being killed.
 */
int ipcx_ring_alloc(struct ipcx_ring *ring, u32 capacity)
{
	unsigned int nr = capacity >> PAGE_SHIFT;
	int r;

	ring->data = NULL;
	ring->capacity = capacity;
	ring->pages = kvcalloc(2 * (size_t)nr, sizeof(*ring->pages),
			       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!ring->pages)
		return -ENOMEM;
	r = ring_alloc_pages(ring, nr);
	if (r)
		return r;
	ring->data = vmap(ring->pages, 2 * nr, VM_MAP, PAGE_KERNEL);
	return ring->data ? 0 : -ENOMEM;
}

/**
 * ipcx_ring_free() - Free a ring
 * @ring: Which, perhaps only half made, or zeros
 *
 * Context: Sleeps.
 */
void ipcx_ring_free(struct ipcx_ring *ring)
{
	unsigned int nr = ring->capacity >> PAGE_SHIFT, i;

	vunmap(ring->data);
	for (i = 0; ring->pages && i < nr && ring->pages[i]; i++)
		__free_page(ring->pages[i]);
	kvfree(ring->pages);
}
