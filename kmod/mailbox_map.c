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
#include <linux/slab.h>

#include "compat.h"
#include "mailbox.h"

static int map_release(struct inode *inode, struct file *file)
{
	ipcx_msg_put(file->private_data);
	return 0;
}

/* For what was given back by madvise(). */
static vm_fault_t map_fault(struct vm_fault *vmf)
{
	const struct ipcx_msg *msg = vmf->vma->vm_file->private_data;

	vmf->page = ipcx_msg_page(msg, vmf->pgoff);
	if (!vmf->page)
		return VM_FAULT_SIGBUS;
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct map_vm_ops = {
	.fault = map_fault,
};

static int map_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct ipcx_msg *msg = file->private_data;
	unsigned long nr = msg->nr_pages;
	struct page **pages;
	int r;

	if (vma->vm_pgoff || vma_pages(vma) != nr)
		return -EINVAL;
	r = ipcx_msg_pages(msg, &pages);
	if (r)
		return r;
	vma->vm_ops = &map_vm_ops;
	/* A child would keep what only the receiver pays for. */
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND);
	r = vm_insert_pages(vma, vma->vm_start, pages, &nr);
	kvfree(pages);
	return r;
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
	if (IS_ERR_VALUE(r))
		return r;
	*addr = r;
	return 0;
}
