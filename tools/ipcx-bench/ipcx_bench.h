/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the mechanisms of ipcx share. */
#ifndef IPCX_BENCH_IPCX_H
#define IPCX_BENCH_IPCX_H

#include <ipcx.h>

/* ipcx_device.c: the context, opened once in each worker, which ends without */
struct ipcx *bench_ipcx(void);

/* Why there is no ipcx, or NULL. */
const char *bench_ipcx_missing(void);

#endif /* IPCX_BENCH_IPCX_H */
