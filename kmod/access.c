// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what with an object.
 */
#include "access.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/ipcx.h>

static u32 access_rights_of_bits(unsigned int bits)
{
	u32 rights = 0;

	if (bits & 4)
		rights |= IPCX_RIGHT_READ;
	if (bits & 2)
		rights |= IPCX_RIGHT_WRITE;
	if (bits & 1)
		rights |= IPCX_RIGHT_CONTROL;
	return rights;
}

/**
 * ipcx_access_check() - May the current task open with these rights?
 * @access: A copy of what the object says
 * @rights: Bits of &enum ipcx_rights
 * @user_ns: The user namespace whose CAP_IPC_OWNER overrides
 * @quiet: Somebody only looks around: leave no mark in the audit
 *
 * The effective ids decide, as they do for files.
 *
 * Context: Any that has a meaningful current task. Takes no lock.
 * Return: 0 or -EACCES.
 */
int ipcx_access_check(const struct ipcx_access *access, u32 rights,
		      struct user_namespace *user_ns, bool quiet)
{
	u32 granted;

	if (uid_eq(current_fsuid(), access->uid))
		granted = access_rights_of_bits(access->mode >> 6) |
			  IPCX_RIGHT_CONTROL;
	else if (in_group_p(access->gid))
		granted = access_rights_of_bits(access->mode >> 3);
	else
		granted = access_rights_of_bits(access->mode);

	if (!(rights & ~granted))
		return 0;
	if (quiet ? ns_capable_noaudit(user_ns, CAP_IPC_OWNER) :
		    ns_capable(user_ns, CAP_IPC_OWNER))
		return 0;
	return -EACCES;
}
