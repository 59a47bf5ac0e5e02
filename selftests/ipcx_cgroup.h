/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory cgroups.
 */
#ifndef IPCX_CGROUP_H
#define IPCX_CGROUP_H

#include "ipcx_test.h"

#include <sys/mount.h>
#include <sys/stat.h>

struct t_cgroups {
	char root[64]; /* where cgroup2 is mounted */
	bool mounted; /* by us */
};

/* 0, or the negative errno. */
static inline int t_write_text(const char *dir, const char *name,
			       const char *text)
{
	char path[256];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* A line of memory.stat, or -1. */
static inline long long t_memory_stat(const char *dir, const char *key)
{
	char path[256], line[128];
	long long value = -1;
	size_t len = strlen(key);
	FILE *f;

	snprintf(path, sizeof(path), "%s/memory.stat", dir);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len) && line[len] == ' ')
			value = atoll(line + len);
	if (f)
		fclose(f);
	return value;
}

/* What a cgroup is charged, or -1. */
static inline long long t_memory(const char *dir)
{
	long long value = -1;
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/memory.current", dir);
	f = fopen(path, "re");
	if (f && fscanf(f, "%lld", &value) != 1)
		value = -1;
	if (f)
		fclose(f);
	return value;
}

/* False where there are none, or not for us. */
static inline bool t_cgroups_begin(struct t_cgroups *c)
{
	memset(c, 0, sizeof(*c));
	if (geteuid())
		return false;
	strcpy(c->root, "/sys/fs/cgroup");
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK)) {
		snprintf(c->root, sizeof(c->root), "/tmp/ipcx-cgroup-%d",
			 getpid());
		mkdir(c->root, 0700);
		c->mounted = !mount("none", c->root, "cgroup2", 0, NULL);
		if (!c->mounted)
			return false;
	}
	t_write_text(c->root, "cgroup.subtree_control", "+memory");
	return true;
}

/* False when there is no memory controller. */
static inline bool t_cgroup(const struct t_cgroups *c, const char *name,
			    char dir[128])
{
	snprintf(dir, 128, "%s/ipcx-%s-%d", c->root, name, getpid());
	return !mkdir(dir, 0755) && t_memory_stat(dir, "slab") >= 0;
}

static inline void t_cgroup_end(const char *dir)
{
	T_UNTIL(!dir[0] || !rmdir(dir) || errno != EBUSY);
}

static inline void t_cgroups_end(struct t_cgroups *c)
{
	if (!c->mounted)
		return;
	umount(c->root);
	rmdir(c->root);
}

#endif /* IPCX_CGROUP_H */
