// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: the device, and the order in which everything comes and goes.
 */
#include <linux/device.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include "chunk.h"
#include "file.h"
#include "holder.h"
#include "msg.h"
#include "netlink.h"
#include "object.h"
#include "quota.h"
#include "rooms.h"

/* Under /sys/class/misc/ipcx: what all users use. */
#define USE_ATTR(_name, _res)                                                 \
	static ssize_t _name##_show(struct device *dev,                       \
				    struct device_attribute *attr, char *buf) \
	{                                                                     \
		return sysfs_emit(buf, "%llu\n", ipcx_quota_total(_res));     \
	}                                                                     \
	static DEVICE_ATTR_RO(_name)

USE_ATTR(objects, IPCX_RESOURCE_OBJECTS);
USE_ATTR(handles, IPCX_RESOURCE_HANDLES);
USE_ATTR(bytes, IPCX_RESOURCE_BYTES);
USE_ATTR(waiters, IPCX_RESOURCE_WAITERS);
USE_ATTR(fds, IPCX_RESOURCE_FDS);

static struct attribute *ipcx_attrs[] = {
	&dev_attr_objects.attr, &dev_attr_handles.attr, &dev_attr_bytes.attr,
	&dev_attr_waiters.attr, &dev_attr_fds.attr,	NULL,
};
ATTRIBUTE_GROUPS(ipcx);

static struct miscdevice ipcx_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ipcx",
	.fops = &ipcx_device_fops,
	.groups = ipcx_groups,
	.mode = 0666,
};

static int __init ipcx_init(void)
{
	int r;

	ipcx_quota_init();
	r = ipcx_chunk_init();
	if (r)
		return r;
	r = ipcx_holder_init();
	if (r)
		goto err_chunk;
	r = ipcx_object_init();
	if (r)
		goto err_holder;
	r = ipcx_netlink_init();
	if (r)
		goto err_object;
	r = misc_register(&ipcx_device);
	if (r)
		goto err_netlink;
	return 0;

err_netlink:
	ipcx_netlink_exit();
err_object:
	ipcx_object_exit();
err_holder:
	ipcx_holder_exit();
err_chunk:
	ipcx_chunk_exit();
	return r;
}

static void __exit ipcx_exit(void)
{
	misc_deregister(&ipcx_device);
	ipcx_netlink_exit();
	ipcx_object_exit();
	ipcx_region_type.exit();
	ipcx_holder_exit();
	ipcx_msg_exit();
	ipcx_chunk_exit();
	ipcx_quota_exit();
}

module_init(ipcx_init);
module_exit(ipcx_exit);

MODULE_DESCRIPTION("Inter-process communication by file descriptors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
