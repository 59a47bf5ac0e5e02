// SPDX-License-Identifier: GPL-2.0-or-later
/* Channels of ipcx, one for each direction. */
#include <stdlib.h>

#include "bench.h"
#include "ipcx_bench.h"

#define LARGE_CHANNEL (1 << 20)

/* Indexed by who writes. */
static struct ipcx_channel *writers[2], *readers[2];

static const char *channel_refuses(const struct run *run)
{
	return run->size ? NULL : "a stream has no empty messages";
}

static int channel_make(int capacity, enum side side)
{
	struct ipcx_channel_config config = { .capacity = (uint32_t)capacity };

	return ipcx_channel_pair(bench_ipcx(), &config, &writers[side],
				 &readers[side]);
}

static int channel_open(const struct run *run)
{
	int err;

	err = channel_make(run->variant, WORKER);
	if (!err)
		err = channel_make(run->variant, PARTNER);
	return err;
}

static int channel_send(enum side side, const void *buf, size_t size)
{
	size_t done;
	int err;

	err = ipcx_channel_write(writers[side], buf, size, NULL, &done);
	if (err)
		return err;
	return done == size ? 0 : -EPIPE;
}

/* A reader gets what there is, and comes again for the rest. */
static int channel_receive(enum side side, void *buf, size_t size)
{
	char *to = buf;
	size_t got;
	int err;

	while (size) {
		err = ipcx_channel_read(readers[!side], to, size, NULL, &got);
		if (err || !got)
			return err ? err : -EPIPE;
		to += got;
		size -= got;
	}
	return 0;
}

static void channel_close(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		ipcx_channel_free(writers[i]);
		ipcx_channel_free(readers[i]);
	}
}

static int channel_create(void)
{
	struct ipcx_channel *writer, *reader;
	int err;

	err = ipcx_channel_pair(bench_ipcx(), NULL, &writer, &reader);
	if (err)
		return err;
	ipcx_channel_free(writer);
	ipcx_channel_free(reader);
	return 0;
}

static const struct channel file_channel = {
	.has_payload = true,
	.cost = COST_CALL,
	.refuses = channel_refuses,
	.open = channel_open,
	.send = channel_send,
	.receive = channel_receive,
	.close = channel_close,
};

static const struct single channel_creation = {
	.cost = COST_CALL,
	.once = channel_create,
};

const struct mechanism ipcx_channel_mechanisms[] = {
	{
		.name = "ipcx-channel",
		.group = GROUP_IPCX,
		.text = "channel, through read() and write()",
		.missing = bench_ipcx_missing,
		.channel = &file_channel,
		.create = &channel_creation,
	},
	{
		.name = "ipcx-channel-1M",
		.group = GROUP_IPCX,
		.text = "the same, with a capacity of 1 MiB",
		.missing = bench_ipcx_missing,
		.channel = &file_channel,
		.variant = LARGE_CHANNEL,
	},
	{ .name = NULL },
};
