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

/* Of a cgroup, which may need them for something else, so many at a time. */
#define GROUP_PAGES_MAX (2UL * 1024 * 1024 / PAGE_SIZE)

/* The first is for who pays for nothing, the others by what the number leaves. */
#define POOL_GROUPS 8

/* So many chunks come and go in one critical section. */
#define POOL_BATCH 64

/**
 * struct shelf - The spare chunks of an order, of some groups
 * @chunks: They, the last one that came first, linked by the list head of their
 *	first page, whose private number is the group
 * @pages: Pages in all
 * @idle: The fewest there were since pools_trim() looked last: nobody needed them
 */
struct shelf {
	struct list_head chunks;
	unsigned long pages;
	unsigned long idle;
};

/**
 * struct pool - The spare chunks of a node
 * @lock: Protects all of it; innermost
 * @shelf: By groups and order
 * @pages: Pages in all
 */
struct pool {
	spinlock_t lock;
	struct shelf shelf[POOL_GROUPS][CHUNK_ORDER + 1];
	unsigned long pages;
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

static struct shelf *shelves_of(struct pool *pool, unsigned long group)
{
	return pool->shelf[group ? 1 + group % (POOL_GROUPS - 1) : 0];
}

static void pool_count_locked(struct pool *pool, struct shelf *shelf,
			      long pages)
{
	lockdep_assert_held(&pool->lock);

	shelf->pages += pages;
	WRITE_ONCE(shelf->idle, min(shelf->idle, shelf->pages));
	WRITE_ONCE(pool->pages, pool->pages + pages);
}

static struct page *pool_get_locked(struct pool *pool, unsigned int order,
				    unsigned long group)
{
	struct shelf *shelf = shelves_of(pool, group) + order;
	struct page *page;

	lockdep_assert_held(&pool->lock);

	page = list_first_entry_or_null(&shelf->chunks, struct page, lru);
	if (!page || page_private(page) != group)
		return NULL;
	list_del(&page->lru);
	pool_count_locked(pool, shelf, -(1L << order));
	return page;
}

static unsigned long shelves_pages(const struct shelf *shelves)
{
	unsigned long pages = 0;
	int order;

	for (order = 0; order <= CHUNK_ORDER; order++)
		pages += shelves[order].pages;
	return pages;
}

static bool pool_put_locked(struct pool *pool, struct page *page)
{
	unsigned long group = page_private(page);
	unsigned int order = compound_order(page);
	struct shelf *shelves = shelves_of(pool, group);

	lockdep_assert_held(&pool->lock);

	if (pool->pages + (1UL << order) > pool_room)
		return false;
	if (group && shelves_pages(shelves) + (1UL << order) > GROUP_PAGES_MAX)
		return false;
	list_add(&page->lru, &shelves[order].chunks);
	pool_count_locked(pool, &shelves[order], 1L << order);
	return true;
}

static void free_list(struct list_head *chunks)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, chunks, lru)
		chunk_free(page);
	cond_resched();
}

/* Frees up to so many pages, the oldest first; says how many. */
static unsigned long shelf_cut(struct pool *pool, struct shelf *shelf,
			       unsigned long pages)
{
	unsigned long done = 0, before;
	struct page *page;

	do {
		LIST_HEAD(chunks);
		int n;

		before = done;
		spin_lock(&pool->lock);
		for (n = 0; n < POOL_BATCH && done < pages; n++) {
			if (list_empty(&shelf->chunks))
				break;
			page = list_last_entry(&shelf->chunks, struct page,
					       lru);
			done += 1UL << compound_order(page);
			list_move(&page->lru, &chunks);
			pool_count_locked(pool, shelf,
					  -(1L << compound_order(page)));
		}
		spin_unlock(&pool->lock);
		free_list(&chunks);
	} while (done > before && done < pages);
	return done;
}

#define for_each_shelf(_shelf, _pool)                                 \
	for (_shelf = &(_pool)->shelf[0][0];                          \
	     _shelf <= &(_pool)->shelf[POOL_GROUPS - 1][CHUNK_ORDER]; \
	     _shelf++)

/* Frees up to so many pages, and a chunk at least. */
static unsigned long pool_cut(struct pool *pool, unsigned long pages)
{
	unsigned long done = 0;
	struct shelf *shelf;

	for_each_shelf(shelf, pool) {
		if (done >= pages)
			break;
		done += shelf_cut(pool, shelf, pages - done);
	}
	return done;
}

/* All that a group has, with those that it shares a shelf with. */
static bool pools_cut_group(unsigned long group)
{
	unsigned long done = 0;
	struct shelf *shelves;
	int nid, order;

	for (nid = 0; nid < nr_node_ids; nid++) {
		shelves = shelves_of(&pools[nid], group);
		for (order = 0; order <= CHUNK_ORDER; order++)
			done += shelf_cut(&pools[nid], shelves + order,
					  ULONG_MAX);
	}
	return done;
}

static void pool_trim(struct pool *pool)
{
	unsigned long idle;
	struct shelf *shelf;

	for_each_shelf(shelf, pool) {
		/* Without the lock: what is missed goes the next time. */
		idle = READ_ONCE(shelf->idle);
		if (idle)
			shelf_cut(pool, shelf, idle);
		spin_lock(&pool->lock);
		WRITE_ONCE(shelf->idle, shelf->pages);
		spin_unlock(&pool->lock);
	}
}

/* The idle ones go. What is left may be idle next time. */
static void pools_trim(struct work_struct *work)
{
	bool more = false;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		pool_trim(&pools[nid]);
		more |= READ_ONCE(pools[nid].pages);
	}
	if (more)
		schedule_delayed_work(&pool_work, POOL_PERIOD);
}

static unsigned long shrink_count(struct shrinker *s, struct shrink_control *sc)
{
	return READ_ONCE(pools[sc->nid].pages) ?: SHRINK_EMPTY;
}

static unsigned long shrink_scan(struct shrinker *s, struct shrink_control *sc)
{
	return pool_cut(&pools[sc->nid], sc->nr_to_scan) ?: SHRINK_STOP;
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
static u32 chunks_get_spare(struct page **chunks, u32 *nr_pages,
			    unsigned long group)
{
	struct pool *pool = &pools[numa_mem_id()];
	struct page *page = NULL;
	u32 nr = 0;

	/* Without the lock: what is missed is a chance. */
	if (!READ_ONCE(pool->pages))
		return 0;
	do {
		spin_lock(&pool->lock);
		do {
			page = pool_get_locked(pool, order_for(*nr_pages),
					       group);
			if (!page)
				break;
			chunks[nr++] = page;
			*nr_pages -= 1 << compound_order(page);
		} while (*nr_pages && nr % POOL_BATCH);
		spin_unlock(&pool->lock);
	} while (page && *nr_pages);
	return nr;
}

/* The same, when a cgroup is at its limit: with what is spare, and is in its way. */
static struct page *chunk_alloc_last(u32 *nr_pages, unsigned long group)
{
	return pools_cut_group(group) ? chunk_alloc(nr_pages) : NULL;
}

/**
 * ipcx_chunks_get() - So many pages, in chunks
 * @chunks: Gets them; room for @nr_pages
 * @nr_pages: How many pages, not 0
 * @nr_chunks: Gets how many chunks they are
 *
 * Context: Sleeps.
 * Return: How many pages are missing in the end: 0, but without memory, or when
 * the caller is being killed.
 */
u32 ipcx_chunks_get(struct page **chunks, u32 nr_pages, u32 *nr_chunks)
{
	/* Who moves to another cgroup meanwhile is charged there for a few. */
	unsigned long group = ipcx_spare_group();
	u32 nr = chunks_get_spare(chunks, &nr_pages, group);
	struct page *page;
	u32 n;

	while (nr_pages && !fatal_signal_pending(current)) {
		n = nr_pages;
		page = chunk_alloc(&n);
		if (unlikely(!page))
			page = chunk_alloc_last(&n, group);
		if (!page)
			break;
		set_page_private(page, group);
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
	bool first, room = true;
	u32 i = 0;

	first = !READ_ONCE(pool->pages);
	do {
		spin_lock(&pool->lock);
		do {
			room = page_to_nid(chunks[i]) == nid &&
			       pool_put_locked(pool, chunks[i]);
			if (!room)
				break;
			i++;
		} while (i < nr_chunks && i % POOL_BATCH);
		spin_unlock(&pool->lock);
	} while (room && i < nr_chunks);
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
	struct shelf *shelf;
	int nid;

	pools = kcalloc(nr_node_ids, sizeof(*pools), GFP_KERNEL);
	if (!pools)
		return -ENOMEM;
	for (nid = 0; nid < nr_node_ids; nid++) {
		spin_lock_init(&pools[nid].lock);
		for_each_shelf(shelf, &pools[nid])
			INIT_LIST_HEAD(&shelf->chunks);
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
	int nid;

	compat_shrinker_free(shrinker);
	cancel_delayed_work_sync(&pool_work);
	for (nid = 0; nid < nr_node_ids; nid++)
		pool_cut(&pools[nid], ULONG_MAX);
	kfree(pools);
}
