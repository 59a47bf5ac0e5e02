// SPDX-License-Identifier: GPL-2.0-or-later
/* Mailboxes of ipcx, one for each direction. */
#include <stdlib.h>
#include <sys/mman.h>

#include "bench.h"
#include "ipcx_bench.h"

/* Messages in one call, and in one operation of the row. */
#define BATCH	   32
#define BATCH_SIZE 64

/* Indexed by who sends. */
static struct ipcx_mailbox *boxes[2];

static int box_make(size_t size, struct ipcx_mailbox **ret_box)
{
	struct ipcx_mailbox_config config = {
		.max_size = size ? (uint32_t)size : 1,
		.max_bytes = USUAL_CAPACITY,
	};

	if (config.max_bytes < 2 * size)
		config.max_bytes = 2 * size;
	return ipcx_mailbox_create(bench_ipcx(), NULL, &config, ret_box);
}

static int boxes_open(const struct run *run)
{
	int err;

	err = box_make(run->size, &boxes[WORKER]);
	if (!err)
		err = box_make(run->size, &boxes[PARTNER]);
	return err;
}

static int box_send(enum side side, const void *buf, size_t size)
{
	return ipcx_mailbox_send(boxes[side], buf, size);
}

static int box_receive(enum side side, void *buf, size_t size)
{
	size_t got;
	int err;

	err = ipcx_mailbox_receive(boxes[!side], buf, size, &got);
	if (err)
		return err;
	return got == size ? 0 : -EMSGSIZE;
}

#define PAGE 4096

/* Whoever reads a mapped message touches each of its pages. */
static void touch(const volatile char *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += PAGE)
		(void)data[i];
}

static int box_receive_mapped(enum side side, void *buf, size_t size)
{
	struct ipcx_recv_message in = { .flags = IPCX_MESSAGE_F_MAP };
	void *data;
	int err;

	(void)buf;
	err = ipcx_mailbox_receive_messages(boxes[!side], &in, 1, NULL, NULL,
					    NULL);
	if (err)
		return err;
	if (in.out_size != size)
		return -EMSGSIZE;
	/* What is not longer than the buffer is never mapped. */
	if (!size)
		return 0;
	data = (void *)(uintptr_t)in.out_data;
	touch(data, size);
	return munmap(data, size) ? -errno : 0;
}

static void boxes_close(void)
{
	ipcx_mailbox_free(boxes[WORKER]);
	ipcx_mailbox_free(boxes[PARTNER]);
}

static struct ipcx_send_message batch_out[BATCH];
static struct ipcx_recv_message batch_in[BATCH];

static int batch_open(const struct run *run)
{
	static char payload[BATCH][BATCH_SIZE];
	int i;

	(void)run;
	for (i = 0; i < BATCH; i++) {
		batch_out[i].data = (uintptr_t)payload[i];
		batch_out[i].size = BATCH_SIZE;
		batch_in[i].data = (uintptr_t)payload[i];
		batch_in[i].size = BATCH_SIZE;
	}
	return box_make(BATCH_SIZE, &boxes[WORKER]);
}

/* So many out, and so many in. */
static int batch_once(void)
{
	uint32_t count;
	int err;

	err = ipcx_mailbox_send_messages(boxes[WORKER], batch_out, BATCH,
					 IPCX_FULL_DEFAULT, NULL, &count);
	if (!err && count == BATCH)
		err = ipcx_mailbox_receive_messages(boxes[WORKER], batch_in,
						    BATCH, NULL, NULL, &count);
	if (err)
		return err;
	return count == BATCH ? 0 : -EPROTO;
}

static void batch_close(void)
{
	ipcx_mailbox_free(boxes[WORKER]);
}

static int box_create(void)
{
	struct ipcx_mailbox *box;
	int err;

	err = box_make(BATCH_SIZE, &box);
	if (!err)
		ipcx_mailbox_free(box);
	return err;
}

static const struct channel box_channel = {
	.has_payload = true,
	.cost = COST_CALL,
	.open = boxes_open,
	.send = box_send,
	.receive = box_receive,
	.close = boxes_close,
};

static const struct channel mapped_channel = {
	.has_payload = true,
	.in_place = true,
	.cost = COST_CALL,
	.open = boxes_open,
	.send = box_send,
	.receive = box_receive_mapped,
	.close = boxes_close,
};

static const struct single box_batch = {
	.cost = COST_CALL,
	.open = batch_open,
	.once = batch_once,
	.close = batch_close,
};

static const struct single box_creation = {
	.cost = COST_CALL,
	.once = box_create,
};

const struct mechanism ipcx_mailbox_mechanisms[] = {
	{
		.name = "ipcx-mailbox",
		.group = GROUP_IPCX,
		.text = "mailbox",
		.missing = bench_ipcx_missing,
		.channel = &box_channel,
		.create = &box_creation,
	},
	{
		.name = "ipcx-mailbox-map",
		.group = GROUP_IPCX,
		.text = "mailbox, messages mapped where they are received",
		.missing = bench_ipcx_missing,
		.channel = &mapped_channel,
	},
	{
		.name = "ipcx-mailbox-32",
		.group = GROUP_IPCX,
		.text = "mailbox, 32 messages out and in, in two calls",
		.missing = bench_ipcx_missing,
		.op = &box_batch,
	},
	{ .name = NULL },
};
