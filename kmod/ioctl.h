/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls, for the files that have them.
 */
#ifndef IPCX_IOCTL_H
#define IPCX_IOCTL_H

struct file;

long ipcx_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* IPCX_IOCTL_H */
