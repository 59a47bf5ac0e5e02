// SPDX-License-Identifier: GPL-2.0-only
/* The library: every kind of object; T15's two examples. */
#include "ipcx_fd.h"

#include <ipcx.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define PROCESSES 4
#define ROUNDS	  300

FIXTURE(library)
{
	struct ipcx *ipcx;
	char name[IPCX_NAME_SIZE];
	struct t_census before;
};

FIXTURE_SETUP(library)
{
	self->before = t_census();
	ASSERT_EQ(0, ipcx_open(NULL, &self->ipcx));
	t_name(self->name, "lib");
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(library)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static struct ipcx_sem *make_sem(struct ipcx *ipcx, uint32_t kind,
				 uint32_t initial, uint32_t max)
{
	struct ipcx_sem_config config = {
		.kind = kind,
		.initial = initial,
		.max = max,
	};
	struct ipcx_sem *sem;

	return ipcx_sem_create(ipcx, NULL, &config, &sem) ? NULL : sem;
}

static struct ipcx_lock *make_lock(struct ipcx *ipcx)
{
	struct ipcx_lock_config config = { .on_death = IPCX_DEATH_REPORT };
	struct ipcx_lock *lock;

	return ipcx_lock_create(ipcx, NULL, &config, &lock) ? NULL : lock;
}

static uint32_t value_of(struct ipcx_sem *sem)
{
	uint32_t value = T_POISON32;

	ipcx_sem_value(sem, &value);
	return value;
}

static struct ipcx_deadline soon(void)
{
	return ipcx_deadline_in(T_LONG);
}

/* ---- Conventions ------------------------------------------------------- */

/* Rows: L1 */
TEST_F(library, failure_leaves_errno_and_outputs_alone)
{
	struct ipcx_sem_config config = { .max = 1 };
	struct ipcx_sem *sem = (void *)0x1234;
	struct ipcx *other = (void *)0x1234;

	errno = 4242;
	EXPECT_EQ(-ENOENT, ipcx_open("/nowhere", &other));
	EXPECT_EQ(-ENOTTY, ipcx_open("/dev/null", &other));
	EXPECT_EQ((void *)0x1234, other);
	EXPECT_EQ(-ENOENT, ipcx_sem_open(self->ipcx, self->name, 0, &sem));
	EXPECT_EQ(-EINVAL, ipcx_sem_open(self->ipcx, "bad name", 0, &sem));
	config.reserved[3] = 1;
	EXPECT_EQ(-EINVAL, ipcx_sem_create(self->ipcx, NULL, &config, &sem));
	EXPECT_EQ((void *)0x1234, sem);
	EXPECT_EQ(4242, errno);
	ipcx_sem_free(NULL);
	ipcx_lock_free(NULL);
	ipcx_region_free(NULL);
	ipcx_close(NULL);
}

TEST_F(library, context_tells_what_the_kernel_offers)
{
	struct ipcx_info info;
	struct ipcx_quota quota;

	memset(&info, T_POISON, sizeof(info));
	ASSERT_EQ(0, ipcx_info(self->ipcx, &info));
	EXPECT_EQ(IPCX_ABI_VERSION, info.out_abi_version);
	EXPECT_EQ(IPCX_SEM_VALUE_MAX, info.out_max_value);
	ASSERT_EQ(0, ipcx_quota(self->ipcx, &quota));
	EXPECT_LE(1, quota.out_used[IPCX_RESOURCE_HANDLES]);
	EXPECT_NE(NULL, ipcx_version());
	EXPECT_EQ(FD_CLOEXEC, fcntl(ipcx_fd(self->ipcx), F_GETFD));
}

/* Rows: A3 H8 */
TEST_F(library, deadlines_are_made_from_every_kind_of_time)
{
	struct ipcx_sem *sem = make_sem(self->ipcx, IPCX_SEM_PLAIN, 0, 1);
	struct timespec past = { .tv_sec = 1 };
	struct timespec bad = { .tv_nsec = 1000000000 };
	unsigned long long start = t_now();
	struct ipcx_deadline d;

	ASSERT_NE(NULL, sem);
	EXPECT_EQ(-EAGAIN, ipcx_sem_timedwait(sem, IPCX_NOWAIT));
	d = ipcx_deadline_in(50 * T_MSEC);
	EXPECT_EQ(-ETIMEDOUT, ipcx_sem_timedwait(sem, &d));
	EXPECT_LE(50 * T_MSEC, t_now() - start);
	d = ipcx_deadline_in(0);
	EXPECT_EQ(-ETIMEDOUT, ipcx_sem_timedwait(sem, &d));
	d = ipcx_deadline_in(UINT64_MAX);
	EXPECT_EQ(IPCX_FOREVER, d.ns);
	ASSERT_EQ(0, ipcx_deadline_at(CLOCK_REALTIME, &past, &d));
	EXPECT_EQ(-ETIMEDOUT, ipcx_sem_timedwait(sem, &d));
	EXPECT_EQ(-EINVAL, ipcx_deadline_at(CLOCK_REALTIME, &bad, &d));
	EXPECT_EQ(-EINVAL, ipcx_deadline_at(99, &past, &d));
	ASSERT_EQ(0, ipcx_deadline_in_on(CLOCK_BOOTTIME, T_MSEC, &d));
	EXPECT_EQ(-ETIMEDOUT, ipcx_sem_timedwait(sem, &d));
	ipcx_sem_free(sem);
}

/* ---- Semaphores -------------------------------------------------------- */

/* Rows: T14 A1 A2 */
TEST_F(library, semaphore_takes_and_gives_all_or_nothing)
{
	struct ipcx_sem *sem = make_sem(self->ipcx, IPCX_SEM_PLAIN, 3, 5);

	ASSERT_NE(NULL, sem);
	EXPECT_EQ(0, ipcx_sem_trywait(sem));
	EXPECT_EQ(2, value_of(sem));
	EXPECT_EQ(-EAGAIN, ipcx_sem_wait_n(sem, 3, IPCX_NOWAIT, NULL));
	EXPECT_EQ(2, value_of(sem));
	EXPECT_EQ(0, ipcx_sem_wait_n(sem, 2, IPCX_NOWAIT, NULL));
	EXPECT_EQ(-EAGAIN, ipcx_sem_trywait(sem));
	EXPECT_EQ(0, ipcx_sem_post_n(sem, 5));
	EXPECT_EQ(-EOVERFLOW, ipcx_sem_post(sem));
	EXPECT_EQ(5, value_of(sem));
	EXPECT_EQ(-EINVAL, ipcx_sem_post_n(sem, 0));
	EXPECT_EQ(-EINVAL, ipcx_sem_wait_n(sem, 0, NULL, NULL));
	EXPECT_EQ(-EINVAL, ipcx_sem_wait_n(sem, 6, NULL, NULL));
	ipcx_sem_free(sem);
}

/* Rows: T14 A6 H6 */
TEST_F(library, death_of_an_owner_is_told_with_pid_and_units)
{
	struct ipcx_sem_config config = {
		.kind = IPCX_SEM_OWNED,
		.initial = 4,
		.max = 4,
		.on_death = IPCX_DEATH_REPORT,
	};
	struct ipcx_deadline d = soon();
	struct ipcx_death death = {};
	struct ipcx_sem *sem;
	pid_t pid;

	ASSERT_EQ(0, ipcx_sem_create(self->ipcx, NULL, &config, &sem));
	EXPECT_EQ(1, ipcx_sem_is_new(sem));
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(-ipcx_sem_wait_n(sem, 3, NULL, NULL));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(-EOWNERDEAD, ipcx_sem_wait_n(sem, 4, &d, &death));
	EXPECT_EQ(pid, death.pid);
	EXPECT_EQ(3, death.units);
	EXPECT_EQ(0, ipcx_sem_post_n(sem, 4));
	EXPECT_EQ(-EPERM, ipcx_sem_post(sem));
	ipcx_sem_free(sem);
}

/* Rows: K1 T14: what no one contends for costs no system call. */
TEST_F(library, uncontended_operations_need_no_system_call)
{
	struct ipcx_sem *sem = make_sem(self->ipcx, IPCX_SEM_PLAIN, 1, 1);
	struct ipcx_lock *lock = make_lock(self->ipcx);
	pid_t pid;

	ASSERT_NE(NULL, sem);
	ASSERT_NE(NULL, lock);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* The first use may still attach. */
		if (ipcx_lock_acquire(lock) || ipcx_lock_release(lock) ||
		    ipcx_sem_wait(sem) || ipcx_sem_post(sem))
			_exit(1);
		/* From here on only read, write and exit are allowed. */
		if (prctl(PR_SET_SECCOMP, 1))
			_exit(77);
		for (int i = 0, n = t_times(1000); i < n; i++) {
			if (ipcx_lock_acquire(lock) ||
			    ipcx_lock_release(lock) || ipcx_sem_wait(sem) ||
			    ipcx_sem_post(sem))
				syscall(__NR_exit, 2);
		}
		syscall(__NR_exit, 0);
	}
	switch (t_reap(pid)) {
	case 0:
		break;
	case 77:
		ipcx_sem_free(sem);
		ipcx_lock_free(lock);
		SKIP(return, "the kernel has no seccomp");
	default:
		EXPECT_TRUE(false);
	}
	ipcx_sem_free(sem);
	ipcx_lock_free(lock);
}

/* ---- The two worked examples ------------------------------------------- */

/* Rows: T15 (mutual exclusion of a critical section) T14 */
TEST_F(library, critical_section_is_entered_by_one_process_at_a_time)
{
	struct ipcx_sem *mutex = make_sem(self->ipcx, IPCX_SEM_PLAIN, 1, 1);
	volatile uint32_t *shared = t_shared(T_PAGE);
	pid_t pid[PROCESSES];

	ASSERT_NE(NULL, mutex);
	for (int i = 0; i < PROCESSES; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (pid[i])
			continue;
		for (int n = 0; n < ROUNDS; n++) {
			uint32_t old;

			if (ipcx_sem_wait(mutex)) /* P */
				_exit(1);
			old = shared[0];
			if (!(n & 15))
				sched_yield();
			shared[0] = old + 1;
			if (ipcx_sem_post(mutex)) /* V */
				_exit(2);
		}
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		EXPECT_EQ(0, t_reap(pid[i]));
	EXPECT_EQ(PROCESSES * ROUNDS, shared[0]);
	EXPECT_EQ(1, value_of(mutex));
	ipcx_sem_free(mutex);
	munmap((void *)shared, T_PAGE);
}

/* Rows: T15 (ordering of processes): each waits for the one before it. */
TEST_F(library, processes_run_in_the_order_that_semaphores_give)
{
	struct ipcx_sem *before[PROCESSES];
	int *log = t_shared(T_PAGE);
	pid_t pid[PROCESSES];

	for (int i = 0; i < PROCESSES; i++) {
		before[i] = make_sem(self->ipcx, IPCX_SEM_PLAIN, 0, 1);
		ASSERT_NE(NULL, before[i]);
	}
	/* The last is started first: it is the semaphores that order them. */
	for (int i = PROCESSES - 1; i >= 0; i--) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (pid[i])
			continue;
		if (ipcx_sem_wait(before[i]))
			_exit(1);
		log[T_ADD(&log[PROCESSES], 1) - 1] = i + 1;
		if (i + 1 < PROCESSES && ipcx_sem_post(before[i + 1]))
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(0, ipcx_sem_post(before[0]));
	for (int i = 0; i < PROCESSES; i++) {
		EXPECT_EQ(0, t_reap(pid[i]));
		EXPECT_EQ(i + 1, log[i]);
		ipcx_sem_free(before[i]);
	}
	munmap(log, T_PAGE);
}

/* Rows: T14 T15: bounded buffer of one producer and one consumer. */
TEST_F(library, producer_and_consumer_never_overrun_the_buffer)
{
	enum {
		SLOTS = 4,
		ITEMS = 1000
	};
	struct ipcx_sem *empty =
		make_sem(self->ipcx, IPCX_SEM_PLAIN, SLOTS, SLOTS);
	struct ipcx_sem *full = make_sem(self->ipcx, IPCX_SEM_PLAIN, 0, SLOTS);
	volatile uint32_t *slot = t_shared(T_PAGE);
	struct ipcx_deadline d = soon();
	pid_t pid;

	ASSERT_NE(NULL, empty);
	ASSERT_NE(NULL, full);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		for (uint32_t i = 0; i < ITEMS; i++) {
			if (ipcx_sem_wait(empty))
				_exit(1);
			slot[i % SLOTS] = i;
			if (ipcx_sem_post(full))
				_exit(2);
		}
		_exit(0);
	}
	for (uint32_t i = 0; i < ITEMS; i++) {
		ASSERT_EQ(0, ipcx_sem_timedwait(full, &d));
		ASSERT_EQ(i, slot[i % SLOTS]);
		ASSERT_EQ(0, ipcx_sem_post(empty));
	}
	EXPECT_EQ(0, t_reap(pid));
	ipcx_sem_free(empty);
	ipcx_sem_free(full);
	munmap((void *)slot, T_PAGE);
}

/* Rows: T15: two processes that take turns with one call each. */
TEST_F(library, handoff_gives_and_takes_in_one_call)
{
	struct ipcx_sem *a = make_sem(self->ipcx, IPCX_SEM_PLAIN, 0, 1);
	struct ipcx_sem *b = make_sem(self->ipcx, IPCX_SEM_PLAIN, 0, 1);
	struct ipcx_deadline d = soon();
	pid_t pid;

	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (ipcx_sem_wait(a))
			_exit(1);
		for (int i = 0; i < ROUNDS - 1; i++) {
			uint32_t units = 1;

			if (ipcx_sem_handoff(b, &units, a, 1, NULL, NULL))
				_exit(2);
		}
		_exit(-ipcx_sem_post(b));
	}
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t units = 1;

		ASSERT_EQ(0, ipcx_sem_handoff(a, &units, b, 1, &d, NULL));
		ASSERT_EQ(0, units);
	}
	EXPECT_EQ(0, t_reap(pid));
	ipcx_sem_free(a);
	ipcx_sem_free(b);
}

/* ---- Locks ------------------------------------------------------------- */

/* Rows: T1 K1 */
TEST_F(library, lock_excludes_processes_and_threads_may_release_it)
{
	struct ipcx_lock *lock = make_lock(self->ipcx);
	pid_t pid;

	ASSERT_NE(NULL, lock);
	ASSERT_EQ(0, ipcx_lock_acquire(lock));
	EXPECT_EQ(-EAGAIN, ipcx_lock_try(lock));
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* The child never acts under its parent's id. */
		if (ipcx_lock_release(lock) != -EPERM)
			_exit(1);
		_exit(ipcx_lock_try(lock) == -EAGAIN ? 0 : 2);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, ipcx_lock_release(lock));
	EXPECT_EQ(-EPERM, ipcx_lock_release(lock));
	EXPECT_EQ(-EPERM, ipcx_lock_consistent(lock));
	ipcx_lock_free(lock);
}

/* Rows: A6 D4 H6: a thousand deaths, each of a holder in user space. */
TEST_F_TIMEOUT(library, lock_survives_a_thousand_deaths_of_its_holder, 120)
{
	struct ipcx_lock *lock = make_lock(self->ipcx);
	struct ipcx_deadline d;

	ASSERT_NE(NULL, lock);
	for (int i = 0, n = t_times(1000); i < n; i++) {
		pid_t pid = t_fork(), dead = 0;

		ASSERT_LE(0, pid);
		if (!pid) {
			int ret = ipcx_lock_acquire(lock);

			_exit(ret == 0 ? 0 : 1);
		}
		ASSERT_EQ(0, t_reap(pid));
		d = soon();
		ASSERT_EQ(-EOWNERDEAD,
			  ipcx_lock_acquire_until(lock, &d, &dead));
		ASSERT_EQ(pid, dead);
		ASSERT_EQ(0, ipcx_lock_consistent(lock));
		ASSERT_EQ(0, ipcx_lock_release(lock));
	}
	ipcx_lock_free(lock);
}

/* Rows: H6: fork while the parent holds it and the child takes it next. */
TEST_F(library, child_takes_the_lock_when_the_parent_releases_it)
{
	struct ipcx_lock *lock = make_lock(self->ipcx);
	pid_t pid;

	ASSERT_NE(NULL, lock);
	ASSERT_EQ(0, ipcx_lock_acquire(lock));
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (ipcx_lock_acquire(lock))
			_exit(1);
		_exit(-ipcx_lock_release(lock));
	}
	EXPECT_TRUE(T_UNTIL(t_waiters(ipcx_lock_fd(lock)) == 1));
	EXPECT_EQ(0, ipcx_lock_release(lock));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, ipcx_lock_try(lock));
	EXPECT_EQ(0, ipcx_lock_release(lock));
	ipcx_lock_free(lock);
}

/* ---- Regions and names ------------------------------------------------- */

/* Rows: T1 */
TEST_F(library, region_is_shared_by_name_and_guarded_by_its_lock)
{
	struct ipcx_region_config config = { .size = T_PAGE };
	struct ipcx_region *region;
	volatile uint32_t *p;
	void *addr;
	size_t size;
	pid_t pid;

	ASSERT_EQ(0,
		  ipcx_region_create(self->ipcx, self->name, &config, &region));
	ASSERT_EQ(0, ipcx_region_map(region, PROT_READ | PROT_WRITE, &addr,
				     &size));
	ASSERT_EQ(T_PAGE, size);
	p = addr;
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct ipcx_region *own;

		if (ipcx_region_open(self->ipcx, self->name, 0, &own) ||
		    ipcx_region_map(own, PROT_READ | PROT_WRITE, &addr, NULL))
			_exit(1);
		p = addr;
		for (int i = 0; i < ROUNDS; i++) {
			if (ipcx_region_lock_write(own))
				_exit(2);
			p[0]++;
			if (ipcx_region_unlock(own))
				_exit(3);
		}
		_exit(ipcx_region_ring(own, NULL) ? 4 : 0);
	}
	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, ipcx_region_lock_write(region));
		p[0]++;
		ASSERT_EQ(0, ipcx_region_unlock(region));
	}
	EXPECT_EQ(0, ipcx_region_wait(region, 0, NULL, NULL));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(2 * ROUNDS, p[0]);
	ipcx_region_free(region);
	ipcx_region_unmap(addr, size);
}

TEST_F(library, descriptors_become_handles_of_their_type_only)
{
	struct ipcx_sem *sem = make_sem(self->ipcx, IPCX_SEM_PLAIN, 1, 1);
	struct ipcx_region *region = NULL;
	struct ipcx_lock *lock = NULL;
	struct ipcx_sem *other;
	int fd, null;

	ASSERT_NE(NULL, sem);
	fd = dup(ipcx_sem_fd(sem));
	EXPECT_EQ(-EMEDIUMTYPE, ipcx_region_from_fd(fd, &region));
	EXPECT_EQ(-EMEDIUMTYPE, ipcx_lock_from_fd(fd, &lock));
	ASSERT_EQ(0, ipcx_sem_from_fd(fd, &other));
	EXPECT_EQ(0, ipcx_sem_wait(other));
	EXPECT_EQ(-EAGAIN, ipcx_sem_trywait(sem));
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT_EQ(-ENOTTY, ipcx_region_from_fd(null, &region));
	EXPECT_EQ(-EBADF, ipcx_region_from_fd(-1, &region));
	EXPECT_EQ(NULL, region);
	EXPECT_EQ(NULL, lock);
	close(null);
	ipcx_sem_free(other);
	ipcx_sem_free(sem);
}

/* Rows: T4 B1 B4 B5 B13 */
TEST_F(library, mailbox_sends_receives_peeks_and_counts)
{
	struct ipcx_send_message out[3] = {
		{ .data = (uintptr_t) "one", .size = 3, .tag = 1 },
		{ .data = (uintptr_t) "two",
		  .size = 3,
		  .tag = 2,
		  .priority = 5 },
		{ .data = (uintptr_t) "three", .size = 5, .tag = 3 },
	};
	const struct ipcx_mailbox_want third = { .match = IPCX_MATCH_TAG,
						 .tag = 3 };
	struct ipcx_recv_message in[3] = {};
	struct ipcx_mailbox_stat stat;
	struct ipcx_mailbox *box, *own;
	char data[3][16];
	uint32_t count = 0;
	size_t size = 0;

	ASSERT_EQ(0, ipcx_mailbox_create(self->ipcx, self->name, NULL, &box));
	EXPECT_EQ(1, ipcx_mailbox_is_new(box));
	ASSERT_EQ(0, ipcx_mailbox_open(self->ipcx, self->name, 0, &own));
	EXPECT_EQ(0, ipcx_mailbox_is_new(own));
	ASSERT_EQ(0, ipcx_mailbox_send_messages(box, out, 3, IPCX_FULL_DEFAULT,
						NULL, &count));
	EXPECT_EQ(3, count);
	for (int i = 0; i < 3; i++) {
		in[i].data = (uintptr_t)data[i];
		in[i].size = sizeof(data[i]);
	}
	ASSERT_EQ(0, ipcx_mailbox_peek(own, 1, in, 3, NULL, &count));
	EXPECT_EQ(2, count);
	EXPECT_EQ(1, in[0].out_tag);
	ASSERT_EQ(0, ipcx_mailbox_receive_messages(own, in, 1, &third,
						   IPCX_NOWAIT, &count));
	EXPECT_EQ(1, count);
	EXPECT_EQ(0, memcmp(data[0], "three", 5));
	EXPECT_EQ(-EAGAIN, ipcx_mailbox_receive_messages(own, in, 1, &third,
							 IPCX_NOWAIT, &count));
	EXPECT_EQ(-EMSGSIZE, ipcx_mailbox_receive(own, data[0], 2, &size));
	EXPECT_EQ(3, size);
	EXPECT_EQ(0, ipcx_mailbox_receive(own, data[0], 16, &size));
	EXPECT_EQ(0, memcmp(data[0], "two", 3));
	ASSERT_EQ(0, ipcx_mailbox_stat(own, &stat));
	EXPECT_EQ(1, stat.out_messages);
	EXPECT_EQ(3, stat.out_sent);
	EXPECT_EQ(2, stat.out_received);
	ipcx_mailbox_free(box);
	ipcx_mailbox_free(own);
	ipcx_mailbox_free(NULL);
}

/* Rows: B13 I6 K2. Of any length, with descriptors, and used again. */
TEST_F(library, message_is_built_sent_and_received)
{
	struct ipcx_mailbox_config config = { .flags = IPCX_MAILBOX_F_FDS,
					      .max_size = 1 << 20 };
	const size_t size = 300000;
	char *big = malloc(size), *end;
	struct ipcx_message *out, *in;
	struct ipcx_mailbox *box;
	int pair[2], fd, open_before;
	const char *data;
	size_t got = 1;

	memset(big, 'b', size);
	ASSERT_EQ(0, pipe(pair));
	ASSERT_EQ(0, ipcx_mailbox_create(self->ipcx, NULL, &config, &box));
	ASSERT_EQ(0, ipcx_message_new(&out));
	ASSERT_EQ(0, ipcx_message_new(&in));
	EXPECT_EQ(NULL, ipcx_message_data(in, &got));
	EXPECT_EQ(0, got);
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(0, ipcx_message_append(out, "0123456789" + i, 1));
	ASSERT_EQ(0, ipcx_message_append_fd(out, pair[1]));
	ipcx_message_set_priority(out, 3);
	ipcx_message_set_tag(out, 99);
	/* Twice: the message stays as it is. */
	ASSERT_EQ(0, ipcx_message_send(out, box, 0, IPCX_NOWAIT));
	ASSERT_EQ(0, ipcx_message_send(out, box, 0, IPCX_NOWAIT));
	ipcx_message_reset(out);
	close(pair[1]);
	ASSERT_EQ(0, ipcx_message_append_ref(out, big, size / 2));
	ASSERT_EQ(0, ipcx_message_append_ref(out, big + size / 2, size / 2));
	ASSERT_EQ(0, ipcx_message_send(out, box, 0, IPCX_NOWAIT));

	open_before = t_count_fds();
	ASSERT_EQ(0, ipcx_message_receive(in, box, NULL, IPCX_NOWAIT));
	data = ipcx_message_data(in, &got);
	ASSERT_EQ(10, got);
	EXPECT_EQ(0, memcmp(data, "0123456789", 10));
	EXPECT_EQ(99, ipcx_message_facts(in)->out_tag);
	EXPECT_EQ(3, ipcx_message_facts(in)->out_priority);
	fd = ipcx_message_take_fd(in, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOENT, ipcx_message_take_fd(in, 0));
	EXPECT_EQ(-ENOENT, ipcx_message_take_fd(in, 1));
	EXPECT_EQ(1, write(fd, "x", 1));
	/* What is not taken is closed by what comes next. */
	ASSERT_EQ(0, ipcx_message_receive(in, box, NULL, IPCX_NOWAIT));
	EXPECT_EQ(open_before + 2, t_count_fds());
	ASSERT_EQ(0, ipcx_message_receive(in, box, NULL, IPCX_NOWAIT));
	EXPECT_EQ(open_before + 1, t_count_fds());
	data = ipcx_message_data(in, &got);
	ASSERT_EQ(size, got);
	EXPECT_EQ(0, memcmp(data, big, size));
	EXPECT_EQ(0, ipcx_message_facts(in)->out_priority);
	EXPECT_TRUE(ipcx_message_facts(in)->out_flags &
		    IPCX_MESSAGE_OUT_MAPPED);
	end = (char *)(uintptr_t)ipcx_message_facts(in)->out_data;
	EXPECT_EQ(-EAGAIN, ipcx_message_receive(in, box, NULL, IPCX_NOWAIT));
	EXPECT_EQ(NULL, ipcx_message_data(in, NULL));
	/* For who does not ask for descriptors: another error than for bytes. */
	ASSERT_EQ(0, ipcx_message_append_fd(out, fd));
	ASSERT_EQ(0, ipcx_message_send(out, box, 0, IPCX_NOWAIT));
	EXPECT_EQ(-EMSGSIZE, ipcx_mailbox_receive(box, big, size - 1, &got));
	EXPECT_EQ(size, got);
	EXPECT_EQ(-ENOBUFS, ipcx_mailbox_receive(box, big, size, NULL));
	/* It is not mapped any more. */
	EXPECT_EQ(-1, msync(end, size, MS_ASYNC));
	EXPECT_EQ(ENOMEM, errno);
	close(fd);
	ipcx_message_free(in);
	ipcx_message_free(out);
	ipcx_message_free(NULL);
	ipcx_mailbox_free(box);
	free(big);
}

TEST_F(library, message_has_limits)
{
	struct ipcx_message *out;

	ASSERT_EQ(0, ipcx_message_new(&out));
	for (unsigned int i = 0; i < IPCX_PARTS_MAX; i++)
		ASSERT_EQ(0, ipcx_message_append_ref(out, "x", 1));
	EXPECT_EQ(-EMSGSIZE, ipcx_message_append_ref(out, "x", 1));
	EXPECT_EQ(-EMSGSIZE, ipcx_message_append(out, "x", 1));
	ipcx_message_reset(out);
	EXPECT_EQ(-EMSGSIZE,
		  ipcx_message_append(out, "x", IPCX_MESSAGE_SIZE_MAX + 1UL));
	EXPECT_EQ(0, ipcx_message_append(out, NULL, 0));
	EXPECT_EQ(-EBADF, ipcx_message_append_fd(out, -1));
	for (unsigned int i = 0; i < IPCX_MESSAGE_FDS_MAX; i++)
		ASSERT_EQ(0, ipcx_message_append_fd(out, 0));
	EXPECT_EQ(-EMSGSIZE, ipcx_message_append_fd(out, 0));
	ipcx_message_free(out);
}

/* Rows: B6 */
TEST_F(library, message_goes_to_all_mailboxes_or_to_none)
{
	struct ipcx_mailbox_config small = { .max_messages = 1 };
	struct ipcx_mailbox *box[2];
	struct ipcx_message *out;
	uint32_t index = 99;
	char data[16];

	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, ipcx_mailbox_create(self->ipcx, NULL, &small,
						 &box[i]));
	ASSERT_EQ(0, ipcx_message_new(&out));
	ASSERT_EQ(0, ipcx_message_append(out, "all", 3));
	ASSERT_EQ(0, ipcx_message_send_all(out, self->ipcx, box, 2, 0,
					   IPCX_NOWAIT, &index));
	EXPECT_EQ(99, index);
	ASSERT_EQ(0, ipcx_mailbox_receive(box[0], data, 16, NULL));
	EXPECT_EQ(-EAGAIN, ipcx_message_send_all(out, self->ipcx, box, 2, 0,
						 IPCX_NOWAIT, &index));
	EXPECT_EQ(1, index);
	EXPECT_EQ(-EINVAL, ipcx_message_send_all(out, self->ipcx, box, 0, 0,
						 IPCX_NOWAIT, &index));
	EXPECT_EQ(0, index);
	ipcx_message_free(out);
	for (int i = 0; i < 2; i++)
		ipcx_mailbox_free(box[i]);
}

static int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

/* Rows: T3 B3 */
TEST_F(library, inbox_is_found_by_pid_and_by_pidfd)
{
	struct ipcx_mailbox_config open_to_all = { .mode = 0622 };
	struct ipcx_mailbox *own, *box;
	pid_t parent = getpid(), pid;
	char data[16];
	size_t size;

	EXPECT_EQ(-ENXIO, ipcx_inbox_send(self->ipcx, parent, "x", 1));
	ASSERT_EQ(0, ipcx_inbox_open(self->ipcx, &open_to_all, &own));
	EXPECT_EQ(-EEXIST, ipcx_inbox_open(self->ipcx, NULL, &box));
	pid = fork();
	if (!pid) {
		int fd = pidfd_of(parent);

		if (ipcx_inbox_send(self->ipcx, parent, "pid", 3) ||
		    ipcx_inbox_find_pidfd(self->ipcx, fd, &box))
			_exit(1);
		_exit(-ipcx_mailbox_send(box, "pidfd", 5));
	}
	ASSERT_EQ(0, ipcx_mailbox_receive(own, data, sizeof(data), &size));
	EXPECT_EQ(3, size);
	ASSERT_EQ(0, ipcx_mailbox_receive(own, data, sizeof(data), &size));
	EXPECT_EQ(5, size);
	EXPECT_EQ(0, memcmp(data, "pidfd", 5));
	EXPECT_EQ(0, t_reap(pid));
	ipcx_mailbox_free(own);
}

/* Whether the process of a pidfd is a child of ours that has ended. */
static bool pidfd_is(int pidfd, pid_t pid)
{
	siginfo_t info = {};

	return !waitid(P_PIDFD, pidfd, &info, WEXITED | WNOWAIT) &&
	       info.si_pid == pid;
}

static void *send_later(void *arg)
{
	usleep(20000);
	return (void *)(intptr_t)ipcx_mailbox_send(arg, "late", 4);
}

static void *receive_later(void *arg)
{
	char got[8];

	usleep(20000);
	return (void *)(intptr_t)ipcx_mailbox_receive(arg, got, sizeof(got),
						      NULL);
}

/* Rows: T4. They wait, whatever the descriptor's flags say. */
TEST_F(library, simple_calls_wait_on_any_descriptor)
{
	struct ipcx_mailbox_config config = { .max_messages = 1 };
	struct ipcx_mailbox *box;
	char got[8] = "";
	size_t size = 0;
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, ipcx_mailbox_create(self->ipcx, NULL, &config, &box));
	ASSERT_EQ(0, fcntl(ipcx_mailbox_fd(box), F_SETFL, O_NONBLOCK));
	errno = EXDEV;
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_later, box));
	EXPECT_EQ(0, ipcx_mailbox_receive(box, got, sizeof(got), &size));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(0, (intptr_t)ret);
	EXPECT_EQ(4, size);
	EXPECT_EQ(0, memcmp(got, "late", 4));
	ASSERT_EQ(0, ipcx_mailbox_send(box, "1", 1));
	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_later, box));
	EXPECT_EQ(0, ipcx_mailbox_send(box, "22", 2));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(0, (intptr_t)ret);
	EXPECT_EQ(0, ipcx_mailbox_receive(box, got, sizeof(got), &size));
	EXPECT_EQ(2, size);
	EXPECT_EQ(EXDEV, errno);
	ipcx_mailbox_free(box);
}

/* Rows: T4. What read() and write() call by other names, or do not tell. */
TEST_F(library, simple_calls_say_what_is_wrong)
{
	struct ipcx_mailbox_config config = {
		.max_messages = 1,
		.max_size = 8,
		.when_full = IPCX_FULL_FAIL,
	};
	struct ipcx_mailbox *box, *half;
	struct ipcx_mailbox_stat stat;
	size_t size = 0;
	char got[8];

	ASSERT_EQ(0, ipcx_mailbox_create(self->ipcx, "/simple", &config, &box));
	EXPECT_EQ(-EMSGSIZE, ipcx_mailbox_send(box, "123456789", 9));
	EXPECT_EQ(-EFAULT, ipcx_mailbox_send(box, (void *)8, 8));
	ASSERT_EQ(0, ipcx_mailbox_send(box, "12345678", 8));
	EXPECT_EQ(-EAGAIN, ipcx_mailbox_send(box, "", 0));
	ASSERT_EQ(0, ipcx_mailbox_stat(box, &stat));
	EXPECT_EQ(1, stat.out_refused);
	EXPECT_EQ(-EMSGSIZE, ipcx_mailbox_receive(box, got, 3, &size));
	EXPECT_EQ(8, size);
	EXPECT_EQ(-EFAULT, ipcx_mailbox_receive(box, (void *)8, 8, &size));
	size = 0;
	/* Who says that there is room without end means what comes. */
	EXPECT_EQ(0, ipcx_mailbox_receive(box, got, SIZE_MAX, &size));
	EXPECT_EQ(8, size);
	EXPECT_EQ(0, ipcx_mailbox_send(box, NULL, 0));
	EXPECT_EQ(0, ipcx_mailbox_receive(box, NULL, 0, &size));
	EXPECT_EQ(0, size);

	ASSERT_EQ(0, ipcx_mailbox_open(self->ipcx, "/simple", IPCX_RIGHT_READ,
				       &half));
	EXPECT_EQ(-EACCES, ipcx_mailbox_send(half, "1", 1));
	ipcx_mailbox_free(half);
	ASSERT_EQ(0, ipcx_mailbox_open(self->ipcx, "/simple", IPCX_RIGHT_WRITE,
				       &half));
	EXPECT_EQ(-EACCES, ipcx_mailbox_receive(half, got, 8, &size));
	ipcx_mailbox_free(half);
	ipcx_mailbox_free(box);
}

/* Rows: I2 */
TEST_F(library, message_comes_with_a_pidfd_of_its_sender)
{
	struct ipcx_message *in;
	struct ipcx_mailbox *box;
	struct rlimit old, tight;
	int pidfd = -2, saved;
	pid_t pid;

	ASSERT_EQ(0, ipcx_message_new(&in));
	ASSERT_EQ(0, ipcx_mailbox_create(self->ipcx, NULL, NULL, &box));
	EXPECT_EQ(-EAGAIN, ipcx_message_receive_pidfd(in, box, NULL,
						      IPCX_NOWAIT, &pidfd));
	EXPECT_EQ(-2, pidfd);
	pid = fork();
	if (!pid) {
		if (ipcx_mailbox_send(box, "hello", 5))
			_exit(1);
		for (;;)
			pause();
	}
	errno = 0;
	saved = errno;
	ASSERT_EQ(0, ipcx_message_receive_pidfd(in, box, NULL, NULL, &pidfd));
	EXPECT_EQ(saved, errno);
	ASSERT_LE(0, pidfd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(pidfd, F_GETFD));
	EXPECT_EQ(0, syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0));
	EXPECT_TRUE(pidfd_is(pidfd, pid));
	close(pidfd);
	EXPECT_EQ(128 + SIGKILL, t_reap(pid));
	/* Without room for one the message stays, and is not told as an orphan. */
	ASSERT_EQ(0, ipcx_mailbox_send(box, "own", 3));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	tight = old;
	tight.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &tight));
	pidfd = -2;
	EXPECT_EQ(-EMFILE,
		  ipcx_message_receive_pidfd(in, box, NULL, NULL, &pidfd));
	EXPECT_EQ(-2, pidfd);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	ASSERT_EQ(0, ipcx_message_receive_pidfd(in, box, NULL, NULL, &pidfd));
	EXPECT_LE(0, pidfd);
	close(pidfd);
	/* Who has died cannot be named any more. */
	pid = fork();
	if (!pid)
		_exit(-ipcx_mailbox_send(box, "late", 4));
	ASSERT_EQ(0, t_reap(pid));
	ASSERT_EQ(0, ipcx_message_receive_pidfd(in, box, NULL, NULL, &pidfd));
	EXPECT_EQ(-1, pidfd);
	EXPECT_EQ(pid, ipcx_message_facts(in)->out_pid);
	ipcx_message_free(in);
	ipcx_mailbox_free(box);
}

/*
 * Rows: I2. Several receivers take each other's messages away between the look
 * and the taking; still each pidfd is that of who sent the number.
 */
TEST_F(library, pidfd_is_never_that_of_another_sender)
{
	enum {
		SENDERS = 4,
		RECEIVERS = 3
	};
	int rounds = t_times(400);
	pid_t *sender = t_shared(SENDERS * sizeof(*sender));
	int *left = t_shared(sizeof(int));
	struct ipcx_mailbox *box;
	pid_t receiver[RECEIVERS];

	ASSERT_EQ(0, ipcx_mailbox_create(self->ipcx, NULL, NULL, &box));
	*left = SENDERS * rounds;
	for (int i = 0; i < SENDERS; i++) {
		pid_t pid = fork();

		if (pid) {
			sender[i] = pid;
			continue;
		}
		for (int k = 0; k < rounds; k++)
			if (ipcx_mailbox_send(box, &i, sizeof(i)))
				_exit(1);
		for (;;)
			pause();
	}
	for (int i = 0; i < RECEIVERS; i++) {
		struct ipcx_message *in;

		receiver[i] = fork();
		if (receiver[i])
			continue;
		if (ipcx_message_new(&in))
			_exit(1);
		while (T_LOAD(left) > 0) {
			int pidfd = -2, which, err;
			char line[32];

			err = ipcx_message_receive_pidfd(in, box, NULL,
							 IPCX_NOWAIT, &pidfd);
			if (err == -EAGAIN)
				continue;
			if (err || pidfd < 0)
				_exit(2);
			which = *(const int *)ipcx_message_data(in, NULL);
			snprintf(line, sizeof(line), "Pid:\t%d", sender[which]);
			if (!t_fdinfo_has(pidfd, line))
				_exit(3);
			close(pidfd);
			T_ADD(left, -1);
		}
		_exit(0);
	}
	for (int i = 0; i < RECEIVERS; i++)
		EXPECT_EQ(0, t_reap(receiver[i]));
	for (int i = 0; i < SENDERS; i++)
		t_kill(sender[i]);
	ipcx_mailbox_free(box);
}

/* Rows: B3 B10. Classes: V30. */
TEST_F(library, inbox_is_not_found_by_what_is_no_living_process)
{
	struct ipcx_mailbox *box = NULL;
	int null, fd, saved;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	fd = pidfd_of(pid);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(T_UNTIL(t_state(pid) == 'Z'));
	EXPECT_EQ(-ESRCH, ipcx_inbox_find_pidfd(self->ipcx, fd, &box));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(-ESRCH, ipcx_inbox_find_pidfd(self->ipcx, fd, &box));
	EXPECT_EQ(-ESRCH, ipcx_inbox_find(self->ipcx, pid, &box));
	close(fd);
	errno = 0;
	saved = errno;
	EXPECT_EQ(-EBADF, ipcx_inbox_find_pidfd(self->ipcx, fd, &box));
	EXPECT_EQ(-EBADF, ipcx_inbox_find_pidfd(self->ipcx, -1, &box));
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT_EQ(-EBADF, ipcx_inbox_find_pidfd(self->ipcx, null, &box));
	fd = pidfd_of(getpid());
	EXPECT_EQ(-ENXIO, ipcx_inbox_find_pidfd(self->ipcx, fd, &box));
	EXPECT_EQ(-EINVAL, ipcx_inbox_find(self->ipcx, 0, &box));
	EXPECT_EQ(saved, errno);
	EXPECT_EQ(NULL, box);
	close(null);
	close(fd);
}

TEST_HARNESS_MAIN
