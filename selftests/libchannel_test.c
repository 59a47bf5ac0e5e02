// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels through the library, with ends that are mapped, or are not.
 *
 * Rows: T6 T7 T8 T9 C1 C2 C6 K3. Traps: 1 17 44.
 */
#include "ipcx_libchannel.h"

#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

FIXTURE(lib)
{
	struct ipcx *ipcx;
	struct ipcx_channel *w;
	struct ipcx_channel *r;
	char buf[4 * T_CAPACITY];
	char in[4 * T_CAPACITY];
};

FIXTURE_SETUP(lib)
{
	const struct ipcx_channel_config config = { .capacity = T_CAPACITY };

	ASSERT_EQ(0, ipcx_open(NULL, &self->ipcx));
	ASSERT_EQ(0,
		  ipcx_channel_pair(self->ipcx, &config, &self->w, &self->r));
}

FIXTURE_TEARDOWN(lib)
{
	ipcx_channel_free(self->w);
	ipcx_channel_free(self->r);
	ipcx_close(self->ipcx);
}

static int write_all(struct ipcx_channel *w, const void *data, size_t size)
{
	size_t done = 0;
	int err = ipcx_channel_write(w, data, size, soon(), &done);

	return err ? err : done == size ? 0 : -EPROTO;
}

static int map_some(struct ipcx_channel *w, struct ipcx_channel *r, int which)
{
	int err = which & 1 ? ipcx_channel_map(w) : 0;

	return err || !(which & 2) ? err : ipcx_channel_map(r);
}

/* Rows: T7 C1. Either end, or both: it makes no difference to the other one. */
TEST_F(lib, bytes_come_out_as_they_went_in)
{
	for (int which = 0; which < 4; which++) {
		const struct ipcx_channel_config config = {
			.capacity = T_CAPACITY
		};
		struct ipcx_channel *w, *r;
		size_t got;
		pid_t pid;

		ASSERT_EQ(0, ipcx_channel_pair(self->ipcx, &config, &w, &r));
		pid = t_fork();
		if (!pid) {
			ipcx_channel_free(r);
			if (which & 1 && ipcx_channel_map(w))
				_exit(1);
			for (int i = 0; i < t_times(400); i++) {
				size_t size = 1 + i * 37 % sizeof(self->buf);

				t_fill(self->buf, size, i);
				if (write_all(w, self->buf, size))
					_exit(2);
			}
			_exit(0);
		}
		ipcx_channel_free(w);
		ASSERT_EQ(0, which & 2 ? ipcx_channel_map(r) : 0);
		for (int i = 0; i < t_times(400); i++) {
			size_t size = 1 + i * 37 % sizeof(self->in);

			ASSERT_EQ(0, read_all(r, self->in, size));
			ASSERT_TRUE(t_filled(self->in, size, i));
		}
		ASSERT_EQ(0, t_reap(pid));
		EXPECT_EQ(0, ipcx_channel_read(r, self->in, 1, soon(), &got));
		EXPECT_EQ(0, got);
		ipcx_channel_free(r);
	}
}

/* Nothing but read(), write() and exit() is allowed from here on. */
static void in_user_space_only(struct ipcx_channel *w, struct ipcx_channel *r,
			       char *buf)
{
	const void *view;
	void *room;
	size_t got;

	for (int i = 0; i < 10000; i++) {
		buf[0] = (char)i;
		if (ipcx_channel_write(w, buf, 64, NULL, NULL) ||
		    ipcx_channel_read(r, buf + 64, 64, NULL, &got) ||
		    got != 64 || buf[64] != (char)i)
			syscall(SYS_exit, 3);
		if (ipcx_channel_reserve(w, 100, NULL, &room, NULL))
			syscall(SYS_exit, 4);
		memcpy(room, buf, 1);
		if (ipcx_channel_commit(w, 100) ||
		    ipcx_channel_view(r, 100, NULL, &view, &got) ||
		    got != 100 || *(const char *)view != (char)i ||
		    ipcx_channel_consume(r, 100))
			syscall(SYS_exit, 5);
	}
	syscall(SYS_exit, 0);
}

/* Rows: K3. While nobody sleeps nobody calls the kernel. */
TEST_F(lib, steady_state_is_in_user_space)
{
	pid_t pid = t_fork();
	size_t got;

	if (!pid) {
		if (map_some(self->w, self->r, 3) ||
		    ipcx_channel_write(self->w, "x", 1, NULL, NULL) ||
		    ipcx_channel_read(self->r, self->buf, 1, NULL, &got))
			_exit(1);
		/* A sleeper of the past may want to be woken once more. */
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
			_exit(2);
		in_user_space_only(self->w, self->r, self->buf);
	}
	EXPECT_EQ(0, t_reap(pid));
}

/* ---- Sleeping ---------------------------------------------------------- */

struct call {
	struct ipcx_channel *end;
	char *data;
	size_t size;
	size_t done;
	int err;
};

static void *call_read(void *arg)
{
	struct call *c = arg;

	c->err = ipcx_channel_read(c->end, c->data, c->size, soon(), &c->done);
	return NULL;
}

static void *call_write(void *arg)
{
	struct call *c = arg;

	c->err = ipcx_channel_write(c->end, c->data, c->size, soon(), &c->done);
	return NULL;
}

static bool sleeps(struct ipcx_channel *ch)
{
	return T_UNTIL(t_channel_waiters(ipcx_channel_fd(ch)) == 1);
}

/* Rows: T7. Whoever sleeps is woken, whichever of the two is mapped. */
TEST_F(lib, sleepers_are_woken)
{
	for (int which = 0; which < 4; which++) {
		struct call c = { self->r, self->in, 10, 0, -1 };
		pthread_t thread;

		ipcx_channel_unmap(self->w);
		ipcx_channel_unmap(self->r);
		ASSERT_EQ(0, map_some(self->w, self->r, which));
		ASSERT_EQ(0, pthread_create(&thread, NULL, call_read, &c));
		ASSERT_TRUE(sleeps(self->w));
		ASSERT_EQ(0, write_all(self->w, "hello", 5));
		ASSERT_EQ(0, t_join(thread));
		EXPECT_EQ(0, c.err);
		EXPECT_EQ(5, c.done);
		EXPECT_EQ(0, memcmp(self->in, "hello", 5));

		ASSERT_EQ(0, write_all(self->w, self->buf, T_CAPACITY));
		c = (struct call) { self->w, self->buf, 100, 0, -1 };
		ASSERT_EQ(0, pthread_create(&thread, NULL, call_write, &c));
		ASSERT_TRUE(sleeps(self->w));
		ASSERT_EQ(0, read_all(self->r, self->in, 200));
		ASSERT_EQ(0, t_join(thread));
		EXPECT_EQ(0, c.err);
		EXPECT_EQ(100, c.done);
		ASSERT_EQ(0, read_all(self->r, self->in, T_CAPACITY - 100));
	}
}

/* Rows: T7. There and back, each time with a sleep, or with none, as it comes. */
TEST_F_TIMEOUT(lib, no_wake_up_is_lost, 120)
{
	struct ipcx_duplex side[2];
	unsigned int state = (unsigned int)t_now();
	uint32_t n;
	size_t got;
	pid_t pid;

	ASSERT_EQ(0, ipcx_channel_duplex(self->ipcx, NULL, side));
	pid = t_fork();
	if (!pid) {
		ipcx_duplex_free(&side[0]);
		if (ipcx_channel_map(side[1].in) ||
		    ipcx_channel_map(side[1].out))
			_exit(1);
		for (;;) {
			if (ipcx_channel_read(side[1].in, &n, 4, soon(),
					      &got) ||
			    (got && got != 4))
				_exit(2);
			if (!got)
				_exit(0);
			n++;
			if (write_all(side[1].out, &n, 4))
				_exit(3);
		}
	}
	ipcx_duplex_free(&side[1]);
	ASSERT_EQ(0, ipcx_channel_map(side[0].in));
	ASSERT_EQ(0, ipcx_channel_map(side[0].out));
	for (int i = 0; i < t_times(20000); i++) {
		uint32_t out = state = state * 1103515245U + 12345U;

		ASSERT_EQ(0, write_all(side[0].out, &out, 4));
		if (!(state >> 20 & 31))
			usleep(state >> 16 & 127);
		ASSERT_EQ(0, read_all(side[0].in, &n, 4));
		ASSERT_EQ(out + 1, n);
	}
	ipcx_duplex_free(&side[0]);
	EXPECT_EQ(0, t_reap(pid));
}

/* Rows: C1. Who does not want to wait is told so, and of an edge from then on. */
TEST_F(lib, nobody_waits_who_does_not_want_to)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct ipcx_deadline past = ipcx_deadline_in(0);
	size_t got;

	ASSERT_EQ(0, map_some(self->w, self->r, 3));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, ipcx_channel_fd(self->r),
			       &event));
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(-EAGAIN, ipcx_channel_read(self->r, self->in, 1,
						     IPCX_NOWAIT, &got));
		EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
		ASSERT_EQ(0, write_all(self->w, "x", 1));
		EXPECT_EQ(1, epoll_wait(ep, &event, 1, T_LONG / T_MSEC));
		ASSERT_EQ(0, read_all(self->r, self->in, 1));
	}
	EXPECT_EQ(-ETIMEDOUT,
		  ipcx_channel_read(self->r, self->in, 1, &past, &got));
	ASSERT_EQ(0, write_all(self->w, self->buf, T_CAPACITY));
	EXPECT_EQ(-EAGAIN,
		  ipcx_channel_write(self->w, self->buf, 1, IPCX_NOWAIT, NULL));
	EXPECT_EQ(-ETIMEDOUT,
		  ipcx_channel_write(self->w, self->buf, 1, &past, NULL));
	close(ep);
}

/* ---- Endings ----------------------------------------------------------- */

/* Rows: C1. */
TEST_F(lib, endings_are_seen)
{
	size_t got;
	void *room;

	for (int which = 0; which < 4; which++) {
		const struct ipcx_channel_config config = {
			.capacity = T_CAPACITY
		};
		struct ipcx_channel *w, *r;

		ASSERT_EQ(0, ipcx_channel_pair(self->ipcx, &config, &w, &r));
		ASSERT_EQ(0, map_some(w, r, which));
		ASSERT_EQ(0, write_all(w, "ab", 2));
		ipcx_channel_free(w);
		EXPECT_EQ(0, read_all(r, self->in, 2));
		EXPECT_EQ(0, ipcx_channel_read(r, self->in, 1, soon(), &got));
		EXPECT_EQ(0, got);
		ipcx_channel_free(r);

		ASSERT_EQ(0, ipcx_channel_pair(self->ipcx, &config, &w, &r));
		ASSERT_EQ(0, map_some(w, r, which));
		ASSERT_EQ(0, write_all(w, "ab", 2));
		ipcx_channel_free(r);
		EXPECT_EQ(-EPIPE, ipcx_channel_write(w, "c", 1, soon(), NULL));
		if (which & 1)
			EXPECT_EQ(-EPIPE, ipcx_channel_reserve(w, 1, soon(),
							       &room, NULL));
		ipcx_channel_free(w);
	}
}

/* Rows: C1. Who sleeps, or is killed with the end mapped. */
TEST_F(lib, end_of_a_killed_process_is_seen)
{
	int *step = t_shared(sizeof(int));
	size_t got;
	pid_t pid;

	for (int i = 0; i < t_times(50); i++) {
		const struct ipcx_channel_config config = {
			.capacity = T_CAPACITY
		};
		struct ipcx_channel *w, *r;
		struct call c;
		pthread_t thread;

		T_STORE(step, 0);
		ASSERT_EQ(0, ipcx_channel_pair(self->ipcx, &config, &w, &r));
		pid = t_fork();
		if (!pid) {
			ipcx_channel_free(r);
			T_STORE(step,
				ipcx_channel_map(w) || write_all(w, "ab", 2) ?
					2 :
					1);
			for (;;)
				pause();
		}
		ipcx_channel_free(w);
		ASSERT_EQ(0, i & 1 ? ipcx_channel_map(r) : 0);
		ASSERT_TRUE(T_UNTIL(T_LOAD(step)));
		ASSERT_EQ(1, T_LOAD(step));
		ASSERT_EQ(0, read_all(r, self->in, 2));
		c = (struct call) { r, self->in, 1, 9, -1 };
		ASSERT_EQ(0, pthread_create(&thread, NULL, call_read, &c));
		ASSERT_TRUE(sleeps(r));
		EXPECT_EQ(128 + SIGKILL, t_kill(pid));
		ASSERT_EQ(0, t_join(thread));
		EXPECT_EQ(0, c.err);
		EXPECT_EQ(0, c.done);
		EXPECT_EQ(0, ipcx_channel_read(r, self->in, 1, soon(), &got));
		ipcx_channel_free(r);
	}
}

/* ---- Without a copy, and packets --------------------------------------- */

/* Rows: K3 C6. */
TEST_F(lib, data_is_made_and_used_in_place)
{
	const void *view;
	size_t size;
	void *room;

	EXPECT_EQ(-EINVAL, ipcx_channel_reserve(self->w, 1, NULL, &room, NULL));
	EXPECT_EQ(-EINVAL, ipcx_channel_view(self->r, 1, NULL, &view, &size));
	ASSERT_EQ(0, map_some(self->w, self->r, 3));
	EXPECT_EQ(-EACCES, ipcx_channel_reserve(self->r, 1, NULL, &room, NULL));
	EXPECT_EQ(-EACCES, ipcx_channel_view(self->w, 1, NULL, &view, &size));
	EXPECT_EQ(-EMSGSIZE, ipcx_channel_reserve(self->w, T_CAPACITY + 1, NULL,
						  &room, NULL));
	EXPECT_EQ(-EINVAL, ipcx_channel_commit(self->w, 1));
	EXPECT_EQ(-EINVAL, ipcx_channel_consume(self->r, 1));
	for (int i = 0; i < 100; i++) {
		size_t want = 1 + i * 41 % T_CAPACITY;

		ASSERT_EQ(0, ipcx_channel_reserve(self->w, want, soon(), &room,
						  &size));
		ASSERT_LE(want, size);
		EXPECT_EQ(-EAGAIN, ipcx_channel_view(self->r, 1, IPCX_NOWAIT,
						     &view, &size));
		/* In one piece, wherever it lies in the ring. */
		t_fill(room, want, i);
		ASSERT_EQ(-EINVAL,
			  ipcx_channel_commit(self->w, T_CAPACITY + 1));
		ASSERT_EQ(0, ipcx_channel_commit(self->w, want));
		ASSERT_EQ(-EINVAL, ipcx_channel_commit(self->w, 1));
		ASSERT_EQ(0, ipcx_channel_view(self->r, want, soon(), &view,
					       &size));
		ASSERT_EQ(want, size);
		ASSERT_TRUE(t_filled(view, size, i));
		ASSERT_EQ(-EINVAL, ipcx_channel_consume(self->r, want + 1));
		ASSERT_EQ(0, ipcx_channel_consume(self->r, want));
	}
	ASSERT_EQ(0, ipcx_channel_reserve(self->w, 5, NULL, &room, NULL));
	ASSERT_EQ(0, ipcx_channel_commit(self->w, 0));
	ASSERT_EQ(0, write_all(self->w, "end", 3));
	ipcx_channel_unmap(self->w);
	ipcx_channel_free(self->w);
	self->w = NULL;
	/* Fewer than wanted is the rest. */
	ASSERT_EQ(0, ipcx_channel_view(self->r, 10, soon(), &view, &size));
	ASSERT_EQ(3, size);
	ASSERT_EQ(0, ipcx_channel_consume(self->r, 3));
	ASSERT_EQ(0, ipcx_channel_view(self->r, 10, soon(), &view, &size));
	EXPECT_EQ(0, size);
}

/* Rows: K3. What was used in between is not used once more. */
TEST_F(lib, nothing_is_committed_or_consumed_twice)
{
	const void *view;
	size_t size;
	void *room;

	ASSERT_EQ(0, map_some(self->w, self->r, 3));
	ASSERT_EQ(0, ipcx_channel_reserve(self->w, 10, NULL, &room, &size));
	ASSERT_EQ(T_CAPACITY, size);
	ASSERT_EQ(0, write_all(self->w, self->buf, T_CAPACITY - 5));
	EXPECT_EQ(-EINVAL, ipcx_channel_commit(self->w, 10));
	ASSERT_EQ(0, ipcx_channel_view(self->r, 10, NULL, &view, &size));
	ASSERT_EQ(T_CAPACITY - 5, size);
	ASSERT_EQ(0, read_all(self->r, self->in, T_CAPACITY - 10));
	EXPECT_EQ(-EINVAL, ipcx_channel_consume(self->r, 10));
	EXPECT_EQ(0, ipcx_channel_consume(self->r, 0));
	EXPECT_EQ(0, read_all(self->r, self->in, 5));
	/* A call of the same process moves the end, too. */
	ASSERT_EQ(0,
		  ipcx_channel_send(self->w, self->buf, 100, 0, NULL, &size));
	ASSERT_EQ(100, size);
	ASSERT_EQ(0, write_all(self->w, self->buf, T_CAPACITY - 100));
	EXPECT_EQ(-EAGAIN,
		  ipcx_channel_write(self->w, "x", 1, IPCX_NOWAIT, NULL));
	EXPECT_EQ(0, read_all(self->r, self->in, T_CAPACITY));
}

/* Rows: C2. */
TEST_F(lib, packets_keep_their_boundaries)
{
	const struct ipcx_channel_config config = {
		.capacity = T_CAPACITY, .flags = IPCX_CHANNEL_F_PACKET
	};

	for (int which = 0; which < 4; which++) {
		struct ipcx_channel *w, *r;
		const void *view;
		size_t got;

		ASSERT_EQ(0, ipcx_channel_pair(self->ipcx, &config, &w, &r));
		ASSERT_EQ(0, map_some(w, r, which));
		for (int i = 0; i < 300; i++) {
			size_t a = 1 + i * 7 % 900, b = 1 + i * 13 % 900;

			t_fill(self->buf, sizeof(self->buf), i);
			ASSERT_EQ(0, write_all(w, self->buf, a));
			ASSERT_EQ(0, write_all(w, self->buf, b));
			if (a > 1) {
				ASSERT_EQ(-EMSGSIZE,
					  ipcx_channel_read(r, self->in, a - 1,
							    soon(), &got));
				ASSERT_EQ(a, got);
			}
			ASSERT_EQ(0, ipcx_channel_peek(r, self->in, 1000,
						       soon(), &got));
			ASSERT_EQ(a, got);
			ASSERT_EQ(0, ipcx_channel_read(r, self->in, 1000,
						       soon(), &got));
			ASSERT_EQ(a, got);
			ASSERT_TRUE(t_filled(self->in, a, i));
			if (which & 2) {
				ASSERT_EQ(0, ipcx_channel_view(r, 1, soon(),
							       &view, &got));
				ASSERT_EQ(b, got);
				ASSERT_TRUE(t_filled(view, b, i));
				if (b > 1)
					ASSERT_EQ(-EINVAL,
						  ipcx_channel_consume(r, 1));
				ASSERT_EQ(0, ipcx_channel_consume(r, b));
			} else {
				ASSERT_EQ(0,
					  ipcx_channel_read(r, self->in, 1000,
							    soon(), &got));
				ASSERT_EQ(b, got);
			}
		}
		/* Looking at one takes none. */
		ASSERT_EQ(0, write_all(w, "xy", 2));
		ASSERT_EQ(0, ipcx_channel_peek(r, self->in, 9, soon(), &got));
		EXPECT_EQ(which & 2 ? 0 : -EINVAL, ipcx_channel_consume(r, 0));
		ASSERT_EQ(0, ipcx_channel_read(r, self->in, 9, soon(), &got));
		EXPECT_EQ(2, got);
		EXPECT_EQ(-EMSGSIZE,
			  ipcx_channel_write(w, self->buf, T_CAPACITY, soon(),
					     NULL));
		ipcx_channel_free(w);
		ipcx_channel_free(r);
	}
}

/* ---- Random streams ---------------------------------------------------- */

#define LONGEST (3 * T_CAPACITY)
#define TOTAL	(6 * T_CAPACITY)

struct plan {
	unsigned int seed;
	uint32_t flags;
	int which; /* ends that are mapped */
	size_t total;
	bool killed;
};

static void fill_stream(char *to, const struct plan *p, size_t done,
			size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (char)t_stream_byte(p->seed, done + i);
}

static bool is_stream(const char *at, const struct plan *p, size_t done,
		      size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)at[i] != t_stream_byte(p->seed, done + i))
			return false;
	return true;
}

/* A piece, by a copy, or made in place where that is possible. */
static int put_piece(struct ipcx_channel *w, const struct plan *p, size_t done,
		     size_t size, bool in_place)
{
	static char buf[LONGEST];
	void *room;
	int err;

	if (!in_place || !(p->which & 1) || size > T_CAPACITY - 8) {
		fill_stream(buf, p, done, size);
		return write_all(w, buf, size);
	}
	err = ipcx_channel_reserve(w, size, soon(), &room, NULL);
	if (err)
		return err;
	fill_stream(room, p, done, size);
	return ipcx_channel_commit(w, size);
}

static int write_stream(struct ipcx_channel *w, const struct plan *p)
{
	size_t most = p->flags & IPCX_CHANNEL_F_PACKET ? T_CAPACITY - 8 :
							 LONGEST,
	       done, size;
	unsigned int state = p->seed;
	int err;

	if (p->which & 1 && ipcx_channel_map(w))
		return -EPROTO;
	for (done = 0; done < p->total; done += size) {
		size = 1 + t_next(&state) % (t_next(&state) % 4 ? 600 : most);
		if (size > p->total - done)
			size = p->total - done;
		err = put_piece(w, p, done, size, t_next(&state) & 1);
		if (err)
			return err;
	}
	return 0;
}

/* What is next: 0 at the end, or the negative errno. */
static long long get_piece(struct ipcx_channel *r, const struct plan *p,
			   size_t done, unsigned int *state)
{
	static char buf[LONGEST];
	const void *at = buf;
	bool packets = p->flags & IPCX_CHANNEL_F_PACKET;
	size_t got, size = packets ? LONGEST : 1 + t_next(state) % LONGEST;
	bool view = p->which & 2 && t_next(state) & 1;
	int err;

	err = view ? ipcx_channel_view(r, 1, soon(), &at, &got) :
		     ipcx_channel_read(r, buf, size, soon(), &got);
	if (err || !got)
		return err;
	if (!is_stream(at, p, done, got))
		return -EILSEQ;
	if (view && !packets)
		got = 1 + t_next(state) % got;
	if (view && ipcx_channel_consume(r, got))
		return -EPROTO;
	return (long long)got;
}

/* How much of it was read until its end, or the negative errno. */
static long long read_stream(struct ipcx_channel *r, const struct plan *p)
{
	unsigned int state = p->seed + 1;
	long long done = 0, got;

	if (p->which & 2 && ipcx_channel_map(r))
		return -EPROTO;
	do {
		got = get_piece(r, p, done, &state);
		if (got < 0)
			return got;
		done += got;
	} while (got);
	return done;
}

static long long run_plan(struct ipcx *ipcx, const struct plan *p,
			  unsigned int *state)
{
	const struct ipcx_channel_config config = {
		.capacity = T_CAPACITY,
		.flags = p->flags,
	};
	struct ipcx_channel *w, *r;
	long long got;
	pid_t pid;

	if (ipcx_channel_pair(ipcx, &config, &w, &r))
		return -EBADF;
	pid = t_fork();
	if (!pid) {
		ipcx_channel_free(r);
		_exit(write_stream(w, p) ? 1 : 0);
	}
	ipcx_channel_free(w);
	if (p->killed) {
		usleep(t_next(state) % 1500);
		kill(pid, SIGKILL);
	}
	got = read_stream(r, p);
	ipcx_channel_free(r);
	return t_reap(pid) && !p->killed ? -ECHILD : got;
}

/*
 * Rows: T7 T8 C1 C2 K3. Random pieces, of every mode, copied or in place, mapped or
 * not on each side: what is read is what was written, from its beginning on; all of
 * it where nobody was killed.
 */
TEST_F_TIMEOUT(lib, what_is_read_is_what_was_written, 300)
{
	unsigned int state = (unsigned int)t_now();

	TH_LOG("seed %u", state);
	for (int i = 0; i < t_times(1000); i++) {
		const struct plan p = {
			.seed = t_next(&state),
			.flags = (i & 4 ? IPCX_CHANNEL_F_PACKET : 0) |
				 (i & 8 ? IPCX_CHANNEL_F_STRICT : 0) |
				 (i & 16 ? IPCX_CHANNEL_F_TURN : 0),
			.which = i & 3,
			.total = 1 + t_next(&state) % TOTAL,
			.killed = t_next(&state) % 3 == 0,
		};
		long long got = run_plan(self->ipcx, &p, &state);

		ASSERT_LE(0, got)
		{
			TH_LOG("run %d", i);
		}
		ASSERT_LE(got, (long long)p.total);
		ASSERT_TRUE(p.killed || got == (long long)p.total);
	}
}

/* ---- Whose it is ------------------------------------------------------- */

/* Rows: T6 T9 H6. A child has the handle, and not the mapping. */
TEST_F(lib, child_cannot_get_in_between)
{
	size_t got;
	pid_t pid;

	ASSERT_EQ(0, map_some(self->w, self->r, 3));
	ASSERT_EQ(0, write_all(self->w, "x", 1));
	pid = t_fork();
	if (!pid)
		_exit(ipcx_channel_write(self->w, "y", 1, IPCX_NOWAIT, NULL) !=
			      -EBUSY ||
		      ipcx_channel_read(self->r, self->in, 1, IPCX_NOWAIT,
					&got) != -EBUSY ||
		      ipcx_channel_map(self->w) != -EBUSY ||
		      ipcx_channel_map(self->r) != -EBUSY);
	EXPECT_EQ(0, t_reap(pid));
	/* Who does not use it without system calls any more shares it again. */
	ipcx_channel_unmap(self->w);
	pid = t_fork();
	if (!pid)
		_exit(ipcx_channel_write(self->w, "y", 1, IPCX_NOWAIT, NULL) ?
			      1 :
			      0);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, read_all(self->r, self->in, 2));
	EXPECT_EQ(0, memcmp(self->in, "xy", 2));
}

TEST_F(lib, what_is_no_end_is_not_mapped)
{
	struct ipcx_channel *ch;

	ASSERT_EQ(0, ipcx_channel_create(self->ipcx, NULL, NULL, &ch));
	EXPECT_EQ(-EBADF, ipcx_channel_map(ch));
	ipcx_channel_free(ch);
}

TEST_HARNESS_MAIN
