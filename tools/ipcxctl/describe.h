/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words for what the interface has numbers for, and objects in words. */
#ifndef IPCXCTL_DESCRIBE_H
#define IPCXCTL_DESCRIBE_H

#include "netlink.h"
#include "output.h"

/* Indexed by their enums in <linux/ipcx.h>; each ends with NULL. */
extern const char *const type_words[];
extern const char *const kind_words[];
extern const char *const order_words[];
extern const char *const on_death_words[];

#define STATE_SIZE 128

/* The state of its type in one line, for a table; returns @buffer. */
const char *describe_state(const struct record *object,
			   char buffer[STATE_SIZE]);

/* "sem"; "type 9" for what this tool does not know. Returns @buffer. */
const char *describe_type(const struct record *object, char buffer[HUMAN_SIZE]);

/* The kind of a semaphore, such as "owned", otherwise the type. */
const char *describe_kind(const struct record *object, char buffer[HUMAN_SIZE]);

/* The members of an object in JSON, without its braces. */
void describe_json(const struct record *object);

/* All there is to say about an object, for people. */
void describe_text(const struct record *object);

#define COMM_SIZE 64

/* The name of process @pid, or "-"; returns @buffer. */
const char *process_name(uint64_t pid, char buffer[COMM_SIZE]);

#endif /* IPCXCTL_DESCRIBE_H */
