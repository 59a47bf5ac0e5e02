// SPDX-License-Identifier: GPL-2.0-only
/* The end of things: kills, leases, destruction, namespaces, the module. */
#include "ipcx_fd.h"

#define KILLS 1000
#define BATCH 4

FIXTURE(lifetime)
{
	int dev;
	struct t_census before;
};

FIXTURE_SETUP(lifetime)
{
	self->before = t_census();
	ASSERT_LE(0, self->before.objects);
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(lifetime)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* A region made, mapped, and locked for reading. */
static int own_region(int dev)
{
	int fd = t_region(dev, 2 * T_PAGE);
	char *p = t_map_rw(fd, 2 * T_PAGE);

	if (!p || t_region_lock(fd, IPCX_LOCK_READ, 0, NULL))
		return -1;
	*p = 1;
	return 0;
}

/* One object of each kind of its own, and something held of each. */
static int own_everything(int dev)
{
	int plain = t_sem(dev, IPCX_SEM_PLAIN, 1, 2);
	int owned = t_sem(dev, IPCX_SEM_OWNED, 2, 2);
	int lock = t_lock(dev, IPCX_DEATH_REPORT);
	uint32_t *word = t_sem_map(lock);

	if (plain < 0 || owned < 0 || lock < 0 || !word || !t_sem_map(plain))
		return -1;
	if (t_sem_p(owned, 2, 0) || own_region(dev))
		return -2;
	/* The lock is taken in user space alone. */
	T_STORE(word, t_sem_attach(lock));
	return 0;
}

/* What all children of a test share. */
struct common {
	int plain;
	int owned;
	int lock;
	int region;
};

static void make_common(struct __test_metadata *_metadata, int dev,
			struct common *c)
{
	c->plain = t_sem(dev, IPCX_SEM_PLAIN, 1, 1);
	c->owned = t_sem_with(dev, IPCX_SEM_OWNED, 2, 2, IPCX_ORDER_FIFO,
			      IPCX_DEATH_RETURN);
	c->lock = t_lock(dev, IPCX_DEATH_RETURN);
	c->region = t_region(dev, T_PAGE);
	ASSERT_LE(0, c->plain);
	ASSERT_LE(0, c->owned);
	ASSERT_LE(0, c->lock);
	ASSERT_LE(0, c->region);
}

static void close_common(struct common *c)
{
	close(c->plain);
	close(c->owned);
	close(c->lock);
	close(c->region);
}

/* Uses what all share, for ever. */
static void use_common(struct common *c)
{
	for (;;) {
		if (!t_sem_p(c->owned, 2, t_soon()))
			t_sem_v(c->owned, 2);
		if (!t_sem_p(c->lock, 1, t_soon()))
			t_sem_v(c->lock, 1);
		t_region_lock(c->region, IPCX_LOCK_WRITE, t_soon(), NULL);
		t_region_consistent(c->region);
		t_region_unlock(c->region);
		t_region_ring(c->region, NULL);
	}
}

/* ---- Kills ------------------------------------------------------------- */

/* Rows: H1 A5, bug class V4: kill -9 x1000 leaves zero. */
TEST_F_TIMEOUT(lifetime, thousand_killed_processes_leave_nothing, 120)
{
	struct t_census before = t_census();
	int *ready = t_shared(T_PAGE);
	int kills = 0;

	ASSERT_NE(NULL, ready);
	while (kills < t_times(KILLS)) {
		int want = T_LOAD(ready) + BATCH;
		pid_t pid[BATCH];

		for (int i = 0; i < BATCH; i++) {
			pid[i] = t_fork();
			ASSERT_LE(0, pid[i]);
			if (pid[i])
				continue;
			if (own_everything(self->dev))
				_exit(1);
			T_ADD(ready, 1);
			for (;;)
				pause();
		}
		ASSERT_TRUE(T_UNTIL(T_LOAD(ready) == want));
		EXPECT_LE(before.objects + 4 * BATCH, t_counter("objects"));
		for (int i = 0; i < BATCH; i++)
			ASSERT_EQ(128 + SIGKILL, t_kill(pid[i]));
		kills += BATCH;
		ASSERT_TRUE(t_same_census(&before));
	}
	munmap(ready, T_PAGE);
}

/* Rows: H1 H7 A5, bug class V4 V2: at any instruction of any call. */
TEST_F_TIMEOUT(lifetime, kill_storm_on_shared_objects_loses_nothing, 120)
{
	unsigned int seed = 7;
	struct common c;
	int kills = 0;

	make_common(_metadata, self->dev, &c);
	while (kills < t_times(KILLS)) {
		pid_t pid[BATCH];

		for (int i = 0; i < BATCH; i++) {
			pid[i] = t_fork();
			ASSERT_LE(0, pid[i]);
			if (!pid[i])
				use_common(&c);
		}
		usleep(rand_r(&seed) % 2000);
		for (int i = 0; i < BATCH; i++)
			ASSERT_EQ(128 + SIGKILL, t_kill(pid[i]));
		kills += BATCH;
		ASSERT_EQ(2, t_sem_value(c.owned));
		ASSERT_EQ(0, t_sem_held(c.owned));
		ASSERT_EQ(1, t_sem_value(c.lock));
		ASSERT_EQ(0, t_waiters(c.owned));
		ASSERT_EQ(0, t_waiters(c.lock));
		ASSERT_EQ(0, t_waiters(c.region));
	}
	close_common(&c);
}

/* Rows: H7 H1: who sleeps is killed at once, and is gone from the queue. */
TEST_F(lifetime, killed_waiters_leave_the_queue)
{
	struct common c;
	pid_t pid[8];

	make_common(_metadata, self->dev, &c);
	ASSERT_EQ(0, t_sem_p(c.plain, 1, 0));
	for (int i = 0; i < 8; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			_exit(t_sem_p(c.plain, 1, IPCX_FOREVER) ? 1 : 0);
	}
	EXPECT_TRUE(T_UNTIL(t_waiters(c.plain) == 8));
	EXPECT_EQ(self->before.waiters + 8, t_counter("waiters"));
	for (int i = 0; i < 7; i++)
		EXPECT_EQ(128 + SIGKILL, t_kill(pid[i]));
	EXPECT_EQ(1, t_waiters(c.plain));
	EXPECT_EQ(0, t_sem_v(c.plain, 1));
	EXPECT_EQ(0, t_reap(pid[7]));
	close_common(&c);
}

/* ---- Destruction ------------------------------------------------------- */

struct victim {
	int fd;
	int stop;
	int started;
	int wrong;
};

static bool is_end(int ret)
{
	return ret == -EIDRM || ret == -EBADF || ret == -EAGAIN ||
	       ret == -ETIMEDOUT || ret == -EPERM || ret == 0 ||
	       ret == -EOVERFLOW || ret == -ENOTTY;
}

static void *wait_on(void *arg)
{
	struct victim *v = arg;

	T_ADD(&v->started, 1);
	if (!is_end(t_sem_p(v->fd, 1, t_in_ms(3000))))
		T_ADD(&v->wrong, 1);
	return NULL;
}

static void *poll_on(void *arg)
{
	struct victim *v = arg;

	T_ADD(&v->started, 1);
	if (t_poll(v->fd, POLLIN, T_LONG / T_MSEC) <= 0)
		T_ADD(&v->wrong, 1);
	return NULL;
}

/* Bug class V1 V5: waiters, pollers and the end of the object at once. */
TEST_F(lifetime, destroy_races_with_waiters_and_pollers)
{
	for (int i = 0; i < 100; i++) {
		struct victim v = { .fd = t_sem(self->dev,
						i & 1 ? IPCX_SEM_OWNED :
							IPCX_SEM_PLAIN,
						0, 1) };
		pthread_t threads[4];

		ASSERT_LE(0, v.fd);
		for (int k = 0; k < 4; k++)
			ASSERT_EQ(0, pthread_create(&threads[k], NULL,
						    k & 1 ? poll_on : wait_on,
						    &v));
		if (i & 2)
			EXPECT_TRUE(T_UNTIL(t_waiters(v.fd) == 2));
		EXPECT_EQ(0, t_destroy(v.fd));
		for (int k = 0; k < 4; k++)
			ASSERT_EQ(0, t_join(threads[k]));
		EXPECT_EQ(0, v.wrong);
		close(v.fd);
	}
}

/*
 * The number may by now be that of the weaker handle that the other thread has
 * just made: then giving is refused.
 */
static bool is_end_or_weaker(int ret)
{
	return is_end(ret) || ret == -EACCES;
}

static void *call_until_stopped(void *arg)
{
	struct victim *v = arg;
	struct ipcx_stat s;

	while (!T_LOAD(&v->stop)) {
		int fd = T_LOAD(&v->fd);
		int ret = t_sem_p(fd, 1, 0);

		if (!is_end(ret) || !is_end_or_weaker(t_sem_v(fd, 1)) ||
		    !is_end(t_stat(fd, &s)))
			T_ADD(&v->wrong, 1);
		ret = t_reduce(fd, IPCX_RIGHT_READ);
		if (ret >= 0)
			close(ret);
	}
	return NULL;
}

/* Bug class V5 V6: the descriptor is closed while others call through it. */
TEST_F(lifetime, close_races_with_calls)
{
	unsigned long long end = t_in_ms(2000);
	struct victim v = { .fd = t_sem(self->dev, IPCX_SEM_PLAIN, 1, 1) };
	pthread_t threads[2];

	ASSERT_LE(0, v.fd);
	for (int k = 0; k < 2; k++)
		ASSERT_EQ(0, pthread_create(&threads[k], NULL,
					    call_until_stopped, &v));
	for (unsigned int i = 0; t_now() < end; i++) {
		int old = v.fd;
		int fd = t_sem(self->dev, i % 3, 1, 1);

		ASSERT_LE(0, fd);
		T_STORE(&v.fd, fd);
		if (i & 1)
			t_destroy(old);
		close(old);
	}
	T_STORE(&v.stop, 1);
	for (int k = 0; k < 2; k++)
		ASSERT_EQ(0, t_join(threads[k]));
	EXPECT_EQ(0, v.wrong);
	close(v.fd);
}

/* Bug class V8: a call that sleeps keeps what it sleeps on. */
TEST_F(lifetime, wait_survives_the_closing_of_its_descriptor)
{
	struct victim v = { .fd = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1) };
	int other = t_reduce(v.fd, IPCX_RIGHT_WRITE);
	pthread_t thread;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_on, &v));
	EXPECT_TRUE(T_UNTIL(t_waiters(other) == 1));
	close(v.fd);
	EXPECT_EQ(0, t_sem_v(other, 1));
	ASSERT_EQ(0, t_join(thread));
	EXPECT_EQ(0, v.wrong);
	EXPECT_EQ(0, t_sem_value(other));
	close(other);
}

/* Rows: H4, bug class V7: leases run out while everything else happens. */
TEST_F(lifetime, lease_timer_races_with_open_unlink_and_destroy)
{
	char name[IPCX_NAME_SIZE];

	for (int i = 0; i < 300; i++) {
		struct ipcx_sem_create c;
		int fd;

		snprintf(name, sizeof(name), "/lease-%d", i % 7);
		t_sem_args(&c, name, IPCX_SEM_OWNED, 1, 1);
		c.flags = IPCX_CREATE_F_PERSISTENT;
		c.lease_ns = 1 + i * 10000;
		fd = t_sem_create(self->dev, &c);
		ASSERT_LE(0, fd);
		if (i % 3 == 0)
			t_unlink(self->dev, name);
		if (i % 5 == 0)
			t_destroy(fd);
		close(fd);
		if (i % 4 == 0)
			usleep(i * 10);
		fd = t_open(self->dev, name, IPCX_TYPE_SEM, IPCX_RIGHTS_MASK);
		if (fd >= 0) {
			t_sem_p(fd, 1, 0);
			close(fd);
		}
	}
	/* The leases are short: all go by themselves. */
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == self->before.objects));
}

/* ---- Namespaces and the module ----------------------------------------- */

/* Rows: H4 H1 I8: nothing can reach them any more. */
TEST_F(lifetime, persistent_objects_go_with_their_network_namespace)
{
	for (int i = 0; i < 5; i++) {
		pid_t pid = t_fork();

		ASSERT_LE(0, pid);
		if (!pid) {
			struct ipcx_region_create r;
			struct ipcx_sem_create c;
			int dev;

			if (unshare(CLONE_NEWNET))
				_exit(1);
			dev = t_device();
			t_sem_args(&c, "/stays", IPCX_SEM_PLAIN, 1, 1);
			c.flags = IPCX_CREATE_F_PERSISTENT;
			c.lease_ns = i & 1 ? 3600 * T_SEC : 0;
			t_region_args(&r, "/stays-too", 16 * T_PAGE);
			r.flags = IPCX_CREATE_F_PERSISTENT |
				  IPCX_REGION_F_RESERVE;
			if (t_sem_create(dev, &c) < 0 ||
			    t_region_create(dev, &r) < 0)
				_exit(2);
			_exit(0);
		}
		EXPECT_EQ(0, t_reap(pid));
	}
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == self->before.objects));
}

/* Rows: I8 H1: a handle outlives the namespace that it came from. */
TEST_F(lifetime, handle_works_after_its_network_namespace_is_gone)
{
	int pair[2], fd;
	pid_t pid;

	ASSERT_EQ(0, t_socketpair(pair));
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (unshare(CLONE_NEWNET))
			_exit(1);
		fd = t_sem(t_device(), IPCX_SEM_OWNED, 1, 1);
		_exit(fd < 0 || t_send_fd(pair[1], fd) ? 2 : 0);
	}
	fd = t_recv_fd(pair[0]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, t_reap(pid));
	usleep(100000);
	EXPECT_EQ(0, t_sem_p(fd, 1, 0));
	EXPECT_EQ(0, t_sem_v(fd, 1));
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

/* Rows: H9, bug class V8: what pins the module; module_test.sh removes it. */
TEST_F(lifetime, descriptors_and_mappings_pin_the_module)
{
	long long base = t_read_number("/sys/module/ipcx/", "refcnt");
	int fd = t_region(self->dev, T_PAGE);
	void *p = t_map_rw(fd, T_PAGE);

	ASSERT_NE(NULL, p);
	ASSERT_LT(0, base);
	EXPECT_LT(base, t_read_number("/sys/module/ipcx/", "refcnt"));
	close(fd);
	EXPECT_LT(base, t_read_number("/sys/module/ipcx/", "refcnt"));
	munmap(p, T_PAGE);
	EXPECT_TRUE(
		T_UNTIL(t_read_number("/sys/module/ipcx/", "refcnt") == base));
}

TEST_HARNESS_MAIN
