// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ordering: three processes that take turns, by semaphores alone. Each waits
 * for its own semaphore and posts the next one's.
 */
#include <stdio.h>

#include "ipcx-demo.h"

#define PROCESSES 3
#define ROUNDS	  1000
#define ENTRIES	  (PROCESSES * ROUNDS)

/* What the region holds: who came, one after another. */
struct log {
	uint32_t n;
	char who[ENTRIES];
};

struct order {
	struct ipcx_sem *turns[PROCESSES];
	struct log *log;
};

struct member {
	struct order *order;
	int number;
};

static int take_turns(void *arg)
{
	struct member *me = arg;
	struct order *o = me->order;
	uint32_t n;
	int ret;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ret = demo_wait(o->turns[me->number]);
		if (ret)
			return demo_error("waiting for the turn", ret);
		n = o->log->n;
		if (n >= ENTRIES)
			return demo_fail("the log is full");
		o->log->who[n] = (char)('A' + me->number);
		o->log->n = n + 1;
		ret = ipcx_sem_post(o->turns[(me->number + 1) % PROCESSES]);
		if (ret)
			return demo_error("giving the turn", ret);
	}
	return 0;
}

static int check_log(const struct log *log)
{
	uint32_t i;

	if (log->n != ENTRIES)
		return demo_fail("%u entries instead of %d", log->n, ENTRIES);
	for (i = 0; i < log->n; i++)
		if (log->who[i] != (char)('A' + i % PROCESSES))
			return demo_fail("entry %u is %c", i, log->who[i]);
	demo_say("the log: %.24s... (%u entries, all in order)", log->who,
		 log->n);
	return 0;
}

static int create(struct demo *demo, struct order *o)
{
	struct ipcx_sem_config config = {
		.max = 1,
		.flags = IPCX_CREATE_F_EXCL,
	};
	char name[IPCX_NAME_SIZE];
	void *addr;
	int ret;
	int i;

	for (i = 0; i < PROCESSES; i++) {
		snprintf(name, sizeof(name), "/demo.order.%c", 'A' + i);
		config.initial = i == 0;
		ret = ipcx_sem_create(demo->ipcx, name, &config, &o->turns[i]);
		if (ret)
			return ret;
		demo_keep(demo, ipcx_sem_fd(o->turns[i]));
	}
	ret = demo_region(demo, "/demo.order.log", sizeof(struct log), &addr);
	if (!ret)
		o->log = addr;
	return ret;
}

int demo_order(struct demo *demo, struct demo_result *res)
{
	struct member members[PROCESSES];
	struct order o = { 0 };
	pid_t pids[PROCESSES];
	uint64_t since;
	int ret;
	int i;

	demo_say(
		"A, B and C, %d rounds. P on one's own semaphore, a letter into",
		ROUNDS);
	demo_say("the log, V on the next one's. C is started first, A last.");
	ret = create(demo, &o);
	if (ret) {
		demo_error("creating the objects", ret);
	} else {
		since = demo_now();
		for (i = PROCESSES - 1; i >= 0; i--) {
			members[i].order = &o;
			members[i].number = i;
			pids[i] = demo_fork(take_turns, &members[i]);
		}
		ret = demo_join(pids, PROCESSES) || check_log(o.log) ? -1 : 0;
		snprintf(res->figure, sizeof(res->figure), "%d turns in %.2f s",
			 ENTRIES, demo_seconds(since));
	}
	if (o.log)
		ipcx_region_unmap(o.log, sizeof(*o.log));
	for (i = 0; i < PROCESSES; i++)
		ipcx_sem_free(o.turns[i]);
	snprintf(res->result, sizeof(res->result), "%s",
		 ret ? "out of order" : "A, B, C, always");
	return ret;
}
