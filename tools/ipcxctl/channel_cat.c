// SPDX-License-Identifier: GPL-2.0-or-later
/* From a channel to standard output. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "channel.h"

/* As much as one call is asked for; pipes take less. */
#define PIECE (1024 * 1024)

/* A piece of what is read. */
struct piece {
	char *data;
	size_t size;
	size_t length;
};

static int stream_end(const struct channel_end *end, int error)
{
	if (error == -EOWNERDEAD)
		return msg(CTL_ERROR,
			   "%s: who wrote was killed; what came may "
			   "not be all",
			   end->where);
	return error ? channel_failed(end, error) : CTL_OK;
}

/* One piece; a packet that is longer than the buffer stays: then it grows. */
static int read_piece(const struct channel_end *end, struct piece *piece,
		      const struct ipcx_deadline *deadline)
{
	char *data;
	int r;

	for (;;) {
		r = ipcx_channel_read(end->handle, piece->data, piece->size,
				      deadline, &piece->length);
		if (r != -EMSGSIZE)
			return r;
		data = realloc(piece->data, piece->length);
		if (!data)
			return -ENOMEM;
		piece->data = data;
		piece->size = piece->length;
	}
}

/* Who only reads gives the turn to who asks for it, as soon as it has it. */
static void give_turn(const struct channel_end *end)
{
	struct pollfd fd = {
		.fd = ipcx_channel_fd(end->handle),
		.events = POLLPRI,
	};

	if (poll(&fd, 1, 0) == 1 && fd.revents & POLLPRI)
		ipcx_channel_pass(end->handle);
}

static int next_piece(const struct channel_end *end, struct piece *piece)
{
	const struct ipcx_deadline *deadline;
	struct ipcx_deadline buffer;
	int r;

	deadline = patience_deadline(&end->patience, &buffer);
	if (!channel_has(end, IPCX_CHANNEL_F_TURN))
		return read_piece(end, piece, deadline);
	for (;;) {
		r = read_piece(end, piece, IPCX_NOWAIT);
		if (r != -EAGAIN)
			return r;
		give_turn(end);
		r = channel_poll(end, POLLIN | POLLPRI, deadline);
		if (r)
			return r;
	}
}

static int write_piece(const struct channel_end *end, const struct piece *piece)
{
	if (!output_write(piece->data, piece->length))
		return CTL_OK;
	return msg(CTL_ERROR, "%s: what was read could not be written",
		   end->where);
}

static int copy_pieces(const struct channel_end *end, struct piece *piece)
{
	bool some = false;
	int r;

	for (;;) {
		r = next_piece(end, piece);
		/* Without waiting it is enough that there was something. */
		if (r == -EAGAIN && some)
			return CTL_OK;
		if (r < 0 || !piece->length)
			return stream_end(end, r);
		some = true;
		r = write_piece(end, piece);
		if (r)
			return r;
	}
}

static int piece_alloc(struct piece *piece)
{
	piece->size = PIECE;
	piece->data = malloc(PIECE);
	return piece->data ? CTL_OK : msg(CTL_ERROR, "no memory for a piece");
}

int channel_drain(const struct channel_end *end)
{
	struct piece piece;
	int r;

	if (piece_alloc(&piece))
		return CTL_ERROR;
	for (;;) {
		r = read_piece(end, &piece, IPCX_NOWAIT);
		if (r == -EAGAIN || (!r && !piece.length)) {
			r = CTL_OK;
			break;
		}
		r = r < 0 ? stream_end(end, r) : write_piece(end, &piece);
		if (r)
			break;
	}
	free(piece.data);
	return r;
}

/*
 * Into a pipe without a copy in between; only when there is something, for as long
 * as it waits nobody could read from the pipe. Whether it was a pipe, *ret_done
 * says: what is none is told apart before anything is taken.
 */
static int copy_spliced(const struct channel_end *end, bool *ret_done)
{
	int fd = ipcx_channel_fd(end->handle), r;
	ssize_t n;

	for (;;) {
		r = channel_poll(end, POLLIN, NULL);
		if (r)
			return channel_failed(end, r);
		n = splice(fd, NULL, STDOUT_FILENO, NULL, PIECE, 0);
		if (n < 0 && errno == EINTR)
			continue;
		*ret_done = n >= 0 || errno != EINVAL;
		if (!*ret_done || n == 0)
			return CTL_OK;
		if (n < 0 && errno == EPIPE)
			return CTL_ERROR;
		if (n < 0)
			return stream_end(end, -errno);
	}
}

/* poll() has to tell of each byte, and only of bytes. */
static bool can_splice(const struct channel_end *end)
{
	return end->patience.how == FOREVER && end->before.out_read_mark <= 1 &&
	       !channel_has(end, IPCX_CHANNEL_F_TURN | IPCX_CHANNEL_F_PACKET);
}

static int copy(const struct channel_end *end)
{
	struct piece piece;
	bool done = false;
	int r = CTL_OK;

	if (can_splice(end))
		r = copy_spliced(end, &done);
	if (done)
		return r;
	if (piece_alloc(&piece))
		return CTL_ERROR;
	r = copy_pieces(end, &piece);
	free(piece.data);
	return r;
}

static int channel_cat_run(const struct arguments *args)
{
	struct channel_end end;
	int r;

	r = channel_end_open(args, IPCX_CHANNEL_READER,
			     IPCX_CHANNEL_OPEN_F_WAIT, &end);
	if (r)
		return r;
	/* The other end shall not believe that this process was killed. */
	signal(SIGPIPE, SIG_IGN);
	r = copy(&end);
	ipcx_channel_free(end.handle);
	return r;
}

const struct command channel_cat_command = {
	.name = "channel cat",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Copy what comes to standard output",
	.text = "It waits until the other end is open, unless there is "
		"something to be read, and copies\nuntil the other end is "
		"closed. --timeout is for each wait; with --nowait it copies "
		"what\nis there. At an end of a channel with turns it hands "
		"over the turn whenever it is\nasked for it.",
	.shared = channel_end_options,
	.run = channel_cat_run,
};
