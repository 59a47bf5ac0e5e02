// SPDX-License-Identifier: GPL-2.0-only
/* The library's byte rings. */
#include "ipcx_fd.h"

#include <ipcx.h>

#define CAPACITY 64

FIXTURE(ring)
{
	struct ipcx *ipcx;
	struct ipcx_ring *out;
	struct ipcx_ring *in;
	char name[IPCX_NAME_SIZE];
	struct t_census before;
};

FIXTURE_SETUP(ring)
{
	struct ipcx_ring_config config = {
		.capacity = CAPACITY,
		.role = IPCX_RING_PRODUCER,
	};

	self->before = t_census();
	ASSERT_EQ(0, ipcx_open(NULL, &self->ipcx));
	t_name(self->name, "ring");
	ASSERT_EQ(0, ipcx_ring_create(self->ipcx, self->name, &config,
				      &self->out));
	ASSERT_EQ(0, ipcx_ring_open(self->ipcx, self->name, IPCX_RING_CONSUMER,
				    0, NULL, &self->in));
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(ring)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* Rows: T1: shared by its descriptor. */
TEST_F(ring, needs_no_name)
{
	struct ipcx_ring_config config = {
		.capacity = CAPACITY,
		.role = IPCX_RING_PRODUCER,
	};
	struct ipcx_ring *out, *in;
	char buf[CAPACITY] = "";
	size_t n;

	ASSERT_EQ(0, ipcx_ring_create(self->ipcx, NULL, &config, &out));
	ASSERT_EQ(0, ipcx_ring_from_fd(dup(ipcx_ring_fd(out)),
				       IPCX_RING_CONSUMER, 0, NULL, &in));
	ASSERT_EQ(0, ipcx_ring_write(out, "hello", 5, NULL, &n));
	ASSERT_EQ(0, ipcx_ring_read(in, buf, sizeof(buf), IPCX_NOWAIT, &n));
	EXPECT_EQ(5, n);
	EXPECT_STREQ("hello", buf);
	ipcx_ring_free(in);
	ipcx_ring_free(out);
}

/* Rows: T1 */
TEST_F(ring, bytes_come_out_as_they_went_in)
{
	char buf[CAPACITY] = "";
	size_t n = T_POISON32;

	EXPECT_EQ(CAPACITY, ipcx_ring_capacity(self->out));
	EXPECT_EQ(-EAGAIN,
		  ipcx_ring_read(self->in, buf, sizeof(buf), IPCX_NOWAIT, &n));
	EXPECT_EQ(T_POISON32, n);
	ASSERT_EQ(0, ipcx_ring_write(self->out, "hello", 5, NULL, &n));
	EXPECT_EQ(5, n);
	ASSERT_EQ(0, ipcx_ring_read(self->in, buf, 3, NULL, &n));
	EXPECT_EQ(3, n);
	ASSERT_EQ(0, ipcx_ring_read(self->in, buf + 3, 61, NULL, &n));
	EXPECT_EQ(2, n);
	EXPECT_STREQ("hello", buf);
	EXPECT_EQ(0, ipcx_ring_write(self->out, "", 0, IPCX_NOWAIT, &n));
	EXPECT_EQ(0, n);
}

/* Rows: T7 (in a region): full and empty rings make their users wait. */
TEST_F(ring, full_ring_takes_what_fits_and_then_waits)
{
	struct ipcx_deadline d;
	char buf[2 * CAPACITY];
	size_t n = 0;

	memset(buf, 'x', sizeof(buf));
	EXPECT_EQ(0, ipcx_ring_write(self->out, buf, sizeof(buf), IPCX_NOWAIT,
				     &n));
	EXPECT_EQ(CAPACITY, n);
	EXPECT_EQ(-EAGAIN, ipcx_ring_write(self->out, buf, 1, IPCX_NOWAIT, &n));
	d = ipcx_deadline_in(50 * T_MSEC);
	EXPECT_EQ(-ETIMEDOUT, ipcx_ring_write(self->out, buf, 1, &d, &n));
	EXPECT_EQ(0, ipcx_ring_read(self->in, buf, sizeof(buf), NULL, &n));
	EXPECT_EQ(CAPACITY, n);
	d = ipcx_deadline_in(50 * T_MSEC);
	EXPECT_EQ(-ETIMEDOUT, ipcx_ring_read(self->in, buf, 1, &d, &n));
}

TEST_F(ring, end_has_one_role_and_one_user)
{
	struct ipcx_ring *other = NULL;
	char byte = 0;
	size_t n;

	EXPECT_EQ(-EPERM, ipcx_ring_write(self->in, &byte, 1, NULL, &n));
	EXPECT_EQ(-EPERM, ipcx_ring_read(self->out, &byte, 1, NULL, &n));
	EXPECT_EQ(-EBUSY, ipcx_ring_open(self->ipcx, self->name,
					 IPCX_RING_CONSUMER, 0, NULL, &other));
	EXPECT_EQ(-EBUSY, ipcx_ring_open(self->ipcx, self->name,
					 IPCX_RING_PRODUCER, 0, NULL, &other));
	EXPECT_EQ(NULL, other);
}

static unsigned char pattern(size_t i)
{
	return i * 7 + (i >> 8);
}

/* Rows: T1: much more than fits goes through, whole and in order. */
TEST_F(ring, stream_of_one_process_reaches_another_whole)
{
	enum {
		TOTAL = 50000
	};
	struct ipcx_deadline d = ipcx_deadline_in(T_LONG);
	size_t done = 0, n;
	pid_t pid;

	ipcx_ring_free(self->out);
	self->out = NULL;
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		unsigned int seed = 5;
		struct ipcx_ring *out;
		unsigned char buf[100];

		if (ipcx_ring_open(self->ipcx, self->name, IPCX_RING_PRODUCER,
				   0, NULL, &out))
			_exit(1);
		while (done < TOTAL) {
			size_t len = rand_r(&seed) % sizeof(buf) + 1;

			if (len > TOTAL - done)
				len = TOTAL - done;
			for (size_t i = 0; i < len; i++)
				buf[i] = pattern(done + i);
			if (ipcx_ring_write(out, buf, len, &d, &n))
				_exit(2);
			done += n;
		}
		ipcx_ring_free(out);
		_exit(0);
	}
	/* Until the other end is open again this one sees its last close. */
	while (done < TOTAL) {
		unsigned char buf[77];

		ASSERT_EQ(0,
			  ipcx_ring_read(self->in, buf, sizeof(buf), &d, &n));
		if (!n) {
			ASSERT_GT(d.ns, t_now());
			usleep(1000);
			continue;
		}
		for (size_t i = 0; i < n; i++)
			ASSERT_EQ(pattern(done + i), buf[i]);
		done += n;
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, ipcx_ring_read(self->in, &n, 1, &d, &n));
	EXPECT_EQ(0, n);
}

/* Rows: C1 (in a region) */
TEST_F(ring, closed_ends_give_end_of_stream_and_epipe)
{
	char buf[8];
	size_t n;

	ASSERT_EQ(0, ipcx_ring_write(self->out, "abc", 3, NULL, &n));
	ipcx_ring_free(self->out);
	self->out = NULL;
	ASSERT_EQ(0, ipcx_ring_read(self->in, buf, 8, NULL, &n));
	EXPECT_EQ(3, n);
	ASSERT_EQ(0, ipcx_ring_read(self->in, buf, 8, NULL, &n));
	EXPECT_EQ(0, n);
	ASSERT_EQ(0, ipcx_ring_open(self->ipcx, self->name, IPCX_RING_PRODUCER,
				    0, NULL, &self->out));
	ipcx_ring_free(self->in);
	self->in = NULL;
	EXPECT_EQ(-EPIPE, ipcx_ring_write(self->out, "abc", 3, NULL, &n));
}

/* Rows: D9: the end of a dead process is taken over. */
TEST_F(ring, end_of_a_dead_process_can_be_taken_over)
{
	struct ipcx_ring *out = NULL;
	char buf[8];
	size_t n;
	pid_t pid;

	ipcx_ring_free(self->out);
	self->out = NULL;
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (ipcx_ring_open(self->ipcx, self->name, IPCX_RING_PRODUCER,
				   0, NULL, &out) ||
		    ipcx_ring_write(out, "dead", 4, NULL, &n))
			_exit(1);
		raise(SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, t_reap(pid));
	EXPECT_EQ(-EBUSY, ipcx_ring_open(self->ipcx, self->name,
					 IPCX_RING_PRODUCER, 0, NULL, &out));
	ASSERT_EQ(0, ipcx_ring_open(self->ipcx, self->name, IPCX_RING_PRODUCER,
				    IPCX_RING_F_TAKEOVER, NULL, &self->out));
	ASSERT_EQ(0, ipcx_ring_write(self->out, "live", 4, NULL, &n));
	ASSERT_EQ(0, ipcx_ring_read(self->in, buf, 8, NULL, &n));
	EXPECT_EQ(8, n);
	EXPECT_EQ(0, memcmp(buf, "deadlive", 8));
}

/* Bug class V13: nonsense in the shared head never leads out of it. */
TEST_F(ring, hostile_peer_gets_eproto_and_harms_nobody)
{
	unsigned char *head = t_map_rw(ipcx_ring_fd(self->in), T_PAGE);
	char buf[2 * CAPACITY] = "";
	size_t n;

	ASSERT_NE(NULL, head);
	ASSERT_EQ(0, ipcx_ring_write(self->out, buf, 10, NULL, &n));
	for (int byte = 0; byte < 256; byte += 51) {
		struct ipcx_deadline d = ipcx_deadline_in(20 * T_MSEC);
		int ret;

		memset(head, byte, T_PAGE);
		n = 0;
		ret = ipcx_ring_read(self->in, buf, sizeof(buf), &d, &n);
		EXPECT_LE(n, CAPACITY);
		EXPECT_TRUE(!ret || ret == -EPROTO || ret == -ETIMEDOUT);
		n = 0;
		d = ipcx_deadline_in(20 * T_MSEC);
		ret = ipcx_ring_write(self->out, buf, sizeof(buf), &d, &n);
		EXPECT_LE(n, sizeof(buf));
		EXPECT_TRUE(!ret || ret == -EPROTO || ret == -ETIMEDOUT ||
			    ret == -EPIPE);
	}
	munmap(head, T_PAGE);
}

TEST_F(ring, impossible_capacities_are_refused)
{
	static const uint32_t bad[] = { 0,	  3,
					65,	  IPCX_RING_CAPACITY_MAX + 1,
					1U << 31, ~0U };
	struct ipcx_ring_config config = {};
	struct ipcx_ring *ring = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		config.capacity = bad[i];
		EXPECT_EQ(-EINVAL,
			  ipcx_ring_create(self->ipcx, NULL, &config, &ring));
	}
	config.capacity = 64;
	config.role = 2;
	EXPECT_EQ(-EINVAL, ipcx_ring_create(self->ipcx, NULL, &config, &ring));
	EXPECT_EQ(NULL, ring);
}

TEST_HARNESS_MAIN
