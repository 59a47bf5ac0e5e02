// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A critical section: many processes increment one counter, first without the
 * lock, then with it.
 */
#include <sched.h>
#include <stdio.h>

#include "ipcx-demo.h"

#define PROCESSES  8
#define INCREMENTS 100000
#define EXPECTED   ((uint64_t)PROCESSES * INCREMENTS)
#define TRIES	   5

/* Without the lock, every so many increments somebody else gets the CPU. */
#define YIELD_EVERY 1024

struct count {
	struct ipcx_sem *start;
	struct ipcx_lock *lock;
	volatile uint64_t *counter;
};

static int with_lock(void *arg)
{
	struct count *c = arg;
	int ret;
	int i;

	ret = demo_wait(c->start);
	for (i = 0; i < INCREMENTS && !ret; i++) {
		ret = ipcx_lock_acquire(c->lock);
		if (ret)
			break;
		*c->counter = *c->counter + 1;
		ret = ipcx_lock_release(c->lock);
	}
	return ret ? demo_error("counting", ret) : 0;
}

static int without_lock(void *arg)
{
	struct count *c = arg;
	uint64_t value;
	int ret;
	int i;

	ret = demo_wait(c->start);
	for (i = 0; i < INCREMENTS && !ret; i++) {
		value = *c->counter;
		if (i % YIELD_EVERY == 0)
			sched_yield();
		*c->counter = value + 1;
	}
	return ret ? demo_error("counting", ret) : 0;
}

/* All start at once, and are waited for. */
static int run_processes(struct count *c, int (*work)(void *arg))
{
	pid_t pids[PROCESSES];
	int ret;
	int i;

	*c->counter = 0;
	for (i = 0; i < PROCESSES; i++)
		pids[i] = demo_fork(work, c);
	ret = ipcx_sem_post_n(c->start, PROCESSES);
	if (ret) {
		demo_kill(pids, PROCESSES);
		return demo_error("starting", ret);
	}
	return demo_join(pids, PROCESSES);
}

static int show_race(struct count *c)
{
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (run_processes(c, without_lock))
			return -1;
		if (*c->counter != EXPECTED) {
			demo_say("without the lock: %7ju, wrong: %ju are lost",
				 (uintmax_t)*c->counter,
				 (uintmax_t)(EXPECTED - *c->counter));
			return 0;
		}
		demo_say("without the lock: exact by luck, once more");
	}
	return demo_fail("without the lock nothing was lost, %d times", TRIES);
}

static int show_lock(struct count *c, struct demo_result *res)
{
	uint64_t since = demo_now();

	if (run_processes(c, with_lock))
		return demo_fail("with the lock they only came to %ju",
				 (uintmax_t)*c->counter);
	snprintf(res->figure, sizeof(res->figure), "%ju in %.2f s",
		 (uintmax_t)*c->counter, demo_seconds(since));
	if (*c->counter != EXPECTED)
		return demo_fail("with the lock: %ju instead of %ju",
				 (uintmax_t)*c->counter, (uintmax_t)EXPECTED);
	demo_say("with the lock:    %7ju, exact, in %.2f s",
		 (uintmax_t)*c->counter, demo_seconds(since));
	return 0;
}

static int create(struct demo *demo, struct count *c)
{
	struct ipcx_lock_config lock = {
		.flags = IPCX_CREATE_F_EXCL | IPCX_SEM_F_BARGING,
	};
	void *addr;
	int ret;

	ret = ipcx_sem_create(demo->ipcx, NULL, NULL, &c->start);
	if (!ret)
		ret = ipcx_lock_create(demo->ipcx, "/demo.count.lock", &lock,
				       &c->lock);
	if (!ret)
		ret = demo_region(demo, "/demo.count.counter",
				  sizeof(*c->counter), &addr);
	if (ret)
		return ret;
	c->counter = addr;
	demo_keep(demo, ipcx_lock_fd(c->lock));
	return 0;
}

int demo_count(struct demo *demo, struct demo_result *res)
{
	struct count c = { 0 };
	int ret;

	demo_say("%d processes add 1 to a counter in a region, %d times each.",
		 PROCESSES, INCREMENTS);
	demo_say(
		"%ju is right. The lock barges: nobody cares who is next here.",
		(uintmax_t)EXPECTED);
	ret = create(demo, &c);
	if (ret)
		demo_error("creating the objects", ret);
	else
		ret = show_race(&c) || show_lock(&c, res) ? -1 : 0;
	if (c.counter)
		ipcx_region_unmap((void *)c.counter, sizeof(*c.counter));
	ipcx_sem_free(c.start);
	ipcx_lock_free(c.lock);
	snprintf(res->result, sizeof(res->result), "%s",
		 ret ? "not shown" : "exact with the lock, wrong without");
	return ret;
}
