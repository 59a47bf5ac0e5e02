// SPDX-License-Identifier: GPL-2.0-or-later
/* ipcxctl: see, make and use the objects of ipcx from a shell. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ipcx.h>

#include "command.h"
#include "output.h"

/* clang-format off */
static const struct command *const commands[] = {
	&list_command,
	&show_command,
	&sem_create_command,
	&sem_p_command,
	&sem_v_command,
	&sem_value_command,
	&sem_run_command,
	&region_create_command,
	&region_read_command,
	&region_write_command,
	&mailbox_create_command,
	&mailbox_send_command,
	&mailbox_recv_command,
	&mailbox_peek_command,
	&mailbox_stat_command,
	&send_command,
	&channel_create_command,
	&channel_cat_command,
	&channel_write_command,
	&channel_turn_command,
	&channel_stat_command,
	&rm_command,
	&destroy_command,
	&quota_command,
	&info_command,
};

/* clang-format on */

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char exit_text[] =
	"Exit status: 0 done; 1 error; 2 wrong usage; 3 no such object, or "
	"destroyed;\n"
	"4 would have to wait, or the time is up; 5 not permitted; 6 the name "
	"or the end\n"
	"is taken, or the object is of another type; 7 a limit is reached; 8 "
	"ipcx is not\n"
	"there. 'sem run' exits with the status of its command.";

/* All commands, or those of a noun. */
static void help_list(const char *noun)
{
	size_t i, length = noun ? strlen(noun) : 0;
	char usage[64];

	for (i = 0; i < COMMANDS; i++) {
		const struct command *command = commands[i];

		if (noun && (strncmp(command->name, noun, length) != 0 ||
			     command->name[length] != ' '))
			continue;
		snprintf(usage, sizeof(usage), "%s %s%s", command->name,
			 command->operands, command->runs ? " -- CMD..." : "");
		printf("  %-27s %s\n", usage, command->summary);
	}
}

static int show_help(const char *noun)
{
	printf("Usage: ipcxctl %s [OPTION]... [OPERAND]...\n"
	       "       ipcxctl --help | --version\n\nCommands:\n",
	       noun ? noun : "COMMAND");
	help_list(noun);
	printf("\n'ipcxctl COMMAND --help' says more.\n\n%s\n", exit_text);
	return CTL_OK;
}

static bool is_noun(const char *word)
{
	return strcmp(word, "sem") == 0 || strcmp(word, "region") == 0 ||
	       strcmp(word, "mailbox") == 0 || strcmp(word, "channel") == 0;
}

static bool wants_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	       strcmp(word, "help") == 0;
}

static const struct command *find_command(const char *noun, const char *verb)
{
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "%s%s%s", noun, verb ? " " : "",
		 verb ? verb : "");
	for (i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct arguments args;

	msg_set_command(command->name);
	if (arguments_read(&args, command, argc, argv))
		return CTL_USAGE;
	if (has_option(&args, OPT_HELP)) {
		command_help(command);
		return CTL_OK;
	}
	return command->run(&args);
}

static int dispatch(int argc, char **argv)
{
	const struct command *command;
	bool noun;

	if (argc < 2)
		return msg(CTL_USAGE, "a command is missing; see 'ipcxctl "
				      "--help'");
	if (wants_help(argv[1]))
		return show_help(NULL);
	if (strcmp(argv[1], "--version") == 0) {
		printf("ipcxctl %s\n", ipcx_version());
		return CTL_OK;
	}
	noun = is_noun(argv[1]);
	if (noun && argc < 3)
		return msg(CTL_USAGE,
			   "%s: a verb is missing; see 'ipcxctl %s "
			   "--help'",
			   argv[1], argv[1]);
	if (noun && wants_help(argv[2]))
		return show_help(argv[1]);
	command = find_command(argv[1], noun ? argv[2] : NULL);
	if (!command)
		return msg(CTL_USAGE,
			   "there is no command '%s%s%s'; see "
			   "'ipcxctl --help'",
			   argv[1], noun ? " " : "", noun ? argv[2] : "");
	return run_command(command, argc - 1 - noun, argv + 1 + noun);
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	if (output_init() < 0)
		return CTL_ERROR;
	return output_finish(dispatch(argc, argv));
}
