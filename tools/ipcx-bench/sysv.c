// SPDX-License-Identifier: GPL-2.0-or-later
/* Message queues and semaphores of System V. */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

#include "bench.h"

_Static_assert(sizeof(long) <= BUFFER_HEADROOM, "the type stands in front");

/* Indexed by who sends or gives. */
static int ids[2];
static int sem_flags;

static const char *msg_refuses(const struct run *run)
{
	if (run->size > sysctl_read("/proc/sys/kernel/msgmax"))
		return "larger than kernel.msgmax";
	if (run->size > sysctl_read("/proc/sys/kernel/msgmnb"))
		return "larger than kernel.msgmnb";
	return NULL;
}

/* Its own default is 16 KiB, and holds none of the largest. */
static int queue_fit(int id, size_t size)
{
	const size_t most = sysctl_read("/proc/sys/kernel/msgmnb");
	const size_t messages = 4;
	struct msqid_ds queue;

	if (msgctl(id, IPC_STAT, &queue))
		return -errno;
	queue.msg_qbytes = USUAL_CAPACITY;
	if (queue.msg_qbytes < messages * size)
		queue.msg_qbytes = messages * size;
	/* More is for administrators, who have raised the limit before. */
	if (queue.msg_qbytes > most)
		queue.msg_qbytes = most;
	return checked(msgctl(id, IPC_SET, &queue));
}

static int msg_open(const struct run *run)
{
	int err = 0;
	int i;

	for (i = 0; i < 2 && !err; i++) {
		ids[i] = msgget(IPC_PRIVATE, 0600);
		err = leftover_add(LEFT_MSG, ids[i]);
		if (!err)
			err = queue_fit(ids[i], run->size);
	}
	return err;
}

/* The interface wants the type in front of the text. */
static int msg_send(enum side side, const void *buf, size_t size)
{
	long *type = (long *)buf - 1;

	*type = 1;
	return checked(msgsnd(ids[side], type, size, 0));
}

static int msg_receive(enum side side, void *buf, size_t size)
{
	return transferred(msgrcv(ids[!side], (long *)buf - 1, size, 0, 0),
			   size);
}

static void nothing_to_close(void)
{
}

static int msg_create(void)
{
	int id = msgget(IPC_PRIVATE, 0600);

	return id < 0 ? -errno : checked(msgctl(id, IPC_RMID, NULL));
}

static int sem_change(int id, short delta)
{
	struct sembuf op = {
		.sem_op = delta,
		.sem_flg = (short)sem_flags,
	};

	return checked(semop(id, &op, 1));
}

static int sem_open_both(const struct run *run)
{
	int err = 0;
	int i;

	sem_flags = run->variant;
	for (i = 0; i < 2 && !err; i++) {
		ids[i] = semget(IPC_PRIVATE, 1, 0600);
		err = leftover_add(LEFT_SEM, ids[i]);
	}
	return err;
}

static int sem_send(enum side side, const void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return sem_change(ids[side], 1);
}

static int sem_receive(enum side side, void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return sem_change(ids[!side], -1);
}

static int sem_open_lock(const struct run *run)
{
	int err;

	err = sem_open_both(run);
	sem_flags = 0;
	if (!err)
		err = sem_change(ids[0], 1);
	sem_flags = run->variant;
	return err;
}

static int sem_acquire(void)
{
	return sem_change(ids[0], -1);
}

static int sem_release(void)
{
	return sem_change(ids[0], 1);
}

static int sem_create(void)
{
	int id = semget(IPC_PRIVATE, 1, 0600);

	return id < 0 ? -errno : checked(semctl(id, 0, IPC_RMID));
}

static const struct channel msg_channel = {
	.has_payload = true,
	.cost = COST_CALL,
	.refuses = msg_refuses,
	.open = msg_open,
	.send = msg_send,
	.receive = msg_receive,
	.close = nothing_to_close,
};

static const struct single msg_creation = {
	.cost = COST_CALL,
	.once = msg_create,
};

static const struct channel sem_channel = {
	.cost = COST_CALL,
	.open = sem_open_both,
	.send = sem_send,
	.receive = sem_receive,
	.close = nothing_to_close,
};

static const struct lock sem_lock = {
	.cost = COST_CALL,
	.open = sem_open_lock,
	.acquire = sem_acquire,
	.release = sem_release,
	.close = nothing_to_close,
};

static const struct single sem_creation = {
	.cost = COST_CALL,
	.once = sem_create,
};

const struct mechanism sysv_mechanisms[] = {
	{
		.name = "sysv-msg",
		.group = GROUP_PEERS,
		.text = "System V message queue",
		.channel = &msg_channel,
		.create = &msg_creation,
	},
	{
		.name = "sysv-sem",
		.group = GROUP_PEERS,
		.text = "System V semaphore",
		.channel = &sem_channel,
		.lock = &sem_lock,
		.create = &sem_creation,
	},
	{
		.name = "sysv-sem-undo",
		.group = GROUP_PEERS,
		.text = "System V semaphore with SEM_UNDO",
		.lock = &sem_lock,
		.variant = SEM_UNDO,
	},
	{ .name = NULL },
};
