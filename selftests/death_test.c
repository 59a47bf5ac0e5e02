// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thousand deaths: processes that hold units and a lock are killed while
 * others wait for them. Nothing is lost, nobody hangs, nothing is left.
 * IPCX_KILLS in the environment changes how many; where there are two variants
 * they share them.
 *
 * Rows: A5 A6 H1 H6 H7. Classes: V2 V4 V5 V23.
 */
#include <sys/time.h>

#include "ipcx_test.h"

#define UNITS 4

static int kills(void)
{
	const char *text = getenv("IPCX_KILLS");
	int n = text ? atoi(text) : 0;

	return n > 0 ? n : t_times(1000);
}

FIXTURE(death)
{
	int dev;
	int sem; /* owned, 4 of 4 */
	int lock;
	uint32_t *word;
	int *ready;
	long long before[2]; /* objects and handles in the system */
};

FIXTURE_VARIANT(death)
{
	unsigned int on_death;
};

FIXTURE_VARIANT_ADD(death, returned) { .on_death = IPCX_DEATH_RETURN };
FIXTURE_VARIANT_ADD(death, reported) { .on_death = IPCX_DEATH_REPORT };

FIXTURE_SETUP(death)
{
	self->before[0] = t_counter("objects");
	self->before[1] = t_counter("handles");
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->sem = t_sem_with(self->dev, IPCX_SEM_OWNED, UNITS, UNITS,
			       IPCX_ORDER_FIFO, variant->on_death);
	ASSERT_LE(0, self->sem);
	self->lock = t_lock(self->dev, variant->on_death);
	ASSERT_LE(0, self->lock);
	self->word = t_sem_map(self->lock);
	ASSERT_NE(NULL, self->word);
	self->ready = t_shared(4096);
	ASSERT_NE(NULL, self->ready);
}

FIXTURE_TEARDOWN(death)
{
	if (self->word)
		t_sem_unmap(self->word);
	close(self->lock);
	close(self->sem);
	close(self->dev);
	/* Zero left. */
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == self->before[0]));
	EXPECT_TRUE(T_UNTIL(t_counter("handles") == self->before[1]));
	EXPECT_TRUE(T_UNTIL(t_counter("waiters") == 0));
}

/* Takes the lock in user space when that works, else in the kernel. */
static int take_lock(int fd, uint32_t *word)
{
	int id = t_sem_attach(fd);
	uint32_t free = 0;

	if (id > 0 &&
	    __atomic_compare_exchange_n(word, &free, id, false,
					__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return 0;
	return t_sem_p(fd, 1, t_soon());
}

/* A waiter that takes all that there is, gives it back, and starts again. */
struct waiter {
	pthread_t thread;
	int fd, stop, go;
	unsigned int units;
	bool is_lock;
	int served, told; /* rounds; those with EOWNERDEAD */
	int failed;
};

static void *wait_again(void *data)
{
	struct waiter *w = data;
	int ret, round = 0;

	while (!T_LOAD(&w->stop)) {
		if (T_LOAD(&w->go) == round) {
			usleep(50);
			continue;
		}
		round++;
		ret = t_sem_p(w->fd, w->units, t_soon());
		if (ret == -EOWNERDEAD) {
			w->told++;
			if (w->is_lock && t_sem_consistent(w->fd))
				w->failed = 1;
		} else if (ret) {
			w->failed = -ret;
		}
		if (t_sem_v(w->fd, w->units))
			w->failed = 2;
		T_ADD(&w->served, 1);
	}
	return NULL;
}

static bool conserved(int fd, int units)
{
	struct ipcx_sem_stat s;

	return !t_sem_stat(fd, &s) &&
	       s.out_value + s.out_held == (unsigned int)units;
}

static pid_t spawn_holder(int sem, int lock, uint32_t *word, int *ready, int i)
{
	pid_t pid;

	T_STORE(ready, 0);
	pid = t_fork();
	if (pid)
		return pid;
	if (t_sem_p(sem, 1 + i % UNITS, t_soon()) ||
	    (i & 1 ? take_lock(lock, word) : t_sem_p(lock, 1, t_soon())))
		_exit(1);
	T_STORE(ready, 1);
	for (;;)
		pause();
}

/*
 * Rows: A5 A6 H7. Classes: V4 V23. The child holds 1 to 4 units, and the lock
 * by its word or by a call; one thread sleeps on each; the child is killed:
 * both are served, once, and told if that was asked for.
 */
TEST_F_TIMEOUT(death, of_a_holder_serves_every_waiter, 240)
{
	struct waiter w[2] = {
		{ .fd = self->sem, .units = UNITS },
		{ .fd = self->lock, .units = 1, .is_lock = true },
	};
	int i, j, n = kills() / 2;
	pid_t pid;

	for (j = 0; j < 2; j++)
		ASSERT_EQ(0, pthread_create(&w[j].thread, NULL, wait_again,
					    &w[j]));
	for (i = 0; i < n; i++) {
		pid = spawn_holder(self->sem, self->lock, self->word,
				   self->ready, i);
		ASSERT_TRUE(T_UNTIL(T_LOAD(self->ready)));
		for (j = 0; j < 2; j++)
			T_ADD(&w[j].go, 1);
		ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->sem) == 1 &&
				    t_sem_waiters(self->lock) == 1));
		ASSERT_TRUE(conserved(self->sem, UNITS));
		ASSERT_TRUE(conserved(self->lock, 1));
		kill(pid, SIGKILL);
		for (j = 0; j < 2; j++)
			ASSERT_TRUE(T_UNTIL(T_LOAD(&w[j].served) == i + 1));
		ASSERT_EQ(128 + SIGKILL, t_reap(pid));
		ASSERT_EQ(UNITS, t_sem_value(self->sem));
		ASSERT_EQ(1, t_sem_value(self->lock));
		ASSERT_TRUE(conserved(self->sem, UNITS));
		ASSERT_TRUE(conserved(self->lock, 1));
		ASSERT_EQ(0, w[0].failed);
		ASSERT_EQ(0, w[1].failed);
	}
	for (j = 0; j < 2; j++) {
		T_STORE(&w[j].stop, 1);
		EXPECT_EQ(0, t_join(w[j].thread));
		EXPECT_EQ(variant->on_death == IPCX_DEATH_REPORT ? n : 0,
			  w[j].told);
	}
}

/* Takes and gives both as fast as it can, until it is killed. */
static void churn(int sem, int lock, uint32_t *word, unsigned int seed)
{
	int id = t_sem_attach(lock), ret;
	unsigned int n;
	uint32_t old;

	for (;;) {
		n = 1 + rand_r(&seed) % UNITS;
		ret = t_sem_p(sem, n, t_soon());
		if (ret && ret != -EOWNERDEAD)
			_exit(1);
		old = 0;
		if (!__atomic_compare_exchange_n(word, &old, id, false,
						 __ATOMIC_ACQUIRE,
						 __ATOMIC_RELAXED)) {
			ret = t_sem_p(lock, 1, t_soon());
			if (ret == -EOWNERDEAD)
				ret = t_sem_consistent(lock);
			if (ret)
				_exit(2);
		}
		old = id;
		if (!__atomic_compare_exchange_n(word, &old, 0, false,
						 __ATOMIC_RELEASE,
						 __ATOMIC_RELAXED) &&
		    t_sem_v(lock, 1))
			_exit(3);
		if (t_sem_v(sem, n))
			_exit(4);
	}
}

/*
 * Rows: A5 H7. Classes: V2 V4. Killed at any instruction of taking, giving and
 * sleeping, by word and by call, while three others do the same.
 */
TEST_F_TIMEOUT(death, at_any_moment_conserves_units, 240)
{
	int i, n = kills() / 2, slot;
	unsigned int seed = 11;
	pid_t pids[4] = {};

	for (i = 0; i < n; i++) {
		slot = i % 4;
		if (pids[slot])
			ASSERT_EQ(128 + SIGKILL, t_kill(pids[slot]))
			{
				TH_LOG("kill %d", i);
			}
		pids[slot] = t_fork();
		if (!pids[slot])
			churn(self->sem, self->lock, self->word, i);
		usleep(rand_r(&seed) % 1000);
		ASSERT_TRUE(conserved(self->sem, UNITS));
		ASSERT_TRUE(conserved(self->lock, 1));
	}
	for (slot = 0; slot < 4; slot++)
		EXPECT_EQ(128 + SIGKILL, t_kill(pids[slot]));
	EXPECT_EQ(UNITS, t_sem_value(self->sem));
	EXPECT_EQ(0, t_sem_held(self->sem));
	EXPECT_EQ(1, t_sem_value(self->lock));
	EXPECT_EQ(0, t_sem_held(self->lock));
	EXPECT_EQ(0, t_sem_waiters(self->sem));
	EXPECT_EQ(0, t_sem_waiters(self->lock));
}

FIXTURE(creator)
{
	long long objects, handles, bytes;
};

FIXTURE_SETUP(creator)
{
	self->objects = t_counter("objects");
	self->handles = t_counter("handles");
	self->bytes = t_counter("bytes");
	ASSERT_LE(0, self->bytes);
}

FIXTURE_TEARDOWN(creator)
{
}

/* What it has open when it dies; false when it cannot even be made. */
static bool open_everything(unsigned int on_death, int i, int *sem)
{
	int dev = t_device(), lock = t_lock(dev, on_death);
	int region = t_region(dev, 8192);
	uint32_t *word = t_sem_map(lock);

	*sem = t_sem_with(dev, IPCX_SEM_OWNED, 2, 2, IPCX_ORDER_FIFO, on_death);
	return word && !t_sem_p(*sem, 1, 0) && !take_lock(lock, word) &&
	       !t_region_lock(region, i & 1, 0, NULL) &&
	       mmap(NULL, 8192, PROT_READ, MAP_SHARED, region, 0) != MAP_FAILED;
}

/*
 * Rows: H1. Classes: V4 V5. Killed with everything open: objects, mappings,
 * units, a lock taken by its word, a lock of a region.
 */
TEST_F_TIMEOUT(creator, dies_and_leaves_nothing, 240)
{
	const struct itimerval soon = { .it_value.tv_usec = 500 };
	int i, sem, n = kills();
	pid_t pid;

	for (i = 0; i < n; i++) {
		pid = t_fork();
		if (!pid) {
			if (!open_everything(i % 3, i, &sem))
				_exit(1);
			/* Every other one dies while it sleeps. */
			if (i & 1) {
				setitimer(ITIMER_REAL, &soon, NULL);
				t_sem_p(sem, 2, t_soon());
			}
			kill(getpid(), SIGKILL);
		}
		ASSERT_EQ(128 + (i & 1 ? SIGALRM : SIGKILL), t_reap(pid));
	}
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == self->objects));
	EXPECT_TRUE(T_UNTIL(t_counter("handles") == self->handles));
	EXPECT_TRUE(T_UNTIL(t_counter("bytes") == self->bytes));
}

TEST_HARNESS_MAIN
