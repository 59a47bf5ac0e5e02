/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors that travel, and mappings, for the selftests. */
#ifndef IPCX_FD_H
#define IPCX_FD_H

#include "ipcx_test.h"

#include <linux/userfaultfd.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define T_PAGE	    4096UL
#define T_RIGHTS_RW (IPCX_RIGHT_READ | IPCX_RIGHT_WRITE)

static inline int t_socketpair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ?
		       -errno :
		       0;
}

static inline int t_send_fd(int socket, int fd)
{
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0) == 1 ? 0 : -errno;
}

/* The descriptor that came, or the negative errno; bounded by T_LONG. */
static inline int t_recv_fd(int socket)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (!(t_poll(socket, POLLIN, T_LONG / T_MSEC) & POLLIN))
		return -ETIMEDOUT;
	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -ENODATA;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

static inline void *t_map_flags(int fd, size_t size, int prot, int flags)
{
	void *p = mmap(NULL, size, prot, flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Shared; NULL with errno set when it is refused. */
static inline void *t_map(int fd, size_t size, int prot)
{
	return t_map_flags(fd, size, prot, MAP_SHARED);
}

static inline void *t_map_rw(int fd, size_t size)
{
	return t_map(fd, size, PROT_READ | PROT_WRITE);
}

/*
 * A page that does not come: who touches it sleeps, and the userfaultfd, which
 * is returned, can be polled for that. -1 where there is none.
 */
static inline int t_stalled_page(char **page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	*page = t_map_flags(-1, T_PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return -1;
	reg.range.start = (uintptr_t)*page;
	reg.range.len = T_PAGE;
	return ioctl(fd, UFFDIO_REGISTER, &reg) ? -1 : fd;
}

/* The errno with which mapping is refused, 0 when it is not. */
static inline int t_map_error(int fd, size_t size, int prot, int flags)
{
	void *p = mmap(NULL, size, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, size);
	return 0;
}

static inline int t_set(int fd, unsigned int flags, unsigned int mode,
			unsigned int uid, unsigned int gid,
			unsigned long long lease_ns)
{
	struct ipcx_set s = {
		.flags = flags,
		.mode = mode,
		.uid = uid,
		.gid = gid,
		.lease_ns = lease_ns,
	};

	return t_ioctl(fd, IPCX_IOC_SET, &s);
}

/* Whether an entry of /proc/self/fdinfo/@fd reads @line. */
static inline bool t_fdinfo_has(int fd, const char *line)
{
	char path[64], text[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(text, sizeof(text), file)) {
		text[strcspn(text, "\n")] = '\0';
		if (!strcmp(text, line))
			found = true;
	}
	fclose(file);
	return found;
}

/*
 * How many lines of /proc/self/fdinfo/@fd have the key @key; @last, of 256
 * bytes, gets what the last of them says. May be NULL.
 */
static inline int t_fdinfo_lines(int fd, const char *key, char *last)
{
	char path[64], text[256];
	size_t len = strlen(key);
	int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(text, sizeof(text), file)) {
		if (strncmp(text, key, len) || strncmp(text + len, ":\t", 2))
			continue;
		count++;
		text[strcspn(text, "\n")] = '\0';
		if (last)
			strcpy(last, text + len + 2);
	}
	fclose(file);
	return count;
}

/* What exists in the whole system, to be compared after a test. */
struct t_census {
	long long objects;
	long long handles;
	long long bytes;
	long long waiters;
	long long fds;
};

static inline struct t_census t_census(void)
{
	return (struct t_census) {
		.objects = t_counter("objects"),
		.handles = t_counter("handles"),
		.bytes = t_counter("bytes"),
		.waiters = t_counter("waiters"),
		.fds = t_counter("fds"),
	};
}

/* Waits until nothing more exists than in @before. */
static inline bool t_same_census(const struct t_census *before)
{
	return T_UNTIL(({
		struct t_census now = t_census();

		!memcmp(&now, before, sizeof(now));
	}));
}

#endif /* IPCX_FD_H */
