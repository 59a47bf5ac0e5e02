// SPDX-License-Identifier: GPL-2.0-only
/*
 * One message to many mailboxes: all of them get it, in one instant, or none.
 *
 * Rows: B6 B7 B10 I6.
 */
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"

#include <sys/wait.h>

#define BOXES	 3
#define MESSAGES 4
#define SIZE	 64

enum {
	USER = 2003,
};

FIXTURE(all)
{
	int dev;
	int box[BOXES];
	struct t_census before;
};

FIXTURE_SETUP(all)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	for (int i = 0; i < BOXES; i++) {
		self->box[i] = t_mailbox(self->dev, MESSAGES, SIZE);
		ASSERT_LE(0, self->box[i]);
	}
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(all)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static int send_number(int dev, const int *boxes, unsigned int count,
		       uint32_t number, unsigned int when_full,
		       unsigned long long deadline, uint32_t *index)
{
	struct ipcx_send_message m = t_message(&number, 4, 0, number);

	return t_send_all(dev, boxes, count, &m, when_full, deadline, index);
}

/* Whether each holds so many messages. */
static bool all_hold(const int *boxes, unsigned int count, int messages)
{
	for (unsigned int i = 0; i < count; i++)
		if (t_mailbox_messages(boxes[i]) != messages)
			return false;
	return true;
}

/* ---- All --------------------------------------------------------------- */

/* Rows: B6 */
TEST_F(all, each_mailbox_gets_the_message)
{
	struct ipcx_send_message s = t_message("hello", 5, 7, 99);
	struct ipcx_recv_message m;
	char in[SIZE];

	ASSERT_EQ(0, t_send_number(self->box[1], 1));
	ASSERT_EQ(0, t_send_all(self->dev, self->box, BOXES, &s, 0, 0, NULL));
	for (int i = 0; i < BOXES; i++) {
		memset(in, 0, sizeof(in));
		ASSERT_EQ(5, t_recv(self->box[i], in, SIZE, 0, &m));
		EXPECT_STREQ("hello", in);
		EXPECT_EQ(7, m.out_priority);
		EXPECT_EQ(99, m.out_tag);
		EXPECT_EQ(getpid(), m.out_pid);
		EXPECT_EQ(i == 1 ? 2 : 1, m.out_id);
	}
	EXPECT_TRUE(all_hold(self->box, 1, 0));
	EXPECT_EQ(1, t_recv_number(self->box[1], 0));
}

/* Rows: B6 B13. In parts; to as many as there may be; to one. */
TEST_F(all, as_many_mailboxes_as_allowed_and_parts)
{
	struct iovec parts[2] = { { "ab", 2 }, { "cde", 3 } };
	struct ipcx_send_message s = t_message(parts, 2, 0, 0);
	int many[IPCX_SEND_ALL_MAX + 1];
	char in[SIZE] = "";

	for (unsigned int i = 0; i <= IPCX_SEND_ALL_MAX; i++)
		many[i] = t_mailbox(self->dev, 1, 5);
	s.flags = IPCX_MESSAGE_F_PARTS;
	EXPECT_EQ(-EINVAL, t_send_all(self->dev, many, IPCX_SEND_ALL_MAX + 1,
				      &s, 0, 0, NULL));
	ASSERT_EQ(0, t_send_all(self->dev, many, IPCX_SEND_ALL_MAX, &s, 0, 0,
				NULL));
	ASSERT_EQ(0, t_send_all(self->dev, many + IPCX_SEND_ALL_MAX, 1, &s, 0,
				0, NULL));
	for (unsigned int i = 0; i <= IPCX_SEND_ALL_MAX; i++) {
		ASSERT_EQ(5, t_recv(many[i], in, SIZE, 0, NULL));
		EXPECT_STREQ("abcde", in);
		close(many[i]);
	}
}

/* Rows: K2. The payload exists once, until the last of them is received. */
TEST_F(all, payload_is_kept_once)
{
	const size_t size = 1 << 20;
	unsigned char *out = malloc(size), *in = malloc(size);
	struct ipcx_send_message s = t_message(out, size, 0, 0);
	long long bytes;
	int big[8];

	for (int i = 0; i < 8; i++)
		big[i] = t_mailbox(self->dev, 1, size);
	for (size_t i = 0; i < size; i++)
		out[i] = i * 7;
	bytes = t_counter("bytes");
	ASSERT_EQ(0, t_send_all(self->dev, big, 8, &s, 0, 0, NULL));
	EXPECT_LT(bytes + (long long)size, t_counter("bytes"));
	EXPECT_GT(bytes + (long long)size + 8192, t_counter("bytes"));
	/* Not in the order in which they were named. */
	for (int i = 0; i < 8; i++) {
		EXPECT_LT(bytes + (long long)size, t_counter("bytes"));
		ASSERT_EQ((int)size,
			  t_recv(big[(i + 3) % 8], in, size, 0, NULL));
		EXPECT_EQ(0, memcmp(in, out, size));
	}
	EXPECT_EQ(bytes, t_counter("bytes"));
	free(in);
	free(out);
}

/* A mapping of it is the receiver's own. */
TEST_F(all, each_receiver_may_map_it)
{
	char data[10000];
	struct ipcx_send_message s = t_message(data, sizeof(data), 0, 0);
	struct ipcx_recv_message m[2] = {};
	struct ipcx_mailbox_recv r;
	int big[2];

	memset(data, 'd', sizeof(data));
	for (int i = 0; i < 2; i++)
		big[i] = t_mailbox(self->dev, 1, sizeof(data));
	ASSERT_EQ(0, t_send_all(self->dev, big, 2, &s, 0, 0, NULL));
	for (int i = 0; i < 2; i++) {
		m[i].flags = IPCX_MESSAGE_F_MAP;
		t_recv_args(&r, &m[i], 1, 0);
		ASSERT_EQ(1, t_recv_call(big[i], &r));
		EXPECT_EQ(IPCX_MESSAGE_OUT_MAPPED, m[i].out_flags);
	}
	EXPECT_NE(m[0].out_data, m[1].out_data);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, memcmp((void *)(uintptr_t)m[i].out_data, data,
				    sizeof(data)));
		munmap((void *)(uintptr_t)m[i].out_data, sizeof(data));
	}
}

/* Rows: I6. Each receiver gets its own; the pipe ends with the last. */
TEST_F(all, descriptors_go_to_each)
{
	struct ipcx_send_message s = t_message(NULL, 0, 0, 0);
	int box[BOXES], pair[2], in = -1;

	for (int i = 0; i < BOXES; i++)
		box[i] = t_fd_mailbox(self->dev, 1, 0);
	ASSERT_EQ(0, pipe(pair));
	s.fds = (uintptr_t)&pair[1];
	s.nr_fds = 1;
	ASSERT_EQ(0, t_send_all(self->dev, box, BOXES, &s, 0, 0, NULL));
	close(pair[1]);
	EXPECT_EQ(1, t_counter("fds"));
	for (int i = 0; i < BOXES - 1; i++) {
		ASSERT_EQ(1, t_recv_fds(box[i], &in, 1, 0, NULL));
		close(in);
		EXPECT_EQ(0, t_poll(pair[0], POLLIN, 0));
	}
	ASSERT_EQ(0, t_destroy(box[BOXES - 1]));
	EXPECT_TRUE(T_UNTIL(t_poll(pair[0], POLLIN, 0) & POLLHUP));
	EXPECT_EQ(0, t_counter("fds"));
}

/* ---- None -------------------------------------------------------------- */

/* Rows: B6 B10. Every reason, and which of them it is. */
TEST_F(all, error_names_the_mailbox_and_nothing_is_sent)
{
	struct ipcx_mailbox_create c;
	int box[BOXES], sem, deaf;
	uint32_t index;

	sem = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
	t_mailbox_args(&c, NULL, 1, SIZE);
	c.flags = IPCX_MAILBOX_F_NEED_RECEIVER;
	deaf = t_mailbox_create(self->dev, &c);
	ASSERT_LE(0, deaf);
	const struct {
		int fd;
		int error;
	} row[] = {
		{ -1, -EBADF },
		{ self->dev, -EBADF },
		{ sem, -EBADF },
		{ t_reduce(self->box[2], IPCX_RIGHT_READ), -EACCES },
		{ self->box[0], -EINVAL },
		{ t_reduce(self->box[0], IPCX_RIGHT_WRITE), -EINVAL },
		{ t_mailbox(self->dev, 1, 3), -EMSGSIZE },
		{ t_reduce(deaf, IPCX_RIGHT_WRITE), -ENXIO },
	};

	close(deaf);
	box[0] = self->box[0];
	box[2] = self->box[2];
	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		TH_LOG("row %u", i);
		box[1] = row[i].fd;
		EXPECT_EQ(row[i].error,
			  send_number(self->dev, box, BOXES, 1, 0, 0, &index));
		EXPECT_EQ(1, index);
	}
	/* Its end comes last, for the others are needed alive. */
	ASSERT_EQ(0, t_destroy(self->box[1]));
	EXPECT_EQ(-EIDRM,
		  send_number(self->dev, self->box, BOXES, 1, 0, 0, &index));
	EXPECT_EQ(1, index);
	EXPECT_TRUE(all_hold(&box[0], 1, 0));
	EXPECT_TRUE(all_hold(&box[2], 1, 0));
}

/* Errors for which no mailbox is the reason. */
TEST_F(all, other_errors_name_none)
{
	struct ipcx_send_message s = t_message(t_bad_pointer(), 4, 0, 0);
	int *bad = t_bad_pointer();
	uint32_t index;

	EXPECT_EQ(-EFAULT,
		  t_send_all(self->dev, self->box, BOXES, &s, 0, 0, &index));
	EXPECT_EQ(BOXES, index);
	EXPECT_EQ(-EFAULT, t_send_all(self->dev, self->box, BOXES,
				      t_bad_pointer(), 0, 0, &index));
	EXPECT_EQ(BOXES, index);
	EXPECT_EQ(-EFAULT, send_number(self->dev, bad, BOXES, 1, 0, 0, &index));
	EXPECT_EQ(0, index);
	s = t_message("x", 1, IPCX_PRIORITY_MAX + 1, 0);
	EXPECT_EQ(-EINVAL,
		  t_send_all(self->dev, self->box, BOXES, &s, 0, 0, &index));
	EXPECT_EQ(BOXES, index);
	EXPECT_EQ(-EINVAL, send_number(self->dev, self->box, 0, 1, 0, 0, NULL));
	EXPECT_EQ(-EINVAL, send_number(self->dev, self->box, 1, 1, 9, 0, NULL));
	EXPECT_EQ(-ENOTTY,
		  send_number(self->box[0], self->box, 1, 1, 0, 0, NULL));
	EXPECT_TRUE(all_hold(self->box, BOXES, 0));
}

/* Rows: B6 B7. The last of them is full. */
TEST_F(all, none_gets_it_when_one_is_full)
{
	struct ipcx_mailbox_stat s;
	uint32_t index;

	for (int i = 0; i < MESSAGES; i++)
		ASSERT_EQ(0, t_send_number(self->box[2], i));
	EXPECT_EQ(-EAGAIN,
		  send_number(self->dev, self->box, BOXES, 1, 0, 0, &index));
	EXPECT_EQ(2, index);
	EXPECT_EQ(-EAGAIN, send_number(self->dev, self->box, BOXES, 1,
				       IPCX_FULL_FAIL, t_soon(), &index));
	EXPECT_TRUE(all_hold(self->box, 2, 0));
	ASSERT_EQ(0, t_mailbox_stat(self->box[2], &s));
	EXPECT_EQ(MESSAGES, s.out_messages);
	EXPECT_EQ(2, s.out_refused);
	ASSERT_EQ(0, t_mailbox_stat(self->box[0], &s));
	EXPECT_EQ(0, s.out_sent);
}

/* Rows: B6 B7. It drops in each where it must, or in none. */
TEST_F(all, dropping_is_all_or_none_too)
{
	struct ipcx_mailbox_stat s;
	uint32_t index, n = 50;

	for (int i = 0; i < MESSAGES; i++) {
		ASSERT_EQ(0, t_send_number(self->box[0], i));
		ASSERT_EQ(0, t_send(self->box[1], &n, 4, 1, 0));
	}
	/* What stands in the way in the second is above the new one. */
	EXPECT_EQ(-EAGAIN, send_number(self->dev, self->box, BOXES, 9,
				       IPCX_FULL_DROP, 0, &index));
	EXPECT_EQ(1, index);
	ASSERT_EQ(0, t_mailbox_stat(self->box[0], &s));
	EXPECT_EQ(0, s.out_dropped);
	ASSERT_EQ(50, t_recv_number(self->box[1], 0));
	ASSERT_EQ(0, send_number(self->dev, self->box, BOXES, 9, IPCX_FULL_DROP,
				 0, NULL));
	ASSERT_EQ(0, t_mailbox_stat(self->box[0], &s));
	EXPECT_EQ(1, s.out_dropped);
	EXPECT_EQ(1, t_recv_number(self->box[0], 0));
	EXPECT_EQ(9, t_recv_number(self->box[2], 0));
}

/* Rows: B6 B9. The share of another user in one of them. */
TEST_F(all, share_in_one_mailbox_counts_for_all)
{
	uint32_t *index = t_shared(sizeof(*index));
	pid_t pid = t_fork();

	if (!pid) {
		if (t_become(USER))
			_exit(1);
		for (int i = 0; i < MESSAGES / 2; i++)
			if (t_send_number(self->box[1], i))
				_exit(2);
		_exit(-send_number(self->dev, self->box, BOXES, 9, 0, 0,
				   index));
	}
	EXPECT_EQ(EDQUOT, t_reap(pid));
	EXPECT_EQ(1, *index);
	EXPECT_TRUE(all_hold(self->box, 1, 0));
	EXPECT_TRUE(all_hold(&self->box[2], 1, 0));
}

/* ---- Waiting ----------------------------------------------------------- */

static pid_t send_in_child(int dev, const int *boxes, unsigned int count,
			   uint32_t number, unsigned long long deadline)
{
	pid_t pid = t_fork();

	if (!pid)
		_exit(-send_number(dev, boxes, count, number, 0, deadline,
				   NULL));
	return pid;
}

/* Rows: B6 B7. It keeps none of the room that it has found so far. */
TEST_F(all, sender_waits_until_there_is_room_in_all)
{
	pid_t pid;

	for (int i = 0; i < MESSAGES; i++) {
		ASSERT_EQ(0, t_send_number(self->box[0], i));
		ASSERT_EQ(0, t_send_number(self->box[2], i));
	}
	pid = send_in_child(self->dev, self->box, BOXES, 77, t_now() + T_LONG);
	ASSERT_TRUE(T_UNTIL(t_waiters(self->box[0]) == 1));
	EXPECT_EQ(0, t_recv_number(self->box[0], 0));
	/* Then it waits at the other one, and the room is anybody's. */
	ASSERT_TRUE(T_UNTIL(t_waiters(self->box[2]) == 1));
	EXPECT_EQ(0, t_waiters(self->box[0]));
	EXPECT_EQ(0, t_mailbox_messages(self->box[1]));
	EXPECT_EQ(0, t_send_number(self->box[0], 4));
	EXPECT_EQ(0, t_recv_number(self->box[2], 0));
	ASSERT_TRUE(T_UNTIL(t_waiters(self->box[0]) == 1));
	EXPECT_EQ(0, t_mailbox_messages(self->box[1]));
	EXPECT_EQ(1, t_recv_number(self->box[0], 0));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(77, t_recv_number(self->box[1], 0));
}

TEST_F(all, waiting_ends_with_the_deadline_a_signal_or_the_mailbox)
{
	unsigned long long until = t_in_ms(50);
	pid_t pid;

	for (int i = 0; i < MESSAGES; i++)
		ASSERT_EQ(0, t_send_number(self->box[1], i));
	EXPECT_EQ(-ETIMEDOUT,
		  send_number(self->dev, self->box, BOXES, 1, 0, until, NULL));
	EXPECT_LE(until, t_now());
	/* A handler that restarts leaves the deadline as it was. */
	t_handle(SIGUSR1, SA_RESTART);
	pid = send_in_child(self->dev, self->box, BOXES, 1, t_in_ms(300));
	ASSERT_TRUE(T_UNTIL(t_waiters(self->box[1]) == 1));
	kill(pid, SIGUSR1);
	EXPECT_EQ(ETIMEDOUT, t_reap(pid));
	t_handle(SIGUSR1, 0);
	pid = send_in_child(self->dev, self->box, BOXES, 1, t_now() + T_LONG);
	ASSERT_TRUE(T_UNTIL(t_waiters(self->box[1]) == 1));
	kill(pid, SIGUSR1);
	EXPECT_EQ(EINTR, t_reap(pid));
	pid = send_in_child(self->dev, self->box, BOXES, 1, t_now() + T_LONG);
	ASSERT_TRUE(T_UNTIL(t_waiters(self->box[1]) == 1));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	pid = send_in_child(self->dev, self->box, BOXES, 1, t_now() + T_LONG);
	ASSERT_TRUE(T_UNTIL(t_waiters(self->box[1]) == 1));
	ASSERT_EQ(0, t_destroy(self->box[1]));
	EXPECT_EQ(EIDRM, t_reap(pid));
	EXPECT_TRUE(all_hold(self->box, 1, 0));
}

/* Receivers that sleep in each of them are woken. */
TEST_F(all, sleeping_receivers_get_it)
{
	pid_t pid[BOXES];

	for (int i = 0; i < BOXES; i++) {
		pid[i] = t_fork();
		if (!pid[i])
			_exit(t_recv_number(self->box[i], t_now() + T_LONG));
		ASSERT_TRUE(T_UNTIL(t_waiters(self->box[i]) == 1));
	}
	ASSERT_EQ(0, send_number(self->dev, self->box, BOXES, 42, 0, 0, NULL));
	for (int i = 0; i < BOXES; i++)
		EXPECT_EQ(42, t_reap(pid[i]));
}

/* Rows: B6 B12. Each of them lets it expire by itself. */
TEST_F(all, it_expires_in_all_of_them)
{
	uint32_t number = 1;
	struct ipcx_send_message m = t_message(&number, 4, 0, 0);
	long long bytes = t_counter("bytes");

	m.lifetime_ns = 30 * T_MSEC;
	ASSERT_EQ(0, t_send_all(self->dev, self->box, BOXES, &m, 0, 0, NULL));
	EXPECT_LT(bytes, t_counter("bytes"));
	EXPECT_TRUE(T_UNTIL(t_counter("bytes") == bytes));
	for (int i = 0; i < BOXES; i++) {
		struct ipcx_mailbox_stat s;

		ASSERT_EQ(0, t_mailbox_stat(self->box[i], &s));
		EXPECT_EQ(1, s.out_expired);
		EXPECT_EQ(0, s.out_messages);
	}
}

/* It stands in line with those who send to one of them. */
TEST_F(all, it_does_not_overtake_who_waits_for_room)
{
	uint32_t index;
	pid_t pid;

	for (int i = 0; i < MESSAGES; i++)
		ASSERT_EQ(0, t_send_number(self->box[1], i));
	pid = t_fork();
	if (!pid) {
		uint32_t n = 60;

		_exit(-t_send_with(self->box[1], &n, 4, 0, 0, 0,
				   t_now() + T_LONG));
	}
	ASSERT_TRUE(T_UNTIL(t_waiters(self->box[1]) == 1));
	EXPECT_EQ(-EAGAIN,
		  send_number(self->dev, self->box, BOXES, 1, 0, 0, &index));
	EXPECT_EQ(1, index);
	EXPECT_EQ(0, t_recv_number(self->box[1], 0));
	EXPECT_EQ(0, t_reap(pid));
}

/* ---- One instant, one order -------------------------------------------- */

#define SENDERS 4

static void send_rounds(int dev, const int *boxes, int sender, int rounds)
{
	int mine[BOXES];

	/* Each names them in an order of its own. */
	for (int i = 0; i < BOXES; i++)
		mine[i] = boxes[(i + sender) % BOXES];
	for (int i = 0; i < rounds; i++)
		if (send_number(dev, mine, BOXES, sender * rounds + i, 0,
				t_now() + T_LONG, NULL))
			_exit(1);
	_exit(0);
}

/*
 * Rows: B6. What is received from one of them is already in the others, or was
 * taken from there: each receiver sees all messages in the same order.
 */
TEST_F(all, all_mailboxes_have_one_order)
{
	int rounds = t_times(2000);
	uint32_t *seen = t_shared(BOXES * SENDERS * rounds * sizeof(*seen));
	int total = SENDERS * rounds;
	pid_t sender[SENDERS], receiver[BOXES];

	for (int i = 0; i < BOXES; i++) {
		receiver[i] = t_fork();
		if (receiver[i])
			continue;
		for (int k = 0; k < total; k++) {
			long long n =
				t_recv_number(self->box[i], t_now() + T_LONG);

			if (n < 0)
				_exit(1);
			seen[i * total + k] = n;
		}
		_exit(0);
	}
	for (int i = 0; i < SENDERS; i++) {
		sender[i] = t_fork();
		if (!sender[i])
			send_rounds(self->dev, self->box, i, rounds);
	}
	for (int i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, t_reap(sender[i]));
	for (int i = 0; i < BOXES; i++)
		ASSERT_EQ(0, t_reap(receiver[i]));
	for (int i = 1; i < BOXES; i++)
		EXPECT_EQ(0, memcmp(seen, seen + i * total,
				    total * sizeof(*seen)));
}

/*
 * Rows: B6. Whoever has it from one finds it in the other, at once, however they
 * were named: there is no moment in which it is here and not there.
 */
TEST_F(all, it_is_in_all_of_them_at_the_same_moment)
{
	int rounds = t_times(5000);
	pid_t pid[2];

	for (int i = 0; i < 2; i++) {
		pid[i] = t_fork();
		if (!pid[i])
			send_rounds(self->dev, self->box, i, rounds);
	}
	for (int i = 0; i < 2 * rounds; i++) {
		long long n =
			t_recv_number(self->box[i % BOXES], t_now() + T_LONG);

		ASSERT_LE(0, n);
		for (int k = 1; k < BOXES; k++)
			ASSERT_EQ(n,
				  t_recv_number(self->box[(i + k) % BOXES], 0));
	}
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(0, t_reap(pid[i]));
}

/* Rows: B6. Senders that are killed, and mailboxes with room for one. */
TEST_F(all, killed_senders_leave_it_in_all_or_in_none)
{
	int box[BOXES], kills = t_times(300), got = 0;
	long long n;

	for (int i = 0; i < BOXES; i++)
		box[i] = t_mailbox(self->dev, 1, SIZE);
	for (int i = 0; i < kills; i++) {
		pid_t pid = t_fork();

		if (!pid)
			send_rounds(self->dev, box, i % BOXES, 1 << 20);
		for (int k = 0; k < i % 7; k++) {
			n = t_recv_number(box[0], t_now() + T_LONG);
			ASSERT_LE(0, n);
			ASSERT_EQ(n, t_recv_number(box[1], 0));
			ASSERT_EQ(n, t_recv_number(box[2], 0));
			got++;
		}
		ASSERT_EQ(128 + SIGKILL, t_kill(pid));
		n = t_recv_number(box[0], 0);
		ASSERT_EQ(n, t_recv_number(box[1], 0));
		ASSERT_EQ(n, t_recv_number(box[2], 0));
	}
	EXPECT_LT(0, got);
	for (int i = 0; i < BOXES; i++)
		close(box[i]);
}

TEST_HARNESS_MAIN
