// SPDX-License-Identifier: GPL-2.0-or-later
/* Ends of channels: opening them, waiting at them, and their turns. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "channel.h"

/* How often to look for what poll() does not tell of, in milliseconds. */
#define LOOK_AGAIN_MS 50

const struct option_spec channel_end_options[] = {
	{ "end", OPT_END, "END", "first or second, of a channel with turns" },
	{ "timeout", OPT_TIMEOUT, "TIME", "Wait no longer than this" },
	{ "nowait", OPT_NOWAIT, NULL, "Do not wait at all" },
	{ NULL },
};

int channel_failed(const struct channel_end *end, int error)
{
	const struct ipcx_channel_stat *s = &end->before;
	int32_t pid = end->which == IPCX_CHANNEL_READER ? s->out_reader_pid :
							  s->out_writer_pid;

	switch (error) {
	case -EBUSY:
		if (!pid)
			return msg(CTL_EXISTS,
				   "%s: another process has "
				   "this end",
				   end->where);
		return msg(CTL_EXISTS, "%s: process %d has this end",
			   end->where, (int)pid);
	case -EPIPE:
		return msg(CTL_ERROR, "%s: nobody reads any more", end->where);
	default:
		return msg_error(error, "%s", end->where);
	}
}

/* ---- Opening ------------------------------------------------------------ */

/* Which end it is, now that it is known what channel it is. */
static int choose_end(const struct arguments *args, struct channel_end *end)
{
	static const char *const words[] = { "first", "second", NULL };
	uint32_t word = 0;

	if (option_word(args, OPT_END, words, &word))
		return CTL_USAGE;
	if (!channel_has(end, IPCX_CHANNEL_F_TURN))
		return has_option(args, OPT_END) ?
			       msg(CTL_USAGE,
				   "%s has no turns; it has a "
				   "writer's end and a reader's",
				   end->where) :
			       CTL_OK;
	if (!has_option(args, OPT_END))
		return msg(CTL_USAGE, "%s has turns: --end first, or second?",
			   end->where);
	end->which = word ? IPCX_CHANNEL_SECOND : IPCX_CHANNEL_FIRST;
	return CTL_OK;
}

/* Is there something that this end can read? */
static bool is_readable(const struct channel_end *end)
{
	const struct ipcx_channel_stat *s = &end->before;
	bool has_turn = s->out_turn == end->which;

	if (!s->out_queued)
		return false;
	if (!channel_has(end, IPCX_CHANNEL_F_TURN))
		return end->which == IPCX_CHANNEL_READER;
	return has_turn == !!(s->out_state & IPCX_CHANNEL_STAT_F_PASSED);
}

static int open_end(const struct arguments *args, struct ipcx *ipcx,
		    uint32_t flags, struct channel_end *end)
{
	struct ipcx_deadline deadline;
	int r;

	r = channel_look(ipcx, end->where,
			 end->which == IPCX_CHANNEL_READER ? IPCX_RIGHT_READ :
							     IPCX_RIGHT_WRITE,
			 &end->before);
	if (r < 0)
		return channel_failed(end, r);
	r = choose_end(args, end);
	if (r)
		return r;
	if (end->patience.how == NOT_AT_ALL || is_readable(end))
		flags &= ~(uint32_t)IPCX_CHANNEL_OPEN_F_WAIT;
	r = ipcx_channel_open(ipcx, end->where, end->which,
			      flags | IPCX_CHANNEL_OPEN_F_DEATH,
			      patience_deadline(&end->patience, &deadline),
			      &end->handle);
	if (r == -ETIMEDOUT)
		return msg(CTL_WOULD_WAIT, "%s: nobody opens the other end",
			   end->where);
	return r < 0 ? channel_failed(end, r) : CTL_OK;
}

int channel_end_open(const struct arguments *args, uint32_t which,
		     uint32_t flags, struct channel_end *ret)
{
	struct ipcx *ipcx;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->where = args->operand[0];
	ret->which = which;
	if (operand_name(args, 0) || option_patience(args, &ret->patience))
		return CTL_USAGE;
	r = device_open(&ipcx);
	if (r)
		return r;
	r = open_end(args, ipcx, flags, ret);
	ipcx_close(ipcx);
	return r;
}

/* ---- Waiting ------------------------------------------------------------ */

/* Milliseconds from now on, rounded up: 0 when there are none, -1 for ever. */
static int milliseconds(const struct ipcx_deadline *deadline)
{
	struct timespec now;
	uint64_t ns;

	if (!deadline)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (deadline->ns <= ns)
		return 0;
	ns = (deadline->ns - ns + 999999) / 1000000;
	return ns < INT32_MAX ? (int)ns : INT32_MAX;
}

int channel_poll(const struct channel_end *end, short events,
		 const struct ipcx_deadline *deadline)
{
	struct pollfd fd = {
		.fd = ipcx_channel_fd(end->handle),
		.events = events,
	};
	int left = milliseconds(deadline), wait = left;

	if (!left)
		return deadline->ns ? -ETIMEDOUT : -EAGAIN;
	/* It does not tell of fewer bytes than the mark says. */
	if (end->before.out_read_mark > 1 && (left < 0 || left > LOOK_AGAIN_MS))
		wait = LOOK_AGAIN_MS;
	return poll(&fd, 1, wait) < 0 && errno != EINTR ? -errno : 0;
}

int channel_await_turn(const struct channel_end *end,
		       int (*hear)(const struct channel_end *end))
{
	const struct ipcx_deadline *deadline;
	struct ipcx_deadline buffer;
	pid_t dead = 0;
	int r;

	deadline = patience_deadline(&end->patience, &buffer);
	for (;;) {
		r = ipcx_channel_take(end->handle, IPCX_NOWAIT, &dead);
		if (r == -EOWNERDEAD) {
			msg(CTL_OK, "%s: process %d died with the turn",
			    end->where, (int)dead);
			return CTL_OK;
		}
		if (r != -EAGAIN)
			return r ? channel_failed(end, r) : CTL_OK;
		r = hear(end);
		if (r)
			return r;
		r = channel_poll(end, POLLIN | POLLOUT, deadline);
		if (r)
			return channel_failed(end, r);
	}
}

/* ---- turn --------------------------------------------------------------- */

/* The other end has it from now on, even if nobody has that open yet. */
static int pass(const struct channel_end *end)
{
	int r = ipcx_channel_pass(end->handle);

	if (r == -EPERM)
		return msg(CTL_WOULD_WAIT,
			   "%s: the %s end does not have the "
			   "turn",
			   end->where,
			   end->which == IPCX_CHANNEL_FIRST ? "first" :
							      "second");
	return r < 0 ? channel_failed(end, r) : CTL_OK;
}

static int channel_turn_run(const struct arguments *args)
{
	bool take = strcmp(args->operand[1], "take") == 0;
	struct channel_end end;
	int r;

	if (!take && strcmp(args->operand[1], "pass") != 0)
		return msg(CTL_USAGE, "'%s' is not known (pass, take)",
			   args->operand[1]);
	if (!has_option(args, OPT_END))
		return msg(CTL_USAGE, "--end is missing: first, or second?");
	r = channel_end_open(args, IPCX_CHANNEL_FIRST, 0, &end);
	if (r)
		return r;
	r = take ? channel_await_turn(&end, channel_drain) : pass(&end);
	ipcx_channel_free(end.handle);
	return r;
}

const struct command channel_turn_command = {
	.name = "channel turn",
	.operands = "NAME pass|take",
	.min_operands = 2,
	.max_operands = 2,
	.summary = "Hand over the turn, or wait for it",
	.text = "pass: the end --end hands over the turn, if it has it.\n"
		"take: that end asks for the turn and copies to standard output "
		"what the other end\nwrites, until the turn has come. Then it "
		"is closed, and the other end, if it is\nopen, has the turn "
		"again; --timeout is for all of it.",
	.shared = channel_end_options,
	.run = channel_turn_run,
};
