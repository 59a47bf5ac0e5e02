// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A critical section: many processes increment one counter, first without the
 * lock, then with it; and with a lock that is handed on in order of coming.
 */
#include <sched.h>
#include <stdio.h>

#include "ipcx-demo.h"

#define PROCESSES  8
#define INCREMENTS 100000

/* Every hand-over of a lock in order is a switch of processes. */
#define INCREMENTS_IN_ORDER 2000

#define TRIES 5

/* Without the lock, every so many increments somebody else gets the CPU. */
#define YIELD_EVERY 1024

struct count {
	struct ipcx_sem *start;
	struct ipcx_lock *barging;
	struct ipcx_lock *in_order;
	struct ipcx_lock *lock; /* the one that is counted with */
	int increments; /* of each process */
	volatile uint64_t *counter;
};

static int with_lock(void *arg)
{
	struct count *c = arg;
	int ret;
	int i;

	ret = demo_wait(c->start);
	for (i = 0; i < c->increments && !ret; i++) {
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
	for (i = 0; i < c->increments && !ret; i++) {
		value = *c->counter;
		if (i % YIELD_EVERY == 0)
			sched_yield();
		*c->counter = value + 1;
	}
	return ret ? demo_error("counting", ret) : 0;
}

static uint64_t expected(const struct count *c)
{
	return (uint64_t)PROCESSES * (uint64_t)c->increments;
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

	c->increments = INCREMENTS;
	for (tries = 0; tries < TRIES; tries++) {
		if (run_processes(c, without_lock))
			return -1;
		if (*c->counter != expected(c)) {
			demo_say("without a lock:   %7ju, wrong: %ju are lost",
				 (uintmax_t)*c->counter,
				 (uintmax_t)(expected(c) - *c->counter));
			return 0;
		}
		demo_say("without a lock: exact by luck, once more");
	}
	return demo_fail("without a lock nothing was lost, %d times", TRIES);
}

/* @ret_seconds: How long it took. */
static int show_lock(struct count *c, struct ipcx_lock *lock, int increments,
		     const char *what, double *ret_seconds)
{
	uint64_t since = demo_now();

	c->lock = lock;
	c->increments = increments;
	if (run_processes(c, with_lock))
		return demo_fail("%s they only came to %ju", what,
				 (uintmax_t)*c->counter);
	*ret_seconds = demo_seconds(since);
	if (*c->counter != expected(c))
		return demo_fail("%s %ju instead of %ju", what,
				 (uintmax_t)*c->counter,
				 (uintmax_t)expected(c));
	demo_say("%-17s %7ju, exact, in %.2f s", what, (uintmax_t)*c->counter,
		 *ret_seconds);
	return 0;
}

static int show(struct count *c, struct demo_result *res)
{
	double took = 0;

	if (show_race(c) ||
	    show_lock(c, c->barging, INCREMENTS, "with the lock:", &took))
		return -1;
	snprintf(res->figure, sizeof(res->figure), "%ju in %.2f s",
		 (uintmax_t)*c->counter, took);
	demo_say("The same %d times each with a lock that serves in order of",
		 INCREMENTS_IN_ORDER);
	demo_say("coming: whoever waited longest is woken and has it.");
	return show_lock(c, c->in_order, INCREMENTS_IN_ORDER,
			 "in order:", &took);
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
				       &c->barging);
	lock.flags = IPCX_CREATE_F_EXCL;
	if (!ret)
		ret = ipcx_lock_create(demo->ipcx, "/demo.count.queue", &lock,
				       &c->in_order);
	if (!ret)
		ret = demo_region(demo, "/demo.count.sum", sizeof(*c->counter),
				  &addr);
	if (ret)
		return ret;
	c->counter = addr;
	demo_keep(demo, ipcx_lock_fd(c->barging));
	demo_keep(demo, ipcx_lock_fd(c->in_order));
	return 0;
}

int demo_count(struct demo *demo, struct demo_result *res)
{
	struct count c = { 0 };
	int ret;

	demo_say("%d processes add 1 to a counter in a region, %d times each.",
		 PROCESSES, INCREMENTS);
	demo_say("Right is %d. This lock barges: who comes first is first.",
		 PROCESSES * INCREMENTS);
	ret = create(demo, &c);
	if (ret)
		demo_error("creating the objects", ret);
	else
		ret = show(&c, res);
	if (c.counter)
		ipcx_region_unmap((void *)c.counter, sizeof(*c.counter));
	ipcx_sem_free(c.start);
	ipcx_lock_free(c.barging);
	ipcx_lock_free(c.in_order);
	snprintf(res->result, sizeof(res->result), "%s",
		 ret ? "not shown" : "exact with the lock, wrong without");
	return ret;
}
