// SPDX-License-Identifier: GPL-2.0-or-later
/* Mailboxes: create, stat, and what the other commands on them share. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "describe.h"
#include "device.h"
#include "mailbox.h"
#include "parse.h"

/* The first of &enum ipcx_when_full leaves it to others. */
const char *const when_full_words[] = { "default", "wait", "fail", "drop",
					NULL };

int mailbox_open(const char *name, uint32_t rights,
		 struct ipcx_mailbox **ret_mailbox)
{
	struct ipcx *ipcx;
	int r;

	r = device_open(&ipcx);
	if (r)
		return r;
	r = ipcx_mailbox_open(ipcx, name, rights, ret_mailbox);
	ipcx_close(ipcx);
	return r < 0 ? msg_error(r, "%s", name) : CTL_OK;
}

/* "7", "7-9" or "0x10/0xf0". */
static int parse_tags(const char *text, struct ipcx_mailbox_want *ret)
{
	char first[64];
	size_t length = strcspn(text, "-/");
	int r;

	if (length >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, length);
	first[length] = '\0';
	r = parse_u64(first, &ret->tag);
	ret->match = IPCX_MATCH_TAG;
	if (r < 0 || !text[length])
		return r;
	ret->match = text[length] == '-' ? IPCX_MATCH_RANGE : IPCX_MATCH_MASK;
	r = parse_u64(text + length + 1, &ret->tag_arg);
	if (r < 0)
		return r;
	if (ret->match == IPCX_MATCH_RANGE ? ret->tag > ret->tag_arg :
					     ret->tag & ~ret->tag_arg)
		return -ERANGE;
	return 0;
}

int option_tags(const struct arguments *args, struct ipcx_mailbox_want *ret)
{
	const char *text = args->option[OPT_TAG];
	int r;

	memset(ret, 0, sizeof(*ret));
	if (!text)
		return CTL_OK;
	r = parse_tags(text, ret);
	if (r == -ERANGE)
		return msg(CTL_USAGE, "--tag: '%s' can match nothing", text);
	if (r < 0)
		return msg(CTL_USAGE,
			   "--tag: '%s' is not a tag (try 7, 7-9 or "
			   "0x10/0xf0)",
			   text);
	return CTL_OK;
}

/* ---- create ------------------------------------------------------------- */

static int option_room(const struct arguments *args,
		       struct ipcx_mailbox_config *config)
{
	uint64_t max_size = 0;

	if (option_number(args, OPT_MESSAGES, 1, IPCX_MAILBOX_MESSAGES_MAX,
			  &config->max_messages) ||
	    option_size(args, OPT_BYTES, &config->max_bytes) ||
	    option_size(args, OPT_MAX_SIZE, &max_size))
		return CTL_USAGE;
	if (has_option(args, OPT_BYTES) && !config->max_bytes)
		return msg(CTL_USAGE, "--bytes: there must be room for some");
	if (has_option(args, OPT_MAX_SIZE) && !max_size)
		return msg(CTL_USAGE, "--max-size: it must be above 0");
	if (max_size > IPCX_MESSAGE_SIZE_MAX)
		return msg(CTL_USAGE, "--max-size: at most 1G is possible");
	config->max_size = (uint32_t)max_size;
	if (config->max_bytes && max_size > config->max_bytes)
		return msg(CTL_USAGE, "--max-size: it is above --bytes");
	return CTL_OK;
}

static int mailbox_create_run(const struct arguments *args)
{
	struct ipcx_mailbox_config config = { 0 };
	const char *name = args->operand[0];
	struct ipcx_mailbox *mailbox;
	struct creation creation;
	struct ipcx *ipcx;
	int r;

	if (operand_name(args, 0) || option_creation(args, &creation) ||
	    option_room(args, &config) ||
	    option_word(args, OPT_ORDER, order_words, &config.order) ||
	    option_word(args, OPT_WHEN_FULL, when_full_words,
			&config.when_full))
		return CTL_USAGE;
	config.flags = creation.flags;
	config.mode = creation.mode;
	config.lease_ns = creation.lease_ns;
	if (has_option(args, OPT_NEED_RECEIVER))
		config.flags |= IPCX_MAILBOX_F_NEED_RECEIVER;

	r = device_open(&ipcx);
	if (r)
		return r;
	r = ipcx_mailbox_create(ipcx, name, &config, &mailbox);
	ipcx_close(ipcx);
	if (r < 0)
		return msg_error(r, "%s", name);
	r = creation_finish(args, &creation, ipcx_mailbox_fd(mailbox),
			    ipcx_mailbox_is_new(mailbox));
	ipcx_mailbox_free(mailbox);
	return r;
}

/* ---- stat --------------------------------------------------------------- */

static void stat_json(const struct ipcx_mailbox_stat *s)
{
	json_open(NULL, '{');
	json_u64("messages", s->out_messages);
	json_u64("max_messages", s->out_max_messages);
	json_u64("bytes", s->out_bytes);
	json_u64("max_bytes", s->out_max_bytes);
	json_u64("max_size", s->out_max_size);
	json_u64("next_size", s->out_next_size);
	json_u64("oldest_ns", s->out_oldest_ns);
	json_string("when_full", when_full_words[s->out_when_full]);
	json_string("order", order_words[s->out_order]);
	json_bool("needs_receiver",
		  s->out_flags & IPCX_MAILBOX_F_NEED_RECEIVER);
	json_u64("waiting_senders", s->out_senders);
	json_u64("waiting_receivers", s->out_receivers);
	json_u64("readers", s->out_readers);
	json_open("your_share", '{');
	json_u64("messages", s->out_share_messages);
	json_u64("max_messages", s->out_share_limit_messages);
	json_u64("bytes", s->out_share_bytes);
	json_u64("max_bytes", s->out_share_limit_bytes);
	json_close('}');
	json_u64("sent", s->out_sent);
	json_u64("received", s->out_received);
	json_u64("dropped", s->out_dropped);
	json_u64("expired", s->out_expired);
	json_u64("refused", s->out_refused);
	json_u64("refused_by_share", s->out_share_denied);
	json_close('}');
}

static void stat_text(const struct ipcx_mailbox_stat *s)
{
	char a[HUMAN_SIZE], b[HUMAN_SIZE];

	printf("messages    %u of %u\n", s->out_messages, s->out_max_messages);
	printf("bytes       %s of %s, up to %s in a message\n",
	       human_bytes(s->out_bytes, a), human_bytes(s->out_max_bytes, b),
	       human_bytes(s->out_max_size, (char[HUMAN_SIZE]) { 0 }));
	if (s->out_messages)
		printf("next        %u bytes; the oldest is there for %s\n",
		       s->out_next_size, human_ns(s->out_oldest_ns, a));
	printf("when full   %s%s\n", when_full_words[s->out_when_full],
	       s->out_flags & IPCX_MAILBOX_F_NEED_RECEIVER ?
		       "; sending needs a receiver" :
		       "");
	printf("waiting     %u to send, %u to receive; order: %s\n",
	       s->out_senders, s->out_receivers, order_words[s->out_order]);
	printf("receivers   %u handles\n", s->out_readers);
	printf("your share  %u of %u messages, %s of %s bytes\n",
	       s->out_share_messages, s->out_share_limit_messages,
	       human_bytes(s->out_share_bytes, a),
	       human_bytes(s->out_share_limit_bytes, b));
	printf("so far      %" PRIu64 " sent, %" PRIu64 " received, %" PRIu64
	       " dropped, %" PRIu64 " expired\n",
	       (uint64_t)s->out_sent, (uint64_t)s->out_received,
	       (uint64_t)s->out_dropped, (uint64_t)s->out_expired);
	printf("refused     %" PRIu64 ", %u of them because of a share\n",
	       (uint64_t)s->out_refused, s->out_share_denied);
}

static int mailbox_stat_run(const struct arguments *args)
{
	struct ipcx_mailbox *mailbox;
	struct ipcx_mailbox_stat stat;
	int r;

	if (operand_name(args, 0))
		return CTL_USAGE;
	r = mailbox_open(args->operand[0], IPCX_RIGHT_READ, &mailbox);
	if (r)
		return r;
	r = ipcx_mailbox_stat(mailbox, &stat);
	ipcx_mailbox_free(mailbox);
	if (r < 0)
		return msg_error(r, "%s", args->operand[0]);
	if (has_option(args, OPT_JSON))
		stat_json(&stat);
	else
		stat_text(&stat);
	return CTL_OK;
}

static const struct option_spec create_options[] = {
	{ "messages", OPT_MESSAGES, "N", "Room for so many messages; 4096" },
	{ "max-size", OPT_MAX_SIZE, "SIZE", "Longest message; 64K" },
	{ "bytes", OPT_BYTES, "SIZE", "Room for so much payload in all" },
	{ "when-full", OPT_WHEN_FULL, "WHAT",
	  "A send waits (default), or: fail, drop" },
	{ "order", OPT_ORDER, "ORDER", "Who is served first: fifo or prio" },
	{ "need-receiver", OPT_NEED_RECEIVER, NULL,
	  "Sending fails while nobody can receive" },
	{ NULL },
};

static const struct option_spec stat_options[] = {
	{ "json", OPT_JSON, NULL, "One object, for programs" },
	{ NULL },
};

const struct command mailbox_create_command = {
	.name = "mailbox create",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Create a mailbox",
	.text = "It is always persistent, for otherwise it would go with the "
		"last handle, which is\nipcxctl's: it stays until 'rm', "
		"'destroy', or until its lease runs out. A mailbox\nthat has "
		"the name already stays as it is, unless --excl is given.",
	.options = create_options,
	.shared = creation_options,
	.run = mailbox_create_run,
};

const struct command mailbox_stat_command = {
	.name = "mailbox stat",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Print what is in a mailbox, and its counters",
	.text = "Your share is what this user has in it, and could have now.",
	.options = stat_options,
	.run = mailbox_stat_run,
};
