// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that never come. The argument of each call, and its reply, lie in a
 * page that userfaultfd holds back: only the caller that named it stalls, all
 * others go on with the same object, and the one that stalls can be killed, or
 * goes on when the page comes.
 *
 * Rows: A5 B11 H7. Classes: V4 V6 V9 V13 V22 V27. Trap 25.
 */
#include "ipcx_fd.h"

#include <linux/userfaultfd.h>

#include "kselftest_harness.h"

FIXTURE(stalled)
{
	int dev;
	int sem, owned, lock, region;
	char name[IPCX_NAME_SIZE];
	struct t_census before;
};

FIXTURE_SETUP(stalled)
{
	struct ipcx_sem_create c;

	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	t_name(self->name, "stalled");
	t_sem_args(&c, self->name, IPCX_SEM_PLAIN, 3, 5);
	self->sem = t_sem_create(self->dev, &c);
	self->owned = t_sem_with(self->dev, IPCX_SEM_OWNED, 2, 2,
				 IPCX_ORDER_FIFO, IPCX_DEATH_REPORT);
	self->lock = t_lock(self->dev, IPCX_DEATH_REPORT);
	self->region = t_region(self->dev, 2 * T_PAGE);
	ASSERT_LE(0, self->sem);
	ASSERT_LE(0, self->owned);
	ASSERT_LE(0, self->lock);
	ASSERT_LE(0, self->region);
}

FIXTURE_TEARDOWN_PARENT(stalled)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* ---- Pages that are held back ------------------------------------------- */

static int uffd_open(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	return ioctl(fd, UFFDIO_API, &api) ? -errno : fd;
}

static int uffd_register(int fd, void *page, unsigned long long mode)
{
	struct uffdio_register r = {
		.range = { (unsigned long)page, T_PAGE },
		.mode = mode,
	};

	return ioctl(fd, UFFDIO_REGISTER, &r) ? -errno : 0;
}

static int uffd_protect(int fd, void *page, bool protect)
{
	struct uffdio_writeprotect w = {
		.range = { (unsigned long)page, T_PAGE },
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(fd, UFFDIO_WRITEPROTECT, &w) ? -errno : 0;
}

static int uffd_fill(int fd, void *page, void *content)
{
	struct uffdio_copy c = {
		.dst = (unsigned long)page,
		.src = (unsigned long)content,
		.len = T_PAGE,
	};

	return ioctl(fd, UFFDIO_COPY, &c) ? -errno : 0;
}

/* Shared by the test and the process that stalls. */
struct hold {
	int faulted; /* 1: it stalls; below 0: it could not be arranged */
	int release;
	int done;
	int result;
	char argument[1024]; /* what the page holds, when it comes */
};

/* A call on a descriptor: an ioctl, or read() when @cmd is 0. */
struct held_call {
	const char *name;
	int fd;
	unsigned long cmd;
	bool reply; /* only the reply is held back */
	const void *argument;
	size_t size;
	int expect; /* when the page comes */
};

struct held_page {
	struct hold *hold;
	void *page;
	bool reply;
	int uffd;
};

/* Tells of the fault, and gives the page when it may. */
static void *hold_back(void *data)
{
	static char content[T_PAGE];
	struct held_page *p = data;
	struct uffd_msg msg;

	if (t_poll(p->uffd, POLLIN, T_LONG / T_MSEC) != POLLIN ||
	    read(p->uffd, &msg, sizeof(msg)) != sizeof(msg)) {
		T_STORE(&p->hold->faulted, -ETIMEDOUT);
		return NULL;
	}
	T_STORE(&p->hold->faulted, 1);
	T_UNTIL(T_LOAD(&p->hold->release));
	memcpy(content, p->hold->argument, sizeof(p->hold->argument));
	if (p->reply)
		uffd_protect(p->uffd, p->page, false);
	else
		uffd_fill(p->uffd, p->page, content);
	return NULL;
}

static int hold_arrange(struct held_page *p, bool reply)
{
	int r;

	p->reply = reply;
	p->page = t_map_flags(-1, T_PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS);
	p->uffd = uffd_open();
	if (!p->page || p->uffd < 0)
		return p->uffd;
	if (!reply)
		return uffd_register(p->uffd, p->page,
				     UFFDIO_REGISTER_MODE_MISSING);
	memcpy(p->page, p->hold->argument, sizeof(p->hold->argument));
	r = uffd_register(p->uffd, p->page, UFFDIO_REGISTER_MODE_WP);
	return r ? r : uffd_protect(p->uffd, p->page, true);
}

static int make_call(const struct held_call *call, void *page)
{
	int r;

	if (call->cmd)
		return t_ioctl(call->fd, call->cmd, page);
	r = read(call->fd, page, 8);
	return r < 0 ? -errno : 0;
}

/* A process that stalls in that call. */
static pid_t stall(const struct held_call *call, struct hold *hold)
{
	struct held_page p = { .hold = hold };
	pthread_t thread;
	pid_t pid;
	int r;

	memset(hold, 0, sizeof(*hold));
	if (call->argument)
		memcpy(hold->argument, call->argument, call->size);
	pid = t_fork();
	if (pid)
		return pid;
	r = hold_arrange(&p, call->reply);
	if (r) {
		T_STORE(&hold->faulted, r);
		_exit(1);
	}
	pthread_create(&thread, NULL, hold_back, &p);
	r = make_call(call, p.page);
	T_STORE(&hold->result, r);
	T_STORE(&hold->done, 1);
	_exit(0);
}

/* The others can do with the objects what they always can. */
static bool others_go_on(const FIXTURE_DATA(stalled) * self)
{
	struct ipcx_region_stat region;
	struct ipcx_quota quota;
	struct ipcx_stat stat;
	uint64_t count;
	int dup, r;

	dup = t_reduce(self->sem, IPCX_RIGHT_READ);
	if (dup < 0 || close(dup))
		return false;
	if (t_sem_p(self->sem, 1, 0) || t_sem_v(self->sem, 1))
		return false;
	/* One unit may be with who stalls. */
	r = t_sem_p(self->owned, 1, 0);
	if ((r && r != -EOWNERDEAD) || t_sem_v(self->owned, 1))
		return false;
	r = t_sem_p(self->lock, 1, t_now() + T_MSEC);
	if (r != -ETIMEDOUT &&
	    ((r && r != -EOWNERDEAD) || t_sem_v(self->lock, 1)))
		return false;
	r = t_region_lock(self->region, IPCX_LOCK_READ, t_now() + T_MSEC, NULL);
	if (r != -ETIMEDOUT &&
	    ((r && r != -EOWNERDEAD) || t_region_unlock(self->region)))
		return false;
	return !t_region_ring(self->region, &count) &&
	       !t_region_stat(self->region, &region) &&
	       !t_stat(self->lock, &stat) && !t_quota(self->dev, &quota);
}

#define CALL(fd_, cmd_)                                   \
	{                                                 \
		.name = #cmd_, .fd = (fd_), .cmd = (cmd_) \
	}

/* Every call that has an argument, which all have, with one of only zeros. */
static int all_calls(const FIXTURE_DATA(stalled) * self,
		     struct held_call *calls)
{
	const struct held_call all[] = {
		CALL(self->dev, IPCX_IOC_INFO),
		CALL(self->dev, IPCX_IOC_OPEN),
		CALL(self->dev, IPCX_IOC_UNLINK),
		CALL(self->sem, IPCX_IOC_REDUCE),
		CALL(self->lock, IPCX_IOC_STAT),
		CALL(self->region, IPCX_IOC_SET),
		CALL(self->dev, IPCX_IOC_QUOTA),
		CALL(self->dev, IPCX_IOC_SEM_CREATE),
		CALL(self->sem, IPCX_IOC_SEM_WAIT),
		CALL(self->owned, IPCX_IOC_SEM_POST),
		CALL(self->sem, IPCX_IOC_SEM_HANDOFF),
		CALL(self->owned, IPCX_IOC_SEM_STAT),
		CALL(self->lock, IPCX_IOC_SEM_ATTACH),
		CALL(self->lock, IPCX_IOC_SEM_CONSISTENT),
		CALL(self->dev, IPCX_IOC_REGION_CREATE),
		CALL(self->region, IPCX_IOC_REGION_SEAL),
		CALL(self->region, IPCX_IOC_REGION_LOCK),
		CALL(self->region, IPCX_IOC_REGION_UNLOCK),
		CALL(self->region, IPCX_IOC_REGION_CONSISTENT),
		CALL(self->region, IPCX_IOC_REGION_RING),
		CALL(self->region, IPCX_IOC_REGION_WAIT),
		CALL(self->region, IPCX_IOC_REGION_STAT),
		/* The last: nobody goes on after that. */
		CALL(self->sem, IPCX_IOC_DESTROY),
	};

	memcpy(calls, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

#define CALLS_MAX 32

/* Rows: B11 H7. Classes: V22 V27. Trap 25. */
TEST_F_TIMEOUT(stalled, an_argument_that_does_not_come_stalls_only_its_caller,
	       60)
{
	struct hold *hold = t_shared(sizeof(*hold));
	struct held_call calls[CALLS_MAX];
	int i, n = all_calls(self, calls);
	pid_t pid;

	if (uffd_open() < 0)
		SKIP(return, "this kernel has no userfaultfd");
	for (i = 0; i < n; i++) {
		pid = stall(&calls[i], hold);
		ASSERT_TRUE(T_UNTIL(T_LOAD(&hold->faulted)));
		ASSERT_EQ(1, hold->faulted);
		EXPECT_TRUE(others_go_on(self))
		{
			TH_LOG("while %s stalls", calls[i].name);
		}
		EXPECT_EQ(0, T_LOAD(&hold->done));
		if (i % 2) {
			EXPECT_EQ(128 + SIGKILL, t_kill(pid));
			EXPECT_EQ(0, hold->done);
			continue;
		}
		T_STORE(&hold->release, 1);
		EXPECT_EQ(0, t_reap(pid));
		EXPECT_NE(-EFAULT, hold->result);
	}
	/* It was destroyed when its argument came, and not before. */
	EXPECT_EQ(0, hold->result);
	EXPECT_EQ(-EIDRM, t_sem_p(self->sem, 1, 0));
}

/* ---- Replies ------------------------------------------------------------ */

/* Somebody dies who has made the same call. */
static bool make_death(const struct held_call *call)
{
	char argument[1024] = "";
	pid_t pid;

	memcpy(argument, call->argument, call->size);
	pid = t_fork();
	if (!pid)
		_exit(-t_ioctl(call->fd, call->cmd, argument));
	return t_reap(pid) == 0;
}

/* It is told to the next one, and when it is mended nothing is missing. */
static bool death_is_told(const struct held_call *call)
{
	char argument[1024] = "";
	int r;

	memcpy(argument, call->argument, call->size);
	if (t_ioctl(call->fd, call->cmd, argument) != -EOWNERDEAD)
		return false;
	if (call->cmd == IPCX_IOC_REGION_LOCK)
		return !t_region_consistent(call->fd) &&
		       !t_region_unlock(call->fd);
	r = t_sem_consistent(call->fd);
	return (!r || r == -EOPNOTSUPP) && !t_sem_v(call->fd, 1);
}

/* Stalls in its reply; the others go on; killed it leaves nothing. */
static bool reply_stalls(const FIXTURE_DATA(stalled) * self,
			 struct held_call *call, bool killed)
{
	struct hold *hold = t_shared(sizeof(*hold));
	pid_t pid;

	call->reply = true;
	pid = stall(call, hold);
	if (!T_UNTIL(T_LOAD(&hold->faulted)) || hold->faulted != 1)
		return false;
	if (!others_go_on(self) || T_LOAD(&hold->done))
		return false;
	if (killed)
		return t_kill(pid) == 128 + SIGKILL && !hold->done;
	T_STORE(&hold->release, 1);
	return t_reap(pid) == 0 && hold->result == call->expect;
}

/* Whether a reply can be held back here, where the kernel can do it at all. */
static bool can_protect(void)
{
	struct hold *hold = t_shared(sizeof(*hold));
	struct held_page p = { .hold = hold };

	return !hold_arrange(&p, true);
}

#define CANNOT_PROTECT "this kernel cannot write-protect by userfaultfd"

/* Rows: B11 H7. Classes: V6 V22 V27. Also of calls that make descriptors. */
TEST_F_TIMEOUT(stalled, a_reply_that_is_held_back_stalls_only_its_caller, 60)
{
	struct ipcx_sem_create c;
	struct ipcx_region_create region;
	struct ipcx_open open = { .rights = IPCX_RIGHT_READ };
	struct ipcx_reduce reduce = { .rights = IPCX_RIGHT_READ };
	struct ipcx_region_wait wait = { .clockid = CLOCK_MONOTONIC };
	struct held_call calls[] = {
		CALL(self->dev, IPCX_IOC_INFO),
		CALL(self->dev, IPCX_IOC_QUOTA),
		CALL(self->region, IPCX_IOC_STAT),
		CALL(self->owned, IPCX_IOC_SEM_STAT),
		CALL(self->lock, IPCX_IOC_SEM_ATTACH),
		CALL(self->region, IPCX_IOC_REGION_STAT),
		CALL(self->region, IPCX_IOC_REGION_RING),
		{ "wait", self->region, IPCX_IOC_REGION_WAIT, true, &wait,
		  sizeof(wait), 0 },
		{ "create", self->dev, IPCX_IOC_SEM_CREATE, true, &c, sizeof(c),
		  0 },
		{ "region", self->dev, IPCX_IOC_REGION_CREATE, true, &region,
		  sizeof(region), 0 },
		{ "open", self->dev, IPCX_IOC_OPEN, true, &open, sizeof(open),
		  0 },
		{ "reduce", self->sem, IPCX_IOC_REDUCE, true, &reduce,
		  sizeof(reduce), 0 },
	};
	struct t_census before;
	unsigned int i;

	if (uffd_open() < 0 || !can_protect())
		SKIP(return, CANNOT_PROTECT);
	t_sem_args(&c, NULL, IPCX_SEM_PLAIN, 1, 1);
	t_region_args(&region, NULL, T_PAGE);
	memcpy(open.name, self->name, sizeof(open.name));
	ASSERT_EQ(0, t_region_ring(self->region, NULL));
	ASSERT_TRUE(others_go_on(self));
	before = t_census();
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		EXPECT_TRUE(reply_stalls(self, &calls[i], true) &&
			    reply_stalls(self, &calls[i], false))
		{
			TH_LOG("reply of %s", calls[i].name);
		}
	}
	EXPECT_TRUE(t_same_census(&before));
}

/*
 * Rows: A5 A6 B11 H7. Classes: V4 V22. A unit, and a report of a death, are
 * with a caller whose reply is held back. It is killed: both are there again.
 */
TEST_F_TIMEOUT(stalled, what_was_taken_with_a_report_comes_back, 60)
{
	struct ipcx_sem_wait w;
	struct ipcx_region_lock l = { .mode = IPCX_LOCK_WRITE,
				      .clockid = CLOCK_MONOTONIC };
	struct held_call calls[] = {
		{ "owned", self->owned, IPCX_IOC_SEM_WAIT, true, &w, sizeof(w),
		  -EOWNERDEAD },
		{ "lock", self->lock, IPCX_IOC_SEM_WAIT, true, &w, sizeof(w),
		  -EOWNERDEAD },
		{ "region", self->region, IPCX_IOC_REGION_LOCK, true, &l,
		  sizeof(l), -EOWNERDEAD },
	};
	unsigned int i;

	if (uffd_open() < 0 || !can_protect())
		SKIP(return, CANNOT_PROTECT);
	w = (struct ipcx_sem_wait) { .units = 1, .clockid = CLOCK_MONOTONIC };
	w.deadline = t_soon();
	l.deadline = w.deadline;
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(make_death(&calls[i]));
		EXPECT_TRUE(reply_stalls(self, &calls[i], true));
		EXPECT_TRUE(death_is_told(&calls[i]));
		/* The page comes: it is told, and the teller dies of his own. */
		ASSERT_TRUE(make_death(&calls[i]));
		EXPECT_TRUE(reply_stalls(self, &calls[i], false));
		EXPECT_TRUE(death_is_told(&calls[i]));
	}
	EXPECT_EQ(2, t_sem_value(self->owned));
	EXPECT_EQ(1, t_sem_value(self->lock));
}

/* Rows: A1 B11 H7. Classes: V22. read() has taken a unit of a plain one. */
TEST_F_TIMEOUT(stalled, what_a_read_took_comes_back, 60)
{
	struct held_call call = { "read", self->sem, 0, true, NULL, 0, 0 };

	if (uffd_open() < 0 || !can_protect())
		SKIP(return, CANNOT_PROTECT);
	ASSERT_EQ(3, t_sem_value(self->sem));
	EXPECT_TRUE(reply_stalls(self, &call, true));
	EXPECT_EQ(3, t_sem_value(self->sem));
	EXPECT_TRUE(reply_stalls(self, &call, false));
	EXPECT_EQ(2, t_sem_value(self->sem));
}

/* Classes: V9 V13. Nobody can hold back a fault on what others map too. */
TEST_F(stalled, mappings_of_objects_cannot_be_held_back)
{
	const unsigned long long missing = UFFDIO_REGISTER_MODE_MISSING;
	void *word = t_sem_map(self->sem);
	void *memory = t_map_rw(self->region, T_PAGE);
	int uffd = uffd_open();

	if (uffd < 0)
		SKIP(return, "this kernel has no userfaultfd");
	ASSERT_NE(NULL, word);
	ASSERT_NE(NULL, memory);
	EXPECT_EQ(-EINVAL, uffd_register(uffd, word, missing));
	EXPECT_EQ(-EINVAL, uffd_register(uffd, memory, missing));
	EXPECT_EQ(-EINVAL,
		  uffd_register(uffd, memory, UFFDIO_REGISTER_MODE_MINOR));
	close(uffd);
}

TEST_HARNESS_MAIN
