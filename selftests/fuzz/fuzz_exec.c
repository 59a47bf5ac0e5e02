// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a child of the fuzzer becomes by exec: a process that has got two
 * descriptors from its former self, and none of its holdings.
 */
#include <linux/ipcx.h>
#include <stdlib.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		struct ipcx_sem_post post = { .units = 1 };
		struct ipcx_sem_wait wait = { .units = 1, .clockid = 1 };
		struct ipcx_region_lock lock = { .clockid = 1 };
		struct ipcx_stat stat = {};
		int fd = atoi(argv[i]);

		ioctl(fd, IPCX_IOC_SEM_POST, &post);
		ioctl(fd, IPCX_IOC_SEM_WAIT, &wait);
		ioctl(fd, IPCX_IOC_REGION_LOCK, &lock);
		ioctl(fd, IPCX_IOC_STAT, &stat);
	}
	return 0;
}
