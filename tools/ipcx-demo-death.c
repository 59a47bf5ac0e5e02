// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Death: workers sum up pieces of the input. A piece is fetched and booked under
 * a lock, and worked on with a unit of an owned semaphore. One worker is killed
 * while it has two units and the lock, and has booked half.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcx-demo.h"

#define UNITS	      3
#define VICTIMS_UNITS 2
#define VICTIMS_JOBS  4
#define SURVIVORS     2
#define JOBS_MAX      1024

/* What the region holds. Right is: picked is the number of jobs with an owner. */
struct board {
	uint32_t n;
	uint32_t picked;
	uint32_t fallen;
	uint64_t total;
	struct job {
		pid_t owner;
		uint32_t done;
		uint32_t len;
	} jobs[JOBS_MAX];
	struct report {
		pid_t pid;
		pid_t teller;
		uint32_t units;
		uint32_t told;
	} units, lock;
	unsigned char data[JOBS_MAX][DEMO_CHUNK];
};

struct work {
	struct ipcx_sem *units;
	struct ipcx_lock *lock;
	struct ipcx_sem *ready;
	struct board *board;
	uint64_t expected;
};

static uint64_t sum_up(const unsigned char *data, size_t len)
{
	uint64_t sum = 0;

	while (len--)
		sum += (uint64_t)data[len] * (len + 1);
	return sum;
}

/* A piece of the input becomes a job; 1 when there is no room for more. */
static int add_job(void *arg, const void *buf, size_t len, uint64_t offset)
{
	struct work *w = arg;
	struct board *b = w->board;

	(void)offset;
	if (b->n == JOBS_MAX)
		return 1;
	memcpy(b->data[b->n], buf, len);
	b->jobs[b->n].len = (uint32_t)len;
	b->n++;
	w->expected += sum_up(buf, len);
	return 0;
}

/* Under the lock: what the dead had begun is undone, so that others do it. */
static int mend(struct work *w, pid_t dead)
{
	struct board *b = w->board;
	uint32_t i;

	b->picked = 0;
	for (i = 0; i < b->n; i++) {
		if (b->jobs[i].owner == dead && !b->jobs[i].done)
			b->jobs[i].owner = 0;
		b->picked += b->jobs[i].owner != 0;
	}
	b->lock.pid = dead;
	b->lock.teller = getpid();
	b->lock.told++;
	return ipcx_lock_consistent(w->lock);
}

static int enter(struct work *w)
{
	pid_t dead;
	int ret;

	ret = demo_lock(w->lock, &dead);
	return ret == -EOWNERDEAD ? mend(w, dead) : ret;
}

/* P(1); hands on what is said about the dead. */
static int take_unit(struct work *w, struct report *ret_report)
{
	struct ipcx_deadline deadline =
		ipcx_deadline_in(DEMO_PATIENCE_S * DEMO_NS_PER_S);
	struct ipcx_death death;
	int ret;

	ret = ipcx_sem_wait_n(w->units, 1, &deadline, &death);
	if (ret != -EOWNERDEAD)
		return ret;
	ret_report->pid = death.pid;
	ret_report->units = death.units;
	ret_report->teller = getpid();
	ret_report->told++;
	return 0;
}

static struct job *pick(struct board *b, uint32_t *ret_index)
{
	uint32_t i;

	for (i = 0; i < b->n; i++)
		if (!b->jobs[i].owner)
			break;
	*ret_index = i;
	return i < b->n ? &b->jobs[i] : NULL;
}

/* One job: 0, or 1 when none is left, or a negative errno. */
static int do_job(struct work *w)
{
	struct report report = { 0 };
	struct board *b = w->board;
	struct job *job;
	uint64_t sum;
	uint32_t i;
	int ret;

	ret = take_unit(w, &report);
	if (!ret)
		ret = enter(w);
	if (ret)
		return ret;
	if (report.told)
		b->units = report;
	job = pick(b, &i);
	if (job) {
		job->owner = getpid();
		b->picked++;
	}
	ret = ipcx_lock_release(w->lock);
	if (job && !ret) {
		sum = sum_up(b->data[i], job->len);
		ret = enter(w);
		if (ret)
			return ret;
		b->total += sum;
		job->done++;
		ret = ipcx_lock_release(w->lock);
	}
	if (!ret)
		ret = ipcx_sem_post(w->units);
	return ret ? ret : !job;
}

/* The work must not be over before the victim is: half of it is left. */
static int must_wait(struct board *b)
{
	return !__atomic_load_n(&b->fallen, __ATOMIC_ACQUIRE) &&
	       __atomic_load_n(&b->picked, __ATOMIC_RELAXED) >= b->n / 2;
}

static int survive(void *arg)
{
	struct work *w = arg;
	int ret;

	do {
		while (must_wait(w->board))
			usleep(1000);
		ret = do_job(w);
	} while (!ret);
	return ret < 0 ? demo_error("worker", ret) : 0;
}

/* Works, then stops in the middle: with units, with the lock, half booked. */
static int fall(void *arg)
{
	struct work *w = arg;
	struct job *job;
	int ret = 0;
	uint32_t i;

	for (i = 0; i < VICTIMS_JOBS && !ret; i++)
		ret = do_job(w);
	if (!ret)
		ret = ipcx_sem_wait_n(w->units, VICTIMS_UNITS, NULL, NULL);
	if (!ret)
		ret = demo_lock(w->lock, NULL);
	job = ret ? NULL : pick(w->board, &i);
	if (job)
		job->owner = getpid();
	else
		demo_error("worker", ret < 0 ? ret : -ENODATA);
	__atomic_store_n(&w->board->fallen, 1, __ATOMIC_RELEASE);
	ipcx_sem_post(w->ready);
	while (job)
		pause();
	return -1;
}

/* Until one sleeps on the lock and one on the units, for a minute at most. */
static int await_waiters(struct work *w)
{
	struct ipcx_sem_stat units, lock;
	int tries;
	int ret;

	for (tries = 0; tries < 6000; tries++) {
		ret = ipcx_sem_stat(w->units, &units);
		if (!ret)
			ret = ipcx_lock_stat(w->lock, &lock);
		if (ret)
			return demo_error("looking", ret);
		if (units.out_waiters == 1 && lock.out_waiters == 1) {
			demo_say("others: 1 waits for a unit, 1 for the lock");
			return 0;
		}
		usleep(10000);
	}
	return demo_fail("%u wait for units and %u for the lock, not 1 and 1",
			 units.out_waiters, lock.out_waiters);
}

static int kill_worker(struct work *w, pid_t pid)
{
	int status;
	int ret;

	ret = demo_wait(w->ready);
	if (ret)
		return demo_error("waiting for the victim", ret);
	demo_say("process %d holds %d units and the lock, and has booked half",
		 (int)pid, VICTIMS_UNITS);
	if (await_waiters(w))
		return -1;
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		return demo_fail("it did not die of the signal");
	demo_say("SIGKILL to %d; it is gone", (int)pid);
	return 0;
}

static int check_reports(const struct board *b, pid_t victim)
{
	demo_say("units: process %d got EOWNERDEAD: pid %d died with %u units",
		 (int)b->units.teller, (int)b->units.pid, b->units.units);
	demo_say("lock:  process %d got EOWNERDEAD: pid %d died; it mended the "
		 "books",
		 (int)b->lock.teller, (int)b->lock.pid);
	if (b->units.pid != victim || b->units.units != VICTIMS_UNITS ||
	    b->lock.pid != victim || b->lock.told != 1)
		return demo_fail("that is not what happened");
	return 0;
}

static int check_work(struct work *w)
{
	struct ipcx_sem_stat units, lock;
	struct board *b = w->board;
	uint32_t once = 0;
	uint32_t i;

	for (i = 0; i < b->n; i++)
		once += b->jobs[i].done == 1;
	demo_say("%u jobs, %u of them done once; the sum is %s", b->n, once,
		 b->total == w->expected ? "right" : "WRONG");
	if (once != b->n || b->picked != b->n || b->total != w->expected)
		return demo_fail("work was lost or done twice");
	if (ipcx_sem_stat(w->units, &units) || ipcx_lock_stat(w->lock, &lock))
		return demo_fail("no facts about the semaphore or the lock");
	demo_say("units: %u of %u free, %u held; lock: %s", units.out_value,
		 units.out_max, units.out_held,
		 lock.out_value == 1 ? "free" : "held");
	if (units.out_value != UNITS || units.out_held || lock.out_value != 1)
		return demo_fail("not everything came back");
	return 0;
}

static int run_processes(struct work *w)
{
	pid_t pids[SURVIVORS];
	pid_t victim;
	int i;

	victim = demo_fork(fall, w);
	for (i = 0; i < SURVIVORS; i++)
		pids[i] = demo_fork(survive, w);
	if (kill_worker(w, victim)) {
		demo_kill(pids, SURVIVORS);
		demo_kill(&victim, 1);
		return -1;
	}
	if (demo_join(pids, SURVIVORS) || check_reports(w->board, victim))
		return -1;
	return check_work(w);
}

static int create(struct demo *demo, struct work *w)
{
	struct ipcx_sem_config units = {
		.kind = IPCX_SEM_OWNED,
		.initial = UNITS,
		.max = UNITS,
		.on_death = IPCX_DEATH_REPORT,
		.flags = IPCX_CREATE_F_EXCL,
	};
	struct ipcx_lock_config lock = {
		.on_death = IPCX_DEATH_REPORT,
		.flags = IPCX_CREATE_F_EXCL,
	};
	unsigned char buf[DEMO_CHUNK];
	void *addr;
	int ret;

	ret = ipcx_sem_create(demo->ipcx, NULL, NULL, &w->ready);
	if (!ret)
		ret = ipcx_sem_create(demo->ipcx, "/demo.death.units", &units,
				      &w->units);
	if (!ret)
		ret = ipcx_lock_create(demo->ipcx, "/demo.death.lock", &lock,
				       &w->lock);
	if (!ret)
		ret = demo_region(demo, "/demo.death.board",
				  sizeof(struct board), &addr);
	if (ret)
		return ret;
	w->board = addr;
	demo_keep(demo, ipcx_sem_fd(w->units));
	demo_keep(demo, ipcx_lock_fd(w->lock));
	ret = demo_read_input(demo, buf, add_job, w);
	return ret < 0 ? ret : 0;
}

int demo_death(struct demo *demo, struct demo_result *res)
{
	struct work w = { 0 };
	int ret;

	demo_say("%d workers share %d units (owned) and a lock, and sum up the "
		 "input.",
		 SURVIVORS + 1, UNITS);
	ret = create(demo, &w);
	if (ret)
		demo_error("preparing", ret);
	else
		ret = run_processes(&w);
	if (w.board) {
		snprintf(res->figure, sizeof(res->figure), "%u jobs, each once",
			 w.board->n);
		ipcx_region_unmap(w.board, sizeof(*w.board));
	}
	ipcx_sem_free(w.ready);
	ipcx_sem_free(w.units);
	ipcx_lock_free(w.lock);
	snprintf(res->result, sizeof(res->result), "%s",
		 ret ? "not as promised" : "2 units and the lock came back");
	return ret;
}
