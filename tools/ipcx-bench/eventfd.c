// SPDX-License-Identifier: GPL-2.0-or-later
/* eventfd as a semaphore, alone and behind epoll. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench.h"

/* Indexed by who gives. */
static int events[2];
static int epolls[2];

static int eventfd_open(const struct run *run)
{
	struct epoll_event event = { .events = (uint32_t)run->variant };
	int i;

	for (i = 0; i < 2; i++) {
		events[i] = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
		if (events[i] < 0)
			return -errno;
		if (!run->variant)
			continue;
		epolls[i] = epoll_create1(EPOLL_CLOEXEC);
		if (epolls[i] < 0 ||
		    epoll_ctl(epolls[i], EPOLL_CTL_ADD, events[i], &event))
			return -errno;
	}
	return 0;
}

static int eventfd_send(enum side side, const void *buf, size_t size)
{
	uint64_t one = 1;

	(void)buf;
	(void)size;
	return transferred(write(events[side], &one, sizeof(one)), sizeof(one));
}

static int eventfd_receive(enum side side, void *buf, size_t size)
{
	uint64_t value;

	(void)buf;
	(void)size;
	return transferred(read(events[!side], &value, sizeof(value)),
			   sizeof(value));
}

static int epoll_receive(enum side side, void *buf, size_t size)
{
	struct epoll_event event;

	if (epoll_wait(epolls[!side], &event, 1, -1) != 1)
		return -errno;
	return eventfd_receive(side, buf, size);
}

static int edge_receive(enum side side, void *buf, size_t size)
{
	struct epoll_event event;

	(void)buf;
	(void)size;
	return epoll_wait(epolls[!side], &event, 1, -1) == 1 ? 0 : -errno;
}

static void eventfd_close(void)
{
	close(events[0]);
	close(events[1]);
}

static void epoll_close(void)
{
	close(epolls[0]);
	close(epolls[1]);
	eventfd_close();
}

static int eventfd_create(void)
{
	int fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);

	return fd < 0 ? -errno : checked(close(fd));
}

static const struct channel eventfd_channel = {
	.cost = COST_CALL,
	.open = eventfd_open,
	.send = eventfd_send,
	.receive = eventfd_receive,
	.close = eventfd_close,
};

static const struct channel epoll_channel = {
	.cost = COST_CALL,
	.open = eventfd_open,
	.send = eventfd_send,
	.receive = epoll_receive,
	.close = epoll_close,
};

/* Several edges are one event, so there is nothing one-way. */
static const struct channel edge_channel = {
	.cannot = BIT_OF(MEASURE_ONE_WAY),
	.cost = COST_CALL,
	.open = eventfd_open,
	.send = eventfd_send,
	.receive = edge_receive,
	.close = epoll_close,
};

static const struct single eventfd_creation = {
	.cost = COST_CALL,
	.once = eventfd_create,
};

const struct mechanism eventfd_mechanisms[] = {
	{
		.name = "eventfd",
		.group = GROUP_PEERS,
		.text = "eventfd with EFD_SEMAPHORE",
		.channel = &eventfd_channel,
		.create = &eventfd_creation,
	},
	{
		.name = "epoll-eventfd",
		.group = GROUP_PEERS,
		.text = "the same, awaited by epoll_wait()",
		.channel = &epoll_channel,
		.variant = EPOLLIN,
	},
	{
		.name = "epoll-edge",
		.group = GROUP_PEERS,
		.text = "the same, edge-triggered, so that nobody reads",
		.channel = &edge_channel,
		.variant = (int)(EPOLLIN | EPOLLET),
	},
	{ .name = NULL },
};
