/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Chunks: whole pages for long payloads.
 */
#ifndef IPCX_CHUNK_H
#define IPCX_CHUNK_H

#include <linux/types.h>

/**
 * DOC: Chunks
 *
 * A chunk is one page, or 2, 4 or 8 that lie together, as struct page of the
 * first. What is in it is undefined: whoever gets one writes all that will ever
 * be read of it.
 *
 * *Spares.* A chunk that is given back is kept for a while. A kernel that clears
 * each page that it hands out pays for that as much as for the copy of the
 * payload, which is all for nothing. What was spare for a second goes to the
 * page allocator, and so does all of it when the machine's memory runs short. A
 * kernel that clears pages as they are freed (init_on_free) wants no old payloads
 * about: then nothing is kept.
 *
 * *Memory cgroups.* A chunk stays charged to the cgroup of who got it first, so
 * only a task of the same one gets it again. A cgroup may need its memory for
 * something else, and the kernel does not ask us for that of one: so no more than
 * 2 MiB of a cgroup are spare at a time, and a message that finds it at its limit
 * gets them in whatever shape it needs.
 */

struct page;

u32 ipcx_chunks_get(struct page **chunks, u32 nr_pages, u32 *nr_chunks);
void ipcx_chunks_put(struct page **chunks, u32 nr_chunks);

int ipcx_chunk_init(void);
void ipcx_chunk_exit(void);

#endif /* IPCX_CHUNK_H */
