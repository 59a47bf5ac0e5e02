/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands on /dev/ipcx share: opening it, waiting, lives of objects. */
#ifndef IPCXCTL_DEVICE_H
#define IPCXCTL_DEVICE_H

#include <ipcx.h>

#include "command.h"
#include "output.h"

/* Opens /dev/ipcx; CTL_OK, or another status after a message. */
int device_open(struct ipcx **ret_ipcx);

/* How long a call may sleep, from --timeout and --nowait. */
struct patience {
	enum {
		FOREVER,
		NOT_AT_ALL,
		FOR_SOME_TIME
	} how;
	uint64_t ns;
};

int option_patience(const struct arguments *args, struct patience *ret);

/* The deadline of a call that begins now; @buffer may hold it. */
const struct ipcx_deadline *patience_deadline(const struct patience *patience,
					      struct ipcx_deadline *buffer);

/* What all creating commands know. */
struct creation {
	uint32_t flags;
	uint32_t mode;
	uint64_t lease_ns;
};

int option_creation(const struct arguments *args, struct creation *ret);

/* What is left to do or say when object @fd was created, or only opened. */
int creation_finish(const struct arguments *args,
		    const struct creation *creation, int fd, bool is_new);

/* --mode, --excl, --lease, --persistent */
extern const struct option_spec creation_options[];

/* --timeout, --nowait */
extern const struct option_spec patience_options[];

#endif /* IPCXCTL_DEVICE_H */
