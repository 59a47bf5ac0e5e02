// SPDX-License-Identifier: GPL-2.0-or-later
/* Limits of the system, raised as far as the run needs it, and set back. */
#include <inttypes.h>
#include <sys/resource.h>

#include "bench.h"

/* What System V queues hold, in messages of the largest size. */
#define QUEUE_MESSAGES 4

/* The smallest messages whose queues hold as much as a pipe. */
#define SMALL_MESSAGE 64

static struct sysctl {
	const char *path;
	size_t messages; /* of the largest size */
	uint64_t least;
	uint64_t before; /* 0: was not changed */
} sysctls[] = {
	{ "/proc/sys/fs/mqueue/msgsize_max", 1, 0, 0 },
	{ "/proc/sys/fs/mqueue/msg_max", 0, USUAL_CAPACITY / SMALL_MESSAGE, 0 },
	{ "/proc/sys/kernel/msgmax", 1, 0, 0 },
	{ "/proc/sys/kernel/msgmnb", QUEUE_MESSAGES, USUAL_CAPACITY, 0 },
};

#define N_SYSCTLS (sizeof(sysctls) / sizeof(sysctls[0]))

uint64_t sysctl_read(const char *path)
{
	uint64_t value = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static int sysctl_write(const char *path, uint64_t value)
{
	FILE *file = fopen(path, "we");
	int err;

	if (!file)
		return -errno;
	err = fprintf(file, "%" PRIu64 "\n", value) < 0;
	return fclose(file) || err ? -EIO : 0;
}

static void sysctl_raise(struct sysctl *sysctl, size_t size)
{
	uint64_t value = (uint64_t)size * sysctl->messages;
	uint64_t before = sysctl_read(sysctl->path);

	if (value < sysctl->least)
		value = sysctl->least;
	if (before && before < value && !sysctl_write(sysctl->path, value))
		sysctl->before = before;
}

static void rlimit_raise(int resource, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) || limit.rlim_cur >= value)
		return;
	limit.rlim_cur = value;
	if (limit.rlim_max < value)
		limit.rlim_max = value;
	/* Where it is not permitted, a mechanism refuses what is too much. */
	setrlimit(resource, &limit);
}

void limits_raise(const struct options *options)
{
	size_t largest = 0;
	size_t i;

	for (i = 0; i < options->n_sizes; i++)
		if (options->sizes[i] > largest)
			largest = options->sizes[i];
	for (i = 0; i < N_SYSCTLS; i++)
		sysctl_raise(&sysctls[i], largest);
	rlimit_raise(RLIMIT_MSGQUEUE, RLIM_INFINITY);
}

void limits_restore(void)
{
	size_t i;

	for (i = 0; i < N_SYSCTLS; i++) {
		if (sysctls[i].before)
			sysctl_write(sysctls[i].path, sysctls[i].before);
		sysctls[i].before = 0;
	}
}
