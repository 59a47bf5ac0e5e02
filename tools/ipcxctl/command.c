// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads a command line after the command's own description. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/ipcx.h>

#include "command.h"
#include "output.h"
#include "parse.h"

/* getopt_long() answers these for options; above every character. */
#define OPTION_BASE 256

static const struct option_spec option_help = {
	"help",
	OPT_HELP,
	NULL,
	"Show this help and exit",
};

/* The options of @command: its own, the shared ones, --help. */
static size_t all_options(const struct command *command,
			  const struct option_spec *all[OPT_COUNT])
{
	const struct option_spec *spec;
	size_t count = 0;

	for (spec = command->options; spec && spec->name; spec++)
		all[count++] = spec;
	for (spec = command->shared; spec && spec->name; spec++)
		all[count++] = spec;
	all[count++] = &option_help;
	return count;
}

static const char *option_name(const struct arguments *args, enum option_id id)
{
	const struct option_spec *all[OPT_COUNT];
	size_t i = all_options(args->command, all);

	while (i--)
		if (all[i]->id == id)
			return all[i]->name;
	return "?";
}

static void fill_getopt(const struct command *command, struct option *table)
{
	const struct option_spec *all[OPT_COUNT];
	size_t i, count = all_options(command, all);

	for (i = 0; i < count; i++) {
		table[i].name = all[i]->name;
		table[i].has_arg = all[i]->arg ? required_argument :
						 no_argument;
		table[i].val = OPTION_BASE + (int)all[i]->id;
	}
}

/* Index of "--", or argc. */
static int find_separator(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0)
			break;
	return i;
}

static int check_operands(const struct arguments *args)
{
	const struct command *command = args->command;

	if (has_option(args, OPT_HELP))
		return CTL_OK;
	if (args->count < command->min_operands)
		return msg(CTL_USAGE, "an operand is missing; it takes %s%s",
			   command->operands,
			   command->runs ? " -- COMMAND..." : "");
	if (command->max_operands >= 0 && args->count > command->max_operands)
		return msg(CTL_USAGE, "'%s' is one operand too many",
			   args->operand[command->max_operands]);
	if (command->runs && (!args->child || !args->child[0]))
		return msg(CTL_USAGE, "there is no command behind '--'");
	return CTL_OK;
}

int arguments_read(struct arguments *args, const struct command *command,
		   int argc, char **argv)
{
	struct option table[OPT_COUNT + 1] = { { 0 } };
	static char prefix[64];
	int c, end;

	memset(args, 0, sizeof(*args));
	args->command = command;
	fill_getopt(command, table);

	/* What getopt_long() says begins with argv[0]. */
	snprintf(prefix, sizeof(prefix), "ipcxctl: %s", command->name);
	argv[0] = prefix;
	/* It would also move COMMAND's words about. */
	end = command->runs ? find_separator(argc, argv) : argc;
	if (end < argc)
		args->child = argv + end + 1;

	optind = 0;
	while ((c = getopt_long(end, argv, "h", table, NULL)) != -1) {
		if (c == 'h')
			c = OPTION_BASE + OPT_HELP;
		if (c < OPTION_BASE)
			return CTL_USAGE;
		args->option[c - OPTION_BASE] = optarg ? optarg : "";
	}
	args->count = end - optind;
	args->operand = argv + optind;
	return check_operands(args);
}

static void help_option(const struct option_spec *spec)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s%s%s", spec->name,
		 spec->arg ? " " : "", spec->arg ? spec->arg : "");
	printf("  %-24s %s\n", left, spec->help);
}

void command_help(const struct command *command)
{
	const struct option_spec *all[OPT_COUNT];
	size_t i, count = all_options(command, all);

	printf("Usage: ipcxctl %s%s%s%s%s\n\n%s.\n", command->name,
	       count > 1 ? " [OPTION]..." : "", command->operands[0] ? " " : "",
	       command->operands,
	       command->runs ? " -- COMMAND [ARGUMENT]..." : "",
	       command->summary);
	if (command->text)
		printf("\n%s\n", command->text);
	puts("\nOptions:");
	for (i = 0; i < count; i++)
		help_option(all[i]);
}

/* Says what is wrong with @text, if something is; @kind: "a duration". */
static int understood(int r, const char *what, const char *text,
		      const char *kind, const char *hint)
{
	if (r == 0)
		return CTL_OK;
	if (r == -ERANGE)
		return msg(CTL_USAGE, "%s: '%s' is out of range", what, text);
	return msg(CTL_USAGE, "%s: '%s' is not %s (%s)", what, text, kind,
		   hint);
}

static int understood_number(int r, const char *what, const char *text,
			     uint64_t min, uint64_t max)
{
	if (r == 0)
		return CTL_OK;
	return msg(CTL_USAGE,
		   "%s: '%s' is not a number from %" PRIu64 " to %" PRIu64,
		   what, text, min, max);
}

static int understood_option(int r, const struct arguments *args,
			     enum option_id id, const char *kind,
			     const char *hint)
{
	char what[32];

	snprintf(what, sizeof(what), "--%s", option_name(args, id));
	return understood(r, what, args->option[id], kind, hint);
}

int option_number(const struct arguments *args, enum option_id id, uint64_t min,
		  uint64_t max, uint32_t *ret)
{
	uint64_t value = *ret;
	char what[32];
	int r;

	if (!has_option(args, id))
		return CTL_OK;
	r = parse_number(args->option[id], min, max, &value);
	*ret = (uint32_t)value;
	snprintf(what, sizeof(what), "--%s", option_name(args, id));
	return understood_number(r, what, args->option[id], min, max);
}

int option_size(const struct arguments *args, enum option_id id, uint64_t *ret)
{
	int r;

	if (!has_option(args, id))
		return CTL_OK;
	r = parse_size(args->option[id], ret);
	return understood_option(r, args, id, "a size", "try 4096, 64K, 8MiB");
}

int option_duration(const struct arguments *args, enum option_id id,
		    uint64_t *ret)
{
	int r;

	if (!has_option(args, id))
		return CTL_OK;
	r = parse_duration(args->option[id], ret);
	return understood_option(r, args, id, "a duration",
				 "try 250ms, 5s, 2min");
}

int option_mode(const struct arguments *args, enum option_id id, uint32_t *ret)
{
	int r;

	if (!has_option(args, id))
		return CTL_OK;
	r = parse_mode(args->option[id], ret);
	return understood_option(r, args, id, "a mode", "octal, 0 to 0777");
}

int option_user(const struct arguments *args, enum option_id id, uint32_t *ret)
{
	int r;

	if (!has_option(args, id))
		return CTL_OK;
	r = parse_user(args->option[id], ret);
	return understood_option(r, args, id, "a user", "a name or a number");
}

int option_word(const struct arguments *args, enum option_id id,
		const char *const *words, uint32_t *ret)
{
	char hint[64] = "";
	size_t i;
	int r;

	if (!has_option(args, id))
		return CTL_OK;
	for (i = 0; words[i]; i++)
		snprintf(hint + strlen(hint), sizeof(hint) - strlen(hint),
			 "%s%s", i ? ", " : "", words[i]);
	r = parse_word(args->option[id], words, ret);
	return understood_option(r, args, id, "known", hint);
}

int operand_name(const struct arguments *args, int index)
{
	if (is_object_name(args->operand[index]))
		return CTL_OK;
	return msg(CTL_USAGE,
		   "'%s' is not a name ('/' and 1 to 62 letters, digits, "
		   "'.', '_' or '-')",
		   args->operand[index]);
}

int operand_size(const struct arguments *args, int index, uint64_t *ret)
{
	int r = parse_size(args->operand[index], ret);

	return understood(r, "SIZE", args->operand[index], "a size",
			  "try 4096, 64K, 8MiB");
}

int operand_pid(const struct arguments *args, int index, uint32_t *ret)
{
	uint64_t value = 0;
	int r;

	r = parse_number(args->operand[index], 1, INT32_MAX, &value);
	*ret = (uint32_t)value;
	return understood_number(r, "PID", args->operand[index], 1, INT32_MAX);
}

int operand_units(const struct arguments *args, int index, uint32_t *ret)
{
	uint64_t value = 1;
	int r;

	*ret = 1;
	if (index >= args->count)
		return CTL_OK;
	r = parse_number(args->operand[index], 1, IPCX_SEM_VALUE_MAX, &value);
	*ret = (uint32_t)value;
	return understood_number(r, "N", args->operand[index], 1,
				 IPCX_SEM_VALUE_MAX);
}

int operand_object(const struct arguments *args, int index, uint32_t *ret_id)
{
	uint64_t id = 0;
	int r;

	*ret_id = 0;
	if (args->operand[index][0] == '/')
		return operand_name(args, index);
	r = parse_number(args->operand[index], 1, UINT32_MAX, &id);
	*ret_id = (uint32_t)id;
	return understood(r, "ID", args->operand[index], "an object",
			  "try /name, or a number that 'list' shows");
}
