// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the workers have done, from the files that they share with whoever
 * wants to know, also after their death.
 *
 *   report FILE...            the sums, as NAME=VALUE
 *   report --calls FILE...    how often each operation and ioctl was run
 *   report --inputs DIR FILE  the last inputs, the running one last
 */
#include "fuzz.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fuzz_shared total;

static const struct fuzz_shared *map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) || st.st_size < (off_t)sizeof(total)) {
		fprintf(stderr, "report: %s: not a worker's file\n", path);
		exit(1);
	}
	p = mmap(NULL, sizeof(total), PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		exit(1);
	close(fd);
	return p;
}

static void add_tally(struct fuzz_tally *to, const struct fuzz_tally *from,
		      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		to[i].runs += from[i].runs;
		to[i].good += from[i].good;
		to[i].ns += from[i].ns;
	}
}

static void add(const struct fuzz_shared *s)
{
	unsigned int i;

	total.executions += s->executions;
	total.operations += s->operations;
	total.children += s->children;
	total.threads += s->threads;
	total.killed += s->killed;
	total.ns += s->ns;
	total.run_ns += s->run_ns;
	memcpy(total.op_name, s->op_name, sizeof(total.op_name));
	memcpy(total.call_name, s->call_name, sizeof(total.call_name));
	add_tally(total.op, s->op, OPS);
	add_tally(total.call, s->call, CALLS_MAX);
	for (i = 0; i < EDGES; i++) {
		total.edge[i] |= s->edge[i];
		total.point[i] |= s->point[i];
	}
}

static unsigned int count(const uint8_t *bytes)
{
	unsigned int i, n = 0;

	for (i = 0; i < EDGES; i++)
		n += !!bytes[i];
	return n;
}

static void print_sums(void)
{
	printf("executions=%" PRIu64 " operations=%" PRIu64 " threads=%" PRIu64
	       " children=%" PRIu64 " killed=%" PRIu64 " edges=%u points=%u\n",
	       total.executions, total.operations, total.threads,
	       total.children, total.killed, count(total.edge),
	       count(total.point));
}

static void print_tally(const char *name, const struct fuzz_tally *t)
{
	if (*name)
		printf("%-16s %9" PRIu64 " runs, %9" PRIu64 " good, %6" PRIu64
		       " us each\n",
		       name, t->runs, t->good,
		       t->runs ? t->ns / t->runs / 1000 : 0);
}

static void print_calls(void)
{
	unsigned int i;

	if (total.executions)
		printf("a program takes %" PRIu64 " us, and %" PRIu64
		       " to give all back\n",
		       total.run_ns / total.executions / 1000,
		       (total.ns - total.run_ns) / total.executions / 1000);
	for (i = 0; i < OPS; i++)
		print_tally(total.op_name[i], &total.op[i]);
	for (i = 0; i < CALLS_MAX; i++)
		print_tally(total.call_name[i], &total.call[i]);
}

static void write_inputs(const char *dir, const struct fuzz_shared *s)
{
	unsigned int i;

	for (i = 1; i <= RING; i++) {
		uint64_t at = (s->executions + i) % RING;
		char path[512];
		FILE *f;

		if (!s->input[at].size || s->input[at].size > INPUT_MAX)
			continue;
		snprintf(path, sizeof(path), "%s/last-%02u", dir, i);
		f = fopen(path, "w");
		if (!f)
			exit(1);
		fwrite(s->input[at].data, s->input[at].size, 1, f);
		fclose(f);
	}
}

int main(int argc, char **argv)
{
	bool calls = argc > 1 && !strcmp(argv[1], "--calls");
	int i;

	if (argc == 4 && !strcmp(argv[1], "--inputs")) {
		write_inputs(argv[2], map_file(argv[3]));
		return 0;
	}
	for (i = 1 + calls; i < argc; i++)
		add(map_file(argv[i]));
	if (calls)
		print_calls();
	else
		print_sums();
	return 0;
}
