/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device, as a file.
 */
#ifndef IPCX_FILE_H
#define IPCX_FILE_H

#include <linux/fs.h>

extern const struct file_operations ipcx_device_fops;

#endif /* IPCX_FILE_H */
