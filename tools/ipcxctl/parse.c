// SPDX-License-Identifier: GPL-2.0-or-later
/* Strict reading of numbers, sizes, durations, modes and names. */
#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>

#include <linux/ipcx.h>

#include "parse.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ "", 1 },	     { "K", 1ULL << 10 },
	{ "k", 1ULL << 10 }, { "KiB", 1ULL << 10 },
	{ "M", 1ULL << 20 }, { "MiB", 1ULL << 20 },
	{ "G", 1ULL << 30 }, { "GiB", 1ULL << 30 },
	{ "T", 1ULL << 40 }, { "TiB", 1ULL << 40 },
	{ NULL, 0 },
};

static const struct unit duration_units[] = {
	{ "ns", 1 },
	{ "us", 1000ULL },
	{ "ms", 1000000ULL },
	{ "s", 1000000000ULL },
	{ "min", 60 * 1000000000ULL },
	{ "h", 3600 * 1000000000ULL },
	{ "d", 86400 * 1000000000ULL },
	{ NULL, 0 },
};

/* What the digit @c stands for; 16 or more when it is none. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A' + 10);
	return 16;
}

/* Reads digits up to the first other character, which *end shows. */
static int read_digits(const char *text, unsigned int base, const char **end,
		       uint64_t *ret)
{
	uint64_t value = 0;
	const char *p;
	int r = 0;

	for (p = text; digit_value(*p) < base; p++) {
		uint64_t next;

		if (__builtin_mul_overflow(value, (uint64_t)base, &next) ||
		    __builtin_add_overflow(next, (uint64_t)digit_value(*p),
					   &next)) {
			r = -ERANGE;
			continue;
		}
		value = next;
	}
	*end = p;
	if (p == text)
		return -EINVAL;
	*ret = value;
	return r;
}

int parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	const char *end;
	int r;

	r = read_digits(text, 10, &end, &value);
	if (*end)
		return -EINVAL;
	if (r < 0)
		return r;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_u64(const char *text, uint64_t *ret)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	uint64_t value = 0;
	const char *end;
	int r;

	r = read_digits(hex ? text + 2 : text, hex ? 16 : 10, &end, &value);
	if (*end)
		return -EINVAL;
	if (r == 0)
		*ret = value;
	return r;
}

static int parse_with_unit(const char *text, const struct unit *units,
			   uint64_t *ret)
{
	const struct unit *unit = units;
	uint64_t value = 0;
	const char *end;
	int r;

	r = read_digits(text, 10, &end, &value);
	if (r == -EINVAL)
		return r;
	while (unit->suffix && strcmp(unit->suffix, end) != 0)
		unit++;
	if (!unit->suffix)
		return -EINVAL;
	if (r < 0 || __builtin_mul_overflow(value, unit->factor, &value))
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_size(const char *text, uint64_t *ret)
{
	return parse_with_unit(text, size_units, ret);
}

int parse_duration(const char *text, uint64_t *ret)
{
	uint64_t value = 0;
	int r;

	if (strcmp(text, "0") == 0) {
		*ret = 0;
		return 0;
	}
	r = parse_with_unit(text, duration_units, &value);
	if (r < 0)
		return r;
	if (value > INT64_MAX)
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_mode(const char *text, uint32_t *ret)
{
	uint64_t value = 0;
	const char *end;
	int r;

	r = read_digits(text, 8, &end, &value);
	if (*end)
		return -EINVAL;
	if (r < 0)
		return r;
	if (value > 0777 || end - text > 4)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

int parse_user(const char *text, uint32_t *ret)
{
	const struct passwd *pw;
	uint64_t value;
	int r;

	r = parse_number(text, 0, UINT32_MAX - 1, &value);
	if (r == 0) {
		*ret = (uint32_t)value;
		return 0;
	}
	if (r == -ERANGE)
		return r;
	pw = getpwnam(text);
	if (!pw)
		return -EINVAL;
	*ret = pw->pw_uid;
	return 0;
}

int parse_word(const char *text, const char *const *words, uint32_t *ret)
{
	uint32_t i;

	for (i = 0; words[i]; i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

bool is_object_name(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t length = strlen(text);

	return length >= 2 && length < IPCX_NAME_SIZE && text[0] == '/' &&
	       strspn(text + 1, allowed) == length - 1;
}
