// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes under load: eight who send, eight who receive, and who is killed in
 * the middle of it; ten users beside one that floods.
 *
 * Rows: T4 B1 B2 B9 B11 B13. Classes: V2 V7 V23.
 */
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"

#define SENDERS	   8
#define RECEIVERS  8
#define PRIORITIES 3
#define NUMBERS	   (1 << 18) /* most messages of one sender */
#define BATCH	   4
#define ROOM	   32
#define SIZE	   512

struct letter {
	uint32_t sender;
	uint32_t number; /* of all of its sender */
	uint32_t order; /* of those of its sender and priority */
	uint32_t size;
	uint32_t sum;
	uint8_t rest[SIZE - 20];
};

/* What all processes see. */
struct shared {
	int stop; /* sending */
	int senders_left;
	unsigned int sent[SENDERS];
	uint8_t seen[SENDERS][NUMBERS];
	unsigned int twice, broken, disorder, failed;
};

FIXTURE(stress)
{
	struct t_census before;
	struct shared *shared;
	int dev;
	int fd;
};

FIXTURE_SETUP(stress)
{
	self->before = t_census();
	self->shared = t_shared(sizeof(*self->shared));
	self->dev = t_device();
	self->fd = t_mailbox(self->dev, ROOM, SIZE);
	ASSERT_NE(NULL, self->shared);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(stress)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* A minute where the kernel watches, for that is where it has to be shown. */
static unsigned int seconds(void)
{
	return t_slower() > 1 ? 60 : 8;
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void count(unsigned int *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

static uint32_t sum_of(const struct letter *l)
{
	uint32_t sum = l->sender * 3 + l->number * 5 + l->order * 7 + l->size;

	for (uint32_t i = 0; i < l->size - offsetof(struct letter, rest); i++)
		sum = sum * 31 + l->rest[i];
	return sum;
}

/* ---- Senders ------------------------------------------------------------ */

static void write_letter(struct letter *l, uint32_t sender, uint32_t number,
			 uint32_t order, uint32_t size)
{
	l->sender = sender;
	l->number = number;
	l->order = order;
	l->size = size;
	memset(l->rest, number, size - offsetof(struct letter, rest));
	l->sum = sum_of(l);
}

/* Sends @count letters, all of them: 0, or the negative errno. */
static int send_batch(int fd, struct ipcx_send_message *m, unsigned int count)
{
	while (count) {
		int ret = t_send_many(fd, m, count, IPCX_FULL_WAIT, t_soon());

		if (ret < 0)
			return ret;
		m += ret;
		count -= ret;
	}
	return 0;
}

static int be_sender(struct shared *shared, int fd, uint32_t me)
{
	uint32_t order[PRIORITIES] = {}, number = 0, random = me;
	struct ipcx_send_message m[BATCH];
	struct letter letter[BATCH];
	int ret = 0;

	while (!ret && !T_LOAD(&shared->stop) && number + BATCH < NUMBERS) {
		unsigned int nr = 1 + next_random(&random) % BATCH;

		for (unsigned int i = 0; i < nr; i++) {
			uint32_t priority = next_random(&random) % PRIORITIES;
			uint32_t size =
				offsetof(struct letter, rest) +
				next_random(&random) % sizeof(letter[i].rest);

			write_letter(letter + i, me, number++,
				     order[priority]++, size);
			m[i] = t_message(letter + i, size, priority,
					 next_random(&random) % 4);
		}
		ret = send_batch(fd, m, nr);
	}
	shared->sent[me] = number;
	__atomic_fetch_sub(&shared->senders_left, 1, __ATOMIC_RELEASE);
	return -ret;
}

/* ---- Receivers ---------------------------------------------------------- */

/*
 * Who takes whatever is next gets all of one sender and priority in its order.
 * Who asks for tags, now these and now those, may come back for an earlier one.
 */
static void check_letter(struct shared *shared, const struct letter *l,
			 const struct ipcx_recv_message *m,
			 uint32_t (*order)[PRIORITIES], bool in_order)
{
	if (m->out_size != l->size || l->sender >= SENDERS ||
	    m->out_priority >= PRIORITIES || l->sum != sum_of(l)) {
		count(&shared->broken);
		return;
	}
	if (in_order && l->order < order[l->sender][m->out_priority])
		count(&shared->disorder);
	order[l->sender][m->out_priority] = l->order + 1;
	if (__atomic_exchange_n(&shared->seen[l->sender][l->number], 1,
				__ATOMIC_RELAXED))
		count(&shared->twice);
}

/* Half of them want certain tags; the others take all, so that nothing stays. */
static void choose_tags(struct ipcx_mailbox_recv *r, uint32_t me,
			uint32_t random)
{
	if (me % 2)
		return;
	r->match = random % 2 ? IPCX_MATCH_TAG : IPCX_MATCH_RANGE;
	r->tag = random % 3;
	r->tag_arg = random % 2 ? 0 : r->tag + 1;
}

static int be_receiver(struct shared *shared, int fd, uint32_t me)
{
	uint32_t order[SENDERS][PRIORITIES] = {}, random = me + 100;
	struct ipcx_recv_message m[BATCH] = {};
	struct letter letter[BATCH];

	for (;;) {
		bool last = !T_LOAD(&shared->senders_left);
		struct ipcx_mailbox_recv r;
		int ret;

		for (int i = 0; i < BATCH; i++) {
			m[i].data = (uintptr_t)(letter + i);
			m[i].size = sizeof(letter[i]);
		}
		t_recv_args(&r, m, 1 + next_random(&random) % BATCH,
			    t_in_ms(20));
		if (!last)
			choose_tags(&r, me, next_random(&random));
		ret = t_recv_call(fd, &r);
		if (ret == -ETIMEDOUT && last)
			return 0;
		if (ret < 0 && ret != -ETIMEDOUT) {
			count(&shared->failed);
			return 1;
		}
		for (int i = 0; i < ret; i++)
			check_letter(shared, letter + i, m + i, order, me % 2);
	}
}

static pid_t start(struct shared *shared, int fd, uint32_t me,
		   int (*be)(struct shared *, int, uint32_t))
{
	pid_t pid = t_fork();

	if (!pid)
		_exit(be(shared, fd, me));
	return pid;
}

/* How many were sent and not seen. */
static unsigned int missing(const struct shared *shared)
{
	unsigned int nr = 0;

	for (int i = 0; i < SENDERS; i++)
		for (unsigned int k = 0; k < shared->sent[i]; k++)
			nr += !shared->seen[i][k];
	return nr;
}

static unsigned int total_sent(const struct shared *shared)
{
	unsigned int nr = 0;

	for (int i = 0; i < SENDERS; i++)
		nr += shared->sent[i];
	return nr;
}

/* Rows: T4 B1 B2 B13. Classes: V2 V23. */
TEST_F_TIMEOUT(stress, every_message_arrives_once_and_in_order, 200)
{
	pid_t senders[SENDERS], receivers[RECEIVERS];
	struct shared *s = self->shared;

	s->senders_left = SENDERS;
	for (int i = 0; i < RECEIVERS; i++)
		receivers[i] = start(s, self->fd, i, be_receiver);
	for (int i = 0; i < SENDERS; i++)
		senders[i] = start(s, self->fd, i, be_sender);
	sleep(seconds());
	T_STORE(&s->stop, 1);
	for (int i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, t_reap(senders[i]));
	for (int i = 0; i < RECEIVERS; i++)
		EXPECT_EQ(0, t_reap(receivers[i]));
	printf("# %u messages in %u s\n", total_sent(s), seconds());
	EXPECT_LT(100, total_sent(s));
	EXPECT_EQ(0, missing(s));
	EXPECT_EQ(0, s->twice);
	EXPECT_EQ(0, s->broken);
	EXPECT_EQ(0, s->disorder);
	EXPECT_EQ(0, s->failed);
	EXPECT_EQ(0, t_mailbox_messages(self->fd));
}

/* Rows: B2 B11. Classes: V2 V7. Nobody gets what another one had, either. */
TEST_F_TIMEOUT(stress, killed_receivers_take_along_what_they_had_and_no_more,
	       200)
{
	pid_t senders[SENDERS], receivers[RECEIVERS];
	struct shared *s = self->shared;
	unsigned long long end;
	unsigned int kills = 0;

	s->senders_left = SENDERS;
	for (int i = 0; i < RECEIVERS; i++)
		receivers[i] = start(s, self->fd, 1, be_receiver);
	for (int i = 0; i < SENDERS; i++)
		senders[i] = start(s, self->fd, i, be_sender);
	for (end = t_in_ms(seconds() * 500); t_now() < end; kills++) {
		int i = kills % RECEIVERS;

		usleep(2000);
		EXPECT_EQ(128 + SIGKILL, t_kill(receivers[i]));
		receivers[i] = start(s, self->fd, 1, be_receiver);
	}
	T_STORE(&s->stop, 1);
	for (int i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, t_reap(senders[i]));
	for (int i = 0; i < RECEIVERS; i++)
		EXPECT_EQ(0, t_reap(receivers[i]));
	printf("# %u messages, %u kills, %u went along\n", total_sent(s), kills,
	       missing(s));
	EXPECT_LT(10, kills);
	EXPECT_GE(kills * BATCH, missing(s));
	EXPECT_EQ(0, s->twice);
	EXPECT_EQ(0, s->broken);
	/* What a killed one puts back may be behind what others have taken. */
	EXPECT_EQ(0, s->failed);
	EXPECT_EQ(0, t_mailbox_messages(self->fd));
}

/* ---- Who floods --------------------------------------------------------- */

#define HONEST	 10
#define FLOODERS 3
#define USERS	 5000

struct flood {
	int stop;
	int flooding;
	unsigned int received[HONEST + 1]; /* the last: of who floods */
};

/* Each its own user. An honest one sends at a rate, who floods all it can. */
static int send_as_user(struct flood *f, int fd, uint32_t user, bool flooding)
{
	if (t_become(USERS + user))
		return 1;
	while (!T_LOAD(&f->stop)) {
		int ret;

		if (flooding && !T_LOAD(&f->flooding)) {
			usleep(1000);
			continue;
		}
		ret = t_send_with(fd, &user, sizeof(user), 0, 0, IPCX_FULL_WAIT,
				  t_in_ms(100));
		if (ret && ret != -ETIMEDOUT)
			return -ret;
		if (!flooding)
			usleep(20000);
	}
	return 0;
}

/* About a thousand in a second, which is more than the honest ones send. */
static int drain(struct flood *f, int fd)
{
	while (!T_LOAD(&f->stop)) {
		long long user = t_recv_number(fd, t_in_ms(20));

		if (user == -ETIMEDOUT)
			continue;
		if (user < 0 || user > HONEST)
			return 1;
		count(f->received + user);
		usleep(1000);
	}
	return 0;
}

static unsigned int honest_received(const struct flood *f)
{
	unsigned int nr = 0;

	for (int i = 0; i < HONEST; i++)
		nr += __atomic_load_n(f->received + i, __ATOMIC_RELAXED);
	return nr;
}

static unsigned int honest_in(const struct flood *f, unsigned int ms)
{
	unsigned int before = honest_received(f);

	usleep(ms * 1000);
	return honest_received(f) - before;
}

/* Rows: B9. Who floods costs the others no more than a tenth. */
TEST_F_TIMEOUT(stress, one_that_floods_leaves_the_others_their_throughput, 100)
{
	const unsigned int ms = 3000 * t_slower();
	struct flood *f = t_shared(sizeof(*f));
	pid_t pids[HONEST + FLOODERS + 1];
	unsigned int alone, beside;
	int nr = 0;

	for (int i = 0; i < HONEST + FLOODERS; i++) {
		pids[nr] = t_fork();
		if (!pids[nr++])
			_exit(send_as_user(f, self->fd, i < HONEST ? i : HONEST,
					   i >= HONEST));
	}
	pids[nr] = t_fork();
	if (!pids[nr++])
		_exit(drain(f, self->fd));
	usleep(200000);
	alone = honest_in(f, ms);
	T_STORE(&f->flooding, 1);
	usleep(200000);
	beside = honest_in(f, ms);
	printf("# ten honest senders: %u messages alone, %u beside one that "
	       "floods with %u\n",
	       alone, beside, f->received[HONEST]);
	T_STORE(&f->stop, 1);
	for (int i = 0; i < nr; i++)
		EXPECT_EQ(0, t_reap(pids[i]));
	EXPECT_LT(50, alone);
	EXPECT_LT(50, f->received[HONEST]);
	EXPECT_LE(alone * 9 / 10, beside);
}

TEST_HARNESS_MAIN
