/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deadlines: absolute times until which a call may sleep.
 */
#ifndef LIBIPCX_DEADLINE_H
#define LIBIPCX_DEADLINE_H

#include <linux/ipcx.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct timespec;

/**
 * struct ipcx_deadline - Until when a call may sleep
 * @ns: Absolute time in nanoseconds. 0: do not sleep (EAGAIN); IPCX_FOREVER:
 *	no limit; a time that has passed: try once (ETIMEDOUT)
 * @clockid: CLOCK_REALTIME, CLOCK_MONOTONIC or CLOCK_BOOTTIME
 * @reserved: Must be 0
 *
 * Calls take a pointer to it, which they only read. NULL means no limit.
 * Deadlines being absolute, a call can be repeated after -EINTR with the same
 * one and sleeps no longer in total.
 */
struct ipcx_deadline {
	uint64_t ns;
	int32_t clockid;
	uint32_t reserved;
};

/**
 * IPCX_NOWAIT - The deadline of a call that must not sleep
 *
 * Pass it where a deadline is asked for; the call then fails with -EAGAIN
 * instead of sleeping.
 */
#define IPCX_NOWAIT ipcx_deadline_nowait()

/**
 * ipcx_deadline_in() - A deadline that lies in the future
 * @ns: Nanoseconds from now on CLOCK_MONOTONIC; 0 has passed when it is used,
 *	so the call tries once and gives -ETIMEDOUT
 *
 * What would lie beyond the largest time is no limit.
 *
 * Return: the deadline.
 * Since: 0.1
 */
struct ipcx_deadline ipcx_deadline_in(uint64_t ns);

/**
 * ipcx_deadline_in_on() - A deadline that lies in the future on a given clock
 * @clockid: CLOCK_REALTIME, CLOCK_MONOTONIC or CLOCK_BOOTTIME
 * @ns: As in ipcx_deadline_in()
 * @ret_deadline: The deadline
 *
 * Return: 0; -EINVAL when @clockid is another clock.
 * Since: 0.1
 */
int ipcx_deadline_in_on(int clockid, uint64_t ns,
			struct ipcx_deadline *ret_deadline);

/**
 * ipcx_deadline_at() - A deadline from an absolute time
 * @clockid: CLOCK_REALTIME, CLOCK_MONOTONIC or CLOCK_BOOTTIME
 * @time: The time; the zero of the clock and what lies before it has passed
 * @ret_deadline: The deadline
 *
 * What lies beyond the largest time is no limit.
 *
 * Return: 0; -EINVAL when @clockid is another clock or tv_nsec is not within
 * 0 to 999999999.
 * Since: 0.1
 */
int ipcx_deadline_at(int clockid, const struct timespec *time,
		     struct ipcx_deadline *ret_deadline);

/**
 * ipcx_deadline_nowait() - The deadline behind IPCX_NOWAIT
 *
 * Return: a pointer that stays valid and is not to be freed.
 * Since: 0.1
 */
const struct ipcx_deadline *ipcx_deadline_nowait(void);

#ifdef __cplusplus
}
#endif

#endif /* LIBIPCX_DEADLINE_H */
