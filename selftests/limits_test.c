// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits to the byte, for everything that costs something; memory that a memory
 * cgroup bounds; and that many objects make nothing slow.
 *
 * Rows: B9 I11 J1 J7. Classes: V18 V20 V21.
 */
#include "ipcx_cgroup.h"
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"
#include "ipcx_netlink.h"

#define USER 1000 /* an ordinary one, who has nothing else */

static const char *const user_params[] = {
	"max_objects_per_user", "max_handles_per_user", "max_bytes_per_user",
	"max_waiters_per_user", "max_fds_per_user",
};

static const char *const total_params[] = {
	"max_objects", "max_handles", "max_bytes", "max_waiters", "max_fds",
};

static int *where; /* the line at which a child gave up */

/* In a child: leaves its line behind and ends when @cond does not hold. */
#define MUST(cond)                         \
	do {                               \
		if (!(cond)) {             \
			*where = __LINE__; \
			_exit(1);          \
		}                          \
	} while (0)

FIXTURE(limits)
{
	int dev;
	long long user[IPCX_RESOURCE_COUNT], total[IPCX_RESOURCE_COUNT];
	struct t_census before;
};

FIXTURE_SETUP(limits)
{
	if (geteuid())
		SKIP(return, "only root can change the limits");
	where = t_shared(T_PAGE);
	ASSERT_NE(NULL, where);
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	for (int i = 0; i < IPCX_RESOURCE_COUNT; i++) {
		self->user[i] = t_param(user_params[i]);
		self->total[i] = t_param(total_params[i]);
	}
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(limits)
{
	for (int i = 0; i < IPCX_RESOURCE_COUNT; i++) {
		EXPECT_EQ(0, t_set_param(user_params[i], self->user[i]));
		EXPECT_EQ(0, t_set_param(total_params[i], self->total[i]));
	}
	EXPECT_TRUE(t_same_census(&self->before));
}

/* ---- To the byte ------------------------------------------------------- */

/* Something that costs; each begins with what it needs, and ends as it began. */
struct cost {
	int dev;
	int fd; /* what was made before */
	int got; /* what the call gave */
	void *map;
	pthread_t thread;
	int done;
};

static void before_sem(struct cost *c)
{
	struct ipcx_sem_create s;

	t_sem_args(&s, "/limits", IPCX_SEM_PLAIN, 0, 1);
	c->fd = t_sem_create(c->dev, &s);
}

static void before_owned(struct cost *c)
{
	c->fd = t_sem(c->dev, IPCX_SEM_OWNED, 1, 1);
}

static void before_lock(struct cost *c)
{
	c->fd = t_lock(c->dev, IPCX_DEATH_RETURN);
}

static void before_region(struct cost *c)
{
	c->fd = t_region(c->dev, 1);
}

static void before_mailbox(struct cost *c)
{
	c->fd = t_fd_mailbox(c->dev, 2, 10000);
}

static int create_mailbox(struct cost *c)
{
	return c->got = t_mailbox(c->dev, 1, 1);
}

static int send_short(struct cost *c)
{
	return t_send_number(c->fd, 1);
}

static int send_long(struct cost *c)
{
	char data[10000] = "";

	return t_send(c->fd, data, sizeof(data), 0, 0);
}

static int send_fd(struct cost *c)
{
	return t_send_fds(c->fd, &c->dev, 1);
}

static int send_to_all(struct cost *c)
{
	struct ipcx_send_message m = t_message(NULL, 0, 0, 0);

	return t_send_all(c->dev, &c->fd, 1, &m, 0, 0, NULL);
}

static int open_device(struct cost *c)
{
	return c->got = t_device();
}

static int create_plain(struct cost *c)
{
	return c->got = t_sem(c->dev, IPCX_SEM_PLAIN, 0, 1);
}

static int create_owned(struct cost *c)
{
	return c->got = t_sem(c->dev, IPCX_SEM_OWNED, 0, 1);
}

static int create_lock(struct cost *c)
{
	return c->got = t_lock(c->dev, IPCX_DEATH_RETURN);
}

static int create_region(struct cost *c)
{
	return c->got = t_region(c->dev, 3 * T_PAGE + 1);
}

static int create_reserved(struct cost *c)
{
	struct ipcx_region_create r;

	t_region_args(&r, "/limits", 2 * T_PAGE);
	r.flags = IPCX_REGION_F_RESERVE;
	return c->got = t_region_create(c->dev, &r);
}

static int open_by_name(struct cost *c)
{
	return c->got = t_open(c->dev, "/limits", 0, IPCX_RIGHT_READ);
}

static int create_that_opens(struct cost *c)
{
	struct ipcx_sem_create s;

	t_sem_args(&s, "/limits", IPCX_SEM_PLAIN, 0, 1);
	return c->got = t_sem_create(c->dev, &s);
}

static int reduce(struct cost *c)
{
	return c->got = t_reduce(c->fd, IPCX_RIGHT_READ);
}

static int map_word(struct cost *c)
{
	c->map = t_sem_map(c->fd);
	return c->map ? 0 : -errno;
}

static int attach(struct cost *c)
{
	return t_sem_attach(c->fd);
}

static int take_unit(struct cost *c)
{
	return t_sem_p(c->fd, 1, 0);
}

static int lock_region(struct cost *c)
{
	return t_region_lock(c->fd, IPCX_LOCK_READ, 0, NULL);
}

static void *sleep_on(void *data)
{
	struct cost *c = data;
	int ret = t_sem_p(c->fd, 1, t_soon());

	T_STORE(&c->done, ret ? -ret : 1);
	return NULL;
}

/* 0 when somebody sleeps, or the error with which it is refused. */
static int sleep_for_unit(struct cost *c)
{
	MUST(!pthread_create(&c->thread, NULL, sleep_on, c));
	MUST(T_UNTIL(T_LOAD(&c->done) || t_waiters(c->fd) == 1));
	if (!T_LOAD(&c->done))
		return 0;
	pthread_join(c->thread, NULL);
	c->thread = 0;
	return -c->done;
}

static void undo(struct cost *c)
{
	if (c->thread) {
		MUST(!t_sem_v(c->fd, 1));
		MUST(!t_join(c->thread));
	}
	if (c->map)
		t_sem_unmap(c->map);
	if (c->got > 0)
		close(c->got);
	if (c->fd > 0)
		close(c->fd);
	c->thread = 0;
	c->map = NULL;
	c->got = 0;
	c->fd = 0;
	c->done = 0;
}

static const struct {
	const char *name;
	void (*before)(struct cost *c);
	int (*act)(struct cost *c);
	unsigned int costs; /* bits of what it must cost */
} costs[] = {
#define OBJ    (1 << IPCX_RESOURCE_OBJECTS)
#define HANDLE (1 << IPCX_RESOURCE_HANDLES)
#define BYTES  (1 << IPCX_RESOURCE_BYTES)
#define WAITER (1 << IPCX_RESOURCE_WAITERS)
#define FD     (1 << IPCX_RESOURCE_FDS)
	{ "open", NULL, open_device, HANDLE | BYTES },
	{ "plain", NULL, create_plain, OBJ | HANDLE | BYTES },
	{ "owned", NULL, create_owned, OBJ | HANDLE | BYTES },
	{ "lock", NULL, create_lock, OBJ | HANDLE | BYTES },
	{ "region", NULL, create_region, OBJ | HANDLE | BYTES },
	{ "reserved", NULL, create_reserved, OBJ | HANDLE | BYTES },
	{ "by name", before_sem, open_by_name, HANDLE | BYTES },
	{ "opens", before_sem, create_that_opens, HANDLE | BYTES },
	{ "reduce", before_region, reduce, HANDLE | BYTES },
	{ "map", before_sem, map_word, BYTES },
	{ "map lock", before_lock, map_word, BYTES },
	{ "attach", before_lock, attach, BYTES },
	{ "take", before_owned, take_unit, BYTES },
	{ "lock", before_lock, take_unit, BYTES },
	{ "read lock", before_region, lock_region, BYTES },
	{ "sleep", before_sem, sleep_for_unit, WAITER },
	{ "mailbox", NULL, create_mailbox, OBJ | HANDLE | BYTES },
	{ "send", before_mailbox, send_short, BYTES },
	{ "send long", before_mailbox, send_long, BYTES },
	{ "send fd", before_mailbox, send_fd, BYTES | FD },
	{ "send all", before_mailbox, send_to_all, BYTES },
};

/* As root for a moment; the real user, who pays, stays. */
static void limit(const char *param, long long value)
{
	MUST(!seteuid(0));
	MUST(!t_set_param(param, value));
	MUST(!seteuid(USER));
}

static void settle_at(int dev, const struct ipcx_quota *q)
{
	struct ipcx_quota now;

	MUST(T_UNTIL(!t_quota(dev, &now) &&
		     !memcmp(now.out_used, q->out_used, sizeof(q->out_used))));
}

/* Refused with @error, and only the counter of denials of @res has moved. */
static void expect_refused(struct cost *c, int i, int res, int error)
{
	struct ipcx_quota q, after;

	if (costs[i].before)
		costs[i].before(c);
	MUST(!t_quota(c->dev, &q));
	if (costs[i].act(c) != error) {
		fprintf(stderr, "# %s: resource %d: not %d\n", costs[i].name,
			res, error);
		MUST(false);
	}
	MUST(!t_quota(c->dev, &after));
	MUST(!memcmp(q.out_used, after.out_used, sizeof(q.out_used)));
	if (error == -EDQUOT)
		q.out_denied[res]++;
	else
		q.out_total_denied[res]++;
	MUST(!memcmp(q.out_denied, after.out_denied, sizeof(q.out_denied)));
	MUST(!memcmp(q.out_total_denied, after.out_total_denied,
		     sizeof(q.out_total_denied)));
	undo(c);
}

static void expect_granted(struct cost *c, int i)
{
	if (costs[i].before)
		costs[i].before(c);
	if (costs[i].act(c) < 0) {
		fprintf(stderr, "# %s: refused at its very limit\n",
			costs[i].name);
		MUST(false);
	}
	undo(c);
}

/* For one thing that costs: every limit that it counts against. */
static void try_cost(struct cost *c, int i, FIXTURE_DATA(limits) * self)
{
	struct ipcx_quota base, low, high;

	MUST(!t_quota(c->dev, &base));
	if (costs[i].before)
		costs[i].before(c);
	MUST(!t_quota(c->dev, &low));
	MUST(costs[i].act(c) >= 0);
	MUST(!t_quota(c->dev, &high));
	undo(c);
	settle_at(c->dev, &base);
	for (int res = 0; res < IPCX_RESOURCE_COUNT; res++) {
		if (costs[i].costs & (1U << res))
			MUST(high.out_used[res] > low.out_used[res]);
		if (high.out_used[res] == low.out_used[res])
			continue;
		limit(user_params[res], high.out_used[res]);
		expect_granted(c, i);
		settle_at(c->dev, &base);
		limit(user_params[res], high.out_used[res] - 1);
		expect_refused(c, i, res, -EDQUOT);
		limit(user_params[res], self->user[res]);
		settle_at(c->dev, &base);
		limit(total_params[res], high.out_total_used[res]);
		expect_granted(c, i);
		settle_at(c->dev, &base);
		limit(total_params[res], high.out_total_used[res] - 1);
		expect_refused(c, i, res, -ENOSPC);
		limit(total_params[res], self->total[res]);
		settle_at(c->dev, &base);
	}
}

/*
 * Rows: B9 J7. Classes: V20 V22. At the limit it works, one below it is refused,
 * with the error and the counter that name the limit, and without a trace.
 */
TEST_F(limits, each_cost_counts_against_each_limit_exactly)
{
	int last = -1, *now = t_shared(T_PAGE);
	pid_t pid = t_fork();

	if (!pid) {
		struct cost c = {};
		int lock;

		MUST(!setgroups(0, NULL) && !setresuid(USER, USER, 0));
		c.dev = t_device();
		MUST(c.dev >= 0);
		/* What the process itself costs, once. */
		lock = t_lock(c.dev, IPCX_DEATH_RETURN);
		MUST(t_sem_attach(lock) > 0);
		for (size_t i = 0; i < ARRAY_SIZE(costs); i++) {
			T_STORE(now, (int)i);
			try_cost(&c, i, self);
		}
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid))
	{
		last = T_LOAD(now);
		TH_LOG("%s, at line %d", costs[last].name, *where);
	}
}

/* Rows: J7. Classes: V20. The record of a process is paid for as well. */
TEST_F(limits, first_holding_of_a_process_pays_for_its_record)
{
	int fd = t_sem(self->dev, IPCX_SEM_OWNED, 5, 5);
	pid_t pid = t_fork();

	if (!pid) {
		struct ipcx_quota q;
		int dev;

		MUST(!setgroups(0, NULL) && !setresuid(USER, USER, 0));
		dev = t_device();
		MUST(!t_quota(dev, &q));
		limit("max_bytes_per_user", q.out_used[IPCX_RESOURCE_BYTES]);
		MUST(t_sem_p(fd, 1, 0) == -EDQUOT);
		limit("max_bytes_per_user", self->user[IPCX_RESOURCE_BYTES]);
		MUST(!t_sem_p(fd, 1, 0));
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid))
	{
		TH_LOG("at line %d", *where);
	}
	EXPECT_TRUE(T_UNTIL(t_sem_value(fd) == 5));
	close(fd);
}

/* ---- Memory cgroups ---------------------------------------------------- */

/* Creates without end, until it is refused or killed. */
static void hoard(int dev, bool regions)
{
	struct ipcx_region_create r;
	struct ipcx_sem_create s;
	char name[IPCX_NAME_SIZE];

	for (int i = 0;; i++) {
		int fd;

		snprintf(name, sizeof(name), "/hoard-%d", i);
		t_sem_args(&s, name, IPCX_SEM_PLAIN, 0, 1);
		t_region_args(&r, name, 1 << 20);
		s.flags = IPCX_CREATE_F_PERSISTENT;
		r.flags = IPCX_CREATE_F_PERSISTENT | IPCX_REGION_F_RESERVE;
		fd = regions ? t_region_create(dev, &r) : t_sem_create(dev, &s);
		if (fd < 0)
			_exit(-fd);
		*where = i + 1;
		close(fd);
	}
}

/*
 * Rows: I11. Classes: V20. Who hoards in a memory cgroup of 16 MiB is stopped
 * there, and nobody else is.
 */
TEST_F_TIMEOUT(limits, hoarder_is_stopped_by_its_memory_cgroup, 60)
{
	char dir[128], name[IPCX_NAME_SIZE];
	struct t_cgroups cgroups;

	if (!t_cgroups_begin(&cgroups))
		SKIP(return,
			   "there are no cgroups, or not for who is not root");
	if (!t_cgroup(&cgroups, "limits", dir))
		SKIP(return, "this kernel has no memory controller");
	ASSERT_EQ(0, t_write_text(dir, "memory.max", "16777216"));
	t_write_text(dir, "memory.swap.max", "0");
	for (int regions = 0; regions < 2; regions++) {
		pid_t pid = t_fork();
		int made, status;

		*where = 0;
		if (!pid) {
			if (t_write_text(dir, "cgroup.procs", "0"))
				_exit(1);
			hoard(self->dev, regions);
		}
		status = t_reap(pid);
		made = *where;
		EXPECT_TRUE(status == ENOMEM || status == 128 + SIGKILL)
		{
			TH_LOG("status %d after %d", status, made);
		}
		EXPECT_GT(regions ? 17 : 65536, made);
		EXPECT_LT(regions ? 0 : 1000, made);
		/* Others have their memory. */
		EXPECT_LE(0, t_region(self->dev, 32 << 20));
		for (int i = 0; i <= made; i++) {
			snprintf(name, sizeof(name), "/hoard-%d", i);
			t_unlink(self->dev, name);
		}
	}
	EXPECT_TRUE(T_UNTIL(!rmdir(dir)));
	t_cgroups_end(&cgroups);
}

/* ---- Many objects ------------------------------------------------------ */

#define MANY  100000
#define BATCH 200

static bool emulated(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	bool found = false;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "model name", 10) && strstr(line, "TCG"))
			found = true;
	if (f)
		fclose(f);
	return found;
}

/* As many as a test of some seconds can make. */
static int many_objects(void)
{
	return t_times(emulated() ? MANY / 5 : MANY);
}

/* A name that is as long as names can be: the prefix, and a number. */
static const char *many_name(char *name, const char *prefix, int i)
{
	char *p = name + IPCX_NAME_SIZE - 1;

	*p = '\0';
	for (; p > name + strlen(prefix); i /= 10)
		*--p = '0' + i % 10;
	memcpy(name, prefix, strlen(prefix));
	return name;
}

static int many_create(int dev, const char *prefix, int i)
{
	struct ipcx_sem_create c;
	char name[IPCX_NAME_SIZE];
	int fd;

	many_name(name, prefix, i);
	t_sem_args(&c, name, IPCX_SEM_PLAIN, 0, 1);
	c.flags = IPCX_CREATE_F_PERSISTENT;
	fd = t_sem_create(dev, &c);
	if (fd >= 0)
		close(fd);
	return fd;
}

static void many_unlink(int dev, const char *prefix, int count)
{
	char name[IPCX_NAME_SIZE];

	for (int i = 0; i < count; i++)
		t_unlink(dev, many_name(name, prefix, i));
}

/* The shortest time that a few objects take to be made, found and freed. */
static unsigned long long churn_ns(int dev)
{
	unsigned long long best = ~0ULL;

	for (int round = 0; round < 10; round++) {
		unsigned long long start = t_now(), took;

		for (int i = 0; i < BATCH; i++)
			if (many_create(dev, "/churn.", i) < 0 ||
			    many_create(dev, "/churn.", i) < 0)
				return 0;
		many_unlink(dev, "/churn.", BATCH);
		took = t_now() - start;
		best = took < best ? took : best;
	}
	return best / BATCH;
}

/* The time that a whole listing takes; what it lists is in @count. */
static unsigned long long list_ns(struct t_netlink *nl, int *count)
{
	unsigned long long best = ~0ULL, start, took;

	for (int round = 0; round < 3; round++) {
		start = t_now();
		*count = t_nl_dump(nl, IPCX_CMD_GET_OBJECT, 0, NULL, 0);
		took = t_now() - start;
		best = took < best ? took : best;
	}
	return best;
}

/*
 * Rows: J1. Classes: V21. A hundred times more objects: making, finding and
 * freeing one costs about the same, and a listing as much more as it is longer:
 * a second for 100,000 of them.
 */
TEST_F_TIMEOUT(limits, many_objects_make_nothing_slow, 120)
{
	int many = many_objects(), few = many / 100, count, made = 0;
	unsigned long long churn[2], list[2];
	struct t_netlink nl;

	ASSERT_EQ(0, t_nl_open(&nl));
	for (int i = 0; i < 2; i++) {
		for (; made < (i ? many : few); made++)
			ASSERT_LE(0, many_create(self->dev, "/many.", made));
		churn[i] = churn_ns(self->dev);
		list[i] = list_ns(&nl, &count);
		EXPECT_EQ(made, count);
		TH_LOG("%d objects: %llu ns each, listed in %llu us", made,
		       churn[i], list[i] / 1000);
	}
	/* Deeper trees and colder caches, but no walk through all. */
	EXPECT_GT(5 * churn[0], churn[1]);
	EXPECT_GT(5 * list[0] / few, list[1] / many);
	/* An emulated machine is much slower, and more on a busy host. */
	EXPECT_GT(T_SEC * many / 100000 * (emulated() ? 60 : 1) * t_slower(),
		  list[1]);
	t_nl_close(&nl);
	many_unlink(self->dev, "/many.", made);
}

/* Lists over and over, and says how long the shortest took. */
static void list_for_ever(unsigned long long *took)
{
	struct t_netlink nl;
	int count;

	if (t_nl_open(&nl))
		_exit(1);
	for (;;)
		T_STORE(took, list_ns(&nl, &count));
}

static int compare_ns(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/*
 * Classes: V21. No lock is held while everything is listed: who makes an object
 * meanwhile waits for a small part of the listing at most.
 */
TEST_F_TIMEOUT(limits, long_listing_keeps_nobody_waiting, 120)
{
	unsigned long long *took = t_shared(T_PAGE), *ns, listing;
	int many = many_objects() / 5, n = 301;
	pid_t pid;

	for (int i = 0; i < many; i++)
		ASSERT_LE(0, many_create(self->dev, "/many.", i));
	pid = t_fork();
	if (!pid)
		list_for_ever(took);
	ns = calloc(n, sizeof(*ns));
	ASSERT_TRUE(T_UNTIL(T_LOAD(took)));
	for (int i = 0; i < n; i++) {
		ns[i] = t_now();
		ASSERT_LE(0, many_create(self->dev, "/churn.", 0));
		ns[i] = t_now() - ns[i];
	}
	listing = T_LOAD(took);
	qsort(ns, n, sizeof(*ns), compare_ns);
	TH_LOG("listing %llu us, meanwhile median %llu us, longest %llu us",
	       listing / 1000, ns[n / 2] / 1000, ns[n - 1] / 1000);
	EXPECT_GT(listing / 10, ns[n / 2]);
	t_kill(pid);
	many_unlink(self->dev, "/churn.", 1);
	many_unlink(self->dev, "/many.", many);
	free(ns);
}

/* Rows: J1. Classes: V18. The tool lists all of them, names of full length. */
TEST_F_TIMEOUT(limits, tool_lists_many_long_names_whole, 120)
{
	int many = many_objects() / 5, found = 0;
	char line[512];
	FILE *out;

	if (system("ipcxctl --version >/dev/null 2>&1"))
		SKIP(return, "ipcxctl is not installed");
	for (int i = 0; i < many; i++)
		ASSERT_LE(0, many_create(self->dev, "/many.", i));
	out = popen("ipcxctl list", "re");
	ASSERT_NE(NULL, out);
	while (fgets(line, sizeof(line), out)) {
		char *name = strstr(line, "/many.");

		if (name &&
		    strspn(name + 6, "0123456789") == IPCX_NAME_SIZE - 7)
			found++;
	}
	EXPECT_EQ(0, pclose(out));
	EXPECT_EQ(many, found);
	many_unlink(self->dev, "/many.", many);
}

TEST_HARNESS_MAIN
