// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must hold between two steps: things that are done in one go, or undone,
 * or told, although the ways to them are long.
 */
#include "ipcx_fd.h"

#include <sys/syscall.h>

#include "kselftest_harness.h"

FIXTURE(window)
{
	int dev;
	struct t_census before;
};

FIXTURE_SETUP(window)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_GE(self->dev, 0);
}

FIXTURE_TEARDOWN_PARENT(window)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static void *map(int fd, int prot)
{
	return mmap(NULL, 4096, prot, MAP_SHARED, fd, 0);
}

/*
 * Rows: D2 D3. Classes: V11. A page with very many references looks like a
 * pinned one.
 */
TEST_F(window, a_seal_that_is_asked_for_again_stays)
{
	int fd = t_region(self->dev, 4096);
	struct ipcx_region_stat stat;
	int i, again;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, t_region_seal(fd, IPCX_SEAL_WRITE));
	for (i = 0; i < 1100; i++) {
		void *at = map(fd, PROT_READ);

		ASSERT_NE(MAP_FAILED, at);
		T_LOAD((int *)at);
	}
	again = t_region_seal(fd, IPCX_SEAL_WRITE);
	EXPECT_EQ(0, again);
	ASSERT_EQ(0, t_region_stat(fd, &stat));
	EXPECT_EQ(IPCX_SEAL_WRITE, stat.out_seals);
	EXPECT_EQ(MAP_FAILED, map(fd, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EPERM, errno);
	close(fd);
}

/* Rows: D1 D2. Classes: V9 V11. */
TEST_F(window, a_mapping_cannot_be_made_anew_behind_the_handle)
{
	int fd = t_region(self->dev, 8192);
	char *at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct ipcx_region_stat stat;

	ASSERT_NE(MAP_FAILED, at);
	EXPECT_EQ(-1, syscall(SYS_remap_file_pages, at, 4096, 0, 1, 0));
	ASSERT_EQ(0, t_region_stat(fd, &stat));
	EXPECT_EQ(1, stat.out_writable_maps);
	EXPECT_EQ(-EBUSY, t_region_seal(fd, IPCX_SEAL_WRITE));
	at[4096] = 1;
	munmap(at, 8192);
	close(fd);
}

/* Rows: H4. Classes: V6 V22. */
TEST_F(window, a_persistent_object_whose_creation_fails_is_gone)
{
	struct ipcx_sem_create c;
	char name[IPCX_NAME_SIZE];
	void *arg;

	t_name(name, "late");
	t_sem_args(&c, name, IPCX_SEM_PLAIN, 1, 1);
	c.flags = IPCX_CREATE_F_PERSISTENT | IPCX_CREATE_F_EXCL;
	arg = t_read_only(&c, sizeof(c));
	ASSERT_NE(NULL, arg);
	EXPECT_EQ(-EFAULT, t_ioctl(self->dev, IPCX_IOC_SEM_CREATE, arg));
	EXPECT_EQ(-ENOENT,
		  t_open(self->dev, name, IPCX_TYPE_ANY, IPCX_RIGHT_READ));
	/* The old one stays when opening it fails. */
	ASSERT_EQ(0, t_sem_create(self->dev, &c) < 0);
	close(c.out_fd);
	c.flags = IPCX_CREATE_F_PERSISTENT;
	arg = t_read_only(&c, sizeof(c));
	EXPECT_EQ(-EFAULT, t_ioctl(self->dev, IPCX_IOC_SEM_CREATE, arg));
	EXPECT_EQ(0, t_unlink(self->dev, name));
}

static void *take_five(void *data)
{
	t_sem_p(*(int *)data, 5, t_in_ms(300));
	return NULL;
}

/* Rows: A4 E1. Classes: V23. */
TEST_F(window, pollers_are_told_when_the_one_who_was_in_the_way_leaves)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, 1, 5);
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, take_five, &fd));
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(fd) == 1));
	EXPECT_EQ(0, t_poll(fd, POLLIN, 0));
	EXPECT_EQ(POLLIN, t_poll(fd, POLLIN, 10000));
	EXPECT_EQ(0, t_join(thread));
	close(fd);
}

/* Rows: A1 H7. Classes: V2. A unit given to the dying goes to the living. */
TEST_F(window, a_plain_unit_given_to_a_stopped_task_survives_its_kill)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 5);
	pid_t child = t_fork();

	if (!child)
		_exit(t_sem_p(fd, 1, t_soon()) ? 1 : 0);
	ASSERT_TRUE(T_UNTIL(t_sem_waiters(fd) == 1));
	/* The kill is pending before the child can run and see its unit. */
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpu_set_t),
				       &(cpu_set_t) { { 1 } }));
	ASSERT_EQ(0, sched_setaffinity(child, sizeof(cpu_set_t),
				       &(cpu_set_t) { { 1 } }));
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO,
					&(struct sched_param) { 50 }));
	EXPECT_EQ(0, t_sem_v(fd, 1));
	EXPECT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_OTHER,
					&(struct sched_param) { 0 }));
	EXPECT_EQ(128 + SIGKILL, t_reap(child));
	EXPECT_EQ(1, t_sem_value(fd));
	close(fd);
}

/* Rows: H1 I11. Classes: V20. An empty record costs nothing after a close. */
TEST_F(window, a_close_takes_the_empty_record_of_a_holder_along)
{
	int fd = t_sem(self->dev, IPCX_SEM_OWNED, 2, 2);
	long long held, given;

	ASSERT_EQ(0, t_sem_p(fd, 1, 0));
	held = t_counter("bytes");
	/* While something is held the record stays. */
	close(dup(fd));
	EXPECT_EQ(held, t_counter("bytes"));
	EXPECT_EQ(1, t_sem_held(fd));
	ASSERT_EQ(0, t_sem_v(fd, 1));
	given = t_counter("bytes");
	EXPECT_EQ(held, given);
	close(dup(fd));
	EXPECT_LT(t_counter("bytes"), given);
	close(fd);
}

TEST_HARNESS_MAIN
