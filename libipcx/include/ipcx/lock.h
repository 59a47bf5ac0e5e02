/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks: mutual exclusion among processes that survives the death of a holder
 * and costs no system call while uncontended.
 *
 * The holder is a process: any of its threads may release the lock. It is not
 * recursive: taking it twice waits for whoever releases it. When the holder of
 * a lock with IPCX_DEATH_REPORT dies, or calls exec, the next taker gets the
 * lock and -EOWNERDEAD, and so does every later one until somebody who holds it
 * says with ipcx_lock_consistent() that what it guards is well again.
 *
 * After fork the child holds nothing. It may take locks by the handles that it
 * inherited; releasing one that the parent holds gives -EPERM. A child of
 * vfork(), or of clone() with CLONE_VM, shares the parent's memory and must not
 * use locks.
 *
 * Trust: the lock's word is mapped by all who may take it, and each of them may
 * write anything to it: set it free while it is held, or hold it for ever. The
 * kernel is not harmed, and no other object is. With a handle that has READ but
 * not WRITE every operation is a system call.
 */
#ifndef LIBIPCX_LOCK_H
#define LIBIPCX_LOCK_H

#include <ipcx/context.h>
#include <ipcx/deadline.h>
#include <linux/ipcx.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ipcx_lock;

/**
 * struct ipcx_lock_config - How a lock shall be; all zeros is valid
 * @order: &enum ipcx_order of those who wait
 * @on_death: &enum ipcx_on_death; 0 is IPCX_DEATH_RETURN, which tells nobody
 * @flags: &enum ipcx_create_flags and &enum ipcx_sem_flags
 * @mode: Mode bits, less the umask; 0 stands for 0600
 * @rights: &enum ipcx_rights of the new handle; 0 stands for all
 * @pad: Must be 0
 * @lease_ns: Lease of a persistent one in nanoseconds, 0 for none
 * @reserved: Must be 0
 */
struct ipcx_lock_config {
	uint32_t order;
	uint32_t on_death;
	uint32_t flags;
	uint32_t mode;
	uint32_t rights;
	uint32_t pad;
	uint64_t lease_ns;
	uint64_t reserved[4];
};

/**
 * ipcx_lock_create() - Create a lock, or open it when it exists
 * @ipcx: The context
 * @name: Its name, or NULL for none
 * @config: How it shall be; NULL is FIFO, IPCX_DEATH_REPORT and mode 0600
 * @ret_lock: The lock, which nobody holds; free it with ipcx_lock_free()
 *
 * Without IPCX_CREATE_F_EXCL a lock that has the name is opened, and is as its
 * creator made it.
 *
 * Return: 0; -EEXIST; -EMEDIUMTYPE: the name belongs to something else;
 * -EACCES: it exists and its mode does not grant @config's rights; -EINVAL: a
 * value of
 * @config or @name; -ENAMETOOLONG; -EDQUOT, -ENOSPC, -EMFILE, -ENFILE, -ENOMEM.
 * Since: 0.1
 */
int ipcx_lock_create(struct ipcx *ipcx, const char *name,
		     const struct ipcx_lock_config *config,
		     struct ipcx_lock **ret_lock);

/**
 * ipcx_lock_open() - Open a lock by its name
 * @ipcx: The context
 * @name: Its name
 * @rights: &enum ipcx_rights; 0 stands for READ and WRITE
 * @ret_lock: The lock; free it with ipcx_lock_free()
 *
 * Return: 0, or what ipcx_object_open() returns; -EMEDIUMTYPE also for a
 * semaphore that is no lock.
 * Since: 0.1
 */
int ipcx_lock_open(struct ipcx *ipcx, const char *name, uint32_t rights,
		   struct ipcx_lock **ret_lock);

/**
 * ipcx_lock_from_fd() - Make a lock of a descriptor
 * @fd: A handle of a lock: inherited, received, duplicated
 * @ret_lock: The lock, which owns @fd from now on; free it with
 *	ipcx_lock_free()
 *
 * On failure @fd stays the caller's.
 *
 * Return: 0; -EMEDIUMTYPE: not a lock; -ENOTTY: not of ipcx; -EBADF; -EIDRM;
 * -ENOMEM.
 * Since: 0.1
 */
int ipcx_lock_from_fd(int fd, struct ipcx_lock **ret_lock);

/**
 * ipcx_lock_free() - Close the lock
 * @lock: The lock, or NULL
 *
 * Does not release it: what the process holds it goes on holding.
 *
 * Since: 0.1
 */
void ipcx_lock_free(struct ipcx_lock *lock);

/**
 * ipcx_lock_fd() - The descriptor of a lock
 * @lock: The lock
 *
 * Return: the descriptor, which stays the lock's.
 * Since: 0.1
 */
int ipcx_lock_fd(const struct ipcx_lock *lock);

/**
 * ipcx_lock_is_new() - Whether this handle's call created the lock
 * @lock: The lock
 *
 * Return: 1 when ipcx_lock_create() made it, 0 when it was opened.
 * Since: 0.1
 */
int ipcx_lock_is_new(const struct ipcx_lock *lock);

/**
 * ipcx_lock_acquire() - Take the lock, sleeping without limit
 * @lock: The lock
 *
 * On more than one CPU it spins shortly before it sleeps.
 *
 * Return: 0; -EOWNERDEAD: the lock IS held, but a holder died, and what it
 * guards may be half done: mend it, call ipcx_lock_consistent(), and release as
 * usual; -EACCES; -EINTR; -EIDRM; -EDQUOT, -ENOSPC: too many sleepers; -ENOMEM.
 * Since: 0.1
 */
int ipcx_lock_acquire(struct ipcx_lock *lock);

/**
 * ipcx_lock_try() - Take the lock if it is free
 * @lock: The lock
 *
 * Return: 0; -EAGAIN; -EOWNERDEAD: the lock IS held, see ipcx_lock_acquire();
 * -EACCES; -EIDRM.
 * Since: 0.1
 */
int ipcx_lock_try(struct ipcx_lock *lock);

/**
 * ipcx_lock_acquire_until() - Take the lock, sleeping until a deadline
 * @lock: The lock
 * @deadline: Until when, or NULL for no limit
 * @ret_dead_pid: After -EOWNERDEAD: who died, in the caller's pid namespace, or
 *	0 when not known there; may be NULL
 *
 * Return: as ipcx_lock_acquire(); -ETIMEDOUT; -EAGAIN with IPCX_NOWAIT; -EINVAL
 * for an unknown clock.
 * Since: 0.1
 */
int ipcx_lock_acquire_until(struct ipcx_lock *lock,
			    const struct ipcx_deadline *deadline,
			    pid_t *ret_dead_pid);

/**
 * ipcx_lock_release() - Give the lock back
 * @lock: The lock
 *
 * Return: 0; -EPERM: the calling process does not hold it; -EACCES; -EIDRM.
 * Since: 0.1
 */
int ipcx_lock_release(struct ipcx_lock *lock);

/**
 * ipcx_lock_consistent() - Say that what the lock guards is well again
 * @lock: The lock, which the calling process holds
 *
 * Return: 0; -EPERM: the calling process does not hold it; -EINVAL: there was
 * nothing to mend; -EACCES; -EIDRM.
 * Since: 0.1
 */
int ipcx_lock_consistent(struct ipcx_lock *lock);

/**
 * ipcx_lock_stat() - Facts about a lock
 * @lock: The lock
 * @ret_stat: See &struct ipcx_sem_stat; out_value is 0 while it is held
 *
 * Return: 0; -EIDRM.
 * Since: 0.1
 */
int ipcx_lock_stat(struct ipcx_lock *lock, struct ipcx_sem_stat *ret_stat);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_LOCK_H */
