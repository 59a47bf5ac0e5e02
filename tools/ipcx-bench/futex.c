// SPDX-License-Identifier: GPL-2.0-or-later
/* A futex as a binary event: the least that two processes can wake with. */
#include <stdatomic.h>

#include "bench.h"

/* States of the word; who waits says so, and only then there is a wake-up. */
enum {
	EMPTY = 0,
	GIVEN = 1,
	AWAITED = 2
};

/* On lines of their own; indexed by who gives. */
static struct word {
	_Alignas(64) _Atomic uint32_t state;
} * words;

static int futex_open(const struct run *run)
{
	(void)run;
	words = shared_alloc(2 * sizeof(words[0]));
	return words ? 0 : -ENOMEM;
}

static int futex_send(enum side side, const void *buf, size_t size)
{
	(void)buf;
	(void)size;
	if (atomic_exchange(&words[side].state, GIVEN) != AWAITED)
		return 0;
	return futex_wake(&words[side].state);
}

static int futex_receive(enum side side, void *buf, size_t size)
{
	_Atomic uint32_t *state = &words[!side].state;
	uint32_t seen = GIVEN;
	int err;

	(void)buf;
	(void)size;
	while (!atomic_compare_exchange_strong(state, &seen, EMPTY)) {
		if (seen == AWAITED ||
		    atomic_compare_exchange_strong(state, &seen, AWAITED)) {
			err = futex_wait(state, AWAITED);
			if (err)
				return err;
		}
		seen = GIVEN;
	}
	return 0;
}

static void futex_close(void)
{
	shared_free(words, 2 * sizeof(words[0]));
}

/* One event is not a stream: giving twice is giving once. */
static const struct channel futex_channel = {
	.cannot = BIT_OF(MEASURE_ONE_WAY),
	.cost = COST_USER,
	.open = futex_open,
	.send = futex_send,
	.receive = futex_receive,
	.close = futex_close,
};

const struct mechanism futex_mechanisms[] = {
	{
		.name = "futex",
		.group = GROUP_PEERS,
		.text = "an event made of a futex",
		.channel = &futex_channel,
	},
	{ .name = NULL },
};
