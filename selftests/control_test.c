// SPDX-License-Identifier: GPL-2.0-only
/*
 * What may be done from outside an object: nobody can be made to get a signal,
 * an exec leaves nothing behind, and the netlink family and the files of the
 * module tell and change only what they should.
 *
 * Rows: H6 I8 J1. Classes: V31 V32 V33 V10.
 */
#include "ipcx_fd.h"
#include "ipcx_netlink.h"

#include <sys/sendfile.h>
#include <sys/statvfs.h>

#define ALICE 1000

enum {
	SEM,
	OWNED,
	LOCK,
	REGION,
	KINDS
};

static int make(int dev, int kind)
{
	switch (kind) {
	case SEM:
		return t_sem(dev, IPCX_SEM_PLAIN, 5, 10);
	case OWNED:
		return t_sem(dev, IPCX_SEM_OWNED, 5, 10);
	case LOCK:
		return t_lock(dev, IPCX_DEATH_RETURN);
	default:
		return t_region(dev, T_PAGE);
	}
}

static int take(int kind, int fd)
{
	return kind == REGION ? t_region_lock(fd, IPCX_LOCK_WRITE, 0, NULL) :
				t_sem_p(fd, 1, 0);
}

static int give(int kind, int fd)
{
	return kind == REGION ? t_region_unlock(fd) : t_sem_v(fd, 1);
}

static uint32_t id_of(int fd)
{
	struct ipcx_stat s;

	return t_stat(fd, &s) ? 0 : s.out_id;
}

FIXTURE(control)
{
	int dev;
	struct t_census before;
};

FIXTURE_SETUP(control)
{
	ASSERT_EQ(0, geteuid());
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(control)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* ---- Signals and exec -------------------------------------------------- */

/* What poll() would report: something happens. */
static void stir(int kind, int fd)
{
	if (kind == REGION)
		t_region_ring(fd, NULL);
	if (!take(kind, fd))
		give(kind, fd);
}

/* Asks for signals to this process in every way that there is. */
static void ask_for_signals(int fd)
{
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETSIG, SIGRTMIN);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
}

/* Classes: V31 V32. So there is no registration that could outlive its reason. */
TEST_F(control, descriptors_send_no_signals)
{
	struct timespec none = {};
	sigset_t all;
	int on = 1;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int kind = 0; kind <= KINDS; kind++) {
		int fd = kind < KINDS ? make(self->dev, kind) : t_device();

		ASSERT_LE(0, fd);
		ask_for_signals(fd);
		EXPECT_EQ(-ENOTTY, t_ioctl(fd, FIOASYNC, &on));
		if (kind < KINDS) {
			stir(kind, fd);
			EXPECT_EQ(0, t_destroy(fd));
		}
		close(fd);
		EXPECT_EQ(-1, sigtimedwait(&all, NULL, &none));
		EXPECT_EQ(EAGAIN, errno);
	}
}

/* What the setuid program finds: nothing that its caller held is its own. */
static void __attribute__((constructor)) setuid_main(int argc, char **argv)
{
	char byte = 'x';
	int fd;

	if (argc != 3 + KINDS || strcmp(argv[1], "setuid"))
		return;
	if (geteuid() || getuid() != ALICE)
		_exit(10);
	for (int kind = OWNED; kind < KINDS; kind++)
		if (give(kind, atoi(argv[3 + kind])) != -EPERM)
			_exit(10 + kind);
	fd = atoi(argv[2]);
	/* Is there, and lives until it is told to end. */
	if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
		_exit(20);
	_exit(0);
}

/* A copy of this program that root lends to everybody. */
static int copy_setuid(const char *path)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	ssize_t n = -1;

	if (from >= 0 && to >= 0)
		while ((n = sendfile(to, from, NULL, 1 << 20)) > 0)
			;
	if (!n && fchmod(to, 04755))
		n = -1;
	close(from);
	close(to);
	return n;
}

static void keep_on_exec(int fd)
{
	fcntl(fd, F_SETFD, 0);
}

/* ALICE holds one of each, asked for signals, and becomes that program. */
static void exec_setuid(const char *path, int dev, const int *fds, int socket)
{
	char text[3 + KINDS][16];
	char *argv[4 + KINDS] = { (char *)path, "setuid" };

	keep_on_exec(socket);
	snprintf(text[2], sizeof(text[2]), "%d", socket);
	argv[2] = text[2];
	if (t_become(ALICE))
		_exit(30);
	for (int kind = 0; kind < KINDS; kind++) {
		keep_on_exec(fds[kind]);
		snprintf(text[3 + kind], sizeof(text[0]), "%d", fds[kind]);
		argv[3 + kind] = text[3 + kind];
		ask_for_signals(fds[kind]);
		if (take(kind, fds[kind]))
			_exit(31);
	}
	if (t_sem_attach(fds[LOCK]) <= 0)
		_exit(32);
	execv(path, argv);
	_exit(33);
}

/*
 * Rows: H6. Classes: V31. The process becomes a program with more rights: it
 * holds nothing any more, gets no signal, and its death is nobody's.
 */
TEST_F(control, exec_of_a_setuid_program_leaves_nothing_behind)
{
	int fds[KINDS], pair[2];
	char path[64], byte;
	struct statvfs vfs;
	pid_t pid;

	snprintf(path, sizeof(path), "/tmp/ipcx-setuid-%d", getpid());
	if (statvfs("/tmp", &vfs) || vfs.f_flag & ST_NOSUID)
		SKIP(return, "/tmp cannot hold setuid programs");
	ASSERT_EQ(0, copy_setuid(path));
	ASSERT_EQ(0, t_socketpair(pair));
	for (int kind = 0; kind < KINDS; kind++) {
		fds[kind] = make(self->dev, kind);
		ASSERT_LE(0, fds[kind]);
	}
	pid = t_fork();
	if (!pid)
		exec_setuid(path, self->dev, fds, pair[1]);
	close(pair[1]);
	EXPECT_EQ(POLLIN, t_poll(pair[0], POLLIN, T_LONG / T_MSEC) & POLLIN);
	EXPECT_EQ(1, read(pair[0], &byte, 1));
	unlink(path);
	for (int kind = 0; kind < KINDS; kind++) {
		if (kind != SEM)
			EXPECT_EQ(kind == REGION ? -EOWNERDEAD : 0,
				  take(kind, fds[kind]));
		give(kind, fds[kind]);
		stir(kind, fds[kind]);
		EXPECT_EQ(0, t_destroy(fds[kind]));
	}
	EXPECT_EQ(1, write(pair[0], &byte, 1));
	EXPECT_EQ(0, t_reap(pid));
}

/* ---- The control plane ------------------------------------------------- */

/* Classes: V33. As an ordinary user: own objects, and no others. */
TEST_F(control, ordinary_user_is_told_of_own_objects_only)
{
	int fds[KINDS];
	pid_t pid;

	for (int kind = 0; kind < KINDS; kind++)
		fds[kind] = make(self->dev, kind);
	pid = t_fork();
	if (!pid) {
		struct t_answer list[16], a;
		struct t_netlink nl;
		int count;

		if (t_become(ALICE) || t_nl_open(&nl))
			_exit(1);
		for (int kind = 0; kind < KINDS; kind++) {
			uint32_t id = id_of(fds[kind]);

			if (t_nl_get(&nl, id, &a) != -ENOENT ||
			    t_nl_dump(&nl, IPCX_CMD_GET_HOLDER, id, &a, 1) !=
				    -ENOENT ||
			    t_nl_dump(&nl, IPCX_CMD_GET_WAITER, id, &a, 1) !=
				    -ENOENT)
				_exit(2);
			if (make(self->dev, kind) < 0)
				_exit(3);
		}
		count = t_nl_dump(&nl, IPCX_CMD_GET_OBJECT, 0, list, 16);
		if (count != KINDS)
			_exit(4);
		while (count--)
			if (list[count].value[IPCX_A_UID] != ALICE)
				_exit(5);
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid));
}

/* Rows: I8. Classes: V33. No number and no name reaches across. */
TEST_F(control, other_network_namespace_cannot_be_asked)
{
	struct ipcx_sem_create c;
	char name[IPCX_NAME_SIZE];
	pid_t pid;
	int fd;

	t_sem_args(&c, t_name(name, "control"), IPCX_SEM_OWNED, 1, 1);
	c.mode = 0777;
	fd = t_sem_create(self->dev, &c);
	ASSERT_LE(0, fd);
	pid = t_fork();
	if (!pid) {
		struct t_netlink nl;
		struct t_answer a;
		int dev;

		if (unshare(CLONE_NEWNET) || t_nl_open(&nl))
			_exit(1);
		dev = t_device();
		if (t_nl_dump(&nl, IPCX_CMD_GET_OBJECT, 0, &a, 1))
			_exit(2);
		if (t_nl_get(&nl, c.out_id, &a) != -ENOENT ||
		    t_nl_get_name(&nl, name, &a) != -ENOENT)
			_exit(3);
		for (int cmd = IPCX_CMD_GET_HOLDER; cmd <= IPCX_CMD_GET_WAITER;
		     cmd++)
			if (t_nl_dump(&nl, cmd, c.out_id, &a, 1) != -ENOENT)
				_exit(4);
		if (t_open(dev, name, 0, IPCX_RIGHT_READ) != -ENOENT ||
		    t_unlink(dev, name) != -ENOENT)
			_exit(5);
		/* An object of the same number here is another one. */
		while (fd >= 0) {
			struct ipcx_stat s;

			fd = t_sem(dev, IPCX_SEM_PLAIN, 0, 1);
			if (fd < 0 || t_stat(fd, &s))
				_exit(6);
			if (s.out_id >= c.out_id)
				break;
			close(fd);
		}
		if (t_nl_get(&nl, c.out_id, &a) ||
		    a.value[IPCX_A_SEM_KIND] != IPCX_SEM_PLAIN)
			_exit(7);
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, t_unlink(self->dev, name));
	close(fd);
}

struct family {
	unsigned int ops; /* a bit for each command */
	unsigned int flags; /* all that any of them has */
	bool groups;
};

static void family_op(const struct nlattr *op, struct family *f)
{
	const char *p = (const char *)op + NLA_HDRLEN;
	const char *end = (const char *)op + op->nla_len;

	for (; p < end; p += NLA_ALIGN(((const struct nlattr *)p)->nla_len)) {
		const struct nlattr *attr = (const struct nlattr *)p;
		unsigned int value = *(const uint32_t *)(p + NLA_HDRLEN);

		if (attr->nla_type == CTRL_ATTR_OP_ID)
			f->ops |= 1U << value;
		else if (attr->nla_type == CTRL_ATTR_OP_FLAGS)
			f->flags |= value;
	}
}

static void family_look(const struct nlmsghdr *h, void *data)
{
	const char *p = (const char *)NLMSG_DATA(h) + GENL_HDRLEN;
	const char *end = (const char *)h + h->nlmsg_len, *op;

	for (; p < end; p += NLA_ALIGN(((const struct nlattr *)p)->nla_len)) {
		const struct nlattr *attr = (const struct nlattr *)p;

		if ((attr->nla_type & NLA_TYPE_MASK) == CTRL_ATTR_MCAST_GROUPS)
			((struct family *)data)->groups = true;
		if ((attr->nla_type & NLA_TYPE_MASK) != CTRL_ATTR_OPS)
			continue;
		for (op = p + NLA_HDRLEN; op < p + attr->nla_len;
		     op += NLA_ALIGN(((const struct nlattr *)op)->nla_len))
			family_op((const struct nlattr *)op, data);
	}
}

/*
 * Classes: V33. There is nothing to subscribe to, and nothing but looking: a
 * group, or a command that changes something, needs a test of who may.
 */
TEST_F(control, family_has_no_groups_and_only_commands_that_look)
{
	char buf[256] __attribute__((aligned(8)));
	struct family f = {};
	struct t_netlink nl;
	struct nlmsghdr *h;

	ASSERT_EQ(0, t_nl_open(&nl));
	h = t_nl_message(buf, sizeof(buf), GENL_ID_CTRL, NLM_F_ACK, ++nl.seq,
			 CTRL_CMD_GETFAMILY);
	t_nl_add(h, CTRL_ATTR_FAMILY_NAME, IPCX_GENL_NAME,
		 sizeof(IPCX_GENL_NAME));
	ASSERT_EQ(0, t_nl_talk(&nl, h, family_look, &f));
	EXPECT_FALSE(f.groups);
	EXPECT_EQ(1U << IPCX_CMD_GET_OBJECT | 1U << IPCX_CMD_GET_HOLDER |
			  1U << IPCX_CMD_GET_WAITER,
		  f.ops);
	EXPECT_EQ(0, f.flags & (GENL_ADMIN_PERM | GENL_UNS_ADMIN_PERM));
	t_nl_close(&nl);
}

/* Classes: V33. */
TEST_F(control, ordinary_user_changes_no_limit_and_no_counter)
{
	static const char *const folders[] = { T_PARAMETERS, T_COUNTERS };
	pid_t pid = t_fork();

	if (!pid) {
		if (t_become(ALICE))
			_exit(1);
		for (int i = 0; i < 2; i++) {
			DIR *dir = opendir(folders[i]);
			struct dirent *entry;
			char path[512];

			while (dir && (entry = readdir(dir))) {
				if (entry->d_type != DT_REG)
					continue;
				snprintf(path, sizeof(path), "%s%s", folders[i],
					 entry->d_name);
				if (open(path, O_WRONLY | O_CLOEXEC) >= 0 ||
				    errno != EACCES)
					_exit(2);
			}
			if (!dir)
				_exit(3);
			closedir(dir);
		}
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid));
}

/* Sends the request for a dump and reads the first part of its answer. */
static int dump_begin(struct t_netlink *nl, int cmd, uint32_t id)
{
	char buf[256] __attribute__((aligned(8))), part[8192];
	struct nlmsghdr *h;

	h = t_nl_message(buf, sizeof(buf), nl->family, NLM_F_DUMP, ++nl->seq,
			 cmd);
	if (id)
		t_nl_add(h, IPCX_A_ID, &id, sizeof(id));
	if (send(nl->fd, h, h->nlmsg_len, 0) < 0)
		return -errno;
	return recv(nl->fd, part, sizeof(part), 0) > 0 ? 0 : -errno;
}

/* How many messages the rest has, or the negative errno. */
static int dump_end(struct t_netlink *nl)
{
	static char part[1 << 16] __attribute__((aligned(8)));
	int count = 0, len;

	for (;;) {
		struct nlmsghdr *h = (struct nlmsghdr *)part;

		if (!(t_poll(nl->fd, POLLIN, T_LONG / T_MSEC) & POLLIN))
			return -ETIMEDOUT;
		len = recv(nl->fd, part, sizeof(part), 0);
		if (len < 0)
			return -errno;
		for (; NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
			if (h->nlmsg_type == NLMSG_ERROR ||
			    h->nlmsg_type == NLMSG_DONE)
				return *(int *)NLMSG_DATA(h) ?: count;
			count++;
		}
	}
}

#define MANY 400

/* Classes: V33 V10. Half of a listing is read, then everything goes. */
TEST_F(control, listing_goes_on_when_its_objects_have_gone)
{
	struct t_netlink nl, given_up;
	int fds[MANY];

	ASSERT_EQ(0, t_nl_open(&nl));
	ASSERT_EQ(0, t_nl_open(&given_up));
	for (int i = 0; i < MANY; i++) {
		fds[i] = make(self->dev, i % KINDS);
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(0, dump_begin(&nl, IPCX_CMD_GET_OBJECT, 0));
	ASSERT_EQ(0, dump_begin(&given_up, IPCX_CMD_GET_OBJECT, 0));
	for (int i = 0; i < MANY; i++) {
		if (i & 1)
			EXPECT_EQ(0, t_destroy(fds[i]));
		close(fds[i]);
	}
	/* What stood in the socket already, and no more. */
	EXPECT_GT(MANY, dump_end(&nl));
	EXPECT_EQ(0, t_nl_dump(&nl, IPCX_CMD_GET_OBJECT, 0, NULL, 0));
	t_nl_close(&given_up);
	t_nl_close(&nl);
}

static void *wait_for_destroy(void *data)
{
	return (void *)(long)t_sem_p(*(int *)data, 1, t_soon());
}

/* Classes: V33 V10. The same for those who hold and wait for one object. */
TEST_F(control, listing_of_waiters_ends_when_their_object_has_gone)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1), n = t_times(200);
	pthread_t threads[200];
	struct t_netlink nl;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_nl_open(&nl));
	for (int i = 0; i < n; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, wait_for_destroy,
					    &fd));
	ASSERT_TRUE(T_UNTIL(t_waiters(fd) == n));
	ASSERT_EQ(0, dump_begin(&nl, IPCX_CMD_GET_WAITER, id_of(fd)));
	EXPECT_EQ(0, t_destroy(fd));
	for (int i = 0; i < n; i++)
		ASSERT_EQ(0, t_join(threads[i]));
	EXPECT_GT(n, dump_end(&nl));
	EXPECT_EQ(0, t_nl_dump(&nl, IPCX_CMD_GET_WAITER, id_of(fd), NULL, 0));
	close(fd);
	EXPECT_EQ(-ENOENT,
		  t_nl_dump(&nl, IPCX_CMD_GET_WAITER, 0x7ffffff0, NULL, 0));
	t_nl_close(&nl);
}

TEST_HARNESS_MAIN
