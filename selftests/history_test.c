// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random histories: a few processes create, open, take, give, lock, unlock,
 * destroy, unlink, close and die, one step after the other, and a model says
 * what each step must answer and what the kernel's ledger must hold after it.
 * A history is its number: it can be played again.
 *
 * Rows: A1 A5 A6 A8 D3 H1. Classes: V20 V4 V22.
 */
#include "ipcx_fd.h"
#include "ipcx_netlink.h"

#define HISTORIES 1000
#define STEPS	  40
#define ENOUGH_MS 20000
#define WORKERS	  3
#define SLOTS	  4
#define UNITS	  6

enum kind {
	PLAIN,
	OWNED,
	LOCK,
	REGION,
	KINDS
};

enum op {
	CREATE,
	OPEN,
	REDUCE,
	CLOSE,
	TAKE,
	GIVE,
	READ_LOCK,
	CONSISTENT,
	UNLINK,
	DESTROY,
	DIE,
	OPS
};

/* What a worker is told to do, and what came of it. */
struct order {
	enum op op;
	int slot;
	unsigned int units;
	struct ipcx_sem_create sem;
	struct ipcx_region_create region;
};

struct result {
	int ret;
	int dead_pid;
	unsigned int dead_units;
	uint32_t id;
};

/* ---- The workers ------------------------------------------------------- */

struct worker {
	pid_t pid;
	int pipe;
};

static void result_of_create(const struct order *o, int dev, int *fd,
			     struct result *r)
{
	struct ipcx_region_create region = o->region;
	struct ipcx_sem_create sem = o->sem;

	if (region.size) {
		*fd = t_region_create(dev, &region);
		r->id = region.out_id;
	} else {
		*fd = t_sem_create(dev, &sem);
		r->id = sem.out_id;
	}
	r->ret = *fd < 0 ? *fd : 0;
}

static void result_of_take(const struct order *o, int fd, struct result *r)
{
	struct ipcx_sem_wait w;

	if (o->op == READ_LOCK || o->region.size) {
		r->ret = t_region_lock(fd,
				       o->op == READ_LOCK ? IPCX_LOCK_READ :
							    IPCX_LOCK_WRITE,
				       0, &r->dead_pid);
		return;
	}
	r->ret = t_sem_p_dead(fd, o->units, 0, &w);
	r->dead_pid = w.out_dead_pid;
	r->dead_units = w.out_dead_units;
}

static int give(const struct order *o, int fd)
{
	return o->region.size ? t_region_unlock(fd) : t_sem_v(fd, o->units);
}

static void carry_out(const struct order *o, int dev, int *fd, struct result *r)
{
	int weak;

	switch (o->op) {
	case CREATE:
		result_of_create(o, dev, fd, r);
		break;
	case OPEN:
		*fd = t_open(dev, o->sem.name, IPCX_TYPE_ANY, IPCX_RIGHTS_MASK);
		r->ret = *fd < 0 ? *fd : 0;
		break;
	case REDUCE:
		/* For a moment; a handle that comes and goes counts nothing. */
		weak = t_reduce(*fd, IPCX_RIGHT_READ);
		r->ret = weak < 0 ? weak : 0;
		close(weak);
		break;
	case CLOSE:
		r->ret = close(*fd) ? -errno : 0;
		*fd = -1;
		break;
	case TAKE:
	case READ_LOCK:
		result_of_take(o, *fd, r);
		break;
	case GIVE:
		r->ret = give(o, *fd);
		break;
	case CONSISTENT:
		r->ret = o->region.size ? t_region_consistent(*fd) :
					  t_sem_consistent(*fd);
		break;
	case UNLINK:
		r->ret = t_unlink(*fd, NULL);
		break;
	default:
		r->ret = t_destroy(*fd);
	}
}

static void work(int dev, int pipe)
{
	int fds[SLOTS] = { -1, -1, -1, -1 };
	struct order o;

	while (read(pipe, &o, sizeof(o)) == sizeof(o)) {
		struct result r = { .dead_pid = T_POISON, .id = 0 };

		carry_out(&o, dev, &fds[o.slot], &r);
		if (write(pipe, &r, sizeof(r)) != sizeof(r))
			break;
	}
	_exit(0);
}

static int hire(struct worker *w, int dev)
{
	int pair[2];

	if (t_socketpair(pair))
		return -errno;
	w->pid = t_fork();
	if (!w->pid) {
		close(pair[0]);
		work(dev, pair[1]);
	}
	close(pair[1]);
	w->pipe = pair[0];
	return w->pid < 0 ? -errno : 0;
}

static void dismiss(struct worker *w)
{
	t_kill(w->pid);
	close(w->pipe);
}

static struct result tell(struct worker *w, const struct order *o)
{
	struct result r = { .ret = -ECHILD };

	if (write(w->pipe, o, sizeof(*o)) == sizeof(*o) &&
	    t_poll(w->pipe, POLLIN, T_LONG / T_MSEC) & POLLIN)
		if (read(w->pipe, &r, sizeof(r)) != sizeof(r))
			r.ret = -ECHILD;
	return r;
}

/* ---- The model --------------------------------------------------------- */

struct death {
	pid_t pid;
	unsigned int units;
};

struct object {
	bool exists, dead, named;
	enum kind kind;
	unsigned int on_death, max;
	char name[IPCX_NAME_SIZE];
	uint32_t id;
	bool open[WORKERS];
	unsigned int free; /* units that are there */
	unsigned int held[WORKERS]; /* units, or read locks */
	int writer; /* who writes or has the lock, or -1 */
	unsigned int kept; /* for the dead */
	bool inconsistent;
	struct death deaths[STEPS];
	unsigned int nr_deaths;
	pid_t last_dead; /* lock and region */
};

struct model {
	struct object slot[SLOTS];
	struct worker worker[WORKERS];
	unsigned int generation;
	char last[128]; /* what the last step was, for people */
};

static unsigned int sum(const unsigned int *held)
{
	return held[0] + held[1] + held[2];
}

static int handles(const struct object *x)
{
	return x->open[0] + x->open[1] + x->open[2];
}

static int model_take_units(struct object *x, int w, unsigned int units,
			    struct result *r)
{
	if (units > x->max)
		return -EINVAL;
	if (x->free < units)
		return -EAGAIN;
	x->free -= units;
	if (x->kind == PLAIN)
		return 0;
	x->held[w] += units;
	if (!x->nr_deaths)
		return 0;
	r->dead_pid = x->deaths[0].pid;
	r->dead_units = x->deaths[0].units;
	memmove(x->deaths, x->deaths + 1, sizeof(x->deaths[0]) * (STEPS - 1));
	x->nr_deaths--;
	return -EOWNERDEAD;
}

static int model_take(struct object *x, int w, unsigned int units,
		      struct result *r)
{
	if (x->kind == PLAIN || x->kind == OWNED)
		return model_take_units(x, w, units, r);
	if (x->kind == LOCK && units > 1)
		return -EINVAL;
	if (x->kind == REGION && (x->writer == w || x->held[w]))
		return -EDEADLK;
	if (x->writer >= 0 || x->kept || sum(x->held))
		return -EAGAIN;
	x->writer = w;
	if (!x->inconsistent)
		return 0;
	r->dead_pid = x->last_dead;
	r->dead_units = 1;
	return -EOWNERDEAD;
}

static int model_read_lock(struct object *x, int w, struct result *r)
{
	if (x->writer == w)
		return -EDEADLK;
	if (x->writer >= 0)
		return -EAGAIN;
	x->held[w]++;
	r->dead_pid = x->last_dead;
	return x->inconsistent ? -EOWNERDEAD : 0;
}

static int model_give(struct object *x, int w, unsigned int units)
{
	switch (x->kind) {
	case PLAIN:
		if (x->free + units > x->max)
			return -EOVERFLOW;
		x->free += units;
		return 0;
	case OWNED:
		if (x->held[w] < units)
			return -EPERM;
		x->held[w] -= units;
		x->free += units;
		return 0;
	case REGION:
		units = 1;
		if (x->held[w]) {
			x->held[w]--;
			return 0;
		}
		break;
	default:
		break;
	}
	if (x->writer != w || units != 1)
		return -EPERM;
	x->writer = -1;
	return 0;
}

static int model_consistent(struct object *x, int w)
{
	if (x->kind == PLAIN || x->kind == OWNED)
		return -EOPNOTSUPP;
	if (x->writer != w)
		return -EPERM;
	if (!x->inconsistent)
		return -EINVAL;
	x->inconsistent = false;
	return 0;
}

static void model_die_with_units(struct object *x, int w, pid_t pid)
{
	if (!x->held[w])
		return;
	if (x->on_death == IPCX_DEATH_KEEP)
		x->kept += x->held[w];
	else
		x->free += x->held[w];
	if (x->on_death == IPCX_DEATH_REPORT)
		x->deaths[x->nr_deaths++] = (struct death) { pid, x->held[w] };
	x->held[w] = 0;
}

static void model_die(struct object *x, int w, pid_t pid)
{
	if (x->kind == OWNED) {
		model_die_with_units(x, w, pid);
		return;
	}
	x->held[w] = 0;
	if (x->writer != w)
		return;
	x->writer = -1;
	if (x->kind == LOCK && x->on_death == IPCX_DEATH_KEEP)
		x->kept = 1;
	if (x->kind == REGION || x->on_death == IPCX_DEATH_REPORT) {
		x->inconsistent = true;
		x->last_dead = pid;
	}
}

static void model_close(struct object *x, int w)
{
	x->open[w] = false;
	if (!handles(x))
		x->exists = false;
}

/* What the step must answer; the model has made it. */
static int model_step(struct object *x, int w, const struct order *o,
		      struct result *r)
{
	if (x->dead && o->op != CLOSE)
		return -EIDRM;
	switch (o->op) {
	case REDUCE:
		return 0;
	case CLOSE:
		model_close(x, w);
		return 0;
	case TAKE:
		return model_take(x, w, o->units, r);
	case READ_LOCK:
		return model_read_lock(x, w, r);
	case GIVE:
		return model_give(x, w, o->units);
	case CONSISTENT:
		return model_consistent(x, w);
	case UNLINK:
		if (!x->named)
			return -ENOENT;
		x->named = false;
		return 0;
	default:
		x->dead = true;
		x->named = false;
		return 0;
	}
}

/* ---- A history --------------------------------------------------------- */

static unsigned int dice(unsigned int *seed, unsigned int sides)
{
	return rand_r(seed) % sides;
}

static void plan_object(struct model *m, struct object *x, unsigned int *seed,
			struct order *o)
{
	memset(x, 0, sizeof(*x));
	x->kind = dice(seed, KINDS);
	x->writer = -1;
	x->named = true;
	x->max = x->kind == LOCK ? 1 : 1 + dice(seed, UNITS);
	if (x->kind < REGION)
		x->free = x->kind == LOCK ? 1 : dice(seed, x->max + 1);
	if (x->kind == OWNED || x->kind == LOCK)
		x->on_death = dice(seed, 3);
	snprintf(x->name, sizeof(x->name), "/history-%u", m->generation++);
	if (x->kind == REGION) {
		t_region_args(&o->region, x->name, T_PAGE);
		o->region.flags = IPCX_CREATE_F_EXCL;
		return;
	}
	t_sem_args(&o->sem, x->name,
		   x->kind == PLAIN ? IPCX_SEM_PLAIN :
		   x->kind == OWNED ? IPCX_SEM_OWNED :
				      IPCX_SEM_LOCK,
		   x->free, x->max);
	o->sem.flags = IPCX_CREATE_F_EXCL;
	o->sem.on_death = x->on_death;
}

/* A worker that has no handle of it yet: make it, or open it. */
static bool step_come(struct model *m, struct object *x, int w,
		      unsigned int *seed, struct order *o)
{
	struct result r;
	bool there = x->exists;
	int expected = 0;

	if (there) {
		o->op = OPEN;
		strcpy(o->sem.name, x->name);
		expected = x->named ? 0 : -ENOENT;
	} else {
		o->op = CREATE;
		plan_object(m, x, seed, o);
	}
	r = tell(&m->worker[w], o);
	snprintf(m->last, sizeof(m->last),
		 "worker %d, kind %d, op %d: %d, not %d", w, x->kind, o->op,
		 r.ret, expected);
	if (!r.ret)
		x->open[w] = true;
	if (!there && !r.ret) {
		x->exists = true;
		x->id = r.id;
	}
	return r.ret == expected;
}

/* A worker that has a handle does something with it. */
static bool step_act(struct model *m, struct object *x, int w,
		     unsigned int *seed, struct order *o)
{
	static const enum op ops[] = { TAKE,   TAKE,	   TAKE,   TAKE,
				       GIVE,   GIVE,	   GIVE,   READ_LOCK,
				       CLOSE,  CONSISTENT, REDUCE, UNLINK,
				       DESTROY };
	struct result r, expected = {};

	o->op = ops[dice(seed, sizeof(ops) / sizeof(*ops))];
	/* An object that goes at once is no history. */
	if (o->op == DESTROY && dice(seed, 3))
		o->op = TAKE;
	o->units = 1 + dice(seed, x->kind == LOCK ? 2 : x->max + 1);
	if (x->kind == REGION)
		o->region.size = 1;
	else if (o->op == READ_LOCK)
		o->op = TAKE;
	expected.ret = model_step(x, w, o, &expected);
	r = tell(&m->worker[w], o);
	snprintf(m->last, sizeof(m->last),
		 "worker %d, kind %d, op %d, %u units: %d, not %d", w, x->kind,
		 o->op, o->units, r.ret, expected.ret);
	if (r.ret != expected.ret)
		return false;
	if (r.ret != -EOWNERDEAD)
		return true;
	return r.dead_pid == expected.dead_pid &&
	       (x->kind == REGION || r.dead_units == expected.dead_units);
}

static bool step_die(struct model *m, int w, int dev)
{
	pid_t pid = m->worker[w].pid;

	snprintf(m->last, sizeof(m->last), "worker %d dies", w);
	dismiss(&m->worker[w]);
	for (int i = 0; i < SLOTS; i++) {
		struct object *x = &m->slot[i];

		if (!x->exists)
			continue;
		model_die(x, w, pid);
		if (x->open[w])
			model_close(x, w);
	}
	return !hire(&m->worker[w], dev);
}

static int holders(const struct object *x)
{
	int count = x->writer >= 0;

	for (int w = 0; w < WORKERS; w++)
		count += x->held[w] > 0;
	return count;
}

/* Does the kernel's ledger say the same? */
static bool same_ledger(struct t_netlink *nl, const struct object *x)
{
	struct t_answer a;
	int ret = t_nl_get(nl, x->id, &a);

	if (!x->exists)
		return ret == -ENOENT;
	if (ret || a.value[IPCX_A_HANDLES] != (uint64_t)handles(x) ||
	    t_present(&a, IPCX_A_NAME) != x->named || a.value[IPCX_A_WAITERS])
		return false;
	if (x->dead)
		return a.value[IPCX_A_FLAGS] & IPCX_STAT_F_DEAD;
	if (a.value[IPCX_A_HOLDERS] != (uint64_t)holders(x))
		return false;
	if (x->kind == REGION)
		return a.value[IPCX_A_REGION_READERS] == sum(x->held) &&
		       a.value[IPCX_A_REGION_WRITER] == (x->writer >= 0) &&
		       a.value[IPCX_A_REGION_INCONSISTENT] == x->inconsistent;
	if (x->kind == LOCK)
		return a.value[IPCX_A_SEM_HELD] ==
			       (x->writer >= 0 || x->kept) &&
		       a.value[IPCX_A_SEM_VALUE] ==
			       (x->writer < 0 && !x->kept) &&
		       a.value[IPCX_A_SEM_DEATHS] == x->inconsistent;
	return a.value[IPCX_A_SEM_VALUE] == x->free &&
	       a.value[IPCX_A_SEM_HELD] == sum(x->held) + x->kept &&
	       a.value[IPCX_A_SEM_DEATHS] == x->nr_deaths;
}

static bool same_counters(const struct model *m, const struct t_census *base)
{
	long long objects = base->objects, open = base->handles;

	for (int i = 0; i < SLOTS; i++) {
		objects += m->slot[i].exists;
		open += m->slot[i].exists ? handles(&m->slot[i]) : 0;
	}
	return t_counter("objects") == objects &&
	       t_counter("handles") == open && !t_counter("waiters");
}

FIXTURE(history)
{
	int dev;
	struct t_netlink nl;
	struct t_census before; /* without this process */
	struct t_census base; /* without objects */
	struct model *m;
};

FIXTURE_SETUP(history)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	ASSERT_EQ(0, t_nl_open(&self->nl));
	self->base = t_census();
	self->m = calloc(1, sizeof(*self->m));
	ASSERT_NE(NULL, self->m);
	for (int w = 0; w < WORKERS; w++)
		ASSERT_EQ(0, hire(&self->m->worker[w], self->dev));
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(history)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* One step, made by the model and by the kernel: the same? */
static bool step(FIXTURE_DATA(history) * self, unsigned int *seed)
{
	int w = dice(seed, WORKERS), slot = dice(seed, SLOTS);
	struct object *x = &self->m->slot[slot];
	struct order o = { .slot = slot };
	bool ok;

	if (!dice(seed, 25))
		ok = step_die(self->m, w, self->dev);
	else if (!x->exists || !x->open[w])
		ok = step_come(self->m, x, w, seed, &o);
	else
		ok = step_act(self->m, x, w, seed, &o);
	return ok && (!x->id || same_ledger(&self->nl, x));
}

/* Everybody closes everything: nothing is left but who is there. */
static bool end_of_history(FIXTURE_DATA(history) * self)
{
	struct order o = { .op = CLOSE };

	for (int i = 0; i < SLOTS; i++) {
		struct object *x = &self->m->slot[i];

		for (int w = 0; w < WORKERS; w++) {
			o.slot = i;
			if (!x->exists || !x->open[w])
				continue;
			if (tell(&self->m->worker[w], &o).ret)
				return false;
			model_close(x, w);
		}
		if (x->exists || !same_ledger(&self->nl, x))
			return false;
		memset(x, 0, sizeof(*x));
	}
	return same_counters(self->m, &self->base);
}

/*
 * Classes: V20 V4 V22. Value, holdings, deaths and handles are what the model
 * says after each step, and after each history nothing is left.
 */
TEST_F_TIMEOUT(history, random_histories_end_as_the_model_says, 120)
{
	unsigned long long end = t_in_ms(ENOUGH_MS);
	int first = t_now() / T_MSEC % HISTORIES, played = 0;

	/* A slow machine plays some of them, and not always the same. */
	for (; played < HISTORIES && t_now() < end; played++) {
		unsigned int i = (first + played) % HISTORIES, seed = i;

		for (int n = 0; n < STEPS; n++) {
			ASSERT_TRUE(step(self, &seed))
			{
				TH_LOG("history %u, step %d: %s", i, n,
				       self->m->last);
			}
		}
		EXPECT_TRUE(same_counters(self->m, &self->base));
		ASSERT_TRUE(end_of_history(self))
		{
			TH_LOG("end of history %u", i);
		}
	}
	TH_LOG("%d histories of %d steps", played, STEPS);
	EXPECT_LE(10, played);
	for (int w = 0; w < WORKERS; w++)
		dismiss(&self->m->worker[w]);
	/* The records of the workers were the last that cost something. */
	EXPECT_TRUE(t_same_census(&self->base));
}

TEST_HARNESS_MAIN
