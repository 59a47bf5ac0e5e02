/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rooms, as the faces see them: each is its type and nothing else.
 */
#ifndef IPCX_ROOMS_H
#define IPCX_ROOMS_H

#include <linux/limits.h>
#include <linux/mm.h>

#include "object.h"

extern const struct ipcx_type ipcx_sem_type;
extern const struct ipcx_type ipcx_region_type;
extern const struct ipcx_type ipcx_mailbox_type;
extern const struct ipcx_type ipcx_channel_type;

/* Largest region: whole pages, and their number fits everywhere. */
#define IPCX_REGION_MAX ((u64)(LONG_MAX & PAGE_MASK) - PAGE_SIZE)

#endif /* IPCX_ROOMS_H */
