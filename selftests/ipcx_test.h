/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the ipcx selftests share.
 *
 * Every call below returns 0 or more, or the negative errno, so that a test can
 * say EXPECT_EQ(-EAGAIN, t_sem_p(fd, 1, 0)).  Whatever the kernel shall write is
 * poisoned with 0xcc first.  Nothing waits without a bound: T_UNTIL() gives up
 * after T_LONG, and t_soon() is a deadline that only a bug can reach, and only
 * after T_UNTIL(), t_join() and t_reap() have given up: a wake-up that was lost
 * is not made good by the deadline.
 */
#ifndef IPCX_TEST_H
#define IPCX_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/ipcx.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How many times slower than a usual one this machine, or its kernel, is. */
static inline unsigned int t_slower(void)
{
	const char *text = getenv("IPCX_SLOWER");
	int slower = text ? atoi(text) : 1;

	return slower > 1 ? slower : 1;
}

/*
 * How often a long test does something @times times on a usual machine. A slow
 * one does it less often; the whole number is for the usual ones to prove.
 */
static inline int t_times(int times)
{
	return times / (int)t_slower();
}

/* What the harness gives a test is for a usual machine. */
#define alarm(seconds) alarm((seconds)*t_slower())

/* The harness may be in one file of a program only: the one with the tests. */
#ifdef T_WITHOUT_TESTS
#include "kselftest.h"
#else
#include "kselftest_harness.h"
#endif

#define T_UNUSED   __attribute__((unused))
#define T_POISON   0xcc
#define T_POISON32 0xccccccccU
#define T_POISON64 0xccccccccccccccccULL

#define T_MSEC 1000000ULL
#define T_SEC  1000000000ULL
/* Longer than anything that works takes, in an emulated machine too. */
#define T_LONG (20 * T_SEC * t_slower())

#define T_DEVICE     "/dev/ipcx"
#define T_PARAMETERS "/sys/module/ipcx/parameters/"
/* Counts of what exists in the whole system: objects, handles, bytes, waiters. */
#define T_COUNTERS "/sys/class/misc/ipcx/"

static inline unsigned long long t_now_on(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * T_SEC + ts.tv_nsec;
}

static inline unsigned long long t_now(void)
{
	return t_now_on(CLOCK_MONOTONIC);
}

/* Absolute deadlines on CLOCK_MONOTONIC. */
static inline unsigned long long t_in_ms(unsigned int ms)
{
	return t_now() + ms * T_MSEC;
}

static inline unsigned long long t_soon(void)
{
	return t_now() + T_LONG + T_LONG / 4;
}

/* Polls until @cond holds: true, or until T_LONG has passed: false. */
#define T_UNTIL(cond)                                                     \
	({                                                                \
		unsigned long long t_until_end = t_now() + T_LONG;        \
		bool t_until_ok;                                          \
		while (!(t_until_ok = !!(cond)) && t_now() < t_until_end) \
			usleep(200);                                      \
		t_until_ok;                                               \
	})

#define T_LOAD(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define T_STORE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define T_ADD(p, v)   __atomic_add_fetch((p), (v), __ATOMIC_ACQ_REL)

/* Memory that children share; zeroed. */
static inline void *t_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static inline int t_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static inline int t_device(void)
{
	int fd = open(T_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Poisons what the kernel is to write: everything from @member named out_*. */
#define T_POISON_OUT(p, member) \
	memset(&(p)->member, T_POISON, sizeof((p)->member))

/* ---- Semaphores -------------------------------------------------------- */

static inline void t_sem_args(struct ipcx_sem_create *c, const char *name,
			      unsigned int kind, unsigned int initial,
			      unsigned int max)
{
	memset(c, 0, sizeof(*c));
	if (name)
		snprintf(c->name, sizeof(c->name), "%s", name);
	c->mode = 0600;
	c->kind = kind;
	c->initial = initial;
	c->max = max;
	T_POISON_OUT(c, out_fd);
	T_POISON_OUT(c, out_flags);
	T_POISON_OUT(c, out_id);
}

/* The descriptor, or the negative errno. */
static inline int t_sem_create(int dev, struct ipcx_sem_create *c)
{
	int ret = t_ioctl(dev, IPCX_IOC_SEM_CREATE, c);

	return ret < 0 ? ret : c->out_fd;
}

static inline int t_sem(int dev, unsigned int kind, unsigned int initial,
			unsigned int max)
{
	struct ipcx_sem_create c;

	t_sem_args(&c, NULL, kind, initial, max);
	return t_sem_create(dev, &c);
}

static inline int t_sem_with(int dev, unsigned int kind, unsigned int initial,
			     unsigned int max, unsigned int order,
			     unsigned int on_death)
{
	struct ipcx_sem_create c;

	t_sem_args(&c, NULL, kind, initial, max);
	c.order = order;
	c.on_death = on_death;
	return t_sem_create(dev, &c);
}

static inline int t_lock(int dev, unsigned int on_death)
{
	return t_sem_with(dev, IPCX_SEM_LOCK, 1, 1, IPCX_ORDER_FIFO, on_death);
}

static inline void t_sem_wait_args(struct ipcx_sem_wait *w, unsigned int units,
				   unsigned int clock,
				   unsigned long long deadline)
{
	memset(w, 0, sizeof(*w));
	w->units = units;
	w->clockid = clock;
	w->deadline = deadline;
	T_POISON_OUT(w, out_dead_pid);
	T_POISON_OUT(w, out_dead_units);
}

/* P(units); who died before, and with how much, is left in *w. */
static inline int t_sem_p_dead(int fd, unsigned int units,
			       unsigned long long deadline,
			       struct ipcx_sem_wait *w)
{
	t_sem_wait_args(w, units, CLOCK_MONOTONIC, deadline);
	return t_ioctl(fd, IPCX_IOC_SEM_WAIT, w);
}

static inline int t_sem_p(int fd, unsigned int units,
			  unsigned long long deadline)
{
	struct ipcx_sem_wait w;

	return t_sem_p_dead(fd, units, deadline, &w);
}

static inline int t_sem_v(int fd, unsigned int units)
{
	struct ipcx_sem_post p = { .units = units };

	return t_ioctl(fd, IPCX_IOC_SEM_POST, &p);
}

static inline int t_sem_stat(int fd, struct ipcx_sem_stat *s)
{
	memset(s, T_POISON, sizeof(*s));
	s->flags = 0;
	return t_ioctl(fd, IPCX_IOC_SEM_STAT, s);
}

static inline int t_sem_value(int fd)
{
	struct ipcx_sem_stat s;
	int ret = t_sem_stat(fd, &s);

	return ret < 0 ? ret : (int)s.out_value;
}

static inline int t_sem_held(int fd)
{
	struct ipcx_sem_stat s;
	int ret = t_sem_stat(fd, &s);

	return ret < 0 ? ret : (int)s.out_held;
}

static inline int t_sem_waiters(int fd)
{
	struct ipcx_sem_stat s;
	int ret = t_sem_stat(fd, &s);

	return ret < 0 ? ret : (int)s.out_waiters;
}

static inline int t_sem_consistent(int fd)
{
	struct ipcx_sem_consistent c = {};

	return t_ioctl(fd, IPCX_IOC_SEM_CONSISTENT, &c);
}

/* The holder id, or the negative errno. */
static inline int t_sem_attach(int fd)
{
	struct ipcx_sem_attach a = { .out_holder_id = T_POISON32 };
	int ret = t_ioctl(fd, IPCX_IOC_SEM_ATTACH, &a);

	return ret < 0 ? ret : (int)a.out_holder_id;
}

/* The word of a plain semaphore or lock, or NULL with errno set. */
static inline uint32_t *t_sem_map(int fd)
{
	void *p = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		       MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static inline void t_sem_unmap(uint32_t *word)
{
	munmap(word, sysconf(_SC_PAGESIZE));
}

/* ---- Regions ----------------------------------------------------------- */

static inline void t_region_args(struct ipcx_region_create *c, const char *name,
				 unsigned long long size)
{
	memset(c, 0, sizeof(*c));
	if (name)
		snprintf(c->name, sizeof(c->name), "%s", name);
	c->mode = 0600;
	c->size = size;
	T_POISON_OUT(c, out_fd);
	T_POISON_OUT(c, out_flags);
	T_POISON_OUT(c, out_id);
}

static inline int t_region_create(int dev, struct ipcx_region_create *c)
{
	int ret = t_ioctl(dev, IPCX_IOC_REGION_CREATE, c);

	return ret < 0 ? ret : c->out_fd;
}

static inline int t_region(int dev, unsigned long long size)
{
	struct ipcx_region_create c;

	t_region_args(&c, NULL, size);
	return t_region_create(dev, &c);
}

static inline int t_region_lock(int fd, unsigned int mode,
				unsigned long long deadline, int *dead_pid)
{
	struct ipcx_region_lock l = {
		.mode = mode,
		.clockid = CLOCK_MONOTONIC,
		.deadline = deadline,
		.out_dead_pid = (int)T_POISON32,
	};
	int ret = t_ioctl(fd, IPCX_IOC_REGION_LOCK, &l);

	if (dead_pid)
		*dead_pid = l.out_dead_pid;
	return ret;
}

static inline int t_region_unlock(int fd)
{
	struct ipcx_region_unlock u = {};

	return t_ioctl(fd, IPCX_IOC_REGION_UNLOCK, &u);
}

static inline int t_region_consistent(int fd)
{
	struct ipcx_region_consistent c = {};

	return t_ioctl(fd, IPCX_IOC_REGION_CONSISTENT, &c);
}

static inline int t_region_ring(int fd, uint64_t *count)
{
	struct ipcx_region_ring r = { .out_count = T_POISON64 };
	int ret = t_ioctl(fd, IPCX_IOC_REGION_RING, &r);

	if (count)
		*count = r.out_count;
	return ret;
}

static inline int t_region_wait(int fd, uint64_t since,
				unsigned long long deadline, uint64_t *count)
{
	struct ipcx_region_wait w = {
		.since = since,
		.deadline = deadline,
		.clockid = CLOCK_MONOTONIC,
		.out_count = T_POISON64,
	};
	int ret = t_ioctl(fd, IPCX_IOC_REGION_WAIT, &w);

	if (count)
		*count = w.out_count;
	return ret;
}

static inline int t_region_seal(int fd, unsigned int seals)
{
	struct ipcx_region_seal s = { .seals = seals };

	return t_ioctl(fd, IPCX_IOC_REGION_SEAL, &s);
}

static inline int t_region_stat(int fd, struct ipcx_region_stat *s)
{
	memset(s, T_POISON, sizeof(*s));
	s->flags = 0;
	return t_ioctl(fd, IPCX_IOC_REGION_STAT, s);
}

/* ---- Every object ------------------------------------------------------ */

static inline int t_stat(int fd, struct ipcx_stat *s)
{
	memset(s, T_POISON, sizeof(*s));
	s->flags = 0;
	s->__reserved = 0;
	return t_ioctl(fd, IPCX_IOC_STAT, s);
}

/* Calls that sleep on an object of any type, or the negative errno. */
static inline int t_waiters(int fd)
{
	struct ipcx_stat s;
	int ret = t_stat(fd, &s);

	return ret < 0 ? ret : (int)s.out_waiters;
}

static inline int t_open(int dev, const char *name, unsigned int type,
			 unsigned int rights)
{
	struct ipcx_open o = { .type = type, .rights = rights };
	int ret;

	snprintf(o.name, sizeof(o.name), "%s", name);
	T_POISON_OUT(&o, out_fd);
	T_POISON_OUT(&o, out_type);
	T_POISON_OUT(&o, out_id);
	ret = t_ioctl(dev, IPCX_IOC_OPEN, &o);
	return ret < 0 ? ret : o.out_fd;
}

/* On a device handle by name; on an object handle with name NULL. */
static inline int t_unlink(int fd, const char *name)
{
	struct ipcx_unlink u = {};

	if (name)
		snprintf(u.name, sizeof(u.name), "%s", name);
	return t_ioctl(fd, IPCX_IOC_UNLINK, &u);
}

static inline int t_reduce(int fd, unsigned int rights)
{
	struct ipcx_reduce r = { .rights = rights };
	int ret;

	T_POISON_OUT(&r, out_fd);
	ret = t_ioctl(fd, IPCX_IOC_REDUCE, &r);
	return ret < 0 ? ret : r.out_fd;
}

static inline int t_destroy(int fd)
{
	struct ipcx_destroy d = {};

	return t_ioctl(fd, IPCX_IOC_DESTROY, &d);
}

static inline int t_quota(int fd, struct ipcx_quota *q)
{
	memset(q, T_POISON, sizeof(*q));
	q->flags = 0;
	q->__reserved = 0;
	return t_ioctl(fd, IPCX_IOC_QUOTA, q);
}

/* What poll() says within @ms milliseconds, or the negative errno. */
static inline int t_poll(int fd, short events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int ret = poll(&p, 1, ms);

	return ret < 0 ? -errno : p.revents;
}

/* A name that no other test uses at the same time. */
static inline const char *t_name(char *buf, const char *what)
{
	snprintf(buf, IPCX_NAME_SIZE, "/test-%s-%d", what, getpid());
	return buf;
}

/* ---- Processes --------------------------------------------------------- */

/* A child that does not outlive the test, however that ends. */
static inline pid_t t_fork(void)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	return 0;
}

/* The exit status, 128 + the signal, or -ETIMEDOUT after T_LONG. */
static inline int t_reap(pid_t pid)
{
	int status = 0;

	if (!T_UNTIL(waitpid(pid, &status, WNOHANG) == pid))
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int t_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	return t_reap(pid);
}

static inline int t_join(pthread_t thread)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += T_LONG / T_SEC;
	return -pthread_timedjoin_np(thread, NULL, &ts);
}

/* The state of a process as ps shows it ('S', 'Z', ...), 0 when it has gone. */
static inline char t_state(pid_t pid)
{
	char path[64], text[512] = "", *end;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	end = strrchr(text, ')');
	return end && end[1] ? end[2] : 0;
}

/* Becomes an ordinary user; for children only. */
static inline int t_become(unsigned int uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

static void t_nothing(int sig T_UNUSED)
{
}

/* Installs a handler that does nothing; @flags such as SA_RESTART. */
static T_UNUSED void t_handle(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = t_nothing, .sa_flags = flags };

	sigaction(sig, &sa, NULL);
}

/* ---- The system -------------------------------------------------------- */

static inline long long t_read_number(const char *folder, const char *name)
{
	char path[128], text[32] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n < 0 ? -EIO : strtoll(text, NULL, 0);
}

static inline int t_write_number(const char *folder, const char *name,
				 long long value)
{
	char path[128], text[32];
	int fd, len, ret;

	snprintf(path, sizeof(path), "%s%s", folder, name);
	len = snprintf(text, sizeof(text), "%lld", value);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, text, len) == len ? 0 : -errno;
	close(fd);
	return ret;
}

/* A parameter of the module, for example "max_objects_per_user". */
static inline long long t_param(const char *name)
{
	return t_read_number(T_PARAMETERS, name);
}

static inline int t_set_param(const char *name, long long value)
{
	return t_write_number(T_PARAMETERS, name, value);
}

/* "objects", "handles", "bytes", "waiters" or "fds" in the whole system. */
static inline long long t_counter(const char *name)
{
	return t_read_number(T_COUNTERS, name);
}

/* How many descriptors this process has open. */
static inline int t_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 3; /* ".", ".." and the folder itself */
}

/* An address that cannot be read or written. */
static inline void *t_bad_pointer(void)
{
	void *p = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* A copy of @from in a page that can be read only: the reply faults. */
static inline void *t_read_only(const void *from, size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	memcpy(p, from, size);
	mprotect(p, page, PROT_READ);
	return p;
}

#endif /* IPCX_TEST_H */
