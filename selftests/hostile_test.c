// SPDX-License-Identifier: GPL-2.0-only
/*
 * User space that means harm: words scribbled over, pages that never come,
 * mappings that go away in the middle of an operation. Who does that may hurt
 * itself; the kernel and everybody else go on.
 *
 * Rows: A5 B11 D1 H7 K1. Classes: V4 V6 V9 V13 V27. Traps: 25 41 44 45.
 */
#include "ipcx_fd.h"

#include <setjmp.h>
#include <sys/uio.h>

#include "kselftest_harness.h"

FIXTURE(hostile)
{
	int dev;
	int sem, lock, region; /* what is attacked */
	int owned, mutex; /* of the honest */
	uint32_t *sem_word, *lock_word;
	char *memory;
	struct t_census before;
};

FIXTURE_SETUP(hostile)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->sem = t_sem(self->dev, IPCX_SEM_PLAIN, 2, 5);
	self->lock = t_lock(self->dev, IPCX_DEATH_REPORT);
	self->region = t_region(self->dev, 2 * T_PAGE);
	self->owned = t_sem(self->dev, IPCX_SEM_OWNED, 2, 2);
	self->mutex = t_lock(self->dev, IPCX_DEATH_RETURN);
	ASSERT_LE(0, self->sem);
	ASSERT_LE(0, self->lock);
	ASSERT_LE(0, self->region);
	ASSERT_LE(0, self->owned);
	ASSERT_LE(0, self->mutex);
	self->sem_word = t_sem_map(self->sem);
	self->lock_word = t_sem_map(self->lock);
	self->memory = t_map_rw(self->region, 2 * T_PAGE);
	ASSERT_NE(NULL, self->sem_word);
	ASSERT_NE(NULL, self->lock_word);
	ASSERT_NE(NULL, self->memory);
}

FIXTURE_TEARDOWN_PARENT(hostile)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* What was attacked works for those who are left. */
static bool still_works(const FIXTURE_DATA(hostile) * self)
{
	int r;

	if (t_waiters(self->sem) || t_waiters(self->lock) ||
	    t_waiters(self->region))
		return false;
	/* The words say what they say; honest ones can put them right. */
	T_STORE(self->sem_word, 1);
	if (t_sem_p(self->sem, 1, 0) || t_sem_v(self->sem, 1))
		return false;
	T_STORE(self->lock_word, 0);
	r = t_sem_p(self->lock, 1, 0);
	if ((r && r != -EOWNERDEAD) || t_sem_v(self->lock, 1))
		return false;
	r = t_region_lock(self->region, IPCX_LOCK_WRITE, t_soon(), NULL);
	return (!r || r == -EOWNERDEAD) && !t_region_unlock(self->region);
}

/* ---- Words that are scribbled over -------------------------------------- */

/* Shared by attackers, callers and the honest. */
struct stage {
	int stop;
	int bad; /* the error that must not be */
	int inside; /* the critical section of the honest */
	int entered;
	int calls;
};

static void *scribble(void *data)
{
	const FIXTURE_DATA(hostile) *self = data;
	unsigned int seed = (unsigned int)(uintptr_t)&seed;
	unsigned int *memory = (unsigned int *)self->memory;

	for (;;) {
		unsigned int at = rand_r(&seed), value = rand_r(&seed) << 1;

		T_STORE(self->sem_word + (at & 1 ? 0 : at % 1024), value);
		T_STORE(self->lock_word + (at & 2 ? 0 : at % 1024), value * 3);
		T_STORE(memory + at % 2048, value * 5);
		/* Plausible values too: few units, a low id. */
		if (!(at % 5)) {
			T_STORE(self->sem_word, value % 8);
			T_STORE(self->lock_word, value % 4);
		}
	}
	return NULL;
}

static pid_t scribblers_start(FIXTURE_DATA(hostile) * self)
{
	pthread_t thread;
	pid_t pid = t_fork();

	if (pid)
		return pid;
	pthread_create(&thread, NULL, scribble, self);
	scribble(self);
	_exit(0);
}

/* What callers may be told, whatever the words say. */
static bool excusable(int r)
{
	switch (-r) {
	case 0:
	case EAGAIN:
	case ETIMEDOUT:
	case EPERM:
	case EOVERFLOW:
	case EOWNERDEAD:
	case EDEADLK:
	case EINVAL: /* nothing to make consistent */
		return true;
	}
	return r > 0;
}

static void flip(uint32_t *word, uint32_t from, uint32_t to)
{
	__atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED);
}

static int call_sem(const FIXTURE_DATA(hostile) * self, unsigned int what,
		    unsigned long long deadline)
{
	struct ipcx_sem_handoff h = {
		.wait_fd = self->lock,
		.post_units = 1,
		.wait_units = 1,
		.clockid = CLOCK_MONOTONIC,
		.deadline = deadline,
	};
	struct ipcx_sem_stat s;
	uint32_t v;

	switch (what % 9) {
	case 0:
		return t_sem_p(self->sem, 1 + what % 5, deadline);
	case 1:
		return t_sem_v(self->sem, 1 + what % 5);
	case 2:
		return t_sem_p(self->lock, 1, deadline);
	case 3:
		return t_sem_v(self->lock, 1);
	case 4:
		return t_sem_consistent(self->lock);
	case 5:
		/* Never above its maximum, whatever the word says. */
		return t_sem_stat(self->sem, &s) || s.out_value > 5 ? -EBADE :
								      0;
	case 6:
		return t_ioctl(self->sem, IPCX_IOC_SEM_HANDOFF, &h);
	case 7:
		v = T_LOAD(self->sem_word);
		flip(self->sem_word, v, what & 64 ? v + 1 : v - 1);
		return 0;
	default:
		v = t_sem_attach(self->lock);
		flip(self->lock_word, what & 64 ? 0 : v, what & 64 ? v : 0);
		return t_poll(self->lock, POLLIN, 0) < 0 ? -EBADE : 0;
	}
}

static int call_region(const FIXTURE_DATA(hostile) * self, unsigned int what,
		       unsigned long long deadline)
{
	struct ipcx_region_stat s;
	uint64_t count;

	switch (what % 6) {
	case 0:
		return t_region_lock(self->region, what & 1, deadline, NULL);
	case 1:
	case 2:
		return t_region_unlock(self->region);
	case 3:
		return t_region_ring(self->region, &count);
	case 4:
		return t_region_wait(self->region, 0, deadline, &count);
	default:
		return t_region_stat(self->region, &s);
	}
}

static pid_t caller_start(const FIXTURE_DATA(hostile) * self,
			  struct stage *stage, unsigned int seed)
{
	unsigned long long deadline;
	unsigned int what;
	pid_t pid = t_fork();
	int r;

	if (pid)
		return pid;
	while (!T_LOAD(&stage->stop)) {
		what = rand_r(&seed);
		deadline = t_now() + rand_r(&seed) % T_MSEC;
		if (rand_r(&seed) & 1)
			r = call_sem(self, what, deadline);
		else
			r = call_region(self, what, deadline);
		if (!excusable(r))
			T_STORE(&stage->bad, r);
		T_ADD(&stage->calls, 1);
	}
	_exit(0);
}

/* Takes part in the same process tree, by objects that nobody attacks. */
static pid_t honest_start(const FIXTURE_DATA(hostile) * self,
			  struct stage *stage)
{
	pid_t pid = t_fork();
	int r = 0;

	if (pid)
		return pid;
	while (!r && !T_LOAD(&stage->stop)) {
		r = t_sem_p(self->owned, 1, t_soon());
		if (!r)
			r = t_sem_p(self->mutex, 1, t_soon());
		if (T_ADD(&stage->inside, 1) != 1)
			r = -EBADE;
		T_ADD(&stage->entered, 1);
		T_ADD(&stage->inside, -1);
		if (t_sem_v(self->mutex, 1) || t_sem_v(self->owned, 1))
			r = -EBADE;
	}
	if (r)
		T_STORE(&stage->bad, r);
	_exit(0);
}

/* Rows: K1 A5. Classes: V13. Traps 44, 45. */
TEST_F_TIMEOUT(hostile, words_scribbled_over_hurt_nobody_else, 60)
{
	struct stage *stage = t_shared(sizeof(*stage));
	pid_t scribbler = scribblers_start(self), pids[6];
	int i;

	for (i = 0; i < 3; i++) {
		pids[i] = caller_start(self, stage, i + 1);
		pids[3 + i] = honest_start(self, stage);
	}
	ASSERT_TRUE(T_UNTIL(T_LOAD(&stage->calls) > t_times(20000) &&
			    T_LOAD(&stage->entered) > t_times(200)));
	T_STORE(&stage->stop, 1);
	for (i = 0; i < 6; i++)
		EXPECT_EQ(0, t_reap(pids[i]));
	EXPECT_EQ(128 + SIGKILL, t_kill(scribbler));
	EXPECT_EQ(0, stage->bad);
	EXPECT_EQ(2, t_sem_value(self->owned));
	EXPECT_EQ(0, t_sem_held(self->owned));
	EXPECT_EQ(1, t_sem_value(self->mutex));
	EXPECT_TRUE(still_works(self));
}

/* Rows: K1. Classes: V13. A peer that may trace writes into the mapping. */
TEST_F(hostile, a_peer_writes_to_the_word_of_another_process)
{
	uint32_t values[] = { 4, 0x3fffffff, 0xffffffff, 0 };
	struct iovec from = { values, 4 }, to = { self->sem_word, 4 };
	pid_t victim = t_fork();
	unsigned int i;

	if (!victim) {
		T_LOAD(self->sem_word);
		for (;;)
			pause();
	}
	for (i = 0; i < sizeof(values) / 4; i++) {
		from.iov_base = &values[i];
		ASSERT_EQ(4, process_vm_writev(victim, &from, 1, &to, 1, 0));
		EXPECT_EQ(values[i], T_LOAD(self->sem_word));
		EXPECT_GE(5, t_sem_value(self->sem));
		EXPECT_TRUE(excusable(t_sem_p(self->sem, 5, t_in_ms(1))));
		EXPECT_TRUE(excusable(t_sem_v(self->sem, 1)));
	}
	EXPECT_EQ(128 + SIGKILL, t_kill(victim));
	EXPECT_TRUE(still_works(self));
}

/* ---- Mappings that change ----------------------------------------------- */

/* Rows: K1 D6. Classes: V9 V12. Trap 41. Whatever madvise() and mlock() do. */
TEST_F(hostile, advice_does_not_change_what_is_mapped)
{
	T_STORE(self->sem_word, 3);
	self->memory[T_PAGE] = 'x';
	EXPECT_EQ(0, madvise(self->sem_word, T_PAGE, MADV_DONTNEED));
	EXPECT_EQ(0, madvise(self->memory, 2 * T_PAGE, MADV_DONTNEED));
	EXPECT_EQ(3, T_LOAD(self->sem_word));
	EXPECT_EQ('x', self->memory[T_PAGE]);
	EXPECT_NE(0, madvise(self->sem_word, T_PAGE, MADV_REMOVE));
	EXPECT_NE(0, madvise(self->memory, 2 * T_PAGE, MADV_REMOVE));
	EXPECT_EQ(0, mlock(self->sem_word, T_PAGE));
	EXPECT_EQ(0, mlock(self->memory, 2 * T_PAGE));
	EXPECT_EQ(0, t_sem_p(self->sem, 3, 0));
	EXPECT_EQ(0, T_LOAD(self->sem_word));
	EXPECT_EQ('x', self->memory[T_PAGE]);
	EXPECT_EQ(0, munlock(self->sem_word, T_PAGE));
}

/* Rows: K1 D6. Classes: V9 V12. Trap 41. */
TEST_F(hostile, mappings_move_but_do_not_grow)
{
	void *word = self->sem_word, *memory = self->memory, *place;

	EXPECT_EQ(MAP_FAILED, mremap(word, T_PAGE, 2 * T_PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(word, 0, T_PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED,
		  mremap(memory, 2 * T_PAGE, 3 * T_PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(memory, 0, T_PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);

	place = t_bad_pointer();
	word = mremap(word, T_PAGE, T_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      place);
	ASSERT_EQ(place, word);
	self->sem_word = word;
	T_STORE(self->sem_word, 4);
	EXPECT_EQ(4, t_sem_value(self->sem));
	EXPECT_TRUE(still_works(self));
}

static __thread sigjmp_buf own_doing;
static __thread bool protected;

static void on_fault(int sig)
{
	if (!protected)
		_exit(128 + sig);
	siglongjmp(own_doing, 1);
}

/* Works on the words, and passes arguments that lie in the region. */
static void *operate(void *data)
{
	const FIXTURE_DATA(hostile) *self = data;
	struct ipcx_sem_wait *w = (struct ipcx_sem_wait *)self->memory;
	volatile unsigned int seed = (unsigned int)(uintptr_t)&seed;

	protected = true;
	sigsetjmp(own_doing, 1);
	for (;;) {
		unsigned int s = seed;
		unsigned int what = rand_r(&s);

		seed = s;
		call_sem(self, what, t_now() + what % 50000);
		call_region(self, what >> 8, t_now() + what % 50000);
		t_ioctl(self->sem, IPCX_IOC_SEM_WAIT, w);
		self->memory[what % (2 * T_PAGE)]++;
	}
	return NULL;
}

static void *again(void *at, size_t size, int fd)
{
	return mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		    fd, 0);
}

/* Replaces, protects, moves, forgets one of the mappings, and puts it back. */
static bool meddle(void *at, size_t size, int fd, unsigned int what)
{
	void *place;
	pid_t pid;

	switch (what % 6) {
	case 0:
		mprotect(at, size, PROT_NONE);
		return !mprotect(at, size, PROT_READ | PROT_WRITE);
	case 1:
		munmap(at, size);
		return again(at, size, fd) == at;
	case 2:
		mmap(at, size, PROT_READ,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		return again(at, size, fd) == at;
	case 3:
		place = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
		mremap(at, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, place);
		return mremap(place, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
			      at) == at;
	case 4:
		return !madvise(at, size, MADV_DONTNEED);
	}
	pid = fork();
	if (!pid)
		_exit(*(volatile char *)at & 0);
	return pid < 0 || t_reap(pid) == 0;
}

static void meddler(FIXTURE_DATA(hostile) * self, int rounds)
{
	struct sigaction sa = { .sa_handler = on_fault,
				.sa_flags = SA_NODEFER };
	unsigned int seed = 17;
	pthread_t threads[2];
	bool ok = true;

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	pthread_create(&threads[0], NULL, operate, self);
	pthread_create(&threads[1], NULL, operate, self);
	while (ok && rounds--) {
		ok = meddle(self->sem_word, T_PAGE, self->sem, rand_r(&seed)) &&
		     meddle(self->lock_word, T_PAGE, self->lock,
			    rand_r(&seed)) &&
		     meddle(self->memory, 2 * T_PAGE, self->region,
			    rand_r(&seed));
	}
	/* In the middle of what the others do. */
	_exit(ok ? 0 : 1);
}

/* Rows: K1 D1 H7. Classes: V4 V9. Trap 41. Each ends by exit of all threads. */
TEST_F_TIMEOUT(hostile, mappings_that_change_under_operations_hurt_nobody, 60)
{
	int i, rounds = t_times(150);
	struct stage *stage = t_shared(sizeof(*stage));
	pid_t pid, honest = honest_start(self, stage);
	pid_t caller = caller_start(self, stage, 5);

	for (i = 0; i < 3; i++) {
		pid = t_fork();
		if (!pid)
			meddler(self, rounds);
		EXPECT_EQ(0, t_reap(pid));
	}
	T_STORE(&stage->stop, 1);
	EXPECT_EQ(0, t_reap(honest));
	EXPECT_EQ(0, t_reap(caller));
	EXPECT_EQ(0, stage->bad);
	EXPECT_EQ(2, t_sem_value(self->owned));
	EXPECT_TRUE(still_works(self));
}

TEST_HARNESS_MAIN
