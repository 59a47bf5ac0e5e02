// SPDX-License-Identifier: GPL-2.0-or-later
/* ipcx-bench: what ipcx costs beside its peers. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* A new mechanism needs a file and a line here. */
/* clang-format off */
const struct mechanism *const mechanisms[] = {
	floors_mechanisms,
	ipcx_sem_mechanisms,
	ipcx_lock_mechanisms,
	ipcx_region_mechanisms,
	ipcx_ring_mechanisms,
	ipcx_mailbox_mechanisms,
	ipcx_channel_mechanisms,
	pipe_mechanisms,
	unix_mechanisms,
	mqueue_mechanisms,
	sysv_mechanisms,
	posix_sem_mechanisms,
	mutex_mechanisms,
	rwlock_mechanisms,
	eventfd_mechanisms,
	futex_mechanisms,
	shm_ring_mechanisms,
	vm_readv_mechanisms,
	memory_mechanisms,
	ntsync_mechanisms,
	NULL,
};

/* clang-format on */

static void print_list(void)
{
	const struct mechanism *const *file;
	const struct mechanism *mechanism;
	enum measure measure;

	for (file = mechanisms; *file; file++) {
		for (mechanism = *file; mechanism->name; mechanism++) {
			printf("%-17s %-7s %s:", mechanism->name,
			       group_names[mechanism->group], mechanism->text);
			for (measure = 0; measure < N_MEASURES; measure++)
				if (mechanism_can(mechanism, measure))
					printf(" %s", measure_names[measure]);
			printf("\n");
		}
	}
}

/*
 * For people who watch; it is gone when the figures come. Where instructions
 * are counted, a serial line would disturb them.
 */
static bool wants_progress(const struct options *options)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) &&
	       !options->json && strcmp(options->unit, "instructions");
}

static void show_progress(const struct results *results, size_t i)
{
	char id[ROW_ID_SIZE];

	if (!wants_progress(results->options))
		return;
	fprintf(stderr, "\r\033[K");
	if (i < results->n_rows)
		fprintf(stderr, "%zu/%zu %s", i + 1, results->n_rows,
			row_id(&results->rows[i], id));
}

static int measure_all(struct results *results)
{
	int result = 0;
	size_t i;

	if (workers_start()) {
		perror("ipcx-bench: cannot start");
		return -1;
	}
	limits_raise(results->options);
	rows_make(results);
	for (i = 0; i < results->n_rows && !result; i++) {
		show_progress(results, i);
		if (!results->rows[i].missing)
			result = row_measure(&results->rows[i],
					     results->options->repeat);
	}
	show_progress(results, results->n_rows);
	workers_stop();
	return result;
}

/* An open file, so that a wrong name does not cost a whole run. */
static FILE *open_output(const char *path)
{
	FILE *file = path ? fopen(path, "we") : NULL;

	if (path && !file) {
		fprintf(stderr, "ipcx-bench: %s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	return file;
}

static int print_all(const struct results *results, FILE *output)
{
	int failed = 0;

	if (output) {
		json_print(results, output);
		failed = ferror(output);
		failed |= fclose(output);
	}
	if (results->options->json)
		json_print(results, stdout);
	else
		report_print(results, stdout);
	failed |= fflush(stdout);
	if (failed)
		fprintf(stderr, "ipcx-bench: cannot write all figures\n");
	return failed;
}

/* Without the module ipcx is missing, which is an error only when asked for. */
static bool asked_in_vain(const struct results *results)
{
	size_t i;

	if (!options_ask_for(results->options, GROUP_IPCX))
		return false;
	for (i = 0; i < results->n_rows; i++)
		if (results->rows[i].mechanism->group == GROUP_IPCX &&
		    results->rows[i].mechanism->missing())
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct options options;
	struct results results = { .options = &options };
	FILE *output;

	results.cpus = cpus_available();
	options_read(&options, argc, argv);
	if (options.list) {
		print_list();
		return EXIT_SUCCESS;
	}
	output = open_output(options.output);
	if (measure_all(&results) || print_all(&results, output))
		return EXIT_FAILURE;
	if (asked_in_vain(&results)) {
		fprintf(stderr, "ipcx-bench: the module is not loaded\n");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
