/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libipcx: semaphores, locks, shared regions, mailboxes and channels as file
 * descriptors, with the uncontended paths of the former in user space. This header
 * includes all the others.
 */
#ifndef LIBIPCX_H
#define LIBIPCX_H

#include <ipcx/array.h>
#include <ipcx/channel.h>
#include <ipcx/context.h>
#include <ipcx/deadline.h>
#include <ipcx/inbox.h>
#include <ipcx/lock.h>
#include <ipcx/mailbox.h>
#include <ipcx/message.h>
#include <ipcx/object.h>
#include <ipcx/region.h>
#include <ipcx/ring.h>
#include <ipcx/sem.h>

#endif /* LIBIPCX_H */
