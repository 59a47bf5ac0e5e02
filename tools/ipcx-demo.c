// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ipcx-demo: a tour of ipcx. Real processes work on a real file; every part
 * checks what it shows. Exits with 0 only when all of them held.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ipcx-demo.h"

static const struct demo_part {
	const char *name;
	const char *title;
	int (*run)(struct demo *demo, struct demo_result *res);
} parts[] = {
	{ "move", "A producer and three consumers move a file", demo_move },
	{ "death", "A worker is killed while it holds units and the lock",
	  demo_death },
	{ "count", "A critical section, with the lock and without",
	  demo_count },
	{ "order", "Three processes, always in the same order", demo_order },
	{ "array", "A typed array with ten elements", demo_array },
	{ "mail", "Jobs in a mailbox; reports by direct messages", demo_mail },
	{ "filter", "Programs between channels; turns; one reader",
	  demo_filter },
	{ "look", "Looking at all this from outside: ipcxctl", demo_look },
};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

/* Read one after another, as far as they exist, until there is enough. */
static const char *const default_inputs[] = {
	"/boot/vmlinuz",
	"/vmlinuz",
	"/bin/busybox",
	"/bin/bash",
	"/lib/x86_64-linux-gnu/libc.so.6",
	"/lib/x86_64-linux-gnu/libm.so.6",
	"/lib/modules/ipcx/ipcx.ko",
	"/proc/self/exe",
};

#define N_DEFAULTS (sizeof(default_inputs) / sizeof(default_inputs[0]))

static void usage(FILE *out)
{
	fputs("Usage: ipcx-demo [--part NAME] [FILE]...\n"
	      "A tour of ipcx with real processes; needs /dev/ipcx.\n"
	      "FILE: what they work on (default: this system's kernel).\n"
	      "NAME: one of",
	      out);
	for (size_t i = 0; i < N_PARTS; i++)
		fprintf(out, " %s", parts[i].name);
	fputs("\n", out);
}

static void print_line(char c)
{
	for (int i = 0; i < 78; i++)
		putchar(c);
	putchar('\n');
}

/* Whether the file serves; counts it as input. */
static int add_input(struct demo *demo, const char *path)
{
	struct stat st;

	if (demo->n_inputs == DEMO_INPUTS_MAX)
		return -E2BIG;
	if (stat(path, &st) || access(path, R_OK))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	demo->inputs[demo->n_inputs++] = path;
	demo->input_bytes += (uint64_t)st.st_size;
	return 0;
}

static int choose_inputs(struct demo *demo, char **paths, int n)
{
	size_t d = 0;
	int ret;
	int i;

	for (i = 0; i < n; i++) {
		ret = add_input(demo, paths[i]);
		if (ret) {
			fprintf(stderr, "ipcx-demo: %s: %s\n", paths[i],
				strerror(-ret));
			return ret;
		}
	}
	while (n == 0 && d < N_DEFAULTS && demo->input_bytes < DEMO_INPUT_MIN)
		add_input(demo, default_inputs[d++]);
	if (demo->input_bytes < DEMO_INPUT_LEAST) {
		fputs("ipcx-demo: the input is less than 1 MiB; name files\n",
		      stderr);
		return -EINVAL;
	}
	return 0;
}

static void print_head(const struct demo *demo)
{
	struct utsname uts;
	unsigned int i;

	uname(&uts);
	print_line('=');
	printf("ipcx: a tour with real processes, on Linux %s\n", uts.release);
	printf("Input:");
	for (i = 0; i < demo->n_inputs; i++)
		printf(" %s", demo->inputs[i]);
	printf(" (%.1f MiB)\n", (double)demo->input_bytes / (1 << 20));
	print_line('=');
}

static int run_parts(struct demo *demo, const char *only)
{
	struct demo_result results[N_PARTS] = { 0 };
	int states[N_PARTS] = { 0 };
	uint64_t since = demo_now();
	int failed = 0;
	size_t i;

	for (i = 0; i < N_PARTS; i++) {
		if (only && strcmp(only, parts[i].name))
			continue;
		printf("\n%zu. %s\n", i + 1, parts[i].title);
		print_line('-');
		states[i] = parts[i].run(demo, &results[i]) ? -1 : 1;
		failed += states[i] < 0;
	}

	putchar('\n');
	print_line('=');
	printf("%-4s %-8s %-39s %25s\n", "", "part", "result", "figure");
	print_line('-');
	for (i = 0; i < N_PARTS; i++)
		if (states[i])
			printf("%-4s %-8s %-39s %25s\n",
			       states[i] > 0 ? "ok" : "FAIL", parts[i].name,
			       results[i].result, results[i].figure);
	print_line('-');
	if (failed)
		printf("%d of the parts above did not hold", failed);
	else
		printf("everything held");
	printf(", %.1f s\n", demo_seconds(since));
	return failed ? -1 : 0;
}

static int part_exists(const char *name)
{
	size_t i;

	for (i = 0; i < N_PARTS; i++)
		if (!strcmp(name, parts[i].name))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "part", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct demo demo = { 0 };
	const char *only = NULL;
	int ret;
	int c;

	while ((c = getopt_long(argc, argv, "p:h", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			only = optarg;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_FAILURE;
		}
	}
	if (only && !part_exists(only)) {
		usage(stderr);
		return EXIT_FAILURE;
	}
	if (choose_inputs(&demo, argv + optind, argc - optind))
		return EXIT_FAILURE;

	ret = ipcx_open(NULL, &demo.ipcx);
	if (ret) {
		fprintf(stderr,
			"ipcx-demo: /dev/ipcx: %s (is the module loaded?)\n",
			strerror(-ret));
		return EXIT_FAILURE;
	}
	print_head(&demo);
	ret = run_parts(&demo, only);
	while (demo.n_kept)
		close(demo.kept[--demo.n_kept]);
	ipcx_close(demo.ipcx);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
