/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages as objects: built piece by piece, and received without thinking of
 * buffers.
 *
 * For who sends a few bytes, ipcx_mailbox_send() is all there is to know. A
 * &struct ipcx_message is for everything else: parts, descriptors, priority, tag
 * and lifetime on the one side; on the other a payload of any length, which is
 * copied or mapped, whichever is cheaper, and descriptors that are closed if
 * nobody takes them.
 *
 * One object may be used again and again, and either way. It is not for several
 * threads at once.
 */
#ifndef LIBIPCX_MESSAGE_H
#define LIBIPCX_MESSAGE_H

#include <ipcx/context.h>
#include <ipcx/deadline.h>
#include <ipcx/mailbox.h>
#include <linux/ipcx.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ipcx_message;

/**
 * ipcx_message_new() - Make an empty message
 * @ret_message: The message; free it with ipcx_message_free()
 *
 * It has no payload and no descriptors, priority 0, tag 0, and no limit to its
 * lifetime.
 *
 * Return: 0; -ENOMEM.
 * Since: 0.1
 */
int ipcx_message_new(struct ipcx_message **ret_message);

/**
 * ipcx_message_free() - Free a message
 * @message: The message, or NULL
 *
 * With what was received in it: the payload, and descriptors that were not
 * taken. Those that were added to be sent stay the caller's.
 *
 * Since: 0.1
 */
void ipcx_message_free(struct ipcx_message *message);

/**
 * ipcx_message_reset() - Make it empty again
 * @message: The message
 *
 * Since: 0.1
 */
void ipcx_message_reset(struct ipcx_message *message);

/**
 * ipcx_message_append() - Add to the payload
 * @message: The message
 * @data: What, of which a copy is made
 * @size: Its size in bytes
 *
 * Return: 0; -EMSGSIZE: there are IPCX_PARTS_MAX parts, or the payload would be
 * longer than IPCX_MESSAGE_SIZE_MAX; -ENOMEM.
 * Since: 0.1
 */
int ipcx_message_append(struct ipcx_message *message, const void *data,
			size_t size);

/**
 * ipcx_message_append_ref() - Add to the payload, without a copy
 * @message: The message
 * @data: What; it is read when the message is sent, and must be there until the
 *	message is reset or freed
 * @size: Its size in bytes
 *
 * Return: As ipcx_message_append().
 * Since: 0.1
 */
int ipcx_message_append_ref(struct ipcx_message *message, const void *data,
			    size_t size);

/**
 * ipcx_message_append_fd() - Add a descriptor
 * @message: The message
 * @fd: The descriptor, which stays the caller's, and must be open when the
 *	message is sent
 *
 * For mailboxes that were created with IPCX_MAILBOX_F_FDS.
 *
 * Return: 0; -EMSGSIZE: there are IPCX_MESSAGE_FDS_MAX; -EBADF: @fd is negative;
 * -ENOMEM.
 * Since: 0.1
 */
int ipcx_message_append_fd(struct ipcx_message *message, int fd);

/**
 * ipcx_message_set_priority() - Set the priority
 * @message: The message
 * @priority: 0 to IPCX_PRIORITY_MAX; the highest is received first
 *
 * Since: 0.1
 */
void ipcx_message_set_priority(struct ipcx_message *message, uint32_t priority);

/**
 * ipcx_message_set_tag() - Set the tag
 * @message: The message
 * @tag: Any number, by which receivers may choose
 *
 * Since: 0.1
 */
void ipcx_message_set_tag(struct ipcx_message *message, uint64_t tag);

/**
 * ipcx_message_set_lifetime() - Set how long it may wait to be received
 * @message: The message
 * @lifetime_ns: In nanoseconds, 0 for no limit
 *
 * Since: 0.1
 */
void ipcx_message_set_lifetime(struct ipcx_message *message,
			       uint64_t lifetime_ns);

/**
 * ipcx_message_send() - Send it
 * @message: The message, which stays as it is
 * @mailbox: To where
 * @when_full: &enum ipcx_when_full
 * @deadline: Until when to wait for room, NULL for ever
 *
 * Return: As ipcx_mailbox_send_messages(); -EBADF: a descriptor is not open any
 * more; -EOPNOTSUPP: the mailbox takes none; -ELOOP: one of them can itself carry
 * descriptors, or is an epoll.
 * Since: 0.1
 */
int ipcx_message_send(const struct ipcx_message *message,
		      struct ipcx_mailbox *mailbox, uint32_t when_full,
		      const struct ipcx_deadline *deadline);

/**
 * ipcx_message_send_all() - Send it to several mailboxes, all or none
 * @message: The message, which stays as it is
 * @ipcx: The context
 * @mailboxes: To where; none of them twice
 * @count: How many, 1 to IPCX_SEND_ALL_MAX
 * @when_full: &enum ipcx_when_full; IPCX_FULL_DEFAULT stands for IPCX_FULL_WAIT
 * @deadline: Until when to wait for room in all of them, NULL for ever
 * @ret_index: After an error: which of them is the reason, @count if none is;
 *	may be NULL
 *
 * All of them have it at the same moment.
 *
 * Return: As ipcx_message_send().
 * Since: 0.1
 */
int ipcx_message_send_all(const struct ipcx_message *message, struct ipcx *ipcx,
			  struct ipcx_mailbox *const *mailboxes, uint32_t count,
			  uint32_t when_full,
			  const struct ipcx_deadline *deadline,
			  uint32_t *ret_index);

/**
 * ipcx_message_receive() - Receive a message
 * @message: Becomes what is received; what it was before is gone, also on
 *	failure
 * @mailbox: From where
 * @want: Which; NULL stands for any
 * @deadline: Until when to wait, NULL for ever
 *
 * Return: 0; else as ipcx_mailbox_receive_messages(); -EMFILE: there is no room
 * for its descriptors; -EDQUOT, -ENOMEM: nor for the payload. The message stays
 * in the mailbox then.
 * Since: 0.1
 */
int ipcx_message_receive(struct ipcx_message *message,
			 struct ipcx_mailbox *mailbox,
			 const struct ipcx_mailbox_want *want,
			 const struct ipcx_deadline *deadline);

/**
 * ipcx_message_receive_pidfd() - The same, with a pidfd of its sender
 * @message: See there
 * @mailbox: See there
 * @want: See there
 * @deadline: See there
 * @ret_pidfd: A pidfd of the process that sent it, for sure, with close-on-exec;
 *	the caller closes it. -1: the process has died, or called exec, since,
 *	or is not visible in the caller's pid namespace
 *
 * Costs two calls to the kernel more, and one for every message that another
 * receiver takes in between.
 *
 * Return: As ipcx_message_receive(); -EMFILE, -ENFILE, -ENOMEM, too, when the
 * pidfd cannot be had, and the message stays.
 * Since: 0.1
 */
int ipcx_message_receive_pidfd(struct ipcx_message *message,
			       struct ipcx_mailbox *mailbox,
			       const struct ipcx_mailbox_want *want,
			       const struct ipcx_deadline *deadline,
			       int *ret_pidfd);

/**
 * ipcx_message_data() - The payload of a message that was received
 * @message: The message
 * @ret_size: Its size in bytes; may be NULL
 *
 * Return: the payload, which is read only and the message's, until it is
 * received into again, reset or freed; NULL when nothing was received.
 * Since: 0.1
 */
const void *ipcx_message_data(const struct ipcx_message *message,
			      size_t *ret_size);

/**
 * ipcx_message_facts() - What else is known of a message that was received
 * @message: The message
 *
 * Return: what the kernel has told: priority, tag, sender, time; the message's.
 * All zeros when nothing was received.
 * Since: 0.1
 */
const struct ipcx_recv_message *
ipcx_message_facts(const struct ipcx_message *message);

/**
 * ipcx_message_take_fd() - Take a descriptor of a message that was received
 * @message: The message
 * @index: Which, 0 being the first that was added
 *
 * Return: the descriptor, with close-on-exec, which is the caller's from now on;
 * -ENOENT: there is none at @index, or it was taken.
 * Since: 0.1
 */
int ipcx_message_take_fd(struct ipcx_message *message, uint32_t index);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_MESSAGE_H */
