/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipcxctl prints: messages and exit statuses, JSON, tables. */
#ifndef IPCXCTL_OUTPUT_H
#define IPCXCTL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses; ipcxctl(1) documents them. */
enum ctl_status {
	CTL_OK = 0,
	CTL_ERROR = 1,
	CTL_USAGE = 2,
	CTL_NOT_FOUND = 3,
	CTL_WOULD_WAIT = 4,
	CTL_DENIED = 5,
	CTL_EXISTS = 6,
	CTL_LIMIT = 7,
	CTL_NO_IPCX = 8,
	CTL_NOT_EXECUTABLE = 126,
	CTL_NO_COMMAND = 127,
	CTL_SIGNALLED = 128,
};

/* Names the command in all messages from here on, for example "sem p". */
void msg_set_command(const char *name);

/* Prints "ipcxctl: COMMAND: ..." on stderr and returns @status. */
int msg(enum ctl_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* As msg(), with what -@error means; the exit status follows from it. */
int msg_error(int error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Makes sure that descriptors 0 to 2 are taken, so that none is an object. */
int output_init(void);

/* Writes data to stdout; CTL_OK, or CTL_ERROR after a message. */
int output_write(const void *data, size_t length);

/*
 * Flushes stdout. Returns @status, or CTL_ERROR when something could not be
 * written; a reader that went away is no message, but an error as well.
 */
int output_finish(int status);

/* JSON: @key is NULL inside an array and at the top. */
void json_open(const char *key, char bracket);
void json_close(char bracket);
void json_u64(const char *key, uint64_t value);
void json_bool(const char *key, bool value);
void json_string(const char *key, const char *value); /* NULL: null */

/* "text", if it is text, else "hex". */
void json_payload(const char *data, size_t size);

#define TABLE_COLUMNS 12

/* A table whose columns become as wide as needed; the first row is the head. */
struct table {
	unsigned int columns;
	unsigned int right; /* bit mask of columns aligned to the right */
	unsigned int count; /* of cells */
	char **cells;
	unsigned int width[TABLE_COLUMNS];
};

/* One call for each cell, row by row. */
void table_cell(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void table_print(struct table *table);
void table_free(struct table *table);

#define HUMAN_SIZE 32

/* For people: "64.0K", "3min12s"; they return @buffer. */
const char *human_bytes(uint64_t bytes, char buffer[HUMAN_SIZE]);
const char *human_ns(uint64_t ns, char buffer[HUMAN_SIZE]);
const char *human_user(uint32_t uid, char buffer[HUMAN_SIZE]);
const char *human_group(uint32_t gid, char buffer[HUMAN_SIZE]);

#endif /* IPCXCTL_OUTPUT_H */
