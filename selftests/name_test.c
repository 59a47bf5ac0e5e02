// SPDX-License-Identifier: GPL-2.0-only
/* Names: create, open, unlink, persistence, leases, and races for them. */
#include "ipcx_fd.h"
#include "ipcx_netlink.h"

#define MANY 10000

FIXTURE(name)
{
	int dev;
	char name[IPCX_NAME_SIZE];
	struct t_census before;
};

FIXTURE_SETUP(name)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	t_name(self->name, "name");
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(name)
{
	int dev = t_device();

	t_unlink(dev, self->name);
	close(dev);
	EXPECT_TRUE(t_same_census(&self->before));
}

static int create(int dev, const char *name, unsigned int flags,
		  struct ipcx_sem_create *c)
{
	struct ipcx_sem_create local;

	if (!c)
		c = &local;
	t_sem_args(c, name, IPCX_SEM_OWNED, 1, 7);
	c->flags = flags;
	return t_sem_create(dev, c);
}

static int try_open(int dev, const char *name)
{
	return t_open(dev, name, IPCX_TYPE_ANY, IPCX_RIGHT_READ);
}

/* ---- Spelling ---------------------------------------------------------- */

TEST_F(name, must_be_spelled_by_the_rules)
{
	static const char *const good[] = {
		"/a",
		"/A.b_c-9",
		"/.",
		"/..",
		"/-",
		"/_",
		"/23456789012345678901234567890123456789012345678901234567890123",
	};
	static const char *const bad[] = {
		"a",	"/",	 "//",	"/a/b",	     "/a b",   "a/",
		"/a\n", "/\x80", "/a:", "/\xc3\xa9", "/a\x7f", "/a*",
	};
	struct ipcx_sem_create c;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		int fd = create(self->dev, good[i], IPCX_CREATE_F_EXCL, NULL);

		EXPECT_LE(0, fd)
		{
			TH_LOG("'%s' is refused", good[i]);
		}
		close(fd);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_EQ(-EINVAL, create(self->dev, bad[i], 0, NULL))
		{
			TH_LOG("'%s' is taken", bad[i]);
		}
		EXPECT_EQ(-EINVAL, try_open(self->dev, bad[i]));
		EXPECT_EQ(-EINVAL, t_unlink(self->dev, bad[i]));
	}
	/* Without a NUL, and with something behind the NUL. */
	t_sem_args(&c, NULL, IPCX_SEM_PLAIN, 0, 1);
	memset(c.name, 'a', sizeof(c.name));
	c.name[0] = '/';
	EXPECT_EQ(-EINVAL, t_sem_create(self->dev, &c));
	memset(c.name, 0, sizeof(c.name));
	memcpy(c.name, "/a\0b", 4);
	EXPECT_EQ(-EINVAL, t_sem_create(self->dev, &c));
	memset(c.name, 0, sizeof(c.name));
	c.name[IPCX_NAME_SIZE - 1] = 'x';
	EXPECT_EQ(-EINVAL, t_sem_create(self->dev, &c));
	EXPECT_EQ(-EINVAL, try_open(self->dev, ""));
	EXPECT_EQ(-EINVAL, t_unlink(self->dev, ""));
}

/* ---- Create and open --------------------------------------------------- */

TEST_F(name, create_makes_or_opens_as_o_creat_does)
{
	struct ipcx_sem_create first, second;
	int a = create(self->dev, self->name, 0, &first);
	struct ipcx_sem_stat s;
	int b;

	ASSERT_LE(0, a);
	EXPECT_EQ(IPCX_CREATE_OUT_CREATED, first.out_flags);
	t_sem_args(&second, self->name, IPCX_SEM_PLAIN, 5, 50);
	b = t_sem_create(self->dev, &second);
	ASSERT_LE(0, b);
	EXPECT_EQ(0, second.out_flags);
	EXPECT_EQ(first.out_id, second.out_id);
	/* Its own properties hold, not those of the second call. */
	ASSERT_EQ(0, t_sem_stat(b, &s));
	EXPECT_EQ(IPCX_SEM_OWNED, s.out_kind);
	EXPECT_EQ(7, s.out_max);
	EXPECT_EQ(1, s.out_value);
	EXPECT_EQ(-EEXIST,
		  create(self->dev, self->name, IPCX_CREATE_F_EXCL, NULL));
	close(a);
	close(b);
	EXPECT_EQ(-ENOENT, try_open(self->dev, self->name));
}

TEST_F(name, create_of_what_exists_needs_its_mode)
{
	int fd = create(self->dev, self->name, 0, NULL);
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (t_become(1000))
			_exit(1);
		_exit(create(t_device(), self->name, 0, NULL) == -EACCES ? 0 :
									   2);
	}
	EXPECT_EQ(0, t_reap(pid));
	close(fd);
}

TEST_F(name, belongs_to_one_type)
{
	int fd = create(self->dev, self->name, 0, NULL);
	struct ipcx_region_create c;
	struct ipcx_open o = { .rights = IPCX_RIGHT_READ };

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EMEDIUMTYPE, t_open(self->dev, self->name, IPCX_TYPE_REGION,
				       IPCX_RIGHT_READ));
	t_region_args(&c, self->name, T_PAGE);
	EXPECT_EQ(-EMEDIUMTYPE, t_region_create(self->dev, &c));
	c.flags = IPCX_CREATE_F_EXCL;
	EXPECT_EQ(-EEXIST, t_region_create(self->dev, &c));
	EXPECT_EQ(-EINVAL, t_open(self->dev, self->name, 99, IPCX_RIGHT_READ));
	snprintf(o.name, sizeof(o.name), "%s", self->name);
	ASSERT_EQ(0, t_ioctl(self->dev, IPCX_IOC_OPEN, &o));
	EXPECT_EQ(IPCX_TYPE_SEM, o.out_type);
	close(o.out_fd);
	close(fd);
}

TEST_F(name, open_asks_for_rights_and_knows_no_flags)
{
	int fd = create(self->dev, self->name, 0, NULL);
	struct ipcx_open o = { .flags = 1, .rights = IPCX_RIGHT_READ };

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, t_open(self->dev, self->name, IPCX_TYPE_SEM, 0));
	EXPECT_EQ(-EINVAL, t_open(self->dev, self->name, IPCX_TYPE_SEM, 8));
	snprintf(o.name, sizeof(o.name), "%s", self->name);
	EXPECT_EQ(-EINVAL, t_ioctl(self->dev, IPCX_IOC_OPEN, &o));
	close(fd);
	EXPECT_EQ(-ENOENT, try_open(self->dev, self->name));
}

/* ---- Unlink ------------------------------------------------------------ */

/* Rows: H4 */
TEST_F(name, unlink_frees_the_name_at_once_and_the_object_lives_on)
{
	struct ipcx_sem_create first, second;
	int a = create(self->dev, self->name, 0, &first), b;
	struct ipcx_stat s;

	ASSERT_LE(0, a);
	ASSERT_EQ(0, t_stat(a, &s));
	EXPECT_STREQ(self->name, s.out_name);
	EXPECT_EQ(IPCX_STAT_F_NAMED, s.out_flags);
	EXPECT_EQ(0, t_unlink(self->dev, self->name));
	EXPECT_EQ(-ENOENT, try_open(self->dev, self->name));
	EXPECT_EQ(-ENOENT, t_unlink(self->dev, self->name));
	EXPECT_EQ(-ENOENT, t_unlink(a, NULL));
	ASSERT_EQ(0, t_stat(a, &s));
	EXPECT_EQ(0, s.out_flags & IPCX_STAT_F_NAMED);
	b = create(self->dev, self->name, IPCX_CREATE_F_EXCL, &second);
	ASSERT_LE(0, b);
	EXPECT_NE(first.out_id, second.out_id);
	EXPECT_EQ(0, t_sem_p(a, 1, 0));
	EXPECT_EQ(1, t_sem_value(b));
	/* Through the handle, and not any more through the old one. */
	EXPECT_EQ(-ENOENT, t_unlink(a, NULL));
	EXPECT_EQ(0, t_unlink(b, NULL));
	EXPECT_EQ(-ENOENT, try_open(self->dev, self->name));
	close(a);
	close(b);
}

TEST_F(name, unlink_needs_control)
{
	int fd = create(self->dev, self->name, 0, NULL);
	int weak = t_reduce(fd, IPCX_RIGHT_READ | IPCX_RIGHT_WRITE);
	struct ipcx_unlink u = { .flags = 1 };

	ASSERT_LE(0, weak);
	EXPECT_EQ(-EACCES, t_unlink(weak, NULL));
	/* An object handle takes no name. */
	EXPECT_EQ(-EINVAL, t_unlink(fd, self->name));
	EXPECT_EQ(-EINVAL, t_ioctl(fd, IPCX_IOC_UNLINK, &u));
	close(weak);
	close(fd);
}

TEST_F(name, destroy_frees_the_name)
{
	int fd = create(self->dev, self->name, 0, NULL), next;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, t_destroy(fd));
	EXPECT_EQ(-ENOENT, try_open(self->dev, self->name));
	next = create(self->dev, self->name, IPCX_CREATE_F_EXCL, NULL);
	EXPECT_LE(0, next);
	close(fd);
	EXPECT_LE(0, fd = try_open(self->dev, self->name));
	close(fd);
	close(next);
}

/* ---- Persistence ------------------------------------------------------- */

/* Rows: H4 */
TEST_F(name, persistent_object_stays_until_unlinked)
{
	struct ipcx_sem_create c;
	struct ipcx_stat s;
	int fd;

	EXPECT_EQ(-EINVAL,
		  create(self->dev, NULL, IPCX_CREATE_F_PERSISTENT, NULL));
	fd = create(self->dev, self->name, IPCX_CREATE_F_PERSISTENT, &c);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_stat(fd, &s));
	EXPECT_EQ(IPCX_STAT_F_PERSISTENT | IPCX_STAT_F_NAMED, s.out_flags);
	EXPECT_EQ(0, s.out_lease_ns);
	close(fd);
	fd = try_open(self->dev, self->name);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_stat(fd, &s));
	EXPECT_EQ(c.out_id, s.out_id);
	close(fd);
	EXPECT_EQ(0, t_unlink(self->dev, self->name));
	EXPECT_EQ(-ENOENT, try_open(self->dev, self->name));
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == self->before.objects));
}

/* Rows: H4: unlinked while it is open, it goes with the last handle. */
TEST_F(name, persistent_object_that_is_unlinked_goes_with_its_handles)
{
	int fd = create(self->dev, self->name, IPCX_CREATE_F_PERSISTENT, NULL);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, t_unlink(self->dev, self->name));
	EXPECT_EQ(0, t_sem_p(fd, 1, 0));
	EXPECT_EQ(0, t_sem_v(fd, 1));
	close(fd);
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == self->before.objects));
}

/* Rows: H4 T1: what is in a persistent region is there next time. */
TEST_F(name, persistent_region_keeps_its_data)
{
	struct ipcx_region_create c;
	uint32_t *p;
	int fd;

	t_region_args(&c, self->name, T_PAGE);
	c.flags = IPCX_CREATE_F_PERSISTENT;
	fd = t_region_create(self->dev, &c);
	ASSERT_LE(0, fd);
	p = t_map_rw(fd, T_PAGE);
	ASSERT_NE(NULL, p);
	p[10] = 1234;
	munmap(p, T_PAGE);
	close(fd);
	fd = t_open(self->dev, self->name, IPCX_TYPE_REGION, IPCX_RIGHT_READ);
	ASSERT_LE(0, fd);
	p = t_map(fd, T_PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(1234, p[10]);
	munmap(p, T_PAGE);
	close(fd);
}

/* Rows: H4 */
TEST_F(name, lease_runs_out_and_use_renews_it)
{
	struct ipcx_sem_create c;
	struct ipcx_stat s;
	int fd;

	t_sem_args(&c, self->name, IPCX_SEM_OWNED, 1, 1);
	c.lease_ns = T_SEC;
	EXPECT_EQ(-EINVAL, t_sem_create(self->dev, &c));
	c.flags = IPCX_CREATE_F_PERSISTENT;
	fd = t_sem_create(self->dev, &c);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_stat(fd, &s));
	EXPECT_EQ(T_SEC, s.out_lease_ns);
	close(fd);
	for (int i = 0; i < 6; i++) {
		usleep(300000);
		fd = try_open(self->dev, self->name);
		ASSERT_LE(0, fd);
		close(fd);
	}
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == self->before.objects));
	EXPECT_EQ(-ENOENT, try_open(self->dev, self->name));
}

/* Rows: H4: a lease does not take away what somebody has open. */
TEST_F(name, lease_does_not_run_out_under_a_handle)
{
	struct ipcx_sem_create c;
	int fd;

	t_sem_args(&c, self->name, IPCX_SEM_OWNED, 1, 1);
	c.lease_ns = 50 * T_MSEC;
	c.flags = IPCX_CREATE_F_PERSISTENT;
	fd = t_sem_create(self->dev, &c);
	ASSERT_LE(0, fd);
	usleep(200000);
	EXPECT_EQ(0, t_sem_p(fd, 1, 0));
	EXPECT_EQ(0, t_sem_v(fd, 1));
	EXPECT_EQ(0, t_set(fd, IPCX_SET_F_LEASE, 0, 0, 0, 0));
	close(fd);
	usleep(200000);
	fd = try_open(self->dev, self->name);
	EXPECT_LE(0, fd);
	close(fd);
}

/* Rows: H4: nor does one that ran when the handle was opened. */
TEST_F(name, lease_that_runs_ends_nothing_when_it_finds_a_handle)
{
	struct ipcx_sem_create c;
	struct ipcx_stat s;
	int fd;

	t_sem_args(&c, self->name, IPCX_SEM_OWNED, 1, 1);
	c.lease_ns = T_SEC;
	c.flags = IPCX_CREATE_F_PERSISTENT;
	fd = t_sem_create(self->dev, &c);
	ASSERT_LE(0, fd);
	close(fd);
	fd = t_open(self->dev, self->name, IPCX_TYPE_ANY, IPCX_RIGHT_CONTROL);
	ASSERT_LE(0, fd);
	usleep(1300000);
	ASSERT_EQ(0, t_stat(fd, &s));
	EXPECT_NE(0, s.out_flags & IPCX_STAT_F_PERSISTENT);
	EXPECT_EQ(0, t_set(fd, IPCX_SET_F_LEASE, 0, 0, 0, 0));
	close(fd);
	fd = try_open(self->dev, self->name);
	EXPECT_LE(0, fd);
	close(fd);
}

/* ---- Races ------------------------------------------------------------- */

enum {
	RACERS = 4,
	RACE_NAMES = 3,
	RACE_MS = 2500
};

/* Everything that happens to a name, in any order. */
static int race(int dev, unsigned int seed, const char *base)
{
	unsigned long long end = t_in_ms(RACE_MS);
	char name[IPCX_NAME_SIZE];

	while (t_now() < end) {
		unsigned int what = rand_r(&seed) % 6;
		struct ipcx_sem_stat s;
		int fd = -ENOENT;

		snprintf(name, sizeof(name), "%.40s-%u", base,
			 rand_r(&seed) % RACE_NAMES);
		if (what == 0)
			fd = t_unlink(dev, name) ?: -ENOENT;
		else if (what == 1)
			fd = create(dev, name, IPCX_CREATE_F_EXCL, NULL);
		else if (what == 2)
			fd = create(dev, name, IPCX_CREATE_F_PERSISTENT, NULL);
		else if (what == 3)
			fd = create(dev, name, 0, NULL);
		else
			fd = t_open(dev, name, IPCX_TYPE_SEM, IPCX_RIGHTS_MASK);
		if (fd < 0 && fd != -ENOENT && fd != -EEXIST)
			return -fd;
		if (fd < 0)
			continue;
		/* Nobody ever sees one that is not complete. */
		if (t_sem_stat(fd, &s) == 0 &&
		    (s.out_max != 7 || s.out_kind != IPCX_SEM_OWNED))
			return 200;
		if (!(rand_r(&seed) % 4))
			t_destroy(fd);
		else if (!t_sem_p(fd, 1, 0) && t_sem_v(fd, 1))
			if (t_stat(fd, &(struct ipcx_stat) {}))
				return 201;
		close(fd);
	}
	return 0;
}

/* Rows: H1, bug class V10 V5 */
TEST_F(name, create_open_unlink_destroy_and_close_race)
{
	pid_t pid[RACERS];

	for (int i = 0; i < RACERS; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			_exit(race(self->dev, i + 1, self->name));
	}
	for (int i = 0; i < RACERS; i++)
		EXPECT_EQ(0, t_reap(pid[i]));
	for (int i = 0; i < RACE_NAMES; i++) {
		char name[IPCX_NAME_SIZE];

		snprintf(name, sizeof(name), "%.40s-%d", self->name, i);
		t_unlink(self->dev, name);
	}
}

/* Exactly one of many wins an exclusive creation. */
TEST_F(name, exclusive_creation_has_one_winner)
{
	for (int round = 0; round < 30; round++) {
		int *go = t_shared(T_PAGE), winners = 0;
		pid_t pid[RACERS];

		for (int i = 0; i < RACERS; i++) {
			pid[i] = t_fork();
			ASSERT_LE(0, pid[i]);
			if (pid[i])
				continue;
			if (!T_UNTIL(T_LOAD(go)))
				_exit(3);
			_exit(create(self->dev, self->name,
				     IPCX_CREATE_F_EXCL |
					     IPCX_CREATE_F_PERSISTENT,
				     NULL) >= 0);
		}
		T_STORE(go, 1);
		for (int i = 0; i < RACERS; i++)
			winners += t_reap(pid[i]);
		EXPECT_EQ(1, winners);
		EXPECT_EQ(0, t_unlink(self->dev, self->name));
		munmap(go, T_PAGE);
	}
}

/* ---- Many -------------------------------------------------------------- */

/* Rows: J1, bug class V18 V21: names of full length, all of them listed. */
TEST_F_TIMEOUT(name, ten_thousand_objects_are_listed_whole, 120)
{
	struct t_answer *list = calloc(MANY, sizeof(*list));
	unsigned char *seen = calloc(MANY, 1);
	char name[IPCX_NAME_SIZE];
	struct t_netlink nl;
	int found = 0, many = t_times(MANY);

	ASSERT_NE(NULL, list);
	ASSERT_NE(NULL, seen);
	ASSERT_EQ(0, t_nl_open(&nl));
	for (int i = 0; i < many; i++) {
		int fd;

		snprintf(name, sizeof(name), "/many.%056d", i);
		fd = create(self->dev, name, IPCX_CREATE_F_PERSISTENT, NULL);
		ASSERT_LE(0, fd);
		close(fd);
	}
	EXPECT_EQ(many, t_nl_dump(&nl, IPCX_CMD_GET_OBJECT, 0, list, many));
	for (int i = 0; i < many; i++) {
		int n;

		if (sscanf(list[i].name, "/many.%d", &n) == 1 && n >= 0 &&
		    n < many && !seen[n]++)
			found++;
	}
	EXPECT_EQ(many, found);
	for (int i = 0; i < many; i++) {
		snprintf(name, sizeof(name), "/many.%056d", i);
		ASSERT_EQ(0, t_unlink(self->dev, name));
	}
	EXPECT_EQ(0, t_nl_dump(&nl, IPCX_CMD_GET_OBJECT, 0, list, many));
	t_nl_close(&nl);
	free(seen);
	free(list);
}

TEST_HARNESS_MAIN
