// SPDX-License-Identifier: GPL-2.0-only
/* What can be seen: the netlink family, and /proc/PID/fdinfo. */
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"
#include "ipcx_netlink.h"

#define ALICE 1000

FIXTURE(netlink)
{
	int dev;
	struct t_netlink nl;
	struct t_census before;
};

FIXTURE_SETUP(netlink)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	ASSERT_EQ(0, t_nl_open(&self->nl));
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(netlink)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static uint32_t id_of(int fd)
{
	struct ipcx_stat s;

	return t_stat(fd, &s) ? 0 : s.out_id;
}

static bool lists(struct t_netlink *nl, uint32_t id)
{
	struct t_answer list[64];
	int count = t_nl_dump(nl, IPCX_CMD_GET_OBJECT, 0, list, 64);

	for (int i = 0; i < count && i < 64; i++)
		if (list[i].value[IPCX_A_ID] == id)
			return true;
	return false;
}

/* ---- Objects ----------------------------------------------------------- */

/* Rows: J1 */
TEST_F(netlink, object_is_described_as_its_own_handle_does)
{
	struct ipcx_sem_create c;
	struct t_answer a, b;
	char name[IPCX_NAME_SIZE];
	struct ipcx_stat s;
	int fd;

	t_sem_args(&c, t_name(name, "nl"), IPCX_SEM_OWNED, 3, 5);
	c.flags = IPCX_CREATE_F_PERSISTENT | IPCX_SEM_F_BARGING;
	c.order = IPCX_ORDER_PRIO;
	c.on_death = IPCX_DEATH_REPORT;
	c.lease_ns = 3600 * T_SEC;
	c.mode = 0640;
	fd = t_sem_create(self->dev, &c);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_sem_p(fd, 2, 0));
	ASSERT_EQ(0, t_stat(fd, &s));
	ASSERT_EQ(0, t_nl_get(&self->nl, c.out_id, &a));
	EXPECT_EQ(c.out_id, a.value[IPCX_A_ID]);
	EXPECT_EQ(IPCX_TYPE_SEM, a.value[IPCX_A_TYPE]);
	EXPECT_STREQ(name, a.name);
	EXPECT_EQ(s.out_uid, a.value[IPCX_A_UID]);
	EXPECT_EQ(s.out_gid, a.value[IPCX_A_GID]);
	EXPECT_EQ(0640, a.value[IPCX_A_MODE]);
	EXPECT_EQ(s.out_flags, a.value[IPCX_A_FLAGS]);
	EXPECT_EQ(1, a.value[IPCX_A_HANDLES]);
	EXPECT_EQ(1, a.value[IPCX_A_HOLDERS]);
	EXPECT_EQ(0, a.value[IPCX_A_WAITERS]);
	EXPECT_EQ(s.out_bytes, a.value[IPCX_A_BYTES]);
	EXPECT_LE(s.out_age_ns, a.value[IPCX_A_AGE_NS]);
	EXPECT_EQ(s.out_lease_ns, a.value[IPCX_A_LEASE_NS]);
	EXPECT_EQ(1, a.value[IPCX_A_SEM_VALUE]);
	EXPECT_EQ(5, a.value[IPCX_A_SEM_MAX]);
	EXPECT_EQ(2, a.value[IPCX_A_SEM_HELD]);
	EXPECT_EQ(IPCX_SEM_OWNED, a.value[IPCX_A_SEM_KIND]);
	EXPECT_EQ(IPCX_ORDER_PRIO, a.value[IPCX_A_SEM_ORDER]);
	EXPECT_EQ(IPCX_DEATH_REPORT, a.value[IPCX_A_SEM_ON_DEATH]);
	EXPECT_EQ(IPCX_SEM_F_BARGING,
		  a.value[IPCX_A_SEM_FLAGS] & IPCX_SEM_F_BARGING);
	EXPECT_EQ(0, a.value[IPCX_A_SEM_DEATHS]);
	EXPECT_TRUE(t_present(&a, IPCX_A_SEM_DEATHS));
	EXPECT_FALSE(t_present(&a, IPCX_A_REGION_SIZE));
	ASSERT_EQ(0, t_nl_get_name(&self->nl, name, &b));
	EXPECT_EQ(a.value[IPCX_A_ID], b.value[IPCX_A_ID]);
	EXPECT_EQ(0, t_unlink(self->dev, name));
	ASSERT_EQ(0, t_nl_get(&self->nl, c.out_id, &a));
	EXPECT_FALSE(t_present(&a, IPCX_A_NAME));
	EXPECT_EQ(-ENOENT, t_nl_get_name(&self->nl, name, &b));
	close(fd);
	EXPECT_EQ(-ENOENT, t_nl_get(&self->nl, c.out_id, &a));
}

/* Rows: J1 J2. By netlink and by fdinfo the same. */
TEST_F(netlink, mailbox_is_described_with_its_state)
{
	struct ipcx_mailbox_create c;
	struct t_answer a;
	int fd;

	t_mailbox_args(&c, NULL, 3, 10);
	c.flags = IPCX_MAILBOX_F_NEED_RECEIVER;
	fd = t_mailbox_create(self->dev, &c);
	ASSERT_LE(0, fd);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, t_send_number(fd, i));
	EXPECT_EQ(-EAGAIN, t_send_number(fd, 3));
	EXPECT_EQ(0, t_recv_number(fd, 0));
	ASSERT_EQ(0, t_send_number(fd, 3));
	ASSERT_EQ(0, t_send_with(fd, "4", 1, 0, 0, IPCX_FULL_DROP, 0));
	EXPECT_EQ(2, t_recv_number(fd, 0));
	ASSERT_EQ(0, t_nl_get(&self->nl, id_of(fd), &a));
	EXPECT_EQ(IPCX_TYPE_MAILBOX, a.value[IPCX_A_TYPE]);
	EXPECT_EQ(2, a.value[IPCX_A_MAILBOX_MESSAGES]);
	EXPECT_EQ(5, a.value[IPCX_A_MAILBOX_BYTES]);
	EXPECT_EQ(3, a.value[IPCX_A_MAILBOX_MAX_MESSAGES]);
	EXPECT_EQ(30, a.value[IPCX_A_MAILBOX_MAX_BYTES]);
	EXPECT_EQ(10, a.value[IPCX_A_MAILBOX_MAX_SIZE]);
	EXPECT_TRUE(t_present(&a, IPCX_A_MAILBOX_OLDEST_NS));
	EXPECT_EQ(5, a.value[IPCX_A_MAILBOX_SENT]);
	EXPECT_EQ(2, a.value[IPCX_A_MAILBOX_RECEIVED]);
	EXPECT_EQ(1, a.value[IPCX_A_MAILBOX_DROPPED]);
	EXPECT_EQ(0, a.value[IPCX_A_MAILBOX_EXPIRED]);
	EXPECT_TRUE(t_present(&a, IPCX_A_MAILBOX_EXPIRED));
	EXPECT_EQ(1, a.value[IPCX_A_MAILBOX_REFUSED]);
	EXPECT_EQ(IPCX_MAILBOX_F_NEED_RECEIVER, a.value[IPCX_A_MAILBOX_FLAGS]);
	EXPECT_TRUE(t_fdinfo_has(fd, "ipcx-type:\tmailbox"));
	EXPECT_TRUE(t_fdinfo_has(fd, "messages:\t2"));
	EXPECT_TRUE(t_fdinfo_has(fd, "dropped:\t1"));
	close(fd);
}

/* Rows: J1 */
TEST_F(netlink, region_is_described_with_its_state)
{
	int fd = t_region(self->dev, 4 * T_PAGE);
	char *p = t_map_rw(fd, 4 * T_PAGE);
	struct t_answer a;

	ASSERT_NE(NULL, p);
	*p = 1;
	ASSERT_EQ(0, t_region_ring(fd, NULL));
	ASSERT_EQ(0, t_region_lock(fd, IPCX_LOCK_READ, 0, NULL));
	ASSERT_EQ(0, t_nl_get(&self->nl, id_of(fd), &a));
	EXPECT_EQ(IPCX_TYPE_REGION, a.value[IPCX_A_TYPE]);
	EXPECT_EQ(4 * T_PAGE, a.value[IPCX_A_REGION_SIZE]);
	EXPECT_EQ(T_PAGE, a.value[IPCX_A_REGION_RESIDENT]);
	EXPECT_EQ(1, a.value[IPCX_A_REGION_RINGS]);
	EXPECT_EQ(0, a.value[IPCX_A_REGION_SEALS]);
	EXPECT_EQ(1, a.value[IPCX_A_REGION_WRITABLE_MAPS]);
	EXPECT_EQ(1, a.value[IPCX_A_REGION_READERS]);
	EXPECT_EQ(0, a.value[IPCX_A_REGION_WRITER]);
	EXPECT_EQ(0, a.value[IPCX_A_REGION_INCONSISTENT]);
	EXPECT_TRUE(t_present(&a, IPCX_A_REGION_INCONSISTENT));
	EXPECT_TRUE(t_present(&a, IPCX_A_REGION_FLAGS));
	EXPECT_FALSE(t_present(&a, IPCX_A_SEM_VALUE));
	munmap(p, 4 * T_PAGE);
	close(fd);
}

/* Rows: J1: also those without a name. */
TEST_F(netlink, dump_lists_every_object_once)
{
	int fds[20],
		before = t_nl_dump(&self->nl, IPCX_CMD_GET_OBJECT, 0, NULL, 0);

	ASSERT_LE(0, before);
	for (int i = 0; i < 20; i++) {
		fds[i] = i & 1 ? t_region(self->dev, T_PAGE) :
				 t_sem(self->dev, IPCX_SEM_OWNED, 0, 1);
		ASSERT_LE(0, fds[i]);
	}
	EXPECT_EQ(before + 20,
		  t_nl_dump(&self->nl, IPCX_CMD_GET_OBJECT, 0, NULL, 0));
	for (int i = 0; i < 20; i++) {
		EXPECT_TRUE(lists(&self->nl, id_of(fds[i])));
		close(fds[i]);
	}
	EXPECT_EQ(before,
		  t_nl_dump(&self->nl, IPCX_CMD_GET_OBJECT, 0, NULL, 0));
}

TEST_F(netlink, wrong_requests_are_refused)
{
	char buf[256] __attribute__((aligned(8)));
	uint32_t id = 0x7ffffff0;
	struct nlmsghdr *h;
	struct t_answer a;

	EXPECT_EQ(-ENOENT, t_nl_get(&self->nl, id, &a));
	EXPECT_EQ(-ENOENT, t_nl_get_name(&self->nl, "/nobody", &a));
	/* Neither number nor name. */
	h = t_nl_message(buf, sizeof(buf), self->nl.family, NLM_F_ACK,
			 ++self->nl.seq, IPCX_CMD_GET_OBJECT);
	EXPECT_EQ(-EINVAL, t_nl_talk(&self->nl, h, NULL, NULL));
	h = t_nl_message(buf, sizeof(buf), self->nl.family, NLM_F_ACK,
			 ++self->nl.seq, 99);
	EXPECT_EQ(-EOPNOTSUPP, t_nl_talk(&self->nl, h, NULL, NULL));
	/* A number of the wrong size. */
	h = t_nl_message(buf, sizeof(buf), self->nl.family, NLM_F_ACK,
			 ++self->nl.seq, IPCX_CMD_GET_OBJECT);
	t_nl_add(h, IPCX_A_ID, &id, 2);
	EXPECT_GT(0, t_nl_talk(&self->nl, h, NULL, NULL));
	EXPECT_EQ(-ENOENT,
		  t_nl_dump(&self->nl, IPCX_CMD_GET_HOLDER, id, NULL, 0));
	EXPECT_EQ(-EINVAL,
		  t_nl_dump(&self->nl, IPCX_CMD_GET_WAITER, 0, NULL, 0));
}

/* ---- Holders and waiters ----------------------------------------------- */

/* Rows: A10 */
TEST_F(netlink, holders_are_listed_with_their_units)
{
	int fd = t_sem(self->dev, IPCX_SEM_OWNED, 10, 10);
	int *ready = t_shared(T_PAGE);
	struct t_answer list[8];
	uint64_t sum = 0;
	pid_t pid[3];

	ASSERT_LE(0, fd);
	for (int i = 0; i < 3; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i]) {
			if (t_sem_p(fd, i + 1, 0))
				_exit(1);
			T_ADD(ready, 1);
			for (;;)
				pause();
		}
	}
	ASSERT_TRUE(T_UNTIL(T_LOAD(ready) == 3));
	usleep(20000);
	ASSERT_EQ(3, t_nl_dump(&self->nl, IPCX_CMD_GET_HOLDER, id_of(fd), list,
			       8));
	for (int i = 0; i < 3; i++) {
		int who = 0;

		while (who < 3 && pid[who] != (pid_t)list[i].value[IPCX_A_PID])
			who++;
		ASSERT_GT(3, who);
		EXPECT_EQ(id_of(fd), list[i].value[IPCX_A_ID]);
		EXPECT_EQ(who + 1, list[i].value[IPCX_A_UNITS]);
		EXPECT_STREQ("units", list[i].queue);
		EXPECT_LE(20 * T_MSEC, list[i].value[IPCX_A_AGE_NS]);
		EXPECT_GT(T_LONG, list[i].value[IPCX_A_AGE_NS]);
		sum += list[i].value[IPCX_A_UNITS];
	}
	EXPECT_EQ(6, sum);
	for (int i = 0; i < 3; i++)
		t_kill(pid[i]);
	EXPECT_EQ(0, t_nl_dump(&self->nl, IPCX_CMD_GET_HOLDER, id_of(fd), list,
			       8));
	close(fd);
	munmap(ready, T_PAGE);
}

/* Rows: A10 */
TEST_F(netlink, holders_of_locks_are_named_by_what_they_hold)
{
	int lock = t_lock(self->dev, IPCX_DEATH_REPORT);
	int region = t_region(self->dev, T_PAGE);
	struct t_answer a;

	ASSERT_LE(0, lock);
	ASSERT_LE(0, region);
	ASSERT_EQ(0, t_sem_p(lock, 1, 0));
	ASSERT_EQ(1, t_nl_dump(&self->nl, IPCX_CMD_GET_HOLDER, id_of(lock), &a,
			       1));
	EXPECT_EQ(getpid(), a.value[IPCX_A_PID]);
	EXPECT_STREQ("lock", a.queue);
	ASSERT_EQ(0, t_region_lock(region, IPCX_LOCK_WRITE, 0, NULL));
	ASSERT_EQ(1, t_nl_dump(&self->nl, IPCX_CMD_GET_HOLDER, id_of(region),
			       &a, 1));
	EXPECT_EQ(getpid(), a.value[IPCX_A_PID]);
	EXPECT_STREQ("write", a.queue);
	ASSERT_EQ(0, t_region_unlock(region));
	ASSERT_EQ(0, t_region_lock(region, IPCX_LOCK_READ, 0, NULL));
	ASSERT_EQ(0, t_region_lock(region, IPCX_LOCK_READ, 0, NULL));
	ASSERT_EQ(1, t_nl_dump(&self->nl, IPCX_CMD_GET_HOLDER, id_of(region),
			       &a, 1));
	EXPECT_STREQ("read", a.queue);
	EXPECT_EQ(2, a.value[IPCX_A_UNITS]);
	close(lock);
	close(region);
}

/* Rows: A10: what is kept for the dead is marked. */
TEST_F(netlink, units_that_are_kept_for_a_dead_process_are_marked)
{
	int fd = t_sem_with(self->dev, IPCX_SEM_OWNED, 2, 2, IPCX_ORDER_FIFO,
			    IPCX_DEATH_KEEP);
	struct t_answer a;
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(-t_sem_p(fd, 2, 0));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, t_sem_value(fd));
	ASSERT_EQ(1,
		  t_nl_dump(&self->nl, IPCX_CMD_GET_HOLDER, id_of(fd), &a, 1));
	EXPECT_STREQ("units (dead)", a.queue);
	EXPECT_EQ(2, a.value[IPCX_A_UNITS]);
	close(fd);
}

static pid_t fork_waiter(int fd, int units)
{
	int waiters = t_waiters(fd);
	pid_t pid = t_fork();

	if (!pid)
		_exit(-t_sem_p(fd, units, t_soon()));
	if (pid > 0 && !T_UNTIL(t_waiters(fd) == waiters + 1)) {
		t_kill(pid);
		return -1;
	}
	return pid;
}

/* Rows: A10 */
TEST_F(netlink, waiters_are_listed_in_the_order_of_service_with_their_age)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 10);
	struct t_answer list[8];
	pid_t pid[3];

	ASSERT_LE(0, fd);
	for (int i = 0; i < 3; i++) {
		pid[i] = fork_waiter(fd, i + 1);
		ASSERT_LT(0, pid[i]);
	}
	usleep(20000);
	ASSERT_EQ(3, t_nl_dump(&self->nl, IPCX_CMD_GET_WAITER, id_of(fd), list,
			       8));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(id_of(fd), list[i].value[IPCX_A_ID]);
		EXPECT_EQ(pid[i], list[i].value[IPCX_A_PID]);
		EXPECT_EQ(pid[i], list[i].value[IPCX_A_TID]);
		EXPECT_EQ(i + 1, list[i].value[IPCX_A_UNITS]);
		EXPECT_EQ(0, list[i].value[IPCX_A_PRIO]);
		EXPECT_STREQ("take", list[i].queue);
		EXPECT_LE(20 * T_MSEC, list[i].value[IPCX_A_AGE_NS]);
		EXPECT_GT(T_LONG, list[i].value[IPCX_A_AGE_NS]);
	}
	for (int i = 0; i < 3; i++)
		t_kill(pid[i]);
	EXPECT_EQ(0, t_nl_dump(&self->nl, IPCX_CMD_GET_WAITER, id_of(fd), list,
			       8));
	close(fd);
}

/* Rows: A10 */
TEST_F(netlink, waiters_of_a_region_are_named_by_what_they_wait_for)
{
	int fd = t_region(self->dev, T_PAGE);
	struct t_answer list[8];
	bool seen[3] = {};
	pid_t pid[3];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_region_lock(fd, IPCX_LOCK_WRITE, 0, NULL));
	for (int i = 0; i < 3; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i] && i == 2)
			_exit(-t_region_wait(fd, 0, t_soon(), NULL));
		if (!pid[i])
			_exit(-t_region_lock(fd, i, t_soon(), NULL));
	}
	ASSERT_TRUE(T_UNTIL(t_waiters(fd) == 3));
	ASSERT_EQ(3, t_nl_dump(&self->nl, IPCX_CMD_GET_WAITER, id_of(fd), list,
			       8));
	for (int i = 0; i < 3; i++) {
		static const char *const queue[] = { "read", "write",
						     "doorbell" };

		for (int k = 0; k < 3; k++)
			if (pid[k] == (pid_t)list[i].value[IPCX_A_PID]) {
				EXPECT_STREQ(queue[k], list[i].queue);
				seen[k] = true;
			}
	}
	EXPECT_TRUE(seen[0] && seen[1] && seen[2]);
	for (int i = 0; i < 3; i++)
		t_kill(pid[i]);
	close(fd);
}

/* ---- Who may see what -------------------------------------------------- */

/* Rows: I8, bug class V33 */
TEST_F(netlink, other_network_namespace_sees_nothing)
{
	int fd = t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);
	uint32_t id = id_of(fd);
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct t_netlink nl;
		struct t_answer a;

		if (unshare(CLONE_NEWNET) || t_nl_open(&nl))
			_exit(1);
		if (t_nl_dump(&nl, IPCX_CMD_GET_OBJECT, 0, NULL, 0))
			_exit(2);
		if (t_nl_get(&nl, id, &a) != -ENOENT)
			_exit(3);
		if (t_nl_dump(&nl, IPCX_CMD_GET_HOLDER, id, NULL, 0) != -ENOENT)
			_exit(4);
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_TRUE(lists(&self->nl, id));
	close(fd);
}

static int look_as_alice(uint32_t id)
{
	pid_t pid = t_fork();

	if (!pid) {
		struct t_netlink nl;
		struct t_answer a;
		bool listed;
		int one, holders;

		if (t_become(ALICE) || t_nl_open(&nl))
			_exit(100);
		listed = lists(&nl, id);
		one = t_nl_get(&nl, id, &a);
		holders = t_nl_dump(&nl, IPCX_CMD_GET_HOLDER, id, NULL, 0);
		if (listed && !one && holders >= 0)
			_exit(1);
		_exit(!listed && one == -ENOENT && holders == -ENOENT ? 0 :
									101);
	}
	return t_reap(pid);
}

/* Bug class V33 */
TEST_F(netlink, ordinary_user_sees_what_he_may_read)
{
	int fd = t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);
	uint32_t id = id_of(fd);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, look_as_alice(id));
	ASSERT_EQ(0, t_set(fd, IPCX_SET_F_MODE, 0604, 0, 0, 0));
	EXPECT_EQ(1, look_as_alice(id));
	ASSERT_EQ(0, t_set(fd, IPCX_SET_F_MODE, 0603, 0, 0, 0));
	EXPECT_EQ(0, look_as_alice(id));
	ASSERT_EQ(0, t_set(fd, IPCX_SET_F_MODE | IPCX_SET_F_UID, 0600, ALICE, 0,
			   0));
	EXPECT_EQ(1, look_as_alice(id));
	close(fd);
}

/* Bug class V30: pids of a reader in a nested pid namespace. */
TEST_F(netlink, pid_that_the_reader_cannot_see_is_zero)
{
	int fd = t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);
	uint32_t id = id_of(fd);
	pid_t pid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_sem_p(fd, 1, 0));
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct t_netlink nl;
		struct t_answer a;

		if (unshare(CLONE_NEWPID))
			_exit(1);
		pid = fork();
		if (pid)
			_exit(t_reap(pid));
		if (t_nl_open(&nl))
			_exit(2);
		if (t_nl_dump(&nl, IPCX_CMD_GET_HOLDER, id, &a, 1) != 1)
			_exit(3);
		_exit(a.value[IPCX_A_PID] || !t_present(&a, IPCX_A_PID) ? 4 :
									  0);
	}
	EXPECT_EQ(0, t_reap(pid));
	close(fd);
}

/* Bug class V10 V33: listings while everything changes under them. */
TEST_F(netlink, dump_races_with_creation_and_destruction)
{
	unsigned long long end = t_in_ms(2000);
	pid_t pid[2];

	for (int i = 0; i < 2; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		while (!pid[i]) {
			int a = t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);
			int b = t_region(self->dev, T_PAGE);

			t_sem_p(a, 1, 0);
			t_destroy(b);
			close(a);
			close(b);
		}
	}
	while (t_now() < end) {
		struct t_answer list[16];
		int count =
			t_nl_dump(&self->nl, IPCX_CMD_GET_OBJECT, 0, list, 16);

		ASSERT_LE(0, count);
		for (int i = 0; i < count && i < 16; i++)
			t_nl_dump(&self->nl, IPCX_CMD_GET_HOLDER,
				  list[i].value[IPCX_A_ID], NULL, 0);
	}
	for (int i = 0; i < 2; i++)
		t_kill(pid[i]);
}

/* ---- fdinfo ------------------------------------------------------------ */

/* Rows: J2 */
TEST_F(netlink, fdinfo_shows_type_state_and_waiters)
{
	int sem = t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);
	int region = t_region(self->dev, 2 * T_PAGE);
	char line[128], id[256] = "";
	pid_t pid;

	ASSERT_LE(0, sem);
	ASSERT_LE(0, region);
	EXPECT_TRUE(t_fdinfo_has(sem, "ipcx-type:\tsem"));
	EXPECT_TRUE(t_fdinfo_has(region, "ipcx-type:\tregion"));
	EXPECT_EQ(1, t_fdinfo_lines(sem, "ipcx-id", id));
	EXPECT_EQ(id_of(sem), strtoull(id, NULL, 10));
	EXPECT_EQ(1, t_fdinfo_lines(region, "ipcx-id", id));
	EXPECT_EQ(id_of(region), strtoull(id, NULL, 10));
	EXPECT_EQ(1, t_fdinfo_lines(region, "ipcx-state", NULL));
	EXPECT_EQ(0, t_fdinfo_lines(sem, "holder", NULL));
	EXPECT_EQ(0, t_fdinfo_lines(sem, "waiter", NULL));
	ASSERT_EQ(0, t_sem_p(sem, 1, 0));
	pid = fork_waiter(sem, 1);
	ASSERT_LT(0, pid);
	EXPECT_EQ(1, t_fdinfo_lines(sem, "holder", NULL));
	EXPECT_EQ(1, t_fdinfo_lines(sem, "waiter", NULL));
	t_kill(pid);
	EXPECT_EQ(0, t_fdinfo_lines(sem, "waiter", NULL));
	ASSERT_EQ(0, t_destroy(sem));
	EXPECT_EQ(1, t_fdinfo_lines(sem, "ipcx-state", NULL));
	snprintf(line, sizeof(line), "ipcx-id:\t%u", id_of(region));
	EXPECT_TRUE(t_fdinfo_has(region, line));
	close(sem);
	close(region);
}

/* Does a line of fdinfo begin so, the pid put in? */
static bool fdinfo_tells(int fd, const char *format, pid_t pid)
{
	char path[64], text[256], begin[64];
	bool found = false;
	FILE *file;

	snprintf(begin, sizeof(begin), format, pid, pid);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(text, sizeof(text), file))
		found |= !strncmp(text, begin, strlen(begin));
	fclose(file);
	return found;
}

#define HOLDER_LINE "holder:\tpid %d units"
#define WAITER_LINE "waiter:\tpid %d tid %d take"

/* Rows: J2. Classes: V30. */
TEST_F(netlink, fdinfo_tells_no_pid_that_the_reader_cannot_see)
{
	int fd = t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);
	pid_t pid, waiter;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_sem_p(fd, 1, 0));
	waiter = fork_waiter(fd, 1);
	ASSERT_LT(0, waiter);
	EXPECT_TRUE(fdinfo_tells(fd, HOLDER_LINE, getpid()));
	EXPECT_TRUE(fdinfo_tells(fd, WAITER_LINE, waiter));
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(1);
		pid = fork();
		if (pid)
			_exit(t_reap(pid));
		_exit(!fdinfo_tells(fd, HOLDER_LINE, 0) ? 2 :
		      !fdinfo_tells(fd, WAITER_LINE, 0) ? 3 :
							  0);
	}
	EXPECT_EQ(0, t_reap(pid));
	t_kill(waiter);
	close(fd);
}

TEST_HARNESS_MAIN
