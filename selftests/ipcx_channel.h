/* SPDX-License-Identifier: GPL-2.0-only */
/* Channels, for the selftests. */
#ifndef IPCX_CHANNEL_H
#define IPCX_CHANNEL_H

#include "ipcx_fd.h"

/* The smallest capacity. */
#define T_CAPACITY 4096U

static inline void t_channel_args(struct ipcx_channel_create *c,
				  const char *name, unsigned int flags,
				  unsigned int capacity)
{
	memset(c, 0, sizeof(*c));
	if (name)
		snprintf(c->name, sizeof(c->name), "%s", name);
	c->mode = 0600;
	c->flags = flags;
	c->capacity = capacity;
	T_POISON_OUT(c, out_fd);
	T_POISON_OUT(c, out_flags);
	T_POISON_OUT(c, out_id);
}

static inline int t_channel_create(int dev, struct ipcx_channel_create *c)
{
	int ret = t_ioctl(dev, IPCX_IOC_CHANNEL_CREATE, c);

	return ret < 0 ? ret : c->out_fd;
}

/* A handle for no end. */
static inline int t_channel(int dev, unsigned int flags, unsigned int capacity)
{
	struct ipcx_channel_create c;

	t_channel_args(&c, NULL, flags, capacity);
	return t_channel_create(dev, &c);
}

/* On a device handle by name, or on a handle of a channel with NULL. */
static inline int t_end_until(int fd, const char *name, unsigned int end,
			      unsigned int flags, unsigned long long deadline)
{
	struct ipcx_channel_open o = {
		.end = end,
		.flags = flags,
		.clockid = CLOCK_MONOTONIC,
		.deadline = deadline,
	};
	int ret;

	if (name)
		snprintf(o.name, sizeof(o.name), "%s", name);
	T_POISON_OUT(&o, out_fd);
	T_POISON_OUT(&o, out_id);
	ret = t_ioctl(fd, IPCX_IOC_CHANNEL_OPEN, &o);
	return ret < 0 ? ret : o.out_fd;
}

static inline int t_end(int fd, unsigned int end, unsigned int flags)
{
	return t_end_until(fd, NULL, end, flags, 0);
}

/* With more rights than the end needs. */
static inline int t_end_with(int fd, unsigned int end, unsigned int rights)
{
	struct ipcx_channel_open o = { .end = end, .rights = rights };
	int ret;

	T_POISON_OUT(&o, out_fd);
	T_POISON_OUT(&o, out_id);
	ret = t_ioctl(fd, IPCX_IOC_CHANNEL_OPEN, &o);
	return ret < 0 ? ret : o.out_fd;
}

/* Both ends of a new channel, as a pipe() with other flags. */
static inline int t_channel_pair(int dev, unsigned int flags,
				 unsigned int capacity, int pair[2])
{
	int ch = t_channel(dev, flags, capacity);

	if (ch < 0)
		return ch;
	pair[0] = t_end(ch, IPCX_CHANNEL_WRITER, 0);
	pair[1] = t_end(ch, IPCX_CHANNEL_READER, 0);
	close(ch);
	return pair[0] < 0 ? pair[0] : pair[1] < 0 ? pair[1] : 0;
}

/* How many bytes, or the negative errno. */
static inline long long t_write_until(int fd, const void *data, size_t size,
				      unsigned int flags,
				      unsigned long long deadline)
{
	struct ipcx_channel_write w = {
		.data = (uintptr_t)data,
		.size = size,
		.flags = flags,
		.clockid = CLOCK_MONOTONIC,
		.deadline = deadline,
	};

	return t_ioctl(fd, IPCX_IOC_CHANNEL_WRITE, &w);
}

static inline long long t_read_flags(int fd, void *data, size_t size,
				     unsigned int flags,
				     unsigned long long deadline)
{
	struct ipcx_channel_read r = {
		.data = (uintptr_t)data,
		.size = size,
		.flags = flags,
		.clockid = CLOCK_MONOTONIC,
		.deadline = deadline,
		.out_size = T_POISON32,
	};

	return t_ioctl(fd, IPCX_IOC_CHANNEL_READ, &r);
}

/* The size that -EMSGSIZE tells, or what came instead. */
static inline long long t_packet_size(int fd)
{
	char byte;
	struct ipcx_channel_read r = {
		.data = (uintptr_t)&byte,
		.size = 1,
		.out_size = T_POISON32,
	};
	int ret = t_ioctl(fd, IPCX_IOC_CHANNEL_READ, &r);

	return ret == -EMSGSIZE ? r.out_size : ret;
}

static inline long long t_read_until(int fd, void *data, size_t size,
				     unsigned long long deadline)
{
	return t_read_flags(fd, data, size, 0, deadline);
}

/* write() and read(), or the negative errno. */
static inline ssize_t t_write(int fd, const void *data, size_t size)
{
	ssize_t n = write(fd, data, size);

	return n < 0 ? -errno : n;
}

static inline ssize_t t_read(int fd, void *data, size_t size)
{
	ssize_t n = read(fd, data, size);

	return n < 0 ? -errno : n;
}

/* Reads @size bytes in however many parts: 0, or what came instead. */
static inline long long t_read_all(int fd, void *data, size_t size)
{
	char *to = data;
	long long n;

	while (size) {
		n = t_read_until(fd, to, size, t_soon());
		if (n <= 0)
			return n ? n : -ENODATA;
		to += n;
		size -= n;
	}
	return 0;
}

static inline int t_turn_pass(int fd)
{
	struct ipcx_channel_turn t = { .op = IPCX_CHANNEL_TURN_PASS };

	return t_ioctl(fd, IPCX_IOC_CHANNEL_TURN, &t);
}

static inline int t_turn_take(int fd, unsigned long long deadline,
			      int *dead_pid)
{
	struct ipcx_channel_turn t = {
		.op = IPCX_CHANNEL_TURN_TAKE,
		.clockid = CLOCK_MONOTONIC,
		.deadline = deadline,
		.out_dead_pid = (int)T_POISON32,
	};
	int ret = t_ioctl(fd, IPCX_IOC_CHANNEL_TURN, &t);

	if (dead_pid)
		*dead_pid = t.out_dead_pid;
	return ret;
}

static inline int t_channel_flush(int fd)
{
	struct ipcx_channel_flush f = {};

	return t_ioctl(fd, IPCX_IOC_CHANNEL_FLUSH, &f);
}

static inline int t_channel_set(int fd, struct ipcx_channel_set *s)
{
	return t_ioctl(fd, IPCX_IOC_CHANNEL_SET, s);
}

static inline int t_channel_stat(int fd, struct ipcx_channel_stat *s)
{
	memset(s, T_POISON, sizeof(*s));
	s->flags = 0;
	return t_ioctl(fd, IPCX_IOC_CHANNEL_STAT, s);
}

/* The capacity that it has then, or the negative errno. */
static inline long long t_channel_resize(int fd, unsigned int capacity)
{
	struct ipcx_channel_set s = {
		.flags = IPCX_CHANNEL_SET_F_CAPACITY,
		.capacity = capacity,
	};
	struct ipcx_channel_stat stat;
	int ret = t_channel_set(fd, &s) ?: t_channel_stat(fd, &stat);

	return ret < 0 ? ret : (long long)stat.out_capacity;
}

static inline int t_channel_marks(int fd, unsigned int read_mark,
				  unsigned int write_mark)
{
	struct ipcx_channel_set s = {
		.flags = IPCX_CHANNEL_SET_F_READ_MARK |
			 IPCX_CHANNEL_SET_F_WRITE_MARK,
		.read_mark = read_mark,
		.write_mark = write_mark,
	};

	return t_channel_set(fd, &s);
}

static inline long long t_queued(int fd)
{
	struct ipcx_channel_stat s;
	int ret = t_channel_stat(fd, &s);

	return ret < 0 ? ret : (long long)s.out_queued;
}

/* Calls that wait at either end. */
static inline int t_channel_waiters(int fd)
{
	struct ipcx_channel_stat s;
	int ret = t_channel_stat(fd, &s);

	return ret < 0 ? ret : (int)(s.out_writers + s.out_readers);
}

static inline int t_fionread(int fd)
{
	int n = -1;

	return ioctl(fd, FIONREAD, &n) ? -errno : n;
}

/* On an end: until so much can be read, or written. */
static inline int t_channel_wait(int fd, unsigned int need,
				 unsigned long long deadline)
{
	struct ipcx_channel_wait w = {
		.need = need,
		.clockid = CLOCK_MONOTONIC,
		.deadline = deadline,
	};

	return t_ioctl(fd, IPCX_IOC_CHANNEL_WAIT, &w);
}

/* The same on an end that can do both. */
static inline int t_channel_wait_to_write(int fd, unsigned int need,
					  unsigned long long deadline)
{
	struct ipcx_channel_wait w = {
		.need = need,
		.clockid = CLOCK_MONOTONIC,
		.deadline = deadline,
		.flags = IPCX_CHANNEL_WAIT_F_WRITE,
	};

	return t_ioctl(fd, IPCX_IOC_CHANNEL_WAIT, &w);
}

static inline int t_channel_wake(int fd)
{
	struct ipcx_channel_wake w = {};

	return t_ioctl(fd, IPCX_IOC_CHANNEL_WAKE, &w);
}

static inline void *t_map_at(int fd, size_t size, int prot, unsigned int page,
			     int flags)
{
	void *p = mmap(NULL, size, prot, flags, fd, (off_t)page * T_PAGE);

	return p == MAP_FAILED ? NULL : p;
}

/* Everything that an end may map. */
struct t_mapped {
	int fd; /* not owned */
	struct ipcx_channel_words *mine;
	const struct ipcx_channel_words *peer;
	char *data;
	size_t size; /* twice the capacity */
};

static inline bool t_map_end(int fd, struct t_mapped *m)
{
	struct ipcx_channel_stat s;
	bool first;
	int prot = PROT_READ;

	if (t_channel_stat(fd, &s))
		return false;
	first = s.out_end == IPCX_CHANNEL_FIRST;
	if (first || s.out_flags & IPCX_CHANNEL_F_TURN)
		prot |= PROT_WRITE;
	m->fd = fd;
	m->size = 2UL * s.out_capacity;
	m->mine = t_map_at(fd, T_PAGE, PROT_READ | PROT_WRITE,
			   first ? IPCX_CHANNEL_MAP_FIRST :
				   IPCX_CHANNEL_MAP_SECOND,
			   MAP_SHARED);
	m->peer = t_map_at(fd, T_PAGE, PROT_READ,
			   first ? IPCX_CHANNEL_MAP_SECOND :
				   IPCX_CHANNEL_MAP_FIRST,
			   MAP_SHARED);
	m->data =
		t_map_at(fd, m->size, prot, IPCX_CHANNEL_MAP_DATA, MAP_SHARED);
	return m->mine && m->peer && m->data;
}

static inline void t_unmap_end(const struct t_mapped *m)
{
	munmap(m->mine, T_PAGE);
	munmap((void *)m->peer, T_PAGE);
	munmap(m->data, m->size);
}

/* What is to be done behind each move. */
static inline void t_mapped_tell(const struct t_mapped *m)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&m->peer->sleeps, __ATOMIC_RELAXED))
		t_channel_wake(m->fd);
}

static inline void t_mapped_move(const struct t_mapped *m, uint32_t size)
{
	__atomic_store_n(&m->mine->pos, m->mine->pos + size, __ATOMIC_RELEASE);
	t_mapped_tell(m);
}

/* Into the ring, unseen, where a strict channel goes on. */
static inline void t_mapped_stage(const struct t_mapped *m, const void *data,
				  uint32_t size)
{
	memcpy(m->data + m->mine->next % (m->size / 2), data, size);
	__atomic_store_n(&m->mine->next, m->mine->next + size,
			 __ATOMIC_RELEASE);
}

static inline void t_mapped_write(const struct t_mapped *m, const void *data,
				  uint32_t size)
{
	memcpy(m->data + m->mine->pos % (m->size / 2), data, size);
	t_mapped_move(m, size);
}

static inline void t_mapped_pass(const struct t_mapped *m)
{
	__atomic_store_n(&m->mine->passes, m->mine->passes + 1,
			 __ATOMIC_RELEASE);
	t_mapped_tell(m);
}

/* The next of a sequence that looks random, and is the same for a seed. */
static inline unsigned int t_next(unsigned int *state)
{
	*state = *state * 1103515245U + 12345U;
	return *state >> 8;
}

/* The n-th byte of a stream: known to both sides. */
static inline unsigned char t_stream_byte(unsigned int seed, size_t place)
{
	return (unsigned char)((place * 2654435761U >> 13) ^ seed ^ place);
}

/* Bytes that are different at each place, for a while. */
static inline void t_fill(void *data, size_t size, unsigned int seed)
{
	unsigned char *p = data;
	size_t i;

	for (i = 0; i < size; i++)
		p[i] = (unsigned char)(seed + i + i / 251);
}

static inline bool t_filled(const void *data, size_t size, unsigned int seed)
{
	const unsigned char *p = data;
	size_t i;

	for (i = 0; i < size; i++)
		if (p[i] != (unsigned char)(seed + i + i / 251))
			return false;
	return true;
}

#endif /* IPCX_CHANNEL_H */
