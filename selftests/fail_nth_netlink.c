// SPDX-License-Identifier: GPL-2.0-only
/* Fail the n-th: every command of the netlink family, asked and answered. */
#define T_WITHOUT_TESTS
#include "fault.h"
#include "ipcx_netlink.h"

static struct t_netlink nl;
static char request[256] __attribute__((aligned(8)));
static char answer[1 << 15] __attribute__((aligned(8)));
static uint32_t about; /* the number of the object that is asked for */
static int objects; /* how many answers told of it */

static int ask(struct fault_world *w, int object, int cmd, int flags,
	       bool with_id)
{
	struct ipcx_stat s;
	int ret = t_stat(w->obj[object], &s);
	struct nlmsghdr *h;

	w->on = w->obj[object];
	about = s.out_id;
	ret = ret ?: t_nl_open(&nl);
	if (ret)
		return ret;
	h = t_nl_message(request, sizeof(request), nl.family, flags, ++nl.seq,
			 cmd);
	if (with_id)
		t_nl_add(h, IPCX_A_ID, &about, sizeof(about));
	return 0;
}

static int prepare_get(struct fault_world *w)
{
	return ask(w, FAULT_OWNED, IPCX_CMD_GET_OBJECT, NLM_F_ACK, true);
}

static int prepare_get_region(struct fault_world *w)
{
	return ask(w, FAULT_REGION, IPCX_CMD_GET_OBJECT, NLM_F_ACK, true);
}

static int prepare_get_name(struct fault_world *w)
{
	int ret = ask(w, FAULT_PLAIN, IPCX_CMD_GET_OBJECT, NLM_F_ACK, false);

	t_nl_add((struct nlmsghdr *)request, IPCX_A_NAME, w->name,
		 strlen(w->name) + 1);
	return ret;
}

/* There is none, which is told in an answer of its own. */
static int prepare_get_nothing(struct fault_world *w)
{
	int ret = ask(w, FAULT_PLAIN, IPCX_CMD_GET_OBJECT, NLM_F_ACK, false);

	t_nl_add((struct nlmsghdr *)request, IPCX_A_NAME, w->other_name,
		 strlen(w->other_name) + 1);
	return ret;
}

static int prepare_dump(struct fault_world *w)
{
	return ask(w, FAULT_LOCK, IPCX_CMD_GET_OBJECT, NLM_F_DUMP, false);
}

static int prepare_holders(struct fault_world *w)
{
	int ret = ask(w, FAULT_OWNED, IPCX_CMD_GET_HOLDER, NLM_F_DUMP, true);

	return ret ?: t_sem_p(w->on, 1, 0);
}

static void *sleep_on(void *fd)
{
	t_sem_p((intptr_t)fd, 6, t_soon());
	return NULL;
}

static pthread_t sleeper;

static int prepare_waiters(struct fault_world *w)
{
	int ret = ask(w, FAULT_OTHER, IPCX_CMD_GET_WAITER, NLM_F_DUMP, true);

	if (ret ||
	    pthread_create(&sleeper, NULL, sleep_on, (void *)(intptr_t)w->on))
		return -EPROTO;
	return T_UNTIL(t_waiters(w->on) == 1) ? 0 : -ETIMEDOUT;
}

/* Looks through one datagram: 1 to go on, else the result of the whole. */
static int answers(const struct nlmsghdr *h, unsigned int len)
{
	struct t_answer a;

	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
			return *(int *)NLMSG_DATA(h);
		t_nl_parse((struct nlmsghdr *)h, &a);
		objects += a.value[IPCX_A_ID] == about;
	}
	return 1;
}

/* Everything is there when send() returns, or comes with recv() itself. */
static int run_talk(struct fault_world *w T_UNUSED)
{
	struct nlmsghdr *h = (struct nlmsghdr *)request;
	int len, ret = 1;

	objects = 0;
	if (send(nl.fd, request, h->nlmsg_len, 0) < 0)
		return -errno;
	while (ret == 1) {
		len = recv(nl.fd, answer, sizeof(answer), MSG_DONTWAIT);
		if (len < 0)
			return -errno;
		ret = answers((struct nlmsghdr *)answer, len);
	}
	return ret;
}

static bool verify_told(struct fault_world *w T_UNUSED)
{
	return objects == 1;
}

static void clean_socket(struct fault_world *w T_UNUSED)
{
	t_nl_close(&nl);
}

static void clean_holders(struct fault_world *w)
{
	t_sem_v(w->on, 1);
	clean_socket(w);
}

static void clean_waiters(struct fault_world *w)
{
	t_sem_v(w->on, 1);
	t_join(sleeper);
	t_sem_v(w->on, 5);
	clean_socket(w);
}

#define TALK(text, make, ...)                                                 \
	{                                                                     \
		.name = "netlink: " text, .prepare = prepare_##make,          \
		.run = run_talk, .also = { -ENOBUFS }, .clean = clean_socket, \
		__VA_ARGS__                                                   \
	}

static const struct fault_op ops[] = {
	TALK("a semaphore", get, .verify = verify_told),
	TALK("a region", get_region, .verify = verify_told),
	TALK("a name", get_name, .verify = verify_told),
	TALK("a name that is not there", get_nothing, .expect = -ENOENT),
	TALK("all objects", dump, .verify = verify_told),
	TALK("holders", holders, .verify = verify_told, .clean = clean_holders),
	TALK("waiters", waiters, .verify = verify_told, .clean = clean_waiters),
};

const struct fault_table fault_netlinks = { ops, ARRAY_SIZE(ops) };
