// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Messages as objects.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <ipcx/mailbox.h>
#include <ipcx/message.h>

#include "internal.h"

/* What is longer is mapped, which is cheaper from about here on. */
#define BUFFER_SIZE 262144

struct ipcx_message {
	struct ipcx_send_message out;
	struct iovec *iov;
	void **copy; /* what is ours of the parts, or NULL */
	uint32_t nr_parts;
	uint32_t room; /* for parts */
	size_t size; /* of all parts */
	int *fds;
	struct ipcx_recv_message in;
	char *buffer;
	int *in_fds; /* -1 where one was taken */
	bool received;
};

IPCX_EXPORT int ipcx_message_new(struct ipcx_message **ret_message)
{
	struct ipcx_message *message;
	int saved = errno;

	message = calloc(1, sizeof(*message));
	errno = saved;
	if (!message)
		return -ENOMEM;
	*ret_message = message;
	return 0;
}

/* Gives back what was received; errno stays. */
static void message_drop(struct ipcx_message *message)
{
	int saved = errno;

	if (message->in.out_flags & IPCX_MESSAGE_OUT_MAPPED)
		munmap((void *)(uintptr_t)message->in.out_data,
		       message->in.out_size);
	for (uint32_t i = 0; message->received && i < message->in.out_nr_fds;
	     i++)
		if (message->in_fds[i] >= 0)
			close(message->in_fds[i]);
	message->in = (struct ipcx_recv_message) { 0 };
	message->received = false;
	errno = saved;
}

IPCX_EXPORT void ipcx_message_reset(struct ipcx_message *message)
{
	assert(message);
	message_drop(message);
	for (uint32_t i = 0; i < message->nr_parts; i++)
		free(message->copy[i]);
	message->nr_parts = 0;
	message->size = 0;
	message->out = (struct ipcx_send_message) { 0 };
}

IPCX_EXPORT void ipcx_message_free(struct ipcx_message *message)
{
	if (!message)
		return;
	ipcx_message_reset(message);
	free(message->iov);
	free(message->copy);
	free(message->fds);
	free(message->buffer);
	free(message->in_fds);
	free(message);
}

/* Makes room for one part more. */
static int message_grow(struct ipcx_message *message)
{
	uint32_t room = message->room ? 2 * message->room : 4;
	struct iovec *iov;
	void **copy;

	if (message->nr_parts < message->room)
		return 0;
	iov = reallocarray(message->iov, room, sizeof(*iov));
	if (!iov)
		return -ENOMEM;
	message->iov = iov;
	copy = reallocarray(message->copy, room, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	message->copy = copy;
	message->room = room;
	return 0;
}

/* @copy is what of @data is ours, or NULL. */
static int message_add(struct ipcx_message *message, const void *data,
		       size_t size, void *copy)
{
	int saved = errno, err;

	assert(message);
	if (message->nr_parts == IPCX_PARTS_MAX ||
	    size > IPCX_MESSAGE_SIZE_MAX - message->size)
		return -EMSGSIZE;
	err = message_grow(message);
	errno = saved;
	if (err)
		return err;
	message->iov[message->nr_parts] =
		(struct iovec) { (void *)(uintptr_t)data, size };
	message->copy[message->nr_parts] = copy;
	message->nr_parts++;
	message->size += size;
	return 0;
}

IPCX_EXPORT int ipcx_message_append_ref(struct ipcx_message *message,
					const void *data, size_t size)
{
	return message_add(message, data, size, NULL);
}

IPCX_EXPORT int ipcx_message_append(struct ipcx_message *message,
				    const void *data, size_t size)
{
	int saved = errno, err;
	void *copy;

	if (!size)
		return 0;
	if (size > IPCX_MESSAGE_SIZE_MAX)
		return -EMSGSIZE;
	copy = malloc(size);
	errno = saved;
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	err = message_add(message, copy, size, copy);
	if (err)
		free(copy);
	return err;
}

IPCX_EXPORT int ipcx_message_append_fd(struct ipcx_message *message, int fd)
{
	int saved = errno;

	assert(message);
	if (fd < 0)
		return -EBADF;
	if (message->out.nr_fds == IPCX_MESSAGE_FDS_MAX)
		return -EMSGSIZE;
	if (!message->fds)
		message->fds = calloc(IPCX_MESSAGE_FDS_MAX, sizeof(int));
	errno = saved;
	if (!message->fds)
		return -ENOMEM;
	message->fds[message->out.nr_fds++] = fd;
	return 0;
}

IPCX_EXPORT void ipcx_message_set_priority(struct ipcx_message *message,
					   uint32_t priority)
{
	assert(message);
	message->out.priority = priority;
}

IPCX_EXPORT void ipcx_message_set_tag(struct ipcx_message *message,
				      uint64_t tag)
{
	assert(message);
	message->out.tag = tag;
}

IPCX_EXPORT void ipcx_message_set_lifetime(struct ipcx_message *message,
					   uint64_t lifetime_ns)
{
	assert(message);
	message->out.lifetime_ns = lifetime_ns;
}

/* As the kernel wants it. */
static struct ipcx_send_message message_out(const struct ipcx_message *message)
{
	struct ipcx_send_message out = message->out;

	out.fds = (uintptr_t)message->fds;
	if (message->nr_parts == 1) {
		out.data = (uintptr_t)message->iov[0].iov_base;
		out.size = (uint32_t)message->iov[0].iov_len;
	} else if (message->nr_parts) {
		out.data = (uintptr_t)message->iov;
		out.size = message->nr_parts;
		out.flags = IPCX_MESSAGE_F_PARTS;
	}
	return out;
}

IPCX_EXPORT int ipcx_message_send(const struct ipcx_message *message,
				  struct ipcx_mailbox *mailbox,
				  uint32_t when_full,
				  const struct ipcx_deadline *deadline)
{
	struct ipcx_send_message out;

	assert(message);
	out = message_out(message);
	return ipcx_mailbox_send_messages(mailbox, &out, 1, when_full, deadline,
					  NULL);
}

IPCX_EXPORT int ipcx_message_send_all(const struct ipcx_message *message,
				      struct ipcx *ipcx,
				      struct ipcx_mailbox *const *mailboxes,
				      uint32_t count, uint32_t when_full,
				      const struct ipcx_deadline *deadline,
				      uint32_t *ret_index)
{
	struct ipcx_send_message out;

	assert(message);
	out = message_out(message);
	return ipcx_mailbox_send_all(ipcx, mailboxes, count, &out, when_full,
				     deadline, ret_index);
}

/* Drops what there was, and has room for what may come. */
static int message_prepare(struct ipcx_message *message)
{
	int saved = errno;

	assert(message);
	message_drop(message);
	if (!message->buffer)
		message->buffer = malloc(BUFFER_SIZE);
	if (!message->in_fds)
		message->in_fds = calloc(IPCX_MESSAGE_FDS_MAX, sizeof(int));
	errno = saved;
	return message->buffer && message->in_fds ? 0 : -ENOMEM;
}

/* Takes one out of the mailbox. */
static int message_take(struct ipcx_message *message,
			struct ipcx_mailbox *mailbox,
			const struct ipcx_mailbox_want *want,
			const struct ipcx_deadline *deadline)
{
	struct ipcx_recv_message in = {
		.data = (uintptr_t)message->buffer,
		.size = BUFFER_SIZE,
		.flags = IPCX_MESSAGE_F_MAP,
		.fds = (uintptr_t)message->in_fds,
		.nr_fds = IPCX_MESSAGE_FDS_MAX,
	};
	int err;

	err = ipcx_mailbox_receive_messages(mailbox, &in, 1, want, deadline,
					    NULL);
	if (err)
		return err;
	message->in = in;
	message->received = true;
	return 0;
}

IPCX_EXPORT int ipcx_message_receive(struct ipcx_message *message,
				     struct ipcx_mailbox *mailbox,
				     const struct ipcx_mailbox_want *want,
				     const struct ipcx_deadline *deadline)
{
	int err = message_prepare(message);

	return err ? err : message_take(message, mailbox, want, deadline);
}

/* A pidfd, or -1 when there is no such process; 0 or a negative errno. */
static int pidfd_open_sender(pid_t pid, int *ret_pidfd)
{
	int saved = errno, err = 0;

	*ret_pidfd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	if (pid && *ret_pidfd < 0 && errno != ESRCH)
		err = -errno;
	errno = saved;
	return err;
}

/* Which message comes next, and a pidfd for the pid of its sender, or -1. */
static int message_look(struct ipcx_mailbox *mailbox,
			const struct ipcx_mailbox_want *want,
			const struct ipcx_deadline *deadline, uint64_t *ret_id,
			int *ret_pidfd)
{
	struct ipcx_recv_message in = { 0 };
	int err;

	err = ipcx_mailbox_look(mailbox, &in, want, deadline);
	/* There is no buffer: the payload is not wanted yet. */
	if (err && err != -EMSGSIZE)
		return err;
	*ret_id = in.out_id;
	return pidfd_open_sender(in.out_pid, ret_pidfd);
}

/*
 * Looks for the pid, opens it, and then takes that message and no other. If its
 * sender still is there in that moment it was there all the time, so the pid was
 * nobody else's when it was opened.
 */
IPCX_EXPORT int ipcx_message_receive_pidfd(struct ipcx_message *message,
					   struct ipcx_mailbox *mailbox,
					   const struct ipcx_mailbox_want *want,
					   const struct ipcx_deadline *deadline,
					   int *ret_pidfd)
{
	struct ipcx_mailbox_want it = { .match = IPCX_MATCH_ID };
	int err, pidfd;

	err = message_prepare(message);
	while (!err) {
		err = message_look(mailbox, want, deadline, &it.tag, &pidfd);
		if (err)
			break;
		err = message_take(message, mailbox, &it, IPCX_NOWAIT);
		if (!err &&
		    !(message->in.out_flags & IPCX_MESSAGE_OUT_SENDER_GONE)) {
			*ret_pidfd = pidfd;
			return 0;
		}
		if (pidfd >= 0)
			ipcx_close_fd(pidfd);
		if (!err) {
			*ret_pidfd = -1;
			return 0;
		}
		/* Somebody else was faster: then there may be another one. */
		if (err == -EAGAIN)
			err = 0;
	}
	return err;
}

IPCX_EXPORT const void *ipcx_message_data(const struct ipcx_message *message,
					  size_t *ret_size)
{
	assert(message);
	if (ret_size)
		*ret_size = message->in.out_size;
	if (!message->received)
		return NULL;
	return message->in.out_flags & IPCX_MESSAGE_OUT_MAPPED ?
		       (const void *)(uintptr_t)message->in.out_data :
		       message->buffer;
}

IPCX_EXPORT const struct ipcx_recv_message *
ipcx_message_facts(const struct ipcx_message *message)
{
	assert(message);
	return &message->in;
}

IPCX_EXPORT int ipcx_message_take_fd(struct ipcx_message *message,
				     uint32_t index)
{
	int fd;

	assert(message);
	if (!message->received || index >= message->in.out_nr_fds ||
	    message->in_fds[index] < 0)
		return -ENOENT;
	fd = message->in_fds[index];
	message->in_fds[index] = -1;
	return fd;
}
