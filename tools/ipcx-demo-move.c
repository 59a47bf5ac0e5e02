// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A producer and three consumers move a file through the slots of a region. Two
 * plain semaphores count the free and the full slots, a lock guards the lists
 * that say which ones these are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ipcx-demo.h"

#define SLOTS	  16
#define CONSUMERS 3
#define OUTPUT	  "/tmp/ipcx-demo.out"

/* Numbers of slots, first in, first out. */
struct list {
	uint32_t first;
	uint32_t n;
	uint32_t slots[SLOTS];
};

/* What the region holds. A slot of length 0 tells a consumer to end. */
struct board {
	struct list free;
	struct list full;
	uint64_t moved[CONSUMERS];
	struct slot {
		uint64_t offset;
		uint64_t len;
		unsigned char data[DEMO_CHUNK];
	} slots[SLOTS];
};

struct move {
	struct ipcx_sem *free;
	struct ipcx_sem *full;
	struct ipcx_lock *lock;
	struct board *board;
};

struct consumer {
	struct move *move;
	unsigned int number;
};

/* P, then takes the first slot of the list. Its number, or a negative errno. */
static int take_slot(struct move *m, struct ipcx_sem *sem, struct list *list)
{
	uint32_t slot;
	int ret;

	ret = demo_wait(sem);
	if (!ret)
		ret = demo_lock(m->lock, NULL);
	if (ret)
		return ret;
	slot = list->slots[list->first % SLOTS];
	list->first++;
	list->n--;
	ret = ipcx_lock_release(m->lock);
	if (ret)
		return ret;
	return slot < SLOTS ? (int)slot : -EPROTO;
}

/* Puts the slot at the end of the list, then V. */
static int give_slot(struct move *m, struct ipcx_sem *sem, struct list *list,
		     int slot)
{
	int ret;

	ret = demo_lock(m->lock, NULL);
	if (ret)
		return ret;
	list->slots[(list->first + list->n) % SLOTS] = (uint32_t)slot;
	list->n++;
	ret = ipcx_lock_release(m->lock);
	return ret ? ret : ipcx_sem_post(sem);
}

/* The producer: a piece of the input into a slot. */
static int produce(void *arg, const void *buf, size_t len, uint64_t offset)
{
	struct move *m = arg;
	struct slot *slot;
	int n;

	n = take_slot(m, m->free, &m->board->free);
	if (n < 0)
		return n;
	slot = &m->board->slots[n];
	memcpy(slot->data, buf, len);
	slot->offset = offset;
	slot->len = len;
	return give_slot(m, m->full, &m->board->full, n);
}

/* A consumer: slots into the output file, until it is told to end. */
static int consume(void *arg)
{
	struct consumer *me = arg;
	struct move *m = me->move;
	uint64_t moved = 0;
	struct slot *slot;
	size_t len = 1;
	int n = 0;
	int out;

	out = open(OUTPUT, O_WRONLY | O_CLOEXEC);
	if (out < 0)
		return demo_error(OUTPUT, -errno);
	while (len > 0) {
		n = take_slot(m, m->full, &m->board->full);
		if (n < 0)
			break;
		slot = &m->board->slots[n];
		len = slot->len;
		if (len > DEMO_CHUNK ||
		    pwrite(out, slot->data, len, (off_t)slot->offset) !=
			    (ssize_t)len)
			n = -EIO;
		else
			n = give_slot(m, m->free, &m->board->free, n);
		if (n < 0)
			break;
		moved += len;
	}
	close(out);
	m->board->moved[me->number] = moved;
	return n < 0 ? demo_error("consumer", n) : 0;
}

static int run_processes(struct demo *demo, struct move *m)
{
	struct consumer consumers[CONSUMERS];
	unsigned char buf[DEMO_CHUNK];
	pid_t pids[CONSUMERS];
	int ret;
	int i;

	for (i = 0; i < CONSUMERS; i++) {
		consumers[i].move = m;
		consumers[i].number = (unsigned int)i;
		pids[i] = demo_fork(consume, &consumers[i]);
	}
	ret = demo_read_input(demo, buf, produce, m);
	for (i = 0; i < CONSUMERS && !ret; i++)
		ret = produce(m, "", 0, 0);
	if (ret) {
		demo_kill(pids, CONSUMERS);
		return demo_error("producer", ret);
	}
	if (demo_join(pids, CONSUMERS))
		return -1;
	for (i = 0; i < CONSUMERS; i++)
		demo_say("consumer %d (pid %d) wrote %6.2f MiB", i + 1,
			 (int)pids[i], (double)m->board->moved[i] / (1 << 20));
	return 0;
}

static int create(struct demo *demo, struct move *m)
{
	struct ipcx_sem_config free_slots = {
		.initial = SLOTS,
		.max = SLOTS,
		.flags = IPCX_CREATE_F_EXCL,
	};
	struct ipcx_sem_config full_slots = {
		.max = SLOTS,
		.flags = IPCX_CREATE_F_EXCL,
	};
	struct ipcx_lock_config lock = { .flags = IPCX_CREATE_F_EXCL };
	void *addr;
	int ret;

	ret = ipcx_sem_create(demo->ipcx, "/demo.move.free", &free_slots,
			      &m->free);
	if (!ret)
		ret = ipcx_sem_create(demo->ipcx, "/demo.move.full",
				      &full_slots, &m->full);
	if (!ret)
		ret = ipcx_lock_create(demo->ipcx, "/demo.move.lock", &lock,
				       &m->lock);
	if (!ret)
		ret = demo_region(demo, "/demo.move.slots",
				  sizeof(struct board), &addr);
	if (ret)
		return ret;
	m->board = addr;
	for (m->board->free.n = 0; m->board->free.n < SLOTS; m->board->free.n++)
		m->board->free.slots[m->board->free.n] = m->board->free.n;
	demo_keep(demo, ipcx_sem_fd(m->free));
	demo_keep(demo, ipcx_sem_fd(m->full));
	demo_keep(demo, ipcx_lock_fd(m->lock));
	return 0;
}

static int compare(struct demo *demo)
{
	const char *output = OUTPUT;
	char before[DEMO_SHA256_LEN + 1], after[DEMO_SHA256_LEN + 1];
	int ret;

	ret = demo_sha256(demo->inputs, demo->n_inputs, before);
	if (!ret)
		ret = demo_sha256(&output, 1, after);
	if (ret)
		return demo_error("sha256sum", ret);
	demo_say("SHA-256 in  %s", before);
	demo_say("SHA-256 out %s", after);
	if (strcmp(before, after))
		return demo_fail("what came out is not what went in");
	return 0;
}

int demo_move(struct demo *demo, struct demo_result *res)
{
	struct move m = { 0 };
	uint64_t since;
	double took = 0;
	int ret;
	int out;

	demo_say(
		"The region has %d slots of %d KiB. P(free) before filling one,",
		SLOTS, DEMO_CHUNK >> 10);
	demo_say("V(full) behind it; consumers do P(full) and V(free).");
	out = open(OUTPUT, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (out < 0)
		return demo_error(OUTPUT, -errno);
	close(out);

	ret = create(demo, &m);
	if (ret) {
		demo_error("creating the objects", ret);
	} else {
		since = demo_now();
		ret = run_processes(demo, &m);
		took = demo_seconds(since);
	}
	if (!ret)
		ret = compare(demo);
	if (m.board)
		ipcx_region_unmap(m.board, sizeof(*m.board));
	ipcx_sem_free(m.free);
	ipcx_sem_free(m.full);
	ipcx_lock_free(m.lock);
	unlink(OUTPUT);
	snprintf(res->result, sizeof(res->result), "%s",
		 ret ? "the file was not moved" : "SHA-256 in = SHA-256 out");
	snprintf(res->figure, sizeof(res->figure), "%.1f MiB in %.2f s",
		 (double)demo->input_bytes / (1 << 20), took);
	return ret;
}
