// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors in messages: which travel, who gets them, when they are closed.
 *
 * Rows: I3 I6 I7 B11. Traps 33 to 36.
 */
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"

#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#define MESSAGES 8
#define SIZE	 64

enum {
	USER = 2001,
};

FIXTURE(fds)
{
	int dev;
	int box;
	int pipe[2];
	struct t_census before;
};

FIXTURE_SETUP(fds)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->box = t_fd_mailbox(self->dev, MESSAGES, SIZE);
	ASSERT_LE(0, self->box);
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC));
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(fds)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/*
 * Sends the writing end of the pipe away and closes ours: from now on the pipe
 * ends when the message does.
 */
static int send_end(struct __test_metadata *_metadata, const int *pair, int box)
{
	ASSERT_EQ(0, t_send_fds(box, &pair[1], 1));
	ASSERT_EQ(0, close(pair[1]));
	ASSERT_EQ(0, t_poll(pair[0], POLLIN, 0));
	return pair[0];
}

static bool ended(int fd)
{
	return T_UNTIL(t_poll(fd, POLLIN, 0) & POLLHUP);
}

/* ---- They travel ------------------------------------------------------- */

/* Rows: I6 */
TEST_F(fds, receiver_gets_the_file_under_a_number_of_its_own)
{
	struct ipcx_recv_message m;
	int got = -1;
	char c;

	ASSERT_EQ(0, t_send_fds(self->box, &self->pipe[1], 1));
	EXPECT_EQ(1, t_counter("fds"));
	ASSERT_EQ(1, t_recv_fds(self->box, &got, 1, 0, &m));
	EXPECT_EQ(1, m.out_nr_fds);
	EXPECT_EQ(0, m.out_size);
	EXPECT_NE(self->pipe[1], got);
	EXPECT_EQ(FD_CLOEXEC, fcntl(got, F_GETFD));
	ASSERT_EQ(0, close(self->pipe[1]));
	ASSERT_EQ(1, write(got, "x", 1));
	ASSERT_EQ(1, read(self->pipe[0], &c, 1));
	EXPECT_EQ('x', c);
	ASSERT_EQ(0, close(got));
	EXPECT_EQ(0, read(self->pipe[0], &c, 1));
	EXPECT_EQ(0, t_counter("fds"));
}

/* Rows: I6. With payload, tag and priority; in order; to another process. */
TEST_F(fds, many_reach_another_process_in_their_order)
{
	int out[IPCX_MESSAGE_FDS_MAX];
	pid_t pid;

	for (unsigned int i = 0; i < IPCX_MESSAGE_FDS_MAX; i++) {
		out[i] = memfd_create("f", MFD_CLOEXEC);
		ASSERT_LE(0, out[i]);
		ASSERT_EQ(sizeof(i), pwrite(out[i], &i, sizeof(i), 0));
	}
	pid = t_fork();
	if (!pid) {
		int in[IPCX_MESSAGE_FDS_MAX];
		unsigned int i, n;

		if (t_recv_fds(self->box, in, IPCX_MESSAGE_FDS_MAX, t_soon(),
			       NULL) != IPCX_MESSAGE_FDS_MAX)
			_exit(1);
		for (i = 0; i < IPCX_MESSAGE_FDS_MAX; i++)
			if (pread(in[i], &n, sizeof(n), 0) != sizeof(n) ||
			    n != i || !same_file(in[i], out[i]))
				_exit(2);
		_exit(0);
	}
	ASSERT_EQ(0, t_send_fds(self->box, out, IPCX_MESSAGE_FDS_MAX));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(-EINVAL,
		  t_send_fds(self->box, out, IPCX_MESSAGE_FDS_MAX + 1));
}

/* Rows: I3. With the rights that the sender's handle had. */
TEST_F(fds, handles_of_semaphores_and_regions_travel)
{
	int out[2], in[2];
	pid_t pid;

	int sem = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 10);
	int region = t_region(self->dev, T_PAGE);

	out[0] = t_reduce(sem, IPCX_RIGHT_WRITE);
	out[1] = t_reduce(region, IPCX_RIGHT_READ);
	ASSERT_LE(0, out[0]);
	ASSERT_LE(0, out[1]);
	pid = t_fork();
	if (!pid) {
		/* Nothing but the mailbox is known there. */
		close_range(3, self->box - 1, 0);
		close_range(self->box + 1, ~0U, 0);
		if (t_recv_fds(self->box, in, 2, t_soon(), NULL) != 2)
			_exit(1);
		if (t_sem_v(in[0], 3))
			_exit(2);
		if (t_sem_p(in[0], 1, 0) != -EACCES)
			_exit(3);
		if (!t_map(in[1], T_PAGE, PROT_READ) ||
		    t_map_error(in[1], T_PAGE, PROT_WRITE, MAP_SHARED) !=
			    EACCES)
			_exit(4);
		_exit(0);
	}
	ASSERT_EQ(0, t_send_fds(self->box, out, 2));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(3, t_sem_value(sem));
}

static int make_timer(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

static int make_signalfd(void)
{
	sigset_t none;

	sigemptyset(&none);
	return signalfd(-1, &none, SFD_CLOEXEC);
}

static int make_pidfd(void)
{
	return syscall(SYS_pidfd_open, getpid(), 0);
}

static int make_path(void)
{
	return open("/", O_PATH | O_CLOEXEC);
}

static int make_tcp(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int make_event(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int make_inotify(void)
{
	return inotify_init1(IN_CLOEXEC);
}

static int make_device(void)
{
	return t_device();
}

/* Rows: I6. Whatever does not carry descriptors itself. */
TEST_F(fds, ordinary_files_are_accepted)
{
	static int (*const make[])(void) = {
		make_timer, make_signalfd, make_pidfd,	 make_path,
		make_tcp,   make_event,	   make_inotify, make_device,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(make); i++) {
		int fd = make[i](), got = -1;

		TH_LOG("file %u", i);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, t_send_fds(self->box, &fd, 1));
		ASSERT_EQ(1, t_recv_fds(self->box, &got, 1, 0, NULL));
		EXPECT_TRUE(same_file(fd, got));
		close(fd);
		close(got);
	}
}

/* ---- They are refused -------------------------------------------------- */

static int make_mailbox(int dev)
{
	return t_mailbox(dev, 1, 1);
}

static int make_unix(int dev)
{
	(void)dev;
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int make_epoll(int dev)
{
	(void)dev;
	return epoll_create1(EPOLL_CLOEXEC);
}

static int make_uring(int dev)
{
	unsigned int params[30] = {};

	(void)dev;
	return syscall(SYS_io_uring_setup, 1, params);
}

/*
 * Rows: I7. Each could come to be kept by nothing but itself. Another one before
 * it in the same message does not travel, either, and is not kept.
 */
TEST_F(fds, what_could_close_a_cycle_is_refused)
{
	static int (*const make[])(int dev) = { make_mailbox, make_unix,
						make_epoll, make_uring };

	for (unsigned int i = 0; i < ARRAY_SIZE(make); i++) {
		int out[2] = { self->pipe[1], make[i](self->dev) };

		TH_LOG("file %u", i);
		ASSERT_LE(0, out[1]);
		EXPECT_EQ(-ELOOP, t_send_fds(self->box, out, 2));
		EXPECT_EQ(0, t_counter("fds"));
		close(out[1]);
	}
	/* Not by a handle that can only send, and not into itself. */
	EXPECT_EQ(-ELOOP, t_send_fds(self->box, &self->box, 1));
	EXPECT_EQ(0, t_mailbox_messages(self->box));
	close(self->pipe[1]);
	EXPECT_TRUE(ended(self->pipe[0]));
}

/* Rows: I6. Who did not ask for descriptors gets none. */
TEST_F(fds, mailbox_that_did_not_opt_in_takes_none)
{
	int plain = t_mailbox(self->dev, MESSAGES, SIZE);
	struct ipcx_mailbox_create c;

	EXPECT_EQ(-EOPNOTSUPP, t_send_fds(plain, &self->pipe[1], 1));
	EXPECT_EQ(0, t_mailbox_messages(plain));
	/* What is persistent would keep them when nobody is there any more. */
	t_mailbox_args(&c, "/fds", 1, 1);
	c.flags = IPCX_MAILBOX_F_FDS | IPCX_CREATE_F_PERSISTENT;
	EXPECT_EQ(-EINVAL, t_mailbox_create(self->dev, &c));
}

TEST_F(fds, bad_descriptors_and_bad_arrays_send_nothing)
{
	int out[3] = { self->pipe[0], 9999, self->pipe[1] };
	int *bad = t_bad_pointer();

	EXPECT_EQ(-EBADF, t_send_fds(self->box, out, 3));
	out[1] = -1;
	EXPECT_EQ(-EBADF, t_send_fds(self->box, out, 3));
	EXPECT_EQ(-EFAULT, t_send_fds(self->box, bad, 1));
	/* The second of two lies behind the end of what there is. */
	bad = t_map_flags(-1, 2 * T_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS);
	munmap((char *)bad + T_PAGE, T_PAGE);
	bad = (int *)((char *)bad + T_PAGE) - 1;
	*bad = self->pipe[1];
	EXPECT_EQ(-EFAULT, t_send_fds(self->box, bad, 2));
	EXPECT_EQ(0, t_mailbox_messages(self->box));
	EXPECT_EQ(0, t_counter("fds"));
	close(self->pipe[1]);
	EXPECT_TRUE(ended(self->pipe[0]));
}

/* ---- They are not lost ------------------------------------------------- */

/* Rows: I6 B11. Room for none, or for too few: it stays, and it is told. */
TEST_F(fds, without_room_for_them_the_message_stays)
{
	int out[2] = { self->pipe[0], self->pipe[1] }, in[3] = { -1, -1, -1 };
	struct ipcx_recv_message m;
	char byte;
	int open_before;

	ASSERT_EQ(0, t_send_fds(self->box, out, 2));
	open_before = t_count_fds();
	EXPECT_EQ(-ENOBUFS, t_recv_fds(self->box, NULL, 0, 0, &m));
	EXPECT_EQ(2, m.out_nr_fds);
	EXPECT_EQ(0, m.out_size);
	EXPECT_EQ(-ENOBUFS, t_recv_fds(self->box, in, 1, 0, &m));
	EXPECT_EQ(2, m.out_nr_fds);
	EXPECT_EQ(-1, read(self->box, &byte, 1));
	EXPECT_EQ(ENOBUFS, errno);
	EXPECT_EQ(open_before, t_count_fds());
	EXPECT_EQ(-1, in[0]);
	ASSERT_EQ(2, t_recv_fds(self->box, in, 3, 0, NULL));
	EXPECT_TRUE(same_file(out[0], in[0]));
	EXPECT_TRUE(same_file(out[1], in[1]));
	EXPECT_EQ(-1, in[2]);
	EXPECT_EQ(open_before + 2, t_count_fds());
}

/* Who looks sees how many there are, and gets none. */
TEST_F(fds, peeking_leaves_them_in_the_message)
{
	struct ipcx_recv_message m = {};
	int open_before, in = -1;
	struct ipcx_mailbox_recv r;

	ASSERT_EQ(0, t_send_fds(self->box, self->pipe, 2));
	open_before = t_count_fds();
	t_recv_args(&r, &m, 1, 0);
	r.flags = IPCX_RECV_F_PEEK;
	m.fds = (uintptr_t)&in;
	m.nr_fds = 1;
	ASSERT_EQ(1, t_recv_call(self->box, &r));
	EXPECT_EQ(2, m.out_nr_fds);
	EXPECT_EQ(-1, in);
	EXPECT_EQ(open_before, t_count_fds());
}

/* Rows: B11. The process may have no more, or not all of them. */
TEST_F(fds, without_free_descriptors_the_message_stays)
{
	int in[2] = { -1, -1 }, open_before, null = open("/dev/null", O_RDONLY);
	struct rlimit old, tight;

	ASSERT_EQ(0, t_send_fds(self->box, self->pipe, 2));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	open_before = t_count_fds();
	tight = old;
	for (int more = 0; more < 2; more++) {
		/* The lowest free ones are behind this. */
		tight.rlim_cur = null + 1 + more;
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &tight));
		EXPECT_EQ(-EMFILE, t_recv_fds(self->box, in, 2, 0, NULL));
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
		EXPECT_EQ(open_before, t_count_fds());
	}
	EXPECT_EQ(2, t_counter("fds"));
	ASSERT_EQ(2, t_recv_fds(self->box, in, 2, 0, NULL));
	EXPECT_EQ(0, t_counter("fds"));
}

/*
 * Rows: B11. The array of the numbers faults, at its first or second place, or
 * what is told of the message does, which comes last of all.
 */
TEST_F(fds, faulting_answer_leaves_them_in_the_message)
{
	struct ipcx_recv_message *m, *page;
	struct ipcx_mailbox_recv r;
	int open_before, in[2], *edge;

	ASSERT_EQ(0, t_send_fds(self->box, self->pipe, 2));
	edge = t_map_flags(-1, 2 * T_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS);
	page = t_map_flags(-1, 2 * T_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS);
	ASSERT_NE(NULL, edge);
	ASSERT_NE(NULL, page);
	munmap((char *)edge + T_PAGE, T_PAGE);
	munmap((char *)page + T_PAGE, T_PAGE);
	edge = (int *)((char *)edge + T_PAGE) - 1;
	/* What is asked lies in the page, what is answered behind it. */
	m = (void *)((char *)page + T_PAGE -
		     offsetof(struct ipcx_recv_message, out_data));
	m->data = 0;
	m->size = 0;
	m->flags = 0;
	m->fds = (uintptr_t)in;
	m->nr_fds = 2;
	m->__reserved = 0;
	open_before = t_count_fds();
	for (int i = 0; i < t_times(1000); i++) {
		ASSERT_EQ(-EFAULT, t_recv_fds(self->box, edge, 2, 0, NULL));
		ASSERT_EQ(-EFAULT, t_recv_fds(self->box, edge + 1, 2, 0, NULL));
		t_recv_args(&r, m, 1, 0);
		ASSERT_EQ(-EFAULT, t_recv_call(self->box, &r));
	}
	EXPECT_EQ(open_before, t_count_fds());
	ASSERT_EQ(2, t_recv_fds(self->box, in, 2, 0, NULL));
	EXPECT_TRUE(same_file(self->pipe[0], in[0]));
	EXPECT_TRUE(same_file(self->pipe[1], in[1]));
}

struct stalled {
	int box;
	int dev;
	int *fds;
};

static void *recv_stalled(void *arg)
{
	struct stalled *s = arg;

	t_recv_fds(s->box, s->fds, 2, 0, NULL);
	return NULL;
}

static void *send_stalled(void *arg)
{
	struct stalled *s = arg;

	t_send_fds(s->box, s->fds, 2);
	return NULL;
}

static void *send_all_stalled(void *arg)
{
	struct ipcx_send_message m = t_message(NULL, 0, 0, 0);
	struct stalled *s = arg;

	t_send_all(s->dev, s->fds, 2, &m, 0, 0, NULL);
	return NULL;
}

/*
 * A child that stalls in @what at the array of descriptors, which lies in a page
 * that does not come. 0 when it does; then it is killed by the caller.
 */
static int stall(void *(*what)(void *), struct stalled *s, pid_t *pid)
{
	int *state = t_shared(sizeof(int));

	*pid = t_fork();
	if (!*pid) {
		pthread_t thread;
		char *page;
		int uffd = t_stalled_page(&page);

		s->fds = (int *)page;
		if (uffd < 0) {
			T_STORE(state, 2);
			_exit(0);
		}
		if (pthread_create(&thread, NULL, what, s) ||
		    !(t_poll(uffd, POLLIN, T_LONG / T_MSEC) & POLLIN))
			_exit(1);
		T_STORE(state, 1);
		for (;;)
			pause();
	}
	T_UNTIL(T_LOAD(state));
	return T_LOAD(state) == 1 ? 0 : T_LOAD(state) == 2 ? -ENOSYS : -EPROTO;
}

/* Rows: I6 B11. Killed between two descriptors: all go to the next one. */
TEST_F(fds, receiver_killed_while_it_is_told_loses_nothing)
{
	struct stalled s = { .box = self->box };
	int in[2], ret;
	pid_t pid;

	for (int i = 0; i < t_times(20); i++) {
		ASSERT_EQ(0, t_send_fds(self->box, self->pipe, 2));
		ret = stall(recv_stalled, &s, &pid);
		if (ret == -ENOSYS)
			SKIP(return, "this kernel has no userfaultfd");
		ASSERT_EQ(0, ret);
		/* It holds up nobody. */
		EXPECT_EQ(0, t_send_number(self->box, 5));
		EXPECT_EQ(5, t_recv_number(self->box, 0));
		EXPECT_EQ(128 + SIGKILL, t_kill(pid));
		ASSERT_EQ(2, t_recv_fds(self->box, in, 2, 0, NULL));
		EXPECT_TRUE(same_file(self->pipe[0], in[0]));
		EXPECT_TRUE(same_file(self->pipe[1], in[1]));
		close(in[0]);
		close(in[1]);
	}
	EXPECT_EQ(0, t_counter("fds"));
}

/* Rows: B6 I6. Who stalls while it sends has nothing in anybody's way. */
TEST_F(fds, sender_killed_while_its_array_stalls_has_sent_nothing)
{
	static void *(*const what[])(void *) = { send_stalled,
						 send_all_stalled };
	struct stalled s = { .box = self->box, .dev = self->dev };
	pid_t pid;
	int ret;

	for (int i = 0; i < 2; i++) {
		ret = stall(what[i], &s, &pid);
		if (ret == -ENOSYS)
			SKIP(return, "this kernel has no userfaultfd");
		ASSERT_EQ(0, ret);
		EXPECT_EQ(0, t_send_number(self->box, 5));
		EXPECT_EQ(5, t_recv_number(self->box, 0));
		EXPECT_EQ(128 + SIGKILL, t_kill(pid));
		EXPECT_EQ(0, t_mailbox_messages(self->box));
		EXPECT_EQ(0, t_counter("fds"));
	}
}

/* ---- They are closed --------------------------------------------------- */

/* Rows: I7. Whichever way the message ends. */
TEST_F(fds, destroyed_mailbox_closes_what_is_in_it)
{
	int end = send_end(_metadata, self->pipe, self->box);

	ASSERT_EQ(0, t_destroy(self->box));
	EXPECT_TRUE(ended(end));
	EXPECT_EQ(0, t_counter("fds"));
}

TEST_F(fds, mailbox_that_nobody_has_open_closes_what_is_in_it)
{
	int end = send_end(_metadata, self->pipe, self->box);

	ASSERT_EQ(0, close(self->box));
	EXPECT_TRUE(ended(end));
	EXPECT_EQ(0, t_counter("fds"));
}

TEST_F(fds, dropped_message_closes_what_it_carries)
{
	int end = send_end(_metadata, self->pipe, self->box);
	uint32_t n = 1;

	for (int i = 0; i < MESSAGES; i++)
		ASSERT_EQ(0, t_send_with(self->box, &n, 4, 0, 0, IPCX_FULL_DROP,
					 0));
	EXPECT_TRUE(ended(end));
	EXPECT_EQ(0, t_counter("fds"));
}

TEST_F(fds, expired_message_closes_what_it_carries)
{
	struct ipcx_send_message m = t_message(NULL, 0, 0, 0);

	m.fds = (uintptr_t)&self->pipe[1];
	m.nr_fds = 1;
	m.lifetime_ns = 20 * T_MSEC;
	ASSERT_EQ(1, t_send_many(self->box, &m, 1, 0, 0));
	close(self->pipe[1]);
	EXPECT_TRUE(ended(self->pipe[0]));
	EXPECT_TRUE(T_UNTIL(t_counter("fds") == 0));
}

/* The sender is killed while it waits for room: its message was nowhere yet. */
TEST_F(fds, killed_sender_closes_what_it_would_have_sent)
{
	pid_t pid;

	for (int i = 0; i < MESSAGES; i++)
		ASSERT_EQ(0, t_send_number(self->box, i));
	pid = t_fork();
	if (!pid) {
		struct ipcx_send_message m = t_message(NULL, 0, 0, 0);

		m.fds = (uintptr_t)&self->pipe[1];
		m.nr_fds = 1;
		t_send_many(self->box, &m, 1, 0, t_now() + T_LONG);
		_exit(1);
	}
	ASSERT_TRUE(T_UNTIL(t_waiters(self->box) == 1));
	EXPECT_EQ(1, t_counter("fds"));
	close(self->pipe[1]);
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	EXPECT_TRUE(ended(self->pipe[0]));
	EXPECT_EQ(0, t_counter("fds"));
}

/* Rows: I7. A handle that lies in a message is the last one of its object. */
TEST_F(fds, object_that_is_kept_by_a_message_goes_with_it)
{
	int sem = t_sem(self->dev, IPCX_SEM_PLAIN, 1, 1);
	long long objects = t_counter("objects");

	ASSERT_EQ(0, t_send_fds(self->box, &sem, 1));
	close(sem);
	EXPECT_EQ(objects, t_counter("objects"));
	ASSERT_EQ(0, t_destroy(self->box));
	close(self->box);
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == objects - 2));
}

/* ---- They are counted -------------------------------------------------- */

/* Rows: I6. The user's limit, and who is named by the quota. Trap 35. */
TEST_F(fds, those_of_a_user_in_messages_are_limited)
{
	long long saved = t_param("max_fds_per_user");
	struct ipcx_quota q;
	pid_t pid;

	EXPECT_EQ(4096, saved);
	ASSERT_EQ(0, t_set_param("max_fds_per_user", 3));
	pid = t_fork();
	if (!pid) {
		int out[2] = { self->pipe[0], self->pipe[1] }, in[2];

		if (t_become(USER) || t_send_fds(self->box, out, 2))
			_exit(1);
		if (t_send_fds(self->box, out, 2) != -EDQUOT ||
		    t_send_fds(self->box, out, 1))
			_exit(2);
		if (t_quota(self->dev, &q) ||
		    q.out_used[IPCX_RESOURCE_FDS] != 3 ||
		    q.out_limit[IPCX_RESOURCE_FDS] != 3 ||
		    q.out_denied[IPCX_RESOURCE_FDS] != 1)
			_exit(3);
		if (t_recv_fds(self->box, in, 2, 0, NULL) != 2 ||
		    t_send_fds(self->box, out, 2))
			_exit(4);
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, t_set_param("max_fds_per_user", saved));
	EXPECT_EQ(3, t_counter("fds"));
	EXPECT_EQ(2, t_mailbox_messages(self->box));
}

TEST_HARNESS_MAIN
