// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The drivers: how a measure is taken of what a mechanism can do. A window is
 * one timed repetition; the first ones of a row are the warm-up.
 *
 * The payload is a prepared buffer that is copied in and out, as the mechanism
 * does it; nobody else writes or reads it in the window. That it arrives is
 * looked at afterwards.
 */
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define CALIBRATION_REPEAT 3

#define WARM_UPS 2

/* See settle(): longer than what a scheduler evens out. */
#define AHEAD_NS    6000000
#define YIELDING_NS 3000000

/* A multiple of the tick of most kernels. */
#define TICK_NS 4000000

/* What the two processes share. */
struct meeting {
	_Atomic uint32_t arrived; /* windows that the partner is ready for */
	_Atomic uint32_t settling; /* windows before which both yield */
	uint64_t settled_at; /* when they end that */
	_Atomic uint32_t started; /* windows that the worker has started */
	unsigned int acquired; /* guarded by the lock that is measured */
};

struct pair {
	const struct row *row;
	const struct channel *channel;
	const struct lock *lock;
	const struct single *single;
	struct meeting *meeting;
	size_t size;
	unsigned int n;
	unsigned int windows; /* so far */
	char *in;
	char *out;
	pid_t partner;
};

/* Times one repetition of @pair's operation; 0 or a negative errno. */
typedef int (*window_fn)(struct pair *pair, uint64_t *ret_ns);

static void spin_until(uint64_t time)
{
	while (now() < time)
		;
}

/* Ticks interrupt the window at the same places then, in every run. */
static uint64_t next_tick(void)
{
	return (now() / TICK_NS + 1) * TICK_NS;
}

static int window_single(struct pair *pair, uint64_t *ret_ns)
{
	int (*once)(void) = pair->single->once;
	unsigned int i;
	uint64_t start;
	int err = 0;

	start = now();
	for (i = pair->n; i && !err; i--)
		err = once();
	*ret_ns = now() - start;
	return err;
}

static int window_lock(struct pair *pair, uint64_t *ret_ns)
{
	int (*acquire)(void) = pair->lock->acquire;
	int (*release)(void) = pair->lock->release;
	unsigned int i;
	uint64_t start;
	int err = 0;

	start = now();
	for (i = pair->n; i && !err; i--) {
		err = acquire();
		if (!err)
			err = release();
	}
	*ret_ns = now() - start;
	return err;
}

static int window_self(struct pair *pair, uint64_t *ret_ns)
{
	const struct channel *channel = pair->channel;
	unsigned int i;
	uint64_t start;
	int err = 0;

	start = now();
	for (i = pair->n; i && !err; i--) {
		err = channel->send(PARTNER, pair->out, pair->size);
		if (!err)
			err = channel->receive(WORKER, pair->in, pair->size);
	}
	*ret_ns = now() - start;
	return err;
}

/* The partner sends back what it has got, so that the worker can look at it. */
static int exchange(const struct pair *pair, enum side side)
{
	const struct channel *channel = pair->channel;
	int err;

	if (channel->exchange)
		return channel->exchange(side);
	err = channel->send(side, side == WORKER ? pair->out : pair->in,
			    pair->size);
	if (err)
		return err;
	return channel->receive(side, pair->in, pair->size);
}

static void yield_until(uint64_t time)
{
	while (now() < time)
		sched_yield();
}

/*
 * On one CPU a fair scheduler lets the one that is woken run at once when it
 * has run less than the other by some margin, which costs or saves a switch
 * with every message. A child starts with a debt, and most traffic makes the
 * difference drift for thousands of messages; so it would be chance what is
 * measured. Here the worker runs ahead first, as far as the scheduler allows,
 * and then both yield to one another, which ends with a difference below the
 * margin: nobody is to run at once.
 */
static void settle(struct pair *pair)
{
	struct meeting *meeting = pair->meeting;

	count_await(&meeting->arrived, pair->windows + 1);
	if (pair->row->run.place == PLACE_APART)
		return;
	spin_until(next_tick() + AHEAD_NS);
	meeting->settled_at = now() + YIELDING_NS;
	count_up(&meeting->settling);
	yield_until(meeting->settled_at);
}

static void partner_settle(struct pair *pair)
{
	struct meeting *meeting = pair->meeting;

	count_up(&meeting->arrived);
	if (pair->row->run.place == PLACE_APART)
		return;
	count_await(&meeting->settling, pair->windows + 1);
	yield_until(meeting->settled_at);
}

/* The worker starts the clock when the partner is ready, then lets it go. */
static uint64_t start_together(struct pair *pair)
{
	uint64_t start;

	settle(pair);
	pair->meeting->acquired = 0;
	start = now();
	count_up(&pair->meeting->started);
	return start;
}

static void partner_start(struct pair *pair)
{
	partner_settle(pair);
	count_await(&pair->meeting->started, pair->windows + 1);
}

static int window_round_trip(struct pair *pair, uint64_t *ret_ns)
{
	unsigned int i;
	uint64_t start;
	int err = 0;

	if (!pair->windows)
		settle(pair);
	start = now();
	for (i = pair->n; i && !err; i--)
		err = exchange(pair, WORKER);
	*ret_ns = now() - start;
	return err;
}

/* Until it is killed. */
static int partner_round_trip(struct pair *pair)
{
	int err;

	partner_settle(pair);
	err = pair->channel->receive(PARTNER, pair->in, pair->size);
	while (!err)
		err = exchange(pair, PARTNER);
	return err;
}

/* The time ends when the last message is here. */
static int window_one_way(struct pair *pair, uint64_t *ret_ns)
{
	const struct channel *channel = pair->channel;
	uint64_t start = start_together(pair);
	unsigned int i;
	int err = 0;

	for (i = pair->n; i && !err; i--)
		err = channel->receive(WORKER, pair->in, pair->size);
	*ret_ns = now() - start;
	return err;
}

static int partner_one_way(struct pair *pair)
{
	const struct channel *channel = pair->channel;
	unsigned int i;
	int err = 0;

	for (; !err; pair->windows++) {
		partner_start(pair);
		for (i = pair->n; i && !err; i--)
			err = channel->send(PARTNER, pair->out, pair->size);
	}
	return err;
}

/*
 * Both go on until they have had the lock 2 n times together, so that there is
 * somebody else who wants it to the end. Who holds it yields, and the other
 * arrives meanwhile.
 */
static int contend(struct pair *pair)
{
	const struct lock *lock = pair->lock;
	bool more;
	int err;

	do {
		err = lock->acquire();
		if (err)
			return err;
		more = pair->meeting->acquired < 2 * pair->n;
		if (more) {
			pair->meeting->acquired++;
			sched_yield();
		}
		err = lock->release();
	} while (more && !err);
	return err;
}

static int window_contended(struct pair *pair, uint64_t *ret_ns)
{
	uint64_t start = start_together(pair);
	int err = contend(pair);

	*ret_ns = (now() - start) / 2;
	return err;
}

static int partner_contended(struct pair *pair)
{
	int err = 0;

	for (; !err; pair->windows++) {
		partner_start(pair);
		err = contend(pair);
	}
	return err;
}

static int windows(struct pair *pair, window_fn window, struct timing *timing)
{
	unsigned int i;
	uint64_t ns;
	int err;

	for (i = 0; i < WARM_UPS + timing->repeat; i++) {
		if (pair->row->run.place == PLACE_NONE)
			spin_until(next_tick());
		err = window(pair, &ns);
		if (err)
			return err;
		pair->windows++;
		if (i >= WARM_UPS)
			timing->took[i - WARM_UPS] = (double)ns / pair->n;
	}
	timing->n = pair->n;
	return 0;
}

static int nothing(void)
{
	return 0;
}

static int send_nothing(enum side side, const void *buf, size_t size)
{
	(void)side;
	(void)buf;
	(void)size;
	return 0;
}

static int receive_nothing(enum side side, void *buf, size_t size)
{
	(void)side;
	(void)buf;
	(void)size;
	return 0;
}

/* What the loop around an operation costs, to be subtracted. */
static double calibrate(const struct pair *pair, window_fn window)
{
	static const struct channel channel = {
		.send = send_nothing,
		.receive = receive_nothing,
	};
	static const struct lock lock = {
		.acquire = nothing,
		.release = nothing,
	};
	static const struct single single = { .once = nothing };
	struct timing timing = { .repeat = CALIBRATION_REPEAT };
	struct pair empty = *pair;

	empty.channel = &channel;
	empty.lock = &lock;
	empty.single = &single;
	empty.n = iterations(COST_USER, 0);
	windows(&empty, window, &timing);
	return timing_median(&timing);
}

static int alone(struct pair *pair, window_fn window, struct timing *timing)
{
	double loop = calibrate(pair, window);
	unsigned int i;
	int err;

	err = windows(pair, window, timing);
	for (i = 0; i < timing->repeat; i++)
		timing->took[i] -= loop;
	return err;
}

static void partner_fail(const struct pair *pair, int err)
{
	char id[ROW_ID_SIZE];

	fprintf(stderr, "ipcx-bench: %s: the partner: %s\n",
		row_id(pair->row, id), strerror(-err));
	_exit(EXIT_FAILURE);
}

/* The worker would wait for ever for a partner that is gone. */
static void partner_has_died(int signo)
{
	(void)signo;
	_exit(EXIT_FAILURE);
}

static int join(const struct pair *pair, enum side side)
{
	int (*step)(enum side side) = pair->channel ? pair->channel->join :
						      pair->lock->join;

	return step ? step(side) : 0;
}

static int partner_fork(struct pair *pair, int (*play)(struct pair *pair))
{
	pid_t worker = getpid();
	int err;

	signal(SIGCHLD, partner_has_died);
	pair->partner = fork();
	if (pair->partner)
		return checked(pair->partner);
	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != worker)
		_exit(EXIT_FAILURE);
	err = pin(PARTNER, pair->row->run.place);
	if (!err)
		err = join(pair, PARTNER);
	if (!err)
		err = play(pair);
	partner_fail(pair, err);
	return err;
}

static void partner_end(struct pair *pair)
{
	signal(SIGCHLD, SIG_DFL);
	if (pair->partner > 0 && !kill(pair->partner, SIGKILL))
		waitpid(pair->partner, NULL, 0);
}

/*
 * Two that want the same thing all the time on one CPU: in what order a fair
 * scheduler lets them run depends on what they have run before, and for some
 * locks the figure on that. Equals of the first-come scheduler have no past.
 */
static int forget_the_past(const struct pair *pair)
{
	struct sched_param param = { .sched_priority = 1 };

	if (pair->row->run.measure != MEASURE_CONTENDED ||
	    pair->row->run.place == PLACE_APART)
		return 0;
	return checked(sched_setscheduler(0, SCHED_FIFO, &param));
}

static int with_partner(struct pair *pair, window_fn window,
			int (*play)(struct pair *pair), struct timing *timing)
{
	int err;

	err = forget_the_past(pair);
	if (!err)
		err = partner_fork(pair, play);
	if (!err)
		err = join(pair, WORKER);
	if (!err)
		err = windows(pair, window, timing);
	partner_end(pair);
	return err;
}

static int with_self(struct pair *pair, struct timing *timing)
{
	int err;

	err = join(pair, WORKER);
	if (!err)
		err = join(pair, PARTNER);
	if (!err)
		err = alone(pair, window_self, timing);
	return err;
}

/* A message begins with a page, whatever its headroom. */
static char *buffer_make(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *room;

	room = mmap(NULL, page + size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	return room == MAP_FAILED ? NULL : room + page;
}

static int buffers_make(struct pair *pair)
{
	size_t i;

	pair->in = buffer_make(pair->size);
	pair->out = buffer_make(pair->size);
	pair->meeting = shared_alloc(sizeof(*pair->meeting));
	if (!pair->in || !pair->out || !pair->meeting)
		return -ENOMEM;
	for (i = 0; i < pair->size; i++)
		pair->out[i] = (char)(i * 31 + i / 256 + 7);
	return 0;
}

static int payload_check(const struct pair *pair)
{
	if (!pair->channel->has_payload || pair->channel->in_place)
		return 0;
	return memcmp(pair->in, pair->out, pair->size) ? -EBADMSG : 0;
}

static int drive_channel(struct pair *pair, struct timing *timing)
{
	const struct channel *channel = pair->channel;
	enum measure measure = pair->row->run.measure;
	int err;

	pair->size = channel->has_payload ? pair->row->run.size : 0;
	pair->n = iterations(measure == MEASURE_ROUND_TRIP ? COST_SWITCH :
							     channel->cost,
			     channel->in_place ? 0 : pair->size);
	err = buffers_make(pair);
	if (!err)
		err = channel->open(&pair->row->run);
	if (err)
		return err;
	if (measure == MEASURE_ROUND_TRIP)
		err = with_partner(pair, window_round_trip, partner_round_trip,
				   timing);
	else if (measure == MEASURE_ONE_WAY)
		err = with_partner(pair, window_one_way, partner_one_way,
				   timing);
	else
		err = with_self(pair, timing);
	if (!err)
		err = payload_check(pair);
	channel->close();
	return err;
}

static int drive_lock(struct pair *pair, struct timing *timing)
{
	const struct lock *lock = pair->lock;
	bool contended = pair->row->run.measure == MEASURE_CONTENDED;
	int err;

	pair->channel = NULL;
	pair->n = iterations(contended ? COST_SWITCH : lock->cost, 0);
	err = buffers_make(pair);
	if (!err)
		err = lock->open(&pair->row->run);
	if (err)
		return err;
	if (contended) {
		err = with_partner(pair, window_contended, partner_contended,
				   timing);
		timing->n *= 2;
	} else {
		err = join(pair, WORKER);
		if (!err)
			err = alone(pair, window_lock, timing);
	}
	lock->close();
	return err;
}

static int drive_single(struct pair *pair, struct timing *timing)
{
	const struct single *single = pair->single;
	int err;

	pair->n = iterations(single->cost,
			     single->all_sizes ? pair->row->run.size : 0);
	err = single->open ? single->open(&pair->row->run) : 0;
	if (err)
		return err;
	err = alone(pair, window_single, timing);
	if (single->close)
		single->close();
	return err;
}

int drive(const struct row *row, struct timing *timing)
{
	const struct mechanism *mechanism = row->mechanism;
	struct pair pair = {
		.row = row,
		.channel = mechanism->channel,
		.lock = mechanism->lock,
	};

	switch (row->run.measure) {
	case MEASURE_OP:
		pair.single = mechanism->op;
		if (pair.single)
			return drive_single(&pair, timing);
		if (pair.lock)
			return drive_lock(&pair, timing);
		return drive_channel(&pair, timing);
	case MEASURE_CREATE:
		pair.single = mechanism->create;
		return drive_single(&pair, timing);
	case MEASURE_GROWTH:
		pair.single = mechanism->growth;
		return drive_single(&pair, timing);
	case MEASURE_CONTENDED:
		return drive_lock(&pair, timing);
	default:
		return drive_channel(&pair, timing);
	}
}
