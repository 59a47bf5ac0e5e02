// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks: robust, and free of system calls while nobody else wants them.
 *
 * Rows: A5 A6 K1 H6 T1 T15. Classes: V4 V13 V23.
 */
#include "ipcx_test.h"

/* Lock and unlock in user space, as <linux/ipcx.h> says. */
static bool word_lock(uint32_t *word, uint32_t id)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(word, &free, id, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static bool word_unlock(uint32_t *word, uint32_t id)
{
	return __atomic_compare_exchange_n(word, &id, 0, false,
					   __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

static uint32_t word_holder(uint32_t *word)
{
	return T_LOAD(word) & IPCX_LOCK_WORD_HOLDER;
}

FIXTURE(lock)
{
	int dev;
	int fd;
	uint32_t *word;
	uint32_t id;
	int *shared;
};

FIXTURE_VARIANT(lock)
{
	unsigned int on_death;
	bool in_user_space; /* takes by the word where it can */
};

FIXTURE_VARIANT_ADD(lock, report_by_word) { .on_death = IPCX_DEATH_REPORT,
					    .in_user_space = true };
FIXTURE_VARIANT_ADD(lock, report_by_call) { .on_death = IPCX_DEATH_REPORT };
FIXTURE_VARIANT_ADD(lock, return_by_word) { .in_user_space = true };
FIXTURE_VARIANT_ADD(lock, return_by_call) {};
FIXTURE_VARIANT_ADD(lock, keep_by_word) { .on_death = IPCX_DEATH_KEEP,
					  .in_user_space = true };
FIXTURE_VARIANT_ADD(lock, keep_by_call) { .on_death = IPCX_DEATH_KEEP };

FIXTURE_SETUP(lock)
{
	int id;

	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->fd = t_lock(self->dev, variant->on_death);
	ASSERT_LE(0, self->fd);
	self->word = t_sem_map(self->fd);
	ASSERT_NE(NULL, self->word);
	id = t_sem_attach(self->fd);
	ASSERT_LT(0, id);
	self->id = id;
	self->shared = t_shared(4096);
	ASSERT_NE(NULL, self->shared);
}

FIXTURE_TEARDOWN(lock)
{
	close(self->fd);
	close(self->dev);
}

struct locker {
	int fd;
	uint32_t *word;
	uint32_t id; /* 0: only by calls */
};

/* What a process needs after fork: its own id, if it locks by the word. */
static struct locker locker(int fd, uint32_t *word, bool in_user_space)
{
	struct locker l = { .fd = fd, .word = word };
	int id;

	if (in_user_space) {
		id = t_sem_attach(fd);
		l.id = id > 0 ? id : 0;
	}
	return l;
}

static int lock_it(struct locker *l, unsigned long long deadline)
{
	if (l->id && word_lock(l->word, l->id))
		return 0;
	return t_sem_p(l->fd, 1, deadline);
}

static int unlock_it(struct locker *l)
{
	if (l->id && word_unlock(l->word, l->id))
		return 0;
	return t_sem_v(l->fd, 1);
}

/* A process that holds the lock: killed at once if @dies, else it sleeps. */
static pid_t holder(int fd, uint32_t *word, bool in_user_space, int *ready,
		    bool dies)
{
	struct locker l;
	pid_t pid;

	T_STORE(ready, 0);
	pid = t_fork();
	if (!pid) {
		l = locker(fd, word, in_user_space);
		if (lock_it(&l, t_soon()))
			_exit(1);
		T_STORE(ready, 1);
		if (dies)
			kill(getpid(), SIGKILL);
		for (;;)
			pause();
	}
	if (dies)
		return t_reap(pid) == 128 + SIGKILL ? pid : -1;
	return T_UNTIL(T_LOAD(ready)) ? pid : -1;
}

#define HOLDER(dies) \
	holder(self->fd, self->word, variant->in_user_space, self->shared, dies)

/* What a taker finds after a death. */
static int after_death(unsigned int on_death)
{
	return on_death == IPCX_DEATH_REPORT ? -EOWNERDEAD :
	       on_death == IPCX_DEATH_KEEP   ? -ETIMEDOUT :
					       0;
}

/* Rows: K1. */
TEST_F(lock, is_created_free_and_with_one_unit)
{
	struct ipcx_sem_create c;
	struct ipcx_sem_stat s;

	ASSERT_EQ(0, t_sem_stat(self->fd, &s));
	EXPECT_EQ(1, s.out_value);
	EXPECT_EQ(1, s.out_max);
	EXPECT_EQ(IPCX_SEM_LOCK, s.out_kind);
	EXPECT_EQ(variant->on_death, s.out_on_death);
	EXPECT_EQ(0, T_LOAD(self->word));
	t_sem_args(&c, NULL, IPCX_SEM_LOCK, 0, 1);
	EXPECT_EQ(-EINVAL, t_sem_create(self->dev, &c));
	t_sem_args(&c, NULL, IPCX_SEM_LOCK, 1, 2);
	EXPECT_EQ(-EINVAL, t_sem_create(self->dev, &c));
	t_sem_args(&c, NULL, IPCX_SEM_LOCK, 2, 2);
	EXPECT_EQ(-EINVAL, t_sem_create(self->dev, &c));
}

/* Rows: K1. */
TEST_F(lock, can_be_taken_and_given_by_word_and_by_call_in_any_mixture)
{
	int by_word, by_call;

	for (by_word = 0; by_word < 2; by_word++) {
		for (by_call = 0; by_call < 2; by_call++) {
			EXPECT_EQ(0, by_word ?
					     !word_lock(self->word, self->id) :
					     t_sem_p(self->fd, 1, 0));
			EXPECT_EQ(self->id, word_holder(self->word));
			EXPECT_EQ(0, t_sem_value(self->fd));
			EXPECT_EQ(1, t_sem_held(self->fd));
			EXPECT_EQ(-EAGAIN, t_sem_p(self->fd, 1, 0));
			EXPECT_FALSE(word_lock(self->word, self->id));
			EXPECT_EQ(0,
				  by_call ? t_sem_v(self->fd, 1) :
					    !word_unlock(self->word, self->id));
			EXPECT_EQ(0, T_LOAD(self->word));
			EXPECT_EQ(1, t_sem_value(self->fd));
			EXPECT_EQ(0, t_sem_held(self->fd));
		}
	}
}

/* Rows: K1 H6. */
TEST_F(lock, ids_are_one_for_all_locks_and_another_for_each_process)
{
	int other = t_lock(self->dev, IPCX_DEATH_RETURN), *ids = self->shared;
	pid_t pid;

	EXPECT_GT(IPCX_LOCK_WORD_HOLDER, self->id);
	EXPECT_EQ(self->id, t_sem_attach(other));
	EXPECT_EQ(self->id, t_sem_attach(self->fd));
	pid = t_fork();
	if (!pid) {
		ids[0] = t_sem_attach(self->fd);
		ids[1] = t_sem_attach(other);
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_LT(0, ids[0]);
	EXPECT_EQ(ids[0], ids[1]);
	EXPECT_NE(self->id, ids[0]);
	EXPECT_EQ(self->id, t_sem_attach(self->fd));
	close(other);
}

/* Rows: K1. */
TEST_F(lock, only_locks_have_ids_and_can_be_made_consistent)
{
	int plain = t_sem(self->dev, IPCX_SEM_PLAIN, 1, 1);
	int owned = t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);

	EXPECT_EQ(-EOPNOTSUPP, t_sem_attach(plain));
	EXPECT_EQ(-EOPNOTSUPP, t_sem_attach(owned));
	EXPECT_EQ(-EOPNOTSUPP, t_sem_consistent(plain));
	EXPECT_EQ(-EOPNOTSUPP, t_sem_consistent(owned));
	close(owned);
	close(plain);
}

/* Rows: K1. More than one unit there is not. */
TEST_F(lock, units_other_than_one_give_einval)
{
	EXPECT_EQ(-EINVAL, t_sem_p(self->fd, 0, 0));
	EXPECT_EQ(-EINVAL, t_sem_p(self->fd, 2, 0));
	EXPECT_EQ(-EINVAL, t_sem_v(self->fd, 0));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	EXPECT_GT(0, t_sem_v(self->fd, 2));
	EXPECT_EQ(1, t_sem_held(self->fd));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
}

/* Rows: A5 H6. */
TEST_F(lock, only_the_holder_can_unlock)
{
	pid_t pid = HOLDER(false);

	ASSERT_LT(0, pid);
	EXPECT_EQ(-EPERM, t_sem_v(self->fd, 1));
	EXPECT_EQ(-EAGAIN, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(-ETIMEDOUT, t_sem_p(self->fd, 1, t_in_ms(10)));
	EXPECT_EQ(-EPERM, t_sem_consistent(self->fd));
	EXPECT_EQ(1, t_sem_held(self->fd));
	t_kill(pid);
}

/* Rows: H6. */
TEST_F(lock, a_forked_child_cannot_unlock_for_its_parent)
{
	struct locker l = locker(self->fd, self->word, variant->in_user_space);
	pid_t pid;

	EXPECT_EQ(0, lock_it(&l, 0));
	pid = t_fork();
	if (!pid)
		_exit(-t_sem_v(self->fd, 1));
	EXPECT_EQ(EPERM, t_reap(pid));
	EXPECT_EQ(1, t_sem_held(self->fd));
	EXPECT_EQ(0, unlock_it(&l));
	EXPECT_EQ(1, t_sem_value(self->fd));
}

/* Rows: K1. Classes: V23. The word sends the unlocker into the kernel. */
TEST_F(lock, a_sleeper_gets_the_lock_when_it_is_unlocked)
{
	struct locker l = locker(self->fd, self->word, variant->in_user_space);
	struct locker theirs;
	pid_t pid;

	EXPECT_EQ(0, lock_it(&l, 0));
	pid = t_fork();
	if (!pid) {
		theirs = locker(self->fd, self->word, variant->in_user_space);
		if (lock_it(&theirs, t_soon()) || self->shared[1] != 1 ||
		    (theirs.id && word_holder(self->word) != theirs.id))
			_exit(1);
		_exit(-unlock_it(&theirs));
	}
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->fd) == 1));
	EXPECT_NE(0, T_LOAD(self->word) & IPCX_LOCK_WORD_SLEEPERS);
	self->shared[1] = 1;
	EXPECT_EQ(0, unlock_it(&l));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(1, t_sem_value(self->fd));
	EXPECT_EQ(0, T_LOAD(self->word));
}

static void *poll_it(void *data)
{
	return (void *)(long)t_poll(*(int *)data, POLLIN, T_LONG / T_MSEC);
}

/* Rows: K1 A4. Classes: V23. */
TEST_F(lock, a_poller_is_woken_when_it_is_unlocked)
{
	struct locker l = locker(self->fd, self->word, variant->in_user_space);
	pthread_t thread;
	void *ret;

	EXPECT_EQ(POLLIN, t_poll(self->fd, POLLIN, 0));
	EXPECT_EQ(0, lock_it(&l, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, poll_it, &self->fd));
	ASSERT_TRUE(T_UNTIL(T_LOAD(self->word) & IPCX_LOCK_WORD_NOTIFY));
	EXPECT_EQ(0, t_poll(self->fd, POLLIN, 0));
	EXPECT_EQ(0, unlock_it(&l));
	EXPECT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(POLLIN, (long)ret);
}

struct sum {
	long long guarded[2]; /* both the same, outside the lock */
	int broken;
};

/* Adds to both numbers under the lock; says when they differ. */
static void add_up(struct locker *l, struct sum *sum, int rounds)
{
	int i, j;

	for (i = 0; i < rounds; i++) {
		int ret = lock_it(l, t_soon());

		if (ret || sum->guarded[0] != sum->guarded[1])
			T_ADD(&sum->broken, 1);
		sum->guarded[0]++;
		for (j = 0; j < (i & 63); j++)
			__asm__ volatile("" ::: "memory");
		if (!(i & 15))
			sched_yield();
		sum->guarded[1]++;
		if (unlock_it(l))
			T_ADD(&sum->broken, 1);
	}
}

/* Rows: T1 T15 K1. Half of the processes may use the word, half calls only. */
TEST_F(lock, eight_processes_exclude_one_another)
{
	struct sum *sum = t_shared(sizeof(*sum));
	struct locker l;
	pid_t pids[8];
	int i;

	for (i = 0; i < 8; i++) {
		pids[i] = t_fork();
		if (pids[i])
			continue;
		l = locker(self->fd, self->word,
			   variant->in_user_space || (i & 1));
		add_up(&l, sum, 250);
		_exit(0);
	}
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, t_reap(pids[i]));
	EXPECT_EQ(0, sum->broken);
	EXPECT_EQ(8 * 250, sum->guarded[0]);
	EXPECT_EQ(8 * 250, sum->guarded[1]);
	EXPECT_EQ(1, t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_waiters(self->fd));
	EXPECT_EQ(0, word_holder(self->word));
}

/* Rows: A5 A6. Classes: V4. Nobody waited while the holder died. */
TEST_F(lock, after_a_death_the_next_taker_finds_what_was_chosen)
{
	pid_t pid = HOLDER(true);
	struct ipcx_sem_wait w;
	struct ipcx_sem_stat s;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, t_sem_stat(self->fd, &s));
	EXPECT_EQ(variant->on_death != IPCX_DEATH_KEEP, s.out_value);
	EXPECT_EQ(variant->on_death == IPCX_DEATH_KEEP, s.out_held);
	EXPECT_EQ(variant->on_death == IPCX_DEATH_REPORT, s.out_deaths);
	EXPECT_EQ(after_death(variant->on_death),
		  t_sem_p_dead(self->fd, 1, t_in_ms(30), &w));
	if (variant->on_death == IPCX_DEATH_REPORT) {
		EXPECT_EQ(pid, w.out_dead_pid);
		EXPECT_EQ(1, w.out_dead_units);
	}
	EXPECT_EQ(variant->on_death == IPCX_DEATH_KEEP ? -EPERM : 0,
		  t_sem_v(self->fd, 1));
}

/* Rows: A5 A6. Classes: V4 V23. Somebody slept on it. */
TEST_F(lock, a_sleeper_is_told_when_the_holder_is_killed)
{
	pid_t pid = HOLDER(false), waiter;
	struct ipcx_sem_wait *w = t_shared(sizeof(*w));

	ASSERT_LT(0, pid);
	waiter = t_fork();
	if (!waiter)
		_exit(-t_sem_p_dead(self->fd, 1,
				    variant->on_death == IPCX_DEATH_KEEP ?
					    t_in_ms(200) :
					    t_soon(),
				    w));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->fd) == 1));
	kill(pid, SIGKILL);
	EXPECT_EQ(-after_death(variant->on_death), t_reap(waiter));
	if (variant->on_death == IPCX_DEATH_REPORT) {
		EXPECT_EQ(pid, w->out_dead_pid);
		EXPECT_EQ(1, w->out_dead_units);
	}
	t_reap(pid);
}

/* Rows: A6. */
TEST_F(lock, eownerdead_is_told_until_it_is_made_consistent)
{
	int i;

	if (variant->on_death != IPCX_DEATH_REPORT)
		SKIP(return, "nothing is reported by this kind");
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(-EINVAL, t_sem_consistent(self->fd));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	ASSERT_LT(0, HOLDER(true));
	EXPECT_EQ(-EPERM, t_sem_consistent(self->fd));
	for (i = 0; i < 3; i++) {
		/* No fast path around it. */
		EXPECT_FALSE(word_lock(self->word, self->id));
		EXPECT_EQ(-EOWNERDEAD, t_sem_p(self->fd, 1, 0));
		EXPECT_NE(0, T_LOAD(self->word) & IPCX_LOCK_WORD_HOLDER_DEAD);
		EXPECT_FALSE(word_unlock(self->word, self->id));
		EXPECT_EQ(0, t_sem_v(self->fd, 1));
	}
	EXPECT_EQ(-EOWNERDEAD, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(0, t_sem_consistent(self->fd));
	EXPECT_EQ(-EINVAL, t_sem_consistent(self->fd));
	EXPECT_EQ(0, T_LOAD(self->word) & IPCX_LOCK_WORD_HOLDER_DEAD);
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_TRUE(word_lock(self->word, self->id));
	EXPECT_TRUE(word_unlock(self->word, self->id));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
}

/* Rows: A6. One dies, the one who was told dies too: the third is told. */
TEST_F(lock, the_death_of_who_was_told_is_told_again)
{
	struct ipcx_sem_wait w;
	pid_t pid;

	if (variant->on_death != IPCX_DEATH_REPORT)
		SKIP(return, "nothing is reported by this kind");
	ASSERT_LT(0, HOLDER(true));
	pid = t_fork();
	if (!pid)
		_exit(-t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(EOWNERDEAD, t_reap(pid));
	EXPECT_EQ(-EOWNERDEAD, t_sem_p_dead(self->fd, 1, 0, &w));
	EXPECT_EQ(pid, w.out_dead_pid);
	EXPECT_EQ(0, t_sem_consistent(self->fd));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
}

/*
 * Classes: V13. An id that nobody has: nobody could ever unlock it. The highest
 * one marks what is kept for the dead, and means nothing in other locks.
 */
TEST_F(lock, an_id_that_nobody_has_is_treated_as_dead)
{
	static const uint32_t nobody[] = { 0x12345678, 0x1ffffffe, 0x1abcdef0,
					   IPCX_LOCK_WORD_HOLDER };
	bool keep = variant->on_death == IPCX_DEATH_KEEP;
	int want = variant->on_death == IPCX_DEATH_REPORT ? -EOWNERDEAD : 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nobody) - keep; i++) {
		T_STORE(self->word, nobody[i]);
		EXPECT_EQ(want, t_sem_p(self->fd, 1, t_in_ms(50)))
		{
			TH_LOG("id 0x%x", nobody[i]);
		}
		t_sem_consistent(self->fd);
		EXPECT_EQ(0, t_sem_v(self->fd, 1));
		EXPECT_EQ(0, T_LOAD(self->word));
	}
	EXPECT_EQ(0, t_destroy(self->fd));
}

/* Classes: V13. All flags set and nobody there: it is free, or was a death. */
TEST_F(lock, flags_that_lie_do_not_hang_it)
{
	static const uint32_t lies[] = {
		IPCX_LOCK_WORD_SLEEPERS,
		IPCX_LOCK_WORD_NOTIFY,
		IPCX_LOCK_WORD_SLEEPERS | IPCX_LOCK_WORD_NOTIFY,
		IPCX_LOCK_WORD_HOLDER_DEAD,
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		T_STORE(self->word, lies[i]);
		ret = t_sem_p(self->fd, 1, t_in_ms(50));
		EXPECT_TRUE(ret == 0 || ret == -EOWNERDEAD)
		{
			TH_LOG("word 0x%x: %d", lies[i], ret);
		}
		t_sem_consistent(self->fd);
		EXPECT_EQ(0, t_sem_v(self->fd, 1));
	}
}

static void *scribble(void *data)
{
	uint32_t *word = *(uint32_t **)data, id = ((uint32_t **)data)[1][0];
	volatile int *stop = (volatile int *)((uint32_t **)data)[2];
	unsigned int seed = 1, i = 0;

	while (!*stop)
		switch (i++ % 5) {
		case 0:
			T_STORE(word, 0);
			break;
		case 1:
			T_STORE(word, id);
			break;
		case 2:
			T_STORE(word, id | IPCX_LOCK_WORD_SLEEPERS);
			break;
		default:
			T_STORE(word, (uint32_t)rand_r(&seed) * 2654435761U);
		}
	return NULL;
}

/* Rows: K1. Classes: V13. */
TEST_F(lock, a_scribbler_on_the_word_cannot_confuse_the_kernel)
{
	uint32_t *args[3] = { self->word, &self->id, (uint32_t *)self->shared };
	unsigned long long end = t_in_ms(800);
	struct ipcx_sem_stat s;
	pthread_t thread;
	pid_t pid;

	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, args));
	while (t_now() < end) {
		t_sem_p(self->fd, 1, t_in_ms(1));
		t_poll(self->fd, POLLIN | POLLOUT, 0);
		t_sem_consistent(self->fd);
		t_sem_v(self->fd, 1);
		pid = t_fork();
		if (!pid) {
			t_sem_p(self->fd, 1, t_in_ms(1));
			_exit(0);
		}
		ASSERT_EQ(0, t_reap(pid));
		ASSERT_EQ(0, t_sem_stat(self->fd, &s));
		ASSERT_GE(1, s.out_value);
		ASSERT_GE(1, s.out_held);
		ASSERT_EQ(0, s.out_waiters);
	}
	EXPECT_EQ(0, t_destroy(self->fd));
	EXPECT_EQ(-EIDRM, t_sem_p(self->fd, 1, t_soon()));
	T_STORE(self->shared, 1);
	EXPECT_EQ(0, t_join(thread));
}

/* Rows: E1 K1. Classes: V1. */
TEST_F(lock, a_destroyed_word_can_be_neither_locked_nor_unlocked)
{
	ASSERT_TRUE(word_lock(self->word, self->id));
	EXPECT_EQ(0, t_destroy(self->fd));
	EXPECT_FALSE(word_unlock(self->word, self->id));
	EXPECT_FALSE(word_lock(self->word, self->id));
	EXPECT_EQ(-EIDRM, t_sem_v(self->fd, 1));
	EXPECT_EQ(-EIDRM, t_sem_p(self->fd, 1, t_soon()));
}

/* Rows: K1. */
TEST_F(lock, can_be_handed_off_while_waiting_for_a_semaphore)
{
	int sem = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
	struct locker l = locker(self->fd, self->word, variant->in_user_space);
	struct ipcx_sem_handoff h = { .wait_fd = sem,
				      .post_units = 1,
				      .wait_units = 1,
				      .clockid = CLOCK_MONOTONIC,
				      .deadline = t_soon() };
	pid_t pid;

	EXPECT_EQ(-EPERM, t_ioctl(self->fd, IPCX_IOC_SEM_HANDOFF, &h));
	EXPECT_EQ(0, lock_it(&l, 0));
	pid = t_fork();
	if (!pid) {
		struct locker mine =
			locker(self->fd, self->word, variant->in_user_space);

		/* A condition variable by hand: signal under the lock. */
		if (lock_it(&mine, t_soon()) || t_sem_v(sem, 1))
			_exit(1);
		_exit(-unlock_it(&mine));
	}
	EXPECT_EQ(0, t_ioctl(self->fd, IPCX_IOC_SEM_HANDOFF, &h));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, lock_it(&l, t_soon()));
	EXPECT_EQ(0, unlock_it(&l));
	close(sem);
}

/* Rows: H6. What the process took by the word counts though it is unmapped. */
TEST_F(lock, a_lock_taken_by_the_word_outlives_the_mapping)
{
	uint32_t *word;
	pid_t pid;

	pid = t_fork();
	if (!pid) {
		struct locker mine = locker(self->fd, self->word, true);

		if (!word_lock(self->word, mine.id))
			_exit(1);
		t_sem_unmap(self->word);
		_exit(t_sem_held(self->fd) == 1 ? 0 : 2);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(after_death(variant->on_death),
		  t_sem_p(self->fd, 1, t_in_ms(30)));
	word = t_sem_map(self->fd);
	EXPECT_NE(NULL, word);
	EXPECT_NE(0, word_holder(word));
}

/* Rows: K1 I4. */
TEST_F(lock, a_handle_without_write_locks_by_calls_only)
{
	int fd = t_reduce(self->fd, IPCX_RIGHT_READ);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, t_sem_attach(fd));
	EXPECT_EQ(NULL, t_sem_map(fd));
	EXPECT_EQ(0, t_sem_p(fd, 1, 0));
	EXPECT_EQ(-EAGAIN, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(0, t_sem_v(fd, 1));
	close(fd);
}

TEST_HARNESS_MAIN
