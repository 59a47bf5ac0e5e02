// SPDX-License-Identifier: GPL-2.0-or-later
/* POSIX message queues. */
#include <fcntl.h>
#include <mqueue.h>
#include <sys/resource.h>

#include "bench.h"

/* The default of the system: fs.mqueue.msg_default. */
#define MIN_LENGTH 10

#define CREATED_SIZE 64

/* What the kernel charges for a message besides its bytes, at most. */
#define MESSAGE_OVERHEAD 128

/* Indexed by who sends. */
static mqd_t queues[2];
static size_t message_size;

/* In messages. */
static size_t queue_length(size_t size)
{
	size_t length = USUAL_CAPACITY / (size ? size : 1);
	size_t most = sysctl_read("/proc/sys/fs/mqueue/msg_max");

	if (length > most)
		length = most;
	return length < MIN_LENGTH ? MIN_LENGTH : length;
}

static const char *mqueue_refuses(const struct run *run)
{
	rlim_t need =
		2 * queue_length(run->size) * (run->size + MESSAGE_OVERHEAD);
	struct rlimit limit;

	if (run->size > sysctl_read("/proc/sys/fs/mqueue/msgsize_max"))
		return "larger than fs.mqueue.msgsize_max";
	if (getrlimit(RLIMIT_MSGQUEUE, &limit) || limit.rlim_cur < need)
		return "more than RLIMIT_MSGQUEUE allows";
	return NULL;
}

static mqd_t mqueue_make(size_t size, size_t length)
{
	struct mq_attr attr = {
		.mq_maxmsg = (long)length,
		.mq_msgsize = (long)size,
	};

	return mq_open(leftover_name(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		       0600, &attr);
}

static int mqueue_open(const struct run *run)
{
	int i;

	message_size = run->size ? run->size : 1;
	for (i = 0; i < 2; i++) {
		queues[i] = mqueue_make(message_size, queue_length(run->size));
		if (queues[i] < 0 || mq_unlink(leftover_name()))
			return -errno;
	}
	return 0;
}

static int mqueue_send(enum side side, const void *buf, size_t size)
{
	return checked(mq_send(queues[side], buf, size, 0));
}

static int mqueue_receive(enum side side, void *buf, size_t size)
{
	return transferred(mq_receive(queues[!side], buf, message_size, NULL),
			   size);
}

static void mqueue_close(void)
{
	mq_close(queues[0]);
	mq_close(queues[1]);
}

static int mqueue_create(void)
{
	mqd_t queue = mqueue_make(CREATED_SIZE, MIN_LENGTH);

	if (queue < 0)
		return -errno;
	mq_close(queue);
	return checked(mq_unlink(leftover_name()));
}

static const struct channel mqueue_channel = {
	.has_payload = true,
	.cost = COST_CALL,
	.refuses = mqueue_refuses,
	.open = mqueue_open,
	.send = mqueue_send,
	.receive = mqueue_receive,
	.close = mqueue_close,
};

static const struct single mqueue_creation = {
	.cost = COST_CALL,
	.once = mqueue_create,
};

const struct mechanism mqueue_mechanisms[] = {
	{
		.name = "posix-mq",
		.group = GROUP_PEERS,
		.text = "POSIX message queue",
		.channel = &mqueue_channel,
		.create = &mqueue_creation,
	},
	{ .name = NULL },
};
