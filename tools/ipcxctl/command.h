/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands as data: each has a name, operands, options and a function. One
 * description serves the parser, the help and the error messages.
 */
#ifndef IPCXCTL_COMMAND_H
#define IPCXCTL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

enum option_id {
	OPT_HELP,
	OPT_JSON,
	OPT_LONG,
	OPT_TYPE,
	OPT_USER,
	OPT_KIND,
	OPT_INITIAL,
	OPT_MAX,
	OPT_ORDER,
	OPT_ON_DEATH,
	OPT_BARGING,
	OPT_MODE,
	OPT_PERSISTENT,
	OPT_LEASE,
	OPT_EXCL,
	OPT_TIMEOUT,
	OPT_NOWAIT,
	OPT_CONSISTENT,
	OPT_RESERVE,
	OPT_HUGE,
	OPT_OFFSET,
	OPT_LENGTH,
	OPT_MESSAGES,
	OPT_BYTES,
	OPT_MAX_SIZE,
	OPT_WHEN_FULL,
	OPT_NEED_RECEIVER,
	OPT_LINES,
	OPT_PRIORITY,
	OPT_TAG,
	OPT_LIFETIME,
	OPT_HOW_MANY,
	OPT_FOLLOW,
	OPT_INDEX,
	OPT_TURN,
	OPT_STRICT,
	OPT_PACKET,
	OPT_CAPACITY,
	OPT_READ_MARK,
	OPT_WRITE_MARK,
	OPT_END,
	OPT_FLUSH,
	OPT_COUNT
};

struct option_spec {
	const char *name; /* without "--"; NULL ends a list */
	enum option_id id;
	const char *arg; /* NULL: takes none */
	const char *help;
};

struct arguments;

struct command {
	const char *name; /* "list", "sem create" */
	const char *operands; /* "NAME [N]" */
	int min_operands;
	int max_operands; /* -1: any number */
	bool runs; /* "-- COMMAND..." follows */
	const char *summary; /* one line */
	const char *text; /* the rest of the help, or NULL */
	const struct option_spec *options; /* or NULL */
	const struct option_spec *shared; /* with others; or NULL */
	int (*run)(const struct arguments *args);
};

/* What the user typed, sorted but not yet understood. */
struct arguments {
	const struct command *command;
	int count;
	char **operand;
	const char *option[OPT_COUNT]; /* "" when it takes no argument */
	char **child; /* what is to be run, ends with NULL */
};

/* Sorts argv (without the command's name). Returns CTL_OK or CTL_USAGE. */
int arguments_read(struct arguments *args, const struct command *command,
		   int argc, char **argv);

void command_help(const struct command *command);

static inline bool has_option(const struct arguments *args, enum option_id id)
{
	return args->option[id];
}

/*
 * Understanding them: CTL_OK, or CTL_USAGE after a message. An option that was
 * not given leaves *ret as it is. @what names an operand in messages.
 */
int option_number(const struct arguments *args, enum option_id id, uint64_t min,
		  uint64_t max, uint32_t *ret);
int option_size(const struct arguments *args, enum option_id id, uint64_t *ret);
int option_duration(const struct arguments *args, enum option_id id,
		    uint64_t *ret);
int option_mode(const struct arguments *args, enum option_id id, uint32_t *ret);
int option_user(const struct arguments *args, enum option_id id, uint32_t *ret);
int option_word(const struct arguments *args, enum option_id id,
		const char *const *words, uint32_t *ret);
int operand_name(const struct arguments *args, int index);
int operand_size(const struct arguments *args, int index, uint64_t *ret);

/* A process: a number above 0. */
int operand_pid(const struct arguments *args, int index, uint32_t *ret);

/* How many units: operand @index, or 1 when it is not there. */
int operand_units(const struct arguments *args, int index, uint32_t *ret);

/* An object's name, or its number: *ret_id is 0 when it is a name. */
int operand_object(const struct arguments *args, int index, uint32_t *ret_id);

/* The commands. */
extern const struct command list_command;
extern const struct command show_command;
extern const struct command sem_create_command;
extern const struct command sem_p_command;
extern const struct command sem_v_command;
extern const struct command sem_value_command;
extern const struct command sem_run_command;
extern const struct command region_create_command;
extern const struct command region_read_command;
extern const struct command region_write_command;
extern const struct command mailbox_create_command;
extern const struct command mailbox_send_command;
extern const struct command mailbox_recv_command;
extern const struct command mailbox_peek_command;
extern const struct command mailbox_stat_command;
extern const struct command send_command;
extern const struct command channel_create_command;
extern const struct command channel_cat_command;
extern const struct command channel_write_command;
extern const struct command channel_turn_command;
extern const struct command channel_stat_command;
extern const struct command rm_command;
extern const struct command destroy_command;
extern const struct command quota_command;
extern const struct command info_command;

#endif /* IPCXCTL_COMMAND_H */
