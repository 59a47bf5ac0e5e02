// SPDX-License-Identifier: GPL-2.0-only
/*
 * The descriptors that ipcx hands out: what a file operation means for each.
 */
#include "file.h"

#include <linux/err.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/seq_file.h>
#include <linux/timekeeping.h>
#include <linux/uio.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "handle.h"
#include "ioctl.h"
#include "tick.h"

/* fdinfo is for a glance: netlink tells all. */
#define FDINFO_LINES 32

static const struct file_operations object_fops[IPCX_FOPS];

static int device_open(struct inode *inode, struct file *file)
{
	struct ipcx_handle *handle;

	handle = ipcx_handle_new(NULL, current->nsproxy->net_ns, 0, 0,
				 object_fops);
	if (IS_ERR(handle))
		return PTR_ERR(handle);
	file->private_data = handle;
	return 0;
}

static int file_release(struct inode *inode, struct file *file)
{
	ipcx_handle_free(file->private_data);
	return 0;
}

const struct file_operations ipcx_device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = file_release,
	.unlocked_ioctl = ipcx_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct ipcx_object *file_object(struct file *file)
{
	struct ipcx_handle *handle = file->private_data;

	return handle->obj;
}

/* A close by a process that holds nothing takes its empty record along. */
static int object_flush(struct file *file, fl_owner_t id)
{
	struct ipcx_object *obj = file_object(file);

	if (obj->type->flush)
		obj->type->flush(obj, file->private_data);
	if (!RB_EMPTY_ROOT(&obj->ledger.root))
		ipcx_holding_tidy(&obj->ledger);
	return 0;
}

static __poll_t object_poll(struct file *file, struct poll_table_struct *wait)
{
	struct ipcx_handle *handle = file->private_data;
	struct ipcx_object *obj = handle->obj;
	__poll_t events;

	/* Enter the queue first: see ipcx_object_wake_pollers(). */
	poll_wait(file, &obj->poll, wait);
	events = obj->type->poll(obj, handle);
	/* Behind the lock that was taken in there, or the proof fails. */
	if (READ_ONCE(obj->dead))
		return EPOLLHUP | EPOLLERR;
	return events;
}

static ssize_t object_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct ipcx_object *obj = file_object(iocb->ki_filp);

	if (!obj->type->read)
		return -EINVAL;
	return obj->type->read(obj, iocb, to);
}

static ssize_t object_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct ipcx_object *obj = file_object(iocb->ki_filp);

	if (!obj->type->write)
		return -EINVAL;
	return obj->type->write(obj, iocb, from);
}

static int object_fasync(int fd, struct file *file, int on)
{
	struct ipcx_object *obj = file_object(file);
	int r = fasync_helper(fd, file, on, &obj->fasync);

	/* Whoever polls is told from then on, see the rooms; and so is this one. */
	if (on && r >= 0)
		obj->type->poll(obj, file->private_data);
	return min(r, 0);
}

static int object_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct ipcx_handle *handle = file->private_data;
	struct ipcx_object *obj = handle->obj;

	if (!obj->type->mmap)
		return -ENODEV;
	if (READ_ONCE(obj->dead))
		return -EIDRM;
	return obj->type->mmap(obj, file, handle->rights, vma);
}

static unsigned long object_map_area(struct file *file, unsigned long addr,
				     unsigned long len, unsigned long pgoff,
				     unsigned long flags)
{
	struct ipcx_object *obj = file_object(file);

	return obj->type->map_area(obj, addr, len, pgoff, flags);
}

static void fdinfo_holders_locked(struct seq_file *m, struct ipcx_object *obj,
				  struct pid_namespace *pid_ns, u64 now)
{
	struct ipcx_holding *h = NULL;
	int lines = 0;
	u32 units;

	while ((h = ipcx_ledger_next_locked(&obj->ledger, h))) {
		units = obj->type->held(obj, h);
		if (!units)
			continue;
		if (lines++ == FDINFO_LINES) {
			seq_puts(m, "holder:\t...\n");
			return;
		}
		seq_printf(m, "holder:\tpid %d %s %u age_ns %llu\n",
			   pid_nr_ns(h->pid, pid_ns),
			   obj->type->hold_label(obj, h), units,
			   now - h->since);
	}
}

static void fdinfo_waiters_locked(struct seq_file *m, struct ipcx_waitq *q,
				  struct pid_namespace *pid_ns)
{
	struct ipcx_wait_entry *e = NULL;
	int lines = 0;

	while ((e = ipcx_waitq_next_locked(q, e))) {
		if (lines++ == FDINFO_LINES) {
			seq_puts(m, "waiter:\t...\n");
			return;
		}
		seq_printf(m, "waiter:\tpid %d tid %d %s %u age_ns %llu\n",
			   task_tgid_nr_ns(e->waiter->task, pid_ns),
			   task_pid_nr_ns(e->waiter->task, pid_ns),
			   q->ops->label(e), e->units,
			   ipcx_tick_age_ns(e->start));
	}
}

static void object_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct pid_namespace *pid_ns = task_active_pid_ns(current);
	struct ipcx_handle *handle = file->private_data;
	struct ipcx_object *obj = handle->obj;
	u64 now = ktime_get_boottime_ns();
	struct ipcx_facts facts = {};
	unsigned int i;

	seq_printf(m, "ipcx-type:\t%s\nipcx-id:\t%u\n", obj->type->name,
		   obj->entry.id);
	seq_printf(m, "ipcx-rights:\t%s%s%s\n",
		   handle->rights & IPCX_RIGHT_READ ? "r" : "-",
		   handle->rights & IPCX_RIGHT_WRITE ? "w" : "-",
		   handle->rights & IPCX_RIGHT_CONTROL ? "c" : "-");

	/* seq_file writes into its buffer only: nothing here sleeps. */
	spin_lock(&obj->lock);
	if (obj->named)
		seq_printf(m, "ipcx-name:\t%s\n", obj->entry.name.name);
	seq_printf(m, "ipcx-state:\t%s\nipcx-handles:\t%u\n",
		   obj->dead ? "dead" : "alive", obj->handles);
	obj->type->describe(obj, &facts);
	for (i = 0; i < facts.nr; i++)
		seq_printf(m, "%s:\t%llu\n", facts.fact[i].name,
			   facts.fact[i].value);
	fdinfo_holders_locked(m, obj, pid_ns, now);
	for (i = 0; i < IPCX_OBJECT_QUEUES; i++)
		if (obj->waitq[i].ops)
			fdinfo_waiters_locked(m, &obj->waitq[i], pid_ns);
	spin_unlock(&obj->lock);
}

#define OBJECT_FOPS                                                           \
	.owner = THIS_MODULE, .release = file_release, .flush = object_flush, \
	.poll = object_poll, .read_iter = object_read_iter,                   \
	.write_iter = object_write_iter, .mmap = object_mmap,                 \
	.unlocked_ioctl = ipcx_ioctl, .compat_ioctl = compat_ptr_ioctl,       \
	.show_fdinfo = object_show_fdinfo

static const struct file_operations object_fops[IPCX_FOPS] = {
	[IPCX_FOPS_ANYWHERE] = { OBJECT_FOPS, .llseek = noop_llseek },
	[IPCX_FOPS_MAP_AREA] = {
		OBJECT_FOPS,
		.llseek = noop_llseek,
		.get_unmapped_area = object_map_area,
	},
	[IPCX_FOPS_STREAM] = {
		OBJECT_FOPS,
		.fasync = object_fasync,
		.splice_read = compat_splice_read,
		.splice_write = iter_file_splice_write,
	},
};
