/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ages that are shown to people, and cost nothing to keep.
 */
#ifndef IPCX_TICK_H
#define IPCX_TICK_H

#include <linux/jiffies.h>
#include <linux/types.h>

/**
 * ipcx_tick() - Now, for ipcx_tick_age_ns()
 *
 * Context: Any.
 * Return: Ticks. They stand still while the machine is suspended.
 */
static inline u64 ipcx_tick(void)
{
	return get_jiffies_64();
}

/**
 * ipcx_tick_age_ns() - For how long now
 * @tick: Since when, of ipcx_tick()
 *
 * Context: Any.
 * Return: Nanoseconds, to the tick.
 */
static inline u64 ipcx_tick_age_ns(u64 tick)
{
	return jiffies64_to_nsecs(get_jiffies_64() - tick);
}

#endif /* IPCX_TICK_H */
