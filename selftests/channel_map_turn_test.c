// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels with turns, and strict ones, of which an end is mapped, as the kernel sees
 * to it: what user space has moved is what calls find, and the other way round.
 *
 * Rows: T5 T6 T8 C1 D3 K3. Traps: 17 30 31 44.
 */
#include "ipcx_channel.h"

FIXTURE(turn)
{
	int dev;
	int ch;
	int a;
	int b;
	struct t_mapped m; /* the first end */
	char buf[2 * T_CAPACITY];
};

FIXTURE_VARIANT(turn)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(turn, plain) {
	.flags = IPCX_CHANNEL_F_TURN,
};

FIXTURE_VARIANT_ADD(turn, strict) {
	.flags = IPCX_CHANNEL_F_TURN | IPCX_CHANNEL_F_STRICT,
};

FIXTURE_SETUP(turn)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->ch = t_channel(self->dev, variant->flags, T_CAPACITY);
	ASSERT_LE(0, self->ch);
	self->a = t_end(self->ch, IPCX_CHANNEL_FIRST, 0);
	self->b = t_end(self->ch, IPCX_CHANNEL_SECOND, 0);
	ASSERT_LE(0, self->a);
	ASSERT_LE(0, self->b);
	ASSERT_TRUE(t_map_end(self->a, &self->m));
}

FIXTURE_TEARDOWN(turn)
{
	t_unmap_end(&self->m);
	close(self->a);
	close(self->b);
	close(self->ch);
	close(self->dev);
}

/* Takes what is there; where it writes next is never behind. */
static void take(const struct t_mapped *m, uint32_t size)
{
	__atomic_store_n(&m->mine->next, m->mine->pos + size, __ATOMIC_RELAXED);
	t_mapped_move(m, size);
}

/* Writes as the mode says, and lets the other end see it. */
static void put(const struct t_mapped *m, bool strict, const char *data)
{
	size_t size = strlen(data);

	if (!strict) {
		t_mapped_write(m, data, size);
		return;
	}
	t_mapped_stage(m, data, size);
	t_mapped_move(m, size);
}

/* Rows: T5 T8. */
TEST_F(turn, turn_goes_to_and_fro)
{
	bool strict = variant->flags & IPCX_CHANNEL_F_STRICT;
	struct ipcx_channel_stat s;
	char in[8];

	put(&self->m, strict, "one");
	EXPECT_EQ(-EAGAIN, t_turn_take(self->b, 0, NULL));
	EXPECT_EQ(-EAGAIN, t_write_until(self->b, "no", 2, 0, 0));
	t_mapped_pass(&self->m);
	EXPECT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_EQ(IPCX_CHANNEL_SECOND, s.out_turn);
	EXPECT_EQ(1U, s.out_turns);
	EXPECT_EQ(3U, s.out_queued);
	/* Behind what was written. */
	EXPECT_EQ(-EAGAIN, t_turn_take(self->b, 0, NULL));
	EXPECT_EQ(-EAGAIN, t_write_until(self->b, "no", 2, 0, 0));
	EXPECT_EQ(-EAGAIN, t_write_until(self->a, "no", 2, 0, 0));
	EXPECT_EQ(-EPERM, t_turn_pass(self->a));
	EXPECT_EQ(3, t_read(self->b, in, 8));
	EXPECT_EQ(0, memcmp(in, "one", 3));
	EXPECT_EQ(0, t_turn_take(self->b, 0, NULL));
	EXPECT_EQ(3, t_write_until(self->b, "two", 3, IPCX_CHANNEL_WRITE_F_PASS,
				   0));
	EXPECT_EQ(1U, self->m.peer->passes);
	EXPECT_EQ(6U, self->m.peer->pos);
	EXPECT_EQ(0, memcmp(self->m.data + 3, "two", 3));
	EXPECT_EQ(POLLIN, t_poll(self->a, POLLIN | POLLOUT, 0));
	take(&self->m, 3);
	EXPECT_EQ(POLLOUT, t_poll(self->a, POLLIN | POLLOUT, 0));
	/* A call of the same process goes on where the words are. */
	EXPECT_EQ(3, t_write_until(self->a, "abc", 3, IPCX_CHANNEL_WRITE_F_PASS,
				   0));
	EXPECT_EQ(9U, self->m.mine->pos);
	EXPECT_EQ(2U, self->m.mine->passes);
	EXPECT_EQ(3, t_read(self->b, in, 8));
	EXPECT_EQ(0, memcmp(in, "abc", 3));
}

/* Rows: T8. Who reads moves two numbers: between the two nothing is wrong. */
TEST_F(turn, reading_is_no_contradiction)
{
	struct ipcx_channel_stat s;
	struct t_mapped m;

	ASSERT_TRUE(t_map_end(self->b, &m));
	ASSERT_EQ((long long)T_CAPACITY,
		  t_write_until(self->a, self->buf, T_CAPACITY,
				IPCX_CHANNEL_WRITE_F_PASS, 0));
	m.mine->next = 100;
	EXPECT_EQ(-EAGAIN, t_write_until(self->a, "x", 1, 0, 0));
	EXPECT_EQ(-EAGAIN, t_turn_take(self->b, 0, NULL));
	EXPECT_EQ(0, t_poll(self->a, POLLOUT, 0));
	EXPECT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_EQ(T_CAPACITY, s.out_queued);
	EXPECT_EQ(0U, s.out_staged);
	t_mapped_move(&m, 100);
	take(&m, T_CAPACITY - 100);
	EXPECT_EQ(1, t_write_until(self->b, "x", 1, 0, 0));
	t_unmap_end(&m);
}

/* Rows: T5 E1. Who hands it over without a call has answered who asked. */
TEST_F(turn, asking_ends_with_the_turn)
{
	struct ipcx_channel_stat s;

	EXPECT_EQ(0, t_poll(self->a, POLLPRI, 0));
	EXPECT_EQ(-EAGAIN, t_turn_take(self->b, 0, NULL));
	EXPECT_EQ(POLLPRI, t_poll(self->a, POLLPRI, 0));
	EXPECT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_TRUE(s.out_state & IPCX_CHANNEL_STAT_F_ASKED);
	t_mapped_pass(&self->m);
	EXPECT_EQ(0, t_turn_take(self->b, 0, NULL));
	EXPECT_EQ(0, t_turn_pass(self->b));
	EXPECT_EQ(0, t_poll(self->a, POLLPRI, 0));
	EXPECT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_FALSE(s.out_state & IPCX_CHANNEL_STAT_F_ASKED);
}

struct call {
	int fd;
	int what;
	int ret;
};

enum {
	TAKE,
	WRITE,
	READ,
	AWAIT,
	AWAIT_TO_WRITE,
	CALLS
};

static void *call_it(void *arg)
{
	struct call *c = arg;
	char byte;

	switch (c->what) {
	case TAKE:
		c->ret = t_turn_take(c->fd, t_soon(), NULL);
		break;
	case WRITE:
		c->ret = t_write_until(c->fd, "x", 1, 0, t_soon()) != 1;
		break;
	case READ:
		c->ret = t_read_until(c->fd, &byte, 1, t_soon()) != 1;
		break;
	case AWAIT:
		c->ret = t_channel_wait(c->fd, 1, t_soon());
		break;
	default:
		c->ret = t_channel_wait_to_write(c->fd, 1, t_soon());
	}
	return NULL;
}

/* Rows: T5 T7. Traps: 17. Whatever they wait for, and not before it is there. */
TEST_F(turn, who_waits_is_woken)
{
	bool strict = variant->flags & IPCX_CHANNEL_F_STRICT;
	pthread_t thread;
	struct call c;

	for (int what = 0; what < CALLS; what++) {
		bool reads = what == READ || what == AWAIT;

		c = (struct call) { self->b, what, -1 };
		ASSERT_EQ(0, pthread_create(&thread, NULL, call_it, &c));
		ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
		EXPECT_EQ(1U, self->m.peer->sleeps);
		if (reads) {
			put(&self->m, strict, "x");
			ASSERT_EQ(0, t_join(thread));
			EXPECT_EQ(0, c.ret);
		} else {
			/* What is no turn wakes nobody who wants that. */
			put(&self->m, strict, "x");
			usleep(2000);
			EXPECT_EQ(1, t_channel_waiters(self->ch));
			t_mapped_pass(&self->m);
			usleep(2000);
			EXPECT_EQ(1, t_channel_waiters(self->ch));
			EXPECT_EQ(1, t_read(self->b, self->buf, 1));
			ASSERT_EQ(0, t_join(thread));
			EXPECT_EQ(0, c.ret);
			EXPECT_EQ(0, t_turn_pass(self->b));
		}
		while (t_read_until(self->b, self->buf, 8, 0) > 0)
			;
		take(&self->m, self->m.peer->pos - self->m.mine->pos);
	}
	EXPECT_EQ(-EINVAL, t_channel_wait_to_write(self->b, T_CAPACITY + 1, 0));
	EXPECT_EQ(0, t_channel_wait_to_write(self->a, T_CAPACITY, 0));
	EXPECT_EQ(-EAGAIN, t_channel_wait(self->a, 1, 0));
}

/* Rows: D3 T8. Who dies leaves what it has written, and the turn, and is named. */
TEST_F(turn, turn_of_a_dead_mapper_is_left)
{
	bool strict = variant->flags & IPCX_CHANNEL_F_STRICT;
	int *step = t_shared(sizeof(int)), dead, ch, b;
	struct t_mapped m;
	pid_t pid;

	ch = t_channel(self->dev, variant->flags, T_CAPACITY);
	b = t_end(ch, IPCX_CHANNEL_SECOND, 0);
	ASSERT_LE(0, b);
	pid = t_fork();
	if (!pid) {
		int a = t_end(ch, IPCX_CHANNEL_FIRST, 0);

		T_STORE(step, t_map_end(a, &m) ? 1 : 2);
		if (strict)
			t_mapped_stage(&m, "last", 4);
		else
			t_mapped_write(&m, "last", 4);
		T_STORE(step, 3);
		for (;;)
			pause();
	}
	ASSERT_TRUE(T_UNTIL(T_LOAD(step) == 3));
	ASSERT_TRUE(t_map_end(b, &m));
	EXPECT_NE(m.peer->left, m.peer->passes);
	EXPECT_EQ(strict ? 0U : 4U, m.peer->pos);
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	EXPECT_TRUE(T_UNTIL(m.peer->gone));
	EXPECT_EQ(4U, m.peer->pos);
	EXPECT_EQ(1U, m.peer->passes);
	EXPECT_EQ(m.peer->left, m.peer->passes);
	EXPECT_EQ(0, memcmp(m.data, "last", 4));
	EXPECT_EQ(4, t_read(b, self->buf, 8));
	EXPECT_EQ(-EOWNERDEAD, t_turn_take(b, t_soon(), &dead));
	EXPECT_EQ(pid, dead);
	EXPECT_EQ(0, t_turn_take(b, t_soon(), &dead));
	t_unmap_end(&m);
	close(b);
	close(ch);
}

/* Rows: D3. A death of which nobody was told is over with the turn. */
TEST_F(turn, untold_death_ends_with_the_turn)
{
	struct t_mapped m;
	int ch, a, b;
	pid_t pid;

	ch = t_channel(self->dev, variant->flags, T_CAPACITY);
	b = t_end(ch, IPCX_CHANNEL_SECOND, 0);
	ASSERT_LE(0, b);
	pid = t_fork();
	if (!pid) {
		a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
		_exit(t_turn_take(a, 0, NULL) ? 1 : 0);
	}
	ASSERT_EQ(0, t_reap(pid));
	ASSERT_TRUE(t_map_end(b, &m));
	ASSERT_TRUE(T_UNTIL(m.peer->left == m.peer->passes));
	a = t_end(ch, IPCX_CHANNEL_FIRST, 0);
	ASSERT_LE(0, a);
	/* It is not asked for, but used, and handed over without a call. */
	t_mapped_pass(&m);
	EXPECT_EQ(0, t_turn_take(a, 0, NULL));
	EXPECT_EQ(0, t_turn_pass(a));
	EXPECT_NE(m.peer->left, m.peer->passes);
	EXPECT_EQ(0, t_turn_take(b, 0, NULL));
	t_unmap_end(&m);
	close(a);
	close(b);
	close(ch);
}

/* Rows: K3. Classes: V9. */
TEST_F(turn, turns_that_cannot_be_are_an_error)
{
	static const uint32_t lies[] = { 2, 0x7fffffff, 0x80000000,
					 0xffffffff };
	char in[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
		__atomic_store_n(&self->m.mine->passes, lies[i],
				 __ATOMIC_SEQ_CST);
		EXPECT_EQ(-EPROTO, t_read_until(self->b, in, 8, 0));
		EXPECT_EQ(-EPROTO, t_write_until(self->b, "x", 1, 0, 0));
		EXPECT_EQ(-EPROTO, t_turn_take(self->b, 0, NULL));
		EXPECT_EQ(-EPROTO, t_turn_pass(self->b));
		EXPECT_EQ(-EPROTO, t_channel_flush(self->b));
		EXPECT_EQ(-EPROTO, t_channel_wait(self->b, 1, 0));
		EXPECT_EQ(-EPROTO, t_channel_wait_to_write(self->b, 1, 0));
		EXPECT_EQ(POLLERR, t_poll(self->b, POLLIN, 0));
	}
	__atomic_store_n(&self->m.mine->passes, 1, __ATOMIC_SEQ_CST);
	EXPECT_EQ(0, t_turn_take(self->b, 0, NULL));
	/* Bytes of who has not the turn, and may have had it: they are read. */
	put(&self->m, variant->flags & IPCX_CHANNEL_F_STRICT, "late");
	EXPECT_EQ(4, t_read(self->b, in, 8));
	EXPECT_EQ(0, t_turn_take(self->b, 0, NULL));
	__atomic_store_n(&self->m.mine->pos, self->m.peer->pos - T_CAPACITY - 1,
			 __ATOMIC_SEQ_CST);
	EXPECT_EQ(-EPROTO, t_write_until(self->b, "x", 1, 0, 0));
}

/* ---- Batches, without turns -------------------------------------------- */

FIXTURE(strict)
{
	int dev;
	int ch;
	int w;
	int r;
	struct t_mapped m;
	char buf[2 * T_CAPACITY];
};

FIXTURE_SETUP(strict)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->ch = t_channel(self->dev, IPCX_CHANNEL_F_STRICT, T_CAPACITY);
	ASSERT_LE(0, self->ch);
	self->w = t_end(self->ch, IPCX_CHANNEL_WRITER, 0);
	self->r = t_end(self->ch, IPCX_CHANNEL_READER, 0);
	ASSERT_LE(0, self->w);
	ASSERT_LE(0, self->r);
	ASSERT_TRUE(t_map_end(self->w, &self->m));
}

FIXTURE_TEARDOWN(strict)
{
	t_unmap_end(&self->m);
	close(self->w);
	close(self->r);
	close(self->ch);
	close(self->dev);
}

/* Rows: T8. */
TEST_F(strict, staged_bytes_are_not_seen)
{
	struct ipcx_channel_stat s;

	t_mapped_stage(&self->m, "abc", 3);
	EXPECT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_EQ(0U, s.out_queued);
	EXPECT_EQ(3U, s.out_staged);
	EXPECT_EQ(-EAGAIN, t_read_until(self->r, self->buf, 8, 0));
	EXPECT_EQ(0, t_channel_wait(self->w, T_CAPACITY - 3, 0));
	EXPECT_EQ(-EAGAIN, t_channel_wait(self->w, T_CAPACITY - 2, 0));
	/* A call goes on behind them, and waiting has not ended the batch. */
	EXPECT_EQ(2, t_write(self->w, "de", 2));
	EXPECT_EQ(5U, self->m.mine->next);
	EXPECT_EQ(-EAGAIN, t_read_until(self->r, self->buf, 8, 0));
	t_mapped_move(&self->m, 5);
	EXPECT_EQ(-EAGAIN, t_channel_wait(self->w, 1, 0));
	EXPECT_EQ(-EAGAIN, t_write_until(self->w, "x", 1, 0, 0));
	EXPECT_EQ(3, t_read(self->r, self->buf, 3));
	EXPECT_EQ(-EAGAIN, t_write_until(self->w, "x", 1, 0, 0));
	EXPECT_EQ(2, t_read(self->r, self->buf + 3, 3));
	EXPECT_EQ(0, memcmp(self->buf, "abcde", 5));
	EXPECT_EQ(0, t_channel_wait(self->w, T_CAPACITY, 0));
	EXPECT_EQ(-EBADF, t_channel_wait_to_write(self->r, 1, 0));
	/* By whoever ends it. */
	t_mapped_stage(&self->m, "fg", 2);
	EXPECT_EQ(0, t_channel_flush(self->w));
	EXPECT_EQ(7U, self->m.mine->pos);
	EXPECT_EQ(2, t_read(self->r, self->buf, 8));
}

/* Rows: T8 C1. What is staged is seen when the writer goes, and moves with the ring. */
TEST_F(strict, staged_bytes_outlive_the_mapping)
{
	t_mapped_stage(&self->m, "abc", 3);
	t_unmap_end(&self->m);
	EXPECT_EQ(4LL * T_CAPACITY, t_channel_resize(self->ch, 4 * T_CAPACITY));
	EXPECT_EQ(-EAGAIN, t_read_until(self->r, self->buf, 8, 0));
	close(self->w);
	EXPECT_EQ(3, t_read_until(self->r, self->buf, 8, t_soon()));
	EXPECT_EQ(0, memcmp(self->buf, "abc", 3));
	EXPECT_EQ(0, t_read_until(self->r, self->buf, 8, t_soon()));
	self->w = t_end(self->ch, IPCX_CHANNEL_WRITER, 0);
	ASSERT_TRUE(t_map_end(self->w, &self->m));
}

/* Rows: K3. Classes: V9. What cannot be in the ring is not read, moved, or kept. */
TEST_F(strict, batches_that_cannot_be_are_an_error)
{
	static const uint32_t lies[] = { T_CAPACITY + 1, 0x7fffffff, 0x80000000,
					 0xffffffff };
	struct ipcx_channel_stat s;

	for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
		__atomic_store_n(&self->m.mine->next, lies[i],
				 __ATOMIC_SEQ_CST);
		EXPECT_EQ(-EPROTO, t_write_until(self->w, "x", 1, 0, 0));
		EXPECT_EQ(-EPROTO, t_read_until(self->r, self->buf, 1, 0));
		EXPECT_EQ(-EPROTO, t_channel_flush(self->w));
		EXPECT_EQ(0, t_channel_stat(self->ch, &s));
		EXPECT_EQ(0U, s.out_staged);
	}
	/* All of the ring, and as much again that nobody sees. */
	__atomic_store_n(&self->m.mine->pos, T_CAPACITY, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->m.mine->next, 2 * T_CAPACITY, __ATOMIC_SEQ_CST);
	EXPECT_EQ(-EPROTO, t_read_until(self->r, self->buf, 1, 0));
	t_unmap_end(&self->m);
	EXPECT_EQ(-EPROTO, t_channel_resize(self->ch, 4 * T_CAPACITY));
	ASSERT_TRUE(t_map_end(self->w, &self->m));
	__atomic_store_n(&self->m.mine->pos, 2, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->m.mine->next, 0x12345678, __ATOMIC_SEQ_CST);
	t_unmap_end(&self->m);
	/* Who goes leaves what was really written. */
	close(self->w);
	EXPECT_EQ(2, t_read_until(self->r, self->buf, 8, t_soon()));
	EXPECT_EQ(0, t_read_until(self->r, self->buf, 8, t_soon()));
	self->w = t_end(self->ch, IPCX_CHANNEL_WRITER, 0);
	ASSERT_TRUE(t_map_end(self->w, &self->m));
	EXPECT_EQ(2U, self->m.mine->next);
}

/* ---- Whoever looks on -------------------------------------------------- */

/* Both ends, as fast as it goes, and never wrong. */
static void move_both(int dev, unsigned int flags, int pair[2], int *stop)
{
	struct t_mapped m[2];
	bool turns = flags & IPCX_CHANNEL_F_TURN;

	if (!t_map_end(pair[0], &m[0]) || !t_map_end(pair[1], &m[1]))
		_exit(1);
	for (int i = 0; !T_LOAD(stop); i = turns ? !i : 0) {
		t_mapped_move(&m[i], 100);
		if (turns)
			t_mapped_pass(&m[i]);
		t_mapped_move(&m[!i], 100);
	}
	_exit(0);
}

/* Rows: K3 E1. Numbers that move while they are looked at are no contradiction. */
TEST(who_looks_on_sees_no_contradiction)
{
	static const unsigned int flags[] = { 0, IPCX_CHANNEL_F_TURN };
	int dev = t_device();

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		int *stop = t_shared(sizeof(int)), pair[2];
		unsigned long long end = t_in_ms(1500);
		struct ipcx_channel_stat s;
		unsigned int looks = 0;
		pid_t pid;

		ASSERT_EQ(0, t_channel_pair(dev, flags[i], T_CAPACITY, pair));
		pid = t_fork();
		if (!pid)
			move_both(dev, flags[i], pair, stop);
		while (t_now() < end) {
			ASSERT_FALSE(t_poll(pair[1], POLLIN, 0) & POLLERR);
			ASSERT_FALSE(t_poll(pair[0], POLLOUT, 0) & POLLERR);
			ASSERT_EQ(0, t_channel_stat(pair[0], &s));
			ASSERT_LE(s.out_queued, T_CAPACITY);
			looks++;
		}
		EXPECT_LT(100U, looks);
		T_STORE(stop, 1);
		EXPECT_EQ(0, t_reap(pid));
		close(pair[0]);
		close(pair[1]);
	}
	close(dev);
}

TEST_HARNESS_MAIN
