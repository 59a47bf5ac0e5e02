/* SPDX-License-Identifier: GPL-2.0-only */
/* A small client of the netlink family, for the selftests. */
#ifndef IPCX_NETLINK_H
#define IPCX_NETLINK_H

#include "ipcx_test.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

struct t_netlink {
	int fd;
	int family;
	uint32_t seq;
};

/* One answer, as far as a test asks; present() says what was there. */
struct t_answer {
	uint64_t value[__IPCX_A_COUNT];
	char name[IPCX_NAME_SIZE];
	char queue[32];
	bool present[__IPCX_A_COUNT];
};

static inline bool t_present(const struct t_answer *a, int attr)
{
	return a->present[attr];
}

static inline void t_nl_add(struct nlmsghdr *h, int type, const void *data,
			    size_t size)
{
	struct nlattr *attr =
		(struct nlattr *)((char *)h + NLMSG_ALIGN(h->nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + size;
	memcpy((char *)attr + NLA_HDRLEN, data, size);
	h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

static inline struct nlmsghdr *t_nl_message(void *buf, size_t size, int type,
					    int flags, uint32_t seq, int cmd)
{
	struct nlmsghdr *h = buf;
	struct genlmsghdr *g = NLMSG_DATA(h);

	memset(buf, 0, size);
	h->nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	h->nlmsg_seq = seq;
	g->cmd = cmd;
	g->version = IPCX_GENL_VERSION;
	return h;
}

static inline void t_nl_parse(struct nlmsghdr *h, struct t_answer *a)
{
	char *p = (char *)NLMSG_DATA(h) + GENL_HDRLEN;
	char *end = (char *)h + h->nlmsg_len;

	memset(a, 0, sizeof(*a));
	while (p + NLA_HDRLEN <= end) {
		struct nlattr *attr = (struct nlattr *)p;
		int type = attr->nla_type & NLA_TYPE_MASK;
		size_t size = attr->nla_len - NLA_HDRLEN;
		char *data = p + NLA_HDRLEN;

		if (attr->nla_len < NLA_HDRLEN || p + attr->nla_len > end)
			break;
		if (type < __IPCX_A_COUNT) {
			a->present[type] = true;
			if (type == IPCX_A_NAME)
				snprintf(a->name, sizeof(a->name), "%s", data);
			else if (type == IPCX_A_QUEUE)
				snprintf(a->queue, sizeof(a->queue), "%s",
					 data);
			else
				memcpy(&a->value[type], data,
				       size < 8 ? size : 8);
		}
		p += NLA_ALIGN(attr->nla_len);
	}
}

typedef void (*t_nl_fn)(const struct nlmsghdr *h, void *data);

/* Sends @h and hands each answer to @fn: 0 or the negative errno. */
static inline int t_nl_talk(struct t_netlink *nl, struct nlmsghdr *h,
			    t_nl_fn fn, void *data)
{
	static char buf[1 << 16] __attribute__((aligned(8)));

	if (send(nl->fd, h, h->nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		struct nlmsghdr *r = (struct nlmsghdr *)buf;
		int len;

		if (!(t_poll(nl->fd, POLLIN, T_LONG / T_MSEC) & POLLIN))
			return -ETIMEDOUT;
		len = recv(nl->fd, buf, sizeof(buf), 0);
		if (len < 0)
			return -errno;
		for (; NLMSG_OK(r, (unsigned int)len); r = NLMSG_NEXT(r, len)) {
			if (r->nlmsg_seq != h->nlmsg_seq)
				continue;
			/* Both begin with 0 or the negative errno. */
			if (r->nlmsg_type == NLMSG_ERROR ||
			    r->nlmsg_type == NLMSG_DONE)
				return *(int *)NLMSG_DATA(r);
			fn(r, data);
		}
	}
}

static inline void t_nl_family_id(const struct nlmsghdr *h, void *data)
{
	char *p = (char *)NLMSG_DATA(h) + GENL_HDRLEN;
	char *end = (char *)h + h->nlmsg_len;

	while (p + NLA_HDRLEN <= end) {
		struct nlattr *attr = (struct nlattr *)p;

		if (attr->nla_type == CTRL_ATTR_FAMILY_ID)
			*(int *)data = *(uint16_t *)(p + NLA_HDRLEN);
		p += NLA_ALIGN(attr->nla_len);
	}
}

/* In the network namespace of the caller. */
static inline int t_nl_open(struct t_netlink *nl)
{
	char buf[256] __attribute__((aligned(8)));
	int size = 4 << 20;
	struct nlmsghdr *h;
	int ret;

	memset(nl, 0, sizeof(*nl));
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl->fd < 0)
		return -errno;
	setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	h = t_nl_message(buf, sizeof(buf), GENL_ID_CTRL, NLM_F_ACK, ++nl->seq,
			 CTRL_CMD_GETFAMILY);
	t_nl_add(h, CTRL_ATTR_FAMILY_NAME, IPCX_GENL_NAME,
		 sizeof(IPCX_GENL_NAME));
	ret = t_nl_talk(nl, h, t_nl_family_id, &nl->family);
	if (!ret && !nl->family)
		ret = -ENOENT;
	if (ret)
		close(nl->fd);
	return ret;
}

static inline void t_nl_close(struct t_netlink *nl)
{
	close(nl->fd);
}

struct t_answers {
	struct t_answer *list;
	int room;
	int count;
};

static inline void t_nl_collect(const struct nlmsghdr *h, void *data)
{
	struct t_answers *a = data;

	if (a->count < a->room)
		t_nl_parse((struct nlmsghdr *)h, &a->list[a->count]);
	a->count++;
}

/* One object by its number: 0 or the negative errno. */
static inline int t_nl_get(struct t_netlink *nl, uint32_t id,
			   struct t_answer *answer)
{
	struct t_answers answers = { answer, 1, 0 };
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = t_nl_message(buf, sizeof(buf), nl->family,
					  NLM_F_ACK, ++nl->seq,
					  IPCX_CMD_GET_OBJECT);
	int ret;

	t_nl_add(h, IPCX_A_ID, &id, sizeof(id));
	ret = t_nl_talk(nl, h, t_nl_collect, &answers);
	return ret ? ret : answers.count == 1 ? 0 : -ENODATA;
}

static inline int t_nl_get_name(struct t_netlink *nl, const char *name,
				struct t_answer *answer)
{
	struct t_answers answers = { answer, 1, 0 };
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = t_nl_message(buf, sizeof(buf), nl->family,
					  NLM_F_ACK, ++nl->seq,
					  IPCX_CMD_GET_OBJECT);
	int ret;

	t_nl_add(h, IPCX_A_NAME, name, strlen(name) + 1);
	ret = t_nl_talk(nl, h, t_nl_collect, &answers);
	return ret ? ret : answers.count == 1 ? 0 : -ENODATA;
}

/* How many answers there are, of which the first @room are kept. */
static inline int t_nl_dump(struct t_netlink *nl, int cmd, uint32_t id,
			    struct t_answer *list, int room)
{
	struct t_answers answers = { list, room, 0 };
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = t_nl_message(buf, sizeof(buf), nl->family,
					  NLM_F_DUMP, ++nl->seq, cmd);
	int ret;

	if (id)
		t_nl_add(h, IPCX_A_ID, &id, sizeof(id));
	ret = t_nl_talk(nl, h, t_nl_collect, &answers);
	return ret ? ret : answers.count;
}

#endif /* IPCX_NETLINK_H */
