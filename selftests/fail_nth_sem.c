// SPDX-License-Identifier: GPL-2.0-only
/* Fail the n-th: the ioctls of semaphores and locks. */
#define T_WITHOUT_TESTS
#include "fault_ioctl.h"

static int prepare_sem(struct fault_world *w, const char *name,
		       unsigned int flags)
{
	on_dev(w);
	t_sem_args(ARG(w, ipcx_sem_create), name, IPCX_SEM_PLAIN, 3, 3);
	ARG(w, ipcx_sem_create)->flags = flags;
	return 0;
}

static int prepare_sem_create(struct fault_world *w)
{
	return prepare_sem(w, NULL, 0);
}

static int prepare_sem_create_named(struct fault_world *w)
{
	return prepare_sem(w, w->other_name, IPCX_CREATE_F_EXCL);
}

static int prepare_sem_create_persistent(struct fault_world *w)
{
	prepare_sem(w, w->other_name, IPCX_CREATE_F_PERSISTENT);
	ARG(w, ipcx_sem_create)->lease_ns = 3600 * T_SEC;
	return 0;
}

static int prepare_sem_create_open(struct fault_world *w)
{
	return prepare_sem(w, w->name, 0);
}

static int prepare_sem_create_lock(struct fault_world *w)
{
	prepare_sem(w, NULL, 0);
	ARG(w, ipcx_sem_create)->kind = IPCX_SEM_LOCK;
	ARG(w, ipcx_sem_create)->initial = 1;
	ARG(w, ipcx_sem_create)->max = 1;
	return 0;
}

static bool verify_sem_create(struct fault_world *w)
{
	struct ipcx_sem_create *c = (struct ipcx_sem_create *)w->reply;

	w->fd = c->out_fd;
	return is_open(w->fd, IPCX_RIGHTS_MASK);
}

static int prepare_wait(struct fault_world *w, int object)
{
	int ret = on(w, object);

	ARG(w, ipcx_sem_wait)->units = 1;
	ARG(w, ipcx_sem_wait)->clockid = CLOCK_MONOTONIC;
	return ret;
}

static int prepare_sem_wait(struct fault_world *w)
{
	return prepare_wait(w, FAULT_PLAIN);
}

static bool verify_plain_taken(struct fault_world *w)
{
	return t_sem_value(w->obj[FAULT_PLAIN]) == 4;
}

/* The first of this process in this semaphore: it makes the holding. */
static int prepare_owned_wait(struct fault_world *w)
{
	return prepare_wait(w, FAULT_OWNED);
}

static bool verify_owned_taken(struct fault_world *w)
{
	return t_sem_value(w->obj[FAULT_OWNED]) == 4 &&
	       t_sem_held(w->obj[FAULT_OWNED]) == 1;
}

static void clean_owned_one(struct fault_world *w)
{
	t_sem_v(w->obj[FAULT_OWNED], 1);
}

static int prepare_lock_wait(struct fault_world *w)
{
	return prepare_wait(w, FAULT_LOCK);
}

static bool verify_lock_taken(struct fault_world *w)
{
	return t_sem_value(w->obj[FAULT_LOCK]) == 0;
}

/* One that is empty, and so is slept on until the time has passed. */
static int prepare_sleep(struct fault_world *w, unsigned int kind)
{
	int fd = t_sem(w->dev, kind, kind == IPCX_SEM_LOCK, 1);

	w->obj[FAULT_EXTRA] = fd;
	if (fd < 0)
		return fd;
	prepare_wait(w, FAULT_EXTRA);
	ARG(w, ipcx_sem_wait)->deadline = t_in_ms(1);
	return 0;
}

static int prepare_plain_sleep(struct fault_world *w)
{
	return prepare_sleep(w, IPCX_SEM_PLAIN);
}

static int prepare_owned_sleep(struct fault_world *w)
{
	return prepare_sleep(w, IPCX_SEM_OWNED);
}

static int take_one(int fd)
{
	return t_sem_p(fd, 1, 0);
}

/* One whose holder has died, which the next taker is told. */
static int prepare_death(struct fault_world *w, unsigned int kind)
{
	int fd = t_sem_with(w->dev, kind, 1, 1, IPCX_ORDER_FIFO,
			    IPCX_DEATH_REPORT);

	w->obj[FAULT_EXTRA] = fd;
	/* So that what this process needs for a lock is there. */
	if (kind == IPCX_SEM_LOCK)
		t_sem_attach(fd);
	return fd < 0 ? fd : fault_die_holding(fd, take_one);
}

static int prepare_owned_death(struct fault_world *w)
{
	int ret = prepare_death(w, IPCX_SEM_OWNED);

	return ret ? ret : prepare_wait(w, FAULT_EXTRA);
}

static int prepare_lock_death(struct fault_world *w)
{
	int ret = prepare_death(w, IPCX_SEM_LOCK);

	return ret ? ret : prepare_wait(w, FAULT_EXTRA);
}

static bool verify_death_told(struct fault_world *w)
{
	struct ipcx_sem_wait *wait = (struct ipcx_sem_wait *)w->reply;

	return wait->out_dead_pid > 0 && wait->out_dead_units == 1 &&
	       t_sem_value(w->on) == 0;
}

static int prepare_post(struct fault_world *w)
{
	on_plain(w);
	ARG(w, ipcx_sem_post)->units = 2;
	return 0;
}

static bool verify_posted(struct fault_world *w)
{
	return t_sem_value(w->obj[FAULT_PLAIN]) == 7;
}

static int prepare_owned_post(struct fault_world *w)
{
	on_owned(w);
	ARG(w, ipcx_sem_post)->units = 2;
	return t_sem_p(w->on, 2, 0);
}

static bool verify_owned_free(struct fault_world *w)
{
	return t_sem_value(w->obj[FAULT_OWNED]) == 5;
}

static int prepare_lock_post(struct fault_world *w)
{
	on_lock(w);
	ARG(w, ipcx_sem_post)->units = 1;
	return t_sem_p(w->on, 1, 0);
}

static bool verify_lock_free(struct fault_world *w)
{
	return t_sem_value(w->obj[FAULT_LOCK]) == 1;
}

static void clean_lock(struct fault_world *w)
{
	t_sem_v(w->obj[FAULT_LOCK], 1);
}

static int prepare_handoff_to(struct fault_world *w, int object)
{
	struct ipcx_sem_handoff *h = ARG(w, ipcx_sem_handoff);

	on_plain(w);
	h->wait_fd = w->obj[object];
	h->post_units = 1;
	h->wait_units = 1;
	h->clockid = CLOCK_MONOTONIC;
	return 0;
}

static int prepare_handoff(struct fault_world *w)
{
	return prepare_handoff_to(w, FAULT_OTHER);
}

static int prepare_handoff_owned(struct fault_world *w)
{
	return prepare_handoff_to(w, FAULT_OWNED);
}

static int prepare_handoff_death(struct fault_world *w)
{
	int ret = prepare_death(w, IPCX_SEM_OWNED);

	return ret ? ret : prepare_handoff_to(w, FAULT_EXTRA);
}

static bool verify_handoff(struct fault_world *w)
{
	struct ipcx_sem_handoff *h = (struct ipcx_sem_handoff *)w->reply;

	return t_sem_value(w->obj[FAULT_PLAIN]) == 6 &&
	       t_sem_value(h->wait_fd) == 4;
}

/* What was given before the waiting failed stays given. */
static void allow_given(struct fault_state *before,
			const struct fault_state *now, int ret T_UNUSED)
{
	if (now->sem[FAULT_PLAIN].out_value == 6)
		before->sem[FAULT_PLAIN].out_value = 6;
}

/* And then the caller is told, unless it is its structure that failed. */
static bool still_handoff(struct fault_world *w)
{
	struct ipcx_sem_handoff *h = (struct ipcx_sem_handoff *)w->reply;
	int value = t_sem_value(w->obj[FAULT_PLAIN]);

	return value == (h->post_units ? 5 : 6);
}

static bool verify_sem_stat(struct fault_world *w)
{
	struct ipcx_sem_stat *s = (struct ipcx_sem_stat *)w->reply;

	return s->out_max == (w->on == w->obj[FAULT_LOCK] ? 1 : 10) &&
	       !s->out_waiters;
}

static int prepare_attach(struct fault_world *w)
{
	int id = on_lock(w) ? -1 : t_sem_attach(w->on);

	return id < 0 ? id : 0;
}

static bool verify_attach(struct fault_world *w)
{
	struct ipcx_sem_attach *a = (struct ipcx_sem_attach *)w->reply;

	return (int)a->out_holder_id == t_sem_attach(w->on);
}

static int prepare_sem_consistent(struct fault_world *w)
{
	int ret = prepare_death(w, IPCX_SEM_LOCK);

	if (!ret && t_sem_p(w->obj[FAULT_EXTRA], 1, 0) != -EOWNERDEAD)
		ret = -EPROTO;
	return ret ? ret : on(w, FAULT_EXTRA);
}

static bool verify_sem_consistent(struct fault_world *w)
{
	return t_sem_consistent(w->on) == -EINVAL;
}

static const struct fault_op ops[] = {
	IOCTL("anonymous", SEM_CREATE, sem_create, .verify = verify_sem_create,
	      .clean = clean_fd),
	IOCTL("by a new user", SEM_CREATE, sem_create,
	      .verify = verify_sem_create, BY_NEW_USER),
	IOCTL("with a name", SEM_CREATE, sem_create_named,
	      .verify = verify_sem_create, .still = still_new,
	      .clean = clean_fd),
	IOCTL("persistent", SEM_CREATE, sem_create_persistent,
	      .verify = verify_sem_create, .still = still_new,
	      .clean = clean_new),
	IOCTL("opens", SEM_CREATE, sem_create_open, .verify = verify_sem_create,
	      .clean = clean_fd),
	IOCTL("lock", SEM_CREATE, sem_create_lock, .verify = verify_sem_create,
	      .clean = clean_fd),
	IOCTL("plain", SEM_WAIT, sem_wait, .verify = verify_plain_taken),
	IOCTL("owned", SEM_WAIT, owned_wait, .verify = verify_owned_taken,
	      .clean = clean_owned_one),
	IOCTL("owned, first", SEM_WAIT, owned_wait, .where = FAULT_CHILD,
	      .verify = verify_owned_taken),
	IOCTL("owned, by a new user", SEM_WAIT, owned_wait,
	      .verify = verify_owned_taken, BY_NEW_USER),
	IOCTL("lock, first", SEM_WAIT, lock_wait, .where = FAULT_CHILD,
	      .verify = verify_lock_taken),
	IOCTL("plain, until late", SEM_WAIT, plain_sleep, .expect = -ETIMEDOUT,
	      .clean = clean_extra),
	IOCTL("owned, until late", SEM_WAIT, owned_sleep, .expect = -ETIMEDOUT,
	      .clean = clean_extra),
	IOCTL("plain, until late, by a new user", SEM_WAIT, plain_sleep,
	      .expect = -ETIMEDOUT, .clean = clean_extra, BY_NEW_USER),
	IOCTL("owned, until late, by a new user", SEM_WAIT, owned_sleep,
	      .expect = -ETIMEDOUT, .clean = clean_extra, BY_NEW_USER),
	IOCTL("owned, of a dead one", SEM_WAIT, owned_death,
	      .expect = -EOWNERDEAD, .verify = verify_death_told,
	      .clean = clean_extra),
	IOCTL("lock of a dead one", SEM_WAIT, lock_death, .expect = -EOWNERDEAD,
	      .verify = verify_death_told, .clean = clean_extra),
	IOCTL("plain", SEM_POST, post, .verify = verify_posted),
	IOCTL("owned", SEM_POST, owned_post, .verify = verify_owned_free,
	      .clean = clean_owned),
	IOCTL("lock", SEM_POST, lock_post, .verify = verify_lock_free,
	      .clean = clean_lock),
	IOCTL("plain", SEM_HANDOFF, handoff, .verify = verify_handoff),
	IOCTL("owned", SEM_HANDOFF, handoff_owned, .verify = verify_handoff,
	      .still = still_handoff, .allow = allow_given,
	      .clean = clean_owned_one),
	IOCTL("of a dead one", SEM_HANDOFF, handoff_death,
	      .expect = -EOWNERDEAD, .allow = allow_given,
	      .clean = clean_extra),
	IOCTL_ON("plain", SEM_STAT, plain, .verify = verify_sem_stat),
	IOCTL_ON("owned", SEM_STAT, owned, .verify = verify_sem_stat),
	IOCTL_ON("lock", SEM_STAT, lock, .verify = verify_sem_stat),
	IOCTL("again", SEM_ATTACH, attach, .verify = verify_attach),
	IOCTL_ON("first", SEM_ATTACH, lock, .where = FAULT_CHILD,
		 .verify = verify_attach),
	IOCTL("after a death", SEM_CONSISTENT, sem_consistent,
	      .verify = verify_sem_consistent, .clean = clean_extra),
};

const struct fault_table fault_sems = { ops, ARRAY_SIZE(ops) };
