// SPDX-License-Identifier: GPL-2.0-only
/* Mailboxes: order, filters, policies, shares, and that nothing is lost. */
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"

#include <sched.h>

#define MESSAGES 8
#define SIZE	 64

FIXTURE(mailbox)
{
	int dev;
	int fd;
	struct t_census before;
};

FIXTURE_SETUP(mailbox)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->fd = t_mailbox(self->dev, MESSAGES, SIZE);
	ASSERT_LE(0, self->fd);
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(mailbox)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static bool fill(int fd, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (t_send_number(fd, i))
			return false;
	return true;
}

/* Has room for one message of the longest, or for many short ones. */
static int make_narrow(int dev)
{
	struct ipcx_mailbox_create c;

	t_mailbox_args(&c, NULL, 100, SIZE);
	c.max_bytes = SIZE;
	return t_mailbox_create(dev, &c);
}

static bool waiting(int fd, int count)
{
	return T_UNTIL(t_waiters(fd) == count);
}

/* ---- Order and boundaries ---------------------------------------------- */

/* Rows: T4 B1 */
TEST_F(mailbox, messages_come_in_the_order_in_which_they_were_sent)
{
	ASSERT_TRUE(fill(self->fd, MESSAGES));
	for (int i = 0; i < MESSAGES; i++)
		EXPECT_EQ(i, t_recv_number(self->fd, 0));
	EXPECT_EQ(-EAGAIN, t_recv_number(self->fd, 0));
}

/* Rows: B1. Every one of 32,768 priorities, and FIFO inside one. */
TEST_F(mailbox, highest_priority_comes_first_and_fifo_inside_one)
{
	static const unsigned int priorities[MESSAGES] = {
		5, IPCX_PRIORITY_MAX, 0, 5, 31, 32, IPCX_PRIORITY_MAX, 0
	};
	static const int order[MESSAGES] = { 1, 6, 5, 4, 0, 3, 2, 7 };
	struct ipcx_recv_message m;
	uint32_t number;

	for (uint32_t i = 0; i < MESSAGES; i++)
		ASSERT_EQ(0, t_send(self->fd, &i, sizeof(i), priorities[i], i));
	for (int i = 0; i < MESSAGES; i++) {
		ASSERT_EQ(sizeof(number),
			  t_recv(self->fd, &number, sizeof(number), 0, &m));
		EXPECT_EQ(order[i], (int)number);
		EXPECT_EQ(priorities[order[i]], m.out_priority);
		EXPECT_EQ(order[i], (int)m.out_tag);
	}
	number = 1;
	EXPECT_EQ(-EINVAL,
		  t_send(self->fd, &number, 4, IPCX_PRIORITY_MAX + 1, 0));
}

/* Rows: B1. Also one without payload; nothing is joined or split. */
TEST_F(mailbox, boundaries_are_kept)
{
	static const int sizes[] = { 0, 1, SIZE, 7, 0, 63 };
	unsigned char out[SIZE], in[SIZE + 8];

	for (int i = 0; i < 6; i++) {
		memset(out, 'a' + i, sizeof(out));
		ASSERT_EQ(0, t_send(self->fd, out, sizes[i], 0, 0));
	}
	for (int i = 0; i < 6; i++) {
		memset(in, 0, sizeof(in));
		ASSERT_EQ(sizes[i], t_recv(self->fd, in, sizeof(in), 0, NULL));
		memset(out, 'a' + i, sizeof(out));
		EXPECT_EQ(0, memcmp(in, out, sizes[i]));
		EXPECT_EQ(0, in[sizes[i]]);
	}
	EXPECT_EQ(-EMSGSIZE, t_send(self->fd, in, SIZE + 1, 0, 0));
	EXPECT_EQ(0, t_mailbox_messages(self->fd));
}

/* Rows: B1. Payloads that lie in the kernel in pages of their own. */
TEST_F(mailbox, long_messages_arrive_whole)
{
	static const size_t sizes[] = { 3000,  4096,  4097,   8192,
					65535, 65536, 100001, 1 << 20 };
	int fd = t_mailbox(self->dev, 8, 1 << 20);
	unsigned char *out = malloc(1 << 20), *in = malloc(1 << 20);

	ASSERT_LE(0, fd);
	for (size_t i = 0; i < 1 << 20; i++)
		out[i] = i * 7 + i / 4096;
	for (int i = 0; i < 8; i++)
		ASSERT_EQ(0, t_send(fd, out + i, sizes[i] - i, 0, i));
	for (int i = 0; i < 8; i++) {
		ASSERT_EQ(sizes[i] - i, t_recv(fd, in, 1 << 20, 0, NULL));
		EXPECT_EQ(0, memcmp(in, out + i, sizes[i] - i));
	}
	close(fd);
	free(in);
	free(out);
}

/* Rows: B13 */
TEST_F(mailbox, payload_may_be_in_parts_and_messages_in_batches)
{
	struct iovec out[3] = { { "ab", 2 }, { "", 0 }, { "cdefg", 5 } };
	char in[MESSAGES][SIZE] = {};
	struct ipcx_send_message s[MESSAGES];
	struct ipcx_recv_message m[MESSAGES];
	struct iovec part[2] = { { in[0], 3 }, { in[0] + 8, SIZE - 8 } };
	struct ipcx_mailbox_recv r;

	for (int i = 0; i < MESSAGES; i++)
		s[i] = t_message("message", 7, i % 2, i);
	s[0] = t_message(out, 3, 1, 0);
	s[0].flags = IPCX_MESSAGE_F_PARTS;
	ASSERT_EQ(MESSAGES, t_send_many(self->fd, s, MESSAGES, 0, 0));
	EXPECT_EQ(-EAGAIN, t_send_many(self->fd, s, 1, 0, 0));

	memset(m, T_POISON, sizeof(m));
	for (int i = 0; i < MESSAGES; i++) {
		m[i].data = (uintptr_t)in[i];
		m[i].size = SIZE;
		m[i].flags = 0;
		m[i].nr_fds = 0;
		m[i].__reserved = 0;
	}
	m[1].data = (uintptr_t)part;
	m[1].size = 2;
	m[1].flags = IPCX_MESSAGE_F_PARTS;
	/* Odd ones have priority 1, and so has the first. */
	t_recv_args(&r, m, MESSAGES, 0);
	ASSERT_EQ(MESSAGES, t_recv_call(self->fd, &r));
	EXPECT_EQ(0, m[0].out_tag);
	EXPECT_EQ(7, m[0].out_size);
	EXPECT_EQ(1, m[1].out_tag);
	EXPECT_EQ(0, memcmp(in[0], "mes", 3));
	EXPECT_EQ(0, memcmp(in[0] + 8, "sage", 4));
	for (int i = 2; i < MESSAGES; i++)
		EXPECT_EQ(0, memcmp(in[i], "message", 7));
	EXPECT_EQ(2, m[5].out_tag);
}

/* Rows: B13. What is before the one that fails was sent, or received. */
TEST_F(mailbox, batch_ends_before_what_fails)
{
	struct ipcx_send_message s[3] = {
		t_message("1", 1, 0, 1),
		t_message("2", 1, 0, 2),
		t_message(t_bad_pointer(), 1, 0, 3),
	};
	struct ipcx_recv_message m[3];
	struct ipcx_mailbox_recv r;
	char in[3];

	EXPECT_EQ(2, t_send_many(self->fd, s, 3, 0, 0));
	EXPECT_EQ(-EFAULT, t_send_many(self->fd, s + 2, 1, 0, 0));
	EXPECT_EQ(2, t_mailbox_messages(self->fd));
	memset(m, 0, sizeof(m));
	for (int i = 0; i < 3; i++) {
		m[i].data = (uintptr_t)&in[i];
		m[i].size = 1;
	}
	t_recv_args(&r, m, 3, 0);
	EXPECT_EQ(2, t_recv_call(self->fd, &r));
	EXPECT_EQ(1, m[0].out_tag);
	EXPECT_EQ(2, m[1].out_tag);
	EXPECT_EQ(-EAGAIN, t_recv_call(self->fd, &r));
}

/* ---- Filters and peek -------------------------------------------------- */

/* Rows: B4 */
TEST_F(mailbox, receiver_may_ask_for_a_tag_a_mask_or_a_range)
{
	ASSERT_TRUE(fill(self->fd, MESSAGES));
	EXPECT_EQ(5, t_recv_match(self->fd, IPCX_MATCH_TAG, 5, 0, 0));
	EXPECT_EQ(-EAGAIN, t_recv_match(self->fd, IPCX_MATCH_TAG, 5, 0, 0));
	EXPECT_EQ(2, t_recv_match(self->fd, IPCX_MATCH_MASK, 2, 2, 0));
	EXPECT_EQ(3, t_recv_match(self->fd, IPCX_MATCH_MASK, 3, 3, 0));
	EXPECT_EQ(6, t_recv_match(self->fd, IPCX_MATCH_RANGE, 5, 6, 0));
	EXPECT_EQ(-EAGAIN, t_recv_match(self->fd, IPCX_MATCH_RANGE, 5, 6, 0));
	/* The others are there, in their order. */
	EXPECT_EQ(0, t_recv_number(self->fd, 0));
	EXPECT_EQ(1, t_recv_number(self->fd, 0));
	EXPECT_EQ(4, t_recv_number(self->fd, 0));
	EXPECT_EQ(7, t_recv_number(self->fd, 0));
}

/* Rows: B4 */
TEST_F(mailbox, filters_that_make_no_sense_are_refused)
{
	EXPECT_EQ(-EINVAL, t_recv_match(self->fd, IPCX_MATCH_ANY, 1, 0, 0));
	EXPECT_EQ(-EINVAL, t_recv_match(self->fd, IPCX_MATCH_ANY, 0, 1, 0));
	EXPECT_EQ(-EINVAL, t_recv_match(self->fd, IPCX_MATCH_TAG, 1, 1, 0));
	EXPECT_EQ(-EINVAL, t_recv_match(self->fd, IPCX_MATCH_MASK, 3, 1, 0));
	EXPECT_EQ(-EINVAL, t_recv_match(self->fd, IPCX_MATCH_RANGE, 2, 1, 0));
	EXPECT_EQ(-EINVAL, t_recv_match(self->fd, IPCX_MATCH_ID, 1, 1, 0));
	EXPECT_EQ(-EINVAL, t_recv_match(self->fd, IPCX_MATCH_ID + 1, 0, 0, 0));
}

/* Rows: B5 */
TEST_F(mailbox, peek_shows_the_kth_message_and_leaves_it)
{
	ASSERT_TRUE(fill(self->fd, 3));
	for (int round = 0; round < 2; round++) {
		EXPECT_EQ(0, t_peek_number(self->fd, 0));
		EXPECT_EQ(1, t_peek_number(self->fd, 1));
		EXPECT_EQ(2, t_peek_number(self->fd, 2));
		EXPECT_EQ(-EAGAIN, t_peek_number(self->fd, 3));
		EXPECT_EQ(-EAGAIN, t_peek_number(self->fd, ~0U));
	}
	EXPECT_EQ(3, t_mailbox_messages(self->fd));
	EXPECT_EQ(0, t_recv_number(self->fd, 0));
	EXPECT_EQ(1, t_peek_number(self->fd, 0));
}

struct wanted {
	int fd;
	unsigned int match;
	unsigned long long tag, tag_arg;
	unsigned long long deadline;
	long long got;
};

static void *want(void *arg)
{
	struct wanted *w = arg;

	w->got = t_recv_match(w->fd, w->match, w->tag, w->tag_arg, w->deadline);
	return NULL;
}

/* Rows: B4 B2. A message goes to the waiter that wants it, not to the first. */
TEST_F(mailbox, message_wakes_the_receiver_whose_filter_it_matches)
{
	struct wanted w[] = {
		{ self->fd, IPCX_MATCH_TAG, 1, 0, t_soon(), 0 },
		{ self->fd, IPCX_MATCH_RANGE, 10, 19, t_soon(), 0 },
		{ self->fd, IPCX_MATCH_MASK, 0x80, 0x80, t_soon(), 0 },
		{ self->fd, IPCX_MATCH_ANY, 0, 0, t_soon(), 0 },
	};
	pthread_t thread[4];

	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, want, &w[i]));
		ASSERT_TRUE(waiting(self->fd, i + 1));
	}
	EXPECT_EQ(0, t_send_number(self->fd, 0x85));
	EXPECT_TRUE(waiting(self->fd, 3));
	EXPECT_EQ(0, t_send_number(self->fd, 15));
	EXPECT_TRUE(waiting(self->fd, 2));
	EXPECT_EQ(0, t_send_number(self->fd, 7));
	EXPECT_TRUE(waiting(self->fd, 1));
	EXPECT_EQ(0, t_send_number(self->fd, 2));
	EXPECT_EQ(0, t_send_number(self->fd, 1));
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, t_join(thread[i]));
	EXPECT_EQ(1, w[0].got);
	EXPECT_EQ(15, w[1].got);
	EXPECT_EQ(0x85, w[2].got);
	EXPECT_EQ(7, w[3].got);
	EXPECT_EQ(2, t_recv_number(self->fd, 0));
}

struct looking {
	int fd;
	unsigned long long tag; /* 0 for any */
	unsigned int index;
	unsigned long long deadline;
	long long got;
};

/* Peeks, and waits for it. */
static void *look(void *arg)
{
	struct looking *l = arg;
	uint32_t number = T_POISON32;
	struct ipcx_recv_message m = { .data = (uintptr_t)&number,
				       .size = sizeof(number) };
	struct ipcx_mailbox_recv r;
	int ret;

	t_recv_args(&r, &m, 1, l->deadline);
	r.flags = IPCX_RECV_F_PEEK;
	r.index = l->index;
	r.match = l->tag ? IPCX_MATCH_TAG : IPCX_MATCH_ANY;
	r.tag = l->tag;
	ret = t_recv_call(l->fd, &r);
	l->got = ret == 1 ? (long long)number : ret;
	return NULL;
}

/* Rows: B5. All who wait see it, and so does who receives it behind them. */
TEST_F(mailbox, peek_waits_for_the_next_message_that_is_wanted)
{
	struct looking l[3] = {
		{ self->fd, 0, 0, t_soon(), 0 },
		{ self->fd, 7, 0, t_soon(), 0 },
		{ self->fd, 0, 0, t_soon(), 0 },
	};
	struct looking late = { self->fd, 9, 0, t_in_ms(20), 0 };
	struct looking second = { self->fd, 0, 1, t_now() + T_LONG, 0 };
	pthread_t thread[3];

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, look, &l[i]));
		ASSERT_TRUE(waiting(self->fd, i + 1));
	}
	ASSERT_EQ(0, t_send_number(self->fd, 5));
	ASSERT_EQ(0, t_join(thread[0]));
	ASSERT_EQ(0, t_join(thread[2]));
	EXPECT_EQ(1, t_waiters(self->fd));
	ASSERT_EQ(0, t_send_number(self->fd, 7));
	ASSERT_EQ(0, t_join(thread[1]));
	EXPECT_EQ(5, l[0].got);
	EXPECT_EQ(7, l[1].got);
	EXPECT_EQ(5, l[2].got);
	look(&late);
	EXPECT_EQ(-ETIMEDOUT, late.got);
	look(&second);
	EXPECT_EQ(7, second.got);
	EXPECT_EQ(5, t_recv_number(self->fd, 0));
	/* For one behind others nobody waits. */
	look(&second);
	EXPECT_EQ(-EAGAIN, second.got);
	EXPECT_EQ(7, t_recv_number(self->fd, 0));
}

#define LOOKERS 32

/* How long 100 messages take to be sent, that nobody who waits wants. */
static unsigned long long time_sends(int fd)
{
	unsigned long long start = t_now();

	for (int i = 0; i < 100; i++)
		if (t_send_number(fd, 1))
			return 0;
	return t_now() - start;
}

/*
 * Classes: V21. What a message costs is not the product of those who wait, to
 * receive or to peek, and of what is there: that would be hundreds of times
 * as much.
 */
TEST_F(mailbox, who_waits_does_not_look_at_old_messages)
{
	int fd = t_mailbox(self->dev, 16384, 4), old = 8000;
	struct looking l = { fd, 99, 0, t_now() + T_LONG, 0 };
	struct wanted w = { fd, IPCX_MATCH_TAG, 99, 0, t_now() + T_LONG, 0 };
	unsigned long long few, many;
	pthread_t thread[LOOKERS];

	ASSERT_LE(0, fd);
	for (int i = 0; i < LOOKERS; i++) {
		ASSERT_EQ(0,
			  i & 1 ? pthread_create(&thread[i], NULL, look, &l) :
				  pthread_create(&thread[i], NULL, want, &w));
		ASSERT_TRUE(waiting(fd, i + 1));
	}
	few = time_sends(fd);
	for (int i = 0; i < old; i++)
		ASSERT_EQ(0, t_send_number(fd, 1));
	many = time_sends(fd);
	ASSERT_LT(0, few);
	TH_LOG("100 messages: %llu us, then %llu us", few / 1000, many / 1000);
	EXPECT_GT(20 * few, many);
	ASSERT_EQ(0, t_destroy(fd));
	for (int i = 0; i < LOOKERS; i++)
		ASSERT_EQ(0, t_join(thread[i]));
	close(fd);
}

/* As many as are woken at a time. */
#define WOKEN 16

struct onlooker {
	struct looking l;
	int *sent;
};

/* Whoever has seen a message first sends another one at once. */
static void *look_and_send(void *arg)
{
	const struct sched_param param = { .sched_priority = 10 };
	struct onlooker *o = arg;

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		return NULL;
	look(&o->l);
	if (T_ADD(o->sent, 1) == 1)
		o->l.got = t_send_number(o->l.fd, 2);
	return NULL;
}

/*
 * Rows: B1. Between those who are woken at a time and the next in line nobody
 * comes. Who is woken preempts who wakes, where the kernel can be preempted.
 */
TEST_F(mailbox, next_in_line_gets_the_older_message)
{
	struct wanted w = { self->fd, IPCX_MATCH_ANY, 0, 0, t_soon(), 0 };
	struct onlooker o[WOKEN];
	pthread_t thread[WOKEN], last;
	cpu_set_t first;
	int sent = 0;

	if (geteuid())
		SKIP(return, "only root may have real-time priority");
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(first), &first));
	for (int i = 0; i < WOKEN; i++) {
		o[i].l = (struct looking) { self->fd, 0, 0, t_soon(), 0 };
		o[i].sent = &sent;
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, look_and_send,
					    &o[i]));
		ASSERT_TRUE(waiting(self->fd, i + 1));
	}
	ASSERT_EQ(0, pthread_create(&last, NULL, want, &w));
	ASSERT_TRUE(waiting(self->fd, WOKEN + 1));
	ASSERT_EQ(0, t_send_number(self->fd, 1));
	ASSERT_EQ(0, t_join(last));
	EXPECT_EQ(1, w.got);
	for (int i = 0; i < WOKEN; i++)
		ASSERT_EQ(0, t_join(thread[i]));
	EXPECT_EQ(WOKEN, sent);
	EXPECT_EQ(2, t_recv_number(self->fd, t_soon()));
}

/*
 * Who waits for the message of a number is not handed another one: not one that
 * lies in memory in which a message of that number was.
 */
TEST_F(mailbox, who_waits_for_a_number_gets_no_other_message)
{
	struct wanted w = { .fd = self->fd, .match = IPCX_MATCH_ID };
	struct ipcx_recv_message m;
	uint32_t number;
	pthread_t thread;
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(first), &first));
	ASSERT_EQ(0, t_send_number(self->fd, 1));
	ASSERT_EQ(4, t_recv(self->fd, &number, sizeof(number), 0, &m));
	w.tag = m.out_id;
	w.deadline = t_in_ms(200);
	ASSERT_EQ(0, pthread_create(&thread, NULL, want, &w));
	ASSERT_TRUE(waiting(self->fd, 1));
	ASSERT_EQ(0, t_send_number(self->fd, 2));
	EXPECT_EQ(0, t_join(thread));
	EXPECT_EQ(-ETIMEDOUT, w.got);
	EXPECT_EQ(2, t_recv_number(self->fd, 0));
}

/* ---- Nothing is lost --------------------------------------------------- */

/* Rows: B11. A thousand times, and the order is as it was. */
TEST_F(mailbox, short_and_faulting_buffers_lose_nothing)
{
	struct ipcx_recv_message m;
	char small[2];

	ASSERT_TRUE(fill(self->fd, MESSAGES));
	for (int i = 0; i < 1000; i++) {
		EXPECT_EQ(-EMSGSIZE,
			  t_recv(self->fd, small, sizeof(small), 0, &m));
		EXPECT_EQ(4, m.out_size);
		EXPECT_EQ(-EFAULT,
			  t_recv(self->fd, t_bad_pointer(), SIZE, 0, NULL));
	}
	EXPECT_EQ(-EMSGSIZE, t_recv(self->fd, small, 0, 0, NULL));
	EXPECT_EQ(MESSAGES, t_mailbox_messages(self->fd));
	for (int i = 0; i < MESSAGES; i++)
		EXPECT_EQ(i, t_recv_number(self->fd, 0));
}

/* Rows: B11. The payload arrives, and what is told of it cannot. */
TEST_F(mailbox, message_that_cannot_be_told_of_stays)
{
	char in[SIZE];
	struct ipcx_recv_message own = { .data = (uintptr_t)in, .size = SIZE };
	struct ipcx_recv_message *m = t_read_only(&own, sizeof(own));
	struct ipcx_mailbox_recv r;

	ASSERT_NE(NULL, m);
	ASSERT_TRUE(fill(self->fd, 2));
	t_recv_args(&r, m, 1, 0);
	EXPECT_EQ(-EFAULT, t_recv_call(self->fd, &r));
	EXPECT_EQ(0, t_recv_number(self->fd, 0));
	EXPECT_EQ(1, t_recv_number(self->fd, 0));
}

static void *recv_stalled(void *arg)
{
	struct wanted *w = arg;

	w->got = t_recv(w->fd, (void *)(uintptr_t)w->tag, SIZE, 0, NULL);
	return NULL;
}

/* Rows: B11. Who has a page that does not come keeps nobody from the rest. */
TEST_F(mailbox, receiver_that_stalls_holds_up_nobody)
{
	struct uffdio_zeropage zero = {};
	struct wanted w = { .fd = self->fd };
	pthread_t thread;
	char *page;
	int uffd = t_stalled_page(&page);

	if (uffd < 0)
		SKIP(return, "this kernel has no userfaultfd");
	ASSERT_TRUE(fill(self->fd, 3));
	w.tag = (uintptr_t)page;
	ASSERT_EQ(0, pthread_create(&thread, NULL, recv_stalled, &w));
	ASSERT_TRUE(t_poll(uffd, POLLIN, T_LONG / T_MSEC) & POLLIN);
	/* It counts until it is delivered. */
	EXPECT_EQ(3, t_mailbox_messages(self->fd));
	EXPECT_EQ(1, t_recv_number(self->fd, 0));
	EXPECT_EQ(0, t_send_number(self->fd, 9));
	EXPECT_EQ(2, t_recv_number(self->fd, 0));
	EXPECT_EQ(9, t_recv_number(self->fd, 0));
	EXPECT_EQ(-EAGAIN, t_recv_number(self->fd, 0));
	zero.range.start = (uintptr_t)page;
	zero.range.len = T_PAGE;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	ASSERT_EQ(0, t_join(thread));
	EXPECT_EQ(4, w.got);
	EXPECT_EQ(0, *(uint32_t *)page);
	EXPECT_EQ(0, t_mailbox_messages(self->fd));
	close(uffd);
}

/* Rows: B11. The killed one's message goes back to its place. */
TEST_F(mailbox, receiver_killed_while_it_copies_loses_nothing)
{
	struct wanted w = { .fd = self->fd };
	char *page;

	ASSERT_TRUE(fill(self->fd, 3));
	for (int i = 0; i < t_times(20); i++) {
		int ready[2];
		pid_t pid;
		char c;

		ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
		pid = t_fork();
		if (!pid) {
			int uffd = t_stalled_page(&page);
			pthread_t thread;

			w.tag = (uintptr_t)page;
			if (uffd < 0)
				_exit(write(ready[1], "s", 1) != 1);
			if (pthread_create(&thread, NULL, recv_stalled, &w) ||
			    !(t_poll(uffd, POLLIN, T_LONG / T_MSEC) & POLLIN))
				_exit(1);
			if (write(ready[1], "r", 1) == 1)
				pause();
			_exit(1);
		}
		ASSERT_EQ(1, read(ready[0], &c, 1));
		if (c == 's')
			SKIP(return, "this kernel has no userfaultfd");
		EXPECT_EQ(1, t_peek_number(self->fd, 0));
		t_kill(pid);
		EXPECT_EQ(0, t_peek_number(self->fd, 0));
		EXPECT_EQ(3, t_mailbox_messages(self->fd));
		close(ready[0]);
		close(ready[1]);
	}
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(i, t_recv_number(self->fd, 0));
}

/* ---- When it is full --------------------------------------------------- */

struct sending {
	int fd;
	uint32_t number;
	unsigned int size;
	unsigned long long deadline;
	int ret;
};

static void *send_waiting(void *arg)
{
	struct sending *s = arg;
	char data[SIZE] = {};

	memcpy(data, &s->number, sizeof(s->number));
	s->ret = t_send_with(s->fd, data, s->size ?: sizeof(s->number), 0,
			     s->number, IPCX_FULL_WAIT, s->deadline);
	return NULL;
}

/* Rows: B7 */
TEST_F(mailbox, full_mailbox_fails_waits_or_drops_as_the_send_says)
{
	struct ipcx_mailbox_stat s;
	struct sending late = { self->fd, 100, 0, t_soon(), 0 };
	uint32_t n = 200;
	pthread_t thread;

	ASSERT_TRUE(fill(self->fd, MESSAGES));
	EXPECT_EQ(-EAGAIN, t_send_with(self->fd, &n, 4, 0, 0, IPCX_FULL_FAIL,
				       IPCX_FOREVER));
	EXPECT_EQ(-EAGAIN,
		  t_send_with(self->fd, &n, 4, 0, 0, IPCX_FULL_WAIT, 0));
	EXPECT_EQ(-ETIMEDOUT, t_send_with(self->fd, &n, 4, 0, 0, IPCX_FULL_WAIT,
					  t_in_ms(20)));
	EXPECT_EQ(-EINVAL,
		  t_send_with(self->fd, &n, 4, 0, 0, IPCX_FULL_DROP + 1, 0));
	EXPECT_EQ(MESSAGES, t_mailbox_messages(self->fd));

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_waiting, &late));
	ASSERT_TRUE(waiting(self->fd, 1));
	EXPECT_EQ(0, t_recv_number(self->fd, 0));
	ASSERT_EQ(0, t_join(thread));
	EXPECT_EQ(0, late.ret);

	EXPECT_EQ(0, t_send_with(self->fd, &n, 4, 0, 0, IPCX_FULL_DROP, 0));
	ASSERT_EQ(0, t_mailbox_stat(self->fd, &s));
	EXPECT_EQ(1, s.out_dropped);
	EXPECT_EQ(2, s.out_refused);
	EXPECT_EQ(MESSAGES, s.out_messages);
	/* The oldest has gone. */
	for (int i = 2; i < MESSAGES; i++)
		EXPECT_EQ(i, t_recv_number(self->fd, 0));
	EXPECT_EQ(100, t_recv_number(self->fd, 0));
	EXPECT_EQ(200, t_recv_number(self->fd, 0));
}

/* Rows: B7. The lowest priority goes first, and none that is above. */
TEST_F(mailbox, drop_takes_the_oldest_of_the_lowest_priority)
{
	static const unsigned int priorities[MESSAGES] = { 3, 1, 2, 1,
							   2, 3, 9, 9 };
	uint32_t n = 100;
	static const int left[MESSAGES] = { 6, 7, 100, 0, 5, 102, 4, 101 };

	for (uint32_t i = 0; i < MESSAGES; i++)
		ASSERT_EQ(0, t_send(self->fd, &i, 4, priorities[i], 0));
	/* Nothing is below 0, so nothing is dropped. */
	EXPECT_EQ(-EAGAIN,
		  t_send_with(self->fd, &n, 4, 0, 0, IPCX_FULL_DROP, 0));
	EXPECT_EQ(0, t_send_with(self->fd, &n, 4, 4, 0, IPCX_FULL_DROP, 0));
	n++;
	EXPECT_EQ(0, t_send_with(self->fd, &n, 4, 2, 0, IPCX_FULL_DROP, 0));
	n++;
	EXPECT_EQ(0, t_send_with(self->fd, &n, 4, 3, 0, IPCX_FULL_DROP, 0));
	for (int i = 0; i < MESSAGES; i++)
		EXPECT_EQ(left[i], t_recv_number(self->fd, 0));
}

#define VICTIMS 4096 /* as the header says */

/* A mailbox that is full of messages of a byte, more than may be dropped. */
static int full_of_bytes(int dev)
{
	struct ipcx_mailbox_create c;
	int fd;

	t_mailbox_args(&c, NULL, VICTIMS + 100, VICTIMS + 100);
	c.max_bytes = VICTIMS + 100;
	fd = t_mailbox_create(dev, &c);
	for (int i = 0; fd >= 0 && i < VICTIMS + 100; i++)
		if (t_send(fd, "x", 1, 0, 0))
			return -EPROTO;
	return fd;
}

/* Rows: B7. What would drop too many drops none. */
TEST_F(mailbox, drop_is_bounded)
{
	int fd[2] = { full_of_bytes(self->dev), full_of_bytes(self->dev) };
	struct ipcx_send_message m;
	char data[VICTIMS + 1] = {};

	ASSERT_LE(0, fd[0]);
	ASSERT_LE(0, fd[1]);
	EXPECT_EQ(-EAGAIN, t_send_with(fd[0], data, VICTIMS + 1, 0, 0,
				       IPCX_FULL_DROP, 0));
	EXPECT_EQ(VICTIMS + 100, t_mailbox_messages(fd[0]));
	/* Of those of a call to many all together. */
	m = t_message(data, VICTIMS / 2 + 1, 0, 0);
	EXPECT_EQ(-EAGAIN,
		  t_send_all(self->dev, fd, 2, &m, IPCX_FULL_DROP, 0, NULL));
	EXPECT_EQ(VICTIMS + 100, t_mailbox_messages(fd[0]));
	EXPECT_EQ(VICTIMS + 100, t_mailbox_messages(fd[1]));
	m = t_message(data, VICTIMS / 2, 0, 0);
	EXPECT_EQ(0, t_send_all(self->dev, fd, 2, &m, IPCX_FULL_DROP, 0, NULL));
	EXPECT_EQ(VICTIMS / 2 + 101, t_mailbox_messages(fd[0]));
	EXPECT_EQ(VICTIMS / 2 + 101, t_mailbox_messages(fd[1]));
	close(fd[0]);
	fd[0] = full_of_bytes(self->dev);
	EXPECT_EQ(0,
		  t_send_with(fd[0], data, VICTIMS, 0, 0, IPCX_FULL_DROP, 0));
	EXPECT_EQ(101, t_mailbox_messages(fd[0]));
	close(fd[0]);
	close(fd[1]);
}

/* Rows: B7. A long message waits for all that it needs, and nobody passes it. */
TEST_F(mailbox, senders_wait_in_order_for_bytes_too)
{
	struct sending big = { .number = 50, .size = SIZE };
	struct sending small = { .number = 51 };
	pthread_t thread[2];
	int fd = make_narrow(self->dev);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(fill(fd, 2));
	big.fd = fd;
	small.fd = fd;
	big.deadline = t_soon();
	small.deadline = t_soon();
	ASSERT_EQ(0, pthread_create(&thread[0], NULL, send_waiting, &big));
	ASSERT_TRUE(waiting(fd, 1));
	ASSERT_EQ(0, pthread_create(&thread[1], NULL, send_waiting, &small));
	ASSERT_TRUE(waiting(fd, 2));
	EXPECT_EQ(-EAGAIN, t_send_number(fd, 52));
	EXPECT_EQ(0, t_recv_number(fd, 0));
	EXPECT_EQ(2, t_waiters(fd));
	EXPECT_EQ(1, t_recv_number(fd, 0));
	EXPECT_TRUE(waiting(fd, 1));
	EXPECT_EQ(SIZE, t_recv(fd, (char[SIZE]) {}, SIZE, 0, NULL));
	EXPECT_EQ(51, t_recv_number(fd, t_soon()));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, t_join(thread[i]));
	EXPECT_EQ(0, big.ret);
	EXPECT_EQ(0, small.ret);
	close(fd);
}

/* Rows: B7. What is dropped for a short message leaves room for one that waits. */
TEST_F(mailbox, drop_lets_in_who_waits_as_far_as_there_is_room)
{
	struct sending late = { .number = 50 };
	char data[SIZE / 2] = {};
	pthread_t thread;
	int fd = make_narrow(self->dev);

	ASSERT_LE(0, fd);
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, t_send(fd, data, sizeof(data), 0, i));
	late.fd = fd;
	late.deadline = t_soon();
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_waiting, &late));
	ASSERT_TRUE(waiting(fd, 1));
	EXPECT_EQ(0, t_send_with(fd, data, 1, 0, 9, IPCX_FULL_DROP, 0));
	ASSERT_EQ(0, t_join(thread));
	EXPECT_EQ(0, late.ret);
	EXPECT_EQ(3, t_mailbox_messages(fd));
	close(fd);
}

/* Rows: B7. Who gives up lets those behind it in. */
TEST_F(mailbox, sender_that_leaves_lets_the_next_one_in)
{
	struct sending big = { .number = 50, .size = SIZE };
	struct sending small = { .number = 51 };
	pthread_t thread[2];
	int fd = make_narrow(self->dev);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(fill(fd, 1));
	big.fd = fd;
	small.fd = fd;
	big.deadline = t_in_ms(300 * t_slower());
	small.deadline = t_soon();
	ASSERT_EQ(0, pthread_create(&thread[0], NULL, send_waiting, &big));
	ASSERT_TRUE(waiting(fd, 1));
	ASSERT_EQ(0, pthread_create(&thread[1], NULL, send_waiting, &small));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, t_join(thread[i]));
	EXPECT_EQ(-ETIMEDOUT, big.ret);
	EXPECT_EQ(0, small.ret);
	EXPECT_EQ(0, t_recv_number(fd, 0));
	EXPECT_EQ(51, t_recv_number(fd, 0));
	close(fd);
}

/* ---- Receivers that are there or not ----------------------------------- */

/* Rows: B10 */
TEST_F(mailbox, send_without_receiver_fails_at_once_where_one_is_needed)
{
	struct sending late = { .number = 7 };
	struct ipcx_mailbox_create c;
	int fd, out;
	pthread_t thread;
	uint32_t n = 1;

	t_mailbox_args(&c, NULL, 1, SIZE);
	c.flags = IPCX_MAILBOX_F_NEED_RECEIVER;
	fd = t_mailbox_create(self->dev, &c);
	ASSERT_LE(0, fd);
	out = t_reduce(fd, IPCX_RIGHT_WRITE);
	ASSERT_LE(0, out);
	EXPECT_EQ(0, t_send_number(out, 1));
	/* One waits for room when the last receiver goes. */
	late.fd = out;
	late.deadline = t_soon();
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_waiting, &late));
	ASSERT_TRUE(waiting(out, 1));
	close(fd);
	ASSERT_EQ(0, t_join(thread));
	EXPECT_EQ(-ENXIO, late.ret);
	EXPECT_EQ(-ENXIO, t_send_number(out, 1));
	EXPECT_EQ(-ENXIO, t_send_with(out, &n, 4, 0, 0, IPCX_FULL_DROP, 0));
	EXPECT_TRUE(t_poll(out, POLLOUT, 0) & POLLOUT);
	close(out);
}

/* Rows: B10 */
TEST_F(mailbox, destroyed_mailbox_says_so_and_frees_what_was_in_it)
{
	struct wanted w = { self->fd, IPCX_MATCH_TAG, 99, 0, t_soon(), 0 };
	struct sending late = { self->fd, 7, 0, t_soon(), 0 };
	long long bytes = t_counter("bytes");
	pthread_t thread[2];

	ASSERT_TRUE(fill(self->fd, MESSAGES));
	EXPECT_LT(bytes, t_counter("bytes"));
	ASSERT_EQ(0, pthread_create(&thread[0], NULL, want, &w));
	ASSERT_TRUE(waiting(self->fd, 1));
	ASSERT_EQ(0, pthread_create(&thread[1], NULL, send_waiting, &late));
	ASSERT_TRUE(waiting(self->fd, 2));
	ASSERT_EQ(0, t_destroy(self->fd));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, t_join(thread[i]));
	EXPECT_EQ(-EIDRM, w.got);
	EXPECT_EQ(-EIDRM, late.ret);
	EXPECT_EQ(-EIDRM, t_send_number(self->fd, 1));
	EXPECT_EQ(-EIDRM, t_recv_number(self->fd, 0));
	EXPECT_EQ(bytes, t_counter("bytes"));
}

/* ---- Lifetimes --------------------------------------------------------- */

static int send_mortal(int fd, uint32_t number, unsigned int ms)
{
	struct ipcx_send_message m = t_message(&number, 4, 0, number);

	m.lifetime_ns = ms * T_MSEC;
	return t_send_many(fd, &m, 1, 0, 0);
}

/* Rows: B12. It is not delivered, makes room, and is counted. */
TEST_F(mailbox, expired_message_is_never_delivered)
{
	struct ipcx_mailbox_stat s;
	struct sending late = { self->fd, 77, 0, t_soon(), 0 };

	ASSERT_EQ(1, send_mortal(self->fd, 1, 50));
	for (int i = 1; i < MESSAGES; i++)
		ASSERT_EQ(1, send_mortal(self->fd, i, 3600000));
	/* The room of the one that expires is what this waits for. */
	send_waiting(&late);
	EXPECT_EQ(0, late.ret);
	ASSERT_EQ(0, t_mailbox_stat(self->fd, &s));
	EXPECT_EQ(1, s.out_expired);
	EXPECT_EQ(MESSAGES, s.out_messages);
	for (int i = 1; i < MESSAGES; i++)
		EXPECT_EQ(i, t_recv_number(self->fd, 0));
	EXPECT_EQ(77, t_recv_number(self->fd, 0));
}

/* Rows: B12. Nobody comes, and still its memory is given back. */
TEST_F(mailbox, memory_of_expired_messages_comes_back_by_itself)
{
	long long bytes = t_counter("bytes");

	for (int i = 0; i < MESSAGES; i++)
		ASSERT_EQ(1, send_mortal(self->fd, i, 10 + 10 * i));
	EXPECT_LT(bytes, t_counter("bytes"));
	EXPECT_TRUE(T_UNTIL(t_counter("bytes") == bytes));
	EXPECT_EQ(-EAGAIN, t_recv_number(self->fd, 0));
	EXPECT_FALSE(t_poll(self->fd, POLLIN, 0) & POLLIN);
}

/* ---- Who sent it ------------------------------------------------------- */

/* Rows: I1. Stamped when it was sent, by the kernel. */
TEST_F(mailbox, message_tells_who_sent_it_and_when)
{
	unsigned long long before = t_now_on(CLOCK_REALTIME), after;
	struct ipcx_recv_message m;
	char in[SIZE];
	pid_t pid;

	ASSERT_EQ(0, t_send_number(self->fd, 1));
	after = t_now_on(CLOCK_REALTIME);
	ASSERT_EQ(4, t_recv(self->fd, in, SIZE, 0, &m));
	EXPECT_EQ(getpid(), m.out_pid);
	EXPECT_EQ(geteuid(), m.out_uid);
	EXPECT_EQ(getegid(), m.out_gid);
	EXPECT_EQ(0, m.out_flags);
	EXPECT_LE(before, m.out_sent_ns);
	EXPECT_GE(after, m.out_sent_ns);

	/* Another user, which has died when it is received. */
	pid = t_fork();
	if (!pid)
		_exit(t_become(4321) || t_send_number(self->fd, 2));
	ASSERT_EQ(0, t_reap(pid));
	ASSERT_EQ(4, t_recv(self->fd, in, SIZE, 0, &m));
	EXPECT_EQ(pid, m.out_pid);
	EXPECT_EQ(4321, m.out_uid);
	EXPECT_EQ(IPCX_MESSAGE_OUT_SENDER_GONE, m.out_flags);
}

static void *send_and_stay(void *arg)
{
	int *fd = arg;

	if (t_send_number(*fd, 3))
		_exit(1);
	for (;;)
		pause();
}

/* Rows: I1. The process lives on without its first thread. */
TEST_F(mailbox, sender_is_there_while_any_thread_of_it_is)
{
	struct ipcx_recv_message m;
	char in[SIZE];
	pid_t pid;

	pid = t_fork();
	if (!pid) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, send_and_stay, &self->fd))
			_exit(1);
		pthread_exit(NULL);
	}
	ASSERT_TRUE(T_UNTIL(t_state(pid) == 'Z'));
	ASSERT_TRUE(T_UNTIL(t_mailbox_messages(self->fd) == 1));
	ASSERT_EQ(4, t_recv(self->fd, in, SIZE, 0, &m));
	EXPECT_EQ(pid, m.out_pid);
	EXPECT_EQ(0, m.out_flags);
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
}

/* ---- Shares ------------------------------------------------------------ */

/* A child as another user sends @count messages: how many went in. */
static int flood(int fd, unsigned int uid, int count, int *last)
{
	int *result = t_shared(2 * sizeof(int));
	pid_t pid = t_fork();

	if (!pid) {
		if (t_become(uid))
			_exit(1);
		for (int i = 0; i < count; i++) {
			result[1] = t_send_number(fd, 1000 + i);
			if (result[1])
				break;
			result[0]++;
		}
		_exit(0);
	}
	if (t_reap(pid))
		return -1;
	*last = result[1];
	return result[0];
}

/* Rows: B9 */
TEST_F(mailbox, other_user_gets_half_of_what_is_left)
{
	int fd = t_mailbox(self->dev, 100, SIZE), last;
	struct ipcx_mailbox_stat s;

	ASSERT_LE(0, fd);
	EXPECT_EQ(50, flood(fd, 1001, 1000, &last));
	EXPECT_EQ(-EDQUOT, last);
	EXPECT_EQ(25, flood(fd, 1002, 1000, &last));
	EXPECT_EQ(-EDQUOT, last);
	/* The same again: it has what it may have. */
	EXPECT_EQ(0, flood(fd, 1001, 1000, &last));
	ASSERT_EQ(0, t_mailbox_stat(fd, &s));
	EXPECT_EQ(75, s.out_messages);
	EXPECT_EQ(0, s.out_share_messages);
	EXPECT_EQ(25, s.out_share_limit_messages);
	EXPECT_EQ(3, s.out_share_denied);
	/* The owner has all that is left. */
	for (int i = 0; i < 25; i++)
		EXPECT_EQ(0, t_send_number(fd, i));
	EXPECT_EQ(-EAGAIN, t_send_number(fd, 0));
	close(fd);
}

/* Rows: B9. One that waits because of its share holds up nobody. */
TEST_F(mailbox, sender_over_its_share_does_not_hold_up_others)
{
	int fd = t_mailbox(self->dev, 4, SIZE), last;
	uint32_t n = 500;
	pid_t pid;

	ASSERT_LE(0, fd);
	EXPECT_EQ(2, flood(fd, 1001, 100, &last));
	pid = t_fork();
	if (!pid)
		_exit(t_become(1001) ||
		      t_send_with(fd, &n, 4, 0, 0, IPCX_FULL_WAIT, t_soon()));
	ASSERT_TRUE(waiting(fd, 1));
	EXPECT_EQ(0, t_send_number(fd, 1));
	EXPECT_EQ(1, flood(fd, 1002, 100, &last));
	EXPECT_EQ(1, t_waiters(fd));
	EXPECT_EQ(1000, t_recv_number(fd, 0));
	/* It has one of four, and one is half of the two others' rest. */
	EXPECT_EQ(1001, t_recv_number(fd, 0));
	ASSERT_EQ(0, t_reap(pid));
	EXPECT_EQ(1, t_recv_number(fd, 0));
	EXPECT_EQ(1000, t_recv_number(fd, 0));
	EXPECT_EQ(500, t_recv_number(fd, 0));
	close(fd);
}

/* Rows: B9 B7. Nobody drops what is not its own, but the owner. */
TEST_F(mailbox, drop_spares_the_messages_of_others)
{
	uint32_t n = 500;
	pid_t pid;

	ASSERT_TRUE(fill(self->fd, MESSAGES));
	pid = t_fork();
	if (!pid)
		_exit(t_become(1001) ||
		      t_send_with(self->fd, &n, 4, 9, 0, IPCX_FULL_DROP, 0) !=
			      -EAGAIN);
	EXPECT_EQ(0, t_reap(pid));
	for (int i = 0; i < MESSAGES; i++)
		EXPECT_EQ(i, t_recv_number(self->fd, 0));
}

/* ---- Limits ------------------------------------------------------------ */

/* Rows: B8. By an ordinary user, with what the module allows by default. */
TEST_F(mailbox, thousands_of_long_messages_fit_by_default)
{
	enum {
		COUNT = 4096,
		LONG = 65536
	};
	long long bytes = t_counter("bytes");
	pid_t pid = t_fork();

	if (!pid) {
		char *data = malloc(LONG);
		int fd, i;

		if (t_become(1001))
			_exit(1);
		fd = t_mailbox(self->dev, 0, 0);
		for (i = 0; i < COUNT; i++) {
			memset(data, i, LONG);
			if (t_send(fd, data, LONG, 0, i))
				_exit(2);
		}
		if (t_send(fd, data, 1, 0, i) != -EAGAIN)
			_exit(3);
		for (i = 0; i < COUNT; i++) {
			struct ipcx_recv_message m;

			if (t_recv(fd, data, LONG, 0, &m) != LONG ||
			    m.out_tag != (unsigned int)i ||
			    data[0] != (char)i || data[LONG - 1] != (char)i)
				_exit(4);
		}
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_TRUE(T_UNTIL(t_counter("bytes") == bytes));
}

/* Rows: B8. The kernel's record is charged, too; what is short costs the same. */
TEST_F(mailbox, sender_pays_for_each_message_until_it_is_received)
{
	long long before = t_counter("bytes"), one, two;
	char data[1008] = { 0 };
	int box;

	ASSERT_EQ(0, t_send(self->fd, "", 0, 0, 0));
	one = t_counter("bytes") - before;
	EXPECT_LT(100, one);
	ASSERT_EQ(0, t_send(self->fd, "12345678", 8, 0, 0));
	EXPECT_EQ(2 * one, t_counter("bytes") - before);
	EXPECT_EQ(0, t_recv(self->fd, NULL, 0, 0, NULL));
	EXPECT_EQ(one, t_counter("bytes") - before);
	box = t_mailbox(self->dev, 4, sizeof(data));
	ASSERT_LE(0, box);
	before = t_counter("bytes") - one;
	ASSERT_EQ(0, t_send(box, data, 1000, 0, 0));
	two = t_counter("bytes") - before - one;
	EXPECT_LT(1000 + 100, two);
	ASSERT_EQ(0, t_send(box, data, 1008, 0, 0));
	EXPECT_EQ(one + 2 * two + 8, t_counter("bytes") - before);
}

/* ---- Files ------------------------------------------------------------- */

/* Rows: T4 */
TEST_F(mailbox, read_and_write_move_one_message_each)
{
	struct iovec out[2] = { { "one ", 4 }, { "message", 7 } };
	char in[SIZE + 1] = {};

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(11, writev(self->fd, out, 2));
	EXPECT_EQ(3, write(self->fd, "two", 3));
	EXPECT_EQ(-1, read(self->fd, in, 4));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_EQ(11, read(self->fd, in, SIZE));
	EXPECT_EQ(0, memcmp(in, "one message", 11));
	EXPECT_EQ(-1, read(self->fd, t_bad_pointer(), SIZE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(3, read(self->fd, in, SIZE));
	EXPECT_EQ(-1, read(self->fd, in, SIZE));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, write(self->fd, in, SIZE + 1));
	EXPECT_EQ(EMSGSIZE, errno);
}

/* Rows: T4 */
TEST_F(mailbox, poll_tells_of_messages_and_of_room)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	EXPECT_EQ(POLLOUT, t_poll(self->fd, POLLIN | POLLOUT, 0));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	ASSERT_TRUE(fill(self->fd, MESSAGES));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, T_LONG / T_MSEC));
	EXPECT_EQ(POLLIN, t_poll(self->fd, POLLIN | POLLOUT, 0));
	EXPECT_EQ(0, t_recv_number(self->fd, 0));
	EXPECT_EQ(POLLIN | POLLOUT, t_poll(self->fd, POLLIN | POLLOUT, 0));
	ASSERT_EQ(0, t_destroy(self->fd));
	EXPECT_TRUE(t_poll(self->fd, POLLIN, 0) & POLLHUP);
	close(epoll);
}

/* Rows: B2. Many of each, and every message exactly once. */
TEST_F(mailbox, each_message_goes_to_exactly_one_receiver)
{
	enum {
		SENDERS = 4,
		RECEIVERS = 4,
		EACH = 500
	};
	int each = t_times(EACH);
	int *seen = t_shared(SENDERS * EACH * sizeof(int));
	pid_t pid[SENDERS + RECEIVERS];

	alarm(120);
	for (int i = 0; i < RECEIVERS; i++) {
		pid[i] = t_fork();
		if (pid[i])
			continue;
		for (;;) {
			long long n = t_recv_number(self->fd, t_soon());

			if (n < 0 || n == 0xffffffff)
				_exit(n < 0);
			T_ADD(&seen[n], 1);
		}
	}
	for (int i = 0; i < SENDERS; i++) {
		pid[RECEIVERS + i] = t_fork();
		if (pid[RECEIVERS + i])
			continue;
		for (int k = 0; k < each; k++) {
			uint32_t n = i * EACH + k;

			if (t_send_with(self->fd, &n, 4, 0, 0, IPCX_FULL_WAIT,
					t_soon()))
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, t_reap(pid[RECEIVERS + i]));
	for (int i = 0; i < RECEIVERS; i++) {
		uint32_t end = ~0U;

		EXPECT_EQ(0, t_send_with(self->fd, &end, 4, 0, 0,
					 IPCX_FULL_WAIT, t_soon()));
	}
	for (int i = 0; i < RECEIVERS; i++)
		EXPECT_EQ(0, t_reap(pid[i]));
	for (int i = 0; i < SENDERS; i++)
		for (int k = 0; k < each; k++)
			EXPECT_EQ(1, seen[i * EACH + k]);
}

TEST_HARNESS_MAIN
