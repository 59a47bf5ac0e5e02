// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls: what stands in their structures, field by field. Each field is
 * made of one byte of the record, mostly of what makes sense.
 */
#include "fuzz.h"

#include <errno.h>
#include <limits.h>
#include <linux/ipcx.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum field_kind {
	F_ZERO, /* reserved */
	F_FLAGS, /* arg: the bits that are known */
	F_ENUM, /* arg: the largest */
	F_RIGHTS,
	F_MODE,
	F_UNITS,
	F_CLOCK,
	F_DEADLINE, /* on the clock of the last F_CLOCK */
	F_SEM, /* a descriptor */
	F_NAME,
	F_SIZE,
	F_LEASE,
	F_ID,
	F_PID,
	F_COUNT,
	F_MESSAGES, /* a pointer to them */
	F_MAILBOXES, /* a pointer to descriptors */
	F_FEW, /* how many of them */
	F_BUFFER, /* a pointer to some bytes */
	F_LENGTH, /* of it */
	F_TAG,
};

struct field {
	uint16_t offset;
	uint8_t size;
	uint8_t kind;
	uint32_t arg;
};

struct call {
	const char *name;
	unsigned int cmd;
	enum slot_kind on; /* what it is for */
	enum slot_kind makes; /* with a descriptor at fd_offset */
	uint16_t fd_offset;
	bool no_deadline; /* may sleep all the same */
	struct field field[14];
};

#define FIELD(_struct, _field, _kind, _arg)                       \
	{                                                         \
		.offset = offsetof(struct _struct, _field),       \
		.size = sizeof(((struct _struct *)NULL)->_field), \
		.kind = (_kind), .arg = (_arg)                    \
	}

/* clang-format off */
#define NAMED(_name) .name = #_name, .cmd = IPCX_IOC_##_name
#define MAKES(_kind, _struct) \
	.makes = (_kind), .fd_offset = offsetof(struct _struct, out_fd)
#define CREATES(_struct)                                \
	FIELD(_struct, name, F_NAME, 0),                \
	FIELD(_struct, mode, F_MODE, 0),                \
	FIELD(_struct, rights, F_RIGHTS, 0),            \
	FIELD(_struct, order, F_ENUM, IPCX_ORDER_PRIO), \
	FIELD(_struct, lease_ns, F_LEASE, 0),           \
	FIELD(_struct, __reserved, F_ZERO, 0)
#define PLAIN(_struct)                    \
	FIELD(_struct, flags, F_ZERO, 0), \
	FIELD(_struct, __reserved, F_ZERO, 0)
#define WAITS(_struct)                      \
	FIELD(_struct, clockid, F_CLOCK, 0), \
	FIELD(_struct, deadline, F_DEADLINE, 0), \
	FIELD(_struct, flags, F_ZERO, 0)

/* Every call of <linux/ipcx.h>: the makefile looks whether one is missing. */
static const struct call calls[] = {
	{ NAMED(INFO), .on = SLOT_ANY, .field = {
		FIELD(ipcx_info, flags, F_ZERO, 0) } },
	{ NAMED(OPEN), .on = SLOT_DEVICE, MAKES(SLOT_ANY, ipcx_open), .field = {
		FIELD(ipcx_open, name, F_NAME, 0),
		FIELD(ipcx_open, type, F_ENUM, IPCX_TYPE_CHANNEL),
		FIELD(ipcx_open, rights, F_RIGHTS, 0),
		FIELD(ipcx_open, flags, F_ZERO, 0) } },
	{ NAMED(UNLINK), .on = SLOT_ANY, .field = {
		FIELD(ipcx_unlink, name, F_NAME, 0), PLAIN(ipcx_unlink) } },
	{ NAMED(REDUCE), .on = SLOT_ANY, MAKES(SLOT_ANY, ipcx_reduce),
	  .field = {
		FIELD(ipcx_reduce, rights, F_RIGHTS, 0),
		PLAIN(ipcx_reduce) } },
	{ NAMED(DESTROY), .on = SLOT_ANY, .field = { PLAIN(ipcx_destroy) } },
	{ NAMED(STAT), .on = SLOT_ANY, .field = { PLAIN(ipcx_stat) } },
	{ NAMED(SET), .on = SLOT_ANY, .field = {
		FIELD(ipcx_set, flags, F_FLAGS, IPCX_SET_F_MASK),
		FIELD(ipcx_set, mode, F_MODE, 0),
		FIELD(ipcx_set, uid, F_ID, 0),
		FIELD(ipcx_set, gid, F_ID, 0),
		FIELD(ipcx_set, lease_ns, F_LEASE, 0) } },
	{ NAMED(QUOTA), .on = SLOT_ANY, .field = { PLAIN(ipcx_quota) } },
	{ NAMED(SEM_CREATE), .on = SLOT_DEVICE,
	  MAKES(SLOT_SEM, ipcx_sem_create), .field = {
		FIELD(ipcx_sem_create, kind, F_ENUM, IPCX_SEM_LOCK),
		FIELD(ipcx_sem_create, initial, F_UNITS, 0),
		FIELD(ipcx_sem_create, max, F_UNITS, 0),
		FIELD(ipcx_sem_create, on_death, F_ENUM, IPCX_DEATH_KEEP),
		FIELD(ipcx_sem_create, flags, F_FLAGS,
		      IPCX_CREATE_F_MASK | IPCX_SEM_F_BARGING),
		CREATES(ipcx_sem_create) } },
	{ NAMED(SEM_WAIT), .on = SLOT_SEM, .field = {
		FIELD(ipcx_sem_wait, units, F_UNITS, 0), WAITS(ipcx_sem_wait),
		FIELD(ipcx_sem_wait, __reserved, F_ZERO, 0) } },
	{ NAMED(SEM_POST), .on = SLOT_SEM, .field = {
		FIELD(ipcx_sem_post, units, F_UNITS, 0),
		FIELD(ipcx_sem_post, flags, F_ZERO, 0) } },
	{ NAMED(SEM_HANDOFF), .on = SLOT_SEM, .field = {
		FIELD(ipcx_sem_handoff, wait_fd, F_SEM, 0),
		FIELD(ipcx_sem_handoff, post_units, F_UNITS, 0),
		FIELD(ipcx_sem_handoff, wait_units, F_UNITS, 0),
		WAITS(ipcx_sem_handoff),
		FIELD(ipcx_sem_handoff, __reserved, F_ZERO, 0) } },
	{ NAMED(SEM_STAT), .on = SLOT_SEM, .field = {
		FIELD(ipcx_sem_stat, flags, F_ZERO, 0) } },
	{ NAMED(SEM_ATTACH), .on = SLOT_SEM, .field = {
		FIELD(ipcx_sem_attach, flags, F_ZERO, 0) } },
	{ NAMED(SEM_CONSISTENT), .on = SLOT_SEM, .field = {
		PLAIN(ipcx_sem_consistent) } },
	{ NAMED(REGION_CREATE), .on = SLOT_DEVICE,
	  MAKES(SLOT_REGION, ipcx_region_create), .field = {
		FIELD(ipcx_region_create, flags, F_FLAGS,
		      IPCX_CREATE_F_MASK | IPCX_REGION_F_RESERVE |
			      IPCX_REGION_F_HUGE),
		FIELD(ipcx_region_create, size, F_SIZE, 0),
		CREATES(ipcx_region_create) } },
	{ NAMED(REGION_SEAL), .on = SLOT_REGION, .field = {
		FIELD(ipcx_region_seal, seals, F_FLAGS, IPCX_SEALS_MASK),
		FIELD(ipcx_region_seal, flags, F_ZERO, 0) } },
	{ NAMED(REGION_LOCK), .on = SLOT_REGION, .field = {
		FIELD(ipcx_region_lock, mode, F_ENUM, IPCX_LOCK_WRITE),
		WAITS(ipcx_region_lock) } },
	{ NAMED(REGION_UNLOCK), .on = SLOT_REGION, .field = {
		PLAIN(ipcx_region_unlock) } },
	{ NAMED(REGION_CONSISTENT), .on = SLOT_REGION, .field = {
		PLAIN(ipcx_region_consistent) } },
	{ NAMED(REGION_RING), .on = SLOT_REGION, .field = {
		PLAIN(ipcx_region_ring) } },
	{ NAMED(REGION_WAIT), .on = SLOT_REGION, .field = {
		FIELD(ipcx_region_wait, since, F_COUNT, 0),
		WAITS(ipcx_region_wait) } },
	{ NAMED(REGION_STAT), .on = SLOT_REGION, .field = {
		FIELD(ipcx_region_stat, flags, F_ZERO, 0) } },
	{ NAMED(MAILBOX_CREATE), .on = SLOT_DEVICE,
	  MAKES(SLOT_MAILBOX, ipcx_mailbox_create), .field = {
		FIELD(ipcx_mailbox_create, flags, F_FLAGS,
		      IPCX_CREATE_F_MASK | IPCX_MAILBOX_F_NEED_RECEIVER |
			      IPCX_MAILBOX_F_INBOX | IPCX_MAILBOX_F_FDS),
		FIELD(ipcx_mailbox_create, when_full, F_ENUM, IPCX_FULL_DROP),
		FIELD(ipcx_mailbox_create, max_messages, F_UNITS, 0),
		FIELD(ipcx_mailbox_create, max_size, F_SIZE, 0),
		FIELD(ipcx_mailbox_create, max_bytes, F_SIZE, 0),
		CREATES(ipcx_mailbox_create),
		FIELD(ipcx_mailbox_create, __reserved2, F_ZERO, 0) } },
	{ NAMED(MAILBOX_SEND), .on = SLOT_MAILBOX, .field = {
		FIELD(ipcx_mailbox_send, messages, F_MESSAGES, true),
		FIELD(ipcx_mailbox_send, count, F_FEW, 0),
		FIELD(ipcx_mailbox_send, when_full, F_ENUM, IPCX_FULL_DROP),
		WAITS(ipcx_mailbox_send) } },
	{ NAMED(MAILBOX_RECV), .on = SLOT_MAILBOX, .field = {
		FIELD(ipcx_mailbox_recv, messages, F_MESSAGES, false),
		FIELD(ipcx_mailbox_recv, count, F_FEW, 0),
		FIELD(ipcx_mailbox_recv, match, F_ENUM, IPCX_MATCH_ID),
		FIELD(ipcx_mailbox_recv, tag, F_TAG, 0),
		FIELD(ipcx_mailbox_recv, tag_arg, F_TAG, 0),
		FIELD(ipcx_mailbox_recv, index, F_COUNT, 0),
		FIELD(ipcx_mailbox_recv, clockid, F_CLOCK, 0),
		FIELD(ipcx_mailbox_recv, deadline, F_DEADLINE, 0),
		FIELD(ipcx_mailbox_recv, flags, F_FLAGS, IPCX_RECV_F_PEEK),
		FIELD(ipcx_mailbox_recv, __reserved, F_ZERO, 0) } },
	{ NAMED(MAILBOX_STAT), .on = SLOT_MAILBOX, .field = {
		FIELD(ipcx_mailbox_stat, flags, F_ZERO, 0) } },
	{ NAMED(INBOX_FIND), .on = SLOT_DEVICE,
	  MAKES(SLOT_MAILBOX, ipcx_inbox_find), .field = {
		FIELD(ipcx_inbox_find, pid, F_PID, 0),
		FIELD(ipcx_inbox_find, flags, F_ZERO, 0) } },
	{ NAMED(MAILBOX_SEND_ALL), .on = SLOT_DEVICE, .field = {
		FIELD(ipcx_mailbox_send_all, message, F_MESSAGES, true),
		FIELD(ipcx_mailbox_send_all, mailboxes, F_MAILBOXES, 0),
		FIELD(ipcx_mailbox_send_all, count, F_FEW, 0),
		FIELD(ipcx_mailbox_send_all, when_full, F_ENUM,
		      IPCX_FULL_DROP),
		WAITS(ipcx_mailbox_send_all),
		FIELD(ipcx_mailbox_send_all, __reserved, F_ZERO, 0) } },
	{ NAMED(CHANNEL_CREATE), .on = SLOT_DEVICE,
	  MAKES(SLOT_CHANNEL, ipcx_channel_create), .field = {
		FIELD(ipcx_channel_create, flags, F_FLAGS,
		      IPCX_CREATE_F_MASK | IPCX_CHANNEL_F_TURN |
			      IPCX_CHANNEL_F_STRICT | IPCX_CHANNEL_F_PACKET),
		FIELD(ipcx_channel_create, name, F_NAME, 0),
		FIELD(ipcx_channel_create, mode, F_MODE, 0),
		FIELD(ipcx_channel_create, rights, F_RIGHTS, 0),
		FIELD(ipcx_channel_create, capacity, F_LENGTH, 0),
		FIELD(ipcx_channel_create, read_mark, F_UNITS, 0),
		FIELD(ipcx_channel_create, write_mark, F_UNITS, 0),
		FIELD(ipcx_channel_create, lease_ns, F_LEASE, 0),
		FIELD(ipcx_channel_create, __reserved, F_ZERO, 0) } },
	{ NAMED(CHANNEL_OPEN), .on = SLOT_CHANNEL,
	  MAKES(SLOT_CHANNEL, ipcx_channel_open), .field = {
		FIELD(ipcx_channel_open, end, F_ENUM, IPCX_CHANNEL_READER),
		FIELD(ipcx_channel_open, rights, F_FLAGS, IPCX_RIGHT_CONTROL),
		FIELD(ipcx_channel_open, clockid, F_CLOCK, 0),
		FIELD(ipcx_channel_open, deadline, F_DEADLINE, 0),
		FIELD(ipcx_channel_open, flags, F_FLAGS,
		      IPCX_CHANNEL_OPEN_F_WAIT | IPCX_CHANNEL_OPEN_F_SIGPIPE |
			      IPCX_CHANNEL_OPEN_F_DEATH) } },
	{ NAMED(CHANNEL_WRITE), .on = SLOT_CHANNEL, .field = {
		FIELD(ipcx_channel_write, data, F_BUFFER, 0),
		FIELD(ipcx_channel_write, size, F_LENGTH, 0),
		FIELD(ipcx_channel_write, clockid, F_CLOCK, 0),
		FIELD(ipcx_channel_write, deadline, F_DEADLINE, 0),
		FIELD(ipcx_channel_write, flags, F_FLAGS,
		      IPCX_CHANNEL_WRITE_F_FLUSH |
			      IPCX_CHANNEL_WRITE_F_PASS) } },
	{ NAMED(CHANNEL_READ), .on = SLOT_CHANNEL, .field = {
		FIELD(ipcx_channel_read, data, F_BUFFER, 0),
		FIELD(ipcx_channel_read, size, F_LENGTH, 0),
		FIELD(ipcx_channel_read, clockid, F_CLOCK, 0),
		FIELD(ipcx_channel_read, deadline, F_DEADLINE, 0),
		FIELD(ipcx_channel_read, flags, F_FLAGS,
		      IPCX_CHANNEL_READ_F_PEEK),
		FIELD(ipcx_channel_read, __reserved, F_ZERO, 0) } },
	{ NAMED(CHANNEL_TURN), .on = SLOT_CHANNEL, .no_deadline = true,
	  .field = {
		FIELD(ipcx_channel_turn, op, F_ENUM, IPCX_CHANNEL_TURN_TAKE),
		WAITS(ipcx_channel_turn) } },
	{ NAMED(CHANNEL_FLUSH), .on = SLOT_CHANNEL, .no_deadline = true,
	  .field = {
		PLAIN(ipcx_channel_flush) } },
	{ NAMED(CHANNEL_SET), .on = SLOT_CHANNEL, .no_deadline = true,
	  .field = {
		FIELD(ipcx_channel_set, flags, F_FLAGS,
		      IPCX_CHANNEL_SET_F_CAPACITY |
			      IPCX_CHANNEL_SET_F_READ_MARK |
			      IPCX_CHANNEL_SET_F_WRITE_MARK),
		FIELD(ipcx_channel_set, capacity, F_LENGTH, 0),
		FIELD(ipcx_channel_set, read_mark, F_UNITS, 0),
		FIELD(ipcx_channel_set, write_mark, F_UNITS, 0) } },
	{ NAMED(CHANNEL_STAT), .on = SLOT_CHANNEL, .field = {
		FIELD(ipcx_channel_stat, flags, F_ZERO, 0) } },
	{ NAMED(CHANNEL_WAIT), .on = SLOT_CHANNEL, .field = {
		FIELD(ipcx_channel_wait, need, F_LENGTH, 0),
		FIELD(ipcx_channel_wait, clockid, F_CLOCK, 0),
		FIELD(ipcx_channel_wait, deadline, F_DEADLINE, 0),
		FIELD(ipcx_channel_wait, flags, F_FLAGS,
		      IPCX_CHANNEL_WAIT_F_WRITE),
		FIELD(ipcx_channel_wait, __reserved, F_ZERO, 0) } },
	{ NAMED(CHANNEL_WAKE), .on = SLOT_CHANNEL, .field = {
		PLAIN(ipcx_channel_wake) } },
};

/* clang-format on */

_Static_assert(ARRAY_SIZE(calls) <= CALLS_MAX, "CALLS_MAX is too small");

/* More than any structure has, with a tail that the kernel does not know. */
#define ARG_SIZE 512

#define GOOD_NAMES 6

static const char *const names[] = {
	"/a",
	"/b",
	"/c",
	"/d.e-f_1",
	"/e",
	"/this-name-is-as-long-as-a-name-can-be-it-has-62-letters-behind",
	"plain",
	"/",
	"/a/b",
	"/\x80",
	"/.",
	"/this-name-is-longer-than-a-name-can-be-and-has-no-nul-at-all---",
};

unsigned int calls_count(void)
{
	return ARRAY_SIZE(calls);
}

const char *calls_name(unsigned int call)
{
	return calls[call].name;
}

uint64_t now_on(uint32_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		return 0;
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* True: only a signal can end it. */
static bool wants_for_ever(uint8_t byte)
{
	return byte >= 0xd0 && byte < 0xe8;
}

static uint64_t deadline(uint8_t byte, uint32_t clock)
{
	if (byte < 0x80 || lane->in_haste)
		return 0;
	if (byte < 0x90)
		return 1;
	if (byte < 0xa0)
		return now_on(clock) - 1000000;
	if (byte < 0xc0)
		return now_on(clock) + (byte & 15) * 10000;
	if (byte < 0xd0)
		return now_on(clock) + 300000;
	if (byte < 0xe0)
		return IPCX_FOREVER;
	if (byte < 0xe8)
		return INT64_MAX;
	return byte < 0xf0 ? INT64_MAX + 1ULL : IPCX_FOREVER - 1;
}

static uint64_t flags(uint8_t byte, uint32_t known)
{
	uint64_t value = 0;
	unsigned int bit, nr = 0;

	if (byte >= 0xf0)
		return 1u << (byte & 15) | (byte & 1 ? 1u << 31 : 0);
	for (bit = 0; bit < 32; bit++)
		if (known >> bit & 1)
			value |= (uint64_t)(byte >> nr++ & 1) << bit;
	return value;
}

static uint64_t from_list(const uint64_t *list, unsigned int nr, uint8_t byte)
{
	return list[byte % nr];
}

#define FROM(_byte, ...)                              \
	from_list((const uint64_t[]) { __VA_ARGS__ }, \
		  sizeof((const uint64_t[]) { __VA_ARGS__ }) / 8, (_byte))

#define MESSAGES 4

/* Of what the next call sends, or receives. */
static __thread struct {
	struct ipcx_send_message send[MESSAGES];
	struct ipcx_recv_message recv[MESSAGES];
	struct iovec parts[2];
	int send_fds[MESSAGES]; /* or the mailboxes of one that goes to all */
	int recv_fds[MESSAGES][MESSAGES];
} messages;

static uint64_t payload(uint8_t byte)
{
	return FROM(byte, (uintptr_t)places.good + 2048,
		    (uintptr_t)places.good + 3000,
		    (uintptr_t)memory_window(byte >> 4),
		    (uintptr_t)places.good_end - 4, (uintptr_t)places.nothing,
		    (uintptr_t)places.read_only, 0, INT64_MAX);
}

static uint32_t payload_size(uint8_t byte)
{
	return FROM(byte, 0, 1, 4, 64, 700, 4000, 4096, 5000, 65536, 100000,
		    UINT32_MAX);
}

static uint64_t tag(uint8_t byte)
{
	return FROM(byte, 0, 0, 1, 1, 2, 3, 7, 0x80, UINT64_MAX);
}

static uint64_t make_fds(uint8_t byte, enum slot_kind kind)
{
	unsigned int i;

	for (i = 0; i < MESSAGES; i++)
		messages.send_fds[i] = slot_fd(slot_pick(byte + 3 * i, kind));
	return byte < 0xf0 ? (uintptr_t)messages.send_fds : payload(byte);
}

/* All that is in them is made of one byte, in ways that differ. */
static uint64_t make_messages(bool send, uint8_t byte)
{
	unsigned int i;

	/* Who only looks gets none, though it is told how many there are. */
	memset(messages.recv_fds, 0xff, sizeof(messages.recv_fds));
	for (i = 0; i < 2; i++) {
		messages.parts[i].iov_base =
			(void *)(uintptr_t)payload(byte + i);
		messages.parts[i].iov_len = payload_size(byte * 7 + i);
	}
	for (i = 0; i < MESSAGES; i++) {
		bool parts = (byte + i) % 5 == 4;
		uint64_t data = parts ? (uintptr_t)messages.parts :
					payload(byte * 3 + i);
		uint32_t size = parts ? i + byte % 4 :
					payload_size(byte * 5 + i);

		messages.send[i] = (struct ipcx_send_message) {
			.data = data,
			.size = size,
			.flags = parts,
			.tag = tag(byte + i),
			.priority = FROM(byte / 3 + i, 0, 0, 1, 5,
					 IPCX_PRIORITY_MAX,
					 IPCX_PRIORITY_MAX + 1),
			.lifetime_ns = FROM(byte / 7 + i, 0, 0, 0, 1, 100000,
					    INT64_MAX, UINT64_MAX),
			.nr_fds = FROM(byte / 5 + i, 0, 0, 0, 0, 1, 2, MESSAGES,
				       IPCX_MESSAGE_FDS_MAX + 1),
			.fds = make_fds(byte, SLOT_ANY),
		};
		messages.recv[i] = (struct ipcx_recv_message) {
			.data = data,
			.size = size,
			.flags = parts | (byte + i) % 3 * IPCX_MESSAGE_F_MAP,
			.nr_fds = FROM(byte / 3 + i, MESSAGES, MESSAGES, 1, 0),
			.fds = (uintptr_t)messages.recv_fds[i],
		};
	}
	if (byte >= 0xf0)
		return payload(byte);
	return send ? (uintptr_t)messages.send : (uintptr_t)messages.recv;
}

/* What came with the messages is not a program's. */
static void drop_received(long count)
{
	struct ipcx_recv_message *m;

	for (m = messages.recv; m < messages.recv + count; m++) {
		const int *fds = messages.recv_fds[m - messages.recv];

		if (m->out_flags & IPCX_MESSAGE_OUT_MAPPED)
			munmap((void *)(uintptr_t)m->out_data, m->out_size);
		for (unsigned int i = 0; i < m->out_nr_fds && m->nr_fds; i++)
			close(fds[i]);
		m->out_flags = 0;
		m->out_nr_fds = 0;
	}
}

static uint64_t field_value(const struct field *f, uint8_t byte, uint32_t clock)
{
	switch (f->kind) {
	case F_ZERO:
		return byte < 0xf0 ? 0 : 1u << (byte & 7);
	case F_FLAGS:
		return flags(byte, f->arg);
	case F_ENUM:
		return byte < 0xf0 ? byte % (f->arg + 1) : f->arg + byte - 0xef;
	case F_RIGHTS:
		return byte < 0xf0 ? (byte & 1 ? 7 : byte >> 1 & 7) : byte;
	case F_MODE:
		return FROM(byte, 0777, 0, 0600, 0444, 0222, 0111, 0700, 01000);
	case F_UNITS:
		return FROM(byte, 1, 1, 1, 1, 2, 2, 3, 5, 8, 0, 0,
			    IPCX_SEM_VALUE_MAX, IPCX_SEM_VALUE_MAX + 1,
			    UINT32_MAX, 1u << 31, 100);
	case F_CLOCK:
		return FROM(byte, 1, 1, 1, 1, 1, 0, 0, 7, 7, 1, 1, 1, 1, 2, 11,
			    UINT32_MAX);
	case F_DEADLINE:
		return deadline(byte, clock);
	case F_SEM:
		return slot_fd(slot_pick(byte, SLOT_SEM));
	case F_SIZE:
		return FROM(byte, 1, 4096, 4097, 16384, 65536, 2 << 20, 4 << 20,
			    0, 1ULL << 30, 1ULL << 40, INT64_MAX, UINT64_MAX);
	case F_LEASE:
		return FROM(byte, 0, 0, 0, 1, 1000, 1000000, INT64_MAX,
			    UINT64_MAX);
	case F_ID:
		return FROM(byte, world.uid, 0, 1000, 65534, UINT32_MAX);
	case F_PID:
		return FROM(byte, getpid(), getpid(), getppid(), 1, 2, 0, -1);
	case F_MESSAGES:
		return make_messages(f->arg, byte);
	case F_MAILBOXES:
		return make_fds(byte, SLOT_MAILBOX);
	case F_FEW:
		return FROM(byte, 1, 1, 1, 2, MESSAGES, 0, IPCX_BATCH_MAX + 1);
	case F_TAG:
		return tag(byte);
	case F_BUFFER:
		return payload(byte);
	case F_LENGTH:
		return FROM(byte, 1, 1, 3, 8, 100, 300, 700, 0, 4096, 4097,
			    65536, 1 << 20, IPCX_CHANNEL_CAPACITY_MAX + 1,
			    UINT32_MAX, UINT64_MAX, 16384);
	case F_COUNT:
		return FROM(byte, 0, 1, 2, 3, INT64_MAX, UINT64_MAX);
	}
	return 0;
}

static void put_name(char *to, uint8_t byte)
{
	unsigned int name = byte % 32;

	/* Most objects have none. */
	if (name >= 16 && name < 30)
		return;
	name %= ARRAY_SIZE(names);
	strncpy(to, names[name], IPCX_NAME_SIZE);
}

/* Fills in the structure; returns whether only a signal can end the call. */
static bool fill(const struct call *call, const struct fuzz_record *r,
		 char *arg)
{
	const struct field *f = call->field;
	bool for_ever = false;
	uint32_t clock = 0;
	unsigned int i;

	for (i = 0; f[i].size; i++) {
		uint8_t byte = i + 1 < sizeof(r->p) ? r->p[i + 1] : 0;
		uint64_t value;

		if (f[i].kind == F_NAME) {
			put_name(arg + f[i].offset, byte);
			continue;
		}
		value = field_value(&f[i], byte, clock);
		if (f[i].kind == F_CLOCK)
			clock = value;
		if (f[i].kind == F_DEADLINE)
			for_ever = !lane->in_haste && wants_for_ever(byte);
		memcpy(arg + f[i].offset, &value, f[i].size);
	}
	return for_ever;
}

/* Memory that is asked for in advance is really taken. */
static void limit_reservation(char *arg)
{
	struct ipcx_region_create *create = (struct ipcx_region_create *)arg;

	if (create->flags & IPCX_REGION_F_RESERVE && create->size > 2 << 20 &&
	    create->size <= 1ULL << 40)
		create->size = 2 << 20;
}

/* Variations of size, pointer and content: r->p[0] says which. */
static unsigned int vary_size(const struct fuzz_record *r, unsigned int cmd,
			      char *arg)
{
	unsigned int size = _IOC_SIZE(cmd);
	uint8_t by = r->p[11];

	switch (r->p[0] >> 3) {
	case 0xa0 >> 3:
		size -= (by & 7) * 4 < size ? (by & 7) * 4 : size;
		break;
	case 0xb0 >> 3:
		arg[size + (by & 31)] = 1;
		__attribute__((fallthrough));
	case 0xa8 >> 3:
		size += 1 + (by & 31);
		break;
	case 0xb8 >> 3:
		size = by;
		break;
	case 0xe8 >> 3:
		arg[by % size] ^= r->p[10];
		break;
	case 0xf0 >> 3:
		return by & 1 ? _IO(IPCX_IOC_TYPE, _IOC_NR(cmd)) :
				_IOWR(by, _IOC_NR(cmd), struct ipcx_quota);
	}
	return _IOC(_IOC_READ | _IOC_WRITE, IPCX_IOC_TYPE, _IOC_NR(cmd), size);
}

/* Puts the structure where r->p[0] says, and returns its address. */
static char *place(const struct fuzz_record *r, const char *arg,
		   unsigned int size)
{
	char *to = places.good;

	switch (r->p[0] >> 3) {
	case 0xc0 >> 3:
		return NULL;
	case 0xc8 >> 3:
		return places.nothing;
	case 0xd0 >> 3:
		memcpy(places.good + 2048, arg, ARG_SIZE);
		return places.read_only + 2048;
	case 0xd8 >> 3:
		/* The last few bytes are not there. */
		size -= (r->p[11] & 7) * 4 + 4 < size ? (r->p[11] & 7) * 4 + 4 :
							size;
		memcpy(places.good_end - size, arg, size);
		return places.good_end - size;
	case 0xe0 >> 3:
		to = memory_window(r->p[11]);
		fuzz_guard(memcpy(to, arg, ARG_SIZE));
		return to;
	case 0xf8 >> 3:
		to += 1 + (r->p[11] & 6);
		break;
	}
	to += lane->place;
	memcpy(to, arg, ARG_SIZE);
	return to;
}

/*
 * What may have been created under a name, by whatever process, has it still
 * when nothing else is left of it. Beside the list there are names with a bit
 * flipped, and what somebody else wrote to memory meanwhile.
 */
static void remember_name(const char *name)
{
	uint32_t at;

	if (name[0] != '/')
		return;
	at = __atomic_fetch_add(&shared->nr_named, 1, __ATOMIC_RELAXED);
	if (at < NAMED_MAX)
		memcpy(shared->named[at], name, IPCX_NAME_SIZE);
}

static void remember_object(int fd)
{
	struct ipcx_stat stat = {};

	if (!ioctl(fd, IPCX_IOC_STAT, &stat))
		remember_name(stat.out_name);
}

/* What the kernel will read, as far as one can know. */
static void remember_creation(const struct call *call, const char *at)
{
	char name[IPCX_NAME_SIZE];

	if (call->makes && call->cmd != IPCX_IOC_OPEN &&
	    call->cmd != IPCX_IOC_REDUCE && fuzz_guard(memcpy(name, at, 64)))
		remember_name(name);
}

/* The descriptor that a call has made. */
static void take_fd(const struct call *call, const struct fuzz_record *r,
		    unsigned int on, const char *arg)
{
	enum slot_kind kind = call->makes;
	uint32_t type;
	int fd;

	memcpy(&fd, arg + call->fd_offset, sizeof(fd));
	if (call->cmd == IPCX_IOC_REDUCE)
		kind = slot_kind(on);
	if (call->cmd == IPCX_IOC_OPEN) {
		memcpy(&type, arg + offsetof(struct ipcx_open, out_type),
		       sizeof(type));
		kind = type == IPCX_TYPE_SEM	 ? SLOT_SEM :
		       type == IPCX_TYPE_REGION	 ? SLOT_REGION :
		       type == IPCX_TYPE_MAILBOX ? SLOT_MAILBOX :
						   SLOT_CHANNEL;
	}
	remember_object(fd);
	slot_put(r->c, fd, kind);
}

/* Only a signal can end it: a child's end is to be killed. */
static long wait_for_ever(int fd, unsigned int cmd, char *at)
{
	int error;
	long ret;

	if (lane->is_child)
		return ioctl(fd, cmd, at);
	lane_storm(500000, false);
	ret = ioctl(fd, cmd, at);
	error = errno;
	lane_quiet();
	errno = error;
	return ret;
}

long op_ioctl(const struct fuzz_record *r)
{
	const struct call *call = &calls[r->a % ARRAY_SIZE(calls)];
	unsigned int slot = slot_pick(r->b, call->on);
	char arg[ARG_SIZE] = {}, *at;
	unsigned int cmd;
	bool for_ever;
	long ret;
	int error;

	last_call = call - calls;
	for_ever = fill(call, r, arg) || call->no_deadline;
	if (call->cmd == IPCX_IOC_REGION_CREATE)
		limit_reservation(arg);
	cmd = vary_size(r, call->cmd, arg);
	at = place(r, arg, _IOC_SIZE(cmd));
	remember_creation(call, at);
	if (for_ever) {
		ret = wait_for_ever(slot_fd(slot), cmd, at);
	} else {
		lane_fail_begin();
		ret = ioctl(slot_fd(slot), cmd, at);
		lane_fail_end();
	}
	error = errno;
	if (ret > 0 && ret <= MESSAGES && call->cmd == IPCX_IOC_MAILBOX_RECV)
		drop_received(ret);
	if (!ret && call->makes && fuzz_guard(memcpy(arg, at, 256)))
		take_fd(call, r, slot, arg);
	else if (!ret && call->cmd == IPCX_IOC_SEM_ATTACH)
		fuzz_guard(memcpy(&lane->holder_id, at + 4, 4));
	errno = error;
	return ret;
}

/* Numbers and sizes that no call has, and structures of anything. */
long op_raw_ioctl(const struct fuzz_record *r)
{
	unsigned int cmd = _IOC(r->p[0] & 3, IPCX_IOC_TYPE, r->p[1],
				r->p[2] | (r->p[3] & 1) << 8);
	char *arg = places.good + 3072;
	unsigned int i;
	long ret;

	if (r->p[0] & 0x80)
		memcpy(&cmd, r->p, sizeof(cmd));
	for (i = 0; i < ARG_SIZE; i++)
		arg[i] = r->c & 1 ? r->p[4 + i % 8] : 0;
	lane_storm(2000000, false);
	ret = ioctl(slot_fd(r->b), cmd, arg);
	lane_quiet();
	return ret;
}

static void make_sem(unsigned int slot, struct ipcx_sem_create arg)
{
	if (!ioctl(world.device, IPCX_IOC_SEM_CREATE, &arg))
		slot_put(slot, arg.out_fd, SLOT_SEM);
}

static void open_end(unsigned int slot, int fd, unsigned int end)
{
	struct ipcx_channel_open arg = { .end = end };

	if (!ioctl(fd, IPCX_IOC_CHANNEL_OPEN, &arg))
		slot_put(slot, arg.out_fd, SLOT_CHANNEL);
}

void calls_preset(unsigned int preset, bool maps)
{
	struct ipcx_region_create region = { .mode = 0600, .size = 16384 };
	struct ipcx_mailbox_create mailbox = { .flags = IPCX_MAILBOX_F_FDS,
					       .mode = 0600,
					       .max_messages = 4 };
	struct ipcx_channel_create channel = {
		.flags = maps ? 0 : IPCX_CHANNEL_F_TURN,
		.mode = 0600,
		.capacity = 4096
	};

	switch (preset) {
	case PRESET_SEM:
		make_sem(1, (struct ipcx_sem_create) {
				    .mode = 0600, .initial = 1, .max = 8 });
		break;
	case PRESET_OWNED:
		make_sem(2, (struct ipcx_sem_create) {
				    .mode = 0600,
				    .kind = IPCX_SEM_OWNED,
				    .initial = 4,
				    .max = 4,
				    .on_death = IPCX_DEATH_REPORT });
		break;
	case PRESET_LOCK:
		make_sem(3, (struct ipcx_sem_create) {
				    .mode = 0600,
				    .kind = IPCX_SEM_LOCK,
				    .initial = 1,
				    .max = 1,
				    .on_death = IPCX_DEATH_REPORT });
		break;
	case PRESET_REGION:
		if (!ioctl(world.device, IPCX_IOC_REGION_CREATE, &region))
			slot_put(4, region.out_fd, SLOT_REGION);
		break;
	case PRESET_CHANNEL:
		if (!ioctl(world.device, IPCX_IOC_CHANNEL_CREATE, &channel))
			slot_put(7, channel.out_fd, SLOT_CHANNEL);
		open_end(8, channel.out_fd, IPCX_CHANNEL_FIRST);
		open_end(9, channel.out_fd, IPCX_CHANNEL_SECOND);
		break;
	case PRESET_MAILBOX:
		if (!ioctl(world.device, IPCX_IOC_MAILBOX_CREATE, &mailbox))
			slot_put(6, mailbox.out_fd, SLOT_MAILBOX);
		break;
	}
}

int calls_use(uint64_t use[4])
{
	struct ipcx_quota quota = {};

	if (ioctl(world.device, IPCX_IOC_QUOTA, &quota))
		return -1;
	memcpy(use, quota.out_used, sizeof(quota.out_used));
	return 0;
}

/* Frees every name that a program can have made. */
void calls_unlink_all(int device)
{
	uint32_t i;

	for (i = 0; i < shared->nr_named && i < NAMED_MAX; i++) {
		struct ipcx_unlink arg = {};

		memcpy(arg.name, shared->named[i], sizeof(arg.name));
		ioctl(device, IPCX_IOC_UNLINK, &arg);
	}
	shared->nr_named = 0;
}
