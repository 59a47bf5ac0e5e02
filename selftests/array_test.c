// SPDX-License-Identifier: GPL-2.0-only
/* The library's typed arrays. */
#include "ipcx_fd.h"

#include <ipcx.h>

#define COUNT 10

struct element {
	uint32_t number;
	char text[60];
};

FIXTURE(array)
{
	struct ipcx *ipcx;
	struct ipcx_array *array;
	char name[IPCX_NAME_SIZE];
	struct t_census before;
};

static int create(struct ipcx *ipcx, const char *name, size_t count,
		  struct ipcx_array **ret)
{
	struct ipcx_array_config config = {
		.type_name = "element",
		.elem_size = sizeof(struct element),
		.count = count,
	};

	return ipcx_array_create(ipcx, name, &config, ret);
}

FIXTURE_SETUP(array)
{
	self->before = t_census();
	ASSERT_EQ(0, ipcx_open(NULL, &self->ipcx));
	t_name(self->name, "array");
	ASSERT_EQ(0, create(self->ipcx, self->name, COUNT, &self->array));
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(array)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static int open_it(struct ipcx *ipcx, const char *name, uint32_t rights,
		   struct ipcx_array **ret)
{
	return ipcx_array_open(ipcx, name, "element", sizeof(struct element),
			       rights, NULL, ret);
}

/* Rows: T2: shared by its descriptor. */
TEST_F(array, needs_no_name)
{
	struct element e = { .number = 7 }, seen = {};
	struct ipcx_array *array, *other;

	ASSERT_EQ(0, create(self->ipcx, NULL, COUNT, &array));
	ASSERT_EQ(0, ipcx_array_from_fd(dup(ipcx_array_fd(array)), "element",
					sizeof(e), NULL, &other));
	ASSERT_EQ(0, ipcx_array_put(array, 3, &e));
	ASSERT_EQ(0, ipcx_array_get(other, 3, &seen));
	EXPECT_EQ(7, seen.number);
	ipcx_array_free(other);
	ipcx_array_free(array);
}

/* Rows: T2: an array of 10 elements. */
TEST_F(array, ten_elements_are_stored_and_found_again)
{
	struct element e = {};

	EXPECT_EQ(COUNT, ipcx_array_count(self->array));
	for (uint32_t i = 0; i < COUNT; i++) {
		ASSERT_EQ(0, ipcx_array_get(self->array, i, &e));
		EXPECT_EQ(0, e.number);
		e.number = i * i;
		snprintf(e.text, sizeof(e.text), "element %u", i);
		ASSERT_EQ(0, ipcx_array_put(self->array, i, &e));
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		char text[60];

		memset(&e, T_POISON, sizeof(e));
		ASSERT_EQ(0, ipcx_array_get(self->array, i, &e));
		EXPECT_EQ(i * i, e.number);
		snprintf(text, sizeof(text), "element %u", i);
		EXPECT_STREQ(text, e.text);
	}
}

static int count_call(void *elem, void *data)
{
	(void)elem;
	++*(int *)data;
	return 0;
}

/* Rows: T2 */
TEST_F(array, index_past_the_end_is_refused)
{
	static const size_t bad[] = { COUNT, COUNT + 1, 1UL << 31,
				      SIZE_MAX / sizeof(struct element) + 1,
				      SIZE_MAX };
	struct element e;
	int calls = 0;

	memset(&e, T_POISON, sizeof(e));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_EQ(-ERANGE, ipcx_array_get(self->array, bad[i], &e));
		EXPECT_EQ(-ERANGE, ipcx_array_put(self->array, bad[i], &e));
		EXPECT_EQ(-ERANGE, ipcx_array_swap(self->array, 0, bad[i]));
		EXPECT_EQ(-ERANGE, ipcx_array_swap(self->array, bad[i], 0));
		EXPECT_EQ(-ERANGE, ipcx_array_update(self->array, bad[i],
						     count_call, &calls));
	}
	EXPECT_EQ(T_POISON32, e.number);
	EXPECT_EQ(0, calls);
}

/* Rows: T2 */
TEST_F(array, other_type_size_or_object_is_refused)
{
	struct ipcx_array *other = NULL;
	char name[IPCX_NAME_SIZE];
	struct ipcx_region_config config = { .size = T_PAGE };
	struct ipcx_region *region;
	struct ipcx_deadline now = ipcx_deadline_in(20 * T_MSEC);

	EXPECT_EQ(-EMEDIUMTYPE,
		  ipcx_array_open(self->ipcx, self->name, "Element",
				  sizeof(struct element), 0, NULL, &other));
	EXPECT_EQ(-EINVAL,
		  ipcx_array_open(self->ipcx, self->name, "element",
				  sizeof(struct element) + 1, 0, NULL, &other));
	EXPECT_EQ(-ENOENT, open_it(self->ipcx, "/no-array", 0, &other));
	EXPECT_EQ(-EEXIST, create(self->ipcx, self->name, COUNT, &other));
	/* A region that never becomes an array. */
	t_name(name, "no-array");
	ASSERT_EQ(0, ipcx_region_create(self->ipcx, name, &config, &region));
	EXPECT_GT(0, ipcx_array_open(self->ipcx, name, "element",
				     sizeof(struct element), 0, &now, &other));
	EXPECT_EQ(NULL, other);
	ipcx_region_free(region);
}

TEST_F(array, impossible_sizes_are_refused)
{
	struct ipcx_array_config config = { .type_name = "x",
					    .elem_size = 1,
					    .count = 1 };
	struct ipcx_array *other = NULL;

	config.count = 0;
	EXPECT_EQ(-EINVAL,
		  ipcx_array_create(self->ipcx, NULL, &config, &other));
	config.count = 2;
	config.elem_size = 0;
	EXPECT_EQ(-EINVAL,
		  ipcx_array_create(self->ipcx, NULL, &config, &other));
	config.elem_size = SIZE_MAX / 2 + 1;
	EXPECT_EQ(-EOVERFLOW,
		  ipcx_array_create(self->ipcx, NULL, &config, &other));
	config.elem_size = 1;
	config.type_name = "a name of thirty-two characters.";
	EXPECT_EQ(-EINVAL,
		  ipcx_array_create(self->ipcx, NULL, &config, &other));
	config.type_name = "";
	EXPECT_EQ(-EINVAL,
		  ipcx_array_create(self->ipcx, NULL, &config, &other));
	EXPECT_EQ(NULL, other);
}

static int increment(void *elem, void *data)
{
	struct element *e = elem;

	(void)data;
	e->number++;
	return 0;
}

static int refuse(void *elem, void *data)
{
	struct element *e = elem;

	(void)data;
	e->number = 666;
	return 42;
}

/* Rows: T2 T1: two processes count in the same elements. */
TEST_F(array, updates_of_several_processes_lose_nothing)
{
	enum {
		PROCESSES = 3,
		ROUNDS = 300
	};
	pid_t pid[PROCESSES];
	struct element e;

	for (int i = 0; i < PROCESSES; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i]) {
			struct ipcx_array *own;

			if (open_it(self->ipcx, self->name, 0, &own))
				_exit(1);
			for (int n = 0; n < ROUNDS; n++)
				if (ipcx_array_update(own, n % COUNT, increment,
						      NULL))
					_exit(2);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		EXPECT_EQ(0, t_reap(pid[i]));
	for (int i = 0; i < COUNT; i++) {
		ASSERT_EQ(0, ipcx_array_get(self->array, i, &e));
		EXPECT_EQ(PROCESSES * ROUNDS / COUNT, e.number);
	}
	EXPECT_EQ(42, ipcx_array_update(self->array, 0, refuse, NULL));
	ASSERT_EQ(0, ipcx_array_get(self->array, 0, &e));
	EXPECT_EQ(PROCESSES * ROUNDS / COUNT, e.number);
}

static int add_up(size_t index, const void *elem, void *data)
{
	const struct element *e = elem;
	uint64_t *sum = data;

	*sum += e->number;
	return index == 7 && e->number == 777 ? 7 : 0;
}

/* Rows: T2: a swap is never seen half done. */
TEST_F(array, swaps_of_one_process_keep_the_sum_that_another_sees)
{
	struct element e = {};
	uint64_t sum, want = 0;
	pid_t pid;

	for (uint32_t i = 0; i < COUNT; i++) {
		e.number = 1U << i;
		want += e.number;
		ASSERT_EQ(0, ipcx_array_put(self->array, i, &e));
	}
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		unsigned int seed = 3;
		struct ipcx_array *own;

		if (open_it(self->ipcx, self->name, 0, &own))
			_exit(1);
		for (int i = 0; i < 1000; i++)
			if (ipcx_array_swap(own, rand_r(&seed) % COUNT,
					    rand_r(&seed) % COUNT))
				_exit(2);
		_exit(0);
	}
	for (int i = 0; i < 200; i++) {
		sum = 0;
		ASSERT_EQ(0, ipcx_array_iterate(self->array, add_up, &sum));
		ASSERT_EQ(want, sum);
	}
	EXPECT_EQ(0, t_reap(pid));
	e.number = 777;
	ASSERT_EQ(0, ipcx_array_put(self->array, 7, &e));
	EXPECT_EQ(7, ipcx_array_iterate(self->array, add_up, &sum));
	EXPECT_EQ(0, ipcx_array_swap(self->array, 3, 3));
}

/* Rows: T2 I4 */
TEST_F(array, reader_cannot_store)
{
	struct ipcx_array *reader;
	struct element e = {};

	ASSERT_EQ(0, open_it(self->ipcx, self->name, IPCX_RIGHT_READ, &reader));
	EXPECT_EQ(0, ipcx_array_get(reader, 0, &e));
	EXPECT_EQ(-EACCES, ipcx_array_put(reader, 0, &e));
	EXPECT_EQ(-EACCES, ipcx_array_swap(reader, 0, 1));
	EXPECT_EQ(-EACCES, ipcx_array_update(reader, 0, increment, NULL));
	ipcx_array_free(reader);
}

static int die(void *elem, void *data)
{
	(void)elem;
	(void)data;
	raise(SIGKILL);
	return 0;
}

/* Rows: D4 A6: a writer dies in the middle. */
TEST_F(array, death_of_a_writer_is_told_until_consistent)
{
	struct element e = { .number = 5 };
	pid_t pid = t_fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		ipcx_array_update(self->array, 1, die, NULL);
		_exit(1);
	}
	EXPECT_EQ(128 + SIGKILL, t_reap(pid));
	EXPECT_EQ(-EOWNERDEAD, ipcx_array_get(self->array, 1, &e));
	EXPECT_EQ(0, e.number);
	e.number = 9;
	EXPECT_EQ(-EOWNERDEAD, ipcx_array_put(self->array, 1, &e));
	EXPECT_EQ(0, ipcx_array_consistent(self->array));
	EXPECT_EQ(-EINVAL, ipcx_array_consistent(self->array));
	EXPECT_EQ(0, ipcx_array_get(self->array, 1, &e));
	EXPECT_EQ(9, e.number);
}

/* Bug class V13: a hostile peer writes over the whole head. */
TEST_F(array, hostile_peer_cannot_lead_out_of_the_region)
{
	unsigned char *head = t_map_rw(ipcx_array_fd(self->array), T_PAGE);
	struct ipcx_array *other = NULL;
	struct element e;

	ASSERT_NE(NULL, head);
	memset(head, 0xff, T_PAGE);
	EXPECT_EQ(COUNT, ipcx_array_count(self->array));
	EXPECT_EQ(-ERANGE, ipcx_array_get(self->array, COUNT, &e));
	EXPECT_EQ(0, ipcx_array_get(self->array, COUNT - 1, &e));
	EXPECT_GT(0, open_it(self->ipcx, self->name, 0, &other));
	EXPECT_EQ(NULL, other);
	munmap(head, T_PAGE);
}

struct inside {
	struct ipcx_array *array;
	int in;
	int out;
};

static int stay_inside(size_t index T_UNUSED, const void *elem T_UNUSED,
		       void *data)
{
	struct inside *inside = data;

	T_STORE(&inside->in, 1);
	return T_UNTIL(T_LOAD(&inside->out)) ? 1 : -1;
}

static void *iterate_for_long(void *data)
{
	struct inside *inside = data;

	ipcx_array_iterate(inside->array, stay_inside, inside);
	return NULL;
}

/* Rows: H6. The child of a fork finds no lock of a thread that it has not got. */
TEST_F(array, a_fork_while_a_thread_is_inside_leaves_the_child_able_to_read)
{
	struct inside inside = { .array = self->array };
	struct timespec soon = { .tv_nsec = 50 * T_MSEC };
	pthread_t thread;
	pid_t child;
	int n;

	ASSERT_EQ(0, pthread_create(&thread, NULL, iterate_for_long, &inside));
	ASSERT_TRUE(T_UNTIL(T_LOAD(&inside.in)));
	child = t_fork();
	if (!child) {
		alarm(10);
		/* Every reader and writer lock that the library has. */
		_exit(ipcx_array_get(self->array, 0, &n) ? 1 : 0);
	}
	EXPECT_EQ(0, t_reap(child));
	child = t_fork();
	if (!child) {
		alarm(10);
		/* Waits for the reader in the kernel, not in the library. */
		_exit(ipcx_array_put(self->array, 0, &n) ? 1 : 0);
	}
	nanosleep(&soon, NULL);
	T_STORE(&inside.out, 1);
	EXPECT_EQ(0, t_reap(child));
	EXPECT_EQ(0, t_join(thread));
}

TEST_HARNESS_MAIN
