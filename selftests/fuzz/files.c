// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file operations, and what else can be done with a descriptor.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/ipcx.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Longest sleep of an operation. */
#define WAIT_MS 2

long op_open(const struct fuzz_record *r)
{
	static const int flags[] = { O_RDWR,
				     O_RDONLY,
				     O_WRONLY,
				     O_PATH,
				     O_RDWR | O_NONBLOCK,
				     O_RDWR | O_APPEND };
	int fd;

	if (r->p[0] >= 0xc0)
		fd = epoll_create1(EPOLL_CLOEXEC);
	else if (r->p[0] >= 0xb0)
		fd = netlink_open();
	else
		fd = open("/dev/ipcx", flags[r->p[1] % ARRAY_SIZE(flags)] |
					       (r->p[2] & 1 ? 0 : O_CLOEXEC));
	if (fd < 0)
		return -1;
	slot_put(r->c, fd, r->p[0] >= 0xb0 ? SLOT_OTHER : SLOT_DEVICE);
	return 0;
}

long op_reopen(const struct fuzz_record *r)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", slot_fd(r->b));
	fd = open(path, (r->p[0] & 3) == 3 ? O_PATH : r->p[0] & 3);
	if (fd < 0)
		return -1;
	slot_put(r->c, fd, slot_kind(r->b));
	return 0;
}

long op_close(const struct fuzz_record *r)
{
	slot_close(r->b);
	return 0;
}

long op_dup(const struct fuzz_record *r)
{
	int fd;

	if (r->p[0] & 1)
		fd = fcntl(slot_fd(r->b), F_DUPFD_CLOEXEC, 0);
	else
		fd = dup(slot_fd(r->b)); /* also survives exec */
	if (fd < 0)
		return -1;
	slot_put(r->c, fd, slot_kind(r->b));
	return 0;
}

/* ------------------------------------------------------- SCM_RIGHTS */

static long pass_send(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	shared->in_flight = true;
	return sendmsg(world.pair[0], &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Returns the descriptor. */
static long pass_receive(void)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(world.pair[1], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

long op_pass(const struct fuzz_record *r)
{
	long ret = 0;

	if (r->p[0] & 1)
		ret = pass_send(slot_fd(r->b));
	if (ret >= 0 && r->p[0] & 6) {
		ret = pass_receive();
		if (ret >= 0)
			slot_put(r->c, ret, slot_kind(r->b));
	}
	return ret;
}

/* --------------------------------------------------- reading and writing */

/* Where to, or from: now and then where it cannot be. */
static char *buffer_at(uint8_t byte)
{
	switch (byte >> 4) {
	case 15:
		return places.nothing;
	case 14:
		return places.read_only;
	case 13:
		return places.good_end - 4;
	case 12:
		return memory_window(byte);
	}
	return places.good + 2048 + lane->place / 4;
}

static size_t buffer_size(uint8_t byte)
{
	static const size_t sizes[] = { 8, 8, 8, 16, 64, 7, 1, 0 };

	return sizes[byte & 7];
}

static void lay_out(struct iovec *iov, const struct fuzz_record *r)
{
	iov[0].iov_base = buffer_at(r->p[0]);
	iov[0].iov_len = buffer_size(r->p[1]) -
			 (r->p[3] & 7) % (buffer_size(r->p[1]) + 1);
	iov[1].iov_base = buffer_at(r->p[0]) + iov[0].iov_len;
	iov[1].iov_len = r->p[3] & 7;
}

static long do_read(int fd, const struct fuzz_record *r)
{
	struct iovec iov[2];

	lay_out(iov, r);
	switch (r->a & 7) {
	case 4:
		return readv(fd, iov, 2);
	case 5:
		return preadv2(fd, iov, 2, -1, r->p[4] & 1 ? RWF_NOWAIT : 0);
	case 6:
		return pread(fd, iov[0].iov_base, 8, r->p[4]);
	}
	return read(fd, buffer_at(r->p[0]), buffer_size(r->p[1]));
}

long op_read(const struct fuzz_record *r)
{
	int fd = slot_fd(slot_pick(r->b, SLOT_SEM)), error;
	bool nonblock = r->p[2] < 0xe0 || lane->nth || lane->in_haste;
	long ret;

	fcntl(fd, F_SETFL, nonblock ? O_NONBLOCK : 0);
	if (nonblock && !lane->in_company)
		lane_fail_begin();
	if (!nonblock && !lane->is_child)
		lane_storm(500000, false);
	ret = do_read(fd, r);
	if (nonblock && !lane->in_company)
		lane_fail_end();
	error = errno;
	if (!nonblock && !lane->is_child)
		lane_quiet();
	errno = error;
	return ret;
}

static long do_write(int fd, const char *at, const struct fuzz_record *r)
{
	struct iovec iov[2];

	lay_out(iov, r);
	switch (r->a & 7) {
	case 4:
		return writev(fd, iov, 2);
	case 5:
		return pwritev2(fd, iov, 2, -1, r->p[4] & 1 ? RWF_NOWAIT : 0);
	case 6:
		return pwrite(fd, at, 8, r->p[4]);
	}
	return write(fd, at, buffer_size(r->p[1]));
}

long op_write(const struct fuzz_record *r)
{
	static const uint64_t values[] = { 1,	       1,	   1,
					   2,	       3,	   0,
					   100,	       0x3fffffff, 0x40000000,
					   1ULL << 32, 1ULL << 63, UINT64_MAX };
	int fd = slot_fd(slot_pick(r->b, SLOT_SEM)), error;
	char *at = buffer_at(r->p[0]);
	bool nonblock = fcntl(fd, F_GETFL) & O_NONBLOCK;
	long ret;

	fuzz_guard(memcpy(at, &values[r->p[2] % ARRAY_SIZE(values)], 8));
	/* What is full may never have room. */
	if (!nonblock && !lane->is_child)
		lane_storm(500000, false);
	else
		lane_fail_begin();
	ret = do_write(fd, at, r);
	error = errno;
	if (!nonblock && !lane->is_child)
		lane_quiet();
	else
		lane_fail_end();
	errno = error;
	return ret;
}

long op_splice(const struct fuzz_record *r)
{
	int fd = slot_fd(slot_pick(r->b, SLOT_SEM));
	unsigned int flags = SPLICE_F_NONBLOCK;

	shared->in_flight = true;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	switch (r->a & 3) {
	case 0:
		return splice(fd, NULL, world.pipe[1], NULL, 8, flags);
	case 1:
		return splice(world.pipe[0], NULL, fd, NULL, 8, flags);
	case 2:
		return write(world.pipe[1], r->p, 8);
	}
	return tee(fd, world.pipe[1], 8, flags);
}

/* --------------------------------------------------------------- waiting */

static int wait_ms(uint8_t byte)
{
	return byte < 0xe0 || lane->in_haste ? 0 : byte % (WAIT_MS + 1);
}

long op_poll(const struct fuzz_record *r)
{
	struct pollfd fds[3] = {
		{ .fd = slot_fd(r->a), .events = r->p[0] },
		{ .fd = slot_fd(r->b), .events = POLLIN | POLLOUT },
		{ .fd = slot_fd(r->c), .events = POLLIN | r->p[2] << 8 },
	};
	fd_set in, out;
	struct timeval tv = { 0, wait_ms(r->p[3]) * 1000 };

	/* Another thread may empty the slot meanwhile. */
	if (r->p[1] >= 0xe0 && fds[1].fd >= 0) {
		FD_ZERO(&in);
		FD_ZERO(&out);
		FD_SET(fds[1].fd, &in);
		FD_SET(fds[1].fd, &out);
		return select(fds[1].fd + 1, &in, &out, NULL, &tv);
	}
	return poll(fds, 1 + r->p[1] % 3, wait_ms(r->p[3]));
}

long op_epoll_ctl(const struct fuzz_record *r)
{
	static const int ops[] = { EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD,
				   EPOLL_CTL_DEL };
	static const uint32_t how[] = { 0, EPOLLET, EPOLLONESHOT,
					EPOLLEXCLUSIVE };
	struct epoll_event event = {
		.events = r->p[1] | how[r->p[2] & 3],
	};

	return epoll_ctl(slot_fd(slot_pick(r->a, SLOT_OTHER)), ops[r->p[0] & 3],
			 slot_fd(r->b), &event);
}

long op_epoll_wait(const struct fuzz_record *r)
{
	struct epoll_event events[4];

	return epoll_wait(slot_fd(slot_pick(r->a, SLOT_OTHER)), events,
			  1 + (r->p[1] & 3), wait_ms(r->p[0]));
}

/* ------------------------------------------------------------- the rest */

long op_fcntl(const struct fuzz_record *r)
{
	int fd = slot_fd(r->b);

	switch (r->a % 8) {
	case 0:
		return fcntl(fd, F_SETFL, O_ASYNC);
	case 1:
		return fcntl(fd, F_SETFL, r->p[0] & 1 ? O_NONBLOCK : O_APPEND);
	case 2:
		return fcntl(fd, F_SETOWN, getpid());
	case 3:
		return fcntl(fd, F_SETSIG, r->p[0] & 1 ? SIGUSR1 : 0);
	case 4:
		return fcntl(fd, F_SETLEASE, r->p[0] & 1 ? F_RDLCK : F_UNLCK);
	case 5:
		return fcntl(fd, F_ADD_SEALS, r->p[0] & 15);
	case 6:
		return fcntl(fd, F_GETFL);
	}
	return fcntl(fd, F_SETFL, r->p[0] & 1 ? O_DIRECT : O_NOATIME);
}

long op_fdinfo(const struct fuzz_record *r)
{
	char path[64], text[2048];
	long ret;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", slot_fd(r->b));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = read(fd, text, sizeof(text));
	close(fd);
	return ret;
}

/* What has a meaning for other files. */
long op_file(const struct fuzz_record *r)
{
	int fd = slot_fd(r->b), value = r->p[0] & 1;
	struct stat st;

	switch (r->a % 12) {
	case 0:
		return fstat(fd, &st);
	case 1:
		return ftruncate(fd, r->p[0] * 4096);
	case 2:
		return fallocate(fd, r->p[0] & 3, 0, 4096);
	case 3:
		return lseek(fd, r->p[0], r->p[1] % 5);
	case 4:
		return flock(fd, (r->p[0] & 1 ? LOCK_EX : LOCK_UN) | LOCK_NB);
	case 5:
		return fsync(fd);
	case 6:
		return posix_fadvise(fd, 0, 0, r->p[0] & 7) ? -1 : 0;
	case 7:
		return ioctl(fd, FIONBIO, &value);
	case 8:
		return ioctl(fd, FIOASYNC, &value);
	case 9:
		return ioctl(fd, FIONREAD, &value);
	case 10:
		return fchmod(fd, r->p[0]);
	}
	return sync_file_range(fd, 0, 4096, r->p[0] & 7);
}

/* --------------------------------------------------------------- netlink */

struct request {
	struct nlmsghdr h;
	struct genlmsghdr g;
	char attrs[160];
};

static void request_add(struct request *q, int type, const void *data,
			size_t size)
{
	struct nlattr *attr =
		(struct nlattr *)((char *)q + NLMSG_ALIGN(q->h.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + size;
	memcpy((char *)attr + NLA_HDRLEN, data, size);
	q->h.nlmsg_len = NLMSG_ALIGN(q->h.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

static void request_init(struct request *q, int type, int flags, int cmd)
{
	memset(q, 0, sizeof(*q));
	q->h.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	q->h.nlmsg_type = type;
	q->h.nlmsg_flags = NLM_F_REQUEST | flags;
	q->g.cmd = cmd;
	q->g.version = IPCX_GENL_VERSION;
}

int netlink_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
}

static uint32_t object_id(int fd)
{
	struct ipcx_stat stat = {};

	ioctl(fd, IPCX_IOC_STAT, &stat);
	return stat.out_id;
}

/*
 * Asks, and reads some of the answer: a dump that is not read to its end stays
 * half-way until the next one, or until the socket is closed.
 */
long op_netlink(const struct fuzz_record *r)
{
	static const char *const names[] = { "/a", "/b", "nothing", "" };
	int fd = r->p[0] >= 0xe0 ? slot_fd(r->a) : world.netlink;
	uint32_t id = r->p[1] & 1 ? object_id(slot_fd(r->b)) : r->p[2];
	struct request q;
	char answer[4096];
	long ret = 0;
	int i;

	request_init(&q, world.netlink_family,
		     r->p[3] & 1 ? NLM_F_DUMP :
		     r->p[3] & 2 ? NLM_F_ACK :
				   0,
		     r->p[4] & 1 ? 1 : r->p[4] % 5);
	if (r->p[5] < 0xc0 && !(r->p[5] & 1))
		request_add(&q, IPCX_A_ID, &id, sizeof(id));
	if (r->p[5] & 8)
		request_add(&q, IPCX_A_NAME, names[r->p[6] & 3],
			    strlen(names[r->p[6] & 3]) + (r->p[6] & 4 ? 0 : 1));
	if (r->p[5] >= 0xf0)
		request_add(&q, r->p[6] % 70, r->p, 1 + (r->p[7] & 7));
	shared->in_flight = true;
	if (send(fd, &q, q.h.nlmsg_len, MSG_DONTWAIT) < 0)
		return -1;
	for (i = 0; i < (r->p[7] & 3) && ret >= 0; i++)
		ret = recv(fd, answer, r->p[8] & 1 ? 256 : sizeof(answer),
			   MSG_DONTWAIT);
	return 0;
}

/* What is under way must not keep an object: what a child has sent, neither. */
void files_drain(void)
{
	char buffer[4096];

	if (!shared->in_flight)
		return;
	shared->in_flight = false;
	/* Without a place for them, descriptors are dropped. */
	while (recv(world.pair[1], buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
	while (read(world.pipe[0], buffer, sizeof(buffer)) > 0)
		;
	while (recv(world.netlink, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
}
