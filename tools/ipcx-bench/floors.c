// SPDX-License-Identifier: GPL-2.0-or-later
/* Floors: what nobody who does this kind of thing can be cheaper than. */
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* Any number that /dev/null does not know. */
#define UNKNOWN_IOCTL _IO(0xBB, 0xff)

static int null_fd;
static size_t copy_size;
static char *copy_from, *copy_to;
static _Atomic uint32_t *counter;

static int syscall_once(void)
{
	return getppid() < 0;
}

static int null_open(const struct run *run)
{
	(void)run;
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return checked(null_fd);
}

static int ioctl_once(void)
{
	return ioctl(null_fd, UNKNOWN_IOCTL, NULL) < 0 && errno == ENOTTY ?
		       0 :
		       -EINVAL;
}

static int write_once(void)
{
	uint64_t word = 0;

	return transferred(write(null_fd, &word, sizeof(word)), sizeof(word));
}

static int clock_once(void)
{
	struct timespec ts;

	return checked(clock_gettime(CLOCK_MONOTONIC, &ts));
}

static int memcpy_open(const struct run *run)
{
	copy_size = run->size;
	copy_from = shared_alloc(copy_size);
	copy_to = shared_alloc(copy_size);
	return copy_from && copy_to ? 0 : -ENOMEM;
}

static int memcpy_once(void)
{
	memcpy(copy_to, copy_from, copy_size);
	/* It is wanted, although nobody reads it. */
	__asm__ volatile("" : : "r"(copy_to) : "memory");
	return 0;
}

static int atomic_open(const struct run *run)
{
	(void)run;
	counter = shared_alloc(sizeof(*counter));
	return counter ? 0 : -ENOMEM;
}

static int atomic_once(void)
{
	atomic_fetch_add(counter, 1);
	atomic_fetch_sub(counter, 1);
	return 0;
}

/* Two processes on one CPU that do nothing but yield: two switches. */
static const char *yield_refuses(const struct run *run)
{
	return run->place == PLACE_APART ?
		       "on CPUs of their own nobody has to yield" :
		       NULL;
}

static int yield_open(const struct run *run)
{
	(void)run;
	return 0;
}

static int yield_receive(enum side side, void *buf, size_t size)
{
	(void)side;
	(void)buf;
	(void)size;
	return 0;
}

static int yield_exchange(enum side side)
{
	(void)side;
	return checked(sched_yield());
}

static void yield_close(void)
{
}

static const struct single syscall_op = {
	.cost = COST_CALL,
	.once = syscall_once,
};

static const struct single ioctl_op = {
	.cost = COST_CALL,
	.open = null_open,
	.once = ioctl_once,
};

static const struct single write_op = {
	.cost = COST_CALL,
	.open = null_open,
	.once = write_once,
};

static const struct single clock_op = {
	.cost = COST_USER,
	.once = clock_once,
};

static const struct single memcpy_op = {
	.cost = COST_USER,
	.all_sizes = true,
	.open = memcpy_open,
	.once = memcpy_once,
};

static const struct single atomic_op = {
	.cost = COST_USER,
	.open = atomic_open,
	.once = atomic_once,
};

static const struct channel yield_channel = {
	.cannot = BIT_OF(MEASURE_OP) | BIT_OF(MEASURE_ONE_WAY),
	.cost = COST_SWITCH,
	.refuses = yield_refuses,
	.open = yield_open,
	.receive = yield_receive,
	.exchange = yield_exchange,
	.close = yield_close,
};

const struct mechanism floors_mechanisms[] = {
	{
		.name = "syscall",
		.group = GROUP_FLOORS,
		.text = "getppid()",
		.op = &syscall_op,
	},
	{
		.name = "ioctl",
		.group = GROUP_FLOORS,
		.text = "ioctl() on /dev/null, which refuses it",
		.op = &ioctl_op,
	},
	{
		.name = "write",
		.group = GROUP_FLOORS,
		.text = "write() of 8 bytes to /dev/null",
		.op = &write_op,
	},
	{
		.name = "clock",
		.group = GROUP_FLOORS,
		.text = "clock_gettime()",
		.op = &clock_op,
	},
	{
		.name = "yield",
		.group = GROUP_FLOORS,
		.text = "two sched_yield() with two context switches",
		.channel = &yield_channel,
	},
	{
		.name = "memcpy",
		.group = GROUP_FLOORS,
		.text = "a copy in user space",
		.op = &memcpy_op,
	},
	{
		.name = "atomic",
		.group = GROUP_FLOORS,
		.text = "atomic addition and subtraction",
		.op = &atomic_op,
	},
	{ .name = NULL },
};
