/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inboxes: direct messages to a process, which is named by its pid or by a
 * pidfd. No name has to be agreed first.
 *
 * An inbox is a mailbox, and so is what others have of it: all calls of
 * <ipcx/mailbox.h> work on both. Only the process that made it receives from it.
 * It ends with that process, with an exec of it, and when it is freed; then who
 * has it open gets -EIDRM, also when the pid belongs to another process by then.
 */
#ifndef LIBIPCX_INBOX_H
#define LIBIPCX_INBOX_H

#include <ipcx/context.h>
#include <ipcx/mailbox.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * ipcx_inbox_open() - Make the inbox of the calling process
 * @ipcx: The context
 * @config: How it shall be, as for ipcx_mailbox_create(); its mode says by the
 *	bits w who may send. NULL stands for all zeros: processes of the same user
 * @ret_inbox: The inbox; free it with ipcx_mailbox_free()
 *
 * Return: 0; -EEXIST: the process has one; else as ipcx_mailbox_create().
 * Since: 0.1
 */
int ipcx_inbox_open(struct ipcx *ipcx, const struct ipcx_mailbox_config *config,
		    struct ipcx_mailbox **ret_inbox);

/**
 * ipcx_inbox_find() - Open the inbox of another process, to send to it
 * @ipcx: The context
 * @pid: The process, in the caller's pid namespace
 * @ret_mailbox: Its inbox; free it with ipcx_mailbox_free()
 *
 * Return: 0; -ESRCH: there is no such process, or it has died; -ENXIO: it has no
 * inbox in the network namespace of @ipcx; -EACCES: the mode of the inbox does
 * not let the caller send; -EINVAL: @pid is not above 0; -EDQUOT, -ENOSPC,
 * -EMFILE, -ENFILE, -ENOMEM.
 * Since: 0.1
 */
int ipcx_inbox_find(struct ipcx *ipcx, pid_t pid,
		    struct ipcx_mailbox **ret_mailbox);

/**
 * ipcx_inbox_find_pidfd() - The same of the process that a pidfd stands for
 * @ipcx: The context
 * @pidfd: The pidfd
 * @ret_mailbox: Its inbox; free it with ipcx_mailbox_free()
 *
 * Never that of a process to which the pid has gone since. Reads /proc/self.
 *
 * Return: As ipcx_inbox_find(); -EBADF: @pidfd is none; -ESRCH, too, for a
 * process that is not visible in the caller's pid namespace; -ENOENT: there is
 * no /proc.
 * Since: 0.1
 */
int ipcx_inbox_find_pidfd(struct ipcx *ipcx, int pidfd,
			  struct ipcx_mailbox **ret_mailbox);

/**
 * ipcx_inbox_send() - Send one message to a process
 * @ipcx: The context
 * @pid: The process, in the caller's pid namespace
 * @data: The payload
 * @size: Its size in bytes
 *
 * For more than one, ipcx_inbox_find() is faster, and sure to meet the same
 * process again.
 *
 * Return: As ipcx_inbox_find() and ipcx_mailbox_send().
 * Since: 0.1
 */
int ipcx_inbox_send(struct ipcx *ipcx, pid_t pid, const void *data,
		    size_t size);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_INBOX_H */
