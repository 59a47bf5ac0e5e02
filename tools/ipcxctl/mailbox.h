/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands on mailboxes share. */
#ifndef IPCXCTL_MAILBOX_H
#define IPCXCTL_MAILBOX_H

#include <ipcx.h>

#include "command.h"

extern const char *const when_full_words[];

/* Opens a mailbox by its name; CTL_OK, or another status after a message. */
int mailbox_open(const char *name, uint32_t rights,
		 struct ipcx_mailbox **ret_mailbox);

/* Which messages, from --tag; all when it is not given. */
int option_tags(const struct arguments *args, struct ipcx_mailbox_want *ret);

#endif /* IPCXCTL_MAILBOX_H */
