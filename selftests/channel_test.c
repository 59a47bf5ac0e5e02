// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: streams and packets, who may be inside, and how they end.
 *
 * Rows: T6 T7 T9 C1 C2 C3 C4 C5 C7. Traps: 4 8 21 25 26 29.
 */
#include "ipcx_channel.h"

#include <sys/epoll.h>
#include <sys/uio.h>

FIXTURE(channel)
{
	int dev;
	int ch;
	int w;
	int r;
	char buf[4 * T_CAPACITY];
};

FIXTURE_SETUP(channel)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->ch = t_channel(self->dev, 0, T_CAPACITY);
	ASSERT_LE(0, self->ch);
	self->w = t_end(self->ch, IPCX_CHANNEL_WRITER, 0);
	self->r = t_end(self->ch, IPCX_CHANNEL_READER, 0);
	ASSERT_LE(0, self->w);
	ASSERT_LE(0, self->r);
	signal(SIGPIPE, SIG_DFL);
}

FIXTURE_TEARDOWN(channel)
{
	close(self->w);
	close(self->r);
	close(self->ch);
	close(self->dev);
}

TEST_F(channel, bytes_come_out_as_they_went_in)
{
	char in[T_CAPACITY];
	int i;

	/* Often enough that the ring has turned at every place. */
	for (i = 1; i < 3000; i++) {
		size_t size = 1 + (size_t)i * 37 % 1000;

		t_fill(self->buf, size, i);
		ASSERT_EQ((ssize_t)size, t_write(self->w, self->buf, size));
		EXPECT_EQ((int)size, t_fionread(self->r));
		memset(in, T_POISON, sizeof(in));
		ASSERT_EQ((ssize_t)size, t_read(self->r, in, sizeof(in)));
		ASSERT_TRUE(t_filled(in, size, i));
		EXPECT_EQ((char)T_POISON, in[size]);
	}
	EXPECT_EQ(0, t_fionread(self->r));
}

TEST_F(channel, a_stream_has_no_boundaries)
{
	char in[16];

	ASSERT_EQ(3, t_write(self->w, "abc", 3));
	ASSERT_EQ(3, t_write(self->w, "def", 3));
	EXPECT_EQ(4, t_read(self->r, in, 4));
	EXPECT_EQ(0, memcmp(in, "abcd", 4));
	EXPECT_EQ(2, t_read(self->r, in, 16));
	EXPECT_EQ(0, memcmp(in, "ef", 2));
}

TEST_F(channel, vectors)
{
	struct iovec out[3] = { { "ab", 2 }, { "", 0 }, { "cdef", 4 } };
	char a[4], b[4];
	struct iovec in[2] = { { a, 4 }, { b, 4 } };

	EXPECT_EQ(6, writev(self->w, out, 3));
	EXPECT_EQ(6, readv(self->r, in, 2));
	EXPECT_EQ(0, memcmp(a, "abcd", 4));
	EXPECT_EQ(0, memcmp(b, "ef", 2));
}

TEST_F(channel, nothing_is_no_error)
{
	EXPECT_EQ(0, t_write(self->w, "", 0));
	EXPECT_EQ(0, t_read(self->r, self->buf, 0));
	EXPECT_EQ(0, t_write_until(self->w, NULL, 0, 0, 0));
	EXPECT_EQ(0, t_read_until(self->r, NULL, 0, 0));
	EXPECT_EQ(0, t_fionread(self->r));
}

TEST_F(channel, each_end_does_what_it_is_for)
{
	char byte = 0;

	/* As with any file: by what the descriptor was opened for. */
	EXPECT_EQ(-EBADF, t_read(self->w, &byte, 1));
	EXPECT_EQ(-EBADF, t_write(self->r, &byte, 1));
	EXPECT_EQ(-EACCES, t_read_until(self->w, &byte, 1, 0));
	EXPECT_EQ(-EACCES, t_write_until(self->r, &byte, 1, 0, 0));
	/* All rights, and no end. */
	EXPECT_EQ(-EBADF, t_read(self->ch, &byte, 1));
	EXPECT_EQ(-EBADF, t_write(self->ch, &byte, 1));
	EXPECT_EQ(-EBADF, t_read_until(self->ch, &byte, 1, 0));
	EXPECT_EQ(-EBADF, t_write_until(self->ch, &byte, 1, 0, 0));
	EXPECT_EQ(-EBADF, t_channel_flush(self->ch));
	EXPECT_EQ(0, t_poll(self->ch, POLLIN | POLLOUT, 0));
}

TEST_F(channel, full_and_empty_would_block)
{
	char byte;

	EXPECT_EQ(-EAGAIN, t_read_until(self->r, &byte, 1, 0));
	EXPECT_EQ(-ETIMEDOUT, t_read_until(self->r, &byte, 1, 1));
	EXPECT_EQ(0, fcntl(self->r, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, t_read(self->r, &byte, 1));
	ASSERT_EQ(T_CAPACITY, t_write(self->w, self->buf, T_CAPACITY));
	EXPECT_EQ(-EAGAIN, t_write_until(self->w, "x", 1, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, t_write_until(self->w, "x", 1, 0, 1));
	EXPECT_EQ(0, fcntl(self->w, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, t_write(self->w, "x", 1));
	EXPECT_EQ(1, t_read(self->r, &byte, 1));
	EXPECT_EQ(1, t_write(self->w, "x", 1));
}

/* C1: up to PIPE_BUF all or nothing, beyond that what there is room for. */
TEST_F(channel, short_writes_are_atomic)
{
	ASSERT_EQ(T_CAPACITY - 10,
		  t_write(self->w, self->buf, T_CAPACITY - 10));
	EXPECT_EQ(-EAGAIN, t_write_until(self->w, self->buf, 11, 0, 0));
	EXPECT_EQ(-EAGAIN, t_write_until(self->w, self->buf, 4096, 0, 0));
	EXPECT_EQ(T_CAPACITY - 10, t_queued(self->ch));
	EXPECT_EQ(10, t_write_until(self->w, self->buf, 4097, 0, 0));
	EXPECT_EQ(T_CAPACITY, t_queued(self->ch));
}

struct transfer {
	int fd;
	char *buf;
	size_t size;
	long long done;
	int finished;
};

static void *write_it(void *arg)
{
	struct transfer *t = arg;

	t->done = t_write_until(t->fd, t->buf, t->size, 0, t_soon());
	T_STORE(&t->finished, 1);
	return NULL;
}

static void *read_it(void *arg)
{
	struct transfer *t = arg;

	t->done = t_read_until(t->fd, t->buf, t->size, t_soon());
	T_STORE(&t->finished, 1);
	return NULL;
}

/* T7: a full channel, and an empty one, let sleep until the other side acts. */
TEST_F(channel, sleeps_until_the_other_side_acts)
{
	struct transfer t = { self->r, self->buf, 10, 0, 0 };
	char out[T_CAPACITY + 100], in[T_CAPACITY];
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, read_it, &t));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	EXPECT_FALSE(T_LOAD(&t.finished));
	EXPECT_EQ(3, t_write(self->w, "abc", 3));
	EXPECT_EQ(0, t_join(thread));
	EXPECT_EQ(3, t.done);

	t_fill(out, sizeof(out), 7);
	t = (struct transfer) { self->w, out, sizeof(out), 0, 0 };
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_it, &t));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	EXPECT_EQ(T_CAPACITY, t_queued(self->ch));
	EXPECT_FALSE(T_LOAD(&t.finished));
	EXPECT_EQ(0, t_read_all(self->r, in, T_CAPACITY));
	EXPECT_TRUE(t_filled(in, T_CAPACITY, 7));
	EXPECT_EQ(0, t_join(thread));
	EXPECT_EQ(sizeof(out), t.done);
	EXPECT_EQ(0, t_read_all(self->r, in, 100));
	EXPECT_EQ(0, memcmp(in, out + T_CAPACITY, 100));
}

/* T6: no write is mixed with another one, whatever its size. */
#define MIXERS	  4
#define MIX_SIZE  (3 * T_CAPACITY + 123)
#define MIX_TIMES 20

TEST_F(channel, writes_are_never_mixed)
{
	static char text[MIX_SIZE], in[MIX_SIZE];
	int status, i, k, seen[MIXERS] = {};
	pid_t pid[MIXERS];

	for (i = 0; i < MIXERS; i++) {
		pid[i] = t_fork();
		if (pid[i])
			continue;
		memset(text, 'a' + i, sizeof(text));
		for (k = 0; k < MIX_TIMES; k++)
			if (t_write(self->w, text, sizeof(text)) != MIX_SIZE)
				_exit(1);
		_exit(0);
	}
	for (k = 0; k < MIXERS * MIX_TIMES; k++) {
		ASSERT_EQ(0, t_read_all(self->r, in, sizeof(in)));
		for (i = 1; i < MIX_SIZE; i++)
			ASSERT_EQ(in[0], in[i]);
		ASSERT_LE('a', in[0]);
		ASSERT_GT('a' + MIXERS, in[0]);
		seen[in[0] - 'a']++;
	}
	for (i = 0; i < MIXERS; i++) {
		status = t_reap(pid[i]);
		EXPECT_EQ(0, status);
		EXPECT_EQ(MIX_TIMES, seen[i]);
	}
}

/* Who waits to write, and gives up, does not keep out those behind it. */
TEST_F(channel, who_gives_up_in_line_lets_others_in)
{
	struct transfer first = { self->w, self->buf, T_CAPACITY + 1, 0, 0 };
	struct transfer last = { self->w, "z", 1, 0, 0 };
	pthread_t a, b;
	char in[T_CAPACITY + 2];

	memset(self->buf, 'a', T_CAPACITY + 1);
	ASSERT_EQ(0, pthread_create(&a, NULL, write_it, &first));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	/* It is inside: nobody else is, not even for a moment. */
	EXPECT_EQ(-ETIMEDOUT, t_write_until(self->w, "b", 1, 0, t_in_ms(20)));
	ASSERT_EQ(0, pthread_create(&b, NULL, write_it, &last));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 2));
	EXPECT_EQ(0, t_read_all(self->r, in, T_CAPACITY + 2));
	EXPECT_EQ('a', in[T_CAPACITY]);
	EXPECT_EQ('z', in[T_CAPACITY + 1]);
	EXPECT_EQ(0, t_join(a));
	EXPECT_EQ(0, t_join(b));
	EXPECT_EQ(1, last.done);
}

/* T6: a writer that is killed in the middle makes way. */
TEST_F(channel, who_is_killed_inside_makes_way)
{
	char in[T_CAPACITY + 1];
	pid_t pid = t_fork();

	if (!pid) {
		memset(self->buf, 'k', sizeof(self->buf));
		t_write(self->w, self->buf, sizeof(self->buf));
		_exit(0);
	}
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	EXPECT_EQ(0, t_channel_waiters(self->ch));
	EXPECT_EQ(-EAGAIN, t_write_until(self->w, "n", 1, 0, 0));
	EXPECT_EQ(0, t_read_all(self->r, in, T_CAPACITY));
	EXPECT_EQ('k', in[T_CAPACITY - 1]);
	EXPECT_EQ(1, t_write(self->w, "n", 1));
	EXPECT_EQ(1, t_read(self->r, in, sizeof(in)));
	EXPECT_EQ('n', in[0]);
}

/* A signal in the middle: what was written is said, and nothing is written twice. */
TEST_F(channel, a_signal_in_the_middle)
{
	char in[T_CAPACITY];
	pid_t pid;

	pid = t_fork();
	if (!pid) {
		t_handle(SIGUSR1, 0);
		_exit(t_write(self->w, self->buf, 2 * T_CAPACITY) !=
		      T_CAPACITY);
	}
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	kill(pid, SIGUSR1);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(T_CAPACITY, t_queued(self->ch));

	pid = t_fork();
	if (!pid) {
		t_handle(SIGUSR1, 0);
		_exit(t_write(self->w, self->buf, 1) != -EINTR);
	}
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	kill(pid, SIGUSR1);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, t_read_all(self->r, in, T_CAPACITY));
	EXPECT_EQ(0, t_queued(self->ch));
}

/* T9: one process reads; another one is refused, until the place is free. */
TEST_F(channel, a_second_reader_is_refused)
{
	char name[IPCX_NAME_SIZE], byte;
	struct ipcx_channel_create c;
	struct ipcx_channel_stat s;
	int ch, r, status;
	pid_t pid;

	t_channel_args(&c, t_name(name, "reader"), 0, 0);
	ch = t_channel_create(self->dev, &c);
	ASSERT_LE(0, ch);
	r = t_end_until(self->dev, name, IPCX_CHANNEL_READER, 0, 0);
	ASSERT_LE(0, r);
	EXPECT_EQ(0, t_channel_stat(r, &s));
	EXPECT_EQ(getpid(), s.out_reader_pid);
	EXPECT_EQ(1U, s.out_reader_handles);
	/* The same process may open it twice. */
	byte = t_end_until(self->dev, name, IPCX_CHANNEL_READER, 0, 0);
	EXPECT_LE(0, byte);

	pid = t_fork();
	if (!pid)
		_exit(t_end_until(self->dev, name, IPCX_CHANNEL_READER, 0, 0) !=
			      -EBUSY ||
		      t_end(ch, IPCX_CHANNEL_READER, 0) != -EBUSY);
	EXPECT_EQ(0, t_reap(pid));

	/* It goes with the close of any descriptor of it. */
	close(r);
	pid = t_fork();
	if (!pid) {
		r = t_end_until(self->dev, name, IPCX_CHANNEL_READER, 0, 0);
		if (r < 0)
			_exit(1);
		pause();
	}
	ASSERT_TRUE(
		T_UNTIL(!t_channel_stat(ch, &s) && s.out_reader_pid == pid));
	EXPECT_EQ(-EBUSY,
		  t_end_until(self->dev, name, IPCX_CHANNEL_READER, 0, 0));
	/* And with the death of who has it. */
	status = t_kill(pid);
	EXPECT_EQ(128 + SIGKILL, status);
	r = t_end_until(self->dev, name, IPCX_CHANNEL_READER, 0, 0);
	EXPECT_LE(0, r);
	close(r);
	close(ch);
}

/* T9: a descriptor that was inherited is not a second place. */
TEST_F(channel, a_child_takes_a_place_that_is_not_used)
{
	struct ipcx_channel_stat s;
	char byte = 0;
	int go[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(4, t_write(self->w, "abcd", 4));
	pid = t_fork();
	if (!pid) {
		if (t_read(self->r, &byte, 1) != 1 || byte != 'a')
			_exit(1);
		if (read(go[0], &byte, 1) != 1)
			_exit(2);
		/* It has the place, and has used it. */
		_exit(t_read(self->r, &byte, 1) != 1 || byte != 'b');
	}
	ASSERT_TRUE(T_UNTIL(t_queued(self->ch) == 3));
	EXPECT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_EQ(pid, s.out_reader_pid);
	EXPECT_EQ(-EBUSY, t_read(self->r, &byte, 1));
	EXPECT_EQ(-EBUSY, t_read_until(self->r, &byte, 1, t_soon()));
	EXPECT_EQ(1, write(go[1], "x", 1));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(2, t_read(self->r, self->buf, 10));
	EXPECT_EQ(0, memcmp(self->buf, "cd", 2));
	close(go[0]);
	close(go[1]);
}

/* exec leaves the place, and who comes next has it. */
TEST_F(channel, exec_leaves_the_place)
{
	pid_t pid;

	fcntl(self->r, F_SETFD, 0);
	ASSERT_EQ(2, t_write(self->w, "ab", 2));
	pid = t_fork();
	if (!pid) {
		if (t_read(self->r, self->buf, 1) != 1)
			_exit(1);
		execl("/bin/sleep", "sleep", "1000", NULL);
		_exit(2);
	}
	/* Refused while the child reads, not any more when it has become sleep. */
	ASSERT_TRUE(T_UNTIL(t_queued(self->ch) == 1));
	ASSERT_TRUE(T_UNTIL(t_read_until(self->r, self->buf, 1, 0) == 1));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
}

TEST_F(channel, the_end_of_the_stream)
{
	char in[8];

	ASSERT_EQ(3, t_write(self->w, "abc", 3));
	close(self->w);
	EXPECT_EQ(POLLIN | POLLHUP, t_poll(self->r, POLLIN, 0));
	EXPECT_EQ(2, t_read(self->r, in, 2));
	EXPECT_EQ(1, t_read(self->r, in, 8));
	EXPECT_EQ(0, t_read(self->r, in, 8));
	EXPECT_EQ(0, t_read_until(self->r, in, 8, 0));
	EXPECT_EQ(POLLHUP | POLLRDHUP, t_poll(self->r, POLLIN | POLLRDHUP, 0));
	/* Who opens the end anew goes on. */
	self->w = t_end(self->ch, IPCX_CHANNEL_WRITER, 0);
	EXPECT_EQ(0, t_poll(self->r, POLLIN, 0));
	EXPECT_EQ(-EAGAIN, t_read_until(self->r, in, 8, 0));
	EXPECT_EQ(1, t_write(self->w, "d", 1));
	EXPECT_EQ(1, t_read(self->r, in, 8));
}

/* The end comes to who waits for bytes, and EPIPE to who waits for room. */
TEST_F(channel, who_sleeps_is_told_of_the_end)
{
	struct transfer t = { self->r, self->buf, 1, -1, 0 };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, read_it, &t));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	close(self->w);
	EXPECT_EQ(0, t_join(thread));
	EXPECT_EQ(0, t.done);

	self->w = t_end(self->ch, IPCX_CHANNEL_WRITER, 0);
	t = (struct transfer) { self->w, self->buf, T_CAPACITY + 1, -1, 0 };
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_it, &t));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	close(self->r);
	EXPECT_EQ(0, t_join(thread));
	EXPECT_EQ(T_CAPACITY, t.done);
	EXPECT_EQ(-EPIPE, t_write_until(self->w, "x", 1, 0, t_soon()));
	EXPECT_EQ(POLLOUT | POLLERR, t_poll(self->w, POLLOUT, 0));
	/* What is in it is for the next reader. */
	self->r = t_end(self->ch, IPCX_CHANNEL_READER, 0);
	EXPECT_EQ(0, t_read_all(self->r, self->buf, T_CAPACITY));
}

/* C7: EPIPE, and the signal for those only who ask. */
TEST_F(channel, the_signal_is_for_who_asks)
{
	int loud = t_end(self->ch, IPCX_CHANNEL_WRITER,
			 IPCX_CHANNEL_OPEN_F_SIGPIPE);
	pid_t pid;

	close(self->r);
	EXPECT_EQ(-EPIPE, t_write(self->w, "x", 1));
	EXPECT_EQ(-EPIPE, t_write_until(loud, "x", 1, 0, 0));
	pid = t_fork();
	if (!pid)
		_exit(t_write(loud, "x", 1) == -EPIPE);
	EXPECT_EQ(128 + SIGPIPE, t_reap(pid));
	pid = t_fork();
	if (!pid) {
		t_write_until(self->w, "x", 1, IPCX_CHANNEL_WRITE_F_SIGPIPE, 0);
		_exit(0);
	}
	EXPECT_EQ(128 + SIGPIPE, t_reap(pid));
	close(loud);
}

/* Before an end has ever been opened it is waited for, without waiting at open. */
TEST_F(channel, an_end_that_was_never_opened_is_waited_for)
{
	int ch = t_channel(self->dev, 0, T_CAPACITY), w, r;
	char in[8];

	r = t_end(ch, IPCX_CHANNEL_READER, 0);
	ASSERT_LE(0, r);
	EXPECT_EQ(-EAGAIN, t_read_until(r, in, 8, 0));
	EXPECT_EQ(0, t_poll(r, POLLIN, 0));
	w = t_end(ch, IPCX_CHANNEL_WRITER, 0);
	EXPECT_EQ(2, t_write(w, "ab", 2));
	EXPECT_EQ(2, t_read(r, in, 8));
	close(w);
	close(r);
	close(ch);

	ch = t_channel(self->dev, 0, T_CAPACITY);
	w = t_end(ch, IPCX_CHANNEL_WRITER, 0);
	EXPECT_EQ(2, t_write(w, "cd", 2));
	EXPECT_EQ(-EAGAIN, t_write_until(w, self->buf, T_CAPACITY, 0, 0));
	close(w);
	r = t_end(ch, IPCX_CHANNEL_READER, 0);
	EXPECT_EQ(2, t_read(r, in, 8));
	EXPECT_EQ(0, t_read(r, in, 8));
	close(r);
	close(ch);
}

struct opening {
	int dev;
	const char *name;
	unsigned int end;
	int fd;
};

static void *open_it(void *arg)
{
	struct opening *o = arg;

	o->fd = t_end_until(o->dev, o->name, o->end, IPCX_CHANNEL_OPEN_F_WAIT,
			    t_soon());
	return NULL;
}

TEST_F(channel, opening_waits_for_the_other_end_when_asked)
{
	char name[IPCX_NAME_SIZE];
	struct ipcx_channel_create c;
	struct opening o = { self->dev, name, IPCX_CHANNEL_READER, -1 };
	pthread_t thread;
	int ch, w;

	t_channel_args(&c, t_name(name, "fifo"), 0, 0);
	ch = t_channel_create(self->dev, &c);
	ASSERT_LE(0, ch);
	EXPECT_EQ(-EAGAIN, t_end_until(self->dev, name, IPCX_CHANNEL_READER,
				       IPCX_CHANNEL_OPEN_F_WAIT, 0));
	EXPECT_EQ(-ETIMEDOUT,
		  t_end_until(self->dev, name, IPCX_CHANNEL_WRITER,
			      IPCX_CHANNEL_OPEN_F_WAIT, t_in_ms(5)));
	/* Who has given up has left nothing behind: neither place nor end. */
	EXPECT_EQ(0, t_waiters(ch));
	ASSERT_EQ(0, pthread_create(&thread, NULL, open_it, &o));
	ASSERT_TRUE(T_UNTIL(t_waiters(ch) == 1));
	/* While it waits its end is open: two that wait for each other meet. */
	w = t_end_until(self->dev, name, IPCX_CHANNEL_WRITER,
			IPCX_CHANNEL_OPEN_F_WAIT, t_soon());
	EXPECT_LE(0, w);
	EXPECT_EQ(0, t_join(thread));
	EXPECT_LE(0, o.fd);
	EXPECT_EQ(2, t_write(w, "ok", 2));
	EXPECT_EQ(2, t_read(o.fd, self->buf, 2));
	close(o.fd);
	close(w);
	close(ch);
}

/* An end that somebody has only tried to open was not there. */
TEST_F(channel, who_gave_up_opening_was_never_there)
{
	int ch = t_channel(self->dev, 0, T_CAPACITY), w;

	EXPECT_EQ(-ETIMEDOUT,
		  t_end_until(ch, NULL, IPCX_CHANNEL_READER,
			      IPCX_CHANNEL_OPEN_F_WAIT, t_in_ms(5)));
	w = t_end(ch, IPCX_CHANNEL_WRITER, 0);
	EXPECT_EQ(1, t_write_until(w, "x", 1, 0, 0));
	EXPECT_EQ(POLLOUT, t_poll(w, POLLOUT, 0));
	close(w);
	close(ch);
}

/* Nor does who waits for room keep out who waits for the other end. */
TEST_F(channel, opening_waits_for_nothing_else)
{
	int ch = t_channel(self->dev, 0, T_CAPACITY);
	struct opening o = { ch, NULL, IPCX_CHANNEL_WRITER, -1 };
	int w = t_end(ch, IPCX_CHANNEL_WRITER, 0), r;
	struct transfer t = { w, self->buf, T_CAPACITY + 1, 0, 0 };
	pthread_t writer, opener;

	ASSERT_EQ(0, pthread_create(&writer, NULL, write_it, &t));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(ch) == 1));
	ASSERT_EQ(0, pthread_create(&opener, NULL, open_it, &o));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(ch) == 2));
	r = t_end(ch, IPCX_CHANNEL_READER, 0);
	EXPECT_EQ(0, t_join(opener));
	EXPECT_LE(0, o.fd);
	EXPECT_EQ(0, t_read_all(r, self->buf, T_CAPACITY + 1));
	EXPECT_EQ(0, t_join(writer));
	close(o.fd);
	close(r);
	close(w);
	close(ch);
}

TEST_F(channel, rights_of_ends)
{
	int ro = t_reduce(self->ch, IPCX_RIGHT_READ);
	int fd;

	ASSERT_LE(0, ro);
	EXPECT_EQ(-EACCES, t_end(ro, IPCX_CHANNEL_WRITER, 0));
	fd = t_end(ro, IPCX_CHANNEL_READER, 0);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_EQ(-EINVAL, t_end(self->ch, IPCX_CHANNEL_NO_END, 0));
	EXPECT_EQ(-EINVAL, t_end(self->ch, 3, 0));
	EXPECT_EQ(-EINVAL, t_end(self->ch, IPCX_CHANNEL_READER, 8));
	/* A weaker handle is for the same end. */
	fd = t_reduce(self->r, IPCX_RIGHT_READ);
	EXPECT_EQ(1, t_write(self->w, "x", 1));
	EXPECT_EQ(1, t_read(fd, self->buf, 1));
	close(fd);
	close(ro);
}

/* C7, D: who asks can tell a killed peer from one that has closed. */
TEST_F(channel, a_killed_peer_is_told_from_one_that_closed)
{
	int ch = t_channel(self->dev, 0, 0), w, r, told;
	struct ipcx_channel_stat s;
	char byte;
	pid_t pid;

	r = t_end(ch, IPCX_CHANNEL_READER, 0);
	told = t_end(ch, IPCX_CHANNEL_READER, IPCX_CHANNEL_OPEN_F_DEATH);
	pid = t_fork();
	if (!pid) {
		w = t_end(ch, IPCX_CHANNEL_WRITER, 0);
		if (t_write(w, "ab", 2) != 2)
			_exit(1);
		pause();
	}
	ASSERT_TRUE(T_UNTIL(t_queued(ch) == 2));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	/* First what is left. */
	EXPECT_EQ(1, t_read(told, &byte, 1));
	EXPECT_EQ(1, t_read(r, &byte, 1));
	ASSERT_TRUE(T_UNTIL(t_poll(r, POLLIN, 0) & POLLHUP));
	EXPECT_EQ(-EOWNERDEAD, t_read(told, &byte, 1));
	EXPECT_EQ(0, t_read(r, &byte, 1));
	EXPECT_EQ(0, t_channel_stat(ch, &s));
	EXPECT_EQ(IPCX_CHANNEL_STAT_F_WRITER_KILLED, s.out_state);

	/* One that exits has closed. */
	pid = t_fork();
	if (!pid) {
		w = t_end(ch, IPCX_CHANNEL_WRITER, 0);
		_exit(t_write(w, "c", 1) != 1);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(1, t_read_until(told, &byte, 1, t_soon()));
	EXPECT_EQ(0, t_read_until(told, &byte, 1, t_soon()));
	EXPECT_EQ(0, t_channel_stat(ch, &s));
	EXPECT_EQ(0U, s.out_state);
	close(told);
	close(r);
	close(ch);
}

/* C2: packets. */
TEST_F(channel, packets_keep_their_boundaries)
{
	int pair[2], i;
	char in[512];

	ASSERT_EQ(0, t_channel_pair(self->dev, IPCX_CHANNEL_F_PACKET,
				    T_CAPACITY, pair));
	/* The ring turns in the middle of heads and of bytes. */
	for (i = 1; i < 400; i++) {
		t_fill(self->buf, i, i);
		ASSERT_EQ(i, t_write(pair[0], self->buf, i));
		ASSERT_EQ(5, t_write(pair[0], "short", 5));
		EXPECT_EQ(i, t_fionread(pair[1]));
		ASSERT_EQ(i, t_read(pair[1], in, sizeof(in)));
		ASSERT_TRUE(t_filled(in, i, i));
		ASSERT_EQ(5, t_read(pair[1], in, sizeof(in)));
		ASSERT_EQ(0, memcmp(in, "short", 5));
	}
	/* A buffer that is too short loses nothing. */
	ASSERT_EQ(100, t_write(pair[0], self->buf, 100));
	EXPECT_EQ(-EMSGSIZE, t_read(pair[1], in, 99));
	EXPECT_EQ(100, t_packet_size(pair[1]));
	EXPECT_EQ(100, t_read(pair[1], in, 100));
	/* What can never fit is refused at once. */
	EXPECT_EQ(-EMSGSIZE, t_write(pair[0], self->buf, T_CAPACITY - 7));
	ASSERT_EQ(T_CAPACITY - 8, t_write(pair[0], self->buf, T_CAPACITY - 8));
	EXPECT_EQ(-EAGAIN, t_write_until(pair[0], "x", 1, 0, 0));
	close(pair[0]);
	close(pair[1]);
}

TEST_F(channel, peeking_takes_nothing)
{
	char in[8];

	EXPECT_EQ(-EAGAIN,
		  t_read_flags(self->r, in, 8, IPCX_CHANNEL_READ_F_PEEK, 0));
	ASSERT_EQ(4, t_write(self->w, "abcd", 4));
	EXPECT_EQ(2, t_read_flags(self->r, in, 2, IPCX_CHANNEL_READ_F_PEEK, 0));
	EXPECT_EQ(4, t_read_flags(self->r, in, 8, IPCX_CHANNEL_READ_F_PEEK, 0));
	EXPECT_EQ(4, t_fionread(self->r));
	EXPECT_EQ(4, t_read(self->r, in, 8));
	EXPECT_EQ(0, memcmp(in, "abcd", 4));
}

/* C3: capacity, read and changed while it is in use. */
TEST_F(channel, capacity_can_be_changed)
{
	struct ipcx_channel_stat s;
	struct ipcx_stat before, after;
	char in[2 * T_CAPACITY];

	EXPECT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_EQ(T_CAPACITY, s.out_capacity);
	t_fill(self->buf, sizeof(self->buf), 3);
	/* Not at the beginning of the ring. */
	ASSERT_EQ(1000, t_write(self->w, self->buf, 1000));
	ASSERT_EQ(1000, t_read(self->r, in, 1000));
	ASSERT_EQ(T_CAPACITY, t_write(self->w, self->buf, T_CAPACITY));
	EXPECT_EQ(0, t_stat(self->ch, &before));
	EXPECT_EQ(4 * T_CAPACITY, t_channel_resize(self->ch, 3 * T_CAPACITY));
	EXPECT_EQ(0, t_stat(self->ch, &after));
	EXPECT_EQ(before.out_bytes + 3 * T_CAPACITY + 3 * 16, after.out_bytes);
	EXPECT_EQ(4000,
		  t_write_until(self->w, self->buf + T_CAPACITY, 4000, 0, 0));
	/* Too much in it, and then not any more. */
	EXPECT_EQ(-EBUSY, t_channel_resize(self->ch, T_CAPACITY));
	EXPECT_EQ(0, t_read_all(self->r, in, 4000));
	EXPECT_TRUE(t_filled(in, 4000, 3));
	EXPECT_EQ(T_CAPACITY, t_channel_resize(self->ch, 1));
	EXPECT_EQ(0, t_stat(self->ch, &after));
	EXPECT_EQ(before.out_bytes, after.out_bytes);
	EXPECT_EQ(T_CAPACITY, t_queued(self->ch));
	EXPECT_EQ(0, t_read_all(self->r, in, T_CAPACITY));
	EXPECT_EQ(0, memcmp(in, self->buf + 4000, T_CAPACITY));
	EXPECT_EQ(IPCX_CHANNEL_CAPACITY_DEFAULT, t_channel_resize(self->ch, 0));
	EXPECT_EQ(-EACCES, t_channel_resize(self->w, 0));
	EXPECT_EQ(-EINVAL,
		  t_channel_resize(self->ch, IPCX_CHANNEL_CAPACITY_MAX + 1));
}

/* Who waits for room gets it from a larger ring, too. */
TEST_F(channel, a_larger_ring_is_room)
{
	struct transfer t = { self->w, self->buf, 2 * T_CAPACITY, 0, 0 };
	char in[2 * T_CAPACITY];
	pthread_t thread;

	t_fill(self->buf, sizeof(self->buf), 9);
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_it, &t));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	EXPECT_EQ(4 * T_CAPACITY, t_channel_resize(self->ch, 4 * T_CAPACITY));
	EXPECT_EQ(0, t_join(thread));
	EXPECT_EQ(2 * T_CAPACITY, t.done);
	EXPECT_EQ(0, t_read_all(self->r, in, sizeof(in)));
	EXPECT_TRUE(t_filled(in, sizeof(in), 9));
}

/* Who waits for bytes does not keep out who changes the ring. */
TEST_F(channel, capacity_can_be_changed_while_somebody_reads)
{
	struct transfer t = { self->r, self->buf, 1, 0, 0 };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, read_it, &t));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	EXPECT_EQ(2 * T_CAPACITY, t_channel_resize(self->ch, 2 * T_CAPACITY));
	EXPECT_EQ(1, t_write(self->w, "x", 1));
	EXPECT_EQ(0, t_join(thread));
	EXPECT_EQ(1, t.done);
}

/* C4: marks. */
TEST_F(channel, marks_say_when_poll_says)
{
	EXPECT_EQ(POLLOUT, t_poll(self->w, POLLOUT, 0));
	EXPECT_EQ(0, t_channel_marks(self->ch, 100, 1000));
	ASSERT_EQ(99, t_write(self->w, self->buf, 99));
	EXPECT_EQ(0, t_poll(self->r, POLLIN, 0));
	ASSERT_EQ(1, t_write(self->w, self->buf, 1));
	EXPECT_EQ(POLLIN, t_poll(self->r, POLLIN, 0));
	ASSERT_EQ(T_CAPACITY - 100 - 1000,
		  t_write(self->w, self->buf, T_CAPACITY - 100 - 1000));
	EXPECT_EQ(POLLOUT, t_poll(self->w, POLLOUT, 0));
	ASSERT_EQ(1, t_write(self->w, self->buf, 1));
	EXPECT_EQ(0, t_poll(self->w, POLLOUT, 0));
	/* Reading and writing do not wait for marks. */
	EXPECT_EQ(1, t_write_until(self->w, self->buf, 1, 0, 0));
	EXPECT_EQ(0, t_read_all(self->r, self->buf, T_CAPACITY - 998 - 50));
	EXPECT_EQ(0, t_poll(self->r, POLLIN, 0));
	EXPECT_EQ(50, t_read_until(self->r, self->buf, 100, 0));
	EXPECT_EQ(-EINVAL, t_channel_marks(self->ch, T_CAPACITY + 1, 1));
	EXPECT_EQ(-EINVAL, t_channel_marks(self->ch, 1, T_CAPACITY + 1));
}

struct stalled_write {
	int fd;
	struct iovec parts[2];
	ssize_t done;
};

static void *write_stalled(void *arg)
{
	struct stalled_write *s = arg;

	s->done = writev(s->fd, s->parts, 2);
	return NULL;
}

/*
 * Trap 25: a page that does not come, in the middle of a write. Who reads, who
 * resizes and who polls go on; who polls is told of room when the write is over,
 * for before that there was none for others.
 */
TEST_F(channel, a_stalled_write_stalls_nobody_else)
{
	struct epoll_event e = { .events = EPOLLOUT };
	int ep = epoll_create1(EPOLL_CLOEXEC), uffd;
	struct uffdio_zeropage zero = {};
	struct stalled_write s = { .fd = self->w };
	pthread_t writer;
	char *page;

	uffd = t_stalled_page(&page);
	if (uffd < 0)
		SKIP(return, "this kernel has no userfaultfd");
	s.parts[0] = (struct iovec) { self->buf, T_CAPACITY };
	s.parts[1] = (struct iovec) { page, 100 };
	ASSERT_EQ(0, pthread_create(&writer, NULL, write_stalled, &s));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->w, &e));
	ASSERT_EQ(0, t_read_all(self->r, self->buf, 1000));
	ASSERT_TRUE(t_poll(uffd, POLLIN, T_LONG / T_MSEC) & POLLIN);
	EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
	EXPECT_EQ(-EAGAIN, t_write_until(self->w, "x", 1, 0, 0));
	EXPECT_EQ(2 * T_CAPACITY, t_channel_resize(self->ch, 2 * T_CAPACITY));
	ASSERT_EQ(0, t_read_all(self->r, self->buf, T_CAPACITY - 1000));
	EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
	zero.range.start = (uintptr_t)page;
	zero.range.len = T_PAGE;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	EXPECT_EQ(0, t_join(writer));
	EXPECT_EQ(T_CAPACITY + 100, s.done);
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, 1000));
	EXPECT_EQ(0, t_read_all(self->r, self->buf, 100));
	close(uffd);
	close(ep);
}

/* The end of the stream is something to read, however little is left. */
TEST_F(channel, the_end_counts_more_than_a_mark)
{
	EXPECT_EQ(0, t_channel_marks(self->ch, 100, 1));
	ASSERT_EQ(1, t_write(self->w, "x", 1));
	EXPECT_EQ(0, t_poll(self->r, POLLIN, 0));
	close(self->w);
	EXPECT_EQ(POLLIN | POLLHUP, t_poll(self->r, POLLIN, 0));
}

/* C5: one write wakes one of those who read, and each byte comes once. */
#define READERS 4

TEST_F(channel, a_write_wakes_one_reader)
{
	struct transfer t[READERS];
	pthread_t thread[READERS];
	char in[READERS] = {};
	int i, done;

	for (i = 0; i < READERS; i++) {
		t[i] = (struct transfer) { self->r, &in[i], 1, 0, 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_it, &t[i]));
		ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == i + 1));
	}
	for (i = 0; i < READERS; i++) {
		ASSERT_EQ(1, t_write(self->w, &"abcd"[i], 1));
		/* In the order of their coming. */
		EXPECT_EQ(0, t_join(thread[i]));
		EXPECT_EQ("abcd"[i], in[i]);
		done = t_channel_waiters(self->ch);
		EXPECT_EQ(READERS - 1 - i, done);
	}
}

/* C5: and who was served passes the rest on. */
TEST_F(channel, one_write_serves_one_reader_after_another)
{
	struct transfer t[READERS];
	pthread_t thread[READERS];
	char in[READERS] = {};
	int i;

	for (i = 0; i < READERS; i++) {
		t[i] = (struct transfer) { self->r, &in[i], 1, 0, 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_it, &t[i]));
		ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == i + 1));
	}
	ASSERT_EQ(READERS, t_write(self->w, "abcd", READERS));
	for (i = 0; i < READERS; i++) {
		EXPECT_EQ(0, t_join(thread[i]));
		EXPECT_EQ("abcd"[i], in[i]);
	}
}

/* Trap 26: who cannot be given it has not taken it. */
TEST_F(channel, a_bad_buffer_loses_nothing)
{
	char *bad = t_bad_pointer(), in[8];
	char *edge = mmap(NULL, 2 * T_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, edge);
	ASSERT_EQ(0, munmap(edge + T_PAGE, T_PAGE));
	ASSERT_EQ(4, t_write(self->w, "abcd", 4));
	EXPECT_EQ(-EFAULT, t_read(self->r, bad, 4));
	EXPECT_EQ(-EFAULT, t_read_until(self->r, bad, 4, 0));
	/* Half of it could be written to. */
	EXPECT_EQ(-EFAULT, t_read(self->r, edge + T_PAGE - 2, 4));
	EXPECT_EQ(4, t_fionread(self->r));
	EXPECT_EQ(-EFAULT, t_write(self->w, bad, 4));
	EXPECT_EQ(-EFAULT, t_write(self->w, edge + T_PAGE - 2, 4));
	EXPECT_EQ(-EFAULT, t_write_until(self->w, bad, 300, 0, 0));
	EXPECT_EQ(-EFAULT,
		  t_write_until(self->w, edge + T_PAGE - 200, 400, 0, 0));
	EXPECT_EQ(4, t_fionread(self->r));
	EXPECT_EQ(4, t_read(self->r, in, 8));
	EXPECT_EQ(0, memcmp(in, "abcd", 4));
	/* And nobody is left inside. */
	EXPECT_EQ(1, t_write(self->w, "e", 1));
	EXPECT_EQ(1, t_read(self->r, in, 8));
	munmap(edge, T_PAGE);
}

/* A page that has to be brought in first is no error. */
TEST_F(channel, pages_that_are_not_there_yet)
{
	size_t size = 3 * T_PAGE;
	char *out = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *in = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, out);
	ASSERT_NE(MAP_FAILED, in);
	EXPECT_EQ(200, t_write(self->w, out + T_PAGE - 100, 200));
	EXPECT_EQ(200, t_read(self->r, in + T_PAGE - 100, 1000));
	madvise(out, size, MADV_DONTNEED);
	madvise(in, size, MADV_DONTNEED);
	EXPECT_EQ(4096, t_write(self->w, out + 100, 4096));
	EXPECT_EQ(4096, t_read(self->r, in + 100, 5000));
	munmap(out, size);
	munmap(in, size);
}

TEST_F(channel, destroying_ends_everything)
{
	struct transfer t = { self->r, self->buf, 1, 0, 0 };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, read_it, &t));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	EXPECT_EQ(0, t_destroy(self->ch));
	EXPECT_EQ(0, t_join(thread));
	EXPECT_EQ(-EIDRM, t.done);
	EXPECT_EQ(-EIDRM, t_write(self->w, "x", 1));
	EXPECT_EQ(-EIDRM, t_read(self->r, self->buf, 1));
	EXPECT_EQ(-EIDRM, t_channel_resize(self->ch, 0));
	EXPECT_EQ(-EIDRM, t_end(self->ch, IPCX_CHANNEL_READER, 0));
	EXPECT_EQ(POLLHUP | POLLERR, t_poll(self->r, POLLIN, 0));
}

TEST_F(channel, facts)
{
	struct ipcx_channel_stat s;

	ASSERT_EQ(10, t_write(self->w, self->buf, 10));
	ASSERT_EQ(4, t_read(self->r, self->buf, 4));
	EXPECT_EQ(0, t_channel_stat(self->w, &s));
	EXPECT_EQ(IPCX_CHANNEL_WRITER, s.out_end);
	EXPECT_EQ(0U, s.out_flags);
	EXPECT_EQ(0U, s.out_state);
	EXPECT_EQ(6U, s.out_queued);
	EXPECT_EQ(0U, s.out_staged);
	EXPECT_EQ(1U, s.out_read_mark);
	EXPECT_EQ(1U, s.out_write_mark);
	EXPECT_EQ(IPCX_CHANNEL_WRITER, s.out_turn);
	EXPECT_EQ(1U, s.out_writer_handles);
	EXPECT_EQ(1U, s.out_reader_handles);
	EXPECT_EQ(0U, s.out_writers);
	EXPECT_EQ(0U, s.out_readers);
	EXPECT_EQ(0, s.out_writer_pid);
	EXPECT_EQ(getpid(), s.out_reader_pid);
	EXPECT_EQ(0U, s.out_turns);
	EXPECT_EQ(0U, s.out_batches);
	EXPECT_EQ(10U, s.out_written);
	EXPECT_EQ(4U, s.out_read);
}

/* Everything is charged at creation, to the byte, and gone with it. */
TEST_F(channel, memory_is_charged_at_creation)
{
	struct ipcx_quota before, during, after;
	struct ipcx_stat s;
	int ch;

	ASSERT_EQ(0, t_quota(self->dev, &before));
	ch = t_channel(self->dev, 0, 1 << 20);
	ASSERT_LE(0, ch);
	EXPECT_EQ(0, t_stat(ch, &s));
	EXPECT_LE(1U << 20, s.out_bytes);
	ASSERT_EQ(0, t_quota(self->dev, &during));
	EXPECT_LE(before.out_used[IPCX_RESOURCE_BYTES] + (1 << 20),
		  during.out_used[IPCX_RESOURCE_BYTES]);
	close(ch);
	ASSERT_EQ(0, t_quota(self->dev, &after));
	EXPECT_EQ(before.out_used[IPCX_RESOURCE_BYTES],
		  after.out_used[IPCX_RESOURCE_BYTES]);
}

TEST_HARNESS_MAIN
