/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the sources of the library share: the choke point for ioctls, and the
 * steps from names and deadlines to the structures of the kernel.
 */
#ifndef LIBIPCX_INTERNAL_H
#define LIBIPCX_INTERNAL_H

#include <linux/ipcx.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IPCX_EXPORT	 __attribute__((visibility("default")))
#define IPCX_COLD	 __attribute__((noinline, cold))
#define IPCX_LIKELY(x)	 __builtin_expect(!!(x), 1)
#define IPCX_UNLIKELY(x) __builtin_expect(!!(x), 0)

struct ipcx;
struct ipcx_deadline;
struct ipcx_mailbox;
struct ipcx_mailbox_want;
struct ipcx_region;

/* The word of a semaphore or lock, shared with other processes. */
typedef _Atomic uint32_t ipcx_word;

/*
 * Every call to the kernel goes through here. Returns what the kernel does, or a
 * negative errno, and leaves errno alone. -EINTR is handed to the caller and
 * never retried: what SA_RESTART asks for the kernel does by itself, the
 * deadlines being absolute.
 */
int ipcx_ioctl(int fd, unsigned long request, void *arg);

/*
 * The same for read() and write(), which carry a message for less than an ioctl
 * does. They are no points at which a thread can be cancelled.
 */
long ipcx_read(int fd, void *data, size_t size);
long ipcx_write(int fd, const void *data, size_t size);

/* Closes a descriptor of ours, and leaves errno alone. */
void ipcx_close_fd(int fd);

/* Fills a name of the kernel; NULL is no name. 0 or -ENAMETOOLONG, -EINVAL. */
int ipcx_name_fill(char dest[IPCX_NAME_SIZE], const char *name);

/* Splits a deadline for the kernel; NULL is for ever. 0 or -EINVAL. */
int ipcx_deadline_fill(const struct ipcx_deadline *deadline, __u32 *clockid,
		       __u64 *ns);

bool ipcx_deadline_is_nowait(const struct ipcx_deadline *deadline);

/*
 * Whether a call that was woken for nothing may sleep again: 0, -EAGAIN or
 * -ETIMEDOUT. Without it a peer that rings all the time keeps it for ever.
 */
int ipcx_deadline_check(const struct ipcx_deadline *deadline);

/* 0 when @fd is an object of @type, else -EMEDIUMTYPE or what STAT says. */
int ipcx_object_check(int fd, uint32_t type);

/* Creates a semaphore of any kind; @arg has all but the name. */
int ipcx_sem_create_fd(struct ipcx *ipcx, const char *name,
		       struct ipcx_sem_create *arg);

/*
 * Maps the word of a semaphore or lock. NULL when the handle or the kernel does
 * not allow it; operations are then system calls.
 */
ipcx_word *ipcx_word_map(int fd);
void ipcx_word_unmap(ipcx_word *word);

/*
 * Waits until a word in a mapped region is not 0 any more, which its creator
 * makes so before ringing. Returns 0 and the word, or as ipcx_region_wait().
 */
int ipcx_region_await(struct ipcx_region *region, const ipcx_word *word,
		      const struct ipcx_deadline *deadline,
		      uint32_t *ret_value);

/*
 * Looks at the next message that is wanted, and waits for it until @deadline,
 * NULL for ever. @message has no buffer: beside -EMSGSIZE it is told of, too.
 */
int ipcx_mailbox_look(struct ipcx_mailbox *mailbox,
		      struct ipcx_recv_message *message,
		      const struct ipcx_mailbox_want *want,
		      const struct ipcx_deadline *deadline);

/* A mailbox that owns @fd, which is closed on failure: 0 or -ENOMEM. */
int ipcx_mailbox_adopt(int fd, struct ipcx_mailbox **ret_mailbox);

/* Closes a region whose descriptor goes back to the caller. */
void ipcx_region_disown(struct ipcx_region *region);

#endif /* LIBIPCX_INTERNAL_H */
