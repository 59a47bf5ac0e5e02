// SPDX-License-Identifier: GPL-2.0-only
/* Fail the n-th: the ioctls that every object has, and those of regions. */
#define T_WITHOUT_TESTS
#include "fault_ioctl.h"

/* ---- Calls that every object has --------------------------------------- */

static bool verify_info(struct fault_world *w)
{
	struct ipcx_info *info = (struct ipcx_info *)w->reply;

	return info->out_abi_version == IPCX_ABI_VERSION;
}

static int prepare_open(struct fault_world *w)
{
	on_dev(w);
	strcpy(ARG(w, ipcx_open)->name, w->name);
	ARG(w, ipcx_open)->rights = IPCX_RIGHT_READ;
	return 0;
}

static bool verify_open(struct fault_world *w)
{
	struct ipcx_open *o = (struct ipcx_open *)w->reply;

	w->fd = o->out_fd;
	return is_open(w->fd, IPCX_RIGHT_READ);
}

static int prepare_unlink(struct fault_world *w)
{
	on_dev(w);
	strcpy(ARG(w, ipcx_unlink)->name, w->name);
	return 0;
}

/* One that only its name keeps. */
static int prepare_unlink_persistent(struct fault_world *w)
{
	struct ipcx_sem_create c;
	int fd;

	on_dev(w);
	t_sem_args(&c, w->other_name, IPCX_SEM_PLAIN, 1, 1);
	c.flags = IPCX_CREATE_F_PERSISTENT;
	fd = t_sem_create(w->dev, &c);
	strcpy(ARG(w, ipcx_unlink)->name, w->other_name);
	return fd < 0 ? fd : close(fd);
}

static bool still_persistent(struct fault_world *w)
{
	return name_exists(w, w->other_name);
}

static int prepare_reduce(struct fault_world *w)
{
	on_plain(w);
	ARG(w, ipcx_reduce)->rights = IPCX_RIGHT_READ;
	return 0;
}

static int prepare_reduce_region(struct fault_world *w)
{
	on_region(w);
	ARG(w, ipcx_reduce)->rights = IPCX_RIGHT_READ;
	return 0;
}

static bool verify_reduce(struct fault_world *w)
{
	struct ipcx_reduce *r = (struct ipcx_reduce *)w->reply;

	w->fd = r->out_fd;
	return is_open(w->fd, IPCX_RIGHT_READ);
}

static int prepare_destroy(struct fault_world *w)
{
	on_owned(w);
	return t_sem_p(w->on, 2, 0);
}

static bool verify_destroyed(struct fault_world *w)
{
	return t_sem_p(w->on, 1, 0) == -EIDRM;
}

static bool verify_region_destroyed(struct fault_world *w)
{
	return t_region_ring(w->on, NULL) == -EIDRM;
}

static bool verify_stat(struct fault_world *w)
{
	struct ipcx_stat *s = (struct ipcx_stat *)w->reply;

	return s->out_handles == 1 && s->out_rights == IPCX_RIGHTS_MASK;
}

static int prepare_set(struct fault_world *w)
{
	on_plain(w);
	ARG(w, ipcx_set)->flags = IPCX_SET_F_MODE | IPCX_SET_F_UID |
				  IPCX_SET_F_GID;
	ARG(w, ipcx_set)->mode = 0444;
	ARG(w, ipcx_set)->uid = 1000;
	ARG(w, ipcx_set)->gid = 1000;
	return 0;
}

static bool verify_set(struct fault_world *w)
{
	struct ipcx_stat s;

	return !t_stat(w->on, &s) && s.out_mode == 0444 && s.out_uid == 1000 &&
	       s.out_gid == 1000;
}

static bool verify_quota(struct fault_world *w)
{
	struct ipcx_quota *q = (struct ipcx_quota *)w->reply;

	return q->out_total_used[IPCX_RESOURCE_OBJECTS] >= FAULT_WHOLE;
}

/* ---- Regions ----------------------------------------------------------- */

static int prepare_region(struct fault_world *w, const char *name,
			  unsigned int flags)
{
	on_dev(w);
	t_region_args(ARG(w, ipcx_region_create), name, 2 * T_PAGE);
	ARG(w, ipcx_region_create)->flags = flags;
	return 0;
}

static int prepare_region_create(struct fault_world *w)
{
	return prepare_region(w, NULL, 0);
}

static int prepare_region_create_named(struct fault_world *w)
{
	return prepare_region(w, w->other_name, IPCX_CREATE_F_PERSISTENT);
}

static int prepare_region_reserved(struct fault_world *w)
{
	return prepare_region(w, w->other_name, IPCX_REGION_F_RESERVE);
}

static int prepare_region_huge(struct fault_world *w)
{
	return prepare_region(w, NULL, IPCX_REGION_F_HUGE);
}

static bool verify_region_create(struct fault_world *w)
{
	struct ipcx_region_create *c = (struct ipcx_region_create *)w->reply;
	struct ipcx_region_stat s;

	w->fd = c->out_fd;
	return is_open(w->fd, IPCX_RIGHTS_MASK) && !t_region_stat(w->fd, &s) &&
	       s.out_resident ==
		       (c->flags & IPCX_REGION_F_RESERVE ? s.out_size : 0);
}

static int prepare_seal(struct fault_world *w)
{
	on_region(w);
	ARG(w, ipcx_region_seal)->seals = IPCX_SEAL_WRITE;
	return 0;
}

static bool verify_sealed(struct fault_world *w)
{
	return t_map_error(w->on, T_PAGE, PROT_WRITE, MAP_SHARED) == EPERM;
}

static int prepare_lock_region(struct fault_world *w, unsigned int mode)
{
	on_region(w);
	ARG(w, ipcx_region_lock)->mode = mode;
	ARG(w, ipcx_region_lock)->clockid = CLOCK_MONOTONIC;
	return 0;
}

static int prepare_read_lock(struct fault_world *w)
{
	return prepare_lock_region(w, IPCX_LOCK_READ);
}

static int prepare_write_lock(struct fault_world *w)
{
	return prepare_lock_region(w, IPCX_LOCK_WRITE);
}

static int prepare_read_lock_again(struct fault_world *w)
{
	prepare_read_lock(w);
	return t_region_lock(w->on, IPCX_LOCK_READ, 0, NULL);
}

static bool region_locked(struct fault_world *w, unsigned int readers,
			  unsigned int writer)
{
	struct ipcx_region_stat s;

	return !t_region_stat(w->on, &s) && s.out_readers == readers &&
	       s.out_writer == writer;
}

static bool verify_read_locked(struct fault_world *w)
{
	return region_locked(w, 1, 0);
}

static bool verify_read_locked_again(struct fault_world *w)
{
	return region_locked(w, 2, 0);
}

static bool verify_write_locked(struct fault_world *w)
{
	return region_locked(w, 0, 1);
}

static bool verify_unlocked(struct fault_world *w)
{
	return region_locked(w, 0, 0);
}

static void clean_region_lock(struct fault_world *w)
{
	while (!t_region_unlock(w->obj[FAULT_REGION]))
		;
}

static int take_writing(int fd)
{
	return t_region_lock(fd, IPCX_LOCK_WRITE, 0, NULL);
}

/* Another one, which a writer has left behind. */
static int prepare_region_death(struct fault_world *w)
{
	int fd = t_region(w->dev, T_PAGE);

	w->obj[FAULT_EXTRA] = fd;
	if (fd < 0)
		return fd;
	prepare_write_lock(w);
	w->on = fd;
	return fault_die_holding(fd, take_writing);
}

static bool verify_region_death(struct fault_world *w)
{
	struct ipcx_region_lock *l = (struct ipcx_region_lock *)w->reply;

	return l->out_dead_pid > 0 && region_locked(w, 0, 1);
}

static int prepare_region_consistent(struct fault_world *w)
{
	int ret = prepare_region_death(w);

	if (!ret && take_writing(w->on) != -EOWNERDEAD)
		ret = -EPROTO;
	return ret ? ret : on(w, FAULT_EXTRA);
}

static bool verify_region_consistent(struct fault_world *w)
{
	return t_region_consistent(w->on) == -EINVAL;
}

static int prepare_region_unlock(struct fault_world *w)
{
	on_region(w);
	return take_writing(w->on);
}

static bool verify_rung(struct fault_world *w)
{
	struct ipcx_region_ring *r = (struct ipcx_region_ring *)w->reply;
	uint64_t count = 0;

	return !t_region_ring(w->on, &count) && r->out_count + 1 == count;
}

/* It has rung, and others have heard it; only the count was not told. */
static void allow_ring(struct fault_state *before,
		       const struct fault_state *now, int ret)
{
	struct ipcx_region_stat *old = &before->region[FAULT_REGION];

	if (ret != -EFAULT ||
	    now->region[FAULT_REGION].out_rings != old->out_rings + 1)
		return;
	old->out_rings++;
	before->events[FAULT_REGION] |= POLLIN;
}

static int prepare_region_wait(struct fault_world *w)
{
	on_region(w);
	ARG(w, ipcx_region_wait)->clockid = CLOCK_MONOTONIC;
	return t_region_ring(w->on, NULL);
}

static bool verify_heard(struct fault_world *w)
{
	struct ipcx_region_wait *r = (struct ipcx_region_wait *)w->reply;

	return r->out_count >= 1 && !(t_poll(w->on, POLLIN, 0) & POLLIN);
}

static int prepare_region_sleep(struct fault_world *w)
{
	on_region(w);
	ARG(w, ipcx_region_wait)->clockid = CLOCK_MONOTONIC;
	ARG(w, ipcx_region_wait)->deadline = t_in_ms(1);
	return 0;
}

static bool verify_region_stat(struct fault_world *w)
{
	struct ipcx_region_stat *s = (struct ipcx_region_stat *)w->reply;

	return s->out_size == FAULT_REGION_PAGES * T_PAGE;
}

/* ---- The table --------------------------------------------------------- */

static const struct fault_op ops[] = {
	IOCTL_ON("device", INFO, dev, .verify = verify_info),
	IOCTL_ON("semaphore", INFO, plain, .verify = verify_info),
	IOCTL_ON("region", INFO, region, .verify = verify_info),
	IOCTL("by name", OPEN, open, .verify = verify_open, .clean = clean_fd),
	IOCTL("by a new user", OPEN, open, .verify = verify_open, BY_NEW_USER),
	IOCTL("by name", UNLINK, unlink, .verify = verify_unnamed,
	      .still = still_named),
	IOCTL_ON("by handle", UNLINK, plain, .verify = verify_unnamed,
		 .still = still_named),
	IOCTL("persistent", UNLINK, unlink_persistent, .verify = still_new,
	      .still = still_persistent, .clean = clean_other_name),
	IOCTL("semaphore", REDUCE, reduce, .verify = verify_reduce,
	      .clean = clean_fd),
	IOCTL("region", REDUCE, reduce_region, .verify = verify_reduce,
	      .clean = clean_fd),
	IOCTL("by a new user", REDUCE, reduce, .verify = verify_reduce,
	      BY_NEW_USER),
	IOCTL_ON("plain", DESTROY, plain, .verify = verify_destroyed),
	IOCTL("owned, held", DESTROY, destroy, .verify = verify_destroyed,
	      .clean = clean_owned),
	IOCTL_ON("lock", DESTROY, lock, .verify = verify_destroyed),
	IOCTL_ON("region", DESTROY, region, .verify = verify_region_destroyed),
	IOCTL_ON("semaphore", STAT, plain, .verify = verify_stat),
	IOCTL_ON("owned", STAT, owned, .verify = verify_stat),
	IOCTL_ON("lock", STAT, lock, .verify = verify_stat),
	IOCTL_ON("region", STAT, region, .verify = verify_stat),
	IOCTL("mode and owner", SET, set, .verify = verify_set),
	IOCTL_ON("device", QUOTA, dev, .verify = verify_quota),
	IOCTL_ON("semaphore", QUOTA, plain, .verify = verify_quota),
	IOCTL_ON("by a new user", QUOTA, dev, .verify = verify_quota,
		 BY_NEW_USER),

	IOCTL("anonymous", REGION_CREATE, region_create,
	      .verify = verify_region_create, .clean = clean_fd),
	IOCTL("persistent", REGION_CREATE, region_create_named,
	      .verify = verify_region_create, .still = still_new,
	      .clean = clean_new),
	IOCTL("reserved", REGION_CREATE, region_reserved,
	      .verify = verify_region_create, .still = still_new,
	      .clean = clean_fd),
	IOCTL("huge", REGION_CREATE, region_huge,
	      .verify = verify_region_create, .clean = clean_fd),
	IOCTL("by a new user", REGION_CREATE, region_create,
	      .verify = verify_region_create, BY_NEW_USER),
	IOCTL("write", REGION_SEAL, seal, .verify = verify_sealed),
	IOCTL("to read", REGION_LOCK, read_lock, .verify = verify_read_locked,
	      .clean = clean_region_lock),
	IOCTL("to read again", REGION_LOCK, read_lock_again,
	      .verify = verify_read_locked_again, .clean = clean_region_lock),
	IOCTL("to write", REGION_LOCK, write_lock,
	      .verify = verify_write_locked, .clean = clean_region_lock),
	IOCTL("to read, first", REGION_LOCK, read_lock, .where = FAULT_CHILD,
	      .verify = verify_read_locked),
	IOCTL("after a death", REGION_LOCK, region_death, .expect = -EOWNERDEAD,
	      .verify = verify_region_death, .clean = clean_extra),
	IOCTL("of a writer", REGION_UNLOCK, region_unlock,
	      .verify = verify_unlocked, .clean = clean_region_lock),
	IOCTL("after a death", REGION_CONSISTENT, region_consistent,
	      .verify = verify_region_consistent, .clean = clean_extra),
	IOCTL_ON("once", REGION_RING, region, .verify = verify_rung,
		 .allow = allow_ring),
	IOCTL("rung before", REGION_WAIT, region_wait, .verify = verify_heard),
	IOCTL("until late", REGION_WAIT, region_sleep, .expect = -ETIMEDOUT),
	IOCTL_ON("region", REGION_STAT, region, .verify = verify_region_stat),
};

const struct fault_table fault_ioctls = { ops, ARRAY_SIZE(ops) };
