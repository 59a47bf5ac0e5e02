// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets of AF_UNIX: one pair serves both directions. */
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

/* Longer packets do not fit into a send buffer of the usual size. */
#define USUAL_PACKET ((size_t)64 << 10)

static int sockets[2];

static const char *stream_refuses(const struct run *run)
{
	return run->size ? NULL : "a stream has no empty messages";
}

static const char *packet_refuses(const struct run *run)
{
	return run->size > USUAL_PACKET && geteuid() ?
		       "needs a larger send buffer, which root may have" :
		       NULL;
}

static int buffers_enlarge(int size)
{
	int i;

	for (i = 0; i < 2; i++)
		if (setsockopt(sockets[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
			       sizeof(size)))
			return -errno;
	return 0;
}

static int socket_open(const struct run *run)
{
	if (socketpair(AF_UNIX, run->variant | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	if (run->size > USUAL_PACKET && !geteuid())
		return buffers_enlarge((int)(2 * run->size));
	return 0;
}

static int socket_send(enum side side, const void *buf, size_t size)
{
	return transferred(send(sockets[side], buf, size, 0), size);
}

static int stream_receive(enum side side, void *buf, size_t size)
{
	return transferred(recv(sockets[side], buf, size, MSG_WAITALL), size);
}

static int packet_receive(enum side side, void *buf, size_t size)
{
	return transferred(recv(sockets[side], buf, size, 0), size);
}

static void socket_close(void)
{
	close(sockets[0]);
	close(sockets[1]);
}

static int socket_create(int type)
{
	int fds[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds))
		return -errno;
	close(fds[0]);
	return checked(close(fds[1]));
}

static int stream_create(void)
{
	return socket_create(SOCK_STREAM);
}

static int packet_create(void)
{
	return socket_create(SOCK_SEQPACKET);
}

static const struct channel stream_channel = {
	.has_payload = true,
	.cost = COST_CALL,
	.refuses = stream_refuses,
	.open = socket_open,
	.send = socket_send,
	.receive = stream_receive,
	.close = socket_close,
};

static const struct channel packet_channel = {
	.has_payload = true,
	.cost = COST_CALL,
	.refuses = packet_refuses,
	.open = socket_open,
	.send = socket_send,
	.receive = packet_receive,
	.close = socket_close,
};

static const struct single stream_creation = {
	.cost = COST_CALL,
	.once = stream_create,
};

static const struct single packet_creation = {
	.cost = COST_CALL,
	.once = packet_create,
};

const struct mechanism unix_mechanisms[] = {
	{
		.name = "unix-stream",
		.group = GROUP_PEERS,
		.text = "AF_UNIX, stream",
		.channel = &stream_channel,
		.create = &stream_creation,
		.variant = SOCK_STREAM,
	},
	{
		.name = "unix-seqpacket",
		.group = GROUP_PEERS,
		.text = "AF_UNIX, packets in sequence",
		.channel = &packet_channel,
		.create = &packet_creation,
		.variant = SOCK_SEQPACKET,
	},
	{ .name = NULL },
};
