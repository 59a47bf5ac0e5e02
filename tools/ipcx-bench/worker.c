// SPDX-License-Identifier: GPL-2.0-or-later
/* The supervisor's side of workers: start one, await it, take its figures. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* A row that takes longer has stopped. */
#define ROW_SECONDS 120

/* A worker that creates and destroys does not stop in between. */
#define GRACE_SECONDS 5

static struct timing *timing;
static sigset_t signals;
static sigset_t signals_before;

int workers_start(void)
{
	timing = shared_alloc(sizeof(*timing));
	if (!timing || leftovers_init())
		return -ENOMEM;
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	/* They are taken by sigtimedwait(); nothing runs in a handler. */
	return checked(sigprocmask(SIG_BLOCK, &signals, &signals_before));
}

void workers_stop(void)
{
	leftovers_remove();
	limits_restore();
	sigprocmask(SIG_SETMASK, &signals_before, NULL);
}

static void work(const struct row *row)
{
	bool uninterrupted = row->run.measure == MEASURE_CREATE;
	char id[ROW_ID_SIZE];
	sigset_t term;
	int err;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* Pages of other sizes come when it suits the kernel. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	/* The terminal's signals are for the supervisor, which ends us. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_SETMASK, &signals_before, NULL);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	if (uninterrupted)
		sigprocmask(SIG_BLOCK, &term, NULL);
	err = pin(WORKER, row->run.place);
	if (!err)
		err = drive(row, timing);
	if (err)
		fprintf(stderr, "ipcx-bench: %s: %s\n", row_id(row, id),
			strerror(-err));
	_exit(err ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* The next signal, or 0 when the time is up. */
static int next_signal(int seconds)
{
	struct timespec limit = { .tv_sec = seconds };
	int signo;

	do {
		signo = sigtimedwait(&signals, NULL, &limit);
	} while (signo < 0 && errno == EINTR);
	return signo < 0 ? 0 : signo;
}

static void worker_end(pid_t worker)
{
	kill(worker, SIGTERM);
	if (next_signal(GRACE_SECONDS) != SIGCHLD)
		kill(worker, SIGKILL);
	waitpid(worker, NULL, 0);
}

/* -1 after a message, or by a signal, which then ends us as it would have. */
static int worker_await(pid_t worker, const struct row *row)
{
	int signo = next_signal(ROW_SECONDS);
	char id[ROW_ID_SIZE];
	int status;

	if (signo != SIGCHLD) {
		worker_end(worker);
		if (!signo) {
			fprintf(stderr, "ipcx-bench: %s: stopped for %d s\n",
				row_id(row, id), ROW_SECONDS);
			return -1;
		}
		workers_stop();
		signal(signo, SIG_DFL);
		raise(signo);
		_exit(128 + signo);
	}
	if (waitpid(worker, &status, 0) == worker && WIFEXITED(status) &&
	    WEXITSTATUS(status) == EXIT_SUCCESS)
		return 0;
	if (WIFSIGNALED(status))
		fprintf(stderr, "ipcx-bench: %s: ended by signal %d\n",
			row_id(row, id), WTERMSIG(status));
	else
		fprintf(stderr, "ipcx-bench: %s: failed\n", row_id(row, id));
	return -1;
}

int row_measure(struct row *row, unsigned int repeat)
{
	pid_t worker;
	int result;

	memset(timing, 0, sizeof(*timing));
	timing->repeat = repeat;
	fflush(NULL);
	worker = fork();
	if (worker < 0) {
		perror("ipcx-bench: fork");
		return -1;
	}
	if (!worker)
		work(row);
	result = worker_await(worker, row);
	leftovers_remove();
	if (!result)
		timing_summarize(timing, row);
	return result;
}
