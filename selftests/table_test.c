// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers and names while everything comes and goes: what is found is whole,
 * what stays is listed once, numbers come round.
 *
 * Rows: H1 J1 J2. Classes: V10.
 */
#include "ipcx_fd.h"
#include "ipcx_netlink.h"

FIXTURE(table)
{
	long long max_id;
	int dev;
	struct t_netlink nl;
	struct t_census before;
};

/* In a namespace of its own numbers begin anew, and nobody else takes any. */
FIXTURE_SETUP(table)
{
	self->max_id = t_param("max_id");
	ASSERT_LT(0, self->max_id);
	self->before = t_census();
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	ASSERT_EQ(0, t_nl_open(&self->nl));
}

FIXTURE_TEARDOWN_PARENT(table)
{
	t_set_param("max_id", self->max_id);
	EXPECT_TRUE(t_same_census(&self->before));
}

static uint32_t id_of(int fd)
{
	struct ipcx_stat s;

	return t_stat(fd, &s) ? 0 : s.out_id;
}

/* Marks by which a whole object is known. */
#define MARK_MAX   77
#define MARK_BYTES (3 * T_PAGE)
#define MARK_MODE  0640

/* A marked object of some type, with a name or without. */
static int make(int dev, const char *name, bool region)
{
	struct ipcx_region_create r;
	struct ipcx_sem_create c;

	if (region) {
		t_region_args(&r, name, MARK_BYTES);
		r.mode = MARK_MODE;
		return t_region_create(dev, &r);
	}
	t_sem_args(&c, name, IPCX_SEM_OWNED, 5, MARK_MAX);
	c.mode = MARK_MODE;
	return t_sem_create(dev, &c);
}

/* Also one that is dying has everything that it was made with. */
static bool is_whole(const struct t_answer *a, const char *name)
{
	if (a->value[IPCX_A_MODE] != MARK_MODE || !a->value[IPCX_A_ID] ||
	    !a->value[IPCX_A_BYTES] || a->value[IPCX_A_UID])
		return false;
	if (name && t_present(a, IPCX_A_NAME) && strcmp(a->name, name))
		return false;
	if (a->value[IPCX_A_TYPE] == IPCX_TYPE_REGION)
		return a->value[IPCX_A_REGION_SIZE] == MARK_BYTES;
	return a->value[IPCX_A_TYPE] == IPCX_TYPE_SEM &&
	       a->value[IPCX_A_SEM_MAX] == MARK_MAX &&
	       a->value[IPCX_A_SEM_KIND] == IPCX_SEM_OWNED;
}

/* ---- Finding what is new ----------------------------------------------- */

/* Makes and ends objects until it is killed; says the last number. */
static void make_and_end(int dev, const char *name, uint32_t *last)
{
	for (unsigned int i = 0;; i++) {
		int fd = make(dev, i & 2 ? name : NULL, i & 1);

		T_STORE(last, id_of(fd));
		if (i & 4)
			t_destroy(fd);
		close(fd);
	}
}

/* Rows: J1. Classes: V10. By number or name, it is whole or not there. */
TEST_F(table, newest_object_is_whole_for_who_finds_it_first)
{
	uint32_t *last = t_shared(T_PAGE);
	unsigned long long end = t_in_ms(2500);
	char name[IPCX_NAME_SIZE];
	unsigned int i, found = 0;
	pid_t pid[2];

	ASSERT_NE(NULL, last);
	t_name(name, "newest");
	for (i = 0; i < 2; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			make_and_end(self->dev, name, last);
	}
	for (i = 0; t_now() < end; i++) {
		struct t_answer a;
		int ret = i & 1 ? t_nl_get_name(&self->nl, name, &a) :
				  t_nl_get(&self->nl, T_LOAD(last) + 1 + i % 3,
					   &a);

		if (ret == -ENOENT)
			continue;
		ASSERT_EQ(0, ret);
		ASSERT_TRUE(is_whole(&a, name));
		found++;
	}
	EXPECT_LT(0, found);
	for (i = 0; i < 2; i++)
		t_kill(pid[i]);
	munmap(last, T_PAGE);
}

/* Rows: H1. Classes: V10. A name leads to a whole object, or to none. */
TEST_F(table, name_is_opened_while_its_object_comes_and_goes)
{
	uint32_t *last = t_shared(T_PAGE);
	unsigned long long end = t_in_ms(1500);
	pid_t pid = t_fork();

	ASSERT_LE(0, pid);
	if (!pid)
		make_and_end(self->dev, "/opened", last);
	while (t_now() < end) {
		int fd = t_open(self->dev, "/opened", IPCX_TYPE_ANY,
				IPCX_RIGHT_READ);
		struct ipcx_stat s;

		if (fd == -ENOENT)
			continue;
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, t_stat(fd, &s));
		ASSERT_EQ(MARK_MODE, s.out_mode);
		ASSERT_NE(0, s.out_id);
		close(fd);
	}
	t_kill(pid);
	munmap(last, T_PAGE);
}

/* ---- Listing ----------------------------------------------------------- */

enum {
	STAYING = 60,
	LISTED = 4096
};

static bool is_listed_once(const struct t_answer *list, int count, uint32_t id)
{
	int times = 0;

	for (int i = 0; i < count; i++)
		times += list[i].value[IPCX_A_ID] == id;
	return times == 1;
}

static bool ascends(const struct t_answer *list, int count)
{
	for (int i = 1; i < count; i++)
		if (list[i].value[IPCX_A_ID] <= list[i - 1].value[IPCX_A_ID])
			return false;
	return true;
}

/* Many at once, so that a listing takes several messages. */
static void churn(int dev)
{
	for (unsigned int i = 0;; i++) {
		int fd[64];

		for (int k = 0; k < 64; k++)
			fd[k] = make(dev, NULL, !(k % 8));
		for (int k = 0; k < 64; k++) {
			if (k & 1)
				t_destroy(fd[k]);
			close(fd[k]);
		}
	}
}

/* Rows: J1. Classes: V10. Neither twice nor never, whatever else goes on. */
TEST_F(table, what_stays_is_listed_once_while_the_rest_comes_and_goes)
{
	struct t_answer *list = calloc(LISTED, sizeof(*list));
	unsigned long long end = t_in_ms(2000);
	int fd[STAYING], dumps = 0;
	pid_t pid[2];

	ASSERT_NE(NULL, list);
	for (int i = 0; i < 2; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			churn(self->dev);
	}
	for (int i = 0; i < STAYING; i++) {
		fd[i] = make(self->dev, NULL, i & 1);
		ASSERT_LE(0, fd[i]);
	}
	while (t_now() < end || dumps < 3) {
		int count = t_nl_dump(&self->nl, IPCX_CMD_GET_OBJECT, 0, list,
				      LISTED);

		ASSERT_LE(STAYING, count);
		ASSERT_GE(LISTED, count);
		EXPECT_TRUE(ascends(list, count));
		for (int i = 0; i < count; i++)
			ASSERT_TRUE(is_whole(&list[i], NULL));
		for (int i = 0; i < STAYING; i++)
			ASSERT_TRUE(is_listed_once(list, count, id_of(fd[i])));
		dumps++;
	}
	for (int i = 0; i < 2; i++)
		t_kill(pid[i]);
	free(list);
}

static void *read_fdinfo(void *arg)
{
	int *fd = arg;

	/* The number stands for one object after the other, or for none. */
	while (T_LOAD(&fd[1]) == 0)
		t_fdinfo_has(fd[0], "ipcx-state:\tdead");
	return NULL;
}

/* Rows: J2. Classes: V10. The other listing, of what is just being closed. */
TEST_F(table, fdinfo_is_read_while_its_descriptor_is_closed)
{
	int shared[2] = { dup(self->dev), 0 };
	unsigned long long end = t_in_ms(1500);
	pthread_t thread;

	close(shared[0]);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_fdinfo, shared));
	for (unsigned int i = 0; t_now() < end; i++) {
		int fd = make(self->dev, NULL, i & 1);

		ASSERT_LE(0, fd);
		if (!(i & 1))
			EXPECT_EQ(0, t_sem_p(fd, 1, 0));
		if (i & 2)
			EXPECT_EQ(0, t_destroy(fd));
		close(fd);
	}
	T_STORE(&shared[1], 1);
	ASSERT_EQ(0, t_join(thread));
}

/* ---- Numbers come round ------------------------------------------------ */

enum {
	HIGHEST = 40
};

/* The number after @id, in turn, that nobody of @taken has. */
static uint32_t next_free(const bool *taken, uint32_t id)
{
	do {
		id = id % HIGHEST + 1;
	} while (taken[id]);
	return id;
}

/* Rows: H1. Classes: V10. Each number in its turn, none twice, none beyond. */
TEST_F(table, numbers_come_round_and_skip_what_is_taken)
{
	bool taken[HIGHEST + 1] = {};
	uint32_t id = 0;
	int fd[HIGHEST];

	ASSERT_EQ(0, t_set_param("max_id", HIGHEST));
	for (int i = 0; i < HIGHEST; i++) {
		fd[i] = make(self->dev, NULL, false);
		ASSERT_EQ((uint32_t)i + 1, id_of(fd[i]));
	}
	for (int i = 0; i < HIGHEST; i++) {
		/* The last one goes, and the first one stays. */
		taken[i + 1] = i % 5 == 0 || i % 7 == 3;
		if (!taken[i + 1])
			close(fd[i]);
	}
	id = HIGHEST;
	for (int i = 0; i < 10 * HIGHEST; i++) {
		int new = make(self->dev, NULL, i & 1);

		ASSERT_LE(0, new);
		id = next_free(taken, id);
		ASSERT_EQ(id, id_of(new));
		close(new);
	}
}

/* Rows: H1. Classes: V10. Then there is an error, not a number of another. */
TEST_F(table, creation_fails_when_all_numbers_are_taken)
{
	struct t_answer list[HIGHEST + 1];
	int fd[HIGHEST], new;
	uint32_t id;

	ASSERT_EQ(0, t_set_param("max_id", HIGHEST));
	for (int i = 0; i < HIGHEST; i++)
		fd[i] = make(self->dev, NULL, false);
	EXPECT_EQ(-ENOSPC, make(self->dev, NULL, false));
	EXPECT_EQ(-ENOSPC, make(self->dev, "/full", true));
	EXPECT_EQ(-ENOENT,
		  t_open(self->dev, "/full", IPCX_TYPE_ANY, IPCX_RIGHT_READ));
	EXPECT_EQ(HIGHEST, t_nl_dump(&self->nl, IPCX_CMD_GET_OBJECT, 0, list,
				     HIGHEST + 1));
	EXPECT_TRUE(ascends(list, HIGHEST));
	/* What is destroyed keeps its number to the last close. */
	EXPECT_EQ(0, t_destroy(fd[17]));
	EXPECT_EQ(-ENOSPC, make(self->dev, NULL, false));
	id = id_of(fd[17]);
	close(fd[17]);
	new = make(self->dev, "/full", true);
	ASSERT_LE(0, new);
	EXPECT_EQ(id, id_of(new));

	/* Fewer than there are: nothing new, and nobody searches for ever. */
	ASSERT_EQ(0, t_set_param("max_id", 3));
	EXPECT_EQ(-ENOSPC, make(self->dev, NULL, false));
	ASSERT_EQ(0, t_set_param("max_id", self->max_id));
	close(new);
	new = make(self->dev, NULL, false);
	EXPECT_LE(0, new);
	close(new);
}

/* Classes: V10. All at once, with hardly any numbers. */
TEST_F(table, few_numbers_are_shared_by_many)
{
	uint32_t *last = t_shared(T_PAGE);
	unsigned long long end = t_in_ms(1500);
	pid_t pid[3];

	ASSERT_EQ(0, t_set_param("max_id", 2));
	for (int i = 0; i < 3; i++) {
		pid[i] = t_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			make_and_end(self->dev, NULL, last);
	}
	while (t_now() < end) {
		struct t_answer list[4];
		int count =
			t_nl_dump(&self->nl, IPCX_CMD_GET_OBJECT, 0, list, 4);

		ASSERT_LE(0, count);
		ASSERT_GE(2, count);
		EXPECT_TRUE(ascends(list, count));
		for (int i = 0; i < count; i++)
			ASSERT_GE(2, list[i].value[IPCX_A_ID]);
	}
	for (int i = 0; i < 3; i++)
		t_kill(pid[i]);
	munmap(last, T_PAGE);
}

TEST_HARNESS_MAIN
