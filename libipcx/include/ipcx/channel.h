/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Channels: streams of bytes, or of packets, from one end to the other, through a
 * buffer of bounded capacity. As pipes, or half-duplex (the two ends write in
 * turn), or strict (in batches), as &enum ipcx_channel_flags says.
 *
 * A handle is one end. It may be used by several threads: one at a time is inside
 * an end, and a write is never mixed with another one, whatever its size. Reading,
 * and both ends of a channel with turns, are for one process at a time; another
 * one gets -EBUSY. The descriptor of an end can be read, written, spliced and
 * polled as that of a pipe, and passed on.
 */
#ifndef LIBIPCX_CHANNEL_H
#define LIBIPCX_CHANNEL_H

#include <ipcx/context.h>
#include <ipcx/deadline.h>
#include <linux/ipcx.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ipcx_channel;

/**
 * struct ipcx_channel_config - How a channel shall be
 * @flags: &enum ipcx_create_flags and &enum ipcx_channel_flags
 * @mode: Mode bits, less the umask; 0 stands for 0600
 * @capacity: Bytes that fit, rounded up to a power of two and whole pages; 0
 *	stands for 65536
 * @read_mark: From how many bytes on poll() says that there is something to read;
 *	0 stands for 1
 * @write_mark: From how many bytes of room on poll() says that there is some; 0
 *	stands for 1
 * @reserved0: Must be 0
 * @lease_ns: Lease of a persistent one in nanoseconds, 0 for none
 * @reserved: Must be 0
 *
 * All zeros is a pipe.
 */
struct ipcx_channel_config {
	uint32_t flags;
	uint32_t mode;
	uint32_t capacity;
	uint32_t read_mark;
	uint32_t write_mark;
	uint32_t reserved0;
	uint64_t lease_ns;
	uint64_t reserved[4];
};

/**
 * struct ipcx_duplex - One side of a connection in both directions
 * @in: What is read from
 * @out: What is written to
 */
struct ipcx_duplex {
	struct ipcx_channel *in;
	struct ipcx_channel *out;
};

/**
 * ipcx_channel_create() - Create a channel, or open it when it exists
 * @ipcx: The context
 * @name: Its name, or NULL for none
 * @config: How it shall be; NULL stands for all zeros
 * @ret_channel: A handle for no end, with all rights: ipcx_channel_open_end()
 *	makes ends of it; free it with ipcx_channel_free()
 *
 * Without IPCX_CREATE_F_EXCL a channel that has the name is opened, and is as its
 * creator made it.
 *
 * Return: 0; -EEXIST; -EMEDIUMTYPE: the name belongs to another type; -EACCES:
 * it exists and its mode does not grant everything; -EINVAL: a value of @config or
 * @name; -ENAMETOOLONG; -EDQUOT, -ENOSPC, -EMFILE, -ENFILE, -ENOMEM.
 * Since: 0.1
 */
int ipcx_channel_create(struct ipcx *ipcx, const char *name,
			const struct ipcx_channel_config *config,
			struct ipcx_channel **ret_channel);

/**
 * ipcx_channel_open() - Open an end by the channel's name
 * @ipcx: The context
 * @name: Its name
 * @end: &enum ipcx_channel_end
 * @flags: &enum ipcx_channel_open_flags
 * @deadline: With IPCX_CHANNEL_OPEN_F_WAIT: until when to wait for the other end,
 *	or NULL for no limit
 * @ret_channel: The end; free it with ipcx_channel_free()
 *
 * Return: 0; -EBUSY: another process reads there; -ENOENT; -EMEDIUMTYPE; -EACCES;
 * -EINVAL; -EAGAIN, -ETIMEDOUT, -EINTR: the other end is not open; -EIDRM;
 * -EDQUOT, -ENOSPC, -EMFILE, -ENFILE, -ENOMEM.
 * Since: 0.1
 */
int ipcx_channel_open(struct ipcx *ipcx, const char *name, uint32_t end,
		      uint32_t flags, const struct ipcx_deadline *deadline,
		      struct ipcx_channel **ret_channel);

/**
 * ipcx_channel_open_end() - Open an end of a channel that is open
 * @channel: Any handle of the channel that has the rights which the end needs
 * @end: As in ipcx_channel_open()
 * @flags: As in ipcx_channel_open()
 * @deadline: As in ipcx_channel_open()
 * @ret_channel: The end; free it with ipcx_channel_free()
 *
 * Return: as ipcx_channel_open().
 * Since: 0.1
 */
int ipcx_channel_open_end(struct ipcx_channel *channel, uint32_t end,
			  uint32_t flags, const struct ipcx_deadline *deadline,
			  struct ipcx_channel **ret_channel);

/**
 * ipcx_channel_pair() - Make a channel without a name, and both its ends
 * @ipcx: The context
 * @config: How it shall be; NULL stands for all zeros
 * @ret_first: The writer's end, or the first; free it with ipcx_channel_free()
 * @ret_second: The reader's end, or the second; the same
 *
 * What pipe() is for a parent and a child: fork, and let each free the end that it
 * does not use.
 *
 * Return: as ipcx_channel_create().
 * Since: 0.1
 */
int ipcx_channel_pair(struct ipcx *ipcx,
		      const struct ipcx_channel_config *config,
		      struct ipcx_channel **ret_first,
		      struct ipcx_channel **ret_second);

/**
 * ipcx_channel_duplex() - Make two channels, for both directions
 * @ipcx: The context
 * @config: How each shall be; NULL stands for all zeros
 * @ret_sides: The two sides; free them with ipcx_duplex_free()
 *
 * Return: as ipcx_channel_create(); -EINVAL: with IPCX_CHANNEL_F_TURN one channel
 * has both directions.
 * Since: 0.1
 */
int ipcx_channel_duplex(struct ipcx *ipcx,
			const struct ipcx_channel_config *config,
			struct ipcx_duplex ret_sides[2]);

/**
 * ipcx_duplex_free() - Close one side of a connection
 * @side: The side, or NULL
 *
 * Since: 0.1
 */
void ipcx_duplex_free(struct ipcx_duplex *side);

/**
 * ipcx_channel_from_fd() - Make a handle of a descriptor
 * @fd: A handle of a channel: inherited, received, duplicated
 * @ret_channel: The handle, which owns @fd from now on; free it with
 *	ipcx_channel_free()
 *
 * On failure @fd stays the caller's.
 *
 * Return: 0; -EMEDIUMTYPE: an object of another type; -ENOTTY: not of ipcx;
 * -EBADF; -ENOMEM.
 * Since: 0.1
 */
int ipcx_channel_from_fd(int fd, struct ipcx_channel **ret_channel);

/**
 * ipcx_channel_free() - Close a handle
 * @channel: The handle, or NULL
 *
 * The end is gone when its last descriptor is closed, in whatever process.
 *
 * Since: 0.1
 */
void ipcx_channel_free(struct ipcx_channel *channel);

/**
 * ipcx_channel_fd() - The descriptor of a handle
 * @channel: The handle
 *
 * Return: the descriptor, which stays the handle's.
 * Since: 0.1
 */
int ipcx_channel_fd(const struct ipcx_channel *channel);

/**
 * ipcx_channel_is_new() - Whether ipcx_channel_create() made the channel
 * @channel: The handle
 *
 * Return: 1, or 0 when it existed, or the handle came another way.
 * Since: 0.1
 */
int ipcx_channel_is_new(const struct ipcx_channel *channel);

/**
 * ipcx_channel_write() - Write, sleeping while there is no room
 * @channel: An end that writes
 * @data: The bytes; of a channel of packets: one packet
 * @size: How many
 * @deadline: Until when to sleep, or NULL for no limit
 * @ret_written: How many were written: @size, or fewer when the deadline, a signal
 *	or the end of the reader came in the middle; may be NULL
 *
 * Return: 0, when at least one byte was written or @size is 0; -EPIPE: nobody reads,
 * and somebody has read before; -EOWNERDEAD: the same, see
 * IPCX_CHANNEL_OPEN_F_DEATH; -EMSGSIZE: a packet that can never fit; -EBUSY: another
 * process has this end of a channel with turns, or has mapped it; -EPROTO: see
 * ipcx_channel_map(); -EBADF: not an end; -EACCES: not one that writes; -EAGAIN,
 * -ETIMEDOUT, -EINTR, -EINVAL, -EFAULT, -EIDRM, -EDQUOT, -ENOSPC, -ENOMEM: nothing
 * was written.
 * Since: 0.1
 */
int ipcx_channel_write(struct ipcx_channel *channel, const void *data,
		       size_t size, const struct ipcx_deadline *deadline,
		       size_t *ret_written);

/**
 * ipcx_channel_send() - Write, and say what comes behind it
 * @channel: An end that writes
 * @data: The bytes, at least one
 * @size: How many
 * @flags: &enum ipcx_channel_write_flags
 * @deadline: As in ipcx_channel_write()
 * @ret_written: As in ipcx_channel_write(); what comes behind it was done only
 *	when it is @size
 *
 * Return: as ipcx_channel_write(); -EPERM: IPCX_CHANNEL_WRITE_F_PASS for a channel
 * without turns.
 * Since: 0.1
 */
int ipcx_channel_send(struct ipcx_channel *channel, const void *data,
		      size_t size, uint32_t flags,
		      const struct ipcx_deadline *deadline,
		      size_t *ret_written);

/**
 * ipcx_channel_read() - Read what there is, sleeping while there is nothing
 * @channel: An end that reads
 * @data: Where to
 * @size: How many bytes at most
 * @deadline: Until when to sleep, or NULL for no limit
 * @ret_read: How many were read, at least one; 0 at the end of the stream, or when
 *	@size is 0. With -EMSGSIZE: the size of the packet
 *
 * Return: 0; -EMSGSIZE: the packet is longer than @size, and stays; -EBUSY: another
 * process reads here; -EPROTO: see ipcx_channel_map(); -EBADF: not an end; -EACCES:
 * not one that reads; -EOWNERDEAD: the end of the stream, see
 * IPCX_CHANNEL_OPEN_F_DEATH; -EAGAIN, -ETIMEDOUT, -EINTR, -EINVAL, -EFAULT, -EIDRM,
 * -EDQUOT, -ENOSPC, -ENOMEM: nothing was read, and nothing is lost.
 * Since: 0.1
 */
int ipcx_channel_read(struct ipcx_channel *channel, void *data, size_t size,
		      const struct ipcx_deadline *deadline, size_t *ret_read);

/**
 * ipcx_channel_peek() - Read without taking
 * @channel: An end that reads
 * @data: As in ipcx_channel_read()
 * @size: As in ipcx_channel_read()
 * @deadline: As in ipcx_channel_read()
 * @ret_read: As in ipcx_channel_read()
 *
 * Return: as ipcx_channel_read().
 * Since: 0.1
 */
int ipcx_channel_peek(struct ipcx_channel *channel, void *data, size_t size,
		      const struct ipcx_deadline *deadline, size_t *ret_read);

/**
 * ipcx_channel_pass() - Hand over the turn, behind what was written
 * @channel: An end of a channel with turns
 *
 * Return: 0; -EPERM: this end does not have the turn, or the channel has none;
 * -EBUSY: another process has this end; -EPROTO: see ipcx_channel_map(); -EINTR;
 * -EIDRM.
 * Since: 0.1
 */
int ipcx_channel_pass(struct ipcx_channel *channel);

/**
 * ipcx_channel_take() - Ask for the turn, and wait for it
 * @channel: An end of a channel with turns
 * @deadline: Until when, or NULL for no limit
 * @ret_dead_pid: After -EOWNERDEAD: who died, or 0 when it is not visible here; may
 *	be NULL
 *
 * The turn comes when the other end hands it over and everything before it has
 * been read. A deadline of ipcx_deadline_nowait() asks, and does not wait.
 *
 * Return: 0; -EOWNERDEAD: this end has the turn, because the process that had it
 * died; told once; -EPERM: the channel has no turns; -EBUSY: another process has
 * this end; -EPROTO: see ipcx_channel_map(); -EAGAIN, -ETIMEDOUT, -EINTR, -EINVAL,
 * -EIDRM, -EDQUOT, -ENOSPC, -ENOMEM.
 * Since: 0.1
 */
int ipcx_channel_take(struct ipcx_channel *channel,
		      const struct ipcx_deadline *deadline,
		      pid_t *ret_dead_pid);

/**
 * ipcx_channel_flush() - End a batch of a strict channel
 * @channel: An end that writes
 *
 * Return: 0; -EBADF: not an end; -EACCES: not one that writes; -EPERM: it does
 * not have the turn;
 * -EBUSY: another process has this end; -EPROTO: see ipcx_channel_map(); -EINTR;
 * -EIDRM.
 * Since: 0.1
 */
int ipcx_channel_flush(struct ipcx_channel *channel);

/**
 * ipcx_channel_set_capacity() - Make a channel larger or smaller
 * @channel: A handle with IPCX_RIGHT_CONTROL
 * @capacity: Bytes; 0 stands for 65536
 * @ret_capacity: What it became: rounded up; may be NULL
 *
 * Return: 0; -EBUSY: what is in it does not fit, or an end is mapped; -EACCES;
 * -EINVAL; -EINTR;
 * -EIDRM; -EDQUOT, -ENOSPC, -ENOMEM.
 * Since: 0.1
 */
int ipcx_channel_set_capacity(struct ipcx_channel *channel, uint32_t capacity,
			      uint32_t *ret_capacity);

/**
 * ipcx_channel_set_marks() - Change when poll() says something
 * @channel: A handle with IPCX_RIGHT_CONTROL
 * @read_mark: Bytes to read; 0 stands for 1
 * @write_mark: Bytes of room; 0 stands for 1
 *
 * Return: 0; -EACCES; -EINVAL: more than the capacity; -EIDRM.
 * Since: 0.1
 */
int ipcx_channel_set_marks(struct ipcx_channel *channel, uint32_t read_mark,
			   uint32_t write_mark);

/**
 * ipcx_channel_map() - Use an end without system calls
 * @channel: An end
 *
 * From then on writing, reading, flushing, and handing over and taking the turn call
 * the kernel only to sleep, and to wake the other end when it sleeps; before they
 * sleep they look for a while, on a machine where somebody else can run meanwhile.
 * It makes no difference to the other end, which may be mapped or not. The end is
 * the calling process's until it is unmapped: others, that of the writer, too, get
 * -EBUSY. A child of it makes system calls, and gets the same.
 *
 * A mapped handle is for one thread at a time. Its descriptor can be polled and passed
 * on, but is not to be read or written beside it. Who wants SIGPIPE makes a system call
 * (IPCX_CHANNEL_WRITE_F_SIGPIPE).
 *
 * The other side cannot make this one touch anything outside the ring. It can write
 * to the ring what it likes, at any time: who does not trust it copies what it
 * reads, by ipcx_channel_read(), and checks the copy. Where its words contradict
 * ours the calls return -EPROTO.
 *
 * Return: 0, also when it was mapped; -EBADF: not an end; -EBUSY: another process
 * has the end, or somebody is in the middle of a write; -EACCES, -EIDRM, -EDQUOT,
 * -ENOSPC, -ENOMEM.
 * Since: 0.1
 */
int ipcx_channel_map(struct ipcx_channel *channel);

/**
 * ipcx_channel_unmap() - Use system calls again
 * @channel: An end, mapped or not
 *
 * What was reserved is not written, what was viewed not taken.
 *
 * Since: 0.1
 */
void ipcx_channel_unmap(struct ipcx_channel *channel);

/**
 * ipcx_channel_reserve() - Room in the channel itself, to be filled
 * @channel: A mapped end that writes
 * @size: How many bytes at least; of a channel of packets: how long the longest packet
 *	is that may be made of it
 * @deadline: Until when to sleep, or NULL for no limit
 * @ret_data: Where they are, until ipcx_channel_commit()
 * @ret_size: How many there are; may be NULL
 *
 * Return: 0; -EINVAL: not mapped, or @size is 0; -EMSGSIZE: more than can ever be;
 * -EPIPE, -EOWNERDEAD, -EACCES, -EPROTO, -EAGAIN, -ETIMEDOUT, -EINTR, -EIDRM,
 * -EDQUOT, -ENOSPC, -ENOMEM as ipcx_channel_write().
 * Since: 0.1
 */
int ipcx_channel_reserve(struct ipcx_channel *channel, size_t size,
			 const struct ipcx_deadline *deadline, void **ret_data,
			 size_t *ret_size);

/**
 * ipcx_channel_commit() - Write what was reserved
 * @channel: The end
 * @size: How many bytes, from the beginning on; 0 gives the room back
 *
 * Return: 0; -EINVAL: more than was reserved, or something was written since.
 * Since: 0.1
 */
int ipcx_channel_commit(struct ipcx_channel *channel, size_t size);

/**
 * ipcx_channel_view() - What is in the channel, where it is
 * @channel: A mapped end that reads
 * @size: How many bytes at least; fewer are there only at the end of the stream. Of
 *	a channel of packets: anything but 0, for it is one packet
 * @deadline: Until when to sleep, or NULL for no limit
 * @ret_data: Where they are, until ipcx_channel_consume(). The other side may change
 *	them while they are looked at
 * @ret_size: How many there are; 0 at the end of the stream
 *
 * Return: 0; -EINVAL: not mapped, or @size is 0; -EMSGSIZE: more than the capacity;
 * -EOWNERDEAD, -EACCES, -EPROTO, -EAGAIN, -ETIMEDOUT, -EINTR, -EIDRM, -EDQUOT,
 * -ENOSPC, -ENOMEM as ipcx_channel_read().
 * Since: 0.1
 */
int ipcx_channel_view(struct ipcx_channel *channel, size_t size,
		      const struct ipcx_deadline *deadline,
		      const void **ret_data, size_t *ret_size);

/**
 * ipcx_channel_consume() - Take what was viewed
 * @channel: The end
 * @size: How many bytes, from the beginning on; of a channel of packets: all
 *
 * Return: 0; -EINVAL: more than was viewed, or something was read since.
 * Since: 0.1
 */
int ipcx_channel_consume(struct ipcx_channel *channel, size_t size);

/**
 * ipcx_channel_stat() - Facts about a channel
 * @channel: Any handle
 * @ret_stat: They
 *
 * Return: 0 or -EIDRM.
 * Since: 0.1
 */
int ipcx_channel_stat(struct ipcx_channel *channel,
		      struct ipcx_channel_stat *ret_stat);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_CHANNEL_H */
