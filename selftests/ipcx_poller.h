/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The three ways in which a poll outlives the call that asked for it: epoll,
 * io_uring and aio.  epoll forgets a file that is closed, the two others keep
 * it until the poll completes or is given up.
 */
#ifndef IPCX_POLLER_H
#define IPCX_POLLER_H

#include "ipcx_test.h"

#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <sys/epoll.h>

enum t_poller_kind {
	T_EPOLL,
	T_URING,
	T_AIO
};

/* How many polls may be under way. */
#define T_POLLS 32

struct t_poller {
	enum t_poller_kind kind;
	int fd;
	void *sq;
	void *cq;
	struct io_uring_sqe *sqe;
	struct io_uring_params p;
	aio_context_t aio;
	struct iocb cb[T_POLLS];
	unsigned int next;
};

static inline int t_uring_open(struct t_poller *p)
{
	const int prot = PROT_READ | PROT_WRITE;

	p->fd = syscall(__NR_io_uring_setup, T_POLLS, &p->p);
	if (p->fd < 0)
		return -errno;
	p->sq = mmap(NULL, 4096, prot, MAP_SHARED, p->fd, IORING_OFF_SQ_RING);
	p->cq = mmap(NULL, 4096, prot, MAP_SHARED, p->fd, IORING_OFF_CQ_RING);
	p->sqe = mmap(NULL, 4096, prot, MAP_SHARED, p->fd, IORING_OFF_SQES);
	return p->sq == MAP_FAILED || p->cq == MAP_FAILED ||
			       p->sqe == MAP_FAILED ?
		       -ENOMEM :
		       0;
}

/* 0, or the negative errno: -ENOSYS when the kernel does not have it. */
static inline int t_poller_open(struct t_poller *p, enum t_poller_kind kind)
{
	memset(p, 0, sizeof(*p));
	p->kind = kind;
	p->fd = -1;
	if (kind == T_URING)
		return t_uring_open(p);
	if (kind == T_AIO)
		return syscall(__NR_io_setup, T_POLLS, &p->aio) ? -errno : 0;
	p->fd = epoll_create1(EPOLL_CLOEXEC);
	return p->fd < 0 ? -errno : 0;
}

static inline void t_poller_close(struct t_poller *p)
{
	if (p->kind == T_URING) {
		munmap(p->sq, 4096);
		munmap(p->cq, 4096);
		munmap(p->sqe, 4096);
	}
	if (p->kind == T_AIO)
		syscall(__NR_io_destroy, p->aio);
	else
		close(p->fd);
}

static inline int t_uring_arm(struct t_poller *p, int fd)
{
	uint32_t *tail = (uint32_t *)((char *)p->sq + p->p.sq_off.tail);
	uint32_t *array = (uint32_t *)((char *)p->sq + p->p.sq_off.array);
	uint32_t slot = *tail & (p->p.sq_entries - 1);

	memset(&p->sqe[slot], 0, sizeof(*p->sqe));
	p->sqe[slot].opcode = IORING_OP_POLL_ADD;
	p->sqe[slot].fd = fd;
	p->sqe[slot].poll32_events = POLLIN;
	array[slot] = slot;
	T_STORE(tail, *tail + 1);
	return syscall(__NR_io_uring_enter, p->fd, 1, 0, 0, NULL, 0) == 1 ?
		       0 :
		       -errno;
}

static inline int t_aio_arm(struct t_poller *p, int fd)
{
	struct iocb *cb = &p->cb[p->next++ % T_POLLS];

	memset(cb, 0, sizeof(*cb));
	cb->aio_lio_opcode = IOCB_CMD_POLL;
	cb->aio_fildes = fd;
	cb->aio_buf = POLLIN;
	return syscall(__NR_io_submit, p->aio, 1, &cb) == 1 ? 0 : -errno;
}

/* Asks for POLLIN on @fd: 0, or the negative errno. */
static inline int t_poller_arm(struct t_poller *p, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (p->kind == T_URING)
		return t_uring_arm(p, fd);
	if (p->kind == T_AIO)
		return t_aio_arm(p, fd);
	return epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static inline int t_uring_result(struct t_poller *p)
{
	uint32_t *head = (uint32_t *)((char *)p->cq + p->p.cq_off.head);
	uint32_t *tail = (uint32_t *)((char *)p->cq + p->p.cq_off.tail);
	struct io_uring_cqe *cqe =
		(struct io_uring_cqe *)((char *)p->cq + p->p.cq_off.cqes);
	int res;

	/* Lets the kernel run what it has to do for us. */
	syscall(__NR_io_uring_enter, p->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL,
		0);
	if (*head == T_LOAD(tail))
		return -EAGAIN;
	res = cqe[*head & (p->p.cq_entries - 1)].res;
	T_STORE(head, *head + 1);
	return res;
}

/* The events of some poll that has ended, or -EAGAIN. Does not wait. */
static inline int t_poller_result(struct t_poller *p)
{
	struct epoll_event event = {};
	struct timespec zero = {};
	struct io_event done;

	if (p->kind == T_URING)
		return t_uring_result(p);
	if (p->kind == T_AIO)
		return syscall(__NR_io_getevents, p->aio, 0, 1, &done, &zero) ==
				       1 ?
			       (int)done.res :
			       -EAGAIN;
	return epoll_wait(p->fd, &event, 1, 0) == 1 ? (int)event.events :
						      -EAGAIN;
}

#endif /* IPCX_POLLER_H */
