// SPDX-License-Identifier: GPL-2.0-only
/*
 * What libFuzzer calls. After every program everything that it used is given
 * back, and then nothing of it may be left: neither in the counts of the
 * module nor as a report in the kernel's log. Else this aborts, and libFuzzer
 * keeps the input.
 *
 * A worker has a network namespace of its own, so that workers do not share
 * names, and a user of its own, so that what it uses can be told. The first
 * one is root; IPCX_FUZZ_UID makes it another user.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/genetlink.h>
#include <linux/ipcx.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long what was given back may take to be so, in nanoseconds. */
#define GRACE 30000000000

/* As many descriptors as a program can have. */
#define FILES_MAX 256

struct fuzz_world world;
struct fuzz_shared *shared;

static uint64_t base_use[IPCX_RESOURCE_COUNT];

static void die(const char *what)
{
	fprintf(stderr, "fuzz: %s: %m\n", what);
	exit(2);
}

static void open_shared(void)
{
	const char *worker = getenv("IPCX_FUZZ_WORKER");
	char path[64];
	int fd;

	snprintf(path, sizeof(path), SHARED_PATH "%s", worker ? worker : "0");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, sizeof(*shared)))
		die(path);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	if (shared == MAP_FAILED)
		die(path);
	close(fd);
}

/* The number of the family stands in the answer's first attribute or later. */
static int family_id(int fd)
{
	struct {
		struct nlmsghdr h;
		struct genlmsghdr g;
		struct nlattr attr;
		char name[8];
	} q = {
		.h = { sizeof(q), GENL_ID_CTRL, NLM_F_REQUEST, 1, 0 },
		.g = { CTRL_CMD_GETFAMILY, 1, 0 },
		.attr = { NLA_HDRLEN + sizeof(IPCX_GENL_NAME),
			  CTRL_ATTR_FAMILY_NAME },
		.name = IPCX_GENL_NAME,
	};
	char answer[4096], *p = answer + NLMSG_LENGTH(GENL_HDRLEN), *end;
	long n;

	if (send(fd, &q, sizeof(q), 0) < 0)
		return 0;
	n = recv(fd, answer, sizeof(answer), 0);
	for (end = answer + n; p + NLA_HDRLEN <= end;) {
		struct nlattr *attr = (struct nlattr *)p;

		if (attr->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(uint16_t *)(p + NLA_HDRLEN);
		p += NLA_ALIGN(attr->nla_len ? attr->nla_len : NLA_HDRLEN);
	}
	return 0;
}

static void become(unsigned int uid)
{
	if (!uid)
		return;
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		die("setresuid");
	/* Else its own files below /proc would not be its own. */
	prctl(PR_SET_DUMPABLE, 1);
	world.uid = uid;
}

static void open_world(void)
{
	const char *uid = getenv("IPCX_FUZZ_UID");

	world.kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (world.kmsg < 0 || lseek(world.kmsg, 0, SEEK_END) < 0)
		die("/dev/kmsg");
	become(uid ? atoi(uid) : 0);
	world.netlink = netlink_open();
	world.netlink_family = family_id(world.netlink);
	world.mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	world.device = open("/dev/ipcx", O_RDWR | O_CLOEXEC);
	if (world.device < 0)
		die("/dev/ipcx");
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, world.pair) ||
	    pipe2(world.pipe, O_CLOEXEC | O_NONBLOCK))
		die("pipe");
}

/*
 * The record of a process that has held something stays until its death. It
 * belongs to what was used before any program ran.
 */
static void leave_record(void)
{
	struct ipcx_sem_create create = {
		.kind = IPCX_SEM_OWNED,
		.initial = 1,
		.max = 1,
		.mode = 0600,
	};
	struct ipcx_sem_wait wait = { .units = 1 };

	if (ioctl(world.device, IPCX_IOC_SEM_CREATE, &create) ||
	    ioctl(create.out_fd, IPCX_IOC_SEM_WAIT, &wait))
		die("an owned semaphore");
	close(create.out_fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct rlimit no_core = {}, files = { FILES_MAX, FILES_MAX };

	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_NOFILE, &files);
	/* For all threads, so before there are any. */
	if (unshare(CLONE_NEWNET))
		die("unshare");
	open_shared();
	cover_init();
	memory_init();
	program_init();
	open_world();
	slots_forget();
	leave_record();
	if (calls_use(base_use))
		die("IPCX_IOC_QUOTA");
	return 0;
}

/* ------------------------------------------------------------ invariants */

static const char *const splats[] = {
	"BUG",
	"WARNING",
	"KASAN",
	"UBSAN",
	"Oops",
	"KCSAN",
	"ODEBUG",
	"refcount_t",
	"corruption",
	"inconsistent",
	"circular",
	"unable to handle",
	"general protection",
	"recursive",
	"suspicious",
	"sleeping function",
	"scheduling while atomic",
	"blocked for more than",
	"stall",
	"lockup",
	"held lock",
	"bad unlock",
	"Bad page",
};

/* Init judges the log; here is only found which program it was. */
static void check_kernel_log(void)
{
	char record[2048], *text;
	size_t i;
	long n;

	while ((n = read(world.kmsg, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text || atoi(record) >> 3)
			continue;
		for (i = 0; i < ARRAY_SIZE(splats); i++) {
			if (!strstr(text, splats[i]))
				continue;
			fprintf(stderr, "FOUND: kernel log%s\n", text);
			abort();
		}
	}
}

static void report_left(const uint64_t *use)
{
	static const char *const names[] = { "objects", "handles", "bytes",
					     "waiters" };
	int i;

	for (i = 0; i < IPCX_RESOURCE_COUNT; i++)
		if (use[i] != base_use[i])
			fprintf(stderr, "FOUND: left behind: %lld %s\n",
				(long long)(use[i] - base_use[i]), names[i]);
	abort();
}

/* Nearly all is gone at once; what a process held goes behind its death. */
static void check_nothing_left(void)
{
	uint64_t end = now_on(CLOCK_MONOTONIC) + GRACE;
	uint64_t use[IPCX_RESOURCE_COUNT] = {};

	while (calls_use(use) || memcmp(use, base_use, sizeof(use))) {
		if (now_on(CLOCK_MONOTONIC) > end)
			report_left(use);
		usleep(200);
	}
}

/* The lowest that is free: what libFuzzer has opened is below, too. */
static void find_first_fd(void)
{
	world.first_fd = dup(0);
	if (world.first_fd <= world.pipe[1])
		die("descriptors");
	close(world.first_fd);
}

/* In the order in which things hold one another. */
static void give_all_back(void)
{
	files_drain();
	close_range(world.first_fd, ~0U, 0);
	slots_forget();
	memory_reset();
	calls_unlink_all(world.device);
}

static void remember(const uint8_t *data, size_t size)
{
	uint64_t at = (shared->executions + 1) % RING;

	shared->input[at].size = size;
	memcpy(shared->input[at].data, data, size);
	shared->executions++;
}

/* For machines that die with what they know: each input, before it runs. */
static void record_input(const uint8_t *data, size_t size)
{
	static int wanted = -1;
	size_t i;

	if (wanted < 0)
		wanted = !!getenv("IPCX_FUZZ_RECORD");
	if (!wanted)
		return;
	fprintf(stderr, "INPUT ");
	for (i = 0; i < size; i++)
		fprintf(stderr, "%02x", data[i]);
	fprintf(stderr, "\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_program program;
	unsigned int nr;
	uint64_t start;

	if (size > INPUT_MAX)
		size = INPUT_MAX;
	/* libFuzzer begins with inputs that are no programs, and wants news. */
	cover_result(OPS, 0, 0);
	if (size < sizeof(program.header))
		return 0;
	if (!world.first_fd)
		find_first_fd();
	remember(data, size);
	record_input(data, size);
	memset(&program, 0, sizeof(program));
	memcpy(&program, data, size);
	nr = (size - sizeof(program.header)) / sizeof(struct fuzz_record);
	start = now_on(CLOCK_MONOTONIC);
	program_run(&program, nr);
	shared->run_ns += now_on(CLOCK_MONOTONIC) - start;
	give_all_back();
	check_kernel_log();
	check_nothing_left();
	shared->ns += now_on(CLOCK_MONOTONIC) - start;
	return 0;
}
