// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages, exit statuses, and forms of numbers that people read. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

static const char *command_name;

struct meaning {
	int error;
	enum ctl_status status;
	const char *text;
};

static const struct meaning meanings[] = {
	{ ENOENT, CTL_NOT_FOUND, "there is no such object" },
	{ EIDRM, CTL_NOT_FOUND, "the object was destroyed" },
	{ EAGAIN, CTL_WOULD_WAIT, "it would have to wait" },
	{ ETIMEDOUT, CTL_WOULD_WAIT, "the time is up" },
	{ EACCES, CTL_DENIED, "permission denied" },
	{ EPERM, CTL_DENIED, "operation not permitted" },
	{ EEXIST, CTL_EXISTS, "the name is taken" },
	{ EMEDIUMTYPE, CTL_EXISTS, "the object is of another type" },
	{ EDQUOT, CTL_LIMIT, "a limit of this user is reached; see 'quota'" },
	{ ENOSPC, CTL_LIMIT, "a limit of the system is reached; see 'quota'" },
	{ EOVERFLOW, CTL_LIMIT, "the result would be above the maximum" },
	{ EOPNOTSUPP, CTL_ERROR, "this kernel or object cannot do it" },
	{ EFBIG, CTL_LIMIT, "larger than any region can be; see 'info'" },
	{ EDEADLK, CTL_ERROR, "it would wait for itself" },
	{ EINTR, CTL_ERROR, "interrupted by a signal" },
};

void msg_set_command(const char *name)
{
	command_name = name;
}

static void msg_print(const char *format, va_list args, const char *tail)
{
	/* What was printed before stays before it, also in one file. */
	fflush(stdout);
	fputs("ipcxctl: ", stderr);
	if (command_name)
		fprintf(stderr, "%s: ", command_name);
	vfprintf(stderr, format, args);
	if (tail)
		fprintf(stderr, ": %s", tail);
	fputc('\n', stderr);
}

int msg(enum ctl_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	msg_print(format, args, NULL);
	va_end(args);
	return status;
}

int msg_error(int error, const char *format, ...)
{
	enum ctl_status status = CTL_ERROR;
	const char *text = NULL;
	va_list args;
	size_t i;

	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].error == -error) {
			status = meanings[i].status;
			text = meanings[i].text;
		}
	}
	va_start(args, format);
	msg_print(format, args, text ? text : strerror(-error));
	va_end(args);
	return status;
}

int output_init(void)
{
	int fd, got;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The wrong way round, so that its use is an error. */
		got = open("/dev/null",
			   fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
		if (got != fd)
			return -1;
	}
	return 0;
}

static int output_failed(int error)
{
	clearerr(stdout);
	if (error == EPIPE)
		return CTL_ERROR;
	return msg(CTL_ERROR, "cannot write the output: %s",
		   error ? strerror(error) : "an earlier write failed");
}

int output_write(const void *data, size_t length)
{
	errno = 0;
	if (fwrite(data, 1, length, stdout) == length && fflush(stdout) == 0)
		return CTL_OK;
	return output_failed(errno);
}

int output_finish(int status)
{
	int failed = ferror(stdout);

	errno = 0;
	if (fflush(stdout) == 0 && !failed)
		return status;
	return output_failed(errno);
}

const char *human_bytes(uint64_t bytes, char buffer[HUMAN_SIZE])
{
	static const char units[] = "KMGTPE";
	uint64_t value = bytes;
	int unit = -1;

	if (bytes < 1024) {
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64, bytes);
		return buffer;
	}
	/* Tenths, so that nothing is lost to floating point. */
	while (value >= 1024) {
		bytes = value;
		value /= 1024;
		unit++;
	}
	snprintf(buffer, HUMAN_SIZE, "%" PRIu64 ".%" PRIu64 "%c", value,
		 bytes % 1024 * 10 / 1024, units[unit]);
	return buffer;
}

const char *human_ns(uint64_t ns, char buffer[HUMAN_SIZE])
{
	const uint64_t s = ns / 1000000000;

	if (ns < 1000)
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64 "ns", ns);
	else if (ns < 1000000)
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64 "us", ns / 1000);
	else if (s < 1)
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64 "ms", ns / 1000000);
	else if (s < 60)
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64 ".%" PRIu64 "s", s,
			 ns / 100000000 % 10);
	else if (s < 3600)
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64 "min%02" PRIu64 "s",
			 s / 60, s % 60);
	else if (s < 86400)
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64 "h%02" PRIu64 "min",
			 s / 3600, s / 60 % 60);
	else
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64 "d%02" PRIu64 "h",
			 s / 86400, s / 3600 % 24);
	return buffer;
}

const char *human_user(uint32_t uid, char buffer[HUMAN_SIZE])
{
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		snprintf(buffer, HUMAN_SIZE, "%s", pw->pw_name);
	else
		snprintf(buffer, HUMAN_SIZE, "%" PRIu32, uid);
	return buffer;
}

const char *human_group(uint32_t gid, char buffer[HUMAN_SIZE])
{
	const struct group *gr = getgrgid(gid);

	if (gr)
		snprintf(buffer, HUMAN_SIZE, "%s", gr->gr_name);
	else
		snprintf(buffer, HUMAN_SIZE, "%" PRIu32, gid);
	return buffer;
}
