// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages that are mapped where they are received, instead of being copied.
 *
 * Rows: K2 B8 B11 I11. Trap 31.
 */
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"

#include <sched.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define MESSAGES 4
#define SIZE	 (1UL << 20)

enum {
	USER = 2002,
};

FIXTURE(map)
{
	int dev;
	int box;
	unsigned char *data;
	struct t_census before;
};

FIXTURE_SETUP(map)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->box = t_mailbox(self->dev, MESSAGES, SIZE);
	ASSERT_LE(0, self->box);
	self->data = malloc(SIZE);
	ASSERT_NE(NULL, self->data);
	for (size_t i = 0; i < SIZE; i++)
		self->data[i] = i * 13 + i / T_PAGE;
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(map)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* 1, or the negative errno. */
static int recv_mapped(int box, void *buffer, size_t size,
		       struct ipcx_recv_message *m)
{
	struct ipcx_mailbox_recv r;

	memset(m, T_POISON, sizeof(*m));
	m->data = (uintptr_t)buffer;
	m->size = size;
	m->flags = IPCX_MESSAGE_F_MAP;
	m->nr_fds = 0;
	m->__reserved = 0;
	t_recv_args(&r, m, 1, 0);
	return t_recv_call(box, &r);
}

static unsigned char *mapped(const struct ipcx_recv_message *m)
{
	return (unsigned char *)(uintptr_t)m->out_data;
}

static size_t whole_pages(size_t size)
{
	return (size + T_PAGE - 1) / T_PAGE * T_PAGE;
}

/* Whether the rest of the last page is clear. */
static bool clear_behind(const unsigned char *p, size_t size)
{
	for (size_t i = size; i < whole_pages(size); i++)
		if (p[i])
			return false;
	return true;
}

static int count_mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[512];
	int count = 0;

	while (file && fgets(line, sizeof(line), file))
		count += !!strstr(line, "[ipcx-message]");
	if (file)
		fclose(file);
	return count;
}

/* ---- What is seen ------------------------------------------------------ */

/* Rows: K2. Of every length, also of those that lie in no page of their own. */
TEST_F(map, message_that_is_longer_than_the_buffer_is_mapped)
{
	static const size_t sizes[] = { 1,	   100,	  4095,	  4096, 4097,
					10 * 4096, 65536, 300001, SIZE };
	struct ipcx_recv_message m;

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		/* Not from the beginning of a page, where that is possible. */
		const unsigned char *from = self->data + (size < SIZE ? i : 0);

		ASSERT_EQ(0, t_send(self->box, from, size, 5, i));
		ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
		EXPECT_EQ(IPCX_MESSAGE_OUT_MAPPED, m.out_flags);
		EXPECT_EQ(size, m.out_size);
		EXPECT_EQ(i, m.out_tag);
		EXPECT_EQ(5, m.out_priority);
		EXPECT_EQ(getpid(), m.out_pid);
		ASSERT_NE(0, m.out_data);
		EXPECT_EQ(0, m.out_data % T_PAGE);
		EXPECT_EQ(0, memcmp(mapped(&m), from, size));
		EXPECT_TRUE(clear_behind(mapped(&m), size));
		EXPECT_EQ(1, count_mappings());
		EXPECT_EQ(0, munmap(mapped(&m), size));
		EXPECT_EQ(0, count_mappings());
	}
}

/* The receiver says by its buffer from which size on. */
TEST_F(map, message_that_fits_the_buffer_is_copied)
{
	unsigned char *buffer = malloc(65536);
	struct ipcx_recv_message m;

	ASSERT_EQ(0, t_send(self->box, self->data, 65536, 0, 0));
	ASSERT_EQ(1, recv_mapped(self->box, buffer, 65536, &m));
	EXPECT_EQ(0, m.out_flags);
	EXPECT_EQ(0, m.out_data);
	EXPECT_EQ(0, memcmp(buffer, self->data, 65536));
	EXPECT_EQ(0, count_mappings());
	/* One without payload fits everywhere. */
	ASSERT_EQ(0, t_send(self->box, NULL, 0, 0, 0));
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
	EXPECT_EQ(0, m.out_data);
	EXPECT_EQ(0, m.out_size);
}

/* Who looks may not map; a sender has nothing to ask for. */
TEST_F(map, flag_is_refused_where_it_means_nothing)
{
	struct ipcx_send_message s = t_message("x", 1, 0, 0);
	struct ipcx_recv_message m = { .flags = IPCX_MESSAGE_F_MAP };
	struct ipcx_mailbox_recv r;

	s.flags = IPCX_MESSAGE_F_MAP;
	EXPECT_EQ(-EINVAL, t_send_many(self->box, &s, 1, 0, 0));
	ASSERT_EQ(0, t_send_number(self->box, 1));
	t_recv_args(&r, &m, 1, 0);
	r.flags = IPCX_RECV_F_PEEK;
	EXPECT_EQ(-EINVAL, t_recv_call(self->box, &r));
}

/* ---- What can be done with it ------------------------------------------ */

static sigjmp_buf faulted;

static void on_fault(int sig)
{
	siglongjmp(faulted, sig);
}

/* The signal that a look gives, or 0. */
static int look_at(volatile unsigned char *p)
{
	int sig;

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	sig = sigsetjmp(faulted, 1);
	if (!sig)
		(void)*p;
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	return sig;
}

/* The signal that a write gives, or 0. */
static int write_to(volatile unsigned char *p)
{
	int sig;

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	sig = sigsetjmp(faulted, 1);
	if (!sig)
		*p = 1;
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	return sig;
}

/* Rows: K2. Not by the processor, not by mprotect(), not by a debugger. */
TEST_F(map, mapped_message_cannot_be_written)
{
	struct ipcx_recv_message m;
	unsigned char *p, seen[40000];
	int mem;

	ASSERT_EQ(0, t_send(self->box, self->data, 65536, 0, 0));
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
	p = mapped(&m);
	EXPECT_EQ(SIGSEGV, write_to(p));
	EXPECT_EQ(-1, mprotect(p, T_PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, mem);
	EXPECT_EQ(-1, pwrite(mem, "x", 1, (off_t)m.out_data));
	/* Which may look, over the borders of pages, too. */
	ASSERT_EQ(sizeof(seen),
		  pread(mem, seen, sizeof(seen), (off_t)m.out_data + 4000));
	EXPECT_EQ(0, memcmp(seen, self->data + 4000, sizeof(seen)));
	close(mem);
	EXPECT_EQ(0, memcmp(p, self->data, 65536));
}

/* Rows: K2. A part may go, all may move, but it does not grow. */
TEST_F(map, mapping_may_be_cut_and_moved)
{
	struct ipcx_recv_message m;
	unsigned char *p, *q;

	ASSERT_EQ(0, t_send(self->box, self->data, 65536, 0, 0));
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
	p = mapped(&m);
	EXPECT_EQ(-1, madvise(p, 65536, MADV_DONTNEED));
	EXPECT_EQ(0, memcmp(p, self->data, 65536));
	EXPECT_EQ(MAP_FAILED, mremap(p, 65536, 65536 + T_PAGE, MREMAP_MAYMOVE));
	q = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_EQ(q, mremap(p, 65536, 65536, MREMAP_MAYMOVE | MREMAP_FIXED, q));
	EXPECT_EQ(0, memcmp(q, self->data, 65536));
	ASSERT_EQ(0, munmap(q + T_PAGE, T_PAGE));
	EXPECT_EQ(0, memcmp(q, self->data, T_PAGE));
	EXPECT_EQ(0, memcmp(q + 2 * T_PAGE, self->data + 2 * T_PAGE,
			    65536 - 2 * T_PAGE));
	EXPECT_EQ(0, munmap(q, 65536));
}

/* It can be written to a file, as any memory can; but not by reference. */
TEST_F(map, mapped_message_can_be_written_to_a_pipe)
{
	struct ipcx_recv_message m;
	unsigned char in[8192];
	struct iovec iov;
	int pair[2];

	ASSERT_EQ(0, pipe(pair));
	ASSERT_EQ(0, t_send(self->box, self->data, 65536, 0, 0));
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
	iov = (struct iovec) { mapped(&m) + 4096, sizeof(in) };
	EXPECT_EQ(-1, vmsplice(pair[1], &iov, 1, 0));
	ASSERT_EQ(sizeof(in), write(pair[1], mapped(&m) + 4096, sizeof(in)));
	ASSERT_EQ(0, munmap(mapped(&m), 65536));
	ASSERT_EQ(sizeof(in), read(pair[0], in, sizeof(in)));
	EXPECT_EQ(0, memcmp(in, self->data + 4096, sizeof(in)));
}

/* A child would keep what only its parent pays for. */
TEST_F(map, child_does_not_inherit_it)
{
	struct ipcx_recv_message m;
	pid_t pid;

	ASSERT_EQ(0, t_send(self->box, self->data, 65536, 0, 0));
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
	pid = t_fork();
	if (!pid)
		_exit(count_mappings() ? 1 : write_to(mapped(&m)));
	EXPECT_EQ(SIGSEGV, t_reap(pid));
}

/* ---- Who keeps what, and who pays -------------------------------------- */

/* Rows: K2. Neither the mailbox nor the sender is needed any more. */
TEST_F(map, mapping_outlives_mailbox_and_sender)
{
	long long objects = t_counter("objects");
	struct ipcx_recv_message m;
	pid_t pid = t_fork();

	if (!pid)
		_exit(-t_send(self->box, self->data, 65536, 0, 0));
	ASSERT_EQ(0, t_reap(pid));
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
	EXPECT_EQ(IPCX_MESSAGE_OUT_MAPPED | IPCX_MESSAGE_OUT_SENDER_GONE,
		  m.out_flags);
	close(self->box);
	close(self->dev);
	EXPECT_EQ(objects - 1, t_counter("objects"));
	EXPECT_EQ(0, memcmp(mapped(&m), self->data, 65536));
	EXPECT_LE(65536, t_counter("bytes"));
	EXPECT_EQ(0, munmap(mapped(&m), 65536));
	EXPECT_TRUE(T_UNTIL(t_counter("bytes") < 65536));
}

static long long used_by_me(int dev)
{
	struct ipcx_quota q;

	return t_quota(dev, &q) ? -1 :
				  (long long)q.out_used[IPCX_RESOURCE_BYTES];
}

/* Rows: K2. A receiver that keeps messages uses up its own limit only. */
TEST_F(map, receiver_pays_for_what_it_keeps)
{
	long long *used = t_shared(2 * sizeof(*used)), before;
	struct ipcx_recv_message m;
	int *step = t_shared(sizeof(int));
	pid_t pid = t_fork();

	if (!pid) {
		if (t_become(USER) || t_send(self->box, self->data, SIZE, 0, 0))
			_exit(1);
		used[0] = used_by_me(self->dev);
		T_STORE(step, 1);
		T_UNTIL(T_LOAD(step) == 2);
		used[1] = used_by_me(self->dev);
		_exit(0);
	}
	ASSERT_TRUE(T_UNTIL(T_LOAD(step) == 1));
	before = used_by_me(self->dev);
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
	T_STORE(step, 2);
	ASSERT_EQ(0, t_reap(pid));
	EXPECT_LE((long long)SIZE, used[0]);
	EXPECT_GT(T_PAGE, used[1]);
	EXPECT_LE(before + (long long)SIZE, used_by_me(self->dev));
	EXPECT_EQ(0, munmap(mapped(&m), SIZE));
	EXPECT_TRUE(T_UNTIL(used_by_me(self->dev) == before));
}

/* Rows: B11. It cannot pay: the message stays, and so does who pays for it. */
TEST_F(map, receiver_that_cannot_pay_leaves_the_message)
{
	long long saved = t_param("max_bytes_per_user");
	struct ipcx_recv_message m;
	pid_t pid;

	ASSERT_EQ(0, t_send(self->box, self->data, SIZE, 0, 7));
	ASSERT_EQ(0, t_set_param("max_bytes_per_user", 65536));
	pid = t_fork();
	if (!pid) {
		if (t_become(USER) ||
		    recv_mapped(self->box, NULL, 0, &m) != -EDQUOT)
			_exit(1);
		_exit(count_mappings() ? 2 : 0);
	}
	EXPECT_EQ(0, t_reap(pid));
	ASSERT_EQ(0, t_set_param("max_bytes_per_user", saved));
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
	EXPECT_EQ(7, m.out_tag);
	EXPECT_EQ(0, memcmp(mapped(&m), self->data, SIZE));
}

/* Rows: B11. There is no room in the address space. */
TEST_F(map, without_address_space_the_message_stays)
{
	struct ipcx_recv_message m;
	struct rlimit old, tight;

	ASSERT_EQ(0, t_send(self->box, self->data, SIZE, 0, 0));
	ASSERT_EQ(0, getrlimit(RLIMIT_AS, &old));
	tight = old;
	tight.rlim_cur = T_PAGE;
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &tight));
	EXPECT_EQ(-ENOMEM, recv_mapped(self->box, NULL, 0, &m));
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &old));
	EXPECT_EQ(0, count_mappings());
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
	EXPECT_EQ(0, memcmp(mapped(&m), self->data, SIZE));
}

/* Who may not lock so much memory is told that, and not that there is none. */
TEST_F(map, what_may_not_be_locked_is_not_missing)
{
	struct rlimit tight = { T_PAGE, T_PAGE };
	struct ipcx_recv_message m;
	pid_t pid;

	ASSERT_EQ(0, t_send(self->box, self->data, SIZE, 0, 0));
	pid = t_fork();
	if (!pid) {
		if (setrlimit(RLIMIT_MEMLOCK, &tight) || t_become(USER) ||
		    mlockall(MCL_FUTURE))
			_exit(1);
		_exit(recv_mapped(self->box, NULL, 0, &m) == -ENOMEM ? 0 : 2);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(1, t_mailbox_messages(self->box));
}

/* Rows: B11. It could be paid for, and then not be mapped: nobody paid twice. */
TEST_F(map, receiver_that_cannot_map_it_has_not_paid)
{
	long long before = used_by_me(self->dev);
	struct ipcx_recv_message m;
	struct rlimit old, tight;
	pid_t pid = t_fork();

	if (!pid)
		_exit(t_become(USER) ||
		      t_send(self->box, self->data, SIZE, 0, 0));
	ASSERT_EQ(0, t_reap(pid));
	ASSERT_EQ(0, getrlimit(RLIMIT_AS, &old));
	tight = old;
	tight.rlim_cur = T_PAGE;
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &tight));
	EXPECT_EQ(-ENOMEM, recv_mapped(self->box, NULL, 0, &m));
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &old));
	EXPECT_EQ(before, used_by_me(self->dev));
	EXPECT_EQ(1, t_mailbox_messages(self->box));
}

/* Rows: B11. What is told of it faults: it is not mapped, and stays. */
TEST_F(map, faulting_answer_leaves_the_message_and_no_mapping)
{
	struct ipcx_recv_message *m, ok;
	struct ipcx_mailbox_recv r;
	char *page;

	ASSERT_EQ(0, t_send(self->box, self->data, 65536, 0, 0));
	page = t_map_flags(-1, 2 * T_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS);
	ASSERT_NE(NULL, page);
	munmap(page + T_PAGE, T_PAGE);
	m = (void *)(page + T_PAGE -
		     offsetof(struct ipcx_recv_message, out_data));
	m->data = 0;
	m->size = 0;
	m->flags = IPCX_MESSAGE_F_MAP;
	m->nr_fds = 0;
	m->__reserved = 0;
	for (int i = 0; i < t_times(1000); i++) {
		t_recv_args(&r, m, 1, 0);
		ASSERT_EQ(-EFAULT, t_recv_call(self->box, &r));
	}
	EXPECT_EQ(0, count_mappings());
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &ok));
	EXPECT_EQ(0, memcmp(mapped(&ok), self->data, 65536));
}

/* Rows: I11. Who keeps it is killed, or runs another program. */
TEST_F(map, killed_receiver_gives_the_memory_back)
{
	long long bytes = t_counter("bytes");
	struct ipcx_recv_message m;
	int *step = t_shared(sizeof(int));
	pid_t pid;

	for (int i = 0; i < t_times(100); i++) {
		T_STORE(step, 0);
		ASSERT_EQ(0, t_send(self->box, self->data, 65536, 0, 0));
		pid = t_fork();
		if (!pid) {
			T_STORE(step, recv_mapped(self->box, NULL, 0, &m));
			for (;;)
				pause();
		}
		ASSERT_TRUE(T_UNTIL(T_LOAD(step)));
		EXPECT_EQ(1, T_LOAD(step));
		EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	}
	EXPECT_TRUE(T_UNTIL(t_counter("bytes") == bytes));
}

/*
 * Two that look at the message while it is received: one of them gives the last
 * reference back, and it must be the receiver who is paid back.
 */
TEST_F(map, peekers_and_a_mapping_receiver_get_along)
{
	int *stop = t_shared(sizeof(int));
	long long before = used_by_me(self->dev);
	struct ipcx_recv_message m;
	pid_t pid[2];

	for (int i = 0; i < 2; i++) {
		pid[i] = t_fork();
		if (pid[i])
			continue;
		while (!T_LOAD(stop)) {
			struct ipcx_recv_message seen = {
				.data = (uintptr_t)self->data, .size = SIZE
			};
			struct ipcx_mailbox_recv r;
			int ret;

			t_recv_args(&r, &seen, 1, 0);
			r.flags = IPCX_RECV_F_PEEK;
			ret = t_recv_call(self->box, &r);
			if (ret != 1 && ret != -EAGAIN)
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < t_times(300); i++) {
		pid_t sender = t_fork();

		if (!sender)
			_exit(t_become(USER) ||
			      t_send(self->box, self->data, 100000, 0, 0));
		ASSERT_EQ(0, t_reap(sender));
		ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
		ASSERT_EQ(0, memcmp(mapped(&m), self->data, 100000));
		ASSERT_EQ(0, munmap(mapped(&m), 100000));
	}
	T_STORE(stop, 1);
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(0, t_reap(pid[i]));
	EXPECT_TRUE(T_UNTIL(used_by_me(self->dev) == before));
}

/* ---- What was not delivered is taken back, wherever it is -------------- */

/* A receiver that stalls where it is told of the message's descriptor. */
struct stalled {
	int box;
	int *fds; /* in a page that does not come */
	int ret;
};

/* 1, or the negative errno. */
static int recv_mapped_fd(int box, int *fd, struct ipcx_recv_message *m)
{
	struct ipcx_mailbox_recv r;

	*m = (struct ipcx_recv_message) { .flags = IPCX_MESSAGE_F_MAP,
					  .nr_fds = 1,
					  .fds = (uintptr_t)fd };
	t_recv_args(&r, m, 1, 0);
	return t_recv_call(box, &r);
}

static int recv_stalled(void *arg)
{
	struct ipcx_recv_message m;
	struct stalled *s = arg;

	s->ret = recv_mapped_fd(s->box, s->fds, &m);
	return 0;
}

static void *recv_stalled_thread(void *arg)
{
	recv_stalled(arg);
	return NULL;
}

/* Another user sends a message that is to be mapped, with a descriptor. */
static int send_as_another(int box, const void *data)
{
	struct ipcx_send_message m = t_message(data, SIZE, 0, 7);
	pid_t pid = t_fork();
	int fd[2];

	if (!pid) {
		m.fds = (uintptr_t)fd;
		m.nr_fds = 1;
		_exit(pipe(fd) || t_become(USER) ||
		      t_send_many(box, &m, 1, 0, 0) != 1);
	}
	return t_reap(pid);
}

static unsigned char *find_mapping(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	unsigned long addr = 0;
	char line[512];

	while (file && !addr && fgets(line, sizeof(line), file))
		if (strstr(line, "[ipcx-message]"))
			addr = strtoul(line, NULL, 16);
	if (file)
		fclose(file);
	return (unsigned char *)addr;
}

/* To where its receiver does not look for it. */
static unsigned char *move_mapping(void)
{
	unsigned char *from = find_mapping(), *to;

	to = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!from || look_at(from) || to == MAP_FAILED)
		return NULL;
	return mremap(from, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
			       to ?
		       to :
		       NULL;
}

/* Whether a debugger could look. */
static bool seen_by_debugger(const unsigned char *p)
{
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned char byte;
	bool seen;

	seen = pread(mem, &byte, 1, (off_t)(uintptr_t)p) == 1;
	close(mem);
	return seen;
}

/* Rows: K2 B11. The sender would pay for what somebody else keeps. */
TEST_F(map, what_was_moved_before_the_delivery_failed_is_taken_back)
{
	struct stalled s = { .box = t_fd_mailbox(self->dev, MESSAGES, SIZE) };
	long long before = t_counter("bytes");
	struct ipcx_recv_message m;
	pthread_t thread;
	char *page;
	int uffd = t_stalled_page(&page);
	unsigned char *moved;
	int fd;

	if (uffd < 0)
		SKIP(return, "this kernel has no userfaultfd");
	s.fds = (int *)page;
	ASSERT_EQ(0, send_as_another(s.box, self->data));
	ASSERT_EQ(0, pthread_create(&thread, NULL, recv_stalled_thread, &s));
	ASSERT_TRUE(t_poll(uffd, POLLIN, T_LONG / T_MSEC) & POLLIN);
	moved = move_mapping();
	ASSERT_NE(NULL, moved);
	EXPECT_EQ(0, memcmp(moved, self->data, SIZE));
	ASSERT_EQ(0, munmap(page, T_PAGE));
	close(uffd); /* Who waits for the page finds that there is none. */
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-EFAULT, s.ret);
	EXPECT_EQ(SIGBUS, look_at(moved));
	EXPECT_EQ(SIGBUS, look_at(moved + SIZE - 1));
	EXPECT_FALSE(seen_by_debugger(moved));
	/* It is there as if nothing had been. */
	ASSERT_EQ(1, recv_mapped_fd(s.box, &fd, &m));
	EXPECT_EQ(7, m.out_tag);
	EXPECT_EQ(1, m.out_nr_fds);
	EXPECT_EQ(0, memcmp(mapped(&m), self->data, SIZE));
	EXPECT_EQ(0, munmap(mapped(&m), SIZE));
	EXPECT_TRUE(T_UNTIL(t_counter("bytes") == before));
	EXPECT_EQ(0, munmap(moved, SIZE));
	close(fd);
}

/* Rows: K2 B11. It is killed, and others live on in its address space. */
TEST_F(map, killed_receiver_leaves_nothing_to_who_shares_its_memory)
{
	struct stalled s = { .box = t_fd_mailbox(self->dev, MESSAGES, SIZE) };
	long long before = t_counter("bytes");
	char *stack = malloc(65536), *page;
	struct ipcx_recv_message m;
	unsigned char *at;
	int uffd, fd;
	pid_t pid;

	for (int i = 0; i < t_times(20); i++) {
		uffd = t_stalled_page(&page);
		if (uffd < 0)
			SKIP(return, "this kernel has no userfaultfd");
		s.fds = (int *)page;
		ASSERT_EQ(0, send_as_another(s.box, self->data));
		pid = clone(recv_stalled, stack + 65536, CLONE_VM | SIGCHLD,
			    &s);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(t_poll(uffd, POLLIN, T_LONG / T_MSEC) & POLLIN);
		at = find_mapping();
		ASSERT_NE(NULL, at);
		EXPECT_EQ(0, look_at(at));
		EXPECT_EQ(128 + SIGKILL, t_kill(pid));
		EXPECT_NE(0, look_at(at));
		close(uffd);
		munmap(page, T_PAGE);
		ASSERT_EQ(1, recv_mapped_fd(s.box, &fd, &m));
		EXPECT_EQ(0, memcmp(mapped(&m), self->data, SIZE));
		EXPECT_EQ(0, munmap(mapped(&m), SIZE));
		close(fd);
		/* What is left of the first one is empty. */
		EXPECT_TRUE(T_UNTIL(t_counter("bytes") == before));
		if (count_mappings())
			munmap(at, SIZE);
	}
	free(stack);
}

/* Rows: K2. A child inherits it neither when that is asked for. */
TEST_F(map, mapping_cannot_be_made_to_be_inherited)
{
	struct ipcx_recv_message m;

	ASSERT_EQ(0, t_send(self->box, self->data, 65536, 0, 0));
	ASSERT_EQ(1, recv_mapped(self->box, NULL, 0, &m));
	EXPECT_EQ(-1, madvise(mapped(&m), 65536, MADV_DOFORK));
	EXPECT_EQ(EINVAL, errno);
	/* Of which nothing else is known, either. */
	madvise(mapped(&m), 65536, MADV_WILLNEED);
	EXPECT_EQ(0, memcmp(mapped(&m), self->data, 65536));
}

TEST_HARNESS_MAIN
