// SPDX-License-Identifier: GPL-2.0-or-later
/* What there is and who holds and awaits it: list, show. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "describe.h"
#include "netlink.h"
#include "output.h"

struct filter {
	bool by_type;
	bool by_user;
	uint32_t type;
	uint32_t user;
};

static int netlink_failed(int r, const char *what)
{
	if (r == -ENODEV)
		return msg(CTL_NO_IPCX, "the kernel has no netlink family "
					"\"ipcx\"; is the module loaded?");
	return msg_error(r, "%s", what);
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = ((const struct record *)a)->value[IPCX_A_ID];
	uint64_t y = ((const struct record *)b)->value[IPCX_A_ID];

	return (x > y) - (x < y);
}

/* Keeps what @filter asks for, in the order of ids. */
static void select_objects(struct records *objects, const struct filter *filter)
{
	const struct record *object;
	size_t i, kept = 0;

	for (i = 0; i < objects->count; i++) {
		object = &objects->items[i];
		if (filter->by_type &&
		    object->value[IPCX_A_TYPE] != filter->type)
			continue;
		if (filter->by_user &&
		    object->value[IPCX_A_UID] != filter->user)
			continue;
		objects->items[kept++] = *object;
	}
	objects->count = kept;
	if (kept)
		qsort(objects->items, kept, sizeof(*object), by_id);
}

static void list_json(const struct records *objects)
{
	size_t i;

	json_open(NULL, '[');
	for (i = 0; i < objects->count; i++) {
		json_open(NULL, '{');
		describe_json(&objects->items[i]);
		json_close('}');
	}
	json_close(']');
}

/* Fits in 80 columns as long as names are short; the rest when asked for. */
static void list_row(struct table *table, const struct record *object,
		     bool all_columns)
{
	char text[HUMAN_SIZE], state[STATE_SIZE];
	const uint64_t *value = object->value;

	table_cell(table, "%" PRIu64, value[IPCX_A_ID]);
	table_cell(table, "%s", describe_kind(object, text));
	table_cell(table, "%s", object->name[0] ? object->name : "-");
	table_cell(table, "%s", human_user((uint32_t)value[IPCX_A_UID], text));
	table_cell(table, "%" PRIu64, value[IPCX_A_HANDLES]);
	table_cell(table, "%" PRIu64, value[IPCX_A_HOLDERS]);
	table_cell(table, "%" PRIu64, value[IPCX_A_WAITERS]);
	table_cell(table, "%s", human_ns(value[IPCX_A_AGE_NS], text));
	if (all_columns) {
		table_cell(table, "%s", human_bytes(value[IPCX_A_BYTES], text));
		table_cell(table, "%04" PRIo64, value[IPCX_A_MODE]);
	}
	table_cell(table, "%s", describe_state(object, state));
}

static void table_head(struct table *table, const char *const *titles)
{
	while (*titles)
		table_cell(table, "%s", *titles++);
}

static void list_table(const struct records *objects, bool all_columns)
{
	static const char *const few[] = { "ID",    "KIND", "NAME", "OWNER",
					   "OPEN",  "HOLD", "WAIT", "AGE",
					   "STATE", NULL };
	static const char *const all[] = { "ID",    "KIND", "NAME",  "OWNER",
					   "OPEN",  "HOLD", "WAIT",  "AGE",
					   "BYTES", "MODE", "STATE", NULL };
	/* ID, OPEN, HOLD, WAIT, AGE; BYTES */
	struct table table = {
		.columns = all_columns ? 11 : 9,
		.right = all_columns ? 0x1f1 : 0xf1,
	};
	size_t i;

	table_head(&table, all_columns ? all : few);
	for (i = 0; i < objects->count; i++)
		list_row(&table, &objects->items[i], all_columns);
	table_print(&table);
	table_free(&table);
}

static int list_run(const struct arguments *args)
{
	/* The words start with IPCX_TYPE_ANY, which is not a type to have. */
	const char *const *words = type_words + 1;
	struct filter filter = {
		.by_type = has_option(args, OPT_TYPE),
		.by_user = has_option(args, OPT_USER),
	};
	struct records objects = { 0 };
	int r;

	if (option_word(args, OPT_TYPE, words, &filter.type) ||
	    option_user(args, OPT_USER, &filter.user))
		return CTL_USAGE;
	filter.type++;
	r = netlink_objects(&objects);
	if (r < 0)
		return netlink_failed(r, "cannot list the objects");
	select_objects(&objects, &filter);
	if (has_option(args, OPT_JSON))
		list_json(&objects);
	else
		list_table(&objects, has_option(args, OPT_LONG));
	records_free(&objects);
	return CTL_OK;
}

static void people_json(const char *key, const struct records *people,
			bool waiting)
{
	char comm[COMM_SIZE];
	size_t i;

	json_open(key, '[');
	for (i = 0; i < people->count; i++) {
		const struct record *person = &people->items[i];
		const uint64_t *value = person->value;

		json_open(NULL, '{');
		json_u64("pid", value[IPCX_A_PID]);
		if (waiting)
			json_u64("tid", value[IPCX_A_TID]);
		json_string("comm", process_name(value[IPCX_A_PID], comm));
		json_string("what", person->queue);
		json_u64("units", value[IPCX_A_UNITS]);
		json_u64("age_ns", value[IPCX_A_AGE_NS]);
		if (waiting)
			json_u64("prio", value[IPCX_A_PRIO]);
		json_close('}');
	}
	json_close(']');
}

static void holders_table(const struct records *holders)
{
	static const char *const titles[] = { "PID",   "COMM", "HOLDS",
					      "UNITS", "AGE",  NULL };
	struct table table = { .columns = 5, .right = 0x19 };
	char text[HUMAN_SIZE], comm[COMM_SIZE];
	size_t i;

	printf("\nholders: %zu\n", holders->count);
	if (!holders->count)
		return;
	table_head(&table, titles);
	for (i = 0; i < holders->count; i++) {
		const uint64_t *value = holders->items[i].value;

		table_cell(&table, "%" PRIu64, value[IPCX_A_PID]);
		table_cell(&table, "%s", process_name(value[IPCX_A_PID], comm));
		table_cell(&table, "%s", holders->items[i].queue);
		table_cell(&table, "%" PRIu64, value[IPCX_A_UNITS]);
		table_cell(&table, "%s", human_ns(value[IPCX_A_AGE_NS], text));
	}
	table_print(&table);
	table_free(&table);
}

static void waiters_table(const struct records *waiters)
{
	static const char *const titles[] = { "PID",   "TID", "COMM", "WANTS",
					      "UNITS", "AGE", "PRIO", NULL };
	struct table table = { .columns = 7, .right = 0x73 };
	char text[HUMAN_SIZE], comm[COMM_SIZE];
	size_t i;

	printf("\nwaiters, the next first: %zu\n", waiters->count);
	if (!waiters->count)
		return;
	table_head(&table, titles);
	for (i = 0; i < waiters->count; i++) {
		const uint64_t *value = waiters->items[i].value;

		table_cell(&table, "%" PRIu64, value[IPCX_A_PID]);
		table_cell(&table, "%" PRIu64, value[IPCX_A_TID]);
		table_cell(&table, "%s", process_name(value[IPCX_A_PID], comm));
		table_cell(&table, "%s", waiters->items[i].queue);
		table_cell(&table, "%" PRIu64, value[IPCX_A_UNITS]);
		table_cell(&table, "%s", human_ns(value[IPCX_A_AGE_NS], text));
		table_cell(&table, "%" PRIu64, value[IPCX_A_PRIO]);
	}
	table_print(&table);
	table_free(&table);
}

static void show_print(const struct arguments *args,
		       const struct record *object,
		       const struct records *holders,
		       const struct records *waiters)
{
	if (!has_option(args, OPT_JSON)) {
		describe_text(object);
		holders_table(holders);
		waiters_table(waiters);
		return;
	}
	json_open(NULL, '{');
	describe_json(object);
	people_json("holders", holders, false);
	people_json("waiters", waiters, true);
	json_close('}');
}

static int show_run(const struct arguments *args)
{
	struct records holders = { 0 }, waiters = { 0 };
	const char *name = args->operand[0];
	struct record object;
	uint32_t id;
	int r;

	if (operand_object(args, 0, &id))
		return CTL_USAGE;
	r = netlink_object(id ? NULL : name, id, &object);
	if (r < 0)
		return netlink_failed(r, name);
	id = (uint32_t)object.value[IPCX_A_ID];
	r = netlink_holders(id, &holders);
	if (r == 0)
		r = netlink_waiters(id, &waiters);
	if (r == 0)
		show_print(args, &object, &holders, &waiters);
	records_free(&holders);
	records_free(&waiters);
	return r < 0 ? netlink_failed(r, name) : CTL_OK;
}

static const struct option_spec list_options[] = {
	{ "json", OPT_JSON, NULL, "An array of objects, for programs" },
	{ "long", OPT_LONG, NULL, "Also the bytes charged and the mode" },
	{ "type", OPT_TYPE, "TYPE", "sem, region, mailbox or channel" },
	{ "user", OPT_USER, "USER",
	  "Only what this user owns: name or number" },
	{ NULL },
};

static const struct option_spec show_options[] = {
	{ "json", OPT_JSON, NULL, "One object, for programs" },
	{ NULL },
};

const struct command list_command = {
	.name = "list",
	.operands = "",
	.summary = "List the objects of this network namespace",
	.text = "Only objects that the caller may read are shown.\n"
		"OPEN counts handles, HOLD processes that hold something, WAIT "
		"calls that\nsleep. STATE is free/most units of a semaphore, or "
		"the size of a region.",
	.options = list_options,
	.run = list_run,
};

const struct command show_command = {
	.name = "show",
	.operands = "ID|NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Show one object, who holds it and who waits for it",
	.text = "A process that this pid namespace does not have is shown as 0.",
	.options = show_options,
	.run = show_run,
};
