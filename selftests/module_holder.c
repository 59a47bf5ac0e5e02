// SPDX-License-Identifier: GPL-2.0-only
/*
 * Helper of module_test.sh and tool_test.sh: uses the module in a way, until it
 * is killed.
 */
#include "ipcx_fd.h"
#include "ipcx_mailbox.h"

static int keep_object(int dev)
{
	int fd = t_sem(dev, IPCX_SEM_PLAIN, 0, 1);

	close(dev);
	return fd;
}

static int keep_mapping(int dev)
{
	int fd = t_region(dev, T_PAGE);
	void *p = t_map_rw(fd, T_PAGE);

	close(fd);
	close(dev);
	return p ? 0 : -errno;
}

static void *sleep_on(void *fd)
{
	t_sem_p((intptr_t)fd, 1, IPCX_FOREVER);
	return NULL;
}

/* The call keeps what nobody has a descriptor of any more. */
static int keep_sleeping(int dev)
{
	int fd = t_sem(dev, IPCX_SEM_PLAIN, 0, 1);
	pthread_t thread;

	if (fd < 0 ||
	    pthread_create(&thread, NULL, sleep_on, (void *)(intptr_t)fd) ||
	    !T_UNTIL(t_waiters(fd) == 1))
		return -EIO;
	close(fd);
	close(dev);
	return 0;
}

/* Two messages of 4 bytes, of three. */
static int keep_mailbox(int dev)
{
	struct ipcx_mailbox_create c;
	int fd;

	t_mailbox_args(&c, "/holder-mailbox", 3, 10);
	fd = t_mailbox_create(dev, &c);
	return t_send_number(fd, 1) ?: t_send_number(fd, 2);
}

/* A message that carries two descriptors, and one that carries none. */
static int keep_files(int dev)
{
	struct ipcx_mailbox_create c;
	int fds[2] = { dev, dev };
	int fd;

	t_mailbox_args(&c, "/holder-files", 3, 10);
	c.flags = IPCX_MAILBOX_F_FDS;
	fd = t_mailbox_create(dev, &c);
	return t_send_fds(fd, fds, 2) ?: t_send_number(fd, 1);
}

static int keep_inbox(int dev)
{
	int fd = t_inbox(dev, 0600, 0, 0);

	return fd < 0 ? fd : 0;
}

static int leave_persistent(int dev, unsigned long long lease_ns)
{
	struct ipcx_region_create r;
	struct ipcx_sem_create c;
	char name[IPCX_NAME_SIZE];
	int fd;

	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "/module-%d", i);
		t_sem_args(&c, name, IPCX_SEM_OWNED, 1, 1);
		c.flags = IPCX_CREATE_F_PERSISTENT;
		c.on_death = IPCX_DEATH_KEEP;
		c.lease_ns = lease_ns * (i + 1);
		fd = t_sem_create(dev, &c);
		if (fd < 0 || t_sem_p(fd, 1, 0))
			return -EIO;
	}
	t_region_args(&r, "/module-region", 4 * T_PAGE);
	r.flags = IPCX_CREATE_F_PERSISTENT | IPCX_REGION_F_RESERVE;
	r.lease_ns = lease_ns;
	return t_region_create(dev, &r);
}

/* What a test that has failed may have left behind. */
static int remove_persistent(int dev)
{
	char name[IPCX_NAME_SIZE];

	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "/module-%d", i);
		t_unlink(dev, name);
	}
	t_unlink(dev, "/module-region");
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	int dev = t_device(), ret = -EINVAL;

	if (dev < 0)
		return 1;
	if (!strcmp(what, "object"))
		ret = keep_object(dev);
	else if (!strcmp(what, "mapping"))
		ret = keep_mapping(dev);
	else if (!strcmp(what, "mailbox"))
		ret = keep_mailbox(dev);
	else if (!strcmp(what, "files"))
		ret = keep_files(dev);
	else if (!strcmp(what, "inbox"))
		ret = keep_inbox(dev);
	else if (!strcmp(what, "sleep"))
		ret = keep_sleeping(dev);
	else if (!strcmp(what, "leave"))
		return leave_persistent(dev, 0) < 0;
	else if (!strcmp(what, "lease"))
		return leave_persistent(dev, 10 * T_MSEC) < 0;
	else if (!strcmp(what, "tidy"))
		return remove_persistent(dev);
	if (ret < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
