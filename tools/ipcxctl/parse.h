/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict reading of numbers, sizes, durations, modes and names.
 *
 * Nothing is forgiven: no blank, sign, trailing junk or overflow. All functions
 * return 0, -EINVAL when the text is not one at all, or -ERANGE when the value
 * does not fit; *ret is written only on success.
 */
#ifndef IPCXCTL_PARSE_H
#define IPCXCTL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* A decimal number from @min to @max. */
int parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* A decimal number, or a hexadecimal one behind 0x, of 64 bits. */
int parse_u64(const char *text, uint64_t *ret);

/* Bytes: a number, and K, M, G or T (KiB, ...) for powers of 1024. */
int parse_size(const char *text, uint64_t *ret);

/* Nanoseconds: a number and ns, us, ms, s, min, h or d; or 0. */
int parse_duration(const char *text, uint64_t *ret);

/* Mode bits: 1 to 4 octal digits, at most 0777. */
int parse_mode(const char *text, uint32_t *ret);

/* A user: a name, or a number. */
int parse_user(const char *text, uint32_t *ret);

/* One of @words, which ends with NULL; *ret is its index. */
int parse_word(const char *text, const char *const *words, uint32_t *ret);

/* Whether @text can be the name of an object. */
bool is_object_name(const char *text);

#endif /* IPCXCTL_PARSE_H */
