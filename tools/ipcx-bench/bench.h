/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipcx-bench: ipcx and its peers in one run.
 *
 * A mechanism says what it can do in up to five structures; drivers (pair.c)
 * turn those into measures. A row is one figure: a mechanism, a measure, a
 * size, a place. Each row is measured by a process of its own, the worker, so
 * that no row inherits another's heap, descriptors or scheduling history; a
 * measure of two processes has a second one, the partner, which the worker
 * forks once everything is open.
 *
 * All functions of mechanisms return 0 or a negative errno.
 */
#ifndef IPCX_BENCH_H
#define IPCX_BENCH_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum group {
	GROUP_IPCX,
	GROUP_PEERS,
	GROUP_FLOORS,
	N_GROUPS
};

enum measure {
	MEASURE_OP,
	MEASURE_ROUND_TRIP,
	MEASURE_ONE_WAY,
	MEASURE_CONTENDED,
	MEASURE_CREATE,
	MEASURE_GROWTH,
	N_MEASURES
};

enum place {
	PLACE_NONE, /* one process only */
	PLACE_SAME, /* both on one CPU */
	PLACE_APART, /* on two */
	N_PLACES
};

/* The worker, which takes the time, and its partner. */
enum side {
	WORKER = 0,
	PARTNER = 1
};

/* What an operation roughly costs; it decides how often it is repeated. */
enum cost {
	COST_CALL, /* a system call or two */
	COST_USER, /* tens of instructions */
	COST_SWITCH, /* a context switch or two */
	COST_HEAVY /* tens of thousands of instructions */
};

/* What a mechanism is told when it opens. */
struct run {
	size_t size; /* bytes of a message, or objects in MEASURE_GROWTH */
	enum measure measure;
	enum place place;
	int variant; /* of the mechanism */
};

/*
 * What a pipe holds by default. Channels whose capacity can be chosen hold as
 * much, so that none sleeps more often than others.
 */
#define USUAL_CAPACITY ((size_t)64 << 10)

/* In front of every message there are so many bytes that may be written. */
#define BUFFER_HEADROOM 64

/* Can be sent through: in both directions, by both sides. */
struct channel {
	bool has_payload;
	bool in_place; /* the receiver gets no copy */
	unsigned int cannot; /* measures that make no sense, as bits */
	enum cost cost; /* of a message that nobody waits for */
	/* Why it cannot do this run, or NULL; may be NULL. */
	const char *(*refuses)(const struct run *run);
	int (*open)(const struct run *run);
	/* What each side does for itself after the fork; may be NULL. */
	int (*join)(enum side side);
	/* From @side, to @side. */
	int (*send)(enum side side, const void *buf, size_t size);
	int (*receive)(enum side side, void *buf, size_t size);
	/* Sends and then receives, where one call does both; may be NULL. */
	int (*exchange)(enum side side);
	void (*close)(void);
};

/* Can be held by one at a time. */
struct lock {
	enum cost cost;
	int (*open)(const struct run *run);
	/* What each side does for itself after the fork; may be NULL. */
	int (*join)(enum side side);
	int (*acquire)(void);
	int (*release)(void);
	void (*close)(void);
	bool shared; /* several can hold it: nothing to contend for */
};

/* Is one call. */
struct single {
	enum cost cost;
	bool all_sizes; /* of the selection; otherwise it has no size */
	int (*open)(const struct run *run); /* may be NULL */
	int (*once)(void);
	void (*close)(void); /* may be NULL */
};

struct mechanism {
	const char *name;
	enum group group;
	const char *text;
	/* Why this machine does not have it, or NULL; may be NULL. */
	const char *(*missing)(void);
	const struct channel *channel;
	const struct lock *lock;
	const struct single *op;
	const struct single *create;
	const struct single *growth;
	int variant;
};

#define BIT_OF(measure) (1U << (measure))

/* main.c: ends with an entry that has no name. */
extern const struct mechanism *const mechanisms[];

extern const struct mechanism floors_mechanisms[];
extern const struct mechanism ipcx_sem_mechanisms[];
extern const struct mechanism ipcx_lock_mechanisms[];
extern const struct mechanism ipcx_region_mechanisms[];
extern const struct mechanism ipcx_ring_mechanisms[];
extern const struct mechanism ipcx_channel_mechanisms[];
extern const struct mechanism ipcx_mailbox_mechanisms[];
extern const struct mechanism pipe_mechanisms[];
extern const struct mechanism unix_mechanisms[];
extern const struct mechanism mqueue_mechanisms[];
extern const struct mechanism sysv_mechanisms[];
extern const struct mechanism posix_sem_mechanisms[];
extern const struct mechanism mutex_mechanisms[];
extern const struct mechanism rwlock_mechanisms[];
extern const struct mechanism eventfd_mechanisms[];
extern const struct mechanism futex_mechanisms[];
extern const struct mechanism shm_ring_mechanisms[];
extern const struct mechanism vm_readv_mechanisms[];
extern const struct mechanism memory_mechanisms[];
extern const struct mechanism ntsync_mechanisms[];

/* One figure. @missing says why there is none. */
struct row {
	const struct mechanism *mechanism;
	struct run run;
	bool has_size;
	const char *missing;
	unsigned int n; /* operations in one repetition */
	double value; /* median, for one operation */
	double min;
	double max;
};

#define NO_SIZE ((size_t)-1)

#define MAX_REPEAT 101

struct options {
	const char *only; /* lists, or NULL for all */
	const char *measures;
	size_t sizes[16];
	unsigned int n_sizes;
	bool places[N_PLACES];
	unsigned int repeat;
	const char *unit;
	bool json;
	bool list;
	const char *output;
};

struct results {
	const struct options *options;
	struct row *rows;
	size_t n_rows;
	int cpus;
};

/* options.c */
extern const char *const group_names[N_GROUPS];
extern const char *const measure_names[N_MEASURES];
extern const char *const place_names[N_PLACES];

/* Exits with 2 after a message when something is wrong, 0 after --help. */
void options_read(struct options *options, int argc, char **argv);
bool options_want(const struct options *options,
		  const struct mechanism *mechanism, enum measure measure);
/* Whether @group was asked for by name. */
bool options_ask_for(const struct options *options, enum group group);

/* rows.c */
void rows_make(struct results *results);
#define ROW_ID_SIZE 96
const char *row_id(const struct row *row, char buffer[ROW_ID_SIZE]);
/* Which structure of the mechanism does this measure, if any. */
bool mechanism_can(const struct mechanism *mechanism, enum measure measure);

/* worker.c: measures a row in a process of its own; 0, or -1 after a message */
int row_measure(struct row *row, unsigned int repeat);
/* Sets up what all rows share; undoes it. */
int workers_start(void);
void workers_stop(void);

/* measure.c */
uint64_t now(void);

/* How long the repetitions of a row took, the worker's to the supervisor. */
struct timing {
	unsigned int n;
	unsigned int repeat;
	double took[MAX_REPEAT]; /* nanoseconds for one operation */
};

double timing_median(struct timing *timing); /* sorts */
void timing_summarize(struct timing *timing, struct row *row);
unsigned int iterations(enum cost cost, size_t size);

/* pair.c: run in the worker; 0 or a negative errno */
int drive(const struct row *row, struct timing *timing);

/* shared.c: the CPUs, and memory that worker and partner share */
int cpus_available(void);
int pin(enum side side, enum place place);
void *shared_alloc(size_t size); /* zeros, all of it there; NULL on failure */
void shared_free(void *memory, size_t size);
int futex_wait(_Atomic uint32_t *word, uint32_t value);
int futex_wake(_Atomic uint32_t *word);

/* A counter that one side raises and another waits for. */
void count_up(_Atomic uint32_t *count);
void count_await(_Atomic uint32_t *count, uint32_t value);

/*
 * limits.c: what an administrator would raise for the largest size of the
 * run; sysctls are set back when it ends.
 */
void limits_raise(const struct options *options);
void limits_restore(void);
uint64_t sysctl_read(const char *path);

/*
 * leftovers.c: what outlives its processes. A worker enters the identifiers
 * of System V that it creates, and gives all others the one name that the run
 * has; the supervisor removes what it left behind.
 */
enum leftover {
	LEFT_NOTHING,
	LEFT_MSG,
	LEFT_SEM
};

int leftovers_init(void);
int leftover_add(enum leftover kind, int id);
void leftovers_remove(void);
const char *leftover_name(void);

/* report.c, json.c */
void report_print(const struct results *results, FILE *out);
void json_print(const struct results *results, FILE *out);

/* What a system call that gave @result means; exactly @size is right. */
static inline int transferred(ssize_t result, size_t size)
{
	if (result < 0)
		return -errno;
	return (size_t)result == size ? 0 : -EMSGSIZE;
}

static inline int checked(long result)
{
	return result < 0 ? -errno : 0;
}

#endif /* IPCX_BENCH_H */
