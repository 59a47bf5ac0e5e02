// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Semaphores: the word in user space while nobody sleeps, the kernel otherwise.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ipcx/object.h>
#include <ipcx/sem.h>

#include "internal.h"

#define SEM_MODE_DEFAULT 0600

/*
 * @word and @max are what the fast paths read. @word points to sem_no_word
 * until the real one is mapped, and for ever when it cannot be; @max is 0 so
 * long.
 */
struct ipcx_sem {
	_Atomic(ipcx_word *) word;
	_Atomic uint32_t max;
	int fd;
	atomic_bool settled;
	atomic_bool barging;
	bool is_new;
};

/* A word that sends every operation to the kernel. */
static ipcx_word sem_no_word = UINT32_MAX;

ipcx_word *ipcx_word_map(int fd)
{
	int saved = errno;
	void *addr;

	addr = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	errno = saved;
	return addr == MAP_FAILED ? NULL : addr;
}

void ipcx_word_unmap(ipcx_word *word)
{
	munmap((void *)word, (size_t)sysconf(_SC_PAGESIZE));
}

/*
 * Decides once whether the handle works on the word. Threads may do so at the
 * same time: they store the same @max and @barging, and one of their mappings
 * wins. A fast path that sees the winner's mapping (acquire) sees both (stored
 * before the release).
 */
static void sem_settle(struct ipcx_sem *sem)
{
	ipcx_word *expected = &sem_no_word;
	struct ipcx_sem_stat stat = { 0 };
	ipcx_word *word = NULL;

	if (atomic_load_explicit(&sem->settled, memory_order_acquire))
		return;

	if (!ipcx_ioctl(sem->fd, IPCX_IOC_SEM_STAT, &stat) &&
	    stat.out_kind == IPCX_SEM_PLAIN)
		word = ipcx_word_map(sem->fd);
	if (word) {
		atomic_store_explicit(&sem->max, stat.out_max,
				      memory_order_relaxed);
		atomic_store_explicit(&sem->barging,
				      stat.out_flags & IPCX_SEM_F_BARGING,
				      memory_order_relaxed);
		if (!atomic_compare_exchange_strong_explicit(
			    &sem->word, &expected, word, memory_order_release,
			    memory_order_relaxed))
			ipcx_word_unmap(word);
	}
	atomic_store_explicit(&sem->settled, true, memory_order_release);
}

static ipcx_word *sem_word(struct ipcx_sem *sem)
{
	return atomic_load_explicit(&sem->word, memory_order_acquire);
}

/*
 * Takes units on the word. -EAGAIN: there are too few; -EBUSY: ask the kernel.
 */
static int sem_take(struct ipcx_sem *sem, uint32_t units)
{
	uint32_t stop = IPCX_SEM_WORD_NOTIFY | IPCX_SEM_WORD_SLEEPERS;
	ipcx_word *word = sem_word(sem);
	uint32_t old;

	if (!units || units > sem->max)
		return -EBUSY;
	if (atomic_load_explicit(&sem->barging, memory_order_relaxed))
		stop = IPCX_SEM_WORD_NOTIFY;

	old = atomic_load_explicit(word, memory_order_relaxed);
	do {
		if (old & stop)
			return -EBUSY;
		if ((old & IPCX_SEM_WORD_VALUE) < units)
			return old & ~IPCX_SEM_WORD_VALUE ? -EBUSY : -EAGAIN;
	} while (!atomic_compare_exchange_weak_explicit(word, &old, old - units,
							memory_order_acquire,
							memory_order_relaxed));
	return 0;
}

/* Gives units on the word. -EBUSY: ask the kernel. */
static int sem_give(struct ipcx_sem *sem, uint32_t units)
{
	ipcx_word *word = sem_word(sem);
	uint32_t max = sem->max;
	uint32_t old;

	if (!units)
		return -EBUSY;

	old = atomic_load_explicit(word, memory_order_relaxed);
	do {
		if (old > max)
			return -EBUSY;
		if (units > max - old)
			return -EOVERFLOW;
	} while (!atomic_compare_exchange_weak_explicit(word, &old, old + units,
							memory_order_release,
							memory_order_relaxed));
	return 0;
}

static IPCX_COLD int sem_wait_slow(struct ipcx_sem *sem, uint32_t units,
				   const struct ipcx_deadline *deadline,
				   struct ipcx_death *ret_death)
{
	struct ipcx_sem_wait arg = { .units = units };
	__u64 ns;
	int err;

	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;

	sem_settle(sem);
	err = sem_take(sem, units);
	if (!err || (err == -EAGAIN && ipcx_deadline_is_nowait(deadline)))
		return err;

	err = ipcx_ioctl(sem->fd, IPCX_IOC_SEM_WAIT, &arg);
	if (err == -EOWNERDEAD && ret_death) {
		ret_death->pid = arg.out_dead_pid;
		ret_death->units = arg.out_dead_units;
	}
	return err;
}

static IPCX_COLD int sem_wait_forever(struct ipcx_sem *sem)
{
	return sem_wait_slow(sem, 1, NULL, NULL);
}

static IPCX_COLD int sem_post_slow(struct ipcx_sem *sem, uint32_t units)
{
	struct ipcx_sem_post arg = { .units = units };
	int err;

	sem_settle(sem);
	err = sem_give(sem, units);
	if (err != -EBUSY)
		return err;
	return ipcx_ioctl(sem->fd, IPCX_IOC_SEM_POST, &arg);
}

static IPCX_COLD int sem_post_one(struct ipcx_sem *sem)
{
	return sem_post_slow(sem, 1);
}

/*
 * The fast paths do not assert: a NULL handle faults at its first member. One
 * comparison finds a word that has units and no flags, as 0 wraps round.
 */
static inline bool sem_take_one(struct ipcx_sem *sem)
{
	ipcx_word *word = sem_word(sem);
	uint32_t old = atomic_load_explicit(word, memory_order_relaxed);

	return IPCX_LIKELY(old - 1 < IPCX_SEM_WORD_VALUE) &&
	       IPCX_LIKELY(atomic_compare_exchange_strong_explicit(
		       word, &old, old - 1, memory_order_acquire,
		       memory_order_relaxed));
}

IPCX_EXPORT int ipcx_sem_wait(struct ipcx_sem *sem)
{
	if (sem_take_one(sem))
		return 0;
	return sem_wait_forever(sem);
}

IPCX_EXPORT int ipcx_sem_trywait(struct ipcx_sem *sem)
{
	if (sem_take_one(sem))
		return 0;
	return sem_wait_slow(sem, 1, IPCX_NOWAIT, NULL);
}

IPCX_EXPORT int ipcx_sem_timedwait(struct ipcx_sem *sem,
				   const struct ipcx_deadline *deadline)
{
	if (sem_take_one(sem))
		return 0;
	return sem_wait_slow(sem, 1, deadline, NULL);
}

IPCX_EXPORT int ipcx_sem_wait_n(struct ipcx_sem *sem, uint32_t units,
				const struct ipcx_deadline *deadline,
				struct ipcx_death *ret_death)
{
	assert(sem);
	if (!sem_take(sem, units))
		return 0;
	return sem_wait_slow(sem, units, deadline, ret_death);
}

/* Flags make the word larger than any @max, as sem_no_word is. */
IPCX_EXPORT int ipcx_sem_post(struct ipcx_sem *sem)
{
	ipcx_word *word = sem_word(sem);
	uint32_t old = atomic_load_explicit(word, memory_order_relaxed);

	if (IPCX_LIKELY(old < atomic_load_explicit(&sem->max,
						   memory_order_relaxed)) &&
	    IPCX_LIKELY(atomic_compare_exchange_strong_explicit(
		    word, &old, old + 1, memory_order_release,
		    memory_order_relaxed)))
		return 0;
	return sem_post_one(sem);
}

IPCX_EXPORT int ipcx_sem_post_n(struct ipcx_sem *sem, uint32_t units)
{
	int err;

	assert(sem);
	err = sem_give(sem, units);
	if (err != -EBUSY)
		return err;
	return sem_post_slow(sem, units);
}

IPCX_EXPORT int ipcx_sem_handoff(struct ipcx_sem *post,
				 uint32_t *inout_post_units,
				 struct ipcx_sem *wait, uint32_t wait_units,
				 const struct ipcx_deadline *deadline,
				 struct ipcx_death *ret_death)
{
	struct ipcx_sem_handoff arg = {
		.post_units = *inout_post_units,
		.wait_units = wait_units,
	};
	__u64 ns;
	int err;

	assert(post);
	assert(wait);
	err = ipcx_deadline_fill(deadline, &arg.clockid, &ns);
	if (err)
		return err;
	arg.deadline = ns;
	arg.wait_fd = wait->fd;

	err = ipcx_ioctl(post->fd, IPCX_IOC_SEM_HANDOFF, &arg);
	if (!err || err == -EOWNERDEAD)
		arg.post_units = 0;
	*inout_post_units = arg.post_units;
	if (err == -EOWNERDEAD && ret_death) {
		ret_death->pid = arg.out_dead_pid;
		ret_death->units = arg.out_dead_units;
	}
	return err;
}

IPCX_EXPORT int ipcx_sem_value(struct ipcx_sem *sem, uint32_t *ret_value)
{
	struct ipcx_sem_stat stat;
	uint32_t value;
	int err;

	assert(sem);
	value = atomic_load_explicit(sem_word(sem), memory_order_relaxed);
	if (value & ~IPCX_SEM_WORD_VALUE) {
		err = ipcx_sem_stat(sem, &stat);
		if (err)
			return err;
		value = stat.out_value;
	}
	*ret_value = value;
	return 0;
}

IPCX_EXPORT int ipcx_sem_stat(struct ipcx_sem *sem,
			      struct ipcx_sem_stat *ret_stat)
{
	struct ipcx_sem_stat stat = { 0 };
	int err;

	assert(sem);
	err = ipcx_ioctl(sem->fd, IPCX_IOC_SEM_STAT, &stat);
	if (!err)
		*ret_stat = stat;
	return err;
}

static struct ipcx_sem *sem_new(void)
{
	struct ipcx_sem *sem;
	int saved = errno;

	sem = calloc(1, sizeof(*sem));
	errno = saved;
	if (sem)
		atomic_init(&sem->word, &sem_no_word);
	return sem;
}

int ipcx_sem_create_fd(struct ipcx *ipcx, const char *name,
		       struct ipcx_sem_create *arg)
{
	int err;

	err = ipcx_name_fill(arg->name, name);
	if (err)
		return err;
	if (!arg->mode)
		arg->mode = SEM_MODE_DEFAULT;
	return ipcx_ioctl(ipcx_fd(ipcx), IPCX_IOC_SEM_CREATE, arg);
}

static bool sem_config_is_sane(const struct ipcx_sem_config *config)
{
	return !config->reserved[0] && !config->reserved[1] &&
	       !config->reserved[2] && !config->reserved[3];
}

IPCX_EXPORT int ipcx_sem_create(struct ipcx *ipcx, const char *name,
				const struct ipcx_sem_config *config,
				struct ipcx_sem **ret_sem)
{
	static const struct ipcx_sem_config defaults;
	struct ipcx_sem_create arg = { 0 };
	struct ipcx_sem *sem;
	int err;

	assert(ipcx);
	if (!config)
		config = &defaults;
	if (!sem_config_is_sane(config))
		return -EINVAL;

	arg.flags = config->flags;
	arg.mode = config->mode;
	arg.rights = config->rights;
	arg.kind = config->kind;
	arg.initial = config->initial;
	arg.max = config->max ? config->max : IPCX_SEM_VALUE_MAX;
	arg.order = config->order;
	arg.on_death = config->on_death;
	arg.lease_ns = config->lease_ns;

	sem = sem_new();
	if (!sem)
		return -ENOMEM;
	err = ipcx_sem_create_fd(ipcx, name, &arg);
	if (err) {
		free(sem);
		return err;
	}

	sem->fd = arg.out_fd;
	sem->is_new = arg.out_flags & IPCX_CREATE_OUT_CREATED;
	*ret_sem = sem;
	return 0;
}

IPCX_EXPORT int ipcx_sem_open(struct ipcx *ipcx, const char *name,
			      uint32_t rights, struct ipcx_sem **ret_sem)
{
	struct ipcx_sem *sem;
	int err;

	assert(ipcx);
	sem = sem_new();
	if (!sem)
		return -ENOMEM;
	err = ipcx_object_open(ipcx, name, IPCX_TYPE_SEM, rights, &sem->fd);
	if (err) {
		free(sem);
		return err;
	}
	*ret_sem = sem;
	return 0;
}

IPCX_EXPORT int ipcx_sem_from_fd(int fd, struct ipcx_sem **ret_sem)
{
	struct ipcx_sem *sem;
	int err;

	err = ipcx_object_check(fd, IPCX_TYPE_SEM);
	if (err)
		return err;
	sem = sem_new();
	if (!sem)
		return -ENOMEM;
	sem->fd = fd;
	*ret_sem = sem;
	return 0;
}

IPCX_EXPORT void ipcx_sem_free(struct ipcx_sem *sem)
{
	int saved = errno;

	if (!sem)
		return;
	if (sem_word(sem) != &sem_no_word)
		ipcx_word_unmap(sem_word(sem));
	close(sem->fd);
	free(sem);
	errno = saved;
}

IPCX_EXPORT int ipcx_sem_fd(const struct ipcx_sem *sem)
{
	assert(sem);
	return sem->fd;
}

IPCX_EXPORT int ipcx_sem_is_new(const struct ipcx_sem *sem)
{
	assert(sem);
	return sem->is_new;
}
