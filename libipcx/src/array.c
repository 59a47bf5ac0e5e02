// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Typed arrays in a region.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ipcx/array.h>
#include <ipcx/object.h>

#include "internal.h"

#define ARRAY_MAGIC	 0x31617869U
#define ARRAY_FLAGS	 (IPCX_CREATE_F_PERSISTENT | IPCX_REGION_F_HUGE)
#define ARRAY_SWAP_CHUNK 256

/* The head of the region; @magic is written last. The elements follow it. */
struct array_head {
	ipcx_word magic;
	uint32_t reserved;
	uint64_t elem_size;
	uint64_t count;
	char type_name[IPCX_ARRAY_TYPE_SIZE];
	uint64_t pad;
};

_Static_assert(sizeof(struct array_head) == 64, "shared layout");

/*
 * The kernel's lock belongs to the process; @threads keeps its threads apart.
 * @pid is the process whose threads those are: a forked child starts with a lock
 * of its own, for a thread of the parent may have held this one.
 */
struct ipcx_array {
	_Atomic int pid;
	struct ipcx_region *region;
	struct array_head *head;
	size_t map_size;
	char *elems;
	size_t elem_size;
	size_t count;
	pthread_rwlock_t threads;
	bool writable;
};

/* The arrays whose callbacks the thread is in, to refuse their use. */
struct array_call {
	const struct ipcx_array *array;
	struct array_call *outer;
};

static __thread struct array_call *array_calls;

static bool array_in_call(const struct ipcx_array *array)
{
	const struct array_call *call;

	for (call = array_calls; call; call = call->outer)
		if (call->array == array)
			return true;
	return false;
}

static int array_threads_init(pthread_rwlock_t *threads)
{
	pthread_rwlockattr_t attr;
	int err;

	err = pthread_rwlockattr_init(&attr);
	if (err)
		return -err;
	pthread_rwlockattr_setkind_np(
		&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	err = pthread_rwlock_init(threads, &attr);
	pthread_rwlockattr_destroy(&attr);
	return -err;
}

/* The first call after fork makes the lock anew; others of that moment wait. */
static int array_threads_adopt(struct ipcx_array *array)
{
	pid_t self = getpid(), owner = atomic_load(&array->pid);
	int err;

	while (owner != self) {
		if (owner != -self && atomic_compare_exchange_strong(
					      &array->pid, &owner, -self)) {
			err = array_threads_init(&array->threads);
			atomic_store(&array->pid, err ? owner : self);
			return err;
		}
		sched_yield();
		owner = atomic_load(&array->pid);
	}
	return 0;
}

/* Returns 0 or -EOWNERDEAD with the lock held, else an error without it. */
static int array_lock(struct ipcx_array *array, uint32_t mode)
{
	int err;

	if (mode == IPCX_LOCK_WRITE && !array->writable)
		return -EACCES;
	if (array_in_call(array))
		return -EDEADLK;
	err = array_threads_adopt(array);
	if (err)
		return err;

	if (mode == IPCX_LOCK_WRITE)
		err = pthread_rwlock_wrlock(&array->threads);
	else
		err = pthread_rwlock_rdlock(&array->threads);
	if (err)
		return -err;

	err = ipcx_region_lock(array->region, mode, NULL, NULL);
	if (err && err != -EOWNERDEAD)
		pthread_rwlock_unlock(&array->threads);
	return err;
}

static void array_unlock(struct ipcx_array *array)
{
	ipcx_region_unlock(array->region);
	pthread_rwlock_unlock(&array->threads);
}

static char *array_elem(const struct ipcx_array *array, size_t index)
{
	return array->elems + index * array->elem_size;
}

IPCX_EXPORT int ipcx_array_get(struct ipcx_array *array, size_t index,
			       void *ret_elem)
{
	int err;

	assert(array);
	if (index >= array->count)
		return -ERANGE;
	err = array_lock(array, IPCX_LOCK_READ);
	if (err && err != -EOWNERDEAD)
		return err;
	memcpy(ret_elem, array_elem(array, index), array->elem_size);
	array_unlock(array);
	return err;
}

IPCX_EXPORT int ipcx_array_put(struct ipcx_array *array, size_t index,
			       const void *elem)
{
	int err;

	assert(array);
	if (index >= array->count)
		return -ERANGE;
	err = array_lock(array, IPCX_LOCK_WRITE);
	if (err && err != -EOWNERDEAD)
		return err;
	memcpy(array_elem(array, index), elem, array->elem_size);
	array_unlock(array);
	return err;
}

static void array_exchange(char *first, char *second, size_t size)
{
	char chunk[ARRAY_SWAP_CHUNK];
	size_t len;

	while (size) {
		len = size < sizeof(chunk) ? size : sizeof(chunk);
		memcpy(chunk, first, len);
		memcpy(first, second, len);
		memcpy(second, chunk, len);
		first += len;
		second += len;
		size -= len;
	}
}

IPCX_EXPORT int ipcx_array_swap(struct ipcx_array *array, size_t first,
				size_t second)
{
	int err;

	assert(array);
	if (first >= array->count || second >= array->count)
		return -ERANGE;
	err = array_lock(array, IPCX_LOCK_WRITE);
	if (err && err != -EOWNERDEAD)
		return err;
	if (first != second)
		array_exchange(array_elem(array, first),
			       array_elem(array, second), array->elem_size);
	array_unlock(array);
	return err;
}

static void *array_copy_new(const struct ipcx_array *array)
{
	int saved = errno;
	void *copy;

	copy = malloc(array->elem_size);
	errno = saved;
	return copy;
}

IPCX_EXPORT int ipcx_array_update(struct ipcx_array *array, size_t index,
				  ipcx_array_update_fn update, void *data)
{
	struct array_call call;
	int stop;
	void *copy;
	int err;

	assert(array);
	if (index >= array->count)
		return -ERANGE;
	copy = array_copy_new(array);
	if (!copy)
		return -ENOMEM;
	err = array_lock(array, IPCX_LOCK_WRITE);
	if (err && err != -EOWNERDEAD) {
		free(copy);
		return err;
	}

	call.array = array;
	call.outer = array_calls;
	array_calls = &call;
	memcpy(copy, array_elem(array, index), array->elem_size);
	stop = update(copy, data);
	if (!stop)
		memcpy(array_elem(array, index), copy, array->elem_size);
	array_calls = call.outer;

	array_unlock(array);
	free(copy);
	return stop ? stop : err;
}

IPCX_EXPORT int ipcx_array_iterate(struct ipcx_array *array,
				   ipcx_array_visit_fn visit, void *data)
{
	struct array_call call;
	int stop = 0;
	size_t i;
	void *copy;
	int err;

	assert(array);
	copy = array_copy_new(array);
	if (!copy)
		return -ENOMEM;
	err = array_lock(array, IPCX_LOCK_READ);
	if (err && err != -EOWNERDEAD) {
		free(copy);
		return err;
	}

	call.array = array;
	call.outer = array_calls;
	array_calls = &call;
	for (i = 0; i < array->count && !stop; i++) {
		memcpy(copy, array_elem(array, i), array->elem_size);
		stop = visit(i, copy, data);
	}
	array_calls = call.outer;

	array_unlock(array);
	free(copy);
	return stop ? stop : err;
}

IPCX_EXPORT int ipcx_array_consistent(struct ipcx_array *array)
{
	int err;

	assert(array);
	err = array_lock(array, IPCX_LOCK_WRITE);
	if (err && err != -EOWNERDEAD)
		return err;
	err = err ? ipcx_region_consistent(array->region) : -EINVAL;
	array_unlock(array);
	return err;
}

/* Maps the region. On success it is the array's. */
static int array_new(struct ipcx_region *region, bool writable,
		     struct ipcx_array **ret_array)
{
	int prot = PROT_READ | (writable ? PROT_WRITE : 0);
	struct ipcx_array *array;
	int saved = errno;
	void *addr;
	int err;

	array = calloc(1, sizeof(*array));
	errno = saved;
	if (!array)
		return -ENOMEM;

	err = array_threads_init(&array->threads);
	if (err)
		goto err_free;
	err = ipcx_region_map(region, prot, &addr, &array->map_size);
	if (err)
		goto err_destroy_threads;

	atomic_store(&array->pid, getpid());
	array->region = region;
	array->writable = writable;
	array->head = addr;
	array->elems = (char *)addr + sizeof(struct array_head);
	*ret_array = array;
	return 0;

err_destroy_threads:
	pthread_rwlock_destroy(&array->threads);
err_free:
	free(array);
	return err;
}

/* Frees all but the region. */
static void array_delete(struct ipcx_array *array)
{
	ipcx_region_unmap(array->head, array->map_size);
	pthread_rwlock_destroy(&array->threads);
	free(array);
}

static bool array_type_is_sane(const char *type_name)
{
	return type_name && *type_name &&
	       strnlen(type_name, IPCX_ARRAY_TYPE_SIZE) < IPCX_ARRAY_TYPE_SIZE;
}

/*
 * Believes the head once: the copies that are checked here are the ones used.
 * The barrier keeps the compiler from reading the head again.
 */
static int array_adopt(struct ipcx_array *array, const char *type_name,
		       size_t elem_size, const struct ipcx_deadline *deadline)
{
	struct array_head head;
	uint32_t magic;
	int err;

	err = ipcx_region_await(array->region, &array->head->magic, deadline,
				&magic);
	if (err)
		return err;
	if (magic != ARRAY_MAGIC)
		return -EMEDIUMTYPE;

	memcpy(&head, array->head, sizeof(head));
	__asm__ volatile("" : : : "memory");
	head.type_name[IPCX_ARRAY_TYPE_SIZE - 1] = '\0';
	if (strcmp(head.type_name, type_name))
		return -EMEDIUMTYPE;
	if (head.elem_size != elem_size)
		return -EINVAL;
	if (!head.count ||
	    head.count > (array->map_size - sizeof(head)) / elem_size)
		return -EPROTO;

	array->elem_size = elem_size;
	array->count = (size_t)head.count;
	return 0;
}

/* On success the region is the array's. */
static int array_from_region(struct ipcx_region *region, const char *type_name,
			     size_t elem_size,
			     const struct ipcx_deadline *deadline,
			     struct ipcx_array **ret_array)
{
	struct ipcx_array *array;
	struct ipcx_stat stat;
	int err;

	err = ipcx_object_stat(ipcx_region_fd(region), &stat);
	if (err)
		return err;
	err = array_new(region, stat.out_rights & IPCX_RIGHT_WRITE, &array);
	if (err)
		return err;
	err = array_adopt(array, type_name, elem_size, deadline);
	if (err) {
		array_delete(array);
		return err;
	}
	*ret_array = array;
	return 0;
}

static bool array_config_is_sane(const struct ipcx_array_config *config)
{
	return config && array_type_is_sane(config->type_name) &&
	       config->elem_size && config->count &&
	       !(config->flags & ~(uint32_t)(ARRAY_FLAGS | IPCX_CREATE_F_EXCL |
					     IPCX_REGION_F_RESERVE)) &&
	       !config->reserved[0] && !config->reserved[1] &&
	       !config->reserved[2] && !config->reserved[3];
}

IPCX_EXPORT int ipcx_array_create(struct ipcx *ipcx, const char *name,
				  const struct ipcx_array_config *config,
				  struct ipcx_array **ret_array)
{
	struct ipcx_region_config region_config = { 0 };
	struct ipcx_region *region;
	struct ipcx_array *array;
	uint64_t size;
	int err;

	assert(ipcx);
	if (!array_config_is_sane(config))
		return -EINVAL;
	if (__builtin_mul_overflow((uint64_t)config->elem_size,
				   (uint64_t)config->count, &size) ||
	    __builtin_add_overflow(size, sizeof(struct array_head), &size))
		return -EOVERFLOW;

	region_config.size = size;
	region_config.flags = config->flags | IPCX_REGION_F_RESERVE;
	/* What has no name is new anyway. */
	if (name)
		region_config.flags |= IPCX_CREATE_F_EXCL;
	else
		region_config.flags &= ~IPCX_CREATE_F_EXCL;
	region_config.mode = config->mode;
	region_config.lease_ns = config->lease_ns;
	err = ipcx_region_create(ipcx, name, &region_config, &region);
	if (err)
		return err;
	err = array_new(region, true, &array);
	if (err)
		goto err_unlink;

	array->elem_size = config->elem_size;
	array->count = config->count;
	array->head->elem_size = config->elem_size;
	array->head->count = config->count;
	memcpy(array->head->type_name, config->type_name,
	       strlen(config->type_name));
	atomic_store_explicit(&array->head->magic, ARRAY_MAGIC,
			      memory_order_release);
	err = ipcx_region_ring(region, NULL);
	if (err)
		goto err_delete;

	*ret_array = array;
	return 0;

err_delete:
	array_delete(array);
err_unlink:
	ipcx_object_unlink(ipcx_region_fd(region));
	ipcx_region_free(region);
	return err;
}

IPCX_EXPORT int ipcx_array_open(struct ipcx *ipcx, const char *name,
				const char *type_name, size_t elem_size,
				uint32_t rights,
				const struct ipcx_deadline *deadline,
				struct ipcx_array **ret_array)
{
	struct ipcx_region *region;
	int err;

	assert(ipcx);
	if (!array_type_is_sane(type_name) || !elem_size)
		return -EINVAL;
	err = ipcx_region_open(ipcx, name, rights, &region);
	if (err)
		return err;
	err = array_from_region(region, type_name, elem_size, deadline,
				ret_array);
	if (err)
		ipcx_region_free(region);
	return err;
}

IPCX_EXPORT int ipcx_array_from_fd(int fd, const char *type_name,
				   size_t elem_size,
				   const struct ipcx_deadline *deadline,
				   struct ipcx_array **ret_array)
{
	struct ipcx_region *region;
	int err;

	if (!array_type_is_sane(type_name) || !elem_size)
		return -EINVAL;
	err = ipcx_region_from_fd(fd, &region);
	if (err)
		return err;
	err = array_from_region(region, type_name, elem_size, deadline,
				ret_array);
	if (err)
		ipcx_region_disown(region);
	return err;
}

IPCX_EXPORT void ipcx_array_free(struct ipcx_array *array)
{
	struct ipcx_region *region;

	if (!array)
		return;
	region = array->region;
	array_delete(array);
	ipcx_region_free(region);
}

IPCX_EXPORT int ipcx_array_fd(const struct ipcx_array *array)
{
	assert(array);
	return ipcx_region_fd(array->region);
}

IPCX_EXPORT struct ipcx_region *ipcx_array_region(struct ipcx_array *array)
{
	assert(array);
	return array->region;
}

IPCX_EXPORT size_t ipcx_array_count(const struct ipcx_array *array)
{
	assert(array);
	return array->count;
}
