// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process_vm_readv(): the receiver copies out of the sender's memory. Futexes
 * say that there is something, and that it has been fetched.
 */
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench.h"

/* How many messages were offered, and how many fetched; by who offers. */
static struct offer {
	_Alignas(64) _Atomic uint32_t offered;
	_Alignas(64) _Atomic uint32_t fetched;
	_Atomic uint32_t full; /* somebody waits for @fetched */
	const void *where;
	pid_t pid;
} * offers;

/* How many this process has offered and fetched. */
static uint32_t sent, received;

static const char *readv_refuses(const struct run *run)
{
	return run->size ? NULL : "there is nothing to read";
}

static int readv_open(const struct run *run)
{
	(void)run;
	offers = shared_alloc(2 * sizeof(offers[0]));
	return offers ? 0 : -ENOMEM;
}

static int readv_join(enum side side)
{
	offers[side].pid = getpid();
	return 0;
}

static void await_fetched(struct offer *offer)
{
	if (atomic_load(&offer->fetched) == sent)
		return;
	atomic_store(&offer->full, 1);
	count_await(&offer->fetched, sent);
	atomic_store(&offer->full, 0);
}

/* The buffer may be written again once the message before was fetched. */
static int readv_send(enum side side, const void *buf, size_t size)
{
	struct offer *offer = &offers[side];

	(void)size;
	await_fetched(offer);
	offer->where = buf;
	sent++;
	count_up(&offer->offered);
	return 0;
}

static int readv_receive(enum side side, void *buf, size_t size)
{
	struct offer *offer = &offers[!side];
	struct iovec local = { .iov_base = buf, .iov_len = size };
	struct iovec remote = { .iov_len = size };
	int err;

	count_await(&offer->offered, ++received);
	remote.iov_base = (void *)offer->where;
	err = transferred(
		process_vm_readv(offer->pid, &local, 1, &remote, 1, 0), size);
	atomic_fetch_add(&offer->fetched, 1);
	if (atomic_load(&offer->full))
		futex_wake(&offer->fetched);
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
