// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ipcx-cost: what semaphores and locks cost beside those of glibc and System V,
 * in one run. On the deterministic clock (vm --icount) one nanosecond is one
 * instruction; elsewhere the figures are nanoseconds, and only their ratios
 * mean something.
 */
#include <ipcx.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPETITIONS 5

/* One operation; @cost is the median, less that of the loop around it. */
struct op {
	const char *name;
	int (*start)(int arg);
	int arg;
	int (*once)(void);
	void (*stop)(void);
	unsigned int n;
	double cost;
};

/* What glibc's live in. */
struct shared {
	sem_t sem;
	pthread_mutex_t mutex;
};

/* What the operations work on; one row is alive at a time. */
static struct ipcx *ipcx;
static struct ipcx_sem *ipcx_a, *ipcx_b;
static struct ipcx_lock *lock;
static struct shared *shared;
static int event_a = -1, event_b = -1;
static int sysv = -1;
static pid_t echo;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Starts the process on the other side of a round trip. */
static int start_echo(int (*turn)(void))
{
	echo = fork();
	if (echo)
		return echo < 0 ? -1 : 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!turn())
		;
	_exit(EXIT_FAILURE);
}

static void stop_echo(void)
{
	if (echo > 0 && !kill(echo, SIGKILL))
		waitpid(echo, NULL, 0);
	echo = 0;
}

/* ipcx: P and V of a semaphore, plain or owned. */
static int sem_start(int kind)
{
	struct ipcx_sem_config config = {
		.kind = (uint32_t)kind,
		.initial = 1,
		.max = 1,
	};

	return ipcx_sem_create(ipcx, NULL, &config, &ipcx_a);
}

static int sem_pair(void)
{
	return ipcx_sem_wait(ipcx_a) || ipcx_sem_post(ipcx_a);
}

static void ipcx_stop(void)
{
	ipcx_sem_free(ipcx_a);
	ipcx_sem_free(ipcx_b);
	ipcx_lock_free(lock);
	ipcx_a = NULL;
	ipcx_b = NULL;
	lock = NULL;
}

static int create(void)
{
	struct ipcx_sem *sem;
	int err;

	err = ipcx_sem_create(ipcx, NULL, NULL, &sem);
	if (!err)
		ipcx_sem_free(sem);
	return err;
}

/* ipcx: a lock. */
static int lock_start(int arg)
{
	(void)arg;
	return ipcx_lock_create(ipcx, NULL, NULL, &lock);
}

static int lock_pair(void)
{
	return ipcx_lock_acquire(lock) || ipcx_lock_release(lock);
}

/* ipcx: one call that gives to one semaphore and takes from another. */
static int give_and_take(struct ipcx_sem *post, struct ipcx_sem *wait)
{
	uint32_t units = 1;

	return ipcx_sem_handoff(post, &units, wait, 1, NULL, NULL);
}

static int handoff_turn(void)
{
	return give_and_take(ipcx_b, ipcx_a);
}

static int handoff_start(int arg)
{
	(void)arg;
	int err;

	err = ipcx_sem_create(ipcx, NULL, NULL, &ipcx_a);
	if (!err)
		err = ipcx_sem_create(ipcx, NULL, NULL, &ipcx_b);
	if (!err)
		err = start_echo(handoff_turn);
	/* The echo begins with giving; that first unit is nobody's answer. */
	return err ? err : ipcx_sem_wait(ipcx_b);
}

static int handoff_once(void)
{
	return give_and_take(ipcx_a, ipcx_b);
}

static void handoff_stop(void)
{
	stop_echo();
	ipcx_stop();
}

/* glibc: a process-shared semaphore. */
static int posix_start(int arg)
{
	(void)arg;
	return sem_init(&shared->sem, 1, 1);
}

static int posix_once(void)
{
	return sem_wait(&shared->sem) || sem_post(&shared->sem);
}

/* glibc: a process-shared mutex, robust or not. */
static int mutex_start(int robust)
{
	pthread_mutexattr_t attr;
	int err;

	err = pthread_mutexattr_init(&attr);
	err |= pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (robust)
		err |= pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	err |= pthread_mutex_init(&shared->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return err;
}

static int mutex_once(void)
{
	return pthread_mutex_lock(&shared->mutex) ||
	       pthread_mutex_unlock(&shared->mutex);
}

/* System V: semop() with SEM_UNDO. */
static int sysv_op(short delta)
{
	struct sembuf op = { .sem_op = delta, .sem_flg = SEM_UNDO };

	return semop(sysv, &op, 1);
}

static int sysv_start(int arg)
{
	struct sembuf op = { .sem_op = 1 };

	(void)arg;
	sysv = semget(IPC_PRIVATE, 1, 0600);
	return sysv < 0 ? -1 : semop(sysv, &op, 1);
}

static int sysv_once(void)
{
	return sysv_op(-1) || sysv_op(1);
}

static void sysv_stop(void)
{
	semctl(sysv, 0, IPC_RMID);
}

static int sysv_create(void)
{
	int id = semget(IPC_PRIVATE, 1, 0600);

	return id < 0 || semctl(id, 0, IPC_RMID);
}

/* eventfd, as a semaphore. */
static int event_take(int fd)
{
	eventfd_t value;

	return eventfd_read(fd, &value);
}

static int event_turn(void)
{
	return event_take(event_a) || eventfd_write(event_b, 1);
}

static int event_start(int arg)
{
	(void)arg;
	event_a = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
	event_b = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
	return event_a < 0 || event_b < 0 || start_echo(event_turn);
}

static int event_once(void)
{
	return eventfd_write(event_a, 1) || event_take(event_b);
}

static void event_stop(void)
{
	stop_echo();
	close(event_a);
	close(event_b);
}

static int event_create(void)
{
	int fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);

	return fd < 0 || close(fd);
}

static int nothing(void)
{
	return 0;
}

static struct op floor_op = { "nothing", NULL, 0, nothing, NULL, 20000, 0 };

/* Beside one another; where it is required, ours must not cost more. */
/* clang-format off */
static struct comparison {
	const char *what;
	int required;
	struct op ours;
	struct op peer;
} comparisons[] = {
	{ "P + V", 1,
	  { "plain", sem_start, IPCX_SEM_PLAIN, sem_pair, ipcx_stop, 20000, 0 },
	  { "glibc sem_t, process-shared", posix_start, 0, posix_once, NULL,
	    20000, 0 } },
	{ "lock + unlock", 1,
	  { "lock", lock_start, 0, lock_pair, ipcx_stop, 20000, 0 },
	  { "glibc mutex, process-shared, robust", mutex_start, 1, mutex_once,
	    NULL, 20000, 0 } },
	{ "lock + unlock", 0,
	  { "lock", lock_start, 0, lock_pair, ipcx_stop, 20000, 0 },
	  { "the same, not robust", mutex_start, 0, mutex_once, NULL, 20000,
	    0 } },
	{ "P + V, crash-safe", 1,
	  { "owned", sem_start, IPCX_SEM_OWNED, sem_pair, ipcx_stop, 5000, 0 },
	  { "semop with SEM_UNDO", sysv_start, 0, sysv_once, sysv_stop, 5000,
	    0 } },
	{ "round trip", 0,
	  { "handoff", handoff_start, 0, handoff_once, handoff_stop, 2000, 0 },
	  { "eventfd, write and read", event_start, 0, event_once, event_stop,
	    2000, 0 } },
	{ "create + destroy", 0,
	  { "create", NULL, 0, create, NULL, 1000, 0 },
	  { "semget, IPC_RMID", NULL, 0, sysv_create, NULL, 1000, 0 } },
	{ "create + destroy", 0,
	  { "create", NULL, 0, create, NULL, 1000, 0 },
	  { "eventfd, close", NULL, 0, event_create, NULL, 1000, 0 } },
};

/* clang-format on */

#define N_COMPARISONS (sizeof(comparisons) / sizeof(comparisons[0]))

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int repeat(int (*once)(void), unsigned int n)
{
	int err = 0;

	while (n-- && !err)
		err = once();
	return err;
}

static int measure(struct op *op)
{
	uint64_t took[REPETITIONS];
	int err;
	int i;

	err = op->start && op->start(op->arg);
	if (!err)
		err = repeat(op->once, op->n / 4);
	for (i = 0; i < REPETITIONS && !err; i++) {
		took[i] = now();
		err = repeat(op->once, op->n);
		took[i] = now() - took[i];
	}
	if (op->stop)
		op->stop();
	if (err) {
		fprintf(stderr, "ipcx-cost: %s failed\n", op->name);
		return -1;
	}
	qsort(took, REPETITIONS, sizeof(took[0]), compare_u64);
	op->cost = (double)took[REPETITIONS / 2] / op->n - floor_op.cost;
	return 0;
}

static const char *verdict(const struct comparison *c)
{
	if (!c->required)
		return "-";
	return c->ours.cost <= c->peer.cost ? "PASS" : "FAIL";
}

static void print_table(void)
{
	size_t i;

	printf("Cost of one operation (ns; instructions on the deterministic "
	       "clock)\n\n%-18s %8s  %-36s %8s  %s\n",
	       "operation", "ipcx", "peer", "cost", "");
	for (i = 0; i < N_COMPARISONS; i++)
		printf("%-18s %8.0f  %-36s %8.0f  %s\n", comparisons[i].what,
		       comparisons[i].ours.cost, comparisons[i].peer.name,
		       comparisons[i].peer.cost, verdict(&comparisons[i]));
}

int main(void)
{
	int failed = 0;
	size_t i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || ipcx_open(NULL, &ipcx)) {
		fprintf(stderr, "ipcx-cost: cannot open /dev/ipcx\n");
		return EXIT_FAILURE;
	}
	if (measure(&floor_op))
		return EXIT_FAILURE;
	for (i = 0; i < N_COMPARISONS; i++)
		if (measure(&comparisons[i].ours) ||
		    measure(&comparisons[i].peer))
			return EXIT_FAILURE;
	print_table();
	for (i = 0; i < N_COMPARISONS; i++)
		failed += !strcmp(verdict(&comparisons[i]), "FAIL");
	ipcx_close(ipcx);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
