/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands on semaphores share. */
#ifndef IPCXCTL_SEM_H
#define IPCXCTL_SEM_H

#include <stdint.h>

struct ipcx;
struct ipcx_sem;
struct ipcx_sem_stat;

/* Opens one and asks what it is; CTL_OK, or a status after a message. */
int sem_open_kind(struct ipcx *ipcx, const char *name, uint32_t rights,
		  struct ipcx_sem **ret_sem, struct ipcx_sem_stat *ret_stat);

/* Whether there can ever be @units; CTL_OK, or a status after a message. */
int sem_check_units(const char *name, uint32_t units,
		    const struct ipcx_sem_stat *stat);

#endif /* IPCXCTL_SEM_H */
