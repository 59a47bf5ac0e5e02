// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every operation, while each allocation and each user copy inside of it fails
 * in its turn.  The driver is described in fault.h; the operations stand in the
 * tables of the other files fail_nth_*.c.
 *
 * Rows: B11. Classes: V6 V14 V22.
 */
#include "fault.h"

FIXTURE(rehearsal) {};

FIXTURE_SETUP(rehearsal)
{
}

FIXTURE_TEARDOWN(rehearsal)
{
}

static const struct fault_table *const tables[] = {
	&fault_ioctls, &fault_files,	 &fault_maps,	  &fault_netlinks,
	&fault_deaths, &fault_mailboxes, &fault_channels,
};

/* What succeeds without faults, and what it does: so the tables are true. */
TEST_F_TIMEOUT(rehearsal, every_operation_works_while_nothing_fails, 100)
{
	size_t i;

	if (geteuid())
		SKIP(return, "needs root");
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		EXPECT_EQ(0, fault_rehearse_table(tables[i]));
}

static bool in_table(const struct fault_table *table, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < table->nr; i++)
		if (_IOC_NR(table->ops[i].cmd) == nr)
			return true;
	return false;
}

/* Whether any descriptor knows the call, whatever it says to an empty one. */
static bool is_known(const struct fault_world *w, unsigned int nr)
{
	const unsigned long cmd =
		_IOC(_IOC_READ | _IOC_WRITE, IPCX_IOC_TYPE, nr, 0);

	return t_ioctl(w->dev, cmd, NULL) != -ENOTTY ||
	       t_ioctl(w->obj[FAULT_PLAIN], cmd, NULL) != -ENOTTY ||
	       t_ioctl(w->obj[FAULT_REGION], cmd, NULL) != -ENOTTY ||
	       t_ioctl(w->obj[FAULT_MAILBOX], cmd, NULL) != -ENOTTY ||
	       t_ioctl(w->obj[FAULT_CHANNEL], cmd, NULL) != -ENOTTY;
}

/* A new call needs a row. */
TEST_F(rehearsal, every_ioctl_that_the_module_knows_is_in_the_table)
{
	struct fault_world w;
	unsigned int nr, known = 0;

	ASSERT_TRUE(fault_world_open(&w));
	for (nr = 0; nr < 256; nr++) {
		if (!is_known(&w, nr))
			continue;
		known++;
		EXPECT_TRUE(in_table(&fault_ioctls, nr) ||
			    in_table(&fault_sems, nr) ||
			    in_table(&fault_mailboxes, nr) ||
			    in_table(&fault_channels, nr))
		{
			TH_LOG("ioctl %#x has no operation", nr);
		}
	}
	EXPECT_LE(37, known);
	fault_world_close(&w);
}

FIXTURE(fail_nth) {};

FIXTURE_SETUP(fail_nth)
{
	const char *reason = fault_begin();

	if (reason)
		SKIP(return, "%s", reason);
}

FIXTURE_TEARDOWN(fail_nth)
{
	fault_end();
}

TEST_F_TIMEOUT(fail_nth, ioctls_do_all_or_nothing, 300)
{
	EXPECT_EQ(0, fault_sweep_table(&fault_ioctls));
}

TEST_F_TIMEOUT(fail_nth, semaphores_take_and_give_all_or_nothing, 300)
{
	EXPECT_EQ(0, fault_sweep_table(&fault_sems));
}

TEST_F_TIMEOUT(fail_nth, messages_are_sent_and_received_whole, 300)
{
	EXPECT_EQ(0, fault_sweep_table(&fault_mailboxes));
}

TEST_F_TIMEOUT(fail_nth, channels_lose_nothing, 300)
{
	EXPECT_EQ(0, fault_sweep_table(&fault_channels));
}

TEST_F_TIMEOUT(fail_nth, file_operations_do_all_or_nothing, 300)
{
	EXPECT_EQ(0, fault_sweep_table(&fault_files));
}

TEST_F_TIMEOUT(fail_nth, mappings_are_made_whole_or_not_at_all, 300)
{
	EXPECT_EQ(0, fault_sweep_table(&fault_maps));
}

TEST_F_TIMEOUT(fail_nth, netlink_answers_or_says_why_not, 300)
{
	EXPECT_EQ(0, fault_sweep_table(&fault_netlinks));
}

TEST_F_TIMEOUT(fail_nth, what_the_dead_held_comes_back_all_the_same, 300)
{
	EXPECT_EQ(0, fault_sweep_table(&fault_deaths));
}

/* Last: what all of the above has left behind. */
TEST_F_TIMEOUT(fail_nth, nothing_has_leaked, 120)
{
	unsigned int operations, faults;
	int leaks = fault_leaks();

	fault_totals(&operations, &faults);
	printf("# fail-nth: %u operations, %u failures injected\n", operations,
	       faults);
	EXPECT_LT(100, faults);
	if (leaks == -ENOENT)
		SKIP(return, "this kernel has no kmemleak");
	EXPECT_EQ(0, leaks);
}

TEST_HARNESS_MAIN
