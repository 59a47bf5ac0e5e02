/* SPDX-License-Identifier: GPL-2.0-only */
/* Mailboxes, for the selftests. */
#ifndef IPCX_MAILBOX_H
#define IPCX_MAILBOX_H

#include "ipcx_test.h"

#include <sys/uio.h>

static inline void t_mailbox_args(struct ipcx_mailbox_create *c,
				  const char *name, unsigned int messages,
				  unsigned int size)
{
	memset(c, 0, sizeof(*c));
	if (name)
		strcpy(c->name, name);
	c->mode = 0600;
	c->max_messages = messages;
	c->max_size = size;
}

static inline int t_mailbox_create(int dev, struct ipcx_mailbox_create *c)
{
	int ret = t_ioctl(dev, IPCX_IOC_MAILBOX_CREATE, c);

	return ret ? ret : c->out_fd;
}

static inline int t_mailbox(int dev, unsigned int messages, unsigned int size)
{
	struct ipcx_mailbox_create c;

	t_mailbox_args(&c, NULL, messages, size);
	return t_mailbox_create(dev, &c);
}

static inline int t_inbox(int dev, unsigned int mode, unsigned int messages,
			  unsigned int size)
{
	struct ipcx_mailbox_create c;

	t_mailbox_args(&c, NULL, messages, size);
	c.flags = IPCX_MAILBOX_F_INBOX;
	c.mode = mode;
	return t_mailbox_create(dev, &c);
}

/* The inbox of a process: its descriptor, or the negative errno. */
static inline int t_inbox_find(int dev, pid_t pid)
{
	struct ipcx_inbox_find f = { .pid = pid };
	int ret = t_ioctl(dev, IPCX_IOC_INBOX_FIND, &f);

	return ret ? ret : f.out_fd;
}

static inline struct ipcx_send_message t_message(const void *data, size_t size,
						 unsigned int priority,
						 unsigned long long tag)
{
	return (struct ipcx_send_message) {
		.data = (uintptr_t)data,
		.size = size,
		.priority = priority,
		.tag = tag,
	};
}

/* How many were sent, or the negative errno. */
static inline int t_send_many(int fd, struct ipcx_send_message *m,
			      unsigned int count, unsigned int when_full,
			      unsigned long long deadline)
{
	struct ipcx_mailbox_send s = {
		.messages = (uintptr_t)m,
		.count = count,
		.when_full = when_full,
		.deadline = deadline,
		.clockid = CLOCK_MONOTONIC,
	};

	return t_ioctl(fd, IPCX_IOC_MAILBOX_SEND, &s);
}

/* 0, or the negative errno. */
static inline int t_send_with(int fd, const void *data, size_t size,
			      unsigned int priority, unsigned long long tag,
			      unsigned int when_full,
			      unsigned long long deadline)
{
	struct ipcx_send_message m = t_message(data, size, priority, tag);
	int ret = t_send_many(fd, &m, 1, when_full, deadline);

	return ret == 1 ? 0 : ret < 0 ? ret : -EPROTO;
}

/* Without waiting. */
static inline int t_send(int fd, const void *data, size_t size,
			 unsigned int priority, unsigned long long tag)
{
	return t_send_with(fd, data, size, priority, tag, IPCX_FULL_DEFAULT, 0);
}

/* A number as the payload. */
static inline int t_send_number(int fd, uint32_t number)
{
	return t_send(fd, &number, sizeof(number), 0, number);
}

static inline void t_recv_args(struct ipcx_mailbox_recv *r,
			       struct ipcx_recv_message *m, unsigned int count,
			       unsigned long long deadline)
{
	memset(r, 0, sizeof(*r));
	r->messages = (uintptr_t)m;
	r->count = count;
	r->deadline = deadline;
	r->clockid = CLOCK_MONOTONIC;
}

static inline int t_recv_call(int fd, struct ipcx_mailbox_recv *r)
{
	return t_ioctl(fd, IPCX_IOC_MAILBOX_RECV, r);
}

/* The size, or the negative errno; what is told of it goes to @m, or nowhere. */
static inline int t_recv(int fd, void *data, size_t size,
			 unsigned long long deadline,
			 struct ipcx_recv_message *m)
{
	struct ipcx_recv_message own;
	struct ipcx_mailbox_recv r;
	int ret;

	m = m ?: &own;
	memset(m, T_POISON, sizeof(*m));
	m->data = (uintptr_t)data;
	m->size = size;
	m->flags = 0;
	m->nr_fds = 0;
	m->__reserved = 0;
	t_recv_args(&r, m, 1, deadline);
	ret = t_recv_call(fd, &r);
	return ret == 1 ? (int)m->out_size : ret < 0 ? ret : -EPROTO;
}

/* The number that was sent, or the negative errno. */
static inline long long t_recv_number(int fd, unsigned long long deadline)
{
	uint32_t number = T_POISON32;
	int ret = t_recv(fd, &number, sizeof(number), deadline, NULL);

	return ret == sizeof(number) ? (long long)number :
	       ret < 0		     ? ret :
				       -EPROTO;
}

/* The same of those that match. */
static inline long long t_recv_match(int fd, unsigned int match,
				     unsigned long long tag,
				     unsigned long long tag_arg,
				     unsigned long long deadline)
{
	uint32_t number = T_POISON32;
	struct ipcx_recv_message m = { .data = (uintptr_t)&number,
				       .size = sizeof(number) };
	struct ipcx_mailbox_recv r;
	int ret;

	t_recv_args(&r, &m, 1, deadline);
	r.match = match;
	r.tag = tag;
	r.tag_arg = tag_arg;
	ret = t_recv_call(fd, &r);
	return ret == 1 ? (long long)number : ret < 0 ? ret : -EPROTO;
}

static inline long long t_peek_number(int fd, unsigned int index)
{
	uint32_t number = T_POISON32;
	struct ipcx_recv_message m = { .data = (uintptr_t)&number,
				       .size = sizeof(number) };
	struct ipcx_mailbox_recv r;
	int ret;

	t_recv_args(&r, &m, 1, 0);
	r.flags = IPCX_RECV_F_PEEK;
	r.index = index;
	ret = t_recv_call(fd, &r);
	return ret == 1 ? (long long)number : ret < 0 ? ret : -EPROTO;
}

/* ---- Descriptors in messages ------------------------------------------- */

/* A mailbox whose messages may carry descriptors. */
static inline int t_fd_mailbox(int dev, unsigned int messages,
			       unsigned int size)
{
	struct ipcx_mailbox_create c;

	t_mailbox_args(&c, NULL, messages, size);
	c.flags = IPCX_MAILBOX_F_FDS;
	return t_mailbox_create(dev, &c);
}

/* A message without payload: 0, or the negative errno. */
static inline int t_send_fds(int box, const int *fds, unsigned int nr)
{
	struct ipcx_send_message m = t_message(NULL, 0, 0, 0);
	int ret;

	m.fds = (uintptr_t)fds;
	m.nr_fds = nr;
	ret = t_send_many(box, &m, 1, 0, 0);
	return ret == 1 ? 0 : ret < 0 ? ret : -EPROTO;
}

/* How many came, or the negative errno. What is told goes to @m, or nowhere. */
static inline int t_recv_fds(int box, int *fds, unsigned int room,
			     unsigned long long deadline,
			     struct ipcx_recv_message *m)
{
	struct ipcx_recv_message own;
	struct ipcx_mailbox_recv r;
	char payload[64];
	int ret;

	m = m ?: &own;
	memset(m, T_POISON, sizeof(*m));
	m->data = (uintptr_t)payload;
	m->size = sizeof(payload);
	m->flags = 0;
	m->fds = (uintptr_t)fds;
	m->nr_fds = room;
	m->__reserved = 0;
	t_recv_args(&r, m, 1, deadline);
	ret = t_recv_call(box, &r);
	return ret == 1 ? (int)m->out_nr_fds : ret < 0 ? ret : -EPROTO;
}

/* ---- To many ----------------------------------------------------------- */

/*
 * 0, or the negative errno; @index, if it is not NULL, gets which is why, @count
 * for none.
 */
static inline int t_send_all(int dev, const int *boxes, unsigned int count,
			     const struct ipcx_send_message *m,
			     unsigned int when_full,
			     unsigned long long deadline, uint32_t *index)
{
	struct ipcx_mailbox_send_all s = {
		.message = (uintptr_t)m,
		.mailboxes = (uintptr_t)boxes,
		.count = count,
		.when_full = when_full,
		.deadline = deadline,
		.clockid = CLOCK_MONOTONIC,
		.out_index = count,
	};
	int ret = t_ioctl(dev, IPCX_IOC_MAILBOX_SEND_ALL, &s);

	if (index)
		*index = s.out_index;
	return ret;
}

static inline int t_mailbox_stat(int fd, struct ipcx_mailbox_stat *s)
{
	memset(s, T_POISON, sizeof(*s));
	s->flags = 0;
	return t_ioctl(fd, IPCX_IOC_MAILBOX_STAT, s);
}

static inline int t_mailbox_messages(int fd)
{
	struct ipcx_mailbox_stat s;
	int ret = t_mailbox_stat(fd, &s);

	return ret ? ret : (int)s.out_messages;
}

#endif /* IPCX_MAILBOX_H */
