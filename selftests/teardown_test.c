// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects and descriptors that end while something still uses them: calls that
 * sleep or run, timers, a descriptor that is not yet the caller's.  The counters
 * of the whole system say whether anything was left.
 *
 * Rows: H1 H6 H7 L4. Classes: V3 V5 V6 V7.
 */
#include "ipcx_fd.h"
#include "ipcx_kinds.h"

/* Rounds of a test on a usual machine. */
#define ROUNDS 2000

FIXTURE(teardown)
{
	int dev;
	struct t_census before;
};

FIXTURE_SETUP(teardown)
{
	self->before = t_census();
	ASSERT_LE(0, self->before.objects);
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
}

FIXTURE_TEARDOWN_PARENT(teardown)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* ---- Calls and closes -------------------------------------------------- */

static void close_first(struct t_helper *h)
{
	close(h->fd[0]);
}

static bool is_end(int ret)
{
	return ret == 0 || ret == -EBADF || ret == -EIDRM || ret == -EAGAIN ||
	       ret == -EPERM || ret == -EOVERFLOW || ret == -EDEADLK ||
	       ret == -ETIMEDOUT || ret == -EPIPE;
}

/* Some call on an object of this kind, which others are about to end. */
static int call(int fd, enum t_kind kind, unsigned int what)
{
	struct ipcx_stat s;
	int ret;

	switch (what % 5) {
	case 0:
		return t_stat(fd, &s);
	case 1:
		return t_touch(fd, kind);
	case 2:
		return t_take(fd, kind, 0);
	case 3:
		ret = t_reduce(fd, IPCX_RIGHT_READ);
		if (ret >= 0)
			close(ret);
		return ret < 0 ? ret : 0;
	default:
		return t_destroy(fd);
	}
}

/*
 * Rows: H1. Classes: V5. Two handles are closed by a thread each while a third
 * one is inside a call: whose reference is the last differs.
 */
TEST_F_TIMEOUT(teardown, two_closes_race_with_a_call, 120)
{
	struct t_helper a, b;

	ASSERT_EQ(0, t_helper_start(&a, close_first));
	ASSERT_EQ(0, t_helper_start(&b, close_first));
	for (int i = 0; i < t_times(ROUNDS); i++) {
		enum t_kind kind = i % T_KINDS;

		a.fd[0] = t_make(self->dev, kind);
		b.fd[0] = t_reduce(a.fd[0], IPCX_RIGHTS_MASK);
		ASSERT_LE(0, a.fd[0]);
		ASSERT_LE(0, b.fd[0]);
		sem_post(&a.go);
		sem_post(&b.go);
		ASSERT_TRUE(is_end(call(a.fd[0], kind, i / T_KINDS)));
		ASSERT_TRUE(is_end(call(b.fd[0], kind, i / T_KINDS + 1)));
		ASSERT_TRUE(t_helper_wait(&a));
		ASSERT_TRUE(t_helper_wait(&b));
	}
	EXPECT_EQ(0, t_helper_stop(&a));
	EXPECT_EQ(0, t_helper_stop(&b));
}

struct sleeper {
	pthread_t thread;
	int fd;
	enum t_kind kind;
	bool bell;
	unsigned long long deadline;
	int ret;
};

static void *sleep_on(void *arg)
{
	struct sleeper *s = arg;

	if (s->kind != T_REGION)
		s->ret = t_take(s->fd, s->kind, s->deadline);
	else if (s->bell)
		s->ret = t_region_wait(s->fd, 0, s->deadline, NULL);
	else
		s->ret =
			t_region_lock(s->fd, IPCX_LOCK_READ, s->deadline, NULL);
	return NULL;
}

/*
 * Rows: H7. Classes: V7. The timers of sleeping calls run out while the object
 * is closed or destroyed: each call ends once, with one of the two.
 */
TEST_F_TIMEOUT(teardown, deadlines_run_out_while_the_object_ends, 120)
{
	unsigned int seed = 11;

	for (int i = 0; i < t_times(400); i++) {
		struct sleeper s[3] = {};
		enum t_kind kind = i % T_KINDS;
		int fd = t_make(self->dev, kind);

		ASSERT_LE(0, fd);
		if (kind == T_REGION)
			ASSERT_EQ(0,
				  t_region_lock(fd, IPCX_LOCK_READ, 0, NULL));
		for (int k = 0; k < 3; k++) {
			s[k].fd = fd;
			s[k].kind = kind;
			s[k].bell = k != 2;
			s[k].deadline = t_now() + rand_r(&seed) % 1000000;
			ASSERT_EQ(0, pthread_create(&s[k].thread, NULL,
						    sleep_on, &s[k]));
		}
		if (i & 1)
			usleep(rand_r(&seed) % 1000);
		if (i & 2)
			EXPECT_EQ(0, t_destroy(fd));
		close(fd);
		for (int k = 0; k < 3; k++) {
			ASSERT_EQ(0, t_join(s[k].thread));
			EXPECT_TRUE(is_end(s[k].ret));
		}
	}
}

/* Sleeps on everything at once, with deadlines that are near. */
static void sleep_on_everything(int dev)
{
	unsigned int seed = getpid();
	struct sleeper s[T_KINDS] = {};

	for (int k = 0; k < T_KINDS; k++) {
		s[k].kind = k;
		s[k].bell = true;
		s[k].fd = t_make(dev, k);
		s[k].deadline = t_now() + rand_r(&seed) % 3000000;
		if (pthread_create(&s[k].thread, NULL, sleep_on, &s[k]))
			_exit(1);
	}
	for (;;)
		pause();
}

/* Rows: H1 H7. Classes: V7. Kills in the moment in which timers run out. */
TEST_F_TIMEOUT(teardown, deadlines_run_out_while_the_process_dies, 120)
{
	unsigned int seed = 13;

	for (int i = 0; i < t_times(150); i++) {
		pid_t pid = t_fork();

		ASSERT_LE(0, pid);
		if (!pid)
			sleep_on_everything(self->dev);
		usleep(500 + rand_r(&seed) % 4000);
		ASSERT_EQ(128 + SIGKILL, t_kill(pid));
	}
}

/* ---- Descriptors ------------------------------------------------------- */

#define HUNTED 4

struct hunter {
	pthread_t thread;
	int first;
	int stop;
};

static void *hunt(void *arg)
{
	struct hunter *h = arg;

	while (!T_LOAD(&h->stop))
		for (int i = 0; i < HUNTED; i++)
			close(h->first + i);
	return NULL;
}

/* Calls that answer with a descriptor. Named ones exist, or are made. */
static int make_descriptor(int dev, int sem, const char *name, unsigned int i)
{
	struct ipcx_region_create r;
	struct ipcx_sem_create c;

	switch (i % 4) {
	case 0:
		return t_make(dev, i / 4 % 3);
	case 1:
		return t_reduce(sem, IPCX_RIGHT_READ);
	case 2:
		t_region_args(&r, name, T_PAGE);
		return t_region_create(dev, &r);
	default:
		t_sem_args(&c, NULL, IPCX_SEM_OWNED, 1, 1);
		return t_sem_create(dev, &c);
	}
}

/*
 * Rows: L4. Classes: V3 V6. A descriptor is everybody's from the moment in
 * which it is there: another thread, which has guessed its number, closes it
 * before the call that makes it has returned.
 */
TEST_F_TIMEOUT(teardown, descriptor_is_closed_while_it_is_made, 60)
{
	int sem = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
	unsigned long long end = t_in_ms(1500);
	char name[IPCX_NAME_SIZE];
	struct hunter h = {};

	ASSERT_LE(0, sem);
	t_name(name, "hunted");
	h.first = dup(sem);
	close(h.first);
	ASSERT_EQ(0, pthread_create(&h.thread, NULL, hunt, &h));
	for (unsigned int i = 0; t_now() < end; i++) {
		int fd = make_descriptor(self->dev, sem, name, i);

		/* It may have gone before it was used. */
		ASSERT_TRUE(fd >= h.first || fd == -EIO)
		{
			TH_LOG("the call of kind %u gave %d", i % 4, fd);
		}
		/* The hunter sleeps, or looks elsewhere. */
		if (fd >= h.first + HUNTED)
			close(fd);
	}
	T_STORE(&h.stop, 1);
	ASSERT_EQ(0, t_join(h.thread));
	for (int i = 0; i < HUNTED; i++)
		close(h.first + i);
	close(sem);
}

/* Rows: L4. Classes: V6. Whatever the reason: the other file is let go. */
TEST_F(teardown, refused_handoff_keeps_nothing)
{
	struct ipcx_sem_handoff h = { .post_units = 1, .wait_units = 1 };
	int sem = t_sem(self->dev, IPCX_SEM_PLAIN, 1, 4);
	int other[] = { t_region(self->dev, T_PAGE),
			t_sem(self->dev, IPCX_SEM_PLAIN, 1, 4),
			t_sem(self->dev, IPCX_SEM_PLAIN, 1, 4), dup(self->dev),
			dup(0) };
	const int want[] = { -EBADF, -EACCES, -EIDRM, -EBADF, -EBADF };
	struct t_census before = t_census();

	for (int i = 0; i < 5; i++) {
		int fd = i == 1 ? t_reduce(other[1], IPCX_RIGHT_WRITE) :
				  dup(other[i]);

		ASSERT_LE(0, fd);
		if (i == 2)
			ASSERT_EQ(0, t_destroy(fd));
		h.wait_fd = fd;
		EXPECT_EQ(want[i], t_ioctl(sem, IPCX_IOC_SEM_HANDOFF, &h));
		close(fd);
		EXPECT_TRUE(t_same_census(&before));
	}
	EXPECT_EQ(1, t_sem_value(sem));
	for (int i = 0; i < 5; i++)
		close(other[i]);
	/* With the last descriptor they have gone: nobody keeps a file. */
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == before.objects - 3));
	close(sem);
}

/* Sends @fd with control data at @control, or receives one there. */
static int pass(int socket, void *control, size_t size, bool receive)
{
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = size,
	};
	ssize_t ret = receive ? recvmsg(socket, &msg, MSG_DONTWAIT) :
				sendmsg(socket, &msg, 0);

	return ret < 0 ? -errno : 0;
}

/* Rows: H6. Classes: V6. Pointers that fault on the way: nothing is left. */
TEST_F(teardown, descriptor_that_is_passed_to_a_bad_pointer_is_gone)
{
	size_t size = CMSG_SPACE(sizeof(int));
	char blank[CMSG_SPACE(sizeof(int))] = {};
	void *bad = t_bad_pointer();
	void *ro = t_read_only(blank, sizeof(blank));
	struct t_census before;
	int pair[2], fds;

	ASSERT_EQ(0, t_socketpair(pair));
	/* The record of this process stays: it is not of interest. */
	close(t_make(self->dev, T_LOCK));
	before = t_census();
	fds = t_count_fds();
	for (int i = 0; i < 4 * T_KINDS; i++) {
		int fd = t_make(self->dev, i % T_KINDS);

		ASSERT_LE(0, fd);
		EXPECT_EQ(-EFAULT, pass(pair[0], bad, size, false));
		ASSERT_EQ(0, t_send_fd(pair[0], fd));
		/* In flight now, and nowhere else. */
		close(fd);
		EXPECT_LT(before.handles, t_counter("handles"));
		pass(pair[1], i & 1 ? bad : ro, size, true);
		EXPECT_EQ(fds, t_count_fds());
		ASSERT_TRUE(t_same_census(&before));
	}
	munmap(ro, T_PAGE);
	munmap(bad, T_PAGE);
	close(pair[0]);
	close(pair[1]);
}

TEST_HARNESS_MAIN
