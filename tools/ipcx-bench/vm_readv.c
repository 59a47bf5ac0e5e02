// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process_vm_readv(): the receiver copies out of the sender's memory. A ring in
 * shared memory says where messages are; futexes are for those who sleep.
 */
#include <sys/uio.h>
#include <unistd.h>

#include "bench.h"
#include "position.h"

/*
 * Messages that may be offered and not fetched: as many as a pipe would hold,
 * and so many at least. A sender needs as many buffers.
 */
#define MIN_OFFERS 16
#define MAX_OFFERS 1024

/* Indexed by who offers. */
static struct offers {
	struct position offered;
	struct position fetched;
	pid_t pid;
	const void *where[MAX_OFFERS];
} * offers;

static uint32_t n_offers;

static const char *readv_refuses(const struct run *run)
{
	return run->size ? NULL : "there is nothing to read";
}

static int readv_open(const struct run *run)
{
	n_offers = MIN_OFFERS;
	while (n_offers < MAX_OFFERS &&
	       2 * n_offers * run->size <= USUAL_CAPACITY)
		n_offers *= 2;
	offers = shared_alloc(2 * sizeof(offers[0]));
	return offers ? 0 : -ENOMEM;
}

static int readv_join(enum side side)
{
	offers[side].pid = getpid();
	return 0;
}

/* A buffer may be written again once its message was fetched. */
static int readv_send(enum side side, const void *buf, size_t size)
{
	struct offers *mine = &offers[side];
	uint32_t at = position_own(&mine->offered);
	int err;

	(void)size;
	while (at - position_other(&mine->fetched) == n_offers) {
		err = position_await(&mine->fetched, at - n_offers / 2);
		if (err)
			return err;
	}
	mine->where[at & (n_offers - 1)] = buf;
	position_set(&mine->offered, at + 1);
	return 0;
}

static int readv_receive(enum side side, void *buf, size_t size)
{
	struct offers *theirs = &offers[!side];
	uint32_t at = position_own(&theirs->fetched);
	struct iovec local = { .iov_base = buf, .iov_len = size };
	struct iovec remote = { .iov_len = size };
	int err;

	while (position_other(&theirs->offered) == at) {
		err = position_await(&theirs->offered, at + 1);
		if (err)
			return err;
	}
	remote.iov_base = (void *)theirs->where[at & (n_offers - 1)];
	err = transferred(
		process_vm_readv(theirs->pid, &local, 1, &remote, 1, 0), size);
	position_set(&theirs->fetched, at + 1);
	return err;
}

static void readv_close(void)
{
	shared_free(offers, 2 * sizeof(offers[0]));
}

static const struct channel readv_channel = {
	.has_payload = true,
	/* One process would wait for itself to fetch. */
	.cannot = BIT_OF(MEASURE_OP),
	.cost = COST_SWITCH,
	.refuses = readv_refuses,
	.open = readv_open,
	.join = readv_join,
	.send = readv_send,
	.receive = readv_receive,
	.close = readv_close,
};

const struct mechanism vm_readv_mechanisms[] = {
	{
		.name = "vm-readv",
		.group = GROUP_PEERS,
		.text = "process_vm_readv() with futexes",
		.channel = &readv_channel,
	},
	{ .name = NULL },
};
