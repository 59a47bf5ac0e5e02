// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels with turns, and strict ones: who may write when.
 *
 * Rows: T5 T6 T8 T9 C2 D3. Traps: 3 17 30.
 */
#include "ipcx_channel.h"

FIXTURE(turn)
{
	int dev;
	int ch;
	int a;
	int b;
	char buf[2 * T_CAPACITY];
};

FIXTURE_SETUP(turn)
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

FIXTURE_TEARDOWN(turn)
{
	close(self->a);
	close(self->b);
	close(self->ch);
	close(self->dev);
}

/* T5: data flows one way at a time, and the direction can be turned. */
TEST_F(turn, only_who_has_the_turn_writes)
{
	char in[8];

	EXPECT_EQ(-EAGAIN, t_write_until(self->b, "no", 2, 0, 0));
	EXPECT_EQ(-EAGAIN, t_read_until(self->b, in, 8, 0));
	EXPECT_EQ(-EAGAIN, t_read_until(self->a, in, 8, 0));
	EXPECT_EQ(3, t_write(self->a, "one", 3));
	EXPECT_EQ(-EAGAIN, t_read_until(self->a, in, 8, 0));
	EXPECT_EQ(-EPERM, t_turn_pass(self->b));
	EXPECT_EQ(0, t_turn_pass(self->a));
	/* Handed over behind what was written. */
	EXPECT_EQ(-EAGAIN, t_write_until(self->a, "no", 2, 0, 0));
	EXPECT_EQ(-EAGAIN, t_write_until(self->b, "no", 2, 0, 0));
	EXPECT_EQ(-EPERM, t_turn_pass(self->a));
	EXPECT_EQ(-EPERM, t_turn_pass(self->b));
	EXPECT_EQ(-EAGAIN, t_turn_take(self->b, 0, NULL));
	EXPECT_EQ(2, t_read(self->b, in, 2));
	EXPECT_EQ(-EAGAIN, t_write_until(self->b, "no", 2, 0, 0));
	EXPECT_EQ(1, t_read(self->b, in, 2));
	EXPECT_EQ(0, t_turn_take(self->b, 0, NULL));
	EXPECT_EQ(3, t_write(self->b, "two", 3));
	EXPECT_EQ(3, t_read(self->a, in, 8));
	EXPECT_EQ(0, memcmp(in, "two", 3));
	EXPECT_EQ(0, t_turn_pass(self->b));
	EXPECT_EQ(1, t_write(self->a, "x", 1));
}

TEST_F(turn, state_can_be_seen)
{
	struct ipcx_channel_stat s;

	ASSERT_EQ(1, t_write(self->a, "x", 1));
	EXPECT_EQ(-EAGAIN, t_turn_take(self->b, 0, NULL));
	EXPECT_EQ(0, t_channel_stat(self->b, &s));
	EXPECT_EQ(IPCX_CHANNEL_SECOND, s.out_end);
	EXPECT_EQ(IPCX_CHANNEL_FIRST, s.out_turn);
	EXPECT_EQ(IPCX_CHANNEL_STAT_F_ASKED, s.out_state);
	EXPECT_EQ(POLLPRI | POLLOUT,
		  t_poll(self->a, POLLPRI | POLLOUT | POLLIN, 0));
	EXPECT_EQ(0, t_turn_pass(self->a));
	EXPECT_EQ(0, t_channel_stat(self->b, &s));
	EXPECT_EQ(IPCX_CHANNEL_SECOND, s.out_turn);
	EXPECT_EQ(IPCX_CHANNEL_STAT_F_PASSED, s.out_state);
	EXPECT_EQ(1U, s.out_turns);
	EXPECT_EQ(getpid(), s.out_writer_pid);
	EXPECT_EQ(getpid(), s.out_reader_pid);
	EXPECT_EQ(0, t_poll(self->a, POLLPRI | POLLOUT | POLLIN, 0));
	EXPECT_EQ(POLLIN, t_poll(self->b, POLLIN | POLLOUT, 0));
	EXPECT_EQ(1, t_read(self->b, self->buf, 1));
	EXPECT_EQ(POLLOUT, t_poll(self->b, POLLIN | POLLOUT, 0));
}

/* One call writes and hands over. */
TEST_F(turn, a_conversation)
{
	char in[32], out[32];
	int status, i, n;
	pid_t pid;

	pid = t_fork();
	if (!pid) {
		for (i = 0; i < 500; i++) {
			n = t_read_until(self->b, in, sizeof(in), t_soon());
			if (n < 1 || in[0] != (char)i)
				_exit(1);
			in[0]++;
			if (t_write_until(self->b, in, n,
					  IPCX_CHANNEL_WRITE_F_PASS,
					  t_soon()) != n)
				_exit(2);
		}
		_exit(0);
	}
	for (i = 0; i < 500; i++) {
		n = 1 + i % 32;
		memset(out, i, n);
		ASSERT_EQ(n,
			  t_write_until(self->a, out, n,
					IPCX_CHANNEL_WRITE_F_PASS, t_soon()));
		ASSERT_EQ(n, t_read_until(self->a, in, sizeof(in), t_soon()));
		ASSERT_EQ((char)(i + 1), in[0]);
	}
	status = t_reap(pid);
	EXPECT_EQ(0, status);
}

static void *take_it(void *arg)
{
	int fd = *(int *)arg;

	return (void *)(long)t_turn_take(fd, t_soon(), NULL);
}

/* Who waits for the turn gets it when it has read, and not before. */
TEST_F(turn, the_turn_waits_for_the_reader)
{
	pthread_t thread;
	char byte;

	ASSERT_EQ(2, t_write(self->a, "ab", 2));
	ASSERT_EQ(0, pthread_create(&thread, NULL, take_it, &self->b));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	EXPECT_EQ(0, t_turn_pass(self->a));
	EXPECT_EQ(1, t_read(self->b, &byte, 1));
	usleep(2000);
	EXPECT_EQ(1, t_channel_waiters(self->ch));
	EXPECT_EQ(1, t_read(self->b, &byte, 1));
	EXPECT_EQ(0, t_join(thread));
	EXPECT_EQ(1, t_write_until(self->b, "c", 1, 0, 0));
}

/* The death of who has the turn gives it to the other one, who is told. */
TEST_F(turn, the_turn_of_the_dead_is_inherited)
{
	int ch = t_channel(self->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY);
	int a, b, dead = 0;
	char in[8];
	pid_t pid;

	b = t_end(ch, IPCX_CHANNEL_SECOND, 0);
	/* The parent has the first end open all the while, and does not use it. */
	a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
	pid = t_fork();
	if (!pid) {
		if (t_write(a, "last", 4) != 4)
			_exit(1);
		pause();
	}
	ASSERT_TRUE(T_UNTIL(t_queued(ch) == 4));
	EXPECT_EQ(-EAGAIN, t_turn_take(b, 0, NULL));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	/* First what it said. */
	EXPECT_EQ(-EAGAIN, t_turn_take(b, 0, NULL));
	EXPECT_EQ(4, t_read(b, in, 8));
	EXPECT_EQ(-EOWNERDEAD, t_turn_take(b, t_soon(), &dead));
	EXPECT_EQ(pid, dead);
	/* Once. */
	EXPECT_EQ(0, t_turn_take(b, t_soon(), NULL));
	EXPECT_EQ(2, t_write(b, "me", 2));
	EXPECT_EQ(0, t_turn_pass(b));
	EXPECT_EQ(2, t_read(a, in, 8));
	EXPECT_EQ(1, t_write(a, "x", 1));
	close(a);
	close(b);
	close(ch);
}

/* Who has not asked while it had the turn of the dead is not told of it later. */
TEST_F(turn, an_old_death_is_not_told)
{
	int ch = t_channel(self->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY);
	int b = t_end(ch, IPCX_CHANNEL_SECOND, 0);
	int a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
	pid_t pid = t_fork();

	if (!pid)
		_exit(t_write(a, "x", 1) != 1);
	ASSERT_EQ(0, t_reap(pid));
	ASSERT_EQ(0, t_read_all(b, self->buf, 1));
	ASSERT_TRUE(T_UNTIL(t_write_until(b, "y", 1, 0, 0) == 1));
	ASSERT_EQ(0, t_turn_pass(b));
	ASSERT_EQ(0, t_read_all(a, self->buf, 1));
	ASSERT_EQ(0, t_turn_pass(a));
	EXPECT_EQ(0, t_turn_take(b, t_soon(), NULL));
	close(a);
	close(b);
	close(ch);
}

/* Also where its descriptor was the last of that end. */
TEST_F(turn, the_last_one_dies_with_the_turn)
{
	int ch = t_channel(self->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY);
	int b = t_end(ch, IPCX_CHANNEL_SECOND, 0), a, dead = 0;
	char byte;
	pid_t pid;

	pid = t_fork();
	if (!pid) {
		a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
		if (a < 0)
			_exit(1);
		pause();
	}
	ASSERT_TRUE(T_UNTIL(t_poll(b, POLLIN, 0) == 0 && t_state(pid) == 'S'));
	ASSERT_TRUE(T_UNTIL(({
		struct ipcx_channel_stat s;

		t_channel_stat(ch, &s);
		s.out_writer_pid == pid;
	})));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	EXPECT_EQ(-EOWNERDEAD, t_turn_take(b, t_soon(), &dead));
	EXPECT_EQ(pid, dead);
	EXPECT_EQ(-EPIPE, t_write_until(b, "x", 1, 0, t_soon()));
	EXPECT_EQ(0, t_read_until(b, &byte, 1, t_soon()));
	close(b);
	close(ch);
}

/* Who closes its end leaves the turn, too, and there is nothing to tell. */
TEST_F(turn, who_leaves_leaves_the_turn)
{
	char in[8];

	ASSERT_EQ(2, t_write(self->a, "ab", 2));
	close(self->a);
	EXPECT_EQ(2, t_read(self->b, in, 8));
	EXPECT_EQ(0, t_turn_take(self->b, 0, NULL));
	EXPECT_EQ(0, t_read(self->b, in, 8));
	EXPECT_EQ(-EPIPE, t_write_until(self->b, "x", 1, 0, 0));
	/* Who comes anew goes on with the conversation. */
	self->a = t_end(self->ch, IPCX_CHANNEL_FIRST, 0);
	EXPECT_EQ(1, t_write(self->b, "x", 1));
	EXPECT_EQ(1, t_read(self->a, in, 8));
	EXPECT_EQ(-EAGAIN, t_write_until(self->a, "y", 1, 0, 0));
}

/* An end that leaves when nobody is there takes the turn along, for a while. */
TEST_F(turn, a_turn_that_nobody_could_inherit)
{
	int ch = t_channel(self->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY), a, b;

	a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
	ASSERT_EQ(1, t_write(a, "x", 1));
	close(a);
	a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
	EXPECT_EQ(1, t_write_until(a, "y", 1, 0, 0));
	close(a);
	b = t_end(ch, IPCX_CHANNEL_SECOND, 0);
	EXPECT_EQ(2, t_read_until(b, self->buf, 8, 0));
	EXPECT_EQ(0, t_turn_take(b, 0, NULL));
	close(b);
	close(ch);
}

/* T9: either end is one process's. */
TEST_F(turn, an_end_is_one_process_s)
{
	pid_t pid;

	ASSERT_EQ(1, t_write(self->a, "x", 1));
	pid = t_fork();
	if (!pid)
		_exit(t_write(self->a, "y", 1) != -EBUSY ||
		      t_write_until(self->a, "y", 1, 0, 0) != -EBUSY ||
		      t_read(self->a, self->buf, 1) != -EBUSY ||
		      t_turn_pass(self->a) != -EBUSY ||
		      t_turn_take(self->a, t_soon(), NULL) != -EBUSY ||
		      t_channel_flush(self->a) != -EBUSY ||
		      t_end(self->ch, IPCX_CHANNEL_FIRST, 0) != -EBUSY ||
		      /* The other one was not used yet. */
		      t_read(self->b, self->buf, 1) != 1);
	EXPECT_EQ(0, t_reap(pid));
}

TEST_F(turn, turns_are_for_channels_that_have_them)
{
	int pair[2];

	ASSERT_EQ(0, t_channel_pair(self->dev, 0, 0, pair));
	EXPECT_EQ(-EPERM, t_turn_pass(pair[0]));
	EXPECT_EQ(-EPERM, t_turn_take(pair[0], 0, NULL));
	EXPECT_EQ(-EPERM,
		  t_write_until(pair[0], "x", 1, IPCX_CHANNEL_WRITE_F_PASS, 0));
	EXPECT_EQ(0, t_queued(pair[0]));
	EXPECT_EQ(-EBADF, t_turn_pass(self->ch));
	EXPECT_EQ(-EINVAL,
		  t_write_until(self->a, "", 0, IPCX_CHANNEL_WRITE_F_PASS, 0));
	close(pair[0]);
	close(pair[1]);
}

FIXTURE(strict)
{
	int dev;
	int ch;
	int w;
	int r;
	char buf[4 * T_CAPACITY];
};

FIXTURE_VARIANT(strict)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(strict, simplex) {
	.flags = IPCX_CHANNEL_F_STRICT,
};

FIXTURE_VARIANT_ADD(strict, turn) {
	.flags = IPCX_CHANNEL_F_STRICT | IPCX_CHANNEL_F_TURN,
};

FIXTURE_SETUP(strict)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->ch = t_channel(self->dev, variant->flags, T_CAPACITY);
	ASSERT_LE(0, self->ch);
	self->w = t_end(self->ch, IPCX_CHANNEL_FIRST, 0);
	self->r = t_end(self->ch, IPCX_CHANNEL_SECOND, 0);
	ASSERT_LE(0, self->w);
	ASSERT_LE(0, self->r);
	t_fill(self->buf, sizeof(self->buf), 5);
}

FIXTURE_TEARDOWN(strict)
{
	close(self->w);
	close(self->r);
	close(self->ch);
	close(self->dev);
}

/* T8: while it is not full nobody reads; while it is not drained nobody writes. */
TEST_F(strict, full_then_drained)
{
	struct ipcx_channel_stat s;
	char in[T_CAPACITY];

	ASSERT_EQ(1000, t_write(self->w, self->buf, 1000));
	EXPECT_EQ(-EAGAIN, t_read_until(self->r, in, 1, 0));
	EXPECT_EQ(0, t_fionread(self->r));
	EXPECT_EQ(0, t_poll(self->r, POLLIN, 0));
	EXPECT_EQ(POLLOUT, t_poll(self->w, POLLOUT, 0));
	EXPECT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_EQ(0U, s.out_state);
	EXPECT_EQ(1000U, s.out_staged);
	EXPECT_EQ(0U, s.out_queued);
	ASSERT_EQ(T_CAPACITY - 1000,
		  t_write(self->w, self->buf + 1000, T_CAPACITY - 1000));
	EXPECT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_EQ(IPCX_CHANNEL_STAT_F_BATCH, s.out_state);
	EXPECT_EQ(1U, s.out_batches);
	EXPECT_EQ(POLLIN, t_poll(self->r, POLLIN, 0));
	EXPECT_EQ(0, t_poll(self->w, POLLOUT, 0));
	ASSERT_EQ(0, t_read_all(self->r, in, T_CAPACITY - 1));
	EXPECT_EQ(-EAGAIN, t_write_until(self->w, "x", 1, 0, 0));
	ASSERT_EQ(0, t_read_all(self->r, in + T_CAPACITY - 1, 1));
	EXPECT_EQ(0, memcmp(in, self->buf, T_CAPACITY));
	EXPECT_EQ(1, t_write_until(self->w, "x", 1, 0, 0));
	EXPECT_EQ(-EAGAIN, t_read_until(self->r, in, 1, 0));
}

TEST_F(strict, flushing_ends_a_batch)
{
	char in[8];

	EXPECT_EQ(0, t_channel_flush(self->w));
	ASSERT_EQ(3, t_write(self->w, "abc", 3));
	EXPECT_EQ(0, t_channel_flush(self->w));
	EXPECT_EQ(-EAGAIN, t_write_until(self->w, "x", 1, 0, 0));
	EXPECT_EQ(3, t_read_until(self->r, in, 8, 0));
	EXPECT_EQ(2, t_write_until(self->w, "de", 2, IPCX_CHANNEL_WRITE_F_FLUSH,
				   0));
	EXPECT_EQ(2, t_read_until(self->r, in, 8, 0));
	EXPECT_EQ(variant->flags & IPCX_CHANNEL_F_TURN ? -EPERM : -EACCES,
		  t_channel_flush(self->r));
}

TEST_F(strict, the_last_writer_ends_a_batch)
{
	char in[8];

	ASSERT_EQ(3, t_write(self->w, "abc", 3));
	EXPECT_EQ(-EAGAIN, t_read_until(self->r, in, 8, 0));
	close(self->w);
	self->w = -1;
	EXPECT_EQ(3, t_read_until(self->r, in, 8, 0));
	EXPECT_EQ(0, t_read_until(self->r, in, 8, 0));
}

/* Those who sleep alternate: a batch is full when it is read, each time. */
TEST_F(strict, alternation)
{
	char in[T_CAPACITY];
	int i, n, status;
	pid_t pid;

	pid = t_fork();
	if (!pid) {
		for (i = 0; i < 50; i++)
			if (t_write(self->w, self->buf, sizeof(self->buf)) !=
			    sizeof(self->buf))
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < 200; i++) {
		/* Whatever is seen first is the whole batch. */
		n = t_read_flags(self->r, in, T_CAPACITY,
				 IPCX_CHANNEL_READ_F_PEEK, t_soon());
		ASSERT_EQ((int)T_CAPACITY, n);
		ASSERT_EQ(0, t_read_all(self->r, in, T_CAPACITY));
		ASSERT_EQ(0, memcmp(in, self->buf + i % 4 * T_CAPACITY,
				    T_CAPACITY));
	}
	status = t_reap(pid);
	EXPECT_EQ(0, status);
}

/* A packet that does not fit any more is the end of the batch. */
TEST_F(strict, a_packet_that_does_not_fit_ends_a_batch)
{
	int ch = t_channel(self->dev, variant->flags | IPCX_CHANNEL_F_PACKET,
			   T_CAPACITY);
	int w = t_end(ch, IPCX_CHANNEL_FIRST, 0);
	int r = t_end(ch, IPCX_CHANNEL_SECOND, 0);
	char in[T_CAPACITY];
	int status, i;
	pid_t pid;

	pid = t_fork();
	if (!pid) {
		for (i = 0; i < 5; i++)
			if (t_write(w, self->buf, 1500) != 1500)
				_exit(1);
		_exit(t_channel_flush(w));
	}
	for (i = 0; i < 5; i++)
		ASSERT_EQ(1500, t_read_until(r, in, sizeof(in), t_soon()));
	EXPECT_EQ(-EAGAIN, t_read_until(r, in, sizeof(in), 0));
	status = t_reap(pid);
	EXPECT_EQ(0, status);
	close(w);
	close(r);
	close(ch);
	/* Without waiting it is ended, too. */
	ch = t_channel(self->dev, variant->flags | IPCX_CHANNEL_F_PACKET,
		       T_CAPACITY);
	w = t_end(ch, IPCX_CHANNEL_FIRST, 0);
	r = t_end(ch, IPCX_CHANNEL_SECOND, 0);
	ASSERT_EQ(1500, t_write(w, self->buf, 1500));
	ASSERT_EQ(1500, t_write(w, self->buf, 1500));
	EXPECT_EQ(-EAGAIN, t_read_until(r, in, sizeof(in), 0));
	EXPECT_EQ(-EAGAIN, t_write_until(w, self->buf, 1500, 0, 0));
	EXPECT_EQ(1500, t_read_until(r, in, sizeof(in), 0));
	close(w);
	close(r);
	close(ch);
}

/* What is staged is kept when the ring changes. */
TEST_F(strict, resizing_keeps_a_batch)
{
	char in[T_CAPACITY];

	ASSERT_EQ(2000, t_write(self->w, self->buf, 2000));
	EXPECT_EQ(2 * T_CAPACITY, t_channel_resize(self->ch, 2 * T_CAPACITY));
	ASSERT_EQ(2096, t_write(self->w, self->buf + 2000, 2096));
	EXPECT_EQ(-EAGAIN, t_read_until(self->r, in, 1, 0));
	/* Now it is full. */
	EXPECT_EQ(T_CAPACITY, t_channel_resize(self->ch, T_CAPACITY));
	EXPECT_EQ(0, t_read_all(self->r, in, T_CAPACITY));
	EXPECT_EQ(0, memcmp(in, self->buf, T_CAPACITY));
}

TEST_HARNESS_MAIN
