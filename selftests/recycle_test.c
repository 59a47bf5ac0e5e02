// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is made where something else was before shows nothing of it: objects,
 * handles, words, pages and records in the ledger.  The old ones are root's,
 * the new ones an ordinary user's.
 *
 * Rows: I4 H1. Classes: V14.
 */
#include "ipcx_fd.h"
#include "ipcx_netlink.h"

enum {
	MANY = 48,
	USER = 4711,
	REGION_PAGES = 4
};

FIXTURE(recycle)
{
	int dev;
	struct t_census before;
};

FIXTURE_SETUP(recycle)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
}

FIXTURE_TEARDOWN_PARENT(recycle)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* ---- Root's, with something in every field ----------------------------- */

/* Everything in a semaphore or lock that can be, and a word full of secrets. */
static int rich_sem(int dev, unsigned int kind, const char *name)
{
	struct ipcx_sem_create c;
	uint32_t *word;
	int fd;

	t_sem_args(&c, name, kind, kind == IPCX_SEM_LOCK ? 1 : 9,
		   kind == IPCX_SEM_LOCK ? 1 : 99);
	c.flags = IPCX_SEM_F_BARGING;
	if (name)
		c.flags |= IPCX_CREATE_F_PERSISTENT;
	c.mode = 0777;
	c.order = IPCX_ORDER_PRIO;
	c.on_death = kind == IPCX_SEM_PLAIN ? 0 : IPCX_DEATH_KEEP;
	fd = t_sem_create(dev, &c);
	if (fd < 0)
		return fd;
	t_set(fd, IPCX_SET_F_UID | IPCX_SET_F_GID, 0, 77, 77, 0);
	if (name)
		t_set(fd, IPCX_SET_F_LEASE, 0, 0, 0, 3600 * T_SEC);
	t_sem_p(fd, 1, 0);
	t_poll(fd, POLLIN | POLLOUT, 0);
	word = t_sem_map(fd);
	if (word) {
		memset(word, 0xa5, T_PAGE);
		t_sem_unmap(word);
	}
	return fd;
}

/* Full, locked, inconsistent, and its bell was rung a thousand times. */
static int rich_region(int dev, const char *name)
{
	struct ipcx_region_create c;
	uint64_t rings = 0;
	char *p;
	int fd;

	t_region_args(&c, name, REGION_PAGES * T_PAGE);
	c.flags = name ? IPCX_CREATE_F_PERSISTENT : 0;
	c.mode = 0777;
	c.order = IPCX_ORDER_PRIO;
	fd = t_region_create(dev, &c);
	p = t_map_rw(fd, REGION_PAGES * T_PAGE);
	if (!p)
		return -ENOMEM;
	memset(p, 0xa5, REGION_PAGES * T_PAGE);
	munmap(p, REGION_PAGES * T_PAGE);
	for (int i = 0; i < 100; i++)
		t_region_ring(fd, &rings);
	/* The handle has seen them all. */
	t_region_wait(fd, 0, 0, NULL);
	t_region_lock(fd, IPCX_LOCK_WRITE, 0, NULL);
	t_region_seal(fd, IPCX_SEAL_WRITE);
	return fd;
}

static int rich(int dev, unsigned int i, const char *name)
{
	switch (i % 4) {
	case 0:
		return rich_region(dev, name);
	case 1:
		return rich_sem(dev, IPCX_SEM_PLAIN, name);
	case 2:
		return rich_sem(dev, IPCX_SEM_OWNED, name);
	default:
		return rich_sem(dev, IPCX_SEM_LOCK, name);
	}
}

/* Makes @MANY of them and lets them go, so that their memory is next. */
static int leave_many(int dev, bool named)
{
	char name[IPCX_NAME_SIZE];
	int fd[MANY];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name),
			 "/root-secret-with-a-long-name-%.20d", i);
		fd[i] = rich(dev, i, named ? name : NULL);
		if (fd[i] < 0)
			return fd[i];
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name),
			 "/root-secret-with-a-long-name-%.20d", i);
		if (named)
			t_unlink(dev, name);
		close(fd[i]);
	}
	return 0;
}

/* ---- The user's, bare -------------------------------------------------- */

static bool is_blank(const void *p, size_t size)
{
	const char *c = p;

	while (size--)
		if (*c++)
			return false;
	return true;
}

/* What all objects say of themselves, in both ways; 0 or where it is wrong. */
static int bare(int fd)
{
	struct t_netlink nl;
	struct t_answer a;
	struct ipcx_stat s;
	int ret = 0;

	if (t_stat(fd, &s))
		return 10;
	if (!is_blank(s.out_name, sizeof(s.out_name)) || s.out_flags)
		return 11;
	if (s.out_handles != 1 || s.out_holders || s.out_waiters)
		return 12;
	if (s.out_lease_ns || s.out_uid != USER || s.out_gid != USER ||
	    s.out_mode != 0600)
		return 13;
	if (t_fdinfo_has(fd, "ipcx-state:\tdead"))
		return 14;
	if (t_nl_open(&nl))
		return 15;
	if (t_nl_get(&nl, s.out_id, &a))
		ret = 16;
	else if (t_present(&a, IPCX_A_NAME) || a.value[IPCX_A_FLAGS] ||
		 a.value[IPCX_A_LEASE_NS] || a.value[IPCX_A_HOLDERS] ||
		 a.value[IPCX_A_WAITERS])
		ret = 17;
	else if (t_nl_dump(&nl, IPCX_CMD_GET_HOLDER, s.out_id, NULL, 0))
		ret = 18;
	t_nl_close(&nl);
	return ret;
}

static int bare_region(int dev)
{
	int fd = t_region(dev, REGION_PAGES * T_PAGE), ret;
	struct ipcx_region_stat s;
	uint64_t rings = 0;
	char *p;

	if (fd < 0 || t_region_stat(fd, &s))
		return 30;
	if (s.out_flags || s.out_rings || s.out_seals || s.out_writable_maps ||
	    s.out_readers || s.out_writer || s.out_order ||
	    s.out_inconsistent || s.out_resident)
		return 31;
	/* A handle that had seen more rings would miss the first one. */
	if (t_poll(fd, POLLIN, 0) || t_region_ring(fd, &rings) || rings != 1 ||
	    t_poll(fd, POLLIN, 0) != POLLIN)
		return 32;
	if (t_region_lock(fd, IPCX_LOCK_WRITE, 0, NULL) || t_region_unlock(fd))
		return 33;
	p = t_map_rw(fd, REGION_PAGES * T_PAGE);
	if (!p || !is_blank(p, REGION_PAGES * T_PAGE))
		return 34;
	munmap(p, REGION_PAGES * T_PAGE);
	close(fd);
	fd = t_region(dev, T_PAGE);
	ret = bare(fd);
	close(fd);
	return ret;
}

static int bare_sem(int dev, unsigned int kind)
{
	int fd = kind == IPCX_SEM_LOCK ? t_lock(dev, IPCX_DEATH_RETURN) :
					 t_sem(dev, kind, 1, 3);
	const uint32_t units = kind == IPCX_SEM_PLAIN;
	int ret = bare(fd);
	struct ipcx_sem_stat s;
	uint32_t *word;

	if (ret)
		return ret;
	if (t_sem_stat(fd, &s))
		return 40;
	if (s.out_value != 1 || s.out_held || s.out_order || s.out_on_death ||
	    s.out_flags || s.out_waiters || s.out_deaths)
		return 41;
	word = t_sem_map(fd);
	if (kind != IPCX_SEM_OWNED && !word)
		return 42;
	/* A page for one number: the rest of it says nothing. */
	if (word &&
	    (word[0] != units || !is_blank(word + 1, T_PAGE - sizeof(*word))))
		return 43;
	if (word)
		t_sem_unmap(word);
	/* Nobody has died, and nobody holds: no EOWNERDEAD. */
	if (t_sem_p(fd, 1, 0) || t_sem_v(fd, 1))
		return 44;
	close(fd);
	return 0;
}

/* As an ordinary user; 0, or where it is wrong. */
static int make_bare(void)
{
	int dev, ret = 0;

	if (t_become(USER))
		return 1;
	dev = t_device();
	if (dev < 0)
		return 2;
	for (int i = 0; i < MANY && !ret; i++) {
		switch (i % 4) {
		case 0:
			ret = bare_region(dev);
			break;
		case 1:
			ret = bare_sem(dev, IPCX_SEM_PLAIN);
			break;
		case 2:
			ret = bare_sem(dev, IPCX_SEM_OWNED);
			break;
		default:
			ret = bare_sem(dev, IPCX_SEM_LOCK);
		}
	}
	return ret;
}

/* Rows: I4. Classes: V14. Names, owners, counts, pages: all are new. */
TEST_F_TIMEOUT(recycle, object_shows_nothing_of_the_one_before, 60)
{
	for (int i = 0; i < t_times(12) + 2; i++) {
		pid_t pid;

		ASSERT_EQ(0, leave_many(self->dev, i & 1));
		pid = t_fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(make_bare());
		ASSERT_EQ(0, t_reap(pid));
	}
}

/* Rows: I4. Classes: V14. The same when it was a death that made the room. */
TEST_F_TIMEOUT(recycle, object_shows_nothing_of_what_a_killed_process_had, 60)
{
	int *ready = t_shared(T_PAGE);

	ASSERT_NE(NULL, ready);
	for (int i = 0; i < t_times(8) + 2; i++) {
		pid_t pid;

		T_STORE(ready, 0);
		pid = t_fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			for (int k = 0; k < MANY; k++)
				if (rich(self->dev, k, NULL) < 0)
					_exit(1);
			T_STORE(ready, 1);
			for (;;)
				pause();
		}
		EXPECT_TRUE(T_UNTIL(T_LOAD(ready)));
		ASSERT_EQ(128 + SIGKILL, t_kill(pid));
		pid = t_fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(make_bare());
		ASSERT_EQ(0, t_reap(pid));
	}
	munmap(ready, T_PAGE);
}

/* ---- The ledger -------------------------------------------------------- */

static int holder(int fd, struct t_answer *a)
{
	struct t_netlink nl;
	struct ipcx_stat s;
	int ret;

	if (t_stat(fd, &s) || t_nl_open(&nl))
		return -EIO;
	ret = t_nl_dump(&nl, IPCX_CMD_GET_HOLDER, s.out_id, a, 1);
	t_nl_close(&nl);
	return ret;
}

/* Rows: J4. Classes: V14. The record of a holder is kept for the next time. */
TEST_F(recycle, record_of_a_holder_tells_of_this_holding_only)
{
	int sem = t_sem(self->dev, IPCX_SEM_OWNED, 4, 4);
	int region = t_region(self->dev, T_PAGE);
	unsigned long long start;
	struct t_answer a;

	ASSERT_EQ(0, t_sem_p(sem, 3, 0));
	ASSERT_EQ(0, t_region_lock(region, IPCX_LOCK_WRITE, 0, NULL));
	usleep(300000);
	ASSERT_EQ(0, t_sem_v(sem, 3));
	ASSERT_EQ(0, t_region_unlock(region));
	EXPECT_EQ(0, holder(sem, &a));
	EXPECT_EQ(0, holder(region, &a));

	/* Ages are to the tick. */
	start = t_now() - 20 * T_MSEC;
	ASSERT_EQ(0, t_sem_p(sem, 1, 0));
	ASSERT_EQ(1, holder(sem, &a));
	EXPECT_EQ(1, a.value[IPCX_A_UNITS]);
	EXPECT_GE(t_now() - start, a.value[IPCX_A_AGE_NS]);
	EXPECT_EQ(-EPERM, t_sem_v(sem, 2));

	start = t_now() - 20 * T_MSEC;
	ASSERT_EQ(0, t_region_lock(region, IPCX_LOCK_READ, 0, NULL));
	ASSERT_EQ(1, holder(region, &a));
	EXPECT_STREQ("read", a.queue);
	EXPECT_EQ(1, a.value[IPCX_A_UNITS]);
	EXPECT_GE(t_now() - start, a.value[IPCX_A_AGE_NS]);
	/* Who only reads cannot mend what nobody broke. */
	EXPECT_EQ(-EPERM, t_region_consistent(region));
	close(sem);
	close(region);
}

/* Takes all of both, or nothing; the id in the lock's word is its own. */
static int take_and_die(int sem, int lock, bool hold)
{
	if (t_sem_attach(lock) < 0)
		return 1;
	if (hold && (t_sem_p(sem, 2, 0) || t_sem_p(lock, 1, 0)))
		return 2;
	return 0;
}

/* Rows: A5. Classes: V14. The id of the dead goes to another process. */
TEST_F(recycle, id_of_the_dead_brings_the_next_one_nothing)
{
	int sem = t_sem(self->dev, IPCX_SEM_OWNED, 2, 2);
	int lock = t_lock(self->dev, IPCX_DEATH_RETURN);
	uint32_t *word = t_sem_map(lock);
	int *ids = t_shared(T_PAGE);
	bool recycled = false;

	ASSERT_NE(NULL, word);
	ASSERT_NE(NULL, ids);
	for (int i = 0; i < 40; i++) {
		pid_t pid = t_fork();

		ASSERT_LE(0, pid);
		if (!pid) {
			ids[i] = t_sem_attach(lock);
			/* Nothing was taken yet by this one. */
			if (t_sem_v(sem, 1) != -EPERM ||
			    t_sem_v(lock, 1) != -EPERM)
				_exit(3);
			_exit(take_and_die(sem, lock, i & 1));
		}
		ASSERT_EQ(0, t_reap(pid));
		EXPECT_EQ(2, t_sem_value(sem));
		EXPECT_EQ(0, t_sem_held(sem));
		EXPECT_EQ(1, t_sem_value(lock));
		EXPECT_EQ(0, T_LOAD(word) & IPCX_LOCK_WORD_HOLDER);
		for (int k = 0; k < i; k++)
			recycled |= ids[k] == ids[i];
	}
	/* Else this has proved nothing. */
	EXPECT_TRUE(recycled);
	t_sem_unmap(word);
	munmap(ids, T_PAGE);
	close(sem);
	close(lock);
}

TEST_HARNESS_MAIN
