// SPDX-License-Identifier: GPL-2.0-only
/* A region's reader/writer lock and doorbell, and its end. */
#include "ipcx_fd.h"

#define KILLS	   1000
#define READ_LOCK  IPCX_LOCK_READ
#define WRITE_LOCK IPCX_LOCK_WRITE

/* What processes of a test say to one another. */
struct board {
	int ready;
	int order[8];
	int next;
	int go;
	uint32_t counter;
};

FIXTURE(region_lock)
{
	int dev;
	int fd;
	struct board *board;
	struct t_census before;
};

FIXTURE_SETUP(region_lock)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->fd = t_region(self->dev, T_PAGE);
	ASSERT_LE(0, self->fd);
	self->board = t_shared(sizeof(*self->board));
	ASSERT_NE(NULL, self->board);
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(region_lock)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static unsigned int readers_of(int fd)
{
	struct ipcx_region_stat s;

	return t_region_stat(fd, &s) ? T_POISON32 : s.out_readers;
}

static unsigned int writer_of(int fd)
{
	struct ipcx_region_stat s;

	return t_region_stat(fd, &s) ? T_POISON32 : s.out_writer;
}

static unsigned int inconsistent(int fd)
{
	struct ipcx_region_stat s;

	return t_region_stat(fd, &s) ? T_POISON32 : s.out_inconsistent;
}

/* A child that takes the lock, says so, and holds it until it is killed. */
static pid_t fork_holder(int fd, unsigned int mode, struct board *board)
{
	int ready = T_LOAD(&board->ready);
	pid_t pid = t_fork();

	if (!pid) {
		int ret = t_region_lock(fd, mode, t_soon(), NULL);

		if (ret && ret != -EOWNERDEAD)
			_exit(1);
		T_ADD(&board->ready, 1);
		for (;;)
			pause();
	}
	if (pid > 0 && !T_UNTIL(T_LOAD(&board->ready) > ready)) {
		t_kill(pid);
		return -1;
	}
	return pid;
}

/* A child that queues for the lock, then notes @mark, and gives it back. */
static pid_t fork_waiter(int fd, unsigned int mode, struct board *board,
			 int mark)
{
	int waiters = t_waiters(fd);
	pid_t pid = t_fork();

	if (!pid) {
		int ret = t_region_lock(fd, mode, t_soon(), NULL);

		if (ret)
			_exit(-ret);
		board->order[T_ADD(&board->next, 1) - 1] = mark;
		if (mode == READ_LOCK && !T_UNTIL(T_LOAD(&board->go)))
			_exit(1);
		_exit(-t_region_unlock(fd));
	}
	if (pid > 0 && !T_UNTIL(t_waiters(fd) == waiters + 1)) {
		t_kill(pid);
		return -1;
	}
	return pid;
}

/* ---- The lock ---------------------------------------------------------- */

/* Rows: T1 D4 */
TEST_F(region_lock, readers_share_and_a_writer_is_alone)
{
	pid_t reader = fork_holder(self->fd, READ_LOCK, self->board);
	pid_t writer;

	ASSERT_LT(0, reader);
	EXPECT_EQ(0, t_region_lock(self->fd, READ_LOCK, 0, NULL));
	EXPECT_EQ(2, readers_of(self->fd));
	EXPECT_EQ(0, t_region_unlock(self->fd));
	EXPECT_EQ(-EAGAIN, t_region_lock(self->fd, WRITE_LOCK, 0, NULL));
	t_kill(reader);
	EXPECT_TRUE(T_UNTIL(!readers_of(self->fd)));

	writer = fork_holder(self->fd, WRITE_LOCK, self->board);
	ASSERT_LT(0, writer);
	EXPECT_EQ(1, writer_of(self->fd));
	EXPECT_EQ(-EAGAIN, t_region_lock(self->fd, READ_LOCK, 0, NULL));
	EXPECT_EQ(-EAGAIN, t_region_lock(self->fd, WRITE_LOCK, 0, NULL));
	t_kill(writer);
}

TEST_F(region_lock, process_may_hold_several_read_locks)
{
	for (int i = 1; i <= 5; i++) {
		EXPECT_EQ(0, t_region_lock(self->fd, READ_LOCK, 0, NULL));
		EXPECT_EQ(i, readers_of(self->fd));
	}
	for (int i = 4; i >= 0; i--) {
		EXPECT_EQ(0, t_region_unlock(self->fd));
		EXPECT_EQ(i, readers_of(self->fd));
	}
	EXPECT_EQ(-EPERM, t_region_unlock(self->fd));
}

TEST_F(region_lock, own_deadlock_is_refused)
{
	ASSERT_EQ(0, t_region_lock(self->fd, WRITE_LOCK, 0, NULL));
	EXPECT_EQ(-EDEADLK,
		  t_region_lock(self->fd, WRITE_LOCK, t_soon(), NULL));
	EXPECT_EQ(-EDEADLK, t_region_lock(self->fd, READ_LOCK, t_soon(), NULL));
	EXPECT_EQ(-EDEADLK, t_region_lock(self->fd, WRITE_LOCK, 0, NULL));
	EXPECT_EQ(0, t_region_unlock(self->fd));
	ASSERT_EQ(0, t_region_lock(self->fd, READ_LOCK, 0, NULL));
	EXPECT_EQ(-EDEADLK,
		  t_region_lock(self->fd, WRITE_LOCK, t_soon(), NULL));
	EXPECT_EQ(0, t_region_unlock(self->fd));
}

static void *unlock_region(void *arg)
{
	return (void *)(intptr_t)t_region_unlock(*(int *)arg);
}

/* Rows: H6: threads are one process, a forked child is another. */
TEST_F(region_lock, belongs_to_the_process_and_not_to_the_descriptor)
{
	pthread_t thread;
	void *result;
	pid_t pid;

	ASSERT_EQ(0, t_region_lock(self->fd, WRITE_LOCK, 0, NULL));
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int ret = t_region_unlock(self->fd);

		if (ret != -EPERM)
			_exit(1);
		ret = t_region_lock(self->fd, READ_LOCK, 0, NULL);
		_exit(ret == -EAGAIN ? 0 : 2);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(1, writer_of(self->fd));
	ASSERT_EQ(0, pthread_create(&thread, NULL, unlock_region, &self->fd));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(0, (intptr_t)result);
	EXPECT_EQ(0, writer_of(self->fd));
}

/* Rows: D4: in order, and readers next to one another together. */
TEST_F(region_lock, waiters_are_served_in_order)
{
	pid_t pid[4];

	ASSERT_EQ(0, t_region_lock(self->fd, READ_LOCK, 0, NULL));
	pid[0] = fork_waiter(self->fd, WRITE_LOCK, self->board, 1);
	ASSERT_LT(0, pid[0]);
	/* These would fit in beside the reader, but a writer is before them. */
	pid[1] = fork_waiter(self->fd, READ_LOCK, self->board, 2);
	pid[2] = fork_waiter(self->fd, READ_LOCK, self->board, 2);
	pid[3] = fork_waiter(self->fd, WRITE_LOCK, self->board, 3);
	ASSERT_LT(0, pid[1]);
	ASSERT_LT(0, pid[2]);
	ASSERT_LT(0, pid[3]);
	EXPECT_EQ(0, T_LOAD(&self->board->next));
	EXPECT_EQ(0, t_region_unlock(self->fd));
	EXPECT_EQ(0, t_reap(pid[0]));
	EXPECT_TRUE(T_UNTIL(readers_of(self->fd) == 2));
	EXPECT_EQ(1, t_waiters(self->fd));
	T_STORE(&self->board->go, 1);
	for (int i = 1; i < 4; i++)
		EXPECT_EQ(0, t_reap(pid[i]));
	EXPECT_EQ(1, self->board->order[0]);
	EXPECT_EQ(2, self->board->order[1]);
	EXPECT_EQ(2, self->board->order[2]);
	EXPECT_EQ(3, self->board->order[3]);
}

/* Bug class V4, V23: who leaves the queue lets the next ones through. */
TEST_F(region_lock, killed_or_timed_out_writer_does_not_hold_up_readers)
{
	pid_t holder = fork_holder(self->fd, READ_LOCK, self->board);
	pid_t writer, reader;

	ASSERT_LT(0, holder);
	writer = fork_waiter(self->fd, WRITE_LOCK, self->board, 1);
	ASSERT_LT(0, writer);
	reader = fork_waiter(self->fd, READ_LOCK, self->board, 2);
	ASSERT_LT(0, reader);
	T_STORE(&self->board->go, 1);
	t_kill(writer);
	EXPECT_EQ(0, t_reap(reader));

	writer = t_fork();
	ASSERT_LE(0, writer);
	if (!writer)
		_exit(-t_region_lock(self->fd, WRITE_LOCK, t_in_ms(200), NULL));
	EXPECT_TRUE(T_UNTIL(t_waiters(self->fd) == 1));
	EXPECT_EQ(0, t_region_lock(self->fd, READ_LOCK, t_soon(), NULL));
	EXPECT_EQ(ETIMEDOUT, t_reap(writer));
	EXPECT_EQ(0, t_region_unlock(self->fd));
	t_kill(holder);
}

/* Rows: A3 (of the lock), bug class V24 */
TEST_F(region_lock, deadlines_are_kept_on_every_clock)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
					    CLOCK_BOOTTIME };
	pid_t holder = fork_holder(self->fd, WRITE_LOCK, self->board);
	struct ipcx_region_lock l = { .mode = READ_LOCK };

	ASSERT_LT(0, holder);
	for (int i = 0; i < 3; i++) {
		l.clockid = clocks[i];
		l.deadline = t_now_on(clocks[i]) + 50 * T_MSEC;
		EXPECT_EQ(-ETIMEDOUT,
			  t_ioctl(self->fd, IPCX_IOC_REGION_LOCK, &l));
		EXPECT_LE(l.deadline, t_now_on(clocks[i]));
		l.deadline = 1;
		EXPECT_EQ(-ETIMEDOUT,
			  t_ioctl(self->fd, IPCX_IOC_REGION_LOCK, &l));
	}
	l.deadline = 1ULL << 63;
	EXPECT_EQ(-EINVAL, t_ioctl(self->fd, IPCX_IOC_REGION_LOCK, &l));
	l.deadline = IPCX_FOREVER - 1;
	EXPECT_EQ(-EINVAL, t_ioctl(self->fd, IPCX_IOC_REGION_LOCK, &l));
	l.deadline = 0;
	l.clockid = CLOCK_PROCESS_CPUTIME_ID;
	EXPECT_EQ(-EINVAL, t_ioctl(self->fd, IPCX_IOC_REGION_LOCK, &l));
	l.clockid = CLOCK_MONOTONIC;
	l.mode = WRITE_LOCK + 1;
	EXPECT_EQ(-EINVAL, t_ioctl(self->fd, IPCX_IOC_REGION_LOCK, &l));
	t_kill(holder);
}

TEST_F(region_lock, signal_ends_the_wait_and_takes_nothing)
{
	pid_t holder = fork_holder(self->fd, WRITE_LOCK, self->board);
	pid_t pid;

	ASSERT_LT(0, holder);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		t_handle(SIGUSR1, 0);
		T_STORE(&self->board->go, 1);
		_exit(-t_region_lock(self->fd, READ_LOCK, t_soon(), NULL));
	}
	EXPECT_TRUE(T_UNTIL(t_waiters(self->fd) == 1));
	kill(pid, SIGUSR1);
	EXPECT_EQ(EINTR, t_reap(pid));
	EXPECT_EQ(0, t_waiters(self->fd));
	t_kill(holder);
}

/* Rows: T1 D4: what the lock is for. */
TEST_F(region_lock, counter_behind_the_write_lock_is_exact)
{
	enum {
		PROCESSES = 4,
		ROUNDS = 500
	};
	volatile uint32_t *p = t_map_rw(self->fd, T_PAGE);
	pid_t pid[PROCESSES];

	ASSERT_NE(NULL, p);
	for (int i = 0; i < PROCESSES; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (pid[i])
			continue;
		for (int n = 0; n < ROUNDS; n++) {
			uint32_t value;

			if (t_region_lock(self->fd, WRITE_LOCK, t_soon(), NULL))
				_exit(1);
			value = p[0];
			if (!(n & 15))
				sched_yield();
			p[0] = value + 1;
			if (t_region_unlock(self->fd))
				_exit(2);
		}
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		EXPECT_EQ(0, t_reap(pid[i]));
	EXPECT_EQ(PROCESSES * ROUNDS, p[0]);
	munmap((void *)p, T_PAGE);
}

/* ---- Death ------------------------------------------------------------- */

/* Rows: D4 A6 */
TEST_F(region_lock, death_of_a_reader_is_silent)
{
	pid_t pid = fork_holder(self->fd, READ_LOCK, self->board);

	ASSERT_LT(0, pid);
	t_kill(pid);
	EXPECT_EQ(0, t_region_lock(self->fd, WRITE_LOCK, t_soon(), NULL));
	EXPECT_EQ(0, inconsistent(self->fd));
	EXPECT_EQ(-EINVAL, t_region_consistent(self->fd));
	EXPECT_EQ(0, t_region_unlock(self->fd));
}

/* Rows: D4 A6 */
TEST_F(region_lock, death_of_a_reader_frees_every_lock_it_held)
{
	pid_t pid = t_fork();

	if (!pid) {
		for (int i = 0; i < 3; i++)
			if (t_region_lock(self->fd, READ_LOCK, 0, NULL))
				_exit(1);
		kill(getpid(), SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, t_reap(pid));
	EXPECT_EQ(0, readers_of(self->fd));
	EXPECT_EQ(0, t_region_lock(self->fd, WRITE_LOCK, 0, NULL));
	EXPECT_EQ(0, t_region_unlock(self->fd));
}

/* Rows: D4 A6, bug class V30: a pid that the taker cannot see is 0. */
TEST_F(region_lock, pid_of_the_dead_writer_is_told_as_the_taker_sees_it)
{
	pid_t pid = fork_holder(self->fd, WRITE_LOCK, self->board);
	int dead = -1;

	ASSERT_LT(0, pid);
	t_kill(pid);
	pid = t_fork();
	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(1);
		pid = fork();
		if (pid)
			_exit(pid < 0 ? 2 : t_reap(pid));
		if (t_region_lock(self->fd, READ_LOCK, 0, &dead) != -EOWNERDEAD)
			_exit(3);
		_exit(dead ? 4 : 0);
	}
	EXPECT_EQ(0, t_reap(pid));
}

/* Rows: D4 A6 */
TEST_F(region_lock, death_of_a_writer_is_told_to_all_until_consistent)
{
	pid_t pid = fork_holder(self->fd, WRITE_LOCK, self->board);
	int dead = 0;

	ASSERT_LT(0, pid);
	t_kill(pid);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-EOWNERDEAD,
			  t_region_lock(self->fd, READ_LOCK, t_soon(), &dead));
		EXPECT_EQ(pid, dead);
		EXPECT_EQ(1, readers_of(self->fd));
		EXPECT_EQ(-EPERM, t_region_consistent(self->fd));
		EXPECT_EQ(0, t_region_unlock(self->fd));
	}
	EXPECT_EQ(1, inconsistent(self->fd));
	EXPECT_EQ(-EOWNERDEAD,
		  t_region_lock(self->fd, WRITE_LOCK, t_soon(), &dead));
	EXPECT_EQ(pid, dead);
	EXPECT_EQ(0, t_region_unlock(self->fd));
	EXPECT_EQ(-EPERM, t_region_consistent(self->fd));
	EXPECT_EQ(-EOWNERDEAD,
		  t_region_lock(self->fd, WRITE_LOCK, t_soon(), &dead));
	EXPECT_EQ(0, t_region_consistent(self->fd));
	EXPECT_EQ(0, inconsistent(self->fd));
	EXPECT_EQ(-EINVAL, t_region_consistent(self->fd));
	EXPECT_EQ(0, t_region_unlock(self->fd));
	EXPECT_EQ(0, t_region_lock(self->fd, READ_LOCK, t_soon(), NULL));
	EXPECT_EQ(0, t_region_unlock(self->fd));
}

/* Rows: D4 A6 B11, bug class V6: who cannot be told does not get the lock. */
TEST_F(region_lock, lock_is_given_back_when_the_death_cannot_be_told)
{
	struct ipcx_region_lock l = { .mode = WRITE_LOCK,
				      .clockid = CLOCK_MONOTONIC };
	void *bad = t_read_only(&l, sizeof(l));
	pid_t pid = fork_holder(self->fd, WRITE_LOCK, self->board);

	ASSERT_NE(NULL, bad);
	ASSERT_LT(0, pid);
	t_kill(pid);
	EXPECT_EQ(-EFAULT, t_ioctl(self->fd, IPCX_IOC_REGION_LOCK, bad));
	EXPECT_EQ(0, writer_of(self->fd));
	EXPECT_EQ(-EPERM, t_region_unlock(self->fd));
	EXPECT_EQ(-EOWNERDEAD, t_ioctl(self->fd, IPCX_IOC_REGION_LOCK, &l));
	EXPECT_EQ(pid, l.out_dead_pid);
	EXPECT_EQ(0, t_region_unlock(self->fd));
}

/* Rows: D4 A6 */
TEST_F(region_lock, death_of_a_writer_wakes_the_waiters)
{
	pid_t holder = fork_holder(self->fd, WRITE_LOCK, self->board);
	pid_t waiter[2];

	ASSERT_LT(0, holder);
	T_STORE(&self->board->go, 1);
	for (int i = 0; i < 2; i++) {
		waiter[i] = fork_waiter(self->fd, READ_LOCK, self->board, 1);
		ASSERT_LT(0, waiter[i]);
	}
	t_kill(holder);
	EXPECT_EQ(EOWNERDEAD, t_reap(waiter[0]));
	EXPECT_EQ(EOWNERDEAD, t_reap(waiter[1]));
	EXPECT_TRUE(T_UNTIL(!readers_of(self->fd)));
}

/* exec is the death of what the old image held. */
TEST_F(region_lock, exec_of_the_writer_is_its_death)
{
	struct ipcx_info info = {};
	int dead = 0;
	pid_t pid;

	ASSERT_EQ(0, t_ioctl(self->dev, IPCX_IOC_INFO, &info));
	if (!(info.out_features & IPCX_FEATURE_EXEC_DEATH))
		SKIP(return, "the kernel does not report exec");
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* The descriptor stays open: it is not what counts. */
		fcntl(self->fd, F_SETFD, 0);
		if (t_region_lock(self->fd, WRITE_LOCK, 0, NULL))
			_exit(1);
		execl("/bin/sleep", "sleep", "60", NULL);
		_exit(2);
	}
	EXPECT_TRUE(T_UNTIL(inconsistent(self->fd) == 1));
	EXPECT_EQ(-EOWNERDEAD,
		  t_region_lock(self->fd, WRITE_LOCK, t_soon(), &dead));
	EXPECT_EQ(pid, dead);
	EXPECT_EQ(0, t_region_consistent(self->fd));
	EXPECT_EQ(0, t_region_unlock(self->fd));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
}

/* Rows: D4 D9 H1, bug class V4: @KILLS kills while the lock is held. */
TEST_F_TIMEOUT(region_lock, thousand_killed_writers_are_each_reported, 120)
{
	int dead;

	for (int i = 0, n = t_times(KILLS); i < n; i++) {
		pid_t pid = fork_holder(self->fd, WRITE_LOCK, self->board);

		ASSERT_LT(0, pid);
		ASSERT_EQ(128 + SIGKILL, t_kill(pid));
		dead = 0;
		ASSERT_EQ(-EOWNERDEAD,
			  t_region_lock(self->fd, WRITE_LOCK, t_soon(), &dead));
		ASSERT_EQ(pid, dead);
		ASSERT_EQ(0, t_region_consistent(self->fd));
		ASSERT_EQ(0, t_region_unlock(self->fd));
	}
	EXPECT_EQ(0, t_waiters(self->fd));
}

/* Bug class V4: kills at any moment of taking, holding and giving back. */
TEST_F_TIMEOUT(region_lock, killed_at_any_moment_nobody_is_stuck, 120)
{
	unsigned int seed = 1;

	for (int i = 0, n = t_times(KILLS / 4); i < n; i++) {
		pid_t pid[3];
		int ret;

		for (int k = 0; k < 3; k++) {
			pid[k] = t_fork();
			ASSERT_LE(0, pid[k]);
			while (!pid[k]) {
				t_region_lock(self->fd, k & 1, t_soon(), NULL);
				t_region_consistent(self->fd);
				t_region_unlock(self->fd);
			}
		}
		usleep(rand_r(&seed) % 3000);
		for (int k = 0; k < 3; k++)
			ASSERT_EQ(128 + SIGKILL, t_kill(pid[k]));
		ret = t_region_lock(self->fd, WRITE_LOCK, t_soon(), NULL);
		ASSERT_TRUE(ret == 0 || ret == -EOWNERDEAD);
		t_region_consistent(self->fd);
		ASSERT_EQ(0, t_region_unlock(self->fd));
	}
	EXPECT_EQ(0, t_waiters(self->fd));
	EXPECT_EQ(0, readers_of(self->fd));
}

/* ---- Doorbell ---------------------------------------------------------- */

/* Rows: D4 E1 */
TEST_F(region_lock, doorbell_counts_rings_and_wait_sees_each_once)
{
	uint64_t count = 0;

	EXPECT_EQ(-EAGAIN, t_region_wait(self->fd, 0, 0, NULL));
	EXPECT_EQ(0, t_region_ring(self->fd, &count));
	EXPECT_EQ(1, count);
	EXPECT_EQ(0, t_region_ring(self->fd, &count));
	EXPECT_EQ(2, count);
	EXPECT_EQ(0, t_region_wait(self->fd, 0, 0, &count));
	EXPECT_EQ(2, count);
	EXPECT_EQ(0, t_region_wait(self->fd, 1, 0, &count));
	EXPECT_EQ(2, count);
	EXPECT_EQ(-EAGAIN, t_region_wait(self->fd, 2, 0, NULL));
	EXPECT_EQ(-ETIMEDOUT, t_region_wait(self->fd, 2, t_in_ms(30), NULL));
	EXPECT_EQ(-EAGAIN, t_region_wait(self->fd, ~0ULL, 0, NULL));
}

/* Rows: E1 */
TEST_F(region_lock, ring_wakes_all_who_wait)
{
	uint64_t count = 0;
	pid_t pid[3];

	for (int i = 0; i < 3; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i]) {
			if (t_region_wait(self->fd, 0, t_soon(), &count))
				_exit(100);
			_exit(count);
		}
	}
	EXPECT_TRUE(T_UNTIL(t_waiters(self->fd) == 3));
	EXPECT_EQ(0, t_region_ring(self->fd, NULL));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(1, t_reap(pid[i]));
}

/* Rows: E1: readable when it was rung since this handle last waited. */
TEST_F(region_lock, poll_counts_from_what_this_handle_has_seen)
{
	int other = t_reduce(self->fd, T_RIGHTS_RW);

	ASSERT_LE(0, other);
	EXPECT_EQ(0, t_poll(self->fd, POLLIN, 0) & POLLIN);
	ASSERT_EQ(0, t_region_ring(other, NULL));
	EXPECT_EQ(POLLIN, t_poll(self->fd, POLLIN, 0) & POLLIN);
	EXPECT_EQ(POLLIN, t_poll(other, POLLIN, 0) & POLLIN);
	EXPECT_EQ(0, t_region_wait(self->fd, 0, 0, NULL));
	EXPECT_EQ(0, t_poll(self->fd, POLLIN, 0) & POLLIN);
	EXPECT_EQ(POLLIN, t_poll(other, POLLIN, 0) & POLLIN);
	close(other);
}

TEST_F(region_lock, doorbell_needs_the_rights)
{
	int reader = t_reduce(self->fd, IPCX_RIGHT_READ);
	int writer = t_reduce(self->fd, IPCX_RIGHT_WRITE);

	ASSERT_LE(0, reader);
	ASSERT_LE(0, writer);
	EXPECT_EQ(-EACCES, t_region_ring(reader, NULL));
	EXPECT_EQ(0, t_region_ring(writer, NULL));
	EXPECT_EQ(-EACCES, t_region_wait(writer, 0, 0, NULL));
	EXPECT_EQ(0, t_region_wait(reader, 0, 0, NULL));
	EXPECT_EQ(-EACCES, t_region_lock(reader, WRITE_LOCK, 0, NULL));
	EXPECT_EQ(-EACCES, t_region_lock(writer, READ_LOCK, 0, NULL));
	EXPECT_EQ(0, t_region_lock(reader, READ_LOCK, 0, NULL));
	EXPECT_EQ(0, t_region_unlock(reader));
	close(reader);
	close(writer);
}

/* ---- Destroy ----------------------------------------------------------- */

/* Rows: H1, bug class V1 V23 */
TEST_F(region_lock, destroy_ends_every_wait_and_keeps_the_mapping)
{
	uint32_t *p = t_map_rw(self->fd, T_PAGE);
	struct ipcx_stat s;
	pid_t pid[3];

	ASSERT_NE(NULL, p);
	p[0] = 4711;
	ASSERT_EQ(0, t_region_lock(self->fd, WRITE_LOCK, 0, NULL));
	for (int i = 0; i < 3; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i] && i == 2)
			_exit(-t_region_wait(self->fd, 0, t_soon(), NULL));
		if (!pid[i])
			_exit(-t_region_lock(self->fd, i, t_soon(), NULL));
	}
	EXPECT_TRUE(T_UNTIL(t_waiters(self->fd) == 3));
	EXPECT_EQ(0, t_destroy(self->fd));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(EIDRM, t_reap(pid[i]));
	EXPECT_EQ(POLLHUP | POLLERR,
		  t_poll(self->fd, POLLIN, 0) & (POLLHUP | POLLERR));
	EXPECT_EQ(-EIDRM, t_region_lock(self->fd, READ_LOCK, 0, NULL));
	EXPECT_EQ(-EIDRM, t_region_unlock(self->fd));
	EXPECT_EQ(-EIDRM, t_region_ring(self->fd, NULL));
	EXPECT_EQ(-EIDRM, t_region_wait(self->fd, 0, 0, NULL));
	EXPECT_EQ(-EIDRM, t_region_seal(self->fd, IPCX_SEAL_WRITE));
	EXPECT_EQ(-EIDRM, t_reduce(self->fd, IPCX_RIGHT_READ));
	EXPECT_EQ(-EIDRM, t_destroy(self->fd));
	EXPECT_EQ(EIDRM, t_map_error(self->fd, T_PAGE, PROT_READ, MAP_SHARED));
	ASSERT_EQ(0, t_stat(self->fd, &s));
	EXPECT_EQ(IPCX_STAT_F_DEAD, s.out_flags & IPCX_STAT_F_DEAD);
	EXPECT_EQ(0, s.out_holders);
	EXPECT_EQ(0, s.out_waiters);
	EXPECT_EQ(4711, p[0]);
	p[1] = 1;
	munmap(p, T_PAGE);
}

TEST_HARNESS_MAIN
