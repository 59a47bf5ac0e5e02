// SPDX-License-Identifier: GPL-2.0-only
/* Fail the n-th: mailboxes. */
#define T_WITHOUT_TESTS
#include "fault_ioctl.h"
#include "ipcx_mailbox.h"

/* In the world's mailbox. */
#define THERE 2

/* Longer than what the kernel keeps in one piece. */
#define LONG FAULT_MESSAGE_SIZE

static char payload[LONG], buffer[LONG];
static struct ipcx_send_message out;
static struct ipcx_recv_message in;
static struct iovec parts[10];
static int fds_out[2], fds_in[2];
static int boxes[2];

static int on_mailbox(struct fault_world *w)
{
	return on(w, FAULT_MAILBOX);
}

static int prepare_create(struct fault_world *w)
{
	on_dev(w);
	ARG(w, ipcx_mailbox_create)->mode = 0600;
	return 0;
}

static int prepare_create_named(struct fault_world *w)
{
	prepare_create(w);
	strcpy(ARG(w, ipcx_mailbox_create)->name, w->other_name);
	ARG(w, ipcx_mailbox_create)->flags = IPCX_CREATE_F_PERSISTENT;
	return 0;
}

static int prepare_create_inbox(struct fault_world *w)
{
	prepare_create(w);
	ARG(w, ipcx_mailbox_create)->flags = IPCX_MAILBOX_F_INBOX;
	return 0;
}

/* Of this process, which may have one at a time. */
static int prepare_inbox_find(struct fault_world *w)
{
	on_dev(w);
	w->fds[0] = t_inbox(w->dev, 0600, 1, 1);
	ARG(w, ipcx_inbox_find)->pid = getpid();
	return w->fds[0] < 0 ? w->fds[0] : 0;
}

/* What was made beside the world. */
static void clean_beside(struct fault_world *w)
{
	if (w->fds[0] >= 0)
		close(w->fds[0]);
	w->fds[0] = -1;
}

static void clean_inbox(struct fault_world *w)
{
	clean_beside(w);
	clean_fd(w);
}

static bool verify_inbox_find(struct fault_world *w)
{
	w->fd = ((struct ipcx_inbox_find *)w->reply)->out_fd;
	return is_open(w->fd, IPCX_RIGHT_WRITE);
}

static bool verify_create(struct fault_world *w)
{
	w->fd = ((struct ipcx_mailbox_create *)w->reply)->out_fd;
	return is_open(w->fd, IPCX_RIGHTS_MASK) && !t_mailbox_messages(w->fd);
}

static int prepare_send_of(struct fault_world *w, size_t size,
			   unsigned long long lifetime_ns)
{
	on_mailbox(w);
	out = t_message(payload, size, 1, 9);
	out.lifetime_ns = lifetime_ns;
	ARG(w, ipcx_mailbox_send)->messages = (uintptr_t)&out;
	ARG(w, ipcx_mailbox_send)->count = 1;
	return 0;
}

static int prepare_send(struct fault_world *w)
{
	return prepare_send_of(w, 4, 0);
}

static int prepare_send_long(struct fault_world *w)
{
	return prepare_send_of(w, LONG, 0);
}

static int prepare_send_mortal(struct fault_world *w)
{
	return prepare_send_of(w, 4, 3600 * T_SEC);
}

static int prepare_send_parts(struct fault_world *w)
{
	size_t i;

	prepare_send_of(w, ARRAY_SIZE(parts), 0);
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i] = (struct iovec) { payload + i * 100, 10 };
	out.data = (uintptr_t)parts;
	out.flags = IPCX_MESSAGE_F_PARTS;
	return 0;
}

static int prepare_send_dropping(struct fault_world *w)
{
	int ret;

	while (!(ret = t_send_number(w->obj[FAULT_MAILBOX], 5)))
		;
	prepare_send(w);
	ARG(w, ipcx_mailbox_send)->when_full = IPCX_FULL_DROP;
	return ret == -EAGAIN ? 0 : ret;
}

static int prepare_send_late(struct fault_world *w)
{
	int ret = prepare_send_dropping(w);

	ARG(w, ipcx_mailbox_send)->when_full = IPCX_FULL_WAIT;
	ARG(w, ipcx_mailbox_send)->clockid = CLOCK_MONOTONIC;
	ARG(w, ipcx_mailbox_send)->deadline = t_in_ms(5);
	return ret;
}

static int prepare_send_fds(struct fault_world *w)
{
	prepare_send(w);
	fds_out[0] = w->dev;
	fds_out[1] = w->obj[FAULT_PLAIN];
	out.fds = (uintptr_t)fds_out;
	out.nr_fds = 2;
	return 0;
}

/* To the mailbox of the world, and to another one. */
static int prepare_send_all(struct fault_world *w)
{
	on_dev(w);
	w->fds[0] = t_mailbox(w->dev, 1, LONG);
	boxes[0] = w->obj[FAULT_MAILBOX];
	boxes[1] = w->fds[0];
	out = t_message(payload, LONG, 1, 9);
	ARG(w, ipcx_mailbox_send_all)->message = (uintptr_t)&out;
	ARG(w, ipcx_mailbox_send_all)->mailboxes = (uintptr_t)boxes;
	ARG(w, ipcx_mailbox_send_all)->count = 2;
	return w->fds[0] < 0 ? w->fds[0] : 0;
}

static int prepare_send_all_late(struct fault_world *w)
{
	int ret = prepare_send_all(w);

	ARG(w, ipcx_mailbox_send_all)->clockid = CLOCK_MONOTONIC;
	ARG(w, ipcx_mailbox_send_all)->deadline = t_in_ms(5);
	return ret ? ret : t_send_number(w->fds[0], 1);
}

static bool verify_sent(struct fault_world *w)
{
	return t_mailbox_messages(w->obj[FAULT_MAILBOX]) == THERE + 1;
}

static bool verify_sent_to_all(struct fault_world *w)
{
	return verify_sent(w) && t_mailbox_messages(w->fds[0]) == 1;
}

static bool verify_dropped(struct fault_world *w)
{
	struct ipcx_mailbox_stat s;

	return !t_mailbox_stat(w->obj[FAULT_MAILBOX], &s) &&
	       s.out_dropped == 1 && s.out_messages == s.out_max_messages;
}

static int prepare_recv_into(struct fault_world *w, size_t size)
{
	on_mailbox(w);
	memset(buffer, 0, sizeof(buffer));
	in = (struct ipcx_recv_message) { .data = (uintptr_t)buffer,
					  .size = size };
	ARG(w, ipcx_mailbox_recv)->messages = (uintptr_t)&in;
	ARG(w, ipcx_mailbox_recv)->count = 1;
	return 0;
}

static int prepare_recv(struct fault_world *w)
{
	return prepare_recv_into(w, LONG);
}

static int prepare_recv_short(struct fault_world *w)
{
	return prepare_recv_into(w, 1);
}

static int prepare_recv_parts(struct fault_world *w)
{
	size_t i;

	prepare_recv(w);
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i] = (struct iovec) { buffer + i, 1 };
	in.data = (uintptr_t)parts;
	in.size = ARRAY_SIZE(parts);
	in.flags = IPCX_MESSAGE_F_PARTS;
	return 0;
}

static int prepare_recv_long(struct fault_world *w)
{
	prepare_recv(w);
	return t_send(w->obj[FAULT_MAILBOX], payload, LONG, 9, 0);
}

/* Each attempt puts one in, which is received by the last of them. */
static void clean_recv_long(struct fault_world *w)
{
	t_recv(w->obj[FAULT_MAILBOX], buffer, LONG, 0, NULL);
}

static int prepare_recv_fds(struct fault_world *w)
{
	int ret;

	prepare_send_fds(w);
	out.priority = 9;
	ret = t_send_many(w->obj[FAULT_MAILBOX], &out, 1, 0, 0);
	prepare_recv(w);
	in.fds = (uintptr_t)fds_in;
	in.nr_fds = 2;
	return ret == 1 ? 0 : ret;
}

static void clean_recv_fds(struct fault_world *w)
{
	if (t_recv_fds(w->obj[FAULT_MAILBOX], fds_in, 2, 0, NULL) != 2)
		return;
	close(fds_in[0]);
	close(fds_in[1]);
}

static int prepare_recv_mapped(struct fault_world *w)
{
	int ret = prepare_recv_long(w);

	in.size = 0;
	in.flags = IPCX_MESSAGE_F_MAP;
	return ret;
}

static int prepare_recv_mapped_short(struct fault_world *w)
{
	prepare_recv_into(w, 0);
	in.flags = IPCX_MESSAGE_F_MAP;
	return 0;
}

static int prepare_peek(struct fault_world *w)
{
	prepare_recv(w);
	ARG(w, ipcx_mailbox_recv)->flags = IPCX_RECV_F_PEEK;
	ARG(w, ipcx_mailbox_recv)->index = 1;
	return 0;
}

static int prepare_recv_late(struct fault_world *w)
{
	prepare_recv(w);
	ARG(w, ipcx_mailbox_recv)->match = IPCX_MATCH_TAG;
	ARG(w, ipcx_mailbox_recv)->tag = 99;
	ARG(w, ipcx_mailbox_recv)->clockid = CLOCK_MONOTONIC;
	ARG(w, ipcx_mailbox_recv)->deadline = t_in_ms(5);
	return 0;
}

static bool received(struct fault_world *w, uint32_t number, int left)
{
	return !memcmp(buffer, &number, sizeof(number)) &&
	       t_mailbox_messages(w->obj[FAULT_MAILBOX]) == left;
}

static bool verify_received(struct fault_world *w)
{
	return received(w, 0, THERE - 1) && in.out_size == 4;
}

static bool verify_read(struct fault_world *w)
{
	return received(w, 0, THERE - 1);
}

static bool verify_peeked(struct fault_world *w)
{
	return received(w, 1, THERE);
}

static bool verify_received_long(struct fault_world *w)
{
	return in.out_size == LONG && !memcmp(buffer, payload, LONG) &&
	       t_mailbox_messages(w->obj[FAULT_MAILBOX]) == THERE;
}

static bool verify_received_fds(struct fault_world *w)
{
	bool open = is_open(fds_in[1], IPCX_RIGHTS_MASK);

	return in.out_nr_fds == 2 && !close(fds_in[0]) && !close(fds_in[1]) &&
	       open && t_mailbox_messages(w->obj[FAULT_MAILBOX]) == THERE;
}

/* Unmaps it, too. */
static bool mapped_is(const void *data, size_t size)
{
	void *at = (void *)(uintptr_t)in.out_data;
	bool same = in.out_size == size && at && !memcmp(at, data, size);

	return !munmap(at, size) && same;
}

static bool verify_mapped(struct fault_world *w)
{
	return mapped_is(payload, LONG) &&
	       t_mailbox_messages(w->obj[FAULT_MAILBOX]) == THERE;
}

static bool verify_mapped_short(struct fault_world *w)
{
	const uint32_t number = 0;

	return mapped_is(&number, sizeof(number)) &&
	       t_mailbox_messages(w->obj[FAULT_MAILBOX]) == THERE - 1;
}

static bool verify_mailbox_stat(struct fault_world *w)
{
	return ((struct ipcx_mailbox_stat *)w->reply)->out_messages == THERE;
}

static int run_read(struct fault_world *w)
{
	ssize_t n = read(w->obj[FAULT_MAILBOX], buffer, LONG);

	return n < 0 ? -errno : n;
}

static int run_write(struct fault_world *w)
{
	ssize_t n = write(w->obj[FAULT_MAILBOX], payload, 4);

	return n < 0 ? -errno : n;
}

static int run_write_long(struct fault_world *w)
{
	ssize_t n = write(w->obj[FAULT_MAILBOX], payload, LONG);

	return n < 0 ? -errno : n;
}

#define SEND(text, make, ...) \
	IOCTL(text, MAILBOX_SEND, make, .expect = 1, __VA_ARGS__)
#define RECV(text, make, ...) \
	IOCTL(text, MAILBOX_RECV, make, .expect = 1, __VA_ARGS__)

static const struct fault_op mailbox_ops[] = {
	IOCTL("anonymous", MAILBOX_CREATE, create, .verify = verify_create,
	      .clean = clean_fd),
	IOCTL("persistent", MAILBOX_CREATE, create_named,
	      .verify = verify_create, .still = still_new, .clean = clean_new),
	IOCTL("by a new user", MAILBOX_CREATE, create, .verify = verify_create,
	      BY_NEW_USER),
	IOCTL("inbox", MAILBOX_CREATE, create_inbox, .verify = verify_create,
	      .clean = clean_fd),
	IOCTL("inbox, first", MAILBOX_CREATE, create_inbox,
	      .verify = verify_create, .where = FAULT_CHILD),
	IOCTL("of this process", INBOX_FIND, inbox_find,
	      .verify = verify_inbox_find, .clean = clean_inbox),
	SEND("one", send, .verify = verify_sent),
	SEND("long", send_long, .verify = verify_sent),
	SEND("mortal", send_mortal, .verify = verify_sent),
	SEND("in parts", send_parts, .verify = verify_sent),
	SEND("that drops", send_dropping, .verify = verify_dropped),
	IOCTL("until late", MAILBOX_SEND, send_late, .expect = -ETIMEDOUT),
	SEND("with files", send_fds, .verify = verify_sent),
	IOCTL("two", MAILBOX_SEND_ALL, send_all, .verify = verify_sent_to_all,
	      .clean = clean_beside),
	IOCTL("until late", MAILBOX_SEND_ALL, send_all_late,
	      .expect = -ETIMEDOUT, .clean = clean_beside),
	RECV("one", recv, .verify = verify_received),
	RECV("long", recv_long, .verify = verify_received_long,
	     .clean = clean_recv_long),
	RECV("in parts", recv_parts, .verify = verify_received),
	RECV("with files", recv_fds, .verify = verify_received_fds,
	     .clean = clean_recv_fds),
	RECV("mapped", recv_mapped, .verify = verify_mapped,
	     .clean = clean_recv_long),
	RECV("mapped, short", recv_mapped_short, .verify = verify_mapped_short),
	RECV("peek", peek, .verify = verify_peeked),
	IOCTL("too short", MAILBOX_RECV, recv_short, .expect = -EMSGSIZE),
	IOCTL("until late", MAILBOX_RECV, recv_late, .expect = -ETIMEDOUT),
	{ .name = "MAILBOX_STAT: mailbox",
	  .cmd = IPCX_IOC_MAILBOX_STAT,
	  .prepare = on_mailbox,
	  .run = fault_ioctl,
	  .verify = verify_mailbox_stat },
	{ .name = "read a message",
	  .prepare = prepare_recv,
	  .run = run_read,
	  .expect = 4,
	  .verify = verify_read },
	{ .name = "write a message",
	  .run = run_write,
	  .expect = 4,
	  .verify = verify_sent },
	{ .name = "write a long message",
	  .run = run_write_long,
	  .expect = LONG,
	  .verify = verify_sent },
};

const struct fault_table fault_mailboxes = { mailbox_ops,
					     ARRAY_SIZE(mailbox_ops) };
