/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mailboxes: bounded queues of messages, each of which goes to exactly one
 * receiver.
 *
 * The simple case is two calls, ipcx_mailbox_send() and ipcx_mailbox_receive().
 * Whatever else a message can have (priority, tag, lifetime, parts) is a field
 * of &struct ipcx_send_message, and whatever a receiver can ask for one of
 * &struct ipcx_mailbox_want; fields that are 0 ask for nothing. Who would rather
 * have that built, and received, piece by piece finds it in <ipcx/message.h>.
 *
 * A message is received whole, or stays where it is: a buffer that is too short
 * gives -EMSGSIZE and the size, one that cannot be written to -EFAULT.
 */
#ifndef LIBIPCX_MAILBOX_H
#define LIBIPCX_MAILBOX_H

#include <ipcx/context.h>
#include <ipcx/deadline.h>
#include <linux/ipcx.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ipcx_mailbox;

/**
 * struct ipcx_mailbox_config - How a mailbox shall be
 * @flags: &enum ipcx_create_flags and &enum ipcx_mailbox_flags
 * @mode: Mode bits, less the umask; 0 stands for 0600
 * @rights: &enum ipcx_rights of the new handle; 0 stands for all
 * @order: &enum ipcx_order of those who wait
 * @when_full: &enum ipcx_when_full of sends that do not say
 * @max_messages: Most messages; 0 stands for 4096
 * @max_size: Longest message in bytes; 0 stands for 65536
 * @max_bytes: Most bytes of payload; 0 stands for @max_messages times @max_size
 * @lease_ns: Lease of a persistent one in nanoseconds, 0 for none
 * @reserved: Must be 0
 * @reserved0: Must be 0
 *
 * All zeros is a mailbox as most want it.
 */
struct ipcx_mailbox_config {
	uint32_t flags;
	uint32_t mode;
	uint32_t rights;
	uint32_t order;
	uint32_t when_full;
	uint32_t max_messages;
	uint32_t max_size;
	uint32_t reserved0;
	uint64_t max_bytes;
	uint64_t lease_ns;
	uint64_t reserved[4];
};

/**
 * struct ipcx_mailbox_want - Which messages are wanted
 * @match: &enum ipcx_match
 * @reserved: Must be 0
 * @tag: See &enum ipcx_match
 * @tag_arg: See &enum ipcx_match
 */
struct ipcx_mailbox_want {
	uint32_t match;
	uint32_t reserved;
	uint64_t tag;
	uint64_t tag_arg;
};

/**
 * ipcx_mailbox_create() - Create a mailbox, or open it when it exists
 * @ipcx: The context
 * @name: Its name, or NULL for none
 * @config: How it shall be; NULL stands for all zeros
 * @ret_mailbox: The mailbox; free it with ipcx_mailbox_free()
 *
 * Without IPCX_CREATE_F_EXCL a mailbox that has the name is opened, and is as
 * its creator made it.
 *
 * Return: 0; -EEXIST; -EMEDIUMTYPE: the name belongs to another type; -EACCES:
 * it exists and its mode does not grant @config's rights; -EINVAL: a value of
 * @config or @name; -ENAMETOOLONG; -EDQUOT, -ENOSPC, -EMFILE, -ENFILE, -ENOMEM.
 * Since: 0.1
 */
int ipcx_mailbox_create(struct ipcx *ipcx, const char *name,
			const struct ipcx_mailbox_config *config,
			struct ipcx_mailbox **ret_mailbox);

/**
 * ipcx_mailbox_open() - Open a mailbox by its name
 * @ipcx: The context
 * @name: Its name
 * @rights: &enum ipcx_rights; 0 stands for READ and WRITE
 * @ret_mailbox: The mailbox; free it with ipcx_mailbox_free()
 *
 * Return: 0, or what ipcx_object_open() returns.
 * Since: 0.1
 */
int ipcx_mailbox_open(struct ipcx *ipcx, const char *name, uint32_t rights,
		      struct ipcx_mailbox **ret_mailbox);

/**
 * ipcx_mailbox_from_fd() - Make a mailbox of a descriptor
 * @fd: A handle of a mailbox: inherited, received, duplicated
 * @ret_mailbox: The mailbox, which owns @fd from now on; free it with
 *	ipcx_mailbox_free()
 *
 * On failure @fd stays the caller's.
 *
 * Return: 0; -EMEDIUMTYPE: an object of another type; -ENOTTY: not of ipcx;
 * -EBADF; -ENOMEM.
 * Since: 0.1
 */
int ipcx_mailbox_from_fd(int fd, struct ipcx_mailbox **ret_mailbox);

/**
 * ipcx_mailbox_free() - Close the mailbox
 * @mailbox: The mailbox, or NULL
 *
 * Messages stay while anybody else has it open, or while it is persistent.
 *
 * Since: 0.1
 */
void ipcx_mailbox_free(struct ipcx_mailbox *mailbox);

/**
 * ipcx_mailbox_fd() - The descriptor of a mailbox
 * @mailbox: The mailbox
 *
 * Return: the descriptor, which stays the mailbox's. It can be polled: POLLIN
 * while there is a message, POLLOUT while there is room for one.
 * Since: 0.1
 */
int ipcx_mailbox_fd(const struct ipcx_mailbox *mailbox);

/**
 * ipcx_mailbox_is_new() - Whether this handle's call created the mailbox
 * @mailbox: The mailbox
 *
 * Return: 1 when ipcx_mailbox_create() made it, 0 when it was opened.
 * Since: 0.1
 */
int ipcx_mailbox_is_new(const struct ipcx_mailbox *mailbox);

/**
 * ipcx_mailbox_send() - Send a message
 * @mailbox: To where
 * @data: The payload
 * @size: Its size in bytes
 *
 * Of priority 0 and tag 0. When there is no room it does what the mailbox was
 * created to do: by default it waits.
 *
 * Return: 0; -EMSGSIZE: longer than the mailbox allows; -EAGAIN: no room, and
 * it is not to wait; -EDQUOT: the same for the user's share, or a limit of the
 * user; -ENXIO: nobody can receive; -EACCES: the handle lacks WRITE; -EFAULT;
 * -EINTR; -EIDRM; -ENOSPC, -ENOMEM.
 * Since: 0.1
 */
int ipcx_mailbox_send(struct ipcx_mailbox *mailbox, const void *data,
		      size_t size);

/**
 * ipcx_mailbox_send_messages() - Send messages with all that they can have
 * @mailbox: To where
 * @messages: The messages
 * @count: How many, 1 to IPCX_BATCH_MAX
 * @when_full: &enum ipcx_when_full
 * @deadline: Until when the first waits for room, NULL for ever
 * @ret_count: How many were sent, which are the first ones; may be NULL when
 *	@count is 1
 *
 * In one call to the kernel. The others do not wait, and end the call when one
 * of them cannot be sent.
 *
 * Return: 0 when at least one was sent; else as ipcx_mailbox_send(); -EAGAIN,
 * -ETIMEDOUT; -EINVAL.
 * Since: 0.1
 */
int ipcx_mailbox_send_messages(struct ipcx_mailbox *mailbox,
			       const struct ipcx_send_message *messages,
			       uint32_t count, uint32_t when_full,
			       const struct ipcx_deadline *deadline,
			       uint32_t *ret_count);

/**
 * ipcx_mailbox_send_all() - Send one message to several mailboxes, all or none
 * @ipcx: The context
 * @mailboxes: To where; none of them twice
 * @count: How many, 1 to IPCX_SEND_ALL_MAX
 * @message: The message
 * @when_full: &enum ipcx_when_full; IPCX_FULL_DEFAULT stands for IPCX_FULL_WAIT
 * @deadline: Until when to wait for room in all of them, NULL for ever
 * @ret_index: After an error: which of them is the reason, @count if none is;
 *	may be NULL
 *
 * All of them have it at the same moment, and all have messages that were sent
 * so in the same order. Who waits keeps no room meanwhile.
 *
 * Return: 0; else as ipcx_mailbox_send_messages(); -EINVAL: one of them is named
 * twice, too.
 * Since: 0.1
 */
int ipcx_mailbox_send_all(struct ipcx *ipcx,
			  struct ipcx_mailbox *const *mailboxes, uint32_t count,
			  const struct ipcx_send_message *message,
			  uint32_t when_full,
			  const struct ipcx_deadline *deadline,
			  uint32_t *ret_index);

/**
 * ipcx_mailbox_receive() - Receive a message
 * @mailbox: From where
 * @data: The buffer
 * @size: Its size in bytes
 * @ret_size: Size of the message in bytes, also after -EMSGSIZE; may be NULL
 *
 * Waits until there is one.
 *
 * Return: 0; -EMSGSIZE: the message is longer than @size, and stays; -ENOBUFS:
 * it carries descriptors, and stays: see ipcx_message_receive(); -EACCES: the
 * handle lacks READ; -EFAULT: the buffer cannot be written to, and the
 * message stays; -EINTR; -EIDRM.
 * Since: 0.1
 */
int ipcx_mailbox_receive(struct ipcx_mailbox *mailbox, void *data, size_t size,
			 size_t *ret_size);

/**
 * ipcx_mailbox_receive_messages() - Receive messages, with all that is known
 * @mailbox: From where
 * @messages: Buffers, and where to tell of what was received
 * @count: How many at most, 1 to IPCX_BATCH_MAX
 * @want: Which; NULL stands for any
 * @deadline: Until when to wait for the first, NULL for ever
 * @ret_count: How many were received; may be NULL when @count is 1
 *
 * In one call to the kernel. Waits for one, and takes what is there beside it.
 *
 * Return: 0 when at least one was received; else as ipcx_mailbox_receive();
 * -EAGAIN, -ETIMEDOUT; -EINVAL.
 * Since: 0.1
 */
int ipcx_mailbox_receive_messages(struct ipcx_mailbox *mailbox,
				  struct ipcx_recv_message *messages,
				  uint32_t count,
				  const struct ipcx_mailbox_want *want,
				  const struct ipcx_deadline *deadline,
				  uint32_t *ret_count);

/**
 * ipcx_mailbox_peek() - Look at messages, and leave them
 * @mailbox: In which
 * @index: Begin with this one of those that are wanted, 0 being the next that
 *	would be received
 * @messages: Buffers, and where to tell of what was found
 * @count: How many at most, 1 to IPCX_BATCH_MAX
 * @want: Which; NULL stands for any
 * @ret_count: How many were found; may be NULL when @count is 1
 *
 * Never waits.
 *
 * Return: 0 when there was at least one; -EAGAIN; else as
 * ipcx_mailbox_receive().
 * Since: 0.1
 */
int ipcx_mailbox_peek(struct ipcx_mailbox *mailbox, uint32_t index,
		      struct ipcx_recv_message *messages, uint32_t count,
		      const struct ipcx_mailbox_want *want,
		      uint32_t *ret_count);

/**
 * ipcx_mailbox_stat() - Facts about a mailbox
 * @mailbox: The mailbox
 * @ret_stat: They
 *
 * Return: 0; -EIDRM; -ENOMEM.
 * Since: 0.1
 */
int ipcx_mailbox_stat(struct ipcx_mailbox *mailbox,
		      struct ipcx_mailbox_stat *ret_stat);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_MAILBOX_H */
