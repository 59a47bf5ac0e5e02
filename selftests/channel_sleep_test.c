// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call of a channel that sleeps, and every way in which its sleep can end.
 * The other objects have sleep_matrix.h for that, where any number of processes
 * sleep at once; here one process has an end.
 *
 * Rows: A3 A5 H1 H4 T7 T8. Classes: V2 V4 V23 V24 V26. Traps: 1 2 3 9 10.
 */
#include "ipcx_channel.h"

/* What is slept on: both ends, in a process that does not sleep. */
struct scene {
	int ch;
	int fd; /* for the sleeper */
	int peer; /* for who ends the sleep */
	char name[IPCX_NAME_SIZE];
};

struct sleeping_call {
	int (*set)(struct scene *s, int dev);
	int (*block)(struct scene *s, unsigned long long deadline);
	int (*give)(struct scene *s);
	bool no_deadline;
};

static char page[T_CAPACITY];

static int set_flags(struct scene *s, int dev, unsigned int flags,
		     unsigned int sleeper)
{
	int pair[2];

	s->ch = t_channel(dev, flags, T_CAPACITY);
	pair[0] = t_end(s->ch, IPCX_CHANNEL_FIRST, 0);
	pair[1] = t_end(s->ch, IPCX_CHANNEL_SECOND, 0);
	s->fd = pair[sleeper];
	s->peer = pair[!sleeper];
	return pair[0] < 0 || pair[1] < 0 ? -EBADF : 0;
}

static int set_reader(struct scene *s, int dev)
{
	return set_flags(s, dev, 0, 1);
}

static int set_writer(struct scene *s, int dev)
{
	return set_flags(s, dev, 0, 0)				      ?:
		       t_write(s->fd, page, T_CAPACITY) == T_CAPACITY ? 0 :
									-EIO;
}

static int set_strict_reader(struct scene *s, int dev)
{
	return set_flags(s, dev, IPCX_CHANNEL_F_STRICT, 1) ?:
		       t_write(s->peer, page, 5) == 5	   ? 0 :
							     -EIO;
}

static int set_strict_writer(struct scene *s, int dev)
{
	return set_flags(s, dev, IPCX_CHANNEL_F_STRICT, 0) ?:
		       t_write(s->fd, page, 5) == 5 ? t_channel_flush(s->fd) :
						      -EIO;
}

static int set_taker(struct scene *s, int dev)
{
	return set_flags(s, dev, IPCX_CHANNEL_F_TURN, 1);
}

static int set_opener(struct scene *s, int dev)
{
	s->ch = t_channel(dev, 0, T_CAPACITY);
	s->fd = -1;
	s->peer = -1;
	return s->ch < 0 ? s->ch : 0;
}

/* While another call is inside, waiting for room. */
static void *fill_it(void *arg)
{
	static char much[2 * T_CAPACITY];

	return (void *)(long)t_write_until(*(int *)arg, much, sizeof(much), 0,
					   t_soon());
}

static int set_flusher(struct scene *s, int dev)
{
	static int fd;
	pthread_t thread;
	int r = set_flags(s, dev, 0, 0);

	fd = s->fd;
	if (r || pthread_create(&thread, NULL, fill_it, &fd))
		return -EIO;
	pthread_detach(thread);
	return T_UNTIL(t_channel_waiters(s->ch) == 1) ? 0 : -ETIMEDOUT;
}

/* Who ends the sleep has mapped its end, and moves its numbers without a call. */
static struct t_mapped mapped;

static int set_reader_of_mapped(struct scene *s, int dev)
{
	int r = set_reader(s, dev);

	return r ?: t_map_end(s->peer, &mapped) ? 0 : -errno;
}

static int set_taker_from_mapped(struct scene *s, int dev)
{
	int r = set_taker(s, dev);

	return r ?: t_map_end(s->peer, &mapped) ? 0 : -errno;
}

static int give_mapped_byte(struct scene *s T_UNUSED)
{
	t_mapped_move(&mapped, 1);
	return 0;
}

static int give_mapped_turn(struct scene *s T_UNUSED)
{
	t_mapped_pass(&mapped);
	return 0;
}

static int block_wait_to_write(struct scene *s, unsigned long long deadline)
{
	return t_channel_wait_to_write(s->fd, 1, deadline);
}

static int block_wait(struct scene *s, unsigned long long deadline)
{
	return t_channel_wait(s->fd, 1, deadline);
}

static int one(long long n)
{
	return n == 1 ? 0 : n < 0 ? (int)n : -EBADE;
}

static int block_read(struct scene *s, unsigned long long deadline)
{
	char byte;

	return one(t_read_until(s->fd, &byte, 1, deadline));
}

static int block_read_file(struct scene *s,
			   unsigned long long deadline T_UNUSED)
{
	char byte;

	return one(t_read(s->fd, &byte, 1));
}

static int block_write(struct scene *s, unsigned long long deadline)
{
	return one(t_write_until(s->fd, "x", 1, 0, deadline));
}

static int block_write_file(struct scene *s,
			    unsigned long long deadline T_UNUSED)
{
	return one(t_write(s->fd, "x", 1));
}

static int block_take(struct scene *s, unsigned long long deadline)
{
	return t_turn_take(s->fd, deadline, NULL);
}

static int block_open(struct scene *s, unsigned long long deadline)
{
	int fd = t_end_until(s->ch, NULL, IPCX_CHANNEL_READER,
			     IPCX_CHANNEL_OPEN_F_WAIT, deadline);

	if (fd < 0)
		return fd;
	return close(fd) ? -errno : 0;
}

static int block_flush(struct scene *s, unsigned long long deadline T_UNUSED)
{
	return t_channel_flush(s->fd);
}

static int give_byte(struct scene *s)
{
	return one(t_write(s->peer, "x", 1));
}

static int give_room(struct scene *s)
{
	char in[T_CAPACITY];

	return t_read_until(s->peer, in, sizeof(in), 0) > 0 ? 0 : -EBADE;
}

/* All of what is inside, too. */
static int give_all_room(struct scene *s)
{
	char in[T_CAPACITY];

	return t_read_all(s->peer, in, sizeof(in)) ?
		       -EBADE :
		       (int)t_read_all(s->peer, in, sizeof(in));
}

static int give_batch(struct scene *s)
{
	return t_channel_flush(s->peer);
}

static int give_turn(struct scene *s)
{
	return t_turn_pass(s->peer);
}

static int give_end(struct scene *s)
{
	s->peer = t_end(s->ch, IPCX_CHANNEL_WRITER, 0);
	return s->peer < 0 ? s->peer : 0;
}

static const struct sleeping_call reading = { set_reader, block_read, give_byte,
					      false };
static const struct sleeping_call reading_file = { set_reader, block_read_file,
						   give_byte, true };
static const struct sleeping_call writing = { set_writer, block_write,
					      give_room, false };
static const struct sleeping_call writing_file = { set_writer, block_write_file,
						   give_room, true };
static const struct sleeping_call reading_batch = { set_strict_reader,
						    block_read, give_batch,
						    false };
static const struct sleeping_call writing_batch = { set_strict_writer,
						    block_write, give_room,
						    false };
static const struct sleeping_call taking = { set_taker, block_take, give_turn,
					     false };
static const struct sleeping_call opening = { set_opener, block_open, give_end,
					      false };
static const struct sleeping_call awaiting_bytes = { set_reader, block_wait,
						     give_byte, false };
static const struct sleeping_call awaiting_room = { set_writer, block_wait,
						    give_room, false };
static const struct sleeping_call awaiting_mapped = { set_reader_of_mapped,
						      block_wait,
						      give_mapped_byte, false };
static const struct sleeping_call reading_mapped = { set_reader_of_mapped,
						     block_read,
						     give_mapped_byte, false };
static const struct sleeping_call taking_mapped = { set_taker_from_mapped,
						    block_take,
						    give_mapped_turn, false };
static const struct sleeping_call awaiting_turn = { set_taker_from_mapped,
						    block_wait_to_write,
						    give_mapped_turn, false };
static const struct sleeping_call writing_mapped = { set_taker_from_mapped,
						     block_write,
						     give_mapped_turn, false };
static const struct sleeping_call flushing = { set_flusher, block_flush,
					       give_all_room, true };

FIXTURE(asleep)
{
	int dev;
	int others; /* who sleeps beside the sleeper */
	struct scene s;
	int *result;
};

FIXTURE_VARIANT(asleep)
{
	const struct sleeping_call *call;
};

FIXTURE_VARIANT_ADD(asleep, reading) { .call = &reading };

FIXTURE_VARIANT_ADD(asleep, reading_file) { .call = &reading_file };

FIXTURE_VARIANT_ADD(asleep, writing) { .call = &writing };

FIXTURE_VARIANT_ADD(asleep, writing_file) { .call = &writing_file };

FIXTURE_VARIANT_ADD(asleep, reading_batch) { .call = &reading_batch };

FIXTURE_VARIANT_ADD(asleep, writing_batch) { .call = &writing_batch };

FIXTURE_VARIANT_ADD(asleep, taking) { .call = &taking };

FIXTURE_VARIANT_ADD(asleep, opening) { .call = &opening };

FIXTURE_VARIANT_ADD(asleep, flushing) { .call = &flushing };

FIXTURE_VARIANT_ADD(asleep, awaiting_bytes) { .call = &awaiting_bytes };

FIXTURE_VARIANT_ADD(asleep, awaiting_room) { .call = &awaiting_room };

FIXTURE_VARIANT_ADD(asleep, awaiting_mapped) { .call = &awaiting_mapped };

FIXTURE_VARIANT_ADD(asleep, reading_mapped) { .call = &reading_mapped };

FIXTURE_VARIANT_ADD(asleep, taking_mapped) { .call = &taking_mapped };

FIXTURE_VARIANT_ADD(asleep, awaiting_turn) { .call = &awaiting_turn };

FIXTURE_VARIANT_ADD(asleep, writing_mapped) { .call = &writing_mapped };

FIXTURE_SETUP(asleep)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	ASSERT_EQ(0, variant->call->set(&self->s, self->dev));
	self->others = t_channel_waiters(self->s.ch);
	self->result = t_shared(T_PAGE);
	ASSERT_NE(NULL, self->result);
	*self->result = 77;
}

FIXTURE_TEARDOWN(asleep)
{
	t_destroy(self->s.ch);
	close(self->s.ch);
	close(self->dev);
}

/* A child that makes the call, and is asleep when this returns. */
static pid_t fall_asleep(struct __test_metadata *_metadata,
			 FIXTURE_DATA(asleep) * self,
			 const struct sleeping_call *call, int flags,
			 unsigned long long deadline)
{
	pid_t pid = t_fork();

	if (!pid) {
		t_handle(SIGUSR1, flags);
		*self->result = call->block(&self->s, deadline);
		_exit(0);
	}
	EXPECT_TRUE(T_UNTIL(t_channel_waiters(self->s.ch) == self->others + 1 ||
			    !t_state(pid)));
	EXPECT_EQ(77, *self->result);
	return pid;
}

/* Whatever ended the sleep, the channel can be used as before. */
static void expect_whole(struct __test_metadata *_metadata,
			 FIXTURE_DATA(asleep) * self,
			 const struct sleeping_call *call)
{
	pid_t pid;

	EXPECT_EQ(self->others, t_channel_waiters(self->s.ch));
	*self->result = 77;
	pid = fall_asleep(_metadata, self, call, 0, t_soon());
	EXPECT_EQ(0, call->give(&self->s));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, *self->result);
}

TEST_F(asleep, is_served)
{
	pid_t pid = fall_asleep(_metadata, self, variant->call, 0, t_soon());

	EXPECT_EQ(0, variant->call->give(&self->s));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, *self->result);
}

TEST_F(asleep, is_ended_by_its_deadline)
{
	pid_t pid;

	if (variant->call->no_deadline)
		return;
	/* By another process: who has tried has used its end. */
	pid = t_fork();
	if (!pid)
		_exit(variant->call->block(&self->s, 0) != -EAGAIN ||
		      variant->call->block(&self->s, 1) != -ETIMEDOUT ||
		      variant->call->block(&self->s, t_in_ms(3)) != -ETIMEDOUT);
	EXPECT_EQ(0, t_reap(pid));
	expect_whole(_metadata, self, variant->call);
}

TEST_F(asleep, is_ended_by_a_signal)
{
	pid_t pid = fall_asleep(_metadata, self, variant->call, 0, t_soon());

	kill(pid, SIGUSR1);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(-EINTR, *self->result);
	expect_whole(_metadata, self, variant->call);
}

TEST_F(asleep, goes_on_behind_a_handler_that_restarts)
{
	pid_t pid = fall_asleep(_metadata, self, variant->call, SA_RESTART,
				t_soon());
	int i;

	for (i = 0; i < 5; i++) {
		kill(pid, SIGUSR1);
		usleep(1000);
		EXPECT_TRUE(T_UNTIL(t_channel_waiters(self->s.ch) ==
				    self->others + 1));
	}
	EXPECT_EQ(77, *self->result);
	EXPECT_EQ(0, variant->call->give(&self->s));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, *self->result);
}

TEST_F(asleep, can_be_killed)
{
	pid_t pid = fall_asleep(_metadata, self, variant->call, 0, t_soon());

	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	expect_whole(_metadata, self, variant->call);
}

TEST_F(asleep, is_told_that_the_channel_is_destroyed)
{
	pid_t pid = fall_asleep(_metadata, self, variant->call, 0, t_soon());

	EXPECT_EQ(0, t_destroy(self->s.ch));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(-EIDRM, *self->result);
}

/* Served, and killed at the same moment: nobody is left inside. */
TEST_F(asleep, may_be_killed_when_it_is_served)
{
	int i;

	for (i = 0; i < t_times(30); i++) {
		struct scene s;
		int waiters;
		pid_t pid;

		ASSERT_EQ(0, variant->call->set(&s, self->dev));
		waiters = t_channel_waiters(s.ch);
		pid = t_fork();
		if (!pid) {
			variant->call->block(&s, t_soon());
			_exit(0);
		}
		ASSERT_TRUE(T_UNTIL(t_channel_waiters(s.ch) == waiters + 1));
		kill(pid, i % 2 ? SIGKILL : 0);
		EXPECT_EQ(0, variant->call->give(&s));
		kill(pid, SIGKILL);
		ASSERT_LE(0, t_reap(pid));
		EXPECT_TRUE(T_UNTIL(!t_channel_waiters(s.ch)));
		/* What is mapped does not change its size. */
		if (mapped.data)
			t_unmap_end(&mapped);
		mapped.data = NULL;
		/* Not even a call that the dead one had begun. */
		EXPECT_LT(0, t_channel_resize(s.ch, 2 * T_CAPACITY));
		EXPECT_EQ(0, t_destroy(s.ch));
		close(s.ch);
		if (s.fd >= 0)
			close(s.fd);
		close(s.peer);
	}
}

TEST_HARNESS_MAIN
