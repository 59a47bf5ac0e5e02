// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Helpers of the demo: telling, time, processes, files, checksums.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ipcx-demo.h"

void demo_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("   ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	fflush(stdout);
}

int demo_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("   FAILED: ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	fflush(stdout);
	return -1;
}

int demo_error(const char *what, int err)
{
	return demo_fail("%s: %s", what, strerror(-err));
}

uint64_t demo_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * DEMO_NS_PER_S + (uint64_t)ts.tv_nsec;
}

int demo_wait(struct ipcx_sem *sem)
{
	struct ipcx_deadline deadline =
		ipcx_deadline_in(DEMO_PATIENCE_S * DEMO_NS_PER_S);

	return ipcx_sem_timedwait(sem, &deadline);
}

int demo_lock(struct ipcx_lock *lock, pid_t *ret_dead_pid)
{
	struct ipcx_deadline deadline =
		ipcx_deadline_in(DEMO_PATIENCE_S * DEMO_NS_PER_S);

	return ipcx_lock_acquire_until(lock, &deadline, ret_dead_pid);
}

void demo_keep(struct demo *demo, int fd)
{
	int copy;

	if (demo->n_kept == DEMO_KEPT_MAX)
		return;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy >= 0)
		demo->kept[demo->n_kept++] = copy;
}

int demo_region(struct demo *demo, const char *name, size_t size,
		void **ret_addr)
{
	struct ipcx_region_config config = {
		.size = size,
		.flags = IPCX_CREATE_F_EXCL | IPCX_REGION_F_RESERVE,
	};
	struct ipcx_region *region;
	int ret;

	ret = ipcx_region_create(demo->ipcx, name, &config, &region);
	if (ret)
		return ret;
	ret = ipcx_region_map(region, PROT_READ | PROT_WRITE, ret_addr, NULL);
	if (!ret)
		demo_keep(demo, ipcx_region_fd(region));
	ipcx_region_free(region);
	return ret;
}

double demo_seconds(uint64_t since)
{
	return (double)(demo_now() - since) / (double)DEMO_NS_PER_S;
}

pid_t demo_fork(int (*work)(void *arg), void *arg)
{
	pid_t parent = getpid();
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0)
		return pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	alarm(DEMO_PATIENCE_S);
	status = work(arg);
	fflush(stdout);
	_exit(status ? EXIT_FAILURE : EXIT_SUCCESS);
}

int demo_join(const pid_t *pids, unsigned int n)
{
	unsigned int i;
	int ret = 0;
	int status;

	for (i = 0; i < n; i++) {
		if (pids[i] <= 0) {
			ret = -1;
			continue;
		}
		while (waitpid(pids[i], &status, 0) < 0 && errno == EINTR)
			;
		if (WIFSIGNALED(status))
			ret = demo_fail("process %d was ended by signal %d",
					(int)pids[i], WTERMSIG(status));
		else if (WEXITSTATUS(status))
			ret = demo_fail("process %d exited with %d",
					(int)pids[i], WEXITSTATUS(status));
	}
	return ret;
}

void demo_kill(pid_t *pids, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (pids[i] <= 0)
			continue;
		kill(pids[i], SIGKILL);
		while (waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			;
		pids[i] = 0;
	}
}

ssize_t demo_read_all(int fd, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, (char *)buf + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int demo_read_input(const struct demo *demo, void *buf,
		    int (*take)(void *arg, const void *buf, size_t len,
				uint64_t offset),
		    void *arg)
{
	uint64_t offset = 0;
	unsigned int i;
	ssize_t n;
	int ret;
	int fd;

	for (i = 0; i < demo->n_inputs; i++) {
		fd = open(demo->inputs[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		ret = 0;
		while (!ret && (n = demo_read_all(fd, buf, DEMO_CHUNK)) != 0) {
			if (n < 0) {
				ret = (int)n;
				break;
			}
			ret = take(arg, buf, (size_t)n, offset);
			offset += (uint64_t)n;
		}
		close(fd);
		if (ret)
			return ret;
	}
	return 0;
}

/* Writes the files into a pipe, in a process of its own. */
static pid_t start_cat(const char *const *paths, unsigned int n, int out)
{
	char buf[4096];
	unsigned int i;
	ssize_t len;
	pid_t pid;
	int fd;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	for (i = 0; i < n; i++) {
		fd = open(paths[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			_exit(EXIT_FAILURE);
		while ((len = demo_read_all(fd, buf, sizeof(buf))) > 0)
			if (write(out, buf, (size_t)len) != len)
				_exit(EXIT_FAILURE);
		close(fd);
	}
	_exit(EXIT_SUCCESS);
}

pid_t demo_start(const char *const *argv, int in, int out)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	if (in >= 0)
		dup2(in, STDIN_FILENO);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int exit_status(pid_t pid)
{
	int status;

	if (pid < 0)
		return -EAGAIN;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

int demo_sha256(const char *const *paths, unsigned int n, char *ret_hex)
{
	static const char *const argv[] = { "sha256sum", NULL };
	int feed[2], answer[2];
	pid_t cat, sum;
	ssize_t len;

	if (pipe2(feed, O_CLOEXEC))
		return -errno;
	if (pipe2(answer, O_CLOEXEC)) {
		close(feed[0]);
		close(feed[1]);
		return -EMFILE;
	}
	cat = start_cat(paths, n, feed[1]);
	sum = demo_start(argv, feed[0], answer[1]);
	close(feed[0]);
	close(feed[1]);
	close(answer[1]);
	len = demo_read_all(answer[0], ret_hex, DEMO_SHA256_LEN);
	close(answer[0]);
	if (exit_status(cat) || exit_status(sum) || len != DEMO_SHA256_LEN)
		return -EIO;
	ret_hex[DEMO_SHA256_LEN] = '\0';
	return 0;
}

int demo_run(const char *const *argv, char *ret_output, size_t size)
{
	char line[512];
	size_t used = 0;
	int answer[2];
	FILE *stream;
	pid_t pid;

	if (pipe2(answer, O_CLOEXEC))
		return -errno;
	pid = demo_start(argv, -1, answer[1]);
	close(answer[1]);
	stream = fdopen(answer[0], "r");
	if (!stream) {
		close(answer[0]);
		return -ENOMEM;
	}
	ret_output[0] = '\0';
	while (fgets(line, sizeof(line), stream)) {
		printf("   | %s", line);
		used += (size_t)snprintf(ret_output + used, size - used, "%s",
					 line);
		if (used >= size)
			used = size - 1;
	}
	fclose(stream);
	fflush(stdout);
	return exit_status(pid);
}
