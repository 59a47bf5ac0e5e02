// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Deadlines.
 */
#include <errno.h>
#include <time.h>

#include <ipcx/deadline.h>

#include "internal.h"

#define NSEC_PER_SEC 1000000000LL

static const struct ipcx_deadline deadline_nowait = {
	.clockid = CLOCK_MONOTONIC,
};

static bool clock_is_known(int clockid)
{
	return clockid == CLOCK_REALTIME || clockid == CLOCK_MONOTONIC ||
	       clockid == CLOCK_BOOTTIME;
}

/* 0 would mean not to wait, so that the time before 1 ns is 1 ns. */
static uint64_t timespec_to_ns(const struct timespec *time)
{
	int64_t ns;

	if (time->tv_sec < 0)
		return 1;
	if (__builtin_mul_overflow((int64_t)time->tv_sec, NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, (int64_t)time->tv_nsec, &ns))
		return IPCX_FOREVER;
	return ns ? (uint64_t)ns : 1;
}

IPCX_EXPORT int ipcx_deadline_in_on(int clockid, uint64_t ns,
				    struct ipcx_deadline *ret_deadline)
{
	struct timespec now;
	int64_t sum;

	if (!clock_is_known(clockid))
		return -EINVAL;

	clock_gettime(clockid, &now);
	if (__builtin_add_overflow(timespec_to_ns(&now), ns, &sum))
		ns = IPCX_FOREVER;
	else
		ns = (uint64_t)sum;

	*ret_deadline = (struct ipcx_deadline) {
		.ns = ns,
		.clockid = clockid,
	};
	return 0;
}

IPCX_EXPORT struct ipcx_deadline ipcx_deadline_in(uint64_t ns)
{
	struct ipcx_deadline deadline = { .ns = IPCX_FOREVER };

	ipcx_deadline_in_on(CLOCK_MONOTONIC, ns, &deadline);
	return deadline;
}

IPCX_EXPORT int ipcx_deadline_at(int clockid, const struct timespec *time,
				 struct ipcx_deadline *ret_deadline)
{
	if (!clock_is_known(clockid) || time->tv_nsec < 0 ||
	    time->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;

	*ret_deadline = (struct ipcx_deadline) {
		.ns = timespec_to_ns(time),
		.clockid = clockid,
	};
	return 0;
}

IPCX_EXPORT const struct ipcx_deadline *ipcx_deadline_nowait(void)
{
	return &deadline_nowait;
}

int ipcx_deadline_fill(const struct ipcx_deadline *deadline, __u32 *clockid,
		       __u64 *ns)
{
	if (!deadline) {
		*clockid = CLOCK_MONOTONIC;
		*ns = IPCX_FOREVER;
		return 0;
	}
	if (deadline->reserved)
		return -EINVAL;

	*clockid = (__u32)deadline->clockid;
	*ns = deadline->ns;
	return 0;
}

bool ipcx_deadline_is_nowait(const struct ipcx_deadline *deadline)
{
	return deadline && !deadline->ns;
}

int ipcx_deadline_check(const struct ipcx_deadline *deadline)
{
	struct timespec now;

	if (!deadline || deadline->ns == IPCX_FOREVER)
		return 0;
	if (!deadline->ns)
		return -EAGAIN;
	if (!clock_is_known(deadline->clockid))
		return -EINVAL;
	clock_gettime(deadline->clockid, &now);
	return timespec_to_ns(&now) < deadline->ns ? 0 : -ETIMEDOUT;
}
