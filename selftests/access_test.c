// SPDX-License-Identifier: GPL-2.0-only
/* Who may open what: mode, owner, group, capabilities, namespaces. */
#include "ipcx_fd.h"

#define ALICE 1000
#define BOB   1001
#define CAROL 1002

#define R IPCX_RIGHT_READ
#define W IPCX_RIGHT_WRITE
#define C IPCX_RIGHT_CONTROL

FIXTURE(access)
{
	int dev;
	char name[IPCX_NAME_SIZE];
	struct t_census before;
};

FIXTURE_SETUP(access)
{
	ASSERT_EQ(0, getuid());
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	t_name(self->name, "access");
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(access)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* Creates the object of the test and gives it to @uid and @gid. */
static int create_for(int dev, const char *name, unsigned int uid,
		      unsigned int gid, unsigned int mode)
{
	struct ipcx_sem_create c;
	int fd, ret;

	t_sem_args(&c, name, IPCX_SEM_OWNED, 1, 1);
	fd = t_sem_create(dev, &c);
	if (fd < 0)
		return fd;
	ret = t_set(fd, IPCX_SET_F_MODE | IPCX_SET_F_UID | IPCX_SET_F_GID, mode,
		    uid, gid, 0);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* The rights that a process of @uid and @gid can open the object with. */
static int rights_for(const char *name, unsigned int uid, unsigned int gid)
{
	pid_t pid = t_fork();

	if (!pid) {
		int dev, rights = 0;

		if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
		    setresuid(uid, uid, uid))
			_exit(100);
		dev = t_device();
		for (unsigned int right = R; right <= C; right <<= 1) {
			int fd = t_open(dev, name, IPCX_TYPE_SEM, right);

			if (fd >= 0)
				rights |= right;
			else if (fd != -EACCES)
				_exit(101);
		}
		/* All at once says the same. */
		if (rights && t_open(dev, name, IPCX_TYPE_ANY, rights) < 0)
			_exit(102);
		if (rights != IPCX_RIGHTS_MASK &&
		    t_open(dev, name, IPCX_TYPE_ANY, IPCX_RIGHTS_MASK) !=
			    -EACCES)
			_exit(103);
		_exit(rights);
	}
	return t_reap(pid);
}

/* ---- Mode -------------------------------------------------------------- */

/* Rows: I4: as with files, the first class that fits decides. */
TEST_F(access, mode_bits_decide_who_may_open)
{
	static const struct {
		unsigned int mode;
		int owner, group, other;
	} cases[] = {
		{ 0000, C, 0, 0 },
		{ 0777, R | W | C, R | W | C, R | W | C },
		{ 0600, R | W | C, 0, 0 },
		{ 0640, R | W | C, R, 0 },
		{ 0604, R | W | C, 0, R },
		{ 0124, C, W, R },
		{ 0077, C, R | W | C, R | W | C },
		{ 0421, R | C, W, C },
		{ 0707, R | W | C, 0, R | W | C },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int fd = create_for(self->dev, self->name, ALICE, CAROL,
				    cases[i].mode);

		ASSERT_LE(0, fd);
		EXPECT_EQ(cases[i].owner, rights_for(self->name, ALICE, ALICE));
		EXPECT_EQ(cases[i].owner, rights_for(self->name, ALICE, CAROL));
		EXPECT_EQ(cases[i].group, rights_for(self->name, BOB, CAROL));
		EXPECT_EQ(cases[i].other, rights_for(self->name, BOB, BOB));
		EXPECT_EQ(R | W | C, rights_for(self->name, 0, 0));
		close(fd);
	}
}

/* Rows: I4 */
TEST_F(access, supplementary_group_counts)
{
	int fd = create_for(self->dev, self->name, ALICE, CAROL, 0660);
	gid_t groups[] = { 4242, CAROL };
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setgroups(2, groups) || setresgid(BOB, BOB, BOB) ||
		    setresuid(BOB, BOB, BOB))
			_exit(1);
		_exit(t_open(t_device(), self->name, IPCX_TYPE_SEM, R | W) < 0);
	}
	EXPECT_EQ(0, t_reap(pid));
	close(fd);
}

TEST_F(access, mode_is_lessened_by_the_umask)
{
	struct ipcx_sem_create c;
	struct ipcx_stat s;
	mode_t old = umask(027);
	int fd;

	t_sem_args(&c, NULL, IPCX_SEM_PLAIN, 0, 1);
	c.mode = 0777;
	fd = t_sem_create(self->dev, &c);
	umask(old);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_stat(fd, &s));
	EXPECT_EQ(0750, s.out_mode);
	EXPECT_EQ(getuid(), s.out_uid);
	EXPECT_EQ(getgid(), s.out_gid);
	close(fd);
	c.mode = 01000;
	EXPECT_EQ(-EINVAL, t_sem_create(self->dev, &c));
}

/* The creator gets what it asks for, whatever the mode says to others. */
TEST_F(access, new_handle_has_the_rights_that_were_asked_for)
{
	struct ipcx_sem_create c;
	struct ipcx_stat s;
	int fd;

	for (unsigned int rights = 0; rights <= IPCX_RIGHTS_MASK; rights++) {
		t_sem_args(&c, NULL, IPCX_SEM_PLAIN, 0, 1);
		c.mode = 0;
		c.rights = rights;
		fd = t_sem_create(self->dev, &c);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, t_stat(fd, &s));
		EXPECT_EQ(rights ? rights : IPCX_RIGHTS_MASK, s.out_rights);
		close(fd);
	}
	c.rights = IPCX_RIGHTS_MASK + 1;
	EXPECT_EQ(-EINVAL, t_sem_create(self->dev, &c));
}

/* ---- IPCX_IOC_SET ------------------------------------------------------ */

TEST_F(access, set_changes_later_opens_and_not_handles_that_exist)
{
	int fd = create_for(self->dev, self->name, ALICE, ALICE, 0666);
	int weak, before;

	ASSERT_LE(0, fd);
	before = t_open(self->dev, self->name, IPCX_TYPE_SEM, R | W);
	ASSERT_LE(0, before);
	weak = t_reduce(fd, R | W);
	EXPECT_EQ(-EACCES, t_set(weak, IPCX_SET_F_MODE, 0777, 0, 0, 0));
	EXPECT_EQ(R | W, rights_for(self->name, BOB, BOB));
	EXPECT_EQ(0, t_set(fd, IPCX_SET_F_MODE, 0600, 0, 0, 0));
	EXPECT_EQ(0, rights_for(self->name, BOB, BOB));
	EXPECT_EQ(0, t_sem_p(before, 1, 0));
	EXPECT_EQ(0, t_sem_v(before, 1));
	close(before);
	close(weak);
	close(fd);
}

TEST_F(access, set_is_all_or_nothing_and_refuses_nonsense)
{
	int fd = create_for(self->dev, self->name, 0, 0, 0600);
	struct ipcx_stat s;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, t_set(fd, 0, 0644, 0, 0, 0));
	EXPECT_EQ(-EINVAL, t_set(fd, IPCX_SET_F_MASK + 1, 0644, 0, 0, 0));
	EXPECT_EQ(-EINVAL, t_set(fd, IPCX_SET_F_MODE, 01000, 0, 0, 0));
	/* A lease belongs to persistent objects. */
	EXPECT_EQ(-EINVAL, t_set(fd, IPCX_SET_F_MODE | IPCX_SET_F_LEASE, 0644,
				 0, 0, T_SEC));
	EXPECT_EQ(-EINVAL,
		  t_set(fd, IPCX_SET_F_MODE | IPCX_SET_F_UID, 0644, ~0U, 0, 0));
	ASSERT_EQ(0, t_stat(fd, &s));
	EXPECT_EQ(0600, s.out_mode);
	close(fd);
}

TEST_F(access, only_chown_capability_gives_an_object_away)
{
	pid_t pid = t_fork();
	struct ipcx_stat s;

	ASSERT_LE(0, pid);
	if (!pid) {
		gid_t groups[] = { ALICE, CAROL };
		int fd;

		if (setgroups(2, groups) || setresgid(ALICE, ALICE, ALICE) ||
		    setresuid(ALICE, ALICE, ALICE))
			_exit(1);
		fd = t_sem(t_device(), IPCX_SEM_PLAIN, 0, 1);
		if (fd < 0)
			_exit(2);
		if (t_set(fd, IPCX_SET_F_UID, 0, BOB, 0, 0) != -EPERM)
			_exit(3);
		if (t_set(fd, IPCX_SET_F_GID, 0, 0, BOB, 0) != -EPERM)
			_exit(4);
		/* All or nothing: the mode was right, the owner was not. */
		if (t_set(fd, IPCX_SET_F_MODE | IPCX_SET_F_UID, 0666, BOB, 0,
			  0) != -EPERM)
			_exit(5);
		if (t_stat(fd, &s) || s.out_mode != 0600 || s.out_uid != ALICE)
			_exit(6);
		if (t_set(fd, IPCX_SET_F_GID, 0, 0, CAROL, 0))
			_exit(7);
		_exit(t_stat(fd, &s) || s.out_gid != CAROL ? 8 : 0);
	}
	EXPECT_EQ(0, t_reap(pid));
}

/* ---- Who counts -------------------------------------------------------- */

/* Bug class V29: the caller counts, not who opened the device. */
TEST_F(access, device_handle_lends_no_rights_to_who_uses_it)
{
	int fd = create_for(self->dev, self->name, 0, 0, 0600);
	struct ipcx_stat s;
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int own;

		if (t_become(ALICE))
			_exit(1);
		if (t_open(self->dev, self->name, IPCX_TYPE_SEM, R) != -EACCES)
			_exit(2);
		if (t_unlink(self->dev, self->name) != -EACCES)
			_exit(3);
		own = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
		if (own < 0 || t_stat(own, &s))
			_exit(4);
		_exit(s.out_uid == ALICE && s.out_gid == ALICE ? 0 : 5);
	}
	EXPECT_EQ(0, t_reap(pid));
	close(fd);
}

/* Bug class V30, V29: root in a namespace of one's own is not root here. */
TEST_F(access, root_of_a_user_namespace_overrides_nothing_outside)
{
	int fd = create_for(self->dev, self->name, 0, 0, 0600);
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct ipcx_stat s;

		if (t_become(ALICE))
			_exit(1);
		if (unshare(CLONE_NEWUSER))
			_exit(77);
		if (t_open(self->dev, self->name, IPCX_TYPE_SEM, R) != -EACCES)
			_exit(2);
		/* Ids that are not mapped are shown as nobody's. */
		if (t_stat(fd, &s) || s.out_uid != 65534 || s.out_gid != 65534)
			_exit(3);
		_exit(0);
	}
	switch (t_reap(pid)) {
	case 0:
		break;
	case 77:
		close(fd);
		SKIP(return, "no user namespaces for ordinary users");
	default:
		EXPECT_TRUE(false);
	}
	close(fd);
}

/* Rows: I8 I9: a private instance inside a user namespace. */
TEST_F(access, root_of_a_user_namespace_rules_its_own_network_namespace)
{
	pid_t pid = t_fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		struct ipcx_sem_create c;
		int dev, fd;

		if (t_become(ALICE))
			_exit(1);
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
			_exit(77);
		dev = t_device();
		t_sem_args(&c, "/inside", IPCX_SEM_PLAIN, 0, 1);
		c.mode = 0;
		fd = t_sem_create(dev, &c);
		if (fd < 0)
			_exit(2);
		/* CAP_IPC_OWNER there: the mode says nothing. */
		_exit(t_open(dev, "/inside", IPCX_TYPE_SEM, R | W | C) < 0);
	}
	switch (t_reap(pid)) {
	case 0:
		break;
	case 77:
		SKIP(return, "no user namespaces for ordinary users");
	default:
		EXPECT_TRUE(false);
	}
}

/* ---- Network namespaces ------------------------------------------------ */

/* Rows: I8 */
TEST_F(access, other_network_namespace_has_other_names)
{
	int fd = create_for(self->dev, self->name, 0, 0, 0666);
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct ipcx_region_create c;
		int dev, own;

		if (unshare(CLONE_NEWNET))
			_exit(1);
		dev = t_device();
		if (t_open(dev, self->name, IPCX_TYPE_ANY, R) != -ENOENT)
			_exit(2);
		/* The same name, free here, for something else. */
		t_region_args(&c, self->name, T_PAGE);
		c.flags = IPCX_CREATE_F_EXCL;
		own = t_region_create(dev, &c);
		if (own < 0)
			_exit(3);
		if (t_open(dev, self->name, IPCX_TYPE_REGION, R) < 0)
			_exit(4);
		/* The older device handle still means the older names. */
		if (t_open(self->dev, self->name, IPCX_TYPE_SEM, R) < 0)
			_exit(5);
		/* An object that one has is used wherever one is. */
		_exit(t_sem_p(fd, 1, 0) || t_sem_v(fd, 1) ? 6 : 0);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(-EMEDIUMTYPE,
		  t_open(self->dev, self->name, IPCX_TYPE_REGION, R));
	close(fd);
}

TEST_HARNESS_MAIN
