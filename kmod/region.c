// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared regions: memory, a reader/writer lock, a doorbell.
 *
 * The memory is a shmem file that user space never gets a descriptor of: it
 * maps the ipcx handle, and the mapping is turned over to the shmem file. So
 * nobody can truncate it, and swapping, memory cgroups and huge pages work as
 * for any shared memory.
 *
 * A mapping pins the file of the handle that it was made through, and with it
 * the object and its charge: the operations of the mapping are those of shmem
 * with open and close of our own. The last fput() of a mapping runs as task
 * work, behind our close, so the module's text is not left by its last
 * reference.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/pid.h>
#include <linux/shmem_fs.h>

#include "call.h"
#include "compat.h"
#include "rooms.h"

#define REGION_FLAGS (IPCX_REGION_F_RESERVE | IPCX_REGION_F_HUGE)

/* Queues of a region. */
#define REGION_LOCKERS	 0
#define REGION_LISTENERS 1

/* Holding.mode */
#define REGION_READS  1
#define REGION_WRITES 2

/**
 * struct ipcx_region - A shared region
 * @obj: The base
 * @file: The memory; constant
 * @size: In bytes, whole pages; constant
 * @flags: &enum ipcx_region_flags; constant
 * @order: &enum ipcx_order; constant
 * @seal_mutex: Held by who is adding a seal; outside the object's lock
 * @seals: &enum ipcx_seals
 * @writable_maps: Mappings that can be written, or made so
 * @readers: Read locks held
 * @writer: The write lock is held
 * @inconsistent: A writer died, and nobody mended it
 * @death: Record of that writer
 * @rings: Count of the doorbell
 *
 * What is not constant is protected by the object's lock.
 */
struct ipcx_region {
	struct ipcx_object obj;
	struct file *file;
	u64 size;
	u32 flags;
	u32 order;
	struct mutex seal_mutex;
	u32 seals;
	u32 writable_maps;
	u32 readers;
	bool writer;
	bool inconsistent;
	struct ipcx_holding *death;
	u64 rings;
};

static struct ipcx_region *to_region(struct ipcx_object *obj)
{
	return container_of(obj, struct ipcx_region, obj);
}

/* A tmpfs of our own, on which files get huge pages; made when first wanted. */
static struct vfsmount *huge_mount;
static DEFINE_MUTEX(huge_mutex);

/*
 * The operations of shmem, with what we change. Filled in once, from the first
 * mapping that shmem makes.
 */
static DEFINE_MUTEX(region_ops_mutex);
static struct vm_operations_struct region_vm_ops; /* Not const: see above. */
static const struct vm_operations_struct *region_base_ops;

static struct vfsmount *region_huge_mount(void)
{
	struct vfsmount *mount;

	mutex_lock(&huge_mutex);
	mount = huge_mount;
	if (!mount) {
		mount = compat_mount_huge_tmpfs();
		if (!IS_ERR(mount))
			huge_mount = mount;
	}
	mutex_unlock(&huge_mutex);
	if (IS_ERR(mount) && PTR_ERR(mount) != -ENOMEM)
		return ERR_PTR(-EOPNOTSUPP);
	return mount;
}

static void region_exit(void)
{
	if (huge_mount)
		kern_unmount(huge_mount);
}

static int region_lock_try(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
			   bool arm)
{
	struct ipcx_region *region =
		container_of(q, struct ipcx_region, obj.waitq[REGION_LOCKERS]);
	struct ipcx_holding *h = e->holding;

	if (region->writer || (e->mode == IPCX_LOCK_WRITE && region->readers))
		return -EAGAIN;
	if (e->mode == IPCX_LOCK_WRITE) {
		region->writer = true;
		h->mode = REGION_WRITES;
	} else {
		region->readers++;
		h->mode = REGION_READS;
	}
	if (!h->units++)
		h->since = ktime_get_coarse_boottime_ns();
	return region->inconsistent ? -EOWNERDEAD : 0;
}

static void region_unlock_locked(struct ipcx_region *region,
				 struct ipcx_holding *h)
{
	lockdep_assert_held(&region->obj.lock);

	if (h->mode == REGION_WRITES)
		region->writer = false;
	else
		region->readers--;
	if (!--h->units)
		h->mode = 0;
}

static void region_lock_undo(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
	struct ipcx_region *region =
		container_of(q, struct ipcx_region, obj.waitq[REGION_LOCKERS]);

	region_unlock_locked(region, e->holding);
}

static const char *region_lock_label(const struct ipcx_wait_entry *e)
{
	return e->mode == IPCX_LOCK_WRITE ? "write" : "read";
}

static const struct ipcx_waitq_ops region_lock_ops = {
	.try = region_lock_try,
	.undo = region_lock_undo,
	.label = region_lock_label,
};

static int region_bell_try(struct ipcx_waitq *q, struct ipcx_wait_entry *e,
			   bool arm)
{
	struct ipcx_region *region = container_of(q, struct ipcx_region,
						  obj.waitq[REGION_LISTENERS]);

	return region->rings > e->since ? 0 : -EAGAIN;
}

static void region_bell_undo(struct ipcx_waitq *q, struct ipcx_wait_entry *e)
{
}

static const char *region_bell_label(const struct ipcx_wait_entry *e)
{
	return "doorbell";
}

static const struct ipcx_waitq_ops region_bell_ops = {
	.try = region_bell_try,
	.undo = region_bell_undo,
	.label = region_bell_label,
};

static void region_serve(struct ipcx_region *region, int queue)
{
	struct ipcx_wakeups wakeups = {};
	bool more;

	do {
		spin_lock(&region->obj.lock);
		more = ipcx_waitq_run_locked(&region->obj.waitq[queue],
					     &wakeups);
		spin_unlock(&region->obj.lock);
		ipcx_wakeups_flush(&wakeups);
		cond_resched();
	} while (more);
}

/*
 * A mapping calls through this file, and user space must not get at it from
 * there. Neither bit matters to faults and to the rights of mappings.
 *
 * Without FMODE_WRITE nobody changes what is allocated: madvise(MADV_REMOVE)
 * would punch holes into memory that was reserved. Without FMODE_READ
 * remap_file_pages() cannot map it anew, behind our back.
 *
 * Its operations must stay shmem's very own, for shmem tests for them where it
 * looks for a place for a mapping.
 */
static void region_seclude_file(struct file *file)
{
	file->f_mode &= ~(FMODE_READ | FMODE_WRITE);
}

/* shmem says ENOSPC where it lacks memory; to our callers that is a limit. */
static int region_memory_error(int r)
{
	return r == -ENOSPC ? -ENOMEM : r;
}

static int region_make_file(struct ipcx_region *region)
{
	struct vfsmount *mount = NULL;
	struct file *file;
	int r = 0;

	if (region->flags & IPCX_REGION_F_HUGE) {
		mount = region_huge_mount();
		if (IS_ERR(mount))
			return region_memory_error(PTR_ERR(mount));
	}
	file = compat_shmem_setup(mount, "ipcx-region", region->size);
	if (IS_ERR(file))
		return region_memory_error(PTR_ERR(file));
	region->file = file;
	/* Also for who gets at it through /proc/PID/map_files. */
	file_inode(file)->i_mode = S_IFREG;
	SHMEM_I(file_inode(file))->seals = F_SEAL_SEAL | F_SEAL_SHRINK |
					   F_SEAL_GROW;
	if (region->flags & IPCX_REGION_F_RESERVE)
		r = vfs_fallocate(file, 0, 0, region->size);
	region_seclude_file(file);
	if (r == -EINTR) /* Nothing was made: it can be tried again. */
		return -ERESTARTSYS;
	return region_memory_error(r);
}

static struct ipcx_object *region_new(const struct ipcx_create *create,
				      const void *call_arg)
{
	const struct ipcx_region_create *arg = call_arg;
	u64 size = PAGE_ALIGN(arg->size);
	struct ipcx_region *region;
	struct ipcx_object *obj;
	struct ipcx_waitq *q;
	int r;

	obj = ipcx_object_alloc(create, size);
	if (IS_ERR(obj))
		return obj;
	region = to_region(obj);
	region->size = size;
	region->flags = arg->flags & REGION_FLAGS;
	region->order = arg->order;
	mutex_init(&region->seal_mutex);
	q = &obj->waitq[REGION_LOCKERS];
	ipcx_waitq_init(q, &obj->lock, obj->user, &region_lock_ops);
	q->by_prio = arg->order == IPCX_ORDER_PRIO;
	ipcx_waitq_init(&obj->waitq[REGION_LISTENERS], &obj->lock, obj->user,
			&region_bell_ops);
	r = region_make_file(region);
	if (r) {
		ipcx_object_put(obj);
		return ERR_PTR(r);
	}
	return obj;
}

static int region_create(struct ipcx_call *call)
{
	struct ipcx_region_create *arg = call->arg;
	struct ipcx_create create = {
		.type = &ipcx_region_type,
		.ns = call->handle->ns,
		.payer = call->handle->user,
		.name = arg->name,
		.flags = arg->flags & ~REGION_FLAGS,
		.mode = arg->mode,
		.rights = arg->rights,
		.lease_ns = arg->lease_ns,
	};
	int r;

	if (arg->__reserved || !arg->size || arg->order > IPCX_ORDER_PRIO)
		return -EINVAL;
	if (arg->size > IPCX_REGION_MAX)
		return -EFBIG;
	r = ipcx_call_create(call, &create, region_new);
	if (r)
		return r;
	arg->out_flags = call->created ? IPCX_CREATE_OUT_CREATED : 0;
	arg->out_id = call->new_obj->entry.id;
	return 0;
}

/* Somebody does input or output on a page, and may write to it any time. */
static bool region_pinned(struct ipcx_region *region)
{
	struct folio_batch batch;
	bool pinned = false;
	pgoff_t index = 0;
	unsigned int i;

	folio_batch_init(&batch);
	while (!pinned && filemap_get_folios(region->file->f_mapping, &index,
					     ULONG_MAX, &batch)) {
		for (i = 0; i < folio_batch_count(&batch); i++)
			pinned |= folio_maybe_dma_pinned(batch.folios[i]);
		folio_batch_release(&batch);
		cond_resched();
	}
	return pinned;
}

/* Keep new mappings out first, then look for what can still write. */
static int region_seal_write(struct ipcx_region *region)
{
	struct ipcx_object *obj = &region->obj;
	int r = 0;

	lockdep_assert_held(&region->seal_mutex);

	spin_lock(&obj->lock);
	if (obj->dead)
		r = -EIDRM;
	else if (region->writable_maps)
		r = -EBUSY;
	else
		region->seals |= IPCX_SEAL_WRITE;
	spin_unlock(&obj->lock);
	if (r)
		return r;

	if (!region_pinned(region)) {
		SHMEM_I(file_inode(region->file))->seals |= F_SEAL_WRITE;
		return 0;
	}
	spin_lock(&obj->lock);
	region->seals &= ~IPCX_SEAL_WRITE;
	spin_unlock(&obj->lock);
	return -EBUSY;
}

static int region_seal(struct ipcx_call *call)
{
	struct ipcx_region_seal *arg = call->arg;
	struct ipcx_region *region = to_region(call->obj);
	int r = 0;

	if (arg->flags || !arg->seals || arg->seals & ~IPCX_SEALS_MASK)
		return -EINVAL;
	/* One at a time: what one has sealed no other one may undo. */
	if (mutex_lock_killable(&region->seal_mutex))
		return -EINTR;
	if (!(READ_ONCE(region->seals) & IPCX_SEAL_WRITE))
		r = region_seal_write(region);
	mutex_unlock(&region->seal_mutex);
	return r;
}

/* Would the process wait for itself? A second read lock never waits. */
static int region_lock_again(struct ipcx_region *region, u32 mode)
{
	struct ipcx_object *obj = &region->obj;
	struct ipcx_holding *h;
	int r = -EAGAIN;

	spin_lock(&obj->lock);
	h = ipcx_holding_current_locked(&obj->ledger);
	if (obj->dead) {
		r = -EIDRM;
	} else if (h && h->mode) {
		r = -EDEADLK;
		if (h->mode == REGION_READS && mode == IPCX_LOCK_READ) {
			h->units++;
			region->readers++;
			r = region->inconsistent ? -EOWNERDEAD : 0;
		}
	}
	spin_unlock(&obj->lock);
	return r;
}

static int region_unlock_current(struct ipcx_region *region)
{
	struct ipcx_holding *h;
	int r = 0;

	spin_lock(&region->obj.lock);
	h = ipcx_holding_current_locked(&region->obj.ledger);
	if (region->obj.dead)
		r = -EIDRM;
	else if (!h || !h->mode)
		r = -EPERM;
	else
		region_unlock_locked(region, h);
	spin_unlock(&region->obj.lock);
	if (!r)
		region_serve(region, REGION_LOCKERS);
	return r;
}

static void region_lock_done(struct ipcx_call *call, bool delivered)
{
	if (!delivered)
		region_unlock_current(to_region(call->obj));
}

static int region_lock(struct ipcx_call *call)
{
	struct ipcx_region_lock *arg = call->arg;
	struct ipcx_region *region = to_region(call->obj);
	struct ipcx_wait_entry e = { .units = 1, .mode = arg->mode };
	struct ipcx_deadline deadline;
	struct ipcx_holding *h;
	int r;

	if (arg->flags || arg->mode > IPCX_LOCK_WRITE)
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (r)
		return r;
	if (!(call->handle->rights &
	      (arg->mode == IPCX_LOCK_WRITE ? IPCX_RIGHT_WRITE :
					      IPCX_RIGHT_READ)))
		return -EACCES;

	/* Whom the caller knows to be dead must not keep it out. */
	ipcx_settle(&call->obj->ledger);
	r = region_lock_again(region, arg->mode);
	if (r == -EAGAIN) {
		h = ipcx_holding_pin(&call->obj->ledger);
		if (IS_ERR(h))
			return PTR_ERR(h);
		e.holding = h;
		r = ipcx_wait(&call->obj->waitq[REGION_LOCKERS], &e, &deadline);
		ipcx_holding_unpin(h);
	}
	if (r != -EOWNERDEAD)
		return r;

	spin_lock(&call->obj->lock);
	if (region->death)
		arg->out_dead_pid = pid_vnr(region->death->pid);
	spin_unlock(&call->obj->lock);
	call->answer = true;
	call->done = region_lock_done;
	return r;
}

static int region_unlock(struct ipcx_call *call)
{
	struct ipcx_region_unlock *arg = call->arg;

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	return region_unlock_current(to_region(call->obj));
}

static int region_consistent(struct ipcx_call *call)
{
	struct ipcx_region_consistent *arg = call->arg;
	struct ipcx_region *region = to_region(call->obj);
	struct ipcx_holding *h, *death = NULL;
	int r = 0;

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	spin_lock(&call->obj->lock);
	h = ipcx_holding_current_locked(&call->obj->ledger);
	if (call->obj->dead) {
		r = -EIDRM;
	} else if (!h || h->mode != REGION_WRITES) {
		r = -EPERM;
	} else if (!region->inconsistent) {
		r = -EINVAL;
	} else {
		region->inconsistent = false;
		death = region->death;
		region->death = NULL;
	}
	spin_unlock(&call->obj->lock);
	ipcx_holding_free(death);
	return r;
}

static int region_ring(struct ipcx_call *call)
{
	struct ipcx_region_ring *arg = call->arg;
	struct ipcx_region *region = to_region(call->obj);
	bool dead;

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	spin_lock(&call->obj->lock);
	dead = call->obj->dead;
	if (!dead)
		arg->out_count = ++region->rings;
	spin_unlock(&call->obj->lock);
	if (dead)
		return -EIDRM;
	region_serve(region, REGION_LISTENERS);
	ipcx_object_wake_pollers(call->obj, EPOLLIN | EPOLLRDNORM);
	return 0;
}

/* Who was not told the count has heard nothing: poll() goes on to say so. */
static void region_wait_done(struct ipcx_call *call, bool delivered)
{
	struct ipcx_region_wait *arg = call->arg;

	if (delivered)
		atomic64_set(&call->handle->mark, arg->out_count);
}

static int region_wait(struct ipcx_call *call)
{
	struct ipcx_region_wait *arg = call->arg;
	struct ipcx_region *region = to_region(call->obj);
	struct ipcx_wait_entry e = { .since = arg->since };
	struct ipcx_deadline deadline;
	int r;

	if (arg->flags)
		return -EINVAL;
	r = ipcx_deadline_set(&deadline, arg->clockid, arg->deadline);
	if (r)
		return r;
	r = ipcx_wait(&call->obj->waitq[REGION_LISTENERS], &e, &deadline);
	if (r)
		return r;
	spin_lock(&call->obj->lock);
	arg->out_count = region->rings;
	spin_unlock(&call->obj->lock);
	call->done = region_wait_done;
	return 0;
}

static void region_stat_locked(struct ipcx_region *region,
			       struct ipcx_region_stat *stat)
{
	lockdep_assert_held(&region->obj.lock);

	stat->out_flags = region->flags;
	stat->out_size = region->size;
	stat->out_resident =
		(u64)READ_ONCE(SHMEM_I(file_inode(region->file))->alloced)
		<< PAGE_SHIFT;
	stat->out_rings = region->rings;
	stat->out_seals = region->seals;
	stat->out_writable_maps = region->writable_maps;
	stat->out_readers = region->readers;
	stat->out_writer = region->writer;
	stat->out_order = region->order;
	stat->out_inconsistent = region->inconsistent;
}

static int region_stat(struct ipcx_call *call)
{
	struct ipcx_region_stat *arg = call->arg;

	if (arg->flags)
		return -EINVAL;
	ipcx_settle(&call->obj->ledger);
	spin_lock(&call->obj->lock);
	region_stat_locked(to_region(call->obj), arg);
	spin_unlock(&call->obj->lock);
	return 0;
}

static void region_gone(struct ipcx_object *obj, u32 id)
{
	struct ipcx_region *region = to_region(obj);
	struct ipcx_holding *h, *old = NULL;

	spin_lock(&obj->lock);
	h = ipcx_holding_dead_locked(&obj->ledger, id);
	if (h) {
		ipcx_holding_unlink_locked(h);
		if (h->mode == REGION_WRITES) {
			region->writer = false;
			region->inconsistent = true;
			old = region->death;
			region->death = h;
			h = NULL;
		} else if (h->mode == REGION_READS) {
			region->readers -= h->units;
		}
	}
	spin_unlock(&obj->lock);
	ipcx_holding_free(old);
	ipcx_holding_free(h);
	region_serve(region, REGION_LOCKERS);
}

static void region_release(struct ipcx_object *obj)
{
	struct ipcx_region *region = to_region(obj);

	ipcx_holding_free(region->death);
	if (region->file)
		fput(region->file);
}

static u32 region_held(struct ipcx_object *obj, const struct ipcx_holding *h)
{
	return h->units;
}

static const char *region_hold_label(struct ipcx_object *obj,
				     const struct ipcx_holding *h)
{
	return h->mode == REGION_WRITES ? "write" : "read";
}

static void region_describe(struct ipcx_object *obj, struct ipcx_facts *facts)
{
	struct ipcx_region_stat stat;

	region_stat_locked(to_region(obj), &stat);
	ipcx_facts_add(facts, IPCX_A_REGION_SIZE, "size", stat.out_size);
	ipcx_facts_add(facts, IPCX_A_REGION_RESIDENT, "resident",
		       stat.out_resident);
	ipcx_facts_add(facts, IPCX_A_REGION_RINGS, "rings", stat.out_rings);
	ipcx_facts_add(facts, IPCX_A_REGION_SEALS, "seals", stat.out_seals);
	ipcx_facts_add(facts, IPCX_A_REGION_FLAGS, "region_flags",
		       stat.out_flags);
	ipcx_facts_add(facts, IPCX_A_REGION_WRITABLE_MAPS, "writable_maps",
		       stat.out_writable_maps);
	ipcx_facts_add(facts, IPCX_A_REGION_READERS, "readers",
		       stat.out_readers);
	ipcx_facts_add(facts, IPCX_A_REGION_WRITER, "writer", stat.out_writer);
	ipcx_facts_add(facts, IPCX_A_REGION_INCONSISTENT, "inconsistent",
		       stat.out_inconsistent);
}

static __poll_t region_poll(struct ipcx_object *obj,
			    const struct ipcx_handle *handle)
{
	struct ipcx_region *region = to_region(obj);
	u64 mark = atomic64_read(&handle->mark);
	__poll_t events = 0;

	spin_lock(&obj->lock);
	if (region->rings > mark)
		events = EPOLLIN | EPOLLRDNORM;
	spin_unlock(&obj->lock);
	return events;
}

static bool vma_may_be_written(const struct vm_area_struct *vma)
{
	const vm_flags_t both = VM_SHARED | VM_MAYWRITE;

	return (vma->vm_flags & both) == both;
}

static struct ipcx_region *vma_region(const struct vm_area_struct *vma)
{
	struct file *file = vma->vm_private_data;
	struct ipcx_handle *handle = file->private_data;

	return to_region(handle->obj);
}

static void region_vma_count(struct vm_area_struct *vma, int change)
{
	struct ipcx_region *region = vma_region(vma);

	if (!vma_may_be_written(vma))
		return;
	spin_lock(&region->obj.lock);
	region->writable_maps += change;
	spin_unlock(&region->obj.lock);
}

/* fork, split, mremap: one mapping more, of a file that this one pins. */
static void region_vma_open(struct vm_area_struct *vma)
{
	get_file((struct file *)vma->vm_private_data);
	region_vma_count(vma, 1);
	if (region_base_ops->open)
		region_base_ops->open(vma);
}

static void region_vma_close(struct vm_area_struct *vma)
{
	if (region_base_ops->close)
		region_base_ops->close(vma);
	region_vma_count(vma, -1);
	fput(vma->vm_private_data);
}

static int region_set_vm_ops(struct vm_area_struct *vma)
{
	int r = 0;

	mutex_lock(&region_ops_mutex);
	if (!region_base_ops) {
		region_vm_ops = *vma->vm_ops;
		region_vm_ops.open = region_vma_open;
		region_vm_ops.close = region_vma_close;
		region_base_ops = vma->vm_ops;
	}
	/* All regions are the same kind of shmem file. */
	if (WARN_ON_ONCE(vma->vm_ops != region_base_ops))
		r = -EOPNOTSUPP;
	mutex_unlock(&region_ops_mutex);
	if (!r)
		vma->vm_ops = &region_vm_ops;
	return r;
}

/* Count the mapping, or make it one that can never be written. */
static int region_map_rights(struct ipcx_region *region, u32 rights,
			     struct vm_area_struct *vma)
{
	int r = 0;

	if (!vma_may_be_written(vma))
		return 0;
	spin_lock(&region->obj.lock);
	if (!(rights & IPCX_RIGHT_WRITE))
		r = -EACCES;
	else if (region->seals & IPCX_SEAL_WRITE)
		r = -EPERM;
	else
		region->writable_maps++;
	spin_unlock(&region->obj.lock);
	if (!r || vma->vm_flags & VM_WRITE)
		return r;
	vm_flags_clear(vma, VM_MAYWRITE);
	return 0;
}

static int region_mmap(struct ipcx_object *obj, struct file *file, u32 rights,
		       struct vm_area_struct *vma)
{
	struct ipcx_region *region = to_region(obj);
	u64 pages = region->size >> PAGE_SHIFT;
	int r;

	if (!(rights & IPCX_RIGHT_READ))
		return -EACCES;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	r = region_map_rights(region, rights, vma);
	if (r)
		return r;

	vma_set_file(vma, region->file);
	vm_flags_set(vma, VM_DONTEXPAND);
	r = compat_file_mmap(region->file, vma);
	if (!r)
		r = region_set_vm_ops(vma);
	if (r) {
		if (vma_may_be_written(vma)) {
			spin_lock(&obj->lock);
			region->writable_maps--;
			spin_unlock(&obj->lock);
		}
		return r;
	}
	vma->vm_private_data = get_file(file);
	return 0;
}

/* shmem knows where huge pages would fit. */
static unsigned long region_map_area(struct ipcx_object *obj,
				     unsigned long addr, unsigned long len,
				     unsigned long pgoff, unsigned long flags)
{
	struct file *file = to_region(obj)->file;

	if (!file->f_op->get_unmapped_area)
		return -ENODEV;
	return file->f_op->get_unmapped_area(file, addr, len, pgoff, flags);
}

static const struct ipcx_call_desc region_calls[] = {
	IPCX_CALL_FD(IPCX_IOC_REGION_CREATE, ipcx_region_create, 0,
		     IPCX_CALL_DEVICE, region_create),
	IPCX_CALL(IPCX_IOC_REGION_SEAL, ipcx_region_seal, IPCX_RIGHT_CONTROL,
		  IPCX_CALL_OBJECT, region_seal),
	IPCX_CALL(IPCX_IOC_REGION_LOCK, ipcx_region_lock, 0, IPCX_CALL_OBJECT,
		  region_lock),
	IPCX_CALL(IPCX_IOC_REGION_UNLOCK, ipcx_region_unlock, 0,
		  IPCX_CALL_OBJECT, region_unlock),
	IPCX_CALL(IPCX_IOC_REGION_CONSISTENT, ipcx_region_consistent,
		  IPCX_RIGHT_WRITE, IPCX_CALL_OBJECT, region_consistent),
	IPCX_CALL(IPCX_IOC_REGION_RING, ipcx_region_ring, IPCX_RIGHT_WRITE,
		  IPCX_CALL_OBJECT | IPCX_CALL_ANSWERS, region_ring),
	IPCX_CALL(IPCX_IOC_REGION_WAIT, ipcx_region_wait, IPCX_RIGHT_READ,
		  IPCX_CALL_OBJECT | IPCX_CALL_ANSWERS, region_wait),
	IPCX_CALL(IPCX_IOC_REGION_STAT, ipcx_region_stat, 0,
		  IPCX_CALL_OBJECT | IPCX_CALL_ANSWERS, region_stat),
};

const struct ipcx_type ipcx_region_type = {
	.id = IPCX_TYPE_REGION,
	.name = "region",
	.file_name = "[ipcx-region]",
	.exit = region_exit,
	.size = sizeof(struct ipcx_region),
	.calls = region_calls,
	.nr_calls = ARRAY_SIZE(region_calls),
	.first_call = _IOC_NR(IPCX_IOC_REGION_CREATE),
	.release = region_release,
	.gone = region_gone,
	.held = region_held,
	.hold_label = region_hold_label,
	.describe = region_describe,
	.poll = region_poll,
	.mmap = region_mmap,
	.map_area = region_map_area,
};
