/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Semaphores: units that are taken (wait, P) and given (post, V).
 *
 * A plain semaphore counts in a word that the processes map. While nobody has
 * to sleep, wait and post are one compare-and-exchange and no system call. This
 * needs READ and WRITE; with less, and for owned semaphores, every operation is
 * a system call. The mapping is made by the first operation and not at
 * creation, so that handles which are only passed on cost nothing.
 *
 * Trust: whoever may map the word may write anything to it, and so may lie
 * about the count, as it could by calling post. It cannot harm the kernel or
 * reach another object. Use owned semaphores, or locks, among parties that must
 * not rely on one another.
 *
 * Rights: waiting needs READ; posting to a plain semaphore WRITE, to an owned
 * one READ.
 */
#ifndef LIBIPCX_SEM_H
#define LIBIPCX_SEM_H

#include <ipcx/context.h>
#include <ipcx/deadline.h>
#include <linux/ipcx.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ipcx_sem;

/**
 * struct ipcx_sem_config - How a semaphore shall be; all zeros is valid
 * @kind: IPCX_SEM_PLAIN or IPCX_SEM_OWNED
 * @initial: Units at the start, 0 to @max
 * @max: Most units there can be, 0 stands for IPCX_SEM_VALUE_MAX
 * @order: &enum ipcx_order
 * @on_death: &enum ipcx_on_death; IPCX_DEATH_RETURN for a plain one
 * @flags: &enum ipcx_create_flags and &enum ipcx_sem_flags
 * @mode: Mode bits, less the umask; 0 stands for 0600
 * @rights: &enum ipcx_rights of the new handle; 0 stands for all
 * @lease_ns: Lease of a persistent one in nanoseconds, 0 for none
 * @reserved: Must be 0
 */
struct ipcx_sem_config {
	uint32_t kind;
	uint32_t initial;
	uint32_t max;
	uint32_t order;
	uint32_t on_death;
	uint32_t flags;
	uint32_t mode;
	uint32_t rights;
	uint64_t lease_ns;
	uint64_t reserved[4];
};

/**
 * struct ipcx_death - Who died before a call that returned -EOWNERDEAD
 * @pid: The process, in the caller's pid namespace, or 0 when not known there
 * @units: How many units it held
 */
struct ipcx_death {
	int32_t pid;
	uint32_t units;
};

/**
 * ipcx_sem_create() - Create a semaphore, or open it when it exists
 * @ipcx: The context
 * @name: Its name, or NULL for none
 * @config: How it shall be; NULL is all zeros: plain, no units, FIFO, mode 0600
 * @ret_sem: The semaphore; free it with ipcx_sem_free()
 *
 * Without IPCX_CREATE_F_EXCL a semaphore that has the name is opened, and is as
 * its creator made it. A kind IPCX_SEM_LOCK is for ipcx_lock_create().
 *
 * Return: 0; -EEXIST; -EMEDIUMTYPE: the name belongs to another type; -EACCES:
 * it exists and its mode does not grant @config's rights; -EINVAL: a value of
 * @config or @name; -ENAMETOOLONG; -EDQUOT, -ENOSPC, -EMFILE, -ENFILE, -ENOMEM.
 * Since: 0.1
 */
int ipcx_sem_create(struct ipcx *ipcx, const char *name,
		    const struct ipcx_sem_config *config,
		    struct ipcx_sem **ret_sem);

/**
 * ipcx_sem_open() - Open a semaphore by its name
 * @ipcx: The context
 * @name: Its name
 * @rights: &enum ipcx_rights; 0 stands for READ and WRITE
 * @ret_sem: The semaphore; free it with ipcx_sem_free()
 *
 * A lock may be opened so too; all operations are then system calls.
 *
 * Return: 0, or what ipcx_object_open() returns.
 * Since: 0.1
 */
int ipcx_sem_open(struct ipcx *ipcx, const char *name, uint32_t rights,
		  struct ipcx_sem **ret_sem);

/**
 * ipcx_sem_from_fd() - Make a semaphore of a descriptor
 * @fd: A handle of a semaphore: inherited, received, duplicated
 * @ret_sem: The semaphore, which owns @fd from now on; free it with
 *	ipcx_sem_free()
 *
 * On failure @fd stays the caller's.
 *
 * Return: 0; -EMEDIUMTYPE: an object of another type; -ENOTTY: not of ipcx;
 * -EBADF; -ENOMEM.
 * Since: 0.1
 */
int ipcx_sem_from_fd(int fd, struct ipcx_sem **ret_sem);

/**
 * ipcx_sem_free() - Close the semaphore
 * @sem: The semaphore, or NULL
 *
 * Units that the process owns stay its own.
 *
 * Since: 0.1
 */
void ipcx_sem_free(struct ipcx_sem *sem);

/**
 * ipcx_sem_fd() - The descriptor of a semaphore
 * @sem: The semaphore
 *
 * For poll, SCM_RIGHTS and the ipcx_object_*() calls. A poll that shall see
 * units come needs nothing more; the kernel then routes posts through itself.
 *
 * Return: the descriptor, which stays the semaphore's.
 * Since: 0.1
 */
int ipcx_sem_fd(const struct ipcx_sem *sem);

/**
 * ipcx_sem_is_new() - Whether this handle's call created the semaphore
 * @sem: The semaphore
 *
 * Return: 1 when ipcx_sem_create() made it, 0 when it was opened.
 * Since: 0.1
 */
int ipcx_sem_is_new(const struct ipcx_sem *sem);

/**
 * ipcx_sem_wait() - Take one unit, sleeping without limit until there is one
 * @sem: The semaphore
 *
 * Return: 0; -EOWNERDEAD: taken, but a holder died (ipcx_sem_wait_n() says
 * who); -EACCES; -EINTR; -EIDRM; -EDQUOT, -ENOSPC: too many sleepers; -ENOMEM.
 * Since: 0.1
 */
int ipcx_sem_wait(struct ipcx_sem *sem);

/**
 * ipcx_sem_trywait() - Take one unit if there is one
 * @sem: The semaphore
 *
 * Return: 0; -EAGAIN; -EOWNERDEAD: taken, as above; -EACCES; -EIDRM.
 * Since: 0.1
 */
int ipcx_sem_trywait(struct ipcx_sem *sem);

/**
 * ipcx_sem_timedwait() - Take one unit, sleeping until a deadline
 * @sem: The semaphore
 * @deadline: Until when, or NULL for no limit
 *
 * Return: as ipcx_sem_wait(); -ETIMEDOUT; -EAGAIN with IPCX_NOWAIT; -EINVAL for
 * an unknown clock.
 * Since: 0.1
 */
int ipcx_sem_timedwait(struct ipcx_sem *sem,
		       const struct ipcx_deadline *deadline);

/**
 * ipcx_sem_wait_n() - Take several units, all or none
 * @sem: The semaphore
 * @units: How many, 1 to the maximum of the semaphore
 * @deadline: Until when to sleep, or NULL for no limit
 * @ret_death: After -EOWNERDEAD: who died; may be NULL
 *
 * Return: as ipcx_sem_timedwait(); -EINVAL when @units is out of range.
 * Since: 0.1
 */
int ipcx_sem_wait_n(struct ipcx_sem *sem, uint32_t units,
		    const struct ipcx_deadline *deadline,
		    struct ipcx_death *ret_death);

/**
 * ipcx_sem_post() - Give one unit
 * @sem: The semaphore
 *
 * Return: 0; -EOVERFLOW: it would be above the maximum, nothing was given;
 * -EPERM: owned, and the process holds none; -EACCES; -EIDRM.
 * Since: 0.1
 */
int ipcx_sem_post(struct ipcx_sem *sem);

/**
 * ipcx_sem_post_n() - Give several units, all or none
 * @sem: The semaphore
 * @units: How many, not 0
 *
 * Return: as ipcx_sem_post(); -EINVAL when @units is 0.
 * Since: 0.1
 */
int ipcx_sem_post_n(struct ipcx_sem *sem, uint32_t units);

/**
 * ipcx_sem_handoff() - Give to one semaphore, then take from another
 * @post: The semaphore to give to
 * @inout_post_units: How many to give. Set to 0 when they have been given,
 *	whatever the call returns, so that after -EINTR the same call goes on
 *	with the wait; with 0 it only waits
 * @wait: The semaphore to take from
 * @wait_units: How many to take
 * @deadline: Until when to sleep, or NULL for no limit
 * @ret_death: After -EOWNERDEAD: who died; may be NULL
 *
 * One system call instead of two, and the waiter of @post runs while the caller
 * sleeps.
 *
 * Return: as ipcx_sem_post_n(), and then nothing was taken; then as
 * ipcx_sem_wait_n().
 * Since: 0.1
 */
int ipcx_sem_handoff(struct ipcx_sem *post, uint32_t *inout_post_units,
		     struct ipcx_sem *wait, uint32_t wait_units,
		     const struct ipcx_deadline *deadline,
		     struct ipcx_death *ret_death);

/**
 * ipcx_sem_value() - How many units are free
 * @sem: The semaphore
 * @ret_value: The number, which may be out of date when it is returned
 *
 * Return: 0; -EIDRM.
 * Since: 0.1
 */
int ipcx_sem_value(struct ipcx_sem *sem, uint32_t *ret_value);

/**
 * ipcx_sem_stat() - Facts about a semaphore
 * @sem: The semaphore
 * @ret_stat: See &struct ipcx_sem_stat
 *
 * Return: 0; -EIDRM.
 * Since: 0.1
 */
int ipcx_sem_stat(struct ipcx_sem *sem, struct ipcx_sem_stat *ret_stat);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_SEM_H */
