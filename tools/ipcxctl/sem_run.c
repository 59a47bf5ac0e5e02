// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sem run: hold units while a command runs.
 *
 * Units belong to ipcxctl, as exec counts as the death of what was before. So
 * ipcxctl stays until the command has ended, and passes on signals sent to it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "sem.h"

/* Tells COMMAND which process died; "0" when it is not known here. */
#define DEAD_VARIABLE "IPCX_OWNER_DEAD"

struct before {
	sigset_t mask;
	struct sigaction child_action;
	pid_t pid;
};

static void watched_signals(sigset_t *set)
{
	static const int signals[] = { SIGCHLD, SIGHUP,	 SIGINT, SIGQUIT,
				       SIGTERM, SIGUSR1, SIGUSR2 };
	size_t i;

	sigemptyset(set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

static void run_child(char **child, const struct before *before)
{
	int error;

	/* If ipcxctl is killed, the units go back and COMMAND should end. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigaction(SIGCHLD, &before->child_action, NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
	if (getppid() != before->pid)
		_exit(CTL_ERROR);
	execvp(child[0], child);
	error = errno;
	msg(CTL_ERROR, "%s: %s", child[0], strerror(error));
	_exit(error == ENOENT ? CTL_NO_COMMAND : CTL_NOT_EXECUTABLE);
}

/* Waits for the end of @child; signals of the terminal reach it directly. */
static int wait_child(pid_t child, const sigset_t *watched)
{
	siginfo_t info;
	int status;
	pid_t r;

	for (;;) {
		r = waitpid(child, &status, WNOHANG);
		if (r == child)
			break;
		if (r < 0)
			return msg(CTL_ERROR, "cannot wait for the command: %s",
				   strerror(errno));
		if (sigwaitinfo(watched, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD && info.si_code <= 0)
			kill(child, info.si_signo);
	}
	if (WIFSIGNALED(status))
		return CTL_SIGNALLED + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static int run(char **child)
{
	struct sigaction normal = { .sa_handler = SIG_DFL };
	struct before before = { .pid = getpid() };
	sigset_t watched;
	int status;
	pid_t pid;

	watched_signals(&watched);
	sigprocmask(SIG_BLOCK, &watched, &before.mask);
	sigaction(SIGCHLD, &normal, &before.child_action);
	pid = fork();
	if (pid == 0)
		run_child(child, &before);
	if (pid < 0)
		status = msg(CTL_ERROR, "cannot fork: %s", strerror(errno));
	else
		status = wait_child(pid, &watched);
	return status;
}

/* A dead holder is no error: the units are taken, but COMMAND may care. */
static void tell_death(const char *name, const struct ipcx_death *death)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "%d", death->pid);
	setenv(DEAD_VARIABLE, pid, 1);
	msg(CTL_OK, "%s: process %s died while it held it (units: %u)", name,
	    death->pid ? pid : "(not known here)", death->units);
}

static int make_consistent(struct ipcx *ipcx, const char *name)
{
	struct ipcx_lock *lock;
	int r;

	r = ipcx_lock_open(ipcx, name, 0, &lock);
	if (r == 0) {
		r = ipcx_lock_consistent(lock);
		ipcx_lock_free(lock);
	}
	return r < 0 ? msg_error(r, "%s: --consistent", name) : CTL_OK;
}

static int take_and_run(const struct arguments *args, struct ipcx *ipcx,
			struct ipcx_sem *sem, uint32_t units,
			const struct patience *patience)
{
	const char *name = args->operand[0];
	struct ipcx_death death = { 0 };
	struct ipcx_deadline deadline;
	int r, status;
	bool died;

	unsetenv(DEAD_VARIABLE);
	r = ipcx_sem_wait_n(sem, units, patience_deadline(patience, &deadline),
			    &death);
	died = r == -EOWNERDEAD;
	if (died)
		tell_death(name, &death);
	else if (r < 0)
		return msg_error(r, "%s", name);
	status = run(args->child);
	if (died && status == 0 && has_option(args, OPT_CONSISTENT))
		status = make_consistent(ipcx, name);
	r = ipcx_sem_post_n(sem, units);
	if (r < 0) {
		r = msg_error(r, "%s: cannot give back", name);
		status = status ? status : r;
	}
	return status;
}

/* To give units back takes WRITE only where nobody owns them. */
static int open_to_run(struct ipcx *ipcx, const char *name,
		       struct ipcx_sem **ret_sem, struct ipcx_sem_stat *stat)
{
	int r;

	r = sem_open_kind(ipcx, name, IPCX_RIGHT_READ, ret_sem, stat);
	if (r || stat->out_kind != IPCX_SEM_PLAIN)
		return r;
	ipcx_sem_free(*ret_sem);
	return sem_open_kind(ipcx, name, IPCX_RIGHT_READ | IPCX_RIGHT_WRITE,
			     ret_sem, stat);
}

static int sem_run_run(const struct arguments *args)
{
	const char *name = args->operand[0];
	struct ipcx_sem_stat stat;
	struct patience patience;
	struct ipcx_sem *sem;
	struct ipcx *ipcx;
	uint32_t units;
	int r;

	if (operand_name(args, 0) || operand_units(args, 1, &units) ||
	    option_patience(args, &patience))
		return CTL_USAGE;
	r = device_open(&ipcx);
	if (r)
		return r;
	r = open_to_run(ipcx, name, &sem, &stat);
	if (r)
		goto out_close;
	if (has_option(args, OPT_CONSISTENT) && stat.out_kind != IPCX_SEM_LOCK)
		r = msg(CTL_USAGE, "--consistent: %s is not a lock", name);
	if (!r)
		r = sem_check_units(name, units, &stat);
	if (!r)
		r = take_and_run(args, ipcx, sem, units, &patience);
	ipcx_sem_free(sem);

out_close:
	ipcx_close(ipcx);
	return r;
}

static const struct option_spec run_options[] = {
	{ "consistent", OPT_CONSISTENT, NULL,
	  "Lock: end EOWNERDEAD when COMMAND succeeds" },
	{ NULL },
};

const struct command sem_run_command = {
	.name = "sem run",
	.operands = "NAME [N]",
	.min_operands = 1,
	.max_operands = 2,
	.runs = true,
	.summary = "Hold N units (1) while COMMAND runs",
	.text = "Exits with COMMAND's status, or 128 plus the signal that ended "
		"it. When ipcxctl is\nkilled, owned units and locks come back "
		"at once, and COMMAND is sent SIGTERM.\nWhen a holder died "
		"before, COMMAND finds its pid in $" DEAD_VARIABLE ".",
	.options = run_options,
	.shared = patience_options,
	.run = sem_run_run,
};
