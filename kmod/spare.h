/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that is kept for the next use: whether, and for whom.
 */
#ifndef IPCX_SPARE_H
#define IPCX_SPARE_H

#include <linux/cgroup.h>
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
 * task of the same one may use it again.
 *
 * Context: Process context.
 * Return: A number, which no other cgroup has had or will have; 0 for the root,
 * which is charged nothing.
 */
static inline unsigned long ipcx_spare_group(void)
{
#ifdef CONFIG_MEMCG
	const struct cgroup_subsys_state *css;
	unsigned long group;

	/* The cheaper kind: this is done for each message. */
	rcu_read_lock_sched();
	css = rcu_dereference_sched(current->cgroups)->subsys[memory_cgrp_id];
	group = css->parent ? css->serial_nr : 0;
	rcu_read_unlock_sched();
	return group;
#else
	return 0;
#endif
}

#endif /* IPCX_SPARE_H */
