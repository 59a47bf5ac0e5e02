// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line. */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define EXIT_USAGE 2

#define REPEAT_DEFAULT 5

#define MAX_SIZE ((size_t)1 << 20)

const char *const group_names[N_GROUPS] = { "ipcx", "peers", "floors" };

const char *const measure_names[N_MEASURES] = { "op",	   "round-trip",
						"one-way", "contended",
						"create",  "growth" };

const char *const place_names[N_PLACES] = { "", "same", "apart" };

static const size_t default_sizes[] = { 0, 64, 1024, 16384, 65536, 1048576 };

#define N_DEFAULT_SIZES (sizeof(default_sizes) / sizeof(default_sizes[0]))

static const struct option long_options[] = {
	{ "only", required_argument, NULL, 'o' },
	{ "measure", required_argument, NULL, 'm' },
	{ "sizes", required_argument, NULL, 's' },
	{ "place", required_argument, NULL, 'p' },
	{ "repeat", required_argument, NULL, 'r' },
	{ "unit", required_argument, NULL, 'u' },
	{ "json", no_argument, NULL, 'j' },
	{ "output", required_argument, NULL, 'f' },
	{ "list", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: ipcx-bench [OPTION]...\n"
	"\n"
	"Measures what ipcx costs beside its peers, in one run.\n"
	"\n"
	"  --only LIST      groups (ipcx, peers, floors), mechanisms, or how\n"
	"                   their names begin: ipcx,pipe,posix\n"
	"  --measure LIST   op, round-trip, one-way, contended, create, growth\n"
	"  --sizes LIST     bytes of a message: 64,1K,1M\n"
	"  --place PLACE    where two processes run: same (CPU), apart, both\n"
	"  --repeat N       repetitions, of which the median counts (default 5)\n"
	"  --unit NAME      ns or instructions; a label, nothing is converted\n"
	"  --json           JSON instead of the table\n"
	"  --output FILE    JSON into FILE, besides the table\n"
	"  --list           the mechanisms and what is measured of them\n"
	"  --help           this text\n"
	"\n"
	"Exit status: 0 done; 1 a row failed, or ipcx was asked for and is not\n"
	"there; 2 wrong usage.\n";

__attribute__((noreturn, format(printf, 1, 2))) static void
wrong(const char *format, ...)
{
	va_list args;

	fputs("ipcx-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs(" (see --help)\n", stderr);
	exit(EXIT_USAGE);
}

/* The next item of a list; its length, or 0 at the end. */
static size_t list_next(const char **list, const char **ret_item)
{
	size_t length;

	*list += strspn(*list, ",");
	length = strcspn(*list, ",");
	*ret_item = *list;
	*list += length;
	return length;
}

static bool is_word(const char *item, size_t length, const char *word)
{
	return strlen(word) == length && !strncmp(item, word, length);
}

static bool is_prefix(const char *item, size_t length, const char *word)
{
	return !strncmp(item, word, length);
}

/* The names of ipcx may be given without "ipcx-": sem, lock. */
static bool item_means(const char *item, size_t length,
		       const struct mechanism *mechanism)
{
	const char *name = mechanism->name;

	if (is_word(item, length, group_names[GROUP_IPCX]) ||
	    is_word(item, length, group_names[GROUP_PEERS]) ||
	    is_word(item, length, group_names[GROUP_FLOORS]))
		return is_word(item, length, group_names[mechanism->group]);
	if (is_prefix(item, length, name))
		return true;
	return mechanism->group == GROUP_IPCX &&
	       is_prefix(item, length, name + strlen("ipcx-"));
}

bool options_want(const struct options *options,
		  const struct mechanism *mechanism, enum measure measure)
{
	const char *list = options->measures;
	const char *item;
	bool want = !list;
	size_t length;

	while (list && (length = list_next(&list, &item)))
		want |= is_word(item, length, measure_names[measure]);
	if (!want || !options->only)
		return want;
	list = options->only;
	want = false;
	while ((length = list_next(&list, &item)))
		want |= item_means(item, length, mechanism);
	return want;
}

/* Whether the item names any mechanism of @group, or of all. */
static bool item_is_known(const char *item, size_t length, enum group group)
{
	const struct mechanism *const *file;
	const struct mechanism *mechanism;

	for (file = mechanisms; *file; file++)
		for (mechanism = *file; mechanism->name; mechanism++)
			if ((group == N_GROUPS || mechanism->group == group) &&
			    item_means(item, length, mechanism))
				return true;
	return false;
}

bool options_ask_for(const struct options *options, enum group group)
{
	const char *list = options->only;
	const char *item;
	size_t length;

	while (list && (length = list_next(&list, &item)))
		if (item_is_known(item, length, group))
			return true;
	return false;
}

static void check_only(const char *list)
{
	const char *item;
	size_t length;
	int n = 0;

	while ((length = list_next(&list, &item))) {
		n++;
		if (!item_is_known(item, length, N_GROUPS))
			wrong("--only %.*s: no such mechanism; --list shows them",
			      (int)length, item);
	}
	if (!n)
		wrong("--only needs a list");
}

static void check_measures(const char *list)
{
	const char *item;
	size_t length;
	int measure;
	int n = 0;

	while ((length = list_next(&list, &item))) {
		n++;
		for (measure = 0; measure < N_MEASURES; measure++)
			if (is_word(item, length, measure_names[measure]))
				break;
		if (measure == N_MEASURES)
			wrong("--measure %.*s: no such measure", (int)length,
			      item);
	}
	if (!n)
		wrong("--measure needs a list");
}

static size_t read_size(const char *item, size_t length)
{
	unsigned long long value;
	char *end;

	if (*item < '0' || *item > '9')
		wrong("--sizes %.*s: not a size", (int)length, item);
	errno = 0;
	value = strtoull(item, &end, 10);
	if (!errno && value <= MAX_SIZE && (*end == 'K' || *end == 'M'))
		value <<= *end++ == 'K' ? 10 : 20;
	if (end != item + length)
		wrong("--sizes %.*s: not a size", (int)length, item);
	if (errno || value > MAX_SIZE)
		wrong("--sizes %.*s: more than 1M", (int)length, item);
	return value;
}

static void read_sizes(struct options *options, const char *list)
{
	const size_t max = sizeof(options->sizes) / sizeof(options->sizes[0]);
	const char *item;
	size_t length;

	options->n_sizes = 0;
	while ((length = list_next(&list, &item))) {
		if (options->n_sizes == max)
			wrong("--sizes: more than %zu", max);
		options->sizes[options->n_sizes++] = read_size(item, length);
	}
	if (!options->n_sizes)
		wrong("--sizes needs a list");
}

static void read_place(struct options *options, const char *name)
{
	bool both = !strcmp(name, "both");

	options->places[PLACE_SAME] = both || !strcmp(name, "same");
	options->places[PLACE_APART] = both || !strcmp(name, "apart");
	if (!options->places[PLACE_SAME] && !options->places[PLACE_APART])
		wrong("--place takes same, apart or both, not '%s'", name);
	if (!options->places[PLACE_SAME] && cpus_available() < 2)
		wrong("--place apart needs two CPUs");
}

static void read_repeat(struct options *options, const char *text)
{
	unsigned long value;
	char *end;

	value = strtoul(text, &end, 10);
	if (*text < '1' || *text > '9' || *end || value > MAX_REPEAT)
		wrong("--repeat takes a number from 1 to %d, not '%s'",
		      MAX_REPEAT, text);
	options->repeat = (unsigned int)value;
}

static void read_unit(struct options *options, const char *name)
{
	if (strcmp(name, "ns") && strcmp(name, "instructions"))
		wrong("--unit takes ns or instructions, not '%s'", name);
	options->unit = name;
}

static void options_default(struct options *options)
{
	const char *clock = getenv("IPCX_CLOCK");

	memset(options, 0, sizeof(*options));
	memcpy(options->sizes, default_sizes, sizeof(default_sizes));
	options->n_sizes = N_DEFAULT_SIZES;
	options->places[PLACE_SAME] = true;
	options->places[PLACE_APART] = true;
	options->repeat = REPEAT_DEFAULT;
	/* A machine where a nanosecond is an instruction says so. */
	options->unit =
		clock && !strcmp(clock, "instructions") ? "instructions" : "ns";
}

static void option_take(struct options *options, int option, const char *value)
{
	switch (option) {
	case 'o':
		check_only(value);
		options->only = value;
		break;
	case 'm':
		check_measures(value);
		options->measures = value;
		break;
	case 's':
		read_sizes(options, value);
		break;
	case 'p':
		read_place(options, value);
		break;
	case 'r':
		read_repeat(options, value);
		break;
	case 'u':
		read_unit(options, value);
		break;
	case 'j':
		options->json = true;
		break;
	case 'f':
		options->output = value;
		break;
	case 'l':
		options->list = true;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(EXIT_SUCCESS);
	default:
		fputs("(see ipcx-bench --help)\n", stderr);
		exit(EXIT_USAGE);
	}
}

void options_read(struct options *options, int argc, char **argv)
{
	int option;

	options_default(options);
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) !=
	       -1)
		option_take(options, option, optarg);
	if (optind < argc)
		wrong("'%s' is not an option", argv[optind]);
}
