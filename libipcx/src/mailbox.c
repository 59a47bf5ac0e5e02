// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Mailboxes.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <ipcx/mailbox.h>
#include <ipcx/object.h>

#include "internal.h"

#define MAILBOX_MODE_DEFAULT 0600

struct ipcx_mailbox {
	int fd;
	bool is_new;
};

static struct ipcx_mailbox *mailbox_new(int fd)
{
	struct ipcx_mailbox *mailbox;
	int saved = errno;

	mailbox = calloc(1, sizeof(*mailbox));
	errno = saved;
	if (mailbox)
		mailbox->fd = fd;
	return mailbox;
}

static bool mailbox_config_is_sane(const struct ipcx_mailbox_config *config)
{
	return !config->reserved0 && !config->reserved[0] &&
	       !config->reserved[1] && !config->reserved[2] &&
	       !config->reserved[3];
}

static void mailbox_config_fill(struct ipcx_mailbox_create *arg,
				const struct ipcx_mailbox_config *config)
{
	arg->flags = config->flags;
	arg->mode = config->mode ? config->mode : MAILBOX_MODE_DEFAULT;
	arg->rights = config->rights;
	arg->order = config->order;
	arg->when_full = config->when_full;
	arg->max_messages = config->max_messages;
	arg->max_size = config->max_size;
	arg->max_bytes = config->max_bytes;
	arg->lease_ns = config->lease_ns;
}

IPCX_EXPORT int ipcx_mailbox_create(struct ipcx *ipcx, const char *name,
				    const struct ipcx_mailbox_config *config,
				    struct ipcx_mailbox **ret_mailbox)
{
	static const struct ipcx_mailbox_config usual;
	struct ipcx_mailbox_create arg = { 0 };
	struct ipcx_mailbox *mailbox;
	int err;

	assert(ipcx);
	if (!config)
		config = &usual;
	if (!mailbox_config_is_sane(config))
		return -EINVAL;
	err = ipcx_name_fill(arg.name, name);
	if (err)
		return err;
	mailbox_config_fill(&arg, config);

	mailbox = mailbox_new(-1);
	if (!mailbox)
		return -ENOMEM;
	err = ipcx_ioctl(ipcx_fd(ipcx), IPCX_IOC_MAILBOX_CREATE, &arg);
	if (err) {
		free(mailbox);
		return err;
	}

	mailbox->fd = arg.out_fd;
	mailbox->is_new = arg.out_flags & IPCX_CREATE_OUT_CREATED;
	*ret_mailbox = mailbox;
	return 0;
}

IPCX_EXPORT int ipcx_mailbox_open(struct ipcx *ipcx, const char *name,
				  uint32_t rights,
				  struct ipcx_mailbox **ret_mailbox)
{
	struct ipcx_mailbox *mailbox;
	int err;

	assert(ipcx);
	mailbox = mailbox_new(-1);
	if (!mailbox)
		return -ENOMEM;
	err = ipcx_object_open(ipcx, name, IPCX_TYPE_MAILBOX, rights,
			       &mailbox->fd);
	if (err) {
		free(mailbox);
		return err;
	}
	*ret_mailbox = mailbox;
	return 0;
}

IPCX_EXPORT int ipcx_mailbox_from_fd(int fd, struct ipcx_mailbox **ret_mailbox)
{
	struct ipcx_mailbox *mailbox;
	int err;

	err = ipcx_object_check(fd, IPCX_TYPE_MAILBOX);
	if (err)
		return err;
	mailbox = mailbox_new(fd);
	if (!mailbox)
		return -ENOMEM;
	*ret_mailbox = mailbox;
	return 0;
}

int ipcx_mailbox_adopt(int fd, struct ipcx_mailbox **ret_mailbox)
{
	struct ipcx_mailbox *mailbox = mailbox_new(fd);

	if (!mailbox) {
		close(fd);
		return -ENOMEM;
	}
	*ret_mailbox = mailbox;
	return 0;
}

IPCX_EXPORT void ipcx_mailbox_free(struct ipcx_mailbox *mailbox)
{
	int saved = errno;

	if (!mailbox)
		return;
	close(mailbox->fd);
	free(mailbox);
	errno = saved;
}

IPCX_EXPORT int ipcx_mailbox_fd(const struct ipcx_mailbox *mailbox)
{
	assert(mailbox);
	return mailbox->fd;
}

IPCX_EXPORT int ipcx_mailbox_is_new(const struct ipcx_mailbox *mailbox)
{
	assert(mailbox);
	return mailbox->is_new;
}

/* The kernel says how many, or what is wrong. */
static int counted(int ret, uint32_t *ret_count)
{
	if (ret < 0)
		return ret;
	if (ret_count)
		*ret_count = (uint32_t)ret;
	return 0;
}

/*
 * Is it read() or write() that fails so, but not the message? They do not wait on
 * a descriptor with O_NONBLOCK, call a missing right by another name, and look at
 * a buffer beyond the message. Nothing has happened: the ioctl says, or does, what
 * there is to be said or done.
 */
static IPCX_COLD bool not_the_message(const struct ipcx_mailbox *mailbox,
				      long err)
{
	int saved = errno, flags;

	if (err == -EBADF || err == -EFAULT)
		return true;
	if (err != -EAGAIN)
		return false;
	flags = fcntl(mailbox->fd, F_GETFL);
	errno = saved;
	return flags < 0 || flags & O_NONBLOCK;
}

static IPCX_COLD int mailbox_send_ioctl(struct ipcx_mailbox *mailbox,
					const void *data, size_t size)
{
	struct ipcx_send_message message = {
		.data = (uintptr_t)data,
		.size = (uint32_t)size,
	};

	return ipcx_mailbox_send_messages(mailbox, &message, 1,
					  IPCX_FULL_DEFAULT, NULL, NULL);
}

IPCX_EXPORT int ipcx_mailbox_send(struct ipcx_mailbox *mailbox,
				  const void *data, size_t size)
{
	long ret;

	assert(mailbox);
	if (size > IPCX_MESSAGE_SIZE_MAX)
		return -EMSGSIZE;
	ret = ipcx_write(mailbox->fd, data, size);
	if (IPCX_LIKELY(ret >= 0))
		return 0;
	return not_the_message(mailbox, ret) ?
		       mailbox_send_ioctl(mailbox, data, size) :
		       (int)ret;
}

IPCX_EXPORT int ipcx_mailbox_send_messages(
	struct ipcx_mailbox *mailbox, const struct ipcx_send_message *messages,
	uint32_t count, uint32_t when_full,
	const struct ipcx_deadline *deadline, uint32_t *ret_count)
{
	struct ipcx_mailbox_send arg = {
		.messages = (uintptr_t)messages,
		.count = count,
		.when_full = when_full,
	};
	__u64 ns;
	int err;

	assert(mailbox);
	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;
	return counted(ipcx_ioctl(mailbox->fd, IPCX_IOC_MAILBOX_SEND, &arg),
		       ret_count);
}

static IPCX_COLD int mailbox_receive_ioctl(struct ipcx_mailbox *mailbox,
					   void *data, size_t size,
					   size_t *ret_size)
{
	struct ipcx_recv_message message = {
		.data = (uintptr_t)data,
		.size = (uint32_t)size,
	};
	int err;

	err = ipcx_mailbox_receive_messages(mailbox, &message, 1, NULL, NULL,
					    NULL);
	if ((!err || err == -EMSGSIZE) && ret_size)
		*ret_size = message.out_size;
	return err;
}

IPCX_EXPORT int ipcx_mailbox_receive(struct ipcx_mailbox *mailbox, void *data,
				     size_t size, size_t *ret_size)
{
	/* No message is longer. */
	size_t room = size < IPCX_MESSAGE_SIZE_MAX ? size :
						     IPCX_MESSAGE_SIZE_MAX;
	long ret;

	assert(mailbox);
	ret = ipcx_read(mailbox->fd, data, room);
	if (IPCX_LIKELY(ret >= 0)) {
		if (ret_size)
			*ret_size = (size_t)ret;
		return 0;
	}
	/* How long the message is read() does not say. */
	return ret == -EMSGSIZE || not_the_message(mailbox, ret) ?
		       mailbox_receive_ioctl(mailbox, data, room, ret_size) :
		       (int)ret;
}

IPCX_EXPORT int
ipcx_mailbox_send_all(struct ipcx *ipcx, struct ipcx_mailbox *const *mailboxes,
		      uint32_t count, const struct ipcx_send_message *message,
		      uint32_t when_full, const struct ipcx_deadline *deadline,
		      uint32_t *ret_index)
{
	int32_t fds[IPCX_SEND_ALL_MAX];
	struct ipcx_mailbox_send_all arg = {
		.message = (uintptr_t)message,
		.mailboxes = (uintptr_t)fds,
		.count = count,
		.when_full = when_full,
		.out_index = count,
	};
	__u64 ns;
	int err;

	assert(ipcx);
	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (!count || count > IPCX_SEND_ALL_MAX)
		err = -EINVAL;
	for (uint32_t i = 0; !err && i < count; i++)
		fds[i] = ipcx_mailbox_fd(mailboxes[i]);
	arg.deadline = err ? 0 : ns;
	if (!err)
		err = ipcx_ioctl(ipcx_fd(ipcx), IPCX_IOC_MAILBOX_SEND_ALL,
				 &arg);
	if (err && ret_index)
		*ret_index = arg.out_index;
	return err;
}

static int mailbox_recv(struct ipcx_mailbox *mailbox,
			struct ipcx_mailbox_recv *arg,
			const struct ipcx_mailbox_want *want,
			uint32_t *ret_count)
{
	assert(mailbox);
	if (want) {
		if (want->reserved)
			return -EINVAL;
		arg->match = want->match;
		arg->tag = want->tag;
		arg->tag_arg = want->tag_arg;
	}
	return counted(ipcx_ioctl(mailbox->fd, IPCX_IOC_MAILBOX_RECV, arg),
		       ret_count);
}

IPCX_EXPORT int ipcx_mailbox_receive_messages(
	struct ipcx_mailbox *mailbox, struct ipcx_recv_message *messages,
	uint32_t count, const struct ipcx_mailbox_want *want,
	const struct ipcx_deadline *deadline, uint32_t *ret_count)
{
	struct ipcx_mailbox_recv arg = {
		.messages = (uintptr_t)messages,
		.count = count,
	};
	__u64 ns;
	int err;

	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;
	return mailbox_recv(mailbox, &arg, want, ret_count);
}

int ipcx_mailbox_look(struct ipcx_mailbox *mailbox,
		      struct ipcx_recv_message *message,
		      const struct ipcx_mailbox_want *want,
		      const struct ipcx_deadline *deadline)
{
	struct ipcx_mailbox_recv arg = {
		.messages = (uintptr_t)message,
		.count = 1,
		.flags = IPCX_RECV_F_PEEK,
	};
	__u64 ns;
	int err;

	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;
	return mailbox_recv(mailbox, &arg, want, NULL);
}

IPCX_EXPORT int ipcx_mailbox_peek(struct ipcx_mailbox *mailbox, uint32_t index,
				  struct ipcx_recv_message *messages,
				  uint32_t count,
				  const struct ipcx_mailbox_want *want,
				  uint32_t *ret_count)
{
	struct ipcx_mailbox_recv arg = {
		.messages = (uintptr_t)messages,
		.count = count,
		.flags = IPCX_RECV_F_PEEK,
		.index = index,
	};

	return mailbox_recv(mailbox, &arg, want, ret_count);
}

IPCX_EXPORT int ipcx_mailbox_stat(struct ipcx_mailbox *mailbox,
				  struct ipcx_mailbox_stat *ret_stat)
{
	assert(mailbox);
	*ret_stat = (struct ipcx_mailbox_stat) { 0 };
	return ipcx_ioctl(mailbox->fd, IPCX_IOC_MAILBOX_STAT, ret_stat);
}
