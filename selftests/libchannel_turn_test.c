// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels with turns, and strict ones, through the library: an end that is mapped
 * behaves as one that is not, to who uses it and to the other end.
 *
 * Rows: T5 T6 T8 C2 D3 K3. Traps: 17 44.
 */
#include "ipcx_libchannel.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>

#define STRICT IPCX_CHANNEL_F_STRICT
#define TURN   IPCX_CHANNEL_F_TURN
#define PACKET IPCX_CHANNEL_F_PACKET

FIXTURE(lib)
{
	struct ipcx *ipcx;
	char buf[4 * T_CAPACITY];
	char in[4 * T_CAPACITY];
};

FIXTURE_SETUP(lib)
{
	ASSERT_EQ(0, ipcx_open(NULL, &self->ipcx));
}

FIXTURE_TEARDOWN(lib)
{
	ipcx_close(self->ipcx);
}

static int make_pair(struct ipcx *ipcx, uint32_t flags,
		     struct ipcx_channel **ret_a, struct ipcx_channel **ret_b)
{
	const struct ipcx_channel_config config = { .capacity = T_CAPACITY,
						    .flags = flags };

	return ipcx_channel_pair(ipcx, &config, ret_a, ret_b);
}

/* The pair, of which those ends are mapped that the bits of @which say. */
static int make_mapped(struct ipcx *ipcx, uint32_t flags, int which,
		       struct ipcx_channel **ret_a, struct ipcx_channel **ret_b)
{
	int err = make_pair(ipcx, flags, ret_a, ret_b);

	if (!err && which & 1)
		err = ipcx_channel_map(*ret_a);
	if (!err && which & 2)
		err = ipcx_channel_map(*ret_b);
	return err;
}

static int write_all(struct ipcx_channel *w, const void *data, size_t size,
		     uint32_t flags)
{
	size_t done = 0;
	int err = ipcx_channel_send(w, data, size, flags, soon(), &done);

	return err ? err : done == size ? 0 : -EPROTO;
}

/* One more than was read, as what comes back; then the turn is handed over. */
static void answer(struct ipcx_channel *ch, char *buf, int rounds)
{
	size_t got;

	for (int i = 0; i < rounds; i++) {
		uint32_t n;

		if (read_all(ch, &n, sizeof(n)) || n != (uint32_t)i)
			_exit(2);
		/* Now and then it is waited for, and handed over on its own. */
		if (i % 3 == 0 && ipcx_channel_take(ch, soon(), NULL))
			_exit(3);
		n++;
		if (write_all(ch, &n, sizeof(n),
			      i % 2 ? IPCX_CHANNEL_WRITE_F_PASS : 0))
			_exit(4);
		if (i % 2 == 0 && ipcx_channel_pass(ch))
			_exit(5);
	}
	/* The other one goes, or has gone. */
	if (ipcx_channel_read(ch, buf, 1, soon(), &got) || got)
		_exit(6);
	_exit(0);
}

/* Rows: T5. There and back, as often as it takes to meet every state of the other. */
TEST_F_TIMEOUT(lib, conversation, 120)
{
	static const uint32_t flags[] = { TURN, TURN | STRICT, TURN | PACKET,
					  TURN | STRICT | PACKET };
	unsigned int state = (unsigned int)t_now();
	struct ipcx_channel *a, *b;
	int rounds = t_times(600);

	for (int which = 0; which < 16; which++) {
		pid_t pid;

		ASSERT_EQ(0, make_pair(self->ipcx, flags[which / 4], &a, &b));
		pid = t_fork();
		if (!pid) {
			ipcx_channel_free(a);
			if (which & 2 && ipcx_channel_map(b))
				_exit(1);
			answer(b, self->buf, rounds);
		}
		ipcx_channel_free(b);
		ASSERT_EQ(0, which & 1 ? ipcx_channel_map(a) : 0);
		for (int i = 0; i < rounds; i++) {
			uint32_t n = (uint32_t)i;

			ASSERT_EQ(0, write_all(a, &n, sizeof(n), 0));
			if (!(t_next(&state) & 31))
				usleep(t_next(&state) & 127);
			ASSERT_EQ(0, ipcx_channel_pass(a));
			ASSERT_EQ(-EPERM, ipcx_channel_pass(a));
			ASSERT_EQ(0, read_all(a, &n, sizeof(n)));
			ASSERT_EQ((uint32_t)i + 1, n);
		}
		ipcx_channel_free(a);
		EXPECT_EQ(0, t_reap(pid))
		{
			TH_LOG("which %d", which);
		}
	}
}

/* Rows: T5 T6. The same answers, mapped or not, on either side. */
TEST_F(lib, turns_are_refused_alike)
{
	struct ipcx_channel *a, *b;
	size_t got;

	for (int which = 0; which < 4; which++) {
		ASSERT_EQ(0, make_mapped(self->ipcx, TURN, which, &a, &b));
		EXPECT_EQ(0, ipcx_channel_take(a, soon(), NULL));
		EXPECT_EQ(-EAGAIN, ipcx_channel_take(b, IPCX_NOWAIT, NULL));
		EXPECT_EQ(-EPERM, ipcx_channel_pass(b));
		EXPECT_EQ(-EPERM, ipcx_channel_flush(b));
		EXPECT_EQ(0, ipcx_channel_flush(a));
		EXPECT_EQ(-EAGAIN,
			  ipcx_channel_write(b, "x", 1, IPCX_NOWAIT, NULL));
		EXPECT_EQ(-EINVAL,
			  ipcx_channel_send(a, "x", 1, 1 << 8, soon(), NULL));
		EXPECT_EQ(-EINVAL, ipcx_channel_send(a, "x", 0,
						     IPCX_CHANNEL_WRITE_F_PASS,
						     soon(), NULL));
		EXPECT_EQ(0, write_all(a, "abc", 3, 0));
		EXPECT_EQ(-EAGAIN,
			  ipcx_channel_read(a, self->in, 8, IPCX_NOWAIT, &got));
		EXPECT_EQ(0, ipcx_channel_pass(a));
		EXPECT_EQ(-EPERM, ipcx_channel_flush(a));
		/* Handed over, and not there before it is read. */
		EXPECT_EQ(-EPERM, ipcx_channel_pass(b));
		EXPECT_EQ(-EAGAIN, ipcx_channel_take(b, IPCX_NOWAIT, NULL));
		EXPECT_EQ(-EAGAIN,
			  ipcx_channel_write(b, "x", 1, IPCX_NOWAIT, NULL));
		EXPECT_EQ(-EAGAIN,
			  ipcx_channel_write(a, "x", 1, IPCX_NOWAIT, NULL));
		EXPECT_EQ(0, ipcx_channel_peek(b, self->in, 8, soon(), &got));
		EXPECT_EQ(3, got);
		EXPECT_EQ(0, read_all(b, self->in, 3));
		EXPECT_EQ(0, memcmp(self->in, "abc", 3));
		EXPECT_EQ(0, ipcx_channel_take(b, IPCX_NOWAIT, NULL));
		EXPECT_EQ(0, write_all(b, self->buf, T_CAPACITY, 0));
		EXPECT_EQ(-EAGAIN,
			  ipcx_channel_write(b, "x", 1, IPCX_NOWAIT, NULL));
		EXPECT_EQ(0, ipcx_channel_pass(b));
		EXPECT_EQ(0, read_all(a, self->in, T_CAPACITY));
		EXPECT_EQ(0, write_all(a, self->buf, T_CAPACITY, 0));
		ipcx_channel_free(b);
		EXPECT_EQ(-EPIPE, ipcx_channel_write(a, "x", 1, soon(), NULL));
		ipcx_channel_free(a);

		ASSERT_EQ(0, make_mapped(self->ipcx, 0, which, &a, &b));
		EXPECT_EQ(-EPERM, ipcx_channel_pass(a));
		EXPECT_EQ(-EPERM, ipcx_channel_take(a, soon(), NULL));
		EXPECT_EQ(-EPERM, ipcx_channel_send(a, "x", 1,
						    IPCX_CHANNEL_WRITE_F_PASS,
						    soon(), NULL));
		EXPECT_EQ(0, ipcx_channel_flush(a));
		EXPECT_EQ(-EACCES, ipcx_channel_flush(b));
		EXPECT_EQ(-EACCES, ipcx_channel_write(b, "x", 1, soon(), NULL));
		EXPECT_EQ(-EACCES,
			  ipcx_channel_read(a, self->in, 1, soon(), &got));
		ipcx_channel_free(a);
		ipcx_channel_free(b);
	}
}

/* Rows: T8. Nobody reads a batch that is not at its end, nor writes into one. */
TEST_F(lib, batches_alternate)
{
	static const uint32_t flags[] = { STRICT, STRICT | TURN };
	struct ipcx_channel *w, *r;
	size_t got;

	for (int which = 0; which < 8; which++) {
		ASSERT_EQ(0, make_mapped(self->ipcx, flags[which / 4],
					 which & 3, &w, &r));
		for (int i = 0; i < 50; i++) {
			size_t size = 1 + i * 97 % (T_CAPACITY - 1);

			t_fill(self->buf, size, i);
			ASSERT_EQ(0, write_all(w, self->buf, size, 0));
			ASSERT_EQ(-EAGAIN,
				  ipcx_channel_read(r, self->in, size,
						    IPCX_NOWAIT, &got));
			ASSERT_EQ(0, ipcx_channel_flush(w));
			ASSERT_EQ(-EAGAIN,
				  ipcx_channel_write(w, "x", 1, IPCX_NOWAIT,
						     NULL));
			ASSERT_EQ(0, read_all(r, self->in, size));
			ASSERT_TRUE(t_filled(self->in, size, i));
			/* Flushed by the write, and by being full. */
			ASSERT_EQ(0, write_all(w, self->buf, size,
					       IPCX_CHANNEL_WRITE_F_FLUSH));
			ASSERT_EQ(0, read_all(r, self->in, size));
			ASSERT_EQ(0, write_all(w, self->buf, T_CAPACITY, 0));
			ASSERT_EQ(0, read_all(r, self->in, T_CAPACITY));
		}
		/* Cut where the ring ends. */
		ASSERT_EQ(0, write_all(w, self->buf, 100, 0));
		ASSERT_EQ(0, ipcx_channel_write(w, self->buf, T_CAPACITY,
						IPCX_NOWAIT, &got));
		EXPECT_EQ(T_CAPACITY - 100, got);
		ASSERT_EQ(0, read_all(r, self->in, T_CAPACITY));
		/* And by the end of the writer. */
		ASSERT_EQ(0, write_all(w, "end", 3, 0));
		ipcx_channel_free(w);
		ASSERT_EQ(0, read_all(r, self->in, 3));
		EXPECT_EQ(0, ipcx_channel_read(r, self->in, 1, soon(), &got));
		EXPECT_EQ(0, got);
		ipcx_channel_free(r);
	}
}

/* Rows: T8 C2. What does not fit into the batch any more ends it. */
TEST_F(lib, packet_that_does_not_fit_ends_the_batch)
{
	struct ipcx_channel *w, *r;
	size_t got;

	for (int which = 0; which < 4; which++) {
		ASSERT_EQ(0, make_mapped(self->ipcx, STRICT | PACKET, which, &w,
					 &r));
		t_fill(self->buf, 3000, 3);
		ASSERT_EQ(0, write_all(w, self->buf, 3000, 0));
		ASSERT_EQ(-EAGAIN, ipcx_channel_read(r, self->in, T_CAPACITY,
						     IPCX_NOWAIT, &got));
		ASSERT_EQ(-EAGAIN, ipcx_channel_write(w, self->buf, 2000,
						      IPCX_NOWAIT, NULL));
		ASSERT_EQ(0, ipcx_channel_read(r, self->in, T_CAPACITY, soon(),
					       &got));
		EXPECT_EQ(3000, got);
		EXPECT_TRUE(t_filled(self->in, got, 3));
		ASSERT_EQ(0, write_all(w, self->buf, 2000,
				       IPCX_CHANNEL_WRITE_F_FLUSH));
		ASSERT_EQ(0, ipcx_channel_read(r, self->in, T_CAPACITY, soon(),
					       &got));
		EXPECT_EQ(2000, got);
		ipcx_channel_free(w);
		ipcx_channel_free(r);
	}
}

/* Rows: K3 T5 T8. */
TEST_F(lib, turns_and_batches_in_place)
{
	static const uint32_t flags[] = { TURN, STRICT, TURN | STRICT,
					  TURN | STRICT | PACKET };
	struct ipcx_channel *a, *b;
	const void *view;
	size_t size, got;
	void *room;

	for (int which = 0; which < 4; which++) {
		bool turns = flags[which] & TURN, swap = false;

		ASSERT_EQ(0, make_mapped(self->ipcx, flags[which], 3, &a, &b));
		for (int i = 0; i < 100; i++) {
			struct ipcx_channel *w = swap ? b : a;
			struct ipcx_channel *r = swap ? a : b;
			size_t want = 1 + i * 41 % (T_CAPACITY / 2);

			ASSERT_EQ(0, ipcx_channel_reserve(w, want, soon(),
							  &room, &size));
			ASSERT_LE(want, size);
			t_fill(room, want, i);
			ASSERT_EQ(0, ipcx_channel_commit(w, want));
			ASSERT_EQ(-EINVAL, ipcx_channel_commit(w, 1));
			ASSERT_EQ(0, turns ? ipcx_channel_pass(w) :
					     ipcx_channel_flush(w));
			ASSERT_EQ(0, ipcx_channel_view(r, want, soon(), &view,
						       &got));
			ASSERT_EQ(want, got);
			ASSERT_TRUE(t_filled(view, got, i));
			ASSERT_EQ(0, ipcx_channel_consume(r, got));
			swap = turns && !swap;
		}
		ipcx_channel_free(a);
		ipcx_channel_free(b);
	}
	/* What is reserved is not what is viewed, and a turn ends both. */
	ASSERT_EQ(0, make_mapped(self->ipcx, TURN, 3, &a, &b));
	ASSERT_EQ(0, ipcx_channel_reserve(a, 10, soon(), &room, NULL));
	ASSERT_EQ(-EINVAL, ipcx_channel_consume(a, 1));
	ASSERT_EQ(0, ipcx_channel_commit(a, 10));
	ASSERT_EQ(0, ipcx_channel_reserve(a, 10, soon(), &room, NULL));
	ASSERT_EQ(0, ipcx_channel_pass(a));
	ASSERT_EQ(-EINVAL, ipcx_channel_commit(a, 10));
	ASSERT_EQ(0, ipcx_channel_view(b, 10, soon(), &view, &got));
	ASSERT_EQ(-EINVAL, ipcx_channel_commit(b, 1));
	ASSERT_EQ(0, read_all(b, self->in, 5));
	/* Looking at what is left does not make it what was viewed. */
	ASSERT_EQ(0, ipcx_channel_peek(b, self->in, 8, soon(), &got));
	ASSERT_EQ(-EINVAL, ipcx_channel_consume(b, 10));
	ASSERT_EQ(0, read_all(b, self->in, 5));
	ipcx_channel_free(a);
	ipcx_channel_free(b);
}

/* Nothing but read(), write() and exit() is allowed from here on. */
static void talk_in_user_space(struct ipcx_channel *a, struct ipcx_channel *b,
			       char *buf)
{
	struct ipcx_channel *other;
	size_t got;

	for (int i = 0; i < 5000; i++) {
		buf[0] = (char)i;
		if (ipcx_channel_take(a, NULL, NULL) ||
		    ipcx_channel_write(a, buf, 40, NULL, NULL) ||
		    ipcx_channel_flush(a) ||
		    ipcx_channel_read(b, buf + 64, 64, NULL, &got) ||
		    got != 40 || buf[64] != (char)i)
			syscall(SYS_exit, 3);
		if (ipcx_channel_send(a, buf, 40, IPCX_CHANNEL_WRITE_F_PASS,
				      NULL, NULL) ||
		    ipcx_channel_read(b, buf + 64, 64, NULL, &got) || got != 40)
			syscall(SYS_exit, 4);
		other = a;
		a = b;
		b = other;
	}
	syscall(SYS_exit, 0);
}

/* Rows: K3 T5 T8. While nobody sleeps nobody calls the kernel. */
TEST_F(lib, conversation_is_in_user_space)
{
	static const uint32_t flags[] = { TURN, TURN | STRICT, TURN | PACKET };
	struct ipcx_channel *a, *b;
	size_t got;

	for (int i = 0; i < 3; i++) {
		pid_t pid;

		ASSERT_EQ(0, make_pair(self->ipcx, flags[i], &a, &b));
		pid = t_fork();
		if (!pid) {
			/* A sleeper of the past may want to be woken once. */
			if (ipcx_channel_map(a) || ipcx_channel_map(b) ||
			    write_all(a, "x", 1, IPCX_CHANNEL_WRITE_F_PASS) ||
			    ipcx_channel_read(b, self->in, 1, NULL, &got) ||
			    ipcx_channel_pass(b))
				_exit(1);
			if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
				_exit(2);
			talk_in_user_space(a, b, self->buf);
		}
		EXPECT_EQ(0, t_reap(pid));
		ipcx_channel_free(a);
		ipcx_channel_free(b);
	}
}

/* Rows: D3 T5. Told once, and who it was, mapped or not. */
TEST_F(lib, turn_of_the_dead_is_told_once)
{
	for (int which = 0; which < 4; which++) {
		int *step = t_shared(sizeof(int));
		struct ipcx_channel *ch, *a, *b;
		pid_t pid, dead = 0;

		ASSERT_EQ(0, ipcx_channel_create(self->ipcx, NULL,
						 &(struct ipcx_channel_config) {
							 .flags = TURN },
						 &ch));
		ASSERT_EQ(0, ipcx_channel_open_end(ch, IPCX_CHANNEL_SECOND, 0,
						   NULL, &b));
		ASSERT_EQ(0, which & 2 ? ipcx_channel_map(b) : 0);
		pid = t_fork();
		if (!pid) {
			if (ipcx_channel_open_end(ch, IPCX_CHANNEL_FIRST, 0,
						  NULL, &a) ||
			    (which & 1 && ipcx_channel_map(a)) ||
			    write_all(a, "will", 4, 0))
				T_STORE(step, 2);
			T_STORE(step, T_LOAD(step) + 1);
			for (;;)
				pause();
		}
		ASSERT_TRUE(T_UNTIL(T_LOAD(step)));
		ASSERT_EQ(1, T_LOAD(step));
		EXPECT_EQ(-EAGAIN, ipcx_channel_take(b, IPCX_NOWAIT, NULL));
		EXPECT_EQ(128 + SIGKILL, t_kill(pid));
		ASSERT_EQ(0, read_all(b, self->in, 4));
		EXPECT_EQ(-EOWNERDEAD, ipcx_channel_take(b, soon(), &dead));
		EXPECT_EQ(pid, dead);
		EXPECT_EQ(0, ipcx_channel_take(b, soon(), NULL));
		ipcx_channel_free(b);
		ipcx_channel_free(ch);
	}
}

/* Rows: K3. Classes: V9. Words that lie are an error here, too. */
TEST_F(lib, lies_are_an_error)
{
	struct ipcx_channel *a, *b;
	struct t_mapped m;
	size_t got;

	ASSERT_EQ(0, make_mapped(self->ipcx, TURN, 2, &a, &b));
	ASSERT_TRUE(t_map_end(ipcx_channel_fd(a), &m));
	__atomic_store_n(&m.mine->passes, 2, __ATOMIC_SEQ_CST);
	EXPECT_EQ(-EPROTO, ipcx_channel_write(b, "x", 1, soon(), NULL));
	EXPECT_EQ(-EPROTO, ipcx_channel_take(b, soon(), NULL));
	EXPECT_EQ(-EPROTO, ipcx_channel_pass(b));
	__atomic_store_n(&m.mine->passes, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&m.mine->pos, T_CAPACITY + 1, __ATOMIC_SEQ_CST);
	EXPECT_EQ(-EPROTO, ipcx_channel_write(b, "x", 1, soon(), NULL));
	EXPECT_EQ(-EPROTO, ipcx_channel_read(b, self->in, 1, soon(), &got));
	__atomic_store_n(&m.mine->pos, -T_CAPACITY - 1, __ATOMIC_SEQ_CST);
	EXPECT_EQ(-EPROTO, ipcx_channel_write(b, "x", 1, soon(), NULL));
	EXPECT_EQ(-EPROTO, ipcx_channel_read(b, self->in, 1, soon(), &got));
	__atomic_store_n(&m.mine->pos, 0, __ATOMIC_SEQ_CST);
	EXPECT_EQ(0, ipcx_channel_write(b, "x", 1, soon(), NULL));
	t_unmap_end(&m);
	ipcx_channel_free(a);
	ipcx_channel_free(b);
}

TEST_HARNESS_MAIN
