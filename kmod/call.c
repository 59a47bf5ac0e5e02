// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the creating calls of all rooms have in common.
 */
#include "call.h"

#include <linux/err.h>

/**
 * ipcx_call_create() - Create an object, or open the one that has the name
 * @call: The call; gets the object, with one handle counted for it
 * @create: What it says that all creating calls say
 * @make: Makes the object from the call's structure: whole, not published
 *
 * Goes round again when the name was taken between looking and publishing, and
 * may be opened instead.
 *
 * Context: Sleeps.
 * Return: 0, or an error of ipcx_create_check(), ipcx_create_open(), @make or
 * ipcx_create_publish().
 */
int ipcx_call_create(struct ipcx_call *call, struct ipcx_create *create,
		     struct ipcx_object *(*make)(const struct ipcx_create *,
						 const void *call_arg))
{
	struct ipcx_object *obj;
	bool created = false;
	int r;

	r = ipcx_create_check(create);
	if (r)
		return r;
	do {
		obj = ipcx_create_open(create);
		if (obj)
			break;
		obj = make(create, call->arg);
		if (!IS_ERR(obj))
			obj = ipcx_create_publish(create, obj);
		created = obj && !IS_ERR(obj);
	} while (!obj);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	call->created = created;
	call->new_obj = obj;
	call->new_rights = create->rights;
	return 0;
}
