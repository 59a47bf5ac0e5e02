/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands read from standard input. */
#ifndef IPCXCTL_INPUT_H
#define IPCXCTL_INPUT_H

#include <stddef.h>

/*
 * Reads all of it, up to @most bytes and one more, which shows that it is too
 * much. *ret_buffer, which must be NULL before, is the caller's even after an
 * error. CTL_OK, or CTL_ERROR after a message.
 */
int input_all(size_t most, char **ret_buffer, size_t *ret_length);

/*
 * Reads a line, without its end, into *buffer of *size bytes, which grows.
 * CTL_OK, and whether there was one; or CTL_ERROR after a message.
 */
int input_line(char **buffer, size_t *size, size_t *ret_length, int *ret_got);

#endif /* IPCXCTL_INPUT_H */
