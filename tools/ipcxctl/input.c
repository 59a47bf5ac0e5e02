// SPDX-License-Identifier: GPL-2.0-or-later
/* What commands read from standard input. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "output.h"

static int input_failed(void)
{
	return msg(CTL_ERROR, "cannot read the input: %s", strerror(errno));
}

int input_all(size_t most, char **ret_buffer, size_t *ret_length)
{
	size_t length = 0, size = 0, goal;
	char *buffer;
	ssize_t got;

	for (;;) {
		if (length == size) {
			goal = size ? size * 2 : 65536;
			size = goal < most + 1 ? goal : most + 1;
			buffer = realloc(*ret_buffer, size);
			if (!buffer)
				return msg(CTL_ERROR,
					   "no memory for the input");
			*ret_buffer = buffer;
		}
		got = read(STDIN_FILENO, *ret_buffer + length, size - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return input_failed();
		length += (size_t)got;
		if (got == 0 || length > most)
			break;
	}
	*ret_length = length;
	return CTL_OK;
}

int input_line(char **buffer, size_t *size, size_t *ret_length, int *ret_got)
{
	ssize_t length;

	errno = 0;
	length = getline(buffer, size, stdin);
	*ret_got = length >= 0;
	if (length < 0)
		return ferror(stdin) || errno ? input_failed() : CTL_OK;
	if (length && (*buffer)[length - 1] == '\n')
		length--;
	*ret_length = (size_t)length;
	return CTL_OK;
}
