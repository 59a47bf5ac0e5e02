// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is who: whose credentials count, whose death it was, and what ids and pids
 * are told to whom.
 *
 * Rows: I1 I4 I8 I9 A6 A10. Classes: V28 V29 V30 V33.
 */
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"
#include "ipcx_netlink.h"

#define ALICE	 1000
#define BOB	 1001
#define OVERFLOW 65534

#define RWC IPCX_RIGHTS_MASK

static int *where; /* the line at which a child gave up */

/* In a child: leaves its line behind and ends when @cond does not hold. */
#define MUST(cond)                         \
	do {                               \
		if (!(cond)) {             \
			*where = __LINE__; \
			_exit(1);          \
		}                          \
	} while (0)

enum {
	SEM,
	OWNED,
	LOCK,
	REGION,
	KINDS
};

static int make(int dev, int kind, const char *name, unsigned int mode)
{
	struct ipcx_region_create r;
	struct ipcx_sem_create s;

	if (kind == REGION) {
		t_region_args(&r, name, T_PAGE);
		r.mode = mode;
		return t_region_create(dev, &r);
	}
	t_sem_args(&s, name,
		   kind == SEM	? IPCX_SEM_PLAIN :
		   kind == LOCK ? IPCX_SEM_LOCK :
				  IPCX_SEM_OWNED,
		   kind == LOCK ? 1 : 5, kind == LOCK ? 1 : 10);
	s.on_death = kind == SEM ? IPCX_DEATH_RETURN : IPCX_DEATH_REPORT;
	s.mode = mode;
	return t_sem_create(dev, &s);
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

static int uid_of(int fd)
{
	struct ipcx_stat s;

	return t_stat(fd, &s) ? -1 : (int)s.out_uid;
}

static long long used(int dev, int resource)
{
	struct ipcx_quota q;

	return t_quota(dev, &q) ? -1 : (long long)q.out_used[resource];
}

/* Becomes that user, and can become another one later. */
static int be(unsigned int uid)
{
	if (setresuid(-1, 0, -1) || setgroups(0, NULL) ||
	    setresgid(uid, uid, uid) || setresuid(uid, uid, 0))
		return -errno;
	return 0;
}

FIXTURE(identity)
{
	int dev;
	struct t_census before;
};

FIXTURE_SETUP(identity)
{
	ASSERT_EQ(0, geteuid());
	where = t_shared(T_PAGE);
	ASSERT_NE(NULL, where);
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(identity)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* ---- Credentials are those of the act (V28) ---------------------------- */

/* Classes: V28. Whoever the creator becomes later. */
TEST_F(identity, owner_and_payer_are_those_at_the_creation)
{
	pid_t pid = t_fork();
	struct t_netlink nl;
	struct t_answer a;
	int fds[KINDS];

	if (pid) {
		EXPECT_EQ(0, t_reap(pid))
		{
			TH_LOG("at line %d", *where);
		}
		return;
	}
	MUST(!be(ALICE));
	for (int kind = 0; kind < KINDS; kind++) {
		fds[kind] = make(self->dev, kind, NULL, 0604);
		MUST(fds[kind] >= 0);
	}
	MUST(used(self->dev, IPCX_RESOURCE_OBJECTS) == KINDS);
	MUST(used(self->dev, IPCX_RESOURCE_HANDLES) == KINDS);
	MUST(!be(BOB) && !t_nl_open(&nl));
	for (int kind = 0; kind < KINDS; kind++) {
		MUST(uid_of(fds[kind]) == ALICE);
		MUST(!t_nl_get(&nl, id_of(fds[kind]), &a));
		MUST(a.value[IPCX_A_UID] == ALICE);
		MUST(a.value[IPCX_A_GID] == ALICE);
	}
	MUST(used(self->dev, IPCX_RESOURCE_OBJECTS) == 0);
	MUST(used(self->dev, IPCX_RESOURCE_BYTES) == 0);
	/* A handle more is BOB's, who asks for it. */
	MUST(t_reduce(fds[SEM], IPCX_RIGHT_READ) >= 0);
	MUST(used(self->dev, IPCX_RESOURCE_HANDLES) == 1);
	for (int kind = 0; kind < KINDS; kind++)
		close(fds[kind]);
	MUST(!be(ALICE));
	MUST(T_UNTIL(used(self->dev, IPCX_RESOURCE_HANDLES) == 0));
	MUST(used(self->dev, IPCX_RESOURCE_OBJECTS) == 1);
	_exit(0);
}

/* Classes: V28 V20. What was taken as one user is given back as another. */
TEST_F(identity, holder_stays_the_holder_when_its_ids_change)
{
	pid_t pid = t_fork();
	struct t_netlink nl;
	struct t_answer a;
	int fds[KINDS];

	if (pid) {
		EXPECT_EQ(0, t_reap(pid))
		{
			TH_LOG("at line %d", *where);
		}
		return;
	}
	for (int kind = OWNED; kind < KINDS; kind++) {
		fds[kind] = make(self->dev, kind, NULL, 0604);
		MUST(fds[kind] >= 0);
	}
	MUST(!be(ALICE));
	for (int kind = OWNED; kind < KINDS; kind++)
		MUST(!take(kind, fds[kind]));
	MUST(!be(BOB) && !t_nl_open(&nl));
	for (int kind = OWNED; kind < KINDS; kind++) {
		MUST(t_nl_dump(&nl, IPCX_CMD_GET_HOLDER, id_of(fds[kind]), &a,
			       1) == 1);
		MUST(a.value[IPCX_A_PID] == (uint64_t)getpid());
		MUST(!give(kind, fds[kind]));
		MUST(give(kind, fds[kind]) == -EPERM);
	}
	MUST(used(self->dev, IPCX_RESOURCE_BYTES) == 0);
	_exit(0);
}

struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack,
		stack_size, tls, set_tid, set_tid_size;
};

/* A child that has this number, which must be free. */
static pid_t fork_as(pid_t number)
{
	struct clone3_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&number,
		.set_tid_size = 1,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* A process that took one and died; its number is free again. */
static pid_t dead_holder(int kind, int fd)
{
	pid_t pid = t_fork();

	if (!pid)
		_exit(-take(kind, fd));
	return t_reap(pid) ? -1 : pid;
}

/* What a process can do that has the number of one that died holding. */
static void be_namesake(int kind, int fd, int *ready)
{
	MUST(give(kind, fd) == -EPERM);
	if (kind == REGION)
		MUST(t_region_consistent(fd) == -EPERM);
	if (kind == LOCK)
		MUST(t_sem_consistent(fd) == -EPERM);
	MUST(take(kind, fd) == -EOWNERDEAD);
	T_STORE(ready, 1);
	for (;;)
		pause();
}

/*
 * Rows: A6. Classes: V28. A number is given anew: the new process has nothing to
 * do with what the old one held, and its own death is another one.
 */
TEST_F(identity, process_with_the_number_of_a_dead_one_is_another)
{
	struct t_netlink nl;
	struct t_answer a;

	ASSERT_EQ(0, t_nl_open(&nl));
	for (int kind = OWNED; kind < KINDS; kind++) {
		int fd = make(self->dev, kind, NULL, 0600);
		int *ready = t_shared(T_PAGE), count;
		pid_t old = dead_holder(kind, fd), pid;

		ASSERT_LT(0, old);
		pid = fork_as(old);
		if (!pid)
			be_namesake(kind, fd, ready);
		ASSERT_EQ(old, pid);
		EXPECT_TRUE(T_UNTIL(T_LOAD(ready) || t_state(pid) == 'Z'));
		EXPECT_EQ(1, T_LOAD(ready))
		{
			TH_LOG("kind %d, line %d", kind, *where);
		}
		count = t_nl_dump(&nl, IPCX_CMD_GET_HOLDER, id_of(fd), &a, 1);
		EXPECT_EQ(1, count);
		EXPECT_EQ(pid, a.value[IPCX_A_PID]);
		EXPECT_EQ(NULL, strstr(a.queue, "dead"));
		t_kill(pid);
		EXPECT_EQ(-EOWNERDEAD, take(kind, fd));
		EXPECT_EQ(kind == REGION ? -EDEADLK :
			  kind == LOCK	 ? -EAGAIN :
					   0,
			  take(kind, fd));
		munmap(ready, T_PAGE);
		close(fd);
	}
	t_nl_close(&nl);
}

/* Classes: V28. And what is kept for the old one stays, whoever has its number. */
TEST_F(identity, units_kept_for_a_dead_process_are_not_its_namesakes)
{
	int fd = t_sem_with(self->dev, IPCX_SEM_OWNED, 2, 2, IPCX_ORDER_FIFO,
			    IPCX_DEATH_KEEP);
	pid_t old, pid;

	ASSERT_LE(0, fd);
	old = dead_holder(OWNED, fd);
	ASSERT_LT(0, old);
	pid = fork_as(old);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(t_sem_v(fd, 1) == -EPERM && !t_sem_p(fd, 1, 0) &&
				      !t_sem_v(fd, 1) &&
				      t_sem_v(fd, 1) == -EPERM ?
			      0 :
			      1);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(1, t_sem_held(fd));
	EXPECT_EQ(1, t_sem_value(fd));
	close(fd);
}

/* ---- Opener and caller (V29) ------------------------------------------- */

/* Classes: V29. A device handle lends nothing, in neither direction. */
TEST_F(identity, device_handle_acts_for_its_caller)
{
	char rname[IPCX_NAME_SIZE], aname[IPCX_NAME_SIZE];
	pid_t pid = t_fork();
	int dev, fd;

	if (pid) {
		EXPECT_EQ(0, t_reap(pid))
		{
			TH_LOG("at line %d", *where);
		}
		return;
	}
	t_name(rname, "of-root");
	t_name(aname, "of-alice");
	MUST(make(self->dev, SEM, rname, 0600) >= 0);
	MUST(!be(ALICE));
	dev = t_device();
	MUST(make(dev, REGION, aname, 0600) >= 0);

	/* ALICE with root's handle. */
	MUST(t_open(self->dev, rname, 0, IPCX_RIGHT_READ) == -EACCES);
	MUST(t_unlink(self->dev, rname) == -EACCES);
	MUST(t_open(self->dev, aname, 0, RWC) >= 0);
	for (int kind = 0; kind < KINDS; kind++)
		MUST(uid_of(make(self->dev, kind, NULL, 0600)) == ALICE);
	MUST(used(self->dev, IPCX_RESOURCE_OBJECTS) == KINDS + 1);
	MUST(used(dev, IPCX_RESOURCE_OBJECTS) == KINDS + 1);

	/* root with ALICE's handle. */
	MUST(!be(0));
	MUST(t_open(dev, rname, 0, RWC) >= 0);
	fd = t_open(dev, aname, 0, RWC);
	MUST(fd >= 0 && uid_of(fd) == ALICE);
	for (int kind = 0; kind < KINDS; kind++)
		MUST(uid_of(make(dev, kind, NULL, 0600)) == 0);
	MUST(used(dev, IPCX_RESOURCE_OBJECTS) ==
	     used(self->dev, IPCX_RESOURCE_OBJECTS));
	MUST(!t_unlink(dev, rname) && !t_unlink(dev, aname));
	_exit(0);
}

/* Every call that a weak handle refuses, whoever makes it. */
static void expect_weak(int kind, int fd)
{
	uint64_t one = 1;

	MUST(t_set(fd, IPCX_SET_F_MODE, 0666, 0, 0, 0) == -EACCES);
	MUST(t_destroy(fd) == -EACCES);
	MUST(t_unlink(fd, NULL) == -EACCES);
	MUST(t_reduce(fd, RWC) == -EACCES);
	MUST(!t_map_rw(fd, T_PAGE));
	if (kind == SEM) {
		MUST(t_sem_v(fd, 1) == -EACCES);
		MUST(write(fd, &one, sizeof(one)) < 0 && errno == EBADF);
	}
	if (kind == LOCK)
		MUST(t_sem_attach(fd) == -EACCES);
	if (kind == REGION) {
		MUST(t_region_ring(fd, NULL) == -EACCES);
		MUST(t_region_seal(fd, IPCX_SEAL_WRITE) == -EACCES);
		MUST(t_region_lock(fd, IPCX_LOCK_WRITE, 0, NULL) == -EACCES);
		MUST(t_region_consistent(fd) == -EACCES);
	}
}

/* Classes: V29. An object handle has its rights for life, whoever uses it. */
TEST_F(identity, object_handle_acts_with_its_own_rights)
{
	pid_t pid = t_fork();
	int fds[KINDS], weak;

	if (pid) {
		EXPECT_EQ(0, t_reap(pid))
		{
			TH_LOG("at line %d", *where);
		}
		return;
	}
	for (int kind = 0; kind < KINDS; kind++) {
		/* root with ALICE's handle may no more than she does. */
		MUST(!be(ALICE));
		fds[kind] = make(self->dev, kind, NULL, 0600);
		weak = t_reduce(fds[kind], IPCX_RIGHT_READ);
		MUST(weak >= 0);
		MUST(!be(0));
		expect_weak(kind, weak);
		/* But where an id counts, it is the caller's. */
		MUST(!t_set(fds[kind], IPCX_SET_F_UID, 0, BOB, 0, 0));
		MUST(uid_of(fds[kind]) == BOB);
		close(fds[kind]);

		/* ALICE with root's handle may what that may. */
		fds[kind] = make(self->dev, kind, NULL, 0);
		MUST(!be(ALICE));
		MUST(!take(kind, fds[kind]) && !give(kind, fds[kind]));
		MUST(!t_set(fds[kind], IPCX_SET_F_MODE, 0640, 0, 0, 0));
		MUST(t_set(fds[kind], IPCX_SET_F_UID, 0, ALICE, 0, 0) ==
		     -EPERM);
		MUST(t_set(fds[kind], IPCX_SET_F_GID, 0, 0, BOB, 0) == -EPERM);
		MUST(!t_set(fds[kind], IPCX_SET_F_GID, 0, 0, ALICE, 0));
		MUST(uid_of(fds[kind]) == 0);
		MUST(!t_destroy(fds[kind]));
	}
	_exit(0);
}

/* Whether anything of the object is told over this socket. */
static bool told(struct t_netlink *nl, uint32_t id, const char *name)
{
	struct t_answer list[64], a;
	int count = t_nl_dump(nl, IPCX_CMD_GET_OBJECT, 0, list, 64), told = 0;

	MUST(count >= 0);
	for (int i = 0; i < count && i < 64; i++)
		told += list[i].value[IPCX_A_ID] == id;
	told += !t_nl_get(nl, id, &a);
	told += !t_nl_get_name(nl, name, &a);
	told += t_nl_dump(nl, IPCX_CMD_GET_HOLDER, id, &a, 1) == 1;
	told += t_nl_dump(nl, IPCX_CMD_GET_WAITER, id, &a, 1) == 1;
	MUST(told == 0 || told == 5);
	return told;
}

/*
 * Classes: V29 V33. A socket that ALICE opened tells what ALICE may see, although
 * a program with more rights is made to write to it; and the reverse.
 */
TEST_F(identity, netlink_tells_what_opener_and_caller_both_may_see)
{
	struct t_netlink of_root, of_alice;
	char name[IPCX_NAME_SIZE];
	pid_t waiter, pid;
	uint32_t id;
	int fd;

	fd = make(self->dev, OWNED, t_name(name, "secret"), 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, take(OWNED, fd));
	id = id_of(fd);
	waiter = t_fork();
	if (!waiter)
		_exit(-t_sem_p(fd, 10, t_soon()));
	ASSERT_TRUE(T_UNTIL(t_waiters(fd) == 1));
	pid = t_fork();
	if (!pid) {
		MUST(!t_nl_open(&of_root));
		MUST(!be(ALICE) && !t_nl_open(&of_alice));
		MUST(!told(&of_alice, id, name));
		MUST(!told(&of_root, id, name));
		MUST(!be(0));
		MUST(!told(&of_alice, id, name));
		MUST(told(&of_root, id, name));
		/* It is hers from now on. */
		MUST(!t_set(fd, IPCX_SET_F_UID, 0, ALICE, 0, 0));
		MUST(told(&of_alice, id, name));
		MUST(!be(ALICE));
		MUST(told(&of_alice, id, name));
		MUST(told(&of_root, id, name));
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid))
	{
		TH_LOG("at line %d", *where);
	}
	t_kill(waiter);
	close(fd);
}

/* ---- Ids in namespaces (V30) ------------------------------------------- */

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The pids in the lines of fdinfo that begin with @key; how many lines. */
static int fdinfo_pids(int fd, const char *key, int *pids, int room)
{
	char path[64], line[256], format[32];
	int count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	snprintf(format, sizeof(format), "%s:\tpid %%d", key);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (count < room && sscanf(line, format, &pids[count]) == 1)
			count++;
	if (f)
		fclose(f);
	return count;
}

/* Who holds, or waits, is the same by netlink and fdinfo: its pid here. */
static int pid_told(struct t_netlink *nl, int fd, bool holder)
{
	int cmd = holder ? IPCX_CMD_GET_HOLDER : IPCX_CMD_GET_WAITER;
	struct t_answer a;
	int pid;

	MUST(t_nl_dump(nl, cmd, id_of(fd), &a, 1) == 1);
	MUST(t_present(&a, IPCX_A_PID));
	MUST(fdinfo_pids(fd, holder ? "holder" : "waiter", &pid, 1) == 1);
	MUST(pid == (int)a.value[IPCX_A_PID]);
	if (!holder)
		MUST(a.value[IPCX_A_TID] == a.value[IPCX_A_PID]);
	return pid;
}

struct nested {
	int owned[KINDS]; /* ALICE's, held and waited for outside */
	int theirs[KINDS]; /* root's, held inside */
	int box; /* with messages of root's and of ALICE's */
	int stage;
	pid_t inner; /* as it is called inside */
};

static int dead_pid_told(int kind, int fd)
{
	struct ipcx_sem_wait w;
	int pid;

	if (kind == REGION) {
		MUST(t_region_lock(fd, IPCX_LOCK_READ, 0, &pid) == -EOWNERDEAD);
		return pid;
	}
	MUST(t_sem_p_dead(fd, 1, 0, &w) == -EOWNERDEAD);
	MUST(w.out_dead_units == 1);
	return w.out_dead_pid;
}

/* Who has sent the next message; its pid. */
static int sender_told(int box, unsigned int *uid, unsigned int *gid)
{
	struct ipcx_recv_message m;
	uint32_t number;

	MUST(t_recv(box, &number, sizeof(number), t_soon(), &m) ==
	     sizeof(number));
	*uid = m.out_uid;
	*gid = m.out_gid;
	return m.out_pid;
}

static void messages_from_inside(int box)
{
	unsigned int uid, gid;

	MUST(sender_told(box, &uid, &gid) == 0);
	MUST(uid == OVERFLOW && gid == OVERFLOW);
	MUST(sender_told(box, &uid, &gid) == 0);
	MUST(uid == 0 && gid == 0);
	MUST(!t_send_number(box, 1));
	MUST(sender_told(box, &uid, &gid) == getpid());
	MUST(uid == 0 && gid == 0);
	MUST(!t_send_number(box, 2));
}

static int send_as(uid_t uid, int box)
{
	pid_t pid = t_fork();

	if (!pid)
		_exit(t_become(uid) || t_send_number(box, 3));
	return t_reap(pid);
}

/* In the namespaces: uid 0 is ALICE, all other ids are unknown. */
static void look_from_inside(struct nested *n)
{
	struct t_netlink nl;
	struct ipcx_stat s;
	struct t_answer a;

	MUST(!t_nl_open(&nl));
	for (int kind = OWNED; kind < KINDS; kind++) {
		MUST(!t_stat(n->owned[kind], &s));
		MUST(s.out_uid == 0 && s.out_gid == 0);
		MUST(!t_nl_get(&nl, s.out_id, &a));
		MUST(a.value[IPCX_A_UID] == 0 && a.value[IPCX_A_GID] == 0);
		MUST(!t_stat(n->theirs[kind], &s));
		MUST(s.out_uid == OVERFLOW && s.out_gid == OVERFLOW);
		MUST(!t_nl_get(&nl, s.out_id, &a));
		MUST(a.value[IPCX_A_UID] == OVERFLOW);
		MUST(a.value[IPCX_A_GID] == OVERFLOW);
		/* Holder and waiter are processes outside. */
		MUST(pid_told(&nl, n->owned[kind], true) == 0);
		MUST(pid_told(&nl, n->owned[kind], false) == 0);
		/* Its own is called by its own name. */
		MUST(!take(kind, n->theirs[kind]));
		MUST(pid_told(&nl, n->theirs[kind], true) == getpid());
		/* Ids go in as they come out. */
		MUST(t_set(n->owned[kind], IPCX_SET_F_UID, 0, ALICE, 0, 0) ==
		     -EINVAL);
		MUST(t_set(n->owned[kind], IPCX_SET_F_GID, 0, 0, BOB, 0) ==
		     -EINVAL);
		MUST(!t_set(n->owned[kind], IPCX_SET_F_UID, 0, 0, 0, 0));
		/* CAP_CHOWN in here is none over objects out there. */
		MUST(t_set(n->theirs[kind], IPCX_SET_F_UID, 0, 0, 0, 0) ==
		     -EPERM);
	}
	messages_from_inside(n->box);
	n->inner = getpid();
	T_STORE(&n->stage, 2);
	/* The holder outside has died: somebody, from here. */
	MUST(T_UNTIL(T_LOAD(&n->stage) == 3));
	for (int kind = OWNED; kind < KINDS; kind++)
		MUST(dead_pid_told(kind, n->owned[kind]) == 0);
	T_STORE(&n->stage, 4);
	for (;;)
		pause();
}

/* Holds one of each kind of ALICE's, and a thread of it waits for each. */
static pid_t hold_outside(struct nested *n)
{
	pid_t pid = t_fork();

	if (pid)
		return pid;
	for (int kind = OWNED; kind < KINDS; kind++)
		MUST(!take(kind, n->owned[kind]));
	T_STORE(&n->stage, 1);
	for (;;)
		pause();
}

static pid_t wait_outside(int kind, int fd)
{
	pid_t pid = t_fork();

	if (!pid)
		_exit(-(kind == REGION ?
				t_region_lock(fd, IPCX_LOCK_READ, t_soon(),
					      NULL) :
				t_sem_p(fd, kind == LOCK ? 1 : 10, t_soon())));
	return T_UNTIL(t_waiters(fd) == 1) ? pid : -1;
}

/* A process of ALICE's in a user and a pid namespace of its own. */
static pid_t enter_inside(struct nested *n)
{
	int *mapped = t_shared(T_PAGE);
	pid_t pid = t_fork();
	char path[64];

	if (!pid) {
		MUST(!t_become(ALICE));
		/* What was cleared with the change of ids is needed again. */
		MUST(!prctl(PR_SET_DUMPABLE, 1));
		MUST(!unshare(CLONE_NEWUSER | CLONE_NEWPID));
		T_STORE(mapped, 1);
		MUST(T_UNTIL(T_LOAD(mapped) == 2));
		/* Not t_fork(): the parent's pid is not visible from there. */
		pid = fork();
		if (pid)
			_exit(pid < 0 ? 1 : t_reap(pid));
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		MUST(getuid() == 0);
		look_from_inside(n);
	}
	if (!T_UNTIL(T_LOAD(mapped) == 1 || t_state(pid) == 'Z'))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	if (write_text(path, "0 1000 1"))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	if (write_text(path, "0 1000 1"))
		return -1;
	T_STORE(mapped, 2);
	return pid;
}

/*
 * Rows: I1 I9 A6 A10. Classes: V30. Each id that a call, fdinfo or netlink tells
 * is one of the reader's namespaces, the overflow id, or 0; never a raw one.
 */
TEST_F(identity, ids_are_told_as_the_reader_knows_them)
{
	struct nested *n = t_shared(sizeof(*n));
	pid_t holder, waiter[KINDS], inside, named[KINDS];
	unsigned int uid, gid;
	struct t_netlink nl;

	ASSERT_NE(NULL, n);
	ASSERT_EQ(0, t_nl_open(&nl));
	n->box = t_mailbox(self->dev, 8, 64);
	ASSERT_LE(0, n->box);
	ASSERT_EQ(0, t_send_number(n->box, 0));
	ASSERT_EQ(0, send_as(ALICE, n->box));
	for (int kind = OWNED; kind < KINDS; kind++) {
		n->owned[kind] = make(self->dev, kind, NULL, 0666);
		n->theirs[kind] = make(self->dev, kind, NULL, 0666);
		ASSERT_EQ(0,
			  t_set(n->owned[kind], IPCX_SET_F_UID | IPCX_SET_F_GID,
				0, ALICE, ALICE, 0));
		ASSERT_EQ(0, t_set(n->theirs[kind], IPCX_SET_F_MODE, 0666, 0, 0,
				   0));
	}
	holder = hold_outside(n);
	ASSERT_TRUE(T_UNTIL(T_LOAD(&n->stage) == 1));
	for (int kind = OWNED; kind < KINDS; kind++) {
		waiter[kind] = wait_outside(kind, n->owned[kind]);
		ASSERT_LT(0, waiter[kind]);
		EXPECT_EQ(holder, pid_told(&nl, n->owned[kind], true));
		EXPECT_EQ(waiter[kind], pid_told(&nl, n->owned[kind], false));
	}
	inside = enter_inside(n);
	ASSERT_LT(0, inside);
	EXPECT_TRUE(T_UNTIL(T_LOAD(&n->stage) == 2 || t_state(inside) == 'Z'));
	ASSERT_EQ(2, T_LOAD(&n->stage))
	{
		TH_LOG("inside, at line %d", *where);
	}
	/* From here the one inside has another number. */
	for (int kind = OWNED; kind < KINDS; kind++) {
		named[kind] = pid_told(&nl, n->theirs[kind], true);
		EXPECT_LT(0, named[kind]);
		EXPECT_NE(n->inner, named[kind]);
		EXPECT_EQ(named[OWNED], named[kind]);
		t_kill(waiter[kind]);
	}
	EXPECT_EQ(named[OWNED], sender_told(n->box, &uid, &gid));
	EXPECT_EQ(ALICE, uid);
	EXPECT_EQ(ALICE, gid);
	t_kill(holder);
	T_STORE(&n->stage, 3);
	EXPECT_TRUE(T_UNTIL(T_LOAD(&n->stage) == 4 || t_state(inside) == 'Z'));
	EXPECT_EQ(4, T_LOAD(&n->stage))
	{
		TH_LOG("inside, at line %d", *where);
	}
	kill(named[OWNED], SIGKILL);
	t_reap(inside);
	for (int kind = OWNED; kind < KINDS; kind++)
		EXPECT_EQ(named[kind], dead_pid_told(kind, n->theirs[kind]));
}

TEST_HARNESS_MAIN
