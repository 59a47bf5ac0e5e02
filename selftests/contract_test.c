// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every call keeps, checked for all of them from one table: sizes, flags,
 * reserved fields, ranges, kinds of descriptor, rights, faults and replies.
 * Each case breaks exactly one rule of a call that is otherwise valid, and the
 * valid call must still work afterwards: a refused call changes nothing.
 *
 * Rows: L4 B11 I4. Classes: V6 V15 V16 V17 V22.
 */
#include <linux/memfd.h>

#include "ipcx_channel.h"
#include "ipcx_mailbox.h"

#define MAX_SIZE 16383 /* the most that _IOC_SIZE can say */

enum {
	ON_DEV = 1,
	ON_SEM = 2,
	ON_REGION = 4,
	ON_MAILBOX = 8,
	ON_CHANNEL = 16,
	ON_OBJECT = 30,
	ON_ANY = 31
};

/* A world in which every call of the table is valid. */
struct world {
	int dev;
	int sem; /* plain, 5 of 10, named */
	int other; /* plain, 5 of 10 */
	int lock;
	int region;
	int mailbox; /* one message in it */
	int inbox;
	int channel; /* with turns: the end that has it */
	int other_end; /* what it can read */
	char name[IPCX_NAME_SIZE];
};

struct field {
	unsigned int offset, size;
};

struct call {
	const char *name;
	unsigned int nr;
	unsigned int size;
	unsigned int on; /* kinds of descriptor that know it */
	unsigned int need; /* rights */
	bool counts; /* returns how many: here always one */
	int (*make)(struct world *w, void *arg); /* the descriptor */
	struct {
		unsigned int offset, known;
	} bits[4]; /* flags and reserved words, in their order */
	/* What success writes; who died is written after EOWNERDEAD only. */
	struct field out[24];
	/* What has another meaning: values, and who died. */
	struct field rest[9];
};

#define F(type, member)                                    \
	{                                                  \
		offsetof(struct type, member),             \
			sizeof(((struct type *)0)->member) \
	}
#define O(type, member) offsetof(struct type, member)
#define CALL(ioc, type, ...)                                 \
	{                                                    \
		.name = #ioc, .nr = _IOC_NR(IPCX_IOC_##ioc), \
		.size = sizeof(struct type), __VA_ARGS__     \
	}

/* Lets a child die with what @take takes: 0, or the errno of taking. */
static int die_holding(int fd, int (*take)(int fd))
{
	pid_t pid = t_fork();

	if (!pid)
		_exit(-take(fd));
	return t_reap(pid);
}

static int take_lock(int fd)
{
	return t_sem_p(fd, 1, t_soon());
}

static int take_writing(int fd)
{
	return t_region_lock(fd, IPCX_LOCK_WRITE, t_soon(), NULL);
}

static int make_on_dev(struct world *w, void *arg)
{
	(void)arg;
	return w->dev;
}

static int make_on_sem(struct world *w, void *arg)
{
	(void)arg;
	return w->sem;
}

static int make_on_lock(struct world *w, void *arg)
{
	(void)arg;
	return w->lock;
}

static int make_on_region(struct world *w, void *arg)
{
	(void)arg;
	return w->region;
}

static int make_open(struct world *w, void *arg)
{
	struct ipcx_open *o = arg;

	strcpy(o->name, w->name);
	o->rights = IPCX_RIGHT_READ;
	return w->dev;
}

static int make_reduce(struct world *w, void *arg)
{
	((struct ipcx_reduce *)arg)->rights = IPCX_RIGHT_READ;
	return w->sem;
}

static int make_set(struct world *w, void *arg)
{
	struct ipcx_set *s = arg;

	s->flags = IPCX_SET_F_MODE;
	s->mode = 0600;
	return w->sem;
}

static int make_sem_create(struct world *w, void *arg)
{
	struct ipcx_sem_create *c = arg;

	c->mode = 0600;
	c->initial = 1;
	c->max = 2;
	return w->dev;
}

static int make_sem_wait(struct world *w, void *arg)
{
	((struct ipcx_sem_wait *)arg)->units = 1;
	return w->sem;
}

static int make_sem_post(struct world *w, void *arg)
{
	((struct ipcx_sem_post *)arg)->units = 1;
	return w->sem;
}

static int make_handoff(struct world *w, void *arg)
{
	struct ipcx_sem_handoff *h = arg;

	h->wait_fd = w->other;
	h->post_units = 1;
	h->wait_units = 1;
	return w->sem;
}

static int make_sem_consistent(struct world *w, void *arg)
{
	(void)arg;
	if (die_holding(w->lock, take_lock) ||
	    take_lock(w->lock) != -EOWNERDEAD)
		return -1;
	return w->lock;
}

static int make_region_create(struct world *w, void *arg)
{
	struct ipcx_region_create *c = arg;

	c->mode = 0600;
	c->size = 1;
	return w->dev;
}

static int make_seal(struct world *w, void *arg)
{
	((struct ipcx_region_seal *)arg)->seals = IPCX_SEAL_WRITE;
	return w->region;
}

static int make_region_unlock(struct world *w, void *arg)
{
	(void)arg;
	return t_region_lock(w->region, IPCX_LOCK_READ, 0, NULL) ? -1 :
								   w->region;
}

static int make_region_consistent(struct world *w, void *arg)
{
	(void)arg;
	if (die_holding(w->region, take_writing) ||
	    take_writing(w->region) != -EOWNERDEAD)
		return -1;
	return w->region;
}

static int make_region_wait(struct world *w, void *arg)
{
	(void)arg;
	return t_region_ring(w->region, NULL) ? -1 : w->region;
}

static int make_mailbox_create(struct world *w, void *arg)
{
	((struct ipcx_mailbox_create *)arg)->mode = 0600;
	return w->dev;
}

static int make_inbox_find(struct world *w, void *arg)
{
	((struct ipcx_inbox_find *)arg)->pid = getpid();
	return w->dev;
}

static int make_send(struct world *w, void *arg)
{
	static struct ipcx_send_message message;
	struct ipcx_mailbox_send *s = arg;

	s->messages = (uintptr_t)&message;
	s->count = 1;
	return w->mailbox;
}

static int make_send_all(struct world *w, void *arg)
{
	static struct ipcx_send_message message;
	struct ipcx_mailbox_send_all *s = arg;

	s->message = (uintptr_t)&message;
	s->mailboxes = (uintptr_t)&w->mailbox;
	s->count = 1;
	return w->dev;
}

static int make_recv(struct world *w, void *arg)
{
	static struct ipcx_recv_message message;
	struct ipcx_mailbox_recv *r = arg;

	r->messages = (uintptr_t)&message;
	r->count = 1;
	return w->mailbox;
}

static int make_on_mailbox(struct world *w, void *arg)
{
	(void)arg;
	return w->mailbox;
}

static int make_channel_create(struct world *w, void *arg)
{
	((struct ipcx_channel_create *)arg)->mode = 0600;
	return w->dev;
}

static int make_on_channel(struct world *w, void *arg)
{
	(void)arg;
	return w->channel;
}

static int make_channel_open(struct world *w, void *arg)
{
	((struct ipcx_channel_open *)arg)->end = IPCX_CHANNEL_FIRST;
	return w->channel;
}

static char channel_byte;

static int make_channel_write(struct world *w, void *arg)
{
	struct ipcx_channel_write *a = arg;

	a->data = (uintptr_t)&channel_byte;
	a->size = 1;
	return w->channel;
}

static int make_channel_read(struct world *w, void *arg)
{
	struct ipcx_channel_read *a = arg;

	a->data = (uintptr_t)&channel_byte;
	a->size = 1;
	return w->other_end;
}

/* Something is written to it for who reads. */
static int make_channel_wait(struct world *w, void *arg)
{
	(void)arg;
	return w->other_end;
}

static int make_channel_take(struct world *w, void *arg)
{
	((struct ipcx_channel_turn *)arg)->op = IPCX_CHANNEL_TURN_TAKE;
	return w->channel;
}

static int make_channel_set(struct world *w, void *arg)
{
	((struct ipcx_channel_set *)arg)->flags = IPCX_CHANNEL_SET_F_READ_MARK;
	return w->channel;
}

static const struct call calls[] = {
	CALL(INFO, ipcx_info, .on = ON_ANY, .make = make_on_dev,
	     .bits = { { O(ipcx_info, flags) } },
	     .out = { F(ipcx_info, out_abi_version), F(ipcx_info, out_features),
		      F(ipcx_info, out_max_region), F(ipcx_info, out_max_value),
		      F(ipcx_info, out_name_size) }),
	CALL(OPEN, ipcx_open, .on = ON_DEV, .make = make_open,
	     .bits = { { O(ipcx_open, flags) },
		       { O(ipcx_open, rights), IPCX_RIGHTS_MASK } },
	     .out = { F(ipcx_open, out_fd), F(ipcx_open, out_type),
		      F(ipcx_open, out_id) },
	     .rest = { F(ipcx_open, name), F(ipcx_open, type) }),
	CALL(UNLINK, ipcx_unlink, .on = ON_ANY, .make = make_on_sem,
	     .need = IPCX_RIGHT_CONTROL,
	     .bits = { { O(ipcx_unlink, flags) },
		       { O(ipcx_unlink, __reserved) } },
	     .rest = { F(ipcx_unlink, name) }),
	CALL(REDUCE, ipcx_reduce, .on = ON_OBJECT, .make = make_reduce,
	     .need = IPCX_RIGHT_READ,
	     .bits = { { O(ipcx_reduce, rights), IPCX_RIGHTS_MASK },
		       { O(ipcx_reduce, flags) },
		       { O(ipcx_reduce, __reserved) } },
	     .out = { F(ipcx_reduce, out_fd) }),
	CALL(DESTROY, ipcx_destroy, .on = ON_OBJECT, .make = make_on_sem,
	     .need = IPCX_RIGHT_CONTROL,
	     .bits = { { O(ipcx_destroy, flags) },
		       { O(ipcx_destroy, __reserved) } }),
	CALL(STAT, ipcx_stat, .on = ON_OBJECT, .make = make_on_sem,
	     .bits = { { O(ipcx_stat, flags) }, { O(ipcx_stat, __reserved) } },
	     .out = { F(ipcx_stat, out_type), F(ipcx_stat, out_id),
		      F(ipcx_stat, out_rights), F(ipcx_stat, out_mode),
		      F(ipcx_stat, out_uid), F(ipcx_stat, out_gid),
		      F(ipcx_stat, out_flags), F(ipcx_stat, out_handles),
		      F(ipcx_stat, out_holders), F(ipcx_stat, out_waiters),
		      F(ipcx_stat, out_bytes), F(ipcx_stat, out_age_ns),
		      F(ipcx_stat, out_lease_ns), F(ipcx_stat, out_name) }),
	CALL(SET, ipcx_set, .on = ON_OBJECT, .make = make_set,
	     .need = IPCX_RIGHT_CONTROL,
	     .bits = { { O(ipcx_set, flags), IPCX_SET_F_MASK },
		       { O(ipcx_set, mode), 0777 } },
	     .rest = { F(ipcx_set, uid), F(ipcx_set, gid),
		       F(ipcx_set, lease_ns) }),
	CALL(QUOTA, ipcx_quota, .on = ON_ANY, .make = make_on_dev,
	     .bits = { { O(ipcx_quota, flags) },
		       { O(ipcx_quota, __reserved) } },
	     .out = { F(ipcx_quota, out_used), F(ipcx_quota, out_limit),
		      F(ipcx_quota, out_denied), F(ipcx_quota, out_total_used),
		      F(ipcx_quota, out_total_limit),
		      F(ipcx_quota, out_total_denied) }),
	CALL(SEM_CREATE, ipcx_sem_create, .on = ON_DEV, .make = make_sem_create,
	     .bits = { { O(ipcx_sem_create, flags),
			 IPCX_CREATE_F_MASK | IPCX_SEM_F_BARGING },
		       { O(ipcx_sem_create, __reserved) },
		       { O(ipcx_sem_create, rights), IPCX_RIGHTS_MASK } },
	     .out = { F(ipcx_sem_create, out_fd), F(ipcx_sem_create, out_flags),
		      F(ipcx_sem_create, out_id) },
	     .rest = { F(ipcx_sem_create, name), F(ipcx_sem_create, mode),
		       F(ipcx_sem_create, kind), F(ipcx_sem_create, initial),
		       F(ipcx_sem_create, max), F(ipcx_sem_create, order),
		       F(ipcx_sem_create, on_death),
		       F(ipcx_sem_create, lease_ns) }),
	CALL(SEM_WAIT, ipcx_sem_wait, .on = ON_SEM, .make = make_sem_wait,
	     .need = IPCX_RIGHT_READ,
	     .bits = { { O(ipcx_sem_wait, flags) },
		       { O(ipcx_sem_wait, __reserved) } },
	     .rest = { F(ipcx_sem_wait, units), F(ipcx_sem_wait, clockid),
		       F(ipcx_sem_wait, deadline),
		       F(ipcx_sem_wait, out_dead_pid),
		       F(ipcx_sem_wait, out_dead_units) }),
	CALL(SEM_POST, ipcx_sem_post, .on = ON_SEM, .make = make_sem_post,
	     .need = IPCX_RIGHT_WRITE, .bits = { { O(ipcx_sem_post, flags) } },
	     .rest = { F(ipcx_sem_post, units) }),
	CALL(SEM_HANDOFF, ipcx_sem_handoff, .on = ON_SEM, .make = make_handoff,
	     .need = IPCX_RIGHT_WRITE,
	     .bits = { { O(ipcx_sem_handoff, flags) },
		       { O(ipcx_sem_handoff, __reserved) } },
	     .rest = { F(ipcx_sem_handoff, wait_fd),
		       F(ipcx_sem_handoff, post_units),
		       F(ipcx_sem_handoff, wait_units),
		       F(ipcx_sem_handoff, clockid),
		       F(ipcx_sem_handoff, deadline),
		       F(ipcx_sem_handoff, out_dead_pid),
		       F(ipcx_sem_handoff, out_dead_units) }),
	CALL(SEM_STAT, ipcx_sem_stat, .on = ON_SEM, .make = make_on_sem,
	     .bits = { { O(ipcx_sem_stat, flags) } },
	     .out = { F(ipcx_sem_stat, out_value), F(ipcx_sem_stat, out_max),
		      F(ipcx_sem_stat, out_held), F(ipcx_sem_stat, out_kind),
		      F(ipcx_sem_stat, out_order),
		      F(ipcx_sem_stat, out_on_death),
		      F(ipcx_sem_stat, out_flags),
		      F(ipcx_sem_stat, out_waiters),
		      F(ipcx_sem_stat, out_deaths) }),
	CALL(SEM_ATTACH, ipcx_sem_attach, .on = ON_SEM, .make = make_on_lock,
	     .need = IPCX_RIGHT_READ | IPCX_RIGHT_WRITE,
	     .bits = { { O(ipcx_sem_attach, flags) } },
	     .out = { F(ipcx_sem_attach, out_holder_id) }),
	CALL(SEM_CONSISTENT, ipcx_sem_consistent, .on = ON_SEM,
	     .make = make_sem_consistent, .need = IPCX_RIGHT_READ,
	     .bits = { { O(ipcx_sem_consistent, flags) },
		       { O(ipcx_sem_consistent, __reserved) } }),
	CALL(REGION_CREATE, ipcx_region_create, .on = ON_DEV,
	     .make = make_region_create,
	     .bits = { { O(ipcx_region_create, flags),
			 IPCX_CREATE_F_MASK | IPCX_REGION_F_RESERVE |
				 IPCX_REGION_F_HUGE },
		       { O(ipcx_region_create, __reserved) },
		       { O(ipcx_region_create, rights), IPCX_RIGHTS_MASK } },
	     .out = { F(ipcx_region_create, out_fd),
		      F(ipcx_region_create, out_flags),
		      F(ipcx_region_create, out_id) },
	     .rest = { F(ipcx_region_create, name), F(ipcx_region_create, mode),
		       F(ipcx_region_create, order),
		       F(ipcx_region_create, size),
		       F(ipcx_region_create, lease_ns) }),
	CALL(REGION_SEAL, ipcx_region_seal, .on = ON_REGION, .make = make_seal,
	     .need = IPCX_RIGHT_CONTROL,
	     .bits = { { O(ipcx_region_seal, seals), IPCX_SEALS_MASK },
		       { O(ipcx_region_seal, flags) } }),
	CALL(REGION_LOCK, ipcx_region_lock, .on = ON_REGION,
	     .make = make_on_region, .need = IPCX_RIGHT_READ,
	     .bits = { { O(ipcx_region_lock, flags) } },
	     .rest = { F(ipcx_region_lock, mode), F(ipcx_region_lock, clockid),
		       F(ipcx_region_lock, deadline),
		       F(ipcx_region_lock, out_dead_pid) }),
	CALL(REGION_UNLOCK, ipcx_region_unlock, .on = ON_REGION,
	     .make = make_region_unlock,
	     .bits = { { O(ipcx_region_unlock, flags) },
		       { O(ipcx_region_unlock, __reserved) } }),
	CALL(REGION_CONSISTENT, ipcx_region_consistent, .on = ON_REGION,
	     .make = make_region_consistent, .need = IPCX_RIGHT_WRITE,
	     .bits = { { O(ipcx_region_consistent, flags) },
		       { O(ipcx_region_consistent, __reserved) } }),
	CALL(REGION_RING, ipcx_region_ring, .on = ON_REGION,
	     .make = make_on_region, .need = IPCX_RIGHT_WRITE,
	     .bits = { { O(ipcx_region_ring, flags) },
		       { O(ipcx_region_ring, __reserved) } },
	     .out = { F(ipcx_region_ring, out_count) }),
	CALL(REGION_WAIT, ipcx_region_wait, .on = ON_REGION,
	     .make = make_region_wait, .need = IPCX_RIGHT_READ,
	     .bits = { { O(ipcx_region_wait, flags) } },
	     .out = { F(ipcx_region_wait, out_count) },
	     .rest = { F(ipcx_region_wait, since),
		       F(ipcx_region_wait, deadline),
		       F(ipcx_region_wait, clockid) }),
	CALL(REGION_STAT, ipcx_region_stat, .on = ON_REGION,
	     .make = make_on_region, .bits = { { O(ipcx_region_stat, flags) } },
	     .out = { F(ipcx_region_stat, out_flags),
		      F(ipcx_region_stat, out_size),
		      F(ipcx_region_stat, out_resident),
		      F(ipcx_region_stat, out_rings),
		      F(ipcx_region_stat, out_seals),
		      F(ipcx_region_stat, out_writable_maps),
		      F(ipcx_region_stat, out_readers),
		      F(ipcx_region_stat, out_writer),
		      F(ipcx_region_stat, out_order),
		      F(ipcx_region_stat, out_inconsistent) }),
	CALL(MAILBOX_CREATE, ipcx_mailbox_create, .on = ON_DEV,
	     .make = make_mailbox_create,
	     .bits = { { O(ipcx_mailbox_create, flags),
			 IPCX_CREATE_F_MASK | IPCX_MAILBOX_F_NEED_RECEIVER |
				 IPCX_MAILBOX_F_INBOX | IPCX_MAILBOX_F_FDS },
		       { O(ipcx_mailbox_create, __reserved) },
		       { O(ipcx_mailbox_create, __reserved2) },
		       { O(ipcx_mailbox_create, rights), IPCX_RIGHTS_MASK } },
	     .out = { F(ipcx_mailbox_create, out_fd),
		      F(ipcx_mailbox_create, out_flags),
		      F(ipcx_mailbox_create, out_id) },
	     .rest = { F(ipcx_mailbox_create, name),
		       F(ipcx_mailbox_create, mode),
		       F(ipcx_mailbox_create, order),
		       F(ipcx_mailbox_create, when_full),
		       F(ipcx_mailbox_create, max_messages),
		       F(ipcx_mailbox_create, max_size),
		       F(ipcx_mailbox_create, max_bytes),
		       F(ipcx_mailbox_create, lease_ns) }),
	CALL(MAILBOX_SEND, ipcx_mailbox_send, .on = ON_MAILBOX,
	     .make = make_send, .counts = true, .need = IPCX_RIGHT_WRITE,
	     .bits = { { O(ipcx_mailbox_send, flags) } },
	     .rest = { F(ipcx_mailbox_send, messages),
		       F(ipcx_mailbox_send, count),
		       F(ipcx_mailbox_send, when_full),
		       F(ipcx_mailbox_send, deadline),
		       F(ipcx_mailbox_send, clockid) }),
	CALL(MAILBOX_RECV, ipcx_mailbox_recv, .on = ON_MAILBOX,
	     .make = make_recv, .counts = true, .need = IPCX_RIGHT_READ,
	     .bits = { { O(ipcx_mailbox_recv, flags), IPCX_RECV_F_PEEK },
		       { O(ipcx_mailbox_recv, __reserved) } },
	     .rest = { F(ipcx_mailbox_recv, messages),
		       F(ipcx_mailbox_recv, count),
		       F(ipcx_mailbox_recv, deadline),
		       F(ipcx_mailbox_recv, clockid),
		       F(ipcx_mailbox_recv, match), F(ipcx_mailbox_recv, tag),
		       F(ipcx_mailbox_recv, tag_arg),
		       F(ipcx_mailbox_recv, index) }),
	CALL(INBOX_FIND, ipcx_inbox_find, .on = ON_DEV, .make = make_inbox_find,
	     .bits = { { O(ipcx_inbox_find, flags) } },
	     .out = { F(ipcx_inbox_find, out_fd), F(ipcx_inbox_find, out_id) },
	     .rest = { F(ipcx_inbox_find, pid) }),
	CALL(MAILBOX_SEND_ALL, ipcx_mailbox_send_all, .on = ON_DEV,
	     .make = make_send_all,
	     .bits = { { O(ipcx_mailbox_send_all, flags) },
		       { O(ipcx_mailbox_send_all, __reserved) } },
	     .rest = { F(ipcx_mailbox_send_all, message),
		       F(ipcx_mailbox_send_all, mailboxes),
		       F(ipcx_mailbox_send_all, count),
		       F(ipcx_mailbox_send_all, when_full),
		       F(ipcx_mailbox_send_all, deadline),
		       F(ipcx_mailbox_send_all, clockid),
		       F(ipcx_mailbox_send_all, out_index) }),
	CALL(MAILBOX_STAT, ipcx_mailbox_stat, .on = ON_MAILBOX,
	     .make = make_on_mailbox,
	     .bits = { { O(ipcx_mailbox_stat, flags) } },
	     .out = { F(ipcx_mailbox_stat, out_flags),
		      F(ipcx_mailbox_stat, out_order),
		      F(ipcx_mailbox_stat, out_when_full),
		      F(ipcx_mailbox_stat, out_max_messages),
		      F(ipcx_mailbox_stat, out_max_size),
		      F(ipcx_mailbox_stat, out_max_bytes),
		      F(ipcx_mailbox_stat, out_messages),
		      F(ipcx_mailbox_stat, out_next_size),
		      F(ipcx_mailbox_stat, out_bytes),
		      F(ipcx_mailbox_stat, out_oldest_ns),
		      F(ipcx_mailbox_stat, out_senders),
		      F(ipcx_mailbox_stat, out_receivers),
		      F(ipcx_mailbox_stat, out_readers),
		      F(ipcx_mailbox_stat, out_share_messages),
		      F(ipcx_mailbox_stat, out_share_bytes),
		      F(ipcx_mailbox_stat, out_share_limit_bytes),
		      F(ipcx_mailbox_stat, out_share_limit_messages),
		      F(ipcx_mailbox_stat, out_share_denied),
		      F(ipcx_mailbox_stat, out_sent),
		      F(ipcx_mailbox_stat, out_received),
		      F(ipcx_mailbox_stat, out_dropped),
		      F(ipcx_mailbox_stat, out_expired),
		      F(ipcx_mailbox_stat, out_refused) }),
	CALL(CHANNEL_CREATE, ipcx_channel_create, .on = ON_DEV,
	     .make = make_channel_create,
	     .bits = { { O(ipcx_channel_create, flags),
			 IPCX_CREATE_F_MASK | IPCX_CHANNEL_F_TURN |
				 IPCX_CHANNEL_F_STRICT | IPCX_CHANNEL_F_PACKET },
		       { O(ipcx_channel_create, __reserved) },
		       { O(ipcx_channel_create, rights), IPCX_RIGHTS_MASK } },
	     .out = { F(ipcx_channel_create, out_fd),
		      F(ipcx_channel_create, out_flags),
		      F(ipcx_channel_create, out_id) },
	     .rest = { F(ipcx_channel_create, name),
		       F(ipcx_channel_create, mode),
		       F(ipcx_channel_create, capacity),
		       F(ipcx_channel_create, read_mark),
		       F(ipcx_channel_create, write_mark),
		       F(ipcx_channel_create, lease_ns) }),
	CALL(CHANNEL_OPEN, ipcx_channel_open, .on = ON_DEV | ON_CHANNEL,
	     .make = make_channel_open,
	     .bits = { { O(ipcx_channel_open, flags),
			 IPCX_CHANNEL_OPEN_F_WAIT | IPCX_CHANNEL_OPEN_F_SIGPIPE |
				 IPCX_CHANNEL_OPEN_F_DEATH },
		       { O(ipcx_channel_open, rights), IPCX_RIGHT_CONTROL } },
	     .out = { F(ipcx_channel_open, out_fd),
		      F(ipcx_channel_open, out_id) },
	     .rest = { F(ipcx_channel_open, name), F(ipcx_channel_open, end),
		       F(ipcx_channel_open, clockid),
		       F(ipcx_channel_open, deadline) }),
	CALL(CHANNEL_WRITE, ipcx_channel_write, .on = ON_CHANNEL,
	     .make = make_channel_write, .counts = true,
	     .need = IPCX_RIGHT_WRITE,
	     .bits = { { O(ipcx_channel_write, flags),
			 IPCX_CHANNEL_WRITE_F_FLUSH | IPCX_CHANNEL_WRITE_F_PASS |
				 IPCX_CHANNEL_WRITE_F_SIGPIPE } },
	     .rest = { F(ipcx_channel_write, data), F(ipcx_channel_write, size),
		       F(ipcx_channel_write, clockid),
		       F(ipcx_channel_write, deadline) }),
	CALL(CHANNEL_READ, ipcx_channel_read, .on = ON_CHANNEL,
	     .make = make_channel_read, .counts = true, .need = IPCX_RIGHT_READ,
	     .bits = { { O(ipcx_channel_read, flags), IPCX_CHANNEL_READ_F_PEEK },
		       { O(ipcx_channel_read, __reserved) } },
	     .rest = { F(ipcx_channel_read, out_size),
		       F(ipcx_channel_read, data), F(ipcx_channel_read, size),
		       F(ipcx_channel_read, clockid),
		       F(ipcx_channel_read, deadline) }),
	CALL(CHANNEL_TURN, ipcx_channel_turn, .on = ON_CHANNEL,
	     .make = make_channel_take, .need = IPCX_RIGHT_WRITE,
	     .bits = { { O(ipcx_channel_turn, flags) } },
	     .rest = { F(ipcx_channel_turn, op), F(ipcx_channel_turn, clockid),
		       F(ipcx_channel_turn, deadline),
		       F(ipcx_channel_turn, out_dead_pid) }),
	CALL(CHANNEL_FLUSH, ipcx_channel_flush, .on = ON_CHANNEL,
	     .make = make_on_channel, .need = IPCX_RIGHT_WRITE,
	     .bits = { { O(ipcx_channel_flush, flags) },
		       { O(ipcx_channel_flush, __reserved) } }),
	CALL(CHANNEL_SET, ipcx_channel_set, .on = ON_CHANNEL,
	     .make = make_channel_set, .need = IPCX_RIGHT_CONTROL,
	     .bits = { { O(ipcx_channel_set, flags),
			 IPCX_CHANNEL_SET_F_CAPACITY |
				 IPCX_CHANNEL_SET_F_READ_MARK |
				 IPCX_CHANNEL_SET_F_WRITE_MARK } },
	     .rest = { F(ipcx_channel_set, capacity),
		       F(ipcx_channel_set, read_mark),
		       F(ipcx_channel_set, write_mark) }),
	CALL(CHANNEL_STAT, ipcx_channel_stat, .on = ON_CHANNEL,
	     .make = make_on_channel,
	     .bits = { { O(ipcx_channel_stat, flags) } },
	     .out = { F(ipcx_channel_stat, out_end),
		      F(ipcx_channel_stat, out_flags),
		      F(ipcx_channel_stat, out_state),
		      F(ipcx_channel_stat, out_capacity),
		      F(ipcx_channel_stat, out_queued),
		      F(ipcx_channel_stat, out_staged),
		      F(ipcx_channel_stat, out_read_mark),
		      F(ipcx_channel_stat, out_write_mark),
		      F(ipcx_channel_stat, out_turn),
		      F(ipcx_channel_stat, out_writer_handles),
		      F(ipcx_channel_stat, out_reader_handles),
		      F(ipcx_channel_stat, out_writers),
		      F(ipcx_channel_stat, out_readers),
		      F(ipcx_channel_stat, out_writer_pid),
		      F(ipcx_channel_stat, out_reader_pid),
		      F(ipcx_channel_stat, out_turns),
		      F(ipcx_channel_stat, out_batches),
		      F(ipcx_channel_stat, out_written),
		      F(ipcx_channel_stat, out_read) }),
	CALL(CHANNEL_WAIT, ipcx_channel_wait, .on = ON_CHANNEL,
	     .make = make_channel_wait,
	     .bits = { { O(ipcx_channel_wait, flags),
			 IPCX_CHANNEL_WAIT_F_WRITE },
		       { O(ipcx_channel_wait, __reserved) } },
	     .rest = { F(ipcx_channel_wait, need),
		       F(ipcx_channel_wait, clockid),
		       F(ipcx_channel_wait, deadline) }),
	CALL(CHANNEL_WAKE, ipcx_channel_wake, .on = ON_CHANNEL,
	     .make = make_on_channel,
	     .bits = { { O(ipcx_channel_wake, flags) },
		       { O(ipcx_channel_wake, __reserved) } }),
};

#define FOR_EACH_CALL(c) \
	for ((c) = calls; (c) < calls + ARRAY_SIZE(calls); (c)++)

static const struct call *find_call(const char *name)
{
	const struct call *c;

	FOR_EACH_CALL(c)
	if (!strcmp(c->name, name))
		return c;
	abort();
}

static unsigned long command(const struct call *c, unsigned int size)
{
	return _IOC(_IOC_READ | _IOC_WRITE, IPCX_IOC_TYPE, c->nr, size);
}

/* The call with a structure of this size: 0, or the negative errno. */
static int perform(const struct call *c, int fd, unsigned int size, void *arg)
{
	int ret = t_ioctl(fd, command(c, size), arg);

	if (!c->counts || ret < 0)
		return ret;
	return ret == 1 ? 0 : -EPROTO;
}

/* Both ends, each with all rights, and something to read at the second. */
static bool channel_open(struct world *w)
{
	int ch = t_channel(w->dev, IPCX_CHANNEL_F_TURN, 0);
	static char some[4096];

	w->channel = t_end_with(ch, IPCX_CHANNEL_FIRST, IPCX_RIGHT_CONTROL);
	w->other_end = t_end_with(ch, IPCX_CHANNEL_SECOND, IPCX_RIGHT_CONTROL);
	close(ch);
	return w->channel >= 0 && w->other_end >= 0 &&
	       t_write(w->channel, some, sizeof(some)) == sizeof(some);
}

/* Makes a fresh world; false when it cannot be had. */
static bool world_open(struct world *w)
{
	struct ipcx_sem_create c;

	w->dev = t_device();
	t_sem_args(&c, t_name(w->name, "contract"), IPCX_SEM_PLAIN, 5, 10);
	w->sem = t_sem_create(w->dev, &c);
	w->other = t_sem(w->dev, IPCX_SEM_PLAIN, 5, 10);
	w->lock = t_lock(w->dev, IPCX_DEATH_REPORT);
	w->region = t_region(w->dev, 4096);
	w->mailbox = t_mailbox(w->dev, 0, 0);
	w->inbox = t_inbox(w->dev, 0600, 1, 1);
	return w->dev >= 0 && w->sem >= 0 && w->other >= 0 && w->lock >= 0 &&
	       w->region >= 0 && w->mailbox >= 0 && w->inbox >= 0 &&
	       !t_send(w->mailbox, NULL, 0, 0, 0) && channel_open(w);
}

static void world_close(struct world *w)
{
	t_sem_v(w->lock, 1);
	while (!t_region_unlock(w->region))
		;
	close(w->other_end);
	close(w->channel);
	close(w->inbox);
	close(w->mailbox);
	close(w->region);
	close(w->lock);
	close(w->other);
	close(w->sem);
	close(w->dev);
}

/* What a refused call must not change. */
struct snapshot {
	struct ipcx_sem_stat sem, other, lock;
	struct ipcx_region_stat region;
	struct ipcx_mailbox_stat mailbox;
	struct ipcx_channel_stat channel;
	struct ipcx_stat of_sem, of_region;
	long long objects, handles, bytes;
	int fds;
};

static void snapshot(const struct world *w, struct snapshot *s)
{
	memset(s, 0, sizeof(*s));
	t_sem_stat(w->sem, &s->sem);
	t_sem_stat(w->other, &s->other);
	t_sem_stat(w->lock, &s->lock);
	t_region_stat(w->region, &s->region);
	t_mailbox_stat(w->mailbox, &s->mailbox);
	s->mailbox.out_oldest_ns = 0;
	t_channel_stat(w->channel, &s->channel);
	t_stat(w->sem, &s->of_sem);
	t_stat(w->region, &s->of_region);
	s->of_sem.out_age_ns = 0;
	s->of_region.out_age_ns = 0;
	s->objects = t_counter("objects");
	s->handles = t_counter("handles");
	s->fds = t_count_fds();
}

/* Handles are closed a moment later when a call was in flight. */
static bool unchanged(const struct world *w, const struct snapshot *before)
{
	struct snapshot now;

	return T_UNTIL((snapshot(w, &now), !memcmp(&now, before, sizeof(now))));
}

/* Closes the descriptor that a successful call returned. */
static void close_result(const struct call *c, const void *arg)
{
	int fd;

	if (strcmp(c->name, "OPEN") && strcmp(c->name, "REDUCE") &&
	    strcmp(c->name, "SEM_CREATE") && strcmp(c->name, "REGION_CREATE") &&
	    strcmp(c->name, "MAILBOX_CREATE") &&
	    strcmp(c->name, "INBOX_FIND") &&
	    strcmp(c->name, "CHANNEL_CREATE") &&
	    strcmp(c->name, "CHANNEL_OPEN"))
		return;
	memcpy(&fd, (const char *)arg + c->out[0].offset, sizeof(fd));
	close(fd);
}

static void fill_out(const struct call *c, void *arg, int byte)
{
	const struct field *f;

	for (f = c->out; f->size; f++)
		memset((char *)arg + f->offset, byte, f->size);
}

/* In every call: one word of the structure set to one value. */
static int call_with(const struct call *c, int fd, const void *valid,
		     unsigned int offset, unsigned int size, uint64_t value)
{
	char arg[512];
	int ret;

	memcpy(arg, valid, c->size);
	memcpy(arg + offset, &value, size); /* little endian */
	ret = perform(c, fd, c->size, arg);
	if (!ret)
		close_result(c, arg);
	return ret;
}

FIXTURE(contract)
{
	struct world w;
	char *arg;
};

FIXTURE_SETUP(contract)
{
	ASSERT_TRUE(world_open(&self->w))
	{
		TH_LOG("cannot make the objects");
	}
	self->arg = calloc(1, MAX_SIZE + 1);
	ASSERT_NE(NULL, self->arg);
}

FIXTURE_TEARDOWN(contract)
{
	free(self->arg);
	world_close(&self->w);
}

/* The valid call, in a fresh world of its own. */
static void expect_valid(struct __test_metadata *_metadata,
			 const struct call *c, struct world *w, int fd,
			 void *arg)
{
	(void)w;
	fill_out(c, arg, T_POISON);
	EXPECT_EQ(0, perform(c, fd, c->size, arg))
	{
		TH_LOG("%s: the valid call fails", c->name);
	}
	close_result(c, arg);
}

/* Makes a world in which @c is valid: @arg is filled, @fd what to call it on. */
static bool renew(struct world *w, char *arg, const struct call *c, int *fd)
{
	world_close(w);
	memset(arg, 0, MAX_SIZE + 1);
	*fd = world_open(w) ? c->make(w, arg) : -1;
	return true;
}

#define EACH_CALL_IN_ITS_WORLD(c, fd)                             \
	for ((c) = calls; (c) < calls + ARRAY_SIZE(calls) &&      \
			  renew(&self->w, self->arg, (c), &(fd)); \
	     (c)++)

/* Rows: L4. Classes: V16. */
TEST_F(contract, too_short_structures_give_einval)
{
	const struct call *c;
	unsigned int size;
	int fd;

	EACH_CALL_IN_ITS_WORLD(c, fd)
	{
		ASSERT_LE(0, fd);
		for (size = 0; size < c->size; size++)
			EXPECT_EQ(-EINVAL, perform(c, fd, size, self->arg))
			{
				TH_LOG("%s: %u bytes", c->name, size);
			}
		expect_valid(_metadata, c, &self->w, fd, self->arg);
	}
}

/* Rows: L4. Classes: V16. */
TEST_F(contract, longer_structures_with_a_zero_tail_work_and_stay_zero)
{
	static const unsigned int more[] = { 1, 4, 8, 4096 };
	const struct call *c;
	unsigned int i, j, size;
	int fd;

	for (i = 0; i <= ARRAY_SIZE(more); i++) {
		EACH_CALL_IN_ITS_WORLD(c, fd)
		{
			size = i < ARRAY_SIZE(more) ? c->size + more[i] :
						      MAX_SIZE;
			ASSERT_LE(0, fd);
			EXPECT_EQ(0, perform(c, fd, size, self->arg))
			{
				TH_LOG("%s: %u bytes", c->name, size);
			}
			close_result(c, self->arg);
			for (j = c->size; j < size && !self->arg[j]; j++)
				;
			EXPECT_EQ(size, j);
		}
	}
}

/* Rows: L4. Classes: V16. */
TEST_F(contract, longer_structures_with_another_tail_give_e2big)
{
	const struct call *c;
	int fd;

	EACH_CALL_IN_ITS_WORLD(c, fd)
	{
		ASSERT_LE(0, fd);
		self->arg[c->size] = 1;
		EXPECT_EQ(-E2BIG, perform(c, fd, c->size + 1, self->arg));
		EXPECT_EQ(-E2BIG, perform(c, fd, c->size + 8, self->arg));
		self->arg[c->size] = 0;
		self->arg[MAX_SIZE - 1] = (char)0x80;
		EXPECT_EQ(-E2BIG, perform(c, fd, MAX_SIZE, self->arg))
		{
			TH_LOG("%s", c->name);
		}
		expect_valid(_metadata, c, &self->w, fd, self->arg);
	}
}

/* Rows: L4. Classes: V16. Every bit that means nothing, one after the other. */
TEST_F(contract, unknown_flags_and_reserved_bits_give_einval)
{
	const struct call *c;
	unsigned int i, bit;
	uint32_t word;
	int fd;

	EACH_CALL_IN_ITS_WORLD(c, fd)
	{
		ASSERT_LE(0, fd);
		for (i = 0; i < ARRAY_SIZE(c->bits); i++) {
			if (i && !c->bits[i].offset)
				break;
			for (bit = 0; bit < 32; bit++) {
				if (c->bits[i].known & (1U << bit))
					continue;
				memcpy(&word, self->arg + c->bits[i].offset, 4);
				word |= 1U << bit;
				EXPECT_EQ(-EINVAL,
					  call_with(c, fd, self->arg,
						    c->bits[i].offset, 4, word))
				{
					TH_LOG("%s: bit %u at offset %u",
					       c->name, bit, c->bits[i].offset);
				}
			}
		}
		expect_valid(_metadata, c, &self->w, fd, self->arg);
	}
}

#define V(call, type, member, value)                                \
	{                                                           \
#call, offsetof(struct type, member),               \
			sizeof(((struct type *)0)->member), (value) \
	}
static const struct {
	const char *call;
	unsigned int offset, size;
	uint64_t value;
} out_of_range[] = {
	V(OPEN, ipcx_open, type, 5),
	V(OPEN, ipcx_open, type, 0xffffffff),
	V(OPEN, ipcx_open, rights, 0),
	V(REDUCE, ipcx_reduce, rights, 0),
	V(SET, ipcx_set, flags, 0),
	V(SET, ipcx_set, mode, 01000),
	V(SET, ipcx_set, flags, IPCX_SET_F_LEASE),
	V(SEM_CREATE, ipcx_sem_create, mode, 01000),
	V(SEM_CREATE, ipcx_sem_create, mode, 0xffffffff),
	V(SEM_CREATE, ipcx_sem_create, kind, 3),
	V(SEM_CREATE, ipcx_sem_create, kind, 0xffffffff),
	V(SEM_CREATE, ipcx_sem_create, initial, 3),
	V(SEM_CREATE, ipcx_sem_create, initial, 0xffffffff),
	V(SEM_CREATE, ipcx_sem_create, max, 0),
	V(SEM_CREATE, ipcx_sem_create, max, IPCX_SEM_VALUE_MAX + 1),
	V(SEM_CREATE, ipcx_sem_create, max, 0xffffffff),
	V(SEM_CREATE, ipcx_sem_create, order, 2),
	V(SEM_CREATE, ipcx_sem_create, order, 0xffffffff),
	V(SEM_CREATE, ipcx_sem_create, on_death, 3),
	V(SEM_CREATE, ipcx_sem_create, on_death, IPCX_DEATH_REPORT),
	V(SEM_CREATE, ipcx_sem_create, on_death, IPCX_DEATH_KEEP),
	V(SEM_CREATE, ipcx_sem_create, kind, IPCX_SEM_LOCK),
	V(SEM_CREATE, ipcx_sem_create, flags, IPCX_CREATE_F_PERSISTENT),
	V(SEM_CREATE, ipcx_sem_create, lease_ns, 1),
	V(SEM_WAIT, ipcx_sem_wait, units, 0),
	V(SEM_WAIT, ipcx_sem_wait, units, 11),
	V(SEM_WAIT, ipcx_sem_wait, units, 0xffffffff),
	V(SEM_POST, ipcx_sem_post, units, 0),
	V(SEM_HANDOFF, ipcx_sem_handoff, wait_units, 0),
	V(SEM_HANDOFF, ipcx_sem_handoff, wait_units, 11),
	V(REGION_CREATE, ipcx_region_create, mode, 01000),
	V(REGION_CREATE, ipcx_region_create, order, 2),
	V(REGION_CREATE, ipcx_region_create, size, 0),
	V(REGION_CREATE, ipcx_region_create, lease_ns, 1),
	V(REGION_CREATE, ipcx_region_create, flags, IPCX_CREATE_F_PERSISTENT),
	V(REGION_SEAL, ipcx_region_seal, seals, 0),
	V(REGION_LOCK, ipcx_region_lock, mode, 2),
	V(REGION_LOCK, ipcx_region_lock, mode, 0xffffffff),
	V(MAILBOX_CREATE, ipcx_mailbox_create, mode, 01000),
	V(MAILBOX_CREATE, ipcx_mailbox_create, order, 2),
	V(MAILBOX_CREATE, ipcx_mailbox_create, when_full, 4),
	V(MAILBOX_CREATE, ipcx_mailbox_create, max_messages,
	  IPCX_MAILBOX_MESSAGES_MAX + 1),
	V(MAILBOX_CREATE, ipcx_mailbox_create, max_size,
	  IPCX_MESSAGE_SIZE_MAX + 1),
	V(MAILBOX_CREATE, ipcx_mailbox_create, max_bytes, 1ULL << 63),
	V(MAILBOX_CREATE, ipcx_mailbox_create, lease_ns, 1),
	V(MAILBOX_CREATE, ipcx_mailbox_create, flags, IPCX_CREATE_F_PERSISTENT),
	V(INBOX_FIND, ipcx_inbox_find, pid, 0),
	V(INBOX_FIND, ipcx_inbox_find, pid, 0x80000000),
	V(INBOX_FIND, ipcx_inbox_find, pid, 0xffffffff),
	V(MAILBOX_SEND, ipcx_mailbox_send, count, 0),
	V(MAILBOX_SEND, ipcx_mailbox_send, count, IPCX_BATCH_MAX + 1),
	V(MAILBOX_SEND, ipcx_mailbox_send, when_full, 4),
	V(MAILBOX_RECV, ipcx_mailbox_recv, count, 0),
	V(MAILBOX_RECV, ipcx_mailbox_recv, count, IPCX_BATCH_MAX + 1),
	V(MAILBOX_RECV, ipcx_mailbox_recv, match, 5),
	V(MAILBOX_RECV, ipcx_mailbox_recv, tag, 1),
	V(MAILBOX_RECV, ipcx_mailbox_recv, tag_arg, 1),
	V(MAILBOX_RECV, ipcx_mailbox_recv, index, 1),
	V(MAILBOX_SEND_ALL, ipcx_mailbox_send_all, count, 0),
	V(MAILBOX_SEND_ALL, ipcx_mailbox_send_all, count,
	  IPCX_SEND_ALL_MAX + 1),
	V(MAILBOX_SEND_ALL, ipcx_mailbox_send_all, when_full, 4),
	V(CHANNEL_CREATE, ipcx_channel_create, mode, 01000),
	V(CHANNEL_CREATE, ipcx_channel_create, capacity,
	  IPCX_CHANNEL_CAPACITY_MAX + 1),
	V(CHANNEL_CREATE, ipcx_channel_create, capacity, 0xffffffff),
	V(CHANNEL_CREATE, ipcx_channel_create, read_mark,
	  IPCX_CHANNEL_CAPACITY_DEFAULT + 1),
	V(CHANNEL_CREATE, ipcx_channel_create, write_mark,
	  IPCX_CHANNEL_CAPACITY_DEFAULT + 1),
	V(CHANNEL_CREATE, ipcx_channel_create, lease_ns, 1),
	V(CHANNEL_CREATE, ipcx_channel_create, flags, IPCX_CREATE_F_PERSISTENT),
	V(CHANNEL_OPEN, ipcx_channel_open, end, 0),
	V(CHANNEL_OPEN, ipcx_channel_open, end, 3),
	V(CHANNEL_OPEN, ipcx_channel_open, end, 0xffffffff),
	V(CHANNEL_TURN, ipcx_channel_turn, op, 2),
	V(CHANNEL_SET, ipcx_channel_set, flags, 0),
	V(CHANNEL_SET, ipcx_channel_set, read_mark,
	  IPCX_CHANNEL_CAPACITY_DEFAULT + 1),
};

/* Rows: L4 A3. Classes: V16 V24. */
TEST_F(contract, values_out_of_range_give_einval)
{
	const struct call *c;
	unsigned int i;
	int fd;

	EACH_CALL_IN_ITS_WORLD(c, fd)
	{
		ASSERT_LE(0, fd);
		for (i = 0; i < ARRAY_SIZE(out_of_range); i++) {
			if (strcmp(out_of_range[i].call, c->name))
				continue;
			EXPECT_EQ(-EINVAL, call_with(c, fd, self->arg,
						     out_of_range[i].offset,
						     out_of_range[i].size,
						     out_of_range[i].value))
			{
				TH_LOG("%s: 0x%llx at offset %u", c->name,
				       (unsigned long long)out_of_range[i].value,
				       out_of_range[i].offset);
			}
		}
		expect_valid(_metadata, c, &self->w, fd, self->arg);
	}
}

static const struct {
	const char *call;
	unsigned int clockid, deadline;
} waits[] = {
	{ "SEM_WAIT", O(ipcx_sem_wait, clockid), O(ipcx_sem_wait, deadline) },
	{ "SEM_HANDOFF", O(ipcx_sem_handoff, clockid),
	  O(ipcx_sem_handoff, deadline) },
	{ "REGION_LOCK", O(ipcx_region_lock, clockid),
	  O(ipcx_region_lock, deadline) },
	{ "REGION_WAIT", O(ipcx_region_wait, clockid),
	  O(ipcx_region_wait, deadline) },
	{ "MAILBOX_SEND", O(ipcx_mailbox_send, clockid),
	  O(ipcx_mailbox_send, deadline) },
	{ "MAILBOX_RECV", O(ipcx_mailbox_recv, clockid),
	  O(ipcx_mailbox_recv, deadline) },
	{ "MAILBOX_SEND_ALL", O(ipcx_mailbox_send_all, clockid),
	  O(ipcx_mailbox_send_all, deadline) },
	{ "CHANNEL_OPEN", O(ipcx_channel_open, clockid),
	  O(ipcx_channel_open, deadline) },
	{ "CHANNEL_WRITE", O(ipcx_channel_write, clockid),
	  O(ipcx_channel_write, deadline) },
	{ "CHANNEL_READ", O(ipcx_channel_read, clockid),
	  O(ipcx_channel_read, deadline) },
	{ "CHANNEL_TURN", O(ipcx_channel_turn, clockid),
	  O(ipcx_channel_turn, deadline) },
};

/* Rows: A3 L4. Classes: V16 V24. Also where nobody would have to wait. */
TEST_F(contract, unknown_clocks_and_impossible_deadlines_give_einval)
{
	static const uint64_t clocks[] = {
		2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 0x80000000, 0xffffffff
	};
	static const uint64_t deadlines[] = { 1ULL << 63, (1ULL << 63) + 1,
					      IPCX_FOREVER - 1 };
	const struct call *c;
	unsigned int i, j;
	int fd;

	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		c = find_call(waits[i].call);
		renew(&self->w, self->arg, c, &fd);
		ASSERT_LE(0, fd);
		for (j = 0; j < ARRAY_SIZE(clocks); j++)
			EXPECT_EQ(-EINVAL,
				  call_with(c, fd, self->arg, waits[i].clockid,
					    4, clocks[j]));
		for (j = 0; j < ARRAY_SIZE(deadlines); j++)
			EXPECT_EQ(-EINVAL,
				  call_with(c, fd, self->arg, waits[i].deadline,
					    8, deadlines[j]));
		expect_valid(_metadata, c, &self->w, fd, self->arg);
	}
}

/* Rows: L4. Classes: V12. No size makes the kernel's arithmetic wrap. */
TEST_F(contract, sizes_of_regions_beyond_the_largest_give_efbig)
{
	static const uint64_t sizes[] = {
		~0ULL, ~0ULL - 4095, ~0ULL - 4096, 1ULL << 63, (1ULL << 63) - 1,
	};
	const struct call *c = find_call("REGION_CREATE");
	struct ipcx_info info = {};
	unsigned int i;

	ASSERT_EQ(0, t_ioctl(self->w.dev, IPCX_IOC_INFO, &info));
	c->make(&self->w, self->arg);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		EXPECT_EQ(-EFBIG,
			  call_with(c, self->w.dev, self->arg,
				    O(ipcx_region_create, size), 8, sizes[i]));
	EXPECT_EQ(-EFBIG, call_with(c, self->w.dev, self->arg,
				    O(ipcx_region_create, size), 8,
				    info.out_max_region + 1));
}

/* Rows: L4. Classes: V16. */
TEST_F(contract, calls_on_the_wrong_kind_of_descriptor_give_enotty)
{
	const struct call *c;
	unsigned int i;
	int fd, fds[5];

	EACH_CALL_IN_ITS_WORLD(c, fd)
	{
		ASSERT_LE(0, fd);
		fds[0] = self->w.dev;
		fds[1] = self->w.sem;
		fds[2] = self->w.region;
		fds[3] = self->w.mailbox;
		fds[4] = self->w.channel;
		for (i = 0; i < 5; i++) {
			if (c->on & (1U << i))
				continue;
			EXPECT_EQ(-ENOTTY,
				  perform(c, fds[i], c->size, self->arg))
			{
				TH_LOG("%s on %s", c->name,
				       i == 0 ? "the device" :
				       i == 1 ? "a semaphore" :
				       i == 2 ? "a region" :
				       i == 3 ? "a mailbox" :
						"a channel");
			}
		}
	}
}

static bool is_known(unsigned int nr)
{
	const struct call *c;

	FOR_EACH_CALL(c)
	if (c->nr == nr)
		return true;
	return false;
}

/* Rows: L4. Classes: V16. */
TEST_F(contract, unknown_numbers_and_types_give_enotty)
{
	static const unsigned int types[] = { 0x00, 0xba, 0xbc, 0xff, 'N' };
	int fds[5] = { self->w.dev, self->w.sem, self->w.region,
		       self->w.mailbox, self->w.channel };
	unsigned int i, nr, t, dir;
	const struct call *c;

	for (i = 0; i < 5; i++) {
		FOR_EACH_CALL(c)
		for (dir = 0; dir < 3; dir++)
			EXPECT_EQ(-ENOTTY, t_ioctl(fds[i],
						   _IOC(dir, IPCX_IOC_TYPE,
							c->nr, c->size),
						   self->arg));
		for (nr = 0; nr < 256; nr++) {
			if (is_known(nr))
				continue;
			EXPECT_EQ(-ENOTTY,
				  t_ioctl(fds[i], _IOC(3, IPCX_IOC_TYPE, nr, 8),
					  self->arg));
			EXPECT_EQ(-ENOTTY,
				  t_ioctl(fds[i], _IOC(3, IPCX_IOC_TYPE, nr, 0),
					  self->arg));
		}
		for (t = 0; t < ARRAY_SIZE(types); t++)
			EXPECT_EQ(-ENOTTY,
				  t_ioctl(fds[i], _IOC(3, types[t], 0x05, 136),
					  self->arg));
	}
}

static void count_fields(const struct field *f, unsigned char *times)
{
	for (; f->size; f++)
		for (unsigned int i = 0; i < f->size; i++)
			times[f->offset + i]++;
}

/*
 * Rows: L4. Classes: V16. The table is whole: what is no flag, no reserved word
 * and no answer is named as something else, so nothing is forgotten. (A call
 * that is not in the table at all is found by the test above.)
 */
TEST_F(contract, each_byte_of_a_structure_is_in_the_table_once)
{
	unsigned char times[512];
	const struct call *c;
	unsigned int i;

	FOR_EACH_CALL(c)
	{
		memset(times, 0, sizeof(times));
		count_fields(c->out, times);
		count_fields(c->rest, times);
		for (i = 0; i < ARRAY_SIZE(c->bits); i++)
			if (!i || c->bits[i].offset)
				count_fields(
					(struct field[]) {
						{ c->bits[i].offset, 4 }, {} },
					times);
		for (i = 0; i < c->size; i++) {
			EXPECT_EQ(1, times[i])
			{
				TH_LOG("%s: byte %u", c->name, i);
			}
		}
	}
}

/* Rows: B11. Classes: V6 V22. Neither at all nor in part. */
TEST_F(contract, pointers_that_cannot_be_read_give_efault)
{
	size_t page = sysconf(_SC_PAGESIZE);
	const struct call *c;
	struct snapshot before;
	char *bad, *edge;
	int fd;

	bad = t_bad_pointer();
	edge = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_EQ(0, mprotect(edge + page, page, PROT_NONE));
	EACH_CALL_IN_ITS_WORLD(c, fd)
	{
		ASSERT_LE(0, fd);
		snapshot(&self->w, &before);
		EXPECT_EQ(-EFAULT, perform(c, fd, c->size, bad));
		EXPECT_EQ(-EFAULT, perform(c, fd, c->size, NULL));
		EXPECT_EQ(-EFAULT, perform(c, fd, c->size, (void *)-4096L));
		memcpy(edge + page - (c->size - 1), self->arg, c->size - 1);
		EXPECT_EQ(-EFAULT,
			  perform(c, fd, c->size, edge + page - (c->size - 1)))
		{
			TH_LOG("%s", c->name);
		}
		EXPECT_TRUE(unchanged(&self->w, &before));
		expect_valid(_metadata, c, &self->w, fd, self->arg);
	}
	munmap(edge, 2 * page);
}

/*
 * Rows: B11. Classes: V6 V22. The reply faults: no descriptor, object, unit or
 * lock is left behind. A call that replies nothing may just succeed.
 */
TEST_F(contract, replies_that_cannot_be_written_change_nothing)
{
	const struct call *c;
	struct snapshot before;
	void *arg;
	int fd, ret;

	EACH_CALL_IN_ITS_WORLD(c, fd)
	{
		ASSERT_LE(0, fd);
		snapshot(&self->w, &before);
		arg = t_read_only(self->arg, c->size);
		ASSERT_NE(NULL, arg);
		ret = perform(c, fd, c->size, arg);
		munmap(arg, sysconf(_SC_PAGESIZE));
		if (!c->out[0].size && !ret)
			continue;
		/* Ringing and a bare look cannot be undone, nor need they. */
		EXPECT_EQ(-EFAULT, ret)
		{
			TH_LOG("%s", c->name);
		}
		if (!strcmp(c->name, "REGION_RING"))
			continue;
		EXPECT_TRUE(unchanged(&self->w, &before))
		{
			TH_LOG("%s: changed by a call that failed", c->name);
		}
		expect_valid(_metadata, c, &self->w, fd, self->arg);
	}
}

/*
 * Rows: L4. Classes: V17. Written in full, and nothing else is touched. A byte
 * may be what it was by chance once, but not over two kinds of poison.
 */
TEST_F(contract, replies_write_every_byte_of_out_fields_and_no_other)
{
	static const unsigned char poison[] = { T_POISON, 0x33, 0x5a };
	static bool written[ARRAY_SIZE(calls)][512];
	char before[512];
	const struct call *c;
	const struct field *f;
	unsigned int i, round;
	bool out[512];
	int fd;

	for (round = 0; round < ARRAY_SIZE(poison); round++) {
		EACH_CALL_IN_ITS_WORLD(c, fd)
		{
			ASSERT_LE(0, fd);
			fill_out(c, self->arg, poison[round]);
			memcpy(before, self->arg, c->size);
			ASSERT_EQ(0, perform(c, fd, c->size, self->arg));
			for (i = 0; i < c->size; i++)
				written[c - calls][i] |= self->arg[i] !=
							 before[i];
			close_result(c, self->arg);
		}
	}
	FOR_EACH_CALL(c)
	{
		memset(out, 0, sizeof(out));
		for (f = c->out; f->size; f++)
			memset(out + f->offset, 1, f->size);
		for (i = 0; i < c->size; i++)
			EXPECT_EQ(out[i], written[c - calls][i])
			{
				TH_LOG("%s: byte %u", c->name, i);
			}
	}
}

/* Rows: I4. Classes: V29. Each call with a handle that lacks what it needs. */
TEST_F(contract, handles_without_the_right_give_eacces)
{
	const struct call *c;
	unsigned int right;
	int fd, weak;

	EACH_CALL_IN_ITS_WORLD(c, fd)
	{
		ASSERT_LE(0, fd);
		for (right = 1; right < IPCX_RIGHTS_MASK; right <<= 1) {
			if (!(c->need & right))
				continue;
			weak = t_reduce(fd, IPCX_RIGHTS_MASK & ~right);
			ASSERT_LE(0, weak);
			EXPECT_EQ(-EACCES, perform(c, weak, c->size, self->arg))
			{
				TH_LOG("%s without right %u", c->name, right);
			}
			close(weak);
		}
		expect_valid(_metadata, c, &self->w, fd, self->arg);
	}
}

/* Rows: I4. */
TEST_F(contract, locking_a_region_for_writing_needs_write)
{
	int weak = t_reduce(self->w.region, IPCX_RIGHT_READ);

	ASSERT_LE(0, weak);
	EXPECT_EQ(-EACCES, t_region_lock(weak, IPCX_LOCK_WRITE, 0, NULL));
	EXPECT_EQ(0, t_region_lock(weak, IPCX_LOCK_READ, 0, NULL));
}

static const struct {
	const char *what, *name;
} bad_names[] = {
	{ "no slash", "name" },
	{ "only a slash", "/" },
	{ "a second slash", "/a/b" },
	{ "two slashes", "//" },
	{ "a space", "/a b" },
	{ "a newline", "/a\n" },
	{ "a DEL", "/a\177" },
	{ "a byte above 127", "/a\303\244" },
	{ "a colon", "/a:b" },
	{ "a percent sign", "/%s%n" },
	{ "a slash at the end", "/a/" },
	{ "63 characters behind the slash and no NUL",
	  "/0123456789012345678901234567890123456789012345678901234567890"
	  "12" },
};

/* Rows: L4. Classes: V16 V18. */
TEST_F(contract, malformed_names_give_einval)
{
	static const char *const by_name[] = { "SEM_CREATE", "REGION_CREATE",
					       "OPEN", "UNLINK" };
	const struct call *c;
	unsigned int i, j;

	for (j = 0; j < ARRAY_SIZE(by_name); j++) {
		c = find_call(by_name[j]);
		memset(self->arg, 0, c->size);
		c->make(&self->w, self->arg);
		for (i = 0; i < ARRAY_SIZE(bad_names); i++) {
			memset(self->arg, 0, IPCX_NAME_SIZE);
			memcpy(self->arg, bad_names[i].name,
			       strnlen(bad_names[i].name, IPCX_NAME_SIZE));
			EXPECT_EQ(-EINVAL,
				  t_ioctl(self->w.dev, command(c, c->size),
					  self->arg))
			{
				TH_LOG("%s: %s", c->name, bad_names[i].what);
			}
		}
		memset(self->arg, 0, IPCX_NAME_SIZE);
		strcpy(self->arg, "/good");
		self->arg[IPCX_NAME_SIZE - 1] = 'x';
		EXPECT_EQ(-EINVAL,
			  t_ioctl(self->w.dev, command(c, c->size), self->arg))
		{
			TH_LOG("%s: junk behind the NUL", c->name);
		}
		self->arg[0] = '\0';
		EXPECT_EQ(-EINVAL,
			  t_ioctl(self->w.dev, command(c, c->size), self->arg))
		{
			TH_LOG("%s: junk behind an empty name", c->name);
		}
	}
}

/* Rows: L4. Classes: V16. */
TEST_F(contract, empty_names_cannot_be_opened_or_unlinked)
{
	struct ipcx_open o = { .rights = IPCX_RIGHT_READ };
	struct ipcx_unlink u = {};

	EXPECT_EQ(-EINVAL, t_ioctl(self->w.dev, IPCX_IOC_OPEN, &o));
	EXPECT_EQ(-EINVAL, t_ioctl(self->w.dev, IPCX_IOC_UNLINK, &u));
	strcpy(u.name, self->w.name);
	EXPECT_EQ(-EINVAL, t_ioctl(self->w.sem, IPCX_IOC_UNLINK, &u));
	EXPECT_EQ(0, t_unlink(self->w.dev, self->w.name));
	EXPECT_EQ(-ENOENT, t_unlink(self->w.dev, self->w.name));
	EXPECT_EQ(-ENOENT, t_unlink(self->w.sem, NULL));
}

/* Rows: L4. Every allowed character, the shortest and the longest name. */
TEST_F(contract, names_of_all_allowed_characters_and_lengths_work)
{
	static const char *const names[] = {
		"/a",
		"/.",
		"/-",
		"/_",
		"/0",
		"/ABCDEFGHIJKLMNOPQRSTUVWXYZ.abcdefghijklmnopqrstuvwxyz",
		"/0123456789._-",
		"/01234567890123456789012345678901234567890123456789012345678"
		"901",
	};
	struct ipcx_sem_create c;
	struct ipcx_stat s;
	unsigned int i;
	int fd, again;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		t_sem_args(&c, names[i], IPCX_SEM_PLAIN, 0, 1);
		c.flags = IPCX_CREATE_F_EXCL;
		fd = t_sem_create(self->w.dev, &c);
		ASSERT_LE(0, fd)
		{
			TH_LOG("%s", names[i]);
		}
		EXPECT_EQ(0, t_stat(fd, &s));
		EXPECT_STREQ(names[i], s.out_name);
		again = t_open(self->w.dev, names[i], IPCX_TYPE_ANY,
			       IPCX_RIGHT_READ);
		EXPECT_LE(0, again);
		close(again);
		close(fd);
		EXPECT_EQ(-ENOENT, t_open(self->w.dev, names[i], IPCX_TYPE_ANY,
					  IPCX_RIGHT_READ));
	}
}

/* Rows: L4. Classes: V6. The descriptor inside a structure is checked too. */
TEST_F(contract, handoff_to_what_is_no_semaphore_gives_nothing)
{
	struct ipcx_sem_handoff h = { .post_units = 1, .wait_units = 1 };
	int memfd = memfd_create("contract", MFD_CLOEXEC);
	int bad[] = { -1, 1 << 20, memfd, self->w.dev, self->w.region };
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		h.wait_fd = bad[i];
		ret = t_ioctl(self->w.sem, IPCX_IOC_SEM_HANDOFF, &h);
		EXPECT_TRUE(ret == -EBADF || (i > 2 && ret == -EXDEV))
		{
			TH_LOG("descriptor %u: %d", i, ret);
		}
		EXPECT_EQ(1, h.post_units);
		EXPECT_EQ(5, t_sem_value(self->w.sem));
	}
	close(memfd);
	h.wait_fd =
		t_reduce(self->w.other, IPCX_RIGHT_WRITE | IPCX_RIGHT_CONTROL);
	EXPECT_EQ(-EACCES, t_ioctl(self->w.sem, IPCX_IOC_SEM_HANDOFF, &h));
	EXPECT_EQ(5, t_sem_value(self->w.sem));
	close(h.wait_fd);
}

/* Rows: H5. */
TEST_F(contract, descriptors_are_close_on_exec)
{
	int reduced = t_reduce(self->w.sem, IPCX_RIGHT_READ);
	int opened = t_open(self->w.dev, self->w.name, IPCX_TYPE_SEM,
			    IPCX_RIGHT_READ);
	int fds[] = { self->w.sem, self->w.region, reduced, opened };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++)
		EXPECT_EQ(FD_CLOEXEC, fcntl(fds[i], F_GETFD));
	close(reduced);
	close(opened);
}

TEST_HARNESS_MAIN
