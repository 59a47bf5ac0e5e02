/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The word of a lock: user space flips it between free and the holder's id, the
 * kernel hands it over, and a death takes the holder out of it.
 * libipcx/src/lock.c, lock_take() and lock_gone() of kmod/sem.c, kmod/word.c.
 *
 * Sleeping and waking are those of wait.pml, and one step here. Three processes
 * take the lock, change what it protects, and release it. Process 0 may die
 * anywhere in user space, and its death is carried out some time later; then
 * another process gets its id, and takes the lock as well.
 *
 * Invariants:
 * - Of the living, one at most is inside.
 * - What the lock protects is seen by the next holder as the last one left it.
 * - Nobody sleeps for ever: the death of a holder frees the lock.
 * - REPORT: who follows a holder that died inside learns it, and only that one.
 * - An id stands for one living process.
 *
 * Memory: buffer[] is what a holder wrote and has not made visible yet.
 *
 * run RETURN
 * run REPORT
 * run RETURN BARGING
 * live RETURN
 *
 * mutant RETURN NO_ARM sleeps: who goes to sleep does not set SLEEPERS
 * mutant RETURN ARM_BLINDLY sleeps: SLEEPERS set without a look at the holder
 * mutant RETURN FLIP_BLINDLY sleeps: a release in user space that drops SLEEPERS
 * mutant RETURN RELEASE_RELAXED assertion: a release that does not release
 * mutant RETURN ACQUIRE_RELAXED assertion: an acquire that does not acquire
 * mutant RETURN PLAIN_FLIP assertion: a flip that is no exchange
 * mutant RETURN DEATH_UNSEEN sleeps: the death of a holder leaves the word
 * mutant RETURN DEATH_SILENT sleeps: it frees the word, but serves nobody
 * mutant RETURN NOT_ATTACHED assertion: the ledger does not know the holder
 * mutant RETURN ID_FREED_EARLY assertion: the id is free before the death is done
 * mutant RETURN FORK_SHARES_ID assertion: a child goes on with its parent's id
 * mutant REPORT NO_REPORT assertion: the death of a holder is not reported
 * mutant REPORT KEEPS_REPORT assertion: a mended lock goes on being reported
 */
#include "model.inc"

#define PROCESSES 3

/* The word: the holder's id below, flags above. Process i has the id i + 1. */
#define HOLDER(w) ((w) & 7)
#define DEAD	  16
#define SLEEPERS  32

byte word;
bool lock;
bool woken[PROCESSES];
bool owner_dead[PROCESSES];

/* The ledger: which id has a holding here. */
bool known[PROCESSES + 1];
bool holds_id[PROCESSES];
bool died;

/* What the lock protects: a count, and how many of the living are inside. */
byte count;
byte buffer[PROCESSES];
bool pending[PROCESSES];
byte entered;
byte inside;

/* A holder has died, and nobody has mended what it left. */
bool broken;

byte to_finish = PROCESSES + 2;

/* Used within one step only. */
hidden byte e;
hidden byte took;

#ifdef FORK_SHARES_ID
#define ID(i) (i == 1 -> 1 : i + 1)
#else
#define ID(i) (i + 1)
#endif

/* The store buffers of the processors. */
active proctype memory()
{
end:	do
	:: atomic { pending[0] -> count = buffer[0]; pending[0] = false }
	:: atomic { pending[1] -> count = buffer[1]; pending[1] = false }
	:: atomic { pending[2] -> count = buffer[2]; pending[2] = false }
	od
}

inline barrier()
{
	if
	:: pending[me] -> count = buffer[me]; pending[me] = false
	:: else
	fi
}

/* lock_flip(): "done" when the word was flipped in user space. */
#ifdef FLIP_BLINDLY
#define FLIP(from, to) \
	atomic { if \
	:: HOLDER(word) == from && (from || !word) -> word = to; done = true \
	:: else -> done = false fi }
#else
#define FLIP(from, to) \
	atomic { if \
	:: word == from -> word = to; done = true \
	:: else -> done = false fi }
#endif

/* lock_take() of the library keeps SLEEPERS of a lock that barges. */
#ifdef BARGING
#define FLIP_IN() \
	atomic { if \
	:: !(word & ~SLEEPERS) -> word = word | ID(me); done = true \
	:: else -> done = false fi }
#elif defined(PLAIN_FLIP)
#define FLIP_IN() \
	done = !word; \
	if :: done -> word = ID(me) :: else fi
#else
#define FLIP_IN() FLIP(0, ID(me))
#endif

#if defined(REPORT) && !defined(NO_REPORT)
#define ON_DEATH DEAD
#else /* RETURN */
#define ON_DEATH 0
#endif

/*
 * lock_take() of the kernel, under the lock: "took" says whether. An id that the
 * ledger does not know counts as dead.
 */
inline kernel_try(i)
{
	if
	:: HOLDER(word) && known[HOLDER(word)] ->
		took = false;
#if !defined(NO_ARM) && !defined(ARM_BLINDLY)
		word = word | SLEEPERS
#endif
	:: HOLDER(word) && !known[HOLDER(word)] ->
		word = (word & (SLEEPERS | DEAD)) | ID(i) | ON_DEATH;
		took = true
	:: !HOLDER(word) ->
		word = word | ID(i);
		took = true
	fi;
	owner_dead[i] = took && (word & DEAD)
}

#define IS_HELD() (HOLDER(word) && known[HOLDER(word)])

/* sem_idle() */
inline idle()
{
	if
	:: queue_empty() -> word = word & ~SLEEPERS
	:: else
	fi
}

/* ipcx_waitq_run_locked(); the first of a queue that barges is poked. */
inline run_queue()
{
	do
	:: queue_empty() -> break
	:: !queue_empty() && IS_HELD() -> word = word | SLEEPERS; break
	:: !queue_empty() && !IS_HELD() ->
		e = queue_first();
		woken[e] = true;
#ifdef BARGING
		break
#else
		kernel_try(e);
		queue_del(e);
		idle()
#endif
	od
}

#ifdef BARGING
#define MAY_TRY true
#else
#define MAY_TRY queue_empty()
#endif

/*
 * sem_take(), sem_take_slow(), wait_poked(). The loop around the exchange is one
 * step, the exchange that succeeds.
 */
inline kernel_acquire()
{
	atomic {
		!lock;
		if
		:: MAY_TRY -> kernel_try(me); done = took
		:: else -> done = false
		fi;
#ifdef ARM_BLINDLY
	}
	atomic {
		!lock;
		if
		:: !done -> word = word | SLEEPERS
		:: else
		fi;
#endif
		if
		:: !done -> queue_add(me)
		:: else
		fi
	}
	do
	:: done -> break
	:: else ->
		atomic {
			woken[me] && !lock;
			woken[me] = false;
#ifdef BARGING
			kernel_try(me);
			done = took;
			if
			:: done -> queue_del(me); idle(); run_queue()
			:: else
			fi
#else
			done = true
#endif
		}
	od
}

/* sem_give(), ipcx_word_unlock() */
inline kernel_release()
{
	atomic {
		!lock;
		assert(HOLDER(word) == ID(me));
		word = word & ~7;
		run_queue()
	}
}

/* Who follows a dead holder has been told, and mends: ipcx_lock_consistent() */
inline mend()
{
	atomic {
#ifdef REPORT
		assert(owner_dead[me] == broken);
#endif
		broken = false;
#ifndef KEEPS_REPORT
		if
		:: owner_dead[me] -> word = word & ~DEAD
		:: else
		fi;
#endif
		owner_dead[me] = false
	}
}

/* Process 0 may die at any step of its own in user space. */
#define MAY_DIE() \
	if \
	:: me == 0 && !heir -> goto dies \
	:: true \
	fi

inline critical_section()
{
	atomic {
		inside++;
		is_inside = true;
		assert(inside == 1);
#ifndef ACQUIRE_RELAXED
		seen = (pending[me] -> buffer[me] : count);
#endif
		assert(seen == entered)
	}
	MAY_DIE();
	atomic {
		buffer[me] = seen + 1;
		pending[me] = true;
		entered++
	}
	MAY_DIE();
	atomic {
#ifndef RELEASE_RELAXED
		barrier();
#endif
		seen = 0;
		is_inside = false;
		inside--
	}
}

proctype process(byte me; bool heir)
{
	bool done, is_inside;
	byte seen;

	/* proc_get_current(): the id of the dead is free again. */
	if
	:: heir -> atomic { died && !holds_id[0] }
	:: else
	fi;
	/* lock_attach(), sem_attach() */
	atomic {
		!lock;
		assert(!holds_id[me]);
		holds_id[me] = true;
#ifndef NOT_ATTACHED
		known[ID(me)] = true
#endif
	}
	MAY_DIE();
#ifdef ACQUIRE_RELAXED
	seen = (pending[me] -> buffer[me] : count);
#endif
	FLIP_IN();
	if
	:: done
	:: else -> kernel_acquire()
	fi;
	MAY_DIE();
	mend();
	MAY_DIE();
	critical_section();
	MAY_DIE();
	FLIP(ID(me), 0);
	if
	:: done
	:: else -> kernel_release()
	fi;
	if
	:: me != 0 || heir -> goto ends
	:: else
	fi;
dies:	/* probe_exit(), proc_died() */
	atomic {
		barrier();
		if
		:: HOLDER(word) == ID(me) -> broken = true
		:: else
		fi;
		inside = inside - is_inside;
		is_inside = false;
		done = false;
		seen = 0;
#ifdef ID_FREED_EARLY
		holds_id[0] = false;
#endif
		died = true
	}
ends:	FINISH()
}

/* proc_work() or ipcx_settle(); sem_gone(), lock_gone() */
active proctype death()
{
	atomic {
		died && !lock;
#ifndef DEATH_UNSEEN
		known[1] = false;
		if
		:: HOLDER(word) == 1 -> word = (word & ~7) | ON_DEATH
		:: else
		fi;
#ifndef DEATH_SILENT
		run_queue();
#endif
#endif
	}
	/* proc_free() */
	atomic {
#ifndef ID_FREED_EARLY
		holds_id[0] = false;
#endif
		FINISH()
	}
}

init {
	atomic {
		run process(0, false);
		run process(1, false);
		run process(2, false);
		run process(0, true);
	}
	atomic {
		finished == to_finish;
		assert(!inside && !HOLDER(word) && queue_empty());
		assert(!(word & SLEEPERS))
	}
}

ALL_FINISH(finished == to_finish)
