// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rows there are: what mechanisms can do, as far as it was asked for. */
#include <stdlib.h>

#include "bench.h"

/* What a channel carries when one process does both ends. */
#define OP_SIZE 64

/* Objects that exist in MEASURE_GROWTH. */
static const size_t growth_sizes[] = { 10, 100000 };

static bool channel_can(const struct channel *channel, enum measure measure)
{
	return channel && !(channel->cannot & BIT_OF(measure));
}

bool mechanism_can(const struct mechanism *mechanism, enum measure measure)
{
	switch (measure) {
	case MEASURE_OP:
		return mechanism->op || mechanism->lock ||
		       channel_can(mechanism->channel, measure);
	case MEASURE_ROUND_TRIP:
	case MEASURE_ONE_WAY:
		return channel_can(mechanism->channel, measure);
	case MEASURE_CONTENDED:
		return mechanism->lock && !mechanism->lock->shared;
	case MEASURE_CREATE:
		return mechanism->create;
	default:
		return mechanism->growth;
	}
}

/* Why there can be no figure, or NULL. */
static const char *refusal(const struct row *row)
{
	const struct mechanism *mechanism = row->mechanism;
	const struct channel *channel = mechanism->channel;

	if (mechanism->missing && mechanism->missing())
		return mechanism->missing();
	if (!channel || !channel->refuses)
		return NULL;
	if (row->run.measure == MEASURE_ROUND_TRIP ||
	    row->run.measure == MEASURE_ONE_WAY ||
	    (row->run.measure == MEASURE_OP && !mechanism->op &&
	     !mechanism->lock))
		return channel->refuses(&row->run);
	return NULL;
}

static void row_add(struct results *results, const struct mechanism *mechanism,
		    enum measure measure, enum place place, size_t size)
{
	struct row *row;

	row = realloc(results->rows, (results->n_rows + 1) * sizeof(*row));
	if (!row)
		abort();
	results->rows = row;
	row += results->n_rows++;
	*row = (struct row) {
		.mechanism = mechanism,
		.run = { .size = size == NO_SIZE ? 0 : size,
			 .measure = measure,
			 .place = place,
			 .variant = mechanism->variant },
		.has_size = size != NO_SIZE,
	};
	row->missing = refusal(row);
}

/* Whether the measure has a size, and which sizes it cares for. */
static bool is_sized(const struct mechanism *mechanism, enum measure measure)
{
	if (measure == MEASURE_CREATE || measure == MEASURE_CONTENDED)
		return false;
	if (measure == MEASURE_OP && mechanism->op)
		return mechanism->op->all_sizes;
	if (measure == MEASURE_OP && mechanism->lock)
		return false;
	return mechanism->channel && mechanism->channel->has_payload;
}

static bool takes_size(const struct mechanism *mechanism, enum measure measure,
		       size_t size)
{
	if (measure != MEASURE_OP)
		return true;
	return mechanism->op ? size > 0 : size == OP_SIZE;
}

static void rows_of_sizes(struct results *results,
			  const struct mechanism *mechanism,
			  enum measure measure, enum place place)
{
	const struct options *options = results->options;
	unsigned int i;

	if (measure == MEASURE_GROWTH) {
		for (i = 0; i < 2; i++)
			row_add(results, mechanism, measure, place,
				growth_sizes[i]);
		return;
	}
	if (!is_sized(mechanism, measure)) {
		row_add(results, mechanism, measure, place, NO_SIZE);
		return;
	}
	for (i = 0; i < options->n_sizes; i++)
		if (takes_size(mechanism, measure, options->sizes[i]))
			row_add(results, mechanism, measure, place,
				options->sizes[i]);
}

static void rows_of_places(struct results *results,
			   const struct mechanism *mechanism,
			   enum measure measure)
{
	const bool *places = results->options->places;

	if (measure == MEASURE_OP || measure == MEASURE_CREATE ||
	    measure == MEASURE_GROWTH) {
		rows_of_sizes(results, mechanism, measure, PLACE_NONE);
		return;
	}
	if (places[PLACE_SAME])
		rows_of_sizes(results, mechanism, measure, PLACE_SAME);
	if (places[PLACE_APART] && results->cpus > 1)
		rows_of_sizes(results, mechanism, measure, PLACE_APART);
}

void rows_make(struct results *results)
{
	const struct mechanism *const *file;
	const struct mechanism *mechanism;
	enum measure measure;

	for (file = mechanisms; *file; file++)
		for (mechanism = *file; mechanism->name; mechanism++)
			for (measure = 0; measure < N_MEASURES; measure++)
				if (mechanism_can(mechanism, measure) &&
				    options_want(results->options, mechanism,
						 measure))
					rows_of_places(results, mechanism,
						       measure);
}

const char *row_id(const struct row *row, char buffer[ROW_ID_SIZE])
{
	char size[24] = "";

	if (row->has_size)
		snprintf(size, sizeof(size), "/%zu", row->run.size);
	snprintf(buffer, ROW_ID_SIZE, "%s/%s%s%s%s", row->mechanism->name,
		 measure_names[row->run.measure], size,
		 row->run.place == PLACE_NONE ? "" : "/",
		 place_names[row->run.place]);
	return buffer;
}
