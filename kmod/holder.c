// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ledger. How death is seen, and which locks nest, is in holder.h.
 */
#include "holder.h"

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/idr.h>
#include <linux/ipcx.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>

#include "compat.h"
#include "quota.h"

#define PROC_HASH_BITS 10

/* Taken in probes, which run with preemption off also on PREEMPT_RT. */
static DEFINE_RAW_SPINLOCK(procs_lock);
static struct hlist_head procs[1 << PROC_HASH_BITS];
static DEFINE_IDA(proc_ids);

static struct workqueue_struct *death_wq;
static atomic_t deaths_pending;

static struct hlist_head *procs_bucket(const struct pid *pid)
{
	return &procs[hash_ptr(pid, PROC_HASH_BITS)];
}

static struct ipcx_proc *procs_find(const struct pid *pid)
{
	struct ipcx_proc *proc;

	hlist_for_each_entry_rcu(proc, procs_bucket(pid), node,
				 lockdep_is_held(&procs_lock))
		if (proc->pid == pid)
			return proc;
	return NULL;
}

/**
 * ipcx_proc_find() - The record of the calling process
 *
 * Context: Process context.
 * Return: The record, valid to the end of the call, or NULL.
 */
struct ipcx_proc *ipcx_proc_find(void)
{
	struct ipcx_proc *proc;

	rcu_read_lock();
	proc = procs_find(task_tgid(current));
	rcu_read_unlock();
	return proc;
}

static void proc_free(struct ipcx_proc *proc)
{
	ida_free(&proc_ids, proc->id);
	put_pid(proc->pid);
	ipcx_uncharge(proc->user, IPCX_RESOURCE_BYTES, sizeof(*proc));
	ipcx_user_put(proc->user);
	kfree_rcu(proc, rcu);
}

static void proc_work(struct work_struct *work)
{
	struct ipcx_proc *proc = container_of(work, struct ipcx_proc, work);
	struct ipcx_ledger *ledger;
	struct ipcx_holding *h;

	for (;;) {
		spin_lock(&proc->lock);
		h = list_first_entry_or_null(&proc->holdings,
					     struct ipcx_holding, proc_node);
		if (h) {
			ledger = h->ledger;
			ledger->ops->get(ledger);
		}
		spin_unlock(&proc->lock);
		if (!h)
			break;
		/*
		 * The death of its object may unlink @h from here on, so the
		 * room looks it up anew, by the id, under its lock.
		 */
		ledger->ops->gone(ledger, proc->id);
		ledger->ops->put(ledger);
		cond_resched();
	}
	proc_free(proc);
	atomic_dec(&deaths_pending);
}

static struct ipcx_proc *proc_new(void)
{
	struct ipcx_user *user;
	struct ipcx_proc *proc;
	int r;

	user = ipcx_user_current(NULL);
	if (IS_ERR(user))
		return ERR_CAST(user);
	r = ipcx_charge(user, IPCX_RESOURCE_BYTES, sizeof(*proc));
	if (r)
		goto err_user;
	r = -ENOMEM;
	proc = kzalloc(sizeof(*proc), GFP_KERNEL_ACCOUNT);
	if (!proc)
		goto err_uncharge;
	/* The last id stands in lock words for "kept for a dead process". */
	r = ida_alloc_range(&proc_ids, 1, IPCX_LOCK_WORD_HOLDER - 1,
			    GFP_KERNEL_ACCOUNT);
	if (r < 0)
		goto err_free;
	proc->id = r;
	proc->user = user;
	proc->pid = get_pid(task_tgid(current));
	spin_lock_init(&proc->lock);
	INIT_LIST_HEAD(&proc->holdings);
	INIT_WORK(&proc->work, proc_work);
	return proc;

err_free:
	kfree(proc);
err_uncharge:
	ipcx_uncharge(user, IPCX_RESOURCE_BYTES, sizeof(*proc));
err_user:
	ipcx_user_put(user);
	return ERR_PTR(r);
}

static struct ipcx_proc *proc_get_current(void)
{
	struct ipcx_proc *proc, *fresh;

	proc = ipcx_proc_find();
	if (proc)
		return proc;
	fresh = proc_new();
	if (IS_ERR(fresh))
		return fresh;

	/* Another thread may have been faster. */
	raw_spin_lock(&procs_lock);
	proc = procs_find(fresh->pid);
	if (!proc)
		hlist_add_head_rcu(&fresh->node, procs_bucket(fresh->pid));
	raw_spin_unlock(&procs_lock);

	if (!proc)
		return fresh;
	proc_free(fresh);
	return proc;
}

/**
 * ipcx_ledger_init() - Make an empty ledger
 * @ledger: The ledger
 * @lock: The lock of the object
 * @ops: What the object does
 *
 * Context: Before the object is published.
 */
void ipcx_ledger_init(struct ipcx_ledger *ledger, spinlock_t *lock,
		      const struct ipcx_ledger_ops *ops)
{
	ledger->root = RB_ROOT;
	ledger->lock = lock;
	ledger->ops = ops;
}

/**
 * ipcx_holding_find_locked() - A holding by the id of the process record
 * @ledger: Where
 * @id: Whose
 *
 * Context: Under the object's lock.
 * Return: The holding or NULL.
 */
struct ipcx_holding *ipcx_holding_find_locked(struct ipcx_ledger *ledger,
					      u32 id)
{
	struct rb_node *node = ledger->root.rb_node;
	struct ipcx_holding *h;

	lockdep_assert_held(ledger->lock);

	while (node) {
		h = rb_entry(node, struct ipcx_holding, node);
		if (id == h->id)
			return h;
		node = id < h->id ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/**
 * ipcx_holding_dead_locked() - The holding of a process that has died
 * @ledger: Where
 * @id: Its id
 *
 * Two may be on their way to carry out the same death, the work item and
 * ipcx_settle(). When the second one comes, the id may have gone to a process
 * that lives, and that holds something of the same object.
 *
 * Context: Under the object's lock.
 * Return: The holding, or NULL when that death has had its consequences.
 */
struct ipcx_holding *ipcx_holding_dead_locked(struct ipcx_ledger *ledger,
					      u32 id)
{
	struct ipcx_holding *h = ipcx_holding_find_locked(ledger, id);

	return h && READ_ONCE(h->proc->dead) ? h : NULL;
}

/**
 * ipcx_holding_current_locked() - The holding of the calling process
 * @ledger: Where
 *
 * Context: Under the object's lock, in the process.
 * Return: The holding or NULL.
 */
struct ipcx_holding *ipcx_holding_current_locked(struct ipcx_ledger *ledger)
{
	struct ipcx_proc *proc = ipcx_proc_find();

	return proc ? ipcx_holding_find_locked(ledger, proc->id) : NULL;
}

static bool holding_node_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct ipcx_holding, node)->id <
	       rb_entry(b, struct ipcx_holding, node)->id;
}

static void holding_link_locked(struct ipcx_holding *h)
{
	lockdep_assert_held(h->ledger->lock);

	rb_add(&h->node, &h->ledger->root, holding_node_before);
	spin_lock(&h->proc->lock);
	list_add_tail(&h->proc_node, &h->proc->holdings);
	spin_unlock(&h->proc->lock);
}

static struct ipcx_holding *holding_new(struct ipcx_ledger *ledger,
					struct ipcx_proc *proc)
{
	struct ipcx_holding *h;
	int r;

	r = ipcx_charge(proc->user, IPCX_RESOURCE_BYTES, sizeof(*h));
	if (r)
		return ERR_PTR(r);
	h = kzalloc(sizeof(*h), GFP_KERNEL_ACCOUNT);
	if (!h) {
		ipcx_uncharge(proc->user, IPCX_RESOURCE_BYTES, sizeof(*h));
		return ERR_PTR(-ENOMEM);
	}
	h->ledger = ledger;
	h->proc = proc;
	h->pid = get_pid(proc->pid);
	h->id = proc->id;
	h->user = ipcx_user_get(proc->user);
	INIT_LIST_HEAD(&h->node_dead);
	return h;
}

/**
 * ipcx_holding_pin() - Find or make the holding of the calling process
 * @ledger: Where
 *
 * Comes before the attempt to take, so that taking cannot fail for want of
 * memory. The holding stays until it is unpinned, although it may be empty.
 *
 * Context: Sleeps. Takes the object's lock.
 * Return: The holding, or an ERR_PTR: -EIDRM, -ENOMEM, -EDQUOT, -ENOSPC.
 */
struct ipcx_holding *ipcx_holding_pin(struct ipcx_ledger *ledger)
{
	struct ipcx_holding *h, *fresh;
	struct ipcx_proc *proc;

	proc = proc_get_current();
	if (IS_ERR(proc))
		return ERR_CAST(proc);

	spin_lock(ledger->lock);
	h = ipcx_holding_find_locked(ledger, proc->id);
	if (h)
		h->pins++;
	spin_unlock(ledger->lock);
	if (h)
		return h;

	fresh = holding_new(ledger, proc);
	if (IS_ERR(fresh))
		return fresh;
	spin_lock(ledger->lock);
	h = ipcx_holding_find_locked(ledger, proc->id);
	if (!h && ledger->dead) {
		h = ERR_PTR(-EIDRM);
	} else if (!h) {
		h = fresh;
		fresh = NULL;
		holding_link_locked(h);
	}
	if (!IS_ERR(h))
		h->pins++;
	spin_unlock(ledger->lock);
	ipcx_holding_free(fresh);
	return h;
}

/**
 * ipcx_holding_unpin() - The call that may take is over
 * @h: What ipcx_holding_pin() gave
 *
 * An empty holding stays, so that taking and giving in turn need no memory; it
 * goes by ipcx_holding_tidy(), by death, or with the object. A holding of an
 * object that has died in the meantime goes with the last pin.
 *
 * Context: Takes the object's lock.
 */
void ipcx_holding_unpin(struct ipcx_holding *h)
{
	struct ipcx_ledger *ledger = h->ledger;
	bool last;

	spin_lock(ledger->lock);
	last = !--h->pins && RB_EMPTY_NODE(&h->node);
	spin_unlock(ledger->lock);
	if (last)
		ipcx_holding_free(h);
}

/**
 * ipcx_holding_tidy() - Drop the caller's holding if it is empty
 * @ledger: Where
 *
 * Called when the process closes a handle.
 *
 * Context: Takes the object's lock.
 */
void ipcx_holding_tidy(struct ipcx_ledger *ledger)
{
	struct ipcx_holding *h;

	spin_lock(ledger->lock);
	h = ipcx_holding_current_locked(ledger);
	if (h && !h->units && !h->pins && !h->mode)
		ipcx_holding_unlink_locked(h);
	else
		h = NULL;
	spin_unlock(ledger->lock);
	if (h)
		ipcx_holding_free(h);
}

/**
 * ipcx_holding_unlink_locked() - Take a holding out of the ledger
 * @h: Which
 *
 * Context: Under the object's lock. The caller frees @h, or keeps it.
 */
void ipcx_holding_unlink_locked(struct ipcx_holding *h)
{
	lockdep_assert_held(h->ledger->lock);

	rb_erase(&h->node, &h->ledger->root);
	RB_CLEAR_NODE(&h->node);
	spin_lock(&h->proc->lock);
	list_del(&h->proc_node);
	if (h->proc->inbox == h)
		h->proc->inbox = NULL;
	spin_unlock(&h->proc->lock);
	h->proc = NULL;
}

/**
 * ipcx_holding_free() - Free a holding that is in no ledger
 * @h: Which, or NULL
 *
 * Context: Without locks.
 */
void ipcx_holding_free(struct ipcx_holding *h)
{
	if (!h)
		return;
	put_pid(h->pid);
	ipcx_uncharge(h->user, IPCX_RESOURCE_BYTES, sizeof(*h));
	ipcx_user_put(h->user);
	kfree(h);
}

/**
 * ipcx_ledger_clear() - Remove every holding of a dying object
 * @ledger: Its ledger
 *
 * The object has marked the ledger as dead under its lock, so it gets no new
 * ones. A holding that is pinned by a call is freed by that call.
 *
 * Context: Takes the object's lock.
 */
void ipcx_ledger_clear(struct ipcx_ledger *ledger)
{
	struct ipcx_holding *h;
	bool pinned;

	for (;;) {
		spin_lock(ledger->lock);
		h = ipcx_ledger_next_locked(ledger, NULL);
		if (h) {
			ipcx_holding_unlink_locked(h);
			pinned = h->pins;
		}
		spin_unlock(ledger->lock);
		if (!h)
			return;
		if (!pinned)
			ipcx_holding_free(h);
	}
}

/* The first holding with an id above @id whose holder is dead. */
static u32 ledger_dead_above(struct ipcx_ledger *ledger, u32 id)
{
	struct ipcx_holding *h = NULL;
	u32 found = 0;

	spin_lock(ledger->lock);
	while (!found && (h = ipcx_ledger_next_locked(ledger, h)))
		if (h->id > id && READ_ONCE(h->proc->dead))
			found = h->id;
	spin_unlock(ledger->lock);
	return found;
}

/**
 * ipcx_settle() - Let the deaths so far have their consequences for an object
 * @ledger: Its ledger
 *
 * Does for this object what the work items of the dead would do later. So nobody
 * waits for the holdings that others have elsewhere, however many those are.
 *
 * Context: Sleeps. Takes the object's lock.
 */
void ipcx_settle(struct ipcx_ledger *ledger)
{
	u32 id = 0;

	if (!atomic_read(&deaths_pending))
		return;
	while ((id = ledger_dead_above(ledger, id))) {
		ledger->ops->gone(ledger, id);
		cond_resched();
	}
}

/**
 * ipcx_inbox_set() - Make a holding the inbox of its process
 * @h: Of the calling process, which has pinned it
 *
 * It stays that until it leaves the ledger.
 *
 * Context: Takes the object's lock.
 * Return: 0, -EEXIST when the process has one, -EIDRM when the object is dead.
 */
int ipcx_inbox_set(struct ipcx_holding *h)
{
	struct ipcx_ledger *ledger = h->ledger;
	struct ipcx_proc *proc;
	int r = -EIDRM;

	spin_lock(ledger->lock);
	proc = h->proc;
	if (proc) {
		spin_lock(&proc->lock);
		r = proc->inbox ? -EEXIST : 0;
		if (!r)
			proc->inbox = h;
		spin_unlock(&proc->lock);
	}
	if (!r)
		h->units = 1;
	spin_unlock(ledger->lock);
	return r;
}

/**
 * ipcx_inbox_get() - Find the inbox of a process
 * @pid: Of the process
 *
 * The reference is had while the holding stands in the list of the process: see
 * "Locks" above for why the object exists then.
 *
 * Context: Any that may take the lock of a record.
 * Return: Its ledger, with a reference to the object, which may be dying; or
 * NULL when there is none, or the process is dead.
 */
struct ipcx_ledger *ipcx_inbox_get(const struct pid *pid)
{
	struct ipcx_ledger *ledger = NULL;
	struct ipcx_proc *proc;

	rcu_read_lock();
	proc = procs_find(pid);
	if (proc) {
		spin_lock(&proc->lock);
		if (proc->inbox) {
			ledger = proc->inbox->ledger;
			ledger->ops->get(ledger);
		}
		spin_unlock(&proc->lock);
	}
	rcu_read_unlock();
	return ledger;
}

static void proc_died(const struct pid *pid)
{
	struct ipcx_proc *proc;

	raw_spin_lock(&procs_lock);
	proc = procs_find(pid);
	if (proc) {
		hlist_del_init_rcu(&proc->node);
		WRITE_ONCE(proc->dead, true);
		atomic_inc(&deaths_pending);
		queue_work(death_wq, &proc->work);
	}
	raw_spin_unlock(&procs_lock);
}

/* Most processes hold nothing: look before locking. */
static void proc_maybe_died(const struct pid *pid)
{
	bool known;

	rcu_read_lock();
	known = procs_find(pid);
	rcu_read_unlock();
	if (known)
		proc_died(pid);
}

static void probe_exit(COMPAT_PROBE_EXIT_ARGS)
{
	if (!atomic_read(&task->signal->live))
		proc_maybe_died(task_tgid(task));
}

static void probe_exec(void *data, struct task_struct *task, pid_t old_pid,
		       struct linux_binprm *bprm)
{
	proc_maybe_died(task_tgid(task));
}

static struct tracepoint *tp_exit, *tp_exec;

static void tracepoint_match(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sched_process_exit"))
		tp_exit = tp;
	else if (!strcmp(tp->name, "sched_process_exec"))
		tp_exec = tp;
}

/**
 * ipcx_holder_init() - Begin to watch for deaths
 *
 * Context: Module init.
 * Return: 0, -ENOMEM, or -EOPNOTSUPP on a kernel without tracepoints.
 */
int ipcx_holder_init(void)
{
	int r;

	death_wq = alloc_workqueue("ipcx_death", WQ_UNBOUND, 0);
	if (!death_wq)
		return -ENOMEM;

	r = -EOPNOTSUPP;
	for_each_kernel_tracepoint(tracepoint_match, NULL);
	if (!tp_exit || !tp_exec) {
		pr_err("ipcx: this kernel has no tracepoints for exit and exec\n");
		goto err_wq;
	}
	r = tracepoint_probe_register(tp_exit, probe_exit, NULL);
	if (r)
		goto err_wq;
	r = tracepoint_probe_register(tp_exec, probe_exec, NULL);
	if (r)
		goto err_exit;
	return 0;

err_exit:
	tracepoint_probe_unregister(tp_exit, probe_exit, NULL);
	tracepoint_synchronize_unregister();
err_wq:
	destroy_workqueue(death_wq);
	return r;
}

/*
 * Records of processes that live but hold nothing any more are still in the
 * hash when the module goes. Nobody can find them once the probes are gone.
 */
static void procs_drop(void)
{
	struct hlist_node *next;
	struct ipcx_proc *proc;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(procs); i++) {
		hlist_for_each_entry_safe(proc, next, &procs[i], node) {
			hlist_del_init_rcu(&proc->node);
			WARN_ON_ONCE(!list_empty(&proc->holdings));
			proc_free(proc);
		}
	}
}

/**
 * ipcx_holder_exit() - Stop watching
 *
 * Context: Module exit; no handle and no object is left.
 */
void ipcx_holder_exit(void)
{
	tracepoint_probe_unregister(tp_exec, probe_exec, NULL);
	tracepoint_probe_unregister(tp_exit, probe_exit, NULL);
	tracepoint_synchronize_unregister();
	destroy_workqueue(death_wq);
	procs_drop();
	ida_destroy(&proc_ids);
}
