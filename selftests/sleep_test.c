// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every system call of the module that sleeps, and every way in which its sleep
 * can end. The ways are in sleep_matrix.h, the calls are here.
 *
 * Rows: A3 A5 A6 D4 E1 H1 H4 H5 H7 H8. Classes: V2 V4 V23 V24 V26 V27.
 */
#include "ipcx_mailbox.h"
#include "sleep_matrix.h"

#include "kselftest_harness.h"

/* ---- Semaphores and locks ----------------------------------------------- */

static int make_sem(struct sleep_obj *o, unsigned int kind,
		    unsigned int initial, unsigned int on_death,
		    unsigned int order, unsigned int flags)
{
	struct ipcx_sem_create c;

	t_sem_args(&c, o->name, kind, initial, 1);
	c.on_death = on_death;
	c.order = order;
	c.flags = flags;
	o->fd = t_sem_create(o->dev, &c);
	return o->fd < 0 ? o->fd : 0;
}

static int make_plain(struct sleep_obj *o)
{
	return make_sem(o, IPCX_SEM_PLAIN, 0, IPCX_DEATH_RETURN,
			IPCX_ORDER_FIFO, 0);
}

static int make_prio(struct sleep_obj *o)
{
	return make_sem(o, IPCX_SEM_PLAIN, 0, IPCX_DEATH_RETURN,
			IPCX_ORDER_PRIO, 0);
}

static int make_barging(struct sleep_obj *o)
{
	return make_sem(o, IPCX_SEM_PLAIN, 0, IPCX_DEATH_RETURN,
			IPCX_ORDER_FIFO, IPCX_SEM_F_BARGING);
}

static int make_returned(struct sleep_obj *o)
{
	return make_sem(o, IPCX_SEM_OWNED, 1, IPCX_DEATH_RETURN,
			IPCX_ORDER_FIFO, 0);
}

static int make_reported(struct sleep_obj *o)
{
	return make_sem(o, IPCX_SEM_OWNED, 1, IPCX_DEATH_REPORT,
			IPCX_ORDER_FIFO, 0);
}

static int make_kept(struct sleep_obj *o)
{
	return make_sem(o, IPCX_SEM_OWNED, 1, IPCX_DEATH_KEEP, IPCX_ORDER_FIFO,
			0);
}

static int make_lock(struct sleep_obj *o)
{
	return make_sem(o, IPCX_SEM_LOCK, 1, IPCX_DEATH_REPORT, IPCX_ORDER_FIFO,
			0);
}

static int make_barging_lock(struct sleep_obj *o)
{
	return make_sem(o, IPCX_SEM_LOCK, 1, IPCX_DEATH_RETURN, IPCX_ORDER_FIFO,
			IPCX_SEM_F_BARGING);
}

static int sem_block(struct sleep_obj *o, unsigned int clock,
		     unsigned long long deadline)
{
	struct ipcx_sem_wait w;

	t_sem_wait_args(&w, 1, clock, deadline);
	return t_ioctl(o->fd, IPCX_IOC_SEM_WAIT, &w);
}

static int sem_hold(struct sleep_obj *o)
{
	return sem_block(o, CLOCK_MONOTONIC, t_soon());
}

static int sem_give(struct sleep_obj *o)
{
	return t_sem_v(o->fd, 1);
}

static int sem_back(struct sleep_obj *o, int result)
{
	struct ipcx_sem_stat s;

	if (result == -EOWNERDEAD && !t_sem_stat(o->fd, &s) &&
	    s.out_kind == IPCX_SEM_LOCK && t_sem_consistent(o->fd))
		return -EBADE;
	return t_sem_v(o->fd, 1);
}

static bool sem_whole(struct sleep_obj *o)
{
	return t_sem_value(o->fd) == 1 && !t_sem_held(o->fd);
}

#define SEM_CALL                                                \
	.block = sem_block, .give = sem_give, .back = sem_back, \
	.whole = sem_whole, .type = IPCX_TYPE_SEM
#define PLAIN_CALL SEM_CALL, .on_death = SLEEP_STAYS
#define OWNED_CALL SEM_CALL, .hold = sem_hold, .ledger = true

static const struct sleep_call plain = { PLAIN_CALL, .create = make_plain };
static const struct sleep_call prio = { PLAIN_CALL, .create = make_prio };
static const struct sleep_call barging = {
	PLAIN_CALL,
	.create = make_barging,
	.barging = true,
};

static const struct sleep_call owned_returned = {
	OWNED_CALL,
	.create = make_returned,
};

static const struct sleep_call owned_reported = {
	OWNED_CALL,
	.create = make_reported,
	.on_death = -EOWNERDEAD,
	.after_taker = -EOWNERDEAD,
};

static const struct sleep_call owned_kept = {
	OWNED_CALL,
	.create = make_kept,
	.on_death = SLEEP_STAYS,
	.after_taker = SLEEP_STAYS,
};

static const struct sleep_call lock = {
	OWNED_CALL,
	.create = make_lock,
	.on_death = -EOWNERDEAD,
	.after_taker = -EOWNERDEAD,
};

static const struct sleep_call barging_lock = {
	OWNED_CALL,
	.create = make_barging_lock,
	.barging = true,
};

FIXTURE_VARIANT_ADD(sleep, plain) { .call = &plain };

FIXTURE_VARIANT_ADD(sleep, prio) { .call = &prio };

FIXTURE_VARIANT_ADD(sleep, barging) { .call = &barging };

FIXTURE_VARIANT_ADD(sleep, owned_returned) { .call = &owned_returned };

FIXTURE_VARIANT_ADD(sleep, owned_reported) { .call = &owned_reported };

FIXTURE_VARIANT_ADD(sleep, owned_kept) { .call = &owned_kept };

FIXTURE_VARIANT_ADD(sleep, lock) { .call = &lock };

FIXTURE_VARIANT_ADD(sleep, barging_lock) { .call = &barging_lock };

/* read() of 8 bytes, without O_NONBLOCK. */
static int read_block(struct sleep_obj *o, unsigned int clock T_UNUSED,
		      unsigned long long deadline T_UNUSED)
{
	uint64_t units = 0;

	if (read(o->fd, &units, sizeof(units)) < 0)
		return -errno;
	return units == 1 ? 0 : -EBADE;
}

static const struct sleep_call by_read = {
	PLAIN_CALL,
	.create = make_plain,
	.block = read_block,
	.no_deadline = true,
};

FIXTURE_VARIANT_ADD(sleep, read) { .call = &by_read };

/* V on another semaphore comes before the P that sleeps, once for each call. */
static int make_handoff(struct sleep_obj *o)
{
	o->other = t_sem(o->dev, IPCX_SEM_PLAIN, 0, IPCX_SEM_VALUE_MAX);
	return o->other < 0 ? o->other : make_plain(o);
}

static int handoff_block(struct sleep_obj *o, unsigned int clock,
			 unsigned long long deadline)
{
	struct ipcx_sem_handoff h = {
		.wait_fd = o->fd,
		.post_units = 1,
		.wait_units = 1,
		.clockid = clock,
		.deadline = deadline,
	};
	int r;

	T_ADD(o->calls, 1);
	r = t_ioctl(o->other, IPCX_IOC_SEM_HANDOFF, &h);
	/* What has been given is struck out unless all went well. */
	return r && h.post_units ? -EBADE : r;
}

static bool handoff_whole(struct sleep_obj *o)
{
	return sem_whole(o) && t_sem_value(o->other) == T_LOAD(o->calls);
}

static const struct sleep_call handoff = {
	PLAIN_CALL,
	.create = make_handoff,
	.block = handoff_block,
	.whole = handoff_whole,
};

FIXTURE_VARIANT_ADD(sleep, handoff) { .call = &handoff };

/* ---- Regions ------------------------------------------------------------ */

static int make_region(struct sleep_obj *o)
{
	struct ipcx_region_create c;

	t_region_args(&c, o->name, 4096);
	o->fd = t_region_create(o->dev, &c);
	return o->fd < 0 ? o->fd : 0;
}

static int region_block(struct sleep_obj *o, unsigned int mode,
			unsigned int clock, unsigned long long deadline)
{
	struct ipcx_region_lock l = {
		.mode = mode,
		.clockid = clock,
		.deadline = deadline,
	};

	return t_ioctl(o->fd, IPCX_IOC_REGION_LOCK, &l);
}

static int read_lock_block(struct sleep_obj *o, unsigned int clock,
			   unsigned long long deadline)
{
	return region_block(o, IPCX_LOCK_READ, clock, deadline);
}

static int write_lock_block(struct sleep_obj *o, unsigned int clock,
			    unsigned long long deadline)
{
	return region_block(o, IPCX_LOCK_WRITE, clock, deadline);
}

static int read_lock_hold(struct sleep_obj *o)
{
	return read_lock_block(o, CLOCK_MONOTONIC, t_soon());
}

static int write_lock_hold(struct sleep_obj *o)
{
	return write_lock_block(o, CLOCK_MONOTONIC, t_soon());
}

static int region_give(struct sleep_obj *o)
{
	return t_region_unlock(o->fd);
}

static int region_back(struct sleep_obj *o, int result)
{
	int r = result == -EOWNERDEAD ? t_region_consistent(o->fd) : 0;

	/* A reader cannot mend what it was told of. */
	if (r && r != -EPERM)
		return r;
	return t_region_unlock(o->fd);
}

static bool region_whole(struct sleep_obj *o)
{
	struct ipcx_region_stat s;

	return !t_region_stat(o->fd, &s) && !s.out_readers && !s.out_writer;
}

#define REGION_CALL                                                      \
	.create = make_region, .give = region_give, .back = region_back, \
	.whole = region_whole, .type = IPCX_TYPE_REGION

static const struct sleep_call reader = {
	REGION_CALL,
	.hold = write_lock_hold,
	.block = read_lock_block,
	.on_death = -EOWNERDEAD,
	.ledger = true,
	.shared = true,
};

static const struct sleep_call writer = {
	REGION_CALL,
	.hold = write_lock_hold,
	.block = write_lock_block,
	.on_death = -EOWNERDEAD,
	.after_taker = -EOWNERDEAD,
	.ledger = true,
};

static const struct sleep_call writer_behind_reader = {
	REGION_CALL,
	.hold = read_lock_hold,
	.block = write_lock_block,
	.after_taker = -EOWNERDEAD,
	.ledger = true,
};

FIXTURE_VARIANT_ADD(sleep, reader) { .call = &reader };

FIXTURE_VARIANT_ADD(sleep, writer) { .call = &writer };

FIXTURE_VARIANT_ADD(sleep, writer_behind_reader) {
	.call = &writer_behind_reader,
};

static int bell_block(struct sleep_obj *o, unsigned int clock,
		      unsigned long long deadline)
{
	struct ipcx_region_wait w = {
		.since = o->since,
		.clockid = clock,
		.deadline = deadline,
	};
	int r = t_ioctl(o->fd, IPCX_IOC_REGION_WAIT, &w);

	if (r)
		return r;
	/* Each ring is heard once. */
	if (w.out_count <= o->since)
		return -EBADE;
	o->since = w.out_count;
	return 0;
}

static int bell_give(struct sleep_obj *o)
{
	T_ADD(o->calls, 1);
	return t_region_ring(o->fd, NULL);
}

static int bell_back(struct sleep_obj *o T_UNUSED, int result)
{
	return result;
}

static bool bell_whole(struct sleep_obj *o)
{
	struct ipcx_region_stat s;

	return !t_region_stat(o->fd, &s) &&
	       s.out_rings == (uint64_t)T_LOAD(o->calls);
}

/* The peer rings again and again while there is load. */
static int bell_hold(struct sleep_obj *o T_UNUSED)
{
	return 0;
}

static const struct sleep_call bell = {
	REGION_CALL,
	.hold = bell_hold,
	.block = bell_block,
	.give = bell_give,
	.back = bell_back,
	.whole = bell_whole,
	.on_death = SLEEP_STAYS,
	.ledger = true,
	.shared = true,
};

FIXTURE_VARIANT_ADD(sleep, doorbell) { .call = &bell };

/* ---- Mailboxes ---------------------------------------------------------- */

static int make_mailbox(struct sleep_obj *o)
{
	struct ipcx_mailbox_create c;

	t_mailbox_args(&c, o->name, 1, 4);
	o->fd = t_mailbox_create(o->dev, &c);
	return o->fd < 0 ? o->fd : 0;
}

static int make_full_mailbox(struct sleep_obj *o)
{
	return make_mailbox(o) ?: t_send_number(o->fd, 7);
}

static int recv_block(struct sleep_obj *o, unsigned int clock,
		      unsigned long long deadline)
{
	uint32_t number = 0;
	struct ipcx_recv_message m = { .data = (uintptr_t)&number, .size = 4 };
	struct ipcx_mailbox_recv r;
	int ret;

	t_recv_args(&r, &m, 1, deadline);
	r.clockid = clock;
	ret = t_recv_call(o->fd, &r);
	return ret < 0 ? ret : ret == 1 && number == 7 ? 0 : -EBADE;
}

static int recv_give(struct sleep_obj *o)
{
	return t_send_number(o->fd, 7);
}

static int recv_back(struct sleep_obj *o, int result)
{
	return result ? -EBADE : recv_give(o);
}

static bool recv_whole(struct sleep_obj *o)
{
	return t_mailbox_messages(o->fd) == 1;
}

static int send_block(struct sleep_obj *o, unsigned int clock,
		      unsigned long long deadline)
{
	uint32_t number = 7;
	struct ipcx_send_message m = t_message(&number, 4, 0, 0);
	struct ipcx_mailbox_send s = {
		.messages = (uintptr_t)&m,
		.count = 1,
		.deadline = deadline,
		.clockid = clock,
	};

	int ret = t_ioctl(o->fd, IPCX_IOC_MAILBOX_SEND, &s);

	return ret == 1 ? 0 : ret < 0 ? ret : -EBADE;
}

/* To this mailbox and to one that always has room: nothing is left in that. */
static int send_all_block(struct sleep_obj *o, unsigned int clock,
			  unsigned long long deadline)
{
	int box[2] = { t_mailbox(o->dev, 1, 4), o->fd };
	uint32_t number = 7;
	struct ipcx_send_message m = t_message(&number, 4, 0, 0);
	struct ipcx_mailbox_send_all s = {
		.message = (uintptr_t)&m,
		.mailboxes = (uintptr_t)box,
		.count = 2,
		.deadline = deadline,
		.clockid = clock,
	};
	int ret = t_ioctl(o->dev, IPCX_IOC_MAILBOX_SEND_ALL, &s);

	if (t_mailbox_messages(box[0]) != !ret)
		ret = -EBADE;
	close(box[0]);
	return ret;
}

static int send_give(struct sleep_obj *o)
{
	long long number = t_recv_number(o->fd, 0);

	return number == 7 ? 0 : number < 0 ? number : -EBADE;
}

static int send_back(struct sleep_obj *o, int result)
{
	return result ? -EBADE : send_give(o);
}

static bool send_whole(struct sleep_obj *o)
{
	return t_mailbox_messages(o->fd) == 0;
}

static int recv_read_block(struct sleep_obj *o, unsigned int clock T_UNUSED,
			   unsigned long long deadline T_UNUSED)
{
	uint32_t number = 0;

	if (read(o->fd, &number, sizeof(number)) < 0)
		return -errno;
	return number == 7 ? 0 : -EBADE;
}

static int send_write_block(struct sleep_obj *o, unsigned int clock T_UNUSED,
			    unsigned long long deadline T_UNUSED)
{
	uint32_t number = 7;

	return write(o->fd, &number, sizeof(number)) < 0 ? -errno : 0;
}

#define RECV_CALL                                                          \
	.create = make_mailbox, .block = recv_block, .give = recv_give,    \
	.back = recv_back, .whole = recv_whole, .type = IPCX_TYPE_MAILBOX, \
	.on_death = SLEEP_STAYS
/* What a process has sent before it was killed has been sent. */
#define SEND_CALL                                                            \
	.create = make_full_mailbox, .block = send_block, .give = send_give, \
	.back = send_back, .whole = send_whole, .type = IPCX_TYPE_MAILBOX,   \
	.on_death = SLEEP_STAYS, .after_taker = SLEEP_STAYS

static const struct sleep_call receiver = { RECV_CALL };
static const struct sleep_call sender = { SEND_CALL };
/* Who is given room has put in nothing yet: the next one gets it. */
static const struct sleep_call sender_to_all = {
	SEND_CALL,
	.block = send_all_block,
	.after_taker = 0,
};

static const struct sleep_call reading_receiver = {
	RECV_CALL,
	.block = recv_read_block,
	.no_deadline = true,
};

static const struct sleep_call writing_sender = {
	SEND_CALL,
	.block = send_write_block,
	.no_deadline = true,
};

FIXTURE_VARIANT_ADD(sleep, receiver) { .call = &receiver };

FIXTURE_VARIANT_ADD(sleep, sender) { .call = &sender };

FIXTURE_VARIANT_ADD(sleep, sender_to_all) { .call = &sender_to_all };

FIXTURE_VARIANT_ADD(sleep, mailbox_read) { .call = &reading_receiver };

FIXTURE_VARIANT_ADD(sleep, mailbox_write) { .call = &writing_sender };

TEST_HARNESS_MAIN
