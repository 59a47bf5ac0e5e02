/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a sleep can end, for each row of a table of calls that sleep. Included by
 * a program that adds its rows as variants:
 *
 *	FIXTURE_VARIANT_ADD(sleep, plain) { .call = &plain };
 *
 * After each ending it is shown that the object works: the peer gives, and then
 * nothing is missing, nobody holds, and nobody sleeps.
 */
#ifndef IPCX_SLEEP_MATRIX_H
#define IPCX_SLEEP_MATRIX_H

#include "sleep_calls.h"

#include <sys/mount.h>

FIXTURE(sleep)
{
	struct sleep_obj o;
	struct peer peer;
	struct t_census before;
};

FIXTURE_VARIANT(sleep)
{
	const struct sleep_call *call;
};

FIXTURE_SETUP(sleep)
{
	const struct sleep_call *call = variant->call;

	self->before = t_census();
	self->o.dev = t_device();
	ASSERT_LE(0, self->o.dev);
	self->o.other = -1;
	self->o.calls = t_shared(4096);
	ASSERT_NE(NULL, self->o.calls);
	t_name(self->o.name, "sleep");
	ASSERT_EQ(0, call->create(&self->o));
	if (call->open)
		ASSERT_EQ(0, call->open(&self->o));
	ASSERT_TRUE(peer_start(&self->peer, call, &self->o));
	ASSERT_EQ(0, peer_do(&self->peer, PEER_HOLD, 0));
}

/* After the end of the test's process, and so of the peer: all is gone. */
FIXTURE_TEARDOWN_PARENT(sleep)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* The peer gives, and all is there. */
static bool sleep_object_works(const struct sleep_call *call,
			       struct sleep_obj *o, struct peer *peer)
{
	return !t_waiters(o->fd) && !peer_do(peer, PEER_GIVE, 0) &&
	       call->whole(o);
}

/* Rows: A3. Classes: V23. */
TEST_F(sleep, ends_with_success_when_its_turn_comes)
{
	const struct sleep_call *call = variant->call;
	struct sleeper s;

	ASSERT_TRUE(sleeper_sleeps(&s, call, &self->o, 1));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	EXPECT_EQ(0, sleeper_end(&s));
	EXPECT_EQ(0, t_waiters(self->o.fd));
	EXPECT_TRUE(call->whole(&self->o));
}

/* Rows: A3. Classes: V24. */
TEST_F(sleep, ends_at_its_deadline_on_every_clock_and_not_before)
{
	const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME,
				     CLOCK_BOOTTIME };
	const struct sleep_call *call = variant->call;
	unsigned long long deadline;
	unsigned int i;

	if (call->no_deadline)
		SKIP(return, "this call has no deadline");
	for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		deadline = t_now_on(clocks[i]) + 7 * T_MSEC;
		EXPECT_EQ(-ETIMEDOUT,
			  call->block(&self->o, clocks[i], deadline));
		EXPECT_LE(deadline, t_now_on(clocks[i]));
		/* What has passed tries once; 0 does not wait. */
		EXPECT_EQ(-ETIMEDOUT, call->block(&self->o, clocks[i], 1));
		EXPECT_EQ(-EAGAIN, call->block(&self->o, clocks[i], 0));
	}
	EXPECT_TRUE(sleep_object_works(call, &self->o, &self->peer));
}

/* Rows: H8. */
TEST_F(sleep, ends_with_eintr_by_a_signal_without_sa_restart)
{
	const struct sleep_call *call = variant->call;
	struct sleeper s;

	ASSERT_TRUE(sleeper_sleeps(&s, call, &self->o, 1));
	kill(s.pid, SIGUSR1);
	EXPECT_EQ(-EINTR, sleeper_end(&s));
	EXPECT_TRUE(sleep_object_works(call, &self->o, &self->peer));
}

/*
 * Rows: H8 A3. Classes: V24. Signals come as long as the call lasts: if each
 * of them made it wait anew, it would never end.
 */
TEST_F(sleep, keeps_its_deadline_however_often_it_is_restarted)
{
	const struct sleep_call *call = variant->call;
	unsigned long long deadline = t_in_ms(40);
	struct sleeper s;

	if (call->no_deadline)
		SKIP(return, "this call has no deadline");
	sleeper_start(&s, call, &self->o, SA_RESTART, deadline);
	/* Not before it has its handler. */
	ASSERT_TRUE(
		T_UNTIL(t_waiters(self->o.fd) == 1 || T_LOAD(&s.end->done)));
	EXPECT_TRUE(T_UNTIL(({
		kill(s.pid, SIGUSR1);
		T_LOAD(&s.end->done);
	})));
	EXPECT_EQ(-ETIMEDOUT, sleeper_end(&s));
	EXPECT_LE(deadline, s.end->ended);
	EXPECT_TRUE(sleep_object_works(call, &self->o, &self->peer));
}

/* Rows: H8. Classes: V23. */
TEST_F(sleep, is_served_after_restarts)
{
	const struct sleep_call *call = variant->call;
	struct sleeper s;
	int i;

	sleeper_start(&s, call, &self->o, SA_RESTART, IPCX_FOREVER);
	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(T_UNTIL(t_waiters(self->o.fd) == 1));
		kill(s.pid, SIGUSR1);
	}
	EXPECT_EQ(0, T_LOAD(&s.end->done));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	EXPECT_EQ(0, sleeper_end(&s));
	EXPECT_TRUE(call->whole(&self->o));
}

/* Rows: H7. Classes: V2 V4. The quickest of three, for a loaded machine. */
TEST_F(sleep, ends_within_a_second_by_sigkill)
{
	const struct sleep_call *call = variant->call;
	unsigned long long start, best = IPCX_FOREVER;
	struct sleeper s;
	int i;

	for (i = 0; i < 3 && best > T_SEC; i++) {
		ASSERT_TRUE(sleeper_sleeps(&s, call, &self->o, 1));
		start = t_now();
		EXPECT_EQ(128 + SIGKILL, t_kill(s.pid));
		if (t_now() - start < best)
			best = t_now() - start;
		EXPECT_EQ(0, t_waiters(self->o.fd));
	}
	EXPECT_GT(T_SEC * t_slower(), best);
	EXPECT_TRUE(sleep_object_works(call, &self->o, &self->peer));
}

/*
 * Rows: H7 A5. Classes: V2 V4. The first in the queue is given it, and is
 * killed before it runs: the peer, on the same CPU, has real-time priority.
 */
TEST_F(sleep, passes_on_what_was_given_to_the_dying)
{
	const struct sleep_call *call = variant->call;
	struct sleeper first, second;

	ASSERT_TRUE(sleeper_sleeps(&first, call, &self->o, 1));
	ASSERT_TRUE(sleeper_sleeps(&second, call, &self->o, 2));
	ASSERT_TRUE(sleep_pin(first.pid) && sleep_pin(self->peer.pid));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_GIVE_AND_KILL, first.pid));
	EXPECT_EQ(128 + SIGKILL, t_reap(first.pid));
	EXPECT_EQ(0, first.end->done);
	if (call->after_taker == SLEEP_STAYS) {
		EXPECT_EQ(1, t_waiters(self->o.fd));
		EXPECT_EQ(128 + SIGKILL, t_kill(second.pid));
		return;
	}
	EXPECT_EQ(call->after_taker, sleeper_end(&second));
	EXPECT_EQ(0, t_waiters(self->o.fd));
	EXPECT_TRUE(call->whole(&self->o));
}

/* Rows: E1. Classes: V1 V23. */
TEST_F(sleep, ends_with_eidrm_when_the_object_is_destroyed)
{
	const struct sleep_call *call = variant->call;
	struct sleeper s[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_TRUE(sleeper_sleeps(&s[i], call, &self->o, i + 1));
	EXPECT_EQ(0, t_destroy(self->o.fd));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EIDRM, sleeper_end(&s[i]));
	EXPECT_EQ(0, t_waiters(self->o.fd));
	EXPECT_EQ(POLLHUP | POLLERR, t_poll(self->o.fd, POLLIN, 0));
}

/* Rows: H1 D1. Classes: V4 V6. The sleeper is the last that keeps it. */
TEST_F(sleep, goes_on_when_everybody_else_closes)
{
	const struct sleep_call *call = variant->call;
	struct sleeper s;

	ASSERT_TRUE(sleeper_sleeps(&s, call, &self->o, 1));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_CLOSE, 0));
	sleep_close(call, &self->o);
	ASSERT_EQ(0, sleep_open(call, &self->o));
	EXPECT_EQ(1, t_waiters(self->o.fd));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_OPEN, 0));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	EXPECT_EQ(0, sleeper_end(&s));
	EXPECT_TRUE(call->whole(&self->o));
}

/* Rows: H4. */
TEST_F(sleep, goes_on_when_the_name_is_unlinked)
{
	const struct sleep_call *call = variant->call;
	struct sleeper s;

	ASSERT_TRUE(sleeper_sleeps(&s, call, &self->o, 1));
	EXPECT_EQ(0, t_unlink(self->o.fd, NULL));
	EXPECT_EQ(1, t_waiters(self->o.fd));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	EXPECT_EQ(0, sleeper_end(&s));
	EXPECT_TRUE(call->whole(&self->o));
}

/* Rows: I4. Classes: V23 V29. A handle has its rights for life. */
TEST_F(sleep, goes_on_when_rights_are_reduced_elsewhere)
{
	const struct sleep_call *call = variant->call;
	struct sleeper s;
	int weak;

	ASSERT_TRUE(sleeper_sleeps(&s, call, &self->o, 1));
	weak = t_reduce(self->o.fd, IPCX_RIGHT_CONTROL);
	ASSERT_LE(0, weak);
	EXPECT_EQ(0,
		  t_set(weak, IPCX_SET_F_MODE | IPCX_SET_F_UID | IPCX_SET_F_GID,
			0, 1000, 1000, 0));
	close(weak);
	EXPECT_EQ(1, t_waiters(self->o.fd));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	EXPECT_EQ(0, sleeper_end(&s));
	EXPECT_TRUE(call->whole(&self->o));
}

/* What the death of the peer, which has just happened, does to the sleeper. */
static bool sleep_met_death(const struct sleep_call *call, struct sleep_obj *o,
			    struct sleeper *s)
{
	if (call->on_death != SLEEP_STAYS)
		return sleeper_end(s) == call->on_death && !t_waiters(o->fd) &&
		       call->whole(o);
	if (t_waiters(o->fd) != 1 || t_destroy(o->fd))
		return false;
	return sleeper_end(s) == -EIDRM;
}

/* Rows: A5 A6 D4. Classes: V4 V23. */
TEST_F(sleep, meets_the_death_of_the_peer)
{
	struct sleeper s;

	ASSERT_TRUE(sleeper_sleeps(&s, variant->call, &self->o, 1));
	EXPECT_EQ(128 + SIGKILL, peer_kill(&self->peer));
	EXPECT_TRUE(sleep_met_death(variant->call, &self->o, &s));
}

/* Rows: A5 A6 D4 H5. Classes: V4. exec is the death of the old image. */
TEST_F(sleep, meets_the_exec_of_the_peer)
{
	struct sleeper s;

	ASSERT_TRUE(sleeper_sleeps(&s, variant->call, &self->o, 1));
	ASSERT_TRUE(peer_order(&self->peer, PEER_EXEC, 0));
	/* Its end of the pipe is closed by the exec. */
	EXPECT_EQ(POLLHUP, t_poll(self->peer.answer, POLLIN, T_LONG / T_MSEC));
	EXPECT_TRUE(sleep_met_death(variant->call, &self->o, &s));
}

/* Classes: V27. Who holds and does not run keeps nobody from giving up. */
TEST_F(sleep, can_end_while_the_peer_is_stopped)
{
	const struct sleep_call *call = variant->call;
	struct sleeper s, killed;

	kill(self->peer.pid, SIGSTOP);
	ASSERT_TRUE(T_UNTIL(t_state(self->peer.pid) == 'T'));
	ASSERT_TRUE(sleeper_sleeps(&s, call, &self->o, 1));
	ASSERT_TRUE(sleeper_sleeps(&killed, call, &self->o, 2));
	if (!call->no_deadline)
		EXPECT_EQ(-ETIMEDOUT,
			  call->block(&self->o, CLOCK_MONOTONIC, t_in_ms(5)));
	EXPECT_EQ(128 + SIGKILL, t_kill(killed.pid));
	kill(s.pid, SIGUSR1);
	EXPECT_EQ(-EINTR, sleeper_end(&s));
	kill(self->peer.pid, SIGCONT);
	EXPECT_TRUE(sleep_object_works(call, &self->o, &self->peer));
}

/*
 * Rows: H8. Classes: V23 V27. Stopped, the first does not keep what is given
 * from the second; continued, it goes on without an error.
 */
TEST_F(sleep, survives_sigstop_and_does_not_stall_others)
{
	const struct sleep_call *call = variant->call;
	struct sleeper first, second;

	ASSERT_TRUE(sleeper_sleeps(&first, call, &self->o, 1));
	kill(first.pid, SIGSTOP);
	ASSERT_TRUE(T_UNTIL(t_state(first.pid) == 'T'));
	ASSERT_TRUE(sleeper_sleeps(&second, call, &self->o,
				   t_waiters(self->o.fd) + 1));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	EXPECT_EQ(0, sleeper_end(&second));
	EXPECT_EQ(0, T_LOAD(&first.end->done));
	kill(first.pid, SIGCONT);
	EXPECT_EQ(0, sleeper_end(&first));
	EXPECT_TRUE(call->whole(&self->o));
}

/* Rows: A3. Classes: V24. It is over as soon as the process runs again. */
TEST_F(sleep, may_pass_its_deadline_while_stopped)
{
	const struct sleep_call *call = variant->call;
	unsigned long long deadline = t_in_ms(100);
	struct sleeper s;

	if (call->no_deadline)
		SKIP(return, "this call has no deadline");
	sleeper_start(&s, call, &self->o, 0, deadline);
	/* It may be over already, on a slow machine. */
	ASSERT_TRUE(
		T_UNTIL(t_waiters(self->o.fd) == 1 || T_LOAD(&s.end->done)));
	kill(s.pid, SIGSTOP);
	ASSERT_TRUE(T_UNTIL(t_now() > deadline));
	kill(s.pid, SIGCONT);
	EXPECT_EQ(-ETIMEDOUT, sleeper_end(&s));
	EXPECT_LE(deadline, s.end->ended);
	EXPECT_TRUE(sleep_object_works(call, &self->o, &self->peer));
}

/* ---- Freezers ----------------------------------------------------------- */

/* A cgroup of this test's own in the hierarchy of version 2. */
static bool sleep_cgroup(char *dir, size_t size)
{
	snprintf(dir, size, FREEZER_ROOT "ipcx-sleep-%d", getpid());
	return !mkdir(dir, 0755);
}

/*
 * Rows: H8. Classes: V23 V27. Frozen in its sleep; nobody waits for it, and
 * when it is thawed it goes on without an error.
 */
TEST_F(sleep, freezes_and_does_not_stall_others)
{
	const struct sleep_call *call = variant->call;
	struct sleeper first, second;
	char dir[128];

	if (!sleep_cgroup(dir, sizeof(dir)))
		SKIP(return, "cgroup2 is not mounted");
	ASSERT_TRUE(sleeper_sleeps(&first, call, &self->o, 1));
	ASSERT_EQ(0, freezer_add(dir, first.pid));
	ASSERT_EQ(0, freezer_put(dir, "cgroup.freeze", "1"));
	ASSERT_TRUE(T_UNTIL(freezer_says(dir, "cgroup.events", "frozen 1")));
	ASSERT_TRUE(sleeper_sleeps(&second, call, &self->o,
				   t_waiters(self->o.fd) + 1));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	EXPECT_EQ(0, sleeper_end(&second));
	EXPECT_EQ(0, T_LOAD(&first.end->done));
	ASSERT_EQ(0, freezer_put(dir, "cgroup.freeze", "0"));
	EXPECT_EQ(0, sleeper_end(&first));
	EXPECT_TRUE(call->whole(&self->o));
	EXPECT_TRUE(T_UNTIL(!rmdir(dir)));
}

/*
 * Rows: H8 H7. Classes: V23 V24. Nothing came: it sleeps again when thawed.
 * Frozen once more it passes its deadline, and another one is killed.
 */
TEST_F(sleep, can_be_frozen_past_its_deadline_and_killed)
{
	const struct sleep_call *call = variant->call;
	unsigned long long deadline = t_in_ms(80);
	struct sleeper s, killed;
	char dir[128];

	if (!sleep_cgroup(dir, sizeof(dir)))
		SKIP(return, "cgroup2 is not mounted");
	sleeper_start(&s, call, &self->o, 0, deadline);
	sleeper_start(&killed, call, &self->o, 0, IPCX_FOREVER);
	ASSERT_EQ(0, freezer_add(dir, s.pid));
	ASSERT_EQ(0, freezer_add(dir, killed.pid));
	ASSERT_EQ(0, freezer_put(dir, "cgroup.freeze", "1"));
	ASSERT_TRUE(T_UNTIL(freezer_says(dir, "cgroup.events", "frozen 1")));
	ASSERT_EQ(0, freezer_put(dir, "cgroup.freeze", "0"));
	ASSERT_TRUE(T_UNTIL(t_waiters(self->o.fd) >= 1));
	ASSERT_EQ(0, freezer_put(dir, "cgroup.freeze", "1"));
	ASSERT_TRUE(T_UNTIL(freezer_says(dir, "cgroup.events", "frozen 1")));
	EXPECT_EQ(128 + SIGKILL, t_kill(killed.pid));
	if (call->no_deadline)
		EXPECT_EQ(128 + SIGKILL, t_kill(s.pid));
	ASSERT_TRUE(T_UNTIL(t_now() > deadline));
	ASSERT_EQ(0, freezer_put(dir, "cgroup.freeze", "0"));
	if (!call->no_deadline)
		EXPECT_EQ(-ETIMEDOUT, sleeper_end(&s));
	EXPECT_TRUE(sleep_object_works(call, &self->o, &self->peer));
	EXPECT_TRUE(T_UNTIL(!rmdir(dir)));
}

/*
 * Rows: H8. Classes: V2 V24. The freezer of suspend, which cgroups of version 1
 * offer, freezes the sleeper where it is, in its queue: a hand-over finds it
 * there, and is not lost; neither is a deadline.
 */
TEST_F(sleep, is_handed_what_it_waits_for_while_frozen_for_suspend)
{
	const struct sleep_call *call = variant->call;
	struct sleeper s;
	char dir[128];

	mkdir(FREEZER_V1, 0700);
	if (access(FREEZER_V1 "cgroup.procs", F_OK) &&
	    mount("none", FREEZER_V1, "cgroup", 0, "freezer"))
		SKIP(return, "this kernel has no freezer of version 1");
	snprintf(dir, sizeof(dir), FREEZER_V1 "%d", getpid());
	ASSERT_EQ(0, mkdir(dir, 0755));
	ASSERT_TRUE(sleeper_sleeps(&s, call, &self->o, 1));
	ASSERT_EQ(0, freezer_add(dir, s.pid));
	ASSERT_EQ(0, freezer_put(dir, "freezer.state", "FROZEN"));
	ASSERT_TRUE(T_UNTIL(freezer_says(dir, "freezer.state", "FROZEN")));
	EXPECT_EQ(1, t_waiters(self->o.fd));
	EXPECT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	/* The giver took it out of the queue, unless it is to try itself. */
	EXPECT_EQ(call->barging ? 1 : 0, t_waiters(self->o.fd));
	EXPECT_EQ(0, T_LOAD(&s.end->done));
	ASSERT_EQ(0, freezer_put(dir, "freezer.state", "THAWED"));
	EXPECT_EQ(0, sleeper_end(&s));
	EXPECT_TRUE(call->whole(&self->o));
	EXPECT_TRUE(T_UNTIL(!rmdir(dir)));
	umount2(FREEZER_V1, MNT_DETACH);
}

/* ---- Threads ------------------------------------------------------------ */

struct sibling {
	const struct sleep_call *call;
	struct sleep_obj *o;
	int *what; /* shared: 'e'xec, 'x' exit of all, 't'hread exit */
};

static void *sibling_run(void *data)
{
	struct sibling *sibling = data;

	while (!T_LOAD(sibling->what))
		usleep(200);
	if (*sibling->what == 'e')
		execl("/bin/true", "true", NULL);
	if (*sibling->what == 'x')
		_exit(7);
	return NULL;
}

/* One thread sleeps; the other one does *@what when that is set. */
static pid_t sibling_start(const struct sleep_call *call, struct sleep_obj *o,
			   int *what)
{
	struct sibling sibling = { call, o, what };
	pthread_t thread;
	pid_t pid;
	int r;

	T_STORE(what, 0);
	pid = t_fork();
	if (pid)
		return pid;
	if (pthread_create(&thread, NULL, sibling_run, &sibling))
		_exit(2);
	r = call->block(o, CLOCK_MONOTONIC, IPCX_FOREVER);
	_exit(r || call->back(o, r) ? 1 : 0);
}

/* Rows: H5 H6 H7. Classes: V4. */
TEST_F(sleep, meets_the_exec_and_exit_of_a_sibling)
{
	const struct sleep_call *call = variant->call;
	int *what = t_shared(4096);
	pid_t pid;

	pid = sibling_start(call, &self->o, what);
	ASSERT_TRUE(T_UNTIL(t_waiters(self->o.fd) == 1));
	T_STORE(what, 'e');
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, t_waiters(self->o.fd));

	pid = sibling_start(call, &self->o, what);
	ASSERT_TRUE(T_UNTIL(t_waiters(self->o.fd) == 1));
	T_STORE(what, 'x');
	EXPECT_EQ(7, t_reap(pid));
	EXPECT_EQ(0, t_waiters(self->o.fd));

	pid = sibling_start(call, &self->o, what);
	ASSERT_TRUE(T_UNTIL(t_waiters(self->o.fd) == 1));
	T_STORE(what, 't');
	EXPECT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_TRUE(call->whole(&self->o));
}

/* ---- All at once -------------------------------------------------------- */

#define LOAD_SLEEPERS 5

/* Shared by those under load. */
struct load {
	int stop;
	int bad; /* what a test must not see; the first */
	int owner; /* who was served, where only one can be */
	int served;
};

static bool load_gone(pid_t pid)
{
	char state = t_state(pid);

	return !state || state == 'Z' || state == 'X' || state == 'x';
}

/*
 * Nobody else was served and has not given back, but for the dead; who is dying
 * is passed by before it has gone.
 */
static void load_enter(struct load *load)
{
	int before =
		__atomic_exchange_n(&load->owner, getpid(), __ATOMIC_ACQ_REL);

	if (before && !T_UNTIL(load_gone(before)))
		T_STORE(&load->bad, 1000);
}

static void load_leave(struct load *load)
{
	int me = getpid();

	if (!__atomic_compare_exchange_n(&load->owner, &me, 0, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		T_STORE(&load->bad, 1001);
}

static void load_sleep(struct load *load, const struct sleep_call *call,
		       const struct sleep_obj *obj, unsigned int seed)
{
	struct sleep_obj o = *obj;
	int r;

	t_handle(SIGUSR1, seed & 1 ? SA_RESTART : 0);
	while (!T_LOAD(&load->stop)) {
		r = call->block(&o, CLOCK_MONOTONIC,
				t_now() + rand_r(&seed) % (2 * T_MSEC));
		if (!sleep_served(r)) {
			if (r != -ETIMEDOUT && r != -EINTR)
				T_STORE(&load->bad, -r);
			continue;
		}
		if (!call->shared)
			load_enter(load);
		T_ADD(&load->served, 1);
		if (!call->shared)
			load_leave(load);
		r = call->back(&o, r);
		if (r)
			T_STORE(&load->bad, 2000 - r);
	}
}

static pid_t load_spawn(struct load *load, const struct sleep_call *call,
			struct sleep_obj *o, unsigned int seed)
{
	pid_t pid = t_fork();

	if (pid)
		return pid;
	load_sleep(load, call, o, seed);
	_exit(0);
}

/* Disturb one of them. What only it knows of must not be killed. */
static bool load_disturb(struct load *load, const struct sleep_call *call,
			 struct sleep_obj *o, pid_t *pid, unsigned int *seed)
{
	bool kills = call->ledger && call->after_taker != SLEEP_STAYS;

	switch (rand_r(seed) % (kills ? 5 : 3)) {
	case 0:
		kill(*pid, SIGSTOP);
		usleep(rand_r(seed) % 300);
		kill(*pid, SIGCONT);
		return true;
	case 1:
	case 2:
		kill(*pid, SIGUSR1);
		return true;
	}
	if (t_kill(*pid) != 128 + SIGKILL)
		return false;
	*pid = load_spawn(load, call, o, rand_r(seed));
	return *pid > 0;
}

/*
 * Rows: A5 A6 D4 H7 H8. Classes: V2 V4 V24 V26. Deadlines, signals, stops and
 * kills, with a peer that takes part: what there is goes to one at a time, and
 * is there at the end.
 */
TEST_F_TIMEOUT(sleep, under_load_loses_and_makes_nothing, 90)
{
	const struct sleep_call *call = variant->call;
	struct load *load = t_shared(4096);
	int i, rounds = t_times(120);
	pid_t pids[LOAD_SLEEPERS];
	unsigned int seed = 21;

	/* Inherited, for a signal may come before the child has run. */
	t_handle(SIGUSR1, SA_RESTART);
	for (i = 0; i < LOAD_SLEEPERS; i++)
		pids[i] = load_spawn(load, call, &self->o, i + 1);
	ASSERT_TRUE(T_UNTIL(t_waiters(self->o.fd) > 0));
	ASSERT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	for (i = 0; i < rounds || !T_LOAD(&load->served); i++) {
		ASSERT_TRUE(load_disturb(load, call, &self->o,
					 &pids[i % LOAD_SLEEPERS], &seed));
		usleep(rand_r(&seed) % 1000);
		ASSERT_GT(1000 + 1000 * rounds, i);
		/* For the next round the peer holds it anew, and gives it. */
		if (!call->hold || i % 4)
			continue;
		ASSERT_TRUE(sleep_served(peer_do(&self->peer, PEER_HOLD, 0)));
		ASSERT_EQ(0, peer_do(&self->peer, PEER_GIVE, 0));
	}
	T_STORE(&load->stop, 1);
	/* Those that sleep without a deadline need a unit, which they pass on. */
	for (i = 0; i < LOAD_SLEEPERS; i++)
		EXPECT_EQ(0, t_reap(pids[i]));
	EXPECT_EQ(0, load->bad);
	EXPECT_EQ(0, t_waiters(self->o.fd));
	EXPECT_TRUE(call->whole(&self->o));
}

#endif /* IPCX_SLEEP_MATRIX_H */
