// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regions: create, read, write.
 *
 * Only copying is done under a region's lock, never input or output: a pipe
 * that nobody reads must not stop those who share the region.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "input.h"

/* A part of a region that is mapped. */
struct window {
	struct ipcx_region *region;
	char *memory;
	size_t size;
	size_t offset;
	size_t length;
};

static int region_create_run(const struct arguments *args)
{
	struct ipcx_region_config config = { 0 };
	const char *name = args->operand[0];
	struct ipcx_region *region;
	struct creation creation;
	struct ipcx *ipcx;
	int r;

	if (operand_name(args, 0) || operand_size(args, 1, &config.size) ||
	    option_creation(args, &creation))
		return CTL_USAGE;
	if (!config.size)
		return msg(CTL_USAGE, "SIZE: a region cannot be empty");
	config.flags = creation.flags;
	config.mode = creation.mode;
	config.lease_ns = creation.lease_ns;
	if (has_option(args, OPT_RESERVE))
		config.flags |= IPCX_REGION_F_RESERVE;
	if (has_option(args, OPT_HUGE))
		config.flags |= IPCX_REGION_F_HUGE;

	r = device_open(&ipcx);
	if (r)
		return r;
	r = ipcx_region_create(ipcx, name, &config, &region);
	ipcx_close(ipcx);
	if (r < 0)
		return msg_error(r, "%s", name);
	r = creation_finish(args, &creation, ipcx_region_fd(region),
			    ipcx_region_is_new(region));
	ipcx_region_free(region);
	return r;
}

static void window_close(struct window *window)
{
	ipcx_region_unmap(window->memory, window->size);
	ipcx_region_free(window->region);
}

static int window_open(struct window *window, const char *name, uint32_t rights,
		       int prot)
{
	struct ipcx *ipcx;
	void *memory;
	int r;

	r = device_open(&ipcx);
	if (r)
		return r;
	r = ipcx_region_open(ipcx, name, rights, &window->region);
	ipcx_close(ipcx);
	if (r < 0)
		return msg_error(r, "%s", name);
	r = ipcx_region_map(window->region, prot, &memory, &window->size);
	if (r == 0) {
		window->memory = memory;
		return CTL_OK;
	}
	ipcx_region_free(window->region);
	if (r == -EPERM)
		return msg(CTL_DENIED, "%s is sealed", name);
	return msg_error(r, "%s: cannot map it", name);
}

/* From --offset to --length or the end. */
static int window_set(struct window *window, const struct arguments *args,
		      uint64_t offset, uint64_t length)
{
	const char *name = args->operand[0];
	uint64_t room;

	if (offset > window->size)
		return msg(CTL_ERROR, "--offset: %s has only %zu bytes", name,
			   window->size);
	room = window->size - offset;
	if (!has_option(args, OPT_LENGTH))
		length = room;
	if (length > room)
		return msg(CTL_ERROR,
			   "--length: %s has only %" PRIu64
			   " bytes from %" PRIu64 " on",
			   name, room, offset);
	window->offset = (size_t)offset;
	window->length = (size_t)length;
	return CTL_OK;
}

/* A page of a region that was not reserved may not be had. */
static void on_sigbus(int signal)
{
	static const char text[] = "ipcxctl: no memory for a page of the region"
				   "; see 'region create --reserve'\n";
	ssize_t ignored;

	(void)signal;
	ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)ignored;
	_exit(CTL_ERROR);
}

/* Copies under the lock; the lock goes back by itself if the process ends. */
static int copy_locked(struct window *window, const struct arguments *args,
		       const struct patience *patience, uint32_t mode,
		       char *buffer)
{
	struct sigaction action = { .sa_handler = on_sigbus };
	const char *name = args->operand[0];
	struct ipcx_deadline deadline;
	pid_t dead_pid = 0;
	int r;

	sigaction(SIGBUS, &action, NULL);
	r = ipcx_region_lock(window->region, mode,
			     patience_deadline(patience, &deadline), &dead_pid);
	if (r == -EOWNERDEAD)
		msg(CTL_OK,
		    "%s: process %d died while it wrote, the data may be half "
		    "changed%s",
		    name, (int)dead_pid,
		    has_option(args, OPT_CONSISTENT) ? "" :
						       " (see --consistent of "
						       "'region write')");
	else if (r < 0)
		return msg_error(r, "%s: cannot lock it", name);
	if (mode == IPCX_LOCK_READ)
		memcpy(buffer, window->memory + window->offset, window->length);
	else
		memcpy(window->memory + window->offset, buffer, window->length);
	if (r == -EOWNERDEAD && has_option(args, OPT_CONSISTENT)) {
		r = ipcx_region_consistent(window->region);
		if (r < 0)
			return msg_error(r, "%s: --consistent", name);
	}
	r = ipcx_region_unlock(window->region);
	return r < 0 ? msg_error(r, "%s: cannot unlock it", name) : CTL_OK;
}

static int region_read_run(const struct arguments *args)
{
	uint64_t offset = 0, length = 0;
	struct patience patience;
	struct window window;
	char *buffer = NULL;
	int r;

	if (operand_name(args, 0) || option_size(args, OPT_OFFSET, &offset) ||
	    option_size(args, OPT_LENGTH, &length) ||
	    option_patience(args, &patience))
		return CTL_USAGE;
	r = window_open(&window, args->operand[0], IPCX_RIGHT_READ, PROT_READ);
	if (r)
		return r;
	r = window_set(&window, args, offset, length);
	if (r)
		goto out_close;
	buffer = malloc(window.length ? window.length : 1);
	if (!buffer) {
		r = msg(CTL_ERROR, "no memory for %zu bytes; try --length",
			window.length);
		goto out_close;
	}
	r = copy_locked(&window, args, &patience, IPCX_LOCK_READ, buffer);
	if (!r)
		r = output_write(buffer, window.length);
	free(buffer);

out_close:
	window_close(&window);
	return r;
}

static int region_write_run(const struct arguments *args)
{
	struct patience patience;
	struct window window;
	char *buffer = NULL;
	uint64_t offset = 0;
	size_t length = 0;
	int r;

	if (operand_name(args, 0) || option_size(args, OPT_OFFSET, &offset) ||
	    option_patience(args, &patience))
		return CTL_USAGE;
	r = window_open(&window, args->operand[0],
			IPCX_RIGHT_READ | IPCX_RIGHT_WRITE,
			PROT_READ | PROT_WRITE);
	if (r)
		return r;
	r = window_set(&window, args, offset, 0);
	if (!r)
		r = input_all(window.length, &buffer, &length);
	if (!r && length > window.length)
		r = msg(CTL_ERROR,
			"the input is too much: %s has %zu bytes from %zu on; "
			"nothing was written",
			args->operand[0], window.length, window.offset);
	if (!r) {
		window.length = length;
		r = copy_locked(&window, args, &patience, IPCX_LOCK_WRITE,
				buffer);
	}
	free(buffer);
	window_close(&window);
	return r;
}

static const struct option_spec create_options[] = {
	{ "reserve", OPT_RESERVE, NULL, "Take all memory now" },
	{ "huge", OPT_HUGE, NULL, "Use huge pages where they can be had" },
	{ NULL },
};

static const struct option_spec read_options[] = {
	{ "offset", OPT_OFFSET, "SIZE", "Where to begin; 0" },
	{ "length", OPT_LENGTH, "SIZE", "How much; up to the end" },
	{ NULL },
};

static const struct option_spec write_options[] = {
	{ "offset", OPT_OFFSET, "SIZE", "Where to begin; 0" },
	{ "consistent", OPT_CONSISTENT, NULL,
	  "If a writer died before: say that all is well" },
	{ NULL },
};

const struct command region_create_command = {
	.name = "region create",
	.operands = "NAME SIZE",
	.min_operands = 2,
	.max_operands = 2,
	.summary = "Create a region of shared memory",
	.text = "It is always persistent, for otherwise it would go with the "
		"last handle, which is\nipcxctl's: it stays until 'rm', "
		"'destroy', or until its lease runs out. A region\nthat has "
		"the name already stays as it is, unless --excl is given.\n"
		"SIZE is rounded up to whole pages: 4096, 64K, 8MiB.",
	.options = create_options,
	.shared = creation_options,
	.run = region_create_run,
};

const struct command region_read_command = {
	.name = "region read",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Copy a region to standard output",
	.text = "It is copied under the read lock, so nobody's write shows in "
		"part.",
	.options = read_options,
	.shared = patience_options,
	.run = region_read_run,
};

const struct command region_write_command = {
	.name = "region write",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "Copy standard input to a region",
	.text = "All input is read first; it is then copied under the write "
		"lock, or, if it is too\nmuch for the region, not at all.",
	.options = write_options,
	.shared = patience_options,
	.run = region_write_run,
};
