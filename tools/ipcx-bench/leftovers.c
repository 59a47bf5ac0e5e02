// SPDX-License-Identifier: GPL-2.0-or-later
/* What would outlive the run, and its removal. */
#include <mqueue.h>
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <unistd.h>

#include "bench.h"

#define MAX_LEFTOVERS 4

static struct {
	enum leftover kind;
	int id;
} * leftovers;

static char name[32];

int leftovers_init(void)
{
	/* Always of the same length: it costs the same. */
	snprintf(name, sizeof(name), "/ipcx-bench-%08d", getpid());
	leftovers = shared_alloc(MAX_LEFTOVERS * sizeof(leftovers[0]));
	return leftovers ? 0 : -ENOMEM;
}

const char *leftover_name(void)
{
	return name;
}

int leftover_add(enum leftover kind, int id)
{
	int i;

	if (id < 0)
		return -errno;
	for (i = 0; i < MAX_LEFTOVERS; i++) {
		if (leftovers[i].kind != LEFT_NOTHING)
			continue;
		leftovers[i].id = id;
		leftovers[i].kind = kind;
		return 0;
	}
	return -ENOSPC;
}

void leftovers_remove(void)
{
	int i;

	for (i = 0; i < MAX_LEFTOVERS; i++) {
		if (leftovers[i].kind == LEFT_MSG)
			msgctl(leftovers[i].id, IPC_RMID, NULL);
		else if (leftovers[i].kind == LEFT_SEM)
			semctl(leftovers[i].id, 0, IPC_RMID);
		leftovers[i].kind = LEFT_NOTHING;
	}
	mq_unlink(name);
	sem_unlink(name);
	shm_unlink(name);
}
