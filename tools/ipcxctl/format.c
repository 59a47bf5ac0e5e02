// SPDX-License-Identifier: GPL-2.0-or-later
/* The two shapes of output: JSON for machines, tables for people. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

static unsigned int json_depth;
static bool json_need_comma;

static void json_put_char(unsigned char c)
{
	if (c == '"' || c == '\\')
		printf("\\%c", c);
	else if (c < 0x20 || c == 0x7f)
		printf("\\u%04x", c);
	else
		putchar(c);
}

/* Length of the well-formed UTF-8 sequence at @text, or 0. */
static unsigned int utf8_length(const unsigned char *text)
{
	unsigned int length, i;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	for (i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what is above U+10FFFF. */
	if (text[0] == 0xe0 && text[1] < 0xa0)
		return 0;
	if (text[0] == 0xed && text[1] > 0x9f)
		return 0;
	if (text[0] == 0xf0 && text[1] < 0x90)
		return 0;
	if (text[0] == 0xf4 && text[1] > 0x8f)
		return 0;
	return length;
}

static void json_put_bytes(const char *value, size_t size)
{
	const unsigned char *p = (const unsigned char *)value;
	const unsigned char *end = p + size;
	unsigned int length;

	putchar('"');
	while (p < end) {
		length = utf8_length(p);
		if (length == 0) {
			fputs("\\ufffd", stdout);
			p++;
		} else if (length == 1) {
			json_put_char(*p++);
		} else {
			fwrite(p, 1, length, stdout);
			p += length;
		}
	}
	putchar('"');
}

static void json_put_string(const char *value)
{
	json_put_bytes(value, strlen(value));
}

static void json_begin_value(const char *key)
{
	if (json_need_comma)
		putchar(',');
	if (json_depth)
		printf("\n%*s", (int)json_depth * 2, "");
	if (key) {
		json_put_string(key);
		fputs(": ", stdout);
	}
	json_need_comma = true;
}

void json_open(const char *key, char bracket)
{
	json_begin_value(key);
	putchar(bracket);
	json_depth++;
	json_need_comma = false;
}

void json_close(char bracket)
{
	json_depth--;
	/* An empty one stays on its line. */
	if (json_need_comma)
		printf("\n%*s", (int)json_depth * 2, "");
	putchar(bracket);
	json_need_comma = true;
	if (json_depth)
		return;
	putchar('\n');
	json_need_comma = false;
}

void json_u64(const char *key, uint64_t value)
{
	json_begin_value(key);
	printf("%" PRIu64, value);
}

void json_bool(const char *key, bool value)
{
	json_begin_value(key);
	fputs(value ? "true" : "false", stdout);
}

void json_string(const char *key, const char *value)
{
	json_begin_value(key);
	if (value)
		json_put_string(value);
	else
		fputs("null", stdout);
}

static bool is_text(const char *data, size_t size)
{
	size_t i = 0;

	while (i < size) {
		unsigned int length =
			utf8_length((const unsigned char *)data + i);

		if (!data[i] || !length || length > size - i)
			return false;
		i += length;
	}
	return true;
}

void json_payload(const char *data, size_t size)
{
	size_t i;

	if (is_text(data, size)) {
		json_begin_value("text");
		json_put_bytes(data, size);
		return;
	}
	json_begin_value("hex");
	putchar('"');
	for (i = 0; i < size; i++)
		printf("%02x", (unsigned char)data[i]);
	putchar('"');
}

static void no_memory(void)
{
	exit(msg(CTL_ERROR, "out of memory"));
}

void table_cell(struct table *table, const char *format, ...)
{
	unsigned int column = table->count % table->columns;
	char **cells, *text, *p;
	va_list args;
	int length;

	cells = reallocarray(table->cells, table->count + 1, sizeof(*cells));
	if (!cells)
		no_memory();
	table->cells = cells;
	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		no_memory();
	/* A process may call itself what it likes; a terminal obeys. */
	for (p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	cells[table->count++] = text;
	if ((unsigned int)length > table->width[column])
		table->width[column] = (unsigned int)length;
}

void table_print(struct table *table)
{
	unsigned int i, column;
	int width;

	for (i = 0; i < table->count; i++) {
		column = i % table->columns;
		width = (int)table->width[column];
		if (column)
			fputs("  ", stdout);
		if (table->right & (1u << column))
			printf("%*s", width, table->cells[i]);
		else if (column + 1 == table->columns)
			fputs(table->cells[i], stdout);
		else
			printf("%-*s", width, table->cells[i]);
		if (column + 1 == table->columns)
			putchar('\n');
	}
}

void table_free(struct table *table)
{
	unsigned int i;

	for (i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	memset(table, 0, sizeof(*table));
}
