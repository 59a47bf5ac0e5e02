// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module in the place of ipcx that misbehaves when told to: what is written
 * to /dev/ipcx names the fault.  vm_selftest shows with it that the VM's
 * verdict sees each of them.
 */
#include <linux/bug.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

static int left_objects;

static ssize_t objects_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%d\n", left_objects);
}
static DEVICE_ATTR_RO(objects);

static ssize_t zero_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "0\n");
}

static struct device_attribute dev_attr_handles =
	__ATTR(handles, 0444, zero_show, NULL);
static struct device_attribute dev_attr_bytes =
	__ATTR(bytes, 0444, zero_show, NULL);
static struct device_attribute dev_attr_waiters =
	__ATTR(waiters, 0444, zero_show, NULL);

static struct attribute *stub_attrs[] = {
	&dev_attr_objects.attr,
	&dev_attr_handles.attr,
	&dev_attr_bytes.attr,
	&dev_attr_waiters.attr,
	NULL,
};
ATTRIBUTE_GROUPS(stub);

static void do_warn(void)
{
	WARN_ON(1);
}

static void do_report(void)
{
	pr_err("BUG: planted by the stub\n");
}

static void do_leak(void)
{
	left_objects++;
}

static void do_pin(void)
{
	__module_get(THIS_MODULE);
}

static void do_hang(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule();
}

static void do_panic(void)
{
	panic("planted by the stub");
}

static const struct {
	const char *name;
	void (*run)(void);
} faults[] = {
	{ "warn", do_warn }, { "report", do_report }, { "leak", do_leak },
	{ "pin", do_pin },   { "hang", do_hang },     { "panic", do_panic },
};

static ssize_t stub_write(struct file *file, const char __user *data,
			  size_t size, loff_t *pos)
{
	char name[16] = {};
	size_t i;

	if (copy_from_user(name, data, min(size, sizeof(name) - 1)))
		return -EFAULT;
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (sysfs_streq(name, faults[i].name))
			faults[i].run();
	return size;
}

static const struct file_operations stub_fops = {
	.owner = THIS_MODULE,
	.write = stub_write,
};

static struct miscdevice stub_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ipcx",
	.fops = &stub_fops,
	.groups = stub_groups,
};
module_misc_device(stub_device);

MODULE_DESCRIPTION("Stand-in for ipcx that fails when told to");
MODULE_LICENSE("GPL");
