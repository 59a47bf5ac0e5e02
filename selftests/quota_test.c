// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits: of a user (EDQUOT) and of the system (ENOSPC), exact at the boundary,
 * told by IPCX_IOC_QUOTA, changed by the parameters of the module; and the
 * memory that a memory cgroup is charged.
 *
 * Rows: B9 I11 J7. Classes: V20 V22.
 */
#include <sys/resource.h>

#include "ipcx_cgroup.h"

#define USER	   1000 /* an ordinary one, who has nothing else */
#define OTHER_USER 1001

static const char *const params[] = {
	"max_objects_per_user", "max_handles_per_user",
	"max_bytes_per_user",	"max_waiters_per_user",
	"max_fds_per_user",	"max_objects",
	"max_handles",		"max_bytes",
	"max_waiters",		"max_fds",
};

static int *where; /* the line at which a child gave up */

FIXTURE(quota)
{
	int dev;
	long long saved[ARRAY_SIZE(params)];
};

FIXTURE_SETUP(quota)
{
	unsigned int i;

	if (geteuid())
		SKIP(return, "only root can change the limits");
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	where = t_shared(4096);
	ASSERT_NE(NULL, where);
	for (i = 0; i < ARRAY_SIZE(params); i++) {
		self->saved[i] = t_param(params[i]);
		ASSERT_LE(0, self->saved[i]);
	}
}

FIXTURE_TEARDOWN(quota)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(params); i++)
		EXPECT_EQ(0, t_set_param(params[i], self->saved[i]));
	close(self->dev);
}

static void must(bool ok, int line)
{
	if (ok)
		return;
	*where = line;
	_exit(1);
}

/* In a child: leaves its line behind and ends when @cond does not hold. */
#define MUST(cond) must((cond), __LINE__)

/* Runs @what as @uid. */
static void as_user(struct __test_metadata *_metadata, unsigned int uid,
		    void (*what)(void))
{
	pid_t pid;

	*where = 0;
	pid = t_fork();
	if (!pid) {
		MUST(!t_become(uid));
		what();
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid))
	{
		TH_LOG("as user %u: line %d", uid, *where);
	}
}

static long long used(int dev, int resource)
{
	struct ipcx_quota q;

	return t_quota(dev, &q) ? -1 : (long long)q.out_used[resource];
}

static long long denied(int dev, int resource)
{
	struct ipcx_quota q;

	return t_quota(dev, &q) ? -1 : (long long)q.out_denied[resource];
}

/* Rows: J7. Classes: V17. */
TEST_F(quota, quota_tells_the_limits_that_the_parameters_set)
{
	struct ipcx_quota q;
	int i;

	for (i = 0; i < 2 * IPCX_RESOURCE_COUNT; i++)
		ASSERT_EQ(0, t_set_param(params[i], 1000000 + i));
	ASSERT_EQ(0, t_quota(self->dev, &q));
	for (i = 0; i < IPCX_RESOURCE_COUNT; i++) {
		EXPECT_EQ(1000000 + i, q.out_limit[i]);
		EXPECT_EQ(1000000 + IPCX_RESOURCE_COUNT + i,
			  q.out_total_limit[i]);
		EXPECT_LE(q.out_used[i], q.out_total_used[i]);
	}
	EXPECT_LE(1, q.out_used[IPCX_RESOURCE_HANDLES]);
	EXPECT_EQ(t_counter("objects"), q.out_total_used[0]);
	EXPECT_EQ(t_counter("handles"), q.out_total_used[1]);
	EXPECT_EQ(t_counter("bytes"), q.out_total_used[2]);
	EXPECT_EQ(t_counter("waiters"), q.out_total_used[3]);
	EXPECT_EQ(t_counter("fds"), q.out_total_used[4]);
}

static void fill_objects(void)
{
	int i, fds[5], dev = t_device();
	long long refused = denied(dev, IPCX_RESOURCE_OBJECTS);

	MUST(dev >= 0);
	MUST(used(dev, IPCX_RESOURCE_OBJECTS) == 0);
	for (i = 0; i < 5; i++) {
		fds[i] = i & 1 ? t_region(dev, 1) :
				 t_sem(dev, IPCX_SEM_PLAIN, 0, 1);
		MUST(fds[i] >= 0);
		MUST(used(dev, IPCX_RESOURCE_OBJECTS) == i + 1);
	}
	for (i = 0; i < 3; i++) {
		MUST(t_sem(dev, IPCX_SEM_PLAIN, 0, 1) == -EDQUOT);
		MUST(t_region(dev, 1) == -EDQUOT);
		MUST(denied(dev, IPCX_RESOURCE_OBJECTS) ==
		     refused + 2 * (i + 1));
		MUST(used(dev, IPCX_RESOURCE_OBJECTS) == 5);
	}
	/* Another handle is no other object; a destroyed object is none. */
	MUST(t_reduce(fds[0], IPCX_RIGHT_READ) >= 0);
	close(fds[1]);
	MUST(T_UNTIL(used(dev, IPCX_RESOURCE_OBJECTS) == 4));
	MUST(t_sem(dev, IPCX_SEM_PLAIN, 0, 1) >= 0);
	MUST(t_sem(dev, IPCX_SEM_PLAIN, 0, 1) == -EDQUOT);
}

/* Rows: B9 J7. Classes: V20. */
TEST_F(quota, objects_of_a_user_are_limited_exactly)
{
	ASSERT_EQ(0, t_set_param("max_objects_per_user", 5));
	as_user(_metadata, USER, fill_objects);
	/* One user's use is not another's. */
	as_user(_metadata, OTHER_USER, fill_objects);
	as_user(_metadata, USER, fill_objects);
}

static void fill_objects_as_root_of_a_namespace(void)
{
	MUST(!unshare(CLONE_NEWUSER));
	fill_objects();
}

/* Rows: B9 J7. Classes: V20. */
TEST_F(quota, root_of_a_user_namespace_is_bound_by_the_limits_of_its_user)
{
	if (access("/proc/self/ns/user", F_OK))
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, t_set_param("max_objects_per_user", 5));
	as_user(_metadata, USER, fill_objects_as_root_of_a_namespace);
}

/* Rows: J7. */
TEST_F(quota, cap_sys_resource_is_not_bound_by_the_limits_of_a_user)
{
	int i, fds[4];

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, t_set_param(params[i], 1));
	for (i = 0; i < 4; i++) {
		fds[i] = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
		EXPECT_LE(0, fds[i]);
	}
	for (i = 0; i < 4; i++)
		close(fds[i]);
}

static void fill_handles(void)
{
	char name[IPCX_NAME_SIZE];
	struct ipcx_sem_create c;
	int i, fd, dev = t_device();

	MUST(dev >= 0);
	t_sem_args(&c, t_name(name, "quota"), IPCX_SEM_PLAIN, 0, 1);
	fd = t_sem_create(dev, &c);
	MUST(fd >= 0);
	MUST(used(dev, IPCX_RESOURCE_HANDLES) == 2);
	for (i = 2; i < 6; i++) {
		MUST((i & 1 ? t_reduce(fd, IPCX_RIGHT_READ) :
			      t_open(dev, name, 0, IPCX_RIGHT_READ)) >= 0);
		MUST(used(dev, IPCX_RESOURCE_HANDLES) == i + 1);
	}
	MUST(t_reduce(fd, IPCX_RIGHT_READ) == -EDQUOT);
	MUST(t_open(dev, name, 0, IPCX_RIGHT_READ) == -EDQUOT);
	MUST(t_sem(dev, IPCX_SEM_PLAIN, 0, 1) == -EDQUOT);
	MUST(t_region(dev, 1) == -EDQUOT);
	MUST(t_device() == -EDQUOT);
	MUST(used(dev, IPCX_RESOURCE_HANDLES) == 6);
	MUST(used(dev, IPCX_RESOURCE_OBJECTS) == 1);
	MUST(denied(dev, IPCX_RESOURCE_HANDLES) == 5);
	/* dup() makes no handle. */
	MUST(dup(fd) >= 0);
	MUST(used(dev, IPCX_RESOURCE_HANDLES) == 6);
}

/* Rows: B9 J7. Classes: V20 V22. */
TEST_F(quota, handles_of_a_user_are_limited_exactly)
{
	ASSERT_EQ(0, t_set_param("max_handles_per_user", 6));
	as_user(_metadata, USER, fill_handles);
	as_user(_metadata, USER, fill_handles);
}

static void fill_bytes(void)
{
	long page = sysconf(_SC_PAGESIZE), limit = 64 * page, left;
	int fd, dev = t_device();

	MUST(dev >= 0);
	MUST(t_region(dev, limit + 1) == -EDQUOT);
	MUST(denied(dev, IPCX_RESOURCE_BYTES) == 1);
	MUST(used(dev, IPCX_RESOURCE_OBJECTS) == 0);
	MUST(used(dev, IPCX_RESOURCE_HANDLES) == 1);
	fd = t_region(dev, 32 * page);
	MUST(fd >= 0);
	left = limit - used(dev, IPCX_RESOURCE_BYTES);
	MUST(left <= 32 * page && left > 24 * page);
	MUST(t_region(dev, left + 1) == -EDQUOT);
	MUST(t_region(dev, 31 * page) >= 0);
	MUST(used(dev, IPCX_RESOURCE_BYTES) <= limit);
	/* Semaphores cost bytes as well: in the end they are refused. */
	while (t_sem(dev, IPCX_SEM_PLAIN, 0, 1) >= 0)
		;
	MUST(t_sem(dev, IPCX_SEM_PLAIN, 0, 1) == -EDQUOT);
	MUST(used(dev, IPCX_RESOURCE_BYTES) <= limit);
	close(fd);
	MUST(T_UNTIL(used(dev, IPCX_RESOURCE_BYTES) < limit - 31 * page));
	MUST(t_region(dev, 31 * page) >= 0);
}

/* Rows: B9 J7. Classes: V20. */
TEST_F(quota, bytes_of_a_user_are_limited_headers_included)
{
	ASSERT_EQ(0, t_set_param("max_bytes_per_user",
				 64 * sysconf(_SC_PAGESIZE)));
	as_user(_metadata, USER, fill_bytes);
	as_user(_metadata, USER, fill_bytes);
}

static void *wait_long(void *data)
{
	return (void *)(long)t_sem_p(*(int *)data, 1, t_soon());
}

static void fill_waiters(void)
{
	int dev = t_device(), fd = t_sem(dev, IPCX_SEM_PLAIN, 0, 9);
	int region = t_region(dev, 1);
	pthread_t threads[3];
	void *ret;
	int i;

	MUST(fd >= 0 && region >= 0);
	for (i = 0; i < 3; i++) {
		MUST(!pthread_create(&threads[i], NULL, wait_long, &fd));
		MUST(T_UNTIL(t_sem_waiters(fd) == i + 1));
		MUST(used(dev, IPCX_RESOURCE_WAITERS) == i + 1);
	}
	MUST(t_sem_p(fd, 1, t_soon()) == -EDQUOT);
	MUST(t_region_wait(region, 0, t_soon(), NULL) == -EDQUOT);
	MUST(denied(dev, IPCX_RESOURCE_WAITERS) == 2);
	/* Who need not sleep is not refused. */
	MUST(t_sem_p(fd, 1, 0) == -EAGAIN);
	MUST(t_region_lock(region, IPCX_LOCK_WRITE, t_soon(), NULL) == 0);
	MUST(t_sem_v(fd, 5) == 0);
	for (i = 0; i < 3; i++) {
		MUST(!pthread_join(threads[i], &ret));
		MUST(!ret);
	}
	MUST(used(dev, IPCX_RESOURCE_WAITERS) == 0);
	MUST(t_sem_p(fd, 2, t_soon()) == 0);
	MUST(t_sem_p(fd, 1, t_in_ms(5)) == -ETIMEDOUT);
}

/* Rows: B9 J7. Classes: V20. */
TEST_F(quota, waiters_of_a_user_are_limited_exactly)
{
	ASSERT_EQ(0, t_set_param("max_waiters_per_user", 3));
	as_user(_metadata, USER, fill_waiters);
}

/* Rows: B9 J7. Classes: V20. The limit of all binds root too. */
TEST_F(quota, objects_of_all_users_are_limited_exactly)
{
	long long refused, total = t_counter("objects");
	struct ipcx_quota q;
	int a, b;

	ASSERT_EQ(0, t_quota(self->dev, &q));
	refused = q.out_total_denied[IPCX_RESOURCE_OBJECTS];
	ASSERT_EQ(0, t_set_param("max_objects", total + 2));
	a = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
	b = t_region(self->dev, 1);
	EXPECT_LE(0, a);
	EXPECT_LE(0, b);
	EXPECT_EQ(-ENOSPC, t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1));
	ASSERT_EQ(0, t_quota(self->dev, &q));
	EXPECT_EQ(refused + 1, q.out_total_denied[IPCX_RESOURCE_OBJECTS]);
	EXPECT_EQ(total + 2, q.out_total_used[IPCX_RESOURCE_OBJECTS]);
	close(a);
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == total + 1));
	a = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
	EXPECT_LE(0, a);
	close(a);
	close(b);
}

/* Rows: B9 J7. Classes: V20. */
TEST_F(quota, handles_bytes_and_waiters_of_all_users_are_limited)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_set_param("max_handles", t_counter("handles")));
	EXPECT_EQ(-ENOSPC, t_device());
	EXPECT_EQ(-ENOSPC, t_reduce(fd, IPCX_RIGHT_READ));
	EXPECT_EQ(-ENOSPC, t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1));
	ASSERT_EQ(0, t_set_param("max_handles", self->saved[6]));
	ASSERT_EQ(0, t_set_param("max_bytes", t_counter("bytes") + 8192));
	EXPECT_EQ(-ENOSPC, t_region(self->dev, 8193));
	ASSERT_EQ(0, t_set_param("max_bytes", self->saved[7]));
	ASSERT_EQ(0, t_set_param("max_waiters", t_counter("waiters")));
	EXPECT_EQ(-ENOSPC, t_sem_p(fd, 1, t_in_ms(50)));
	EXPECT_EQ(-EAGAIN, t_sem_p(fd, 1, 0));
	ASSERT_EQ(0, t_set_param("max_waiters", self->saved[8]));
	EXPECT_EQ(-ETIMEDOUT, t_sem_p(fd, 1, t_in_ms(5)));
	close(fd);
}

static void create_persistent(void)
{
	struct ipcx_sem_create c;
	int fd, dev = t_device();

	t_sem_args(&c, "/quota-kept", IPCX_SEM_PLAIN, 0, 1);
	c.flags = IPCX_CREATE_F_EXCL | IPCX_CREATE_F_PERSISTENT;
	fd = t_sem_create(dev, &c);
	MUST(fd >= 0);
}

static void sees_one_object(void)
{
	int dev = t_device();

	MUST(used(dev, IPCX_RESOURCE_OBJECTS) == 1);
	MUST(used(dev, IPCX_RESOURCE_HANDLES) == 1);
	MUST(used(dev, IPCX_RESOURCE_BYTES) > 0);
}

static void sees_no_object(void)
{
	int dev = t_device();

	MUST(used(dev, IPCX_RESOURCE_OBJECTS) == 0);
}

/* Rows: H4 J7. Classes: V20. The creator pays until the object has gone. */
TEST_F(quota, a_persistent_object_stays_charged_to_its_creator)
{
	as_user(_metadata, USER, create_persistent);
	as_user(_metadata, USER, sees_one_object);
	EXPECT_EQ(0, t_unlink(self->dev, "/quota-kept"));
	as_user(_metadata, USER, sees_no_object);
}

static const char *const counters[] = { "objects", "handles", "bytes",
					"waiters", "fds" };

/* The first counter that does not come back to what it was, or "none". */
static const char *leaked(const long long *before)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		if (!T_UNTIL(t_counter(counters[i]) == before[i]))
			return counters[i];
	return "none";
}

/* Everything that costs something, and its end in every way. */
static void use_objects(int dev, int rounds)
{
	int i, sem, region;

	for (i = 0; i < rounds; i++) {
		sem = t_sem(dev, i % 3, 1, 1);
		region = t_region(dev, 1 + i * 1000);
		t_sem_p(sem, 1, 0);
		t_sem_p(sem, 1, 1);
		t_sem_attach(sem);
		t_region_lock(region, i & 1, 0, NULL);
		t_region_wait(region, 0, 1, NULL);
		if (i & 2)
			t_destroy(sem);
		if (i & 4)
			t_destroy(region);
		close(sem);
		close(region);
	}
}

/* Classes: V20. Everything that was charged is given back. */
TEST_F(quota, counters_return_to_where_they_were)
{
	long long before[ARRAY_SIZE(counters)];
	unsigned int i;

	/* Once before, for what a process costs until it ends. */
	use_objects(self->dev, 10);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		before[i] = t_counter(counters[i]);
	use_objects(self->dev, 200);
	EXPECT_STREQ("none", leaked(before));
}

/* Classes: V20. And what a process costs goes with it. */
TEST_F(quota, a_process_leaves_nothing_charged_behind)
{
	long long before[ARRAY_SIZE(counters)];
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		before[i] = t_counter(counters[i]);
	pid = t_fork();
	if (!pid) {
		use_objects(self->dev, 50);
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_STREQ("none", leaked(before));
}

/* ---- Memory cgroups ---------------------------------------------------- */

FIXTURE(memcg)
{
	int dev;
	struct t_cgroups cgroups;
	char dir[128];
};

FIXTURE_SETUP(memcg)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	if (!t_cgroups_begin(&self->cgroups))
		SKIP(return,
			   "there are no cgroups, or not for who is not root");
	if (!t_cgroup(&self->cgroups, "quota", self->dir))
		SKIP(return, "this kernel has no memory controller");
}

FIXTURE_TEARDOWN(memcg)
{
	t_cgroup_end(self->dir);
	t_cgroups_end(&self->cgroups);
	close(self->dev);
}

/*
 * Rows: I11. Classes: V20. Persistent ones, so that nothing but ipcx's own
 * memory is left of them: no file, no inode.
 */
TEST_F(memcg, kernel_memory_of_objects_is_charged)
{
	int i, n = 2000, *go = t_shared(sizeof(*go));
	struct ipcx_sem_create c;
	long long before, after;
	pid_t pid;

	pid = t_fork();
	if (!pid) {
		if (t_write_text(self->dir, "cgroup.procs", "0"))
			_exit(1);
		if (!T_UNTIL(T_ADD(go, 0) == 1))
			_exit(2);
		for (i = 0; i < n; i++) {
			t_sem_args(&c, NULL, IPCX_SEM_PLAIN, 0, 1);
			snprintf(c.name, sizeof(c.name), "/memcg-%d", i);
			c.flags = IPCX_CREATE_F_PERSISTENT;
			if (t_sem_create(self->dev, &c) < 0)
				_exit(3);
			close(c.out_fd);
		}
		T_STORE(go, 2);
		T_UNTIL(T_LOAD(go) == 3);
		_exit(0);
	}
	before = t_memory_stat(self->dir, "slab");
	T_STORE(go, 1);
	EXPECT_TRUE(T_UNTIL(T_LOAD(go) == 2 || t_state(pid) == 'Z'));
	after = t_memory_stat(self->dir, "slab");
	/* A header of an object is some hundred bytes. */
	EXPECT_LE(before + n * 200, after);
	T_STORE(go, 3);
	EXPECT_EQ(0, t_reap(pid));
	for (i = 0; i < n; i++) {
		snprintf(c.name, sizeof(c.name), "/memcg-%d", i);
		EXPECT_EQ(0, t_unlink(self->dev, c.name));
	}
}

/* Rows: I11 D6. Classes: V20. */
TEST_F(memcg, memory_of_a_region_is_charged)
{
	const long long size = 8 << 20;
	int *go = t_shared(sizeof(*go));
	struct ipcx_region_create c;
	long long before;
	pid_t pid;

	pid = t_fork();
	if (!pid) {
		if (t_write_text(self->dir, "cgroup.procs", "0"))
			_exit(1);
		T_STORE(go, 1);
		T_UNTIL(T_LOAD(go) == 2);
		t_region_args(&c, NULL, size);
		c.flags = IPCX_REGION_F_RESERVE;
		if (t_region_create(self->dev, &c) < 0)
			_exit(2);
		T_STORE(go, 3);
		T_UNTIL(T_LOAD(go) == 4);
		_exit(0);
	}
	EXPECT_TRUE(T_UNTIL(T_LOAD(go) == 1));
	before = t_memory_stat(self->dir, "shmem");
	T_STORE(go, 2);
	EXPECT_TRUE(T_UNTIL(T_LOAD(go) == 3 || t_state(pid) == 'Z'));
	/* The counters of a cgroup are collected every two seconds. */
	EXPECT_TRUE(
		T_UNTIL(t_memory_stat(self->dir, "shmem") >= before + size));
	T_STORE(go, 4);
	EXPECT_EQ(0, t_reap(pid));
}

TEST_HARNESS_MAIN
