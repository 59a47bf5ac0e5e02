// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: objects, who holds them, who waits for them.
 */
#include "netlink.h"

#include <linux/cred.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "compat.h"
#include "object.h"
#include "tick.h"

static struct genl_family ipcx_family;

static const struct nla_policy ipcx_policy[IPCX_A_NAME + 1] = {
	[IPCX_A_ID] = { .type = NLA_U32 },
	[IPCX_A_NAME] = { .type = NLA_NUL_STRING, .len = IPCX_NAME_SIZE - 1 },
};

/*
 * Who could not open it for reading does not see it. That goes for who asks, and
 * for who opened the socket: or a program with more rights that lets itself be
 * made to write to a descriptor would ask for whoever gave it the socket.
 */
static bool object_visible(struct ipcx_object *obj,
			   const struct sk_buff *request)
{
	const struct sock *sk = NETLINK_CB(request).sk;
	const struct cred *opener = sk->sk_socket->file->f_cred;
	const struct cred *asking;
	int r;

	r = ipcx_access_object(obj, IPCX_RIGHT_READ, true);
	if (r || opener == current_cred())
		return !r;
	asking = override_creds(opener);
	r = ipcx_access_object(obj, IPCX_RIGHT_READ, true);
	revert_creds(asking);
	return !r;
}

static int put_base_locked(struct sk_buff *skb, struct ipcx_object *obj)
{
	struct user_namespace *user_ns = current_user_ns();
	u32 flags = (obj->persistent ? IPCX_STAT_F_PERSISTENT : 0) |
		    (obj->dead ? IPCX_STAT_F_DEAD : 0) |
		    (obj->named ? IPCX_STAT_F_NAMED : 0);
	struct ipcx_holding *h = NULL;
	u32 holders = 0;

	while ((h = ipcx_ledger_next_locked(&obj->ledger, h)))
		holders += !!obj->type->held(obj, h);
	if (nla_put_u32(skb, IPCX_A_ID, obj->entry.id) ||
	    nla_put_u32(skb, IPCX_A_TYPE, obj->type->id) ||
	    (obj->named &&
	     nla_put_string(skb, IPCX_A_NAME, obj->entry.name.name)) ||
	    nla_put_u32(skb, IPCX_A_UID,
			from_kuid_munged(user_ns, obj->access.uid)) ||
	    nla_put_u32(skb, IPCX_A_GID,
			from_kgid_munged(user_ns, obj->access.gid)) ||
	    nla_put_u32(skb, IPCX_A_MODE, obj->access.mode) ||
	    nla_put_u32(skb, IPCX_A_FLAGS, flags) ||
	    nla_put_u32(skb, IPCX_A_HANDLES, obj->handles) ||
	    nla_put_u32(skb, IPCX_A_HOLDERS, holders) ||
	    nla_put_u32(skb, IPCX_A_WAITERS,
			obj->waitq[0].nr + obj->waitq[1].nr))
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, IPCX_A_BYTES, obj->bytes, IPCX_A_PAD) ||
	    nla_put_u64_64bit(skb, IPCX_A_AGE_NS,
			      ktime_get_boottime_ns() - obj->created,
			      IPCX_A_PAD) ||
	    nla_put_u64_64bit(skb, IPCX_A_LEASE_NS, obj->lease_ns, IPCX_A_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_facts(struct sk_buff *skb, const struct ipcx_facts *facts)
{
	unsigned int i;

	for (i = 0; i < facts->nr; i++)
		if (nla_put_u64_64bit(skb, facts->fact[i].attr,
				      facts->fact[i].value, IPCX_A_PAD))
			return -EMSGSIZE;
	return 0;
}

static int put_object(struct sk_buff *skb, struct ipcx_object *obj, u32 portid,
		      u32 seq, int flags)
{
	struct ipcx_facts facts = {};
	void *head;
	int r;

	head = genlmsg_put(skb, portid, seq, &ipcx_family, flags,
			   IPCX_CMD_GET_OBJECT);
	if (!head)
		return -EMSGSIZE;
	spin_lock(&obj->lock);
	r = put_base_locked(skb, obj);
	obj->type->describe(obj, &facts);
	spin_unlock(&obj->lock);
	if (!r)
		r = put_facts(skb, &facts);
	if (r) {
		genlmsg_cancel(skb, head);
		return r;
	}
	genlmsg_end(skb, head);
	return 0;
}

static struct ipcx_object *object_of_info(struct genl_info *info)
{
	struct ipcx_ns *ns = ipcx_ns_of(genl_info_net(info));
	char name[IPCX_NAME_SIZE] = {};

	if (info->attrs[IPCX_A_ID])
		return ipcx_object_find(ns,
					nla_get_u32(info->attrs[IPCX_A_ID]));
	nla_strscpy(name, info->attrs[IPCX_A_NAME], sizeof(name));
	return ipcx_object_find_name(ns, name);
}

static int nl_get_object(struct sk_buff *skb, struct genl_info *info)
{
	struct ipcx_object *obj;
	struct sk_buff *reply;
	int r = -ENOENT;

	if (!info->attrs[IPCX_A_ID] && !info->attrs[IPCX_A_NAME]) {
		GENL_SET_ERR_MSG(info, "an id or a name is needed");
		return -EINVAL;
	}
	obj = object_of_info(info);
	if (!obj)
		return r;
	ipcx_settle(&obj->ledger);
	if (!object_visible(obj, skb))
		goto out_put;
	r = -ENOMEM;
	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL_ACCOUNT);
	if (!reply)
		goto out_put;
	r = put_object(reply, obj, info->snd_portid, info->snd_seq, 0);
	if (r)
		nlmsg_free(reply);
	else
		r = genlmsg_reply(reply, info);
out_put:
	ipcx_object_put(obj);
	return r;
}

static int nl_dump_objects(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ipcx_ns *ns = ipcx_ns_of(sock_net(skb->sk));
	struct ipcx_object *obj;
	u32 id = cb->args[0];
	int r = 0;

	while ((obj = ipcx_object_next(ns, id))) {
		ipcx_settle(&obj->ledger);
		if (object_visible(obj, cb->skb))
			r = put_object(skb, obj, NETLINK_CB(cb->skb).portid,
				       cb->nlh->nlmsg_seq, NLM_F_MULTI);
		if (!r)
			id = obj->entry.id + 1;
		ipcx_object_put(obj);
		if (r)
			break;
		cond_resched();
	}
	cb->args[0] = id;
	return skb->len;
}

/* The object that a dump of its holders or waiters is about. */
static struct ipcx_object *object_of_dump(struct sk_buff *skb,
					  struct netlink_callback *cb)
{
	struct nlattr *attr = nlmsg_find_attr(cb->nlh, GENL_HDRLEN, IPCX_A_ID);
	struct ipcx_object *obj;

	if (!attr || nla_len(attr) != sizeof(u32)) {
		NL_SET_ERR_MSG(cb->extack, "the id of an object is needed");
		return ERR_PTR(-EINVAL);
	}
	obj = ipcx_object_find(ipcx_ns_of(sock_net(skb->sk)),
			       nla_get_u32(attr));
	if (!obj)
		return ERR_PTR(-ENOENT);
	if (object_visible(obj, cb->skb))
		return obj;
	ipcx_object_put(obj);
	return ERR_PTR(-ENOENT);
}

static void *put_head(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &ipcx_family, NLM_F_MULTI, cmd);
}

static int put_holder_locked(struct sk_buff *skb, struct netlink_callback *cb,
			     struct ipcx_object *obj,
			     const struct ipcx_holding *h)
{
	void *head = put_head(skb, cb, IPCX_CMD_GET_HOLDER);

	if (!head)
		return -EMSGSIZE;
	if (nla_put_u32(skb, IPCX_A_ID, obj->entry.id) ||
	    nla_put_u32(skb, IPCX_A_PID, pid_vnr(h->pid)) ||
	    nla_put_u32(skb, IPCX_A_UNITS, obj->type->held(obj, h)) ||
	    nla_put_u64_64bit(skb, IPCX_A_AGE_NS,
			      h->since ? ktime_get_boottime_ns() - h->since : 0,
			      IPCX_A_PAD) ||
	    nla_put_string(skb, IPCX_A_QUEUE, obj->type->hold_label(obj, h))) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/*
 * A dump goes on where it stopped: args[0] counts those that were told, by
 * their place. The set may change in between, as in any dump.
 */
static int nl_dump_holders(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ipcx_holding *h = NULL;
	struct ipcx_object *obj;
	struct list_head *kept;
	long place = 0;
	int r = 0;

	obj = object_of_dump(skb, cb);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ipcx_settle(&obj->ledger);
	spin_lock(&obj->lock);
	while (!r && (h = ipcx_ledger_next_locked(&obj->ledger, h))) {
		if (!obj->type->held(obj, h) || place++ < cb->args[0])
			continue;
		r = put_holder_locked(skb, cb, obj, h);
		cb->args[0] += !r;
	}
	kept = obj->type->kept ? obj->type->kept(obj) : NULL;
	if (kept) {
		list_for_each_entry(h, kept, node_dead) {
			if (r)
				break;
			if (place++ < cb->args[0])
				continue;
			r = put_holder_locked(skb, cb, obj, h);
			cb->args[0] += !r;
		}
	}
	spin_unlock(&obj->lock);
	ipcx_object_put(obj);
	return skb->len;
}

static int put_waiter_locked(struct sk_buff *skb, struct netlink_callback *cb,
			     u32 id, const struct ipcx_waitq *q,
			     const struct ipcx_wait_entry *e)
{
	struct pid_namespace *pid_ns = task_active_pid_ns(current);
	void *head = put_head(skb, cb, IPCX_CMD_GET_WAITER);
	struct task_struct *task = e->waiter->task;

	if (!head)
		return -EMSGSIZE;
	if (nla_put_u32(skb, IPCX_A_ID, id) ||
	    nla_put_u32(skb, IPCX_A_PID, task_tgid_nr_ns(task, pid_ns)) ||
	    nla_put_u32(skb, IPCX_A_TID, task_pid_nr_ns(task, pid_ns)) ||
	    nla_put_u32(skb, IPCX_A_UNITS, e->units) ||
	    nla_put_u64_64bit(skb, IPCX_A_AGE_NS, ipcx_tick_age_ns(e->start),
			      IPCX_A_PAD) ||
	    nla_put_u32(skb, IPCX_A_PRIO, task->rt_priority) ||
	    nla_put_string(skb, IPCX_A_QUEUE, q->ops->label(e))) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

static int nl_dump_waiters(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ipcx_wait_entry *e;
	struct ipcx_object *obj;
	struct ipcx_waitq *q;
	long place = 0;
	int i, r = 0;

	obj = object_of_dump(skb, cb);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	spin_lock(&obj->lock);
	for (i = 0; i < IPCX_OBJECT_QUEUES; i++) {
		q = &obj->waitq[i];
		e = NULL;
		while (q->ops && !r && (e = ipcx_waitq_next_locked(q, e))) {
			if (place++ < cb->args[0])
				continue;
			r = put_waiter_locked(skb, cb, obj->entry.id, q, e);
			cb->args[0] += !r;
		}
	}
	spin_unlock(&obj->lock);
	ipcx_object_put(obj);
	return skb->len;
}

static const struct genl_small_ops ipcx_ops[] = {
	{
		.cmd = IPCX_CMD_GET_OBJECT,
		.doit = nl_get_object,
		.dumpit = nl_dump_objects,
	},
	{
		.cmd = IPCX_CMD_GET_HOLDER,
		.dumpit = nl_dump_holders,
	},
	{
		.cmd = IPCX_CMD_GET_WAITER,
		.dumpit = nl_dump_waiters,
	},
};

static struct genl_family ipcx_family = {
	.name = IPCX_GENL_NAME,
	.version = IPCX_GENL_VERSION,
	.maxattr = IPCX_A_NAME,
	.policy = ipcx_policy,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.small_ops = ipcx_ops,
	.n_small_ops = ARRAY_SIZE(ipcx_ops),
	/* Reserved bits of all commands are checked. */
	.resv_start_op = IPCX_CMD_GET_OBJECT,
};

/**
 * ipcx_netlink_init() - Register the family
 *
 * Context: Module init.
 * Return: 0 or -errno.
 */
int ipcx_netlink_init(void)
{
	return genl_register_family(&ipcx_family);
}

/**
 * ipcx_netlink_exit() - Unregister the family
 *
 * Context: Module exit.
 */
void ipcx_netlink_exit(void)
{
	genl_unregister_family(&ipcx_family);
}
