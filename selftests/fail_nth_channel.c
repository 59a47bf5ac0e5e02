// SPDX-License-Identifier: GPL-2.0-only
/* Fail the n-th: channels. */
#define T_WITHOUT_TESTS
#include "fault_ioctl.h"
#include "ipcx_channel.h"

/* Longer than what is copied under the lock. */
#define SOME 700

static char out[SOME], in[FAULT_QUEUED];

static int on_channel(struct fault_world *w)
{
	return on(w, FAULT_CHANNEL);
}

static int prepare_create(struct fault_world *w)
{
	on_dev(w);
	ARG(w, ipcx_channel_create)->mode = 0600;
	ARG(w, ipcx_channel_create)->capacity = T_CAPACITY;
	return 0;
}

static int prepare_create_named(struct fault_world *w)
{
	prepare_create(w);
	strcpy(ARG(w, ipcx_channel_create)->name, w->other_name);
	ARG(w, ipcx_channel_create)->flags = IPCX_CREATE_F_PERSISTENT;
	return 0;
}

static bool verify_create(struct fault_world *w)
{
	w->fd = ((struct ipcx_channel_create *)w->reply)->out_fd;
	return is_open(w->fd, IPCX_RIGHTS_MASK);
}

static int prepare_open_writer(struct fault_world *w)
{
	on_channel(w);
	ARG(w, ipcx_channel_open)->end = IPCX_CHANNEL_WRITER;
	return 0;
}

static int prepare_open_reader(struct fault_world *w)
{
	on_channel(w);
	ARG(w, ipcx_channel_open)->end = IPCX_CHANNEL_READER;
	ARG(w, ipcx_channel_open)->flags = IPCX_CHANNEL_OPEN_F_WAIT;
	return 0;
}

static bool verify_open(struct fault_world *w)
{
	w->fd = ((struct ipcx_channel_open *)w->reply)->out_fd;
	return w->fd >= 0 && !close(w->fd);
}

static int prepare_write_of(struct fault_world *w, size_t size)
{
	on(w, FAULT_WRITER);
	ARG(w, ipcx_channel_write)->data = (uintptr_t)out;
	ARG(w, ipcx_channel_write)->size = size;
	return 0;
}

static int prepare_write(struct fault_world *w)
{
	return prepare_write_of(w, SOME);
}

static int prepare_write_short(struct fault_world *w)
{
	return prepare_write_of(w, 10);
}

static int fill_up(struct fault_world *w)
{
	while (t_write_until(w->obj[FAULT_WRITER], out, 1, 0, 0) == 1)
		;
	return 0;
}

static int prepare_write_late(struct fault_world *w)
{
	fill_up(w);
	prepare_write(w);
	ARG(w, ipcx_channel_write)->clockid = CLOCK_MONOTONIC;
	ARG(w, ipcx_channel_write)->deadline = t_in_ms(5);
	return 0;
}

static bool verify_written(struct fault_world *w)
{
	return t_queued(w->obj[FAULT_CHANNEL]) == FAULT_QUEUED + SOME;
}

static bool verify_written_short(struct fault_world *w)
{
	return t_queued(w->obj[FAULT_CHANNEL]) == FAULT_QUEUED + 10;
}

static int prepare_read_of(struct fault_world *w, size_t size)
{
	on(w, FAULT_READER);
	ARG(w, ipcx_channel_read)->data = (uintptr_t)in;
	ARG(w, ipcx_channel_read)->size = size;
	return 0;
}

static int prepare_read(struct fault_world *w)
{
	return prepare_read_of(w, SOME);
}

static int prepare_read_short(struct fault_world *w)
{
	return prepare_read_of(w, 10);
}

static int prepare_read_late(struct fault_world *w)
{
	t_read_all(w->obj[FAULT_READER], in, FAULT_QUEUED);
	prepare_read(w);
	ARG(w, ipcx_channel_read)->clockid = CLOCK_MONOTONIC;
	ARG(w, ipcx_channel_read)->deadline = t_in_ms(5);
	return t_queued(w->obj[FAULT_CHANNEL]) ? -EBADE : 0;
}

static bool verify_read(struct fault_world *w)
{
	return t_queued(w->obj[FAULT_CHANNEL]) == FAULT_QUEUED - SOME;
}

static bool verify_read_short(struct fault_world *w)
{
	return t_queued(w->obj[FAULT_CHANNEL]) == FAULT_QUEUED - 10;
}

/* With turns, beside the world. */
static int prepare_turn(struct fault_world *w)
{
	int ch = t_channel(w->dev, IPCX_CHANNEL_F_TURN, T_CAPACITY);

	w->fds[0] = t_end(ch, IPCX_CHANNEL_FIRST, 0);
	w->fds[1] = t_end(ch, IPCX_CHANNEL_SECOND, 0);
	close(ch);
	memset(w->arg, 0, sizeof(w->arg));
	w->on = w->fds[0];
	return w->fds[0] < 0 || w->fds[1] < 0 ? -EBADF : 0;
}

static int prepare_take(struct fault_world *w)
{
	int ret = prepare_turn(w);

	ARG(w, ipcx_channel_turn)->op = IPCX_CHANNEL_TURN_TAKE;
	return ret;
}

static int prepare_take_late(struct fault_world *w)
{
	int ret = prepare_take(w);

	w->on = w->fds[1];
	ARG(w, ipcx_channel_turn)->clockid = CLOCK_MONOTONIC;
	ARG(w, ipcx_channel_turn)->deadline = t_in_ms(5);
	return ret;
}

static bool verify_passed(struct fault_world *w)
{
	return t_write_until(w->fds[1], "x", 1, 0, 0) == 1;
}

static void clean_turn(struct fault_world *w)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (w->fds[i] >= 0)
			close(w->fds[i]);
		w->fds[i] = -1;
	}
}

static int prepare_flush(struct fault_world *w)
{
	return on(w, FAULT_WRITER);
}

static int prepare_resize(struct fault_world *w)
{
	on_channel(w);
	ARG(w, ipcx_channel_set)->flags = IPCX_CHANNEL_SET_F_CAPACITY;
	ARG(w, ipcx_channel_set)->capacity = 3 * T_CAPACITY;
	return 0;
}

static bool verify_resize(struct fault_world *w)
{
	struct ipcx_channel_stat s;

	return !t_channel_stat(w->obj[FAULT_CHANNEL], &s) &&
	       s.out_capacity == 4 * T_CAPACITY && s.out_queued == FAULT_QUEUED;
}

/* Each attempt makes it larger, and so the next one has something to do. */
static void clean_resize(struct fault_world *w)
{
	t_channel_resize(w->obj[FAULT_CHANNEL], T_CAPACITY);
}

static bool verify_stat(struct fault_world *w)
{
	return ((struct ipcx_channel_stat *)w->reply)->out_queued ==
	       FAULT_QUEUED;
}

static int prepare_wait(struct fault_world *w)
{
	on(w, FAULT_READER);
	ARG(w, ipcx_channel_wait)->need = FAULT_QUEUED;
	return 0;
}

static int prepare_wait_late(struct fault_world *w)
{
	prepare_wait(w);
	ARG(w, ipcx_channel_wait)->need = FAULT_QUEUED + 1;
	ARG(w, ipcx_channel_wait)->clockid = CLOCK_MONOTONIC;
	ARG(w, ipcx_channel_wait)->deadline = t_in_ms(5);
	return 0;
}

static int prepare_wake(struct fault_world *w)
{
	return on(w, FAULT_READER);
}

/* All that a reader maps: 0, or the negative errno. */
static int map_reader(int fd)
{
	static const int prot[] = { PROT_READ, PROT_READ | PROT_WRITE,
				    PROT_READ };
	void *p[3] = { MAP_FAILED, MAP_FAILED, MAP_FAILED };
	int i, err = 0;

	for (i = 0; i < 3 && !err; i++) {
		p[i] = mmap(NULL, T_PAGE, prot[i], MAP_SHARED | MAP_POPULATE,
			    fd, (off_t)i * T_PAGE);
		if (p[i] == MAP_FAILED)
			err = -errno;
	}
	while (i--)
		if (p[i] != MAP_FAILED)
			munmap(p[i], T_PAGE);
	return err;
}

/* Of a new channel, with which goes what the first mapping allocates. */
static int run_map(struct fault_world *w)
{
	int ch = t_channel(w->dev, 0, T_CAPACITY), r, err;

	if (ch < 0)
		return ch;
	r = t_end(ch, IPCX_CHANNEL_READER, 0);
	err = r < 0 ? r : map_reader(r);
	if (r >= 0)
		close(r);
	close(ch);
	return err;
}

static int run_read(struct fault_world *w)
{
	return t_read(w->obj[FAULT_READER], in, SOME);
}

static int run_write(struct fault_world *w)
{
	return t_write(w->obj[FAULT_WRITER], out, SOME);
}

static const struct fault_op channel_ops[] = {
	IOCTL("anonymous", CHANNEL_CREATE, create, .verify = verify_create,
	      .clean = clean_fd),
	IOCTL("persistent", CHANNEL_CREATE, create_named,
	      .verify = verify_create, .still = still_new, .clean = clean_new),
	IOCTL("by a new user", CHANNEL_CREATE, create, .verify = verify_create,
	      BY_NEW_USER),
	IOCTL("writer", CHANNEL_OPEN, open_writer, .verify = verify_open),
	IOCTL("reader", CHANNEL_OPEN, open_reader, .verify = verify_open),
	IOCTL("some", CHANNEL_WRITE, write, .expect = SOME,
	      .verify = verify_written),
	IOCTL("a few", CHANNEL_WRITE, write_short, .expect = 10,
	      .verify = verify_written_short),
	IOCTL("until late", CHANNEL_WRITE, write_late, .expect = -ETIMEDOUT),
	IOCTL("some", CHANNEL_READ, read, .expect = SOME,
	      .verify = verify_read),
	IOCTL("a few", CHANNEL_READ, read_short, .expect = 10,
	      .verify = verify_read_short),
	IOCTL("until late", CHANNEL_READ, read_late, .expect = -ETIMEDOUT),
	IOCTL("pass", CHANNEL_TURN, turn, .verify = verify_passed,
	      .clean = clean_turn),
	IOCTL("take", CHANNEL_TURN, take, .clean = clean_turn),
	IOCTL("take until late", CHANNEL_TURN, take_late, .expect = -ETIMEDOUT,
	      .clean = clean_turn),
	IOCTL("nothing", CHANNEL_FLUSH, flush),
	IOCTL("capacity", CHANNEL_SET, resize, .verify = verify_resize,
	      .clean = clean_resize),
	{ .name = "CHANNEL_STAT: channel",
	  .cmd = IPCX_IOC_CHANNEL_STAT,
	  .prepare = on_channel,
	  .run = fault_ioctl,
	  .verify = verify_stat },
	IOCTL("what is there", CHANNEL_WAIT, wait),
	IOCTL("until late", CHANNEL_WAIT, wait_late, .expect = -ETIMEDOUT),
	IOCTL("nobody", CHANNEL_WAKE, wake),
	{ .name = "mmap: reader", .run = run_map },
	{ .name = "read some",
	  .run = run_read,
	  .expect = SOME,
	  .verify = verify_read },
	{ .name = "write some",
	  .run = run_write,
	  .expect = SOME,
	  .verify = verify_written },
};

const struct fault_table fault_channels = { channel_ops,
					    ARRAY_SIZE(channel_ops) };
