// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wake-ups come after the lock is dropped. The kernel's own trace tells: each
 * event carries the depth to which preemption was off, and a spinlock that is
 * held adds one. A futex is woken without a lock, an eventfd under that of its
 * wait queue; they are the measures.
 */
#include "ipcx_test.h"

#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"

#define TRACING "/sys/kernel/tracing/instances/ipcx_wake/"

/* More than the kernel wakes in one go. */
#define MANY 20

static int put(const char *file, const char *text)
{
	char path[128];
	int fd, r;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return -errno;
	r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/*
 * Depth at which @pid was woken, -1 if it was not. A line reads
 *	task-pid [cpu] FLAGS time: sched_waking: comm=... pid=PID prio=...
 * with the flags: interrupts, resched, interrupt context, depth, migration.
 */
static int depth_of_wake(pid_t pid)
{
	char line[512], want[32], flags[16];
	int depth = -1;
	FILE *trace;
	char *at;

	trace = fopen(TRACING "trace", "r");
	if (!trace)
		return -1;
	snprintf(want, sizeof(want), " pid=%d ", pid);
	while (fgets(line, sizeof(line), trace)) {
		at = strstr(line, "] ");
		if (!at || !strstr(line, "sched_waking:") ||
		    !strstr(line, want) || sscanf(at + 2, "%15s", flags) != 1)
			continue;
		if (flags[2] == '.')
			depth = flags[3] == '.' ? 0 : flags[3] - '0';
	}
	fclose(trace);
	return depth;
}

FIXTURE(wake)
{
	int dev;
	pid_t child[MANY];
	uint32_t *word;
};

FIXTURE_SETUP(wake)
{
	char text[32];

	mkdir(TRACING, 0700);
	if (put("trace", "") == -ENOENT)
		SKIP(return, "this kernel has no instances of traces");
	snprintf(text, sizeof(text), "%d", getpid());
	ASSERT_EQ(0, put("set_event_pid", text));
	ASSERT_EQ(0, put("events/sched/sched_waking/enable", "1"));
	self->dev = t_device();
	ASSERT_GE(self->dev, 0);
	self->word = t_shared(4096);
}

FIXTURE_TEARDOWN(wake)
{
	close(self->dev);
	rmdir(TRACING);
}

/* Start @n children that do @wait(arg), and wait until all of them sleep. */
static bool sleepers(pid_t *child, int n, int (*wait)(int), int arg)
{
	int i;

	for (i = 0; i < n; i++) {
		child[i] = t_fork();
		if (!child[i])
			_exit(wait(arg) ? 1 : 0);
	}
	for (i = 0; i < n; i++)
		if (!T_UNTIL(t_state(child[i]) == 'S'))
			return false;
	put("trace", "");
	return true;
}

/* The greatest depth at which one of them was woken; -1: one was not, or failed. */
static int reap_deepest(pid_t *child, int n)
{
	int deepest = 0, depth, i;
	bool bad = false;

	for (i = 0; i < n; i++) {
		if (t_reap(child[i]))
			bad = true;
		depth = depth_of_wake(child[i]);
		if (depth < 0)
			bad = true;
		if (depth > deepest)
			deepest = depth;
	}
	return bad ? -1 : deepest;
}

static uint32_t *futex_word;

static int wait_futex(int arg T_UNUSED)
{
	return syscall(SYS_futex, futex_word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static int depth_of_futex(uint32_t *word)
{
	pid_t child;

	futex_word = word;
	if (!sleepers(&child, 1, wait_futex, 0))
		return -1;
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
	return reap_deepest(&child, 1);
}

static int wait_eventfd(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? 0 : 1;
}

static int wait_sem(int fd)
{
	return t_sem_p(fd, 1, t_soon());
}

static int wait_sem_destroyed(int fd)
{
	return t_sem_p(fd, 1, t_soon()) == -EIDRM ? 0 : 1;
}

static int wait_bell(int fd)
{
	uint64_t count;

	return t_region_wait(fd, 0, t_soon(), &count);
}

static int wait_region(int fd)
{
	return t_region_lock(fd, IPCX_LOCK_READ, t_soon(), NULL);
}

/* The instrument first: it must tell a wake under a lock from one without. */
TEST_F(wake, under_a_lock_is_told_from_one_without)
{
	uint64_t one = 1;
	pid_t child;
	int fd = eventfd(0, 0);

	ASSERT_TRUE(sleepers(&child, 1, wait_eventfd, fd));
	ASSERT_EQ(8, write(fd, &one, sizeof(one)));
	EXPECT_GT(reap_deepest(&child, 1), depth_of_futex(self->word));
	close(fd);
}

/* Rows: K6. Classes: V25. */
TEST_F(wake, of_one_taker_comes_after_the_lock)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, 0, MANY);
	int futex = depth_of_futex(self->word);

	ASSERT_GE(futex, 0);
	ASSERT_TRUE(sleepers(self->child, 1, wait_sem, fd));
	ASSERT_EQ(0, t_sem_v(fd, 1));
	EXPECT_EQ(futex, reap_deepest(self->child, 1));
	close(fd);
}

/* Rows: K6. Classes: V25. */
TEST_F(wake, of_more_takers_than_a_batch_comes_after_the_lock)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, 0, MANY);
	int futex = depth_of_futex(self->word);

	ASSERT_TRUE(sleepers(self->child, MANY, wait_sem, fd));
	ASSERT_EQ(0, t_sem_v(fd, MANY));
	EXPECT_EQ(futex, reap_deepest(self->child, MANY));
	EXPECT_EQ(0, t_sem_value(fd));
	close(fd);
}

/* Rows: K6. Classes: V25. */
TEST_F(wake, of_listeners_and_readers_comes_after_the_lock)
{
	int fd = t_region(self->dev, 4096);
	int futex = depth_of_futex(self->word);

	ASSERT_TRUE(sleepers(self->child, 3, wait_bell, fd));
	ASSERT_EQ(0, t_region_ring(fd, NULL));
	EXPECT_EQ(futex, reap_deepest(self->child, 3));

	ASSERT_EQ(0, t_region_lock(fd, IPCX_LOCK_WRITE, 0, NULL));
	ASSERT_TRUE(sleepers(self->child, 3, wait_region, fd));
	ASSERT_EQ(0, t_region_unlock(fd));
	EXPECT_EQ(futex, reap_deepest(self->child, 3));
	close(fd);
}

/* Rows: K6. Classes: V25. */
TEST_F(wake, of_those_whose_object_is_destroyed_comes_after_the_lock)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, 0, MANY);
	int futex = depth_of_futex(self->word);

	ASSERT_TRUE(sleepers(self->child, MANY, wait_sem_destroyed, fd));
	ASSERT_EQ(0, t_destroy(fd));
	EXPECT_EQ(futex, reap_deepest(self->child, MANY));
	close(fd);
}

TEST_HARNESS_MAIN
