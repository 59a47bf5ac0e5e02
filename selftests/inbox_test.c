// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inboxes: messages to a process, which is named by its pid.
 *
 * Rows: T3 B3 B10 I1 I8 H2. Classes: V30.
 */
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"
#include "ipcx_netlink.h"

#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

enum {
	ALICE = 1001,
	BOB = 1002,
};

FIXTURE(inbox)
{
	int dev;
	struct t_census before;
};

FIXTURE_SETUP(inbox)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
}

FIXTURE_TEARDOWN(inbox)
{
	close(self->dev);
}

static int inbox(int dev)
{
	return t_inbox(dev, 0600, 8, 64);
}

/* Finds, sends and closes: 0 or the negative errno. */
static int send_to(int dev, pid_t pid, uint32_t number)
{
	int fd = t_inbox_find(dev, pid), ret;

	if (fd < 0)
		return fd;
	ret = t_send_number(fd, number);
	close(fd);
	return ret;
}

/* A process that waits, with its inbox if it shall have one. */
struct peer {
	pid_t pid;
	int *fd; /* its descriptor, or the negative errno */
};

#define NO_INBOX ~0U

static void peer_start(struct peer *peer, int dev, unsigned int mode)
{
	peer->fd = t_shared(sizeof(int));
	peer->pid = t_fork();
	if (!peer->pid) {
		umask(0);
		T_STORE(peer->fd,
			mode == NO_INBOX ? -ENOENT : t_inbox(dev, mode, 2, 64));
		for (;;)
			pause();
	}
	T_UNTIL(T_LOAD(peer->fd));
}

static int as_user(unsigned int uid, int dev, pid_t pid)
{
	pid_t child = t_fork();

	if (!child)
		_exit(t_become(uid) ? EPROTO : -send_to(dev, pid, 1));
	return -t_reap(child);
}

/* ---- To and from ------------------------------------------------------- */

/* Rows: T3 B3 I1. Nothing but the pid was agreed. */
TEST_F(inbox, a_message_reaches_the_process_that_is_named)
{
	struct ipcx_recv_message m = {};
	char buffer[64] = "";
	int fd = inbox(self->dev);
	pid_t pid, self_pid = getpid();

	ASSERT_LE(0, fd);
	pid = t_fork();
	if (!pid) {
		int to = t_inbox_find(self->dev, self_pid);

		_exit(to < 0 ? -to : -t_send(to, "hello", 5, 7, 99));
	}
	ASSERT_EQ(5, t_recv(fd, buffer, sizeof(buffer), t_soon(), &m));
	EXPECT_STREQ("hello", buffer);
	EXPECT_EQ(5, m.out_size);
	EXPECT_EQ(7, m.out_priority);
	EXPECT_EQ(99, m.out_tag);
	EXPECT_EQ(pid, m.out_pid);
	EXPECT_EQ(0, t_reap(pid));
	/* To itself, too. */
	EXPECT_EQ(0, send_to(self->dev, getpid(), 3));
	EXPECT_EQ(3, t_recv_number(fd, 0));
	close(fd);
}

static void *receive_in_thread(void *data)
{
	return (void *)(intptr_t)t_recv_number(*(int *)data, t_soon());
}

/* Rows: T3. An inbox is the process's, so any thread receives from it. */
TEST_F(inbox, every_thread_of_the_process_receives)
{
	int fd = inbox(self->dev);
	pthread_t thread;
	void *number;

	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_in_thread, &fd));
	ASSERT_TRUE(T_UNTIL(t_waiters(fd) == 1));
	EXPECT_EQ(0, send_to(self->dev, getpid(), 77));
	ASSERT_EQ(0, pthread_join(thread, &number));
	EXPECT_EQ(77, (intptr_t)number);
	close(fd);
}

/* Rows: B10. Why a message cannot be delivered is said at once. */
TEST_F(inbox, each_reason_has_its_own_error)
{
	struct ipcx_inbox_find f = { .pid = getpid(), .flags = 1 };
	struct peer peer;
	pid_t dead;

	peer_start(&peer, self->dev, NO_INBOX);
	EXPECT_EQ(-ENXIO, t_inbox_find(self->dev, peer.pid));
	EXPECT_EQ(-ENXIO, t_inbox_find(self->dev, getpid()));
	EXPECT_EQ(-ENXIO, t_inbox_find(self->dev, 1));
	t_kill(peer.pid);
	EXPECT_EQ(-ESRCH, t_inbox_find(self->dev, peer.pid));
	EXPECT_EQ(-ESRCH, t_inbox_find(self->dev, INT_MAX));
	EXPECT_EQ(-EINVAL, t_inbox_find(self->dev, 0));
	EXPECT_EQ(-EINVAL, t_inbox_find(self->dev, -1));
	EXPECT_EQ(-EINVAL, t_inbox_find(self->dev, INT_MIN));
	EXPECT_EQ(-EINVAL, t_ioctl(self->dev, IPCX_IOC_INBOX_FIND, &f));
	/* Dead, and its parent has not looked yet. */
	dead = t_fork();
	if (!dead)
		_exit(0);
	ASSERT_TRUE(T_UNTIL(t_state(dead) == 'Z'));
	EXPECT_EQ(-ESRCH, t_inbox_find(self->dev, dead));
	t_reap(dead);
}

static void *tell_tid(void *data)
{
	T_STORE((int *)data, syscall(SYS_gettid));
	pause();
	return NULL;
}

/* Rows: B10. An inbox belongs to a process, and a thread is none. */
TEST_F(inbox, a_thread_is_no_process)
{
	int *tid = t_shared(sizeof(int)), fd = inbox(self->dev);
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, tell_tid, tid));
	ASSERT_TRUE(T_UNTIL(T_LOAD(tid)));
	EXPECT_EQ(-ESRCH, t_inbox_find(self->dev, *tid));
	EXPECT_EQ(0, send_to(self->dev, getpid(), 1));
	close(fd);
}

/* Rows: T3. There is one, and where it is does not depend on who asks. */
TEST_F(inbox, a_process_has_one_inbox)
{
	struct ipcx_mailbox_create c;
	int fd = inbox(self->dev), other = t_device();
	struct ipcx_stat s;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EEXIST, inbox(self->dev));
	EXPECT_EQ(-EEXIST, inbox(other));
	ASSERT_EQ(0, t_stat(fd, &s));
	EXPECT_EQ(IPCX_TYPE_MAILBOX, s.out_type);
	EXPECT_EQ(1, s.out_handles);
	EXPECT_EQ(1, s.out_holders);
	close(fd);
	/* The place is free again. */
	fd = inbox(other);
	EXPECT_LE(0, fd);
	close(fd);
	/* It has no name, and so nothing that needs one. */
	t_mailbox_args(&c, "/inbox", 1, 1);
	c.flags = IPCX_MAILBOX_F_INBOX;
	EXPECT_EQ(-EINVAL, t_mailbox_create(self->dev, &c));
	t_mailbox_args(&c, NULL, 1, 1);
	c.flags = IPCX_MAILBOX_F_INBOX | IPCX_CREATE_F_PERSISTENT;
	EXPECT_EQ(-EINVAL, t_mailbox_create(self->dev, &c));
	close(other);
}

/* ---- Who may ----------------------------------------------------------- */

/* Rows: B3 I8. The mode says who may send; the default is the same user. */
TEST_F(inbox, the_mode_says_who_may_send)
{
	static const struct {
		unsigned int mode;
		int alice;
		int bob;
	} row[] = {
		{ 0600, 0, -EACCES }, { 0400, -EACCES, -EACCES },
		{ 0622, 0, 0 },	      { 0666, 0, 0 },
		{ 0644, 0, -EACCES },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		int *fd = t_shared(sizeof(int));
		pid_t pid = t_fork();

		if (!pid) {
			umask(0);
			if (t_become(ALICE))
				_exit(1);
			T_STORE(fd, t_inbox(self->dev, row[i].mode, 8, 64));
			for (;;)
				pause();
		}
		ASSERT_TRUE(T_UNTIL(T_LOAD(fd)));
		ASSERT_LT(0, *fd);
		EXPECT_EQ(row[i].alice, as_user(ALICE, self->dev, pid))
		{
			TH_LOG("mode %o", row[i].mode);
		}
		EXPECT_EQ(row[i].bob, as_user(BOB, self->dev, pid));
		/* CAP_IPC_OWNER. */
		EXPECT_EQ(0, send_to(self->dev, pid, 1));
		t_kill(pid);
	}
}

/* Rows: I4. A finder sends, and does nothing else. */
TEST_F(inbox, a_finder_may_only_send)
{
	struct ipcx_stat s;
	struct peer peer;
	int fd;

	peer_start(&peer, self->dev, 0666);
	fd = t_inbox_find(self->dev, peer.pid);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_stat(fd, &s));
	EXPECT_EQ(IPCX_RIGHT_WRITE, s.out_rights);
	EXPECT_EQ(0, t_send_number(fd, 1));
	EXPECT_EQ(-EACCES, t_recv_number(fd, 0));
	EXPECT_EQ(-EACCES, t_peek_number(fd, 0));
	EXPECT_EQ(-EACCES, t_destroy(fd));
	EXPECT_EQ(-EACCES, t_reduce(fd, IPCX_RIGHT_READ));
	EXPECT_EQ(-EACCES, t_set(fd, IPCX_SET_F_MODE, 0666, 0, 0, 0));
	close(fd);
	t_kill(peer.pid);
}

/* Rows: T3. Nobody else reads what was sent to a process, fork or not. */
TEST_F(inbox, a_child_does_not_receive_what_is_its_parents)
{
	int fd = inbox(self->dev), sockets[2];
	char buffer[8];
	pid_t pid;

	ASSERT_EQ(0, t_send_number(fd, 5));
	ASSERT_EQ(0, t_socketpair(sockets));
	ASSERT_EQ(0, t_send_fd(sockets[0], fd));
	pid = t_fork();
	if (!pid) {
		int passed = t_recv_fd(sockets[1]);

		if (t_recv_number(fd, 0) != -EPERM ||
		    t_recv_number(fd, t_in_ms(1)) != -EPERM ||
		    t_peek_number(fd, 0) != -EPERM)
			_exit(1);
		if (read(passed, buffer, sizeof(buffer)) != -1 ||
		    errno != EPERM)
			_exit(2);
		/* What it may do is have one of its own, and send. */
		if (inbox(self->dev) < 0 || t_send_number(fd, 6))
			_exit(3);
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(5, t_recv_number(fd, 0));
	EXPECT_EQ(6, t_recv_number(fd, 0));
	EXPECT_EQ(-EAGAIN, t_recv_number(fd, 0));
	close(sockets[0]);
	close(sockets[1]);
	close(fd);
}

/* ---- Ends -------------------------------------------------------------- */

/* A sender that waits for room, and with which error that ends. */
static pid_t start_sender(int fd)
{
	pid_t pid = t_fork();
	uint32_t number = 9;

	if (!pid)
		_exit(-t_send_with(fd, &number, sizeof(number), 0, 0,
				   IPCX_FULL_WAIT, t_soon()));
	return T_UNTIL(t_waiters(fd) == 1) ? pid : -1;
}

/* Rows: H2 B10. Classes: V13. */
TEST_F(inbox, death_ends_it_for_all_who_send)
{
	struct peer peer;
	pid_t sender;
	int fd;

	peer_start(&peer, self->dev, 0600);
	fd = t_inbox_find(self->dev, peer.pid);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, t_send_number(fd, 1));
	EXPECT_EQ(0, t_send_number(fd, 2));
	EXPECT_EQ(-EAGAIN, t_send_number(fd, 3));
	sender = start_sender(fd);
	ASSERT_LT(0, sender);
	EXPECT_EQ(128 + SIGKILL, t_kill(peer.pid));
	EXPECT_EQ(EIDRM, t_reap(sender));
	EXPECT_EQ(-EIDRM, t_send_number(fd, 4));
	EXPECT_EQ(POLLHUP | POLLERR,
		  t_poll(fd, POLLOUT, 0) & (POLLHUP | POLLERR));
	EXPECT_EQ(-ESRCH, t_inbox_find(self->dev, peer.pid));
	close(fd);
}

static int dying_peer(int dev, int *ready)
{
	pid_t pid;

	T_STORE(ready, 0);
	pid = t_fork();
	if (!pid) {
		T_STORE(ready, t_inbox(dev, 0600, 2, 64));
		for (;;)
			pause();
	}
	T_UNTIL(T_LOAD(ready));
	return pid;
}

static void *send_and_wait(void *arg)
{
	int fd = *(int *)arg;
	uint32_t number = 3;

	return (void *)(intptr_t)t_send_with(fd, &number, sizeof(number), 0, 0,
					     IPCX_FULL_WAIT, t_soon());
}

/*
 * Rows: H2. A thousand times: who waits is told, and who comes afterwards, and
 * nobody finds it any more.
 */
TEST_F_TIMEOUT(inbox, death_is_told_each_time, 120)
{
	int *ready = t_shared(T_PAGE);
	pthread_t thread;
	void *told;

	ASSERT_NE(NULL, ready);
	for (int i = 0; i < 1000; i++) {
		pid_t pid = dying_peer(self->dev, ready);
		int fd = t_inbox_find(self->dev, pid);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, t_send_number(fd, 1));
		ASSERT_EQ(0, t_send_number(fd, 2));
		ASSERT_EQ(0, pthread_create(&thread, NULL, send_and_wait, &fd));
		/* In every other round it may not wait yet. */
		if (i & 1)
			ASSERT_TRUE(T_UNTIL(t_waiters(fd) == 1));
		ASSERT_EQ(128 + SIGKILL, t_kill(pid));
		ASSERT_EQ(0, pthread_join(thread, &told));
		ASSERT_EQ(-EIDRM, (intptr_t)told);
		ASSERT_EQ(-EIDRM, t_send_number(fd, 4));
		ASSERT_EQ(-ESRCH, t_inbox_find(self->dev, pid));
		close(fd);
	}
}

/* Rows: H2. The last descriptor for receiving, and not that of the last sender. */
TEST_F(inbox, closing_it_ends_it_for_all_who_send)
{
	int fd = inbox(self->dev), copy = dup(fd);
	int to = t_inbox_find(self->dev, getpid());
	int weaker = t_reduce(fd, IPCX_RIGHT_READ);

	ASSERT_LE(0, to);
	ASSERT_LE(0, weaker);
	close(fd);
	EXPECT_EQ(0, t_send_number(to, 1));
	close(copy);
	EXPECT_EQ(0, t_send_number(to, 2));
	EXPECT_EQ(1, t_recv_number(weaker, 0));
	close(weaker);
	EXPECT_EQ(-EIDRM, t_send_number(to, 3));
	EXPECT_EQ(-ENXIO, t_inbox_find(self->dev, getpid()));
	/* Also while the old one is still open. */
	fd = inbox(self->dev);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-EIDRM, t_send_number(to, 4));
	EXPECT_EQ(0, send_to(self->dev, getpid(), 5));
	EXPECT_EQ(5, t_recv_number(fd, 0));
	EXPECT_EQ(0, t_destroy(fd));
	EXPECT_EQ(-ENXIO, t_inbox_find(self->dev, getpid()));
	EXPECT_EQ(-EIDRM, t_recv_number(fd, 0));
	close(fd);
	close(to);
}

/* Rows: H2. Another program is another receiver, although the pid stays. */
TEST_F(inbox, an_exec_ends_it)
{
	char text[16], program[] = "/bin/sleep", forever[] = "1000";
	int *ready = t_shared(sizeof(int));
	pid_t pid = t_fork();
	int fd;

	if (!pid) {
		int own = inbox(self->dev);

		fcntl(own, F_SETFD, 0);
		T_STORE(ready, 1);
		while (T_LOAD(ready) == 1)
			usleep(100);
		execl(program, program, forever, NULL);
		_exit(127);
	}
	ASSERT_TRUE(T_UNTIL(T_LOAD(ready)));
	fd = t_inbox_find(self->dev, pid);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, t_send_number(fd, 1));
	T_STORE(ready, 2);
	EXPECT_TRUE(T_UNTIL(t_inbox_find(self->dev, pid) == -ENXIO));
	/* The program before it is dead to us as soon as that can be known. */
	EXPECT_TRUE(T_UNTIL(t_send_number(fd, 2) == -EIDRM));
	snprintf(text, sizeof(text), "/proc/%d", pid);
	EXPECT_EQ(0, access(text, F_OK));
	t_kill(pid);
	close(fd);
}

static void *sleep_long(void *data)
{
	T_STORE((int *)data, 1);
	sleep(1000);
	return NULL;
}

/* Rows: T3. A process lives as long as any of its threads. */
TEST_F(inbox, it_outlives_the_first_thread)
{
	int *ready = t_shared(sizeof(int));
	pid_t pid = t_fork();

	if (!pid) {
		pthread_t thread;

		if (inbox(self->dev) < 0 ||
		    pthread_create(&thread, NULL, sleep_long, ready))
			_exit(1);
		pthread_exit(NULL);
	}
	ASSERT_TRUE(T_UNTIL(T_LOAD(ready) && t_state(pid) == 'Z'));
	EXPECT_EQ(0, send_to(self->dev, pid, 1));
	EXPECT_EQ(0, send_to(self->dev, pid, 2));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, t_reap(pid));
	EXPECT_EQ(-ESRCH, t_inbox_find(self->dev, pid));
}

/* ---- Namespaces, and numbers that come again --------------------------- */

/* In a pid namespace of its own, whose first process this becomes. */
static int in_pid_namespace(int (*what)(int dev), int dev)
{
	pid_t pid = t_fork();

	if (pid)
		return t_reap(pid);
	if (unshare(CLONE_NEWPID | CLONE_NEWNS))
		_exit(201);
	pid = fork();
	if (pid)
		_exit(t_reap(pid));
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		_exit(202);
	_exit(what(dev));
}

/* A process that gets this pid in the namespace of the caller. */
static pid_t fork_as(pid_t pid)
{
	char text[16];
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
	int n = snprintf(text, sizeof(text), "%d", pid - 1);

	if (fd < 0 || write(fd, text, n) != n)
		return -errno;
	close(fd);
	return t_fork();
}

static int reuse_the_pid(int dev)
{
	int *ready = t_shared(2 * sizeof(int)), fd;
	pid_t pid = fork_as(300), again;

	if (!pid) {
		T_STORE(ready, inbox(dev));
		pause();
	}
	if (pid != 300 || !T_UNTIL(T_LOAD(ready)))
		return 1;
	fd = t_inbox_find(dev, 300);
	if (fd < 0 || t_send_number(fd, 1))
		return 2;
	kill(pid, SIGKILL);
	if (t_reap(pid) != 128 + SIGKILL)
		return 3;
	again = fork_as(300);
	if (!again) {
		int own;

		while (!T_LOAD(ready + 1))
			usleep(100);
		own = inbox(dev);
		T_STORE(ready + 1, 2);
		_exit(t_recv_number(own, t_soon()) == 3 &&
				      t_recv_number(own, 0) == -EAGAIN ?
			      0 :
			      1);
	}
	if (again != 300)
		return 4;
	if (t_inbox_find(dev, 300) != -ENXIO || t_send_number(fd, 2) != -EIDRM)
		return 5;
	T_STORE(ready + 1, 1);
	if (!T_UNTIL(T_LOAD(ready + 1) == 2))
		return 6;
	if (t_send_number(fd, 2) != -EIDRM || send_to(dev, 300, 3))
		return 7;
	return t_reap(again) ? 8 : 0;
}

/* Rows: T3. Classes: V30. What was meant for the dead reaches nobody else. */
TEST_F(inbox, a_pid_that_is_used_again_leads_to_the_new_process_only)
{
	EXPECT_EQ(0, in_pid_namespace(reuse_the_pid, self->dev));
}

static pid_t outer_pid;
static int *inside_ready;

static int look_from_inside(int dev)
{
	struct ipcx_recv_message m = {};
	int *fd = t_shared(sizeof(int));
	char buffer[8];
	pid_t pid;
	int own;

	/* Who is outside cannot be named, and cannot be told by whom. */
	if (getpid() != 1 || t_inbox_find(dev, outer_pid) != -ESRCH)
		return 1;
	pid = t_fork();
	if (!pid) {
		T_STORE(fd, inbox(dev));
		_exit(t_recv(*fd, buffer, sizeof(buffer), t_soon(), &m) != 4 ||
		      m.out_pid != 1);
	}
	if (!T_UNTIL(T_LOAD(fd)) || send_to(dev, pid, 1) || t_reap(pid))
		return 2;
	own = inbox(dev);
	if (own < 0 || send_to(dev, 1, 4) || t_recv_number(own, 0) != 4)
		return 3;
	/* The one outside looks for us by a number that we do not know. */
	T_STORE(inside_ready, 1);
	if (t_recv(own, buffer, sizeof(buffer), t_soon(), &m) != 4 || m.out_pid)
		return 4;
	return 0;
}

/* The process below all children of @pid that has no child, or 0. */
static pid_t last_child(pid_t pid)
{
	char path[64];
	int next;

	for (;;) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid,
			 pid);
		f = fopen(path, "re");
		if (!f)
			return 0;
		if (fscanf(f, "%d", &next) != 1)
			next = 0;
		fclose(f);
		if (!next)
			return pid;
		pid = next;
	}
}

/* Rows: T3 I1 I8. Classes: V30. */
TEST_F(inbox, pids_are_those_of_the_caller_s_namespace)
{
	int fd = inbox(self->dev);
	pid_t pid;

	ASSERT_LE(0, fd);
	outer_pid = getpid();
	inside_ready = t_shared(sizeof(int));
	pid = t_fork();
	if (!pid)
		_exit(in_pid_namespace(look_from_inside, self->dev));
	EXPECT_TRUE(T_UNTIL(T_LOAD(inside_ready)));
	EXPECT_TRUE(T_UNTIL(({
		pid_t inner = last_child(pid);

		inner &&inner != pid && !send_to(self->dev, inner, 7);
	})));
	EXPECT_EQ(0, t_reap(pid));
	close(fd);
}

/* Holds on to whatever it finds for a moment. */
static int find_and_hold(int dev, pid_t pid, const int *stop)
{
	while (!T_LOAD(stop)) {
		int fd = t_inbox_find(dev, pid);

		if (fd < 0 && fd != -ENXIO)
			return -fd;
		if (fd >= 0) {
			usleep(100);
			close(fd);
		}
	}
	return 0;
}

/*
 * Rows: T3. Classes: V6. What a failing call has made is gone, although others
 * look for it all the time.
 */
TEST_F(inbox, a_creation_that_fails_leaves_no_inbox)
{
	struct ipcx_mailbox_create c;
	int *stop = t_shared(sizeof(int));
	pid_t pid, self_pid = getpid();
	void *arg;

	t_mailbox_args(&c, NULL, 1, 1);
	c.flags = IPCX_MAILBOX_F_INBOX;
	arg = t_read_only(&c, sizeof(c));
	ASSERT_NE(NULL, arg);
	pid = t_fork();
	if (!pid)
		_exit(find_and_hold(self->dev, self_pid, stop));
	for (int i = 0; i < t_times(2000); i++) {
		ASSERT_EQ(-EFAULT,
			  t_ioctl(self->dev, IPCX_IOC_MAILBOX_CREATE, arg));
		if (i % 100 == 0) {
			int fd = inbox(self->dev);

			ASSERT_LE(0, fd);
			close(fd);
		}
	}
	T_STORE(stop, 1);
	EXPECT_EQ(0, t_reap(pid));
}

/* Rows: I8. Inboxes are where the device was opened, as names are. */
TEST_F(inbox, another_network_namespace_has_other_inboxes)
{
	int fd = inbox(self->dev);
	pid_t pid, parent = getpid();

	ASSERT_LE(0, fd);
	pid = t_fork();
	if (!pid) {
		int dev;

		if (unshare(CLONE_NEWNET))
			_exit(1);
		dev = t_device();
		if (t_inbox_find(dev, parent) != -ENXIO)
			_exit(2);
		_exit(-send_to(self->dev, parent, 8));
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(8, t_recv_number(fd, 0));
	close(fd);
}

/* Rows: L1 L4. Whose inbox it is can be seen. */
TEST_F(inbox, its_process_is_shown_as_the_holder)
{
	struct t_answer holder, object;
	struct t_netlink nl;
	struct ipcx_stat s;
	struct peer peer;
	int fd;

	peer_start(&peer, self->dev, 0600);
	fd = t_inbox_find(self->dev, peer.pid);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_stat(fd, &s));
	ASSERT_EQ(0, t_nl_open(&nl));
	EXPECT_EQ(1, t_nl_dump(&nl, IPCX_CMD_GET_HOLDER, s.out_id, &holder, 1));
	EXPECT_EQ(peer.pid, (pid_t)holder.value[IPCX_A_PID]);
	EXPECT_STREQ("inbox", holder.queue);
	EXPECT_EQ(0, t_nl_get(&nl, s.out_id, &object));
	EXPECT_EQ(IPCX_MAILBOX_F_INBOX, object.value[IPCX_A_MAILBOX_FLAGS]);
	t_nl_close(&nl);
	t_kill(peer.pid);
	close(fd);
}

/* ---- All at once ------------------------------------------------------- */

/*
 * Processes that make an inbox, take what comes and are killed, while others
 * look for them by their pids. What arrives was meant for who gets it: the
 * payload is the pid that the sender had looked for.
 */
static void live_shortly(int dev, int *wrong)
{
	int fd = t_inbox(dev, 0600, 4, 64);

	for (;;) {
		long long number = t_recv_number(fd, t_soon());

		if (number != getpid())
			__atomic_fetch_add(wrong, 1, __ATOMIC_RELAXED);
	}
}

/* Each ends with an error that a death explains. */
static int pester(int dev, const int *pids, int nr, const int *stop)
{
	int sent = 0;

	while (!T_LOAD(stop)) {
		for (int i = 0; i < nr; i++) {
			int pid = T_LOAD(pids + i);
			int ret = pid ? send_to(dev, pid, pid) : -ESRCH;

			if (ret && ret != -ESRCH && ret != -ENXIO &&
			    ret != -EIDRM && ret != -EAGAIN)
				return -ret;
			sent += !ret;
		}
	}
	return sent ? 0 : ENODATA;
}

/* Rows: T3 H2. Classes: V13 V20 V30. */
TEST_F_TIMEOUT(inbox, deaths_among_finders_and_senders_lose_nothing, 240)
{
	enum {
		TARGETS = 4,
		SENDERS = 3,
	};
	int *shared = t_shared((TARGETS + 2) * sizeof(int));
	int *pids = shared, *wrong = shared + TARGETS, *stop = wrong + 1;
	int rounds = t_times(300);
	pid_t senders[SENDERS];

	for (int i = 0; i < SENDERS; i++) {
		senders[i] = t_fork();
		if (!senders[i])
			_exit(pester(self->dev, pids, TARGETS, stop));
	}
	for (int i = 0; i < rounds; i++) {
		pid_t pid = t_fork(), old = pids[i % TARGETS];

		if (!pid)
			live_shortly(self->dev, wrong);
		T_STORE(pids + i % TARGETS, pid);
		if (old)
			EXPECT_EQ(128 + SIGKILL, t_kill(old));
	}
	for (int i = 0; i < TARGETS; i++)
		if (pids[i])
			t_kill(pids[i]);
	T_STORE(stop, 1);
	for (int i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, t_reap(senders[i]));
	EXPECT_EQ(0, *wrong);
	close(self->dev);
	EXPECT_TRUE(t_same_census(&self->before));
	self->dev = t_device();
}

TEST_HARNESS_MAIN
