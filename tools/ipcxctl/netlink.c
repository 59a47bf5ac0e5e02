// SPDX-License-Identifier: GPL-2.0-or-later
/* The only place that knows netlink: requests, answers, errors. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "netlink.h"

/* A dump that something changed under is asked for again, this often. */
#define DUMP_TRIES 8

struct exchange {
	struct nl_sock *sock;
	struct nl_cb *cb;
	int family;
	struct records records;
	int error; /* -errno */
	bool done;
};

static struct nla_policy policy[__IPCX_A_COUNT];

static void policy_set(int first, int last, uint16_t type)
{
	while (first <= last)
		policy[first++].type = type;
}

static void policy_init(void)
{
	policy_set(IPCX_A_ID, IPCX_A_TYPE, NLA_U32);
	policy_set(IPCX_A_NAME, IPCX_A_NAME, NLA_STRING);
	policy_set(IPCX_A_UID, IPCX_A_WAITERS, NLA_U32);
	policy_set(IPCX_A_BYTES, IPCX_A_LEASE_NS, NLA_U64);
	policy_set(IPCX_A_PID, IPCX_A_PRIO, NLA_U32);
	policy_set(IPCX_A_QUEUE, IPCX_A_QUEUE, NLA_STRING);
	policy_set(IPCX_A_SEM_VALUE, IPCX_A_SEM_DEATHS, NLA_U64);
	policy_set(IPCX_A_REGION_SIZE, IPCX_A_REGION_INCONSISTENT, NLA_U64);
	policy_set(IPCX_A_MAILBOX_MESSAGES, IPCX_A_MAILBOX_FLAGS, NLA_U64);
	policy_set(IPCX_A_CHANNEL_CAPACITY, IPCX_A_CHANNEL_FLAGS, NLA_U64);
}

static void record_fill(struct record *record, struct nlattr **attrs)
{
	int i;

	memset(record, 0, sizeof(*record));
	for (i = 0; i < __IPCX_A_COUNT; i++) {
		if (!attrs[i])
			continue;
		if (policy[i].type == NLA_U32)
			record->value[i] = nla_get_u32(attrs[i]);
		else if (policy[i].type == NLA_U64)
			record->value[i] = nla_get_u64(attrs[i]);
	}
	if (attrs[IPCX_A_NAME])
		nla_strlcpy(record->name, attrs[IPCX_A_NAME],
			    sizeof(record->name));
	if (attrs[IPCX_A_QUEUE])
		nla_strlcpy(record->queue, attrs[IPCX_A_QUEUE],
			    sizeof(record->queue));
}

static int on_record(struct nl_msg *nlmsg, void *arg)
{
	struct nlattr *attrs[__IPCX_A_COUNT];
	struct exchange *exchange = arg;
	struct records *records = &exchange->records;
	struct record *items;

	if (genlmsg_parse(nlmsg_hdr(nlmsg), 0, attrs, __IPCX_A_COUNT - 1,
			  policy) < 0) {
		exchange->error = -EPROTO;
		return NL_SKIP;
	}
	items = reallocarray(records->items, records->count + 1,
			     sizeof(*items));
	if (!items) {
		exchange->error = -ENOMEM;
		return NL_SKIP;
	}
	records->items = items;
	record_fill(&items[records->count++], attrs);
	return NL_OK;
}

/* The end of a dump; an error in the middle of it is told here. */
static int on_finish(struct nl_msg *nlmsg, void *arg)
{
	const struct nlmsghdr *header = nlmsg_hdr(nlmsg);
	struct exchange *exchange = arg;
	int error = 0;

	if (nlmsg_datalen(header) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(header), sizeof(error));
	if (error < 0)
		exchange->error = error;
	exchange->done = true;
	return NL_OK;
}

static int on_ack(struct nl_msg *nlmsg, void *arg)
{
	struct exchange *exchange = arg;

	(void)nlmsg;
	exchange->done = true;
	return NL_STOP;
}

/* libnl's own codes would forget which errno it was. */
static int on_error(struct sockaddr_nl *peer, struct nlmsgerr *answer,
		    void *arg)
{
	struct exchange *exchange = arg;

	(void)peer;
	exchange->error = answer->error;
	exchange->done = true;
	return NL_STOP;
}

static int from_libnl(int r)
{
	switch (-r) {
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EACCES;
	case NLE_INTR:
		return -EINTR;
	default:
		return -EIO;
	}
}

static void exchange_close(struct exchange *exchange)
{
	nl_cb_put(exchange->cb);
	nl_socket_free(exchange->sock);
}

static int exchange_open(struct exchange *exchange)
{
	int r;

	memset(exchange, 0, sizeof(*exchange));
	policy_init();
	exchange->sock = nl_socket_alloc();
	exchange->cb = nl_cb_alloc(NL_CB_DEFAULT);
	if (!exchange->sock || !exchange->cb) {
		r = -ENOMEM;
		goto err_close;
	}
	nl_cb_set(exchange->cb, NL_CB_VALID, NL_CB_CUSTOM, on_record, exchange);
	nl_cb_set(exchange->cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish,
		  exchange);
	nl_cb_set(exchange->cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, exchange);
	nl_cb_err(exchange->cb, NL_CB_CUSTOM, on_error, exchange);

	r = genl_connect(exchange->sock);
	if (r < 0) {
		r = from_libnl(r);
		goto err_close;
	}
	r = genl_ctrl_resolve(exchange->sock, IPCX_GENL_NAME);
	if (r < 0) {
		r = from_libnl(r);
		goto err_close;
	}
	exchange->family = r;
	return 0;

err_close:
	exchange_close(exchange);
	return r;
}

static int send_request(struct exchange *exchange, uint8_t command, int flags,
			const char *name, uint32_t id)
{
	struct nl_msg *nlmsg = nlmsg_alloc();
	int r = -ENOMEM;

	if (!nlmsg)
		return -ENOMEM;
	if (!genlmsg_put(nlmsg, NL_AUTO_PORT, NL_AUTO_SEQ, exchange->family, 0,
			 flags, command, IPCX_GENL_VERSION))
		goto out_free;
	if (name && nla_put_string(nlmsg, IPCX_A_NAME, name) < 0)
		goto out_free;
	if (id && nla_put_u32(nlmsg, IPCX_A_ID, id) < 0)
		goto out_free;
	r = nl_send_auto(exchange->sock, nlmsg);
	r = r < 0 ? from_libnl(r) : 0;

out_free:
	nlmsg_free(nlmsg);
	return r;
}

/* One request and its whole answer; -EAGAIN: things changed meanwhile. */
static int transact(struct exchange *exchange, uint8_t command, int flags,
		    const char *name, uint32_t id)
{
	bool changed = false;
	int r;

	exchange->done = false;
	exchange->error = 0;
	r = send_request(exchange, command, flags, name, id);
	if (r < 0)
		return r;
	while (!exchange->done) {
		r = nl_recvmsgs(exchange->sock, exchange->cb);
		if (r == -NLE_DUMP_INTR)
			changed = true;
		else if (r < 0 && !exchange->done)
			return from_libnl(r);
	}
	if (exchange->error)
		return exchange->error;
	return changed ? -EAGAIN : 0;
}

static int dump(uint8_t command, uint32_t id, struct records *ret)
{
	struct exchange exchange;
	int tries, r;

	r = exchange_open(&exchange);
	if (r < 0)
		return r;
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		records_free(&exchange.records);
		r = transact(&exchange, command, NLM_F_DUMP, NULL, id);
		if (r != -EAGAIN)
			break;
	}
	/* On a busy system the last try has to do: each record is true. */
	if (r == -EAGAIN)
		r = 0;
	if (r < 0)
		records_free(&exchange.records);
	else
		*ret = exchange.records;
	exchange_close(&exchange);
	return r;
}

int netlink_objects(struct records *ret)
{
	return dump(IPCX_CMD_GET_OBJECT, 0, ret);
}

int netlink_holders(uint32_t id, struct records *ret)
{
	return dump(IPCX_CMD_GET_HOLDER, id, ret);
}

int netlink_waiters(uint32_t id, struct records *ret)
{
	return dump(IPCX_CMD_GET_WAITER, id, ret);
}

int netlink_object(const char *name, uint32_t id, struct record *ret)
{
	struct exchange exchange;
	int r;

	r = exchange_open(&exchange);
	if (r < 0)
		return r;
	r = transact(&exchange, IPCX_CMD_GET_OBJECT, 0, name, id);
	if (r == 0 && exchange.records.count != 1)
		r = -EPROTO;
	if (r == 0)
		*ret = exchange.records.items[0];
	records_free(&exchange.records);
	exchange_close(&exchange);
	return r;
}

void records_free(struct records *records)
{
	free(records->items);
	records->items = NULL;
	records->count = 0;
}
