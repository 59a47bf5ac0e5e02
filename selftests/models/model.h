/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the models share.
 *
 * A model is explored as a whole: every order of the steps of its processes.
 * What stands in one atomic block is one step. A critical section is one step
 * where nothing in it can be seen from outside, and several where a word is
 * changed that others read or exchange without the lock.
 */

/* spin_lock(), spin_unlock(). */
#define LOCK(l)	  atomic { !l -> l = true }
#define UNLOCK(l) l = false

/* A process that sleeps for ever makes an invalid end state. */

#define NONE 255

/*
 * Every process comes to its end. Checked with weak fairness, in a run of its
 * own: beside a claim, violated assertions would not be found.
 */
byte finished;
#define FINISH() finished++

#ifdef LIVENESS
#define ALL_FINISH(c) ltl all_finish { <> (c) }
#else
#define ALL_FINISH(c)
#endif

/* A queue of at most three, first come first served: the place of each. */
byte place[3];
byte queue_nr;

#define in_queue(i)    (place[i] != 0)
#define queue_empty()  (queue_nr == 0)
#define queue_first()  (place[0] == 1 -> 0 : (place[1] == 1 -> 1 : 2))

inline queue_add(i)
{
	d_step {
		assert(!place[i]);
		queue_nr++;
		place[i] = queue_nr
	}
}

inline queue_del(i)
{
	d_step {
		if
		:: place[i] ->
			queue_nr--;
			place[0] = place[0] - (place[0] > place[i]);
			place[1] = place[1] - (place[1] > place[i]);
			place[2] = place[2] - (place[2] > place[i]);
			place[i] = 0
		:: else
		fi
	}
}
