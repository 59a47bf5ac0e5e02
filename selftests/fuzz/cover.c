// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module has run, by KCOV, as counters that libFuzzer looks at. Only
 * the module is built with KCOV, so there is nothing else in a trace.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define KCOV_PATH	"/sys/kernel/debug/kcov"
#define KCOV_INIT_TRACE _IOR('c', 1, unsigned long)
#define KCOV_ENABLE	_IO('c', 100)
#define KCOV_TRACE_PC	0
#define TRACE_WORDS	(32UL << 10)

#define RESULTS 8192

struct cover {
	int fd;
	uint64_t *trace; /* [0]: how many addresses follow */
};

/* Edges, and which operation has had which error. */
__attribute__((section(
	"__libfuzzer_extra_counters"))) static uint8_t counters[EDGES + RESULTS];

static uint64_t text; /* where the module's code begins */
static bool points_only; /* for the smallest corpus */

static uint64_t read_text_address(void)
{
	FILE *f = fopen("/sys/module/ipcx/sections/.text", "r");
	unsigned long long address = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%llx", &address) != 1)
		address = 0;
	fclose(f);
	return address;
}

void cover_init(void)
{
	text = read_text_address();
	points_only = getenv("IPCX_FUZZ_POINTS");
}

/* NULL on a kernel without KCOV: the fuzzer is blind there, but works. */
struct cover *cover_new(void)
{
	struct cover *cover = calloc(1, sizeof(*cover));

	if (!cover)
		abort();
	cover->fd = open(KCOV_PATH, O_RDWR | O_CLOEXEC);
	if (cover->fd < 0 || ioctl(cover->fd, KCOV_INIT_TRACE, TRACE_WORDS)) {
		free(cover);
		return NULL;
	}
	cover->trace = mmap(NULL, TRACE_WORDS * sizeof(uint64_t),
			    PROT_READ | PROT_WRITE, MAP_SHARED, cover->fd, 0);
	if (cover->trace == MAP_FAILED)
		abort();
	return cover;
}

/* From here on for the calling thread. */
void cover_enable(struct cover *cover)
{
	if (cover && ioctl(cover->fd, KCOV_ENABLE, KCOV_TRACE_PC)) {
		perror("KCOV_ENABLE");
		abort();
	}
}

void cover_start(struct cover *cover)
{
	if (cover)
		__atomic_store_n(&cover->trace[0], 0, __ATOMIC_RELAXED);
}

/*
 * Whether, not how often: programs that differ in that only are not news.
 * What no longer fits into the trace is the same in later rounds, mostly.
 *
 * A traced address is that behind a call, which takes five bytes: shifted by
 * two, no two of them are the same.
 */
void cover_fold(struct cover *cover)
{
	uint32_t here, from = 0, edge;
	uint64_t i, n;

	if (!cover)
		return;
	n = __atomic_load_n(&cover->trace[0], __ATOMIC_RELAXED);
	if (n >= TRACE_WORDS)
		n = TRACE_WORDS - 1;
	for (i = 1; i <= n; i++) {
		here = (cover->trace[i] - text) >> 2 & (EDGES - 1);
		edge = ((from << 16 | here) * 0x9e3779b1u) >> 16;
		from = here;
		if (points_only)
			edge = here;
		if (counters[edge])
			continue;
		counters[edge] = 1;
		shared->point[here] = 1;
		shared->edge[edge] = 1;
	}
}

void cover_result(unsigned int op, unsigned int call, int error)
{
	uint32_t h = (op << 20 ^ call << 10 ^ (uint32_t)error) * 0x9e3779b1u;

	if (!points_only)
		counters[EDGES + (h >> 16) % RESULTS] = 1;
}
