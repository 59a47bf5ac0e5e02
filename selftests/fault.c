// SPDX-License-Identifier: GPL-2.0-only
/* The driver of the sweeps: see fault.h. */
#define T_WITHOUT_TESTS
#include "fault.h"

#include "ipcx_channel.h"
#include "ipcx_mailbox.h"

#include <sys/rseq.h>

/* An operation with more chances of a fault than this is none. */
#define FAULT_MOST 1000

#define DEBUGFS "/sys/kernel/debug/"

static struct {
	const char *name, *value;
	char old[16];
} settings[] = {
	{ "failslab/ignore-gfp-wait", "N" },
	{ "failslab/cache-filter", "N" },
	{ "failslab/verbose", "0" },
	{ "fail_page_alloc/ignore-gfp-wait", "N" },
	{ "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ "fail_page_alloc/min-order", "0" },
	{ "fail_page_alloc/verbose", "0" },
	{ "fail_usercopy/verbose", "0" },
};

/* Shared with the processes in which the harness runs the tests. */
static struct {
	unsigned int operations, faults;
} * totals;

static int nth_fd = -1;
static long long entry_bytes;

/* ---- The kernel's side ------------------------------------------------- */

static void __attribute__((constructor)) totals_make(void)
{
	totals = t_shared(sizeof(*totals));
	setvbuf(stdout, NULL, _IOLBF, 0);
}

void fault_count(unsigned int operations, unsigned int faults)
{
	T_ADD(&totals->operations, operations);
	T_ADD(&totals->faults, faults);
}

void fault_totals(unsigned int *operations, unsigned int *faults)
{
	*operations = T_LOAD(&totals->operations);
	*faults = T_LOAD(&totals->faults);
}

static int setting_write(const char *name, const char *value)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), DEBUGFS "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int setting_read(const char *name, char *value, size_t size)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, value, size - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	value[n] = '\0';
	return 0;
}

static bool nth_open(void)
{
	if (nth_fd >= 0)
		close(nth_fd);
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return nth_fd >= 0;
}

/*
 * The kernel writes to this area whenever it switches tasks, and kills a task
 * whose area it cannot reach: after a fork, when there is no page for the copy.
 */
static void leave_rseq(void)
{
	if (__rseq_size)
		syscall(SYS_rseq,
			(char *)__builtin_thread_pointer() + __rseq_offset, 32,
			RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
}

const char *fault_begin(void)
{
	size_t i;

	if (geteuid())
		return "needs root";
	leave_rseq();
	if (!nth_open())
		return "this kernel cannot inject faults";
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (setting_read(settings[i].name, settings[i].old,
				 sizeof(settings[i].old)) ||
		    setting_write(settings[i].name, settings[i].value))
			return "this kernel lacks a kind of fault";
	return NULL;
}

void fault_end(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].old[0])
			setting_write(settings[i].name, settings[i].old);
	if (nth_fd >= 0)
		close(nth_fd);
	nth_fd = -1;
}

/* The file itself copies from user space: the fault may be spent on that. */
static void nth_write(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	while (pwrite(nth_fd, text, len, 0) != len)
		if (errno != EFAULT)
			abort();
}

void fault_arm(int nth)
{
	nth_write(nth);
}

/* When it is the copy of this very number that fails, it was the last one. */
int fault_left(void)
{
	char text[16] = "";

	return pread(nth_fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 1;
}

bool fault_disarm(void)
{
	bool hit = !fault_left();

	nth_write(0);
	return hit;
}

bool fault_hit_in(pid_t zombie)
{
	char path[64], text[16] = "";
	int fd, len;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", zombie);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 && atoi(text) == 0;
}

/* ---- The world --------------------------------------------------------- */

static void world_open_channel(struct fault_world *w)
{
	static const char some[FAULT_QUEUED];
	int ch = t_channel(w->dev, 0, T_CAPACITY);

	w->obj[FAULT_CHANNEL] = ch;
	w->obj[FAULT_WRITER] = t_end(ch, IPCX_CHANNEL_WRITER, 0);
	w->obj[FAULT_READER] = t_end(ch, IPCX_CHANNEL_READER, 0);
	if (t_write(w->obj[FAULT_WRITER], some, sizeof(some)) != sizeof(some))
		w->obj[FAULT_CHANNEL] = -1;
}

bool fault_world_open(struct fault_world *w)
{
	struct ipcx_sem_create c;
	int i;

	memset(w, 0, sizeof(*w));
	w->on = -1;
	w->fd = -1;
	w->fds[0] = -1;
	w->fds[1] = -1;
	w->dev = t_device();
	t_name(w->other_name, "fault-new");
	t_sem_args(&c, t_name(w->name, "fault"), IPCX_SEM_PLAIN, 5, 10);
	w->obj[FAULT_PLAIN] = t_sem_create(w->dev, &c);
	w->obj[FAULT_OTHER] = t_sem(w->dev, IPCX_SEM_PLAIN, 5, 10);
	w->obj[FAULT_OWNED] = t_sem(w->dev, IPCX_SEM_OWNED, 5, 10);
	w->obj[FAULT_LOCK] = t_lock(w->dev, IPCX_DEATH_RETURN);
	w->obj[FAULT_REGION] = t_region(w->dev, FAULT_REGION_PAGES * T_PAGE);
	w->obj[FAULT_MAILBOX] = t_fd_mailbox(w->dev, 4, FAULT_MESSAGE_SIZE);
	world_open_channel(w);
	w->obj[FAULT_EXTRA] = -1;
	for (i = 0; i < FAULT_EXTRA; i++)
		if (w->obj[i] < 0)
			return false;
	return w->dev >= 0 && !t_send_number(w->obj[FAULT_MAILBOX], 0) &&
	       !t_send_number(w->obj[FAULT_MAILBOX], 1);
}

void fault_world_close(struct fault_world *w)
{
	int i;

	for (i = 0; i < FAULT_OBJECTS; i++)
		if (w->obj[i] >= 0)
			close(w->obj[i]);
	close(w->dev);
}

static void object_state(int fd, struct fault_state *s, int i)
{
	t_stat(fd, &s->stat[i]);
	s->stat[i].out_age_ns = 0;
	switch (s->stat[i].out_type) {
	case IPCX_TYPE_SEM:
		t_sem_stat(fd, &s->sem[i]);
		break;
	case IPCX_TYPE_REGION:
		t_region_stat(fd, &s->region[i]);
		break;
	case IPCX_TYPE_CHANNEL:
		t_channel_stat(fd, &s->channel[i]);
		break;
	default:
		t_mailbox_stat(fd, &s->mailbox[i]);
		s->mailbox[i].out_oldest_ns = 0;
	}
	s->events[i] = t_poll(fd, POLLIN | POLLOUT, 0);
}

/* One call for all of them, for it is made in every attempt. */
static int count_fds(void)
{
	struct pollfd p[256];
	int i, count = 0;

	for (i = 0; i < (int)ARRAY_SIZE(p); i++)
		p[i] = (struct pollfd) { .fd = i };
	poll(p, ARRAY_SIZE(p), 0);
	for (i = 0; i < (int)ARRAY_SIZE(p); i++)
		count += !(p[i].revents & POLLNVAL);
	return count;
}

static void state_read(const struct fault_world *w, struct fault_state *s)
{
	struct ipcx_quota quota;
	int i;

	memset(s, 0, sizeof(*s));
	/* Empty holdings, and places, are kept for the next time until a close. */
	for (i = 0; i < FAULT_OBJECTS; i++)
		if (w->obj[i] >= 0)
			close(dup(w->obj[i]));
	for (i = 0; i < FAULT_OBJECTS; i++)
		if (w->obj[i] >= 0)
			object_state(w->obj[i], s, i);
	t_quota(w->dev, &quota);
	for (i = 0; i < IPCX_RESOURCE_COUNT; i++)
		s->used[i] = quota.out_total_used[i];
	s->fds = count_fds();
}

/* What there is without a world. */
static void rest_read(struct fault_state *s)
{
	s->used[IPCX_RESOURCE_OBJECTS] = t_counter("objects");
	s->used[IPCX_RESOURCE_HANDLES] = t_counter("handles");
	s->used[IPCX_RESOURCE_BYTES] = t_counter("bytes");
	s->used[IPCX_RESOURCE_WAITERS] = t_counter("waiters");
	s->used[IPCX_RESOURCE_FDS] = t_counter("fds");
	s->fds = t_count_fds();
}

/* Which part of it differs, or NULL. */
static const char *state_differs(const struct fault_state *a,
				 const struct fault_state *b)
{
	if (memcmp(a->used, b->used, sizeof(a->used)))
		return "what is charged";
	if (a->fds != b->fds)
		return "the descriptors";
	if (memcmp(a->stat, b->stat, sizeof(a->stat)))
		return "an object";
	if (memcmp(a->sem, b->sem, sizeof(a->sem)))
		return "a semaphore";
	if (memcmp(a->region, b->region, sizeof(a->region)))
		return "a region";
	if (memcmp(a->mailbox, b->mailbox, sizeof(a->mailbox)))
		return "a mailbox";
	if (memcmp(a->events, b->events, sizeof(a->events)))
		return "what poll() says";
	return NULL;
}

static void state_show(const struct fault_state *a, const struct fault_state *b)
{
	int i;

	for (i = 0; i < IPCX_RESOURCE_COUNT; i++)
		if (a->used[i] != b->used[i])
			printf("#   resource %d: %llu before, %llu after\n", i,
			       a->used[i], b->used[i]);
	if (a->fds != b->fds)
		printf("#   descriptors: %d before, %d after\n", a->fds,
		       b->fds);
	for (i = 0; i < FAULT_OBJECTS; i++)
		if (memcmp(&a->stat[i], &b->stat[i], sizeof(a->stat[i])) ||
		    memcmp(&a->sem[i], &b->sem[i], sizeof(a->sem[i])) ||
		    memcmp(&a->region[i], &b->region[i],
			   sizeof(a->region[i])) ||
		    a->events[i] != b->events[i])
			printf("#   object %d: value %u/%u held %u/%u handles %u/%u events %x/%x\n",
			       i, a->sem[i].out_value, b->sem[i].out_value,
			       a->sem[i].out_held, b->sem[i].out_held,
			       a->stat[i].out_handles, b->stat[i].out_handles,
			       a->events[i], b->events[i]);
}

/* ---- One attempt ------------------------------------------------------- */

/* What a new process tells of its attempt. */
static struct report {
	int ret;
	bool told, hit, wrong;
} * report;

struct attempt {
	const struct fault_op *op;
	struct fault_world *w;
	int nth; /* 0: nothing fails */
	int ret;
	bool hit;
};

static bool complain(const struct attempt *a, const char *what)
{
	printf("# %s, fault %d: returned %d: %s\n", a->op->name, a->nth, a->ret,
	       what);
	return false;
}

static bool error_allowed(const struct attempt *a)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(a->op->also); i++)
		if (a->op->also[i] && a->ret == a->op->also[i])
			return true;
	return a->ret == -ENOMEM || a->ret == -EFAULT;
}

static void run_here(struct attempt *a)
{
	if (a->nth)
		fault_arm(a->nth);
	a->ret = a->op->run(a->w);
	a->hit = a->nth && fault_disarm();
}

static void run_in_child(struct attempt *a)
{
	const struct fault_op *op = a->op;

	if (a->nth && !nth_open())
		_exit(1);
	if (op->enter && op->enter(a->w))
		_exit(1);
	if (op->where == FAULT_DEATH) {
		if (op->run(a->w) != op->expect)
			_exit(1);
		if (a->nth)
			fault_arm(a->nth);
		_exit(0);
	}
	run_here(a);
	report->ret = a->ret;
	report->hit = a->hit;
	report->wrong = a->ret == op->expect && op->verify && !op->verify(a->w);
	report->told = true;
	_exit(0);
}

/* False when the process could not even begin. */
static bool run_child(struct attempt *a)
{
	siginfo_t info;
	pid_t pid;

	memset(report, 0, sizeof(*report));
	report->ret = a->op->expect;
	pid = t_fork();
	if (!pid)
		run_in_child(a);
	if (!T_UNTIL(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG) &&
		     info.si_pid == pid)) {
		t_kill(pid);
		return false;
	}
	a->ret = report->ret;
	a->hit = report->told ? report->hit : a->nth && fault_hit_in(pid);
	/* Killed by an exec that could not be finished, for example. */
	return t_reap(pid) == 0 || (a->hit && !report->told);
}

/* Waits for what others give back, as the work item for a death. */
static bool check_unchanged(const struct attempt *a, struct fault_state *before)
{
	struct fault_state now;
	const char *differs;
	bool same;

	state_read(a->w, &now);
	if (a->op->allow && a->ret != a->op->expect)
		a->op->allow(before, &now, a->ret);
	same = T_UNTIL(({
		state_read(a->w, &now);
		differs = state_differs(before, &now);
		!differs;
	}));
	if (same)
		return true;
	complain(a, differs);
	state_show(before, &now);
	return false;
}

static bool check_failure(const struct attempt *a, struct fault_state *before)
{
	if (!a->hit || !error_allowed(a))
		return complain(a, "is no error that it may return");
	if (a->op->still && !a->op->still(a->w))
		return complain(a, "it has been done in part");
	if (a->op->cmd && a->op->where == FAULT_HERE && !a->op->allow &&
	    memcmp(a->w->arg, a->w->reply, FAULT_ARG_SIZE))
		return complain(a, "its structure was written");
	return check_unchanged(a, before);
}

static bool check_attempt(struct attempt *a, struct fault_state *before)
{
	if (a->op->where != FAULT_HERE) {
		if (report->wrong)
			return complain(a, "it has not been done");
		if (a->ret != a->op->expect)
			return check_failure(a, before);
		return check_unchanged(a, before);
	}
	if (a->ret != a->op->expect)
		return check_failure(a, before);
	if (a->op->verify && !a->op->verify(a->w))
		return complain(a, "it has not been done");
	return true;
}

static bool attempt(struct attempt *a)
{
	struct fault_state before;
	bool ok = true;

	a->w->cmd = a->op->cmd;
	a->ret = a->op->prepare ? a->op->prepare(a->w) : 0;
	if (a->ret)
		return complain(a, "cannot be prepared");
	state_read(a->w, &before);
	if (a->op->where == FAULT_HERE)
		run_here(a);
	else if (!run_child(a))
		ok = complain(a, "the process has failed");
	ok = ok && check_attempt(a, &before);
	if (a->op->clean)
		a->op->clean(a->w);
	return ok;
}

/* ---- The sweep --------------------------------------------------------- */

static bool nothing_left(const struct attempt *a,
			 const struct fault_state *before)
{
	struct fault_state now = {};
	const char *differs;
	bool same;

	same = T_UNTIL(({
		rest_read(&now);
		differs = state_differs(before, &now);
		!differs;
	}));
	if (same)
		return true;
	printf("# %s, fault %d: left behind: %s\n", a->op->name, a->nth,
	       differs);
	state_show(before, &now);
	return false;
}

/*
 * From fault @first to the one that there is none, or @last.  A world in which
 * the operation has failed is as it was, so the next attempt goes on with it.
 */
static int sweep(const struct fault_op *op, int first, int last)
{
	struct attempt a = { .op = op };
	struct fault_state none = {};
	struct fault_world w;
	unsigned int hits = 0;
	bool open = false, ok = true;

	rest_read(&none);
	a.w = &w;
	for (a.nth = first; ok && a.nth <= last; a.nth++) {
		a.hit = false;
		if (!open && !fault_world_open(&w)) {
			ok = complain(&a, "no world");
			break;
		}
		ok = attempt(&a);
		hits += a.hit;
		open = ok && a.ret != op->expect && !op->allow;
		if (!open) {
			fault_world_close(&w);
			ok = nothing_left(&a, &none) && ok;
		}
		if (!a.hit)
			break;
	}
	if (open) {
		fault_world_close(&w);
		ok = nothing_left(&a, &none) && ok;
	}
	if (ok && a.nth > last && last == FAULT_MOST)
		ok = complain(&a, "never comes to an end");
	if (getenv("IPCX_VERBOSE"))
		printf("# %s: %u\n", op->name, hits);
	if (first)
		fault_count(1, hits);
	return !ok;
}

/*
 * An ioctl's structure that is longer than the kernel's is copied in another
 * way, which can fail, and is the first that can.
 */
static int sweep_both(const struct fault_op *op, int first, int last)
{
	struct fault_op longer = *op;
	int wrong = sweep(op, first, last);

	if (!op->cmd)
		return wrong;
	longer.cmd += 8UL << _IOC_SIZESHIFT;
	return wrong + sweep(&longer, first, first);
}

/*
 * The process's own record in the ledger stays until it dies: it is made before
 * anything is counted.  So it is known what the entry of a dead process takes.
 */
static bool begin(void)
{
	long long bytes;
	int dev, fd;

	if (report)
		return true;
	report = t_shared(sizeof(*report));
	dev = t_device();
	fd = t_sem(dev, IPCX_SEM_OWNED, 1, 1);
	if (!report || t_sem_p(fd, 1, 0) || t_sem_v(fd, 1))
		return false;
	bytes = t_counter("bytes");
	close(dup(fd));
	entry_bytes = bytes - t_counter("bytes");
	close(fd);
	close(dev);
	return entry_bytes > 0;
}

int fault_sweep(const struct fault_op *op)
{
	return begin() ? sweep_both(op, 1, FAULT_MOST) : 1;
}

int fault_sweep_table(const struct fault_table *table)
{
	unsigned int i;
	int wrong = 0;

	for (i = 0; i < table->nr; i++)
		wrong += fault_sweep(&table->ops[i]);
	return wrong;
}

int fault_rehearse_table(const struct fault_table *table)
{
	unsigned int i;
	int wrong = 0;

	if (!begin())
		return 1;
	for (i = 0; i < table->nr; i++)
		wrong += sweep_both(&table->ops[i], 0, 0);
	return wrong;
}

/* ---- For the tables ---------------------------------------------------- */

int fault_ioctl(struct fault_world *w)
{
	memcpy(w->reply, w->arg, sizeof(w->reply));
	return t_ioctl(w->on, w->cmd, w->reply);
}

/* Returns when nothing is left of the process but its entry in the object. */
int fault_die_holding(int fd, int (*take)(int fd))
{
	long long bytes = t_counter("bytes");
	pid_t pid = t_fork();
	int ret;

	if (!pid)
		_exit(-take(fd));
	ret = -t_reap(pid);
	if (!ret && !T_UNTIL(t_counter("bytes") == bytes + entry_bytes))
		ret = -ETIMEDOUT;
	return ret;
}

/* ---- Leaks ------------------------------------------------------------- */

/*
 * Reports that name the module, or that a process of this test has caused: what
 * its fork, say, has allocated, and the module has kept.
 */
static int leaks_count(void)
{
	FILE *file = fopen(DEBUGFS "kmemleak", "re");
	bool ours = false;
	char line[512];
	int count = 0;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "unreferenced", 12))
			ours = false;
		if (ours ||
		    (!strstr(line, "ipcx") && !strstr(line, "\"fail_nth")))
			continue;
		ours = true;
		count++;
		printf("# leak: %s", line);
	}
	fclose(file);
	return count;
}

/* Only what is older than five seconds, and was seen twice, is a leak. */
int fault_leaks(void)
{
	if (access(DEBUGFS "kmemleak", W_OK))
		return -errno;
	sleep(6);
	setting_write("kmemleak", "scan");
	setting_write("kmemleak", "scan");
	return leaks_count();
}
