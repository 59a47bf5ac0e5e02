/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may do what with an object: owner, group, mode bits, capabilities.
 */
#ifndef IPCX_ACCESS_H
#define IPCX_ACCESS_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct user_namespace;

/**
 * struct ipcx_access - Owner, group and mode of an object
 * @uid: Owner
 * @gid: Group
 * @mode: Mode bits, 0 to 0777
 *
 * Protected by the lock of the object that embeds it.
 */
struct ipcx_access {
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
};

int ipcx_access_check(const struct ipcx_access *access, u32 rights,
		      struct user_namespace *user_ns, bool quiet);

#endif /* IPCX_ACCESS_H */
