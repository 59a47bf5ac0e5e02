// SPDX-License-Identifier: GPL-2.0-or-later
/* Semaphores and locks: create, p, v, value. */
#include <inttypes.h>
#include <stdio.h>

#include "describe.h"
#include "device.h"
#include "sem.h"

int sem_open_kind(struct ipcx *ipcx, const char *name, uint32_t rights,
		  struct ipcx_sem **ret_sem, struct ipcx_sem_stat *ret_stat)
{
	int r;

	r = ipcx_sem_open(ipcx, name, rights, ret_sem);
	if (r < 0)
		return msg_error(r, "%s", name);
	r = ipcx_sem_stat(*ret_sem, ret_stat);
	if (r == 0)
		return CTL_OK;
	ipcx_sem_free(*ret_sem);
	return msg_error(r, "%s", name);
}

int sem_check_units(const char *name, uint32_t units,
		    const struct ipcx_sem_stat *stat)
{
	if (units <= stat->out_max)
		return CTL_OK;
	return msg(CTL_LIMIT, "%s: there are never more than %u units", name,
		   stat->out_max);
}

/* What makes no sense is said here and not by EINVAL. */
static int check_kind(const struct arguments *args, uint32_t kind)
{
	bool counts = has_option(args, OPT_INITIAL) ||
		      has_option(args, OPT_MAX);

	if (kind == IPCX_SEM_LOCK && counts)
		return msg(CTL_USAGE, "a lock has no --initial and no --max");
	if (kind == IPCX_SEM_PLAIN && has_option(args, OPT_ON_DEATH))
		return msg(CTL_USAGE, "--on-death is for owned semaphores and "
				      "locks");
	return CTL_OK;
}

static int option_counts(const struct arguments *args,
			 struct ipcx_sem_config *config)
{
	const uint64_t most = IPCX_SEM_VALUE_MAX;

	if (option_number(args, OPT_INITIAL, 0, most, &config->initial) ||
	    option_number(args, OPT_MAX, 1, most, &config->max))
		return CTL_USAGE;
	/* Nobody can add units to an owned one: it starts full. */
	if (config->kind == IPCX_SEM_OWNED) {
		if (!has_option(args, OPT_MAX))
			config->max = config->initial ? config->initial : 1;
		if (!has_option(args, OPT_INITIAL))
			config->initial = config->max;
	}
	if (config->max && config->initial > config->max)
		return msg(CTL_USAGE, "--initial: %u is above --max %u",
			   config->initial, config->max);
	return CTL_OK;
}

static int create_sem(const struct arguments *args, struct ipcx *ipcx,
		      const struct creation *creation,
		      const struct ipcx_sem_config *config)
{
	struct ipcx_sem *sem;
	int r;

	r = ipcx_sem_create(ipcx, args->operand[0], config, &sem);
	if (r < 0)
		return msg_error(r, "%s", args->operand[0]);
	r = creation_finish(args, creation, ipcx_sem_fd(sem),
			    ipcx_sem_is_new(sem));
	ipcx_sem_free(sem);
	return r;
}

static int create_lock(const struct arguments *args, struct ipcx *ipcx,
		       const struct creation *creation,
		       const struct ipcx_sem_config *config)
{
	struct ipcx_lock_config lock_config = {
		.order = config->order,
		.on_death = IPCX_DEATH_REPORT,
		.flags = config->flags,
		.mode = config->mode,
		.lease_ns = config->lease_ns,
	};
	struct ipcx_lock *lock;
	int r;

	if (has_option(args, OPT_ON_DEATH))
		lock_config.on_death = config->on_death;
	r = ipcx_lock_create(ipcx, args->operand[0], &lock_config, &lock);
	if (r < 0)
		return msg_error(r, "%s", args->operand[0]);
	r = creation_finish(args, creation, ipcx_lock_fd(lock),
			    ipcx_lock_is_new(lock));
	ipcx_lock_free(lock);
	return r;
}

static int sem_create_run(const struct arguments *args)
{
	struct ipcx_sem_config config = { 0 };
	struct creation creation;
	struct ipcx *ipcx;
	int r;

	if (operand_name(args, 0) || option_creation(args, &creation) ||
	    option_word(args, OPT_KIND, kind_words, &config.kind) ||
	    option_word(args, OPT_ORDER, order_words, &config.order) ||
	    option_word(args, OPT_ON_DEATH, on_death_words, &config.on_death) ||
	    check_kind(args, config.kind) || option_counts(args, &config))
		return CTL_USAGE;
	config.flags = creation.flags;
	config.mode = creation.mode;
	config.lease_ns = creation.lease_ns;
	if (has_option(args, OPT_BARGING))
		config.flags |= IPCX_SEM_F_BARGING;

	r = device_open(&ipcx);
	if (r)
		return r;
	if (config.kind == IPCX_SEM_LOCK)
		r = create_lock(args, ipcx, &creation, &config);
	else
		r = create_sem(args, ipcx, &creation, &config);
	ipcx_close(ipcx);
	return r;
}

static int take(const char *name, struct ipcx_sem *sem, uint32_t units,
		const struct patience *patience)
{
	struct ipcx_deadline deadline;
	int r;

	r = ipcx_sem_wait_n(sem, units, patience_deadline(patience, &deadline),
			    NULL);
	return r < 0 ? msg_error(r, "%s", name) : CTL_OK;
}

static int sem_p_run(const struct arguments *args)
{
	const char *name = args->operand[0];
	struct ipcx_sem_stat stat = { 0 };
	struct patience patience;
	struct ipcx_sem *sem;
	struct ipcx *ipcx;
	uint32_t units;
	int r;

	if (operand_name(args, 0) || operand_units(args, 1, &units) ||
	    option_patience(args, &patience))
		return CTL_USAGE;
	r = device_open(&ipcx);
	if (r)
		return r;
	r = sem_open_kind(ipcx, name, IPCX_RIGHT_READ, &sem, &stat);
	ipcx_close(ipcx);
	if (r)
		return r;
	if (stat.out_kind != IPCX_SEM_PLAIN)
		r = msg(CTL_ERROR,
			"%s is %s: its units would come back when ipcxctl "
			"exits; use 'ipcxctl sem run %s -- COMMAND'",
			name,
			stat.out_kind == IPCX_SEM_LOCK ? "a lock" : "owned",
			name);
	if (!r)
		r = sem_check_units(name, units, &stat);
	if (!r)
		r = take(name, sem, units, &patience);
	ipcx_sem_free(sem);
	return r;
}

static int sem_v_run(const struct arguments *args)
{
	const char *name = args->operand[0];
	struct ipcx_sem_stat stat = { 0 };
	struct ipcx_sem *sem;
	struct ipcx *ipcx;
	uint32_t units;
	int r;

	if (operand_name(args, 0) || operand_units(args, 1, &units))
		return CTL_USAGE;
	r = device_open(&ipcx);
	if (r)
		return r;
	r = sem_open_kind(ipcx, name, IPCX_RIGHT_WRITE, &sem, &stat);
	ipcx_close(ipcx);
	if (r)
		return r;
	if (stat.out_kind != IPCX_SEM_PLAIN) {
		r = msg(CTL_DENIED,
			"%s: only the process that took units of %s can give "
			"them back",
			name,
			stat.out_kind == IPCX_SEM_LOCK ? "a lock" :
							 "an owned semaphore");
	} else {
		r = ipcx_sem_post_n(sem, units);
		r = r < 0 ? msg_error(r, "%s", name) : CTL_OK;
	}
	ipcx_sem_free(sem);
	return r;
}

static int sem_value_run(const struct arguments *args)
{
	struct ipcx_sem_stat stat = { 0 };
	struct ipcx_sem *sem;
	struct ipcx *ipcx;
	int r;

	if (operand_name(args, 0))
		return CTL_USAGE;
	r = device_open(&ipcx);
	if (r)
		return r;
	r = sem_open_kind(ipcx, args->operand[0], IPCX_RIGHT_READ, &sem, &stat);
	ipcx_close(ipcx);
	if (r)
		return r;
	printf("%" PRIu32 "\n", stat.out_value);
	ipcx_sem_free(sem);
	return CTL_OK;
}

static const struct option_spec create_options[] = {
	{ "kind", OPT_KIND, "KIND", "plain (default), owned or lock" },
	{ "initial", OPT_INITIAL, "N", "Units at the start; owned: the max" },
	{ "max", OPT_MAX, "N", "Most units there can be; owned: 1" },
	{ "order", OPT_ORDER, "ORDER", "Who is served first: fifo or prio" },
	{ "on-death", OPT_ON_DEATH, "WHAT",
	  "return, report or keep its units" },
	{ "barging", OPT_BARGING, NULL, "Free units may overtake waiters" },
	{ NULL },
};

const struct command sem_create_command = {
	.name = "sem create",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Create a semaphore or a lock",
	.text = "It is always persistent, for otherwise it would go with the "
		"last handle, which is\nipcxctl's: it stays until 'rm', "
		"'destroy', or until its lease runs out. A semaphore\nthat has "
		"the name already stays as it is, unless --excl is given.",
	.options = create_options,
	.shared = creation_options,
	.run = sem_create_run,
};

const struct command sem_p_command = {
	.name = "sem p",
	.operands = "NAME [N]",
	.min_operands = 1,
	.max_operands = 2,
	.summary = "Take N units (1), waiting for them",
	.text = "Only for plain semaphores; see 'sem run' for the others.",
	.shared = patience_options,
	.run = sem_p_run,
};

const struct command sem_v_command = {
	.name = "sem v",
	.operands = "NAME [N]",
	.min_operands = 1,
	.max_operands = 2,
	.summary = "Give N units (1)",
	.text = "Only for plain semaphores.",
	.run = sem_v_run,
};

const struct command sem_value_command = {
	.name = "sem value",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Print how many units are free",
	.run = sem_value_run,
};
