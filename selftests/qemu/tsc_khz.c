// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints how many thousand cycles the time stamp counter of this machine makes
 * in a second.
 *
 * An emulated machine has the counter of the host, but finds out its frequency by
 * itself, from a timer that is emulated, too. When its processor is taken away in
 * the middle of that, it finds another one: its clock then runs too fast, up to
 * several times, and nothing sets it right.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define ATTEMPTS 3

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Both at one moment, as far as that can be had. */
struct moment {
	uint64_t ns;
	uint64_t cycles;
};

static struct moment moment_now(void)
{
	uint64_t best = UINT64_MAX;
	struct moment moment = { 0 };

	for (int i = 0; i < 100; i++) {
		uint64_t before = now_ns(), cycles = __rdtsc();
		uint64_t after = now_ns();

		if (after - before >= best)
			continue;
		best = after - before;
		moment.ns = before + (after - before) / 2;
		moment.cycles = cycles;
	}
	return moment;
}

int main(void)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	struct moment first = moment_now(), last = first;

	for (int i = 0; i < ATTEMPTS; i++) {
		nanosleep(&pause, NULL);
		last = moment_now();
	}
	printf("%" PRIu64 "\n",
	       (last.cycles - first.cycles) * 1000000 / (last.ns - first.ns));
	return 0;
}
