/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels. The only file that knows versions.
 */
#ifndef IPCX_COMPAT_H
#define IPCX_COMPAT_H

#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>

/* struct folio_batch */
#if __has_include(<linux/folio_batch.h>)
#include <linux/folio_batch.h>
#else
#include <linux/pagevec.h>
#endif

/*
 * For a variable that is written before it is read. Kernels that clear every
 * variable on the stack would clear it first.
 */
#ifndef __uninitialized
#define __uninitialized __attribute__((__uninitialized__))
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#ifndef fd_file
#define fd_file(f) ((f).file)
#endif
#endif

/* Let another file's ->mmap or ->mmap_prepare set up @vma. */
static inline int compat_file_mmap(struct file *file,
				   struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	return call_mmap(file, vma);
#else
	return vfs_mmap(file, vma);
#endif
}

/* Install a file that was received, and tell user space the descriptor. */
static inline int compat_receive_fd(struct file *file, int __user *ufd,
				    unsigned int flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	int fd = receive_fd(file, flags);

	if (fd >= 0 && put_user(fd, ufd)) {
		close_fd(fd);
		return -EFAULT;
	}
	return fd;
#else
	return receive_fd(file, ufd, flags);
#endif
}

/* splice() out of what has a ->read_iter. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define compat_splice_read generic_file_splice_read
#else
#define compat_splice_read copy_splice_read
#endif

/* What the tracepoint sched_process_exit hands to its probes. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define COMPAT_PROBE_EXIT_ARGS void *data, struct task_struct *task
#else
#define COMPAT_PROBE_EXIT_ARGS \
	void *data, struct task_struct *task, bool group_dead
#endif

/* The flag that says "do not reserve memory for this file ahead". */
static inline struct file *compat_shmem_setup(struct vfsmount *mnt,
					      const char *name, loff_t size)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	if (mnt)
		return shmem_file_setup_with_mnt(mnt, name, size, VM_NORESERVE);
	return shmem_file_setup(name, size, VM_NORESERVE);
#else
	vma_flags_t flags = mk_vma_flags(VMA_NORESERVE_BIT);

	if (mnt)
		return shmem_file_setup_with_mnt(mnt, name, size, flags);
	return shmem_file_setup(name, size, flags);
#endif
}

/* A tmpfs of our own whose files get huge pages, or an ERR_PTR. */
static inline struct vfsmount *compat_mount_huge_tmpfs(void)
{
	struct file_system_type *type = get_fs_type("tmpfs");
	struct vfsmount *mount;
	struct fs_context *fc;
	int r;

	if (!type)
		return ERR_PTR(-ENODEV);
	fc = fs_context_for_mount(type, SB_KERNMOUNT);
	if (IS_ERR(fc))
		return ERR_CAST(fc);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
	r = vfs_parse_fs_string(fc, "huge", "always", strlen("always"));
#else
	r = vfs_parse_fs_string(fc, "huge", "always");
#endif
	mount = r ? ERR_PTR(r) : fc_mount(fc);
	put_fs_context(fc);
	return mount;
}

typedef unsigned long (*compat_shrink_fn)(struct shrinker *s,
					  struct shrink_control *sc);

/* A shrinker that is at work, or NULL. */
static inline struct shrinker *compat_shrinker_new(unsigned int flags,
						   compat_shrink_fn count,
						   compat_shrink_fn scan,
						   const char *name)
{
	struct shrinker *s;

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return NULL;
	s->flags = flags;
#else
	s = shrinker_alloc(flags, "%s", name);
	if (!s)
		return NULL;
#endif
	s->count_objects = count;
	s->scan_objects = scan;
	s->seeks = DEFAULT_SEEKS;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	if (register_shrinker(s, "%s", name)) {
		kfree(s);
		return NULL;
	}
#else
	shrinker_register(s);
#endif
	return s;
}

static inline void compat_shrinker_free(struct shrinker *s)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	unregister_shrinker(s);
	kfree(s);
#else
	shrinker_free(s);
#endif
}

#endif /* IPCX_COMPAT_H */
