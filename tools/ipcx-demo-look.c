// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking: what ipcxctl shows of the objects of the tour, and of a semaphore
 * that one process holds and another waits for.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ipcx-demo.h"

#define NAME  "/demo.look"
#define UNITS 3

struct look {
	struct ipcx_sem *sem;
	struct ipcx_sem *ready;
};

static int hold(void *arg)
{
	struct look *l = arg;

	if (ipcx_sem_wait_n(l->sem, 2, NULL, NULL) || ipcx_sem_post(l->ready))
		return -1;
	for (;;)
		pause();
}

static int await(void *arg)
{
	struct look *l = arg;

	return ipcx_sem_wait_n(l->sem, 2, NULL, NULL);
}

static int await_waiter(struct look *l)
{
	struct ipcx_sem_stat stat;
	int tries;

	for (tries = 0; tries < 6000; tries++) {
		if (ipcx_sem_stat(l->sem, &stat))
			break;
		if (stat.out_waiters == 1)
			return 0;
		usleep(10000);
	}
	return demo_fail("nobody waits");
}

static const char *find_pid(const char *text, pid_t pid)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%d", (int)pid);
	return strstr(text, digits);
}

static int run_tool(const char *const *argv, char *text, size_t size)
{
	int ret;

	printf("   $");
	for (int i = 0; argv[i]; i++)
		printf(" %s", argv[i]);
	putchar('\n');
	ret = demo_run(argv, text, size);
	return ret ? demo_fail("%s: status %d", argv[0], ret) : 0;
}

static int show(pid_t holder, pid_t waiter)
{
	static const char *const list[] = { "ipcxctl", "list", NULL };
	static const char *const one[] = { "ipcxctl", "show", NAME, NULL };
	char text[8192];

	if (run_tool(list, text, sizeof(text)))
		return -1;
	if (!strstr(text, NAME))
		return demo_fail(NAME " is not in the list");
	demo_say("process %d holds 2 of %d units, process %d waits for 2",
		 (int)holder, UNITS, (int)waiter);
	if (run_tool(one, text, sizeof(text)))
		return -1;
	if (!find_pid(text, holder) || !find_pid(text, waiter))
		return demo_fail("the holder or the waiter is not shown");
	return 0;
}

static int run_processes(struct look *l)
{
	pid_t pids[2] = { 0 };
	int ret;

	pids[0] = demo_fork(hold, l);
	ret = demo_wait(l->ready);
	if (ret) {
		demo_error("waiting for the holder", ret);
	} else {
		pids[1] = demo_fork(await, l);
		ret = await_waiter(l);
	}
	if (!ret)
		ret = show(pids[0], pids[1]);
	demo_kill(pids, 2);
	return ret;
}

int demo_look(struct demo *demo, struct demo_result *res)
{
	struct ipcx_sem_config config = {
		.kind = IPCX_SEM_OWNED,
		.initial = UNITS,
		.max = UNITS,
		.flags = IPCX_CREATE_F_EXCL,
	};
	struct look l = { 0 };
	struct ipcx_quota quota;
	int ret;

	ret = ipcx_sem_create(demo->ipcx, NULL, NULL, &l.ready);
	if (!ret)
		ret = ipcx_sem_create(demo->ipcx, NAME, &config, &l.sem);
	if (ret)
		demo_error("creating the semaphore", ret);
	else
		ret = run_processes(&l);
	if (!ipcx_quota(demo->ipcx, &quota))
		snprintf(res->figure, sizeof(res->figure), "%llu objects alive",
			 (unsigned long long)
				 quota.out_used[IPCX_RESOURCE_OBJECTS]);
	ipcx_sem_free(l.ready);
	ipcx_sem_free(l.sem);
	snprintf(res->result, sizeof(res->result), "%s",
		 ret ? "not shown" : "holder and waiter shown by pid");
	return ret;
}
