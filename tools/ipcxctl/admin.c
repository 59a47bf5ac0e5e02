// SPDX-License-Identifier: GPL-2.0-or-later
/* Care: rm, destroy, quota, info. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "device.h"
#include "netlink.h"

static const char *const resource_words[IPCX_RESOURCE_COUNT] = {
	[IPCX_RESOURCE_OBJECTS] = "objects",
	[IPCX_RESOURCE_HANDLES] = "handles",
	[IPCX_RESOURCE_BYTES] = "bytes",
	[IPCX_RESOURCE_WAITERS] = "waiters",
	[IPCX_RESOURCE_FDS] = "fds",
};

struct feature {
	uint64_t bit;
	const char *name;
};

static const struct feature features[] = {
	{ IPCX_FEATURE_SEM, "sem" },
	{ IPCX_FEATURE_REGION, "region" },
	{ IPCX_FEATURE_MAILBOX, "mailbox" },
	{ IPCX_FEATURE_HUGE, "huge" },
	{ IPCX_FEATURE_EXEC_DEATH, "exec-death" },
};

#define FEATURES (sizeof(features) / sizeof(features[0]))

static int rm_run(const struct arguments *args)
{
	int i, r, status = CTL_OK;
	struct ipcx *ipcx;

	for (i = 0; i < args->count; i++)
		if (operand_name(args, i))
			return CTL_USAGE;
	r = device_open(&ipcx);
	if (r)
		return r;
	for (i = 0; i < args->count; i++) {
		r = ipcx_unlink(ipcx, args->operand[i]);
		if (r < 0)
			status = msg_error(r, "%s", args->operand[i]);
	}
	ipcx_close(ipcx);
	return status;
}

/* Destroys what has @name, and only if its number is @id, unless that is 0. */
static int destroy_name(struct ipcx *ipcx, const char *name, uint32_t id)
{
	struct ipcx_stat stat;
	int fd, r;

	r = ipcx_object_open(ipcx, name, IPCX_TYPE_ANY, IPCX_RIGHT_CONTROL,
			     &fd);
	if (r < 0)
		return r;
	r = ipcx_object_stat(fd, &stat);
	if (r == 0 && id && stat.out_id != id)
		r = -ENOENT;
	if (r == 0)
		r = ipcx_object_destroy(fd);
	close(fd);
	return r;
}

static int destroy_one(struct ipcx *ipcx, const char *what, uint32_t id)
{
	const char *name = what;
	struct record object;
	int r = 0;

	if (id) {
		r = netlink_object(NULL, id, &object);
		name = object.name;
	}
	if (r == 0 && !name[0])
		return msg(
			CTL_ERROR,
			"%s has no name: only who has a handle can destroy it",
			what);
	if (r == 0)
		r = destroy_name(ipcx, name, id);
	return r < 0 ? msg_error(r, "%s", what) : CTL_OK;
}

static int destroy_run(const struct arguments *args)
{
	int i, r, status = CTL_OK;
	struct ipcx *ipcx;
	uint32_t id;

	for (i = 0; i < args->count; i++)
		if (operand_object(args, i, &id))
			return CTL_USAGE;
	r = device_open(&ipcx);
	if (r)
		return r;
	for (i = 0; i < args->count; i++) {
		operand_object(args, i, &id);
		r = destroy_one(ipcx, args->operand[i], id);
		status = r ? r : status;
	}
	ipcx_close(ipcx);
	return status;
}

static void quota_json_side(const char *key, const __u64 *used,
			    const __u64 *limit, const __u64 *denied)
{
	int i;

	json_open(key, '{');
	for (i = 0; i < IPCX_RESOURCE_COUNT; i++) {
		json_open(resource_words[i], '{');
		json_u64("used", used[i]);
		json_u64("limit", limit[i]);
		json_u64("denied", denied[i]);
		json_close('}');
	}
	json_close('}');
}

static void quota_table(const struct ipcx_quota *quota)
{
	static const char *const titles[] = { "RESOURCE", "USED", "LIMIT",
					      "DENIED",	  "ALL",  "LIMIT",
					      "DENIED",	  NULL };
	struct table table = { .columns = 7, .right = 0x7e };
	int i, column;

	for (i = 0; titles[i]; i++)
		table_cell(&table, "%s", titles[i]);
	for (i = 0; i < IPCX_RESOURCE_COUNT; i++) {
		const __u64 row[] = {
			quota->out_used[i],	   quota->out_limit[i],
			quota->out_denied[i],	   quota->out_total_used[i],
			quota->out_total_limit[i], quota->out_total_denied[i],
		};

		table_cell(&table, "%s", resource_words[i]);
		for (column = 0; column < 6; column++)
			table_cell(&table, "%" PRIu64, (uint64_t)row[column]);
	}
	table_print(&table);
	table_free(&table);
}

static int quota_run(const struct arguments *args)
{
	struct ipcx_quota quota;
	struct ipcx *ipcx;
	int r;

	r = device_open(&ipcx);
	if (r)
		return r;
	r = ipcx_quota(ipcx, &quota);
	ipcx_close(ipcx);
	if (r < 0)
		return msg_error(r, "cannot ask for the quota");
	if (!has_option(args, OPT_JSON)) {
		quota_table(&quota);
		return CTL_OK;
	}
	json_open(NULL, '{');
	quota_json_side("user", quota.out_used, quota.out_limit,
			quota.out_denied);
	quota_json_side("total", quota.out_total_used, quota.out_total_limit,
			quota.out_total_denied);
	json_close('}');
	return CTL_OK;
}

static void info_json(const struct ipcx_info *info)
{
	size_t i;

	json_open(NULL, '{');
	json_u64("abi_version", info->out_abi_version);
	json_string("library", ipcx_version());
	json_open("features", '[');
	for (i = 0; i < FEATURES; i++)
		if (info->out_features & features[i].bit)
			json_string(NULL, features[i].name);
	json_close(']');
	json_u64("max_region", info->out_max_region);
	json_u64("max_value", info->out_max_value);
	json_u64("name_size", info->out_name_size);
	json_close('}');
}

static void info_text(const struct ipcx_info *info)
{
	char text[HUMAN_SIZE];
	size_t i;

	printf("interface   %u\n", info->out_abi_version);
	printf("library     %s\n", ipcx_version());
	printf("features   ");
	for (i = 0; i < FEATURES; i++)
		if (info->out_features & features[i].bit)
			printf(" %s", features[i].name);
	printf("\nmax region  %s\n", human_bytes(info->out_max_region, text));
	printf("max value   %u\n", info->out_max_value);
	printf("name size   %u\n", info->out_name_size);
}

static int info_run(const struct arguments *args)
{
	struct ipcx_info info;
	struct ipcx *ipcx;
	int r;

	r = device_open(&ipcx);
	if (r)
		return r;
	r = ipcx_info(ipcx, &info);
	ipcx_close(ipcx);
	if (r < 0)
		return msg_error(r, "cannot ask for the features");
	if (has_option(args, OPT_JSON))
		info_json(&info);
	else
		info_text(&info);
	return CTL_OK;
}

static const struct option_spec json_options[] = {
	{ "json", OPT_JSON, NULL, "For programs" },
	{ NULL },
};

const struct command rm_command = {
	.name = "rm",
	.operands = "NAME...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "Free names; objects stay while they are open",
	.run = rm_run,
};

const struct command destroy_command = {
	.name = "destroy",
	.operands = "ID|NAME...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "Destroy objects now, whoever uses them",
	.text = "All who wait for it, and later calls on it, fail with EIDRM.",
	.run = destroy_run,
};

const struct command quota_command = {
	.name = "quota",
	.operands = "",
	.summary = "Show what you and all users use, and the limits",
	.text = "The limits are parameters of the module: "
		"max_RESOURCE_per_user and max_RESOURCE.",
	.options = json_options,
	.run = quota_run,
};

const struct command info_command = {
	.name = "info",
	.operands = "",
	.summary = "Show what this kernel offers",
	.options = json_options,
	.run = info_run,
};
