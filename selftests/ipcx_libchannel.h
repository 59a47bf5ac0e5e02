/* SPDX-License-Identifier: GPL-2.0-only */
/* Channels through the library, for the selftests. */
#ifndef IPCX_LIBCHANNEL_H
#define IPCX_LIBCHANNEL_H

#include <ipcx.h>

#include "ipcx_channel.h"

static inline const struct ipcx_deadline *soon(void)
{
	static __thread struct ipcx_deadline d;

	d = ipcx_deadline_in(T_LONG);
	return &d;
}

/* All of it, in however many parts. */
static inline int read_all(struct ipcx_channel *r, void *data, size_t size)
{
	char *to = data;
	size_t got;
	int err;

	while (size) {
		err = ipcx_channel_read(r, to, size, soon(), &got);
		if (err || !got)
			return err ? err : -ENODATA;
		to += got;
		size -= got;
	}
	return 0;
}

#endif /* IPCX_LIBCHANNEL_H */
