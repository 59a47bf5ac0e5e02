// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Inboxes.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <ipcx/inbox.h>

#include "internal.h"

IPCX_EXPORT int ipcx_inbox_open(struct ipcx *ipcx,
				const struct ipcx_mailbox_config *config,
				struct ipcx_mailbox **ret_inbox)
{
	struct ipcx_mailbox_config inbox = { 0 };

	if (config)
		inbox = *config;
	inbox.flags |= IPCX_MAILBOX_F_INBOX;
	return ipcx_mailbox_create(ipcx, NULL, &inbox, ret_inbox);
}

IPCX_EXPORT int ipcx_inbox_find(struct ipcx *ipcx, pid_t pid,
				struct ipcx_mailbox **ret_mailbox)
{
	struct ipcx_inbox_find arg = { .pid = pid };
	int err;

	assert(ipcx);
	err = ipcx_ioctl(ipcx_fd(ipcx), IPCX_IOC_INBOX_FIND, &arg);
	return err ? err : ipcx_mailbox_adopt(arg.out_fd, ret_mailbox);
}

/* The pid in the text that the kernel has about a pidfd, or a negative errno. */
static pid_t pid_of_text(FILE *text)
{
	char line[128];
	int pid;

	while (fgets(line, sizeof(line), text))
		if (sscanf(line, "Pid: %d", &pid) == 1)
			return pid > 0 ? pid : -ESRCH;
	return -EBADF;
}

static pid_t pid_of_pidfd(int pidfd)
{
	char path[64];
	FILE *text;
	pid_t pid;

	if (pidfd < 0)
		return -EBADF;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	text = fopen(path, "re");
	if (!text && errno == ENOENT)
		return access("/proc/self/fdinfo", F_OK) ? -ENOENT : -EBADF;
	if (!text)
		return -errno;
	pid = pid_of_text(text);
	fclose(text);
	return pid;
}

static bool pidfd_lives(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

IPCX_EXPORT int ipcx_inbox_find_pidfd(struct ipcx *ipcx, int pidfd,
				      struct ipcx_mailbox **ret_mailbox)
{
	struct ipcx_mailbox *mailbox;
	int saved = errno, err;
	pid_t pid;

	pid = pid_of_pidfd(pidfd);
	err = pid < 0 ? (int)pid : ipcx_inbox_find(ipcx, pid, &mailbox);
	/* While its process lives a pid is nobody else's: so it was the one. */
	if (!err && !pidfd_lives(pidfd)) {
		ipcx_mailbox_free(mailbox);
		err = -ESRCH;
	}
	errno = saved;
	if (!err)
		*ret_mailbox = mailbox;
	return err;
}

IPCX_EXPORT int ipcx_inbox_send(struct ipcx *ipcx, pid_t pid, const void *data,
				size_t size)
{
	struct ipcx_mailbox *mailbox;
	int err;

	err = ipcx_inbox_find(ipcx, pid, &mailbox);
	if (err)
		return err;
	err = ipcx_mailbox_send(mailbox, data, size);
	ipcx_mailbox_free(mailbox);
	return err;
}
