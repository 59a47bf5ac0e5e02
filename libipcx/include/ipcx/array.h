/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Typed arrays: a region that holds a fixed number of elements of one type,
 * each operation guarded by the region's lock.
 *
 * Type, element size and count are written at the head of the region. They are
 * read and checked against the region's true size once, when the array is
 * opened; whatever a peer writes there later changes nothing here, and no
 * access leaves the region. Elements themselves can be changed by a peer that
 * ignores the lock: a copy that was got is one's own, but its contents are the
 * peer's.
 *
 * When a writer dies while it holds the lock, an element may be half written.
 * From then on every operation is carried out as usual but returns -EOWNERDEAD
 * in place of 0, until somebody has mended the elements (with the same
 * operations) and calls ipcx_array_consistent().
 *
 * Threads may share a handle. A process uses one handle for each array: with
 * two, or when it holds the region's lock by other means, operations that
 * overlap may give -EDEADLK. A child may go on with the handle that it
 * inherits, unless another thread was inside a call on it at the fork.
 */
#ifndef LIBIPCX_ARRAY_H
#define LIBIPCX_ARRAY_H

#include <ipcx/context.h>
#include <ipcx/deadline.h>
#include <ipcx/region.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ipcx_array;

/* Size of a type's name: 1 to 31 characters and a NUL. */
#define IPCX_ARRAY_TYPE_SIZE 32

/**
 * struct ipcx_array_config - How an array shall be
 * @type_name: Name of the elements' type, 1 to 31 characters; who opens the
 *	array must give the same
 * @elem_size: Bytes of one element, not 0
 * @count: Number of elements, not 0
 * @flags: 0, or IPCX_CREATE_F_PERSISTENT, IPCX_REGION_F_HUGE;
 *	IPCX_CREATE_F_EXCL and IPCX_REGION_F_RESERVE are always on
 * @mode: Mode bits, less the umask; 0 stands for 0600
 * @lease_ns: Lease of a persistent one in nanoseconds, 0 for none
 * @reserved: Must be 0
 */
struct ipcx_array_config {
	const char *type_name;
	size_t elem_size;
	size_t count;
	uint32_t flags;
	uint32_t mode;
	uint64_t lease_ns;
	uint64_t reserved[4];
};

/**
 * typedef ipcx_array_visit_fn - What ipcx_array_iterate() calls
 * @index: Number of the element
 * @elem: A copy of the element, aligned for any type, valid during the call
 * @data: What was given to ipcx_array_iterate()
 *
 * Must not use the array.
 *
 * Return: 0 to go on, anything else to stop with it.
 */
typedef int (*ipcx_array_visit_fn)(size_t index, const void *elem, void *data);

/**
 * typedef ipcx_array_update_fn - What ipcx_array_update() calls
 * @elem: A copy of the element, aligned for any type, to be changed in place
 * @data: What was given to ipcx_array_update()
 *
 * Must not use the array.
 *
 * Return: 0 to store the element, anything else to leave it as it was.
 */
typedef int (*ipcx_array_update_fn)(void *elem, void *data);

/**
 * ipcx_array_create() - Create an array
 * @ipcx: The context
 * @name: Its name, or NULL for none (share it by its descriptor)
 * @config: How it shall be
 * @ret_array: The array, all elements zero; free it with ipcx_array_free()
 *
 * The name must not be taken. Who opens the array meanwhile waits until it is
 * complete. All memory is allocated now.
 *
 * Return: 0; -EEXIST; -EOVERFLOW: the size is not a number; otherwise as
 * ipcx_region_create() and ipcx_region_map().
 * Since: 0.1
 */
int ipcx_array_create(struct ipcx *ipcx, const char *name,
		      const struct ipcx_array_config *config,
		      struct ipcx_array **ret_array);

/**
 * ipcx_array_open() - Open an array by its name
 * @ipcx: The context
 * @name: Its name
 * @type_name: Name of the type that the elements must have
 * @elem_size: Bytes that an element must have
 * @rights: IPCX_RIGHT_READ, to read only; with IPCX_RIGHT_WRITE, to write too;
 *	0 stands for both; IPCX_RIGHT_CONTROL may be added
 * @deadline: Until when to wait for an array that is being created, or NULL for
 *	no limit
 * @ret_array: The array; free it with ipcx_array_free()
 *
 * Return: 0; -EMEDIUMTYPE: the name belongs to another type of object, to a
 * region that is no array, or to an array of another type; -EINVAL: the
 * elements have another size, or an argument cannot be; -EPROTO: its head
 * contradicts its size; -EAGAIN, -ETIMEDOUT, -EINTR: it is not complete;
 * otherwise as ipcx_region_open() and ipcx_region_map().
 * Since: 0.1
 */
int ipcx_array_open(struct ipcx *ipcx, const char *name, const char *type_name,
		    size_t elem_size, uint32_t rights,
		    const struct ipcx_deadline *deadline,
		    struct ipcx_array **ret_array);

/**
 * ipcx_array_from_fd() - Make an array of a descriptor
 * @fd: A handle of its region
 * @type_name: Name of the type that the elements must have
 * @elem_size: Bytes that an element must have
 * @deadline: As in ipcx_array_open()
 * @ret_array: The array, which owns @fd from now on; free it with
 *	ipcx_array_free()
 *
 * On failure @fd stays the caller's.
 *
 * Return: as ipcx_array_open(); -ENOTTY: not of ipcx; -EBADF.
 * Since: 0.1
 */
int ipcx_array_from_fd(int fd, const char *type_name, size_t elem_size,
		       const struct ipcx_deadline *deadline,
		       struct ipcx_array **ret_array);

/**
 * ipcx_array_free() - Close the array
 * @array: The array, or NULL
 *
 * Since: 0.1
 */
void ipcx_array_free(struct ipcx_array *array);

/**
 * ipcx_array_fd() - The descriptor of the array's region
 * @array: The array
 *
 * Return: the descriptor, which stays the array's.
 * Since: 0.1
 */
int ipcx_array_fd(const struct ipcx_array *array);

/**
 * ipcx_array_region() - The region that holds the array
 * @array: The array
 *
 * For the doorbell, to tell others of a change. Its lock is the array's: do not
 * hold it while using the array.
 *
 * Return: the region, which stays the array's.
 * Since: 0.1
 */
struct ipcx_region *ipcx_array_region(struct ipcx_array *array);

/**
 * ipcx_array_count() - Number of elements
 * @array: The array
 *
 * Return: the number, which never changes.
 * Since: 0.1
 */
size_t ipcx_array_count(const struct ipcx_array *array);

/**
 * ipcx_array_get() - Copy an element out, under the read lock
 * @array: The array
 * @index: Which, 0 to count - 1
 * @ret_elem: Where to, elem_size bytes
 *
 * Return: 0; -EOWNERDEAD: done, but a writer died, see above; -ERANGE: @index
 * is past the end; -EDEADLK; -EINTR; -EACCES; -EIDRM; -EDQUOT, -ENOSPC,
 * -ENOMEM.
 * Since: 0.1
 */
int ipcx_array_get(struct ipcx_array *array, size_t index, void *ret_elem);

/**
 * ipcx_array_put() - Store an element, under the write lock
 * @array: The array, opened for writing
 * @index: Which, 0 to count - 1
 * @elem: The element, elem_size bytes
 *
 * Return: as ipcx_array_get().
 * Since: 0.1
 */
int ipcx_array_put(struct ipcx_array *array, size_t index, const void *elem);

/**
 * ipcx_array_swap() - Exchange two elements, under the write lock
 * @array: The array, opened for writing
 * @first: Which, 0 to count - 1
 * @second: Which, 0 to count - 1; may be @first
 *
 * Return: as ipcx_array_get().
 * Since: 0.1
 */
int ipcx_array_swap(struct ipcx_array *array, size_t first, size_t second);

/**
 * ipcx_array_update() - Change an element in place, under the write lock
 * @array: The array, opened for writing
 * @index: Which, 0 to count - 1
 * @update: Changes a copy of the element, which is then stored
 * @data: Handed to @update
 *
 * Return: as ipcx_array_get(); or what @update returned, when not 0, and then
 * the element is as it was.
 * Since: 0.1
 */
int ipcx_array_update(struct ipcx_array *array, size_t index,
		      ipcx_array_update_fn update, void *data);

/**
 * ipcx_array_iterate() - Visit all elements in order, under one read lock
 * @array: The array
 * @visit: Called for each element
 * @data: Handed to @visit
 *
 * Return: as ipcx_array_get(); or what @visit returned, when not 0.
 * Since: 0.1
 */
int ipcx_array_iterate(struct ipcx_array *array, ipcx_array_visit_fn visit,
		       void *data);

/**
 * ipcx_array_consistent() - Say that the elements are well again
 * @array: The array, opened for writing
 *
 * Return: 0; -EINVAL: there was nothing to mend; otherwise as ipcx_array_get().
 * Since: 0.1
 */
int ipcx_array_consistent(struct ipcx_array *array);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_ARRAY_H */
