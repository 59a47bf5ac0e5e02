// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes: messages that are mapped where they are received.
 *
 * The mapping is of a file of its own, which keeps the message and nothing else,
 * and of which there is no descriptor. So a message that is being read keeps no
 * mailbox, and goes when its mapping does: by munmap(), exec, or the process's
 * end. A message is constant, and the mapping can never be made writable, for
 * the file was not opened for that.
 *
 * A message that could not be delivered after all goes back into the queue, and
 * the mapping has to go. Its address does not say where it is: another thread may
 * have moved it meanwhile, and who is being killed cannot change its address space
 * any more, which others may share. So the file has an address space of its own,
 * through which the kernel finds whatever maps it, and takes the pages away.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "mailbox.h"

/**
 * struct mapped - What such a file is of
 * @space: Knows who maps it, and has no pages
 * @lock: Protects @msg, against those who look without mapping it
 * @msg: The message, with a reference; NULL when it was taken away
 */
struct mapped {
	struct address_space space;
	struct mutex lock;
	struct ipcx_msg *msg;
};

static int map_release(struct inode *inode, struct file *file)
{
	struct mapped *mapped = file->private_data;

	if (mapped->msg)
		ipcx_msg_put(mapped->msg);
	kfree(mapped);
	return 0;
}

static int mapped_read_locked(const struct mapped *mapped, size_t offset,
			      void *buf, size_t len)
{
	const void *data;
	size_t size;

	lockdep_assert_held(&mapped->lock);

	data = mapped->msg ? ipcx_msg_at(mapped->msg, offset, &size) : NULL;
	if (!data)
		return -EINVAL;
	len = min(len, size);
	memcpy(buf, data, len);
	return len;
}

/*
 * For debuggers, and for the files in /proc through which they look. The pages
 * are mapped by their number alone, which spares the kernel much, and so nobody
 * can get hold of one: everything of it is gone with the mapping.
 */
static int map_access(struct vm_area_struct *vma, unsigned long addr, void *buf,
		      int len, int write)
{
	struct mapped *mapped = vma->vm_file->private_data;
	size_t offset = addr - vma->vm_start + (vma->vm_pgoff << PAGE_SHIFT);
	int r;

	if (write)
		return -EINVAL;
	mutex_lock(&mapped->lock);
	r = mapped_read_locked(mapped, offset, buf,
			       min_t(size_t, len, vma->vm_end - addr));
	mutex_unlock(&mapped->lock);
	return r;
}

static const struct vm_operations_struct map_vm_ops = {
	.access = map_access,
};

/* What is mapped next, and how. */
struct map_state {
	unsigned long pfn;
	pgprot_t prot;
};

/*
 * remap_pfn_range() would do, but looks up for each page how memory of a device
 * may be cached, which takes longer than all the rest.
 */
static int map_page(pte_t *pte, unsigned long addr, void *data)
{
	struct map_state *state = data;

	/* There is no descriptor: nobody maps it but ipcx_mailbox_map(). */
	set_pte_at(current->mm, addr, pte,
		   pte_mkspecial(pfn_pte(state->pfn, state->prot)));
	state->pfn++;
	return 0;
}

static int map_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct mapped *mapped = file->private_data;
	const struct ipcx_msg *msg = mapped->msg;
	struct map_state state = { .prot = vma->vm_page_prot };
	unsigned long addr = vma->vm_start, size;
	u32 i;
	int r;

	if (vma->vm_pgoff || vma_pages(vma) != msg->nr_pages)
		return -EINVAL;
	vma->vm_ops = &map_vm_ops;
	/*
	 * A child would keep what only the receiver pays for; with VM_IO that
	 * stays so, whatever madvise() is asked for.
	 */
	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTCOPY | VM_DONTEXPAND |
				  VM_DONTDUMP);
	ipcx_msg_clear_behind(msg);
	for (i = 0; i < msg->nr_chunks; i++) {
		size = page_size(msg->chunks[i]);
		state.pfn = page_to_pfn(msg->chunks[i]);
		r = apply_to_page_range(vma->vm_mm, addr, size, map_page,
					&state);
		if (r)
			return r;
		addr += size;
	}
	return 0;
}

static const struct file_operations map_fops = {
	.owner = THIS_MODULE,
	.release = map_release,
	.mmap = map_mmap,
	.llseek = noop_llseek,
};

/* A file of @msg, which gets a reference. */
static struct file *map_file(struct ipcx_msg *msg)
{
	struct address_space *inode_space;
	struct mapped *mapped;
	struct file *file;

	mapped = kzalloc(sizeof(*mapped), GFP_KERNEL_ACCOUNT);
	if (!mapped)
		return ERR_PTR(-ENOMEM);
	file = anon_inode_getfile("[ipcx-message]", &map_fops, mapped,
				  O_RDONLY);
	if (IS_ERR(file)) {
		kfree(mapped);
		return file;
	}
	inode_space = file->f_mapping;
	address_space_init_once(&mapped->space);
	mapped->space.host = inode_space->host;
	mapped->space.a_ops = inode_space->a_ops;
	mutex_init(&mapped->lock);
	ipcx_msg_get(msg);
	mapped->msg = msg;
	file->f_mapping = &mapped->space;
	return file;
}

/**
 * ipcx_mailbox_map() - Map a message in the calling process
 * @msg: The message, which has pages that are its own; the mapping gets a
 *	reference
 * @addr: Gets where it is
 *
 * Context: Sleeps.
 * Return: The file that is mapped, to be given back by fput(), or an ERR_PTR:
 * -ENOMEM, -EINTR, -ENFILE, or an error of a security module.
 */
struct file *ipcx_mailbox_map(struct ipcx_msg *msg, unsigned long *addr)
{
	struct file *file = map_file(msg);
	unsigned long r;

	if (IS_ERR(file))
		return file;
	r = vm_mmap(file, 0, msg->size, PROT_READ, MAP_SHARED, 0);
	if (!IS_ERR_VALUE(r)) {
		*addr = r;
		return file;
	}
	fput(file);
	/* More locked memory than is allowed; to who receives it says "none". */
	return ERR_PTR(r == -EAGAIN ? -ENOMEM : (long)r);
}

/**
 * ipcx_mailbox_unmap() - Take a mapping away, wherever it is now
 * @file: Of ipcx_mailbox_map()
 * @addr: Where it was
 * @size: Of the message
 *
 * Who has moved it finds nothing there any more. Nothing of the message is left
 * but what the caller has.
 *
 * Context: Sleeps.
 */
void ipcx_mailbox_unmap(struct file *file, unsigned long addr, size_t size)
{
	struct mapped *mapped = file->private_data;
	struct ipcx_msg *msg;

	unmap_mapping_range(&mapped->space, 0, 0, true);
	mutex_lock(&mapped->lock);
	msg = mapped->msg;
	mapped->msg = NULL;
	mutex_unlock(&mapped->lock);
	ipcx_msg_put(msg);
	/* What is left is empty; who is being killed leaves it to its end. */
	vm_munmap(addr, size);
}
