// SPDX-License-Identifier: GPL-2.0-or-later
/* Regions of ipcx: memory, lock, doorbell; and arrays, which are regions. */
#include <sys/mman.h>

#include "bench.h"
#include "ipcx_bench.h"

#define REGION_SIZE ((uint64_t)64 << 10)

#define ELEMENT_SIZE 64
#define ELEMENTS     1024

static struct ipcx_region *region;
static struct ipcx_array *array;
static char element[ELEMENT_SIZE];

/* How often the doorbell had been rung when this process last looked. */
static uint64_t seen;

/* Who rings which doorbell: indexed by the side that rings. */
static struct ipcx_region *bells[2];

static int region_make(const char *name, struct ipcx_region **ret_region)
{
	struct ipcx_region_config config = {
		.size = REGION_SIZE,
		.flags = name ? IPCX_CREATE_F_EXCL : 0,
	};

	return ipcx_region_create(bench_ipcx(), name, &config, ret_region);
}

static int region_touch(struct ipcx_region *which)
{
	void *memory;
	size_t size;
	int err;

	err = ipcx_region_map(which, PROT_READ | PROT_WRITE, &memory, &size);
	if (err)
		return err;
	*(volatile char *)memory = 1;
	ipcx_region_unmap(memory, size);
	return 0;
}

static int create_open(const struct run *run)
{
	(void)run;
	bench_ipcx();
	return 0;
}

static int create(void)
{
	struct ipcx_region *made;
	int err;

	err = region_make(NULL, &made);
	if (err)
		return err;
	err = region_touch(made);
	ipcx_region_free(made);
	return err;
}

static int named_open(const struct run *run)
{
	int err;

	(void)run;
	err = region_make(leftover_name(), &region);
	return err ? err : region_touch(region);
}

static int named_use(void)
{
	struct ipcx_region *opened;
	int err;

	err = ipcx_region_open(bench_ipcx(), leftover_name(), 0, &opened);
	if (err)
		return err;
	err = region_touch(opened);
	ipcx_region_free(opened);
	return err;
}

static int region_open(const struct run *run)
{
	(void)run;
	return region_make(NULL, &region);
}

static int region_read(void)
{
	return ipcx_region_lock_read(region);
}

static int region_write(void)
{
	return ipcx_region_lock_write(region);
}

static int region_release(void)
{
	return ipcx_region_unlock(region);
}

static void region_close(void)
{
	ipcx_region_free(region);
}

static int bells_open(const struct run *run)
{
	int err;

	(void)run;
	err = region_make(NULL, &bells[WORKER]);
	if (!err)
		err = region_make(NULL, &bells[PARTNER]);
	return err;
}

static int bell_send(enum side side, const void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return ipcx_region_ring(bells[side], NULL);
}

static int bell_receive(enum side side, void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return ipcx_region_wait(bells[!side], seen, NULL, &seen);
}

static void bells_close(void)
{
	ipcx_region_free(bells[WORKER]);
	ipcx_region_free(bells[PARTNER]);
}

static int array_open(const struct run *run)
{
	struct ipcx_array_config config = {
		.type_name = "bench",
		.elem_size = ELEMENT_SIZE,
		.count = ELEMENTS,
	};

	(void)run;
	return ipcx_array_create(bench_ipcx(), NULL, &config, &array);
}

static int array_put(void)
{
	return ipcx_array_put(array, ELEMENTS / 2, element);
}

static int array_get(void)
{
	return ipcx_array_get(array, ELEMENTS / 2, element);
}

static void array_close(void)
{
	ipcx_array_free(array);
}

static const struct single region_creation = {
	.cost = COST_HEAVY,
	.open = create_open,
	.once = create,
};

static const struct single region_opening = {
	.cost = COST_HEAVY,
	.open = named_open,
	.once = named_use,
	.close = region_close,
};

static const struct lock read_lock = {
	.cost = COST_CALL,
	.open = region_open,
	.acquire = region_read,
	.release = region_release,
	.close = region_close,
	.shared = true,
};

static const struct lock write_lock = {
	.cost = COST_CALL,
	.open = region_open,
	.acquire = region_write,
	.release = region_release,
	.close = region_close,
};

/* Who waits gets all rings so far at once, so there is nothing one-way. */
static const struct channel bell_channel = {
	.cannot = BIT_OF(MEASURE_ONE_WAY),
	.cost = COST_CALL,
	.open = bells_open,
	.send = bell_send,
	.receive = bell_receive,
	.close = bells_close,
};

static const struct lock array_pair = {
	.cost = COST_CALL,
	.open = array_open,
	.acquire = array_put,
	.release = array_get,
	.close = array_close,
	.shared = true,
};

const struct mechanism ipcx_region_mechanisms[] = {
	{
		.name = "ipcx-region",
		.group = GROUP_IPCX,
		.text = "region of 64 KiB, mapped and touched; op opens one",
		.missing = bench_ipcx_missing,
		.create = &region_creation,
		.op = &region_opening,
	},
	{
		.name = "ipcx-region-read",
		.group = GROUP_IPCX,
		.text = "a region's lock, for reading",
		.missing = bench_ipcx_missing,
		.lock = &read_lock,
	},
	{
		.name = "ipcx-region-write",
		.group = GROUP_IPCX,
		.text = "a region's lock, for writing",
		.missing = bench_ipcx_missing,
		.lock = &write_lock,
	},
	{
		.name = "ipcx-bell",
		.group = GROUP_IPCX,
		.text = "a region's doorbell",
		.missing = bench_ipcx_missing,
		.channel = &bell_channel,
	},
	{
		.name = "ipcx-array",
		.group = GROUP_IPCX,
		.text = "put and get of an element of 64 bytes",
		.missing = bench_ipcx_missing,
		.lock = &array_pair,
	},
	{ .name = NULL },
};
