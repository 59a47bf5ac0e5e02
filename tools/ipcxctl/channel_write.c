// SPDX-License-Identifier: GPL-2.0-or-later
/* From standard input to a channel. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "channel.h"
#include "input.h"

#define PIECE (1024 * 1024)

/* Where to, how, and how much so far. */
struct writing {
	struct channel_end end;
	uint32_t flags; /* &enum ipcx_channel_write_flags, behind each line */
	uint64_t written;
};

static int write_failed(const struct writing *w, int error, size_t size)
{
	const struct channel_end *end = &w->end;

	switch (error) {
	case -EOWNERDEAD:
		return msg(CTL_ERROR, "%s: who read was killed", end->where);
	case -EMSGSIZE:
		return msg(CTL_LIMIT,
			   "%s: a packet of %zu bytes, and %u beside them, "
			   "cannot fit into %u",
			   end->where, size, IPCX_CHANNEL_PACKET_HEAD,
			   end->before.out_capacity);
	default:
		return channel_failed(end, error);
	}
}

/* All of it, in one call as long as nothing comes in between. */
static int write_data(struct writing *w, const char *data, size_t size)
{
	struct ipcx_deadline deadline;
	size_t n;
	int r;

	while (size) {
		r = ipcx_channel_send(
			w->end.handle, data, size, w->flags,
			patience_deadline(&w->end.patience, &deadline), &n);
		if (r < 0)
			return write_failed(w, r, size);
		w->written += n;
		data += n;
		size -= n;
	}
	return CTL_OK;
}

static int write_lines(struct writing *w)
{
	size_t size = 0, length = 0;
	char *line = NULL;
	int got = 0, r;

	for (;;) {
		r = input_line(&line, &size, &length, &got);
		if (r || !got)
			break;
		/* Where its end stood, if it had one. */
		if (line[length] == '\n')
			length++;
		r = write_data(w, line, length);
		if (r)
			break;
	}
	free(line);
	return r;
}

/* All of the input is one packet; nothing is none. */
static int write_packet(struct writing *w)
{
	char *data = NULL;
	size_t size = 0;
	int r;

	r = input_all(w->end.before.out_capacity, &data, &size);
	if (!r)
		r = write_data(w, data, size);
	free(data);
	return r;
}

static int write_pieces(struct writing *w)
{
	char *data = malloc(PIECE);
	ssize_t n;
	int r = CTL_OK;

	if (!data)
		return msg(CTL_ERROR, "no memory for the input");
	while (!r) {
		n = read(STDIN_FILENO, data, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = msg(CTL_ERROR, "cannot read the input: %s",
				strerror(errno));
		if (n <= 0)
			break;
		r = write_data(w, data, (size_t)n);
	}
	free(data);
	return r;
}

/* Without a copy in between: out of a pipe, or else out of a file. */
static ssize_t move(int to, bool *pipe)
{
	ssize_t n;

	if (*pipe) {
		n = splice(STDIN_FILENO, NULL, to, NULL, PIECE, 0);
		if (n >= 0 || errno != EINVAL)
			return n;
		*pipe = false;
	}
	return sendfile(to, STDIN_FILENO, NULL, PIECE);
}

/* *ret_done: it could be done so. */
static int write_moving(struct writing *w, bool *ret_done)
{
	int to = ipcx_channel_fd(w->end.handle);
	bool pipe = true;
	ssize_t n;

	for (;;) {
		n = move(to, &pipe);
		if (n < 0 && errno == EINTR)
			continue;
		*ret_done = n >= 0 || errno != EINVAL;
		if (!*ret_done || n == 0)
			return CTL_OK;
		if (n < 0)
			return write_failed(w, -errno, 0);
		w->written += (uint64_t)n;
	}
}

static int write_input(struct writing *w, bool lines)
{
	bool done = false;
	int r;

	if (lines)
		return write_lines(w);
	if (channel_has(&w->end, IPCX_CHANNEL_F_PACKET))
		return write_packet(w);
	if (w->end.patience.how == FOREVER) {
		r = write_moving(w, &done);
		if (done)
			return r;
	}
	return write_pieces(w);
}

/* Who only writes reads nothing, and gets no turn while there is something. */
static int refuse_to_hear(const struct channel_end *end)
{
	int size = 0;

	if (ioctl(ipcx_channel_fd(end->handle), FIONREAD, &size) || !size)
		return CTL_OK;
	return msg(CTL_ERROR,
		   "%s: what the other end wrote has to be read before; "
		   "see 'channel turn'",
		   end->where);
}

static int channel_write_run(const struct arguments *args)
{
	bool lines = has_option(args, OPT_LINES) || has_option(args, OPT_FLUSH);
	struct writing w = { 0 };
	int r;

	if (has_option(args, OPT_FLUSH))
		w.flags = IPCX_CHANNEL_WRITE_F_FLUSH;
	r = channel_end_open(args, IPCX_CHANNEL_WRITER,
			     IPCX_CHANNEL_OPEN_F_WAIT, &w.end);
	if (r)
		return r;
	if (channel_has(&w.end, IPCX_CHANNEL_F_TURN))
		r = channel_await_turn(&w.end, refuse_to_hear);
	if (!r)
		r = write_input(&w, lines);
	if (r && w.written)
		msg(CTL_OK, "%" PRIu64 " bytes were written before", w.written);
	ipcx_channel_free(w.end.handle);
	return r;
}

static const struct option_spec write_options[] = {
	{ "lines", OPT_LINES, NULL, "Write each line at once" },
	{ "flush", OPT_FLUSH, NULL, "The same, and end a strict batch there" },
	{ NULL },
};

const struct command channel_write_command = {
	.name = "channel write",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Copy standard input into a channel",
	.text = "It waits until the other end is open, and in a channel with "
		"turns for the turn, which\nthe other end has when all is "
		"written. --timeout is for each wait.\n\nWhat is written at "
		"once is never mixed with what others write, and is one "
		"packet of\na channel of packets; without --lines the whole "
		"input is one. A batch of a strict\nchannel ends when the "
		"channel is full, at the end, and where --flush ends it.",
	.options = write_options,
	.shared = channel_end_options,
	.run = channel_write_run,
};
