// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A typed array of ten elements, shared by two processes; an index past its end
 * is refused.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ipcx-demo.h"

#define NAME	 "/demo.array"
#define TYPE	 "demo.square"
#define ELEMENTS 10

struct square {
	uint32_t root;
	uint32_t value;
	int32_t by;
};

/* Squares the root of an element. */
static int square(void *elem, void *data)
{
	struct square *s = elem;

	s->value = s->root * s->root;
	s->by = *(const pid_t *)data;
	return 0;
}

/* The second process: opens the array by its name and fills it. */
static int compute(void *arg)
{
	struct demo *demo = arg;
	struct square past = { 0 };
	struct ipcx_array *array;
	pid_t me = getpid();
	size_t i;
	int ret;

	ret = ipcx_array_open(demo->ipcx, NAME, TYPE, sizeof(struct square), 0,
			      NULL, &array);
	if (ret)
		return demo_error("opening " NAME, ret);
	for (i = 0; i < ipcx_array_count(array) && !ret; i++)
		ret = ipcx_array_update(array, i, square, &me);
	if (ret)
		demo_error("computing", ret);
	demo_say("process %d squared the roots of %zu elements", (int)me, i);
	if (!ret) {
		ret = ipcx_array_put(array, ELEMENTS, &past);
		demo_say("process %d stores into index %d: %s (%s)", (int)me,
			 ELEMENTS, strerrorname_np(-ret), strerror(-ret));
		ret = ret == -ERANGE ? 0 : demo_fail("it was not refused");
	}
	ipcx_array_free(array);
	return ret;
}

static int check(struct ipcx_array *array, pid_t by)
{
	struct square s;
	size_t i;
	int ret;

	for (i = 0; i < ELEMENTS; i++) {
		ret = ipcx_array_get(array, i, &s);
		if (ret)
			return demo_error("reading", ret);
		if (s.value != i * i || s.by != by)
			return demo_fail("element %zu is %u, by %d", i, s.value,
					 s.by);
	}
	demo_say("process %d reads them: 0, 1, 4, ... %u; all right",
		 (int)getpid(), s.value);
	ret = ipcx_array_get(array, ELEMENTS, &s);
	demo_say("process %d reads index %d: %s", (int)getpid(), ELEMENTS,
		 strerrorname_np(-ret));
	return ret == -ERANGE ? 0 : demo_fail("it was not refused");
}

static int fill(struct ipcx_array *array)
{
	struct square s = { 0 };
	int ret = 0;

	for (s.root = 0; s.root < ELEMENTS && !ret; s.root++)
		ret = ipcx_array_put(array, s.root, &s);
	return ret;
}

int demo_array(struct demo *demo, struct demo_result *res)
{
	struct ipcx_array_config config = {
		.type_name = TYPE,
		.elem_size = sizeof(struct square),
		.count = ELEMENTS,
	};
	struct ipcx_array *array;
	pid_t pid;
	int ret;

	demo_say("One process creates %s and stores ten roots, another opens",
		 NAME);
	demo_say("it by its name, with the element's type and size.");
	ret = ipcx_array_create(demo->ipcx, NAME, &config, &array);
	if (ret)
		return demo_error("creating the array", ret);
	demo_keep(demo, ipcx_array_fd(array));
	ret = fill(array);
	if (ret) {
		demo_error("storing", ret);
	} else {
		pid = demo_fork(compute, demo);
		ret = demo_join(&pid, 1) || check(array, pid) ? -1 : 0;
	}
	ipcx_array_free(array);
	snprintf(res->result, sizeof(res->result), "%s",
		 ret ? "wrong" : "index 10 refused with ERANGE");
	snprintf(res->figure, sizeof(res->figure), "%d elements", ELEMENTS);
	return ret;
}
