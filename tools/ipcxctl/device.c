// SPDX-License-Identifier: GPL-2.0-or-later
/* What commands on /dev/ipcx share. */
#include <errno.h>

#include "device.h"

const struct option_spec creation_options[] = {
	{ "mode", OPT_MODE, "MODE", "Octal mode less the umask; 0600" },
	{ "excl", OPT_EXCL, NULL, "Fail when the name is taken" },
	{ "lease", OPT_LEASE, "TIME", "Remove it when unused for so long" },
	{ "persistent", OPT_PERSISTENT, NULL, "The default, see above" },
	{ NULL },
};

const struct option_spec patience_options[] = {
	{ "timeout", OPT_TIMEOUT, "TIME", "Wait no longer than this" },
	{ "nowait", OPT_NOWAIT, NULL, "Do not wait at all" },
	{ NULL },
};

int device_open(struct ipcx **ret_ipcx)
{
	int r = ipcx_open(NULL, ret_ipcx);

	switch (r) {
	case 0:
		return CTL_OK;
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return msg(CTL_NO_IPCX, "there is no %s; is the module loaded?",
			   IPCX_DEVICE);
	default:
		return msg_error(r, "cannot open %s", IPCX_DEVICE);
	}
}

int option_patience(const struct arguments *args, struct patience *ret)
{
	if (has_option(args, OPT_TIMEOUT) && has_option(args, OPT_NOWAIT))
		return msg(CTL_USAGE,
			   "--timeout and --nowait exclude each other");
	ret->ns = 0;
	ret->how = FOREVER;
	if (has_option(args, OPT_TIMEOUT))
		ret->how = FOR_SOME_TIME;
	else if (has_option(args, OPT_NOWAIT))
		ret->how = NOT_AT_ALL;
	return option_duration(args, OPT_TIMEOUT, &ret->ns);
}

const struct ipcx_deadline *patience_deadline(const struct patience *patience,
					      struct ipcx_deadline *buffer)
{
	if (patience->how == FOREVER)
		return NULL;
	if (patience->how == NOT_AT_ALL)
		return IPCX_NOWAIT;
	*buffer = ipcx_deadline_in(patience->ns);
	return buffer;
}

int option_creation(const struct arguments *args, struct creation *ret)
{
	ret->flags = IPCX_CREATE_F_PERSISTENT;
	ret->mode = 0600;
	ret->lease_ns = 0;
	if (has_option(args, OPT_EXCL))
		ret->flags |= IPCX_CREATE_F_EXCL;
	if (option_mode(args, OPT_MODE, &ret->mode) ||
	    option_duration(args, OPT_LEASE, &ret->lease_ns))
		return CTL_USAGE;
	return CTL_OK;
}

int creation_finish(const struct arguments *args,
		    const struct creation *creation, int fd, bool is_new)
{
	const char *name = args->operand[0];
	int r;

	if (!is_new) {
		msg(CTL_OK, "%s existed already and is as it was", name);
		return CTL_OK;
	}
	/* To the library, mode 0 is the default mode. */
	r = creation->mode ? 0 : ipcx_object_set_mode(fd, 0);
	return r < 0 ? msg_error(r, "%s: --mode", name) : CTL_OK;
}
