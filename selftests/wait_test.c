// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving and waiting in one call, and what may end a wait at the same moment:
 * a post, a deadline, a signal, a kill. Whatever wins, no unit is lost or made.
 *
 * Rows: A1 A3 C5 H7 H8 K5 T14. Classes: V2 V4 V24 V26.
 */
#include "ipcx_test.h"

FIXTURE(handoff)
{
	int dev;
	int from; /* to take from: 0 of 5 */
	int to; /* to give to: 0 of 5 */
	struct ipcx_sem_handoff h;
};

FIXTURE_SETUP(handoff)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->from = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 5);
	ASSERT_LE(0, self->from);
	self->to = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 5);
	ASSERT_LE(0, self->to);
	self->h.wait_fd = self->from;
	self->h.post_units = 1;
	self->h.wait_units = 1;
	self->h.clockid = CLOCK_MONOTONIC;
}

FIXTURE_TEARDOWN(handoff)
{
	close(self->to);
	close(self->from);
	close(self->dev);
}

static int handoff(int fd, struct ipcx_sem_handoff *h)
{
	T_POISON_OUT(h, out_dead_pid);
	T_POISON_OUT(h, out_dead_units);
	return t_ioctl(fd, IPCX_IOC_SEM_HANDOFF, h);
}

/* Rows: A1 K5. */
TEST_F(handoff, gives_to_one_and_takes_from_another)
{
	EXPECT_EQ(0, t_sem_v(self->from, 3));
	self->h.post_units = 2;
	self->h.wait_units = 3;
	EXPECT_EQ(0, handoff(self->to, &self->h));
	EXPECT_EQ(2, self->h.post_units);
	EXPECT_EQ(0, t_sem_value(self->from));
	EXPECT_EQ(2, t_sem_value(self->to));
}

/* Rows: I4 K5. */
TEST_F(handoff, waits_only_through_a_handle_that_may_take)
{
	int weak = t_reduce(self->from, IPCX_RIGHT_WRITE);

	ASSERT_LE(0, weak);
	EXPECT_EQ(0, t_sem_v(self->from, 1));
	self->h.wait_fd = weak;
	EXPECT_EQ(-EACCES, handoff(self->to, &self->h));
	EXPECT_EQ(0, t_sem_value(self->to));
	EXPECT_EQ(1, t_sem_value(self->from));
	close(weak);
}

/* Rows: H8. The same structure again only waits: nothing is given twice. */
TEST_F(handoff, a_wait_that_fails_has_given_and_can_be_repeated)
{
	EXPECT_EQ(-EAGAIN, handoff(self->to, &self->h));
	EXPECT_EQ(0, self->h.post_units);
	EXPECT_EQ(1, t_sem_value(self->to));
	self->h.deadline = t_in_ms(5);
	EXPECT_EQ(-ETIMEDOUT, handoff(self->to, &self->h));
	EXPECT_EQ(0, self->h.post_units);
	EXPECT_EQ(1, t_sem_value(self->to));
	EXPECT_EQ(0, t_sem_v(self->from, 1));
	EXPECT_EQ(0, handoff(self->to, &self->h));
	EXPECT_EQ(1, t_sem_value(self->to));
	EXPECT_EQ(0, t_sem_value(self->from));
}

/* Rows: A2. */
TEST_F(handoff, nothing_is_taken_when_giving_fails)
{
	EXPECT_EQ(0, t_sem_v(self->from, 1));
	self->h.post_units = 6;
	EXPECT_EQ(-EOVERFLOW, handoff(self->to, &self->h));
	EXPECT_EQ(6, self->h.post_units);
	EXPECT_EQ(1, t_sem_value(self->from));
	EXPECT_EQ(0, t_sem_value(self->to));
}

/* Rows: A5. */
TEST_F(handoff, giving_what_one_does_not_own_gives_eperm)
{
	int owned = t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);

	EXPECT_EQ(0, t_sem_v(self->from, 1));
	EXPECT_EQ(-EPERM, handoff(owned, &self->h));
	EXPECT_EQ(1, t_sem_value(self->from));
	EXPECT_EQ(0, t_sem_p(owned, 1, 0));
	EXPECT_EQ(0, handoff(owned, &self->h));
	EXPECT_EQ(1, t_sem_value(owned));
	EXPECT_EQ(0, t_sem_value(self->from));
	close(owned);
}

/* Rows: A6. What is taken may come from the dead. */
TEST_F(handoff, eownerdead_is_told_here_too)
{
	int owned = t_sem_with(self->dev, IPCX_SEM_OWNED, 2, 2, IPCX_ORDER_FIFO,
			       IPCX_DEATH_REPORT);
	pid_t pid = t_fork();

	if (!pid)
		_exit(-t_sem_p(owned, 2, 0));
	EXPECT_EQ(0, t_reap(pid));
	self->h.wait_fd = owned;
	EXPECT_EQ(-EOWNERDEAD, handoff(self->to, &self->h));
	EXPECT_EQ(pid, self->h.out_dead_pid);
	EXPECT_EQ(2, self->h.out_dead_units);
	EXPECT_EQ(1, t_sem_held(owned));
	EXPECT_EQ(1, t_sem_value(self->to));
	close(owned);
}

/* Rows: A1. */
TEST_F(handoff, one_semaphore_may_be_both)
{
	self->h.wait_fd = self->to;
	EXPECT_EQ(0, handoff(self->to, &self->h));
	EXPECT_EQ(0, t_sem_value(self->to));
	self->h.post_units = 1;
	self->h.wait_units = 2;
	EXPECT_EQ(-EAGAIN, handoff(self->to, &self->h));
	EXPECT_EQ(1, t_sem_value(self->to));
}

struct swap {
	pthread_t thread;
	int fd, result;
	struct ipcx_sem_handoff h;
};

static void *swap_it(void *data)
{
	struct swap *s = data;

	T_STORE(&s->result, handoff(s->fd, &s->h));
	return NULL;
}

/* Rows: H8. Classes: V24. */
TEST_F(handoff, a_signal_gives_eintr_after_giving)
{
	struct swap s = { .fd = self->to, .h = self->h, .result = 1 };

	t_handle(SIGUSR1, 0);
	s.h.deadline = t_soon();
	ASSERT_EQ(0, pthread_create(&s.thread, NULL, swap_it, &s));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->from) == 1));
	pthread_kill(s.thread, SIGUSR1);
	EXPECT_EQ(0, t_join(s.thread));
	EXPECT_EQ(-EINTR, s.result);
	EXPECT_EQ(0, s.h.post_units);
	EXPECT_EQ(1, t_sem_value(self->to));
}

/* Rows: H8. Trap 9: a restarted call must not give again. */
TEST_F(handoff, a_restart_does_not_give_twice)
{
	struct swap s = { .fd = self->to, .h = self->h, .result = 1 };
	int i;

	t_handle(SIGUSR1, SA_RESTART);
	s.h.deadline = t_soon();
	ASSERT_EQ(0, pthread_create(&s.thread, NULL, swap_it, &s));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->from) == 1));
	for (i = 0; i < 20 && T_LOAD(&s.result) == 1; i++) {
		pthread_kill(s.thread, SIGUSR1);
		usleep(500);
	}
	EXPECT_EQ(1, T_LOAD(&s.result));
	EXPECT_EQ(1, t_sem_value(self->to));
	EXPECT_EQ(0, t_sem_v(self->from, 1));
	EXPECT_EQ(0, t_join(s.thread));
	EXPECT_EQ(0, s.result);
	EXPECT_EQ(1, t_sem_value(self->to));
	EXPECT_EQ(0, t_sem_value(self->from));
}

/* Rows: E1. Classes: V1. */
TEST_F(handoff, destroying_what_is_waited_for_ends_it_with_eidrm)
{
	struct swap s = { .fd = self->to, .h = self->h, .result = 1 };

	s.h.deadline = IPCX_FOREVER;
	ASSERT_EQ(0, pthread_create(&s.thread, NULL, swap_it, &s));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->from) == 1));
	EXPECT_EQ(0, t_destroy(self->from));
	EXPECT_EQ(0, t_join(s.thread));
	EXPECT_EQ(-EIDRM, s.result);
	EXPECT_EQ(0, s.h.post_units);
	EXPECT_EQ(1, t_sem_value(self->to));
	/* Destroyed before: nothing is given. */
	EXPECT_EQ(-EIDRM, handoff(self->to, &self->h));
	EXPECT_EQ(self->h.post_units ? 1 : 2, t_sem_value(self->to));
}

/* Rows: K5 C5 T15. Two processes take turns, one system call for each turn. */
TEST_F(handoff, two_processes_take_turns)
{
	int i, *turns = t_shared(sizeof(*turns)), rounds = 500;
	pid_t pid;

	self->h.deadline = t_soon();
	pid = t_fork();
	if (!pid) {
		if (t_sem_p(self->to, 1, t_soon()))
			_exit(1);
		for (i = 0; i < rounds; i++) {
			if (*turns != 2 * i + 1)
				_exit(2);
			++*turns;
			self->h.wait_fd = self->to;
			self->h.post_units = 1;
			if (i == rounds - 1)
				_exit(-t_sem_v(self->from, 1));
			if (handoff(self->from, &self->h))
				_exit(3);
		}
	}
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(2 * i, *turns);
		++*turns;
		self->h.post_units = 1;
		ASSERT_EQ(0, handoff(self->to, &self->h));
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(2 * rounds, *turns);
}

/* ---- Storms ------------------------------------------------------------ */

#define STORM_MS 1000
#define STORMERS 8

FIXTURE(storm)
{
	int dev;
	int fd;
};

FIXTURE_VARIANT(storm)
{
	unsigned int kind, order, flags, units;
	bool mapped;
};

FIXTURE_VARIANT_ADD(storm, plain) { .units = 3 };
FIXTURE_VARIANT_ADD(storm, plain_mapped) { .units = 3, .mapped = true };
FIXTURE_VARIANT_ADD(storm, prio) { .order = IPCX_ORDER_PRIO, .units = 3 };
FIXTURE_VARIANT_ADD(storm, barging) { .flags = IPCX_SEM_F_BARGING, .units = 3 };
FIXTURE_VARIANT_ADD(storm, owned) { .kind = IPCX_SEM_OWNED, .units = 3 };
FIXTURE_VARIANT_ADD(storm, lock) { .kind = IPCX_SEM_LOCK, .units = 1 };

FIXTURE_SETUP(storm)
{
	struct ipcx_sem_create c;

	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	t_sem_args(&c, NULL, variant->kind, variant->units, variant->units);
	c.order = variant->order;
	c.flags = variant->flags;
	self->fd = t_sem_create(self->dev, &c);
	ASSERT_LE(0, self->fd);
	if (variant->mapped)
		ASSERT_NE(NULL, t_sem_map(self->fd));
}

FIXTURE_TEARDOWN(storm)
{
	close(self->fd);
	close(self->dev);
}

struct stormer {
	pthread_t thread;
	int fd, stop;
	unsigned int units, seed;
	unsigned long taken, bad;
	bool gives_back;
};

static unsigned long long soon_at_random(unsigned int *seed)
{
	return t_now() + rand_r(seed) % 50000;
}

/* Takes with deadlines of 0 to 50 us, and gives back what it got. */
static void *storm_it(void *data)
{
	struct stormer *s = data;
	unsigned int n;
	int ret;

	while (!T_LOAD(&s->stop)) {
		n = 1 + rand_r(&s->seed) % s->units;
		ret = t_sem_p(s->fd, n, soon_at_random(&s->seed));
		if (!ret) {
			s->taken += n;
			if (s->gives_back && t_sem_v(s->fd, n))
				s->bad++;
		} else if (ret != -ETIMEDOUT && ret != -EINTR) {
			s->bad++;
		}
	}
	return NULL;
}

static bool storm_start(struct stormer *s, int fd, unsigned int units,
			bool gives_back)
{
	int i;

	for (i = 0; i < STORMERS; i++) {
		s[i] = (struct stormer) { .fd = fd,
					  .units = units,
					  .seed = i + 1,
					  .gives_back = gives_back };
		if (pthread_create(&s[i].thread, NULL, storm_it, &s[i]))
			return false;
	}
	return true;
}

/* Stops them: how many did something that is not allowed, or the error. */
static long storm_stop(struct stormer *s, unsigned long *taken)
{
	long bad = 0;
	int i;

	*taken = 0;
	for (i = 0; i < STORMERS; i++)
		T_STORE(&s[i].stop, 1);
	for (i = 0; i < STORMERS; i++) {
		if (t_join(s[i].thread))
			return -1;
		bad += s[i].bad;
		*taken += s[i].taken;
	}
	return bad;
}

/*
 * Rows: A1 A3 H8. Classes: V2 V24 V26. Deadlines, signals and posts meet: who
 * timed out has nothing, who succeeded has it, all units are there at the end.
 */
TEST_F_TIMEOUT(storm, of_deadlines_and_signals_conserves_units, 90)
{
	unsigned long long end = t_in_ms(STORM_MS);
	struct stormer s[STORMERS];
	unsigned int seed = 99;
	unsigned long taken;

	t_handle(SIGUSR1, 0);
	ASSERT_TRUE(storm_start(s, self->fd, variant->units, true));
	while (t_now() < end) {
		pthread_kill(s[rand_r(&seed) % STORMERS].thread, SIGUSR1);
		usleep(rand_r(&seed) % 200);
	}
	EXPECT_EQ(0, storm_stop(s, &taken));
	EXPECT_LT(0, taken);
	EXPECT_EQ(variant->units, t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_held(self->fd));
	EXPECT_EQ(0, t_sem_waiters(self->fd));
}

/*
 * Rows: T14 H8. Classes: V2. Givers and takers: what was given was taken once,
 * or is still there.
 */
TEST_F_TIMEOUT(storm, of_posts_and_deadlines_gives_every_unit_to_one, 90)
{
	unsigned long long end = t_in_ms(STORM_MS);
	unsigned long given = 0, taken;
	struct stormer s[STORMERS];
	unsigned int seed = 7;

	if (variant->kind != IPCX_SEM_PLAIN)
		SKIP(return, "only plain semaphores take units from anybody");
	t_handle(SIGUSR1, SA_RESTART);
	ASSERT_EQ(0, t_sem_p(self->fd, variant->units, 0));
	ASSERT_TRUE(storm_start(s, self->fd, 1, false));
	while (t_now() < end) {
		given += !t_sem_v(self->fd, 1);
		if (!(given & 7))
			pthread_kill(s[rand_r(&seed) % STORMERS].thread,
				     SIGUSR1);
	}
	EXPECT_EQ(0, storm_stop(s, &taken));
	EXPECT_LT(0, taken);
	EXPECT_EQ(given, taken + t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_waiters(self->fd));
}

/*
 * Rows: A5 H7. Classes: V2 V4. Processes that take and give are killed at any
 * moment: the ledger conserves the units, and nobody hangs.
 */
TEST_F_TIMEOUT(storm, of_sigkills_conserves_owned_units, 90)
{
	unsigned long long end = t_in_ms(STORM_MS);
	struct stormer s = { .fd = self->fd,
			     .units = variant->units,
			     .gives_back = true };
	unsigned int seed = 3, victim;
	pid_t pids[4] = {};
	int i;

	if (variant->kind == IPCX_SEM_PLAIN)
		SKIP(return, "plain semaphores have no ledger");
	while (t_now() < end) {
		victim = rand_r(&seed) % 4;
		if (pids[victim])
			ASSERT_EQ(128 + SIGKILL, t_kill(pids[victim]));
		pids[victim] = t_fork();
		if (!pids[victim]) {
			s.seed = rand_r(&seed);
			storm_it(&s);
		}
		usleep(rand_r(&seed) % 3000);
	}
	for (i = 0; i < 4; i++)
		if (pids[i])
			t_kill(pids[i]);
	EXPECT_EQ(variant->units, t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_held(self->fd));
	EXPECT_EQ(0, t_sem_waiters(self->fd));
	EXPECT_EQ(0, t_sem_p(self->fd, variant->units, 0));
}

/* Rows: H7. Classes: V2 V4. Sleepers alone are killed; the rest is served. */
TEST_F_TIMEOUT(storm, of_sigkills_on_sleepers_leaves_the_queue_working, 90)
{
	unsigned long long end = t_in_ms(STORM_MS);
	unsigned int seed = 5, n = variant->units;
	pid_t pid, last;

	ASSERT_EQ(0, t_sem_p(self->fd, n, 0));
	while (t_now() < end) {
		pid = t_fork();
		if (!pid)
			_exit(-t_sem_p(self->fd, 1, t_soon()));
		usleep(rand_r(&seed) % 1000);
		ASSERT_EQ(128 + SIGKILL, t_kill(pid));
		ASSERT_EQ(0, t_sem_waiters(self->fd));
	}
	last = t_fork();
	if (!last)
		_exit(-t_sem_p(self->fd, n, t_soon()));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->fd) == 1));
	EXPECT_EQ(0, t_sem_v(self->fd, n));
	EXPECT_EQ(0, t_reap(last));
}

TEST_HARNESS_MAIN
