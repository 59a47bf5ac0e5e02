// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a program: its slots, its lanes, its signals and its child.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often who is in company is woken, in nanoseconds. */
#define COMPANY_NS 20000000

/* How many times a storm strikes. */
#define STORM 40

/* Signals of the timers, without and with SA_RESTART. */
#define SIGNAL_PLAIN   SIGUSR2
#define SIGNAL_RESTART (SIGRTMIN + 1)

#define EXEC_PATH "/usr/libexec/ipcx-fuzz/fuzz_exec"

__thread struct fuzz_lane *lane;
__thread int last_call;

/* The main thread, its helper, its child. */
static struct fuzz_lane lanes[3];

static struct {
	sem_t go, done;
	pid_t tid;
	const struct fuzz_program *program;
	unsigned int nr;
} helper;

static pid_t child; /* 0: none */

/* ---------------------------------------------------------------- slots */

static struct {
	int fd;
	uint8_t kind;
} slots[SLOTS];

static bool slots_replace; /* HEADER_REPLACE */

int slot_fd(unsigned int slot)
{
	slot %= SLOTS;
	return slot ? __atomic_load_n(&slots[slot].fd, __ATOMIC_RELAXED) :
		      world.device;
}

enum slot_kind slot_kind(unsigned int slot)
{
	slot %= SLOTS;
	return slot ? slots[slot].kind : SLOT_DEVICE;
}

/* Mostly the next slot that holds what the operation is for. */
int slot_pick(unsigned int choice, enum slot_kind kind)
{
	unsigned int i, slot;

	if (kind == SLOT_ANY || choice >= 0xe0)
		return choice % SLOTS;
	for (i = 0; i < SLOTS; i++) {
		slot = (choice + i) % SLOTS;
		if (slot_kind(slot) == kind)
			return slot;
	}
	return choice % SLOTS;
}

/* What was in the slot stays open, unseen, or is closed. */
void slot_put(unsigned int slot, int fd, enum slot_kind kind)
{
	int old;

	slot %= SLOTS;
	if (!slot)
		slot = 1;
	if (fd < world.first_fd)
		return;
	slots[slot].kind = kind;
	old = __atomic_exchange_n(&slots[slot].fd, fd, __ATOMIC_RELAXED);
	if (slots_replace && old >= 0 && old != fd)
		close(old);
}

void slot_close(unsigned int slot)
{
	int fd;

	slot %= SLOTS;
	if (!slot)
		return;
	slots[slot].kind = SLOT_EMPTY;
	fd = __atomic_exchange_n(&slots[slot].fd, -1, __ATOMIC_RELAXED);
	if (fd >= 0)
		close(fd);
}

void slots_forget(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		slots[i].fd = -1;
		slots[i].kind = SLOT_EMPTY;
	}
}

/* -------------------------------------------------------------- signals */

static void set_timer(unsigned int which, long interval_ns)
{
	const struct itimerspec spec = { { 0, interval_ns },
					 { 0, interval_ns } };

	timer_settime(lane->timer[which], 0, &spec, NULL);
}

static void make_timers(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID };
	unsigned int i;

	event._sigev_un._tid = syscall(SYS_gettid);
	for (i = 0; i < 2; i++) {
		event.sigev_signo = i ? SIGNAL_RESTART : SIGNAL_PLAIN;
		if (timer_create(CLOCK_MONOTONIC, &event, &lane->timer[i]))
			abort();
	}
	lane->has_timers = true;
}

void lane_storm(long interval_ns, bool restart)
{
	if (!lane->has_timers)
		make_timers();
	lane->storm_left = STORM;
	lane->stormy |= 1 << restart;
	set_timer(restart, interval_ns);
}

void lane_quiet(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (lane->stormy & 1 << i)
			set_timer(i, i || !lane->in_company ? 0 : COMPANY_NS);
	lane->stormy = 0;
}

/* What is restarted again and again ends when the storm is over. */
static void on_timer(int sig)
{
	int error = errno;

	if (lane && lane->storm_left > 0 && --lane->storm_left == 0)
		set_timer(1, 0);
	errno = error;
}

static void on_fault(int sig)
{
	if (lane && lane->guarded)
		siglongjmp(lane->guard, 1);
	fprintf(stderr, "the fuzzer itself has faulted\n");
	abort();
}

static void on_nothing(int sig)
{
}

static void set_handler(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	if (sigaction(sig, &action, NULL))
		abort();
}

static void set_handlers(void)
{
	set_handler(SIGNAL_PLAIN, on_timer, 0);
	set_handler(SIGNAL_RESTART, on_timer, SA_RESTART);
	set_handler(SIGUSR1, on_nothing, 0);
	set_handler(SIGIO, on_nothing, SA_RESTART);
	set_handler(SIGPIPE, SIG_IGN, 0);
	set_handler(SIGSEGV, on_fault, SA_NODEFER);
	set_handler(SIGBUS, on_fault, SA_NODEFER);
}

long op_storm(const struct fuzz_record *r)
{
	lane_storm(200000 + r->p[0] * 4000, r->p[1] & 1);
	return 0;
}

/* At the other thread, or at the child. */
long op_signal(const struct fuzz_record *r)
{
	static const int at_child[] = { SIGKILL, SIGSTOP, SIGCONT, SIGUSR1 };

	if (child && r->p[0] & 1)
		return kill(child, at_child[r->p[1] & 3]);
	if (lane == &lanes[1])
		return syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
	return syscall(SYS_tgkill, getpid(), helper.tid, SIGUSR1);
}

/* -------------------------------------------------- processes and threads */

long op_sched(const struct fuzz_record *r)
{
	struct sched_param param = { .sched_priority = r->p[0] & 3 };

	return sched_setscheduler(
		0, param.sched_priority ? SCHED_RR : SCHED_OTHER, &param);
}

long op_yield(const struct fuzz_record *r)
{
	if (r->p[0] >= 0xe0)
		return usleep(r->p[1]);
	return sched_yield();
}

/* What a child holds is returned now, and its old image is gone. */
long op_exec(const struct fuzz_record *r)
{
	char fd[2][12];
	char *const argv[] = { "fuzz_exec", fd[0], fd[1], NULL };
	char *const envp[] = { NULL };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		int dup_fd = dup(slot_fd(i ? r->c : r->b));

		snprintf(fd[i], sizeof(fd[i]), "%d", dup_fd);
	}
	return execve(EXEC_PATH, argv, envp);
}

/* A child may become somebody else. */
long op_drop(const struct fuzz_record *r)
{
	if (r->p[0] & 1)
		return unshare(CLONE_NEWUSER);
	if (r->p[0] & 2)
		return unshare(CLONE_FILES);
	return syscall(SYS_setresuid, 2000, 2000, 2000);
}

/* -------------------------------------------------------------- records */

enum {
	/* Allocations and user copies may fail in it. */
	MAY_FAIL = 1,
	/* Costs much: once in a program is enough. */
	COSTLY = 2,
	/* Only a child does it. */
	OF_CHILD = 4,
};

static const struct {
	const char *name;
	fuzz_fn fn;
	unsigned int is;
} ops[OPS] = {
	[OP_IOCTL] = { "ioctl", op_ioctl },
	[OP_RAW_IOCTL] = { "raw_ioctl", op_raw_ioctl, COSTLY },
	[OP_OPEN] = { "open", op_open, MAY_FAIL },
	[OP_REOPEN] = { "reopen", op_reopen, MAY_FAIL | COSTLY },
	[OP_CLOSE] = { "close", op_close },
	[OP_DUP] = { "dup", op_dup, MAY_FAIL },
	[OP_PASS] = { "pass", op_pass, MAY_FAIL | COSTLY },
	[OP_READ] = { "read", op_read },
	[OP_WRITE] = { "write", op_write },
	[OP_POLL] = { "poll", op_poll, MAY_FAIL },
	[OP_EPOLL_CTL] = { "epoll_ctl", op_epoll_ctl, MAY_FAIL },
	[OP_EPOLL_WAIT] = { "epoll_wait", op_epoll_wait, MAY_FAIL },
	[OP_FCNTL] = { "fcntl", op_fcntl, MAY_FAIL },
	[OP_FDINFO] = { "fdinfo", op_fdinfo, MAY_FAIL | COSTLY },
	[OP_NETLINK] = { "netlink", op_netlink, MAY_FAIL | COSTLY },
	[OP_SPLICE] = { "splice", op_splice, COSTLY },
	[OP_FILE] = { "file", op_file, MAY_FAIL },
	[OP_MMAP] = { "mmap", op_mmap, MAY_FAIL },
	[OP_MUNMAP] = { "munmap", op_munmap },
	[OP_MPROTECT] = { "mprotect", op_mprotect },
	[OP_MREMAP] = { "mremap", op_mremap },
	[OP_MADVISE] = { "madvise", op_madvise, COSTLY },
	[OP_STORE] = { "store", op_store },
	[OP_LOCK_WORD] = { "lock_word", op_lock_word },
	[OP_MEM] = { "mem", op_mem, COSTLY },
	[OP_STORM] = { "storm", op_storm, COSTLY },
	[OP_SIGNAL] = { "signal", op_signal, COSTLY },
	[OP_SCHED] = { "sched", op_sched, COSTLY },
	[OP_YIELD] = { "yield", op_yield, COSTLY },
	[OP_EXEC] = { "exec", op_exec, OF_CHILD },
	[OP_DROP] = { "drop", op_drop, OF_CHILD | COSTLY },
};

static void tally(struct fuzz_tally *tally, bool good, uint64_t ns)
{
	__atomic_fetch_add(&tally->runs, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&tally->ns, ns, __ATOMIC_RELAXED);
	if (good)
		__atomic_fetch_add(&tally->good, 1, __ATOMIC_RELAXED);
}

/* The copy of the number itself may be what fails. */
static void set_fail_nth(unsigned int nth)
{
	const char text = '0' + nth;
	unsigned int tries;

	for (tries = 0; tries < 100; tries++)
		if (pwrite(lane->fail_fd, &text, 1, 0) == 1)
			return;
	perror("fuzz: fail-nth");
	abort();
}

static void block_signals(int how)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGABRT);
	pthread_sigmask(how, &set, NULL);
}

void lane_fail_begin(void)
{
	if (!lane->nth)
		return;
	block_signals(SIG_BLOCK);
	set_fail_nth(lane->nth);
}

void lane_fail_end(void)
{
	int error = errno;

	if (!lane->nth)
		return;
	set_fail_nth(0);
	block_signals(SIG_UNBLOCK);
	errno = error;
}

static void run_record(const struct fuzz_record *r)
{
	unsigned int op = r->op % OPS;
	uint64_t start;
	int error;
	long ret;

	if ((ops[op].is & OF_CHILD && !lane->is_child) ||
	    (ops[op].is & COSTLY && lane->in_haste))
		return;
	lane->nth = r->c >= 0xe0 && lane->fail_fd >= 0 ? 1 + (r->c & 7) : 0;
	last_call = -1;
	errno = 0;
	start = now_on(CLOCK_MONOTONIC);
	if (ops[op].is & MAY_FAIL)
		lane_fail_begin();
	ret = ops[op].fn(r);
	if (ops[op].is & MAY_FAIL)
		lane_fail_end();
	error = ret < 0 ? errno : 0;
	start = now_on(CLOCK_MONOTONIC) - start;
	__atomic_fetch_add(&shared->operations, 1, __ATOMIC_RELAXED);
	tally(&shared->op[op], ret >= 0, start);
	if (last_call >= 0)
		tally(&shared->call[last_call], ret >= 0, start);
	if (!lane->is_child)
		cover_result(op, last_call + 1, error);
}

/* @kind: as op_mmap() has it; @offset: the same. */
static void map_preset(unsigned int slot, unsigned int window, uint8_t kind,
		       uint8_t offset)
{
	const struct fuzz_record r = {
		.op = OP_MMAP,
		.a = window,
		.b = slot,
		.p[4] = offset,
		.p[5] = kind,
	};

	run_record(&r);
}

static void run_presets(uint8_t presets)
{
	unsigned int bit;

	for (bit = 1; bit <= PRESET_CHANNEL; bit <<= 1) {
		if (!(presets & bit) || bit & (PRESET_EPOLL | PRESET_MAPS))
			continue;
		calls_preset(bit, presets & PRESET_MAPS);
		__atomic_fetch_add(&shared->operations, 1, __ATOMIC_RELAXED);
	}
	if (presets & PRESET_EPOLL && slot_fd(5) < 0)
		slot_put(5, epoll_create1(EPOLL_CLOEXEC), SLOT_OTHER);
	if (!(presets & PRESET_MAPS))
		return;
	if (presets & PRESET_SEM)
		map_preset(1, 0, 1, 0);
	if (presets & PRESET_LOCK)
		map_preset(3, 1, 1, 0);
	if (presets & PRESET_REGION)
		map_preset(4, 2, 0, 0);
	/* The words of its writer, and its ring. */
	if (presets & PRESET_CHANNEL) {
		map_preset(8, 3, 2, 0);
		map_preset(8, 4, 2, 0x42);
	}
}

/*
 * Every @step-th record from @first on, as often as the header says. Who is
 * alone waits in the first round only: nobody will come later either.
 */
static void run_records(const struct fuzz_program *program, unsigned int first,
			unsigned int end, unsigned int step)
{
	unsigned int round, i;

	lane->in_company = !lane->is_child &&
			   program->header.mode % 16 != FUZZ_ALONE &&
			   program->header.mode % 16 < FUZZ_MODES;
	if (lane->in_company)
		lane_storm(COMPANY_NS, false);
	for (round = 0; round <= program->header.rounds % ROUNDS_MAX; round++) {
		lane->in_haste = round > 0;
		/* By now much has been destroyed, or closed. */
		if (round && round % 4 == 0 && lane == &lanes[0])
			run_presets(program->header.presets);
		for (i = first; i < end; i += step)
			run_record(&program->record[i]);
	}
	lane->in_haste = false;
	if (lane->in_company)
		lane->stormy |= 1;
	lane->in_company = false;
	lane_quiet();
}

/* ---------------------------------------------------------------- lanes */

static void *helper_main(void *unused)
{
	lane = &lanes[1];
	lane->place = 1024;
	lane->fail_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	helper.tid = syscall(SYS_gettid);
	cover_enable(lane->cover);
	sem_post(&helper.done);
	for (;;) {
		while (sem_wait(&helper.go))
			;
		run_records(helper.program, 1, helper.nr, 2);
		sem_post(&helper.done);
	}
	return NULL;
}

void program_init(void)
{
	pthread_t thread;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lanes); i++)
		lanes[i].cover = cover_new();
	lane = &lanes[0];
	lane->fail_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	cover_enable(lane->cover);
	set_handlers();
	if (sem_init(&helper.go, 0, 0) || sem_init(&helper.done, 0, 0) ||
	    pthread_create(&thread, NULL, helper_main, NULL))
		abort();
	while (sem_wait(&helper.done))
		;
	for (i = 0; i < OPS; i++)
		strcpy(shared->op_name[i], ops[i].name);
	for (i = 0; i < calls_count(); i++)
		strcpy(shared->call_name[i], calls_name(i));
}

static void run_in_threads(const struct fuzz_program *program, unsigned int nr)
{
	shared->threads++;
	helper.program = program;
	helper.nr = nr;
	cover_start(lanes[1].cover);
	sem_post(&helper.go);
	run_records(program, 0, nr, 2);
	while (sem_wait(&helper.done))
		;
	cover_fold(lanes[1].cover);
}

static void child_main(const struct fuzz_program *program, unsigned int nr)
{
	lane = &lanes[2];
	lane->is_child = true;
	lane->fail_fd = -1;
	lane->place = 1024;
	lane->has_timers = false;
	lane->stormy = 0;
	lane->holder_id = 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	cover_enable(lane->cover);
	run_records(program, nr / 2, nr, 1);
	_exit(0);
}

/* @end: kills it at once, or soon, or when it had time enough. */
static void end_child(uint8_t end)
{
	int tries = end & 1 ? 50 : 0;

	if (end & 2)
		usleep(end >> 2 << 4);
	while (tries-- && waitpid(child, NULL, WNOHANG) == 0)
		usleep(100);
	if (tries < 0) {
		kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		shared->killed++;
	}
	child = 0;
	cover_fold(lanes[2].cover);
}

static void run_with_child(const struct fuzz_program *program, unsigned int nr)
{
	shared->children++;
	cover_start(lanes[2].cover);
	child = fork();
	if (child == 0)
		child_main(program, nr);
	run_records(program, 0, nr / 2, 1);
	if (child > 0)
		end_child(program->header.end);
	child = 0;
}

void program_run(const struct fuzz_program *program, unsigned int nr)
{
	const struct sched_param other = {};
	uint64_t scheds = shared->op[OP_SCHED].good;

	lanes[0].holder_id = 0;
	lanes[1].holder_id = 0;
	slots_replace = program->header.flags & HEADER_REPLACE;
	cover_start(lane->cover);
	run_presets(program->header.presets);
	switch (program->header.mode % 16) {
	case FUZZ_THREADS:
		run_in_threads(program, nr);
		break;
	case FUZZ_CHILD:
		run_with_child(program, nr);
		break;
	default:
		run_records(program, 0, nr, 1);
	}
	cover_fold(lane->cover);
	if (shared->op[OP_SCHED].good != scheds) {
		sched_setscheduler(0, SCHED_OTHER, &other);
		sched_setscheduler(helper.tid, SCHED_OTHER, &other);
	}
}
