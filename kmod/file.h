/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The descriptors that ipcx hands out.
 */
#ifndef IPCX_FILE_H
#define IPCX_FILE_H

#include <linux/fs.h>

struct ipcx_object;
struct net;

extern const struct file_operations ipcx_device_fops;
extern const struct file_operations ipcx_object_fops;

struct file *ipcx_object_file(struct ipcx_object *obj, struct net *net,
			      u32 rights);

long ipcx_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* IPCX_FILE_H */
