/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The turn of a mapped channel: libipcx/src/channel_map.c, kmod/channel_map.c, and
 * what of kmod/channel_words.c looks at the words. channel.pml has the ring of one
 * direction.
 *
 * Each end has two numbers that only it moves: where it is in the stream, and how
 * often it has handed over the turn. Who has the turn, and is not behind, writes; who
 * is behind reads. The ends talk in turn, a few bytes each time, more than fit at once.
 *
 * Invariants:
 * - Only who has the turn writes, and only when it has read everything.
 * - What is read is what was written, in order.
 * - Nobody sleeps for ever, whoever of the two is mapped.
 *
 * Memory: what a processor has stored in user space becomes visible later, in order
 * (bytes, number, turn), at the latest behind its full barrier.
 *
 * run MAPPED
 * run SECOND_CALLS
 * run FIRST_CALLS
 * live MAPPED
 *
 * mutant MAPPED TURN_FIRST assertion: the turn is handed over before the bytes
 * mutant MAPPED LOOKS_LATE assertion: who looks reads the turn behind the number
 * mutant SECOND_CALLS LOOKS_LATE assertion: the same in the kernel
 * mutant MAPPED BEHIND_WRITES assertion: who has the turn need not have read
 * mutant MAPPED NO_ARM sleeps: who goes to sleep does not say so
 * mutant MAPPED ARM_BLINDLY sleeps: it says so, and does not look once more
 * mutant MAPPED NO_FENCE sleeps: who has handed over looks at sleeps at once
 * mutant MAPPED PASS_SILENT sleeps: who hands over does not look at sleeps
 * mutant SECOND_CALLS PASS_SILENT sleeps: a call hands over, and serves nobody
 */
#include "model.inc"

#define FIRST  0
#define SECOND 1

#define CAPACITY 2
#define MESSAGE	 3 /* bytes */
#define TURNS	 3 /* FIRST, SECOND, FIRST */

#if defined(SECOND_CALLS)
#define CALLS(i) ((i) == SECOND)
#elif defined(FIRST_CALLS)
#define CALLS(i) ((i) == FIRST)
#else /* MAPPED */
#define CALLS(i) false
#endif

bool lock;

/* In memory, and as its owner has it, who may have stored more than is visible. */
byte pos[2], own_pos[2];
byte passes[2], own_passes[2];
byte ring[CAPACITY], fresh[CAPACITY];
bool stored[2];

bool sleeps[2];
bool waits[2];
bool writes[2]; /* what they wait for */
bool woken[2];

/* Only who has the turn has stored bytes. */
#define VISIBLE_BYTES() ring[0] = fresh[0]; ring[1] = fresh[1]

active proctype memory()
{
	byte i;

end:	do
	:: atomic { stored[0] -> VISIBLE_BYTES(); stored[0] = false }
	:: atomic { stored[1] -> VISIBLE_BYTES(); stored[1] = false }
	:: atomic { !stored[0] && pos[0] != own_pos[0] -> pos[0] = own_pos[0] }
	:: atomic { !stored[1] && pos[1] != own_pos[1] -> pos[1] = own_pos[1] }
	:: atomic {
#ifdef TURN_FIRST
		passes[0] != own_passes[0] ->
#else
		!stored[0] && pos[0] == own_pos[0] &&
			passes[0] != own_passes[0] ->
#endif
		passes[0] = own_passes[0] }
	:: atomic {
#ifdef TURN_FIRST
		passes[1] != own_passes[1] ->
#else
		!stored[1] && pos[1] == own_pos[1] &&
			passes[1] != own_passes[1] ->
#endif
		passes[1] = own_passes[1] }
	od
}

inline barrier()
{
	atomic {
		if
		:: stored[me] -> VISIBLE_BYTES(); stored[me] = false
		:: else
		fi;
		pos[me] = own_pos[me];
		passes[me] = own_passes[me]
	}
}

#define TURN_IS_AT(i, theirs) \
	((i) == FIRST -> own_passes[i] == theirs : own_passes[i] != theirs)

/* What the end i sees of the other one, in two steps: room, or bytes. */
inline look(i, write)
{
#ifdef LOOKS_LATE
	at = pos[1 - (i)];
	turn = passes[1 - (i)];
#else
	turn = passes[1 - (i)];
	at = pos[1 - (i)];
#endif
	atomic {
		if
		:: write && !TURN_IS_AT(i, turn) -> avail = 0
#ifndef BEHIND_WRITES
		:: write && TURN_IS_AT(i, turn) && at > own_pos[i] -> avail = 0
#endif
		:: write && TURN_IS_AT(i, turn) && at <= own_pos[i] ->
			avail = CAPACITY - (own_pos[i] - at)
#ifdef BEHIND_WRITES
		:: write && TURN_IS_AT(i, turn) && at > own_pos[i] -> avail = 1
#endif
		:: !write ->
			avail = (at > own_pos[i] -> at - own_pos[i] : 0)
		fi;
		at = 0;
		turn = 0
	}
}

/* With the lock, which keeps nothing still. */
inline try(i)
{
	look(i, writes[i]);
	if
	:: !avail ->
#ifndef NO_ARM
		sleeps[i] = true;
#endif
#ifndef ARM_BLINDLY
		look(i, writes[i])
#endif
	:: else
	fi
}

inline serve(i)
{
	if
	:: waits[i] ->
		try(i);
		if
		:: avail -> waits[i] = false; woken[i] = true
		:: else
		fi
	:: else
	fi
}

inline await()
{
	LOCK(lock);
	barrier();
	try(me);
	if
	:: avail -> UNLOCK(lock)
	:: else ->
		waits[me] = true;
		UNLOCK(lock);
		atomic { woken[me] -> woken[me] = false }
	fi
}

/* channel_map_tell(), or the end of a call. */
inline tell(silent)
{
	if
	:: CALLS(me) ->
		LOCK(lock);
		barrier();
		if
		:: !silent -> serve(1 - me)
		:: else
		fi;
		UNLOCK(lock)
	:: else ->
#ifndef NO_FENCE
		barrier();
#endif
		if
		:: !silent && sleeps[1 - me] ->
			LOCK(lock);
			sleeps[1 - me] = false;
			serve(1 - me);
			UNLOCK(lock)
		:: else
		fi
	fi
}

inline get(write)
{
	writes[me] = write;
	do
	:: !CALLS(me) ->
		look(me, write);
		if
		:: avail -> break
		:: else -> await()
		fi
	:: CALLS(me) ->
		await();
		look(me, write);
		if
		:: avail -> break
		:: else
		fi
	od
}

/* Who is told that it may write really may. */
inline may_write()
{
	assert(TURN_IS_AT(me, own_passes[1 - me]));
	assert(own_pos[me] >= own_pos[1 - me])
}

inline say()
{
	i = 0;
	do
	:: i < MESSAGE ->
		get(true);
		atomic {
			may_write();
			fresh[own_pos[me] % CAPACITY] = own_pos[me] + 1;
			own_pos[me] = own_pos[me] + 1;
			stored[me] = true;
			i++;
			avail = 0
		}
		/* The last bytes and the turn may be moved together. */
		if
		:: i < MESSAGE -> tell(false)
		:: i == MESSAGE -> tell(false)
		:: i == MESSAGE
		fi
	:: else -> break
	od;
	own_passes[me] = own_passes[me] + 1;
#ifdef PASS_SILENT
	tell(true)
#else
	tell(false)
#endif
}

inline hear()
{
	i = 0;
	do
	:: i < MESSAGE ->
		/* Somebody may try to write at any time. */
		if
		:: look(me, true);
			if
			:: avail -> may_write()
			:: else
			fi;
			avail = 0
		:: true
		fi;
		get(false);
		atomic {
			assert(ring[own_pos[me] % CAPACITY] == own_pos[me] + 1);
			own_pos[me] = own_pos[me] + 1;
			i++;
			avail = 0
		}
		tell(false)
	:: else -> break
	od
}

proctype talker(byte me)
{
	byte n, i, at, turn, avail;

	do
	:: n == TURNS -> break
	:: n < TURNS && n % 2 == me -> say(); n++
	:: n < TURNS && n % 2 != me -> hear(); n++
	od;
	FINISH()
}

init {
	atomic {
		run talker(FIRST);
		run talker(SECOND)
	}
	finished == 2
}

ALL_FINISH(finished == 2)
