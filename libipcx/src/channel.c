// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Channels.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include <ipcx/channel.h>
#include <ipcx/object.h>

#include "channel_map.h"
#include "internal.h"

#define CHANNEL_MODE_DEFAULT 0600

static struct ipcx_channel *channel_new(int fd)
{
	struct ipcx_channel *channel;
	int saved = errno;

	channel = calloc(1, sizeof(*channel));
	errno = saved;
	if (!channel)
		return NULL;
	channel->fd = fd;
	channel->map = (struct channel_map *)&ipcx_channel_no_map;
	return channel;
}

static bool channel_config_is_sane(const struct ipcx_channel_config *config)
{
	return !config->reserved0 && !config->reserved[0] &&
	       !config->reserved[1] && !config->reserved[2] &&
	       !config->reserved[3];
}

IPCX_EXPORT int ipcx_channel_create(struct ipcx *ipcx, const char *name,
				    const struct ipcx_channel_config *config,
				    struct ipcx_channel **ret_channel)
{
	static const struct ipcx_channel_config usual;
	struct ipcx_channel_create arg = { 0 };
	struct ipcx_channel *channel;
	int err;

	assert(ipcx);
	if (!config)
		config = &usual;
	if (!channel_config_is_sane(config))
		return -EINVAL;
	err = ipcx_name_fill(arg.name, name);
	if (err)
		return err;
	arg.flags = config->flags;
	arg.mode = config->mode ? config->mode : CHANNEL_MODE_DEFAULT;
	arg.capacity = config->capacity;
	arg.read_mark = config->read_mark;
	arg.write_mark = config->write_mark;
	arg.lease_ns = config->lease_ns;

	channel = channel_new(-1);
	if (!channel)
		return -ENOMEM;
	err = ipcx_ioctl(ipcx_fd(ipcx), IPCX_IOC_CHANNEL_CREATE, &arg);
	if (err) {
		free(channel);
		return err;
	}
	channel->fd = arg.out_fd;
	channel->is_new = arg.out_flags & IPCX_CREATE_OUT_CREATED;
	*ret_channel = channel;
	return 0;
}

/* On a device handle by name, or on one of a channel. */
static int channel_open(int fd, const char *name, uint32_t end, uint32_t flags,
			const struct ipcx_deadline *deadline,
			struct ipcx_channel **ret_channel)
{
	struct ipcx_channel_open arg = { .end = end, .flags = flags };
	struct ipcx_channel *channel;
	__u64 ns;
	int err;

	err = ipcx_name_fill(arg.name, name);
	if (!err)
		err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;
	channel = channel_new(-1);
	if (!channel)
		return -ENOMEM;
	err = ipcx_ioctl(fd, IPCX_IOC_CHANNEL_OPEN, &arg);
	if (err) {
		free(channel);
		return err;
	}
	channel->fd = arg.out_fd;
	*ret_channel = channel;
	return 0;
}

IPCX_EXPORT int ipcx_channel_open(struct ipcx *ipcx, const char *name,
				  uint32_t end, uint32_t flags,
				  const struct ipcx_deadline *deadline,
				  struct ipcx_channel **ret_channel)
{
	assert(ipcx);
	if (!name)
		return -EINVAL;
	return channel_open(ipcx_fd(ipcx), name, end, flags, deadline,
			    ret_channel);
}

IPCX_EXPORT int ipcx_channel_open_end(struct ipcx_channel *channel,
				      uint32_t end, uint32_t flags,
				      const struct ipcx_deadline *deadline,
				      struct ipcx_channel **ret_channel)
{
	assert(channel);
	return channel_open(channel->fd, NULL, end, flags, deadline,
			    ret_channel);
}

IPCX_EXPORT int ipcx_channel_pair(struct ipcx *ipcx,
				  const struct ipcx_channel_config *config,
				  struct ipcx_channel **ret_first,
				  struct ipcx_channel **ret_second)
{
	struct ipcx_channel *channel, *first, *second;
	int err;

	err = ipcx_channel_create(ipcx, NULL, config, &channel);
	if (err)
		return err;
	err = ipcx_channel_open_end(channel, IPCX_CHANNEL_FIRST, 0, NULL,
				    &first);
	if (!err) {
		err = ipcx_channel_open_end(channel, IPCX_CHANNEL_SECOND, 0,
					    NULL, &second);
		if (err)
			ipcx_channel_free(first);
	}
	ipcx_channel_free(channel);
	if (err)
		return err;
	*ret_first = first;
	*ret_second = second;
	return 0;
}

IPCX_EXPORT int ipcx_channel_duplex(struct ipcx *ipcx,
				    const struct ipcx_channel_config *config,
				    struct ipcx_duplex ret_sides[2])
{
	struct ipcx_duplex side[2] = { { NULL, NULL }, { NULL, NULL } };
	int err;

	if (config && config->flags & IPCX_CHANNEL_F_TURN)
		return -EINVAL;
	err = ipcx_channel_pair(ipcx, config, &side[0].out, &side[1].in);
	if (!err)
		err = ipcx_channel_pair(ipcx, config, &side[1].out,
					&side[0].in);
	if (err) {
		ipcx_duplex_free(&side[0]);
		ipcx_duplex_free(&side[1]);
		return err;
	}
	ret_sides[0] = side[0];
	ret_sides[1] = side[1];
	return 0;
}

IPCX_EXPORT void ipcx_duplex_free(struct ipcx_duplex *side)
{
	if (!side)
		return;
	ipcx_channel_free(side->in);
	ipcx_channel_free(side->out);
	side->in = NULL;
	side->out = NULL;
}

IPCX_EXPORT int ipcx_channel_from_fd(int fd, struct ipcx_channel **ret_channel)
{
	struct ipcx_channel *channel;
	int err;

	err = ipcx_object_check(fd, IPCX_TYPE_CHANNEL);
	if (err)
		return err;
	channel = channel_new(fd);
	if (!channel)
		return -ENOMEM;
	*ret_channel = channel;
	return 0;
}

IPCX_EXPORT void ipcx_channel_free(struct ipcx_channel *channel)
{
	if (!channel)
		return;
	ipcx_channel_unmap(channel);
	ipcx_close_fd(channel->fd);
	free(channel);
}

IPCX_EXPORT int ipcx_channel_fd(const struct ipcx_channel *channel)
{
	assert(channel);
	return channel->fd;
}

IPCX_EXPORT int ipcx_channel_is_new(const struct ipcx_channel *channel)
{
	assert(channel);
	return channel->is_new;
}

IPCX_EXPORT int ipcx_channel_send(struct ipcx_channel *channel,
				  const void *data, size_t size, uint32_t flags,
				  const struct ipcx_deadline *deadline,
				  size_t *ret_written)
{
	struct ipcx_channel_write arg = {
		.data = (uintptr_t)data,
		.size = size,
		.flags = flags,
	};
	__u64 ns;
	int err;

	assert(channel);
	if (channel_is_mapped(channel) &&
	    !(flags & IPCX_CHANNEL_WRITE_F_SIGPIPE))
		return ipcx_channel_map_write(channel, data, size, flags,
					      deadline, ret_written);
	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;
	err = ipcx_ioctl(channel->fd, IPCX_IOC_CHANNEL_WRITE, &arg);
	ipcx_channel_map_forget(channel);
	if (err < 0)
		return err;
	if (ret_written)
		*ret_written = (size_t)err;
	return 0;
}

/*
 * read() and write() cost less than an ioctl. Where they do not wait because of
 * O_NONBLOCK, or call a missing right by another name, the ioctl does, and says.
 */
static IPCX_COLD bool not_the_channel(const struct ipcx_channel *channel,
				      long err)
{
	int saved = errno, flags;

	if (err == -EBADF)
		return true;
	if (err != -EAGAIN)
		return false;
	flags = fcntl(channel->fd, F_GETFL);
	errno = saved;
	return flags < 0 || flags & O_NONBLOCK;
}

static __attribute__((noinline)) int
channel_write(struct ipcx_channel *channel, const void *data, size_t size,
	      const struct ipcx_deadline *deadline, size_t *ret_written)
{
	long ret = -EBADF;

	if (channel_is_mapped(channel))
		return ipcx_channel_map_write(channel, data, size, 0, deadline,
					      ret_written);
	if (IPCX_LIKELY(!deadline))
		ret = ipcx_write(channel->fd, data, size);
	if (IPCX_LIKELY(ret >= 0)) {
		if (ret_written)
			*ret_written = (size_t)ret;
		return 0;
	}
	return not_the_channel(channel, ret) ?
		       ipcx_channel_send(channel, data, size, 0, deadline,
					 ret_written) :
		       (int)ret;
}

/* The slow ones stand outside, for what they keep on the stack. */
IPCX_EXPORT int ipcx_channel_write(struct ipcx_channel *channel,
				   const void *data, size_t size,
				   const struct ipcx_deadline *deadline,
				   size_t *ret_written)
{
	assert(channel);
	if (channel->map->out &&
	    channel_map_write_quickly(channel->map, data, size, ret_written))
		return 0;
	return channel_write(channel, data, size, deadline, ret_written);
}

static int channel_receive(struct ipcx_channel *channel, void *data,
			   size_t size, uint32_t flags,
			   const struct ipcx_deadline *deadline,
			   size_t *ret_read)
{
	struct ipcx_channel_read arg = {
		.data = (uintptr_t)data,
		.size = size,
		.flags = flags,
	};
	__u64 ns;
	int err;

	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;
	err = ipcx_ioctl(channel->fd, IPCX_IOC_CHANNEL_READ, &arg);
	if (err >= 0 || err == -EMSGSIZE)
		*ret_read = err >= 0 ? (size_t)err : arg.out_size;
	return err >= 0 ? 0 : err;
}

static __attribute__((noinline)) int
channel_read(struct ipcx_channel *channel, void *data, size_t size,
	     const struct ipcx_deadline *deadline, size_t *ret_read)
{
	long ret = -EBADF;

	if (channel_is_mapped(channel))
		return ipcx_channel_map_read(channel, data, size, true,
					     deadline, ret_read);
	if (IPCX_LIKELY(!deadline))
		ret = ipcx_read(channel->fd, data, size);
	if (IPCX_LIKELY(ret >= 0)) {
		*ret_read = (size_t)ret;
		return 0;
	}
	/* How long the packet is read() does not say. */
	return ret == -EMSGSIZE || not_the_channel(channel, ret) ?
		       channel_receive(channel, data, size, 0, deadline,
				       ret_read) :
		       (int)ret;
}

IPCX_EXPORT int ipcx_channel_read(struct ipcx_channel *channel, void *data,
				  size_t size,
				  const struct ipcx_deadline *deadline,
				  size_t *ret_read)
{
	if (channel->map->in &&
	    channel_map_read_quickly(channel->map, data, size, ret_read))
		return 0;
	return channel_read(channel, data, size, deadline, ret_read);
}

IPCX_EXPORT int ipcx_channel_peek(struct ipcx_channel *channel, void *data,
				  size_t size,
				  const struct ipcx_deadline *deadline,
				  size_t *ret_read)
{
	assert(channel);
	if (channel_is_mapped(channel))
		return ipcx_channel_map_read(channel, data, size, false,
					     deadline, ret_read);
	return channel_receive(channel, data, size, IPCX_CHANNEL_READ_F_PEEK,
			       deadline, ret_read);
}

IPCX_EXPORT int ipcx_channel_pass(struct ipcx_channel *channel)
{
	struct ipcx_channel_turn arg = { .op = IPCX_CHANNEL_TURN_PASS };

	assert(channel);
	if (channel_is_mapped(channel))
		return ipcx_channel_map_pass(channel);
	return ipcx_ioctl(channel->fd, IPCX_IOC_CHANNEL_TURN, &arg);
}

IPCX_EXPORT int ipcx_channel_take(struct ipcx_channel *channel,
				  const struct ipcx_deadline *deadline,
				  pid_t *ret_dead_pid)
{
	struct ipcx_channel_turn arg = { .op = IPCX_CHANNEL_TURN_TAKE };
	__u64 ns;
	int err;

	assert(channel);
	if (channel_is_mapped(channel) &&
	    ipcx_channel_map_take(channel, deadline))
		return 0;
	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;
	err = ipcx_ioctl(channel->fd, IPCX_IOC_CHANNEL_TURN, &arg);
	ipcx_channel_map_forget(channel);
	if (err == -EOWNERDEAD && ret_dead_pid)
		*ret_dead_pid = arg.out_dead_pid;
	return err;
}

IPCX_EXPORT int ipcx_channel_flush(struct ipcx_channel *channel)
{
	struct ipcx_channel_flush arg = { 0 };

	assert(channel);
	if (channel_is_mapped(channel))
		return ipcx_channel_map_flush(channel);
	return ipcx_ioctl(channel->fd, IPCX_IOC_CHANNEL_FLUSH, &arg);
}

IPCX_EXPORT int ipcx_channel_set_capacity(struct ipcx_channel *channel,
					  uint32_t capacity,
					  uint32_t *ret_capacity)
{
	struct ipcx_channel_set arg = {
		.flags = IPCX_CHANNEL_SET_F_CAPACITY,
		.capacity = capacity,
	};
	struct ipcx_channel_stat stat;
	int err;

	assert(channel);
	err = ipcx_ioctl(channel->fd, IPCX_IOC_CHANNEL_SET, &arg);
	if (err || !ret_capacity)
		return err;
	err = ipcx_channel_stat(channel, &stat);
	if (!err)
		*ret_capacity = stat.out_capacity;
	return err;
}

IPCX_EXPORT int ipcx_channel_set_marks(struct ipcx_channel *channel,
				       uint32_t read_mark, uint32_t write_mark)
{
	struct ipcx_channel_set arg = {
		.flags = IPCX_CHANNEL_SET_F_READ_MARK |
			 IPCX_CHANNEL_SET_F_WRITE_MARK,
		.read_mark = read_mark,
		.write_mark = write_mark,
	};

	assert(channel);
	return ipcx_ioctl(channel->fd, IPCX_IOC_CHANNEL_SET, &arg);
}

IPCX_EXPORT int ipcx_channel_stat(struct ipcx_channel *channel,
				  struct ipcx_channel_stat *ret_stat)
{
	assert(channel);
	*ret_stat = (struct ipcx_channel_stat) { 0 };
	return ipcx_ioctl(channel->fd, IPCX_IOC_CHANNEL_STAT, ret_stat);
}
