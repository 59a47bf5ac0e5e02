// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: streams of random pieces, in all modes, between processes of which
 * some are killed. What is read is what was written, from its beginning on; all of
 * it where nobody was killed.
 *
 * Rows: T5 T6 T7 T8 C1 C2. Classes: V2 V6 V26. Traps: 1 3 25 26 29.
 */
#include "ipcx_channel.h"

#include <sys/epoll.h>

#define RUNS	1000
#define LONGEST (3 * T_CAPACITY)
#define TOTAL	(6 * T_CAPACITY)

struct plan {
	unsigned int seed;
	unsigned int flags;
	size_t total;
	bool killed;
};

/* Both ways are ways to write: by the file, and by the call. */
static int put_piece(int fd, const void *data, size_t size, bool by_file)
{
	long long n = by_file ? t_write(fd, data, size) :
				t_write_until(fd, data, size, 0, t_soon());

	return n == (long long)size ? 0 : -1;
}

/* As long as a packet may be, or a piece that does not fit at once. */
static size_t piece_size(const struct plan *p, unsigned int *state, size_t left)
{
	size_t most = p->flags & IPCX_CHANNEL_F_PACKET ? T_CAPACITY - 8 :
							 LONGEST;
	size_t size = 1 + t_next(state) % (t_next(state) % 4 ? 600 : most);

	return size < left ? size : left;
}

static int write_stream(int fd, const struct plan *p)
{
	static char buf[LONGEST];
	unsigned int state = p->seed;
	size_t done = 0, size, i;

	while (done < p->total) {
		size = piece_size(p, &state, p->total - done);
		for (i = 0; i < size; i++)
			buf[i] = t_stream_byte(p->seed, done + i);
		if (put_piece(fd, buf, size, t_next(&state) & 1))
			return -1;
		done += size;
		if (p->flags & IPCX_CHANNEL_F_STRICT && !(t_next(&state) % 8) &&
		    t_channel_flush(fd))
			return -1;
	}
	return 0;
}

/* How much of it was read until its end, or the negative errno. */
static long long read_stream(int fd, const struct plan *p)
{
	static char buf[LONGEST];
	unsigned int state = p->seed + 1;
	long long done = 0, n, i;
	size_t size;

	for (;;) {
		size = p->flags & IPCX_CHANNEL_F_PACKET ?
			       sizeof(buf) :
			       1 + t_next(&state) % sizeof(buf);
		n = t_next(&state) & 1 ? t_read(fd, buf, size) :
					 t_read_until(fd, buf, size, t_soon());
		if (n <= 0)
			return n ? n : done;
		for (i = 0; i < n; i++)
			if ((unsigned char)buf[i] !=
			    t_stream_byte(p->seed, done + i))
				return -EILSEQ;
		done += n;
	}
}

/* One stream: the writer is a child; who is killed is decided by the plan. */
static long long run_plan(int dev, const struct plan *p, unsigned int *state)
{
	int pair[2] = { -1, -1 };
	long long got;
	pid_t pid;

	if (t_channel_pair(dev, p->flags, T_CAPACITY, pair))
		return -EBADF;
	pid = t_fork();
	if (!pid) {
		close(pair[1]);
		_exit(write_stream(pair[0], p) ? 1 : 0);
	}
	close(pair[0]);
	if (p->killed) {
		usleep(t_next(state) % 1500);
		kill(pid, SIGKILL);
	}
	got = read_stream(pair[1], p);
	close(pair[1]);
	if (t_reap(pid) && !p->killed)
		return -ECHILD;
	return got;
}

FIXTURE(stream)
{
	int dev;
};

FIXTURE_SETUP(stream)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
}

FIXTURE_TEARDOWN(stream)
{
	close(self->dev);
}

TEST_F_TIMEOUT(stream, what_is_read_is_what_was_written, 300)
{
	static const unsigned int modes[] = {
		0,
		IPCX_CHANNEL_F_STRICT,
		IPCX_CHANNEL_F_PACKET,
		IPCX_CHANNEL_F_STRICT | IPCX_CHANNEL_F_PACKET,
		IPCX_CHANNEL_F_TURN,
	};
	unsigned int state = (unsigned int)t_now();
	int i;

	TH_LOG("seed %u", state);
	for (i = 0; i < t_times(RUNS); i++) {
		struct plan p = {
			.seed = t_next(&state),
			.flags = modes[i % ARRAY_SIZE(modes)],
			.total = 1 + t_next(&state) % TOTAL,
			.killed = t_next(&state) % 3 == 0,
		};
		long long got = run_plan(self->dev, &p, &state);

		ASSERT_LE(0, got)
		{
			TH_LOG("run %d, flags %#x", i, p.flags);
		}
		ASSERT_LE(got, (long long)p.total);
		ASSERT_TRUE(p.killed || got == (long long)p.total);
	}
}

/* A reader that is killed, and the next one, and the next. */
TEST_F_TIMEOUT(stream, readers_come_and_go, 120)
{
	struct plan p = { .seed = 42, .total = 40 * T_CAPACITY };
	int pair[2], place[2], i;
	unsigned int state = (unsigned int)t_now();
	pid_t writer, reader;
	char byte;

	ASSERT_EQ(0, t_channel_pair(self->dev, 0, T_CAPACITY, pair));
	ASSERT_EQ(0, pipe(place));
	writer = t_fork();
	if (!writer) {
		close(pair[1]);
		_exit(write_stream(pair[0], &p) ? 1 : 0);
	}
	close(pair[0]);
	for (i = 0; i < t_times(60); i++) {
		reader = t_fork();
		if (!reader) {
			while (t_read_until(pair[1], &byte, 1, t_soon()) == 1)
				;
			_exit(0);
		}
		usleep(t_next(&state) % 1000);
		ASSERT_LE(0, t_kill(reader));
	}
	/* The rest is in order, wherever it begins. */
	while (t_read_until(pair[1], &byte, 1, t_soon()) == 1)
		;
	EXPECT_EQ(0, t_reap(writer));
	close(pair[1]);
}

/* Edge-triggered: each write is an event, also when it is not the first. */
TEST_F(stream, each_write_is_an_edge)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC), pair[2], i;
	char in[16];

	ASSERT_EQ(0, t_channel_pair(self->dev, 0, T_CAPACITY, pair));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, pair[1], &e));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
		ASSERT_EQ(1, t_write(pair[0], "x", 1));
		EXPECT_EQ(1, epoll_wait(ep, &e, 1, 0));
		EXPECT_EQ((unsigned int)EPOLLIN, e.events);
	}
	EXPECT_EQ(5, t_read(pair[1], in, sizeof(in)));
	close(ep);
	close(pair[0]);
	close(pair[1]);
}

static volatile int told;

static void on_io(int sig T_UNUSED)
{
	told++;
}

/* O_ASYNC, as for pipes. */
TEST_F(stream, events_can_come_as_signals)
{
	struct sigaction sa = { .sa_handler = on_io };
	int pair[2];

	ASSERT_EQ(0, t_channel_pair(self->dev, 0, T_CAPACITY, pair));
	ASSERT_EQ(0, sigaction(SIGIO, &sa, NULL));
	ASSERT_EQ(0, fcntl(pair[1], F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(pair[1], F_SETFL, O_ASYNC));
	ASSERT_EQ(1, t_write(pair[0], "x", 1));
	EXPECT_TRUE(T_UNTIL(told == 1));
	ASSERT_EQ(0, fcntl(pair[1], F_SETFL, 0));
	ASSERT_EQ(1, t_write(pair[0], "x", 1));
	EXPECT_EQ(1, told);
	close(pair[0]);
	close(pair[1]);
}

/* splice() in and out: the bytes of a pipe go through a channel. */
TEST_F(stream, splice_goes_both_ways)
{
	int pair[2], in[2], out[2];
	char text[300], back[300];

	t_fill(text, sizeof(text), 1);
	ASSERT_EQ(0, t_channel_pair(self->dev, 0, T_CAPACITY, pair));
	ASSERT_EQ(0, pipe(in));
	ASSERT_EQ(0, pipe(out));
	ASSERT_EQ(300, write(in[1], text, 300));
	EXPECT_EQ(300, splice(in[0], NULL, pair[0], NULL, 1000, 0));
	EXPECT_EQ(300, t_fionread(pair[1]));
	EXPECT_EQ(300, splice(pair[1], NULL, out[1], NULL, 1000, 0));
	EXPECT_EQ(300, read(out[0], back, 300));
	EXPECT_TRUE(t_filled(back, 300, 1));
	/* At the end of the stream there is nothing to splice. */
	close(pair[0]);
	EXPECT_EQ(0, splice(pair[1], NULL, out[1], NULL, 1000, 0));
	close(pair[1]);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
}

TEST_HARNESS_MAIN
