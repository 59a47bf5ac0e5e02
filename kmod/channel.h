/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channels, as the files of their room know them.
 */
#ifndef IPCX_CHANNEL_H
#define IPCX_CHANNEL_H

#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/types.h>

#include "handle.h"
#include "object.h"

/**
 * DOC: Channels
 *
 * *Words.* Each end has two numbers that only it moves: how many bytes have gone
 * through it (written or read, modulo 2^32), and how often it has handed over the
 * turn. Everything else follows from these four, see ipcx_channel_look_locked():
 * who is ahead has written what is in the ring; the first end has the turn when
 * both have handed it over equally often, the second when the first has once more.
 * So a turn cannot overtake what was written before it: an end that has the turn
 * writes only when it is not behind. For that the turn is moved last, and looked at
 * first.
 *
 * *Batches.* In a strict channel the writer's number moves at the end of a batch
 * only. Until then its bytes are *staged*: in the ring, and not seen; a third number
 * says where they end. And it writes nothing while the reader is behind. The end of a
 * batch is one store: whoever dies has ended it or not.
 *
 * *Inside.* A call that has entered an end is inside until it leaves: that makes
 * a write one piece, however often it has to wait. While it copies, the part of
 * the ring that it copies is its own, for the words that delimit it are moved by
 * the two ends only, and by each for itself. So it copies without a lock.
 *
 * *Faults.* It copies with page faults disabled. If a page is missing, the call
 * leaves the end, or, in the middle of a write, stops copying; brings the page
 * in, however long that takes; and enters again. Nothing has moved, for the words
 * move behind the copy.
 *
 * *Mapped.* The numbers may lie in pages that are mapped, each written by the
 * process that has mapped its end, which may be hostile. A look reads each once;
 * what follows from it is what is done, whatever the number becomes. It says where
 * in the ring something is, modulo the capacity, and how much, after a comparison
 * with the capacity: so nothing outside the ring is touched, and what a lie costs
 * is the bytes of those who share the channel.
 *
 * Whoever cannot go on here sets @sleeps of its end, passes a full barrier, and
 * looks once more. Who has moved a number in user space passes one, and looks at
 * @sleeps of the other end. Of the two one sees what the other has done: so either
 * nobody sleeps, or there is a call of IPCX_IOC_CHANNEL_WAKE, which clears @sleeps
 * and lets all who wait look again, and set it again.
 *
 * *Places.* Who reads at an end, and who has an end of a channel with turns, is a
 * process, which has a holding in the ledger for it. A call that finds the place
 * taken by another process is refused, unless that one has never used it.
 */

struct file;
struct ipcx_call;
struct page;
struct vm_area_struct;

/* Where more than two numbers are to be looked at. */
#define CHANNEL_F_NOT_PLAIN (IPCX_CHANNEL_F_TURN | IPCX_CHANNEL_F_STRICT)

/* Queues of a channel: also who waits for the turn or for an end is a writer. */
#define CHANNEL_WRITERS 0
#define CHANNEL_READERS 1

/* Ends, as indices. A handle says one more, and 0 for none. */
#define CHANNEL_FIRST  0
#define CHANNEL_SECOND 1
#define CHANNEL_ENDS   2

/* What poll() says there is to read, or room to write. */
#define CHANNEL_IN  (EPOLLIN | EPOLLRDNORM)
#define CHANNEL_OUT (EPOLLOUT | EPOLLWRNORM)

/* Of &ipcx_handle.part: the end, and flags of its opening above it. */
#define CHANNEL_PART_END  3U
#define CHANNEL_PART_FLAG 2

/**
 * struct ipcx_ring - Memory in which the end follows the beginning
 * @data: The bytes, mapped twice in a row: no copy has to be split
 * @capacity: How many, a power of two
 * @pages: They, also twice
 */
struct ipcx_ring {
	char *data;
	u32 capacity;
	struct page **pages;
};

/**
 * struct ipcx_channel_side - One end
 * @words: Its number and what is mapped beside it: @own, or in &ipcx_channel.control
 * @own: That, until an end is mapped for the first time
 * @handles: Open descriptors
 * @mapped: Mappings; they keep descriptors open
 * @opened: There was one once
 * @openings: How often
 * @inside: A call is inside
 * @copying: It copies
 * @hidden: Somebody was not told of what there is because of that call, or because
 *	others were in line
 * @closing: The place is given up when no call is inside, and nothing is mapped
 * @orphaned: It has the turn, and who had it is dead, and nobody was there to get it
 * @asks: It has asked for the turn
 * @asked_at: How often the other end had handed it over then: who has done that in
 *	user space since has answered
 * @killed: Who closed it last was killed by a signal
 * @used: The process that has the place has used it
 * @holder: The place: a holding of that process, or NULL
 * @inherited: It got the turn by a death, of which it was not told yet
 * @inherited_at: How often it had handed over the turn itself then
 * @death: Record of the process that left this end the turn by dying, or NULL; it
 *	stays until the next one when nobody asks for it while it has that turn
 * @written: Bytes written through it, without heads of packets
 * @read: Bytes read through it, the same
 */
struct ipcx_channel_side {
	struct ipcx_channel_words *words;
	struct ipcx_channel_words own;
	u32 asked_at;
	u32 inherited_at;
	u32 handles;
	u32 mapped;
	bool opened;
	u32 openings;
	bool inside;
	bool copying;
	bool hidden;
	bool closing;
	bool orphaned;
	bool asks;
	bool killed;
	bool used;
	bool inherited;
	struct ipcx_holding *holder;
	struct ipcx_holding *death;
	u64 written;
	u64 read;
};

/**
 * struct ipcx_channel - A channel
 * @obj: The base
 * @flags: &enum ipcx_channel_flags; constant
 * @read_mark: Bytes that poll() calls something
 * @write_mark: Room that poll() calls some
 * @frozen: Nobody copies: the ring is being changed
 * @resizers: Calls that change it, or wait for that: nobody enters or copies anew
 * @news: What pollers have not been told yet
 * @ring: The bytes
 * @control: Pages for the words of the ends, or NULL: neither was ever mapped
 * @side: The ends
 * @batches: How many batches were ended by calls
 *
 * What is not constant is protected by the object's lock. The bytes of the ring
 * are not: see above.
 */
struct ipcx_channel {
	struct ipcx_object obj;
	u32 flags;
	u32 read_mark;
	u32 write_mark;
	bool frozen;
	u32 resizers;
	__poll_t news;
	struct ipcx_ring ring;
	struct page *control[CHANNEL_ENDS];
	struct ipcx_channel_side side[CHANNEL_ENDS];
	u64 batches;
};

/**
 * struct ipcx_channel_view - What the words say
 * @turn: Which end has the turn, perhaps only when it has read
 * @from: Which end has written what is in the ring
 * @queued: How many bytes that is
 * @pos: The numbers of the ends; read once, for they may change at any time
 * @passes: How often each has handed over the turn; 0 in a channel without turns
 * @staged: Bytes behind @pos that the other end does not see yet
 */
struct ipcx_channel_view {
	int turn;
	int from;
	u32 queued;
	u32 pos[CHANNEL_ENDS];
	u32 passes[CHANNEL_ENDS];
	u32 staged[CHANNEL_ENDS];
};

/**
 * enum ipcx_channel_wish - What a call waits for
 * @CHANNEL_ENTER: To write or read, as the first part of it
 * @CHANNEL_GO_ON: The same, being inside
 * @CHANNEL_END_ALONE: To be inside, to do something other than write
 * @CHANNEL_TURN: The turn
 * @CHANNEL_PEER: That the other end is opened
 * @CHANNEL_STILL: That nobody copies
 * @CHANNEL_READY: That there is something, or room; it takes nothing
 */
enum ipcx_channel_wish {
	CHANNEL_ENTER,
	CHANNEL_GO_ON,
	CHANNEL_END_ALONE,
	CHANNEL_TURN,
	CHANNEL_PEER,
	CHANNEL_STILL,
	CHANNEL_READY,
};

/**
 * struct ipcx_channel_entry - A call that waits
 * @e: The base; its mode is the &enum ipcx_channel_wish
 * @end: At which end
 * @who: The calling process, which lives as long as the call
 * @need: Bytes, or bytes of room, that it needs; for the other end: how often that
 *	had been opened before this one was
 * @pos: Gets the number of the end to which @at belongs, behind what is staged
 * @at: Gets where the bytes are, or are to be
 * @room: Gets how many bytes there are, or how many may be put there
 */
struct ipcx_channel_entry {
	struct ipcx_wait_entry e;
	int end;
	struct pid *who;
	u32 need;
	u32 pos;
	char *at;
	u32 room;
};

static inline struct ipcx_channel *to_channel(struct ipcx_object *obj)
{
	return container_of(obj, struct ipcx_channel, obj);
}

static inline struct ipcx_waitq *channel_queue(struct ipcx_channel *ch, int i)
{
	return &ch->obj.waitq[i];
}

/* The end that a handle is for, or -EBADF. */
static inline int channel_end(const struct ipcx_handle *handle)
{
	u32 end = handle->part & CHANNEL_PART_END;

	return likely(end) ? (int)end - 1 : -EBADF;
}

static inline bool channel_opened_with(const struct ipcx_handle *handle,
				       u32 flag)
{
	return handle->part & flag << CHANNEL_PART_FLAG;
}

static inline bool channel_turns(const struct ipcx_channel *ch)
{
	return ch->flags & IPCX_CHANNEL_F_TURN;
}

static inline u32 channel_pos(const struct ipcx_channel_side *side)
{
	/* What was copied before it was moved is seen. */
	return smp_load_acquire(&side->words->pos);
}

static inline u32 channel_passes(const struct ipcx_channel_side *side)
{
	/* And what was moved before the turn. */
	return smp_load_acquire(&side->words->passes);
}

static inline void channel_move(struct ipcx_channel_side *side, u32 pos)
{
	/* Behind what was copied. */
	smp_store_release(&side->words->pos, pos);
}

/* May user space have moved a number? */
static inline bool channel_is_shared(const struct ipcx_channel *ch)
{
	return ch->control[CHANNEL_FIRST];
}

/* Does this end ever read (or write)? */
static inline bool channel_end_reads(const struct ipcx_channel *ch, int end)
{
	return channel_turns(ch) || end == CHANNEL_SECOND;
}

static inline bool channel_end_writes(const struct ipcx_channel *ch, int end)
{
	return channel_turns(ch) || end == CHANNEL_FIRST;
}

/* It was there, and is no more: opened, not only tried. */
static inline bool channel_end_gone(const struct ipcx_channel_side *side)
{
	return side->opened && !side->handles;
}

/*
 * Has the calling process the place? Under the object's lock, so that the holding
 * stands in the ledger. What it held before an exec is not its own any more, though
 * the pid is, and is settled before anything is done with the end.
 */
static inline bool channel_is_mine(const struct ipcx_channel_side *side)
{
	const struct ipcx_holding *h = side->holder;

	return h && h->pid == task_tgid(current) && !READ_ONCE(h->proc->dead);
}

/* How many bytes an end can read. */
static inline u32 channel_readable(const struct ipcx_channel_view *view,
				   int end)
{
	return view->from == end ? 0 : view->queued;
}

/* How many bytes an end can write. Under the object's lock. */
static inline u32 channel_writable(const struct ipcx_channel *ch,
				   const struct ipcx_channel_view *view,
				   int end)
{
	u32 used = view->queued;

	if (view->turn != end || (used && view->from != end))
		return 0;
	if (ch->flags & IPCX_CHANNEL_F_STRICT) {
		if (used)
			return 0;
		used = view->staged[end];
	}
	return ch->ring.capacity - used;
}

/* channel_words.c */
int ipcx_channel_look_locked(const struct ipcx_channel *ch,
			     struct ipcx_channel_view *view);
void ipcx_channel_publish_locked(struct ipcx_channel *ch, int end);
void ipcx_channel_pass_locked(struct ipcx_channel *ch, int end);
bool ipcx_channel_turn_is_at_locked(struct ipcx_channel *ch, int end);
bool ipcx_channel_inherit_locked(struct ipcx_channel *ch, int end, bool died);

/*
 * What do the words say? 0, or -EPROTO when they contradict themselves; there is
 * nothing then. Under the object's lock.
 */
static __always_inline int channel_look_locked(const struct ipcx_channel *ch,
					       struct ipcx_channel_view *view)
{
	if (likely(!(ch->flags & CHANNEL_F_NOT_PLAIN))) {
		*view = (struct ipcx_channel_view) {
			.pos = { channel_pos(&ch->side[CHANNEL_FIRST]),
				 channel_pos(&ch->side[CHANNEL_SECOND]) },
		};
		view->queued =
			view->pos[CHANNEL_FIRST] - view->pos[CHANNEL_SECOND];
		if (likely(view->queued <= ch->ring.capacity))
			return 0;
	}
	return ipcx_channel_look_locked(ch, view);
}

/* channel.c */
int ipcx_channel_begin(struct ipcx_channel *ch, int queue,
		       struct ipcx_channel_entry *wait,
		       const struct ipcx_deadline *deadline);
void ipcx_channel_unlock(struct ipcx_channel *ch) __releases(ch->obj.lock);
void ipcx_channel_leave_locked(struct ipcx_channel *ch, int end);
void ipcx_channel_leave(struct ipcx_channel *ch, int end);

/* channel_place.c */
int ipcx_channel_take_place(struct ipcx_channel *ch, int end, bool use);
void ipcx_channel_leave_place(struct ipcx_channel *ch, int end);
void ipcx_channel_drop_place_locked(struct ipcx_channel_side *side, int end);
void ipcx_channel_close_place_locked(struct ipcx_channel_side *side, int end);
void ipcx_channel_gone(struct ipcx_object *obj, u32 id);
void ipcx_channel_flush_file(struct ipcx_object *obj,
			     const struct ipcx_handle *handle);
void ipcx_channel_handle(struct ipcx_object *obj,
			 const struct ipcx_handle *handle, int change);
int ipcx_channel_open(struct ipcx_call *call);

/* channel_io.c */
ssize_t ipcx_channel_read(struct ipcx_object *obj, struct kiocb *iocb,
			  struct iov_iter *to);
ssize_t ipcx_channel_write(struct ipcx_object *obj, struct kiocb *iocb,
			   struct iov_iter *from);
int ipcx_channel_read_call(struct ipcx_call *call);
int ipcx_channel_write_call(struct ipcx_call *call);
bool ipcx_channel_told_of_death(struct ipcx_channel *ch,
				const struct ipcx_handle *handle, int end);
int ipcx_channel_queued(struct ipcx_object *obj,
			const struct ipcx_handle *handle);

/* channel_map.c */
void ipcx_channel_arm_locked(struct ipcx_channel *ch, int end);
void ipcx_channel_tell_gone_locked(struct ipcx_channel *ch, int end);
int ipcx_channel_mmap(struct ipcx_object *obj, struct file *file, u32 rights,
		      struct vm_area_struct *vma);
u32 ipcx_channel_file_rights(struct ipcx_object *obj, u32 part, u32 rights);
int ipcx_channel_wait(struct ipcx_call *call);
int ipcx_channel_wake(struct ipcx_call *call);
void ipcx_channel_free_control(struct ipcx_channel *ch);

/* channel_ring.c */
int ipcx_ring_alloc(struct ipcx_ring *ring, u32 capacity);
void ipcx_ring_free(struct ipcx_ring *ring);

/* What a packet of @size bytes takes. */
static inline u64 channel_packet_size(u64 size)
{
	return IPCX_CHANNEL_PACKET_HEAD +
	       ALIGN(size, (u64)IPCX_CHANNEL_PACKET_HEAD);
}

#endif /* IPCX_CHANNEL_H */
