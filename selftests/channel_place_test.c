// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: who has an end, when that changes hands, and when it does not.
 *
 * Rows: T5 T6 T9 C1 H6. Traps: 17 30.
 */
#include "ipcx_channel.h"

#include <sys/epoll.h>
#include <sys/resource.h>

FIXTURE(place)
{
	int dev;
	int ch;
	int a;
	int b;
	char buf[2 * T_CAPACITY];
};

FIXTURE_SETUP(place)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->ch = t_channel(self->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY);
	ASSERT_LE(0, self->ch);
	self->a = t_end(self->ch, IPCX_CHANNEL_FIRST, 0);
	self->b = t_end(self->ch, IPCX_CHANNEL_SECOND, 0);
	ASSERT_LE(0, self->a);
	ASSERT_LE(0, self->b);
}

FIXTURE_TEARDOWN(place)
{
	close(self->a);
	close(self->b);
	close(self->ch);
	close(self->dev);
}

static unsigned int turn_at(int ch)
{
	struct ipcx_channel_stat s;

	return t_channel_stat(ch, &s) ? 0 : s.out_turn;
}

/*
 * Has the turn, becomes another program, and that writes at once: it has the same
 * pid, and not what belonged to the old one.
 */
static void exec_and_write(int a)
{
	char command[64];
	int fd = dup2(a, 9);

	/* The place goes with the first descriptor that is closed. */
	close(a);
	if (fd != 9 || t_write(fd, "old", 3) != 3 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK))
		_exit(1);
	snprintf(command, sizeof(command), "exec 2>/dev/null; echo new >&%d",
		 fd);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(2);
}

/* Rows: T5 T6 H6. */
TEST_F(place, exec_gives_the_turn_away_before_it_can_write)
{
	int ch, a, b, dead;
	pid_t pid;

	for (int i = 0; i < t_times(200); i++) {
		ch = t_channel(self->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY);
		a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
		b = t_end(ch, IPCX_CHANNEL_SECOND, 0);
		ASSERT_LE(0, b);
		pid = t_fork();
		if (!pid)
			exec_and_write(a);
		ASSERT_LE(0, t_reap(pid));
		ASSERT_EQ(3, t_read_until(b, self->buf, 16, 0));
		ASSERT_EQ(0, memcmp(self->buf, "old", 3));
		ASSERT_EQ(-EOWNERDEAD, t_turn_take(b, t_soon(), &dead));
		ASSERT_EQ(pid, dead);
		ASSERT_EQ(0, t_queued(ch));
		close(a);
		close(b);
		close(ch);
	}
}

struct writing {
	int fd;
	const char *data;
	size_t size;
	long long ret;
};

static void *write_it(void *arg)
{
	struct writing *w = arg;

	w->ret = t_write_until(w->fd, w->data, w->size,
			       IPCX_CHANNEL_WRITE_F_PASS, t_soon());
	return NULL;
}

/*
 * Rows: T5 T6. One thread is in the middle of a write, another one closes a
 * descriptor of the same end: nobody else gets in before the write is whole.
 */
TEST_F(place, closing_does_not_let_others_into_the_middle_of_a_write)
{
	struct writing w = { .fd = self->a,
			     .data = self->buf,
			     .size = sizeof(self->buf) };
	char in[sizeof(self->buf)];
	pthread_t thread;
	pid_t pid;

	t_fill(self->buf, sizeof(self->buf), 1);
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_it, &w));
	ASSERT_TRUE(T_UNTIL(t_queued(self->ch) == T_CAPACITY &&
			    t_channel_waiters(self->ch) == 1));
	close(dup(self->a));
	pid = t_fork();
	if (!pid)
		_exit(t_write_until(self->a, "x", 1, 0, 0) == -EBUSY ? 0 : 1);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, t_read_all(self->b, in, sizeof(in)));
	ASSERT_EQ(0, t_join(thread));
	EXPECT_EQ((long long)sizeof(in), w.ret);
	EXPECT_TRUE(t_filled(in, sizeof(in), 1));
	EXPECT_EQ(0, t_turn_take(self->b, 0, NULL));
	/* And then the place is free, for that was asked for. */
	EXPECT_EQ(1,
		  t_write_until(self->b, "y", 1, IPCX_CHANNEL_WRITE_F_PASS, 0));
	pid = t_fork();
	if (!pid)
		_exit(t_read_until(self->a, in, 1, 0) == 1 ? 0 : 1);
	EXPECT_EQ(0, t_reap(pid));
}

/* -EMFILE, or what came instead. */
static int open_without_descriptors(int ch, unsigned int end)
{
	struct rlimit old, tight;
	int ret;

	if (getrlimit(RLIMIT_NOFILE, &old))
		return -EPROTO;
	tight = old;
	tight.rlim_cur = 3;
	if (setrlimit(RLIMIT_NOFILE, &tight))
		return -EPROTO;
	ret = t_end(ch, end, 0);
	setrlimit(RLIMIT_NOFILE, &old);
	return ret;
}

/* Rows: T5. What has failed has neither had the turn nor given it away. */
TEST_F(place, opening_that_fails_gives_no_turn_away)
{
	int ch = t_channel(self->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY), a, b;

	b = t_end(ch, IPCX_CHANNEL_SECOND, 0);
	ASSERT_LE(0, b);
	ASSERT_EQ(-EMFILE, open_without_descriptors(ch, IPCX_CHANNEL_FIRST));
	EXPECT_EQ(IPCX_CHANNEL_FIRST, turn_at(ch));
	a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
	ASSERT_LE(0, a);
	EXPECT_EQ(1, t_write_until(a, "x", 1, 0, 0));
	close(b);
	/* Nor does it take one that somebody has left behind. */
	close(a);
	close(ch);
	ch = t_channel(self->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY);
	a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
	ASSERT_LE(0, a);
	close(a);
	ASSERT_EQ(-EMFILE, open_without_descriptors(ch, IPCX_CHANNEL_SECOND));
	EXPECT_EQ(IPCX_CHANNEL_FIRST, turn_at(ch));
	b = t_end(ch, IPCX_CHANNEL_SECOND, 0);
	ASSERT_LE(0, b);
	EXPECT_EQ(IPCX_CHANNEL_SECOND, turn_at(ch));
	close(b);
	close(ch);
}

/*
 * Rows: T5. Its holder is dead, and another process has the end open: who comes to
 * the other end gets it, unless that process uses it before.
 */
static pid_t die_and_leave_a_child(int a, int *step)
{
	pid_t pid = t_fork(), child;

	if (pid)
		return pid;
	if (t_write(a, "x", 1) != 1)
		_exit(1);
	child = fork(); /* It outlives its parent, and ends by itself. */
	if (child)
		_exit(child < 0);
	T_STORE(step, 1);
	T_UNTIL(T_LOAD(step) == 2);
	if (t_write_until(a, "y", 1, 0, 0) != 1)
		T_STORE(step, 4);
	T_STORE(step, T_LOAD(step) == 4 ? 4 : 3);
	T_UNTIL(T_LOAD(step) == 5);
	_exit(0);
}

TEST_F(place, turn_of_the_dead_waits_for_who_comes_later)
{
	int *step = t_shared(sizeof(int)), ch, a, b;

	for (int uses = 0; uses < 2; uses++) {
		T_STORE(step, 0);
		ch = t_channel(self->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY);
		a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
		ASSERT_LE(0, a);
		ASSERT_EQ(0, t_reap(die_and_leave_a_child(a, step)));
		close(a);
		ASSERT_TRUE(T_UNTIL(T_LOAD(step) == 1));
		if (uses) {
			T_STORE(step, 2);
			ASSERT_TRUE(T_UNTIL(T_LOAD(step) == 3));
		}
		b = t_end(ch, IPCX_CHANNEL_SECOND, 0);
		ASSERT_LE(0, b);
		EXPECT_EQ(uses ? IPCX_CHANNEL_FIRST : IPCX_CHANNEL_SECOND,
			  turn_at(ch));
		EXPECT_EQ(1 + uses, t_read_until(b, self->buf, 8, 0));
		EXPECT_EQ(uses ? -EAGAIN : 0, t_turn_take(b, 0, NULL));
		if (!uses) {
			T_STORE(step, 2);
			ASSERT_TRUE(T_UNTIL(T_LOAD(step) == 4));
		}
		T_STORE(step, 5);
		close(b);
		close(ch);
	}
}

/* Rows: T5. Who asked for the turn, and is dead, does not ask any more. */
TEST_F(place, the_dead_ask_for_nothing)
{
	struct ipcx_channel_stat s;
	pid_t pid = t_fork();

	if (!pid)
		_exit(t_turn_take(self->b, 0, NULL) == -EAGAIN ? 0 : 1);
	ASSERT_EQ(0, t_reap(pid));
	ASSERT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_EQ(0U, s.out_state);
	EXPECT_EQ(0, t_poll(self->a, POLLPRI, 0));
}

static void *open_and_wait(void *arg)
{
	int *fd = arg;

	*fd = t_end_until(*fd, NULL, IPCX_CHANNEL_READER,
			  IPCX_CHANNEL_OPEN_F_WAIT, t_in_ms(50));
	return NULL;
}

/* Rows: T9. Who gives up opening does not give up what a sibling uses. */
TEST_F(place, opening_in_vain_leaves_a_sibling_its_place)
{
	int ch = t_channel(self->dev, 0, T_CAPACITY), fd = ch, r;
	pthread_t thread;
	pid_t pid;

	ASSERT_EQ(0, pthread_create(&thread, NULL, open_and_wait, &fd));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(ch) == 1));
	r = t_end(ch, IPCX_CHANNEL_READER, 0);
	ASSERT_LE(0, r);
	EXPECT_EQ(-EAGAIN, t_read_until(r, self->buf, 1, 0));
	ASSERT_EQ(0, t_join(thread));
	EXPECT_EQ(-ETIMEDOUT, fd);
	pid = t_fork();
	if (!pid)
		_exit(t_read_until(r, self->buf, 1, 0) == -EBUSY ? 0 : 1);
	EXPECT_EQ(0, t_reap(pid));
	close(r);
	close(ch);
}

static void *open_soon(void *arg)
{
	int *fd = arg;

	*fd = t_end_until(*fd, NULL, IPCX_CHANNEL_READER,
			  IPCX_CHANNEL_OPEN_F_WAIT, t_soon());
	return NULL;
}

/* Rows: C1. Who was met, and has left before the other one looked, was met. */
TEST_F(place, who_leaves_at_once_was_there)
{
	int ch = t_channel(self->dev, 0, T_CAPACITY), r, w;
	pthread_t thread;

	for (int i = 0; i < t_times(1000); i++) {
		r = ch;
		ASSERT_EQ(0, pthread_create(&thread, NULL, open_soon, &r));
		w = t_end_until(ch, NULL, IPCX_CHANNEL_WRITER,
				IPCX_CHANNEL_OPEN_F_WAIT, t_soon());
		ASSERT_LE(0, w);
		close(w);
		ASSERT_EQ(0, t_join(thread));
		ASSERT_LE(0, r);
		ASSERT_EQ(0, t_read_until(r, self->buf, 1, t_soon()));
		close(r);
	}
	close(ch);
}

/* Rows: C3 E1. Who was turned away while the ring was changed is told of it. */
TEST_F(place, resizing_in_vain_loses_no_edge)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ch = t_channel(self->dev, 0, 2 * T_CAPACITY), ep, r, w;

	w = t_end(ch, IPCX_CHANNEL_WRITER, 0);
	r = t_end(ch, IPCX_CHANNEL_READER, 0);
	ASSERT_LE(0, r);
	ASSERT_EQ((long long)sizeof(self->buf),
		  t_write_until(w, self->buf, sizeof(self->buf), 0, 0));
	ep = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, r, &event));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
	ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(-EBUSY, t_channel_resize(ch, T_CAPACITY));
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
	close(ep);
	close(r);
	close(w);
	close(ch);
}

struct copying {
	int fd;
	bool writes;
	int *stop;
	bool failed;
};

static void *copy_on(void *arg)
{
	char data[2 * T_CAPACITY] = {};
	struct copying *c = arg;
	long long n;

	while (!T_LOAD(c->stop)) {
		if (c->writes)
			n = t_write_until(c->fd, data, sizeof(data), 0,
					  t_in_ms(1));
		else
			n = t_read_until(c->fd, data, sizeof(data), t_in_ms(1));
		c->failed |= n < 0 && n != -ETIMEDOUT && n != -EAGAIN;
	}
	return NULL;
}

/* Rows: C3. However busy it is. */
TEST_F(place, resizing_comes_to_its_end_among_others)
{
	int *stop = t_shared(sizeof(int)), pair[2], ch;
	struct copying c[2];
	pthread_t thread[2];

	ch = t_channel(self->dev, 0, 4 * T_CAPACITY);
	pair[0] = t_end(ch, IPCX_CHANNEL_WRITER, 0);
	pair[1] = t_end(ch, IPCX_CHANNEL_READER, 0);
	ASSERT_LE(0, pair[1]);
	for (int i = 0; i < 2; i++) {
		c[i] = (struct copying) { pair[i], !i, stop, false };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, copy_on, &c[i]));
	}
	for (int i = 0; i < t_times(300); i++) {
		unsigned int capacity = (i % 2 + 1) * 8 * T_CAPACITY;
		long long got = t_channel_resize(ch, capacity);

		/* What is in it may not fit a smaller one. */
		if (i % 2 || got != -EBUSY)
			ASSERT_EQ(capacity, got);
	}
	T_STORE(stop, 1);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, t_join(thread[i]));
		EXPECT_FALSE(c[i].failed);
	}
	close(pair[0]);
	close(pair[1]);
	close(ch);
}

TEST_HARNESS_MAIN
