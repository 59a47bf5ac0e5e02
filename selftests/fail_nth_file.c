// SPDX-License-Identifier: GPL-2.0-only
/* Fail the n-th: every file operation, and what happens to descriptors. */
#define T_WITHOUT_TESTS
#include "fault.h"

#include <sys/uio.h>

/* ---- The device -------------------------------------------------------- */

static int run_open(struct fault_world *w)
{
	w->fd = open(T_DEVICE, O_RDWR | O_CLOEXEC);
	return w->fd < 0 ? -errno : 0;
}

static bool verify_device(struct fault_world *w)
{
	struct ipcx_info info = {};

	return !t_ioctl(w->fd, IPCX_IOC_INFO, &info);
}

static void clean_fd(struct fault_world *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* The file under /sys/class/misc/ipcx. */
static int run_counter(struct fault_world *w)
{
	int fd = open(T_COUNTERS "objects", O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = read(fd, w->reply, 32) < 1 ? -errno : 0;
	close(fd);
	return ret;
}

/* ---- Reading and writing ----------------------------------------------- */

static int prepare_plain(struct fault_world *w)
{
	w->on = w->obj[FAULT_PLAIN];
	return 0;
}

static int prepare_owned(struct fault_world *w)
{
	w->on = w->obj[FAULT_OWNED];
	return 0;
}

/* What a process needs for a lock it gets with the first one, and keeps. */
static int prepare_lock(struct fault_world *w)
{
	w->on = w->obj[FAULT_LOCK];
	return t_sem_attach(w->on) < 0;
}

static int run_read(struct fault_world *w)
{
	return read(w->on, w->reply, 8) == 8 ? 0 : -errno;
}

static int run_readv(struct fault_world *w)
{
	struct iovec v[] = { { w->reply, 3 }, { w->reply + 8, 5 } };

	return readv(w->on, v, 2) == 8 ? 0 : -errno;
}

static int run_write(struct fault_world *w)
{
	uint64_t units = 1;

	return write(w->on, &units, sizeof(units)) == 8 ? 0 : -errno;
}

/* More segments than find room on the kernel's stack: they are allocated. */
static int run_writev(struct fault_world *w)
{
	struct iovec v[12] = { { w->arg, 5 }, { w->arg + 5, 3 } };

	return writev(w->on, v, ARRAY_SIZE(v)) == 8 ? 0 : -errno;
}

static int prepare_writev(struct fault_world *w)
{
	uint64_t units = 1;

	memcpy(w->arg, &units, sizeof(units));
	return prepare_plain(w);
}

static bool verify_taken(struct fault_world *w)
{
	return t_sem_value(w->on) == (w->on == w->obj[FAULT_LOCK] ? 0 : 4);
}

static bool verify_given(struct fault_world *w)
{
	return t_sem_value(w->on) == 6;
}

static void clean_take(struct fault_world *w)
{
	t_sem_v(w->on, 1);
}

static int prepare_owned_write(struct fault_world *w)
{
	prepare_owned(w);
	return t_sem_p(w->on, 1, 0);
}

static bool verify_returned(struct fault_world *w)
{
	return t_sem_value(w->on) == 5;
}

/* Of one that is empty. */
static int prepare_empty(struct fault_world *w)
{
	w->on = t_sem(w->dev, IPCX_SEM_OWNED, 0, 1);
	w->obj[FAULT_EXTRA] = w->on;
	return fcntl(w->on, F_SETFL, O_RDWR | O_NONBLOCK) ? -errno : 0;
}

static void clean_extra(struct fault_world *w)
{
	if (w->obj[FAULT_EXTRA] >= 0)
		close(w->obj[FAULT_EXTRA]);
	w->obj[FAULT_EXTRA] = -1;
}

static int take_one(int fd)
{
	return t_sem_p(fd, 1, 0);
}

static int prepare_death(struct fault_world *w)
{
	w->on = t_sem_with(w->dev, IPCX_SEM_OWNED, 1, 1, IPCX_ORDER_FIFO,
			   IPCX_DEATH_REPORT);
	w->obj[FAULT_EXTRA] = w->on;
	return w->on < 0 ? w->on : fault_die_holding(w->on, take_one);
}

/* ---- Waiting for several ----------------------------------------------- */

static int prepare_region(struct fault_world *w)
{
	w->on = w->obj[FAULT_REGION];
	return 0;
}

static int run_poll(struct fault_world *w)
{
	struct pollfd p[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = (struct pollfd) {
			.fd = w->obj[i % FAULT_EXTRA],
			.events = POLLIN,
		};
	return poll(p, ARRAY_SIZE(p), 0) < 0 ? -errno : 0;
}

/* So many that their places in the queues fill pages. */
static int run_poll_many(struct fault_world *w)
{
	struct pollfd p[100];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = (struct pollfd) {
			.fd = w->obj[FAULT_REGION],
			.events = POLLIN,
		};
	return poll(p, ARRAY_SIZE(p), 1) < 0 ? -errno : 0;
}

#define epoll_prepare(kind)                                    \
	static int prepare_epoll_##kind(struct fault_world *w) \
	{                                                      \
		prepare_##kind(w);                             \
		w->fd = epoll_create1(EPOLL_CLOEXEC);          \
		return w->fd < 0 ? -errno : 0;                 \
	}

epoll_prepare(plain) epoll_prepare(owned) epoll_prepare(lock)
	epoll_prepare(region)

		static int run_epoll_add(struct fault_world *w)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };

	return epoll_ctl(w->fd, EPOLL_CTL_ADD, w->on, &e) ? -errno : 0;
}

static bool verify_epoll(struct fault_world *w)
{
	struct epoll_event e;

	if (w->on == w->obj[FAULT_REGION])
		t_region_ring(w->on, NULL);
	return epoll_wait(w->fd, &e, 1, 0) == 1;
}

/* ---- Descriptors ------------------------------------------------------- */

static int run_dup(struct fault_world *w)
{
	w->fd = fcntl(w->on, F_DUPFD_CLOEXEC, 0);
	return w->fd < 0 ? -errno : 0;
}

/* Beyond the table of descriptors, which has to grow. */
static int run_dup_far(struct fault_world *w)
{
	w->fd = fcntl(w->on, F_DUPFD_CLOEXEC, 700);
	return w->fd < 0 ? -errno : 0;
}

static bool verify_same(struct fault_world *w)
{
	struct ipcx_stat a, b;

	return !t_stat(w->on, &a) && !t_stat(w->fd, &b) && a.out_id == b.out_id;
}

static int run_setfl(struct fault_world *w)
{
	return fcntl(w->on, F_SETFL, O_RDWR | O_ASYNC | O_NONBLOCK) ? -errno :
								      0;
}

static int run_fdinfo(struct fault_world *w)
{
	static char text[2048];
	char path[64];
	int fd, len;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", w->on);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	len = len < 0 ? -errno : len;
	close(fd);
	if (len < 0)
		return len;
	text[len] = '\0';
	return strstr(text, "ipcx-type:") ? 0 : -EPROTO;
}

static int prepare_fdinfo(struct fault_world *w)
{
	prepare_owned(w);
	return t_sem_p(w->on, 1, 0);
}

static int run_reopen(struct fault_world *w)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", w->on);
	w->fd = open(path, O_RDWR | O_CLOEXEC);
	return w->fd < 0 ? -errno : 0;
}

static int prepare_close(struct fault_world *w)
{
	w->fd = t_reduce(w->obj[FAULT_OWNED], IPCX_RIGHTS_MASK);
	w->on = w->obj[FAULT_OWNED];
	return w->fd < 0 ? w->fd : t_sem_p(w->on, 1, 0) ?: t_sem_v(w->on, 1);
}

/* The last of an object that others wait for by epoll, and that has a name. */
static int prepare_last_close(struct fault_world *w)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct ipcx_sem_create c;

	t_sem_args(&c, w->other_name, IPCX_SEM_OWNED, 2, 2);
	w->fd = t_sem_create(w->dev, &c);
	w->fds[0] = epoll_create1(EPOLL_CLOEXEC);
	if (w->fd < 0 || epoll_ctl(w->fds[0], EPOLL_CTL_ADD, w->fd, &e))
		return -EPROTO;
	return t_sem_p(w->fd, 1, 0);
}

static int run_close(struct fault_world *w)
{
	return close(w->fd) ? -errno : 0;
}

static bool verify_closed(struct fault_world *w)
{
	struct ipcx_stat s;

	w->fd = -1;
	return !t_stat(w->on, &s) && s.out_handles == 1;
}

static bool verify_name_gone(struct fault_world *w)
{
	w->fd = -1;
	return t_open(w->dev, w->other_name, IPCX_TYPE_ANY, IPCX_RIGHT_READ) ==
	       -ENOENT;
}

static void clean_fds(struct fault_world *w)
{
	int i;

	for (i = 0; i < 2; i++)
		if (w->fds[i] >= 0)
			close(w->fds[i]);
	w->fds[0] = -1;
	w->fds[1] = -1;
	clean_fd(w);
}

static int prepare_send(struct fault_world *w)
{
	prepare_plain(w);
	return t_socketpair(w->fds);
}

static int run_send(struct fault_world *w)
{
	return t_send_fd(w->fds[0], w->on);
}

static int prepare_receive(struct fault_world *w)
{
	return prepare_send(w) ?: t_send_fd(w->fds[0], w->on);
}

static int run_receive(struct fault_world *w)
{
	char byte, control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	if (recvmsg(w->fds[1], &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1)
		return -errno;
	if (msg.msg_flags & MSG_CTRUNC || !CMSG_FIRSTHDR(&msg))
		return -ENODATA;
	memcpy(&w->fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(w->fd));
	return 0;
}

/*
 * A 32-bit program's call: only what lies below 4 GiB can be named in it, and
 * only from a page of its own.
 */
#ifdef __x86_64__
static int prepare_compat(struct fault_world *w)
{
	w->on = w->obj[FAULT_PLAIN];
	w->map_size = T_PAGE;
	w->map = t_map_flags(-1, w->map_size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT);
	if (w->map)
		memset(w->map, 0, T_PAGE);
	return w->map ? 0 : -errno;
}

static int run_compat(struct fault_world *w)
{
	unsigned int cmd = IPCX_IOC_STAT + (8 << _IOC_SIZESHIFT);
	int ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(54), "b"(w->on), "c"(cmd), "d"(w->map)
		     : "r8", "r9", "r10", "r11", "memory");
	return ret;
}

static bool verify_compat(struct fault_world *w)
{
	return ((struct ipcx_stat *)w->map)->out_handles == 1;
}

static void clean_compat(struct fault_world *w)
{
	munmap(w->map, w->map_size);
}
#endif

/* ---- The table --------------------------------------------------------- */

#define FILE_OP(text, make, what, ...)                                      \
	{                                                                   \
		.name = text, .prepare = prepare_##make, .run = run_##what, \
		__VA_ARGS__                                                 \
	}

static const struct fault_op ops[] = {
	{ .name = "open the device",
	  .run = run_open,
	  .verify = verify_device,
	  .clean = clean_fd },
	{ .name = "read a counter", .run = run_counter },
	/* Nothing to undo: what is plain would take any unit as given back. */
	FILE_OP("read plain", plain, read, .verify = verify_taken),
	FILE_OP("read owned", owned, read, .verify = verify_taken,
		.clean = clean_take),
	FILE_OP("read owned, first", owned, read, .verify = verify_taken,
		.where = FAULT_CHILD),
	FILE_OP("read lock", lock, read, .verify = verify_taken,
		.clean = clean_take),
	FILE_OP("read of a dead one", death, read, .expect = -EOWNERDEAD,
		.clean = clean_extra),
	FILE_OP("read empty", empty, read, .expect = -EAGAIN,
		.clean = clean_extra),
	FILE_OP("read region", region, read, .expect = -EINVAL),
	FILE_OP("readv plain", plain, readv, .verify = verify_taken),
	FILE_OP("write plain", plain, write, .verify = verify_given),
	FILE_OP("write owned", owned_write, write, .verify = verify_returned,
		.clean = clean_take),
	FILE_OP("write region", region, write, .expect = -EINVAL),
	FILE_OP("writev plain", writev, writev, .verify = verify_given),
	{ .name = "poll all kinds", .run = run_poll },
	{ .name = "poll many", .run = run_poll_many },
	FILE_OP("epoll plain", epoll_plain, epoll_add, .verify = verify_epoll,
		.clean = clean_fd),
	FILE_OP("epoll owned", epoll_owned, epoll_add, .verify = verify_epoll,
		.clean = clean_fd),
	FILE_OP("epoll lock", epoll_lock, epoll_add, .verify = verify_epoll,
		.clean = clean_fd),
	FILE_OP("epoll region", epoll_region, epoll_add, .verify = verify_epoll,
		.clean = clean_fd),
	FILE_OP("dup", plain, dup, .verify = verify_same, .clean = clean_fd),
	FILE_OP("dup, far away", region, dup_far, .verify = verify_same,
		.clean = clean_fd),
	FILE_OP("set flags", plain, setfl),
	/* procfs says so when it has no memory for an inode. */
	FILE_OP("fdinfo plain", plain, fdinfo, .also = { -ENOENT }),
	FILE_OP("fdinfo owned, held", fdinfo, fdinfo, .also = { -ENOENT },
		.clean = clean_take),
	FILE_OP("fdinfo region", region, fdinfo, .also = { -ENOENT }),
	FILE_OP("reopen", plain, reopen, .expect = -ENXIO, .also = { -ENOENT }),
	FILE_OP("close", close, close, .verify = verify_closed,
		.clean = clean_fd),
	FILE_OP("close the last", last_close, close, .verify = verify_name_gone,
		.clean = clean_fds),
	FILE_OP("send", send, send, .also = { -ENOBUFS }, .clean = clean_fds),
	/* What no descriptor can be made for is cut off, which is a success. */
	FILE_OP("receive", receive, receive, .also = { -ENODATA },
		.verify = verify_same, .clean = clean_fds),
#ifdef __x86_64__
	FILE_OP("32-bit STAT", compat, compat, .verify = verify_compat,
		.clean = clean_compat),
#endif
};

const struct fault_table fault_files = { ops, ARRAY_SIZE(ops) };
