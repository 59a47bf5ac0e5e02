// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chunks. What they promise is in chunk.h.
 */
#include "chunk.h"

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "spare.h"

/*
 * A long message is refused rather than that somebody is killed for it. For a
 * large chunk nobody is disturbed: there are smaller ones.
 */
#define PAGE_GFP (GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)
#define CHUNK_GFP                                                           \
	((GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_COMP | __GFP_NORETRY) & \
	 ~__GFP_DIRECT_RECLAIM)

/* The largest that the page allocator keeps at hand for each processor. */
#define CHUNK_ORDER PAGE_ALLOC_COSTLY_ORDER

/* What is not used for so long is not spare any more, but waste. */
#define POOL_PERIOD HZ

/* Of the memory so much may be spare, and on one node so many pages. */
#define POOL_SHARE     256
#define POOL_PAGES_MAX (64UL * 1024 * 1024 / PAGE_SIZE)

/**
 * struct pool - The spare chunks of a node
 * @lock: Protects all of it; innermost
 * @spare: Chunks by their order, the last one that came first, linked by the
 *	list head of their first page, whose private number is the group
 * @pages: Pages in all
 * @idle: The fewest there were since pool_work() looked last: nobody needed them
 */
struct pool {
	spinlock_t lock;
	struct list_head spare[CHUNK_ORDER + 1];
	unsigned long pages;
	unsigned long idle;
};

static struct pool *pools; /* by node */
static unsigned long pool_room; /* of one, in pages; constant */
static struct shrinker *shrinker;

static void pools_trim(struct work_struct *work);
static DECLARE_DELAYED_WORK(pool_work, pools_trim);

static void chunk_free(struct page *page)
{
	set_page_private(page, 0);
	__free_pages(page, compound_order(page));
}

/* ---- Spares ------------------------------------------------------------ */

static struct page *pool_get_locked(struct pool *pool, unsigned int order,
				    unsigned long group)
{
	struct page *page;

	lockdep_assert_held(&pool->lock);

	page = list_first_entry_or_null(&pool->spare[order], struct page, lru);
	if (!page || page_private(page) != group)
		return NULL;
	list_del(&page->lru);
	WRITE_ONCE(pool->pages, pool->pages - (1UL << order));
	pool->idle = min(pool->idle, pool->pages);
	return page;
}

static bool pool_put_locked(struct pool *pool, struct page *page)
{
	unsigned int order = compound_order(page);

	lockdep_assert_held(&pool->lock);

	if (pool->pages + (1UL << order) > pool_room)
		return false;
	list_add(&page->lru, &pool->spare[order]);
	WRITE_ONCE(pool->pages, pool->pages + (1UL << order));
	return true;
}

/* Takes out up to so many pages, and a chunk at least, the oldest ones. */
static unsigned long pool_cut_locked(struct pool *pool, unsigned long pages,
				     struct list_head *out)
{
	unsigned long done = 0;
	struct page *page;
	int order;

	lockdep_assert_held(&pool->lock);

	for (order = CHUNK_ORDER; order >= 0; order--) {
		while (done < pages && !list_empty(&pool->spare[order])) {
			page = list_last_entry(&pool->spare[order], struct page,
					       lru);
			list_move(&page->lru, out);
			done += 1UL << order;
		}
	}
	WRITE_ONCE(pool->pages, pool->pages - done);
	pool->idle = min(pool->idle, pool->pages);
	return done;
}

static void free_list(struct list_head *chunks)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, chunks, lru) {
		chunk_free(page);
		cond_resched();
	}
}

/* The idle ones go. What is left may be idle next time. */
static void pools_trim(struct work_struct *work)
{
	struct pool *pool;
	LIST_HEAD(chunks);
	bool more = false;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		pool = &pools[nid];
		spin_lock(&pool->lock);
		pool_cut_locked(pool, pool->idle, &chunks);
		pool->idle = pool->pages;
		more |= pool->pages;
		spin_unlock(&pool->lock);
	}
	free_list(&chunks);
	if (more)
		schedule_delayed_work(&pool_work, POOL_PERIOD);
}

static unsigned long shrink_count(struct shrinker *s, struct shrink_control *sc)
{
	return READ_ONCE(pools[sc->nid].pages) ?: SHRINK_EMPTY;
}

static unsigned long shrink_scan(struct shrinker *s, struct shrink_control *sc)
{
	struct pool *pool = &pools[sc->nid];
	LIST_HEAD(chunks);
	unsigned long done;

	spin_lock(&pool->lock);
	done = pool_cut_locked(pool, sc->nr_to_scan, &chunks);
	spin_unlock(&pool->lock);
	free_list(&chunks);
	return done ?: SHRINK_STOP;
}

/* ---- For messages ------------------------------------------------------ */

static unsigned int order_for(u32 nr_pages)
{
	return min_t(unsigned int, ilog2(nr_pages), CHUNK_ORDER);
}

/* As many of these pages in one as can be had; says how many. */
static struct page *chunk_alloc(u32 *nr_pages)
{
	unsigned int order = order_for(*nr_pages);
	struct page *page;

	for (; order; order--) {
		page = alloc_pages(CHUNK_GFP, order);
		if (page) {
			*nr_pages = 1 << order;
			return page;
		}
	}
	*nr_pages = 1;
	return alloc_page(PAGE_GFP);
}

/* How many chunks; *@nr_pages are still missing. */
static u32 chunks_get_spare(struct page **chunks, u32 *nr_pages)
{
	struct pool *pool = &pools[numa_mem_id()];
	unsigned long group = ipcx_spare_group();
	struct page *page;
	u32 nr = 0;

	/* Without the lock: what is missed is a chance. */
	if (!READ_ONCE(pool->pages))
		return 0;
	spin_lock(&pool->lock);
	while (*nr_pages) {
		page = pool_get_locked(pool, order_for(*nr_pages), group);
		if (!page)
			break;
		chunks[nr++] = page;
		*nr_pages -= 1 << compound_order(page);
	}
	spin_unlock(&pool->lock);
	return nr;
}

/**
 * ipcx_chunks_get() - So many pages, in chunks
 * @chunks: Gets them; room for @nr_pages
 * @nr_pages: How many pages
 * @nr_chunks: Gets how many chunks they are
 *
 * Context: Sleeps.
 * Return: How many pages are missing in the end: 0, but without memory, or when
 * the caller is being killed.
 */
u32 ipcx_chunks_get(struct page **chunks, u32 nr_pages, u32 *nr_chunks)
{
	u32 nr = chunks_get_spare(chunks, &nr_pages);
	struct page *page;
	u32 n;

	while (nr_pages && !fatal_signal_pending(current)) {
		n = nr_pages;
		page = chunk_alloc(&n);
		if (!page)
			break;
		set_page_private(page, ipcx_spare_group());
		chunks[nr++] = page;
		nr_pages -= n;
		cond_resched();
	}
	*nr_chunks = nr;
	return nr_pages;
}

/* Keeps what there is room for, of the node of the first one; says how many. */
static u32 chunks_keep(struct page **chunks, u32 nr_chunks)
{
	int nid = page_to_nid(chunks[0]);
	struct pool *pool = &pools[nid];
	bool first;
	u32 i;

	spin_lock(&pool->lock);
	first = !pool->pages;
	for (i = 0; i < nr_chunks; i++)
		if (page_to_nid(chunks[i]) != nid ||
		    !pool_put_locked(pool, chunks[i]))
			break;
	spin_unlock(&pool->lock);
	if (first && i)
		schedule_delayed_work(&pool_work, POOL_PERIOD);
	return i;
}

/**
 * ipcx_chunks_put() - Give chunks back
 * @chunks: They; nobody else has them
 * @nr_chunks: How many
 *
 * Context: Sleeps.
 */
void ipcx_chunks_put(struct page **chunks, u32 nr_chunks)
{
	u32 i = 0;

	if (nr_chunks && ipcx_spares_wanted())
		i = chunks_keep(chunks, nr_chunks);
	for (; i < nr_chunks; i++) {
		chunk_free(chunks[i]);
		cond_resched();
	}
}

/* ---- Life -------------------------------------------------------------- */

/**
 * ipcx_chunk_init() - Make the pools
 *
 * Context: Module init.
 * Return: 0 or -ENOMEM.
 */
int ipcx_chunk_init(void)
{
	unsigned int order;
	int nid;

	pools = kcalloc(nr_node_ids, sizeof(*pools), GFP_KERNEL);
	if (!pools)
		return -ENOMEM;
	for (nid = 0; nid < nr_node_ids; nid++) {
		spin_lock_init(&pools[nid].lock);
		for (order = 0; order <= CHUNK_ORDER; order++)
			INIT_LIST_HEAD(&pools[nid].spare[order]);
	}
	pool_room = min(totalram_pages() / POOL_SHARE, POOL_PAGES_MAX);
	shrinker = compat_shrinker_new(SHRINKER_NUMA_AWARE, shrink_count,
				       shrink_scan, "ipcx");
	if (shrinker)
		return 0;
	kfree(pools);
	return -ENOMEM;
}

/**
 * ipcx_chunk_exit() - Free what is spare
 *
 * Context: Module exit: there are no messages.
 */
void ipcx_chunk_exit(void)
{
	LIST_HEAD(chunks);
	int nid;

	compat_shrinker_free(shrinker);
	cancel_delayed_work_sync(&pool_work);
	for (nid = 0; nid < nr_node_ids; nid++) {
		spin_lock(&pools[nid].lock);
		pool_cut_locked(&pools[nid], ULONG_MAX, &chunks);
		spin_unlock(&pools[nid].lock);
	}
	free_list(&chunks);
	kfree(pools);
}
