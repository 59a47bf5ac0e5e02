// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors inside other things: sockets that they are in flight in, epoll
 * instances inside one another, files registered with io_uring. An ipcx
 * descriptor holds no other, so it closes no circle; and whatever circle others
 * make around it, nothing is left when it has been collected.
 *
 * Classes: V19 V6.
 */
#include "ipcx_fd.h"

#include <linux/io_uring.h>

enum {
	SEM,
	OWNED,
	LOCK,
	REGION,
	DEVICE,
	KINDS
};

static int make(int kind)
{
	int dev = t_device(), fd;

	switch (kind) {
	case SEM:
		fd = t_sem(dev, IPCX_SEM_PLAIN, 0, 10);
		break;
	case OWNED:
		fd = t_sem(dev, IPCX_SEM_OWNED, 5, 10);
		break;
	case LOCK:
		fd = t_lock(dev, IPCX_DEATH_RETURN);
		break;
	case REGION:
		fd = t_region(dev, T_PAGE);
		break;
	default:
		return dev;
	}
	close(dev);
	return fd;
}

FIXTURE(nest)
{
	struct t_census before;
};

FIXTURE_SETUP(nest)
{
	int lock = make(LOCK);

	/* What the process itself costs, once. */
	ASSERT_LT(0, t_sem_attach(lock));
	close(lock);
	self->before = t_census();
	ASSERT_LE(0, self->before.objects);
}

FIXTURE_TEARDOWN(nest)
{
}

/* How many objects or handles there are beside those from before. */
static bool gone(FIXTURE_DATA(nest) * self)
{
	return t_same_census(&self->before);
}

/*
 * The same for what a circle of sockets holds.  The kernel looks for circles
 * when a socket is released, on another CPU and perhaps before the last
 * descriptor of the circle is closed: so sockets are released until it has
 * looked late enough.
 */
static bool collected(FIXTURE_DATA(nest) * self)
{
	return T_UNTIL(({
		struct t_census now = t_census();
		int pair[2];

		if (!t_socketpair(pair)) {
			close(pair[0]);
			close(pair[1]);
		}
		!memcmp(&now, &self->before, sizeof(now));
	}));
}

static bool there(FIXTURE_DATA(nest) * self, int handles)
{
	return t_counter("handles") == self->before.handles + handles;
}

/* Classes: V19. A socket in flight in itself, with one of each beside it. */
TEST_F(nest, socket_in_flight_in_itself_is_collected_with_its_descriptors)
{
	int pair[2];

	ASSERT_EQ(0, t_socketpair(pair));
	for (int kind = 0; kind < KINDS; kind++) {
		int fd = make(kind);

		ASSERT_LE(0, fd);
		EXPECT_EQ(0, t_send_fd(pair[0], fd));
		close(fd);
	}
	EXPECT_TRUE(there(self, KINDS));
	EXPECT_EQ(0, t_send_fd(pair[0], pair[0]));
	EXPECT_EQ(0, t_send_fd(pair[0], pair[1]));
	EXPECT_EQ(0, t_send_fd(pair[1], pair[0]));
	close(pair[0]);
	close(pair[1]);
	EXPECT_TRUE(collected(self));
}

/* Classes: V19. A ring of sockets, each in flight in the next one. */
TEST_F(nest, ring_of_sockets_is_collected_with_its_descriptors)
{
	enum {
		RING = 8
	};
	int pair[RING][2];

	for (int i = 0; i < RING; i++)
		ASSERT_EQ(0, t_socketpair(pair[i]));
	for (int i = 0; i < RING; i++) {
		int fd = make(i % KINDS);

		ASSERT_LE(0, fd);
		EXPECT_EQ(0, t_send_fd(pair[i][0], fd));
		EXPECT_EQ(0, t_send_fd(pair[i][0], pair[(i + 1) % RING][1]));
		close(fd);
	}
	EXPECT_TRUE(there(self, RING));
	for (int i = 0; i < RING; i++) {
		close(pair[i][0]);
		close(pair[i][1]);
	}
	EXPECT_TRUE(collected(self));
}

/* Classes: V19. A descriptor that is taken out in time is not collected. */
TEST_F(nest, received_descriptor_outlives_the_circle)
{
	int pair[2], fd = make(SEM), out;

	ASSERT_EQ(0, t_socketpair(pair));
	ASSERT_EQ(0, t_send_fd(pair[0], fd));
	ASSERT_EQ(0, t_send_fd(pair[0], pair[1]));
	close(fd);
	out = t_recv_fd(pair[1]);
	ASSERT_LE(0, out);
	close(pair[0]);
	close(pair[1]);
	ASSERT_EQ(0, t_socketpair(pair));
	EXPECT_EQ(0, t_send_fd(pair[0], pair[1]));
	close(pair[0]);
	close(pair[1]);
	EXPECT_EQ(0, t_sem_v(out, 2));
	EXPECT_EQ(2, t_sem_value(out));
	close(out);
	EXPECT_TRUE(gone(self));
}

#define DEPTH 5 /* as deep as epoll lets one go */

static int watch(int epoll, int fd, unsigned int events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int seen(int epoll, int ms)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, ms);
}

static int stir(int kind, int fd)
{
	return kind == REGION ? t_region_ring(fd, NULL) : t_sem_v(fd, 1);
}

/* Classes: V19. A wake-up goes up through all of them, and no circle is made. */
TEST_F(nest, epoll_inside_epoll_sees_each_kind_of_object)
{
	static const unsigned int edges[] = { 0, EPOLLET };

	for (int i = 0; i < 2; i++) {
		for (int kind = SEM; kind < DEVICE; kind++) {
			int epoll[DEPTH], fd = make(kind);

			ASSERT_LE(0, fd);
			if (kind == OWNED)
				ASSERT_EQ(0, t_sem_p(fd, 5, 0));
			if (kind == LOCK)
				ASSERT_EQ(0, t_sem_p(fd, 1, 0));
			for (int d = 0; d < DEPTH; d++) {
				epoll[d] = epoll_create1(EPOLL_CLOEXEC);
				ASSERT_EQ(0,
					  watch(epoll[d], d ? epoll[d - 1] : fd,
						EPOLLIN | edges[i]));
			}
			EXPECT_EQ(-ELOOP,
				  watch(epoll[0], epoll[DEPTH - 1], EPOLLIN));
			EXPECT_EQ(0, seen(epoll[DEPTH - 1], 0));
			EXPECT_EQ(0, stir(kind, fd));
			EXPECT_EQ(1, seen(epoll[DEPTH - 1], T_LONG / T_MSEC));
			/* From the inside, from the outside, the object first. */
			if (kind & 1)
				close(fd);
			for (int d = 0; d < DEPTH; d++)
				close(epoll[i ? d : DEPTH - 1 - d]);
			if (!(kind & 1))
				close(fd);
		}
	}
	EXPECT_TRUE(gone(self));
}

/* Classes: V19. An epoll instance that watches it is in flight in a circle. */
TEST_F(nest, epoll_in_flight_keeps_nothing)
{
	for (int kind = SEM; kind < DEVICE; kind++) {
		int epoll = epoll_create1(EPOLL_CLOEXEC), fd = make(kind);
		int pair[2];

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, t_socketpair(pair));
		ASSERT_EQ(0, watch(epoll, fd, EPOLLIN));
		ASSERT_EQ(0, watch(epoll, pair[1], EPOLLIN));
		ASSERT_EQ(0, t_send_fd(pair[0], epoll));
		ASSERT_EQ(0, t_send_fd(pair[0], fd));
		close(epoll);
		close(fd);
		close(pair[0]);
		close(pair[1]);
	}
	EXPECT_TRUE(gone(self));
}

static int uring(void)
{
	struct io_uring_params params = {};
	int fd = syscall(__NR_io_uring_setup, 2, &params);

	return fd < 0 ? -errno : fd;
}

static int uring_register(int ring, int *fds, unsigned int count)
{
	return syscall(__NR_io_uring_register, ring, IORING_REGISTER_FILES, fds,
		       count) ?
		       -errno :
		       0;
}

/* Classes: V19. Registered files live as long as the ring, and no longer. */
TEST_F(nest, files_registered_with_io_uring_go_with_the_ring)
{
	int ring = uring(), fds[KINDS];

	if (ring == -ENOSYS || ring == -EPERM)
		SKIP(return, "the kernel has no io_uring");
	ASSERT_LE(0, ring);
	for (int kind = 0; kind < KINDS; kind++) {
		fds[kind] = make(kind);
		ASSERT_LE(0, fds[kind]);
	}
	ASSERT_EQ(0, uring_register(ring, fds, KINDS));
	for (int kind = 0; kind < KINDS; kind++)
		close(fds[kind]);
	EXPECT_TRUE(there(self, KINDS));
	close(ring);
	EXPECT_TRUE(gone(self));
}

/* Classes: V19. A ring that holds the socket that the ring is sent through. */
TEST_F(nest, io_uring_in_flight_keeps_nothing)
{
	int ring = uring(), fds[KINDS + 1], pair[2], sent;

	if (ring == -ENOSYS || ring == -EPERM)
		SKIP(return, "the kernel has no io_uring");
	ASSERT_LE(0, ring);
	ASSERT_EQ(0, t_socketpair(pair));
	for (int kind = 0; kind < KINDS; kind++) {
		fds[kind] = make(kind);
		ASSERT_LE(0, fds[kind]);
		EXPECT_EQ(0, t_send_fd(pair[0], fds[kind]));
	}
	fds[KINDS] = pair[1];
	ASSERT_EQ(0, uring_register(ring, fds, KINDS + 1));
	/* Newer kernels refuse it; older ones collect the circle. */
	sent = t_send_fd(pair[0], ring);
	EXPECT_TRUE(sent == 0 || sent == -EINVAL)
	{
		TH_LOG("sending the ring: %d", sent);
	}
	close(ring);
	for (int kind = 0; kind < KINDS; kind++)
		close(fds[kind]);
	close(pair[0]);
	close(pair[1]);
	EXPECT_TRUE(collected(self));
}

/* Classes: V19. Each way to have a descriptor twice is one way to close it. */
TEST_F(nest, copies_of_a_descriptor_keep_it_until_the_last_is_closed)
{
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0);

	for (int kind = 0; kind < KINDS; kind++) {
		int fds[5], pair[2];
		char path[64];

		fds[0] = make(kind);
		ASSERT_LE(0, fds[0]);
		ASSERT_EQ(0, t_socketpair(pair));
		ASSERT_EQ(0, t_send_fd(pair[0], fds[0]));
		fds[1] = dup(fds[0]);
		fds[2] = fcntl(fds[0], F_DUPFD_CLOEXEC, 100);
		fds[3] = syscall(SYS_pidfd_getfd, pidfd, fds[0], 0);
		fds[4] = t_recv_fd(pair[1]);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
		/* The device opens anew; an object is not on any path. */
		if (kind != DEVICE)
			EXPECT_EQ(-1, open(path, O_RDWR | O_CLOEXEC));
		EXPECT_TRUE(there(self, 1));
		for (int i = 0; i < 5; i++) {
			EXPECT_LE(0, fds[i]);
			EXPECT_TRUE(there(self, 1));
			close(fds[i]);
		}
		EXPECT_TRUE(gone(self));
		close(pair[0]);
		close(pair[1]);
	}
	close(pidfd);
}

TEST_HARNESS_MAIN
