// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects, handles and names. Life and locks are described in object.h.
 */
#include "object.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs_struct.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "compat.h"
#include "quota.h"

static struct workqueue_struct *object_wq;
static unsigned int ipcx_net_id;

/**
 * ipcx_ns_of() - The objects of a network namespace
 * @net: Which
 *
 * Context: Any.
 * Return: The namespace's record, which lives as long as @net.
 */
struct ipcx_ns *ipcx_ns_of(struct net *net)
{
	return net_generic(net, ipcx_net_id);
}

static bool name_char_ok(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static bool name_blank(const char *name)
{
	return !memchr_inv(name, 0, IPCX_NAME_SIZE);
}

/* '/', 1 to 62 characters, and NULs to the end of the field. */
static bool name_ok(const char *name)
{
	size_t len = strnlen(name, IPCX_NAME_SIZE);
	size_t i;

	if (len < 2 || len == IPCX_NAME_SIZE || name[0] != '/')
		return false;
	for (i = 1; i < len; i++)
		if (!name_char_ok(name[i]))
			return false;
	return !memchr_inv(name + len, 0, IPCX_NAME_SIZE - len);
}

/**
 * ipcx_create_check() - Check what every creating call says
 * @create: The call; a @rights of 0 is replaced, @named is set
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int ipcx_create_check(struct ipcx_create *create)
{
	create->named = !name_blank(create->name);
	if (create->flags & ~IPCX_CREATE_F_MASK)
		return -EINVAL;
	if (create->named && !name_ok(create->name))
		return -EINVAL;
	if (!create->named && create->flags)
		return -EINVAL;
	if (create->mode & ~0777 || create->rights & ~IPCX_RIGHTS_MASK)
		return -EINVAL;
	if (create->lease_ns && !(create->flags & IPCX_CREATE_F_PERSISTENT))
		return -EINVAL;
	if (create->lease_ns > KTIME_MAX)
		return -EINVAL;
	if (!create->rights)
		create->rights = IPCX_RIGHTS_MASK;
	return 0;
}

static void ledger_get(struct ipcx_ledger *ledger)
{
	ipcx_object_get(container_of(ledger, struct ipcx_object, ledger));
}

static void ledger_put(struct ipcx_ledger *ledger)
{
	ipcx_object_put(container_of(ledger, struct ipcx_object, ledger));
}

static void ledger_gone(struct ipcx_ledger *ledger, u32 id)
{
	struct ipcx_object *obj =
		container_of(ledger, struct ipcx_object, ledger);

	obj->type->gone(obj, id);
}

static const struct ipcx_ledger_ops object_ledger_ops = {
	.get = ledger_get,
	.put = ledger_put,
	.gone = ledger_gone,
};

static void object_lease_work(struct work_struct *work);

/**
 * ipcx_object_alloc() - Make an object
 * @create: What kind
 * @more_bytes: What to charge beside the structure itself
 *
 * The object has one handle, for the caller to turn into a descriptor, and
 * nobody can find it yet. The room fills its own part, then publishes it, or
 * aborts.
 *
 * Context: Sleeps.
 * Return: The object, or an ERR_PTR: -ENOMEM, -EDQUOT, -ENOSPC.
 */
struct ipcx_object *ipcx_object_alloc(const struct ipcx_create *create,
				      u64 more_bytes)
{
	u64 bytes = create->type->size + more_bytes;
	struct ipcx_object *obj;
	struct ipcx_user *user;
	int r;

	user = ipcx_user_current(create->payer);
	if (IS_ERR(user))
		return ERR_CAST(user);
	r = ipcx_charge(user, IPCX_RESOURCE_OBJECTS, 1);
	if (r)
		goto err_user;
	r = ipcx_charge(user, IPCX_RESOURCE_BYTES, bytes);
	if (r)
		goto err_objects;
	r = -ENOMEM;
	obj = kzalloc(create->type->size, GFP_KERNEL_ACCOUNT);
	if (!obj)
		goto err_bytes;

	kref_init(&obj->entry.ref);
	obj->type = create->type;
	spin_lock_init(&obj->lock);
	obj->handles = 1;
	obj->persistent = create->flags & IPCX_CREATE_F_PERSISTENT;
	obj->access.uid = current_fsuid();
	obj->access.gid = current_fsgid();
	obj->access.mode = create->mode & ~current_umask();
	obj->entry.name.ns = create->ns;
	memcpy(obj->entry.name.name, create->name, IPCX_NAME_SIZE);
	ipcx_ledger_init(&obj->ledger, &obj->lock, &object_ledger_ops);
	init_waitqueue_head(&obj->poll);
	obj->user = user;
	obj->bytes = bytes;
	obj->created = ktime_get_boottime_ns();
	obj->lease_ns = create->lease_ns;
	INIT_DELAYED_WORK(&obj->lease, object_lease_work);
	return obj;

err_bytes:
	ipcx_uncharge(user, IPCX_RESOURCE_BYTES, bytes);
err_objects:
	ipcx_uncharge(user, IPCX_RESOURCE_OBJECTS, 1);
err_user:
	ipcx_user_put(user);
	return ERR_PTR(r);
}

/* Was it made with a name? It may have lost it. */
static bool object_has_name(const struct ipcx_object *obj)
{
	return obj->entry.name.name[0];
}

static void object_free(struct kref *ref)
{
	struct ipcx_object *obj =
		container_of(ref, struct ipcx_object, entry.ref);

	WARN_ON_ONCE(!RB_EMPTY_ROOT(&obj->ledger.root));
	if (obj->type->release)
		obj->type->release(obj);
	ipcx_uncharge(obj->user, IPCX_RESOURCE_BYTES, obj->bytes);
	ipcx_uncharge(obj->user, IPCX_RESOURCE_OBJECTS, 1);
	ipcx_user_put(obj->user);
	/* Only what had a name can have been found under RCU. */
	if (object_has_name(obj))
		kfree_rcu(obj, rcu);
	else
		kfree(obj);
}

/**
 * ipcx_object_put() - Give a reference to the memory back
 * @obj: The object
 *
 * Context: May sleep.
 */
void ipcx_object_put(struct ipcx_object *obj)
{
	kref_put(&obj->entry.ref, object_free);
}

/*
 * Take the name out of the table, once; without a name nothing is persistent.
 * True if it was there.
 */
static bool object_unname(struct ipcx_object *obj)
{
	bool named;

	if (!object_has_name(obj))
		return false;
	spin_lock(&obj->lock);
	named = obj->named;
	obj->named = false;
	obj->persistent = false;
	spin_unlock(&obj->lock);
	if (named)
		ipcx_table_del_name(&obj->entry);
	return named;
}

static struct ipcx_object *entry_object(struct ipcx_entry *entry)
{
	return entry ? container_of(entry, struct ipcx_object, entry) : NULL;
}

/**
 * ipcx_object_find() - An object by its number
 * @ns: In which namespace
 * @id: Its number
 *
 * Context: Takes the lock of the namespace.
 * Return: A reference to an object that may be dying, or NULL.
 */
struct ipcx_object *ipcx_object_find(struct ipcx_ns *ns, u32 id)
{
	struct ipcx_object *obj = ipcx_object_next(ns, id);

	if (!obj || obj->entry.id == id)
		return obj;
	ipcx_object_put(obj);
	return NULL;
}

/**
 * ipcx_object_next() - Walk through the objects by number
 * @ns: In which namespace
 * @id: The first number to look at
 *
 * Context: Takes the lock of the namespace.
 * Return: A reference to an object that may be dying, or NULL at the end.
 */
struct ipcx_object *ipcx_object_next(struct ipcx_ns *ns, u32 id)
{
	return entry_object(ipcx_table_next(ns, id));
}

/**
 * ipcx_object_find_name() - An object by its name
 * @ns: In which namespace
 * @name: The name, filled up with NULs
 *
 * Context: Any.
 * Return: A reference to an object that may be dying, or NULL.
 */
struct ipcx_object *ipcx_object_find_name(struct ipcx_ns *ns, const char *name)
{
	return entry_object(ipcx_table_find_name(ns, name));
}

/* A dying object may still stand in the table: then help it out of the way. */
static int object_enter_name(struct ipcx_object *obj)
{
	struct ipcx_object *old;
	bool dead;
	int r;

	for (;;) {
		r = ipcx_table_add_name(&obj->entry);
		if (r != -EEXIST)
			return r;
		old = ipcx_object_find_name(obj->entry.name.ns,
					    obj->entry.name.name);
		if (!old)
			continue;
		spin_lock(&old->lock);
		dead = old->dead;
		spin_unlock(&old->lock);
		if (dead)
			object_unname(old);
		ipcx_object_put(old);
		if (!dead)
			return -EEXIST;
		cond_resched();
	}
}

/*
 * Let others find a new object. The number comes before the name, and the name
 * last; from then on others may use it.
 */
static int object_publish(struct ipcx_object *obj)
{
	int r;

	r = ipcx_table_add(&obj->entry);
	if (r || !object_has_name(obj))
		return r;

	/* Before it can be found, so that nobody sees it without. */
	obj->named = true;
	r = object_enter_name(obj);
	if (r) {
		obj->named = false;
		ipcx_table_del(&obj->entry);
		/* A reader may have got a reference to it by its number. */
		spin_lock(&obj->lock);
		WRITE_ONCE(obj->dead, true);
		obj->retired = true;
		spin_unlock(&obj->lock);
		ipcx_object_put(obj);
	}
	return r;
}

/**
 * ipcx_create_publish() - Let others find a new object
 * @create: The call that made it
 * @obj: The object, whole; thrown away when it cannot be published
 *
 * Context: Sleeps.
 * Return: @obj, NULL when the name was taken meanwhile and may be opened
 * instead, or an ERR_PTR: -EEXIST, -ENOMEM, -ENOSPC.
 */
struct ipcx_object *ipcx_create_publish(const struct ipcx_create *create,
					struct ipcx_object *obj)
{
	int r = object_publish(obj);

	if (!r)
		return obj;
	ipcx_object_put(obj);
	if (r == -EEXIST && !(create->flags & IPCX_CREATE_F_EXCL))
		return NULL;
	return ERR_PTR(r);
}

/**
 * ipcx_create_open() - Open instead of create, where the call allows it
 * @create: The call
 *
 * Context: Sleeps.
 * Return: The object with one handle more, NULL when there is none, or an
 * ERR_PTR of ipcx_object_open().
 */
struct ipcx_object *ipcx_create_open(const struct ipcx_create *create)
{
	struct ipcx_object *obj;

	if (!create->named || create->flags & IPCX_CREATE_F_EXCL)
		return NULL;
	obj = ipcx_object_open(create->ns, create->name, create->type->id,
			       create->rights);
	return obj == ERR_PTR(-ENOENT) ? NULL : obj;
}

/**
 * ipcx_object_hold() - One more handle
 * @obj: An object to which the caller has a reference
 *
 * Context: Takes the object's lock.
 * Return: 0, or -EIDRM when it is dead.
 */
int ipcx_object_hold(struct ipcx_object *obj)
{
	int r = 0;

	spin_lock(&obj->lock);
	if (obj->dead) {
		r = -EIDRM;
	} else {
		obj->handles++;
		ipcx_object_get(obj);
	}
	spin_unlock(&obj->lock);
	return r;
}

/*
 * The first half of death, in one critical section: from here on nobody takes,
 * waits, or becomes a holder. False when the object was dead already.
 */
static bool object_kill_locked(struct ipcx_object *obj)
{
	int i;

	lockdep_assert_held(&obj->lock);

	if (obj->dead)
		return false;
	WRITE_ONCE(obj->dead, true);
	obj->persistent = false;
	obj->ledger.dead = true;
	for (i = 0; i < IPCX_OBJECT_QUEUES; i++)
		obj->waitq[i].dead = -EIDRM;
	if (obj->type->kill)
		obj->type->kill(obj);
	return true;
}

static void object_kill_waiters(struct ipcx_object *obj, struct ipcx_waitq *q)
{
	struct ipcx_wakeups wakeups = {};
	bool more;

	do {
		spin_lock(&obj->lock);
		more = ipcx_waitq_kill_locked(q, -EIDRM, &wakeups);
		spin_unlock(&obj->lock);
		ipcx_wakeups_flush(&wakeups);
		cond_resched();
	} while (more);
}

/* The second half: tell everybody. */
static void object_kill_finish(struct ipcx_object *obj)
{
	int i;

	object_unname(obj);
	/* Nobody enters queue or ledger any more: what is empty stays so. */
	for (i = 0; i < IPCX_OBJECT_QUEUES; i++)
		if (READ_ONCE(obj->waitq[i].nr))
			object_kill_waiters(obj, &obj->waitq[i]);
	ipcx_ledger_clear(&obj->ledger);
	if (obj->type->killed)
		obj->type->killed(obj);
	ipcx_object_wake_pollers(obj, EPOLLHUP | EPOLLERR | EPOLLIN | EPOLLOUT);
}

/**
 * ipcx_object_kill() - The object dies now
 * @obj: The object
 *
 * Idempotent. Every waiter is woken with EIDRM, and so is everybody who comes
 * later; holdings are void.
 *
 * Context: Sleeps. Takes the object's lock.
 */
void ipcx_object_kill(struct ipcx_object *obj)
{
	bool first;

	spin_lock(&obj->lock);
	first = object_kill_locked(obj);
	spin_unlock(&obj->lock);
	if (first)
		object_kill_finish(obj);
}

/* What is left to do for an object after its lock was dropped. */
enum object_end {
	OBJECT_STAYS,
	OBJECT_WAS_DEAD,
	OBJECT_DIES,
};

/* If nothing keeps the object any more: kill it. Exactly one caller does. */
static enum object_end object_retire_locked(struct ipcx_object *obj)
{
	lockdep_assert_held(&obj->lock);

	if (obj->handles || obj->persistent || obj->retired)
		return OBJECT_STAYS;
	obj->retired = true;
	return object_kill_locked(obj) ? OBJECT_DIES : OBJECT_WAS_DEAD;
}

/* Take it out of the table, and give back the reference that the table had. */
static void object_retire_finish(struct ipcx_object *obj, enum object_end end)
{
	if (end == OBJECT_STAYS)
		return;
	if (end == OBJECT_DIES)
		object_kill_finish(obj);
	/*
	 * A pending lease holds a reference; a running one gives its own back.
	 * None is armed any more: see ipcx_object_arm_locked().
	 */
	if (delayed_work_pending(&obj->lease) &&
	    cancel_delayed_work(&obj->lease))
		ipcx_object_put(obj);
	ipcx_table_del(&obj->entry);
	ipcx_object_put(obj);
}

static void object_retire_if_unused(struct ipcx_object *obj)
{
	enum object_end end;

	spin_lock(&obj->lock);
	end = object_retire_locked(obj);
	spin_unlock(&obj->lock);
	object_retire_finish(obj, end);
}

/**
 * ipcx_object_arm_locked() - Let @work run in @ns, and not at another time
 * @obj: The object, to which the caller has a reference
 * @work: Of the object or its room. Pending, it holds a reference, which its
 *	function gives back; so does who cancels it, see &ipcx_type.killed
 * @ns: Nanoseconds from now
 *
 * A dead object's work is not armed any more: so it is either armed before, and
 * found by who cancels it, or not at all.
 *
 * Context: Under the object's lock.
 */
void ipcx_object_arm_locked(struct ipcx_object *obj, struct delayed_work *work,
			    u64 ns)
{
	unsigned long delay =
		min_t(u64, nsecs_to_jiffies64(ns) + 1, MAX_JIFFY_OFFSET);

	lockdep_assert_held(&obj->lock);

	if (obj->dead)
		return;
	ipcx_object_get(obj);
	/* It was pending, with a reference. The last one is the caller's. */
	if (mod_delayed_work(object_wq, work, delay))
		refcount_dec(&obj->entry.ref.refcount);
}

static void object_lease_work(struct work_struct *work)
{
	struct ipcx_object *obj =
		container_of(to_delayed_work(work), struct ipcx_object, lease);
	u64 idle;

	spin_lock(&obj->lock);
	if (!obj->handles && obj->persistent && obj->lease_ns) {
		idle = ktime_get_boottime_ns() - obj->last_use;
		if (idle < obj->lease_ns)
			ipcx_object_arm_locked(obj, &obj->lease,
					       obj->lease_ns - idle);
		else
			obj->persistent = false;
	}
	spin_unlock(&obj->lock);
	object_retire_if_unused(obj);
	ipcx_object_put(obj);
}

/**
 * ipcx_object_unhold() - One handle less
 * @obj: The object, which may die of it
 *
 * Context: Sleeps.
 */
void ipcx_object_unhold(struct ipcx_object *obj)
{
	enum object_end end;

	spin_lock(&obj->lock);
	obj->handles--;
	if (!obj->handles && obj->persistent) {
		obj->last_use = ktime_get_boottime_ns();
		if (obj->lease_ns)
			ipcx_object_arm_locked(obj, &obj->lease, obj->lease_ns);
	}
	end = object_retire_locked(obj);
	spin_unlock(&obj->lock);
	object_retire_finish(obj, end);
	ipcx_object_put(obj);
}

/**
 * ipcx_object_unlink() - Free the name of an object
 * @obj: The object, which is no longer persistent
 *
 * Context: Sleeps.
 * Return: 0, or -ENOENT when it had none.
 */
int ipcx_object_unlink(struct ipcx_object *obj)
{
	if (!object_unname(obj))
		return -ENOENT;
	object_retire_if_unused(obj);
	return 0;
}

/**
 * ipcx_access_object() - May the caller have these rights on the object?
 * @obj: The object
 * @rights: Bits of &enum ipcx_rights
 * @quiet: See ipcx_access_check()
 *
 * Context: Takes the object's lock.
 * Return: 0 or -EACCES.
 */
int ipcx_access_object(struct ipcx_object *obj, u32 rights, bool quiet)
{
	struct ipcx_access access;

	spin_lock(&obj->lock);
	access = obj->access;
	spin_unlock(&obj->lock);
	return ipcx_access_check(&access, rights, ipcx_object_user_ns(obj),
				 quiet);
}

/**
 * ipcx_object_open() - Open by name
 * @ns: In which namespace
 * @name: Name field of a call
 * @type: &enum ipcx_type_id, or IPCX_TYPE_ANY
 * @rights: Wanted
 *
 * Context: Sleeps.
 * Return: The object with one handle more, or an ERR_PTR: -EINVAL, -ENOENT,
 * -EMEDIUMTYPE, -EACCES.
 */
struct ipcx_object *ipcx_object_open(struct ipcx_ns *ns, const char *name,
				     u32 type, u32 rights)
{
	struct ipcx_object *obj;
	int r;

	if (!name_ok(name))
		return ERR_PTR(-EINVAL);
	obj = ipcx_object_find_name(ns, name);
	if (!obj)
		return ERR_PTR(-ENOENT);

	r = -EMEDIUMTYPE;
	if (type != IPCX_TYPE_ANY && type != obj->type->id)
		goto err_put;
	r = ipcx_access_object(obj, rights, false);
	if (r)
		goto err_put;
	/* It has died since it was found: then the name is free. */
	r = ipcx_object_hold(obj) ? -ENOENT : 0;

err_put:
	ipcx_object_put(obj);
	return r ? ERR_PTR(r) : obj;
}

/**
 * ipcx_object_unlink_name() - Free a name
 * @ns: In which namespace
 * @name: Name field of a call
 *
 * Context: Sleeps.
 * Return: 0, -EINVAL, -ENOENT or -EACCES.
 */
int ipcx_object_unlink_name(struct ipcx_ns *ns, const char *name)
{
	struct ipcx_object *obj;
	int r;

	if (!name_ok(name))
		return -EINVAL;
	obj = ipcx_object_find_name(ns, name);
	if (!obj)
		return -ENOENT;
	r = ipcx_access_object(obj, IPCX_RIGHT_CONTROL, false);
	if (!r)
		r = ipcx_object_unlink(obj);
	ipcx_object_put(obj);
	return r;
}

/* Who has set O_ASYNC is told the same. The list has a lock of its own. */
static void object_signal(struct ipcx_object *obj, __poll_t events)
{
	if (events & EPOLLHUP)
		kill_fasync(&obj->fasync, SIGIO, POLL_HUP);
	else if (events & EPOLLIN)
		kill_fasync(&obj->fasync, SIGIO, POLL_IN);
	if (events & EPOLLOUT)
		kill_fasync(&obj->fasync, SIGIO, POLL_OUT);
}

/**
 * ipcx_object_wake_pollers() - Tell pollers that the state changed
 * @obj: The object
 * @events: What may hold now
 *
 * A poller enters the queue before it takes the object's lock to look at the
 * state. The caller has changed the state under that lock. So either the poller
 * looked later, and saw the change; or it looked earlier, and stands in the
 * queue. That is why the test without a barrier is enough.
 *
 * Context: After the object's lock was dropped.
 */
void ipcx_object_wake_pollers(struct ipcx_object *obj, __poll_t events)
{
	/* Without a barrier: see above. */
	if (waitqueue_active(&obj->poll))
		wake_up_interruptible_poll(&obj->poll, events);
	if (unlikely(READ_ONCE(obj->fasync)))
		object_signal(obj, events);
}

static int __net_init ns_init(struct net *net)
{
	ipcx_ns_init(ipcx_ns_of(net), net);
	return 0;
}

/* No handle is left, for each pins the namespace: only persistent objects. */
static void __net_exit ns_exit(struct net *net)
{
	struct ipcx_ns *ns = ipcx_ns_of(net);
	struct ipcx_object *obj;
	u32 id;

	for (id = 0; (obj = ipcx_object_next(ns, id)); id++) {
		id = obj->entry.id;
		ipcx_object_unlink(obj);
		ipcx_object_put(obj);
	}
	/* A lease that is running may be the one that retires the object. */
	flush_workqueue(object_wq);
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&ns->objects));
}

static struct pernet_operations ns_ops = {
	.init = ns_init,
	.exit = ns_exit,
	.id = &ipcx_net_id,
	.size = sizeof(struct ipcx_ns),
};

/**
 * ipcx_object_init() - Make the tables
 *
 * Context: Module init.
 * Return: 0 or -ENOMEM.
 */
int ipcx_object_init(void)
{
	int r = -ENOMEM;

	object_wq = alloc_workqueue("ipcx_objects", WQ_UNBOUND, 0);
	if (!object_wq)
		return r;
	r = ipcx_table_init();
	if (r)
		goto err_wq;
	r = register_pernet_subsys(&ns_ops);
	if (r)
		goto err_names;
	return 0;

err_names:
	ipcx_table_exit();
err_wq:
	destroy_workqueue(object_wq);
	return r;
}

/**
 * ipcx_object_exit() - Free persistent objects and the tables
 *
 * Context: Module exit; no handle is left.
 */
void ipcx_object_exit(void)
{
	unregister_pernet_subsys(&ns_ops);
	ipcx_table_exit();
	destroy_workqueue(object_wq);
	/* For the kfree_rcu() of what went last. */
	rcu_barrier();
}
