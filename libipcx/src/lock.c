// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Locks: the holder's id in a mapped word while nobody sleeps, the kernel
 * otherwise.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ipcx/lock.h>
#include <ipcx/object.h>

#include "internal.h"

/* How often a lock that is held is looked at before sleeping. */
#define LOCK_SPINS 200

/* What a lock says that this process has not attached to. */
#define LOCK_DETACHED UINT32_MAX

/*
 * What the process is for the words of locks. It lies in a page that fork wipes
 * in the child, so that a child finds generation 0, which no lock says.
 *
 * Generations, not ids, tell whether a lock was attached to by this process:
 * the kernel may give a child the id that its parent had. The counter lies in
 * ordinary memory and so goes on from the parent's value in a child; all that
 * locks said at the fork is below what the child will say.
 */
struct lock_self {
	_Atomic uint32_t generation;
	_Atomic uint32_t id;
};

static struct lock_self lock_nobody;
static struct lock_self *_Atomic lock_self = &lock_nobody;
static _Atomic uint32_t lock_generations;
static _Atomic int lock_cpus;

/* @word is valid when @generation is that of the process. */
struct ipcx_lock {
	_Atomic(ipcx_word *) word;
	_Atomic uint32_t generation;
	int fd;
	atomic_bool settled;
	atomic_bool barging;
	bool is_new;
};

/*
 * Gives the process its page. NULL when the kernel cannot wipe it on fork;
 * locks are then system calls.
 */
static struct lock_self *lock_self_get(void)
{
	struct lock_self *self = atomic_load(&lock_self);
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int saved = errno;
	void *page;

	if (self != &lock_nobody)
		return self;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page != MAP_FAILED && madvise(page, size, MADV_WIPEONFORK)) {
		munmap(page, size);
		page = MAP_FAILED;
	}
	errno = saved;
	if (page == MAP_FAILED)
		return NULL;

	if (!atomic_compare_exchange_strong(&lock_self, &self, page)) {
		munmap(page, size);
		return self;
	}
	return page;
}

static uint32_t lock_generation_next(void)
{
	uint32_t generation;

	do {
		generation = atomic_fetch_add(&lock_generations, 1) + 1;
	} while (!generation || generation == LOCK_DETACHED);
	return generation;
}

/* As sem_settle(): once for each handle, threads may race. */
static void lock_settle(struct ipcx_lock *lock)
{
	struct ipcx_sem_stat stat = { 0 };
	ipcx_word *expected = NULL;
	ipcx_word *word = NULL;

	if (atomic_load_explicit(&lock->settled, memory_order_acquire))
		return;

	if (lock_self_get() &&
	    !ipcx_ioctl(lock->fd, IPCX_IOC_SEM_STAT, &stat) &&
	    stat.out_kind == IPCX_SEM_LOCK)
		word = ipcx_word_map(lock->fd);
	if (word) {
		atomic_store_explicit(&lock->barging,
				      stat.out_flags & IPCX_SEM_F_BARGING,
				      memory_order_relaxed);
		if (!atomic_compare_exchange_strong_explicit(
			    &lock->word, &expected, word, memory_order_release,
			    memory_order_relaxed))
			ipcx_word_unmap(word);
	}
	atomic_store_explicit(&lock->settled, true, memory_order_release);
}

/*
 * Makes the word usable for this process: mapped, attached, and said so in
 * @generation. Threads that attach at the same time get the same id from the
 * kernel, so that they store the same; the id is stored before the generation
 * that makes it count.
 */
static bool lock_attach(struct ipcx_lock *lock)
{
	struct ipcx_sem_attach arg = { 0 };
	uint32_t generation = 0;
	struct lock_self *self;

	lock_settle(lock);
	if (!atomic_load_explicit(&lock->word, memory_order_acquire))
		return false;

	self = atomic_load(&lock_self);
	generation = atomic_load(&self->generation);
	if (generation == atomic_load(&lock->generation))
		return true;

	if (ipcx_ioctl(lock->fd, IPCX_IOC_SEM_ATTACH, &arg) ||
	    !arg.out_holder_id || arg.out_holder_id >= IPCX_LOCK_WORD_HOLDER)
		return false;

	atomic_store(&self->id, arg.out_holder_id);
	if (!generation) {
		uint32_t next = lock_generation_next();

		if (atomic_compare_exchange_strong(&self->generation,
						   &generation, next))
			generation = next;
	}
	atomic_store(&lock->generation, generation);
	return true;
}

/* One attempt on the word of an attached lock; -EBUSY: ask the kernel. */
static int lock_take(struct ipcx_lock *lock, uint32_t id)
{
	ipcx_word *word =
		atomic_load_explicit(&lock->word, memory_order_acquire);
	uint32_t old = atomic_load_explicit(word, memory_order_relaxed);
	uint32_t keep = 0;

	if (atomic_load_explicit(&lock->barging, memory_order_relaxed))
		keep = old & IPCX_LOCK_WORD_SLEEPERS;
	if (old == keep) {
		if (atomic_compare_exchange_strong_explicit(
			    word, &old, keep | id, memory_order_acquire,
			    memory_order_relaxed))
			return 0;
		return -EAGAIN;
	}
	return old & ~IPCX_LOCK_WORD_HOLDER ? -EBUSY : -EAGAIN;
}

static void lock_pause(void)
{
#if defined(__i386__) || defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static bool lock_can_spin(const struct ipcx_deadline *deadline)
{
	int cpus = atomic_load_explicit(&lock_cpus, memory_order_relaxed);

	if (ipcx_deadline_is_nowait(deadline))
		return false;
	if (!cpus) {
		int saved = errno;

		cpus = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;
		errno = saved;
		atomic_store_explicit(&lock_cpus, cpus, memory_order_relaxed);
	}
	return cpus > 1;
}

/*
 * Tries on the word, for a while when another CPU may be about to release it.
 */
static bool lock_take_or_spin(struct ipcx_lock *lock,
			      const struct ipcx_deadline *deadline)
{
	int spins = LOCK_SPINS;
	uint32_t id;
	int err;

	if (!lock_attach(lock))
		return false;
	id = atomic_load(&lock_self)->id;

	err = lock_take(lock, id);
	if (err != -EAGAIN || !lock_can_spin(deadline))
		return !err;
	do {
		lock_pause();
		err = lock_take(lock, id);
	} while (err == -EAGAIN && --spins);
	return !err;
}

static IPCX_COLD int lock_acquire_slow(struct ipcx_lock *lock,
				       const struct ipcx_deadline *deadline,
				       pid_t *ret_dead_pid)
{
	struct ipcx_sem_wait arg = { .units = 1 };
	__u64 ns;
	int err;

	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;

	if (lock_take_or_spin(lock, deadline))
		return 0;

	err = ipcx_ioctl(lock->fd, IPCX_IOC_SEM_WAIT, &arg);
	if (err == -EOWNERDEAD && ret_dead_pid)
		*ret_dead_pid = arg.out_dead_pid;
	return err;
}

static IPCX_COLD int lock_acquire_forever(struct ipcx_lock *lock)
{
	return lock_acquire_slow(lock, NULL, NULL);
}

static IPCX_COLD int lock_release_slow(struct ipcx_lock *lock)
{
	struct ipcx_sem_post arg = { .units = 1 };

	return ipcx_ioctl(lock->fd, IPCX_IOC_SEM_POST, &arg);
}

/*
 * Changes the word between free and held by this process. The generation that
 * the lock says was stored after the word was mapped and the process attached,
 * and equals that of the process only in the process that did so.
 */
static inline bool lock_flip(struct ipcx_lock *lock, bool take)
{
	struct lock_self *self =
		atomic_load_explicit(&lock_self, memory_order_acquire);
	uint32_t generation =
		atomic_load_explicit(&self->generation, memory_order_acquire);
	uint32_t from;
	uint32_t to;

	if (IPCX_UNLIKELY(generation !=
			  atomic_load_explicit(&lock->generation,
					       memory_order_acquire)))
		return false;

	to = atomic_load_explicit(&self->id, memory_order_relaxed);
	from = 0;
	if (!take) {
		from = to;
		to = 0;
	}
	return IPCX_LIKELY(atomic_compare_exchange_strong_explicit(
		atomic_load_explicit(&lock->word, memory_order_relaxed), &from,
		to, take ? memory_order_acquire : memory_order_release,
		memory_order_relaxed));
}

IPCX_EXPORT int ipcx_lock_acquire(struct ipcx_lock *lock)
{
	if (lock_flip(lock, true))
		return 0;
	return lock_acquire_forever(lock);
}

IPCX_EXPORT int ipcx_lock_try(struct ipcx_lock *lock)
{
	if (lock_flip(lock, true))
		return 0;
	return lock_acquire_slow(lock, IPCX_NOWAIT, NULL);
}

IPCX_EXPORT int ipcx_lock_acquire_until(struct ipcx_lock *lock,
					const struct ipcx_deadline *deadline,
					pid_t *ret_dead_pid)
{
	if (lock_flip(lock, true))
		return 0;
	return lock_acquire_slow(lock, deadline, ret_dead_pid);
}

IPCX_EXPORT int ipcx_lock_release(struct ipcx_lock *lock)
{
	if (lock_flip(lock, false))
		return 0;
	return lock_release_slow(lock);
}

IPCX_EXPORT int ipcx_lock_consistent(struct ipcx_lock *lock)
{
	struct ipcx_sem_consistent arg = { 0 };

	assert(lock);
	return ipcx_ioctl(lock->fd, IPCX_IOC_SEM_CONSISTENT, &arg);
}

IPCX_EXPORT int ipcx_lock_stat(struct ipcx_lock *lock,
			       struct ipcx_sem_stat *ret_stat)
{
	struct ipcx_sem_stat stat = { 0 };
	int err;

	assert(lock);
	err = ipcx_ioctl(lock->fd, IPCX_IOC_SEM_STAT, &stat);
	if (!err)
		*ret_stat = stat;
	return err;
}

static struct ipcx_lock *lock_new(int fd)
{
	struct ipcx_lock *lock;
	int saved = errno;

	lock = calloc(1, sizeof(*lock));
	errno = saved;
	if (lock) {
		atomic_init(&lock->generation, LOCK_DETACHED);
		lock->fd = fd;
	}
	return lock;
}

static void lock_close_fd(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

IPCX_EXPORT int ipcx_lock_from_fd(int fd, struct ipcx_lock **ret_lock)
{
	struct ipcx_sem_stat stat = { 0 };
	struct ipcx_lock *lock;
	int err;

	err = ipcx_object_check(fd, IPCX_TYPE_SEM);
	if (err)
		return err;
	err = ipcx_ioctl(fd, IPCX_IOC_SEM_STAT, &stat);
	if (err)
		return err;
	if (stat.out_kind != IPCX_SEM_LOCK)
		return -EMEDIUMTYPE;
	lock = lock_new(fd);
	if (!lock)
		return -ENOMEM;
	*ret_lock = lock;
	return 0;
}

static bool lock_config_is_sane(const struct ipcx_lock_config *config)
{
	return !config->pad && !config->reserved[0] && !config->reserved[1] &&
	       !config->reserved[2] && !config->reserved[3];
}

IPCX_EXPORT int ipcx_lock_create(struct ipcx *ipcx, const char *name,
				 const struct ipcx_lock_config *config,
				 struct ipcx_lock **ret_lock)
{
	static const struct ipcx_lock_config defaults = {
		.on_death = IPCX_DEATH_REPORT,
	};
	struct ipcx_sem_create arg = { 0 };
	struct ipcx_lock *lock;
	int err;

	assert(ipcx);
	if (!config)
		config = &defaults;
	if (!lock_config_is_sane(config))
		return -EINVAL;

	arg.flags = config->flags;
	arg.mode = config->mode;
	arg.rights = config->rights;
	arg.kind = IPCX_SEM_LOCK;
	arg.initial = 1;
	arg.max = 1;
	arg.order = config->order;
	arg.on_death = config->on_death;
	arg.lease_ns = config->lease_ns;
	err = ipcx_sem_create_fd(ipcx, name, &arg);
	if (err)
		return err;

	err = ipcx_lock_from_fd(arg.out_fd, &lock);
	if (err) {
		lock_close_fd(arg.out_fd);
		return err;
	}
	lock->is_new = arg.out_flags & IPCX_CREATE_OUT_CREATED;
	*ret_lock = lock;
	return 0;
}

IPCX_EXPORT int ipcx_lock_open(struct ipcx *ipcx, const char *name,
			       uint32_t rights, struct ipcx_lock **ret_lock)
{
	int err;
	int fd;

	assert(ipcx);
	err = ipcx_object_open(ipcx, name, IPCX_TYPE_SEM, rights, &fd);
	if (err)
		return err;
	err = ipcx_lock_from_fd(fd, ret_lock);
	if (err)
		lock_close_fd(fd);
	return err;
}

IPCX_EXPORT void ipcx_lock_free(struct ipcx_lock *lock)
{
	int saved = errno;

	if (!lock)
		return;
	if (lock->word)
		ipcx_word_unmap(lock->word);
	close(lock->fd);
	free(lock);
	errno = saved;
}

IPCX_EXPORT int ipcx_lock_fd(const struct ipcx_lock *lock)
{
	assert(lock);
	return lock->fd;
}

IPCX_EXPORT int ipcx_lock_is_new(const struct ipcx_lock *lock)
{
	assert(lock);
	return lock->is_new;
}
