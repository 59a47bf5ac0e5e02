/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that is kept for the next use: whether, and for whom.
 */
#ifndef IPCX_SPARE_H
#define IPCX_SPARE_H

#include <linux/kconfig.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/types.h>

/*
 * Not where it is to be found out who uses what has ended, and not where what is
 * freed has to be cleared.
 */
static inline bool ipcx_spares_wanted(void)
{
	return !IS_ENABLED(CONFIG_KASAN) && !IS_ENABLED(CONFIG_KMSAN) &&
	       !want_init_on_free();
}

/**
 * ipcx_spare_group() - Which spares the current task may use
 *
 * The memory cgroup of the task that got memory is charged for it, so none but a
 * task of the same one may use it again. What a task belongs to has an address,
 * which is compared, and never followed. It may have been that of another one,
 * which is gone: then as much as is spare, and not a byte more, goes on being
 * charged to whoever has inherited from that.
 *
 * Context: Process context.
 * Return: A number.
 */
static inline unsigned long ipcx_spare_group(void)
{
#ifdef CONFIG_CGROUPS
	return (unsigned long)rcu_access_pointer(current->cgroups);
#else
	return 0;
#endif
}

#endif /* IPCX_SPARE_H */
