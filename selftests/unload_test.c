// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module is removed under everything: refused while anything of it can
 * still be reached, and safe for who looks at something that may outlive it.
 * module_test.sh has what one would expect; here are the remote corners.
 *
 * Rows: H9. Classes: V7 V8.
 */
#include "ipcx_fd.h"
#include "ipcx_netlink.h"
#include "ipcx_poller.h"

#define REFCNT "/sys/module/ipcx/"

/* Of the module, as it was loaded: to be loaded again. */
struct params {
	char text[1024];
};

static int params_read(struct params *p)
{
	DIR *dir = opendir(T_PARAMETERS);
	struct dirent *d;
	size_t len = 0;

	if (!dir)
		return -errno;
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		len += snprintf(p->text + len, sizeof(p->text) - len,
				"%s=%lld ", d->d_name, t_param(d->d_name));
		if (len >= sizeof(p->text))
			break;
	}
	closedir(dir);
	return len < sizeof(p->text) ? 0 : -ENOSPC;
}

static int module_remove(void)
{
	return syscall(SYS_delete_module, "ipcx", O_NONBLOCK) ? -errno : 0;
}

static int module_load(const struct params *p)
{
	const char *path = getenv("IPCX_MODULE") ?: "/lib/modules/ipcx/ipcx.ko";
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, p->text, 0) ? -errno : 0;
	close(fd);
	return ret;
}

static long long refcnt(void)
{
	return t_read_number(REFCNT, "refcnt");
}

FIXTURE(unload)
{
	struct params params;
};

FIXTURE_SETUP(unload)
{
	int fd = open(getenv("IPCX_MODULE") ?: "/lib/modules/ipcx/ipcx.ko",
		      O_RDONLY | O_CLOEXEC);

	if (geteuid() || fd < 0)
		SKIP(return, "needs root, and to know where the module is");
	close(fd);
	/* What earlier tests have closed may need a moment. */
	if (!T_UNTIL(refcnt() == 0))
		SKIP(return, "somebody else uses the module: %lld", refcnt());
	ASSERT_EQ(0, params_read(&self->params));
}

/* In the parent, so that it is done after a crash too. */
FIXTURE_TEARDOWN_PARENT(unload)
{
	if (access("/sys/module/ipcx", F_OK))
		EXPECT_EQ(0, module_load(&self->params));
}

/* ---- Refused ----------------------------------------------------------- */

/* Ways to reach the module; each leaves one open. */
enum way {
	BY_DEVICE,
	BY_PLAIN,
	BY_OWNED,
	BY_LOCK,
	BY_REGION,
	BY_REDUCED,
	BY_WORD,
	BY_WORD_OF_A_LOCK,
	BY_WRITABLE_REGION,
	BY_READABLE_REGION,
	BY_PRIVATE_REGION,
	BY_PIECE_OF_A_REGION,
	BY_FLIGHT,
	BY_IO_URING,
	BY_AIO,
	WAYS
};

static int make(int dev, enum way way)
{
	switch (way) {
	case BY_DEVICE:
		return dup(dev);
	case BY_OWNED:
		return t_sem(dev, IPCX_SEM_OWNED, 0, 1);
	case BY_LOCK:
	case BY_WORD_OF_A_LOCK:
		return t_lock(dev, IPCX_DEATH_RETURN);
	case BY_REGION:
	case BY_WRITABLE_REGION:
	case BY_READABLE_REGION:
	case BY_PRIVATE_REGION:
	case BY_PIECE_OF_A_REGION:
		return t_region(dev, 2 * T_PAGE);
	default:
		return t_sem(dev, IPCX_SEM_PLAIN, 0, 1);
	}
}

/* What a way needs. */
struct state {
	struct t_poller p;
	int pair[2];
	void *map;
};

/* Replaces @fd by the way, -1 when it is no descriptor. 0, or -errno. */
static int reach(struct state *s, int *fd, enum way way)
{
	int keep = -1, ret = 0;

	switch (way) {
	case BY_REDUCED:
		keep = t_reduce(*fd, IPCX_RIGHT_READ);
		break;
	case BY_WORD:
	case BY_WORD_OF_A_LOCK:
		s->map = t_sem_map(*fd);
		break;
	case BY_WRITABLE_REGION:
	case BY_PIECE_OF_A_REGION:
		s->map = t_map_rw(*fd, 2 * T_PAGE);
		if (way == BY_PIECE_OF_A_REGION)
			ret = munmap((char *)s->map + T_PAGE, T_PAGE);
		break;
	case BY_READABLE_REGION:
		keep = t_reduce(*fd, IPCX_RIGHT_READ);
		s->map = t_map(keep, 2 * T_PAGE, PROT_READ);
		close(keep);
		keep = -1;
		break;
	case BY_PRIVATE_REGION:
		s->map = t_map_flags(*fd, 2 * T_PAGE, PROT_READ, MAP_PRIVATE);
		break;
	case BY_FLIGHT:
		ret = t_socketpair(s->pair) ?: t_send_fd(s->pair[0], *fd);
		break;
	case BY_IO_URING:
	case BY_AIO:
		ret = t_poller_open(&s->p, way == BY_AIO ? T_AIO : T_URING) ?:
			      t_poller_arm(&s->p, *fd);
		break;
	default:
		return 0;
	}
	close(*fd);
	*fd = keep;
	return ret;
}

static void leave(struct state *s, int fd, enum way way)
{
	if (fd >= 0)
		close(fd);
	if (s->map)
		munmap(s->map, way == BY_WORD || way == BY_WORD_OF_A_LOCK ?
				       T_PAGE :
				       2 * T_PAGE);
	s->map = NULL;
	if (way == BY_FLIGHT) {
		close(s->pair[0]);
		close(s->pair[1]);
	}
	if (way == BY_IO_URING || way == BY_AIO)
		t_poller_close(&s->p);
}

/* Rows: H9. Classes: V8. Each kind of file and mapping, alone. */
TEST_F(unload, is_refused_while_there_is_any_way_to_reach_it)
{
	struct state s = {};

	for (enum way way = 0; way < WAYS; way++) {
		int dev = t_device(), fd, ret;

		ASSERT_LE(0, dev);
		fd = make(dev, way);
		ASSERT_LE(0, fd);
		ret = reach(&s, &fd, way);
		close(dev);
		if (ret == -ENOSYS || ret == -EPERM) {
			TH_LOG("this kernel does not have way %d", way);
			continue;
		}
		ASSERT_EQ(0, ret);
		EXPECT_EQ(-EWOULDBLOCK, module_remove())
		{
			TH_LOG("way %d", way);
		}
		ASSERT_LT(0, refcnt());
		leave(&s, fd, way);
		ASSERT_TRUE(T_UNTIL(refcnt() == 0))
		{
			TH_LOG("way %d is not gone", way);
		}
	}
}

/* Rows: H9 J1. Classes: V8 V33. More than one message, one of them read. */
TEST_F(unload, is_refused_in_the_middle_of_a_listing)
{
	char buf[1 << 15] __attribute__((aligned(8)));
	int dev = t_device(), fd[2000], small = 4096;
	struct ipcx_sem_create c;
	char name[IPCX_NAME_SIZE];
	struct t_netlink nl;
	struct nlmsghdr *h;

	ASSERT_EQ(0, t_nl_open(&nl));
	setsockopt(nl.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "/listed-%d", i);
		t_sem_args(&c, name, IPCX_SEM_PLAIN, 0, 1);
		c.flags = IPCX_CREATE_F_PERSISTENT;
		fd[i] = t_sem_create(dev, &c);
		ASSERT_LE(0, fd[i]);
		close(fd[i]);
	}
	close(dev);
	ASSERT_TRUE(T_UNTIL(refcnt() == 0));
	h = t_nl_message(buf, sizeof(buf), nl.family, NLM_F_DUMP, ++nl.seq,
			 IPCX_CMD_GET_OBJECT);
	ASSERT_EQ(h->nlmsg_len, send(nl.fd, h, h->nlmsg_len, 0));
	ASSERT_LT(0, recv(nl.fd, buf, sizeof(buf), 0));
	EXPECT_LT(0, refcnt());
	EXPECT_EQ(-EWOULDBLOCK, module_remove());
	/* Who goes away in the middle does not leave it pinned. */
	t_nl_close(&nl);
	EXPECT_TRUE(T_UNTIL(refcnt() == 0));
	EXPECT_EQ(0, module_remove());
	EXPECT_EQ(0, module_load(&self->params));
	EXPECT_EQ(0, t_counter("objects"));
}

/* ---- Safe -------------------------------------------------------------- */

/* Rows: H9. Classes: V8. These do not pin it, and find nothing afterwards. */
TEST_F(unload, is_survived_by_files_that_were_open_about_it)
{
	int attribute = open(T_COUNTERS "objects", O_RDONLY | O_CLOEXEC);
	int param = open(T_PARAMETERS "max_objects", O_RDWR | O_CLOEXEC);
	char text[256], path[64];
	int dev = t_device(), fd, fdinfo;
	struct t_netlink nl;
	struct t_answer a;

	ASSERT_LE(0, attribute);
	ASSERT_LE(0, param);
	ASSERT_EQ(0, t_nl_open(&nl));
	fd = t_sem(dev, IPCX_SEM_OWNED, 1, 1);
	ASSERT_EQ(0, t_sem_p(fd, 1, 0));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	fdinfo = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fdinfo);
	close(fd);
	close(dev);
	EXPECT_EQ(1, pread(attribute, text, 1, 0));
	ASSERT_TRUE(T_UNTIL(module_remove() == 0));

	EXPECT_GE(0, pread(attribute, text, sizeof(text), 0));
	EXPECT_GE(0, pread(param, text, sizeof(text), 0));
	EXPECT_GE(0, pwrite(param, "5", 1, 0));
	EXPECT_GE(0, read(fdinfo, text, sizeof(text)));
	EXPECT_GT(0, t_nl_get(&nl, 1, &a));
	EXPECT_GT(0, t_device());
	EXPECT_EQ(0, module_load(&self->params));
	/* What was open is not of the new one. */
	EXPECT_GE(0, pread(attribute, text, sizeof(text), 0));
	t_nl_close(&nl);
	close(fdinfo);
	close(param);
	close(attribute);
}

/* Uses it as long as it can, then ends in some way with everything open. */
static void use_and_end(unsigned int seed)
{
	struct ipcx_sem_create c;
	int dev = t_device(), fd, lock;

	if (dev < 0)
		_exit(0);
	t_sem_args(&c, NULL, IPCX_SEM_OWNED, 1, 1);
	if (seed % 3 == 0) {
		snprintf(c.name, sizeof(c.name), "/lease-%u", seed % 5);
		c.flags = IPCX_CREATE_F_PERSISTENT;
		c.lease_ns = 1 + seed % 7 * T_MSEC;
	}
	fd = t_sem_create(dev, &c);
	lock = t_lock(dev, IPCX_DEATH_REPORT);
	t_sem_p(fd, 1, 0);
	t_sem_p(lock, 1, 0);
	if (seed & 1)
		t_sem_p(fd, 1, t_now() + seed % 1000 * 1000);
	if (seed & 2)
		t_destroy(fd);
	if (seed & 4)
		kill(getpid(), SIGKILL);
	_exit(0);
}

/*
 * Rows: H9. Classes: V7 V8. In the same millisecond: deaths that are still
 * carried out, leases that run out, objects that wait for a grace period.
 */
TEST_F_TIMEOUT(unload, follows_at_once_when_the_last_user_has_ended, 120)
{
	int removed = 0;

	for (int i = 0; i < t_times(30) + 3; i++) {
		pid_t pid[3];

		for (int k = 0; k < 3; k++) {
			pid[k] = t_fork();
			ASSERT_LE(0, pid[k]);
			if (!pid[k])
				use_and_end(i * 3 + k);
		}
		/* Refused while they run, granted when the last one ends. */
		for (int k = 0; k < 3; k++) {
			if (module_remove() == 0) {
				removed++;
				ASSERT_EQ(0, module_load(&self->params));
			}
			ASSERT_LE(0, t_reap(pid[k]));
		}
		ASSERT_TRUE(T_UNTIL(module_remove() == 0));
		removed++;
		ASSERT_EQ(0, module_load(&self->params));
		ASSERT_EQ(0, t_counter("objects"));
		ASSERT_EQ(0, t_counter("handles"));
		ASSERT_EQ(0, t_counter("bytes"));
		ASSERT_EQ(0, t_counter("waiters"));
	}
	EXPECT_LT(3, removed);
}

TEST_HARNESS_MAIN
