/* SPDX-License-Identifier: GPL-2.0-only */
/* Every kind of object, and a second thread that ends them. */
#ifndef IPCX_KINDS_H
#define IPCX_KINDS_H

#include "ipcx_channel.h"
#include "ipcx_mailbox.h"

#include <semaphore.h>

enum t_kind {
	T_PLAIN,
	T_MAPPED,
	T_OWNED,
	T_LOCK,
	T_REGION,
	T_MAILBOX,
	T_TURNS, /* a channel's end, which has the turn once in t_touch() */
	T_KINDS
};

/* The second end, with all rights. */
static inline int t_make_turns(int dev)
{
	int ch = t_channel(dev, IPCX_CHANNEL_F_TURN, T_CAPACITY), fd;

	if (ch < 0)
		return ch;
	fd = t_end_with(ch, IPCX_CHANNEL_SECOND, IPCX_RIGHT_CONTROL);
	close(ch);
	return fd;
}

/* What the other end says, who goes at once. */
static inline int t_touch_turns(int fd)
{
	int other = t_end(fd, IPCX_CHANNEL_FIRST, 0);
	long long ret;

	if (other < 0)
		return other;
	ret = t_write_until(other, "x", 1, 0, 0);
	close(other);
	return ret < 0 ? (int)ret : 0;
}

/* An object for which POLLIN does not hold, or the negative errno. */
static inline int t_make(int dev, enum t_kind kind)
{
	int fd;

	switch (kind) {
	case T_OWNED:
		return t_sem(dev, IPCX_SEM_OWNED, 0, 4);
	case T_LOCK:
		fd = t_lock(dev, IPCX_DEATH_REPORT);
		return t_sem_p(fd, 1, 0) ? -EIO : fd;
	case T_REGION:
		return t_region(dev, T_PAGE);
	case T_MAILBOX:
		return t_mailbox(dev, 4, 64);
	case T_TURNS:
		return t_make_turns(dev);
	default:
		fd = t_sem(dev, IPCX_SEM_PLAIN, 0, 4);
		if (kind == T_MAPPED && fd >= 0)
			t_sem_unmap(t_sem_map(fd));
		return fd;
	}
}

/* Makes POLLIN true, where the caller may. */
static inline int t_touch(int fd, enum t_kind kind)
{
	switch (kind) {
	case T_REGION:
		return t_region_ring(fd, NULL);
	case T_MAILBOX:
		return t_send_number(fd, 1);
	case T_TURNS:
		return t_touch_turns(fd);
	default:
		return t_sem_v(fd, 1);
	}
}

/* Takes what there is, or waits for it: 0, or the negative errno. */
static inline int t_take(int fd, enum t_kind kind, unsigned long long deadline)
{
	long long ret;
	char byte;

	switch (kind) {
	case T_REGION:
		return t_region_lock(fd, IPCX_LOCK_WRITE, deadline, NULL);
	case T_MAILBOX:
		ret = t_recv_number(fd, deadline);
		return ret < 0 ? (int)ret : 0;
	case T_TURNS:
		ret = t_read_until(fd, &byte, 1, deadline);
		return ret < 0 ? (int)ret : 0;
	default:
		return t_sem_p(fd, 1, deadline);
	}
}

/* A second thread that does one thing each time it is told to. */
struct t_helper {
	pthread_t thread;
	sem_t go;
	sem_t done;
	void (*act)(struct t_helper *h);
	int fd[2];
	enum t_kind kind;
	unsigned int what;
	int stop;
	int wrong;
};

static inline void *t_help(void *arg)
{
	struct t_helper *h = arg;

	for (;;) {
		while (sem_wait(&h->go))
			;
		if (h->stop)
			return NULL;
		h->act(h);
		sem_post(&h->done);
	}
}

static inline int t_helper_start(struct t_helper *h,
				 void (*act)(struct t_helper *h))
{
	memset(h, 0, sizeof(*h));
	h->act = act;
	sem_init(&h->go, 0, 0);
	sem_init(&h->done, 0, 0);
	return -pthread_create(&h->thread, NULL, t_help, h);
}

static inline bool t_helper_wait(struct t_helper *h)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += T_LONG / T_SEC;
	return !sem_timedwait(&h->done, &ts);
}

static inline int t_helper_stop(struct t_helper *h)
{
	h->stop = 1;
	sem_post(&h->go);
	return t_join(h->thread);
}

#endif /* IPCX_KINDS_H */
