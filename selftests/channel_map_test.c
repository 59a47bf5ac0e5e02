// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels of which an end is mapped, as the kernel sees to it: what may be mapped,
 * and by whom; that calls and mappings do not differ to the other end; and that
 * nothing in there is believed.
 *
 * Rows: T6 T7 T9 C1 C3 D6 H6 K3. Traps: 31 44 45.
 */
#include "ipcx_channel.h"

#include <signal.h>
#include <sys/epoll.h>

FIXTURE(map)
{
	int dev;
	int ch;
	int w;
	int r;
	char buf[2 * T_CAPACITY];
};

FIXTURE_SETUP(map)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->ch = t_channel(self->dev, 0, T_CAPACITY);
	ASSERT_LE(0, self->ch);
	self->w = t_end(self->ch, IPCX_CHANNEL_WRITER, 0);
	self->r = t_end(self->ch, IPCX_CHANNEL_READER, 0);
	ASSERT_LE(0, self->w);
	ASSERT_LE(0, self->r);
}

FIXTURE_TEARDOWN(map)
{
	close(self->w);
	close(self->r);
	close(self->ch);
	close(self->dev);
}

/* 0, or the errno of the refusal. */
static int map_errno(int fd, size_t size, int prot, unsigned int page,
		     int flags)
{
	void *p = t_map_at(fd, size, prot, page, flags);
	int err = errno;

	if (!p)
		return err;
	munmap(p, size);
	return 0;
}

/* ---- What may be mapped ------------------------------------------------ */

TEST_F(map, each_end_maps_what_is_its_own)
{
	const int rw = PROT_READ | PROT_WRITE;
	int turn, end, reduced;

	EXPECT_EQ(0, map_errno(self->w, T_PAGE, rw, 0, MAP_SHARED));
	EXPECT_EQ(0, map_errno(self->r, T_PAGE, rw, 1, MAP_SHARED));
	EXPECT_EQ(0, map_errno(self->w, T_PAGE, PROT_READ, 1, MAP_SHARED));
	EXPECT_EQ(0, map_errno(self->r, T_PAGE, PROT_READ, 0, MAP_SHARED));
	EXPECT_EQ(0, map_errno(self->w, 2 * T_CAPACITY, rw, 2, MAP_SHARED));
	EXPECT_EQ(0,
		  map_errno(self->r, 2 * T_CAPACITY, PROT_READ, 2, MAP_SHARED));
	EXPECT_EQ(0, map_errno(self->w, T_PAGE, PROT_READ, 2, MAP_SHARED));
	/* The other's words, and the ring of who only reads. */
	EXPECT_EQ(EACCES, map_errno(self->w, T_PAGE, rw, 1, MAP_SHARED));
	EXPECT_EQ(EACCES, map_errno(self->r, T_PAGE, rw, 0, MAP_SHARED));
	EXPECT_EQ(EACCES,
		  map_errno(self->r, 2 * T_CAPACITY, rw, 2, MAP_SHARED));
	/* Parts that are none. */
	EXPECT_EQ(EINVAL, map_errno(self->w, 2 * T_PAGE, rw, 0, MAP_SHARED));
	EXPECT_EQ(EINVAL, map_errno(self->w, T_PAGE, rw, 3, MAP_SHARED));
	EXPECT_EQ(EINVAL, map_errno(self->w, 2 * T_CAPACITY + T_PAGE, rw, 2,
				    MAP_SHARED));
	EXPECT_EQ(EINVAL, map_errno(self->w, T_PAGE, rw, 0, MAP_PRIVATE));
	EXPECT_EQ(EBADF, map_errno(self->ch, T_PAGE, PROT_READ, 0, MAP_SHARED));
	/* With turns either end writes, but not the words of the other one. */
	turn = t_channel(self->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY);
	end = t_end(turn, IPCX_CHANNEL_SECOND, 0);
	EXPECT_EQ(0, map_errno(end, T_PAGE, rw, 1, MAP_SHARED));
	EXPECT_EQ(0, map_errno(end, 2 * T_CAPACITY, rw, 2, MAP_SHARED));
	EXPECT_EQ(EACCES, map_errno(end, T_PAGE, rw, 0, MAP_SHARED));
	reduced = t_reduce(end, IPCX_RIGHT_READ);
	EXPECT_EQ(EACCES, map_errno(reduced, T_PAGE, rw, 1, MAP_SHARED));
	close(reduced);
	close(end);
	close(turn);
	/* Without the right nothing is left of it. */
	end = t_end_with(self->ch, IPCX_CHANNEL_WRITER, IPCX_RIGHT_CONTROL);
	reduced = t_reduce(end, IPCX_RIGHT_CONTROL);
	ASSERT_LE(0, reduced);
	close(end);
	EXPECT_EQ(EACCES, map_errno(reduced, T_PAGE, PROT_READ, 0, MAP_SHARED));
	EXPECT_EQ(-EBADF, t_write(reduced, "x", 1));
	close(reduced);
}

/* Not made more by mprotect(), nor by a debugger, nor longer. */
TEST_F(map, what_is_mapped_stays_what_it_is)
{
	struct t_mapped m;
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	ASSERT_TRUE(t_map_end(self->r, &m));
	EXPECT_EQ(-1, mprotect((void *)m.peer, T_PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(m.data, T_PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, pwrite(mem, "x", 1, (off_t)(uintptr_t)m.data));
	EXPECT_EQ(-1, pwrite(mem, "x", 1, (off_t)(uintptr_t)m.peer));
	EXPECT_EQ(MAP_FAILED,
		  mremap(m.data, m.size, m.size + T_PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(1, t_write(self->w, "x", 1));
	EXPECT_EQ('x', m.data[0]);
	/* The same once more behind it. */
	EXPECT_EQ('x', m.data[T_CAPACITY]);
	close(mem);
	t_unmap_end(&m);
}

/* ---- Whose it is ------------------------------------------------------- */

static bool told_busy(int fd, bool writes)
{
	char byte;

	return (writes ? t_write_until(fd, "x", 1, 0, 0) :
			 t_read_until(fd, &byte, 1, 0)) == -EBUSY;
}

/* Rows: T6 T9 H6. */
TEST_F(map, who_maps_an_end_has_it)
{
	struct t_mapped m[2];
	pid_t pid;

	ASSERT_TRUE(t_map_end(self->w, &m[0]));
	ASSERT_TRUE(t_map_end(self->r, &m[1]));
	/* The process itself may use calls, too; a close gives nothing away. */
	EXPECT_EQ(1, t_write(self->w, "x", 1));
	EXPECT_EQ(1, t_read(self->r, self->buf, 1));
	EXPECT_EQ(1U, m[0].peer->pos);
	close(dup(self->w));
	close(dup(self->r));
	pid = t_fork();
	if (!pid)
		_exit(!told_busy(self->w, true) || !told_busy(self->r, false) ||
		      map_errno(self->w, T_PAGE, PROT_READ, 0, MAP_SHARED) !=
			      EBUSY ||
		      map_errno(self->r, T_PAGE, PROT_READ, 0, MAP_SHARED) !=
			      EBUSY);
	EXPECT_EQ(0, t_reap(pid));
	/* Any process may write where none has mapped the end. */
	t_unmap_end(&m[0]);
	pid = t_fork();
	if (!pid)
		_exit(t_write_until(self->w, "y", 1, 0, 0) != 1);
	EXPECT_EQ(0, t_reap(pid));
	t_unmap_end(&m[1]);
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

	w->ret = t_write_until(w->fd, w->data, w->size, 0, t_soon());
	return NULL;
}

/* Rows: T9. What was closed while it was mapped is given up with the mapping. */
TEST_F(map, closed_place_goes_with_the_mapping)
{
	struct t_mapped m;
	pid_t pid;

	ASSERT_EQ(1, t_write(self->w, "x", 1));
	ASSERT_TRUE(t_map_end(self->r, &m));
	close(dup(self->r));
	pid = t_fork();
	if (!pid)
		_exit(!told_busy(self->r, false));
	EXPECT_EQ(0, t_reap(pid));
	t_unmap_end(&m);
	pid = t_fork();
	if (!pid)
		_exit(t_read_until(self->r, self->buf, 1, 0) != 1);
	EXPECT_EQ(0, t_reap(pid));
}

/* Rows: T6. Not in the middle of a write; and who waits in line is refused. */
TEST_F(map, writers_and_a_mapping_do_not_mix)
{
	struct writing w = { self->w, self->buf, sizeof(self->buf), 0 };
	char in[sizeof(self->buf)];
	struct t_mapped m;
	pthread_t thread;
	pid_t pid;

	ASSERT_EQ(0, pthread_create(&thread, NULL, write_it, &w));
	ASSERT_TRUE(T_UNTIL(t_queued(self->ch) == T_CAPACITY &&
			    t_channel_waiters(self->ch) == 1));
	EXPECT_EQ(EBUSY, map_errno(self->w, T_PAGE, PROT_READ, 0, MAP_SHARED));
	EXPECT_EQ(0, t_read_all(self->r, in, sizeof(in)));
	ASSERT_EQ(0, t_join(thread));
	ASSERT_EQ((long long)T_CAPACITY,
		  t_write_until(self->w, self->buf, T_CAPACITY, 0, 0));
	pid = t_fork();
	if (!pid)
		_exit(t_write_until(self->w, "x", 1, 0, t_soon()) == -EBUSY ?
			      0 :
			      1);
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	ASSERT_TRUE(t_map_end(self->w, &m));
	EXPECT_EQ(0, t_read_all(self->r, in, T_CAPACITY));
	EXPECT_EQ(0, t_reap(pid));
	t_unmap_end(&m);
}

/* Rows: C3. Where the ring is, and how long, does not change under a mapping. */
TEST_F(map, mapped_ring_is_not_replaced)
{
	struct t_mapped m;

	ASSERT_TRUE(t_map_end(self->r, &m));
	EXPECT_EQ(-EBUSY, t_channel_resize(self->ch, 4 * T_CAPACITY));
	t_unmap_end(&m);
	EXPECT_EQ(4LL * T_CAPACITY, t_channel_resize(self->ch, 4 * T_CAPACITY));
}

/* The end stays open as long as it is mapped; then its end is seen. */
TEST_F(map, mapping_keeps_the_end_open)
{
	struct ipcx_channel_stat s;
	struct t_mapped m;

	ASSERT_TRUE(t_map_end(self->w, &m));
	close(self->w);
	self->w = -1;
	EXPECT_EQ(-EAGAIN, t_read_until(self->r, self->buf, 1, 0));
	EXPECT_EQ(0, t_channel_stat(self->ch, &s));
	EXPECT_EQ(IPCX_CHANNEL_STAT_F_WRITER_MAPPED, s.out_state);
	m.data[0] = 'x';
	__atomic_store_n(&m.mine->pos, 1, __ATOMIC_SEQ_CST);
	t_unmap_end(&m);
	EXPECT_EQ(1, t_read_until(self->r, self->buf, 8, t_soon()));
	EXPECT_EQ('x', self->buf[0]);
	EXPECT_EQ(0, t_read_until(self->r, self->buf, 8, t_soon()));
}

/* ---- Calls and mappings ------------------------------------------------ */

static void *await_it(void *arg)
{
	struct writing *w = arg;

	w->ret = t_channel_wait(w->fd, w->size, t_soon());
	return NULL;
}

/* Rows: T7 C1. */
TEST_F(map, waiting_takes_nothing)
{
	struct writing w = { self->r, NULL, 10, -1 };
	pthread_t thread;
	struct t_mapped m;

	EXPECT_EQ(-EBADF, t_channel_wait(self->ch, 1, 0));
	EXPECT_EQ(-EBADF, t_channel_wake(self->ch));
	EXPECT_EQ(-EINVAL, t_channel_wait(self->r, T_CAPACITY + 1, 0));
	EXPECT_EQ(0, t_channel_wait(self->w, T_CAPACITY, 0));
	EXPECT_EQ(-EAGAIN, t_channel_wait(self->r, 1, 0));
	ASSERT_TRUE(t_map_end(self->w, &m));
	EXPECT_EQ(-EAGAIN, t_channel_wait(self->r, 0, 0));
	EXPECT_EQ(1U, m.peer->sleeps);
	ASSERT_EQ(0, pthread_create(&thread, NULL, await_it, &w));
	ASSERT_TRUE(T_UNTIL(t_channel_waiters(self->ch) == 1));
	t_fill(m.data, 20, 5);
	t_mapped_move(&m, 9);
	usleep(1000);
	EXPECT_EQ(1, t_channel_waiters(self->ch));
	/* Who is woken for too little waits on, and says so. */
	EXPECT_EQ(1U, m.peer->sleeps);
	t_mapped_move(&m, 1);
	ASSERT_EQ(0, t_join(thread));
	EXPECT_EQ(0, w.ret);
	EXPECT_EQ(10, t_queued(self->ch));
	EXPECT_EQ(10, t_read(self->r, self->buf, 20));
	EXPECT_TRUE(t_filled(self->buf, 10, 5));
	t_unmap_end(&m);
	close(self->w);
	self->w = -1;
	EXPECT_EQ(-EPIPE, t_channel_wait(self->r, 1, t_soon()));
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	signals++;
}

/* Rows: E1 E2. Who polls, or has asked for signals, is told, with one look. */
TEST_F(map, pollers_are_told)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct t_mapped m;

	ASSERT_TRUE(t_map_end(self->w, &m));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->r, &event));
	ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	t_mapped_move(&m, 1);
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, T_LONG / T_MSEC));
	EXPECT_EQ(1, t_read(self->r, self->buf, 8));
	EXPECT_EQ(-EAGAIN, t_read_until(self->r, self->buf, 8, 0));
	t_mapped_move(&m, 1);
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, T_LONG / T_MSEC));
	EXPECT_EQ(POLLIN, t_poll(self->r, POLLIN, 0));
	EXPECT_EQ(1, t_read(self->r, self->buf, 8));
	close(ep);
	signal(SIGIO, on_signal);
	ASSERT_EQ(0, fcntl(self->r, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->r, F_SETFL, O_ASYNC));
	t_mapped_move(&m, 1);
	EXPECT_TRUE(T_UNTIL(signals > 0));
	t_unmap_end(&m);
}

/* Rows: C3. Facts are right, whoever has moved what. */
TEST_F(map, facts_are_those_of_the_words)
{
	struct ipcx_channel_stat s;
	struct t_mapped m[2];

	ASSERT_TRUE(t_map_end(self->w, &m[0]));
	ASSERT_TRUE(t_map_end(self->r, &m[1]));
	t_mapped_move(&m[0], 100);
	EXPECT_EQ(100, t_queued(self->ch));
	EXPECT_EQ(100, t_fionread(self->r));
	t_mapped_move(&m[1], 30);
	EXPECT_EQ(70, t_fionread(self->r));
	EXPECT_EQ(0, t_channel_stat(self->r, &s));
	EXPECT_EQ(IPCX_CHANNEL_STAT_F_WRITER_MAPPED |
			  IPCX_CHANNEL_STAT_F_READER_MAPPED,
		  s.out_state);
	EXPECT_EQ(0U, m[0].peer->gone);
	t_unmap_end(&m[0]);
	close(self->w);
	self->w = -1;
	EXPECT_EQ(1U, m[1].peer->gone);
	self->w = t_end(self->ch, IPCX_CHANNEL_WRITER, 0);
	EXPECT_EQ(0U, m[1].peer->gone);
	t_unmap_end(&m[1]);
}

/* ---- Lies -------------------------------------------------------------- */

/* Rows: K3. Classes: V9. What cannot be is an error, and never followed. */
TEST_F(map, numbers_that_cannot_be_are_an_error)
{
	static const uint32_t lies[] = { T_CAPACITY + 1, 0x7fffffff, 0x80000000,
					 0xffffffff };
	struct t_mapped m;
	int size;

	ASSERT_TRUE(t_map_end(self->w, &m));
	for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
		__atomic_store_n(&m.mine->pos, lies[i], __ATOMIC_SEQ_CST);
		EXPECT_EQ(-EPROTO, t_read_until(self->r, self->buf, 8, 0));
		EXPECT_EQ(-EPROTO, t_read_flags(self->r, self->buf, 8,
						IPCX_CHANNEL_READ_F_PEEK, 0));
		EXPECT_EQ(-EPROTO, t_read(self->r, self->buf, 8));
		EXPECT_EQ(-EPROTO, t_read(self->r, self->buf, 1000));
		EXPECT_EQ(-EPROTO, t_channel_wait(self->r, 1, 0));
		EXPECT_EQ(-EPROTO, t_channel_wait(self->w, 1, 0));
		EXPECT_EQ(-EPROTO, t_write_until(self->w, "x", 1, 0, 0));
		EXPECT_TRUE(t_poll(self->r, POLLIN, 0) & POLLERR);
		EXPECT_EQ(0, ioctl(self->r, FIONREAD, &size));
		EXPECT_EQ(0, size);
	}
	/* What is true again is believed again. */
	__atomic_store_n(&m.mine->pos, 5, __ATOMIC_SEQ_CST);
	EXPECT_EQ(5, t_read(self->r, self->buf, 8));
	t_unmap_end(&m);
	/* And the lie of one that has gone stays an error. */
	ASSERT_TRUE(t_map_end(self->w, &m));
	__atomic_store_n(&m.mine->pos, 0x12345678, __ATOMIC_SEQ_CST);
	t_unmap_end(&m);
	EXPECT_EQ(-EPROTO, t_channel_resize(self->ch, 4 * T_CAPACITY));
}

/* A packet whose head says more than there is, or changes while it is read. */
TEST_F(map, heads_of_packets_are_not_believed)
{
	static const uint32_t sizes[] = { 100, T_CAPACITY, 0xfffffff0,
					  0xffffffff };
	int pair[2], size;
	struct t_mapped m;

	ASSERT_EQ(0, t_channel_pair(self->dev, IPCX_CHANNEL_F_PACKET,
				    T_CAPACITY, pair));
	ASSERT_TRUE(t_map_end(pair[0], &m));
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		memcpy(m.data, &sizes[i], 4);
		__atomic_store_n(&m.mine->pos, 64, __ATOMIC_SEQ_CST);
		EXPECT_EQ(-EPROTO, t_read(pair[1], self->buf, 200));
		EXPECT_EQ(0, ioctl(pair[1], FIONREAD, &size));
		EXPECT_LE(size, 64);
	}
	t_unmap_end(&m);
	close(pair[0]);
	close(pair[1]);
}

static void scribble(struct t_mapped *m, bool data, int *stop)
{
	unsigned int state = (unsigned int)t_now();
	volatile uint32_t *words = (volatile uint32_t *)m->mine;
	volatile uint32_t *ring = (volatile uint32_t *)m->data;

	while (!T_LOAD(stop)) {
		/* Now and then something that might be. */
		words[t_next(&state) % 6] =
			t_next(&state) % 3 ?
				t_next(&state) << 8 :
				m->peer->pos + t_next(&state) % 9000;
		for (int i = 0; data && i < 64; i++)
			ring[t_next(&state) % (m->size / 4)] =
				t_next(&state) % 2 ? t_next(&state) :
						     t_next(&state) % 300;
	}
	_exit(0);
}

/* Whatever the kernel can be asked on the other end. */
static void use_end(int fd, bool writes, char *buf, unsigned int *state)
{
	size_t size = 1 + t_next(state) % (2 * T_CAPACITY);
	struct ipcx_channel_stat s;
	int pipes[2], n;

	switch (t_next(state) % 10) {
	case 0:
		t_channel_stat(fd, &s);
		ioctl(fd, FIONREAD, &n);
		break;
	case 8:
		t_turn_take(fd, t_in_ms(1), NULL);
		t_turn_pass(fd);
		break;
	case 9:
		t_channel_flush(fd);
		break;
	case 1:
		t_poll(fd, POLLIN | POLLOUT, 0);
		break;
	case 2:
		t_channel_wait(fd, t_next(state) % T_CAPACITY, t_in_ms(1));
		break;
	case 3:
		t_channel_wake(fd);
		break;
	case 4:
		if (pipe2(pipes, O_NONBLOCK))
			break;
		if (writes && write(pipes[1], buf, 4096) > 0)
			splice(pipes[0], NULL, fd, NULL, 4096,
			       SPLICE_F_NONBLOCK);
		else
			splice(fd, NULL, pipes[1], NULL, 4096,
			       SPLICE_F_NONBLOCK);
		close(pipes[0]);
		close(pipes[1]);
		break;
	case 5:
		if (!writes)
			t_read_flags(fd, buf, size, IPCX_CHANNEL_READ_F_PEEK,
				     0);
		break;
	default:
		if (writes)
			t_write_until(fd, buf, size, 0, t_in_ms(1));
		else
			t_read_until(fd, buf, size, t_in_ms(1));
	}
}

/*
 * Rows: K3. Classes: V9. A process writes whatever it can, everywhere, while the
 * other side, and the kernel, go on. What is read is anything; that nothing else
 * happens the kernel's log says, and the canary beside the buffer.
 */
static bool survives_scribbling(int dev, unsigned int flags, bool writer_is_bad,
				long long ms)
{
	const bool both = flags & IPCX_CHANNEL_F_TURN;
	unsigned long long end = t_in_ms(ms);
	unsigned int state = (unsigned int)t_now();
	char *buf = malloc(2 * T_CAPACITY + 64);
	int *stop = t_shared(sizeof(int)), pair[2];
	unsigned int rounds = 0;
	struct t_mapped m;
	pid_t pid;

	if (t_channel_pair(dev, flags, T_CAPACITY, pair))
		return false;
	pid = t_fork();
	if (!pid) {
		if (!t_map_end(pair[!writer_is_bad], &m))
			_exit(1);
		scribble(&m, writer_is_bad || both, stop);
	}
	memset(buf + 2 * T_CAPACITY, 0xa5, 64);
	/* Who scribbles wakes nobody. */
	fcntl(pair[writer_is_bad], F_SETFL, O_NONBLOCK);
	while (t_now() < end) {
		use_end(pair[writer_is_bad],
			both ? t_next(&state) & 1 : !writer_is_bad, buf,
			&state);
		rounds++;
	}
	T_STORE(stop, 1);
	for (int i = 0; i < 64; i++)
		if ((unsigned char)buf[2 * T_CAPACITY + i] != 0xa5)
			return false;
	close(pair[0]);
	close(pair[1]);
	free(buf);
	return !t_reap(pid) && rounds > 10;
}

TEST_F_TIMEOUT(map, scribbling_harms_nobody_else, 300)
{
	static const unsigned int flags[] = {
		0,
		IPCX_CHANNEL_F_PACKET,
		IPCX_CHANNEL_F_STRICT,
		IPCX_CHANNEL_F_TURN,
		IPCX_CHANNEL_F_TURN | IPCX_CHANNEL_F_STRICT |
			IPCX_CHANNEL_F_PACKET,
	};
	/* The debug kernel, which sees most, has the longest. */
	long long ms = (getenv("IPCX_SLOWER") ? 60 : 8) * 1000 /
		       (2 * (long long)ARRAY_SIZE(flags));

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_TRUE(survives_scribbling(self->dev, flags[i], true, ms));
		EXPECT_TRUE(
			survives_scribbling(self->dev, flags[i], false, ms));
	}
}

TEST_HARNESS_MAIN
