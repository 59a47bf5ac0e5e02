/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fail the n-th: an operation is carried out again and again, and each time one
 * allocation, or one copy from or to user space, later than before fails inside
 * of it, until it succeeds without.  An operation is a row of a table, see
 * struct fault_op; fault_sweep() does the rest:
 *
 *   - the world, a device handle and an object of each kind, is as after a
 *     success, or it is as it was before: values, holders, waiters, rights,
 *     names, mappings, readiness for poll, what is charged, descriptors;
 *   - the call returned what it may return, and wrote nothing when it failed;
 *   - when the world is closed, nothing of it is left.
 */
#ifndef IPCX_FAULT_H
#define IPCX_FAULT_H

#include "ipcx_fd.h"

/* The objects of the world; EXTRA is for an operation to make, or -1. */
enum {
	FAULT_PLAIN, /* 5 of 10, with a name */
	FAULT_OTHER, /* plain, 5 of 10 */
	FAULT_OWNED, /* 5 of 10 */
	FAULT_LOCK,
	FAULT_REGION,
	FAULT_MAILBOX, /* two messages, 0 and 1, and room for two */
	FAULT_CHANNEL, /* no end */
	FAULT_WRITER,
	FAULT_READER, /* FAULT_QUEUED bytes to read */
	FAULT_EXTRA,
	FAULT_OBJECTS
};

/* Objects of which there is no second handle. */
#define FAULT_WHOLE (FAULT_CHANNEL + 1)

#define FAULT_REGION_PAGES 4
#define FAULT_MESSAGE_SIZE 10000
#define FAULT_ARG_SIZE	   320
#define FAULT_QUEUED	   1000

struct fault_world {
	int dev;
	int obj[FAULT_OBJECTS];
	char name[IPCX_NAME_SIZE]; /* of FAULT_PLAIN */
	char other_name[IPCX_NAME_SIZE]; /* that nobody has */
	/* For an ioctl: on what, which, and its structure before and after. */
	int on;
	unsigned long cmd;
	char arg[FAULT_ARG_SIZE] __attribute__((aligned(8)));
	char reply[FAULT_ARG_SIZE] __attribute__((aligned(8)));
	/* What else an operation makes. */
	int fd, fds[2];
	char *map, *map2;
	size_t map_size, map2_size;
	pid_t pid;
};

/* What can be seen of it. */
struct fault_state {
	struct ipcx_stat stat[FAULT_OBJECTS];
	struct ipcx_sem_stat sem[FAULT_OBJECTS];
	struct ipcx_region_stat region[FAULT_OBJECTS];
	struct ipcx_mailbox_stat mailbox[FAULT_OBJECTS];
	struct ipcx_channel_stat channel[FAULT_OBJECTS];
	int events[FAULT_OBJECTS];
	unsigned long long used[IPCX_RESOURCE_COUNT];
	int fds;
};

/* Where an operation is carried out. */
enum fault_where {
	FAULT_HERE,
	/* By a new process, which holds nothing yet and then dies. */
	FAULT_CHILD,
	/* As that, but it is the death that is to fail, behind run(). */
	FAULT_DEATH
};

/**
 * struct fault_op - An operation
 * @name: For the log
 * @cmd: The number of the ioctl that it is, or 0
 * @where: Who carries it out
 * @expect: What run() returns when all goes well: a number, or a negative errno
 * @also: Errors it may return beside -ENOMEM and -EFAULT; negative
 * @prepare: Makes what it needs: 0, or a negative errno. May be NULL
 * @enter: In the new process, before anything fails. May be NULL
 * @run: The operation itself: nothing but system calls
 * @verify: After success: is it done? May be NULL
 * @still: After failure: is it really not done? May be NULL
 * @allow: After failure: changes in @before what may differ. May be NULL
 * @clean: Undoes prepare(), and run() when it succeeded. May be NULL
 */
struct fault_op {
	const char *name;
	unsigned long cmd;
	enum fault_where where;
	int expect;
	int also[3];
	int (*prepare)(struct fault_world *w);
	int (*enter)(struct fault_world *w);
	int (*run)(struct fault_world *w);
	bool (*verify)(struct fault_world *w);
	bool (*still)(struct fault_world *w);
	void (*allow)(struct fault_state *before, const struct fault_state *now,
		      int ret);
	void (*clean)(struct fault_world *w);
};

struct fault_table {
	const struct fault_op *ops;
	unsigned int nr;
};

extern const struct fault_table fault_ioctls, fault_sems, fault_files,
	fault_maps, fault_netlinks, fault_deaths, fault_mailboxes,
	fault_channels;

/* NULL when faults can be injected, and are set up; else why not. */
const char *fault_begin(void);
/* Puts the kernel's settings back. */
void fault_end(void);

/* Lets the @nth chance of a fault from here on fail in this thread. */
void fault_arm(int nth);
/* How many chances are left until then: 0 when it has failed. */
int fault_left(void);
/* True when it has failed; nothing does any more. */
bool fault_disarm(void);
/* The same of a process that has died, and was not reaped. */
bool fault_hit_in(pid_t zombie);

/* Sweeps through one operation: how many things were wrong. */
int fault_sweep(const struct fault_op *op);
int fault_sweep_table(const struct fault_table *table);
/* Each operation once, without faults. */
int fault_rehearse_table(const struct fault_table *table);

/* How many operations there were, and how many faults, in all processes. */
void fault_totals(unsigned int *operations, unsigned int *faults);
void fault_count(unsigned int operations, unsigned int faults);

bool fault_world_open(struct fault_world *w);
void fault_world_close(struct fault_world *w);

/* run() of every ioctl. */
int fault_ioctl(struct fault_world *w);

/* A new process takes with @take, and dies of it: 0, or a negative errno. */
int fault_die_holding(int fd, int (*take)(int fd));

/* How many leaks of our making kmemleak knows; negative: there is none. */
int fault_leaks(void);

#endif /* IPCX_FAULT_H */
