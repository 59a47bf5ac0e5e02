// SPDX-License-Identifier: GPL-2.0-or-later
/* Channels: create, stat. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "channel.h"

int channel_look(struct ipcx *ipcx, const char *name, uint32_t rights,
		 struct ipcx_channel_stat *ret_stat)
{
	struct ipcx_channel *channel;
	int fd = -1, r;

	r = ipcx_object_open(ipcx, name, IPCX_TYPE_CHANNEL, rights, &fd);
	if (r < 0)
		return r;
	r = ipcx_channel_from_fd(fd, &channel);
	if (r < 0) {
		close(fd);
		return r;
	}
	r = ipcx_channel_stat(channel, ret_stat);
	ipcx_channel_free(channel);
	return r;
}

/* ---- create ------------------------------------------------------------- */

static int option_bytes(const struct arguments *args, enum option_id id,
			const char *name, uint32_t *ret)
{
	uint64_t bytes = 0;

	if (option_size(args, id, &bytes))
		return CTL_USAGE;
	if (has_option(args, id) && !bytes)
		return msg(CTL_USAGE, "--%s: it must be above 0", name);
	if (bytes > IPCX_CHANNEL_CAPACITY_MAX)
		return msg(CTL_USAGE, "--%s: at most 1G is possible", name);
	*ret = (uint32_t)bytes;
	return CTL_OK;
}

static int option_config(const struct arguments *args,
			 const struct creation *creation,
			 struct ipcx_channel_config *config)
{
	if (option_bytes(args, OPT_CAPACITY, "capacity", &config->capacity) ||
	    option_bytes(args, OPT_READ_MARK, "read-mark",
			 &config->read_mark) ||
	    option_bytes(args, OPT_WRITE_MARK, "write-mark",
			 &config->write_mark))
		return CTL_USAGE;
	config->flags = creation->flags;
	config->mode = creation->mode;
	config->lease_ns = creation->lease_ns;
	if (has_option(args, OPT_TURN))
		config->flags |= IPCX_CHANNEL_F_TURN;
	if (has_option(args, OPT_STRICT))
		config->flags |= IPCX_CHANNEL_F_STRICT;
	if (has_option(args, OPT_PACKET))
		config->flags |= IPCX_CHANNEL_F_PACKET;
	return CTL_OK;
}

static int channel_create_run(const struct arguments *args)
{
	struct ipcx_channel_config config = { 0 };
	const char *name = args->operand[0];
	struct ipcx_channel *channel;
	struct creation creation;
	struct ipcx *ipcx;
	int r;

	if (operand_name(args, 0) || option_creation(args, &creation) ||
	    option_config(args, &creation, &config))
		return CTL_USAGE;
	r = device_open(&ipcx);
	if (r)
		return r;
	r = ipcx_channel_create(ipcx, name, &config, &channel);
	ipcx_close(ipcx);
	/* Everything else was looked at before. */
	if (r == -EINVAL)
		return msg(CTL_USAGE, "%s: a mark is above the capacity", name);
	if (r < 0)
		return msg_error(r, "%s", name);
	r = creation_finish(args, &creation, ipcx_channel_fd(channel),
			    ipcx_channel_is_new(channel));
	ipcx_channel_free(channel);
	return r;
}

/* ---- stat --------------------------------------------------------------- */

static const char *turn_word(const struct ipcx_channel_stat *s)
{
	return s->out_turn == IPCX_CHANNEL_FIRST ? "first" : "second";
}

static void stat_json(const struct ipcx_channel_stat *s)
{
	json_open(NULL, '{');
	json_bool("turns", s->out_flags & IPCX_CHANNEL_F_TURN);
	json_bool("strict", s->out_flags & IPCX_CHANNEL_F_STRICT);
	json_bool("packets", s->out_flags & IPCX_CHANNEL_F_PACKET);
	json_u64("capacity", s->out_capacity);
	json_u64("queued", s->out_queued);
	json_u64("staged", s->out_staged);
	json_u64("read_mark", s->out_read_mark);
	json_u64("write_mark", s->out_write_mark);
	json_string("turn", turn_word(s));
	json_bool("turn_asked_for", s->out_state & IPCX_CHANNEL_STAT_F_ASKED);
	json_bool("turn_passed", s->out_state & IPCX_CHANNEL_STAT_F_PASSED);
	json_bool("batch", s->out_state & IPCX_CHANNEL_STAT_F_BATCH);
	json_u64("writer_handles", s->out_writer_handles);
	json_u64("reader_handles", s->out_reader_handles);
	json_u64("writer_pid", (uint32_t)s->out_writer_pid);
	json_u64("reader_pid", (uint32_t)s->out_reader_pid);
	json_bool("writer_killed",
		  s->out_state & IPCX_CHANNEL_STAT_F_WRITER_KILLED);
	json_bool("reader_killed",
		  s->out_state & IPCX_CHANNEL_STAT_F_READER_KILLED);
	json_u64("waiting_writers", s->out_writers);
	json_u64("waiting_readers", s->out_readers);
	json_u64("turn_count", s->out_turns);
	json_u64("batch_count", s->out_batches);
	json_u64("written", s->out_written);
	json_u64("read", s->out_read);
	json_close('}');
}

static void end_text(const char *name, uint32_t handles, int32_t pid,
		     bool killed)
{
	printf("%-12s%u handles", name, handles);
	if (pid)
		printf("; process %d has it", (int)pid);
	if (killed)
		printf("; who had it last was killed");
	putchar('\n');
}

static void stat_text(const struct ipcx_channel_stat *s)
{
	bool turns = s->out_flags & IPCX_CHANNEL_F_TURN;
	char a[HUMAN_SIZE], b[HUMAN_SIZE], c[HUMAN_SIZE];

	printf("kind        %s%s%s\n", turns ? "turns" : "simplex",
	       s->out_flags & IPCX_CHANNEL_F_STRICT ? ", strict" : "",
	       s->out_flags & IPCX_CHANNEL_F_PACKET ? ", packets" : "");
	printf("bytes       %s of %s to be read, %s in a batch not ended\n",
	       human_bytes(s->out_queued, a), human_bytes(s->out_capacity, b),
	       human_bytes(s->out_staged, c));
	printf("marks       %s to read, %s of room\n",
	       human_bytes(s->out_read_mark, a),
	       human_bytes(s->out_write_mark, b));
	end_text(turns ? "first end" : "writer", s->out_writer_handles,
		 s->out_writer_pid,
		 s->out_state & IPCX_CHANNEL_STAT_F_WRITER_KILLED);
	end_text(turns ? "second end" : "reader", s->out_reader_handles,
		 s->out_reader_pid,
		 s->out_state & IPCX_CHANNEL_STAT_F_READER_KILLED);
	printf("waiting     %u to write, %u to read\n", s->out_writers,
	       s->out_readers);
	if (turns)
		printf("turn        %s end%s%s\n", turn_word(s),
		       s->out_state & IPCX_CHANNEL_STAT_F_PASSED ?
			       ", which has to read first" :
			       "",
		       s->out_state & IPCX_CHANNEL_STAT_F_ASKED ?
			       "; the other end asks for it" :
			       "");
	printf("so far      %" PRIu64 " bytes written, %" PRIu64
	       " read; %" PRIu64 " batches, %" PRIu64 " turns\n",
	       (uint64_t)s->out_written, (uint64_t)s->out_read,
	       (uint64_t)s->out_batches, (uint64_t)s->out_turns);
}

static int channel_stat_run(const struct arguments *args)
{
	const char *name = args->operand[0];
	struct ipcx_channel_stat stat;
	struct ipcx *ipcx;
	int r;

	if (operand_name(args, 0))
		return CTL_USAGE;
	r = device_open(&ipcx);
	if (r)
		return r;
	r = channel_look(ipcx, name, IPCX_RIGHT_READ, &stat);
	ipcx_close(ipcx);
	if (r < 0)
		return msg_error(r, "%s", name);
	if (has_option(args, OPT_JSON))
		stat_json(&stat);
	else
		stat_text(&stat);
	return CTL_OK;
}

static const struct option_spec create_options[] = {
	{ "turn", OPT_TURN, NULL, "Two equal ends, which write in turn" },
	{ "strict", OPT_STRICT, NULL, "Batches: filled, then drained" },
	{ "packet", OPT_PACKET, NULL, "What is written at once stays whole" },
	{ "capacity", OPT_CAPACITY, "SIZE", "Room for so many bytes; 64K" },
	{ "read-mark", OPT_READ_MARK, "SIZE", "poll() tells of so many; 1" },
	{ "write-mark", OPT_WRITE_MARK, "SIZE",
	  "poll() tells of so much room; 1" },
	{ NULL },
};

static const struct option_spec stat_options[] = {
	{ "json", OPT_JSON, NULL, "One object, for programs" },
	{ NULL },
};

const struct command channel_create_command = {
	.name = "channel create",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Create a channel",
	.text = "It is always persistent, for otherwise it would go with the "
		"last handle, which is\nipcxctl's: it stays until 'rm', "
		"'destroy', or until its lease runs out. A channel\nthat has "
		"the name already stays as it is, unless --excl is given.",
	.options = create_options,
	.shared = creation_options,
	.run = channel_create_run,
};

const struct command channel_stat_command = {
	.name = "channel stat",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Print what is in a channel, and who has its ends",
	.options = stat_options,
	.run = channel_stat_run,
};
