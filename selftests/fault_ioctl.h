/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tables of ioctls for the sweeps have in common. */
#ifndef IPCX_FAULT_IOCTL_H
#define IPCX_FAULT_IOCTL_H

#include "fault.h"

#include <linux/securebits.h>

#define ARG(w, type) ((struct type *)(w)->arg)

static inline int on_dev(struct fault_world *w)
{
	memset(w->arg, 0, sizeof(w->arg));
	w->on = w->dev;
	return 0;
}

static inline int on(struct fault_world *w, int object)
{
	memset(w->arg, 0, sizeof(w->arg));
	w->on = w->obj[object];
	return w->on < 0 ? w->on : 0;
}

static inline int on_plain(struct fault_world *w)
{
	return on(w, FAULT_PLAIN);
}

static inline int on_owned(struct fault_world *w)
{
	return on(w, FAULT_OWNED);
}

static inline int on_lock(struct fault_world *w)
{
	return on(w, FAULT_LOCK);
}

static inline int on_region(struct fault_world *w)
{
	return on(w, FAULT_REGION);
}

/* Another user, of whom ipcx knows nothing; but still with all capabilities. */
static inline int enter_as_other_user(struct fault_world *w T_UNUSED)
{
	prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
	return setresuid(4242, 4242, 4242);
}

static inline void clean_extra(struct fault_world *w)
{
	if (w->obj[FAULT_EXTRA] >= 0)
		close(w->obj[FAULT_EXTRA]);
	w->obj[FAULT_EXTRA] = -1;
}

static inline bool is_open(int fd, unsigned int rights)
{
	struct ipcx_stat s;

	return fd >= 0 && !t_stat(fd, &s) && s.out_rights == rights;
}

static inline bool name_exists(struct fault_world *w, const char *name)
{
	int fd = t_open(w->dev, name, IPCX_TYPE_ANY, IPCX_RIGHT_READ);

	close(fd);
	return fd >= 0;
}

static inline bool still_new(struct fault_world *w)
{
	return !name_exists(w, w->other_name);
}

static inline bool still_named(struct fault_world *w)
{
	return name_exists(w, w->name);
}

static inline bool verify_unnamed(struct fault_world *w)
{
	return !name_exists(w, w->name);
}

static inline void clean_fd(struct fault_world *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

static inline void clean_other_name(struct fault_world *w)
{
	t_unlink(w->dev, w->other_name);
}

static inline void clean_new(struct fault_world *w)
{
	clean_fd(w);
	clean_other_name(w);
}

static inline void clean_owned(struct fault_world *w)
{
	t_sem_v(w->obj[FAULT_OWNED], 2);
}

#define IOCTL(text, call, make, ...)                                       \
	{                                                                  \
		.name = #call ": " text, .cmd = IPCX_IOC_##call,           \
		.prepare = prepare_##make, .run = fault_ioctl, __VA_ARGS__ \
	}
#define IOCTL_ON(text, call, object, ...)                               \
	{                                                               \
		.name = #call ": " text, .cmd = IPCX_IOC_##call,        \
		.prepare = on_##object, .run = fault_ioctl, __VA_ARGS__ \
	}
#define BY_NEW_USER .where = FAULT_CHILD, .enter = enter_as_other_user

#endif /* IPCX_FAULT_IOCTL_H */
