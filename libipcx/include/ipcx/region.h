/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Regions: shared memory of a fixed size, with a robust reader/writer lock and
 * a doorbell.
 *
 * The memory is mapped with what the handle's rights allow, and a handle
 * without WRITE never becomes able to write. The lock is advisory: it does not
 * keep anybody from the memory. It belongs to the process, not to the thread,
 * and not to the handle: threads of one process agree among themselves, and a
 * process that holds it for writing gets -EDEADLK when it asks again.
 *
 * Trust: other processes may change mapped memory at any time. Copy a value
 * once, check the copy, use the copy.
 */
#ifndef LIBIPCX_REGION_H
#define LIBIPCX_REGION_H

#include <ipcx/context.h>
#include <ipcx/deadline.h>
#include <linux/ipcx.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ipcx_region;

/**
 * struct ipcx_region_config - How a region shall be
 * @size: Size in bytes, not 0; rounded up to whole pages
 * @flags: &enum ipcx_create_flags and &enum ipcx_region_flags
 * @mode: Mode bits, less the umask; 0 stands for 0600
 * @rights: &enum ipcx_rights of the new handle; 0 stands for all
 * @order: &enum ipcx_order of those who wait for the lock
 * @lease_ns: Lease of a persistent one in nanoseconds, 0 for none
 * @reserved: Must be 0
 */
struct ipcx_region_config {
	uint64_t size;
	uint32_t flags;
	uint32_t mode;
	uint32_t rights;
	uint32_t order;
	uint64_t lease_ns;
	uint64_t reserved[4];
};

/**
 * ipcx_region_create() - Create a region, or open it when it exists
 * @ipcx: The context
 * @name: Its name, or NULL for none
 * @config: How it shall be
 * @ret_region: The region, all zeros; free it with ipcx_region_free()
 *
 * Without IPCX_CREATE_F_EXCL a region that has the name is opened, and is as
 * its creator made it, with its size and contents.
 *
 * Return: 0; -EEXIST; -EMEDIUMTYPE: the name belongs to another type; -EACCES:
 * it exists and its mode does not grant @config's rights; -EFBIG: larger than
 * any region can be; -EOPNOTSUPP: no huge pages here; -EINVAL: a value of
 * @config or @name; -ENAMETOOLONG; -EDQUOT, -ENOSPC, -EMFILE, -ENFILE, -ENOMEM.
 * Since: 0.1
 */
int ipcx_region_create(struct ipcx *ipcx, const char *name,
		       const struct ipcx_region_config *config,
		       struct ipcx_region **ret_region);

/**
 * ipcx_region_open() - Open a region by its name
 * @ipcx: The context
 * @name: Its name
 * @rights: &enum ipcx_rights; 0 stands for READ and WRITE
 * @ret_region: The region; free it with ipcx_region_free()
 *
 * Return: 0, or what ipcx_object_open() returns.
 * Since: 0.1
 */
int ipcx_region_open(struct ipcx *ipcx, const char *name, uint32_t rights,
		     struct ipcx_region **ret_region);

/**
 * ipcx_region_from_fd() - Make a region of a descriptor
 * @fd: A handle of a region: inherited, received, duplicated
 * @ret_region: The region, which owns @fd from now on; free it with
 *	ipcx_region_free()
 *
 * On failure @fd stays the caller's.
 *
 * Return: 0; -EMEDIUMTYPE: an object of another type; -ENOTTY: not of ipcx;
 * -EBADF; -ENOMEM.
 * Since: 0.1
 */
int ipcx_region_from_fd(int fd, struct ipcx_region **ret_region);

/**
 * ipcx_region_free() - Close the region
 * @region: The region, or NULL
 *
 * Mappings stay until ipcx_region_unmap() or munmap(); locks stay held.
 *
 * Since: 0.1
 */
void ipcx_region_free(struct ipcx_region *region);

/**
 * ipcx_region_fd() - The descriptor of a region
 * @region: The region
 *
 * Return: the descriptor, which stays the region's.
 * Since: 0.1
 */
int ipcx_region_fd(const struct ipcx_region *region);

/**
 * ipcx_region_is_new() - Whether this handle's call created the region
 * @region: The region
 *
 * Return: 1 when ipcx_region_create() made it, 0 when it was opened.
 * Since: 0.1
 */
int ipcx_region_is_new(const struct ipcx_region *region);

/**
 * ipcx_region_size() - Its size
 * @region: The region
 * @ret_size: Bytes, whole pages; never changes
 *
 * Return: 0; -EIDRM.
 * Since: 0.1
 */
int ipcx_region_size(struct ipcx_region *region, uint64_t *ret_size);

/**
 * ipcx_region_map() - Map the whole region
 * @region: The region
 * @prot: PROT_READ, with PROT_WRITE when the handle has WRITE
 * @ret_addr: Where it is mapped; unmap it with ipcx_region_unmap()
 * @ret_size: Bytes that are mapped; may be NULL
 *
 * Each call makes a mapping of its own. Without IPCX_REGION_F_RESERVE a first
 * touch may end in SIGBUS when there is no memory.
 *
 * Return: 0; -EACCES: the handle lacks a right; -EPERM: @prot has PROT_WRITE
 * and the region is sealed; -EFBIG: larger than the address space; -ENOMEM;
 * -EINVAL; -EIDRM.
 * Since: 0.1
 */
int ipcx_region_map(struct ipcx_region *region, int prot, void **ret_addr,
		    size_t *ret_size);

/**
 * ipcx_region_unmap() - Undo a mapping
 * @addr: What ipcx_region_map() returned, or NULL
 * @size: The size that ipcx_region_map() returned
 *
 * The region may have been freed before.
 *
 * Since: 0.1
 */
void ipcx_region_unmap(void *addr, size_t size);

/**
 * ipcx_region_seal() - Forbid writing for ever
 * @region: The region, with CONTROL
 * @seals: &enum ipcx_seals to add
 *
 * Return: 0; -EBUSY: it is mapped for writing somewhere, or a page is pinned;
 * -EINVAL; -EACCES; -EIDRM.
 * Since: 0.1
 */
int ipcx_region_seal(struct ipcx_region *region, uint32_t seals);

/**
 * ipcx_region_lock() - Lock the region
 * @region: The region, with READ, or with WRITE to lock for writing
 * @mode: IPCX_LOCK_READ or IPCX_LOCK_WRITE
 * @deadline: Until when to sleep, or NULL for no limit
 * @ret_dead_pid: After -EOWNERDEAD: the writer that died, in the caller's pid
 *	namespace, or 0 when not known there; may be NULL
 *
 * Return: 0; -EOWNERDEAD: the lock IS held, but a writer died holding it: mend
 * the data, call ipcx_region_consistent() as the writer, and unlock as usual;
 * -EDEADLK: the process holds it for writing, or for reading and wants to
 * write; -ETIMEDOUT; -EAGAIN; -EINTR; -EINVAL; -EACCES; -EIDRM; -EDQUOT,
 * -ENOSPC, -ENOMEM.
 * Since: 0.1
 */
int ipcx_region_lock(struct ipcx_region *region, uint32_t mode,
		     const struct ipcx_deadline *deadline, pid_t *ret_dead_pid);

/**
 * ipcx_region_lock_read() - Lock together with other readers, without limit
 * @region: The region, with READ
 *
 * Return: as ipcx_region_lock().
 * Since: 0.1
 */
int ipcx_region_lock_read(struct ipcx_region *region);

/**
 * ipcx_region_lock_write() - Lock alone, without limit
 * @region: The region, with WRITE
 *
 * Return: as ipcx_region_lock().
 * Since: 0.1
 */
int ipcx_region_lock_write(struct ipcx_region *region);

/**
 * ipcx_region_unlock() - End the write lock, or one read lock, of the process
 * @region: The region
 *
 * Return: 0; -EPERM: the process holds none; -EIDRM.
 * Since: 0.1
 */
int ipcx_region_unlock(struct ipcx_region *region);

/**
 * ipcx_region_consistent() - Say that the data is well again
 * @region: The region, which the calling process holds for writing
 *
 * Return: 0; -EPERM: it does not hold it for writing; -EINVAL: there was
 * nothing to mend; -EACCES; -EIDRM.
 * Since: 0.1
 */
int ipcx_region_consistent(struct ipcx_region *region);

/**
 * ipcx_region_ring() - Ring the doorbell
 * @region: The region, with WRITE
 * @ret_count: How often it has been rung, this time included; may be NULL
 *
 * What the caller wrote before is seen by who is woken.
 *
 * Return: 0; -EACCES; -EIDRM.
 * Since: 0.1
 */
int ipcx_region_ring(struct ipcx_region *region, uint64_t *ret_count);

/**
 * ipcx_region_wait() - Wait until the doorbell was rung
 * @region: The region, with READ
 * @since: Count up to which the caller has seen it, 0 at first
 * @deadline: Until when to sleep, or NULL for no limit
 * @ret_count: How often it has been rung, above @since; pass it as @since next
 *	time, and no ring is missed; may be NULL
 *
 * Return: 0, at once when the count is above @since already; -ETIMEDOUT;
 * -EAGAIN; -EINTR; -EINVAL; -EACCES; -EIDRM; -EDQUOT, -ENOSPC, -ENOMEM.
 * Since: 0.1
 */
int ipcx_region_wait(struct ipcx_region *region, uint64_t since,
		     const struct ipcx_deadline *deadline, uint64_t *ret_count);

/**
 * ipcx_region_stat() - Facts about a region
 * @region: The region
 * @ret_stat: See &struct ipcx_region_stat
 *
 * Return: 0; -EIDRM.
 * Since: 0.1
 */
int ipcx_region_stat(struct ipcx_region *region,
		     struct ipcx_region_stat *ret_stat);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_REGION_H */
