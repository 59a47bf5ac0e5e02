// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel makes of what it is told beside the structures that
 * contract_test is about: descriptors inside a structure, huge numbers, requests
 * of the netlink family, parameters of the module; and that every byte of what
 * it answers means something.
 *
 * Rows: L4 B11. Classes: V15 V16 V17 V18.
 */
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "ipcx_fd.h"
#include "ipcx_netlink.h"

FIXTURE(parse)
{
	int dev;
	int sem; /* plain, 5 of 10 */
	int owned; /* 5 of 10 */
	int lock;
	int region;
	struct t_netlink nl;
};

FIXTURE_SETUP(parse)
{
	self->dev = t_device();
	self->sem = t_sem(self->dev, IPCX_SEM_PLAIN, 5, 10);
	self->owned = t_sem_with(self->dev, IPCX_SEM_OWNED, 5, 10,
				 IPCX_ORDER_FIFO, IPCX_DEATH_REPORT);
	self->lock = t_lock(self->dev, IPCX_DEATH_REPORT);
	self->region = t_region(self->dev, T_PAGE);
	ASSERT_LE(0, self->sem);
	ASSERT_LE(0, self->owned);
	ASSERT_LE(0, self->lock);
	ASSERT_LE(0, self->region);
	ASSERT_EQ(0, t_nl_open(&self->nl));
}

FIXTURE_TEARDOWN(parse)
{
}

static uint32_t id_of(int fd)
{
	struct ipcx_stat s;

	return t_stat(fd, &s) ? 0 : s.out_id;
}

/* ---- The descriptor inside a structure --------------------------------- */

static int handoff(int from, int to, unsigned int post, unsigned int wait,
		   unsigned int *left)
{
	struct ipcx_sem_handoff h = {
		.wait_fd = to,
		.post_units = post,
		.wait_units = wait,
	};
	int ret = t_ioctl(from, IPCX_IOC_SEM_HANDOFF, &h);

	*left = h.post_units;
	return ret;
}

/* Classes: V15. Everything that is a descriptor, but not of a semaphore. */
TEST_F(parse, handoff_to_other_kinds_of_descriptor_gives_nothing)
{
	int pipes[2], sockets[2], fds[13], n = 0;
	unsigned int left;

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, t_socketpair(sockets));
	fds[n++] = -1;
	fds[n++] = INT_MIN;
	fds[n++] = INT_MAX;
	fds[n++] = 1 << 20;
	fds[n++] = self->dev;
	fds[n++] = self->region;
	fds[n++] = pipes[1];
	fds[n++] = sockets[0];
	fds[n++] = eventfd(1, EFD_SEMAPHORE | EFD_CLOEXEC);
	fds[n++] = epoll_create1(EPOLL_CLOEXEC);
	fds[n++] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	fds[n++] = open(T_DEVICE, O_PATH | O_CLOEXEC);
	fds[n++] = syscall(SYS_pidfd_open, getpid(), 0);
	for (int i = 0; i < n; i++) {
		EXPECT_EQ(-EBADF, handoff(self->sem, fds[i], 1, 1, &left))
		{
			TH_LOG("descriptor %d of the table", i);
		}
		EXPECT_EQ(1, left);
		EXPECT_EQ(5, t_sem_value(self->sem));
	}
}

/* Classes: V15. What names the same object in another way is as good. */
TEST_F(parse, handoff_takes_copies_of_a_descriptor_and_itself)
{
	int other = t_sem(self->dev, IPCX_SEM_PLAIN, 5, 10), sockets[2];
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0), fds[4];
	unsigned int left;

	ASSERT_EQ(0, t_socketpair(sockets));
	ASSERT_EQ(0, t_send_fd(sockets[0], other));
	fds[0] = dup(other);
	fds[1] = t_recv_fd(sockets[1]);
	fds[2] = syscall(SYS_pidfd_getfd, pidfd, other, 0);
	fds[3] = t_reduce(other, IPCX_RIGHT_READ);
	for (int i = 0; i < 4; i++) {
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(0, handoff(self->sem, fds[i], 1, 1, &left));
		EXPECT_EQ(4 - i, t_sem_value(other));
		EXPECT_EQ(6 + i, t_sem_value(self->sem));
	}
	EXPECT_EQ(0, handoff(self->sem, self->sem, 1, 10, &left));
	EXPECT_EQ(0, t_sem_value(self->sem));
	ASSERT_EQ(0, t_destroy(other));
	EXPECT_EQ(-EIDRM, handoff(self->sem, other, 1, 1, &left));
	EXPECT_EQ(0, t_sem_value(self->sem));
}

/* ---- Numbers ----------------------------------------------------------- */

/* Classes: V16. Nothing wraps, is cut off, or is taken for negative. */
TEST_F(parse, huge_numbers_of_units_change_nothing)
{
	static const uint32_t units[] = { 6,	      0x3fffffff, 0x40000000,
					  0x7fffffff, 0x80000000, 0xfffffff6,
					  0xfffffffb, 0xffffffff };
	unsigned int left;

	ASSERT_EQ(0, t_sem_p(self->owned, 1, 0));
	ASSERT_EQ(0, t_sem_p(self->lock, 1, 0));
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		EXPECT_EQ(-EOVERFLOW, t_sem_v(self->sem, units[i]));
		EXPECT_EQ(-EPERM, t_sem_v(self->owned, units[i]));
		EXPECT_EQ(-EPERM, t_sem_v(self->lock, units[i]));
		EXPECT_EQ(-EOVERFLOW,
			  handoff(self->sem, self->owned, units[i], 1, &left));
		EXPECT_EQ(units[i], left);
		EXPECT_EQ(-EPERM,
			  handoff(self->owned, self->sem, units[i], 1, &left));
	}
	EXPECT_EQ(5, t_sem_value(self->sem));
	EXPECT_EQ(4, t_sem_value(self->owned));
	EXPECT_EQ(1, t_sem_held(self->owned));
	EXPECT_EQ(1, t_sem_held(self->lock));
}

static int write_units(int fd, uint64_t units)
{
	return write(fd, &units, sizeof(units)) < 0 ? -errno : 0;
}

/* Classes: V16. The number that write() takes is wider than what is counted. */
TEST_F(parse, huge_numbers_written_are_not_cut_off)
{
	static const uint64_t units[] = {
		6,	     0x40000000,	 0xffffffff, 1ULL << 32,
		0x100000001, 0x4000000000000001, 1ULL << 63, ~0ULL,
	};

	ASSERT_EQ(0, t_sem_p(self->owned, 1, 0));
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		EXPECT_EQ(-EOVERFLOW, write_units(self->sem, units[i]));
		EXPECT_GT(0, write_units(self->owned, units[i]));
		EXPECT_GT(0, write_units(self->lock, units[i]));
		EXPECT_EQ(-EINVAL, write_units(self->region, units[i]));
	}
	EXPECT_EQ(-EINVAL, write_units(self->sem, 0));
	EXPECT_EQ(5, t_sem_value(self->sem));
	EXPECT_EQ(4, t_sem_value(self->owned));
}

/* Classes: V16. */
TEST_F(parse, leases_that_no_clock_can_count_give_einval)
{
	static const uint64_t leases[] = { 1ULL << 63, (1ULL << 63) + 1,
					   ~0ULL };
	struct ipcx_region_create r;
	char name[IPCX_NAME_SIZE];
	struct ipcx_sem_create s;
	int fd;

	t_sem_args(&s, t_name(name, "parse"), IPCX_SEM_PLAIN, 0, 1);
	t_region_args(&r, name, 1);
	s.flags = IPCX_CREATE_F_PERSISTENT;
	r.flags = IPCX_CREATE_F_PERSISTENT;
	s.lease_ns = (1ULL << 63) - 1;
	fd = t_sem_create(self->dev, &s);
	ASSERT_LE(0, fd);
	for (size_t i = 0; i < sizeof(leases) / sizeof(*leases); i++) {
		EXPECT_EQ(-EINVAL,
			  t_set(fd, IPCX_SET_F_LEASE, 0, 0, 0, leases[i]));
		s.lease_ns = leases[i];
		r.lease_ns = leases[i];
		EXPECT_EQ(-EINVAL, t_sem_create(self->dev, &s));
		EXPECT_EQ(-EINVAL, t_region_create(self->dev, &r));
	}
	EXPECT_EQ(0, t_unlink(fd, NULL));
}

/* Classes: V16. */
TEST_F(parse, doorbell_count_that_never_comes_is_waited_for_in_vain)
{
	EXPECT_EQ(0, t_region_ring(self->region, NULL));
	EXPECT_EQ(-EAGAIN, t_region_wait(self->region, ~0ULL, 0, NULL));
	EXPECT_EQ(-EAGAIN, t_region_wait(self->region, 1ULL << 63, 0, NULL));
	EXPECT_EQ(-ETIMEDOUT,
		  t_region_wait(self->region, ~0ULL - 1, t_in_ms(2), NULL));
	EXPECT_EQ(0, t_region_wait(self->region, 0, 0, NULL));
}

/* ---- Requests of the netlink family ------------------------------------ */

/* One request as it stands in @buf: the answer's error. */
static int request(struct t_netlink *nl, struct nlmsghdr *h)
{
	struct t_answers answers = {};

	h->nlmsg_seq = ++nl->seq;
	return t_nl_talk(nl, h, t_nl_collect, &answers);
}

static struct nlmsghdr *start(struct t_netlink *nl, void *buf, size_t size,
			      int cmd)
{
	int flags = cmd == IPCX_CMD_GET_OBJECT ? NLM_F_ACK : NLM_F_DUMP;

	return t_nl_message(buf, size, nl->family, flags, 0, cmd);
}

/* Classes: V16. A number of any size but its own, and any twin of it. */
TEST_F(parse, numbers_of_another_size_are_refused)
{
	char buf[256] __attribute__((aligned(8)));
	uint64_t id[4] = { id_of(self->owned) };
	struct nlmsghdr *h;

	for (int cmd = IPCX_CMD_GET_OBJECT; cmd <= IPCX_CMD_GET_WAITER; cmd++) {
		for (size_t size = 0; size <= sizeof(id); size++) {
			h = start(&self->nl, buf, sizeof(buf), cmd);
			t_nl_add(h, IPCX_A_ID, id, size);
			EXPECT_EQ(size == sizeof(uint32_t),
				  !request(&self->nl, h))
			{
				TH_LOG("command %d: %zu bytes", cmd, size);
			}
		}
	}
}

/* Classes: V16. */
TEST_F(parse, attributes_that_mean_nothing_are_refused)
{
	char buf[256] __attribute__((aligned(8)));
	uint32_t id = id_of(self->owned), other = 0;
	struct nlmsghdr *h;

	for (int cmd = IPCX_CMD_GET_OBJECT; cmd <= IPCX_CMD_GET_WAITER; cmd++) {
		for (int attr = 0; attr < 300; attr++) {
			if (attr == IPCX_A_ID || attr == IPCX_A_NAME)
				continue;
			h = start(&self->nl, buf, sizeof(buf), cmd);
			t_nl_add(h, IPCX_A_ID, &id, sizeof(id));
			t_nl_add(h, attr, &other, sizeof(other));
			EXPECT_EQ(-EINVAL, request(&self->nl, h))
			{
				TH_LOG("command %d: attribute %d", cmd, attr);
			}
		}
	}
}

/* Classes: V16. Rows: L4. */
TEST_F(parse, reserved_bits_of_a_request_are_refused)
{
	char buf[256] __attribute__((aligned(8)));
	uint32_t id = id_of(self->owned);
	struct nlmsghdr *h;

	for (int cmd = IPCX_CMD_GET_OBJECT; cmd <= IPCX_CMD_GET_WAITER; cmd++) {
		for (int bit = 0; bit < 16; bit++) {
			h = start(&self->nl, buf, sizeof(buf), cmd);
			t_nl_add(h, IPCX_A_ID, &id, sizeof(id));
			((struct genlmsghdr *)NLMSG_DATA(h))->reserved = 1U
									 << bit;
			EXPECT_EQ(-EINVAL, request(&self->nl, h))
			{
				TH_LOG("command %d: bit %d", cmd, bit);
			}
		}
	}
	/* Flags that a request of these has no use for. */
	for (int bit = 10; bit < 16; bit++) {
		h = start(&self->nl, buf, sizeof(buf), IPCX_CMD_GET_OBJECT);
		t_nl_add(h, IPCX_A_ID, &id, sizeof(id));
		h->nlmsg_flags |= 1U << bit;
		EXPECT_EQ(-EINVAL, request(&self->nl, h))
		{
			TH_LOG("flag 0x%x", 1U << bit);
		}
	}
}

/* Classes: V16 V18. Names that end nowhere, or in another place. */
TEST_F(parse, malformed_names_in_requests_find_nothing)
{
	char buf[512] __attribute__((aligned(8))), name[256];
	struct ipcx_sem_create c;
	struct nlmsghdr *h;
	int fd;

	memset(name, 'a', sizeof(name));
	name[0] = '/';
	for (size_t size = 0; size < sizeof(name); size++) {
		h = start(&self->nl, buf, sizeof(buf), IPCX_CMD_GET_OBJECT);
		t_nl_add(h, IPCX_A_NAME, name, size);
		EXPECT_GT(0, request(&self->nl, h))
		{
			TH_LOG("%zu characters without an end", size);
		}
	}
	t_sem_args(&c, NULL, IPCX_SEM_PLAIN, 0, 1);
	memcpy(c.name, name, IPCX_NAME_SIZE - 1);
	fd = t_sem_create(self->dev, &c);
	ASSERT_LE(0, fd);
	for (size_t size = 2; size < 80; size++) {
		char one[80] = {};

		memcpy(one, name, size - 1);
		h = start(&self->nl, buf, sizeof(buf), IPCX_CMD_GET_OBJECT);
		t_nl_add(h, IPCX_A_NAME, one, size);
		EXPECT_EQ(size == IPCX_NAME_SIZE, !request(&self->nl, h))
		{
			TH_LOG("%zu characters", size);
		}
	}
}

/* Classes: V16. Messages and attributes that are cut off. */
TEST_F(parse, truncated_requests_are_refused)
{
	char buf[256] __attribute__((aligned(8)));
	uint32_t id = id_of(self->owned);
	struct nlattr *attr;
	struct nlmsghdr *h;

	for (int cmd = IPCX_CMD_GET_OBJECT; cmd <= IPCX_CMD_GET_WAITER; cmd++) {
		for (int len = 0; len < 64; len++) {
			h = start(&self->nl, buf, sizeof(buf), cmd);
			attr = (struct nlattr *)((char *)h + h->nlmsg_len);
			t_nl_add(h, IPCX_A_ID, &id, sizeof(id));
			if (len == NLA_HDRLEN + sizeof(id))
				continue;
			attr->nla_len = len;
			EXPECT_GT(0, request(&self->nl, h))
			{
				TH_LOG("command %d: length %d", cmd, len);
			}
		}
		for (size_t cut = 1; cut < 8; cut++) {
			h = start(&self->nl, buf, sizeof(buf), cmd);
			t_nl_add(h, IPCX_A_ID, &id, sizeof(id));
			h->nlmsg_len -= cut;
			EXPECT_GT(0, request(&self->nl, h));
		}
	}
}

/* ---- Parameters of the module ------------------------------------------ */

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

/* Classes: V16. */
TEST_F(parse, parameters_of_the_module_refuse_what_is_no_number)
{
	static const char *const texts[] = {
		"x",
		"1x",
		"-1",
		"- 1",
		"1 2",
		"0x",
		"18446744073709551616",
		"99999999999999999999999999999",
		"1.5",
		"\n",
	};
	DIR *dir = opendir(T_PARAMETERS);
	struct dirent *entry;
	int count = 0;

	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		char path[128], name[64];
		long long before;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%.63s", entry->d_name);
		snprintf(path, sizeof(path), T_PARAMETERS "%s", name);
		before = t_param(name);
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
			EXPECT_GT(0, write_text(path, texts[i]))
			{
				TH_LOG("%s: %s", name, texts[i]);
			}
			EXPECT_EQ(before, t_param(name));
		}
		count++;
	}
	closedir(dir);
	/* The limits, and max_id. */
	EXPECT_EQ(2 * IPCX_RESOURCE_COUNT + 1, count);
}

/* Classes: V16. A limit that no counter can reach is none, not a negative one. */
TEST_F(parse, largest_limits_do_not_wrap)
{
	const char *path = T_PARAMETERS "max_bytes_per_user";
	long long before = t_param("max_bytes_per_user");
	char text[32];
	struct ipcx_quota q;
	int fd;

	ASSERT_LE(0, before);
	ASSERT_EQ(0, write_text(path, "18446744073709551615"));
	EXPECT_EQ(0, t_quota(self->dev, &q));
	EXPECT_EQ(LLONG_MAX, q.out_limit[IPCX_RESOURCE_BYTES]);
	fd = t_region(self->dev, T_PAGE);
	EXPECT_LE(0, fd);
	snprintf(text, sizeof(text), "%lld", before);
	EXPECT_EQ(0, write_text(path, text));
}

/* ---- Every byte of an answer means something --------------------------- */

static int take(int fd)
{
	struct ipcx_stat s;

	t_stat(fd, &s);
	if (s.out_type == IPCX_TYPE_REGION)
		return t_region_lock(fd, IPCX_LOCK_WRITE, 0, NULL);
	return t_sem_p(fd, 1, 0);
}

/* A child takes and dies; the pid that it had. */
static pid_t die_holding(int fd)
{
	pid_t pid = t_fork();

	if (!pid)
		_exit(-take(fd));
	return t_reap(pid) ? -1 : pid;
}

/* Classes: V17. Who died is written in full, over whatever stood there. */
TEST_F(parse, answers_about_the_dead_are_written_in_full)
{
	static const int poison[] = { 0, -1, 0x33333333 };

	for (size_t i = 0; i < sizeof(poison) / sizeof(*poison); i++) {
		struct ipcx_region_lock l = { .out_dead_pid = poison[i] };
		struct ipcx_sem_handoff h = {
			.wait_fd = self->owned,
			.wait_units = 1,
			.out_dead_pid = poison[i],
			.out_dead_units = poison[i],
		};
		struct ipcx_sem_wait w = {
			.units = 1,
			.out_dead_pid = poison[i],
			.out_dead_units = poison[i],
		};
		pid_t pid = die_holding(self->owned);

		ASSERT_LT(0, pid);
		EXPECT_EQ(-EOWNERDEAD,
			  t_ioctl(self->owned, IPCX_IOC_SEM_WAIT, &w));
		EXPECT_EQ(pid, w.out_dead_pid);
		EXPECT_EQ(1, w.out_dead_units);
		EXPECT_EQ(0, t_sem_v(self->owned, 1));

		pid = die_holding(self->owned);
		EXPECT_EQ(-EOWNERDEAD,
			  t_ioctl(self->sem, IPCX_IOC_SEM_HANDOFF, &h));
		EXPECT_EQ(pid, h.out_dead_pid);
		EXPECT_EQ(1, h.out_dead_units);
		EXPECT_EQ(0, h.post_units);
		EXPECT_EQ(0, t_sem_v(self->owned, 1));

		pid = die_holding(self->lock);
		w.out_dead_pid = poison[i];
		w.out_dead_units = poison[i];
		EXPECT_EQ(-EOWNERDEAD,
			  t_ioctl(self->lock, IPCX_IOC_SEM_WAIT, &w));
		EXPECT_EQ(pid, w.out_dead_pid);
		EXPECT_EQ(1, w.out_dead_units);
		EXPECT_EQ(0, t_sem_consistent(self->lock));
		EXPECT_EQ(0, t_sem_v(self->lock, 1));

		pid = die_holding(self->region);
		EXPECT_EQ(-EOWNERDEAD,
			  t_ioctl(self->region, IPCX_IOC_REGION_LOCK, &l));
		EXPECT_EQ(pid, l.out_dead_pid);
		EXPECT_EQ(0, t_region_unlock(self->region));
		EXPECT_EQ(-EOWNERDEAD, t_region_lock(self->region,
						     IPCX_LOCK_WRITE, 0, NULL));
		EXPECT_EQ(0, t_region_consistent(self->region));
		EXPECT_EQ(0, t_region_unlock(self->region));
	}
}

/* What is wrong with a message, or NULL. */
static const char *message_fault(const struct nlmsghdr *h)
{
	const struct genlmsghdr *g = NLMSG_DATA(h);
	const char *p = (const char *)g + GENL_HDRLEN;
	const char *end = (const char *)h + h->nlmsg_len;

	if (g->reserved || g->version != IPCX_GENL_VERSION)
		return "header";
	while (p < end) {
		const struct nlattr *attr = (const struct nlattr *)p;
		int type = attr->nla_type, size = attr->nla_len - NLA_HDRLEN;
		const char *data = p + NLA_HDRLEN;
		int expected = sizeof(uint64_t);

		if (p + NLA_HDRLEN > end || size < 0 || data + size > end)
			return "length of an attribute";
		if (type == IPCX_A_PAD)
			expected = 0;
		else if (type == IPCX_A_NAME || type == IPCX_A_QUEUE)
			expected = strnlen(data, size) + 1;
		else if (type < IPCX_A_SEM_VALUE && type != IPCX_A_BYTES &&
			 type != IPCX_A_AGE_NS && type != IPCX_A_LEASE_NS)
			expected = sizeof(uint32_t);
		if (size != expected)
			return "size of an attribute";
		p = data + size;
		for (; (p - (const char *)h) % NLA_ALIGNTO; p++)
			if (p < end && *p)
				return "stray padding";
	}
	return p == end ? NULL : "length of the message";
}

struct looked {
	int count;
	const char *fault;
};

static void look(const struct nlmsghdr *h, void *data)
{
	struct looked *looked = data;

	looked->count++;
	if (!looked->fault)
		looked->fault = message_fault(h);
}

/* Classes: V17. No byte of a message is left to chance, of whatever it tells. */
TEST_F(parse, messages_have_no_stray_bytes)
{
	int fds[] = { self->sem, self->owned, self->lock, self->region };
	char buf[256] __attribute__((aligned(8))), name[IPCX_NAME_SIZE];
	struct looked looked = {};
	struct ipcx_sem_create c;
	struct nlmsghdr *h;

	/* Names of every length modulo 4. */
	for (int i = 1; i < 9; i++) {
		snprintf(name, sizeof(name), "/%.*s", i, "stray-bytes");
		t_sem_args(&c, name, IPCX_SEM_PLAIN, 0, 1);
		ASSERT_LE(0, t_sem_create(self->dev, &c));
	}
	for (int i = 0; i < 4; i++) {
		pid_t pid;

		if (i)
			ASSERT_EQ(0, take(fds[i]));
		pid = t_fork();
		if (!pid)
			_exit(-(i == 3 ? t_region_lock(fds[3], IPCX_LOCK_READ,
						       t_soon(), NULL) :
					 t_sem_p(fds[i], 10 - 9 * (i == 2),
						 t_soon())));
		ASSERT_TRUE(T_UNTIL(t_waiters(fds[i]) == 1));
		for (int cmd = 1; cmd <= IPCX_CMD_GET_WAITER; cmd++) {
			uint32_t id = id_of(fds[i]);

			h = start(&self->nl, buf, sizeof(buf), cmd);
			h->nlmsg_seq = ++self->nl.seq;
			t_nl_add(h, IPCX_A_ID, &id, sizeof(id));
			EXPECT_EQ(0, t_nl_talk(&self->nl, h, look, &looked));
		}
		t_kill(pid);
	}
	/* One object each, a holder but for the plain one, a waiter. */
	EXPECT_EQ(11, looked.count);
	h = t_nl_message(buf, sizeof(buf), self->nl.family, NLM_F_DUMP,
			 ++self->nl.seq, IPCX_CMD_GET_OBJECT);
	EXPECT_EQ(0, t_nl_talk(&self->nl, h, look, &looked));
	EXPECT_LE(11 + 12, looked.count);
	EXPECT_EQ(NULL, looked.fault)
	{
		TH_LOG("%s", looked.fault);
	}
}

static bool all_zero(const unsigned char *p, size_t size)
{
	while (size && !*p) {
		p++;
		size--;
	}
	return !size;
}

/* Classes: V17 V14. Memory that others had before tells nothing of them. */
TEST_F(parse, memory_that_is_mapped_was_cleared)
{
	const size_t size = 16 * T_PAGE;

	for (int i = 0; i < 50; i++) {
		int region = t_region(self->dev, size);
		int sem = t_sem(self->dev, IPCX_SEM_PLAIN, 5, 10);
		int lock = t_lock(self->dev, IPCX_DEATH_RETURN);
		unsigned char *p = t_map_rw(region, size);
		unsigned char *word = (unsigned char *)t_sem_map(sem);
		unsigned char *lock_word = (unsigned char *)t_sem_map(lock);

		ASSERT_NE(NULL, p);
		ASSERT_NE(NULL, word);
		ASSERT_NE(NULL, lock_word);
		EXPECT_TRUE(all_zero(p, size));
		EXPECT_EQ(5, *(uint32_t *)word);
		EXPECT_TRUE(all_zero(word + 4, T_PAGE - 4));
		EXPECT_TRUE(all_zero(lock_word, T_PAGE));
		memset(p, 0xee, size);
		memset(word, 0xee, T_PAGE);
		memset(lock_word, 0xee, T_PAGE);
		munmap(p, size);
		t_sem_unmap((uint32_t *)word);
		t_sem_unmap((uint32_t *)lock_word);
		close(region);
		close(sem);
		close(lock);
	}
}

/* ---- Files that are read in pieces ------------------------------------- */

/* All of a file by preads of @step bytes: how much, or the negative errno. */
static ssize_t read_by(int fd, char *to, size_t size, size_t step)
{
	size_t got = 0;
	ssize_t n;

	while (got < size) {
		n = pread(fd, to + got, step < size - got ? step : size - got,
			  got);
		if (n < 0)
			return -errno;
		if (!n)
			return got;
		got += n;
	}
	return -EFBIG;
}

/* Whether preads of each size give the @size bytes that are in @whole. */
static bool same_in_steps(int fd, const char *whole, ssize_t size)
{
	static const size_t steps[] = { 1, 2, 3, 7, 16, 61, 255, 1024 };
	static char pieces[8192];

	if (size < 0)
		return false;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (read_by(fd, pieces, sizeof(pieces), steps[i]) != size ||
		    memcmp(whole, pieces, size))
			return false;
	}
	return true;
}

static void expect_same_in_pieces(struct __test_metadata *_metadata,
				  const char *path)
{
	static char whole[8192], after[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool same = false;
	ssize_t size = 0;

	ASSERT_LE(0, fd);
	/*
	 * What is freed behind the backs of earlier tests changes the files
	 * that count it: the verdict is that of a file that stood still.
	 */
	EXPECT_TRUE(T_UNTIL(({
		size = read_by(fd, whole, sizeof(whole), sizeof(whole));
		same = same_in_steps(fd, whole, size);
		size >= 0 &&
			read_by(fd, after, sizeof(after), sizeof(after)) ==
				size &&
			!memcmp(whole, after, size);
	})));
	EXPECT_TRUE(same)
	{
		TH_LOG("%s differs in pieces", path);
	}
	EXPECT_LT(0, size);
	for (ssize_t i = 0; i < size; i++) {
		EXPECT_TRUE((whole[i] >= ' ' && whole[i] < 127) ||
			    whole[i] == '\n' || whole[i] == '\t')
		{
			TH_LOG("%s: byte 0x%x", path, whole[i]);
		}
	}
	EXPECT_EQ(0, pread(fd, after, sizeof(after), size));
	EXPECT_EQ(0, pread(fd, after, sizeof(after), INT_MAX));
	EXPECT_GE(0, pread(fd, after, sizeof(after), 1LL << 62));
	EXPECT_EQ(-1, pread(fd, after, sizeof(after), -1));
	EXPECT_EQ(-1, lseek(fd, -1, SEEK_SET));
	close(fd);
}

/* Classes: V17 V18. Text, the same however it is read, and no more of it. */
TEST_F(parse, files_that_tell_of_objects_can_be_read_in_pieces)
{
	static const char *const counters[] = { "objects", "handles", "bytes",
						"waiters", "fds" };
	int fds[] = { self->dev,  self->sem,	self->owned,
		      self->lock, self->region, -1 };
	struct ipcx_region_create c;
	char path[128];

	t_region_args(&c, NULL, 1 << 20);
	memset(c.name, 'n', IPCX_NAME_SIZE - 1);
	c.name[0] = '/';
	fds[5] = t_region_create(self->dev, &c);
	ASSERT_LE(0, fds[5]);
	for (int i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fds[i]);
		expect_same_in_pieces(_metadata, path);
	}
	for (int i = 0; i < IPCX_RESOURCE_COUNT; i++) {
		snprintf(path, sizeof(path), T_COUNTERS "%s", counters[i]);
		expect_same_in_pieces(_metadata, path);
		snprintf(path, sizeof(path), T_PARAMETERS "max_%s",
			 counters[i]);
		expect_same_in_pieces(_metadata, path);
	}
}

/* Rows: L1. A glance is short, and says when there is more. */
TEST_F(parse, fdinfo_tells_of_the_first_32_and_that_there_are_more)
{
	enum {
		MANY = 33
	};
	int held = t_sem(self->dev, IPCX_SEM_OWNED, MANY, MANY);
	int wanted = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
	char last[256] = "";
	pid_t pid[MANY];

	ASSERT_LE(0, held);
	ASSERT_LE(0, wanted);
	for (int i = 0; i < MANY; i++) {
		pid[i] = t_fork();
		if (!pid[i])
			_exit(t_sem_p(held, 1, 0) ||
			      t_sem_p(wanted, 1, IPCX_FOREVER));
		ASSERT_TRUE(T_UNTIL(t_sem_waiters(wanted) == i + 1));
		if (i != MANY - 2)
			continue;
		EXPECT_EQ(MANY - 1, t_fdinfo_lines(held, "holder", last));
		EXPECT_STRNE("...", last);
		EXPECT_EQ(MANY - 1, t_fdinfo_lines(wanted, "waiter", last));
		EXPECT_STRNE("...", last);
	}
	EXPECT_EQ(MANY, t_fdinfo_lines(held, "holder", last));
	EXPECT_STREQ("...", last);
	EXPECT_EQ(MANY, t_fdinfo_lines(wanted, "waiter", last));
	EXPECT_STREQ("...", last);
	for (int i = 0; i < MANY; i++)
		t_kill(pid[i]);
	close(wanted);
	close(held);
}

TEST_HARNESS_MAIN
