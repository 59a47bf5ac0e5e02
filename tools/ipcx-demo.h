/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The demo's own header: what its parts share.
 */
#ifndef IPCX_DEMO_H
#define IPCX_DEMO_H

#include <ipcx.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DEMO_CHUNK	 (64 * 1024)
#define DEMO_INPUT_MIN	 (8 * 1024 * 1024)
#define DEMO_INPUT_LEAST (1024 * 1024)
#define DEMO_INPUTS_MAX	 16
#define DEMO_KEPT_MAX	 32
#define DEMO_NS_PER_S	 1000000000ULL
#define DEMO_PATIENCE_S	 240

/**
 * struct demo - What every part is given
 * @ipcx: The device; names are looked up in its namespace
 * @inputs: Paths of the files that serve as input, read one after another
 * @n_inputs: How many of them there are
 * @input_bytes: Size of all of them together
 * @kept: Descriptors of objects that stay until the end of the tour
 * @n_kept: How many of them there are
 */
struct demo {
	struct ipcx *ipcx;
	const char *inputs[DEMO_INPUTS_MAX];
	unsigned int n_inputs;
	uint64_t input_bytes;
	int kept[DEMO_KEPT_MAX];
	unsigned int n_kept;
};

/**
 * struct demo_result - What a part reports for the table at the end
 * @result: What was found, in a few words
 * @figure: The number that goes with it, with its unit
 */
struct demo_result {
	char result[40];
	char figure[24];
};

/* The parts. Each returns 0 when all that it checks held, and -1 otherwise. */
int demo_move(struct demo *demo, struct demo_result *res);
int demo_death(struct demo *demo, struct demo_result *res);
int demo_count(struct demo *demo, struct demo_result *res);
int demo_order(struct demo *demo, struct demo_result *res);
int demo_array(struct demo *demo, struct demo_result *res);
int demo_mail(struct demo *demo, struct demo_result *res);
int demo_filter(struct demo *demo, struct demo_result *res);
int demo_look(struct demo *demo, struct demo_result *res);

/* Prints a line of the story. */
void demo_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints why a check did not hold, and returns -1. */
int demo_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* demo_fail() with the name of a negative errno. */
int demo_error(const char *what, int err);

/* Keeps the object behind a descriptor alive until the end of the tour. */
void demo_keep(struct demo *demo, int fd);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t demo_now(void);

/* P, and taking a lock, for a few minutes at most: nothing here takes longer. */
int demo_wait(struct ipcx_sem *sem);
int demo_lock(struct ipcx_lock *lock, pid_t *ret_dead_pid);

/**
 * demo_region() - Create and map a region
 * @demo: Where it is kept
 * @name: Its name
 * @size: Its size in bytes
 * @ret_addr: Where it is mapped; unmap it with ipcx_region_unmap()
 *
 * Return: 0 or a negative errno.
 */
int demo_region(struct demo *demo, const char *name, size_t size,
		void **ret_addr);

/* Seconds since @since, as a number to print. */
double demo_seconds(uint64_t since);

/**
 * demo_fork() - Start a process
 * @work: What it does; its return value, 0 or not, is its exit status
 * @arg: Handed to @work
 *
 * The process dies with its parent, and after a few minutes in any case.
 * Return: Its pid, or a negative errno.
 */
pid_t demo_fork(int (*work)(void *arg), void *arg);

/* Waits for @n processes; -1 unless all of them exited with 0. */
int demo_join(const pid_t *pids, unsigned int n);

/* Kills (SIGKILL) and reaps those of @n processes that are above 0. */
void demo_kill(pid_t *pids, unsigned int n);

/* Reads all of @len bytes unless the file ends; bytes read or -errno. */
ssize_t demo_read_all(int fd, void *buf, size_t len);

/**
 * demo_read_input() - Hand the input, in pieces, to a function
 * @demo: Whose inputs
 * @buf: Room for DEMO_CHUNK bytes
 * @take: Gets every piece with its offset; not 0 ends the reading
 * @arg: Handed to @take
 *
 * Return: 0, what @take returned, or a negative errno.
 */
int demo_read_input(const struct demo *demo, void *buf,
		    int (*take)(void *arg, const void *buf, size_t len,
				uint64_t offset),
		    void *arg);

/**
 * demo_start() - Start a program
 * @argv: The program and its arguments, ended by NULL
 * @in: Its standard input, or -1 to leave that as it is
 * @out: Its standard output, or -1
 *
 * Return: Its pid, or a negative number.
 */
pid_t demo_start(const char *const *argv, int in, int out);

#define DEMO_SHA256_LEN 64

/**
 * demo_sha256() - Let sha256sum(1) compute a checksum
 * @paths: Files, read one after another
 * @n: How many
 * @ret_hex: DEMO_SHA256_LEN digits and a NUL
 *
 * Return: 0 or a negative errno.
 */
int demo_sha256(const char *const *paths, unsigned int n, char *ret_hex);

/**
 * demo_run() - Run a program, print what it says, and keep it
 * @argv: The program and its arguments, ended by NULL
 * @ret_output: The beginning of its output, NUL-terminated
 * @size: Size of @ret_output
 *
 * Return: Its exit status, or a negative errno.
 */
int demo_run(const char *const *argv, char *ret_output, size_t size);

#endif /* IPCX_DEMO_H */
