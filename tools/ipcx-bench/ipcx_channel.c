// SPDX-License-Identifier: GPL-2.0-or-later
/* Channels of ipcx, one for each direction. */
#include <errno.h>
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

/*
 * Each process maps the ends that it uses, when it uses them first: behind the fork,
 * for a child inherits no mapping. By who uses them.
 */
static struct ipcx_channel *mapped_writers[2], *mapped_readers[2];

static __attribute__((noinline)) int map_ends(enum side side, bool writer)
{
	struct ipcx_channel *end = writer ? writers[side] : readers[!side];
	int err = ipcx_channel_map(end);

	if (err)
		return err;
	*(writer ? &mapped_writers[side] : &mapped_readers[side]) = end;
	return 0;
}

static int map_send(enum side side, const void *buf, size_t size)
{
	int err;

	if (__builtin_expect(!mapped_writers[side], 0)) {
		err = map_ends(side, true);
		if (err)
			return err;
	}
	/* Nothing here ends a write in the middle. */
	return ipcx_channel_write(mapped_writers[side], buf, size, NULL, NULL);
}

static __attribute__((noinline)) int map_receive_rest(enum side side, void *buf,
						      size_t size)
{
	int err = map_ends(side, false);

	return err ? err : channel_receive(side, buf, size);
}

static int map_receive(enum side side, void *buf, size_t size)
{
	static size_t got; /* not on the stack, which the compiler would guard */
	int err;

	if (__builtin_expect(!mapped_readers[side], 0))
		return map_receive_rest(side, buf, size);
	err = ipcx_channel_read(mapped_readers[side], buf, size, NULL, &got);
	if (__builtin_expect(err || got == size, 1))
		return err;
	if (!got)
		return -EPIPE;
	return map_receive_rest(side, (char *)buf + got, size - got);
}

/* Produced and used where it is: nothing is copied. */
static int view_send(enum side side, const void *buf, size_t size)
{
	void *room;
	int err = 0;

	(void)buf;
	if (!mapped_writers[side])
		err = map_ends(side, true);
	if (!err)
		err = ipcx_channel_reserve(writers[side], size, NULL, &room,
					   NULL);
	return err ? err : ipcx_channel_commit(writers[side], size);
}

static int view_receive(enum side side, void *buf, size_t size)
{
	struct ipcx_channel *reader = readers[!side];
	const void *data;
	size_t got = 0;
	int err = 0;

	(void)buf;
	if (!mapped_readers[side])
		err = map_ends(side, false);
	if (!err)
		err = ipcx_channel_view(reader, size, NULL, &data, &got);
	if (err || got < size)
		return err ? err : -EPIPE;
	return ipcx_channel_consume(reader, size);
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

static const struct channel mapped_channel = {
	.has_payload = true,
	.cost = COST_USER,
	.refuses = channel_refuses,
	.open = channel_open,
	.send = map_send,
	.receive = map_receive,
	.close = channel_close,
};

static const struct channel view_channel = {
	.has_payload = true,
	.in_place = true,
	.cost = COST_USER,
	.refuses = channel_refuses,
	.open = channel_open,
	.send = view_send,
	.receive = view_receive,
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
	{
		.name = "ipcx-channel-map",
		.group = GROUP_IPCX,
		.text = "channel, both ends mapped",
		.missing = bench_ipcx_missing,
		.channel = &mapped_channel,
	},
	{
		.name = "ipcx-channel-view",
		.group = GROUP_IPCX,
		.text = "the same with 1 MiB, filled and used in place",
		.missing = bench_ipcx_missing,
		.channel = &view_channel,
		.variant = LARGE_CHANNEL,
	},
	{ .name = NULL },
};
