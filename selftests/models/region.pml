/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader/writer lock of a region: kmod/region.c.
 *
 * It has no word in user space, and sleeps and wakes by the wait engine, so
 * each critical section is one step here. Its own are the second read lock of a
 * process, which never waits, the release and the service of the queue in two
 * sections, and deaths. The doorbell is a count under the same lock, and has
 * nothing of its own beyond the wait engine.
 *
 * A reader takes the read lock twice; two writers; each may die holding.
 *
 * Invariants:
 * - A writer excludes everybody else among the living.
 * - The count of read locks is that of the holdings.
 * - Nobody sleeps for ever, and no process waits for itself.
 * - Who comes after a writer that died inside learns it.
 *
 * run DEATHS
 * live DEATHS
 *
 * mutant DEATHS UNLOCK_SILENT sleeps: a release does not serve the queue
 * mutant DEATHS GONE_SILENT sleeps: nor does a death
 * mutant DEATHS GONE_ONE assertion: the death of a reader gives back one lock of two
 * mutant DEATHS SECOND_WAITS sleeps: a second read lock queues behind a writer
 * mutant DEATHS WRITER_BLIND assertion: a writer does not look for readers
 * mutant DEATHS DEATH_UNTOLD assertion: the death of a writer is not told
 */
#include "model.inc"

#define READER 0


byte readers;
bool writer;
bool inconsistent;
bool woken[3];
bool told[3];

/* The holdings; the living that are inside; a writer died there. */
byte has[3];
byte inside_read;
byte inside_write;
bool broken;

hidden byte e;

#ifdef WRITER_BLIND
#define CAN_TAKE(i) (!writer)
#else
#define CAN_TAKE(i) (!writer && (i == READER || !readers))
#endif

/* region_lock_try() */
inline take(i)
{
	if
	:: i == READER -> readers++
	:: else -> writer = true
	fi;
	has[i]++;
	told[i] = inconsistent;
	assert(readers == has[READER])
}

/* region_serve(), ipcx_waitq_run_locked() */
inline serve()
{
	atomic {
		do
		:: queue_empty() -> break
		:: !queue_empty() && !CAN_TAKE(queue_first()) -> break
		:: !queue_empty() && CAN_TAKE(queue_first()) ->
			e = queue_first();
			queue_del(e);
			take(e);
			woken[e] = true
		od
	}
}

/* region_lock(), region_lock_again(), ipcx_wait() */
inline acquire()
{
	atomic {
		if
#ifndef SECOND_WAITS
		:: me == READER && has[me] -> take(me); woken[me] = true
		:: !(me == READER && has[me]) && queue_empty() && CAN_TAKE(me) ->
			take(me); woken[me] = true
#else
		:: queue_empty() && CAN_TAKE(me) -> take(me); woken[me] = true
#endif
		:: else -> queue_add(me)
		fi
	}
	atomic {
		woken[me] -> woken[me] = false;
		assert(told[me] == broken);
		told[me] = false
	}
}

/* region_unlock_current(), region_unlock_locked() */
inline release()
{
	atomic {
		if
		:: me == READER -> readers--
		:: else -> writer = false
		fi;
		has[me]--
	}
#ifndef UNLOCK_SILENT
	serve()
#endif
}

/* region_gone() */
inline gone()
{
	atomic {
		if
		:: me == READER ->
#ifdef GONE_ONE
			readers = readers - (has[me] > 0)
#else
			readers = readers - has[me]
#endif
		:: me != READER && has[me] ->
			writer = false;
#ifndef DEATH_UNTOLD
			inconsistent = true
#endif
		:: else
		fi;
		has[me] = 0
	}
#ifndef GONE_SILENT
	serve()
#endif
}

proctype reader(byte me)
{
	acquire();
	atomic { inside_read++; assert(!inside_write) }
	if
	:: true ->
		acquire();
		if
		:: release()
		:: true -> goto dies
		fi
	:: true
	fi;
#ifdef DEATHS
	if
	:: true -> goto dies
	:: true
	fi;
#endif
	inside_read--;
	release();
	goto ends;
dies:	inside_read--;
	gone();
ends:	FINISH()
}

proctype write(byte me)
{
	acquire();
	atomic {
		inside_write++;
		assert(inside_write == 1 && !inside_read)
	}
	if
	:: true ->
		atomic { inside_write--; broken = true }
		gone()
	:: true ->
		/* region_consistent() */
		atomic { inconsistent = false; broken = false }
		inside_write--;
		release()
	fi;
	FINISH()
}

init {
	atomic {
		run reader(READER);
		run write(1);
		run write(2)
	}
	atomic {
		finished == 3;
		assert(!readers && !writer && queue_empty())
	}
}

ALL_FINISH(finished == 3)
