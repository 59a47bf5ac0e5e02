// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages: to a mailbox, or to a process. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "input.h"
#include "mailbox.h"

/* What all messages of a command have in common. */
struct letter {
	struct ipcx_mailbox *mailbox;
	const char *where; /* for messages */
	struct ipcx_send_message message;
	uint32_t when_full;
	struct patience patience;
};

static int option_letter(const struct arguments *args, struct letter *letter)
{
	struct ipcx_mailbox_want tag;
	uint64_t lifetime = 0;

	memset(letter, 0, sizeof(*letter));
	if (option_number(args, OPT_PRIORITY, 0, IPCX_PRIORITY_MAX,
			  &letter->message.priority) ||
	    option_tags(args, &tag) ||
	    option_duration(args, OPT_LIFETIME, &lifetime) ||
	    option_word(args, OPT_WHEN_FULL, when_full_words,
			&letter->when_full) ||
	    option_patience(args, &letter->patience))
		return CTL_USAGE;
	if (tag.match > IPCX_MATCH_TAG)
		return msg(CTL_USAGE, "--tag: a message has one");
	if (has_option(args, OPT_LIFETIME) && !lifetime)
		return msg(CTL_USAGE, "--lifetime: it must be above 0");
	if (has_option(args, OPT_LINES) && args->count > 1)
		return msg(CTL_USAGE,
			   "--lines is for input; there is TEXT, too");
	letter->message.tag = tag.tag;
	letter->message.lifetime_ns = lifetime;
	return CTL_OK;
}

/* EDQUOT has two reasons, and who can see the share knows which one it is. */
static int quota_failed(const struct letter *letter)
{
	struct ipcx_mailbox_stat s;

	if (ipcx_mailbox_stat(letter->mailbox, &s) < 0 ||
	    (s.out_share_messages < s.out_share_limit_messages &&
	     s.out_share_bytes + letter->message.size <=
		     s.out_share_limit_bytes))
		return msg_error(-EDQUOT, "%s", letter->where);
	return msg(CTL_LIMIT,
		   "%s: this user's share is used up: %u of %u messages, "
		   "%" PRIu64 " of %" PRIu64 " bytes",
		   letter->where, s.out_share_messages,
		   s.out_share_limit_messages, (uint64_t)s.out_share_bytes,
		   (uint64_t)s.out_share_limit_bytes);
}

static int too_long(const struct letter *letter)
{
	struct ipcx_mailbox_stat s = { 0 };

	ipcx_mailbox_stat(letter->mailbox, &s);
	return msg(CTL_LIMIT, "%s: a message may have %u bytes at most",
		   letter->where, s.out_max_size);
}

static int send_one(struct letter *letter, const char *data, size_t size)
{
	struct ipcx_deadline deadline;
	int r;

	if (size > IPCX_MESSAGE_SIZE_MAX)
		return too_long(letter);
	letter->message.data = (uintptr_t)data;
	letter->message.size = (uint32_t)size;
	r = ipcx_mailbox_send_messages(
		letter->mailbox, &letter->message, 1, letter->when_full,
		patience_deadline(&letter->patience, &deadline), NULL);
	switch (r) {
	case 0:
		return CTL_OK;
	case -EMSGSIZE:
		return too_long(letter);
	case -EDQUOT:
		return quota_failed(letter);
	case -ENXIO:
		return msg(CTL_ERROR, "%s: nobody can receive from it",
			   letter->where);
	default:
		return msg_error(r, "%s", letter->where);
	}
}

static int send_lines(struct letter *letter)
{
	size_t size = 0, length = 0;
	uint64_t sent = 0;
	char *line = NULL;
	int got = 0, r;

	for (;;) {
		r = input_line(&line, &size, &length, &got);
		if (r || !got)
			break;
		r = send_one(letter, line, length);
		if (r)
			break;
		sent++;
	}
	if (r)
		msg(CTL_OK, "%" PRIu64 " lines were sent before", sent);
	free(line);
	return r;
}

/* All of the input is one message. */
static int send_input(struct letter *letter)
{
	struct ipcx_mailbox_stat s;
	char *data = NULL;
	size_t size = 0;
	int r;

	r = ipcx_mailbox_stat(letter->mailbox, &s);
	if (r < 0)
		return msg_error(r, "%s", letter->where);
	r = input_all(s.out_max_size, &data, &size);
	if (!r)
		r = send_one(letter, data, size);
	free(data);
	return r;
}

/* The operands from the second one on, with blanks between. */
static int send_text(struct letter *letter, const struct arguments *args)
{
	size_t size = 0, length;
	char *text, *end;
	int i, r;

	for (i = 1; i < args->count; i++)
		size += strlen(args->operand[i]) + 1;
	text = malloc(size);
	if (!text)
		return msg(CTL_ERROR, "no memory for the text");
	end = text;
	for (i = 1; i < args->count; i++) {
		length = strlen(args->operand[i]);
		memcpy(end, args->operand[i], length);
		end[length] = ' ';
		end += length + 1;
	}
	r = send_one(letter, text, size - 1);
	free(text);
	return r;
}

static int send_all(struct letter *letter, const struct arguments *args)
{
	if (args->count > 1)
		return send_text(letter, args);
	if (has_option(args, OPT_LINES))
		return send_lines(letter);
	return send_input(letter);
}

static int mailbox_send_run(const struct arguments *args)
{
	struct letter letter;
	int r;

	if (operand_name(args, 0) || option_letter(args, &letter))
		return CTL_USAGE;
	letter.where = args->operand[0];
	r = mailbox_open(letter.where, IPCX_RIGHT_WRITE, &letter.mailbox);
	if (r)
		return r;
	r = send_all(&letter, args);
	ipcx_mailbox_free(letter.mailbox);
	return r;
}

static int inbox_find(pid_t pid, struct ipcx_mailbox **ret_mailbox)
{
	struct ipcx *ipcx;
	int r;

	r = device_open(&ipcx);
	if (r)
		return r;
	r = ipcx_inbox_find(ipcx, pid, ret_mailbox);
	ipcx_close(ipcx);
	switch (r) {
	case 0:
		return CTL_OK;
	case -ESRCH:
		return msg(CTL_NOT_FOUND, "there is no process %d", (int)pid);
	case -ENXIO:
		return msg(CTL_NOT_FOUND, "process %d has no inbox", (int)pid);
	default:
		return msg_error(r, "process %d", (int)pid);
	}
}

static int send_run(const struct arguments *args)
{
	struct letter letter;
	uint32_t pid;
	int r;

	if (operand_pid(args, 0, &pid) || option_letter(args, &letter))
		return CTL_USAGE;
	letter.where = args->operand[0];
	r = inbox_find((pid_t)pid, &letter.mailbox);
	if (r)
		return r;
	r = send_all(&letter, args);
	ipcx_mailbox_free(letter.mailbox);
	return r;
}

static const struct option_spec send_options[] = {
	{ "lines", OPT_LINES, NULL, "Each line of the input is a message" },
	{ "priority", OPT_PRIORITY, "N", "0 (default) to 32767, the first" },
	{ "tag", OPT_TAG, "N", "A number that receivers can ask for; 0" },
	{ "lifetime", OPT_LIFETIME, "TIME",
	  "It is not delivered when it is older" },
	{ "when-full", OPT_WHEN_FULL, "WHAT",
	  "wait, fail, drop; default is the mailbox's" },
	{ NULL },
};

const struct command mailbox_send_command = {
	.name = "mailbox send",
	.operands = "NAME [TEXT...]",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "Send a message, or many",
	.text = "The message is TEXT, or without it all of the input. --timeout "
		"and --nowait are for\neach message that finds no room.",
	.options = send_options,
	.shared = patience_options,
	.run = mailbox_send_run,
};

const struct command send_command = {
	.name = "send",
	.operands = "PID [TEXT...]",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "Send a message to the inbox of a process",
	.text = "As 'mailbox send'. The process must have made an inbox.",
	.options = send_options,
	.shared = patience_options,
	.run = send_run,
};
