/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The wait engine, kmod/wait.c: hand-over, timeout, signal, kill, destroy.
 *
 * Two waiters on a semaphore that has nothing at first. Waiter 1 wants one unit
 * and waits for ever. Waiter 0 is different in each run:
 *   TIMEOUT  it wants two and may give up; two givers give one each
 *   SCARCE   it wants two and gives up, for only one is given
 *   KILL     it wants one and is killed at some time; one is given
 *   BATCH    it wants one and may give up; one giver gives two
 *   DESTROY  as KILL, and the object is destroyed at some time
 * Whoever got something gives it back; with BATCH only when the other one does
 * not wait any more, so that no give comes to the help of a lost wake-up. So all
 * of them come to an end, unless one is lost. A batch of wake-ups has room for
 * one.
 *
 * Invariants:
 * - Nobody sleeps for ever (no invalid end state; every process ends).
 * - A wait that succeeds was given exactly what it wanted, one that fails
 *   nothing: who lost the exchange to a hand-over did acquire, and says so.
 * - Units are conserved: at the end all of them are back.
 * - Nobody touches the entry of a call that has returned, nor a task that is
 *   gone, and the result that is read is the one that was written.
 * - Nobody acquires from an object that was destroyed.
 * - A waiter tries once for each poke, and sleeps in between.
 *
 * Memory: a processor's stores become visible to others at any time, or at a
 * barrier. task_buf[] is a task state that is not visible yet, result_buf[] a
 * result. seen[] and poked_seen[] are what loads without the lock see of state[]
 * and poked[]; exchanges, and who holds the lock, see the words themselves. A
 * load that nothing orders may be done early.
 *
 * run TIMEOUT
 * run TIMEOUT BARGING
 * run SCARCE
 * run SCARCE BARGING
 * run KILL
 * run KILL BARGING
 * run BATCH
 * run BATCH FINE
 * run BATCH BARGING
 * run DESTROY
 * run DESTROY BARGING
 * live TIMEOUT
 * live TIMEOUT BARGING
 *
 * mutant TIMEOUT NO_SLEEP_BARRIER sleeps: set_current_state() without its barrier
 * mutant TIMEOUT NO_WAKE_BARRIER sleeps: wake_up_process() without its barrier
 * mutant KILL BARGING NO_SLEEP_BARRIER sleeps: the first of these, with pokes
 * mutant KILL BARGING NO_WAKE_BARRIER sleeps: the second of these, with pokes
 * mutant TIMEOUT NO_RELEASE assertion: the exchange does not release the result
 * mutant TIMEOUT NO_ACQUIRE assertion: the result is read before the state
 * mutant TIMEOUT NO_CTRL_ACQUIRE assertion: ... or before the exchange that fails
 * mutant TIMEOUT NO_RECHECK sleeps: no attempt under the lock that queues
 * mutant TIMEOUT SKIP_WAKE sleeps: a hand-over without a wake-up
 * mutant TIMEOUT TOUCH_AFTER_PUBLISH assertion: a touch after the exchange
 * mutant TIMEOUT DEQUEUE_AFTER_PUBLISH assertion: the entry is unlinked after it
 * mutant TIMEOUT NO_TASK_REF assertion: no reference to the task to be woken
 * mutant TIMEOUT LEAVE_UNCLAIMED assertion: leaving without the exchange
 * mutant TIMEOUT LOSER_FAILS assertion: who lost to a hand-over reports an error
 * mutant KILL NO_UNDO assertion: what was taken in vain is not given back
 * mutant SCARCE LEAVE_SILENTLY sleeps: who leaves does not run the queue
 * mutant KILL NO_PASS_ON assertion: what a dying task was given is lost
 * mutant KILL PASS_ON_SILENTLY sleeps: it is given back, but nobody is served
 * mutant BATCH BATCH_FORGOTTEN sleeps: a full batch is not gone on with
 * mutant DESTROY BATCH_FORGOTTEN sleeps: the same, when the object is destroyed
 * mutant KILL BARGING LEAVE_SILENTLY sleeps: who leaves does not pass its poke on
 * mutant TIMEOUT BARGING POKED_STAYS assertion: who tried in vain does not sleep
 * mutant TIMEOUT BARGING POKED_LATE sleeps: it is ready for a poke too late
 * mutant BATCH BARGING POKED_SILENTLY sleeps: who succeeds does not run the queue
 * mutant KILL BARGING NO_POKE_RECHECK sleeps: a poked waiter does not try
 * mutant DESTROY BARGING DEAD_POKE assertion: it tries at a destroyed object
 */
#include "model.inc"

#define WAITERS 2

#if defined(TIMEOUT) || defined(BATCH)
#define TOTAL 2
#else
#define TOTAL 1
#endif

#if defined(TIMEOUT) || defined(SCARCE) || defined(BATCH)
#define MAY_TIMEOUT (me == 0)
#else
#define MAY_TIMEOUT false
#endif

mtype = { WAITING, LEFT, SERVED, OK, TIMEDOUT, SIGNALLED, REMOVED };

/* The object: under its lock. */
bool lock;
bool dead;
byte units;

/* Waiters and their entries: on the stack of a call while live[] is set. */
bool live[WAITERS];
byte want[WAITERS];
mtype state[WAITERS];
mtype seen[WAITERS];
mtype result[WAITERS];
mtype result_buf[WAITERS];
bool poked[WAITERS];
bool poked_seen[WAITERS];

/* Tasks. */
bool sleeping[WAITERS];
bool task_buf[WAITERS];
byte refs[WAITERS];
bool gone[WAITERS];
bool fatal[WAITERS];

byte to_finish;

/* Used within one step only. */
hidden byte e;

/* What each waiter was given, to be compared with what it is told. */
byte granted[WAITERS];

/* Was this waiter poked since it tried last? */
bool poke_is_new[WAITERS];

/* How many have ended their wait. */
byte waited;

/*
 * A critical section is one step, for what others see of it, without the lock,
 * is one exchange. A mutant that does something behind that takes many.
 */
#if defined(TOUCH_AFTER_PUBLISH) || defined(DEQUEUE_AFTER_PUBLISH) || \
	defined(FINE)
#define SECTION
#else
#define SECTION atomic
#endif

#ifdef NO_POKE_RECHECK
#define MAY_RECHECK false
#else
#define MAY_RECHECK true
#endif

#define touch(i)     assert(live[i])
#define touch_task(i) assert(!gone[i] || refs[i])

#define flush_task(i)	atomic { task_buf[i] -> sleeping[i] = true; \
				 task_buf[i] = false }
#define flush_result(i) atomic { result[i] = result_buf[i] }
#define flush_state(i)	atomic { if \
	:: live[i] -> seen[i] = state[i]; poked_seen[i] = poked[i] \
	:: else fi }

/* The store buffers of the processors. */
active [WAITERS] proctype memory()
{
end:	do
	:: flush_task(_pid)
	:: atomic { result[_pid] != result_buf[_pid] -> flush_result(_pid) }
	:: atomic { live[_pid] && (seen[_pid] != state[_pid] ||
		    poked_seen[_pid] != poked[_pid]) -> flush_state(_pid) }
	od
}

/* What a room's try does; a destroyed lock looks as if it could be had. */
#define CAN_TAKE(i) (dead || units >= want[i])

inline take(i)
{
	assert(!dead);
	units = units - want[i];
	assert(!granted[i]);
	granted[i] = want[i]
}

inline undo(i)
{
	units = units + granted[i];
	granted[i] = 0
}

/*
 * entry_end_locked(), with what ipcx_waitq_run_locked() does when the exchange
 * fails. The entry of a waiter that has just left is in the queue until it gets
 * the lock.
 */
inline entry_end(e, res)
{
	touch(e);
#ifndef NO_TASK_REF
	refs[e]++;
#endif
#ifndef DEQUEUE_AFTER_PUBLISH
	queue_del(e);
#endif
	result_buf[e] = res;
#ifndef NO_RELEASE
	flush_result(e);
#endif
	/* try_cmpxchg_release() */
	atomic {
		touch(e);
		if
		:: state[e] == WAITING ->
			state[e] = SERVED;
			wake = e
		:: else ->
#ifndef NO_TASK_REF
			refs[e]--;
#endif
#ifndef NO_UNDO
			undo(e)
#else
			granted[e] = 0
#endif
		fi
	}
#ifdef TOUCH_AFTER_PUBLISH
	touch(e);
#endif
#ifdef DEQUEUE_AFTER_PUBLISH
	touch(e);
	queue_del(e);
#endif
}

/* waitq_poke_locked() */
inline poke(e)
{
	if
	:: !poked[e] && CAN_TAKE(e) ->
		poked[e] = true;
		poke_is_new[e] = true;
		refs[e]++;
		wake = e
	:: else
	fi
}

/* ipcx_waitq_run_locked() */
inline run_queue()
{
	more = false;
	do
	:: dead || queue_empty() -> break
	:: !dead && !queue_empty() && wake != NONE -> more = true; break
	:: !dead && !queue_empty() && wake == NONE ->
		e = queue_first();
		touch(e);
#ifdef BARGING
		poke(e);
		break
#else
		if
		:: !CAN_TAKE(e) -> break
		:: else -> take(e)
		fi;
		entry_end(e, OK)
#endif
	od
}

/* ipcx_wakeups_flush(), wake_up_process() */
inline wake_up()
{
	if
	:: wake != NONE ->
		atomic {
#ifndef NO_WAKE_BARRIER
			flush_state(wake);
#endif
			touch_task(wake);
#ifndef SKIP_WAKE
			sleeping[wake] = false;
#endif
#ifndef NO_TASK_REF
			refs[wake]--;
#endif
			wake = NONE
		}
	:: else
	fi
}

#ifdef BATCH_FORGOTTEN
#define MORE false
#else
#define MORE more
#endif

/* sem_serve() */
inline serve()
{
	do
	:: SECTION {
			LOCK(lock);
			run_queue();
			UNLOCK(lock)
		};
		wake_up();
		if
		:: MORE
		:: else -> break
		fi
	od
}

/* sem_give_and_serve() */
inline give(n)
{
	SECTION {
		LOCK(lock);
		more = false;
		if
		:: !dead ->
			units = units + n;
			run_queue()
		:: else
		fi;
		UNLOCK(lock)
	};
	wake_up();
	if
	:: MORE -> serve()
	:: else
	fi
}

/* wait_leave(): r is why, and becomes what the call returns. */
inline wait_leave()
{
#ifdef NO_CTRL_ACQUIRE
	early = result[me];
#endif
	atomic {
		if
#ifdef LEAVE_UNCLAIMED
		:: true -> state[me] = LEFT; won = true
#else
		:: state[me] == WAITING -> state[me] = LEFT; won = true
#endif
		:: state[me] != WAITING -> won = false
		fi;
		seen[me] = state[me]
	}
	if
	:: won ->
		do
		:: SECTION {
				LOCK(lock);
				queue_del(me);
#ifndef LEAVE_SILENTLY
				run_queue();
#endif
				UNLOCK(lock)
			};
			wake_up();
			if
			:: MORE
			:: else -> break
			fi
		od
	:: else ->
#ifdef NO_CTRL_ACQUIRE
		r = early
#elif !defined(LOSER_FAILS)
		r = result[me]
#endif
	fi
}

/* wait_poked(): "won" is set when the wait has ended. */
inline wait_poked()
{
	SECTION {
		LOCK(lock);
		won = false;
		assert(poke_is_new[me]);
		poke_is_new[me] = false;
#if !defined(POKED_STAYS) && !defined(POKED_LATE)
		poked[me] = false;
#endif
		poked_seen[me] = poked[me];
		if
#ifndef DEAD_POKE
		:: in_queue(me) && dead ->
			won = true;
			result_buf[me] = REMOVED
		:: in_queue(me) && !dead && MAY_RECHECK && CAN_TAKE(me) ->
#else
		:: in_queue(me) && MAY_RECHECK && CAN_TAKE(me) ->
#endif
			won = true;
			take(me);
			result_buf[me] = OK
		:: else
		fi;
		if
		:: won ->
			queue_del(me);
			flush_result(me);
			assert(state[me] == WAITING);
			state[me] = SERVED;
			seen[me] = SERVED;
#ifndef POKED_SILENTLY
			run_queue();
#endif
		:: else
		fi;
		UNLOCK(lock)
	};
#ifdef POKED_LATE
	atomic {
		poked[me] = false;
		poked_seen[me] = false
	}
#endif
	wake_up()
}

/* wait_sleep(), schedule() */
inline wait_sleep()
{
	r = OK;
	do
	:: atomic {
		task_buf[me] = true;
#ifndef NO_SLEEP_BARRIER
		flush_task(me)
#endif
		}
#ifdef NO_ACQUIRE
		early = result[me];
#endif
		/* smp_load_acquire(&e->waiter->state) */
		if
		:: seen[me] != WAITING -> break
		:: else
		fi;
#ifdef BARGING
		if
		:: poked_seen[me] ->
			atomic { task_buf[me] = false; sleeping[me] = false }
			wait_poked();
			if
			:: won -> break
			:: else -> goto again
			fi
		:: else
		fi;
#endif
		/* signal_pending(), and the same in schedule() */
		atomic {
			if
			:: task_buf[me] -> flush_task(me)
			:: else
			fi;
			if
			:: fatal[me] -> r = SIGNALLED; break
			:: !sleeping[me]
			:: MAY_TIMEOUT -> r = TIMEDOUT; break
			fi
		}
again:		skip
	od;
	atomic { task_buf[me] = false; sleeping[me] = false }
	if
	:: r != OK -> wait_leave()
#ifdef NO_ACQUIRE
	:: else -> r = early
#else
	:: else -> r = result[me]
#endif
	fi
}

/* entry_may_try() */
#ifdef BARGING
#define MAY_TRY true
#else
#define MAY_TRY queue_empty()
#endif

/* ipcx_wait_tried(): the last attempt and the queue are under one lock. */
inline wait()
{
	atomic {
		!lock;
		if
		:: dead -> r = REMOVED
		:: !dead && (MAY_TRY) && units >= want[me] -> take(me); r = OK
		:: else ->
			r = WAITING;
#ifndef NO_RECHECK
			queue_add(me);
			live[me] = true
#endif
		fi
	}
#ifdef NO_RECHECK
	if
	:: r == WAITING ->
		atomic { !lock; queue_add(me); live[me] = true }
	:: else
	fi;
#endif
	if
	:: r == WAITING -> wait_sleep()
	:: else
	fi;
	/* Nothing is left of it, so that it makes no more states. */
	atomic {
		live[me] = false;
		state[me] = LEFT;
		seen[me] = LEFT;
		result[me] = OK;
		result_buf[me] = OK;
		poked[me] = false;
		poked_seen[me] = false;
		poke_is_new[me] = false;
		won = false;
		early = OK;
		waited++
	}
}

/*
 * sem_take_slow(): what a task was given that is being killed goes to others.
 * Otherwise the caller uses what it has, and gives it back.
 */
proctype waiter(byte me)
{
	byte wake = NONE;
	bool more, won;
	mtype r, early;

	wait();
	if
	:: r == OK ->
		assert(granted[me] == want[me]);
		if
		:: fatal[me] ->
#ifndef NO_PASS_ON
			/* sem_untake() */
			atomic {
				!lock;
				if
				:: !dead -> undo(me)
				:: else -> granted[me] = 0
				fi
			}
#ifndef PASS_ON_SILENTLY
			serve()
#endif
#endif
		:: else ->
#ifdef BATCH
			waited == WAITERS;
#endif
			granted[me] = 0;
			give(want[me])
		fi
	:: else ->
		assert(r == TIMEDOUT || r == SIGNALLED || r == REMOVED);
		assert(!granted[me])
	fi;
	atomic {
		gone[me] = true;
		FINISH()
	}
}

proctype giver(byte n)
{
	byte wake = NONE;
	bool more;

	give(n);
	FINISH()
}

/* A fatal signal: signal_wake_up(). */
proctype killer()
{
	atomic {
		fatal[0] = true;
		sleeping[0] = false
	}
	FINISH()
}

/* ipcx_object_kill(), object_kill_waiters(), ipcx_waitq_kill_locked() */
proctype destroyer()
{
	byte wake = NONE;
	bool more;

	atomic { !lock; dead = true }
	do
	:: SECTION {
			LOCK(lock);
			more = false;
			do
			:: queue_empty() -> break
			:: !queue_empty() && wake != NONE -> more = true; break
			:: !queue_empty() && wake == NONE ->
				e = queue_first();
				entry_end(e, REMOVED)
			od;
			UNLOCK(lock)
		};
		wake_up();
		if
		:: MORE
		:: else -> break
		fi
	od;
	FINISH()
}

init {
	atomic {
		want[0] = 1;
		want[1] = 1;
		state[0] = WAITING;
		state[1] = WAITING;
		seen[0] = WAITING;
		seen[1] = WAITING;
#ifdef TIMEOUT
		want[0] = 2;
		run giver(1);
		run giver(1);
		to_finish = 4;
#elif defined(SCARCE)
		want[0] = 2;
		run giver(1);
		to_finish = 3;
#elif defined(BATCH)
		run giver(2);
		to_finish = 3;
#elif defined(KILL) || defined(DESTROY)
		run giver(1);
		run killer();
		to_finish = 4;
#endif
#ifdef DESTROY
		run destroyer();
		to_finish++;
#endif
		run waiter(0);
		run waiter(1)
	}
	atomic {
		finished == to_finish;
		assert(dead || units == TOTAL);
		assert(queue_empty())
	}
}

ALL_FINISH(finished == to_finish && to_finish)
