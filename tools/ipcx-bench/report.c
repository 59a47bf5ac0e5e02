// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The figures for people: a block for each measure and place, a line for each
 * mechanism, a column for each size.
 */
#include <string.h>

#include "bench.h"

#define MAX_COLUMNS 18
#define MAX_NOTES   16
#define NAME_WIDTH  17
#define CELL_SIZE   40

struct block {
	const struct results *results;
	enum measure measure;
	enum place place;
	bool instructions;
	size_t columns[MAX_COLUMNS]; /* sizes; NO_SIZE for none */
	int n_columns;
	const char *notes[MAX_NOTES];
	int n_notes;
};

static const char *const measure_titles[N_MEASURES] = {
	"op: one operation pair (take and give, send and receive), one process",
	"round-trip: there and back between two processes",
	"one-way: per message, from one process to another",
	"contended: per acquisition, two processes want it all the time",
	"create: create and destroy",
	"growth: P and V of an owned semaphore, by objects that exist",
};

static const char *const place_titles[N_PLACES] = {
	"",
	", both on one CPU",
	", each on a CPU of its own",
};

static bool in_block(const struct block *block, const struct row *row)
{
	return row->run.measure == block->measure &&
	       row->run.place == block->place;
}

static size_t row_column(const struct row *row)
{
	return row->has_size ? row->run.size : NO_SIZE;
}

/* No size is the first column; the others are in order. */
static void column_add(struct block *block, size_t size)
{
	int i, at = 0;

	for (i = 0; i < block->n_columns; i++) {
		if (block->columns[i] == size)
			return;
		if (block->columns[i] + 1 <= size + 1)
			at = i + 1;
	}
	if (block->n_columns == MAX_COLUMNS)
		return;
	memmove(&block->columns[at + 1], &block->columns[at],
		(size_t)(block->n_columns - at) * sizeof(block->columns[0]));
	block->columns[at] = size;
	block->n_columns++;
}

/* The number of the footnote that gives @reason. */
static int note_of(struct block *block, const char *reason)
{
	int i;

	for (i = 0; i < block->n_notes; i++)
		if (!strcmp(block->notes[i], reason))
			return i + 1;
	if (block->n_notes < MAX_NOTES)
		block->notes[block->n_notes++] = reason;
	return block->n_notes;
}

/* 1234567 as 1,234,567. */
static void format_count(double value, char *cell)
{
	char digits[32];
	size_t length, i;
	char *to = cell;

	snprintf(digits, sizeof(digits), "%.0f", value);
	length = strlen(digits);
	for (i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0 && digits[i - 1] != '-')
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
}

static void format_time(const struct row *row, char *cell)
{
	double spread = 0;
	double value = row->value;
	const char *unit = "ns";

	if (row->value > 0)
		spread = (row->max - row->min) / 2 / row->value * 100;
	if (value >= 1e6) {
		value /= 1e6;
		unit = "ms";
	} else if (value >= 1000) {
		value /= 1000;
		unit = "us";
	}
	snprintf(cell, CELL_SIZE, "%.*f %s \302\261%.0f%%", value < 10 ? 2 : 1,
		 value, unit, spread);
}

static void format_size(size_t size, enum measure measure, char *cell)
{
	if (size == NO_SIZE)
		snprintf(cell, CELL_SIZE, "no payload");
	else if (measure == MEASURE_GROWTH)
		snprintf(cell, CELL_SIZE, "%zu", size);
	else if (size >= 1 << 20 && size % (1 << 20) == 0)
		snprintf(cell, CELL_SIZE, "%zu MiB", size >> 20);
	else if (size >= 1024 && size % 1024 == 0)
		snprintf(cell, CELL_SIZE, "%zu KiB", size >> 10);
	else
		snprintf(cell, CELL_SIZE, "%zu B", size);
}

/*
 * Writes a cell at the right of @columns columns. A cell counts by characters:
 * one sign of two bytes may be among them.
 */
static void print_cell(const struct block *block, int columns, const char *cell,
		       FILE *out)
{
	int width = columns * (block->instructions ? 11 : 15);
	int length = (int)strlen(cell) - (strchr(cell, 0xc2) ? 1 : 0);

	fprintf(out, "%*s%s", width > length ? width - length : 0, "", cell);
}

static const struct row *find_row(const struct block *block,
				  const struct mechanism *mechanism,
				  size_t column)
{
	const struct results *results = block->results;
	size_t i;

	for (i = 0; i < results->n_rows; i++)
		if (results->rows[i].mechanism == mechanism &&
		    in_block(block, &results->rows[i]) &&
		    row_column(&results->rows[i]) == column)
			return &results->rows[i];
	return NULL;
}

static void format_row(struct block *block, const struct row *row, char *cell)
{
	if (row->missing)
		snprintf(cell, CELL_SIZE, "- [%d]",
			 note_of(block, row->missing));
	else if (block->instructions)
		format_count(row->value, cell);
	else
		format_time(row, cell);
}

static void print_line(struct block *block, const struct mechanism *mechanism,
		       FILE *out)
{
	const struct row *row;
	char cell[CELL_SIZE];
	int columns = 0;
	int i;

	fprintf(out, "  %-*s", NAME_WIDTH, mechanism->name);
	for (i = 0; i < block->n_columns; i++) {
		columns++;
		row = find_row(block, mechanism, block->columns[i]);
		if (!row)
			continue;
		format_row(block, row, cell);
		print_cell(block, columns, cell, out);
		columns = 0;
	}
	fputs("\n", out);
}

static void print_head(const struct block *block, FILE *out)
{
	char cell[CELL_SIZE];
	int i;

	fprintf(out, "\n%s%s\n", measure_titles[block->measure],
		place_titles[block->place]);
	if (block->n_columns == 1 && block->columns[0] == NO_SIZE)
		return;
	fprintf(out, "  %-*s", NAME_WIDTH, "");
	for (i = 0; i < block->n_columns; i++) {
		format_size(block->columns[i], block->measure, cell);
		print_cell(block, 1, cell, out);
	}
	fputs("\n", out);
}

static void print_block(struct block *block, FILE *out)
{
	const struct results *results = block->results;
	const struct mechanism *last = NULL;
	size_t i;
	int note;

	for (i = 0; i < results->n_rows; i++)
		if (in_block(block, &results->rows[i]))
			column_add(block, row_column(&results->rows[i]));
	if (!block->n_columns)
		return;
	print_head(block, out);
	for (i = 0; i < results->n_rows; i++) {
		if (!in_block(block, &results->rows[i]) ||
		    results->rows[i].mechanism == last)
			continue;
		last = results->rows[i].mechanism;
		print_line(block, last, out);
	}
	for (note = 0; note < block->n_notes; note++)
		fprintf(out, "  [%d] %s\n", note + 1, block->notes[note]);
}

void report_print(const struct results *results, FILE *out)
{
	bool instructions = !strcmp(results->options->unit, "instructions");
	enum measure measure;
	enum place place;

	fprintf(out, "Median of %u repetitions%s\n", results->options->repeat,
		instructions ? ", in instructions" : "");
	for (measure = 0; measure < N_MEASURES; measure++) {
		for (place = 0; place < N_PLACES; place++) {
			struct block block = {
				.results = results,
				.measure = measure,
				.place = place,
				.instructions = instructions,
			};

			print_block(&block, out);
		}
	}
}
