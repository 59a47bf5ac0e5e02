// SPDX-License-Identifier: GPL-2.0-only
/* Handles: descriptors that are copied, weakened, passed on, and watched. */
#include "ipcx_channel.h"
#include "ipcx_mailbox.h"

#include <linux/io_uring.h>
#include <sys/resource.h>

FIXTURE(handle)
{
	int dev;
	int sem;
	int owned;
	int lock;
	int region;
	struct t_census before;
};

FIXTURE_SETUP(handle)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->sem = t_sem(self->dev, IPCX_SEM_PLAIN, 1, 10);
	ASSERT_LE(0, self->sem);
	self->owned = t_sem(self->dev, IPCX_SEM_OWNED, 3, 3);
	ASSERT_LE(0, self->owned);
	self->lock = t_lock(self->dev, IPCX_DEATH_REPORT);
	ASSERT_LE(0, self->lock);
	self->region = t_region(self->dev, T_PAGE);
	ASSERT_LE(0, self->region);
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(handle)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static unsigned int rights_of(int fd)
{
	struct ipcx_stat s;

	return t_stat(fd, &s) ? T_POISON32 : s.out_rights;
}

static unsigned int handles_of(int fd)
{
	struct ipcx_stat s;

	return t_stat(fd, &s) ? T_POISON32 : s.out_handles;
}

/* ---- Copies ------------------------------------------------------------ */

/* Rows: L4. Classes: V6. What was opened for a descriptor is closed again. */
TEST_F(handle, process_without_a_free_descriptor_gets_emfile_and_nothing_else)
{
	long long objects = t_counter("objects"),
		  handles = t_counter("handles");
	int spare = dup(self->dev);
	struct rlimit limit;

	ASSERT_LE(0, spare);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = spare;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, t_reduce(self->sem, IPCX_RIGHT_READ));
	EXPECT_EQ(-EMFILE, t_region(self->dev, T_PAGE));
	limit.rlim_cur = limit.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(objects, t_counter("objects"));
	EXPECT_EQ(handles, t_counter("handles"));
	close(spare);
}

/* Rows: H5 */
TEST_F(handle, every_new_descriptor_is_close_on_exec)
{
	int reduced = t_reduce(self->sem, IPCX_RIGHT_READ), opened;
	struct ipcx_sem_create c;
	char name[IPCX_NAME_SIZE];
	int named;

	t_sem_args(&c, t_name(name, "cloexec"), IPCX_SEM_PLAIN, 0, 1);
	named = t_sem_create(self->dev, &c);
	ASSERT_LE(0, named);
	opened = t_open(self->dev, name, IPCX_TYPE_SEM, IPCX_RIGHT_READ);
	ASSERT_LE(0, opened);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->sem, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->region, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(reduced, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(opened, F_GETFD));
	close(reduced);
	close(opened);
	close(named);
}

/* Rows: H6 */
TEST_F(handle, dup_is_the_same_handle_and_reduce_another_one)
{
	int copy = dup(self->sem);
	int reduced = t_reduce(self->sem, IPCX_RIGHTS_MASK);

	ASSERT_LE(0, copy);
	ASSERT_LE(0, reduced);
	EXPECT_EQ(2, handles_of(self->sem));
	EXPECT_EQ(IPCX_RIGHTS_MASK, rights_of(copy));
	EXPECT_EQ(0, t_sem_p(copy, 1, 0));
	EXPECT_EQ(0, t_sem_value(self->sem));
	close(copy);
	EXPECT_EQ(2, handles_of(self->sem));
	close(reduced);
	EXPECT_EQ(1, handles_of(self->sem));
}

/* Rows: H6: holdings belong to the process, not to the descriptor. */
TEST_F(handle, forked_child_acts_for_itself_only)
{
	int *ready = t_shared(T_PAGE);
	pid_t pid;

	ASSERT_EQ(0, t_sem_p(self->owned, 1, 0));
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (t_sem_v(self->owned, 1) != -EPERM)
			_exit(1);
		if (t_sem_p(self->owned, 1, 0))
			_exit(2);
		T_STORE(ready, 1);
		pause();
	}
	EXPECT_TRUE(T_UNTIL(T_LOAD(ready)));
	EXPECT_EQ(2, t_sem_held(self->owned));
	/* Its death gives back what it took, though the parent has the fd. */
	t_kill(pid);
	EXPECT_EQ(1, t_sem_held(self->owned));
	EXPECT_EQ(2, t_sem_value(self->owned));
	EXPECT_EQ(0, t_sem_v(self->owned, 1));
	EXPECT_EQ(-EPERM, t_sem_v(self->owned, 1));
	munmap(ready, T_PAGE);
}

/* Rows: H6: closing is not giving back; dying is. */
TEST_F(handle, closing_one_descriptor_keeps_what_the_process_holds)
{
	int copy = t_reduce(self->owned, IPCX_RIGHTS_MASK);

	ASSERT_EQ(0, t_sem_p(copy, 2, 0));
	close(copy);
	EXPECT_EQ(2, t_sem_held(self->owned));
	EXPECT_EQ(0, t_sem_v(self->owned, 2));
}

/* Rows: H6, bug class V31 */
TEST_F(handle, exec_returns_what_the_old_image_held)
{
	struct ipcx_info info = {};
	int *took = t_shared(T_PAGE);
	pid_t pid;

	ASSERT_EQ(0, t_ioctl(self->dev, IPCX_IOC_INFO, &info));
	if (!(info.out_features & IPCX_FEATURE_EXEC_DEATH))
		SKIP(return, "the kernel does not report exec");
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		fcntl(self->owned, F_SETFD, 0);
		if (t_sem_p(self->owned, 2, 0))
			_exit(1);
		T_STORE(took, 1);
		execl("/bin/sleep", "sleep", "60", NULL);
		_exit(2);
	}
	EXPECT_TRUE(T_UNTIL(T_LOAD(took)));
	EXPECT_TRUE(T_UNTIL(handles_of(self->sem) == 1 &&
			    t_sem_value(self->owned) == 3));
	EXPECT_EQ(0, t_sem_p(self->owned, 3, 0));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	EXPECT_EQ(0, t_sem_v(self->owned, 3));
}

/* Rows: I4: what was passed on works with its rights, and no others. */
TEST_F(handle, passed_descriptor_keeps_its_rights_whoever_uses_it)
{
	int reader = t_reduce(self->sem, IPCX_RIGHT_READ);
	int pair[2];
	pid_t pid;

	ASSERT_EQ(0, t_socketpair(pair));
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = t_recv_fd(pair[1]);

		if (fd < 0 || t_become(1000))
			_exit(1);
		if (rights_of(fd) != IPCX_RIGHT_READ)
			_exit(2);
		if (t_sem_p(fd, 1, t_soon()))
			_exit(3);
		if (t_sem_v(fd, 1) != -EACCES)
			_exit(4);
		_exit(t_reduce(fd, T_RIGHTS_RW) == -EACCES ? 0 : 5);
	}
	ASSERT_EQ(0, t_send_fd(pair[0], reader));
	close(reader);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, t_sem_value(self->sem));
	close(pair[0]);
	close(pair[1]);
}

/* Rows: H1 I7, bug class V6: in flight when both ends go. */
TEST_F(handle, descriptor_in_flight_dies_with_its_socket)
{
	int pair[2], fd;

	ASSERT_EQ(0, t_socketpair(pair));
	fd = t_reduce(self->sem, IPCX_RIGHT_READ);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_send_fd(pair[0], fd));
	close(fd);
	EXPECT_EQ(2, handles_of(self->sem));
	close(pair[0]);
	close(pair[1]);
	EXPECT_TRUE(T_UNTIL(handles_of(self->sem) == 1));
}

/* ---- Rights ------------------------------------------------------------ */

/* Rows: I4 */
TEST_F(handle, reduce_gives_a_subset_and_never_more)
{
	for (unsigned int have = 1; have <= IPCX_RIGHTS_MASK; have++) {
		int fd = t_reduce(self->sem, have);

		ASSERT_LE(0, fd);
		EXPECT_EQ(have, rights_of(fd));
		for (unsigned int want = 1; want <= IPCX_RIGHTS_MASK; want++) {
			int next = t_reduce(fd, want);

			if (want & ~have) {
				EXPECT_EQ(-EACCES, next);
				continue;
			}
			EXPECT_LE(0, next);
			EXPECT_EQ(want, rights_of(next));
			close(next);
		}
		EXPECT_EQ(-EINVAL, t_reduce(fd, 0));
		EXPECT_EQ(-EINVAL, t_reduce(fd, have | 8));
		EXPECT_EQ(-EINVAL, t_reduce(fd, have | 1U << 31));
		close(fd);
	}
}

/* Rows: I4: no second descriptor with more rights out of /proc. */
TEST_F(handle, object_cannot_be_reopened_through_proc)
{
	int fds[] = { self->sem, self->region, self->lock };
	char path[64];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		EXPECT_GT(0, open(path, O_RDWR | O_CLOEXEC));
		EXPECT_GT(0, open(path, O_RDONLY | O_CLOEXEC));
		EXPECT_GT(0, open(path, O_WRONLY | O_CLOEXEC));
	}
}

struct call {
	unsigned int needs;
	unsigned long number;
	const char *name;
};

/* The result of a call that harms nothing where the right is there. */
static int try_call(int fd, unsigned long number)
{
	union {
		struct ipcx_sem_wait wait;
		struct ipcx_sem_post post;
		struct ipcx_set set;
		struct ipcx_unlink unlink;
		struct ipcx_destroy destroy;
		struct ipcx_region_seal seal;
		struct ipcx_region_lock lock;
		struct ipcx_region_wait doorbell;
		char zero[256];
	} u = {};

	switch (number) {
	case IPCX_IOC_SEM_WAIT:
	case IPCX_IOC_SEM_POST:
		u.post.units = 1;
		break;
	case IPCX_IOC_SET:
		u.set.flags = IPCX_SET_F_MODE;
		u.set.mode = 0600;
		break;
	case IPCX_IOC_REGION_SEAL:
		u.seal.seals = IPCX_SEAL_WRITE;
		break;
	}
	return t_ioctl(fd, number, &u);
}

#define CALL(right, name)                                  \
	{                                                  \
		IPCX_RIGHT_##right, IPCX_IOC_##name, #name \
	}

static const struct call sem_calls[] = {
	CALL(READ, SEM_WAIT),  CALL(WRITE, SEM_POST),  CALL(CONTROL, SET),
	CALL(CONTROL, UNLINK), CALL(CONTROL, DESTROY),
};

static const struct call region_calls[] = {
	CALL(READ, REGION_LOCK),    CALL(READ, REGION_WAIT),
	CALL(WRITE, REGION_RING),   CALL(WRITE, REGION_CONSISTENT),
	CALL(CONTROL, REGION_SEAL), CALL(CONTROL, SET),
	CALL(CONTROL, UNLINK),	    CALL(CONTROL, DESTROY),
};

static void check_rights(struct __test_metadata *_metadata, int fd,
			 const struct call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (unsigned int have = 1; have <= IPCX_RIGHTS_MASK; have++) {
			int weak = t_reduce(fd, have);

			ASSERT_LE(0, weak);
			/* The call with the right comes last of all. */
			if (!(have & calls[i].needs)) {
				EXPECT_EQ(-EACCES,
					  try_call(weak, calls[i].number))
				{
					TH_LOG("%s with rights %u",
					       calls[i].name, have);
				}
			}
			close(weak);
		}
	}
	for (size_t i = 0; i < count; i++) {
		int weak = t_reduce(fd, calls[i].needs);

		ASSERT_LE(0, weak);
		EXPECT_NE(-EACCES, try_call(weak, calls[i].number))
		{
			TH_LOG("%s with its right", calls[i].name);
		}
		close(weak);
	}
}

/* Rows: I4 */
TEST_F(handle, each_call_on_a_semaphore_needs_its_right)
{
	check_rights(_metadata, self->sem, sem_calls,
		     sizeof(sem_calls) / sizeof(*sem_calls));
}

/* Rows: I4 */
TEST_F(handle, each_call_on_a_region_needs_its_right)
{
	check_rights(_metadata, self->region, region_calls,
		     sizeof(region_calls) / sizeof(*region_calls));
}

/* Rows: I4 */
TEST_F(handle, word_is_mapped_only_with_read_and_write)
{
	int reader = t_reduce(self->sem, IPCX_RIGHT_READ);
	int writer = t_reduce(self->lock, IPCX_RIGHT_WRITE);

	ASSERT_LE(0, reader);
	ASSERT_LE(0, writer);
	EXPECT_EQ(0, t_map_error(self->sem, T_PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED));
	EXPECT_EQ(EACCES, t_map_error(reader, T_PAGE, PROT_READ | PROT_WRITE,
				      MAP_SHARED));
	EXPECT_EQ(EACCES, t_map_error(writer, T_PAGE, PROT_READ | PROT_WRITE,
				      MAP_SHARED));
	EXPECT_EQ(-EACCES, t_sem_attach(writer));
	EXPECT_LT(0, t_sem_attach(self->lock));
	close(reader);
	close(writer);
}

/*
 * Rows: I4: read() is P(1), write() is V(n), by the same rights; as with a file
 * that was opened for one of them only, the other one gives EBADF.
 */
TEST_F(handle, read_and_write_need_the_rights_too)
{
	int reader = t_reduce(self->sem, IPCX_RIGHT_READ);
	int writer = t_reduce(self->sem, IPCX_RIGHT_WRITE);
	uint64_t n = 1;

	EXPECT_EQ(-1, write(reader, &n, sizeof(n)));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, read(writer, &n, sizeof(n)));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(8, write(writer, &n, sizeof(n)));
	EXPECT_EQ(2, t_sem_value(self->sem));
	EXPECT_EQ(8, read(reader, &n, sizeof(n)));
	EXPECT_EQ(1, n);
	EXPECT_EQ(1, t_sem_value(self->sem));
	close(reader);
	close(writer);
}

/* Bug class V6: an answer that cannot be written leaves nothing behind. */
/* Also when there is no right but to look and change. */
TEST_F(handle, control_alone_neither_reads_nor_writes)
{
	int channel = t_channel(self->dev, 0, T_CAPACITY), pair[2], fd[4], i;
	int box = t_mailbox(self->dev, 1, 8);
	uint64_t number = 1;

	ASSERT_EQ(0, t_send_number(box, 7));
	pair[0] = t_end_with(channel, IPCX_CHANNEL_WRITER, IPCX_RIGHT_CONTROL);
	pair[1] = t_end_with(channel, IPCX_CHANNEL_READER, IPCX_RIGHT_CONTROL);
	ASSERT_EQ(1, t_write(pair[0], "x", 1));
	fd[0] = t_reduce(self->sem, IPCX_RIGHT_CONTROL);
	fd[1] = t_reduce(box, IPCX_RIGHT_CONTROL);
	fd[2] = t_reduce(pair[0], IPCX_RIGHT_CONTROL);
	fd[3] = t_reduce(pair[1], IPCX_RIGHT_CONTROL);
	for (i = 0; i < 4; i++) {
		ASSERT_LE(0, fd[i]);
		EXPECT_EQ(-EBADF, t_read(fd[i], &number, sizeof(number)));
		EXPECT_EQ(-EBADF, t_write(fd[i], &number, sizeof(number)));
		close(fd[i]);
	}
	EXPECT_EQ(1, t_mailbox_messages(box));
	EXPECT_EQ(1, t_queued(channel));
	close(pair[0]);
	close(pair[1]);
	close(channel);
	close(box);
}

TEST_F(handle, faulting_answer_leaves_no_descriptor_and_no_object)
{
	struct ipcx_reduce r = { .rights = IPCX_RIGHT_READ };
	struct t_census before = t_census();
	int fds = t_count_fds();
	struct ipcx_region_create c;

	t_region_args(&c, NULL, T_PAGE);
	for (int i = 0; i < 100; i++) {
		void *p = t_read_only(&r, sizeof(r));

		EXPECT_EQ(-EFAULT, t_ioctl(self->sem, IPCX_IOC_REDUCE, p));
		munmap(p, T_PAGE);
		p = t_read_only(&c, sizeof(c));
		EXPECT_EQ(-EFAULT,
			  t_ioctl(self->dev, IPCX_IOC_REGION_CREATE, p));
		munmap(p, T_PAGE);
	}
	EXPECT_EQ(-EFAULT,
		  t_ioctl(self->sem, IPCX_IOC_REDUCE, t_bad_pointer()));
	EXPECT_EQ(fds, t_count_fds());
	EXPECT_TRUE(t_same_census(&before));
}

/* ---- Polling ----------------------------------------------------------- */

static int epoll_one(int epoll, int ms)
{
	struct epoll_event event = {};
	int ret = epoll_wait(epoll, &event, 1, ms);

	return ret < 0 ? -errno : ret ? (int)event.events : 0;
}

/* Rows: E1 A4 */
TEST_F(handle, epoll_reports_every_kind_of_object)
{
	int fds[] = { self->sem, self->owned, self->lock, self->region };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };

	ASSERT_LE(0, epoll);
	ASSERT_EQ(0, t_sem_p(self->sem, 1, 0));
	ASSERT_EQ(0, t_sem_p(self->owned, 3, 0));
	ASSERT_EQ(0, t_sem_p(self->lock, 1, 0));
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event));
	EXPECT_EQ(0, epoll_one(epoll, 0));
	ASSERT_EQ(0, t_sem_v(self->sem, 1));
	EXPECT_EQ(EPOLLIN, epoll_one(epoll, 1000));
	ASSERT_EQ(0, t_sem_p(self->sem, 1, 0));
	EXPECT_EQ(0, epoll_one(epoll, 0));
	ASSERT_EQ(0, t_sem_v(self->owned, 1));
	EXPECT_EQ(EPOLLIN, epoll_one(epoll, 1000));
	ASSERT_EQ(0, t_sem_p(self->owned, 1, 0));
	EXPECT_EQ(0, epoll_one(epoll, 0));
	ASSERT_EQ(0, t_sem_v(self->lock, 1));
	EXPECT_EQ(EPOLLIN, epoll_one(epoll, 1000));
	ASSERT_EQ(0, t_sem_p(self->lock, 1, 0));
	EXPECT_EQ(0, epoll_one(epoll, 0));
	ASSERT_EQ(0, t_region_ring(self->region, NULL));
	EXPECT_EQ(EPOLLIN, epoll_one(epoll, 1000));
	close(epoll);
}

/* Rows: E1 E6: with EPOLLET every V is an event of its own. */
TEST_F(handle, edge_triggered_epoll_sees_each_post)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->sem, &event));
	EXPECT_EQ(EPOLLIN, epoll_one(epoll, 1000));
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(0, epoll_one(epoll, 0));
		ASSERT_EQ(0, t_sem_v(self->sem, 1));
		EXPECT_EQ(EPOLLIN, epoll_one(epoll, 1000));
	}
	close(epoll);
}

/* Rows: E1, bug class V1: destroyed and closed under epoll. */
TEST_F(handle, epoll_outlives_the_object)
{
	struct epoll_event event = { .events = EPOLLIN };

	for (int i = 0; i < 200; i++) {
		int epoll = epoll_create1(EPOLL_CLOEXEC);
		int fd = i & 1 ? t_region(self->dev, T_PAGE) :
				 t_sem(self->dev,
				       i & 2 ? IPCX_SEM_PLAIN : IPCX_SEM_OWNED,
				       0, 1);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
		if (i & 4) {
			ASSERT_EQ(0, t_destroy(fd));
			EXPECT_EQ(EPOLLHUP, epoll_one(epoll, 1000) & EPOLLHUP);
		}
		if (i & 8)
			close(epoll);
		close(fd);
		if (!(i & 8)) {
			EXPECT_EQ(0, epoll_one(epoll, 0));
			close(epoll);
		}
	}
}

/* A ring of one entry, driven by hand. */
struct uring {
	int fd;
	void *sq;
	void *cq;
	struct io_uring_sqe *sqe;
	struct io_uring_params p;
};

static int uring_init(struct uring *u)
{
	memset(u, 0, sizeof(*u));
	u->fd = syscall(__NR_io_uring_setup, 2, &u->p);
	if (u->fd < 0)
		return -errno;
	u->sq = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
		     IORING_OFF_SQ_RING);
	u->cq = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
		     IORING_OFF_CQ_RING);
	u->sqe = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
		      IORING_OFF_SQES);
	return u->sq == MAP_FAILED || u->cq == MAP_FAILED ||
			       u->sqe == MAP_FAILED ?
		       -ENOMEM :
		       0;
}

static void uring_exit(struct uring *u)
{
	munmap(u->sq, T_PAGE);
	munmap(u->cq, T_PAGE);
	munmap(u->sqe, T_PAGE);
	close(u->fd);
}

static int uring_poll(struct uring *u, int fd)
{
	uint32_t *tail = (uint32_t *)((char *)u->sq + u->p.sq_off.tail);
	uint32_t *array = (uint32_t *)((char *)u->sq + u->p.sq_off.array);
	uint32_t slot = *tail & (u->p.sq_entries - 1);

	memset(&u->sqe[slot], 0, sizeof(*u->sqe));
	u->sqe[slot].opcode = IORING_OP_POLL_ADD;
	u->sqe[slot].fd = fd;
	u->sqe[slot].poll32_events = POLLIN;
	array[slot] = slot;
	T_STORE(tail, *tail + 1);
	return syscall(__NR_io_uring_enter, u->fd, 1, 0, 0, NULL, 0);
}

/* What came of a poll, or -EAGAIN. */
static int uring_result(struct uring *u)
{
	uint32_t *head = (uint32_t *)((char *)u->cq + u->p.cq_off.head);
	uint32_t *tail = (uint32_t *)((char *)u->cq + u->p.cq_off.tail);
	struct io_uring_cqe *cqe =
		(struct io_uring_cqe *)((char *)u->cq + u->p.cq_off.cqes);
	int res;

	/* Lets the kernel run what it has to do for us. */
	syscall(__NR_io_uring_enter, u->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL,
		0);
	if (*head == T_LOAD(tail))
		return -EAGAIN;
	res = cqe[*head & (u->p.cq_entries - 1)].res;
	T_STORE(head, *head + 1);
	return res;
}

/* Rows: E1, bug class V1 */
TEST_F(handle, io_uring_polls_every_kind_of_object)
{
	int fds[] = { self->sem, self->owned, self->lock, self->region };
	struct uring u;
	int result = uring_init(&u);

	if (result == -ENOSYS || result == -EPERM)
		SKIP(return, "the kernel has no io_uring");
	ASSERT_EQ(0, result);
	ASSERT_EQ(0, t_sem_p(self->sem, 1, 0));
	ASSERT_EQ(0, t_sem_p(self->owned, 3, 0));
	ASSERT_EQ(0, t_sem_p(self->lock, 1, 0));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(1, uring_poll(&u, fds[i]));
		EXPECT_EQ(-EAGAIN, uring_result(&u));
		result = i == 3 ? t_region_ring(fds[i], NULL) :
				  t_sem_v(fds[i], 1);
		ASSERT_EQ(0, result);
		EXPECT_TRUE(T_UNTIL((result = uring_result(&u)) != -EAGAIN));
		EXPECT_EQ(POLLIN, result & POLLIN);
	}
	uring_exit(&u);
}

/* Bug class V1 V26: a poll is pending when the object goes. */
TEST_F(handle, io_uring_poll_ends_when_the_object_is_destroyed)
{
	struct uring u;
	int result = uring_init(&u);

	if (result == -ENOSYS || result == -EPERM)
		SKIP(return, "the kernel has no io_uring");
	ASSERT_EQ(0, result);
	for (int i = 0; i < 50; i++) {
		int fd = i & 1 ? t_region(self->dev, T_PAGE) :
				 t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);

		ASSERT_LE(0, fd);
		ASSERT_EQ(1, uring_poll(&u, fd));
		ASSERT_EQ(0, t_destroy(fd));
		close(fd);
		EXPECT_TRUE(T_UNTIL((result = uring_result(&u)) != -EAGAIN));
		EXPECT_EQ(POLLHUP, result & POLLHUP);
	}
	/* And one that is left pending when the ring itself goes. */
	ASSERT_EQ(0, t_sem_p(self->sem, 1, 0));
	ASSERT_EQ(1, uring_poll(&u, self->sem));
	uring_exit(&u);
}

TEST_HARNESS_MAIN
