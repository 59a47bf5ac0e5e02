/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Byte rings: a stream of bytes through a region, from one producer to one
 * consumer, without a system call while neither has to sleep.
 *
 * Each end is a handle of one process, used by one thread at a time; a child
 * must not use the handle that its parent opened, but opens the other end with
 * ipcx_ring_from_fd() on a duplicate of its descriptor. Both ends need READ and
 * WRITE.
 *
 * An end that is freed is closed: the consumer reads what is left and then gets
 * the end of the stream, the producer gets -EPIPE. An end whose process dies is
 * not closed, for nobody writes that down: bound waits by deadlines, and watch
 * the peer by other means (a pidfd, an ipcx lock that it holds). The dead end
 * can then be opened again with IPCX_RING_F_TAKEOVER.
 *
 * Trust: each end keeps its own position to itself, and checks the peer's at
 * each use. A peer that writes nonsense gets -EPROTO for itself and for this
 * end; no access leaves the region.
 */
#ifndef LIBIPCX_RING_H
#define LIBIPCX_RING_H

#include <ipcx/context.h>
#include <ipcx/deadline.h>
#include <ipcx/region.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ipcx_ring;

/* Largest capacity of a ring in bytes. */
#define IPCX_RING_CAPACITY_MAX 0x40000000U

/**
 * enum ipcx_ring_role - Which end of a ring
 * @IPCX_RING_PRODUCER: The one that writes
 * @IPCX_RING_CONSUMER: The one that reads
 */
enum ipcx_ring_role {
	IPCX_RING_PRODUCER = 0,
	IPCX_RING_CONSUMER = 1
};

/**
 * enum ipcx_ring_flags - Flags of ipcx_ring_open() and ipcx_ring_from_fd()
 * @IPCX_RING_F_TAKEOVER: Open the end although it is open: the caller knows
 *	that its process is gone
 */
enum ipcx_ring_flags {
	IPCX_RING_F_TAKEOVER = 1 << 0
};

/**
 * struct ipcx_ring_config - How a ring shall be
 * @capacity: Bytes that fit, a power of two from 1 to IPCX_RING_CAPACITY_MAX
 * @role: &enum ipcx_ring_role of the creator
 * @flags: 0, or IPCX_CREATE_F_PERSISTENT, IPCX_REGION_F_HUGE;
 *	IPCX_CREATE_F_EXCL and IPCX_REGION_F_RESERVE are always on
 * @mode: Mode bits, less the umask; 0 stands for 0600
 * @lease_ns: Lease of a persistent one in nanoseconds, 0 for none
 * @reserved: Must be 0
 */
struct ipcx_ring_config {
	uint32_t capacity;
	uint32_t role;
	uint32_t flags;
	uint32_t mode;
	uint64_t lease_ns;
	uint64_t reserved[4];
};

/**
 * ipcx_ring_create() - Create a ring and open one end
 * @ipcx: The context
 * @name: Its name, or NULL for none (share it by its descriptor)
 * @config: How it shall be
 * @ret_ring: The creator's end; free it with ipcx_ring_free()
 *
 * Return: 0; -EEXIST; -EINVAL: a value of @config or @name; otherwise as
 * ipcx_region_create() and ipcx_region_map().
 * Since: 0.1
 */
int ipcx_ring_create(struct ipcx *ipcx, const char *name,
		     const struct ipcx_ring_config *config,
		     struct ipcx_ring **ret_ring);

/**
 * ipcx_ring_open() - Open an end by the ring's name
 * @ipcx: The context
 * @name: Its name
 * @role: &enum ipcx_ring_role
 * @flags: 0 or &enum ipcx_ring_flags
 * @deadline: Until when to wait for a ring that is being created, or NULL for
 *	no limit
 * @ret_ring: The end; free it with ipcx_ring_free()
 *
 * An end that was closed can be opened again; the stream goes on.
 *
 * Return: 0; -EBUSY: the end is open; -EMEDIUMTYPE: the name belongs to another
 * type of object, or to a region that is no ring; -EPROTO: its head contradicts
 * itself or its size; -EAGAIN, -ETIMEDOUT, -EINTR: it is not complete; -EINVAL;
 * otherwise as ipcx_region_open() and ipcx_region_map().
 * Since: 0.1
 */
int ipcx_ring_open(struct ipcx *ipcx, const char *name, uint32_t role,
		   uint32_t flags, const struct ipcx_deadline *deadline,
		   struct ipcx_ring **ret_ring);

/**
 * ipcx_ring_from_fd() - Open an end by a descriptor of the ring
 * @fd: A handle of its region
 * @role: As in ipcx_ring_open()
 * @flags: As in ipcx_ring_open()
 * @deadline: As in ipcx_ring_open()
 * @ret_ring: The end, which owns @fd from now on; free it with
 *	ipcx_ring_free()
 *
 * On failure @fd stays the caller's.
 *
 * Return: as ipcx_ring_open(); -ENOTTY: not of ipcx; -EBADF.
 * Since: 0.1
 */
int ipcx_ring_from_fd(int fd, uint32_t role, uint32_t flags,
		      const struct ipcx_deadline *deadline,
		      struct ipcx_ring **ret_ring);

/**
 * ipcx_ring_free() - Close an end
 * @ring: The end, or NULL
 *
 * In a process that did not open it (a child) it frees the handle only.
 *
 * Since: 0.1
 */
void ipcx_ring_free(struct ipcx_ring *ring);

/**
 * ipcx_ring_fd() - The descriptor of the ring's region
 * @ring: The end
 *
 * Return: the descriptor, which stays the ring's.
 * Since: 0.1
 */
int ipcx_ring_fd(const struct ipcx_ring *ring);

/**
 * ipcx_ring_capacity() - How many bytes fit
 * @ring: The end
 *
 * Return: the number, which never changes.
 * Since: 0.1
 */
size_t ipcx_ring_capacity(const struct ipcx_ring *ring);

/**
 * ipcx_ring_write() - Write bytes, sleeping while the ring is full
 * @ring: The producer's end
 * @buf: The bytes
 * @len: How many
 * @deadline: Until when to sleep, or NULL for no limit
 * @ret_written: How many were written: @len, or fewer when the deadline, a
 *	signal or the end of the consumer came between
 *
 * Return: 0, when at least one byte was written or @len is 0; -EPIPE: the
 * consumer has closed its end; -EPROTO: the consumer's position makes no sense;
 * -EPERM: not the producer's end; -EAGAIN, -ETIMEDOUT, -EINTR, -EINVAL, -EIDRM,
 * -EDQUOT, -ENOSPC, -ENOMEM: nothing was written.
 * Since: 0.1
 */
int ipcx_ring_write(struct ipcx_ring *ring, const void *buf, size_t len,
		    const struct ipcx_deadline *deadline, size_t *ret_written);

/**
 * ipcx_ring_read() - Read bytes, sleeping while the ring is empty
 * @ring: The consumer's end
 * @ret_buf: Where to
 * @len: How many at most
 * @deadline: Until when to sleep, or NULL for no limit
 * @ret_read: How many were read, at least one; 0 at the end of the stream (the
 *	producer has closed its end and all was read), or when @len is 0
 *
 * Return: 0; -EPROTO: the producer's position makes no sense; -EPERM: not the
 * consumer's end; -EAGAIN, -ETIMEDOUT, -EINTR, -EINVAL, -EIDRM, -EDQUOT,
 * -ENOSPC, -ENOMEM: nothing was read.
 * Since: 0.1
 */
int ipcx_ring_read(struct ipcx_ring *ring, void *ret_buf, size_t len,
		   const struct ipcx_deadline *deadline, size_t *ret_read);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_RING_H */
