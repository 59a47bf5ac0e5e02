// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain semaphores: counting, order, deadlines, signals, polling, the mapped
 * word. What owned ones and locks add is in sem_owned_test.c and lock_test.c.
 *
 * Rows: A1 A2 A3 A4 A7 T14 T15 E1 H7 H8 K1.
 * Classes: V1 V2 V11 V12 V13 V23 V24.
 */
#include <linux/io_uring.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "ipcx_test.h"

FIXTURE(sem)
{
	int dev;
	int fd; /* 0 of 10 */
};

FIXTURE_VARIANT(sem)
{
	unsigned int order;
	unsigned int flags;
	bool mapped; /* somebody maps the word */
};

FIXTURE_VARIANT_ADD(sem, fifo) {};
FIXTURE_VARIANT_ADD(sem, fifo_mapped) { .mapped = true };
FIXTURE_VARIANT_ADD(sem, prio) { .order = IPCX_ORDER_PRIO };
FIXTURE_VARIANT_ADD(sem, barging) { .flags = IPCX_SEM_F_BARGING };

FIXTURE_SETUP(sem)
{
	struct ipcx_sem_create c;

	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	t_sem_args(&c, NULL, IPCX_SEM_PLAIN, 0, 10);
	c.order = variant->order;
	c.flags = variant->flags;
	self->fd = t_sem_create(self->dev, &c);
	ASSERT_LE(0, self->fd);
	if (variant->mapped)
		ASSERT_NE(NULL, t_sem_map(self->fd));
}

FIXTURE_TEARDOWN(sem)
{
	close(self->fd);
	close(self->dev);
}

/* A thread that takes units. */
struct taker {
	pthread_t thread;
	int fd;
	unsigned int units;
	unsigned long long deadline;
	int result; /* of P; 1 while it waits */
	int *served; /* counts those that were served */
	int place; /* the how-manyth it was */
	struct ipcx_sem_wait w;
};

static void *take(void *data)
{
	struct taker *t = data;
	int ret = t_sem_p_dead(t->fd, t->units, t->deadline, &t->w);

	if (!ret && t->served)
		t->place = T_ADD(t->served, 1);
	T_STORE(&t->result, ret);
	return NULL;
}

/* Starts a taker and waits until it sleeps as the last of @n. */
static bool start(struct taker *t, int fd, unsigned int units,
		  unsigned long long deadline, int n)
{
	t->fd = fd;
	t->units = units;
	t->deadline = deadline;
	t->result = 1;
	return !pthread_create(&t->thread, NULL, take, t) &&
	       T_UNTIL(t_sem_waiters(fd) == n || T_LOAD(&t->result) != 1) &&
	       T_LOAD(&t->result) == 1;
}

/* Rows: A1 T14. */
TEST_F(sem, p_and_v_take_and_give_n_units_all_or_nothing)
{
	EXPECT_EQ(0, t_sem_v(self->fd, 4));
	EXPECT_EQ(4, t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_p(self->fd, 3, 0));
	EXPECT_EQ(1, t_sem_value(self->fd));
	EXPECT_EQ(-EAGAIN, t_sem_p(self->fd, 2, 0));
	EXPECT_EQ(1, t_sem_value(self->fd));
	EXPECT_EQ(-ETIMEDOUT, t_sem_p(self->fd, 2, t_in_ms(5)));
	EXPECT_EQ(1, t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(0, t_sem_value(self->fd));
}

/* Rows: A2. Classes: V20. */
TEST_F(sem, v_beyond_max_fails_with_eoverflow_and_changes_nothing)
{
	static const unsigned int too_many[] = {
		4, 10, 11, IPCX_SEM_VALUE_MAX, 0x80000000U, 0xffffffffU
	};
	unsigned int i;

	EXPECT_EQ(0, t_sem_v(self->fd, 7));
	for (i = 0; i < ARRAY_SIZE(too_many); i++) {
		EXPECT_EQ(-EOVERFLOW, t_sem_v(self->fd, too_many[i]));
		EXPECT_EQ(7, t_sem_value(self->fd));
	}
	EXPECT_EQ(0, t_sem_v(self->fd, 3));
	EXPECT_EQ(-EOVERFLOW, t_sem_v(self->fd, 1));
	EXPECT_EQ(10, t_sem_value(self->fd));
}

/* Rows: A1. Classes: V16. */
TEST_F(sem, zero_units_and_more_than_max_give_einval)
{
	EXPECT_EQ(-EINVAL, t_sem_p(self->fd, 0, 0));
	EXPECT_EQ(-EINVAL, t_sem_v(self->fd, 0));
	EXPECT_EQ(-EINVAL, t_sem_p(self->fd, 11, 0));
	EXPECT_EQ(-EINVAL, t_sem_p(self->fd, 11, IPCX_FOREVER));
	EXPECT_EQ(-EINVAL, t_sem_p(self->fd, 0xffffffffU, 0));
	EXPECT_EQ(0, t_sem_value(self->fd));
}

/* Rows: A2. The largest semaphore there can be. */
TEST_F(sem, the_largest_maximum_works)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, IPCX_SEM_VALUE_MAX,
		       IPCX_SEM_VALUE_MAX);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EOVERFLOW, t_sem_v(fd, 1));
	EXPECT_EQ(0, t_sem_p(fd, IPCX_SEM_VALUE_MAX, 0));
	EXPECT_EQ(-EAGAIN, t_sem_p(fd, 1, 0));
	EXPECT_EQ(0, t_sem_v(fd, IPCX_SEM_VALUE_MAX));
	EXPECT_EQ(IPCX_SEM_VALUE_MAX, t_sem_value(fd));
	close(fd);
}

/* Rows: T14 A10. */
TEST_F(sem, stat_tells_what_it_was_created_with)
{
	struct ipcx_sem_stat s;

	ASSERT_EQ(0, t_sem_stat(self->fd, &s));
	EXPECT_EQ(0, s.out_value);
	EXPECT_EQ(10, s.out_max);
	EXPECT_EQ(0, s.out_held);
	EXPECT_EQ(IPCX_SEM_PLAIN, s.out_kind);
	EXPECT_EQ(variant->order, s.out_order);
	EXPECT_EQ(IPCX_DEATH_RETURN, s.out_on_death);
	EXPECT_EQ(variant->flags, s.out_flags);
	EXPECT_EQ(0, s.out_waiters);
	EXPECT_EQ(0, s.out_deaths);
}

/* Rows: T14. */
TEST_F(sem, v_wakes_a_waiter_and_hands_it_the_units)
{
	struct taker t = {};

	ASSERT_TRUE(start(&t, self->fd, 2, t_soon(), 1));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(1, T_LOAD(&t.result));
	EXPECT_EQ(0, t_sem_v(self->fd, 2));
	EXPECT_EQ(0, t_join(t.thread));
	EXPECT_EQ(0, t.result);
	EXPECT_EQ(1, t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_waiters(self->fd));
}

/* Rows: T14. Trap 4: one V serves all for whom it is enough. */
TEST_F(sem, one_v_serves_as_many_waiters_as_it_has_units_for)
{
	struct taker t[3] = {};
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_TRUE(start(&t[i], self->fd, 2, t_soon(), i + 1));
	EXPECT_EQ(0, t_sem_v(self->fd, 7));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, t_join(t[i].thread));
		EXPECT_EQ(0, t[i].result);
	}
	EXPECT_EQ(1, t_sem_value(self->fd));
}

/* Rows: T14 A7. Strict order: who came first is served first. */
TEST_F(sem, waiters_of_one_priority_are_served_in_the_order_of_their_coming)
{
	struct taker t[5] = {};
	int i, served = 0;

	for (i = 0; i < 5; i++) {
		t[i].served = &served;
		ASSERT_TRUE(start(&t[i], self->fd, 1, t_soon(), i + 1));
	}
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, t_sem_v(self->fd, 1));
		ASSERT_EQ(0, t_join(t[i].thread));
		EXPECT_EQ(i + 1, t[i].place);
	}
}

/* Rows: T14. The head wants 5; a follower that wants 1 does not overtake it. */
TEST_F(sem, a_follower_does_not_overtake_the_head)
{
	struct taker big = {}, small = {};

	if (variant->flags & IPCX_SEM_F_BARGING)
		SKIP(return, "a barging semaphore promises no order");
	ASSERT_TRUE(start(&big, self->fd, 5, t_soon(), 1));
	ASSERT_TRUE(start(&small, self->fd, 1, t_soon(), 2));
	EXPECT_EQ(0, t_sem_v(self->fd, 4));
	EXPECT_EQ(2, t_sem_waiters(self->fd));
	EXPECT_EQ(4, t_sem_value(self->fd));
	/* Neither does one that does not wait. */
	EXPECT_EQ(-EAGAIN, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(-ETIMEDOUT, t_sem_p(self->fd, 1, t_in_ms(2)));
	EXPECT_EQ(0, t_poll(self->fd, POLLIN, 0));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(0, t_join(big.thread));
	EXPECT_EQ(0, big.result);
	EXPECT_EQ(1, T_LOAD(&small.result));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(0, t_join(small.thread));
	EXPECT_EQ(0, t_sem_value(self->fd));
}

/* Rows: T14. Classes: V23. A head that gives up passes the baton. */
TEST_F(sem, followers_are_served_when_the_head_times_out)
{
	struct taker big = {}, small[2] = {};

	if (variant->flags & IPCX_SEM_F_BARGING)
		SKIP(return, "a barging semaphore promises no order");
	ASSERT_TRUE(start(&big, self->fd, 5, t_in_ms(1500), 1));
	ASSERT_TRUE(start(&small[0], self->fd, 1, t_soon(), 2));
	ASSERT_TRUE(start(&small[1], self->fd, 1, t_soon(), 3));
	EXPECT_EQ(0, t_sem_v(self->fd, 3));
	EXPECT_EQ(0, t_join(big.thread));
	EXPECT_EQ(-ETIMEDOUT, big.result);
	EXPECT_EQ(0, t_join(small[0].thread));
	EXPECT_EQ(0, t_join(small[1].thread));
	EXPECT_EQ(1, t_sem_value(self->fd));
}

/* Rows: T14 H7. Classes: V23. The same when the head is killed. */
TEST_F(sem, followers_are_served_when_the_head_is_killed)
{
	struct taker small = {};
	pid_t pid;

	if (variant->flags & IPCX_SEM_F_BARGING)
		SKIP(return, "a barging semaphore promises no order");
	pid = t_fork();
	if (!pid)
		_exit(-t_sem_p(self->fd, 5, t_soon()));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->fd) == 1));
	ASSERT_TRUE(start(&small, self->fd, 1, t_soon(), 2));
	EXPECT_EQ(0, t_sem_v(self->fd, 3));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	EXPECT_EQ(0, t_join(small.thread));
	EXPECT_EQ(0, small.result);
	EXPECT_EQ(2, t_sem_value(self->fd));
}

/* Rows: T14. */
TEST_F(sem, only_a_barging_semaphore_lets_free_units_be_taken_at_once)
{
	bool barging = variant->flags & IPCX_SEM_F_BARGING;
	struct taker big = {};

	ASSERT_TRUE(start(&big, self->fd, 5, t_soon(), 1));
	EXPECT_EQ(0, t_sem_v(self->fd, 4));
	EXPECT_EQ(barging ? 0 : -EAGAIN, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(barging ? 3 : 4, t_sem_value(self->fd));
	EXPECT_EQ(barging ? POLLIN : 0, t_poll(self->fd, POLLIN, 0));
	EXPECT_EQ(0, t_sem_v(self->fd, 5));
	EXPECT_EQ(0, t_join(big.thread));
	EXPECT_EQ(0, big.result);
}

static void *take_at_priority(void *data)
{
	struct taker *t = data;
	struct sched_param p = { .sched_priority = t->place };

	if (t->place && sched_setscheduler(0, SCHED_FIFO, &p)) {
		T_STORE(&t->result, -errno);
		return NULL;
	}
	return take(t);
}

/*
 * Rows: A7. Of tasks with real-time priorities 0 10 30 20 10 0, which came in
 * this order, the highest is served first and the order holds inside one.
 */
TEST_F(sem, real_time_priorities_decide_in_a_prio_semaphore_only)
{
	static const int prio[] = { 0, 10, 30, 20, 10, 0 };
	static const int by_prio[] = { 5, 3, 1, 2, 4, 6 };
	struct taker t[6] = {};
	int i, served = 0;

	if (variant->flags & IPCX_SEM_F_BARGING)
		SKIP(return, "a barging semaphore promises no order");
	for (i = 0; i < 6; i++) {
		t[i] = (struct taker) { .fd = self->fd,
					.units = 1,
					.deadline = t_soon(),
					.result = 1,
					.served = &served,
					.place = prio[i] };
		ASSERT_EQ(0, pthread_create(&t[i].thread, NULL,
					    take_at_priority, &t[i]));
		ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->fd) == i + 1 ||
				    T_LOAD(&t[i].result) != 1));
		if (T_LOAD(&t[i].result) == -EPERM)
			SKIP(return, "no right to real-time priorities");
	}
	/* One by one, or the tasks themselves race for their places. */
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(0, t_sem_v(self->fd, 1));
		ASSERT_TRUE(T_UNTIL(T_LOAD(&served) == i + 1));
	}
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(0, t_join(t[i].thread));
		EXPECT_EQ(variant->order == IPCX_ORDER_PRIO ? by_prio[i] :
							      i + 1,
			  t[i].place);
	}
}

/* Rows: A3. Classes: V24. */
TEST_F(sem, deadlines_on_all_clocks_end_the_wait_and_not_too_early)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
					    CLOCK_BOOTTIME };
	struct ipcx_sem_wait w;
	unsigned long long end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(clocks); i++) {
		end = t_now_on(clocks[i]) + 30 * T_MSEC;
		t_sem_wait_args(&w, 1, clocks[i], end);
		EXPECT_EQ(-ETIMEDOUT, t_ioctl(self->fd, IPCX_IOC_SEM_WAIT, &w));
		EXPECT_LE(end, t_now_on(clocks[i]));
		t_sem_wait_args(&w, 1, clocks[i], t_now_on(clocks[i]) - 1);
		EXPECT_EQ(-ETIMEDOUT, t_ioctl(self->fd, IPCX_IOC_SEM_WAIT, &w));
		t_sem_wait_args(&w, 1, clocks[i], 1);
		EXPECT_EQ(-ETIMEDOUT, t_ioctl(self->fd, IPCX_IOC_SEM_WAIT, &w));
		t_sem_wait_args(&w, 1, clocks[i], 0);
		EXPECT_EQ(-EAGAIN, t_ioctl(self->fd, IPCX_IOC_SEM_WAIT, &w));
	}
	EXPECT_EQ(0, t_sem_waiters(self->fd));
}

/* Rows: A3. Trap 12. */
TEST_F(sem, a_deadline_that_has_passed_still_tries_once)
{
	EXPECT_EQ(0, t_sem_v(self->fd, 3));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 1));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, t_now() - 1));
	EXPECT_EQ(0, t_sem_value(self->fd));
}

/* Rows: A3. Classes: V16 V24. */
TEST_F(sem, deadlines_beyond_s64_and_unknown_clocks_give_einval)
{
	static const unsigned int unknown[] = {
		2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 0x80000000U, 0xffffffffU
	};
	struct ipcx_sem_wait w;
	unsigned int i;

	EXPECT_EQ(0, t_sem_v(self->fd, 10));
	EXPECT_EQ(-EINVAL, t_sem_p(self->fd, 1, 1ULL << 63));
	EXPECT_EQ(-EINVAL, t_sem_p(self->fd, 1, IPCX_FOREVER - 1));
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		t_sem_wait_args(&w, 1, unknown[i], 0);
		EXPECT_EQ(-EINVAL, t_ioctl(self->fd, IPCX_IOC_SEM_WAIT, &w));
	}
	EXPECT_EQ(10, t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, (1ULL << 63) - 1));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, IPCX_FOREVER));
	EXPECT_EQ(8, t_sem_value(self->fd));
}

/* Rows: A3. The longest deadlines are no busy loop and do not overflow. */
TEST_F(sem, the_longest_deadlines_sleep)
{
	struct taker t[2] = {};

	ASSERT_TRUE(start(&t[0], self->fd, 1, (1ULL << 63) - 1, 1));
	ASSERT_TRUE(start(&t[1], self->fd, 1, IPCX_FOREVER, 2));
	EXPECT_EQ(0, t_sem_v(self->fd, 2));
	EXPECT_EQ(0, t_join(t[0].thread));
	EXPECT_EQ(0, t_join(t[1].thread));
	EXPECT_EQ(0, t[0].result);
	EXPECT_EQ(0, t[1].result);
}

/* Sends a signal to a thread until its call ends. */
static bool pester(struct taker *t, int sig, int times)
{
	while (times-- && T_LOAD(&t->result) == 1) {
		pthread_kill(t->thread, sig);
		usleep(2000);
	}
	return T_UNTIL(T_LOAD(&t->result) != 1);
}

/* Rows: H8. */
TEST_F(sem, a_signal_without_sa_restart_gives_eintr_and_takes_nothing)
{
	struct taker t = {};

	t_handle(SIGUSR1, 0);
	ASSERT_TRUE(start(&t, self->fd, 1, t_soon(), 1));
	EXPECT_TRUE(pester(&t, SIGUSR1, 1));
	EXPECT_EQ(-EINTR, t.result);
	EXPECT_EQ(0, t_join(t.thread));
	EXPECT_EQ(0, t_sem_waiters(self->fd));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(1, t_sem_value(self->fd));
}

/* Rows: H8 A3. Classes: V24. */
TEST_F(sem, signals_with_sa_restart_do_not_move_the_deadline)
{
	unsigned long long end = t_in_ms(300);
	struct taker t = {};

	t_handle(SIGUSR1, SA_RESTART);
	ASSERT_TRUE(start(&t, self->fd, 1, end, 1));
	EXPECT_TRUE(pester(&t, SIGUSR1, 100000));
	EXPECT_EQ(-ETIMEDOUT, t.result);
	EXPECT_EQ(0, t_join(t.thread));
	EXPECT_LE(end, t_now());
	EXPECT_GT(end + T_LONG / 2, t_now());
}

/* Rows: H8. */
TEST_F(sem, a_restarted_wait_still_gets_its_unit)
{
	struct taker t = {};
	int i;

	t_handle(SIGUSR1, SA_RESTART);
	ASSERT_TRUE(start(&t, self->fd, 1, t_soon(), 1));
	for (i = 0; i < 20; i++) {
		pthread_kill(t.thread, SIGUSR1);
		usleep(500);
	}
	EXPECT_EQ(1, T_LOAD(&t.result));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(0, t_join(t.thread));
	EXPECT_EQ(0, t.result);
	EXPECT_EQ(0, t_sem_value(self->fd));
}

/* Rows: H7. */
TEST_F(sem, a_waiter_dies_at_once_by_sigkill)
{
	pid_t pid = t_fork();

	if (!pid)
		_exit(-t_sem_p(self->fd, 1, IPCX_FOREVER));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->fd) == 1));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	EXPECT_EQ(0, t_sem_waiters(self->fd));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(1, t_sem_value(self->fd));
}

/* Rows: H7. Trap 3: what is handed to one that is being killed is not lost. */
TEST_F(sem, units_given_to_a_dying_waiter_stay_in_the_system_or_with_it)
{
	int i, *got = t_shared(sizeof(*got));
	pid_t pid;

	for (i = 0; i < 50; i++) {
		T_STORE(got, 0);
		pid = t_fork();
		if (!pid) {
			if (!t_sem_p(self->fd, 1, t_soon()))
				T_STORE(got, 1);
			_exit(0);
		}
		ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->fd) == 1));
		if (i & 1) {
			EXPECT_EQ(0, t_sem_v(self->fd, 1));
			t_kill(pid);
		} else {
			kill(pid, SIGKILL);
			EXPECT_EQ(0, t_sem_v(self->fd, 1));
			t_reap(pid);
		}
		/* Nobody waits now: it is free, or was taken by the dead. */
		EXPECT_GE(1, t_sem_value(self->fd));
		if (T_LOAD(got))
			EXPECT_EQ(0, t_sem_value(self->fd));
		t_sem_p(self->fd, 1, 0);
	}
}

/* Rows: A4 E1. */
TEST_F(sem, poll_tells_what_would_succeed)
{
	EXPECT_EQ(POLLOUT, t_poll(self->fd, POLLIN | POLLOUT, 0));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(POLLIN | POLLOUT, t_poll(self->fd, POLLIN | POLLOUT, 0));
	EXPECT_EQ(0, t_sem_v(self->fd, 9));
	EXPECT_EQ(POLLIN, t_poll(self->fd, POLLIN | POLLOUT, 0));
	EXPECT_EQ(0, t_sem_p(self->fd, 10, 0));
	EXPECT_EQ(POLLOUT, t_poll(self->fd, POLLIN | POLLOUT, 0));
	EXPECT_EQ(0, t_poll(self->fd, POLLIN, 1));
}

struct poller {
	pthread_t thread;
	int fd, result;
	short events;
};

static void *poll_it(void *data)
{
	struct poller *p = data;

	T_STORE(&p->result, t_poll(p->fd, p->events, T_LONG / 2 / T_MSEC));
	return NULL;
}

/* Rows: A4 E1 K1. Classes: V23. */
TEST_F(sem, poll_wakes_for_v_and_for_p_by_any_way)
{
	struct poller p = { .fd = self->fd, .events = POLLIN };
	uint64_t one = 1;
	int way;

	for (way = 0; way < 2; way++) {
		ASSERT_EQ(0, pthread_create(&p.thread, NULL, poll_it, &p));
		usleep(10000);
		EXPECT_EQ(0, way ? t_sem_v(self->fd, 10) :
			     write(self->fd, &one, 8) == 8 ? 0 :
							     -1);
		EXPECT_EQ(0, t_join(p.thread));
		EXPECT_EQ(POLLIN, p.result);
		if (!way)
			EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	}
	p.events = POLLOUT;
	ASSERT_EQ(0, pthread_create(&p.thread, NULL, poll_it, &p));
	usleep(10000);
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(0, t_join(p.thread));
	EXPECT_EQ(POLLOUT, p.result);
}

/* Rows: A4 E1. Classes: V23. */
TEST_F(sem, level_triggered_epoll_reports_while_units_are_there)
{
	struct epoll_event e = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &e));
	EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, 1000));
	EXPECT_EQ(EPOLLIN, e.events);
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, 1000));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
	close(ep);
}

/* Rows: A4 E1. Classes: V23. Trap 8: every V is an edge. */
TEST_F(sem, edge_triggered_epoll_reports_every_v)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int i, ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &e));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, t_sem_v(self->fd, 1));
		EXPECT_EQ(1, epoll_wait(ep, &e, 1, 1000));
		EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
	}
	close(ep);
}

/* Rows: E1. Classes: V1 V23. */
TEST_F(sem, destroy_ends_waits_with_eidrm_and_polls_with_hup)
{
	struct poller p = { .fd = self->fd, .events = POLLIN };
	struct epoll_event e = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct taker t[2] = {};
	uint64_t n;

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &e));
	ASSERT_TRUE(start(&t[0], self->fd, 1, IPCX_FOREVER, 1));
	ASSERT_TRUE(start(&t[1], self->fd, 10, t_soon(), 2));
	ASSERT_EQ(0, pthread_create(&p.thread, NULL, poll_it, &p));
	usleep(10000);
	EXPECT_EQ(0, t_destroy(self->fd));
	EXPECT_EQ(0, t_join(t[0].thread));
	EXPECT_EQ(0, t_join(t[1].thread));
	EXPECT_EQ(-EIDRM, t[0].result);
	EXPECT_EQ(-EIDRM, t[1].result);
	EXPECT_EQ(0, t_join(p.thread));
	EXPECT_EQ(POLLHUP | POLLERR, p.result & (POLLHUP | POLLERR));
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, 1000));
	EXPECT_EQ(EPOLLHUP | EPOLLERR, e.events & (EPOLLHUP | EPOLLERR));
	EXPECT_EQ(-EIDRM, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(-EIDRM, t_sem_v(self->fd, 1));
	EXPECT_EQ(-EIDRM, t_destroy(self->fd));
	EXPECT_EQ(-1, read(self->fd, &n, 8));
	EXPECT_EQ(EIDRM, errno);
	n = 1;
	EXPECT_EQ(-1, write(self->fd, &n, 8));
	EXPECT_EQ(EIDRM, errno);
	close(ep);
}

/* Rows: A4 T14. */
TEST_F(sem, read_is_p_of_1_and_write_is_v_of_n)
{
	uint64_t n = 3;
	char big[16] = { 1 };

	EXPECT_EQ(8, write(self->fd, &n, sizeof(n)));
	EXPECT_EQ(3, t_sem_value(self->fd));
	n = T_POISON64;
	EXPECT_EQ(8, read(self->fd, &n, sizeof(n)));
	EXPECT_EQ(1, n);
	EXPECT_EQ(2, t_sem_value(self->fd));
	EXPECT_EQ(-1, read(self->fd, &n, 7));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, big, 7));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(self->fd, NULL, 0));
	EXPECT_EQ(EINVAL, errno);
	n = 0;
	EXPECT_EQ(-1, write(self->fd, &n, sizeof(n)));
	EXPECT_EQ(EINVAL, errno);
	n = 9;
	EXPECT_EQ(-1, write(self->fd, &n, sizeof(n)));
	EXPECT_EQ(EOVERFLOW, errno);
	n = (1ULL << 32) + 1;
	EXPECT_EQ(-1, write(self->fd, &n, sizeof(n)));
	EXPECT_EQ(EOVERFLOW, errno);
	EXPECT_EQ(2, t_sem_value(self->fd));
}

/* Rows: A4 B11. Classes: V6. */
TEST_F(sem, read_and_write_lose_nothing_to_a_bad_pointer)
{
	void *bad = t_bad_pointer();

	EXPECT_EQ(0, t_sem_v(self->fd, 2));
	EXPECT_EQ(-1, read(self->fd, bad, 8));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(2, t_sem_value(self->fd));
	EXPECT_EQ(-1, write(self->fd, bad, 8));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(2, t_sem_value(self->fd));
}

/* Rows: A4. */
/* A deadline says more than a flag: for ioctls O_NONBLOCK means nothing. */
TEST_F(sem, o_nonblock_makes_reads_give_eagain_and_leaves_deadlines_alone)
{
	uint64_t n;

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_RDWR | O_NONBLOCK));
	EXPECT_EQ(-1, read(self->fd, &n, sizeof(n)));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-ETIMEDOUT, t_sem_p(self->fd, 1, t_in_ms(100)));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(8, read(self->fd, &n, sizeof(n)));
}

static void *read_it(void *data)
{
	struct taker *t = data;
	uint64_t n = T_POISON64;
	int ret = read(t->fd, &n, sizeof(n));

	T_STORE(&t->result, ret < 0 ? -errno : n != 1);
	return NULL;
}

/* Rows: A4. */
TEST_F(sem, a_read_sleeps_until_there_is_a_unit)
{
	struct taker t = { .fd = self->fd, .result = 1 };

	ASSERT_EQ(0, pthread_create(&t.thread, NULL, read_it, &t));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->fd) == 1));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(0, t_join(t.thread));
	EXPECT_EQ(0, t.result);
}

/*
 * io_uring by bare system calls: a poll request on the semaphore completes when
 * a unit comes.
 */
struct ring {
	int fd;
	struct io_uring_params p;
	struct io_uring_sqe *sqes;
	char *rings;
};

static int ring_open(struct ring *r)
{
	size_t size;

	memset(&r->p, 0, sizeof(r->p));
	r->fd = syscall(__NR_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		return -errno;
	size = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
	if (size < r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t))
		size = r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t);
	r->rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
			IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, r->p.sq_entries * sizeof(*r->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		       IORING_OFF_SQES);
	return r->rings == MAP_FAILED || r->sqes == MAP_FAILED ||
			       !(r->p.features & IORING_FEAT_SINGLE_MMAP) ?
		       -ENOSYS :
		       0;
}

static int ring_poll(struct ring *r, int fd, unsigned int events)
{
	uint32_t *tail = (uint32_t *)(r->rings + r->p.sq_off.tail);
	uint32_t *array = (uint32_t *)(r->rings + r->p.sq_off.array);
	unsigned int i = *tail & (r->p.sq_entries - 1);

	memset(&r->sqes[i], 0, sizeof(r->sqes[i]));
	r->sqes[i].opcode = IORING_OP_POLL_ADD;
	r->sqes[i].fd = fd;
	r->sqes[i].poll32_events = events;
	array[i] = i;
	T_STORE(tail, *tail + 1);
	return syscall(__NR_io_uring_enter, r->fd, 1, 0, 0, NULL, 0);
}

/* The next completion, or -EAGAIN. */
static int ring_result(struct ring *r)
{
	uint32_t *head = (uint32_t *)(r->rings + r->p.cq_off.head);
	uint32_t *tail = (uint32_t *)(r->rings + r->p.cq_off.tail);
	struct io_uring_cqe *cqes = (void *)(r->rings + r->p.cq_off.cqes);
	int res;

	syscall(__NR_io_uring_enter, r->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL,
		0);
	if (*head == T_LOAD(tail))
		return -EAGAIN;
	res = cqes[*head & (r->p.cq_entries - 1)].res;
	T_STORE(head, *head + 1);
	return res;
}

/* Rows: E1 A4. Classes: V1 V23. */
TEST_F(sem, io_uring_poll_completes_by_v_and_by_destroy)
{
	struct ring r;
	int ret = ring_open(&r);

	if (ret)
		SKIP(return, "this kernel has no io_uring: %d", ret);
	ASSERT_EQ(1, ring_poll(&r, self->fd, POLLIN));
	EXPECT_EQ(-EAGAIN, ring_result(&r));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_TRUE(T_UNTIL((ret = ring_result(&r)) != -EAGAIN));
	EXPECT_EQ(POLLIN, ret & POLLIN);
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	ASSERT_EQ(1, ring_poll(&r, self->fd, POLLIN));
	EXPECT_EQ(-EAGAIN, ring_result(&r));
	EXPECT_EQ(0, t_destroy(self->fd));
	EXPECT_TRUE(T_UNTIL((ret = ring_result(&r)) != -EAGAIN));
	EXPECT_EQ(POLLHUP, ret & POLLHUP);
	close(r.fd);
}

/*
 * Classes: V1. An object that goes while epoll and io_uring still wait on it:
 * first destroyed, then the last descriptor closed, then the poller.
 */
TEST_F(sem, pollers_may_outlive_the_object)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct ring r;
	int i, fd, ep;
	bool uring = !ring_open(&r);

	for (i = 0; i < 200; i++) {
		ep = epoll_create1(EPOLL_CLOEXEC);
		fd = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
		if (uring)
			ASSERT_EQ(1, ring_poll(&r, fd, POLLIN));
		if (i & 1)
			EXPECT_EQ(0, t_destroy(fd));
		if (i & 2)
			EXPECT_EQ(i & 1 ? -EIDRM : 0, t_sem_v(fd, 1));
		close(fd);
		epoll_wait(ep, &e, 1, 0);
		close(ep);
		while (uring && ring_result(&r) != -EAGAIN)
			;
	}
	if (uring)
		close(r.fd);
}

/* ---- The mapped word --------------------------------------------------- */

/* P(1) and V(1) in user space as <linux/ipcx.h> says; false: ask the kernel. */
static bool word_p(uint32_t *word, bool barging)
{
	uint32_t old = T_LOAD(word);

	do {
		if ((old & IPCX_SEM_WORD_NOTIFY) ||
		    ((old & IPCX_SEM_WORD_SLEEPERS) && !barging) ||
		    !(old & IPCX_SEM_WORD_VALUE))
			return false;
	} while (!__atomic_compare_exchange_n(word, &old, old - 1, false,
					      __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	return true;
}

static bool word_v(uint32_t *word, uint32_t max)
{
	uint32_t old = T_LOAD(word);

	do {
		if ((old & (IPCX_SEM_WORD_NOTIFY | IPCX_SEM_WORD_SLEEPERS)) ||
		    (old & IPCX_SEM_WORD_VALUE) >= max)
			return false;
	} while (!__atomic_compare_exchange_n(word, &old, old + 1, false,
					      __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	return true;
}

static int mapped_p(int fd, uint32_t *word)
{
	return word_p(word, false) ? 0 : t_sem_p(fd, 1, t_soon());
}

static int mapped_v(int fd, uint32_t *word)
{
	return word_v(word, 10) ? 0 : t_sem_v(fd, 1);
}

/* Rows: K1. */
TEST_F(sem, the_kernel_and_the_mapped_word_see_one_count)
{
	uint32_t *word = t_sem_map(self->fd);

	ASSERT_NE(NULL, word);
	EXPECT_EQ(0, T_LOAD(word));
	EXPECT_TRUE(word_v(word, 10));
	EXPECT_TRUE(word_v(word, 10));
	EXPECT_EQ(2, t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(3, T_LOAD(word) & IPCX_SEM_WORD_VALUE);
	EXPECT_EQ(0, t_sem_p(self->fd, 2, 0));
	EXPECT_EQ(1, T_LOAD(word) & IPCX_SEM_WORD_VALUE);
	EXPECT_TRUE(word_p(word, false));
	EXPECT_EQ(0, t_sem_value(self->fd));
	EXPECT_EQ(-EAGAIN, t_sem_p(self->fd, 1, 0));
	EXPECT_FALSE(word_p(word, false));
	t_sem_unmap(word);
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(1, t_sem_value(self->fd));
}

/* Rows: K1. What was counted before the word was mapped is there. */
TEST_F(sem, mapping_keeps_the_count_and_unmapping_too)
{
	uint32_t *word;
	int i;

	EXPECT_EQ(0, t_sem_v(self->fd, 7));
	for (i = 0; i < 3; i++) {
		word = t_sem_map(self->fd);
		ASSERT_NE(NULL, word);
		EXPECT_EQ(7 - i, T_LOAD(word) & IPCX_SEM_WORD_VALUE);
		EXPECT_TRUE(word_p(word, false));
		t_sem_unmap(word);
		EXPECT_EQ(6 - i, t_sem_value(self->fd));
	}
}

/* Rows: K1 T14. Classes: V23. */
TEST_F(sem, a_sleeper_is_woken_by_a_v_that_looks_at_the_word_first)
{
	uint32_t *word = t_sem_map(self->fd);
	struct taker t = {};

	ASSERT_NE(NULL, word);
	ASSERT_TRUE(start(&t, self->fd, 1, t_soon(), 1));
	EXPECT_NE(0, T_LOAD(word) & IPCX_SEM_WORD_SLEEPERS);
	EXPECT_FALSE(word_v(word, 10));
	EXPECT_EQ(0, mapped_v(self->fd, word));
	EXPECT_EQ(0, t_join(t.thread));
	EXPECT_EQ(0, t.result);
	/* Quiet again: no flag makes everybody slow for ever. */
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(0, T_LOAD(word));
	t_sem_unmap(word);
}

/* Rows: K1 A4. Classes: V23. A poller sets NOTIFY, so V goes to the kernel. */
TEST_F(sem, pollers_are_woken_by_a_v_that_looks_at_the_word_first)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	uint32_t *word = t_sem_map(self->fd);
	struct poller p = { .fd = self->fd, .events = POLLIN };
	int i, ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_NE(NULL, word);
	ASSERT_EQ(0, pthread_create(&p.thread, NULL, poll_it, &p));
	ASSERT_TRUE(T_UNTIL(T_LOAD(word) & IPCX_SEM_WORD_NOTIFY));
	EXPECT_EQ(0, mapped_v(self->fd, word));
	EXPECT_EQ(0, t_join(p.thread));
	EXPECT_EQ(POLLIN, p.result);
	EXPECT_EQ(0, mapped_p(self->fd, word));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &e));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
		EXPECT_EQ(0, mapped_v(self->fd, word));
		EXPECT_EQ(1, epoll_wait(ep, &e, 1, 1000));
	}
	EXPECT_EQ(10, t_sem_value(self->fd));
	close(ep);
	t_sem_unmap(word);
}

/* Rows: K1 A4. Classes: V23. They looked when there was no word to look at. */
TEST_F(sem, pollers_that_came_before_the_first_mapping_are_woken_too)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct poller p = { .fd = self->fd, .events = POLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	uint32_t *word;

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &e));
	ASSERT_EQ(0, pthread_create(&p.thread, NULL, poll_it, &p));
	usleep(20000);
	word = t_sem_map(self->fd);
	ASSERT_NE(NULL, word);
	EXPECT_EQ(0, mapped_v(self->fd, word));
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, 2000));
	EXPECT_EQ(0, t_join(p.thread));
	EXPECT_EQ(POLLIN, p.result);
	EXPECT_EQ(1, t_sem_value(self->fd));
	close(ep);
	t_sem_unmap(word);
}

/* Rows: K1 A4. */
TEST_F(sem, the_word_becomes_quiet_when_the_pollers_have_gone)
{
	uint32_t *word = t_sem_map(self->fd);
	int i;

	ASSERT_NE(NULL, word);
	EXPECT_EQ(0, t_poll(self->fd, POLLIN, 1));
	for (i = 0; i < 20 && T_LOAD(word); i++) {
		EXPECT_EQ(0, t_sem_v(self->fd, 1));
		EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	}
	EXPECT_EQ(0, T_LOAD(word));
	t_sem_unmap(word);
}

struct party {
	pthread_t thread;
	int fd, to_fd, rounds, failed;
	uint32_t *word, *to_word;
};

static void *move_units(void *data)
{
	struct party *p = data;
	int i;

	for (i = 0; i < p->rounds && !p->failed; i++)
		p->failed = mapped_p(p->fd, p->word) ?:
				    mapped_v(p->to_fd, p->to_word);
	return NULL;
}

/*
 * Rows: K1 T14 T15. Classes: V2 V23. Two semaphores, four threads that move
 * units round, in user space where they can: none is lost, nobody hangs.
 */
TEST_F(sem, units_are_conserved_between_user_space_and_the_kernel)
{
	int other = t_sem(self->dev, IPCX_SEM_PLAIN, 3, 10);
	uint32_t *word = t_sem_map(self->fd);
	uint32_t *other_word = t_sem_map(other);
	struct party p[4];
	int i;

	ASSERT_NE(NULL, word);
	ASSERT_NE(NULL, other_word);
	for (i = 0; i < 4; i++) {
		p[i] = i & 1 ? (struct party) { .fd = self->fd,
						.word = word,
						.to_fd = other,
						.to_word = other_word } :
			       (struct party) { .fd = other,
						.word = other_word,
						.to_fd = self->fd,
						.to_word = word };
		p[i].rounds = 3000;
		ASSERT_EQ(0, pthread_create(&p[i].thread, NULL, move_units,
					    &p[i]));
	}
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, t_join(p[i].thread));
		EXPECT_EQ(0, p[i].failed);
	}
	EXPECT_EQ(3, t_sem_value(self->fd) + t_sem_value(other));
	EXPECT_EQ(0, t_sem_waiters(self->fd));
	EXPECT_EQ(0, t_sem_waiters(other));
	close(other);
}

struct scribbler {
	pthread_t thread;
	uint32_t *word;
	int stop;
};

static void *scribble(void *data)
{
	static const uint32_t nasty[] = { 0,	       ~0U,	    0x80000000U,
					  0x40000000U, 0x3fffffffU, 0xc0000000U,
					  1,	       11 };
	struct scribbler *s = data;
	unsigned int seed = 1, i = 0;
	size_t words = sysconf(_SC_PAGESIZE) / sizeof(uint32_t);

	while (!T_LOAD(&s->stop)) {
		T_STORE(s->word, i & 1 ? (uint32_t)rand_r(&seed) * 2654435761U :
					 nasty[i / 2 % ARRAY_SIZE(nasty)]);
		s->word[i++ % words] = rand_r(&seed);
	}
	return NULL;
}

/*
 * Rows: K1. Classes: V13. The word is a hint: whatever is written to it while
 * every call runs, the kernel neither hangs nor tells a count above the
 * maximum, and the object can be destroyed.
 */
TEST_F(sem, a_scribbler_on_the_word_cannot_confuse_the_kernel)
{
	struct scribbler s = { .word = t_sem_map(self->fd) };
	unsigned long long end = t_in_ms(1500);
	struct ipcx_sem_stat st;
	struct taker t = {};
	uint64_t n;

	ASSERT_NE(NULL, s.word);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_RDWR));
	ASSERT_EQ(0, pthread_create(&s.thread, NULL, scribble, &s));
	while (t_now() < end) {
		t_sem_p(self->fd, 1 + (t_now() & 7), t_in_ms(1));
		t_sem_p(self->fd, 10, 0);
		t_sem_v(self->fd, 1);
		t_sem_v(self->fd, 10);
		t_poll(self->fd, POLLIN | POLLOUT, 0);
		n = 1;
		if (write(self->fd, &n, 8) == 8 && t_poll(self->fd, POLLIN, 0))
			t_sem_p(self->fd, 1, 0);
		ASSERT_EQ(0, t_sem_stat(self->fd, &st));
		ASSERT_GE(10, st.out_value);
		ASSERT_EQ(10, st.out_max);
		ASSERT_EQ(0, st.out_held);
		ASSERT_EQ(0, st.out_waiters);
	}
	t.fd = self->fd;
	t.units = 10;
	t.deadline = t_soon();
	ASSERT_EQ(0, pthread_create(&t.thread, NULL, take, &t));
	EXPECT_EQ(0, t_destroy(self->fd));
	EXPECT_EQ(0, t_join(t.thread));
	EXPECT_EQ(-EIDRM, t_sem_p(self->fd, 1, 0));
	T_STORE(&s.stop, 1);
	EXPECT_EQ(0, t_join(s.thread));
}

static int map_errno(int fd, int prot, int flags, size_t size, off_t offset)
{
	void *p = mmap(NULL, size, prot, flags, fd, offset);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, size);
	return 0;
}

/* Rows: K1 I4. Classes: V11 V12. */
TEST_F(sem, only_one_shared_page_at_offset_0_of_a_full_handle_can_be_mapped)
{
	static const unsigned int weak[] = {
		IPCX_RIGHT_READ,
		IPCX_RIGHT_WRITE,
		IPCX_RIGHT_CONTROL,
		IPCX_RIGHT_READ | IPCX_RIGHT_CONTROL,
		IPCX_RIGHT_WRITE | IPCX_RIGHT_CONTROL,
	};
	const int rw = PROT_READ | PROT_WRITE;
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned int i;
	int fd;

	EXPECT_EQ(0, map_errno(self->fd, rw, MAP_SHARED, page, 0));
	EXPECT_EQ(0, map_errno(self->fd, PROT_READ, MAP_SHARED, page, 0));
	EXPECT_EQ(-EINVAL, map_errno(self->fd, rw, MAP_PRIVATE, page, 0));
	EXPECT_EQ(-EINVAL, map_errno(self->fd, rw, MAP_SHARED, 2 * page, 0));
	EXPECT_EQ(-EINVAL, map_errno(self->fd, rw, MAP_SHARED, page, page));
	EXPECT_EQ(-EINVAL, map_errno(self->fd, rw, MAP_SHARED, page,
				     (off_t)(0x7ffff * page)));
	for (i = 0; i < ARRAY_SIZE(weak); i++) {
		fd = t_reduce(self->fd, weak[i]);
		ASSERT_LE(0, fd);
		EXPECT_EQ(-EACCES, map_errno(fd, rw, MAP_SHARED, page, 0));
		EXPECT_EQ(-EACCES,
			  map_errno(fd, PROT_READ, MAP_SHARED, page, 0));
		close(fd);
	}
}

/* Rows: K1. Owned ones have no word: the ledger decides. */
TEST_F(sem, an_owned_semaphore_cannot_be_mapped)
{
	int fd = t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);

	ASSERT_LE(0, fd);
	EXPECT_GT(0, map_errno(fd, PROT_READ | PROT_WRITE, MAP_SHARED,
			       sysconf(_SC_PAGESIZE), 0));
	close(fd);
}

/* Rows: D1. The mapping keeps the object, not the descriptor. */
TEST_F(sem, a_mapping_outlives_its_descriptor)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, 4, 10);
	uint32_t *word = t_sem_map(fd);
	size_t page = sysconf(_SC_PAGESIZE);

	ASSERT_NE(NULL, word);
	close(fd);
	EXPECT_TRUE(word_p(word, false));
	EXPECT_EQ(3, T_LOAD(word) & IPCX_SEM_WORD_VALUE);
	/* Nor can it grow over what lies behind it. */
	EXPECT_EQ(MAP_FAILED, mremap(word, page, 2 * page, MREMAP_MAYMOVE));
	t_sem_unmap(word);
}

/* Rows: E1 K1. Classes: V1. Who looks at nothing but the word sees the end. */
TEST_F(sem, a_destroyed_word_sends_everybody_to_the_kernel)
{
	uint32_t *word = t_sem_map(self->fd);

	ASSERT_NE(NULL, word);
	EXPECT_EQ(0, t_sem_v(self->fd, 5));
	EXPECT_EQ(0, t_destroy(self->fd));
	EXPECT_FALSE(word_p(word, true));
	EXPECT_FALSE(word_p(word, false));
	EXPECT_FALSE(word_v(word, 10));
	EXPECT_EQ(-EIDRM, mapped_p(self->fd, word));
	EXPECT_EQ(-EIDRM, mapped_v(self->fd, word));
	t_sem_unmap(word);
}

/* Rows: T15. Ordering of processes: B does its part only after A. */
TEST_F(sem, processes_can_be_ordered)
{
	int *log = t_shared(3 * sizeof(int)), *n = log + 2;
	pid_t a, b;

	b = t_fork();
	if (!b) {
		int ret = t_sem_p(self->fd, 1, t_soon());

		log[T_ADD(n, 1) - 1] = 'B';
		_exit(-ret);
	}
	a = t_fork();
	if (!a) {
		log[T_ADD(n, 1) - 1] = 'A';
		_exit(-t_sem_v(self->fd, 1));
	}
	EXPECT_EQ(0, t_reap(a));
	EXPECT_EQ(0, t_reap(b));
	EXPECT_EQ('A', log[0]);
	EXPECT_EQ('B', log[1]);
}

TEST_HARNESS_MAIN
