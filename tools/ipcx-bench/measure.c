// SPDX-License-Identifier: GPL-2.0-or-later
/* The clock, how often an operation is repeated, and what a figure is. */
#include <stdlib.h>
#include <time.h>

#include "bench.h"

/* Below this a repetition would be a sample of one. */
#define MIN_ITERATIONS 6

/* Bytes that cost about as much as the rest of a message. */
#define BYTES_OF_A_CALL 2048

/*
 * Fixed numbers: a repetition is then the same work on every machine. They
 * make one of some five million instructions.
 */
static const unsigned int iterations_of[] = {
	[COST_CALL] = 2000,
	[COST_USER] = 20000,
	[COST_SWITCH] = 400,
	[COST_HEAVY] = 400,
};

uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

unsigned int iterations(enum cost cost, size_t size)
{
	size_t n = iterations_of[cost] / (1 + size / BYTES_OF_A_CALL);

	return n < MIN_ITERATIONS ? MIN_ITERATIONS : (unsigned int)n;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double timing_median(struct timing *timing)
{
	unsigned int half = timing->repeat / 2;

	qsort(timing->took, timing->repeat, sizeof(timing->took[0]), compare);
	if (timing->repeat % 2)
		return timing->took[half];
	return (timing->took[half - 1] + timing->took[half]) / 2;
}

void timing_summarize(struct timing *timing, struct row *row)
{
	row->value = timing_median(timing);
	row->min = timing->took[0];
	row->max = timing->took[timing->repeat - 1];
	row->n = timing->n;
}
