// SPDX-License-Identifier: GPL-2.0-only
/* Helper of tool_test.sh: exits with 0 when standard input is one JSON text. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *p;

static void skip_space(void)
{
	while (*p && strchr(" \t\r\n", *p))
		p++;
}

static bool word(const char *w)
{
	if (strncmp(p, w, strlen(w)))
		return false;
	p += strlen(w);
	return true;
}

static bool string(void)
{
	if (*p++ != '"')
		return false;
	for (; *p != '"'; p++) {
		if ((unsigned char)*p < ' ')
			return false;
		if (*p != '\\')
			continue;
		p++;
		if (*p == 'u') {
			for (int i = 0; i < 4; i++)
				if (!isxdigit((unsigned char)*++p))
					return false;
		} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
			return false;
		}
	}
	p++;
	return true;
}

static bool digits(void)
{
	if (!isdigit((unsigned char)*p))
		return false;
	while (isdigit((unsigned char)*p))
		p++;
	return true;
}

static bool number(void)
{
	if (*p == '-')
		p++;
	if (*p == '0')
		p++;
	else if (!digits())
		return false;
	if (*p == '.' && (p++, !digits()))
		return false;
	if (*p != 'e' && *p != 'E')
		return true;
	p++;
	if (*p == '+' || *p == '-')
		p++;
	return digits();
}

static bool value(int depth);

/* The members of an object, or of an array, behind its opening sign. */
static bool members(char end, int depth)
{
	p++;
	skip_space();
	if (*p == end) {
		p++;
		return true;
	}
	for (;;) {
		skip_space();
		if (end == '}') {
			if (!string())
				return false;
			skip_space();
			if (*p++ != ':')
				return false;
		}
		if (!value(depth + 1))
			return false;
		skip_space();
		if (*p == end) {
			p++;
			return true;
		}
		if (*p++ != ',')
			return false;
	}
}

static bool value(int depth)
{
	skip_space();
	if (depth > 50)
		return false;
	switch (*p) {
	case '{':
		return members('}', depth);
	case '[':
		return members(']', depth);
	case '"':
		return string();
	}
	return word("true") || word("false") || word("null") || number();
}

int main(void)
{
	static char text[1 << 20];
	size_t size = fread(text, 1, sizeof(text) - 1, stdin);

	p = text;
	if (!value(0))
		return 1;
	skip_space();
	return p != text + size;
}
