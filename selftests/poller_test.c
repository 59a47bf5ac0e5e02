// SPDX-License-Identifier: GPL-2.0-only
/*
 * Polls of every kind on objects of every kind, which end meanwhile: destroyed,
 * closed, or with their owner.
 *
 * Rows: A5 E1 H1. Classes: V1 V6.
 */
#include "ipcx_fd.h"
#include "ipcx_kinds.h"
#include "ipcx_poller.h"

/* Rounds of a test on a usual machine. */
#define ROUNDS 2000

FIXTURE(pollers)
{
	int dev;
	struct t_poller p;
	struct t_census before;
};

FIXTURE_VARIANT(pollers)
{
	enum t_poller_kind kind;
};

FIXTURE_VARIANT_ADD(pollers, epoll) {
	.kind = T_EPOLL,
};

FIXTURE_VARIANT_ADD(pollers, io_uring) {
	.kind = T_URING,
};

FIXTURE_VARIANT_ADD(pollers, aio) {
	.kind = T_AIO,
};

FIXTURE_SETUP(pollers)
{
	int ret;

	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	ret = t_poller_open(&self->p, variant->kind);
	if (ret == -ENOSYS || ret == -EPERM)
		SKIP(return, "this kernel does not have it: %d", ret);
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN_PARENT(pollers)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* How an object ends; in the second thread. */
enum {
	END_DESTROYED,
	END_CLOSED,
	END_DESTROYED_BY_OTHER,
	END_TOUCHED_BY_OTHER,
	ENDS
};

static void end_object(struct t_helper *h)
{
	if (h->what == END_DESTROYED || h->what == END_DESTROYED_BY_OTHER)
		h->wrong |= t_destroy(h->fd[h->what != END_DESTROYED]) != 0;
	for (int i = 0; i < 3 && h->what == END_TOUCHED_BY_OTHER; i++)
		h->wrong |= t_touch(h->fd[1], h->kind) == -EIDRM;
	if (h->what == END_DESTROYED || h->what == END_CLOSED)
		close(h->fd[0]);
	if (h->fd[1] >= 0)
		close(h->fd[1]);
}

/* Gives the polls up that are left, now and then. */
static int renew(struct t_poller *p)
{
	enum t_poller_kind kind = p->kind;

	t_poller_close(p);
	return t_poller_open(p, kind);
}

/*
 * Rows: E1. Classes: V1 V6. Destroyed, closed, or told of an event through
 * another handle while the last close of the polled one is under way; the poll
 * is looked at, or given up, at the same time.
 */
TEST_F_TIMEOUT(pollers, outlive_the_object_however_it_ends, 120)
{
	struct t_helper h;

	ASSERT_EQ(0, t_helper_start(&h, end_object));
	for (int i = 0; i < t_times(ROUNDS); i++) {
		bool by_other;

		h.kind = i % T_KINDS;
		h.what = i / T_KINDS % ENDS;
		by_other = h.what >= END_DESTROYED_BY_OTHER;
		h.fd[0] = t_make(self->dev, h.kind);
		ASSERT_LE(0, h.fd[0]);
		h.fd[1] = by_other ? t_reduce(h.fd[0], IPCX_RIGHTS_MASK) : -1;
		ASSERT_EQ(0, t_poller_arm(&self->p, h.fd[0]));
		sem_post(&h.go);
		if (by_other && i & 1)
			close(h.fd[0]);
		if (i & 2)
			t_poller_result(&self->p);
		if (i % 16 == 15)
			ASSERT_EQ(0, renew(&self->p));
		ASSERT_TRUE(t_helper_wait(&h));
		if (by_other && !(i & 1))
			close(h.fd[0]);
		while (t_poller_result(&self->p) != -EAGAIN)
			;
	}
	EXPECT_EQ(0, t_helper_stop(&h));
	EXPECT_EQ(0, h.wrong);
	t_poller_close(&self->p);
}

/* Rows: E1. Classes: V1. Nobody who polls is forgotten. */
TEST_F(pollers, are_told_that_the_object_was_destroyed)
{
	struct t_helper h;
	int ret;

	ASSERT_EQ(0, t_helper_start(&h, end_object));
	for (int i = 0; i < t_times(500); i++) {
		h.kind = i % T_KINDS;
		h.what = END_DESTROYED_BY_OTHER;
		h.fd[0] = t_make(self->dev, h.kind);
		h.fd[1] = t_reduce(h.fd[0], IPCX_RIGHT_CONTROL);
		ASSERT_LE(0, h.fd[1]);
		/* Before, while, or after. */
		if (i % 3 == 0)
			ASSERT_EQ(0, t_poller_arm(&self->p, h.fd[0]));
		sem_post(&h.go);
		if (i % 3 == 1)
			ASSERT_EQ(0, t_poller_arm(&self->p, h.fd[0]));
		ASSERT_TRUE(t_helper_wait(&h));
		if (i % 3 == 2)
			ASSERT_EQ(0, t_poller_arm(&self->p, h.fd[0]));
		ASSERT_TRUE(
			T_UNTIL((ret = t_poller_result(&self->p)) != -EAGAIN));
		ASSERT_LT(0, ret);
		EXPECT_EQ(POLLHUP, ret & POLLHUP);
		close(h.fd[0]);
	}
	EXPECT_EQ(0, t_helper_stop(&h));
	EXPECT_EQ(0, h.wrong);
	t_poller_close(&self->p);
}

/* Polls each kind of object in each way, and waits to be killed. */
static void poll_everything(int dev, enum t_poller_kind kind, int *ready)
{
	struct t_poller p;

	if (t_poller_open(&p, kind))
		_exit(1);
	for (int i = 0; i < 2 * T_KINDS; i++) {
		int fd = t_make(dev, i % T_KINDS);

		if (fd < 0 || t_poller_arm(&p, fd))
			_exit(2);
		/* The poll is all that is left of these. */
		if (i >= T_KINDS)
			close(fd);
		T_STORE(ready, i + 1);
	}
	for (;;)
		t_poller_result(&p);
}

/* Rows: E1 H1. Classes: V1. At any moment, with polls of everything left. */
TEST_F_TIMEOUT(pollers, that_are_killed_leave_nothing, 120)
{
	struct t_census before = t_census();
	int *ready = t_shared(T_PAGE);
	unsigned int seed = 5;

	ASSERT_NE(NULL, ready);
	for (int i = 0; i < t_times(120); i++) {
		pid_t pid;

		T_STORE(ready, 0);
		pid = t_fork();
		ASSERT_LE(0, pid);
		if (!pid)
			poll_everything(self->dev, self->p.kind, ready);
		if (!(i & 1))
			usleep(rand_r(&seed) % 4000);
		EXPECT_TRUE(!(i & 1) || T_UNTIL(T_LOAD(ready) == 2 * T_KINDS));
		ASSERT_EQ(128 + SIGKILL, t_kill(pid));
		if (i % 8 == 7)
			ASSERT_TRUE(t_same_census(&before));
	}
	munmap(ready, T_PAGE);
	t_poller_close(&self->p);
}

/* Rows: A5 E1. Classes: V1. The death is an event for those who poll. */
TEST_F_TIMEOUT(pollers, are_told_that_the_owner_was_killed, 60)
{
	int *ready = t_shared(T_PAGE), ret;

	ASSERT_NE(NULL, ready);
	for (int i = 0; i < t_times(60); i++) {
		int fd = i & 1 ? t_lock(self->dev, IPCX_DEATH_RETURN) :
				 t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);
		pid_t pid;

		ASSERT_LE(0, fd);
		T_STORE(ready, 0);
		pid = t_fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			T_STORE(ready, t_sem_p(fd, 1, 0) ? -1 : 1);
			for (;;)
				pause();
		}
		EXPECT_TRUE(T_UNTIL(T_LOAD(ready) == 1));
		ASSERT_EQ(0, t_poller_arm(&self->p, fd));
		EXPECT_EQ(-EAGAIN, t_poller_result(&self->p));
		ASSERT_EQ(128 + SIGKILL, t_kill(pid));
		EXPECT_TRUE(
			T_UNTIL((ret = t_poller_result(&self->p)) != -EAGAIN));
		EXPECT_EQ(POLLIN, ret & POLLIN);
		close(fd);
	}
	munmap(ready, T_PAGE);
	t_poller_close(&self->p);
}

FIXTURE(device)
{
	int dev;
};

FIXTURE_SETUP(device)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
}

FIXTURE_TEARDOWN(device)
{
	close(self->dev);
}

/* Classes: V1. Nothing ever happens on it, so nobody waits in a queue of it. */
TEST_F(device, has_no_events)
{
	struct t_poller p;

	ASSERT_EQ(0, t_poller_open(&p, T_EPOLL));
	EXPECT_EQ(-EPERM, t_poller_arm(&p, self->dev));
	t_poller_close(&p);
	/* As for a plain file: ready at once, or refused. */
	for (enum t_poller_kind kind = T_URING; kind <= T_AIO; kind++) {
		if (t_poller_open(&p, kind))
			continue;
		if (!t_poller_arm(&p, self->dev))
			EXPECT_TRUE(T_UNTIL(t_poller_result(&p) != -EAGAIN));
		t_poller_close(&p);
	}
}

TEST_HARNESS_MAIN
