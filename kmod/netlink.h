/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family.
 */
#ifndef IPCX_NETLINK_H
#define IPCX_NETLINK_H

int ipcx_netlink_init(void);
void ipcx_netlink_exit(void);

#endif /* IPCX_NETLINK_H */
