// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of messages that is kept for the next ones: who gets it, who pays for
 * it, and for how long.
 *
 * Rows: I1 I11 K2. Classes: V20 V28.
 */
#include "ipcx_cgroup.h"
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"

#include <sched.h>

#define SIZE (2UL << 20)

/* The counters of a cgroup move by some pages at a time, for each CPU. */
#define SLACK (SIZE / 2)

#define ROUNDS 50
#define SHORTS 32

enum {
	USER = 2004,
};

struct scene {
	int dev;
	unsigned char *data; /* shared, so that no cgroup here pays for it */
	int *stage;
};

static bool scene_open(struct scene *s)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	s->dev = t_device();
	s->data = t_shared(SIZE);
	s->stage = t_shared(T_PAGE);
	if (s->data)
		memset(s->data, 0xff, SIZE);
	return s->dev >= 0 && s->data && s->stage &&
	       !sched_setaffinity(0, sizeof(first), &first);
}

FIXTURE(spare)
{
	struct scene s;
};

FIXTURE_SETUP(spare)
{
	ASSERT_TRUE(scene_open(&self->s));
}

FIXTURE_TEARDOWN(spare)
{
	close(self->s.dev);
}

FIXTURE(spare_memcg)
{
	struct scene s;
	struct t_cgroups cgroups;
	char dir[2][128];
};

FIXTURE_SETUP(spare_memcg)
{
	ASSERT_TRUE(scene_open(&self->s));
	if (!t_cgroups_begin(&self->cgroups))
		SKIP(return,
			   "there are no cgroups, or not for who is not root");
	if (!t_cgroup(&self->cgroups, "a", self->dir[0]) ||
	    !t_cgroup(&self->cgroups, "b", self->dir[1]))
		SKIP(return, "this kernel has no memory controller");
}

FIXTURE_TEARDOWN(spare_memcg)
{
	t_cgroup_end(self->dir[0]);
	t_cgroup_end(self->dir[1]);
	t_cgroups_end(&self->cgroups);
	close(self->s.dev);
}

static bool file_says(const char *path, const char *what)
{
	FILE *f = fopen(path, "re");
	bool found = false;
	char line[4096];

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, what);
	if (f)
		fclose(f);
	return found;
}

/*
 * Where it is to be seen who uses what has ended, nothing is kept, and neither
 * where all that ends is to be cleared.
 */
static bool kernel_keeps(void)
{
	return !file_says("/proc/kallsyms", " kasan_report\n") &&
	       !file_says("/proc/cmdline", "init_on_free=1");
}

/* In a child: in the cgroup it goes on when the parent says so. */
static void enter(const char *dir, int *stage, int from)
{
	if (t_write_text(dir, "cgroup.procs", "0"))
		_exit(10);
	T_ADD(stage, 1);
	if (!T_UNTIL(T_LOAD(stage) == from))
		_exit(11);
}

static void stay(int *stage)
{
	T_ADD(stage, 1);
	for (;;)
		pause();
}

/* In a cgroup: sends a long message, and receives it, or not. */
static pid_t long_message(const struct scene *s, const char *dir, int from,
			  bool receive)
{
	pid_t pid = t_fork();
	int box;

	if (pid)
		return pid;
	enter(dir, s->stage, from);
	box = t_mailbox(s->dev, 2, SIZE);
	if (box < 0 || t_send(box, s->data, SIZE, 0, 0))
		_exit(12);
	if (receive && t_recv(box, s->data, SIZE, 0, NULL) != (int)SIZE)
		_exit(13);
	stay(s->stage);
	return 0;
}

/* Rows: I11. Classes: V20. Pages, and for how long. */
TEST_F(spare_memcg, pages_are_kept_for_who_pays_for_them_and_not_for_long)
{
	pid_t a = long_message(&self->s, self->dir[0], 10, true), b;
	long long before[2], kept;

	ASSERT_TRUE(T_UNTIL(T_LOAD(self->s.stage) == 1));
	b = long_message(&self->s, self->dir[1], 20, false);
	ASSERT_TRUE(T_UNTIL(T_LOAD(self->s.stage) == 2));
	before[0] = t_memory(self->dir[0]);
	before[1] = t_memory(self->dir[1]);
	T_STORE(self->s.stage, 10);
	ASSERT_TRUE(T_UNTIL(T_LOAD(self->s.stage) == 11));
	kept = t_memory(self->dir[0]) - before[0];
	EXPECT_EQ(kernel_keeps(), kept > (long long)(SIZE - SLACK));
	T_STORE(self->s.stage, 20);
	ASSERT_TRUE(T_UNTIL(T_LOAD(self->s.stage) == 21));
	EXPECT_LT(before[1] + SIZE - SLACK, t_memory(self->dir[1]));
	EXPECT_TRUE(T_UNTIL(t_memory(self->dir[0]) < before[0] + SLACK));
	EXPECT_LT(before[1] + SIZE - SLACK, t_memory(self->dir[1]));
	t_kill(a);
	t_kill(b);
}

/* Rows: I11. Classes: V20. */
TEST_F(spare_memcg, pages_go_when_memory_runs_short)
{
	pid_t a = long_message(&self->s, self->dir[0], 10, true);
	long long before;

	ASSERT_TRUE(T_UNTIL(T_LOAD(self->s.stage) == 1));
	before = t_memory(self->dir[0]);
	T_STORE(self->s.stage, 10);
	ASSERT_TRUE(T_UNTIL(T_LOAD(self->s.stage) == 11));
	ASSERT_EQ(0, t_write_text("/proc/sys/vm", "drop_caches", "2"));
	EXPECT_GT(before + SLACK, t_memory(self->dir[0]));
	t_kill(a);
}

#define LIMIT  (16LL << 20)
#define MIDDLE 9000 /* bytes: three pages, in other pieces than SIZE is */

/* Memory that cannot be taken away, until so much of the limit is left. */
static bool fill_up(const char *dir, long long left)
{
	unsigned char *p = mmap(NULL, LIMIT, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* Huge ones would be too many at once. */
	if (p == MAP_FAILED ||
	    (madvise(p, LIMIT, MADV_NOHUGEPAGE) && errno != EINVAL))
		return false;
	for (long long at = 0; at < LIMIT; at += T_PAGE) {
		if (t_memory(dir) + left > LIMIT)
			return true;
		p[at] = 1;
	}
	return false;
}

/*
 * Rows: I11. Classes: V20. What is spare, and charged to it, does not stand in the
 * way of a cgroup that has no other memory left.
 */
TEST_F(spare_memcg, cgroup_at_its_limit_gets_what_is_spare)
{
	char limit[32];
	pid_t pid;

	if (!kernel_keeps())
		SKIP(return, "this kernel keeps nothing");
	snprintf(limit, sizeof(limit), "%lld", LIMIT);
	ASSERT_EQ(0, t_write_text(self->dir[0], "memory.max", limit));
	pid = t_fork();
	if (!pid) {
		int box, other;

		enter(self->dir[0], self->s.stage, 1);
		box = t_mailbox(self->s.dev, 2, SIZE);
		other = t_mailbox(self->s.dev, 256, MIDDLE);
		if (box < 0 || other < 0)
			_exit(12);
		if (!fill_up(self->dir[0], 3LL << 20))
			_exit(13);
		if (t_send(box, self->s.data, SIZE, 0, 0) ||
		    t_recv(box, self->s.data, SIZE, 0, NULL) != (int)SIZE)
			_exit(14);
		/* Less than was spare, and more than there is beside it. */
		for (int i = 0; i < 150; i++)
			if (t_send(other, self->s.data, MIDDLE, 0, 0))
				_exit(20 + i);
		_exit(0);
	}
	ASSERT_EQ(0, t_reap(pid));
}

/* In a cgroup, each time that the stage is odd, or even. */
static pid_t short_messages(const struct scene *s, const char *dir, int first,
			    bool receive)
{
	uint32_t number = 1;
	pid_t pid = t_fork();
	int box;

	if (pid)
		return pid;
	if (t_write_text(dir, "cgroup.procs", "0"))
		_exit(10);
	box = t_mailbox(s->dev, ROUNDS * SHORTS, sizeof(number));
	if (box < 0)
		_exit(12);
	for (int round = 0; round < ROUNDS; round++) {
		if (!T_UNTIL(T_LOAD(s->stage) == 2 * round + first))
			_exit(11);
		for (int i = 0; i < SHORTS; i++)
			if (t_send_number(box, i))
				_exit(14);
		for (int i = 0; receive && i < SHORTS; i++)
			if (t_recv_number(box, 0) != i)
				_exit(15);
		T_ADD(s->stage, 1);
	}
	for (;;)
		pause();
}

/*
 * Rows: I11. Classes: V20. One sends, and receives; what was kept of that another
 * would get without paying, time and again.
 */
TEST_F(spare_memcg, short_messages_are_paid_by_the_cgroup_that_sends_them)
{
	pid_t a = short_messages(&self->s, self->dir[0], 0, true);
	pid_t b = short_messages(&self->s, self->dir[1], 1, false);

	ASSERT_TRUE(T_UNTIL(T_LOAD(self->s.stage) == 2 * ROUNDS));
	/* The counters of a cgroup are collected every two seconds. */
	EXPECT_TRUE(T_UNTIL(t_memory_stat(self->dir[1], "slab") >=
			    ROUNDS * SHORTS * 500));
	EXPECT_GT(ROUNDS * SHORTS * 250, t_memory_stat(self->dir[0], "slab"));
	t_kill(a);
	t_kill(b);
}

/* Sends when it is told to, and says who it is. */
static pid_t sender(const struct scene *s, int box, int index, uid_t uid)
{
	pid_t pid = t_fork();

	if (pid)
		return pid;
	if (uid && t_become(uid))
		_exit(10);
	for (int round = 0; round < 500; round++) {
		if (!T_UNTIL(T_LOAD(s->stage) == 4 * round + 2 * index))
			_exit(11);
		if (t_send_number(box, index))
			_exit(12);
		T_ADD(s->stage, 1);
	}
	_exit(0);
}

/* Rows: I1. Classes: V28. It says nothing of who has used it before. */
TEST_F(spare, message_is_of_who_sends_it)
{
	int box = t_mailbox(self->s.dev, 8, 4);
	const uid_t uid[2] = { 0, USER };
	struct ipcx_quota before, after;
	struct ipcx_recv_message m;
	uint32_t number;
	pid_t pid[2];

	ASSERT_LE(0, box);
	memset(&before, 0, sizeof(before));
	ASSERT_EQ(0, t_ioctl(self->s.dev, IPCX_IOC_QUOTA, &before));
	for (int i = 0; i < 2; i++)
		pid[i] = sender(&self->s, box, i, uid[i]);
	for (int i = 0; i < 1000; i++) {
		ASSERT_TRUE(T_UNTIL(T_LOAD(self->s.stage) == 2 * i + 1));
		ASSERT_EQ(4, t_recv(box, &number, 4, 0, &m));
		ASSERT_EQ(i & 1, (int)number);
		ASSERT_EQ(pid[i & 1], (int)m.out_pid);
		ASSERT_EQ(uid[i & 1], m.out_uid);
		T_ADD(self->s.stage, 1);
	}
	EXPECT_EQ(0, t_reap(pid[0]));
	EXPECT_EQ(0, t_reap(pid[1]));
	memset(&after, 0, sizeof(after));
	ASSERT_EQ(0, t_ioctl(self->s.dev, IPCX_IOC_QUOTA, &after));
	EXPECT_EQ(before.out_used[IPCX_RESOURCE_BYTES],
		  after.out_used[IPCX_RESOURCE_BYTES]);
	EXPECT_EQ(before.out_total_used[IPCX_RESOURCE_BYTES],
		  after.out_total_used[IPCX_RESOURCE_BYTES]);
}

/* Rows: K2. Behind a message that is mapped nothing of an older one is seen. */
TEST_F(spare, old_payload_is_not_shown)
{
	const size_t sizes[] = { SIZE - 1, SIZE - T_PAGE + 1, 5 * T_PAGE + 7 };
	struct ipcx_recv_message m = { .flags = IPCX_MESSAGE_F_MAP };
	int box = t_mailbox(self->s.dev, 2, SIZE);
	struct ipcx_mailbox_recv r;

	ASSERT_LE(0, box);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const unsigned char *p;
		size_t end = (sizes[i] + T_PAGE - 1) & ~(T_PAGE - 1UL);

		/* As many pages, full of it. */
		ASSERT_EQ(0, t_send(box, self->s.data, end, 0, 0));
		ASSERT_EQ((int)end, t_recv(box, self->s.data, end, 0, NULL));
		ASSERT_EQ(0, t_send(box, self->s.data, sizes[i], 0, 0));
		t_recv_args(&r, &m, 1, 0);
		ASSERT_EQ(1, t_recv_call(box, &r));
		ASSERT_EQ(sizes[i], m.out_size);
		p = (const unsigned char *)(uintptr_t)m.out_data;
		for (size_t k = sizes[i]; k < end; k++)
			ASSERT_EQ(0, p[k]);
		ASSERT_EQ(0xff, p[sizes[i] - 1]);
		ASSERT_EQ(0, munmap((void *)p, sizes[i]));
	}
}

TEST_HARNESS_MAIN
