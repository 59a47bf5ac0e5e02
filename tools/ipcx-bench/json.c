// SPDX-License-Identifier: GPL-2.0-or-later
/* The figures for machines: one row on a line, in a stable order. */
#include <sys/utsname.h>

#include "bench.h"

/* Our own strings and the kernel's release; they have nothing to escape. */
static void print_row(const struct row *row, FILE *out)
{
	char id[ROW_ID_SIZE];

	fprintf(out,
		"{\"id\": \"%s\", \"group\": \"%s\", \"mechanism\": \"%s\", "
		"\"measure\": \"%s\"",
		row_id(row, id), group_names[row->mechanism->group],
		row->mechanism->name, measure_names[row->run.measure]);
	if (row->has_size)
		fprintf(out, ", \"size\": %zu", row->run.size);
	if (row->run.place != PLACE_NONE)
		fprintf(out, ", \"place\": \"%s\"",
			place_names[row->run.place]);
	if (row->missing)
		fprintf(out, ", \"missing\": \"%s\"}", row->missing);
	else
		fprintf(out,
			", \"value\": %.1f, \"min\": %.1f, \"max\": %.1f, "
			"\"n\": %u}",
			row->value, row->min, row->max, row->n);
}

void json_print(const struct results *results, FILE *out)
{
	struct utsname kernel;
	size_t i;

	uname(&kernel);
	fprintf(out,
		"{\"program\": \"ipcx-bench\", \"format\": 1, "
		"\"kernel\": \"%s\", \"unit\": \"%s\", \"cpus\": %d, "
		"\"repeat\": %u, \"rows\": [\n",
		kernel.release, results->options->unit, results->cpus,
		results->options->repeat);
	for (i = 0; i < results->n_rows; i++) {
		print_row(&results->rows[i], out);
		fputs(i + 1 < results->n_rows ? ",\n" : "\n", out);
	}
	fputs("]}\n", out);
}
