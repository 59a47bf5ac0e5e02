/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The word of a plain semaphore: user space and kernel change it at the same
 * time. libipcx/src/sem.c, kmod/word.c, kmod/sem.c.
 *
 * Sleeping and waking are those of wait.pml, and one step here. Three users
 * take a unit each and give it back, in user space when they can; user 0 may
 * give up waiting. A poller waits until the semaphore can be taken.
 *
 * Invariants:
 * - Nobody sleeps for ever while units are there (no invalid end state).
 * - Units are conserved: at each step, those in the word and those that are held
 *   make what there was at first.
 * - While somebody is queued the word says SLEEPERS, so user space gives in the
 *   kernel, and takes there, too, unless the semaphore barges.
 * - When all is over it does not say so any more.
 * - A poller sleeps only while there is nothing, or NOTIFY is set.
 *
 * The only word is exchanged as a whole, so no barrier orders it against another
 * one. LOSSES is how many exchanges the kernel may lose before it does without.
 *
 * run WORD
 * run WORD BARGING
 * run WORD POLLER
 * run CROWD
 * run CROWD BARGING
 * live WORD
 *
 * mutant WORD NO_ARM sleeps: who goes to sleep does not set SLEEPERS
 * mutant WORD ARM_BLINDLY sleeps: SLEEPERS set without a look at the units
 * mutant WORD NO_RECHECK sleeps: no attempt under the lock that queues
 * mutant WORD GIVE_BLINDLY sleeps: user space gives although SLEEPERS is set
 * mutant WORD TAKE_BLINDLY assertion: user space takes although SLEEPERS is set
 * mutant WORD CLEAR_EARLY sleeps: SLEEPERS is cleared while others are queued
 * mutant WORD NOT_SERVED sleeps: who gives after a look at no queue, serves none
 * mutant WORD LEAVE_ARMED assertion: who leaves last does not clear SLEEPERS
 * mutant WORD BARGING LEAVE_SILENTLY sleeps: who leaves does not run the queue
 * mutant WORD PLAIN_TAKE assertion: user space takes without an exchange
 * mutant WORD POLLER NO_NOTIFY sleeps: a poller does not set NOTIFY
 * mutant WORD POLLER READ_FIRST sleeps: a poller reads before it sets NOTIFY
 * mutant WORD POLLER LATE_POLLER sleeps: it enters the pollers' queue last
 * mutant WORD POLLER CLEAR_NOTIFY sleeps: NOTIFY is cleared in spite of pollers
 * mutant CROWD NO_SILENCE sleeps: who lost to a crowd does not silence it
 */
#include "model.inc"

#define USERS 3

/* The word: units below, flags above. */
#define VALUE(w)  ((w) & 15)
#define SLEEPERS  16
#define NOTIFY	  32
#define FLAGS	  (SLEEPERS | NOTIFY)

#define INITIAL 1

#ifdef CROWD
#define ROUNDS 2
#define LOSSES 2
#elif defined(WORD)
#define ROUNDS 1
#define LOSSES 8
#endif

byte word = INITIAL;
hidden byte e;
bool lock;
byte held;
bool woken[USERS];

bool pollers;
bool poll_woken;

byte to_finish = USERS;

#define conserved() assert(VALUE(word) + held == INITIAL)

/* try_cmpxchg(): "done", or what is there in "old". */
#define CMPXCHG(next) \
	if \
	:: word == old -> word = next; done = true \
	:: else -> old = word; done = false \
	fi

/* sem_take_one(), sem_take(): "done" when it could be done in user space. */
#ifdef TAKE_BLINDLY
#define STOP NOTIFY
#elif defined(BARGING)
#define STOP NOTIFY
#else
#define STOP FLAGS
#endif

#ifdef GIVE_BLINDLY
#define GIVE_STOP NOTIFY
#else
#define GIVE_STOP FLAGS
#endif

/* An honest crowd comes through the kernel, and is quiet, once NOTIFY is set. */
#ifdef NO_SILENCE
#define LOST() losses++
#else
#define LOST() \
	losses++; \
	if \
	:: losses == LOSSES / 2 -> word = word | NOTIFY; old = word \
	:: else \
	fi
#endif

inline user_take()
{
	old = word;
	do
	:: atomic { (old & STOP) || !VALUE(old) -> done = false; old = 0; break }
	:: atomic { !(old & STOP) && VALUE(old) ->
#ifdef PLAIN_TAKE
		word = old - 1;
		done = true;
#else
		CMPXCHG(old - 1);
#endif
		if
		:: done ->
			held++;
			old = 0;
			conserved();
#ifndef BARGING
			assert(queue_empty());
#endif
			break
		:: else
		fi
		}
	od
}

/* ipcx_sem_post(), sem_give() */
inline user_give()
{
	old = word;
	do
	:: atomic { (old & GIVE_STOP) -> done = false; old = 0; break }
	:: atomic { !(old & GIVE_STOP) ->
		CMPXCHG(old + 1);
		if
		:: done ->
			held--;
			old = 0;
			conserved();
			break
		:: else
		fi
		}
	od
}

/*
 * ipcx_word_take(): "done" when taken. User space may change the word between
 * the read and the exchange, but only so often.
 */
inline word_take(arm)
{
	old = word;
	losses = 0;
	do
	:: atomic { VALUE(old) && losses < LOSSES ->
		CMPXCHG(old - 1);
		if
		:: done -> held++; conserved(); break
		:: else -> LOST()
		fi
		}
	:: atomic { !VALUE(old) && losses < LOSSES ->
		done = false;
		if
#ifdef NO_ARM
		:: true -> break
#else
		:: !(arm) || (old & SLEEPERS) -> break
#ifdef ARM_BLINDLY
		:: else -> word = word | SLEEPERS; break
#else
		:: else ->
			CMPXCHG(old | SLEEPERS);
			if
			:: done -> done = false; break
			:: else -> LOST()
			fi
#endif
#endif
		fi
		}
	:: atomic { losses == LOSSES ->
		done = false;
		if
		:: arm -> word = word | SLEEPERS
		:: else
		fi;
		break
		}
	od;
	old = 0;
	losses = 0
}

/* sem_idle() */
inline idle()
{
	if
#ifdef CLEAR_EARLY
	:: true -> word = word & ~SLEEPERS
#else
	:: queue_empty() -> word = word & ~SLEEPERS
	:: else
#endif
	fi
}

/* sem_changed_locked(), and the wake-up of pollers behind the lock */
inline changed()
{
	if
#ifdef CLEAR_NOTIFY
	:: true -> word = word & ~NOTIFY
#endif
	:: !pollers -> word = word & ~NOTIFY
	:: pollers && VALUE(word) && queue_empty() -> poll_woken = true
	:: else
	fi
}

/*
 * ipcx_waitq_run_locked(), of a queue whose entries all want one unit. In one
 * step: SLEEPERS is set, so user space can at most take, from one that barges;
 * there the first waiter is poked.
 */
inline run_queue()
{
	do
	:: queue_empty() || !VALUE(word) -> break
	:: !queue_empty() && VALUE(word) ->
		e = queue_first();
		woken[e] = true;
#ifdef BARGING
		break
#else
		queue_del(e);
		word--;
		held++;
		idle()
#endif
	od
}

/* sem_take_slow(), ipcx_wait_tried(), wait_sleep(), wait_leave() */
inline kernel_take()
{
	LOCK(lock);
	if
#ifndef BARGING
	:: !queue_empty() -> done = false
	:: queue_empty() -> word_take(true)
#else
	:: true -> word_take(true)
#endif
	fi;
#ifdef NO_RECHECK
	UNLOCK(lock);
	LOCK(lock);
#endif
	atomic {
		if
		:: !done ->
			queue_add(me);
#ifndef CLEAR_EARLY
#if !defined(NO_ARM) && !defined(NO_RECHECK)
			assert(word & SLEEPERS);
#endif
#endif
			UNLOCK(lock)
		:: else ->
			changed();
			UNLOCK(lock);
			goto taken
		fi
	}
	do
#ifdef BARGING
	/* wait_poked() */
	:: atomic {
		woken[me] && !lock;
		woken[me] = false;
		if
		:: VALUE(word) ->
			word--;
			held++;
			queue_del(me);
			idle();
			run_queue();
			changed();
			break
		:: else -> word = word | SLEEPERS
		fi }
#else
	:: atomic { woken[me] -> woken[me] = false; break }
#endif
	:: atomic { me == 0 && !lock && in_queue(me) ->
		woken[me] = false;
		queue_del(me);
#ifndef LEAVE_ARMED
		idle();
#endif
#ifndef LEAVE_SILENTLY
		run_queue();
		changed();
#endif
		goto left }
	od;
taken:	skip
}

/* sem_give(): the look at the queue has no lock, and decides only the way. */
inline kernel_give()
{
	LOCK(lock);
	atomic {
		/* ipcx_word_give(): the next step of the crowd comes behind. */
		word++;
		held--;
		conserved();
		if
		:: queue_empty() -> changed(); UNLOCK(lock); done = false
		:: else -> UNLOCK(lock); done = true
		fi
	}
#ifndef NOT_SERVED
	if
	:: done -> atomic { !lock; run_queue(); changed() }
	:: else
	fi
#endif
}

proctype user(byte me)
{
	byte old, losses, round;
	bool done;

	do
	:: round < ROUNDS ->
		user_take();
		if
		:: !done -> kernel_take()
		:: else
		fi;
		user_give();
		if
		:: !done -> kernel_give()
		:: else
		fi;
left:		atomic { done = false; round++ }
	:: else -> break
	od;
	FINISH()
}

#ifdef POLLER
/* ipcx_object_poll(), sem_poll(), and the caller that sleeps until woken */
active proctype poller()
{
	byte events;

	do
	:: true ->
		poll_woken = false;
#ifndef LATE_POLLER
		pollers = true;
#endif
#ifdef READ_FIRST
		events = VALUE(word);
#endif
		LOCK(lock);
#ifndef NO_NOTIFY
		word = word | NOTIFY;
#endif
#ifndef READ_FIRST
		atomic { events = VALUE(word) && queue_empty() };
#endif
		UNLOCK(lock);
#ifdef LATE_POLLER
		pollers = true;
#endif
		if
		:: events -> break
		:: else -> poll_woken
		fi
	od;
	pollers = false;
	FINISH()
}
#endif

init {
	atomic {
#ifdef POLLER
		to_finish++;
#endif
		run user(0);
		run user(1);
		run user(2)
	}
	atomic {
		finished == to_finish;
		assert(!held);
		conserved();
		assert(queue_empty());
		assert(!(word & SLEEPERS))
	}
}

ALL_FINISH(finished == to_finish)
