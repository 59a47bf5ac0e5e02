// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owned semaphores: the ledger knows who holds what, and brings it back.
 * The thousand kills are in death_test.c.
 *
 * Rows: A5 A6 A10 H6. Classes: V4 V28 V31.
 */
#include "ipcx_test.h"

/*
 * What this program does when it is executed by a test below: gives back what
 * the old image held, says that it runs, and stays alive.
 */
static int be_new_image(int sem, int out)
{
	char result = -t_sem_v(sem, 1);

	if (write(out, &result, 1) != 1)
		return 1;
	pause();
	return 0;
}

static void __attribute__((constructor)) image_main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "image"))
		_exit(be_new_image(atoi(argv[2]), atoi(argv[3])));
}

FIXTURE(owned)
{
	int dev;
	int fd; /* 4 of 4, RETURN */
	int report; /* 4 of 4, REPORT */
	int keep; /* 4 of 4, KEEP */
	int *shared;
};

FIXTURE_SETUP(owned)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->fd = t_sem_with(self->dev, IPCX_SEM_OWNED, 4, 4, IPCX_ORDER_FIFO,
			      IPCX_DEATH_RETURN);
	ASSERT_LE(0, self->fd);
	self->report = t_sem_with(self->dev, IPCX_SEM_OWNED, 4, 4,
				  IPCX_ORDER_FIFO, IPCX_DEATH_REPORT);
	ASSERT_LE(0, self->report);
	self->keep = t_sem_with(self->dev, IPCX_SEM_OWNED, 4, 4,
				IPCX_ORDER_PRIO, IPCX_DEATH_KEEP);
	ASSERT_LE(0, self->keep);
	self->shared = t_shared(4096);
	ASSERT_NE(NULL, self->shared);
}

FIXTURE_TEARDOWN(owned)
{
	close(self->keep);
	close(self->report);
	close(self->fd);
	close(self->dev);
}

/* A process that holds @units of @fd and sleeps: its pid, or -1. */
static pid_t holder(int fd, unsigned int units, int *ready)
{
	pid_t pid;

	T_STORE(ready, 0);
	pid = t_fork();
	if (!pid) {
		if (t_sem_p(fd, units, t_soon()))
			_exit(1);
		T_STORE(ready, 1);
		for (;;)
			pause();
	}
	return T_UNTIL(T_LOAD(ready)) ? pid : -1;
}

/* A process that takes @units of @fd and dies of SIGKILL at once: its pid. */
static pid_t dead_holder(int fd, unsigned int units)
{
	pid_t pid = t_fork();

	if (!pid) {
		if (t_sem_p(fd, units, t_soon()))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	return t_reap(pid) == 128 + SIGKILL ? pid : -1;
}

/* Rows: A5 A10. */
TEST_F(owned, units_are_counted_as_held_by_their_taker)
{
	struct ipcx_sem_stat s;
	struct ipcx_stat st;

	EXPECT_EQ(0, t_sem_p(self->fd, 3, 0));
	ASSERT_EQ(0, t_sem_stat(self->fd, &s));
	EXPECT_EQ(1, s.out_value);
	EXPECT_EQ(3, s.out_held);
	EXPECT_EQ(IPCX_SEM_OWNED, s.out_kind);
	ASSERT_EQ(0, t_stat(self->fd, &st));
	EXPECT_EQ(1, st.out_holders);
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(0, t_sem_v(self->fd, 2));
	ASSERT_EQ(0, t_stat(self->fd, &st));
	EXPECT_EQ(0, st.out_holders);
	EXPECT_EQ(4, t_sem_value(self->fd));
}

/* Rows: A10. */
TEST_F(owned, every_holding_process_is_counted_once)
{
	struct ipcx_stat st;
	pid_t a, b;

	a = holder(self->fd, 1, self->shared);
	b = holder(self->fd, 1, self->shared);
	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	EXPECT_EQ(0, t_sem_p(self->fd, 1, 0));
	ASSERT_EQ(0, t_stat(self->fd, &st));
	EXPECT_EQ(3, st.out_holders);
	EXPECT_EQ(4, t_sem_held(self->fd));
	t_kill(a);
	t_kill(b);
	ASSERT_EQ(0, t_stat(self->fd, &st));
	EXPECT_EQ(1, st.out_holders);
	EXPECT_EQ(2, t_sem_held(self->fd));
}

/* Rows: A5. Traps 14 15. */
TEST_F(owned, v_of_more_than_the_own_units_gives_eperm)
{
	uint64_t n = 1;

	EXPECT_EQ(-EPERM, t_sem_v(self->fd, 1));
	EXPECT_EQ(-1, write(self->fd, &n, sizeof(n)));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(0, t_sem_p(self->fd, 2, 0));
	EXPECT_EQ(-EPERM, t_sem_v(self->fd, 3));
	EXPECT_EQ(-EPERM, t_sem_v(self->fd, 0xffffffffU));
	EXPECT_EQ(-EINVAL, t_sem_v(self->fd, 0));
	EXPECT_EQ(2, t_sem_value(self->fd));
	EXPECT_EQ(8, write(self->fd, &n, sizeof(n)));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(-EPERM, t_sem_v(self->fd, 1));
	EXPECT_EQ(4, t_sem_value(self->fd));
}

/* Rows: A5 H6. */
TEST_F(owned, v_of_units_of_another_process_gives_eperm)
{
	pid_t pid = holder(self->fd, 2, self->shared);

	ASSERT_LT(0, pid);
	EXPECT_EQ(-EPERM, t_sem_v(self->fd, 1));
	EXPECT_EQ(2, t_sem_held(self->fd));
	t_kill(pid);
}

/* Rows: I4. READ is enough to give back what was taken. */
TEST_F(owned, a_read_only_handle_takes_and_gives_back)
{
	int fd = t_reduce(self->fd, IPCX_RIGHT_READ);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, t_sem_p(fd, 2, 0));
	EXPECT_EQ(0, t_sem_v(fd, 1));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	close(fd);
}

/* Rows: A5. Classes: V4. Known at once by who has waited for the process. */
TEST_F(owned, sigkill_of_a_holder_returns_its_units_once)
{
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_LT(0, dead_holder(self->fd, 1 + i % 4));
		ASSERT_EQ(4, t_sem_value(self->fd));
		ASSERT_EQ(0, t_sem_held(self->fd));
	}
}

/* Rows: A5. */
TEST_F(owned, an_exit_returns_units_as_a_kill_does)
{
	pid_t pid = t_fork();

	if (!pid)
		_exit(-t_sem_p(self->fd, 3, 0));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(4, t_sem_value(self->fd));
}

static void *wait_for_four(void *data)
{
	return (void *)(long)t_sem_p(*(int *)data, 4, t_soon());
}

/* Rows: A5. Classes: V23. */
TEST_F(owned, a_waiter_is_served_when_the_holder_is_killed)
{
	pid_t pid = holder(self->fd, 1, self->shared);
	pthread_t thread;
	void *ret;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_four, &self->fd));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->fd) == 1));
	kill(pid, SIGKILL);
	EXPECT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(0, (long)ret);
	EXPECT_EQ(4, t_sem_held(self->fd));
	t_reap(pid);
	EXPECT_EQ(4, t_sem_held(self->fd));
	EXPECT_EQ(0, t_sem_value(self->fd));
}

/* Rows: A5. A stopped holder is not a dead one. */
TEST_F(owned, a_stopped_holder_keeps_its_units)
{
	pid_t pid = holder(self->fd, 2, self->shared);
	int status;

	ASSERT_LT(0, pid);
	kill(pid, SIGSTOP);
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	EXPECT_EQ(2, t_sem_held(self->fd));
	EXPECT_EQ(-ETIMEDOUT, t_sem_p(self->fd, 3, t_in_ms(20)));
	t_kill(pid);
	EXPECT_EQ(4, t_sem_value(self->fd));
}

/* Rows: A6. */
TEST_F(owned, a_death_is_reported_once_with_pid_and_units)
{
	struct ipcx_sem_stat s;
	struct ipcx_sem_wait w;
	pid_t pid;

	pid = dead_holder(self->report, 3);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, t_sem_stat(self->report, &s));
	EXPECT_EQ(4, s.out_value);
	EXPECT_EQ(0, s.out_held);
	EXPECT_EQ(1, s.out_deaths);
	EXPECT_EQ(-EOWNERDEAD, t_sem_p_dead(self->report, 2, 0, &w));
	EXPECT_EQ(pid, w.out_dead_pid);
	EXPECT_EQ(3, w.out_dead_units);
	EXPECT_EQ(2, t_sem_held(self->report));
	EXPECT_EQ(0, t_sem_p_dead(self->report, 1, 0, &w));
	ASSERT_EQ(0, t_sem_stat(self->report, &s));
	EXPECT_EQ(0, s.out_deaths);
	EXPECT_EQ(3, s.out_held);
	EXPECT_EQ(0, t_sem_v(self->report, 3));
}

/*
 * Rows: A6. Who has reaped the dead is told of it, although units were
 * free all the time and what the dead held elsewhere is still being given back.
 */
TEST_F(owned, a_death_is_reported_to_who_reaped_it_though_units_are_free)
{
	enum {
		OTHERS = 500
	};
	int others[OTHERS];
	pid_t pid;

	for (int i = 0; i < OTHERS; i++) {
		others[i] = t_lock(self->dev, IPCX_DEATH_RETURN);
		ASSERT_LE(0, others[i]);
	}
	for (int round = 0; round < 5; round++) {
		struct ipcx_sem_wait w;

		pid = t_fork();
		if (!pid) {
			for (int i = 0; i < OTHERS; i++)
				if (t_sem_p(others[i], 1, 0))
					_exit(1);
			_exit(-t_sem_p(self->report, 1, 0));
		}
		ASSERT_EQ(0, t_reap(pid));
		EXPECT_EQ(-EOWNERDEAD, t_sem_p_dead(self->report, 1, 0, &w));
		EXPECT_EQ(pid, w.out_dead_pid);
		EXPECT_EQ(0, t_sem_v(self->report, 1));
	}
}

/* Rows: A6. */
TEST_F(owned, every_death_is_reported_to_one_taker)
{
	struct ipcx_sem_stat s;
	struct ipcx_sem_wait w;
	static const unsigned int units[] = { 1, 2, 1 };
	int i, j, seen[3] = {};
	pid_t pids[3];

	for (i = 0; i < 3; i++) {
		pids[i] = holder(self->report, units[i], self->shared);
		ASSERT_LT(0, pids[i]);
	}
	for (i = 0; i < 3; i++)
		t_kill(pids[i]);
	ASSERT_EQ(0, t_sem_stat(self->report, &s));
	EXPECT_EQ(3, s.out_deaths);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EOWNERDEAD, t_sem_p_dead(self->report, 1, 0, &w));
		for (j = 0; j < 3; j++)
			if (w.out_dead_pid == pids[j] &&
			    w.out_dead_units == units[j])
				seen[j]++;
	}
	for (j = 0; j < 3; j++)
		EXPECT_EQ(1, seen[j]);
	EXPECT_EQ(0, t_sem_p(self->report, 1, 0));
}

/* Rows: A6. */
TEST_F(owned, a_waiter_is_told_of_the_death_that_served_it)
{
	pid_t pid = holder(self->report, 4, self->shared), waiter;
	struct ipcx_sem_wait *w = t_shared(sizeof(*w));

	ASSERT_LT(0, pid);
	waiter = t_fork();
	if (!waiter)
		_exit(-t_sem_p_dead(self->report, 1, t_soon(), w));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(self->report) == 1));
	kill(pid, SIGKILL);
	EXPECT_EQ(EOWNERDEAD, t_reap(waiter));
	EXPECT_EQ(pid, w->out_dead_pid);
	EXPECT_EQ(4, w->out_dead_units);
	t_reap(pid);
}

/* Rows: A6. Classes: V30. In the taker's pid namespace that process is not. */
TEST_F(owned, the_pid_of_the_dead_is_told_as_the_taker_sees_it)
{
	struct ipcx_sem_wait w;
	pid_t pid;

	ASSERT_LT(0, dead_holder(self->report, 3));
	pid = t_fork();
	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(1);
		pid = fork();
		if (pid)
			_exit(pid < 0 ? 2 : t_reap(pid));
		if (t_sem_p_dead(self->report, 1, 0, &w) != -EOWNERDEAD)
			_exit(3);
		_exit(w.out_dead_pid || w.out_dead_units != 3 ? 4 : 0);
	}
	EXPECT_EQ(0, t_reap(pid));
}

/* Rows: A6. A taker that finds nothing free is not told, the next one is. */
TEST_F(owned, a_report_is_not_lost_to_a_call_that_fails)
{
	struct ipcx_sem_wait w;
	pid_t pid;

	EXPECT_EQ(0, t_sem_p(self->report, 3, 0));
	pid = dead_holder(self->report, 1);
	EXPECT_EQ(-EAGAIN, t_sem_p(self->report, 2, 0));
	EXPECT_EQ(-ETIMEDOUT, t_sem_p(self->report, 2, t_in_ms(2)));
	EXPECT_EQ(-EOWNERDEAD, t_sem_p_dead(self->report, 1, 0, &w));
	EXPECT_EQ(pid, w.out_dead_pid);
}

/* Rows: A6 B11. Classes: V6. Nor to one whose answer cannot be written. */
TEST_F(owned, a_report_is_not_lost_to_a_reply_that_faults)
{
	pid_t pid = dead_holder(self->report, 3);
	struct ipcx_sem_wait w, *bad;
	struct ipcx_sem_stat s;

	t_sem_wait_args(&w, 2, CLOCK_MONOTONIC, 0);
	bad = t_read_only(&w, sizeof(w));
	ASSERT_NE(NULL, bad);
	EXPECT_EQ(-EFAULT, t_ioctl(self->report, IPCX_IOC_SEM_WAIT, bad));
	ASSERT_EQ(0, t_sem_stat(self->report, &s));
	EXPECT_EQ(4, s.out_value);
	EXPECT_EQ(0, s.out_held);
	EXPECT_EQ(1, s.out_deaths);
	EXPECT_EQ(-EOWNERDEAD, t_ioctl(self->report, IPCX_IOC_SEM_WAIT, &w));
	EXPECT_EQ(pid, w.out_dead_pid);
	EXPECT_EQ(3, w.out_dead_units);
}

/* Rows: A6. */
TEST_F(owned, keep_leaves_the_units_taken)
{
	struct ipcx_sem_stat s;

	ASSERT_LT(0, dead_holder(self->keep, 3));
	ASSERT_EQ(0, t_sem_stat(self->keep, &s));
	EXPECT_EQ(1, s.out_value);
	EXPECT_EQ(3, s.out_held);
	EXPECT_EQ(-ETIMEDOUT, t_sem_p(self->keep, 2, t_in_ms(10)));
	EXPECT_EQ(-EPERM, t_sem_v(self->keep, 1));
	EXPECT_EQ(0, t_sem_p(self->keep, 1, 0));
	EXPECT_EQ(0, t_sem_v(self->keep, 1));
	EXPECT_EQ(1, t_sem_value(self->keep));
}

/* Rows: H6. Trap 37: holdings belong to the process, not to the descriptor. */
TEST_F(owned, a_forked_child_has_the_handle_but_not_the_units)
{
	pid_t pid;

	EXPECT_EQ(0, t_sem_p(self->fd, 2, 0));
	pid = t_fork();
	if (!pid) {
		if (t_sem_v(self->fd, 1) != -EPERM)
			_exit(1);
		_exit(-t_sem_p(self->fd, 1, 0));
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(2, t_sem_held(self->fd));
	EXPECT_EQ(2, t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_v(self->fd, 2));
}

/* Rows: H6. And the other way round: the parent dies, its child has the fd. */
TEST_F(owned, a_dead_parent_s_units_come_back_though_its_child_has_the_handle)
{
	pid_t parent, grandchild, *child = self->shared;

	parent = t_fork();
	if (!parent) {
		if (t_sem_p(self->fd, 3, 0))
			_exit(1);
		grandchild = fork();
		if (!grandchild) {
			prctl(PR_SET_PDEATHSIG, 0);
			for (;;)
				pause();
		}
		*child = grandchild;
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(parent));
	EXPECT_EQ(4, t_sem_value(self->fd));
	EXPECT_EQ(0, t_sem_held(self->fd));
	EXPECT_EQ(0, kill(*child, SIGKILL));
}

/* Rows: H6. Trap 17: a close is not a death. */
TEST_F(owned, closing_every_descriptor_does_not_return_the_units)
{
	char name[IPCX_NAME_SIZE];
	struct ipcx_sem_create c;
	int mine, *step = self->shared;
	pid_t pid;

	t_sem_args(&c, t_name(name, "owned"), IPCX_SEM_OWNED, 4, 4);
	mine = t_sem_create(self->dev, &c);
	ASSERT_LE(0, mine);
	pid = t_fork();
	if (!pid) {
		int fd, dup_fd = dup(mine);

		if (t_sem_p(mine, 2, 0) || close(mine) || close(dup_fd))
			_exit(1);
		T_STORE(step, 1);
		if (!T_UNTIL(T_LOAD(step) == 2))
			_exit(2);
		fd = t_open(self->dev, name, IPCX_TYPE_SEM, IPCX_RIGHT_READ);
		if (t_sem_v(fd, 1))
			_exit(3);
		close(fd);
		_exit(0);
	}
	ASSERT_TRUE(T_UNTIL(T_LOAD(step) == 1));
	EXPECT_EQ(2, t_sem_held(mine));
	T_STORE(step, 2);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(4, t_sem_value(mine));
	EXPECT_EQ(0, t_sem_held(mine));
	close(mine);
}

static void *take_one(void *data)
{
	return (void *)(long)t_sem_p(*(int *)data, 1, 0);
}

/* Joining is not all: how many threads the kernel still has of this process. */
static int count_threads(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) ? -errno : (int)st.st_nlink - 2;
}

/* Rows: H6. Trap 16: threads of one process share what it holds. */
TEST_F(owned, the_exit_of_a_thread_returns_nothing)
{
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, take_one, &self->fd));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(0, (long)ret);
	ASSERT_TRUE(T_UNTIL(count_threads() == 1));
	EXPECT_EQ(1, t_sem_held(self->fd));
	EXPECT_EQ(0, t_sem_v(self->fd, 1));
	EXPECT_EQ(4, t_sem_value(self->fd));
}

static void *outlive(void *data)
{
	int *step = data;

	T_UNTIL(T_LOAD(step) == 2);
	_exit(0);
}

/* Rows: H6. The first thread exits, the process lives on in another one. */
TEST_F(owned, the_exit_of_the_first_thread_returns_nothing_either)
{
	int *step = self->shared;
	pthread_t thread;
	pid_t pid;

	pid = t_fork();
	if (!pid) {
		if (t_sem_p(self->fd, 2, 0) ||
		    pthread_create(&thread, NULL, outlive, step))
			_exit(1);
		T_STORE(step, 1);
		syscall(SYS_exit, 0);
	}
	ASSERT_TRUE(T_UNTIL(T_LOAD(step) == 1));
	ASSERT_TRUE(T_UNTIL(t_state(pid) == 'Z'));
	EXPECT_EQ(2, t_sem_held(self->fd));
	T_STORE(step, 2);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, t_sem_held(self->fd));
	EXPECT_EQ(4, t_sem_value(self->fd));
}

/* What the new image got from V(1) on what the old one took, or -1. */
static int exec_holding(int fd, int keep_open, pid_t *pid)
{
	char path[4096], number[2][16], result;
	int out[2], n;

	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n < 0 || pipe(out))
		return -1;
	path[n] = '\0';
	*pid = t_fork();
	if (!*pid) {
		if (t_sem_p(fd, 2, 0))
			_exit(1);
		fcntl(fd, F_SETFD, keep_open ? 0 : FD_CLOEXEC);
		snprintf(number[0], sizeof(number[0]), "%d", fd);
		snprintf(number[1], sizeof(number[1]), "%d", out[1]);
		execl(path, path, "image", number[0], number[1], NULL);
		_exit(2);
	}
	close(out[1]);
	n = read(out[0], &result, 1);
	close(out[0]);
	return n == 1 ? result : -1;
}

static bool exec_is_death(int dev)
{
	struct ipcx_info i = {};

	return !t_ioctl(dev, IPCX_IOC_INFO, &i) &&
	       (i.out_features & IPCX_FEATURE_EXEC_DEATH);
}

/* Rows: H6 E5. Classes: V31. Trap 38. The process lives, its image does not. */
TEST_F(owned, exec_returns_what_the_old_image_held)
{
	pid_t pid;
	int keep;

	if (!exec_is_death(self->dev))
		SKIP(return, "without IPCX_FEATURE_EXEC_DEATH");
	for (keep = 0; keep < 2; keep++) {
		EXPECT_EQ(keep ? EPERM : EBADF,
			  exec_holding(self->fd, keep, &pid));
		EXPECT_EQ(0, kill(pid, 0));
		EXPECT_EQ(4, t_sem_value(self->fd));
		EXPECT_EQ(0, t_sem_held(self->fd));
		t_kill(pid);
		EXPECT_EQ(4, t_sem_value(self->fd));
	}
}

/* Rows: A6 H6. Classes: V31. */
TEST_F(owned, exec_is_reported_as_a_death_once)
{
	struct ipcx_sem_wait w;
	pid_t pid;

	if (!exec_is_death(self->dev))
		SKIP(return, "without IPCX_FEATURE_EXEC_DEATH");
	EXPECT_EQ(EBADF, exec_holding(self->report, 0, &pid));
	EXPECT_EQ(-EOWNERDEAD, t_sem_p_dead(self->report, 1, 0, &w));
	EXPECT_EQ(pid, w.out_dead_pid);
	EXPECT_EQ(2, w.out_dead_units);
	t_kill(pid);
	EXPECT_EQ(0, t_sem_p(self->report, 1, 0));
}

/* Rows: H6. An exec that fails is no death. */
TEST_F(owned, a_failed_exec_returns_nothing)
{
	EXPECT_EQ(0, t_sem_p(self->fd, 2, 0));
	EXPECT_EQ(-1, execl("/nonexistent/program", "program", NULL));
	EXPECT_EQ(-1, execl("/proc/self/status", "status", NULL));
	EXPECT_EQ(2, t_sem_held(self->fd));
	EXPECT_EQ(0, t_sem_v(self->fd, 2));
}

/* Rows: A5. Classes: V5. Destroyed or closed while units are out. */
TEST_F(owned, holdings_of_an_object_that_has_gone_go_with_it)
{
	pid_t pid = holder(self->fd, 2, self->shared);
	int other;

	ASSERT_LT(0, pid);
	EXPECT_EQ(0, t_destroy(self->fd));
	EXPECT_EQ(-EIDRM, t_sem_v(self->fd, 1));
	t_kill(pid);
	other = t_sem(self->dev, IPCX_SEM_OWNED, 2, 2);
	ASSERT_LE(0, other);
	EXPECT_EQ(0, t_sem_p(other, 1, 0));
	close(other);
	EXPECT_LT(0, dead_holder(self->report, 1));
}

TEST_HARNESS_MAIN
