// SPDX-License-Identifier: GPL-2.0-or-later
/* Rings of the library, one for each direction. */
#include <fcntl.h>
#include <unistd.h>

#include "bench.h"
#include "ipcx_bench.h"

/* Both ends of both; indexed by who writes. */
static struct ipcx_ring *producers[2], *consumers[2];

static const char *ring_refuses(const struct run *run)
{
	return run->size ? NULL : "a stream has no empty messages";
}

/* The worker's ends. */
static int ring_open(const struct run *run)
{
	struct ipcx_ring_config config = { .capacity = USUAL_CAPACITY };
	int err;

	while (config.capacity < 2 * run->size)
		config.capacity *= 2;
	config.role = IPCX_RING_PRODUCER;
	err = ipcx_ring_create(bench_ipcx(), NULL, &config, &producers[WORKER]);
	if (err)
		return err;
	config.role = IPCX_RING_CONSUMER;
	return ipcx_ring_create(bench_ipcx(), NULL, &config,
				&consumers[PARTNER]);
}

static int end_open(struct ipcx_ring *other, uint32_t role,
		    struct ipcx_ring **ret_ring)
{
	int fd = fcntl(ipcx_ring_fd(other), F_DUPFD_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = ipcx_ring_from_fd(fd, role, 0, NULL, ret_ring);
	if (err)
		close(fd);
	return err;
}

/* The partner's ends are its own, not inherited. */
static int ring_join(enum side side)
{
	int err;

	if (side == WORKER)
		return 0;
	err = end_open(producers[WORKER], IPCX_RING_CONSUMER,
		       &consumers[WORKER]);
	if (!err)
		err = end_open(consumers[PARTNER], IPCX_RING_PRODUCER,
			       &producers[PARTNER]);
	return err;
}

static int ring_send(enum side side, const void *buf, size_t size)
{
	size_t written;
	int err;

	err = ipcx_ring_write(producers[side], buf, size, NULL, &written);
	if (err)
		return err;
	return written == size ? 0 : -EMSGSIZE;
}

static int ring_receive(enum side side, void *buf, size_t size)
{
	struct ipcx_ring *ring = consumers[!side];
	char *to = buf;
	size_t n;
	int err;

	while (size) {
		err = ipcx_ring_read(ring, to, size, NULL, &n);
		if (err)
			return err;
		if (!n)
			return -EPIPE;
		to += n;
		size -= n;
	}
	return 0;
}

static void ring_close(void)
{
	ipcx_ring_free(producers[WORKER]);
	ipcx_ring_free(consumers[PARTNER]);
}

static const struct channel ring_channel = {
	.has_payload = true,
	.cost = COST_USER,
	.refuses = ring_refuses,
	.open = ring_open,
	.join = ring_join,
	.send = ring_send,
	.receive = ring_receive,
	.close = ring_close,
};

const struct mechanism ipcx_ring_mechanisms[] = {
	{
		.name = "ipcx-ring",
		.group = GROUP_IPCX,
		.text = "ring of the library, in a region",
		.missing = bench_ipcx_missing,
		.channel = &ring_channel,
	},
	{ .name = NULL },
};
