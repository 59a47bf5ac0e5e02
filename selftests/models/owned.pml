/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger of an owned semaphore, and death: kmod/holder.c, and sem_gone(),
 * sem_take(), sem_untake() of kmod/sem.c.
 *
 * There is one unit. A victim takes it, if it can, and dies at some time; its
 * death is carried out by a work item, or by ipcx_settle() of a process that was
 * told of the death and then tries without waiting. Beside them:
 *   HEIR     a process that gets the id of the dead, and takes the unit as well
 *   SLEEPER  one that sleeps for the unit, and closes another handle meanwhile
 *   DESTROY  as SLEEPER, but the object is destroyed at some time, and nobody
 *            was told of the death
 * All of this is under the object's lock, so each critical section is one step.
 *
 * Invariants:
 * - The units that are free and those in the ledger make what there was at first,
 *   at each step: what the dead had comes back, exactly once.
 * - Who was told of a death and does not wait is not turned away for want of what
 *   the dead had.
 * - Only the dead lose what they hold.
 * - Nobody sleeps for ever.
 * - Each death that is to be reported is reported once, also if the answer cannot
 *   be delivered and what was taken is put back.
 * - Object, record and holding are not touched after they were freed; at the end
 *   all of them are.
 *
 * run HEIR
 * run SLEEPER
 * run DESTROY
 * live HEIR
 *
 * mutant SLEEPER DOUBLE_REFUND assertion: units are returned, the holding stays
 * mutant SLEEPER UNLINK_LATER assertion: units and holding go in two sections
 * mutant HEIR NO_DEAD_CHECK assertion: the id is believed to be that of the dead
 * mutant HEIR ID_FREED_EARLY assertion: the id is free before the death is done
 * mutant HEIR NO_SETTLE assertion: a try without waiting does not settle deaths
 * mutant HEIR PENDING_LATE assertion: the death is counted after it was told
 * mutant HEIR COUNTED_OFF_EARLY assertion: ... or no longer, before it is done
 * mutant SLEEPER GONE_SILENT sleeps: units come back, but nobody is served
 * mutant SLEEPER GET_LATE assertion: the object is got behind the record's lock
 * mutant SLEEPER NO_PIN assertion: an empty holding goes while its call sleeps
 * mutant DESTROY CLEAR_FREES_PINNED assertion: the object's death frees it
 * mutant DESTROY UNPIN_FORGETS assertion: nobody frees it
 * mutant SLEEPER REPORT_LOST assertion: what cannot be delivered is forgotten
 * mutant HEIR NO_UNTAKE assertion: ... and what was taken is kept
 */
#include "model.inc"

#define TOTAL 1

/* Ids: the victim and its heir, the settler, the sleeper. */
#define VICTIM	1
#define SETTLER 2
#define LAST	3

/* Who has a handle, and who has none: work item and closer. */
#ifdef HEIR
#define HANDLES 3
#define OTHERS	1
#elif defined(SLEEPER)
#define HANDLES 3
#define OTHERS	2
#elif defined(DESTROY)
#define HANDLES 3
#define OTHERS	2
#endif
#define ALL (HANDLES + OTHERS)

/* The object. */
byte units = TOTAL;
bool dead;
bool freed;
byte refs = 1;
byte handles = HANDLES;
byte deaths;
byte told;
byte died_with;

/* Holdings, by id, and of which record: 0 is the victim, 1 everybody else. */
bool exists[4];
bool linked[4];
bool of_living[4];
byte has[4];
byte pins[4];

/* The record of the victim, and the counter. */
bool victim_dead;
bool record_freed;
bool id_free;
byte pending;
bool parent_told;

byte place_of_sleeper;
bool woken;
bool removed;

#define conserved() \
	assert(dead || units + has[1] + has[2] + has[3] == TOTAL)
#define of_dead(id) (victim_dead && !of_living[id])
#define touch_object() assert(!freed)

/* ipcx_holding_unlink_locked() */
#define unlink(id) linked[id] = false

inline free_holding(id)
{
	assert(exists[id] && !linked[id]);
	exists[id] = false;
	has[id] = 0;
	pins[id] = 0
}

/* ipcx_holding_pin() */
inline pin(id, living)
{
	atomic {
		touch_object();
		if
		:: linked[id]
		:: !linked[id] && !dead ->
			exists[id] = true;
			linked[id] = true;
			of_living[id] = living
		:: else
		fi;
		if
		:: linked[id] ->
#ifndef NO_PIN
			pins[id]++;
#endif
			ok = true
		:: else -> ok = false
		fi
	}
}

/* ipcx_holding_unpin() */
inline unpin(id)
{
	atomic {
		assert(exists[id]);
#ifndef NO_PIN
		pins[id]--;
#endif
#ifndef UNPIN_FORGETS
		if
		:: !pins[id] && !linked[id] -> free_holding(id)
		:: else
		fi
#endif
	}
}

/* ipcx_wait_try_locked(), sem_count_try(): with the units comes the news of a death. */
inline count_try(id)
{
	if
	:: !dead && units ->
		assert(exists[id] && linked[id]);
		units--;
		has[id]++;
		got = true;
		news = deaths > 0;
		deaths = deaths - news
	:: else -> got = false
	fi
}

/* sem_serve(), ipcx_waitq_run_locked() */
inline serve()
{
	atomic {
		touch_object();
		if
		:: place_of_sleeper && units && !dead ->
			place_of_sleeper = 0;
			units--;
			assert(exists[LAST] && linked[LAST]);
			has[LAST]++;
			told = told + (deaths > 0);
			deaths = deaths - (deaths > 0);
			woken = true
		:: else
		fi
	}
}

/* sem_gone(), ipcx_holding_dead_locked(), sem_count_gone() */
inline gone(id)
{
	atomic {
		touch_object();
		if
#ifdef NO_DEAD_CHECK
		:: linked[id] ->
#else
		:: linked[id] && of_dead(id) ->
			assert(!record_freed);
#endif
			if
			:: !dead ->
				units = units + has[id];
				deaths = deaths + (has[id] > 0);
				died_with = died_with + (has[id] > 0)
			:: else
			fi;
#if !defined(DOUBLE_REFUND) && !defined(UNLINK_LATER)
			unlink(id);
			free_holding(id);
#endif
			conserved()
		:: else
		fi
	}
#if defined(UNLINK_LATER)
	atomic {
		if
		:: linked[id] -> unlink(id); free_holding(id)
		:: else
		fi
	}
#endif
#ifndef GONE_SILENT
	serve()
#endif
}

/* sem_post(), sem_give_locked() */
inline give(id)
{
	atomic {
		if
		:: !dead ->
			assert(linked[id] && has[id]);
			has[id]--;
			units++;
			conserved()
		:: else
		fi
	}
	serve()
}

/*
 * object_retire_locked(), ipcx_ledger_clear(): the last handle goes, and with it
 * every holding, and then the reference.
 */
inline clear()
{
	id = 1;
	do
	:: id <= LAST ->
		atomic {
			if
			:: linked[id] ->
				unlink(id);
				if
#ifndef CLEAR_FREES_PINNED
				:: pins[id]
#endif
				:: else -> free_holding(id)
				fi
			:: else
			fi;
			id++
		}
	:: else -> break
	od
}

inline put_object()
{
	atomic {
		touch_object();
		refs--;
		freed = !refs
	}
}

inline close_handle()
{
	atomic {
		handles--;
		retires = !handles;
		first = retires && !dead;
		dead = dead || retires
	}
	if
	:: first -> clear()
	:: else
	fi;
	if
	:: retires -> put_object()
	:: else
	fi;
	FINISH()
}

/* Takes without waiting, and dies. */
proctype victim()
{
	bool ok, got, news, retires, first;
	byte id;

	if
	:: true ->
		pin(VICTIM, false);
		if
		:: ok ->
			atomic { count_try(VICTIM); told = told + news }
			unpin(VICTIM);
			if
			:: got -> give(VICTIM)
			:: true
			fi
		:: else
		fi
	:: true
	fi;
	/* probe_exit(), proc_died() */
	atomic {
		victim_dead = true;
#ifdef ID_FREED_EARLY
		id_free = true;
#endif
#ifndef PENDING_LATE
		pending++
#endif
	}
	/* exit_notify() comes behind the tracepoint, and exit_files(). */
	parent_told = true;
#ifdef PENDING_LATE
	pending++;
#endif
	close_handle()
}

/* proc_work(), proc_free() */
active proctype work()
{
	bool found;

	victim_dead && pending;
#ifdef COUNTED_OFF_EARLY
	pending--;
#endif
	do
	:: true ->
		atomic {
			found = linked[VICTIM] && !of_living[VICTIM];
#ifndef GET_LATE
			if
			:: found -> touch_object(); refs++
			:: else
			fi
#endif
		}
#ifdef GET_LATE
		if
		:: found -> atomic { touch_object(); refs++ }
		:: else
		fi;
#endif
		if
		:: found -> gone(VICTIM); put_object()
		:: else -> break
		fi
	od;
	atomic {
		record_freed = true;
		id_free = true
	}
#ifndef COUNTED_OFF_EARLY
	pending--;
#endif
	FINISH()
}

/* ipcx_settle(), ledger_dead_above() */
inline settle()
{
	if
	:: pending ->
		found = linked[VICTIM] && of_dead(VICTIM);
		if
		:: found -> gone(VICTIM)
		:: else
		fi
	:: else
	fi
}

/* sem_take() without waiting, by who was told of the death. */
proctype settler()
{
	bool ok, got, news, retires, first, found;
	byte id;

	parent_told;
#ifndef NO_SETTLE
	settle();
#endif
	pin(SETTLER, true);
	if
	:: ok ->
		atomic {
			if
			:: !place_of_sleeper -> count_try(SETTLER)
			:: else -> got = false
			fi;
			assert(got || dead || !(linked[VICTIM] &&
						of_dead(VICTIM) && has[VICTIM]))
		}
		unpin(SETTLER);
		if
		:: got && news ->
			if
			:: told++; give(SETTLER)
			:: true ->
				/* sem_take_done(), sem_untake() */
#ifndef NO_UNTAKE
				atomic {
					if
					:: !dead ->
						has[SETTLER]--;
						units++;
#ifndef REPORT_LOST
						deaths++
#endif
					:: else -> told++
					fi
				}
				serve()
#endif
			fi
		:: got && !news -> give(SETTLER)
		:: else
		fi
	:: else
	fi;
	close_handle()
}

#ifdef HEIR
/* A new process with the id of the dead one. */
active proctype heir()
{
	bool ok, got, news, retires, first;
	byte id;

	atomic { id_free && victim_dead }
	pin(VICTIM, true);
	if
	:: ok ->
		assert(of_living[VICTIM]);
		atomic { count_try(VICTIM); told = told + news }
		unpin(VICTIM);
		if
		:: got -> give(VICTIM)
		:: else
		fi
	:: else
	fi;
	close_handle()
}
#endif

#if defined(SLEEPER) || defined(DESTROY)
/* sem_take_slow(), ipcx_wait() */
active proctype sleeper()
{
	bool ok, got, news, retires, first;
	byte id;

	pin(LAST, true);
	if
	:: ok ->
		atomic {
			if
			:: dead -> got = false
			:: else ->
				count_try(LAST);
				told = told + news;
				place_of_sleeper = !got
			fi
		}
		if
		:: got || dead
		:: else -> atomic { woken || removed -> got = woken }
		fi;
		unpin(LAST);
		if
		:: got -> give(LAST)
		:: else
		fi
	:: else
	fi;
	close_handle()
}

/* Another thread of it closes a handle: ipcx_holding_tidy() */
active proctype closer()
{
	atomic {
		if
		:: linked[LAST] && !has[LAST] && !pins[LAST] ->
			unlink(LAST);
			free_holding(LAST)
		:: else
		fi
	}
	FINISH()
}
#endif

#ifdef DESTROY
/* ipcx_object_kill() */
active proctype destroyer()
{
	bool retires, first;
	byte id;

	atomic { first = !dead; dead = true }
	if
	:: first ->
		atomic {
			removed = place_of_sleeper > 0;
			place_of_sleeper = 0
		}
		clear()
	:: else
	fi;
	close_handle()
}
#endif

init {
	atomic {
		run victim();
#ifndef DESTROY
		run settler()
#endif
	}
	atomic {
		finished == ALL;
		assert(freed && !pending && record_freed);
		assert(!exists[VICTIM] && !exists[SETTLER] && !exists[LAST]);
		assert(!has[VICTIM] && !has[SETTLER] && !has[LAST]);
		assert(told + deaths == died_with)
	}
}

ALL_FINISH(finished == ALL)
