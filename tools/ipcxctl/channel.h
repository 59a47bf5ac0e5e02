/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands on channels share. */
#ifndef IPCXCTL_CHANNEL_H
#define IPCXCTL_CHANNEL_H

#include <ipcx.h>

#include "command.h"
#include "device.h"

/* An end of a channel, open as long as a command runs. */
struct channel_end {
	struct ipcx_channel *handle;
	const char *where; /* for messages */
	uint32_t which; /* &enum ipcx_channel_end */
	struct ipcx_channel_stat before; /* it was opened */
	struct patience patience;
};

static inline bool channel_has(const struct channel_end *end, uint32_t flag)
{
	return end->before.out_flags & flag;
}

/* Facts about a channel, without opening an end of it; 0 or -errno. */
int channel_look(struct ipcx *ipcx, const char *name, uint32_t rights,
		 struct ipcx_channel_stat *ret_stat);

/*
 * Opens @which, or in a channel with turns the one that --end says, as @flags,
 * &enum ipcx_channel_open_flags, say; but it does not wait for the other end when
 * there is something to read. CTL_OK, or another status after a message.
 */
int channel_end_open(const struct arguments *args, uint32_t which,
		     uint32_t flags, struct channel_end *ret);

/* As msg_error(), for what calls on an end return. */
int channel_failed(const struct channel_end *end, int error);

/* Until one of poll()'s @events may have come: 0, -EAGAIN or -ETIMEDOUT. */
int channel_poll(const struct channel_end *end, short events,
		 const struct ipcx_deadline *deadline);

/*
 * Waits for the turn. What comes before it is for @hear, which returns CTL_OK when
 * there is nothing more. CTL_OK, or another status after a message.
 */
int channel_await_turn(const struct channel_end *end,
		       int (*hear)(const struct channel_end *end));

/* Copies to standard output what can be read without waiting. */
int channel_drain(const struct channel_end *end);

/* --end, and those of patience_options */
extern const struct option_spec channel_end_options[];

#endif /* IPCXCTL_CHANNEL_H */
