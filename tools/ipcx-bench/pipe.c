// SPDX-License-Identifier: GPL-2.0-or-later
/* Pipes, a pair of them for both directions. */
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench.h"

/* The default of unprivileged users' largest pipe. */
#define LARGE_PIPE (1 << 20)

/* Indexed by who writes. */
static int pipes[2][2];

static const char *pipe_refuses(const struct run *run)
{
	return run->size ? NULL : "a stream has no empty messages";
}

static int pipe_open_one(int fds[2], int capacity)
{
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	if (!capacity)
		return 0;
	return checked(fcntl(fds[1], F_SETPIPE_SZ, capacity));
}

static int pipe_open(const struct run *run)
{
	int err;

	err = pipe_open_one(pipes[WORKER], run->variant);
	if (!err)
		err = pipe_open_one(pipes[PARTNER], run->variant);
	return err;
}

static int pipe_send(enum side side, const void *buf, size_t size)
{
	return transferred(write(pipes[side][1], buf, size), size);
}

/* A reader gets what there is, and comes again for the rest. */
static int pipe_receive(enum side side, void *buf, size_t size)
{
	char *to = buf;
	ssize_t n;

	while (size) {
		n = read(pipes[!side][0], to, size);
		if (n <= 0)
			return n ? -errno : -EPIPE;
		to += n;
		size -= (size_t)n;
	}
	return 0;
}

/*
 * The reader copies out of the buffer itself. It may be written again when it
 * was answered, or when as much as the pipe holds has been sent after it.
 */
static int splice_send(enum side side, const void *buf, size_t size)
{
	struct iovec rest = { .iov_base = (void *)buf, .iov_len = size };
	ssize_t n;

	while (rest.iov_len) {
		n = vmsplice(pipes[side][1], &rest, 1, 0);
		if (n < 0)
			return -errno;
		rest.iov_base = (char *)rest.iov_base + n;
		rest.iov_len -= (size_t)n;
	}
	return 0;
}

static void pipe_close(void)
{
	int i;

	for (i = 0; i < 4; i++)
		close(pipes[i / 2][i % 2]);
}

static int pipe_create(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	close(fds[0]);
	return checked(close(fds[1]));
}

static const struct channel pipe_channel = {
	.has_payload = true,
	.cost = COST_CALL,
	.refuses = pipe_refuses,
	.open = pipe_open,
	.send = pipe_send,
	.receive = pipe_receive,
	.close = pipe_close,
};

static const struct channel splice_channel = {
	.has_payload = true,
	.cost = COST_CALL,
	.refuses = pipe_refuses,
	.open = pipe_open,
	.send = splice_send,
	.receive = pipe_receive,
	.close = pipe_close,
};

static const struct single pipe_creation = {
	.cost = COST_CALL,
	.once = pipe_create,
};

const struct mechanism pipe_mechanisms[] = {
	{
		.name = "pipe",
		.group = GROUP_PEERS,
		.text = "pipe, as it is by default",
		.channel = &pipe_channel,
		.create = &pipe_creation,
	},
	{
		.name = "pipe-1M",
		.group = GROUP_PEERS,
		.text = "pipe with a buffer of 1 MiB",
		.channel = &pipe_channel,
		.variant = LARGE_PIPE,
	},
	{
		.name = "pipe-vmsplice",
		.group = GROUP_PEERS,
		.text = "the same, with vmsplice(): one copy",
		.channel = &splice_channel,
		.variant = LARGE_PIPE,
	},
	{ .name = NULL },
};
