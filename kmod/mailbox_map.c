// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes: messages that are mapped where they are received.
 *
 * The mapping is of a file of its own, which keeps the message and nothing else,
 * and of which there is no descriptor. So a message that is being read keeps no
 * mailbox, and goes when its mapping does: by munmap(), exec, or the process's
 * end. A message is constant, and the mapping can never be made writable, for
 * the file was not opened for that.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "compat.h"
#include "mailbox.h"

static int map_release(struct inode *inode, struct file *file)
{
	ipcx_msg_put(file->private_data);
	return 0;
}

/*
 * For debuggers, and for the files in /proc through which they look. The pages
 * are mapped by their number alone, which spares the kernel much, and so nobody
 * can get hold of one: everything of it is gone with the mapping.
 */
static int map_access(struct vm_area_struct *vma, unsigned long addr, void *buf,
		      int len, int write)
{
	const struct ipcx_msg *msg = vma->vm_file->private_data;
	size_t offset = addr - vma->vm_start + (vma->vm_pgoff << PAGE_SHIFT);
	const void *data;
	size_t size;

	data = write ? NULL : ipcx_msg_at(msg, offset, &size);
	if (!data)
		return -EINVAL;
	len = min_t(size_t, len, size);
	memcpy(buf, data, len);
	return len;
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
	const struct ipcx_msg *msg = file->private_data;
	struct map_state state = { .prot = vma->vm_page_prot };
	unsigned long addr = vma->vm_start, size;
	u32 i;
	int r;

	if (vma->vm_pgoff || vma_pages(vma) != msg->nr_pages)
		return -EINVAL;
	vma->vm_ops = &map_vm_ops;
	/* A child would keep what only the receiver pays for. */
	vm_flags_set(vma, VM_PFNMAP | VM_DONTCOPY | VM_DONTEXPAND);
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

/**
 * ipcx_mailbox_map() - Map a message in the calling process
 * @msg: The message, which has pages that are its own; the mapping gets a
 *	reference
 * @addr: Gets where it is
 *
 * Context: Sleeps.
 * Return: 0, -ENOMEM, -EINTR, -ENFILE, or an error of a security module.
 */
int ipcx_mailbox_map(struct ipcx_msg *msg, unsigned long *addr)
{
	struct file *file;
	unsigned long r;

	file = anon_inode_getfile("[ipcx-message]", &map_fops, msg, O_RDONLY);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ipcx_msg_get(msg);
	r = vm_mmap(file, 0, msg->size, PROT_READ, MAP_SHARED, 0);
	fput(file);
	/* More locked memory than is allowed; to who receives it says "none". */
	if (r == -EAGAIN)
		return -ENOMEM;
	if (IS_ERR_VALUE(r))
		return r;
	*addr = r;
	return 0;
}
