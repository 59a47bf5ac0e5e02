// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications while every lock is contended: pollers of all kinds, nested in
 * one another, on objects that are taken, given and destroyed meanwhile. Each
 * change is told, none is told under a lock that the told one needs.
 *
 * SIGIO is no way to be told by an object today: there is nothing to test.
 *
 * Rows: A4 E1 K6. Classes: V1 V23 V25 V26. Traps: 1 5 7 8.
 */
#include "ipcx_fd.h"

#include <linux/io_uring.h>
#include <sys/eventfd.h>

#include "kselftest_harness.h"

FIXTURE(notify)
{
	int dev;
	int sem, region, lock;
	struct t_census before;
};

FIXTURE_SETUP(notify)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->sem = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 5);
	self->lock = t_lock(self->dev, IPCX_DEATH_RETURN);
	self->region = t_region(self->dev, T_PAGE);
	ASSERT_LE(0, self->sem);
	ASSERT_LE(0, self->lock);
	ASSERT_LE(0, self->region);
}

FIXTURE_TEARDOWN_PARENT(notify)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static int ep_add(int ep, int fd, unsigned int events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

/* What epoll tells within @ms, or 0. */
static unsigned int ep_events(int ep, int ms)
{
	struct epoll_event e = {};
	int n;

	/* What io_uring does in the task's own time interrupts it, too. */
	do {
		n = epoll_wait(ep, &e, 1, ms);
	} while (n < 0 && errno == EINTR);
	return n == 1 ? e.events : 0;
}

#define LONG_MS ((int)(T_LONG / T_MSEC))

/* An epoll in an epoll in an epoll on @fd: the outermost. */
static int ep_nested(int fd, unsigned int events)
{
	int inner = fd, ep = -1, i;

	for (i = 0; i < 3; i++) {
		ep = epoll_create1(EPOLL_CLOEXEC);
		if (ep < 0 || ep_add(ep, inner, events))
			return -1;
		inner = ep;
	}
	return ep;
}

/* ---- An io_uring that rings an eventfd --------------------------------- */

struct ring {
	int fd;
	char *rings;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

static bool ring_init(struct ring *r, int event)
{
	size_t size, more;

	memset(&r->p, 0, sizeof(r->p));
	r->fd = syscall(SYS_io_uring_setup, 64, &r->p);
	if (r->fd < 0)
		return false;
	size = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
	more = r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t);
	if (size < more)
		size = more;
	r->rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
			IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, 64 * sizeof(*r->sqes), PROT_READ | PROT_WRITE,
		       MAP_SHARED, r->fd, IORING_OFF_SQES);
	return r->rings != MAP_FAILED && r->sqes != MAP_FAILED &&
	       !syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_EVENTFD,
			&event, 1);
}

static uint32_t *ring_word(struct ring *r, uint32_t offset)
{
	return (uint32_t *)(r->rings + offset);
}

/* Submits one entry, and lets what is complete be told. */
static bool ring_submit(struct ring *r, unsigned int op, int fd,
			unsigned int events, uint64_t addr, uint64_t data)
{
	uint32_t tail = *ring_word(r, r->p.sq_off.tail);
	uint32_t i = tail & *ring_word(r, r->p.sq_off.ring_mask);
	struct io_uring_sqe *sqe = &r->sqes[i];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->poll32_events = events;
	sqe->addr = addr;
	sqe->user_data = data;
	ring_word(r, r->p.sq_off.array)[i] = i;
	T_STORE(ring_word(r, r->p.sq_off.tail), tail + 1);
	return syscall(SYS_io_uring_enter, r->fd, 1, 0, IORING_ENTER_GETEVENTS,
		       NULL, 0) == 1;
}

/* The next completion: its result, and whose it is. -EAGAIN: there is none. */
static int ring_next(struct ring *r, uint64_t *data)
{
	uint32_t head = *ring_word(r, r->p.cq_off.head);
	struct io_uring_cqe *cqes =
		(struct io_uring_cqe *)(r->rings + r->p.cq_off.cqes);
	struct io_uring_cqe *cqe;
	int result;

	syscall(SYS_io_uring_enter, r->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL,
		0);
	if (head == T_LOAD(ring_word(r, r->p.cq_off.tail)))
		return -EAGAIN;
	cqe = &cqes[head & *ring_word(r, r->p.cq_off.ring_mask)];
	*data = cqe->user_data;
	result = cqe->res < 0 ? cqe->res : 0;
	T_STORE(ring_word(r, r->p.cq_off.head), head + 1);
	return result;
}

/* ---- Contention --------------------------------------------------------- */

struct crowd {
	pthread_t threads[4];
	int stop;
	int sem, lock, region;
};

/* Takes and gives everything, so that all locks and queues are in use. */
static void *jostle(void *data)
{
	struct crowd *c = data;
	unsigned int seed = (unsigned int)(uintptr_t)&seed;
	struct ipcx_stat s;
	uint64_t count;

	while (!T_LOAD(&c->stop)) {
		if (!t_sem_p(c->sem, 1, t_now() + rand_r(&seed) % 100000))
			t_sem_v(c->sem, 1);
		if (!t_sem_p(c->lock, 1, t_now() + rand_r(&seed) % 100000))
			t_sem_v(c->lock, 1);
		if (!t_region_lock(c->region, rand_r(&seed) & 1,
				   t_now() + rand_r(&seed) % 100000, NULL))
			t_region_unlock(c->region);
		t_region_wait(c->region, IPCX_FOREVER - 1, t_now() + 1000,
			      &count);
		t_stat(c->sem, &s);
	}
	return NULL;
}

static bool crowd_start(struct crowd *c)
{
	int i;

	for (i = 0; i < 4; i++)
		if (pthread_create(&c->threads[i], NULL, jostle, c))
			return false;
	return true;
}

static bool crowd_stop(struct crowd *c)
{
	bool ok = true;
	int i;

	T_STORE(&c->stop, 1);
	for (i = 0; i < 4; i++)
		ok &= !t_join(c->threads[i]);
	return ok;
}

/*
 * Rows: A4 E1. Classes: V1 V23 V25. Rounds of rings, heard through epoll in
 * epoll, level and edge, and at the end the destruction.
 */
TEST_F_TIMEOUT(notify, nested_epoll_hears_every_ring_under_contention, 60)
{
	struct crowd crowd = { .sem = self->sem,
			       .lock = self->lock,
			       .region = self->region };
	int level = ep_nested(self->region, EPOLLIN);
	int edge = ep_nested(self->region, EPOLLIN | EPOLLET);
	uint64_t count = 0;
	int i;

	ASSERT_LE(0, level);
	ASSERT_LE(0, edge);
	ASSERT_TRUE(crowd_start(&crowd));
	for (i = 0; i < t_times(150); i++) {
		ASSERT_EQ(0, t_region_ring(self->region, NULL));
		ASSERT_TRUE(ep_events(level, LONG_MS) & EPOLLIN);
		ASSERT_TRUE(ep_events(edge, LONG_MS) & EPOLLIN);
		ASSERT_EQ(0, t_region_wait(self->region, count, 0, &count));
		ASSERT_EQ(0, ep_events(level, 0));
	}
	ASSERT_EQ(0, t_destroy(self->region));
	EXPECT_TRUE(ep_events(level, LONG_MS) & EPOLLIN);
	EXPECT_TRUE(ep_events(edge, LONG_MS) & EPOLLIN);
	EXPECT_EQ(POLLHUP | POLLERR, t_poll(self->region, POLLIN, LONG_MS));
	EXPECT_TRUE(crowd_stop(&crowd));
}

/*
 * Rows: A4 E1. Classes: V23 V25. V completes a poll of an io_uring, which rings
 * an eventfd, which is in an epoll.
 */
TEST_F_TIMEOUT(notify, v_is_told_by_io_uring_to_an_eventfd_in_an_epoll, 60)
{
	int other = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 5);
	struct crowd crowd = { .sem = other,
			       .lock = self->lock,
			       .region = self->region };
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int ep = ep_nested(event, EPOLLIN);
	uint64_t value, data;
	struct ring r;
	int i;

	if (!ring_init(&r, event))
		SKIP(return, "the kernel has no io_uring");
	ASSERT_TRUE(crowd_start(&crowd));
	for (i = 0; i < t_times(150); i++) {
		ASSERT_TRUE(ring_submit(&r, IORING_OP_POLL_ADD, self->sem,
					POLLIN, 0, i));
		ASSERT_EQ(0, t_sem_v(self->sem, 1));
		/* The eventfd may ring only when the ring is looked at. */
		ASSERT_TRUE(T_UNTIL(({
			syscall(SYS_io_uring_enter, r.fd, 0, 0,
				IORING_ENTER_GETEVENTS, NULL, 0);
			ep_events(ep, 0);
		})));
		ASSERT_EQ(8, read(event, &value, sizeof(value)));
		ASSERT_EQ(0, ring_next(&r, &data));
		ASSERT_EQ(i, data);
		ASSERT_EQ(0, t_sem_p(self->sem, 1, 0));
	}
	EXPECT_TRUE(crowd_stop(&crowd));
	EXPECT_EQ(0, ep_events(ep, 0));
}

static void *give_one(void *data)
{
	t_sem_v(*(int *)data, 1);
	return NULL;
}

/*
 * Rows: E1. Classes: V26. A poll is cancelled while it completes: it ends once,
 * by one of them, and the cancelling is answered once.
 */
TEST_F_TIMEOUT(notify, a_poll_that_is_cancelled_as_it_completes_ends_once, 60)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int i, n, result, polled, removed;
	pthread_t thread;
	uint64_t data;
	struct ring r;

	if (!ring_init(&r, event))
		SKIP(return, "the kernel has no io_uring");
	for (i = 0; i < t_times(300); i++) {
		ASSERT_TRUE(ring_submit(&r, IORING_OP_POLL_ADD, self->sem,
					POLLIN, 0, 1));
		ASSERT_EQ(0,
			  pthread_create(&thread, NULL, give_one, &self->sem));
		if (i & 1)
			sched_yield();
		ASSERT_TRUE(
			ring_submit(&r, IORING_OP_POLL_REMOVE, -1, 0, 1, 2));
		polled = -EAGAIN;
		removed = -EAGAIN;
		for (n = 0; n < 2; n++) {
			ASSERT_TRUE(T_UNTIL((result = ring_next(&r, &data)) !=
					    -EAGAIN));
			*(data == 1 ? &polled : &removed) = result;
		}
		ASSERT_EQ(0, t_join(thread));
		ASSERT_EQ(polled ? -ECANCELED : 0, polled);
		if (polled == -ECANCELED)
			ASSERT_EQ(0, removed);
		ASSERT_EQ(-EAGAIN, ring_next(&r, &data));
		ASSERT_EQ(0, t_sem_p(self->sem, 1, 0));
	}
}

/* ---- Changes of state other than a V ------------------------------------ */

enum change {
	CHANGE_GIVE,
	CHANGE_DEATH,
	CHANGE_HEAD_LEAVES,
	CHANGE_DESTROY,
	CHANGE_NR
};

/* A semaphore that is not ready, in a process that can change that. */
static pid_t change_prepare(enum change change, int fd)
{
	pid_t pid = t_fork();

	if (pid)
		return pid;
	/* Too many, so that the next one waits for it, not for units. */
	if (change == CHANGE_HEAD_LEAVES)
		_exit(-t_sem_p(fd, 3, IPCX_FOREVER));
	t_sem_p(fd, 2, 0);
	for (;;)
		pause();
}

static bool change_prepared(enum change change, int fd)
{
	return change == CHANGE_HEAD_LEAVES ? t_sem_waiters(fd) == 1 :
					      t_sem_value(fd) == 0;
}

static void change_make(enum change change, int fd, pid_t pid)
{
	switch (change) {
	case CHANGE_GIVE:
		/* Of what the test itself holds. */
		t_sem_v(fd, 1);
		break;
	case CHANGE_DEATH:
	case CHANGE_HEAD_LEAVES:
		kill(pid, SIGKILL);
		break;
	default:
		t_destroy(fd);
	}
}

/* Rows: A4 A5 E1. Classes: V23. By poll, epoll level and edge, and io_uring. */
TEST_F_TIMEOUT(notify, every_change_is_told_to_every_kind_of_poller, 60)
{
	enum change change;
	struct ring r;
	uint64_t data;
	int fd, result;
	pid_t pid;

	if (!ring_init(&r, eventfd(0, EFD_CLOEXEC)))
		SKIP(return, "the kernel has no io_uring");
	for (change = CHANGE_GIVE; change < CHANGE_NR; change++) {
		int level = epoll_create1(EPOLL_CLOEXEC);
		int edge = epoll_create1(EPOLL_CLOEXEC);

		fd = t_sem(self->dev, IPCX_SEM_OWNED, 3, 3);
		ASSERT_EQ(0, t_sem_p(fd, 1, 0));
		pid = change_prepare(change, fd);
		ASSERT_TRUE(T_UNTIL(change_prepared(change, fd)));
		ASSERT_EQ(0, ep_add(level, fd, EPOLLIN));
		ASSERT_EQ(0, ep_add(edge, fd, EPOLLIN | EPOLLET));
		ASSERT_TRUE(ring_submit(&r, IORING_OP_POLL_ADD, fd, POLLIN, 0,
					change));
		EXPECT_EQ(0, ep_events(level, 0));
		EXPECT_EQ(0, ep_events(edge, 0));
		EXPECT_EQ(-EAGAIN, ring_next(&r, &data));
		change_make(change, fd, pid);
		EXPECT_NE(0, ep_events(level, LONG_MS));
		EXPECT_NE(0, ep_events(edge, LONG_MS));
		EXPECT_TRUE(
			T_UNTIL((result = ring_next(&r, &data)) != -EAGAIN));
		EXPECT_EQ(change, data);
		EXPECT_NE(0, t_poll(fd, POLLIN, LONG_MS));
		t_kill(pid);
		close(level);
		close(edge);
		close(fd);
	}
}

TEST_HARNESS_MAIN
