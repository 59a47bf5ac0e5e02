// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages from a mailbox: received, or only looked at. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "mailbox.h"

/* A buffer that suits most messages, at first. */
#define SIZE_FIRST 65536

/* What is received in which way, and how it is shown. */
struct reader {
	struct ipcx_mailbox *mailbox;
	const char *where;
	struct ipcx_mailbox_want want;
	struct patience patience;
	bool peek;
	uint32_t index; /* of the next one to peek at */
	bool json;
	bool array; /* of JSON */
	bool lines;
	char *buffer;
	size_t size;
	struct ipcx_recv_message message;
	int fds[IPCX_MESSAGE_FDS_MAX];
};

/* A shell has no use for what a message carries beside its payload. */
static void close_fds(const struct reader *reader)
{
	uint32_t i;

	for (i = 0; i < reader->message.out_nr_fds; i++)
		close(reader->fds[i]);
}

static int receive_once(struct reader *reader,
			const struct ipcx_deadline *deadline)
{
	struct ipcx_recv_message *m = &reader->message;
	int r;

	memset(m, 0, sizeof(*m));
	m->data = (uintptr_t)reader->buffer;
	m->size = (uint32_t)reader->size;
	m->fds = (uintptr_t)reader->fds;
	m->nr_fds = IPCX_MESSAGE_FDS_MAX;
	if (reader->peek)
		return ipcx_mailbox_peek(reader->mailbox, reader->index, m, 1,
					 &reader->want, NULL);
	r = ipcx_mailbox_receive_messages(reader->mailbox, m, 1, &reader->want,
					  deadline, NULL);
	if (r == 0)
		close_fds(reader);
	return r;
}

/* A message that is longer than the buffer stays: then there is a larger one. */
static int receive(struct reader *reader, const struct ipcx_deadline *deadline)
{
	char *buffer;
	int r;

	for (;;) {
		r = receive_once(reader, deadline);
		/* So that no look at characters goes beyond the last one. */
		if (r == 0)
			reader->buffer[reader->message.out_size] = '\0';
		if (r != -EMSGSIZE)
			return r;
		buffer = realloc(reader->buffer,
				 (size_t)reader->message.out_size + 1);
		if (!buffer)
			return -ENOMEM;
		reader->buffer = buffer;
		reader->size = reader->message.out_size;
	}
}

static void print_json(const struct reader *reader)
{
	const struct ipcx_recv_message *m = &reader->message;

	json_open(NULL, '{');
	json_u64("size", m->out_size);
	json_u64("priority", m->out_priority);
	json_u64("tag", m->out_tag);
	json_u64("fds", m->out_nr_fds);
	json_u64("sent_ns", m->out_sent_ns);
	json_u64("pid", (uint32_t)m->out_pid);
	json_u64("uid", m->out_uid);
	json_u64("gid", m->out_gid);
	json_bool("sender_gone", m->out_flags & IPCX_MESSAGE_OUT_SENDER_GONE);
	json_payload(reader->buffer, m->out_size);
	json_close('}');
}

static int print(const struct reader *reader)
{
	int r;

	if (reader->json) {
		print_json(reader);
		return reader->array ? CTL_OK : output_write("", 0);
	}
	r = output_write(reader->buffer, reader->message.out_size);
	if (!r && reader->lines)
		r = output_write("\n", 1);
	return r;
}

/* Up to @count messages, the first of which may be waited for. */
static int read_messages(struct reader *reader, uint64_t count, bool follow)
{
	const struct ipcx_deadline *deadline;
	struct ipcx_deadline buffer;
	uint64_t got;
	int r;

	for (got = 0; follow || got < count; got++) {
		deadline = patience_deadline(&reader->patience, &buffer);
		r = receive(reader, got && !follow ? IPCX_NOWAIT : deadline);
		if (r == -EAGAIN && got)
			break; /* There were some. */
		if (r == -EAGAIN && reader->peek)
			return msg(CTL_WOULD_WAIT,
				   "%s: no such message is "
				   "there",
				   reader->where);
		if (r < 0)
			return msg_error(r, "%s", reader->where);
		if (print(reader))
			return reader->peek ?
				       CTL_ERROR :
				       msg(CTL_ERROR,
					   "%s: a message that was received "
					   "could not be written",
					   reader->where);
		reader->index++;
	}
	return CTL_OK;
}

/* --count behind the first does not wait, unless it is to --follow. */
static int run_reader(struct reader *reader, const struct arguments *args,
		      uint32_t count)
{
	int r;

	reader->where = args->operand[0];
	reader->json = has_option(args, OPT_JSON);
	reader->array = reader->json && !has_option(args, OPT_FOLLOW);
	reader->lines = has_option(args, OPT_LINES) || isatty(STDOUT_FILENO);
	reader->size = SIZE_FIRST;
	reader->buffer = malloc(SIZE_FIRST + 1);
	if (!reader->buffer)
		return msg(CTL_ERROR, "no memory for a message");
	r = mailbox_open(reader->where, IPCX_RIGHT_READ, &reader->mailbox);
	if (r)
		goto out_free;
	if (reader->array)
		json_open(NULL, '[');
	r = read_messages(reader, count, has_option(args, OPT_FOLLOW));
	if (reader->array)
		json_close(']');
	ipcx_mailbox_free(reader->mailbox);
out_free:
	free(reader->buffer);
	return r;
}

static int mailbox_recv_run(const struct arguments *args)
{
	struct reader reader = { 0 };
	uint32_t count = 1;

	if (operand_name(args, 0) || option_tags(args, &reader.want) ||
	    option_patience(args, &reader.patience) ||
	    option_number(args, OPT_HOW_MANY, 1, UINT32_MAX, &count))
		return CTL_USAGE;
	if (has_option(args, OPT_FOLLOW) && has_option(args, OPT_HOW_MANY))
		return msg(CTL_USAGE,
			   "--count and --follow exclude each other");
	return run_reader(&reader, args, count);
}

static int mailbox_peek_run(const struct arguments *args)
{
	struct reader reader = { .peek = true };
	uint32_t count = 1;

	if (operand_name(args, 0) || option_tags(args, &reader.want) ||
	    option_number(args, OPT_INDEX, 0, IPCX_MAILBOX_MESSAGES_MAX,
			  &reader.index) ||
	    option_number(args, OPT_HOW_MANY, 1, UINT32_MAX, &count))
		return CTL_USAGE;
	return run_reader(&reader, args, count);
}

#define TAG_OPTION                                                        \
	{                                                                 \
		"tag", OPT_TAG, "TAGS", "Only such: 7, 7-9, or 0x10/0xf0" \
	}
#define LINES_OPTION                                              \
	{                                                         \
		"lines", OPT_LINES, NULL,                         \
			"A newline behind each; so on a terminal" \
	}
#define JSON_OPTION                                                      \
	{                                                                \
		"json", OPT_JSON, NULL, "With all that is known of them" \
	}

static const struct option_spec recv_options[] = {
	{ "count", OPT_HOW_MANY, "N", "Up to so many that there are; 1" },
	{ "follow", OPT_FOLLOW, NULL, "For ever; JSON: one object each" },
	TAG_OPTION,
	LINES_OPTION,
	JSON_OPTION,
	{ NULL },
};

static const struct option_spec peek_options[] = {
	{ "index", OPT_INDEX, "N", "Begin with the N-th behind the next; 0" },
	{ "count", OPT_HOW_MANY, "N", "Up to so many that there are; 1" },
	TAG_OPTION,
	LINES_OPTION,
	JSON_OPTION,
	{ NULL },
};

const struct command mailbox_recv_command = {
	.name = "mailbox recv",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Receive a message and print it",
	.text = "The payload is written as it is. TAGS is a tag, a range of "
		"tags, or what the bits\nof a mask must be.",
	.options = recv_options,
	.shared = patience_options,
	.run = mailbox_recv_run,
};

const struct command mailbox_peek_command = {
	.name = "mailbox peek",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Print a message and leave it there",
	.options = peek_options,
	.run = mailbox_peek_run,
};
