// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes beside a model of them: random operations on several mailboxes, each
 * of which is also done to a list in this program, by the plainest means.
 * Whatever can be seen must be the same: results, payloads, order, counters.
 *
 * The seed is printed; IPCX_SEED=N repeats a run, IPCX_STEPS=N shortens it.
 *
 * Rows: T4 B1 B4 B5 B7 B9 B11 B12 B13 I1. Classes: V16.
 */
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"

#define STEPS	 1000000
#define BOXES	 4
#define ROOM	 64 /* for any box's messages */
#define BATCH	 4
#define LONGEST	 8192
#define OTHER	 4321 /* a user beside the owner */
#define A_LIFE	 (3600 * T_SEC)
#define REMEMBER 16 /* operations to show when something differs */

/* ---- The model ---------------------------------------------------------- */

struct message {
	uint32_t serial; /* its payload follows from it */
	uint32_t size;
	uint32_t priority;
	uint64_t tag;
	uint64_t order;
	bool expires; /* it has, as soon as anybody looks */
	bool others; /* it was sent by OTHER */
	bool gone; /* its sender has died */
};

struct box {
	struct ipcx_mailbox_create config;
	int fd;
	struct message m[ROOM];
	unsigned int nr;
	uint64_t next_order;
	uint64_t sent, received, dropped, expired, refused, denied;
};

struct totals {
	unsigned int messages;
	uint64_t bytes;
};

static void take_out(struct box *b, unsigned int i)
{
	memmove(b->m + i, b->m + i + 1, (--b->nr - i) * sizeof(*b->m));
}

/* What has expired goes before anything else is looked at. */
static void expire(struct box *b)
{
	for (unsigned int i = 0; i < b->nr;)
		if (b->m[i].expires) {
			take_out(b, i);
			b->expired++;
		} else {
			i++;
		}
}

static struct totals total(const struct box *b, bool others_only)
{
	struct totals t = {};

	for (unsigned int i = 0; i < b->nr; i++)
		if (b->m[i].others || !others_only) {
			t.messages++;
			t.bytes += b->m[i].size;
		}
	return t;
}

/* With so much dropped, which for OTHER is always of its own. */
static bool share_allows(const struct box *b, const struct message *m,
			 struct totals drop)
{
	struct totals all = total(b, false), own = total(b, true);
	unsigned int left =
		b->config.max_messages - (all.messages - own.messages);
	uint64_t left_bytes = b->config.max_bytes - (all.bytes - own.bytes);

	if (!m->others || own.messages == drop.messages)
		return true;
	return own.messages - drop.messages < left / 2 &&
	       own.bytes - drop.bytes + m->size <= left_bytes / 2;
}

static bool fits(const struct box *b, const struct message *m,
		 struct totals drop)
{
	struct totals all = total(b, false);

	return all.messages - drop.messages < b->config.max_messages &&
	       all.bytes - drop.bytes + m->size <= b->config.max_bytes &&
	       share_allows(b, m, drop);
}

/* The oldest of the lowest priority that the sender of @m may drop, or -1. */
static int victim(const struct box *b, const struct message *m,
		  const bool *chosen)
{
	int best = -1;

	for (unsigned int i = 0; i < b->nr; i++) {
		const struct message *x = b->m + i;

		if (chosen[i] || x->priority > m->priority ||
		    (m->others && !x->others))
			continue;
		if (best < 0 || x->priority < b->m[best].priority ||
		    (x->priority == b->m[best].priority &&
		     x->order < b->m[best].order))
			best = i;
	}
	return best;
}

static bool make_room(struct box *b, const struct message *m)
{
	bool chosen[ROOM] = {};
	struct totals drop = {};

	if (m->others && !total(b, true).messages)
		return false;
	while (!fits(b, m, drop)) {
		int v = victim(b, m, chosen);

		if (v < 0)
			return false;
		chosen[v] = true;
		drop.messages++;
		drop.bytes += b->m[v].size;
	}
	for (int i = b->nr - 1; i >= 0; i--)
		if (chosen[i]) {
			take_out(b, i);
			b->dropped++;
		}
	return true;
}

static int model_send(struct box *b, struct message m, unsigned int when_full)
{
	if (m.size > b->config.max_size)
		return -EMSGSIZE;
	if (when_full == IPCX_FULL_DEFAULT)
		when_full = b->config.when_full;
	expire(b);
	if (!fits(b, &m, (struct totals) {}) &&
	    !(when_full == IPCX_FULL_DROP && make_room(b, &m))) {
		b->refused++;
		if (share_allows(b, &m, (struct totals) {}))
			return -EAGAIN;
		b->denied++;
		return -EDQUOT;
	}
	m.order = b->next_order++;
	b->m[b->nr++] = m;
	b->sent++;
	return 0;
}

static bool matches(const struct message *m, const struct ipcx_mailbox_recv *r)
{
	switch (r->match) {
	case IPCX_MATCH_TAG:
		return m->tag == r->tag;
	case IPCX_MATCH_MASK:
		return (m->tag & r->tag_arg) == r->tag;
	case IPCX_MATCH_RANGE:
		return m->tag >= r->tag && m->tag <= r->tag_arg;
	}
	return true;
}

static bool comes_before(const struct message *a, const struct message *b)
{
	return a->priority != b->priority ? a->priority > b->priority :
					    a->order < b->order;
}

/* The first of those that match and come behind @after, or -1. */
static int model_next(const struct box *b, const struct ipcx_mailbox_recv *r,
		      const struct message *after)
{
	int best = -1;

	for (unsigned int i = 0; i < b->nr; i++) {
		const struct message *m = b->m + i;

		if (matches(m, r) && (!after || comes_before(after, m)) &&
		    (best < 0 || comes_before(m, b->m + best)))
			best = i;
	}
	return best;
}

/* The @k-th of those that match, or -1. */
static int model_find(struct box *b, const struct ipcx_mailbox_recv *r,
		      unsigned int k)
{
	int i;

	expire(b);
	i = model_next(b, r, NULL);
	while (i >= 0 && k--)
		i = model_next(b, r, b->m + i);
	return i;
}

/* ---- Chance ------------------------------------------------------------- */

static uint64_t chance_state;

static uint32_t chance(uint32_t below)
{
	chance_state =
		chance_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(chance_state >> 33) % below;
}

static uint64_t choose_seed(void)
{
	const char *text = getenv("IPCX_SEED");

	return text ? strtoull(text, NULL, 0) : t_now() ^ getpid();
}

static int choose_steps(void)
{
	const char *text = getenv("IPCX_STEPS");

	return text ? atoi(text) : t_times(STEPS);
}

/* ---- What was done last, and what differs ------------------------------- */

static struct {
	const char *what;
	int box;
	long long arg[3];
	int result;
} done[REMEMBER];

static unsigned int steps_done;
static struct box boxes[BOXES];

static void remember(const char *what, const struct box *b, long long x,
		     long long y, long long z, int result)
{
	unsigned int i = steps_done % REMEMBER;

	done[i].what = what;
	done[i].box = b - boxes;
	done[i].arg[0] = x;
	done[i].arg[1] = y;
	done[i].arg[2] = z;
	done[i].result = result;
}

static bool different;

/* The first difference is told, with what led to it. */
static void same(const char *what, long long wanted, long long got)
{
	if (wanted == got || different)
		return;
	different = true;
	printf("# step %u: %s is %lld, and not %lld\n", steps_done, what, got,
	       wanted);
	for (unsigned int i = 1; i <= REMEMBER; i++) {
		unsigned int k = (steps_done + i) % REMEMBER;

		if (done[k].what)
			printf("#   box %d: %s %lld %lld %lld: %d\n",
			       done[k].box, done[k].what, done[k].arg[0],
			       done[k].arg[1], done[k].arg[2], done[k].result);
	}
}

/* ---- Sending ------------------------------------------------------------ */

static char payload[BATCH][LONGEST], buffer[BATCH][LONGEST];
static uint32_t next_serial;
static void *nowhere;

static void fill_payload(char *to, uint32_t serial, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		to[i] = (char)(serial * 31 + i * 7);
}

static uint32_t choose_size(const struct box *b)
{
	uint32_t most = b->config.max_size;

	if (!chance(200))
		return most + 1;
	if (!chance(50))
		return chance(most + 1);
	return chance(most < 48 ? most + 1 : 49);
}

static struct message choose_message(const struct box *b, bool others)
{
	return (struct message) {
		.serial = next_serial++,
		.size = choose_size(b),
		.priority = chance(4) ? chance(3) :
					chance(IPCX_PRIORITY_MAX + 1),
		.tag = chance(3) ? chance(5) : (uint64_t)chance(1 << 30) << 33,
		.expires = !chance(16),
		.others = others,
	};
}

static struct ipcx_send_message as_sent(const struct message *m, char *data)
{
	struct ipcx_send_message s =
		t_message(data, m->size, m->priority, m->tag);

	fill_payload(data, m->serial, m->size > LONGEST ? 0 : m->size);
	s.lifetime_ns = m->expires ? 1 : m->serial % 5 ? 0 : A_LIFE;
	return s;
}

/* The real user is who has a share; the other ids stay what they are. */
static void act_as(bool others)
{
	static bool now;

	if (others != now && setresuid(others ? OTHER : 0, -1, -1))
		abort();
	now = others;
}

static void step_send(struct box *b)
{
	unsigned int count = chance(4) ? 1 : 1 + chance(BATCH);
	unsigned int when_full = chance(IPCX_FULL_DROP + 1);
	struct ipcx_send_message s[BATCH];
	struct message m[BATCH];
	bool others = !chance(3);
	int wanted = 0, got;

	for (unsigned int i = 0; i < count; i++) {
		m[i] = choose_message(b, others);
		s[i] = as_sent(m + i, payload[i]);
	}
	for (unsigned int i = 0; i < count; i++) {
		int r = model_send(b, m[i], when_full);

		if (r) {
			wanted = wanted ?: r;
			break;
		}
		wanted++;
	}
	act_as(others);
	got = t_send_many(b->fd, s, count, when_full, 0);
	act_as(false);
	remember(others ? "send as other" : "send", b, count, when_full,
		 m[0].size, got);
	same("result of sending", wanted, got);
}

static void step_send_bad(struct box *b)
{
	struct message m = choose_message(b, false);
	struct ipcx_send_message s = as_sent(&m, payload[0]);
	int wanted = m.size > b->config.max_size ? -EMSGSIZE : -EFAULT, got;

	if (!m.size)
		return;
	s.data = (uintptr_t)nowhere;
	got = t_send_many(b->fd, &s, 1, IPCX_FULL_DROP, 0);
	remember("send what is not there", b, m.size, 0, 0, got);
	same("result of sending from nowhere", wanted, got);
}

static void step_write(struct box *b)
{
	struct message m = choose_message(b, false);
	int wanted, got;

	m.priority = 0;
	m.tag = 0;
	m.expires = false;
	fill_payload(payload[0], m.serial, m.size > LONGEST ? 0 : m.size);
	wanted = model_send(b, m, IPCX_FULL_DEFAULT) ?: (int)m.size;
	got = write(b->fd, payload[0], m.size);
	if (got < 0)
		got = -errno;
	remember("write", b, m.size, 0, 0, got);
	same("result of write()", wanted, got);
}

/* ---- Receiving ---------------------------------------------------------- */

static void choose_filter(struct ipcx_mailbox_recv *r)
{
	r->match = chance(2) ? IPCX_MATCH_ANY : chance(4);
	switch (r->match) {
	case IPCX_MATCH_TAG:
		r->tag = chance(6);
		break;
	case IPCX_MATCH_MASK:
		r->tag_arg = chance(2) ? 3 : ~0ULL << 33;
		r->tag = r->tag_arg & (chance(4) | (uint64_t)chance(4) << 33);
		break;
	case IPCX_MATCH_RANGE:
		r->tag = chance(4);
		r->tag_arg = r->tag + (chance(2) ? chance(3) : 1ULL << 40);
		break;
	}
}

static void same_message(const struct message *m,
			 const struct ipcx_recv_message *got, const char *data)
{
	char wanted[LONGEST];

	same("size", m->size, got->out_size);
	same("priority", m->priority, got->out_priority);
	same("tag", (long long)m->tag, (long long)got->out_tag);
	same("flags", m->gone ? IPCX_MESSAGE_OUT_SENDER_GONE : 0,
	     got->out_flags);
	if (!m->gone)
		same("pid", getpid(), got->out_pid);
	same("uid", 0, got->out_uid);
	fill_payload(wanted, m->serial, m->size);
	same("payload", 0, !!memcmp(wanted, data, m->size));
}

/* What the model says of one message that is asked for. */
static int model_receive(struct box *b, const struct ipcx_mailbox_recv *r,
			 unsigned int index, uint32_t room, bool bad,
			 struct message *m)
{
	bool peek = r->flags & IPCX_RECV_F_PEEK;
	int i = model_find(b, r, peek ? index : 0);

	if (i < 0)
		return -EAGAIN;
	*m = b->m[i];
	if (m->size > room)
		return -EMSGSIZE;
	if (bad && m->size)
		return -EFAULT;
	if (!peek) {
		take_out(b, i);
		b->received++;
	}
	return 0;
}

static void step_receive(struct box *b)
{
	unsigned int count = chance(4) ? 1 : 1 + chance(BATCH);
	struct ipcx_recv_message m[BATCH] = {};
	struct message want[BATCH];
	struct ipcx_mailbox_recv r;
	bool bad = !chance(20);
	int wanted = 0, got;

	t_recv_args(&r, m, count, 0);
	choose_filter(&r);
	if (!chance(4)) {
		r.flags = IPCX_RECV_F_PEEK;
		r.index = chance(6);
	}
	for (unsigned int i = 0; i < count; i++) {
		m[i].data = (uintptr_t)(bad ? nowhere : buffer[i]);
		m[i].size = chance(8) ? LONGEST : chance(20);
	}
	for (unsigned int i = 0; i < count; i++) {
		int e = model_receive(b, &r, r.index + i, m[i].size, bad,
				      want + i);

		if (e) {
			wanted = wanted ?: e;
			break;
		}
		wanted++;
	}
	got = t_recv_call(b->fd, &r);
	remember(r.flags ? "peek" : "receive", b, r.match, count, r.tag, got);
	same("result of receiving", wanted, got);
	if (got == -EMSGSIZE)
		same("size that is told", want[0].size, m[0].out_size);
	for (int i = 0; i < got; i++)
		same_message(want + i, m + i, buffer[i]);
}

static void step_read(struct box *b)
{
	const struct ipcx_mailbox_recv any = {};
	uint32_t room = chance(4) ? LONGEST : chance(20);
	char wanted_data[LONGEST];
	struct message m;
	int wanted, got;

	wanted = model_receive(b, &any, 0, room, false, &m) ?: (int)m.size;
	got = read(b->fd, buffer[0], room);
	if (got < 0)
		got = -errno;
	remember("read", b, room, 0, 0, got);
	same("result of read()", wanted, got);
	if (got <= 0)
		return;
	fill_payload(wanted_data, m.serial, m.size);
	same("payload", 0, !!memcmp(wanted_data, buffer[0], m.size));
}

/* ---- Looking ------------------------------------------------------------ */

static void same_share(const struct box *b, const struct ipcx_mailbox_stat *s,
		       bool others)
{
	struct totals all = total(b, false), own = total(b, true);

	if (!others) {
		own.messages = all.messages - own.messages;
		own.bytes = all.bytes - own.bytes;
	}
	same("messages of the share", own.messages, s->out_share_messages);
	same("bytes of the share", own.bytes, s->out_share_bytes);
	same("limit of the share",
	     (b->config.max_messages - (all.messages - own.messages)) /
		     (1 + others),
	     s->out_share_limit_messages);
	same("limit of the share's bytes",
	     (b->config.max_bytes - (all.bytes - own.bytes)) / (1 + others),
	     s->out_share_limit_bytes);
}

static void step_stat(struct box *b)
{
	const struct ipcx_mailbox_recv any = {};
	struct ipcx_mailbox_stat s;
	bool others = !chance(2);
	struct totals all;
	int next, r;

	act_as(others);
	r = t_mailbox_stat(b->fd, &s);
	act_as(false);
	next = model_find(b, &any, 0);
	all = total(b, false);
	remember("stat", b, others, 0, 0, r);
	same("result of STAT", 0, r);
	same("messages", all.messages, s.out_messages);
	same("bytes", all.bytes, s.out_bytes);
	same("size of the next", next < 0 ? 0 : b->m[next].size,
	     s.out_next_size);
	same("sent", b->sent, s.out_sent);
	same("received", b->received, s.out_received);
	same("dropped", b->dropped, s.out_dropped);
	same("expired", b->expired, s.out_expired);
	same("refused", b->refused, s.out_refused);
	same("denied", b->denied, s.out_share_denied);
	same_share(b, &s, others);
}

static void step_poll(struct box *b)
{
	struct totals all;
	int wanted, got = t_poll(b->fd, POLLIN | POLLOUT, 0);

	expire(b);
	all = total(b, false);
	wanted = all.messages ? POLLIN : 0;
	if (all.messages < b->config.max_messages &&
	    all.bytes < b->config.max_bytes)
		wanted |= POLLOUT;
	remember("poll", b, 0, 0, 0, got);
	same("what poll() says", wanted, got);
}

/* ---- Deaths ------------------------------------------------------------- */

/* A process sends, and is dead when the message is received. */
static void step_dead_sender(struct box *b)
{
	struct message m = choose_message(b, false);
	struct ipcx_send_message s;
	int wanted, got;
	pid_t pid;

	m.gone = true;
	m.expires = false;
	wanted = model_send(b, m, IPCX_FULL_FAIL);
	s = as_sent(&m, payload[0]);
	pid = t_fork();
	if (!pid) {
		got = t_send_many(b->fd, &s, 1, IPCX_FULL_FAIL, 0);
		_exit(got == 1 ? 0 : -got);
	}
	got = -t_reap(pid);
	remember("send and die", b, m.size, 0, 0, got);
	same("result of a sender that dies", wanted, got);
}

/* A process that waits for what never comes is killed: nothing has changed. */
static void step_killed_waiter(struct box *b)
{
	bool sends;
	struct ipcx_send_message s = t_message(NULL, 0, 0, 0);
	pid_t pid;

	expire(b);
	sends = total(b, false).messages == b->config.max_messages;
	pid = t_fork();
	if (!pid && sends)
		_exit(t_send_many(b->fd, &s, 1, IPCX_FULL_WAIT, t_soon()));
	if (!pid)
		_exit(t_recv_match(b->fd, IPCX_MATCH_TAG, 77, 0, t_soon()));
	same("that it waits", true, T_UNTIL(t_waiters(b->fd) == 1));
	same("how it ended", 128 + SIGKILL, t_kill(pid));
	remember("kill who waits", b, sends, 0, 0, 0);
	same("that nobody waits", true, T_UNTIL(t_waiters(b->fd) == 0));
}

/* ---- The run ------------------------------------------------------------ */

static const struct {
	void (*step)(struct box *b);
	unsigned int weight; /* of 10,000 */
} steps[] = {
	{ step_send, 4000 },	   { step_receive, 3600 },
	{ step_write, 500 },	   { step_read, 700 },
	{ step_stat, 700 },	   { step_poll, 300 },
	{ step_send_bad, 197 },	   { step_dead_sender, 2 },
	{ step_killed_waiter, 1 },
};

static void one_step(void)
{
	struct box *b = boxes + chance(BOXES);
	unsigned int at = chance(10000);
	size_t i = 0;

	while (i + 1 < sizeof(steps) / sizeof(*steps) && at >= steps[i].weight)
		at -= steps[i++].weight;
	steps_done++;
	steps[i].step(b);
}

static bool make_boxes(int dev)
{
	static const struct {
		unsigned int messages, size, bytes, when_full;
	} how[BOXES] = {
		{ 40, LONGEST, 3 * LONGEST, IPCX_FULL_WAIT },
		{ 8, 64, 128, IPCX_FULL_FAIL },
		{ 1, 16, 16, IPCX_FULL_WAIT },
		{ 33, 64, 1000, IPCX_FULL_DROP },
	};

	for (int i = 0; i < BOXES; i++) {
		struct box *b = boxes + i;

		t_mailbox_args(&b->config, NULL, how[i].messages, how[i].size);
		b->config.max_bytes = how[i].bytes;
		b->config.when_full = how[i].when_full;
		b->fd = t_mailbox_create(dev, &b->config);
		if (b->fd < 0 || fcntl(b->fd, F_SETFL, O_NONBLOCK))
			return false;
	}
	return true;
}

/* Everything goes, and comes in the order that the model has. */
static void drain(void)
{
	for (int i = 0; i < BOXES; i++)
		while (boxes[i].nr && !different) {
			steps_done++;
			step_read(boxes + i);
			expire(boxes + i);
		}
}

FIXTURE(model) {};

FIXTURE_SETUP(model)
{
}

FIXTURE_TEARDOWN(model)
{
}

TEST_F_TIMEOUT(model, mailboxes_do_what_their_model_does, 300)
{
	struct t_census before = t_census();
	int steps_wanted = choose_steps(), dev = t_device();
	uint64_t seed = choose_seed();
	unsigned long long start = t_now();

	ASSERT_LE(0, dev);
	ASSERT_TRUE(make_boxes(dev));
	nowhere = t_bad_pointer();
	chance_state = seed;
	for (int i = 0; !different && i < steps_wanted; i++)
		one_step();
	drain();
	EXPECT_FALSE(different)
	{
		TH_LOG("IPCX_SEED=%llu", (unsigned long long)seed);
	}
	printf("# %u steps in %llu ms, IPCX_SEED=%llu\n", steps_done,
	       (t_now() - start) / T_MSEC, (unsigned long long)seed);
	for (int i = 0; i < BOXES; i++)
		close(boxes[i].fd);
	close(dev);
	EXPECT_TRUE(t_same_census(&before));
}

TEST_HARNESS_MAIN
