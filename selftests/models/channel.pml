/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mapped ring of a channel: libipcx/src/channel_map.c, kmod/channel_map.c, and
 * what of kmod/channel.c looks at the words.
 *
 * Each end has a number that only it moves, in memory that the other one reads.
 * Whoever cannot go on sleeps in the kernel, which says so in a word of its end
 * (sleeps); who has moved a number in user space looks at that of the other end, and
 * calls the kernel to wake it. One end writes, the other one reads, one or two
 * bytes at a time; then the writer closes.
 *
 * Invariants:
 * - What is read is what was written, all of it, in order.
 * - Nobody sleeps for ever, whoever of the two is mapped.
 *
 * Memory: what a processor has stored in user space becomes visible later, in
 * order (fresh, moved), at the latest behind its full barrier.
 *
 * run MAPPED
 * run READER_CALLS
 * run WRITER_CALLS
 * live MAPPED
 *
 * mutant MAPPED NO_ARM sleeps: who goes to sleep does not say so
 * mutant MAPPED ARM_BLINDLY sleeps: it says so, and does not look once more
 * mutant MAPPED NO_FENCE sleeps: who has moved a number looks at sleeps at once
 * mutant MAPPED NO_REARM sleeps: who is woken for too little does not say so again
 * mutant MAPPED CLEARED_LATE sleeps: sleeps is cleared behind the look of who waits
 * mutant MAPPED NEVER_WAKES sleeps: nobody looks at sleeps
 * mutant MAPPED POS_FIRST assertion: the number is moved before the bytes are there
 * mutant MAPPED GONE_SILENT sleeps: the end of the writer is not told
 * mutant READER_CALLS CALL_SILENT sleeps: a call moves a number, and serves nobody
 */
#include "model.inc"

#define WRITER 0
#define READER 1

#define CAPACITY 2
#define TOTAL	 4

#if defined(READER_CALLS)
#define CALLS(i) ((i) == READER)
#elif defined(WRITER_CALLS)
#define CALLS(i) ((i) == WRITER)
#else /* MAPPED */
#define CALLS(i) false
#endif

bool lock;

/* In memory, and as its owner has it, who may have stored more than is visible. */
byte pos[2];
byte own[2];
byte ring[CAPACITY];
byte fresh[CAPACITY];
bool stored;

bool sleeps[2];
bool gone;
bool waits[2];
byte need[2];
bool woken[2];

#define VISIBLE_BYTES() ring[0] = fresh[0]; ring[1] = fresh[1]

/* The stores of the processors; bytes before the number behind them. */
active proctype memory()
{
end:	do
	:: atomic { stored -> VISIBLE_BYTES(); stored = false }
	:: atomic { !stored && pos[WRITER] != own[WRITER] ->
		pos[WRITER] = own[WRITER] }
	:: atomic { pos[READER] != own[READER] -> pos[READER] = own[READER] }
#ifdef POS_FIRST
	:: atomic { pos[WRITER] != own[WRITER] -> pos[WRITER] = own[WRITER] }
#endif
	od
}

inline barrier()
{
	atomic {
		if
		:: me == WRITER && stored -> VISIBLE_BYTES(); stored = false
		:: else
		fi;
		pos[me] = own[me]
	}
}

/* What there is for an end, as the other one has made it visible. */
#define AVAIL(i) \
	(i == WRITER -> CAPACITY - (own[WRITER] - pos[READER]) : \
			pos[WRITER] - own[READER])

#define READY(i) \
	(AVAIL(i) >= need[i] || (i == READER && gone))

/* writers_try(), readers_try(): with the lock, which keeps no number still. */
inline try(i)
{
	took = READY(i);
	if
	:: !took ->
#ifndef NO_ARM
		sleeps[i] = true;
#endif
#ifndef ARM_BLINDLY
		took = READY(i)
#endif
	:: else
	fi
}

/* The same when it is served: CHANNEL_WAKE, or the end of a call. */
inline serve(i)
{
	if
	:: waits[i] ->
#ifdef NO_REARM
		took = READY(i);
#else
		try(i);
#endif
		if
		:: took -> waits[i] = false; woken[i] = true
		:: else
		fi
	:: else
	fi
}

/* ipcx_channel_wait(), or the beginning of a call. */
inline await()
{
	LOCK(lock);
	barrier();
	try(me);
	if
	:: took -> UNLOCK(lock)
	:: else ->
		waits[me] = true;
		UNLOCK(lock);
		atomic { woken[me] -> woken[me] = false }
	fi
}

/* ipcx_channel_wake() */
inline wake()
{
	LOCK(lock);
#ifndef CLEARED_LATE
	sleeps[1 - me] = false;
#endif
	serve(1 - me);
#ifdef CLEARED_LATE
	sleeps[1 - me] = false;
#endif
	UNLOCK(lock)
}

/* channel_map_move(), or the end of a call, which moves it under the lock. */
inline move(n)
{
	if
	:: CALLS(me) ->
		LOCK(lock);
		own[me] = own[me] + n;
		barrier();
#ifndef CALL_SILENT
		serve(1 - me);
#endif
		UNLOCK(lock)
	:: else ->
		own[me] = own[me] + n;
#ifndef NO_FENCE
		barrier();
#endif
#ifndef NEVER_WAKES
		if
		:: sleeps[1 - me] -> wake()
		:: else
		fi
#endif
	fi
}

/* A call looks under the lock only; who is mapped looks first. */
inline get()
{
	do
	:: !CALLS(me) && READY(me) -> break
	:: CALLS(me) || !READY(me) ->
		await();
		if
		:: READY(me) -> break
		:: else
		fi
	od
}

proctype writer()
{
	byte me = WRITER, n, i;
	bool took;

	do
	:: own[WRITER] < TOTAL ->
		get();
		/* Who reads may want two: whoever writes takes any room. */
		if
		:: n = 1
		:: own[WRITER] + 2 <= TOTAL && AVAIL(WRITER) == 2 -> n = 2
		fi;
		atomic {
			i = 0;
			do
			:: i < n ->
				fresh[(own[WRITER] + i) % CAPACITY] =
					own[WRITER] + i + 1;
				i++
			:: else -> break
			od;
			i = 0;
			stored = true
		}
		move(n)
	:: else -> break
	od;
	/* close() */
	LOCK(lock);
	barrier();
	gone = true;
#ifndef GONE_SILENT
	serve(READER);
#endif
	UNLOCK(lock);
	FINISH()
}

proctype reader()
{
	byte me = READER, n;
	bool took;

	do
	:: true ->
		if
		:: need[READER] = 1
		:: need[READER] = 2
		fi;
		get();
		n = pos[WRITER] - own[READER];
		if
		:: !n -> assert(gone); break
		:: else
		fi;
		n = (n > need[READER] -> need[READER] : n);
		assert(ring[own[READER] % CAPACITY] == own[READER] + 1);
		assert(n < 2 || ring[(own[READER] + 1) % CAPACITY] ==
					own[READER] + 2);
		move(n)
	od;
	assert(own[READER] == TOTAL);
	FINISH()
}

init {
	atomic {
		need[WRITER] = 1;
		need[READER] = 1;
		run writer();
		run reader()
	}
	finished == 2
}

ALL_FINISH(finished == 2)
