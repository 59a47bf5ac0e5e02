/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The interface of ipcx: ioctls on /dev/ipcx and on the descriptors that it
 * hands out, the words that user space may map, and the netlink family.
 */
#ifndef _UAPI_LINUX_IPCX_H
#define _UAPI_LINUX_IPCX_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: Overview
 *
 * Everything is a file descriptor. Opening /dev/ipcx gives a *device handle*;
 * it fixes the namespace in which names are looked up, which is the network
 * namespace of the opener. ``IPCX_IOC_*_CREATE`` and IPCX_IOC_OPEN on the
 * device handle return *object handles*. A handle has its rights for life.
 * Holdings (units of an owned semaphore, a lock, a region's lock) belong to
 * the process that took them, never to the descriptor.
 *
 * All calls are ``_IOWR`` with the size of their structure encoded. A shorter
 * structure than the kernel's is filled up with zeros; in a longer one the tail
 * that the kernel does not know must be zero. Fields named ``out_*`` are ignored
 * on the way in and written when there is an answer, which is on success, or
 * with the error that the field speaks of; fields named ``__reserved`` must be
 * zero. Descriptors that a call returns are close-on-exec. Success is 0, or the
 * number that a call says it returns.
 */

/**
 * DOC: Errors
 *
 * One dictionary holds for every call. A call lists only what it adds.
 *
 * - ENOTTY: the call is unknown, or not for this kind of descriptor.
 * - E2BIG: the tail of a structure that is longer than the kernel's is not 0.
 * - EINVAL: a structure is too short, a flag or value is unknown, a reserved
 *   field is set, or a value is outside its documented range.
 * - EOPNOTSUPP: understood, but this kernel or object cannot do it.
 * - EFAULT: a user pointer cannot be read or written. Nothing was lost: what
 *   had been taken was put back.
 * - EBADF: another descriptor that the call names is not an ipcx object, or not
 *   of the right type.
 * - EACCES: the handle lacks a right, or the object's mode refuses it. read()
 *   and write() say EBADF for a missing right, as for all files.
 * - EPERM: the caller is not the holder, or not allowed to do this at all.
 * - ENOENT, EEXIST: there is no such name; the name is taken.
 * - EMEDIUMTYPE: the name belongs to an object of another type.
 * - EAGAIN: it would have to wait, and the deadline is 0; for read() and
 *   write(), O_NONBLOCK is set. O_NONBLOCK means nothing to ioctls.
 * - ETIMEDOUT: the deadline passed. Nothing was taken.
 * - EINTR: a signal came and nothing was taken. Deadlines are absolute, so a
 *   call that is restarted by SA_RESTART does not wait longer.
 * - EIDRM: the object was destroyed.
 * - EOWNERDEAD: success, the caller holds what it asked for; but a holder died
 *   before it. ``out_dead_pid`` says who.
 * - EOVERFLOW: the result would be above the maximum. Nothing was changed.
 * - EDQUOT: a limit of the calling user is reached. IPCX_IOC_QUOTA names it.
 * - ENOSPC: a limit of the whole system is reached. IPCX_IOC_QUOTA names it;
 *   or all numbers up to the parameter ``max_id`` of the module are taken.
 * - ENOMEM: the kernel has no memory.
 */

/**
 * DOC: Deadlines
 *
 * A deadline is an absolute time in nanoseconds on the clock ``clockid``:
 * CLOCK_REALTIME (0), CLOCK_MONOTONIC (1) or CLOCK_BOOTTIME (7). 0 means "do
 * not wait" (EAGAIN), IPCX_FOREVER "no limit"; a time that has passed tries
 * once and gives ETIMEDOUT. Values between 2^63 and IPCX_FOREVER are EINVAL.
 */

#define IPCX_ABI_VERSION 1

/* Not in Documentation/userspace-api/ioctl/ioctl-number.rst of Linux 6.12. */
#define IPCX_IOC_TYPE 0xBB

/* Size of a name: '/', 1 to 62 of [A-Za-z0-9._-], a NUL, the rest NULs. */
#define IPCX_NAME_SIZE 64

#define IPCX_FOREVER 0xffffffffffffffffULL

/**
 * enum ipcx_type_id - The types of object
 * @IPCX_TYPE_ANY: In IPCX_IOC_OPEN: whatever the name belongs to
 * @IPCX_TYPE_SEM: A semaphore or lock
 * @IPCX_TYPE_REGION: A shared region
 * @IPCX_TYPE_MAILBOX: A mailbox
 * @IPCX_TYPE_CHANNEL: A channel
 */
enum ipcx_type_id {
	IPCX_TYPE_ANY = 0,
	IPCX_TYPE_SEM = 1,
	IPCX_TYPE_REGION = 2,
	IPCX_TYPE_MAILBOX = 3,
	IPCX_TYPE_CHANNEL = 4
};

/**
 * enum ipcx_rights - What a handle may do
 * @IPCX_RIGHT_READ: Take units, map read-only, lock for reading, wait, receive
 * @IPCX_RIGHT_WRITE: Give units, map for writing, lock for writing, ring, send
 * @IPCX_RIGHT_CONTROL: Unlink, destroy, change mode, owner and lease, seal
 * @IPCX_RIGHTS_MASK: All of them
 *
 * They are granted by the mode bits r, w and x of the owner, the group or the
 * others; the owner always has CONTROL. CAP_IPC_OWNER in the user namespace
 * that owns the object's network namespace grants everything.
 */
enum ipcx_rights {
	IPCX_RIGHT_READ = 1 << 0,
	IPCX_RIGHT_WRITE = 1 << 1,
	IPCX_RIGHT_CONTROL = 1 << 2,
	IPCX_RIGHTS_MASK = 7
};

/**
 * enum ipcx_create_flags - Flags that every creating call knows
 * @IPCX_CREATE_F_EXCL: Fail with EEXIST when the name is taken. Without it the
 *	existing object is opened (O_CREAT without O_EXCL), and its own
 *	properties hold, not those of the call
 * @IPCX_CREATE_F_PERSISTENT: Stay when the last handle closes, until unlinked,
 *	destroyed, or until the lease runs out. Needs a name
 * @IPCX_CREATE_F_MASK: The flags that every type knows
 */
enum ipcx_create_flags {
	IPCX_CREATE_F_EXCL = 1 << 0,
	IPCX_CREATE_F_PERSISTENT = 1 << 1,
	IPCX_CREATE_F_MASK = 3
};

/**
 * enum ipcx_create_out_flags - What a creating call answers
 * @IPCX_CREATE_OUT_CREATED: The object is new; else it existed and was opened
 */
enum ipcx_create_out_flags {
	IPCX_CREATE_OUT_CREATED = 1 << 0
};

/**
 * enum ipcx_features - What IPCX_IOC_INFO reports
 * @IPCX_FEATURE_SEM: Semaphores and locks
 * @IPCX_FEATURE_REGION: Shared regions
 * @IPCX_FEATURE_HUGE: Regions on huge pages (IPCX_REGION_F_HUGE)
 * @IPCX_FEATURE_EXEC_DEATH: exec returns what the old image held
 * @IPCX_FEATURE_MAILBOX: Mailboxes
 * @IPCX_FEATURE_CHANNEL: Channels
 */
enum ipcx_features {
	IPCX_FEATURE_SEM = 1 << 0,
	IPCX_FEATURE_REGION = 1 << 1,
	IPCX_FEATURE_HUGE = 1 << 2,
	IPCX_FEATURE_EXEC_DEATH = 1 << 3,
	IPCX_FEATURE_MAILBOX = 1 << 4,
	IPCX_FEATURE_CHANNEL = 1 << 5
};

/**
 * struct ipcx_info - IPCX_IOC_INFO: what this kernel offers
 * @flags: Must be 0
 * @out_abi_version: IPCX_ABI_VERSION of the kernel
 * @out_features: Bits of &enum ipcx_features
 * @out_max_region: Largest size of a region in bytes
 * @out_max_value: Largest maximum of a semaphore
 * @out_name_size: IPCX_NAME_SIZE of the kernel
 *
 * On any ipcx descriptor. Since 0.1.
 */
struct ipcx_info {
	__u32 flags;
	__u32 out_abi_version;
	__aligned_u64 out_features;
	__aligned_u64 out_max_region;
	__u32 out_max_value;
	__u32 out_name_size;
};
#define IPCX_IOC_INFO _IOWR(IPCX_IOC_TYPE, 0x00, struct ipcx_info)

/**
 * struct ipcx_open - IPCX_IOC_OPEN: open an object by name
 * @name: The name
 * @type: &enum ipcx_type_id that it must have, or IPCX_TYPE_ANY
 * @rights: Rights that the handle shall have, &enum ipcx_rights, not 0
 * @flags: Must be 0
 * @out_fd: The new descriptor
 * @out_type: &enum ipcx_type_id of the object
 * @out_id: Number of the object, unique while it lives
 *
 * On a device handle. EACCES: the mode does not grant all of @rights.
 * Since 0.1.
 */
struct ipcx_open {
	char name[IPCX_NAME_SIZE];
	__u32 type;
	__u32 rights;
	__u32 flags;
	__s32 out_fd;
	__u32 out_type;
	__u32 out_id;
};
#define IPCX_IOC_OPEN _IOWR(IPCX_IOC_TYPE, 0x01, struct ipcx_open)

/**
 * struct ipcx_unlink - IPCX_IOC_UNLINK: free a name
 * @name: On a device handle: the name; on an object handle: all NULs
 * @flags: Must be 0
 * @__reserved: Must be 0
 *
 * The name is free at once; the object lives on while it has handles. Needs
 * IPCX_RIGHT_CONTROL: of the handle, or by the mode when called on a device
 * handle. ENOENT: there is no such name, or the object has none any more.
 * Since 0.1.
 */
struct ipcx_unlink {
	char name[IPCX_NAME_SIZE];
	__u32 flags;
	__u32 __reserved;
};
#define IPCX_IOC_UNLINK _IOWR(IPCX_IOC_TYPE, 0x02, struct ipcx_unlink)

/**
 * struct ipcx_reduce - IPCX_IOC_REDUCE: make a weaker handle
 * @rights: Rights of the new handle, not 0, a subset of this handle's
 * @flags: Must be 0
 * @out_fd: The new descriptor, to the same object
 * @__reserved: Must be 0
 *
 * EACCES: @rights holds more than this handle has. Since 0.1.
 */
struct ipcx_reduce {
	__u32 rights;
	__u32 flags;
	__s32 out_fd;
	__u32 __reserved;
};
#define IPCX_IOC_REDUCE _IOWR(IPCX_IOC_TYPE, 0x03, struct ipcx_reduce)

/**
 * struct ipcx_destroy - IPCX_IOC_DESTROY: the object dies now
 * @flags: Must be 0
 * @__reserved: Must be 0
 *
 * Every waiter and every later call on the object gets EIDRM, polls get
 * EPOLLHUP | EPOLLERR, the name is free. Memory of a region stays mapped where
 * it is mapped. Needs IPCX_RIGHT_CONTROL. Since 0.1.
 */
struct ipcx_destroy {
	__u32 flags;
	__u32 __reserved;
};
#define IPCX_IOC_DESTROY _IOWR(IPCX_IOC_TYPE, 0x04, struct ipcx_destroy)

/**
 * enum ipcx_stat_flags - State of an object in &struct ipcx_stat
 * @IPCX_STAT_F_PERSISTENT: Stays without handles
 * @IPCX_STAT_F_DEAD: Was destroyed
 * @IPCX_STAT_F_NAMED: Can be opened by its name
 */
enum ipcx_stat_flags {
	IPCX_STAT_F_PERSISTENT = 1 << 0,
	IPCX_STAT_F_DEAD = 1 << 1,
	IPCX_STAT_F_NAMED = 1 << 2
};

/**
 * struct ipcx_stat - IPCX_IOC_STAT: facts that every object has
 * @flags: Must be 0
 * @out_type: &enum ipcx_type_id
 * @out_id: Number of the object, unique while it lives
 * @out_rights: Rights of the handle that was asked
 * @out_mode: Mode bits, 0 to 0777
 * @out_uid: Owner, in the caller's user namespace
 * @out_gid: Group, in the caller's user namespace
 * @out_flags: Bits of &enum ipcx_stat_flags
 * @out_handles: Open handles, those held by mappings included
 * @out_holders: Processes that hold something of it
 * @out_waiters: Calls that sleep on it
 * @__reserved: Must be 0
 * @out_bytes: Bytes charged to the creator for it
 * @out_age_ns: Nanoseconds since it was created (CLOCK_BOOTTIME)
 * @out_lease_ns: Lease in nanoseconds, 0 for none
 * @out_name: Its name, empty when it has none
 *
 * Works on a destroyed object too. Since 0.1.
 */
struct ipcx_stat {
	__u32 flags;
	__u32 out_type;
	__u32 out_id;
	__u32 out_rights;
	__u32 out_mode;
	__u32 out_uid;
	__u32 out_gid;
	__u32 out_flags;
	__u32 out_handles;
	__u32 out_holders;
	__u32 out_waiters;
	__u32 __reserved;
	__aligned_u64 out_bytes;
	__aligned_u64 out_age_ns;
	__aligned_u64 out_lease_ns;
	char out_name[IPCX_NAME_SIZE];
};
#define IPCX_IOC_STAT _IOWR(IPCX_IOC_TYPE, 0x05, struct ipcx_stat)

/**
 * enum ipcx_set_flags - What IPCX_IOC_SET changes
 * @IPCX_SET_F_MODE: &ipcx_set.mode
 * @IPCX_SET_F_UID: &ipcx_set.uid
 * @IPCX_SET_F_GID: &ipcx_set.gid
 * @IPCX_SET_F_LEASE: &ipcx_set.lease_ns
 * @IPCX_SET_F_MASK: All of them
 */
enum ipcx_set_flags {
	IPCX_SET_F_MODE = 1 << 0,
	IPCX_SET_F_UID = 1 << 1,
	IPCX_SET_F_GID = 1 << 2,
	IPCX_SET_F_LEASE = 1 << 3,
	IPCX_SET_F_MASK = 15
};

/**
 * struct ipcx_set - IPCX_IOC_SET: change mode, owner, group or lease
 * @flags: What to change, &enum ipcx_set_flags, not 0
 * @mode: New mode bits, 0 to 0777
 * @uid: New owner, in the caller's user namespace
 * @gid: New group, in the caller's user namespace
 * @lease_ns: New lease of a persistent object, 0 for none
 *
 * All or nothing. Handles that exist keep their rights; what was charged stays
 * charged to the creator. Needs IPCX_RIGHT_CONTROL. EINVAL: a lease on an
 * object that is not persistent, or an id that the caller's namespace does not
 * map. EPERM: @uid may be changed only by CAP_CHOWN, and @gid to a group of
 * the caller's or by CAP_CHOWN, in the user namespace that owns the object's
 * network namespace. Since 0.1.
 */
struct ipcx_set {
	__u32 flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__aligned_u64 lease_ns;
};
#define IPCX_IOC_SET _IOWR(IPCX_IOC_TYPE, 0x06, struct ipcx_set)

/**
 * enum ipcx_resource - What is counted and limited
 * @IPCX_RESOURCE_OBJECTS: Objects
 * @IPCX_RESOURCE_HANDLES: Open handles, device handles included
 * @IPCX_RESOURCE_BYTES: Bytes of kernel memory and of regions
 * @IPCX_RESOURCE_WAITERS: Calls that sleep
 * @IPCX_RESOURCE_FDS: Descriptors in messages that were not received yet
 * @IPCX_RESOURCE_COUNT: Number of resources
 */
enum ipcx_resource {
	IPCX_RESOURCE_OBJECTS = 0,
	IPCX_RESOURCE_HANDLES = 1,
	IPCX_RESOURCE_BYTES = 2,
	IPCX_RESOURCE_WAITERS = 3,
	IPCX_RESOURCE_FDS = 4,
	IPCX_RESOURCE_COUNT = 5
};

/**
 * struct ipcx_quota - IPCX_IOC_QUOTA: use and limits
 * @flags: Must be 0
 * @__reserved: Must be 0
 * @out_used: What the calling user uses, by &enum ipcx_resource
 * @out_limit: What one user may use
 * @out_denied: How often the calling user was refused with EDQUOT
 * @out_total_used: What all users use
 * @out_total_limit: What all users together may use
 * @out_total_denied: How often anybody was refused with ENOSPC
 *
 * On any ipcx descriptor. CAP_SYS_RESOURCE in the initial user namespace is
 * not bound by the limits of a user. The limits are the parameters
 * ``max_<resource>_per_user`` and ``max_<resource>`` of the module.
 * Since 0.1.
 */
struct ipcx_quota {
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 out_used[IPCX_RESOURCE_COUNT];
	__aligned_u64 out_limit[IPCX_RESOURCE_COUNT];
	__aligned_u64 out_denied[IPCX_RESOURCE_COUNT];
	__aligned_u64 out_total_used[IPCX_RESOURCE_COUNT];
	__aligned_u64 out_total_limit[IPCX_RESOURCE_COUNT];
	__aligned_u64 out_total_denied[IPCX_RESOURCE_COUNT];
};
#define IPCX_IOC_QUOTA _IOWR(IPCX_IOC_TYPE, 0x07, struct ipcx_quota)

/**
 * DOC: Semaphores
 *
 * A semaphore counts units. IPCX_IOC_SEM_WAIT takes units (P) and sleeps until
 * it can, IPCX_IOC_SEM_POST gives them (V). Both are all or nothing. Waiters
 * are served in order, and nobody overtakes a waiter, unless the semaphore was
 * created with IPCX_SEM_F_BARGING.
 *
 * *Plain*: anybody with the right may give. The count lives in a word that a
 * handle with READ and WRITE may map (one page at offset 0, MAP_SHARED); P and
 * V run there while nobody has to sleep.
 *
 * *Owned*: every unit taken is entered in the kernel's ledger under the process
 * that took it. Only it can give it back (EPERM). What happens when it dies, or
 * calls exec, is chosen by &enum ipcx_on_death.
 *
 * *Lock*: one unit, with the holder's id in a mapped word: free of system calls
 * while uncontended, and robust. A process gets its id from
 * IPCX_IOC_SEM_ATTACH, which must come before it writes to the word.
 *
 * Descriptors can be polled: EPOLLIN while P(1) would succeed, EPOLLOUT while
 * V(1) would. read() of 8 bytes is P(1) and yields the number 1; write() of 8
 * bytes is V(n).
 */

/* Largest maximum of a semaphore. */
#define IPCX_SEM_VALUE_MAX 0x3fffffffU

/*
 * The mapped word of a plain semaphore: the first __u32 of the page. While
 * SLEEPERS is set, V must go through the kernel, and P as well unless the
 * semaphore barges. While NOTIFY is set, both must.
 */
#define IPCX_SEM_WORD_SLEEPERS 0x80000000U
#define IPCX_SEM_WORD_NOTIFY   0x40000000U
#define IPCX_SEM_WORD_VALUE    0x3fffffffU

/*
 * The mapped word of a lock: 0 is free and quiet; the holder's id alone is held
 * and quiet. lock is compare-and-exchange from 0 to the own id, unlock from the
 * own id to 0; whatever else is found goes through the kernel. HOLDER_DEAD stays
 * set until IPCX_IOC_SEM_CONSISTENT.
 */
#define IPCX_LOCK_WORD_SLEEPERS	   0x80000000U
#define IPCX_LOCK_WORD_NOTIFY	   0x40000000U
#define IPCX_LOCK_WORD_HOLDER_DEAD 0x20000000U
#define IPCX_LOCK_WORD_HOLDER	   0x1fffffffU

/**
 * enum ipcx_sem_kind - Kinds of semaphore
 * @IPCX_SEM_PLAIN: Anybody gives; no holders
 * @IPCX_SEM_OWNED: Units are owned; the ledger brings them back
 * @IPCX_SEM_LOCK: Binary, owned, robust, free of system calls uncontended
 */
enum ipcx_sem_kind {
	IPCX_SEM_PLAIN = 0,
	IPCX_SEM_OWNED = 1,
	IPCX_SEM_LOCK = 2
};

/**
 * enum ipcx_order - In which order waiters are served
 * @IPCX_ORDER_FIFO: In the order of their coming
 * @IPCX_ORDER_PRIO: By real-time priority at the time of the call, FIFO inside
 *	one; all tasks that are not SCHED_FIFO, SCHED_RR or SCHED_DEADLINE share
 *	the lowest
 */
enum ipcx_order {
	IPCX_ORDER_FIFO = 0,
	IPCX_ORDER_PRIO = 1
};

/**
 * enum ipcx_on_death - What happens to what a dead process held
 * @IPCX_DEATH_RETURN: It is given back, silently
 * @IPCX_DEATH_REPORT: It is given back, and EOWNERDEAD tells the next taker:
 *	once for each death (owned), until made consistent (lock)
 * @IPCX_DEATH_KEEP: It stays taken
 */
enum ipcx_on_death {
	IPCX_DEATH_RETURN = 0,
	IPCX_DEATH_REPORT = 1,
	IPCX_DEATH_KEEP = 2
};

/**
 * enum ipcx_sem_flags - Flags of IPCX_IOC_SEM_CREATE beside the common ones
 * @IPCX_SEM_F_BARGING: Units that are free may be taken although others wait;
 *	more throughput, no promise of order
 */
enum ipcx_sem_flags {
	IPCX_SEM_F_BARGING = 1 << 16
};

/**
 * struct ipcx_sem_create - IPCX_IOC_SEM_CREATE: create a semaphore or lock
 * @name: Its name, or all NULs for none
 * @flags: &enum ipcx_create_flags and &enum ipcx_sem_flags
 * @mode: Mode bits, 0 to 0777, less the caller's umask
 * @rights: Rights of the new handle; 0 stands for all
 * @kind: &enum ipcx_sem_kind
 * @initial: Units at the start, 0 to @max; 1 for a lock
 * @max: Most units that can be there, 1 to IPCX_SEM_VALUE_MAX; 1 for a lock
 * @order: &enum ipcx_order
 * @on_death: &enum ipcx_on_death; IPCX_DEATH_RETURN for a plain one
 * @lease_ns: Lease of a persistent object in nanoseconds, 0 for none
 * @out_fd: The new descriptor
 * @out_flags: &enum ipcx_create_out_flags
 * @out_id: Number of the object, unique while it lives
 * @__reserved: Must be 0
 *
 * On a device handle. Since 0.1.
 */
struct ipcx_sem_create {
	char name[IPCX_NAME_SIZE];
	__u32 flags;
	__u32 mode;
	__u32 rights;
	__u32 kind;
	__u32 initial;
	__u32 max;
	__u32 order;
	__u32 on_death;
	__aligned_u64 lease_ns;
	__s32 out_fd;
	__u32 out_flags;
	__u32 out_id;
	__u32 __reserved;
};
#define IPCX_IOC_SEM_CREATE _IOWR(IPCX_IOC_TYPE, 0x10, struct ipcx_sem_create)

/**
 * struct ipcx_sem_wait - IPCX_IOC_SEM_WAIT: take units (P)
 * @units: How many, 1 to the maximum of the semaphore
 * @clockid: Clock of @deadline
 * @deadline: See "Deadlines"
 * @flags: Must be 0
 * @out_dead_pid: After EOWNERDEAD: who died, in the caller's pid namespace; 0
 *	when it is not visible there or not known
 * @out_dead_units: After EOWNERDEAD: how many units it held
 * @__reserved: Must be 0
 *
 * Needs IPCX_RIGHT_READ. EOWNERDEAD: see &enum ipcx_on_death. Since 0.1.
 */
struct ipcx_sem_wait {
	__u32 units;
	__u32 clockid;
	__aligned_u64 deadline;
	__u32 flags;
	__s32 out_dead_pid;
	__u32 out_dead_units;
	__u32 __reserved;
};
#define IPCX_IOC_SEM_WAIT _IOWR(IPCX_IOC_TYPE, 0x11, struct ipcx_sem_wait)

/**
 * struct ipcx_sem_post - IPCX_IOC_SEM_POST: give units (V)
 * @units: How many, not 0
 * @flags: Must be 0
 *
 * Plain: needs IPCX_RIGHT_WRITE; EOVERFLOW above the maximum. Owned and lock:
 * needs IPCX_RIGHT_READ, for it only returns what was taken; EPERM when the
 * calling process holds less. Since 0.1.
 */
struct ipcx_sem_post {
	__u32 units;
	__u32 flags;
};
#define IPCX_IOC_SEM_POST _IOWR(IPCX_IOC_TYPE, 0x12, struct ipcx_sem_post)

/**
 * struct ipcx_sem_handoff - IPCX_IOC_SEM_HANDOFF: V on this, then P on another
 * @wait_fd: Handle of the semaphore to take from
 * @post_units: How many to give; the kernel sets it to 0 when they are given
 *	and the wait ends with an error, so that the same structure can be
 *	passed again: 0 gives nothing and only waits
 * @wait_units: How many to take
 * @clockid: Clock of @deadline
 * @deadline: Of the wait
 * @flags: Must be 0
 * @out_dead_pid: As in &struct ipcx_sem_wait
 * @out_dead_units: As in &struct ipcx_sem_wait
 * @__reserved: Must be 0
 *
 * Both semaphores may be of any kind, and need the rights that IPCX_IOC_SEM_POST
 * and IPCX_IOC_SEM_WAIT need. When giving fails nothing is taken. Since 0.1.
 */
struct ipcx_sem_handoff {
	__s32 wait_fd;
	__u32 post_units;
	__u32 wait_units;
	__u32 clockid;
	__aligned_u64 deadline;
	__u32 flags;
	__s32 out_dead_pid;
	__u32 out_dead_units;
	__u32 __reserved;
};
#define IPCX_IOC_SEM_HANDOFF _IOWR(IPCX_IOC_TYPE, 0x13, struct ipcx_sem_handoff)

/**
 * struct ipcx_sem_stat - IPCX_IOC_SEM_STAT: facts about a semaphore
 * @flags: Must be 0
 * @out_value: Units that are free
 * @out_max: Its maximum
 * @out_held: Units held by living processes, or kept for dead ones; 0 if plain
 * @out_kind: &enum ipcx_sem_kind
 * @out_order: &enum ipcx_order
 * @out_on_death: &enum ipcx_on_death
 * @out_flags: &enum ipcx_sem_flags it was created with
 * @out_waiters: Calls that sleep on it
 * @out_deaths: Deaths not reported yet
 *
 * Deaths that the caller can know of (because it waited for the process, say)
 * are already counted. Since 0.1.
 */
struct ipcx_sem_stat {
	__u32 flags;
	__u32 out_value;
	__u32 out_max;
	__u32 out_held;
	__u32 out_kind;
	__u32 out_order;
	__u32 out_on_death;
	__u32 out_flags;
	__u32 out_waiters;
	__u32 out_deaths;
};
#define IPCX_IOC_SEM_STAT _IOWR(IPCX_IOC_TYPE, 0x14, struct ipcx_sem_stat)

/**
 * struct ipcx_sem_attach - IPCX_IOC_SEM_ATTACH: get the id for a lock's word
 * @flags: Must be 0
 * @out_holder_id: Id of the calling process, 1 to IPCX_LOCK_WORD_HOLDER - 1;
 *	the same for all locks, and void after fork (in the child) and exec
 *
 * Once per process and lock, before the process writes to the word; from then
 * on the kernel looks at the word when the process dies. EOPNOTSUPP: not a
 * lock. Needs IPCX_RIGHT_READ and IPCX_RIGHT_WRITE. Since 0.1.
 */
struct ipcx_sem_attach {
	__u32 flags;
	__u32 out_holder_id;
};
#define IPCX_IOC_SEM_ATTACH _IOWR(IPCX_IOC_TYPE, 0x15, struct ipcx_sem_attach)

/**
 * struct ipcx_sem_consistent - IPCX_IOC_SEM_CONSISTENT: what it guards is well
 * @flags: Must be 0
 * @__reserved: Must be 0
 *
 * Said by the holder of a lock after EOWNERDEAD; until then every taker gets
 * EOWNERDEAD. EPERM: the caller does not hold it. EINVAL: nothing to mend.
 * EOPNOTSUPP: not a lock. Needs IPCX_RIGHT_READ. Since 0.1.
 */
struct ipcx_sem_consistent {
	__u32 flags;
	__u32 __reserved;
};
#define IPCX_IOC_SEM_CONSISTENT \
	_IOWR(IPCX_IOC_TYPE, 0x16, struct ipcx_sem_consistent)

/**
 * DOC: Regions
 *
 * A region is memory of a fixed size that several processes map. Its handle
 * decides what a mapping may do, for life: without WRITE neither mprotect() nor
 * a look through /proc makes it writable. It can be swapped out, is charged to
 * the memory cgroup of who touches it first, and cannot be truncated. mmap()
 * needs READ, and gives EINVAL for a range that is not inside the region, EACCES
 * for writing without WRITE, and EPERM for writing to a sealed region.
 *
 * Beside the memory a region has a reader/writer lock, kept in the kernel's
 * ledger, and a doorbell: a counter that can be rung and waited for. poll()
 * gives EPOLLIN when the doorbell was rung since the handle last waited.
 */

/**
 * enum ipcx_region_flags - Flags of IPCX_IOC_REGION_CREATE beside the common ones
 * @IPCX_REGION_F_RESERVE: Allocate all memory now; no touch can fail later
 * @IPCX_REGION_F_HUGE: On huge pages where they can be had
 */
enum ipcx_region_flags {
	IPCX_REGION_F_RESERVE = 1 << 16,
	IPCX_REGION_F_HUGE = 1 << 17
};

/**
 * struct ipcx_region_create - IPCX_IOC_REGION_CREATE: create a region
 * @name: Its name, or all NULs for none
 * @flags: &enum ipcx_create_flags and &enum ipcx_region_flags
 * @mode: Mode bits, 0 to 0777, less the caller's umask
 * @rights: Rights of the new handle; 0 stands for all
 * @order: &enum ipcx_order of those who wait for its lock
 * @size: Size in bytes, not 0; rounded up to whole pages
 * @lease_ns: Lease of a persistent object in nanoseconds, 0 for none
 * @out_fd: The new descriptor
 * @out_flags: &enum ipcx_create_out_flags
 * @out_id: Number of the object, unique while it lives
 * @__reserved: Must be 0
 *
 * On a device handle. EFBIG: larger than any region can be. EOPNOTSUPP: this
 * kernel has no huge pages for shared memory. ENOMEM: the memory asked for by
 * IPCX_REGION_F_RESERVE is not there. Since 0.1.
 */
struct ipcx_region_create {
	char name[IPCX_NAME_SIZE];
	__u32 flags;
	__u32 mode;
	__u32 rights;
	__u32 order;
	__aligned_u64 size;
	__aligned_u64 lease_ns;
	__s32 out_fd;
	__u32 out_flags;
	__u32 out_id;
	__u32 __reserved;
};
#define IPCX_IOC_REGION_CREATE \
	_IOWR(IPCX_IOC_TYPE, 0x20, struct ipcx_region_create)

/**
 * enum ipcx_seals - Seals of a region
 * @IPCX_SEAL_WRITE: Nobody can write to it any more
 * @IPCX_SEALS_MASK: All of them
 */
enum ipcx_seals {
	IPCX_SEAL_WRITE = 1 << 0,
	IPCX_SEALS_MASK = 1
};

/**
 * struct ipcx_region_seal - IPCX_IOC_REGION_SEAL: forbid for ever
 * @seals: &enum ipcx_seals to add, not 0
 * @flags: Must be 0
 *
 * EBUSY: there is a mapping that could be written to, or a page is pinned for
 * input or output (a kernel that does not pin for it, as 6.1 for direct disk
 * input, lets a transfer that is under way end). Sealing again is no error.
 * Needs IPCX_RIGHT_CONTROL. Since 0.1.
 */
struct ipcx_region_seal {
	__u32 seals;
	__u32 flags;
};
#define IPCX_IOC_REGION_SEAL _IOWR(IPCX_IOC_TYPE, 0x21, struct ipcx_region_seal)

/**
 * enum ipcx_lock_mode - How a region is locked
 * @IPCX_LOCK_READ: Together with other readers
 * @IPCX_LOCK_WRITE: Alone
 */
enum ipcx_lock_mode {
	IPCX_LOCK_READ = 0,
	IPCX_LOCK_WRITE = 1
};

/**
 * struct ipcx_region_lock - IPCX_IOC_REGION_LOCK: lock the region
 * @mode: &enum ipcx_lock_mode
 * @clockid: Clock of @deadline
 * @deadline: See "Deadlines"
 * @flags: Must be 0
 * @out_dead_pid: After EOWNERDEAD: the writer that died, in the caller's pid
 *	namespace, or 0
 *
 * Readers and writers are served in order, readers next to one another
 * together. A process may hold several read locks. Needs IPCX_RIGHT_READ, or
 * IPCX_RIGHT_WRITE to write. EDEADLK: the process holds it for writing, or
 * holds it for reading and wants to write. EOWNERDEAD: the lock is held, but a
 * writer died; until IPCX_IOC_REGION_CONSISTENT every taker is told.
 * Since 0.1.
 */
struct ipcx_region_lock {
	__u32 mode;
	__u32 clockid;
	__aligned_u64 deadline;
	__u32 flags;
	__s32 out_dead_pid;
};
#define IPCX_IOC_REGION_LOCK _IOWR(IPCX_IOC_TYPE, 0x22, struct ipcx_region_lock)

/**
 * struct ipcx_region_unlock - IPCX_IOC_REGION_UNLOCK: give the lock back
 * @flags: Must be 0
 * @__reserved: Must be 0
 *
 * Ends the write lock, or one read lock, of the calling process. EPERM: it
 * holds none. Since 0.1.
 */
struct ipcx_region_unlock {
	__u32 flags;
	__u32 __reserved;
};
#define IPCX_IOC_REGION_UNLOCK \
	_IOWR(IPCX_IOC_TYPE, 0x23, struct ipcx_region_unlock)

/**
 * struct ipcx_region_consistent - IPCX_IOC_REGION_CONSISTENT: the data is well
 * @flags: Must be 0
 * @__reserved: Must be 0
 *
 * Said by the write holder after EOWNERDEAD. EPERM: the caller does not hold
 * the write lock. EINVAL: nothing to mend. Needs IPCX_RIGHT_WRITE. Since 0.1.
 */
struct ipcx_region_consistent {
	__u32 flags;
	__u32 __reserved;
};
#define IPCX_IOC_REGION_CONSISTENT \
	_IOWR(IPCX_IOC_TYPE, 0x24, struct ipcx_region_consistent)

/**
 * struct ipcx_region_ring - IPCX_IOC_REGION_RING: ring the doorbell
 * @flags: Must be 0
 * @__reserved: Must be 0
 * @out_count: How often it has been rung, this time included
 *
 * Wakes all who wait for it. Needs IPCX_RIGHT_WRITE. Since 0.1.
 */
struct ipcx_region_ring {
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 out_count;
};
#define IPCX_IOC_REGION_RING _IOWR(IPCX_IOC_TYPE, 0x25, struct ipcx_region_ring)

/**
 * struct ipcx_region_wait - IPCX_IOC_REGION_WAIT: wait for the doorbell
 * @since: Count up to which the caller has seen it
 * @deadline: See "Deadlines"
 * @clockid: Clock of @deadline
 * @flags: Must be 0
 * @out_count: How often it has been rung; above @since
 *
 * Returns when the count is above @since, at once if it already is. poll() on
 * this handle counts from @out_count on. Needs IPCX_RIGHT_READ. Since 0.1.
 */
struct ipcx_region_wait {
	__aligned_u64 since;
	__aligned_u64 deadline;
	__u32 clockid;
	__u32 flags;
	__aligned_u64 out_count;
};
#define IPCX_IOC_REGION_WAIT _IOWR(IPCX_IOC_TYPE, 0x26, struct ipcx_region_wait)

/**
 * struct ipcx_region_stat - IPCX_IOC_REGION_STAT: facts about a region
 * @flags: Must be 0
 * @out_flags: &enum ipcx_region_flags it was created with
 * @out_size: Its size in bytes, whole pages
 * @out_resident: Bytes that have memory now, swapped out ones included
 * @out_rings: How often the doorbell was rung
 * @out_seals: &enum ipcx_seals
 * @out_writable_maps: Mappings through which it could be written
 * @out_readers: Read locks that are held
 * @out_writer: 1 while the write lock is held
 * @out_order: &enum ipcx_order of those who wait for its lock
 * @out_inconsistent: 1 from a writer's death until made consistent
 *
 * Since 0.1.
 */
struct ipcx_region_stat {
	__u32 flags;
	__u32 out_flags;
	__aligned_u64 out_size;
	__aligned_u64 out_resident;
	__aligned_u64 out_rings;
	__u32 out_seals;
	__u32 out_writable_maps;
	__u32 out_readers;
	__u32 out_writer;
	__u32 out_order;
	__u32 out_inconsistent;
};
#define IPCX_IOC_REGION_STAT _IOWR(IPCX_IOC_TYPE, 0x27, struct ipcx_region_stat)

/**
 * DOC: Mailboxes
 *
 * A mailbox is a bounded queue of messages. Anybody with WRITE sends, anybody
 * with READ receives, and each message goes to exactly one receiver. Boundaries
 * are kept. A message has a priority and a tag; the highest priority is
 * received first, and inside one priority the message that was sent first.
 *
 * Nothing is lost: a message leaves the mailbox when it has been copied whole.
 * A buffer that is too short, or that cannot be written to, leaves it in its
 * place, and nobody waits for whoever has such a buffer. A message that waits
 * for nobody may be given a lifetime, after which it is never delivered.
 *
 * A mailbox holds up to &ipcx_mailbox_create.max_messages messages and
 * &ipcx_mailbox_create.max_bytes bytes of payload. Its owner may use all of
 * that; any other user may use at most half of what the others have left, or
 * have one message, so nobody can shut out the rest. What a message costs
 * (payload, and the kernel's own record; 512 bytes for a short one) is charged to
 * the sending user until it has been received.
 *
 * Descriptors can be polled: EPOLLIN while there is a message, EPOLLOUT while
 * there is room for a short one and nobody waits for it; of shares they know
 * nothing. read() receives one message, and write() sends one of
 * priority 0 and tag 0; both never split and never join messages.
 *
 * *Inboxes.* A process may have one mailbox that others find by its pid: its
 * inbox (IPCX_MAILBOX_F_INBOX). They send to it with all that messages can have,
 * and only that process receives. It dies with the process, when that calls
 * exec, or when its last descriptor for receiving is closed. Handles of it that
 * others have are to that process and no other, also when its pid is used anew:
 * then they give EIDRM.
 *
 * *Descriptors.* A mailbox that was created with IPCX_MAILBOX_F_FDS takes
 * messages that carry descriptors, and receivers say for how many they have
 * room. Any file can travel, but none that can itself carry descriptors, or
 * waits for others: mailboxes, sockets of AF_UNIX, io_uring, epoll, binder.
 * Such a file could come to be kept by nothing but itself. The receiver gets
 * descriptors of its own, with close-on-exec; those of a message that dies are
 * closed. Until then they count as IPCX_RESOURCE_FDS of the sender.
 *
 * *Mapped.* A long message need not be copied to its receiver: with
 * IPCX_MESSAGE_F_MAP its pages are mapped there, to be read, until they are
 * unmapped by munmap(), or the process ends. Children do not inherit them.
 * From then on the receiver pays for them.
 */

/* Priorities are 0 to IPCX_PRIORITY_MAX; the highest comes first. */
#define IPCX_PRIORITY_MAX 32767U

/* Most messages that a mailbox can hold, and most in one call. */
#define IPCX_MAILBOX_MESSAGES_MAX 65536U
#define IPCX_BATCH_MAX		  1024U

/* Longest message. */
#define IPCX_MESSAGE_SIZE_MAX 0x40000000U

/* Most parts of one payload. */
#define IPCX_PARTS_MAX 1024U

/* Most descriptors that one message carries. */
#define IPCX_MESSAGE_FDS_MAX 253U

/* Most mailboxes of one IPCX_IOC_MAILBOX_SEND_ALL. */
#define IPCX_SEND_ALL_MAX 64U

/**
 * enum ipcx_mailbox_flags - Flags of IPCX_IOC_MAILBOX_CREATE beside the common ones
 * @IPCX_MAILBOX_F_NEED_RECEIVER: Sending fails with ENXIO while there is no
 *	handle that may receive
 * @IPCX_MAILBOX_F_INBOX: It is the inbox of the calling process; see
 *	"Mailboxes". It has no name
 * @IPCX_MAILBOX_F_FDS: Messages may carry descriptors. Not for a persistent
 *	mailbox: it would keep them, and what they keep, when nobody is there
 */
enum ipcx_mailbox_flags {
	IPCX_MAILBOX_F_NEED_RECEIVER = 1 << 16,
	IPCX_MAILBOX_F_INBOX = 1 << 17,
	IPCX_MAILBOX_F_FDS = 1 << 18
};

/**
 * enum ipcx_when_full - What a send does when there is no room
 * @IPCX_FULL_DEFAULT: In a send: what the mailbox was created with
 * @IPCX_FULL_WAIT: It waits, until its deadline
 * @IPCX_FULL_FAIL: It fails with EAGAIN, or with EDQUOT when it is the user's
 *	share that is used up
 * @IPCX_FULL_DROP: It drops the oldest message of the lowest priority, and so
 *	on until there is room. Only messages whose priority is not above the new
 *	one's, and only the user's own ones unless it owns the mailbox; if that
 *	is not enough, or not among the 4096 messages that would go first, it
 *	drops none and fails as IPCX_FULL_FAIL does. A send to many looks at
 *	so many in all
 */
enum ipcx_when_full {
	IPCX_FULL_DEFAULT = 0,
	IPCX_FULL_WAIT = 1,
	IPCX_FULL_FAIL = 2,
	IPCX_FULL_DROP = 3
};

/**
 * struct ipcx_mailbox_create - IPCX_IOC_MAILBOX_CREATE: create a mailbox
 * @name: Its name, or all NULs for none
 * @flags: &enum ipcx_create_flags and &enum ipcx_mailbox_flags
 * @mode: Mode bits, 0 to 0777, less the caller's umask
 * @rights: Rights of the new handle; 0 stands for all
 * @order: &enum ipcx_order of those who wait to send, and to receive
 * @when_full: &enum ipcx_when_full of sends that do not say; IPCX_FULL_DEFAULT
 *	stands for IPCX_FULL_WAIT
 * @max_messages: Most messages, up to IPCX_MAILBOX_MESSAGES_MAX; 0 stands for
 *	4096
 * @max_size: Longest message in bytes, up to IPCX_MESSAGE_SIZE_MAX; 0 stands
 *	for 65536, or for @max_bytes if that is less
 * @__reserved: Must be 0
 * @max_bytes: Most bytes of payload; 0 stands for @max_messages times @max_size
 * @lease_ns: Lease of a persistent object in nanoseconds, 0 for none
 * @out_fd: The new descriptor
 * @out_flags: &enum ipcx_create_out_flags
 * @out_id: Number of the object, unique while it lives
 * @__reserved2: Must be 0
 *
 * On a device handle. EINVAL: @max_size is above @max_bytes. EEXIST, for an
 * inbox: the process has one. Since 0.1.
 */
struct ipcx_mailbox_create {
	char name[IPCX_NAME_SIZE];
	__u32 flags;
	__u32 mode;
	__u32 rights;
	__u32 order;
	__u32 when_full;
	__u32 max_messages;
	__u32 max_size;
	__u32 __reserved;
	__aligned_u64 max_bytes;
	__aligned_u64 lease_ns;
	__s32 out_fd;
	__u32 out_flags;
	__u32 out_id;
	__u32 __reserved2;
};
#define IPCX_IOC_MAILBOX_CREATE \
	_IOWR(IPCX_IOC_TYPE, 0x30, struct ipcx_mailbox_create)

/**
 * enum ipcx_message_flags - How the payload of one message is given
 * @IPCX_MESSAGE_F_PARTS: &ipcx_send_message.data points to an array of struct
 *	iovec, and &ipcx_send_message.size is the number of its parts, 1 to
 *	IPCX_PARTS_MAX. The same for &struct ipcx_recv_message
 * @IPCX_MESSAGE_F_MAP: A receiver wants the message mapped if it is longer than
 *	its buffer: see &ipcx_recv_message.out_data. Not for senders
 */
enum ipcx_message_flags {
	IPCX_MESSAGE_F_PARTS = 1 << 0,
	IPCX_MESSAGE_F_MAP = 1 << 1
};

/**
 * struct ipcx_send_message - A message to send
 * @data: Pointer to the payload
 * @size: Its size in bytes, 0 to the mailbox's &ipcx_mailbox_create.max_size
 * @flags: &enum ipcx_message_flags
 * @tag: Any number; receivers can ask for it
 * @priority: 0 to IPCX_PRIORITY_MAX
 * @nr_fds: Descriptors that it carries, 0 to IPCX_MESSAGE_FDS_MAX
 * @lifetime_ns: After so many nanoseconds in the mailbox (CLOCK_BOOTTIME) it is
 *	never delivered; 0 for no limit
 * @fds: Pointer to an array of @nr_fds descriptors (__s32), which stay the
 *	sender's: the message has its own
 */
struct ipcx_send_message {
	__aligned_u64 data;
	__u32 size;
	__u32 flags;
	__aligned_u64 tag;
	__u32 priority;
	__u32 nr_fds;
	__aligned_u64 lifetime_ns;
	__aligned_u64 fds;
};

/**
 * struct ipcx_mailbox_send - IPCX_IOC_MAILBOX_SEND: send messages
 * @messages: Pointer to an array of &struct ipcx_send_message
 * @count: How many, 1 to IPCX_BATCH_MAX
 * @when_full: &enum ipcx_when_full
 * @deadline: See "Deadlines"; for the first message. The others do not wait
 * @clockid: Clock of @deadline
 * @flags: Must be 0
 *
 * Returns how many were sent, which are the first ones, at least one. An error
 * is that of the first message: nothing was sent. EMSGSIZE: the message is
 * longer than the mailbox allows. EAGAIN: there is no room, and @deadline is 0
 * or the policy is not to wait. ENXIO: there is no receiver, see
 * IPCX_MAILBOX_F_NEED_RECEIVER. EDQUOT: the user's share of the mailbox is used
 * up (&struct ipcx_mailbox_stat tells it), or a limit of IPCX_IOC_QUOTA. With
 * descriptors, EBADF: one of them is not open; EOPNOTSUPP: the mailbox takes
 * none; ELOOP: one of them can itself carry descriptors. Needs
 * IPCX_RIGHT_WRITE. Since 0.1.
 */
struct ipcx_mailbox_send {
	__aligned_u64 messages;
	__u32 count;
	__u32 when_full;
	__aligned_u64 deadline;
	__u32 clockid;
	__u32 flags;
};
#define IPCX_IOC_MAILBOX_SEND \
	_IOWR(IPCX_IOC_TYPE, 0x31, struct ipcx_mailbox_send)

/**
 * enum ipcx_message_out_flags - What a receiver is told of a message
 * @IPCX_MESSAGE_OUT_SENDER_GONE: The sender has died, or called exec, since
 * @IPCX_MESSAGE_OUT_MAPPED: It was mapped, and not copied
 */
enum ipcx_message_out_flags {
	IPCX_MESSAGE_OUT_SENDER_GONE = 1 << 0,
	IPCX_MESSAGE_OUT_MAPPED = 1 << 1
};

/**
 * struct ipcx_recv_message - Where a message is received
 * @data: Pointer to the buffer
 * @size: Its size in bytes
 * @flags: &enum ipcx_message_flags
 * @fds: Pointer to an array for @nr_fds descriptors (__s32)
 * @nr_fds: Descriptors for which there is room
 * @__reserved: Must be 0
 * @out_data: Where a message is that was mapped: whole pages, to be unmapped by
 *	munmap(), behind its end filled up with zeros. Else 0
 * @out_id: Number of the message, unique in the mailbox; see IPCX_MATCH_ID
 * @out_tag: Its tag
 * @out_sent_ns: When it was sent (CLOCK_REALTIME)
 * @out_size: Size of the message in bytes. Also after EMSGSIZE and ENOBUFS
 * @out_nr_fds: Descriptors that it carries. Also after EMSGSIZE and ENOBUFS
 * @out_priority: Its priority
 * @out_pid: Process of the sender, in the caller's pid namespace; 0 when it is
 *	not visible there
 * @out_uid: Its effective uid when it sent, in the caller's user namespace
 * @out_gid: Its effective gid when it sent, in the caller's user namespace
 * @out_flags: Bits of &enum ipcx_message_out_flags
 * @__reserved2: Set to 0
 */
struct ipcx_recv_message {
	__aligned_u64 data;
	__u32 size;
	__u32 flags;
	__aligned_u64 fds;
	__u32 nr_fds;
	__u32 __reserved;
	__aligned_u64 out_data;
	__aligned_u64 out_id;
	__aligned_u64 out_tag;
	__aligned_u64 out_sent_ns;
	__u32 out_size;
	__u32 out_nr_fds;
	__u32 out_priority;
	__s32 out_pid;
	__u32 out_uid;
	__u32 out_gid;
	__u32 out_flags;
	__u32 __reserved2;
};

/**
 * enum ipcx_match - Which messages a receiver wants
 * @IPCX_MATCH_ANY: Any; both numbers of the call must be 0
 * @IPCX_MATCH_TAG: The tag is &ipcx_mailbox_recv.tag
 * @IPCX_MATCH_MASK: The bits &ipcx_mailbox_recv.tag_arg of the tag are those of
 *	&ipcx_mailbox_recv.tag
 * @IPCX_MATCH_RANGE: The tag is from &ipcx_mailbox_recv.tag to
 *	&ipcx_mailbox_recv.tag_arg, both included
 * @IPCX_MATCH_ID: &ipcx_mailbox_recv.tag is &ipcx_recv_message.out_id: the one
 *	message that was looked at before
 */
enum ipcx_match {
	IPCX_MATCH_ANY = 0,
	IPCX_MATCH_TAG = 1,
	IPCX_MATCH_MASK = 2,
	IPCX_MATCH_RANGE = 3,
	IPCX_MATCH_ID = 4
};

/**
 * enum ipcx_recv_flags - Flags of IPCX_IOC_MAILBOX_RECV
 * @IPCX_RECV_F_PEEK: Copy, and leave the messages where they are, with their
 *	descriptors. Where the buffer is too short all but the payload is told,
 *	beside EMSGSIZE. Not with IPCX_MESSAGE_F_MAP
 */
enum ipcx_recv_flags {
	IPCX_RECV_F_PEEK = 1 << 0
};

/**
 * struct ipcx_mailbox_recv - IPCX_IOC_MAILBOX_RECV: receive messages
 * @messages: Pointer to an array of &struct ipcx_recv_message
 * @count: How many at most, 1 to IPCX_BATCH_MAX
 * @flags: &enum ipcx_recv_flags
 * @deadline: See "Deadlines"; for the first message. The others are those that
 *	are there
 * @clockid: Clock of @deadline
 * @match: &enum ipcx_match
 * @tag: See @match
 * @tag_arg: See @match; 0 for IPCX_MATCH_TAG and IPCX_MATCH_ID
 * @index: With IPCX_RECV_F_PEEK: begin with this one of the messages that match,
 *	0 being the next that would be received; for any other nobody waits, and
 *	EAGAIN says that it is not there. Else 0
 * @__reserved: Must be 0
 *
 * Returns how many were received, at least one. An error is that of the first
 * message: none was received. EMSGSIZE: the message is longer than the buffer;
 * ENOBUFS: it carries more descriptors than there is room for;
 * &ipcx_recv_message.out_size and &ipcx_recv_message.out_nr_fds tell, and it
 * stays, as it does with read(). EMFILE: the process has no room for its
 * descriptors; EACCES: a security module denies one of them; ENOMEM: it could
 * not be mapped; EDQUOT: nor be paid for; it stays. EPERM: it is the inbox of
 * another process. Needs IPCX_RIGHT_READ. Since 0.1.
 */
struct ipcx_mailbox_recv {
	__aligned_u64 messages;
	__u32 count;
	__u32 flags;
	__aligned_u64 deadline;
	__u32 clockid;
	__u32 match;
	__aligned_u64 tag;
	__aligned_u64 tag_arg;
	__u32 index;
	__u32 __reserved;
};
#define IPCX_IOC_MAILBOX_RECV \
	_IOWR(IPCX_IOC_TYPE, 0x32, struct ipcx_mailbox_recv)

/**
 * struct ipcx_mailbox_stat - IPCX_IOC_MAILBOX_STAT: facts about a mailbox
 * @flags: Must be 0
 * @out_flags: &enum ipcx_mailbox_flags it was created with
 * @out_order: &enum ipcx_order
 * @out_when_full: &enum ipcx_when_full, never IPCX_FULL_DEFAULT
 * @out_max_messages: Most messages
 * @out_max_size: Longest message in bytes
 * @out_max_bytes: Most bytes of payload
 * @out_messages: Messages in it, those included that are being copied out
 * @out_next_size: Size of the message that would be received next, 0 if none
 * @out_bytes: Bytes of their payload
 * @out_oldest_ns: For how long the oldest message has been there, in
 *	nanoseconds, without the time for which the machine was suspended; 0 if
 *	there is none
 * @out_senders: Calls that wait to send
 * @out_receivers: Calls that wait to receive
 * @out_readers: Handles that may receive
 * @out_share_messages: Messages of the calling user in it
 * @out_share_bytes: Bytes of their payload
 * @out_share_limit_bytes: What the last could become now, by more than one
 *	message
 * @out_share_limit_messages: The same of the messages; one is always allowed
 * @out_share_denied: How often a user's share was used up
 * @out_sent: Messages that were put in
 * @out_received: Messages that were taken out
 * @out_dropped: Messages that made room for others
 * @out_expired: Messages whose lifetime ended
 * @out_refused: Sends that found no room, for whatever reason, and did not wait
 *
 * Since 0.1.
 */
struct ipcx_mailbox_stat {
	__u32 flags;
	__u32 out_flags;
	__u32 out_order;
	__u32 out_when_full;
	__u32 out_max_messages;
	__u32 out_max_size;
	__aligned_u64 out_max_bytes;
	__u32 out_messages;
	__u32 out_next_size;
	__aligned_u64 out_bytes;
	__aligned_u64 out_oldest_ns;
	__u32 out_senders;
	__u32 out_receivers;
	__u32 out_readers;
	__u32 out_share_messages;
	__aligned_u64 out_share_bytes;
	__aligned_u64 out_share_limit_bytes;
	__u32 out_share_limit_messages;
	__u32 out_share_denied;
	__aligned_u64 out_sent;
	__aligned_u64 out_received;
	__aligned_u64 out_dropped;
	__aligned_u64 out_expired;
	__aligned_u64 out_refused;
};
#define IPCX_IOC_MAILBOX_STAT \
	_IOWR(IPCX_IOC_TYPE, 0x33, struct ipcx_mailbox_stat)

/**
 * struct ipcx_inbox_find - IPCX_IOC_INBOX_FIND: open the inbox of a process
 * @pid: The process, in the caller's pid namespace
 * @flags: Must be 0
 * @out_fd: The new descriptor, with IPCX_RIGHT_WRITE
 * @out_id: Number of the object, unique while it lives
 *
 * On a device handle. Who may is decided by the inbox's mode. A pid can come to
 * belong to another process between two looks at it. Who has a pidfd looks after
 * the call whether its process still lives: then the handle is to that process.
 * ESRCH: there is no such process, or it has died. ENXIO: it has no inbox in the
 * network namespace of the device handle. EACCES: the mode does not grant WRITE.
 * Since 0.1.
 */
struct ipcx_inbox_find {
	__s32 pid;
	__u32 flags;
	__s32 out_fd;
	__u32 out_id;
};
#define IPCX_IOC_INBOX_FIND _IOWR(IPCX_IOC_TYPE, 0x34, struct ipcx_inbox_find)

/**
 * struct ipcx_mailbox_send_all - IPCX_IOC_MAILBOX_SEND_ALL: one message to many
 * @message: Pointer to a &struct ipcx_send_message
 * @mailboxes: Pointer to an array of descriptors (__s32) of mailboxes, each with
 *	IPCX_RIGHT_WRITE, none of them twice
 * @count: How many, 1 to IPCX_SEND_ALL_MAX
 * @when_full: &enum ipcx_when_full; IPCX_FULL_DEFAULT stands for IPCX_FULL_WAIT
 * @deadline: See "Deadlines": until when to wait for room in all of them
 * @clockid: Clock of @deadline
 * @flags: Must be 0
 * @out_index: After an error for which one of @mailboxes is the reason, as that
 *	it had no room last: which. Else it is left alone
 * @__reserved: Must be 0
 *
 * On a device handle. All of them get the message in one instant, or none does;
 * all mailboxes have messages that were sent so in the same order. Who waits
 * for room keeps none meanwhile, and others may send before it. The payload is
 * kept once. EINVAL: a mailbox is named twice. EBADF: a descriptor is not that
 * of a mailbox. Else as IPCX_IOC_MAILBOX_SEND. Since 0.1.
 */
struct ipcx_mailbox_send_all {
	__aligned_u64 message;
	__aligned_u64 mailboxes;
	__u32 count;
	__u32 when_full;
	__aligned_u64 deadline;
	__u32 clockid;
	__u32 flags;
	__u32 out_index;
	__u32 __reserved;
};
#define IPCX_IOC_MAILBOX_SEND_ALL \
	_IOWR(IPCX_IOC_TYPE, 0x35, struct ipcx_mailbox_send_all)

/**
 * DOC: Channels
 *
 * A channel carries bytes from one end to the other, in order, through a buffer
 * of a fixed capacity. Its descriptors are read and written as those of a pipe
 * are; each is for one of the two ends, or for none: then it can do nothing but
 * look, change, and open ends.
 *
 * *Simplex*: a writer's end and a reader's. *Turn* (IPCX_CHANNEL_F_TURN): two
 * equal ends, of which one has the turn. Only it writes. Handing over the turn
 * comes behind what was written: the other end reads all of that, then has the
 * turn. The first end has it first.
 *
 * *Strict* (IPCX_CHANNEL_F_STRICT): batches. What is written is not seen by the
 * reader until the channel is full, the writer flushes, or the last writer goes;
 * from then on nobody writes until the reader has read all of it.
 *
 * *Packets* (IPCX_CHANNEL_F_PACKET): each write is read by one read, whole, or
 * not at all.
 *
 * *Exclusion.* One call at a time is inside an end. A write is never mixed with
 * another one, whatever its size, also when it has to wait in the middle. A write
 * of up to PIPE_BUF (4096) bytes is all or nothing, but for the end of a batch,
 * where a strict channel may cut it. Any number of processes may
 * write, in turn; in a channel with turns and for reading an end is one
 * process's: it has the place from when it opens the end by IPCX_IOC_CHANNEL_OPEN,
 * or first uses it, until it closes a descriptor of it (and has unmapped the end, if
 * that is mapped), dies, or calls exec (which closes what is close-on-exec first, as
 * any close). Another one gets EBUSY; but whoever has only opened it, and not used it, makes
 * way for a process that does (a child, say).
 *
 * *Endings.* An end is gone when its last descriptor is closed. Then who reads
 * gets what is left, and 0 behind it; who writes gets EPIPE, and no signal unless
 * it has asked for one. An end that nobody has opened yet is waited for: who
 * reads waits, and who writes does as long as there is room. An end that is
 * opened anew goes on where it was. Who asks (IPCX_CHANNEL_OPEN_F_DEATH) is told
 * EOWNERDEAD instead, when who closed the other end last was killed by a signal.
 *
 * poll() gives, to who reads: EPOLLIN from ``read_mark`` bytes on, and EPOLLHUP
 * when the other end is gone; to who writes: EPOLLOUT from ``write_mark`` bytes of
 * room on, and EPOLLERR when it is gone; to who has the turn: EPOLLPRI when the
 * other end asks for it. FIONREAD, splice(), O_ASYNC and O_NONBLOCK mean what they
 * mean for pipes.
 *
 * *Mapped.* Either end, or both, can be mapped by mmap(), and then be used without
 * system calls, see &struct ipcx_channel_words.
 */

/* Capacity of a channel, in bytes; it is rounded up to a power of two. */
#define IPCX_CHANNEL_CAPACITY_MAX     0x40000000U
#define IPCX_CHANNEL_CAPACITY_DEFAULT 65536U

/* What a packet takes beside its bytes, which are rounded up to this number. */
#define IPCX_CHANNEL_PACKET_HEAD 8U

/**
 * DOC: Mapped channels
 *
 * What is mapped, with MAP_SHARED, by a descriptor of an end, at which offset, in
 * pages: IPCX_CHANNEL_MAP_FIRST and IPCX_CHANNEL_MAP_SECOND, a page each, begin
 * with the &struct ipcx_channel_words of the writer's end and of the reader's;
 * IPCX_CHANNEL_MAP_DATA is the ring, as long as the capacity, and behind it the
 * same ring once more, so that no piece of it has to be split. The words of the
 * own end can be written, those of the other one only be read, and the ring can be
 * written by who writes. EACCES: it was to be more. A child does not inherit it.
 *
 * Whoever maps an end has it for its process, the writer's end, too: another
 * process gets EBUSY (there, or from mmap()). EBUSY also while a call is in the
 * middle of a write; and the capacity cannot be changed while an end is mapped.
 * The end stays open until the mappings of it are gone as well as its descriptors.
 *
 * The bytes at @pos modulo the capacity are the next ones of the end. Who writes
 * has room for the capacity less the difference of the two numbers; it fills in
 * bytes (of a channel of packets: the size as __u32, a __u32 of 0, and the bytes,
 * up to a multiple of IPCX_CHANNEL_PACKET_HEAD), and then adds their number to its
 * own @pos, with release semantics. Who reads does the same behind the use of the
 * bytes. Behind that, and a full barrier, either looks at @sleeps of the other
 * end: if it is not 0 it calls IPCX_IOC_CHANNEL_WAKE. Who has nothing to do calls
 * IPCX_IOC_CHANNEL_WAIT, or poll().
 *
 * *Batches.* In a strict channel who writes adds to @next instead. It ends the batch
 * by setting @pos to @next: when the ring is full, when what is to be written does not
 * fit, and whenever it likes. It writes only while the two @pos are the same, and its
 * room is the capacity less what @next is ahead of @pos. An end that also reads, in a
 * channel with turns, moves its @next, and then its @pos.
 *
 * *Turns.* An end that has handed over the turn adds 1 to its @passes, with release
 * semantics, behind the end of the batch. The first end has the turn when both
 * @passes are the same, the second when that of the first is one more. Who looks reads
 * @passes before @pos, with acquire semantics: an end that has the turn, and whose @pos
 * is not behind the other one, has read everything, and writes. Where @left of the
 * other end is its @passes the turn was left by a death: IPCX_CHANNEL_TURN_TAKE tells
 * whose.
 *
 * The other end may be used by calls, or be mapped, too: it makes no difference.
 *
 * Nothing in there is believed. A process that writes nonsense to its words, or to
 * the ring, makes the other one read nonsense, or get EPROTO from the kernel when
 * the two numbers are further apart than the capacity; it gets at nothing else.
 * Who maps an end has to compare the same, and to read what it checks once.
 */

/* Offsets, in pages. */
#define IPCX_CHANNEL_MAP_FIRST	0
#define IPCX_CHANNEL_MAP_SECOND 1
#define IPCX_CHANNEL_MAP_DATA	2

/**
 * struct ipcx_channel_words - What is mapped of an end beside the ring
 * @pos: Bytes that have gone through it, modulo 2^32
 * @next: Of a strict channel, where it writes: the same with those that the other end
 *	does not see yet
 * @passes: Of a channel with turns: how often it has handed over the turn, modulo 2^32
 * @sleeps: Not 0: who uses this end wants IPCX_IOC_CHANNEL_WAKE from the other one
 *	when that has moved its @pos, or handed over the turn. Written by the kernel
 * @gone: Not 0: nobody has this end open any more. Written by the kernel
 * @left: What @passes became when a process died that had this end, and the turn.
 *	Written by the kernel
 * @__reserved: For later
 *
 * Since 0.1.
 */
struct ipcx_channel_words {
	__u32 pos;
	__u32 next;
	__u32 passes;
	__u32 sleeps;
	__u32 gone;
	__u32 left;
	__u32 __reserved[10];
};

/**
 * enum ipcx_channel_flags - Flags of IPCX_IOC_CHANNEL_CREATE beside the common ones
 * @IPCX_CHANNEL_F_TURN: Both ends write, in turn
 * @IPCX_CHANNEL_F_STRICT: In batches
 * @IPCX_CHANNEL_F_PACKET: Boundaries are kept
 */
enum ipcx_channel_flags {
	IPCX_CHANNEL_F_TURN = 1 << 16,
	IPCX_CHANNEL_F_STRICT = 1 << 17,
	IPCX_CHANNEL_F_PACKET = 1 << 18
};

/**
 * enum ipcx_channel_end - Ends of a channel
 * @IPCX_CHANNEL_NO_END: None: the descriptor is for looking and changing
 * @IPCX_CHANNEL_WRITER: The end that writes
 * @IPCX_CHANNEL_READER: The end that reads
 * @IPCX_CHANNEL_FIRST: Of a channel with turns: the end that has the first turn
 * @IPCX_CHANNEL_SECOND: The other one
 */
enum ipcx_channel_end {
	IPCX_CHANNEL_NO_END = 0,
	IPCX_CHANNEL_WRITER = 1,
	IPCX_CHANNEL_READER = 2,
	IPCX_CHANNEL_FIRST = 1,
	IPCX_CHANNEL_SECOND = 2
};

/**
 * struct ipcx_channel_create - IPCX_IOC_CHANNEL_CREATE: create a channel
 * @name: Its name, or all NULs for none
 * @flags: &enum ipcx_create_flags and &enum ipcx_channel_flags
 * @mode: Mode bits, 0 to 0777, less the caller's umask
 * @rights: Rights of the new handle; 0 stands for all
 * @capacity: Bytes that fit, up to IPCX_CHANNEL_CAPACITY_MAX; 0 stands for
 *	IPCX_CHANNEL_CAPACITY_DEFAULT
 * @read_mark: From how many bytes on poll() says that there is something to read,
 *	at most the capacity; 0 stands for 1
 * @write_mark: From how many bytes of room on poll() says that there is some, at
 *	most the capacity; 0 stands for 1
 * @lease_ns: Lease of a persistent object in nanoseconds, 0 for none
 * @out_fd: The new descriptor, for no end: see IPCX_IOC_CHANNEL_OPEN
 * @out_flags: &enum ipcx_create_out_flags
 * @out_id: Number of the object, unique while it lives
 * @__reserved: Must be 0
 *
 * On a device handle. All memory of the channel is allocated and charged now.
 * Since 0.1.
 */
struct ipcx_channel_create {
	char name[IPCX_NAME_SIZE];
	__u32 flags;
	__u32 mode;
	__u32 rights;
	__u32 capacity;
	__u32 read_mark;
	__u32 write_mark;
	__aligned_u64 lease_ns;
	__s32 out_fd;
	__u32 out_flags;
	__u32 out_id;
	__u32 __reserved;
};
#define IPCX_IOC_CHANNEL_CREATE \
	_IOWR(IPCX_IOC_TYPE, 0x40, struct ipcx_channel_create)

/**
 * enum ipcx_channel_open_flags - Flags of IPCX_IOC_CHANNEL_OPEN
 * @IPCX_CHANNEL_OPEN_F_WAIT: Wait until somebody has the other end open
 * @IPCX_CHANNEL_OPEN_F_SIGPIPE: write() that fails with EPIPE raises SIGPIPE
 * @IPCX_CHANNEL_OPEN_F_DEATH: Say EOWNERDEAD instead of the end of the stream, and
 *	of EPIPE, when who closed the other end last was killed by a signal
 */
enum ipcx_channel_open_flags {
	IPCX_CHANNEL_OPEN_F_WAIT = 1 << 0,
	IPCX_CHANNEL_OPEN_F_SIGPIPE = 1 << 1,
	IPCX_CHANNEL_OPEN_F_DEATH = 1 << 2
};

/**
 * struct ipcx_channel_open - IPCX_IOC_CHANNEL_OPEN: open an end
 * @name: On a device handle: the name; on a handle of a channel: all NULs
 * @end: &enum ipcx_channel_end, but not IPCX_CHANNEL_NO_END
 * @rights: Rights of the new handle beside those that the end needs: 0 or
 *	IPCX_RIGHT_CONTROL
 * @flags: &enum ipcx_channel_open_flags
 * @clockid: Clock of @deadline
 * @deadline: With IPCX_CHANNEL_OPEN_F_WAIT: until when, see "Deadlines"
 * @out_fd: The new descriptor
 * @out_id: Number of the object, unique while it lives
 *
 * The writer's end needs and gets IPCX_RIGHT_WRITE, the reader's IPCX_RIGHT_READ,
 * an end of a channel with turns both. EACCES: the mode, or the handle, does not
 * grant them. EBUSY: another process has the place of who reads at that end.
 * While it waits the end counts as open. Since 0.1.
 */
struct ipcx_channel_open {
	char name[IPCX_NAME_SIZE];
	__u32 end;
	__u32 rights;
	__u32 flags;
	__u32 clockid;
	__aligned_u64 deadline;
	__s32 out_fd;
	__u32 out_id;
};
#define IPCX_IOC_CHANNEL_OPEN \
	_IOWR(IPCX_IOC_TYPE, 0x41, struct ipcx_channel_open)

/**
 * enum ipcx_channel_write_flags - Flags of IPCX_IOC_CHANNEL_WRITE
 * @IPCX_CHANNEL_WRITE_F_FLUSH: Behind it: as IPCX_IOC_CHANNEL_FLUSH
 * @IPCX_CHANNEL_WRITE_F_PASS: Behind it: hand over the turn
 * @IPCX_CHANNEL_WRITE_F_SIGPIPE: EPIPE raises SIGPIPE
 */
enum ipcx_channel_write_flags {
	IPCX_CHANNEL_WRITE_F_FLUSH = 1 << 0,
	IPCX_CHANNEL_WRITE_F_PASS = 1 << 1,
	IPCX_CHANNEL_WRITE_F_SIGPIPE = 1 << 2
};

/**
 * struct ipcx_channel_write - IPCX_IOC_CHANNEL_WRITE: write, until a deadline
 * @data: Pointer to the bytes
 * @size: How many
 * @flags: &enum ipcx_channel_write_flags
 * @clockid: Clock of @deadline
 * @deadline: See "Deadlines"
 *
 * The same as write(), with a deadline. Returns how many bytes were written: @size,
 * or fewer when the deadline, a signal or the end of the reader came in the middle;
 * then the flags for what comes behind it are not carried out. EPIPE: nobody reads, and
 * somebody has read before. EMSGSIZE: a packet that can never fit. EBUSY: another
 * process has the end of a channel with turns, or has mapped the end. EPROTO: see
 * "Mapped channels". EPERM: IPCX_CHANNEL_WRITE_F_PASS for a channel without turns.
 * EBADF: the handle is not for an end that writes. Since 0.1.
 */
struct ipcx_channel_write {
	__aligned_u64 data;
	__aligned_u64 size;
	__u32 flags;
	__u32 clockid;
	__aligned_u64 deadline;
};
#define IPCX_IOC_CHANNEL_WRITE \
	_IOWR(IPCX_IOC_TYPE, 0x42, struct ipcx_channel_write)

/**
 * enum ipcx_channel_read_flags - Flags of IPCX_IOC_CHANNEL_READ
 * @IPCX_CHANNEL_READ_F_PEEK: What is read stays
 */
enum ipcx_channel_read_flags {
	IPCX_CHANNEL_READ_F_PEEK = 1 << 0
};

/**
 * struct ipcx_channel_read - IPCX_IOC_CHANNEL_READ: read, until a deadline
 * @data: Where to
 * @size: How many bytes at most
 * @flags: &enum ipcx_channel_read_flags
 * @clockid: Clock of @deadline
 * @deadline: See "Deadlines"
 * @out_size: After EMSGSIZE: the size of the packet
 * @__reserved: Must be 0
 *
 * The same as read(), with a deadline. Returns how many bytes were read, 0 at the
 * end of the stream. EMSGSIZE: the packet is longer than @size; it stays. EBUSY:
 * another process reads at this end. EBADF: the handle is not for an end that
 * reads. EPROTO: see "Mapped channels". EOWNERDEAD: see IPCX_CHANNEL_OPEN_F_DEATH.
 * Since 0.1.
 */
struct ipcx_channel_read {
	__aligned_u64 data;
	__aligned_u64 size;
	__u32 flags;
	__u32 clockid;
	__aligned_u64 deadline;
	__u32 out_size;
	__u32 __reserved;
};
#define IPCX_IOC_CHANNEL_READ \
	_IOWR(IPCX_IOC_TYPE, 0x43, struct ipcx_channel_read)

/**
 * enum ipcx_channel_turn_op - What IPCX_IOC_CHANNEL_TURN does
 * @IPCX_CHANNEL_TURN_PASS: Hand it over, behind what was written
 * @IPCX_CHANNEL_TURN_TAKE: Ask for it, and wait until this end has it
 */
enum ipcx_channel_turn_op {
	IPCX_CHANNEL_TURN_PASS = 0,
	IPCX_CHANNEL_TURN_TAKE = 1
};

/**
 * struct ipcx_channel_turn - IPCX_IOC_CHANNEL_TURN: hand over or get the turn
 * @op: &enum ipcx_channel_turn_op
 * @clockid: Clock of @deadline
 * @deadline: Of IPCX_CHANNEL_TURN_TAKE, see "Deadlines"
 * @flags: Must be 0
 * @out_dead_pid: After EOWNERDEAD: who died, in the caller's pid namespace; 0 when
 *	it is not visible there
 *
 * An end has the turn when it was handed over and all that was written before it
 * has been read. Who waits for it has to read on; another thread may. EPERM: the
 * caller's end does not have the turn (PASS), or the channel has none. EOWNERDEAD:
 * the caller has the turn, because the process that had it died; told once. EBUSY:
 * another process has this end. Since 0.1.
 */
struct ipcx_channel_turn {
	__u32 op;
	__u32 clockid;
	__aligned_u64 deadline;
	__u32 flags;
	__s32 out_dead_pid;
};
#define IPCX_IOC_CHANNEL_TURN \
	_IOWR(IPCX_IOC_TYPE, 0x44, struct ipcx_channel_turn)

/**
 * struct ipcx_channel_flush - IPCX_IOC_CHANNEL_FLUSH: end a batch
 * @flags: Must be 0
 * @__reserved: Must be 0
 *
 * What was written to a strict channel may be read now; nobody writes until it has
 * been. To a channel that is not strict it does nothing. EPERM: the caller's end
 * does not have the turn. EBADF: the handle is not for an end that writes.
 * Since 0.1.
 */
struct ipcx_channel_flush {
	__u32 flags;
	__u32 __reserved;
};
#define IPCX_IOC_CHANNEL_FLUSH \
	_IOWR(IPCX_IOC_TYPE, 0x45, struct ipcx_channel_flush)

/**
 * enum ipcx_channel_set_flags - What IPCX_IOC_CHANNEL_SET changes
 * @IPCX_CHANNEL_SET_F_CAPACITY: &ipcx_channel_set.capacity
 * @IPCX_CHANNEL_SET_F_READ_MARK: &ipcx_channel_set.read_mark
 * @IPCX_CHANNEL_SET_F_WRITE_MARK: &ipcx_channel_set.write_mark
 */
enum ipcx_channel_set_flags {
	IPCX_CHANNEL_SET_F_CAPACITY = 1 << 0,
	IPCX_CHANNEL_SET_F_READ_MARK = 1 << 1,
	IPCX_CHANNEL_SET_F_WRITE_MARK = 1 << 2
};

/**
 * struct ipcx_channel_set - IPCX_IOC_CHANNEL_SET: change capacity and marks
 * @flags: What to change, &enum ipcx_channel_set_flags, not 0
 * @capacity: As in &struct ipcx_channel_create
 * @read_mark: As there
 * @write_mark: As there
 *
 * All or nothing. What is in the channel stays in it. Marks above a capacity that
 * becomes smaller become that capacity. EBUSY: the bytes in the channel do not fit
 * into the new capacity, or an end is mapped. EPROTO: see "Mapped channels". Waits
 * while somebody copies into the channel or out of it. Needs IPCX_RIGHT_CONTROL.
 * Since 0.1.
 */
struct ipcx_channel_set {
	__u32 flags;
	__u32 capacity;
	__u32 read_mark;
	__u32 write_mark;
};
#define IPCX_IOC_CHANNEL_SET _IOWR(IPCX_IOC_TYPE, 0x46, struct ipcx_channel_set)

/**
 * enum ipcx_channel_stat_flags - State of a channel in &struct ipcx_channel_stat
 * @IPCX_CHANNEL_STAT_F_ASKED: The end that does not have the turn asks for it
 * @IPCX_CHANNEL_STAT_F_PASSED: The turn was handed over, and there is something
 *	left to read before it
 * @IPCX_CHANNEL_STAT_F_BATCH: A batch can be read; nobody writes
 * @IPCX_CHANNEL_STAT_F_WRITER_KILLED: Who closed the writer's end, or the first,
 *	last was killed by a signal
 * @IPCX_CHANNEL_STAT_F_READER_KILLED: The same of the reader's end, or the second
 * @IPCX_CHANNEL_STAT_F_WRITER_MAPPED: The writer's end is mapped. What goes through
 *	a mapped end is not counted in &ipcx_channel_stat.out_written and
 *	&ipcx_channel_stat.out_read
 * @IPCX_CHANNEL_STAT_F_READER_MAPPED: The reader's end is mapped
 */
enum ipcx_channel_stat_flags {
	IPCX_CHANNEL_STAT_F_ASKED = 1 << 0,
	IPCX_CHANNEL_STAT_F_PASSED = 1 << 1,
	IPCX_CHANNEL_STAT_F_BATCH = 1 << 2,
	IPCX_CHANNEL_STAT_F_WRITER_KILLED = 1 << 3,
	IPCX_CHANNEL_STAT_F_READER_KILLED = 1 << 4,
	IPCX_CHANNEL_STAT_F_WRITER_MAPPED = 1 << 5,
	IPCX_CHANNEL_STAT_F_READER_MAPPED = 1 << 6
};

/**
 * struct ipcx_channel_stat - IPCX_IOC_CHANNEL_STAT: facts about a channel
 * @flags: Must be 0
 * @out_end: &enum ipcx_channel_end of the handle that was asked
 * @out_flags: &enum ipcx_channel_flags that it was created with
 * @out_state: &enum ipcx_channel_stat_flags
 * @out_capacity: Bytes that fit
 * @out_queued: Bytes that can be read, heads of packets included
 * @out_staged: Bytes of a batch that is being written
 * @out_read_mark: As in &struct ipcx_channel_create
 * @out_write_mark: As there
 * @out_turn: &enum ipcx_channel_end that writes
 * @out_writer_handles: Descriptors that are open for the writer's end, or the first
 * @out_reader_handles: The same for the reader's end, or the second
 * @out_writers: Calls that wait to write, for the turn or for the other end
 * @out_readers: Calls that wait to read
 * @out_writer_pid: Process that has the first end of a channel with turns; 0 when
 *	there is none, or it is not visible to the caller
 * @out_reader_pid: Process that has the reader's end, or the second
 * @out_turns: How often the turn was handed over, modulo 2^32
 * @out_batches: How many batches were ended; not those of mapped ends
 * @out_written: Bytes written so far; the same
 * @out_read: Bytes read so far; the same
 *
 * Since 0.1.
 */
struct ipcx_channel_stat {
	__u32 flags;
	__u32 out_end;
	__u32 out_flags;
	__u32 out_state;
	__u32 out_capacity;
	__u32 out_queued;
	__u32 out_staged;
	__u32 out_read_mark;
	__u32 out_write_mark;
	__u32 out_turn;
	__u32 out_writer_handles;
	__u32 out_reader_handles;
	__u32 out_writers;
	__u32 out_readers;
	__s32 out_writer_pid;
	__s32 out_reader_pid;
	__aligned_u64 out_turns;
	__aligned_u64 out_batches;
	__aligned_u64 out_written;
	__aligned_u64 out_read;
};
#define IPCX_IOC_CHANNEL_STAT \
	_IOWR(IPCX_IOC_TYPE, 0x47, struct ipcx_channel_stat)

/**
 * enum ipcx_channel_wait_flags - Flags of IPCX_IOC_CHANNEL_WAIT
 * @IPCX_CHANNEL_WAIT_F_WRITE: For room. An end that only writes always waits for that,
 *	one of a channel with turns for something to read without this flag
 */
enum ipcx_channel_wait_flags {
	IPCX_CHANNEL_WAIT_F_WRITE = 1 << 0
};

/**
 * struct ipcx_channel_wait - IPCX_IOC_CHANNEL_WAIT: wait without moving anything
 * @need: From how many bytes, or from how much room on it ends; 0 stands for 1. Up to
 *	the capacity
 * @clockid: Clock of @deadline
 * @deadline: Until when, see "Deadlines"
 * @flags: &enum ipcx_channel_wait_flags
 * @__reserved: Must be 0
 *
 * For who uses a mapped end. There is room for who has the turn, and has read what
 * came before it; in a strict channel when all of the last batch has been read.
 * Waiting does not end a batch. Ends also when the other end is gone, and there is
 * something left to read. EPIPE: it is gone, and there is nothing. EOWNERDEAD: see
 * IPCX_CHANNEL_OPEN_F_DEATH. EBADF: the handle is not for an end, or not for one that
 * writes. EPROTO: the
 * numbers of the ends contradict one another. EINVAL: @need is more than the
 * capacity. Since 0.1.
 */
struct ipcx_channel_wait {
	__u32 need;
	__u32 clockid;
	__aligned_u64 deadline;
	__u32 flags;
	__u32 __reserved;
};

#define IPCX_IOC_CHANNEL_WAIT \
	_IOWR(IPCX_IOC_TYPE, 0x48, struct ipcx_channel_wait)

/**
 * struct ipcx_channel_wake - IPCX_IOC_CHANNEL_WAKE: let the other end look
 * @flags: Must be 0
 * @__reserved: Must be 0
 *
 * For who has moved the number of a mapped end, and found that the other one
 * sleeps. EBADF: the handle is not for an end. Since 0.1.
 */
struct ipcx_channel_wake {
	__u32 flags;
	__u32 __reserved;
};

#define IPCX_IOC_CHANNEL_WAKE \
	_IOWR(IPCX_IOC_TYPE, 0x49, struct ipcx_channel_wake)

/**
 * DOC: Netlink
 *
 * The generic netlink family "ipcx" shows objects of the network namespace of
 * the socket. Who lacks READ on an object (by its mode, or CAP_IPC_OWNER) does
 * not see it. Pids and ids are translated into the reader's namespaces; 0
 * stands for a process that is not visible there.
 */

#define IPCX_GENL_NAME	  "ipcx"
#define IPCX_GENL_VERSION 1

/**
 * enum ipcx_cmd - Commands of the netlink family
 * @IPCX_CMD_UNSPEC: Not used
 * @IPCX_CMD_GET_OBJECT: One object, by IPCX_A_ID or IPCX_A_NAME, or with
 *	NLM_F_DUMP all of them. Answers with the attributes from IPCX_A_ID to
 *	IPCX_A_LEASE_NS, and those of the type
 * @IPCX_CMD_GET_HOLDER: With NLM_F_DUMP: who holds something of the object
 *	IPCX_A_ID. Answers IPCX_A_ID, IPCX_A_PID, IPCX_A_UNITS, IPCX_A_AGE_NS,
 *	IPCX_A_QUEUE ("units", "lock", "read", "write", and with " (dead)" behind
 *	it what is kept for a dead process)
 * @IPCX_CMD_GET_WAITER: With NLM_F_DUMP: who sleeps on the object IPCX_A_ID, in
 *	the order of service. Answers IPCX_A_ID, IPCX_A_PID, IPCX_A_TID,
 *	IPCX_A_UNITS, IPCX_A_AGE_NS, IPCX_A_PRIO, IPCX_A_QUEUE ("take", "read",
 *	"write", "doorbell", "send", "receive")
 */
enum ipcx_cmd {
	IPCX_CMD_UNSPEC = 0,
	IPCX_CMD_GET_OBJECT = 1,
	IPCX_CMD_GET_HOLDER = 2,
	IPCX_CMD_GET_WAITER = 3
};

/**
 * enum ipcx_attr - Attributes of the netlink family
 * @IPCX_A_UNSPEC: Not used
 * @IPCX_A_PAD: Padding before 64-bit values
 * @IPCX_A_ID: u32, number of the object
 * @IPCX_A_TYPE: u32, &enum ipcx_type_id
 * @IPCX_A_NAME: string, absent when it has none
 * @IPCX_A_UID: u32, owner
 * @IPCX_A_GID: u32, group
 * @IPCX_A_MODE: u32, mode bits
 * @IPCX_A_FLAGS: u32, &enum ipcx_stat_flags
 * @IPCX_A_HANDLES: u32, open handles
 * @IPCX_A_HOLDERS: u32, processes that hold something
 * @IPCX_A_WAITERS: u32, calls that sleep
 * @IPCX_A_BYTES: u64, bytes charged
 * @IPCX_A_AGE_NS: u64, since creation, since the first unit, since the call
 * @IPCX_A_LEASE_NS: u64, lease
 * @IPCX_A_PID: u32, process
 * @IPCX_A_TID: u32, thread
 * @IPCX_A_UNITS: u32, units held or wanted
 * @IPCX_A_PRIO: u32, real-time priority, 0 for none
 * @IPCX_A_QUEUE: string, what is held or waited for
 * @IPCX_A_SEM_VALUE: u64, see &struct ipcx_sem_stat
 * @IPCX_A_SEM_MAX: u64
 * @IPCX_A_SEM_HELD: u64
 * @IPCX_A_SEM_KIND: u64
 * @IPCX_A_SEM_ORDER: u64
 * @IPCX_A_SEM_ON_DEATH: u64
 * @IPCX_A_SEM_FLAGS: u64
 * @IPCX_A_SEM_DEATHS: u64
 * @IPCX_A_REGION_SIZE: u64, see &struct ipcx_region_stat
 * @IPCX_A_REGION_RESIDENT: u64
 * @IPCX_A_REGION_RINGS: u64
 * @IPCX_A_REGION_SEALS: u64
 * @IPCX_A_REGION_FLAGS: u64
 * @IPCX_A_REGION_WRITABLE_MAPS: u64
 * @IPCX_A_REGION_READERS: u64
 * @IPCX_A_REGION_WRITER: u64
 * @IPCX_A_REGION_INCONSISTENT: u64
 * @IPCX_A_MAILBOX_MESSAGES: u64, see &struct ipcx_mailbox_stat
 * @IPCX_A_MAILBOX_BYTES: u64
 * @IPCX_A_MAILBOX_MAX_MESSAGES: u64
 * @IPCX_A_MAILBOX_MAX_BYTES: u64
 * @IPCX_A_MAILBOX_MAX_SIZE: u64
 * @IPCX_A_MAILBOX_OLDEST_NS: u64
 * @IPCX_A_MAILBOX_SENT: u64
 * @IPCX_A_MAILBOX_RECEIVED: u64
 * @IPCX_A_MAILBOX_DROPPED: u64
 * @IPCX_A_MAILBOX_EXPIRED: u64
 * @IPCX_A_MAILBOX_REFUSED: u64
 * @IPCX_A_MAILBOX_FLAGS: u64
 * @IPCX_A_CHANNEL_CAPACITY: u64, see &struct ipcx_channel_stat
 * @IPCX_A_CHANNEL_QUEUED: u64
 * @IPCX_A_CHANNEL_STAGED: u64
 * @IPCX_A_CHANNEL_TURN: u64
 * @IPCX_A_CHANNEL_TURNS: u64
 * @IPCX_A_CHANNEL_BATCHES: u64
 * @IPCX_A_CHANNEL_WRITTEN: u64
 * @IPCX_A_CHANNEL_READ: u64
 * @IPCX_A_CHANNEL_WRITER_HANDLES: u64, of the first end of a channel that turns
 * @IPCX_A_CHANNEL_READER_HANDLES: u64, of the second end
 * @IPCX_A_CHANNEL_STATE: u64, &enum ipcx_channel_stat_flags
 * @IPCX_A_CHANNEL_FLAGS: u64
 * @__IPCX_A_COUNT: One more than the last attribute
 */
enum ipcx_attr {
	IPCX_A_UNSPEC = 0,
	IPCX_A_PAD,
	IPCX_A_ID,
	IPCX_A_TYPE,
	IPCX_A_NAME,
	IPCX_A_UID,
	IPCX_A_GID,
	IPCX_A_MODE,
	IPCX_A_FLAGS,
	IPCX_A_HANDLES,
	IPCX_A_HOLDERS,
	IPCX_A_WAITERS,
	IPCX_A_BYTES,
	IPCX_A_AGE_NS,
	IPCX_A_LEASE_NS,
	IPCX_A_PID,
	IPCX_A_TID,
	IPCX_A_UNITS,
	IPCX_A_PRIO,
	IPCX_A_QUEUE,
	IPCX_A_SEM_VALUE = 32,
	IPCX_A_SEM_MAX,
	IPCX_A_SEM_HELD,
	IPCX_A_SEM_KIND,
	IPCX_A_SEM_ORDER,
	IPCX_A_SEM_ON_DEATH,
	IPCX_A_SEM_FLAGS,
	IPCX_A_SEM_DEATHS,
	IPCX_A_REGION_SIZE = 48,
	IPCX_A_REGION_RESIDENT,
	IPCX_A_REGION_RINGS,
	IPCX_A_REGION_SEALS,
	IPCX_A_REGION_FLAGS,
	IPCX_A_REGION_WRITABLE_MAPS,
	IPCX_A_REGION_READERS,
	IPCX_A_REGION_WRITER,
	IPCX_A_REGION_INCONSISTENT,
	IPCX_A_MAILBOX_MESSAGES = 64,
	IPCX_A_MAILBOX_BYTES,
	IPCX_A_MAILBOX_MAX_MESSAGES,
	IPCX_A_MAILBOX_MAX_BYTES,
	IPCX_A_MAILBOX_MAX_SIZE,
	IPCX_A_MAILBOX_OLDEST_NS,
	IPCX_A_MAILBOX_SENT,
	IPCX_A_MAILBOX_RECEIVED,
	IPCX_A_MAILBOX_DROPPED,
	IPCX_A_MAILBOX_EXPIRED,
	IPCX_A_MAILBOX_REFUSED,
	IPCX_A_MAILBOX_FLAGS,
	IPCX_A_CHANNEL_CAPACITY = 80,
	IPCX_A_CHANNEL_QUEUED,
	IPCX_A_CHANNEL_STAGED,
	IPCX_A_CHANNEL_TURN,
	IPCX_A_CHANNEL_TURNS,
	IPCX_A_CHANNEL_BATCHES,
	IPCX_A_CHANNEL_WRITTEN,
	IPCX_A_CHANNEL_READ,
	IPCX_A_CHANNEL_WRITER_HANDLES,
	IPCX_A_CHANNEL_READER_HANDLES,
	IPCX_A_CHANNEL_STATE,
	IPCX_A_CHANNEL_FLAGS,
	__IPCX_A_COUNT
};

#endif /* _UAPI_LINUX_IPCX_H */
