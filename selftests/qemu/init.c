// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the test VM: runs one command with the module loaded, and says
 * afterwards, over a port of its own, whether the kernel came through it.
 *
 * Serial ports: ttyS0 is the kernel's console, ttyS1 carries the command's
 * input and output, ttyS2 the verdict.  The job lies in /.vm, and is gone
 * before the command starts; it holds a nonce that marks each line of the
 * verdict, so that nothing else that is written to ttyS2 counts.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_REASONS   50
#define MAX_WORDS     4096

/* How long things that should be immediate may take, in milliseconds. */
#define GRACE_KILL     10000
#define GRACE_COUNTERS 3000
#define GRACE_UNLOAD   5000

#define COUNTERS     "/sys/class/misc/ipcx"
#define COMMAND_PORT "/dev/ttyS1"
#define VERDICT_PORT "/dev/ttyS2"

/* The bits of /proc/sys/kernel/tainted that any foreign module sets. */
#define TAINT_ALLOWED (1UL << 12 | 1UL << 13)

/* On the input stream: ESCAPE twice is itself; these stand behind one. */
#define STREAM_ESCAPE 0xfe
#define STREAM_MORE   0x03
#define STREAM_END    0x04

static struct {
	char *nonce; /* marks the lines of the verdict */
	char *argv[MAX_WORDS]; /* the command */
	char *env[MAX_WORDS]; /* NAME=VALUE for it */
	char *load[MAX_WORDS]; /* files of the kernel's modules to load first */
	char *params; /* of the module */
	char *module; /* its file, none to go without */
	char *stdin_kind; /* "tty", "stream" or "none" */
	char *window; /* "ROWS COLUMNS" of the tty */
} job;

static char *reasons[MAX_REASONS];
static int nr_reasons;
static int command_status = 125;

/* ------------------------------------------------------------- helpers */

/* Notes one reason for which this run has failed. */
__attribute__((format(printf, 1, 2))) static void fail(const char *format, ...)
{
	va_list ap;
	char *text;
	int r;

	va_start(ap, format);
	r = vasprintf(&text, format, ap);
	va_end(ap);
	if (r < 0)
		text = "(no memory for the reason)";
	fprintf(stderr, "vm: %s\n", text);
	if (nr_reasons < MAX_REASONS)
		reasons[nr_reasons++] = text;
}

static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* A file's content with a NUL behind it, or NULL. */
static char *read_file(const char *path, size_t *ret_size)
{
	size_t size = 0, room = 4096;
	char *text = malloc(room);
	ssize_t n = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !text)
		goto out;
	while ((n = read(fd, text + size, room - size - 1)) > 0) {
		size += n;
		if (size + 1 < room)
			continue;
		room *= 2;
		text = realloc(text, room);
		if (!text)
			break;
	}
out:
	if (fd >= 0)
		close(fd);
	if (fd < 0 || n < 0 || !text) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	if (ret_size)
		*ret_size = size;
	return text;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

static void write_all(int fd, const char *data, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, data, size);
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			data += n;
			size -= n;
		}
	}
}

/* ------------------------------------------------------------ set-up */

static const struct {
	const char *type, *where, *options;
	mode_t mode;
	bool essential;
} mounts[] = {
	{ "devtmpfs", "/dev", NULL, 0755, true },
	{ "proc", "/proc", NULL, 0555, true },
	{ "sysfs", "/sys", NULL, 0555, true },
	{ "tmpfs", "/tmp", "mode=1777", 01777, true },
	{ "tmpfs", "/run", "mode=755", 0755, true },
	{ "tmpfs", "/dev/shm", "mode=1777", 01777, true },
	{ "devpts", "/dev/pts", "mode=620,ptmxmode=666,gid=5", 0755, true },
	{ "mqueue", "/dev/mqueue", NULL, 01777, false },
	{ "cgroup2", "/sys/fs/cgroup", NULL, 0755, false },
	{ "debugfs", "/sys/kernel/debug", NULL, 0700, false },
	{ "tracefs", "/sys/kernel/tracing", NULL, 0700, false },
};

static void mount_filesystems(void)
{
	size_t i;

	umask(0);
	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		mkdir(mounts[i].where, mounts[i].mode);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0,
			  mounts[i].options) &&
		    errno != EBUSY && mounts[i].essential)
			fail("cannot mount %s: %m", mounts[i].where);
	}
	umask(022);
	chmod("/", 0755);
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpu +pids");
}

/* What init itself says goes to the console. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	if (fd < 0)
		return;
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
}

/* Splits NUL-terminated words. */
static void split_words(char *text, size_t size, char **words)
{
	char *end = text + size;
	int n = 0;

	while (text && text < end && n < MAX_WORDS - 1) {
		words[n++] = text;
		text += strlen(text) + 1;
	}
}

/* Takes the last newline off. */
static char *read_line_file(const char *path)
{
	char *text = read_file(path, NULL);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/* Takes the job out of the file system: the command must not find it. */
static void take_job(void)
{
	static const char *const files[] = { "nonce", "argv",	"env",
					     "load",  "params", "module",
					     "stdin", "window" };
	char path[64], *text;
	size_t i, size = 0;

	job.nonce = read_line_file("/.vm/nonce");
	job.params = read_line_file("/.vm/params");
	job.module = read_line_file("/.vm/module");
	job.stdin_kind = read_line_file("/.vm/stdin");
	job.window = read_line_file("/.vm/window");
	text = read_file("/.vm/argv", &size);
	split_words(text, size, job.argv);
	text = read_file("/.vm/env", &size);
	split_words(text, size, job.env);
	text = read_file("/.vm/load", &size);
	split_words(text, size, job.load);
	if (!job.nonce || !job.argv[0])
		fail("the job is incomplete");

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/.vm/%s", files[i]);
		unlink(path);
	}
	rmdir("/.vm");
}

static void set_up_kernel(void)
{
	/* Everything from warnings on belongs into the log on the host. */
	write_file("/proc/sys/kernel/printk", "7");
	write_file("/proc/sys/kernel/hung_task_timeout_secs", "60");
	write_file("/proc/sys/kernel/hung_task_warnings", "-1");
	write_file("/proc/sys/kernel/watchdog_thresh", "30");
	write_file("/proc/sys/kernel/printk_devkmsg", "on");
	sethostname("ipcx", 4);
}

static void bring_up_loopback(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		fail("cannot bring up lo: %m");
	close(fd);
}

static void load_file(const char *path, const char *params)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fail("cannot open %s: %m", path);
		return;
	}
	if (syscall(SYS_finit_module, fd, params, 0))
		fail("cannot load the module %s: %m", path);
	close(fd);
}

static void load_modules(void)
{
	char **path;

	for (path = job.load; *path; path++)
		load_file(*path, "");
	if (job.module)
		load_file(job.module, job.params ? job.params : "");
}

/* --------------------------------------------------------- the command */

static void set_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return;
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	t.c_cflag |= CLOCAL;
	t.c_cflag &= ~CRTSCTS;
	tcsetattr(fd, TCSANOW, &t);
	tcflow(fd, TCOON);
}

static void set_window(int fd)
{
	struct winsize size = {};

	if (job.window &&
	    sscanf(job.window, "%hu %hu", &size.ws_row, &size.ws_col) == 2)
		ioctl(fd, TIOCSWINSZ, &size);
}

/* Tells the host that the next part of the input may come. */
static void ask_for_more(void)
{
	int fd = open(VERDICT_PORT, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "\n%s more\n", job.nonce);
	close(fd);
}

/* Takes the escapes out of in[]; returns true at the stream's end. */
static bool decode_stream(const unsigned char *in, size_t n, char *out,
			  size_t *out_size)
{
	static bool escaped;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!escaped && in[i] == STREAM_ESCAPE) {
			escaped = true;
			continue;
		}
		if (escaped && in[i] == STREAM_END)
			return true;
		if (escaped && in[i] == STREAM_MORE)
			ask_for_more();
		else
			out[(*out_size)++] = in[i];
		escaped = false;
	}
	return false;
}

/*
 * Moves the command's input from the port to its pipe.  This never stops
 * reading: what the command has not yet taken is kept here.
 */
static void pump_input(int port, int pipe_fd)
{
	struct pollfd fds[] = { { .fd = port, .events = POLLIN },
				{ .fd = pipe_fd } };
	size_t done = 0, size = 0, room = 0;
	unsigned char in[4096];
	bool at_end = false;
	char *data = NULL;
	ssize_t n;

	fcntl(pipe_fd, F_SETFL, O_NONBLOCK);
	ask_for_more();
	while (!at_end || done < size) {
		fds[0].fd = at_end ? -1 : port;
		fds[1].events = done < size ? POLLOUT : 0;
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents) {
			n = read(port, in, sizeof(in));
			if (n <= 0)
				return;
			if (size + n > room) {
				room = 2 * (size + n);
				data = realloc(data, room);
				if (!data)
					return;
			}
			at_end = decode_stream(in, n, data, &size);
		}
		if (fds[1].revents & POLLERR)
			return;
		if (fds[1].revents & POLLOUT) {
			n = write(pipe_fd, data + done, size - done);
			if (n > 0)
				done += n;
		}
		if (done == size) {
			done = 0;
			size = 0;
		}
	}
}

/* Starts the process that feeds the command; returns the pipe's other end. */
static int start_pump(int port)
{
	int ends[2];

	if (pipe(ends))
		return -1;
	if (fork() == 0) {
		close(ends[0]);
		pump_input(port, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

static bool on_tty(void)
{
	return job.stdin_kind && !strcmp(job.stdin_kind, "tty");
}

/* Makes the port ready; returns what becomes the command's stdin. */
static int open_input(int port)
{
	if (on_tty()) {
		set_window(port);
		return dup(port);
	}
	set_raw(port);
	if (job.stdin_kind && !strcmp(job.stdin_kind, "stream"))
		return start_pump(port);
	return open("/dev/null", O_RDONLY);
}

/* In the child: becomes the command. */
static void exec_command(int port, int input)
{
	int i;

	setsid();
	if (on_tty())
		ioctl(port, TIOCSCTTY, 0);
	dup2(input, 0);
	dup2(port, 1);
	dup2(port, 2);
	for (i = 3; i < 64; i++)
		close(i);
	clearenv();
	for (i = 0; job.env[i]; i++)
		putenv(job.env[i]);
	if (chdir("/root"))
		perror("/root");
	execvp(job.argv[0], job.argv);
	fprintf(stderr, "%s: %m\n", job.argv[0]);
	_exit(errno == ENOENT ? 127 : 126);
}

/*
 * A kernel that has just booted still has work to do in the background, which
 * would show in counts of instructions. Under the deterministic clock waiting
 * costs no time: an idle processor jumps to the next timer. The command starts
 * at a whole second, whatever the boot took, so that the kernel's own timers
 * meet it at the same places.
 */
static void settle(void)
{
	char *cmdline = read_file("/proc/cmdline", NULL);
	const char *ms = cmdline ? strstr(cmdline, "ipcx.settle=") : NULL;
	struct timespec ts;

	if (ms) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		ts.tv_sec += atol(ms + strlen("ipcx.settle=")) / 1000 + 1;
		ts.tv_nsec = 0;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	}
	free(cmdline);
}

static void run_command(void)
{
	int status, port, input;
	pid_t pid, got;

	if (nr_reasons)
		return;
	port = open(COMMAND_PORT, O_RDWR | O_NOCTTY);
	input = port < 0 ? -1 : open_input(port);
	if (input < 0) {
		fail("cannot open %s: %m", COMMAND_PORT);
		return;
	}
	pid = fork();
	if (pid == 0)
		exec_command(port, input);
	close(input);
	close(port);
	do {
		got = wait(&status);
	} while (got != pid && (got >= 0 || errno == EINTR));
	if (got != pid)
		fail("lost the command: %m");
	else if (WIFEXITED(status))
		command_status = WEXITSTATUS(status);
	else
		command_status = 128 + WTERMSIG(status);
}

/* ------------------------------------------------------- afterwards */

/* Names the processes, kernel threads apart, that are still there. */
static void report_survivors(void)
{
	DIR *proc = opendir("/proc");
	char path[300], *text;
	struct dirent *entry;
	size_t size;

	while (proc && (entry = readdir(proc))) {
		int pid = atoi(entry->d_name);

		if (pid <= 1)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		text = read_file(path, &size);
		if (text && size)
			fail("process %d (%s) cannot be killed", pid, text);
		free(text);
	}
	if (proc)
		closedir(proc);
}

static void kill_leftovers(void)
{
	int waited;
	pid_t pid;

	for (waited = 0; waited < GRACE_KILL; waited += 10) {
		kill(-1, SIGKILL);
		do {
			pid = waitpid(-1, NULL, WNOHANG);
		} while (pid > 0);
		if (pid < 0 && errno == ECHILD)
			return;
		sleep_ms(10);
	}
	report_survivors();
}

/* A counter of the module; -1 when it cannot be read. */
static long long read_counter(const char *name)
{
	char path[100], *text, *end;
	long long value;

	snprintf(path, sizeof(path), COUNTERS "/%s", name);
	text = read_line_file(path);
	if (!text)
		return -1;
	value = strtoll(text, &end, 10);
	if (end == text || *end)
		value = -1;
	free(text);
	return value;
}

/* All memory, objects and sleepers must have gone with their processes. */
static void check_counters(void)
{
	static const char *const names[] = { "objects", "handles", "bytes",
					     "waiters", "fds" };
	long long value;
	int waited = 0;
	size_t i;

	if (!job.module)
		return;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		while ((value = read_counter(names[i])) > 0 &&
		       waited < GRACE_COUNTERS) {
			sleep_ms(20);
			waited += 20;
		}
		if (value < 0)
			fail("the counter %s/%s cannot be read", COUNTERS,
			     names[i]);
		else if (value)
			fail("left behind: %lld %s", value, names[i]);
	}
}

static void unload_module(void)
{
	int waited, r = -1;

	if (!job.module)
		return;
	for (waited = 0; waited < GRACE_UNLOAD; waited += 20) {
		r = syscall(SYS_delete_module, "ipcx", O_NONBLOCK);
		if (!r || (errno != EAGAIN && errno != EBUSY))
			break;
		sleep_ms(20);
	}
	if (r)
		fail("the module cannot be removed: %m");
	sleep_ms(50);
}

/* Kernels with kmemleak: what nothing points to any more is a leak. */
static void scan_for_leaks(void)
{
	static const char leaks[] = "/sys/kernel/debug/kmemleak";
	char *text;

	if (access(leaks, W_OK))
		return;
	write_file(leaks, "scan");
	sleep_ms(6000);
	write_file(leaks, "scan");
	text = read_file(leaks, NULL);
	if (text && *text) {
		fail("kmemleak has found leaks");
		write_all(2, text, strlen(text));
	}
	free(text);
}

static const char *const splats[] = {
	"BUG:",
	"kernel BUG at",
	"WARNING:",
	"Oops",
	"KASAN",
	"UBSAN:",
	"KCSAN:",
	"KMSAN:",
	"KFENCE:",
	"ODEBUG:",
	"refcount_t:",
	"list_add corruption",
	"list_del corruption",
	"general protection",
	"unable to handle",
	"possible circular locking",
	"possible recursive locking",
	"possible irq lock inversion",
	"inconsistent lock state",
	"bad unlock balance",
	"held lock freed",
	"lock held when returning to user space",
	"INFO: trying to register non-static key",
	"suspicious RCU usage",
	"sleeping function called from invalid context",
	"scheduling while atomic",
	"blocked for more than",
	"detected stalls",
	"detected expedited stalls",
	"self-detected stall",
	"soft lockup",
	"hard LOCKUP",
	"new suspected memory leaks",
	"Objects remaining in",
	"usercopy: Kernel memory",
	"stack-protector:",
	"Bad page state",
	"Bad rss-counter",
	"non-zero pgtables_bytes",
	"nobody cared",
};

static bool is_splat(const char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(splats); i++)
		if (strstr(text, splats[i]))
			return true;
	return false;
}

/*
 * Looks at every record from the first on.  Facility 0 is the kernel; what
 * user space has written to /dev/kmsg can only look like it.
 */
static void scan_kernel_log(void)
{
	unsigned long long seq, expected = 0;
	unsigned int prefix;
	char record[8192], *text;
	ssize_t n;
	int fd;

	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		fail("cannot read the kernel's log: %m");
		return;
	}
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text || sscanf(record, "%u,%llu", &prefix, &seq) != 2)
			continue;
		if (seq != expected)
			fail("%llu lines of the kernel's log are lost",
			     seq - expected);
		expected = seq + 1;
		text[strcspn(text, "\n")] = '\0';
		if (prefix >> 3 == 0 && is_splat(text + 1))
			fail("kernel log: %s", text + 1);
	}
	close(fd);
}

static void check_taint(void)
{
	char *text = read_line_file("/proc/sys/kernel/tainted");
	unsigned long taint;

	taint = text ? strtoul(text, NULL, 10) : ~0UL;
	if (taint & ~TAINT_ALLOWED)
		fail("the kernel is tainted: %#lx", taint & ~TAINT_ALLOWED);
	free(text);
}

/* The command's last output must have left before the machine stops. */
static void drain_command_port(void)
{
	int fd = open(COMMAND_PORT, O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return;
	tcflow(fd, TCOON);
	tcdrain(fd);
	close(fd);
}

static void write_verdict(void)
{
	int fd = open(VERDICT_PORT, O_RDWR | O_NOCTTY | O_NONBLOCK);
	int i;

	if (fd < 0) {
		fprintf(stderr, "vm: cannot open %s: %m\n", VERDICT_PORT);
		return;
	}
	set_raw(fd);
	tcflush(fd, TCOFLUSH);
	fcntl(fd, F_SETFL, 0);
	dprintf(fd, "\n%s status %d\n", job.nonce, command_status);
	for (i = 0; i < nr_reasons; i++)
		dprintf(fd, "%s reason %.500s\n", job.nonce, reasons[i]);
	dprintf(fd, "%s end %d\n", job.nonce, nr_reasons);
	tcdrain(fd);
	close(fd);
}

static void power_off(void)
{
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

int main(void)
{
	mount_filesystems();
	open_console();
	take_job();
	set_up_kernel();
	bring_up_loopback();
	load_modules();
	settle();
	run_command();
	kill_leftovers();
	drain_command_port();
	check_counters();
	unload_module();
	scan_for_leaks();
	scan_kernel_log();
	check_taint();
	write_verdict();
	power_off();
}
